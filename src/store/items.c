/* items.c: source items set to absolute quantities, removed, or changed by deltas. */
#include "tx.h"

/* The product a row names; composites have no quantities of their own. */
static qm_code product_of(qm_tx *tx, int row, bool create, qm_product *product, bool *usable) {
  qm_str sku;
  *usable = false;
  if (!qm_row_sku(tx, row, &sku))
    return QM_OK;
  bool found = true;
  qm_code code =
      create ? qm_find_or_shadow(tx, sku, product) : qm_find_product(tx, sku, product, &found);
  if (code || !found)
    return code;
  *usable = !qm_is_composite(product->type);
  if (!*usable)
    qm_problem_add(tx, QM_P_ITEM_COMPOSITE, row, sku);
  return QM_OK;
}

/* The source a row names; without one, the default source. */
static qm_code source_of(qm_tx *tx, int row, int64_t *source) {
  qm_str name = qm_op_str(tx->op, qm_op_rows(tx->op)[row].source);
  *source = QM_DEFAULT_SOURCE;
  if (!name.p)
    return QM_OK;
  *source = 0;
  bool blank = qm_is_blank(name), spaces = qm_has_space(name);
  if (blank)
    qm_problem_add(tx, QM_P_CODE_EMPTY, row, name);
  if (spaces)
    qm_problem_add(tx, QM_P_CODE_SPACES, row, name);
  return blank || spaces ? QM_OK : qm_need_source(tx, row, name, source);
}

static qm_code write_fact(qm_tx *tx, qm_ledger_event event, int64_t product, int64_t source,
                          qm_qty moved) {
  if (moved == 0 && event == QM_LEDGER_quantity_set)
    return QM_OK;
  qm_fact fact = {.event = event, .product = product, .source = source, .moved = moved};
  if (event == QM_LEDGER_quantity_adjusted)
    fact.note = qm_op_str(tx->op, tx->op->text[QM_TEXT_REASON]);
  return qm_ledger_add(tx, &fact);
}

/* What was counted is a fact, whatever has been promised. */
static qm_code put_counted(qm_tx *tx, int64_t product, int64_t source, const qm_item *before,
                           const qm_item *now) {
  bool changed = before->exists && now->qty != before->qty;
  qm_code code = changed ? qm_fact_open(tx, product, false) : QM_OK;
  if (!code)
    code = qm_item_put(tx, product, source, before, now);
  if (!code)
    code = write_fact(tx, QM_LEDGER_quantity_set, product, source, now->qty - before->qty);
  return code;
}

/* A status is the merchant's wish: goods that are promised cannot be taken out of stock. */
static qm_code put_status(qm_tx *tx, int row, int64_t product, int64_t source, const qm_item *item,
                          bool in_stock) {
  qm_item now = *item;
  if (item->in_stock == in_stock)
    return QM_OK;
  now.in_stock = in_stock;
  qm_code code = in_stock ? QM_OK : qm_guard_open(tx, product);
  if (!code)
    code = qm_item_put(tx, product, source, item, &now);
  return code || in_stock ? code : qm_guard_close(tx, row);
}

/* Goods that come in while the source is taken out of stock were never for sale: what counts is
 * what lay there before. */
static qm_code put_row(qm_tx *tx, int index, int64_t product, int64_t source, qm_item *before,
                       qm_item *now) {
  const qm_row *row = &qm_op_rows(tx->op)[index];
  bool given = (row->flags & QM_HAS_STATUS) != 0, in_stock = row->type == 1;
  qm_qty qty = now->qty;
  if (given && !in_stock)
    now->qty = qm_qty_min(qty, before->qty);
  qm_code code = put_counted(tx, product, source, before, now);
  if (!code && given)
    code = put_status(tx, index, product, source, now, in_stock);
  if (code || now->qty == qty)
    return code;
  now->in_stock = in_stock;
  *before = *now;
  now->qty = qty;
  return put_counted(tx, product, source, before, now);
}

static qm_code save_row(qm_tx *tx, int index) {
  const qm_row *row = &qm_op_rows(tx->op)[index];
  qm_product product = {0};
  qm_item before, now;
  qm_qty qty = 0;
  bool usable;
  int64_t source;
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = product_of(tx, index, true, &product, &usable);
  if (!code)
    code = source_of(tx, index, &source);
  qm_row_qty(tx, index, -QM_QTY_MAX, &qty);
  if (row->flags & QM_HAS_STATUS && row->type < 0)
    qm_problem_add(tx, row->type == -1 ? QM_P_STATUS_BAD : QM_P_STATUS_MISSING, index,
                   qm_op_str(tx->op, row->sku));
  if (!code && tx->verdict->problem_count == problems)
    code = qm_check_b2b_item(tx, index, &product, source);
  if (code || tx->verdict->problem_count > problems)
    return code;
  code = qm_get_item(tx, product.id, source, &before);
  if (code)
    return code;
  if ((row->flags & QM_HAS_EXPECTED) && row->expected != before.qty) {
    qm_problem_numbers(tx, QM_P_EXPECTED, index, qm_op_str(tx->op, row->sku), row->expected,
                       before.qty);
    return QM_OK;
  }
  qm_item_first_write(&before, &now);
  now.qty = qty;
  if (row->flags & QM_HAS_NOTIFY) {
    now.has_notify = true;
    now.notify = row->notify;
  }
  if (row->flags & QM_CLEAR_NOTIFY)
    now.has_notify = false;
  tx->verdict->value++;
  return put_row(tx, index, product.id, source, &before, &now);
}

static bool is_empty(qm_tx *tx) {
  if (tx->op->row_count > 0)
    return false;
  qm_problem_add(tx, QM_P_EMPTY_LIST, -1, (qm_str){NULL, 0});
  return true;
}

qm_code qm_do_items(qm_tx *tx) {
  qm_code code = QM_OK;
  if (is_empty(tx))
    return QM_OK;
  for (uint32_t i = 0; !code && i < tx->op->row_count; i++)
    code = qm_clean_row(tx, save_row(tx, (int)i));
  return code;
}

static qm_code delete_row(qm_tx *tx, int index) {
  qm_product product;
  qm_item before, now = {0};
  bool usable, found = false;
  int64_t source = QM_DEFAULT_SOURCE;
  qm_str name = qm_op_str(tx->op, qm_op_rows(tx->op)[index].source);
  qm_code code = product_of(tx, index, false, &product, &usable);
  if (code || !usable)
    return code;
  if (name.p)
    code = qm_find_source(tx, name, &source, &found);
  if (code || (name.p && !found))
    return code;
  code = qm_get_item(tx, product.id, source, &before);
  if (code || !before.exists)
    return code;
  if (before.allocated > 0) {
    qm_problem_numbers(tx, QM_P_ITEM_ALLOCATED, index,
                       qm_op_str(tx->op, qm_op_rows(tx->op)[index].sku), 0, before.allocated);
    return QM_OK;
  }
  code = qm_guard_open(tx, product.id);
  if (!code)
    code = qm_item_put(tx, product.id, source, &before, &now);
  if (!code)
    code = qm_guard_close(tx, index);
  if (!code)
    code = write_fact(tx, QM_LEDGER_item_removed, product.id, source, -before.qty);
  tx->verdict->value++;
  return code;
}

qm_code qm_do_items_delete(qm_tx *tx) {
  qm_code code = QM_OK;
  if (is_empty(tx))
    return QM_OK;
  for (uint32_t i = 0; !code && i < tx->op->row_count; i++)
    code = qm_clean_row(tx, delete_row(tx, (int)i));
  return code;
}

/* A row may say below which quantity nothing is to be taken. */
static qm_code check_least(qm_tx *tx, int index, int64_t product, int64_t source, qm_qty delta) {
  const qm_row *row = &qm_op_rows(tx->op)[index];
  qm_item item;
  if (!(row->flags & QM_HAS_EXPECTED) || delta >= 0)
    return QM_OK;
  qm_code code = qm_get_item(tx, product, source, &item);
  if (!code && item.qty + delta < row->expected)
    qm_problem_numbers(tx, QM_P_SOURCE_SHORT, index, qm_op_str(tx->op, row->sku), -delta,
                       qm_qty_max(0, item.qty - row->expected));
  return code;
}

static qm_code adjust_row(qm_tx *tx, int index) {
  qm_product product = {0};
  qm_qty delta = 0;
  bool usable;
  int64_t source;
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = product_of(tx, index, true, &product, &usable);
  if (!code)
    code = source_of(tx, index, &source);
  qm_row_qty(tx, index, -QM_QTY_MAX, &delta);
  if (!code && tx->verdict->problem_count == problems)
    code = qm_check_b2b_item(tx, index, &product, source);
  if (!code && tx->verdict->problem_count == problems)
    code = check_least(tx, index, product.id, source, delta);
  if (code || tx->verdict->problem_count > problems)
    return code;
  code = qm_fact_open(tx, product.id, false);
  if (!code)
    code = qm_item_add(tx, index, product.id, source, delta);
  if (!code)
    code = write_fact(tx, QM_LEDGER_quantity_adjusted, product.id, source, delta);
  if (code)
    return code;
  return qm_entry_add(
      tx, (qm_entry){.line = index + 1, .product = product.id, .source_id = source, .qty = delta});
}

qm_code qm_do_adjust(qm_tx *tx) {
  if (is_empty(tx))
    return QM_OK;
  qm_check_text(tx, -1, QM_FIELD_reason, "the reason",
                qm_op_str(tx->op, tx->op->text[QM_TEXT_REASON]), QM_TEXT_MAX);
  qm_code code = qm_document_add(tx, 0, 0);
  for (uint32_t i = 0; !code && i < tx->op->row_count; i++)
    code = qm_clean_row(tx, adjust_row(tx, (int)i));
  if (!code && !qm_refused(tx))
    code = qm_document_answer(tx);
  return code;
}
