/* geonames.c: places of a country are imported, replaced and deleted.
 *
 * A country may have millions, so they come in many ops, none of which holds others up for long.
 * They belong to a gazetteer that nobody looks at until it is finished; the one it replaces is
 * given up in the same commit, and its rows are swept away bit by bit, as are those of an import
 * that was never finished: a new import of the country gives that one up. */
#include "tx.h"

enum {
  READ = 0, /* a gazetteer's state: being read, */
  IN_FORCE = 1,
  GONE = 2,
  SWEPT = 2000 /* rows of one op */
};

/* The country of the op, by its key. */
static bool read_country(qm_tx *tx, char key[QM_COUNTRY_TEXT], qm_str *country) {
  qm_str text = qm_op_str(tx->op, tx->op->text[QM_TEXT_COUNTRY]);
  *country = (qm_str){key, QM_COUNTRY_TEXT};
  if (qm_country_key(text, key))
    return true;
  qm_problem_add(tx, qm_is_blank(text) ? QM_P_COUNTRY_EMPTY : QM_P_COUNTRY_BAD, -1, text);
  return false;
}

static qm_code state_of(qm_tx *tx, int64_t gazetteer, int64_t *state) {
  bool found;
  *state = GONE;
  qm_code code = QM_FIRST(tx, GAZETTEER, &found, QM_I(gazetteer));
  if (code || !found)
    return code;
  *state = QM_COL_INT(tx, GAZETTEER, 0);
  QM_END(tx, GAZETTEER);
  return QM_OK;
}

static qm_code begin(qm_tx *tx, qm_str country, int64_t *gazetteer) {
  qm_code code = QM_RUN(tx, GAZETTEER_GIVE_UP, QM_T(country), QM_I(READ));
  if (!code)
    code = QM_RUN(tx, GAZETTEER_ADD, QM_T(country));
  *gazetteer = qm_db_last_key(tx->db);
  return code;
}

static qm_code add_row(qm_tx *tx, int64_t gazetteer, const qm_geo_row *row) {
  return QM_RUN(tx, GEONAME_PUT, QM_I(gazetteer), QM_I(row->line),
                QM_T(qm_op_str(tx->op, row->keys[QM_GEO_POSTCODE])),
                QM_T(qm_op_str(tx->op, row->keys[QM_GEO_CITY])),
                QM_T(qm_op_str(tx->op, row->keys[QM_GEO_REGION])), QM_D(row->latitude),
                QM_D(row->longitude));
}

/* Answers with the gazetteer, a new one for the first places. */
qm_code qm_do_geonames_add(qm_tx *tx) {
  const qm_geo_row *rows = qm_op_geonames(tx->op);
  int64_t gazetteer = tx->op->gazetteer, state = READ;
  char key[QM_COUNTRY_TEXT];
  qm_str country;
  if (!read_country(tx, key, &country))
    return QM_OK;
  qm_code code = gazetteer ? state_of(tx, gazetteer, &state) : begin(tx, country, &gazetteer);
  if (!code && state != READ)
    qm_problem_add(tx, QM_P_GEO_REPLACED, -1, country);
  for (uint32_t i = 0; !code && !qm_refused(tx) && i < tx->op->geo_count; i++)
    code = add_row(tx, gazetteer, &rows[i]);
  tx->verdict->value = gazetteer;
  return code;
}

static qm_code say(qm_tx *tx, qm_ledger_event event, qm_str country) {
  qm_fact fact = {.event = event, .note = country};
  return qm_ledger_add(tx, &fact);
}

qm_code qm_do_geonames_finish(qm_tx *tx) {
  char key[QM_COUNTRY_TEXT];
  qm_str country;
  int64_t state;
  if (!read_country(tx, key, &country))
    return QM_OK;
  qm_code code = state_of(tx, tx->op->gazetteer, &state);
  if (!code && state == GONE)
    qm_problem_add(tx, QM_P_GEO_REPLACED, -1, country);
  if (code || state != READ)
    return code;
  code = QM_RUN(tx, GAZETTEER_GIVE_UP, QM_T(country), QM_I(IN_FORCE));
  if (!code)
    code = QM_RUN(tx, GAZETTEER_USE, QM_I(tx->op->gazetteer));
  return code ? code : say(tx, QM_LEDGER_places_imported, country);
}

/* Of a country all there is, or (gazetteer not 0) what an import has read that is given up. */
qm_code qm_do_geonames_delete(qm_tx *tx) {
  char key[QM_COUNTRY_TEXT];
  qm_str country;
  int64_t state = READ;
  if (!read_country(tx, key, &country))
    return QM_OK;
  qm_code code = tx->op->gazetteer ? state_of(tx, tx->op->gazetteer, &state) : QM_OK;
  if (code || state != READ)
    return code;
  code = QM_RUN(tx, GAZETTEER_GIVE_UP, QM_T(country), QM_I(READ));
  bool read = !code && qm_db_changes(tx->db) > 0;
  if (code || tx->op->gazetteer)
    return code;
  code = QM_RUN(tx, GAZETTEER_GIVE_UP, QM_T(country), QM_I(IN_FORCE));
  bool used = !code && qm_db_changes(tx->db) > 0;
  if (!code && !used && !read)
    qm_problem_add(tx, QM_P_NO_PLACES, -1, country);
  return code || !used ? code : say(tx, QM_LEDGER_places_deleted, country);
}

static qm_code next_gone(qm_tx *tx, int64_t *gazetteer) {
  bool found;
  qm_code code = QM_FIRST(tx, GAZETTEER_GONE, &found, QM_I(*gazetteer));
  *gazetteer = 0;
  if (code || !found)
    return code;
  *gazetteer = QM_COL_INT(tx, GAZETTEER_GONE, 0);
  QM_END(tx, GAZETTEER_GONE);
  return QM_OK;
}

/* Answers with how many rows it has removed; none: there are no more. */
qm_code qm_do_geonames_sweep(qm_tx *tx) {
  int64_t gazetteer = 0, removed = 0;
  qm_code code = next_gone(tx, &gazetteer);
  while (!code && gazetteer && removed < SWEPT) {
    code = QM_RUN(tx, GEONAMES_REMOVE, QM_I(gazetteer), QM_I(SWEPT - removed));
    removed += code ? 0 : qm_db_changes(tx->db);
    if (!code && removed < SWEPT)
      code = QM_RUN(tx, GAZETTEER_FORGET, QM_I(gazetteer));
    if (!code)
      code = next_gone(tx, &gazetteer);
  }
  tx->verdict->value = removed;
  return code;
}
