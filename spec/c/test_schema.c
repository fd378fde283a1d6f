/* test_schema.c: the tables carry everything an inventory does, also what the engine cannot do yet.
 *
 * A whole life is driven through the engine's own statements: goods are allocated, shipped,
 * refunded and brought back; a backorder becomes firm; a bundle is sold. Allocations come later, so
 * their SQL is written here, and it finds every column it needs. After each step the store's own
 * verification must find the file in agreement with itself. */
#include "store_kit.h"

#include <stdarg.h>

#include "events.h"
#include "order.h"
#include "schema.h"

enum {
  ALLOCATE = 21, /* a kind of document that comes later */
  PRODUCT = 1,
  STOCK = 1,
  SOURCE = 1,
  BALANCE_ID = (PRODUCT << 16) + STOCK,
  ITEM_ID = (PRODUCT << 16) + SOURCE,
  PIECES = 20
};

static kit_op record;

/* The shop a test drives, with "bike" as product 1. */
typedef struct shop {
  kit_file file;
  qm_store *store;
  qm_db *db;
  sqlite3 *eyes;
} shop;

static shop open_shop(int backorders) {
  shop s = {.file = kit_new_file()};
  s.store = kit_shop(&s.file, backorders, PIECES * KIT_ONE);
  s.db = qm_store_db(s.store);
  s.eyes = kit_eyes(s.file.path);
  CHECK_INT(kit_ask(s.eyes, "SELECT id FROM product WHERE sku = CAST('bike' AS BLOB)"), PRODUCT);
  return s;
}

static void close_shop(shop *s) {
  CHECK_INT(kit_verify(s->store), 0);
  sqlite3_close(s->eyes);
  qm_store_close(s->store);
  kit_remove(&s->file);
}

/* ---- the engine's statements, each in a transaction of its own ---- */

#define VALUES(...) (qm_val[]){__VA_ARGS__}, (int)(sizeof((qm_val[]){__VA_ARGS__}) / sizeof(qm_val))

#define RUN_SQL(s, sql, ...) run_sql(s, QM_SQL_##sql, #sql, VALUES(__VA_ARGS__))

static void run_sql(shop *s, qm_sql sql, const char *name, const qm_val *values, int count) {
  qm_err err = {0};
  qm_code code = qm_db_begin_write(s->db, &err);
  if (code == QM_OK)
    code = qm_db_run(s->db, sql, values, count, &err);
  if (code == QM_OK)
    code = qm_db_commit(s->db, &err);
  if (!CHECK_INT(code, QM_OK)) {
    fprintf(stderr, "  %s: %s\n", name, err.text);
    qm_db_rollback(s->db);
  }
}

static int64_t add_document(shop *s, int kind, const char *id, int64_t order) {
  static const char hash[QM_HASH] = "0123456789abcde";
  RUN_SQL(s, DOCUMENT_ADD, QM_I(kind), QM_B(kit_str(id)), QM_B(((qm_str){hash, QM_HASH})),
          order ? QM_I(order) : QM_N, QM_I(STOCK), QM_I(KIT_NOW), QM_N);
  return qm_db_last_key(s->db);
}

static void add_fact(shop *s, int event, int64_t document, int64_t source, qm_qty reserved,
                     qm_qty moved, qm_qty qty) {
  RUN_SQL(s, LEDGER_ADD, QM_I(KIT_NOW), QM_I(event), QM_I(document), QM_I(1), QM_I(PRODUCT),
          QM_I(STOCK), source ? QM_I(source) : QM_N, QM_I(reserved), QM_I(moved), QM_I(qty), QM_N);
}

static void move_balance(shop *s, qm_qty on_hand, qm_qty firm, qm_qty backordered, qm_qty allocated,
                         qm_qty held) {
  RUN_SQL(s, BALANCE_MOVE, QM_I(BALANCE_ID), QM_I(on_hand), QM_I(firm), QM_I(backordered),
          QM_I(allocated), QM_I(held), QM_I(0), QM_I(0), QM_I(0), QM_I(0));
  CHECK_INT(qm_db_changes(s->db), 1);
}

static void put_line(shop *s, int64_t id, const qm_line *l) {
  CHECK(qm_line_valid(l));
  RUN_SQL(s, LINE_PUT, QM_I(id), QM_I(l->cancelled), QM_I(l->invoiced), QM_I(l->delivered),
          QM_I(l->refunded), QM_I(l->released), QM_I(l->returned), QM_I(l->allocated),
          QM_I(l->backordered));
}

/* SQL that the engine has not got yet; %lld places are filled in order. */
static void later(shop *s, const char *format, ...) {
  va_list numbers;
  va_start(numbers, format);
  char *sql = sqlite3_vmprintf(format, numbers);
  va_end(numbers);
  CHECK(kit_exec(s->eyes, sql));
  sqlite3_free(sql);
}

static int64_t ask(shop *s, const char *column) {
  char sql[128];
  snprintf(sql, sizeof sql, "SELECT %s FROM balance WHERE id = %d", column, BALANCE_ID);
  return kit_ask(s->eyes, sql);
}

static void check_agreement(shop *s, const char *when) {
  if (!CHECK_INT(kit_verify(s->store), 0))
    fprintf(stderr, "  after: %s\n", when);
}

/* ---- allocations ---- */

static void allocate(shop *s, int64_t line_id, qm_line *line, const char *id, qm_qty qty) {
  int64_t document = add_document(s, ALLOCATE, id, line_id >> QM_LINE_BITS);
  later(s,
        "INSERT INTO allocation (id, item, document, qty) VALUES (%lld, %lld, %lld, %lld)"
        " ON CONFLICT (id) DO UPDATE SET qty = qty + excluded.qty, document = excluded.document",
        (long long)((line_id << QM_PLACE_BITS) + SOURCE), (long long)ITEM_ID, (long long)document,
        (long long)qty);
  later(s, "UPDATE item SET allocated = allocated + %lld WHERE id = %lld", (long long)qty,
        (long long)ITEM_ID);
  line->allocated += qty;
  put_line(s, line_id, line);
  move_balance(s, 0, -qty, 0, qty, 0);
}

/* Units allocated at that very source leave: the claim and the goods together. */
static void ship_allocated(shop *s, int64_t line_id, qm_line *line, const char *id, qm_qty qty) {
  int64_t document = add_document(s, QM_OP_SHIP, id, line_id >> QM_LINE_BITS);
  int64_t left = kit_ask(s->eyes, "SELECT qty FROM item") - qty;
  long long claim = (line_id << QM_PLACE_BITS) + SOURCE;
  later(s, "DELETE FROM allocation WHERE id = %lld AND qty = %lld", claim, (long long)qty);
  later(s, "UPDATE allocation SET qty = qty - %lld WHERE id = %lld", (long long)qty, claim);
  later(s, "UPDATE item SET allocated = allocated - %lld WHERE id = %lld", (long long)qty,
        (long long)ITEM_ID);
  RUN_SQL(s, ITEM_PUT, QM_I(ITEM_ID), QM_I(PRODUCT), QM_I(left), QM_I(1), QM_N);
  RUN_SQL(s, DELIVERY_ADD, QM_I(line_id), QM_I(document), QM_I(SOURCE), QM_I(qty));
  line->allocated -= qty;
  line->delivered += qty;
  put_line(s, line_id, line);
  move_balance(s, -qty, 0, 0, -qty, 0);
  add_fact(s, QM_LEDGER_shipment_created, document, SOURCE, qty, -qty, qty);
}

static int64_t place(shop *s, const char *id, qm_qty qty, qm_line *line) {
  char sql[96];
  CHECK_INT(kit_apply(s->store, kit_place(&record, id, "bike", qty)), QM_OK);
  *line = (qm_line){.tracked = QM_TRACK_ALL, .ordered = qty};
  snprintf(sql, sizeof sql, "SELECT id FROM document WHERE ext_id = CAST('%s' AS BLOB)", id);
  return (kit_ask(s->eyes, sql) << QM_LINE_BITS) + 1;
}

TEST(goods_are_allocated_and_shipped_from_their_allocation) {
  shop s = open_shop(0);
  qm_line line;
  int64_t id = place(&s, "o-1", 6 * KIT_ONE, &line);
  allocate(&s, id, &line, "a-1", 3 * KIT_ONE);
  allocate(&s, id, &line, "a-2", KIT_ONE);
  check_agreement(&s, "allocating");
  CHECK_INT(ask(&s, "firm"), 2 * KIT_ONE);
  CHECK_INT(ask(&s, "allocated"), 4 * KIT_ONE);
  CHECK_INT(kit_ask(s.eyes, "SELECT allocated FROM item"), 4 * KIT_ONE);
  CHECK_INT(kit_ask(s.eyes, "SELECT count(*) FROM allocation"), 1);

  /* What is allocated to one order is not there for another. */
  CHECK_INT(kit_apply(s.store, kit_place(&record, "o-2", "bike", 14 * KIT_ONE)), QM_OK);
  const qm_op *op = kit_event(&record, QM_OP_ADJUST, "count", NULL, "bike", NULL, -10 * KIT_ONE);
  CHECK_INT(kit_apply(s.store, op), QM_OK);
  op = kit_event(&record, QM_OP_SHIP, "s-0", "o-2", "bike", NULL, 7 * KIT_ONE);
  CHECK_INT(kit_apply(s.store, op), QM_NOT_ENOUGH);
  op = kit_event(&record, QM_OP_SHIP, "s-0", "o-2", "bike", NULL, 6 * KIT_ONE);
  CHECK_INT(kit_apply(s.store, op), QM_OK);

  ship_allocated(&s, id, &line, "s-1", 3 * KIT_ONE);
  check_agreement(&s, "shipping a part");
  ship_allocated(&s, id, &line, "s-2", KIT_ONE);
  CHECK_INT(kit_ask(s.eyes, "SELECT count(*) FROM allocation"), 0);
  CHECK_INT(kit_ask(s.eyes, "SELECT allocated + qty FROM item"), 0);
  close_shop(&s);
}

/* The engine gives allocated units up last; their claim at the source is for whoever allocates. */
TEST(an_allocated_line_can_be_cancelled_as_far_as_it_is_not_allocated) {
  shop s = open_shop(0);
  qm_line line;
  int64_t id = place(&s, "o-1", 6 * KIT_ONE, &line);
  allocate(&s, id, &line, "a-1", 4 * KIT_ONE);
  const qm_op *op = kit_event(&record, QM_OP_CANCEL, "c-1", "o-1", "bike", NULL, 2 * KIT_ONE);
  CHECK_INT(kit_apply(s.store, op), QM_OK);
  CHECK_INT(ask(&s, "firm"), 0);
  CHECK_INT(ask(&s, "allocated"), 4 * KIT_ONE);
  close_shop(&s);
}

/* ---- refund and return ---- */

TEST(goods_are_refunded_and_come_back_to_where_they_left) {
  shop s = open_shop(0);
  qm_line line;
  int64_t id = place(&s, "o-1", 5 * KIT_ONE, &line), order = id >> QM_LINE_BITS;
  line.invoiced = 5 * KIT_ONE;
  put_line(&s, id, &line);
  int64_t invoice = add_document(&s, QM_OP_INVOICE, "i-1", order);
  add_fact(&s, QM_LEDGER_invoice_created, invoice, 0, 0, 0, 5 * KIT_ONE);
  int64_t shipment = add_document(&s, QM_OP_SHIP, "s-1", order);
  RUN_SQL(&s, DELIVERY_ADD, QM_I(id), QM_I(shipment), QM_I(SOURCE), QM_I(3 * KIT_ONE));
  RUN_SQL(&s, ITEM_PUT, QM_I(ITEM_ID), QM_I(PRODUCT), QM_I((PIECES - 3) * KIT_ONE), QM_I(1), QM_N);
  line.delivered = 3 * KIT_ONE;
  put_line(&s, id, &line);
  move_balance(&s, -3 * KIT_ONE, -3 * KIT_ONE, 0, 0, 0);
  add_fact(&s, QM_LEDGER_shipment_created, shipment, SOURCE, 3 * KIT_ONE, -3 * KIT_ONE,
           3 * KIT_ONE);
  check_agreement(&s, "shipping");

  int64_t refund = add_document(&s, QM_OP_REFUND, "r-1", order);
  line.refunded = 4 * KIT_ONE;
  line.released = 2 * KIT_ONE;
  put_line(&s, id, &line);
  move_balance(&s, 0, -2 * KIT_ONE, 0, 0, 0);
  add_fact(&s, QM_LEDGER_creditmemo_created, refund, 0, 2 * KIT_ONE, 0, 4 * KIT_ONE);
  check_agreement(&s, "refunding");

  bool found = false;
  qm_err err = {0};
  qm_val values[] = {QM_I(id), QM_I(0), QM_I(0)};
  CHECK_INT(qm_db_first(s.db, QM_SQL_LAST_DELIVERY, values, 3, &found, &err), QM_OK);
  if (CHECK(found)) {
    CHECK_INT(qm_db_int(s.db, QM_SQL_LAST_DELIVERY, 0), shipment);
    CHECK_INT(qm_db_int(s.db, QM_SQL_LAST_DELIVERY, 1), SOURCE);
    CHECK_INT(qm_db_int(s.db, QM_SQL_LAST_DELIVERY, 2), 3 * KIT_ONE);
    qm_db_end(s.db, QM_SQL_LAST_DELIVERY);
  }
  RUN_SQL(&s, DELIVERY_RETURN, QM_I(id), QM_I(shipment), QM_I(SOURCE), QM_I(2 * KIT_ONE));
  RUN_SQL(&s, ITEM_PUT, QM_I(ITEM_ID), QM_I(PRODUCT), QM_I((PIECES - 1) * KIT_ONE), QM_I(1), QM_N);
  line.returned = 2 * KIT_ONE;
  put_line(&s, id, &line);
  move_balance(&s, 2 * KIT_ONE, 0, 0, 0, 0);
  add_fact(&s, QM_LEDGER_goods_returned, refund, SOURCE, 0, 2 * KIT_ONE, 2 * KIT_ONE);
  CHECK_INT(ask(&s, "firm"), 0);
  close_shop(&s);
}

/* ---- backorders ---- */

TEST(what_waits_becomes_firm_oldest_first) {
  shop s = open_shop(1);
  qm_line line;
  int64_t first = place(&s, "o-1", (PIECES + 3) * KIT_ONE, &line);
  int64_t second = place(&s, "o-2", 5 * KIT_ONE, &line);
  CHECK_INT(ask(&s, "firm"), PIECES * KIT_ONE);
  CHECK_INT(ask(&s, "backordered"), 8 * KIT_ONE);
  for (int i = 0; i < 2; i++) {
    bool found = false;
    qm_err err = {0};
    qm_val values[] = {QM_I(PRODUCT), QM_I(STOCK), QM_I(KIT_NOW), QM_I(0)};
    CHECK_INT(qm_db_first(s.db, QM_SQL_WAITING, values, 4, &found, &err), QM_OK);
    int64_t id = found ? qm_db_int(s.db, QM_SQL_WAITING, 0) : 0;
    qm_qty waiting = found ? qm_db_int(s.db, QM_SQL_WAITING, 1) : 0;
    qm_db_end(s.db, QM_SQL_WAITING);
    CHECK_INT(id, i == 0 ? first : second);
    CHECK_INT(waiting, (i == 0 ? 3 : 5) * KIT_ONE);
    RUN_SQL(&s, LINE_PROMOTE, QM_I(id), QM_I(waiting));
    move_balance(&s, 0, waiting, -waiting, 0, 0);
    check_agreement(&s, "promoting");
  }
  CHECK_INT(ask(&s, "firm"), (PIECES + 8) * KIT_ONE);
  close_shop(&s);
}

/* ---- composites ---- */

/* A configurable product's line is an envelope: its child is what is promised, and shipped with it.
 */
TEST(the_lines_of_a_composite_name_their_parent) {
  shop s = open_shop(0);
  qm_line line;
  CHECK_INT(kit_apply(s.store, kit_product(&record, "set", QM_LINE_BUNDLE)), QM_OK);
  int64_t child = place(&s, "o-1", 4 * KIT_ONE, &line), order = child >> QM_LINE_BITS;
  later(&s,
        "INSERT INTO line (id, product, stock, parent, kind, tracked, ordered, cancelled, invoiced,"
        " delivered, refunded, released, returned, allocated, backordered)"
        " VALUES (%lld, 2, 1, 0, 3, 0, 20000, 0, 0, 0, 0, 0, 0, 0, 0)",
        (long long)((order << QM_LINE_BITS) + 2));
  later(&s,
        "INSERT INTO ledger (time, event, document, line, product, stock, qty)"
        " VALUES (0, %d, %lld, 2, 2, 1, 20000)",
        (int)QM_LEDGER_order_placed, (long long)order);
  later(&s, "UPDATE line SET parent = 2 WHERE id = %lld", (long long)child);
  check_agreement(&s, "placing");
  const qm_op *op = kit_event(&record, QM_OP_SHIP, "s-1", "o-1", "set", NULL, 1 * KIT_ONE);
  CHECK_INT(kit_apply(s.store, op), QM_OK);
  CHECK_INT(kit_ask(s.eyes, "SELECT delivered FROM line WHERE parent = 2"), 2 * KIT_ONE);
  CHECK_INT(kit_ask(s.eyes, "SELECT delivered FROM line WHERE kind = 3"), 1 * KIT_ONE);
  check_agreement(&s, "shipping");
  close_shop(&s);
}

int main(void) {
  RUN(goods_are_allocated_and_shipped_from_their_allocation);
  RUN(an_allocated_line_can_be_cancelled_as_far_as_it_is_not_allocated);
  RUN(goods_are_refunded_and_come_back_to_where_they_left);
  RUN(what_waits_becomes_firm_oldest_first);
  RUN(the_lines_of_a_composite_name_their_parent);
  return unit_report();
}
