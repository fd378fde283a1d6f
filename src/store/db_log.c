/* db_log.c: returning the write-ahead log to the file.
 *
 * SQLite 3.7.0 to 3.51.2 can lose a commit when a checkpoint races a commit that resets the log, so
 * the automatic checkpoints are off and ours run while this connection holds the write lock,
 * through a second connection: no commit can be under way beside them. */
#include "db_sqlite.h"

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
  if (db->log_pages >= db->log_limit)
    qm_db_return_log(db);
}
