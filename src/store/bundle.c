/* bundle.c: lines that move together. What happens to a bundle happens to its line and, in
 * proportion, to the lines of its parts: all of them or none, exactly. What is shipped leaves from
 * one source. Parts that are not goods are delivered by the invoice; what is only about goods
 * leaves them alone, unless the bundle has no goods at all. */
#include "walk.h"

#include <stdlib.h>

static qm_code next_part(const qm_walk *walk, const qm_placed_line *whole, qm_placed_line *part,
                         bool *found) {
  return qm_walk_part(walk, part->number, whole->number, part, found);
}

static bool is_goods(const qm_placed_line *part) {
  return part->counters.kind == QM_LINE_GOODS;
}

static bool is_about_goods(qm_event event) {
  return event == QM_SHIP || event == QM_RETURN || event == QM_ALLOCATE || event == QM_UNALLOCATE;
}

/* Claims are made for parts; the whole counts what becomes of it. */
static bool is_counted(qm_event event) {
  return event != QM_ALLOCATE && event != QM_UNALLOCATE;
}

/* ---- how far ---- */

/* No part can have the event. */
#define NO_LIMIT INT64_MAX

/* In units of the whole, how far the event may go with a part. */
static qm_code limit_by(qm_walk *walk, const qm_placed_line *whole, const qm_placed_line *part,
                        qm_qty *units) {
  qm_qty limit;
  qm_code code = qm_walk_limit(walk, part, &limit);
  if (!code)
    *units = qm_qty_proportion_within(limit, part->counters.ordered, whole->counters.ordered);
  return code;
}

/* Parts that can never have the event do not hold up the others. A bundle without goods is
 * delivered by its invoice, like its parts. */
qm_code qm_bundle_scope(qm_walk *walk, qm_placed_line *whole, qm_problem_kind *barred,
                        qm_qty *limit) {
  qm_event event = walk->step->event;
  qm_placed_line part = {0};
  qm_qty units = 0, goods = NO_LIMIT, others = NO_LIMIT;
  bool found, any_goods = false;
  *limit = 0;
  *barred = QM_P_NONE;
  for (;;) {
    qm_code code = next_part(walk, whole, &part, &found);
    if (code)
      return code;
    if (!found)
      break;
    any_goods |= is_goods(&part);
    qm_problem_kind bar = qm_walk_bar(walk, &part);
    if (bar) {
      *barred = bar;
      continue;
    }
    code = limit_by(walk, whole, &part, &units);
    if (code)
      return code;
    qm_qty *least = is_goods(&part) ? &goods : &others;
    *least = qm_qty_min(*least, units);
  }
  if (!any_goods)
    whole->counters.kind = QM_LINE_VIRTUAL;
  qm_qty least = any_goods && is_about_goods(event) ? goods : qm_qty_min(goods, others);
  if (least == NO_LIMIT)
    return QM_OK;
  *barred = QM_P_NONE;
  *limit = least;
  if (is_counted(event))
    *limit = qm_qty_min(*limit, qm_line_limit(&whole->counters, event));
  return QM_OK;
}

/* ---- moving ---- */

/* What of a part moves with qty of the whole; 0: nothing. */
static qm_code share_of(qm_walk *walk, int row, const qm_placed_line *whole,
                        const qm_placed_line *part, qm_qty qty, qm_qty *share) {
  bool stays = !is_goods(part) && whole->counters.kind == QM_LINE_BUNDLE &&
               is_about_goods(walk->step->event);
  qm_qty limit = 0;
  if (!qm_qty_in_proportion(qty, part->counters.ordered, whole->counters.ordered, share)) {
    *share = 0;
    return qm_line_refuse(walk->tx, QM_P_PROPORTION, row, whole, qty, 0);
  }
  if (qm_walk_bar(walk, part) || (stays && walk->step->event != QM_RETURN)) {
    *share = 0;
    return QM_OK;
  }
  qm_code code = qm_walk_limit(walk, part, &limit);
  if (stays) /* it comes back as far as it was delivered */
    *share = qm_qty_min(*share, limit);
  if (code || *share <= limit)
    return code;
  return qm_line_refuse(walk->tx, walk->step->exceeds, row, part, *share, limit);
}

/* Can qty of the whole be divided into its parts, and do they allow it? */
static qm_code check_parts(qm_walk *walk, int row, const qm_placed_line *whole, qm_qty qty) {
  qm_tx *tx = walk->tx;
  qm_placed_line part = {0};
  bool found = true;
  qm_qty share;
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = QM_OK;
  while (!code && tx->verdict->problem_count == problems) {
    code = next_part(walk, whole, &part, &found);
    if (code || !found)
      break;
    code = share_of(walk, row, whole, &part, qty, &share);
  }
  return code;
}

qm_code qm_bundle_change(qm_walk *walk, int row, qm_placed_line *whole, qm_qty qty) {
  qm_tx *tx = walk->tx;
  qm_placed_line part = {0};
  bool found = true;
  qm_qty share;
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = check_parts(walk, row, whole, qty);
  if (code || tx->verdict->problem_count > problems)
    return code;
  code = is_counted(walk->step->event) ? qm_walk_change(walk, row, whole, qty)
                                       : qm_line_answer(tx, whole, walk->source, qty);
  while (!code && tx->verdict->problem_count == problems) {
    code = next_part(walk, whole, &part, &found);
    if (code || !found)
      break;
    code = share_of(walk, row, whole, &part, qty, &share);
    if (!code && share > 0)
      code = qm_walk_change(walk, row, &part, share);
  }
  return code;
}

/* ---- by a plan ---- */

qm_code qm_bundle_gather(qm_walk *walk, int row, const qm_placed_line *part, qm_qty qty) {
  if (walk->pick_count == walk->pick_capacity) {
    size_t capacity = walk->pick_capacity ? walk->pick_capacity * 2 : 64;
    qm_bundle_pick *picks = realloc(walk->picks, capacity * sizeof *picks);
    if (!picks)
      return qm_fail(walk->tx->err, QM_MEMORY, "out of memory");
    walk->picks = picks;
    walk->pick_capacity = capacity;
  }
  walk->picks[walk->pick_count++] = (qm_bundle_pick){.parent = part->parent,
                                                     .number = part->number,
                                                     .source = walk->source,
                                                     .qty = qty,
                                                     .row = row};
  return QM_OK;
}

static int compare_picks(const void *a, const void *b) {
  const qm_bundle_pick *x = a, *y = b;
  if (x->parent != y->parent)
    return x->parent < y->parent ? -1 : 1;
  if (x->source != y->source)
    return x->source < y->source ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

/* The picks of one bundle from one source. */
typedef struct parcel {
  const qm_bundle_pick *picks;
  size_t count;
} parcel;

static qm_qty picked(const parcel *p, int64_t number) {
  qm_qty sum = 0;
  for (size_t i = 0; i < p->count; i++)
    if (p->picks[i].number == number && qm_qty_add(sum, p->picks[i].qty, &sum) != QM_OK)
      return QM_QTY_MAX;
  return sum;
}

/* How many whole bundles a parcel holds, by its parts that are goods and counted (or those that are
 * not); *any: there are such parts; *fits: they are in proportion. */
static qm_code bundles_in(const qm_walk *walk, const parcel *p, const qm_placed_line *whole,
                          bool counted, bool *any, bool *fits, qm_qty *units) {
  qm_placed_line part = {0};
  bool found;
  *any = false;
  *fits = true;
  for (;;) {
    qm_code code = next_part(walk, whole, &part, &found);
    if (code || !found)
      return code;
    if (!is_goods(&part) || (part.counters.tracked != QM_TRACK_NOTHING) != counted)
      continue;
    qm_qty taken = picked(p, part.number), these = 0, all = part.counters.ordered;
    bool exact = taken <= all && qm_qty_in_proportion(taken, whole->counters.ordered, all, &these);
    *fits = *fits && exact && (!*any || these == *units);
    *any = true;
    *units = these;
  }
}

/* Parts that are not counted go with those that are. *moved grows by the bundles of the parcel. */
static qm_code move_parcel(qm_walk *walk, const parcel *p, qm_placed_line *whole, qm_qty *moved) {
  qm_tx *tx = walk->tx;
  const qm_bundle_pick *first = p->picks;
  qm_problem_kind barred;
  bool found, any = false, fits = true;
  qm_qty units = 0, limit = 0;
  qm_code code = qm_walk_next(walk, first->parent - 1, NULL, whole, &found);
  if (!code)
    code = bundles_in(walk, p, whole, true, &any, &fits, &units);
  if (!code && !any)
    code = bundles_in(walk, p, whole, false, &any, &fits, &units);
  if (!code && !fits)
    return qm_line_refuse(tx, QM_P_PLAN_PROPORTION, first->row, whole, 0, 0);
  if (code || units == 0)
    return code;
  walk->source = first->source;
  code = qm_bundle_scope(walk, whole, &barred, &limit);
  if (!code && units > limit)
    return qm_line_refuse(tx, walk->step->exceeds, first->row, whole, units, limit);
  *moved += units;
  return code ? code : qm_bundle_change(walk, first->row, whole, units);
}

/* Wherever the plan lets parts leave from that are not counted: there are no more of them than go
 * with the bundles. */
static qm_code check_parcels(const qm_walk *walk, const parcel *all, const qm_placed_line *whole,
                             qm_qty moved) {
  qm_placed_line part = {0};
  bool found;
  for (;;) {
    qm_qty share = 0;
    qm_code code = next_part(walk, whole, &part, &found);
    if (code || !found)
      return code;
    qm_qty_in_proportion(moved, part.counters.ordered, whole->counters.ordered, &share);
    if (picked(all, part.number) > share)
      return qm_line_refuse(walk->tx, QM_P_PLAN_PROPORTION, all->picks->row, whole, 0, 0);
  }
}

static size_t same_picks(const qm_bundle_pick *picks, size_t count, bool by_source) {
  size_t n = 1;
  while (n < count && picks[n].parent == picks->parent &&
         (!by_source || picks[n].source == picks->source))
    n++;
  return n;
}

static qm_code move_picks(qm_walk *walk, const parcel *all) {
  qm_tx *tx = walk->tx;
  qm_placed_line whole;
  qm_qty moved = 0;
  uint32_t problems = tx->verdict->problem_count;
  qm_code code = QM_OK;
  for (size_t i = 0, n; !code && i < all->count; i += n) {
    n = same_picks(all->picks + i, all->count - i, true);
    parcel p = {all->picks + i, n};
    code = qm_clean_row(tx, move_parcel(walk, &p, &whole, &moved));
  }
  if (code || tx->verdict->problem_count > problems)
    return code;
  return qm_clean_row(tx, check_parcels(walk, all, &whole, moved));
}

qm_code qm_bundle_picked(qm_walk *walk) {
  qm_code code = QM_OK;
  qsort(walk->picks, walk->pick_count, sizeof *walk->picks, compare_picks);
  for (size_t i = 0, n; !code && i < walk->pick_count; i += n) {
    n = same_picks(walk->picks + i, walk->pick_count - i, false);
    parcel all = {walk->picks + i, n};
    code = move_picks(walk, &all);
  }
  return code;
}
