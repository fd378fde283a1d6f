/* promise.h: what several stocks that draw on the same sources may still promise of one product.
 *
 * The stocks and the sources that hold the product are a bipartite network: an edge says that a
 * stock may draw on a source. A source supplies what is countable there and not allocated; a stock
 * demands what it has promised firmly and not allocated. F, the most units that can be served at
 * once, is a maximum flow. A stock's capacity is what F gains when its own demand goes from nothing
 * to anything: what is there for it once everybody else has been served as far as possible.
 *
 * The caller owns all arrays; nothing is allocated here. */
#ifndef QM_PROMISE_H
#define QM_PROMISE_H

#include "qty.h"

enum { QM_NETWORK_STOCKS = 4096 }; /* of one network, so that no sum of demands overflows */

typedef struct qm_edge {
  uint32_t stock, source;
  qm_qty flow;
} qm_edge;

typedef struct qm_network {
  uint32_t stock_count, source_count, edge_count;
  qm_qty *demand; /* by stock */
  qm_qty *supply; /* by source */
  qm_edge *edges; /* in order of source; edge_count of them */
  /* Filled by qm_network_index. */
  uint32_t *of_source; /* source_count + 1: where each source's edges begin */
  uint32_t *of_stock;  /* stock_count + 1: where each stock's part of by_stock begins */
  uint32_t *by_stock;  /* edge_count numbers of edges in order of stock */
  /* Scratch. */
  qm_qty *left;    /* by source: supply that no flow uses */
  uint32_t *queue; /* source_count: the sources that have been reached */
  uint32_t *into;  /* by source: the edge by which it was reached */
  uint32_t *out;   /* by stock: the edge by which it was reached */
} qm_network;

void qm_network_index(qm_network *net);

/* F(stock unbounded, others at their demand) - F(stock at nothing, others at their demand). */
qm_qty qm_network_capacity(qm_network *net, uint32_t stock);

/* The sum of all demands less F: what cannot be served. */
qm_qty qm_network_deficiency(qm_network *net);

#endif
