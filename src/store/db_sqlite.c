/* db_sqlite.c: the SQLite driver.
 *
 * WAL, synchronous FULL unless told otherwise, BEGIN IMMEDIATE for every write. SQLite 3.7.0
 * to 3.51.2 can lose a commit when a checkpoint races a commit that resets the log, so the
 * automatic checkpoints are off here and ours run while this connection holds the write lock,
 * through a second connection: no commit can be under way beside them. */
#define _XOPEN_SOURCE 700

#include "db.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "db_file.h"
#include "schema.h"

enum { LOG_PAGES = 1000 }; /* a log longer than this is returned to the file after the answer */

struct qm_db {
  sqlite3 *handle, *checkpointer;
  sqlite3_stmt *statements[QM_SQL_COUNT];
  sqlite3_stmt
      *rollback; /* needed where nothing can be allocated, so made when the file is opened */
  pid_t owner;
  int busy_ms, log_pages;
  bool in_memory, readonly, moment; /* moment: several reads are under way */
  qm_file *file;
};

static const char *const sql_text[] = {
#define QM_STATEMENT(name, text) text,
#include "statements.def"
#undef QM_STATEMENT
};

static qm_code fail(qm_db *db, int native, qm_err *err) {
  qm_code code = qm_file_failure(native, db->handle ? sqlite3_system_errno(db->handle) : 0);
  const char *text = db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(native);
  qm_fail(err, code, "%s (%s)", qm_code_message(code), text);
  if (err)
    err->native = native;
  return code;
}

qm_code qm_db_alive(qm_db *db, qm_err *err) {
  if (db->owner == getpid())
    return QM_OK;
  return qm_fail(err, QM_FORKED, "%s", qm_code_message(QM_FORKED));
}

static qm_code execute(qm_db *db, const char *text, qm_err *err) {
  int rc = sqlite3_exec(db->handle, text, NULL, NULL, NULL);
  return rc == SQLITE_OK ? QM_OK : fail(db, rc, err);
}

static qm_code pragma_int(qm_db *db, const char *text, int64_t *out, qm_err *err) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db->handle, text, -1, &stmt, NULL);
  if (rc == SQLITE_OK)
    rc = sqlite3_step(stmt);
  if (rc == SQLITE_ROW)
    *out = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return rc == SQLITE_ROW || rc == SQLITE_DONE ? QM_OK : fail(db, rc, err);
}

static int on_commit(void *context, sqlite3 *handle, const char *name, int pages) {
  (void)handle, (void)name;
  ((qm_db *)context)->log_pages = pages;
  return SQLITE_OK;
}

/* ---- statements ---- */

static int bind(sqlite3_stmt *stmt, int index, const qm_val *value) {
  switch (value->type) {
  case QM_NULL:
    return sqlite3_bind_null(stmt, index);
  case QM_INT:
    return sqlite3_bind_int64(stmt, index, value->i);
  case QM_REAL:
    return sqlite3_bind_double(stmt, index, value->d);
  case QM_TEXT:
    return sqlite3_bind_text(stmt, index, value->s.p, (int)value->s.n, SQLITE_STATIC);
  case QM_BLOB:
    return sqlite3_bind_blob(stmt, index, value->s.p, (int)value->s.n, SQLITE_STATIC);
  }
  return SQLITE_MISUSE;
}

/* "$1" is a name to SQLite, numbered by appearance; "?1" is the first parameter wherever it
 * stands. */
static qm_code prepare(qm_db *db, qm_sql sql, qm_err *err) {
  size_t size = strlen(sql_text[sql]) + 1;
  char *text = malloc(size);
  if (!text)
    return qm_fail(err, QM_MEMORY, "%s", qm_code_message(QM_MEMORY));
  memcpy(text, sql_text[sql], size);
  for (char *p = text; *p; p++)
    if (p[0] == '$' && p[1] >= '0' && p[1] <= '9')
      *p = '?';
  int rc = sqlite3_prepare_v3(db->handle, text, (int)size, SQLITE_PREPARE_PERSISTENT,
                              &db->statements[sql], NULL);
  free(text);
  return rc == SQLITE_OK ? QM_OK : fail(db, rc, err);
}

qm_code qm_db_start(qm_db *db, qm_sql sql, const qm_val *values, int count, qm_err *err) {
  int rc = SQLITE_OK;
  qm_code code = db->statements[sql] ? QM_OK : prepare(db, sql, err);
  if (code)
    return code;
  QM_ASSERT(!sqlite3_stmt_busy(db->statements[sql]));
  QM_ASSERT(sqlite3_bind_parameter_count(db->statements[sql]) == count);
  for (int i = 0; rc == SQLITE_OK && i < count; i++)
    rc = bind(db->statements[sql], i + 1, &values[i]);
  return rc == SQLITE_OK ? QM_OK : fail(db, rc, err);
}

qm_code qm_db_step(qm_db *db, qm_sql sql, bool *row, qm_err *err) {
  int rc = sqlite3_step(db->statements[sql]);
  *row = rc == SQLITE_ROW;
  if (rc == SQLITE_ROW)
    return QM_OK;
  qm_code code = rc == SQLITE_DONE ? QM_OK : fail(db, rc, err);
  qm_db_end(db, sql);
  return code;
}

void qm_db_end(qm_db *db, qm_sql sql) {
  sqlite3_reset(db->statements[sql]);
}

qm_code qm_db_first(qm_db *db, qm_sql sql, const qm_val *values, int count, bool *row,
                    qm_err *err) {
  *row = false;
  qm_code code = qm_db_start(db, sql, values, count, err);
  return code ? code : qm_db_step(db, sql, row, err);
}

qm_code qm_db_run(qm_db *db, qm_sql sql, const qm_val *values, int count, qm_err *err) {
  bool row;
  qm_code code = qm_db_first(db, sql, values, count, &row, err);
  if (!code && row)
    qm_db_end(db, sql);
  return code;
}

int64_t qm_db_changes(qm_db *db) {
  return sqlite3_changes64(db->handle);
}
int64_t qm_db_last_key(qm_db *db) {
  return sqlite3_last_insert_rowid(db->handle);
}

int64_t qm_db_int(qm_db *db, qm_sql sql, int column) {
  return sqlite3_column_int64(db->statements[sql], column);
}

double qm_db_real(qm_db *db, qm_sql sql, int column) {
  return sqlite3_column_double(db->statements[sql], column);
}

const char *qm_db_name(qm_db *db, qm_sql sql, int column) {
  return sqlite3_column_name(db->statements[sql], column);
}

int qm_db_columns(qm_db *db, qm_sql sql) {
  return sqlite3_column_count(db->statements[sql]);
}

bool qm_db_is_number(qm_db *db, qm_sql sql, int column) {
  return sqlite3_column_type(db->statements[sql], column) == SQLITE_INTEGER;
}

qm_str qm_db_str(qm_db *db, qm_sql sql, int column) {
  sqlite3_stmt *stmt = db->statements[sql];
  if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
    return (qm_str){NULL, 0};
  const char *p = sqlite3_column_blob(stmt, column);
  return (qm_str){p ? p : "", p ? (size_t)sqlite3_column_bytes(stmt, column) : 0};
}

bool qm_db_null(qm_db *db, qm_sql sql, int column) {
  return sqlite3_column_type(db->statements[sql], column) == SQLITE_NULL;
}

/* ---- opening ---- */

static qm_code open_handle(qm_db *db, const qm_db_options *options, qm_err *err) {
  int flags = SQLITE_OPEN_NOMUTEX;
  flags |= options->readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (options->create && !options->readonly)
    flags |= SQLITE_OPEN_CREATE;
  int rc = sqlite3_open_v2(options->path, &db->handle, flags, NULL);
  if (rc != SQLITE_OK)
    return fail(db, rc, err);
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
  sqlite3_finalize(stmt);
  return rc;
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
    return fail(db, rc, err);
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
  return rc == SQLITE_OK ? prepare(db, QM_SQL_BEGIN_WRITE, err) : fail(db, rc, err);
}

qm_code qm_db_open(const qm_db_options *options, qm_db **out, qm_err *err) {
  *out = NULL;
  qm_db *db = calloc(1, sizeof *db);
  if (!db)
    return qm_fail(err, QM_MEMORY, "%s", qm_code_message(QM_MEMORY));
  db->owner = getpid();
  db->in_memory = strcmp(options->path, ":memory:") == 0;
  db->readonly = options->readonly;
  db->busy_ms = options->busy_ms;
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

/* ---- checkpoints and closing ---- */

/* The name that SQLite made absolute: the process may have changed its directory since. */
static qm_code open_checkpointer(qm_db *db) {
  if (db->checkpointer)
    return QM_OK;
  int rc = sqlite3_open_v2(sqlite3_db_filename(db->handle, "main"), &db->checkpointer,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  /* A connection that has never read knows of no log, and would return none of it to the file. */
  if (rc == SQLITE_OK)
    rc = sqlite3_exec(db->checkpointer, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
  if (rc == SQLITE_OK) {
    sqlite3_db_config(db->checkpointer, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_wal_autocheckpoint(db->checkpointer, 0);
    return QM_OK;
  }
  sqlite3_close_v2(db->checkpointer);
  db->checkpointer = NULL;
  return QM_IO;
}

/* Nobody waits for a checkpoint: when a writer is active it will do it after its own commit. */
void qm_db_return_log(qm_db *db) {
  if (db->in_memory || db->readonly || open_checkpointer(db) != QM_OK)
    return;
  sqlite3_busy_timeout(db->checkpointer, 0);
  sqlite3_busy_timeout(db->handle, 0);
  qm_code code = qm_db_begin_write(db, NULL);
  sqlite3_busy_timeout(db->handle, db->busy_ms);
  if (code)
    return;
  sqlite3_wal_checkpoint_v2(db->checkpointer, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  qm_db_rollback(db);
  db->log_pages = 0;
}

void qm_db_tidy(qm_db *db) {
  if (db->log_pages >= LOG_PAGES)
    qm_db_return_log(db);
}

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
  } /* else: closing a copy would release the parent's file locks; it is left alone on purpose */
  free(db);
}

/* ---- transactions ---- */

/* Undoes what is open, if anything is. */
static int undo(qm_db *db) {
  if (sqlite3_get_autocommit(db->handle))
    return SQLITE_OK;
  int rc = sqlite3_step(db->rollback);
  sqlite3_reset(db->rollback);
  return sqlite3_get_autocommit(db->handle) ? SQLITE_OK : rc;
}

/* A transaction that could not be undone when it should have been is undone before the next one. */
static qm_code begin(qm_db *db, qm_sql sql, qm_err *err) {
  int rc = undo(db);
  db->moment = false;
  return rc == SQLITE_OK ? qm_db_run(db, sql, NULL, 0, err) : fail(db, rc, err);
}

qm_code qm_db_begin_write(qm_db *db, qm_err *err) {
  qm_code code = qm_db_alive(db, err);
  if (code)
    return code;
  if (db->readonly)
    return qm_fail(err, QM_READONLY, "the file was opened with readonly = true");
  return begin(db, QM_SQL_BEGIN_WRITE, err);
}

qm_code qm_db_begin_read(qm_db *db, qm_err *err) {
  qm_code code = qm_db_alive(db, err);
  return code || db->moment ? code : begin(db, QM_SQL_BEGIN_READ, err);
}

qm_code qm_db_end_read(qm_db *db, qm_code code, qm_err *err) {
  if (db->moment)
    return code;
  if (!code)
    return qm_db_commit(db, err);
  qm_db_rollback(db);
  return code;
}

qm_code qm_db_begin_moment(qm_db *db, bool *began, qm_err *err) {
  *began = false;
  qm_code code = qm_db_begin_read(db, err);
  if (!code && !db->moment)
    *began = db->moment = true;
  return code;
}

void qm_db_end_moment(qm_db *db) {
  if (db->moment)
    undo(db);
  db->moment = false;
}

qm_code qm_db_commit(qm_db *db, qm_err *err) {
  qm_code code = qm_db_run(db, QM_SQL_COMMIT, NULL, 0, err);
  if (code)
    qm_db_rollback(db);
  return code;
}

void qm_db_rollback(qm_db *db) {
  undo(db);
}

/* ---- checking ---- */

typedef struct reporter {
  void (*report)(void *context, const char *text);
  void *context;
} reporter;

static int report_row(void *context, int count, char **values, char **names) {
  (void)names;
  const reporter *to = context;
  if (count == 1 && values[0] && strcmp(values[0], "ok") != 0)
    to->report(to->context, values[0]);
  return 0;
}

qm_code qm_db_check(qm_db *db, void (*report)(void *context, const char *text), void *context,
                    qm_err *err) {
  reporter to = {report, context};
  qm_code code = qm_db_alive(db, err);
  if (code)
    return code;
  int rc = sqlite3_exec(db->handle, "PRAGMA integrity_check", report_row, &to, NULL);
  return rc == SQLITE_OK ? QM_OK : fail(db, rc, err);
}

const char *qm_db_engine(qm_db *db) {
  (void)db;
  return sqlite3_libversion();
}
