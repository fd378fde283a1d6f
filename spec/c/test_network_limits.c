/* test_network_limits.c: proven selection with quantities and costs as large, as fine and as many
 * as they may be. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "exact.h"
#include "network.h"
#include "plan.h"

enum { LINES = 48, SOURCES = 48, PAIRS = LINES * SOURCES };

static struct {
  qm_select_line lines[LINES];
  qm_qty supply[PAIRS], capacity[SOURCES], needs[LINES], before[PAIRS], taken[PAIRS];
  int64_t shipment[SOURCES], unit[PAIRS];
  size_t order[SOURCES];
  bool open[SOURCES];
  qm_pick picks[PAIRS];
  qm_select_costs costs;
  qm_certificate certificate;
  qm_select request;
  void *scratch;
} in;

/* Each line of a product of its own; what is wanted, what there is and costs are up to the test. */
static void start(size_t lines, size_t sources) {
  void *scratch = in.scratch;
  memset(&in, 0, sizeof in);
  in.scratch = scratch;
  for (size_t i = 0; i < lines; i++)
    in.lines[i] = (qm_select_line){.product = i, .need = QM_QTY_ONE, .unit = 1};
  for (size_t i = 0; i < sources; i++)
    in.order[i] = i;
  in.costs = (qm_select_costs){.shipment = in.shipment,
                               .unit = in.unit,
                               .missing = -1,
                               .open = in.open,
                               .most = sources,
                               .budget = 1000};
  in.request = (qm_select){.lines = in.lines,
                           .line_count = lines,
                           .source_count = sources,
                           .supply = in.supply,
                           .sources = in.order,
                           .wanted = sources,
                           .picks = in.picks,
                           .pick_capacity = PAIRS,
                           .costs = &in.costs,
                           .product_count = lines,
                           .scratch = in.scratch,
                           .certificate = &in.certificate};
}

/* Whether a plan was made that holds; it leaves out so much. */
static bool leaves_out(qm_select_fn algorithm, qm_qty quantity) {
  size_t index;
  qm_qty left = 0;
  for (size_t i = 0; i < LINES; i++)
    in.needs[i] = in.lines[i].need;
  memcpy(in.before, in.supply, sizeof in.before);
  if (!CHECK_INT(algorithm(&in.request), QM_OK))
    return false;
  for (size_t i = 0; i < LINES; i++)
    left += in.lines[i].need;
  return CHECK_INT(left, quantity) &&
         CHECK_INT(qm_plan_check(&in.request, in.needs, in.before, in.taken, &index), QM_PLAN_FINE);
}

static void fill(qm_qty *list, size_t count, qm_qty value) {
  for (size_t i = 0; i < count; i++)
    list[i] = value;
}

/* ---- the tests ---- */

TEST(lines_of_many_small_units_share_what_may_leave) {
  start(2, 3);
  in.lines[0].need = 1234567891;
  in.lines[1].need = 987654321;
  fill(in.supply, 6, 1000000001);
  fill(in.capacity, 3, 1500000001);
  for (int i = 0; i < 6; i++)
    in.unit[i] = 2 + i % 3;
  in.costs.capacity = in.capacity;
  CHECK(leaves_out(qm_select_cheapest, 0));
}

TEST(a_way_is_found_however_long_it_is) {
  start(24, SOURCES);
  for (size_t i = 0; i < 24; i++)
    in.lines[i].need = SOURCES * 3 * QM_QTY_ONE;
  fill(in.supply, 24 * SOURCES, 2 * QM_QTY_ONE);
  fill(in.capacity, SOURCES, 50 * QM_QTY_ONE);
  in.costs.capacity = in.capacity;
  CHECK(leaves_out(qm_select_fewest, 24 * SOURCES * QM_QTY_ONE));
}

TEST(as_much_as_possible_is_sent_where_costs_must_be_counted_coarsely) {
  start(4, 3);
  for (int i = 0; i < 4; i++)
    in.lines[i].need = 10000003 + 7 * i;
  fill(in.supply, 12, 20000000);
  fill(in.capacity, 3, QM_QTY_MAX);
  for (int i = 0; i < 12; i++)
    in.unit[i] = 3700 + 13 * i;
  in.costs.capacity = in.capacity;
  CHECK(leaves_out(qm_select_cheapest, 0));
  CHECK(!in.certificate.optimal);
}

TEST(costs_are_told_apart_however_large) {
  start(1, 2);
  in.lines[0].need = 6 * QM_QTY_ONE;
  fill(in.supply, 2, 6 * QM_QTY_ONE);
  fill(in.shipment, 2, QM_COST_MAX);
  fill(in.unit, 2, QM_COST_MAX / 100 * 91);
  in.unit[1] = QM_COST_MAX / 100 * 90;
  CHECK(leaves_out(qm_select_cheapest, 0));
  CHECK_INT(in.picks[0].source, 1);
}

TEST(what_adds_up_to_too_much_is_refused) {
  start(2, 1);
  fill(in.supply, 2, QM_QTY_MAX);
  in.lines[0].need = QM_QTY_MAX;
  in.lines[1].need = 1;
  CHECK_INT(qm_select_fewest(&in.request), QM_LIMIT);
  int64_t cost;
  fill(in.unit, 2, QM_COST_MAX);
  in.request.pick_count = 1;
  in.picks[0] = (qm_pick){0, 0, QM_QTY_MAX, QM_QTY_MAX};
  CHECK_INT(qm_network_cost(&in.request, &cost), QM_LIMIT);
}

TEST(a_cost_is_never_less_than_what_it_is) {
  start(1, 1);
  int64_t cost;
  in.request.pick_count = 1;
  in.lines[0].need = 0;
  in.picks[0] = (qm_pick){0, 0, 1, 1};
  in.unit[0] = 1;
  CHECK_INT(qm_network_cost(&in.request, &cost), QM_OK);
  CHECK_INT(cost, 1);
}

TEST(bounds_of_large_costs_are_legal) {
  start(1, 12);
  in.lines[0].need = QM_QTY_MAX - 1;
  for (int i = 0; i < 12; i++) {
    in.supply[i] = QM_QTY_MAX / 2 - 7 * i;
    in.unit[i] = QM_COST_MAX - i;
  }
  CHECK(leaves_out(qm_select_cheapest, 0));
  CHECK(in.certificate.bound >= 0 && in.certificate.bound <= QM_QTY_MAX);
}

TEST(a_group_may_begin_with_a_line_that_wants_nothing) {
  start(2, 1);
  in.lines[0].need = in.lines[0].unit = 0;
  in.lines[0].next = 1;
  in.lines[1].follows = true;
  in.lines[1].need = in.lines[1].unit = 2;
  fill(in.supply, 2, 2);
  CHECK(leaves_out(qm_select_fewest, 0));
}

TEST(less_than_a_unit_of_a_group_is_not_wanted) {
  start(3, 2);
  in.lines[0].next = 1;
  in.lines[1].follows = true;
  in.lines[1].unit = 2 * QM_QTY_ONE;
  fill(in.supply, 6, QM_QTY_ONE);
  in.shipment[0] = 5;
  CHECK(leaves_out(qm_select_cheapest, 2 * QM_QTY_ONE));
  CHECK(in.certificate.optimal);
  CHECK_INT(in.picks[0].source, 1);
}

/* Three sources must open one each of three lines; two of others leave anyway, and carry nothing.
 */
TEST(what_leaves_anyway_is_no_bound_of_shipments) {
  start(8, 10);
  for (int line = 0; line < 8; line++)
    for (int source = 0; source < 5; source++)
      in.supply[line * 10 + source] = (line * 7 + source * 3) % 5 < 2 ? QM_QTY_ONE : 0;
  for (int source = 5; source < 10; source++)
    in.open[source] = true;
  in.costs.budget = 1;
  CHECK(leaves_out(qm_select_fewest, 0));
  CHECK(in.certificate.optimal || in.certificate.bound <= 5);
}

TEST(a_larger_request_has_a_smaller_budget) {
  CHECK_INT(qm_network_budget(32, 32), QM_STEPS_STANDARD);
  CHECK_INT(qm_network_budget(4000, 128), QM_STEPS_STANDARD / 500);
  CHECK(qm_network_budget(QM_NETWORK_MAX, 1) > 0);
}

/* Sums of what there is pass what doubles hold. */
TEST(goods_in_plenty_are_counted_exactly) {
  enum { MANY = 40 };
  double want[2] = {999999999999999, 999999999999997}, have[2 * MANY], cost[2 * MANY], fixed[MANY];
  double missing[2] = {INFINITY, INFINITY}, sent[2 * MANY];
  unsigned char state[MANY] = {0};
  bool open[MANY];
  for (int i = 0; i < MANY; i++) {
    have[i] = want[0] - 2 * (i % 3);
    have[MANY + i] = want[1] - 2 * (i % 2);
    cost[i] = cost[MANY + i] = 0;
    fixed[i] = 100 + i % 7;
  }
  qm_exact problem = {.item_count = 2,
                      .source_count = MANY,
                      .want = want,
                      .have = have,
                      .cost = cost,
                      .missing = missing,
                      .fixed = fixed,
                      .state = state,
                      .most = MANY,
                      .budget = 100000,
                      .scratch = in.scratch};
  qm_exact_plan plan = {.open = open, .sent = sent};
  qm_exact_solve(&problem, &plan);
  CHECK(plan.optimal);
  CHECK_INT(plan.cost, 100);
}

int main(void) {
  start(LINES, SOURCES);
  in.scratch = malloc(qm_network_scratch(&in.request));
  RUN(lines_of_many_small_units_share_what_may_leave);
  RUN(a_way_is_found_however_long_it_is);
  RUN(as_much_as_possible_is_sent_where_costs_must_be_counted_coarsely);
  RUN(costs_are_told_apart_however_large);
  RUN(what_adds_up_to_too_much_is_refused);
  RUN(a_cost_is_never_less_than_what_it_is);
  RUN(bounds_of_large_costs_are_legal);
  RUN(a_group_may_begin_with_a_line_that_wants_nothing);
  RUN(less_than_a_unit_of_a_group_is_not_wanted);
  RUN(what_leaves_anyway_is_no_bound_of_shipments);
  RUN(a_larger_request_has_a_smaller_budget);
  RUN(goods_in_plenty_are_counted_exactly);
  free(in.scratch);
  return unit_report();
}
