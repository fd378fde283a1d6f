/* composite.h: products that are made of others: configurable, grouped, bundle.
 *
 * A composite has options to choose from (choices), and each offers products (components), so many
 * in one unit of the whole. Configurable and grouped products have one option; of a configurable
 * one it is required. Only the parts have quantities: what is asked about a composite is answered
 * from them at the moment, and an order of it becomes lines of its parts. Private to the store. */
#ifndef QM_COMPOSITE_H
#define QM_COMPOSITE_H

#include "tx.h"

typedef struct qm_composite {
  bool together; /* a bundle: its parts leave from one source */
  bool in_stock; /* what the merchant says, whatever the parts have */
} qm_composite;

qm_code qm_get_composite(qm_tx *tx, int64_t product, qm_composite *out);

/* One thing that can be chosen; child.id 0: nothing, be it that the option is empty or that the
 * product is gone. */
typedef struct qm_offer {
  int64_t choice;
  bool required, own_qty;
  qm_product child;
  qm_qty qty;
} qm_offer;

/* The offers of a composite in order: start, then next until *row is false, or end it early. */
qm_code qm_offers_start(qm_tx *tx, int64_t product);
qm_code qm_offers_next(qm_tx *tx, qm_offer *out, bool *row);
void qm_offers_end(qm_tx *tx);

/* May any quantity of a composite be sold? */
qm_code qm_composite_salable(qm_tx *tx, const qm_product *composite, int64_t stock, bool *salable);

/* ---- saving (compose.c) ---- */

/* Checks what a row of products:save says about parts, and saves it unless the op is refused. */
qm_code qm_compose(qm_tx *tx, int row);

/* ---- ordering (expand.c) ---- */

/* A line that an order is to have. */
typedef struct qm_want {
  qm_product product;
  qm_qty qty;
  int64_t number, parent; /* parent 0: none */
  qm_line_kind kind;
  int row;        /* the row or part that asks for it */
  qm_span chosen; /* the SKU, in the store's qm_out, of what nobody asked for by name */
  uint32_t group; /* for the caller */
} qm_want;

typedef struct qm_wants {
  qm_want *list; /* the store's, until the next order */
  uint32_t count;
} qm_wants;

qm_code qm_want_add(qm_tx *tx, qm_wants *wants, const qm_want *want);

/* The lines of the op's rows in their order, then the parts of those that are composites. Adds the
 * problems; rows that have any are left out. */
qm_code qm_expand(qm_tx *tx, qm_wants *wants);

/* The kind of line that a product of that type gets, unless it is a composite. */
qm_line_kind qm_kind_of(int product_type);

/* Valid until the next problem or entry. */
qm_str qm_want_sku(const qm_tx *tx, const qm_want *want);

#endif
