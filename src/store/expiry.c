/* expiry.c: holds run out by themselves. A balance knows when the next of its holds does; whoever
 * looks at it later finds out, a reader by adding up what has expired, a writer by taking it out.
 * The units are kept for each balance and second, so that a thousand carts of one second are one
 * row. */
#include "tx.h"

static qm_qty sum_of(qm_tx *tx, qm_sql sql, int column) {
  return qm_db_int(tx->db, sql, column); /* NULL, a sum of nothing, reads as 0 */
}

/* A writer may give the units to somebody else, so that they have expired for everybody. */
qm_code qm_discount_expired(qm_tx *tx, int64_t product, int64_t stock, qm_balance *balance) {
  bool row;
  qm_code code = QM_FIRST(tx, EXPIRED, &row, QM_I(qm_key(product, stock)), QM_I(tx->now_ms));
  if (code || !row)
    return code;
  qm_qty firm = sum_of(tx, QM_SQL_EXPIRED, 0), backordered = sum_of(tx, QM_SQL_EXPIRED, 1);
  int64_t until = QM_COL_INT(tx, EXPIRED, 2);
  QM_END(tx, EXPIRED);
  if (firm < 0 || firm > balance->firm || backordered < 0 || backordered > balance->backordered)
    return qm_damaged(tx, "the expiry of holds");
  balance->firm -= firm;
  balance->backordered -= backordered;
  balance->held -= firm + backordered;
  return tx->writes && until > 0 ? QM_RUN(tx, EXPIRED_UP_TO, QM_I(until)) : QM_OK;
}

/* A clock may go back, and another process's may be behind: what has expired once stays so. */
qm_code qm_expired_until(qm_tx *tx, int64_t *now_ms) {
  bool found;
  qm_code code = qm_db_first(tx->db, QM_SQL_EXPIRED_UNTIL, NULL, 0, &found, tx->err);
  if (code || !found)
    return code ? code : qm_damaged(tx, "the shop record");
  int64_t until = QM_COL_INT(tx, EXPIRED_UNTIL, 0);
  QM_END(tx, EXPIRED_UNTIL);
  *now_ms = until > *now_ms ? until : *now_ms;
  return QM_OK;
}

qm_code qm_expire(qm_tx *tx, int64_t product, int64_t stock) {
  int64_t id = qm_key(product, stock);
  bool row;
  qm_code code = QM_FIRST(tx, EXPIRED_OLDEST, &row, QM_I(id), QM_I(tx->now_ms));
  if (code || !row)
    return code;
  qm_qty firm = sum_of(tx, QM_SQL_EXPIRED_OLDEST, 0);
  qm_qty backordered = sum_of(tx, QM_SQL_EXPIRED_OLDEST, 1);
  int64_t until = QM_COL_INT(tx, EXPIRED_OLDEST, 2);
  QM_END(tx, EXPIRED_OLDEST);
  if (until == 0)
    return QM_OK;
  if (backordered > 0)
    code = QM_RUN(tx, EXPIRED_WAITING, QM_I(product), QM_I(stock), QM_I(until));
  if (!code)
    code = QM_RUN(tx, EXPIRED_REMOVE, QM_I(id), QM_I(until));
  if (!code)
    code = QM_RUN(tx, EXPIRED_UP_TO, QM_I(until));
  if (!code)
    code = QM_RUN(tx, BALANCE_NEXT_EXPIRY, QM_I(id));
  qm_balance delta = {.firm = -firm, .backordered = -backordered, .held = -(firm + backordered)};
  if (!code)
    code = qm_balance_move(tx, product, stock, &delta);
  qm_fact fact = {.event = QM_LEDGER_hold_expired,
                  .product = product,
                  .stock = stock,
                  .reserved = firm + backordered};
  return code ? code : qm_ledger_add_own(tx, &fact);
}

qm_code qm_expire_order(qm_tx *tx, int64_t order) {
  bool row = true;
  int64_t product = 0;
  while (row) {
    qm_code code =
        QM_FIRST(tx, ORDER_EXPIRED, &row, QM_I(qm_line_key(order, 0)),
                 QM_I(qm_line_key(order, 1 << QM_LINE_BITS)), QM_I(product), QM_I(tx->now_ms));
    if (!code && row) {
      product = QM_COL_INT(tx, ORDER_EXPIRED, 0);
      QM_END(tx, ORDER_EXPIRED);
      code = qm_stakes_load(tx, product);
    }
    if (code)
      return code;
  }
  tx->expiring = true;
  return QM_OK;
}
