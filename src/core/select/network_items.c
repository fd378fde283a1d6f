/* network_items.c: what the lines of a request want, as items. */
#include <string.h>

#include "../divisor.h"
#include "network_model.h"

#define NO_ITEM ((size_t)-1)

static bool cost_alike(const qm_select *request, size_t line, size_t other) {
  for (size_t i = 0; i < request->source_count; i++)
    if (qm_unit_cost(request, line, i) != qm_unit_cost(request, other, i))
      return false;
  return true;
}

/* How many units of a group are wanted; some of its lines, even the first, may want nothing. */
static qm_qty units_wanted(const qm_select *request, size_t first) {
  qm_qty units = -1;
  size_t i = first;
  do {
    const qm_select_line *line = &request->lines[i];
    if (line->unit > 0)
      units = units < 0 ? line->need / line->unit : qm_qty_min(units, line->need / line->unit);
    i = line->next;
  } while (i);
  return qm_qty_max(0, units);
}

/* Lines of one product that stand alone are one item when they cost the same; a group is an item of
 * its own. */
static void name_items(network *n) {
  qm_select *request = n->request;
  for (size_t product = 0; product < request->product_count; product++)
    n->loose_item[product] = NO_ITEM;
  for (size_t i = 0; i < request->line_count; i++)
    n->item_of[i] = NO_ITEM;
  for (size_t i = 0; i < request->line_count; i++) {
    const qm_select_line *line = &request->lines[i];
    if (line->follows || units_wanted(request, i) == 0)
      continue;
    size_t *known = qm_is_loose(line) ? &n->loose_item[line->product] : NULL;
    if (known && *known != NO_ITEM && cost_alike(request, i, n->first_line[*known])) {
      n->item_of[i] = *known;
      continue;
    }
    n->item_of[i] = n->item_count;
    n->first_line[n->item_count] = i;
    if (known && *known == NO_ITEM)
      *known = n->item_count;
    n->item_count++;
  }
}

static void count_uses(network *n) {
  qm_select *request = n->request;
  memset(n->item_uses, 0, request->product_count * sizeof *n->item_uses);
  for (size_t item = 0; item < n->item_count; item++) {
    size_t i = n->first_line[item];
    do {
      n->item_uses[request->lines[i].product] += request->lines[i].unit > 0;
      i = request->lines[i].next;
    } while (i);
  }
}

/* An item that shares any product has all of them as uses: a unit takes them together. Room at the
 * sources, where that is limited, is shared by all. */
static bool shares(const network *n, size_t item) {
  const qm_select *request = n->request;
  bool any = request->costs->capacity != NULL;
  size_t i = n->first_line[item];
  do {
    any |= n->item_uses[request->lines[i].product] > 1;
    i = request->lines[i].next;
  } while (i);
  return any;
}

/* The largest quantity that divides all that is wanted and all there is. */
static qm_qty common_grain(const qm_select *request) {
  qm_qty grain = 0;
  for (size_t i = 0; i < request->line_count; i++) {
    const qm_select_line *line = &request->lines[i];
    grain = qm_common_divisor(grain, line->need);
    if (!qm_is_loose(line))
      grain = qm_common_divisor(grain, line->unit);
    for (size_t rank = 0; rank < request->wanted; rank++) {
      size_t source = request->sources[rank];
      qm_qty has = request->supply[line->product * request->source_count + source];
      grain = qm_common_divisor(grain, qm_qty_max(0, has));
      if (request->own)
        grain = qm_common_divisor(grain, request->own[i * request->source_count + source]);
    }
  }
  for (size_t i = 0; i < request->source_count && request->costs->capacity; i++)
    grain = qm_common_divisor(grain, request->costs->capacity[i]);
  return grain;
}

/* What is wanted of lines that stand alone, and what sources have for them, in the largest units
 * that divide all of it. */
static void fill_loose(network *n, size_t item) {
  qm_select *request = n->request;
  size_t first = n->first_line[item];
  const qm_select_line *leader = &request->lines[first];
  qm_qty want = 0, grain = 0;
  for (size_t i = first; i < request->line_count; i++)
    want += n->item_of[i] == item ? request->lines[i].need : 0;
  grain = want;
  for (size_t rank = 0; rank < n->sources; rank++) {
    size_t source = request->sources[rank];
    qm_qty has = request->supply[leader->product * request->source_count + source];
    for (size_t i = first; has >= 0 && request->own && i < request->line_count; i++)
      if (n->item_of[i] == item)
        has += qm_qty_min(request->own[i * request->source_count + source], request->lines[i].need);
    has = qm_qty_max(0, qm_qty_min(has, want));
    grain = qm_common_divisor(grain, has);
    n->have[item * n->sources + rank] = (double)has;
  }
  if (shares(n, item)) /* what others leave of it need not be a multiple of more than that */
    grain = n->grain;
  n->quantity[item] = grain;
  n->want[item] = (double)(want / grain);
  for (size_t rank = 0; rank < n->sources; rank++) {
    size_t pair = item * n->sources + rank;
    n->have[pair] /= (double)grain;
    n->cost[pair] = (double)grain * (double)qm_unit_cost(request, first, request->sources[rank]);
  }
}

static void fill_group(network *n, size_t item) {
  qm_select *request = n->request;
  size_t first = n->first_line[item], i = first;
  n->quantity[item] = 0;
  do {
    n->quantity[item] += request->lines[i].unit;
    i = request->lines[i].next;
  } while (i);
  n->want[item] = (double)units_wanted(request, first);
  for (size_t rank = 0; rank < n->sources; rank++) {
    size_t source = request->sources[rank], pair = item * n->sources + rank;
    n->have[pair] = (double)qm_select_units(request, first, source);
    n->cost[pair] = 0;
    i = first;
    do {
      n->cost[pair] += (double)request->lines[i].unit * (double)qm_unit_cost(request, i, source);
      i = request->lines[i].next;
    } while (i);
  }
}

void qm_network_list_items(network *n) {
  name_items(n);
  count_uses(n);
  n->grain = common_grain(n->request);
  for (size_t item = 0; item < n->item_count; item++)
    if (qm_is_loose(&n->request->lines[n->first_line[item]]))
      fill_loose(n, item);
    else
      fill_group(n, item);
}

/* ---- goods that several items are made of ---- */

static void add_use(network *n, size_t item, size_t line, size_t use) {
  qm_select *request = n->request;
  double *own = &n->own[use * n->sources];
  bool loose = qm_is_loose(&request->lines[line]);
  double per_unit = loose ? (double)n->quantity[item] : (double)request->lines[line].unit;
  memset(own, 0, n->sources * sizeof *own);
  for (size_t i = line; request->own && i < request->line_count; i++)
    if (i == line || (loose && n->item_of[i] == item))
      for (size_t rank = 0; rank < n->sources; rank++)
        own[rank] += (double)request->own[i * request->source_count + request->sources[rank]];
  n->uses[use] = (qm_exact_use){request->lines[line].product, per_unit, own};
}

bool qm_network_find_shared(network *n) {
  qm_select *request = n->request;
  size_t count = 0;
  for (size_t item = 0; item < n->item_count; item++) {
    n->use_start[item] = count;
    if (!shares(n, item))
      continue;
    size_t i = n->first_line[item];
    do {
      if (request->lines[i].unit > 0)
        add_use(n, item, i, count++);
      i = request->lines[i].next;
    } while (i);
    if (request->costs->capacity)
      n->uses[count++] = (qm_exact_use){request->product_count, (double)n->quantity[item], NULL};
  }
  n->use_start[n->item_count] = count;
  for (size_t product = 0; product < request->product_count; product++)
    for (size_t rank = 0; rank < n->sources; rank++)
      n->supply[product * n->sources + rank] = (double)qm_qty_max(
          0, request->supply[product * request->source_count + request->sources[rank]]);
  for (size_t rank = 0; rank < n->sources && request->costs->capacity; rank++)
    n->supply[request->product_count * n->sources + rank] =
        (double)request->costs->capacity[request->sources[rank]];
  return count > 0;
}
