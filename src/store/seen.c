/* seen.c: a table of what was seen, by place to sell and SKU. Each has one place in it, where it
 * takes over from whatever was there. */
#include "seen.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 1 << 14, KEY_BYTES = 88 };

typedef struct entry {
  qm_db_stamp stamp;
  int64_t from, until;
  uint32_t size; /* of the key, 0: there is none */
  char key[KEY_BYTES];
  qm_stand stand;
} entry;

struct qm_seen {
  entry entries[ENTRIES];
};

/* The key's bytes, 0 when it is too long; nothing in it can be taken for the end of another part.
 */
static uint32_t write_key(char *key, const qm_where *where, qm_str sku) {
  const qm_str parts[] = {
      {(const char *)&where->stock, sizeof where->stock},
      where->stock ? (qm_str){NULL, 0} : where->channel_type,
      where->channel_code,
      where->customer_group,
      sku,
  };
  size_t size = 0;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (size + parts[i].n + 2 > KEY_BYTES || parts[i].n > UINT8_MAX)
      return 0;
    key[size++] = parts[i].p != NULL;
    key[size++] = (char)(unsigned char)parts[i].n;
    if (parts[i].n > 0)
      memcpy(key + size, parts[i].p, parts[i].n);
    size += parts[i].n;
  }
  return (uint32_t)size;
}

static size_t place_of(const char *key, uint32_t size) {
  uint64_t hash = UINT64_C(1469598103934665603);
  for (uint32_t i = 0; i < size; i++)
    hash = (hash ^ (unsigned char)key[i]) * UINT64_C(1099511628211);
  return (size_t)(hash >> 32 ^ hash) % ENTRIES;
}

bool qm_seen_find(const qm_seen *seen, const qm_db_stamp *stamp, const qm_where *where, qm_str sku,
                  int64_t now_ms, qm_stand *out) {
  char key[KEY_BYTES];
  uint32_t size = seen ? write_key(key, where, sku) : 0;
  if (size == 0)
    return false;
  const entry *e = &seen->entries[place_of(key, size)];
  if (e->size != size || now_ms < e->from || now_ms >= e->until || memcmp(e->key, key, size) != 0 ||
      memcmp(&e->stamp, stamp, sizeof *stamp) != 0)
    return false;
  *out = e->stand;
  return true;
}

void qm_seen_keep(qm_seen **seen, const qm_db_stamp *stamp, const qm_where *where, qm_str sku,
                  int64_t now_ms, int64_t until, const qm_stand *stand) {
  char key[KEY_BYTES];
  uint32_t size = write_key(key, where, sku);
  if (size == 0)
    return;
  if (!*seen)
    *seen = calloc(1, sizeof **seen);
  if (!*seen)
    return;
  entry *e = &(*seen)->entries[place_of(key, size)];
  *e = (entry){.stamp = *stamp, .from = now_ms, .until = until, .size = size, .stand = *stand};
  memcpy(e->key, key, size);
}

void qm_seen_free(qm_seen *seen) {
  free(seen);
}
