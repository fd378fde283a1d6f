/* verify.c: does the file say the same thing everywhere? Each statement compares what is maintained
 * with the rows it follows from and returns only differences; the database sorts on disk, so memory
 * stays constant whatever the size of the ledger. */
#include "tx.h"

#include <string.h>

typedef struct verifying {
  qm_tx tx;
  qm_verify_report report;
  void *context;
  qm_code code;
} verifying;

static void report_damage(void *context, const char *text) {
  verifying *v = context;
  qm_str none = {NULL, 0};
  if (!v->code)
    v->code = v->report(v->context, text, none, 0, none, none, 0, 0);
}

typedef struct difference {
  qm_span what;
  int64_t product, stock, source, order; /* 0: none */
  qm_qty expected, found;
} difference;

static qm_code report_difference(verifying *v, const difference *d) {
  qm_tx *tx = &v->tx;
  qm_out *out = &tx->store->out;
  qm_span sku, source, order = {0, 0};
  char text[QM_ERR_TEXT] = "";
  bool row = false;
  qm_code code = qm_sku_of(tx, d->product, &sku);
  if (!code)
    code = qm_source_code(tx, d->source, &source);
  if (!code && d->order)
    code = QM_FIRST(tx, DOCUMENT_ID, &row, QM_I(d->order));
  if (row) {
    order = qm_out_text(out, QM_COL_STR(tx, DOCUMENT_ID, 0));
    QM_END(tx, DOCUMENT_ID);
  }
  if (code || out->exhausted)
    return code ? code : qm_fail(tx->err, QM_MEMORY, "out of memory");
  qm_str name = qm_out_str(out, d->what);
  memcpy(text, name.p, name.n < sizeof text ? name.n : sizeof text - 1);
  code = v->report(v->context, text, qm_out_str(out, sku), d->stock, qm_out_str(out, source),
                   qm_out_str(out, order), d->expected, d->found);
  qm_out_clear(out);
  return code;
}

static qm_code compare(verifying *v, qm_sql sql) {
  bool row = true;
  qm_code code = qm_db_start(v->tx.db, sql, NULL, 0, v->tx.err);
  while (!code && !(code = qm_db_step(v->tx.db, sql, &row, v->tx.err)) && row) {
    qm_db *db = v->tx.db;
    difference d = {.what = qm_out_text(&v->tx.store->out, qm_db_str(db, sql, 0)),
                    .product = qm_db_int(db, sql, 1),
                    .stock = qm_db_int(db, sql, 2),
                    .source = qm_db_int(db, sql, 3),
                    .order = qm_db_int(db, sql, 4),
                    .expected = qm_db_int(db, sql, 5),
                    .found = qm_db_int(db, sql, 6)};
    code = report_difference(v, &d);
  }
  if (code)
    qm_db_end(v->tx.db, sql);
  return code;
}

/* What happened to a bundle happened to its parts in proportion; only goods are shipped with it.
 * The products may be too large for the database, so they are worked out here. */
static qm_code compare_bundles(verifying *v) {
  static const char *const names[] = {"cancelled with the bundle", "invoiced with the bundle",
                                      "refunded with the bundle",  "delivered with the bundle",
                                      "released with the bundle",  "returned with the bundle"};
  enum { PRODUCT, STOCK, ORDER, KIND, PART, WHOLE, COUNTERS, ALWAYS = 3 };
  qm_tx *tx = &v->tx;
  bool row = true;
  qm_code code = qm_db_start(tx->db, QM_SQL_VERIFY_BUNDLES, NULL, 0, tx->err);
  while (!code && !(code = QM_STEP(tx, VERIFY_BUNDLES, &row)) && row) {
    qm_qty part = QM_COL_INT(tx, VERIFY_BUNDLES, PART);
    qm_qty whole = QM_COL_INT(tx, VERIFY_BUNDLES, WHOLE);
    bool goods = QM_COL_INT(tx, VERIFY_BUNDLES, KIND) == QM_LINE_GOODS;
    for (int i = 0; !code && i < (goods ? (int)(sizeof names / sizeof *names) : ALWAYS); i++) {
      difference d = {.product = QM_COL_INT(tx, VERIFY_BUNDLES, PRODUCT),
                      .stock = QM_COL_INT(tx, VERIFY_BUNDLES, STOCK),
                      .order = QM_COL_INT(tx, VERIFY_BUNDLES, ORDER),
                      .expected = QM_COL_INT(tx, VERIFY_BUNDLES, COUNTERS + 2 * i + 1),
                      .found = QM_COL_INT(tx, VERIFY_BUNDLES, COUNTERS + 2 * i)};
      bool legal = part > 0 && whole > 0 && d.expected >= 0 && d.expected <= whole;
      if (legal && qm_qty_in_proportion(d.expected, part, whole, &d.expected) &&
          d.expected == d.found)
        continue;
      d.what = qm_out_text(&tx->store->out, (qm_str){names[i], strlen(names[i])});
      code = report_difference(v, &d);
    }
  }
  if (code)
    QM_END(tx, VERIFY_BUNDLES);
  return code;
}

static qm_code count(qm_tx *tx, qm_verify_counts *counts) {
  bool row;
  qm_code code = qm_db_first(tx->db, QM_SQL_VERIFY_COUNTS, NULL, 0, &row, tx->err);
  if (code)
    return code;
  counts->products = QM_COL_INT(tx, VERIFY_COUNTS, 0);
  counts->balances = QM_COL_INT(tx, VERIFY_COUNTS, 1);
  counts->orders = QM_COL_INT(tx, VERIFY_COUNTS, 2);
  counts->ledger = QM_COL_INT(tx, VERIFY_COUNTS, 3);
  QM_END(tx, VERIFY_COUNTS);
  return QM_OK;
}

qm_code qm_store_verify(qm_store *store, qm_verify_report report, void *context,
                        qm_verify_counts *counts, qm_err *err) {
  static const qm_sql comparisons[] = {QM_SQL_VERIFY_ITEMS,      QM_SQL_VERIFY_BALANCES,
                                       QM_SQL_VERIFY_ORDERS,     QM_SQL_VERIFY_ALLOCATIONS,
                                       QM_SQL_VERIFY_REFERENCES, QM_SQL_VERIFY_SHARING,
                                       QM_SQL_VERIFY_HOLDS,      QM_SQL_VERIFY_COMPOSITES};
  verifying v = {
      .tx = {.store = store, .db = store->db, .err = err}, .report = report, .context = context};
  qm_out_clear(&store->out);
  qm_code code = qm_db_begin_read(store->db, err);
  if (code)
    return code;
  code = qm_db_check(store->db, report_damage, &v, err);
  if (!code)
    code = v.code;
  for (size_t i = 0; !code && i < sizeof comparisons / sizeof *comparisons; i++)
    code = compare(&v, comparisons[i]);
  if (!code)
    code = compare_bundles(&v);
  if (!code)
    code = count(&v.tx, counts);
  return qm_db_end_read(store->db, code, err);
}
