/* compact.c: rows of the ledger that tell the life of a finished order become one row for each
 * product and source. What is finished is looked for while nobody has to wait; what was found is
 * checked again before it is written.
 *
 * Per (order, product, stock) nothing is reserved any more, and what was moved at each source stays
 * the sum of what its rows moved; no sum over the ledger changes. A row that says such a sum takes
 * the place of the first row that it is made of: who has read that row will not meet it again, and
 * who has read none of them meets the sum in their stead. */
#include "tx.h"

#include <stdlib.h>

enum { ROWS_MAX = 100000 }; /* of one call, unless a single order has more */

typedef struct row {
  int64_t order, seq, time, event, product, stock, source;
  qm_qty reserved, moved;
} row;

/* The rows of one order. */
typedef struct life {
  row *rows;
  size_t count, capacity;
} life;

static qm_code add_row(life *l, const row *r, qm_err *err) {
  if (l->count == l->capacity) {
    size_t capacity = l->capacity ? l->capacity * 2 : 64;
    row *rows = realloc(l->rows, capacity * sizeof *rows);
    if (!rows)
      return qm_fail(err, QM_MEMORY, "out of memory");
    l->rows = rows;
    l->capacity = capacity;
  }
  l->rows[l->count++] = *r;
  return QM_OK;
}

static row row_of(qm_tx *tx, qm_sql sql) {
  int64_t n[9];
  for (int i = 0; i < 9; i++)
    n[i] = qm_db_int(tx->db, sql, i);
  return (row){n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]};
}

static bool same_product(const row *a, const row *b) {
  return a->product == b->product && a->stock == b->stock;
}

static int compare_rows(const void *a, const void *b) {
  const row *x = a, *y = b;
  const int64_t keys[][2] = {
      {x->product, y->product}, {x->stock, y->stock}, {x->source, y->source}, {x->seq, y->seq}};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (keys[i][0] != keys[i][1])
      return keys[i][0] < keys[i][1] ? -1 : 1;
  return 0;
}

/* Sorts the rows by product, stock and source. Is nothing reserved under any of them, and do any
 * tell more than a sum? */
static bool is_settled(life *l) {
  bool more = false;
  qm_qty reserved = 0;
  qsort(l->rows, l->count, sizeof *l->rows, compare_rows);
  for (size_t i = 0; i < l->count; i++) {
    if (i > 0 && !same_product(&l->rows[i], &l->rows[i - 1]) && reserved != 0)
      return false;
    if (qm_qty_add(reserved, l->rows[i].reserved, &reserved) != QM_OK)
      return false;
    more |= l->rows[i].event != QM_LEDGER_ledger_compacted;
  }
  return more && reserved == 0;
}

/* ---- looking for what is finished ---- */

typedef struct search {
  qm_store *store;
  qm_finished *found;
  life life;
  size_t limit;
  int64_t before_ms;
  qm_err *err;
} search;

static qm_code keep(search *s) {
  qm_store *store = s->store;
  qm_finished *f = s->found;
  size_t need = f->count + s->life.count;
  if (need > store->settled_capacity) {
    size_t capacity = store->settled_capacity ? store->settled_capacity : 64;
    while (capacity < need)
      capacity *= 2;
    qm_settled *rows = realloc(store->settled, capacity * sizeof *rows);
    if (!rows)
      return qm_fail(s->err, QM_MEMORY, "out of memory");
    store->settled = rows;
    store->settled_capacity = capacity;
  }
  for (size_t i = 0; i < s->life.count; i++)
    store->settled[f->count++] = (qm_settled){s->life.rows[i].order, s->life.rows[i].seq};
  f->rows = store->settled;
  f->orders++;
  return QM_OK;
}

/* All rows of an order have been read. */
static qm_code end_order(search *s) {
  qm_finished *f = s->found;
  bool old = s->life.count > 0;
  qm_code code = QM_OK;
  for (size_t i = 0; i < s->life.count; i++)
    old &= s->life.rows[i].time < s->before_ms;
  if (old && is_settled(&s->life)) {
    bool room = f->orders == 0 || f->count + s->life.count <= ROWS_MAX;
    if (f->left == 0 && (size_t)f->orders < s->limit && room)
      code = keep(s);
    else
      f->left++;
  }
  s->life.count = 0;
  return code;
}

static qm_code look(qm_tx *tx, search *s) {
  bool more = true;
  qm_code code = qm_db_start(tx->db, QM_SQL_SETTLED, NULL, 0, tx->err);
  while (!code && !(code = QM_STEP(tx, SETTLED, &more)) && more) {
    row r = row_of(tx, QM_SQL_SETTLED);
    if (s->life.count > 0 && s->life.rows[0].order != r.order)
      code = end_order(s);
    if (!code)
      code = add_row(&s->life, &r, tx->err);
  }
  if (code)
    QM_END(tx, SETTLED);
  return code ? code : end_order(s);
}

qm_code qm_store_finished(qm_store *store, int64_t before_ms, size_t limit, qm_finished *out,
                          qm_err *err) {
  qm_tx tx = {.store = store, .db = store->db, .err = err};
  search s = {.store = store, .found = out, .limit = limit, .before_ms = before_ms, .err = err};
  *out = (qm_finished){0};
  qm_code code = qm_db_begin_read(store->db, err);
  if (code)
    return code;
  code = look(&tx, &s);
  free(s.life.rows);
  return qm_db_end_read(store->db, code, err);
}

/* ---- writing sums ---- */

/* Reads the rows of one order again. *whole: they are all there, still the order's own, and no line
 * of it is open. */
static qm_code read_again(qm_tx *tx, const qm_settled *rows, size_t count, life *l, bool *whole) {
  bool found;
  *whole = false;
  l->count = 0;
  qm_code code = QM_FIRST(tx, ORDER_OPEN, &found, QM_I(rows->order));
  if (code)
    return code;
  if (found) {
    QM_END(tx, ORDER_OPEN);
    return QM_OK;
  }
  for (size_t i = 0; i < count; i++) {
    code = QM_FIRST(tx, LEDGER_ROW, &found, QM_I(rows[i].seq));
    if (code || !found)
      return code;
    row r = row_of(tx, QM_SQL_LEDGER_ROW);
    QM_END(tx, LEDGER_ROW);
    if (r.order != rows->order)
      return QM_OK;
    code = add_row(l, &r, tx->err);
    if (code)
      return code;
  }
  *whole = is_settled(l);
  return QM_OK;
}

static qm_code remove_row(qm_tx *tx, const row *r) {
  tx->verdict->skipped++;
  return QM_RUN(tx, LEDGER_REMOVE, QM_I(r->seq));
}

/* A product's rows from `first` to `end`, sorted by source. Where nothing was moved in all, nothing
 * is left behind, unless it were the last of the product. */
static qm_code sum_up(qm_tx *tx, const row *first, const row *end) {
  bool kept = false;
  qm_code code = QM_OK;
  while (!code && first < end) {
    const row *sum = first;
    qm_qty moved = 0;
    for (; first < end && first->source == sum->source; first++)
      if (qm_qty_add(moved, first->moved, &moved) != QM_OK)
        return qm_damaged(tx, "a movement");
    if (moved != 0 || (first == end && !kept))
      code = QM_RUN(tx, LEDGER_SUM, QM_I(sum->seq), QM_I(sum->order),
                    sum->source ? QM_I(sum->source) : QM_N, QM_I(moved));
    else
      code = remove_row(tx, sum);
    kept |= moved != 0;
    for (const row *r = sum + 1; !code && r < first; r++)
      code = remove_row(tx, r);
  }
  return code;
}

/* A number of a row that is gone would be given again if it had been the last one, and whoever has
 * read up to there would miss what comes. So a row that stays is written before any goes. */
static qm_code mark(qm_tx *tx, int64_t *seq) {
  qm_fact fact = {.event = QM_LEDGER_ledger_compacted};
  qm_code code = qm_ledger_add(tx, &fact);
  *seq = qm_db_last_key(tx->db);
  return code;
}

static qm_code do_order(qm_tx *tx, const qm_settled *rows, size_t count, life *l, int64_t *marker) {
  bool whole;
  qm_code code = read_again(tx, rows, count, l, &whole);
  if (code || !whole)
    return code;
  if (tx->verdict->value == 0)
    code = mark(tx, marker);
  /* The units that each row is about are carried on, so that verify still knows every counter. */
  for (size_t i = 0; !code && i < l->count; i++)
    code = QM_RUN(tx, CARRY, QM_I(l->rows[i].seq));
  for (size_t first = 0, end; !code && first < l->count; first = end) {
    for (end = first + 1; end < l->count && same_product(&l->rows[end], &l->rows[first]);)
      end++;
    code = sum_up(tx, l->rows + first, l->rows + end);
  }
  tx->verdict->value++;
  return code;
}

/* The verdict counts orders, and rows that are gone. */
qm_code qm_do_compact(qm_tx *tx) {
  const qm_settled *rows = qm_op_settled(tx->op);
  life l = {0};
  int64_t marker = 0;
  qm_code code = QM_OK;
  for (size_t first = 0, end; !code && first < tx->op->settled_count; first = end) {
    for (end = first + 1; end < tx->op->settled_count && rows[end].order == rows[first].order;)
      end++;
    code = do_order(tx, rows + first, end - first, &l, &marker);
  }
  free(l.rows);
  if (code || tx->verdict->value == 0)
    return code;
  char number[24];
  return QM_RUN(tx, LEDGER_NOTE, QM_I(marker), QM_T(qm_number_text(tx->verdict->value, number)));
}
