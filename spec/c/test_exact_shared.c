/* test_exact_shared.c: the exact search where items draw on the same goods, against trying every
 * quantity of every item from every source. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "exact.h"

enum { ROUNDS = 100000, ITEMS = 3, SOURCES = 3, PRODUCTS = 2, USES = 2 * ITEMS };

typedef struct instance {
  double want[ITEMS], have[ITEMS * SOURCES], cost[ITEMS * SOURCES], missing[ITEMS], fixed[SOURCES];
  double supply[PRODUCTS * SOURCES], own[USES * SOURCES];
  unsigned char state[SOURCES];
  size_t use_start[ITEMS + 1];
  qm_exact_use uses[USES];
  qm_exact problem;
} instance;

static void *scratch;

/* ---- trying everything ---- */

typedef struct trial {
  const instance *in;
  double sent[ITEMS * SOURCES];
  double best;
  unsigned first; /* of the best sets */
} trial;

static bool goods_suffice(const instance *in, const double *sent) {
  size_t sources = in->problem.source_count;
  for (size_t product = 0; product < PRODUCTS; product++)
    for (size_t i = 0; i < sources; i++) {
      double left = in->supply[product * sources + i];
      for (size_t item = 0; item < in->problem.item_count; item++)
        for (size_t u = in->use_start[item]; u < in->use_start[item + 1]; u++)
          if (in->uses[u].product == product) {
            double wanted = sent[item * sources + i] * in->uses[u].per_unit;
            left -= fmax(0, wanted - in->uses[u].own[i]);
          }
      if (left < 0)
        return false;
    }
  return true;
}

/* INFINITY: may not be. *set becomes the sources that are open. */
static double cost_of(const instance *in, const double *sent, unsigned *set) {
  const qm_exact *p = &in->problem;
  double total = 0;
  *set = 0;
  for (size_t item = 0; item < p->item_count; item++) {
    double left = in->want[item];
    for (size_t i = 0; i < p->source_count; i++) {
      double units = sent[item * p->source_count + i];
      *set |= units > 0 ? 1u << i : 0;
      total += units * in->cost[item * p->source_count + i];
      left -= units;
    }
    if (left < 0)
      return INFINITY;
    total += left * in->missing[item];
  }
  size_t count = 0;
  for (size_t i = 0; i < p->source_count; i++) {
    if (in->state[i] == QM_SOURCE_CLOSED && *set >> i & 1)
      return INFINITY;
    *set |= in->state[i] == QM_SOURCE_OPEN ? 1u << i : 0;
    total += *set >> i & 1 ? in->fixed[i] : 0;
    count += *set >> i & 1;
  }
  return count <= p->most && goods_suffice(in, sent) ? total : INFINITY;
}

static bool comes_before(unsigned set, unsigned other) {
  unsigned differ = set ^ other;
  return (set & (differ & -differ)) != 0;
}

static void try_pair(trial *t, size_t pair) {
  const instance *in = t->in;
  if (pair == in->problem.item_count * in->problem.source_count) {
    unsigned set;
    double cost = cost_of(in, t->sent, &set);
    if (cost < t->best || (cost == t->best && cost < INFINITY && comes_before(set, t->first))) {
      t->best = cost;
      t->first = set;
    }
    return;
  }
  for (t->sent[pair] = 0; t->sent[pair] <= in->have[pair]; t->sent[pair]++)
    try_pair(t, pair + 1);
  t->sent[pair] = 0;
}

/* ---- random instances ---- */

static void fill_uses(instance *in, uint64_t *seed) {
  size_t count = 0, sources = in->problem.source_count;
  for (size_t item = 0; item < in->problem.item_count; item++) {
    size_t from = (size_t)unit_below(seed, PRODUCTS), uses = 1 + (size_t)unit_below(seed, 2);
    in->use_start[item] = count;
    for (size_t u = 0; u < uses; u++, count++) {
      double *own = &in->own[count * sources];
      in->uses[count] = (qm_exact_use){(from + u) % PRODUCTS, 1 + (double)unit_below(seed, 2), own};
      for (size_t i = 0; i < sources; i++)
        own[i] = unit_below(seed, 3) == 0 ? (double)unit_below(seed, 3) : 0;
    }
  }
  in->use_start[in->problem.item_count] = count;
}

static void fill_random(instance *in, uint64_t *seed) {
  size_t items = 1 + (size_t)unit_below(seed, ITEMS),
         sources = 1 + (size_t)unit_below(seed, SOURCES);
  bool decided = unit_below(seed, 4) == 0;
  in->problem = (qm_exact){.item_count = items,
                           .source_count = sources,
                           .want = in->want,
                           .have = in->have,
                           .cost = in->cost,
                           .missing = in->missing,
                           .fixed = in->fixed,
                           .state = in->state,
                           .most = 1 + (size_t)unit_below(seed, sources),
                           .use_start = in->use_start,
                           .uses = in->uses,
                           .supply = in->supply,
                           .product_count = PRODUCTS,
                           .budget = 100000,
                           .scratch = scratch};
  for (size_t i = 0; i < sources; i++) {
    in->fixed[i] = 1 + (double)unit_below(seed, 6);
    in->state[i] = decided && unit_below(seed, 4) == 0 ? 1 + (unsigned char)unit_below(seed, 2)
                                                       : QM_SOURCE_FREE;
  }
  for (size_t i = 0; i < PRODUCTS * sources; i++)
    in->supply[i] = (double)unit_below(seed, 5);
  fill_uses(in, seed);
  for (size_t item = 0; item < items; item++) {
    in->want[item] = 1 + (double)unit_below(seed, 3);
    in->missing[item] = (double)unit_below(seed, 30);
    for (size_t i = 0; i < sources; i++) {
      in->have[item * sources + i] = (double)unit_below(seed, 1 + (uint64_t)in->want[item]);
      in->cost[item * sources + i] = (double)unit_below(seed, 4);
    }
  }
}

TEST(equals_every_quantity_tried) {
  uint64_t seed = 20261127;
  for (int round = 0; round < ROUNDS; round++) {
    instance in;
    bool open[SOURCES];
    double sent[ITEMS * SOURCES];
    unsigned set = 0, by_sent;
    qm_exact_plan plan = {.open = open, .sent = sent};
    fill_random(&in, &seed);
    trial t = {.in = &in, .best = INFINITY};
    try_pair(&t, 0);
    qm_exact_solve(&in.problem, &plan);
    for (size_t i = 0; i < in.problem.source_count; i++)
      set |= open[i] ? 1u << i : 0;
    bool fine = CHECK(plan.cost == t.best);
    if (t.best < INFINITY) {
      fine &= CHECK(plan.optimal && plan.bound == t.best) && CHECK_INT(set, t.first);
      fine &= CHECK(cost_of(&in, sent, &by_sent) == t.best) && CHECK_INT(set, by_sent);
    }
    if (!fine) {
      fprintf(stderr, "round %d: %g, not %g\n", round, plan.cost, t.best);
      return;
    }
  }
}

int main(void) {
  scratch = malloc(qm_exact_scratch(ITEMS, SOURCES, PRODUCTS));
  RUN(equals_every_quantity_tried);
  free(scratch);
  return unit_report();
}
