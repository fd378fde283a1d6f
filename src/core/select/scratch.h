/* scratch.h: parts of one block of memory that the caller gives. With a block that starts at NULL,
 * where the parts end is how much they need. */
#ifndef QM_SCRATCH_H
#define QM_SCRATCH_H

#include <stddef.h>

static inline void *qm_carve(char **at, size_t count, size_t size) {
  char *start = *at;
  *at += (count * size + 15) / 16 * 16;
  return start;
}

#endif
