/* locate.c: where addresses are, by the places that were imported. */
#include "tx.h"

#include <string.h>

static qm_code in_force(qm_tx *tx, qm_str country, int64_t *gazetteer) {
  char key[QM_COUNTRY_TEXT];
  bool found;
  *gazetteer = 0;
  if (!country.p || !qm_country_key(country, key))
    return QM_OK;
  qm_code code = QM_FIRST(tx, GAZETTEER_IN_FORCE, &found, QM_T(((qm_str){key, sizeof key})));
  if (code || !found)
    return code;
  *gazetteer = QM_COL_INT(tx, GAZETTEER_IN_FORCE, 0);
  QM_END(tx, GAZETTEER_IN_FORCE);
  return QM_OK;
}

static bool begins_with(qm_str text, const qm_geo_key *key) {
  return text.n >= key->n && memcmp(text.p, key->text, key->n) == 0;
}

/* The first place by one of the columns, whose key must at least begin with this one. */
static qm_code look_up(qm_tx *tx, qm_sql sql, int64_t gazetteer, const qm_geo_key *key,
                       qm_point *at) {
  qm_val values[] = {QM_I(gazetteer), QM_T(((qm_str){key->text, key->n}))};
  bool found;
  qm_code code = qm_db_first(tx->db, sql, values, 2, &found, tx->err);
  if (code || !found)
    return code;
  at->known = begins_with(qm_db_str(tx->db, sql, 2), key);
  at->latitude = at->known ? qm_db_real(tx->db, sql, 0) : 0;
  at->longitude = at->known ? qm_db_real(tx->db, sql, 1) : 0;
  qm_db_end(tx->db, sql);
  if (qm_latitude_fine(at->latitude) && qm_longitude_fine(at->longitude))
    return QM_OK;
  return qm_fail(tx->err, QM_CORRUPT, "the file is damaged: a postcode is not on earth");
}

static qm_code look_in(qm_tx *tx, int64_t gazetteer, const qm_address *address, qm_location *out) {
  static const struct {
    qm_sql sql;
    qm_located by;
  } steps[] = {{QM_SQL_GEONAME_BY_POSTCODE, QM_LOCATED_BY_POSTCODE},
               {QM_SQL_GEONAME_BY_CITY, QM_LOCATED_BY_CITY},
               {QM_SQL_GEONAME_BY_REGION, QM_LOCATED_BY_REGION}};
  const qm_str texts[] = {address->postcode, address->city, address->region};
  for (int i = 0; i < QM_GEO_KEYS; i++) {
    qm_geo_key key;
    qm_geo_key_of((qm_geo_column)i, texts[i], &key);
    if (key.n == 0)
      continue;
    qm_code code = look_up(tx, steps[i].sql, gazetteer, &key, &out->at);
    if (code)
      return code;
    if (out->at.known) {
      out->by = steps[i].by;
      return QM_OK;
    }
  }
  return QM_OK;
}

qm_code qm_locate(qm_tx *tx, const qm_address *address, qm_location *out) {
  int64_t gazetteer;
  *out = (qm_location){.by = QM_LOCATED_NOT};
  qm_code code = in_force(tx, address->country, &gazetteer);
  return code || !gazetteer ? code : look_in(tx, gazetteer, address, out);
}

qm_code qm_store_locate(qm_store *store, const qm_address *address, qm_location *out, bool *known,
                        qm_err *err) {
  qm_tx tx = {.store = store, .db = store->db, .err = err};
  int64_t gazetteer = 0;
  *out = (qm_location){.by = QM_LOCATED_NOT};
  qm_code code = qm_db_begin_read(store->db, err);
  if (code)
    return code;
  code = in_force(&tx, address->country, &gazetteer);
  if (!code && gazetteer)
    code = look_in(&tx, gazetteer, address, out);
  if (known)
    *known = gazetteer != 0;
  return qm_db_end_read(store->db, code, err);
}
