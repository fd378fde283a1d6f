/* allocation.c: what order lines have claimed at sources. The rows and the items' sums change here
 * together, and only here; the lines' counters and the balances are the callers'. */
#include "goods.h"

static int64_t item_of(const qm_placed_line *line, int64_t source) {
  return qm_key(line->product, source);
}

static qm_code damaged(qm_tx *tx) {
  return qm_fail(tx->err, QM_CORRUPT, "the allocations of an order line are damaged; run verify");
}

qm_code qm_allocation(qm_tx *tx, const qm_placed_line *line, int64_t source, qm_qty *qty) {
  bool found;
  *qty = 0;
  if (line->counters.allocated == 0)
    return QM_OK;
  qm_code code = QM_FIRST(tx, ALLOCATION, &found, QM_I(qm_key(line->id, source)));
  if (code || !found)
    return code;
  *qty = QM_COL_INT(tx, ALLOCATION, 0);
  QM_END(tx, ALLOCATION);
  return *qty > 0 && *qty <= line->counters.allocated ? QM_OK : damaged(tx);
}

qm_code qm_allocation_newest(qm_tx *tx, const qm_placed_line *line, int64_t but, int64_t *source,
                             qm_qty *qty) {
  bool found;
  qm_code code = QM_FIRST(tx, ALLOCATION_NEWEST, &found, QM_I(line->id), QM_I(but));
  if (code || !found)
    return code ? code : damaged(tx);
  *source = QM_COL_INT(tx, ALLOCATION_NEWEST, 0);
  *qty = QM_COL_INT(tx, ALLOCATION_NEWEST, 1);
  QM_END(tx, ALLOCATION_NEWEST);
  return *qty > 0 ? QM_OK : damaged(tx);
}

static qm_code add_to_item(qm_tx *tx, const qm_placed_line *line, int64_t source, qm_qty delta) {
  qm_code code = QM_RUN(tx, ITEM_ALLOCATE, QM_I(item_of(line, source)), QM_I(delta));
  if (code || qm_db_changes(tx->db) > 0)
    return code;
  return damaged(tx);
}

qm_code qm_allocation_add(qm_tx *tx, const qm_placed_line *line, int64_t source, qm_qty qty) {
  qm_code code = QM_RUN(tx, ALLOCATION_ADD, QM_I(qm_key(line->id, source)),
                        QM_I(item_of(line, source)), QM_I(tx->document), QM_I(qty));
  return code ? code : add_to_item(tx, line, source, qty);
}

qm_code qm_allocation_take(qm_tx *tx, const qm_placed_line *line, int64_t source, qm_qty qty) {
  int64_t id = qm_key(line->id, source);
  qm_code code = QM_RUN(tx, ALLOCATION_TAKE, QM_I(id), QM_I(qty));
  if (!code && qm_db_changes(tx->db) == 0)
    code = QM_RUN(tx, ALLOCATION_REMOVE, QM_I(id), QM_I(qty));
  if (!code && qm_db_changes(tx->db) == 0)
    code = damaged(tx);
  return code ? code : add_to_item(tx, line, source, -qty);
}

qm_code qm_allocations_drop(qm_tx *tx, int64_t product, int64_t source, int64_t stock) {
  int64_t item = qm_key(product, source);
  for (;;) {
    bool row;
    qm_code code = QM_FIRST(tx, ALLOCATION_OF_ITEM, &row, QM_I(item), QM_I(stock));
    if (code || !row)
      return code;
    int64_t allocation = QM_COL_INT(tx, ALLOCATION_OF_ITEM, 0);
    qm_fact fact = {.event = QM_LEDGER_allocation_moved,
                    .product = product,
                    .stock = QM_COL_INT(tx, ALLOCATION_OF_ITEM, 2),
                    .source = source,
                    .qty = QM_COL_INT(tx, ALLOCATION_OF_ITEM, 1)};
    QM_END(tx, ALLOCATION_OF_ITEM);
    qm_balance delta = {.allocated = -fact.qty, .firm = fact.qty};
    code = QM_RUN(tx, ALLOCATION_DROP, QM_I(allocation));
    if (!code)
      code = QM_RUN(tx, ITEM_ALLOCATE, QM_I(item), QM_I(-fact.qty));
    if (!code)
      code = QM_RUN(tx, LINE_UNALLOCATE, QM_I(allocation / 65536), QM_I(fact.qty));
    if (!code)
      code = qm_balance_move(tx, product, fact.stock, &delta);
    if (!code)
      code = qm_ledger_add(tx, &fact);
    if (code)
      return code;
  }
}
