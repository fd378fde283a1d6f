#include "select.h"

qm_code qm_select_priority(qm_select *request) {
  for (size_t rank = 0; rank < request->source_count; rank++) {
    size_t source = request->sources[rank];
    for (size_t i = 0; i < request->line_count; i++) {
      qm_select_line *line = &request->lines[i];
      qm_qty *supply = &request->supply[line->product * request->source_count + source];
      if (*supply < 0)
        continue;
      qm_qty take = qm_qty_min(*supply, line->need);
      if (take == 0 && !request->all_rows)
        continue;
      if (request->pick_count == request->pick_capacity)
        return QM_LIMIT;
      request->picks[request->pick_count++] = (qm_pick){i, source, take, *supply};
      *supply -= take;
      line->need -= take;
    }
  }
  return QM_OK;
}
