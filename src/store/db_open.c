/* db_open.c: opening a file with SQLite, creating or migrating it, and closing it.
 *
 * WAL, synchronous FULL unless told otherwise. Checkpoints are not SQLite's but ours (db_log.c). */
#define _XOPEN_SOURCE 700

#include "db_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "schema.h"

enum { LOG_PAGES = 940 }; /* less than four megabytes, with a commit of some seventy more */

static qm_code execute(qm_db *db, const char *text, qm_err *err) {
  int rc = sqlite3_exec(db->handle, text, NULL, NULL, NULL);
  return rc == SQLITE_OK ? QM_OK : qm_sqlite_fail(db, rc, err);
}

static qm_code pragma_int(qm_db *db, const char *text, int64_t *out, qm_err *err) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db->handle, text, -1, &stmt, NULL);
  if (rc == SQLITE_OK)
    rc = sqlite3_step(stmt);
  if (rc == SQLITE_ROW)
    *out = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return rc == SQLITE_ROW || rc == SQLITE_DONE ? QM_OK : qm_sqlite_fail(db, rc, err);
}

static int on_commit(void *context, sqlite3 *handle, const char *name, int pages) {
  (void)handle, (void)name;
  ((qm_db *)context)->log_pages = pages;
  return SQLITE_OK;
}

static qm_code open_handle(qm_db *db, const qm_db_options *options, qm_err *err) {
  int flags = SQLITE_OPEN_NOMUTEX;
  flags |= options->readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (options->create && !options->readonly)
    flags |= SQLITE_OPEN_CREATE;
  int rc = sqlite3_open_v2(options->path, &db->handle, flags, NULL);
  if (rc != SQLITE_OK)
    return qm_sqlite_fail(db, rc, err);
  sqlite3_extended_result_codes(db->handle, 1);
  sqlite3_busy_timeout(db->handle, db->busy_ms);
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_wal_autocheckpoint(db->handle, 0);
  sqlite3_wal_hook(db->handle, on_commit, db);
  return QM_OK;
}

/* Whose file is it, and of which version? Reading anything also finds a header that is damaged. The
 * caller has a transaction open: another process may be creating the file, and what it commits
 * between two of the answers would make them contradict each other. */
static qm_code identify(qm_db *db, const char *path, int64_t *version, qm_err *err) {
  int64_t application = 0, tables = 0;
  qm_code code = pragma_int(db, "PRAGMA application_id", &application, err);
  if (!code)
    code = pragma_int(db, "PRAGMA user_version", version, err);
  if (!code)
    code = pragma_int(db, "SELECT count(*) FROM sqlite_schema", &tables, err);
  if (code)
    return code;
  if (application != QM_APPLICATION_ID && (application != 0 || tables != 0 || *version != 0))
    return qm_fail(err, QM_FOREIGN, "%s is a database of another program", path);
  if (*version > QM_SCHEMA_VERSION)
    return qm_fail(err, QM_NEWER, "%s has schema version %d and this program knows %d; upgrade it",
                   path, (int)*version, QM_SCHEMA_VERSION);
  if (application == QM_APPLICATION_ID && (*version < 1 || tables == 0))
    return qm_fail(err, QM_CORRUPT, "%s has lost its tables", path);
  return QM_OK;
}

/* A failure leaves its transaction to the closing of the handle, here and in migrate. */
static qm_code look(qm_db *db, const char *path, int64_t *version, qm_err *err) {
  qm_code code = execute(db, "BEGIN", err);
  if (!code)
    code = identify(db, path, version, err);
  if (!code)
    code = execute(db, "COMMIT", err);
  return code;
}

static qm_code migrate(qm_db *db, const char *path, qm_err *err) {
  int64_t version = 0;
  char text[96];
  qm_code code = execute(db, "BEGIN IMMEDIATE", err);
  if (!code)
    code = identify(db, path, &version, err); /* another process may have been quicker */
  for (; !code && version < QM_SCHEMA_VERSION; version++) {
    for (const char *const *part = qm_migrations[version]; !code && *part; part++)
      code = execute(db, *part, err);
  }
  if (!code) {
    snprintf(text, sizeof text, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             QM_APPLICATION_ID, QM_SCHEMA_VERSION);
    code = execute(db, text, err);
  }
  if (!code)
    code = execute(db, "COMMIT", err);
  return code;
}

/* The mode is said first and kept when the statement ends, so that may fail as well. */
static int set_log_mode(qm_db *db, bool *set) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db->handle, "PRAGMA journal_mode = WAL", -1, &stmt, NULL);
  if (rc == SQLITE_OK)
    rc = sqlite3_step(stmt);
  if (rc == SQLITE_ROW) {
    const char *mode = (const char *)sqlite3_column_text(stmt, 0);
    *set = mode && strcmp(mode, "wal") == 0;
    rc = SQLITE_OK;
  }
  int end = sqlite3_finalize(stmt);
  return rc == SQLITE_OK ? end : rc;
}

/* Changing the mode needs the file for oneself, and SQLite does not wait for that: it says at once
 * that somebody else is there. So the waiting is done here, and only here. */
static qm_code keep_log(qm_db *db, const char *path, qm_err *err) {
  enum { LONGEST_MS = 20 };
  int rc, waited = 0, step = 1;
  bool set = false;
  sqlite3_busy_timeout(db->handle, 0);
  while (qm_file_failure(rc = set_log_mode(db, &set), 0) == QM_BUSY && waited < db->busy_ms) {
    nanosleep(&(struct timespec){.tv_nsec = step * 1000000L}, NULL);
    waited += step;
    step = step < LONGEST_MS ? step + 1 : step;
  }
  sqlite3_busy_timeout(db->handle, db->busy_ms);
  if (rc != SQLITE_OK)
    return qm_sqlite_fail(db, rc, err);
  if (!set)
    return qm_fail(err, QM_UNSUPPORTED,
                   "%s lies where processes cannot share memory, as a write-ahead log needs", path);
  return QM_OK;
}

static qm_code set_up(qm_db *db, const qm_db_options *options, qm_err *err) {
  char text[96];
  int64_t version = 0;
  qm_code code = look(db, options->path, &version, err);
  if (code)
    return code;
  if (version == 0 && (options->readonly || !options->create))
    return qm_fail(err, QM_FOREIGN, "%s is not a Quartermaster inventory", options->path);
  if (version < QM_SCHEMA_VERSION && options->readonly)
    return qm_fail(err, QM_READONLY,
                   "%s has schema version %d and this program needs %d; open it once for writing,"
                   " which upgrades it",
                   options->path, (int)version, QM_SCHEMA_VERSION);
  if (!options->readonly && !db->in_memory)
    code = keep_log(db, options->path, err);
  snprintf(text, sizeof text, "PRAGMA synchronous = %s; PRAGMA temp_store = FILE",
           options->full ? "FULL" : "NORMAL");
  if (!code)
    code = execute(db, text, err);
  if (!code && options->max_pages > 0) {
    snprintf(text, sizeof text, "PRAGMA max_page_count = %lld", (long long)options->max_pages);
    code = execute(db, text, err);
  }
  if (!code && version < QM_SCHEMA_VERSION && !options->readonly)
    code = migrate(db, options->path, err);
  return code;
}

/* To give a lock back must not depend on memory: ROLLBACK is ready before there is anything to
 * undo. So is what begins a checkpoint, which comes after the answer and has nobody to complain to.
 */
static qm_code prepare_ahead(qm_db *db, qm_err *err) {
  int rc = sqlite3_prepare_v3(db->handle, "ROLLBACK", -1, SQLITE_PREPARE_PERSISTENT, &db->rollback,
                              NULL);
  return rc == SQLITE_OK ? qm_sqlite_prepare(db, QM_SQL_BEGIN_WRITE, err)
                         : qm_sqlite_fail(db, rc, err);
}

qm_code qm_db_open(const qm_db_options *options, qm_db **out, qm_err *err) {
  *out = NULL;
  qm_db *db = calloc(1, sizeof *db);
  if (!db)
    return qm_fail(err, QM_MEMORY, "%s", qm_code_message(QM_MEMORY));
  db->owner = getpid();
  db->in_memory = strcmp(options->path, ":memory:") == 0;
  db->readonly = options->readonly;
  db->full = options->full;
  db->busy_ms = options->busy_ms;
  db->log_limit = options->log_pages > 0 ? options->log_pages : LOG_PAGES;
  qm_code code = db->in_memory ? QM_OK : qm_file_check(options, db->owner, err);
  if (!code)
    code = open_handle(db, options, err);
  if (!code && !db->in_memory)
    code = qm_file_enter(options->path, db->owner, &db->file, err);
  if (!code)
    code = set_up(db, options, err);
  if (!code)
    code = prepare_ahead(db, err);
  if (code) {
    qm_db_close(db);
    return code;
  }
  *out = db;
  return QM_OK;
}

/* ---- closing ---- */

void qm_db_close(qm_db *db) {
  if (!db)
    return;
  if (db->owner == getpid()) {
    for (int i = 0; i < QM_SQL_COUNT; i++)
      sqlite3_finalize(db->statements[i]);
    sqlite3_finalize(db->rollback);
    sqlite3_close_v2(db->checkpointer);
    sqlite3_close_v2(db->handle);
    qm_file_leave(db->file);
    qm_gather_free(&db->gather);
  } /* else: closing a copy would release the parent's file locks; it is left alone on purpose */
  free(db);
}
