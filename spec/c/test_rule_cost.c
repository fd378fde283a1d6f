/* test_rule_cost.c: what the promise rule costs a product whose sources nobody else draws on:
 * nothing, but for one look-up when goods leave: is the source one of the stock's own? The
 * statements that the database runs are written down as it runs them, once in a shop with the rule
 * and once in one whose stocks are independent, and must be the same. */
#include "store_kit.h"

enum { STATEMENTS = 64, LENGTH = 60, SHIPPING = 3 };

typedef struct journal {
  char text[STATEMENTS][LENGTH];
  int count;
} journal;

static journal *writing; /* NULL: nobody listens */
static int statements;   /* all there were */
static kit_op record;

static int note(unsigned kind, void *context, void *statement, void *sql) {
  (void)context;
  (void)statement;
  statements++;
  if (kind == SQLITE_TRACE_STMT && writing && writing->count < STATEMENTS)
    snprintf(writing->text[writing->count++], LENGTH, "%s", (const char *)sql);
  return 0;
}

static int attend(sqlite3 *db, char **message, const struct sqlite3_api_routines *api) {
  (void)message;
  (void)api;
  return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, note, NULL);
}

static qm_code stand(qm_store *store) {
  qm_where where = {.stock = 1};
  qm_str sku = kit_str("bike");
  qm_stand seen;
  qm_problem_kind problem;
  qm_err err = {0};
  return qm_store_stand(store, &where, &sku, 1, KIT_NOW, &seen, &problem, &err);
}

/* Each of a day's steps, with what the database was asked for it. */
static void live(bool independent, journal steps[6]) {
  kit_file file = kit_new_file();
  qm_db_options options = kit_options(&file);
  qm_store *store = NULL;
  qm_err err = {0};
  CHECK_INT(qm_store_open(&options, independent, KIT_NOW, &store, &err), QM_OK);
  CHECK_INT(kit_apply(store, kit_rules(&record, 0, 0, 0)), QM_OK);
  CHECK_INT(kit_apply(store, kit_product(&record, "bike", 0)), QM_OK);
  CHECK_INT(kit_apply(store, kit_item(&record, "bike", "default", 9 * KIT_ONE)), QM_OK);
  /* All statements are prepared before anything is written down. */
  CHECK_INT(kit_apply(store, kit_place(&record, "o-0", "bike", KIT_ONE)), QM_OK);
  memset(steps, 0, 6 * sizeof *steps);
  writing = &steps[0];
  CHECK_INT(kit_apply(store, kit_place(&record, "o-1", "bike", 3 * KIT_ONE)), QM_OK);
  writing = &steps[1];
  CHECK_INT(kit_apply(store, kit_place(&record, "o-2", "bike", 30 * KIT_ONE)), QM_NOT_ENOUGH);
  writing = &steps[2];
  CHECK_INT(stand(store), QM_OK);
  writing = &steps[SHIPPING];
  const qm_op *op = kit_event(&record, QM_OP_SHIP, "s-1", "o-1", "bike", NULL, KIT_ONE);
  CHECK_INT(kit_apply(store, op), QM_OK);
  writing = &steps[4];
  op = kit_event(&record, QM_OP_CANCEL, "c-1", "o-1", "bike", NULL, KIT_ONE);
  CHECK_INT(kit_apply(store, op), QM_OK);
  writing = &steps[5];
  CHECK_INT(kit_apply(store, kit_item(&record, "bike", "default", 20 * KIT_ONE)), QM_OK);
  writing = NULL;
  qm_store_close(store);
  kit_remove(&file);
}

/* Takes a statement out that must be there once. */
static void remove_one(journal *step, const char *text) {
  int kept = 0;
  for (int i = 0; i < step->count; i++)
    if (strcmp(step->text[i], text) != 0)
      memmove(step->text[kept++], step->text[i], LENGTH);
  CHECK_INT(kept, step->count - 1);
  step->count = kept;
}

/* How many statements it takes to ship `lines` lines of one SKU by as many rows that name it. */
static int shipping_rows(int lines) {
  kit_file file = kit_new_file();
  qm_db_options options = kit_options(&file);
  qm_store *store = NULL;
  qm_err err = {0};
  CHECK_INT(qm_store_open(&options, false, KIT_NOW, &store, &err), QM_OK);
  CHECK_INT(kit_apply(store, kit_rules(&record, 0, 0, 0)), QM_OK);
  CHECK_INT(kit_apply(store, kit_product(&record, "bike", 0)), QM_OK);
  CHECK_INT(kit_apply(store, kit_item(&record, "bike", "default", lines * KIT_ONE)), QM_OK);
  for (int pass = 0; pass < 2; pass++) {
    qm_op *op = kit_begin(&record, pass ? QM_OP_SHIP : QM_OP_PLACE);
    if (!pass) {
      op->stock = 1;
      op->flags |= QM_HAS_STOCK;
    }
    kit_head(&record)->id = kit_text(&record, pass ? "s-1" : "o-1");
    if (pass)
      kit_head(&record)->order = kit_text(&record, "o-1");
    qm_span sku = kit_text(&record, "bike");
    qm_row *rows = kit_rows(&record, (uint32_t)lines);
    for (int i = 0; i < lines; i++) {
      kit_qty(&rows[i], KIT_ONE);
      rows[i].sku = sku;
      rows[i].line = i + 1;
    }
    statements = 0;
    CHECK_INT(kit_apply(store, kit_finish(&record)), QM_OK);
  }
  qm_store_close(store);
  kit_remove(&file);
  return statements;
}

TEST(rows_of_one_sku_cost_no_more_the_more_there_are) {
  int few = shipping_rows(4), many = shipping_rows(16);
  CHECK(few > 16);
  CHECK(many <= 4 * few);
}

TEST(unshared_products_run_the_same_statements_with_the_rule_and_without) {
  static journal with[6], without[6];
  live(false, with);
  live(true, without);
  for (int step = 0; step < 6; step++) {
    if (step == SHIPPING)
      remove_one(&with[step], "SELECT 1 FROM link WHERE id = ?1");
    CHECK_INT(with[step].count, without[step].count);
    CHECK(with[step].count > 2 && with[step].count < STATEMENTS);
    for (int i = 0; i < with[step].count && i < without[step].count; i++)
      CHECK_STR(with[step].text[i], without[step].text[i]);
  }
}

TEST(an_order_of_one_line_runs_nine_statements) {
  static journal steps[6];
  live(false, steps);
  CHECK_INT(steps[0].count, 9);
  for (int i = 0; i < steps[0].count && steps[0].count != 9; i++)
    fprintf(stderr, "  %s\n", steps[0].text[i]);
}

int main(void) {
  sqlite3_auto_extension((void (*)(void))attend);
  RUN(unshared_products_run_the_same_statements_with_the_rule_and_without);
  RUN(an_order_of_one_line_runs_nine_statements);
  RUN(rows_of_one_sku_cost_no_more_the_more_there_are);
  return unit_report();
}
