/* products.c: saving products. Their own settings arrive as the id of an interned text, which the
 * caller worked out from what was stored before; `expected` is the id it started from, so that two
 * savers cannot undo each other. */
#include "composite.h"

/* What MSI gives a new product, so that it shows up somewhere: an empty item at the default source.
 */
static qm_code assign_default(qm_tx *tx, const qm_product *product) {
  bool row;
  qm_rule rule;
  qm_item before = {0}, now = {.exists = true, .assigned_only = true};
  if (qm_is_composite(product->type))
    return QM_OK;
  qm_code code = QM_FIRST(tx, PRODUCT_HAS_ITEMS, &row, QM_I(product->id));
  if (code || row) {
    if (row)
      QM_END(tx, PRODUCT_HAS_ITEMS);
    return code;
  }
  code = qm_get_rule(tx, product->own, QM_DEFAULT_STOCK, (qm_str){NULL, 0}, &rule);
  if (code || !rule.managed)
    return code;
  return qm_item_put(tx, product->id, QM_DEFAULT_SOURCE, &before, &now);
}

/* A product with quantities may become one without them, and the other way about, while it has none
 * and nobody waits for any. Orders that are done do not matter: their lines know what they were.
 * One kind of composite is not made up like another. */
static qm_code change_type(qm_tx *tx, int index, const qm_product *product, int type) {
  bool used;
  qm_qty units = 0;
  if (qm_is_composite(product->type) && qm_is_composite(type) && product->type != type)
    return qm_forget_parts(tx, product->id);
  if (qm_is_composite(product->type) == qm_is_composite(type))
    return QM_OK;
  qm_code code = QM_FIRST(tx, PRODUCT_HAS_ITEMS, &used, QM_I(product->id));
  if (used)
    QM_END(tx, PRODUCT_HAS_ITEMS);
  if (!code && !used)
    code = qm_open_units(tx, product->id, &units);
  if (used || units > 0)
    qm_problem_add(tx, QM_P_TYPE_CHANGE, index, qm_op_str(tx->op, qm_op_rows(tx->op)[index].sku));
  if (code)
    return code;
  return qm_is_composite(type) ? qm_check_parts(tx, index, product->id)
                               : qm_forget_parts(tx, product->id);
}

static qm_code save_row(qm_tx *tx, int index) {
  const qm_row *row = &qm_op_rows(tx->op)[index];
  qm_str sku;
  qm_product product = {.own = -1, .type = QM_SIMPLE};
  bool found;
  bool legal = qm_row_sku(tx, index, &sku);
  if ((row->flags & QM_HAS_TYPE) && row->type < 0) {
    qm_problem_add(tx, QM_P_TYPE_BAD, index, sku);
    legal = false;
  }
  if (!legal)
    return QM_OK;
  qm_code code = qm_find_product(tx, sku, &product, &found);
  if (code)
    return code;
  if (product.own != row->was_own && !(tx->op->flags & QM_DRY_RUN)) {
    tx->verdict->code = QM_STALE;
    return QM_OK;
  }
  int type = row->flags & QM_HAS_TYPE ? row->type : product.type;
  qm_val b2b = row->flags & QM_HAS_B2B ? QM_I(row->truth) : QM_N;
  if (found) {
    uint32_t problems = tx->verdict->problem_count;
    code = change_type(tx, index, &product, type);
    if (!code && (row->flags & QM_HAS_B2B) && row->truth && !product.b2b)
      code = qm_check_b2b_mark(tx, index, &product);
    if (code || tx->verdict->problem_count > problems)
      return code;
    code = QM_RUN(tx, PRODUCT_UPDATE, QM_I(product.id), QM_I(type), QM_I(row->own), b2b);
  } else {
    code = QM_RUN(tx, PRODUCT_ADD, QM_B(sku), QM_I(type), QM_I(row->own),
                  row->flags & QM_HAS_B2B ? b2b : QM_I(0), QM_I(QM_DECLARED));
    product.id = qm_db_last_key(tx->db);
  }
  product.type = type;
  product.own = row->own;
  tx->verdict->value++;
  if (code || (row->flags & QM_NO_ASSIGN))
    return code;
  return assign_default(tx, &product);
}

/* Parts come last, since they may be products of the same call. */
qm_code qm_do_products(qm_tx *tx) {
  const uint32_t parts = QM_HAS_PARTS | QM_HAS_OPTIONS | QM_HAS_TOGETHER | QM_HAS_STATUS;
  const qm_row *rows = qm_op_rows(tx->op);
  qm_code code = QM_OK;
  if (tx->op->row_count == 0) {
    qm_problem_add(tx, QM_P_EMPTY_LIST, -1, (qm_str){NULL, 0});
    return QM_OK;
  }
  for (uint32_t i = 0; !code && i < tx->op->row_count && tx->verdict->code != QM_STALE; i++)
    code = save_row(tx, (int)i);
  for (uint32_t i = 0; !code && i < tx->op->row_count && tx->verdict->code != QM_STALE; i++)
    if (rows[i].flags & parts)
      code = qm_compose(tx, (int)i);
  return code;
}
