/* tx.h: what the files of the store share inside one transaction. Not for anyone else.
 *
 * A handler returns QM_OK when it is done or has refused (the verdict then has problems), anything
 * else when the file failed. Handlers check as they go and write as they go; apply puts a savepoint
 * around each op, so that a refusal takes back what was written. Placing, the hot path, checks
 * first and needs none. */
#ifndef QM_TX_H
#define QM_TX_H

#include "../core/order.h"
#include "../core/promise.h"
#include "events.h"
#include "known.h"
#include "queue.h"
#include "schema.h"
#include "seen.h"
#include "store.h"

/* One product's balances, and, when its stocks share sources, the network they make. */
typedef struct qm_stake {
  int64_t stock;
  qm_balance balance;
  qm_qty excess; /* allocated units that no longer lie where they were allocated */
} qm_stake;

typedef struct qm_stakes {
  int64_t product;
  bool shared;
  qm_stake *list;
  uint32_t count, capacity;
  qm_network net; /* stocks by position in the list */
  uint32_t edge_capacity, source_capacity;
  void *index; /* the network's arrays that are not grown one by one */
} qm_stakes;

/* How well a stock's promises of a product were covered before a change. */
typedef struct qm_mark {
  int64_t product, stock;
  size_t number;     /* in the order they were made */
  size_t look;       /* facts: the number of the first mark of the same look */
  qm_qty deficiency; /* of the whole product */
  qm_qty unmet, over;
} qm_mark;

typedef struct qm_marks {
  qm_mark *list;
  size_t count, capacity;
} qm_marks;

/* Memory that grows and is kept. */
typedef struct qm_block {
  void *p;
  size_t size;
} qm_block;

struct qm_store {
  qm_db *db;
  qm_queue *queue; /* of those who write to the file; NULL: not joined yet */
  bool unqueued;   /* nor can it be */
  qm_known known;
  qm_seen seen;
  qm_out out;
  bool independent;
  /* The balances an op has moved, to be settled at its end. */
  int64_t *touched;
  size_t touched_count, touched_capacity;
  int64_t *stocks; /* of the source last asked about */
  size_t stock_capacity;
  qm_stakes stakes;    /* of the product last loaded */
  qm_marks facts;      /* products that facts of this op have changed */
  qm_marks voluntary;  /* products that a voluntary change is about */
  qm_marks after;      /* one of them when it is judged */
  qm_settled *settled; /* rows of finished orders, as last looked for */
  size_t settled_capacity;
  qm_block places, candidates, own; /* what the last selection was given */
  qm_block answer;                  /* as it was last written down */
  qm_block wants, groups, slots;    /* the lines of the last order */
};

typedef struct qm_tx {
  qm_store *store;
  qm_db *db;
  qm_err *err;
  const qm_op *op;
  qm_verdict *verdict;
  int64_t document; /* 0: none yet */
  int64_t now_ms;
  bool writes;
  int64_t until;        /* readers: when something that was read changes by itself */
  int64_t line;         /* readers: the line that is asked about, 0: none */
  qm_qty promoted;      /* so much of it waits no more, although no write has said so */
  bool expiring;        /* expired holds are being taken out, or have been for this op */
  int64_t hold_expires; /* when the hold that is released does; 0: an order's lines are moved */
} qm_tx;

/* Ops to be done in one commit, each with its verdict. */
typedef struct qm_work {
  const qm_op *const *ops;
  qm_verdict *verdicts;
  size_t count;
  size_t from, *ends; /* in the store's qm_out: where their answers begin, and each ends */
  /* Milliseconds since each has looked at the clock: what happens then is judged by then. */
  int64_t late;          /* all of them */
  const int64_t *waited; /* each, NULL: none */
} qm_work;

/* Does an op's own work and that of others in one commit; a failure of the file undoes all. */
qm_code qm_apply(qm_store *store, qm_work *own, qm_work *others, qm_err *err);

enum { QM_DEFAULT_SOURCE = 1, QM_DEFAULT_STOCK = 1 };

typedef enum qm_product_type {
  QM_SIMPLE,
  QM_VIRTUAL,
  QM_DOWNLOADABLE,
  QM_CONFIGURABLE,
  QM_GROUPED,
  QM_BUNDLE
} qm_product_type;

static inline bool qm_is_composite(int type) {
  return type >= QM_CONFIGURABLE;
}

typedef enum qm_item_status { QM_STATUS_OUT, QM_STATUS_IN, QM_STATUS_ASSIGNED } qm_item_status;

typedef enum qm_product_state { QM_SHADOW, QM_DECLARED, QM_DELETED } qm_product_state;

typedef struct qm_product {
  int64_t id, own;
  int type, state;
  bool b2b;
} qm_product;

/* ---- statements ---- */
#define QM_VALUES(...)                                                                             \
  (qm_val[]){__VA_ARGS__}, (int)(sizeof((qm_val[]){__VA_ARGS__}) / sizeof(qm_val))
#define QM_RUN(tx, sql, ...) qm_db_run((tx)->db, QM_SQL_##sql, QM_VALUES(__VA_ARGS__), (tx)->err)
#define QM_FIRST(tx, sql, row, ...)                                                                \
  qm_db_first((tx)->db, QM_SQL_##sql, QM_VALUES(__VA_ARGS__), row, (tx)->err)
#define QM_START(tx, sql, ...)                                                                     \
  qm_db_start((tx)->db, QM_SQL_##sql, QM_VALUES(__VA_ARGS__), (tx)->err)
#define QM_STEP(tx, sql, row)       qm_db_step((tx)->db, QM_SQL_##sql, row, (tx)->err)
#define QM_END(tx, sql)             qm_db_end((tx)->db, QM_SQL_##sql)
#define QM_COL_INT(tx, sql, column) qm_db_int((tx)->db, QM_SQL_##sql, column)
#define QM_COL_STR(tx, sql, column) qm_db_str((tx)->db, QM_SQL_##sql, column)

/* ---- problems and entries (apply.c) ---- */
bool qm_refused(const qm_tx *tx);
void qm_problem_add(qm_tx *tx, qm_problem_kind kind, int row, qm_str subject);
void qm_problem_numbers(qm_tx *tx, qm_problem_kind kind, int row, qm_str subject, qm_qty asked,
                        qm_qty have);
void qm_problem_in_stock(qm_tx *tx, qm_problem_kind kind, int row, qm_str subject, int64_t stock,
                         qm_qty have);
/* The same with a key other than the problem's usual one. */
void qm_problem_at(qm_tx *tx, qm_problem_kind kind, int row, qm_field_name field, qm_str subject);
/* A line's counter that contradicts the others. */
void qm_problem_counter(qm_tx *tx, int row, qm_field_name field, qm_str subject, qm_qty asked,
                        qm_qty most);
/* Is a text too long, or has it a NUL byte? `what` is what people call it. */
void qm_check_text(qm_tx *tx, int row, qm_field_name field, const char *what, qm_str text,
                   size_t most);
/* Looks up the texts of the product and the source (0: none). */
qm_code qm_entry_add(qm_tx *tx, qm_entry entry);
/* Room for count things of that size; it keeps what was there and never shrinks. */
qm_code qm_make_room(qm_tx *tx, qm_block *block, size_t count, size_t size);
/* "17" for messages; valid until the next call. */
qm_str qm_number_text(int64_t number, char out[24]);

bool qm_is_blank(qm_str text); /* nothing, or nothing but white space */
bool qm_has_space(qm_str text);

/* `row` may be a part, counted on from the last row; its problems carry their path. */
/* Is the row's quantity a legal one of at least `least`? Adds the problem if not. */
bool qm_row_qty(qm_tx *tx, int row, qm_qty least, qm_qty *out);
bool qm_row_sku(qm_tx *tx, int row, qm_str *out);
/* Is the text a legal SKU? Adds the problem if not. */
bool qm_check_sku(qm_tx *tx, int row, qm_field_name field, qm_str sku);

/* Passes on the code of a row that was done. A refused op is undone in the end; undoing it after
 * each row that was refused keeps the rows behind it from building on half of it. */
qm_code qm_clean_row(qm_tx *tx, qm_code code);

/* ---- looking up (lookup.c); *found false is no problem yet ---- */
qm_code qm_find_product(qm_tx *tx, qm_str sku, qm_product *out, bool *found);
qm_code qm_find_or_shadow(qm_tx *tx, qm_str sku, qm_product *out);
qm_code qm_get_product(qm_tx *tx, int64_t product, qm_product *out);
/* Has the product quantities at sources? One that was deleted has none, nor has a composite. */
static inline bool qm_keeps_quantities(const qm_product *product) {
  return product->state != QM_DELETED && !qm_is_composite(product->type);
}
qm_code qm_find_source(qm_tx *tx, qm_str code, int64_t *id, bool *found);
bool qm_is_admin(qm_str type, qm_str channel);
qm_code qm_find_stock(qm_tx *tx, const qm_where *where, int64_t *id, bool *found);
/* The stock an op (row -1) or a row names: by id or by channel, not both. Adds the problem and
 * leaves *id 0 when there is none. */
qm_code qm_need_stock(qm_tx *tx, int row, int64_t *id);
qm_code qm_need_source(qm_tx *tx, int row, qm_str code, int64_t *id);
qm_code qm_get_rule(qm_tx *tx, int64_t own, int64_t stock, qm_str customer_group, qm_rule *out);
/* As it is now: holds that have expired no longer count, and what other stocks claim of shared
 * sources is filled in. */
qm_code qm_get_balance(qm_tx *tx, int64_t product, int64_t stock, qm_balance *out, bool *found);
/* Reads the nine numbers of a balance from the statement's columns, from `first` on. */
qm_code qm_read_balance(qm_tx *tx, qm_sql sql, int first, qm_balance *out);
/* Has a hold of it expired? sql: one of the two that read balances. */
bool qm_is_due(qm_tx *tx, qm_sql sql);
qm_code qm_damaged(qm_tx *tx, const char *what);
qm_code qm_own_of(qm_tx *tx, int64_t product, int64_t *own);
qm_code qm_sku_of(qm_tx *tx, int64_t product, qm_span *out);
qm_code qm_source_code(qm_tx *tx, int64_t source, qm_span *out);

/* ---- balances and items (balance.c) ---- */
typedef struct qm_item {
  qm_qty qty, allocated;
  bool in_stock, exists;
  bool assigned_only; /* made by default assignment and never saved: out of stock until it is */
  bool has_notify;
  qm_qty notify;
} qm_item;

qm_code qm_balance_move(qm_tx *tx, int64_t product, int64_t stock, const qm_balance *delta);
qm_code qm_get_item(qm_tx *tx, int64_t product, int64_t source, qm_item *out);
/* Writes an item (now->exists false: removes it) and moves the balances of the source's stocks. */
qm_code qm_item_put(qm_tx *tx, int64_t product, int64_t source, const qm_item *before,
                    const qm_item *now);
/* An item about to be written: one that is new, or was only assigned, is in stock unless the caller
 * says otherwise. */
void qm_item_first_write(const qm_item *before, qm_item *now);
/* The stocks that a source belongs to; the list lives until the next call. */
qm_code qm_source_stocks(qm_tx *tx, int64_t source, const int64_t **stocks, size_t *count,
                         bool *enabled);
/* What an item counts in the stocks of its source. */
void qm_item_weight(const qm_item *item, bool enabled, qm_balance *out);
/* Adds to an item's quantity, creating it; adds QM_P_SUM_RANGE when a bound would be passed. */
qm_code qm_item_add(qm_tx *tx, int row, int64_t product, int64_t source, qm_qty delta);
/* Notes a balance to be settled at the end of the op. */
qm_code qm_touch(qm_tx *tx, int64_t product, int64_t stock);

/* Ends all claims at an item, or (stock not 0) those of one stock's orders (allocation.c). */
qm_code qm_allocations_drop(qm_tx *tx, int64_t product, int64_t source, int64_t stock);

/* ---- what is promised (settle.c, stakes.c, guard.c, expiry.c) ---- */
/* Promises that wait become firm where goods cover them, oldest first, for all that was touched. */
qm_code qm_settle(qm_tx *tx);
qm_code qm_settle_product(qm_tx *tx, int64_t product);
/* The same for the stakes as they are loaded; a reader changes only these. */
qm_code qm_settle_loaded(qm_tx *tx);

/* Loads all balances of a product, as they are now, into store->stakes. */
qm_code qm_stakes_load(qm_tx *tx, int64_t product);
void qm_stakes_free(qm_stakes *stakes);
/* What the stake's stock could still promise firmly. */
qm_qty qm_stake_slack(qm_stakes *stakes, uint32_t index);
/* What others claim of its goods on hand. */
qm_qty qm_stake_claimed(qm_stakes *stakes, uint32_t index);
/* Fills in what other stocks claim; stakes of the product are loaded for it when it is shared. */
qm_code qm_fill_claimed(qm_tx *tx, int64_t product, int64_t stock, qm_balance *balance);

/* A voluntary change of what promises rest on: look at the product (or, adding, at several) before
 * it, judge after it. Adds PROMISED when promises have lost goods, unless the op is forced. */
qm_code qm_guard_open(qm_tx *tx, int64_t product);
/* Adds all products that lie at any of these sources. */
qm_code qm_guard_sources(qm_tx *tx, const int64_t *sources, size_t count);
qm_code qm_guard_close(qm_tx *tx, int row);
/* A fact is about to change what a product's promises rest on, or (promises) to add some: what they
 * lose is said at the end of the op. */
qm_code qm_fact_open(qm_tx *tx, int64_t product, bool promises);
qm_code qm_facts_close(qm_tx *tx);
/* Takes holds that have expired out of a balance, a bounded number of them. */
qm_code qm_expire(qm_tx *tx, int64_t product, int64_t stock);
/* Moves the time of an op about holds to the last one at which any were given up, if it is earlier.
 */
qm_code qm_expired_until(qm_tx *tx, int64_t *now_ms);
/* Takes them out for all products of an order, and gives what that frees to those who wait, before
 * its lines are read: waiting lines change by it. Nothing more expires in this op then. */
qm_code qm_expire_order(qm_tx *tx, int64_t order);
/* What of a balance has expired and has not been taken out. */
qm_code qm_discount_expired(qm_tx *tx, int64_t product, int64_t stock, qm_balance *balance);

/* ---- the rules of the shop (switches.c, b2b.c) ---- */
/* Is a setting of the shop that is a switch on? All are until they are set to false. */
qm_code qm_is_on(qm_tx *tx, const char *setting, bool *on);
/* Is the part of the engine that the op belongs to on? Adds the problem if not. */
qm_code qm_check_part(qm_tx *tx);
/* May an item of the product be made, or be written, at the source? Adds the problem if not. */
qm_code qm_check_b2b_item(qm_tx *tx, int row, const qm_product *product, int64_t source);
/* May the product be marked b2b? Adds a problem for each source it is at beside the default one. */
qm_code qm_check_b2b_mark(qm_tx *tx, int row, const qm_product *product);

/* ---- products as a whole (catalog.c) ---- */
/* Units of open order lines and of other systems' promises. */
qm_code qm_open_units(qm_tx *tx, int64_t product, qm_qty *units);
/* Adds a problem for each composite that the product is a part of. */
qm_code qm_check_parts(qm_tx *tx, int row, int64_t product);
/* What a composite is made of is forgotten. */
qm_code qm_forget_parts(qm_tx *tx, int64_t product);

/* ---- the ledger (ledger.c) ---- */
typedef struct qm_fact {
  qm_ledger_event event;
  int64_t document;                     /* 0: the op's own */
  int64_t line, product, stock, source; /* 0: none */
  qm_qty reserved, moved;
  qm_qty qty; /* units of a line */
  qm_str note;
} qm_fact;
qm_code qm_ledger_add(qm_tx *tx, const qm_fact *fact);
/* Of what is nobody's doing: without the document of the op under way. */
qm_code qm_ledger_add_own(qm_tx *tx, const qm_fact *fact);

/* ---- documents (document.c) ---- */
/* *known: the id was answered before and the verdict is filled (replay or conflict). */
qm_code qm_document_seen(qm_tx *tx, bool *known);
/* The verdict's numbers and entries so far as a document keeps them, until the next call. */
qm_code qm_document_encode(qm_tx *tx, qm_str *out);
/* Adds the document of the op, its answer the entries so far; order, stock 0: none. */
qm_code qm_document_add(qm_tx *tx, int64_t order, int64_t stock);
/* Stores the verdict's entries as the document's answer. */
qm_code qm_document_answer(qm_tx *tx);
bool qm_id_is_legal(qm_str id);
/* The document of a kind with that id; the hash, if asked for, is that of its request. */
qm_code qm_find_document(qm_tx *tx, int64_t kind, qm_str id, unsigned char hash[QM_HASH],
                         int64_t *document, bool *found);

/* ---- handlers ---- */
qm_code qm_do_place(qm_tx *tx); /* place and hold */
qm_code qm_do_event(qm_tx *tx); /* cancel, ship, invoice, refund, return; release of a hold */
qm_code qm_do_extend(qm_tx *tx);
qm_code qm_do_allocate(qm_tx *tx);
qm_code qm_do_reassign(qm_tx *tx);
qm_code qm_do_adopt(qm_tx *tx);
qm_code qm_do_adjust(qm_tx *tx);
qm_code qm_do_compensate(qm_tx *tx);
qm_code qm_do_compact(qm_tx *tx);
qm_code qm_do_source(qm_tx *tx);
qm_code qm_do_stock(qm_tx *tx);
qm_code qm_do_stock_delete(qm_tx *tx);
qm_code qm_do_link(qm_tx *tx);
qm_code qm_do_unlink(qm_tx *tx);
qm_code qm_do_products(qm_tx *tx);
qm_code qm_do_items(qm_tx *tx);
qm_code qm_do_items_delete(qm_tx *tx);
qm_code qm_do_rules(qm_tx *tx);
qm_code qm_do_product_rename(qm_tx *tx);
qm_code qm_do_products_delete(qm_tx *tx);
qm_code qm_do_channel_rename(qm_tx *tx);
qm_code qm_do_channel_delete(qm_tx *tx);
qm_code qm_do_geonames_add(qm_tx *tx);
qm_code qm_do_geonames_finish(qm_tx *tx);
qm_code qm_do_geonames_delete(qm_tx *tx);
qm_code qm_do_geonames_sweep(qm_tx *tx);
/* Writes the op's rule rows; own or stock 0 in a row stands for the new one. */
qm_code qm_write_rules(qm_tx *tx, int64_t new_own, int64_t new_stock);
/* Is the op's generation the current one? Otherwise the verdict becomes QM_STALE. */
qm_code qm_check_generation(qm_tx *tx, bool *current);

/* Where an address is (locate.c). */
qm_code qm_locate(qm_tx *tx, const qm_address *address, qm_location *out);

/* The sources of a stock in order of priority with what they have of a product; candidates[] has
 * room for QM_SOURCES_MAX. */
qm_code qm_candidates(qm_tx *tx, int64_t stock, int64_t product, qm_candidate *candidates,
                      size_t *count);

#endif
