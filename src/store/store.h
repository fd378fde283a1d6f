/* store.h: the one way in and out of a shop's file.
 *
 * Every write is a flat qm_op; qm_store_apply decides and writes n of them in one commit with one
 * verdict each, and never calls anything outside the store. A refused op has changed nothing; a
 * failure of the file undoes all n. Reads run in a transaction of their own. Nothing stays open
 * between calls. One process, one thread at a time per handle. */
#ifndef QM_STORE_H
#define QM_STORE_H

#include "../core/geo.h"
#include "../core/salable.h"
#include "db.h"
#include "op.h"
#include "verdict.h"

typedef struct qm_store qm_store;

qm_code qm_store_open(const qm_db_options *options, bool independent, int64_t now_ms,
                      qm_store **out, qm_err *err);
void qm_store_close(qm_store *store);
qm_db *qm_store_db(qm_store *store);
qm_out *qm_store_out(qm_store *store);

/* The verdicts' problems and entries are in qm_store_out until the next apply. Any code but QM_OK:
 * the file failed, nothing of the n was written, err says why. */
qm_code qm_store_apply(qm_store *store, const qm_op *const *ops, size_t count, qm_verdict *verdicts,
                       qm_err *err);

/* Is a setting of the shop that is a switch on? */
qm_code qm_store_is_on(qm_store *store, const char *setting, bool *on, qm_err *err);

/* Where something is sold: a stock id, or (stock 0) a channel. */
typedef struct qm_where {
  int64_t stock;
  qm_str channel_type, channel_code, customer_group;
} qm_where;

/* One product in one stock, as salable.h wants it. */
typedef struct qm_stand {
  int64_t product, stock;
  int type;
  qm_problem_kind problem; /* QM_P_NONE, or why there is nothing to look at */
  bool composite, salable; /* a composite has no quantity, but may be salable */
  qm_balance balance;
  qm_rule rule;
} qm_stand;

/* Reads count products in one transaction. A channel or stock that does not exist becomes *problem.
 */
qm_code qm_store_stand(qm_store *store, const qm_where *where, const qm_str *skus, size_t count,
                       int64_t now_ms, qm_stand *stands, qm_problem_kind *problem, qm_err *err);
/* The same, as quick as it gets: what was read before is told again while nobody has committed. Of
 * a balance only what promises depend on is told: what of the units is firm, waiting, allocated,
 * claimed or held is not, nor how many items there are. */
qm_code qm_store_glance(qm_store *store, const qm_where *where, const qm_str *skus, size_t count,
                        int64_t now_ms, qm_stand *stands, qm_problem_kind *problem, qm_err *err);

/* How much of a line waits for goods. What expired holds have freed is given to those who wait by
 * the next write; this says what it will say. 0 when there is no such line. */
qm_code qm_store_waiting(qm_store *store, int64_t order, int64_t line, int64_t now_ms, qm_qty *qty,
                         qm_err *err);

enum { QM_SOURCES_MAX = 512 }; /* sources of one stock that a selection looks at */

/* What a source has of a product. */
typedef struct qm_candidate {
  int64_t source;
  qm_qty qty, allocated;
  bool enabled, in_stock, has_item;
} qm_candidate;

/* A source of a stock. Its code is in qm_store_out. */
typedef struct qm_place {
  int64_t source;
  qm_span code;
  bool enabled;
  qm_point at;
} qm_place;

/* An address as far as places are looked up by it. */
typedef struct qm_address {
  qm_str country, postcode, city, region;
} qm_address;

typedef enum qm_located {
  QM_LOCATED_NOT,
  QM_LOCATED_BY_COORDINATES,
  QM_LOCATED_BY_POSTCODE,
  QM_LOCATED_BY_CITY,
  QM_LOCATED_BY_REGION
} qm_located;

typedef struct qm_location {
  qm_point at;
  qm_located by;
} qm_location;

/* Where an address is by the places that were imported: those of its country with its postcode,
 * else those whose city begins with its city, else those of its region; the first of them. *known
 * (NULL: never mind): places of that country were imported at all. */
qm_code qm_store_locate(qm_store *store, const qm_address *address, qm_location *out, bool *known,
                        qm_err *err);

/* What a selection wants to know: what there is of some products in a stock, and what lines of an
 * order (none: order.p NULL) have allocated. Lines are named by their numbers, in ascending order;
 * others than those of an order do not matter. */
typedef struct qm_supply_request {
  qm_where where;
  const qm_str *skus;
  size_t sku_count;
  qm_str order;
  const int64_t *lines;
  size_t line_count;
  /* Where the goods go: there, or where the address is. Sources that do not know where they are
   * are looked for by their addresses when that is known, unless how far they are is. */
  qm_point destination;
  qm_address address;
  bool measured;
} qm_supply_request;

/* The sources of a stock in order of priority, and what they have. Lives in the store until the
 * next call. */
typedef struct qm_supply {
  size_t source_count;
  const qm_place *places;
  const qm_candidate *candidates; /* [product * source_count + source] */
  const qm_qty *own;              /* [line * source_count + source]; NULL without an order */
  qm_location destination;
} qm_supply;

/* Reads in one transaction. A stock or channel that does not exist becomes *problem; an unknown
 * product has no items. */
qm_code qm_store_supply(qm_store *store, const qm_supply_request *request, qm_supply *supply,
                        qm_problem_kind *problem, qm_err *err);

typedef qm_code (*qm_verify_report)(void *context, const char *what, qm_str sku, int64_t stock,
                                    qm_str source, qm_str order, qm_qty expected, qm_qty found);

typedef struct qm_verify_counts {
  int64_t products, balances, orders, ledger;
} qm_verify_counts;

/* Recomputes everything that is maintained, in constant memory; reports each difference. */
qm_code qm_store_verify(qm_store *store, qm_verify_report report, void *context,
                        qm_verify_counts *counts, qm_err *err);

/* Orders that are finished: all their lines closed, nothing reserved for them, no row of the ledger
 * about them as young as before_ms. `rows` are all rows of up to `limit` of them, the oldest ones,
 * to be made sums of by an op, and live until the next call; `left` counts the others. */
typedef struct qm_finished {
  const qm_settled *rows;
  size_t count;
  int64_t orders, left;
} qm_finished;

qm_code qm_store_finished(qm_store *store, int64_t before_ms, size_t limit, qm_finished *out,
                          qm_err *err);

#endif
