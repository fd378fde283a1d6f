/* select_costs.c: at what cost and on which terms sources are chosen. Tables are read raw, so that
 * no metamethod runs in the middle. */
#include "selecting.h"

#include <string.h>

/* What a shipment costs, with each kilometre, and what a unit in it does. */
typedef struct rates {
  int64_t shipment, unit, shipment_far, unit_far; /* far: for 1000 km */
} rates;

static bool raw_field(lua_State *L, int index, const char *key) {
  lua_pushstring(L, key);
  lua_rawget(L, index);
  return !lua_isnil(L, -1);
}

/* An amount of money, in 1/10000; `absent` when the table has none. */
static int64_t read_money(lua_State *L, qm_selecting *s, int index, const char *key,
                          int64_t absent) {
  qm_qty amount = absent;
  qm_problem_kind problem;
  if (raw_field(L, index, key) &&
      (!qm_to_qty(L, -1, "select", key, &amount, &problem) || amount < 0 || amount > QM_COST_MAX)) {
    qm_selecting_refuse(L, s, QM_P_COST_BAD, (qm_str){key, strlen(key)});
    amount = 0;
  }
  lua_pop(L, 1);
  return amount;
}

static rates read_rates(lua_State *L, qm_selecting *s, int index, const rates *absent) {
  return (rates){
      .shipment = read_money(L, s, index, "shipment", absent->shipment),
      .unit = read_money(L, s, index, "unit", absent->unit),
      .shipment_far = read_money(L, s, index, "shipment_1000km", absent->shipment_far),
      .unit_far = read_money(L, s, index, "unit_1000km", absent->unit_far),
  };
}

/* ---- terms ---- */

static bool raw_flag(lua_State *L, int index, const char *key) {
  bool flag = raw_field(L, index, key) && lua_toboolean(L, -1);
  lua_pop(L, 1);
  return flag;
}

static bool is_word(lua_State *L, int index, const char *key, const char *word) {
  bool is = raw_field(L, index, key) && lua_type(L, -1) == LUA_TSTRING &&
            strcmp(lua_tostring(L, -1), word) == 0;
  lua_pop(L, 1);
  return is;
}

/* False: the table has none. */
static bool read_quantity(lua_State *L, qm_selecting *s, int index, const char *key, qm_qty *qty) {
  qm_problem_kind problem = QM_P_QTY_NEGATIVE;
  bool has = raw_field(L, index, key);
  if (has && (!qm_to_qty(L, -1, "select", key, qty, &problem) || *qty < 0))
    qm_selecting_refuse(L, s, problem, (qm_str){NULL, 0});
  lua_pop(L, 1);
  return has;
}

static void read_term(lua_State *L, qm_selecting *s, int term, size_t source, qm_qty *capacity) {
  luaL_checktype(L, term, LUA_TTABLE);
  s->excluded[source] = is_word(L, term, "use", "never");
  s->late[source] = raw_flag(L, term, "late");
  s->open[source] = is_word(L, term, "use", "anyway");
  read_quantity(L, s, term, "safety", &s->safety[source]);
  if (read_quantity(L, s, term, "capacity", &capacity[source]))
    s->capacity = capacity;
}

void qm_selecting_read_terms(lua_State *L, qm_selecting *s, int options) {
  size_t count = s->supply.source_count;
  s->excluded = qm_block_push(L, count, sizeof *s->excluded);
  s->late = qm_block_push(L, count, sizeof *s->late);
  s->open = qm_block_push(L, count, sizeof *s->open);
  s->safety = qm_block_push(L, count, sizeof *s->safety);
  qm_qty *capacity = qm_block_push(L, count, sizeof *capacity);
  for (size_t i = 0; i < count; i++)
    capacity[i] = QM_QTY_MAX;
  if (!raw_field(L, options, "terms"))
    return;
  int terms = lua_gettop(L);
  luaL_checktype(L, terms, LUA_TTABLE);
  for (lua_pushnil(L); lua_next(L, terms); lua_pop(L, 1)) {
    size_t source;
    qm_str code = {"", 0};
    if (lua_type(L, -2) == LUA_TSTRING)
      code.p = lua_tolstring(L, -2, &code.n);
    if (qm_selecting_find(s, code, &source))
      read_term(L, s, lua_gettop(L), source, capacity);
    else
      qm_selecting_refuse(L, s, QM_P_TERMS_LINK, code);
  }
}

/* ---- costs ---- */

/* Sources at an unknown distance are as far as the farthest of the others. */
static int64_t metres_to(const qm_selecting *s, size_t source) {
  int64_t far = 0;
  if (!s->request.metres)
    return 0;
  if (s->request.metres[source] != QM_FAR_UNKNOWN)
    return s->request.metres[source];
  for (size_t i = 0; i < s->supply.source_count; i++)
    if (s->request.metres[i] != QM_FAR_UNKNOWN && s->request.metres[i] > far)
      far = s->request.metres[i];
  return far;
}

static int64_t with_way(int64_t amount, int64_t far, int64_t metres) {
  return amount + (far * metres + 500000) / 1000000;
}

/* What lines say of the costs of their units goes before what sources do. */
static void read_unit_costs(lua_State *L, qm_selecting *s, int lines, int64_t *unit) {
  size_t count = s->supply.source_count;
  const qm_out *out = qm_store_out(s->handle->store);
  for (size_t i = 1; i < s->request.line_count; i++)
    memcpy(&unit[i * count], unit, count * sizeof *unit);
  for (size_t i = 0; i < s->request.line_count; i++) {
    lua_rawgeti(L, lines, (int)i + 1);
    if (raw_field(L, lua_gettop(L), "costs")) {
      int costs = lua_gettop(L);
      luaL_checktype(L, costs, LUA_TTABLE);
      for (size_t source = 0; source < count; source++) {
        qm_str code = qm_out_str(out, s->supply.places[source].code);
        lua_pushlstring(L, code.p, code.n);
        unit[i * count + source] =
            read_money(L, s, costs, lua_tostring(L, -1), unit[i * count + source]);
        lua_pop(L, 1);
      }
    }
    lua_pop(L, 2);
  }
}

static void read_rates_of(lua_State *L, qm_selecting *s, int options, const rates *general,
                          int64_t *shipment, int64_t *unit) {
  const qm_out *out = qm_store_out(s->handle->store);
  bool any = raw_field(L, options, "terms");
  int terms = lua_gettop(L);
  for (size_t i = 0; i < s->supply.source_count; i++) {
    rates own = *general;
    int64_t metres = metres_to(s, i);
    if (any) {
      qm_str code = qm_out_str(out, s->supply.places[i].code);
      lua_pushlstring(L, code.p, code.n);
      lua_rawget(L, terms);
      if (!lua_isnil(L, -1))
        own = read_rates(L, s, lua_gettop(L), general);
      lua_pop(L, 1);
    }
    shipment[i] = with_way(own.shipment, own.shipment_far, metres);
    unit[i] = with_way(own.unit, own.unit_far, metres);
  }
  lua_pop(L, 1);
}

static void read_limits(lua_State *L, qm_selecting *s, int options) {
  size_t anyway = 0;
  for (size_t i = 0; i < s->request.wanted; i++)
    anyway += s->open[s->request.sources[i]];
  s->costs.most = s->request.wanted;
  if (raw_field(L, options, "max_sources")) {
    lua_Number most = luaL_checknumber(L, -1);
    if (most < 1 || most < (lua_Number)anyway)
      qm_selecting_refuse(L, s, QM_P_MAX_SOURCES, (qm_str){NULL, 0});
    else if (most < (lua_Number)s->costs.most)
      s->costs.most = (size_t)most;
  }
  s->costs.budget = qm_network_budget(s->request.line_count, s->request.wanted);
  if (raw_field(L, options, "budget"))
    s->costs.budget = (uint64_t)luaL_checknumber(L, -1);
  s->whole = raw_flag(L, options, "whole");
  lua_pop(L, 2);
}

void qm_selecting_read_costs(lua_State *L, qm_selecting *s, int lines, int options) {
  rates general = {0, 0, 0, 0};
  size_t count = s->supply.source_count;
  int64_t missing = -1;
  read_limits(L, s, options);
  bool has_costs = raw_field(L, options, "costs");
  s->priced = s->algorithm->proven || has_costs;
  if (!s->priced)
    return;
  if (has_costs) {
    int costs = lua_gettop(L);
    luaL_checktype(L, costs, LUA_TTABLE);
    general = read_rates(L, s, costs, &general);
    missing = read_money(L, s, costs, "missing", -1);
  }
  int64_t *shipment = qm_block_push(L, count, sizeof *shipment);
  int64_t *unit = qm_block_push(L, s->request.line_count * count, sizeof *unit);
  read_rates_of(L, s, options, &general, shipment, unit);
  read_unit_costs(L, s, lines, unit);
  s->costs.shipment = shipment;
  s->costs.unit = unit;
  s->costs.missing = s->whole ? -1 : missing; /* nothing is left out for its price then */
  s->costs.open = s->open;
  s->costs.capacity = s->capacity;
  s->request.costs = &s->costs;
  s->request.certificate = &s->certificate;
  s->request.product_count = s->product_count;
}
