/* power_disk.h: a disk that forgets. For each file name it knows what is safe there, and what has
 * only been written; when the power fails, any part of the latter is there as well.
 *
 * A disk writes sectors of 512 bytes, each of them whole or not at all, in any order. A file that
 * was created or deleted and whose directory has not been synced may be there or not. To sync a
 * file makes its own name safe too, as Linux's file systems do. */
#ifndef QM_SPEC_POWER_DISK_H
#define QM_SPEC_POWER_DISK_H

#include "store_kit.h"

enum { DISK_SECTOR = 512, DISK_FILES = 8, DISK_NAME = KIT_PATH + 32 };

typedef struct disk_bytes {
  unsigned char *p;
  size_t n, room;
} disk_bytes;

/* A write, or with p NULL a change of the size to `at`. */
typedef struct disk_change {
  int64_t at;
  size_t n;
  unsigned char *p;
  bool lost; /* a sync failed, and the system gave up on it */
} disk_change;

/* What one file contains. */
typedef struct disk_node {
  disk_bytes safe;
  disk_change *changes;
  size_t count, room;
} disk_node;

typedef struct disk_file {
  char name[DISK_NAME];
  disk_node *now, *before; /* before: what the name led to when it was last safe */
  bool named;              /* the name of `now` is safe */
} disk_file;

typedef struct disk {
  disk_file files[DISK_FILES];
} disk;

static inline void *disk_grow(void *p, size_t size) {
  void *grown = realloc(p, size);
  if (!grown)
    abort();
  return grown;
}

/* ---- contents ---- */

static inline void disk_resize(disk_bytes *bytes, size_t n) {
  if (n > bytes->room) {
    bytes->room = n * 2;
    bytes->p = disk_grow(bytes->p, bytes->room);
  }
  if (n > bytes->n)
    memset(bytes->p + bytes->n, 0, n - bytes->n);
  bytes->n = n;
}

static inline void disk_put(disk_bytes *bytes, size_t at, const unsigned char *p, size_t n) {
  if (at + n > bytes->n)
    disk_resize(bytes, at + n);
  if (n > 0)
    memcpy(bytes->p + at, p, n);
}

static inline void disk_apply(disk_bytes *bytes, const disk_change *change) {
  if (change->p)
    disk_put(bytes, (size_t)change->at, change->p, change->n);
  else
    disk_resize(bytes, (size_t)change->at);
}

/* Each sector of the write is there, or is not. */
static inline void disk_tear(disk_bytes *bytes, const disk_change *change, uint64_t *random) {
  size_t end = (size_t)change->at + change->n;
  for (size_t at = (size_t)change->at, next; at < end; at = next) {
    next = (at / DISK_SECTOR + 1) * DISK_SECTOR;
    next = next < end ? next : end;
    if (unit_below(random, 2))
      disk_put(bytes, at, change->p + (at - (size_t)change->at), next - at);
  }
}

/* How a power cut treats what was not synced: none of it is there, all is, or anything goes. */
typedef enum disk_mood { DISK_NONE, DISK_ALL, DISK_ANY } disk_mood;

static inline disk_bytes disk_survivor(const disk_node *node, disk_mood mood, uint64_t *random) {
  disk_bytes bytes = {0};
  disk_put(&bytes, 0, node->safe.p, node->safe.n);
  for (size_t i = 0; i < node->count && mood != DISK_NONE; i++) {
    const disk_change *change = &node->changes[i];
    uint64_t fate = mood == DISK_ALL ? 0 : unit_below(random, 3);
    if (fate == 0)
      disk_apply(&bytes, change);
    else if (fate == 1 && change->p)
      disk_tear(&bytes, change, random);
  }
  return bytes;
}

static inline void disk_change_free(disk_node *node) {
  for (size_t i = 0; i < node->count; i++)
    free(node->changes[i].p);
  node->count = 0;
}

static inline void disk_node_free(disk_node *node) {
  if (!node)
    return;
  disk_change_free(node);
  free(node->changes);
  free(node->safe.p);
  free(node);
}

/* ---- files ---- */

static inline disk_file *disk_find(disk *d, const char *name) {
  for (int i = 0; i < DISK_FILES; i++)
    if (strcmp(d->files[i].name, name) == 0)
      return &d->files[i];
  return NULL;
}

static inline disk_node *disk_new_node(void) {
  disk_node *node = disk_grow(NULL, sizeof *node);
  *node = (disk_node){0};
  return node;
}

/* A file is opened, and made when there is none of that name. */
static inline disk_file *disk_open(disk *d, const char *name) {
  disk_file *file = disk_find(d, name);
  if (!file) {
    file = disk_find(d, "");
    if (!file || strlen(name) >= DISK_NAME)
      abort();
    snprintf(file->name, sizeof file->name, "%s", name);
  }
  if (!file->now) {
    file->now = disk_new_node();
    file->named = false;
  }
  return file;
}

/* A real file, which is safe as it is. Nothing happens when there is none. */
static inline void disk_load(disk *d, const char *name) {
  unsigned char block[4096];
  FILE *in = fopen(name, "rb");
  if (!in)
    return;
  disk_file *file = disk_open(d, name);
  for (size_t n; (n = fread(block, 1, sizeof block, in)) > 0;)
    disk_put(&file->now->safe, file->now->safe.n, block, n);
  file->named = true;
  fclose(in);
}

static inline void disk_change_add(disk_file *file, int64_t at, const void *p, size_t n) {
  disk_node *node = file->now;
  if (node->count == node->room) {
    node->room = node->room ? node->room * 2 : 16;
    node->changes = disk_grow(node->changes, node->room * sizeof *node->changes);
  }
  disk_change *change = &node->changes[node->count++];
  *change = (disk_change){.at = at, .n = n};
  if (p) {
    change->p = disk_grow(NULL, n + 1);
    memcpy(change->p, p, n);
  }
}

static inline void disk_sync(disk_file *file) {
  disk_node *node = file->now;
  for (size_t i = 0; i < node->count; i++)
    if (!node->changes[i].lost)
      disk_apply(&node->safe, &node->changes[i]);
  disk_change_free(node);
  disk_node_free(file->before);
  file->before = NULL;
  file->named = true;
}

/* The directory is synced: all names are safe, and those that are gone stay gone. */
static inline void disk_sync_names(disk *d) {
  for (int i = 0; i < DISK_FILES; i++) {
    disk_node_free(d->files[i].before);
    d->files[i].before = NULL;
    d->files[i].named = d->files[i].now != NULL;
  }
}

/* A sync failed: Linux calls the pages clean, and no later sync writes them. They may have come as
 * far as the disk all the same. */
static inline void disk_sync_fails(disk_file *file, uint64_t *random) {
  disk_node *node = file->now;
  for (size_t i = 0; i < node->count; i++) {
    if (!node->changes[i].lost && unit_below(random, 2))
      disk_apply(&node->safe, &node->changes[i]);
    node->changes[i].lost = true;
  }
}

static inline void disk_delete(disk *d, const char *name, bool synced) {
  disk_file *file = disk_find(d, name);
  if (!file || !file->now)
    return;
  if (file->named) {
    disk_node_free(file->before);
    file->before = file->now;
  } else {
    disk_node_free(file->now);
  }
  file->now = NULL;
  file->named = false;
  if (synced)
    disk_sync_names(d);
}

/* ---- the power fails ---- */

static inline void disk_write_file(const char *name, const disk_bytes *bytes) {
  FILE *out = fopen(name, "wb");
  size_t written = out && bytes->n > 0 ? fwrite(bytes->p, 1, bytes->n, out) : 0;
  if (!out || written != bytes->n || fclose(out) != 0)
    abort();
}

/* What a name leads to afterwards; NULL: nothing. */
static inline const disk_node *disk_outcome(const disk_file *file, disk_mood mood,
                                            uint64_t *random) {
  if (file->named || mood == DISK_ALL)
    return file->now;
  if (mood == DISK_NONE)
    return file->before;
  const disk_node *const outcomes[] = {file->now, file->before, file->now ? NULL : file->before};
  return outcomes[unit_below(random, 3)];
}

/* Makes the real files what is left of them. */
static inline void disk_cut(const disk *d, disk_mood mood, uint64_t seed) {
  uint64_t random = seed;
  for (int i = 0; i < DISK_FILES; i++) {
    const disk_file *file = &d->files[i];
    const disk_node *node = disk_outcome(file, mood, &random);
    if (node) {
      disk_bytes bytes = disk_survivor(node, mood, &random);
      disk_write_file(file->name, &bytes);
      free(bytes.p);
    } else if (file->name[0]) {
      unlink(file->name);
    }
  }
}

static inline void disk_free(disk *d) {
  for (int i = 0; i < DISK_FILES; i++) {
    disk_node_free(d->files[i].now);
    disk_node_free(d->files[i].before);
  }
  *d = (disk){0};
}

#endif
