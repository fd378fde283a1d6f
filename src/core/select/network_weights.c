/* network_weights.c: what is missing, what it costs and how many shipments it is, in one number. */
#include <math.h>

#include "../divisor.h"
#include "network_model.h"

/* Costs beyond this are counted in larger steps. */
#define SUM_MAX (QM_EXACT_MAX / 2)

static void fill_costs(network *n) {
  const qm_select_costs *costs = n->request->costs;
  for (size_t rank = 0; rank < n->sources; rank++) {
    size_t source = n->request->sources[rank];
    n->fixed[rank] = (double)costs->shipment[source] * (double)QM_QTY_ONE;
    n->state[rank] = costs->open[source] ? QM_SOURCE_OPEN : QM_SOURCE_FREE;
  }
  for (size_t item = 0; item < n->item_count; item++)
    n->missing[item] =
        qm_network_priced(n) ? (double)n->quantity[item] * (double)costs->missing : INFINITY;
}

/* Beyond this a cost need not be what it is meant to be: it was rounded when it was multiplied. */
#define WHOLE_MAX 9007199254740992.0 /* 2^53 */

static double step_with(network *n, double step, double value) {
  if (value < WHOLE_MAX)
    return (double)qm_common_divisor((qm_qty)step, (qm_qty)value);
  n->is_rough |= value < INFINITY;
  return step;
}

/* Costs are whole numbers of 1/10^8; they are counted in the largest steps that divide all of
 * them. */
static double common_step(network *n) {
  double step = 0;
  for (size_t rank = 0; rank < n->sources; rank++)
    step = step_with(n, step, n->fixed[rank]);
  for (size_t pair = 0; pair < n->item_count * n->sources; pair++)
    if (n->have[pair] > 0)
      step = step_with(n, step, n->cost[pair]);
  for (size_t item = 0; item < n->item_count; item++)
    step = step_with(n, step, n->missing[item]);
  return step > 0 ? step : 1;
}

static double most_cost(const network *n) {
  double total = 0;
  for (size_t rank = 0; rank < n->sources; rank++)
    total += n->fixed[rank];
  for (size_t item = 0; item < n->item_count; item++) {
    double most = n->missing[item] < INFINITY ? n->missing[item] : 0;
    for (size_t rank = 0; rank < n->sources; rank++)
      most = fmax(most, n->cost[item * n->sources + rank]);
    total += most * n->want[item];
  }
  return total;
}

/* Of all that is wanted. */
static double quanta(const network *n) {
  double total = 0;
  for (size_t item = 0; item < n->item_count; item++)
    total += n->want[item] * ((double)n->quantity[item] / n->quantum);
  return total;
}

static double common_quantum(const network *n) {
  qm_qty quantum = 0;
  for (size_t item = 0; item < n->item_count; item++)
    quantum = qm_common_divisor(quantum, n->quantity[item]);
  return quantum > 0 ? (double)quantum : 1;
}

/* Finds weights with which each of what is missing, what it costs and how many shipments it is
 * outweighs all that matters less, and with which sums stay exact: where they would not, costs are
 * counted in coarser steps. False: there is too much for any. */
static bool weigh(network *n, bool leaves_out) {
  double most = most_cost(n), sources = (double)n->sources;
  n->step = common_step(n);
  n->quantum = common_quantum(n);
  double room = leaves_out ? SUM_MAX / (1 + quanta(n)) : SUM_MAX;
  double highest = floor(room / (sources + 1)) - 1;
  if (highest < 1)
    return false;
  double cost = floor(most / n->step) + 1;
  while (cost > highest) {
    n->is_rough = true;
    n->step *= highest > 1 ? ceil(cost / (highest - 1)) : 2 * cost;
    cost = floor(most / n->step) + 1;
  }
  n->cost_weight = n->fewest ? 1 : sources + 1;
  n->shipment_weight = n->fewest ? cost : 1;
  n->missing_weight = cost * n->cost_weight + sources * n->shipment_weight;
  return true;
}

/* What cannot be sent from anywhere is not wanted. */
static void want_what_is_there(network *n, size_t item) {
  double all = 0;
  for (size_t rank = 0; rank < n->sources; rank++)
    all += n->have[item * n->sources + rank];
  n->want[item] = fmin(n->want[item], all);
  if (n->want[item] > 0)
    return;
  n->want[item] = 1;
  n->missing[item] = 0;
}

static void combine(network *n, bool leaves_out) {
  for (size_t rank = 0; rank < n->sources; rank++)
    n->fixed[rank] = floor(n->fixed[rank] / n->step) * n->cost_weight + n->shipment_weight;
  for (size_t pair = 0; pair < n->item_count * n->sources; pair++)
    n->cost[pair] = floor(n->cost[pair] / n->step) * n->cost_weight;
  for (size_t item = 0; item < n->item_count; item++)
    if (qm_network_priced(n))
      n->missing[item] = floor(n->missing[item] / n->step) * n->cost_weight;
    else if (leaves_out)
      n->missing[item] = (double)n->quantity[item] / n->quantum * n->missing_weight;
    else
      want_what_is_there(n, item);
}

bool qm_network_weigh(network *n, bool leaves_out) {
  fill_costs(n);
  if (!weigh(n, leaves_out))
    return false;
  combine(n, leaves_out);
  return true;
}

/* What the number has in it for what is missing and has no price. */
static double shortage_of(const network *n) {
  double total = 0;
  for (size_t item = 0; item < n->item_count; item++) {
    double left = n->want[item];
    for (size_t rank = 0; rank < n->sources; rank++)
      left -= n->sent[item * n->sources + rank];
    if (left > 0 && !qm_network_priced(n))
      total += left * n->missing[item];
  }
  return total;
}

int64_t qm_network_bound(const network *n, double bound) {
  double rest = bound - shortage_of(n);
  if (n->fewest) { /* those that leave anyway need not carry anything */
    for (size_t rank = 0; rank < n->sources; rank++)
      rest -= n->state[rank] == QM_SOURCE_OPEN ? n->shipment_weight : 0;
    return (int64_t)fmax(0, floor(rest / n->shipment_weight));
  }
  double cost = floor((rest - (double)n->sources) / n->cost_weight) * n->step;
  return (int64_t)fmin(fmax(0, floor(cost / (double)QM_QTY_ONE)), (double)QM_QTY_MAX);
}
