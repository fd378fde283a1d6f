/* test_compact.c: finished orders are found in one transaction and written in another. What happens
 * in between must not be lost, and what was found must not be believed. */
#include "store_kit.h"

#include <string.h>

static kit_op record;

/* Orders o-1 to o-3 of two bikes each, shipped whole. */
static qm_store *new_shop(const kit_file *file) {
  qm_store *store = kit_shop(file, 0, 100 * KIT_ONE);
  char id[16], shipment[16];
  for (int i = 1; i <= 3; i++) {
    snprintf(id, sizeof id, "o-%d", i);
    snprintf(shipment, sizeof shipment, "s-%d", i);
    CHECK_INT(kit_apply(store, kit_place(&record, id, "bike", 2 * KIT_ONE)), QM_OK);
    CHECK_INT(kit_apply(store, kit_event(&record, QM_OP_SHIP, shipment, id, "bike", "default",
                                         2 * KIT_ONE)),
              QM_OK);
  }
  return store;
}

static const qm_op *build(const qm_settled *rows, size_t count) {
  kit_begin(&record, QM_OP_COMPACT);
  qm_span span = kit_bytes(&record, rows, count * sizeof *rows);
  kit_head(&record)->settled_at = span.at;
  kit_head(&record)->settled_count = (uint32_t)count;
  return kit_finish(&record);
}

/* Finds all, as it is now. */
static size_t find(qm_store *store, qm_settled rows[32]) {
  qm_finished found;
  qm_err err = {0};
  CHECK_INT(qm_store_finished(store, INT64_MAX, 100, &found, &err), QM_OK);
  if (found.count > 32)
    abort();
  if (found.count > 0)
    memcpy(rows, found.rows, found.count * sizeof *rows);
  return found.count;
}

/* Writes what was found earlier; returns how many orders were compacted. */
static int64_t compact(qm_store *store, const qm_settled *rows, size_t count) {
  qm_verdict verdict;
  qm_err err = {0};
  const qm_op *op = build(rows, count);
  CHECK_INT(qm_store_apply(store, &op, 1, &verdict, &err), QM_OK);
  CHECK_INT(verdict.code, QM_OK);
  CHECK_INT(kit_verify(store), 0);
  return verdict.value;
}

TEST(what_was_found_is_written) {
  kit_file file = kit_new_file();
  qm_store *store = new_shop(&file);
  qm_settled rows[32];
  size_t count = find(store, rows);
  CHECK_INT(count, 6);
  CHECK_INT(compact(store, rows, count), 3);
  CHECK_INT(find(store, rows), 0);
  qm_store_close(store);
  kit_remove(&file);
}

TEST(a_row_that_came_meanwhile_stays) {
  kit_file file = kit_new_file();
  qm_store *store = new_shop(&file);
  sqlite3 *eyes = kit_eyes(file.path);
  qm_settled rows[32];
  size_t count = find(store, rows);
  CHECK_INT(
      kit_apply(store, kit_event(&record, QM_OP_RETURN, "b-1", "o-2", "bike", "default", KIT_ONE)),
      QM_OK);
  CHECK_INT(compact(store, rows, count), 3);
  CHECK_INT(kit_ask(eyes, "SELECT moved FROM ledger WHERE event = 6"), KIT_ONE);
  CHECK_INT(kit_ask(eyes, "SELECT sum(moved) FROM ledger WHERE event = 29"), -6 * KIT_ONE);
  count = find(store, rows);
  CHECK_INT(count, 2);
  CHECK_INT(compact(store, rows, count), 1);
  sqlite3_close(eyes);
  qm_store_close(store);
  kit_remove(&file);
}

TEST(what_somebody_else_has_compacted_is_left_alone) {
  kit_file file = kit_new_file();
  qm_store *store = new_shop(&file);
  qm_settled rows[32];
  size_t count = find(store, rows);
  CHECK_INT(compact(store, rows + 2, 2), 1); /* o-2 */
  CHECK_INT(compact(store, rows, count), 2);
  CHECK_INT(compact(store, rows, count), 0);
  qm_store_close(store);
  kit_remove(&file);
}

TEST(rows_that_are_not_the_orders_own_are_not_touched) {
  kit_file file = kit_new_file();
  qm_store *store = new_shop(&file);
  sqlite3 *eyes = kit_eyes(file.path);
  qm_settled rows[32];
  size_t count = find(store, rows);
  CHECK_INT(kit_apply(store, kit_place(&record, "open", "bike", KIT_ONE)), QM_OK);
  int64_t last = kit_ask(eyes, "SELECT max(seq) FROM ledger");
  int64_t open = kit_ask(eyes, "SELECT document FROM ledger ORDER BY seq DESC LIMIT 1");
  int64_t ledger = kit_ask(eyes, "SELECT count(*) FROM ledger");
  const qm_settled wrong[] = {
      {rows[0].order, last}, {rows[2].order, rows[2].seq}, {open, last}, {rows[4].order, 999}};
  CHECK_INT(compact(store, wrong, sizeof wrong / sizeof *wrong), 0);
  CHECK_INT(kit_ask(eyes, "SELECT count(*) FROM ledger"), ledger);
  CHECK_INT(compact(store, rows, count), 3);
  sqlite3_close(eyes);
  qm_store_close(store);
  kit_remove(&file);
}

int main(void) {
  RUN(what_was_found_is_written);
  RUN(a_row_that_came_meanwhile_stays);
  RUN(what_somebody_else_has_compacted_is_left_alone);
  RUN(rows_that_are_not_the_orders_own_are_not_touched);
  return unit_report();
}
