/* test_memory.c: memory runs out at any allocation of the engine or of SQLite.
 *
 * Each step of a small shop that does everything (every_op.lua) is carried out on the same file
 * with the n-th allocation failing, for n = 1, 2, 3 until none fails. The step must say so and
 * leave the shop as it was, or do all of its work; then it must work on the same handle. Ordinarily
 * some of the allocations fail; with QM_SOAK in the environment each of them, once alone and once
 * with all that follow. */
#include "no_memory.h"
#include "power_vfs.h"
#include "story.h"

/* The engine allocates far less than SQLite. */
enum { STRIDE = 601, ENGINE_STRIDE = 2 };

static story shop;
static bool thorough;
static kit_file file;

/* The file as it is before a step. */
static story_image image;

static bool is_at(int place) {
  char *text = story_text(file.path);
  bool same = strcmp(text, shop.texts[place]) == 0;
  sqlite3_free(text);
  return same;
}

/* What is asked of a store whose file is `image`: a step, or something that only reads. */
typedef struct asking {
  const char *name;
  qm_code (*run)(const struct asking *self, qm_store **store, qm_err *err);
  const story_step *step;
  int before, after; /* how the tables stand; -1: there are none */
} asking;

/* Runs with the n-th allocation failing; false when there was none, or a check did not hold. */
static bool run_without(const asking *a, int64_t n, bool lasting) {
  qm_store *store = NULL;
  qm_err err = {0};
  story_put(&file, &image);
  int64_t blocks = no_memory.blocks, bytes = sqlite3_memory_used();
  bool good = a->before < 0 || CHECK_INT(story_open(&file, false, &store, &err), QM_OK);
  no_memory_arm(n, lasting);
  qm_code code = good ? a->run(a, &store, &err) : QM_OK;
  no_memory_disarm();
  if (good && code != QM_OK) {
    good = CHECK_INT(code, QM_MEMORY) && CHECK(err.text[0]) &&
           CHECK(a->before < 0 || is_at(a->before));
    if (good && !store && a->before >= 0)
      good = CHECK_INT(story_open(&file, false, &store, &err), QM_OK);
    good = good && CHECK_INT(a->run(a, &store, &err), QM_OK);
  }
  good = good && CHECK(is_at(a->after)) && CHECK(!a->step || story_answered(a->step));
  if (good && thorough && n % 16 == 0) /* the same tables are right, but their pages? */
    good = CHECK_INT(kit_verify(store), 0);
  qm_store_close(store);
  good = good && CHECK_INT(no_memory.blocks, blocks) && CHECK_INT(sqlite3_memory_used(), bytes);
  if (!good)
    fprintf(stderr, "  %s, allocation %lld%s: %s (%d)\n", a->name, (long long)n,
            lasting ? " and all that follow" : "", err.text, err.native);
  return good && no_memory.struck;
}

/* For all n, or some; how many. */
static int64_t run_with_less(const asking *a, bool lasting) {
  int64_t n = 1, tried = 0;
  int64_t stride = no_memory.counted == OF_ENGINE ? ENGINE_STRIDE : STRIDE;
  for (; run_without(a, n, lasting); n += thorough ? 1 : stride)
    tried++;
  return tried;
}

/* ---- what is asked ---- */

static qm_code run_step(const asking *self, qm_store **store, qm_err *err) {
  return story_carry_out(self->step, &file, false, store, err);
}

static qm_code run_open(const asking *self, qm_store **store, qm_err *err) {
  (void)self;
  qm_store_close(*store);
  return story_open(&file, false, store, err);
}

static qm_code run_verify(const asking *self, qm_store **store, qm_err *err) {
  (void)self;
  qm_verify_counts counts;
  int differences = 0;
  qm_code code = qm_store_verify(*store, kit_count_difference, &differences, &counts, err);
  CHECK_INT(differences, 0);
  return code;
}

static qm_code run_stand(const asking *self, qm_store **store, qm_err *err) {
  (void)self;
  const qm_str skus[] = {kit_str("bike"), kit_str("tour"), kit_str("nothing")};
  const qm_where where = {.stock = 2};
  qm_stand stands[3];
  qm_problem_kind problem;
  return qm_store_stand(*store, &where, skus, 3, KIT_NOW, stands, &problem, err);
}

static qm_code run_glance(const asking *self, qm_store **store, qm_err *err) {
  (void)self;
  const qm_str skus[] = {kit_str("bike"), kit_str("tour"), kit_str("nothing")};
  const qm_where where = {.stock = 2};
  qm_stand stands[3];
  qm_problem_kind problem;
  qm_code code = qm_store_glance(*store, &where, skus, 3, KIT_NOW, stands, &problem, err);
  return code ? code : qm_store_glance(*store, &where, skus, 2, KIT_NOW, stands, &problem, err);
}

static qm_code run_supply(const asking *self, qm_store **store, qm_err *err) {
  (void)self;
  const qm_str skus[] = {kit_str("bike"), kit_str("pen")};
  const int64_t lines[] = {1, 2};
  const qm_supply_request request = {
      .where = {.stock = 2},
      .skus = skus,
      .sku_count = 2,
      .order = kit_str("o-1"),
      .lines = lines,
      .line_count = 2,
      .address = {kit_str("DE"), kit_str("1"), kit_str("Leipzig"), kit_str("Sachsen")}};
  qm_supply supply;
  qm_problem_kind problem;
  return qm_store_supply(*store, &request, &supply, &problem, err);
}

static qm_code run_finished(const asking *self, qm_store **store, qm_err *err) {
  (void)self;
  qm_finished finished;
  return qm_store_finished(*store, INT64_MAX, 100, &finished, err);
}

static qm_code run_backup(const asking *self, qm_store **store, qm_err *err) {
  (void)self;
  char path[KIT_PATH + 32];
  snprintf(path, sizeof path, "%s.copy", file.path);
  qm_code code = qm_db_backup(qm_store_db(*store), path, err);
  CHECK_INT(access(path, F_OK) == 0, code == QM_OK);
  unlink(path);
  return code;
}

/* ---- the tests ---- */

static void all_steps(int counted, bool lasting) {
  int64_t tried = 0;
  no_memory.counted = counted;
  qm_err err = {0};
  file = kit_new_file();
  image.n = 0;
  asking opening = {"open a new file", run_open, NULL, -1, 0};
  tried += run_with_less(&opening, lasting);
  for (int i = 0; i < (int)shop.count && unit.failures < UNIT_SHOWN; i++) {
    asking a = {shop.steps[i].name, run_step, &shop.steps[i], i, i + 1};
    story_take(&file, &image);
    tried += run_with_less(&a, lasting);
    if (!thorough) { /* the last of several strides need not have been a whole step */
      qm_store *store = NULL;
      story_put(&file, &image);
      CHECK_INT(story_open(&file, false, &store, &err), QM_OK);
      CHECK_INT(a.run(&a, &store, &err), QM_OK);
      qm_store_close(store);
    }
  }
  printf("  %lld allocations\n", (long long)tried);
  story_remove(&file);
}

TEST(an_allocation_of_the_engine_that_fails_is_said_and_changes_nothing) {
  all_steps(OF_ENGINE, false);
}

TEST(so_is_any_allocation) {
  all_steps(OF_ENGINE | OF_SQLITE, false);
}

TEST(so_is_memory_that_is_gone_for_good) {
  all_steps(OF_ENGINE | OF_SQLITE, true);
}

TEST(readings_fail_and_work_again) {
  int last = (int)shop.count;
  int64_t tried = 0;
  no_memory.counted = OF_ENGINE | OF_SQLITE;
  const asking readings[] = {
      {"open", run_open, NULL, last, last},     {"verify", run_verify, NULL, last, last},
      {"stand", run_stand, NULL, last, last},   {"glance", run_glance, NULL, last, last},
      {"supply", run_supply, NULL, last, last}, {"finished", run_finished, NULL, last, last},
      {"backup", run_backup, NULL, last, last}};
  qm_store *store = NULL;
  qm_err err = {0};
  file = kit_new_file();
  CHECK_INT(story_open(&file, false, &store, &err), QM_OK);
  for (int i = 0; i < last; i++)
    CHECK_INT(story_carry_out(&shop.steps[i], &file, false, &store, &err), QM_OK);
  qm_store_close(store);
  story_take(&file, &image);
  for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
    tried += run_with_less(&readings[i], false);
    tried += run_with_less(&readings[i], true);
  }
  printf("  %lld allocations\n", (long long)tried);
  story_remove(&file);
}

int main(void) {
  thorough = getenv("QM_SOAK") != NULL;
  no_memory_install();
  power_install(); /* it never waits for the disk */
  story_read(&shop);
  RUN(an_allocation_of_the_engine_that_fails_is_said_and_changes_nothing);
  RUN(so_is_any_allocation);
  RUN(so_is_memory_that_is_gone_for_good);
  RUN(readings_fail_and_work_again);
  story_free(&shop);
  free(image.bytes);
  return unit_report();
}
