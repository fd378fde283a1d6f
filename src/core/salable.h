/* salable.h: what may be promised. Pure arithmetic over one balance and one rule.
 *
 *     reserved = firm + backordered + allocated + adopted
 *     floor    = rule.floor + ceil(on_hand * rule.share)
 *     live     = on_hand - claimed - reserved - floor
 *
 * No reader or writer computes these anywhere else. */
#ifndef QM_SALABLE_H
#define QM_SALABLE_H

#include "problem.h"

/* The maintained row of one (stock, product). */
typedef struct qm_balance {
  qm_qty on_hand; /* countable units at enabled linked sources */
  qm_qty firm, backordered, allocated;
  qm_qty held;    /* part of firm and backordered: carts */
  qm_qty adopted; /* net promises of another system; negative: it released more than it took */
  qm_qty claimed; /* units on hand that other stocks have promised; not stored, see promise.h */
  int64_t assigned, active, in_stock; /* items at linked / enabled / in-stock-and-enabled sources */
} qm_balance;

enum { QM_BACKORDERS_NO, QM_BACKORDERS_ALLOW, QM_BACKORDERS_NOTIFY }; /* allow and tell customers */

/* What the policy made of a product's settings in a stock, with the limits of the settings. */
typedef struct qm_rule {
  bool managed, reserves, unlimited, decimal, exempt, write_off, return_priority;
  int backorders; /* QM_BACKORDERS_* */
  qm_qty floor, share;
  bool has_gate;
  qm_qty gate; /* MSI's index shows a figure while on_hand - reserved - gate is positive */
  bool has_notify;
  qm_qty notify_at;
  qm_qty min_sale, max_sale, increments; /* 0: none */
} qm_rule;

enum { QM_CHECK_MAX = 4 }; /* problems that one check can find */

qm_qty qm_reserved(const qm_balance *balance);
qm_qty qm_floor(const qm_balance *balance, const qm_rule *rule);
qm_qty qm_live(const qm_balance *balance, const qm_rule *rule);

/* May any quantity be sold? */
bool qm_is_salable(const qm_balance *balance, const qm_rule *rule);

/* Is there enough for qty? The limits of a single request are not looked at. */
bool qm_covers(const qm_balance *balance, const qm_rule *rule, qm_qty qty);

/* The figure that is shown: live, or 0 while nothing can be sold (or the rule's gate is shut). */
qm_qty qm_salable_qty(const qm_balance *balance, const qm_rule *rule);

/* May qty be sold? Fills problems in MSI's order (the last of them is what a customer is told) and
 * returns their number, 0 for yes. `have` becomes the number that would have been accepted. */
int qm_check(const qm_balance *balance, const qm_rule *rule, qm_qty qty,
             qm_problem_kind problems[QM_CHECK_MAX], qm_qty have[QM_CHECK_MAX]);

/* What is promised beyond the goods and the backorder limit. */
qm_qty qm_over_promised(const qm_balance *balance, const qm_rule *rule);

/* How much of a new promise is covered by goods: the rest is backordered. */
qm_qty qm_firm_part(const qm_balance *balance, qm_qty qty);

/* How much of qty would have to wait for goods: what a promise of it would leave uncovered where
 * backorders are on. Whether qty may be sold at all is qm_check's question. */
qm_qty qm_waiting_part(const qm_balance *balance, const qm_rule *rule, qm_qty qty);

/* What one source item counts: nothing while it is out of stock, its source disabled or below zero.
 */
static inline qm_qty qm_countable(qm_qty qty, bool in_stock, bool enabled) {
  return in_stock && enabled && qty > 0 ? qty : 0;
}

#endif
