/* db_gather.c: the log's file, with some of its methods replaced. */
#include "db_gather.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
  ROOM = 120 * 1024, /* SQLite's file system writes no 128 kilobytes at once */
  FRAME_HEAD = 24,
  COMMITS = 4 /* where a head says that its frame is a commit's last */
};

static qm_gather *of(sqlite3_file *file) {
  return (qm_gather *)(void *)(uintptr_t)file->pMethods;
}

static int flush(sqlite3_file *file) {
  qm_gather *g = of(file);
  size_t n = g->used;
  g->used = 0;
  return n > 0 ? g->real->xWrite(file, g->bytes, (int)n, g->at) : SQLITE_OK;
}

/* The head of a commit's last frame says how many pages the file has then, any other one 0. */
static bool is_last_head(const void *bytes, int n) {
  static const unsigned char none[4];
  return n == FRAME_HEAD && memcmp((const char *)bytes + COMMITS, none, sizeof none) != 0;
}

static int write_log(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at) {
  qm_gather *g = of(file);
  size_t size = (size_t)n;
  bool gathers = g->on && size <= ROOM;
  bool follows = at == g->at + (sqlite3_int64)g->used && g->used + size <= ROOM;
  int rc = gathers && follows ? SQLITE_OK : flush(file);
  if (rc != SQLITE_OK)
    return rc;
  if (!gathers)
    return g->real->xWrite(file, bytes, n, at);
  if (g->used == 0)
    g->at = at;
  memcpy(g->bytes + g->used, bytes, size);
  g->used += size;
  if (g->last) {
    g->on = g->last = false;
    return flush(file);
  }
  g->last = is_last_head(bytes, n);
  return SQLITE_OK;
}

static int read_log(sqlite3_file *file, void *out, int n, sqlite3_int64 at) {
  int rc = flush(file);
  return rc ? rc : of(file)->real->xRead(file, out, n, at);
}

static int truncate_log(sqlite3_file *file, sqlite3_int64 size) {
  int rc = flush(file);
  return rc ? rc : of(file)->real->xTruncate(file, size);
}

static int sync_log(sqlite3_file *file, int flags) {
  int rc = flush(file);
  return rc ? rc : of(file)->real->xSync(file, flags);
}

static int size_of_log(sqlite3_file *file, sqlite3_int64 *size) {
  int rc = flush(file);
  return rc ? rc : of(file)->real->xFileSize(file, size);
}

static void replace(qm_gather *g, sqlite3_file *file) {
  g->real = file->pMethods;
  g->methods = *g->real;
  g->methods.xWrite = write_log;
  g->methods.xRead = read_log;
  g->methods.xTruncate = truncate_log;
  g->methods.xSync = sync_log;
  g->methods.xFileSize = size_of_log;
  file->pMethods = &g->methods;
}

void qm_gather_begin(qm_gather *g, sqlite3 *handle) {
  sqlite3_file *file = NULL;
  if (!g->bytes)
    g->bytes = malloc(ROOM);
  if (g->never || !g->bytes ||
      sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK ||
      !file || !file->pMethods)
    return;
  if (file->pMethods != &g->methods)
    replace(g, file);
  g->file = file;
  g->on = true;
  g->last = false;
}

bool qm_gather_end(qm_gather *g, bool committed) {
  g->on = false;
  if (!committed)
    g->used = 0;
  if (g->used == 0)
    return true;
  g->never = true;
  return flush(g->file) == SQLITE_OK;
}

void qm_gather_free(qm_gather *g) {
  free(g->bytes);
}
