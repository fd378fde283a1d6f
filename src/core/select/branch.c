/* branch.c: deciding source by source, in a search for the cheapest ones. */
#include "search.h"

#include <string.h>

/* Small trees are gone through quickly; where the tree grows, better bounds are worth their time.
 */
static const qm_effort efforts[] = {
    {.sweeps = 1, .rounds = 3, .patience = 3, .agility = 1, .least = 0.1},
    {.sweeps = 1, .rounds = 10, .patience = 4, .agility = 1, .least = 0.05},
    {.sweeps = 1, .rounds = 30, .patience = 8, .agility = 1, .least = 0.01},
};

static const qm_effort *effort_here(const qm_search *s) {
  return &efforts[s->evaluations < 2000 ? 0 : s->evaluations < 10000 ? 1 : 2];
}

void qm_decide(qm_search *s, size_t source, unsigned char state) {
  QM_ASSERT(s->state[source] == QM_SOURCE_FREE);
  s->state[source] = state;
  s->trail[s->decided++] = source;
  if (state == QM_SOURCE_OPEN) {
    s->opened++;
    return;
  }
  for (size_t item = 0; item < s->items; item++)
    s->reach[item] -= (int64_t)s->have[item * s->sources + source];
}

void qm_undo(qm_search *s, size_t decided) {
  while (s->decided > decided) {
    size_t source = s->trail[--s->decided];
    if (s->state[source] == QM_SOURCE_OPEN)
      s->opened--;
    else
      for (size_t item = 0; item < s->items; item++)
        s->reach[item] += (int64_t)s->have[item * s->sources + source];
    s->state[source] = QM_SOURCE_FREE;
  }
}

/* Opens what an item cannot do without. */
static bool fix_needed(qm_search *s, size_t item) {
  int64_t spare = s->reach[item] - (int64_t)s->problem->want[item];
  if (s->problem->missing[item] < INFINITY)
    return true;
  if (spare < 0)
    return false;
  for (size_t k = 0; k < s->order_count[item]; k++) {
    uint32_t source = s->order[item * s->sources + k];
    if (s->state[source] == QM_SOURCE_FREE && (int64_t)s->have[item * s->sources + source] > spare)
      qm_decide(s, source, QM_SOURCE_OPEN);
  }
  return true;
}

bool qm_fix(qm_search *s, double bound) {
  bool limited = s->problem->most < s->sources;
  for (size_t i = 0; i < s->sources; i++) {
    double value = s->kept_value[i];
    if (s->state[i] != QM_SOURCE_FREE)
      continue;
    if (value >= 0 && qm_search_drops(s, bound + value))
      qm_decide(s, i, QM_SOURCE_CLOSED);
    else if (value < 0 && !limited && qm_search_drops(s, bound - value))
      qm_decide(s, i, QM_SOURCE_OPEN);
  }
  for (size_t item = 0; item < s->items; item++)
    if (!fix_needed(s, item))
      return false;
  if (s->opened > s->problem->most)
    return false;
  for (size_t i = 0; i < s->sources && s->opened == s->problem->most; i++)
    if (s->state[i] == QM_SOURCE_FREE)
      qm_decide(s, i, QM_SOURCE_CLOSED);
  return true;
}

/* The source about which the prices say least; s->sources when all are decided. */
static size_t most_open_question(const qm_search *s) {
  size_t best = s->sources;
  for (size_t i = 0; i < s->sources; i++)
    if (s->state[i] == QM_SOURCE_FREE &&
        (best == s->sources || fabs(s->kept_value[i]) < fabs(s->kept_value[best])))
      best = i;
  return best;
}

/* Whether the best plan is among those that what is decided leaves. */
static bool leaves_best(const qm_search *s) {
  for (size_t i = 0; i < s->decided; i++) {
    size_t source = s->trail[i];
    if (s->best_open[s->id[source]] != (s->state[source] == QM_SOURCE_OPEN))
      return false;
  }
  return s->goal < INFINITY;
}

/* The side of a source to look at first. */
static unsigned char first_side(const qm_search *s, size_t source, bool home) {
  bool open = home ? s->best_open[s->id[source]] : s->kept_value[source] < 0;
  return open ? QM_SOURCE_OPEN : QM_SOURCE_CLOSED;
}

/* The way to the best plan is followed to its end, even where the bound says that there is no
 * better one, to see whether another is as good. */
void qm_branch(qm_search *s, size_t depth, double bound) {
  double *prices = &s->prices[depth * s->items];
  size_t before = s->decided;
  double here = qm_search_spent(s) ? bound : qm_bound(s, depth, effort_here(s));
  bool home = leaves_best(s);
  bound = qm_more(bound, here);
  if (!(home && bound <= s->goal + 0.5) && qm_search_drops(s, bound))
    return;
  if (qm_search_spent(s)) {
    s->pending = qm_less(s->pending, bound);
    return;
  }
  bool hope = qm_fix(s, here); /* the sources' values are those of this bound */
  size_t source = hope ? most_open_question(s) : s->sources, fixed = s->decided;
  if (hope && source == s->sources) {
    s->cut_short = false;
    qm_serve_decided(s);
    s->pending = s->cut_short ? qm_less(s->pending, bound) : s->pending;
  }
  unsigned char state = source < s->sources ? first_side(s, source, home) : QM_SOURCE_FREE;
  for (int side = 0; source < s->sources && side < 2; side++) {
    if (side == 1 && qm_search_drops(s, bound))
      break;
    memcpy(prices + s->items, prices, s->items * sizeof *prices);
    qm_decide(s, source, state);
    qm_branch(s, depth + 1, bound);
    qm_undo(s, fixed);
    state = state == QM_SOURCE_OPEN ? QM_SOURCE_CLOSED : QM_SOURCE_OPEN;
  }
  qm_undo(s, before);
}
