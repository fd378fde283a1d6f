/* test_db.c: the driver by itself, where no spec can look: a lack of memory at every single place,
 * waiting and not waiting for another connection, names of files, the mode of the log.
 *
 * SQLite gets an allocator that refuses on command: the n-th request alone, or all from the n-th
 * on. The second pair of eyes of store_kit.h uses the same one, so it is only asked when nothing is
 * refused. SQLite's small-block caches are switched off, or most requests would never be seen. */
#include "store_kit.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

#include "db_file.h"
#include "tx.h"

/* ---- an allocator that refuses ---- */

static sqlite3_mem_methods plain;
static int64_t requests, refused_from; /* 0: nothing is refused */
static bool refused_for_good, was_refused;

static bool refuse(void) {
  requests++;
  bool now =
      refused_from > 0 && (refused_for_good ? requests >= refused_from : requests == refused_from);
  was_refused |= now;
  return now;
}

static void *take(int size) {
  return refuse() ? NULL : plain.xMalloc(size);
}

static void *resize(void *old, int size) {
  return refuse() ? NULL : plain.xRealloc(old, size);
}

static void refuse_from(int64_t n, bool for_good) {
  requests = 0;
  refused_from = n;
  refused_for_good = for_good;
  was_refused = false;
}

static void refuse_nothing(void) {
  refused_from = 0;
}

static bool install_allocator(void) {
  sqlite3_mem_methods refusing;
  if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain) != SQLITE_OK)
    return false;
  refusing = plain;
  refusing.xMalloc = take;
  refusing.xRealloc = resize;
  return sqlite3_config(SQLITE_CONFIG_MALLOC, &refusing) == SQLITE_OK &&
         sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK &&
         sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0) == SQLITE_OK;
}

/* ---- steps ---- */

static qm_db *open_db(const qm_db_options *options) {
  qm_db *db = NULL;
  qm_err err = {0};
  if (!CHECK_INT(qm_db_open(options, &db, &err), QM_OK))
    fprintf(stderr, "  %s\n", err.text);
  return db;
}

static qm_code put_setting(qm_db *db, const char *name, const char *value, qm_err *err) {
  qm_val values[] = {QM_T(kit_str(name)), QM_T(kit_str(value))};
  return qm_db_run(db, QM_SQL_SETTING_PUT, values, 2, err);
}

static qm_code write_setting(qm_db *db, const char *name, const char *value, qm_err *err) {
  qm_code code = qm_db_begin_write(db, err);
  if (!code)
    code = put_setting(db, name, value, err);
  if (!code)
    return qm_db_commit(db, err);
  qm_db_rollback(db);
  return code;
}

/* Writes about as an order does: several tables, a savepoint, a unique key. */
static qm_code write_much(qm_db *db, qm_err *err) {
  char name[24], value[400];
  memset(value, 'v', sizeof value);
  value[sizeof value - 1] = '\0';
  qm_code code = qm_db_begin_write(db, err);
  if (code)
    return code;
  code = qm_db_run(db, QM_SQL_SAVEPOINT, NULL, 0, err);
  for (int i = 0; !code && i < 60; i++) {
    snprintf(name, sizeof name, "much-%d", i);
    code = put_setting(db, name, value, err);
  }
  if (!code)
    code = qm_db_run(db, QM_SQL_RELEASE, NULL, 0, err);
  if (!code)
    code = qm_db_run(db, QM_SQL_SHOP_NEXT, NULL, 0, err);
  if (!code)
    return qm_db_commit(db, err);
  qm_db_rollback(db);
  return code;
}

static qm_code write_and_undo(qm_db *db, qm_err *err) {
  qm_code code = qm_db_begin_write(db, err);
  if (!code)
    code = put_setting(db, "undone", "x", err);
  qm_db_rollback(db);
  return code;
}

static qm_code read_little(qm_db *db, qm_err *err) {
  bool row = false;
  qm_code code = qm_db_begin_read(db, err);
  if (code)
    return code;
  code = qm_db_first(db, QM_SQL_SOURCE_COUNT, NULL, 0, &row, err);
  if (!code && row)
    qm_db_end(db, QM_SQL_SOURCE_COUNT);
  if (!code)
    return qm_db_commit(db, err);
  qm_db_rollback(db);
  return code;
}

static void ignore_text(void *context, const char *text) {
  (void)context, (void)text;
}

static qm_code check_all(qm_db *db, qm_err *err) {
  return qm_db_check(db, ignore_text, NULL, err);
}

static qm_code return_log(qm_db *db, qm_err *err) {
  (void)err;
  qm_db_return_log(db);
  return QM_OK;
}

static qm_code (*const STEPS[])(qm_db *db, qm_err *err) = {write_much, write_and_undo, read_little,
                                                           return_log, write_much,     check_all};

enum { STEP_COUNT = sizeof STEPS / sizeof STEPS[0] };

/* ---- memory ---- */

/* Far into a step most requests are of one kind, the parsing of the schema: of those only some are
 * refused, unless the program is told to refuse each: test_db every. */
static int stride = 29;

static int64_t next_request(int64_t n) {
  enum { DENSE = 250 };
  return n + (n < DENSE ? 1 : stride);
}

/* A failure for want of memory says so. */
static bool check_failure(qm_code code, const qm_err *err) {
  if (code == QM_OK)
    return true;
  return CHECK_INT(code, QM_MEMORY) && CHECK_INT(err->code, QM_MEMORY) &&
         CHECK(strlen(err->text) > 0);
}

/* Does nobody hold the file, and does the handle still work? */
static bool check_usable(qm_db *db, sqlite3 *eyes) {
  qm_err err = {0};
  bool held = CHECK(kit_exec(eyes, "BEGIN IMMEDIATE")) && CHECK(kit_exec(eyes, "ROLLBACK"));
  held &= CHECK_INT(kit_ask(eyes, "SELECT count(*) FROM setting WHERE name = 'undone'"), 0);
  int64_t much = kit_ask(eyes, "SELECT count(*) FROM setting WHERE name LIKE 'much-%'");
  held &= CHECK(much == 0 || much == 60);
  held &= CHECK_INT(write_setting(db, "after", "x", &err), QM_OK);
  held &= CHECK(kit_exec(eyes, "DELETE FROM setting"));
  return held;
}

/* Every step as the first of a new handle, with the n-th request refused; n counts on until a run
 * needs fewer. */
static void run_out_on_handle(bool for_good) {
  kit_file file = kit_new_file();
  qm_db_options options = kit_options(&file);
  options.busy_ms = 0;
  qm_store_close(kit_open(&file));
  sqlite3 *eyes = kit_eyes(file.path);
  sqlite3_busy_timeout(eyes, 0);
  kit_exec(eyes, "PRAGMA synchronous = OFF");
  for (int step = 0; step < STEP_COUNT; step++) {
    bool held = true;
    was_refused = true;
    for (int64_t n = 1; held && was_refused; n = next_request(n)) {
      qm_err err = {0};
      qm_db *db = open_db(&options);
      refuse_from(n, for_good);
      qm_code code = STEPS[step](db, &err);
      refuse_nothing();
      held = check_failure(code, &err) && check_usable(db, eyes);
      if (!held)
        fprintf(stderr, "  step %d, request %lld\n", step, (long long)n);
      qm_db_close(db);
    }
  }
  sqlite3_close(eyes);
  kit_remove(&file);
}

TEST(a_handle_works_again_after_any_one_request_was_refused) {
  run_out_on_handle(false);
}

TEST(a_handle_works_again_after_all_memory_was_refused_for_a_while) {
  run_out_on_handle(true);
}

/* What a failure left behind is not in the way of the next. A file to make is made anew each time.
 */
static void run_out_while_opening(bool for_good, bool make) {
  kit_file file = kit_new_file();
  qm_db_options options = kit_options(&file);
  options.busy_ms = 0;
  bool held = true;
  if (!make)
    qm_store_close(kit_open(&file));
  was_refused = true;
  for (int64_t n = 1; held && was_refused; n = next_request(n)) {
    qm_err err = {0};
    qm_db *db = NULL;
    refuse_from(n, for_good);
    qm_code code = qm_db_open(&options, &db, &err);
    refuse_nothing();
    held = check_failure(code, &err) && CHECK((db == NULL) == (code != QM_OK));
    if (held && !db)
      db = open_db(&options);
    held = held && db && CHECK_INT(write_setting(db, "after", "x", &err), QM_OK);
    if (!held)
      fprintf(stderr, "  request %lld\n", (long long)n);
    qm_db_close(db);
    if (make)
      unlink(file.path);
  }
  kit_remove(&file);
}

TEST(opening_a_file_lacks_memory_anywhere_and_says_so) {
  run_out_while_opening(false, false);
  run_out_while_opening(true, false);
}

TEST(making_a_file_lacks_memory_anywhere_and_says_so) {
  run_out_while_opening(false, true);
  run_out_while_opening(true, true);
}

/* The least that can be refused: not one request may be needed to give a lock back. */
TEST(a_rollback_needs_no_memory) {
  kit_file file = kit_new_file();
  qm_store *store = kit_open(&file);
  sqlite3 *eyes = kit_eyes(file.path);
  qm_err err = {0};
  CHECK_INT(qm_db_begin_write(qm_store_db(store), &err), QM_OK);
  CHECK_INT(put_setting(qm_store_db(store), "undone", "x", &err), QM_OK);
  refuse_from(1, true);
  qm_db_rollback(qm_store_db(store));
  refuse_nothing();
  CHECK(!was_refused);
  sqlite3_busy_timeout(eyes, 0);
  CHECK(kit_exec(eyes, "BEGIN IMMEDIATE"));
  sqlite3_close(eyes);
  qm_store_close(store);
  kit_remove(&file);
}

TEST(a_transaction_left_open_is_undone_by_the_next) {
  kit_file file = kit_new_file();
  qm_store *store = kit_open(&file);
  qm_db *db = qm_store_db(store);
  qm_err err = {0};
  for (int i = 0; i < 2; i++) {
    CHECK_INT(qm_db_begin_write(db, &err), QM_OK);
    CHECK_INT(put_setting(db, i == 0 ? "first" : "second", "x", &err), QM_OK);
  }
  CHECK_INT(qm_db_begin_read(db, &err), QM_OK);
  CHECK_INT(qm_db_commit(db, &err), QM_OK);
  CHECK_INT(write_setting(db, "third", "x", &err), QM_OK);
  qm_store_close(store);
  sqlite3 *eyes = kit_eyes(file.path);
  CHECK_INT(kit_ask(eyes, "SELECT count(*) FROM setting"), 1);
  sqlite3_close(eyes);
  kit_remove(&file);
}

/* What cannot be brought about here at will: the code alone must be enough to know what to do. */
TEST(a_failure_is_told_apart_by_its_code_and_its_cause) {
  static const struct {
    int native, os;
    qm_code code;
  } cases[] = {
      {SQLITE_IOERR_NOMEM, 0, QM_MEMORY},
      {SQLITE_NOMEM, 0, QM_MEMORY},
      {SQLITE_PROTOCOL, 0, QM_BUSY},
      {SQLITE_BUSY_RECOVERY, 0, QM_BUSY},
      {SQLITE_IOERR_FSYNC, EIO, QM_IO},
      {SQLITE_IOERR_WRITE, ENOSPC, QM_FULL},
      {SQLITE_CANTOPEN, EACCES, QM_READONLY},
      {SQLITE_FULL, 0, QM_FULL},
      {SQLITE_CORRUPT_INDEX, 0, QM_CORRUPT},
      {SQLITE_NOTADB, 0, QM_FOREIGN},
      {SQLITE_READONLY_DBMOVED, 0, QM_READONLY},
      {SQLITE_DONE, 0, QM_OK},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    CHECK_INT(qm_file_failure(cases[i].native, cases[i].os), cases[i].code);
}

/* ---- names and modes ---- */

static int64_t size_of(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

/* The log goes to the file that was opened, not to one of the same name where the process is now.
 */
TEST(a_relative_path_means_the_same_file_after_chdir) {
  kit_file file = kit_new_file(), other = kit_new_file();
  qm_db_options options = kit_options(&file);
  qm_err err = {0};
  char before[4096];
  if (getcwd(before, sizeof before) == NULL || chdir(file.directory) != 0)
    abort();
  options.path = "shop.db";
  qm_db *db = open_db(&options);
  CHECK_INT(qm_db_begin_write(db, &err), QM_OK);
  qm_db_rollback(db);
  if (chdir(other.directory) != 0)
    abort();
  qm_store_close(kit_open(&other));
  int64_t elsewhere = size_of(other.path);
  CHECK(size_of(file.path) <= 4096);
  qm_db_return_log(db);
  CHECK(size_of(file.path) > 4096);
  CHECK_INT(size_of(other.path), elsewhere);
  qm_db_close(db);
  if (chdir(before) != 0)
    abort();
  kit_remove(&file);
  kit_remove(&other);
}

TEST(a_file_keeps_a_log) {
  kit_file file = kit_new_file();
  qm_store_close(kit_open(&file));
  sqlite3 *eyes = kit_eyes(file.path);
  CHECK_INT(kit_ask(eyes, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"),
            1);
  sqlite3_close(eyes);
  kit_remove(&file);
}

/* SQLite answers "PRAGMA journal_mode = WAL" with the old mode and no error. */
TEST(a_place_where_no_log_can_be_kept_is_refused) {
  kit_file file = kit_new_file();
  qm_db_options options = kit_options(&file);
  sqlite3_vfs *usual = sqlite3_vfs_find(NULL), *without = sqlite3_vfs_find("unix-dotfile");
  qm_db *db = NULL;
  qm_err err = {0};
  sqlite3_vfs_register(without, 1);
  CHECK_INT(qm_db_open(&options, &db, &err), QM_UNSUPPORTED);
  sqlite3_vfs_register(usual, 1);
  CHECK(db == NULL);
  CHECK(strstr(err.text, file.path) != NULL);
  kit_remove(&file);
}

/* ---- two connections ---- */

enum { SHORT_MS = 150, LONG_MS = 400 };

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *commit_later(void *eyes) {
  nanosleep(&(struct timespec){.tv_nsec = SHORT_MS * 1000000L}, NULL);
  return kit_exec(eyes, "COMMIT") ? eyes : NULL;
}

/* An empty file becomes one with a log only while nobody else is at it. */
static void wait_for_other(const char *begin) {
  kit_file file = kit_new_file();
  qm_db_options options = kit_options(&file);
  sqlite3 *eyes = kit_eyes(file.path);
  qm_db *db = NULL;
  qm_err err = {0};
  pthread_t thread;
  void *committed = NULL;
  CHECK(kit_exec(eyes, "CREATE TABLE t (x)") && kit_exec(eyes, "DROP TABLE t"));
  CHECK(kit_exec(eyes, begin));
  CHECK_INT(kit_ask(eyes, "SELECT count(*) FROM sqlite_schema"), 0);
  options.busy_ms = SHORT_MS;
  int64_t began = now_ms();
  CHECK_INT(qm_db_open(&options, &db, &err), QM_BUSY);
  CHECK(now_ms() - began >= SHORT_MS - 10);
  if (pthread_create(&thread, NULL, commit_later, eyes) != 0)
    abort();
  options.busy_ms = 10000;
  CHECK_INT(qm_db_open(&options, &db, &err), QM_OK);
  pthread_join(thread, &committed);
  CHECK(committed != NULL);
  qm_db_close(db);
  sqlite3_close(eyes);
  kit_remove(&file);
}

TEST(opening_waits_for_a_reader) {
  wait_for_other("BEGIN");
}

/* SQLite itself would not wait here. */
TEST(opening_waits_for_a_writer) {
  wait_for_other("BEGIN IMMEDIATE");
}

TEST(returning_the_log_waits_for_nobody_and_writing_does) {
  kit_file file = kit_new_file();
  qm_db_options options = kit_options(&file);
  options.busy_ms = LONG_MS;
  qm_db *db = open_db(&options);
  sqlite3 *eyes = kit_eyes(file.path);
  qm_err err = {0};
  CHECK(kit_exec(eyes, "BEGIN IMMEDIATE"));
  int64_t size = size_of(file.path), began = now_ms();
  qm_db_return_log(db);
  CHECK(now_ms() - began < LONG_MS / 2);
  CHECK_INT(size_of(file.path), size);
  began = now_ms();
  CHECK_INT(qm_db_begin_write(db, &err), QM_BUSY);
  CHECK(now_ms() - began >= LONG_MS - 50);
  CHECK(kit_exec(eyes, "COMMIT"));
  CHECK_INT(write_setting(db, "after", "x", &err), QM_OK);
  sqlite3_close(eyes);
  qm_db_close(db);
  kit_remove(&file);
}

/* Two processes make the shop record at once: the second waits for the first, which wanted
 * independent stocks, and finds that they are. */
TEST(independent_stocks_stay_so_whoever_opens_at_the_same_time) {
  kit_file file = kit_new_file();
  qm_db_options options = kit_options(&file);
  qm_db_close(open_db(&options));
  sqlite3 *eyes = kit_eyes(file.path);
  pthread_t thread;
  void *committed = NULL;
  CHECK(kit_exec(eyes, "BEGIN IMMEDIATE"));
  CHECK(kit_exec(eyes, "INSERT INTO shop (id, generation, independent, policy, created)"
                       " VALUES (1, 0, 1, 0, 0)"));
  if (pthread_create(&thread, NULL, commit_later, eyes) != 0)
    abort();
  qm_store *store = kit_open(&file);
  pthread_join(thread, &committed);
  CHECK(committed != NULL);
  CHECK(store != NULL && store->independent);
  CHECK_INT(kit_ask(eyes, "SELECT independent FROM shop"), 1);
  sqlite3_close(eyes);
  qm_store_close(store);
  kit_remove(&file);
}

int main(int count, char **arguments) {
  if (!install_allocator())
    return 2;
  if (count > 1 && strcmp(arguments[1], "every") == 0)
    stride = 1;
  RUN(a_handle_works_again_after_any_one_request_was_refused);
  RUN(a_handle_works_again_after_all_memory_was_refused_for_a_while);
  RUN(opening_a_file_lacks_memory_anywhere_and_says_so);
  RUN(making_a_file_lacks_memory_anywhere_and_says_so);
  RUN(a_rollback_needs_no_memory);
  RUN(a_transaction_left_open_is_undone_by_the_next);
  RUN(a_failure_is_told_apart_by_its_code_and_its_cause);
  RUN(a_relative_path_means_the_same_file_after_chdir);
  RUN(a_file_keeps_a_log);
  RUN(a_place_where_no_log_can_be_kept_is_refused);
  RUN(opening_waits_for_a_reader);
  RUN(opening_waits_for_a_writer);
  RUN(returning_the_log_waits_for_nobody_and_writing_does);
  RUN(independent_stocks_stay_so_whoever_opens_at_the_same_time);
  return unit_report();
}
