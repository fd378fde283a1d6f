/* adopt.c: taking over what another system has promised. Adopted rows are facts: they are never
 * refused for lack of goods, but what they promise too much is said, once for each product. */
#include "tx.h"

#include <stdlib.h>

typedef struct adopting {
  qm_tx *tx;
  int64_t *taking; /* the balances that gave something */
  size_t count;
} adopting;

static void note_taking(adopting *a, int64_t id) {
  for (size_t i = 0; i < a->count; i++)
    if (a->taking[i] == id)
      return;
  a->taking[a->count++] = id;
}

static qm_code append_row(adopting *a, const qm_row *row, const qm_product *product,
                          int64_t stock) {
  qm_tx *tx = a->tx;
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
  code = qm_balance_move(tx, product->id, stock, &delta);
  if (!code)
    code = qm_ledger_add(tx, &fact);
  tx->verdict->value++;
  if (row->qty < 0)
    note_taking(a, product->id * 65536 + stock);
  return code;
}

static qm_code do_row(adopting *a, int index) {
  qm_tx *tx = a->tx;
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
  return code ? code : append_row(a, row, &product, stock);
}

/* Says what a balance now promises too much: in the ledger and in the answer. */
static qm_code report(qm_tx *tx, int64_t id) {
  int64_t product = id / 65536, stock = id % 65536;
  qm_balance balance;
  qm_rule rule;
  bool found;
  int64_t own;
  qm_code code = qm_own_of(tx, product, &own);
  if (!code)
    code = qm_get_rule(tx, own, stock, (qm_str){NULL, 0}, &rule);
  if (!code)
    code = qm_get_balance(tx, product, stock, &balance, &found);
  if (code)
    return code;
  qm_qty over = qm_over_promised(&balance, &rule);
  if (over == 0)
    return QM_OK;
  char note[QM_QTY_TEXT];
  qm_fact fact = {.event = QM_LEDGER_oversold, .product = product, .stock = stock};
  fact.note = (qm_str){note, qm_qty_format(over, note)};
  code = qm_ledger_add(tx, &fact);
  if (code)
    return code;
  return qm_entry_add(tx, (qm_entry){.product = product, .stock = stock, .qty = over});
}

qm_code qm_do_adopt(qm_tx *tx) {
  if (tx->op->row_count == 0) {
    qm_problem_add(tx, QM_P_EMPTY_LIST, -1, (qm_str){NULL, 0});
    return QM_OK;
  }
  adopting a = {.tx = tx, .taking = malloc(tx->op->row_count * sizeof *a.taking)};
  if (!a.taking)
    return qm_fail(tx->err, QM_MEMORY, "out of memory");
  qm_code code = qm_document_add(tx, 0, 0);
  for (uint32_t i = 0; !code && i < tx->op->row_count; i++)
    code = qm_clean_row(tx, do_row(&a, (int)i));
  for (size_t i = 0; !code && !qm_refused(tx) && i < a.count; i++)
    code = report(tx, a.taking[i]);
  free(a.taking);
  if (!code && !qm_refused(tx))
    code = qm_document_answer(tx);
  return code;
}
