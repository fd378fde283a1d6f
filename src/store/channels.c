/* channels.c: sales channels are renamed and deleted. Orders keep the words of the channel they
 * came through, and the stock they were placed in. */
#include "tx.h"

#include <string.h>

typedef struct channel {
  qm_str type, code;
  int64_t stock; /* 0: no stock sells through it */
} channel;

static qm_code find_channel(qm_tx *tx, qm_str type, qm_str code_text, channel *out) {
  bool found;
  *out = (channel){.type = type, .code = code_text};
  qm_code code = QM_FIRST(tx, CHANNEL_STOCK, &found, QM_T(type), QM_T(code_text));
  if (code || !found)
    return code;
  out->stock = QM_COL_INT(tx, CHANNEL_STOCK, 0);
  QM_END(tx, CHANNEL_STOCK);
  return QM_OK;
}

static qm_code say(qm_tx *tx, qm_ledger_event event, const channel *old) {
  qm_fact fact = {.event = event, .stock = old->stock, .note = old->code};
  return qm_ledger_add(tx, &fact);
}

static void check_new_code(qm_tx *tx, qm_str type, qm_str to) {
  if (qm_is_blank(to))
    qm_problem_at(tx, QM_P_CHANNEL_CODE_EMPTY, -1, QM_FIELD_to, to);
  if (qm_is_admin(type, to))
    qm_problem_at(tx, QM_P_CHANNEL_ADMIN, -1, QM_FIELD_to, to);
  qm_check_text(tx, -1, QM_FIELD_to, "the new code", to, QM_CODE_MAX);
}

qm_code qm_do_channel_rename(qm_tx *tx) {
  qm_str type = qm_op_str(tx->op, tx->op->channel_type), to = qm_op_str(tx->op, tx->op->to);
  qm_str from = qm_op_str(tx->op, tx->op->channel_code);
  channel old, other;
  if (qm_is_admin(type, from)) {
    qm_problem_at(tx, QM_P_CHANNEL_ADMIN, -1, QM_FIELD_from, from);
    return QM_OK;
  }
  check_new_code(tx, type, to);
  qm_code code = find_channel(tx, type, from, &old);
  if (!code)
    code = find_channel(tx, type, to, &other);
  if (code)
    return code;
  bool same = from.n == to.n && memcmp(from.p, to.p, to.n) == 0;
  if (!old.stock)
    qm_problem_at(tx, other.stock ? QM_P_CHANNEL_RENAMED : QM_P_NO_CHANNEL, -1, QM_FIELD_from,
                  from);
  else if (other.stock && !same)
    qm_problem_add(tx, QM_P_CHANNEL_TAKEN, -1, to);
  if (qm_refused(tx) || same)
    return QM_OK;
  code = QM_RUN(tx, CHANNEL_RENAME, QM_T(type), QM_T(from), QM_T(to));
  return code ? code : say(tx, QM_LEDGER_channel_renamed, &old);
}

qm_code qm_do_channel_delete(qm_tx *tx) {
  channel old;
  qm_str type = qm_op_str(tx->op, tx->op->channel_type);
  qm_str name = qm_op_str(tx->op, tx->op->channel_code);
  if (qm_is_admin(type, name)) {
    qm_problem_at(tx, QM_P_CHANNEL_ADMIN, -1, QM_FIELD_channel, name);
    return QM_OK;
  }
  qm_code code = find_channel(tx, type, name, &old);
  if (code)
    return code;
  if (!old.stock) {
    qm_problem_add(tx, QM_P_NO_CHANNEL, -1, name);
    return QM_OK;
  }
  code = QM_RUN(tx, CHANNEL_REMOVE, QM_T(type), QM_T(name));
  return code ? code : say(tx, QM_LEDGER_channel_deleted, &old);
}
