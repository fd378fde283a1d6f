/* adopt.c: taking over what another system has promised. Adopted rows are facts: they are never
 * refused for lack of goods, but what they promise too much is said, once for each product. */
#include "tx.h"

static qm_code append_row(qm_tx *tx, const qm_row *row, const qm_product *product, int64_t stock) {
  qm_rule rule;
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
  if (!code)
    code = qm_balance_move(tx, product->id, stock, &delta);
  if (!code)
    code = qm_ledger_add(tx, &fact);
  tx->verdict->value++;
  return code;
}

static qm_code do_row(qm_tx *tx, int index) {
  const qm_row *row = &qm_op_rows(tx->op)[index];
  qm_str sku;
  qm_qty qty;
  qm_product product;
  int64_t stock = 0;
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = qm_need_stock(tx, index, &stock);
  qm_check_text(tx, index, QM_FIELD_note, "the note", qm_op_str(tx->op, row->note), QM_TEXT_MAX);
  qm_row_sku(tx, index, &sku);
  qm_row_qty(tx, index, -QM_QTY_MAX, &qty);
  if (code || tx->verdict->problem_count > problems)
    return code;
  code = qm_find_or_shadow(tx, sku, &product);
  return code ? code : append_row(tx, row, &product, stock);
}

qm_code qm_do_adopt(qm_tx *tx) {
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
  if (!code && !qm_refused(tx))
    code = qm_document_answer(tx);
  return code;
}
