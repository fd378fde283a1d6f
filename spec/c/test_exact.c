/* test_exact.c: the exact search against trying every set of sources.
 *
 * Costs and quantities are small, so that many sets cost the same and the first of them is asked
 * for. The naive search hands out one unit at a time. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "exact.h"

enum { ROUNDS = 100000, ITEMS = 5, SOURCES = 7, PRODUCTS = 3 };

typedef struct instance {
  double want[ITEMS], have[ITEMS * SOURCES], cost[ITEMS * SOURCES], missing[ITEMS], fixed[SOURCES];
  unsigned char state[SOURCES];
  qm_exact problem;
} instance;

static void *scratch;

/* Whether all units of an item could be sent if everything that may open did. */
static bool reachable(const instance *in, size_t item) {
  double all = 0;
  for (size_t i = 0; i < in->problem.source_count; i++)
    if (in->state[i] != QM_SOURCE_CLOSED)
      all += in->have[item * in->problem.source_count + i];
  return all >= in->want[item];
}

static void fill_random(instance *in, uint64_t *seed) {
  size_t items = 1 + (size_t)unit_below(seed, ITEMS),
         sources = 1 + (size_t)unit_below(seed, SOURCES);
  uint64_t dear = 1 + unit_below(seed, 12), scarce = unit_below(seed, 3),
           rates = 1 + unit_below(seed, 4);
  bool limited = unit_below(seed, 4) == 0, priced = unit_below(seed, 3) == 0;
  bool decided = unit_below(seed, 4) == 0;
  in->problem = (qm_exact){.item_count = items,
                           .source_count = sources,
                           .want = in->want,
                           .have = in->have,
                           .cost = in->cost,
                           .missing = in->missing,
                           .fixed = in->fixed,
                           .state = in->state,
                           .most = limited ? 1 + (size_t)unit_below(seed, 3) : sources,
                           .budget = 100000,
                           .scratch = scratch};
  for (size_t i = 0; i < sources; i++) {
    in->fixed[i] = 1 + (double)unit_below(seed, dear);
    in->state[i] = decided && unit_below(seed, 4) == 0 ? 1 + (unsigned char)unit_below(seed, 2)
                                                       : QM_SOURCE_FREE;
  }
  for (size_t item = 0; item < items; item++) {
    in->want[item] = 1 + (double)unit_below(seed, 4);
    for (size_t i = 0; i < sources; i++) {
      double some = (double)unit_below(seed, 5);
      in->have[item * sources + i] = unit_below(seed, 3) < scarce ? 0 : fmin(in->want[item], some);
      in->cost[item * sources + i] = (double)unit_below(seed, rates);
    }
    in->missing[item] = priced ? (double)unit_below(seed, 20) : INFINITY;
    if (!reachable(in, item))
      in->missing[item] = 30;
  }
}

/* What a set of sources costs when units go out one by one, each from the cheapest source with any
 * left; INFINITY when something that must be sent is not there. */
static double naive_cost(const instance *in, unsigned set) {
  size_t sources = in->problem.source_count;
  double total = 0;
  for (size_t i = 0; i < sources; i++)
    total += set >> i & 1 ? in->fixed[i] : 0;
  for (size_t item = 0; item < in->problem.item_count; item++) {
    double left[SOURCES];
    memcpy(left, &in->have[item * sources], sources * sizeof *left);
    for (int sent = 0; sent < (int)in->want[item]; sent++) {
      double least = in->missing[item];
      size_t from = sources;
      for (size_t i = 0; i < sources; i++)
        if (set >> i & 1 && left[i] > 0 && in->cost[item * sources + i] <= least &&
            (from == sources || in->cost[item * sources + i] < least)) {
          least = in->cost[item * sources + i];
          from = i;
        }
      total += least;
      if (from < sources)
        left[from]--;
    }
  }
  return total;
}

static bool may_be(const instance *in, unsigned set) {
  size_t count = 0;
  for (size_t i = 0; i < in->problem.source_count; i++) {
    bool open = set >> i & 1;
    if ((open && in->state[i] == QM_SOURCE_CLOSED) || (!open && in->state[i] == QM_SOURCE_OPEN))
      return false;
    count += open;
  }
  return count <= in->problem.most;
}

/* Whether a set comes before another: the first source in which they differ is in it. */
static bool comes_before(unsigned set, unsigned other) {
  unsigned differ = set ^ other;
  return (set & (differ & -differ)) != 0;
}

static double naive_best(const instance *in, unsigned *first) {
  double best = INFINITY;
  for (unsigned set = 0; set < 1u << in->problem.source_count; set++) {
    double cost = may_be(in, set) ? naive_cost(in, set) : INFINITY;
    if (cost < best || (cost == best && cost < INFINITY && comes_before(set, *first))) {
      best = cost;
      *first = set;
    }
  }
  return best;
}

/* What a plan costs by what it sends; -1 when it sends what it may not. */
static double cost_of(const instance *in, const bool *open, const double *sent) {
  size_t sources = in->problem.source_count;
  double total = 0;
  for (size_t i = 0; i < sources; i++)
    total += open[i] ? in->fixed[i] : 0;
  for (size_t item = 0; item < in->problem.item_count; item++) {
    double left = in->want[item];
    for (size_t i = 0; i < sources; i++) {
      double units = sent[item * sources + i];
      if (units < 0 || units > in->have[item * sources + i] || (units > 0 && !open[i]))
        return -1;
      total += units * in->cost[item * sources + i];
      left -= units;
    }
    if (left < 0 || (left > 0 && in->missing[item] == INFINITY))
      return -1;
    total += left > 0 ? left * in->missing[item] : 0;
  }
  return total;
}

TEST(equals_every_set_tried) {
  uint64_t seed = 20261126;
  int solved = 0;
  for (int round = 0; round < ROUNDS; round++) {
    instance in;
    bool open[SOURCES];
    double sent[ITEMS * SOURCES];
    unsigned first = 0, set = 0;
    qm_exact_plan plan = {.open = open, .sent = sent};
    fill_random(&in, &seed);
    double best = naive_best(&in, &first);
    qm_exact_solve(&in.problem, &plan);
    for (size_t i = 0; i < in.problem.source_count; i++)
      set |= open[i] ? 1u << i : 0;
    bool fine = CHECK(plan.cost == best);
    if (best < INFINITY) {
      fine &= CHECK(plan.optimal && plan.bound == best) && CHECK_INT(set, first);
      fine &= CHECK(cost_of(&in, open, sent) == best);
      solved++;
    }
    if (!fine) {
      fprintf(stderr, "round %d\n", round);
      return;
    }
  }
  CHECK(solved > ROUNDS / 2);
}

int main(void) {
  scratch = malloc(qm_exact_scratch(ITEMS, SOURCES, PRODUCTS));
  RUN(equals_every_set_tried);
  free(scratch);
  return unit_report();
}
