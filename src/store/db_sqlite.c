/* db_sqlite.c: the SQLite driver.
 *
 * WAL, synchronous FULL unless told otherwise, BEGIN IMMEDIATE for every write. SQLite 3.7.0
 * to 3.51.2 can lose a commit when a checkpoint races a commit that resets the log, so the
 * automatic checkpoints are off here and ours run while this connection holds the write lock,
 * through a second connection: no commit can be under way beside them. */
#define _XOPEN_SOURCE 700

#include "db.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema.h"

enum { LOG_PAGES = 1000 }; /* a log longer than this is returned to the file after the answer */

/* Every open file of the process. SQLite keeps its own books of the locks it holds, per process and
 * file, and a child inherits them by fork: while an inherited handle is about, a handle that the child
 * opens on the same file would believe in locks it does not have. So the child may not. */
typedef struct open_file {
  dev_t device;
  ino_t inode;
  pid_t owner;
  struct open_file *next;
} open_file;

static open_file *open_files;
static pthread_mutex_t open_files_lock = PTHREAD_MUTEX_INITIALIZER;

struct qm_db {
  sqlite3 *handle, *checkpointer;
  sqlite3_stmt *statements[QM_SQL_COUNT];
  pid_t owner;
  int log_pages;
  bool in_memory, readonly;
  char *path;
  open_file *file;
};

static const char *const sql_text[] = {
#define QM_STATEMENT(name, text) text,
#include "statements.def"
#undef QM_STATEMENT
};

static qm_code map_code(int native) {
  switch (native & 0xff) {
  case SQLITE_OK:
  case SQLITE_ROW:
  case SQLITE_DONE:
    return QM_OK;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return QM_BUSY;
  case SQLITE_NOMEM:
    return QM_MEMORY;
  case SQLITE_READONLY:
  case SQLITE_PERM:
    return QM_READONLY;
  case SQLITE_FULL:
    return QM_FULL;
  case SQLITE_ERROR: /* the statements never change, so it is the file that does not fit them */
  case SQLITE_CORRUPT:
  case SQLITE_CONSTRAINT: /* the core had checked: the file does not say what it must */
  case SQLITE_MISMATCH:
    return QM_CORRUPT;
  case SQLITE_NOTADB:
    return QM_FOREIGN;
  case SQLITE_TOOBIG:
    return QM_LIMIT;
  default:
    return QM_IO;
  }
}

/* An I/O error has a cause that people can act on: the system's number, when SQLite still knows it, or
 * a limit on the size of files, which makes writes fail in places that keep no number. */
static qm_code explain_io(qm_db *db, int native) {
  int os = db->handle ? sqlite3_system_errno(db->handle) : 0;
  if (os == ENOSPC || os == EFBIG || os == EDQUOT)
    return QM_FULL;
  if (os == EACCES || os == EROFS || os == EPERM)
    return QM_READONLY;
  struct rlimit limit;
  bool grows = native == SQLITE_IOERR_WRITE || native == SQLITE_IOERR_SHMSIZE ||
               native == SQLITE_IOERR_SHMMAP || native == SQLITE_IOERR_TRUNCATE;
  if (grows && getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    return QM_FULL;
  return QM_IO;
}

static qm_code fail(qm_db *db, int native, qm_err *err) {
  qm_code code = map_code(native);
  if (code == QM_IO)
    code = explain_io(db, native);
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

/* ---- opening ---- */

/* A file can be made where its directory is there and may be written. */
static qm_code check_directory(const qm_db_options *options, qm_err *err) {
  struct stat st;
  char *directory = strdup(options->path);
  if (!directory)
    return qm_fail(err, QM_MEMORY, "%s", qm_code_message(QM_MEMORY));
  char *slash = strrchr(directory, '/');
  if (slash)
    slash[slash == directory] = '\0';
  const char *name = slash ? directory : ".";
  qm_code code = QM_OK;
  if (stat(name, &st) != 0 || !S_ISDIR(st.st_mode))
    code = qm_fail(err, QM_NOT_FOUND, "the directory of %s does not exist", options->path);
  else if (access(name, W_OK) != 0)
    code = qm_fail(err, QM_READONLY, "%s cannot be created: its directory cannot be written",
                   options->path);
  free(directory);
  return code;
}

/* What can be told without opening the file: an open and close of our own would drop the locks that
 * this process holds on it. A database has at least one page of 512 bytes; SQLite itself would take a
 * shorter file for an empty one and write over it. */
static qm_code check_path(const qm_db_options *options, qm_err *err) {
  enum { SMALLEST = 512 };
  struct stat st;
  if (stat(options->path, &st) == 0) {
    if (!S_ISREG(st.st_mode))
      return qm_fail(err, QM_FOREIGN, "%s is not a file", options->path);
    if (st.st_size > 0 && st.st_size < SMALLEST)
      return qm_fail(err, QM_FOREIGN, "%s is not a Quartermaster inventory", options->path);
    if (!options->readonly && access(options->path, W_OK) != 0)
      return qm_fail(err, QM_READONLY, "%s cannot be written; open it with readonly = true",
                     options->path);
    return QM_OK;
  }
  if (errno != ENOENT && errno != ENOTDIR)
    return qm_fail(err, QM_IO, "%s cannot be reached: %s", options->path, strerror(errno));
  if (!options->create || options->readonly)
    return qm_fail(err, QM_NOT_FOUND, "there is no file %s", options->path);
  return check_directory(options, err);
}

/* Was the file open when this process was forked? */
static qm_code check_inherited(const qm_db *db, qm_err *err) {
  struct stat st;
  bool inherited = false;
  if (stat(db->path, &st) != 0)
    return QM_OK;
  pthread_mutex_lock(&open_files_lock);
  for (const open_file *f = open_files; f; f = f->next)
    inherited |= f->device == st.st_dev && f->inode == st.st_ino && f->owner != db->owner;
  pthread_mutex_unlock(&open_files_lock);
  if (!inherited)
    return QM_OK;
  return qm_fail(err, QM_FORKED, "%s was open when this process was forked; close it before",
                 db->path);
}

static qm_code enter_file(qm_db *db, qm_err *err) {
  struct stat st;
  open_file *file = calloc(1, sizeof *file);
  if (!file || stat(db->path, &st) != 0) {
    free(file);
    return qm_fail(err, file ? QM_IO : QM_MEMORY, "%s cannot be reached", db->path);
  }
  *file = (open_file){.device = st.st_dev, .inode = st.st_ino, .owner = db->owner};
  pthread_mutex_lock(&open_files_lock);
  file->next = open_files;
  open_files = db->file = file;
  pthread_mutex_unlock(&open_files_lock);
  return QM_OK;
}

static void leave_file(qm_db *db) {
  pthread_mutex_lock(&open_files_lock);
  for (open_file **link = &open_files; *link; link = &(*link)->next) {
    if (*link == db->file) {
      *link = db->file->next;
      free(db->file);
      break;
    }
  }
  pthread_mutex_unlock(&open_files_lock);
}

static qm_code open_handle(qm_db *db, const qm_db_options *options, qm_err *err) {
  int flags = SQLITE_OPEN_NOMUTEX;
  flags |= options->readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (options->create && !options->readonly)
    flags |= SQLITE_OPEN_CREATE;
  int rc = sqlite3_open_v2(options->path, &db->handle, flags, NULL);
  if (rc != SQLITE_OK)
    return fail(db, rc, err);
  sqlite3_extended_result_codes(db->handle, 1);
  sqlite3_busy_timeout(db->handle, options->busy_ms);
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_wal_autocheckpoint(db->handle, 0);
  sqlite3_wal_hook(db->handle, on_commit, db);
  return QM_OK;
}

/* Whose file is it, and of which version? Reading anything also finds a header that is damaged. */
static qm_code identify(qm_db *db, int64_t *version, qm_err *err) {
  int64_t application = 0, tables = 0;
  qm_code code = pragma_int(db, "PRAGMA application_id", &application, err);
  if (!code)
    code = pragma_int(db, "PRAGMA user_version", version, err);
  if (!code)
    code = pragma_int(db, "SELECT count(*) FROM sqlite_schema", &tables, err);
  if (code)
    return code;
  if (application != QM_APPLICATION_ID && (application != 0 || tables != 0 || *version != 0))
    return qm_fail(err, QM_FOREIGN, "%s is a database of another program", db->path);
  if (*version > QM_SCHEMA_VERSION)
    return qm_fail(err, QM_NEWER, "%s has schema version %d and this program knows %d; upgrade it",
                   db->path, (int)*version, QM_SCHEMA_VERSION);
  if (application == QM_APPLICATION_ID && (*version < 1 || tables == 0))
    return qm_fail(err, QM_CORRUPT, "%s has lost its tables", db->path);
  return QM_OK;
}

static qm_code migrate(qm_db *db, qm_err *err) {
  int64_t version = 0;
  char text[64];
  qm_code code = execute(db, "BEGIN IMMEDIATE", err);
  if (code)
    return code;
  code = identify(db, &version, err); /* another process may have been quicker */
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
  if (code)
    qm_db_rollback(db);
  return code;
}

static qm_code set_up(qm_db *db, const qm_db_options *options, qm_err *err) {
  char text[96];
  int64_t version = 0;
  qm_code code = identify(db, &version, err);
  if (code)
    return code;
  if (version == 0 && (options->readonly || !options->create))
    return qm_fail(err, QM_FOREIGN, "%s is not a Quartermaster inventory", db->path);
  if (!options->readonly && !db->in_memory)
    code = execute(db, "PRAGMA journal_mode = WAL", err);
  snprintf(text, sizeof text, "PRAGMA synchronous = %s; PRAGMA temp_store = FILE",
           options->full ? "FULL" : "NORMAL");
  if (!code)
    code = execute(db, text, err);
  if (!code && options->max_pages > 0) {
    snprintf(text, sizeof text, "PRAGMA max_page_count = %lld", (long long)options->max_pages);
    code = execute(db, text, err);
  }
  if (!code && version < QM_SCHEMA_VERSION && !options->readonly)
    code = migrate(db, err);
  return code;
}

qm_code qm_db_open(const qm_db_options *options, qm_db **out, qm_err *err) {
  *out = NULL;
  qm_db *db = calloc(1, sizeof *db);
  if (!db)
    return qm_fail(err, QM_MEMORY, "%s", qm_code_message(QM_MEMORY));
  db->owner = getpid();
  db->in_memory = strcmp(options->path, ":memory:") == 0;
  db->readonly = options->readonly;
  db->path = strdup(options->path);
  qm_code code = db->path ? QM_OK : qm_fail(err, QM_MEMORY, "%s", qm_code_message(QM_MEMORY));
  if (!code && !db->in_memory)
    code = check_path(options, err);
  if (!code && !db->in_memory)
    code = check_inherited(db, err);
  if (!code)
    code = open_handle(db, options, err);
  if (!code && !db->in_memory)
    code = enter_file(db, err);
  if (!code)
    code = set_up(db, options, err);
  if (code) {
    qm_db_close(db);
    return code;
  }
  *out = db;
  return QM_OK;
}

/* ---- checkpoints and closing ---- */

static qm_code open_checkpointer(qm_db *db) {
  if (db->checkpointer)
    return QM_OK;
  int rc = sqlite3_open_v2(db->path, &db->checkpointer, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                           NULL);
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
  if (sqlite3_exec(db->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
    return;
  sqlite3_wal_checkpoint_v2(db->checkpointer, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
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
    sqlite3_close_v2(db->checkpointer);
    sqlite3_close_v2(db->handle);
    leave_file(db);
  } /* else: closing a copy would release the parent's file locks; it is left alone on purpose */
  free(db->path);
  free(db);
}

/* ---- transactions ---- */

qm_code qm_db_begin_write(qm_db *db, qm_err *err) {
  qm_code code = qm_db_alive(db, err);
  if (code)
    return code;
  if (db->readonly)
    return qm_fail(err, QM_READONLY, "the file was opened with readonly = true");
  return qm_db_run(db, QM_SQL_BEGIN_WRITE, NULL, 0, err);
}

qm_code qm_db_begin_read(qm_db *db, qm_err *err) {
  qm_code code = qm_db_alive(db, err);
  return code ? code : qm_db_run(db, QM_SQL_BEGIN_READ, NULL, 0, err);
}

qm_code qm_db_commit(qm_db *db, qm_err *err) {
  qm_code code = qm_db_run(db, QM_SQL_COMMIT, NULL, 0, err);
  if (code)
    qm_db_rollback(db);
  return code;
}

void qm_db_rollback(qm_db *db) {
  if (!sqlite3_get_autocommit(db->handle))
    sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
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

/* "$1" is a name to SQLite, numbered by appearance; "?1" is the first parameter wherever it stands.
 */
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
  return (qm_str){p ? p : "", (size_t)sqlite3_column_bytes(stmt, column)};
}

bool qm_db_null(qm_db *db, qm_sql sql, int column) {
  return sqlite3_column_type(db->statements[sql], column) == SQLITE_NULL;
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
