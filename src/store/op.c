#include "op.h"

#include <nettle/sha2.h>
#include <string.h>

qm_str qm_op_str(const qm_op *op, qm_span span) {
  return span.at ? (qm_str){(const char *)op + span.at, span.n} : (qm_str){NULL, 0};
}

const qm_row *qm_op_rows(const qm_op *op) {
  return (const qm_row *)(const void *)((const char *)op + op->rows_at);
}

const qm_row *qm_op_row(const qm_op *op, uint32_t index) {
  if (index < op->row_count)
    return &qm_op_rows(op)[index];
  const char *parts = (const char *)op + op->parts_at;
  return (const qm_row *)(const void *)parts + (index - op->row_count);
}

bool qm_part_is_option(const qm_row *part) {
  return part->option > 0 && part->line == 0;
}

const qm_rule_row *qm_op_rules(const qm_op *op) {
  return (const qm_rule_row *)(const void *)((const char *)op + op->rules_at);
}

const qm_setting *qm_op_settings(const qm_op *op) {
  return (const qm_setting *)(const void *)((const char *)op + op->settings_at);
}

const qm_settled *qm_op_settled(const qm_op *op) {
  return (const qm_settled *)(const void *)((const char *)op + op->settled_at);
}

const qm_geo_row *qm_op_geonames(const qm_op *op) {
  return (const qm_geo_row *)(const void *)((const char *)op + op->geo_at);
}

/* What is hashed is gathered, since every call has its price. */
typedef struct hashing {
  struct sha256_ctx sha;
  uint8_t bytes[512];
  size_t used;
} hashing;

static void begin(hashing *hash) {
  sha256_init(&hash->sha);
  hash->used = 0;
}

static void put(hashing *hash, const uint8_t *bytes, size_t n) {
  if (hash->used + n > sizeof hash->bytes) {
    sha256_update(&hash->sha, hash->used, hash->bytes);
    hash->used = 0;
  }
  if (n > sizeof hash->bytes) {
    sha256_update(&hash->sha, n, bytes);
  } else {
    memcpy(hash->bytes + hash->used, bytes, n);
    hash->used += n;
  }
}

static void finish(hashing *hash, unsigned char out[QM_HASH]) {
  sha256_update(&hash->sha, hash->used, hash->bytes);
  sha256_digest(&hash->sha, QM_HASH, out);
}

/* Numbers are hashed as eight bytes, least significant first, and texts with their length before
 * them, so that the hash does not depend on the record's layout and a newer program recognises old
 * ids. */
static void hash_int(hashing *hash, int64_t value) {
  uint64_t v = (uint64_t)value;
  const uint8_t bytes[8] = {(uint8_t)v,         (uint8_t)(v >> 8),  (uint8_t)(v >> 16),
                            (uint8_t)(v >> 24), (uint8_t)(v >> 32), (uint8_t)(v >> 40),
                            (uint8_t)(v >> 48), (uint8_t)(v >> 56)};
  put(hash, bytes, sizeof bytes);
}

static void hash_real(hashing *hash, double value) {
  int64_t bits;
  memcpy(&bits, &value, sizeof bits);
  hash_int(hash, bits);
}

static void hash_str(hashing *hash, const qm_op *op, qm_span span) {
  qm_str text = qm_op_str(op, span);
  hash_int(hash, text.p ? (int64_t)text.n : -1);
  if (text.p)
    put(hash, (const uint8_t *)text.p, text.n);
}

static void hash_row(hashing *hash, const qm_op *op, const qm_row *row) {
  hash_int(hash, row->flags);
  hash_str(hash, op, row->sku);
  hash_str(hash, op, row->source);
  hash_str(hash, op, row->channel_type);
  hash_str(hash, op, row->channel_code);
  hash_str(hash, op, row->note);
  hash_int(hash, row->line);
  hash_int(hash, row->truth);
  hash_int(hash, row->bad);
  hash_int(hash, row->stock);
  hash_int(hash, row->qty);
  if (op->kind == QM_OP_REASSIGN)
    hash_str(hash, op, row->from);
  if (row->flags & QM_HAS_EXPECTED)
    hash_int(hash, row->expected);
}

/* What only adopted rows have. */
static void hash_adopted(hashing *hash, const qm_op *op, const qm_row *row) {
  const qm_qty counters[] = {row->cancelled, row->invoiced, row->shipped,
                             row->refunded,  row->released, row->returned};
  hash_str(hash, op, row->order);
  hash_int(hash, row->lines);
  for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
    hash_int(hash, counters[i]);
}

void qm_order_hash(const qm_op *op, uint32_t order, uint32_t first, unsigned char out[QM_HASH]) {
  const qm_row *rows = qm_op_rows(op);
  hashing hash;
  begin(&hash);
  hash_int(&hash, op->kind);
  hash_row(&hash, op, &rows[order]);
  for (uint32_t i = 0; i < rows[order].lines; i++) {
    hash_row(&hash, op, &rows[first + i]);
    hash_adopted(&hash, op, &rows[first + i]);
  }
  finish(&hash, out);
}

void qm_op_hash(const qm_op *op, unsigned char out[QM_HASH]) {
  hashing hash;
  begin(&hash);
  hash_int(&hash, op->kind);
  hash_int(&hash, op->flags);
  hash_int(&hash, op->stock);
  hash_real(&hash, op->latitude);
  hash_real(&hash, op->longitude);
  hash_str(&hash, op, op->order);
  hash_str(&hash, op, op->source);
  hash_str(&hash, op, op->channel_type);
  hash_str(&hash, op, op->channel_code);
  for (int i = 0; i < QM_TEXTS; i++)
    hash_str(&hash, op, op->text[i]);
  if (op->kind == QM_OP_HOLD || op->kind == QM_OP_EXTEND)
    hash_int(&hash, op->ttl);
  const qm_row *rows = qm_op_rows(op);
  for (uint32_t i = 0; i < op->row_count; i++) {
    hash_row(&hash, op, &rows[i]);
    if (rows[i].order.at)
      hash_adopted(&hash, op, &rows[i]);
  }
  for (uint32_t i = 0; i < op->part_count; i++) {
    const qm_row *part = qm_op_row(op, op->row_count + i);
    hash_int(&hash, -1); /* no row begins like that */
    hash_int(&hash, part->part_of);
    hash_row(&hash, op, part);
  }
  finish(&hash, out);
}
