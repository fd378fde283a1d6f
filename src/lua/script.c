/* script.c: policy scripts in a sandbox. What a script is given and what it answers crosses as
 * plain values: settings are read from the host while the sandbox builds its table, and the answer
 * is read into a C record, since neither state may raise errors through the other. */
#include "binding.h"

#include <math.h>
#include <string.h>

#include "../sandbox/sandbox.h"

#define SCRIPT "quartermaster.script"

typedef struct script {
  qm_sandbox *box; /* NULL: closed */
} script;

typedef struct evaluation {
  lua_State *host;
  int settings, stock; /* indices of the host's tables */
  qm_qty floor, share, gate, notify_at;
  bool has_gate, has_notify, unlimited, exempt, write_off, return_priority;
} evaluation;

static int l_close(lua_State *L) {
  script *s = luaL_checkudata(L, 1, SCRIPT);
  if (s->box)
    qm_sandbox_close(s->box);
  s->box = NULL;
  return 0;
}

/* script(name, source) -> script, or nil, message, code */
int qm_l_script(lua_State *L) {
  qm_err err = {0};
  qm_str source;
  const char *name = luaL_checkstring(L, 1);
  source.p = luaL_checklstring(L, 2, &source.n);
  script *s = lua_newuserdatauv(L, sizeof *s, 0);
  s->box = NULL;
  if (luaL_newmetatable(L, SCRIPT)) {
    lua_pushcfunction(L, l_close);
    lua_setfield(L, -2, "__gc");
    lua_pushliteral(L, "a quartermaster script");
    lua_setfield(L, -2, "__metatable");
  }
  lua_setmetatable(L, -2);
  s->box = qm_sandbox_open(NULL);
  if (!s->box)
    return luaL_error(L, "out of memory");
  if (qm_sandbox_load(s->box, name, source, &err) != QM_OK)
    return qm_push_failure(L, &err);
  if (!qm_sandbox_exports(s->box, "evaluate")) {
    qm_fail(&err, QM_POLICY, "the policy %s does not export a function evaluate", name);
    return qm_push_failure(L, &err);
  }
  return 1;
}

/* ---- what the script is given ---- */

/* Copies a flat host table; numbers are floats on every host, so that they behave the same. */
static void copy_table(lua_State *to, lua_State *host, int index) {
  lua_newtable(to);
  lua_pushnil(host);
  while (lua_next(host, index)) {
    size_t length;
    const char *key = lua_tolstring(host, -2, &length);
    lua_pushlstring(to, key, length);
    if (lua_type(host, -1) == LUA_TSTRING) {
      const char *text = lua_tolstring(host, -1, &length);
      lua_pushlstring(to, text, length);
    } else if (lua_type(host, -1) == LUA_TBOOLEAN) {
      lua_pushboolean(to, lua_toboolean(host, -1));
    } else {
      lua_pushnumber(to, lua_tonumber(host, -1));
    }
    lua_rawset(to, -3);
    lua_pop(host, 1);
  }
}

static int push_arguments(lua_State *L, void *context) {
  evaluation *e = context;
  copy_table(L, e->host, e->settings);
  copy_table(L, e->host, e->stock);
  return 2;
}

/* ---- what it answers ---- */

static qm_code read_number(lua_State *L, const char *name, qm_qty *out, qm_err *err) {
  if (lua_type(L, -1) != LUA_TNUMBER)
    return qm_fail(err, QM_POLICY, "the policy's %s must be a number", name);
  if (qm_qty_from_double((double)lua_tonumber(L, -1), out) != QM_OK)
    return qm_fail(err, QM_POLICY, "the policy's %s is not a quantity", name);
  return QM_OK;
}

static qm_code read_truth(lua_State *L, const char *name, bool *out, qm_err *err) {
  if (lua_type(L, -1) != LUA_TBOOLEAN)
    return qm_fail(err, QM_POLICY, "the policy's %s must be true or false", name);
  *out = lua_toboolean(L, -1) != 0;
  return QM_OK;
}

static qm_code read_return(lua_State *L, bool *out, qm_err *err) {
  const char *word = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  *out = strcmp(word, "priority") == 0;
  if (*out || strcmp(word, "delivery") == 0)
    return QM_OK;
  return qm_fail(err, QM_POLICY, "the policy's return_to must be \"delivery\" or \"priority\"");
}

static qm_code read_answer_field(lua_State *L, evaluation *e, qm_err *err) {
  const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "(not a name)";
  if (strcmp(name, "floor") == 0)
    return read_number(L, name, &e->floor, err);
  if (strcmp(name, "floor_share") == 0)
    return read_number(L, name, &e->share, err);
  if (strcmp(name, "unlimited") == 0)
    return read_truth(L, name, &e->unlimited, err);
  if (strcmp(name, "exempt_assignment") == 0)
    return read_truth(L, name, &e->exempt, err);
  if (strcmp(name, "write_off") == 0)
    return read_truth(L, name, &e->write_off, err);
  if (strcmp(name, "return_to") == 0)
    return read_return(L, &e->return_priority, err);
  if (strcmp(name, "gate") == 0) {
    e->has_gate = true;
    return read_number(L, name, &e->gate, err);
  }
  if (strcmp(name, "notify_at") == 0) {
    e->has_notify = true;
    return read_number(L, name, &e->notify_at, err);
  }
  return qm_fail(err, QM_POLICY, "the policy's answer has an unknown field %.40s", name);
}

static qm_code pull_answer(lua_State *L, int index, void *context, qm_err *err) {
  evaluation *e = context;
  if (!lua_istable(L, index))
    return qm_fail(err, QM_POLICY, "the policy must answer with a table");
  qm_code code = QM_OK;
  lua_pushnil(L);
  while (!code && lua_next(L, index)) {
    code = read_answer_field(L, e, err);
    lua_pop(L, 1);
  }
  if (!code && (e->share < 0 || e->share > QM_QTY_ONE))
    code = qm_fail(err, QM_POLICY, "the policy's floor_share must be between 0 and 1");
  return code;
}

static void set_int(lua_State *L, const char *key, int64_t value) {
  qm_push_int(L, value);
  lua_setfield(L, -2, key);
}

static void set_bool(lua_State *L, const char *key, bool truth) {
  lua_pushboolean(L, truth);
  lua_setfield(L, -2, key);
}

/* evaluate(script, settings, stock) -> rule with quantities in units, or nil, message, code */
int qm_l_evaluate(lua_State *L) {
  enum { BOX = 1, SETTINGS, STOCK };
  qm_err err = {0};
  script *s = luaL_checkudata(L, BOX, SCRIPT);
  luaL_checktype(L, SETTINGS, LUA_TTABLE);
  luaL_checktype(L, STOCK, LUA_TTABLE);
  luaL_checkstack(L, 8, "too many nested calls");
  if (!s->box)
    return luaL_error(L, "the script is closed");
  evaluation e = {.host = L, .settings = SETTINGS, .stock = STOCK};
  int top = lua_gettop(L);
  qm_code code = qm_sandbox_call(s->box, "evaluate", push_arguments, pull_answer, &e, &err);
  lua_settop(L, top); /* an interrupted copy leaves keys behind */
  if (code)
    return qm_push_failure(L, &err);
  lua_createtable(L, 0, 8);
  set_int(L, "floor", e.floor);
  set_int(L, "share", e.share);
  if (e.has_gate)
    set_int(L, "gate", e.gate);
  if (e.has_notify)
    set_int(L, "notify_at", e.notify_at);
  set_bool(L, "unlimited", e.unlimited);
  set_bool(L, "exempt", e.exempt);
  set_bool(L, "write_off", e.write_off);
  set_bool(L, "return_priority", e.return_priority);
  return 1;
}
