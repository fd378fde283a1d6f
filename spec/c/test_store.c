/* test_store.c: the one way in and out of a file, called as the binding calls it.
 *
 * What is promised: a batch has one verdict per record and one commit; a refusal leaves no trace; a
 * file that fails undoes everything; a handle belongs to its process; the log does not grow without
 * end. Traces are looked for in a dump of all tables. */
#include "store_kit.h"

#include <sys/stat.h>
#include <sys/wait.h>

enum { BATCH = 8 };

static kit_op records[BATCH];

static bool same_dump(sqlite3 *eyes, const char *before) {
  char *after = kit_dump(eyes);
  bool same = CHECK_STR(after, before);
  sqlite3_free(after);
  return same;
}

/* ---- batches ---- */

TEST(a_batch_has_a_verdict_for_each_record_and_one_commit) {
  static const qm_code CODES[] = {QM_OK, QM_NOT_ENOUGH, QM_NOT_FOUND, QM_OK, QM_OK, QM_CONFLICT};
  kit_file file = kit_new_file();
  qm_store *store = kit_shop(&file, 0, 10 * KIT_ONE);
  const qm_op *ops[] = {kit_place(&records[0], "a", "bike", 4 * KIT_ONE),
                        kit_place(&records[1], "b", "bike", 7 * KIT_ONE),
                        kit_place(&records[2], "c", "boat", KIT_ONE),
                        kit_place(&records[3], "d", "bike", 6 * KIT_ONE),
                        kit_place(&records[4], "a", "bike", 4 * KIT_ONE),
                        kit_place(&records[5], "d", "bike", 5 * KIT_ONE)};
  qm_verdict verdicts[6];
  qm_err err = {0};
  int before = kit_commits(&file);
  CHECK_INT(qm_store_apply(store, ops, 6, verdicts, &err), QM_OK);
  CHECK_INT(kit_commits(&file), before + 1);
  for (int i = 0; i < 6; i++) {
    CHECK_INT(verdicts[i].code, CODES[i]);
    CHECK_INT(verdicts[i].problem_count > 0, CODES[i] != QM_OK);
    CHECK_INT(verdicts[i].replayed, i == 4);
  }
  CHECK_INT(verdicts[0].entry_count, 1);
  CHECK_INT(verdicts[4].entry_count, 1);
  CHECK_INT(kit_verify(store), 0);
  qm_store_close(store);
  kit_remove(&file);
}

/* Records that are refused after they have begun to write: the second row is wrong. */
static const qm_op *refused(kit_op *op, int which) {
  static const qm_op_kind KINDS[] = {QM_OP_CANCEL, QM_OP_SHIP,   QM_OP_INVOICE,
                                     QM_OP_REFUND, QM_OP_RETURN, QM_OP_ADJUST,
                                     QM_OP_ADOPT,  QM_OP_ITEMS,  QM_OP_PLACE};
  qm_op *head = kit_begin(op, KINDS[which]);
  head->id = kit_text(op, "refused");
  head->order = kit_text(op, "order");
  qm_row *rows = kit_rows(op, 2);
  for (int i = 0; i < 2; i++) {
    rows[i].line = i + 1;
    rows[i].sku = kit_text(op, "bike");
    rows[i].flags = QM_HAS_STOCK;
    rows[i].stock = 1 + i;
    kit_qty(&rows[i], i == 0 ? KIT_ONE : QM_QTY_MAX);
  }
  if (head->kind == QM_OP_PLACE) {
    head->stock = 1;
    head->flags |= QM_HAS_STOCK;
  }
  if (head->kind == QM_OP_ITEMS)
    rows[1].sku = kit_text(op, " no SKU ");
  return kit_finish(op);
}

enum { REFUSALS = 9 };

/* An order of 5 of which 4 are paid and 2 delivered, so that each event has something to do. */
static qm_store *busy_shop(const kit_file *file) {
  qm_store *store = kit_shop(file, 0, 10 * KIT_ONE);
  kit_op *op = &records[0];
  CHECK_INT(kit_apply(store, kit_place(op, "order", "bike", 5 * KIT_ONE)), QM_OK);
  const qm_op *record = kit_event(op, QM_OP_SHIP, "s", "order", "bike", "default", 2 * KIT_ONE);
  CHECK_INT(kit_apply(store, record), QM_OK);
  record = kit_event(op, QM_OP_INVOICE, "i", "order", "bike", NULL, 4 * KIT_ONE);
  CHECK_INT(kit_apply(store, record), QM_OK);
  return store;
}

TEST(a_refused_record_leaves_no_trace) {
  kit_file file = kit_new_file();
  qm_store *store = busy_shop(&file);
  sqlite3 *eyes = kit_eyes(file.path);
  char *before = kit_dump(eyes);
  for (int i = 0; i < REFUSALS; i++) {
    bool held = CHECK(kit_apply(store, refused(&records[0], i)) != QM_OK);
    if (!same_dump(eyes, before) || !held)
      fprintf(stderr, "  refusal %d\n", i);
  }
  sqlite3_free(before);
  sqlite3_close(eyes);
  qm_store_close(store);
  kit_remove(&file);
}

/* The same requests, once with a refused one among them and once without. */
TEST(a_refusal_among_others_changes_nothing_for_them) {
  char *dumps[REFUSALS + 1];
  for (int i = 0; i <= REFUSALS; i++) {
    kit_file file = kit_new_file();
    qm_store *store = busy_shop(&file);
    const qm_op *ops[3];
    qm_verdict verdicts[3];
    qm_err err = {0};
    size_t count = 0;
    ops[count++] = kit_event(&records[0], QM_OP_SHIP, "s2", "order", "bike", NULL, KIT_ONE);
    if (i < REFUSALS)
      ops[count++] = refused(&records[1], i);
    ops[count++] = kit_place(&records[2], "last", "bike", KIT_ONE);
    CHECK_INT(qm_store_apply(store, ops, count, verdicts, &err), QM_OK);
    CHECK_INT(verdicts[0].code, QM_OK);
    CHECK_INT(verdicts[count - 1].code, QM_OK);
    sqlite3 *eyes = kit_eyes(file.path);
    dumps[i] = kit_dump(eyes);
    sqlite3_close(eyes);
    CHECK_INT(kit_verify(store), 0);
    qm_store_close(store);
    kit_remove(&file);
  }
  for (int i = 0; i < REFUSALS; i++) {
    if (!CHECK_STR(dumps[i], dumps[REFUSALS]))
      fprintf(stderr, "  refusal %d\n", i);
    sqlite3_free(dumps[i]);
  }
  sqlite3_free(dumps[REFUSALS]);
}

TEST(a_repeated_record_changes_nothing) {
  kit_file file = kit_new_file();
  qm_store *store = busy_shop(&file);
  sqlite3 *eyes = kit_eyes(file.path);
  char *before = kit_dump(eyes);
  kit_op *op = &records[0];
  for (int i = 0; i < 3; i++) {
    CHECK_INT(kit_apply(store, kit_place(op, "order", "bike", 5 * KIT_ONE)), QM_OK);
    const qm_op *record = kit_event(op, QM_OP_SHIP, "s", "order", "bike", "default", 2 * KIT_ONE);
    CHECK_INT(kit_apply(store, record), QM_OK);
    record = kit_event(op, QM_OP_SHIP, "s", "order", "bike", "default", KIT_ONE);
    CHECK_INT(kit_apply(store, record), QM_CONFLICT);
    same_dump(eyes, before);
  }
  sqlite3_free(before);
  sqlite3_close(eyes);
  qm_store_close(store);
  kit_remove(&file);
}

/* ---- a file that fails ---- */

/* A batch of a thousand orders does not fit into a few more pages; of the first ones that would,
 * none may be there afterwards, and the handle goes on. */
TEST(a_full_file_undoes_the_whole_batch) {
  enum { ORDERS = 1000 };
  static kit_op ops[ORDERS];
  static const qm_op *list[ORDERS];
  static qm_verdict verdicts[ORDERS];
  kit_file file = kit_new_file();
  qm_store_close(kit_shop(&file, 0, ORDERS * KIT_ONE));
  sqlite3 *eyes = kit_eyes(file.path);
  char *before = kit_dump(eyes);
  qm_db_options options = kit_options(&file);
  options.max_pages = kit_ask(eyes, "PRAGMA page_count") + 4;
  qm_store *store = NULL;
  qm_err err = {0};
  CHECK_INT(qm_store_open(&options, false, KIT_NOW, &store, &err), QM_OK);
  for (int i = 0; i < ORDERS; i++) {
    char id[16];
    snprintf(id, sizeof id, "o-%d", i);
    list[i] = kit_place(&ops[i], id, "bike", KIT_ONE);
  }
  CHECK_INT(qm_store_apply(store, list, ORDERS, verdicts, &err), QM_FULL);
  CHECK_INT(err.code, QM_FULL);
  CHECK(strlen(err.text) > 0);
  same_dump(eyes, before);
  CHECK_INT(kit_apply(store, list[0]), QM_OK);
  CHECK_INT(kit_ask(eyes, "SELECT count(*) FROM orders"), 1);
  CHECK_INT(kit_verify(store), 0);
  qm_store_close(store);
  store = kit_open(&file);
  CHECK_INT(qm_store_apply(store, list, ORDERS, verdicts, &err), QM_OK);
  CHECK_INT(kit_ask(eyes, "SELECT count(*) FROM orders"), ORDERS);
  CHECK_INT(kit_ask(eyes, "SELECT firm FROM balance"), ORDERS * KIT_ONE);
  CHECK_INT(kit_verify(store), 0);
  sqlite3_free(before);
  sqlite3_close(eyes);
  qm_store_close(store);
  kit_remove(&file);
}

TEST(a_file_opened_for_reading_is_not_written) {
  kit_file file = kit_new_file();
  qm_store_close(kit_shop(&file, 0, KIT_ONE));
  qm_db_options options = kit_options(&file);
  options.readonly = true;
  options.create = false;
  qm_store *store = NULL;
  qm_verdict verdict;
  qm_err err = {0};
  const qm_op *op = kit_place(&records[0], "o", "bike", KIT_ONE);
  CHECK_INT(qm_store_open(&options, false, KIT_NOW, &store, &err), QM_OK);
  CHECK_INT(qm_store_apply(store, &op, 1, &verdict, &err), QM_READONLY);
  CHECK_INT(kit_verify(store), 0);
  qm_store_close(store);
  kit_remove(&file);
}

/* ---- fork ---- */

static qm_code try_stand(qm_store *store, qm_err *err) {
  qm_where where = {.stock = 1};
  qm_str sku = kit_str("bike");
  qm_stand stand;
  qm_problem_kind problem;
  return qm_store_stand(store, &where, &sku, 1, KIT_NOW, &stand, &problem, err);
}

static qm_code try_supply(qm_store *store, qm_err *err) {
  qm_str sku = kit_str("bike");
  qm_supply_request request = {.where = {.stock = 1}, .skus = &sku, .sku_count = 1};
  qm_supply supply;
  qm_problem_kind problem;
  return qm_store_supply(store, &request, &supply, &problem, err);
}

static qm_code try_verify(qm_store *store, qm_err *err) {
  qm_verify_counts counts;
  int differences = 0;
  return qm_store_verify(store, kit_count_difference, &differences, &counts, err);
}

static qm_code try_apply(qm_store *store, qm_err *err) {
  const qm_op *op = kit_place(&records[1], "from the child", "bike", KIT_ONE);
  qm_verdict verdict;
  return qm_store_apply(store, &op, 1, &verdict, err);
}

static void ignore_text(void *context, const char *text) {
  (void)context, (void)text;
}

static qm_code try_check(qm_store *store, qm_err *err) {
  return qm_db_check(qm_store_db(store), ignore_text, NULL, err);
}

static qm_code try_alive(qm_store *store, qm_err *err) {
  return qm_db_alive(qm_store_db(store), err);
}

static qm_code try_begin_read(qm_store *store, qm_err *err) {
  return qm_db_begin_read(qm_store_db(store), err);
}

static qm_code try_begin_write(qm_store *store, qm_err *err) {
  return qm_db_begin_write(qm_store_db(store), err);
}

static qm_code (*const ENTRIES[])(qm_store *store, qm_err *err) = {
    try_apply, try_stand, try_supply,     try_verify,
    try_check, try_alive, try_begin_read, try_begin_write};

enum { ENTRY_COUNT = sizeof ENTRIES / sizeof ENTRIES[0] };

/* What a child finds: 0, or 1 + the entry that did not refuse. */
static int visit(qm_store *store) {
  for (int i = 0; i < ENTRY_COUNT; i++) {
    qm_err err = {0};
    if (ENTRIES[i](store, &err) != QM_FORKED || err.code != QM_FORKED || strlen(err.text) == 0)
      return 1 + i;
  }
  qm_store_close(store);
  return 0;
}

/* The child ends by becoming another program: it must leave the inherited handle alone, and a
 * checker of memory would take that for a leak. */
static int in_child(qm_store *store) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    char command[32];
    snprintf(command, sizeof command, "exit %d", visit(store));
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
  }
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
    return -1;
  return WEXITSTATUS(status);
}

TEST(a_handle_carried_across_fork_is_refused_by_every_entry) {
  kit_file file = kit_new_file();
  qm_store *store = kit_shop(&file, 0, 10 * KIT_ONE);
  for (int i = 1; i < ENTRY_COUNT; i++) {
    qm_err err = {0};
    qm_db *db = qm_store_db(store);
    CHECK_INT(ENTRIES[i](store, &err), QM_OK);
    qm_db_rollback(db);
  }
  CHECK_INT(in_child(store), 0);
  qm_store_close(store);
  kit_remove(&file);
}

/* The parent's locks and its log survive what the child does: it still writes, alone and beside
 * another handle, and nothing of the child is in the file. */
TEST(closing_in_the_child_does_not_disturb_the_parent) {
  kit_file file = kit_new_file();
  qm_store *store = kit_shop(&file, 0, 10 * KIT_ONE);
  sqlite3 *eyes = kit_eyes(file.path);
  for (int i = 0; i < 5; i++) {
    char id[16];
    snprintf(id, sizeof id, "o-%d", i);
    CHECK_INT(kit_apply(store, kit_place(&records[0], id, "bike", KIT_ONE)), QM_OK);
    CHECK_INT(in_child(store), 0);
    qm_store *other = kit_open(&file);
    snprintf(id, sizeof id, "p-%d", i);
    CHECK_INT(kit_apply(other, kit_place(&records[0], id, "bike", KIT_ONE)), QM_OK);
    qm_store_close(other);
  }
  CHECK_INT(kit_ask(eyes, "SELECT count(*) FROM orders"), 10);
  CHECK_INT(kit_apply(store, kit_place(&records[0], "more", "bike", 1)), QM_NOT_ENOUGH);
  CHECK_INT(kit_verify(store), 0);
  sqlite3_close(eyes);
  qm_store_close(store);
  kit_remove(&file);
}

/* ---- several handles ---- */

TEST(two_handles_sell_what_is_there_and_no_more) {
  enum { PIECES = 40 };
  kit_file file = kit_new_file();
  qm_store *stores[2] = {kit_shop(&file, 0, PIECES * KIT_ONE), kit_open(&file)};
  int sold = 0;
  for (int i = 0; i < 2 * PIECES; i++) {
    char id[16];
    snprintf(id, sizeof id, "o-%d", i);
    qm_code code = kit_apply(stores[i % 2], kit_place(&records[0], id, "bike", KIT_ONE));
    CHECK(code == QM_OK || code == QM_NOT_ENOUGH);
    sold += code == QM_OK;
  }
  CHECK_INT(sold, PIECES);
  CHECK_INT(kit_verify(stores[0]), 0);
  qm_store_close(stores[1]);
  CHECK_INT(kit_apply(stores[0], kit_place(&records[0], "last", "bike", 1)), QM_NOT_ENOUGH);
  qm_store_close(stores[0]);
  kit_remove(&file);
}

TEST(a_writer_that_is_in_the_way_is_busy_and_readers_go_on) {
  kit_file file = kit_new_file();
  qm_store_close(kit_shop(&file, 0, 10 * KIT_ONE));
  sqlite3 *eyes = kit_eyes(file.path);
  qm_db_options options = kit_options(&file);
  options.busy_ms = 0;
  qm_store *store = NULL;
  qm_err err = {0};
  qm_verdict verdict;
  const qm_op *op = kit_place(&records[0], "o", "bike", KIT_ONE);
  CHECK_INT(qm_store_open(&options, false, KIT_NOW, &store, &err), QM_OK);
  CHECK(kit_exec(eyes, "BEGIN IMMEDIATE; DELETE FROM document"));
  CHECK_INT(qm_store_apply(store, &op, 1, &verdict, &err), QM_BUSY);
  CHECK(qm_code_transient(err.code));
  CHECK_INT(try_stand(store, &err), QM_OK);
  CHECK_INT(try_verify(store, &err), QM_OK);
  CHECK(kit_exec(eyes, "ROLLBACK"));
  CHECK_INT(qm_store_apply(store, &op, 1, &verdict, &err), QM_OK);
  sqlite3_close(eyes);
  qm_store_close(store);
  kit_remove(&file);
}

/* ---- the log ---- */

static int64_t log_pages(const kit_file *file) {
  char path[KIT_PATH + 32];
  struct stat st;
  snprintf(path, sizeof path, "%s-wal", file->path);
  return stat(path, &st) == 0 ? (int64_t)st.st_size / (KIT_FRAME_HEADER + KIT_PAGE) : 0;
}

static void sell(qm_store *store, const char *name, int count) {
  for (int i = 0; i < count; i++) {
    char id[32];
    snprintf(id, sizeof id, "%s-%d", name, i);
    if (!CHECK_INT(kit_apply(store, kit_place(&records[0], id, "bike", KIT_ONE)), QM_OK))
      return;
  }
}

/* An order writes some ten pages to the log, so the log would be as long as all of them together. A
 * reader that stays holds the checkpoint up; when it has gone the log stops growing again. */
TEST(the_log_stays_bounded) {
  enum { ORDERS = 1500, BOUND = 1100 };
  kit_file file = kit_new_file();
  qm_store *store = kit_shop(&file, 0, 10 * ORDERS * KIT_ONE);
  sell(store, "a", ORDERS);
  CHECK(log_pages(&file) > 100 && log_pages(&file) < BOUND);

  sqlite3 *eyes = kit_eyes(file.path);
  CHECK(kit_exec(eyes, "BEGIN; SELECT count(*) FROM orders"));
  sell(store, "b", 300);
  CHECK_INT(kit_ask(eyes, "SELECT count(*) FROM orders"), ORDERS);
  CHECK(kit_exec(eyes, "ROLLBACK"));
  sell(store, "c", 10);
  int64_t longest = log_pages(&file);
  sell(store, "d", ORDERS);
  CHECK(log_pages(&file) <= longest + BOUND);

  CHECK_INT(kit_ask(eyes, "SELECT count(*) FROM orders"), 2 * ORDERS + 310);
  CHECK_INT(kit_verify(store), 0);
  sqlite3_close(eyes);
  qm_store_close(store);
  kit_remove(&file);
}

/* A file that was closed is whole without its log. */
TEST(closing_returns_the_log_to_the_file) {
  kit_file file = kit_new_file();
  qm_store *store = kit_shop(&file, 0, 10 * KIT_ONE);
  char path[KIT_PATH + 32];
  sell(store, "o", 5);
  qm_store_close(store);
  snprintf(path, sizeof path, "%s-wal", file.path);
  unlink(path);
  snprintf(path, sizeof path, "%s-shm", file.path);
  unlink(path);
  store = kit_open(&file);
  sqlite3 *eyes = kit_eyes(file.path);
  CHECK_INT(kit_ask(eyes, "SELECT count(*) FROM orders"), 5);
  CHECK_INT(kit_verify(store), 0);
  sqlite3_close(eyes);
  qm_store_close(store);
  kit_remove(&file);
}

int main(void) {
  RUN(a_batch_has_a_verdict_for_each_record_and_one_commit);
  RUN(a_refused_record_leaves_no_trace);
  RUN(a_refusal_among_others_changes_nothing_for_them);
  RUN(a_repeated_record_changes_nothing);
  RUN(a_full_file_undoes_the_whole_batch);
  RUN(a_file_opened_for_reading_is_not_written);
  RUN(a_handle_carried_across_fork_is_refused_by_every_entry);
  RUN(closing_in_the_child_does_not_disturb_the_parent);
  RUN(two_handles_sell_what_is_there_and_no_more);
  RUN(a_writer_that_is_in_the_way_is_busy_and_readers_go_on);
  RUN(the_log_stays_bounded);
  RUN(closing_returns_the_log_to_the_file);
  return unit_report();
}
