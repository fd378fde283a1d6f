/* test_backup.c: when a backup has been answered, the copy and the name it goes by are on the disk.
 * What is flushed is seen by standing between the engine and the system's call. */
#define _GNU_SOURCE
#include "store_kit.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 64 };

static ino_t flushed[MOST]; /* in order */
static int count;
static int failing; /* the n-th flush does, 0: none */

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd) {
  struct stat st;
  if (failing > 0 && --failing == 0) {
    errno = EIO;
    return -1;
  }
  if (fstat(fd, &st) == 0 && count < MOST)
    flushed[count++] = st.st_ino;
  return __real_fsync(fd);
}

static ino_t inode(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 ? st.st_ino : 0;
}

static bool is_flushed(ino_t what) {
  for (int i = 0; i < count; i++)
    if (flushed[i] == what)
      return true;
  return false;
}

TEST(the_copy_is_flushed_and_then_its_directory) {
  kit_file file = kit_new_file();
  qm_store *store = kit_shop(&file, 0, 5 * KIT_ONE);
  char path[KIT_PATH + 32];
  qm_err err = {0};
  snprintf(path, sizeof path, "%s/copy.db", file.directory);
  count = 0;
  CHECK_INT(qm_db_backup(qm_store_db(store), path, &err), QM_OK);
  CHECK(is_flushed(inode(path)));
  CHECK(count > 1 && flushed[count - 1] == inode(file.directory));
  unlink(path);
  qm_store_close(store);
  kit_remove(&file);
}

TEST(what_could_not_be_flushed_is_no_copy) {
  kit_file file = kit_new_file();
  qm_store *store = kit_shop(&file, 0, 5 * KIT_ONE);
  char path[KIT_PATH + 32];
  qm_err err = {0};
  snprintf(path, sizeof path, "%s/copy.db", file.directory);
  count = 0;
  CHECK_INT(qm_db_backup(qm_store_db(store), path, &err), QM_OK);
  unlink(path);
  for (int last = 0, all = count; last < 2; last++) {
    failing = all - 1 + last; /* of the copy itself, then of its name */
    CHECK_INT(qm_db_backup(qm_store_db(store), path, &err), QM_IO);
    CHECK_INT(failing, 0);
    CHECK_INT(inode(path), 0);
  }
  qm_store_close(store);
  kit_remove(&file);
}

int main(void) {
  RUN(the_copy_is_flushed_and_then_its_directory);
  RUN(what_could_not_be_flushed_is_no_copy);
  return unit_report();
}
