/* known.h: what the catalogue says of products, places to sell and rules, kept for as long as it
 * stays as it was.
 *
 * The shop counts the changes of its catalogue, by whomever. Each transaction looks at the count
 * before it relies on what is known. An op that changes the catalogue knows nothing itself, and
 * everything is forgotten after it. Adoptions count as well, which may name orders that nothing
 * else is known of. Private to the store. */
#ifndef QM_KNOWN_H
#define QM_KNOWN_H

#include "store.h"
#include "table.h"

struct qm_tx;
struct qm_product;

typedef struct qm_known {
  qm_table products, places, rules;
  qm_rule *list; /* the rules that things name */
  size_t count, capacity;
  int foreign;          /* are there orders of which only reservations are known? below 0: ask */
  int64_t catalogue;    /* the count it is of */
  uint64_t transaction; /* the last one that has looked at the count */
} qm_known;

void qm_known_init(qm_known *known);
void qm_known_free(qm_known *known);
void qm_known_forget(qm_known *known);

/* May this transaction use what is known? The count is looked at once in each. */
qm_code qm_known_usable(struct qm_tx *tx, bool *usable);
/* The op has been done, and stands. */
qm_code qm_known_after(struct qm_tx *tx);
/* Is there any order of which only reservations were adopted? */
qm_code qm_known_foreign(struct qm_tx *tx, bool *any);

/* By SKU; stock by number or, when there is a channel, by channel; and what a product's own
 * settings mean in a stock, for customers of a group. False: it is not known. */
bool qm_known_product(const qm_known *known, qm_str sku, struct qm_product *out);
bool qm_known_stock(const qm_known *known, const qm_where *where, int64_t *stock);
const qm_rule *qm_known_rule(const qm_known *known, int64_t own, int64_t stock, qm_str group);

/* That SKU will be asked for in a moment. */
void qm_known_expect(const qm_known *known, qm_str sku);

/* What cannot be kept is looked up again. */
void qm_know_product(qm_known *known, qm_str sku, const struct qm_product *product);
void qm_know_stock(qm_known *known, const qm_where *where, int64_t stock);
void qm_know_rule(qm_known *known, int64_t own, int64_t stock, qm_str group, const qm_rule *rule);

#endif
