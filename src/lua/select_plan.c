/* select_plan.c: what was chosen becomes the plan's table. */
#include "locate.h"
#include "selecting.h"

static void set_text(lua_State *L, const char *key, qm_str text) {
  qm_push_str(L, text);
  lua_setfield(L, -2, key);
}

static void set_int(lua_State *L, const char *key, int64_t value) {
  qm_push_int(L, value);
  lua_setfield(L, -2, key);
}

static void set_qty(lua_State *L, const qm_selecting *s, const char *key, qm_qty qty) {
  qm_push_qty(L, s->handle, qty);
  lua_setfield(L, -2, key);
}

/* A metre is ten units of 1/10000 of a kilometre. */
static void set_km(lua_State *L, const char *key, int64_t metres) {
  qm_push_qty(L, NULL, metres * 10);
  lua_setfield(L, -2, key);
}

static void push_picks(lua_State *L, const qm_selecting *s) {
  lua_createtable(L, (int)s->request.pick_count, 0);
  for (size_t i = 0; i < s->request.pick_count; i++) {
    const qm_pick *pick = &s->request.picks[i];
    bool counted = !s->request.lines[pick->line].uncounted;
    lua_createtable(L, 0, 5);
    set_int(L, "line", s->numbers[pick->line]);
    set_text(L, "sku", s->line_skus[pick->line]);
    set_text(L, "source", qm_selecting_code(s, pick->source));
    set_qty(L, s, "qty_to_deduct", pick->take);
    set_qty(L, s, "qty_available", counted ? pick->available : pick->take);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

static void push_short(lua_State *L, const qm_selecting *s, bool *shippable) {
  int count = 0;
  lua_newtable(L);
  for (size_t i = 0; i < s->request.line_count; i++) {
    if (s->request.lines[i].need == 0)
      continue;
    lua_createtable(L, 0, 3);
    set_int(L, "line", s->numbers[i]);
    set_text(L, "sku", s->line_skus[i]);
    set_qty(L, s, "qty", s->request.lines[i].need);
    lua_rawseti(L, -2, ++count);
  }
  *shippable = count == 0;
}

/* ---- the sources that are used ---- */

static bool *push_used(lua_State *L, const qm_selecting *s) {
  bool *used = qm_block_push(L, s->request.source_count, sizeof *used);
  for (size_t i = 0; i < s->request.pick_count; i++)
    used[s->request.picks[i].source] |= s->request.picks[i].take > 0;
  return used;
}

/* Sets the plan's distance, unless that of a source it uses is unknown. */
static void set_distance(lua_State *L, const qm_selecting *s, const bool *used) {
  int64_t metres = 0;
  for (size_t i = 0; i < s->request.source_count; i++) {
    if (!used[i])
      continue;
    if (qm_selecting_metres(s, i) == QM_FAR_UNKNOWN)
      return;
    metres += qm_selecting_metres(s, i);
  }
  set_km(L, "distance_km", metres);
}

static int push_sources(lua_State *L, const qm_selecting *s, const bool *used) {
  int count = 0;
  lua_newtable(L);
  for (size_t rank = 0; rank < s->request.wanted; rank++) {
    size_t source = s->request.sources[rank];
    if (!used[source])
      continue;
    lua_createtable(L, 0, 2);
    set_text(L, "source", qm_selecting_code(s, source));
    if (qm_selecting_metres(s, source) != QM_FAR_UNKNOWN)
      set_km(L, "distance_km", qm_selecting_metres(s, source));
    lua_rawseti(L, -2, ++count);
  }
  return count;
}

/* ---- what it costs, and the proof ---- */

static int64_t count_used(const qm_selecting *s, const bool *used) {
  int64_t count = 0;
  for (size_t i = 0; i < s->request.source_count; i++)
    count += used[i];
  return count;
}

static void set_cost(lua_State *L, const qm_selecting *s, const bool *used) {
  int64_t cost = s->cost, count = count_used(s, used);
  bool fewest = s->algorithm->fewest;
  qm_push_qty(L, NULL, cost);
  lua_setfield(L, -2, "cost");
  if (!s->algorithm->proven)
    return;
  int64_t value = fewest ? count * QM_QTY_ONE : cost;
  int64_t bound = fewest ? s->certificate.bound * QM_QTY_ONE : s->certificate.bound;
  if (s->certificate.optimal || bound > value)
    bound = value;
  qm_push_qty(L, NULL, bound);
  lua_setfield(L, -2, "bound");
  qm_push_qty(L, NULL, value - bound);
  lua_setfield(L, -2, "gap");
  lua_pushboolean(L, s->certificate.optimal);
  lua_setfield(L, -2, "optimal");
  set_int(L, "steps", (int64_t)s->certificate.steps);
}

/* ---- all of it ---- */

int qm_push_plan(lua_State *L, const qm_selecting *s) {
  bool shippable, *used = push_used(L, s);
  lua_createtable(L, 0, 10);
  push_picks(L, s);
  lua_setfield(L, -2, "picks");
  push_short(L, s, &shippable);
  lua_setfield(L, -2, "short");
  qm_push_why(L, s);
  lua_setfield(L, -2, "why");
  lua_pushboolean(L, shippable);
  lua_setfield(L, -2, "shippable");
  lua_pushstring(L, s->algorithm->name);
  lua_setfield(L, -2, "algorithm");
  if (s->priced)
    set_cost(L, s, used);
  if (s->request.metres)
    set_distance(L, s, used);
  if (s->supply.destination.at.known) {
    qm_push_location(L, &s->supply.destination);
    lua_setfield(L, -2, "destination");
  }
  int shipments = push_sources(L, s, used);
  lua_setfield(L, -2, "sources");
  set_int(L, "shipments", shipments);
  return 1;
}
