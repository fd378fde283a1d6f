/* links.c: from which sources a stock sells, and what that does to its promises. */
#include "links.h"

#include <stdlib.h>

static const qm_str none = {NULL, 0};

/* ---- one link ---- */

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
    /* What the stock claims here no longer, others may wait for; and too many stocks are too many
     * whether or not there are goods yet. */
    if (!code)
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

static qm_code is_linked(qm_tx *tx, int64_t stock, int64_t source, bool *linked) {
  qm_code code = QM_FIRST(tx, LINK, linked, QM_I(qm_key(stock, source)));
  if (!code && *linked)
    QM_END(tx, LINK);
  return code;
}

static qm_code write_link(qm_tx *tx, int64_t stock, int64_t source, int64_t priority) {
  bool linked;
  qm_code code = is_linked(tx, stock, source, &linked);
  if (!code)
    code = QM_RUN(tx, LINK_PUT, QM_I(qm_key(stock, source)), QM_I(stock), QM_I(source),
                  QM_I(priority));
  if (!code && !linked)
    code = count_source(tx, stock, source, 1);
  if (!code && !linked)
    code = share(tx, source);
  qm_fact fact = {.event = QM_LEDGER_link_saved, .stock = stock, .source = source};
  if (!code)
    code = qm_ledger_add(tx, &fact);
  return code;
}

static qm_code remove_link(qm_tx *tx, int64_t stock, int64_t source) {
  qm_code code = QM_RUN(tx, LINK_REMOVE, QM_I(qm_key(stock, source)));
  if (!code)
    code = count_source(tx, stock, source, -1);
  if (!code)
    code = qm_db_run(tx->db, QM_SQL_GUARD_TIDY, NULL, 0, tx->err);
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

qm_code qm_check_link(qm_tx *tx, int index, int64_t stock, int64_t *source) {
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
  qm_code code = qm_check_link(tx, index, stock, &source);
  if (code || !stock || tx->verdict->problem_count > problems)
    return code;
  bool linked;
  code = is_linked(tx, stock, source, &linked);
  /* A stock whose promises lack goods would take a new source's from those they are promised to. */
  if (!code && !linked)
    code = qm_guard_sources(tx, &source, 1);
  if (!code)
    code = write_link(tx, stock, source, qm_op_rows(tx->op)[index].priority);
  return code ? code : qm_guard_close(tx, index);
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
  if (found)
    code = is_linked(tx, row->stock, source, &found);
  if (code || !found)
    return code;
  tx->verdict->value++;
  code = qm_guard_sources(tx, &source, 1);
  if (!code)
    code = remove_link(tx, row->stock, source);
  return code ? code : qm_guard_close(tx, index);
}

qm_code qm_do_unlink(qm_tx *tx) {
  qm_code code = QM_OK;
  if (is_empty(tx))
    return QM_OK;
  for (uint32_t i = 0; !code && i < tx->op->row_count; i++)
    code = qm_clean_row(tx, unlink_row(tx, (int)i));
  return code;
}

/* ---- the sources of a stock, all at once ---- */

typedef struct wanted_link {
  int64_t source, priority;
} wanted_link;

/* What becomes of a stock's links: those wanted, and the sources that join or leave it. */
typedef struct relinking {
  int64_t stock;
  wanted_link *wanted;
  int64_t *changed;
  size_t wanted_count, joining, changed_count,
      room; /* of the changed, those that join come first */
} relinking;

static bool is_wanted(const relinking *r, int64_t source) {
  for (size_t i = 0; i < r->wanted_count; i++)
    if (r->wanted[i].source == source)
      return true;
  return false;
}

static qm_code find_joining(qm_tx *tx, relinking *r) {
  const qm_row *rows = qm_op_rows(tx->op);
  for (uint32_t i = 0; i < tx->op->row_count; i++) {
    wanted_link link = {.priority = rows[i].priority};
    bool linked;
    if (qm_is_channel_row(&rows[i]))
      continue;
    qm_code code = qm_check_link(tx, (int)i, r->stock, &link.source);
    if (!code && link.source)
      code = is_linked(tx, r->stock, link.source, &linked);
    if (code || !link.source)
      return code;
    if (!linked && !is_wanted(r, link.source))
      r->changed[r->joining++] = link.source;
    r->wanted[r->wanted_count++] = link;
  }
  r->changed_count = r->joining;
  return QM_OK;
}

static qm_code find_leaving(qm_tx *tx, relinking *r) {
  bool row = true;
  int64_t source = 0;
  while (row) {
    qm_code code = QM_FIRST(tx, LINK_AFTER, &row, QM_I(r->stock), QM_I(source));
    if (code || !row)
      return code;
    source = QM_COL_INT(tx, LINK_AFTER, 0);
    QM_END(tx, LINK_AFTER);
    if (is_wanted(r, source))
      continue;
    if (r->stock == QM_DEFAULT_STOCK)
      qm_problem_add(tx, QM_P_UNLINK_DEFAULT, -1, none);
    if (r->changed_count == r->room)
      return qm_damaged(tx, "the links of a stock");
    r->changed[r->changed_count++] = source;
  }
  return QM_OK;
}

/* One change, so that promises may move from the old sources to the new ones. */
static qm_code relink(qm_tx *tx, relinking *r) {
  qm_code code = find_joining(tx, r);
  if (!code)
    code = find_leaving(tx, r);
  if (code || qm_refused(tx))
    return code;
  code = qm_guard_sources(tx, r->changed, r->changed_count);
  for (size_t i = 0; !code && i < r->wanted_count; i++)
    code = write_link(tx, r->stock, r->wanted[i].source, r->wanted[i].priority);
  for (size_t i = r->joining; !code && i < r->changed_count; i++)
    code = remove_link(tx, r->stock, r->changed[i]);
  if (!code)
    code = qm_guard_close(tx, -1);
  return code ? code : check_full(tx, -1, r->stock);
}

qm_code qm_save_links(qm_tx *tx, int64_t stock) {
  relinking r = {.stock = stock, .room = tx->op->row_count + QM_SOURCES_MAX};
  r.wanted = malloc(r.room * sizeof *r.wanted);
  r.changed = malloc(r.room * sizeof *r.changed);
  bool room = r.wanted && r.changed;
  qm_code code = room ? relink(tx, &r) : qm_fail(tx->err, QM_MEMORY, "out of memory");
  free(r.wanted);
  free(r.changed);
  return code;
}
