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

static double step_with(double step, double value) {
  return (double)qm_common_divisor((qm_qty)step, (qm_qty)value);
}

/* Costs are whole numbers of 1/10^8; they are counted in the largest steps that divide all of them.
 * Those that are too large for that need not be divided. */
static double common_step(const network *n) {
  double step = 0;
  for (size_t rank = 0; rank < n->sources; rank++)
    step = step_with(step, n->fixed[rank]);
  for (size_t pair = 0; pair < n->item_count * n->sources; pair++)
    if (n->have[pair] > 0 && n->cost[pair] < QM_EXACT_MAX)
      step = step_with(step, n->cost[pair]);
  for (size_t item = 0; item < n->item_count; item++)
    if (n->missing[item] < QM_EXACT_MAX)
      step = step_with(step, n->missing[item]);
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

/* Of all that is wanted, in units of `quantum`. */
static double quanta(const network *n, double quantum) {
  double total = 0;
  for (size_t item = 0; item < n->item_count; item++)
    total += n->want[item] * ceil((double)n->quantity[item] / quantum);
  return total;
}

static double common_quantum(const network *n) {
  qm_qty quantum = 0;
  for (size_t item = 0; item < n->item_count; item++)
    quantum = qm_common_divisor(quantum, n->quantity[item]);
  return quantum > 0 ? (double)quantum : 1;
}

/* Finds weights with which each of what is missing, what it costs and how many shipments it is
 * outweighs all that matters less, and with which sums stay exact; with coarser steps when they
 * would not. */
static void weigh(network *n, bool leaves_out) {
  double most = most_cost(n), sum, sources = (double)n->sources;
  n->step = common_step(n);
  n->quantum = common_quantum(n);
  do {
    double cost = floor(most / n->step) + 1;
    n->cost_weight = n->fewest ? 1 : sources + 1;
    n->shipment_weight = n->fewest ? cost : 1;
    sum = cost * n->cost_weight + sources * n->shipment_weight;
    n->missing_weight = sum;
    if (leaves_out)
      sum += sum * quanta(n, n->quantum);
    if (sum > SUM_MAX) {
      n->is_rough = true;
      if (cost > 1e9)
        n->step *= ceil(cost / 1e9);
      else
        n->quantum *= 16;
    }
  } while (sum > SUM_MAX);
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
      n->missing[item] = ceil((double)n->quantity[item] / n->quantum) * n->missing_weight;
    else
      want_what_is_there(n, item);
}

void qm_network_weigh(network *n, bool leaves_out) {
  fill_costs(n);
  weigh(n, leaves_out);
  combine(n, leaves_out);
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
  if (n->fewest)
    return (int64_t)fmax(0, floor(rest / n->shipment_weight));
  double cost = floor((rest - (double)n->sources) / n->cost_weight) * n->step;
  return (int64_t)fmax(0, floor(cost / (double)QM_QTY_ONE));
}
