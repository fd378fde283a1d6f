/* test_statements.c: every SQL statement of the engine, read as text and prepared on a new file.
 *
 * Numbers of parameters come from the text alone, and how the database will go about a statement
 * from EXPLAIN QUERY PLAN: a step that scans a table grows with the shop, so those that may scan
 * are listed with the reason, and a statement on the hot path may only search. */
#include "store_kit.h"

typedef struct statement {
  const char *name, *text;
} statement;

static const statement STATEMENTS[] = {
#define QM_STATEMENT(name, text) {#name, text},
#include "statements.def"
#undef QM_STATEMENT
};

enum { COUNT = sizeof STATEMENTS / sizeof STATEMENTS[0], PARAMETERS = 32, TEXT = 8192 };

/* What an order, a salable quantity or a delivery waits for. */
static const char *const HOT[] = {
    "PRODUCT_BY_SKU",    "RULE",
    "BALANCE",           "BALANCE_MOVE",
    "DOCUMENT",          "ITEM",
    "NEXT_LINE",         "NEXT_PART",
    "WAITING",           "CANDIDATES",
    "STOCKS_OF_SOURCE",  "LAST_DELIVERY",
    "CHANNEL_STOCK",     "SOURCE_BY_CODE",
    "LEDGER_ADD",        "ITEM_PUT",
    "LINE_PUT",          "LINE_PROMOTE",
    "LINE_ADD",          "DOCUMENT_ADD",
    "DOCUMENT_ANSWER",   "DELIVERY_ADD",
    "ORDER_ADD",         "SKU_OF",
    "SOURCE_CODE",       "DELIVERY_RETURN",
    "BEST_DELIVERY",     "BALANCES",
    "NETWORK",           "EXPIRED",
    "STOCK_EXISTS",      "BALANCE_ADD",
    "PRODUCT_HAS_ITEMS", "LINK",
    "COMPOSITE",         "OFFERS",
    "CHOICE_BY_NAME",    "LINE_KIND",
};

/* Tables that grow with the catalogue or with every order. */
static const char *const LARGE[] = {"balance",  "item",    "ledger",   "line",
                                    "document", "product", "delivery", "allocation",
                                    "orders",   "expiry",  "geoname"};

/* Statements that may pass over a whole table: what they do is rare and is about all of it. */
static const char *const SCANNING[] = {
    "STOCK_BALANCES_REMOVE", /* a stock is deleted */
    "STOCK_RESERVED",        /* may it be? */
    "ITEMS_AT",              /* a source is linked, enabled or disabled: all that is there counts */
    "STOCK_EXPIRED",         /* likewise: what promises nothing any more */
    "GUARD_ADD_AT",          /* a source is linked to a second stock */
    "Q_WAITING",             /* passes over all that waits, in the index of just that */
    "Q_B2B_ELSEWHERE",       /* the rule of b2b products is switched on */
    "SETTLED",               /* compact looks for finished orders, while nobody waits for it */
    "VERIFY_ITEMS",
    "VERIFY_BALANCES",
    "VERIFY_ORDERS",
    "VERIFY_ALLOCATIONS",
    "VERIFY_REFERENCES",
    "VERIFY_SHARING",
    "VERIFY_HOLDS",
    "VERIFY_COUNTS",
};

static bool is_in(const char *name, const char *const *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(name, list[i]) == 0)
      return true;
  return false;
}

#define IS_IN(name, list) is_in(name, list, sizeof(list) / sizeof *(list))

/* As the driver does: a parameter is a place, not a name. */
static const char *numbered(const char *text, char out[TEXT]) {
  size_t n = strlen(text);
  if (n >= TEXT)
    abort();
  memcpy(out, text, n + 1);
  for (char *p = out; *p; p++)
    if (p[0] == '$' && p[1] >= '0' && p[1] <= '9')
      *p = '?';
  return out;
}

/* An empty shop; the engine made its tables. */
static sqlite3 *new_shop(kit_file *file) {
  *file = kit_new_file();
  qm_store_close(kit_open(file));
  return kit_eyes(file->path);
}

static void remove_shop(const kit_file *file, sqlite3 *eyes) {
  sqlite3_close(eyes);
  kit_remove(file);
}

/* ---- parameters ---- */

/* The largest parameter of the text; -1 when one below it is missing. */
static int parameters(const char *text) {
  bool seen[PARAMETERS] = {false};
  int last = 0;
  for (const char *p = strchr(text, '$'); p != NULL; p = strchr(p + 1, '$')) {
    int n = atoi(p + 1);
    if (n < 1 || n >= PARAMETERS)
      return -1;
    seen[n] = true;
    last = n > last ? n : last;
  }
  for (int i = 1; i <= last; i++)
    if (!seen[i])
      return -1;
  return last;
}

TEST(every_statement_can_be_prepared) {
  kit_file file;
  sqlite3 *eyes = new_shop(&file);
  CHECK_INT(COUNT, QM_SQL_COUNT);
  for (int i = 0; i < COUNT; i++) {
    char text[TEXT];
    const char *rest = NULL;
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(eyes, numbered(STATEMENTS[i].text, text), -1, &stmt, &rest);
    bool held = CHECK_INT(rc, SQLITE_OK) && CHECK_STR(rest, "");
    held = held && CHECK_INT(sqlite3_bind_parameter_count(stmt), parameters(STATEMENTS[i].text));
    if (!held)
      fprintf(stderr, "  %s: %s\n", STATEMENTS[i].name, sqlite3_errmsg(eyes));
    sqlite3_finalize(stmt);
  }
  remove_shop(&file, eyes);
}

TEST(parameters_are_numbered_without_gaps) {
  for (int i = 0; i < COUNT; i++)
    if (!CHECK(parameters(STATEMENTS[i].text) >= 0))
      fprintf(stderr, "  %s\n", STATEMENTS[i].name);
}

/* The engine prepares each statement once and keeps it, whichever calls it comes from. */
TEST(every_statement_runs_through_the_driver) {
  kit_file file = kit_new_file();
  qm_db_options options = kit_options(&file);
  qm_db *db = NULL;
  qm_err err = {0};
  qm_val nothing[PARAMETERS];
  for (int i = 0; i < PARAMETERS; i++)
    nothing[i] = QM_N;
  CHECK_INT(qm_db_open(&options, &db, &err), QM_OK);
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < COUNT; i++) {
      int count = parameters(STATEMENTS[i].text);
      if (!CHECK_INT(qm_db_start(db, (qm_sql)i, nothing, count, &err), QM_OK))
        fprintf(stderr, "  %s: %s\n", STATEMENTS[i].name, err.text);
      qm_db_end(db, (qm_sql)i);
    }
  qm_db_close(db);
  kit_remove(&file);
}

/* ---- dialect ---- */

/* What one engine understands and the other does not. */
TEST(no_statement_speaks_a_dialect) {
  static const char *const WORDS[] = {"OR REPLACE", "OR IGNORE", "ROWID",  "IFNULL",
                                      "GLOB",       "PRAGMA",    "TYPEOF", "PRINTF",
                                      "MAX(1",      "==",        "::",     "`"};
  for (int i = 0; i < COUNT; i++) {
    char upper[TEXT];
    numbered(STATEMENTS[i].text, upper);
    for (char *p = upper; *p; p++)
      *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
    for (size_t w = 0; w < sizeof WORDS / sizeof WORDS[0]; w++)
      if (!CHECK(strstr(upper, WORDS[w]) == NULL))
        fprintf(stderr, "  %s: %s\n", STATEMENTS[i].name, WORDS[w]);
    if (!CHECK(strchr(upper, ';') == NULL))
      fprintf(stderr, "  %s\n", STATEMENTS[i].name);
  }
}

/* ---- plans ---- */

/* Is the name of "SCAN name ..." the table, or what the statement calls it? */
static bool scans(const char *detail, const char *text, const char *table) {
  char name[64], renamed[160];
  if (sscanf(detail, "SCAN %63s", name) != 1)
    return false;
  snprintf(renamed, sizeof renamed, "%s AS %s", table, name);
  return strcmp(name, table) == 0 || strstr(text, renamed) != NULL;
}

typedef struct plan {
  bool scans, scans_large;
} plan;

static plan plan_of(sqlite3 *eyes, const statement *s) {
  char text[TEXT], explain[TEXT + 32];
  sqlite3_stmt *stmt = NULL;
  plan p = {false, false};
  snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", numbered(s->text, text));
  if (sqlite3_prepare_v2(eyes, explain, -1, &stmt, NULL) == SQLITE_OK)
    while (sqlite3_step(stmt) == SQLITE_ROW) {
      const char *detail = (const char *)sqlite3_column_text(stmt, 3);
      if (strncmp(detail, "SCAN ", 5) != 0 || strcmp(detail, "SCAN CONSTANT ROW") == 0)
        continue;
      p.scans = true;
      for (size_t i = 0; i < sizeof LARGE / sizeof LARGE[0]; i++)
        p.scans_large = p.scans_large || scans(detail, s->text, LARGE[i]);
    }
  sqlite3_finalize(stmt);
  return p;
}

TEST(hot_statements_only_search) {
  kit_file file;
  sqlite3 *eyes = new_shop(&file);
  size_t found = 0;
  for (int i = 0; i < COUNT; i++) {
    if (!IS_IN(STATEMENTS[i].name, HOT))
      continue;
    found++;
    if (!CHECK(!plan_of(eyes, &STATEMENTS[i]).scans))
      fprintf(stderr, "  %s\n", STATEMENTS[i].name);
  }
  CHECK_INT(found, sizeof HOT / sizeof HOT[0]);
  remove_shop(&file, eyes);
}

TEST(no_statement_scans_a_large_table_but_those_that_must) {
  kit_file file;
  sqlite3 *eyes = new_shop(&file);
  size_t found = 0;
  for (int i = 0; i < COUNT; i++) {
    bool may = IS_IN(STATEMENTS[i].name, SCANNING);
    found += may;
    if (!CHECK_INT(plan_of(eyes, &STATEMENTS[i]).scans_large, may))
      fprintf(stderr, "  %s\n", STATEMENTS[i].name);
  }
  CHECK_INT(found, sizeof SCANNING / sizeof SCANNING[0]);
  remove_shop(&file, eyes);
}

/* Does a step of the plan begin so? */
static bool plans(sqlite3 *eyes, const char *name, const char *step) {
  char text[TEXT], explain[TEXT + 32];
  sqlite3_stmt *stmt = NULL;
  bool found = false;
  for (int i = 0; i < COUNT; i++)
    if (strcmp(STATEMENTS[i].name, name) == 0)
      snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s",
               numbered(STATEMENTS[i].text, text));
  if (sqlite3_prepare_v2(eyes, explain, -1, &stmt, NULL) == SQLITE_OK)
    while (sqlite3_step(stmt) == SQLITE_ROW)
      found = found || strstr((const char *)sqlite3_column_text(stmt, 3), step) != NULL;
  sqlite3_finalize(stmt);
  return found;
}

/* Whatever is asked for, the lines that do not wait are not looked at, and of one product in one
 * stock only those of the page. */
TEST(what_waits_is_found_by_its_own_index) {
  kit_file file;
  sqlite3 *eyes = new_shop(&file);
  CHECK(plans(eyes, "WAITING", "line_waiting (product=? AND stock=? AND id>?)"));
  CHECK(plans(eyes, "NEXT_PART", "line_parts (parent=? AND rowid>? AND rowid<?)"));
  CHECK(plans(eyes, "Q_WAITING", "SCAN line USING INDEX line_waiting"));
  CHECK(plans(eyes, "Q_WAITING_OF", "SEARCH line USING INDEX line_waiting (product=?)"));
  CHECK(plans(eyes, "Q_WAITING_IN",
              "SEARCH line USING INDEX line_waiting (product=? AND stock=? AND id>?)"));
  remove_shop(&file, eyes);
}

/* However many places a country has, one step finds the one that counts, without sorting. */
TEST(a_place_is_found_by_one_step_of_an_index) {
  static const char *const NAMES[] = {"GEONAME_BY_POSTCODE", "GEONAME_BY_CITY",
                                      "GEONAME_BY_REGION"};
  static const char *const STEPS[] = {"INDEX geoname_postcode (gazetteer=? AND postcode=?)",
                                      "INDEX geoname_city (gazetteer=? AND city>?)",
                                      "INDEX geoname_region (gazetteer=? AND region=?)"};
  kit_file file;
  sqlite3 *eyes = new_shop(&file);
  for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
    CHECK(plans(eyes, NAMES[i], STEPS[i]));
    CHECK(!plans(eyes, NAMES[i], "TEMP B-TREE"));
  }
  CHECK(plans(eyes, "GAZETTEER_IN_FORCE", "INDEX gazetteer_country (country=? AND state=?)"));
  CHECK(plans(eyes, "GEONAMES_REMOVE", "SEARCH geoname USING INTEGER PRIMARY KEY"));
  remove_shop(&file, eyes);
}

int main(void) {
  RUN(every_statement_can_be_prepared);
  RUN(parameters_are_numbered_without_gaps);
  RUN(every_statement_runs_through_the_driver);
  RUN(no_statement_speaks_a_dialect);
  RUN(hot_statements_only_search);
  RUN(no_statement_scans_a_large_table_but_those_that_must);
  RUN(what_waits_is_found_by_its_own_index);
  RUN(a_place_is_found_by_one_step_of_an_index);
  return unit_report();
}
