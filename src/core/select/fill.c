/* fill.c: the greedy fill that the algorithms by order of sources share. */
#include "select.h"

static qm_qty *shared_at(const qm_select *request, size_t line, size_t source) {
  return &request->supply[request->lines[line].product * request->source_count + source];
}

/* Whether the goods there make so many units of a group. Lines of one product share them, so that
 * they are taken on trial. */
static bool makes(const qm_select *request, size_t first, size_t source, qm_qty units) {
  bool enough = true;
  size_t line = first;
  do {
    qm_qty take = units * request->lines[line].unit, *left = shared_at(request, line, source);
    *left -= qm_select_shared_part(request, line, source, take);
    enough &= take == 0 || *left >= 0;
    line = request->lines[line].next;
  } while (line);
  line = first;
  do {
    qm_qty take = units * request->lines[line].unit;
    *shared_at(request, line, source) += qm_select_shared_part(request, line, source, take);
    line = request->lines[line].next;
  } while (line);
  return enough;
}

qm_qty qm_select_units(const qm_select *request, size_t first, size_t source) {
  qm_qty most = -1;
  size_t i = first;
  do {
    const qm_select_line *line = &request->lines[i];
    if (line->unit > 0) {
      qm_qty has = qm_qty_max(0, qm_select_has(request, i, source));
      qm_qty units = qm_qty_min(has, line->need) / line->unit;
      most = most < 0 ? units : qm_qty_min(most, units);
    }
    i = line->next;
  } while (i);
  if (most <= 0)
    return 0;
  if (!request->lines[first].next || makes(request, first, source, most))
    return most;
  qm_qty least = 0; /* so many can be made, `most` cannot */
  while (least + 1 < most) {
    qm_qty middle = least + (most - least) / 2;
    if (makes(request, first, source, middle))
      least = middle;
    else
      most = middle;
  }
  return least;
}

static qm_code take_units(qm_select *request, size_t first, size_t source, qm_qty units) {
  size_t i = first;
  do {
    qm_select_line *line = &request->lines[i];
    qm_qty take = units * line->unit, has = qm_select_has(request, i, source);
    if (take > 0 || (request->all_rows && has >= 0)) {
      if (request->pick_count == request->pick_capacity)
        return QM_LIMIT;
      request->picks[request->pick_count++] = (qm_pick){i, source, take, has};
      if (has >= 0)
        *shared_at(request, i, source) -= qm_select_shared_part(request, i, source, take);
      line->need -= take;
    }
    i = line->next;
  } while (i);
  return QM_OK;
}

static bool is_loose(const qm_select_line *line) {
  return line->uncounted && !line->follows && !line->next;
}

/* Where the first parcel leaves, else the most preferred source that may send the line. */
static bool loose_source(const qm_select *request, size_t line, size_t *source) {
  for (size_t i = 0; i < request->pick_count; i++) {
    *source = request->picks[i].source;
    if (request->picks[i].take > 0 && *shared_at(request, line, *source) >= 0)
      return true;
  }
  for (size_t rank = 0; rank < request->wanted; rank++) {
    *source = request->sources[rank];
    if (*shared_at(request, line, *source) >= 0)
      return true;
  }
  return false;
}

qm_code qm_select_fill(qm_select *request) {
  qm_code code = QM_OK;
  for (size_t rank = 0; rank < request->wanted; rank++) {
    size_t source = request->sources[rank];
    for (size_t i = 0; !code && i < request->line_count; i++) {
      if (request->lines[i].follows || is_loose(&request->lines[i]))
        continue;
      code = take_units(request, i, source, qm_select_units(request, i, source));
    }
  }
  for (size_t i = 0; !code && i < request->line_count; i++) {
    size_t source;
    if (is_loose(&request->lines[i]) && loose_source(request, i, &source))
      code = take_units(request, i, source, qm_select_units(request, i, source));
  }
  return code;
}
