/* combine.c: one commit for all who want to write. Who leads does what the others have posted
 * together with its own, and each gets its own verdict. */
#include "queue.h"
#include "tx.h"

/* Ops that say who they are are done once, however often they are tried, so that others may do
 * them; and the answer to one that was done by somebody who died then is found by its id. */
static const qm_op *postable(const qm_op *const *ops, size_t count) {
  return count == 1 && ops[0]->kind < QM_OP_DOCUMENTS && ops[0]->id.at ? ops[0] : NULL;
}

/* A full disk may only be a log that waits to be returned to the file, so one more try is worth it.
 */
static qm_code apply(qm_store *store, qm_work *own, qm_work *others, qm_err *err) {
  qm_code code = qm_apply(store, own, others, err);
  if (code != QM_FULL)
    return code;
  qm_db_return_log(store->db);
  return qm_apply(store, own, others, err);
}

/* What fails with others may succeed without them: it is for each to try alone, unless the file
 * was somebody else's. */
static qm_code lead(qm_store *store, qm_work *own, qm_err *err) {
  const qm_op *ops[QM_POSTS_MAX];
  qm_verdict verdicts[QM_POSTS_MAX];
  size_t ends[QM_POSTS_MAX];
  int64_t waited[QM_POSTS_MAX];
  qm_work none = {0};
  qm_work others = {.ops = ops, .verdicts = verdicts, .ends = ends, .waited = waited};
  others.count = qm_queue_take(store->queue, ops, waited);
  qm_code code = apply(store, own, &others, err);
  if (code && others.count > 0) {
    qm_queue_return(store->queue, code != QM_BUSY);
    return code == QM_BUSY ? code : apply(store, own, &none, err);
  }
  size_t from = others.from;
  for (size_t i = 0; !code && i < others.count; from = ends[i++])
    qm_queue_serve(store->queue, i, &verdicts[i], &store->out, from, ends[i]);
  return code;
}

static qm_code take_turn(qm_store *store, qm_work *own, const qm_op *post, bool *again,
                         qm_err *err) {
  qm_turn turn;
  *again = false;
  qm_code code = qm_queue_enter(store->queue, post, qm_db_patience(store->db), &turn, err);
  if (code)
    return code;
  if (turn == QM_TURN_SERVED)
    return qm_queue_answer(store->queue, own->verdicts, &store->out, again, err);
  own->late = qm_queue_waited(store->queue);
  code = lead(store, own, err);
  if (!code)
    qm_db_tidy(store->db);
  qm_queue_leave(store->queue);
  return code;
}

/* A store in memory needs no queue. Where there can be none, be it that files may not grow or that
 * a program of another version has it, SQLite's lock does: less fair, as safe. */
static qm_code join(qm_store *store, qm_err *err) {
  const char *path = qm_db_path(store->db);
  if (store->queue || store->unqueued || !path)
    return QM_OK;
  qm_code code = qm_queue_open(path, qm_db_is_durable(store->db), &store->queue, err);
  store->unqueued = code && code != QM_MEMORY;
  return store->unqueued ? QM_OK : code;
}

qm_code qm_store_apply(qm_store *store, const qm_op *const *ops, size_t count, qm_verdict *verdicts,
                       qm_err *err) {
  qm_work own = {.ops = ops, .verdicts = verdicts, .count = count}, none = {0};
  bool again;
  qm_code code = qm_db_may_write(store->db, err);
  if (!code)
    code = join(store, err);
  if (code)
    return code;
  if (!store->queue) {
    code = apply(store, &own, &none, err);
    if (!code)
      qm_db_tidy(store->db);
    return code;
  }
  code = take_turn(store, &own, postable(ops, count), &again, err);
  if (code || !again)
    return code;
  /* What it is told now is the answer to what was done for it just before. */
  bool replayed = verdicts->replayed;
  code = take_turn(store, &own, NULL, &again, err);
  verdicts->replayed = replayed;
  return code;
}
