/* supply.c: what the sources of a stock have, for source selection. All of a selection is read in
 * one transaction, so that it is one moment. */
#include "tx.h"

#include <string.h>

static qm_code too_many_sources(qm_tx *tx) {
  return qm_fail(tx->err, QM_LIMIT, "a stock has more than %d sources", (int)QM_SOURCES_MAX);
}

static bool item_fine(const qm_candidate *c) {
  return c->qty >= -QM_QTY_MAX && c->qty <= QM_QTY_MAX && c->allocated >= 0 &&
         c->allocated <= QM_QTY_MAX;
}

static qm_code item_damaged(qm_tx *tx) {
  return qm_fail(tx->err, QM_CORRUPT, "the file is damaged: a source item is out of range");
}

/* ---- one product ---- */

qm_code qm_candidates(qm_tx *tx, int64_t stock, int64_t product, qm_candidate *candidates,
                      size_t *count) {
  bool row = false;
  *count = 0;
  qm_code code = QM_START(tx, CANDIDATES, QM_I(stock), QM_I(qm_key(product, 0)));
  while (!code && !(code = QM_STEP(tx, CANDIDATES, &row)) && row) {
    if (*count == QM_SOURCES_MAX) {
      QM_END(tx, CANDIDATES);
      return too_many_sources(tx);
    }
    qm_candidate c = {.source = QM_COL_INT(tx, CANDIDATES, 0),
                      .enabled = QM_COL_INT(tx, CANDIDATES, 1) != 0,
                      .has_item = !qm_db_null(tx->db, QM_SQL_CANDIDATES, 2),
                      .qty = QM_COL_INT(tx, CANDIDATES, 2),
                      .in_stock = QM_COL_INT(tx, CANDIDATES, 3) == QM_STATUS_IN,
                      .allocated = QM_COL_INT(tx, CANDIDATES, 4)};
    if (!item_fine(&c)) {
      QM_END(tx, CANDIDATES);
      return item_damaged(tx);
    }
    candidates[(*count)++] = c;
  }
  return code;
}

/* ---- many products ---- */

/* Where it says it is. */
static qm_code read_point(qm_tx *tx, qm_point *at) {
  at->known = !qm_db_null(tx->db, QM_SQL_PLACES, 3) && !qm_db_null(tx->db, QM_SQL_PLACES, 4);
  at->latitude = at->known ? qm_db_real(tx->db, QM_SQL_PLACES, 3) : 0;
  at->longitude = at->known ? qm_db_real(tx->db, QM_SQL_PLACES, 4) : 0;
  if (qm_latitude_fine(at->latitude) && qm_longitude_fine(at->longitude))
    return QM_OK;
  return qm_fail(tx->err, QM_CORRUPT, "the file is damaged: a source is not on earth");
}

/* Or else by its address. */
static qm_code locate_source(qm_tx *tx, qm_point *at) {
  qm_address address = {.country = QM_COL_STR(tx, PLACES, 5),
                        .postcode = QM_COL_STR(tx, PLACES, 6),
                        .city = QM_COL_STR(tx, PLACES, 7),
                        .region = QM_COL_STR(tx, PLACES, 8)};
  qm_location found;
  qm_code code = qm_locate(tx, &address, &found);
  *at = found.at;
  return code;
}

static qm_code read_places(qm_tx *tx, int64_t stock, bool locate, size_t *count) {
  qm_place *places = tx->store->places.p;
  bool row = false;
  *count = 0;
  qm_code code = QM_START(tx, PLACES, QM_I(stock));
  while (!code && !(code = QM_STEP(tx, PLACES, &row)) && row) {
    qm_place place = {.source = QM_COL_INT(tx, PLACES, 0),
                      .enabled = QM_COL_INT(tx, PLACES, 1) != 0,
                      .code = qm_out_text(&tx->store->out, QM_COL_STR(tx, PLACES, 2))};
    code = *count == QM_SOURCES_MAX ? too_many_sources(tx) : read_point(tx, &place.at);
    if (!code && locate && !place.at.known)
      code = locate_source(tx, &place.at);
    if (code)
      QM_END(tx, PLACES);
    else
      places[(*count)++] = place;
  }
  return code;
}

/* The places by their sources' ids, which is how items are read. */
static void order_by_id(const qm_place *places, size_t count, size_t *by_id) {
  for (size_t i = 0; i < count; i++) {
    size_t at = i;
    for (; at > 0 && places[by_id[at - 1]].source > places[i].source; at--)
      by_id[at] = by_id[at - 1];
    by_id[at] = i;
  }
}

static qm_code read_items(qm_tx *tx, int64_t stock, int64_t product, const size_t *by_id,
                          size_t count, qm_candidate *candidates) {
  const qm_place *places = tx->store->places.p;
  bool row = false;
  size_t next = 0;
  for (size_t i = 0; i < count; i++)
    candidates[i] = (qm_candidate){.source = places[i].source, .enabled = places[i].enabled};
  qm_code code = QM_START(tx, PLACE_ITEMS, QM_I(stock), QM_I(qm_key(product, 0)));
  while (!code && !(code = QM_STEP(tx, PLACE_ITEMS, &row)) && row) {
    int64_t source = QM_COL_INT(tx, PLACE_ITEMS, 0);
    while (next < count && places[by_id[next]].source < source)
      next++;
    if (next == count || places[by_id[next]].source != source)
      continue;
    qm_candidate *c = &candidates[by_id[next++]];
    c->has_item = !qm_db_null(tx->db, QM_SQL_PLACE_ITEMS, 1);
    c->qty = QM_COL_INT(tx, PLACE_ITEMS, 1);
    c->in_stock = QM_COL_INT(tx, PLACE_ITEMS, 2) == QM_STATUS_IN;
    c->allocated = QM_COL_INT(tx, PLACE_ITEMS, 3);
    if (!item_fine(c)) {
      QM_END(tx, PLACE_ITEMS);
      return item_damaged(tx);
    }
  }
  return code;
}

static qm_code read_candidates(qm_tx *tx, int64_t stock, const qm_supply_request *request,
                               size_t count) {
  size_t by_id[QM_SOURCES_MAX];
  qm_candidate *candidates = tx->store->candidates.p; /* NULL: there was no need of room yet */
  order_by_id(tx->store->places.p, count, by_id);
  for (size_t i = 0; count > 0 && i < request->sku_count; i++) {
    qm_product product = {0};
    bool found = false;
    qm_str sku = request->skus[i];
    qm_code code = sku.n <= QM_SKU_MAX ? qm_find_product(tx, sku, &product, &found) : QM_OK;
    if (!code)
      code = read_items(tx, stock, product.id, by_id, count, &candidates[i * count]);
    if (code)
      return code;
  }
  return QM_OK;
}

/* ---- what an order has set aside ---- */

static qm_code read_order_key(qm_tx *tx, qm_str order, int64_t *key) {
  bool found;
  *key = 0;
  qm_code code = QM_FIRST(tx, DOCUMENT, &found, QM_I(QM_OP_PLACE), QM_B(order));
  if (code || !found)
    return code;
  *key = QM_COL_INT(tx, DOCUMENT, 0);
  QM_END(tx, DOCUMENT);
  return QM_OK;
}

/* Allocations come by line as the request's lines do. */
static qm_code read_own(qm_tx *tx, const qm_supply_request *request, size_t count) {
  const qm_place *places = tx->store->places.p;
  qm_qty *own = tx->store->own.p;
  int64_t key;
  bool row = false;
  size_t line = 0;
  if (request->line_count * count > 0)
    memset(own, 0, request->line_count * count * sizeof *own);
  qm_code code = read_order_key(tx, request->order, &key);
  if (!code)
    code = QM_START(tx, ALLOCATIONS_OF_ORDER, QM_I(key));
  while (!code && !(code = QM_STEP(tx, ALLOCATIONS_OF_ORDER, &row)) && row) {
    int64_t id = QM_COL_INT(tx, ALLOCATIONS_OF_ORDER, 0);
    int64_t number = id >> 16 & ((1 << QM_LINE_BITS) - 1), source = id & 65535;
    qm_qty qty = QM_COL_INT(tx, ALLOCATIONS_OF_ORDER, 1);
    if (qty < 0 || qty > QM_QTY_MAX) {
      QM_END(tx, ALLOCATIONS_OF_ORDER);
      return qm_fail(tx->err, QM_CORRUPT, "the file is damaged: an allocation is out of range");
    }
    while (line < request->line_count && request->lines[line] < number)
      line++;
    if (line == request->line_count || request->lines[line] != number)
      continue;
    for (size_t i = 0; i < count; i++)
      if (places[i].source == source)
        own[line * count + i] = qty;
  }
  return code;
}

/* ---- all of it ---- */

static qm_code read_supply(qm_tx *tx, int64_t stock, const qm_supply_request *request,
                           qm_supply *supply) {
  qm_store *store = tx->store;
  qm_code code = qm_make_room(tx, &store->places, QM_SOURCES_MAX, sizeof(qm_place));
  if (!code && request->destination.known)
    supply->destination = (qm_location){request->destination, QM_LOCATED_BY_COORDINATES};
  else if (!code)
    code = qm_locate(tx, &request->address, &supply->destination);
  bool locate = supply->destination.at.known && !request->measured;
  if (!code)
    code = read_places(tx, stock, locate, &supply->source_count);
  size_t count = supply->source_count;
  if (!code)
    code = qm_make_room(tx, &store->candidates, request->sku_count * count, sizeof(qm_candidate));
  if (!code)
    code = read_candidates(tx, stock, request, count);
  if (!code && request->order.p)
    code = qm_make_room(tx, &store->own, request->line_count * count, sizeof(qm_qty));
  if (!code && request->order.p)
    code = read_own(tx, request, count);
  if (!code && store->out.exhausted)
    code = qm_fail(tx->err, QM_MEMORY, "out of memory");
  supply->places = store->places.p;
  supply->candidates = store->candidates.p;
  supply->own = request->order.p ? store->own.p : NULL;
  return code;
}

qm_code qm_store_supply(qm_store *store, const qm_supply_request *request, qm_supply *supply,
                        qm_problem_kind *problem, qm_err *err) {
  qm_tx tx = {.store = store, .db = store->db, .err = err};
  const qm_where *where = &request->where;
  int64_t stock = 0;
  bool found;
  *problem = QM_P_NONE;
  *supply = (qm_supply){0};
  qm_out_clear(&store->out);
  qm_code code = qm_db_begin_read(store->db, err);
  if (code)
    return code;
  code = qm_find_stock(&tx, where, &stock, &found);
  if (!code && !found)
    *problem = where->channel_code.p ? QM_P_NO_CHANNEL : QM_P_NO_STOCK;
  if (!code && found)
    code = read_supply(&tx, stock, request, supply);
  return qm_db_end_read(store->db, code, err);
}
