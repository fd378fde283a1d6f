/* test_sandbox_policy.c: what the shipped policies answer, worked out by hand, on every host. */
#include "sandbox_kit.h"

#include <math.h>

#define UNSET NAN

typedef struct verdict {
  double floor, share;
  double gate; /* UNSET: nil */
  bool unlimited;
  double notify_at; /* UNSET: nil */
} verdict;

typedef struct policy_case {
  const char *backorders;
  double threshold, share, notify_below;
  verdict expected;
} policy_case;

static const policy_case DEFAULT_CASES[] = {
    {"no", 0, 0, UNSET, {0, 0, UNSET, false, UNSET}},
    {"no", 3, 0, UNSET, {3, 0, UNSET, false, UNSET}},
    {"no", 3, 0, 2, {5, 0, UNSET, false, 2}},
    {"no", 0, 0, 2.5, {2.5, 0, UNSET, false, 2.5}},
    {"no", 0, 0, 0, {0, 0, UNSET, false, 0}},
    {"no", 3, 0, -2, {3, 0, UNSET, false, -2}},
    {"no", -4.5, 0, 1, {1, 0, UNSET, false, 1}},
    {"no", 3, 0.25, UNSET, {3, 0.25, UNSET, false, UNSET}},
    {"allow", 0, 0.25, 2, {0, 0, UNSET, true, 2}},
    {"allow", 10, 0, UNSET, {0, 0, UNSET, true, UNSET}},
    {"allow", -4.5, 0.25, 2, {-4.5, 0, UNSET, false, 2}},
    {"notify", 0, 0, UNSET, {0, 0, UNSET, true, UNSET}},
    {"notify", -50, 0, UNSET, {-50, 0, UNSET, false, UNSET}},
};

static const policy_case MAGENTO_CASES[] = {
    {"no", 0, 0, UNSET, {0, 0, 0, false, 1}},
    {"no", 5, 0.25, 2, {5, 0, 5, false, 2}},
    {"no", -4.5, 0, 0, {0, 0, -4.5, false, 0}},
    {"allow", 0, 0, UNSET, {0, 0, 0, true, 1}},
    {"allow", 10, 0, UNSET, {0, 0, 10, true, 1}},
    {"allow", -4.5, 0, 7, {-4.5, 0, -4.5, false, 7}},
    {"notify", 3, 0, UNSET, {0, 0, 3, true, 1}},
    {"notify", -50, 0, UNSET, {-50, 0, -50, false, 1}},
};

/* What is common to all answers of a policy. */
typedef struct policy {
  const char *path;
  const char *return_to;
  bool write_off;
  bool exempts_default_stock;
} policy;

static const policy DEFAULT = {"lua/quartermaster/policy/default.lua", "delivery", false, false};
static const policy MAGENTO = {"lua/quartermaster/policy/magento.lua", "priority", true, true};

typedef struct question {
  const policy *policy;
  const policy_case *asked;
  bool default_stock;
} question;

static void set_number(lua_State *L, const char *name, double value) {
  lua_pushnumber(L, (lua_Number)value);
  lua_setfield(L, -2, name);
}

static void set_boolean(lua_State *L, const char *name, bool value) {
  lua_pushboolean(L, value);
  lua_setfield(L, -2, name);
}

static int push_question(lua_State *L, void *context) {
  const question *q = context;
  lua_newtable(L);
  lua_pushstring(L, q->asked->backorders);
  lua_setfield(L, -2, "backorders");
  set_boolean(L, "manage_stock", true);
  set_boolean(L, "reserve_stock", true);
  set_number(L, "out_of_stock_threshold", q->asked->threshold);
  set_number(L, "out_of_stock_share", q->asked->share);
  if (!isnan(q->asked->notify_below))
    set_number(L, "notify_below", q->asked->notify_below);
  lua_newtable(L);
  set_number(L, "all", 1);
  lua_setfield(L, -2, "min_sale_qty");
  lua_newtable(L);
  set_number(L, "id", q->default_stock ? 1 : 2);
  lua_pushliteral(L, "EU");
  lua_setfield(L, -2, "name");
  set_boolean(L, "default", q->default_stock);
  return 2;
}

static void check_number(lua_State *L, int index, const char *name, double expected) {
  lua_getfield(L, index, name);
  if (isnan(expected))
    CHECK(lua_isnil(L, -1));
  else
    CHECK(lua_type(L, -1) == LUA_TNUMBER && fabs((double)lua_tonumber(L, -1) - expected) < 1e-9);
  lua_pop(L, 1);
}

static void check_boolean(lua_State *L, int index, const char *name, bool expected) {
  lua_getfield(L, index, name);
  CHECK(lua_isboolean(L, -1) && lua_toboolean(L, -1) == expected);
  lua_pop(L, 1);
}

static qm_code pull_verdict(lua_State *L, int index, void *context, qm_err *err) {
  const question *q = context;
  const verdict *v = &q->asked->expected;
  (void)err;
  if (!CHECK(lua_istable(L, index)))
    return QM_OK;
  int fields = 0;
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1))
    fields++;
  CHECK_INT(fields, 8 - (isnan(v->notify_at) ? 1 : 0) - (isnan(v->gate) ? 1 : 0));
  check_number(L, index, "floor", v->floor);
  check_number(L, index, "floor_share", v->share);
  check_number(L, index, "gate", v->gate);
  check_number(L, index, "notify_at", v->notify_at);
  check_boolean(L, index, "unlimited", v->unlimited);
  check_boolean(L, index, "write_off", q->policy->write_off);
  check_boolean(L, index, "exempt_assignment",
                q->policy->exempts_default_stock && q->default_stock);
  lua_getfield(L, index, "return_to");
  CHECK_STR(lua_tostring(L, -1), q->policy->return_to);
  lua_pop(L, 1);
  return QM_OK;
}

static void check_policy(const policy *p, const policy_case *cases, size_t count) {
  qm_err err = {0};
  size_t length = 0;
  char *text = kit_read(p->path, &length);
  qm_sandbox *box = kit_open();
  if (CHECK(text != NULL))
    CHECK_INT(qm_sandbox_load(box, p->path, (qm_str){text, length}, &err), QM_OK);
  for (size_t i = 0; i < 2 * count && text != NULL; i++) {
    question q = {p, &cases[i / 2], i % 2 == 1};
    uint64_t before = unit.failures;
    CHECK_INT(qm_sandbox_call(box, "evaluate", push_question, pull_verdict, &q, &err), QM_OK);
    if (unit.failures != before)
      fprintf(stderr, "  %s, case %d %s\n", p->path, (int)(i / 2), err.text);
  }
  free(text);
  qm_sandbox_close(box);
}

TEST(the_default_policy_follows_the_merchant_guide) {
  check_policy(&DEFAULT, DEFAULT_CASES, sizeof DEFAULT_CASES / sizeof *DEFAULT_CASES);
}

TEST(the_magento_policy_follows_its_code) {
  check_policy(&MAGENTO, MAGENTO_CASES, sizeof MAGENTO_CASES / sizeof *MAGENTO_CASES);
}

int main(void) {
  RUN(the_default_policy_follows_the_merchant_guide);
  RUN(the_magento_policy_follows_its_code);
  return unit_report();
}
