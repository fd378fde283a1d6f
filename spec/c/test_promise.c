/* test_promise.c: the network of stocks and sources against two references that share no code with
 * it: the cut formula over all subsets of stocks, and plain enumeration of who gets which unit. */
#include "unit.h"

#include "promise.h"

enum { STOCKS = 5, SOURCES = 5, EDGES = STOCKS * SOURCES, ROUNDS = 30000 };

typedef struct instance {
  qm_network net;
  qm_qty demand[STOCKS], supply[SOURCES], left[SOURCES];
  qm_edge edges[EDGES];
  uint32_t of_source[SOURCES + 1], of_stock[STOCKS + 1], by_stock[EDGES];
  uint32_t queue[SOURCES], into[SOURCES], out[STOCKS];
} instance;

static void link_arrays(instance *in) {
  in->net.demand = in->demand;
  in->net.supply = in->supply;
  in->net.edges = in->edges;
  in->net.of_source = in->of_source;
  in->net.of_stock = in->of_stock;
  in->net.by_stock = in->by_stock;
  in->net.left = in->left;
  in->net.queue = in->queue;
  in->net.into = in->into;
  in->net.out = in->out;
}

static void random_instance(instance *in, uint64_t *seed, uint64_t most) {
  *in = (instance){0};
  link_arrays(in);
  in->net.stock_count = 1 + (uint32_t)unit_below(seed, STOCKS);
  in->net.source_count = 1 + (uint32_t)unit_below(seed, SOURCES);
  uint64_t density = 1 + unit_below(seed, 4);
  for (uint32_t s = 0; s < in->net.source_count; s++) {
    in->supply[s] = (qm_qty)unit_below(seed, most);
    for (uint32_t b = 0; b < in->net.stock_count; b++)
      if (unit_below(seed, 4) < density)
        in->edges[in->net.edge_count++] = (qm_edge){.stock = b, .source = s};
  }
  for (uint32_t b = 0; b < in->net.stock_count; b++)
    in->demand[b] = (qm_qty)unit_below(seed, most);
  qm_network_index(&in->net);
}

/* F by its formula: over subsets T of the stocks, the least of the demands outside T and the
 * supplies at sources that some stock of T draws on. */
static qm_qty cut(const instance *in, const qm_qty *demand) {
  qm_qty least = INT64_MAX;
  for (uint32_t subset = 0; subset < UINT32_C(1) << in->net.stock_count; subset++) {
    bool reached[SOURCES] = {false};
    qm_qty sum = 0;
    for (uint32_t b = 0; b < in->net.stock_count; b++)
      if (!(subset >> b & 1))
        sum += demand[b];
    for (uint32_t e = 0; e < in->net.edge_count; e++)
      if (subset >> in->edges[e].stock & 1)
        reached[in->edges[e].source] = true;
    for (uint32_t s = 0; s < in->net.source_count; s++)
      sum += reached[s] ? in->supply[s] : 0;
    if (sum < least)
      least = sum;
  }
  return least;
}

static qm_qty cut_capacity(const instance *in, uint32_t stock) {
  qm_qty demand[STOCKS];
  memcpy(demand, in->demand, sizeof demand);
  demand[stock] = 1000000;
  qm_qty unbounded = cut(in, demand);
  demand[stock] = 0;
  return unbounded - cut(in, demand);
}

TEST(capacity_and_deficiency_agree_with_the_cut_formula) {
  uint64_t seed = 11;
  for (int round = 0; round < ROUNDS; round++) {
    instance in;
    random_instance(&in, &seed, 9);
    qm_qty demanded = 0;
    for (uint32_t b = 0; b < in.net.stock_count; b++) {
      demanded += in.demand[b];
      if (!CHECK_INT(qm_network_capacity(&in.net, b), cut_capacity(&in, b)))
        return;
    }
    if (!CHECK_INT(qm_network_deficiency(&in.net), demanded - cut(&in, in.demand)))
      return;
  }
}

/* Gives the units of a stock's demand one after the other, each to every source in turn. */
static qm_qty enumerate(const instance *in, uint32_t stock, qm_qty given, qm_qty supply[SOURCES],
                        const qm_qty *demand) {
  if (stock == in->net.stock_count)
    return 0;
  if (given == demand[stock])
    return enumerate(in, stock + 1, 0, supply, demand);
  qm_qty best = enumerate(in, stock, given + 1, supply, demand); /* this unit is not served */
  for (uint32_t e = 0; e < in->net.edge_count; e++) {
    uint32_t source = in->edges[e].source;
    if (in->edges[e].stock != stock || supply[source] == 0)
      continue;
    supply[source]--;
    qm_qty served = 1 + enumerate(in, stock, given + 1, supply, demand);
    supply[source]++;
    best = qm_qty_max(best, served);
  }
  return best;
}

TEST(what_cannot_be_served_agrees_with_trying_everything) {
  uint64_t seed = 12;
  for (int round = 0; round < 1500; round++) {
    instance in;
    random_instance(&in, &seed, 3);
    if (in.net.stock_count > 3)
      continue;
    qm_qty supply[SOURCES], demanded = 0;
    memcpy(supply, in.supply, sizeof supply);
    for (uint32_t b = 0; b < in.net.stock_count; b++)
      demanded += in.demand[b];
    if (!CHECK_INT(qm_network_deficiency(&in.net),
                   demanded - enumerate(&in, 0, 0, supply, in.demand)))
      return;
  }
}

/* A draws on x and y, B on y only; each x and y hold 5. */
TEST(a_neighbours_promise_takes_only_what_it_must) {
  instance in = {.net = {.stock_count = 2, .source_count = 2, .edge_count = 3},
                 .supply = {5, 5},
                 .edges = {{0, 0, 0}, {0, 1, 0}, {1, 1, 0}}};
  link_arrays(&in);
  qm_network_index(&in.net);
  in.demand[0] = 4; /* fits into x, so B keeps all of y */
  CHECK_INT(qm_network_capacity(&in.net, 1), 5);
  in.demand[0] = 7; /* two of them must come from y */
  CHECK_INT(qm_network_capacity(&in.net, 1), 3);
  in.demand[1] = 3;
  CHECK_INT(qm_network_capacity(&in.net, 0), 7);
  CHECK_INT(qm_network_deficiency(&in.net), 0);
  in.supply[1] = 4;
  CHECK_INT(qm_network_deficiency(&in.net), 1);
}

TEST(a_stock_without_sources_has_no_capacity) {
  instance in = {.net = {.stock_count = 1, .source_count = 0, .edge_count = 0}, .demand = {3}};
  link_arrays(&in);
  qm_network_index(&in.net);
  CHECK_INT(qm_network_capacity(&in.net, 0), 0);
  CHECK_INT(qm_network_deficiency(&in.net), 3);
}

/* Nobody has made room for supplies that are not there. */
TEST(a_network_without_sources_has_no_arrays_of_them) {
  instance in = {0};
  link_arrays(&in);
  in.net.supply = in.net.left = NULL;
  in.net.stock_count = 2;
  in.demand[0] = 5, in.demand[1] = 7;
  qm_network_index(&in.net);
  CHECK_INT(qm_network_capacity(&in.net, 0), 0);
  CHECK_INT(qm_network_deficiency(&in.net), 12);
}

TEST(the_largest_quantities_do_not_overflow) {
  instance in = {.net = {.stock_count = STOCKS, .source_count = 1, .edge_count = STOCKS},
                 .supply = {QM_QTY_MAX}};
  link_arrays(&in);
  for (uint32_t b = 0; b < STOCKS; b++) {
    in.edges[b] = (qm_edge){.stock = b};
    in.demand[b] = QM_QTY_MAX;
  }
  qm_network_index(&in.net);
  CHECK_INT(qm_network_deficiency(&in.net), QM_QTY_MAX * (STOCKS - 1));
  CHECK_INT(qm_network_capacity(&in.net, 0), 0);
}

int main(void) {
  RUN(capacity_and_deficiency_agree_with_the_cut_formula);
  RUN(what_cannot_be_served_agrees_with_trying_everything);
  RUN(a_neighbours_promise_takes_only_what_it_must);
  RUN(a_stock_without_sources_has_no_capacity);
  RUN(a_network_without_sources_has_no_arrays_of_them);
  RUN(the_largest_quantities_do_not_overflow);
  return unit_report();
}
