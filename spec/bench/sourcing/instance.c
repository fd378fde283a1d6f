/* instance.c: random instances: sources spread over a square, a customer in it, and lines that most
 * sources have some of. */
#include "solvers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 1000, MOST_WANTED = 10, MOST_THERE = 11, CENTS = 100 };

void *must(void *memory) {
  if (memory)
    return memory;
  fprintf(stderr, "solvers: out of memory\n");
  exit(1);
}

instance *instance_new(size_t lines, size_t sources) {
  instance *in = must(calloc(1, sizeof *in));
  in->lines = lines;
  in->sources = sources;
  in->want = must(calloc(lines, sizeof(double)));
  in->have = must(calloc(lines * sources, sizeof(double)));
  in->cost = must(calloc(lines * sources, sizeof(double)));
  in->fixed = must(calloc(sources, sizeof(double)));
  return in;
}

void instance_free(instance *in) {
  free(in->want);
  free(in->have);
  free(in->cost);
  free(in->fixed);
  free(in);
}

/* splitmix64, as in the other clients of the benchmark. */
static double below(uint64_t *random, uint64_t limit) {
  uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (double)((z ^ (z >> 31)) % limit);
}

/* Seven of ten sources have some of a line; together they have enough of it. */
static void fill_line(instance *in, size_t line, uint64_t *random) {
  double *have = &in->have[line * in->sources], total;
  in->want[line] = 1 + below(random, MOST_WANTED);
  do {
    total = 0;
    for (size_t i = 0; i < in->sources; i++) {
      double some = below(random, MOST_THERE + 1);
      have[i] = below(random, 10) < 7 ? fmin(some, in->want[line]) : 0;
      total += have[i];
    }
  } while (total < in->want[line]);
}

/* A source costs `fixed` give or take a fifth. A unit costs 5, 0.05 for each step of the way, and
 * up to 10 by chance. */
void instance_fill(instance *in, double fixed, uint64_t *random) {
  double x = below(random, SIDE), y = below(random, SIDE);
  for (size_t line = 0; line < in->lines; line++)
    fill_line(in, line, random);
  for (size_t i = 0; i < in->sources; i++) {
    double far = hypot(below(random, SIDE) - x, below(random, SIDE) - y);
    in->fixed[i] = floor(fixed * (80 + below(random, 41)));
    for (size_t line = 0; line < in->lines; line++)
      in->cost[line * in->sources + i] =
          floor(CENTS * (5 + 0.05 * far)) + below(random, 10 * CENTS);
  }
}
