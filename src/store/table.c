/* table.c: a key is in the first free cell from its home on, but never far from it: where all near
 * cells are taken, the one at home is forgotten. So looking for one reads a line of the processor's
 * cache or two. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

enum { LINE = 64, NEAR = 8, FIRST = 64 };

typedef struct qm_cell {
  uint32_t hash, age;
  unsigned char thing[QM_TABLE_THING];
} qm_cell;

_Static_assert(sizeof(qm_cell) == LINE, "a cell is a line of the cache");

qm_table qm_table_new(size_t key_size, size_t most) {
  return (qm_table){.key_size = key_size, .most = most, .age = 1};
}

void qm_table_free(qm_table *table) {
  free(table->cells);
  *table = qm_table_new(table->key_size, table->most);
}

void qm_table_forget(qm_table *table) {
  table->used = 0;
  if (++table->age != 0)
    return;
  if (table->cells)
    memset(table->cells, 0, table->count * sizeof *table->cells);
  table->age = 1;
}

bool qm_table_key(void *key, size_t size, const char *bytes, size_t n) {
  unsigned char *to = key;
  if (n >= size || n > UINT8_MAX)
    return false;
  memset(to, 0, size);
  to[0] = (unsigned char)n;
  if (n > 0)
    memcpy(to + 1, bytes, n);
  return true;
}

/* ---- finding ---- */

static uint32_t hash_of(const void *key, size_t size) {
  const unsigned char *p = key;
  uint64_t hash = size;
  for (size_t i = 0; i < size; i += sizeof hash) {
    uint64_t word;
    memcpy(&word, p + i, sizeof word);
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
  }
  return (uint32_t)(hash ^ hash >> 32);
}

static qm_cell *cell_at(const qm_table *table, uint32_t hash, size_t distance) {
  return &table->cells[(hash + distance) & (table->count - 1)];
}

/* The key's cell, else the one that it may take. */
static qm_cell *find(const qm_table *table, uint32_t hash, const void *key, bool *found) {
  *found = false;
  for (size_t i = 0; i < NEAR; i++) {
    qm_cell *cell = cell_at(table, hash, i);
    if (cell->age != table->age)
      return cell;
    *found = cell->hash == hash && memcmp(cell->thing, key, table->key_size) == 0;
    if (*found)
      return cell;
  }
  return cell_at(table, hash, 0);
}

void qm_table_expect(const qm_table *table, const void *key) {
  if (table->count > 0)
    __builtin_prefetch(cell_at(table, hash_of(key, table->key_size), 0));
}

const void *qm_table_find(const qm_table *table, const void *key) {
  bool found;
  if (table->count == 0)
    return NULL;
  qm_cell *cell = find(table, hash_of(key, table->key_size), key, &found);
  return found ? cell->thing + table->key_size : NULL;
}

/* ---- keeping ---- */

static qm_cell *take(qm_table *table, uint32_t hash, const void *key) {
  bool found;
  qm_cell *cell = find(table, hash, key, &found);
  table->used += cell->age != table->age;
  cell->hash = hash;
  cell->age = table->age;
  return cell;
}

/* It stays as it is when there is no memory. */
static void grow(qm_table *table) {
  qm_table larger = *table;
  larger.used = 0;
  larger.count = table->count > 0 ? table->count * 2 : FIRST;
  larger.cells = aligned_alloc(LINE, larger.count * sizeof *larger.cells);
  if (!larger.cells)
    return;
  memset(larger.cells, 0, larger.count * sizeof *larger.cells);
  for (size_t i = 0; i < table->count; i++)
    if (table->cells[i].age == table->age)
      *take(&larger, table->cells[i].hash, table->cells[i].thing) = table->cells[i];
  free(table->cells);
  *table = larger;
}

void *qm_table_put(qm_table *table, const void *key) {
  if (table->used >= table->count / 2 && table->count < table->most)
    grow(table);
  if (table->count == 0)
    return NULL;
  qm_cell *cell = take(table, hash_of(key, table->key_size), key);
  memcpy(cell->thing, key, table->key_size);
  return cell->thing + table->key_size;
}
