/* seen.c: of a balance, what promises depend on. Firm, waiting, allocated and claimed units all
 * take goods alike, so their sum is enough. */
#include "seen.h"

#include <string.h>

enum {
  PRODUCTS = 1 << 18, /* 16 megabytes */
  KEY = 16
};

typedef struct glance {
  int64_t until;
  qm_qty on_hand, taken, adopted;
  uint16_t problem;
  uint8_t type;
  bool composite, salable, assigned, active, in_stock;
} glance;

_Static_assert(KEY + sizeof(glance) <= QM_TABLE_THING, "what was seen fits");

void qm_seen_init(qm_seen *seen) {
  seen->table = qm_table_new(KEY, PRODUCTS);
}

void qm_seen_free(qm_seen *seen) {
  qm_table_free(&seen->table);
}

static void write_key(int64_t key[2], int64_t product, int64_t stock) {
  key[0] = product;
  key[1] = stock;
}

void qm_seen_expect(const qm_seen *seen, int64_t product, int64_t stock) {
  int64_t key[2];
  write_key(key, product, stock);
  qm_table_expect(&seen->table, key);
}

bool qm_seen_find(const qm_seen *seen, int64_t product, int64_t stock, int64_t now_ms,
                  qm_stand *out) {
  int64_t key[2];
  write_key(key, product, stock);
  const glance *g = now_ms >= seen->from ? qm_table_find(&seen->table, key) : NULL;
  if (!g || now_ms >= g->until)
    return false;
  *out = (qm_stand){.product = product,
                    .stock = stock,
                    .type = g->type,
                    .problem = (qm_problem_kind)g->problem,
                    .composite = g->composite,
                    .salable = g->salable,
                    .balance = {.on_hand = g->on_hand,
                                .firm = g->taken,
                                .adopted = g->adopted,
                                .assigned = g->assigned,
                                .active = g->active,
                                .in_stock = g->in_stock}};
  return true;
}

void qm_seen_keep(qm_seen *seen, const qm_db_stamp *stamp, int64_t now_ms, int64_t until,
                  const qm_stand *stand) {
  const qm_balance *b = &stand->balance;
  int64_t key[2];
  if (memcmp(&seen->stamp, stamp, sizeof *stamp) != 0 || now_ms < seen->from)
    qm_table_forget(&seen->table);
  seen->stamp = *stamp;
  seen->from = now_ms;
  write_key(key, stand->product, stand->stock);
  glance *g = qm_table_put(&seen->table, key);
  if (g)
    *g = (glance){.until = until,
                  .on_hand = b->on_hand,
                  .taken = b->firm + b->backordered + b->allocated + b->claimed,
                  .adopted = b->adopted,
                  .problem = (uint16_t)stand->problem,
                  .type = (uint8_t)stand->type,
                  .composite = stand->composite,
                  .salable = stand->salable,
                  .assigned = b->assigned > 0,
                  .active = b->active > 0,
                  .in_stock = b->in_stock > 0};
}
