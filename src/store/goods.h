/* goods.h: an order line as it is stored, and how goods leave for it and come back.
 *
 * Each function checks, writes items, allocations, deliveries, balances, ledger and answer, and
 * refuses by adding a problem. Goods that leave change the line's counters too; writing the line is
 * the caller's. Private to the store. */
#ifndef QM_GOODS_H
#define QM_GOODS_H

#include "tx.h"

/* How a line is moved. */
typedef enum qm_reach {
  QM_REACH_LINE,      /* on its own */
  QM_REACH_WHOLE,     /* it is a bundle: with all its parts, in proportion */
  QM_REACH_BY_PARENT, /* a part of a bundle: with it */
  QM_REACH_BY_PARTS   /* the line of a composite whose parts move on their own: not at all */
} qm_reach;

typedef struct qm_placed_line {
  int64_t id, number, product, stock;
  int64_t parent; /* the number of the line it is a part of, 0: of none */
  int64_t own;    /* the product's own settings */
  bool shared;    /* other stocks draw on its sources as well */
  qm_reach reach;
  qm_line counters;
} qm_placed_line;

qm_str qm_line_sku(qm_tx *tx, int64_t product, qm_code *code);
qm_code qm_line_refuse(qm_tx *tx, qm_problem_kind kind, int row, const qm_placed_line *line,
                       qm_qty asked, qm_qty have);

/* Adds an entry to the answer; source 0: none. */
qm_code qm_line_answer(qm_tx *tx, const qm_placed_line *line, int64_t source, qm_qty qty);

/* Adds a row about the line to the ledger. */
qm_code qm_line_fact(qm_tx *tx, const qm_placed_line *line, qm_fact fact);

/* The balance follows what an event did to the line's promise. */
qm_code qm_line_move(qm_tx *tx, const qm_placed_line *line, const qm_effect *effect);

/* The same for a promise that shrinks: allocations that are no longer needed are given up, those at
 * the source (0: none) as the effect says, else the newest. */
qm_code qm_line_release(qm_tx *tx, const qm_placed_line *line, int64_t source,
                        const qm_effect *effect);

/* Takes qty from one source: what others have allocated there stays. */
qm_code qm_deliver(qm_tx *tx, int row, qm_placed_line *line, qm_event event, int64_t source,
                   qm_qty qty);

/* Takes qty from the sources of the line's stock by priority: a virtual invoice, or a write-off,
 * which leaves what the line has allocated alone as long as others of its units are covered. */
qm_code qm_deliver_by_priority(qm_tx *tx, int row, qm_placed_line *line, qm_event event,
                               qm_qty qty);

/* ---- what a line has allocated (allocation.c) ---- */
qm_code qm_allocation(qm_tx *tx, const qm_placed_line *line, int64_t source, qm_qty *qty);
/* The newest: of the latest document, there of the first source; the source `but` is left out. */
qm_code qm_allocation_newest(qm_tx *tx, const qm_placed_line *line, int64_t but, int64_t *source,
                             qm_qty *qty);
qm_code qm_allocation_add(qm_tx *tx, const qm_placed_line *line, int64_t source, qm_qty qty);
qm_code qm_allocation_take(qm_tx *tx, const qm_placed_line *line, int64_t source, qm_qty qty);

/* Delivered goods come back: to the named source; else, if the policy says so, to the best-priority
 * source that delivered any; else to where the latest deliveries came from, one after the other. */
qm_code qm_take_back(qm_tx *tx, int row, const qm_placed_line *line, const qm_rule *rule,
                     int64_t named, qm_qty qty);

#endif
