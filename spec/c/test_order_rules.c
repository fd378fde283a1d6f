/* test_order_rules.c: single rules of an order line's life, each with an example. */
#include "unit.h"

#include "order.h"

/* Place 5, invoice 3, ship 2, refund 2 with one back, cancel the rest. */
TEST(the_worked_example_comes_out_as_it_should) {
  qm_line line = {.kind = QM_LINE_GOODS, .tracked = QM_TRACK_ALL, .ordered = 5};
  qm_effect effect;
  qm_line_apply(&line, QM_INVOICE, 3, 0, &effect);
  CHECK_INT(effect.closed, 0);
  qm_line_apply(&line, QM_SHIP, 2, 0, &effect);
  CHECK_INT(qm_line_open(&line), 3);
  qm_line_apply(&line, QM_REFUND, 2, 0, &effect);
  CHECK_INT(effect.withdrawn, 1);
  CHECK_INT(effect.returnable, 1);
  CHECK_INT(qm_line_open(&line), 2);
  qm_line_apply(&line, QM_RETURN, 1, 0, &effect);
  CHECK_INT(effect.closed, 0);
  CHECK_INT(qm_line_limit(&line, QM_CANCEL), 2);
  qm_line_apply(&line, QM_CANCEL, 2, 0, &effect);
  CHECK_INT(qm_line_open(&line), 0);
  CHECK_INT(qm_line_limit(&line, QM_SHIP), 0);
  CHECK_INT(qm_line_limit(&line, QM_INVOICE), 0);
}

TEST(an_order_can_be_shipped_before_it_is_invoiced) {
  qm_line line = {.kind = QM_LINE_GOODS, .tracked = QM_TRACK_ALL, .ordered = 4};
  qm_effect effect;
  qm_line_apply(&line, QM_SHIP, 4, 0, &effect);
  CHECK_INT(qm_line_limit(&line, QM_INVOICE), 4);
  CHECK_INT(qm_line_limit(&line, QM_CANCEL), 0);
  qm_line_apply(&line, QM_INVOICE, 4, 0, &effect);
  CHECK_INT(effect.delivered, 0);
}

/* An order taken over from elsewhere may have been refunded before anything was invoiced. */
TEST(an_invoice_that_delivers_is_limited_by_what_is_open) {
  qm_line line = {.kind = QM_LINE_VIRTUAL, .ordered = 5, .released = 2, .refunded = 2};
  CHECK(qm_line_valid(&line));
  CHECK_INT(qm_line_limit(&line, QM_INVOICE), 3);
  line.kind = QM_LINE_GOODS;
  CHECK_INT(qm_line_limit(&line, QM_INVOICE), 5);
}

TEST(goods_come_back_without_a_refund) {
  qm_line line = {.kind = QM_LINE_GOODS, .tracked = QM_TRACK_ALL, .ordered = 4};
  qm_effect effect;
  CHECK_INT(qm_line_limit(&line, QM_RETURN), 0);
  qm_line_apply(&line, QM_SHIP, 3, 0, &effect);
  CHECK_INT(qm_line_limit(&line, QM_RETURN), 3);
}

/* ---- allocated units ---- */

typedef struct closing {
  qm_event event;
  qm_qty qty, here;
  qm_qty backordered, allocated; /* what is left of them */
} closing;

/* 6 open and paid for: 1 waits, 2 are covered, 3 are allocated. */
static const qm_line HALF_ALLOCATED = {
    .tracked = QM_TRACK_ALL, .ordered = 6, .invoiced = 6, .allocated = 3, .backordered = 1};

static void check_closings(const closing *cases, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const closing *c = &cases[i];
    qm_line after = HALF_ALLOCATED;
    qm_effect effect;
    if (c->event == QM_CANCEL)
      after.invoiced = 0;
    qm_line_apply(&after, c->event, c->qty, c->here, &effect);
    bool held = CHECK_INT(after.backordered, c->backordered);
    held &= CHECK_INT(after.allocated, c->allocated);
    held &= CHECK_INT(effect.allocated, 3 - c->allocated);
    held &= CHECK_INT(effect.backordered, 1 - c->backordered);
    held &= CHECK_INT(effect.here, qm_qty_min(c->qty, c->here));
    if (!held)
      fprintf(stderr, "  event %d of %d\n", (int)c->event, (int)c->qty);
  }
}

TEST(what_is_given_up_was_allocated_last_of_all) {
  static const closing CASES[] = {
      {QM_CANCEL, 3, 0, 0, 3}, {QM_CANCEL, 4, 0, 0, 2}, {QM_CANCEL, 6, 0, 0, 0},
      {QM_REFUND, 3, 0, 0, 3}, {QM_REFUND, 5, 0, 0, 1},
  };
  check_closings(CASES, sizeof CASES / sizeof CASES[0]);
}

TEST(what_leaves_a_source_was_allocated_there_or_else_not_at_all) {
  static const closing CASES[] = {
      {QM_SHIP, 2, 0, 1, 3}, {QM_SHIP, 3, 0, 0, 3}, {QM_SHIP, 4, 0, 0, 2}, {QM_SHIP, 6, 0, 0, 0},
      {QM_SHIP, 2, 2, 1, 1}, {QM_SHIP, 3, 2, 1, 1}, {QM_SHIP, 4, 2, 1, 1}, {QM_SHIP, 5, 2, 0, 1},
      {QM_SHIP, 6, 2, 0, 0}, {QM_SHIP, 1, 3, 1, 2},
  };
  check_closings(CASES, sizeof CASES / sizeof CASES[0]);
}

TEST(what_is_lost_was_had_so_what_waits_is_last) {
  static const closing CASES[] = {
      {QM_WRITE_OFF, 2, 0, 1, 3}, {QM_WRITE_OFF, 4, 0, 1, 1}, {QM_WRITE_OFF, 3, 2, 1, 1},
      {QM_WRITE_OFF, 5, 2, 1, 0}, {QM_WRITE_OFF, 6, 2, 0, 0},
  };
  check_closings(CASES, sizeof CASES / sizeof CASES[0]);
}

TEST(covered_units_are_allocated_before_those_that_wait) {
  qm_line line = HALF_ALLOCATED;
  qm_effect effect;
  CHECK_INT(qm_line_limit(&line, QM_ALLOCATE), 3);
  qm_line_apply(&line, QM_ALLOCATE, 2, 0, &effect);
  CHECK_INT(line.allocated, 5);
  CHECK_INT(line.backordered, 1);
  qm_line_apply(&line, QM_ALLOCATE, 1, 0, &effect);
  CHECK_INT(effect.backordered, 1);
  CHECK_INT(line.backordered, 0);
  CHECK_INT(qm_line_limit(&line, QM_ALLOCATE), 0);
  qm_line_apply(&line, QM_UNALLOCATE, 6, 0, &effect);
  CHECK_INT(effect.allocated, 6);
  CHECK_INT(line.backordered, 0);
  CHECK_INT(qm_line_limit(&line, QM_ALLOCATE), 6);
}

TEST(what_is_not_reserved_is_not_allocated) {
  for (int tracked = 0; tracked < 3; tracked++) {
    qm_line line = {.tracked = (qm_tracking)tracked, .ordered = 4};
    CHECK_INT(qm_line_limit(&line, QM_ALLOCATE), tracked == QM_TRACK_ALL ? 4 : 0);
  }
}

int main(void) {
  RUN(the_worked_example_comes_out_as_it_should);
  RUN(an_order_can_be_shipped_before_it_is_invoiced);
  RUN(an_invoice_that_delivers_is_limited_by_what_is_open);
  RUN(goods_come_back_without_a_refund);
  RUN(what_is_given_up_was_allocated_last_of_all);
  RUN(what_leaves_a_source_was_allocated_there_or_else_not_at_all);
  RUN(what_is_lost_was_had_so_what_waits_is_last);
  RUN(covered_units_are_allocated_before_those_that_wait);
  RUN(what_is_not_reserved_is_not_allocated);
  return unit_report();
}
