/* db_gather.h: what a commit writes to the log, written in one go.
 *
 * SQLite writes each page of a commit to the log by two calls, one for the frame's head. Between
 * begin and end they are gathered, and written by one when the commit's last frame is complete:
 * before SQLite makes the log safe, and before it tells anybody of the commit. Private to the
 * driver. */
#ifndef QM_DB_GATHER_H
#define QM_DB_GATHER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct qm_gather {
  sqlite3_io_methods methods; /* first: through it SQLite's file leads here */
  const sqlite3_io_methods *real;
  bool on, last; /* last: what comes next completes the commit's last frame */
  bool never;    /* a commit was not recognised */
  sqlite3_file *file;
  sqlite3_int64 at;
  size_t used;
  unsigned char *bytes;
} qm_gather;

/* It must outlive the handle. Where nothing can be gathered, nothing is. */
void qm_gather_begin(qm_gather *gather, sqlite3 *handle);
/* What is left over is of a commit that failed; of one that did not, should SQLite ever write
 * otherwise than it does, it is written now, and nothing is gathered any more. False: it cannot be.
 */
bool qm_gather_end(qm_gather *gather, bool committed);
void qm_gather_free(qm_gather *gather);

#endif
