/* test_switches.c: a part of the engine that the shop has switched off refuses its records, which
 * say what setting it was. */
#include "store_kit.h"

static const qm_op *set(kit_op *op, int64_t generation, const char *name, const char *value) {
  kit_begin(op, QM_OP_RULES)->generation = generation;
  size_t at = kit_reserve(op, sizeof(qm_setting));
  qm_setting setting = {.name = kit_text(op, name), .value = kit_text(op, value)};
  memcpy(op->bytes + at, &setting, sizeof setting);
  kit_head(op)->settings_at = (uint32_t)at;
  kit_head(op)->setting_count = 1;
  return kit_finish(op);
}

/* Refused for the setting, and nothing was written. */
static void check_off(qm_store *store, sqlite3 *eyes, qm_op_kind kind, const char *setting) {
  static kit_op op;
  qm_verdict verdict;
  qm_err err = {0};
  char *before = kit_dump(eyes);
  const qm_op *record = kit_event(&op, kind, "1", "1", "bike", NULL, KIT_ONE);
  CHECK_INT(qm_store_apply(store, &record, 1, &verdict, &err), QM_OK);
  CHECK_INT(verdict.code, QM_DISABLED);
  CHECK_INT(verdict.problem_count, 1);
  qm_out *out = qm_store_out(store);
  qm_problem *problem = qm_out_problem(out, verdict.problem_first);
  qm_str subject = qm_out_str(out, problem->subject);
  CHECK_INT(problem->kind, QM_P_SWITCHED_OFF);
  CHECK(subject.n == strlen(setting) && memcmp(subject.p, setting, subject.n) == 0);
  char *after = kit_dump(eyes);
  CHECK_STR(after, before);
  sqlite3_free(after);
  sqlite3_free(before);
}

TEST(holds_that_are_off_refuse_to_hold_and_to_extend) {
  static kit_op op;
  kit_file file = kit_new_file();
  qm_store *store = kit_shop(&file, 0, 10 * KIT_ONE);
  sqlite3 *eyes = kit_eyes(file.path);
  CHECK_INT(kit_apply(store, set(&op, 1, "holds", "0")), QM_OK);
  check_off(store, eyes, QM_OP_HOLD, "holds");
  check_off(store, eyes, QM_OP_EXTEND, "holds");
  CHECK_INT(kit_apply(store, kit_place(&op, "1", "bike", KIT_ONE)), QM_OK);
  sqlite3_close(eyes);
  qm_store_close(store);
  kit_remove(&file);
}

TEST(a_switch_is_on_until_it_is_set_to_false) {
  static kit_op op;
  static const struct {
    const char *value;
    bool on;
  } CASES[] = {{"0", false}, {"1", true}, {NULL, true}};
  kit_file file = kit_new_file();
  qm_store *store = kit_shop(&file, 0, KIT_ONE);
  qm_err err = {0};
  bool on = false;
  CHECK_INT(qm_store_is_on(store, "holds", &on, &err), QM_OK);
  CHECK(on);
  for (int i = 0; i < 3; i++) {
    CHECK_INT(kit_apply(store, set(&op, i + 1, "holds", CASES[i].value)), QM_OK);
    CHECK_INT(qm_store_is_on(store, "holds", &on, &err), QM_OK);
    CHECK_INT(on, CASES[i].on);
  }
  qm_store_close(store);
  kit_remove(&file);
}

int main(void) {
  RUN(holds_that_are_off_refuse_to_hold_and_to_extend);
  RUN(a_switch_is_on_until_it_is_set_to_false);
  return unit_report();
}
