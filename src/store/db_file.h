/* db_file.h: what the driver has to know about a file beside its content.
 *
 * A path is looked at before it is opened, so that the refusal can say what is wrong with it. And
 * every file that this process has open is remembered together with the process that opened it:
 * SQLite keeps books, per process and file, of the locks it holds, and a child inherits them by
 * fork. While an inherited handle is about, a handle that the child opens on the same file would
 * believe in locks it does not have; so the child may not open it. A failure of SQLite is
 * translated here too, since its cause often lies with the file. Safe to call from any thread. */
#ifndef QM_DB_FILE_H
#define QM_DB_FILE_H

#include <sys/types.h>

#include "db.h"

typedef struct qm_file qm_file;

/* Looks at options->path without opening it: can it be what the options ask for, and may `owner`,
 * the calling process, open it? */
qm_code qm_file_check(const qm_db_options *options, pid_t owner, qm_err *err);

/* Remembers that owner has opened path; *out stays NULL when that fails. */
qm_code qm_file_enter(const char *path, pid_t owner, qm_file **out, qm_err *err);
/* Forgets it again, once the file is closed. file may be NULL. */
void qm_file_leave(qm_file *file);

/* What SQLite's result code means here; os is the system's error number, 0 when SQLite kept none.
 */
qm_code qm_file_failure(int native, int os);

#endif
