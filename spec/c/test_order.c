/* test_order.c: the life of an order line against a second statement of its rules.
 *
 * The model here is the table of guards written down once more, unit by unit and without
 * cleverness: a line's open units lie in four piles (waiting for goods, covered, allocated at the
 * source that goods leave from, allocated elsewhere) and an event takes them one at a time. Random
 * walks compare every limit, every counter and every effect. Counts are small; a factor makes the
 * quantities of a line large, up to the bound, so that both the smallest and the largest numbers
 * are walked over. */
#include "unit.h"

#include "order.h"

enum { STEPS = 1000000, EVENTS = QM_UNALLOCATE + 1, UNITS_MAX = 12, GARBAGE = 1000000 };

typedef struct model {
  bool delivered_by_invoice; /* otherwise by shipping */
  int64_t ordered, cancelled, invoiced, delivered, refunded, released, returned;
  int64_t waiting, covered, here, elsewhere; /* the open units */
  bool reserves;                             /* otherwise nothing is allocated */
} model;

typedef struct change { /* what a step did, beyond the counters */
  int64_t closed, backordered, allocated, here, delivered, withdrawn, returnable;
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
  case QM_WRITE_OFF:
    if (m->invoiced - delivered_or_released(m) < locked(m) - m->refunded)
      return at_least_zero(m->invoiced - delivered_or_released(m));
    return locked(m) - m->refunded;
  case QM_ALLOCATE:
    return m->reserves ? m->waiting + m->covered : 0;
  case QM_UNALLOCATE:
    return m->here + m->elsewhere;
  }
  return -1;
}

/* Takes one open unit from the first of four piles that is not empty. */
static void take_first(model *m, int64_t *const piles[4], change *c) {
  c->closed++;
  for (int i = 0; i < 4; i++) {
    int64_t *pile = piles[i];
    if (*pile == 0)
      continue;
    --*pile;
    c->backordered += pile == &m->waiting;
    c->allocated += pile == &m->here || pile == &m->elsewhere;
    c->here += pile == &m->here;
    return;
  }
}

static void leave(model *m, change *c) {
  take_first(m, (int64_t *const[]){&m->here, &m->covered, &m->waiting, &m->elsewhere}, c);
}

static void lose(model *m, change *c) {
  take_first(m, (int64_t *const[]){&m->here, &m->covered, &m->elsewhere, &m->waiting}, c);
}

/* Nothing leaves, so no source is `here`: it is all the same where units were allocated. */
static void give_up(model *m, change *c) {
  take_first(m, (int64_t *const[]){&m->waiting, &m->covered, &m->elsewhere, &m->here}, c);
  c->here = 0;
}

static void allocate_unit(model *m, change *c) {
  int64_t *pile = m->covered > 0 ? &m->covered : &m->waiting;
  --*pile;
  c->backordered += pile == &m->waiting;
  c->allocated--;
  m->here++;
}

static void unallocate_unit(model *m, change *c) {
  int64_t *pile = m->elsewhere > 0 ? &m->elsewhere : &m->here;
  --*pile;
  c->allocated++;
  m->covered++;
}

/* Also beyond the limits, to see what would break there. */
static void model_step(model *m, qm_event event, int64_t units, change *c) {
  *c = (change){0};
  for (int64_t i = 0; i < units; i++) {
    bool undelivered = m->invoiced > delivered_or_released(m);
    switch (event) {
    case QM_CANCEL:
      give_up(m, c);
      m->cancelled++;
      break;
    case QM_INVOICE:
      m->invoiced++;
      if (!m->delivered_by_invoice)
        break;
      /* fallthrough */
    case QM_SHIP:
      leave(m, c);
      m->delivered++;
      c->delivered++;
      break;
    case QM_REFUND:
      m->refunded++;
      if (undelivered) {
        give_up(m, c);
        m->released++;
        c->withdrawn++;
      } else {
        c->returnable++;
      }
      break;
    case QM_RETURN:
      m->returned++;
      break;
    case QM_WRITE_OFF:
      lose(m, c);
      m->refunded++;
      m->released++;
      c->withdrawn++;
      break;
    case QM_ALLOCATE:
      allocate_unit(m, c);
      break;
    case QM_UNALLOCATE:
      unallocate_unit(m, c);
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
                   .allocated = (m->here + m->elsewhere) * factor,
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
  w->m.reserves = tracked == QM_TRACK_ALL;
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

/* The next event is about another source. */
static void move_on(walk *w) {
  int64_t here = w->m.here;
  w->m.here = w->m.elsewhere;
  w->m.elsewhere = here;
}

/* One unit more than the limit would break an invariant: the limit is no stricter than it must be.
 * What an invoice delivers is not shipped, and nothing but undelivered units is written off: these
 * are refused for what they are. */
static bool check_tight(const walk *w, qm_event event) {
  model beyond = w->m;
  change c;
  if (event == QM_SHIP && w->m.delivered_by_invoice)
    return CHECK_INT(qm_line_limit(&w->line, event), 0);
  if (event == QM_WRITE_OFF)
    return true;
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
  qm_line_apply(&w->line, event, units * w->factor, w->m.here * w->factor, &effect);
  model_step(&w->m, event, units, &c);
  qm_line expected = line_of(&w->m, before.kind, before.tracked, w->factor);
  bool held = CHECK(qm_line_valid(&w->line)) && CHECK(same_line(&w->line, &expected));
  held &= CHECK_INT(effect.closed, c.closed * w->factor);
  held &= CHECK_INT(effect.backordered, c.backordered * w->factor);
  held &= CHECK_INT(effect.allocated, c.allocated * w->factor);
  held &= CHECK_INT(effect.here, c.here * w->factor);
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
      move_on(&w);
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

int main(void) {
  RUN(a_million_random_steps_follow_the_table_of_guards);
  RUN(a_line_is_valid_exactly_when_every_invariant_holds);
  return unit_report();
}
