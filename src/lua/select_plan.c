/* select_plan.c: what was chosen becomes the plan's table. */
#include "locate.h"
#include "selecting.h"

/* Reasons while they are written. */
typedef struct reasons {
  int texts; /* on the stack: those that have been, by reason and source; most are said often */
  int count;
  bool by_distance;
  size_t line, needed; /* how many of the sources in order were asked until the line was filled */
} reasons;

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

static qm_str code_of(const qm_selecting *s, size_t source) {
  return qm_out_str(qm_store_out(s->handle->store), s->supply.places[source].code);
}

static qm_qty taken_of(const qm_selecting *s, size_t line, size_t source) {
  return qm_qty_max(0, s->taken[line * s->request.source_count + source]);
}

static int64_t metres_to(const qm_selecting *s, size_t source) {
  return s->request.metres ? s->request.metres[source] : QM_FAR_UNKNOWN;
}

static void push_picks(lua_State *L, const qm_selecting *s) {
  lua_createtable(L, (int)s->request.pick_count, 0);
  for (size_t i = 0; i < s->request.pick_count; i++) {
    const qm_pick *pick = &s->request.picks[i];
    bool counted = !s->request.lines[pick->line].uncounted;
    lua_createtable(L, 0, 5);
    set_int(L, "line", s->numbers[pick->line]);
    set_text(L, "sku", s->line_skus[pick->line]);
    set_text(L, "source", code_of(s, pick->source));
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
    if (metres_to(s, i) == QM_FAR_UNKNOWN)
      return;
    metres += metres_to(s, i);
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
    set_text(L, "source", code_of(s, source));
    if (metres_to(s, source) != QM_FAR_UNKNOWN)
      set_km(L, "distance_km", metres_to(s, source));
    lua_rawseti(L, -2, ++count);
  }
  return count;
}

/* ---- why ---- */

/* How many sources were asked, in order, until the line was filled. */
static size_t sources_needed(const qm_selecting *s, size_t line) {
  size_t needed = s->request.lines[line].need > 0 ? s->request.wanted : 0;
  for (size_t rank = needed; rank < s->request.wanted; rank++)
    if (taken_of(s, line, s->request.sources[rank]) > 0)
      needed = rank + 1;
  return needed;
}

static qm_why why_of(const qm_selecting *s, const reasons *r, size_t rank, size_t source) {
  const qm_select_line *line = &s->request.lines[r->line];
  if (line->uncounted)
    return QM_WHY_UNCOUNTED;
  if (line->product == s->gone)
    return QM_WHY_NO_ITEM;
  const qm_candidate *c = qm_selecting_candidate(s, line->product, source);
  if (taken_of(s, r->line, source) > 0) {
    return r->by_distance && metres_to(s, source) != QM_FAR_UNKNOWN ? QM_WHY_NEAREST : QM_WHY_USED;
  }
  if (!s->named[source])
    return QM_WHY_NOT_NAMED;
  if (!c->has_item)
    return QM_WHY_NO_ITEM;
  if (!c->enabled)
    return QM_WHY_DISABLED;
  if (!c->in_stock)
    return QM_WHY_OUT_OF_STOCK;
  if (qm_select_has(&s->request, r->line, source) <= 0)
    return QM_WHY_EMPTY;
  if (rank >= r->needed)
    return QM_WHY_FILLED;
  return line->next || line->follows ? QM_WHY_GROUP : QM_WHY_SPLIT;
}

static void push_reason(lua_State *L, const qm_selecting *s, const reasons *r, qm_why why,
                        size_t source) {
  char text[QM_WHY_TEXT];
  int key = (int)(source * QM_WHYS + (size_t)why) + 1;
  lua_rawgeti(L, r->texts, key);
  if (!lua_isnil(L, -1))
    return;
  lua_pop(L, 1);
  lua_pushlstring(L, text, qm_why_text(why, r->by_distance, metres_to(s, source), text));
  lua_pushvalue(L, -1);
  lua_rawseti(L, r->texts, key);
}

static void add_why(lua_State *L, const qm_selecting *s, reasons *r, size_t rank, size_t source) {
  qm_why why = why_of(s, r, rank, source);
  bool used = taken_of(s, r->line, source) > 0;
  if (why == QM_WHY_UNCOUNTED && !used)
    return;
  lua_createtable(L, 0, 5);
  set_int(L, "line", s->numbers[r->line]);
  set_text(L, "source", code_of(s, source));
  lua_pushboolean(L, used);
  lua_setfield(L, -2, "used");
  lua_pushstring(L, qm_why_rule(why));
  lua_setfield(L, -2, "rule");
  push_reason(L, s, r, why, source);
  lua_setfield(L, -2, "detail");
  lua_rawseti(L, -2, ++r->count);
}

static void push_why(lua_State *L, const qm_selecting *s) {
  reasons r = {.by_distance = s->algorithm->by_distance};
  lua_newtable(L);
  r.texts = lua_gettop(L);
  lua_newtable(L);
  for (int uncounted = 0; uncounted <= 1; uncounted++)
    for (r.line = 0; r.line < s->request.line_count; r.line++) {
      if (s->request.lines[r.line].uncounted != uncounted)
        continue;
      r.needed = sources_needed(s, r.line);
      for (size_t rank = 0; rank < s->request.wanted; rank++)
        add_why(L, s, &r, rank, s->request.sources[rank]);
      for (size_t i = 0; i < s->request.source_count; i++)
        if (!s->named[i])
          add_why(L, s, &r, s->request.wanted, i);
    }
  lua_remove(L, r.texts);
}

/* ---- all of it ---- */

int qm_push_plan(lua_State *L, const qm_selecting *s) {
  bool shippable, *used = push_used(L, s);
  lua_createtable(L, 0, 10);
  push_picks(L, s);
  lua_setfield(L, -2, "picks");
  push_short(L, s, &shippable);
  lua_setfield(L, -2, "short");
  push_why(L, s);
  lua_setfield(L, -2, "why");
  lua_pushboolean(L, shippable);
  lua_setfield(L, -2, "shippable");
  lua_pushstring(L, s->algorithm->name);
  lua_setfield(L, -2, "algorithm");
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
