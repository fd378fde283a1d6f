/* document.c: callers' ids. The same id with the same content is answered again, with other content
 * it is refused; that look-up comes before everything else. An answer is kept as numbers, in a blob
 * of variable-length integers, the verdict's two numbers and then six for each entry (line and, in
 * its higher bits, parent; product, source, stock, quantity, backordered); texts are looked up when
 * it is said again. */
#include "tx.h"

#include <string.h>

enum { NUMBERS = 6, HEAD = 2, VARINT_MAX = 10, LINE_MASK = (1 << QM_LINE_BITS) - 1 };

static size_t put_varint(unsigned char *out, int64_t value) {
  uint64_t doubled = (uint64_t)value << 1, rest = value < 0 ? ~doubled : doubled;
  size_t n = 0;
  while (rest >= 0x80) {
    out[n++] = (unsigned char)(rest | 0x80);
    rest >>= 7;
  }
  out[n++] = (unsigned char)rest;
  return n;
}

static bool get_varint(const unsigned char **p, const unsigned char *end, int64_t *value) {
  uint64_t rest = 0;
  for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
    unsigned char byte = *(*p)++;
    rest |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) {
      *value = (int64_t)(rest >> 1) ^ -(int64_t)(rest & 1);
      return true;
    }
  }
  return false;
}

/* ---- replay ---- */

static qm_code replay(qm_tx *tx, const unsigned char *p, size_t length) {
  const unsigned char *end = p + length;
  int64_t n[NUMBERS];
  tx->verdict->replayed = true;
  if (!get_varint(&p, end, &tx->verdict->value) || !get_varint(&p, end, &tx->verdict->skipped))
    return qm_fail(tx->err, QM_CORRUPT, "an answer is damaged");
  while (p < end) {
    for (int i = 0; i < NUMBERS; i++)
      if (!get_varint(&p, end, &n[i]))
        return qm_fail(tx->err, QM_CORRUPT, "an answer is damaged");
    qm_code code = qm_entry_add(tx, (qm_entry){.line = n[0] & LINE_MASK,
                                               .parent = n[0] >> QM_LINE_BITS,
                                               .product = n[1],
                                               .source_id = n[2],
                                               .stock = n[3],
                                               .qty = n[4],
                                               .backordered = n[5]});
    if (code)
      return code;
  }
  return QM_OK;
}

bool qm_id_is_legal(qm_str id) {
  if (id.n > QM_ID_MAX)
    return false;
  for (size_t i = 0; i < id.n; i++)
    if ((unsigned char)id.p[i] < 0x20 || id.p[i] == 0x7f)
      return false;
  return true;
}

qm_code qm_document_seen(qm_tx *tx, bool *known) {
  qm_str id = qm_op_str(tx->op, tx->op->id);
  *known = true;
  if (!id.p || id.n == 0) {
    qm_problem_add(tx, QM_P_ID_MISSING, -1, id);
    return QM_OK;
  }
  if (!qm_id_is_legal(id)) {
    qm_problem_add(tx, QM_P_ID_BAD, -1, (qm_str){NULL, 0});
    return QM_OK;
  }
  qm_code code = QM_FIRST(tx, DOCUMENT, known, QM_I(tx->op->kind), QM_B(id));
  if (code || !*known)
    return code;
  unsigned char hash[QM_HASH];
  qm_op_hash(tx->op, hash);
  qm_str stored = QM_COL_STR(tx, DOCUMENT, 1), answer = QM_COL_STR(tx, DOCUMENT, 2);
  if (stored.n == QM_HASH && memcmp(stored.p, hash, QM_HASH) == 0)
    code = replay(tx, (const unsigned char *)answer.p, answer.p ? answer.n : 0);
  else
    qm_problem_add(tx, QM_P_CONFLICT, -1, id);
  QM_END(tx, DOCUMENT);
  return code;
}

qm_code qm_find_document(qm_tx *tx, int64_t kind, qm_str id, unsigned char hash[QM_HASH],
                         int64_t *document, bool *found) {
  *document = 0;
  qm_code code = QM_FIRST(tx, DOCUMENT, found, QM_I(kind), QM_B(id));
  if (code || !*found)
    return code;
  *document = QM_COL_INT(tx, DOCUMENT, 0);
  qm_str stored = QM_COL_STR(tx, DOCUMENT, 1);
  if (hash && stored.p && stored.n == QM_HASH)
    memcpy(hash, stored.p, QM_HASH);
  QM_END(tx, DOCUMENT);
  return QM_OK;
}

/* ---- writing ---- */

qm_code qm_document_encode(qm_tx *tx, qm_str *out) {
  size_t n = 0, numbers = HEAD + (size_t)tx->verdict->entry_count * NUMBERS;
  *out = (qm_str){NULL, 0};
  qm_code code = qm_make_room(tx, &tx->store->answer, numbers, VARINT_MAX);
  if (code)
    return code;
  unsigned char *bytes = tx->store->answer.p;
  n += put_varint(bytes + n, tx->verdict->value);
  n += put_varint(bytes + n, tx->verdict->skipped);
  for (uint32_t at = tx->verdict->entry_first; at;) {
    const qm_entry *entry = qm_out_entry(&tx->store->out, at);
    n += put_varint(bytes + n, entry->parent << QM_LINE_BITS | entry->line);
    n += put_varint(bytes + n, entry->product);
    n += put_varint(bytes + n, entry->source_id);
    n += put_varint(bytes + n, entry->stock);
    n += put_varint(bytes + n, entry->qty);
    n += put_varint(bytes + n, entry->backordered);
    at = entry->next;
  }
  *out = (qm_str){(const char *)bytes, n};
  return QM_OK;
}

qm_code qm_document_add(qm_tx *tx, int64_t order, int64_t stock) {
  unsigned char hash[QM_HASH];
  qm_str answer, digest = {(const char *)hash, QM_HASH};
  qm_op_hash(tx->op, hash);
  qm_code code = qm_document_encode(tx, &answer);
  if (code)
    return code;
  code = QM_RUN(tx, DOCUMENT_ADD, QM_I(tx->op->kind), QM_B(qm_op_str(tx->op, tx->op->id)),
                QM_B(digest), order ? QM_I(order) : QM_N, stock ? QM_I(stock) : QM_N,
                QM_I(tx->op->now_ms), QM_B(answer));
  tx->document = qm_db_last_key(tx->db);
  return code;
}

qm_code qm_document_answer(qm_tx *tx) {
  qm_str answer;
  qm_code code = qm_document_encode(tx, &answer);
  if (code)
    return code;
  return QM_RUN(tx, DOCUMENT_ANSWER, QM_I(tx->document), QM_B(answer));
}
