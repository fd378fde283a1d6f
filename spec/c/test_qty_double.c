/* test_qty_double.c: doubles become quantities and back, against exact 128-bit arithmetic.
 *
 * An argument of the program is another seed. */
#include "unit.h"

#include <float.h>
#include <math.h>

#include "qty_cases.h"

TEST(double_accepts_multiples_and_the_noise_of_adding) {
  static const struct {
    double value;
    qm_qty units;
  } CASES[] = {
      {0.0, 0},
      {-0.0, 0},
      {0.1 + 0.2, 3000},
      {0.1 + 0.7, 8000},
      {-(0.1 + 0.2), -3000},
      {1.1 + 2.2, 33000},
      {8.5 - 9.33 + 1.0, 1700},
      {0.0001, 1},
      {-0.0001, -1},
      {0.3333, 3333},
      {1e11, QM_QTY_MAX},
      {-1e11, -QM_QTY_MAX},
      {99999999999.9999, QM_QTY_MAX - 1},
      {858993459.2001, INT64_C(8589934592001)},
      {DBL_MIN, 0},
      {-4.9e-324, 0},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    qm_qty qty = UNTOUCHED;
    if (!CHECK_INT(qm_qty_from_double(CASES[i].value, &qty), QM_OK) ||
        !CHECK_INT(qty, CASES[i].units))
      fprintf(stderr, "  for %.17g\n", CASES[i].value);
  }
}

TEST(double_refuses_more_than_four_decimals) {
  static const double CASES[] = {0.00004,  0.33333,   -0.33333, 0.00005,        1.0 / 3.0,
                                 1e-5,     0.12345,   12.34565, 1000000.00005,  2.0 / 3.0,
                                 0.000099, 0.0001001, 1e-9,     123456789.00005};
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    qm_qty qty = UNTOUCHED;
    if (!CHECK_INT(qm_qty_from_double(CASES[i], &qty), QM_INVALID) || !CHECK_INT(qty, UNTOUCHED))
      fprintf(stderr, "  for %.17g\n", CASES[i]);
  }
}

TEST(double_refuses_what_is_no_number) {
  static const double CASES[] = {(double)NAN, (double)-NAN, (double)INFINITY, (double)-INFINITY};
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    qm_qty qty = UNTOUCHED;
    CHECK_INT(qm_qty_from_double(CASES[i], &qty), QM_INVALID);
    CHECK_INT(qty, UNTOUCHED);
  }
}

TEST(double_reports_the_bound) {
  const double bound = 1e11;
  const double cases[] = {nextafter(bound, 1e12),
                          bound + 0.0001,
                          bound + 1.0,
                          9.3e14,
                          9.3e18,
                          1.9e19,
                          1e40,
                          1e300,
                          DBL_MAX};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    qm_qty qty = UNTOUCHED;
    CHECK_INT(qm_qty_from_double(cases[i], &qty), QM_LIMIT);
    CHECK_INT(qm_qty_from_double(-cases[i], &qty), QM_LIMIT);
    CHECK_INT(qty, UNTOUCHED);
  }
}

/* strtod rounds correctly, so the text of a quantity leads to its nearest double. */
static void check_double_trip(qm_qty qty) {
  char text[64];
  qm_qty back = UNTOUCHED;
  double value = qm_qty_to_double(qty);
  naive_format(qty, text);
  if (!CHECK(value == strtod(text, NULL)) || !CHECK_INT(qm_qty_from_double(value, &back), QM_OK) ||
      !CHECK_INT(back, qty))
    fprintf(stderr, "  for %s\n", text);
}

TEST(doubles_round_trip_at_every_magnitude) {
  for (int i = 0; i < ROUNDS; i++)
    check_double_trip(random_qty());
  for (qm_qty power = 1; power <= QM_QTY_MAX; power *= 2) {
    for (qm_qty near = -300; near <= 300; near++) {
      qm_qty qty = power + near;
      if (legal(qty))
        check_double_trip(unit_below(&seed, 2) ? qty : -qty);
    }
  }
  for (qm_qty near = 0; near <= 3000; near++)
    check_double_trip(QM_QTY_MAX - near);
}

/* What is to become of a double, by exact integers. With |value| = m / 2^k the distance to the
 * nearest count r of units is |m * 10^4 - r * 2^k| / 2^k. Whether a distance within the rounding of
 * one product of exactly 1e-6 counts as noise is left open. */
typedef struct verdict {
  bool accept;
  bool open;
  qm_qty units;
} verdict;

static verdict judge(double value) {
  int exponent;
  wide m = (wide)ldexp(frexp(fabs(value), &exponent), 53);
  int k = 53 - exponent;
  if (k > 100) /* less than 10^-9 units */
    return (verdict){.accept = true};
  wide scaled = m * 10000;
  wide one = (wide)1 << k;
  wide r = (scaled + one / 2) / one;
  wide off = scaled > r * one ? scaled - r * one : r * one - scaled;
  verdict v = {.units = (qm_qty)(value < 0.0 ? -r : r)};
  wide slack = 1 << 14; /* scaled has at most 67 bits, a double keeps 53 of them */
  bool nearest = 2 * off < 10000;
  bool doubtful = 2 * off == 10000 || (m == (wide)1 << 52 && 2 * off >= 5000 && nearest);
  v.accept = nearest || off * 1000000 <= one;
  v.open = !(nearest && !doubtful) &&
           (doubtful || ((off - slack) * 1000000 <= one && (off + slack) * 1000000 >= one));
  return v;
}

/* Near a quantity by a few steps of the double, by about the noise, by a random bit or not at all;
 * or anywhere. */
static double random_double(void) {
  double value = qm_qty_to_double(random_qty());
  double sign = unit_below(&seed, 2) ? 1.0 : -1.0;
  switch (unit_below(&seed, 5)) {
  case 0:
    for (uint64_t steps = unit_below(&seed, 4); steps > 0; steps--)
      value = nextafter(value, sign * 1e300);
    break;
  case 1:
    value += sign * 1e-10 * (double)unit_below(&seed, 2000) / 1000.0;
    break;
  case 2:
    value += sign * ldexp(1.0, -(int)unit_below(&seed, 60));
    break;
  case 3:
    value = sign * ldexp((double)(unit_random(&seed) >> 11), -(int)unit_below(&seed, 90) - 16);
    break;
  }
  return value;
}

TEST(doubles_agree_with_128_bit_arithmetic) {
  int accepted = 0, refused = 0, open = 0;
  for (int i = 0; i < ROUNDS; i++) {
    double value = random_double();
    if (fabs(value) > 1e11)
      continue;
    qm_qty qty = UNTOUCHED;
    qm_code code = qm_qty_from_double(value, &qty);
    verdict v = judge(value);
    bool right = code == QM_OK ? (v.accept || v.open) && qty == v.units
                               : code == QM_INVALID && (!v.accept || v.open) && qty == UNTOUCHED;
    if (!CHECK(right))
      fprintf(stderr, "  for %.17g\n", value);
    open += v.open;
    accepted += code == QM_OK;
    refused += code != QM_OK;
  }
  CHECK(accepted > ROUNDS / 10);
  CHECK(refused > ROUNDS / 10);
  CHECK(open < ROUNDS / 10);
}

int main(int argc, char **argv) {
  uint64_t first = seed_from(argc, argv);
  RUN(double_accepts_multiples_and_the_noise_of_adding);
  RUN(double_refuses_more_than_four_decimals);
  RUN(double_refuses_what_is_no_number);
  RUN(double_reports_the_bound);
  RUN(doubles_round_trip_at_every_magnitude);
  RUN(doubles_agree_with_128_bit_arithmetic);
  if (unit.failed > 0)
    fprintf(stderr, "seed %" PRIu64 "\n", first);
  return unit_report();
}
