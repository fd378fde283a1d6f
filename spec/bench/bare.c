/* bare.c: the least that SQLite has to do for our rows: a loop of prepared statements over a file
 * that the engine made, writing the rows that `place` writes (document, line, ledger) and
 * moving the balance if it suffices. It looks nothing up, checks no rule and knows each product's
 * key, so it is the price of the rows alone. `verify` accepts the file afterwards. */
#define _XOPEN_SOURCE 700

#include "loop.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { BEGIN, COMMIT, MOVE, DOCUMENT, LINE, LEDGER, READ, STATEMENTS };

enum { STOCK = 1, PLACE_BITS = 16, LINE_BITS = 12, UNITS = 10000, FIELD = 10 };

static const char *const texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [MOVE] = "UPDATE balance SET firm = firm + ?2 WHERE id = ?1"
             " AND on_hand - firm - backordered - allocated - adopted >= ?2",
    [DOCUMENT] = "INSERT INTO document (kind, ext_id, request_hash, stock, time, answer)"
                 " VALUES (1, ?1, ?2, 1, ?3, ?4)",
    [LINE] = "INSERT INTO line (id, product, stock, parent, kind, tracked, ordered, cancelled,"
             " invoiced, delivered, refunded, released, returned, allocated, backordered)"
             " VALUES (?1, ?2, 1, 0, 0, 1, ?3, 0, 0, 0, 0, 0, 0, 0, 0)",
    [LEDGER] = "INSERT INTO ledger (time, event, document, line, product, stock, reserved, moved,"
               " qty) VALUES (?1, 1, ?2, 1, ?3, 1, ?4, 0, ?5)",
    [READ] = "SELECT on_hand - firm - backordered - allocated - adopted FROM balance"
             " WHERE id = ?1",
};

static struct {
  sqlite3 *handle;
  sqlite3_stmt *statements[STATEMENTS];
  long batch, open; /* orders of a commit, and in the open one */
  bool reads;
} db;

static void need(bool fine) {
  if (!fine)
    bench_fail("SQLite", sqlite3_errmsg(db.handle));
}

/* Runs a statement whose numbers are bound already; returns whether it gave a row. */
static bool run(int which) {
  int rc = sqlite3_step(db.statements[which]);
  need(rc == SQLITE_ROW || rc == SQLITE_DONE);
  sqlite3_reset(db.statements[which]);
  return rc == SQLITE_ROW;
}

static void bind(int which, int index, int64_t value) {
  need(sqlite3_bind_int64(db.statements[which], index, value) == SQLITE_OK);
}

static void *open_file(const bench_options *options) {
  char pragma[64];
  need(sqlite3_open_v2(options->place, &db.handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                       NULL) == SQLITE_OK);
  sqlite3_busy_timeout(db.handle, 60000);
  snprintf(pragma, sizeof pragma, "PRAGMA synchronous = %s", options->sync);
  need(sqlite3_exec(db.handle, pragma, NULL, NULL, NULL) == SQLITE_OK);
  for (int i = 0; i < STATEMENTS; i++)
    need(sqlite3_prepare_v3(db.handle, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &db.statements[i],
                            NULL) == SQLITE_OK);
  db.batch = options->batch;
  db.reads = bench_reads(options);
  return &db;
}

/* What the engine keeps to answer a repeated request: the same number of bytes, and the same
 * numbers in them: stock, nothing skipped, then line, product, source, stock, quantity, waiting. */
static int answer_of(long product, unsigned char *out) {
  const int64_t numbers[] = {STOCK, 0, 1, product, 0, 0, UNITS, 0};
  int n = 0;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    uint64_t rest = (uint64_t)numbers[i] << 1;
    for (; rest >= 0x80; rest >>= 7)
      out[n++] = (unsigned char)(rest | 0x80);
    out[n++] = (unsigned char)rest;
  }
  return n;
}

static void write_rows(const bench_request *request) {
  unsigned char answer[8 * FIELD], hash[16] = {0};
  int64_t time = 1700000000000 + request->number;
  memcpy(hash, &request->number, sizeof request->number);
  sqlite3_bind_blob(db.statements[DOCUMENT], 1, request->id, (int)strlen(request->id),
                    SQLITE_STATIC);
  sqlite3_bind_blob(db.statements[DOCUMENT], 2, hash, sizeof hash, SQLITE_STATIC);
  bind(DOCUMENT, 3, time);
  sqlite3_bind_blob(db.statements[DOCUMENT], 4, answer, answer_of(request->product, answer),
                    SQLITE_STATIC);
  run(DOCUMENT);
  int64_t document = sqlite3_last_insert_rowid(db.handle);
  bind(LINE, 1, document << LINE_BITS | 1);
  bind(LINE, 2, request->product);
  bind(LINE, 3, UNITS);
  run(LINE);
  bind(LEDGER, 1, time);
  bind(LEDGER, 2, document);
  bind(LEDGER, 3, request->product);
  bind(LEDGER, 4, -UNITS);
  bind(LEDGER, 5, UNITS);
  run(LEDGER);
}

static bool place(void *connection, const bench_request *request) {
  int64_t balance = (int64_t)request->product << PLACE_BITS | STOCK;
  (void)connection;
  if (db.reads) {
    bind(READ, 1, balance);
    return run(READ);
  }
  if (db.open == 0)
    run(BEGIN);
  bind(MOVE, 1, balance);
  bind(MOVE, 2, UNITS);
  run(MOVE);
  bool enough = sqlite3_changes(db.handle) == 1;
  if (enough)
    write_rows(request);
  if (++db.open >= db.batch) {
    run(COMMIT);
    db.open = 0;
  }
  return enough;
}

static void close_file(void *connection) {
  (void)connection;
  if (db.open > 0)
    run(COMMIT);
  for (int i = 0; i < STATEMENTS; i++)
    sqlite3_finalize(db.statements[i]);
  sqlite3_close(db.handle);
}

int main(int argc, char **argv) {
  static const bench_client client = {.open = open_file, .receive = place, .close = close_file};
  return bench_main(argc, argv, &client);
}
