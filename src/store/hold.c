/* hold.c: what a hold has, and extending it. Holding and placing from a hold are in place.c, since
 * they are the same but for when they end; releasing is in event.c, as cancelling. */
#include "hold.h"

enum { TTL_MAX = 366 * 24 * 3600 };

qm_code qm_find_hold(qm_tx *tx, qm_hold *out, bool *found) {
  qm_str id = qm_op_str(tx->op, tx->op->order);
  *found = false;
  qm_code code = id.p ? QM_FIRST(tx, HOLD, found, QM_I(QM_OP_HOLD), QM_B(id)) : QM_OK;
  if (code)
    return code;
  if (!*found) {
    qm_problem_add(tx, id.p ? QM_P_NO_HOLD : QM_P_HOLD_NEEDED, -1, id);
    return QM_OK;
  }
  out->id = QM_COL_INT(tx, HOLD, 0);
  out->stock = QM_COL_INT(tx, HOLD, 1);
  out->expires = QM_COL_INT(tx, HOLD, 2);
  out->live = out->expires > tx->now_ms;
  out->partly = false;
  out->type = qm_out_text(&tx->store->out, QM_COL_STR(tx, HOLD, 3));
  out->channel = qm_out_text(&tx->store->out, QM_COL_STR(tx, HOLD, 4));
  out->group = qm_out_text(&tx->store->out, QM_COL_STR(tx, HOLD, 5));
  QM_END(tx, HOLD);
  return QM_OK;
}

int64_t qm_hold_expiry(qm_tx *tx) {
  int64_t ttl = tx->op->ttl;
  if (ttl < 1 || ttl > TTL_MAX) {
    qm_problem_add(tx, QM_P_TTL_BAD, -1, (qm_str){NULL, 0});
    return 0;
  }
  return (tx->now_ms + ttl * 1000 + 999) / 1000 * 1000;
}

/* ---- what it has ---- */

qm_code qm_hold_is_composite(qm_tx *tx, const qm_hold *hold, bool *is) {
  qm_code code = QM_FIRST(tx, HOLD_COMPOSITE, is, QM_I(qm_line_key(hold->id, 0)),
                          QM_I(qm_line_key(hold->id, 1 << QM_LINE_BITS)));
  if (!code && *is)
    QM_END(tx, HOLD_COMPOSITE);
  return code;
}

/* What has expired is ordered as anything else, so not while it is off sale. */
static qm_code check_sale(qm_tx *tx, const qm_hold *hold, const qm_want *whole) {
  qm_composite composite;
  qm_code code = qm_get_composite(tx, whole->product.id, &composite);
  if (!code && !hold->live && !composite.in_stock)
    qm_problem_add(tx, QM_P_COMPOSITE_OUT, -1, qm_out_str(&tx->store->out, whole->chosen));
  return code;
}

static qm_code read_want(qm_tx *tx, const qm_hold *hold, qm_want *want) {
  int c = 0;
  *want = (qm_want){.row = -1};
  want->number = QM_COL_INT(tx, HOLD_LINES, c++);
  want->parent = QM_COL_INT(tx, HOLD_LINES, c++);
  want->kind = (qm_line_kind)QM_COL_INT(tx, HOLD_LINES, c++);
  want->qty = QM_COL_INT(tx, HOLD_LINES, c++);
  want->product.id = QM_COL_INT(tx, HOLD_LINES, c++);
  want->product.own = QM_COL_INT(tx, HOLD_LINES, c++);
  want->product.type = (int)QM_COL_INT(tx, HOLD_LINES, c++);
  want->product.state = (int)QM_COL_INT(tx, HOLD_LINES, c++);
  want->chosen = qm_out_text(&tx->store->out, QM_COL_STR(tx, HOLD_LINES, c));
  if (want->qty > QM_QTY_MAX)
    return qm_damaged(tx, "a line of a hold");
  qm_str sku = qm_out_str(&tx->store->out, want->chosen);
  bool whole = want->kind >= QM_LINE_PARENT;
  if (want->product.state != QM_DECLARED)
    qm_problem_add(tx, QM_P_NO_PRODUCT, -1, sku);
  else if (qm_is_composite(want->product.type) != whole)
    qm_problem_add(tx, QM_P_HOLD_CHANGED, -1, sku);
  else if (whole)
    return check_sale(tx, hold, want);
  else
    want->kind = qm_kind_of(want->product.type);
  return QM_OK;
}

qm_code qm_hold_wants(qm_tx *tx, const qm_hold *hold, qm_wants *wants) {
  bool row = true;
  qm_want want;
  *wants = (qm_wants){0};
  qm_code code = QM_START(tx, HOLD_LINES, QM_I(qm_line_key(hold->id, 0)),
                          QM_I(qm_line_key(hold->id, 1 << QM_LINE_BITS)));
  while (!code && !(code = QM_STEP(tx, HOLD_LINES, &row)) && row) {
    code = wants->count == QM_LINES_MAX ? qm_damaged(tx, "the number of a hold's lines")
                                        : read_want(tx, hold, &want);
    if (!code)
      code = qm_want_add(tx, wants, &want);
  }
  if (code)
    QM_END(tx, HOLD_LINES);
  else if (wants->count == 0)
    qm_problem_add(tx, QM_P_HOLD_EMPTY, -1, qm_op_str(tx->op, tx->op->order));
  return code;
}

typedef struct held_line {
  int64_t id;
  qm_qty open, backordered;
  bool tracked;
} held_line;

static qm_code next_line(qm_tx *tx, const qm_hold *hold, int64_t after, int64_t product,
                         held_line *out, bool *found) {
  qm_code code =
      QM_FIRST(tx, HOLD_LINE, found, QM_I(after), QM_I(qm_line_key(hold->id, 1 << QM_LINE_BITS)),
               QM_I(product), QM_I(hold->partly));
  if (code || !*found)
    return code;
  out->id = QM_COL_INT(tx, HOLD_LINE, 0);
  out->open = QM_COL_INT(tx, HOLD_LINE, 1);
  out->backordered = QM_COL_INT(tx, HOLD_LINE, 2);
  out->tracked = QM_COL_INT(tx, HOLD_LINE, 3) == QM_TRACK_ALL;
  QM_END(tx, HOLD_LINE);
  bool fine = out->backordered >= 0 && out->backordered <= out->open && out->open <= QM_QTY_MAX;
  return fine ? QM_OK : qm_damaged(tx, "a line of a hold");
}

/* Up to qty units of a product, in the order of the hold's lines. */
static qm_code go_through(qm_tx *tx, const qm_hold *hold, int64_t product, qm_qty qty, bool take,
                          qm_qty *firm, qm_qty *backordered, qm_qty *units) {
  held_line line = {.id = qm_line_key(hold->id, 0)};
  bool found = true;
  *firm = *backordered = *units = 0;
  while (*units < qty) {
    qm_code code = next_line(tx, hold, line.id, product, &line, &found);
    if (code || !found)
      return code;
    qm_qty some = qm_qty_min(qty - *units, line.open);
    qm_qty waiting = qm_qty_max(0, some - (line.open - line.backordered));
    *units += some;
    if (line.tracked) {
      *firm += some - waiting;
      *backordered += waiting;
    }
    if (take)
      code = QM_RUN(tx, HOLD_LINE_TAKE, QM_I(line.id), QM_I(some), QM_I(waiting));
    if (code)
      return code;
  }
  return QM_OK;
}

qm_code qm_hold_units(qm_tx *tx, const qm_hold *hold, int64_t product, qm_qty qty, qm_qty *firm,
                      qm_qty *backordered) {
  qm_qty units;
  *firm = *backordered = 0;
  if (!hold->live)
    return QM_OK;
  return go_through(tx, hold, product, qty, false, firm, backordered, &units);
}

static qm_code say_converted(qm_tx *tx, const qm_hold *hold, int64_t product, qm_qty units,
                             qm_qty reserved) {
  qm_fact fact = {.event = QM_LEDGER_hold_converted,
                  .document = hold->id, /* whose units these were */
                  .product = product,
                  .stock = hold->stock,
                  .reserved = reserved,
                  .qty = units};
  qm_code code = units > 0 ? qm_ledger_add(tx, &fact) : QM_OK;
  if (code || hold->live || reserved == 0)
    return code;
  /* They had been given up already, which is taken back. */
  fact = (qm_fact){.event = QM_LEDGER_hold_expired,
                   .product = product,
                   .stock = hold->stock,
                   .reserved = -reserved};
  return qm_ledger_add_own(tx, &fact);
}

/* Has everything that expires with the hold given up, however long nobody looked. */
static qm_code expire_with(qm_tx *tx, const qm_hold *hold, int64_t product) {
  bool row = true;
  qm_code code = QM_OK;
  while (!code && row) {
    code = QM_FIRST(tx, EXPIRY_AT, &row, QM_I(qm_key(product, hold->stock)), QM_I(hold->expires));
    if (code || !row)
      break;
    QM_END(tx, EXPIRY_AT);
    code = qm_expire(tx, product, hold->stock);
  }
  return code;
}

qm_code qm_hold_take(qm_tx *tx, const qm_hold *hold, int64_t product, qm_qty qty, qm_qty *firm,
                     qm_qty *backordered) {
  qm_code code = hold->live ? QM_OK : expire_with(tx, hold, product);
  qm_qty units;
  if (!code)
    code = go_through(tx, hold, product, qty, true, firm, backordered, &units);
  if (!code)
    code = say_converted(tx, hold, product, units, *firm + *backordered);
  if (!hold->live)
    *firm = *backordered = 0;
  return code;
}

/* ---- when it expires ---- */

static qm_code move(qm_tx *tx, int64_t id, int64_t expires, qm_qty firm, qm_qty backordered) {
  qm_code code = QM_RUN(tx, EXPIRY_MOVE, QM_I(id), QM_I(expires), QM_I(firm), QM_I(backordered));
  if (!code)
    code = QM_RUN(tx, EXPIRY_TIDY, QM_I(id), QM_I(expires));
  return code ? code : QM_RUN(tx, BALANCE_NEXT_EXPIRY, QM_I(id));
}

qm_code qm_hold_join(qm_tx *tx, int64_t product, int64_t stock, int64_t expires, qm_qty firm,
                     qm_qty backordered) {
  int64_t id = qm_key(product, stock);
  qm_code code = QM_RUN(tx, EXPIRY_JOIN, QM_I(id), QM_I(expires), QM_I(firm), QM_I(backordered));
  return code ? code : QM_RUN(tx, BALANCE_EXPIRES, QM_I(id), QM_I(expires));
}

qm_code qm_hold_leave(qm_tx *tx, int64_t product, int64_t stock, int64_t expires, qm_qty firm,
                      qm_qty backordered) {
  if (firm == 0 && backordered == 0)
    return QM_OK;
  return move(tx, qm_key(product, stock), expires, -firm, -backordered);
}

/* Everything that a hold has of one product goes from one second to another. */
static qm_code postpone(qm_tx *tx, const qm_hold *hold, int64_t product, int64_t expires) {
  qm_qty firm, backordered;
  qm_code code = qm_hold_units(tx, hold, product, QM_QTY_MAX, &firm, &backordered);
  int64_t id = qm_key(product, hold->stock);
  if (code || (firm == 0 && backordered == 0))
    return code;
  code = move(tx, id, hold->expires, -firm, -backordered);
  return code ? code : qm_hold_join(tx, product, hold->stock, expires, firm, backordered);
}

qm_code qm_do_extend(qm_tx *tx) {
  qm_hold hold;
  bool found, row = true;
  int64_t expires = qm_hold_expiry(tx), product = 0;
  qm_code code = qm_find_hold(tx, &hold, &found);
  if (!code && found && !hold.live)
    qm_problem_add(tx, QM_P_HOLD_EXPIRED, -1, qm_op_str(tx->op, tx->op->order));
  if (code || qm_refused(tx))
    return code;
  tx->verdict->value = expires / 1000;
  code = qm_document_add(tx, hold.id, hold.stock);
  while (!code && row && expires != hold.expires) {
    code = QM_FIRST(tx, HOLD_PRODUCT, &row, QM_I(qm_line_key(hold.id, 0)),
                    QM_I(qm_line_key(hold.id, 1 << QM_LINE_BITS)), QM_I(product));
    if (code || !row)
      break;
    product = QM_COL_INT(tx, HOLD_PRODUCT, 0);
    QM_END(tx, HOLD_PRODUCT);
    code = postpone(tx, &hold, product, expires);
  }
  if (!code)
    code = QM_RUN(tx, ORDER_EXPIRES, QM_I(hold.id), QM_I(expires));
  qm_fact fact = {.event = QM_LEDGER_hold_extended, .stock = hold.stock};
  return code ? code : qm_ledger_add(tx, &fact);
}
