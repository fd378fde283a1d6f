/* select_request.c: what a selection is asked for. Tables are read raw, so that no metamethod runs
 * in the middle. */
#include "selecting.h"

#include <string.h>

#include "../core/select/group.h"

/* What is known of a group by the index of its first line. */
typedef struct group {
  size_t last;
  qm_qty units;
  bool whole; /* may not be split */
} group;

/* The lines of a request while they are read. */
typedef struct reading {
  qm_selecting *s;
  int products, leaders; /* on the stack: SKU -> index of its product, group -> of its first line */
  group *groups;         /* by line */
  qm_qty *parts;         /* by line: the quantity that its group's units divide */
  bool *grouped, *gone;  /* by line */
} reading;

void *qm_block_push(lua_State *L, size_t count, size_t size) {
  size_t bytes = (count ? count : 1) * size;
  return memset(lua_newuserdatauv(L, bytes, 0), 0, bytes);
}

static void refuse_line(lua_State *L, qm_selecting *s, qm_problem_kind kind, int row) {
  qm_str sku = {NULL, 0};
  qm_problem problem = {.kind = kind, .row = row};
  if (row >= 0) {
    problem.line = s->numbers[row];
    sku = s->line_skus[row];
  }
  qm_refusal_add(L, &s->refusal, s->handle, &problem, sku);
}

void qm_selecting_refuse(lua_State *L, qm_selecting *s, qm_problem_kind kind, qm_str subject) {
  qm_problem problem = {.kind = kind, .row = -1};
  qm_refusal_add(L, &s->refusal, s->handle, &problem, subject);
}

/* ---- lines ---- */

static bool raw_field(lua_State *L, int index, const char *key) {
  lua_pushstring(L, key);
  lua_rawget(L, index);
  return !lua_isnil(L, -1);
}

/* The table of products keeps the SKUs alive. */
static size_t product_of(lua_State *L, reading *r, int line) {
  raw_field(L, line, "sku");
  lua_pushvalue(L, -1);
  lua_rawget(L, r->products);
  if (!lua_isnil(L, -1)) {
    size_t known = (size_t)lua_tonumber(L, -1);
    lua_pop(L, 2);
    return known;
  }
  size_t product = r->s->wants.sku_count++;
  r->s->skus[product].p = lua_tolstring(L, -2, &r->s->skus[product].n);
  lua_pop(L, 1);
  lua_pushnumber(L, (lua_Number)product);
  lua_rawset(L, r->products);
  return product;
}

static void read_qty(lua_State *L, reading *r, size_t i, int line) {
  qm_problem_kind problem = QM_P_QTY_NEGATIVE;
  if (!raw_field(L, line, "qty"))
    refuse_line(L, r->s, QM_P_QTY_MISSING, (int)i);
  else if (!qm_to_qty(L, -1, "select", "qty", &r->s->asked[i], &problem) || r->s->asked[i] < 0)
    refuse_line(L, r->s, problem, (int)i);
  lua_pop(L, 1);
}

/* A quantity that the facade took from an order. */
static qm_qty read_own_qty(lua_State *L, int line, const char *key) {
  qm_qty qty = 0;
  qm_problem_kind problem;
  if (raw_field(L, line, key))
    qm_to_qty(L, -1, "select", key, &qty, &problem);
  lua_pop(L, 1);
  return qm_qty_max(0, qty);
}

/* The lines of a group are chained to its first. An order's line says how much was ordered of it
 * and of the whole it is part of; otherwise the group is what its lines are. */
static void join_group(lua_State *L, reading *r, size_t i, int line, bool whole) {
  qm_selecting *s = r->s;
  if (!raw_field(L, line, "group")) {
    lua_pop(L, 1);
    s->request.lines[i].unit = whole ? s->asked[i] : 1;
    return;
  }
  size_t first = i;
  lua_pushvalue(L, -1);
  lua_rawget(L, r->leaders);
  if (!lua_isnil(L, -1)) {
    first = (size_t)lua_tonumber(L, -1);
    s->request.lines[r->groups[first].last].next = i;
    s->request.lines[i].follows = true;
    lua_pop(L, 2);
  } else {
    lua_pop(L, 1);
    lua_pushnumber(L, (lua_Number)i);
    lua_rawset(L, r->leaders);
  }
  group *g = &r->groups[first];
  qm_qty of = read_own_qty(L, line, "of");
  r->grouped[i] = true;
  r->parts[i] = of > 0 ? read_own_qty(L, line, "ordered") : qm_qty_max(0, s->asked[i]);
  g->units = of > 0 ? qm_group_parts(qm_group_units(g->units, of), r->parts[i])
                    : qm_group_units(g->units, r->parts[i]);
  g->whole |= whole;
  g->last = i;
}

static bool read_flag(lua_State *L, int line, const char *key, bool absent) {
  bool flag = raw_field(L, line, key) ? lua_toboolean(L, -1) : absent;
  lua_pop(L, 1);
  return flag;
}

static void read_line(lua_State *L, reading *r, size_t i, int line) {
  qm_selecting *s = r->s;
  s->numbers[i] = raw_field(L, line, "line") ? (int64_t)luaL_checknumber(L, -1) : (int64_t)i + 1;
  lua_pop(L, 1);
  if (raw_field(L, line, "sku"))
    s->line_skus[i].p = luaL_checklstring(L, -1, &s->line_skus[i].n);
  else
    refuse_line(L, s, QM_P_SKU_EMPTY, (int)i);
  lua_pop(L, 1);
  read_qty(L, r, i, line);
  s->request.lines[i].need = s->asked[i];
  s->request.lines[i].uncounted = read_flag(L, line, "uncounted", false);
  r->gone[i] = read_flag(L, line, "gone", false);
  if (s->line_skus[i].p && !s->request.lines[i].uncounted && !r->gone[i])
    s->request.lines[i].product = product_of(L, r, line);
  join_group(L, r, i, line, !read_flag(L, line, "splittable", true));
}

static void finish_products(reading *r) {
  qm_selecting *s = r->s;
  s->product_count = s->wants.sku_count;
  for (size_t i = 0; i < s->wants.line_count; i++)
    if (s->request.lines[i].uncounted)
      s->request.lines[i].product = s->product_count++;
  s->gone = s->product_count;
  for (size_t i = 0; i < s->wants.line_count; i++)
    if (r->gone[i]) {
      s->request.lines[i].product = s->gone;
      s->product_count = s->gone + 1;
    }
}

/* What a unit of each group has of its lines. */
static void finish_groups(reading *r) {
  qm_selecting *s = r->s;
  for (size_t i = 0; i < s->wants.line_count; i++) {
    if (!r->grouped[i] || s->request.lines[i].follows)
      continue;
    const group *g = &r->groups[i];
    qm_qty units = g->units > 0 ? g->units : 1;
    size_t member = i;
    do {
      s->request.lines[member].unit = g->whole ? s->asked[member] : r->parts[member] / units;
      member = s->request.lines[member].next;
    } while (member);
  }
}

static void read_lines(lua_State *L, qm_selecting *s, int index) {
  size_t count = lua_rawlen(L, index);
  if (count > QM_LINES_MAX) {
    refuse_line(L, s, QM_P_TOO_MANY, -1);
    return;
  }
  s->numbers = qm_block_push(L, count, sizeof *s->numbers);
  s->line_skus = qm_block_push(L, count, sizeof *s->line_skus);
  s->skus = qm_block_push(L, count, sizeof *s->skus);
  s->asked = qm_block_push(L, count, sizeof *s->asked);
  s->request.lines = qm_block_push(L, count, sizeof *s->request.lines);
  reading r = {.s = s};
  r.groups = qm_block_push(L, count, sizeof *r.groups);
  r.parts = qm_block_push(L, count, sizeof *r.parts);
  r.grouped = qm_block_push(L, count, sizeof *r.grouped);
  r.gone = qm_block_push(L, count, sizeof *r.gone);
  lua_newtable(L);
  r.products = lua_gettop(L);
  lua_newtable(L);
  r.leaders = lua_gettop(L);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, index, (int)i + 1);
    luaL_checktype(L, -1, LUA_TTABLE);
    read_line(L, &r, i, lua_gettop(L));
    lua_pop(L, 1);
  }
  s->wants.lines = s->numbers;
  s->wants.line_count = s->request.line_count = count;
  s->wants.skus = s->skus;
  if (s->refusal.count > 0)
    return;
  finish_products(&r);
  finish_groups(&r);
}

/* ---- options ---- */

static bool option_is(lua_State *L, int index, const char *key, const char *yes, const char *no) {
  raw_field(L, index, key);
  const char *word = luaL_optstring(L, -1, no);
  bool is = strcmp(word, yes) == 0;
  if (!is && strcmp(word, no) != 0)
    luaL_error(L, "select: %s must be '%s' or '%s'", key, no, yes);
  lua_pop(L, 1);
  return is;
}

static void read_options(lua_State *L, qm_selecting *s, int index) {
  qm_str name = {NULL, 0};
  s->physical = option_is(L, index, "availability", "physical", "residual");
  s->request.all_rows = option_is(L, index, "rows", "all", "used");
  raw_field(L, index, "algorithm");
  name.p = luaL_optlstring(L, -1, "priority", &name.n);
  s->algorithm = qm_find_algorithm(name);
  if (!s->algorithm)
    qm_selecting_refuse(L, s, QM_P_NO_ALGORITHM, name);
  qm_selecting_destination(L, s, index);
  raw_field(L, index, "order");
  s->wants.order.p = luaL_optlstring(L, -1, NULL, &s->wants.order.n);
}

void qm_selecting_read(lua_State *L, qm_selecting *s, int where, int lines, int options) {
  static const qm_str none = {NULL, 0};
  luaL_checktype(L, lines, LUA_TTABLE);
  luaL_checktype(L, options, LUA_TTABLE);
  read_options(L, s, options);
  qm_problem_kind problem = qm_read_where(L, where, &s->wants.where);
  if (problem)
    qm_selecting_refuse(L, s, problem, none);
  read_lines(L, s, lines);
  if (s->request.line_count == 0 && !s->wants.order.p && s->refusal.count == 0)
    qm_selecting_refuse(L, s, QM_P_EMPTY_LIST, none);
}
