/* apply.c: the one entry point for writes, and what every handler needs to refuse or to answer. */
#include "tx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- problems, entries, rows ---- */

bool qm_refused(const qm_tx *tx) {
  return tx->verdict->problem_count > 0;
}

/* What a problem's usual key is called in this call. */
static qm_field_name field_in(qm_op_kind op, qm_problem_kind kind) {
  static const struct {
    qm_op_kind op;
    const char *usual;
    qm_field_name here;
  } names[] = {
      {QM_OP_ADJUST, "qty", QM_FIELD_delta},   {QM_OP_ADJUST, "code", QM_FIELD_source},
      {QM_OP_ITEMS, "code", QM_FIELD_source},  {QM_OP_LINK, "code", QM_FIELD_source},
      {QM_OP_UNLINK, "code", QM_FIELD_source}, {QM_OP_STOCK, "source", QM_FIELD_code},
      {QM_OP_RETURN, "source", QM_FIELD_to},   {QM_OP_REFUND, "source", QM_FIELD_return_to},
      {QM_OP_REASSIGN, "source", QM_FIELD_to},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].op == op && strcmp(names[i].usual, qm_problem_infos[kind].field) == 0)
      return names[i].here;
  if (kind == QM_P_EMPTY_LIST && op < QM_OP_DOCUMENTS)
    return op == QM_OP_ADOPT ? QM_FIELD_reservations : QM_FIELD_lines;
  return QM_FIELD_OWN;
}

/* Where in its row a part is. */
static qm_span path_of(qm_tx *tx, const qm_row *part) {
  char text[64];
  int n;
  if (tx->op->kind == QM_OP_PRODUCTS && part->option == 0)
    n = snprintf(text, sizeof text, "children[%d]", (int)part->line);
  else if (tx->op->kind != QM_OP_PRODUCTS)
    n = snprintf(text, sizeof text, "selections[%d]", (int)part->line);
  else if (qm_part_is_option(part))
    n = snprintf(text, sizeof text, "options[%d]", (int)part->option);
  else
    n = snprintf(text, sizeof text, "options[%d].selections[%d]", (int)part->option,
                 (int)part->line);
  return qm_out_text(&tx->store->out, (qm_str){text, (size_t)n});
}

static void add_problem(qm_tx *tx, qm_problem problem, qm_str subject) {
  const qm_row *rows = qm_op_rows(tx->op);
  qm_out *out = &tx->store->out;
  problem.subject = qm_out_text(out, subject);
  if (problem.field == QM_FIELD_OWN)
    problem.field = (int32_t)field_in((qm_op_kind)tx->op->kind, problem.kind);
  if (problem.row >= 0 && (uint32_t)problem.row >= tx->op->row_count) {
    const qm_row *part = qm_op_row(tx->op, (uint32_t)problem.row);
    problem.path = path_of(tx, part);
    problem.row = (int32_t)part->part_of;
  }
  if (problem.row >= 0) {
    const qm_row *row = &rows[problem.row];
    problem.line = row->line;
    problem.source = qm_out_text(out, qm_op_str(tx->op, row->source));
    problem.order = qm_out_text(out, qm_op_str(tx->op, row->order));
    if (row->index)
      problem.row = row->index - 1;
    if (tx->op->kind == QM_OP_STOCK) /* two lists in one: each is counted for itself */
      problem.row = (int32_t)row->line - 1;
  }
  qm_verdict_problem(tx->verdict, out, &problem);
}

void qm_problem_numbers(qm_tx *tx, qm_problem_kind kind, int row, qm_str subject, qm_qty asked,
                        qm_qty have) {
  add_problem(tx, (qm_problem){.kind = kind, .row = row, .asked = asked, .have = have}, subject);
}

void qm_problem_in_stock(qm_tx *tx, qm_problem_kind kind, int row, qm_str subject, int64_t stock,
                         qm_qty have) {
  add_problem(tx, (qm_problem){.kind = kind, .row = row, .stock = stock, .have = have}, subject);
}

void qm_problem_counter(qm_tx *tx, int row, qm_field_name field, qm_str subject, qm_qty asked,
                        qm_qty most) {
  qm_problem problem = {.kind = QM_P_COUNTER_RANGE, .row = row, .field = (int32_t)field};
  problem.asked = asked;
  problem.have = most;
  add_problem(tx, problem, subject);
}

void qm_problem_at(qm_tx *tx, qm_problem_kind kind, int row, qm_field_name field, qm_str subject) {
  add_problem(tx, (qm_problem){.kind = kind, .row = row, .field = (int32_t)field}, subject);
}

void qm_check_text(qm_tx *tx, int row, qm_field_name field, const char *what, qm_str text,
                   size_t most) {
  qm_str name = {what, strlen(what)};
  if (text.n > most)
    qm_problem_at(tx, QM_P_TEXT_LONG, row, field, name);
  if (text.p && memchr(text.p, 0, text.n))
    qm_problem_at(tx, QM_P_TEXT_NUL, row, field, name);
}

void qm_problem_add(qm_tx *tx, qm_problem_kind kind, int row, qm_str subject) {
  qm_problem_numbers(tx, kind, row, subject, 0, 0);
}

qm_code qm_entry_add(qm_tx *tx, qm_entry entry) {
  qm_code code = qm_sku_of(tx, entry.product, &entry.sku);
  if (!code)
    code = qm_source_code(tx, entry.source_id, &entry.source);
  if (!code)
    qm_verdict_entry(tx->verdict, &tx->store->out, &entry);
  return code;
}

qm_str qm_number_text(int64_t number, char out[24]) {
  int n = snprintf(out, 24, "%lld", (long long)number);
  return (qm_str){out, (size_t)n};
}

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool qm_is_blank(qm_str text) {
  for (size_t i = 0; text.p && i < text.n; i++)
    if (!is_space(text.p[i]))
      return false;
  return true;
}

bool qm_has_space(qm_str text) {
  for (size_t i = 0; text.p && i < text.n; i++)
    if (is_space(text.p[i]))
      return true;
  return false;
}

bool qm_row_qty(qm_tx *tx, int index, qm_qty least, qm_qty *out) {
  const qm_row *row = qm_op_row(tx->op, (uint32_t)index);
  qm_str sku = qm_op_str(tx->op, row->sku);
  qm_problem_kind kind = QM_P_NONE;
  if (row->bad) {
    kind = (qm_problem_kind)row->bad;
  } else if (!(row->flags & QM_HAS_QTY)) {
    kind = QM_P_QTY_MISSING;
  } else if (row->qty < least) {
    kind = row->qty < 0 ? QM_P_QTY_NEGATIVE : QM_P_QTY_ZERO;
  }
  if (kind != QM_P_NONE)
    qm_problem_at(tx, kind, index, (qm_field_name)row->bad_field, sku);
  *out = row->qty;
  return kind == QM_P_NONE;
}

bool qm_check_sku(qm_tx *tx, int row, qm_field_name field, qm_str sku) {
  qm_problem_kind kind = QM_P_NONE;
  if (qm_is_blank(sku)) {
    kind = QM_P_SKU_EMPTY;
  } else if (sku.n > QM_SKU_MAX) {
    kind = QM_P_SKU_LONG;
    sku.n = 40; /* enough to recognise it in the message */
  } else if (sku.p[0] == ' ' || sku.p[sku.n - 1] == ' ') {
    kind = QM_P_SKU_SPACES;
  }
  if (kind != QM_P_NONE)
    qm_problem_at(tx, kind, row, field, sku);
  return kind == QM_P_NONE;
}

bool qm_row_sku(qm_tx *tx, int row, qm_str *out) {
  *out = qm_op_str(tx->op, qm_op_row(tx->op, (uint32_t)row)->sku);
  return qm_check_sku(tx, row, QM_FIELD_OWN, *out);
}

qm_code qm_clean_row(qm_tx *tx, qm_code code) {
  if (code || !qm_refused(tx))
    return code;
  return qm_db_run(tx->db, QM_SQL_UNDO, NULL, 0, tx->err);
}

qm_code qm_make_room(qm_tx *tx, qm_block *block, size_t count, size_t size) {
  size_t need = count * size;
  if (need <= block->size)
    return QM_OK;
  void *p = realloc(block->p, need);
  if (!p)
    return qm_fail(tx->err, QM_MEMORY, "out of memory");
  block->p = p;
  block->size = need;
  return QM_OK;
}

/* ---- opening ---- */

static qm_code stored_shop(qm_store *store, bool *found, qm_err *err) {
  qm_tx tx = {.store = store, .db = store->db, .err = err};
  qm_code code = qm_db_first(tx.db, QM_SQL_SHOP, NULL, 0, found, err);
  if (!code && *found) {
    store->independent = QM_COL_INT(&tx, SHOP, 1) != 0;
    QM_END(&tx, SHOP);
  }
  return code;
}

/* Stocks that share nothing any more have all that lies at their sources. */
static qm_code settle_all(qm_store *store, int64_t now_ms, qm_err *err) {
  qm_op op = {.now_ms = now_ms};
  qm_verdict verdict = {0};
  qm_tx tx = {.store = store,
              .db = store->db,
              .err = err,
              .op = &op,
              .verdict = &verdict,
              .now_ms = now_ms,
              .writes = true};
  int64_t product = 0;
  bool row;
  for (;;) {
    qm_code code = QM_FIRST(&tx, PRODUCT_WAITS, &row, QM_I(product));
    if (code)
      return code;
    product = QM_COL_INT(&tx, PRODUCT_WAITS, 0);
    QM_END(&tx, PRODUCT_WAITS);
    if (product == 0)
      return QM_OK;
    code = qm_settle_product(&tx, product);
    if (code)
      return code;
  }
}

/* Whoever opens the file may make its stocks independent, and nobody makes them dependent again.
 * Several may open a new file at once: what counts is what the file says in the end. */
static qm_code read_shop(qm_store *store, bool independent, int64_t now_ms, bool readonly,
                         qm_err *err) {
  qm_tx tx = {.store = store, .db = store->db, .err = err};
  bool found = false;
  qm_code code = stored_shop(store, &found, err);
  if (code || (found && (store->independent || !independent || readonly)))
    return code;
  if (readonly)
    return qm_fail(err, QM_CORRUPT, "the file has lost its shop record");
  code = qm_db_begin_write(store->db, err);
  if (code)
    return code;
  code = QM_RUN(&tx, SHOP_PUT, QM_I(independent), QM_I(now_ms));
  if (!code)
    code = QM_RUN(&tx, GUARD_NONE, QM_I(independent));
  if (!code && independent && found)
    code = settle_all(store, now_ms, err);
  if (!code)
    code = stored_shop(store, &found, err);
  if (!code)
    return qm_db_commit(store->db, err);
  qm_db_rollback(store->db);
  return code;
}

qm_code qm_store_open(const qm_db_options *options, bool independent, int64_t now_ms,
                      qm_store **out, qm_err *err) {
  *out = NULL;
  qm_store *store = calloc(1, sizeof *store);
  if (!store)
    return qm_fail(err, QM_MEMORY, "%s", qm_code_message(QM_MEMORY));
  qm_known_init(&store->known);
  qm_seen_init(&store->seen);
  qm_code code = qm_db_open(options, &store->db, err);
  if (!code)
    code = read_shop(store, independent, now_ms, options->readonly, err);
  if (code) {
    qm_store_close(store);
    return code;
  }
  *out = store;
  return QM_OK;
}

void qm_store_close(qm_store *store) {
  if (!store)
    return;
  qm_db_close(store->db);
  qm_queue_close(store->queue);
  qm_known_free(&store->known);
  qm_seen_free(&store->seen);
  qm_out_free(&store->out);
  qm_stakes_free(&store->stakes);
  free(store->facts.list);
  free(store->voluntary.list);
  free(store->after.list);
  free(store->touched);
  free(store->stocks);
  free(store->settled);
  free(store->places.p);
  free(store->candidates.p);
  free(store->own.p);
  free(store->answer.p);
  free(store->wants.p);
  free(store->groups.p);
  free(store->slots.p);
  free(store);
}

qm_db *qm_store_db(qm_store *store) {
  return store->db;
}
qm_out *qm_store_out(qm_store *store) {
  return &store->out;
}

/* ---- applying ---- */

typedef qm_code (*handler)(qm_tx *tx);

static const handler handlers[] = {
    [QM_OP_PLACE] = qm_do_place,
    [QM_OP_CANCEL] = qm_do_event,
    [QM_OP_SHIP] = qm_do_event,
    [QM_OP_INVOICE] = qm_do_event,
    [QM_OP_REFUND] = qm_do_event,
    [QM_OP_RETURN] = qm_do_event,
    [QM_OP_ADOPT] = qm_do_adopt,
    [QM_OP_ADJUST] = qm_do_adjust,
    [QM_OP_ALLOCATE] = qm_do_allocate,
    [QM_OP_REASSIGN] = qm_do_reassign,
    [QM_OP_COMPENSATE] = qm_do_compensate,
    [QM_OP_HOLD] = qm_do_place,
    [QM_OP_EXTEND] = qm_do_extend,
    [QM_OP_RELEASE] = qm_do_event,
    [QM_OP_SOURCE] = qm_do_source,
    [QM_OP_STOCK] = qm_do_stock,
    [QM_OP_STOCK_DELETE] = qm_do_stock_delete,
    [QM_OP_LINK] = qm_do_link,
    [QM_OP_UNLINK] = qm_do_unlink,
    [QM_OP_PRODUCTS] = qm_do_products,
    [QM_OP_ITEMS] = qm_do_items,
    [QM_OP_ITEMS_DELETE] = qm_do_items_delete,
    [QM_OP_RULES] = qm_do_rules,
    [QM_OP_PRODUCT_RENAME] = qm_do_product_rename,
    [QM_OP_PRODUCTS_DELETE] = qm_do_products_delete,
    [QM_OP_CHANNEL_RENAME] = qm_do_channel_rename,
    [QM_OP_CHANNEL_DELETE] = qm_do_channel_delete,
    [QM_OP_COMPACT] = qm_do_compact,
    [QM_OP_GEONAMES_ADD] = qm_do_geonames_add,
    [QM_OP_GEONAMES_FINISH] = qm_do_geonames_finish,
    [QM_OP_GEONAMES_DELETE] = qm_do_geonames_delete,
    [QM_OP_GEONAMES_SWEEP] = qm_do_geonames_sweep,
};

/* An op that refuses must leave nothing behind; placing checks before it writes. */
static qm_code run_guarded(qm_tx *tx) {
  qm_code code = qm_db_run(tx->db, QM_SQL_SAVEPOINT, NULL, 0, tx->err);
  if (!code)
    code = handlers[tx->op->kind](tx);
  if (!code && tx->verdict->code == QM_OK)
    code = qm_settle(tx);
  if (!code && tx->verdict->code == QM_OK)
    code = qm_facts_close(tx);
  bool undo = tx->verdict->code != QM_OK || (tx->op->flags & QM_DRY_RUN);
  if (!code)
    code = undo ? qm_db_run(tx->db, QM_SQL_UNDO, NULL, 0, tx->err) : qm_known_after(tx);
  return code ? code : qm_db_run(tx->db, QM_SQL_RELEASE, NULL, 0, tx->err);
}

static bool is_of_hold(const qm_op *op) {
  return op->kind == QM_OP_HOLD || op->kind == QM_OP_EXTEND || op->kind == QM_OP_RELEASE ||
         (op->kind == QM_OP_PLACE && op->order.at);
}

static qm_code run_op(qm_tx *tx) {
  tx->document = 0;
  tx->store->touched_count = 0;
  tx->store->facts.count = tx->store->voluntary.count = 0;
  if (tx->op->flags & QM_TOO_LONG) {
    qm_problem_add(tx, QM_P_TOO_MANY, -1, (qm_str){NULL, 0});
    return QM_OK;
  }
  if (tx->op->kind < QM_OP_DOCUMENTS) {
    bool known = false;
    qm_code seen = qm_document_seen(tx, &known);
    if (seen || known)
      return seen;
  }
  qm_code code = qm_check_part(tx);
  if (!code && !qm_refused(tx) && is_of_hold(tx->op))
    code = qm_expired_until(tx, &tx->now_ms);
  if (code || qm_refused(tx))
    return code;
  if (!qm_op_places(tx->op->kind))
    return run_guarded(tx);
  code = qm_do_place(tx);
  if (!code && qm_refused(tx) && tx->document)
    return qm_fail(tx->err, QM_CORRUPT, "an order was refused after it had been written");
  return code;
}

/* Products of many orders are far apart in memory, which is slow, but parallel. */
static void expect_products(qm_store *store, const qm_work *work) {
  enum { ROWS = 8 };
  for (size_t i = 0; i < work->count; i++) {
    const qm_op *op = work->ops[i];
    for (uint32_t row = 0; row < op->row_count && row < ROWS; row++)
      qm_known_expect(&store->known, qm_op_str(op, qm_op_rows(op)[row].sku));
  }
}

static qm_code run_work(qm_store *store, qm_work *work, qm_err *err) {
  qm_code code = QM_OK;
  work->from = store->out.used;
  expect_products(store, work);
  for (size_t i = 0; !code && i < work->count; i++) {
    qm_tx tx = {.store = store,
                .db = store->db,
                .err = err,
                .op = work->ops[i],
                .verdict = &work->verdicts[i],
                .now_ms = work->ops[i]->now_ms + work->late + (work->waited ? work->waited[i] : 0),
                .writes = true};
    work->verdicts[i] = (qm_verdict){0};
    code = run_op(&tx);
    if (!code && store->out.exhausted)
      code = qm_fail(err, QM_MEMORY, "out of memory");
    if (work->ends)
      work->ends[i] = store->out.used;
  }
  return code;
}

qm_code qm_apply(qm_store *store, qm_work *own, qm_work *others, qm_err *err) {
  qm_out_clear(&store->out);
  qm_code code = qm_db_begin_write(store->db, err);
  if (code)
    return code;
  code = run_work(store, own, err);
  if (!code)
    code = run_work(store, others, err);
  if (!code)
    code = qm_db_commit(store->db, err);
  else
    qm_db_rollback(store->db);
  if (code)
    qm_known_forget(&store->known); /* it may be of what was undone */
  return code;
}
