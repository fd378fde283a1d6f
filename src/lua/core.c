/* core.c: quartermaster.core, the C half of the module. Not an interface for applications: the
 * facade in init.lua is. */
#define _POSIX_C_SOURCE 200809L

#include "binding.h"

#include <nettle/sha2.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../store/events.h"
#include "../store/schema.h"
#include "csv.h"
#include "geofile.h"

static atomic_int open_handles; /* by all threads of the process */

qm_handle *qm_check_handle(lua_State *L, int index) {
  return luaL_checkudata(L, index, QM_HANDLE);
}

qm_handle *qm_check_idle(lua_State *L) {
  qm_handle *handle = luaL_checkudata(L, 1, QM_HANDLE);
  if (!handle->store)
    luaL_error(L, "the inventory is closed");
  if (handle->busy)
    luaL_error(L, "a finalizer called the inventory in the middle of another call");
  return handle;
}

/* Runs a function of the module that uses the store: the upvalue. Whatever it raises passes on once
 * the handle is free again. Nothing is allocated before the handle is marked busy, since that may
 * run finalizers, and one may close the inventory. */
static int guarded(lua_State *L) {
  qm_handle *handle = qm_check_idle(L);
  int arguments = lua_gettop(L);
  handle->busy = true;
  lua_pushvalue(L, 1); /* keeps the handle alive while the body works on its own stack */
  lua_insert(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 2);
  int status = lua_pcall(L, arguments, LUA_MULTRET, 0);
  handle->busy = false;
  return status == 0 ? lua_gettop(L) - 1 : lua_error(L);
}

int64_t qm_check_time(lua_State *L, int index) {
  double seconds = lua_type(L, index) == LUA_TNUMBER ? (double)lua_tonumber(L, index) : -1;
  if (!(seconds >= 0 && seconds < 1e11))
    luaL_error(L, "the clock must return the time in seconds");
  return (int64_t)(seconds * 1000.0);
}

/* ---- opening and closing ---- */

static int l_close(lua_State *L) {
  qm_handle *handle = luaL_checkudata(L, 1, QM_HANDLE);
  if (handle->busy)
    return luaL_error(L, "a finalizer closed the inventory in the middle of another call");
  if (handle->store) {
    qm_store_close(handle->store);
    open_handles--;
  }
  free(handle->builder.bytes);
  free(handle->skus);
  free(handle->stands);
  handle->store = NULL;
  handle->skus = NULL;
  handle->stands = NULL;
  handle->room = 0;
  handle->builder.bytes = NULL;
  handle->builder.capacity = 0;
  return 0;
}

static int l_tostring(lua_State *L) {
  const qm_handle *handle = luaL_checkudata(L, 1, QM_HANDLE);
  lua_pushfstring(L, "quartermaster store (%s)", handle->store ? "open" : "closed");
  return 1;
}

static void new_handle(lua_State *L) {
  qm_handle *handle = lua_newuserdatauv(L, sizeof *handle, 0);
  memset(handle, 0, sizeof *handle);
  if (luaL_newmetatable(L, QM_HANDLE)) {
    lua_pushcfunction(L, l_close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, l_close);
    lua_setfield(L, -2, "__close");
    lua_pushcfunction(L, l_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "a quartermaster store");
    lua_setfield(L, -2, "__metatable");
  }
  lua_setmetatable(L, -2);
}

static bool field_bool(lua_State *L, const char *key) {
  lua_getfield(L, 1, key);
  bool truth = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return truth;
}

static lua_Number field_number(lua_State *L, const char *key) {
  lua_getfield(L, 1, key);
  lua_Number number = luaL_checknumber(L, -1);
  lua_pop(L, 1);
  return number;
}

/* open(options) -> store, or nil, ...; the facade has checked and completed the options */
static int l_open(lua_State *L) {
  qm_err err = {0};
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_getfield(L, 1, "path");
  qm_db_options options = {.path = luaL_checkstring(L, -1),
                           .create = field_bool(L, "create"),
                           .readonly = field_bool(L, "readonly"),
                           .full = field_bool(L, "full"),
                           .busy_ms = (int)field_number(L, "busy_ms"),
                           .max_pages = (int64_t)field_number(L, "max_pages")};
  bool independent = field_bool(L, "independent");
  int64_t now_ms = (int64_t)(field_number(L, "now") * 1000.0);
  new_handle(L);
  qm_handle *handle = lua_touserdata(L, -1);
  handle->text_quantities = field_bool(L, "text_quantities");
  if (qm_store_open(&options, independent, now_ms, &handle->store, &err) != QM_OK)
    return qm_push_failure(L, &err);
  open_handles++;
  return 1;
}

/* ---- writing ---- */

static const qm_op *op_at(const qm_handle *handle, size_t i) {
  const qm_builder *b = &handle->builder;
  return (const qm_op *)(const void *)(b->bytes + b->starts[i]);
}

/* write(store, kind, request, now) -> result, or nil, message, code, detail */
static int l_write(lua_State *L) {
  qm_err err = {0};
  qm_verdict verdict;
  qm_handle *handle = qm_check_handle(L, 1);
  const char *kind = luaL_checkstring(L, 2);
  qm_builder_clear(&handle->builder);
  qm_encode(L, handle, 3, kind, qm_check_time(L, 4));
  const qm_op *op = op_at(handle, 0);
  if (qm_store_apply(handle->store, &op, 1, &verdict, &err) != QM_OK)
    return qm_push_failure(L, &err);
  return qm_push_verdict(L, handle, op, &verdict);
}

static void push_outcome(lua_State *L, qm_handle *handle, const qm_op *op,
                         const qm_verdict *verdict) {
  static const char *const names[] = {NULL, "message", "code", "detail"};
  lua_createtable(L, 0, 4);
  int outcome = lua_gettop(L), count = qm_push_verdict(L, handle, op, verdict);
  lua_pushboolean(L, verdict->code == QM_OK);
  lua_setfield(L, outcome, "ok");
  if (verdict->code == QM_OK) {
    lua_setfield(L, outcome, "result");
  } else {
    for (int i = count - 1; i > 0; i--)
      lua_setfield(L, outcome, names[i]);
    lua_pop(L, 1);
  }
}

/* The op of a batch's entry; its value is on top of the stack. */
static const char *batch_op(lua_State *L, int entry) {
  static const char *const allowed[] = {"place",  "cancel",       "ship",     "invoice",
                                        "refund", "return_goods", "allocate", "reassign",
                                        "hold",   "extend",       "release",  NULL};
  const char *op = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  for (int i = 0; allowed[i]; i++)
    if (strcmp(allowed[i], op) == 0)
      return allowed[i];
  luaL_error(L,
             "batch: entry %d needs op = \"place\", \"cancel\", \"ship\", \"invoice\", "
             "\"refund\", \"return_goods\", \"allocate\", \"reassign\", \"hold\", "
             "\"extend\" or \"release\"",
             entry);
  return NULL;
}

/* batch(store, requests, now) -> list of outcomes, or nil, ... */
static int l_batch(lua_State *L) {
  qm_err err = {0};
  qm_handle *handle = qm_check_handle(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  int64_t now_ms = qm_check_time(L, 3);
  size_t count = lua_rawlen(L, 2);
  if (count > QM_BATCH_MAX)
    return qm_push_problem(L, QM_P_TOO_MANY, (qm_str){NULL, 0});
  qm_builder_clear(&handle->builder);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 2, (int)i + 1);
    if (!lua_istable(L, -1))
      return luaL_error(L, "batch: entry %d must be a table, not a %s", (int)i + 1,
                        luaL_typename(L, -1));
    lua_pushliteral(L, "op");
    lua_rawget(L, -2);
    qm_encode(L, handle, -2, batch_op(L, (int)i + 1), now_ms);
    lua_pop(L, 2);
  }
  const qm_op **ops = lua_newuserdatauv(L, (count + 1) * sizeof *ops, 0);
  qm_verdict *verdicts = lua_newuserdatauv(L, (count + 1) * sizeof *verdicts, 0);
  for (size_t i = 0; i < count; i++)
    ops[i] = op_at(handle, i);
  if (count > 0 && qm_store_apply(handle->store, ops, count, verdicts, &err) != QM_OK)
    return qm_push_failure(L, &err);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    push_outcome(L, handle, ops[i], &verdicts[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

/* ---- verifying ---- */

enum { PROBLEMS_MAX = 1000 }; /* of a damaged file; the rest is only counted */

typedef struct found {
  char what[120];
  qm_qty expected, had;
  int64_t stock;
  unsigned char sku_n, source_n, order_n;
  char sku[QM_SKU_MAX], source[QM_CODE_MAX], order[QM_ID_MAX];
} found;

typedef struct findings {
  found *list;
  size_t count;
} findings;

static unsigned char keep(char *out, size_t size, qm_str text) {
  size_t n = text.p ? (text.n < size ? text.n : size) : 0;
  if (n > 0)
    memcpy(out, text.p, n);
  return (unsigned char)n;
}

static qm_code note_finding(void *context, const char *what, qm_str sku, int64_t stock,
                            qm_str source, qm_str order, qm_qty expected, qm_qty had) {
  findings *all = context;
  if (all->count++ >= PROBLEMS_MAX)
    return QM_OK;
  found *f = &all->list[all->count - 1];
  memset(f, 0, sizeof *f);
  strncpy(f->what, what, sizeof f->what - 1);
  f->stock = stock;
  f->expected = expected;
  f->had = had;
  f->sku_n = keep(f->sku, sizeof f->sku, sku);
  f->source_n = keep(f->source, sizeof f->source, source);
  f->order_n = keep(f->order, sizeof f->order, order);
  return QM_OK;
}

/* Differences of these are numbers of rows, not quantities. */
static bool is_counted(const char *what) {
  return strcmp(what, "assigned") == 0 || strcmp(what, "active") == 0 ||
         strcmp(what, "in stock") == 0 || strstr(what, " of a") != NULL;
}

static void push_finding(lua_State *L, const qm_handle *handle, const found *f) {
  bool counted = is_counted(f->what);
  lua_createtable(L, 0, 7);
  lua_pushstring(L, f->what);
  lua_setfield(L, -2, "what");
  if (f->sku_n) {
    lua_pushlstring(L, f->sku, f->sku_n);
    lua_setfield(L, -2, "sku");
  }
  if (f->source_n) {
    lua_pushlstring(L, f->source, f->source_n);
    lua_setfield(L, -2, "source");
  }
  if (f->order_n) {
    lua_pushlstring(L, f->order, f->order_n);
    lua_setfield(L, -2, "order");
  }
  if (f->stock) {
    qm_push_int(L, f->stock);
    lua_setfield(L, -2, "stock");
  }
  if (!f->sku_n)
    return;
  if (counted)
    qm_push_int(L, f->expected);
  else
    qm_push_qty(L, handle, f->expected);
  lua_setfield(L, -2, "expected");
  if (counted)
    qm_push_int(L, f->had);
  else
    qm_push_qty(L, handle, f->had);
  lua_setfield(L, -2, "found");
}

/* verify(store) -> report, or nil, ... */
static int l_verify(lua_State *L) {
  qm_err err = {0};
  qm_verify_counts counts = {0};
  qm_handle *handle = qm_check_handle(L, 1);
  findings all = {lua_newuserdatauv(L, PROBLEMS_MAX * sizeof(found), 0), 0};
  if (qm_store_verify(handle->store, note_finding, &all, &counts, &err) != QM_OK)
    return qm_push_failure(L, &err);
  lua_createtable(L, 0, 6);
  lua_pushboolean(L, all.count == 0);
  lua_setfield(L, -2, "ok");
  qm_push_int(L, counts.products);
  lua_setfield(L, -2, "products");
  qm_push_int(L, counts.balances);
  lua_setfield(L, -2, "balances");
  qm_push_int(L, counts.orders);
  lua_setfield(L, -2, "orders");
  qm_push_int(L, counts.ledger);
  lua_setfield(L, -2, "ledger");
  lua_newtable(L);
  for (size_t i = 0; i < all.count && i < PROBLEMS_MAX; i++) {
    push_finding(L, handle, &all.list[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  lua_setfield(L, -2, "problems");
  return 1;
}

/* ---- small helpers for the facade ---- */

/* units(value) -> whole number of 1/10000, or nil, message, code, detail */
static int l_units(lua_State *L) {
  qm_qty qty;
  qm_problem_kind problem;
  luaL_checkany(L, 1);
  if (!qm_to_qty(L, 1, "units", "the value", &qty, &problem))
    return qm_push_problem(L, problem, (qm_str){NULL, 0});
  qm_push_int(L, qty);
  return 1;
}

/* quantity(units) -> number */
static int l_quantity(lua_State *L) {
  qm_push_qty(L, NULL, (qm_qty)luaL_checknumber(L, 1));
  return 1;
}

/* sha256(text) -> 32 bytes */
static int l_sha256(lua_State *L) {
  struct sha256_ctx hash;
  uint8_t digest[SHA256_DIGEST_SIZE];
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  sha256_init(&hash);
  sha256_update(&hash, length, (const uint8_t *)text);
  sha256_digest(&hash, sizeof digest, digest);
  lua_pushlstring(L, (const char *)digest, sizeof digest);
  return 1;
}

/* clock() -> the system's time in seconds, to the millisecond */
static int l_clock(lua_State *L) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)(now.tv_nsec / 1000000) / 1000.0);
  return 1;
}

/* stats() -> { open_handles } */
static int l_stats(lua_State *L) {
  lua_createtable(L, 0, 1);
  qm_push_int(L, open_handles);
  lua_setfield(L, -2, "open_handles");
  return 1;
}

/* ---- the module ---- */

static void push_errors(lua_State *L) {
  lua_newtable(L);
  for (int code = QM_OK + 1; code < QM_CODES; code++) {
    lua_createtable(L, 0, 3);
    lua_pushstring(L, qm_code_message((qm_code)code));
    lua_setfield(L, -2, "message");
    lua_pushboolean(L, qm_code_transient((qm_code)code));
    lua_setfield(L, -2, "transient");
    qm_push_int(L, code);
    lua_setfield(L, -2, "precedence");
    lua_setfield(L, -2, qm_code_name((qm_code)code));
  }
}

static void push_events(lua_State *L) {
  lua_newtable(L);
#define QM_EVENT(number, name)                                                                     \
  lua_pushliteral(L, #name);                                                                       \
  lua_rawseti(L, -2, number);
  QM_LEDGER_EVENTS(QM_EVENT)
#undef QM_EVENT
}

static void set_number(lua_State *L, const char *key, int64_t value) {
  qm_push_int(L, value);
  lua_setfield(L, -2, key);
}

static void push_limits(lua_State *L) {
  lua_newtable(L);
  set_number(L, "sku_bytes", QM_SKU_MAX);
  set_number(L, "code_bytes", QM_CODE_MAX);
  set_number(L, "id_bytes", QM_ID_MAX);
  set_number(L, "text_bytes", QM_TEXT_MAX);
  set_number(L, "places", QM_PLACE_MAX);
  set_number(L, "sources_of_stock", QM_SOURCES_MAX);
  set_number(L, "lines", QM_LINES_MAX);
  set_number(L, "batch", QM_BATCH_MAX);
  set_number(L, "page", QM_PAGE_MAX);
  set_number(L, "quantity", QM_QTY_MAX / QM_QTY_ONE);
}

/* These use the store of an open inventory, one at a time. */
static const luaL_Reg guarded_functions[] = {
    {"write", l_write},
    {"batch", l_batch},
    {"verify", l_verify},
    {"read", qm_l_read},
    {"stand", qm_l_stand},
    {"waiting", qm_l_waiting},
    {"figure", qm_l_figure},
    {"page", qm_l_page},
    {"select", qm_l_select},
    {"part", qm_l_part},
    {"compact", qm_l_compact},
    {"backup", qm_l_backup},
    {"locate", qm_l_locate},
    {"find_place", qm_l_find_place},
    {"geonames_add", qm_l_geonames_add},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"open", l_open},
    {"close", l_close},
    {"together", qm_l_together},
    {"script", qm_l_script},
    {"evaluate", qm_l_evaluate},
    {"units", l_units},
    {"quantity", l_quantity},
    {"sha256", l_sha256},
    {"distance", qm_l_distance},
    {"exact", qm_l_exact},
    {"stats", l_stats},
    {"clock", l_clock},
    {"csv_open", qm_csv_open},
    {"geofile_open", qm_geofile_open},
    {NULL, NULL},
};

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
int luaopen_quartermaster_core(lua_State *L) {
  luaL_newlib(L, functions);
  for (const luaL_Reg *each = guarded_functions; each->name; each++) {
    lua_pushcfunction(L, each->func);
    lua_pushcclosure(L, guarded, 1);
    lua_setfield(L, -2, each->name);
  }
  push_errors(L);
  lua_setfield(L, -2, "errors");
  push_events(L);
  lua_setfield(L, -2, "events");
  push_limits(L);
  lua_setfield(L, -2, "limits");
  qm_push_options(L);
  lua_setfield(L, -2, "options");
  lua_pushliteral(L, QM_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushstring(L, qm_db_engine(NULL));
  lua_setfield(L, -2, "sqlite");
  set_number(L, "schema", QM_SCHEMA_VERSION);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "inherit");
  return 1;
}
