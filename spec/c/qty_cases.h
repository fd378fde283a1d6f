/* qty_cases.h: what the tests of quantities share: random quantities, and their text and their
 * bound worked out another way than qty.c does. */
#ifndef QM_SPEC_QTY_CASES_H
#define QM_SPEC_QTY_CASES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qty.h"
#include "unit.h"

__extension__ typedef __int128 wide;

enum {
  ROUNDS = 250000, /* per property */
  UNTOUCHED = -777 /* what a refused call must leave behind */
};

static uint64_t seed = UINT64_C(20240229);

/* Any legal quantity: every magnitude equally likely, the ends and whole numbers often. */
static inline qm_qty random_qty(void) {
  uint64_t kind = unit_below(&seed, 16);
  uint64_t units = unit_random(&seed) >> (14 + unit_below(&seed, 50));
  if (kind == 0)
    units = (uint64_t)QM_QTY_MAX - unit_below(&seed, 3);
  if (kind < 4)
    units -= units % (uint64_t)QM_QTY_ONE;
  if (units > (uint64_t)QM_QTY_MAX)
    units %= (uint64_t)QM_QTY_MAX + 1;
  return unit_below(&seed, 2) ? -(qm_qty)units : (qm_qty)units;
}

static inline bool legal(wide units) {
  return units >= -(wide)QM_QTY_MAX && units <= (wide)QM_QTY_MAX;
}

/* The shortest text, by way of the longest. */
static inline void naive_format(qm_qty qty, char out[64]) {
  long long units = qty < 0 ? -qty : qty;
  snprintf(out, 64, "%s%lld.%04lld", qty < 0 ? "-" : "", units / 10000, units % 10000);
  size_t length = strlen(out);
  while (out[length - 1] == '0')
    out[--length] = '\0';
  if (out[length - 1] == '.')
    out[--length] = '\0';
}

/* Takes the seed of a run from its arguments, and answers it. */
static inline uint64_t seed_from(int argc, char **argv) {
  if (argc > 1)
    seed = strtoull(argv[1], NULL, 10);
  return seed;
}

#endif
