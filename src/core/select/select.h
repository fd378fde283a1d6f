/* select.h: source selection over a snapshot that the caller filled. Changes nothing, allocates
 * nothing.
 *
 * Lines name a product by its index; supply[product * sources + source] is what that source has to
 * give, so lines of one product draw on the same goods. An algorithm appends picks in its order of
 * preference; what it could not fill stays in need. */
#ifndef QM_SELECT_H
#define QM_SELECT_H

#include "../qty.h"

typedef struct qm_select_line {
  size_t product;
  qm_qty need; /* in: wanted; out: what could not be filled */
} qm_select_line;

typedef struct qm_pick {
  size_t line, source;
  qm_qty take, available;
} qm_pick;

typedef struct qm_select {
  qm_select_line *lines;
  size_t line_count, source_count;
  qm_qty *supply;        /* negative: that source is no candidate for the product */
  const size_t *sources; /* the sources in order of preference */
  bool all_rows;         /* candidates of which nothing is taken appear as well */
  qm_pick *picks;
  size_t pick_count, pick_capacity;
} qm_select;

/* Drains the sources one after the other, each for all lines. QM_LIMIT: the picks do not fit. */
qm_code qm_select_priority(qm_select *request);

#endif
