/* queue.h: the one queue of all who write to a file, in whichever process or thread.
 *
 * Who writes is alone: nobody else commits or returns the log to the file. It lies in a small file
 * beside the database, which everybody maps: a robust mutex, whose holder leads, and a slot for
 * each handle. Who comes while another leads posts its op in its slot and sleeps; the next who
 * leads commits what all have posted together with its own, and answers each. Nothing of it is
 * needed after a crash: who dies leaves the mutex to the next, what was taken and not answered is
 * done once more, and its id says whether it had been done. SQLite's own lock stays underneath, for
 * programs that know of no queue. */
#ifndef QM_QUEUE_H
#define QM_QUEUE_H

#include "db.h"
#include "verdict.h"

typedef struct qm_queue qm_queue;

enum { QM_POSTS_MAX = 64 }; /* ops of others that one commit takes along */

/* Joins the queue of the database at path. full: its commits survive power loss. */
qm_code qm_queue_open(const char *path, bool full, qm_queue **out, qm_err *err);
/* queue may be NULL. */
void qm_queue_close(qm_queue *queue);

typedef enum qm_turn {
  QM_TURN_LEAD,  /* write, then leave */
  QM_TURN_SERVED /* it was done by another: see qm_queue_answer */
} qm_turn;

/* Waits for a turn, at most wait_ms: then QM_BUSY. op: what others may do meanwhile; NULL if nobody
 * else can. */
qm_code qm_queue_enter(qm_queue *queue, const qm_op *op, int wait_ms, qm_turn *turn, qm_err *err);
void qm_queue_leave(qm_queue *queue);

/* How many milliseconds who leads has waited for it. */
int64_t qm_queue_waited(const qm_queue *queue);

/* ---- for who leads ---- */

/* Takes what others have posted, and how long ago. The ops are there until they are answered. */
size_t qm_queue_take(qm_queue *queue, const qm_op *ops[QM_POSTS_MAX], int64_t waited[QM_POSTS_MAX]);
/* Tells the one who posted the i-th of them: done, what `out` has from `from` to `to` is its
 * answer. */
void qm_queue_serve(qm_queue *queue, size_t i, const qm_verdict *verdict, const qm_out *out,
                    size_t from, size_t to);
/* Or: none of those taken was done. alone: let nobody take them along again, since they may be the
 * reason. */
void qm_queue_return(qm_queue *queue, bool alone);

/* ---- for who was served ---- */

/* Its answer. *again: it is too long to be told; doing the op again finds it. */
qm_code qm_queue_answer(qm_queue *queue, qm_verdict *verdict, qm_out *out, bool *again,
                        qm_err *err);

#endif
