/* select_distance.c: how far the sources are: as the request says, or else by where they and the
 * destination are. */
#include <math.h>

#include "locate.h"
#include "selecting.h"

static void raw_field(lua_State *L, int index, const char *key) {
  lua_pushstring(L, key);
  lua_rawget(L, index);
}

void qm_selecting_destination(lua_State *L, qm_selecting *s, int options) {
  static const qm_str name = {"destination", 11}, none = {NULL, 0};
  raw_field(L, options, "distances");
  s->wants.measured = !lua_isnil(L, -1);
  raw_field(L, options, "asked");
  bool asked = lua_toboolean(L, -1);
  lua_pop(L, 2);
  bool needed = asked || (s->algorithm && s->algorithm->by_distance && !s->wants.measured);
  raw_field(L, options, "destination");
  if (!lua_isnil(L, -1)) {
    s->wants.destination = qm_read_point(L, lua_gettop(L), name, &s->refusal);
    s->wants.address = qm_read_address(L, lua_gettop(L));
  } else if (needed) {
    qm_selecting_refuse(L, s, QM_P_NO_DESTINATION, none);
  }
}

static void refuse(lua_State *L, qm_selecting *s, qm_problem_kind kind, bool named,
                   qm_str subject) {
  qm_problem problem = {.kind = kind, .row = -1};
  problem.field = named ? QM_FIELD_distances : QM_FIELD_distance;
  qm_refusal_add(L, &s->refusal, s->handle, &problem, subject);
}

/* One of the list { source, km } is on top of the stack. A source that the request did not name
 * itself may be gone by now. */
static void read_distance(lua_State *L, qm_selecting *s, int64_t *metres, bool named) {
  const double most = 1e9;
  int entry = lua_gettop(L);
  size_t source;
  qm_str code;
  raw_field(L, entry, "source");
  code.p = luaL_checklstring(L, -1, &code.n);
  raw_field(L, entry, "km");
  double km = (double)luaL_checknumber(L, -1);
  if (!(km >= 0 && km <= most))
    refuse(L, s, QM_P_DISTANCE_BAD, named, code);
  else if (qm_selecting_find(s, code, &source))
    metres[source] = llround(km * 1000);
  else if (named)
    refuse(L, s, QM_P_NO_LINK, named, code);
  lua_settop(L, entry);
}

void qm_selecting_measure(lua_State *L, qm_selecting *s, int options) {
  if (!s->wants.measured && !s->supply.destination.at.known)
    return;
  size_t count = s->supply.source_count;
  int64_t *metres = qm_block_push(L, count, sizeof *metres);
  s->request.metres = metres;
  for (size_t i = 0; i < count; i++)
    metres[i] = s->wants.measured ? QM_FAR_UNKNOWN
                                  : qm_distance_m(s->supply.places[i].at, s->supply.destination.at);
  if (!s->wants.measured)
    return;
  raw_field(L, options, "asked"); /* what a function was asked for */
  bool named = !lua_toboolean(L, -1);
  raw_field(L, options, "distances");
  luaL_checktype(L, -1, LUA_TTABLE);
  int list = lua_gettop(L);
  for (size_t i = 0; i < lua_rawlen(L, list); i++) {
    lua_rawgeti(L, list, (int)i + 1);
    luaL_checktype(L, -1, LUA_TTABLE);
    read_distance(L, s, metres, named);
    lua_pop(L, 1);
  }
}
