/* test_qty.c: quantities against independent 128-bit arithmetic, a million and more random cases.
 *
 * The oracles below work on exact integers or on text, never the way qty.c does. An argument of the
 * program is another seed. */
#include "unit.h"

#include "qty_cases.h"

/* ---- text ---- */

static qm_code parse(const char *text, qm_qty *out) {
  return qm_qty_parse(text, strlen(text), out);
}

/* What a text is worth, by cutting it up: sign, digits, point, digits. At most 30 digits. */
static qm_code naive_parse(const char *text, wide *units) {
  const char *whole = text + (*text == '-' || *text == '+');
  size_t digits = strspn(whole, "0123456789");
  const char *rest = whole + digits;
  char decimals[64] = "";
  if (digits == 0 || (*rest != '\0' && *rest != '.'))
    return QM_INVALID;
  if (*rest == '.') {
    size_t length = strspn(rest + 1, "0123456789");
    if (length == 0 || rest[1 + length] != '\0')
      return QM_INVALID;
    memcpy(decimals, rest + 1, length + 1);
    while (length > 0 && decimals[length - 1] == '0')
      decimals[--length] = '\0';
    if (length > 4)
      return QM_INVALID;
  }
  *units = 0;
  for (size_t i = 0; i < digits; i++)
    *units = *units * 10 + (whole[i] - '0');
  for (size_t i = 0; i < 4; i++)
    *units = *units * 10 + (strlen(decimals) > i ? decimals[i] - '0' : 0);
  if (*text == '-')
    *units = -*units;
  return legal(*units) ? QM_OK : QM_LIMIT;
}

TEST(parse_accepts_decimal_text) {
  static const struct {
    const char *text;
    qm_qty units;
  } CASES[] = {
      {"0", 0},
      {"-0", 0},
      {"+0.0", 0},
      {"12", 120000},
      {"+12", 120000},
      {"-12", -120000},
      {"00012", 120000},
      {"0.5", 5000},
      {"-0.5", -5000},
      {"12.3400", 123400},
      {"0.0001", 1},
      {"-0.0001", -1},
      {"1.00000000000000000000", 10000},
      {"1.23450000", 12345},
      {"0000000000000000000000000000000000000000.1", 1000},
      {"100000000000", QM_QTY_MAX},
      {"-100000000000.0000", -QM_QTY_MAX},
      {"99999999999.9999", QM_QTY_MAX - 1},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    qm_qty qty = UNTOUCHED;
    if (!CHECK_INT(parse(CASES[i].text, &qty), QM_OK) || !CHECK_INT(qty, CASES[i].units))
      fprintf(stderr, "  for \"%s\"\n", CASES[i].text);
  }
}

TEST(parse_refuses_anything_else) {
  static const char *const CASES[] = {
      "",
      "+",
      "-",
      ".",
      "1.",
      ".5",
      "-.5",
      "1e3",
      "1E3",
      "0x1A",
      " 1",
      "1 ",
      "1,5",
      "1.5.5",
      "--1",
      "+-1",
      "1-",
      "1+",
      "abc",
      "nan",
      "inf",
      "1.2x",
      "1_000",
      "1\n",
      "1/2",
      "1:2",
      "-",
      "0.",
      "-0.",
      "\xD9\xA1",
      "0b1",
      "1.-5",
      "1. 5",
      "$1",
      "1%",
      "1.0f",
      "infinity",
      "0x",
      "1.+5",
      "\t1",
      "0.00001",
      "0.33333",
      "12.34567",
      "1.00001000",
      "99999999999.99999",
      "0.000000000000001",
  };
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    qm_qty qty = UNTOUCHED;
    if (!CHECK_INT(parse(CASES[i], &qty), QM_INVALID) || !CHECK_INT(qty, UNTOUCHED))
      fprintf(stderr, "  for \"%s\"\n", CASES[i]);
  }
}

TEST(parse_reads_exactly_the_length_given) {
  qm_qty qty = UNTOUCHED;
  CHECK_INT(qm_qty_parse("1\0", 2, &qty), QM_INVALID);
  CHECK_INT(qm_qty_parse("1\0002", 3, &qty), QM_INVALID);
  CHECK_INT(qm_qty_parse("\0001", 2, &qty), QM_INVALID);
  CHECK_INT(qm_qty_parse("1.5\0", 4, &qty), QM_INVALID);
  CHECK_INT(qm_qty_parse(NULL, 0, &qty), QM_INVALID);
  CHECK_INT(qm_qty_parse("12", 0, &qty), QM_INVALID);
  CHECK_INT(qty, UNTOUCHED);
  CHECK_INT(qm_qty_parse("12.75junk", 4, &qty), QM_OK);
  CHECK_INT(qty, 127000);
}

TEST(parse_reports_the_bound_not_an_overflow) {
  static const char *const CASES[] = {
      "100000000000.0001",      "-100000000000.0001",
      "100000000001",           "922337203685478",
      "922337203685477.5808",   "9223372036854775807",
      "-9223372036854775808",   "18446744073709551616",
      "18446744073709551617.5", "340282366920938463463374607431768211456",
  };
  char digits[5000];
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    qm_qty qty = UNTOUCHED;
    if (!CHECK_INT(parse(CASES[i], &qty), QM_LIMIT) || !CHECK_INT(qty, UNTOUCHED))
      fprintf(stderr, "  for \"%s\"\n", CASES[i]);
  }
  for (size_t length = 13; length <= sizeof digits; length += 7) {
    qm_qty qty = UNTOUCHED;
    memset(digits, '9', sizeof digits);
    CHECK_INT(qm_qty_parse(digits, length, &qty), QM_LIMIT);
    digits[length - 1] = 'x';
    CHECK_INT(qm_qty_parse(digits, length, &qty), QM_INVALID);
    memset(digits, '0', sizeof digits);
    CHECK_INT(qm_qty_parse(digits, length, &qty), QM_OK);
    CHECK_INT(qty, 0);
  }
}

TEST(format_gives_the_shortest_text) {
  static const struct {
    qm_qty units;
    const char *text;
  } CASES[] = {
      {0, "0"},
      {1, "0.0001"},
      {-1, "-0.0001"},
      {10, "0.001"},
      {-5000, "-0.5"},
      {10000, "1"},
      {100000, "10"},
      {120000, "12"},
      {123400, "12.34"},
      {100001, "10.0001"},
      {QM_QTY_MAX, "100000000000"},
      {-QM_QTY_MAX, "-100000000000"},
      {1 - QM_QTY_MAX, "-99999999999.9999"},
      {INT64_MAX, "922337203685477.5807"},
      {INT64_MIN, "-922337203685477.5808"},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    char text[QM_QTY_TEXT];
    CHECK_INT(qm_qty_format(CASES[i].units, text), strlen(CASES[i].text));
    CHECK_STR(text, CASES[i].text);
  }
}

TEST(text_round_trips) {
  for (int i = 0; i < ROUNDS; i++) {
    qm_qty qty = random_qty(), back = UNTOUCHED;
    char text[QM_QTY_TEXT], expected[64];
    size_t length = qm_qty_format(qty, text);
    naive_format(qty, expected);
    CHECK_STR(text, expected);
    CHECK_INT(length, strlen(expected));
    CHECK_INT(qm_qty_parse(text, length, &back), QM_OK);
    CHECK_INT(back, qty);
  }
}

/* A quantity's text, then up to three random changes, or a heap of likely characters. */
static void random_text(char out[64]) {
  static const char LIKELY[] = "00123456789999..+-e x,";
  memset(out, 0, 64);
  if (unit_below(&seed, 4) == 0) {
    size_t length = unit_below(&seed, 24);
    for (size_t i = 0; i < length; i++)
      out[i] = LIKELY[unit_below(&seed, sizeof LIKELY - 1)];
    return;
  }
  naive_format(random_qty(), out);
  for (uint64_t changes = unit_below(&seed, 4); changes > 0; changes--) {
    size_t length = strlen(out), at = unit_below(&seed, length + 1);
    char c = LIKELY[unit_below(&seed, sizeof LIKELY - 1)];
    if (unit_below(&seed, 2))
      memmove(out + at + 1, out + at, length - at);
    out[at] = c;
  }
}

TEST(parse_agrees_with_128_bit_arithmetic) {
  int seen[QM_CODES] = {0};
  for (int i = 0; i < ROUNDS; i++) {
    char text[64];
    wide units = UNTOUCHED;
    qm_qty qty = UNTOUCHED;
    random_text(text);
    qm_code code = parse(text, &qty), expected = naive_parse(text, &units);
    seen[expected]++;
    if (!CHECK_INT(code, expected) || !CHECK(code == QM_OK ? (wide)qty == units : qty == UNTOUCHED))
      fprintf(stderr, "  for \"%s\"\n", text);
  }
  CHECK(seen[QM_OK] > ROUNDS / 10);
  CHECK(seen[QM_INVALID] > ROUNDS / 10);
  CHECK(seen[QM_LIMIT] > ROUNDS / 100);
}

/* ---- arithmetic ---- */

/* Any int64 at all, the ends included. */
static int64_t random_int(void) {
  static const int64_t ENDS[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX};
  if (unit_below(&seed, 8) == 0)
    return ENDS[unit_below(&seed, 4)];
  int64_t value = (int64_t)(unit_random(&seed) >> (1 + unit_below(&seed, 63)));
  return unit_below(&seed, 2) ? -value : value;
}

TEST(whole_numbers_convert_within_the_bound) {
  const int64_t bound = QM_QTY_MAX / QM_QTY_ONE;
  for (int64_t near = -2; near <= 2; near++) {
    qm_qty qty = UNTOUCHED;
    CHECK_INT(qm_qty_from_int(bound + near, &qty), near > 0 ? QM_LIMIT : QM_OK);
    CHECK_INT(qty, near > 0 ? UNTOUCHED : (bound + near) * QM_QTY_ONE);
    CHECK_INT(qm_qty_from_int(-bound - near, &qty), near > 0 ? QM_LIMIT : QM_OK);
  }
  for (int i = 0; i < ROUNDS; i++) {
    int64_t value = random_int();
    qm_qty qty = UNTOUCHED;
    wide units = (wide)value * 10000;
    CHECK_INT(qm_qty_from_int(value, &qty), legal(units) ? QM_OK : QM_LIMIT);
    CHECK(legal(units) ? (wide)qty == units : qty == UNTOUCHED);
    CHECK(!legal(units) || qm_qty_is_whole(qty));
  }
}

TEST(whole_means_no_decimals) {
  CHECK(qm_qty_is_whole(0));
  CHECK(qm_qty_is_whole(-QM_QTY_ONE));
  CHECK(!qm_qty_is_whole(-1));
  CHECK(qm_qty_is_whole(QM_QTY_MAX));
  for (int i = 0; i < ROUNDS; i++) {
    char text[64];
    qm_qty qty = random_qty();
    naive_format(qty, text);
    CHECK_INT(qm_qty_is_whole(qty), strchr(text, '.') == NULL);
  }
}

/* One sum or difference, against the exact one, also into an operand. */
static void check_sum(int64_t a, int64_t b, int sign) {
  qm_code (*function)(qm_qty, qm_qty, qm_qty *) = sign > 0 ? qm_qty_add : qm_qty_sub;
  wide exact = (wide)a + (wide)b * sign;
  bool fine = legal(a) && legal(b) && legal(exact);
  qm_qty out = UNTOUCHED, left = a, right = b;
  CHECK_INT(function(a, b, &out), fine ? QM_OK : QM_LIMIT);
  CHECK(fine ? (wide)out == exact : out == UNTOUCHED);
  CHECK_INT(function(left, b, &left), fine ? QM_OK : QM_LIMIT);
  CHECK(left == (fine ? out : a));
  CHECK_INT(function(a, right, &right), fine ? QM_OK : QM_LIMIT);
  CHECK(right == (fine ? out : b));
}

TEST(sums_and_differences_never_leave_the_bound) {
  static const int64_t EDGES[] = {0,
                                  1,
                                  -1,
                                  QM_QTY_MAX,
                                  -QM_QTY_MAX,
                                  QM_QTY_MAX - 1,
                                  1 - QM_QTY_MAX,
                                  QM_QTY_MAX + 1,
                                  -1 - QM_QTY_MAX,
                                  INT64_MAX,
                                  INT64_MIN};
  enum { EDGE_COUNT = sizeof EDGES / sizeof EDGES[0] };
  for (int i = 0; i < EDGE_COUNT * EDGE_COUNT; i++) {
    check_sum(EDGES[i / EDGE_COUNT], EDGES[i % EDGE_COUNT], 1);
    check_sum(EDGES[i / EDGE_COUNT], EDGES[i % EDGE_COUNT], -1);
  }
  for (int i = 0; i < ROUNDS; i++) {
    check_sum(random_qty(), random_qty(), i & 1 ? 1 : -1);
    check_sum(random_int(), random_int(), i & 1 ? 1 : -1);
  }
}

TEST(a_share_is_rounded_up) {
  CHECK_INT(qm_qty_share(0, 10000), 0);
  CHECK_INT(qm_qty_share(1, 0), 0);
  CHECK_INT(qm_qty_share(1, 1), 1);
  CHECK_INT(qm_qty_share(10000, 1), 1);
  CHECK_INT(qm_qty_share(10001, 1), 2);
  CHECK_INT(qm_qty_share(70000, 1000), 7000);
  CHECK_INT(qm_qty_share(QM_QTY_MAX, 10000), QM_QTY_MAX);
  CHECK_INT(qm_qty_share(QM_QTY_MAX - 1, 9999), INT64_C(999900000000000));
  for (int i = 0; i < ROUNDS; i++) {
    qm_qty qty = random_qty(), share = (qm_qty)unit_below(&seed, 10001);
    qty = qty < 0 ? -qty : qty;
    wide exact = (wide)qty * share;
    wide up = exact / 10000 + (exact % 10000 != 0);
    CHECK((wide)qm_qty_share(qty, share) == up);
  }
}

TEST(multiples_are_exact) {
  CHECK(qm_qty_multiple(0, 1));
  CHECK(qm_qty_multiple(3000, 1000));
  CHECK(!qm_qty_multiple(3500, 1000));
  CHECK(qm_qty_multiple(-3000, 1000));
  CHECK(qm_qty_multiple(QM_QTY_MAX, QM_QTY_MAX));
  CHECK(!qm_qty_multiple(1, QM_QTY_MAX));
  for (int i = 0; i < ROUNDS; i++) {
    qm_qty step = random_qty();
    step = step < 0 ? -step : step == 0 ? 1 : step;
    qm_qty times = (qm_qty)unit_below(&seed, (uint64_t)(QM_QTY_MAX / step) + 1);
    qm_qty qty = (unit_below(&seed, 2) ? times : -times) * step;
    CHECK(qm_qty_multiple(qty, step));
    if (step > 1)
      CHECK(!qm_qty_multiple(qty + 1 + (qm_qty)unit_below(&seed, (uint64_t)step - 1), step));
  }
}

static qm_qty random_positive(void) {
  qm_qty qty = random_qty();
  return qty == 0 ? 1 : qty < 0 ? -qty : qty;
}

TEST(products_are_exact_or_refused) {
  static const struct {
    qm_qty a, b, product;
    qm_code code;
  } CASES[] = {
      {0, QM_QTY_MAX, 0, QM_OK},
      {10000, QM_QTY_MAX, QM_QTY_MAX, QM_OK},
      {10001, QM_QTY_MAX, UNTOUCHED, QM_LIMIT},
      {5000, 5000, 2500, QM_OK},
      {100, 100, 1, QM_OK},
      {100, 99, UNTOUCHED, QM_INVALID},
      {1, 1, UNTOUCHED, QM_INVALID},
      {QM_QTY_MAX, QM_QTY_MAX, UNTOUCHED, QM_LIMIT},
      {-10000, 10000, UNTOUCHED, QM_LIMIT},
      {QM_QTY_MAX + 1, 10000, UNTOUCHED, QM_LIMIT},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    qm_qty got = UNTOUCHED;
    CHECK_INT(qm_qty_times(CASES[i].a, CASES[i].b, &got), CASES[i].code);
    CHECK_INT(got, CASES[i].product);
  }
  for (int i = 0; i < ROUNDS; i++) {
    qm_qty a = random_positive(), b = random_positive(), got = UNTOUCHED;
    qm_code code = qm_qty_times(a, b, &got);
    wide product = (wide)a * b;
    bool exact = product % QM_QTY_ONE == 0, fits = legal(product / QM_QTY_ONE);
    /* What is both may be called either. */
    if (!CHECK_INT(code == QM_OK, exact && fits) || !CHECK(code != QM_LIMIT || !fits) ||
        !CHECK(code != QM_INVALID || !exact))
      break;
    if (!CHECK_INT(got, code == QM_OK ? (qm_qty)(product / QM_QTY_ONE) : UNTOUCHED))
      break;
  }
}

TEST(proportions_are_exact_or_none) {
  qm_qty got = UNTOUCHED;
  CHECK(qm_qty_in_proportion(0, 7, 3, &got) && got == 0);
  CHECK(qm_qty_in_proportion(3, 7, 3, &got) && got == 7);
  CHECK(qm_qty_in_proportion(10000, 20000, 40000, &got) && got == 5000);
  CHECK(qm_qty_in_proportion(QM_QTY_MAX, QM_QTY_MAX - 1, QM_QTY_MAX, &got));
  CHECK_INT(got, QM_QTY_MAX - 1);
  got = UNTOUCHED;
  CHECK(!qm_qty_in_proportion(1, 7, 3, &got) && got == UNTOUCHED);
  for (int i = 0; i < ROUNDS; i++) {
    qm_qty whole = random_positive(), part = random_positive();
    if (unit_below(&seed, 2) == 0) { /* small ratios, as in shops */
      part = (qm_qty)unit_below(&seed, 60) + 1;
      whole = part * ((qm_qty)unit_below(&seed, 9) + 1);
    }
    qm_qty qty = (qm_qty)(unit_random(&seed) % ((uint64_t)whole + 1));
    wide product = (wide)qty * part;
    got = UNTOUCHED;
    bool exact = qm_qty_in_proportion(qty, part, whole, &got);
    if (!CHECK_INT(exact, product % whole == 0))
      break;
    if (!CHECK_INT(got, exact ? (qm_qty)(product / whole) : UNTOUCHED))
      break;
    /* The other way about: as much of the whole as a limit of the part allows. */
    qm_qty limit = (qm_qty)(unit_random(&seed) % ((uint64_t)part + 1));
    qm_qty most = qm_qty_proportion_within(limit, part, whole);
    if (!CHECK(most >= 0 && most <= whole && qm_qty_in_proportion(most, part, whole, &got)) ||
        !CHECK(got <= limit))
      break;
    if (part < 60 && whole < 600) { /* nothing between that and the whole would do */
      for (qm_qty more = most + 1; more <= whole; more++)
        if (!CHECK(!qm_qty_in_proportion(more, part, whole, &got) || got > limit))
          return;
    }
  }
}

TEST(the_smaller_and_the_larger) {
  CHECK_INT(qm_qty_min(-1, 2), -1);
  CHECK_INT(qm_qty_min(2, -1), -1);
  CHECK_INT(qm_qty_max(-1, 2), 2);
  CHECK_INT(qm_qty_max(2, -1), 2);
  CHECK_INT(qm_qty_max(-QM_QTY_MAX, -QM_QTY_MAX), -QM_QTY_MAX);
}

int main(int argc, char **argv) {
  uint64_t first = seed_from(argc, argv);
  RUN(parse_accepts_decimal_text);
  RUN(parse_refuses_anything_else);
  RUN(parse_reads_exactly_the_length_given);
  RUN(parse_reports_the_bound_not_an_overflow);
  RUN(format_gives_the_shortest_text);
  RUN(text_round_trips);
  RUN(parse_agrees_with_128_bit_arithmetic);
  RUN(whole_numbers_convert_within_the_bound);
  RUN(whole_means_no_decimals);
  RUN(sums_and_differences_never_leave_the_bound);
  RUN(a_share_is_rounded_up);
  RUN(multiples_are_exact);
  RUN(products_are_exact_or_refused);
  RUN(proportions_are_exact_or_none);
  RUN(the_smaller_and_the_larger);
  if (unit.failed > 0)
    fprintf(stderr, "seed %" PRIu64 "\n", first);
  return unit_report();
}
