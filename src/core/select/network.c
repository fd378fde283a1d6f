/* network.c: selection that proves what it chooses. See network.h. */
#include "network.h"

#include <math.h>

#include "network_model.h"
#include "scratch.h"

static char *lay_out(network *n, const qm_select *request, char *at) {
  size_t lines = request->line_count, sources = request->wanted, pairs = lines * sources;
  n->item_of = qm_carve(&at, lines, sizeof *n->item_of);
  n->first_line = qm_carve(&at, lines, sizeof *n->first_line);
  n->quantity = qm_carve(&at, lines, sizeof *n->quantity);
  n->loose_item = qm_carve(&at, request->product_count, sizeof *n->loose_item);
  n->item_uses = qm_carve(&at, request->product_count, sizeof *n->item_uses);
  n->want = qm_carve(&at, lines, sizeof(double));
  n->missing = qm_carve(&at, lines, sizeof(double));
  n->have = qm_carve(&at, pairs, sizeof(double));
  n->cost = qm_carve(&at, pairs, sizeof(double));
  n->sent = qm_carve(&at, pairs, sizeof(double));
  n->own = qm_carve(&at, 2 * pairs, sizeof(double));
  n->fixed = qm_carve(&at, sources, sizeof(double));
  n->state = qm_carve(&at, sources, 1);
  n->open = qm_carve(&at, sources, sizeof(bool));
  n->use_start = qm_carve(&at, lines + 1, sizeof *n->use_start);
  n->uses = qm_carve(&at, 2 * lines, sizeof *n->uses); /* goods, and room at the source */
  n->supply = qm_carve(&at, (request->product_count + 1) * sources, sizeof(double));
  n->taken = qm_carve(&at, lines * request->source_count, sizeof *n->taken);
  n->scratch = at;
  return at;
}

size_t qm_network_scratch(const qm_select *request) {
  network n;
  char *none = NULL;
  return (size_t)(lay_out(&n, request, none) - none) +
         qm_exact_scratch(request->line_count, request->wanted, request->product_count + 1);
}

uint64_t qm_network_budget(size_t line_count, size_t wanted) {
  size_t pairs = line_count * wanted;
  return pairs > QM_NETWORK_SMALL ? QM_STEPS_STANDARD * QM_NETWORK_SMALL / pairs
                                  : QM_STEPS_STANDARD;
}

static qm_code solve(network *n) {
  const qm_select_costs *costs = n->request->costs;
  qm_certificate *certificate = n->request->certificate;
  bool sharing = qm_network_find_shared(n);
  if (!qm_network_weigh(n, !qm_network_priced(n) && (sharing || costs->most < n->sources)))
    return QM_LIMIT;
  qm_exact problem = {.item_count = n->item_count,
                      .source_count = n->sources,
                      .want = n->want,
                      .have = n->have,
                      .cost = n->cost,
                      .missing = n->missing,
                      .fixed = n->fixed,
                      .state = n->state,
                      .most = costs->most,
                      .use_start = sharing ? n->use_start : NULL,
                      .uses = n->uses,
                      .supply = n->supply,
                      .product_count = sharing ? n->request->product_count + 1 : 0,
                      .budget = costs->budget,
                      .scratch = n->scratch};
  qm_exact_plan plan = {.open = n->open, .sent = n->sent};
  qm_exact_solve(&problem, &plan);
  if (plan.cost == INFINITY)
    return QM_INVALID;
  *certificate = (qm_certificate){.optimal = plan.optimal && !n->is_rough,
                                  .bound = qm_network_bound(n, plan.bound),
                                  .steps = plan.steps};
  return qm_network_list_picks(n);
}

static qm_code select_proven(qm_select *request, bool fewest) {
  network n = {.request = request, .fewest = fewest, .sources = request->wanted};
  qm_qty all = 0;
  for (size_t i = 0; i < request->line_count && all <= QM_QTY_MAX; i++)
    all += request->lines[i].need;
  if (all > QM_QTY_MAX || request->line_count * request->wanted > QM_NETWORK_MAX)
    return QM_LIMIT;
  lay_out(&n, request, request->scratch);
  qm_network_list_items(&n);
  return solve(&n);
}

qm_code qm_select_fewest(qm_select *request) {
  return select_proven(request, true);
}

qm_code qm_select_cheapest(qm_select *request) {
  return select_proven(request, false);
}
