/* test_constraints.c: what no writer can do to a file, whatever its bugs.
 *
 * The constraints are read from the file's own schema, so that one which nobody tries to break
 * makes this test fail. Each has a statement here that breaks it and nothing else before it: the
 * name the database gives in its refusal must be that constraint's. NOT NULL and PRIMARY KEY need
 * no statement of their own, they are all broken in the same way. */
#include "store_kit.h"

#include "order.h"

enum { NAMES = 400, NAME = 512, SCHEMA = 8192, LINES = 40000 };

/* "line: CHECK constraint failed: ordered > 0" */
typedef struct name_list {
  char names[NAMES][NAME];
  int count;
} name_list;

static name_list declared, broken;

static void add_name(name_list *list, const char *table, const char *text) {
  if (list->count == NAMES)
    abort();
  snprintf(list->names[list->count++], NAME, "%.63s: %.440s", table, text);
}

static bool has_name(const name_list *list, const char *name) {
  for (int i = 0; i < list->count; i++)
    if (strcmp(list->names[i], name) == 0)
      return true;
  return false;
}

/* ---- reading the schema ---- */

/* Behind the closing one of the parentheses that open at p. */
static const char *skip(const char *p) {
  int depth = 0;
  bool quoted = false;
  for (; *p; p++) {
    quoted ^= *p == '\'';
    depth += quoted ? 0 : (*p == '(') - (*p == ')');
    if (depth == 0)
      return p + 1;
  }
  return p;
}

static const char *trim(const char *p, const char **end) {
  while (*p == ' ')
    p++;
  while (*end > p && (*end)[-1] == ' ')
    --*end;
  return p;
}

/* "(kind, ext_id)" becomes "UNIQUE constraint failed: document.kind, document.ext_id". */
static void add_unique(const char *table, const char *columns) {
  char text[NAME] = "UNIQUE constraint failed: ", list[NAME];
  const char *end = skip(columns) - 1;
  snprintf(list, sizeof list, "%.*s", (int)(end - columns - 1), columns + 1);
  bool first = true;
  for (char *column = strtok(list, ", "); column != NULL; column = strtok(NULL, ", ")) {
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s%s.%s", first ? "" : ", ", table, column);
    first = false;
  }
  add_name(&declared, table, text);
}

static void add_column_name(const char *kind, const char *table, const char *column) {
  char text[NAME];
  snprintf(text, sizeof text, "%s constraint failed: %s.%s", kind, table, column);
  add_name(&declared, table, text);
}

/* All CHECKs of one definition, which may stand anywhere in it. */
static void add_checks(const char *table, const char *definition) {
  for (const char *p = definition; (p = strstr(p, "CHECK (")) != NULL;) {
    char text[NAME];
    const char *open = p + strlen("CHECK "), *end = skip(open) - 1;
    const char *start = trim(open + 1, &end);
    snprintf(text, sizeof text, "CHECK constraint failed: %.*s", (int)(end - start), start);
    add_name(&declared, table, text);
    p = skip(open);
  }
}

static void read_definition(const char *table, const char *definition) {
  char column[64];
  const char *columns = strchr(definition, '(');
  add_checks(table, definition);
  if (strncmp(definition, "CHECK", 5) == 0)
    return;
  if (columns != NULL &&
      (strncmp(definition, "UNIQUE (", 8) == 0 || strncmp(definition, "PRIMARY KEY (", 13) == 0)) {
    add_unique(table, columns);
    return;
  }
  if (sscanf(definition, "%63s", column) != 1)
    abort();
  if (strstr(definition, "NOT NULL") != NULL)
    add_column_name("NOT NULL", table, column);
  if (strstr(definition, " UNIQUE") != NULL || strstr(definition, "PRIMARY KEY") != NULL)
    add_column_name("UNIQUE", table, column);
}

static void read_table(const char *table, const char *sql) {
  const char *open = strchr(sql, '('), *end = skip(open) - 1, *p = open + 1;
  while (p < end) {
    const char *stop = p;
    while (stop < end && *stop != ',')
      stop = *stop == '(' ? skip(stop) : stop + 1;
    char definition[NAME];
    const char *until = stop, *start = trim(p, &until);
    snprintf(definition, sizeof definition, "%.*s", (int)(until - start), start);
    read_definition(table, definition);
    p = stop + 1;
  }
}

static void read_schema(sqlite3 *eyes) {
  sqlite3_stmt *stmt = NULL;
  declared.count = 0;
  sqlite3_prepare_v2(eyes,
                     "SELECT tbl_name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL"
                     " ORDER BY rowid",
                     -1, &stmt, NULL);
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    const char *table = (const char *)sqlite3_column_text(stmt, 0);
    const char *type = (const char *)sqlite3_column_text(stmt, 1);
    const char *sql = (const char *)sqlite3_column_text(stmt, 2);
    if (strcmp(type, "table") == 0)
      read_table(table, sql);
    else if (strstr(sql, "UNIQUE INDEX") != NULL)
      add_unique(table, strchr(sql, '('));
  }
  sqlite3_finalize(stmt);
}

/* ---- breaking ---- */

/* One row for each table that a new shop leaves empty, legal and with room on every side. */
static const char ROWS[] =
    "INSERT INTO setting VALUES ('a', '1');"
    "INSERT INTO script VALUES (1, 'policy', 'default', zeroblob(32), 'return {}', 0);"
    "INSERT INTO rule VALUES (65537, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, NULL, 0, NULL, 0, 0);"
    "INSERT INTO product VALUES (1, x'62', 0, 1, 0, 1);"
    "INSERT INTO guard VALUES (1, 0);"
    "INSERT INTO item VALUES (65537, 1, 10, 1, 1, NULL);"
    "INSERT INTO balance VALUES (65537, 1, 10, 5, 2, 1, 1, 0, 1, 1, 1, 100);"
    "INSERT INTO expiry VALUES (65537, 100, 1, 0);"
    "INSERT INTO document VALUES (1, 1, x'61', zeroblob(16), NULL, 1, 0, NULL, NULL, 'website',"
    " 'base', NULL, NULL, NULL, NULL, NULL, NULL, NULL);"
    "INSERT INTO line VALUES (4097, 1, 1, 0, 0, 1, 10, 1, 4, 2, 2, 1, 1, 1, 1);"
    "INSERT INTO allocation VALUES (4097 * 65536 + 1, 65537, 1, 1);"
    "INSERT INTO delivery VALUES (4097, 1, 1, 2, 1);"
    "INSERT INTO ledger (time, event) VALUES (0, 1);"
    "INSERT INTO carried VALUES (1, 1, 1, 10);"
    "INSERT INTO composite VALUES (2, 0, 1);"
    "INSERT INTO choice VALUES (2, 1, 'frame', 1);"
    "INSERT INTO component VALUES (2, 1, 1, 1, 10000, 0);"
    "INSERT INTO gazetteer VALUES (1, 'DE', 1);"
    "INSERT INTO geoname VALUES (4294967297, 1, '80331', '', '', 48, 11);";

/* UPDATE table SET change */
static const char *const CHANGES[][2] = {
    {"shop", "id = 2"},
    {"shop", "independent = 2"},
    {"script", "kind = 'other'"},
    {"script", "hash = x'00'"},
    {"own", "id = 0"},
    {"rule", "managed = 2"},
    {"rule", "reserves = 2"},
    {"rule", "backorders = 3"},
    {"rule", "unlimited = 2"},
    {"rule", "exempt = 2"},
    {"rule", "write_off = 2"},
    {"rule", "return_priority = 2"},
    {"rule", "decimal_qty = 2"},
    {"rule", "share = 10001"},
    {"rule", "share = -1"},
    {"rule", "increments = -1"},
    {"product", "id = 0"},
    {"product", "sku = x''"},
    {"product", "sku = zeroblob(256)"},
    {"product", "type = 6"},
    {"product", "b2b = 2"},
    {"product", "state = 3"},
    {"source", "id = 0"},
    {"source", "id = 65536"},
    {"source", "code = ''"},
    {"source", "name = ''"},
    {"source", "enabled = 2"},
    {"source", "latitude = 90.5"},
    {"source", "longitude = -180.5"},
    {"source", "pickup = 2"},
    {"stock", "id = 0"},
    {"stock", "id = 65536"},
    {"stock", "name = ''"},
    {"stock", "deleted = 2"},
    {"link", "source = 2"},
    {"link", "priority = 0"},
    {"item", "product = 2"},
    {"item", "qty = 1000000000000001"},
    {"item", "qty = -1000000000000001"},
    {"item", "status = 3"},
    {"item", "allocated = -1"},
    {"balance", "product = 2"},
    {"balance", "on_hand = -1"},
    {"balance", "on_hand = 1000000000000001"},
    {"balance", "firm = -1"},
    {"balance", "firm = 1000000000000001"},
    {"balance", "backordered = -1"},
    {"balance", "allocated = -1"},
    {"balance", "held = -1"},
    {"balance", "held = 8"},
    {"balance", "adopted = 1000000000000001"},
    {"balance", "assigned = 0"},
    {"balance", "active = 0"},
    {"balance", "in_stock = -1"},
    {"balance", "held = 0"}, /* the next expiry is of nothing */
    {"expiry", "firm = -1"},
    {"expiry", "backordered = -1"},
    {"document", "ext_id = x''"},
    {"document", "ext_id = zeroblob(65)"},
    {"document", "request_hash = x'00'"},
    {"carried", "qty = 0"},
    {"line", "parent = 4096"},
    {"line", "kind = 4"},
    {"line", "tracked = 3"},
    {"line", "tracked = 0"}, /* with something allocated */
    {"line", "ordered = 0"},
    {"line", "cancelled = -1"},
    {"line", "invoiced = 10"},
    {"line", "delivered = -1"},
    {"line", "refunded = 5"},
    {"line", "released = 8"},
    {"line", "returned = 3"},
    {"line", "allocated = -1"},
    {"line", "backordered = 6"},
    {"ledger", "qty = -1"},
    {"allocation", "qty = 0"},
    {"delivery", "qty = 0"},
    {"delivery", "returned = 3"},
    {"composite", "together = 2"},
    {"composite", "in_stock = 2"},
    {"choice", "number = 0"},
    {"choice", "number = 4096"},
    {"choice", "required = 2"},
    {"component", "qty = 0"},
    {"component", "qty = 1000000000000001"},
    {"component", "own_qty = 2"},
    {"gazetteer", "id = 0"},
    {"gazetteer", "country = 'DEU'"},
    {"gazetteer", "state = 3"},
    {"geoname", "gazetteer = 2"},
    {"geoname", "postcode = ''"},
    {"geoname", "latitude = 90.5"},
    {"geoname", "longitude = -180.5"},
};

/* A second row that is told apart from the first by its id alone. */
static const char *const TWINS[][2] = {
    {"script", "INSERT INTO script SELECT 2, kind, name, hash, source, time FROM script"},
    {"own", "INSERT INTO own (settings) SELECT settings FROM own"},
    {"product", "INSERT INTO product SELECT 2, sku, type, own, b2b, state FROM product"},
    {"source", "INSERT INTO source (code, name, enabled, country, postcode, pickup)"
               " SELECT code, 'other', 1, '', '', 0 FROM source"},
    {"source", "INSERT INTO source (code, name, enabled, country, postcode, pickup)"
               " SELECT 'other', name, 1, '', '', 0 FROM source"},
    {"stock", "INSERT INTO stock (name) SELECT name FROM stock"},
    {"component", "INSERT INTO component SELECT product, choice, 2, child, qty, own_qty"
                  " FROM component"},
    {"component", "INSERT INTO component SELECT product, choice, position, 2, qty, own_qty"
                  " FROM component"},
    {"gazetteer", "INSERT INTO gazetteer SELECT 2, country, state FROM gazetteer"},
    {"document", "INSERT INTO document SELECT 2, kind, ext_id, request_hash, order_id, stock, time,"
                 " answer, expires, channel_type, channel_code, customer_group, country, region,"
                 " city, postcode, latitude, longitude FROM document"},
};

/* Tries a statement and takes down how it was refused; it must be. */
static void breaks(sqlite3 *eyes, const char *table, const char *sql) {
  if (!CHECK(sqlite3_exec(eyes, sql, NULL, NULL, NULL) == SQLITE_CONSTRAINT)) {
    fprintf(stderr, "  %s: %s\n", sql, sqlite3_errmsg(eyes));
    return;
  }
  char name[NAME];
  snprintf(name, sizeof name, "%s: %s", table, sqlite3_errmsg(eyes));
  if (!CHECK(has_name(&declared, name)))
    fprintf(stderr, "  %s: %s\n", sql, name);
  if (!has_name(&broken, name))
    add_name(&broken, table, sqlite3_errmsg(eyes));
}

/* What needs no thought: NULL in every column that refuses it, and every row a second time. */
static void break_all_alike(sqlite3 *eyes) {
  for (int i = 0; i < declared.count; i++) {
    char table[64], column[64], sql[256];
    if (sscanf(declared.names[i], "%63[^:]: NOT NULL constraint failed: %*[^.].%63s", table,
               column) == 2) {
      snprintf(sql, sizeof sql, "UPDATE %s SET %s = NULL", table, column);
      breaks(eyes, table, sql);
    } else if (sscanf(declared.names[i], "%63[^:]: UNIQUE", table) == 1) {
      snprintf(sql, sizeof sql, "INSERT INTO %s SELECT * FROM %s", table, table);
      breaks(eyes, table, sql);
    }
  }
}

static sqlite3 *new_shop(kit_file *file) {
  *file = kit_new_file();
  qm_store_close(kit_open(file));
  sqlite3 *eyes = kit_eyes(file->path);
  CHECK(kit_exec(eyes, ROWS));
  return eyes;
}

TEST(every_constraint_refuses_what_breaks_it) {
  kit_file file;
  sqlite3 *eyes = new_shop(&file);
  read_schema(eyes);
  CHECK(declared.count > 150);
  broken.count = 0;
  break_all_alike(eyes);
  for (size_t i = 0; i < sizeof CHANGES / sizeof CHANGES[0]; i++) {
    char sql[256];
    snprintf(sql, sizeof sql, "UPDATE %s SET %s", CHANGES[i][0], CHANGES[i][1]);
    breaks(eyes, CHANGES[i][0], sql);
  }
  for (size_t i = 0; i < sizeof TWINS / sizeof TWINS[0]; i++)
    breaks(eyes, TWINS[i][0], TWINS[i][1]);
  for (int i = 0; i < declared.count; i++)
    if (!CHECK(has_name(&broken, declared.names[i])))
      fprintf(stderr, "  nothing breaks %s\n", declared.names[i]);
  sqlite3_close(eyes);
  kit_remove(&file);
}

/* A deleted product leaves its SKU to a new one. */
TEST(a_sku_is_unique_among_products_that_are_not_deleted) {
  kit_file file;
  sqlite3 *eyes = new_shop(&file);
  CHECK(kit_exec(eyes, "UPDATE product SET state = 2;"
                       "INSERT INTO product VALUES (2, x'62', 0, 1, 0, 1)"));
  sqlite3_close(eyes);
  kit_remove(&file);
}

/* No column takes a value of another type, whatever the program that writes it. */
TEST(every_column_keeps_its_type) {
  kit_file file;
  sqlite3 *eyes = new_shop(&file);
  sqlite3_stmt *stmt = NULL;
  int count = 0;
  sqlite3_prepare_v2(eyes,
                     "SELECT t.name, c.name, c.type FROM pragma_table_list AS t,"
                     " pragma_table_info(t.name) AS c WHERE t.schema = 'main'"
                     " AND t.type = 'table' AND t.name NOT LIKE 'sqlite%'",
                     -1, &stmt, NULL);
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    char sql[256];
    const char *type = (const char *)sqlite3_column_text(stmt, 2);
    snprintf(sql, sizeof sql, "UPDATE %s SET %s = %s", (const char *)sqlite3_column_text(stmt, 0),
             (const char *)sqlite3_column_text(stmt, 1),
             strcmp(type, "BLOB") == 0 ? "'text'" : "x'00'");
    int rc = sqlite3_exec(eyes, sql, NULL, NULL, NULL);
    const char *why = sqlite3_errmsg(eyes);
    bool typed = strncmp(why, "cannot store", 12) == 0 || strcmp(why, "datatype mismatch") == 0;
    if (!CHECK(rc != SQLITE_OK && typed))
      fprintf(stderr, "  %s: %s\n", sql, why);
    count++;
  }
  CHECK(count > 100);
  sqlite3_finalize(stmt);
  sqlite3_close(eyes);
  kit_remove(&file);
}

/* ---- the same invariants twice ---- */

static qm_line random_line(uint64_t *seed) {
  qm_qty n[9];
  for (int i = 0; i < 9; i++)
    n[i] = (qm_qty)unit_below(seed, 4) - (unit_below(seed, 30) == 0 ? 1 : 0);
  return (qm_line){.tracked = (qm_tracking)unit_below(seed, 3),
                   .ordered = n[0] + 2,
                   .cancelled = n[1],
                   .invoiced = n[2],
                   .delivered = n[3],
                   .refunded = n[4],
                   .released = n[5],
                   .returned = n[6],
                   .allocated = n[7] / 2,
                   .backordered = n[8] / 2};
}

/* A line that the core calls valid can be stored, and one that it does not cannot. */
TEST(the_file_and_the_core_agree_on_every_line) {
  kit_file file;
  sqlite3 *eyes = new_shop(&file);
  sqlite3_stmt *stmt = NULL;
  uint64_t seed = 5;
  int valid = 0;
  CHECK(kit_exec(eyes, "BEGIN"));
  sqlite3_prepare_v2(eyes,
                     "UPDATE line SET tracked = ?, ordered = ?, cancelled = ?, invoiced = ?,"
                     " delivered = ?, refunded = ?, released = ?, returned = ?, allocated = ?,"
                     " backordered = ?",
                     -1, &stmt, NULL);
  for (int i = 0; i < LINES; i++) {
    qm_line l = random_line(&seed);
    const int64_t values[] = {l.tracked,  l.ordered,  l.cancelled, l.invoiced,  l.delivered,
                              l.refunded, l.released, l.returned,  l.allocated, l.backordered};
    for (int j = 0; j < 10; j++)
      sqlite3_bind_int64(stmt, j + 1, values[j]);
    bool stored = sqlite3_step(stmt) == SQLITE_DONE;
    sqlite3_reset(stmt);
    valid += stored;
    if (!CHECK_INT(stored, qm_line_valid(&l)))
      break;
  }
  CHECK(valid > LINES / 100 && valid < LINES / 2);
  sqlite3_finalize(stmt);
  sqlite3_close(eyes);
  kit_remove(&file);
}

int main(void) {
  RUN(every_constraint_refuses_what_breaks_it);
  RUN(a_sku_is_unique_among_products_that_are_not_deleted);
  RUN(every_column_keeps_its_type);
  RUN(the_file_and_the_core_agree_on_every_line);
  return unit_report();
}
