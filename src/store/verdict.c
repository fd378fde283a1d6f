#include "verdict.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 4096, ALIGN = 8 };

void qm_out_clear(qm_out *out) {
  out->used = ALIGN; /* offset 0 means absent */
  out->exhausted = false;
}

void qm_out_free(qm_out *out) {
  free(out->bytes);
  *out = (qm_out){0};
}

static bool grow(qm_out *out, size_t size) {
  size_t capacity = out->capacity ? out->capacity : FIRST_BYTES;
  while (capacity < size)
    capacity *= 2;
  if (out->bytes && capacity == out->capacity)
    return true;
  char *bytes = capacity > UINT32_MAX ? NULL : realloc(out->bytes, capacity);
  out->exhausted = out->exhausted || !bytes;
  if (!bytes)
    return false;
  out->bytes = bytes;
  out->capacity = capacity;
  return true;
}

/* What is appended may itself lie in the arena, which moves when it grows. */
static uint32_t append(qm_out *out, const void *data, size_t size) {
  uintptr_t from = (uintptr_t)data, start = (uintptr_t)out->bytes;
  bool inside = out->bytes && from >= start && from < start + out->used;
  size_t need = (size + ALIGN - 1) / ALIGN * ALIGN;
  if (!grow(out, out->used + need))
    return 0;
  if (inside)
    data = out->bytes + (from - start);
  uint32_t at = (uint32_t)out->used;
  if (size > 0)
    memcpy(out->bytes + at, data, size);
  memset(out->bytes + at + size, 0, need - size); /* answers are posted to other processes */
  out->used += need;
  return at;
}

qm_span qm_out_text(qm_out *out, qm_str text) {
  if (!text.p)
    return (qm_span){0, 0};
  return (qm_span){append(out, text.p, text.n), (uint32_t)text.n};
}

qm_str qm_out_str(const qm_out *out, qm_span span) {
  return span.at ? (qm_str){out->bytes + span.at, span.n} : (qm_str){NULL, 0};
}

bool qm_out_copy(qm_out *out, size_t at, const char *bytes, size_t size) {
  if (!grow(out, at + size))
    return false;
  memcpy(out->bytes + at, bytes, size);
  out->used = at + size;
  return true;
}

qm_problem *qm_out_problem(qm_out *out, uint32_t at) {
  return (qm_problem *)(void *)(out->bytes + at);
}

qm_entry *qm_out_entry(qm_out *out, uint32_t at) {
  return (qm_entry *)(void *)(out->bytes + at);
}

void qm_verdict_problem(qm_verdict *verdict, qm_out *out, const qm_problem *problem) {
  uint32_t at = append(out, problem, sizeof *problem);
  if (!at)
    return;
  qm_code code = qm_problem_infos[problem->kind].code;
  if (verdict->problem_count++ == 0) {
    verdict->problem_first = at;
    verdict->code = code;
  } else {
    qm_out_problem(out, verdict->problem_last)->next = at;
    if (code < verdict->code)
      verdict->code = code;
  }
  verdict->problem_last = at;
}

void qm_verdict_entry(qm_verdict *verdict, qm_out *out, const qm_entry *entry) {
  uint32_t at = append(out, entry, sizeof *entry);
  if (!at)
    return;
  if (verdict->entry_count++ == 0) {
    verdict->entry_first = at;
  } else {
    qm_out_entry(out, verdict->entry_last)->next = at;
  }
  verdict->entry_last = at;
}
