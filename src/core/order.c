#include "order.h"

static qm_qty committed(const qm_line *line) {
  return qm_qty_max(line->invoiced, line->delivered + line->released);
}

qm_qty qm_line_open(const qm_line *line) {
  return line->ordered - line->cancelled - line->delivered - line->released;
}

static qm_qty undelivered(const qm_line *line) {
  return qm_qty_max(0, line->invoiced - line->delivered - line->released);
}

qm_qty qm_line_covered(const qm_line *line) {
  return qm_line_open(line) - line->backordered - line->allocated;
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
  case QM_WRITE_OFF:
    return qm_qty_min(undelivered(line), committed(line) - line->refunded);
  case QM_ALLOCATE:
    return line->tracked == QM_TRACK_ALL ? open - line->allocated : 0;
  case QM_UNALLOCATE:
    return line->allocated;
  }
  return 0;
}

/* Up to *left units of a part of the line; *left becomes what is still to be found. */
static qm_qty take(qm_qty *left, qm_qty part) {
  qm_qty taken = qm_qty_min(*left, part);
  *left -= taken;
  return taken;
}

/* Goods leave for qty open units. What is allocated elsewhere stays claimed as long as it can. */
static void close_leaving(qm_line *line, qm_qty qty, qm_qty here, qm_effect *effect) {
  QM_ASSERT(here >= 0 && here <= line->allocated);
  effect->closed = qty;
  effect->here = take(&qty, here);
  take(&qty, qm_line_covered(line));
  effect->backordered = take(&qty, line->backordered);
  effect->allocated = effect->here + qty;
}

/* Goods of qty open units are lost: of those the line had, so what waits is closed last. */
static void close_lost(qm_line *line, qm_qty qty, qm_qty here, qm_effect *effect) {
  QM_ASSERT(here >= 0 && here <= line->allocated);
  effect->closed = qty;
  effect->here = take(&qty, here);
  take(&qty, qm_line_covered(line));
  effect->allocated = effect->here + take(&qty, line->allocated - here);
  effect->backordered = qty;
}

/* Qty open units are given up: what waits goes first, what is allocated last. */
static void close_given_up(qm_line *line, qm_qty qty, qm_effect *effect) {
  effect->closed = qty;
  effect->backordered = take(&qty, line->backordered);
  take(&qty, qm_line_covered(line));
  effect->allocated = qty;
}

static void refund(qm_line *line, qm_qty qty, qm_effect *effect) {
  effect->withdrawn = qm_qty_min(qty, undelivered(line));
  effect->returnable = qty - effect->withdrawn;
  close_given_up(line, effect->withdrawn, effect);
  line->released += effect->withdrawn;
  line->refunded += qty;
}

void qm_line_apply(qm_line *line, qm_event event, qm_qty qty, qm_qty here, qm_effect *effect) {
  QM_ASSERT(qty > 0 && qty <= qm_line_limit(line, event));
  *effect = (qm_effect){0};
  switch (event) {
  case QM_CANCEL:
    close_given_up(line, qty, effect);
    line->cancelled += qty;
    break;
  case QM_INVOICE:
    if (line->kind == QM_LINE_VIRTUAL) {
      close_leaving(line, qty, here, effect);
      effect->delivered = qty;
    }
    line->delivered += effect->delivered;
    line->invoiced += qty;
    break;
  case QM_SHIP:
    close_leaving(line, qty, here, effect);
    effect->delivered = qty;
    line->delivered += qty;
    break;
  case QM_REFUND:
    refund(line, qty, effect);
    break;
  case QM_RETURN:
    line->returned += qty;
    break;
  case QM_WRITE_OFF:
    close_lost(line, qty, here, effect);
    effect->withdrawn = qty;
    line->released += qty;
    line->refunded += qty;
    break;
  case QM_ALLOCATE:
    effect->allocated = -qty;
    take(&qty, qm_line_covered(line));
    effect->backordered = qty;
    break;
  case QM_UNALLOCATE:
    effect->allocated = qty;
    break;
  }
  line->backordered -= effect->backordered;
  line->allocated -= effect->allocated;
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
