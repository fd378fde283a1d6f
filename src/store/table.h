/* table.h: a table of small things that were looked up, which may forget any of them at any time
 * and all of them at once. Private to the store. */
#ifndef QM_TABLE_H
#define QM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QM_TABLE_THING = 56 }; /* bytes of a key and what belongs to it */

typedef struct qm_table {
  struct qm_cell *cells;
  size_t count, used; /* used: since everything was forgotten */
  size_t most;        /* cells: it grows until then */
  size_t key_size;    /* bytes, of the thing's first; a multiple of eight */
  uint32_t age;       /* cells of another one are forgotten */
} qm_table;

/* A table for at most so many, a power of two. It takes memory as it is used. */
qm_table qm_table_new(size_t key_size, size_t most);
void qm_table_free(qm_table *table);
void qm_table_forget(qm_table *table);

/* Says that a key will be asked for in a moment, so that memory can be on its way. */
void qm_table_expect(const qm_table *table, const void *key);
/* What belongs to a key, NULL: nothing is known. Lives until the next put. */
const void *qm_table_find(const qm_table *table, const void *key);
/* Room for what belongs to a key, to be filled; NULL: there is no memory for it. */
void *qm_table_put(qm_table *table, const void *key);

/* Is there room for these bytes in a key of that size? Then they are made one that no other bytes
 * make. */
bool qm_table_key(void *key, size_t size, const char *bytes, size_t n);

#endif
