/* schema.h: the tables of a shop's file, and how an older file becomes a current one.
 *
 * Keys: items are product * 65536 + source and balances product * 65536 + stock, product high, so
 * that one range read covers a product's whole network; lines are order * 4096 + line number. Every
 * CHECK repeats an invariant of the core: a bug there becomes a refused write, not a wrong number.
 */
#ifndef QM_SCHEMA_H
#define QM_SCHEMA_H

enum {
  QM_SCHEMA_VERSION = 2,
  QM_APPLICATION_ID = 0x514d5331, /* "QMS1" in the file header: this is one of ours */
  QM_PLACE_BITS = 16,             /* of an item or balance key: the source or stock */
  QM_LINE_BITS = 12               /* of a line key: the line number */
};

/* qm_migrations[v] turns a file of version v into one of version v + 1, version 0 being an empty
 * file: a list of SQL texts ended by NULL. */
extern const char *const *const qm_migrations[QM_SCHEMA_VERSION];

#endif
