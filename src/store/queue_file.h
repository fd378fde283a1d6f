/* queue_file.h: what the queue's file holds, and joining it. Private to the queue. */
#ifndef QM_QUEUE_FILE_H
#define QM_QUEUE_FILE_H

#include <pthread.h>
#include <stdatomic.h>

#include "queue.h"

enum {
  QM_SLOTS = QM_POSTS_MAX,
  QM_POST_BYTES = 1 << 14, /* ops and answers up to that go through a slot */
  QM_NO_SLOT = -1          /* there are more handles than slots: this one only waits its turn */
};

typedef enum qm_slot_state {
  QM_SLOT_FREE,
  QM_SLOT_WAITS,  /* for its turn, with nothing for others to do */
  QM_SLOT_POSTED, /* its op may be taken */
  QM_SLOT_TAKEN,  /* by the one who leads */
  QM_SLOT_SERVED
} qm_slot_state;

/* Everything but the op is written by the one who leads. */
typedef struct qm_slot {
  uint32_t full;  /* by its owner: it asks for a commit that survives power loss */
  uint32_t alone; /* nobody takes it along */
  uint32_t too_long, from, to;
  uint64_t posted; /* by its owner: when, in nanoseconds */
  qm_verdict verdict;
  _Alignas(8) char op[QM_POST_BYTES];
  _Alignas(8) char answer[QM_POST_BYTES];
} qm_slot;

typedef struct qm_queue_map {
  _Atomic uint32_t magic;
  uint32_t layout;
  pthread_mutex_t lead;
  _Atomic uint32_t next;       /* whose turn is next, slot + 1; 0: whoever comes */
  _Atomic uint64_t next_until; /* nanoseconds; later it is whoever comes */
  _Atomic uint64_t tickets;
  _Atomic uint32_t states[QM_SLOTS], bells[QM_SLOTS];
  _Atomic uint64_t arrived[QM_SLOTS]; /* tickets */
  qm_slot slots[QM_SLOTS];
} qm_queue_map;

/* Maps the file and claims a slot, or none when all are taken. */
qm_code qm_queue_join(const char *path, qm_queue_map **map, int *fd, int *slot, qm_err *err);
/* Clears a slot whose owner is gone; for who leads. */
void qm_queue_bury(qm_queue_map *map, int fd, int slot);
/* Takes over from one who died while it led; for whom the lead was locked. */
void qm_queue_inherit(qm_queue_map *map);
/* Wakes the slot's owner. */
void qm_queue_ring(qm_queue_map *map, int slot);

/* Leaves it; a process that inherited the queue by fork only forgets it. */
void qm_queue_part(qm_queue_map *map, int fd);

#endif
