#include "select.h"

static bool is_nearer(const qm_select *request, size_t source, size_t other) {
  int64_t far = request->metres[source], other_far = request->metres[other];
  return far != QM_FAR_UNKNOWN && (other_far == QM_FAR_UNKNOWN || far < other_far);
}

/* By insertion, which leaves equal ones in order; there are a few hundred sources at most. */
static void nearest_first(qm_select *request) {
  for (size_t i = 1; i < request->wanted; i++) {
    size_t source = request->sources[i], place = i;
    for (; place > 0 && is_nearer(request, source, request->sources[place - 1]); place--)
      request->sources[place] = request->sources[place - 1];
    request->sources[place] = source;
  }
}

qm_code qm_select_distance(qm_select *request) {
  if (request->metres)
    nearest_first(request);
  return qm_select_fill(request);
}
