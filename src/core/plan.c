#include "plan.h"

qm_plan_fault qm_plan_check(const qm_select *request, qm_qty *needs, qm_qty *supply,
                            size_t *index) {
  for (size_t i = 0; i < request->pick_count; i++) {
    const qm_pick *pick = &request->picks[i];
    *index = i;
    if (pick->line >= request->line_count)
      return QM_PLAN_NO_LINE;
    if (pick->source >= request->source_count)
      return QM_PLAN_NO_SOURCE;
    qm_qty *left =
        &supply[request->lines[pick->line].product * request->source_count + pick->source];
    if (*left < 0)
      return QM_PLAN_NO_SOURCE;
    if (pick->take < 0 || (pick->take == 0 && !request->all_rows))
      return QM_PLAN_QTY;
    for (size_t j = 0; j < i; j++)
      if (request->picks[j].line == pick->line && request->picks[j].source == pick->source)
        return QM_PLAN_TWICE;
    if (pick->take > *left)
      return QM_PLAN_SUPPLY;
    if (pick->take > needs[pick->line])
      return QM_PLAN_NEED;
    *left -= pick->take;
    needs[pick->line] -= pick->take;
  }
  return QM_PLAN_FINE;
}

static const struct {
  const char *rule, *detail;
} whys[] = {
    [QM_WHY_USED] = {"priority", "the most preferred source that had any left"},
    [QM_WHY_DISABLED] = {"disabled", "the source is disabled"},
    [QM_WHY_NO_ITEM] = {"no_item", "the product is not kept there"},
    [QM_WHY_OUT_OF_STOCK] = {"out_of_stock", "the source item is marked out of stock"},
    [QM_WHY_EMPTY] = {"empty", "nothing is left there for this order"},
    [QM_WHY_FILLED] = {"filled", "more preferred sources had filled the line"},
    [QM_WHY_NOT_NAMED] = {"not_named", "the request named other sources"},
};

const char *qm_why_rule(qm_why why) {
  return whys[why].rule;
}
const char *qm_why_detail(qm_why why) {
  return whys[why].detail;
}
