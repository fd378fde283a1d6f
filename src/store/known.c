/* known.c: three tables, and the count they are of. */
#include "known.h"

#include <stdlib.h>
#include <string.h>

#include "tx.h"

enum {
  PRODUCTS = 1 << 18, /* 16 megabytes */
  PLACES = 1 << 10,
  RULES = 1 << 12,
  SKU_KEY = 40, /* longer SKUs are looked up each time */
  PLACE_KEY = 48,
  GROUP_KEY = 24,
  RULE_KEY = 16 + GROUP_KEY
};

typedef struct known_product {
  int64_t id;
  uint32_t own;
  uint8_t type, b2b;
} known_product;

_Static_assert(SKU_KEY + sizeof(known_product) <= QM_TABLE_THING, "a product fits");

void qm_known_init(qm_known *known) {
  known->products = qm_table_new(SKU_KEY, PRODUCTS);
  known->places = qm_table_new(PLACE_KEY, PLACES);
  known->rules = qm_table_new(RULE_KEY, RULES);
  known->foreign = -1;
}

void qm_known_free(qm_known *known) {
  qm_table_free(&known->products);
  qm_table_free(&known->places);
  qm_table_free(&known->rules);
  free(known->list);
}

void qm_known_forget(qm_known *known) {
  qm_table_forget(&known->products);
  qm_table_forget(&known->places);
  qm_table_forget(&known->rules);
  known->count = 0;
  known->transaction = 0;
  known->foreign = -1;
}

/* ---- for how long ---- */

/* What products, rules and places to sell are is said by these; goods and orders come and go. */
static bool changes_catalogue(int kind) {
  switch (kind) {
  case QM_OP_STOCK:
  case QM_OP_STOCK_DELETE:
  case QM_OP_PRODUCTS:
  case QM_OP_RULES:
  case QM_OP_PRODUCT_RENAME:
  case QM_OP_PRODUCTS_DELETE:
  case QM_OP_CHANNEL_RENAME:
  case QM_OP_CHANNEL_DELETE:
    return true;
  default:
    return false;
  }
}

qm_code qm_known_usable(qm_tx *tx, bool *usable) {
  qm_known *known = &tx->store->known;
  uint64_t transaction = qm_db_transaction(tx->db);
  bool found;
  *usable = !tx->op || !changes_catalogue((int)tx->op->kind);
  if (!*usable || known->transaction == transaction)
    return QM_OK;
  *usable = false;
  qm_code code = qm_db_first(tx->db, QM_SQL_CATALOGUE, NULL, 0, &found, tx->err);
  if (code || !found)
    return code;
  int64_t catalogue = QM_COL_INT(tx, CATALOGUE, 0);
  QM_END(tx, CATALOGUE);
  if (catalogue != known->catalogue)
    qm_known_forget(known);
  known->catalogue = catalogue;
  known->transaction = transaction;
  *usable = true;
  return QM_OK;
}

qm_code qm_known_after(qm_tx *tx) {
  /* Adoptions bring orders of which nothing else is known. */
  if (!changes_catalogue((int)tx->op->kind) && tx->op->kind != QM_OP_ADOPT)
    return QM_OK;
  qm_known_forget(&tx->store->known);
  return qm_db_run(tx->db, QM_SQL_CATALOGUE_NEXT, NULL, 0, tx->err);
}

qm_code qm_known_foreign(qm_tx *tx, bool *any) {
  qm_known *known = &tx->store->known;
  bool usable;
  qm_code code = qm_known_usable(tx, &usable);
  if (!code && usable && known->foreign >= 0) {
    *any = known->foreign != 0;
    return QM_OK;
  }
  if (!code)
    code = QM_FIRST(tx, DOCUMENT_OF_KIND, any, QM_I(QM_FOREIGN_ORDER));
  if (!code && *any)
    QM_END(tx, DOCUMENT_OF_KIND);
  if (!code && usable)
    known->foreign = *any;
  return code;
}

/* ---- products ---- */

bool qm_known_product(const qm_known *known, qm_str sku, qm_product *out) {
  unsigned char key[SKU_KEY];
  const known_product *found =
      qm_table_key(key, sizeof key, sku.p, sku.n) ? qm_table_find(&known->products, key) : NULL;
  if (found)
    *out = (qm_product){.id = found->id,
                        .own = found->own,
                        .type = found->type,
                        .state = QM_DECLARED,
                        .b2b = found->b2b != 0};
  return found != NULL;
}

void qm_known_expect(const qm_known *known, qm_str sku) {
  unsigned char key[SKU_KEY];
  if (qm_table_key(key, sizeof key, sku.p, sku.n))
    qm_table_expect(&known->products, key);
}

/* One that is only a name so far may be taken back with what named it. */
void qm_know_product(qm_known *known, qm_str sku, const qm_product *product) {
  unsigned char key[SKU_KEY];
  if (product->state != QM_DECLARED || product->own > UINT32_MAX || product->own < 0 ||
      product->type < 0 || product->type > QM_BUNDLE ||
      !qm_table_key(key, sizeof key, sku.p, sku.n))
    return;
  known_product *to = qm_table_put(&known->products, key);
  if (to)
    *to = (known_product){.id = product->id,
                          .own = (uint32_t)product->own,
                          .type = (uint8_t)product->type,
                          .b2b = product->b2b};
}

/* ---- places to sell ---- */

static bool place_key(unsigned char key[PLACE_KEY], const qm_where *where) {
  qm_str type = where->channel_type, code = where->channel_code;
  char text[PLACE_KEY] = {code.p ? 'c' : 'n', (char)(unsigned char)type.n};
  size_t n = 2;
  if (!code.p) {
    memcpy(text + n, &where->stock, sizeof where->stock);
    return qm_table_key(key, PLACE_KEY, text, n + sizeof where->stock);
  }
  if (n + type.n + code.n > sizeof text)
    return false;
  if (type.n > 0)
    memcpy(text + n, type.p, type.n);
  if (code.n > 0)
    memcpy(text + n + type.n, code.p, code.n);
  return qm_table_key(key, PLACE_KEY, text, n + type.n + code.n);
}

bool qm_known_stock(const qm_known *known, const qm_where *where, int64_t *stock) {
  unsigned char key[PLACE_KEY];
  const int64_t *found = place_key(key, where) ? qm_table_find(&known->places, key) : NULL;
  if (found)
    *stock = *found;
  return found != NULL;
}

void qm_know_stock(qm_known *known, const qm_where *where, int64_t stock) {
  unsigned char key[PLACE_KEY];
  int64_t *to = place_key(key, where) ? qm_table_put(&known->places, key) : NULL;
  if (to)
    *to = stock;
}

/* ---- rules ---- */

static bool rule_key(unsigned char key[RULE_KEY], int64_t own, int64_t stock, qm_str group) {
  memcpy(key, &own, sizeof own);
  memcpy(key + sizeof own, &stock, sizeof stock);
  return qm_table_key(key + sizeof own + sizeof stock, GROUP_KEY, group.p, group.p ? group.n : 0);
}

const qm_rule *qm_known_rule(const qm_known *known, int64_t own, int64_t stock, qm_str group) {
  unsigned char key[RULE_KEY];
  const uint32_t *found =
      rule_key(key, own, stock, group) ? qm_table_find(&known->rules, key) : NULL;
  return found ? &known->list[*found] : NULL;
}

/* Room for one more; those there were are forgotten when there are too many. */
static bool room_for_rule(qm_known *known) {
  if (known->count == RULES) {
    qm_table_forget(&known->rules);
    known->count = 0;
  }
  if (known->count < known->capacity)
    return true;
  size_t capacity = known->capacity > 0 ? known->capacity * 2 : 8;
  qm_rule *list = realloc(known->list, capacity * sizeof *list);
  if (!list)
    return false;
  known->list = list;
  known->capacity = capacity;
  return true;
}

void qm_know_rule(qm_known *known, int64_t own, int64_t stock, qm_str group, const qm_rule *rule) {
  unsigned char key[RULE_KEY];
  if (!rule_key(key, own, stock, group) || !room_for_rule(known))
    return;
  uint32_t *to = qm_table_put(&known->rules, key);
  if (!to)
    return;
  *to = (uint32_t)known->count;
  known->list[known->count++] = *rule;
}
