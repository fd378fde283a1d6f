/* event.c: what happens to an order after it was placed: cancel, invoice, ship, refund, return; and
 * the release of a hold, which is cancelling it. core/order decides how far an event may go and
 * what it changes; this file moves the goods and the promises accordingly. */
#include "hold.h"
#include "walk.h"

/* ---- the five events, for one line ---- */

static qm_code do_cancel(qm_walk *walk, int row, qm_placed_line *line, qm_qty qty) {
  qm_tx *tx = walk->tx;
  qm_effect effect;
  (void)row;
  bool reserved = line->counters.tracked == QM_TRACK_ALL;
  bool hold = tx->hold_expires != 0;
  qm_line_apply(&line->counters, QM_CANCEL, qty, 0, &effect);
  qm_fact fact = {.event = hold ? QM_LEDGER_hold_released : QM_LEDGER_order_canceled,
                  .reserved = reserved ? qty : 0,
                  .qty = qty};
  qm_code code = QM_OK;
  if (reserved && hold)
    code = qm_hold_leave(tx, line->product, line->stock, tx->hold_expires,
                         effect.closed - effect.backordered, effect.backordered);
  if (!code && reserved)
    code = qm_line_release(tx, line, 0, &effect);
  if (!code)
    code = qm_line_fact(tx, line, fact);
  return code ? code : qm_line_answer(tx, line, 0, qty);
}

/* The line's counters run, and the ledger says so; nothing moves. */
static qm_code only_count(qm_tx *tx, qm_placed_line *line, qm_event event, qm_ledger_event ledger,
                          int64_t source, qm_qty qty) {
  qm_effect effect;
  qm_line_apply(&line->counters, event, qty, 0, &effect);
  qm_code code = qm_line_fact(tx, line, (qm_fact){.event = ledger, .qty = qty});
  return code ? code : qm_line_answer(tx, line, source, qty);
}

static qm_code do_ship(qm_walk *walk, int row, qm_placed_line *line, qm_qty qty) {
  qm_tx *tx = walk->tx;
  if (line->counters.tracked == QM_TRACK_NOTHING)
    return only_count(tx, line, QM_SHIP, QM_LEDGER_shipment_created, walk->source, qty);
  if (!walk->source)
    return qm_line_refuse(tx, QM_P_SOURCE_NEEDED, row, line, qty, 0);
  qm_code code = qm_deliver(tx, row, line, QM_SHIP, walk->source, qty);
  return code ? code : qm_line_answer(tx, line, walk->source, qty);
}

static qm_code do_invoice(qm_walk *walk, int row, qm_placed_line *line, qm_qty qty) {
  qm_tx *tx = walk->tx;
  bool delivers = line->counters.kind == QM_LINE_VIRTUAL;
  if (!delivers || line->counters.tracked == QM_TRACK_NOTHING)
    return only_count(tx, line, QM_INVOICE, QM_LEDGER_invoice_created, 0, qty);
  if (!walk->source)
    return qm_deliver_by_priority(tx, row, line, QM_INVOICE, qty);
  qm_code code = qm_deliver(tx, row, line, QM_INVOICE, walk->source, qty);
  return code ? code : qm_line_answer(tx, line, walk->source, qty);
}

/* The part of a refund that was delivered: it stays with the customer, or comes back. */
static qm_code refund_delivered(qm_walk *walk, int row, qm_placed_line *line, const qm_rule *rule,
                                bool back, qm_qty qty) {
  qm_effect none;
  if (!back)
    return qm_line_answer(walk->tx, line, 0, qty);
  qm_qty limit = qm_line_limit(&line->counters, QM_RETURN);
  if (qty > limit)
    return qm_line_refuse(walk->tx, QM_P_EXCEEDS_RETURN, row, line, qty, limit);
  qm_line_apply(&line->counters, QM_RETURN, qty, 0, &none);
  return qm_take_back(walk->tx, row, line, rule, walk->source, qty);
}

/* What a policy writes off must be somewhere: a product that was deleted is nowhere. */
static qm_code has_quantities(qm_tx *tx, int64_t product, bool *has) {
  qm_product found;
  qm_code code = qm_get_product(tx, product, &found);
  *has = !code && qm_keeps_quantities(&found);
  return code;
}

/* What was never delivered is released, or written off as goods that are lost. */
static qm_code do_refund(qm_walk *walk, int row, qm_placed_line *line, qm_qty qty) {
  qm_tx *tx = walk->tx;
  const qm_row *request = &qm_op_rows(tx->op)[row];
  bool back = (request->flags & QM_RETURN_TO_STOCK) || walk->source;
  bool reserved = line->counters.tracked == QM_TRACK_ALL;
  qm_effect effect = {0};
  qm_rule rule;
  qm_code code = qm_get_rule(tx, line->own, line->stock, (qm_str){NULL, 0}, &rule);
  if (code)
    return code;
  bool write_off =
      request->flags & QM_HAS_WRITE_OFF ? request->truth != 0 : rule.write_off && !back;
  if (write_off && !(request->flags & QM_HAS_WRITE_OFF))
    code = has_quantities(tx, line->product, &write_off);
  if (code)
    return code;
  qm_qty withdrawn = qm_qty_min(qty, qm_line_limit(&line->counters, QM_WRITE_OFF));
  qm_qty lost = write_off && line->counters.tracked != QM_TRACK_NOTHING ? withdrawn : 0;
  qm_fact fact = {.event = QM_LEDGER_creditmemo_created, .qty = qty};
  if (reserved && !write_off)
    fact.reserved = withdrawn;
  code = qm_line_fact(tx, line, fact);
  uint32_t problems = tx->verdict->problem_count;
  if (!code && lost > 0)
    code = qm_deliver_by_priority(tx, row, line, QM_WRITE_OFF, lost);
  if (code || tx->verdict->problem_count > problems)
    return code;
  if (qty > lost)
    qm_line_apply(&line->counters, QM_REFUND, qty - lost, 0, &effect);
  if (reserved && effect.closed > 0)
    code = qm_line_release(tx, line, 0, &effect);
  if (!code && withdrawn > 0)
    code = qm_line_answer(tx, line, 0, withdrawn);
  if (!code && qty > withdrawn)
    code = refund_delivered(walk, row, line, &rule, back, qty - withdrawn);
  return code;
}

static qm_code do_return(qm_walk *walk, int row, qm_placed_line *line, qm_qty qty) {
  qm_effect effect;
  qm_rule rule;
  qm_code code = qm_get_rule(walk->tx, line->own, line->stock, (qm_str){NULL, 0}, &rule);
  if (code)
    return code;
  qm_line_apply(&line->counters, QM_RETURN, qty, 0, &effect);
  return qm_take_back(walk->tx, row, line, &rule, walk->source, qty);
}

/* ---- requests ---- */

static qm_problem_kind bar_virtual(const qm_line *line) {
  return line->kind == QM_LINE_VIRTUAL ? QM_P_SHIP_VIRTUAL : QM_P_NONE;
}

static qm_str source_name(const qm_walk *walk, int row) {
  const qm_op *op = walk->tx->op;
  qm_str name = row >= 0 ? qm_op_str(op, qm_op_rows(op)[row].source) : (qm_str){NULL, 0};
  return name.p ? name : qm_op_str(op, op->source);
}

/* The source a row or the whole request names. */
static qm_code named_source(qm_walk *walk, int row) {
  qm_str name = source_name(walk, row);
  walk->source = 0;
  return name.p ? qm_need_source(walk->tx, row, name, &walk->source) : QM_OK;
}

/* Without a name a stock's only source. */
static qm_code ship_source(qm_walk *walk, int row) {
  qm_tx *tx = walk->tx;
  bool found;
  if (source_name(walk, row).p)
    return named_source(walk, row);
  walk->source = 0;
  qm_code code = QM_FIRST(tx, ONLY_SOURCE, &found, QM_I(walk->stock));
  if (code || !found)
    return code;
  if (QM_COL_INT(tx, ONLY_SOURCE, 1) == 1)
    walk->source = QM_COL_INT(tx, ONLY_SOURCE, 0);
  QM_END(tx, ONLY_SOURCE);
  return QM_OK;
}

static const qm_step steps[] = {
    [QM_OP_CANCEL] = {QM_CANCEL, QM_P_EXCEEDS_CANCEL, .sources = named_source, .apply = do_cancel},
    [QM_OP_RELEASE] = {QM_CANCEL, QM_P_EXCEEDS_RELEASE, .sources = named_source,
                       .apply = do_cancel},
    [QM_OP_SHIP] = {QM_SHIP, QM_P_EXCEEDS_SHIP, .sources = ship_source, .bar = bar_virtual,
                    .apply = do_ship},
    [QM_OP_INVOICE] = {QM_INVOICE, QM_P_EXCEEDS_INVOICE, .sources = named_source,
                       .apply = do_invoice},
    [QM_OP_REFUND] = {QM_REFUND, QM_P_EXCEEDS_REFUND, .by_line = true, .sources = named_source,
                      .apply = do_refund},
    [QM_OP_RETURN] = {QM_RETURN, QM_P_EXCEEDS_RETURN, .by_line = true, .sources = named_source,
                      .apply = do_return},
};

qm_code qm_do_event(qm_tx *tx) {
  return qm_walk_order(tx, &steps[tx->op->kind]);
}
