/* read.c: where products stand in a stock, read in one transaction, so that it is one moment. */
#include "composite.h"

#include <string.h>

static qm_code stand_of(qm_tx *tx, const qm_where *where, int64_t stock, qm_str sku,
                        qm_stand *stand) {
  qm_product product;
  bool found, has_balance;
  *stand = (qm_stand){.stock = stock};
  qm_code code = sku.n <= QM_SKU_MAX ? qm_find_product(tx, sku, &product, &found) : QM_OK;
  if (code)
    return code;
  if (sku.n > QM_SKU_MAX || !found) {
    stand->problem = QM_P_NO_PRODUCT;
    return QM_OK;
  }
  stand->product = product.id;
  stand->type = product.type;
  if (product.state != QM_DECLARED)
    stand->problem = QM_P_NO_PRODUCT;
  stand->composite = qm_is_composite(product.type);
  if (stand->composite)
    stand->problem = QM_P_COMPOSITE;
  code = qm_get_balance(tx, product.id, stock, &stand->balance, &has_balance);
  if (!code)
    code = qm_get_rule(tx, product.own, stock, where->customer_group, &stand->rule);
  if (!code && stand->composite)
    code = qm_composite_salable(tx, &product, stock, &stand->salable);
  return code;
}

static bool find_seen(qm_store *store, const qm_db_stamp *stamp, const qm_where *where,
                      const qm_str *skus, size_t count, int64_t now_ms, qm_stand *stands) {
  for (size_t i = 0; i < count; i++)
    if (!qm_seen_find(store->seen, stamp, where, skus[i], now_ms, &stands[i]))
      return false;
  return count > 0;
}

/* All are read when one is missing, so that they are of one moment. When nobody has committed since
 * before the reading, they are what the file says now. */
qm_code qm_store_stand(qm_store *store, const qm_where *where, const qm_str *skus, size_t count,
                       int64_t now_ms, qm_stand *stands, qm_problem_kind *problem, qm_err *err) {
  qm_tx tx = {.store = store, .db = store->db, .err = err, .now_ms = now_ms};
  qm_db_stamp before, after;
  int64_t stock = 0;
  bool found;
  *problem = QM_P_NONE;
  bool known = qm_db_stamp_now(store->db, &before);
  if (known && find_seen(store, &before, where, skus, count, now_ms, stands))
    return QM_OK;
  qm_code code = qm_db_begin_read(store->db, err);
  if (code)
    return code;
  code = qm_find_stock(&tx, where->stock, where->channel_type, where->channel_code, &stock, &found);
  if (!code && !found)
    *problem = where->channel_code.p ? QM_P_NO_CHANNEL : QM_P_NO_STOCK;
  for (size_t i = 0; !code && found && i < count; i++) {
    tx.until = INT64_MAX;
    code = stand_of(&tx, where, stock, skus[i], &stands[i]);
    known =
        known && qm_db_stamp_now(store->db, &after) && memcmp(&before, &after, sizeof before) == 0;
    if (!code && known)
      qm_seen_keep(&store->seen, &before, where, skus[i], now_ms, tx.until, &stands[i]);
  }
  return qm_db_end_read(store->db, code, err);
}
