/* env_string.c: `string` without patterns. Letters are the ASCII ones, whatever the host's locale.
 */
#include "env.h"

#include <string.h>

/* Work per byte, in units of an instruction: copying is cheap, a loop over bytes is not. */
static void charge_copy(lua_State *L, size_t bytes) {
  qm_meter_charge(L, 1 + bytes / 32);
}
static void charge_loop(lua_State *L, size_t bytes) {
  qm_meter_charge(L, 1 + bytes / 4);
}

/* Turns positions that may count from the end into a range within 1..length; false when empty. */
static bool range(int64_t *first, int64_t *last, size_t length) {
  int64_t n = (int64_t)length;
  if (*first < 0)
    *first += n + 1;
  if (*last < 0)
    *last += n + 1;
  if (*first < 1)
    *first = 1;
  if (*last > n)
    *last = n;
  return *first <= *last;
}

static int string_byte(lua_State *L) {
  size_t length;
  const char *text = qm_env_text(L, 1, &length);
  int64_t first = qm_env_whole_or(L, 2, 1), last = qm_env_whole_or(L, 3, first);
  if (!range(&first, &last, length))
    return 0;
  int n = (int)(last - first + 1);
  if (last - first >= QM_UNPACK_MAX)
    return luaL_error(L, "byte returns at most %d values", QM_UNPACK_MAX);
  luaL_checkstack(L, n, "too many results");
  for (int i = 0; i < n; i++)
    lua_pushinteger(L, (unsigned char)text[first - 1 + i]);
  return n;
}

static int string_char(lua_State *L) {
  char text[QM_UNPACK_MAX];
  int n = lua_gettop(L);
  if (n > QM_UNPACK_MAX)
    return luaL_error(L, "char takes at most %d values", QM_UNPACK_MAX);
  for (int i = 0; i < n; i++) {
    int64_t value = qm_env_whole(L, i + 1);
    luaL_argcheck(L, value >= 0 && value <= 255, i + 1, "value out of range");
    text[i] = (char)(unsigned char)value;
  }
  lua_pushlstring(L, text, (size_t)n);
  return 1;
}

/* Where the needle begins in the text, or -1: Knuth, Morris and Pratt's way, because the simple way
 * takes length times needle steps when the text is built for it. */
static int64_t search(const char *text, size_t length, const char *needle, size_t n) {
  uint16_t back[QM_NEEDLE_MAX + 1] = {0};
  for (size_t i = 1, k = 0; i < n; i++) {
    while (k > 0 && needle[i] != needle[k])
      k = back[k];
    k += needle[i] == needle[k];
    back[i + 1] = (uint16_t)k;
  }
  for (size_t i = 0, k = 0; i < length; i++) {
    while (k > 0 && text[i] != needle[k])
      k = back[k];
    k += text[i] == needle[k];
    if (k == n)
      return (int64_t)(i + 1 - n);
  }
  return -1;
}

/* Plain text only. A needle that would be a pattern in other Lua programs is refused unless the
 * fourth argument says that it is meant literally, so that no script is silently misread. */
static int string_find(lua_State *L) {
  size_t length, n;
  const char *text = qm_env_text(L, 1, &length);
  const char *needle = qm_env_text(L, 2, &n);
  int64_t first = qm_env_whole_or(L, 3, 1), last = (int64_t)length;
  luaL_argcheck(L, n <= QM_NEEDLE_MAX, 2, "too long to look for");
  if (!lua_toboolean(L, 4))
    for (size_t i = 0; i < n; i++)
      if (needle[i] != '\0' && strchr("^$*+?.([%-", needle[i]) != NULL)
        return luaL_error(L, "find knows no patterns: pass true as the fourth argument");
  range(&first, &last, length);
  if (first > (int64_t)length + 1) {
    lua_pushnil(L);
    return 1;
  }
  charge_loop(L, length - (size_t)(first - 1));
  int64_t found = n == 0 ? 0 : search(text + first - 1, length - (size_t)(first - 1), needle, n);
  if (found < 0) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, (lua_Integer)(first + found));
  lua_pushinteger(L, (lua_Integer)(first + found + (int64_t)n - 1));
  return 2;
}

static int string_len(lua_State *L) {
  size_t length;
  qm_env_text(L, 1, &length);
  lua_pushinteger(L, (lua_Integer)length);
  return 1;
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
static char upper(char c) {
  return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static int push_mapped(lua_State *L, char (*map)(char)) {
  size_t length;
  const char *text = qm_env_text(L, 1, &length);
  charge_loop(L, length);
  luaL_Buffer result;
  luaL_buffinit(L, &result);
  for (size_t i = 0; i < length; i++)
    luaL_addchar(&result, map(text[i]));
  luaL_pushresult(&result);
  return 1;
}

static int string_lower(lua_State *L) {
  return push_mapped(L, lower);
}
static int string_upper(lua_State *L) {
  return push_mapped(L, upper);
}

static int string_rep(lua_State *L) {
  size_t length, between = 0;
  const char *text = qm_env_text(L, 1, &length);
  int64_t n = qm_env_whole(L, 2);
  const char *separator = lua_isnoneornil(L, 3) ? "" : qm_env_text(L, 3, &between);
  size_t step = length + between;
  if (n <= 0 || step == 0) {
    lua_pushliteral(L, "");
    return 1;
  }
  if (n > QM_RESULT_MAX + 1 || (size_t)n * step - between > QM_RESULT_MAX)
    return luaL_error(L, "rep builds at most %d bytes", QM_RESULT_MAX);
  qm_meter_charge(L, (size_t)n + (size_t)n * step / 32);
  luaL_Buffer result;
  luaL_buffinit(L, &result);
  for (int64_t i = 0; i < n; i++) {
    if (i > 0)
      luaL_addlstring(&result, separator, between);
    luaL_addlstring(&result, text, length);
  }
  luaL_pushresult(&result);
  return 1;
}

static int string_reverse(lua_State *L) {
  size_t length;
  const char *text = qm_env_text(L, 1, &length);
  charge_loop(L, length);
  luaL_Buffer result;
  luaL_buffinit(L, &result);
  for (size_t i = length; i > 0; i--)
    luaL_addchar(&result, text[i - 1]);
  luaL_pushresult(&result);
  return 1;
}

static int string_sub(lua_State *L) {
  size_t length;
  const char *text = qm_env_text(L, 1, &length);
  int64_t first = qm_env_whole(L, 2), last = qm_env_whole_or(L, 3, -1);
  if (!range(&first, &last, length)) {
    lua_pushliteral(L, "");
    return 1;
  }
  size_t bytes = (size_t)(last - first + 1);
  charge_copy(L, bytes);
  lua_pushlstring(L, text + first - 1, bytes);
  return 1;
}

const luaL_Reg QM_ENV_STRING[] = {
    {"byte", string_byte},       {"char", string_char},
    {"find", string_find},       {"len", string_len},
    {"lower", string_lower},     {"rep", string_rep},
    {"reverse", string_reverse}, {"sub", string_sub},
    {"upper", string_upper},     {NULL, NULL},
};
