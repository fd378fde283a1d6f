/* place.c: placing an order, the hot path, or holding goods for a cart, which is the same until it
 * expires. Everything is checked before anything is written, so that a refusal costs no savepoint:
 * per product one balance and one rule, per line nothing but its rows. */
#include "hold.h"

#include <stdlib.h>
#include <string.h>

typedef struct group { /* the lines of one product */
  qm_product product;
  qm_balance balance;
  qm_rule rule;       /* of a composite all zero: it moves nothing itself */
  qm_qty total, firm; /* firm: what is left of the covered part while lines are written */
  qm_qty held_firm, held_waiting; /* of the total: what the hold that is placed has of it */
  uint32_t first, lines;
  bool has_balance;
} group;

typedef struct placing {
  qm_tx *tx;
  int64_t stock, expires; /* expires 0: an order */
  qm_hold hold;           /* id 0: none is placed */
  qm_wants wants;         /* the lines */
  group *groups;
  uint32_t group_count;
  uint32_t *slots; /* hash of product ids to groups + 1 */
  uint32_t slot_mask;
} placing;

/* ---- checking ---- */

static group *group_for(placing *p, int64_t product, bool *is_new) {
  uint64_t hash = (uint64_t)product * UINT64_C(0x9e3779b97f4a7c15);
  for (uint32_t slot = (uint32_t)(hash >> 32) & p->slot_mask;; slot = (slot + 1) & p->slot_mask) {
    *is_new = p->slots[slot] == 0;
    if (*is_new)
      p->slots[slot] = ++p->group_count;
    group *g = &p->groups[p->slots[slot] - 1];
    if (*is_new || g->product.id == product)
      return g;
  }
}

/* A line that is wrong in itself makes the sums meaningless, but all that are too large are said.
 */
static void group_lines(placing *p) {
  bool is_new;
  for (uint32_t i = 0; i < p->wants.count; i++) {
    qm_want *want = &p->wants.list[i];
    group *g = group_for(p, want->product.id, &is_new);
    if (is_new)
      *g = (group){.product = want->product, .first = i};
    want->group = (uint32_t)(g - p->groups);
    g->lines++;
    if (qm_qty_add(g->total, want->qty, &g->total) != QM_OK)
      qm_problem_add(p->tx, QM_P_SUM_RANGE, want->row, qm_want_sku(p->tx, want));
  }
}

/* Of whom the order is and where it was placed: what the request says, else what the hold does. */
static qm_str group_of(const placing *p) {
  qm_str named = qm_op_str(p->tx->op, p->tx->op->text[QM_TEXT_GROUP]);
  return named.p ? named : qm_out_str(&p->tx->store->out, p->hold.group);
}

static void channel_of(const placing *p, qm_str *type, qm_str *code) {
  const qm_op *op = p->tx->op;
  const qm_out *out = &p->tx->store->out;
  bool named = op->channel_code.at != 0;
  *type = named ? qm_op_str(op, op->channel_type) : qm_out_str(out, p->hold.type);
  *code = named ? qm_op_str(op, op->channel_code) : qm_out_str(out, p->hold.channel);
}

/* The balance as it is without the units that leave the hold. */
static qm_code take_held(placing *p, group *g) {
  qm_code code =
      qm_hold_units(p->tx, &p->hold, g->product.id, g->total, &g->held_firm, &g->held_waiting);
  g->balance.firm -= g->held_firm;
  g->balance.backordered -= g->held_waiting;
  g->balance.held -= g->held_firm + g->held_waiting;
  return code;
}

static qm_code check_group(placing *p, group *g) {
  qm_tx *tx = p->tx;
  qm_problem_kind problems[QM_CHECK_MAX];
  qm_qty have[QM_CHECK_MAX], promised;
  if (qm_is_composite(g->product.type))
    return QM_OK;
  qm_code code = qm_get_balance(tx, g->product.id, p->stock, &g->balance, &g->has_balance);
  if (!code)
    code = qm_get_rule(tx, g->product.own, p->stock, group_of(p), &g->rule);
  if (!code && p->hold.id)
    code = take_held(p, g);
  /* What the hold had was promised when it was made. */
  if (code || g->held_firm + g->held_waiting == g->total)
    return code;
  const qm_want *first = &p->wants.list[g->first];
  int count = qm_check(&g->balance, &g->rule, g->total, problems, have);
  for (int i = 0; i < count; i++)
    qm_problem_numbers(tx, problems[i], first->row, qm_want_sku(tx, first), g->total, have[i]);
  if (count == 0 && qm_qty_add(g->balance.firm + g->balance.backordered, g->total, &promised))
    qm_problem_add(tx, QM_P_SUM_RANGE, first->row, qm_want_sku(tx, first));
  return QM_OK;
}

static int compare_lines(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

/* Line numbers are in range and each used once. */
static qm_code check_line_numbers(qm_tx *tx) {
  const qm_row *rows = qm_op_rows(tx->op);
  int64_t last = 0;
  bool ascending = true;
  for (uint32_t i = 0; i < tx->op->row_count; i++) {
    if (rows[i].line < 1 || rows[i].line >= 1 << QM_LINE_BITS)
      qm_problem_add(tx, QM_P_LINE_BAD, (int)i, (qm_str){NULL, 0});
    if (rows[i].line <= last)
      ascending = false;
    last = rows[i].line;
  }
  if (ascending)
    return QM_OK;
  int64_t *numbers = malloc(tx->op->row_count * sizeof *numbers);
  if (!numbers)
    return qm_fail(tx->err, QM_MEMORY, "out of memory");
  for (uint32_t i = 0; i < tx->op->row_count; i++)
    numbers[i] = rows[i].line;
  qsort(numbers, tx->op->row_count, sizeof *numbers, compare_lines);
  bool twice = false;
  for (uint32_t i = 1; i < tx->op->row_count; i++)
    twice |= numbers[i] == numbers[i - 1];
  free(numbers);
  if (twice)
    qm_problem_add(tx, QM_P_LINE_BAD, -1, (qm_str){NULL, 0});
  return QM_OK;
}

static void check_header(qm_tx *tx) {
  static const struct {
    qm_text text;
    qm_field_name field;
    const char *what;
  } texts[] = {
      {QM_TEXT_GROUP, QM_FIELD_customer_group, "the customer group"},
      {QM_TEXT_COUNTRY, QM_FIELD_country, "the destination's country"},
      {QM_TEXT_REGION, QM_FIELD_region, "the destination's region"},
      {QM_TEXT_CITY, QM_FIELD_city, "the destination's city"},
      {QM_TEXT_POSTCODE, QM_FIELD_postcode, "the destination's postcode"},
  };
  const qm_op *op = tx->op;
  qm_str none = {NULL, 0};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    qm_check_text(tx, -1, texts[i].field, texts[i].what, qm_op_str(op, op->text[texts[i].text]),
                  QM_CODE_MAX);
  bool has_latitude = op->flags & QM_HAS_LATITUDE, has_longitude = op->flags & QM_HAS_LONGITUDE;
  if (has_latitude && !qm_latitude_fine(op->latitude))
    qm_problem_add(tx, QM_P_LATITUDE_BAD, -1, none);
  if (has_longitude && !qm_longitude_fine(op->longitude))
    qm_problem_add(tx, QM_P_LONGITUDE_BAD, -1, none);
  if (has_latitude != has_longitude)
    qm_problem_add(tx, has_latitude ? QM_P_LONGITUDE_MISSING : QM_P_LATITUDE_MISSING, -1, none);
}

static qm_code make_room(placing *p) {
  uint32_t slots = 4;
  while (slots < p->wants.count * 2)
    slots *= 2;
  qm_store *store = p->tx->store;
  qm_code code = qm_make_room(p->tx, &store->groups, p->wants.count + 1, sizeof *p->groups);
  if (!code)
    code = qm_make_room(p->tx, &store->slots, slots, sizeof *p->slots);
  if (code)
    return code;
  p->slot_mask = slots - 1;
  p->groups = store->groups.p;
  p->slots = store->slots.p;
  memset(p->slots, 0, slots * sizeof *p->slots);
  return QM_OK;
}

/* An order from a hold is for its stock, whether it says so or not. */
static qm_code find_hold(placing *p) {
  qm_tx *tx = p->tx;
  qm_str id = qm_op_str(tx->op, tx->op->order);
  bool found;
  qm_code code = qm_find_hold(tx, &p->hold, &found);
  if (code || !found)
    return code;
  bool named = (tx->op->flags & QM_HAS_STOCK) || tx->op->channel_code.at;
  if (named)
    code = qm_need_stock(tx, -1, &p->stock);
  else
    p->stock = p->hold.stock;
  if (!code && p->stock && p->stock != p->hold.stock)
    qm_problem_add(tx, QM_P_HOLD_STOCK, -1, id);
  p->hold.partly = tx->op->flags & QM_HAS_LINES;
  return code;
}

/* Composites leave a hold only with all that is left of it. */
static qm_code check_partly(const placing *p) {
  bool wanted = false, held = false;
  for (uint32_t i = 0; i < p->wants.count; i++)
    wanted |= p->wants.list[i].kind >= QM_LINE_PARENT;
  qm_code code = wanted && p->hold.partly ? qm_hold_is_composite(p->tx, &p->hold, &held) : QM_OK;
  if (held)
    qm_problem_add(p->tx, QM_P_HOLD_WHOLE, -1, qm_op_str(p->tx->op, p->tx->op->order));
  return code;
}

static bool is_of_hold(const qm_tx *tx) {
  return tx->op->kind == QM_OP_PLACE && tx->op->order.at;
}

static qm_code check(placing *p) {
  qm_tx *tx = p->tx;
  qm_code code = is_of_hold(tx) ? find_hold(p) : qm_need_stock(tx, -1, &p->stock);
  if (!code)
    code = check_line_numbers(tx);
  if (tx->op->kind == QM_OP_HOLD)
    p->expires = qm_hold_expiry(tx);
  check_header(tx);
  if (!code && !(tx->op->flags & QM_HAS_LINES) && p->hold.id)
    code = qm_hold_wants(tx, &p->hold, &p->wants);
  else if (!code)
    code = qm_expand(tx, &p->wants);
  if (!code && p->hold.id)
    code = check_partly(p);
  if (!code)
    code = make_room(p);
  if (code)
    return code;
  group_lines(p);
  if (qm_refused(tx))
    return QM_OK;
  for (uint32_t i = 0; !code && i < p->group_count; i++)
    code = check_group(p, &p->groups[i]);
  return code;
}

/* ---- writing ---- */

static qm_tracking tracking_of(const qm_rule *rule) {
  if (!rule->managed)
    return QM_TRACK_NOTHING;
  return rule->reserves ? QM_TRACK_ALL : QM_TRACK_SOURCES;
}

static qm_qty take_firm(group *g, qm_qty qty) {
  qm_qty firm = qm_qty_min(qty, g->firm);
  g->firm -= firm;
  return qty - firm;
}

/* While only reservations of an order were known, a document stood for it. What was adopted is the
 * order's from now on; sums that compaction has made of it keep that document, which is one of the
 * order's. */
static qm_code replace_foreign(qm_tx *tx) {
  int64_t foreign;
  bool found = false;
  if (tx->op->kind != QM_OP_PLACE)
    return QM_OK;
  qm_code code = qm_known_foreign(tx, &found);
  if (!code && found)
    code = qm_find_document(tx, QM_FOREIGN_ORDER, qm_op_str(tx->op, tx->op->id), NULL, &foreign,
                            &found);
  if (code || !found)
    return code;
  code = QM_RUN(tx, ADOPTED_PASS, QM_I(foreign), QM_I(tx->document));
  return code ? code
              : QM_RUN(tx, DOCUMENT_PASS, QM_I(foreign), QM_I(tx->document),
                       QM_I(QM_FOREIGN_PASSED));
}

static qm_code write_order(placing *p) {
  qm_tx *tx = p->tx;
  const qm_op *op = tx->op;
  qm_str type, channel, answer;
  unsigned char hash[QM_HASH];
  qm_op_hash(op, hash);
  qm_code code = qm_document_encode(tx, &answer);
  if (code)
    return code;
  channel_of(p, &type, &channel);
  code = QM_RUN(
      tx, ORDER_ADD, QM_I(op->kind), QM_B(qm_op_str(op, op->id)),
      QM_B(((qm_str){(const char *)hash, QM_HASH})), QM_I(p->stock), QM_I(op->now_ms), QM_B(answer),
      QM_T(type), QM_T(channel), QM_T(group_of(p)), QM_T(qm_op_str(op, op->text[QM_TEXT_COUNTRY])),
      QM_T(qm_op_str(op, op->text[QM_TEXT_REGION])), QM_T(qm_op_str(op, op->text[QM_TEXT_CITY])),
      QM_T(qm_op_str(op, op->text[QM_TEXT_POSTCODE])),
      op->flags & QM_HAS_LATITUDE ? QM_D(op->latitude) : QM_N,
      op->flags & QM_HAS_LONGITUDE ? QM_D(op->longitude) : QM_N,
      p->expires ? QM_I(p->expires) : QM_N);
  tx->document = qm_db_last_key(tx->db);
  return code ? code : replace_foreign(tx);
}

/* How much of the total goods cover: what the hold had is covered as it was. */
static qm_qty firm_of(const group *g) {
  return qm_qty_max(g->held_firm, qm_firm_part(&g->balance, g->total));
}

static qm_code leave_hold(placing *p, const group *g, qm_balance *delta) {
  qm_qty firm, waiting;
  qm_code code = qm_hold_take(p->tx, &p->hold, g->product.id, g->total, &firm, &waiting);
  if (!code)
    code = qm_hold_leave(p->tx, g->product.id, p->stock, p->hold.expires, firm, waiting);
  delta->firm -= firm;
  delta->backordered -= waiting;
  delta->held -= firm + waiting;
  return code;
}

/* One row of the ledger per product, however many lines it has. */
static qm_code write_promise(placing *p, const group *g) {
  qm_tx *tx = p->tx;
  bool reserves = tracking_of(&g->rule) == QM_TRACK_ALL;
  qm_fact fact = {.event = p->expires ? QM_LEDGER_hold_placed : QM_LEDGER_order_placed,
                  .line = g->lines == 1 ? p->wants.list[g->first].number : 0,
                  .product = g->product.id,
                  .stock = p->stock,
                  .reserved = reserves ? -g->total : 0,
                  .qty = g->total};
  qm_balance delta = {0};
  qm_qty firm = reserves ? firm_of(g) : 0, waiting = reserves ? g->total - firm : 0;
  qm_code code = p->hold.id ? leave_hold(p, g, &delta) : QM_OK;
  delta.firm += firm;
  delta.backordered += waiting;
  delta.held += p->expires ? firm + waiting : 0;
  if (!code && (reserves || delta.held))
    code = qm_balance_move(tx, g->product.id, p->stock, &delta);
  if (!code && p->expires && reserves)
    code = qm_hold_join(tx, g->product.id, p->stock, p->expires, firm, waiting);
  return code ? code : qm_ledger_add(tx, &fact);
}

static qm_code write_lines(placing *p) {
  qm_tx *tx = p->tx;
  qm_code code = QM_OK;
  uint32_t at = tx->verdict->entry_first;
  for (uint32_t i = 0; !code && i < p->wants.count; i++) {
    const qm_want *want = &p->wants.list[i];
    const group *g = &p->groups[want->group];
    const qm_entry *entry = qm_out_entry(&tx->store->out, at);
    code = QM_RUN(tx, LINE_ADD, QM_I(qm_line_key(tx->document, want->number)), QM_I(g->product.id),
                  QM_I(p->stock), QM_I(want->parent), QM_I(want->kind), QM_I(tracking_of(&g->rule)),
                  QM_I(want->qty), QM_I(entry->backordered));
    at = entry->next;
  }
  return code;
}

/* The answer: every line with what of it has to wait. */
static void answer(placing *p) {
  qm_tx *tx = p->tx;
  for (uint32_t i = 0; i < p->group_count; i++)
    p->groups[i].firm = firm_of(&p->groups[i]);
  for (uint32_t i = 0; i < p->wants.count; i++) {
    const qm_want *want = &p->wants.list[i];
    group *g = &p->groups[want->group];
    qm_qty waiting = tracking_of(&g->rule) == QM_TRACK_ALL ? take_firm(g, want->qty) : 0;
    qm_entry entry = {.line = want->number, .product = g->product.id, .qty = want->qty};
    entry.parent = want->parent;
    entry.backordered = waiting;
    entry.sku = qm_out_text(&tx->store->out, qm_want_sku(tx, want));
    qm_verdict_entry(tx->verdict, &tx->store->out, &entry);
  }
}

static qm_code place(placing *p) {
  qm_code code = check(p);
  if (code || qm_refused(p->tx))
    return code;
  answer(p);
  p->tx->verdict->value = p->expires ? p->expires / 1000 : p->stock;
  if (p->tx->store->out.exhausted)
    return qm_fail(p->tx->err, QM_MEMORY, "out of memory");
  code = write_order(p);
  if (!code)
    code = write_lines(p);
  for (uint32_t i = 0; !code && i < p->group_count; i++)
    code = write_promise(p, &p->groups[i]);
  if (!code && p->hold.id)
    code = qm_settle(p->tx);
  return code;
}

qm_code qm_do_place(qm_tx *tx) {
  if (tx->op->row_count == 0 && !(is_of_hold(tx) && !(tx->op->flags & QM_HAS_LINES))) {
    qm_problem_add(tx, QM_P_EMPTY_LIST, -1, (qm_str){NULL, 0});
    return QM_OK;
  }
  placing p = {.tx = tx};
  return place(&p);
}
