/* order.h: the life of an order line, as a pure state machine.
 *
 * Six counters are stored, everything else follows from them:
 *     open      = ordered - cancelled - delivered - released         (>= 0)
 *     committed = max(invoiced, delivered + released)
 * An event asks qm_line_limit how far it may go and qm_line_apply what it changes. Nothing here
 * knows sources, settings or what is on hand. */
#ifndef QM_ORDER_H
#define QM_ORDER_H

#include "qty.h"

typedef enum qm_line_kind {
  QM_LINE_GOODS,   /* delivered by shipping */
  QM_LINE_VIRTUAL, /* delivered by invoicing */
  QM_LINE_PARENT,  /* a composite whose children are shipped on their own */
  QM_LINE_BUNDLE   /* a composite shipped as a whole */
} qm_line_kind;

typedef enum qm_tracking {
  QM_TRACK_NOTHING, /* manage stock was off at placement: only the counters run */
  QM_TRACK_ALL,
  QM_TRACK_SOURCES /* nothing is reserved, goods are still deducted */
} qm_tracking;

typedef struct qm_line {
  qm_line_kind kind;
  qm_tracking tracked;
  qm_qty ordered, cancelled, invoiced, delivered, refunded;
  qm_qty released; /* refunded before it was delivered */
  qm_qty returned;
  qm_qty allocated, backordered; /* parts of open */
} qm_line;

typedef enum qm_event {
  QM_CANCEL,
  QM_INVOICE,
  QM_SHIP,
  QM_REFUND,
  QM_RETURN,
  QM_WRITE_OFF, /* a refund of undelivered units whose goods are lost: they leave a source */
  QM_ALLOCATE,  /* open units claim goods at one source */
  QM_UNALLOCATE /* and give their claim up: they are covered like others */
} qm_event;

/* What an event does beyond the line's own counters. */
typedef struct qm_effect {
  qm_qty closed;      /* units that are no longer open: the reservation shrinks by this */
  qm_qty backordered; /* units that wait no more */
  qm_qty allocated;   /* units that are allocated no more; negative: newly allocated ones */
  qm_qty here;        /* part of allocated: those at the event's own source */
  qm_qty delivered;   /* units that leave a source */
  qm_qty withdrawn;   /* refunded before delivery: part of closed */
  qm_qty returnable;  /* refunded after delivery: may come back to a source */
} qm_effect;

qm_qty qm_line_open(const qm_line *line);
/* Open units that goods cover, wherever they lie: neither allocated nor waiting. */
qm_qty qm_line_covered(const qm_line *line);

/* The largest quantity the event may have now; 0 when it is not possible. */
qm_qty qm_line_limit(const qm_line *line, qm_event event);

/* Applies an event of 0 < qty <= limit. `here` is what the line has allocated at the source that
 * goods leave from, 0 when none do. Which of the open units an event takes:
 *     when goods leave     those allocated here, covered, waiting, those allocated elsewhere
 *     when goods are lost  those allocated here, covered, those allocated elsewhere, waiting
 *     when they are given up (cancel, refund)     waiting, covered, allocated
 *     when they are allocated                     covered, waiting */
void qm_line_apply(qm_line *line, qm_event event, qm_qty qty, qm_qty here, qm_effect *effect);

/* Do the counters keep every invariant? The file's CHECK constraints say the same. */
bool qm_line_valid(const qm_line *line);

#endif
