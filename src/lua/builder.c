#include "binding.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGN = 8, FIRST_BYTES = 4096 };

void qm_builder_clear(qm_builder *builder) {
  builder->used = 0;
  builder->count = 0;
}

/* The block belongs to the handle, so an error leaves nothing behind. */
static size_t reserve(lua_State *L, qm_builder *builder, size_t size) {
  size_t at = (builder->used + ALIGN - 1) / ALIGN * ALIGN, need = at + size;
  if (need > builder->capacity) {
    size_t capacity = builder->capacity ? builder->capacity : FIRST_BYTES;
    while (capacity < need)
      capacity *= 2;
    char *bytes = need > UINT32_MAX / 2 ? NULL : realloc(builder->bytes, capacity);
    if (!bytes)
      luaL_error(L, "out of memory");
    builder->bytes = bytes;
    builder->capacity = capacity;
  }
  memset(builder->bytes + builder->used, 0, need - builder->used);
  builder->used = need;
  return at;
}

qm_op *qm_builder_op(lua_State *L, qm_builder *builder, qm_op_kind kind, int64_t now_ms) {
  if (builder->count == QM_BATCH_MAX)
    luaL_error(L, "a batch has at most %d operations", (int)QM_BATCH_MAX);
  size_t at = reserve(L, builder, sizeof(qm_op));
  builder->starts[builder->count++] = at;
  qm_op *op = qm_builder_current(builder);
  op->kind = kind;
  op->now_ms = now_ms;
  return op;
}

size_t qm_builder_start(const qm_builder *builder) {
  return builder->starts[builder->count - 1];
}

qm_op *qm_builder_current(qm_builder *builder) {
  return (qm_op *)(void *)(builder->bytes + qm_builder_start(builder));
}

size_t qm_builder_rows(lua_State *L, qm_builder *builder, size_t count, size_t size) {
  return reserve(L, builder, count * size);
}

qm_span qm_builder_text(lua_State *L, qm_builder *builder, const char *text, size_t length) {
  size_t at = reserve(L, builder, length);
  if (length > 0)
    memcpy(builder->bytes + at, text, length);
  return (qm_span){(uint32_t)(at - qm_builder_start(builder)), (uint32_t)length};
}

void qm_builder_end(qm_builder *builder) {
  qm_builder_current(builder)->size = (uint32_t)(builder->used - qm_builder_start(builder));
}
