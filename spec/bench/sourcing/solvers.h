/* solvers.h: one instance of choosing sources, as our solver and both peers are given it.
 *
 * What is asked of all three is the same: every line is sent in full, a source costs something once
 * it sends anything, a unit costs something by line and source, and no source sends more of a line
 * than it has. There is no limit on what leaves from a source in all. Building a model is nobody's
 * time: only solving is measured, once for each instance and solver. */
#ifndef BENCH_SOLVERS_H
#define BENCH_SOLVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct instance {
  size_t lines, sources;
  double *want;  /* [line] */
  double *have;  /* [line * sources + source]: at most what is wanted */
  double *cost;  /* the same: of one unit, in cents */
  double *fixed; /* [source]: in cents */
} instance;

typedef struct outcome {
  double objective, milliseconds;
  bool optimal;   /* it says so */
  uint64_t steps; /* ours only */
} outcome;

double milliseconds(void); /* on the monotonic clock */

/* instance.c */
instance *instance_new(size_t lines, size_t sources);
void instance_fill(instance *in, double fixed, uint64_t *random);
void instance_free(instance *in);

/* peers.c; they stop after so many seconds */
outcome solve_glpk(const instance *in, int seconds);
outcome solve_cbc(const instance *in, int seconds);
const char *glpk_version(void);
const char *cbc_version(void);

void *must(void *memory); /* ends the program when there is none */

#endif
