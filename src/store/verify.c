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

static qm_code report_difference(verifying *v, qm_sql sql) {
  qm_tx *tx = &v->tx;
  qm_db *db = tx->db;
  qm_out *out = &tx->store->out;
  qm_span sku, source, order = {0, 0}, what = qm_out_text(out, qm_db_str(db, sql, 0));
  qm_qty expected = qm_db_int(db, sql, 5), found = qm_db_int(db, sql, 6);
  int64_t stock = qm_db_int(db, sql, 2), order_id = qm_db_int(db, sql, 4);
  char text[QM_ERR_TEXT] = "";
  bool row = false;
  qm_code code = qm_sku_of(tx, qm_db_int(db, sql, 1), &sku);
  if (!code)
    code = qm_source_code(tx, qm_db_int(db, sql, 3), &source);
  if (!code && order_id)
    code = QM_FIRST(tx, DOCUMENT_ID, &row, QM_I(order_id));
  if (row) {
    order = qm_out_text(out, QM_COL_STR(tx, DOCUMENT_ID, 0));
    QM_END(tx, DOCUMENT_ID);
  }
  if (code || out->exhausted)
    return code ? code : qm_fail(tx->err, QM_MEMORY, "out of memory");
  qm_str name = qm_out_str(out, what);
  memcpy(text, name.p, name.n < sizeof text ? name.n : sizeof text - 1);
  code = v->report(v->context, text, qm_out_str(out, sku), stock, qm_out_str(out, source),
                   qm_out_str(out, order), expected, found);
  qm_out_clear(out);
  return code;
}

static qm_code compare(verifying *v, qm_sql sql) {
  bool row = true;
  qm_code code = qm_db_start(v->tx.db, sql, NULL, 0, v->tx.err);
  while (!code && !(code = qm_db_step(v->tx.db, sql, &row, v->tx.err)) && row)
    code = report_difference(v, sql);
  if (code)
    qm_db_end(v->tx.db, sql);
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
                                       QM_SQL_VERIFY_REFERENCES, QM_SQL_VERIFY_SHARING};
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
    code = count(&v.tx, counts);
  if (code) {
    qm_db_rollback(store->db);
    return code;
  }
  return qm_db_commit(store->db, err);
}
