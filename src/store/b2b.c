/* b2b.c: products for businesses are kept at the default source, and so sold from the default stock
 * only, while the shop's setting says so. What is elsewhere from before may be counted and sold
 * until it is gone. */
#include "tx.h"

static qm_code is_ruled(qm_tx *tx, bool *ruled) {
  return qm_is_on(tx, "b2b_default_only", ruled);
}

qm_code qm_check_b2b_item(qm_tx *tx, int row, const qm_product *product, int64_t source) {
  qm_item item;
  bool ruled;
  if (!product->b2b || source == QM_DEFAULT_SOURCE)
    return QM_OK;
  qm_code code = is_ruled(tx, &ruled);
  if (code || !ruled)
    return code;
  code = qm_get_item(tx, product->id, source, &item);
  if (code || item.exists)
    return code;
  qm_span sku;
  code = qm_sku_of(tx, product->id, &sku);
  if (!code)
    qm_problem_add(tx, QM_P_B2B_SOURCE, row, qm_out_str(&tx->store->out, sku));
  return code;
}

qm_code qm_check_b2b_mark(qm_tx *tx, int row, const qm_product *product) {
  bool ruled, more = true;
  qm_code code = is_ruled(tx, &ruled);
  if (code || !ruled)
    return code;
  code = QM_START(tx, PRODUCT_ELSEWHERE, QM_I(product->id));
  while (!code && !(code = QM_STEP(tx, PRODUCT_ELSEWHERE, &more)) && more)
    qm_problem_add(tx, QM_P_B2B_PLACE, row, QM_COL_STR(tx, PRODUCT_ELSEWHERE, 0));
  return code;
}
