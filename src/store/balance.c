/* balance.c: quantities at sources, and the one maintained row per (stock, product) that follows
 * them. Whatever changes an item goes through qm_item_put, so no balance can be forgotten. */
#include "tx.h"

#include <stdlib.h>

/* Settling twice changes nothing more, so only the commonest repetition is left out. */
qm_code qm_touch(qm_tx *tx, int64_t product, int64_t stock) {
  qm_store *store = tx->store;
  int64_t id = qm_key(product, stock);
  if (store->touched_count > 0 && store->touched[store->touched_count - 1] == id)
    return QM_OK;
  if (store->touched_count == store->touched_capacity) {
    size_t capacity = store->touched_capacity ? store->touched_capacity * 2 : 64;
    int64_t *ids = realloc(store->touched, capacity * sizeof *ids);
    if (!ids)
      return qm_fail(tx->err, QM_MEMORY, "out of memory");
    store->touched = ids;
    store->touched_capacity = capacity;
  }
  store->touched[store->touched_count++] = id;
  return QM_OK;
}

/* Only what may let waiting promises become firm needs a second look at the end. */
static bool may_settle(const qm_balance *delta) {
  return delta->on_hand > 0 || delta->firm < 0 || delta->allocated < 0 || delta->adopted < 0;
}

static bool is_promise(const qm_balance *delta) {
  return delta->on_hand == 0 && delta->allocated == 0 && delta->held == 0 && delta->adopted == 0 &&
         delta->assigned == 0 && delta->active == 0 && delta->in_stock == 0;
}

static qm_code move_row(qm_tx *tx, int64_t id, const qm_balance *delta) {
  if (is_promise(delta))
    return QM_RUN(tx, BALANCE_PROMISE, QM_I(id), QM_I(delta->firm), QM_I(delta->backordered));
  return QM_RUN(tx, BALANCE_MOVE, QM_I(id), QM_I(delta->on_hand), QM_I(delta->firm),
                QM_I(delta->backordered), QM_I(delta->allocated), QM_I(delta->held),
                QM_I(delta->adopted), QM_I(delta->assigned), QM_I(delta->active),
                QM_I(delta->in_stock));
}

qm_code qm_balance_move(qm_tx *tx, int64_t product, int64_t stock, const qm_balance *delta) {
  int64_t id = qm_key(product, stock);
  for (int attempt = 0; attempt < 2; attempt++) {
    qm_code code = move_row(tx, id, delta);
    if (code)
      return code;
    if (qm_db_changes(tx->db) > 0)
      return may_settle(delta) ? qm_touch(tx, product, stock) : QM_OK;
    if (attempt == 0)
      code = QM_RUN(tx, BALANCE_ADD, QM_I(id), QM_I(product));
    if (code)
      return code;
  }
  /* The row is there, so it was the statement's own bound that refused. */
  qm_span sku;
  qm_code code = qm_sku_of(tx, product, &sku);
  if (!code)
    qm_problem_add(tx, QM_P_SUM_RANGE, -1, qm_out_str(&tx->store->out, sku));
  return code;
}

qm_code qm_get_item(qm_tx *tx, int64_t product, int64_t source, qm_item *out) {
  *out = (qm_item){0};
  qm_code code = QM_FIRST(tx, ITEM, &out->exists, QM_I(qm_key(product, source)));
  if (code || !out->exists)
    return code;
  out->qty = QM_COL_INT(tx, ITEM, 0);
  out->in_stock = QM_COL_INT(tx, ITEM, 1) == QM_STATUS_IN;
  out->assigned_only = QM_COL_INT(tx, ITEM, 1) == QM_STATUS_ASSIGNED;
  out->allocated = QM_COL_INT(tx, ITEM, 2);
  out->has_notify = !qm_db_null(tx->db, QM_SQL_ITEM, 3);
  out->notify = QM_COL_INT(tx, ITEM, 3);
  QM_END(tx, ITEM);
  if (out->qty < -QM_QTY_MAX || out->qty > QM_QTY_MAX || out->allocated < 0 ||
      out->allocated > QM_QTY_MAX)
    return qm_fail(tx->err, QM_CORRUPT, "the file is damaged: a source item is out of range");
  return QM_OK;
}

void qm_item_first_write(const qm_item *before, qm_item *now) {
  *now = *before;
  if (!before->exists || before->assigned_only)
    now->in_stock = true;
  now->exists = true;
  now->assigned_only = false;
}

void qm_item_weight(const qm_item *item, bool enabled, qm_balance *out) {
  *out = (qm_balance){0};
  if (!item->exists)
    return;
  out->on_hand = qm_countable(item->qty, item->in_stock, enabled);
  out->assigned = 1;
  out->active = enabled;
  out->in_stock = enabled && item->in_stock;
}

qm_code qm_source_stocks(qm_tx *tx, int64_t source, const int64_t **stocks, size_t *count,
                         bool *enabled) {
  qm_store *store = tx->store;
  bool row = true;
  *count = 0;
  *enabled = false;
  qm_code code = QM_START(tx, STOCKS_OF_SOURCE, QM_I(source));
  while (!code && !(code = QM_STEP(tx, STOCKS_OF_SOURCE, &row)) && row) {
    if (*count == store->stock_capacity) {
      size_t capacity = store->stock_capacity ? store->stock_capacity * 2 : 64;
      int64_t *ids = realloc(store->stocks, capacity * sizeof *ids);
      if (!ids) {
        QM_END(tx, STOCKS_OF_SOURCE);
        return qm_fail(tx->err, QM_MEMORY, "out of memory");
      }
      store->stocks = ids;
      store->stock_capacity = capacity;
    }
    store->stocks[(*count)++] = QM_COL_INT(tx, STOCKS_OF_SOURCE, 0);
    *enabled = QM_COL_INT(tx, STOCKS_OF_SOURCE, 1) != 0;
  }
  *stocks = store->stocks;
  return code;
}

static qm_code move_stocks(qm_tx *tx, int64_t product, int64_t source, const qm_item *before,
                           const qm_item *now) {
  qm_balance old, new, delta = {0};
  const int64_t *stocks;
  size_t count;
  bool enabled;
  qm_code code = qm_source_stocks(tx, source, &stocks, &count, &enabled);
  qm_item_weight(before, enabled, &old);
  qm_item_weight(now, enabled, &new);
  delta.on_hand = new.on_hand - old.on_hand;
  delta.assigned = new.assigned - old.assigned;
  delta.active = new.active - old.active;
  delta.in_stock = new.in_stock - old.in_stock;
  if (!code && count > 1 && now->exists != before->exists && !tx->store->independent)
    code =
        now->exists ? QM_RUN(tx, GUARD_ADD, QM_I(product)) : QM_RUN(tx, GUARD_DROP, QM_I(product));
  for (size_t i = 0; !code && i < count; i++)
    code = qm_balance_move(tx, product, stocks[i], &delta);
  return code;
}

qm_code qm_item_put(qm_tx *tx, int64_t product, int64_t source, const qm_item *before,
                    const qm_item *now) {
  int64_t id = qm_key(product, source);
  qm_code code;
  int status = now->in_stock ? QM_STATUS_IN : QM_STATUS_OUT;
  if (now->assigned_only)
    status = QM_STATUS_ASSIGNED;
  if (now->exists)
    code = QM_RUN(tx, ITEM_PUT, QM_I(id), QM_I(product), QM_I(now->qty), QM_I(status),
                  now->has_notify ? QM_I(now->notify) : QM_N);
  else
    code = QM_RUN(tx, ITEM_REMOVE, QM_I(id));
  return code ? code : move_stocks(tx, product, source, before, now);
}

qm_code qm_item_add(qm_tx *tx, int row, int64_t product, int64_t source, qm_qty delta) {
  qm_item before, now;
  qm_code code = qm_get_item(tx, product, source, &before);
  if (code)
    return code;
  qm_item_first_write(&before, &now);
  if (qm_qty_add(now.qty, delta, &now.qty) != QM_OK) {
    qm_problem_add(tx, QM_P_SUM_RANGE, row, qm_op_str(tx->op, qm_op_rows(tx->op)[row].sku));
    return QM_OK;
  }
  return qm_item_put(tx, product, source, &before, &now);
}
