/* store_kit.h: what the tests of the store share: a file of their own, records to apply to it, and
 * a second pair of eyes.
 *
 * A kit_op builds one record in memory of its own, as the binding does. The second pair of eyes is
 * a plain SQLite connection to the same file: it asks single numbers, runs statements that the
 * engine has not got yet, and writes all tables down as text so that two moments can be compared.
 */
#ifndef QM_SPEC_STORE_KIT_H
#define QM_SPEC_STORE_KIT_H

/* For mkdtemp; so this header comes before every other. */
#define _XOPEN_SOURCE 700

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "store.h"
#include "unit.h"

enum { KIT_BYTES = 1 << 16, KIT_PATH = 64, KIT_NOW = 1700000 };

#define KIT_ONE QM_QTY_ONE

/* ---- files ---- */

typedef struct kit_file {
  char directory[KIT_PATH], path[KIT_PATH + 16];
} kit_file;

static inline kit_file kit_new_file(void) {
  kit_file file = {"/tmp/quartermaster-XXXXXX", ""};
  if (mkdtemp(file.directory) == NULL)
    abort();
  snprintf(file.path, sizeof file.path, "%s/shop.db", file.directory);
  return file;
}

static inline void kit_remove(const kit_file *file) {
  static const char *const endings[] = {"", "-wal", "-shm", "-journal", "-lock"};
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
    char path[KIT_PATH + 32];
    snprintf(path, sizeof path, "%s%s", file->path, endings[i]);
    unlink(path);
  }
  rmdir(file->directory);
}

static inline qm_db_options kit_options(const kit_file *file) {
  return (qm_db_options){.path = file->path, .create = true, .busy_ms = 2000};
}

/* ---- the log ---- */

enum { KIT_LOG_HEADER = 32, KIT_FRAME_HEADER = 24, KIT_PAGE = 4096 };

/* Commits in the log: frames whose header tells the size of the file. */
static inline int kit_commits(const kit_file *file) {
  char path[KIT_PATH + 32];
  unsigned char header[KIT_FRAME_HEADER];
  int count = 0;
  snprintf(path, sizeof path, "%s-wal", file->path);
  FILE *log = fopen(path, "rb");
  if (log == NULL)
    return -1;
  for (long at = KIT_LOG_HEADER;
       fseek(log, at, SEEK_SET) == 0 && fread(header, sizeof header, 1, log) == 1;
       at += KIT_FRAME_HEADER + KIT_PAGE)
    count += (header[4] | header[5] | header[6] | header[7]) != 0;
  fclose(log);
  return count;
}

/* ---- records ---- */

typedef struct kit_op {
  _Alignas(8) char bytes[KIT_BYTES];
  size_t used;
} kit_op;

static inline qm_str kit_str(const char *text) {
  return (qm_str){text, text == NULL ? 0 : strlen(text)};
}

static inline qm_op *kit_head(kit_op *op) {
  return (qm_op *)(void *)op->bytes;
}

static inline const qm_op *kit_finish(kit_op *op) {
  kit_head(op)->size = (uint32_t)op->used;
  return kit_head(op);
}

static inline size_t kit_reserve(kit_op *op, size_t size) {
  size_t at = (op->used + 7) / 8 * 8;
  if (at + size > KIT_BYTES)
    abort();
  memset(op->bytes + op->used, 0, at + size - op->used);
  op->used = at + size;
  return at;
}

static inline qm_span kit_bytes(kit_op *op, const void *bytes, size_t size) {
  size_t at = kit_reserve(op, size);
  memcpy(op->bytes + at, bytes, size);
  return (qm_span){(uint32_t)at, (uint32_t)size};
}

/* A NULL text is an absent one. */
static inline qm_span kit_text(kit_op *op, const char *text) {
  return text == NULL ? (qm_span){0, 0} : kit_bytes(op, text, strlen(text));
}

static inline qm_op *kit_begin(kit_op *op, qm_op_kind kind) {
  op->used = 0;
  kit_reserve(op, sizeof(qm_op));
  kit_head(op)->kind = kind;
  kit_head(op)->now_ms = KIT_NOW;
  return kit_head(op);
}

static inline qm_row *kit_rows(kit_op *op, uint32_t count) {
  size_t at = kit_reserve(op, count * sizeof(qm_row));
  kit_head(op)->rows_at = (uint32_t)at;
  kit_head(op)->row_count = count;
  kit_head(op)->flags |= QM_HAS_LINES;
  return (qm_row *)(void *)(op->bytes + at);
}

static inline void kit_qty(qm_row *row, qm_qty qty) {
  row->flags |= QM_HAS_QTY;
  row->qty = qty;
}

/* The one rule that most tests need: everything is managed and reserved, nothing kept back. */
static inline const qm_op *kit_rules(kit_op *op, int64_t generation, int backorders, qm_qty floor) {
  kit_begin(op, QM_OP_RULES)->generation = generation;
  qm_rule_row rule = {.own = 1, .stock = 1, .backorders = backorders, .floor = floor};
  rule.bits = QM_RULE_MANAGED | QM_RULE_RESERVES | QM_RULE_DECIMAL;
  if (backorders != 0 && floor >= 0)
    rule.bits |= QM_RULE_UNLIMITED;
  qm_span span = kit_bytes(op, &rule, sizeof rule);
  kit_head(op)->rules_at = span.at;
  kit_head(op)->rule_count = 1;
  return kit_finish(op);
}

static inline const qm_op *kit_product(kit_op *op, const char *sku, int type) {
  kit_begin(op, QM_OP_PRODUCTS);
  qm_row *row = kit_rows(op, 1);
  *row = (qm_row){.flags = QM_HAS_TYPE, .type = type, .own = 1, .was_own = -1};
  row->sku = kit_text(op, sku);
  return kit_finish(op);
}

static inline const qm_op *kit_item(kit_op *op, const char *sku, const char *source, qm_qty qty) {
  kit_begin(op, QM_OP_ITEMS);
  qm_row *row = kit_rows(op, 1);
  row->sku = kit_text(op, sku);
  row->source = kit_text(op, source);
  row->flags = QM_HAS_STATUS;
  row->type = 1;
  kit_qty(row, qty);
  return kit_finish(op);
}

/* An order of one line in the default stock. */
static inline const qm_op *kit_place(kit_op *op, const char *id, const char *sku, qm_qty qty) {
  kit_begin(op, QM_OP_PLACE)->id = kit_text(op, id);
  kit_head(op)->flags = QM_HAS_STOCK;
  kit_head(op)->stock = 1;
  qm_row *row = kit_rows(op, 1);
  row->line = 1;
  row->sku = kit_text(op, sku);
  kit_qty(row, qty);
  return kit_finish(op);
}

/* Cancel, ship, invoice, refund or return one SKU; source NULL: none is named. */
static inline const qm_op *kit_event(kit_op *op, qm_op_kind kind, const char *id, const char *order,
                                     const char *sku, const char *source, qm_qty qty) {
  kit_begin(op, kind)->id = kit_text(op, id);
  kit_head(op)->order = kit_text(op, order);
  qm_row *row = kit_rows(op, 1);
  row->sku = kit_text(op, sku);
  row->source = kit_text(op, source);
  kit_qty(row, qty);
  return kit_finish(op);
}

/* ---- applying ---- */

static inline qm_store *kit_open(const kit_file *file) {
  qm_db_options options = kit_options(file);
  qm_store *store = NULL;
  qm_err err = {0};
  if (qm_store_open(&options, false, KIT_NOW, &store, &err) != QM_OK)
    fprintf(stderr, "%s: %s\n", file->path, err.text);
  return store;
}

/* The code of a single op: of the file's failure, or else of the verdict. */
static inline qm_code kit_apply(qm_store *store, const qm_op *op) {
  qm_verdict verdict;
  qm_err err = {0};
  qm_code code = qm_store_apply(store, &op, 1, &verdict, &err);
  if (code != QM_OK)
    fprintf(stderr, "%s\n", err.text);
  return code != QM_OK ? code : verdict.code;
}

/* A shop with one product, "bike", of which so many are at the default source. */
static inline qm_store *kit_shop(const kit_file *file, int backorders, qm_qty qty) {
  static kit_op op;
  qm_store *store = kit_open(file);
  CHECK_INT(kit_apply(store, kit_rules(&op, 0, backorders, 0)), QM_OK);
  CHECK_INT(kit_apply(store, kit_product(&op, "bike", 0)), QM_OK);
  CHECK_INT(kit_apply(store, kit_item(&op, "bike", NULL, qty)), QM_OK);
  return store;
}

static inline qm_code kit_count_difference(void *context, const char *what, qm_str sku,
                                           int64_t stock, qm_str source, qm_str order,
                                           qm_qty expected, qm_qty found) {
  (void)source, (void)order;
  ++*(int *)context;
  fprintf(stderr, "  verify: %s of %.*s in stock %lld: %lld, found %lld\n", what, (int)sku.n,
          sku.p == NULL ? "" : sku.p, (long long)stock, (long long)expected, (long long)found);
  return QM_OK;
}

/* The number of differences that the store's own verification finds. */
static inline int kit_verify(qm_store *store) {
  qm_verify_counts counts;
  qm_err err = {0};
  int differences = 0;
  CHECK_INT(qm_store_verify(store, kit_count_difference, &differences, &counts, &err), QM_OK);
  return differences;
}

/* ---- the second pair of eyes ---- */

static inline sqlite3 *kit_eyes(const char *path) {
  sqlite3 *eyes = NULL;
  if (sqlite3_open_v2(path, &eyes, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
    abort();
  sqlite3_busy_timeout(eyes, 2000);
  sqlite3_db_config(eyes, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  return eyes;
}

static inline bool kit_exec(sqlite3 *eyes, const char *sql) {
  if (sqlite3_exec(eyes, sql, NULL, NULL, NULL) == SQLITE_OK)
    return true;
  fprintf(stderr, "  %s: %s\n", sql, sqlite3_errmsg(eyes));
  return false;
}

/* The first column of the first row; -1 when there is none. */
static inline int64_t kit_ask(sqlite3 *eyes, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  int64_t answer = -1;
  if (sqlite3_prepare_v2(eyes, sql, -1, &stmt, NULL) != SQLITE_OK)
    fprintf(stderr, "  %s: %s\n", sql, sqlite3_errmsg(eyes));
  else if (sqlite3_step(stmt) == SQLITE_ROW)
    answer = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return answer;
}

static inline void kit_dump_table(sqlite3 *eyes, const char *table, sqlite3_str *out) {
  sqlite3_stmt *stmt = NULL;
  char *sql = sqlite3_mprintf("SELECT * FROM \"%w\" ORDER BY 1, 2", table);
  sqlite3_str_appendf(out, "%s\n", table);
  if (sqlite3_prepare_v2(eyes, sql, -1, &stmt, NULL) == SQLITE_OK)
    while (sqlite3_step(stmt) == SQLITE_ROW) {
      for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        const unsigned char *bytes = sqlite3_column_blob(stmt, i);
        bool text = sqlite3_column_type(stmt, i) == SQLITE_TEXT;
        sqlite3_str_appendf(out, " %d:", sqlite3_column_type(stmt, i));
        for (int j = 0; j < sqlite3_column_bytes(stmt, i); j++)
          sqlite3_str_appendf(out, text ? "%c" : "%02x", bytes[j]);
      }
      sqlite3_str_appendchar(out, 1, '\n');
    }
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
}

/* All tables as text; freed with sqlite3_free. */
static inline char *kit_dump(sqlite3 *eyes) {
  sqlite3_str *out = sqlite3_str_new(eyes);
  sqlite3_stmt *stmt = NULL;
  const char *sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
  if (sqlite3_prepare_v2(eyes, sql, -1, &stmt, NULL) == SQLITE_OK)
    while (sqlite3_step(stmt) == SQLITE_ROW)
      kit_dump_table(eyes, (const char *)sqlite3_column_text(stmt, 0), out);
  sqlite3_finalize(stmt);
  return sqlite3_str_finish(out);
}

#endif
