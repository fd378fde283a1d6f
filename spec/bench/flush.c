/* flush.c: what one flush costs: overwrites 4 KiB of a file that is there already and waits until
 * the disk has it. Nothing that is durable can be quicker than this, one at a time. */
#define _XOPEN_SOURCE 700

#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 1024 };

static int file;
static char page[PAGE];

static void *open_file(const bench_options *options) {
  file = open(options->place, O_RDWR | O_CREAT, 0600);
  if (file < 0)
    bench_fail(options->place, strerror(errno));
  memset(page, 'x', sizeof page);
  for (int i = 0; i < PAGES; i++)
    if (pwrite(file, page, sizeof page, (off_t)i * PAGE) != PAGE)
      bench_fail(options->place, strerror(errno));
  if (fsync(file) != 0)
    bench_fail(options->place, strerror(errno));
  return &file;
}

static bool overwrite(void *connection, const bench_request *request) {
  (void)connection;
  off_t at = (off_t)(request->number % PAGES) * PAGE;
  memcpy(page, &request->number, sizeof request->number);
  if (pwrite(file, page, sizeof page, at) != PAGE || fdatasync(file) != 0)
    bench_fail("flush", strerror(errno));
  return true;
}

static void close_file(void *connection) {
  (void)connection;
  close(file);
}

int main(int argc, char **argv) {
  static const bench_client client = {.open = open_file, .receive = overwrite, .close = close_file};
  return bench_main(argc, argv, &client);
}
