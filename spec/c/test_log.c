/* test_log.c: the log is returned to the file while nobody commits.
 *
 * SQLite 3.7.0 to 3.51.2 may lose commits when a checkpoint runs beside one that begins the log
 * anew. Here every commit is followed by a checkpoint, so that nearly every commit begins the log
 * anew, in several processes at once. SQLite's own locks are watched through its file system: who
 * takes the lock of checkpoints must hold the one of writers, and writes nothing to the log as long
 * as it has both. QM_ROUNDS says how many commits each process makes. */
#define _GNU_SOURCE
#include "watch_vfs.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 300, WRITERS = 4, PATIENCE_MS = 60000, WRITE_LOCK = 0, CHECKPOINT_LOCK = 1 };

static kit_op record;

/* ---- watching ---- */

static sqlite3_io_methods database, log_file;
static const sqlite3_io_methods *real_database, *real_log;
static int writing, checkpointing; /* locks that this process holds */
static int64_t checkpoints, violations;

static bool covers(int lock, int first, int count) {
  return lock >= first && lock < first + count;
}

static int watch_lock(sqlite3_file *file, int first, int count, int flags) {
  int rc = real_database->xShmLock(file, first, count, flags);
  if (rc != SQLITE_OK || (flags & SQLITE_SHM_SHARED))
    return rc;
  int change = flags & SQLITE_SHM_LOCK ? 1 : -1;
  if (covers(WRITE_LOCK, first, count))
    writing += change;
  if (covers(CHECKPOINT_LOCK, first, count)) {
    checkpointing += change;
    checkpoints += change > 0;
    violations += change > 0 && writing == 0;
  }
  return rc;
}

static int watch_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 at) {
  violations += checkpointing > 0;
  return real_log->xWrite(file, bytes, count, at);
}

static void watch_opened(sqlite3_file *file, int flags) {
  if (flags & SQLITE_OPEN_WAL) {
    real_log = file->pMethods;
    log_file = *real_log;
    log_file.xWrite = watch_write;
    file->pMethods = &log_file;
  } else if (flags & SQLITE_OPEN_MAIN_DB) {
    real_database = file->pMethods;
    database = *real_database;
    database.xShmLock = watch_lock;
    file->pMethods = &database;
  }
}

/* ---- writing ---- */

static qm_store *open_store(const kit_file *file) {
  qm_db_options options = kit_options(file);
  options.busy_ms = PATIENCE_MS;
  options.log_pages = 1;
  qm_store *store = NULL;
  qm_err err = {0};
  if (qm_store_open(&options, false, KIT_NOW, &store, &err) != QM_OK)
    fprintf(stderr, "%s\n", err.text);
  return store;
}

/* Ends with 0 when all was accepted and watched. Saving an item has no id, so nobody else does it
 * for one: everybody leads again and again. */
static pid_t fork_writer(const kit_file *file, int number, int rounds) {
  pid_t child = fork();
  if (child != 0)
    return child;
  qm_store *store = open_store(file);
  char id[32];
  int refused = 0;
  qm_qty all = (qm_qty)rounds * WRITERS * KIT_ONE;
  for (int i = 0; i < rounds; i++) {
    snprintf(id, sizeof id, "w%d-%d", number, i);
    refused += kit_apply(store, kit_place(&record, id, "bike", KIT_ONE)) != QM_OK;
    refused += kit_apply(store, kit_item(&record, "bike", "default", all)) != QM_OK;
  }
  bool fine = refused == 0 && violations == 0 && checkpoints > 0;
  if (!fine)
    fprintf(stderr, "%d refused, %lld checkpoints, %lld beside a commit\n", refused,
            (long long)checkpoints, (long long)violations);
  qm_store_close(store);
  _exit(!fine);
}

TEST(no_checkpoint_runs_beside_a_commit_and_no_commit_is_lost) {
  const char *wanted = getenv("QM_ROUNDS");
  int rounds = wanted ? atoi(wanted) : ROUNDS, status = 0;
  pid_t writers[WRITERS];
  kit_file file = kit_new_file();
  qm_store *store = kit_shop(&file, 0, (qm_qty)rounds * WRITERS * KIT_ONE);
  qm_store_close(store);
  watch(watch_opened);
  for (int i = 0; i < WRITERS; i++)
    writers[i] = fork_writer(&file, i, rounds);
  for (int i = 0; i < WRITERS; i++) {
    CHECK_INT(waitpid(writers[i], &status, 0), writers[i]);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  store = open_store(&file);
  CHECK_INT(kit_verify(store), 0);
  CHECK_INT(kit_apply(store, kit_place(&record, "more", "bike", KIT_ONE)), QM_NOT_ENOUGH);
  qm_store_close(store);
  sqlite3 *eyes = kit_eyes(file.path);
  CHECK_INT(kit_ask(eyes, "SELECT count(*) FROM document WHERE kind = 1"), rounds * WRITERS);
  sqlite3_close(eyes);
  kit_remove(&file);
}

int main(void) {
  RUN(no_checkpoint_runs_beside_a_commit_and_no_commit_is_lost);
  return unit_report();
}
