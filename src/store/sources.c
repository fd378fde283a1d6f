/* sources.c: saving a source, with every rule MSI has for it and the ones it lacks. */
#include "tx.h"

#include <string.h>

/* "${...}" or "$:{...}": a dollar, any colons, braces. */
static bool has_directive(qm_str text) {
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] != '$')
      continue;
    size_t j = i + 1;
    while (j < text.n && text.p[j] == ':')
      j++;
    if (j < text.n && text.p[j] == '{' && memchr(text.p + j, '}', text.n - j))
      return true;
  }
  return false;
}

static bool is_country(qm_str text) {
  if (text.n != 2)
    return false;
  for (int i = 0; i < 2; i++)
    if (!((text.p[i] | 32) >= 'a' && (text.p[i] | 32) <= 'z'))
      return false;
  return true;
}

static bool is_email(qm_str text) {
  const char *at = memchr(text.p, '@', text.n);
  return at && at > text.p && at < text.p + text.n - 1 && !qm_has_space(text);
}

static qm_str text_of(const qm_tx *tx, qm_text which) {
  return qm_op_str(tx->op, tx->op->text[which]);
}

/* A new source must have the text; an existing one may leave it out, but not empty it. */
static void need_text(qm_tx *tx, qm_text which, qm_problem_kind empty, bool is_new) {
  qm_str text = text_of(tx, which);
  if (text.p ? qm_is_blank(text) : is_new)
    qm_problem_add(tx, empty, -1, text);
}

/* Each text of a source: what people call it, its key, and how long it may be. */
static const struct {
  const char *what;
  qm_field_name field;
  size_t most;
} texts[] = {
    [QM_TEXT_NAME] = {"the name", QM_FIELD_name, QM_CODE_MAX},
    [QM_TEXT_COUNTRY] = {"the country", QM_FIELD_country, QM_CODE_MAX},
    [QM_TEXT_POSTCODE] = {"the postcode", QM_FIELD_postcode, QM_CODE_MAX},
    [QM_TEXT_DESCRIPTION] = {"the description", QM_FIELD_description, QM_TEXT_MAX},
    [QM_TEXT_REGION] = {"the region", QM_FIELD_region, QM_CODE_MAX},
    [QM_TEXT_CITY] = {"the city", QM_FIELD_city, QM_CODE_MAX},
    [QM_TEXT_STREET] = {"the street", QM_FIELD_street, QM_CODE_MAX},
    [QM_TEXT_CONTACT] = {"the contact name", QM_FIELD_contact_name, QM_CODE_MAX},
    [QM_TEXT_EMAIL] = {"the e-mail address", QM_FIELD_email, QM_CODE_MAX},
    [QM_TEXT_PHONE] = {"the phone number", QM_FIELD_phone, QM_CODE_MAX},
    [QM_TEXT_FAX] = {"the fax number", QM_FIELD_fax, QM_CODE_MAX},
    [QM_TEXT_FRONTEND_NAME] = {"the frontend name", QM_FIELD_frontend_name, QM_CODE_MAX},
    [QM_TEXT_FRONTEND_DESCRIPTION] = {"the frontend description", QM_FIELD_frontend_description,
                                      QM_TEXT_MAX},
};

static void check_texts(qm_tx *tx, bool is_new) {
  qm_str code = qm_op_str(tx->op, tx->op->source), name = text_of(tx, QM_TEXT_NAME);
  need_text(tx, QM_TEXT_NAME, QM_P_NAME_EMPTY, is_new);
  if (has_directive(name))
    qm_problem_add(tx, QM_P_DIRECTIVE, -1, name);
  if (qm_is_blank(code))
    qm_problem_add(tx, QM_P_CODE_EMPTY, -1, code);
  if (qm_has_space(code))
    qm_problem_add(tx, QM_P_CODE_SPACES, -1, code);
  if (has_directive(code))
    qm_problem_at(tx, QM_P_DIRECTIVE, -1, QM_FIELD_code, code);
  need_text(tx, QM_TEXT_POSTCODE, QM_P_POSTCODE_EMPTY, is_new);
  need_text(tx, QM_TEXT_COUNTRY, QM_P_COUNTRY_EMPTY, is_new);
  qm_str country = text_of(tx, QM_TEXT_COUNTRY), email = text_of(tx, QM_TEXT_EMAIL);
  if (country.p && !qm_is_blank(country) && !is_country(country))
    qm_problem_add(tx, QM_P_COUNTRY_BAD, -1, country);
  if (email.p && email.n > 0 && !is_email(email))
    qm_problem_add(tx, QM_P_EMAIL_BAD, -1, email);
  qm_check_text(tx, -1, QM_FIELD_code, "the code", code, QM_CODE_MAX);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    qm_check_text(tx, -1, texts[i].field, texts[i].what, text_of(tx, (qm_text)i), texts[i].most);
}

typedef struct stored { /* what the rules need of a source that exists */
  int64_t id;
  bool exists, enabled, pickup, has_city, has_street, has_phone;
} stored;

static qm_code read_stored(qm_tx *tx, stored *out) {
  *out = (stored){.enabled = true};
  qm_str code_text = qm_op_str(tx->op, tx->op->source);
  qm_code code = QM_FIRST(tx, SOURCE_RULES, &out->exists, QM_T(code_text));
  if (code || !out->exists)
    return code;
  out->id = QM_COL_INT(tx, SOURCE_RULES, 0);
  out->enabled = QM_COL_INT(tx, SOURCE_RULES, 1) != 0;
  out->pickup = QM_COL_INT(tx, SOURCE_RULES, 2) != 0;
  out->has_city = !qm_is_blank(QM_COL_STR(tx, SOURCE_RULES, 3));
  out->has_street = !qm_is_blank(QM_COL_STR(tx, SOURCE_RULES, 4));
  out->has_phone = !qm_is_blank(QM_COL_STR(tx, SOURCE_RULES, 5));
  QM_END(tx, SOURCE_RULES);
  return QM_OK;
}

static void check_pickup(qm_tx *tx, const stored *old) {
  const qm_op *op = tx->op;
  bool pickup = op->flags & QM_HAS_PICKUP ? op->pickup != 0 : old->pickup;
  if (!pickup)
    return;
  qm_str none = {NULL, 0}, city = text_of(tx, QM_TEXT_CITY);
  qm_str street = text_of(tx, QM_TEXT_STREET), phone = text_of(tx, QM_TEXT_PHONE);
  if (old->id == QM_DEFAULT_SOURCE) {
    qm_problem_add(tx, QM_P_PICKUP_DEFAULT, -1, none);
    return;
  }
  if (city.p ? qm_is_blank(city) : !old->has_city)
    qm_problem_add(tx, QM_P_PICKUP_CITY, -1, none);
  if (phone.p ? qm_is_blank(phone) : !old->has_phone)
    qm_problem_add(tx, QM_P_PICKUP_PHONE, -1, none);
  if (street.p ? qm_is_blank(street) : !old->has_street)
    qm_problem_add(tx, QM_P_PICKUP_STREET, -1, none);
}

static qm_code check_source(qm_tx *tx, const stored *old) {
  const qm_op *op = tx->op;
  qm_str none = {NULL, 0}, name = text_of(tx, QM_TEXT_NAME);
  bool taken = false;
  check_texts(tx, !old->exists);
  if (old->id == QM_DEFAULT_SOURCE && (op->flags & QM_HAS_ENABLED) && !op->enabled)
    qm_problem_add(tx, QM_P_DEFAULT_DISABLED, -1, none);
  if (op->flags & QM_CARRIERS)
    qm_problem_add(tx, QM_P_CARRIER_LINKS, -1, none);
  check_pickup(tx, old);
  if ((op->flags & QM_HAS_LATITUDE) && !qm_latitude_fine(op->latitude))
    qm_problem_add(tx, QM_P_LATITUDE_BAD, -1, none);
  if ((op->flags & QM_HAS_LONGITUDE) && !qm_longitude_fine(op->longitude))
    qm_problem_add(tx, QM_P_LONGITUDE_BAD, -1, none);
  if (!name.p)
    return QM_OK;
  qm_code code = QM_FIRST(tx, SOURCE_NAME_TAKEN, &taken, QM_T(name), QM_I(old->id));
  if (code || !taken)
    return code;
  QM_END(tx, SOURCE_NAME_TAKEN);
  qm_problem_add(tx, QM_P_SOURCE_NAME_TAKEN, -1, name);
  return QM_OK;
}

/* ---- enabling and disabling ---- */

/* Everything at the source starts or stops counting in each of its stocks. */
static qm_code count_items(qm_tx *tx, int64_t source, bool enabled) {
  bool item_row = true, as_stored;
  const int64_t *stocks;
  size_t count;
  qm_code code = qm_source_stocks(tx, source, &stocks, &count, &as_stored);
  if (code || count == 0)
    return code;
  code = QM_START(tx, ITEMS_AT, QM_I(source));
  while (!code && !(code = QM_STEP(tx, ITEMS_AT, &item_row)) && item_row) {
    qm_item item = {.exists = true,
                    .qty = QM_COL_INT(tx, ITEMS_AT, 1),
                    .in_stock = QM_COL_INT(tx, ITEMS_AT, 2) == QM_STATUS_IN};
    qm_balance before, now, delta = {0};
    qm_item_weight(&item, !enabled, &before);
    qm_item_weight(&item, enabled, &now);
    delta.on_hand = now.on_hand - before.on_hand;
    delta.active = now.active - before.active;
    delta.in_stock = now.in_stock - before.in_stock;
    for (size_t i = 0; !code && i < count; i++)
      code = qm_balance_move(tx, QM_COL_INT(tx, ITEMS_AT, 0), stocks[i], &delta);
  }
  if (code)
    QM_END(tx, ITEMS_AT);
  return code;
}

static qm_code write_source(qm_tx *tx, const stored *old) {
  const qm_op *op = tx->op;
  qm_val values[] = {
      QM_T(qm_op_str(op, op->source)),
      QM_T(text_of(tx, QM_TEXT_NAME)),
      op->flags & QM_HAS_ENABLED ? QM_I(op->enabled) : QM_N,
      QM_T(text_of(tx, QM_TEXT_COUNTRY)),
      QM_T(text_of(tx, QM_TEXT_POSTCODE)),
      QM_T(text_of(tx, QM_TEXT_DESCRIPTION)),
      QM_T(text_of(tx, QM_TEXT_REGION)),
      op->flags & QM_HAS_REGION_ID ? QM_I(op->region_id) : QM_N,
      QM_T(text_of(tx, QM_TEXT_CITY)),
      QM_T(text_of(tx, QM_TEXT_STREET)),
      QM_T(text_of(tx, QM_TEXT_CONTACT)),
      QM_T(text_of(tx, QM_TEXT_EMAIL)),
      QM_T(text_of(tx, QM_TEXT_PHONE)),
      QM_T(text_of(tx, QM_TEXT_FAX)),
      op->flags & QM_HAS_LATITUDE ? QM_D(op->latitude) : QM_N,
      op->flags & QM_HAS_LONGITUDE ? QM_D(op->longitude) : QM_N,
      op->flags & QM_HAS_PICKUP ? QM_I(op->pickup) : QM_N,
      QM_T(text_of(tx, QM_TEXT_FRONTEND_NAME)),
      QM_T(text_of(tx, QM_TEXT_FRONTEND_DESCRIPTION)),
  };
  int count = (int)(sizeof values / sizeof *values);
  return qm_db_run(tx->db, old->exists ? QM_SQL_SOURCE_UPDATE : QM_SQL_SOURCE_ADD, values, count,
                   tx->err);
}

qm_code qm_do_source(qm_tx *tx) {
  stored old;
  qm_code code = read_stored(tx, &old);
  if (!code)
    code = check_source(tx, &old);
  if (code || qm_refused(tx))
    return code;
  bool enabled = tx->op->flags & QM_HAS_ENABLED ? tx->op->enabled != 0 : old.enabled;
  if (!old.exists) {
    bool row;
    code = qm_db_first(tx->db, QM_SQL_SOURCE_COUNT, NULL, 0, &row, tx->err);
    if (code)
      return code;
    bool full = QM_COL_INT(tx, SOURCE_COUNT, 0) >= QM_PLACE_MAX;
    QM_END(tx, SOURCE_COUNT);
    if (full) {
      qm_problem_add(tx, QM_P_PLACES_FULL, -1, (qm_str){NULL, 0});
      return QM_OK;
    }
  }
  if (old.exists && old.enabled && !enabled)
    code = qm_guard_sources(tx, &old.id, 1);
  if (!code)
    code = write_source(tx, &old);
  int64_t id = old.exists ? old.id : qm_db_last_key(tx->db);
  if (!code && old.exists && enabled != old.enabled)
    code = count_items(tx, id, enabled);
  if (!code)
    code = qm_guard_close(tx, -1);
  qm_fact fact = {.event = QM_LEDGER_source_saved, .source = id};
  if (!code)
    code = qm_ledger_add(tx, &fact);
  return code;
}
