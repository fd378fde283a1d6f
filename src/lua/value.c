/* value.c: single values between Lua and C, and tables with known keys. */
#include "binding.h"

#include <math.h>
#include <string.h>

bool qm_to_qty(lua_State *L, int index, const char *what, const char *key, qm_qty *out,
               qm_problem_kind *problem) {
  qm_code code;
  *out = 0;
  if (lua_type(L, index) == LUA_TSTRING) {
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    code = qm_qty_parse(text, length, out);
  } else if (lua_isinteger(L, index)) {
    code = qm_qty_from_int((int64_t)lua_tointeger(L, index), out);
  } else if (lua_type(L, index) == LUA_TNUMBER) {
    code = qm_qty_from_double((double)lua_tonumber(L, index), out);
  } else {
    luaL_error(L, "%s: %s must be a quantity (a number or a decimal string), not a %s", what, key,
               luaL_typename(L, index));
    return false;
  }
  *problem = code == QM_LIMIT ? QM_P_QTY_RANGE : QM_P_QTY_BAD;
  return code == QM_OK;
}

void qm_push_int(lua_State *L, int64_t value) {
#if LUA_VERSION_NUM >= 503
  lua_pushinteger(L, (lua_Integer)value);
#else
  lua_pushnumber(L, (lua_Number)value);
#endif
}

void qm_push_qty(lua_State *L, const qm_handle *handle, qm_qty qty) {
  if (handle && handle->text_quantities) {
    char text[QM_QTY_TEXT];
    lua_pushlstring(L, text, qm_qty_format(qty, text));
  } else if (qm_qty_is_whole(qty)) {
    qm_push_int(L, qty / QM_QTY_ONE);
  } else {
    lua_pushnumber(L, (lua_Number)qm_qty_to_double(qty));
  }
}

void qm_push_str(lua_State *L, qm_str text) {
  if (text.p)
    lua_pushlstring(L, text.p, text.n);
  else
    lua_pushnil(L);
}

/* ---- tables with known keys ---- */

static const qm_field *find_field(lua_State *L, const qm_field *fields, const char *what) {
  if (lua_type(L, -2) != LUA_TSTRING) {
    luaL_error(L, "%s takes named keys, not one that is a %s", what, luaL_typename(L, -2));
    return NULL;
  }
  const char *key = lua_tostring(L, -2);
  for (const qm_field *field = fields; field->name; field++)
    if (strcmp(field->name, key) == 0)
      return field;
  luaL_Buffer known;
  luaL_buffinit(L, &known);
  for (const qm_field *field = fields; field->name; field++) {
    if (field != fields)
      luaL_addstring(&known, ", ");
    luaL_addstring(&known, field->name);
  }
  luaL_pushresult(&known);
  luaL_error(L, "%s has no key '%s' (known: %s)", what, key, lua_tostring(L, -1));
  return NULL;
}

static void wrong_type(lua_State *L, const char *what, const qm_field *field, const char *wanted) {
  luaL_error(L, "%s: %s must be %s, not a %s", what, field->name, wanted, luaL_typename(L, -1));
}

static int64_t to_int(lua_State *L, const char *what, const qm_field *field) {
  if (lua_type(L, -1) != LUA_TNUMBER)
    wrong_type(L, what, field, "a whole number");
  double number = (double)lua_tonumber(L, -1);
  if (!(number >= -9007199254740992.0 && number <= 9007199254740992.0) || floor(number) != number)
    luaL_error(L, "%s: %s must be a whole number", what, field->name);
  return (int64_t)number;
}

static int32_t to_word(lua_State *L, const char *what, const qm_field *field) {
  if (lua_type(L, -1) != LUA_TSTRING)
    wrong_type(L, what, field, "a string");
  const char *word = lua_tostring(L, -1);
  for (int32_t i = 0; field->words[i]; i++)
    if (strcmp(field->words[i], word) == 0)
      return i;
  return *word ? -1 : -2;
}

/* Which of a row's quantities is none, for the store to say. */
static void note_bad(qm_builder *builder, size_t at, const char *name, qm_problem_kind problem) {
  int32_t bad = (int32_t)problem, field = QM_FIELD_OWN;
  if (strcmp(name, "expected") == 0)
    field = QM_FIELD_expected;
  if (strcmp(name, "notify_below") == 0)
    field = QM_FIELD_notify_below;
  if (strcmp(name, "least") == 0)
    field = QM_FIELD_least;
  memcpy(builder->bytes + at + offsetof(qm_row, bad), &bad, sizeof bad);
  memcpy(builder->bytes + at + offsetof(qm_row, bad_field), &field, sizeof field);
}

/* The value is on top of the stack. */
static void read_field(lua_State *L, qm_builder *builder, size_t at, size_t flags_at,
                       const qm_field *field, const char *what) {
  uint32_t flags = field->flag;
  int type = lua_type(L, -1);
  if (field->type == QM_F_TEXT) {
    size_t length;
    if (type != LUA_TSTRING)
      wrong_type(L, what, field, "a string");
    const char *text = lua_tolstring(L, -1, &length);
    qm_span span = qm_builder_text(L, builder, text, length);
    memcpy(builder->bytes + at + field->offset, &span, sizeof span);
  } else if (field->type == QM_F_INT) {
    int64_t number = to_int(L, what, field);
    memcpy(builder->bytes + at + field->offset, &number, sizeof number);
  } else if (field->type == QM_F_NOTIFY && type == LUA_TLIGHTUSERDATA &&
             lua_touserdata(L, -1) == NULL) {
    flags = QM_CLEAR_NOTIFY;
  } else if (field->type == QM_F_QTY || field->type == QM_F_NOTIFY) {
    qm_qty qty;
    qm_problem_kind problem;
    if (!qm_to_qty(L, -1, what, field->name, &qty, &problem))
      note_bad(builder, at, field->name, problem);
    memcpy(builder->bytes + at + field->offset, &qty, sizeof qty);
  } else if (field->type == QM_F_COUNTER) {
    qm_qty qty;
    qm_problem_kind problem;
    if (!qm_to_qty(L, -1, what, field->name, &qty, &problem))
      qty = QM_NO_COUNTER + (qm_qty)problem;
    memcpy(builder->bytes + at + field->offset, &qty, sizeof qty);
  } else if (field->type == QM_F_REAL) {
    if (type != LUA_TNUMBER)
      wrong_type(L, what, field, "a number");
    double number = (double)lua_tonumber(L, -1);
    memcpy(builder->bytes + at + field->offset, &number, sizeof number);
  } else if (field->type == QM_F_BOOL || field->type == QM_F_FLAG) {
    if (type != LUA_TBOOLEAN)
      wrong_type(L, what, field, "true or false");
    int32_t truth = lua_toboolean(L, -1);
    if (field->type == QM_F_BOOL)
      memcpy(builder->bytes + at + field->offset, &truth, sizeof truth);
    else if (!truth)
      flags = 0;
  } else if (field->type == QM_F_WORD) {
    int32_t word = to_word(L, what, field);
    memcpy(builder->bytes + at + field->offset, &word, sizeof word);
  }
  uint32_t all;
  memcpy(&all, builder->bytes + flags_at, sizeof all);
  all |= flags;
  memcpy(builder->bytes + flags_at, &all, sizeof all);
}

void qm_read_fields(lua_State *L, int index, qm_builder *builder, size_t at, size_t flags_at,
                    const qm_field *fields, const char *what) {
  index = lua_absindex(L, index);
  if (lua_type(L, index) != LUA_TTABLE)
    luaL_error(L, "%s must be a table, not a %s", what, luaL_typename(L, index));
  luaL_checkstack(L, 8, "too many nested tables");
  lua_pushnil(L);
  while (lua_next(L, index)) {
    const qm_field *field = find_field(L, fields, what);
    read_field(L, builder, at, flags_at, field, what);
    lua_pop(L, 1);
  }
}
