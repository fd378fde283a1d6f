/* rows.c: the queries of queries.def as lists of tables. A running query is ended before anything
 * that may raise can leave it behind: values are pushed under lua_pcall. */
#include "binding.h"

#include <string.h>

typedef struct reading {
  qm_handle *handle;
  qm_sql sql;
  qm_err *err;
  qm_code code;
} reading;

static const struct {
  const char *name;
  qm_sql sql;
} queries[] = {
#define QM_STATEMENT(name, text) {#name, QM_SQL_##name},
#include "../store/queries.def"
#undef QM_STATEMENT
};

/* A column named "qty:q" becomes the field qty, read as a quantity. */
static void push_column(lua_State *L, const reading *r, int column) {
  qm_db *db = qm_store_db(r->handle->store);
  const char *name = qm_db_name(db, r->sql, column), *mark = strchr(name, ':');
  if (qm_db_null(db, r->sql, column))
    return;
  if (mark) {
    lua_pushlstring(L, name, (size_t)(mark - name));
    if (mark[1] == 'q')
      qm_push_qty(L, r->handle, qm_db_int(db, r->sql, column));
    else if (mark[1] == 'b')
      lua_pushboolean(L, qm_db_int(db, r->sql, column) != 0);
    else if (mark[1] == 't')
      qm_push_int(L, qm_db_int(db, r->sql, column) / 1000);
    else
      lua_pushnumber(L, (lua_Number)qm_db_real(db, r->sql, column));
  } else {
    lua_pushstring(L, name);
    if (qm_db_is_number(db, r->sql, column))
      qm_push_int(L, qm_db_int(db, r->sql, column));
    else
      qm_push_str(L, qm_db_str(db, r->sql, column));
  }
  lua_rawset(L, -3);
}

static int push_rows(lua_State *L) {
  reading *r = lua_touserdata(L, 1);
  qm_db *db = qm_store_db(r->handle->store);
  bool row = false;
  lua_newtable(L);
  for (int count = 1; !(r->code = qm_db_step(db, r->sql, &row, r->err)) && row; count++) {
    int columns = qm_db_columns(db, r->sql);
    lua_createtable(L, 0, columns);
    for (int i = 0; i < columns; i++)
      push_column(L, r, i);
    lua_rawseti(L, -2, count);
  }
  return 1;
}

static qm_sql find_query(lua_State *L, const char *name) {
  for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
    if (strcmp(queries[i].name + 2, name) == 0)
      return queries[i].sql;
  luaL_error(L, "there is no query '%s'", name);
  return QM_SQL_COUNT;
}

static int bind_arguments(lua_State *L, int first, qm_val *values, int capacity) {
  int count = lua_gettop(L) - first + 1;
  luaL_argcheck(L, count <= capacity, first, "too many parameters");
  for (int i = 0; i < count; i++) {
    int index = first + i;
    if (lua_type(L, index) == LUA_TNUMBER) {
      values[i] = QM_I((int64_t)lua_tonumber(L, index));
    } else if (lua_type(L, index) == LUA_TSTRING) {
      qm_str text;
      text.p = lua_tolstring(L, index, &text.n);
      values[i] = QM_T(text);
    } else {
      values[i] = QM_N;
    }
  }
  return count;
}

/* read(store, query, ...) -> list of rows */
int qm_l_read(lua_State *L) {
  enum { STORE = 1, NAME, FIRST };
  qm_val values[8];
  qm_err err = {0};
  qm_handle *handle = qm_check_handle(L, STORE);
  qm_db *db = qm_store_db(handle->store);
  reading r = {.handle = handle, .sql = find_query(L, luaL_checkstring(L, NAME)), .err = &err};
  int count = bind_arguments(L, FIRST, values, (int)(sizeof values / sizeof *values));
  lua_pushcfunction(L, push_rows);
  lua_pushlightuserdata(L, &r);
  qm_code code = qm_db_alive(db, &err);
  if (!code)
    code = qm_db_start(db, r.sql, values, count, &err);
  if (code)
    return qm_push_failure(L, &err);
  int status = lua_pcall(L, 1, 1, 0);
  if (status != 0) {
    qm_db_end(db, r.sql);
    return lua_error(L);
  }
  return r.code ? qm_push_failure(L, &err) : 1;
}
