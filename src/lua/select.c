/* select.c: source selection for Lua. The store reads the candidates in one transaction, the core's
 * algorithm picks, the core's check passes the plan, and the plan becomes a table. */
#include "selecting.h"

#include <string.h>

/* ---- sources in order ---- */

bool qm_selecting_find(const qm_selecting *s, qm_str code, size_t *source) {
  const qm_out *out = qm_store_out(s->handle->store);
  for (*source = 0; *source < s->supply.source_count; ++*source) {
    qm_str known = qm_out_str(out, s->supply.places[*source].code);
    if (known.n == code.n && memcmp(known.p, code.p, code.n) == 0)
      return true;
  }
  return false;
}

static void add_source(qm_selecting *s, size_t source) {
  if (s->named[source] || s->excluded[source] || s->late[source])
    return;
  s->named[source] = true;
  s->request.sources[s->request.wanted++] = source;
}

/* By the request's own list, else by priority, which is how the store returns them. */
static void list_sources(lua_State *L, qm_selecting *s, int options) {
  size_t count = s->supply.source_count;
  s->named = qm_block_push(L, count, sizeof *s->named);
  s->request.sources = qm_block_push(L, count, sizeof *s->request.sources);
  lua_pushliteral(L, "sources");
  lua_rawget(L, options);
  if (lua_isnil(L, -1)) {
    for (size_t i = 0; i < count; i++)
      add_source(s, i);
    return;
  }
  luaL_checktype(L, -1, LUA_TTABLE);
  int list = lua_gettop(L);
  for (size_t i = 0; i < lua_rawlen(L, list); i++) {
    size_t source;
    qm_str code;
    lua_rawgeti(L, list, (int)i + 1);
    code.p = luaL_checklstring(L, -1, &code.n);
    if (!qm_selecting_find(s, code, &source))
      qm_selecting_refuse(L, s, QM_P_NO_LINK, code);
    else
      add_source(s, source);
    lua_pop(L, 1);
  }
}

/* ---- goods ---- */

static bool counts(const qm_selecting *s, size_t source, const qm_candidate *c) {
  return s->named[source] && c->enabled && c->has_item && c->in_stock;
}

static qm_qty left_at(const qm_selecting *s, const qm_candidate *c) {
  return c->qty - (s->physical ? 0 : c->allocated);
}

static void fill_supply(lua_State *L, qm_selecting *s) {
  size_t count = s->request.source_count = s->supply.source_count;
  size_t cells = s->product_count * count;
  s->request.supply = qm_block_push(L, cells, sizeof(qm_qty));
  s->before = qm_block_push(L, cells, sizeof(qm_qty));
  for (size_t p = 0; p < s->product_count; p++)
    for (size_t i = 0; i < count; i++) {
      qm_qty *cell = &s->request.supply[p * count + i];
      if (p >= s->wants.sku_count) {
        *cell = p != s->gone && s->named[i] && s->supply.places[i].enabled ? QM_QTY_MAX : -1;
        continue;
      }
      const qm_candidate *c = qm_selecting_candidate(s, p, i);
      *cell = counts(s, i, c) ? qm_qty_max(0, left_at(s, c) - s->safety[i]) : -1;
    }
  memcpy(s->before, s->request.supply, cells * sizeof(qm_qty));
}

/* What lines have allocated, as far as the goods for it are there. */
static void fill_own(lua_State *L, qm_selecting *s) {
  size_t count = s->supply.source_count;
  if (!s->supply.own || s->physical)
    return;
  qm_qty *own = qm_block_push(L, s->request.line_count * count, sizeof *own);
  for (size_t line = 0; line < s->request.line_count; line++) {
    size_t product = s->request.lines[line].product;
    for (size_t i = 0; i < count && product < s->wants.sku_count; i++) {
      const qm_candidate *c = qm_selecting_candidate(s, product, i);
      qm_qty missing = qm_qty_max(0, -left_at(s, c)), set_aside = s->supply.own[line * count + i];
      own[line * count + i] = qm_qty_max(0, set_aside - missing);
    }
  }
  s->request.own = own;
}

static bool is_short(const qm_selecting *s) {
  bool is = false;
  for (size_t i = 0; i < s->request.line_count; i++)
    is |= s->request.lines[i].need > 0;
  return is;
}

/* What cannot be sent as a whole is not sent at all. */
static void choose_nothing(qm_selecting *s) {
  size_t cells = s->product_count * s->request.source_count;
  s->none = true;
  s->request.pick_count = 0;
  memcpy(s->request.supply, s->before, cells * sizeof *s->before);
  for (size_t i = 0; i < s->request.line_count; i++)
    s->request.lines[i].need = s->asked[i];
}

/* QM_LIMIT: something adds up to too much. */
static qm_code choose(lua_State *L, qm_selecting *s) {
  size_t pairs = s->request.line_count * s->request.source_count, index;
  s->request.pick_capacity = s->request.line_count * s->request.wanted;
  s->request.picks = qm_block_push(L, s->request.pick_capacity, sizeof(qm_pick));
  s->taken = qm_block_push(L, pairs, sizeof(qm_qty));
  if (s->algorithm->proven)
    s->request.scratch = qm_block_push(L, 1, qm_network_scratch(&s->request));
  qm_code code = s->algorithm->select(&s->request);
  if (code)
    return code;
  if (s->whole && is_short(s))
    choose_nothing(s);
  if (qm_plan_check(&s->request, s->asked, s->before, s->taken, &index) != QM_PLAN_FINE)
    return QM_INVALID;
  return s->priced ? qm_network_cost(&s->request, &s->cost) : QM_OK;
}

/* ---- select(store, where, lines, options) -> plan, or nil, ... ---- */

int qm_l_select(lua_State *L) {
  enum { STORE = 1, WHERE, LINES, OPTIONS };
  qm_err err = {0};
  qm_problem_kind problem;
  char number[24];
  qm_selecting s = {.handle = qm_check_handle(L, STORE)};
  luaL_checkstack(L, 64, "too many nested calls");
  qm_refusal_start(L, &s.refusal);
  qm_selecting_read(L, &s, WHERE, LINES, OPTIONS);
  if (s.refusal.count > 0)
    return qm_push_refusal(L, &s.refusal);
  if (qm_store_supply(s.handle->store, &s.wants, &s.supply, &problem, &err))
    return qm_push_failure(L, &err);
  if (problem)
    return qm_push_problem(L, problem, qm_where_text(&s.wants.where, number));
  qm_selecting_read_terms(L, &s, OPTIONS);
  list_sources(L, &s, OPTIONS);
  qm_selecting_measure(L, &s, OPTIONS);
  qm_selecting_read_costs(L, &s, LINES, OPTIONS);
  if (s.algorithm->proven && s.request.line_count * s.request.wanted > QM_NETWORK_MAX)
    qm_selecting_refuse(L, &s, QM_P_NETWORK_LARGE, (qm_str){NULL, 0});
  if (s.refusal.count > 0)
    return qm_push_refusal(L, &s.refusal);
  fill_supply(L, &s);
  fill_own(L, &s);
  qm_code code = choose(L, &s);
  if (code == QM_LIMIT) {
    qm_selecting_refuse(L, &s, QM_P_SUMS_LARGE, (qm_str){NULL, 0});
    return qm_push_refusal(L, &s.refusal);
  }
  if (code)
    return luaL_error(L, "the algorithm made a plan that does not hold");
  return qm_push_plan(L, &s);
}
