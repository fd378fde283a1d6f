/* test_links.c: one source in more stocks than are looked at in one go.
 *
 * Stores that share sources on purpose may link one to hundreds of stocks; whatever happens at the
 * source counts in each of them. */
#include "store_kit.h"

enum { STOCKS = 600 };

static kit_op record;

static const char MANY[] =
    "INSERT INTO source (id, code, name, enabled, country, postcode, pickup)"
    " VALUES (2, 'hub', 'Hub', 1, 'DE', '80331', 0);"
    "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= 600)"
    " INSERT INTO stock (id, name) SELECT i, 'stock ' || i FROM n;"
    "INSERT INTO link SELECT id * 65536 + 2, id, 2, 1 FROM stock WHERE id > 1;"
    "INSERT INTO product (id, sku, type, own, b2b, state)"
    " VALUES (1, CAST('bike' AS BLOB), 0, 1, 0, 1);";

static qm_store *open_shared(const kit_file *file, sqlite3 **eyes) {
  qm_db_options options = kit_options(file);
  qm_store *store = NULL;
  qm_err err = {0};
  CHECK_INT(qm_store_open(&options, true, KIT_NOW, &store, &err), QM_OK);
  CHECK_INT(kit_apply(store, kit_rules(&record, 0, 0, 0)), QM_OK);
  *eyes = kit_eyes(file->path);
  CHECK(kit_exec(*eyes, MANY));
  CHECK_INT(kit_ask(*eyes, "SELECT count(*) FROM link WHERE source = 2"), STOCKS);
  return store;
}

static const qm_op *enable(int enabled) {
  qm_op *head = kit_begin(&record, QM_OP_SOURCE);
  head->source = kit_text(&record, "hub");
  head->flags = QM_HAS_ENABLED;
  head->enabled = enabled;
  return kit_finish(&record);
}

/* The stocks in which all that is at the source counts, by each number of a balance. */
static void check_stocks(sqlite3 *eyes, int active) {
  CHECK_INT(kit_ask(eyes, "SELECT sum(assigned) FROM balance"), STOCKS);
  CHECK_INT(kit_ask(eyes, "SELECT sum(active) FROM balance"), active);
  CHECK_INT(kit_ask(eyes, "SELECT sum(in_stock) FROM balance"), active);
  CHECK_INT(kit_ask(eyes, "SELECT sum(on_hand) FROM balance"), active * 5 * KIT_ONE);
}

TEST(a_source_counts_in_all_of_its_stocks) {
  kit_file file = kit_new_file();
  sqlite3 *eyes;
  qm_store *store = open_shared(&file, &eyes);
  CHECK_INT(kit_apply(store, kit_item(&record, "bike", "hub", 5 * KIT_ONE)), QM_OK);
  check_stocks(eyes, STOCKS);
  CHECK_INT(kit_apply(store, enable(0)), QM_OK);
  check_stocks(eyes, 0);
  CHECK_INT(kit_apply(store, enable(1)), QM_OK);
  check_stocks(eyes, STOCKS);
  sqlite3_close(eyes);
  qm_store_close(store);
  kit_remove(&file);
}

int main(void) {
  RUN(a_source_counts_in_all_of_its_stocks);
  return unit_report();
}
