/* fuzz_plan.c: no picks get past the check of plans that take what is not there.
 *
 * The input is a request and a plan: a few counts, then what each line needs, what each source has,
 * and picks, which may name lines and sources that do not exist and any quantity at all; then which
 * lines make groups and what sources keep for a line alone. Every array is as large as the request
 * says and no larger, so that a look beyond one is noticed. What is accepted must conserve: taken
 * and left make what there was, and nothing is below zero; and it must be whole units of every
 * group. The same request is then given to the algorithms, whose plans must be accepted. */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

enum { MOST = 15, GROUPS = 4 };

typedef struct input {
  const uint8_t *at, *end;
} input;

/* Not assert, which a build may switch off: the fuzzer then finds nothing. */
static void must(bool held) {
  if (!held)
    abort();
}

static uint8_t next_byte(input *in) {
  return in->at < in->end ? *in->at++ : 0;
}

/* Small numbers mostly; a first byte of 255 takes eight more, for any number there is. */
static int64_t next_number(input *in) {
  uint8_t first = next_byte(in);
  uint64_t value = 0;
  if (first != 255)
    return (int64_t)first - 4;
  for (int i = 0; i < 8; i++)
    value = value << 8 | next_byte(in);
  return (int64_t)value;
}

/* A legal quantity: what a caller's own numbers are. */
static qm_qty next_qty(input *in) {
  int64_t number = next_number(in);
  return number < 0 || number > QM_QTY_MAX ? 0 : number;
}

static void *array(size_t count, size_t size) {
  void *block = malloc(count * size + (count == 0));
  must(block != NULL);
  return block;
}

typedef struct plan {
  qm_select request;
  size_t products;
  qm_qty *needs, *supply, *all_needs, *all_supply, *taken;
} plan;

/* Lines of group 0 stand alone; some of them may not be split. */
static void read_group(plan *p, input *in, size_t i, size_t last[GROUPS]) {
  qm_select_line *line = &p->request.lines[i];
  uint8_t byte = next_byte(in);
  size_t group = byte % GROUPS;
  qm_qty unit = next_qty(in);
  line->unit = group > 0 ? unit : byte & 128 ? line->need : 1;
  if (group == 0)
    return;
  line->follows = last[group] > 0;
  if (line->follows)
    p->request.lines[last[group] - 1].next = i;
  last[group] = i + 1;
}

/* What lines have set aside, and how far the sources are: for some requests. */
static void read_more(plan *p, input *in) {
  qm_select *r = &p->request;
  size_t last[GROUPS] = {0};
  for (size_t i = 0; i < r->line_count; i++)
    read_group(p, in, i, last);
  uint8_t which = next_byte(in);
  if (which & 1) {
    qm_qty *own = array(r->line_count * r->source_count, sizeof *own);
    for (size_t i = 0; i < r->line_count * r->source_count; i++)
      own[i] = next_qty(in);
    r->own = own;
  }
  if (which & 2) {
    int64_t *metres = array(r->source_count, sizeof *metres);
    for (size_t i = 0; i < r->source_count; i++)
      metres[i] = next_byte(in) % 8 - 1;
    r->metres = metres;
  }
}

static void read_request(plan *p, input *in) {
  qm_select *r = &p->request;
  *p = (plan){.products = 1 + next_byte(in) % MOST};
  r->line_count = next_byte(in) % (MOST + 1);
  r->source_count = next_byte(in) % (MOST + 1);
  r->all_rows = next_byte(in) & 1;
  size_t cells = p->products * r->source_count;
  r->lines = array(r->line_count, sizeof *r->lines);
  p->needs = array(r->line_count, sizeof *p->needs);
  p->all_needs = array(r->line_count, sizeof *p->all_needs);
  p->supply = array(cells, sizeof *p->supply);
  p->all_supply = array(cells, sizeof *p->all_supply);
  p->taken = array(r->line_count * r->source_count, sizeof *p->taken);
  r->sources = array(r->source_count, sizeof *r->sources);
  r->wanted = r->source_count;
  for (size_t i = 0; i < r->line_count; i++) {
    size_t product = next_byte(in) % p->products;
    p->all_needs[i] = p->needs[i] = next_qty(in);
    r->lines[i] = (qm_select_line){.product = product, .need = p->needs[i]};
  }
  for (size_t i = 0; i < cells; i++) {
    p->supply[i] = next_byte(in) == 7 ? -1 : next_qty(in);
    p->all_supply[i] = p->supply[i];
  }
  for (size_t i = 0; i < r->source_count; i++)
    r->sources[i] = i;
  r->supply = p->supply;
}

static void read_picks(plan *p, input *in) {
  qm_select *r = &p->request;
  r->pick_capacity = r->pick_count = next_byte(in);
  r->picks = array(r->pick_count, sizeof *r->picks);
  for (size_t i = 0; i < r->pick_count; i++) {
    r->picks[i].line = (size_t)next_number(in) + 4;
    r->picks[i].source = (size_t)next_number(in) + 4;
    r->picks[i].take = next_number(in);
    r->picks[i].available = 0;
  }
}

/* Of the first `count` picks, which were accepted. */
static void must_conserve(const plan *p, size_t count) {
  const qm_select *r = &p->request;
  for (size_t line = 0; line < r->line_count; line++) {
    qm_qty left = p->all_needs[line];
    for (size_t i = 0; i < count; i++)
      left -= r->picks[i].line == line ? r->picks[i].take : 0;
    must(left >= 0 && left == p->needs[line]);
  }
  for (size_t cell = 0; cell < p->products * r->source_count; cell++) {
    qm_qty left = p->all_supply[cell];
    for (size_t i = 0; i < count; i++) {
      size_t product = r->lines[r->picks[i].line].product;
      if (product * r->source_count + r->picks[i].source == cell)
        left -= qm_select_shared_part(r, r->picks[i].line, r->picks[i].source, r->picks[i].take);
    }
    must(left == p->supply[cell] && (left >= 0 || p->all_supply[cell] < 0));
  }
}

static void must_be_plausible(const plan *p, size_t count) {
  const qm_select *r = &p->request;
  for (size_t i = 0; i < count; i++) {
    const qm_pick *pick = &r->picks[i];
    must(pick->line < r->line_count && pick->source < r->source_count);
    must(pick->take > 0 || (pick->take == 0 && r->all_rows));
    for (size_t j = 0; j < i; j++)
      must(r->picks[j].line != pick->line || r->picks[j].source != pick->source);
  }
}

static qm_qty picked(const qm_select *r, size_t line, size_t source) {
  for (size_t i = 0; i < r->pick_count; i++)
    if (r->picks[i].line == line && r->picks[i].source == source)
      return r->picks[i].take;
  return 0;
}

/* Of every two lines that follow each other in a group, the same number of units. */
static void must_be_whole(const plan *p) {
  const qm_select *r = &p->request;
  for (size_t i = 0; i < r->line_count; i++)
    for (size_t source = 0; source < r->source_count; source++) {
      qm_qty unit = r->lines[i].unit, take = picked(r, i, source);
      size_t next = r->lines[i].next;
      must(unit > 0 ? take % unit == 0 : take == 0);
      if (next && unit > 0 && r->lines[next].unit > 0)
        must(take / unit == picked(r, next, source) / r->lines[next].unit);
    }
}

static void check_given(plan *p) {
  size_t index = SIZE_MAX, count = p->request.pick_count;
  qm_plan_fault fault = qm_plan_check(&p->request, p->needs, p->supply, p->taken, &index);
  must(fault <= QM_PLAN_GROUP);
  must(fault == QM_PLAN_FINE || index < count);
  size_t accepted = fault == QM_PLAN_FINE || fault == QM_PLAN_GROUP ? count : index;
  must_be_plausible(p, accepted);
  must_conserve(p, accepted);
  if (fault == QM_PLAN_FINE)
    must_be_whole(p);
}

static void restore(plan *p) {
  memcpy(p->needs, p->all_needs, p->request.line_count * sizeof *p->needs);
  memcpy(p->supply, p->all_supply, p->products * p->request.source_count * sizeof *p->supply);
}

/* An algorithm's own plan. Where the given picks leave no room for it, it may end early and is then
 * none. */
static void check_made(plan *p, qm_select_fn select) {
  size_t index;
  restore(p);
  for (size_t i = 0; i < p->request.line_count; i++)
    p->request.lines[i].need = p->all_needs[i];
  p->request.pick_count = 0;
  qm_code code = select(&p->request);
  must(code == QM_OK || code == QM_LIMIT);
  if (code == QM_LIMIT) {
    must(p->request.pick_count == p->request.pick_capacity);
    return;
  }
  restore(p);
  must(qm_plan_check(&p->request, p->needs, p->supply, p->taken, &index) == QM_PLAN_FINE);
  must_conserve(p, p->request.pick_count);
  must_be_whole(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  input in = {data, data + size};
  plan p;
  read_request(&p, &in);
  read_picks(&p, &in);
  read_more(&p, &in);
  check_given(&p);
  check_made(&p, qm_select_priority);
  check_made(&p, qm_select_distance);
  free(p.request.lines);
  free(p.request.picks);
  free(p.request.sources);
  free((void *)(uintptr_t)p.request.own);
  free((void *)(uintptr_t)p.request.metres);
  free(p.taken);
  free(p.needs);
  free(p.supply);
  free(p.all_needs);
  free(p.all_supply);
  return 0;
}
