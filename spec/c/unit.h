/* unit.h: what a C test file needs, and no more.
 *
 * A file lists its tests with TEST(a_sentence) { ... }, runs each with RUN(a_sentence) in main and
 * ends with `return unit_report();`. A failing check prints where and with which values, then the
 * test goes on; a test with a failing check counts as failed, once. Checks answer whether they
 * held, so that a loop can stop. The closing line "N passed, N failed" counts tests, not checks.
 * Randomness is seeded by the caller: the same seed gives the same run. */
#ifndef QM_SPEC_UNIT_H
#define QM_SPEC_UNIT_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { UNIT_SHOWN = 10 }; /* failures printed per test: a million random cases must not flood */

static struct {
  const char *name;
  uint64_t failures; /* of the running test */
  int passed;
  int failed;
} unit;

#define TEST(name) static void test_##name(void)
#define RUN(name)  unit_run(#name, test_##name)

#define CHECK(cond)     unit_check((cond), #cond, __FILE__, __LINE__)
#define CHECK_INT(a, b) unit_check_int((int64_t)(a), (int64_t)(b), #a, #b, __FILE__, __LINE__)
#define CHECK_STR(a, b) unit_check_str((a), (b), #a, #b, __FILE__, __LINE__)

/* Counts a failure; answers whether it is one of the first, which are printed. */
static inline bool unit_fail(const char *file, int line) {
  if (unit.failures++ >= UNIT_SHOWN)
    return false;
  fprintf(stderr, "%s:%d: %s: ", file, line, unit.name);
  return true;
}

static inline bool unit_check(bool held, const char *what, const char *file, int line) {
  if (!held && unit_fail(file, line))
    fprintf(stderr, "not so: %s\n", what);
  return held;
}

static inline bool unit_check_int(int64_t a, int64_t b, const char *what_a, const char *what_b,
                                  const char *file, int line) {
  if (a != b && unit_fail(file, line))
    fprintf(stderr, "%s is %" PRId64 ", %s is %" PRId64 "\n", what_a, a, what_b, b);
  return a == b;
}

static inline bool unit_check_str(const char *a, const char *b, const char *what_a,
                                  const char *what_b, const char *file, int line) {
  bool same = a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
  if (!same && unit_fail(file, line))
    fprintf(stderr, "%s is \"%s\", %s is \"%s\"\n", what_a, a == NULL ? "(null)" : a, what_b,
            b == NULL ? "(null)" : b);
  return same;
}

static inline void unit_run(const char *name, void (*test)(void)) {
  unit.name = name;
  unit.failures = 0;
  test();
  if (unit.failures > UNIT_SHOWN)
    fprintf(stderr, "%s: %" PRIu64 " more\n", name, unit.failures - UNIT_SHOWN);
  if (unit.failures == 0)
    unit.passed++;
  else
    unit.failed++;
}

/* Prints the closing line; the result is main's. */
static inline int unit_report(void) {
  printf("%d passed, %d failed\n", unit.passed, unit.failed);
  return unit.failed == 0 ? 0 : 1;
}

/* The next of a sequence of well-mixed 64-bit numbers: a Weyl counter, stirred. */
static inline uint64_t unit_random(uint64_t *state) {
  uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  return x ^ (x >> 31);
}

/* A number of 0..below-1; the slight unevenness does not matter to a test. */
static inline uint64_t unit_below(uint64_t *state, uint64_t below) {
  return unit_random(state) % below;
}

#endif
