/* settle.c: promises that wait become firm where goods cover them. The oldest line comes first, of
 * all the stocks that share the product's sources. */
#include "tx.h"

#include <stdlib.h>

typedef struct waiting {
  int64_t line, expires; /* expires 0: an order */
  qm_qty qty;
} waiting;

/* How far the waiting lines of a stake have been served. */
typedef struct served {
  int64_t line; /* up to this one */
  bool all;     /* or there is nothing to serve any more with */
} served;

static qm_code oldest_waiting(qm_tx *tx, int64_t product, int64_t stock, int64_t after,
                              waiting *out, bool *found) {
  qm_code code =
      QM_FIRST(tx, WAITING, found, QM_I(product), QM_I(stock), QM_I(tx->now_ms), QM_I(after));
  if (code || !*found)
    return code;
  out->line = QM_COL_INT(tx, WAITING, 0);
  out->qty = QM_COL_INT(tx, WAITING, 1);
  out->expires = QM_COL_INT(tx, WAITING, 2);
  QM_END(tx, WAITING);
  return QM_OK;
}

/* Makes part of a waiting line firm. A reader only knows that it will be. */
static qm_code promote(qm_tx *tx, int64_t product, int64_t stock, const waiting *line, qm_qty qty) {
  qm_balance delta = {.firm = qty, .backordered = -qty};
  if (!tx->writes) {
    tx->promoted += line->line == tx->line ? qty : 0;
    return QM_OK;
  }
  qm_code code = QM_RUN(tx, LINE_PROMOTE, QM_I(line->line), QM_I(qty));
  if (!code && line->expires)
    code = QM_RUN(tx, EXPIRY_PROMOTE, QM_I(qm_key(product, stock)), QM_I(line->expires), QM_I(qty));
  return code ? code : qm_balance_move(tx, product, stock, &delta);
}

/* The stake whose oldest waiting line is the oldest of all; its slack becomes *slack. Stakes that
 * have none are not asked again: what others get can only leave them less. */
static qm_code next_waiting(qm_tx *tx, served *settled, uint32_t *best, waiting *line,
                            qm_qty *slack) {
  qm_stakes *stakes = &tx->store->stakes;
  *best = stakes->count;
  for (uint32_t i = 0; i < stakes->count; i++) {
    waiting candidate = {0};
    bool found = false;
    if (settled[i].all)
      continue;
    qm_code code = oldest_waiting(tx, stakes->product, stakes->list[i].stock, settled[i].line,
                                  &candidate, &found);
    if (code)
      return code;
    settled[i].all = !found;
    if (!found || (*best < stakes->count && candidate.line > line->line))
      continue;
    *best = i;
    *line = candidate;
  }
  if (*best < stakes->count)
    *slack = qm_stake_slack(stakes, *best);
  return QM_OK;
}

static qm_code settle_stakes(qm_tx *tx, served *settled) {
  qm_stakes *stakes = &tx->store->stakes;
  for (;;) {
    uint32_t i;
    waiting line = {0};
    qm_qty slack = 0;
    qm_code code = next_waiting(tx, settled, &i, &line, &slack);
    if (code || i == stakes->count)
      return code;
    qm_stake *stake = &stakes->list[i];
    qm_qty take = qm_qty_min(slack, line.qty);
    settled[i] = (served){.line = line.line, .all = take < line.qty};
    if (take <= 0)
      continue;
    code = promote(tx, stakes->product, stake->stock, &line, take);
    if (code)
      return code;
    stake->balance.firm += take;
    stake->balance.backordered -= take;
    if (stakes->shared)
      stakes->net.demand[i] += take;
  }
}

qm_code qm_settle_loaded(qm_tx *tx) {
  served few[16], *settled = few;
  qm_stakes *stakes = &tx->store->stakes;
  bool waits = false;
  qm_code code = QM_OK;
  if (stakes->count > sizeof few / sizeof *few)
    settled = malloc(stakes->count * sizeof *settled);
  if (!settled)
    return qm_fail(tx->err, QM_MEMORY, "out of memory");
  for (uint32_t i = 0; i < stakes->count; i++) {
    settled[i] = (served){.all = stakes->list[i].balance.backordered == 0};
    waits |= !settled[i].all;
  }
  if (waits)
    code = settle_stakes(tx, settled);
  if (settled != few)
    free(settled);
  return code;
}

qm_code qm_settle_product(qm_tx *tx, int64_t product) {
  qm_code code = qm_stakes_load(tx, product);
  return code ? code : qm_settle_loaded(tx);
}

qm_code qm_settle(qm_tx *tx) {
  int64_t last = 0;
  /* Promoting touches nothing, so the list does not grow meanwhile. */
  for (size_t i = 0; i < tx->store->touched_count; i++) {
    int64_t product = tx->store->touched[i] / 65536;
    qm_code code = product == last ? QM_OK : qm_settle_product(tx, product);
    if (code)
      return code;
    last = product;
  }
  return QM_OK;
}
