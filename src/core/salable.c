#include "salable.h"

qm_qty qm_reserved(const qm_balance *balance) {
  return balance->firm + balance->backordered + balance->allocated + balance->adopted;
}

qm_qty qm_floor(const qm_balance *balance, const qm_rule *rule) {
  return rule->floor + qm_qty_share(balance->on_hand, rule->share);
}

qm_qty qm_live(const qm_balance *balance, const qm_rule *rule) {
  return balance->on_hand - balance->claimed - qm_reserved(balance) - qm_floor(balance, rule);
}

static bool is_assigned(const qm_balance *balance, const qm_rule *rule) {
  return balance->assigned > 0 || rule->exempt;
}

bool qm_is_salable(const qm_balance *balance, const qm_rule *rule) {
  if (!is_assigned(balance, rule))
    return false;
  if (!rule->managed)
    return true;
  if (balance->in_stock == 0)
    return false;
  return rule->unlimited || qm_live(balance, rule) > 0;
}

bool qm_covers(const qm_balance *balance, const qm_rule *rule, qm_qty qty) {
  bool any = !rule->managed || rule->unlimited;
  return qm_is_salable(balance, rule) && (any || qm_live(balance, rule) >= qty);
}

/* MSI's index opens by the raw threshold and then shows a number computed with the effective one,
 * so a policy that wants its figures gives that threshold as the gate. */
static bool is_shown(const qm_balance *balance, const qm_rule *rule) {
  if (balance->active == 0)
    return false;
  if (!rule->has_gate)
    return qm_is_salable(balance, rule);
  if (!rule->managed)
    return true;
  if (rule->backorders != 0 && rule->gate >= 0 && balance->in_stock > 0)
    return true;
  qm_qty share = qm_qty_share(balance->on_hand, rule->share);
  return balance->on_hand - balance->claimed - qm_reserved(balance) - rule->gate - share > 0;
}

qm_qty qm_salable_qty(const qm_balance *balance, const qm_rule *rule) {
  return is_shown(balance, rule) ? qm_live(balance, rule) : 0;
}

/* The first of the four rules for a single request that is broken. */
static qm_problem_kind check_request(const qm_rule *rule, qm_qty qty, qm_qty *have) {
  if (rule->min_sale != 0 && qty < rule->min_sale) {
    *have = rule->min_sale;
    return QM_P_MIN_SALE;
  }
  if (rule->max_sale != 0 && qty > rule->max_sale) {
    *have = rule->max_sale;
    return QM_P_MAX_SALE;
  }
  if (rule->increments > 0 && !qm_qty_multiple(qty, rule->increments)) {
    *have = rule->increments;
    return QM_P_INCREMENTS;
  }
  if (!rule->decimal && !qm_qty_is_whole(qty)) {
    *have = 0;
    return QM_P_DECIMALS;
  }
  return QM_P_NONE;
}

int qm_check(const qm_balance *balance, const qm_rule *rule, qm_qty qty,
             qm_problem_kind problems[QM_CHECK_MAX], qm_qty have[QM_CHECK_MAX]) {
  int count = 0;
  for (int i = 0; i < QM_CHECK_MAX; i++)
    have[i] = 0;
  if (!is_assigned(balance, rule)) {
    problems[0] = QM_P_NOT_ASSIGNED;
    return 1;
  }
  problems[count] = check_request(rule, qty, &have[count]);
  if (problems[count] != QM_P_NONE)
    count++;
  if (rule->managed && balance->in_stock == 0)
    problems[count++] = QM_P_NO_STOCK_ITEM;
  if (count > 0 || rule->unlimited || !rule->managed)
    return count;
  qm_qty live = qm_live(balance, rule);
  if (live >= qty)
    return 0;
  problems[count++] = QM_P_BACKORDERS_OFF;
  problems[count++] = QM_P_MANAGED;
  have[count] = qm_qty_max(live, 0);
  problems[count++] = QM_P_NOT_ENOUGH;
  return count;
}

qm_qty qm_over_promised(const qm_balance *balance, const qm_rule *rule) {
  if (!rule->managed || rule->unlimited)
    return 0;
  qm_qty credit = rule->floor < 0 ? -rule->floor : 0;
  return qm_qty_max(0, qm_reserved(balance) + balance->claimed - balance->on_hand - credit);
}

/* Goods that no firm promise claims and nobody waits for: what expired holds have freed goes to
 * those who wait, whether or not a write has given it to them yet. Adopted promises are firm; net
 * releases add no goods. */
static qm_qty uncovered(const qm_balance *balance) {
  qm_qty adopted = qm_qty_max(balance->adopted, 0);
  return qm_qty_max(0, balance->on_hand - balance->claimed - balance->allocated - balance->firm -
                           balance->backordered - adopted);
}

qm_qty qm_firm_part(const qm_balance *balance, qm_qty qty) {
  return qm_qty_min(qty, uncovered(balance));
}

qm_qty qm_waiting_part(const qm_balance *balance, const qm_rule *rule, qm_qty qty) {
  if (!rule->managed || rule->backorders == QM_BACKORDERS_NO || balance->active == 0)
    return 0;
  return qty - qm_firm_part(balance, qty);
}
