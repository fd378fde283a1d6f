/* exact.h: items are served from sources, each of which costs something once it sends anything; the
 * cheapest way, and the proof that it is. Changes nothing but its outputs, allocates nothing.
 *
 * An item is what its lines need of one product, or a number of units of a group. All numbers are
 * whole ones held in doubles, and every sum of costs must stay below QM_EXACT_MAX, so that sums are
 * exact and equal on every machine.
 *
 * Method: Lagrangian relaxation of the items' needs. For given prices of the items every source
 * decides for itself whether to open, which is a bound for all plans; the prices are raised item by
 * item as far as the bound rises with them, then moved along subgradients. What the bound shows to
 * be open or closed in every better plan is fixed; the rest is decided by depth-first search. */
#ifndef QM_EXACT_H
#define QM_EXACT_H

#include "../qm.h"

#define QM_EXACT_MAX 4503599627370496.0 /* 2^52 */

enum { QM_SOURCE_FREE, QM_SOURCE_OPEN, QM_SOURCE_CLOSED };

/* What one unit of an item takes of a product that other items are made of as well. */
typedef struct qm_exact_use {
  size_t product;
  double per_unit;
  const double *own; /* [source]: set aside for this use alone; NULL: nothing */
} qm_exact_use;

typedef struct qm_exact {
  size_t item_count, source_count;
  const double *want;    /* [item]: units, more than 0 */
  const double *have;    /* [item * source_count + source]: at most what is wanted */
  const double *cost;    /* the same: of one unit from there */
  const double *missing; /* [item]: of one unit left out. INFINITY: all must be sent, and can be */
  const double *fixed;   /* [source]: more than 0 */
  const unsigned char *state; /* [source]: free, or to be open or closed whatever it costs */
  size_t most;                /* sources at the most */

  /* Items that share goods; `missing` must be finite for them. Item i has the uses from
   * use_start[i] on up to use_start[i + 1]. NULL: no item does. */
  const size_t *use_start;
  const qm_exact_use *uses;
  const double *supply; /* [product * source_count + source]: beside what is set aside */
  size_t product_count;

  uint64_t budget; /* steps: looks at all pairs of an item and a source */
  void *scratch;   /* aligned for doubles, of qm_exact_scratch bytes */
} qm_exact;

typedef struct qm_exact_plan {
  bool *open; /* [source]: the sources to send from; the caller's. Of equally cheap sets the first,
                 comparing them from source 0 on, used before unused */
  double *sent; /* [item * source_count + source]: units; the caller's */
  double cost;  /* INFINITY: what must be open and closed leaves no plan */
  double bound; /* no plan costs less */
  bool optimal; /* bound == cost */
  uint64_t steps;
} qm_exact_plan;

/* product_count: 0 when no items share goods. */
size_t qm_exact_scratch(size_t item_count, size_t source_count, size_t product_count);

void qm_exact_solve(const qm_exact *problem, qm_exact_plan *plan);

#endif
