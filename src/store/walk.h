/* walk.h: from the rows of a request about an order to the order's lines.
 *
 * Each row is checked against the line as it stands and written at once; the savepoint around the
 * op takes everything back when a later row is refused. The walk finds the order, the lines of a
 * row and how much of it goes to each; the step says what happens to a line, and how far it may go.
 * Private to the store. */
#ifndef QM_WALK_H
#define QM_WALK_H

#include "goods.h"

typedef struct qm_step qm_step;

/* A plan's pick of a part of a bundle. */
typedef struct qm_bundle_pick {
  int64_t parent, number, source;
  qm_qty qty;
  int row;
} qm_bundle_pick;

/* What the rows so far have done to the lines of the last one's SKU. */
typedef struct qm_served {
  int row;                 /* that row + 1; 0: none */
  int64_t line;            /* all lines up to this one are used up */
  qm_problem_kind problem; /* of those that were looked at */
} qm_served;

typedef struct qm_walk {
  qm_tx *tx;
  const qm_step *step;
  int64_t order, stock;
  int64_t source, from; /* of the row at hand, 0: none */
  qm_served served;
  qm_bundle_pick *picks; /* malloc'ed */
  size_t pick_count, pick_capacity;
} qm_walk;

struct qm_step {
  qm_event event;
  qm_problem_kind exceeds;
  bool by_line;    /* there is no "everything": lines are needed */
  bool plan_skips; /* barred lines of a plan are passed over */
  /* The sources of a row, of the whole request when row is -1. With a problem the row is done. */
  qm_code (*sources)(qm_walk *walk, int row);
  /* Why a line can never have the event, QM_P_NONE if it can. */
  qm_problem_kind (*bar)(const qm_line *line);
  /* How far it may go now; without, as far as the line's own counters let it. */
  qm_code (*limit)(qm_walk *walk, const qm_placed_line *line, qm_qty *limit);
  qm_code (*apply)(qm_walk *walk, int row, qm_placed_line *line, qm_qty qty);
};

/* Does the op, which names an order: document, lines, answer. */
qm_code qm_walk_order(qm_tx *tx, const qm_step *step);

/* ---- single lines, for bundle.c ---- */

/* The order's next line after that number; of those whose product is called sku now (NULL: any). */
qm_code qm_walk_next(const qm_walk *walk, int64_t after, const qm_str *sku, qm_placed_line *out,
                     bool *found);
/* The same of the parts of a line. */
qm_code qm_walk_part(const qm_walk *walk, int64_t after, int64_t parent, qm_placed_line *out,
                     bool *found);
/* Whether a line by itself can have the event, how far, and letting it. */
qm_problem_kind qm_walk_bar(const qm_walk *walk, const qm_placed_line *line);
qm_code qm_walk_limit(qm_walk *walk, const qm_placed_line *line, qm_qty *limit);
qm_code qm_walk_change(qm_walk *walk, int row, qm_placed_line *line, qm_qty qty);

/* ---- bundles (bundle.c) ---- */

/* The same for the line of a bundle and its parts. Its counters get the kind that they follow. */
qm_code qm_bundle_scope(qm_walk *walk, qm_placed_line *whole, qm_problem_kind *barred,
                        qm_qty *limit);
qm_code qm_bundle_change(qm_walk *walk, int row, qm_placed_line *whole, qm_qty qty);

/* A plan names the parts of bundles: they are gathered, and moved when all of it has been read. */
qm_code qm_bundle_gather(qm_walk *walk, int row, const qm_placed_line *part, qm_qty qty);
qm_code qm_bundle_picked(qm_walk *walk);

#endif
