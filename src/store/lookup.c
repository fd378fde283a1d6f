/* lookup.c: from the callers' names to surrogate ids, and the rows that decisions are made of. */
#include "tx.h"

#include <string.h>

qm_code qm_find_product(qm_tx *tx, qm_str sku, qm_product *out, bool *found) {
  qm_known *known = &tx->store->known;
  bool usable;
  qm_code code = qm_known_usable(tx, &usable);
  *found = !code && usable && qm_known_product(known, sku, out);
  if (code || *found)
    return code;
  code = QM_FIRST(tx, PRODUCT_BY_SKU, found, QM_B(sku));
  if (code || !*found)
    return code;
  *out = (qm_product){.id = QM_COL_INT(tx, PRODUCT_BY_SKU, 0),
                      .own = QM_COL_INT(tx, PRODUCT_BY_SKU, 2),
                      .type = (int)QM_COL_INT(tx, PRODUCT_BY_SKU, 1),
                      .state = (int)QM_COL_INT(tx, PRODUCT_BY_SKU, 3),
                      .b2b = QM_COL_INT(tx, PRODUCT_BY_SKU, 4) != 0};
  QM_END(tx, PRODUCT_BY_SKU);
  if (usable)
    qm_know_product(known, sku, out);
  return QM_OK;
}

qm_code qm_get_product(qm_tx *tx, int64_t product, qm_product *out) {
  bool found;
  qm_code code = QM_FIRST(tx, PRODUCT, &found, QM_I(product));
  if (code)
    return code;
  if (!found)
    return qm_fail(tx->err, QM_CORRUPT, "the file is damaged: a product that was sold is missing");
  *out = (qm_product){.id = product,
                      .own = QM_COL_INT(tx, PRODUCT, 1),
                      .type = (int)QM_COL_INT(tx, PRODUCT, 0),
                      .state = (int)QM_COL_INT(tx, PRODUCT, 2),
                      .b2b = QM_COL_INT(tx, PRODUCT, 3) != 0};
  QM_END(tx, PRODUCT);
  return QM_OK;
}

qm_code qm_find_or_shadow(qm_tx *tx, qm_str sku, qm_product *out) {
  bool found;
  qm_code code = qm_find_product(tx, sku, out, &found);
  if (code || found)
    return code;
  *out = (qm_product){.own = 1, .type = QM_SIMPLE, .state = QM_SHADOW};
  code = QM_RUN(tx, PRODUCT_ADD, QM_B(sku), QM_I(out->type), QM_I(out->own), QM_I(0),
                QM_I(out->state));
  out->id = qm_db_last_key(tx->db);
  return code;
}

qm_code qm_find_source(qm_tx *tx, qm_str source, int64_t *id, bool *found) {
  qm_code code = QM_FIRST(tx, SOURCE_BY_CODE, found, QM_T(source));
  if (code || !*found)
    return code;
  *id = QM_COL_INT(tx, SOURCE_BY_CODE, 0);
  QM_END(tx, SOURCE_BY_CODE);
  return QM_OK;
}

/* MSI resolves the website `admin` to the default stock whatever is stored (semantics: channels).
 */
bool qm_is_admin(qm_str type, qm_str channel) {
  return type.p && channel.p && type.n == 7 && memcmp(type.p, "website", 7) == 0 &&
         channel.n == 5 && memcmp(channel.p, "admin", 5) == 0;
}

static qm_code stored_stock(qm_tx *tx, const qm_where *where, int64_t *id, bool *found) {
  qm_code code;
  if (!where->channel_code.p) {
    *id = where->stock;
    code = QM_FIRST(tx, STOCK_EXISTS, found, QM_I(where->stock));
    if (!code && *found)
      QM_END(tx, STOCK_EXISTS);
    return code;
  }
  code = QM_FIRST(tx, CHANNEL_STOCK, found, QM_T(where->channel_type), QM_T(where->channel_code));
  if (code || !*found)
    return code;
  *id = QM_COL_INT(tx, CHANNEL_STOCK, 0);
  QM_END(tx, CHANNEL_STOCK);
  return QM_OK;
}

qm_code qm_find_stock(qm_tx *tx, const qm_where *where, int64_t *id, bool *found) {
  qm_known *known = &tx->store->known;
  bool usable;
  *found = where->channel_code.p && qm_is_admin(where->channel_type, where->channel_code);
  if (*found) {
    *id = QM_DEFAULT_STOCK;
    return QM_OK;
  }
  qm_code code = qm_known_usable(tx, &usable);
  *found = !code && usable && qm_known_stock(known, where, id);
  if (code || *found)
    return code;
  code = stored_stock(tx, where, id, found);
  if (!code && *found && usable)
    qm_know_stock(known, where, *id);
  return code;
}

qm_code qm_need_stock(qm_tx *tx, int row, int64_t *id) {
  const qm_op *op = tx->op;
  const qm_row *from = row >= 0 ? &qm_op_rows(op)[row] : NULL;
  qm_where where = {.stock = from ? from->stock : op->stock,
                    .channel_type = qm_op_str(op, from ? from->channel_type : op->channel_type),
                    .channel_code = qm_op_str(op, from ? from->channel_code : op->channel_code)};
  bool by_id = (from ? from->flags : op->flags) & QM_HAS_STOCK, found = false;
  char number[24];
  qm_problem_kind kind = QM_P_NONE;
  *id = 0;
  if (by_id && (where.channel_code.p || where.channel_type.p))
    kind = QM_P_WHERE_BOTH;
  if (!by_id && !where.channel_code.p)
    kind = QM_P_WHERE_MISSING;
  if (kind != QM_P_NONE) {
    qm_problem_add(tx, kind, row, where.channel_code);
    return QM_OK;
  }
  qm_code code = qm_find_stock(tx, &where, id, &found);
  if (code || found)
    return code;
  *id = 0;
  if (where.channel_code.p)
    qm_problem_add(tx, QM_P_NO_CHANNEL, row, where.channel_code);
  else
    qm_problem_add(tx, QM_P_NO_STOCK, row, qm_number_text(where.stock, number));
  return QM_OK;
}

qm_code qm_need_source(qm_tx *tx, int row, qm_str source, int64_t *id) {
  bool found = false;
  *id = 0;
  qm_code code = source.n <= QM_CODE_MAX ? qm_find_source(tx, source, id, &found) : QM_OK;
  if (code || found)
    return code;
  qm_problem_add(tx, QM_P_NO_SOURCE, row, source);
  return QM_OK;
}

/* Is a stored quantity legal? A damaged file must end in CORRUPT, not in arithmetic. */
static bool legal(qm_qty qty, qm_qty least) {
  return qty >= least && qty <= QM_QTY_MAX;
}

qm_code qm_damaged(qm_tx *tx, const char *what) {
  return qm_fail(tx->err, QM_CORRUPT, "the file is damaged: %s is out of range", what);
}

/* The text is "group=units" lines; units are whole numbers of 1/10000. */
static void min_for_group(qm_str groups, qm_str group, qm_qty *min) {
  const char *p = groups.p, *end = groups.p ? groups.p + groups.n : groups.p;
  while (p < end) {
    const char *line_end = memchr(p, '\n', (size_t)(end - p));
    if (!line_end)
      line_end = end;
    const char *equals = memchr(p, '=', (size_t)(line_end - p));
    if (equals && group.p && (size_t)(equals - p) == group.n && memcmp(p, group.p, group.n) == 0) {
      qm_qty value = 0;
      for (const char *digit = equals + 1; digit < line_end; digit++)
        if (*digit >= '0' && *digit <= '9')
          value = value * 10 + (*digit - '0');
      *min = equals[1] == '-' ? -value : value;
    }
    p = line_end + 1;
  }
}

static qm_code stored_rule(qm_tx *tx, int64_t own, int64_t stock, qm_str customer_group,
                           qm_rule *out) {
  bool found;
  qm_code code = QM_FIRST(tx, RULE, &found, QM_I(qm_key(own, stock)));
  if (code)
    return code;
  if (!found)
    return qm_fail(tx->err, QM_CORRUPT, "the rule of settings %lld in stock %lld is missing",
                   (long long)own, (long long)stock);
  int c = 0;
  out->managed = QM_COL_INT(tx, RULE, c++) != 0;
  out->reserves = QM_COL_INT(tx, RULE, c++) != 0;
  out->backorders = (int)QM_COL_INT(tx, RULE, c++);
  out->unlimited = QM_COL_INT(tx, RULE, c++) != 0;
  out->exempt = QM_COL_INT(tx, RULE, c++) != 0;
  out->write_off = QM_COL_INT(tx, RULE, c++) != 0;
  out->return_priority = QM_COL_INT(tx, RULE, c++) != 0;
  out->decimal = QM_COL_INT(tx, RULE, c++) != 0;
  out->floor = QM_COL_INT(tx, RULE, c++);
  out->share = QM_COL_INT(tx, RULE, c++);
  out->has_gate = !qm_db_null(tx->db, QM_SQL_RULE, c);
  out->gate = QM_COL_INT(tx, RULE, c++);
  out->has_notify = !qm_db_null(tx->db, QM_SQL_RULE, c);
  out->notify_at = QM_COL_INT(tx, RULE, c++);
  out->max_sale = QM_COL_INT(tx, RULE, c++);
  out->increments = QM_COL_INT(tx, RULE, c++);
  out->min_sale = QM_COL_INT(tx, RULE, c++);
  min_for_group(QM_COL_STR(tx, RULE, c), customer_group, &out->min_sale);
  QM_END(tx, RULE);
  bool fine = legal(out->floor, -QM_QTY_MAX) && legal(out->gate, -QM_QTY_MAX) &&
              legal(out->max_sale, 0) && legal(out->increments, 0) &&
              legal(out->min_sale, -QM_QTY_MAX) && out->share >= 0 && out->share <= QM_QTY_ONE;
  return fine ? QM_OK : qm_damaged(tx, "a rule");
}

qm_code qm_get_rule(qm_tx *tx, int64_t own, int64_t stock, qm_str customer_group, qm_rule *out) {
  qm_known *known = &tx->store->known;
  bool usable;
  qm_code code = qm_known_usable(tx, &usable);
  const qm_rule *rule = !code && usable ? qm_known_rule(known, own, stock, customer_group) : NULL;
  if (rule)
    *out = *rule;
  if (code || rule)
    return code;
  code = stored_rule(tx, own, stock, customer_group, out);
  if (!code && usable)
    qm_know_rule(known, own, stock, customer_group, out);
  return code;
}

qm_code qm_read_balance(qm_tx *tx, qm_sql sql, int first, qm_balance *out) {
  int c = first;
  *out = (qm_balance){0};
  out->on_hand = qm_db_int(tx->db, sql, c++);
  out->firm = qm_db_int(tx->db, sql, c++);
  out->backordered = qm_db_int(tx->db, sql, c++);
  out->allocated = qm_db_int(tx->db, sql, c++);
  out->held = qm_db_int(tx->db, sql, c++);
  out->adopted = qm_db_int(tx->db, sql, c++);
  out->assigned = qm_db_int(tx->db, sql, c++);
  out->active = qm_db_int(tx->db, sql, c++);
  out->in_stock = qm_db_int(tx->db, sql, c);
  bool fine = legal(out->on_hand, 0) && legal(out->firm, 0) && legal(out->backordered, 0) &&
              legal(out->allocated, 0) && legal(out->held, 0) && legal(out->adopted, -QM_QTY_MAX);
  return fine ? QM_OK : qm_damaged(tx, "a balance");
}

bool qm_is_due(qm_tx *tx, qm_sql sql) {
  enum { NEXT_EXPIRY = 9 };
  if (qm_db_null(tx->db, sql, NEXT_EXPIRY))
    return false;
  int64_t next = qm_db_int(tx->db, sql, NEXT_EXPIRY);
  /* What is due now is counted as it is now; how long nobody has asked for. */
  int64_t until = next > tx->now_ms ? next : tx->now_ms;
  tx->until = until < tx->until ? until : tx->until;
  return next <= tx->now_ms;
}

/* The row as it is stored, whether something in it has expired, and whether it shares sources. */
static qm_code stored_balance(qm_tx *tx, int64_t id, qm_balance *out, bool *found, bool *due,
                              bool *shared) {
  *out = (qm_balance){0};
  *due = *shared = false;
  qm_code code = QM_FIRST(tx, BALANCE, found, QM_I(id));
  if (code || !*found)
    return code;
  code = qm_read_balance(tx, QM_SQL_BALANCE, 0, out);
  *due = qm_is_due(tx, QM_SQL_BALANCE);
  *shared = QM_COL_INT(tx, BALANCE, 10) != 0;
  QM_END(tx, BALANCE);
  return code;
}

qm_code qm_get_balance(qm_tx *tx, int64_t product, int64_t stock, qm_balance *out, bool *found) {
  int64_t id = qm_key(product, stock);
  bool due, shared;
  qm_code code = stored_balance(tx, id, out, found, &due, &shared);
  if (!code && due && tx->writes) {
    tx->expiring = true;
    code = qm_expire(tx, product, stock);
    if (!code)
      code = qm_settle_product(tx, product);
    tx->expiring = false;
    if (!code)
      code = stored_balance(tx, id, out, found, &due, &shared);
  }
  if (!code && due && tx->writes)
    code = qm_discount_expired(tx, product, stock, out);
  if (!code && (shared || (due && !tx->writes)))
    code = qm_fill_claimed(tx, product, stock, out);
  return code;
}

qm_code qm_sku_of(qm_tx *tx, int64_t product, qm_span *out) {
  bool found;
  *out = (qm_span){0, 0};
  qm_code code = QM_FIRST(tx, SKU_OF, &found, QM_I(product));
  if (code || !found)
    return code;
  *out = qm_out_text(&tx->store->out, QM_COL_STR(tx, SKU_OF, 0));
  QM_END(tx, SKU_OF);
  return QM_OK;
}

qm_code qm_own_of(qm_tx *tx, int64_t product, int64_t *own) {
  bool found;
  qm_code code = QM_FIRST(tx, OWN_OF, &found, QM_I(product));
  if (code || !found)
    return code ? code : qm_damaged(tx, "a product that is promised");
  *own = QM_COL_INT(tx, OWN_OF, 0);
  QM_END(tx, OWN_OF);
  return QM_OK;
}

qm_code qm_source_code(qm_tx *tx, int64_t source, qm_span *out) {
  bool found;
  *out = (qm_span){0, 0};
  if (source == 0)
    return QM_OK;
  qm_code code = QM_FIRST(tx, SOURCE_CODE, &found, QM_I(source));
  if (code || !found)
    return code;
  *out = qm_out_text(&tx->store->out, QM_COL_STR(tx, SOURCE_CODE, 0));
  QM_END(tx, SOURCE_CODE);
  return QM_OK;
}
