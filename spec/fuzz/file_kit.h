/* file_kit.h: for fuzz_file.c: a small shop on disk with a log, and ways to damage its files.
 *
 * The shop is made once, with a clock that stands still, so that an input means the same damage
 * every time. Each input then works on a copy of its two files, in memory where the system has a
 * file system there. */
#ifndef QM_SPEC_FILE_KIT_H
#define QM_SPEC_FILE_KIT_H

#include "../c/store_kit.h"
#include "input.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { PAGE = 4096, TABLES = 32, COLUMNS = 24, TARGETS = 4, CHUNK = 32 };

/* ---- files ---- */

typedef struct bytes {
  uint8_t *p;
  size_t n;
} bytes;

static const char *const endings[TARGETS] = {"", "-wal", "-journal", "-lock"};
static char directory[KIT_PATH], path[KIT_PATH + 16];
static bytes whole, whole_log;

/* The path of one of the files, good until the next call. */
static const char *name_of(int target) {
  static char name[KIT_PATH + 32];
  snprintf(name, sizeof name, "%s%s", path, endings[target]);
  return name;
}

static bytes read_file(const char *name) {
  struct stat st;
  int fd = open(name, O_RDONLY | O_CLOEXEC);
  must(fd >= 0 && fstat(fd, &st) == 0);
  bytes all = {malloc((size_t)st.st_size + 1), (size_t)st.st_size};
  must(all.p != NULL && read(fd, all.p, all.n) == st.st_size);
  close(fd);
  return all;
}

static void write_file(const char *name, const uint8_t *p, size_t n) {
  int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  must(fd >= 0 && write(fd, p, n) == (ssize_t)n);
  close(fd);
}

/* Not kit_remove: a file without a name cannot be mistaken for the one that is open. */
static void remove_files(void) {
  char name[KIT_PATH + 32];
  for (int i = 0; i < TARGETS; i++)
    unlink(name_of(i));
  snprintf(name, sizeof name, "%s-shm", path);
  unlink(name);
}

static void lay_out_copies(void) {
  remove_files();
  write_file(path, whole.p, whole.n);
  write_file(name_of(1), whole_log.p, whole_log.n);
}

/* ---- the shop ---- */

static kit_op record;

static void apply(qm_store *store, const qm_op *op) {
  qm_code code = kit_apply(store, op);
  if (code != QM_OK)
    fprintf(stderr, "the shop: op %u: %s\n", op->kind, qm_code_name(code));
  must(code == QM_OK);
}

static const qm_op *rules_of_two_stocks(void) {
  kit_begin(&record, QM_OP_RULES);
  qm_rule_row rules[2] = {{.own = 1, .stock = 1}, {.own = 1, .stock = 2, .backorders = 1}};
  rules[0].bits = rules[1].bits = QM_RULE_MANAGED | QM_RULE_RESERVES | QM_RULE_DECIMAL;
  rules[1].floor = -20 * KIT_ONE;
  qm_span span = kit_bytes(&record, rules, sizeof rules);
  kit_head(&record)->rules_at = span.at;
  kit_head(&record)->rule_count = 2;
  return kit_finish(&record);
}

static const qm_op *hold_of(const char *id, const char *sku, qm_qty qty) {
  kit_place(&record, id, sku, qty);
  kit_head(&record)->kind = QM_OP_HOLD;
  kit_head(&record)->ttl = 900;
  return kit_finish(&record);
}

static const qm_op *place_in_two(const char *id, const char *sku, qm_qty qty) {
  kit_place(&record, id, sku, qty);
  kit_head(&record)->stock = 2;
  return kit_finish(&record);
}

static const char *const skus[] = {"bike", "bell", "lamp"};
enum { SKUS = 3, STOCKS = 2 };

static void stock_up(qm_store *store) {
  sqlite3 *eyes = kit_eyes(path);
  must(kit_exec(eyes, "INSERT INTO source (id, code, name, enabled, country, postcode, pickup)"
                      " VALUES (2, 'hub', 'Hub', 1, 'DE', '80331', 0);"
                      "INSERT INTO stock (id, name) VALUES (2, 'EU');"
                      "INSERT INTO channel (type, code, stock) VALUES ('website', 'eu', 2);"
                      "INSERT INTO link VALUES (131073, 2, 1, 2), (131074, 2, 2, 1);"));
  sqlite3_close(eyes);
  apply(store, rules_of_two_stocks());
  for (int i = 0; i < SKUS; i++) {
    apply(store, kit_product(&record, skus[i], 0));
    apply(store, kit_item(&record, skus[i], NULL, (50 + i) * KIT_ONE));
    apply(store, kit_item(&record, skus[i], "hub", (30 + i) * KIT_ONE));
  }
}

/* Something of everything that an order may have been through. */
static void sell(qm_store *store, char from) {
  for (char i = from; i < from + 4; i++) {
    char order[] = {'o', i, '\0'}, other[] = {'p', i, '\0'}, event[] = {'e', i, '\0'};
    apply(store, kit_place(&record, order, skus[i % SKUS], 5 * KIT_ONE));
    apply(store, place_in_two(other, skus[i % SKUS], 20 * KIT_ONE));
    apply(store, kit_event(&record, QM_OP_ALLOCATE, event, other, skus[i % SKUS], "hub", KIT_ONE));
    apply(store,
          kit_event(&record, QM_OP_SHIP, event, order, skus[i % SKUS], "default", 2 * KIT_ONE));
    apply(store,
          kit_event(&record, QM_OP_INVOICE, event, order, skus[i % SKUS], NULL, 3 * KIT_ONE));
    apply(store, kit_event(&record, QM_OP_CANCEL, event, order, skus[i % SKUS], NULL, KIT_ONE));
    apply(store, kit_event(&record, QM_OP_RETURN, event, order, skus[i % SKUS], "hub", KIT_ONE));
    apply(store, hold_of(order, skus[i % SKUS], KIT_ONE / 2));
  }
}

static void make_directory(void) {
  const char *const places[] = {"/dev/shm", "/tmp"};
  for (int i = 0; i < 2; i++) {
    snprintf(directory, sizeof directory, "%s/quartermaster-XXXXXX", places[i]);
    if (mkdtemp(directory) != NULL) {
      snprintf(path, sizeof path, "%s/shop.db", directory);
      return;
    }
  }
  abort();
}

static void leave_nothing(void) {
  remove_files();
  rmdir(directory);
}

/* The second opening is what the log tells of: the first one's has gone into the file. */
static void make_shop(void) {
  qm_db_options options = {.path = path, .create = true};
  qm_store *store = NULL;
  make_directory();
  atexit(leave_nothing);
  must(qm_store_open(&options, false, KIT_NOW, &store, NULL) == QM_OK);
  stock_up(store);
  sell(store, 'a');
  qm_store_close(store);
  must(qm_store_open(&options, false, KIT_NOW, &store, NULL) == QM_OK);
  sell(store, 'e');
  whole = read_file(path);
  whole_log = read_file(name_of(1));
  qm_store_close(store);
  must(whole_log.n > 0);
}

/* ---- damage to rows ---- */

typedef struct table {
  char name[32], columns[COLUMNS][24];
  int count;
} table;

static table tables[TABLES];
static int table_count;

static void list_tables(void) {
  sqlite3_stmt *stmt = NULL;
  const char *sql = "SELECT m.name, c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c"
                    " WHERE m.type = 'table' ORDER BY m.name, c.cid";
  lay_out_copies();
  sqlite3 *eyes = kit_eyes(path);
  must(sqlite3_prepare_v2(eyes, sql, -1, &stmt, NULL) == SQLITE_OK);
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    if (table_count == 0 || strcmp(tables[table_count - 1].name, name) != 0) {
      must(table_count < TABLES);
      snprintf(tables[table_count++].name, sizeof tables->name, "%s", name);
    }
    table *last = &tables[table_count - 1];
    must(last->count < COLUMNS);
    snprintf(last->columns[last->count++], sizeof last->columns[0], "%s",
             (const char *)sqlite3_column_text(stmt, 1));
  }
  sqlite3_finalize(stmt);
  sqlite3_close(eyes);
}

static void bind_value(sqlite3_stmt *stmt, uint8_t kind, input *in) {
  const uint8_t *piece;
  int length;
  switch (kind % 6) {
  case 0:
  case 1: /* added to what is there */
    sqlite3_bind_int64(stmt, 1, (int8_t)next_byte(in));
    return;
  case 2:
    sqlite3_bind_int64(stmt, 1, (int64_t)next_bytes(in, 8));
    return;
  case 3:
  case 4:
    length = (int)next_piece(in, next_byte(in) % CHUNK, &piece);
    if (kind % 6 == 3)
      sqlite3_bind_text(stmt, 1, (const char *)piece, length, SQLITE_STATIC);
    else
      sqlite3_bind_blob(stmt, 1, piece, length, SQLITE_STATIC);
    return;
  default:
    return;
  }
}

/* A value that no program of ours would have written, in a file that is otherwise whole. What
 * SQLite itself refuses stays as it is. */
static void damage_row(sqlite3 *eyes, input *in, bool gone) {
  char sql[320];
  const table *t = &tables[next_byte(in) % table_count];
  const char *column = t->columns[next_byte(in) % t->count];
  int row = next_byte(in);
  uint8_t kind = gone ? 5 : next_byte(in);
  sqlite3_stmt *stmt = NULL;
  if (gone)
    snprintf(sql, sizeof sql, "DELETE FROM \"%s\"", t->name);
  else
    snprintf(sql, sizeof sql, "UPDATE \"%s\" SET \"%s\" = ?1%s%s", t->name, column,
             kind % 6 == 1 ? " + " : "", kind % 6 == 1 ? column : "");
  size_t n = strlen(sql);
  snprintf(sql + n, sizeof sql - n, " WHERE \"%s\" = (SELECT \"%s\" FROM \"%s\" LIMIT 1 OFFSET %d)",
           t->columns[0], t->columns[0], t->name, row);
  if (sqlite3_prepare_v2(eyes, sql, -1, &stmt, NULL) == SQLITE_OK) {
    bind_value(stmt, kind, in);
    sqlite3_step(stmt);
  }
  sqlite3_finalize(stmt);
}

/* ---- damage to bytes ---- */

static off_t place(input *in) {
  off_t page = next_byte(in);
  return page * PAGE + (off_t)(next_bytes(in, 2) % PAGE);
}

static void overwrite(int fd, input *in) {
  uint8_t chunk[CHUNK];
  off_t at = place(in);
  size_t length = 1 + next_byte(in) % CHUNK;
  for (size_t i = 0; i < length; i++)
    chunk[i] = next_byte(in);
  must(pwrite(fd, chunk, length, at) == (ssize_t)length);
}

static void flip(int fd, input *in) {
  uint8_t byte = 0;
  off_t at = place(in);
  if (pread(fd, &byte, 1, at) != 1)
    return;
  byte ^= next_byte(in);
  must(pwrite(fd, &byte, 1, at) == 1);
}

/* One page where another should be. */
static void copy_page(int fd, input *in) {
  uint8_t page[PAGE];
  off_t from = next_byte(in), to = next_byte(in);
  ssize_t n = pread(fd, page, PAGE, from * PAGE);
  must(n <= 0 || pwrite(fd, page, (size_t)n, to * PAGE) == n);
}

static void damage_bytes(input *in, uint8_t kind) {
  int fd = open(name_of(next_byte(in) % TARGETS), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  must(fd >= 0);
  if (kind == 0)
    overwrite(fd, in);
  else if (kind == 1)
    flip(fd, in);
  else if (kind == 2)
    must(ftruncate(fd, place(in)) == 0);
  else
    copy_page(fd, in);
  close(fd);
}

/* ---- a log whose sums are right ---- */

static uint32_t word(const uint8_t *p, bool big) {
  return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
             : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void put_word(uint8_t *p, uint32_t value) {
  for (int i = 0; i < 4; i++)
    p[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void add_up(const uint8_t *p, size_t n, bool big, uint32_t sum[2]) {
  for (size_t i = 0; i + 8 <= n; i += 8) {
    sum[0] += word(p + i, big) + sum[1];
    sum[1] += word(p + i + 4, big) + sum[0];
  }
}

/* SQLite believes only a log that adds up: this one does, whatever it says. */
static void seal_log(void) {
  enum { HEADER = 32, FRAME = 24 };
  struct stat st;
  if (stat(name_of(1), &st) != 0 || st.st_size < HEADER)
    return;
  bytes log = read_file(name_of(1));
  bool big = log.p[3] & 1;
  uint32_t sum[2] = {0, 0}, size = word(log.p + 8, true);
  size = size < 512 || size > 65536 || (size & (size - 1)) != 0 ? PAGE : size;
  add_up(log.p, 24, big, sum);
  put_word(log.p + 24, sum[0]);
  put_word(log.p + 28, sum[1]);
  for (size_t at = HEADER; at + FRAME + size <= log.n; at += FRAME + size) {
    memcpy(log.p + at + 8, log.p + 16, 8);
    add_up(log.p + at, 8, big, sum);
    add_up(log.p + at + FRAME, size, big, sum);
    put_word(log.p + at + 16, sum[0]);
    put_word(log.p + at + 20, sum[1]);
  }
  write_file(name_of(1), log.p, log.n);
  free(log.p);
}

#endif
