/* db.h: the driver interface. A driver prepares the statements of statements.def, binds, steps and
 * maps errors; it knows no rule. Statements never outlive the call that started them.
 *
 * A qm_db belongs to the process that opened it: after fork every call fails with QM_FORKED and
 * close leaves the connection alone. A call that fails returns the code and says why in the qm_err
 * it was given, which may be NULL; nothing is kept for later. */
#ifndef QM_DB_H
#define QM_DB_H

#include "../core/qm.h"

typedef enum qm_sql {
#define QM_STATEMENT(name, text) QM_SQL_##name,
#include "statements.def"
#undef QM_STATEMENT
  QM_SQL_COUNT
} qm_sql;

typedef struct qm_db qm_db;

typedef struct qm_db_options {
  const char *path;
  bool create, readonly, full; /* full: a commit survives power loss */
  int busy_ms;
  int64_t max_pages; /* 0: no limit */
  int log_pages;     /* a log longer than that is returned to the file; 0: the usual length */
} qm_db_options;

/* A value to bind. QM_NULL also stands for a string whose p is NULL. */
typedef struct qm_val {
  enum { QM_NULL, QM_INT, QM_REAL, QM_TEXT, QM_BLOB } type;
  int64_t i;
  double d;
  qm_str s;
} qm_val;

#define QM_I(v) ((qm_val){.type = QM_INT, .i = (int64_t)(v)})
#define QM_D(v) ((qm_val){.type = QM_REAL, .d = (v)})
#define QM_T(v) ((qm_val){.type = (v).p ? QM_TEXT : QM_NULL, .s = (v)})
#define QM_B(v) ((qm_val){.type = (v).p ? QM_BLOB : QM_NULL, .s = (v)})
#define QM_N    ((qm_val){.type = QM_NULL})

/* Opens the file, creating or migrating it as the options allow. */
qm_code qm_db_open(const qm_db_options *options, qm_db **out, qm_err *err);
void qm_db_close(qm_db *db);

/* A handle that was carried across fork: QM_FORKED. */
qm_code qm_db_alive(qm_db *db, qm_err *err);
/* The same, and QM_READONLY for one that only reads. */
qm_code qm_db_may_write(qm_db *db, qm_err *err);

/* What the options said: the absolute path, NULL in memory; does a commit survive power loss; and
 * how many milliseconds one waits for others. */
const char *qm_db_path(const qm_db *db);
bool qm_db_is_durable(const qm_db *db);
int qm_db_patience(const qm_db *db);

/* Transactions do not nest: to begin one undoes one that was left open. A failed commit undoes. */
qm_code qm_db_begin_write(qm_db *db, qm_err *err);
qm_code qm_db_begin_read(qm_db *db, qm_err *err);
/* Ends what qm_db_begin_read began; code: how the reading went, which is returned. */
qm_code qm_db_end_read(qm_db *db, qm_code code, qm_err *err);
/* Several readings of one moment: those between these two begin and end nothing. Who began it ends
 * it. A write ends the moment before it begins. */
qm_code qm_db_begin_moment(qm_db *db, bool *began, qm_err *err);
void qm_db_end_moment(qm_db *db);
qm_code qm_db_commit(qm_db *db, qm_err *err);
/* Needs no memory; what could not be undone all the same is undone by the next begin. Nothing
 * happens when no transaction is open. */
void qm_db_rollback(qm_db *db);

/* The number of the transaction that was begun last; none has number 0. */
uint64_t qm_db_transaction(const qm_db *db);

/* Different after every commit to the file, by whomever. */
typedef struct qm_db_stamp {
  uint64_t parts[6];
} qm_db_stamp;

/* False where it cannot be told, or where what is read may be older: then nothing may be kept. */
bool qm_db_stamp_now(qm_db *db, qm_db_stamp *out);

/* Returns the log to the file now, as far as readers allow; not at all while somebody else writes.
 * Never waits, and nothing of it can fail in a way that matters. */
void qm_db_return_log(qm_db *db);
/* The same once the log has grown long: work to be done after the answer. */
void qm_db_tidy(qm_db *db);

/* Runs a statement that returns no rows. */
qm_code qm_db_run(qm_db *db, qm_sql sql, const qm_val *values, int count, qm_err *err);
/* Rows the last qm_db_run changed. */
int64_t qm_db_changes(qm_db *db);
/* The key of the row that was inserted last. */
int64_t qm_db_last_key(qm_db *db);

/* A query: start, step until *row is false (which ends it), or end it early. At most one use of
 * each statement at a time. Strings live until the next step. */
qm_code qm_db_start(qm_db *db, qm_sql sql, const qm_val *values, int count, qm_err *err);
qm_code qm_db_step(qm_db *db, qm_sql sql, bool *row, qm_err *err);
void qm_db_end(qm_db *db, qm_sql sql);
/* start and one step: QM_OK with *row; when there is a row the caller reads it and calls
 * qm_db_end. */
qm_code qm_db_first(qm_db *db, qm_sql sql, const qm_val *values, int count, bool *row, qm_err *err);

int64_t qm_db_int(qm_db *db, qm_sql sql, int column);
double qm_db_real(qm_db *db, qm_sql sql, int column);
qm_str qm_db_str(qm_db *db, qm_sql sql, int column); /* p is NULL for SQL NULL */
bool qm_db_null(qm_db *db, qm_sql sql, int column);
bool qm_db_is_number(qm_db *db, qm_sql sql, int column); /* a whole number */
int qm_db_columns(qm_db *db, qm_sql sql);
const char *qm_db_name(qm_db *db, qm_sql sql, int column);

/* SQLite's own check of the whole file; calls report for each problem found. */
qm_code qm_db_check(qm_db *db, void (*report)(void *context, const char *text), void *context,
                    qm_err *err);

/* Copies the database as it is at one moment into a new file; there is all of it or nothing. */
qm_code qm_db_backup(qm_db *db, const char *path, qm_err *err);

/* The version of SQLite, for people: "3.40.1". */
const char *qm_db_engine(qm_db *db);

#endif
