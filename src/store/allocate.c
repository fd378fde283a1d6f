/* allocate.c: open units of an order line claim goods at a source, and their claim moves or ends.
 * Allocated units stay promised; their goods are kept from everybody else. */
#include "walk.h"

static qm_problem_kind bar_unreserved(const qm_line *line) {
  return line->tracked == QM_TRACK_ALL ? QM_P_NONE : QM_P_NOT_RESERVED;
}

/* ---- claiming ---- */

/* Why the orders of a stock cannot claim anything at the source. */
static qm_code source_problem(qm_tx *tx, int64_t stock, int64_t source, qm_problem_kind *kind) {
  bool found;
  *kind = QM_P_NO_LINK;
  qm_code code = QM_FIRST(tx, LINK, &found, QM_I(qm_key(stock, source)));
  if (code || !found)
    return code;
  QM_END(tx, LINK);
  *kind = QM_P_SOURCE_DISABLED;
  code = QM_FIRST(tx, SOURCE_ENABLED, &found, QM_I(source));
  if (code || !found)
    return code;
  if (QM_COL_INT(tx, SOURCE_ENABLED, 0) != 0)
    *kind = QM_P_NONE;
  QM_END(tx, SOURCE_ENABLED);
  return QM_OK;
}

static qm_code check_source(qm_tx *tx, int row, const qm_placed_line *line, int64_t source) {
  qm_problem_kind kind;
  qm_span name;
  qm_code code = source_problem(tx, line->stock, source, &kind);
  if (code || kind == QM_P_NONE)
    return code;
  code = qm_source_code(tx, source, &name);
  if (!code)
    qm_problem_at(tx, kind, row, tx->op->kind == QM_OP_REASSIGN ? QM_FIELD_to : QM_FIELD_source,
                  qm_out_str(&tx->store->out, name));
  return code;
}

/* Claims qty at the source for the line, if the goods there are nobody's. */
static qm_code claim(qm_tx *tx, int row, const qm_placed_line *line, int64_t source, qm_qty qty) {
  qm_item item;
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = check_source(tx, row, line, source);
  if (code || tx->verdict->problem_count > problems)
    return code;
  code = qm_get_item(tx, line->product, source, &item);
  if (code)
    return code;
  if (!item.exists)
    return qm_line_refuse(tx, QM_P_NO_ITEM, row, line, qty, 0);
  if (!item.in_stock)
    return qm_line_refuse(tx, QM_P_ITEM_OUT, row, line, 0, 0);
  qm_qty have = qm_qty_max(0, item.qty - item.allocated);
  if (have < qty)
    return qm_line_refuse(tx, QM_P_SOURCE_SHORT, row, line, qty, have);
  return qm_allocation_add(tx, line, source, qty);
}

/* ---- allocate ---- */

static qm_code allocate_source(qm_walk *walk, int row) {
  qm_tx *tx = walk->tx;
  const qm_row *request = &qm_op_rows(tx->op)[row];
  qm_str name = qm_op_str(tx->op, request->source);
  if (name.p)
    return qm_need_source(tx, row, name, &walk->source);
  qm_problem_add(tx, QM_P_ALLOCATE_SOURCE, row, qm_op_str(tx->op, request->sku));
  return QM_OK;
}

static qm_code allocate_line(qm_walk *walk, int row, qm_placed_line *line, qm_qty qty) {
  qm_tx *tx = walk->tx;
  qm_effect effect;
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = claim(tx, row, line, walk->source, qty);
  if (code || tx->verdict->problem_count > problems)
    return code;
  qm_line_apply(&line->counters, QM_ALLOCATE, qty, 0, &effect);
  code = qm_line_move(tx, line, &effect);
  qm_fact fact = {.event = QM_LEDGER_units_allocated, .source = walk->source, .qty = qty};
  if (!code)
    code = qm_line_fact(tx, line, fact);
  return code ? code : qm_line_answer(tx, line, walk->source, qty);
}

qm_code qm_do_allocate(qm_tx *tx) {
  static const qm_step step = {
      QM_ALLOCATE,           QM_P_EXCEEDS_ALLOCATE,      .by_line = true,
      .plan_skips = true,    .sources = allocate_source, .bar = bar_unreserved,
      .apply = allocate_line};
  return qm_walk_order(tx, &step);
}

/* ---- reassign ---- */

static qm_code named(qm_tx *tx, int row, qm_field_name field, qm_span span, int64_t *source) {
  qm_str name = qm_op_str(tx->op, span);
  bool found = false;
  *source = 0;
  qm_code code = name.p && name.n <= QM_CODE_MAX ? qm_find_source(tx, name, source, &found) : QM_OK;
  if (!code && name.p && !found)
    qm_problem_at(tx, QM_P_NO_SOURCE, row, field, name);
  return code;
}

static qm_code reassign_sources(qm_walk *walk, int row) {
  qm_tx *tx = walk->tx;
  const qm_row *request = &qm_op_rows(tx->op)[row];
  qm_code code = named(tx, row, QM_FIELD_from, request->from, &walk->from);
  if (!code)
    code = named(tx, row, QM_FIELD_to, request->source, &walk->source);
  if (!code && walk->from && walk->from == walk->source)
    qm_problem_add(tx, QM_P_SAME_SOURCE, row, qm_op_str(tx->op, request->source));
  return code;
}

/* What the line has at the named source; without a name, anywhere but where it goes. */
static qm_code reassign_limit(qm_walk *walk, const qm_placed_line *line, qm_qty *limit) {
  if (walk->from)
    return qm_allocation(walk->tx, line, walk->from, limit);
  qm_code code = qm_allocation(walk->tx, line, walk->source, limit);
  *limit = line->counters.allocated - *limit;
  return code;
}

/* Units leave one source: for the other, where they are claimed already, or for none. What lies
 * where they were may be what other stocks wait for. */
static qm_code reassign_part(qm_walk *walk, qm_placed_line *line, int64_t from, qm_qty qty) {
  qm_tx *tx = walk->tx;
  qm_effect effect;
  qm_span to;
  qm_code code = qm_allocation_take(tx, line, from, qty);
  if (!code && !walk->source) {
    qm_line_apply(&line->counters, QM_UNALLOCATE, qty, 0, &effect);
    code = qm_line_move(tx, line, &effect);
  }
  if (!code)
    code = qm_touch(tx, line->product, line->stock);
  if (!code)
    code = qm_source_code(tx, walk->source, &to);
  if (code)
    return code;
  qm_fact fact = {.event = QM_LEDGER_allocation_moved, .source = from, .qty = qty};
  fact.note = qm_out_str(&tx->store->out, to);
  return qm_line_fact(tx, line, fact);
}

static qm_code reassign_line(qm_walk *walk, int row, qm_placed_line *line, qm_qty qty) {
  qm_tx *tx = walk->tx;
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = walk->source ? claim(tx, row, line, walk->source, qty) : QM_OK;
  if (code || tx->verdict->problem_count > problems)
    return code;
  for (qm_qty left = qty; !code && left > 0;) {
    int64_t from = walk->from;
    qm_qty take = left;
    if (!from)
      code = qm_allocation_newest(tx, line, walk->source, &from, &take);
    take = qm_qty_min(take, left);
    if (!code)
      code = reassign_part(walk, line, from, take);
    left -= take;
  }
  return code ? code : qm_line_answer(tx, line, walk->source, qty);
}

qm_code qm_do_reassign(qm_tx *tx) {
  static const qm_step step = {QM_UNALLOCATE,         QM_P_EXCEEDS_REASSIGN,
                               .by_line = true,       .sources = reassign_sources,
                               .bar = bar_unreserved, .limit = reassign_limit,
                               .apply = reassign_line};
  return qm_walk_order(tx, &step);
}
