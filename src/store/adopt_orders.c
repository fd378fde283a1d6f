/* adopt_orders.c: orders of another system become orders of this one, with what has happened to
 * their lines; and this shop's own lines that reserve nothing begin to, when they are asked to.
 *
 * No goods move: what a line says was delivered has left already, and gets the delivery that a
 * return needs. While reservations are listed as well, these alone promise something: the open
 * units of each line are balanced by an adopted row of the same size, so that what is left over in
 * an order's adopted rows is what does not fit it. */
#include "adopt.h"

#include <string.h>

qm_code qm_adopt_named(qm_tx *tx, qm_str order, int64_t *document) {
  bool found;
  qm_str none = {NULL, 0};
  static const char no_hash[QM_HASH];
  qm_code code = qm_find_document(tx, QM_OP_PLACE, order, NULL, document, &found);
  if (!code && !found)
    code = qm_find_document(tx, QM_FOREIGN_ORDER, order, NULL, document, &found);
  if (code || found)
    return code;
  code = QM_RUN(tx, DOCUMENT_ADD, QM_I(QM_FOREIGN_ORDER), QM_B(order),
                QM_B(((qm_str){no_hash, QM_HASH})), QM_N, QM_N, QM_I(tx->op->now_ms), QM_B(none));
  *document = qm_db_last_key(tx->db);
  return code;
}

qm_code qm_adopt_promise(qm_adopting *a, int64_t product, int64_t stock, const qm_rule *rule,
                         qm_qty open, qm_qty *backordered) {
  qm_balance balance, delta = {.firm = open};
  bool found;
  *backordered = 0;
  qm_code code = qm_fact_open(a->tx, product, true);
  if (!code)
    code = qm_get_balance(a->tx, product, stock, &balance, &found);
  if (code)
    return code;
  if (a->listed) {
    delta.adopted = -open;
    balance.adopted -= open;
  }
  if (rule->backorders != 0)
    delta.firm = qm_firm_part(&balance, open);
  delta.backordered = *backordered = open - delta.firm;
  return qm_balance_move(a->tx, product, stock, &delta);
}

/* ---- what a line says of itself ---- */

typedef struct adopted_line {
  int64_t number, product, source;
  qm_line counters;
  qm_rule rule;
} adopted_line;

/* A counter that was given is a quantity of zero or more. */
static void check_counter(qm_tx *tx, int index, qm_field_name field, qm_qty value) {
  qm_str sku = qm_op_str(tx->op, qm_op_rows(tx->op)[index].sku);
  if (value < -QM_QTY_MAX)
    qm_problem_at(tx, (qm_problem_kind)(value - QM_NO_COUNTER), index, field, sku);
  else if (value < 0)
    qm_problem_at(tx, QM_P_QTY_NEGATIVE, index, field, sku);
}

static bool read_counters(qm_tx *tx, int index, qm_line *line) {
  const qm_row *row = &qm_op_rows(tx->op)[index];
  uint32_t problems = tx->verdict->problem_count;
  qm_row_qty(tx, index, 1, &line->ordered);
  check_counter(tx, index, QM_FIELD_cancelled, row->cancelled);
  check_counter(tx, index, QM_FIELD_invoiced, row->invoiced);
  check_counter(tx, index, QM_FIELD_shipped, row->shipped);
  check_counter(tx, index, QM_FIELD_refunded, row->refunded);
  check_counter(tx, index, QM_FIELD_released, row->released);
  check_counter(tx, index, QM_FIELD_returned, row->returned);
  line->cancelled = row->cancelled;
  line->invoiced = row->invoiced;
  line->delivered = row->shipped;
  line->refunded = row->refunded;
  line->released = row->released;
  line->returned = row->returned;
  return tx->verdict->problem_count == problems;
}

static bool at_most(qm_tx *tx, int index, qm_field_name field, qm_qty given, qm_qty most) {
  if (given <= most)
    return true;
  qm_problem_counter(tx, index, field, qm_op_str(tx->op, qm_op_rows(tx->op)[index].sku), given,
                     most);
  return false;
}

/* The counters agree with each other. What is virtual was delivered when it was invoiced; of
 * refunded units those count as released that were invoiced and never delivered, unless the line
 * says how many. */
static bool check_counters(qm_tx *tx, int index, qm_line *line) {
  const qm_row *row = &qm_op_rows(tx->op)[index];
  if (!at_most(tx, index, QM_FIELD_cancelled, line->cancelled, line->ordered))
    return false;
  qm_qty left = line->ordered - line->cancelled;
  if (!at_most(tx, index, QM_FIELD_invoiced, line->invoiced, left))
    return false;
  if (line->kind == QM_LINE_VIRTUAL) {
    if (line->delivered > 0)
      qm_problem_at(tx, QM_P_SHIP_VIRTUAL, index, QM_FIELD_shipped, qm_op_str(tx->op, row->sku));
    line->delivered = line->invoiced;
  }
  if (!at_most(tx, index, QM_FIELD_shipped, line->delivered, left))
    return false;
  if (!(row->flags & QM_HAS_RELEASED))
    line->released = qm_qty_min(line->refunded, qm_qty_max(0, line->invoiced - line->delivered));
  if (!at_most(tx, index, QM_FIELD_released, line->released,
               qm_qty_min(left - line->delivered, line->refunded)))
    return false;
  qm_qty committed = qm_qty_max(line->invoiced, line->delivered + line->released);
  return at_most(tx, index, QM_FIELD_refunded, line->refunded, committed) &&
         at_most(tx, index, QM_FIELD_returned, line->returned, line->delivered);
}

/* Where delivered units came from: the source that the line names, else the stock's best. */
static qm_code find_source(qm_tx *tx, int index, int64_t stock, adopted_line *line) {
  const qm_row *row = &qm_op_rows(tx->op)[index];
  qm_str name = qm_op_str(tx->op, row->source);
  bool found;
  if (name.p)
    return qm_need_source(tx, index, name, &line->source);
  if (line->counters.delivered == 0)
    return QM_OK;
  qm_code code = QM_FIRST(tx, BEST_SOURCE, &found, QM_I(stock));
  if (code)
    return code;
  if (found) {
    line->source = QM_COL_INT(tx, BEST_SOURCE, 0);
    QM_END(tx, BEST_SOURCE);
  } else {
    qm_problem_add(tx, QM_P_SOURCE_UNKNOWN, index, qm_op_str(tx->op, row->sku));
  }
  return QM_OK;
}

static qm_code read_line(qm_tx *tx, int index, int64_t stock, adopted_line *line) {
  const qm_row *row = &qm_op_rows(tx->op)[index];
  qm_str sku;
  qm_product product;
  *line = (adopted_line){.number = row->line};
  if (row->line < 1 || row->line >= 1 << QM_LINE_BITS)
    qm_problem_add(tx, QM_P_LINE_BAD, index, (qm_str){NULL, 0});
  bool named = qm_row_sku(tx, index, &sku);
  bool counted = read_counters(tx, index, &line->counters);
  if (!named)
    return QM_OK;
  qm_code code = qm_find_or_shadow(tx, sku, &product);
  if (code)
    return code;
  if (qm_is_composite(product.type))
    qm_problem_add(tx, QM_P_COMPOSITE, index, sku);
  line->product = product.id;
  line->counters.kind = product.type == QM_SIMPLE ? QM_LINE_GOODS : QM_LINE_VIRTUAL;
  if (counted)
    check_counters(tx, index, &line->counters);
  if (stock == 0)
    return QM_OK;
  code = qm_get_rule(tx, product.own, stock, (qm_str){NULL, 0}, &line->rule);
  if (line->rule.managed)
    line->counters.tracked = line->rule.reserves ? QM_TRACK_ALL : QM_TRACK_SOURCES;
  return code ? code : find_source(tx, index, stock, line);
}

/* ---- writing ---- */

static qm_code tell(qm_tx *tx, qm_fact fact, const char *counter, qm_qty qty) {
  if (qty == 0)
    return QM_OK;
  fact.note = (qm_str){counter, strlen(counter)};
  fact.qty = qty;
  return qm_ledger_add(tx, &fact);
}

/* One row for each counter that is not zero, which is what verify needs; the first one promises. */
static qm_code tell_line(qm_adopting *a, int64_t order, int64_t stock, const adopted_line *line,
                         qm_qty promised) {
  const qm_line *l = &line->counters;
  qm_tx *tx = a->tx;
  qm_fact fact = {.event = QM_LEDGER_order_adopted,
                  .document = order,
                  .line = line->number,
                  .product = line->product,
                  .stock = stock,
                  .reserved = -promised};
  qm_code code = tell(tx, fact, "ordered", l->ordered);
  fact.reserved = 0;
  if (!code)
    code = tell(tx, fact, "cancelled", l->cancelled);
  if (!code)
    code = tell(tx, fact, "invoiced", l->invoiced);
  if (!code)
    code = tell(tx, fact, "refunded", l->refunded);
  if (!code)
    code = tell(tx, fact, "released", l->released);
  if (!code)
    code = tell(tx, fact, "returned", l->returned);
  if (l->tracked != QM_TRACK_NOTHING)
    fact.source = line->source;
  if (!code)
    code = tell(tx, fact, "delivered", l->delivered);
  if (code || !a->listed || promised == 0)
    return code;
  fact = (qm_fact){.event = QM_LEDGER_reservation_adopted,
                   .document = order,
                   .line = line->number,
                   .product = line->product,
                   .stock = stock,
                   .reserved = promised};
  return qm_ledger_add(tx, &fact);
}

static qm_code write_line(qm_adopting *a, int64_t order, int64_t stock, adopted_line *line) {
  qm_tx *tx = a->tx;
  qm_line *l = &line->counters;
  int64_t id = qm_line_key(order, line->number);
  qm_qty promised = l->tracked == QM_TRACK_ALL ? qm_line_open(l) : 0;
  qm_code code = QM_OK;
  if (promised > 0)
    code = qm_adopt_promise(a, line->product, stock, &line->rule, promised, &l->backordered);
  if (code || qm_refused(tx))
    return code;
  if (!qm_line_valid(l))
    return qm_fail(tx->err, QM_CORRUPT, "an adopted line contradicts itself");
  code = QM_RUN(tx, LINE_ADOPT, QM_I(id), QM_I(line->product), QM_I(stock), QM_I(l->kind),
                QM_I(l->tracked), QM_I(l->ordered), QM_I(l->cancelled), QM_I(l->invoiced),
                QM_I(l->delivered), QM_I(l->refunded), QM_I(l->released), QM_I(l->returned),
                QM_I(l->backordered));
  if (!code && l->delivered > 0 && l->tracked != QM_TRACK_NOTHING)
    code = QM_RUN(tx, DELIVERY_ADOPT, QM_I(id), QM_I(order), QM_I(line->source), QM_I(l->delivered),
                  QM_I(l->returned));
  return code ? code : tell_line(a, order, stock, line, promised);
}

/* The order's document: a new one, or the one that stood for it while only its reservations were
 * known. */
static qm_code write_header(qm_tx *tx, const qm_row *row, int64_t stock,
                            const unsigned char hash[QM_HASH], int64_t *order) {
  const qm_op *op = tx->op;
  qm_str id = qm_op_str(op, row->order), digest = {(const char *)hash, QM_HASH}, none = {NULL, 0};
  bool found;
  qm_code code = qm_find_document(tx, QM_FOREIGN_ORDER, id, NULL, order, &found);
  if (code)
    return code;
  if (found) {
    code = QM_RUN(tx, DOCUMENT_BECOMES, QM_I(*order), QM_I(QM_OP_PLACE), QM_B(digest), QM_I(stock),
                  QM_I(op->now_ms));
  } else {
    code = QM_RUN(tx, DOCUMENT_ADD, QM_I(QM_OP_PLACE), QM_B(id), QM_B(digest), QM_N, QM_I(stock),
                  QM_I(op->now_ms), QM_B(none));
    *order = qm_db_last_key(tx->db);
  }
  if (code)
    return code;
  return QM_RUN(tx, ORDER_ADOPT, QM_I(*order), QM_T(qm_op_str(op, row->channel_type)),
                QM_T(qm_op_str(op, row->channel_code)));
}

/* ---- orders ---- */

/* Was an order of that id here before? With the same content it is passed over. */
static qm_code seen(qm_adopting *a, uint32_t index, const unsigned char hash[QM_HASH], bool *done) {
  qm_tx *tx = a->tx;
  qm_str id = qm_op_str(tx->op, qm_op_rows(tx->op)[index].order);
  unsigned char stored[QM_HASH];
  int64_t document;
  *done = true;
  if (!id.p || id.n == 0 || !qm_id_is_legal(id)) {
    qm_problem_kind kind = id.p && id.n > 0 ? QM_P_ID_BAD : QM_P_ID_MISSING;
    qm_problem_add(tx, kind, (int)index, (qm_str){NULL, 0});
    *done = false;
    return QM_OK;
  }
  qm_code code = qm_find_document(tx, QM_OP_PLACE, id, stored, &document, done);
  if (code || !*done)
    return code;
  if (memcmp(stored, hash, QM_HASH) == 0)
    a->known++;
  else
    qm_problem_add(tx, QM_P_ORDER_CONFLICT, (int)index, id);
  return QM_OK;
}

qm_code qm_adopt_order(qm_adopting *a, uint32_t index, uint32_t first) {
  qm_tx *tx = a->tx;
  const qm_row *rows = qm_op_rows(tx->op), *row = &rows[index];
  unsigned char hash[QM_HASH], used[(1 << QM_LINE_BITS) / 8] = {0};
  uint32_t problems = tx->verdict->problem_count;
  int64_t stock = 0, order = 0;
  bool done;
  qm_order_hash(tx->op, index, first, hash);
  qm_code code = seen(a, index, hash, &done);
  if (code || done)
    return code;
  code = qm_need_stock(tx, (int)index, &stock);
  if (row->lines == 0)
    qm_problem_at(tx, QM_P_EMPTY_LIST, (int)index, QM_FIELD_lines, (qm_str){NULL, 0});
  if (!code && tx->verdict->problem_count == problems)
    code = write_header(tx, row, stock, hash, &order);
  for (uint32_t i = first; !code && i < first + row->lines; i++) {
    adopted_line line;
    code = read_line(tx, (int)i, stock, &line);
    int64_t n = line.number;
    bool legal = n >= 1 && n < 1 << QM_LINE_BITS;
    if (legal && (used[n / 8] & 1 << n % 8))
      qm_problem_add(tx, QM_P_LINE_BAD, (int)i, (qm_str){NULL, 0});
    if (legal)
      used[n / 8] |= (unsigned char)(1 << n % 8);
    if (!code && tx->verdict->problem_count == problems)
      code = write_line(a, order, stock, &line);
  }
  a->orders++;
  return code;
}

/* ---- the shop's own ---- */

qm_code qm_adopt_open(qm_adopting *a) {
  qm_tx *tx = a->tx;
  bool found = true;
  a->listed = false; /* nobody else has promised these */
  for (int64_t id = 0; found;) {
    qm_code code = QM_FIRST(tx, LINE_UNRESERVED, &found, QM_I(id));
    if (code || !found)
      return code;
    id = QM_COL_INT(tx, LINE_UNRESERVED, 0);
    int64_t product = QM_COL_INT(tx, LINE_UNRESERVED, 1);
    int64_t stock = QM_COL_INT(tx, LINE_UNRESERVED, 2);
    int64_t own = QM_COL_INT(tx, LINE_UNRESERVED, 3);
    qm_qty open = QM_COL_INT(tx, LINE_UNRESERVED, 4), backordered;
    QM_END(tx, LINE_UNRESERVED);
    qm_rule rule;
    qm_fact fact = {.event = QM_LEDGER_order_adopted,
                    .document = id >> QM_LINE_BITS,
                    .line = id % (1 << QM_LINE_BITS),
                    .product = product,
                    .stock = stock,
                    .reserved = -open,
                    .note = {"open", 4}};
    code = qm_get_rule(tx, own, stock, (qm_str){NULL, 0}, &rule);
    if (!code)
      code = qm_adopt_promise(a, product, stock, &rule, open, &backordered);
    if (code || qm_refused(tx))
      return code;
    code = QM_RUN(tx, LINE_TRACK, QM_I(id), QM_I(backordered));
    if (!code)
      code = qm_ledger_add(tx, &fact);
    if (code)
      return code;
    a->opened++;
  }
  return QM_OK;
}
