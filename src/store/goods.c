/* goods.c: goods leave for a line and come back from it, by the rules of goods.h. */
#include "goods.h"

#include "../core/select/select.h"

qm_str qm_line_sku(qm_tx *tx, int64_t product, qm_code *code) {
  qm_span span;
  *code = qm_sku_of(tx, product, &span);
  return qm_out_str(&tx->store->out, span);
}

qm_code qm_line_refuse(qm_tx *tx, qm_problem_kind kind, int row, const qm_placed_line *line,
                       qm_qty asked, qm_qty have) {
  qm_code code;
  qm_str sku = qm_line_sku(tx, line->product, &code);
  if (!code)
    qm_problem_numbers(tx, kind, row, sku, asked, have);
  return code;
}

qm_code qm_line_move(qm_tx *tx, const qm_placed_line *line, const qm_effect *effect) {
  qm_balance delta = {.firm = effect->backordered + effect->allocated - effect->closed,
                      .backordered = -effect->backordered,
                      .allocated = -effect->allocated,
                      .held = tx->hold_expires ? -effect->closed : 0};
  return qm_balance_move(tx, line->product, line->stock, &delta);
}

qm_code qm_line_release(qm_tx *tx, const qm_placed_line *line, int64_t source,
                        const qm_effect *effect) {
  qm_code code = qm_line_move(tx, line, effect);
  qm_qty left = effect->allocated - effect->here;
  if (!code && effect->here > 0)
    code = qm_allocation_take(tx, line, source, effect->here);
  while (!code && left > 0) {
    qm_qty there;
    code = qm_allocation_newest(tx, line, 0, &source, &there);
    if (code)
      break;
    qm_qty take = qm_qty_min(left, there);
    code = qm_allocation_take(tx, line, source, take);
    left -= take;
  }
  return code;
}

qm_code qm_line_fact(qm_tx *tx, const qm_placed_line *line, qm_fact fact) {
  fact.line = line->number;
  fact.product = line->product;
  fact.stock = line->stock;
  return qm_ledger_add(tx, &fact);
}

/* ---- goods leave ---- */

static qm_ledger_event recorded_as(qm_event event) {
  if (event == QM_WRITE_OFF)
    return QM_LEDGER_written_off;
  return event == QM_SHIP ? QM_LEDGER_shipment_created : QM_LEDGER_invoice_created;
}

/* own: what the line has allocated there is taken as well, and first. */
static qm_code take_goods(qm_tx *tx, int row, qm_placed_line *line, qm_event event, int64_t source,
                          qm_qty qty, bool own) {
  bool reserved = line->counters.tracked == QM_TRACK_ALL;
  qm_item before, now;
  qm_effect effect;
  qm_qty here = 0;
  qm_code code = qm_get_item(tx, line->product, source, &before);
  if (!code && own)
    code = qm_allocation(tx, line, source, &here);
  if (code)
    return code;
  if (!before.exists)
    return qm_line_refuse(tx, QM_P_NO_ITEM, row, line, qty, 0);
  qm_qty have = qm_qty_max(0, before.qty - (before.allocated - here));
  if (have < qty)
    return qm_line_refuse(tx, QM_P_SOURCE_SHORT, row, line, qty, have);
  qm_line_apply(&line->counters, event, qty, here, &effect);
  now = before;
  now.qty -= qty;
  code = qm_item_put(tx, line->product, source, &before, &now);
  if (!code && event != QM_WRITE_OFF)
    code = QM_RUN(tx, DELIVERY_ADD, QM_I(line->id), QM_I(tx->document), QM_I(source), QM_I(qty));
  qm_fact fact = {.event = recorded_as(event), .source = source, .moved = -qty, .qty = qty};
  fact.reserved = reserved ? qty : 0;
  if (!code)
    code = qm_line_fact(tx, line, fact);
  if (!code && reserved)
    code = qm_line_release(tx, line, source, &effect);
  return code;
}

qm_code qm_deliver(qm_tx *tx, int row, qm_placed_line *line, qm_event event, int64_t source,
                   qm_qty qty) {
  return take_goods(tx, row, line, event, source, qty, true);
}

qm_code qm_line_answer(qm_tx *tx, const qm_placed_line *line, int64_t source, qm_qty qty) {
  return qm_entry_add(tx, (qm_entry){.line = line->number,
                                     .parent = line->parent,
                                     .product = line->product,
                                     .source_id = source,
                                     .qty = qty});
}

/* Up to *left units, which becomes what was not found. */
static qm_code take_by_priority(qm_tx *tx, int row, qm_placed_line *line, qm_event event, bool own,
                                qm_qty *left) {
  qm_candidate candidates[QM_SOURCES_MAX];
  qm_qty supply[QM_SOURCES_MAX];
  size_t order_of[QM_SOURCES_MAX], count;
  qm_pick picks[QM_SOURCES_MAX];
  qm_code code = qm_candidates(tx, line->stock, line->product, candidates, &count);
  for (size_t i = 0; !code && i < count; i++) {
    const qm_candidate *c = &candidates[i];
    qm_qty here = 0;
    code = own ? qm_allocation(tx, line, c->source, &here) : QM_OK;
    order_of[i] = i;
    supply[i] = qm_countable(c->qty - (c->allocated - here), c->in_stock, c->enabled);
  }
  if (code)
    return code;
  qm_select_line need = {.need = *left, .unit = 1};
  qm_select request = {.lines = &need,
                       .line_count = 1,
                       .source_count = count,
                       .supply = supply,
                       .sources = order_of,
                       .wanted = count,
                       .picks = picks,
                       .pick_capacity = QM_SOURCES_MAX};
  code = qm_select_priority(&request);
  if (code)
    return qm_fail(tx->err, code, "too many sources");
  *left = need.need;
  for (size_t i = 0; !code && i < request.pick_count; i++) {
    int64_t source = candidates[picks[i].source].source;
    code = take_goods(tx, row, line, event, source, picks[i].take, own);
    if (!code && event != QM_WRITE_OFF)
      code = qm_line_answer(tx, line, source, picks[i].take);
  }
  return code;
}

qm_code qm_deliver_by_priority(qm_tx *tx, int row, qm_placed_line *line, qm_event event,
                               qm_qty qty) {
  qm_qty left = event == QM_WRITE_OFF ? qm_qty_min(qty, qm_line_covered(&line->counters)) : 0;
  qm_qty rest = qty - left;
  qm_code code = left > 0 ? take_by_priority(tx, row, line, event, false, &left) : QM_OK;
  left += rest;
  if (!code && left > 0)
    code = take_by_priority(tx, row, line, event, true, &left);
  return code || left == 0 ? code
                           : qm_line_refuse(tx, QM_P_STOCK_SHORT, row, line, qty, qty - left);
}

/* ---- goods come back ---- */

static qm_code mark_returned(qm_tx *tx, const qm_placed_line *line, int64_t source, qm_qty qty) {
  /* Deliveries from that very source first, then the newest. */
  for (int same = 1; same >= 0; same--) {
    while (qty > 0) {
      bool found;
      qm_code code = QM_FIRST(tx, LAST_DELIVERY, &found, QM_I(line->id), QM_I(source), QM_I(same));
      if (code)
        return code;
      if (!found)
        break;
      int64_t document = QM_COL_INT(tx, LAST_DELIVERY, 0), from = QM_COL_INT(tx, LAST_DELIVERY, 1);
      qm_qty take = qm_qty_min(qty, QM_COL_INT(tx, LAST_DELIVERY, 2));
      QM_END(tx, LAST_DELIVERY);
      code = QM_RUN(tx, DELIVERY_RETURN, QM_I(line->id), QM_I(document), QM_I(from), QM_I(take));
      if (code)
        return code;
      qty -= take;
    }
  }
  if (qty == 0)
    return QM_OK;
  return qm_fail(tx->err, QM_CORRUPT, "a line is delivered without deliveries; run verify");
}

/* A product that has no quantities any more gets none by a return: only the order knows of it. */
static qm_code receive(qm_tx *tx, int row, const qm_placed_line *line, int64_t source, qm_qty qty) {
  qm_product product = {0};
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = mark_returned(tx, line, source, qty);
  if (!code)
    code = qm_get_product(tx, line->product, &product);
  bool kept = !code && qm_keeps_quantities(&product);
  if (kept)
    code = qm_check_b2b_item(tx, row, &product, source);
  if (!code && tx->verdict->problem_count > problems)
    return QM_OK;
  if (!code && kept)
    code = qm_item_add(tx, row, line->product, source, qty);
  qm_fact fact = {.event = QM_LEDGER_goods_returned, .source = source, .qty = qty};
  fact.moved = kept ? qty : 0;
  if (!code)
    code = qm_line_fact(tx, line, fact);
  if (!code)
    code = qm_line_answer(tx, line, source, qty);
  return code;
}

/* The target: named; else, if the policy says so, the best-priority source that delivered any; else
 * where the latest deliveries came from, one after the other. */
qm_code qm_take_back(qm_tx *tx, int row, const qm_placed_line *line, const qm_rule *rule,
                     int64_t named, qm_qty qty) {
  if (line->counters.tracked == QM_TRACK_NOTHING) {
    qm_code code = qm_line_fact(tx, line, (qm_fact){.event = QM_LEDGER_goods_returned, .qty = qty});
    return code ? code : qm_line_answer(tx, line, named, qty);
  }
  uint32_t problems = tx->verdict->problem_count;
  while (qty > 0) {
    bool found = true;
    int64_t source = named;
    qm_qty take = qty;
    qm_code code = QM_OK;
    if (!source && rule->return_priority) {
      code = QM_FIRST(tx, BEST_DELIVERY, &found, QM_I(line->id), QM_I(line->stock));
      if (code || !found)
        return code ? code : qm_fail(tx->err, QM_CORRUPT, "no delivery");
      source = QM_COL_INT(tx, BEST_DELIVERY, 0);
      QM_END(tx, BEST_DELIVERY);
    } else if (!source) {
      code = QM_FIRST(tx, LAST_DELIVERY, &found, QM_I(line->id), QM_I(0), QM_I(0));
      if (code || !found)
        return code ? code : qm_fail(tx->err, QM_CORRUPT, "no delivery");
      source = QM_COL_INT(tx, LAST_DELIVERY, 1);
      take = qm_qty_min(qty, QM_COL_INT(tx, LAST_DELIVERY, 2));
      QM_END(tx, LAST_DELIVERY);
    }
    code = receive(tx, row, line, source, take);
    if (code || tx->verdict->problem_count > problems)
      return code;
    qty -= take;
  }
  return QM_OK;
}
