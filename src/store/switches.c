/* switches.c: parts of the engine that a shop may switch off, because another system does them. */
#include "tx.h"

#include <string.h>

static qm_str text_of(const char *text) {
  return (qm_str){text, strlen(text)};
}

qm_code qm_is_on(qm_tx *tx, const char *setting, bool *on) {
  bool found;
  *on = true;
  qm_code code = QM_FIRST(tx, SETTING, &found, QM_T(text_of(setting)));
  if (code || !found)
    return code;
  qm_str value = QM_COL_STR(tx, SETTING, 0);
  *on = value.n == 1 && value.p[0] == '1';
  QM_END(tx, SETTING);
  return QM_OK;
}

qm_code qm_check_part(qm_tx *tx) {
  static const struct {
    qm_op_kind op;
    const char *setting;
  } parts[] = {{QM_OP_HOLD, "holds"}, {QM_OP_EXTEND, "holds"}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    bool on = true;
    if (parts[i].op != (qm_op_kind)tx->op->kind)
      continue;
    qm_code code = qm_is_on(tx, parts[i].setting, &on);
    if (!on)
      qm_problem_add(tx, QM_P_SWITCHED_OFF, -1, text_of(parts[i].setting));
    return code;
  }
  return QM_OK;
}

qm_code qm_store_is_on(qm_store *store, const char *setting, bool *on, qm_err *err) {
  qm_tx tx = {.store = store, .db = store->db, .err = err};
  qm_code code = qm_db_begin_read(store->db, err);
  if (code)
    return code;
  code = qm_is_on(&tx, setting, on);
  return qm_db_end_read(store->db, code, err);
}
