/* select.c: source selection for Lua. The store reads the candidates in one transaction, the core's
 * algorithm picks, the core's check passes the plan, and the plan becomes a table. */
#include "binding.h"

#include <string.h>

#include "../core/plan.h"

/* All of it lies in blocks that Lua owns. */
typedef struct selecting {
  qm_handle *handle;
  size_t line_count, product_count;
  int64_t *numbers;  /* by line: what the caller calls it */
  qm_str *line_skus; /* by line */
  qm_str *skus;      /* by product */
  qm_qty *asked;     /* by line */
  qm_supply supply;  /* what the store has read */
  bool *named;       /* by source: the request wants it */
  bool physical;
  qm_select request;
  qm_qty *before; /* the supply matrix before anything was taken */
} selecting;

static void *block(lua_State *L, size_t count, size_t size) {
  size_t bytes = (count ? count : 1) * size;
  return memset(lua_newuserdatauv(L, bytes, 0), 0, bytes);
}

/* ---- the request ---- */

static size_t product_of(selecting *s, qm_str sku) {
  for (size_t i = 0; i < s->product_count; i++)
    if (s->skus[i].n == sku.n && memcmp(s->skus[i].p, sku.p, sku.n) == 0)
      return i;
  s->skus[s->product_count] = sku;
  return s->product_count++;
}

static qm_problem_kind read_line(lua_State *L, selecting *s, size_t i) {
  qm_problem_kind problem = QM_P_NONE;
  lua_pushliteral(L, "sku");
  lua_rawget(L, -2);
  if (lua_isnil(L, -1))
    return QM_P_SKU_EMPTY;
  s->line_skus[i].p = lua_tolstring(L, -1, &s->line_skus[i].n);
  lua_pushliteral(L, "qty");
  lua_rawget(L, -3);
  if (lua_isnil(L, -1))
    return QM_P_QTY_MISSING;
  if (!qm_to_qty(L, -1, "select", "qty", &s->asked[i], &problem))
    return problem;
  lua_pushliteral(L, "line");
  lua_rawget(L, -4);
  s->numbers[i] = lua_isnil(L, -1) ? (int64_t)i + 1 : (int64_t)luaL_checknumber(L, -1);
  lua_pop(L, 3);
  s->request.lines[i] = (qm_select_line){product_of(s, s->line_skus[i]), s->asked[i]};
  return s->asked[i] < 0 ? QM_P_QTY_NEGATIVE : QM_P_NONE;
}

static qm_problem_kind read_lines(lua_State *L, int index, selecting *s) {
  size_t count = s->line_count = lua_rawlen(L, index);
  if (count > QM_LINES_MAX)
    return QM_P_TOO_MANY;
  s->numbers = block(L, count, sizeof *s->numbers);
  s->line_skus = block(L, count, sizeof *s->line_skus);
  s->skus = block(L, count, sizeof *s->skus);
  s->asked = block(L, count, sizeof *s->asked);
  s->request.lines = block(L, count, sizeof *s->request.lines);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, index, (int)i + 1);
    qm_problem_kind problem = read_line(L, s, i);
    if (problem)
      return problem;
    lua_pop(L, 1);
  }
  return QM_P_NONE;
}

/* ---- sources in order ---- */

static bool find_source(const selecting *s, qm_str code, size_t *source) {
  const qm_out *out = qm_store_out(s->handle->store);
  for (*source = 0; *source < s->supply.source_count; ++*source) {
    qm_str known = qm_out_str(out, s->supply.codes[*source]);
    if (known.n == code.n && memcmp(known.p, code.p, code.n) == 0)
      return true;
  }
  return false;
}

/* By the request's own list, else by priority, which is how the store returns them. */
static qm_problem_kind order_sources(lua_State *L, int index, selecting *s, qm_str *unknown) {
  size_t count = s->supply.source_count, *order = block(L, count, sizeof *order), ranked = 0;
  s->named = block(L, count, sizeof *s->named);
  s->request.sources = order;
  lua_getfield(L, index, "sources");
  if (lua_isnil(L, -1)) {
    for (size_t i = 0; i < count; i++)
      s->named[order[i] = i] = true;
    return QM_P_NONE;
  }
  luaL_checktype(L, -1, LUA_TTABLE);
  for (size_t i = 0; i < lua_rawlen(L, -1); i++) {
    size_t source;
    lua_rawgeti(L, -1, (int)i + 1);
    unknown->p = luaL_checklstring(L, -1, &unknown->n);
    if (!find_source(s, *unknown, &source))
      return QM_P_NO_LINK;
    if (!s->named[source])
      order[ranked++] = source;
    s->named[source] = true;
    lua_pop(L, 1);
  }
  for (size_t i = 0; i < count; i++)
    if (!s->named[i])
      order[ranked++] = i;
  return QM_P_NONE;
}

static const qm_candidate *candidate_of(const selecting *s, size_t product, size_t source) {
  return &s->supply.candidates[product * QM_SOURCES_MAX + source];
}

static void fill_supply(lua_State *L, selecting *s) {
  size_t count = s->supply.source_count, cells = s->product_count * count;
  s->request.source_count = count;
  s->request.line_count = s->line_count;
  s->request.supply = block(L, cells, sizeof(qm_qty));
  s->before = block(L, cells, sizeof(qm_qty));
  s->request.pick_capacity = s->line_count * count;
  s->request.picks = block(L, s->request.pick_capacity, sizeof(qm_pick));
  for (size_t p = 0; p < s->product_count; p++) {
    for (size_t i = 0; i < count; i++) {
      const qm_candidate *c = candidate_of(s, p, i);
      bool counts = s->named[i] && c->enabled && c->has_item && c->in_stock;
      qm_qty left = qm_qty_max(0, c->qty - (s->physical ? 0 : c->allocated));
      s->request.supply[p * count + i] = s->before[p * count + i] = counts ? left : -1;
    }
  }
}

/* ---- the plan ---- */

static qm_why why_of(const selecting *s, size_t line, size_t source, bool used) {
  const qm_candidate *c = candidate_of(s, s->request.lines[line].product, source);
  if (used)
    return QM_WHY_USED;
  if (!s->named[source])
    return QM_WHY_NOT_NAMED;
  if (!c->has_item)
    return QM_WHY_NO_ITEM;
  if (!c->enabled)
    return QM_WHY_DISABLED;
  if (!c->in_stock)
    return QM_WHY_OUT_OF_STOCK;
  size_t cell = s->request.lines[line].product * s->request.source_count + source;
  return s->request.supply[cell] > 0 ? QM_WHY_FILLED : QM_WHY_EMPTY;
}

static void set_text(lua_State *L, const char *key, qm_str text) {
  qm_push_str(L, text);
  lua_setfield(L, -2, key);
}

static void set_int(lua_State *L, const char *key, int64_t value) {
  qm_push_int(L, value);
  lua_setfield(L, -2, key);
}

static void push_picks(lua_State *L, const selecting *s, bool *used, bool *opened) {
  const qm_out *out = qm_store_out(s->handle->store);
  lua_createtable(L, (int)s->request.pick_count, 0);
  for (size_t i = 0; i < s->request.pick_count; i++) {
    const qm_pick *pick = &s->request.picks[i];
    lua_createtable(L, 0, 5);
    set_int(L, "line", s->numbers[pick->line]);
    set_text(L, "sku", s->line_skus[pick->line]);
    set_text(L, "source", qm_out_str(out, s->supply.codes[pick->source]));
    qm_push_qty(L, s->handle, pick->take);
    lua_setfield(L, -2, "qty_to_deduct");
    qm_push_qty(L, s->handle, pick->available);
    lua_setfield(L, -2, "qty_available");
    lua_rawseti(L, -2, (int)i + 1);
    if (pick->take == 0)
      continue;
    used[pick->line * s->request.source_count + pick->source] = true;
    opened[pick->source] = true;
  }
}

static void push_short(lua_State *L, const selecting *s) {
  int count = 0;
  lua_newtable(L);
  for (size_t i = 0; i < s->line_count; i++) {
    if (s->request.lines[i].need == 0)
      continue;
    lua_createtable(L, 0, 3);
    set_int(L, "line", s->numbers[i]);
    set_text(L, "sku", s->line_skus[i]);
    qm_push_qty(L, s->handle, s->request.lines[i].need);
    lua_setfield(L, -2, "qty");
    lua_rawseti(L, -2, ++count);
  }
}

static void push_why(lua_State *L, const selecting *s, const bool *used) {
  const qm_out *out = qm_store_out(s->handle->store);
  int count = 0;
  lua_newtable(L);
  for (size_t line = 0; line < s->line_count; line++) {
    for (size_t rank = 0; rank < s->request.source_count; rank++) {
      size_t source = s->request.sources[rank];
      bool taken = used[line * s->request.source_count + source];
      qm_why why = why_of(s, line, source, taken);
      lua_createtable(L, 0, 5);
      set_int(L, "line", s->numbers[line]);
      set_text(L, "source", qm_out_str(out, s->supply.codes[source]));
      lua_pushboolean(L, taken);
      lua_setfield(L, -2, "used");
      lua_pushstring(L, qm_why_rule(why));
      lua_setfield(L, -2, "rule");
      lua_pushstring(L, qm_why_detail(why));
      lua_setfield(L, -2, "detail");
      lua_rawseti(L, -2, ++count);
    }
  }
}

static int push_plan(lua_State *L, const selecting *s) {
  bool *used = block(L, s->line_count * s->request.source_count, sizeof *used);
  bool *opened = block(L, s->request.source_count, sizeof *opened);
  bool shippable = true;
  int64_t shipments = 0;
  for (size_t i = 0; i < s->line_count; i++)
    shippable &= s->request.lines[i].need == 0;
  lua_createtable(L, 0, 7);
  push_picks(L, s, used, opened);
  lua_setfield(L, -2, "picks");
  push_short(L, s);
  lua_setfield(L, -2, "short");
  push_why(L, s, used);
  lua_setfield(L, -2, "why");
  for (size_t i = 0; i < s->request.source_count; i++)
    shipments += opened[i];
  lua_pushboolean(L, shippable);
  lua_setfield(L, -2, "shippable");
  lua_pushliteral(L, "priority");
  lua_setfield(L, -2, "algorithm");
  set_int(L, "shipments", shipments);
  return 1;
}

/* ---- select(store, where, lines, options) -> plan, or nil, ... ---- */

static bool option_is(lua_State *L, int index, const char *key, const char *yes, const char *no) {
  lua_getfield(L, index, key);
  const char *word = luaL_optstring(L, -1, no);
  bool is = strcmp(word, yes) == 0;
  if (!is && strcmp(word, no) != 0)
    luaL_error(L, "select: %s must be '%s' or '%s'", key, no, yes);
  lua_pop(L, 1);
  return is;
}

int qm_l_select(lua_State *L) {
  enum { STORE = 1, WHERE, LINES, OPTIONS };
  qm_err err = {0};
  qm_where where;
  qm_str unknown = {NULL, 0};
  char number[24];
  size_t index;
  selecting s = {.handle = qm_check_handle(L, STORE)};
  luaL_checktype(L, LINES, LUA_TTABLE);
  luaL_checktype(L, OPTIONS, LUA_TTABLE);
  luaL_checkstack(L, 64, "too many nested calls");
  lua_getfield(L, OPTIONS, "algorithm");
  qm_str name = {NULL, 0};
  name.p = luaL_optlstring(L, -1, "priority", &name.n);
  if (name.n != 8 || memcmp(name.p, "priority", 8) != 0)
    return qm_push_problem(L, QM_P_NO_ALGORITHM, name);
  s.physical = option_is(L, OPTIONS, "availability", "physical", "residual");
  s.request.all_rows = option_is(L, OPTIONS, "rows", "all", "used");
  qm_problem_kind problem = qm_read_where(L, WHERE, &where);
  if (!problem)
    problem = read_lines(L, LINES, &s);
  lua_getfield(L, OPTIONS, "may_be_empty");
  if (!problem && s.line_count == 0 && !lua_toboolean(L, -1))
    problem = QM_P_EMPTY_LIST;
  if (problem)
    return qm_push_problem(L, problem, unknown);
  s.supply.candidates = block(L, s.product_count * QM_SOURCES_MAX, sizeof(qm_candidate));
  if (qm_store_supply(s.handle->store, &where, s.skus, s.product_count, &s.supply, &problem, &err))
    return qm_push_failure(L, &err);
  if (problem)
    return qm_push_problem(L, problem, qm_where_text(&where, number));
  problem = order_sources(L, OPTIONS, &s, &unknown);
  if (problem)
    return qm_push_problem(L, problem, unknown);
  fill_supply(L, &s);
  if (qm_select_priority(&s.request) != QM_OK)
    return qm_push_problem(L, QM_P_TOO_MANY, unknown);
  if (qm_plan_check(&s.request, s.asked, s.before, &index) != QM_PLAN_FINE)
    return luaL_error(L, "the algorithm made a plan that does not hold");
  return push_plan(L, &s);
}
