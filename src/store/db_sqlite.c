/* db_sqlite.c: the SQLite driver: statements and transactions. */
#define _XOPEN_SOURCE 700

#include "db_sqlite.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const sql_text[] = {
#define QM_STATEMENT(name, text) text,
#include "statements.def"
#undef QM_STATEMENT
};

qm_code qm_sqlite_fail(qm_db *db, int native, qm_err *err) {
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

qm_code qm_db_may_write(qm_db *db, qm_err *err) {
  qm_code code = qm_db_alive(db, err);
  if (!code && db->readonly)
    return qm_fail(err, QM_READONLY, "the file was opened with readonly = true");
  return code;
}

const char *qm_db_path(const qm_db *db) {
  return db->in_memory ? NULL : sqlite3_db_filename(db->handle, "main");
}

bool qm_db_is_durable(const qm_db *db) {
  return db->full;
}

int qm_db_patience(const qm_db *db) {
  return db->busy_ms;
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

/* A parameter that is NULL, as most of an order's are, stays so. */
static int bind_all(qm_db *db, qm_sql sql, const qm_val *values, int count) {
  uint32_t nulls = 0;
  int rc = SQLITE_OK;
  for (int i = 0; rc == SQLITE_OK && i < count; i++) {
    uint32_t bit = i < 32 && values[i].type == QM_NULL ? UINT32_C(1) << i : 0;
    if (bit == 0 || !(db->nulls[sql] & bit))
      rc = bind(db->statements[sql], i + 1, &values[i]);
    nulls |= bit;
  }
  db->nulls[sql] = rc == SQLITE_OK ? nulls : 0;
  return rc;
}

/* "$1" is a name to SQLite, numbered by appearance; "?1" is the first parameter wherever it
 * stands. */
qm_code qm_sqlite_prepare(qm_db *db, qm_sql sql, qm_err *err) {
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
  return rc == SQLITE_OK ? QM_OK : qm_sqlite_fail(db, rc, err);
}

qm_code qm_db_start(qm_db *db, qm_sql sql, const qm_val *values, int count, qm_err *err) {
  qm_code code = db->statements[sql] ? QM_OK : qm_sqlite_prepare(db, sql, err);
  if (code)
    return code;
  QM_ASSERT(!sqlite3_stmt_busy(db->statements[sql]));
  QM_ASSERT(sqlite3_bind_parameter_count(db->statements[sql]) == count);
  int rc = bind_all(db, sql, values, count);
  return rc == SQLITE_OK ? QM_OK : qm_sqlite_fail(db, rc, err);
}

qm_code qm_db_step(qm_db *db, qm_sql sql, bool *row, qm_err *err) {
  int rc = sqlite3_step(db->statements[sql]);
  *row = rc == SQLITE_ROW;
  if (rc == SQLITE_ROW)
    return QM_OK;
  qm_code code = rc == SQLITE_DONE ? QM_OK : qm_sqlite_fail(db, rc, err);
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
  db->transactions++;
  return rc == SQLITE_OK ? qm_db_run(db, sql, NULL, 0, err) : qm_sqlite_fail(db, rc, err);
}

qm_code qm_db_begin_write(qm_db *db, qm_err *err) {
  qm_code code = qm_db_may_write(db, err);
  db->writes++;
  return code ? code : begin(db, QM_SQL_BEGIN_WRITE, err);
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
  if (!db->in_memory && sqlite3_txn_state(db->handle, "main") == SQLITE_TXN_WRITE)
    qm_gather_begin(&db->gather, db->handle);
  qm_code code = qm_db_run(db, QM_SQL_COMMIT, NULL, 0, err);
  if (!qm_gather_end(&db->gather, code == QM_OK))
    code = qm_fail(err, QM_IO, "%s", qm_code_message(QM_IO));
  if (code)
    qm_db_rollback(db);
  return code;
}

void qm_db_rollback(qm_db *db) {
  undo(db);
}

uint64_t qm_db_transaction(const qm_db *db) {
  return db->transactions;
}

/* ---- has anybody committed? ---- */

/* The first 48 bytes of the log's index, which all processes map, change with every commit, and
 * when the log is begun anew (SQLite's "WAL-index header"; it has counted transactions in it and is
 * written twice, for readers without a lock). They are there once this connection has read. */
static volatile void *log_header(qm_db *db) {
  enum { REGION = 32768 };
  sqlite3_file *file = NULL;
  volatile void *at = NULL;
  if (!db->log_header && !db->in_memory &&
      sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
      file && file->pMethods && file->pMethods->iVersion >= 2 && file->pMethods->xShmMap &&
      file->pMethods->xShmMap(file, 0, REGION, 0, &at) == SQLITE_OK)
    db->log_header = at;
  return db->log_header;
}

bool qm_db_stamp_now(qm_db *db, qm_db_stamp *out) {
  if (db->owner != getpid() || db->moment)
    return false;
  const volatile uint64_t *header = log_header(db);
  *out = (qm_db_stamp){{db->writes}};
  if (!header)
    return db->in_memory;
  for (size_t i = 0; i < sizeof out->parts / sizeof *out->parts; i++)
    out->parts[i] = header[i];
  atomic_thread_fence(memory_order_seq_cst);
  return true;
}

/* ---- checking ---- */

typedef struct reporter {
  void (*report)(void *context, const char *text);
  void *context;
  int native; /* why a page could not be read */
} reporter;

/* A page that cannot be read for want of memory, or because the disk fails, is not damaged; SQLite
 * says so among the damage. */
static int unreadable(const char *text) {
  static const char says[] = "unable to get the page. error code=";
  const char *found = strstr(text, says);
  int native = found ? atoi(found + sizeof says - 1) : SQLITE_OK;
  int kind = native & 0xff;
  return kind == SQLITE_NOMEM || kind == SQLITE_IOERR ? native : SQLITE_OK;
}

static int report_row(void *context, int count, char **values, char **names) {
  (void)names;
  reporter *to = context;
  if (count != 1 || !values[0] || strcmp(values[0], "ok") == 0)
    return 0;
  to->native = unreadable(values[0]);
  if (to->native == SQLITE_OK)
    to->report(to->context, values[0]);
  return to->native;
}

qm_code qm_db_check(qm_db *db, void (*report)(void *context, const char *text), void *context,
                    qm_err *err) {
  reporter to = {.report = report, .context = context};
  qm_code code = qm_db_alive(db, err);
  if (code)
    return code;
  int rc = sqlite3_exec(db->handle, "PRAGMA integrity_check", report_row, &to, NULL);
  if (to.native != SQLITE_OK) {
    code = qm_file_failure(to.native, 0);
    return qm_fail(err, code, "%s (%s)", qm_code_message(code), sqlite3_errstr(to.native));
  }
  return rc == SQLITE_OK ? QM_OK : qm_sqlite_fail(db, rc, err);
}

const char *qm_db_engine(qm_db *db) {
  (void)db;
  return sqlite3_libversion();
}
