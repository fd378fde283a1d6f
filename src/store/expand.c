/* expand.c: from the rows of an order to its lines. A row of a composite becomes a line of its own,
 * which moves nothing by itself, and a line for each product that was chosen of it. */
#include "composite.h"

#include <stdlib.h>

typedef struct offered {
  qm_offer offer;
  bool chosen;
} offered;

typedef struct expanding {
  qm_tx *tx;
  qm_wants *wants;
  int64_t number; /* the highest line number so far */
  bool full;
  offered *offers; /* of the composite at hand */
  size_t offer_count, offer_capacity;
} expanding;

static const qm_row *row_of(const expanding *x, int index) {
  return qm_op_row(x->tx->op, (uint32_t)index);
}

qm_str qm_want_sku(const qm_tx *tx, const qm_want *want) {
  if (want->chosen.at)
    return qm_out_str(&tx->store->out, want->chosen);
  return qm_op_str(tx->op, qm_op_row(tx->op, (uint32_t)want->row)->sku);
}

qm_code qm_want_add(qm_tx *tx, qm_wants *wants, const qm_want *want) {
  qm_block *block = &tx->store->wants;
  size_t most = block->size / sizeof *want;
  if (wants->count == most) {
    qm_code code = qm_make_room(tx, block, most > 0 ? most * 2 : 8, sizeof *want);
    if (code)
      return code;
  }
  wants->list = block->p;
  wants->list[wants->count++] = *want;
  return QM_OK;
}

static qm_code add_want(expanding *x, const qm_want *want) {
  x->full = x->full || x->wants->count == QM_LINES_MAX;
  return x->full ? QM_OK : qm_want_add(x->tx, x->wants, want);
}

qm_line_kind qm_kind_of(int product_type) {
  return product_type == QM_SIMPLE ? QM_LINE_GOODS : QM_LINE_VIRTUAL;
}

static qm_code add_row(expanding *x, int index) {
  qm_tx *tx = x->tx;
  const qm_row *row = row_of(x, index);
  qm_str sku;
  qm_want want = {.number = row->line, .row = index};
  bool found;
  bool legal = qm_row_sku(tx, index, &sku);
  if (!qm_row_qty(tx, index, 1, &want.qty))
    legal = false;
  if (row->line > x->number && row->line < 1 << QM_LINE_BITS)
    x->number = row->line;
  if (!legal)
    return QM_OK;
  qm_code code = qm_find_product(tx, sku, &want.product, &found);
  if (code)
    return code;
  if (!found || want.product.state != QM_DECLARED) {
    qm_problem_add(tx, QM_P_NO_PRODUCT, index, sku);
    return QM_OK;
  }
  want.kind = qm_kind_of(want.product.type);
  if (qm_is_composite(want.product.type))
    want.kind = QM_LINE_PARENT;
  else if (row->flags & QM_HAS_PARTS)
    qm_problem_add(tx, QM_P_NO_CHOICE, index, sku);
  return add_want(x, &want);
}

/* ---- choosing ---- */

static qm_code load_offers(expanding *x, int64_t product) {
  qm_offer offer = {0};
  bool row = true;
  x->offer_count = 0;
  qm_code code = qm_offers_start(x->tx, product);
  while (!code && !(code = qm_offers_next(x->tx, &offer, &row)) && row) {
    if (x->offer_count == x->offer_capacity) {
      size_t capacity = x->offer_capacity ? x->offer_capacity * 2 : 64;
      offered *offers = realloc(x->offers, capacity * sizeof *offers);
      if (!offers) {
        qm_offers_end(x->tx);
        return qm_fail(x->tx->err, QM_MEMORY, "out of memory");
      }
      x->offers = offers;
      x->offer_capacity = capacity;
    }
    x->offers[x->offer_count++] = (offered){.offer = offer};
  }
  return code;
}

/* `each`: so many in one unit of the whole. */
static qm_code add_part(expanding *x, uint32_t parent, int row, const qm_offer *offer, qm_qty each,
                        qm_span chosen) {
  qm_tx *tx = x->tx;
  const qm_want *whole = &x->wants->list[parent];
  qm_want want = {.product = offer->child,
                  .parent = whole->number,
                  .kind = qm_kind_of(offer->child.type),
                  .row = row,
                  .chosen = chosen};
  qm_code wrong = qm_qty_times(whole->qty, each, &want.qty);
  if (wrong) {
    qm_problem_kind kind = wrong == QM_LIMIT ? QM_P_SUM_RANGE : QM_P_QTY_PRODUCT;
    qm_problem_add(tx, kind, row, qm_want_sku(tx, &want));
    return QM_OK;
  }
  want.number = ++x->number;
  return add_want(x, &want);
}

static qm_code find_option(qm_tx *tx, int64_t product, int row, int64_t *choice) {
  qm_str name = qm_op_str(tx->op, qm_op_row(tx->op, (uint32_t)row)->note);
  bool found;
  *choice = 0;
  if (!name.p)
    return QM_OK;
  qm_code code = QM_FIRST(tx, CHOICE_BY_NAME, &found, QM_I(product), QM_T(name));
  if (code || !found) {
    if (!code)
      qm_problem_add(tx, QM_P_NO_OPTION, row, name);
    return code;
  }
  *choice = QM_COL_INT(tx, CHOICE_BY_NAME, 0);
  QM_END(tx, CHOICE_BY_NAME);
  return QM_OK;
}

/* Must something be chosen yet of the option that the offer is in? */
static bool is_wanting(const expanding *x, const offered *o) {
  for (size_t i = 0; i < x->offer_count; i++)
    if (x->offers[i].offer.choice == o->offer.choice && x->offers[i].chosen)
      return false;
  return o->offer.required;
}

/* An offer of the product that is not taken yet, in any option or in that one: the first of those
 * where something must be chosen, else the first. */
static offered *take_offer(expanding *x, int64_t product, int64_t choice, bool *offers_it) {
  offered *best = NULL;
  *offers_it = false;
  for (size_t i = 0; i < x->offer_count; i++) {
    offered *o = &x->offers[i];
    if (o->offer.child.id != product || (choice != 0 && o->offer.choice != choice))
      continue;
    *offers_it = true;
    if (!o->chosen && is_wanting(x, o))
      return o;
    if (!o->chosen && !best)
      best = o;
  }
  return best;
}

static qm_code choose(expanding *x, uint32_t parent, int row) {
  qm_tx *tx = x->tx;
  const qm_row *part = row_of(x, row);
  int64_t whole = x->wants->list[parent].product.id, choice;
  uint32_t problems = tx->verdict->problem_count;
  qm_str sku;
  qm_qty each = 0;
  qm_product product;
  bool found = false, offers_it = false;
  qm_row_sku(tx, row, &sku);
  bool given = part->bad || (part->flags & QM_HAS_QTY);
  if (given)
    qm_row_qty(tx, row, 1, &each);
  qm_code code = find_option(tx, whole, row, &choice);
  if (code || tx->verdict->problem_count > problems)
    return code;
  code = qm_find_product(tx, sku, &product, &found);
  if (code)
    return code;
  offered *o = found ? take_offer(x, product.id, choice, &offers_it) : NULL;
  if (!o) {
    qm_problem_add(tx, offers_it ? QM_P_SELECTION_TWICE : QM_P_NO_SELECTION, row, sku);
    return QM_OK;
  }
  o->chosen = true;
  if (given && !o->offer.own_qty && each != o->offer.qty) {
    qm_problem_numbers(tx, QM_P_SELECTION_QTY, row, sku, each, o->offer.qty);
    return QM_OK;
  }
  return add_part(x, parent, row, &o->offer, given ? each : o->offer.qty, (qm_span){0, 0});
}

/* ---- what was not chosen ---- */

static qm_code refuse_option(qm_tx *tx, int row, int64_t product, int64_t choice) {
  char number[24];
  bool found;
  qm_code code = QM_FIRST(tx, CHOICE_NAME, &found, QM_I(product), QM_I(choice));
  if (code)
    return code;
  qm_str name = found ? QM_COL_STR(tx, CHOICE_NAME, 0) : (qm_str){NULL, 0};
  qm_problem_add(tx, QM_P_CHOOSE_FROM, row, name.p ? name : qm_number_text(choice, number));
  QM_END(tx, CHOICE_NAME);
  return QM_OK;
}

/* An option, offers first to last: one that is required and leaves no choice is chosen. */
static qm_code complete_option(expanding *x, uint32_t parent, size_t first, size_t last) {
  qm_tx *tx = x->tx;
  const qm_want *whole = &x->wants->list[parent];
  const offered *only = &x->offers[first];
  qm_span sku;
  for (size_t i = first; i < last; i++)
    if (x->offers[i].chosen)
      return QM_OK;
  if (!only->offer.required)
    return QM_OK;
  if (last - first > 1 || only->offer.child.id == 0) {
    if (whole->product.type != QM_CONFIGURABLE)
      return refuse_option(tx, whole->row, whole->product.id, only->offer.choice);
    qm_problem_add(tx, QM_P_CHOOSE_ONE, whole->row, qm_want_sku(tx, whole));
    return QM_OK;
  }
  qm_code code = qm_sku_of(tx, only->offer.child.id, &sku);
  return code ? code : add_part(x, parent, whole->row, &only->offer, only->offer.qty, sku);
}

static qm_code complete(expanding *x, uint32_t parent) {
  qm_code code = QM_OK;
  for (size_t first = 0, last; !code && first < x->offer_count; first = last) {
    for (last = first + 1; last < x->offer_count; last++)
      if (x->offers[last].offer.choice != x->offers[first].offer.choice)
        break;
    code = complete_option(x, parent, first, last);
  }
  return code;
}

/* ---- composites ---- */

static qm_line_kind composite_kind(int type, const qm_composite *composite) {
  bool whole = type == QM_CONFIGURABLE || (type == QM_BUNDLE && composite->together);
  return whole ? QM_LINE_BUNDLE : QM_LINE_PARENT;
}

static qm_code expand_composite(expanding *x, uint32_t parent) {
  qm_tx *tx = x->tx;
  qm_want *whole = &x->wants->list[parent];
  const qm_row *row = row_of(x, whole->row);
  const qm_product product = whole->product;
  int index = whole->row;
  uint32_t count = x->wants->count;
  qm_composite composite;
  qm_str sku = qm_op_str(tx->op, row->sku);
  qm_code code = qm_get_composite(tx, product.id, &composite);
  if (code)
    return code;
  whole->kind = composite_kind(product.type, &composite);
  if (!composite.in_stock)
    qm_problem_add(tx, QM_P_COMPOSITE_OUT, index, sku);
  uint32_t problems = tx->verdict->problem_count;
  code = load_offers(x, product.id);
  for (uint32_t i = 0; !code && i < row->part_count; i++)
    code = choose(x, parent, (int)(tx->op->row_count + row->part_first + i));
  if (code || tx->verdict->problem_count > problems)
    return code;
  if (product.type == QM_CONFIGURABLE && x->wants->count > count + 1)
    qm_problem_add(tx, QM_P_CHOOSE_ONE, index, sku);
  code = complete(x, parent);
  if (code || x->full || tx->verdict->problem_count > problems)
    return code;
  if (x->wants->count == count)
    qm_problem_add(tx, QM_P_CHOOSE_ANY, index, sku);
  if (x->number >= 1 << QM_LINE_BITS)
    qm_problem_add(tx, QM_P_NUMBERS_FULL, index, sku);
  return QM_OK;
}

qm_code qm_expand(qm_tx *tx, qm_wants *wants) {
  expanding x = {.tx = tx, .wants = wants};
  uint32_t rows = tx->op->row_count;
  qm_code code = QM_OK;
  *wants = (qm_wants){0};
  for (uint32_t i = 0; !code && i < rows; i++)
    code = add_row(&x, (int)i);
  rows = wants->count;
  for (uint32_t i = 0; !code && !x.full && i < rows; i++)
    if (qm_is_composite(wants->list[i].product.type))
      code = expand_composite(&x, i);
  if (x.full)
    qm_problem_add(tx, QM_P_LINES_FULL, -1, (qm_str){NULL, 0});
  free(x.offers);
  return code;
}
