/* soup.h: for fuzz_api.c: Lua values out of an input: what a call takes, as a grammar says it, and
 * in between anything at all.
 *
 * A grammar is a text. A letter is one value; (one|another) is one of these words; [value] is a
 * list; {key:value key:value} is a record, where "key?:" says that the key is mostly absent and
 * "key~:" that it often is.
 *   s SKU   o source   k stock   c channel   q quantity   n number   r real   b boolean   t text
 *   w word  u time     x anything            f a file and what is in it       i a new document's id
 *   P a new order's id, or an old one's      O an order's id   H, h the same of holds */
#ifndef QM_SPEC_SOUP_H
#define QM_SPEC_SOUP_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <math.h>
#include <string.h>

#include "input.h"

enum { DEEPEST = 6, LONG = 5000, KEPT = 8 };

typedef struct soup {
  lua_State *L;
  input *in;
  int kept;         /* a table of tables that were made, for rings and finalizers */
  int self;         /* the inventory */
  bool wild, ever;  /* a metatable or a finalizer of ours may have its say, in this call or any */
  bool plain;       /* no metatables, no finalizers */
  bool scarce;      /* memory runs out during calls */
  const char *file; /* where files are written */
} soup;

static const char *const sku_pool[] = {"pen",  "ink", "tour", "set",
                                       "file", "box", "nope", "caf\xc3\xa9"};
static const char *const new_order_pool[] = {"p", "q", "r", "s", "t", "u", "v", "a"};
static const char *const order_pool[] = {"a", "b", "c", "d", "p", "q", "r", "old"};
static const char *const new_hold_pool[] = {"l", "m", "n", "h"};
static const char *const hold_pool[] = {"h", "j", "l", "m", "n", "none", "h", "j"};
static const char *const source_pool[] = {"default", "muc",        "ham", "new",
                                          "",        "m\xfcnchen", "muc", "ham"};
static const char *const channel_pool[] = {"base", "eu", "us", "admin", "", "\xff", "new", "eu"};
static const char *const word_pool[] = {
    "simple",   "virtual",       "downloadable", "configurable", "grouped", "bundle",
    "in_stock", "out_of_stock",  "no",           "allow",        "notify",  "priority",
    "distance", "all",           "default",      "magento",      "sources", "stocks",
    "products", "stock_sources", "salable",      "place",        "ship",    "string"};
static const char *const key_pool[] = {
    "id",       "sku",      "qty",  "lines",  "stock",      "channel", "order",   "source",
    "line",     "settings", "plan", "picks",  "rows",       "type",    "code",    "generation",
    "children", "options",  "own",  "op",     "selections", "force",   "limit",   "after",
    "rules",    "dry_run",  "name", "colour", "",           "1",       "was_own", "__index"};
static const char *const event_pool[] = {
    "__index", "__newindex", "__len",      "__eq",        "__gc", "__pairs",  "__close", "__name",
    "__mode",  "__call",     "__tostring", "__metatable", "__lt", "__concat", "__unm",   "__div"};

#define COUNT(pool)   (sizeof(pool) / sizeof(pool)[0])
#define PUSH(s, pool) lua_pushstring((s)->L, (pool)[next_byte((s)->in) % COUNT(pool)])

/* ---- functions ---- */

static int nothing(lua_State *L) {
  (void)L;
  return 0;
}

static int raise(lua_State *L) {
  return luaL_error(L, "soup: a function of the caller");
}

static int patience; /* how often it answers: a list that never ends would take for ever */

static int echo(lua_State *L) {
  lua_settop(L, 1);
  return patience > 0 ? patience--, 1 : 0;
}

/* Takes away what the tables that were made have in them, be they in use or not. */
static int spoil(lua_State *L) {
  lua_settop(L, 0);
  lua_pushvalue(L, lua_upvalueindex(1));
  for (int i = 1; i <= KEPT; i++) {
    if (lua_rawgeti(L, 1, i) == LUA_TTABLE) {
      for (int j = (int)lua_rawlen(L, 2); j > 0; j--) {
        lua_pushnil(L);
        lua_rawseti(L, 2, j);
      }
      lua_pushboolean(L, true);
      lua_setfield(L, 2, "sku");
    }
    lua_settop(L, 1);
  }
  return 0;
}

/* Calls back, with the inventory that is in the middle of something. */
static int call_back(lua_State *L) {
  static const char *const methods[] = {"verify", "info", "events"};
  lua_settop(L, 0);
  lua_pushvalue(L, lua_upvalueindex(1));
  for (size_t i = 0; i < COUNT(methods); i++) {
    if (lua_getfield(L, 1, methods[i]) == LUA_TFUNCTION) {
      lua_pushvalue(L, 1);
      if (lua_pcall(L, 1, 0, 0) != LUA_OK)
        must(lua_type(L, -1) == LUA_TSTRING);
    }
    lua_settop(L, 1);
  }
  return 0;
}

static void push_function(soup *s) {
  switch (next_byte(s->in) % 5) {
  case 0:
    lua_pushcfunction(s->L, nothing);
    return;
  case 1:
    lua_pushcfunction(s->L, raise);
    return;
  case 2:
    lua_pushcfunction(s->L, echo);
    return;
  case 3:
    lua_pushvalue(s->L, s->kept);
    lua_pushcclosure(s->L, spoil, 1);
    return;
  default:
    lua_pushvalue(s->L, s->self);
    lua_pushcclosure(s->L, call_back, 1);
    return;
  }
}

/* ---- anything ---- */

static void push_soup(soup *s, int depth);

static void push_number(soup *s) {
  static const double odd[] = {
      0.5,  0.1,  -1,   0.00005, 1e300,        9007199254740992.0, 1e-320,  1e15,
      1e11, -0.0, 1e19, -1e19,   2147483648.0, 4294967296.0,       65535.0, 65536.0};
  static const lua_Integer whole[] = {
      0,   LUA_MAXINTEGER, LUA_MININTEGER, 1000000000000000, -1000000000000000, 100000000000, 4095,
      4096};
  uint64_t bits;
  double number;
  switch (next_byte(s->in) % 6) {
  case 0:
  case 1:
    lua_pushinteger(s->L, (int8_t)next_byte(s->in));
    return;
  case 2:
    lua_pushinteger(s->L, whole[next_byte(s->in) % COUNT(whole)]);
    return;
  case 3:
    lua_pushnumber(s->L, odd[next_byte(s->in) % COUNT(odd)]);
    return;
  case 4:
    lua_pushnumber(s->L, next_byte(s->in) & 1 ? NAN : next_byte(s->in) & 1 ? INFINITY : -INFINITY);
    return;
  default:
    bits = next_bytes(s->in, 8);
    memcpy(&number, &bits, sizeof number);
    lua_pushnumber(s->L, number);
    return;
  }
}

static void push_text(soup *s) {
  char many[LONG];
  const uint8_t *piece;
  size_t n;
  switch (next_byte(s->in) % 8) {
  case 0:
    PUSH(s, sku_pool);
    return;
  case 1:
    PUSH(s, word_pool);
    return;
  case 2:
    PUSH(s, order_pool);
    return;
  case 3:
    n = (size_t)next_bytes(s->in, 2) % LONG;
    memset(many, next_byte(s->in), n);
    lua_pushlstring(s->L, many, n);
    return;
  case 4:
    lua_pushfstring(s->L, "%d", (int)next_byte(s->in) - 5);
    return;
  case 5:
    lua_pushliteral(s->L, "0.0001");
    return;
  default:
    n = next_piece(s->in, next_byte(s->in) % 64, &piece);
    lua_pushlstring(s->L, (const char *)piece, n);
    return;
  }
}

/* Later tables may hold it: so tables come to hold themselves. */
static void keep(soup *s) {
  lua_pushvalue(s->L, -1);
  lua_rawseti(s->L, s->kept, 1 + next_byte(s->in) % KEPT);
}

static void push_metatable(soup *s, int depth) {
  s->wild = s->ever = true;
  lua_newtable(s->L);
  uint8_t byte = next_byte(s->in);
  if (byte & 8) {
    push_function(s);
    lua_setfield(s->L, -2, "__gc");
  }
  for (int i = byte % 4; i >= 0; i--) {
    PUSH(s, event_pool);
    if (next_byte(s->in) & 1)
      push_function(s);
    else
      push_soup(s, depth + 1);
    lua_rawset(s->L, -3);
  }
}

/* The table on top gets what no call takes. */
static void spice(soup *s, int depth) {
  uint8_t what = next_byte(s->in);
  if (what > 250 && !s->plain) {
    push_metatable(s, depth);
    lua_setmetatable(s->L, -2);
  } else if (what > 244) {
    PUSH(s, key_pool);
    push_soup(s, depth + 1);
    lua_rawset(s->L, -3);
  } else if (what > 240) {
    push_soup(s, DEEPEST);
    bool fine = !lua_isnil(s->L, -1) && !(lua_isnumber(s->L, -1) && isnan(lua_tonumber(s->L, -1)));
    if (!fine) {
      lua_pop(s->L, 1);
      lua_pushboolean(s->L, true);
    }
    push_soup(s, depth + 1);
    lua_rawset(s->L, -3);
  }
}

static void push_table(soup *s, int depth) {
  lua_newtable(s->L);
  keep(s);
  uint8_t count = next_byte(s->in);
  for (int i = 0; i < count % 4; i++) {
    push_soup(s, depth + 1);
    lua_rawseti(s->L, -2, i + 1 + (count > 240 ? i * 1000 : 0));
  }
  for (int i = 0; i < count / 4 % 4; i++) {
    PUSH(s, key_pool);
    push_soup(s, depth + 1);
    lua_rawset(s->L, -3);
  }
  spice(s, depth);
}

static void push_soup(soup *s, int depth) {
  luaL_checkstack(s->L, 16, "soup");
  switch (next_byte(s->in) % (depth < DEEPEST ? 16 : 11)) {
  case 0:
    lua_pushnil(s->L);
    return;
  case 1:
  case 2:
    lua_pushboolean(s->L, next_byte(s->in) & 1);
    return;
  case 3:
  case 4:
    push_number(s);
    return;
  case 5:
  case 6:
    push_text(s);
    return;
  case 7:
    lua_pushlightuserdata(s->L, next_byte(s->in) & 1 ? s : NULL);
    return;
  case 8:
    lua_newuserdatauv(s->L, 8, 0);
    return;
  case 9:
    lua_pushcfunction(s->L, nothing);
    return;
  case 10:
    lua_newthread(s->L);
    return;
  case 11:
    lua_pushvalue(s->L, s->self);
    return;
  case 12:
    s->wild |= s->ever;
    lua_rawgeti(s->L, s->kept, 1 + next_byte(s->in) % KEPT);
    return;
  default:
    push_table(s, depth);
    return;
  }
}

/* ---- by a grammar ---- */

/* Past the value that begins at p. */
static const char *skip(const char *p) {
  int open = 0;
  do {
    open += *p == '{' || *p == '[' || *p == '(';
    open -= *p == '}' || *p == ']' || *p == ')';
    p++;
  } while (open > 0);
  return p;
}

static const char *push_value(soup *s, const char *p, int depth);

static void push_record(soup *s, const char *p, int depth) {
  lua_newtable(s->L);
  keep(s);
  for (p++; *p != '}'; p += *p == ' ') {
    const char *colon = strchr(p, ':');
    bool rare = colon[-1] == '?', often = colon[-1] == '~';
    uint8_t byte = next_byte(s->in);
    if (rare ? byte % 8 != 1 : often ? byte % 2 == 0 : byte > 250) {
      p = skip(colon + 1);
      continue;
    }
    lua_pushlstring(s->L, p, (size_t)(colon - p) - (rare || often));
    p = push_value(s, colon + 1, depth + 1);
    lua_rawset(s->L, -3);
  }
  spice(s, depth);
}

static void push_list_of(soup *s, const char *p, int depth) {
  uint8_t byte = next_byte(s->in);
  int count = byte < 192 ? 1 + byte % 3 : byte < 250 ? byte % 8 : 0;
  lua_newtable(s->L);
  keep(s);
  for (int i = 0; i < count; i++) {
    push_value(s, p + 1, depth + 1);
    lua_rawseti(s->L, -2, i + 1);
  }
  spice(s, depth);
}

static void push_word(soup *s, const char *p) {
  int count = 1;
  for (const char *at = p; *at != ')'; at++)
    count += *at == '|';
  for (int which = next_byte(s->in) % count; which > 0; p++)
    which -= *p == '|';
  p += *p == '(';
  lua_pushlstring(s->L, p, strcspn(p, "|)"));
}

static void push_qty(soup *s) {
  uint8_t byte = next_byte(s->in);
  if (byte < 200)
    lua_pushinteger(s->L, byte < 150 ? 1 + byte % 8 : byte);
  else if (byte < 220)
    lua_pushnumber(s->L, byte / 8.0);
  else if (byte < 240)
    lua_pushfstring(s->L, "%d.%d", byte - 220, (int)next_byte(s->in));
  else
    push_number(s);
}

static void push_channel(soup *s) {
  uint8_t byte = next_byte(s->in);
  if (byte < 200) {
    PUSH(s, channel_pool);
    return;
  }
  lua_newtable(s->L);
  keep(s);
  lua_pushstring(s->L, byte & 1 ? "website" : "shop");
  lua_setfield(s->L, -2, "type");
  PUSH(s, channel_pool);
  lua_setfield(s->L, -2, "code");
  spice(s, DEEPEST);
}

/* A CSV file of bytes, often with a header that it should have. */
static void push_file(soup *s) {
  static const char *const headers[] = {
      "", "source_code,name,country_id,postcode,latitude,longitude\n",
      "stock_id,name,sales_channels,sources\n", "sku,product_type,manage_stock,min_cart_qty\n",
      "source_code,sku,status,quantity\nmuc,pen,1,5\n"};
  const uint8_t *piece;
  FILE *file = fopen(s->file, "wb");
  must(file != NULL);
  fputs(headers[next_byte(s->in) % COUNT(headers)], file);
  size_t n = next_piece(s->in, next_byte(s->in), &piece);
  must(fwrite(piece, 1, n, file) == n && fclose(file) == 0);
  lua_pushstring(s->L, s->file);
}

static void push_letter(soup *s, char letter) {
  uint8_t byte;
  switch (letter) {
  case 's':
    PUSH(s, sku_pool);
    return;
  case 'i':
    lua_pushfstring(s->L, "i%d", (int)next_byte(s->in) % 100);
    return;
  case 'P':
    PUSH(s, new_order_pool);
    return;
  case 'O':
    PUSH(s, order_pool);
    return;
  case 'H':
    PUSH(s, new_hold_pool);
    return;
  case 'h':
    PUSH(s, hold_pool);
    return;
  case 'u':
    lua_pushinteger(s->L, 1700000000 + next_byte(s->in));
    return;
  case 'o':
    PUSH(s, source_pool);
    return;
  case 'k':
    byte = next_byte(s->in);
    lua_pushinteger(s->L, byte < 250 ? 1 + byte % 3 : byte);
    return;
  case 'c':
    push_channel(s);
    return;
  case 'q':
    push_qty(s);
    return;
  case 'n':
    byte = next_byte(s->in);
    lua_pushinteger(s->L, byte < 200 ? 1 + byte % 4 : (int8_t)byte);
    return;
  case 'b':
    lua_pushboolean(s->L, next_byte(s->in) & 1);
    return;
  case 't':
    push_text(s);
    return;
  case 'w':
    PUSH(s, word_pool);
    return;
  case 'r':
    byte = next_byte(s->in);
    lua_pushnumber(s->L, byte < 240 ? byte - 120.5 : 1.0 / (byte - 240));
    return;
  default:
    push_soup(s, DEEPEST - 2);
    return;
  }
}

/* Pushes the value of the grammar at p, or now and then anything; returns what comes after it. */
static const char *push_value(soup *s, const char *p, int depth) {
  luaL_checkstack(s->L, 16, "soup");
  if (*p == 'f')
    push_file(s);
  else if (next_byte(s->in) > 246)
    push_soup(s, depth);
  else if (*p == '{')
    push_record(s, p, depth);
  else if (*p == '[')
    push_list_of(s, p, depth);
  else if (*p == '(')
    push_word(s, p);
  else
    push_letter(s, *p);
  return skip(p);
}

#endif
