/* no_memory.h: the n-th allocation fails, in the engine and in SQLite, and what is not given back
 * is noticed.
 *
 * The program is linked with --wrap for malloc, calloc, realloc, aligned_alloc, strdup and free,
 * which covers the engine and the test itself; SQLite is told to ask here. Either one allocation
 * fails, or all from there on, as when memory is really gone. */
#ifndef QM_SPEC_NO_MEMORY_H
#define QM_SPEC_NO_MEMORY_H

#include "store_kit.h"

/* Whose allocation it is. */
typedef enum no_memory_of { OF_ENGINE = 1 << 0, OF_SQLITE = 1 << 1, OF_LUA = 1 << 2 } no_memory_of;

static struct {
  sqlite3_mem_methods sqlite;
  bool armed, lasting, struck;
  int counted; /* whose are */
  int64_t calls, at;
  int64_t blocks, lua_bytes; /* allocated and not freed */
} no_memory;

static inline void no_memory_arm(int64_t at, bool lasting) {
  no_memory.at = at;
  no_memory.lasting = lasting;
  no_memory.calls = 0;
  no_memory.struck = false;
  no_memory.armed = true;
}

static inline void no_memory_disarm(void) {
  no_memory.armed = false;
}

/* Does this allocation fail? */
static inline bool no_memory_for(no_memory_of who) {
  if (!no_memory.armed)
    return false;
  bool counts = no_memory.counted & (int)who;
  no_memory.calls += counts;
  bool fails = (counts && no_memory.calls == no_memory.at) ||
               (no_memory.lasting && no_memory.calls >= no_memory.at);
  no_memory.struck |= fails;
  return fails;
}

/* ---- the engine ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *p);

void *__wrap_malloc(size_t size) {
  void *p = no_memory_for(OF_ENGINE) ? NULL : __real_malloc(size);
  no_memory.blocks += p != NULL;
  return p;
}

void *__wrap_calloc(size_t count, size_t size) {
  void *p = no_memory_for(OF_ENGINE) ? NULL : __real_calloc(count, size);
  no_memory.blocks += p != NULL;
  return p;
}

void *__wrap_realloc(void *p, size_t size) {
  void *grown = no_memory_for(OF_ENGINE) ? NULL : __real_realloc(p, size);
  no_memory.blocks += !p && grown;
  return grown;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  void *p = no_memory_for(OF_ENGINE) ? NULL : __real_aligned_alloc(alignment, size);
  no_memory.blocks += p != NULL;
  return p;
}

char *__wrap_strdup(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = __wrap_malloc(size);
  if (copy)
    memcpy(copy, text, size);
  return copy;
}

void __wrap_free(void *p) {
  no_memory.blocks -= p != NULL;
  __real_free(p);
}

/* ---- Lua ---- */

/* A lua_Alloc. To make a block smaller must not fail. */
static inline void *no_memory_lua(void *context, void *p, size_t old, size_t size) {
  (void)context;
  size_t had = p ? old : 0;
  if (size > had && no_memory_for(OF_LUA))
    return NULL;
  void *result = NULL;
  if (size == 0)
    __real_free(p);
  else
    result = __real_realloc(p, size);
  if (result || size == 0)
    no_memory.lua_bytes += (int64_t)size - (int64_t)had;
  return result;
}

/* ---- SQLite ---- */

static void *no_memory_allocate(int size) {
  return no_memory_for(OF_SQLITE) ? NULL : no_memory.sqlite.xMalloc(size);
}

static void *no_memory_resize(void *p, int size) {
  return no_memory_for(OF_SQLITE) ? NULL : no_memory.sqlite.xRealloc(p, size);
}

/* Before SQLite is used. */
static inline void no_memory_install(void) {
  sqlite3_mem_methods methods;
  if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &no_memory.sqlite) != SQLITE_OK)
    abort();
  methods = no_memory.sqlite;
  methods.xMalloc = no_memory_allocate;
  methods.xRealloc = no_memory_resize;
  if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
    abort();
}

#endif
