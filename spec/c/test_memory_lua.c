/* test_memory_lua.c: memory runs out in the Lua that uses the module, at any of its allocations.
 *
 * Every step of a small shop (every_op.lua), and every kind of reading, is called through the
 * public interface with the n-th allocation of Lua failing, for n = 1, 2, 3 until none fails: once
 * alone, which Lua answers with a full collection wherever it is just then, and once with all that
 * follow, in Lua, in the engine and in SQLite. The call must raise Lua's own error or return
 * MEMORY; the shop must be as it was or as it should be; and then the same call must work on the
 * same handle. Ordinarily some of the allocations fail, with QM_SOAK in the environment all. */
#include "no_memory.h"
#include "power_vfs.h"
#include "story.h"

enum { STRIDE = 37 };

static story shop;
static bool thorough;
static kit_file file;

/* The policies run in a Lua state of their own, which has no more memory than the others. */
lua_State *__wrap_luaL_newstate(void);

static int give_up(lua_State *L) {
  fprintf(stderr, "an error outside of every call: %s\n", lua_tostring(L, -1));
  abort();
}

lua_State *__wrap_luaL_newstate(void) {
  lua_State *L = lua_newstate(no_memory_lua, NULL);
  if (L)
    lua_atpanic(L, give_up);
  return L;
}

static const char PREPARE[] =
    "local path = ...\n"
    "local time = 1700000000\n"
    "local quartermaster = require 'quartermaster'\n"
    "steps = dofile 'spec/c/every_op.lua'\n"
    "readings = dofile 'spec/c/every_reading.lua'\n"
    "function set_time(step) time = 1700000000 + 5 * step end\n"
    "function open()\n"
    "  return quartermaster.open{ path = path, clock = function() return time end }\n"
    "end\n"
    "function close(inv) inv:close() end\n";

/* ---- calling ---- */

/* What a call came to. */
typedef enum outcome { ANSWERED, SAID, RAISED, WRONG } outcome;

static int64_t outcomes[WRONG + 1]; /* of the calls without memory */

/* What became of all those calls, which are then forgotten. */
static void tell(int64_t tried) {
  printf("  %lld allocations: %lld calls answered, %lld said it, %lld raised it\n",
         (long long)tried, (long long)outcomes[ANSWERED], (long long)outcomes[SAID],
         (long long)outcomes[RAISED]);
  memset(outcomes, 0, sizeof outcomes);
}

static bool is_memory(lua_State *L, int index) {
  const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
  return strstr(text, "not enough memory") || strstr(text, "out of memory");
}

/* Calls the function below so many arguments, and leaves one value. */
static outcome call(lua_State *L, int arguments) {
  int bottom = lua_gettop(L) - arguments;
  outcome result = ANSWERED;
  if (lua_pcall(L, arguments, 3, 0) != 0) {
    result = is_memory(L, bottom) ? RAISED : WRONG;
  } else if (lua_isnil(L, bottom) && lua_type(L, bottom + 2) == LUA_TSTRING) {
    const char *code = lua_tostring(L, bottom + 2);
    /* A plan that is made anew when all is shipped is another one, hence CONFLICT. */
    bool refused = strcmp(code, "NOT_ENOUGH") == 0 || strcmp(code, "CONFLICT") == 0;
    result = strcmp(code, "MEMORY") == 0 ? SAID : refused ? ANSWERED : WRONG;
    lua_remove(L, bottom); /* the message is what is left */
  }
  lua_settop(L, bottom);
  if (result == WRONG && unit.failures < UNIT_SHOWN)
    fprintf(stderr, "  %s\n", lua_tostring(L, bottom));
  return result;
}

/* A call with the n-th allocation failing. */
static outcome call_without(lua_State *L, int arguments, int64_t n, bool lasting) {
  no_memory_arm(n, lasting);
  outcome result = call(L, arguments);
  no_memory_disarm();
  outcomes[result]++;
  return result;
}

static bool call_global(lua_State *L, const char *name, int argument) {
  lua_getglobal(L, name);
  lua_pushinteger(L, argument);
  return CHECK_INT(call(L, 1), ANSWERED);
}

static lua_State *new_state(void) {
  lua_State *L = __wrap_luaL_newstate();
  story_prepare_lua(L);
  if (luaL_loadstring(L, PREPARE) != 0)
    abort();
  lua_pushstring(L, file.path);
  CHECK_INT(call(L, 1), ANSWERED);
  lua_settop(L, 0);
  return L;
}

static story_image image;

static int place_of(int from, int to) {
  char *text = story_text(file.path);
  int place = story_place(&shop, text, from, to);
  sqlite3_free(text);
  return place;
}

/* ---- one call ---- */

/* A function of the inventory: an entry of a global list. */
typedef struct calling {
  const char *list, *name;
  int number;      /* in the list, from 1; 0: opening */
  int first, last; /* how the tables stand before and after */
} calling;

static void push_call(lua_State *L, const calling *c) {
  lua_getglobal(L, c->list);
  lua_rawgeti(L, -1, c->number);
  lua_rawgeti(L, -1, 2);
  lua_pushvalue(L, 1);
}

static bool as_it_should(outcome result, const calling *c, int place) {
  bool good = CHECK(place >= 0);
  if (result == ANSWERED)
    return good && CHECK_INT(place, c->last);
  /* Nothing is done, or all and only the answer is missing. What is said was not done. */
  return good && (result == RAISED || c->first == c->last || CHECK(place < c->last));
}

/* On an inventory of its own; false when no allocation failed, or a check did not hold. */
static bool call_once(lua_State *L, const calling *c, int64_t n, bool lasting) {
  story_put(&file, &image);
  lua_settop(L, 0);
  lua_getglobal(L, "open");
  bool good = CHECK_INT(call(L, 0), ANSWERED);
  push_call(L, c);
  outcome result = call_without(L, 1, n, lasting);
  int place = place_of(c->first, c->last);
  good = good && CHECK(result != WRONG) && as_it_should(result, c, place);
  if (good && result != ANSWERED) {
    lua_settop(L, 1);
    push_call(L, c);
    good = CHECK_INT(call(L, 1), ANSWERED);
    /* What had been done in part leaves a row in the ledger for each time it is done again. */
    good = good && (place > c->first || CHECK_INT(place_of(c->last, c->last), c->last));
  }
  lua_settop(L, 1);
  lua_getglobal(L, "close");
  lua_insert(L, 1);
  good = CHECK_INT(call(L, 1), ANSWERED) && good;
  if (!good)
    fprintf(stderr, "  %s, allocation %lld%s\n", c->name, (long long)n,
            lasting ? " and all that follow" : "");
  return good && no_memory.struck;
}

typedef bool (*attempt)(lua_State *L, const calling *c, int64_t n, bool lasting);

/* For all n, or some; how many. Nothing is left of it. */
static int64_t with_less(const calling *c, attempt once) {
  int64_t blocks = no_memory.blocks, bytes = no_memory.lua_bytes, tried = 0;
  sqlite3_int64 sqlite = sqlite3_memory_used();
  lua_State *L = new_state();
  call_global(L, "set_time", c->number);
  for (int lasting = 0; lasting < 2; lasting++)
    for (int64_t n = 1; once(L, c, n, lasting); n += thorough ? 1 : STRIDE)
      tried++;
  lua_close(L);
  CHECK_INT(no_memory.blocks, blocks);
  CHECK_INT(no_memory.lua_bytes, bytes);
  CHECK_INT(sqlite3_memory_used(), sqlite);
  return tried;
}

/* ---- opening and loading ---- */

/* A handle that nobody got is closed when it is collected. */
static bool open_once(lua_State *L, const calling *c, int64_t n, bool lasting) {
  story_put(&file, &image);
  lua_settop(L, 0);
  lua_getglobal(L, "open");
  bool good = CHECK(call_without(L, 0, n, lasting) != WRONG);
  bool struck = no_memory.struck;
  lua_settop(L, 0);
  lua_gc(L, LUA_GCCOLLECT, 0);
  lua_getglobal(L, "close");
  lua_getglobal(L, "open");
  good = good && CHECK_INT(call(L, 0), ANSWERED) &&
         CHECK_INT(place_of(c->last, c->last), c->last) && CHECK_INT(call(L, 1), ANSWERED);
  if (!good)
    fprintf(stderr, "  %s, allocation %lld%s\n", c->name, (long long)n,
            lasting ? " and all that follow" : "");
  return good && struck;
}

static int prepare(lua_State *L) {
  story_prepare_lua(L);
  if (luaL_loadstring(L, PREPARE) != 0)
    return lua_error(L);
  lua_pushstring(L, file.path);
  lua_call(L, 1, 0);
  return 0;
}

/* In a state of its own. */
static bool load_once(lua_State *unused, const calling *c, int64_t n, bool lasting) {
  (void)unused;
  lua_State *L = __wrap_luaL_newstate();
  lua_pushcfunction(L, prepare);
  lua_pushcfunction(L, prepare);
  outcome result = call_without(L, 0, n, lasting);
  bool struck = no_memory.struck;
  lua_settop(L, 1);
  bool good = CHECK(result != WRONG);
#if LUA_VERSION_NUM > 501 /* before, a module whose loading broke off is not loaded again */
  good = good && CHECK_INT(call(L, 0), ANSWERED);
#endif
  if (!good)
    fprintf(stderr, "  %s, allocation %lld\n", c->name, (long long)n);
  lua_close(L);
  return good && struck;
}

/* ---- the tests ---- */

TEST(the_module_is_loaded_or_not) {
  const calling c = {NULL, "load", 0, 0, 0};
  file = kit_new_file();
  tell(with_less(&c, load_once));
  story_remove(&file);
}

/* A new file, and one that is there. */
TEST(the_inventory_is_opened_or_not) {
  const calling c = {NULL, "open", 0, 0, 1};
  file = kit_new_file();
  image.n = 0;
  int64_t tried = with_less(&c, open_once);
  story_take(&file, &image);
  tried += with_less(&c, open_once);
  tell(tried);
  story_remove(&file);
}

static int64_t each_step(lua_State *L) {
  int64_t tried = 0;
  int number = 1, at = 1; /* the first step of the story is opening */
  for (; at < (int)shop.count && unit.failures < UNIT_SHOWN; number++) {
    calling c = {"steps", shop.steps[at].name, number, at, at};
    while (c.last < (int)shop.count && strcmp(shop.steps[c.last].name, c.name) == 0)
      c.last++;
    if (shop.steps[at].kind == STORY_APPLY) {
      tried += with_less(&c, call_once);
      story_put(&file, &image);
      call_global(L, "set_time", number);
      lua_settop(L, 0);
      lua_getglobal(L, "close");
      lua_getglobal(L, "open");
      CHECK_INT(call(L, 0), ANSWERED);
      lua_pushvalue(L, -1);
      lua_insert(L, 1);
      push_call(L, &c);
      CHECK_INT(call(L, 1), ANSWERED);
      lua_settop(L, 3);
      CHECK_INT(call(L, 1), ANSWERED);
      story_take(&file, &image);
    }
    at = c.last;
  }
  return tried;
}

TEST(a_write_happens_or_not) {
  file = kit_new_file();
  lua_State *L = new_state();
  lua_getglobal(L, "close");
  lua_getglobal(L, "open");
  CHECK_INT(call(L, 0), ANSWERED);
  CHECK_INT(call(L, 1), ANSWERED);
  story_take(&file, &image);
  tell(each_step(L));
  lua_close(L);
  story_remove(&file);
}

/* After all steps: the image is what the test before has left. */
TEST(a_reading_answers_or_not) {
  int64_t tried = 0;
  int last = (int)shop.count;
  file = kit_new_file();
  lua_State *L = new_state();
  lua_getglobal(L, "readings");
  int count = (int)lua_rawlen(L, -1);
  for (int i = 1; i <= count && unit.failures < UNIT_SHOWN; i++) {
    lua_rawgeti(L, 1, i);
    lua_rawgeti(L, -1, 1);
    const calling c = {"readings", lua_tostring(L, -1), i, last, last};
    tried += with_less(&c, call_once);
    lua_settop(L, 1);
  }
  tell(tried);
  lua_close(L);
  story_remove(&file);
}

int main(void) {
  thorough = getenv("QM_SOAK") != NULL;
  no_memory_install();
  no_memory.counted = OF_LUA;
  power_install(); /* it never waits for the disk */
  story_read(&shop);
  RUN(the_module_is_loaded_or_not);
  RUN(the_inventory_is_opened_or_not);
  RUN(a_write_happens_or_not);
  RUN(a_reading_answers_or_not);
  story_free(&shop);
  free(image.bytes);
  return unit_report();
}