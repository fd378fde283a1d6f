/* serve.c: plans and what they cost, in a search for the cheapest sources. */
#include "search.h"

#include <string.h>

enum { TRIES = 2000, ALL_TRIES = 1000000 }; /* for a plan of items that share goods */

double qm_serve_item(const qm_search *s, size_t item, double *sent) {
  const double *have = &s->have[item * s->sources], *cost = &s->cost[item * s->sources];
  const uint32_t *order = &s->order[item * s->sources];
  double left = s->problem->want[item], missing = s->problem->missing[item], total = 0;
  for (size_t i = 0; i < s->order_count[item] && left > 0; i++) {
    uint32_t source = order[i];
    if (!s->trial[source])
      continue;
    if (cost[source] > missing)
      break;
    double part = qm_less(left, have[source]);
    total += part * cost[source];
    left -= part;
    if (sent)
      sent[source] += part;
  }
  return left > 0 ? total + left * missing : total;
}

double qm_serve(qm_search *s, uint64_t tries) {
  double total = 0;
  s->steps++;
  memset(s->sent, 0, s->sources * sizeof *s->sent);
  for (size_t item = 0; item < s->items; item++)
    if (!qm_shares_goods(s, item))
      total += qm_serve_item(s, item, s->sent);
  if (s->turn_count > 0)
    total += qm_deal(s, tries);
  for (size_t i = 0; i < s->sources; i++) {
    s->trial[i] = s->state[i] == QM_SOURCE_OPEN || (s->trial[i] && s->sent[i] > 0);
    total += s->trial[i] ? s->fixed[i] : 0;
  }
  return total;
}

/* ---- a plan of what is open ---- */

/* Parts of items that each source could still send. */
static void fill_gains(qm_search *s, const double *left) {
  double *gains = s->thresholds;
  memset(gains, 0, s->sources * sizeof *gains);
  for (size_t item = 0; item < s->items; item++) {
    const double *have = &s->have[item * s->sources];
    double want = s->problem->want[item];
    for (size_t i = 0; left[item] > 0 && i < s->sources; i++)
      gains[i] += qm_less(left[item], have[i]) / want;
  }
}

/* Of the sources that may still open, the one that serves most for what it costs at these prices;
 * s->sources when none serves anything. */
static size_t best_addition(qm_search *s, const double *left) {
  size_t best = s->sources;
  double best_ratio = INFINITY;
  s->steps++;
  fill_gains(s, left);
  for (size_t i = 0; i < s->sources; i++) {
    if (s->trial[i] || s->state[i] == QM_SOURCE_CLOSED)
      continue;
    double gain = s->thresholds[i], ratio = (qm_more(s->value[i], 0) + 1) / gain;
    if (gain > 0 && ratio < best_ratio) {
      best = i;
      best_ratio = ratio;
    }
  }
  return best;
}

static size_t count_open(const qm_search *s) {
  size_t count = 0;
  for (size_t i = 0; i < s->sources; i++)
    count += s->trial[i];
  return count;
}

/* Of more sources than there may be, those that cost least at these prices stay. */
static void close_surplus(qm_search *s) {
  for (size_t count = count_open(s); count > s->problem->most; count--) {
    size_t worst = s->sources;
    for (size_t i = 0; i < s->sources; i++)
      if (s->trial[i] && s->state[i] != QM_SOURCE_OPEN &&
          (worst == s->sources || s->value[i] >= s->value[worst]))
        worst = i;
    if (worst == s->sources)
      return;
    s->trial[worst] = false;
  }
}

static void complete(qm_search *s) {
  double *left = s->left;
  for (size_t item = 0; item < s->items; item++) {
    left[item] = s->problem->want[item];
    for (size_t i = 0; i < s->sources; i++)
      left[item] -= s->trial[i] ? s->have[item * s->sources + i] : 0;
  }
  for (size_t count = count_open(s); count < s->problem->most; count++) {
    size_t source = best_addition(s, left);
    if (source == s->sources)
      return;
    s->trial[source] = true;
    for (size_t item = 0; item < s->items; item++)
      left[item] -= s->have[item * s->sources + source];
  }
}

/* Closes what is not worth what it costs, from the last source on. */
static double close_idle(qm_search *s) {
  double cost = qm_serve(s, TRIES);
  for (size_t i = s->sources; i-- > 0;) {
    if (!s->trial[i] || s->state[i] == QM_SOURCE_OPEN)
      continue;
    s->trial[i] = false;
    double without = qm_serve(s, TRIES);
    if (without <= cost)
      cost = without;
    else
      s->trial[i] = true;
  }
  return cost;
}

static bool is_best(const qm_search *s) {
  bool same = true;
  for (size_t i = 0; i < s->sources && same; i++)
    same = s->best_open[s->id[i]] == s->trial[i];
  return same;
}

static void keep(qm_search *s, double cost) {
  if (count_open(s) > s->problem->most)
    return;
  if (!(cost < s->goal)) {
    if (cost == s->goal && !is_best(s))
      s->dropped = cost;
    return;
  }
  s->goal = cost;
  memset(s->best_open, 0, s->problem->source_count * sizeof *s->best_open);
  for (size_t i = 0; i < s->sources; i++)
    s->best_open[s->id[i]] = s->trial[i];
}

void qm_serve_round(qm_search *s) {
  close_surplus(s);
  complete(s);
  keep(s, close_idle(s));
}

void qm_serve_decided(qm_search *s) {
  for (size_t i = 0; i < s->sources; i++)
    s->trial[i] = s->state[i] == QM_SOURCE_OPEN;
  keep(s, qm_serve(s, ALL_TRIES));
}
