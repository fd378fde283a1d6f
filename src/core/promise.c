#include "promise.h"

#include <string.h>

#define UNREACHED UINT32_MAX

void qm_network_index(qm_network *net) {
  memset(net->of_source, 0, (net->source_count + 1) * sizeof *net->of_source);
  memset(net->of_stock, 0, (net->stock_count + 1) * sizeof *net->of_stock);
  for (uint32_t e = 0; e < net->edge_count; e++) {
    net->of_source[net->edges[e].source + 1]++;
    net->of_stock[net->edges[e].stock + 1]++;
  }
  for (uint32_t i = 0; i < net->source_count; i++)
    net->of_source[i + 1] += net->of_source[i];
  for (uint32_t i = 0; i < net->stock_count; i++)
    net->of_stock[i + 1] += net->of_stock[i];
  /* Each stock's part is filled from its end, which leaves of_stock as it was. */
  for (uint32_t e = net->edge_count; e-- > 0;)
    net->by_stock[--net->of_stock[net->edges[e].stock + 1]] = e;
  for (uint32_t i = 0; i < net->stock_count; i++)
    net->of_stock[i] = net->of_stock[i + 1];
  net->of_stock[net->stock_count] = net->edge_count;
}

/* Puts the sources on which a stock draws and that are not reached yet into the queue. Returns one
 * that has supply left, or UNREACHED. */
static uint32_t reach_sources(qm_network *net, uint32_t stock, uint32_t *queued) {
  for (uint32_t i = net->of_stock[stock]; i < net->of_stock[stock + 1]; i++) {
    uint32_t e = net->by_stock[i], source = net->edges[e].source;
    if (net->into[source] != UNREACHED)
      continue;
    net->into[source] = e;
    if (net->left[source] > 0)
      return source;
    net->queue[(*queued)++] = source;
  }
  return UNREACHED;
}

/* Breadth first from a stock: the nearest source with supply left, reached by making other stocks
 * draw on other sources. Leaves the way there in into and out. */
static uint32_t find_source(qm_network *net, uint32_t from) {
  uint32_t queued = 0;
  memset(net->into, 0xff, net->source_count * sizeof *net->into);
  memset(net->out, 0xff, net->stock_count * sizeof *net->out);
  uint32_t found = reach_sources(net, from, &queued);
  for (uint32_t next = 0; found == UNREACHED && next < queued; next++) {
    uint32_t source = net->queue[next];
    for (uint32_t e = net->of_source[source]; e < net->of_source[source + 1]; e++) {
      uint32_t stock = net->edges[e].stock;
      if (net->edges[e].flow == 0 || stock == from || net->out[stock] != UNREACHED)
        continue;
      net->out[stock] = e;
      found = reach_sources(net, stock, &queued);
      if (found != UNREACHED)
        break;
    }
  }
  return found;
}

/* Serves up to `wanted` more units of a stock; nobody else is served less. Returns how many. */
static qm_qty serve(qm_network *net, uint32_t stock, qm_qty wanted) {
  qm_qty served = 0;
  while (served < wanted) {
    uint32_t target = find_source(net, stock);
    if (target == UNREACHED)
      break;
    qm_qty amount = qm_qty_min(wanted - served, net->left[target]);
    for (uint32_t at = net->edges[net->into[target]].stock; at != stock;) {
      const qm_edge *given_up = &net->edges[net->out[at]];
      amount = qm_qty_min(amount, given_up->flow);
      at = net->edges[net->into[given_up->source]].stock;
    }
    net->left[target] -= amount;
    for (uint32_t source = target;;) {
      qm_edge *drawn = &net->edges[net->into[source]];
      drawn->flow += amount;
      if (drawn->stock == stock)
        break;
      qm_edge *given_up = &net->edges[net->out[drawn->stock]];
      given_up->flow -= amount;
      source = given_up->source;
    }
    served += amount;
  }
  return served;
}

static void clear_flow(qm_network *net) {
  for (uint32_t e = 0; e < net->edge_count; e++)
    net->edges[e].flow = 0;
  if (net->source_count > 0)
    memcpy(net->left, net->supply, net->source_count * sizeof *net->left);
}

qm_qty qm_network_capacity(qm_network *net, uint32_t stock) {
  clear_flow(net);
  for (uint32_t other = 0; other < net->stock_count; other++)
    if (other != stock)
      serve(net, other, net->demand[other]);
  return serve(net, stock, INT64_MAX);
}

qm_qty qm_network_deficiency(qm_network *net) {
  qm_qty missing = 0;
  clear_flow(net);
  for (uint32_t stock = 0; stock < net->stock_count; stock++)
    missing += net->demand[stock] - serve(net, stock, net->demand[stock]);
  return missing;
}
