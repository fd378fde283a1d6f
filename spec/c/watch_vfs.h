/* watch_vfs.h: SQLite's file system with a hook: every file that the engine opens is shown before
 * anything is done with it, so that a test can replace its methods and see what is asked of it.
 *
 * Methods are for all files of a kind, and know no handle: what they see is the whole program's. */
#ifndef QM_SPEC_WATCH_VFS_H
#define QM_SPEC_WATCH_VFS_H

#include "store_kit.h"

static sqlite3_vfs watching;
static void (*watch_file)(sqlite3_file *file, int flags);

static inline int watch_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                             int *out) {
  sqlite3_vfs *under = vfs->pAppData;
  int rc = under->xOpen(under, name, file, flags, out);
  if (rc == SQLITE_OK && file->pMethods)
    watch_file(file, flags);
  return rc;
}

/* From now on, for all files that are opened. */
static inline void watch(void (*hook)(sqlite3_file *file, int flags)) {
  sqlite3_vfs *under = sqlite3_vfs_find(NULL);
  watch_file = hook;
  watching = *under;
  watching.zName = "watching";
  watching.pAppData = under;
  watching.xOpen = watch_open;
  CHECK_INT(sqlite3_vfs_register(&watching, 1), SQLITE_OK);
}

#endif
