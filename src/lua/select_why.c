/* select_why.c: why each source sends something of a line, or why not. */
#include "selecting.h"

/* Reasons while they are written. */
typedef struct reasons {
  int texts; /* on the stack: those that have been, by reason and source; most are said often */
  int count;
  bool by_distance;
  qm_qty *sent;        /* by source: all that leaves from there */
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

/* How many sources were asked, in order, until the line was filled. */
static size_t sources_needed(const qm_selecting *s, size_t line) {
  size_t needed = s->request.lines[line].need > 0 ? s->request.wanted : 0;
  for (size_t rank = needed; rank < s->request.wanted; rank++)
    if (qm_selecting_taken(s, line, s->request.sources[rank]) > 0)
      needed = rank + 1;
  return needed;
}

/* ---- what a line would cost elsewhere ---- */

static int64_t unit_cost(const qm_selecting *s, const reasons *r, size_t source) {
  return s->costs.unit[r->line * s->request.source_count + source];
}

/* Of the sources that send of the line at less than `below` a unit: the most that one takes. */
static int64_t dearest_below(const qm_selecting *s, const reasons *r, int64_t below) {
  int64_t dearest = -1;
  for (size_t i = 0; i < s->request.source_count; i++)
    if (qm_selecting_taken(s, r->line, i) > 0 && unit_cost(s, r, i) < below)
      dearest = unit_cost(s, r, i) > dearest ? unit_cost(s, r, i) : dearest;
  return dearest;
}

/* How much more the plan would cost if this source sent of the line what it can instead of those
 * that take most for it, all else being as it is; in 1/10000. */
static int64_t extra_cost(const qm_selecting *s, const reasons *r, size_t source) {
  qm_qty left = qm_select_has(&s->request, r->line, source);
  double more = r->sent[source] > 0 || s->open[source] ? 0 : (double)s->costs.shipment[source];
  for (int64_t cost = dearest_below(s, r, INT64_MAX); cost >= 0 && left > 0;
       cost = dearest_below(s, r, cost))
    for (size_t i = 0; i < s->request.source_count; i++) {
      if (unit_cost(s, r, i) != cost)
        continue;
      qm_qty part = qm_qty_min(left, qm_selecting_taken(s, r->line, i));
      more += (double)part / (double)QM_QTY_ONE * (double)(unit_cost(s, r, source) - cost);
      bool saved = part > 0 && !s->open[i] && r->sent[i] == part;
      more -= saved ? (double)s->costs.shipment[i] : 0;
      left -= part;
    }
  return more < (double)QM_QTY_MAX ? (int64_t)(more + 0.5) : QM_QTY_MAX;
}

/* ---- why ---- */

static qm_why why_used(const qm_selecting *s, const reasons *r, size_t source) {
  if (s->algorithm->proven)
    return s->algorithm->fewest ? QM_WHY_FEWEST : QM_WHY_CHEAPEST;
  bool near = r->by_distance && qm_selecting_metres(s, source) != QM_FAR_UNKNOWN;
  return near ? QM_WHY_NEAREST : QM_WHY_USED;
}

static qm_why why_not_asked(const qm_selecting *s, size_t source) {
  if (s->excluded[source])
    return QM_WHY_EXCLUDED;
  return s->late[source] ? QM_WHY_LATE : QM_WHY_NOT_NAMED;
}

static bool may_not_split(const qm_selecting *s, const reasons *r, size_t source) {
  qm_qty unit = s->request.lines[r->line].unit;
  return unit > qm_select_has(&s->request, r->line, source);
}

static bool is_full(const qm_selecting *s, const reasons *r, size_t source) {
  qm_qty room = s->capacity ? s->capacity[source] : QM_QTY_MAX;
  return room - r->sent[source] < s->request.lines[r->line].unit;
}

/* A source that has some of the line, and of which nothing is taken. */
static qm_why why_not_chosen(const qm_selecting *s, const reasons *r, size_t rank, size_t source) {
  const qm_select_line *line = &s->request.lines[r->line];
  bool grouped = line->next || line->follows;
  if (s->none)
    return QM_WHY_NONE;
  if (!s->algorithm->proven)
    return rank >= r->needed ? QM_WHY_FILLED : grouped ? QM_WHY_GROUP : QM_WHY_SPLIT;
  if (may_not_split(s, r, source))
    return grouped ? QM_WHY_GROUP : QM_WHY_SPLIT;
  if (is_full(s, r, source))
    return QM_WHY_CAPACITY;
  if (line->need > 0)
    return QM_WHY_LEFT_OUT;
  if (s->algorithm->fewest && r->sent[source] == 0)
    return QM_WHY_SHIPMENT;
  return extra_cost(s, r, source) > 0 ? QM_WHY_COST : QM_WHY_FILLED;
}

static qm_why why_of(const qm_selecting *s, const reasons *r, size_t rank, size_t source) {
  const qm_select_line *line = &s->request.lines[r->line];
  if (line->uncounted)
    return QM_WHY_UNCOUNTED;
  if (line->product == s->gone)
    return QM_WHY_NO_ITEM;
  const qm_candidate *c = qm_selecting_candidate(s, line->product, source);
  if (qm_selecting_taken(s, r->line, source) > 0)
    return why_used(s, r, source);
  if (!s->named[source])
    return why_not_asked(s, source);
  if (!c->has_item)
    return QM_WHY_NO_ITEM;
  if (!c->enabled)
    return QM_WHY_DISABLED;
  if (!c->in_stock)
    return QM_WHY_OUT_OF_STOCK;
  if (qm_select_has(&s->request, r->line, source) > 0)
    return why_not_chosen(s, r, rank, source);
  bool kept = s->safety[source] > 0 && c->qty - (s->physical ? 0 : c->allocated) > 0;
  return kept ? QM_WHY_SAFETY : QM_WHY_EMPTY;
}

static void push_reason(lua_State *L, const qm_selecting *s, const reasons *r, qm_why why,
                        size_t source) {
  char text[QM_WHY_TEXT];
  if (why == QM_WHY_COST) {
    lua_pushlstring(L, text, qm_why_cost_text(extra_cost(s, r, source), text));
    return;
  }
  int key = (int)(source * QM_WHYS + (size_t)why) + 1;
  lua_rawgeti(L, r->texts, key);
  if (!lua_isnil(L, -1))
    return;
  lua_pop(L, 1);
  lua_pushlstring(L, text, qm_why_text(why, r->by_distance, qm_selecting_metres(s, source), text));
  lua_pushvalue(L, -1);
  lua_rawseti(L, r->texts, key);
}

static void add_why(lua_State *L, const qm_selecting *s, reasons *r, size_t rank, size_t source) {
  qm_why why = why_of(s, r, rank, source);
  bool used = qm_selecting_taken(s, r->line, source) > 0;
  if (why == QM_WHY_UNCOUNTED && !used)
    return;
  lua_createtable(L, 0, 5);
  set_int(L, "line", s->numbers[r->line]);
  set_text(L, "source", qm_selecting_code(s, source));
  lua_pushboolean(L, used);
  lua_setfield(L, -2, "used");
  lua_pushstring(L, qm_why_rule(why));
  lua_setfield(L, -2, "rule");
  push_reason(L, s, r, why, source);
  lua_setfield(L, -2, "detail");
  lua_rawseti(L, -2, ++r->count);
}

void qm_push_why(lua_State *L, const qm_selecting *s) {
  reasons r = {.by_distance = s->algorithm->by_distance};
  r.sent = qm_block_push(L, s->request.source_count, sizeof *r.sent);
  for (size_t i = 0; i < s->request.pick_count; i++)
    r.sent[s->request.picks[i].source] += s->request.picks[i].take;
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
  lua_remove(L, r.texts - 1);
}
