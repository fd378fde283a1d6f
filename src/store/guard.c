/* guard.c: what a change does to promises that have been made. A voluntary change that leaves some
 * of them without goods is refused, unless it is forced; a fact is accepted, and what it has done
 * is said. Shops whose stocks are independent, as in MSI, refuse nothing. */
#include "tx.h"

#include <stdlib.h>

static qm_code add_mark(qm_tx *tx, qm_marks *marks, const qm_mark *mark) {
  if (marks->count == marks->capacity) {
    size_t capacity = marks->capacity ? marks->capacity * 2 : 16;
    qm_mark *list = realloc(marks->list, capacity * sizeof *list);
    if (!list)
      return qm_fail(tx->err, QM_MEMORY, "out of memory");
    marks->list = list;
    marks->capacity = capacity;
  }
  marks->list[marks->count] = *mark;
  marks->list[marks->count].number = marks->count;
  marks->count++;
  return QM_OK;
}

static qm_code rule_of(qm_tx *tx, int64_t product, int64_t stock, qm_rule *rule) {
  int64_t own = 1;
  qm_code code = qm_own_of(tx, product, &own);
  return code ? code : qm_get_rule(tx, own, stock, (qm_str){NULL, 0}, rule);
}

/* How the stake at `index` stands now. */
static qm_code look(qm_tx *tx, uint32_t index, qm_mark *mark) {
  qm_stakes *stakes = &tx->store->stakes;
  qm_stake *stake = &stakes->list[index];
  qm_rule rule;
  qm_balance balance = stake->balance;
  mark->stock = stake->stock;
  mark->unmet = qm_qty_max(0, -qm_stake_slack(stakes, index));
  mark->over = 0;
  if (stakes->shared)
    balance.claimed = qm_stake_claimed(stakes, index);
  if (qm_reserved(&balance) + balance.claimed <= balance.on_hand)
    return QM_OK;
  qm_code code = rule_of(tx, stakes->product, stake->stock, &rule);
  if (!code)
    mark->over = qm_over_promised(&balance, &rule);
  return code;
}

/* Adopted releases may balance promises, but they put no goods behind them. */
static bool has_promises(const qm_balance *balance) {
  return balance->firm + balance->backordered + balance->allocated > 0 || balance->adopted > 0;
}

/* Appends a mark for each stock of a product; none when nothing is promised of it, unless idle. */
static qm_code look_at(qm_tx *tx, int64_t product, qm_marks *marks, bool idle) {
  qm_stakes *stakes = &tx->store->stakes;
  qm_code code = qm_stakes_load(tx, product);
  bool promised = false;
  qm_mark mark = {.product = product};
  size_t first = marks->count;
  for (uint32_t i = 0; i < stakes->count; i++)
    promised |= has_promises(&stakes->list[i].balance);
  if (code || !(promised || idle))
    return code;
  if (stakes->shared)
    mark.deficiency = qm_network_deficiency(&stakes->net);
  for (uint32_t i = 0; !code && i < stakes->count; i++) {
    code = look(tx, i, &mark);
    if (!stakes->shared)
      mark.deficiency += mark.unmet;
    if (!code)
      code = add_mark(tx, marks, &mark);
  }
  if (!stakes->shared)
    for (size_t i = first; i < marks->count; i++)
      marks->list[i].deficiency = mark.deficiency;
  return code;
}

/* ---- saying it ---- */

static qm_code say_oversold(qm_tx *tx, const qm_mark *mark) {
  char note[QM_QTY_TEXT];
  qm_fact fact = {.event = QM_LEDGER_oversold, .product = mark->product, .stock = mark->stock};
  fact.note = (qm_str){note, qm_qty_format(mark->over, note)};
  qm_code code = qm_ledger_add(tx, &fact);
  if (code || (tx->op->kind != QM_OP_ADOPT && tx->op->kind != QM_OP_COMPENSATE))
    return code;
  return qm_entry_add(
      tx, (qm_entry){.product = mark->product, .stock = mark->stock, .qty = mark->over});
}

static const qm_mark *mark_of(const qm_mark *marks, size_t count, int64_t stock) {
  for (size_t i = 0; i < count; i++)
    if (marks[i].stock == stock)
      return &marks[i];
  return NULL;
}

/* Says for which stocks more is promised than there is, where it has become more. */
static qm_code say_changes(qm_tx *tx, const qm_mark *before, size_t count, const qm_marks *after) {
  qm_code code = QM_OK;
  for (size_t i = 0; !code && i < after->count; i++) {
    const qm_mark *now = &after->list[i], *was = mark_of(before, count, now->stock);
    if (now->over <= (was ? was->over : 0))
      continue;
    code = say_oversold(tx, now);
  }
  return code;
}

static qm_code refuse(qm_tx *tx, int row, int64_t product, int64_t stock, qm_qty lost) {
  qm_span sku;
  qm_code code = qm_sku_of(tx, product, &sku);
  if (!code)
    qm_problem_in_stock(tx, QM_P_PROMISED, row, qm_out_str(&tx->store->out, sku), stock, lost);
  return code;
}

/* The same where it is not one stock's loss, unless nobody counts the goods. */
static qm_code refuse_all(qm_tx *tx, int row, int64_t product, const qm_marks *after, qm_qty lost) {
  qm_rule rule = {0};
  qm_code code = QM_OK;
  for (size_t i = 0; !code && !rule.managed && i < after->count; i++)
    if (after->list[i].unmet > 0)
      code = rule_of(tx, product, after->list[i].stock, &rule);
  return code || !rule.managed ? code : refuse(tx, row, product, 0, lost);
}

/* Refuses a change after which less can be served than before, or a stock that could be served
 * cannot be any more. */
static qm_code judge(qm_tx *tx, int row, const qm_mark *before, size_t count,
                     const qm_marks *after) {
  int64_t product = before->product;
  bool worse = after->count > 0 && after->list[0].deficiency > before->deficiency;
  bool named = false;
  for (size_t i = 0; i < after->count; i++) {
    const qm_mark *now = &after->list[i];
    const qm_mark *was = mark_of(before, count, now->stock);
    qm_qty unmet = was ? was->unmet : 0;
    qm_rule rule;
    if (!(unmet == 0 && now->unmet > 0) && !(worse && now->unmet > unmet))
      continue;
    qm_code code = rule_of(tx, product, now->stock, &rule);
    if (!code && rule.managed)
      code = refuse(tx, row, product, now->stock, now->unmet - unmet);
    if (code)
      return code;
    named = true;
  }
  if (!worse || named)
    return QM_OK;
  return refuse_all(tx, row, product, after, after->list[0].deficiency - before->deficiency);
}

/* ---- voluntary changes ---- */

/* What nobody may refuse is a fact. */
static qm_code guard(qm_tx *tx, int64_t product) {
  bool accepted = tx->store->independent || (tx->op->flags & QM_FORCE);
  return accepted ? qm_fact_open(tx, product, false)
                  : look_at(tx, product, &tx->store->voluntary, false);
}

qm_code qm_guard_open(qm_tx *tx, int64_t product) {
  tx->store->voluntary.count = 0;
  return guard(tx, product);
}

/* Does the product lie at any of these sources? */
static qm_code lies_at(qm_tx *tx, int64_t product, const int64_t *sources, size_t count,
                       bool *lies) {
  qm_item item = {0};
  qm_code code = QM_OK;
  for (size_t i = 0; !code && !item.exists && i < count; i++)
    code = qm_get_item(tx, product, sources[i], &item);
  *lies = item.exists;
  return code;
}

qm_code qm_guard_sources(qm_tx *tx, const int64_t *sources, size_t count) {
  qm_code code = QM_OK;
  for (size_t i = 0; !code && i < count; i++) {
    bool row = true, seen;
    code = QM_START(tx, ITEMS_AT, QM_I(sources[i]));
    while (!code && !(code = QM_STEP(tx, ITEMS_AT, &row)) && row) {
      int64_t product = QM_COL_INT(tx, ITEMS_AT, 0);
      code = lies_at(tx, product, sources, i, &seen);
      if (!code && !seen)
        code = guard(tx, product);
    }
    if (code)
      QM_END(tx, ITEMS_AT);
  }
  return code;
}

/* The marks of one product stand together. */
static size_t marks_of_product(const qm_marks *marks, size_t first) {
  size_t count = 1;
  while (first + count < marks->count &&
         marks->list[first + count].product == marks->list[first].product)
    count++;
  return count;
}

qm_code qm_guard_close(qm_tx *tx, int row) {
  qm_marks *before = &tx->store->voluntary, *after = &tx->store->after;
  qm_code code = QM_OK;
  for (size_t i = 0, count; !code && i < before->count; i += count) {
    const qm_mark *first = &before->list[i];
    count = marks_of_product(before, i);
    after->count = 0;
    code = look_at(tx, first->product, after, true);
    if (!code)
      code = judge(tx, row, first, count, after);
  }
  before->count = 0;
  return code;
}

/* ---- facts ---- */

/* A product that comes again is looked at again; what counts is the first look. */
qm_code qm_fact_open(qm_tx *tx, int64_t product, bool promises) {
  qm_marks *facts = &tx->store->facts;
  if (facts->count > 0 && facts->list[facts->count - 1].product == product)
    return QM_OK;
  size_t first = facts->count;
  /* A product that no stock knows yet has no marks of its own. */
  qm_code code = promises ? add_mark(tx, facts, &(qm_mark){.product = product}) : QM_OK;
  if (!code)
    code = look_at(tx, product, facts, promises);
  for (size_t i = first; i < facts->count; i++)
    facts->list[i].look = first;
  return code;
}

/* How many of a product's marks, which stand together, are of the first look at it. */
static size_t first_look(const qm_mark *marks, size_t count) {
  size_t n = 1;
  while (n < count && marks[n].look == marks->look)
    n++;
  return n;
}

static int compare_marks(const void *a, const void *b) {
  const qm_mark *x = a, *y = b;
  if (x->product != y->product)
    return x->product < y->product ? -1 : 1;
  return x->number < y->number ? -1 : x->number > y->number;
}

qm_code qm_facts_close(qm_tx *tx) {
  qm_marks *facts = &tx->store->facts, *after = &tx->store->after;
  qm_code code = QM_OK;
  if (facts->count > 0)
    qsort(facts->list, facts->count, sizeof *facts->list, compare_marks);
  for (size_t i = 0, count; !code && i < facts->count; i += count) {
    count = marks_of_product(facts, i);
    after->count = 0;
    code = look_at(tx, facts->list[i].product, after, true);
    if (!code)
      code = say_changes(tx, &facts->list[i], first_look(&facts->list[i], count), after);
  }
  return code;
}
