/* adopt.h: what the parts of adopt share: orders and reservations of another system are taken over
 * as facts. Nothing is refused for lack of goods; what is promised too much is said, once for each
 * product and stock. Private to the store. */
#ifndef QM_ADOPT_H
#define QM_ADOPT_H

#include "tx.h"

typedef struct qm_adopting {
  qm_tx *tx;
  bool listed; /* reservations were given, and only they promise something */
  int64_t orders, known, opened;
} qm_adopting;

/* Promises so many units of a line, whatever there is. What goods do not cover waits if the rule
 * has backorders, and is firm if not. */
qm_code qm_adopt_promise(qm_adopting *a, int64_t product, int64_t stock, const qm_rule *rule,
                         qm_qty open, qm_qty *backordered);

/* The order at a row, whose lines begin at row `first`. */
qm_code qm_adopt_order(qm_adopting *a, uint32_t index, uint32_t first);

/* Lines that were placed while nothing was reserved and whose rule reserves by now. */
qm_code qm_adopt_open(qm_adopting *a);

/* The document of the order a reservation names; one that stands for it when the order is not
 * here. */
qm_code qm_adopt_named(qm_tx *tx, qm_str order, int64_t *document);

#endif
