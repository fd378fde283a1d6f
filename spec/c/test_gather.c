/* test_gather.c: a commit writes to the log once, however many pages it has, before SQLite makes
 * the log safe and before anybody is told of it; and what cannot be written is a commit that
 * failed. The log's file is watched below the engine. */
#include "watch_vfs.h"

#include <stdlib.h>

#include "db_gather.h"

enum { MANY = 3000, MOST_BYTES = 120 * 1024 };

static kit_op record;

static sqlite3_io_methods log_file;
static const sqlite3_io_methods *real_log;
static int writes, syncs, after_sync; /* since the last look_anew; writes after the first sync */
static int64_t bytes;
static int fails_at;  /* the write that fails, 0: none */
static sqlite3 *eyes; /* looks at the file whenever the log is written; NULL: nobody does */
static int64_t told;  /* how many orders there were for it then */

static int watch_write(sqlite3_file *file, const void *from, int count, sqlite3_int64 at) {
  writes++;
  bytes += count;
  after_sync += syncs > 0;
  if (eyes)
    told = kit_ask(eyes, "SELECT count(*) FROM orders");
  return writes == fails_at ? SQLITE_IOERR_WRITE : real_log->xWrite(file, from, count, at);
}

static int watch_sync(sqlite3_file *file, int flags) {
  syncs++;
  return real_log->xSync(file, flags);
}

static void watch_opened(sqlite3_file *file, int flags) {
  if (!(flags & SQLITE_OPEN_WAL))
    return;
  real_log = file->pMethods;
  log_file = *real_log;
  log_file.xWrite = watch_write;
  log_file.xSync = watch_sync;
  file->pMethods = &log_file;
}

static void look_anew(int fails) {
  writes = syncs = after_sync = 0;
  bytes = 0;
  fails_at = fails;
}

static qm_store *open_shop(const kit_file *file, bool full) {
  qm_db_options options = kit_options(file);
  options.full = full;
  qm_store *store = NULL;
  qm_err err = {0};
  CHECK_INT(qm_store_open(&options, false, KIT_NOW, &store, &err), QM_OK);
  CHECK_INT(kit_apply(store, kit_rules(&record, 0, 0, 0)), QM_OK);
  CHECK_INT(kit_apply(store, kit_product(&record, "bike", 0)), QM_OK);
  CHECK_INT(kit_apply(store, kit_item(&record, "bike", "default", 100000 * KIT_ONE)), QM_OK);
  return store;
}

static qm_code place(qm_store *store, const char *id, int qty) {
  return kit_apply(store, kit_place(&record, id, "bike", qty * KIT_ONE));
}

/* Many orders in one commit. */
static qm_code place_many(qm_store *store, int first) {
  static qm_verdict verdicts[MANY];
  const qm_op *ops[MANY];
  char id[16];
  qm_err err = {0};
  for (int i = 0; i < MANY; i++) {
    snprintf(id, sizeof id, "m-%d", first + i);
    const qm_op *op = kit_place(&record, id, "bike", KIT_ONE);
    void *copy = malloc(op->size);
    ops[i] = memcpy(copy, op, op->size);
  }
  qm_code code = qm_store_apply(store, ops, MANY, verdicts, &err);
  for (int i = 0; i < MANY; i++)
    free((void *)(uintptr_t)ops[i]);
  return code;
}

TEST(a_commit_is_one_write_before_the_log_is_made_safe) {
  kit_file file = kit_new_file();
  qm_store *store = open_shop(&file, true);
  look_anew(0);
  CHECK_INT(place(store, "o-1", 1), QM_OK);
  CHECK_INT(writes, 1);
  CHECK_INT(syncs, 1);
  CHECK_INT(after_sync, 0);
  qm_store_close(store);
  kit_remove(&file);
}

/* Without a sync in between as well. */
TEST(nobody_is_told_of_a_commit_before_it_is_written) {
  for (int full = 0; full < 2; full++) {
    kit_file file = kit_new_file();
    qm_store *store = open_shop(&file, full);
    eyes = kit_eyes(file.path);
    look_anew(0);
    told = -1;
    CHECK_INT(place(store, "o-1", 1), QM_OK);
    CHECK_INT(writes, 1);
    CHECK_INT(told, 0);
    CHECK_INT(kit_ask(eyes, "SELECT count(*) FROM orders"), 1);
    sqlite3_close(eyes);
    eyes = NULL;
    qm_store_close(store);
    kit_remove(&file);
  }
}

TEST(a_large_commit_is_few) {
  kit_file file = kit_new_file();
  qm_store *store = open_shop(&file, true);
  look_anew(0);
  CHECK_INT(place_many(store, 0), QM_OK);
  CHECK(bytes > MOST_BYTES);
  CHECK(writes <= bytes / (MOST_BYTES - 2 * 4096) + 1);
  CHECK_INT(after_sync, 0);
  CHECK_INT(kit_verify(store), 0);
  qm_store_close(store);
  store = kit_open(&file);
  CHECK_INT(kit_verify(store), 0);
  qm_store_close(store);
  kit_remove(&file);
}

TEST(what_cannot_be_written_is_not_committed) {
  kit_file file = kit_new_file();
  qm_store *store = open_shop(&file, true);
  look_anew(1);
  CHECK_INT(place(store, "o-1", 1), QM_IO);
  CHECK_INT(writes, 1);
  look_anew(0);
  CHECK_INT(place(store, "o-2", 1), QM_OK);
  CHECK_INT(place(store, "o-1", 2), QM_OK);
  CHECK_INT(kit_verify(store), 0);
  sqlite3 *reader = kit_eyes(file.path);
  CHECK_INT(kit_ask(reader, "SELECT count(*) FROM orders"), 2);
  CHECK_INT(kit_ask(reader, "SELECT firm FROM balance"), 3 * KIT_ONE);
  sqlite3_close(reader);
  qm_store_close(store);
  kit_remove(&file);
}

/* SQLite writes a frame's head and then its page. Should it ever write otherwise, a commit would
 * not be recognised; then it is written late rather than never, and the next ones are not gathered.
 */
TEST(a_commit_that_is_not_recognised_is_written_all_the_same) {
  static const char frame[4096];
  kit_file file = kit_new_file();
  qm_store_close(open_shop(&file, true));
  sqlite3 *db = kit_eyes(file.path);
  sqlite3_file *log = NULL;
  qm_gather gather = {0};
  CHECK(kit_exec(db, "BEGIN IMMEDIATE"));
  CHECK_INT(sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log), SQLITE_OK);
  for (int committed = 0; committed < 2; committed++) {
    look_anew(0);
    qm_gather_begin(&gather, db);
    CHECK_INT(log->pMethods->xWrite(log, frame, sizeof frame, 1 << 20), SQLITE_OK);
    CHECK_INT(writes, 0);
    CHECK(qm_gather_end(&gather, committed));
    CHECK_INT(writes, committed);
  }
  qm_gather_begin(&gather, db);
  CHECK_INT(log->pMethods->xWrite(log, frame, sizeof frame, 1 << 20), SQLITE_OK);
  CHECK_INT(writes, 2);
  CHECK(qm_gather_end(&gather, true));
  CHECK(kit_exec(db, "ROLLBACK"));
  sqlite3_close(db);
  qm_gather_free(&gather);
  kit_remove(&file);
}

int main(void) {
  watch(watch_opened);
  RUN(a_commit_is_one_write_before_the_log_is_made_safe);
  RUN(nobody_is_told_of_a_commit_before_it_is_written);
  RUN(a_large_commit_is_few);
  RUN(what_cannot_be_written_is_not_committed);
  RUN(a_commit_that_is_not_recognised_is_written_all_the_same);
  return unit_report();
}
