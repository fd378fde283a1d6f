/* network.h: selection at the lowest cost or with the fewest shipments, proven to be so: a request
 * becomes a problem of exact.h, and its solution becomes picks. */
#ifndef QM_NETWORK_H
#define QM_NETWORK_H

#include "select.h"

#define QM_COST_MAX       INT64_C(100000000000) /* of anything single: 10,000,000.0000 */
#define QM_STEPS_STANDARD UINT64_C(200000)
#define QM_NETWORK_SMALL  1024         /* lines times sources, for which those steps are meant */
#define QM_NETWORK_MAX    (512 * 1024) /* lines times sources */

/* What selection costs; amounts of money are counted in 1/10000. */
struct qm_select_costs {
  const int64_t *shipment; /* [source]: once, when it sends anything */
  const int64_t *unit;     /* [line * source_count + source]: of a quantity of one */
  int64_t missing;         /* of a quantity of one left out; -1: as much as possible is sent */
  const bool *open; /* [source]: a shipment leaves from there anyway, and costs what it costs */
  const qm_qty *capacity; /* [source]: what may leave from there in all; NULL: there is no limit */
  size_t most;            /* sources at the most */
  uint64_t budget;        /* steps */
};

/* What was proven. `bound` is of the cost, or of the shipments when fewest were asked for. */
struct qm_certificate {
  bool optimal;
  int64_t bound;
  uint64_t steps;
};

/* The budget for a request that names none: the larger it is, the longer steps take. */
uint64_t qm_network_budget(size_t line_count, size_t wanted);

/* Scratch that a selection at a cost needs. */
size_t qm_network_scratch(const qm_select *request);

/* What picks cost, shortages included; in 1/10000, rounded up. QM_LIMIT: more than QM_QTY_MAX. */
qm_code qm_network_cost(const qm_select *request, int64_t *cost);

#endif
