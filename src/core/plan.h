/* plan.h: the check that every plan passes, whoever made it, and why each source won or lost. */
#ifndef QM_PLAN_H
#define QM_PLAN_H

#include "select/select.h"

typedef enum qm_plan_fault {
  QM_PLAN_FINE,
  QM_PLAN_NO_LINE,   /* a pick for a line that was not asked for */
  QM_PLAN_NO_SOURCE, /* from a source that is no candidate */
  QM_PLAN_QTY,       /* a quantity of zero or less */
  QM_PLAN_TWICE,     /* the same line and source again */
  QM_PLAN_SUPPLY,    /* more than the source has, over all lines of the product */
  QM_PLAN_NEED,      /* more than the line needs */
  QM_PLAN_GROUP      /* not a whole number of units of what ships together */
} qm_plan_fault;

enum { QM_NO_PICK = -1 };

/* Checks picks against what was asked (needs by line) and what there is (supply as in qm_select,
 * before anything was taken). Consumes both: afterwards they say what is left. taken[line * sources
 * + source] becomes what is picked, QM_NO_PICK where there is no row. *index is the faulty pick.
 * Rows that take nothing are allowed when all_rows. */
qm_plan_fault qm_plan_check(const qm_select *request, qm_qty *needs, qm_qty *supply, qm_qty *taken,
                            size_t *index);

typedef enum qm_why {
  QM_WHY_USED,
  QM_WHY_NEAREST,
  QM_WHY_UNCOUNTED,
  QM_WHY_DISABLED,
  QM_WHY_NO_ITEM,
  QM_WHY_OUT_OF_STOCK,
  QM_WHY_EMPTY,     /* nothing there, or all of it allocated to others */
  QM_WHY_FILLED,    /* better sources had filled the line */
  QM_WHY_GROUP,     /* less than a unit of its group */
  QM_WHY_SPLIT,     /* less than all of a line that may not be split */
  QM_WHY_NOT_NAMED, /* the request named other sources */
  QM_WHY_EXCLUDED,  /* the request's terms say never */
  QM_WHY_LATE,      /* it could not deliver in time */
  QM_WHY_SAFETY,    /* what is there is kept as safety stock */
  QM_WHY_CAPACITY,  /* no more may leave from there */
  QM_WHY_FEWEST,    /* used */
  QM_WHY_CHEAPEST,  /* used */
  QM_WHY_COST,      /* the line would cost more from there */
  QM_WHY_SHIPMENT,  /* it would be one more shipment */
  QM_WHY_NONE,      /* all or nothing was asked for */
  QM_WHY_LEFT_OUT,  /* leaving the rest out costs less, or there may be no more sources */
  QM_WHYS
} qm_why;

const char *qm_why_rule(qm_why why); /* "filled" */

enum { QM_WHY_TEXT = 120 };

/* Writes a sentence for people and returns its length. Where it matters how far the source is, it
 * ends with that: "... (12.5 km)", "... (distance unknown)". */
size_t qm_why_text(qm_why why, bool by_distance, int64_t metres, char out[QM_WHY_TEXT]);

/* The same for QM_WHY_COST, with how much more it would cost in 1/10000. */
size_t qm_why_cost_text(int64_t more, char out[QM_WHY_TEXT]);

#endif
