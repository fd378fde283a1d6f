/* locate.c: where addresses are, for Lua. */
#include "binding.h"

#include "locate.h"

static qm_str text_field(lua_State *L, int index, const char *key) {
  qm_str text;
  lua_pushstring(L, key);
  lua_rawget(L, index);
  text.p = luaL_optlstring(L, -1, NULL, &text.n);
  return text;
}

qm_address qm_read_address(lua_State *L, int index) {
  qm_address address;
  luaL_checkstack(L, 8, "too many nested tables");
  address.country = text_field(L, index, "country");
  address.postcode = text_field(L, index, "postcode");
  address.city = text_field(L, index, "city");
  address.region = text_field(L, index, "region");
  return address;
}

void qm_push_location(lua_State *L, const qm_location *location) {
  static const char *const words[] = {[QM_LOCATED_NOT] = "",
                                      [QM_LOCATED_BY_COORDINATES] = "coordinates",
                                      [QM_LOCATED_BY_POSTCODE] = "postcode",
                                      [QM_LOCATED_BY_CITY] = "city",
                                      [QM_LOCATED_BY_REGION] = "region"};
  lua_createtable(L, 0, 3);
  lua_pushnumber(L, (lua_Number)location->at.latitude);
  lua_setfield(L, -2, "latitude");
  lua_pushnumber(L, (lua_Number)location->at.longitude);
  lua_setfield(L, -2, "longitude");
  lua_pushstring(L, words[location->by]);
  lua_setfield(L, -2, "by");
}

/* locate(store, destination) -> { latitude, longitude, by }, false when nobody knows, or nil, ...
 * `by` its coordinates, if it has any. */
int qm_l_locate(lua_State *L) {
  enum { STORE = 1, DESTINATION };
  static const qm_str name = {"destination", 11};
  qm_handle *handle = qm_check_handle(L, STORE);
  qm_location location = {.by = QM_LOCATED_BY_COORDINATES};
  qm_refusal refusal;
  qm_err err = {0};
  luaL_checktype(L, DESTINATION, LUA_TTABLE);
  qm_refusal_start(L, &refusal);
  location.at = qm_read_point(L, DESTINATION, name, &refusal);
  if (refusal.count > 0)
    return qm_push_refusal(L, &refusal);
  qm_address address = qm_read_address(L, DESTINATION);
  if (!location.at.known &&
      qm_store_locate(handle->store, &address, &location, NULL, &err) != QM_OK)
    return qm_push_failure(L, &err);
  if (location.at.known)
    qm_push_location(L, &location);
  else
    lua_pushboolean(L, 0);
  return 1;
}

static bool says_nothing(const qm_address *address) {
  const qm_str texts[] = {address->postcode, address->city, address->region};
  qm_geo_key key;
  for (int i = 0; i < QM_GEO_KEYS; i++) {
    qm_geo_key_of((qm_geo_column)i, texts[i], &key);
    if (key.n > 0 || texts[i].n > sizeof key.text)
      return false;
  }
  return true;
}

/* find_place(store, address) -> { latitude, longitude, by }, or nil, ... */
int qm_l_find_place(lua_State *L) {
  enum { STORE = 1, ADDRESS };
  qm_handle *handle = qm_check_handle(L, STORE);
  static const qm_str none = {NULL, 0};
  char key[QM_COUNTRY_TEXT];
  qm_problem problem = {.row = -1};
  qm_location location;
  qm_refusal refusal;
  qm_err err = {0};
  bool known;
  luaL_checktype(L, ADDRESS, LUA_TTABLE);
  qm_address address = qm_read_address(L, ADDRESS);
  qm_refusal_start(L, &refusal);
  bool named = address.country.p && qm_country_key(address.country, key);
  problem.kind = address.country.n > 0 ? QM_P_COUNTRY_BAD : QM_P_COUNTRY_EMPTY;
  if (!named)
    qm_refusal_add(L, &refusal, NULL, &problem, address.country);
  problem.kind = QM_P_ADDRESS_EMPTY;
  if (says_nothing(&address))
    qm_refusal_add(L, &refusal, NULL, &problem, none);
  if (refusal.count > 0)
    return qm_push_refusal(L, &refusal);
  if (qm_store_locate(handle->store, &address, &location, &known, &err) != QM_OK)
    return qm_push_failure(L, &err);
  if (!location.at.known)
    return qm_push_problem(L, known ? QM_P_NO_PLACE : QM_P_NO_PLACES, (qm_str){key, sizeof key});
  qm_push_location(L, &location);
  return 1;
}
