/* hold.h: carts. A hold is a document with lines like an order's, whose units count as promised
 * until the second it expires. An order that is placed from it takes them over; what is released or
 * has expired is given up. Private to the store. */
#ifndef QM_HOLD_H
#define QM_HOLD_H

#include "composite.h"

typedef struct qm_hold {
  int64_t id, stock, expires;   /* milliseconds */
  qm_span type, channel, group; /* in the store's qm_out; of whom it is, as far as that was said */
  bool live;
  bool partly; /* only some of it is taken: nothing that belongs to a composite */
} qm_hold;

/* The hold that the op names; adds the problem when there is none. */
qm_code qm_find_hold(qm_tx *tx, qm_hold *out, bool *found);

/* When a hold of the op's time to live expires: the end of that second. Adds the problem when the
 * time is none. */
int64_t qm_hold_expiry(qm_tx *tx);

/* All that is left of a hold, as lines of an order. */
qm_code qm_hold_wants(qm_tx *tx, const qm_hold *hold, qm_wants *wants);
/* Has it lines of composite products? They become an order only with all that is left of it. */
qm_code qm_hold_is_composite(qm_tx *tx, const qm_hold *hold, bool *is);

/* Of up to qty units of a product that a live hold has: which are firm, which wait. */
qm_code qm_hold_units(qm_tx *tx, const qm_hold *hold, int64_t product, qm_qty qty, qm_qty *firm,
                      qm_qty *backordered);
/* The same as they leave the hold's lines, and the ledger says so; the balance is the caller's.
 * Those of an expired hold leave it too, so that it becomes an order once, but nothing was
 * promised. */
qm_code qm_hold_take(qm_tx *tx, const qm_hold *hold, int64_t product, qm_qty qty, qm_qty *firm,
                     qm_qty *backordered);

/* Units join (or, negative, leave) what expires then. Units join after the balance has them and
 * leave before it gives them up. */
qm_code qm_hold_join(qm_tx *tx, int64_t product, int64_t stock, int64_t expires, qm_qty firm,
                     qm_qty backordered);
qm_code qm_hold_leave(qm_tx *tx, int64_t product, int64_t stock, int64_t expires, qm_qty firm,
                      qm_qty backordered);

#endif
