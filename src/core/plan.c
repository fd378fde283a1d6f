#include "plan.h"

#include <stdio.h>

static qm_plan_fault check_pick(const qm_select *request, const qm_pick *pick, qm_qty *needs,
                                qm_qty *supply, qm_qty *taken) {
  if (pick->line >= request->line_count)
    return QM_PLAN_NO_LINE;
  if (pick->source >= request->source_count)
    return QM_PLAN_NO_SOURCE;
  size_t product = request->lines[pick->line].product;
  size_t pair = pick->line * request->source_count + pick->source;
  qm_qty *shared = &supply[product * request->source_count + pick->source];
  if (*shared < 0)
    return QM_PLAN_NO_SOURCE;
  if (pick->take < 0 || (pick->take == 0 && !request->all_rows))
    return QM_PLAN_QTY;
  if (taken[pair] != QM_NO_PICK)
    return QM_PLAN_TWICE;
  qm_qty part = qm_select_shared_part(request, pick->line, pick->source, pick->take);
  if (part > *shared)
    return QM_PLAN_SUPPLY;
  if (pick->take > needs[pick->line])
    return QM_PLAN_NEED;
  *shared -= part;
  needs[pick->line] -= pick->take;
  taken[pair] = pick->take;
  return QM_PLAN_FINE;
}

/* Whether a source gives the same number of units of each line of a group, and no part of one. */
static bool whole_units(const qm_select *request, size_t first, size_t source,
                        const qm_qty *taken) {
  qm_qty units = -1;
  size_t i = first;
  do {
    const qm_select_line *line = &request->lines[i];
    qm_qty take = qm_qty_max(0, taken[i * request->source_count + source]);
    if (line->unit == 0 ? take > 0 : take % line->unit != 0)
      return false;
    if (line->unit > 0 && units >= 0 && take / line->unit != units)
      return false;
    if (line->unit > 0)
      units = take / line->unit;
    i = line->next;
  } while (i);
  return true;
}

/* The first pick of a group from a source. */
static size_t pick_of(const qm_select *request, size_t first, size_t source) {
  for (size_t pick = 0; pick < request->pick_count; pick++) {
    size_t i = first;
    do {
      if (request->picks[pick].line == i && request->picks[pick].source == source)
        return pick;
      i = request->lines[i].next;
    } while (i);
  }
  return 0;
}

qm_plan_fault qm_plan_check(const qm_select *request, qm_qty *needs, qm_qty *supply, qm_qty *taken,
                            size_t *index) {
  for (size_t pair = 0; pair < request->line_count * request->source_count; pair++)
    taken[pair] = QM_NO_PICK;
  for (*index = 0; *index < request->pick_count; ++*index) {
    qm_plan_fault fault = check_pick(request, &request->picks[*index], needs, supply, taken);
    if (fault)
      return fault;
  }
  for (size_t i = 0; i < request->line_count; i++) {
    const qm_select_line *line = &request->lines[i];
    if (line->follows || (line->unit == 1 && !line->next))
      continue;
    for (size_t source = 0; source < request->source_count; source++) {
      if (whole_units(request, i, source, taken))
        continue;
      *index = pick_of(request, i, source);
      return QM_PLAN_GROUP;
    }
  }
  return QM_PLAN_FINE;
}

static const struct {
  const char *rule, *detail;
} whys[QM_WHYS] = {
    [QM_WHY_USED] = {"priority", "the most preferred source that had any left"},
    [QM_WHY_NEAREST] = {"distance", "the nearest source that had any left"},
    [QM_WHY_UNCOUNTED] = {"untracked", "its stock is not counted, so it may leave from anywhere"},
    [QM_WHY_DISABLED] = {"disabled", "the source is disabled"},
    [QM_WHY_NO_ITEM] = {"no_item", "the product is not kept there"},
    [QM_WHY_OUT_OF_STOCK] = {"out_of_stock", "the source item is marked out of stock"},
    [QM_WHY_EMPTY] = {"empty", "nothing is left there for this order"},
    [QM_WHY_FILLED] = {"filled", "more preferred sources had filled the line"},
    [QM_WHY_GROUP] = {"group", "what is left there is not a whole unit of what ships together"},
    [QM_WHY_SPLIT] = {"whole", "the line may not be split, and not all of it is there"},
    [QM_WHY_NOT_NAMED] = {"not_named", "the request named other sources"},
    [QM_WHY_EXCLUDED] = {"excluded", "the request's terms exclude the source"},
    [QM_WHY_LATE] = {"late", "it could not be delivered in time from there"},
    [QM_WHY_SAFETY] = {"safety", "what is left there is kept as safety stock"},
    [QM_WHY_CAPACITY] = {"capacity", "no more may leave from there"},
    [QM_WHY_FEWEST] = {"fewest", "one of the fewest shipments that send all there is"},
    [QM_WHY_CHEAPEST] = {"cheapest", "part of the cheapest plan"},
    [QM_WHY_COST] = {"cost", "it would cost more"},
    [QM_WHY_SHIPMENT] = {"shipment", "it would be one more shipment"},
    [QM_WHY_NONE] = {"all_or_nothing", "not all that was asked for can be sent, so nothing is"},
    [QM_WHY_LEFT_OUT] = {"left_out",
                         "no more of the line is sent: not at that price, or not from so "
                         "many sources"},
};

const char *qm_why_rule(qm_why why) {
  return whys[why].rule;
}

size_t qm_why_cost_text(int64_t more, char out[QM_WHY_TEXT]) {
  char amount[QM_QTY_TEXT];
  qm_qty_format(more, amount);
  int length = snprintf(out, QM_WHY_TEXT, "from there the line would cost %s more", amount);
  QM_ASSERT(length > 0 && length < QM_WHY_TEXT);
  return (size_t)length;
}

size_t qm_why_text(qm_why why, bool by_distance, int64_t metres, char out[QM_WHY_TEXT]) {
  const char *said = whys[why].detail;
  int64_t tenths = (metres + 50) / 100; /* of a kilometre */
  int length;
  if (!by_distance)
    length = snprintf(out, QM_WHY_TEXT, "%s", said);
  else if (metres == QM_FAR_UNKNOWN)
    length = snprintf(out, QM_WHY_TEXT, "%s (distance unknown)", said);
  else
    length = snprintf(out, QM_WHY_TEXT, "%s (%lld.%lld km)", said, (long long)(tenths / 10),
                      (long long)(tenths % 10));
  QM_ASSERT(length > 0 && length < QM_WHY_TEXT);
  return (size_t)length;
}
