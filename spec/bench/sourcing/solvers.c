/* solvers.c: our solver beside GLPK and CBC on the same random instances.
 *
 *   solvers lines=10 sources=20 fixed=500 count=200 cbc=200 seed=1 limit=60
 *
 * CBC, the slowest, may be given only the first `cbc` of the instances. Prints a line of KEY=VALUE
 * words for each instance, with milliseconds, steps and whether the optimum was proven. Fails when
 * two solvers that have proven their optimum do not agree on it. `version=1` prints the versions of
 * the peers instead. */
#define _XOPEN_SOURCE 700

#include "solvers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exact.h"

#define BUDGET UINT64_C(1000000)

double milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static long number_of(int argc, char **argv, const char *key, long otherwise) {
  size_t length = strlen(key);
  for (int i = 1; i < argc; i++)
    if (strncmp(argv[i], key, length) == 0 && argv[i][length] == '=')
      return strtol(argv[i] + length + 1, NULL, 10);
  return otherwise;
}

/* ---- ours ---- */

typedef struct memory {
  double *missing, *sent;
  unsigned char *state;
  bool *open;
  void *scratch;
} memory;

static memory memory_for(const instance *in) {
  memory m = {
      .missing = must(calloc(in->lines, sizeof(double))),
      .sent = must(calloc(in->lines * in->sources, sizeof(double))),
      .state = must(calloc(in->sources, 1)),
      .open = must(calloc(in->sources, sizeof(bool))),
      .scratch = must(malloc(qm_exact_scratch(in->lines, in->sources, 0))),
  };
  for (size_t i = 0; i < in->lines; i++)
    m.missing[i] = INFINITY;
  return m;
}

static void memory_free(memory *m) {
  free(m->missing);
  free(m->sent);
  free(m->state);
  free(m->open);
  free(m->scratch);
}

static outcome solve_ours(const instance *in, memory *m) {
  qm_exact problem = {.item_count = in->lines,
                      .source_count = in->sources,
                      .want = in->want,
                      .have = in->have,
                      .cost = in->cost,
                      .missing = m->missing,
                      .fixed = in->fixed,
                      .state = m->state,
                      .most = in->sources,
                      .budget = BUDGET,
                      .scratch = m->scratch};
  qm_exact_plan plan = {.open = m->open, .sent = m->sent};
  double began = milliseconds();
  qm_exact_solve(&problem, &plan);
  return (outcome){.milliseconds = milliseconds() - began,
                   .objective = plan.cost,
                   .optimal = plan.optimal,
                   .steps = plan.steps};
}

/* What the plan costs by what it sends; NAN when it is none. */
static double cost_of(const instance *in, const memory *m) {
  double total = 0;
  for (size_t i = 0; i < in->sources; i++)
    total += m->open[i] ? in->fixed[i] : 0;
  for (size_t line = 0; line < in->lines; line++) {
    double left = in->want[line];
    for (size_t i = 0; i < in->sources; i++) {
      size_t at = line * in->sources + i;
      if (m->sent[at] < 0 || m->sent[at] > in->have[at] || (m->sent[at] > 0 && !m->open[i]))
        return NAN;
      total += m->sent[at] * in->cost[at];
      left -= m->sent[at];
    }
    if (left != 0)
      return NAN;
  }
  return total;
}

/* ---- all ---- */

static bool agree(const char *peer, long number, const outcome *ours, const outcome *other) {
  if (!ours->optimal || !other->optimal || fabs(ours->objective - other->objective) < 0.5)
    return true;
  fprintf(stderr, "solvers: instance %ld: ours %.2f, %s %.2f\n", number, ours->objective, peer,
          other->objective);
  return false;
}

static bool compare(const instance *in, memory *m, long number, bool with_cbc, int limit) {
  outcome ours = solve_ours(in, m), glpk = solve_glpk(in, limit);
  printf("ours=%.6f steps=%llu proven=%d glpk=%.6f glpk_proven=%d", ours.milliseconds,
         (unsigned long long)ours.steps, ours.optimal, glpk.milliseconds, glpk.optimal);
  bool fine = agree("GLPK", number, &ours, &glpk);
  if (cost_of(in, m) != ours.objective) {
    fprintf(stderr, "solvers: instance %ld: our plan is not worth what we say\n", number);
    fine = false;
  }
  if (with_cbc) {
    outcome cbc = solve_cbc(in, limit);
    printf(" cbc=%.6f cbc_proven=%d", cbc.milliseconds, cbc.optimal);
    fine &= agree("CBC", number, &ours, &cbc);
  }
  printf("\n");
  fflush(stdout);
  return fine;
}

int main(int argc, char **argv) {
  long count = number_of(argc, argv, "count", 200);
  long lines = number_of(argc, argv, "lines", 10), sources = number_of(argc, argv, "sources", 20);
  uint64_t random = (uint64_t)number_of(argc, argv, "seed", 1);
  bool fine = true;
  if (number_of(argc, argv, "version", 0)) {
    printf("glpk=%s cbc=%s\n", glpk_version(), cbc_version());
    return 0;
  }
  if (lines < 1 || sources < 1)
    return 2;
  instance *in = instance_new((size_t)lines, (size_t)sources);
  memory m = memory_for(in);
  for (long number = 1; number <= count; number++) {
    instance_fill(in, (double)number_of(argc, argv, "fixed", 500), &random);
    fine &= compare(in, &m, number, number <= number_of(argc, argv, "cbc", count),
                    (int)number_of(argc, argv, "limit", 60));
  }
  memory_free(&m);
  instance_free(in);
  return fine ? 0 : 1;
}
