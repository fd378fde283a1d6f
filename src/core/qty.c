/* qty.c: quantities as counts of 1/10000, from and to text, doubles and whole numbers. */
#include "qty.h"

#include "divisor.h"

#include <math.h>

enum { DECIMALS = 4 };

/* How far from a multiple of 1/10000, in units, a double may lie and still mean it: far more than
 * the noise of adding small decimals, far less than a fifth decimal. */
static const double NOISE = 1e-6;

static bool is_legal(int64_t units) {
  return units >= -QM_QTY_MAX && units <= QM_QTY_MAX;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Appends a digit to a count that stops growing once it is past every legal value. */
static uint64_t push_digit(uint64_t units, char digit) {
  if (units > (uint64_t)QM_QTY_MAX)
    return units;
  return units * 10 + (uint64_t)(digit - '0');
}

/* The whole text is read even when its value has long passed the bound, because a text that is no
 * quantity at all is QM_INVALID, which takes precedence over QM_LIMIT. */
qm_code qm_qty_parse(const char *text, size_t length, qm_qty *out) {
  size_t at = 0;
  bool negative = length > 0 && text[0] == '-';
  if (negative || (length > 0 && text[0] == '+'))
    at++;

  uint64_t units = 0;
  size_t start = at;
  for (; at < length && is_digit(text[at]); at++)
    units = push_digit(units, text[at]);
  if (at == start)
    return QM_INVALID;

  size_t decimals = 0;
  if (at < length && text[at] == '.') {
    for (at++; at < length && is_digit(text[at]); at++, decimals++) {
      if (decimals < DECIMALS)
        units = push_digit(units, text[at]);
      else if (text[at] != '0')
        return QM_INVALID;
    }
    if (decimals == 0)
      return QM_INVALID;
  }
  if (at != length)
    return QM_INVALID;

  for (; decimals < DECIMALS; decimals++)
    units = push_digit(units, '0');
  if (units > (uint64_t)QM_QTY_MAX)
    return QM_LIMIT;
  *out = negative ? -(qm_qty)units : (qm_qty)units;
  return QM_OK;
}

/* The bound is checked before the decimals: past it a double no longer holds four of them. The way
 * back decides for large values, where the product alone is off by more than the noise; the noise
 * decides for sums of small ones. */
qm_code qm_qty_from_double(double value, qm_qty *out) {
  const double bound = (double)(QM_QTY_MAX / QM_QTY_ONE);
  if (!isfinite(value))
    return QM_INVALID;
  if (value > bound || value < -bound)
    return QM_LIMIT;

  /* Half away from zero by hand, not rint, which would cost the module a link against libm; a
   * value halfway between two units is refused whichever one it is compared with. */
  double scaled = value * (double)QM_QTY_ONE;
  qm_qty units = (qm_qty)(scaled < 0.0 ? scaled - 0.5 : scaled + 0.5);
  double off = scaled - (double)units;
  if (qm_qty_to_double(units) != value && (off > NOISE || off < -NOISE))
    return QM_INVALID;
  QM_ASSERT(is_legal(units));
  *out = units;
  return QM_OK;
}

qm_code qm_qty_from_int(int64_t value, qm_qty *out) {
  if (value > QM_QTY_MAX / QM_QTY_ONE || value < -(QM_QTY_MAX / QM_QTY_ONE))
    return QM_LIMIT;
  *out = value * QM_QTY_ONE;
  return QM_OK;
}

double qm_qty_to_double(qm_qty qty) {
  return (double)qty / (double)QM_QTY_ONE;
}

bool qm_qty_is_whole(qm_qty qty) {
  return qty % QM_QTY_ONE == 0;
}

/* Written from the last digit to the first. Serves every int64, so that a damaged value can still
 * be shown to somebody. */
size_t qm_qty_format(qm_qty qty, char out[QM_QTY_TEXT]) {
  char reversed[QM_QTY_TEXT];
  size_t n = 0;
  uint64_t rest = qty < 0 ? 0 - (uint64_t)qty : (uint64_t)qty;
  for (int i = 0; i < DECIMALS; i++, rest /= 10) {
    if (n > 0 || rest % 10 != 0)
      reversed[n++] = (char)('0' + (int)(rest % 10));
  }
  if (n > 0)
    reversed[n++] = '.';
  do {
    reversed[n++] = (char)('0' + (int)(rest % 10));
    rest /= 10;
  } while (rest > 0);
  if (qty < 0)
    reversed[n++] = '-';

  QM_ASSERT(n < QM_QTY_TEXT);
  for (size_t i = 0; i < n; i++)
    out[i] = reversed[n - 1 - i];
  out[n] = '\0';
  return n;
}

/* Operands are checked as well as results: they may come from a damaged file, and signed overflow
 * must be impossible, not merely unlikely. */
qm_code qm_qty_add(qm_qty a, qm_qty b, qm_qty *out) {
  if (!is_legal(a) || !is_legal(b) || !is_legal(a + b))
    return QM_LIMIT;
  *out = a + b;
  return QM_OK;
}

qm_code qm_qty_sub(qm_qty a, qm_qty b, qm_qty *out) {
  if (!is_legal(a) || !is_legal(b) || !is_legal(a - b))
    return QM_LIMIT;
  *out = a - b;
  return QM_OK;
}

/* The product may need 64 bits and a sign. Whole pieces and the rest are multiplied apart, which
 * gives exactly what rounding up a 128-bit product would and needs no such type. */
qm_qty qm_qty_share(qm_qty qty, qm_qty share) {
  QM_ASSERT(qty >= 0 && is_legal(qty));
  QM_ASSERT(share >= 0 && share <= QM_QTY_ONE);
  if (share == 0)
    return 0;
  qm_qty whole = qty / QM_QTY_ONE;
  qm_qty rest = qty % QM_QTY_ONE;
  return whole * share + (rest * share + QM_QTY_ONE - 1) / QM_QTY_ONE;
}

bool qm_qty_multiple(qm_qty qty, qm_qty step) {
  QM_ASSERT(step > 0);
  return qty % step == 0;
}

/* Whole pieces and rests are multiplied apart, as for a share. */
qm_code qm_qty_times(qm_qty qty, qm_qty times, qm_qty *out) {
  if (qty < 0 || times < 0 || !is_legal(qty) || !is_legal(times))
    return QM_LIMIT;
  qm_qty whole = qty / QM_QTY_ONE, rest = qty % QM_QTY_ONE;
  if (whole > 0 && times > QM_QTY_MAX / whole)
    return QM_LIMIT;
  qm_qty small = rest * (times % QM_QTY_ONE);
  if (small % QM_QTY_ONE != 0)
    return QM_INVALID;
  qm_qty product = whole * times + rest * (times / QM_QTY_ONE) + small / QM_QTY_ONE;
  if (!is_legal(product))
    return QM_LIMIT;
  *out = product;
  return QM_OK;
}

/* In lowest terms the product cannot be larger than `part`. */
bool qm_qty_in_proportion(qm_qty qty, qm_qty part, qm_qty whole, qm_qty *out) {
  QM_ASSERT(qty >= 0 && qty <= whole && part > 0 && whole > 0);
  qm_qty divisor = qm_common_divisor(part, whole);
  if (qty % (whole / divisor) != 0)
    return false;
  *out = qty / (whole / divisor) * (part / divisor);
  return true;
}

qm_qty qm_qty_proportion_within(qm_qty limit, qm_qty part, qm_qty whole) {
  QM_ASSERT(limit >= 0 && limit <= part && part > 0 && whole > 0);
  qm_qty divisor = qm_common_divisor(part, whole);
  return limit / (part / divisor) * (whole / divisor);
}
