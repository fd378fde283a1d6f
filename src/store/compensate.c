/* compensate.c: settling what does not fit in the adopted reservations of an order. A compensation
 * is a row of its own under the order, in the balance's adopted part; it may bring what is left
 * over nearer to zero, and not past it, unless it is forced. */
#include "tx.h"

typedef struct compensation {
  int64_t order, product, stock;
  qm_str sku;
  qm_qty qty;
} compensation;

static qm_code find_order(qm_tx *tx, int row, int64_t *order) {
  qm_str id = qm_op_str(tx->op, qm_op_rows(tx->op)[row].order);
  bool found = false;
  if (!id.p || id.n == 0) {
    qm_problem_add(tx, QM_P_ORDER_NEEDED, row, id);
    return QM_OK;
  }
  qm_code code = qm_find_document(tx, QM_OP_PLACE, id, NULL, order, &found);
  if (!code && !found)
    code = qm_find_document(tx, QM_FOREIGN_ORDER, id, NULL, order, &found);
  if (!code && !found)
    qm_problem_add(tx, QM_P_NO_ORDER, row, id);
  return code;
}

/* The product that the order's reservations are of, gone or not; else the one of that SKU now. */
static qm_code find_product(qm_tx *tx, int row, compensation *c) {
  qm_product product;
  bool found;
  qm_code code =
      QM_FIRST(tx, ADOPTED_PRODUCT, &found, QM_I(c->order), QM_I(c->stock), QM_B(c->sku));
  if (code)
    return code;
  if (found) {
    c->product = QM_COL_INT(tx, ADOPTED_PRODUCT, 0);
    QM_END(tx, ADOPTED_PRODUCT);
    return QM_OK;
  }
  code = qm_find_product(tx, c->sku, &product, &found);
  if (!code && found)
    c->product = product.id;
  if (!code && !found)
    qm_problem_add(tx, QM_P_NO_PRODUCT, row, c->sku);
  if (!code && found && qm_is_composite(product.type))
    qm_problem_add(tx, QM_P_COMPOSITE, row, c->sku);
  return code;
}

/* Is it within what is left over? */
static qm_code check(qm_tx *tx, int row, const compensation *c) {
  bool found;
  qm_code code =
      QM_FIRST(tx, ADOPTED_SUM, &found, QM_I(c->order), QM_I(c->product), QM_I(c->stock));
  if (code)
    return code;
  qm_qty left = QM_COL_INT(tx, ADOPTED_SUM, 0);
  QM_END(tx, ADOPTED_SUM);
  bool within = left > 0 ? c->qty < 0 && -c->qty <= left : c->qty > 0 && c->qty <= -left;
  if (!within && !(tx->op->flags & QM_FORCE))
    qm_problem_numbers(tx, QM_P_EXCEEDS_COMPENSATE, row, c->sku, c->qty, -left);
  return QM_OK;
}

static qm_code write(qm_tx *tx, const compensation *c) {
  qm_balance delta = {.adopted = -c->qty};
  qm_fact fact = {.event = QM_LEDGER_manual_compensation,
                  .document = c->order,
                  .product = c->product,
                  .stock = c->stock,
                  .reserved = c->qty,
                  .note = qm_op_str(tx->op, tx->op->id)};
  qm_code code = qm_fact_open(tx, c->product, true);
  if (!code)
    code = qm_balance_move(tx, c->product, c->stock, &delta);
  if (!code)
    code = qm_ledger_add(tx, &fact);
  if (!code)
    code = qm_entry_add(tx, (qm_entry){.product = c->product, .stock = c->stock, .qty = c->qty});
  return code;
}

static qm_code do_row(qm_tx *tx, int row) {
  compensation c = {0};
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = find_order(tx, row, &c.order);
  if (!code)
    code = qm_need_stock(tx, row, &c.stock);
  qm_row_sku(tx, row, &c.sku);
  if (qm_row_qty(tx, row, -QM_QTY_MAX, &c.qty) && c.qty == 0)
    qm_problem_add(tx, QM_P_QTY_ZERO, row, c.sku);
  if (!code && tx->verdict->problem_count == problems)
    code = find_product(tx, row, &c);
  if (!code && tx->verdict->problem_count == problems)
    code = check(tx, row, &c);
  if (code || tx->verdict->problem_count > problems)
    return code;
  return write(tx, &c);
}

qm_code qm_do_compensate(qm_tx *tx) {
  if (tx->op->row_count == 0) {
    qm_problem_add(tx, QM_P_EMPTY_LIST, -1, (qm_str){NULL, 0});
    return QM_OK;
  }
  qm_code code = qm_document_add(tx, 0, 0);
  for (uint32_t i = 0; !code && i < tx->op->row_count; i++)
    code = qm_clean_row(tx, do_row(tx, (int)i));
  /* What is promised too much belongs to the answer. */
  if (!code && !qm_refused(tx))
    code = qm_facts_close(tx);
  tx->store->facts.count = 0;
  return code || qm_refused(tx) ? code : qm_document_answer(tx);
}
