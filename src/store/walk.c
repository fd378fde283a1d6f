#include "walk.h"

#include "hold.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading and writing lines ---- */

static qm_code find_reach(qm_tx *tx, qm_placed_line *line) {
  bool found;
  line->reach = QM_REACH_LINE;
  if (line->counters.kind == QM_LINE_PARENT)
    line->reach = QM_REACH_BY_PARTS;
  if (line->counters.kind == QM_LINE_BUNDLE)
    line->reach = QM_REACH_WHOLE;
  if (!line->parent)
    return QM_OK;
  qm_code code = QM_FIRST(tx, LINE_KIND, &found, QM_I(line->id - line->number + line->parent));
  if (code || !found)
    return code ? code : qm_fail(tx->err, QM_CORRUPT, "a line lacks its parent; run verify");
  if (QM_COL_INT(tx, LINE_KIND, 0) == QM_LINE_BUNDLE)
    line->reach = QM_REACH_BY_PARENT;
  QM_END(tx, LINE_KIND);
  return QM_OK;
}

/* The line that one of the two queries has found. */
static qm_code read_line(const qm_walk *walk, qm_sql sql, qm_placed_line *out) {
  qm_tx *tx = walk->tx;
  qm_line *line = &out->counters;
  int c = 0;
  out->id = qm_db_int(tx->db, sql, c++);
  out->number = out->id - qm_line_key(walk->order, 0);
  out->product = qm_db_int(tx->db, sql, c++);
  out->stock = qm_db_int(tx->db, sql, c++);
  line->kind = (qm_line_kind)qm_db_int(tx->db, sql, c++);
  line->tracked = (qm_tracking)qm_db_int(tx->db, sql, c++);
  line->ordered = qm_db_int(tx->db, sql, c++);
  line->cancelled = qm_db_int(tx->db, sql, c++);
  line->invoiced = qm_db_int(tx->db, sql, c++);
  line->delivered = qm_db_int(tx->db, sql, c++);
  line->refunded = qm_db_int(tx->db, sql, c++);
  line->released = qm_db_int(tx->db, sql, c++);
  line->returned = qm_db_int(tx->db, sql, c++);
  line->allocated = qm_db_int(tx->db, sql, c++);
  line->backordered = qm_db_int(tx->db, sql, c++);
  out->parent = qm_db_int(tx->db, sql, c++);
  out->own = qm_db_int(tx->db, sql, c++);
  out->shared = qm_db_int(tx->db, sql, c) != 0;
  qm_db_end(tx->db, sql);
  if (!qm_line_valid(line))
    return qm_fail(tx->err, QM_CORRUPT, "an order line contradicts itself; run verify");
  return find_reach(tx, out);
}

qm_code qm_walk_next(const qm_walk *walk, int64_t after, const qm_str *sku, qm_placed_line *out,
                     bool *found) {
  int64_t first = qm_line_key(walk->order, 0);
  qm_code code = QM_FIRST(walk->tx, NEXT_LINE, found, QM_I(first + after),
                          QM_I(first + (1 << QM_LINE_BITS)), sku ? QM_B(*sku) : QM_N);
  return code || !*found ? code : read_line(walk, QM_SQL_NEXT_LINE, out);
}

qm_code qm_walk_part(const qm_walk *walk, int64_t after, int64_t parent, qm_placed_line *out,
                     bool *found) {
  int64_t first = qm_line_key(walk->order, 0);
  qm_code code = QM_FIRST(walk->tx, NEXT_PART, found, QM_I(first + after),
                          QM_I(first + (1 << QM_LINE_BITS)), QM_I(parent));
  return code || !*found ? code : read_line(walk, QM_SQL_NEXT_PART, out);
}

static qm_code put_line(qm_tx *tx, const qm_placed_line *line) {
  const qm_line *l = &line->counters;
  return QM_RUN(tx, LINE_PUT, QM_I(line->id), QM_I(l->cancelled), QM_I(l->invoiced),
                QM_I(l->delivered), QM_I(l->refunded), QM_I(l->released), QM_I(l->returned),
                QM_I(l->allocated), QM_I(l->backordered));
}

/* ---- steps ---- */

qm_problem_kind qm_walk_bar(const qm_walk *walk, const qm_placed_line *line) {
  return walk->step->bar ? walk->step->bar(&line->counters) : QM_P_NONE;
}

qm_code qm_walk_limit(qm_walk *walk, const qm_placed_line *line, qm_qty *limit) {
  if (walk->step->limit)
    return walk->step->limit(walk, line, limit);
  *limit = qm_line_limit(&line->counters, walk->step->event);
  return QM_OK;
}

/* Could the step take goods from other promises? A line that is covered by the stock's own sources
 * gives up as much demand as it takes supply; one that waits or reserves nothing, whose sources
 * others draw on as well, or that draws on another stock's source, may not. */
static qm_code may_take(const qm_walk *walk, const qm_placed_line *line, bool *may) {
  qm_tx *tx = walk->tx;
  qm_event event = walk->step->event;
  const qm_line *counters = &line->counters;
  *may = false;
  if (event == QM_CANCEL || event == QM_RETURN || tx->store->independent ||
      counters->tracked == QM_TRACK_NOTHING)
    return QM_OK;
  *may = line->shared || counters->backordered > 0 || counters->tracked != QM_TRACK_ALL;
  if (*may || !walk->source)
    return QM_OK;
  bool own;
  qm_code code = QM_FIRST(tx, LINK, &own, QM_I(qm_key(line->stock, walk->source)));
  if (!code && own)
    QM_END(tx, LINK);
  *may = !own;
  return code;
}

/* Whatever happens to an order's line happens here, one product at a time. */
qm_code qm_walk_change(qm_walk *walk, int row, qm_placed_line *line, qm_qty qty) {
  qm_tx *tx = walk->tx;
  uint32_t problems = tx->verdict->problem_count;
  bool guarded;
  qm_code code = may_take(walk, line, &guarded);
  if (!code && guarded)
    code = qm_guard_open(tx, line->product);
  if (!code)
    code = walk->step->apply(walk, row, line, qty);
  if (code || tx->verdict->problem_count > problems)
    return code;
  code = put_line(tx, line);
  return code || !guarded ? code : qm_guard_close(tx, row);
}

/* Why what a row names cannot have the event (QM_P_NONE: it can), and how far it may go. */
static qm_code scope(qm_walk *walk, qm_placed_line *line, qm_problem_kind *barred, qm_qty *limit) {
  *limit = 0;
  switch (line->reach) {
  case QM_REACH_WHOLE:
    return qm_bundle_scope(walk, line, barred, limit);
  case QM_REACH_BY_PARENT:
    *barred = QM_P_MOVES_TOGETHER;
    return QM_OK;
  case QM_REACH_BY_PARTS:
    *barred = QM_P_MOVES_APART;
    return QM_OK;
  case QM_REACH_LINE:
    break;
  }
  *barred = qm_walk_bar(walk, line);
  return *barred ? QM_OK : qm_walk_limit(walk, line, limit);
}

static qm_code change(qm_walk *walk, int row, qm_placed_line *line, qm_qty qty) {
  if (line->reach == QM_REACH_WHOLE)
    return qm_bundle_change(walk, row, line, qty);
  return qm_walk_change(walk, row, line, qty);
}

/* ---- rows ---- */

/* Where a row of that SKU begins: lines that rows before it have used up need not be looked at
 * again, as long as nothing but the lines says how far the event may go. */
static qm_served *served_by(qm_walk *walk, qm_str sku) {
  qm_served *served = &walk->served;
  qm_str last = served->row ? qm_op_str(walk->tx->op, qm_op_rows(walk->tx->op)[served->row - 1].sku)
                            : (qm_str){NULL, 0};
  bool same = last.p && last.n == sku.n && memcmp(last.p, sku.p, sku.n) == 0;
  if (!same || walk->step->limit)
    *served = (qm_served){.problem = QM_P_NO_SKU_LINE};
  return served;
}

/* A row that names a SKU goes to its lines in order, each as far as it allows. */
static qm_code do_sku_row(qm_walk *walk, int row, qm_qty qty) {
  qm_tx *tx = walk->tx;
  qm_str sku = qm_op_str(tx->op, qm_op_rows(tx->op)[row].sku);
  qm_served *served = served_by(walk, sku);
  qm_placed_line line;
  bool found;
  qm_problem_kind barred;
  qm_qty left = qty;
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = QM_OK;
  served->row = row + 1;
  for (int64_t after = served->line; !code && left > 0; after = line.number) {
    qm_qty limit = 0;
    code = qm_walk_next(walk, after, &sku, &line, &found);
    if (!code && found)
      code = scope(walk, &line, &barred, &limit);
    if (code || !found)
      break;
    if (served->problem != walk->step->exceeds)
      served->problem = barred ? barred : walk->step->exceeds;
    qm_qty take = qm_qty_min(left, limit);
    if (take == limit)
      served->line = line.number;
    if (take == 0)
      continue;
    code = change(walk, row, &line, take);
    left -= take;
  }
  if (code || left == 0 || tx->verdict->problem_count > problems)
    return code;
  qm_problem_numbers(tx, served->problem, row, sku, qty, qty - left);
  return QM_OK;
}

static qm_code do_line_row(qm_walk *walk, int row, qm_qty qty) {
  qm_tx *tx = walk->tx;
  const qm_row *request = &qm_op_rows(tx->op)[row];
  qm_str sku = qm_op_str(tx->op, request->sku);
  bool planned = (tx->op->flags & QM_PLANNED) != 0, found = false;
  qm_placed_line line;
  qm_problem_kind barred;
  qm_qty limit;
  qm_code code = QM_OK;
  if (request->line > 0 && request->line < 1 << QM_LINE_BITS)
    code = qm_walk_next(walk, request->line - 1, NULL, &line, &found);
  if (code)
    return code;
  if (!found || line.number != request->line) {
    qm_problem_add(tx, planned ? QM_P_PLAN_LINE : QM_P_NO_LINE, row, sku);
    return QM_OK;
  }
  if (sku.p) { /* both given: they must agree */
    qm_str stored = qm_line_sku(tx, line.product, &code);
    if (code)
      return code;
    if (stored.n != sku.n || memcmp(stored.p, sku.p, sku.n) != 0) {
      qm_problem_add(tx, QM_P_NO_LINE, row, sku);
      return QM_OK;
    }
  }
  bool picked = planned && line.reach == QM_REACH_BY_PARENT;
  code = scope(walk, &line, &barred, &limit);
  if (code)
    return code;
  if (picked)
    barred = qm_walk_bar(walk, &line);
  if (barred != QM_P_NONE && planned && walk->step->plan_skips)
    return QM_OK;
  if (barred != QM_P_NONE)
    return qm_line_refuse(tx, barred, row, &line, qty, 0);
  if (picked)
    return qm_bundle_gather(walk, row, &line, qty);
  if (qty > limit)
    return qm_line_refuse(tx, walk->step->exceeds, row, &line, qty, limit);
  return change(walk, row, &line, qty);
}

static qm_code do_row(qm_walk *walk, int row) {
  qm_tx *tx = walk->tx;
  const qm_row *request = &qm_op_rows(tx->op)[row];
  qm_qty qty;
  bool planned = (tx->op->flags & QM_PLANNED) != 0;
  if (!qm_row_qty(tx, row, planned ? 0 : 1, &qty) || qty == 0)
    return QM_OK; /* a plan may list candidates of which it takes nothing */
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = walk->step->sources(walk, row);
  if (code || tx->verdict->problem_count > problems)
    return code;
  if (request->flags & QM_HAS_LINE)
    return do_line_row(walk, row, qty);
  qm_str sku;
  if (!qm_row_sku(tx, row, &sku))
    return QM_OK;
  return do_sku_row(walk, row, qty);
}

/* Without lines: everything the event still allows. */
static qm_code do_all(qm_walk *walk) {
  qm_placed_line line;
  bool found = true;
  int64_t after = 0;
  qm_problem_kind barred;
  qm_qty limit;
  qm_code code = walk->step->sources(walk, -1);
  while (!code && !qm_refused(walk->tx)) {
    code = qm_walk_next(walk, after, NULL, &line, &found);
    if (!code && found)
      code = scope(walk, &line, &barred, &limit);
    if (code || !found)
      break;
    after = line.number;
    if (limit > 0)
      code = change(walk, -1, &line, limit);
  }
  return code;
}

/* ---- requests ---- */

static qm_code find_live_hold(qm_walk *walk, bool *found) {
  qm_tx *tx = walk->tx;
  qm_hold hold;
  qm_code code = qm_find_hold(tx, &hold, found);
  if (code || !*found)
    return code;
  *found = hold.live;
  if (!hold.live)
    qm_problem_add(tx, QM_P_HOLD_EXPIRED, -1, qm_op_str(tx->op, tx->op->order));
  walk->order = hold.id;
  walk->stock = hold.stock;
  tx->hold_expires = hold.expires;
  return QM_OK;
}

static qm_code find_order(qm_walk *walk, bool *found) {
  qm_tx *tx = walk->tx;
  if (tx->op->kind == QM_OP_RELEASE)
    return find_live_hold(walk, found);
  qm_str id = qm_op_str(tx->op, tx->op->order);
  *found = false;
  qm_code code = id.p ? QM_FIRST(tx, DOCUMENT, found, QM_I(QM_OP_PLACE), QM_B(id)) : QM_OK;
  if (code)
    return code;
  if (!*found) {
    qm_problem_add(tx, QM_P_NO_ORDER, -1, id);
    return QM_OK;
  }
  walk->order = QM_COL_INT(tx, DOCUMENT, 0);
  walk->stock = QM_COL_INT(tx, DOCUMENT, 3);
  QM_END(tx, DOCUMENT);
  return QM_OK;
}

/* A plan may list candidates of which it takes nothing, but not only those. */
static bool asks_for_something(const qm_op *op) {
  bool some = (op->flags & QM_PLANNED) == 0;
  for (uint32_t i = 0; i < op->row_count && !some; i++) {
    const qm_row *row = &qm_op_rows(op)[i];
    some = row->bad || (row->flags & QM_HAS_QTY) == 0 || row->qty != 0;
  }
  return some;
}

qm_code qm_walk_order(qm_tx *tx, const qm_step *step) {
  qm_walk walk = {.tx = tx, .step = step};
  bool found, listed = (tx->op->flags & QM_HAS_LINES) != 0;
  qm_code code = find_order(&walk, &found);
  if (code || !found)
    return code;
  if (tx->op->flags & QM_OTHER_PLAN) {
    qm_problem_add(tx, QM_P_PLAN_ORDER, -1, qm_op_str(tx->op, tx->op->order));
    return QM_OK;
  }
  if ((listed || step->by_line) && (tx->op->row_count == 0 || !asks_for_something(tx->op))) {
    qm_problem_add(tx, QM_P_EMPTY_LIST, -1, (qm_str){NULL, 0});
    return QM_OK;
  }
  code = qm_expire_order(tx, walk.order);
  if (!code)
    code = qm_document_add(tx, walk.order, walk.stock);
  if (!code && !listed)
    code = do_all(&walk);
  for (uint32_t i = 0; !code && listed && i < tx->op->row_count; i++) {
    if (qm_refused(tx)) /* the lines are as they were before the request */
      walk.served.row = 0;
    code = qm_clean_row(tx, do_row(&walk, (int)i));
  }
  if (!code && walk.pick_count > 0)
    code = qm_bundle_picked(&walk);
  free(walk.picks);
  if (!code && !qm_refused(tx))
    code = qm_document_answer(tx);
  return code;
}
