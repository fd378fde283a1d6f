/* point.c: places on the globe, as tables with a latitude and a longitude. */
#include "binding.h"

static bool raw_number(lua_State *L, int index, const char *key, double *number) {
  lua_pushstring(L, key);
  lua_rawget(L, index);
  bool has = !lua_isnil(L, -1);
  *number = has ? (double)luaL_checknumber(L, -1) : 0;
  lua_pop(L, 1);
  return has;
}

static void add(lua_State *L, qm_refusal *refusal, qm_problem_kind kind, qm_str name) {
  qm_problem problem = {.kind = kind, .row = -1};
  qm_refusal_add(L, refusal, NULL, &problem, name);
}

qm_point qm_read_point(lua_State *L, int index, qm_str name, qm_refusal *refusal) {
  qm_point point;
  luaL_checktype(L, index, LUA_TTABLE);
  bool has_latitude = raw_number(L, index, "latitude", &point.latitude);
  bool has_longitude = raw_number(L, index, "longitude", &point.longitude);
  if (has_latitude && !qm_latitude_fine(point.latitude))
    add(L, refusal, QM_P_LATITUDE_BAD, name);
  if (has_longitude && !qm_longitude_fine(point.longitude))
    add(L, refusal, QM_P_LONGITUDE_BAD, name);
  if (has_latitude != has_longitude)
    add(L, refusal, has_latitude ? QM_P_LONGITUDE_MISSING : QM_P_LATITUDE_MISSING, name);
  point.known = has_latitude && has_longitude;
  return point;
}

/* distance(from, to) -> metres, or nil, message, code, detail */
int qm_l_distance(lua_State *L) {
  static const qm_str names[] = {{"from", 4}, {"to", 2}};
  qm_point points[2];
  qm_refusal refusal;
  lua_settop(L, 2);
  qm_refusal_start(L, &refusal);
  for (int i = 0; i < 2; i++) {
    int known = refusal.count;
    points[i] = qm_read_point(L, i + 1, names[i], &refusal);
    if (points[i].known || refusal.count > known)
      continue;
    add(L, &refusal, QM_P_LATITUDE_MISSING, names[i]);
    add(L, &refusal, QM_P_LONGITUDE_MISSING, names[i]);
  }
  if (refusal.count > 0)
    return qm_push_refusal(L, &refusal);
  qm_push_int(L, qm_distance_m(points[0], points[1]));
  return 1;
}
