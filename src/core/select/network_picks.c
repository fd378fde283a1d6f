/* network_picks.c: what items are sent from where, as picks, and what picks cost. */
#include <string.h>

#include "network_model.h"

__extension__ typedef __int128 wide;

/* Deals what a source sends of lines that stand alone out to them: first what is set aside for each
 * of them, everywhere, then of what is there for all. */
static void deal_loose(network *n, size_t item) {
  qm_select *request = n->request;
  for (int shared = 0; shared <= 1; shared++)
    for (size_t rank = 0; rank < n->sources; rank++) {
      size_t source = request->sources[rank];
      qm_qty left = (qm_qty)n->sent[item * n->sources + rank] * n->quantity[item];
      if (left == 0)
        continue;
      for (size_t i = n->first_line[item]; i < request->line_count; i++)
        left -= n->item_of[i] == item ? n->taken[i * request->source_count + source] : 0;
      for (size_t i = n->first_line[item]; left > 0 && i < request->line_count; i++) {
        size_t pair = i * request->source_count + source;
        if (n->item_of[i] != item)
          continue;
        qm_qty part = qm_qty_min(left, request->lines[i].need);
        if (!shared)
          part = qm_qty_min(part, request->own ? request->own[pair] : 0);
        n->taken[pair] += part;
        request->lines[i].need -= part;
        left -= part;
      }
    }
}

static void deal_group(network *n, size_t item) {
  qm_select *request = n->request;
  for (size_t rank = 0; rank < n->sources; rank++) {
    qm_qty units = (qm_qty)n->sent[item * n->sources + rank];
    size_t i = n->first_line[item];
    do {
      qm_qty take = units * request->lines[i].unit;
      n->taken[i * request->source_count + request->sources[rank]] = take;
      request->lines[i].need -= take;
      i = request->lines[i].next;
    } while (i);
  }
}

/* Picks by source in order of priority, then by line. */
static qm_code list_by_source(network *n) {
  qm_select *request = n->request;
  for (size_t rank = 0; rank < n->sources; rank++)
    for (size_t i = 0; i < request->line_count; i++) {
      size_t source = request->sources[rank], pair = i * request->source_count + source;
      qm_qty take = n->taken[pair], has = qm_select_has(request, i, source);
      if (take == 0 && !(request->all_rows && has >= 0))
        continue;
      if (request->pick_count == request->pick_capacity)
        return QM_LIMIT;
      request->picks[request->pick_count++] = (qm_pick){i, source, take, has};
      if (has >= 0)
        request->supply[request->lines[i].product * request->source_count + source] -=
            qm_select_shared_part(request, i, source, take);
    }
  return QM_OK;
}

qm_code qm_network_list_picks(network *n) {
  size_t pairs = n->request->line_count * n->request->source_count;
  memset(n->taken, 0, pairs * sizeof *n->taken);
  for (size_t item = 0; item < n->item_count; item++)
    if (qm_is_loose(&n->request->lines[n->first_line[item]]))
      deal_loose(n, item);
    else
      deal_group(n, item);
  return list_by_source(n);
}

qm_code qm_network_cost(const qm_select *request, int64_t *cost) {
  const qm_select_costs *costs = request->costs;
  wide total = 0;
  for (size_t source = 0; source < request->source_count; source++) {
    bool used = costs->open[source];
    for (size_t i = 0; i < request->pick_count && !used; i++)
      used = request->picks[i].source == source && request->picks[i].take > 0;
    total += used ? (wide)costs->shipment[source] * QM_QTY_ONE : 0;
  }
  for (size_t i = 0; i < request->pick_count; i++)
    total += (wide)request->picks[i].take *
             qm_unit_cost(request, request->picks[i].line, request->picks[i].source);
  for (size_t i = 0; i < request->line_count && costs->missing > 0; i++)
    total += (wide)request->lines[i].need * costs->missing;
  total = (total + QM_QTY_ONE - 1) / QM_QTY_ONE;
  *cost = total <= QM_QTY_MAX ? (int64_t)total : QM_QTY_MAX;
  return total <= QM_QTY_MAX ? QM_OK : QM_LIMIT;
}
