/* env_table.c: `table` over raw lists of bounded length, and the one sort behind it and pairs. */
#include "env.h"

#include <string.h>

static int list_length(lua_State *L, int argument) {
  luaL_checktype(L, argument, LUA_TTABLE);
  size_t n = lua_rawlen(L, argument);
  if (n > QM_LIST_MAX)
    return luaL_error(L, "lists of at most %d elements", QM_LIST_MAX);
  return (int)n;
}

/* Bytes decide, not the host's collation. */
static bool text_less(lua_State *L, int a, int b) {
  size_t a_length, b_length;
  const char *a_text = lua_tolstring(L, a, &a_length);
  const char *b_text = lua_tolstring(L, b, &b_length);
  size_t common = a_length < b_length ? a_length : b_length;
  qm_meter_charge(L, common / 64);
  int order = memcmp(a_text, b_text, common);
  return order != 0 ? order < 0 : a_length < b_length;
}

static int key_rank(int type) {
  return type == LUA_TNUMBER ? 0 : type == LUA_TSTRING ? 1 : 2;
}

/* Is the value at index a to be before the one at b? Indexes are absolute. */
static bool less(lua_State *L, int a, int b, int order) {
  qm_meter_charge(L, 4);
  if (order > 0) {
    lua_pushvalue(L, order);
    lua_pushvalue(L, a);
    lua_pushvalue(L, b);
    lua_call(L, 2, 1);
    bool result = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return result;
  }
  int a_type = lua_type(L, a), b_type = lua_type(L, b);
  if (order == QM_ORDER_KEY && a_type != b_type)
    return key_rank(a_type) < key_rank(b_type);
  if (a_type == LUA_TSTRING && b_type == LUA_TSTRING)
    return text_less(L, a, b);
  if (a_type == LUA_TNUMBER && b_type == LUA_TNUMBER)
    return lua_tonumber(L, a) < lua_tonumber(L, b);
  if (order == QM_ORDER_KEY)
    return !lua_toboolean(L, a) && lua_toboolean(L, b);
  luaL_error(L, "attempt to compare %s with %s", lua_typename(L, a_type), lua_typename(L, b_type));
  return false;
}

/* Merges from[low..middle) and from[middle..high) into `to`; positions count from 1. */
static void merge(lua_State *L, int from, int to, const int bounds[3], int order) {
  int left = bounds[0], right = bounds[1];
  for (int i = bounds[0]; i < bounds[2]; i++) {
    bool take_right = left == bounds[1];
    if (!take_right && right < bounds[2]) {
      lua_rawgeti(L, from, right);
      lua_rawgeti(L, from, left);
      take_right = less(L, lua_gettop(L) - 1, lua_gettop(L), order);
      lua_pop(L, 2);
    }
    lua_rawgeti(L, from, take_right ? right++ : left++);
    lua_rawseti(L, to, i);
  }
}

void qm_env_sort(lua_State *L, int list, int n, int order) {
  if (n < 2)
    return;
  /* Some hosts do not limit how deep C may call back into Lua; their C stack does. */
  qm_meter *meter = qm_meter_of(L);
  if (order > 0 && ++meter->depth > QM_NEST_MAX)
    luaL_error(L, "sorts nested too deeply");
  luaL_checkstack(L, 8, "sort");
  lua_createtable(L, n, 0);
  int from = list, to = lua_gettop(L);
  for (int width = 1; width < n; width *= 2) {
    for (int low = 1; low <= n; low += 2 * width) {
      int middle = low + width <= n ? low + width : n + 1;
      int high = middle + width <= n ? middle + width : n + 1;
      merge(L, from, to, (const int[3]){low, middle, high}, order);
    }
    int swapped = from;
    from = to;
    to = swapped;
  }
  for (int i = 1; from != list && i <= n; i++) {
    lua_rawgeti(L, from, i);
    lua_rawseti(L, list, i);
  }
  lua_pop(L, 1);
  meter->depth -= order > 0;
}

static int table_concat(lua_State *L) {
  size_t between = 0, total = 0;
  int n = list_length(L, 1);
  const char *separator = lua_isnoneornil(L, 2) ? "" : qm_env_text(L, 2, &between);
  int64_t first = qm_env_whole_or(L, 3, 1), last = qm_env_whole_or(L, 4, n);
  luaL_argcheck(L, first >= -QM_LIST_MAX, 3, "out of range");
  luaL_argcheck(L, last <= QM_LIST_MAX, 4, "out of range");
  luaL_Buffer result;
  luaL_buffinit(L, &result);
  for (int i = (int)first; first <= last && i <= (int)last; i++) {
    char text[QM_NUMBER_TEXT];
    size_t length = 0;
    if (i > (int)first)
      luaL_addlstring(&result, separator, between);
    lua_rawgeti(L, 1, i);
    int type = lua_type(L, -1);
    if (type == LUA_TNUMBER)
      length = qm_env_format((double)lua_tonumber(L, -1), text);
    else if (type == LUA_TSTRING)
      length = lua_rawlen(L, -1);
    else
      return luaL_error(L, "concat found a %s at index %d", lua_typename(L, type), i);
    total += length + between;
    if (total > QM_RESULT_MAX)
      return luaL_error(L, "concat builds at most %d bytes", QM_RESULT_MAX);
    qm_meter_charge(L, 4 + (length + between) / 32);
    if (type == LUA_TSTRING) {
      luaL_addvalue(&result);
    } else {
      lua_pop(L, 1);
      luaL_addlstring(&result, text, length);
    }
  }
  luaL_pushresult(&result);
  return 1;
}

static int table_insert(lua_State *L) {
  int arguments = lua_gettop(L);
  int n = list_length(L, 1);
  if (arguments != 2 && arguments != 3)
    return luaL_error(L, "insert takes a list, a position or none, and a value");
  int64_t position = arguments == 3 ? qm_env_whole(L, 2) : n + 1;
  if (position < 1 || position > n + 1)
    return luaL_argerror(L, 2, "position out of range");
  if (n == QM_LIST_MAX)
    return luaL_error(L, "lists of at most %d elements", QM_LIST_MAX);
  qm_meter_charge(L, 1 + (size_t)(n + 1 - (int)position) * 2);
  for (int i = n; i >= (int)position; i--) {
    lua_rawgeti(L, 1, i);
    lua_rawseti(L, 1, i + 1);
  }
  lua_rawseti(L, 1, (int)position);
  return 0;
}

static int table_remove(lua_State *L) {
  int n = list_length(L, 1);
  if (n == 0 && lua_isnoneornil(L, 2)) {
    lua_pushnil(L);
    return 1;
  }
  int64_t position = qm_env_whole_or(L, 2, n);
  if (position < 1 || position > n)
    return luaL_argerror(L, 2, "position out of range");
  qm_meter_charge(L, 1 + (size_t)(n - (int)position) * 2);
  lua_rawgeti(L, 1, (int)position);
  for (int i = (int)position; i < n; i++) {
    lua_rawgeti(L, 1, i + 1);
    lua_rawseti(L, 1, i);
  }
  lua_pushnil(L);
  lua_rawseti(L, 1, n);
  return 1;
}

static int table_sort(lua_State *L) {
  int n = list_length(L, 1);
  bool ordered = !lua_isnoneornil(L, 2);
  if (ordered)
    luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  qm_env_sort(L, 1, n, ordered ? 2 : QM_ORDER_VALUE);
  return 0;
}

static int table_unpack(lua_State *L) {
  int n = list_length(L, 1);
  int64_t first = qm_env_whole_or(L, 2, 1), last = qm_env_whole_or(L, 3, n);
  if (first > last)
    return 0;
  if (last - first >= QM_UNPACK_MAX || first < -QM_LIST_MAX || last > 2 * QM_LIST_MAX)
    return luaL_error(L, "unpack returns at most %d values", QM_UNPACK_MAX);
  int count = (int)(last - first) + 1;
  luaL_checkstack(L, count, "too many results");
  for (int i = 0; i < count; i++)
    lua_rawgeti(L, 1, (int)first + i);
  return count;
}

const luaL_Reg QM_ENV_TABLE[] = {
    {"concat", table_concat}, {"insert", table_insert}, {"remove", table_remove},
    {"sort", table_sort},     {"unpack", table_unpack}, {NULL, NULL},
};
