/* db_backup.c: a copy of the file as it is at one moment, while others go on writing. It is made
 * beside its place and moved there once it is safe on disk, so that there is a whole copy or none.
 */
#define _XOPEN_SOURCE 700

#include "db_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static qm_code fail_at(const char *path, int number, qm_err *err) {
  qm_code code = number == ENOSPC || number == EDQUOT ? QM_FULL : QM_IO;
  return qm_fail(err, code, "%s cannot be written: %s", path, strerror(number));
}

/* All pages in one step, which is one moment. */
static qm_code copy(qm_db *db, const char *partial, const char *path, qm_err *err) {
  sqlite3 *to = NULL;
  int rc = sqlite3_open_v2(partial, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  if (rc == SQLITE_OK)
    rc = sqlite3_exec(to, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
  sqlite3_backup *backup =
      rc == SQLITE_OK ? sqlite3_backup_init(to, "main", db->handle, "main") : NULL;
  if (backup) {
    rc = sqlite3_backup_step(backup, -1);
    int finished = sqlite3_backup_finish(backup);
    rc = rc == SQLITE_DONE ? finished : rc;
  } else if (rc == SQLITE_OK) {
    rc = sqlite3_errcode(to);
  }
  int system = to ? sqlite3_system_errno(to) : 0;
  sqlite3_close_v2(to);
  if (rc == SQLITE_OK)
    return QM_OK;
  return qm_fail(err, qm_file_failure(rc, system), "%s cannot be written: %s", path,
                 sqlite3_errstr(rc));
}

static qm_code flush(const char *name, int flags, const char *path, qm_err *err) {
  int fd = open(name, flags | O_CLOEXEC);
  int rc = fd < 0 ? -1 : fsync(fd), number = errno;
  if (fd >= 0)
    close(fd);
  return rc == 0 ? QM_OK : fail_at(path, number, err);
}

/* link fails where there is something already, in the same instant. The partial name is of no more
 * use afterwards than to tell the directory. */
static qm_code move(char *partial, const char *path, qm_err *err) {
  int rc = link(partial, path), number = errno;
  unlink(partial);
  if (rc != 0)
    return number == EEXIST ? qm_fail(err, QM_CONFLICT, "there is a file %s already", path)
                            : fail_at(path, number, err);
  char *slash = strrchr(partial, '/');
  if (slash)
    slash[slash == partial] = '\0';
  qm_code code = flush(slash ? partial : ".", O_RDONLY | O_DIRECTORY, path, err);
  if (code)
    unlink(path);
  return code;
}

qm_code qm_db_backup(qm_db *db, const char *path, qm_err *err) {
  qm_code code = qm_db_alive(db, err);
  if (!code && access(path, F_OK) == 0)
    code = qm_fail(err, QM_CONFLICT, "there is a file %s already", path);
  if (!code)
    code = qm_file_check(&(qm_db_options){.path = path, .create = true}, db->owner, err);
  if (code)
    return code;
  size_t size = strlen(path) + sizeof "-partial-0123456789";
  char *partial = malloc(size);
  if (!partial)
    return qm_fail(err, QM_MEMORY, "%s", qm_code_message(QM_MEMORY));
  snprintf(partial, size, "%s-partial-%ld", path, (long)getpid());
  unlink(partial);
  code = copy(db, partial, path, err);
  if (!code)
    code = flush(partial, O_RDONLY, path, err);
  if (code)
    unlink(partial);
  else
    code = move(partial, path, err);
  free(partial);
  return code;
}
