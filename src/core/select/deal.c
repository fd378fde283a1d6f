/* deal.c: items that share goods, dealt out to the sources that are open, in a search for the
 * cheapest ones. Items of few units come first; an item that shares with none after it is served
 * from the cheapest on, all others are tried in every way that may still cost less. */
#include "search.h"

#include <string.h>

/* With more items, or more of them times sources that are open, which is how deep calls may be
 * nested, each takes what is best for itself. */
enum { TURNS_MAX = 24, DEPTH_MAX = 1536 };

typedef struct dealing {
  qm_search *s;
  double cost; /* of what is dealt */
  double best;
  uint64_t tries; /* that are left, once there is any way */
  bool greedy;    /* nothing is tried, all go freely */
} dealing;

static void deal_from(dealing *d, size_t turn);

static double own_of(const qm_search *s, const qm_exact_use *use, size_t source) {
  return use->own ? use->own[s->id[source]] : 0;
}

/* What so many units take of the goods for all; negative: they give it back. */
static void take(qm_search *s, size_t item, size_t source, double units) {
  const qm_exact *p = s->problem;
  for (size_t u = p->use_start[item]; u < p->use_start[item + 1]; u++) {
    const qm_exact_use *use = &p->uses[u];
    double part = qm_more(fabs(units) * use->per_unit - own_of(s, use, source), 0);
    s->supply[use->product * s->sources + source] -= units < 0 ? -part : part;
  }
}

static bool is_there(const qm_search *s, size_t item, size_t source) {
  const qm_exact *p = s->problem;
  bool enough = true;
  for (size_t u = p->use_start[item]; u < p->use_start[item + 1]; u++)
    enough &= s->supply[p->uses[u].product * s->sources + source] >= 0;
  return enough;
}

static bool are_there(qm_search *s, size_t item, size_t source, double units) {
  take(s, item, source, units);
  bool enough = is_there(s, item, source);
  take(s, item, source, -units);
  return enough;
}

/* How many of these units a source still has the goods for: mostly all, or none. */
static double units_there(qm_search *s, size_t item, size_t source, double units) {
  double least = 0, most = qm_less(units, s->have[item * s->sources + source]);
  if (most == 0 || are_there(s, item, source, most))
    return most;
  if (!are_there(s, item, source, 1))
    return 0;
  while (most - least > 1) { /* least can be sent, most cannot */
    double middle = floor((least + most) / 2);
    if (are_there(s, item, source, middle))
      least = middle;
    else
      most = middle;
  }
  return least;
}

static void send(dealing *d, size_t item, size_t source, double units) {
  qm_search *s = d->s;
  size_t pair = item * s->sources + source;
  if (units > 0)
    take(s, item, source, units);
  s->dealt[pair] = units;
  d->cost += units * s->cost[pair];
}

static void unsend(dealing *d, size_t item, size_t source) {
  qm_search *s = d->s;
  size_t pair = item * s->sources + source;
  double units = s->dealt[pair];
  if (units > 0)
    take(s, item, source, -units);
  s->dealt[pair] = 0;
  d->cost -= units * s->cost[pair];
}

static bool may_be_less(const dealing *d, size_t turn, double more) {
  return d->cost + more + d->s->least_after[turn] < d->best;
}

static bool goes_on(const dealing *d) {
  return d->tries > 0 || d->best == INFINITY;
}

/* The rest of an item from its k-th source on. */
static void try_units(dealing *d, size_t turn, size_t k, double left) {
  qm_search *s = d->s;
  size_t item = s->turns[turn];
  double missing = s->problem->missing[item];
  while (k < s->order_count[item] && !s->trial[s->order[item * s->sources + k]])
    k++;
  if (!goes_on(d) || !may_be_less(d, turn, 0))
    return;
  d->tries -= d->tries > 0;
  bool any = k < s->order_count[item];
  uint32_t source = any ? s->order[item * s->sources + k] : 0;
  double cost = any ? s->cost[item * s->sources + source] : missing;
  if (left == 0 || !any || cost > missing) {
    d->cost += left * missing;
    deal_from(d, turn + 1);
    d->cost -= left * missing;
    return;
  }
  for (double units = units_there(s, item, source, left);
       units >= 0 && goes_on(d) && may_be_less(d, turn, left * cost); units--) {
    send(d, item, source, units);
    try_units(d, turn, k + 1, left - units);
    unsend(d, item, source);
  }
}

/* An item that takes nothing that others still need: the cheapest first. Answers how many units are
 * left out. */
static double deal_freely(dealing *d, size_t item) {
  qm_search *s = d->s;
  const uint32_t *order = &s->order[item * s->sources];
  double left = s->problem->want[item], missing = s->problem->missing[item];
  for (size_t k = 0; k < s->order_count[item] && left > 0; k++) {
    if (s->cost[item * s->sources + order[k]] > missing)
      break;
    if (s->trial[order[k]]) {
      double units = units_there(s, item, order[k], left);
      send(d, item, order[k], units);
      left -= units;
    }
  }
  return left;
}

static void undeal(dealing *d, size_t item) {
  qm_search *s = d->s;
  const uint32_t *order = &s->order[item * s->sources];
  double left = s->problem->want[item];
  for (size_t k = 0; k < s->order_count[item] && left > 0; k++) {
    left -= s->dealt[item * s->sources + order[k]];
    unsend(d, item, order[k]);
  }
}

static void keep_dealt(dealing *d) {
  qm_search *s = d->s;
  if (d->cost >= d->best)
    return;
  d->best = d->cost;
  for (size_t turn = 0; turn < s->turn_count; turn++)
    memcpy(&s->best_dealt[s->turns[turn] * s->sources], &s->dealt[s->turns[turn] * s->sources],
           s->sources * sizeof *s->dealt);
}

static void deal_from(dealing *d, size_t turn) {
  qm_search *s = d->s;
  size_t next = turn;
  double before = d->cost, left_out = 0;
  for (; next < s->turn_count && (d->greedy || s->goes_freely[next]); next++)
    left_out += deal_freely(d, s->turns[next]) * s->problem->missing[s->turns[next]];
  d->cost += left_out;
  if (next == s->turn_count)
    keep_dealt(d);
  else
    try_units(d, next, 0, s->problem->want[s->turns[next]]);
  while (next-- > turn)
    undeal(d, s->turns[next]);
  d->cost = before;
}

/* Whether there is too much to try all of it. */
static bool is_too_much(const qm_search *s) {
  size_t open = 0, turns = 0;
  for (size_t i = 0; i < s->sources; i++)
    open += s->trial[i];
  for (size_t turn = 0; turn < s->turn_count; turn++)
    turns += !s->goes_freely[turn];
  return s->turn_count > TURNS_MAX || turns * open > DEPTH_MAX;
}

double qm_deal(qm_search *s, uint64_t tries) {
  dealing d = {.s = s, .best = INFINITY, .tries = tries, .greedy = is_too_much(s)};
  s->least_after[s->turn_count] = 0;
  for (size_t turn = s->turn_count; turn-- > 0;)
    s->least_after[turn] = turn + 1 < s->turn_count ? s->least_after[turn + 1] +
                                                          qm_serve_item(s, s->turns[turn + 1], NULL)
                                                    : 0;
  for (size_t turn = 0; turn < s->turn_count; turn++)
    memset(&s->dealt[s->turns[turn] * s->sources], 0, s->sources * sizeof *s->dealt);
  deal_from(&d, 0);
  s->steps += (tries - d.tries) / 16;
  s->cut_short |= d.tries == 0 || d.greedy;
  for (size_t turn = 0; turn < s->turn_count; turn++)
    for (size_t i = 0; i < s->sources; i++)
      s->sent[i] += s->best_dealt[s->turns[turn] * s->sources + i];
  return d.best;
}

/* ---- the order of turns ---- */

static bool share(const qm_exact *p, size_t item, size_t other) {
  for (size_t u = p->use_start[item]; u < p->use_start[item + 1]; u++)
    for (size_t v = p->use_start[other]; v < p->use_start[other + 1]; v++)
      if (p->uses[u].product == p->uses[v].product)
        return true;
  return false;
}

void qm_deal_turns(qm_search *s) {
  const qm_exact *p = s->problem;
  s->turn_count = 0;
  for (size_t item = 0; item < s->items; item++) {
    if (!qm_shares_goods(s, item))
      continue;
    size_t place = s->turn_count++;
    for (; place > 0 && p->want[s->turns[place - 1]] > p->want[item]; place--)
      s->turns[place] = s->turns[place - 1];
    s->turns[place] = item;
  }
  for (size_t turn = 0; turn < s->turn_count; turn++) {
    s->goes_freely[turn] = true;
    for (size_t later = turn + 1;
         s->turn_count <= TURNS_MAX && later < s->turn_count && s->goes_freely[turn]; later++)
      s->goes_freely[turn] = !share(p, s->turns[turn], s->turns[later]);
  }
}
