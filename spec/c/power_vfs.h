/* power_vfs.h: SQLite's way to the files, with a hand on the switch. It is the default VFS of the
 * test program, so the engine uses it without knowing.
 *
 * Everything is passed on to SQLite's own VFS for unix, and counted. At the n-th call either the
 * power fails, and from then on nothing works until power_restore has made the files what the disk
 * (power_disk.h) has left of them; or that one call fails, or every one from there on that needs
 * space. Files without a name are SQLite's own scratch: they are counted, and nobody misses them.
 */
#ifndef QM_SPEC_POWER_VFS_H
#define QM_SPEC_POWER_VFS_H

#include "power_disk.h"

#include <errno.h>

typedef enum power_mode {
  POWER_FINE,
  POWER_CUT,   /* at a call that changes what is on the disk */
  POWER_ERROR, /* one call fails, of any kind */
  POWER_FULL,  /* one call that needs space finds none */
  POWER_FILLED /* so do all from there on */
} power_mode;

/* What a call does, as far as that matters here. */
enum {
  POWER_CHANGES = 1 << 0, /* it changes what is on the disk, or makes it safe */
  POWER_NEEDS = 1 << 1    /* it needs space */
};

typedef struct power_file {
  sqlite3_file base;
  disk_file *file; /* NULL: not one of the shop's */
  bool directory;  /* its first sync is to make the names in the directory safe as well */
  sqlite3_file *real;
} power_file;

static struct {
  sqlite3_vfs vfs, *real;
  disk disk;
  power_mode mode;
  int64_t calls, at; /* calls that count in this mode, so far; the one where it happens */
  bool off, struck;  /* struck: it has happened */
  bool vague;        /* to a sync, whose failure SQLite gives no reason for */
  bool watched;      /* the disk is told of changes */
  uint64_t random;
} power;

static inline bool power_counts(int what) {
  switch (power.mode) {
  case POWER_FINE:
    return false;
  case POWER_CUT:
    return what & POWER_CHANGES;
  case POWER_ERROR:
    return true;
  default:
    return what & POWER_NEEDS;
  }
}

/* Does the call fail? A call that fails because the power does may still have come to the disk. */
static inline bool power_fails(int what, bool *cut) {
  *cut = false;
  if (power.off) {
    errno = EIO;
    return true;
  }
  if (!power_counts(what))
    return false;
  power.calls++;
  if (power.calls < power.at || (power.calls > power.at && power.mode != POWER_FILLED))
    return false;
  power.struck = true;
  power.off = *cut = power.mode == POWER_CUT;
  errno = power.mode == POWER_ERROR || power.off ? EIO : ENOSPC;
  return true;
}

static inline bool power_refuses(int what) {
  bool cut;
  return power_fails(what, &cut);
}

/* ---- one file ---- */

static inline power_file *power_of(sqlite3_file *file) {
  return (power_file *)(void *)file;
}
static inline sqlite3_file *power_real(sqlite3_file *file) {
  return power_of(file)->real;
}

static inline disk_file *power_watched(sqlite3_file *file) {
  disk_file *known = power_of(file)->file;
  return power.watched && known && known->now ? known : NULL;
}

static int power_close(sqlite3_file *file) {
  return power_real(file)->pMethods->xClose(power_real(file));
}

static int power_read(sqlite3_file *file, void *out, int n, sqlite3_int64 at) {
  if (power_refuses(0))
    return SQLITE_IOERR_READ;
  return power_real(file)->pMethods->xRead(power_real(file), out, n, at);
}

/* A write that fails for want of space has written what there was space for. */
static int power_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at) {
  bool cut, fails = power_fails(POWER_CHANGES | POWER_NEEDS, &cut);
  int error = power.mode == POWER_ERROR || power.off ? SQLITE_IOERR_WRITE : SQLITE_FULL;
  int written = !fails ? n : power.off ? 0 : n / 2;
  disk_file *known = power_watched(file);
  if (known && (cut || written > 0))
    disk_change_add(known, at, bytes, (size_t)(cut ? n : written));
  int rc = SQLITE_OK, number = errno;
  if (written > 0)
    rc = power_real(file)->pMethods->xWrite(power_real(file), bytes, written, at);
  errno = number;
  return fails ? error : rc;
}

static int power_truncate(sqlite3_file *file, sqlite3_int64 size) {
  bool cut, fails = power_fails(POWER_CHANGES, &cut);
  disk_file *known = power_watched(file);
  if (known && (cut || !fails))
    disk_change_add(known, size, NULL, 0);
  if (fails)
    return SQLITE_IOERR_TRUNCATE;
  return power_real(file)->pMethods->xTruncate(power_real(file), size);
}

static int power_sync(sqlite3_file *file, int flags) {
  bool cut, fails = power_fails(POWER_CHANGES | POWER_NEEDS, &cut);
  disk_file *known = power_watched(file);
  power.vague |= fails;
  (void)flags; /* the real disk need not be waited for */
  if (known && !fails) {
    disk_sync(known);
    if (power_of(file)->directory)
      disk_sync_names(&power.disk);
    power_of(file)->directory = false;
  } else if (known && !cut && !power.off) {
    disk_sync_fails(known, &power.random);
  }
  return fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int power_size(sqlite3_file *file, sqlite3_int64 *size) {
  if (power_refuses(0))
    return SQLITE_IOERR_FSTAT;
  return power_real(file)->pMethods->xFileSize(power_real(file), size);
}

static int power_lock(sqlite3_file *file, int level) {
  if (power_refuses(0))
    return SQLITE_IOERR_LOCK;
  return power_real(file)->pMethods->xLock(power_real(file), level);
}

static int power_unlock(sqlite3_file *file, int level) {
  return power_real(file)->pMethods->xUnlock(power_real(file), level);
}

static int power_reserved(sqlite3_file *file, int *reserved) {
  *reserved = 0;
  if (power_refuses(0))
    return SQLITE_IOERR_CHECKRESERVEDLOCK;
  return power_real(file)->pMethods->xCheckReservedLock(power_real(file), reserved);
}

static int power_control(sqlite3_file *file, int op, void *argument) {
  return power_real(file)->pMethods->xFileControl(power_real(file), op, argument);
}

static int power_sector(sqlite3_file *file) {
  return power_real(file)->pMethods->xSectorSize(power_real(file));
}

static int power_traits(sqlite3_file *file) {
  return power_real(file)->pMethods->xDeviceCharacteristics(power_real(file));
}

/* ---- memory that is shared by a file's connections: none of it is on the disk ---- */

static int power_shm_map(sqlite3_file *file, int region, int size, int extend,
                         void volatile **out) {
  *out = NULL;
  if (power_refuses(POWER_NEEDS))
    return power.mode == POWER_ERROR || power.off ? SQLITE_IOERR_SHMMAP : SQLITE_IOERR_SHMSIZE;
  return power_real(file)->pMethods->xShmMap(power_real(file), region, size, extend, out);
}

static int power_shm_lock(sqlite3_file *file, int offset, int n, int flags) {
  if ((flags & SQLITE_SHM_LOCK) && power_refuses(0))
    return SQLITE_IOERR_SHMLOCK;
  return power_real(file)->pMethods->xShmLock(power_real(file), offset, n, flags);
}

static void power_shm_barrier(sqlite3_file *file) {
  power_real(file)->pMethods->xShmBarrier(power_real(file));
}

static int power_shm_unmap(sqlite3_file *file, int remove) {
  return power_real(file)->pMethods->xShmUnmap(power_real(file), remove);
}

/* ---- names ---- */

static const sqlite3_io_methods power_methods = {.iVersion = 2, /* without mapped pages */
                                                 .xClose = power_close,
                                                 .xRead = power_read,
                                                 .xWrite = power_write,
                                                 .xTruncate = power_truncate,
                                                 .xSync = power_sync,
                                                 .xFileSize = power_size,
                                                 .xLock = power_lock,
                                                 .xUnlock = power_unlock,
                                                 .xCheckReservedLock = power_reserved,
                                                 .xFileControl = power_control,
                                                 .xSectorSize = power_sector,
                                                 .xDeviceCharacteristics = power_traits,
                                                 .xShmMap = power_shm_map,
                                                 .xShmLock = power_shm_lock,
                                                 .xShmBarrier = power_shm_barrier,
                                                 .xShmUnmap = power_shm_unmap};

static int power_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                      int *flags_out) {
  (void)vfs;
  power_file *mine = power_of(file);
  file->pMethods = NULL;
  if (power_refuses(name && (flags & SQLITE_OPEN_CREATE) ? POWER_CHANGES | POWER_NEEDS : 0))
    return SQLITE_CANTOPEN;
  mine->file = NULL;
  /* So the files for unix do it, when they make a log. */
  mine->directory = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0 &&
                    (flags & SQLITE_OPEN_CREATE) != 0;
  mine->real = (sqlite3_file *)(void *)(mine + 1);
  int rc = power.real->xOpen(power.real, name, mine->real, flags, flags_out);
  if (rc != SQLITE_OK)
    return rc;
  file->pMethods = &power_methods;
  if (name && power.watched)
    mine->file = disk_open(&power.disk, name);
  return SQLITE_OK;
}

static int power_delete(sqlite3_vfs *vfs, const char *name, int sync_directory) {
  (void)vfs;
  bool cut, fails = power_fails(POWER_CHANGES, &cut);
  if (power.watched && (cut || !fails))
    disk_delete(&power.disk, name, sync_directory && !cut);
  return fails ? SQLITE_IOERR_DELETE : power.real->xDelete(power.real, name, 0);
}

static int power_access(sqlite3_vfs *vfs, const char *name, int flags, int *answer) {
  (void)vfs;
  *answer = 0;
  if (power_refuses(0))
    return SQLITE_IOERR_ACCESS;
  return power.real->xAccess(power.real, name, flags, answer);
}

static int power_path(sqlite3_vfs *vfs, const char *name, int size, char *out) {
  (void)vfs;
  if (power_refuses(0))
    return SQLITE_CANTOPEN;
  return power.real->xFullPathname(power.real, name, size, out);
}

/* ---- the switch ---- */

static inline void power_install(void) {
  power.real = sqlite3_vfs_find("unix");
  power.vfs = *power.real;
  power.vfs.iVersion = 2; /* what the real one could call directly is left out */
  power.vfs.pNext = NULL;
  power.vfs.zName = "power";
  power.vfs.szOsFile = (int)sizeof(power_file) + power.real->szOsFile;
  power.vfs.xOpen = power_open;
  power.vfs.xDelete = power_delete;
  power.vfs.xAccess = power_access;
  power.vfs.xFullPathname = power_path;
  if (sqlite3_vfs_register(&power.vfs, 1) != SQLITE_OK)
    abort();
}

/* From here on calls are counted. */
static inline void power_arm(power_mode mode, int64_t at) {
  power.mode = mode;
  power.at = at;
  power.calls = 0;
  power.off = power.struck = power.vague = false;
}

static inline void power_disarm(void) {
  power.mode = POWER_FINE;
  power.off = false;
}

/* From here on the disk is told of changes; there are no files yet. */
static inline void power_watch(uint64_t seed) {
  disk_free(&power.disk);
  power.watched = true;
  power.random = seed;
}

/* The same for files that are there already, all of them safe. */
static inline void power_watch_files(uint64_t seed) {
  disk old = power.disk;
  power.disk = (disk){0};
  for (int i = 0; i < DISK_FILES; i++)
    if (old.files[i].name[0])
      disk_load(&power.disk, old.files[i].name);
  disk_free(&old);
  power.watched = true;
  power.random = seed;
}

/* The power is back. The disk goes on remembering what was lost and what was not, so that the files
 * can be made anew with another seed. What the connections shared is anything. */
static inline void power_restore(const char *path, disk_mood mood, uint64_t seed) {
  char name[DISK_NAME];
  power_disarm();
  power.watched = false;
  disk_cut(&power.disk, mood, seed);
  snprintf(name, sizeof name, "%s-shm", path);
  disk_bytes garbage = {0};
  disk_resize(&garbage, 32768);
  for (size_t i = 0; i < garbage.n; i++)
    garbage.p[i] = (unsigned char)unit_random(&seed);
  disk_write_file(name, &garbage);
  free(garbage.p);
}

#endif
