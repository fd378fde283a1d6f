/* env_math.c: `math`, as far as it is pure and the same on every host. Results are floats. */
#include "env.h"

#include <math.h>

static double number(lua_State *L, int argument) {
  return (double)luaL_checknumber(L, argument);
}

static int push(lua_State *L, double value) {
  lua_pushnumber(L, (lua_Number)value);
  return 1;
}

#define PLAIN(name, expression)                                                                    \
  static int math_##name(lua_State *L) {                                                           \
    double x = number(L, 1);                                                                       \
    return push(L, expression);                                                                    \
  }

static const double DEGREE = 3.141592653589793238 / 180.0;

PLAIN(abs, fabs(x))
PLAIN(acos, acos(x))
PLAIN(asin, asin(x))
PLAIN(ceil, ceil(x))
PLAIN(cos, cos(x))
PLAIN(deg, x / DEGREE)
PLAIN(exp, exp(x))
PLAIN(floor, floor(x))
PLAIN(rad, x *DEGREE)
PLAIN(sin, sin(x))
PLAIN(sqrt, sqrt(x))
PLAIN(tan, tan(x))

static int math_atan(lua_State *L) {
  double y = number(L, 1);
  return push(L, lua_isnoneornil(L, 2) ? atan(y) : atan2(y, number(L, 2)));
}

static int math_fmod(lua_State *L) {
  return push(L, fmod(number(L, 1), number(L, 2)));
}

static int math_log(lua_State *L) {
  double x = number(L, 1);
  if (lua_isnoneornil(L, 2))
    return push(L, log(x));
  double base = number(L, 2);
  if (base == 2.0)
    return push(L, log2(x));
  return push(L, base == 10.0 ? log10(x) : log(x) / log(base));
}

static int math_max(lua_State *L) {
  double best = number(L, 1);
  qm_meter_charge(L, (size_t)lua_gettop(L));
  for (int i = 2; i <= lua_gettop(L); i++)
    if (number(L, i) > best)
      best = number(L, i);
  return push(L, best);
}

static int math_min(lua_State *L) {
  double best = number(L, 1);
  qm_meter_charge(L, (size_t)lua_gettop(L));
  for (int i = 2; i <= lua_gettop(L); i++)
    if (number(L, i) < best)
      best = number(L, i);
  return push(L, best);
}

static int math_modf(lua_State *L) {
  double x = number(L, 1), whole = trunc(x);
  push(L, whole);
  return 1 + push(L, isinf(x) ? 0.0 : x - whole);
}

const luaL_Reg QM_ENV_MATH[] = {
    {"abs", math_abs},     {"acos", math_acos}, {"asin", math_asin}, {"atan", math_atan},
    {"ceil", math_ceil},   {"cos", math_cos},   {"deg", math_deg},   {"exp", math_exp},
    {"floor", math_floor}, {"fmod", math_fmod}, {"log", math_log},   {"max", math_max},
    {"min", math_min},     {"modf", math_modf}, {"rad", math_rad},   {"sin", math_sin},
    {"sqrt", math_sqrt},   {"tan", math_tan},   {NULL, NULL},
};
