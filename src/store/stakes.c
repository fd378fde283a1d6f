/* stakes.c: all stocks of one product at once, and the network they make of shared sources. */
#include "tx.h"

#include <stdlib.h>
#include <string.h>

void qm_stakes_free(qm_stakes *stakes) {
  free(stakes->list);
  free(stakes->net.edges);
  free(stakes->net.supply);
  free(stakes->index);
  *stakes = (qm_stakes){0};
}

/* Makes room for one more element of a growing array. */
static qm_code grow(qm_tx *tx, void **array, uint32_t count, uint32_t *capacity, size_t size) {
  if (count < *capacity)
    return QM_OK;
  uint32_t more = *capacity ? *capacity * 2 : 16;
  void *bytes = realloc(*array, more * size);
  if (!bytes)
    return qm_fail(tx->err, QM_MEMORY, "out of memory");
  *array = bytes;
  *capacity = more;
  return QM_OK;
}

/* ---- balances ---- */

static qm_code load_stakes(qm_tx *tx, int64_t product, bool *due) {
  qm_stakes *stakes = &tx->store->stakes;
  bool row = true;
  stakes->product = product;
  stakes->count = 0;
  stakes->shared = *due = false;
  qm_code code = QM_START(tx, BALANCES, QM_I(product));
  while (!code && !(code = QM_STEP(tx, BALANCES, &row)) && row) {
    void *list = stakes->list;
    code = grow(tx, &list, stakes->count, &stakes->capacity, sizeof *stakes->list);
    stakes->list = list;
    if (code)
      break;
    qm_stake *stake = &stakes->list[stakes->count++];
    *stake = (qm_stake){.stock = QM_COL_INT(tx, BALANCES, 11)};
    code = qm_read_balance(tx, QM_SQL_BALANCES, 0, &stake->balance);
    *due |= qm_is_due(tx, QM_SQL_BALANCES);
    stakes->shared = QM_COL_INT(tx, BALANCES, 10) != 0;
  }
  if (code)
    QM_END(tx, BALANCES);
  return code;
}

/* Takes out what has expired, and gives what that frees to those who wait. */
static qm_code expire_stakes(qm_tx *tx, int64_t product) {
  qm_stakes *stakes = &tx->store->stakes;
  qm_code code = QM_OK;
  tx->expiring = true;
  for (uint32_t i = 0; !code && i < stakes->count; i++)
    code = qm_expire(tx, product, stakes->list[i].stock);
  if (!code)
    code = qm_settle_product(tx, product);
  tx->expiring = false;
  return code;
}

static qm_code discount_stakes(qm_tx *tx, int64_t product) {
  qm_stakes *stakes = &tx->store->stakes;
  for (uint32_t i = 0; i < stakes->count; i++) {
    qm_stake *stake = &stakes->list[i];
    qm_code code = stake->balance.held > 0
                       ? qm_discount_expired(tx, product, stake->stock, &stake->balance)
                       : QM_OK;
    if (code)
      return code;
  }
  return QM_OK;
}

/* ---- the network ---- */

static uint32_t position_of(const qm_stakes *stakes, int64_t stock) {
  uint32_t low = 0, high = stakes->count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (stakes->list[middle].stock < stock)
      low = middle + 1;
    else
      high = middle;
  }
  return low < stakes->count && stakes->list[low].stock == stock ? low : stakes->count;
}

/* More is allocated at a source than lies there: the newest allocations have lost their goods and
 * are demand again. */
static qm_code find_excess(qm_tx *tx, int64_t item, qm_qty excess) {
  qm_stakes *stakes = &tx->store->stakes;
  bool row = true;
  qm_code code = QM_START(tx, ALLOCATIONS_NEWEST, QM_I(item));
  while (!code && !(code = QM_STEP(tx, ALLOCATIONS_NEWEST, &row)) && row) {
    qm_qty part = qm_qty_min(excess, QM_COL_INT(tx, ALLOCATIONS_NEWEST, 0));
    uint32_t at = position_of(stakes, QM_COL_INT(tx, ALLOCATIONS_NEWEST, 1));
    if (at < stakes->count)
      stakes->list[at].excess += part;
    excess -= part;
  }
  if (code)
    QM_END(tx, ALLOCATIONS_NEWEST);
  return code;
}

static qm_code add_source(qm_tx *tx, int64_t source, int64_t *excess) {
  qm_stakes *stakes = &tx->store->stakes;
  qm_network *net = &stakes->net;
  void *supply = net->supply;
  qm_code code =
      grow(tx, &supply, net->source_count, &stakes->source_capacity, sizeof *net->supply);
  net->supply = supply;
  if (code)
    return code;
  qm_qty qty = QM_COL_INT(tx, NETWORK, 2), allocated = QM_COL_INT(tx, NETWORK, 5);
  if (qty < -QM_QTY_MAX || qty > QM_QTY_MAX || allocated < 0 || allocated > QM_QTY_MAX)
    return qm_damaged(tx, "a source item");
  bool in_stock = QM_COL_INT(tx, NETWORK, 3) == QM_STATUS_IN;
  qm_qty countable = qm_countable(qty, in_stock, QM_COL_INT(tx, NETWORK, 4) != 0);
  net->supply[net->source_count++] = qm_qty_max(0, countable - allocated);
  *excess = qm_qty_max(0, allocated - countable);
  return *excess > 0 ? find_excess(tx, qm_key(stakes->product, source), *excess) : QM_OK;
}

static qm_code load_edges(qm_tx *tx) {
  qm_stakes *stakes = &tx->store->stakes;
  qm_network *net = &stakes->net;
  int64_t last = 0;
  bool row = true;
  net->source_count = net->edge_count = 0;
  qm_code code = QM_START(tx, NETWORK, QM_I(stakes->product));
  while (!code && !(code = QM_STEP(tx, NETWORK, &row)) && row) {
    int64_t source = QM_COL_INT(tx, NETWORK, 0), excess;
    uint32_t at = position_of(stakes, QM_COL_INT(tx, NETWORK, 1));
    void *edges = net->edges;
    code = grow(tx, &edges, net->edge_count, &stakes->edge_capacity, sizeof *net->edges);
    net->edges = edges;
    if (!code && source != last)
      code = add_source(tx, source, &excess);
    last = source;
    if (!code && at == stakes->count)
      code = qm_damaged(tx, "the balance of a stock, which is missing,");
    if (!code)
      net->edges[net->edge_count++] = (qm_edge){.stock = at, .source = net->source_count - 1};
  }
  if (code)
    QM_END(tx, NETWORK);
  return code;
}

/* Cuts one block into the arrays whose sizes are known by now: those of quantities first. */
static qm_code index_network(qm_tx *tx) {
  qm_stakes *stakes = &tx->store->stakes;
  qm_network *net = &stakes->net;
  size_t stocks = net->stock_count = stakes->count, sources = net->source_count;
  size_t quantities = stocks + sources;
  size_t numbers = 3 * sources + 2 * stocks + net->edge_count + 2;
  free(stakes->index);
  stakes->index = malloc(quantities * sizeof(qm_qty) + numbers * sizeof(uint32_t));
  if (!stakes->index)
    return qm_fail(tx->err, QM_MEMORY, "out of memory");
  net->demand = stakes->index;
  net->left = net->demand + stocks;
  net->of_source = (uint32_t *)(void *)(net->left + sources);
  net->of_stock = net->of_source + sources + 1;
  net->by_stock = net->of_stock + stocks + 1;
  net->queue = net->by_stock + net->edge_count;
  net->into = net->queue + sources;
  net->out = net->into + sources;
  for (uint32_t i = 0; i < stakes->count; i++) {
    const qm_stake *stake = &stakes->list[i];
    net->demand[i] = stake->balance.firm + qm_qty_max(stake->balance.adopted, 0) + stake->excess;
  }
  qm_network_index(net);
  return QM_OK;
}

/* ---- loading ---- */

qm_code qm_stakes_load(qm_tx *tx, int64_t product) {
  qm_stakes *stakes = &tx->store->stakes;
  bool due;
  qm_code code = load_stakes(tx, product, &due);
  if (!code && due && tx->writes && !tx->expiring) {
    code = expire_stakes(tx, product);
    if (!code)
      code = load_stakes(tx, product, &due);
  }
  if (!code && due)
    code = discount_stakes(tx, product);
  /* What has been freed is theirs who wait, although no write has given it to them yet. */
  bool gives = due && !tx->writes;
  if (code || !stakes->shared)
    return code || !gives ? code : qm_settle_loaded(tx);
  if (stakes->count > QM_NETWORK_STOCKS)
    return qm_fail(tx->err, QM_LIMIT, "more than %d stocks share the sources of a product",
                   (int)QM_NETWORK_STOCKS);
  code = load_edges(tx);
  if (!code)
    code = index_network(tx);
  return code || !gives ? code : qm_settle_loaded(tx);
}

/* What there is for the stock once everybody else is served. */
static qm_qty capacity_of(qm_stakes *stakes, uint32_t index) {
  const qm_stake *stake = &stakes->list[index];
  if (stakes->shared)
    return qm_network_capacity(&stakes->net, index);
  return stake->balance.on_hand - stake->balance.allocated;
}

qm_qty qm_stake_slack(qm_stakes *stakes, uint32_t index) {
  const qm_balance *balance = &stakes->list[index].balance;
  qm_qty demand = balance->firm + qm_qty_max(balance->adopted, 0) + stakes->list[index].excess;
  return capacity_of(stakes, index) - demand;
}

qm_qty qm_stake_claimed(qm_stakes *stakes, uint32_t index) {
  const qm_stake *stake = &stakes->list[index];
  return stake->balance.on_hand - stake->balance.allocated + stake->excess -
         capacity_of(stakes, index);
}

qm_code qm_fill_claimed(qm_tx *tx, int64_t product, int64_t stock, qm_balance *balance) {
  qm_stakes *stakes = &tx->store->stakes;
  qm_code code = qm_stakes_load(tx, product);
  if (code)
    return code;
  uint32_t at = position_of(stakes, stock);
  if (at == stakes->count)
    return qm_damaged(tx, "a balance");
  *balance = stakes->list[at].balance; /* loading may have settled it */
  balance->claimed = qm_stake_claimed(stakes, at);
  return QM_OK;
}
