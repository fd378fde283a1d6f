/* exact.c: the cheapest sources from the problem to the proof. */
#include "exact.h"

#include <string.h>

#include "scratch.h"
#include "search.h"

/* At the root a little first, which is all that most problems need; more when that leaves many
 * sources in question. */
static const qm_effort quick = {
    .sweeps = 2, .rounds = 100, .patience = 3, .agility = 2, .least = 0.1};
static const qm_effort thorough = {
    .sweeps = 0, .rounds = 400, .patience = 8, .agility = 1, .least = 0.002};
enum { MANY = 60 };

/* What is needed after the search for the cheapest plans: the search for the first of them. */
typedef struct root {
  double bound;
  double *with,
      *without;   /* [source], the problem's number: plans cost as much when it opens, or not */
  double *prices; /* [item] */
  unsigned char *state; /* [source] */
} root;

/* ---- memory ---- */

static char *lay_out_sharing(qm_search *s, char *at, size_t items, size_t sources,
                             size_t products) {
  size_t turns = products > 0 ? items : 0;
  s->turns = qm_carve(&at, turns, sizeof(size_t));
  s->goes_freely = qm_carve(&at, turns, sizeof(bool));
  s->least_after = qm_carve(&at, turns + 1, sizeof(double));
  s->supply = qm_carve(&at, products * sources, sizeof(double));
  s->dealt = qm_carve(&at, turns * sources, sizeof(double));
  s->best_dealt = qm_carve(&at, turns * sources, sizeof(double));
  return at;
}

/* Lays everything out from `at` on; returns where it ends. */
static char *lay_out(qm_search *s, root *r, char *at, size_t items, size_t sources) {
  size_t pairs = items * sources;
  s->have = qm_carve(&at, pairs, sizeof(double));
  s->cost = qm_carve(&at, pairs, sizeof(double));
  s->share = qm_carve(&at, pairs, sizeof(double));
  s->price = qm_carve(&at, pairs, sizeof(double));
  s->order = qm_carve(&at, pairs, sizeof(uint32_t));
  s->order_count = qm_carve(&at, items, sizeof(size_t));
  s->prices = qm_carve(&at, (sources + 2) * items, sizeof(double));
  s->lost = qm_carve(&at, items, sizeof(double));
  s->reach = qm_carve(&at, items, sizeof *s->reach);
  s->tried = qm_carve(&at, items, sizeof(double));
  s->slope = qm_carve(&at, items, sizeof(double));
  s->left = qm_carve(&at, items, sizeof(double));
  s->fixed = qm_carve(&at, sources, sizeof(double));
  s->value = qm_carve(&at, sources, sizeof(double));
  s->kept_value = qm_carve(&at, sources, sizeof(double));
  s->thresholds = qm_carve(&at, sources, sizeof(double));
  s->id = qm_carve(&at, sources, sizeof(size_t));
  s->trail = qm_carve(&at, sources, sizeof(size_t));
  s->taken = qm_carve(&at, sources, sizeof(uint32_t));
  s->sent = qm_carve(&at, sources, sizeof(double));
  s->state = qm_carve(&at, sources, 1);
  s->trial = qm_carve(&at, sources, sizeof(bool));
  r->with = qm_carve(&at, sources, sizeof(double));
  r->without = qm_carve(&at, sources, sizeof(double));
  r->prices = qm_carve(&at, items, sizeof(double));
  r->state = qm_carve(&at, sources, 1);
  return at;
}

size_t qm_exact_scratch(size_t item_count, size_t source_count, size_t product_count) {
  qm_search s;
  root r;
  char *none = NULL;
  char *end = lay_out(&s, &r, none, item_count, source_count);
  return (size_t)(lay_out_sharing(&s, end, item_count, source_count, product_count) - none);
}

/* ---- the problem ---- */

static bool has_any(const qm_exact *p, size_t source) {
  bool any = false;
  for (size_t item = 0; item < p->item_count && !any; item++)
    any = p->have[item * p->source_count + source] > 0;
  return any;
}

/* The cheapest first, equally cheap ones in order. */
static void sort_sources(qm_search *s, size_t item) {
  const double *have = &s->have[item * s->sources], *cost = &s->cost[item * s->sources];
  uint32_t *order = &s->order[item * s->sources];
  size_t count = 0;
  for (uint32_t i = 0; i < s->sources; i++) {
    size_t place = count;
    if (have[i] <= 0)
      continue;
    for (; place > 0 && cost[order[place - 1]] > cost[i]; place--)
      order[place] = order[place - 1];
    order[place] = i;
    count++;
  }
  s->order_count[item] = count;
}

static void load_item(qm_search *s, size_t item) {
  const qm_exact *p = s->problem;
  const double *have = &p->have[item * p->source_count], *cost = &p->cost[item * p->source_count];
  double want = p->want[item];
  s->reach[item] = 0;
  s->lost[item] = p->missing[item] * want;
  for (size_t i = 0; i < s->sources; i++) {
    size_t pair = item * s->sources + i, from = s->id[i];
    s->have[pair] = have[from];
    s->cost[pair] = cost[from];
    s->share[pair] = have[from] / want;
    s->price[pair] = cost[from] * want;
    s->reach[item] += (int64_t)have[from];
  }
  sort_sources(s, item);
}

/* Starts anew with these decisions, without the sources that are closed. */
static void load(qm_search *s, const unsigned char *state) {
  const qm_exact *p = s->problem;
  s->sources = 0;
  s->decided = s->opened = 0;
  for (size_t i = 0; i < p->source_count; i++) {
    if (state[i] == QM_SOURCE_CLOSED)
      continue;
    s->id[s->sources] = i;
    s->state[s->sources] = state[i];
    s->fixed[s->sources] = s->value[s->sources] = p->fixed[i];
    s->opened += state[i] == QM_SOURCE_OPEN;
    s->sources++;
  }
  for (size_t item = 0; item < s->items; item++)
    load_item(s, item);
  for (size_t product = 0; product < p->product_count; product++)
    for (size_t i = 0; i < s->sources; i++)
      s->supply[product * s->sources + i] = p->supply[product * p->source_count + s->id[i]];
  qm_deal_turns(s);
}

/* ---- the search ---- */

/* All sources that can send anything or must be open. */
static void start(qm_search *s, root *r) {
  const qm_exact *p = s->problem;
  for (size_t i = 0; i < p->source_count; i++) {
    bool idle = p->state[i] == QM_SOURCE_FREE && !has_any(p, i);
    r->state[i] = idle ? QM_SOURCE_CLOSED : p->state[i];
    r->with[i] = idle ? INFINITY : 0;
    r->without[i] = 0;
  }
  load(s, r->state);
}

static double bound_root(qm_search *s, root *r, const qm_effort *effort) {
  bool limited = s->problem->most < s->problem->source_count;
  double bound = qm_bound(s, 0, effort);
  for (size_t i = 0; i < s->sources; i++) {
    double *with = &r->with[s->id[i]], *without = &r->without[s->id[i]];
    *with = qm_more(*with, bound + qm_more(s->kept_value[i], 0));
    *without = qm_more(*without, bound - (limited ? 0 : qm_less(s->kept_value[i], 0)));
  }
  if (bound >= r->bound)
    memcpy(r->prices, s->prices, s->items * sizeof *s->prices);
  r->bound = qm_more(r->bound, bound);
  return bound;
}

/* Decides what the bound shows and goes on without what is closed. */
static bool reduce(qm_search *s, root *r, double bound) {
  if (!qm_fix(s, bound))
    return false;
  for (size_t i = 0; i < s->sources; i++)
    r->state[s->id[i]] = s->state[i];
  load(s, r->state);
  return true;
}

static void search_cheapest(qm_search *s, root *r) {
  memset(s->trial, 0, s->sources * sizeof *s->trial);
  memset(s->prices, 0, s->items * sizeof *s->prices);
  r->bound = -INFINITY;
  qm_serve_round(s);
  bool hope = reduce(s, r, bound_root(s, r, &quick));
  if (hope && s->sources - s->opened > MANY && !qm_search_spent(s))
    hope = reduce(s, r, bound_root(s, r, &thorough));
  if (hope)
    qm_branch(s, 0, r->bound);
}

/* ---- the first of the cheapest plans ---- */

/* Only sources that the bound leaves in question for a plan of this cost. */
static void reopen(qm_search *s, root *r, double cost) {
  const qm_exact *p = s->problem;
  s->goal = cost + 1;
  double cut = qm_search_cut(s);
  for (size_t i = 0; i < p->source_count; i++) {
    r->state[i] = p->state[i];
    if (r->state[i] == QM_SOURCE_FREE && r->with[i] > cut)
      r->state[i] = QM_SOURCE_CLOSED;
    else if (r->state[i] == QM_SOURCE_FREE && r->without[i] > cut)
      r->state[i] = QM_SOURCE_OPEN;
  }
  load(s, r->state);
}

/* Whether a plan of this cost has the source open, besides those that are; it becomes the best. */
static bool is_there_one_with(qm_search *s, const root *r, size_t source, double cost) {
  size_t decided = s->decided;
  s->goal = cost + 1;
  memcpy(s->prices, r->prices, s->items * sizeof *s->prices);
  qm_decide(s, source, QM_SOURCE_OPEN);
  qm_branch(s, 0, r->bound);
  qm_undo(s, decided);
  return s->goal <= cost;
}

static void search_first(qm_search *s, root *r, double cost) {
  const qm_exact *p = s->problem;
  reopen(s, r, cost);
  for (size_t i = 0; i < s->sources && s->opened < p->most && !qm_search_spent(s); i++) {
    if (s->state[i] != QM_SOURCE_FREE)
      continue;
    bool open = s->best_open[s->id[i]] || is_there_one_with(s, r, i, cost);
    qm_decide(s, i, open ? QM_SOURCE_OPEN : QM_SOURCE_CLOSED);
  }
}

/* What the best sources send. */
static void send_best(qm_search *s, root *r, double *sent) {
  const qm_exact *p = s->problem;
  for (size_t i = 0; i < p->source_count; i++)
    r->state[i] = s->best_open[i] ? QM_SOURCE_OPEN : QM_SOURCE_CLOSED;
  load(s, r->state);
  qm_serve_decided(s);
  memset(sent, 0, s->items * p->source_count * sizeof *sent);
  for (size_t item = 0; item < s->items; item++) {
    const double *units = s->sent;
    memset(s->sent, 0, s->sources * sizeof *s->sent);
    if (qm_shares_goods(s, item))
      units = &s->best_dealt[item * s->sources];
    else
      qm_serve_item(s, item, s->sent);
    for (size_t i = 0; i < s->sources; i++)
      sent[item * p->source_count + s->id[i]] = units[i];
  }
}

/* A bound that rounding cannot have moved too high. */
static double without_rounding(double bound) {
  return qm_more(bound - qm_more(1e-6, bound * 1e-13), 0);
}

void qm_exact_solve(const qm_exact *problem, qm_exact_plan *plan) {
  root r;
  qm_search s = {.problem = problem,
                 .items = problem->item_count,
                 .best_open = plan->open,
                 .goal = INFINITY,
                 .pending = INFINITY,
                 .dropped = INFINITY};
  char *end = lay_out(&s, &r, problem->scratch, s.items, problem->source_count);
  lay_out_sharing(&s, end, s.items, problem->source_count, problem->product_count);
  memset(plan->open, 0, problem->source_count * sizeof *plan->open);
  start(&s, &r);
  search_cheapest(&s, &r);
  plan->cost = s.goal;
  plan->bound = s.pending < s.goal ? without_rounding(s.pending) : s.goal;
  plan->optimal = s.goal < INFINITY && s.pending > qm_search_cut(&s);
  if (plan->optimal) {
    plan->bound = plan->cost;
    s.goal = plan->cost + 1;
    if (s.dropped <= qm_search_cut(&s))
      search_first(&s, &r, plan->cost);
  }
  if (plan->cost < INFINITY)
    send_best(&s, &r, plan->sent);
  plan->steps = s.steps;
}
