/* stocks.c: stocks, their sales channels, and the links to their sources. */
#include "links.h"

#include <string.h>

static const qm_str none = {NULL, 0};

static qm_code is_there(qm_tx *tx, qm_sql sql, const qm_val *values, int count, bool *found) {
  qm_code code = qm_db_first(tx->db, sql, values, count, found, tx->err);
  if (!code && *found)
    qm_db_end(tx->db, sql);
  return code;
}

/* ---- saving a stock ---- */

bool qm_is_channel_row(const qm_row *row) {
  return row->channel_code.at || row->channel_type.at;
}

static void check_channels(qm_tx *tx) {
  const qm_row *rows = qm_op_rows(tx->op);
  for (uint32_t i = 0; i < tx->op->row_count; i++) {
    if (!qm_is_channel_row(&rows[i]))
      continue;
    qm_str type = qm_op_str(tx->op, rows[i].channel_type);
    qm_str name = qm_op_str(tx->op, rows[i].channel_code);
    if (qm_is_admin(type, name) && tx->op->stock != QM_DEFAULT_STOCK)
      qm_problem_add(tx, QM_P_CHANNEL_ADMIN, (int)i, name);
    if (qm_is_blank(type))
      qm_problem_add(tx, QM_P_CHANNEL_TYPE_EMPTY, (int)i, type);
    if (qm_is_blank(name)) {
      qm_problem_add(tx, QM_P_CHANNEL_CODE_EMPTY, (int)i, name);
      qm_problem_add(tx, QM_P_CHANNEL_BLANK, (int)i, name);
    }
    qm_check_text(tx, (int)i, QM_FIELD_type, "the channel's type", type, QM_CODE_MAX);
    qm_check_text(tx, (int)i, QM_FIELD_code, "the channel's code", name, QM_CODE_MAX);
  }
}

static qm_code check_stock(qm_tx *tx, bool *exists) {
  qm_str name = qm_op_str(tx->op, tx->op->text[QM_TEXT_NAME]);
  int64_t id = tx->op->stock;
  *exists = false;
  if ((tx->op->flags & QM_HAS_STOCK) && (id < 1 || id > QM_PLACE_MAX)) {
    qm_problem_add(tx, QM_P_STOCK_ID_BAD, -1, none);
    return QM_OK;
  }
  qm_code code = QM_OK;
  bool gone = false;
  char number[24];
  if (id)
    code = is_there(tx, QM_SQL_STOCK_EXISTS, QM_VALUES(QM_I(id)), exists);
  if (!code && id)
    code = is_there(tx, QM_SQL_STOCK_GONE, QM_VALUES(QM_I(id)), &gone);
  if (gone)
    qm_problem_add(tx, QM_P_STOCK_GONE, -1, qm_number_text(id, number));
  if (name.p ? qm_is_blank(name) : !*exists)
    qm_problem_add(tx, QM_P_NAME_EMPTY, -1, name);
  qm_check_text(tx, -1, QM_FIELD_name, "the name", name, QM_CODE_MAX);
  check_channels(tx);
  for (uint32_t i = 0; !code && i < tx->op->row_count; i++) {
    int64_t source;
    if (!qm_is_channel_row(&qm_op_rows(tx->op)[i]))
      code = qm_check_link(tx, (int)i, *exists ? id : -1, &source);
  }
  return code;
}

/* Whether the name is free is for the store to say, so it is asked when all else is right. */
static qm_code check_name_free(qm_tx *tx) {
  qm_str name = qm_op_str(tx->op, tx->op->text[QM_TEXT_NAME]);
  bool taken = false;
  if (!name.p)
    return QM_OK;
  qm_code code =
      is_there(tx, QM_SQL_STOCK_NAME_TAKEN, QM_VALUES(QM_T(name), QM_I(tx->op->stock)), &taken);
  if (taken)
    qm_problem_add(tx, QM_P_STOCK_NAME_TAKEN, -1, name);
  return code;
}

static qm_code save_channels(qm_tx *tx, int64_t stock) {
  const qm_row *rows = qm_op_rows(tx->op);
  qm_code code = QM_OK;
  /* A channel that is dropped falls back to the default stock, as a website does in MSI. */
  if (stock != QM_DEFAULT_STOCK)
    code = QM_RUN(tx, CHANNELS_MOVE, QM_I(stock), QM_I(QM_DEFAULT_STOCK));
  for (uint32_t i = 0; !code && i < tx->op->row_count; i++)
    if (qm_is_channel_row(&rows[i]))
      code = QM_RUN(tx, CHANNEL_PUT, QM_T(qm_op_str(tx->op, rows[i].channel_type)),
                    QM_T(qm_op_str(tx->op, rows[i].channel_code)), QM_I(stock));
  return code;
}

static qm_code add_stock(qm_tx *tx, qm_str name, int64_t *stock) {
  bool row, current;
  qm_code code = qm_check_generation(tx, &current);
  if (code || !current)
    return code;
  if (*stock == 0) {
    code = qm_db_first(tx->db, QM_SQL_STOCK_FREE, NULL, 0, &row, tx->err);
    if (code)
      return code;
    *stock = row ? QM_COL_INT(tx, STOCK_FREE, 0) : 0;
    if (row)
      QM_END(tx, STOCK_FREE);
    if (*stock == 0) {
      qm_problem_add(tx, QM_P_PLACES_FULL, -1, none);
      return QM_OK;
    }
  }
  code = QM_RUN(tx, STOCK_ADD, QM_I(*stock), QM_T(name));
  return code ? code : qm_write_rules(tx, 0, *stock);
}

qm_code qm_do_stock(qm_tx *tx) {
  qm_str name = qm_op_str(tx->op, tx->op->text[QM_TEXT_NAME]);
  int64_t stock = tx->op->stock;
  bool exists;
  qm_code code = check_stock(tx, &exists);
  if (!code && !qm_refused(tx))
    code = check_name_free(tx);
  if (code || qm_refused(tx))
    return code;
  if (!exists)
    code = add_stock(tx, name, &stock);
  else if (name.p)
    code = QM_RUN(tx, STOCK_RENAME, QM_I(stock), QM_T(name));
  if (code || tx->verdict->code)
    return code;
  if (tx->op->flags & QM_HAS_CHANNELS)
    code = save_channels(tx, stock);
  if (!code && (tx->op->flags & QM_HAS_LINES))
    code = qm_save_links(tx, stock);
  qm_fact fact = {.event = QM_LEDGER_stock_saved, .stock = stock};
  if (!code)
    code = qm_ledger_add(tx, &fact);
  tx->verdict->value = stock;
  return code;
}

/* ---- deleting a stock ---- */

/* Holds that have expired promise nothing any more. */
static qm_code expire_all(qm_tx *tx, int64_t stock) {
  bool row = true;
  while (row) {
    qm_code code = QM_FIRST(tx, STOCK_EXPIRED, &row, QM_I(stock), QM_I(tx->now_ms));
    if (code || !row)
      return code;
    int64_t product = QM_COL_INT(tx, STOCK_EXPIRED, 0);
    QM_END(tx, STOCK_EXPIRED);
    code = qm_expire(tx, product, stock);
    if (code)
      return code;
  }
  return QM_OK;
}

qm_code qm_do_stock_delete(qm_tx *tx) {
  char number[24];
  int64_t stock = tx->op->stock;
  qm_str text = qm_number_text(stock, number);
  bool exists, channels;
  if (stock == QM_DEFAULT_STOCK) {
    qm_problem_add(tx, QM_P_STOCK_DEFAULT, -1, text);
    return QM_OK;
  }
  qm_code code = is_there(tx, QM_SQL_STOCK_EXISTS, QM_VALUES(QM_I(stock)), &exists);
  if (!code)
    code = is_there(tx, QM_SQL_CHANNEL_OF, QM_VALUES(QM_I(stock)), &channels);
  if (code)
    return code;
  if (channels)
    qm_problem_add(tx, QM_P_STOCK_HAS_CHANNELS, -1, text);
  if (!exists)
    qm_problem_add(tx, QM_P_NO_STOCK, -1, text);
  bool row;
  code = expire_all(tx, stock);
  if (code)
    return code;
  code = QM_FIRST(tx, STOCK_RESERVED, &row, QM_I(stock), QM_I(tx->now_ms));
  if (code)
    return code;
  qm_qty reserved = row ? QM_COL_INT(tx, STOCK_RESERVED, 0) : 0;
  if (row)
    QM_END(tx, STOCK_RESERVED);
  if (reserved != 0)
    qm_problem_numbers(tx, QM_P_STOCK_HAS_PROMISES, -1, text, 0, reserved);
  if (qm_refused(tx))
    return QM_OK;
  code = QM_RUN(tx, STOCK_LINKS_REMOVE, QM_I(stock));
  if (!code)
    code = QM_RUN(tx, STOCK_BALANCES_REMOVE, QM_I(stock));
  if (!code)
    code = qm_db_run(tx->db, QM_SQL_GUARD_TIDY, NULL, 0, tx->err);
  if (!code)
    code = QM_RUN(tx, STOCK_REMOVE, QM_I(stock));
  qm_fact fact = {.event = QM_LEDGER_stock_deleted, .stock = stock};
  if (!code)
    code = qm_ledger_add(tx, &fact);
  return code;
}
