/* test_salable.c: what may be promised, against the same rules in 128-bit arithmetic.
 *
 * The naive versions here are written from the rules, not from the code: sums never overflow, a
 * share is rounded up by dividing the whole product. Instances are random, small ones where
 * equalities and zeros happen often and large ones near the bound; the numbers of a rule are any
 * policy's. */
#include "unit.h"

#include "salable.h"

__extension__ typedef __int128 wide;

enum { ROUNDS = 400000 };

/* Mostly a few units, sometimes up to the bound. */
static qm_qty any(uint64_t *seed, bool large) {
  uint64_t below = large ? (uint64_t)QM_QTY_MAX / 8 : 8;
  return (qm_qty)unit_below(seed, below + 1);
}

static qm_qty signed_any(uint64_t *seed, bool large) {
  qm_qty n = any(seed, large);
  return unit_below(seed, 2) ? n : -n;
}

static bool coin(uint64_t *seed, uint64_t sides) {
  return unit_below(seed, sides) == 0;
}

static qm_balance random_balance(uint64_t *seed, bool large) {
  qm_balance b = {.on_hand = any(seed, large),
                  .firm = any(seed, large),
                  .backordered = any(seed, large),
                  .allocated = any(seed, large),
                  .adopted = signed_any(seed, large),
                  .claimed = coin(seed, 2) ? any(seed, large) : 0};
  b.assigned = (int64_t)unit_below(seed, 4);
  b.active = (int64_t)unit_below(seed, (uint64_t)b.assigned + 1);
  b.in_stock = (int64_t)unit_below(seed, (uint64_t)b.active + 1);
  return b;
}

static qm_rule random_rule(uint64_t *seed, bool large) {
  qm_rule r = {.managed = !coin(seed, 4),
               .reserves = true,
               .unlimited = coin(seed, 4),
               .decimal = coin(seed, 2),
               .exempt = coin(seed, 4),
               .backorders = (int)unit_below(seed, 3),
               .floor = signed_any(seed, large),
               .has_gate = coin(seed, 2),
               .gate = signed_any(seed, large)};
  if (coin(seed, 2))
    r.share = (qm_qty)unit_below(seed, 10001);
  if (coin(seed, 2))
    r.min_sale = signed_any(seed, large);
  if (coin(seed, 2))
    r.max_sale = any(seed, large);
  if (coin(seed, 2))
    r.increments = 1 + (qm_qty)unit_below(seed, large ? 100000 : 4);
  return r;
}

/* ---- the rules once more ---- */

static wide wide_share(qm_qty qty, qm_qty share) {
  wide product = (wide)qty * share;
  wide whole = product / QM_QTY_ONE;
  return whole * QM_QTY_ONE == product ? whole : whole + 1;
}

static wide wide_reserved(const qm_balance *b) {
  return (wide)b->firm + b->backordered + b->allocated + b->adopted;
}

static wide wide_live(const qm_balance *b, const qm_rule *r) {
  return (wide)b->on_hand - b->claimed - wide_reserved(b) - r->floor -
         wide_share(b->on_hand, r->share);
}

static bool same(wide expected, qm_qty got) {
  return (wide)got == expected;
}

/* Assigned somewhere (or need not be); then: nothing is counted, or something is in stock and
 * either any quantity may be promised or more than nothing is left. */
static bool naive_salable(const qm_balance *b, const qm_rule *r) {
  bool assigned = r->exempt || b->assigned > 0;
  bool left = r->unlimited || wide_live(b, r) > 0;
  return assigned && (!r->managed || (b->in_stock > 0 && left));
}

/* Shown as zero unless a source is enabled and the product is salable; a policy with a gate has its
 * own way: open by not counting, by backorders with a gate of zero or more and something in stock,
 * or by what is left beyond gate and share. */
static wide naive_shown(const qm_balance *b, const qm_rule *r) {
  wide left =
      (wide)b->on_hand - b->claimed - wide_reserved(b) - r->gate - wide_share(b->on_hand, r->share);
  bool by_backorders = r->backorders > 0 && r->gate >= 0 && b->in_stock > 0;
  bool open = r->has_gate ? !r->managed || by_backorders || left > 0 : naive_salable(b, r);
  return open && b->active > 0 ? wide_live(b, r) : 0;
}

typedef struct finding {
  qm_problem_kind kind;
  wide have;
} finding;

/* In MSI's order: assignment alone; then one rule of the request and the missing stock item; then,
 * if nothing was found, the three reasons of a shortage. */
static int naive_check(const qm_balance *b, const qm_rule *r, qm_qty qty, finding *found) {
  int n = 0;
  if (!r->exempt && b->assigned == 0) {
    found[n++] = (finding){QM_P_NOT_ASSIGNED, 0};
    return n;
  }
  if (r->min_sale != 0 && qty < r->min_sale)
    found[n++] = (finding){QM_P_MIN_SALE, r->min_sale};
  else if (r->max_sale != 0 && qty > r->max_sale)
    found[n++] = (finding){QM_P_MAX_SALE, r->max_sale};
  else if (r->increments != 0 && qty / r->increments * r->increments != qty)
    found[n++] = (finding){QM_P_INCREMENTS, r->increments};
  else if (!r->decimal && qty / QM_QTY_ONE * QM_QTY_ONE != qty)
    found[n++] = (finding){QM_P_DECIMALS, 0};
  if (r->managed && b->in_stock == 0)
    found[n++] = (finding){QM_P_NO_STOCK_ITEM, 0};
  wide live = wide_live(b, r);
  if (n > 0 || !r->managed || r->unlimited || live >= qty)
    return n;
  found[n++] = (finding){QM_P_BACKORDERS_OFF, 0};
  found[n++] = (finding){QM_P_MANAGED, 0};
  found[n++] = (finding){QM_P_NOT_ENOUGH, live > 0 ? live : 0};
  return n;
}

/* ---- properties ---- */

TEST(the_numbers_agree_with_wide_arithmetic) {
  uint64_t seed = 11;
  for (int i = 0; i < ROUNDS; i++) {
    bool large = coin(&seed, 2);
    qm_balance b = random_balance(&seed, large);
    qm_rule r = random_rule(&seed, large);
    bool held = CHECK(same(wide_reserved(&b), qm_reserved(&b)));
    held &= CHECK(same(r.floor + wide_share(b.on_hand, r.share), qm_floor(&b, &r)));
    held &= CHECK(same(wide_live(&b, &r), qm_live(&b, &r)));
    held &= CHECK(same(naive_shown(&b, &r), qm_salable_qty(&b, &r)));
    held &= CHECK_INT(naive_salable(&b, &r), qm_is_salable(&b, &r));
    if (!held)
      return;
  }
}

TEST(a_check_finds_the_same_problems_in_the_same_order) {
  uint64_t seed = 12;
  int seen[QM_PROBLEMS] = {0}, accepted = 0;
  for (int i = 0; i < ROUNDS; i++) {
    bool large = coin(&seed, 2), whole = coin(&seed, 2);
    qm_balance b = random_balance(&seed, large);
    qm_rule r = random_rule(&seed, large);
    qm_qty qty = 1 + any(&seed, large);
    if (whole)
      qty = qty % 100000 * QM_QTY_ONE + QM_QTY_ONE;
    finding expected[8];
    qm_problem_kind problems[QM_CHECK_MAX];
    qm_qty have[QM_CHECK_MAX];
    int wanted = naive_check(&b, &r, qty, expected);
    int count = qm_check(&b, &r, qty, problems, have);
    bool held = CHECK_INT(count, wanted) && CHECK(count <= QM_CHECK_MAX);
    for (int j = 0; held && j < count; j++) {
      held = CHECK_INT(problems[j], expected[j].kind) && CHECK(same(expected[j].have, have[j]));
      seen[problems[j]]++;
    }
    if (!held)
      return;
    accepted += count == 0;
  }
  for (int kind = QM_P_NOT_ASSIGNED; kind <= QM_P_NOT_ENOUGH; kind++)
    CHECK(seen[kind] > 1000);
  CHECK(accepted > 1000);
}

/* Without limits of the settings, what may be sold is exactly what is left. */
TEST(a_quantity_can_be_sold_up_to_what_is_left_and_no_further) {
  uint64_t seed = 13;
  qm_problem_kind problems[QM_CHECK_MAX];
  qm_qty have[QM_CHECK_MAX];
  for (int i = 0; i < ROUNDS; i++) {
    qm_balance b = random_balance(&seed, coin(&seed, 2));
    qm_rule r = {.managed = true, .decimal = true, .floor = signed_any(&seed, false)};
    qm_qty live = qm_live(&b, &r);
    if (b.in_stock == 0 || live <= 0)
      continue;
    if (!CHECK_INT(qm_check(&b, &r, live, problems, have), 0) ||
        !CHECK_INT(qm_check(&b, &r, live + 1, problems, have), 3) || !CHECK_INT(have[2], live))
      return;
  }
}

/* Where a request has no limits, what is covered is what may be sold. */
TEST(what_is_covered_may_be_sold) {
  uint64_t seed = 16;
  qm_problem_kind problems[QM_CHECK_MAX];
  qm_qty have[QM_CHECK_MAX];
  for (int i = 0; i < ROUNDS; i++) {
    qm_balance b = random_balance(&seed, coin(&seed, 2));
    qm_rule r = {.managed = coin(&seed, 4), .decimal = true, .unlimited = coin(&seed, 4)};
    r.floor = signed_any(&seed, false);
    qm_qty qty = any(&seed, false) + 1;
    bool sold = qm_check(&b, &r, qty, problems, have) == 0;
    if (!CHECK_INT(qm_covers(&b, &r, qty), sold))
      return;
    r.min_sale = qty + 1;
    if (!CHECK_INT(qm_covers(&b, &r, qty), sold))
      return;
  }
}

/* ---- covered and waiting ---- */

/* Unit by unit: goods go to allocations, to firm promises and to adopted ones, and then to those
 * who wait; what is left covers a new promise. */
TEST(a_promise_is_firm_as_far_as_goods_are_free) {
  uint64_t seed = 14;
  for (int i = 0; i < ROUNDS; i++) {
    bool large = coin(&seed, 2);
    qm_balance b = random_balance(&seed, large);
    qm_qty qty = any(&seed, large);
    wide left = (wide)b.on_hand - b.claimed - b.allocated - b.firm - b.backordered -
                (b.adopted > 0 ? b.adopted : 0);
    if (left < 0)
      left = 0;
    if (!CHECK(same(qty < left ? qty : left, qm_firm_part(&b, qty))))
      return;
  }
}

/* Only where backorders are on, and only of what an enabled source lists, may anything wait. */
TEST(what_waits_is_what_is_not_firm) {
  uint64_t seed = 16;
  for (int i = 0; i < ROUNDS; i++) {
    bool large = coin(&seed, 2);
    qm_balance b = random_balance(&seed, large);
    qm_rule r = random_rule(&seed, large);
    qm_qty qty = any(&seed, large);
    bool may = r.managed && r.backorders > 0 && b.active > 0;
    qm_qty expected = may ? qty - qm_firm_part(&b, qty) : 0;
    if (!CHECK_INT(qm_waiting_part(&b, &r, qty), expected))
      return;
  }
}

/* Another system may have released more than it took; that makes no goods. */
TEST(adopted_releases_cover_nothing) {
  qm_balance b = {.on_hand = 5, .adopted = -3};
  CHECK_INT(qm_firm_part(&b, 9), 5);
  b.adopted = 3;
  CHECK_INT(qm_firm_part(&b, 9), 2);
}

/* ---- single rules, with the numbers of the merchant guide ---- */

static qm_balance on_hand(int64_t pieces) {
  return (qm_balance){
      .on_hand = pieces * QM_QTY_ONE, .assigned = 1, .active = 1, .in_stock = pieces > 0};
}

TEST(a_negative_floor_is_how_far_promises_go_beyond_stock) {
  qm_balance b = on_hand(25);
  qm_rule r = {.managed = true, .backorders = 1, .floor = -50 * QM_QTY_ONE};
  CHECK_INT(qm_salable_qty(&b, &r), 75 * QM_QTY_ONE);
  b.backordered = 50 * QM_QTY_ONE;
  b.firm = 25 * QM_QTY_ONE;
  CHECK_INT(qm_salable_qty(&b, &r), 0);
  CHECK(!qm_is_salable(&b, &r));
}

TEST(a_share_of_what_is_there_is_kept_back_rounded_up) {
  qm_balance b = {.on_hand = 9, .assigned = 1, .active = 1, .in_stock = 1};
  qm_rule r = {.managed = true, .share = 5000};
  CHECK_INT(qm_floor(&b, &r), 5);
  CHECK_INT(qm_salable_qty(&b, &r), 4);
  r.share = QM_QTY_ONE;
  CHECK_INT(qm_live(&b, &r), 0);
  b.on_hand = QM_QTY_MAX;
  CHECK_INT(qm_live(&b, &r), 0);
}

/* 4.5 is the out-of-stock threshold as entered, and with no backorders it does not count. */
TEST(the_gate_and_the_floor_may_differ) {
  qm_balance b = on_hand(0);
  qm_rule r = {.managed = true, .has_gate = true, .gate = -45000};
  b.firm = 40000;
  CHECK_INT(qm_salable_qty(&b, &r), -40000);
  b.firm = 45000;
  CHECK_INT(qm_salable_qty(&b, &r), 0);
  r.gate = 45000;
  b = on_hand(4);
  CHECK_INT(qm_salable_qty(&b, &r), 0);
  b = on_hand(5);
  CHECK_INT(qm_salable_qty(&b, &r), 5 * QM_QTY_ONE);
}

/* What is shown of a product that may not be sold is nothing, not what it lacks. */
TEST(without_a_gate_only_what_is_salable_is_shown) {
  qm_balance b = on_hand(3);
  qm_rule r = {.managed = true, .floor = 20000};
  CHECK_INT(qm_salable_qty(&b, &r), 10000);
  b.firm = 40000;
  CHECK_INT(qm_salable_qty(&b, &r), 0);
  r.unlimited = true;
  CHECK_INT(qm_salable_qty(&b, &r), -30000);
}

TEST(unlimited_backorders_show_what_is_missing) {
  qm_balance b = {.on_hand = 85000, .firm = 85000, .backordered = 915000, .assigned = 1};
  b.active = b.in_stock = 1;
  qm_rule r = {.managed = true, .backorders = 1, .unlimited = true};
  CHECK_INT(qm_salable_qty(&b, &r), -915000);
  CHECK(qm_is_salable(&b, &r));
}

TEST(an_item_counts_only_in_stock_at_an_enabled_source_and_above_zero) {
  for (int i = 0; i < 8; i++) {
    bool in_stock = i & 1, enabled = i & 2;
    qm_qty qty = i & 4 ? 7 : -7;
    CHECK_INT(qm_countable(qty, in_stock, enabled), in_stock && enabled && qty > 0 ? 7 : 0);
  }
  CHECK_INT(qm_countable(0, true, true), 0);
}

int main(void) {
  RUN(the_numbers_agree_with_wide_arithmetic);
  RUN(a_check_finds_the_same_problems_in_the_same_order);
  RUN(a_quantity_can_be_sold_up_to_what_is_left_and_no_further);
  RUN(what_is_covered_may_be_sold);
  RUN(a_promise_is_firm_as_far_as_goods_are_free);
  RUN(what_waits_is_what_is_not_firm);
  RUN(adopted_releases_cover_nothing);
  RUN(a_negative_floor_is_how_far_promises_go_beyond_stock);
  RUN(a_share_of_what_is_there_is_kept_back_rounded_up);
  RUN(the_gate_and_the_floor_may_differ);
  RUN(without_a_gate_only_what_is_salable_is_shown);
  RUN(unlimited_backorders_show_what_is_missing);
  RUN(an_item_counts_only_in_stock_at_an_enabled_source_and_above_zero);
  return unit_report();
}
