/* goods.h: an order line as it is stored, and how goods leave for it and come back.
 *
 * Each function checks, writes items, deliveries, ledger and answer, and refuses by adding a
 * problem; the line's own counters are the caller's. Private to the store. */
#ifndef QM_GOODS_H
#define QM_GOODS_H

#include "tx.h"

typedef struct qm_placed_line {
  int64_t id, number, product, stock;
  int64_t own; /* the product's own settings */
  qm_line counters;
} qm_placed_line;

qm_str qm_line_sku(qm_tx *tx, int64_t product, qm_code *code);
qm_code qm_line_refuse(qm_tx *tx, qm_problem_kind kind, int row, const qm_placed_line *line,
                       qm_qty asked, qm_qty have);

/* Adds an entry to the answer; source 0: none. */
qm_code qm_line_answer(qm_tx *tx, const qm_placed_line *line, int64_t source, qm_qty qty);

/* Adds a row about the line to the ledger. */
qm_code qm_line_fact(qm_tx *tx, const qm_placed_line *line, qm_fact fact);

/* The promise of a line shrinks, firm and backordered parts alike. */
qm_code qm_line_release(qm_tx *tx, const qm_placed_line *line, const qm_effect *effect);

/* Takes qty from one source. */
qm_code qm_deliver(qm_tx *tx, int row, const qm_placed_line *line, int64_t source, qm_qty qty,
                   qm_ledger_event event);

/* Takes qty from the sources of the line's stock by priority: a virtual invoice, a write-off. */
qm_code qm_deliver_by_priority(qm_tx *tx, int row, const qm_placed_line *line, qm_qty qty,
                               qm_ledger_event event, bool say);

/* Delivered goods come back: to the named source; else, if the policy says so, to the best-priority
 * source that delivered any; else to where the latest deliveries came from, one after the other. */
qm_code qm_take_back(qm_tx *tx, int row, const qm_placed_line *line, const qm_rule *rule,
                     int64_t named, qm_qty qty);

#endif
