/* test_power.c: the power fails at any moment, and the disk has forgotten what was not synced.
 *
 * A small shop does everything that an engine does (every_op.lua) until the power fails at the n-th
 * call that changes a file. What is left of the files is opened again: it must be the shop as it
 * was after the last step that was acknowledged, or after the one that was under way. Ordinarily
 * some of the moments are tried; with QM_SOAK in the environment all of them, with several outcomes
 * each. */
#include "power_vfs.h"
#include "story.h"

enum { STRIDE = 13, OUTCOMES = 6, NOTHING = -1 };

static story shop;
static bool thorough;

/* One run of the story: what has been acknowledged, as a number of steps. */
typedef struct run {
  kit_file file;
  qm_store *stores[2];
  bool full, two; /* two: the steps are carried out by two handles in turn */
  int acknowledged;
} run;

static qm_code open_shop(run *r, qm_err *err) {
  qm_code code = QM_OK;
  for (int i = 0; !code && i <= r->two; i++)
    if (!r->stores[i])
      code = story_open(&r->file, r->full, &r->stores[i], err);
  return code;
}

/* Carries out the steps, up to `to`, as far as they can be; answers whether all could. */
static bool go_on(run *r, int to) {
  qm_err err = {0};
  qm_code code = open_shop(r, &err);
  if (code == QM_OK && r->acknowledged == NOTHING)
    r->acknowledged = 0;
  while (code == QM_OK && r->acknowledged >= 0 && r->acknowledged < to) {
    const story_step *step = &shop.steps[r->acknowledged];
    qm_store **store = &r->stores[r->two ? r->acknowledged % 2 : 0];
    code = story_carry_out(step, &r->file, r->full, store, &err);
    if (code == QM_OK)
      r->acknowledged++;
  }
  return code == QM_OK;
}

static void close_shop(run *r) {
  for (int i = 0; i < 2; i++) {
    qm_store_close(r->stores[i]);
    r->stores[i] = NULL;
  }
}

/* Runs until the power fails at the n-th call; false: the story was over before. */
static bool run_until(run *r, bool full, bool two, int64_t n) {
  *r = (run){.file = kit_new_file(), .full = full, .two = two, .acknowledged = NOTHING};
  power_watch((uint64_t)n);
  power_arm(POWER_CUT, n);
  go_on(r, (int)shop.count);
  close_shop(r);
  return power.struck;
}

static int where(const run *r, int from, int to) {
  char *text = story_text(r->file.path);
  int place = story_place(&shop, text, from, to);
  sqlite3_free(text);
  return place;
}

/* The shop is there, whole, and goes on. Answers how many acknowledged steps are lost. */
static int look(const run *before, const char *what, int64_t n) {
  run r = *before;
  qm_err err = {0};
  int from = r.full && r.acknowledged > 0 ? r.acknowledged : 0, to = before->acknowledged + 1;
  int place = NOTHING;
  bool good = CHECK_INT(open_shop(&r, &err), QM_OK);
  if (good) {
    place = where(&r, from, to);
    good = CHECK(place >= 0) && CHECK_INT(kit_verify(r.stores[0]), 0);
  }
  if (good) {
    r.acknowledged = place;
    if (place > before->acknowledged && place > 0 && story_repeats(&shop.steps[place - 1]))
      r.acknowledged--; /* nobody knows that it is there, so it is carried out again */
    int end = thorough ? (int)shop.count : place + 2;
    end = end < (int)shop.count ? end : (int)shop.count;
    good = CHECK(go_on(&r, end)) && CHECK_INT(where(&r, end, end), end);
  }
  if (!good)
    fprintf(stderr, "  cut at %lld, %s: %d steps were acknowledged, %d are there: %s\n",
            (long long)n, what, before->acknowledged, place, err.text);
  close_shop(&r);
  return place < before->acknowledged ? before->acknowledged - place : 0;
}

static void power_return(const run *r, disk_mood mood, uint64_t seed) {
  story_empty(&r->file);
  power_restore(r->file.path, mood, seed);
}

/* The power fails again while the shop is being opened, at some call. */
static void cut_again(const run *before, uint64_t seed) {
  run r = *before;
  qm_err err = {0};
  power_watch_files(seed);
  power_arm(POWER_CUT, 1 + (int64_t)(seed % 23));
  open_shop(&r, &err);
  close_shop(&r);
}

/* All outcomes of one cut; how many lost something that had been acknowledged. */
static int outcomes_of(const run *r, int64_t n) {
  static const char *const moods[] = {"nothing unsynced", "all unsynced", "some unsynced"};
  int lost = 0;
  for (int i = 0; i < (thorough ? OUTCOMES : 2); i++) {
    uint64_t seed = (uint64_t)n * OUTCOMES + (uint64_t)i;
    disk_mood mood = thorough ? (disk_mood)i : i == 0 ? DISK_ANY : (disk_mood)(n % 2);
    mood = mood < DISK_ANY ? mood : DISK_ANY;
    power_return(r, mood, seed);
    lost += look(r, moods[mood], n) > 0;
  }
  if (thorough) {
    power_return(r, DISK_ANY, (uint64_t)n);
    cut_again(r, (uint64_t)n);
    power_return(r, DISK_ANY, (uint64_t)n + 1);
    lost += look(r, "and again while it was opened", n) > 0;
  }
  return lost;
}

static int cut_everywhere(bool full, bool two) {
  int lost = 0;
  int64_t n = 1, tried = 0, stride = thorough ? 1 : STRIDE;
  run r;
  for (; run_until(&r, full, two, n) && unit.failures < UNIT_SHOWN; n += stride, tried++) {
    lost += outcomes_of(&r, n);
    story_remove(&r.file);
  }
  power_disarm();
  story_remove(&r.file);
  printf("  durability %s, %s: %lld of %lld calls, %d outcomes lost a tail\n",
         full ? "full" : "normal", two ? "two handles" : "one handle", (long long)tried,
         (long long)n, lost);
  CHECK(tried > 20);
  return lost;
}

TEST(with_full_durability_nothing_acknowledged_is_lost) {
  CHECK_INT(cut_everywhere(true, false), 0);
}

TEST(nor_when_two_write_in_turn) {
  CHECK_INT(cut_everywhere(true, true), 0);
}

/* That something is lost shows that the disk of these tests does forget. */
TEST(with_normal_durability_at_most_a_tail_is_lost) {
  CHECK(cut_everywhere(false, false) > 0);
}

/* ---- calls that fail ---- */

typedef struct failing {
  power_mode mode;
  qm_code code; /* what the engine is to call it */
  const char *name;
} failing;

static const failing FAILINGS[] = {{POWER_ERROR, QM_IO, "a call fails"},
                                   {POWER_FULL, QM_FULL, "a call finds no space"},
                                   {POWER_FILLED, QM_FULL, "no call finds space"}};

static bool is_called(qm_code code, const failing *f) {
  return (power.vague && code == QM_IO) || CHECK_INT(code, f->code);
}

/* The next step fails, or seems to be unharmed. When it fails it must say so, change nothing, and
 * work as soon as the disk does. */
static bool fail_step(run *r, const failing *f) {
  qm_err err = {0};
  const story_step *step = &shop.steps[r->acknowledged];
  qm_code code = story_carry_out(step, &r->file, r->full, &r->stores[0], &err);
  if (code == QM_OK) {
    r->acknowledged++;
    return true;
  }
  bool good = CHECK(power.struck) && is_called(code, f) && CHECK(err.text[0]);
  if (good && f->mode == POWER_FILLED &&
      r->stores[0]) { /* what is there can be read all the same */
    is_called(story_carry_out(step, &r->file, r->full, &r->stores[0], &err), f);
    CHECK_INT(kit_verify(r->stores[0]), 0);
  }
  power_disarm();
  good = good && CHECK_INT(where(r, r->acknowledged, r->acknowledged), r->acknowledged) &&
         CHECK(go_on(r, r->acknowledged + 1)) &&
         CHECK_INT(where(r, r->acknowledged, r->acknowledged), r->acknowledged);
  if (!good)
    fprintf(stderr, "  %s: %s (%d)\n", step->name, err.text, err.native);
  return good;
}

/* The file cannot be opened, which is said, and then it can. */
static bool fail_open(run *r, const failing *f) {
  qm_err err = {0};
  qm_code code = story_open(&r->file, r->full, &r->stores[0], &err);
  bool good = code == QM_OK || (is_called(code, f) && CHECK(!r->stores[0]));
  if (code != QM_OK)
    power_disarm();
  good = good && CHECK(go_on(r, 0));
  if (!good)
    fprintf(stderr, "  opening: %s (%d)\n", err.text, err.native);
  return good;
}

/* Runs with the n-th call failing and looks at the end; false: the story was over before. Every
 * other run ends with a power cut soon after, for a sync that failed may have lost something that
 * nobody will write again. */
static bool fail_at(const failing *f, int64_t n) {
  run r = {.file = kit_new_file(), .full = true, .acknowledged = NOTHING};
  power_watch((uint64_t)n);
  power_arm(f->mode, n);
  bool good = fail_open(&r, f);
  while (good && r.acknowledged < (int)shop.count && power.mode != POWER_FINE &&
         (f->mode == POWER_FILLED || !power.struck))
    good = fail_step(&r, f);
  power_disarm();
  int after = (int)(n / 2 % 4);
  bool cut = n % 2 && r.acknowledged + after < (int)shop.count;
  good = good && CHECK(go_on(&r, cut ? r.acknowledged + after : (int)shop.count));
  power.off = cut;
  close_shop(&r);
  if (cut) {
    disk_mood mood = (disk_mood)(n / 8 % 3);
    power_return(&r, mood, (uint64_t)n);
  }
  if (good)
    look(&r, f->name, n);
  else
    fprintf(stderr, "  at %lld %s\n", (long long)n, f->name);
  story_remove(&r.file);
  return power.struck;
}

/* Without its log a file would be written in another way, which a power cut takes commits from. */
TEST(a_file_whose_log_cannot_be_kept_is_not_opened) {
  int64_t n = 1;
  for (bool struck = true; struck && unit.failures < UNIT_SHOWN; n++) {
    run r = {.file = kit_new_file(), .full = true};
    power_watch((uint64_t)n);
    qm_err err = {0};
    power_arm(POWER_ERROR, n);
    qm_code code = story_open(&r.file, r.full, &r.stores[0], &err);
    struck = power.struck;
    power_disarm();
    if (code == QM_OK) {
      sqlite3 *eyes = kit_eyes(r.file.path);
      if (!CHECK_INT(kit_ask(eyes, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1))
        fprintf(stderr, "  call %lld of opening failed\n", (long long)n);
      sqlite3_close(eyes);
    }
    close_shop(&r);
    story_remove(&r.file);
  }
  CHECK(n > 50);
}

TEST(a_call_that_fails_is_said_and_changes_nothing) {
  for (size_t i = 0; i < sizeof FAILINGS / sizeof *FAILINGS; i++) {
    int64_t n = 1, tried = 0, stride = thorough ? 1 : STRIDE;
    for (; fail_at(&FAILINGS[i], n) && unit.failures < UNIT_SHOWN; n += stride)
      tried++;
    printf("  %s: %lld of %lld calls\n", FAILINGS[i].name, (long long)tried, (long long)n);
    CHECK(tried > 20);
  }
}

/* A copy is made of the shop at its end with the n-th call failing; false: none has failed. */
static bool copy_without(run *r, power_mode mode, int64_t n) {
  char path[KIT_PATH + 32];
  qm_err err = {0};
  snprintf(path, sizeof path, "%s.copy", r->file.path);
  power_arm(mode, n);
  qm_code code = qm_db_backup(qm_store_db(r->stores[0]), path, &err);
  power_disarm();
  bool good = true;
  if (code == QM_OK) {
    char *text = story_text(path);
    good = CHECK_STR(text, shop.texts[shop.count]);
    sqlite3_free(text);
  } else {
    good = CHECK(power.struck) && CHECK(code == QM_IO || code == QM_FULL) &&
           CHECK(access(path, F_OK) != 0);
  }
  unlink(path);
  good = good && CHECK_INT(where(r, 0, (int)shop.count), shop.count);
  if (!good)
    fprintf(stderr, "  call %lld of making a copy: %s\n", (long long)n, err.text);
  return good && power.struck;
}

TEST(a_copy_is_whole_or_not_there) {
  run r = {.file = kit_new_file()};
  int64_t n = 1, full = 1;
  power.watched = false;
  CHECK(go_on(&r, (int)shop.count));
  for (; copy_without(&r, POWER_ERROR, n); n++)
    ;
  for (; copy_without(&r, POWER_FULL, full); full++)
    ;
  CHECK(n > 50 && full > 30);
  close_shop(&r);
  story_remove(&r.file);
}

/* Each time the file is opened anew, so that all of it has to be read. */
TEST(a_file_that_cannot_be_read_is_not_called_damaged) {
  run r = {.file = kit_new_file()};
  int64_t n = 1;
  power.watched = false;
  CHECK(go_on(&r, (int)shop.count));
  close_shop(&r);
  for (bool struck = true; struck && unit.failures < UNIT_SHOWN; n++) {
    qm_verify_counts counts;
    qm_err err = {0};
    int differences = 0;
    CHECK_INT(story_open(&r.file, r.full, &r.stores[0], &err), QM_OK);
    power_arm(POWER_ERROR, n);
    qm_code code = qm_store_verify(r.stores[0], kit_count_difference, &differences, &counts, &err);
    struck = power.struck;
    power_disarm();
    if (!CHECK(code == QM_OK || code == QM_IO) || !CHECK_INT(differences, 0))
      fprintf(stderr, "  call %lld: %s\n", (long long)n, err.text);
    close_shop(&r);
  }
  CHECK(n > 30);
  story_remove(&r.file);
}

int main(void) {
  thorough = getenv("QM_SOAK") != NULL;
  power_install();
  story_read(&shop);
  RUN(with_full_durability_nothing_acknowledged_is_lost);
  RUN(nor_when_two_write_in_turn);
  RUN(with_normal_durability_at_most_a_tail_is_lost);
  RUN(a_file_whose_log_cannot_be_kept_is_not_opened);
  RUN(a_call_that_fails_is_said_and_changes_nothing);
  RUN(a_copy_is_whole_or_not_there);
  RUN(a_file_that_cannot_be_read_is_not_called_damaged);
  story_free(&shop);
  disk_free(&power.disk);
  return unit_report();
}
