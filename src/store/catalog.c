/* catalog.c: products are renamed and deleted. Everything refers to a product by its id, so a SKU
 * is one field of one row; a deleted product keeps that row, for the orders and the ledger that
 * speak of it, and leaves its SKU to others. */
#include "tx.h"

#include <stdlib.h>

/* ---- what depends on a product ---- */

qm_code qm_open_units(qm_tx *tx, int64_t product, qm_qty *units) {
  const qm_stakes *stakes = &tx->store->stakes;
  bool row = false;
  *units = 0;
  qm_code code = qm_stakes_load(tx, product);
  for (uint32_t i = 0; !code && i < stakes->count; i++) {
    const qm_balance *balance = &stakes->list[i].balance;
    *units += balance->firm + balance->backordered + balance->allocated;
    *units += qm_qty_max(balance->adopted, 0);
  }
  if (!code)
    code = QM_FIRST(tx, LINES_UNCOUNTED, &row, QM_I(product), QM_I(tx->now_ms));
  if (code || !row)
    return code;
  *units += QM_COL_INT(tx, LINES_UNCOUNTED, 0);
  QM_END(tx, LINES_UNCOUNTED);
  return QM_OK;
}

qm_code qm_check_parts(qm_tx *tx, int row, int64_t product) {
  bool more = true;
  qm_code code = QM_START(tx, COMPOSITES_OF, QM_I(product));
  while (!code && !(code = QM_STEP(tx, COMPOSITES_OF, &more)) && more)
    qm_problem_at(tx, QM_P_PRODUCT_PART, row, QM_FIELD_sku, QM_COL_STR(tx, COMPOSITES_OF, 1));
  return code;
}

qm_code qm_forget_parts(qm_tx *tx, int64_t product) {
  qm_code code = QM_RUN(tx, COMPONENTS_FORGET, QM_I(product));
  if (!code)
    code = QM_RUN(tx, CHOICES_FORGET, QM_I(product));
  return code ? code : QM_RUN(tx, COMPOSITE_FORGET, QM_I(product));
}

/* ---- renaming ---- */

/* The old SKU is whatever is stored, even one that could not be saved today. */
qm_code qm_do_product_rename(qm_tx *tx) {
  qm_str from = qm_op_str(tx->op, tx->op->sku), to = qm_op_str(tx->op, tx->op->to);
  qm_product product, other;
  bool found, taken = false;
  bool legal = qm_check_sku(tx, -1, QM_FIELD_to, to);
  qm_code code = qm_find_product(tx, from, &product, &found);
  if (!code && legal)
    code = qm_find_product(tx, to, &other, &taken);
  if (code)
    return code;
  if (!found)
    qm_problem_add(tx, taken ? QM_P_SKU_RENAMED : QM_P_NO_PRODUCT, -1, from);
  else if (taken && other.id != product.id)
    qm_problem_add(tx, QM_P_SKU_TAKEN, -1, to);
  if (qm_refused(tx) || taken)
    return QM_OK;
  code = QM_RUN(tx, PRODUCT_RENAME, QM_I(product.id), QM_B(to));
  qm_fact fact = {.event = QM_LEDGER_product_renamed, .product = product.id, .note = from};
  return code ? code : qm_ledger_add(tx, &fact);
}

/* ---- deleting ---- */

static qm_str row_sku(const qm_tx *tx, uint32_t row) {
  return qm_op_str(tx->op, qm_op_rows(tx->op)[row].sku);
}

/* The products of the rows; 0 where there is none, or where it was named before. */
static qm_code mark_all(qm_tx *tx, int64_t *products) {
  qm_product product;
  bool found;
  qm_code code = QM_OK;
  for (uint32_t i = 0; !code && i < tx->op->row_count; i++) {
    code = qm_find_product(tx, row_sku(tx, i), &product, &found);
    products[i] = found ? product.id : 0;
    if (!code && !found)
      qm_problem_add(tx, QM_P_NO_PRODUCT, (int)i, row_sku(tx, i));
  }
  for (uint32_t i = 0; !code && i < tx->op->row_count; i++) {
    code = QM_RUN(tx, PRODUCT_DELETE, QM_I(products[i]));
    if (!code && qm_db_changes(tx->db) == 0)
      products[i] = 0;
  }
  return code;
}

static qm_code check_unused(qm_tx *tx, int row, int64_t product) {
  qm_qty units = 0;
  qm_code code = qm_check_parts(tx, row, product);
  if (!code && !(tx->op->flags & QM_FORCE))
    code = qm_open_units(tx, product, &units);
  if (!code && units > 0)
    qm_problem_numbers(tx, QM_P_PRODUCT_OPEN, row, row_sku(tx, (uint32_t)row), 0, units);
  return code;
}

static qm_code remove_items(qm_tx *tx, int64_t product) {
  bool row = true;
  for (int64_t source = 0;;) {
    qm_item before, now = {0};
    qm_code code = QM_FIRST(tx, ITEM_AFTER, &row, QM_I(product), QM_I(source));
    if (code || !row)
      return code;
    source = QM_COL_INT(tx, ITEM_AFTER, 0);
    QM_END(tx, ITEM_AFTER);
    code = qm_allocations_drop(tx, product, source, 0);
    if (!code)
      code = qm_get_item(tx, product, source, &before);
    if (!code)
      code = qm_item_put(tx, product, source, &before, &now);
    qm_fact fact = {.event = QM_LEDGER_item_removed,
                    .product = product,
                    .source = source,
                    .moved = -before.qty};
    if (!code)
      code = qm_ledger_add(tx, &fact);
    if (code)
      return code;
  }
}

static qm_code delete_product(qm_tx *tx, int64_t product) {
  qm_code code = qm_fact_open(tx, product, false);
  if (!code)
    code = remove_items(tx, product);
  if (!code)
    code = qm_forget_parts(tx, product);
  qm_fact fact = {.event = QM_LEDGER_product_deleted, .product = product};
  tx->verdict->value++;
  return code ? code : qm_ledger_add(tx, &fact);
}

/* All are marked before any is checked, so that a composite and its parts may go together. */
qm_code qm_do_products_delete(qm_tx *tx) {
  uint32_t count = tx->op->row_count;
  if (count == 0) {
    qm_problem_add(tx, QM_P_EMPTY_LIST, -1, (qm_str){NULL, 0});
    return QM_OK;
  }
  int64_t *products = malloc(count * sizeof *products);
  if (!products)
    return qm_fail(tx->err, QM_MEMORY, "out of memory");
  qm_code code = mark_all(tx, products);
  for (uint32_t i = 0; !code && i < count; i++)
    if (products[i])
      code = check_unused(tx, (int)i, products[i]);
  for (uint32_t i = 0; !code && !qm_refused(tx) && i < count; i++)
    if (products[i])
      code = delete_product(tx, products[i]);
  free(products);
  return code;
}
