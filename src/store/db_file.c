/* db_file.c: paths before they are opened, the files that are open, and why one of them failed. */
#define _XOPEN_SOURCE 700

#include "db_file.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct qm_file {
  dev_t device;
  ino_t inode;
  pid_t owner;
  qm_file *next;
};

static qm_file *open_files;
static pthread_mutex_t open_files_lock = PTHREAD_MUTEX_INITIALIZER;

static qm_code out_of_memory(qm_err *err) {
  return qm_fail(err, QM_MEMORY, "%s", qm_code_message(QM_MEMORY));
}

/* ---- paths ---- */

/* A file can be made where its directory is there and may be written. */
static qm_code check_directory(const qm_db_options *options, qm_err *err) {
  struct stat st;
  char *directory = strdup(options->path);
  if (!directory)
    return out_of_memory(err);
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

/* Was the file open when this process was forked? */
static qm_code check_inherited(const char *path, const struct stat *st, pid_t owner, qm_err *err) {
  bool inherited = false;
  pthread_mutex_lock(&open_files_lock);
  for (const qm_file *f = open_files; f; f = f->next)
    inherited |= f->device == st->st_dev && f->inode == st->st_ino && f->owner != owner;
  pthread_mutex_unlock(&open_files_lock);
  if (!inherited)
    return QM_OK;
  return qm_fail(err, QM_FORKED, "%s was open when this process was forked; close it before", path);
}

/* To open and close the file here would drop the locks that this process holds on it. A database
 * has at least one page of 512 bytes; SQLite itself would take a shorter file for an empty one and
 * write over it. */
qm_code qm_file_check(const qm_db_options *options, pid_t owner, qm_err *err) {
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
    return check_inherited(options->path, &st, owner, err);
  }
  if (errno != ENOENT && errno != ENOTDIR)
    return qm_fail(err, QM_IO, "%s cannot be reached: %s", options->path, strerror(errno));
  if (!options->create || options->readonly)
    return qm_fail(err, QM_NOT_FOUND, "there is no file %s", options->path);
  return check_directory(options, err);
}

/* ---- open files ---- */

qm_code qm_file_enter(const char *path, pid_t owner, qm_file **out, qm_err *err) {
  struct stat st;
  *out = NULL;
  if (stat(path, &st) != 0)
    return qm_fail(err, QM_IO, "%s cannot be reached: %s", path, strerror(errno));
  qm_file *file = malloc(sizeof *file);
  if (!file)
    return out_of_memory(err);
  *file = (qm_file){.device = st.st_dev, .inode = st.st_ino, .owner = owner};
  pthread_mutex_lock(&open_files_lock);
  file->next = open_files;
  open_files = file;
  pthread_mutex_unlock(&open_files_lock);
  *out = file;
  return QM_OK;
}

void qm_file_leave(qm_file *file) {
  pthread_mutex_lock(&open_files_lock);
  for (qm_file **link = &open_files; *link; link = &(*link)->next) {
    if (*link == file) {
      *link = file->next;
      break;
    }
  }
  pthread_mutex_unlock(&open_files_lock);
  free(file);
}

/* ---- failures ---- */

/* An I/O error has a cause that people can act on: the system's number, when SQLite still knows it,
 * or a limit on the size of files, which makes writes fail in places that keep no number. */
static qm_code explain_io(int native, int os) {
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

qm_code qm_file_failure(int native, int os) {
  if (native == SQLITE_IOERR_NOMEM)
    return QM_MEMORY;
  switch (native & 0xff) {
  case SQLITE_OK:
  case SQLITE_ROW:
  case SQLITE_DONE:
    return QM_OK;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
  case SQLITE_PROTOCOL: /* others changed the log's index whenever it was looked at */
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
    return explain_io(native, os);
  }
}
