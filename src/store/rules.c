/* rules.c: what policies made of settings. The caller ran the script outside any transaction under
 * some generation; here the results are written if that generation still stands, and it grows. */
#include "tx.h"

qm_code qm_check_generation(qm_tx *tx, bool *current) {
  bool row;
  *current = false;
  qm_code code = qm_db_first(tx->db, QM_SQL_SHOP, NULL, 0, &row, tx->err);
  if (code)
    return code;
  if (!row)
    return qm_fail(tx->err, QM_CORRUPT, "the file has lost its shop record");
  *current = QM_COL_INT(tx, SHOP, 0) == tx->op->generation;
  QM_END(tx, SHOP);
  if (!*current)
    tx->verdict->code = QM_STALE;
  return QM_OK;
}

qm_code qm_write_rules(qm_tx *tx, int64_t new_own, int64_t new_stock) {
  const qm_rule_row *rules = qm_op_rules(tx->op);
  qm_code code = qm_db_run(tx->db, QM_SQL_SHOP_NEXT, NULL, 0, tx->err);
  for (uint32_t i = 0; !code && i < tx->op->rule_count; i++) {
    const qm_rule_row *r = &rules[i];
    int64_t own = r->own ? r->own : new_own, stock = r->stock ? r->stock : new_stock;
    code = QM_RUN(
        tx, RULE_PUT, QM_I(qm_key(own, stock)), QM_I(r->bits & QM_RULE_MANAGED ? 1 : 0),
        QM_I(r->bits & QM_RULE_RESERVES ? 1 : 0), QM_I(r->backorders),
        QM_I(r->bits & QM_RULE_UNLIMITED ? 1 : 0), QM_I(r->bits & QM_RULE_EXEMPT ? 1 : 0),
        QM_I(r->bits & QM_RULE_WRITE_OFF ? 1 : 0), QM_I(r->bits & QM_RULE_RETURN_PRIORITY ? 1 : 0),
        QM_I(r->bits & QM_RULE_DECIMAL ? 1 : 0), QM_I(r->floor), QM_I(r->share),
        r->bits & QM_RULE_GATE ? QM_I(r->gate) : QM_N,
        r->bits & QM_RULE_NOTIFY ? QM_I(r->notify_at) : QM_N, QM_I(r->max_sale),
        QM_I(r->increments), QM_I(r->min_sale), QM_T(qm_op_str(tx->op, r->min_sale_groups)));
  }
  return code;
}

static qm_code write_settings(qm_tx *tx) {
  const qm_setting *settings = qm_op_settings(tx->op);
  qm_code code = QM_OK;
  for (uint32_t i = 0; !code && i < tx->op->setting_count; i++) {
    qm_str name = qm_op_str(tx->op, settings[i].name), value = qm_op_str(tx->op, settings[i].value);
    code = value.p ? QM_RUN(tx, SETTING_PUT, QM_T(name), QM_T(value))
                   : QM_RUN(tx, SETTING_REMOVE, QM_T(name));
    qm_fact fact = {.event = QM_LEDGER_settings_changed, .note = name};
    if (!code)
      code = qm_ledger_add(tx, &fact);
  }
  return code;
}

static qm_code write_policy(qm_tx *tx) {
  bool row;
  qm_str kind = {"policy", 6}, name = qm_op_str(tx->op, tx->op->policy_name);
  if (!name.p)
    return QM_OK;
  qm_code code = QM_FIRST(tx, SCRIPT_PUT, &row, QM_T(kind), QM_T(name),
                          QM_B(qm_op_str(tx->op, tx->op->policy_hash)),
                          QM_T(qm_op_str(tx->op, tx->op->policy_source)), QM_I(tx->op->now_ms));
  if (code)
    return code;
  int64_t script = row ? QM_COL_INT(tx, SCRIPT_PUT, 0) : 0;
  if (row)
    QM_END(tx, SCRIPT_PUT);
  code = QM_RUN(tx, SHOP_POLICY, QM_I(script));
  qm_fact fact = {.event = QM_LEDGER_policy_activated, .note = name};
  return code ? code : qm_ledger_add(tx, &fact);
}

qm_code qm_do_rules(qm_tx *tx) {
  bool current;
  int64_t own = 0;
  qm_str text = qm_op_str(tx->op, tx->op->own_settings);
  qm_code code = qm_check_generation(tx, &current);
  if (code || !current)
    return code;
  if (text.p) {
    code = QM_RUN(tx, OWN_ADD, QM_T(text));
    own = qm_db_last_key(tx->db);
  }
  if (!code)
    code = write_settings(tx);
  if (!code)
    code = write_policy(tx);
  if (!code)
    code = qm_write_rules(tx, own, 0);
  tx->verdict->value = own;
  return code;
}
