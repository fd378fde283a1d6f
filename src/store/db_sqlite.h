/* db_sqlite.h: what the files of the SQLite driver share. Private to the driver. */
#ifndef QM_DB_SQLITE_H
#define QM_DB_SQLITE_H

#include <sqlite3.h>
#include <sys/types.h>

#include "db.h"
#include "db_file.h"
#include "db_gather.h"

struct qm_db {
  sqlite3 *handle, *checkpointer;
  sqlite3_stmt *statements[QM_SQL_COUNT];
  uint32_t nulls[QM_SQL_COUNT]; /* which parameters of each are NULL, of the first 32 */
  sqlite3_stmt
      *rollback; /* needed where nothing can be allocated, so made when the file is opened */
  pid_t owner;
  int busy_ms;
  int log_pages, log_limit;               /* how long the log is, and how long it may become */
  uint64_t writes;                        /* that this connection has begun */
  uint64_t transactions;                  /* the same, and readings */
  volatile void *log_header;              /* of the log's index, NULL: not known yet */
  bool in_memory, readonly, full, moment; /* moment: several reads are under way */
  qm_file *file;
  qm_gather gather;
};

/* Says what SQLite's result code means. */
qm_code qm_sqlite_fail(qm_db *db, int native, qm_err *err);
/* Prepares a statement ahead of its first use. */
qm_code qm_sqlite_prepare(qm_db *db, qm_sql sql, qm_err *err);

#endif
