/* queue.c: whose turn it is. */
#define _GNU_SOURCE

#include "queue.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "queue_file.h"

enum {
  MS = 1000000,
  NAP = 2 * MS,      /* who sleeps looks by itself then, should nobody have woken it */
  HANDOVER = 5 * MS, /* so long the next one has to come */
  RETURN = MS / 10,  /* and so long the one who led */
  GATHER = 30000     /* who leads lets others arrive, if others were there the last time */
};

struct qm_queue {
  qm_queue_map *map;
  int fd, slot;
  bool full, posted;         /* posted: this call is in its slot */
  bool alone;                /* it leads for itself only */
  uint64_t waited;           /* nanoseconds, for the lead */
  size_t taken_count, crowd; /* crowd: how many others there were the last time it led */
  int taken[QM_POSTS_MAX];
};

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- sleeping and waking ---- */

void qm_queue_ring(qm_queue_map *map, int slot) {
  atomic_fetch_add(&map->bells[slot], 1);
  syscall(SYS_futex, (uint32_t *)&map->bells[slot], FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static uint32_t listen_to_bell(const qm_queue *q) {
  return q->posted ? atomic_load(&q->map->bells[q->slot]) : 0;
}

/* Until the bell rings, or the one whose turn it is has not come. */
static void nap(qm_queue *q, uint32_t heard, uint64_t now) {
  uint64_t until = atomic_load(&q->map->next) ? atomic_load(&q->map->next_until) : 0;
  bool soon = until > now && until - now < NAP;
  struct timespec longest = {.tv_nsec = soon ? (long)(until - now) : NAP};
  if (q->posted)
    syscall(SYS_futex, (uint32_t *)&q->map->bells[q->slot], FUTEX_WAIT, heard, &longest, NULL, 0);
  else
    nanosleep(&(struct timespec){.tv_nsec = MS / 10}, NULL);
}

/* ---- leading ---- */

/* What one who died was doing may be what killed it, so everybody does his own again. */
void qm_queue_inherit(qm_queue_map *map) {
  pthread_mutex_consistent(&map->lead);
  atomic_store(&map->next, 0);
  for (int i = 0; i < QM_SLOTS; i++) {
    if (atomic_load(&map->states[i]) != QM_SLOT_TAKEN)
      continue;
    map->slots[i].alone = 1;
    atomic_store(&map->states[i], QM_SLOT_POSTED);
    qm_queue_ring(map, i);
  }
}

static bool try_lead(qm_queue *q) {
  qm_queue_map *map = q->map;
  uint32_t next = atomic_load(&map->next);
  if (next != 0 && next != (uint32_t)q->slot + 1 && now_ns() < atomic_load(&map->next_until))
    return false;
  int rc = pthread_mutex_trylock(&map->lead);
  if (rc != 0 && rc != EOWNERDEAD)
    return false;
  if (rc == EOWNERDEAD)
    qm_queue_inherit(map);
  /* Whose turn it was may be dead, and would be waited for again and again. */
  if (next != 0 && next != (uint32_t)q->slot + 1)
    qm_queue_bury(map, q->fd, (int)next - 1);
  atomic_store(&map->next, 0);
  return true;
}

/* May this one do what is posted there, together with its own? */
static bool may_take(const qm_queue *q, int i) {
  const qm_slot *slot = &q->map->slots[i];
  return atomic_load(&q->map->states[i]) == QM_SLOT_POSTED && !slot->alone &&
         (q->full || !slot->full);
}

/* The one who has waited longest, among all or among those for whom this one can do nothing. */
static int longest_waiting(const qm_queue *q, bool all) {
  qm_queue_map *map = q->map;
  int best = QM_NO_SLOT;
  for (int i = 0; i < QM_SLOTS; i++) {
    uint32_t state = atomic_load(&map->states[i]);
    if ((state != QM_SLOT_WAITS && state != QM_SLOT_POSTED) || (!all && may_take(q, i)))
      continue;
    if (best == QM_NO_SLOT || atomic_load(&map->arrived[i]) < atomic_load(&map->arrived[best]))
      best = i;
  }
  return best;
}

static void hand_over(qm_queue_map *map, int slot, uint64_t ns) {
  atomic_store(&map->next_until, now_ns() + ns);
  atomic_store(&map->next, (uint32_t)slot + 1);
}

/* stays: it may go on leading when it comes back at once. */
static void leave(qm_queue *q, bool stays) {
  int next = longest_waiting(q, !stays || q->slot == QM_NO_SLOT);
  bool wanted = q->taken_count > 0 || longest_waiting(q, true) != QM_NO_SLOT;
  if (next != QM_NO_SLOT)
    hand_over(q->map, next, HANDOVER);
  else if (wanted && stays && q->slot != QM_NO_SLOT)
    hand_over(q->map, q->slot, RETURN);
  pthread_mutex_unlock(&q->map->lead);
  /* One is awake then and leads if this one does not come; and who came between the look and the
   * unlocking has found it locked and sleeps. */
  if (next == QM_NO_SLOT)
    next = longest_waiting(q, true);
  if (next != QM_NO_SLOT)
    qm_queue_ring(q->map, next);
}

/* Who leads has read the file's pages and is awake, so it goes on leading for those who post, as
 * long as it comes back at once. Who must lead for itself comes before that. */
void qm_queue_leave(qm_queue *q) {
  leave(q, true);
}

/* ---- coming ---- */

static void post(qm_queue *q, const qm_op *op) {
  qm_queue_map *map = q->map;
  q->posted = q->slot != QM_NO_SLOT;
  if (!q->posted)
    return;
  qm_slot *slot = &map->slots[q->slot];
  bool fits = op && op->size <= QM_POST_BYTES;
  slot->full = q->full;
  slot->posted = now_ns();
  slot->alone = 0;
  if (fits)
    memcpy(slot->op, op, op->size);
  atomic_store(&map->arrived[q->slot], atomic_fetch_add(&map->tickets, 1));
  atomic_store(&map->states[q->slot], fits ? QM_SLOT_POSTED : QM_SLOT_WAITS);
}

/* Takes back what it has posted, and its turn if that was next; false when somebody is doing it or
 * has done it. */
static bool withdraw(qm_queue *q) {
  qm_queue_map *map = q->map;
  uint32_t posted = QM_SLOT_POSTED, waits = QM_SLOT_WAITS, me = (uint32_t)q->slot + 1;
  if (!q->posted)
    return true;
  if (!atomic_compare_exchange_strong(&map->states[q->slot], &posted, QM_SLOT_FREE) &&
      !atomic_compare_exchange_strong(&map->states[q->slot], &waits, QM_SLOT_FREE))
    return false;
  int other =
      atomic_compare_exchange_strong(&map->next, &me, 0) ? longest_waiting(q, true) : QM_NO_SLOT;
  if (other != QM_NO_SLOT)
    qm_queue_ring(map, other);
  return true;
}

static bool is_served(qm_queue *q) {
  return q->posted && atomic_load(&q->map->states[q->slot]) == QM_SLOT_SERVED;
}

/* Leads, unless it was served meanwhile; false: it is somebody else's turn. */
static bool take_turn(qm_queue *q, qm_turn *turn) {
  *turn = QM_TURN_SERVED;
  if (is_served(q))
    return true;
  if (!try_lead(q))
    return false;
  if (is_served(q)) {
    q->taken_count = 0;
    leave(q, false);
    return true;
  }
  *turn = QM_TURN_LEAD;
  if (q->posted) {
    q->alone = q->map->slots[q->slot].alone;
    atomic_store(&q->map->states[q->slot], QM_SLOT_FREE);
  }
  return true;
}

qm_code qm_queue_enter(qm_queue *q, const qm_op *op, int wait_ms, qm_turn *turn, qm_err *err) {
  q->posted = q->alone = false;
  q->taken_count = 0;
  q->waited = 0;
  if (take_turn(q, turn))
    return QM_OK;
  uint64_t began = now_ns(), until = began + (uint64_t)wait_ms * MS;
  post(q, op);
  for (;;) {
    uint32_t heard = listen_to_bell(q);
    bool mine = take_turn(q, turn);
    uint64_t now = now_ns();
    q->waited = now - began;
    if (mine)
      return QM_OK;
    /* What somebody is doing is waited for: who is told that nobody had time may rely on it. */
    if (now >= until && withdraw(q))
      return qm_fail(err, QM_BUSY, "%s", qm_code_message(QM_BUSY));
    nap(q, heard, now);
  }
}

/* ---- for who leads ---- */

static void gather(const qm_queue *q) {
  bool worthwhile = q->crowd > 0 && q->full && !q->alone; /* beside a flush it is short */
  uint64_t until = worthwhile ? now_ns() + GATHER : 0;
  while (until > 0 && now_ns() < until) {
    size_t posted = 0;
    for (int i = 0; i < QM_SLOTS; i++)
      posted += may_take(q, i);
    if (posted >= q->crowd)
      break;
  }
}

int64_t qm_queue_waited(const qm_queue *q) {
  return (int64_t)(q->waited / MS);
}

size_t qm_queue_take(qm_queue *q, const qm_op *ops[QM_POSTS_MAX], int64_t waited[QM_POSTS_MAX]) {
  qm_queue_map *map = q->map;
  q->taken_count = 0;
  gather(q);
  for (int i = 0; i < QM_SLOTS && !q->alone; i++) {
    uint32_t posted = QM_SLOT_POSTED;
    if (!may_take(q, i) || !atomic_compare_exchange_strong(&map->states[i], &posted, QM_SLOT_TAKEN))
      continue;
    ops[q->taken_count] = (const qm_op *)(const void *)map->slots[i].op;
    waited[q->taken_count] = (int64_t)((now_ns() - map->slots[i].posted) / MS);
    q->taken[q->taken_count++] = i;
  }
  q->crowd = q->taken_count;
  return q->taken_count;
}

void qm_queue_serve(qm_queue *q, size_t i, const qm_verdict *verdict, const qm_out *out,
                    size_t from, size_t to) {
  qm_queue_map *map = q->map;
  int slot = q->taken[i];
  qm_slot *s = &map->slots[slot];
  s->verdict = *verdict;
  s->from = (uint32_t)from;
  s->to = (uint32_t)to;
  s->too_long = to - from > QM_POST_BYTES;
  if (!s->too_long)
    memcpy(s->answer, out->bytes + from, to - from);
  atomic_store(&map->states[slot], QM_SLOT_SERVED);
  qm_queue_ring(map, slot);
}

void qm_queue_return(qm_queue *q, bool alone) {
  for (size_t i = 0; i < q->taken_count; i++) {
    if (alone)
      q->map->slots[q->taken[i]].alone = 1;
    atomic_store(&q->map->states[q->taken[i]], QM_SLOT_POSTED);
  }
  q->taken_count = 0;
}

/* ---- for who was served ---- */

qm_code qm_queue_answer(qm_queue *q, qm_verdict *verdict, qm_out *out, bool *again, qm_err *err) {
  const qm_slot *s = &q->map->slots[q->slot];
  *again = s->too_long;
  *verdict = s->verdict;
  qm_out_clear(out);
  bool room = *again || qm_out_copy(out, s->from, s->answer, s->to - s->from);
  atomic_store(&q->map->states[q->slot], QM_SLOT_FREE);
  return room ? QM_OK : qm_fail(err, QM_MEMORY, "%s", qm_code_message(QM_MEMORY));
}

/* ---- joining and leaving ---- */

qm_code qm_queue_open(const char *path, bool full, qm_queue **out, qm_err *err) {
  *out = NULL;
  qm_queue *q = calloc(1, sizeof *q);
  if (!q)
    return qm_fail(err, QM_MEMORY, "%s", qm_code_message(QM_MEMORY));
  q->full = full;
  qm_code code = qm_queue_join(path, &q->map, &q->fd, &q->slot, err);
  if (code) {
    free(q);
    return code;
  }
  *out = q;
  return QM_OK;
}

void qm_queue_close(qm_queue *q) {
  if (!q)
    return;
  qm_queue_part(q->map, q->fd);
  free(q);
}
