#include "tx.h"

static qm_val or_null(int64_t id) {
  return id ? QM_I(id) : QM_N;
}

qm_code qm_ledger_add(qm_tx *tx, const qm_fact *fact) {
  int64_t document = fact->document ? fact->document : tx->document;
  return QM_RUN(tx, LEDGER_ADD, QM_I(tx->op->now_ms), QM_I(fact->event), or_null(document),
                or_null(fact->line), or_null(fact->product), or_null(fact->stock),
                or_null(fact->source), QM_I(fact->reserved), QM_I(fact->moved), QM_I(fact->qty),
                QM_T(fact->note));
}

qm_code qm_ledger_add_own(qm_tx *tx, const qm_fact *fact) {
  int64_t document = tx->document;
  tx->document = 0;
  qm_code code = qm_ledger_add(tx, fact);
  tx->document = document;
  return code;
}
