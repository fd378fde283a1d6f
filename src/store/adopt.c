/* adopt.c: taking over what another system has promised, by the rules of adopt.h: the request as a
 * whole, and its reservations. */
#include "adopt.h"

/* ---- reservations ---- */

static qm_code append_row(qm_tx *tx, const qm_row *row, const qm_product *product, int64_t stock) {
  qm_rule rule;
  qm_str order = qm_op_str(tx->op, row->order);
  qm_code code = qm_get_rule(tx, product->own, stock, (qm_str){NULL, 0}, &rule);
  if (code)
    return code;
  if (qm_is_composite(product->type) || !rule.managed || !rule.reserves) {
    tx->verdict->skipped++;
    return QM_OK;
  }
  qm_fact fact = {.event = QM_LEDGER_reservation_adopted,
                  .product = product->id,
                  .stock = stock,
                  .reserved = row->qty,
                  .note = qm_op_str(tx->op, row->note)};
  qm_balance delta = {.adopted = -row->qty};
  code = qm_fact_open(tx, product->id, true);
  if (!code && order.p)
    code = qm_adopt_named(tx, order, &fact.document);
  if (!code)
    code = qm_balance_move(tx, product->id, stock, &delta);
  if (!code)
    code = qm_ledger_add(tx, &fact);
  tx->verdict->value++;
  return code;
}

static qm_code do_reservation(qm_tx *tx, int index) {
  const qm_row *row = &qm_op_rows(tx->op)[index];
  qm_str sku, order = qm_op_str(tx->op, row->order);
  qm_qty qty;
  qm_product product;
  int64_t stock = 0;
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = qm_need_stock(tx, index, &stock);
  qm_check_text(tx, index, QM_FIELD_note, "the note", qm_op_str(tx->op, row->note), QM_TEXT_MAX);
  qm_row_sku(tx, index, &sku);
  qm_row_qty(tx, index, -QM_QTY_MAX, &qty);
  if (order.p && (order.n == 0 || !qm_id_is_legal(order)))
    qm_problem_at(tx, QM_P_ID_BAD, index, QM_FIELD_order, (qm_str){NULL, 0});
  if (code || tx->verdict->problem_count > problems)
    return code;
  code = qm_find_or_shadow(tx, sku, &product);
  return code ? code : append_row(tx, row, &product, stock);
}

/* ---- the request ---- */

static qm_code adopt(qm_adopting *a) {
  qm_tx *tx = a->tx;
  const qm_op *op = tx->op;
  uint32_t line = op->order_count, reservation = op->order_count + op->line_count;
  qm_code code = qm_document_add(tx, 0, 0);
  for (uint32_t i = 0; !code && i < op->order_count; i++) {
    code = qm_clean_row(tx, qm_adopt_order(a, i, line));
    line += qm_op_rows(op)[i].lines;
  }
  for (uint32_t i = reservation; !code && i < op->row_count; i++)
    code = qm_clean_row(tx, do_reservation(tx, (int)i));
  if (code || qm_refused(tx))
    return code;
  if (op->flags & QM_OPEN)
    code = qm_adopt_open(a);
  if (!code && ((op->flags & QM_OPEN) || op->order_count > 0)) {
    /* An entry without a product: it carries numbers of the answer. */
    qm_entry counts = {.line = a->orders, .stock = a->known, .qty = a->opened};
    qm_verdict_entry(tx->verdict, &tx->store->out, &counts);
  }
  /* What is promised too much belongs to the answer. */
  if (!code)
    code = qm_facts_close(tx);
  tx->store->facts.count = 0;
  return code || qm_refused(tx) ? code : qm_document_answer(tx);
}

qm_code qm_do_adopt(qm_tx *tx) {
  if (tx->op->row_count == 0 && !(tx->op->flags & QM_OPEN)) {
    qm_problem_add(tx, QM_P_EMPTY_LIST, -1, (qm_str){NULL, 0});
    return QM_OK;
  }
  qm_adopting a = {.tx = tx, .listed = (tx->op->flags & QM_HAS_LINES) != 0};
  return adopt(&a);
}
