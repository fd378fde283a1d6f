/* op.h: one write as a flat record. No pointers, so that a record can be copied, hashed, or handed
 * to another process; strings and rows are spans relative to its start. Fields a kind does not use
 * are zero. The binding writes records, the store only reads them. */
#ifndef QM_OP_H
#define QM_OP_H

#include "../core/geoname.h"
#include "../core/qty.h"

typedef enum qm_op_kind {
  /* these leave a document: the same id is answered once */
  QM_OP_PLACE = 1,
  QM_OP_CANCEL,
  QM_OP_SHIP,
  QM_OP_INVOICE,
  QM_OP_REFUND,
  QM_OP_RETURN,
  QM_OP_ADOPT,
  QM_OP_ADJUST,
  QM_OP_HOLD,
  QM_OP_EXTEND,
  QM_OP_RELEASE,
  QM_OP_ALLOCATE,
  QM_OP_REASSIGN,
  QM_OP_COMPENSATE,
  QM_OP_DOCUMENTS, /* greater than all of these */
  /* these are absolute: saying them again changes nothing more */
  QM_OP_SOURCE,
  QM_OP_STOCK,
  QM_OP_STOCK_DELETE,
  QM_OP_LINK,
  QM_OP_UNLINK,
  QM_OP_PRODUCTS,
  QM_OP_ITEMS,
  QM_OP_ITEMS_DELETE,
  QM_OP_RULES,
  QM_OP_PRODUCT_RENAME,
  QM_OP_PRODUCTS_DELETE,
  QM_OP_CHANNEL_RENAME,
  QM_OP_CHANNEL_DELETE,
  QM_OP_COMPACT,
  QM_OP_GEONAMES_ADD,
  QM_OP_GEONAMES_FINISH,
  QM_OP_GEONAMES_DELETE,
  QM_OP_GEONAMES_SWEEP
} qm_op_kind;

/* Placing and holding take the same lines. */
static inline bool qm_op_places(uint32_t kind) {
  return kind == QM_OP_PLACE || kind == QM_OP_HOLD;
}

typedef struct qm_span {
  uint32_t at, n; /* at 0: absent */
} qm_span;

/* Flags of records and rows. They are hashed: never renumber. */
enum {
  QM_HAS_QTY = 1 << 0,
  QM_HAS_STOCK = 1 << 2,
  QM_HAS_LINES = 1 << 3,
  QM_HAS_EXPECTED = 1 << 4,
  QM_HAS_NOTIFY = 1 << 5,
  QM_CLEAR_NOTIFY = 1 << 6,
  QM_HAS_STATUS = 1 << 7,
  QM_RETURN_TO_STOCK = 1 << 8,
  QM_DRY_RUN = 1 << 9, /* report problems, write nothing */
  QM_HAS_WRITE_OFF = 1 << 10,
  QM_HAS_LINE = 1 << 11,
  QM_HAS_TYPE = 1 << 12,
  QM_HAS_B2B = 1 << 13,
  QM_NO_ASSIGN = 1 << 14,
  QM_HAS_LATITUDE = 1 << 15,
  QM_HAS_LONGITUDE = 1 << 16,
  QM_HAS_ENABLED = 1 << 17,
  QM_HAS_PICKUP = 1 << 18,
  QM_HAS_REGION_ID = 1 << 19,
  QM_HAS_CHANNELS = 1 << 20,
  QM_CARRIERS = 1 << 21,
  QM_PLANNED = 1 << 22,
  QM_TOO_LONG = 1 << 23,   /* a list was longer than its limit and has been left out */
  QM_OTHER_PLAN = 1 << 24, /* the plan names another order */
  QM_FORCE = 1 << 25,      /* take supply although it is promised */
  QM_OPEN = 1 << 26,       /* adopt the shop's own open lines that reserve nothing */
  QM_HAS_RELEASED = 1 << 27,
  QM_HAS_PARTS = 1 << 28, /* selections of a line, children of a product */
  QM_HAS_OPTIONS = 1 << 29,
  QM_HAS_TOGETHER = 1 << 30
};

/* Documents of requests have the kind of their op. These stand for another system's order of which
 * only reservations are known, and for what was known of an order before it was placed here. */
enum { QM_FOREIGN_ORDER = 1000, QM_FOREIGN_PASSED = 1001 };

/* A counter of a row that is no quantity holds what is wrong with it instead: this and the
 * qm_problem_kind. */
#define QM_NO_COUNTER INT64_MIN

/* One line, item, link, channel, product, rule or reservation of a record; or a part of one: what
 * is chosen for a line, a child or an option of a product. Parts are a list of their own. */
typedef struct qm_row {
  uint32_t flags;
  int32_t type;  /* product type or item status; -1: an unknown word, -2: an empty one */
  int32_t truth; /* products: b2b; refunds: write_off; options: required; their parts: own_qty */
  int32_t bad;   /* the qm_problem_kind of a quantity that is none, and which key it was */
  int32_t bad_field;
  int32_t together, in_stock; /* products: of composites */
  uint32_t part_first, part_count;
  uint32_t part_of; /* parts: the index of their row */
  int32_t option;   /* parts: the number of their option; 0: in none */
  qm_span sku, source, channel_type, channel_code, note; /* note: options' names as well */
  qm_span from;  /* reassign: `source` is where the units go */
  qm_span order; /* the id of the order that an adopted order, line or reservation is about */
  int64_t line, stock, priority;
  int64_t own, was_own; /* products: the id of their own settings, and the one that was read */
  qm_qty qty, expected, notify; /* expected: of adjustments, the least that must be left */
  /* adopt: what has happened to a line */
  qm_qty cancelled, invoiced, shipped, refunded, released, returned;
  uint32_t lines; /* an adopted order: how many it has */
  int32_t index;  /* place in its own list, from 1; 0: that is the list of all rows */
} qm_row;

/* Rows that compact makes one of: rows of an order lie together. */
typedef struct qm_settled {
  int64_t order, seq;
} qm_settled;

/* A place with a postcode; its texts are keys of geoname.h. */
typedef struct qm_geo_row {
  int64_t line; /* of its file: says which place it is */
  double latitude, longitude;
  qm_span keys[QM_GEO_KEYS];
} qm_geo_row;

/* A rule row's numbers. */
typedef struct qm_rule_row {
  int64_t own, stock;
  uint32_t bits; /* QM_RULE_* */
  int32_t backorders;
  qm_qty floor, share, gate, notify_at, min_sale, max_sale, increments;
  qm_span min_sale_groups;
} qm_rule_row;

enum {
  QM_RULE_MANAGED = 1 << 0,
  QM_RULE_RESERVES = 1 << 1,
  QM_RULE_UNLIMITED = 1 << 2,
  QM_RULE_DECIMAL = 1 << 3,
  QM_RULE_EXEMPT = 1 << 4,
  QM_RULE_WRITE_OFF = 1 << 5,
  QM_RULE_RETURN_PRIORITY = 1 << 6,
  QM_RULE_NOTIFY = 1 << 7,
  QM_RULE_GATE = 1 << 8
};

/* The texts a source or an order's destination may carry, by index of qm_op.text. */
typedef enum qm_text {
  QM_TEXT_NAME,
  QM_TEXT_COUNTRY,
  QM_TEXT_POSTCODE,
  QM_TEXT_DESCRIPTION,
  QM_TEXT_REGION,
  QM_TEXT_CITY,
  QM_TEXT_STREET,
  QM_TEXT_CONTACT,
  QM_TEXT_EMAIL,
  QM_TEXT_PHONE,
  QM_TEXT_FAX,
  QM_TEXT_FRONTEND_NAME,
  QM_TEXT_FRONTEND_DESCRIPTION,
  QM_TEXT_GROUP, /* an order's customer group */
  QM_TEXT_REASON,
  QM_TEXTS
} qm_text;

typedef struct qm_op {
  uint32_t size, kind, flags;
  uint32_t rows_at, row_count, rules_at, rule_count, settings_at, setting_count;
  /* adopt: the first rows are orders, then come their lines in the same order, then reservations */
  uint32_t order_count, line_count;
  uint32_t settled_at, settled_count;
  uint32_t parts_at, part_count;
  uint32_t geo_at, geo_count;
  int32_t enabled, pickup;
  int64_t now_ms;
  int64_t stock;
  int64_t region_id;
  int64_t ttl;        /* holds: seconds */
  int64_t generation; /* rules: the one they were worked out under */
  int64_t gazetteer;  /* places: which they are of; 0: a new one */
  double latitude, longitude;
  qm_span id, order, source, channel_type, channel_code;
  qm_span sku, to; /* renames: the old key of a product, the new one of it or of a channel */
  qm_span policy_name, policy_hash, policy_source; /* rules: a new policy */
  qm_span own_settings;                            /* rules: a new own-settings text */
  qm_span text[QM_TEXTS];
} qm_op;

/* A shop-wide setting; value absent: back to the built-in default. */
typedef struct qm_setting {
  uint32_t flags, unused;
  qm_span name, value;
} qm_setting;

qm_str qm_op_str(const qm_op *op, qm_span span);
const qm_row *qm_op_rows(const qm_op *op);
/* A row, or a part: parts are counted on from the last row. */
const qm_row *qm_op_row(const qm_op *op, uint32_t index);
/* Is a part an option, not something that can be chosen? */
bool qm_part_is_option(const qm_row *part);
const qm_rule_row *qm_op_rules(const qm_op *op);
const qm_setting *qm_op_settings(const qm_op *op);
const qm_settled *qm_op_settled(const qm_op *op);
const qm_geo_row *qm_op_geonames(const qm_op *op);

/* The first half of a SHA-256 over what the caller said: kind, texts and rows, not time or id. */
enum { QM_HASH = 16 };
void qm_op_hash(const qm_op *op, unsigned char out[QM_HASH]);
/* The same over one adopted order: its row and its lines, which begin at row `first`. */
void qm_order_hash(const qm_op *op, uint32_t order, uint32_t first, unsigned char out[QM_HASH]);

#endif
