/* test_groups.c: lines that ship together, lines that may not be split, and what is set aside for a
 * line alone.
 *
 * The naive selection takes one unit of a group after the other, for as long as each of its lines
 * can be given its part, and tries every unit from the start; the real one works out how many. */
#include "unit.h"

#include "group.h"
#include "plan.h"

enum { ROUNDS = 40000, LINES = 6, SOURCES = 4, PRODUCTS = 3, PICKS = LINES * SOURCES };

typedef struct instance {
  qm_select_line lines[LINES];
  size_t line_count, source_count, product_count;
  qm_qty supply[PRODUCTS * SOURCES], own[LINES * SOURCES];
  size_t order[SOURCES];
  bool all_rows, has_own;
} instance;

static qm_qty *cell(instance *in, size_t line, size_t source) {
  return &in->supply[in->lines[line].product * in->source_count + source];
}

static qm_qty *own(instance *in, size_t line, size_t source) {
  return &in->own[line * in->source_count + source];
}

/* Up to two groups whose lines are anywhere between the others, some of which may not be split. */
static void random_lines(instance *in, uint64_t *seed) {
  size_t last[3] = {0};
  bool begun[3] = {false};
  for (size_t i = 0; i < in->line_count; i++) {
    qm_qty part = (qm_qty)unit_below(seed, 4), units = (qm_qty)unit_below(seed, 5);
    qm_select_line *line = &in->lines[i];
    size_t group = (size_t)unit_below(seed, 3);
    line->product = (size_t)unit_below(seed, in->product_count);
    line->unit = group > 0 ? part : 1;
    line->need = part * units + (part > 0 ? (qm_qty)unit_below(seed, 2) : 0);
    if (group == 0 && unit_below(seed, 3) == 0)
      line->unit = line->need;
    if (group == 0)
      continue;
    line->follows = begun[group];
    if (begun[group])
      in->lines[last[group]].next = i;
    begun[group] = true;
    last[group] = i;
  }
}

static instance random_instance(uint64_t *seed) {
  instance in = {.line_count = 1 + (size_t)unit_below(seed, LINES),
                 .source_count = 1 + (size_t)unit_below(seed, SOURCES),
                 .product_count = 1 + (size_t)unit_below(seed, PRODUCTS),
                 .all_rows = unit_below(seed, 2) == 0,
                 .has_own = unit_below(seed, 2) == 0};
  random_lines(&in, seed);
  for (size_t i = 0; i < in.product_count * in.source_count; i++)
    in.supply[i] = (qm_qty)unit_below(seed, 12) - 2;
  for (size_t i = 0; i < in.line_count * in.source_count; i++)
    in.own[i] = unit_below(seed, 3) == 0 ? (qm_qty)unit_below(seed, 4) : 0;
  for (size_t i = 0; i < in.source_count; i++)
    in.order[i] = i;
  return in;
}

static qm_select request_of(instance *in, qm_pick *picks, size_t capacity) {
  return (qm_select){.lines = in->lines,
                     .line_count = in->line_count,
                     .source_count = in->source_count,
                     .supply = in->supply,
                     .own = in->has_own ? in->own : NULL,
                     .sources = in->order,
                     .wanted = in->source_count,
                     .all_rows = in->all_rows,
                     .picks = picks,
                     .pick_capacity = capacity};
}

/* Takes one unit of the group from the source, or nothing. */
static bool naive_unit(instance *in, size_t first, size_t source, qm_qty taken[LINES][SOURCES]) {
  instance before = *in;
  bool any = false;
  for (size_t i = first;; i = in->lines[i].next) {
    for (qm_qty n = 0; n < in->lines[i].unit; n++) {
      bool set_aside = in->has_own && *own(in, i, source) > 0;
      if (*cell(in, i, source) < 0 || in->lines[i].need == 0 ||
          (*cell(in, i, source) == 0 && !set_aside)) {
        *in = before;
        return false;
      }
      --*(set_aside ? own(in, i, source) : cell(in, i, source));
      in->lines[i].need--;
      any = true;
    }
    if (!in->lines[i].next)
      break;
  }
  for (size_t i = first; any; i = in->lines[i].next) {
    taken[i][source] += in->lines[i].unit;
    if (!in->lines[i].next)
      break;
  }
  return any;
}

static void naive(instance *left, qm_qty taken[LINES][SOURCES]) {
  memset(taken, 0, sizeof(qm_qty[LINES][SOURCES]));
  for (size_t source = 0; source < left->source_count; source++)
    for (size_t i = 0; i < left->line_count; i++)
      while (!left->lines[i].follows && naive_unit(left, i, source, taken)) {
      }
}

/* The picks say what the naive selection says, each pair of line and source once, and with all_rows
 * every candidate. */
static bool agrees(instance *before, const qm_select *done) {
  qm_qty taken[LINES][SOURCES];
  bool seen[LINES][SOURCES] = {{false}}, held = true;
  instance left = *before;
  naive(&left, taken);
  for (size_t i = 0; i < done->pick_count; i++) {
    const qm_pick *pick = &done->picks[i];
    held &= CHECK(!seen[pick->line][pick->source]);
    held &= CHECK_INT(pick->take, taken[pick->line][pick->source]);
    held &= CHECK(pick->available >= pick->take);
    seen[pick->line][pick->source] = true;
  }
  for (size_t line = 0; line < before->line_count; line++) {
    held &= CHECK_INT(done->lines[line].need, left.lines[line].need);
    for (size_t source = 0; source < before->source_count; source++) {
      bool row = before->all_rows ? *cell(before, line, source) >= 0 : taken[line][source] > 0;
      held &= CHECK_INT(seen[line][source], row);
    }
  }
  return held && CHECK(memcmp(left.supply, done->supply, sizeof left.supply) == 0);
}

TEST(groups_agree_with_a_naive_selection) {
  uint64_t seed = 41;
  for (int i = 0; i < ROUNDS; i++) {
    instance before = random_instance(&seed), after = before;
    qm_pick picks[PICKS];
    qm_select request = request_of(&after, picks, PICKS);
    if (!CHECK_INT(qm_select_fill(&request), QM_OK) || !agrees(&before, &request))
      return;
  }
}

static void check_plan(instance *before, qm_select *request, qm_plan_fault *fault, size_t *index) {
  qm_qty needs[LINES], taken[PICKS];
  instance copy = *before;
  for (size_t line = 0; line < copy.line_count; line++)
    needs[line] = copy.lines[line].need;
  *fault = qm_plan_check(request, needs, copy.supply, taken, index);
}

TEST(every_selection_of_groups_is_a_plan) {
  uint64_t seed = 42;
  for (int i = 0; i < ROUNDS; i++) {
    instance before = random_instance(&seed), after = before;
    qm_pick picks[PICKS];
    qm_select request = request_of(&after, picks, PICKS);
    size_t index;
    qm_plan_fault fault;
    qm_select_fill(&request);
    check_plan(&before, &request, &fault, &index);
    if (!CHECK_INT(fault, QM_PLAN_FINE))
      return;
  }
}

/* How many lines the line's group has that a unit is made of. */
static int size_of_group(const instance *in, size_t line) {
  for (size_t first = 0; first < in->line_count; first++) {
    bool inside = false;
    int size = 0;
    for (size_t i = first; !in->lines[first].follows; i = in->lines[i].next) {
      inside |= i == line;
      size += in->lines[i].unit > 0;
      if (!in->lines[i].next)
        break;
    }
    if (inside)
      return size;
  }
  return 0;
}

/* A plan of which one pick takes one less is none any more, unless that is still whole units. */
TEST(a_unit_that_is_broken_is_found) {
  uint64_t seed = 43;
  int broken = 0;
  for (int i = 0; i < ROUNDS; i++) {
    instance before = random_instance(&seed), after = before;
    qm_pick picks[PICKS];
    before.all_rows = after.all_rows = true;
    qm_select request = request_of(&after, picks, PICKS);
    size_t index = SIZE_MAX;
    qm_plan_fault fault;
    qm_select_fill(&request);
    size_t pick = (size_t)unit_below(&seed, PICKS);
    if (pick >= request.pick_count || picks[pick].take == 0)
      continue;
    size_t line = picks[pick].line;
    bool whole = before.lines[line].unit == 1 && size_of_group(&before, line) == 1;
    picks[pick].take--;
    check_plan(&before, &request, &fault, &index);
    if (!CHECK_INT(fault, whole ? QM_PLAN_FINE : QM_PLAN_GROUP))
      return;
    broken += fault == QM_PLAN_GROUP;
    if (fault == QM_PLAN_GROUP &&
        (!CHECK(index < request.pick_count) || !CHECK_INT(picks[index].source, picks[pick].source)))
      return;
  }
  CHECK(broken > ROUNDS / 100);
}

/* ---- by hand ---- */

/* Kits of 2 frames and 3 wheels, 4 of them; source 0 has wheels for one kit, source 1 for more. */
TEST(each_source_gives_whole_units) {
  qm_select_line lines[] = {{.product = 0, .need = 8, .unit = 2, .next = 1},
                            {.product = 1, .need = 12, .unit = 3, .follows = true}};
  qm_qty supply[] = {7, 9, 5, 30};
  size_t order[] = {0, 1};
  qm_pick picks[4];
  qm_select request = {.lines = lines,
                       .line_count = 2,
                       .source_count = 2,
                       .supply = supply,
                       .sources = order,
                       .wanted = 2,
                       .picks = picks,
                       .pick_capacity = 4};
  CHECK_INT(qm_select_fill(&request), QM_OK);
  CHECK_INT(request.pick_count, 4);
  CHECK(picks[0].take == 2 && picks[1].take == 3 && picks[2].take == 6 && picks[3].take == 9);
  CHECK_INT(lines[0].need, 0);
  CHECK_INT(lines[1].need, 0);
}

/* Two lines of a group want the same product: 2 and 3 of each unit, so 14 make two units. The
 * second line has 4 set aside, which makes it three: 15 of 14 + 4, and 4 units would need 20. */
TEST(lines_of_a_group_share_a_product) {
  qm_select_line lines[] = {{.need = 20, .unit = 2, .next = 1},
                            {.need = 30, .unit = 3, .follows = true}};
  const qm_qty set_aside[] = {0, 4};
  for (int round = 0; round < 2; round++) {
    qm_select_line copy[] = {lines[0], lines[1]};
    qm_qty supply[] = {14};
    size_t order[] = {0};
    qm_pick picks[2];
    qm_select request = {.lines = copy,
                         .line_count = 2,
                         .source_count = 1,
                         .supply = supply,
                         .own = round ? set_aside : NULL,
                         .sources = order,
                         .wanted = 1,
                         .picks = picks,
                         .pick_capacity = 2};
    CHECK_INT(qm_select_fill(&request), QM_OK);
    CHECK_INT(picks[0].take, round ? 6 : 4);
    CHECK_INT(picks[1].take, round ? 9 : 6);
    CHECK_INT(supply[0], round ? 3 : 4);
  }
}

/* The largest quantities there are do not overflow. */
TEST(the_largest_groups) {
  qm_select_line lines[LINES];
  qm_qty supply[] = {QM_QTY_MAX}, set_aside[LINES] = {0, QM_QTY_MAX, 0, 0, 0, 0};
  size_t order[] = {0}, index;
  qm_pick picks[LINES];
  qm_qty needs[LINES], taken[LINES], whole[] = {QM_QTY_MAX};
  for (size_t i = 0; i < LINES; i++) {
    lines[i] = (qm_select_line){
        .need = QM_QTY_MAX, .unit = 1, .next = i + 1 < LINES ? i + 1 : 0, .follows = i > 0};
    needs[i] = QM_QTY_MAX;
  }
  qm_select request = {.lines = lines,
                       .line_count = LINES,
                       .source_count = 1,
                       .supply = supply,
                       .own = set_aside,
                       .sources = order,
                       .wanted = 1,
                       .picks = picks,
                       .pick_capacity = LINES};
  CHECK_INT(qm_select_fill(&request), QM_OK);
  CHECK_INT(picks[0].take, QM_QTY_MAX / (LINES - 1));
  CHECK_INT(picks[1].take, QM_QTY_MAX / (LINES - 1));
  CHECK_INT(qm_plan_check(&request, needs, whole, taken, &index), QM_PLAN_FINE);
}

/* ---- units ---- */

TEST(units_are_the_smallest_whole_proportion) {
  static const struct {
    qm_qty quantities[3], units;
  } cases[] = {
      {{40000, 60000, 0}, 2},      /* 2 and 3 */
      {{10000, 10000, 10000}, 1},  /* one of each */
      {{60000, 90000, 120000}, 3}, /* 2, 3 and 4 */
      {{15000, 30000, 30000}, 3},  /* 0.5, 1 and 1 */
      {{25000, 50000, 50000}, 5},  /* 0.5, 1 and 1 */
      {{2500, 10000, 10000}, 1},   /* 0.25 to one cannot be less */
      {{3, 9, 6}, 3},              /* 0.0001, 0.0003 and 0.0002 */
      {{70000, 0, 0}, 7},          /* alone: whole pieces */
      {{0, 0, 0}, 0},
      {{QM_QTY_MAX, QM_QTY_MAX, QM_QTY_MAX}, QM_QTY_MAX / QM_QTY_ONE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    qm_qty units = 0;
    for (size_t j = 0; j < 3; j++)
      units = qm_group_units(units, cases[i].quantities[j]);
    if (!CHECK_INT(units, cases[i].units))
      fprintf(stderr, "  in case %d\n", (int)i);
  }
}

/* However fractional its parts, a whole is not divided; one of 2.5 metres is, into tenths. */
TEST(parts_of_a_known_whole) {
  CHECK_INT(qm_group_parts(qm_group_units(0, 20000), 30000), 2);
  CHECK_INT(qm_group_parts(qm_group_units(0, 10000), 60000), 1);
  CHECK_INT(qm_group_parts(qm_group_units(0, 25000), 50000), 25);
  CHECK_INT(qm_group_parts(qm_group_units(0, 30000), 9999), 3);
}

int main(void) {
  RUN(groups_agree_with_a_naive_selection);
  RUN(every_selection_of_groups_is_a_plan);
  RUN(a_unit_that_is_broken_is_found);
  RUN(each_source_gives_whole_units);
  RUN(lines_of_a_group_share_a_product);
  RUN(the_largest_groups);
  RUN(units_are_the_smallest_whole_proportion);
  RUN(parts_of_a_known_whole);
  return unit_report();
}
