/* input.h: for fuzzers that read their input as a program of numbers. At its end come zeros. */
#ifndef QM_SPEC_INPUT_H
#define QM_SPEC_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Not assert, which a build may switch off: the fuzzer then finds nothing. */
static inline void must_hold(bool held, const char *what, int line) {
  if (held)
    return;
  fprintf(stderr, "line %d: not so: %s\n", line, what);
  abort();
}

#define must(held) must_hold((held), #held, __LINE__)

typedef struct input {
  const uint8_t *at, *end;
} input;

static inline uint8_t next_byte(input *in) {
  return in->at < in->end ? *in->at++ : 0;
}

static inline uint64_t next_bytes(input *in, int count) {
  uint64_t value = 0;
  for (int i = 0; i < count; i++)
    value = value << 8 | next_byte(in);
  return value;
}

/* Takes up to so many bytes as they are; returns how many there were. */
static inline size_t next_piece(input *in, size_t most, const uint8_t **piece) {
  size_t left = (size_t)(in->end - in->at), n = left < most ? left : most;
  *piece = in->at;
  in->at += n;
  return n;
}

#endif
