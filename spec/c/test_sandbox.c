/* test_sandbox.c: scripts run, hostile ones end, and nothing passes from one call to the next. */
#define _POSIX_C_SOURCE 200809L

#include "sandbox_kit.h"

#include <dirent.h>
#include <locale.h>
#include <stdlib.h>
#include <time.h>

#if defined(__SANITIZE_ADDRESS__) || defined(QM_SLOW_BUILD)
enum { BUILD_SLOWNESS = 10 };
#else
enum { BUILD_SLOWNESS = 1 };
#endif

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* 50 ms; memcheck, under which QM_MEMCHECK is set, makes everything slower. */
static int64_t escape_us(void) {
  return 50000 * BUILD_SLOWNESS * (getenv("QM_MEMCHECK") ? 50 : 1);
}

/* Loads and calls with the default budget in a sandbox of its own; the time is the best of three,
 * because only the machine, not the script, can make it longer once. */
static qm_code attack(qm_str source, int64_t *best_us) {
  qm_code code = QM_OK;
  *best_us = INT64_MAX;
  for (int i = 0; i < 3 && *best_us > escape_us(); i++) {
    answer a;
    qm_sandbox *box = qm_sandbox_open(NULL);
    int64_t begin = now_us();
    code = kit_run(box, source, &a);
    int64_t took = now_us() - begin;
    *best_us = took < *best_us ? took : *best_us;
    for (const char *c = a.err.text; *c != '\0'; c++)
      CHECK((unsigned char)*c >= 0x20);
    if (code == QM_BUDGET) {
      CHECK_INT(kit_call(box, &a), QM_BUDGET);
      CHECK_INT(kit_run(box, kit_str("return { evaluate = function() end }"), &a), QM_BUDGET);
      CHECK(!qm_sandbox_exports(box, "evaluate"));
    }
    qm_sandbox_close(box);
  }
  return code;
}

TEST(every_hostile_script_ends_within_its_budget) {
  char path[1024];
  int seen = 0;
  DIR *directory = opendir("spec/escapes");
  if (!CHECK(directory != NULL))
    return;
  for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    size_t length = 0;
    int64_t took;
    if (strstr(entry->d_name, ".lua") == NULL)
      continue;
    snprintf(path, sizeof path, "spec/escapes/%s", entry->d_name);
    char *text = kit_read(path, &length);
    qm_code code = attack((qm_str){text, length}, &took);
    if (!CHECK(code == QM_BUDGET || code == QM_POLICY) || !CHECK(took <= escape_us()))
      fprintf(stderr, "  %s: %s after %d us\n", path, qm_code_name(code), (int)took);
    free(text);
    seen++;
  }
  closedir(directory);
  CHECK(seen >= 60);
}

/* Each of these parses in a time that grows with the square of its length, where no hook looks. */
TEST(chains_that_are_slow_to_parse_are_refused) {
  static const char *const chains[][3] = {{"x=a", " or a", ""},
                                          {"x=a", " and a", ""},
                                          {"if a then ", "elseif a then ", "end"},
                                          {"while a do ", "do break end ", "end"}};
  for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
    static char text[QM_SCRIPT_MAX + 1];
    size_t step = strlen(chains[i][1]), n = strlen(chains[i][0]);
    int64_t took;
    memcpy(text, chains[i][0], n);
    for (; n + step + 3 < QM_SCRIPT_MAX; n += step)
      memcpy(text + n, chains[i][1], step);
    snprintf(text + n, 4, "%s", chains[i][2]);
    CHECK_INT(attack(kit_str(text), &took), QM_POLICY);
    CHECK(took <= escape_us());
  }
}

static void check_spent(qm_budget budget, const char *source, const char *which) {
  answer a;
  qm_sandbox *box = qm_sandbox_open(&budget);
  CHECK_INT(kit_run(box, kit_str(source), &a), QM_BUDGET);
  CHECK_INT(a.err.code, QM_BUDGET);
  if (!CHECK(strstr(a.err.text, which) != NULL))
    fprintf(stderr, "  %s\n", a.err.text);
  qm_sandbox_close(box);
}

TEST(each_budget_ends_a_script_by_itself) {
  qm_budget budget = QM_BUDGET_LIMIT;
  budget.instructions = 10000;
  check_spent(budget, "while true do end", "(instructions)");
  check_spent(budget, "return { evaluate = function() while true do end end }", "(instructions)");
  budget = QM_BUDGET_LIMIT;
  budget.wall_us = 2000;
  check_spent(budget, "while true do end", "(time)");
  budget = QM_BUDGET_LIMIT;
  budget.live_bytes = 1000000;
  check_spent(budget, "local t while true do t = { t } end", "(memory)");
  budget = QM_BUDGET_LIMIT;
  budget.block_bytes = 10000;
  check_spent(budget, "local s = 'x' for _ = 1, 20 do s = s .. s end", "(one block of memory)");
  budget = QM_BUDGET_LIMIT;
  budget.total_bytes = 1000000;
  check_spent(budget, "while true do local _ = {} end", "(memory in total)");
}

TEST(budgets_have_hard_maxima) {
  qm_budget budget = {INT64_MAX, INT64_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX};
  check_spent(budget, "local s = 'x' for _ = 1, 22 do s = s .. s end", "(one block of memory)");
}

/* Each would stay far within its budget if only the script's own instructions counted. */
TEST(work_inside_c_functions_is_charged) {
  static const struct {
    int64_t instructions;
    const char *source;
  } cases[] = {
      {100000, "local s = ('x'):rep(60000) for _ = 1, 10 do s:upper() end"},
      {100000, "local s = ('x'):rep(60000) for _ = 1, 10 do s:reverse() end"},
      {100000, "local s = ('x'):rep(60000) for _ = 1, 10 do s:find('y', 1, true) end"},
      {100000, "local s = ('x'):rep(60000) for _ = 1, 100 do s:sub(2) end"},
      {100000, "for _ = 1, 3 do ('x'):rep(60000) end"},
      {100000, "local t = {} for i = 1, 250 do t[i] = i end\n"
               "for _ = 1, 500 do math.max(table.unpack(t)) end"},
      {100000, "local t = {} for i = 1, 4000 do t[i] = i end\n"
               "for _ = 1, 50 do table.insert(t, 1, 0) end"},
      {100000, "local t = {} for i = 1, 4000 do t[i] = i end\n"
               "for _ = 1, 50 do table.remove(t, 1) end"},
      {100000, "local t = {} for i = 1, 4000 do t[i] = 1 end\n"
               "for _ = 1, 10 do table.concat(t) end"},
      {60000, "local t = {} for i = 1, 4096 do t[i] = -i end table.sort(t)"},
      {20000, "local t, s = {}, ('x'):rep(1000) for i = 1, 200 do t[i] = s .. i end\n"
              "table.sort(t)"},
      {5000, "for _ = 1, 300 do pairs({}) end"},
      {1000000, "local t = {} for i = 1, 3000 do t[i] = i end local f = pairs(t)\n"
                "for i = 1, 3000 do t[i] = nil end for _ = 1, 200 do f() end"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    qm_budget budget = QM_BUDGET_LIMIT;
    budget.instructions = cases[i].instructions;
    check_spent(budget, cases[i].source, "(instructions)");
  }
}

TEST(the_budget_starts_anew_with_every_call) {
  answer a;
  qm_budget budget = QM_BUDGET_LIMIT;
  budget.instructions = 100000;
  budget.total_bytes = 500000;
  qm_sandbox *box = qm_sandbox_open(&budget);
  qm_str source = kit_str("return { evaluate = function() for _ = 1, 50000 do end\n"
                          "local s = ('x'):rep(2, ('y'):rep(30000)) return 'x' end }");
  CHECK_INT(kit_run(box, source, &a), QM_OK);
  for (int i = 0; i < 20; i++)
    if (!CHECK_INT(kit_call(box, &a), QM_OK))
      fprintf(stderr, "  %s\n", a.err.text);
  qm_sandbox_close(box);
}

static int push_counted(lua_State *L, void *context) {
  (void)L;
  ++*(int *)context;
  return 0;
}

TEST(a_spent_sandbox_is_not_entered_again) {
  int pushed = 0;
  answer a;
  qm_err err = {0};
  qm_sandbox *box = qm_sandbox_open(NULL);
  CHECK_INT(kit_run(box, kit_str("return { evaluate = function() while true do end end }"), &a),
            QM_BUDGET);
  CHECK_INT(qm_sandbox_call(box, "evaluate", push_counted, kit_pull_text, &pushed, &err),
            QM_BUDGET);
  CHECK_INT(pushed, 0);
  CHECK_INT(err.code, QM_BUDGET);
  CHECK_INT(qm_sandbox_load(box, "next", kit_str("goto x"), &err), QM_BUDGET);
  qm_sandbox_close(box);
}

/* Three quarters of the cap, held by a global of the call: the next call has room again only when
 * that global is gone and its memory collected. */
TEST(memory_is_collected_between_calls) {
  answer a;
  qm_budget budget = QM_BUDGET_LIMIT;
  budget.live_bytes = QM_BUDGET_DEFAULT.live_bytes;
  qm_sandbox *box = qm_sandbox_open(&budget);
  qm_str source = kit_str("return { evaluate = function()\n"
                          "for _ = 1, 38000 do kept = { kept } end return 'x' end }");
  CHECK_INT(kit_run(box, source, &a), QM_OK);
  for (int i = 0; i < 20; i++)
    if (!CHECK_INT(kit_call(box, &a), QM_OK))
      fprintf(stderr, "  %s\n", a.err.text);
  qm_sandbox_close(box);
}

/* The parser's own blocks may be larger than those of a running script. */
TEST(a_script_full_of_constants_loads) {
  static char text[QM_SCRIPT_MAX + 1];
  answer a;
  size_t n = (size_t)sprintf(text, "return { evaluate = function() return 'x' end, "
                                   "other = function() return {\n");
  for (int i = 0; i < 9000; i++)
    n += (size_t)sprintf(text + n, "'%04d',", i);
  sprintf(text + n, "} end }");
  qm_sandbox *box = kit_open();
  CHECK_INT(kit_run(box, kit_str(text), &a), QM_OK);
  CHECK_STR(a.text, "x");
  qm_sandbox_close(box);
}

TEST(nothing_passes_from_one_call_to_the_next) {
  static const char *const scripts[] = {
      "return { evaluate = function() n = (n or 0) + 1 return tostring(n) end }",
      "local n = 0 return { evaluate = function() n = n + 1 return tostring(n) end }",
      "return { evaluate = function() string.n = (string.n or 0) + 1 return tostring(string.n) end "
      "}",
      "return { evaluate = function()\n"
      "local seen = ('x').len == string.len string.len = nil\n"
      "return seen and ('x'):len() == 1 and '1' end }"};
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
    answer a;
    qm_sandbox *box = kit_open();
    CHECK_INT(kit_run(box, kit_str(scripts[i]), &a), QM_OK);
    CHECK_STR(a.text, "1");
    CHECK_INT(kit_call(box, &a), QM_OK);
    CHECK_STR(a.text, "1");
    qm_sandbox_close(box);
  }
}

TEST(only_text_of_limited_length_is_loaded) {
  static const struct {
    const char *text;
    size_t length;
    const char *says;
  } refused[] = {{"\x1bLua", 4, "compiled code"},
                 {"#\n\x1bLJ", 5, "begin with #"},
                 {"\xEF\xBB\xBF\x1bLJ", 6, "not part of the dialect"},
                 {"return {} \0", 11, "not part of the dialect"},
                 {"return", 6, "table of functions"},
                 {"return {}", 9, "table of functions"},
                 {"return { 1 }", 12, "table of functions"},
                 {"return { x = 1 }", 16, "table of functions"},
                 {"return {", 8, "script:1:"},
                 {"\n\nx = nil .. 1", 14, "script:3:"}};
  answer a;
  qm_sandbox *box = kit_open();
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    qm_str source = {refused[i].text, refused[i].length};
    CHECK_INT(kit_run(box, source, &a), QM_POLICY);
    CHECK_INT(a.err.code, QM_POLICY);
    if (!CHECK(strstr(a.err.text, refused[i].says) != NULL))
      fprintf(stderr, "  %d: %s\n", (int)i, a.err.text);
  }
  static char text[QM_SCRIPT_MAX + 2];
  memset(text, ' ', QM_SCRIPT_MAX + 1);
  const char *script = "return { evaluate = function() end }";
  memcpy(text, script, strlen(script));
  CHECK_INT(kit_run(box, (qm_str){text, QM_SCRIPT_MAX}, &a), QM_OK);
  CHECK_INT(kit_run(box, (qm_str){text, QM_SCRIPT_MAX + 1}, &a), QM_POLICY);
  qm_sandbox_close(box);
}

TEST(a_failed_load_forgets_what_was_there) {
  static const char *const failing[] = {"return {", "error('x')", "goto x", "\x1b"};
  for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) {
    answer a;
    qm_sandbox *box = kit_open();
    CHECK_INT(kit_run(box, kit_str("return { evaluate = function() end }"), &a), QM_OK);
    CHECK(qm_sandbox_exports(box, "evaluate"));
    CHECK(!qm_sandbox_exports(box, "other"));
    CHECK_INT(kit_run(box, kit_str(failing[i]), &a), QM_POLICY);
    CHECK(!qm_sandbox_exports(box, "evaluate"));
    CHECK_INT(kit_call(box, &a), QM_POLICY);
    CHECK_STR(a.err.text, "test: no script is loaded");
    qm_sandbox_close(box);
  }
}

TEST(messages_are_the_scripts_own_but_harmless) {
  answer a;
  qm_sandbox *box = kit_open();
  qm_str source = kit_str("return { evaluate = function() error('no\\n\\27[2J\\0way', 0) end }");
  CHECK_INT(kit_run(box, source, &a), QM_POLICY);
  CHECK_STR(a.err.text, "test: no  [2J way");
  source = kit_str("return { evaluate = function() error(('x'):rep(5000), 0) end }");
  CHECK_INT(kit_run(box, source, &a), QM_POLICY);
  CHECK_INT(strlen(a.err.text), QM_ERR_TEXT - 1);
  CHECK_INT(kit_run(box, kit_str("return { evaluate = function() error({}) end }"), &a), QM_POLICY);
  CHECK_STR(a.err.text, "test: it raised an error that is not text");
  CHECK_INT(qm_sandbox_load(box, "a\nb", kit_str("goto x"), &a.err), QM_POLICY);
  CHECK_STR(a.err.text, "a b: script:1: goto is not part of the dialect");
  CHECK_INT(qm_sandbox_load(box, "x", kit_str("goto x"), NULL), QM_POLICY);
  qm_sandbox_close(box);
}

static int push_error(lua_State *L, void *context) {
  return luaL_error(L, "%s", (const char *)context);
}

static qm_code pull_refusal(lua_State *L, int index, void *context, qm_err *err) {
  (void)context;
  return qm_fail(err, QM_INVALID, "got a %s", luaL_typename(L, index));
}

TEST(callbacks_may_fail) {
  qm_err err = {0};
  char text[] = "cannot push";
  qm_sandbox *box = kit_open();
  qm_sandbox_load(box, "test", kit_str("return { evaluate = function() return {} end }"), &err);
  CHECK_INT(qm_sandbox_call(box, "evaluate", push_error, pull_refusal, text, &err), QM_POLICY);
  CHECK_STR(err.text, "test: cannot push");
  CHECK_INT(qm_sandbox_call(box, "evaluate", kit_push_nothing, pull_refusal, NULL, &err),
            QM_INVALID);
  CHECK_STR(err.text, "got a table");
  qm_sandbox_close(box);
}

/* What the sandbox pushes and pulls happens inside the budgets, and in the C locale. */
static int push_locale(lua_State *L, void *context) {
  (void)context;
  lua_pushboolean(L, uselocale((locale_t)0) != LC_GLOBAL_LOCALE);
  return 1;
}

TEST(scripts_run_in_the_c_locale_and_the_hosts_is_restored) {
  answer a = {.text = ""};
  qm_sandbox *box = kit_open();
  qm_str source = kit_str("return { evaluate = function(plain) return tostring(plain) end }");
  CHECK_INT(qm_sandbox_load(box, "test", source, &a.err), QM_OK);
  CHECK_INT(qm_sandbox_call(box, "evaluate", push_locale, kit_pull_text, &a, &a.err), QM_OK);
  CHECK_STR(a.text, "true");
  CHECK(uselocale((locale_t)0) == LC_GLOBAL_LOCALE);
  qm_sandbox_close(box);
}

TEST(closing_nothing_is_fine) {
  qm_sandbox_close(NULL);
  CHECK(true);
}

int main(void) {
  RUN(every_hostile_script_ends_within_its_budget);
  RUN(chains_that_are_slow_to_parse_are_refused);
  RUN(each_budget_ends_a_script_by_itself);
  RUN(budgets_have_hard_maxima);
  RUN(work_inside_c_functions_is_charged);
  RUN(the_budget_starts_anew_with_every_call);
  RUN(a_spent_sandbox_is_not_entered_again);
  RUN(a_script_full_of_constants_loads);
  RUN(memory_is_collected_between_calls);
  RUN(nothing_passes_from_one_call_to_the_next);
  RUN(only_text_of_limited_length_is_loaded);
  RUN(a_failed_load_forgets_what_was_there);
  RUN(messages_are_the_scripts_own_but_harmless);
  RUN(callbacks_may_fail);
  RUN(scripts_run_in_the_c_locale_and_the_hosts_is_restored);
  RUN(closing_nothing_is_fine);
  return unit_report();
}
