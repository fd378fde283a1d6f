/* env.c: the environment as a whole, and the plain functions in it. See env.h. */
#include "env.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char TEMPLATE[] = "quartermaster.template";

/* Text that is longer is no number that anyone writes. */
enum { NUMERAL_MAX = 200, HEX_DIGITS_MAX = 13 };

size_t qm_env_format(double value, char out[QM_NUMBER_TEXT]) {
  if (isnan(value))
    return (size_t)snprintf(out, QM_NUMBER_TEXT, "nan");
  if (isinf(value))
    return (size_t)snprintf(out, QM_NUMBER_TEXT, value > 0 ? "inf" : "-inf");
  if (value == 0)
    value = 0; /* not "-0" */
  bool whole = value == floor(value) && fabs(value) <= 9007199254740992.0;
  return (size_t)snprintf(out, QM_NUMBER_TEXT, whole ? "%.0f" : "%.14g", value);
}

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* The value of a digit in bases up to 36; 36 for anything else. */
static int digit_value(char c) {
  if (is_digit(c))
    return c - '0';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 36;
}

/* Cuts the white space at both ends and one minus sign. */
static bool trim(const char **text, size_t *length) {
  while (*length > 0 && is_space((*text)[*length - 1]))
    --*length;
  while (*length > 0 && is_space(**text))
    ++*text, --*length;
  bool negative = *length > 0 && **text == '-';
  if (negative)
    ++*text, --*length;
  return negative;
}

/* Digits, with at most one point and then at most one exponent. */
static bool is_decimal(const char *text, size_t length) {
  size_t i = 0, digits = 0;
  for (; i < length && is_digit(text[i]); i++)
    digits++;
  if (i < length && text[i] == '.')
    for (i++; i < length && is_digit(text[i]); i++)
      digits++;
  if (digits > 0 && i < length && (text[i] | 0x20) == 'e') {
    i += i + 1 < length && (text[i + 1] == '+' || text[i + 1] == '-') ? 2 : 1;
    for (digits = 0; i < length && is_digit(text[i]); i++)
      digits++;
  }
  return digits > 0 && i == length;
}

static bool is_hexadecimal(const char *text, size_t length) {
  if (length < 3 || length > HEX_DIGITS_MAX + 2 || text[0] != '0' || (text[1] | 0x20) != 'x')
    return false;
  for (size_t i = 2; i < length; i++)
    if (digit_value(text[i]) >= 16)
      return false;
  return true;
}

bool qm_env_parse(lua_State *L, int index, double *out) {
  size_t length;
  const char *text = lua_tolstring(L, index, &length);
  if (length > NUMERAL_MAX)
    return false;
  trim(&text, &length);
  if (!is_decimal(text, length) && !is_hexadecimal(text, length))
    return false;
  *out = (double)lua_tonumber(L, index);
  return true;
}

const char *qm_env_text(lua_State *L, int argument, size_t *length) {
  if (lua_type(L, argument) == LUA_TNUMBER) {
    char text[QM_NUMBER_TEXT];
    lua_pushlstring(L, text, qm_env_format((double)lua_tonumber(L, argument), text));
    lua_replace(L, argument);
  }
  luaL_checktype(L, argument, LUA_TSTRING);
  return lua_tolstring(L, argument, length);
}

int64_t qm_env_whole(lua_State *L, int argument) {
  double value = (double)luaL_checknumber(L, argument);
  if (!(fabs(value) <= 9007199254740992.0) || value != floor(value))
    luaL_argerror(L, argument, "a whole number is needed");
  return (int64_t)value;
}

int64_t qm_env_whole_or(lua_State *L, int argument, int64_t otherwise) {
  return lua_isnoneornil(L, argument) ? otherwise : qm_env_whole(L, argument);
}

static int base_assert(lua_State *L) {
  luaL_checkany(L, 1);
  if (lua_toboolean(L, 1))
    return lua_gettop(L);
  if (lua_gettop(L) < 2)
    lua_pushliteral(L, "assertion failed!");
  lua_settop(L, 2);
  return lua_error(L);
}

static int base_error(lua_State *L) {
  int64_t level = qm_env_whole_or(L, 2, 1);
  lua_settop(L, 1);
  if (lua_type(L, 1) == LUA_TSTRING && level > 0 && level <= 100) {
    luaL_where(L, (int)level);
    lua_pushvalue(L, 1);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

static int next_index(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  int64_t i = qm_env_whole(L, 2) + 1;
  if (i < 1 || i > INT32_MAX)
    return 0;
  lua_pushinteger(L, (lua_Integer)i);
  lua_rawgeti(L, 1, (int)i);
  return lua_isnil(L, -1) ? 1 : 2;
}

static int base_ipairs(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_pushcfunction(L, next_index);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 0);
  return 3;
}

/* The iterator of pairs. Upvalues: the table, its sorted keys, the position. What was removed since
 * is skipped, what was added is not seen. */
static int next_key(lua_State *L) {
  int position = (int)lua_tointeger(L, lua_upvalueindex(3));
  for (;;) {
    lua_rawgeti(L, lua_upvalueindex(2), ++position);
    if (lua_isnil(L, -1))
      return 1;
    qm_meter_charge(L, 4); /* one call may skip thousands */
    lua_pushvalue(L, -1);
    lua_rawget(L, lua_upvalueindex(1));
    if (!lua_isnil(L, -1))
      break;
    lua_pop(L, 2);
  }
  lua_pushinteger(L, position);
  lua_replace(L, lua_upvalueindex(3));
  return 2;
}

static int base_pairs(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_newtable(L);
  int n = 0;
  for (lua_pushnil(L); lua_next(L, 1) != 0; n++) {
    lua_pop(L, 1);
    int type = lua_type(L, -1);
    if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TBOOLEAN)
      return luaL_error(L, "pairs cannot order keys of type %s", lua_typename(L, type));
    if (n == QM_LIST_MAX)
      return luaL_error(L, "pairs takes at most %d keys", QM_LIST_MAX);
    lua_pushvalue(L, -1);
    lua_rawseti(L, 2, n + 1);
  }
  qm_meter_charge(L, 32 + (size_t)n * 4); /* an emptied table still has all its slots */
  qm_env_sort(L, 2, n, QM_ORDER_KEY);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, next_key, 3);
  return 1;
}

static int base_select(lua_State *L) {
  int n = lua_gettop(L);
  if (lua_type(L, 1) == LUA_TSTRING && *lua_tostring(L, 1) == '#') {
    lua_pushinteger(L, n - 1);
    return 1;
  }
  int64_t i = qm_env_whole(L, 1);
  if (i < 0)
    i += n;
  if (i < 1)
    return luaL_argerror(L, 1, "index out of range");
  return i >= n ? 0 : n - (int)i;
}

/* tonumber with a base: digits and letters, nothing else. */
static bool parse_base(lua_State *L, int64_t base, double *out) {
  size_t length;
  luaL_checktype(L, 1, LUA_TSTRING);
  const char *text = lua_tolstring(L, 1, &length);
  bool negative = trim(&text, &length);
  if (length == 0 || length > NUMERAL_MAX)
    return false;
  double value = 0;
  for (size_t i = 0; i < length; i++) {
    if (digit_value(text[i]) >= base)
      return false;
    value = value * (double)base + digit_value(text[i]);
  }
  *out = negative ? -value : value;
  return true;
}

static int base_tonumber(lua_State *L) {
  double value = 0;
  bool found;
  luaL_checkany(L, 1);
  if (!lua_isnoneornil(L, 2)) {
    int64_t base = qm_env_whole(L, 2);
    luaL_argcheck(L, base >= 2 && base <= 36, 2, "base out of range");
    found = parse_base(L, base, &value);
  } else if (lua_type(L, 1) == LUA_TNUMBER) {
    value = (double)lua_tonumber(L, 1);
    found = true;
  } else {
    found = lua_type(L, 1) == LUA_TSTRING && qm_env_parse(L, 1, &value);
  }
  if (found)
    lua_pushnumber(L, (lua_Number)value);
  else
    lua_pushnil(L);
  return 1;
}

/* Never an address: addresses tell an attacker where the host's memory is. */
static int base_tostring(lua_State *L) {
  luaL_checkany(L, 1);
  size_t length;
  switch (lua_type(L, 1)) {
  case LUA_TNUMBER:
    qm_env_text(L, 1, &length);
    lua_pushvalue(L, 1);
    break;
  case LUA_TSTRING:
    lua_pushvalue(L, 1);
    break;
  case LUA_TBOOLEAN:
    lua_pushstring(L, lua_toboolean(L, 1) ? "true" : "false");
    break;
  default:
    lua_pushstring(L, luaL_typename(L, 1));
  }
  return 1;
}

static int base_type(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushstring(L, luaL_typename(L, 1));
  return 1;
}

const luaL_Reg QM_ENV_BASE[] = {
    {"assert", base_assert},     {"error", base_error},   {"ipairs", base_ipairs},
    {"pairs", base_pairs},       {"select", base_select}, {"tonumber", base_tonumber},
    {"tostring", base_tostring}, {"type", base_type},     {NULL, NULL},
};

/* "10" + 1: LuaJIT does this itself, Lua 5.4 asks the string metatable. The operator is upvalue 1.
 */
static int text_arithmetic(lua_State *L) {
  double operand[2];
  for (int i = 0; i < 2; i++) {
    int type = lua_type(L, i + 1);
    operand[i] = type == LUA_TNUMBER ? (double)lua_tonumber(L, i + 1) : 0;
    if (type != LUA_TNUMBER && (type != LUA_TSTRING || !qm_env_parse(L, i + 1, &operand[i])))
      return luaL_error(L, "attempt to perform arithmetic on a %s value", lua_typename(L, type));
  }
  double a = operand[0], b = operand[1], result = 0;
  switch (*lua_tostring(L, lua_upvalueindex(1))) {
  case '+':
    result = a + b;
    break;
  case '-':
    result = a - b;
    break;
  case '*':
    result = a * b;
    break;
  case '/':
    result = a / b;
    break;
  case '%':
    result = a - floor(a / b) * b;
    break;
  case '^':
    result = pow(a, b);
    break;
  default:
    result = -a;
  }
  lua_pushnumber(L, (lua_Number)result);
  return 1;
}

/* The template is on top of the stack. */
static void set_string_metatable(lua_State *L) {
  static const char *const operators[][2] = {{"__add", "+"}, {"__sub", "-"}, {"__mul", "*"},
                                             {"__div", "/"}, {"__mod", "%"}, {"__pow", "^"},
                                             {"__unm", "n"}};
  lua_getfield(L, -1, "string");
  lua_pushliteral(L, "");
  lua_newtable(L);
  /* The template's own `string`: scripts get copies, so none can change it. */
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
    lua_pushstring(L, operators[i][1]);
    lua_pushcclosure(L, text_arithmetic, 1);
    lua_setfield(L, -2, operators[i][0]);
  }
  lua_setmetatable(L, -2);
  lua_pop(L, 2);
}

void qm_env_prepare(lua_State *L) {
  static const struct {
    const char *name;
    const luaL_Reg *functions;
  } libraries[] = {{"math", QM_ENV_MATH}, {"string", QM_ENV_STRING}, {"table", QM_ENV_TABLE}};
  lua_newtable(L);
  luaL_setfuncs(L, QM_ENV_BASE, 0);
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
    lua_newtable(L);
    luaL_setfuncs(L, libraries[i].functions, 0);
    if (libraries[i].functions == QM_ENV_MATH) {
      lua_pushnumber(L, (lua_Number)HUGE_VAL);
      lua_setfield(L, -2, "huge");
      lua_pushnumber(L, (lua_Number)3.141592653589793238);
      lua_setfield(L, -2, "pi");
    }
    lua_setfield(L, -2, libraries[i].name);
  }
  set_string_metatable(L);
  lua_setfield(L, LUA_REGISTRYINDEX, TEMPLATE);
}

/* Pushes a copy of the table on top; the tables in it, which hold no tables, are copied too. */
static void push_copy(lua_State *L, bool nested) {
  int source = lua_gettop(L);
  lua_createtable(L, 0, 16);
  for (lua_pushnil(L); lua_next(L, source) != 0;) {
    if (nested && lua_istable(L, -1)) {
      push_copy(L, false);
      lua_remove(L, -2);
    }
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, source + 1);
  }
}

void qm_env_push(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, TEMPLATE);
  push_copy(L, true);
  lua_remove(L, -2);
}
