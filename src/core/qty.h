/* qty.h: exact quantities.
 *
 * A quantity is an int64 count of units of 1/10000. Every legal value lies within +-10^15 units, so
 * that it survives a trip through a Lua double unchanged. No operation wraps or rounds silently:
 * what does not fit is QM_LIMIT, what has more than four decimals is QM_INVALID. */
#ifndef QM_QTY_H
#define QM_QTY_H

#include "qm.h"

typedef int64_t qm_qty;

#define QM_QTY_ONE INT64_C(10000)
#define QM_QTY_MAX INT64_C(1000000000000000)

enum { QM_QTY_TEXT = 24 }; /* bytes that qm_qty_format needs, terminator included */

/* Decimal text, "-12", "0.5", "12.3400": digits, at most one sign and one point, a digit on each
 * side of the point, nothing else. Zeros beyond the fourth decimal are fine. */
qm_code qm_qty_parse(const char *text, size_t length, qm_qty *out);

/* A double that is a multiple of 1/10000: the nearest double to one, or off it by no more than the
 * noise that adding small amounts leaves (0.1 + 0.2; at most 1e-6 units: large sums must be
 * exact). */
qm_code qm_qty_from_double(double value, qm_qty *out);

/* A whole number. */
qm_code qm_qty_from_int(int64_t value, qm_qty *out);

/* The nearest double; converts back to the same quantity for every legal value. */
double qm_qty_to_double(qm_qty qty);

bool qm_qty_is_whole(qm_qty qty);

/* The shortest decimal text: "12", "-0.5", "0.0001". Returns its length. */
size_t qm_qty_format(qm_qty qty, char out[QM_QTY_TEXT]);

/* Sum and difference of legal values; QM_LIMIT when the result is not legal. `out` may alias. */
qm_code qm_qty_add(qm_qty a, qm_qty b, qm_qty *out);
qm_code qm_qty_sub(qm_qty a, qm_qty b, qm_qty *out);

/* ceil(qty * share) for qty >= 0 and a share of 0..1 in units of 1/10000; exact. */
qm_qty qm_qty_share(qm_qty qty, qm_qty share);

/* Is qty a multiple of step (> 0)? */
bool qm_qty_multiple(qm_qty qty, qm_qty step);

/* So many times qty, both >= 0: QM_LIMIT when that is not legal, QM_INVALID when it would have more
 * than four decimals. */
qm_code qm_qty_times(qm_qty qty, qm_qty times, qm_qty *out);

/* What is to `part` as qty is to `whole`, for 0 <= qty <= whole and part, whole > 0. False: there
 * is no such quantity of four decimals. */
bool qm_qty_in_proportion(qm_qty qty, qm_qty part, qm_qty whole, qm_qty *out);

/* The largest qty of the whole for which there is one of the part that is at most `limit`, for 0 <=
 * limit <= part. */
qm_qty qm_qty_proportion_within(qm_qty limit, qm_qty part, qm_qty whole);

static inline qm_qty qm_qty_min(qm_qty a, qm_qty b) {
  return a < b ? a : b;
}
static inline qm_qty qm_qty_max(qm_qty a, qm_qty b) {
  return a > b ? a : b;
}

#endif
