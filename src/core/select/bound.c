/* bound.c: what every plan costs at least, in a search for the cheapest sources.
 *
 * An item has a price: what it is worth to have all of it sent. At given prices a source opens when
 * what it sends is worth more than it costs; the sum of all prices and of what such sources cost is
 * a bound. Prices never pass what leaving the item out costs. */
#include "search.h"

#include <string.h>

enum {
  SERVE_EVERY = 12 /* rounds */
};

#define ROUNDING 1e-9 /* of parts of an item */

/* ---- the bound at some prices ---- */

static void fill_values(qm_search *s, const double *prices) {
  double *value = s->value;
  memcpy(value, s->fixed, s->sources * sizeof *value);
  for (size_t item = 0; item < s->items; item++) {
    const double *price = &s->price[item * s->sources], *share = &s->share[item * s->sources];
    double worth = prices[item];
    for (size_t i = 0; i < s->sources; i++) {
      double gain = worth - price[i];
      value[i] -= (gain > 0 ? gain : 0) * share[i];
    }
  }
}

/* When more would open by themselves than may, those that lose most by it do not. */
static void take_fewer(qm_search *s, size_t forced) {
  size_t most = s->problem->most > forced ? s->problem->most - forced : 0;
  while (s->taken_count > forced + most) {
    size_t worst = forced;
    for (size_t k = forced; k < s->taken_count; k++)
      if (s->value[s->taken[k]] > s->value[s->taken[worst]])
        worst = k;
    s->taken[worst] = s->taken[--s->taken_count];
  }
}

/* What a bound may have gained by rounding: it grows with what is added up to it, and slowly with
 * how much that is, as errors mostly make up for each other. */
static double rounding_of(const qm_search *s, double mass) {
  return mass * 0x1p-52 * (16 + (double)s->items / 16);
}

static double bound_at(qm_search *s, const double *prices) {
  double bound = 0;
  s->steps++;
  s->evaluations++;
  fill_values(s, prices);
  s->taken_count = 0;
  for (size_t i = 0; i < s->sources; i++)
    if (s->state[i] == QM_SOURCE_OPEN)
      s->taken[s->taken_count++] = (uint32_t)i;
  size_t forced = s->taken_count;
  for (size_t i = 0; i < s->sources; i++)
    if (s->state[i] == QM_SOURCE_FREE && s->value[i] < 0)
      s->taken[s->taken_count++] = (uint32_t)i;
  take_fewer(s, forced);
  for (size_t item = 0; item < s->items; item++)
    bound += prices[item];
  double mass = bound;
  for (size_t k = 0; k < s->taken_count; k++) {
    double value = s->value[s->taken[k]];
    bound += value;
    mass += 2 * s->fixed[s->taken[k]] - value;
  }
  return bound - rounding_of(s, mass);
}

/* ---- raising prices one by one ---- */

/* Until where the price of an item may rise before source i begins to send of it. */
static double threshold(const qm_search *s, size_t item, size_t i, double worth) {
  size_t pair = item * s->sources + i;
  double gain = qm_more(worth - s->price[pair], 0);
  if (s->state[i] == QM_SOURCE_OPEN)
    return s->price[pair];
  return s->price[pair] + qm_more(s->value[i] + gain * s->share[pair], 0) / s->share[pair];
}

/* Moves a threshold down to its place in a heap that has the least on top. */
static void sink(double *at, uint32_t *who, size_t count, size_t place) {
  double limit = at[place];
  uint32_t source = who[place];
  for (size_t child = 2 * place + 1; child < count; child = 2 * place + 1) {
    child += child + 1 < count && at[child + 1] < at[child];
    if (at[child] >= limit)
      break;
    at[place] = at[child];
    who[place] = who[child];
    place = child;
  }
  at[place] = limit;
  who[place] = source;
}

/* The price at which sources send all of an item, or as much as they can. */
static double covering_price(qm_search *s, size_t item, double worth) {
  const uint32_t *order = &s->order[item * s->sources];
  double *at = s->thresholds, sent = 0, price = worth;
  uint32_t *who = s->taken;
  size_t count = 0;
  for (size_t k = 0; k < s->order_count[item]; k++)
    if (s->state[order[k]] != QM_SOURCE_CLOSED) {
      at[count] = threshold(s, item, order[k], worth);
      who[count++] = order[k];
    }
  for (size_t place = count / 2; place-- > 0;)
    sink(at, who, count, place);
  while (count > 0 && sent < 1 - ROUNDING) {
    price = at[0];
    sent += s->share[item * s->sources + who[0]];
    at[0] = at[--count];
    who[0] = who[count];
    if (count > 0)
      sink(at, who, count, 0);
  }
  return sent >= 1 - ROUNDING || s->lost[item] == INFINITY ? qm_less(price, s->lost[item])
                                                           : s->lost[item];
}

/* Sets one price to where the bound is highest, the others being as they are; keeps values up. */
static void raise_price(qm_search *s, double *prices, size_t item) {
  double worth = prices[item], price = covering_price(s, item, worth);
  for (size_t i = 0; i < s->sources; i++) {
    size_t pair = item * s->sources + i;
    double before = qm_more(worth - s->price[pair], 0), after = qm_more(price - s->price[pair], 0);
    s->value[i] += (before - after) * s->share[pair];
  }
  prices[item] = price;
}

static void raise_prices(qm_search *s, double *prices, size_t sweeps) {
  fill_values(s, prices);
  for (size_t sweep = 0; sweep < sweeps; sweep++)
    for (size_t item = 0; item < s->items; item++)
      raise_price(s, prices, item);
  s->steps += sweeps;
  s->evaluations += sweeps;
}

/* ---- moving all prices ---- */

/* What is wanted of each item and not sent; returns the sum of squares. */
static double fill_slope(qm_search *s, const double *prices) {
  double norm = 0;
  for (size_t item = 0; item < s->items; item++) {
    const double *price = &s->price[item * s->sources], *share = &s->share[item * s->sources];
    double slope = 1, worth = prices[item];
    for (size_t k = 0; k < s->taken_count; k++) {
      uint32_t i = s->taken[k];
      slope -= worth > price[i] ? share[i] : 0;
    }
    bool stuck = (slope > 0 && worth >= s->lost[item]) || (slope < 0 && worth <= 0);
    if (stuck || fabs(slope) < ROUNDING)
      slope = 0;
    s->slope[item] = slope;
    norm += slope * slope;
  }
  return norm;
}

static void move_prices(qm_search *s, double *prices, double step) {
  for (size_t item = 0; item < s->items; item++)
    prices[item] = qm_less(qm_more(prices[item] + step * s->slope[item], 0), s->lost[item]);
}

static void try_taken(qm_search *s) {
  memset(s->trial, 0, s->sources * sizeof *s->trial);
  for (size_t k = 0; k < s->taken_count; k++)
    s->trial[s->taken[k]] = true;
  qm_serve_round(s);
}

double qm_bound(qm_search *s, size_t depth, const qm_effort *effort) {
  double *kept = &s->prices[depth * s->items], *prices = s->tried;
  double best = -INFINITY, agility = effort->agility;
  size_t idle = 0;
  memcpy(prices, kept, s->items * sizeof *prices);
  raise_prices(s, prices, effort->sweeps);
  for (size_t round = 0; round < effort->rounds && agility > effort->least; round++) {
    double bound = bound_at(s, prices);
    if (bound > best) {
      idle = bound > best + 1e-9 * fabs(best) ? 0 : idle + 1;
      best = bound;
      memcpy(kept, prices, s->items * sizeof *prices);
      memcpy(s->kept_value, s->value, s->sources * sizeof *s->value);
    } else {
      idle++;
    }
    if (best > qm_search_cut(s))
      break;
    if (round % SERVE_EVERY == 0)
      try_taken(s);
    if (best > qm_search_cut(s) || qm_search_spent(s))
      break;
    if (idle == effort->patience) {
      agility /= 2;
      idle = 0;
    }
    double norm = fill_slope(s, prices);
    if (norm == 0)
      break;
    double aim =
        s->goal < INFINITY ? s->goal + 2 + (s->goal - bound) / 8 : qm_more(fabs(bound) * 1.2, 1);
    move_prices(s, prices, agility * (aim - bound) / norm);
  }
  return best;
}
