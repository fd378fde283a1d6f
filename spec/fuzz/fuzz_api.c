/* fuzz_api.c: whatever a program passes to the Lua API, it gets an answer.
 *
 * The input is a program of calls on an inventory in memory, with arguments that mostly fit and now
 * and then are anything at all. Each call must end in a result, in nil, message, code, detail with
 * a code that is documented, or in an error that is a string and names the call; and whatever has
 * been said, verify finds no fault afterwards. It runs in the root of the tree, where the facade
 * is. */
#define _XOPEN_SOURCE 700 /* for mkstemp */

#include "fuzzer.h"
#include "soup.h"

#include <unistd.h>

int luaopen_quartermaster_core(lua_State *L);

typedef struct call {
  const char *name;
  const char *arguments[3]; /* their grammars; "?" before one: it may be left out */
} call;

#define WHERE "stock~:k channel?:c "
#define EVENT "id:i order:O "
#define PLACE                                                                                      \
  "destination?:{country:(DE|US|x) region?:t city?:t postcode?:t latitude:r longitude:r} "
#define PLACED "lines:[{sku:s qty:q line?:n selections?:[{sku:s qty?:q option?:(a|b)}]}] "
#define CHOSEN "line?:n sku:s qty:q "
#define PLAN                                                                                       \
  "force?:b plan?:{order?:O picks:[{sku:s line~:n source:o qty_to_deduct:q qty_available?:q}]} "
#define SHOP                                                                                       \
  "manage_stock?:b reserve_stock?:b backorders?:(no|allow|notify) out_of_stock_threshold?:q "      \
  "out_of_stock_share?:r notify_below?:q min_sale_qty?:q max_sale_qty?:q "                         \
  "enable_qty_increments?:b qty_increments?:q decimal_qty?:b "
#define CURSOR "after?:n limit~:n "
#define STATUS "(in_stock|out_of_stock|x)"
#define SELECT                                                                                     \
  "algorithm~:(priority|distance|x) availability?:(physical|residual|x) "                          \
  "rows?:(all|used|x) sources?:[o] distances?:{muc?:r ham?:r x?:r} " PLACE

static const call calls[] = {
    {"place", {"{id:P stock:k channel?:c customer_group?:t hold?:h " PLACE PLACED "}"}},
    {"place", {"{id:P hold:h lines?:[{" CHOSEN "}]}"}},
    {"hold", {"{id:H stock:k channel?:c customer_group?:t ttl:n " PLACED "}"}},
    {"extend", {"{id:i hold:h ttl:n}"}},
    {"release", {"{id:i hold:h lines~:[{" CHOSEN "}]}"}},
    {"cancel", {"{" EVENT "lines~:[{" CHOSEN "}]}"}},
    {"ship", {"{" EVENT "source~:o lines~:[{" CHOSEN "source:o}] " PLAN "}"}},
    {"invoice", {"{" EVENT "force?:b lines~:[{" CHOSEN "source?:o}]}"}},
    {"refund",
     {"{" EVENT "force?:b "
      "lines~:[{" CHOSEN "return_to_stock?:b return_to?:o write_off?:b}]}"}},
    {"return_goods", {"{" EVENT "lines:[{" CHOSEN "to~:o}]}"}},
    {"allocate", {"{" EVENT "lines:[{" CHOSEN "source:o}]}"}},
    {"allocate", {"{" EVENT PLAN "}"}},
    {"reassign", {"{" EVENT "force?:b lines:[{" CHOSEN "from~:o to~:o}]}"}},
    {"adopt",
     {"{id:i open?:b orders~:[{id:P stock:k channel?:c lines:[{line?:n sku:s qty:q cancelled?:q "
      "invoiced?:q shipped?:q refunded?:q released?:q returned?:q source?:o}]}] "
      "reservations~:[{order~:O sku:s stock:k channel?:c qty:n note?:t}]}"}},
    {"inconsistencies", {"?{after?:t limit~:n}"}},
    {"compensate", {"{id:i dry_run?:b force?:b lines:[{order:O sku:s qty:n stock:k channel?:c}]}"}},
    {"compact", {"?{before~:u limit~:n dry_run?:b}"}},
    {"select", {"{order:O " SELECT "}"}},
    {"select",
     {"{stock:k channel?:c " SELECT "lines:[{sku:s qty:q line?:n group?:n splittable?:b}]}"}},
    {"batch", {"[{op:(place|x) id:P stock:k channel?:c hold?:h " PLACED "}]"}},
    {"batch",
     {"[{op:(cancel|ship|invoice|refund|return_goods|allocate|reassign) id:i order:O "
      "lines~:[{" CHOSEN "}]}]"}},
    {"salable", {"{stock:k channel?:c skus:[s]}"}},
    {"position", {"{stock:k channel?:c sku:s}"}},
    {"oversold", {"?{" WHERE CURSOR "}"}},
    {"reservations", {"?{sku?:s " WHERE CURSOR "}"}},
    {"waiting", {"?{sku?:s " WHERE CURSOR "}"}},
    {"events", {"?{" CURSOR "}"}},
    {"salable_qty", {"s", "{stock:k channel?:c}"}},
    {"is_salable", {"s", "{stock:k channel?:c}"}},
    {"can_sell", {"s", "{stock:k channel?:c customer_group?:t}", "q"}},
    {"backorder_qty", {"s", "{stock:k channel?:c}", "q"}},
    {"import", {"{entity:(sources|stocks|products|stock_sources|x) file:f}"}},
    {"backup", {"f"}}, /* which exists */
    {"backup", {"(no/such/directory|)"}},
    {"verify", {"?x"}},
    {"info", {"?x"}},
    {"sources:save",
     {"{code:o name:t country:(DE|US|x) postcode:(1|23|) enabled?:b description?:t region?:t "
      "region_id?:n city?:t street?:t contact_name?:t email?:(a@b.de|x) phone?:t fax?:t "
      "latitude?:r longitude?:r pickup?:b frontend_name?:t frontend_description?:t "
      "carrier_links?:x force?:b}"}},
    {"sources:save", {"{code:o enabled:b force~:b}"}},
    {"sources:get", {"o"}},
    {"sources:list", {"?{stock?:k after?:o limit?:n}"}},
    {"sources:single", {"?x"}},
    {"stocks:save", {"{id~:k name:t channels?:[c] sources?:[{code:o priority:n}] force~:b}"}},
    {"stocks:get", {"k"}},
    {"stocks:list", {"?{" CURSOR "}"}},
    {"stocks:delete", {"k"}},
    {"stocks:link", {"[{stock:k source:o priority:n}]", "?{force:b}"}},
    {"stocks:unlink", {"[{stock:k source:o}]", "?{force:b}"}},
    {"stocks:resolve", {"c"}},
    {"channels:list", {"?{stock?:k after?:c limit?:n}"}},
    {"channels:rename", {"{from:c to:t}"}},
    {"channels:delete", {"c"}},
    {"products:save",
     {"[{sku:s type~:(simple|virtual|configurable|grouped|bundle|downloadable|x) "
      "settings?:{" SHOP "} b2b?:b assign_default?:b children~:[{sku:s qty?:q}] "
      "options?:[{name:(a|b|) required?:b selections:[{sku:s qty?:q own_qty?:b}]}] "
      "ship_together?:b in_stock?:b}]"}},
    {"products:save", {"{sku:s settings:{" SHOP "}}"}},
    {"products:rename", {"s", "s"}},
    {"products:delete", {"[s]", "?{force:b}"}},
    {"products:get", {"s"}},
    {"products:list", {"?{" CURSOR "}"}},
    {"items:save",
     {"[{sku:s source~:o qty:q status?:" STATUS " notify_below?:q expected?:q}]", "?{force:b}"}},
    {"items:get", {"{sku:s source~:o}"}},
    {"items:list", {"?{sku?:s source?:o " CURSOR "}"}},
    {"items:delete", {"[{sku:s source~:o}]", "?{force:b}"}},
    {"items:adjust", {"{id:i reason?:t lines:[{sku:s source~:o delta:n least?:q}]}"}},
    {"settings:get", {"?w"}},
    {"settings:set",
     {"{" SHOP "b2b_default_only?:b reservations?:b holds?:b source_selection?:b "
      "import_export?:b}"}},
    {"policies:activate", {"(default|magento|x)"}},
    {"policies:list", {"?x"}},
    {"orders:get", {"O"}},
    {"holds:get", {"h"}},
    {"places:import", {"{country:(DE|US|x) file:f}"}},
    {"places:find", {"{country:(DE|US|x) postcode?:(1|23|) city?:t region?:t}"}},
    {"places:countries", {"?x"}},
    {"places:delete", {"(DE|US|x)"}},
};

/* Every input begins with this shop. Its clock goes on by itself. */
static const char SHOP_SCRIPT[] =
    "local quartermaster, options = ...\n"
    "local now = 1700000000\n"
    "options.path, options.clock = ':memory:', function() now = now + 0.5 return now end\n"
    "local inv = assert(quartermaster.open(options))\n"
    "for i, code in ipairs{ 'muc', 'ham' } do\n"
    "  assert(inv.sources:save{ code = code, name = code, country = 'DE', postcode = '1',\n"
    "    latitude = i == 1 and 49 or nil, longitude = i == 1 and 10 or nil, city = 'a' })\n"
    "end\n"
    "for i, channel in ipairs{ 'eu', 'us' } do\n"
    "  assert(inv.stocks:save{ name = channel, channels = { channel }, sources = {\n"
    "    { code = 'muc', priority = i }, { code = 'ham', priority = 3 - i } } })\n"
    "end\n"
    "assert(inv.products:save{ { sku = 'pen' }, { sku = 'ink',\n"
    "  settings = { backorders = 'allow', out_of_stock_threshold = -9, decimal_qty = true } },\n"
    "  { sku = 'box' }, { sku = 'file', type = 'virtual' },\n"
    "  { sku = 'set', type = 'configurable', children = { 'pen', 'box' } },\n"
    "  { sku = 'tour', type = 'bundle', ship_together = true, options = {\n"
    "    { name = 'a', selections = { { sku = 'ink', qty = 2 } } },\n"
    "    { name = 'b', selections = { { sku = 'box', own_qty = true } } } } } })\n"
    "for _, sku in ipairs{ 'pen', 'ink', 'box', 'file' } do\n"
    "  assert(inv.items:save{ { sku = sku, source = 'muc', qty = 60 },\n"
    "    { sku = sku, source = 'ham', qty = 9 }, { sku = sku, qty = 5 } })\n"
    "end\n"
    "for i, id in ipairs{ 'a', 'b', 'c', 'd' } do\n"
    "  assert(inv:place{ id = id, stock = i % 2 + 2, lines = { { sku = 'pen', qty = i },\n"
    "    { sku = 'ink', qty = 3 + 2 * i }, { sku = 'file', qty = 1 }, { sku = 'tour', qty = 1,\n"
    "    selections = { { sku = 'box', qty = 1 } } } } })\n"
    "end\n"
    "assert(inv:invoice{ id = 'i', order = 'a' })\n"
    "assert(inv:ship{ id = 'i', order = 'a', lines = { { sku = 'pen', qty = 1, source = 'muc' },\n"
    "  { sku = 'ink', qty = 3, source = 'ham' } } })\n"
    "assert(inv:allocate{ id = 'i', order = 'b', lines = { { sku = 'pen', qty = 2,\n"
    "  source = 'ham' } } })\n"
    "assert(inv:adopt{ id = 'i', reservations = { { order = 'old', sku = 'pen', stock = 2,\n"
    "  qty = -2 } } })\n"
    "for i, id in ipairs{ 'h', 'j' } do\n"
    "  assert(inv:hold{ id = id, stock = 2, ttl = 10 ^ i, lines = { { sku = 'pen', qty = 2 } } })\n"
    "end\n"
    "return inv\n";

static char file[] = "/tmp/quartermaster-XXXXXX"; /* for import */

/* ---- what may be answered ---- */

static lua_State *state; /* so that a failure can be told of */
static int module;       /* where quartermaster is on the stack */

static void fail(const call *c, const char *why, const char *what) {
  fprintf(stderr, "%s: %s: %s\n", c->name, why, what ? what : "(none)");
  abort();
}

static bool is_code(int index) {
  lua_State *L = state;
  index = lua_absindex(L, index);
  if (lua_type(L, index) != LUA_TSTRING)
    return false;
  lua_getfield(L, module, "errors");
  lua_pushvalue(L, index);
  bool known = lua_rawget(L, -2) == LUA_TTABLE;
  lua_pop(L, 2);
  return known;
}

/* A refusal's three values, of a call or in an outcome of a batch. */
static void must_be_refusal(const call *c, int message, int code, int detail) {
  lua_State *L = state;
  if (lua_type(L, message) != LUA_TSTRING || lua_rawlen(L, message) == 0)
    fail(c, "the message is a", luaL_typename(L, message));
  if (!is_code(code))
    fail(c, "this is no code", lua_tostring(L, code));
  if (!lua_isnoneornil(L, detail) && !lua_istable(L, detail))
    fail(c, "the detail is a", luaL_typename(L, detail));
}

static void must_be_outcomes(const call *c, int list) {
  lua_State *L = state;
  for (int i = 1; lua_rawgeti(L, list, i) == LUA_TTABLE; i++) {
    int outcome = lua_gettop(L);
    lua_getfield(L, outcome, "ok");
    lua_getfield(L, outcome, "message");
    lua_getfield(L, outcome, "code");
    lua_getfield(L, outcome, "detail");
    if (!lua_toboolean(L, outcome + 1))
      must_be_refusal(c, outcome + 2, outcome + 3, outcome + 4);
    lua_settop(L, outcome - 1);
  }
  lua_pop(L, 1);
}

/* The steps of a batch raise under their own names, and a list that a finalizer has changed under
 * none. */
static bool names_call(const call *c, const char *text) {
  static const char *const steps[] = {"place",        "hold",     "extend",   "release",
                                      "cancel",       "ship",     "invoice",  "refund",
                                      "return_goods", "allocate", "reassign", "batch"};
  for (size_t i = 0; strcmp(c->name, "batch") == 0 && i < COUNT(steps); i++)
    if (strstr(text, steps[i]))
      return true;
  return strstr(text, c->name) || strstr(text, "was changed while it was read");
}

static void must_be_answer(const call *c, const soup *s, int status, int first) {
  lua_State *L = state;
  int count = lua_gettop(L) - first + 1;
  if (status == LUA_ERRMEM) {
    must(s->scarce);
  } else if (status != LUA_OK) {
    if (lua_type(L, -1) != LUA_TSTRING)
      fail(c, "raised a", luaL_typename(L, -1));
    else if (!s->wild && !names_call(c, lua_tostring(L, -1)))
      fail(c, "is not named in", lua_tostring(L, -1));
  } else if (count == 0) {
    fail(c, "there is no answer", NULL);
  } else if (lua_isnil(L, first) && (count > 1 || strcmp(c->name, "settings:get") != 0)) {
    must_be_refusal(c, first + 1, first + 2, first + 3);
  } else if (strcmp(c->name, "batch") == 0) {
    must_be_outcomes(c, first);
  }
}

/* ---- memory that runs out ---- */

static int left = -1; /* allocations until there is no more; negative: there is enough */

static void *allocate(void *context, void *block, size_t old, size_t size) {
  (void)context;
  if (size == 0) {
    free(block);
    return NULL;
  }
  if (left == 0 && (block == NULL || size > old))
    return NULL;
  left -= left > 0;
  return realloc(block, size);
}

/* ---- calling ---- */

/* Leaves the function and its self on the stack. */
static void push_method(const call *c, int inv) {
  lua_State *L = state;
  const char *colon = strchr(c->name, ':');
  if (colon) {
    lua_pushlstring(L, c->name, (size_t)(colon - c->name));
    lua_gettable(L, inv);
  } else {
    lua_pushvalue(L, inv);
  }
  must(lua_getfield(L, -1, colon ? colon + 1 : c->name) == LUA_TFUNCTION);
  lua_insert(L, -2);
}

static void call_one(soup *s) {
  lua_State *L = s->L;
  const call *c = &calls[next_byte(s->in) % COUNT(calls)];
  int first = lua_gettop(L) + 1, count = 1;
  s->wild = false;
  push_method(c, s->self);
  for (int i = 0; i < 3 && c->arguments[i]; i++, count++) {
    bool optional = c->arguments[i][0] == '?';
    if (optional && next_byte(s->in) % 4 != 1)
      break;
    push_value(s, c->arguments[i] + optional, 0);
  }
  left = s->scarce ? next_byte(s->in) * 2 : -1;
  int status = lua_pcall(L, count, LUA_MULTRET, 0);
  left = -1;
  must_be_answer(c, s, status, first);
  lua_settop(L, first - 1);
}

/* ---- one inventory ---- */

static void must_run(int status) {
  if (status != LUA_OK)
    fprintf(stderr, "%s\n", lua_tostring(state, -1));
  must(status == LUA_OK);
}

static void open_module(void) {
  lua_State *L = state;
  luaL_openlibs(L);
  luaL_requiref(L, "quartermaster.core", luaopen_quartermaster_core, 0);
  lua_getglobal(L, "package");
  lua_pushliteral(L, "./lua/?.lua;./lua/?/init.lua");
  lua_setfield(L, -2, "path");
  lua_settop(L, 0);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "quartermaster");
  must_run(lua_pcall(L, 1, 1, 0));
  module = lua_gettop(L);
}

/* Are all calls here? One that is new has to be added to the list. */
static void must_know_all(void) {
  lua_State *L = state;
  lua_getfield(L, module, "options");
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    const char *name = lua_tostring(L, -2);
    bool known = strcmp(name, "open") == 0 || strcmp(name, "list") == 0;
    for (size_t i = 0; i < COUNT(calls); i++)
      known |= strcmp(calls[i].name, name) == 0;
    if (!known)
      fprintf(stderr, "the call %s is not in the list\n", name);
    must(known);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static int open_shop(uint8_t flags) {
  lua_State *L = state;
  must_run(luaL_loadstring(L, SHOP_SCRIPT));
  lua_pushvalue(L, module);
  lua_newtable(L);
  if (flags & 1) {
    lua_pushliteral(L, "string");
    lua_setfield(L, -2, "quantities");
  }
  if (flags & 2) {
    lua_pushliteral(L, "independent");
    lua_setfield(L, -2, "shared_sources");
  }
  must_run(lua_pcall(L, 2, 1, 0));
  return lua_gettop(L);
}

/* Opening, with options that may be anything but a path: that would make files. */
static void open_another(soup *s) {
  static const call opening = {"open", {NULL}};
  lua_State *L = s->L;
  int first = lua_gettop(L) + 1;
  s->wild = false;
  lua_getfield(L, module, "open");
  push_value(s,
             "{create?:b readonly?:b durability?:w quantities?:w busy_timeout?:r max_pages?:n "
             "shared_sources?:w clock?:x}",
             0);
  if (lua_istable(L, -1)) {
    lua_pushliteral(L, "path");
    lua_pushliteral(L, ":memory:");
    lua_rawset(L, -3);
  }
  int status = lua_pcall(L, 1, LUA_MULTRET, 0);
  must_be_answer(&opening, s, status, first);
  if (status == LUA_OK && lua_getmetatable(L, first)) {
    lua_getfield(L, first, "close");
    lua_pushvalue(L, first);
    must_run(lua_pcall(L, 1, 0, 0));
  }
  lua_settop(L, first - 1);
}

static void measure(soup *s) {
  static const call measuring = {"distance", {NULL}};
  lua_State *L = s->L;
  int first = lua_gettop(L) + 1;
  lua_getfield(L, module, "distance");
  s->wild = false;
  for (int i = 0; i < 2; i++)
    push_value(s, "{country?:t latitude:r longitude:r}", 0);
  must_be_answer(&measuring, s, lua_pcall(L, 2, LUA_MULTRET, 0), first);
  lua_settop(L, first - 1);
}

static void must_be_right(int inv) {
  lua_State *L = state;
  lua_getfield(L, inv, "verify");
  lua_pushvalue(L, inv);
  must_run(lua_pcall(L, 1, LUA_MULTRET, 0));
  must(lua_istable(L, inv + 1));
  lua_getfield(L, inv + 1, "problems");
  if (lua_rawgeti(L, -1, 1) == LUA_TTABLE) {
    lua_pushnil(L);
    while (lua_next(L, -2)) {
      fprintf(stderr, "%s = %s, ", luaL_tolstring(L, -3, NULL), luaL_tolstring(L, -2, NULL));
      lua_pop(L, 3);
    }
    fputs("says verify\n", stderr);
    abort();
  }
  lua_settop(L, inv);
}

static void must_close_all(int inv) {
  lua_State *L = state;
  lua_getfield(L, inv, "close");
  lua_pushvalue(L, inv);
  must_run(lua_pcall(L, 1, 0, 0));
  lua_settop(L, module);
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCCOLLECT);
  luaL_requiref(L, "quartermaster.core", luaopen_quartermaster_core, 0);
  lua_getfield(L, -1, "stats");
  must_run(lua_pcall(L, 0, 1, 0));
  lua_getfield(L, -1, "open_handles");
  must(lua_tointeger(L, -1) == 0);
}

static void remove_file(void) {
  unlink(file);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  int fd = mkstemp(file);
  must(fd >= 0 && close(fd) == 0);
  atexit(remove_file);
  state = lua_newstate(allocate, NULL);
  must(state != NULL);
  open_module();
  must_know_all();
  lua_close(state);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { MOST = 40, NERVOUS = 4, PLAIN = 8, SCARCE = 16 };
  input in = {data, data + size};
  uint8_t flags = next_byte(&in);
  state = lua_newstate(allocate, NULL);
  must(state != NULL);
  open_module();
  soup s = {.L = state, .in = &in, .self = open_shop(flags), .file = file};
  lua_newtable(state);
  s.kept = lua_gettop(state);
  s.plain = (flags & PLAIN) != 0;
  s.scarce = (flags & SCARCE) != 0;
  patience = 50;
  if (flags & NERVOUS) /* finalizers run at once */
    lua_gc(state, LUA_GCINC, 100, 1000, 1);
  for (int i = 0; i < MOST && in.at < in.end; i++)
    switch (next_byte(&in)) {
    case 255:
      open_another(&s);
      break;
    case 254:
      measure(&s);
      break;
    default:
      call_one(&s);
    }
  lua_settop(state, s.self);
  lua_gc(state, LUA_GCCOLLECT);
  must_be_right(s.self);
  must_close_all(s.self);
  lua_close(state);
  return 0;
}
