/* compose.c: saving what a composite is made of. A list that is given replaces what was there, an
 * absent one leaves it. */
#include "composite.h"

#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 4095, FIRST_CHOICE = 1 };

/* A row of products:save and its parts. */
typedef struct composing {
  qm_tx *tx;
  const qm_row *row;
  int index, first; /* of the row, and of its first part, for problems */
  qm_str sku;
  int64_t product;   /* 0: not saved */
  int type;          /* -1: unknown */
  int64_t *children; /* by part; 0: none */
} composing;

static const qm_row *part_at(const composing *c, uint32_t i) {
  return qm_op_row(c->tx->op, (uint32_t)c->first + i);
}

static bool is_same(qm_str a, qm_str b) {
  return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* ---- checking ---- */

static void check_keys(const composing *c) {
  const struct {
    uint32_t flag;
    bool fits;
    qm_problem_kind problem;
  } keys[] = {
      {QM_HAS_PARTS, c->type == QM_CONFIGURABLE || c->type == QM_GROUPED, QM_P_CHILDREN_KEY},
      {QM_HAS_OPTIONS, c->type == QM_BUNDLE, QM_P_OPTIONS_KEY},
      {QM_HAS_TOGETHER, c->type == QM_BUNDLE, QM_P_TOGETHER_KEY},
      {QM_HAS_STATUS, qm_is_composite(c->type), QM_P_IN_STOCK_KEY},
  };
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (c->type >= 0 && (c->row->flags & keys[i].flag) && !keys[i].fits)
      qm_problem_add(c->tx, keys[i].problem, c->index, c->sku);
}

static void check_option(const composing *c, uint32_t index) {
  qm_tx *tx = c->tx;
  int at = c->first + (int)index;
  qm_str name = qm_op_str(tx->op, part_at(c, index)->note);
  qm_check_text(tx, at, QM_FIELD_name, "the option's name", name, QM_CODE_MAX);
  for (uint32_t i = 0; name.p && i < index; i++) {
    const qm_row *other = part_at(c, i);
    qm_str taken = qm_op_str(tx->op, other->note);
    if (qm_part_is_option(other) && taken.p && is_same(name, taken)) {
      qm_problem_add(tx, QM_P_OPTION_TWICE, at, name);
      break;
    }
  }
}

static qm_problem_kind wrong_with(const composing *c, const qm_product *child, bool found,
                                  uint32_t index, qm_str sku) {
  if (is_same(sku, c->sku))
    return QM_P_PART_SELF;
  if (!found || child->state != QM_DECLARED)
    return QM_P_NO_PRODUCT;
  if (qm_is_composite(child->type))
    return QM_P_PART_COMPOSITE;
  for (uint32_t i = 0; i < index; i++)
    if (c->children[i] == child->id && part_at(c, i)->option == part_at(c, index)->option)
      return QM_P_PART_TWICE;
  return QM_P_NONE;
}

static qm_code check_offer(composing *c, uint32_t index) {
  qm_tx *tx = c->tx;
  const qm_row *part = part_at(c, index);
  int at = c->first + (int)index;
  qm_str sku;
  qm_qty qty;
  qm_product child;
  bool found, given = part->bad || (part->flags & QM_HAS_QTY);
  if (given && c->type == QM_CONFIGURABLE)
    qm_problem_add(tx, QM_P_PART_QTY, at, (qm_str){NULL, 0});
  else if (given)
    qm_row_qty(tx, at, 1, &qty);
  if (!qm_row_sku(tx, at, &sku))
    return QM_OK;
  qm_code code = qm_find_product(tx, sku, &child, &found);
  if (code)
    return code;
  qm_problem_kind problem = wrong_with(c, &child, found, index, sku);
  if (problem)
    qm_problem_add(tx, problem, at, sku);
  else
    c->children[index] = child.id;
  return QM_OK;
}

static qm_code check_parts(composing *c) {
  uint32_t options = 0, offers = 0;
  qm_code code = QM_OK;
  for (uint32_t i = 0; i < c->row->part_count; i++)
    if (qm_part_is_option(part_at(c, i)))
      options++;
    else
      offers++;
  if (options > OPTIONS_MAX)
    qm_problem_add(c->tx, QM_P_OPTIONS_FULL, c->index, c->sku);
  if (offers > QM_LINES_MAX)
    qm_problem_at(c->tx, QM_P_PARTS_FULL, c->index,
                  options > 0 ? QM_FIELD_options : QM_FIELD_children, c->sku);
  if (options > OPTIONS_MAX || offers > QM_LINES_MAX)
    return QM_OK;
  for (uint32_t i = 0; !code && i < c->row->part_count; i++) {
    if (qm_part_is_option(part_at(c, i)))
      check_option(c, i);
    else
      code = check_offer(c, i);
  }
  return code;
}

/* ---- writing ---- */

static qm_code write_part(const composing *c, uint32_t index) {
  qm_tx *tx = c->tx;
  const qm_row *part = part_at(c, index);
  if (qm_part_is_option(part))
    return QM_RUN(tx, CHOICE_ADD, QM_I(c->product), QM_I(part->option),
                  QM_T(qm_op_str(tx->op, part->note)), QM_I(part->truth));
  int64_t choice = part->option ? part->option : FIRST_CHOICE;
  bool own_qty = c->type == QM_GROUPED || part->truth;
  return QM_RUN(tx, COMPONENT_ADD, QM_I(c->product), QM_I(choice), QM_I(part->line),
                QM_I(c->children[index]), QM_I(part->flags & QM_HAS_QTY ? part->qty : QM_QTY_ONE),
                QM_I(own_qty));
}

static qm_code remove_parts(qm_tx *tx, int64_t product) {
  qm_code code = QM_RUN(tx, COMPONENTS_FORGET, QM_I(product));
  return code ? code : QM_RUN(tx, CHOICES_FORGET, QM_I(product));
}

static qm_code write(const composing *c) {
  qm_tx *tx = c->tx;
  uint32_t flags = c->row->flags;
  qm_code code = QM_RUN(tx, COMPOSITE_PUT, QM_I(c->product),
                        flags & QM_HAS_TOGETHER ? QM_I(c->row->together) : QM_N,
                        flags & QM_HAS_STATUS ? QM_I(c->row->in_stock) : QM_N);
  if (code || !(flags & (QM_HAS_PARTS | QM_HAS_OPTIONS)))
    return code;
  code = remove_parts(tx, c->product);
  if (!code && (flags & QM_HAS_PARTS))
    code = QM_RUN(tx, CHOICE_ADD, QM_I(c->product), QM_I(FIRST_CHOICE), QM_N,
                  QM_I(c->type == QM_CONFIGURABLE));
  for (uint32_t i = 0; !code && i < c->row->part_count; i++)
    code = write_part(c, i);
  return code;
}

qm_code qm_compose(qm_tx *tx, int index) {
  const qm_row *row = &qm_op_rows(tx->op)[index];
  composing c = {.tx = tx, .row = row, .index = index, .sku = qm_op_str(tx->op, row->sku)};
  qm_product product = {.type = QM_SIMPLE};
  bool found = false;
  c.first = (int)(tx->op->row_count + row->part_first);
  qm_code code = c.sku.n <= QM_SKU_MAX ? qm_find_product(tx, c.sku, &product, &found) : QM_OK;
  if (code)
    return code;
  c.product = found ? product.id : 0;
  c.type = row->flags & QM_HAS_TYPE ? row->type : product.type;
  check_keys(&c);
  c.children = calloc(row->part_count + 1, sizeof *c.children);
  code = c.children ? check_parts(&c) : qm_fail(tx->err, QM_MEMORY, "out of memory");
  if (!code && !qm_refused(tx))
    code = write(&c);
  free(c.children);
  return code;
}
