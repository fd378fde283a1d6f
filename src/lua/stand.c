/* stand.c: where products stand in a stock: the salable quantity and everything behind it. */
#include "binding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The string at the top of the stack, where it stays and so lives. */
static qm_str text_on_top(lua_State *L) {
  qm_str text = {NULL, 0};
  if (lua_type(L, -1) == LUA_TSTRING)
    text.p = lua_tolstring(L, -1, &text.n);
  return text;
}

static void raw_field(lua_State *L, int index, const char *key) {
  lua_pushstring(L, key);
  lua_rawget(L, index);
}

qm_problem_kind qm_read_where(lua_State *L, int index, qm_where *where) {
  *where = (qm_where){.channel_type = {"website", 7}};
  luaL_checktype(L, index, LUA_TTABLE);
  raw_field(L, index, "customer_group");
  where->customer_group = text_on_top(L);
  raw_field(L, index, "stock");
  bool has_stock = lua_type(L, -1) == LUA_TNUMBER;
  double stock = has_stock ? (double)lua_tonumber(L, -1) : 0;
  where->stock = stock >= 1 && stock <= QM_PLACE_MAX ? (int64_t)stock : 0;
  raw_field(L, index, "channel");
  bool has_channel = !lua_isnil(L, -1);
  where->channel_code = text_on_top(L);
  if (lua_istable(L, -1)) {
    int channel = lua_gettop(L);
    raw_field(L, channel, "type");
    if (!lua_isnil(L, -1))
      where->channel_type = text_on_top(L);
    raw_field(L, channel, "code");
    where->channel_code = text_on_top(L);
  }
  if (has_stock && has_channel)
    return QM_P_WHERE_BOTH;
  return has_stock || where->channel_code.p ? QM_P_NONE : QM_P_WHERE_MISSING;
}

qm_str qm_where_text(const qm_where *where, char number[24]) {
  if (where->channel_code.p)
    return where->channel_code;
  int n = snprintf(number, 24, "%lld", (long long)where->stock);
  return (qm_str){number, (size_t)n};
}

static void set_qty(lua_State *L, const qm_handle *handle, const char *key, qm_qty qty) {
  qm_push_qty(L, handle, qty);
  lua_setfield(L, -2, key);
}

static void set_bool(lua_State *L, const char *key, bool truth) {
  lua_pushboolean(L, truth);
  lua_setfield(L, -2, key);
}

static void set_int(lua_State *L, const char *key, int64_t value) {
  qm_push_int(L, value);
  lua_setfield(L, -2, key);
}

static void push_check(lua_State *L, const qm_handle *handle, const qm_stand *stand, qm_qty qty,
                       qm_str sku) {
  qm_problem_kind problems[QM_CHECK_MAX];
  qm_qty have[QM_CHECK_MAX];
  char text[512];
  int count = qm_check(&stand->balance, &stand->rule, qty, problems, have);
  lua_createtable(L, count, 0);
  for (int i = 0; i < count; i++) {
    const qm_problem_info *info = &qm_problem_infos[problems[i]];
    lua_createtable(L, 0, 6);
    lua_pushstring(L, qm_code_name(info->code));
    lua_setfield(L, -2, "code");
    qm_problem_text(problems[i], sku, qty, have[i], text, sizeof text);
    lua_pushstring(L, text);
    lua_setfield(L, -2, "message");
    lua_pushstring(L, info->magento);
    lua_setfield(L, -2, "magento");
    lua_pushstring(L, info->field);
    lua_setfield(L, -2, "field");
    qm_push_str(L, sku);
    lua_setfield(L, -2, "sku");
    set_qty(L, handle, "requested", qty);
    set_qty(L, handle, "available", have[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

/* What customers are told of a quantity of which some would have to wait. */
static void set_wait(lua_State *L, const qm_handle *handle, const qm_stand *stand, qm_qty qty) {
  qm_qty waiting = qm_waiting_part(&stand->balance, &stand->rule, qty);
  set_qty(L, handle, "waiting", waiting);
  set_bool(L, "tell", waiting > 0 && stand->rule.backorders == QM_BACKORDERS_NOTIFY);
}

/* The keys of every stand, pushed once for a list of them; returns where the first is. */
static int push_keys(lua_State *L) {
  static const char *const keys[] = {"qty", "salable", "managed", "unlimited"};
  int first = lua_gettop(L) + 1;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    lua_pushstring(L, keys[i]);
  return first;
}

static void set_figures(lua_State *L, const qm_handle *handle, const qm_stand *stand, int keys) {
  const qm_balance *b = &stand->balance;
  bool known = stand->problem == QM_P_NONE;
  lua_pushvalue(L, keys);
  qm_push_qty(L, handle, known ? qm_salable_qty(b, &stand->rule) : 0);
  lua_rawset(L, -3);
  lua_pushvalue(L, keys + 1);
  lua_pushboolean(L, stand->salable || (known && qm_is_salable(b, &stand->rule)));
  lua_rawset(L, -3);
  lua_pushvalue(L, keys + 2);
  lua_pushboolean(L, stand->rule.managed);
  lua_rawset(L, -3);
  lua_pushvalue(L, keys + 3);
  lua_pushboolean(L, known && stand->rule.managed && stand->rule.unlimited);
  lua_rawset(L, -3);
}

/* listed: that a composite has no figures is nothing to complain of there. */
static void push_stand(lua_State *L, const qm_handle *handle, const qm_stand *stand, qm_str sku,
                       int keys, bool whole, bool listed) {
  const qm_balance *b = &stand->balance;
  bool known = stand->problem == QM_P_NONE;
  bool told = known || (listed && stand->composite);
  lua_createtable(L, 0, whole ? 19 : known ? 4 : 7);
  set_figures(L, handle, stand, keys);
  if (stand->composite)
    set_bool(L, "composite", true);
  if (!told) {
    const qm_problem_info *info = &qm_problem_infos[stand->problem];
    char text[512];
    qm_problem_text(stand->problem, sku, 0, 0, text, sizeof text);
    lua_pushstring(L, text);
    lua_setfield(L, -2, "message");
    lua_pushstring(L, qm_code_name(info->code));
    lua_setfield(L, -2, "code");
  }
  if (!whole)
    return;
  set_int(L, "product", stand->product);
  set_int(L, "stock", stand->stock);
  set_bool(L, "assigned", b->assigned > 0);
  set_bool(L, "in_stock", b->in_stock > 0);
  set_int(L, "backorders", stand->rule.backorders);
  set_qty(L, handle, "on_hand", b->on_hand);
  set_qty(L, handle, "reserved", qm_reserved(b));
  set_qty(L, handle, "firm", b->firm);
  set_qty(L, handle, "held", b->held);
  set_qty(L, handle, "allocated", b->allocated);
  set_qty(L, handle, "backordered", b->backordered);
  set_qty(L, handle, "adopted", b->adopted);
  set_qty(L, handle, "claimed", b->claimed);
  set_qty(L, handle, "over_promised", qm_over_promised(b, &stand->rule));
  set_qty(L, handle, "floor", qm_floor(b, &stand->rule));
}

/* No other call uses the handle meanwhile, so its memory can be kept, and the collector has less to
 * do. */
static void make_room(lua_State *L, qm_handle *handle, size_t count) {
  if (count <= handle->room)
    return;
  void *skus = realloc(handle->skus, count * sizeof *handle->skus);
  if (skus)
    handle->skus = skus;
  void *stands = realloc(handle->stands, count * sizeof *handle->stands);
  if (stands)
    handle->stands = stands;
  if (!skus || !stands)
    luaL_error(L, "out of memory");
  handle->room = count;
}

/* The SKUs of a list, which keeps them alive. */
static const qm_str *read_skus(lua_State *L, qm_handle *handle, int index, size_t count) {
  make_room(L, handle, count);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, index, (int)i + 1);
    if (lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "a SKU must be a string, not a %s", luaL_typename(L, -1));
    handle->skus[i].p = lua_tolstring(L, -1, &handle->skus[i].n);
    lua_pop(L, 1);
  }
  return handle->skus;
}

/* page(store, where, skus, now) -> tables of few fields by SKU, or nil, ... */
int qm_l_page(lua_State *L) {
  enum { STORE = 1, WHERE, SKUS, NOW };
  qm_handle *handle = qm_check_handle(L, STORE);
  qm_where where;
  qm_err err = {0};
  char number[24];
  luaL_checktype(L, SKUS, LUA_TTABLE);
  int64_t now_ms = qm_check_time(L, NOW);
  size_t count = lua_rawlen(L, SKUS);
  qm_problem_kind problem = qm_read_where(L, WHERE, &where);
  if (problem)
    return qm_push_problem(L, problem, where.channel_code);
  if (count > QM_LINES_MAX)
    return qm_push_problem(L, QM_P_TOO_MANY, (qm_str){NULL, 0});
  const qm_str *skus = read_skus(L, handle, SKUS, count);
  qm_stand *stands = handle->stands;
  if (qm_store_glance(handle->store, &where, skus, count, now_ms, stands, &problem, &err) != QM_OK)
    return qm_push_failure(L, &err);
  if (problem)
    return qm_push_problem(L, problem, qm_where_text(&where, number));
  int keys = push_keys(L);
  lua_createtable(L, 0, (int)count);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, SKUS, (int)i + 1);
    push_stand(L, handle, &stands[i], skus[i], keys, false, true);
    lua_rawset(L, -3);
  }
  return 1;
}

/* figure(store, where, sku, now, what) -> the salable quantity ("qty") or whether any can be sold
 * ("salable"); nothing when there is more to say than that, which stand does. */
int qm_l_figure(lua_State *L) {
  enum { STORE = 1, WHERE, SKU, NOW, WHAT, QTY = 0 };
  static const char *const words[] = {"qty", "salable", NULL};
  qm_handle *handle = qm_check_handle(L, STORE);
  qm_where where;
  qm_stand stand;
  qm_problem_kind problem;
  qm_str sku;
  sku.p = luaL_checklstring(L, SKU, &sku.n);
  int64_t now_ms = qm_check_time(L, NOW);
  int what = luaL_checkoption(L, WHAT, NULL, words);
  if (qm_read_where(L, WHERE, &where) ||
      qm_store_glance(handle->store, &where, &sku, 1, now_ms, &stand, &problem, NULL) || problem ||
      stand.problem)
    return 0;
  if (what == QTY)
    qm_push_qty(L, handle, qm_salable_qty(&stand.balance, &stand.rule));
  else
    lua_pushboolean(L, qm_is_salable(&stand.balance, &stand.rule));
  return 1;
}

/* waiting(store, order's key, line, now) -> how much of the line waits for goods, or nil, ... */
int qm_l_waiting(lua_State *L) {
  enum { STORE = 1, ORDER, LINE, NOW };
  qm_handle *handle = qm_check_handle(L, STORE);
  int64_t order = (int64_t)luaL_checknumber(L, ORDER), line = (int64_t)luaL_checknumber(L, LINE);
  int64_t now_ms = qm_check_time(L, NOW);
  qm_err err = {0};
  qm_qty qty;
  if (qm_store_waiting(handle->store, order, line, now_ms, &qty, &err) != QM_OK)
    return qm_push_failure(L, &err);
  qm_push_qty(L, handle, qty);
  return 1;
}

/* stand(store, where, skus, mode, now [, qty]) -> list of tables in the order of skus, or nil, ...
 * mode: "page" few fields, "whole" all of them; of a quantity, "check" adds `errors`, "wait" adds
 * `waiting` and whether to `tell` customers */
int qm_l_stand(lua_State *L) {
  enum { STORE = 1, WHERE, SKUS, MODE, NOW, QTY };
  enum { PAGE, WHOLE, CHECK, WAIT };
  static const char *const modes[] = {"page", "whole", "check", "wait", NULL};
  qm_handle *handle = qm_check_handle(L, STORE);
  qm_where where;
  qm_err err = {0};
  qm_qty qty = 0;
  luaL_checktype(L, SKUS, LUA_TTABLE);
  int64_t now_ms = qm_check_time(L, NOW);
  int mode = luaL_checkoption(L, MODE, NULL, modes);
  size_t count = lua_rawlen(L, SKUS);
  qm_problem_kind problem = qm_read_where(L, WHERE, &where);
  if (problem)
    return qm_push_problem(L, problem, where.channel_code);
  if (count > QM_LINES_MAX)
    return qm_push_problem(L, QM_P_TOO_MANY, (qm_str){NULL, 0});
  bool of_qty = mode == CHECK || mode == WAIT;
  const char *what = mode == WAIT ? "backorder_qty" : "can_sell";
  if (of_qty && !qm_to_qty(L, QTY, what, "qty", &qty, &problem))
    return qm_push_problem(L, problem, (qm_str){NULL, 0});
  if (of_qty && qty <= 0)
    return qm_push_problem(L, qty < 0 ? QM_P_QTY_NEGATIVE : QM_P_QTY_ZERO, (qm_str){NULL, 0});
  const qm_str *skus = read_skus(L, handle, SKUS, count);
  qm_stand *stands = handle->stands;
  qm_code code = (mode == WHOLE ? qm_store_stand : qm_store_glance)(
      handle->store, &where, skus, count, now_ms, stands, &problem, &err);
  if (code)
    return qm_push_failure(L, &err);
  if (problem) {
    char number[24];
    return qm_push_problem(L, problem, qm_where_text(&where, number));
  }
  int keys = push_keys(L);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    push_stand(L, handle, &stands[i], skus[i], keys, mode == WHOLE, false);
    if (mode == CHECK && stands[i].problem == QM_P_NONE) {
      push_check(L, handle, &stands[i], qty, skus[i]);
      lua_setfield(L, -2, "errors");
    }
    if (mode == WAIT && stands[i].problem == QM_P_NONE)
      set_wait(L, handle, &stands[i], qty);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}
