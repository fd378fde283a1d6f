/* network_model.h: a request on its way to a problem of exact.h and back. Items are what exact.h
 * calls so; sources are numbered by rank, their place in the request's order. */
#ifndef QM_NETWORK_MODEL_H
#define QM_NETWORK_MODEL_H

#include "exact.h"
#include "network.h"

typedef struct network {
  qm_select *request;
  bool fewest;
  size_t item_count, sources;                   /* sources by rank */
  size_t *item_of, *first_line;                 /* [line], [item] */
  size_t *loose_item;                           /* [product]: the item of lines that stand alone */
  qm_qty grain;                                 /* divides all quantities */
  size_t *item_uses;                            /* [product]: how many items use it */
  qm_qty *quantity;                             /* [item]: of all its lines in a unit of it */
  double *want, *have, *cost, *missing, *fixed; /* as in qm_exact */
  unsigned char *state;
  size_t *use_start;
  qm_exact_use *uses;
  double *own, *supply;
  bool *open;
  double *sent;
  qm_qty *taken; /* [line * source_count + source] */
  void *scratch;

  /* one number: cost / step * cost_weight + shipments * shipment_weight, and what is missing /
   * quantum * missing_weight */
  double step, cost_weight, shipment_weight, quantum, missing_weight;
  bool is_rough; /* steps are too coarse to prove anything with */
} network;

/* A line that stands alone: its group is the line, any quantity of it may leave. */
static inline bool qm_is_loose(const qm_select_line *line) {
  return line->unit == 1 && !line->next && !line->follows;
}

static inline int64_t qm_unit_cost(const qm_select *request, size_t line, size_t source) {
  return request->costs->unit[line * request->source_count + source];
}

/* Amounts of money by quantity are in 1/10^8. */
static inline bool qm_network_priced(const network *n) {
  return !n->fewest && n->request->costs->missing >= 0;
}

/* network_items.c: makes items of the lines: what is wanted, what there is, what a unit costs. */
void qm_network_list_items(network *n);

/* Finds the goods that several items are made of; false: there are none. */
bool qm_network_find_shared(network *n);

/* network_weights.c: makes one number of what is missing, what it costs and how many shipments it
 * is. `leaves_out`: something may be missing that could be sent, at no price. False: the number
 * would be too large. */
bool qm_network_weigh(network *n, bool leaves_out);

/* A bound of all in one as one of what was asked for: the cost in 1/10000, or the shipments. */
int64_t qm_network_bound(const network *n, double bound);

/* network_picks.c: makes picks of what items are sent from where. */
qm_code qm_network_list_picks(network *n);

#endif
