/* stocks.c: stocks, their sales channels, and the links to their sources. */
#include "tx.h"

#include <string.h>

static const qm_str none = {NULL, 0};

static qm_code is_there(qm_tx *tx, qm_sql sql, const qm_val *values, int count, bool *found) {
  qm_code code = qm_db_first(tx->db, sql, values, count, found, tx->err);
  if (!code && *found)
    qm_db_end(tx->db, sql);
  return code;
}

/* ---- links ---- */

/* Everything at the source starts (or stops, sign -1) counting in the stock. */
static qm_code count_source(qm_tx *tx, int64_t stock, int64_t source, int sign) {
  bool row, enabled = false;
  qm_code code = QM_FIRST(tx, SOURCE_ENABLED, &row, QM_I(source));
  if (code)
    return code;
  if (row) {
    enabled = QM_COL_INT(tx, SOURCE_ENABLED, 0) != 0;
    QM_END(tx, SOURCE_ENABLED);
  }
  code = QM_START(tx, ITEMS_AT, QM_I(source));
  while (!code && !(code = QM_STEP(tx, ITEMS_AT, &row)) && row) {
    qm_item item = {.exists = true,
                    .qty = QM_COL_INT(tx, ITEMS_AT, 1),
                    .in_stock = QM_COL_INT(tx, ITEMS_AT, 2) == QM_STATUS_IN};
    qm_balance delta;
    qm_item_weight(&item, enabled, &delta);
    delta.on_hand *= sign;
    delta.assigned *= sign;
    delta.active *= sign;
    delta.in_stock *= sign;
    int64_t product = QM_COL_INT(tx, ITEMS_AT, 0);
    bool claimed = QM_COL_INT(tx, ITEMS_AT, 3) > 0;
    code = qm_balance_move(tx, product, stock, &delta);
    /* What the stock's orders have claimed there is promised to them still, but from nowhere. */
    if (!code && sign < 0 && claimed)
      code = qm_allocations_drop(tx, product, source, stock);
    /* What the stock claims here no longer, others may wait for. */
    if (!code && sign < 0)
      code = qm_touch(tx, product, stock);
  }
  if (code)
    QM_END(tx, ITEMS_AT);
  return code;
}

/* A source that now belongs to several stocks makes its products shared ones. */
static qm_code share(qm_tx *tx, int64_t source) {
  const int64_t *stocks;
  size_t count;
  bool enabled;
  qm_code code = qm_source_stocks(tx, source, &stocks, &count, &enabled);
  if (code || count < 2 || tx->store->independent)
    return code;
  return QM_RUN(tx, GUARD_ADD_AT, QM_I(source));
}

/* A stock whose promises lack goods would take a new source's from those they are promised to. */
static qm_code write_link(qm_tx *tx, int row, int64_t stock, int64_t source, int64_t priority) {
  bool linked;
  qm_code code = is_there(tx, QM_SQL_LINK, QM_VALUES(QM_I(stock * 65536 + source)), &linked);
  if (!code && !linked)
    code = qm_guard_items(tx, source);
  if (!code)
    code = QM_RUN(tx, LINK_PUT, QM_I(stock * 65536 + source), QM_I(stock), QM_I(source),
                  QM_I(priority));
  if (!code && !linked)
    code = count_source(tx, stock, source, 1);
  if (!code && !linked)
    code = share(tx, source);
  if (!code)
    code = qm_guard_close(tx, row);
  qm_fact fact = {.event = QM_LEDGER_link_saved, .stock = stock, .source = source};
  if (!code)
    code = qm_ledger_add(tx, &fact);
  return code;
}

static qm_code remove_link(qm_tx *tx, int row, int64_t stock, int64_t source) {
  bool linked;
  qm_code code = is_there(tx, QM_SQL_LINK, QM_VALUES(QM_I(stock * 65536 + source)), &linked);
  if (code || !linked)
    return code;
  tx->verdict->value++;
  code = qm_guard_items(tx, source);
  if (!code)
    code = QM_RUN(tx, LINK_REMOVE, QM_I(stock * 65536 + source));
  if (!code)
    code = count_source(tx, stock, source, -1);
  if (!code)
    code = qm_db_run(tx->db, QM_SQL_GUARD_TIDY, NULL, 0, tx->err);
  if (!code)
    code = qm_guard_close(tx, row);
  qm_fact fact = {.event = QM_LEDGER_link_removed, .stock = stock, .source = source};
  if (!code)
    code = qm_ledger_add(tx, &fact);
  return code;
}

static qm_code check_full(qm_tx *tx, int index, int64_t stock) {
  bool row;
  qm_code code = QM_FIRST(tx, ONLY_SOURCE, &row, QM_I(stock));
  if (code || !row)
    return code;
  bool full = QM_COL_INT(tx, ONLY_SOURCE, 1) > QM_SOURCES_MAX;
  QM_END(tx, ONLY_SOURCE);
  if (full)
    qm_problem_add(tx, QM_P_LINKS_FULL, index, none);
  return QM_OK;
}

/* The default source and the default stock belong to each other and to nothing else. */
static bool is_default_pair(int64_t stock, int64_t source) {
  return (stock == QM_DEFAULT_STOCK) == (source == QM_DEFAULT_SOURCE);
}

/* Reports what is wrong with a link of a stock (-1: one that is new) and looks its source up. */
static qm_code check_link(qm_tx *tx, int index, int64_t stock, int64_t *source) {
  const qm_row *row = &qm_op_rows(tx->op)[index];
  qm_str name = qm_op_str(tx->op, row->source);
  qm_code code = QM_OK;
  *source = 0;
  if (qm_is_blank(name))
    qm_problem_add(tx, QM_P_CODE_EMPTY, index, name);
  else
    code = qm_need_source(tx, index, name, source);
  if (row->priority < 1 || row->priority > INT32_MAX)
    qm_problem_add(tx, QM_P_PRIORITY_BAD, index, name);
  if (stock && *source && !is_default_pair(stock, *source))
    qm_problem_add(tx, QM_P_LINK_DEFAULT, index, name);
  return code;
}

static qm_code link_row(qm_tx *tx, int index, int64_t stock) {
  int64_t source;
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = check_link(tx, index, stock, &source);
  if (code || !stock || tx->verdict->problem_count > problems)
    return code;
  return write_link(tx, index, stock, source, qm_op_rows(tx->op)[index].priority);
}

static bool is_empty(qm_tx *tx) {
  if (tx->op->row_count > 0)
    return false;
  qm_problem_add(tx, QM_P_EMPTY_LIST, -1, none);
  return true;
}

qm_code qm_do_link(qm_tx *tx) {
  qm_code code = QM_OK;
  if (is_empty(tx))
    return QM_OK;
  for (uint32_t i = 0; !code && i < tx->op->row_count; i++) {
    int64_t stock;
    code = qm_need_stock(tx, (int)i, &stock);
    if (!code)
      code = qm_clean_row(tx, link_row(tx, (int)i, stock));
    if (!code && stock)
      code = check_full(tx, (int)i, stock);
    tx->verdict->value++;
  }
  return code;
}

static qm_code unlink_row(qm_tx *tx, int index) {
  const qm_row *row = &qm_op_rows(tx->op)[index];
  qm_str name = qm_op_str(tx->op, row->source);
  int64_t source = 0;
  bool found = false;
  char number[24];
  if (qm_is_blank(name)) {
    qm_problem_add(tx, QM_P_CODE_EMPTY, index, name);
    return QM_OK;
  }
  if (!(row->flags & QM_HAS_STOCK) || row->stock < 1 || row->stock > QM_PLACE_MAX) {
    qm_problem_add(tx, QM_P_NO_STOCK, index, qm_number_text(row->stock, number));
    return QM_OK;
  }
  qm_code code = qm_find_source(tx, name, &source, &found);
  if (code)
    return code;
  if (row->stock == QM_DEFAULT_STOCK || source == QM_DEFAULT_SOURCE) {
    qm_problem_add(tx, QM_P_UNLINK_DEFAULT, index, name);
    return QM_OK;
  }
  return found ? remove_link(tx, index, row->stock, source) : QM_OK;
}

qm_code qm_do_unlink(qm_tx *tx) {
  qm_code code = QM_OK;
  if (is_empty(tx))
    return QM_OK;
  for (uint32_t i = 0; !code && i < tx->op->row_count; i++)
    code = qm_clean_row(tx, unlink_row(tx, (int)i));
  return code;
}

/* ---- saving a stock ---- */

/* Rows with a channel code are channels, rows with a source are links. */
static bool is_channel(const qm_row *row) {
  return row->channel_code.at || row->channel_type.at;
}

static void check_channels(qm_tx *tx) {
  const qm_row *rows = qm_op_rows(tx->op);
  for (uint32_t i = 0; i < tx->op->row_count; i++) {
    if (!is_channel(&rows[i]))
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
    if (!is_channel(&qm_op_rows(tx->op)[i]))
      code = check_link(tx, (int)i, *exists ? id : -1, &source);
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
    if (is_channel(&rows[i]))
      code = QM_RUN(tx, CHANNEL_PUT, QM_T(qm_op_str(tx->op, rows[i].channel_type)),
                    QM_T(qm_op_str(tx->op, rows[i].channel_code)), QM_I(stock));
  return code;
}

static qm_code remove_other_links(qm_tx *tx, int64_t stock) {
  const qm_row *rows = qm_op_rows(tx->op);
  int64_t after = 0;
  bool row = true;
  while (row) {
    qm_code code = QM_FIRST(tx, LINK_AFTER, &row, QM_I(stock), QM_I(after));
    if (code || !row) {
      if (code)
        return code;
      break;
    }
    int64_t source = QM_COL_INT(tx, LINK_AFTER, 0);
    qm_str name = QM_COL_STR(tx, LINK_AFTER, 1);
    bool named = false;
    for (uint32_t i = 0; i < tx->op->row_count && !named; i++) {
      qm_str wanted = qm_op_str(tx->op, rows[i].source);
      named = !is_channel(&rows[i]) && wanted.n == name.n && memcmp(wanted.p, name.p, name.n) == 0;
    }
    QM_END(tx, LINK_AFTER);
    after = source;
    if (named)
      continue;
    if (stock == QM_DEFAULT_STOCK)
      qm_problem_add(tx, QM_P_UNLINK_DEFAULT, -1, none);
    else if ((code = remove_link(tx, -1, stock, source)))
      return code;
  }
  return QM_OK;
}

/* Saves the links that the request names, then removes all others: in this order promises may move
 * from the old sources to the new ones. */
static qm_code save_links(qm_tx *tx, int64_t stock) {
  const qm_row *rows = qm_op_rows(tx->op);
  for (uint32_t i = 0; i < tx->op->row_count; i++) {
    qm_code code = is_channel(&rows[i]) ? QM_OK : link_row(tx, (int)i, stock);
    if (code)
      return code;
  }
  qm_code code = remove_other_links(tx, stock);
  return code ? code : check_full(tx, -1, stock);
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
    code = save_links(tx, stock);
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
