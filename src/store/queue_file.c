/* queue_file.c: joining the queue's file.
 *
 * Locks on bytes of the file say who is there: each handle shares the first, so that who gets it
 * alone is the only one and may begin the file anew, whatever a machine that lost power has left in
 * it; and each holds the byte of its slot. These locks belong to the handle's own opening of the
 * file and end with it, also by SIGKILL. */
#define _GNU_SOURCE

#include "queue_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAGIC = 0x716d7175, PRESENCE = 0, FIRST_SLOT = 16, ATTEMPTS = 1000 };

/* Programs of different builds must not share a file whose parts lie elsewhere for each. */
static uint32_t layout(void) {
  return (uint32_t)(sizeof(qm_queue_map) ^ sizeof(qm_op) << 12 ^ sizeof(qm_row) << 20) + 1;
}

static int lock(int fd, short type, off_t at, bool wait) {
  struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
  int rc;
  do
    rc = fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &range);
  while (rc != 0 && errno == EINTR);
  return rc;
}

static qm_code failure(const char *path, qm_err *err) {
  qm_code code = errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? QM_FULL : QM_IO;
  return qm_fail(err, code, "the queue of writers %s cannot be used: %s", path, strerror(errno));
}

/* What is mapped needs its place on the disk beforehand: to write where there is none ends the
 * process when the disk is full. */
static bool keep_place(int fd, size_t from, size_t size) {
  do
    errno = posix_fallocate(fd, (off_t)from, (off_t)size);
  while (errno == EINTR);
  return errno == 0;
}

/* Only one is here. */
static qm_code begin(const char *path, int fd, qm_queue_map *map, qm_err *err) {
  pthread_mutexattr_t attributes;
  if (!keep_place(fd, 0, offsetof(qm_queue_map, slots)))
    return failure(path, err);
  atomic_store(&map->magic, 0);
  memset((char *)map + sizeof map->magic, 0, offsetof(qm_queue_map, slots) - sizeof map->magic);
  map->layout = layout();
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  int rc = pthread_mutex_init(&map->lead, &attributes);
  pthread_mutexattr_destroy(&attributes);
  if (rc != 0) {
    errno = rc;
    return failure(path, err);
  }
  atomic_store(&map->magic, MAGIC);
  return lock(fd, F_RDLCK, PRESENCE, true) == 0 ? QM_OK : failure(path, err);
}

/* The first begins the file; others wait until it has. Who began it may have died half way, so it
 * is tried again. */
static qm_code attend(const char *path, int fd, qm_queue_map *map, qm_err *err) {
  for (int i = 0; i < ATTEMPTS; i++) {
    if (lock(fd, F_WRLCK, PRESENCE, false) == 0)
      return begin(path, fd, map, err);
    if (lock(fd, F_RDLCK, PRESENCE, true) != 0)
      return failure(path, err);
    if (atomic_load(&map->magic) != MAGIC) {
      lock(fd, F_UNLCK, PRESENCE, false);
      nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
      continue;
    }
    if (map->layout == layout())
      return QM_OK;
    return qm_fail(err, QM_BUSY, "a program of another version has the file open");
  }
  errno = ETIMEDOUT;
  return failure(path, err);
}

static qm_code map_file(const char *path, int fd, qm_queue_map **map, qm_err *err) {
  struct stat st;
  off_t size = (off_t)sizeof(qm_queue_map);
  if (fstat(fd, &st) != 0 || (st.st_size < size && ftruncate(fd, size) != 0))
    return failure(path, err);
  void *at = mmap(NULL, sizeof(qm_queue_map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED)
    return failure(path, err);
  *map = at;
  return QM_OK;
}

void qm_queue_bury(qm_queue_map *map, int fd, int slot) {
  if (lock(fd, F_WRLCK, FIRST_SLOT + slot, false) != 0)
    return;
  atomic_store(&map->states[slot], QM_SLOT_FREE);
  lock(fd, F_UNLCK, FIRST_SLOT + slot, false);
}

/* Who had the slot before may have died with an op in it, which somebody may be doing now. */
static void claim(qm_queue_map *map, int fd, int *slot) {
  *slot = QM_NO_SLOT;
  for (int i = 0; i < QM_SLOTS && *slot == QM_NO_SLOT; i++)
    if (lock(fd, F_WRLCK, FIRST_SLOT + i, false) == 0)
      *slot = i;
  if (*slot == QM_NO_SLOT)
    return;
  size_t from = offsetof(qm_queue_map, slots) + (size_t)*slot * sizeof(qm_slot);
  if (!keep_place(fd, from, sizeof(qm_slot))) {
    lock(fd, F_UNLCK, FIRST_SLOT + *slot, false);
    *slot = QM_NO_SLOT;
    return;
  }
  while (atomic_load(&map->states[*slot]) == QM_SLOT_TAKEN) {
    int rc = pthread_mutex_trylock(&map->lead);
    if (rc == EOWNERDEAD)
      qm_queue_inherit(map);
    if (rc == 0 || rc == EOWNERDEAD)
      pthread_mutex_unlock(&map->lead);
    else
      nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
  }
  atomic_store(&map->states[*slot], QM_SLOT_FREE);
}

/* The file is for those who may write the database. */
static int open_beside(const char *path, const char *name) {
  struct stat st;
  mode_t mode = stat(path, &st) == 0 ? st.st_mode & 0666 : 0600;
  int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 0777) != mode)
    fchmod(fd, mode);
  return fd;
}

qm_code qm_queue_join(const char *path, qm_queue_map **map, int *fd, int *slot, qm_err *err) {
  size_t size = strlen(path) + sizeof "-lock";
  char *name = malloc(size);
  *map = NULL;
  if (!name)
    return qm_fail(err, QM_MEMORY, "%s", qm_code_message(QM_MEMORY));
  snprintf(name, size, "%s-lock", path);
  *fd = open_beside(path, name);
  qm_code code = *fd < 0 ? failure(name, err) : map_file(name, *fd, map, err);
  if (!code)
    code = attend(name, *fd, *map, err);
  if (!code)
    claim(*map, *fd, slot);
  if (code)
    qm_queue_part(*map, *fd);
  free(name);
  return code;
}

void qm_queue_part(qm_queue_map *map, int fd) {
  if (map)
    munmap(map, sizeof *map);
  if (fd >= 0)
    close(fd);
}
