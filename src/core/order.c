#include "order.h"

static qm_qty committed(const qm_line *line) {
  return qm_qty_max(line->invoiced, line->delivered + line->released);
}

qm_qty qm_line_open(const qm_line *line) {
  return line->ordered - line->cancelled - line->delivered - line->released;
}

qm_qty qm_line_limit(const qm_line *line, qm_event event) {
  qm_qty open = qm_line_open(line);
  switch (event) {
  case QM_CANCEL:
    return line->ordered - line->cancelled - committed(line);
  case QM_INVOICE: {
    qm_qty left = line->ordered - line->cancelled - line->invoiced;
    return line->kind == QM_LINE_VIRTUAL ? qm_qty_min(left, open) : left;
  }
  case QM_SHIP:
    return line->kind == QM_LINE_VIRTUAL ? 0 : open;
  case QM_REFUND:
    return committed(line) - line->refunded;
  case QM_RETURN:
    return line->delivered - line->returned;
  }
  return 0;
}

/* Closes qty open units: what waits goes first, then what is covered, then what is allocated. A
 * delivery is the other way about, since goods that leave were there: covered units go first. */
static void close_units(qm_line *line, qm_qty qty, bool delivery, qm_effect *effect) {
  qm_qty covered = qm_line_open(line) - line->backordered - line->allocated;
  qm_qty waiting = line->backordered;
  if (delivery)
    waiting = qm_qty_max(0, qty - covered - line->allocated);
  effect->closed = qty;
  effect->backordered = qm_qty_min(qty, qm_qty_min(waiting, line->backordered));
  line->backordered -= effect->backordered;
  effect->allocated = qm_qty_max(0, qty - covered - effect->backordered);
  line->allocated -= effect->allocated;
}

void qm_line_apply(qm_line *line, qm_event event, qm_qty qty, qm_effect *effect) {
  QM_ASSERT(qty > 0 && qty <= qm_line_limit(line, event));
  *effect = (qm_effect){0};
  switch (event) {
  case QM_CANCEL:
    close_units(line, qty, false, effect);
    line->cancelled += qty;
    break;
  case QM_INVOICE:
    if (line->kind == QM_LINE_VIRTUAL) {
      close_units(line, qty, true, effect);
      line->delivered += qty;
      effect->delivered = qty;
    }
    line->invoiced += qty;
    break;
  case QM_SHIP:
    close_units(line, qty, true, effect);
    line->delivered += qty;
    effect->delivered = qty;
    break;
  case QM_REFUND: {
    qm_qty undelivered = qm_qty_max(0, line->invoiced - line->delivered - line->released);
    effect->withdrawn = qm_qty_min(qty, undelivered);
    effect->returnable = qty - effect->withdrawn;
    if (effect->withdrawn > 0)
      close_units(line, effect->withdrawn, false, effect);
    line->released += effect->withdrawn;
    line->refunded += qty;
    break;
  }
  case QM_RETURN:
    line->returned += qty;
    break;
  }
  QM_ASSERT(qm_line_valid(line));
}

bool qm_line_valid(const qm_line *line) {
  qm_qty open = qm_line_open(line);
  return line->ordered > 0 && line->cancelled >= 0 && line->invoiced >= 0 && line->delivered >= 0 &&
         line->refunded >= 0 && line->released >= 0 && line->returned >= 0 &&
         line->allocated >= 0 && line->backordered >= 0 && open >= 0 &&
         line->cancelled + committed(line) <= line->ordered && line->refunded <= committed(line) &&
         line->returned <= line->delivered && line->allocated + line->backordered <= open &&
         (line->tracked == QM_TRACK_ALL || line->allocated + line->backordered == 0);
}
