/* test_select.c: source selection by priority and the check that every plan passes.
 *
 * Random instances have several lines of one product on purpose: they draw on the same goods. The
 * naive selection walks over lines and sources the other way about and unit by unit, so it shares
 * no code and no shape with the real one. */
#include "unit.h"

#include "plan.h"

enum { ROUNDS = 40000, LINES = 6, SOURCES = 5, PRODUCTS = 3, PICKS = LINES * SOURCES };

typedef struct instance {
  qm_select_line lines[LINES];
  size_t line_count, source_count, product_count;
  qm_qty supply[PRODUCTS * SOURCES];
  size_t order[SOURCES];
  bool all_rows;
} instance;

static qm_qty *cell(instance *in, size_t product, size_t source) {
  return &in->supply[product * in->source_count + source];
}

static instance random_instance(uint64_t *seed) {
  instance in = {.line_count = 1 + (size_t)unit_below(seed, LINES),
                 .source_count = 1 + (size_t)unit_below(seed, SOURCES),
                 .product_count = 1 + (size_t)unit_below(seed, PRODUCTS),
                 .all_rows = unit_below(seed, 2) == 0};
  for (size_t i = 0; i < in.line_count; i++)
    in.lines[i] = (qm_select_line){.product = (size_t)unit_below(seed, in.product_count),
                                   .need = (qm_qty)unit_below(seed, 9),
                                   .unit = 1};
  for (size_t i = 0; i < in.product_count * in.source_count; i++)
    in.supply[i] = (qm_qty)unit_below(seed, 8) - 2;
  for (size_t i = 0; i < in.source_count; i++) {
    size_t j = (size_t)unit_below(seed, i + 1);
    in.order[i] = in.order[j];
    in.order[j] = i;
  }
  return in;
}

static qm_select request_of(instance *in, qm_pick *picks, size_t capacity) {
  return (qm_select){.lines = in->lines,
                     .line_count = in->line_count,
                     .source_count = in->source_count,
                     .supply = in->supply,
                     .sources = in->order,
                     .wanted = in->source_count,
                     .all_rows = in->all_rows,
                     .picks = picks,
                     .pick_capacity = capacity};
}

/* What each line gets from each source: every unit in turn goes to the first line that needs it, by
 * source preference. */
static void naive(const instance *in, qm_qty taken[LINES][SOURCES]) {
  instance left = *in;
  memset(taken, 0, sizeof(qm_qty[LINES][SOURCES]));
  for (size_t line = 0; line < in->line_count; line++) {
    size_t product = in->lines[line].product;
    for (qm_qty need = in->lines[line].need; need > 0; need--) {
      size_t rank = 0;
      while (rank < in->source_count && *cell(&left, product, in->order[rank]) <= 0)
        rank++;
      if (rank == in->source_count)
        break;
      taken[line][in->order[rank]]++;
      --*cell(&left, product, in->order[rank]);
    }
  }
}

static bool is_candidate(instance *in, size_t line, size_t source) {
  return *cell(in, in->lines[line].product, source) >= 0;
}

/* The picks say what the naive selection says: the same quantities, in order of preference, each
 * pair of line and source once, and with all_rows every candidate. */
static bool agrees(instance *before, const qm_select *done) {
  qm_qty taken[LINES][SOURCES];
  bool seen[LINES][SOURCES] = {{false}}, held = true;
  size_t last_rank = 0;
  naive(before, taken);
  for (size_t i = 0; i < done->pick_count; i++) {
    const qm_pick *pick = &done->picks[i];
    size_t rank = 0;
    while (before->order[rank] != pick->source)
      rank++;
    held &= CHECK(rank >= last_rank);
    held &= CHECK(!seen[pick->line][pick->source]);
    held &= CHECK(is_candidate(before, pick->line, pick->source));
    held &= CHECK_INT(pick->take, taken[pick->line][pick->source]);
    held &= CHECK(pick->available >= pick->take);
    seen[pick->line][pick->source] = true;
    last_rank = rank;
  }
  for (size_t line = 0; line < before->line_count; line++)
    for (size_t source = 0; source < before->source_count; source++) {
      bool wanted = before->all_rows ? is_candidate(before, line, source) : taken[line][source] > 0;
      held &= CHECK_INT(seen[line][source], wanted);
    }
  return held;
}

/* Nothing appears or vanishes: what is left and what was taken is what there was. */
static bool conserves(instance *before, instance *after, const qm_select *done) {
  bool held = true;
  for (size_t line = 0; line < before->line_count; line++) {
    qm_qty taken = 0;
    for (size_t i = 0; i < done->pick_count; i++)
      taken += done->picks[i].line == line ? done->picks[i].take : 0;
    held &= CHECK_INT(before->lines[line].need, after->lines[line].need + taken);
    held &= CHECK(after->lines[line].need >= 0);
  }
  for (size_t product = 0; product < before->product_count; product++)
    for (size_t source = 0; source < before->source_count; source++) {
      qm_qty taken = 0, was = *cell(before, product, source), is = *cell(after, product, source);
      for (size_t i = 0; i < done->pick_count; i++)
        if (before->lines[done->picks[i].line].product == product &&
            done->picks[i].source == source)
          taken += done->picks[i].take;
      held &= CHECK_INT(was, is + taken) && CHECK(was < 0 || is >= 0);
    }
  return held;
}

TEST(priority_agrees_with_a_naive_selection) {
  uint64_t seed = 21;
  for (int i = 0; i < ROUNDS; i++) {
    instance before = random_instance(&seed), after = before;
    qm_pick picks[PICKS];
    qm_select request = request_of(&after, picks, PICKS);
    if (!CHECK_INT(qm_select_priority(&request), QM_OK) || !agrees(&before, &request) ||
        !conserves(&before, &after, &request))
      return;
  }
}

/* One place fewer than the picks need is a limit, and nothing is written beyond the end. */
TEST(picks_that_do_not_fit_are_a_limit) {
  uint64_t seed = 22;
  for (int i = 0; i < ROUNDS; i++) {
    instance before = random_instance(&seed), first = before, second = before;
    qm_pick picks[PICKS + 1];
    qm_select request = request_of(&first, picks, PICKS);
    qm_select_priority(&request);
    if (request.pick_count == 0)
      continue;
    size_t capacity = request.pick_count - 1;
    memset(picks, 0x5A, sizeof picks);
    request = request_of(&second, picks, capacity);
    unsigned char untouched[sizeof(qm_pick)];
    memset(untouched, 0x5A, sizeof untouched);
    if (!CHECK_INT(qm_select_priority(&request), QM_LIMIT) ||
        !CHECK_INT(request.pick_count, capacity) ||
        !CHECK(memcmp(&picks[capacity], untouched, sizeof untouched) == 0))
      return;
  }
}

TEST(lines_of_one_product_share_its_goods) {
  qm_select_line lines[] = {{.need = 4, .unit = 1}, {.need = 4, .unit = 1}};
  qm_qty supply[] = {5, 2};
  size_t order[] = {1, 0};
  qm_pick picks[4];
  qm_select request = {.lines = lines,
                       .line_count = 2,
                       .source_count = 2,
                       .supply = supply,
                       .sources = order,
                       .wanted = 2,
                       .picks = picks,
                       .pick_capacity = 4};
  CHECK_INT(qm_select_priority(&request), QM_OK);
  CHECK_INT(request.pick_count, 3);
  CHECK(picks[0].line == 0 && picks[0].source == 1 && picks[0].take == 2);
  CHECK(picks[1].line == 0 && picks[1].source == 0 && picks[1].take == 2);
  CHECK(picks[2].line == 1 && picks[2].source == 0 && picks[2].take == 3);
  CHECK_INT(picks[2].available, 3);
  CHECK_INT(lines[0].need, 0);
  CHECK_INT(lines[1].need, 1);
}

/* ---- plans ---- */

/* Whatever the algorithm makes is a plan, and what the check leaves over is what it left over. */
TEST(every_selection_is_a_plan) {
  uint64_t seed = 23;
  for (int i = 0; i < ROUNDS; i++) {
    instance before = random_instance(&seed), after = before;
    qm_pick picks[PICKS];
    qm_select request = request_of(&after, picks, PICKS);
    qm_qty needs[LINES], taken[PICKS];
    size_t index = 0;
    qm_select_priority(&request);
    for (size_t line = 0; line < before.line_count; line++)
      needs[line] = before.lines[line].need;
    bool held =
        CHECK_INT(qm_plan_check(&request, needs, before.supply, taken, &index), QM_PLAN_FINE);
    for (size_t line = 0; line < after.line_count; line++)
      held &= CHECK_INT(needs[line], after.lines[line].need);
    held &= CHECK(memcmp(before.supply, after.supply, sizeof before.supply) == 0);
    if (!held)
      return;
  }
}

/* Two lines of product 0 and one of product 1; source 2 keeps nothing of product 1. */
typedef struct broken {
  qm_plan_fault fault;
  size_t index, pick_count;
  qm_pick picks[3];
} broken;

static const broken BROKEN[] = {
    {QM_PLAN_FINE, 0, 3, {{0, 0, 3, 0}, {1, 0, 2, 0}, {2, 1, 1, 0}}},
    {QM_PLAN_NO_LINE, 1, 2, {{0, 0, 1, 0}, {3, 0, 1, 0}}},
    {QM_PLAN_NO_LINE, 0, 1, {{SIZE_MAX, 0, 1, 0}}},
    {QM_PLAN_NO_SOURCE, 1, 2, {{0, 0, 1, 0}, {0, 3, 1, 0}}},
    {QM_PLAN_NO_SOURCE, 0, 1, {{0, SIZE_MAX, 1, 0}}},
    {QM_PLAN_NO_SOURCE, 0, 1, {{2, 2, 1, 0}}},
    {QM_PLAN_QTY, 0, 1, {{0, 0, 0, 0}}},
    {QM_PLAN_QTY, 1, 2, {{0, 0, 1, 0}, {1, 0, -1, 0}}},
    {QM_PLAN_QTY, 0, 1, {{0, 0, INT64_MIN, 0}}},
    {QM_PLAN_TWICE, 2, 3, {{0, 0, 1, 0}, {1, 0, 1, 0}, {0, 0, 1, 0}}},
    {QM_PLAN_SUPPLY, 0, 1, {{2, 0, 2, 0}}},
    {QM_PLAN_SUPPLY, 1, 2, {{0, 0, 3, 0}, {1, 0, 3, 0}}},
    {QM_PLAN_SUPPLY, 0, 1, {{0, 0, INT64_MAX, 0}}},
    {QM_PLAN_NEED, 0, 1, {{0, 0, 4, 0}}},
    {QM_PLAN_NEED, 1, 2, {{0, 0, 3, 0}, {0, 1, 1, 0}}},
};

TEST(each_fault_of_a_plan_is_found) {
  bool found[QM_PLAN_GROUP] = {false};
  for (size_t i = 0; i < sizeof BROKEN / sizeof BROKEN[0]; i++) {
    qm_select_line lines[] = {{.unit = 1}, {.unit = 1}, {.product = 1, .unit = 1}};
    qm_qty needs[] = {3, 3, 3}, supply[] = {5, 2, 0, 1, 4, -1}, taken[9];
    qm_pick picks[3];
    memcpy(picks, BROKEN[i].picks, sizeof picks);
    qm_select request = {.lines = lines,
                         .line_count = 3,
                         .source_count = 3,
                         .picks = picks,
                         .pick_count = BROKEN[i].pick_count};
    size_t index = SIZE_MAX;
    qm_plan_fault fault = qm_plan_check(&request, needs, supply, taken, &index);
    found[fault] = true;
    if (!CHECK_INT(fault, BROKEN[i].fault) ||
        (fault != QM_PLAN_FINE && !CHECK_INT(index, BROKEN[i].index)))
      fprintf(stderr, "  in case %d\n", (int)i);
  }
  for (int fault = 0; fault < QM_PLAN_GROUP; fault++)
    CHECK(found[fault]);
}

TEST(rows_that_take_nothing_are_allowed_when_asked_for) {
  qm_select_line lines[] = {{.unit = 1}};
  qm_qty needs[] = {3}, supply[] = {0}, taken[1];
  qm_pick picks[] = {{0, 0, 0, 0}};
  qm_select request = {.lines = lines,
                       .line_count = 1,
                       .source_count = 1,
                       .all_rows = true,
                       .picks = picks,
                       .pick_count = 1};
  size_t index = 0;
  CHECK_INT(qm_plan_check(&request, needs, supply, taken, &index), QM_PLAN_FINE);
  picks[0].take = -1;
  CHECK_INT(qm_plan_check(&request, needs, supply, taken, &index), QM_PLAN_QTY);
  picks[0].take = 0;
  request.all_rows = false;
  CHECK_INT(qm_plan_check(&request, needs, supply, taken, &index), QM_PLAN_QTY);
}

TEST(every_reason_can_be_told) {
  for (int why = 0; why < QM_WHYS; why++) {
    char text[QM_WHY_TEXT], far[QM_WHY_TEXT];
    size_t length = qm_why_text((qm_why)why, false, 12500, text);
    CHECK(strlen(qm_why_rule((qm_why)why)) > 0);
    CHECK(strchr(text, ' ') != NULL && length == strlen(text));
    length = qm_why_text((qm_why)why, true, QM_FAR_UNKNOWN, far);
    CHECK_INT(length, strlen(far));
    for (int other = 0; other < why; other++)
      CHECK(strcmp(qm_why_rule((qm_why)why), qm_why_rule((qm_why)other)) != 0);
  }
}

TEST(reasons_by_distance_say_how_far) {
  static const struct {
    int64_t metres;
    const char *end;
  } cases[] = {
      {0, "(0.0 km)"},
      {49, "(0.0 km)"},
      {50, "(0.1 km)"},
      {12500, "(12.5 km)"},
      {12449, "(12.4 km)"},
      {99950, "(100.0 km)"},
      {20015087, "(20015.1 km)"},
      {QM_FAR_UNKNOWN, "(distance unknown)"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[QM_WHY_TEXT];
    qm_why_text(QM_WHY_NEAREST, true, cases[i].metres, text);
    CHECK_STR(strchr(text, '('), cases[i].end);
  }
}

int main(void) {
  RUN(priority_agrees_with_a_naive_selection);
  RUN(picks_that_do_not_fit_are_a_limit);
  RUN(lines_of_one_product_share_its_goods);
  RUN(every_selection_is_a_plan);
  RUN(each_fault_of_a_plan_is_found);
  RUN(rows_that_take_nothing_are_allowed_when_asked_for);
  RUN(every_reason_can_be_told);
  RUN(reasons_by_distance_say_how_far);
  return unit_report();
}
