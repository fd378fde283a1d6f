/* test_order.c: the life of an order line against a second statement of its rules.
 *
 * The model here is the table of guards written down once more, unit by unit and without
 * cleverness: a line's open units lie in three piles (waiting for goods, covered, allocated) and an
 * event takes them one at a time. Random walks compare every limit, every counter and every effect.
 * Counts are small; a factor makes the quantities of a line large, up to the bound, so that both
 * the smallest and the largest numbers are walked over. */
#include "unit.h"

#include "order.h"

enum { STEPS = 1000000, EVENTS = QM_RETURN + 1, UNITS_MAX = 12, GARBAGE = 1000000 };

typedef struct model {
  bool delivered_by_invoice; /* otherwise by shipping */
  int64_t ordered, cancelled, invoiced, delivered, refunded, released, returned;
  int64_t waiting, covered, allocated; /* the open units */
} model;

typedef struct change { /* what a step did, beyond the counters */
  int64_t closed, backordered, allocated, delivered, withdrawn, returnable;
} change;

static int64_t at_least_zero(int64_t n) {
  return n > 0 ? n : 0;
}

static int64_t delivered_or_released(const model *m) {
  return m->delivered + m->released;
}

/* L of the table: how much of the line can no longer be cancelled. */
static int64_t locked(const model *m) {
  return m->invoiced > delivered_or_released(m) ? m->invoiced : delivered_or_released(m);
}

static int64_t model_open(const model *m) {
  return m->ordered - m->cancelled - delivered_or_released(m);
}

static int64_t model_limit(const model *m, qm_event event) {
  int64_t to_invoice = m->ordered - m->cancelled - m->invoiced;
  switch (event) {
  case QM_CANCEL:
    return m->ordered - m->cancelled - locked(m);
  case QM_INVOICE:
    if (m->delivered_by_invoice && model_open(m) < to_invoice)
      return model_open(m);
    return to_invoice;
  case QM_SHIP:
    return m->delivered_by_invoice ? 0 : model_open(m);
  case QM_REFUND:
    return locked(m) - m->refunded;
  case QM_RETURN:
    return m->delivered - m->returned;
  }
  return -1;
}

/* Takes one open unit away; a pile that is empty is passed over. */
static void take_unit(model *m, bool delivery, change *c) {
  int64_t *first = delivery ? &m->covered : &m->waiting;
  int64_t *second = delivery ? &m->allocated : &m->covered;
  int64_t *third = delivery ? &m->waiting : &m->allocated;
  int64_t *pile = *first > 0 ? first : *second > 0 ? second : third;
  c->closed++;
  if (*pile == 0)
    return;
  --*pile;
  c->backordered += pile == &m->waiting;
  c->allocated += pile == &m->allocated;
}

/* Also beyond the limits, to see what would break there. */
static void model_step(model *m, qm_event event, int64_t units, change *c) {
  *c = (change){0};
  for (int64_t i = 0; i < units; i++) {
    bool undelivered = m->invoiced > delivered_or_released(m);
    switch (event) {
    case QM_CANCEL:
      take_unit(m, false, c);
      m->cancelled++;
      break;
    case QM_INVOICE:
      m->invoiced++;
      if (!m->delivered_by_invoice)
        break;
      /* fallthrough */
    case QM_SHIP:
      take_unit(m, true, c);
      m->delivered++;
      c->delivered++;
      break;
    case QM_REFUND:
      m->refunded++;
      if (undelivered) {
        take_unit(m, false, c);
        m->released++;
        c->withdrawn++;
      } else {
        c->returnable++;
      }
      break;
    case QM_RETURN:
      m->returned++;
      break;
    }
  }
}

static qm_line line_of(const model *m, qm_line_kind kind, qm_tracking tracked, qm_qty factor) {
  return (qm_line){.kind = kind,
                   .tracked = tracked,
                   .ordered = m->ordered * factor,
                   .cancelled = m->cancelled * factor,
                   .invoiced = m->invoiced * factor,
                   .delivered = m->delivered * factor,
                   .refunded = m->refunded * factor,
                   .released = m->released * factor,
                   .returned = m->returned * factor,
                   .allocated = m->allocated * factor,
                   .backordered = m->waiting * factor};
}

static bool same_line(const qm_line *a, const qm_line *b) {
  return a->kind == b->kind && a->tracked == b->tracked && a->ordered == b->ordered &&
         a->cancelled == b->cancelled && a->invoiced == b->invoiced &&
         a->delivered == b->delivered && a->refunded == b->refunded && a->released == b->released &&
         a->returned == b->returned && a->allocated == b->allocated &&
         a->backordered == b->backordered;
}

static void show(const char *what, const qm_line *l) {
  fprintf(stderr, "  %s: kind %d O %lld C %lld I %lld D %lld F %lld U %lld R %lld A %lld B %lld\n",
          what, (int)l->kind, (long long)l->ordered, (long long)l->cancelled,
          (long long)l->invoiced, (long long)l->delivered, (long long)l->refunded,
          (long long)l->released, (long long)l->returned, (long long)l->allocated,
          (long long)l->backordered);
}

typedef struct walk {
  uint64_t seed;
  model m;
  qm_line line;
  qm_qty factor;
} walk;

static void new_line(walk *w) {
  static const qm_qty FACTORS[] = {1, QM_QTY_ONE, 12345, QM_QTY_MAX / UNITS_MAX};
  qm_line_kind kind = (qm_line_kind)unit_below(&w->seed, 4);
  qm_tracking tracked = (qm_tracking)unit_below(&w->seed, 3);
  w->factor = FACTORS[unit_below(&w->seed, 4)];
  w->m = (model){.delivered_by_invoice = kind == QM_LINE_VIRTUAL};
  w->m.ordered = 1 + (int64_t)unit_below(&w->seed, UNITS_MAX);
  w->m.covered = w->m.ordered;
  if (tracked == QM_TRACK_ALL) {
    w->m.waiting = (int64_t)unit_below(&w->seed, (uint64_t)w->m.ordered + 1);
    w->m.covered -= w->m.waiting;
  }
  w->line = line_of(&w->m, kind, tracked, w->factor);
}

/* What others do to a line between events: goods arrive for it. */
static void promote(walk *w) {
  if (w->m.waiting == 0)
    return;
  w->m.waiting--;
  w->m.covered++;
  w->line.backordered -= w->factor;
}

static void allocate(walk *w) {
  if (w->m.covered == 0 || w->line.tracked != QM_TRACK_ALL)
    return;
  w->m.covered--;
  w->m.allocated++;
  w->line.allocated += w->factor;
}

/* One unit more than the limit would break an invariant: the limit is no stricter than it must be.
 * Shipping what an invoice delivers is the one thing that is refused for what it is. */
static bool check_tight(const walk *w, qm_event event) {
  model beyond = w->m;
  change c;
  if (event == QM_SHIP && w->m.delivered_by_invoice)
    return CHECK_INT(qm_line_limit(&w->line, event), 0);
  model_step(&beyond, event, model_limit(&w->m, event) + 1, &c);
  qm_line line = line_of(&beyond, w->line.kind, w->line.tracked, w->factor);
  if (CHECK(!qm_line_valid(&line)))
    return true;
  fprintf(stderr, "  event %d\n", (int)event);
  show("before", &w->line);
  return false;
}

static bool check_limits(const walk *w) {
  bool held = CHECK_INT(qm_line_open(&w->line), model_open(&w->m) * w->factor);
  for (int e = 0; e < EVENTS; e++) {
    int64_t limit = model_limit(&w->m, (qm_event)e);
    held &= CHECK(limit >= 0);
    held &= CHECK_INT(qm_line_limit(&w->line, (qm_event)e), limit * w->factor);
    held &= check_tight(w, (qm_event)e);
  }
  if (!held)
    show("at", &w->line);
  return held;
}

static bool apply(walk *w, qm_event event, int64_t units) {
  qm_line before = w->line;
  qm_effect effect;
  change c;
  qm_line_apply(&w->line, event, units * w->factor, &effect);
  model_step(&w->m, event, units, &c);
  qm_line expected = line_of(&w->m, before.kind, before.tracked, w->factor);
  bool held = CHECK(qm_line_valid(&w->line)) && CHECK(same_line(&w->line, &expected));
  held &= CHECK_INT(effect.closed, c.closed * w->factor);
  held &= CHECK_INT(effect.backordered, c.backordered * w->factor);
  held &= CHECK_INT(effect.allocated, c.allocated * w->factor);
  held &= CHECK_INT(effect.delivered, c.delivered * w->factor);
  held &= CHECK_INT(effect.withdrawn, c.withdrawn * w->factor);
  held &= CHECK_INT(effect.returnable, c.returnable * w->factor);
  if (!held) {
    fprintf(stderr, "  event %d, %d units of %lld\n", (int)event, (int)units, (long long)w->factor);
    show("before", &before);
    show("expected", &expected);
    show("got", &w->line);
  }
  return held;
}

/* Half of all steps go to the limit, where mistakes live. Answers whether anything was possible. */
static bool step(walk *w, bool *held) {
  int first = (int)unit_below(&w->seed, EVENTS);
  for (int i = 0; i < EVENTS; i++) {
    qm_event event = (qm_event)((first + i) % EVENTS);
    int64_t limit = model_limit(&w->m, event);
    if (limit <= 0)
      continue;
    int64_t units = limit;
    if (unit_below(&w->seed, 2) == 0)
      units = 1 + (int64_t)unit_below(&w->seed, (uint64_t)limit);
    *held = apply(w, event, units) && check_limits(w);
    if (*held && units == limit)
      *held = CHECK_INT(qm_line_limit(&w->line, event), 0);
    return true;
  }
  return false;
}

TEST(a_million_random_steps_follow_the_table_of_guards) {
  walk w = {.seed = 20240501};
  bool held = true;
  int seen[EVENTS] = {0};
  new_line(&w);
  for (int i = 0; i < STEPS && held; i++) {
    for (int e = 0; e < EVENTS; e++)
      seen[e] += model_limit(&w.m, (qm_event)e) > 0;
    if (unit_below(&w.seed, 8) == 0)
      promote(&w);
    if (unit_below(&w.seed, 2) == 0)
      allocate(&w);
    if (!step(&w, &held) || unit_below(&w.seed, 12) == 0)
      new_line(&w);
  }
  for (int e = 0; e < EVENTS && held; e++)
    CHECK(seen[e] > STEPS / 20);
}

/* ---- what makes a line valid ---- */

static bool naive_valid(const qm_line *l) {
  const qm_qty counters[] = {l->cancelled, l->invoiced, l->delivered, l->refunded,
                             l->released,  l->returned, l->allocated, l->backordered};
  for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
    if (counters[i] < 0)
      return false;
  if (l->ordered <= 0)
    return false;
  if (l->cancelled + l->invoiced > l->ordered)
    return false;
  if (l->cancelled + l->delivered + l->released > l->ordered)
    return false;
  if (l->refunded > l->invoiced && l->refunded > l->delivered + l->released)
    return false;
  if (l->returned > l->delivered)
    return false;
  if (l->tracked != QM_TRACK_ALL && (l->allocated > 0 || l->backordered > 0))
    return false;
  return l->allocated + l->backordered <= l->ordered - l->cancelled - l->delivered - l->released;
}

TEST(a_line_is_valid_exactly_when_every_invariant_holds) {
  uint64_t seed = 7;
  int valid = 0;
  for (int i = 0; i < GARBAGE; i++) {
    qm_qty n[9];
    for (int j = 0; j < 9; j++)
      n[j] = at_least_zero((qm_qty)unit_below(&seed, 5) - 1) - (unit_below(&seed, 40) == 0 ? 1 : 0);
    qm_line line = {(qm_line_kind)unit_below(&seed, 4),
                    (qm_tracking)unit_below(&seed, 3),
                    n[0] + 2,
                    n[1],
                    n[2],
                    n[3],
                    n[4],
                    n[5],
                    n[6],
                    n[7],
                    n[8]};
    bool expected = naive_valid(&line);
    valid += expected;
    if (!CHECK_INT(qm_line_valid(&line), expected)) {
      show("at", &line);
      break;
    }
  }
  CHECK(valid > 1000 && valid < GARBAGE - 1000);
}

/* ---- single rules ---- */

/* Place 5, invoice 3, ship 2, refund 2 with one back, cancel the rest. */
TEST(the_worked_example_comes_out_as_it_should) {
  qm_line line = {.kind = QM_LINE_GOODS, .tracked = QM_TRACK_ALL, .ordered = 5};
  qm_effect effect;
  qm_line_apply(&line, QM_INVOICE, 3, &effect);
  CHECK_INT(effect.closed, 0);
  qm_line_apply(&line, QM_SHIP, 2, &effect);
  CHECK_INT(qm_line_open(&line), 3);
  qm_line_apply(&line, QM_REFUND, 2, &effect);
  CHECK_INT(effect.withdrawn, 1);
  CHECK_INT(effect.returnable, 1);
  CHECK_INT(qm_line_open(&line), 2);
  qm_line_apply(&line, QM_RETURN, 1, &effect);
  CHECK_INT(effect.closed, 0);
  CHECK_INT(qm_line_limit(&line, QM_CANCEL), 2);
  qm_line_apply(&line, QM_CANCEL, 2, &effect);
  CHECK_INT(qm_line_open(&line), 0);
  CHECK_INT(qm_line_limit(&line, QM_SHIP), 0);
  CHECK_INT(qm_line_limit(&line, QM_INVOICE), 0);
}

TEST(an_order_can_be_shipped_before_it_is_invoiced) {
  qm_line line = {.kind = QM_LINE_GOODS, .tracked = QM_TRACK_ALL, .ordered = 4};
  qm_effect effect;
  qm_line_apply(&line, QM_SHIP, 4, &effect);
  CHECK_INT(qm_line_limit(&line, QM_INVOICE), 4);
  CHECK_INT(qm_line_limit(&line, QM_CANCEL), 0);
  qm_line_apply(&line, QM_INVOICE, 4, &effect);
  CHECK_INT(effect.delivered, 0);
}

/* An order taken over from elsewhere may have been refunded before anything was invoiced. */
TEST(an_invoice_that_delivers_is_limited_by_what_is_open) {
  qm_line line = {.kind = QM_LINE_VIRTUAL, .ordered = 5, .released = 2, .refunded = 2};
  CHECK(qm_line_valid(&line));
  CHECK_INT(qm_line_limit(&line, QM_INVOICE), 3);
  line.kind = QM_LINE_GOODS;
  CHECK_INT(qm_line_limit(&line, QM_INVOICE), 5);
}

TEST(goods_come_back_without_a_refund) {
  qm_line line = {.kind = QM_LINE_GOODS, .tracked = QM_TRACK_ALL, .ordered = 4};
  qm_effect effect;
  CHECK_INT(qm_line_limit(&line, QM_RETURN), 0);
  qm_line_apply(&line, QM_SHIP, 3, &effect);
  CHECK_INT(qm_line_limit(&line, QM_RETURN), 3);
}

/* ---- allocated units ---- */

typedef struct closing {
  qm_event event;
  qm_qty qty, backordered, allocated; /* the last two: what is left of them */
} closing;

TEST(allocated_units_are_given_up_after_all_others) {
  /* 6 open and paid for: 1 waits, 2 are covered, 3 are allocated. */
  const qm_line line = {.tracked = QM_TRACK_ALL, .ordered = 6, .allocated = 3, .backordered = 1};
  const closing CASES[] = {
      {QM_CANCEL, 3, 0, 3}, {QM_CANCEL, 4, 0, 2}, {QM_CANCEL, 6, 0, 0}, {QM_REFUND, 3, 0, 3},
      {QM_REFUND, 5, 0, 1}, {QM_SHIP, 2, 1, 3},   {QM_SHIP, 4, 1, 1},   {QM_SHIP, 6, 0, 0},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    qm_line after = line;
    qm_effect effect;
    after.invoiced = CASES[i].event == QM_REFUND ? 6 : 0;
    qm_line_apply(&after, CASES[i].event, CASES[i].qty, &effect);
    bool held = CHECK_INT(after.backordered, CASES[i].backordered);
    held &= CHECK_INT(after.allocated, CASES[i].allocated);
    held &= CHECK_INT(effect.allocated, 3 - CASES[i].allocated);
    held &= CHECK_INT(effect.backordered, 1 - CASES[i].backordered);
    if (!held)
      fprintf(stderr, "  event %d of %d\n", (int)CASES[i].event, (int)CASES[i].qty);
  }
}

int main(void) {
  RUN(a_million_random_steps_follow_the_table_of_guards);
  RUN(a_line_is_valid_exactly_when_every_invariant_holds);
  RUN(the_worked_example_comes_out_as_it_should);
  RUN(an_order_can_be_shipped_before_it_is_invoiced);
  RUN(an_invoice_that_delivers_is_limited_by_what_is_open);
  RUN(goods_come_back_without_a_refund);
  RUN(allocated_units_are_given_up_after_all_others);
  return unit_report();
}
