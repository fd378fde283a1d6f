/* test_network.c: the fewest shipments and the lowest cost for lines and groups, against trying
 * every quantity of every line from every source that passes the check of plans. */
#include "unit.h"

#include <stdlib.h>

#include "network.h"
#include "plan.h"

enum { LINES = 3, SOURCES = 3, PRODUCTS = 2, PAIRS = LINES * SOURCES };

typedef struct instance {
  qm_select_line lines[LINES];
  qm_qty supply[PRODUCTS * SOURCES], own[PAIRS];
  size_t order[SOURCES], line_count, source_count;
  int64_t shipment[SOURCES], unit[PAIRS];
  qm_qty capacity[SOURCES];
  bool open[SOURCES], has_own, fewest;
  qm_select_costs costs;
} instance;

/* What a plan is worth, what matters most first; the set of its sources decides last. */
typedef struct worth {
  int64_t parts[3];
  unsigned set; /* by rank */
} worth;

static void *scratch;

/* ---- random instances ---- */

static void chain(instance *in, size_t first, size_t second) {
  in->lines[first].next = second;
  in->lines[second].follows = true;
}

/* Of the last two lines a group now and then; lines that may not be split. */
static void fill_units(instance *in, uint64_t *seed) {
  for (size_t i = 0; i < in->line_count; i++)
    if (unit_below(seed, 4) == 0)
      in->lines[i].unit = in->lines[i].need;
  if (in->line_count < 2 || unit_below(seed, 3) != 0)
    return;
  size_t last = in->line_count - 1;
  qm_qty units = 1 + (qm_qty)unit_below(seed, 2);
  chain(in, last - 1, last);
  for (size_t i = last - 1; i <= last; i++) {
    in->lines[i].unit = 1 + (qm_qty)unit_below(seed, 2);
    in->lines[i].need = units * in->lines[i].unit;
  }
}

static void fill_costs(instance *in, uint64_t *seed) {
  uint64_t dear = 1 + unit_below(seed, 9), rates = 1 + unit_below(seed, 4);
  for (size_t i = 0; i < in->source_count; i++) {
    in->shipment[i] = (int64_t)unit_below(seed, dear);
    in->open[i] = unit_below(seed, 12) == 0;
    in->capacity[i] = (qm_qty)unit_below(seed, 6);
  }
  for (size_t i = 0; i < in->line_count * in->source_count; i++)
    in->unit[i] = (int64_t)unit_below(seed, rates) * QM_QTY_ONE;
  if (unit_below(seed, 2) == 0) /* alike for all lines, as costs mostly are */
    for (size_t i = in->source_count; i < in->line_count * in->source_count; i++)
      in->unit[i] = in->unit[i - in->source_count];
  in->costs = (qm_select_costs){
      .shipment = in->shipment,
      .unit = in->unit,
      .missing = unit_below(seed, 3) == 0 ? (int64_t)unit_below(seed, 12) * QM_QTY_ONE : -1,
      .open = in->open,
      .capacity = unit_below(seed, 3) == 0 ? in->capacity : NULL,
      .most = in->source_count,
      .budget = 1000000};
}

static void fill_random(instance *in, uint64_t *seed) {
  *in = (instance){.line_count = 1 + (size_t)unit_below(seed, LINES),
                   .source_count = 1 + (size_t)unit_below(seed, SOURCES),
                   .has_own = unit_below(seed, 3) == 0,
                   .fewest = unit_below(seed, 2) == 0};
  for (size_t i = 0; i < in->line_count; i++)
    in->lines[i] = (qm_select_line){.product = (size_t)unit_below(seed, PRODUCTS),
                                    .need = (qm_qty)unit_below(seed, 3),
                                    .unit = 1};
  fill_units(in, seed);
  for (size_t i = 0; i < PRODUCTS * in->source_count; i++)
    in->supply[i] = (qm_qty)unit_below(seed, 5) - 1;
  for (size_t i = 0; i < in->line_count; i++) {
    size_t source = (size_t)unit_below(seed, in->source_count);
    in->own[i * in->source_count + source] =
        in->has_own ? (qm_qty)unit_below(seed, 1 + (uint64_t)in->lines[i].need) : 0;
  }
  for (size_t i = 0; i < in->source_count; i++) {
    size_t j = (size_t)unit_below(seed, i + 1);
    in->order[i] = in->order[j];
    in->order[j] = i;
  }
  fill_costs(in, seed);
  size_t anyway = 0;
  for (size_t i = 0; i < in->source_count; i++)
    anyway += in->open[i];
  if (unit_below(seed, 3) == 0)
    in->costs.most = 1 + (size_t)unit_below(seed, in->source_count);
  if (in->costs.most < anyway)
    in->costs.most = anyway;
}

static qm_select request_of(instance *in, qm_pick *picks) {
  return (qm_select){.lines = in->lines,
                     .line_count = in->line_count,
                     .source_count = in->source_count,
                     .supply = in->supply,
                     .own = in->has_own ? in->own : NULL,
                     .sources = in->order,
                     .wanted = in->source_count,
                     .picks = picks,
                     .pick_capacity = PAIRS,
                     .costs = &in->costs,
                     .product_count = PRODUCTS,
                     .scratch = scratch};
}

/* ---- what plans are worth ---- */

static worth worth_of(const instance *in, const qm_pick *picks, size_t count) {
  int64_t missing = 0, cost = 0, shipments = 0;
  unsigned set = 0;
  for (size_t i = 0; i < in->line_count; i++)
    missing += in->lines[i].need;
  for (size_t i = 0; i < count; i++) {
    missing -= picks[i].take;
    cost += picks[i].take * in->unit[picks[i].line * in->source_count + picks[i].source];
  }
  for (size_t rank = 0; rank < in->source_count; rank++) {
    size_t source = in->order[rank];
    bool used = in->open[source];
    for (size_t i = 0; i < count; i++)
      used |= picks[i].source == source && picks[i].take > 0;
    set |= used ? 1u << rank : 0;
    shipments += used;
    cost += used ? in->shipment[source] * QM_QTY_ONE : 0;
  }
  if (in->fewest)
    return (worth){{missing, shipments, cost}, set};
  if (in->costs.missing < 0)
    return (worth){{missing, cost, shipments}, set};
  return (worth){{0, cost + missing * in->costs.missing, shipments}, set};
}

static bool is_less(const worth *a, const worth *b) {
  for (int i = 0; i < 3; i++)
    if (a->parts[i] != b->parts[i])
      return a->parts[i] < b->parts[i];
  unsigned differ = a->set ^ b->set;
  return (a->set & (differ & -differ)) != 0;
}

static bool may_be(const instance *in, const qm_pick *picks, size_t count, unsigned set) {
  instance copy = *in;
  qm_qty needs[LINES], taken[PAIRS];
  size_t index, open = 0;
  qm_select request = request_of(&copy, NULL);
  request.picks = (qm_pick *)picks;
  request.pick_count = count;
  for (size_t i = 0; i < in->line_count; i++)
    needs[i] = in->lines[i].need;
  for (; set; set &= set - 1)
    open++;
  for (size_t i = 0; i < in->source_count && in->costs.capacity; i++) {
    qm_qty room = in->capacity[i];
    for (size_t pick = 0; pick < count; pick++)
      room -= picks[pick].source == i ? picks[pick].take : 0;
    if (room < 0)
      return false;
  }
  return open <= in->costs.most &&
         qm_plan_check(&request, needs, copy.supply, taken, &index) == QM_PLAN_FINE;
}

typedef struct trial {
  const instance *in;
  qm_pick picks[PAIRS];
  size_t count;
  worth best;
} trial;

static void try_pair(trial *t, size_t pair) {
  const instance *in = t->in;
  if (pair == in->line_count * in->source_count) {
    worth w = worth_of(in, t->picks, t->count);
    if (is_less(&w, &t->best) && may_be(in, t->picks, t->count, w.set))
      t->best = w;
    return;
  }
  try_pair(t, pair + 1);
  for (qm_qty take = 1; take <= in->lines[pair / in->source_count].need; take++) {
    t->picks[t->count++] = (qm_pick){pair / in->source_count, pair % in->source_count, take, 0};
    try_pair(t, pair + 1);
    t->count--;
  }
}

static bool prove(int round, uint64_t *seed) {
  instance in;
  fill_random(&in, seed);
  trial t = {.in = &in, .best = {{INT64_MAX, INT64_MAX, INT64_MAX}, 0}};
  try_pair(&t, 0);
  instance given = in;
  qm_pick picks[PAIRS];
  qm_certificate certificate;
  qm_select request = request_of(&given, picks);
  request.certificate = &certificate;
  qm_code code = in.fewest ? qm_select_fewest(&request) : qm_select_cheapest(&request);
  worth w = worth_of(&in, picks, request.pick_count);
  bool fine = CHECK_INT(code, QM_OK) && CHECK(certificate.optimal) && CHECK_INT(w.set, t.best.set);
  for (int i = 0; i < 3; i++)
    fine &= CHECK_INT(w.parts[i], t.best.parts[i]);
  fine &= CHECK(may_be(&in, picks, request.pick_count, w.set));
  if (!fine)
    fprintf(stderr, "round %d: %s of %zu lines from %zu sources\n", round,
            in.fewest ? "fewest" : "cheapest", in.line_count, in.source_count);
  return fine;
}

TEST(equals_every_plan_tried) {
  uint64_t seed = 20261128;
  const char *told = getenv("QM_ROUNDS");
  long rounds = told ? strtol(told, NULL, 10) : 20000;
  for (int round = 0; round < rounds; round++)
    if (!prove(round, &seed))
      return;
}

int main(void) {
  instance in = {.line_count = LINES, .source_count = SOURCES};
  qm_select largest = request_of(&in, NULL);
  scratch = malloc(qm_network_scratch(&largest));
  RUN(equals_every_plan_tried);
  free(scratch);
  return unit_report();
}
