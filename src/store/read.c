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

/* ---- what was seen ---- */

static bool seen_stock(qm_store *store, const qm_where *where, int64_t *stock) {
  *stock = QM_DEFAULT_STOCK;
  if (where->channel_code.p && qm_is_admin(where->channel_type, where->channel_code))
    return true;
  return qm_known_stock(&store->known, where, stock);
}

enum { ABREAST = 16 }; /* products that are looked for at once: memory is slow, but parallel */

/* Fills in those that were seen, and leaves the others without a product; returns how many. */
static size_t seen_stands(qm_store *store, const qm_where *where, int64_t stock, const qm_str *skus,
                          size_t count, int64_t now_ms, qm_stand *stands) {
  qm_product products[ABREAST];
  size_t seen = 0;
  for (size_t i = 0; i < count; i++)
    qm_known_expect(&store->known, skus[i]);
  for (size_t i = 0; i < count; i++) {
    if (qm_known_product(&store->known, skus[i], &products[i]))
      qm_seen_expect(&store->seen, products[i].id, stock);
    else
      products[i].id = 0;
  }
  const qm_rule *rule = NULL;
  int64_t own = 0; /* whose rule it is: those of a page are mostly the same */
  for (size_t i = 0; i < count; i++) {
    bool found =
        products[i].id && qm_seen_find(&store->seen, products[i].id, stock, now_ms, &stands[i]);
    if (found && (!rule || own != products[i].own)) {
      own = products[i].own;
      rule = qm_known_rule(&store->known, own, stock, where->customer_group);
    }
    found = found && rule;
    if (found)
      stands[i].rule = *rule;
    else
      stands[i].product = 0;
    seen += found;
  }
  return seen;
}

/* The same for any number; false: something is missing. */
static bool all_seen(qm_store *store, const qm_db_stamp *stamp, const qm_where *where,
                     const qm_str *skus, size_t count, int64_t now_ms, qm_stand *stands) {
  int64_t stock;
  size_t seen = 0;
  if (count == 0 || memcmp(&store->seen.stamp, stamp, sizeof *stamp) != 0 ||
      !seen_stock(store, where, &stock))
    return false;
  for (size_t i = 0; i < count; i += ABREAST)
    seen += seen_stands(store, where, stock, skus + i, count - i < ABREAST ? count - i : ABREAST,
                        now_ms, stands + i);
  return seen == count;
}

/* ---- reading ---- */

/* Has nobody committed since then? A transaction that has read goes on seeing what it saw. */
static bool is_unchanged(qm_tx *tx, const qm_db_stamp *before) {
  qm_db_stamp now;
  return before && qm_db_stamp_now(tx->db, &now) && memcmp(before, &now, sizeof now) == 0;
}

/* before: what the stamp was when what has a product in stands was seen; NULL: nothing was, and
 * nothing is to be kept. All are read when somebody has committed since, so that they are of one
 * moment. */
static qm_code read_stands(qm_tx *tx, const qm_where *where, const qm_str *skus, size_t count,
                           const qm_db_stamp *before, qm_stand *stands, qm_problem_kind *problem) {
  int64_t stock = 0;
  bool found = false, usable;
  qm_code code = qm_known_usable(tx, &usable); /* the first that is read */
  bool keep = is_unchanged(tx, before);
  if (!code)
    code = qm_find_stock(tx, where, &stock, &found);
  *problem = QM_P_NONE;
  if (!code && !found)
    *problem = where->channel_code.p ? QM_P_NO_CHANNEL : QM_P_NO_STOCK;
  for (size_t i = 0; !code && found && i < count; i++) {
    if (keep && stands[i].product)
      continue;
    tx->until = INT64_MAX;
    code = stand_of(tx, where, stock, skus[i], &stands[i]);
    if (!code && keep && stands[i].product)
      qm_seen_keep(&tx->store->seen, before, tx->now_ms, tx->until, &stands[i]);
  }
  return code;
}

qm_code qm_store_stand(qm_store *store, const qm_where *where, const qm_str *skus, size_t count,
                       int64_t now_ms, qm_stand *stands, qm_problem_kind *problem, qm_err *err) {
  qm_tx tx = {.store = store, .db = store->db, .err = err, .now_ms = now_ms};
  qm_code code = qm_db_begin_read(store->db, err);
  if (code)
    return code;
  code = read_stands(&tx, where, skus, count, NULL, stands, problem);
  return qm_db_end_read(store->db, code, err);
}

qm_code qm_store_glance(qm_store *store, const qm_where *where, const qm_str *skus, size_t count,
                        int64_t now_ms, qm_stand *stands, qm_problem_kind *problem, qm_err *err) {
  qm_tx tx = {.store = store, .db = store->db, .err = err, .now_ms = now_ms};
  qm_db_stamp before;
  bool known = qm_db_stamp_now(store->db, &before);
  *problem = QM_P_NONE;
  for (size_t i = 0; i < count; i++)
    stands[i].product = 0;
  if (known && all_seen(store, &before, where, skus, count, now_ms, stands))
    return QM_OK;
  qm_code code = qm_db_begin_read(store->db, err);
  if (code)
    return code;
  code = read_stands(&tx, where, skus, count, known ? &before : NULL, stands, problem);
  return qm_db_end_read(store->db, code, err);
}

/* ---- what waits ---- */

static qm_code waiting_units(qm_tx *tx, qm_qty *qty) {
  qm_balance balance;
  bool found;
  *qty = 0;
  qm_code code = QM_FIRST(tx, LINE_WAITS, &found, QM_I(tx->line));
  if (code || !found)
    return code;
  int64_t product = QM_COL_INT(tx, LINE_WAITS, 0), stock = QM_COL_INT(tx, LINE_WAITS, 1);
  qm_qty stored = QM_COL_INT(tx, LINE_WAITS, 2);
  QM_END(tx, LINE_WAITS);
  code = qm_get_balance(tx, product, stock, &balance, &found);
  *qty = stored - tx->promoted;
  return code || (*qty >= 0 && stored <= QM_QTY_MAX) ? code : qm_damaged(tx, "a line that waits");
}

qm_code qm_store_waiting(qm_store *store, int64_t order, int64_t line, int64_t now_ms, qm_qty *qty,
                         qm_err *err) {
  qm_tx tx = {.store = store, .db = store->db, .err = err, .now_ms = now_ms};
  tx.line = qm_line_key(order, line);
  qm_code code = qm_db_begin_read(store->db, err);
  if (code)
    return code;
  code = waiting_units(&tx, qty);
  return qm_db_end_read(store->db, code, err);
}
