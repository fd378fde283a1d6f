/* schema.h: the tables of a shop's file, and how an older file becomes a current one.
 *
 * Keys: items are product * 65536 + source and balances product * 65536 + stock, product high, so
 * that one range read covers a product's whole network; lines are order * 4096 + line number. Every
 * CHECK repeats an invariant of the core: a bug there becomes a refused write, not a wrong number.
 */
#ifndef QM_SCHEMA_H
#define QM_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

enum {
  QM_SCHEMA_VERSION = 4,
  QM_APPLICATION_ID = 0x514d5331, /* "QMS1" in the file header: this is one of ours */
  QM_PLACE_BITS = 16,             /* of an item or balance key: the source or stock */
  QM_LINE_BITS = 12               /* of a line key: the line number */
};

/* The key that is nobody's, nor near anybody's. A damaged file may hold any number for an id. */
#define QM_NO_KEY (-(INT64_C(1) << 40))

static inline int64_t qm_compound_key(int64_t high, int64_t low, int bits, int64_t most) {
  int64_t room = INT64_MAX >> (bits + 1);
  bool fits = high >= 0 && high <= room && low >= 0 && low <= most;
  return fits ? (high << bits) + low : QM_NO_KEY;
}

/* Of an item, a balance, a link, a rule; of an allocation, `high` being its line. */
static inline int64_t qm_key(int64_t high, int64_t place) {
  return qm_compound_key(high, place, QM_PLACE_BITS, (1 << QM_PLACE_BITS) - 1);
}

/* Of a line; number 1 << QM_LINE_BITS is where the lines of an order end. */
static inline int64_t qm_line_key(int64_t order, int64_t number) {
  return qm_compound_key(order, number, QM_LINE_BITS, 1 << QM_LINE_BITS);
}

/* qm_migrations[v] turns a file of version v into one of version v + 1, version 0 being an empty
 * file: a list of SQL texts ended by NULL. */
extern const char *const *const qm_migrations[QM_SCHEMA_VERSION];

#endif
