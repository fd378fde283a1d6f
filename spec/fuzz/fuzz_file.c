/* fuzz_file.c: no file, however damaged, crashes or hangs the engine or makes it lie.
 *
 * The input damages a real file and its log: bytes, pages, lengths, single values of rows; or it is
 * the file, the log or the journal itself. The engine then opens what is left, for reading and for
 * writing, reads all there is to read and does some of everything. It may refuse, with a code that
 * says what is wrong; but what it calls right must be right: the balances of a file that verify
 * finds no fault with are those of its ledger and its items, and after more work they still are. */
#include "file_kit.h"
#include "fuzzer.h"

#include "db.h"

static sqlite3 *eyes; /* of the one whose turn it is */

/* ---- what may be answered ---- */

/* Why a damaged file may fail: nothing else is wrong here. */
static bool is_clear(qm_code code) {
  return code == QM_OK || code == QM_CORRUPT || code == QM_FOREIGN || code == QM_NEWER ||
         code == QM_READONLY;
}

static void must_be_clear(qm_code code, const qm_err *err) {
  if (!is_clear(code))
    fprintf(stderr, "%s: %s\n", qm_code_name(code), err->text);
  must(is_clear(code));
  must(code == QM_OK || (err->code == code && memchr(err->text, '\0', sizeof err->text) != NULL &&
                         err->text[0] != '\0'));
}

/* ---- reading ---- */

static const char *const queries[] = {
#define QM_STATEMENT(name, text) text,
#include "queries.def"
#undef QM_STATEMENT
};
static const qm_sql query_ids[] = {
#define QM_STATEMENT(name, text) QM_SQL_##name,
#include "queries.def"
#undef QM_STATEMENT
};

/* What a parameter may be, by what stands before it: a page begins at 0, and so on. */
static qm_val parameter(const char *before, size_t n) {
  static const struct {
    const char *words, *text;
    int64_t number;
  } kinds[] = {{"> ", NULL, 0}, {"LIMIT ", NULL, 100}, {"CAST(", "bike", 0}, {"code = ", "hub", 0}};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    size_t length = strlen(kinds[i].words);
    if (n >= length && memcmp(before - length, kinds[i].words, length) == 0)
      return kinds[i].text ? QM_T(kit_str(kinds[i].text)) : QM_I(kinds[i].number);
  }
  return QM_I(1);
}

static int parameters(const char *sql, qm_val values[8]) {
  int count = 0;
  for (const char *p = strchr(sql, '$'); p != NULL; p = strchr(p + 1, '$')) {
    int number = p[1] - '0';
    if (number > count)
      values[number - 1] = parameter(p, (size_t)(p - sql));
    count = number > count ? number : count;
  }
  return count;
}

/* As the binding reads a column. */
static void read_column(qm_db *db, qm_sql sql, int column) {
  char text[QM_QTY_TEXT];
  const char *mark = strchr(qm_db_name(db, sql, column), ':');
  if (qm_db_null(db, sql, column))
    return;
  if (mark && mark[1] == 'q')
    must(qm_qty_format(qm_db_int(db, sql, column), text) < sizeof text);
  else if (mark && mark[1] == 'r')
    qm_db_real(db, sql, column);
  else if (mark || qm_db_is_number(db, sql, column))
    qm_db_int(db, sql, column);
  else
    must(qm_db_str(db, sql, column).p != NULL);
}

/* Every fourth query: to prepare one takes longer than to run it. */
static void read_rows(qm_store *store, size_t first) {
  qm_db *db = qm_store_db(store);
  for (size_t i = first; i < sizeof queries / sizeof queries[0]; i += 4) {
    qm_val values[8];
    qm_err err = {0};
    bool row = false;
    int count = parameters(queries[i], values);
    qm_code code = qm_db_start(db, query_ids[i], values, count, &err);
    while (!code && !(code = qm_db_step(db, query_ids[i], &row, &err)) && row)
      for (int column = 0; column < qm_db_columns(db, query_ids[i]); column++)
        read_column(db, query_ids[i], column);
    must_be_clear(code, &err);
  }
}

static void read_stands(qm_store *store, qm_stand stands[STOCKS][SKUS], bool known[STOCKS]) {
  qm_str names[SKUS];
  for (int i = 0; i < SKUS; i++)
    names[i] = kit_str(skus[i]);
  for (int stock = 0; stock < STOCKS; stock++) {
    qm_err err = {0};
    qm_problem_kind problem = QM_P_NONE;
    qm_where where = {.stock = stock + 1};
    qm_code code =
        qm_store_stand(store, &where, names, SKUS, KIT_NOW, stands[stock], &problem, &err);
    must_be_clear(code, &err);
    known[stock] = code == QM_OK && problem == QM_P_NONE;
    for (int i = 0; known[stock] && i < SKUS; i++) {
      const qm_stand *stand = &stands[stock][i];
      qm_problem_kind problems[QM_CHECK_MAX];
      qm_qty have[QM_CHECK_MAX];
      qm_salable_qty(&stand->balance, &stand->rule);
      qm_over_promised(&stand->balance, &stand->rule);
      qm_waiting_part(&stand->balance, &stand->rule, KIT_ONE);
      must(qm_check(&stand->balance, &stand->rule, KIT_ONE, problems, have) <= QM_CHECK_MAX);
    }
  }
}

static void read_supply(qm_store *store) {
  qm_str names[SKUS];
  const int64_t lines[] = {1, 2};
  for (int i = 0; i < SKUS; i++)
    names[i] = kit_str(skus[i]);
  qm_supply_request request = {.where = {.stock = 2},
                               .skus = names,
                               .sku_count = SKUS,
                               .order = kit_str("pb"),
                               .lines = lines,
                               .line_count = 2};
  qm_supply supply = {0};
  qm_problem_kind problem = QM_P_NONE;
  qm_err err = {0};
  qm_code code = qm_store_supply(store, &request, &supply, &problem, &err);
  must_be_clear(code, &err);
  must(code || problem || supply.source_count <= QM_SOURCES_MAX);
}

/* ---- verifying ---- */

static char difference[1600]; /* the first that was found */

static qm_code count_difference(void *context, const char *what, qm_str sku, int64_t stock,
                                qm_str source, qm_str order, qm_qty expected, qm_qty found) {
  must(what[0] != '\0');
  if (++*(int *)context == 1)
    snprintf(difference, sizeof difference,
             "%s of '%.*s' in stock %lld at '%.*s' in '%.*s': %lld, found %lld", what, (int)sku.n,
             sku.p ? sku.p : "", (long long)stock, (int)source.n, source.p ? source.p : "",
             (int)order.n, order.p ? order.p : "", (long long)expected, (long long)found);
  return QM_OK;
}

static bool verify(qm_store *store) {
  qm_verify_counts counts;
  qm_err err = {0};
  int differences = 0;
  qm_code code = qm_store_verify(store, count_difference, &differences, &counts, &err);
  must_be_clear(code, &err);
  return code == QM_OK && differences == 0;
}

static int64_t ask(const char *sql, int64_t product, int64_t stock) {
  sqlite3_stmt *stmt = NULL;
  must(sqlite3_prepare_v2(eyes, sql, -1, &stmt, NULL) == SQLITE_OK);
  sqlite3_bind_int64(stmt, 1, product);
  if (sqlite3_bind_parameter_count(stmt) > 1)
    sqlite3_bind_int64(stmt, 2, stock);
  must(sqlite3_step(stmt) == SQLITE_ROW);
  int64_t answer = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return answer;
}

/* The same numbers from where they come from. */
static void must_be_right(const qm_stand *stand) {
  const qm_balance *b = &stand->balance;
  int64_t on_hand = ask("SELECT coalesce(sum(max(item.qty, 0)), 0) FROM link"
                        " JOIN source ON source.id = link.source AND source.enabled = 1"
                        " JOIN item ON item.id = ?1 * 65536 + source.id AND item.status = 1"
                        " WHERE link.stock = ?2",
                        stand->product, stand->stock);
  int64_t reserved = ask("SELECT coalesce(-sum(reserved), 0) FROM ledger"
                         " WHERE product = ?1 AND stock = ?2",
                         stand->product, stand->stock);
  int64_t items = ask("SELECT count(*) FROM item WHERE product = ?1 AND qty <> (SELECT"
                      " coalesce(sum(moved), 0) FROM ledger WHERE ledger.product = ?1"
                      " AND ledger.source = item.id & 65535)",
                      stand->product, 0);
  must(b->on_hand == on_hand && qm_reserved(b) == reserved && items == 0);
}

/* ---- writing ---- */

static void show(const qm_out *out, const qm_verdict *verdict) {
  char text[512];
  must(verdict->code < QM_CODES);
  must((verdict->code == QM_OK || verdict->code == QM_STALE) == (verdict->problem_count == 0));
  uint32_t at = verdict->problem_first;
  for (uint32_t i = 0; i < verdict->problem_count; i++) {
    const qm_problem *problem = qm_out_problem((qm_out *)(uintptr_t)out, at);
    must(qm_problem_infos[problem->kind].code >= verdict->code);
    qm_problem_text(problem->kind, qm_out_str(out, problem->subject), problem->asked, problem->have,
                    text, sizeof text);
    at = problem->next;
  }
}

static void write_one(qm_store *store, const qm_op *op) {
  qm_verdict verdict = {0};
  qm_err err = {0};
  qm_code code = qm_store_apply(store, &op, 1, &verdict, &err);
  must_be_clear(code, &err);
  if (code == QM_OK)
    show(qm_store_out(store), &verdict);
}

/* Something of everything, as far as the input wants it. */
static void write_some(qm_store *store, uint16_t which) {
  kit_op *r = &record;
  for (int i = 0; i < 16; i++) {
    const char *sku = skus[i % SKUS];
    const qm_op *const op =
        i == 0    ? kit_place(r, "new", sku, KIT_ONE)
        : i == 1  ? place_in_two("newer", sku, 3 * KIT_ONE)
        : i == 2  ? kit_event(r, QM_OP_SHIP, "new", "oa", "bike", "hub", KIT_ONE)
        : i == 3  ? kit_event(r, QM_OP_SHIP, "newer", "new", "bike", "default", KIT_ONE)
        : i == 4  ? kit_event(r, QM_OP_CANCEL, "new", "pb", "lamp", NULL, KIT_ONE)
        : i == 5  ? kit_event(r, QM_OP_REFUND, "new", "oc", "bike", NULL, KIT_ONE)
        : i == 6  ? kit_item(r, sku, "hub", 7 * KIT_ONE)
        : i == 7  ? hold_of("new", sku, 2 * KIT_ONE)
        : i == 8  ? kit_event(r, QM_OP_ALLOCATE, "new", "pb", "lamp", "hub", KIT_ONE)
        : i == 9  ? kit_event(r, QM_OP_RETURN, "new", "oc", "bike", "hub", KIT_ONE)
        : i == 10 ? kit_event(r, QM_OP_INVOICE, "new", "ob", "lamp", NULL, KIT_ONE)
        : i == 11 ? kit_event(r, QM_OP_RELEASE, "new", "oa", "bell", NULL, KIT_ONE / 4)
        : i == 12 ? kit_product(r, "horn", 0)
        : i == 13 ? kit_place(r, "oa", "bike", 5 * KIT_ONE)
                  : kit_item(r, sku, NULL, -KIT_ONE);
    if (which >> i & 1)
      write_one(store, op);
  }
}

/* ---- one file ---- */

static qm_store *open_store(bool readonly) {
  qm_db_options options = {.path = path, .readonly = readonly};
  qm_store *store = NULL;
  qm_err err = {0};
  qm_code code = qm_store_open(&options, false, KIT_NOW, &store, &err);
  must_be_clear(code, &err);
  must((code == QM_OK) == (store != NULL));
  return store;
}

/* Is the file right, and does it say so? */
static bool look(qm_store *store) {
  qm_stand stands[STOCKS][SKUS];
  bool known[STOCKS];
  read_stands(store, stands, known);
  bool right = verify(store);
  eyes = right ? kit_eyes(path) : NULL;
  for (int stock = 0; right && stock < STOCKS; stock++)
    for (int i = 0; known[stock] && i < SKUS; i++)
      if (stands[stock][i].problem != QM_P_NO_PRODUCT)
        must_be_right(&stands[stock][i]);
  sqlite3_close(eyes);
  return right;
}

static void examine(bool readonly, size_t queries_from, uint16_t which) {
  qm_store *store = open_store(readonly);
  if (store && readonly) {
    look(store);
    qm_store_close(store);
    store = open_store(false);
  }
  if (!store)
    return;
  read_rows(store, queries_from);
  read_supply(store);
  bool right = look(store);
  write_some(store, which);
  if (!look(store) && right) {
    fprintf(stderr, "no longer right: %s\n", difference);
    abort();
  }
  qm_store_close(store);
}

/* ---- the input ---- */

enum { MOST = 8, READONLY = 1, SEALED = 2, REPLACED = 4, NO_LOG = 8, QUERIES_AT = 16 };

static void replace(input *in) {
  int target = next_byte(in) % TARGETS;
  const uint8_t *piece;
  size_t size = next_piece(in, SIZE_MAX, &piece);
  write_file(name_of(target), piece, size);
}

static void damage(input *in) {
  sqlite3 *rows = NULL;
  for (int i = 0; i < MOST && in->at < in->end; i++) {
    uint8_t kind = next_byte(in) % 6;
    if (kind >= 4 && !rows) {
      rows = kit_eyes(path);
      sqlite3_exec(rows, "PRAGMA ignore_check_constraints = 1", NULL, NULL, NULL);
    }
    if (kind >= 4) {
      damage_row(rows, in, kind == 5);
    } else {
      sqlite3_close(rows);
      rows = NULL;
      damage_bytes(in, kind);
    }
  }
  sqlite3_close(rows);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  make_shop();
  list_tables();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  input in = {data, data + size};
  uint8_t flags = next_byte(&in);
  uint16_t which = (uint16_t)next_bytes(&in, 2);
  lay_out_copies();
  if (flags & NO_LOG)
    unlink(name_of(1));
  if (flags & REPLACED)
    replace(&in);
  else
    damage(&in);
  if (flags & SEALED)
    seal_log();
  examine(flags & READONLY, flags / QUERIES_AT % 4, which);
  return 0;
}
