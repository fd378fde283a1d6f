/* exact.c: problems of the exact search as they are, for proofs: without a store, a request or a
 * limit on sources. */
#include "binding.h"

#include <math.h>

#include "../core/select/exact.h"
#include "../core/select/network.h"

static double *push_numbers(lua_State *L, const char *key, size_t count, double least) {
  double *list = lua_newuserdatauv(L, (count + 1) * sizeof *list, 0);
  lua_getfield(L, 1, key);
  luaL_checktype(L, -1, LUA_TTABLE);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, -1, (int)i + 1);
    list[i] = (double)luaL_checknumber(L, -1);
    if (!(list[i] >= least && list[i] < QM_EXACT_MAX && floor(list[i]) == list[i]))
      luaL_error(L, "exact: %s must have whole numbers that are not too large", key);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return list;
}

static size_t count_of(lua_State *L, const char *key) {
  lua_getfield(L, 1, key);
  luaL_checktype(L, -1, LUA_TTABLE);
  size_t count = lua_rawlen(L, -1);
  lua_pop(L, 1);
  return count;
}

static uint64_t budget_of(lua_State *L) {
  lua_getfield(L, 1, "budget");
  double budget = (double)luaL_optnumber(L, -1, (lua_Number)QM_STEPS_STANDARD);
  lua_pop(L, 1);
  return budget >= 1 && budget < 1e18 ? (uint64_t)budget : QM_STEPS_STANDARD;
}

static void set_number(lua_State *L, const char *key, double value) {
  lua_pushnumber(L, (lua_Number)value);
  lua_setfield(L, -2, key);
}

/* exact{ want, fixed, have, cost, budget } -> { cost, bound, optimal, steps, open }: lists by item,
 * by source, and by item and then source; all of every item is to be sent, and must be there. */
int qm_l_exact(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  size_t items = count_of(L, "want"), sources = count_of(L, "fixed");
  double *want = push_numbers(L, "want", items, 1), *fixed = push_numbers(L, "fixed", sources, 0);
  double *have = push_numbers(L, "have", items * sources, 0);
  double *cost = push_numbers(L, "cost", items * sources, 0);
  double *missing = lua_newuserdatauv(L, (items + 1) * sizeof *missing, 0);
  double *sent = lua_newuserdatauv(L, (items * sources + 1) * sizeof *sent, 0);
  unsigned char *state = lua_newuserdatauv(L, sources + 1, 0);
  bool *open = lua_newuserdatauv(L, sources + 1, 0);
  for (size_t i = 0; i < items; i++)
    missing[i] = INFINITY;
  for (size_t i = 0; i < sources; i++)
    state[i] = QM_SOURCE_FREE;
  for (size_t i = 0; i < items * sources; i++)
    have[i] = fmin(have[i], want[i / sources]);
  qm_exact problem = {.item_count = items,
                      .source_count = sources,
                      .want = want,
                      .have = have,
                      .cost = cost,
                      .missing = missing,
                      .fixed = fixed,
                      .state = state,
                      .most = sources,
                      .budget = budget_of(L),
                      .scratch = lua_newuserdatauv(L, qm_exact_scratch(items, sources, 0) + 1, 0)};
  qm_exact_plan plan = {.open = open, .sent = sent};
  qm_exact_solve(&problem, &plan);
  lua_createtable(L, 0, 5);
  set_number(L, "cost", plan.cost);
  set_number(L, "bound", plan.bound);
  set_number(L, "steps", (double)plan.steps);
  lua_pushboolean(L, plan.optimal);
  lua_setfield(L, -2, "optimal");
  lua_newtable(L);
  for (size_t i = 0, count = 0; i < sources; i++)
    if (open[i]) {
      qm_push_int(L, (int64_t)i + 1);
      lua_rawseti(L, -2, (int)++count);
    }
  lua_setfield(L, -2, "open");
  return 1;
}
