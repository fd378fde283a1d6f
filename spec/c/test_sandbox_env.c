/* test_sandbox_env.c: what scripts can reach is exactly the allow-list, and means the same on every
 * host: the tables below are run on each. */
#include "sandbox_kit.h"

/* Every path that may exist, in the order that the walk reports them. */
static const char ALLOWED[] =
    "assert error ipairs math.abs math.acos math.asin math.atan math.ceil math.cos math.deg "
    "math.exp math.floor math.fmod math.huge math.log math.max math.min math.modf math.pi math.rad "
    "math.sin math.sqrt math.tan pairs select string.byte string.char string.find string.len "
    "string.lower string.rep string.reverse string.sub string.upper table.concat table.insert "
    "table.remove table.sort table.unpack tonumber tostring type ";

enum { PATHS_MAX = 100, PATH_TEXT = 64 };

typedef struct walk {
  char paths[PATHS_MAX][PATH_TEXT];
  int count;
} walk;

static void walk_add(walk *w, const char *prefix, const char *name) {
  if (CHECK(w->count < PATHS_MAX))
    snprintf(w->paths[w->count++], PATH_TEXT, "%s%s", prefix, name);
}

/* A C function is a dead end: it has no upvalue that a script could have filled. */
static void walk_value(lua_State *L, walk *w, const char *prefix, int depth) {
  const char *name = lua_tostring(L, -2);
  if (lua_istable(L, -1)) {
    char below[PATH_TEXT];
    if (!CHECK(depth < 2))
      return;
    snprintf(below, sizeof below, "%s%s.", prefix, name);
    CHECK(lua_getmetatable(L, -1) == 0);
    int table = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
      walk_value(L, w, depth == 0 ? "" : below, depth + 1);
    return;
  }
  walk_add(w, prefix, name);
  if (lua_isfunction(L, -1)) {
    CHECK(lua_iscfunction(L, -1));
    CHECK(lua_getupvalue(L, -1, 1) == NULL);
    CHECK(lua_getmetatable(L, -1) == 0);
  } else {
    CHECK(lua_isnumber(L, -1));
  }
}

/* Pushes the environment of the function at `index`. */
static void push_environment(lua_State *L, int index) {
#if LUA_VERSION_NUM < 502
  lua_getfenv(L, index);
#else
  CHECK_STR(lua_getupvalue(L, index, 1), "_ENV");
#endif
}

static qm_code pull_walk(lua_State *L, int index, void *context, qm_err *err) {
  (void)err;
  luaL_checkstack(L, 40, "walk");
  lua_pushliteral(L, "environment");
  push_environment(L, index);
  walk_value(L, context, "", 0);
  return QM_OK;
}

static int compare_paths(const void *a, const void *b) {
  return strcmp(a, b);
}

static void check_walk(walk *w, const char *expected) {
  char joined[PATHS_MAX * PATH_TEXT] = "";
  qsort(w->paths, (size_t)w->count, PATH_TEXT, compare_paths);
  for (int i = 0; i < w->count; i++) {
    strcat(joined, w->paths[i]);
    strcat(joined, " ");
  }
  CHECK_STR(joined, expected);
}

TEST(scripts_reach_exactly_the_allow_list) {
  walk w = {.count = 0};
  qm_err err = {0};
  qm_sandbox *box = kit_open();
  qm_str source = kit_str("return { evaluate = function() return function() return type end end }");
  CHECK_INT(qm_sandbox_load(box, "test", source, &err), QM_OK);
  CHECK_INT(qm_sandbox_call(box, "evaluate", kit_push_nothing, pull_walk, &w, &err), QM_OK);
  check_walk(&w, ALLOWED);
  qm_sandbox_close(box);
}

/* Through a text, scripts reach the methods of its metatable, and nothing else. */
static qm_code pull_text_methods(lua_State *L, int index, void *context, qm_err *err) {
  (void)err;
  CHECK(luaL_getmetafield(L, index, "__metatable") != 0);
  CHECK(lua_isboolean(L, -1));
  CHECK(luaL_getmetafield(L, index, "__newindex") == 0);
  lua_pushliteral(L, "text");
  CHECK(luaL_getmetafield(L, index, "__index") != 0);
  walk_value(L, context, "", 0);
  return QM_OK;
}

TEST(texts_lead_to_their_methods_only) {
  walk w = {.count = 0};
  qm_err err = {0};
  qm_sandbox *box = kit_open();
  qm_str source = kit_str("return { evaluate = function() return 'x' end }");
  CHECK_INT(qm_sandbox_load(box, "test", source, &err), QM_OK);
  CHECK_INT(qm_sandbox_call(box, "evaluate", kit_push_nothing, pull_text_methods, &w, &err), QM_OK);
  check_walk(&w, "byte char find len lower rep reverse sub upper ");
  qm_sandbox_close(box);
}

typedef struct expression {
  const char *body; /* returns text */
  const char *gives;
} expression;

static const expression EXPRESSIONS[] = {
    {"return tostring(3) .. ' ' .. tostring(6 / 2) .. ' ' .. tostring(-7 / 2)", "3 3 -3.5"},
    {"return tostring(2 ^ 53) .. ' ' .. tostring(1e300)", "9007199254740992 1e+300"},
    {"return tostring(0.1) .. ' ' .. tostring(1 / 3)", "0.1 0.33333333333333"},
    {"return tostring(math.huge) .. ' ' .. tostring(-math.huge) .. ' ' .. tostring(0 / 0)",
     "inf -inf nan"},
    {"return tostring(-(0.0))", "0"},
    {"return tostring({}) .. tostring(print) .. tostring(type) .. tostring(true)",
     "tablenilfunctiontrue"},
    {"return tostring(tonumber('0x10')) .. tostring(tonumber(' 12.50 ')) .. "
     "tostring(tonumber('1e2'))",
     "1612.5100"},
    {"return type(tonumber('inf')) .. type(tonumber('nan')) .. type(tonumber('0b1')) .. "
     "type(tonumber('')) .. type(tonumber('1x')) .. type(tonumber('1LL')) .. type(tonumber({}))",
     "nilnilnilnilnilnilnil"},
    {"return tostring(tonumber('ff', 16)) .. tostring(tonumber('-zz', 36)) .. "
     "tostring(tonumber('8', 8))",
     "255-1295nil"},
    {"return tostring('10' + 1) .. tostring('3' * '4') .. tostring(-'2') .. tostring('7' % 4) .. "
     "tostring('2' ^ 3)",
     "1112-238"},
    {"local t = {} for k, v in pairs({ b = 1, a = 2, [10] = 3, [9] = 4, [true] = 5 }) do "
     "t[#t + 1] = tostring(k) .. '=' .. tostring(v) end return table.concat(t, ' ')",
     "9=4 10=3 a=2 b=1 true=5"},
    {"local t, n = { a = 1, b = 2, c = 3 }, '' for k in pairs(t) do n = n .. k t.b = nil t.d = 1 "
     "end "
     "return n",
     "ac"},
    {"local n = '' for i, v in ipairs({ 'x', 'y', nil, 'z' }) do n = n .. tostring(i) .. v end "
     "return n",
     "1x2y"},
    {"return tostring(select('#', 1, nil, nil)) .. select(2, 'a', 'b') .. select(-1, 'a', 'b')",
     "3bb"},
    {"local t = { 3, 1, 2 } table.sort(t) return table.concat(t, ',')", "1,2,3"},
    {"local t = { 'b', 'B', 'a', 'ab' } table.sort(t) return table.concat(t, ',')", "B,a,ab,b"},
    {"local t = {} for i = 1, 100 do t[i] = { i % 3, i } end "
     "table.sort(t, function(a, b) return a[1] < b[1] end) "
     "for i = 2, 100 do if t[i - 1][1] == t[i][1] and t[i - 1][2] > t[i][2] then return 'no' end "
     "end return tostring(t[1][2]) .. ' ' .. tostring(t[100][2])",
     "3 98"},
    {"local t = { 3, 2, 1 } table.sort(t, function() return true end) return table.concat(t, ',')",
     "1,2,3"},
    {"local t = { 1, 3 } table.insert(t, 2, 2) table.insert(t, 4) local r = table.remove(t, 1) "
     "return table.concat(t, ',') .. '|' .. tostring(r) .. tostring(table.remove(t)) .. "
     "tostring(table.remove({}))",
     "2,3,4|14nil"},
    {"return table.concat({ 1, 2.5, 'x' }, '-') .. table.concat({ 1, 2, 3 }, '', 2, 3) .. "
     "table.concat({})",
     "1-2.5-x23"},
    {"local a, b, c = table.unpack({ 'x', 'y', 'z' }, 2) return a .. b .. tostring(c)", "yznil"},
    {"return ('Grün'):upper():lower():reverse():reverse() .. ('abc'):sub(-2) .. ('abc'):sub(2, 2)",
     "grünbcb"},
    {"return ('ab'):rep(3, '-') .. ('x'):rep(0) .. tostring(#('x'):rep(65536))", "ab-ab-ab65536"},
    {"local b, c = ('AB'):byte(1, -1) return tostring(b + c) .. string.char(72, 105)", "131Hi"},
    {"local a, b = ('a.b.c'):find('.', 3, true) return tostring(a) .. tostring(b)", "44"},
    {"return tostring(('aabaabaac'):find('aabaac')) .. tostring(('abc'):find('x')) .. "
     "tostring(('abc'):find('')) .. tostring(('abc'):find('', 9))",
     "4nil1nil"},
    {"return tostring(math.floor(-2.5)) .. tostring(math.ceil(2.1)) .. tostring(math.max(1, 5, 3)) "
     ".. tostring(math.min(4, 2)) .. tostring(math.fmod(7, 4)) .. tostring(math.abs(-1))",
     "-335231"},
    {"return tostring(math.floor(7) % 0) .. tostring(math.floor(7) / 0) .. "
     "tostring(math.max(2, 1) ^ 62 * 4)",
     "naninf1.844674407371e+19"},
    {"local w, f = math.modf(-3.25) return tostring(w) .. tostring(f) .. tostring(math.atan(1, 0) "
     "== "
     "math.pi / 2) .. tostring(math.log(8, 2))",
     "-3-0.25true3"},
    {"return assert('x', 'y')", "x"},
    {"for _ = 1, 50 do table.sort({ 2, 1 }, function(a, b) return a < b end) end return 'x'", "x"},
};

TEST(functions_answer_the_same_on_every_host) {
  qm_sandbox *box = kit_open();
  for (size_t i = 0; i < sizeof EXPRESSIONS / sizeof *EXPRESSIONS; i++) {
    char script[2048];
    answer a;
    snprintf(script, sizeof script, "return { evaluate = function() %s end }", EXPRESSIONS[i].body);
    CHECK_INT(kit_run(box, kit_str(script), &a), QM_OK);
    if (!CHECK_STR(a.text, EXPRESSIONS[i].gives))
      fprintf(stderr, "  %s\n  %s\n", EXPRESSIONS[i].body, a.err.text);
  }
  qm_sandbox_close(box);
}

/* Bodies that must fail, and a part of what they must say. */
static const expression FAILURES[] = {
    {"assert(false)", "assertion failed!"},
    {"assert(nil, 'because')", "because"},
    {"error('stop')", "script:1: stop"},
    {"error('stop', 0)", "test: stop"},
    {"local function f() error('stop', 2) end\nf()", "script:2: stop"},
    {"pairs({ [{}] = 1 })", "keys of type table"},
    {"local t = {} for i = 1, 4097 do t['k' .. i] = 1 end pairs(t)", "at most 4096 keys"},
    {"local t = {} for i = 1, 4097 do t[i] = 1 end table.sort(t)", "at most 4096"},
    {"local t = {} for i = 1, 4096 do t[i] = 1 end table.insert(t, 1)", "at most 4096"},
    {"table.sort({ 1, 'x' })", "attempt to compare"},
    {"table.insert({}, 3, 1)", "position out of range"},
    {"table.insert({}, 1, 2, 3)", "insert takes"},
    {"table.remove({ 1 }, 3)", "position out of range"},
    {"table.concat({ {} })", "concat found a table at index 1"},
    {"local s = ('x'):rep(40000) table.concat({ s, s })", "at most 65536 bytes"},
    {"table.unpack({}, 1, 251)", "at most 250 values"},
    {"('x'):rep(65537)", "at most 65536 bytes"},
    {"('x'):rep(65536):rep(2 ^ 48)", "at most 65536 bytes"},
    {"local function f() table.sort({ 2, 1 }, f) end f()", "sorts nested too deeply"},
    {"('xx'):rep(30000, 'yy')", "at most 65536 bytes"},
    {"('x'):find(('y'):rep(257))", "too long to look for"},
    {"('x'):find('a+')", "find knows no patterns"},
    {"('x'):rep(300):byte(1, -1)", "at most 250 values"},
    {"string.char(256)", "value out of range"},
    {"('x'):sub(1.5)", "a whole number is needed"},
    {"select(0)", "index out of range"},
    {"tonumber('1', 37)", "base out of range"},
    {"return 'abc' + 1", "arithmetic on a"},
    {"return {} + 1", "arithmetic on a table value"},
};

TEST(misuse_raises_and_bounds_hold) {
  qm_budget budget = QM_BUDGET_LIMIT;
  qm_sandbox *box = qm_sandbox_open(&budget);
  for (size_t i = 0; i < sizeof FAILURES / sizeof *FAILURES; i++) {
    char script[2048];
    answer a;
    snprintf(script, sizeof script, "return { evaluate = function() %s end }", FAILURES[i].body);
    CHECK_INT(kit_run(box, kit_str(script), &a), QM_POLICY);
    if (!CHECK(strstr(a.err.text, FAILURES[i].gives) != NULL))
      fprintf(stderr, "  %s\n  %s\n", FAILURES[i].body, a.err.text);
  }
  qm_sandbox_close(box);
}

/* NULL: in the dialect. */
static const expression DIALECT[] = {
    {"return 7 // 2", "//"},
    {"return 7 & 2", "bit operators"},
    {"return 7 | 2", "bit operators"},
    {"return 7 ~ 2", "bit operators"},
    {"return ~7", "bit operators"},
    {"return 7 << 2", "bit operators"},
    {"return 7 >> 2", "bit operators"},
    {"goto done", "goto"},
    {"::done::", "labels"},
    {"local x <const> = 1", "attributes"},
    {"local x < --[[ ]] close > = nil", "attributes"},
    {"return 1LL", "suffixes"},
    {"return 1ull", "suffixes"},
    {"return 2i", "suffixes"},
    {"return 0x", "suffixes"},
    {"return 0b1", "suffixes"},
    {"return 1..2", "suffixes"},
    {"return 1e", "suffixes"},
    {"return 9007199254740993", "2^53"},
    {"return 0x20000000000001", "2^53"},
    {"return _ENV", "_ENV"},
    {"local größe = 1", "a byte"},
    {"return $x", "a byte"},
    {"return 'x", "does not end"},
    {"return 'x\ny'", "script:1: a string"},
    {"return [[x", "does not end"},
    {"--[==[ x ]=]", "does not end"},
    {"\n\r\n--[[\n]] 'a\\z  \n b' goto x", "script:5: goto"},
    {"return 1 / 2 --[[ // ]] -- //", NULL},
    {"return '// & | ~ goto :: <const> 1LL', \"<<\", [[ >> ]], [==[ ]] // ]==]", NULL},
    {"return 'it\\'s // ', \"\\\\\", '\\\n//', '\\z   \n  //'", NULL},
    {"return 1 ~= 2, 1 <= 2, 1 >= 2, 1 == 2, 1 < 2, 1 > 2", NULL},
    {"local const, close = 1, 2 return const < close, const > close", NULL},
    {"return 0x1F, 1.5e-3, .5, 3., 0xA, 9007199254740992, 1e300", NULL},
    {"local t = { a = { 1 } } return t.a[1], #t, t[t.a[1]], -1 - -1", NULL},
    {"local _goto, goto_, ENV = 1, 2, 3 return _goto, goto_, ENV", NULL},
    {"local s = 'x' return s:len(), 'größe', s .. '..' .. s", NULL},
    {"return ...", NULL},
};

TEST(only_the_common_dialect_is_taken) {
  qm_sandbox *box = kit_open();
  for (size_t i = 0; i < sizeof DIALECT / sizeof *DIALECT; i++) {
    char script[2048];
    answer a;
    bool fine = DIALECT[i].gives == NULL;
    snprintf(script, sizeof script, "%s%s%s", fine ? "local function f(...) " : "", DIALECT[i].body,
             fine ? "\nend return { evaluate = f }" : "");
    CHECK_INT(kit_run(box, kit_str(script), &a), fine ? QM_OK : QM_POLICY);
    if (!CHECK(strstr(a.err.text, fine ? "" : DIALECT[i].gives) != NULL) || (fine && a.err.code))
      fprintf(stderr, "  %s\n  %s\n", DIALECT[i].body, a.err.text);
  }
  qm_sandbox_close(box);
}

int main(void) {
  RUN(scripts_reach_exactly_the_allow_list);
  RUN(texts_lead_to_their_methods_only);
  RUN(functions_answer_the_same_on_every_host);
  RUN(misuse_raises_and_bounds_hold);
  RUN(only_the_common_dialect_is_taken);
  return unit_report();
}
