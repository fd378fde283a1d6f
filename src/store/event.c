/* event.c: what happens to an order after it was placed: cancel, invoice, ship, refund, return.
 *
 * Each row is checked against the line as it stands and written at once; the savepoint around the
 * op takes everything back when a later row is refused. core/order decides how far an event may go
 * and what it changes; this file moves the goods and the promises accordingly. */
#include "goods.h"

#include <string.h>

typedef struct order {
  int64_t id, stock;
} order;

typedef struct event_info {
  qm_event event;
  qm_ledger_event ledger;
  qm_problem_kind exceeds;
} event_info;

static const event_info infos[] = {
    [QM_OP_CANCEL] = {QM_CANCEL, QM_LEDGER_order_canceled, QM_P_EXCEEDS_CANCEL},
    [QM_OP_SHIP] = {QM_SHIP, QM_LEDGER_shipment_created, QM_P_EXCEEDS_SHIP},
    [QM_OP_INVOICE] = {QM_INVOICE, QM_LEDGER_invoice_created, QM_P_EXCEEDS_INVOICE},
    [QM_OP_REFUND] = {QM_REFUND, QM_LEDGER_creditmemo_created, QM_P_EXCEEDS_REFUND},
    [QM_OP_RETURN] = {QM_RETURN, QM_LEDGER_goods_returned, QM_P_EXCEEDS_RETURN},
};

/* ---- reading and writing lines ---- */

/* The order's next line; of those whose product is called sku now, if that is given. */
static qm_code next_line(qm_tx *tx, int64_t order_id, int64_t after, const qm_str *sku,
                         qm_placed_line *out, bool *found) {
  int64_t first = order_id << QM_LINE_BITS;
  qm_code code = QM_FIRST(tx, NEXT_LINE, found, QM_I(first + after),
                          QM_I(first + (1 << QM_LINE_BITS)), sku ? QM_B(*sku) : QM_N);
  if (code || !*found)
    return code;
  int c = 0;
  out->id = QM_COL_INT(tx, NEXT_LINE, c++);
  out->number = out->id - first;
  out->product = QM_COL_INT(tx, NEXT_LINE, c++);
  out->stock = QM_COL_INT(tx, NEXT_LINE, c++);
  qm_line *line = &out->counters;
  line->kind = (qm_line_kind)QM_COL_INT(tx, NEXT_LINE, c++);
  line->tracked = (qm_tracking)QM_COL_INT(tx, NEXT_LINE, c++);
  line->ordered = QM_COL_INT(tx, NEXT_LINE, c++);
  line->cancelled = QM_COL_INT(tx, NEXT_LINE, c++);
  line->invoiced = QM_COL_INT(tx, NEXT_LINE, c++);
  line->delivered = QM_COL_INT(tx, NEXT_LINE, c++);
  line->refunded = QM_COL_INT(tx, NEXT_LINE, c++);
  line->released = QM_COL_INT(tx, NEXT_LINE, c++);
  line->returned = QM_COL_INT(tx, NEXT_LINE, c++);
  line->allocated = QM_COL_INT(tx, NEXT_LINE, c++);
  line->backordered = QM_COL_INT(tx, NEXT_LINE, c++);
  out->own = QM_COL_INT(tx, NEXT_LINE, c);
  QM_END(tx, NEXT_LINE);
  if (!qm_line_valid(line))
    return qm_fail(tx->err, QM_CORRUPT, "an order line contradicts itself; run verify");
  return QM_OK;
}

static qm_code put_line(qm_tx *tx, const qm_placed_line *line) {
  const qm_line *l = &line->counters;
  return QM_RUN(tx, LINE_PUT, QM_I(line->id), QM_I(l->cancelled), QM_I(l->invoiced),
                QM_I(l->delivered), QM_I(l->refunded), QM_I(l->released), QM_I(l->returned),
                QM_I(l->allocated), QM_I(l->backordered));
}

/* ---- the five events, for one line ---- */

static qm_code do_cancel(qm_tx *tx, qm_placed_line *line, qm_qty qty) {
  qm_effect effect;
  bool reserved = line->counters.tracked == QM_TRACK_ALL;
  qm_line_apply(&line->counters, QM_CANCEL, qty, &effect);
  qm_fact fact = {.event = QM_LEDGER_order_canceled, .reserved = reserved ? qty : 0, .qty = qty};
  qm_code code = reserved ? qm_line_release(tx, line, &effect) : QM_OK;
  if (!code)
    code = qm_line_fact(tx, line, fact);
  return code ? code : qm_line_answer(tx, line, 0, qty);
}

static qm_code do_ship(qm_tx *tx, int row, qm_placed_line *line, int64_t source, qm_qty qty) {
  qm_effect effect;
  bool goods = line->counters.tracked != QM_TRACK_NOTHING;
  if (goods && !source)
    return qm_line_refuse(tx, QM_P_SOURCE_NEEDED, row, line, qty, 0);
  qm_line_apply(&line->counters, QM_SHIP, qty, &effect);
  qm_code code;
  if (goods)
    code = qm_deliver(tx, row, line, source, qty, QM_LEDGER_shipment_created);
  else
    code = qm_line_fact(tx, line, (qm_fact){.event = QM_LEDGER_shipment_created, .qty = qty});
  if (!code && line->counters.tracked == QM_TRACK_ALL)
    code = qm_line_release(tx, line, &effect);
  return code ? code : qm_line_answer(tx, line, source, qty);
}

static qm_code do_invoice(qm_tx *tx, int row, qm_placed_line *line, int64_t source, qm_qty qty) {
  qm_effect effect;
  qm_line_apply(&line->counters, QM_INVOICE, qty, &effect);
  qm_code code;
  if (effect.delivered == 0 || line->counters.tracked == QM_TRACK_NOTHING) {
    code = qm_line_fact(tx, line, (qm_fact){.event = QM_LEDGER_invoice_created, .qty = qty});
    return code ? code : qm_line_answer(tx, line, 0, qty);
  }
  if (source) {
    code = qm_deliver(tx, row, line, source, qty, QM_LEDGER_invoice_created);
    if (!code)
      code = qm_line_answer(tx, line, source, qty);
  } else {
    code = qm_deliver_by_priority(tx, row, line, qty, QM_LEDGER_invoice_created, true);
  }
  if (!code && line->counters.tracked == QM_TRACK_ALL)
    code = qm_line_release(tx, line, &effect);
  return code;
}

/* The part of a refund that was never delivered: released, or written off as goods that are lost.
 */
static qm_code withdraw(qm_tx *tx, int row, const qm_placed_line *line, const qm_effect *effect,
                        bool write_off) {
  qm_code code = QM_OK;
  if (write_off && line->counters.tracked != QM_TRACK_NOTHING)
    code = qm_deliver_by_priority(tx, row, line, effect->withdrawn, QM_LEDGER_written_off, false);
  if (!code && line->counters.tracked == QM_TRACK_ALL)
    code = qm_line_release(tx, line, effect);
  return code ? code : qm_line_answer(tx, line, 0, effect->withdrawn);
}

/* What a policy writes off must be somewhere: a product that was deleted is nowhere. */
static qm_code has_quantities(qm_tx *tx, int64_t product, bool *has) {
  qm_product found;
  qm_code code = qm_get_product(tx, product, &found);
  *has = !code && qm_keeps_quantities(&found);
  return code;
}

static qm_code do_refund(qm_tx *tx, int row, qm_placed_line *line, int64_t source, qm_qty qty) {
  const qm_row *request = &qm_op_rows(tx->op)[row];
  bool back = (request->flags & QM_RETURN_TO_STOCK) || source;
  qm_effect effect, none;
  qm_rule rule;
  qm_code code = qm_get_rule(tx, line->own, line->stock, (qm_str){NULL, 0}, &rule);
  if (code)
    return code;
  qm_line_apply(&line->counters, QM_REFUND, qty, &effect);
  bool write_off =
      request->flags & QM_HAS_WRITE_OFF ? request->truth != 0 : rule.write_off && !back;
  if (write_off && !(request->flags & QM_HAS_WRITE_OFF))
    code = has_quantities(tx, line->product, &write_off);
  if (code)
    return code;
  qm_fact fact = {.event = QM_LEDGER_creditmemo_created, .qty = qty};
  if (line->counters.tracked == QM_TRACK_ALL && !write_off)
    fact.reserved = effect.withdrawn;
  code = qm_line_fact(tx, line, fact);
  if (!code && effect.withdrawn > 0)
    code = withdraw(tx, row, line, &effect, write_off);
  if (code || effect.returnable == 0)
    return code;
  if (!back)
    return qm_line_answer(tx, line, 0, effect.returnable);
  qm_qty limit = qm_line_limit(&line->counters, QM_RETURN);
  if (effect.returnable > limit)
    return qm_line_refuse(tx, QM_P_EXCEEDS_RETURN, row, line, effect.returnable, limit);
  qm_line_apply(&line->counters, QM_RETURN, effect.returnable, &none);
  return qm_take_back(tx, row, line, &rule, source, effect.returnable);
}

static qm_code do_return(qm_tx *tx, int row, qm_placed_line *line, int64_t source, qm_qty qty) {
  qm_effect effect;
  qm_rule rule;
  qm_code code = qm_get_rule(tx, line->own, line->stock, (qm_str){NULL, 0}, &rule);
  if (code)
    return code;
  qm_line_apply(&line->counters, QM_RETURN, qty, &effect);
  return qm_take_back(tx, row, line, &rule, source, qty);
}

static qm_code do_line(qm_tx *tx, int row, qm_placed_line *line, int64_t source, qm_qty qty) {
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = QM_OK;
  switch (infos[tx->op->kind].event) {
  case QM_CANCEL:
    code = do_cancel(tx, line, qty);
    break;
  case QM_SHIP:
    code = do_ship(tx, row, line, source, qty);
    break;
  case QM_INVOICE:
    code = do_invoice(tx, row, line, source, qty);
    break;
  case QM_REFUND:
    code = do_refund(tx, row, line, source, qty);
    break;
  case QM_RETURN:
    code = do_return(tx, row, line, source, qty);
    break;
  }
  if (code || tx->verdict->problem_count > problems)
    return code;
  return put_line(tx, line);
}

/* ---- requests ---- */

static qm_code find_order(qm_tx *tx, order *out, bool *found) {
  qm_str id = qm_op_str(tx->op, tx->op->order);
  *found = false;
  qm_code code = id.p ? QM_FIRST(tx, DOCUMENT, found, QM_I(QM_OP_PLACE), QM_B(id)) : QM_OK;
  if (code)
    return code;
  if (!*found) {
    qm_problem_add(tx, QM_P_NO_ORDER, -1, id);
    return QM_OK;
  }
  out->id = QM_COL_INT(tx, DOCUMENT, 0);
  out->stock = QM_COL_INT(tx, DOCUMENT, 3);
  QM_END(tx, DOCUMENT);
  return QM_OK;
}

/* The source a row or the whole request names; else a stock's only one. */
static qm_code source_of(qm_tx *tx, int row, const order *o, int64_t *source) {
  qm_str name = {NULL, 0};
  *source = 0;
  if (row >= 0)
    name = qm_op_str(tx->op, qm_op_rows(tx->op)[row].source);
  if (!name.p)
    name = qm_op_str(tx->op, tx->op->source);
  if (name.p)
    return qm_need_source(tx, row, name, source);
  if (tx->op->kind != QM_OP_SHIP)
    return QM_OK;
  bool found;
  qm_code code = QM_FIRST(tx, ONLY_SOURCE, &found, QM_I(o->stock));
  if (code || !found)
    return code;
  if (QM_COL_INT(tx, ONLY_SOURCE, 1) == 1)
    *source = QM_COL_INT(tx, ONLY_SOURCE, 0);
  QM_END(tx, ONLY_SOURCE);
  return QM_OK;
}

/* A row that names a SKU goes to its lines in order, each as far as it allows. */
static qm_code do_sku_row(qm_tx *tx, int row, const order *o, int64_t source, qm_qty qty) {
  const event_info *info = &infos[tx->op->kind];
  qm_str sku = qm_op_str(tx->op, qm_op_rows(tx->op)[row].sku);
  qm_placed_line line;
  bool found = true, any = false;
  qm_qty left = qty;
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = QM_OK;
  for (int64_t after = 0; !code && left > 0; after = line.number) {
    code = next_line(tx, o->id, after, &sku, &line, &found);
    if (code || !found)
      break;
    any = true;
    qm_qty take = qm_qty_min(left, qm_line_limit(&line.counters, info->event));
    if (take == 0)
      continue;
    code = do_line(tx, row, &line, source, take);
    left -= take;
  }
  if (code || left == 0 || tx->verdict->problem_count > problems)
    return code;
  qm_problem_kind kind = any ? info->exceeds : QM_P_NO_SKU_LINE;
  if (any && tx->op->kind == QM_OP_SHIP && line.counters.kind == QM_LINE_VIRTUAL)
    kind = QM_P_SHIP_VIRTUAL;
  qm_problem_numbers(tx, kind, row, sku, qty, qty - left);
  return QM_OK;
}

static qm_code do_line_row(qm_tx *tx, int row, const order *o, int64_t source, qm_qty qty) {
  const event_info *info = &infos[tx->op->kind];
  const qm_row *request = &qm_op_rows(tx->op)[row];
  qm_str sku = qm_op_str(tx->op, request->sku);
  qm_placed_line line;
  bool found = false;
  qm_code code = QM_OK;
  if (request->line > 0 && request->line < 1 << QM_LINE_BITS)
    code = next_line(tx, o->id, request->line - 1, NULL, &line, &found);
  if (code)
    return code;
  if (!found || line.number != request->line) {
    qm_problem_add(tx, tx->op->flags & QM_PLANNED ? QM_P_PLAN_LINE : QM_P_NO_LINE, row, sku);
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
  qm_qty limit = qm_line_limit(&line.counters, info->event);
  if (tx->op->kind == QM_OP_SHIP && line.counters.kind == QM_LINE_VIRTUAL)
    return qm_line_refuse(tx, QM_P_SHIP_VIRTUAL, row, &line, qty, 0);
  if (qty > limit)
    return qm_line_refuse(tx, info->exceeds, row, &line, qty, limit);
  return do_line(tx, row, &line, source, qty);
}

static qm_code do_row(qm_tx *tx, int row, const order *o) {
  const qm_row *request = &qm_op_rows(tx->op)[row];
  int64_t source = 0;
  qm_qty qty;
  bool planned = (tx->op->flags & QM_PLANNED) != 0;
  if (!qm_row_qty(tx, row, planned ? 0 : 1, &qty) || qty == 0)
    return QM_OK; /* a plan may list candidates of which it takes nothing */
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = source_of(tx, row, o, &source);
  if (code || tx->verdict->problem_count > problems)
    return code;
  if (request->flags & QM_HAS_LINE)
    return do_line_row(tx, row, o, source, qty);
  qm_str sku;
  if (!qm_row_sku(tx, row, &sku))
    return QM_OK;
  return do_sku_row(tx, row, o, source, qty);
}

/* Without lines: everything the event still allows. */
static qm_code do_all(qm_tx *tx, const order *o) {
  qm_placed_line line;
  bool found = true;
  int64_t after = 0, source;
  qm_code code = source_of(tx, -1, o, &source);
  while (!code && !qm_refused(tx)) {
    code = next_line(tx, o->id, after, NULL, &line, &found);
    if (code || !found)
      break;
    after = line.number;
    qm_qty limit = qm_line_limit(&line.counters, infos[tx->op->kind].event);
    if (limit == 0)
      continue;
    code = do_line(tx, -1, &line, source, limit);
  }
  return code;
}

qm_code qm_do_event(qm_tx *tx) {
  order o;
  bool found;
  qm_code code = find_order(tx, &o, &found);
  if (code || !found)
    return code;
  if (tx->op->flags & QM_OTHER_PLAN) {
    qm_problem_add(tx, QM_P_PLAN_ORDER, -1, qm_op_str(tx->op, tx->op->order));
    return QM_OK;
  }
  bool by_line = tx->op->kind == QM_OP_REFUND || tx->op->kind == QM_OP_RETURN;
  if (((tx->op->flags & QM_HAS_LINES) || by_line) && tx->op->row_count == 0) {
    qm_problem_add(tx, QM_P_EMPTY_LIST, -1, (qm_str){NULL, 0});
    return QM_OK;
  }
  code = qm_document_add(tx, o.id, o.stock);
  if (!(tx->op->flags & QM_HAS_LINES)) {
    if (!code)
      code = do_all(tx, &o);
  } else {
    for (uint32_t i = 0; !code && i < tx->op->row_count; i++)
      code = qm_clean_row(tx, do_row(tx, (int)i, &o));
  }
  if (!code && !qm_refused(tx))
    code = qm_document_answer(tx);
  return code;
}
