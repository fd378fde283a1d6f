/* composite.c: reading what a composite is made of, and whether it can be sold. */
#include "composite.h"

/* One that was saved before it had any parts has no row of its own. */
qm_code qm_get_composite(qm_tx *tx, int64_t product, qm_composite *out) {
  bool found;
  *out = (qm_composite){.in_stock = true};
  qm_code code = QM_FIRST(tx, COMPOSITE, &found, QM_I(product));
  if (code || !found)
    return code;
  out->together = QM_COL_INT(tx, COMPOSITE, 0) != 0;
  out->in_stock = QM_COL_INT(tx, COMPOSITE, 1) != 0;
  QM_END(tx, COMPOSITE);
  return QM_OK;
}

/* ---- offers ---- */

qm_code qm_offers_start(qm_tx *tx, int64_t product) {
  return QM_START(tx, OFFERS, QM_I(product));
}

qm_code qm_offers_next(qm_tx *tx, qm_offer *out, bool *row) {
  qm_code code = QM_STEP(tx, OFFERS, row);
  if (code || !*row)
    return code;
  *out = (qm_offer){.choice = QM_COL_INT(tx, OFFERS, 0),
                    .required = QM_COL_INT(tx, OFFERS, 1) != 0,
                    .child = {.id = QM_COL_INT(tx, OFFERS, 2),
                              .type = (int)QM_COL_INT(tx, OFFERS, 5),
                              .own = QM_COL_INT(tx, OFFERS, 6),
                              .state = (int)QM_COL_INT(tx, OFFERS, 7)},
                    .qty = QM_COL_INT(tx, OFFERS, 3),
                    .own_qty = QM_COL_INT(tx, OFFERS, 4) != 0};
  if (out->child.state != QM_DECLARED || qm_is_composite(out->child.type))
    out->child.id = 0;
  if (out->child.id == 0 || (out->qty > 0 && out->qty <= QM_QTY_MAX))
    return QM_OK;
  qm_offers_end(tx);
  return qm_fail(tx->err, QM_CORRUPT, "the file is damaged: a part of a product is out of range");
}

void qm_offers_end(qm_tx *tx) {
  QM_END(tx, OFFERS);
}

/* ---- may it be sold? ---- */

/* A bundle may need several of a part; of other composites, and of parts whose quantity the
 * customer says, any will do. */
static qm_code is_available(qm_tx *tx, const qm_offer *offer, bool bundle, int64_t stock,
                            bool *available) {
  qm_balance balance;
  qm_rule rule;
  bool found;
  qm_code code = qm_get_balance(tx, offer->child.id, stock, &balance, &found);
  if (!code)
    code = qm_get_rule(tx, offer->child.own, stock, (qm_str){NULL, 0}, &rule);
  if (code)
    return code;
  bool any = !bundle || offer->own_qty;
  *available = any ? qm_is_salable(&balance, &rule) : qm_covers(&balance, &rule, offer->qty);
  return QM_OK;
}

/* Every required option must have something, and one option at least. */
qm_code qm_composite_salable(qm_tx *tx, const qm_product *composite, int64_t stock, bool *salable) {
  qm_composite head;
  qm_offer offer = {0};
  bool bundle = composite->type == QM_BUNDLE, row = true, any = false;
  bool open = false, missing = false; /* of the option that is being read */
  int64_t choice = 0;
  *salable = false;
  qm_code code = qm_get_composite(tx, composite->id, &head);
  if (code || !head.in_stock)
    return code;
  code = qm_offers_start(tx, composite->id);
  while (!code && !(code = qm_offers_next(tx, &offer, &row)) && row) {
    if (offer.choice != choice) {
      if (missing)
        break;
      choice = offer.choice;
      open = false;
    }
    if (!open && offer.child.id != 0)
      code = is_available(tx, &offer, bundle, stock, &open);
    any |= open;
    missing = offer.required && !open;
  }
  qm_offers_end(tx);
  *salable = !code && any && !missing;
  return code;
}
