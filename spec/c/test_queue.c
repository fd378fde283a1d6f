/* test_queue.c: whose turn it is to write, and what becomes of what others have posted. Those who
 * write are threads with a handle each, and children that are killed. */
#define _GNU_SOURCE
#include "store_kit.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "queue.h"
#include "queue_file.h"

enum { LONG_MS = 20000, SHORT_MS = 60, TIMES = 20 };

static int64_t ago[QM_POSTS_MAX]; /* how long what was taken had been posted */

static qm_queue *join(const kit_file *file, bool full) {
  qm_queue *queue = NULL;
  qm_err err = {0};
  if (qm_queue_open(file->path, full, &queue, &err) != QM_OK)
    fprintf(stderr, "%s\n", err.text);
  return queue;
}

static void leave(const kit_file *file, qm_queue *a, qm_queue *b) {
  qm_queue_close(a);
  qm_queue_close(b);
  kit_remove(file);
}

static void wait_ms(int ms) {
  nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

/* ---- somebody who wants to write ---- */

typedef struct writer {
  qm_queue *queue;
  kit_op record;
  bool posts;
  int patience;
  qm_code code;
  qm_turn turn;
  size_t could_take; /* when it led */
  int64_t waited;
  pthread_t thread;
} writer;

static void *want(void *context) {
  writer *w = context;
  qm_err err = {0};
  const qm_op *op = w->posts ? kit_place(&w->record, "o", "bike", KIT_ONE) : NULL;
  const qm_op *ops[QM_POSTS_MAX];
  w->code = qm_queue_enter(w->queue, op, w->patience, &w->turn, &err);
  if (w->code == QM_OK && w->turn == QM_TURN_LEAD) {
    w->waited = qm_queue_waited(w->queue);
    w->could_take = qm_queue_take(w->queue, ops, ago);
    qm_queue_return(w->queue, false);
    qm_queue_leave(w->queue);
  }
  return NULL;
}

static void send(writer *w, qm_queue *queue, bool posts, int patience) {
  *w = (writer){.queue = queue, .posts = posts, .patience = patience, .code = QM_CODES};
  CHECK_INT(pthread_create(&w->thread, NULL, want, w), 0);
}

static void lead(qm_queue *queue) {
  qm_turn turn;
  qm_err err = {0};
  CHECK_INT(qm_queue_enter(queue, NULL, LONG_MS, &turn, &err), QM_OK);
  CHECK_INT(turn, QM_TURN_LEAD);
}

/* What is posted takes a moment to be there. */
static size_t take(qm_queue *queue, const qm_op **ops, size_t expected) {
  size_t count = 0;
  for (int i = 0; i < 2000; i++) {
    count = qm_queue_take(queue, ops, ago);
    if (count == expected)
      break;
    qm_queue_return(queue, false);
    wait_ms(1);
  }
  return count;
}

/* Serves the i-th with an answer of that many bytes, all of one kind. */
static void serve(qm_queue *queue, size_t i, qm_out *out, size_t bytes, char kind) {
  qm_verdict verdict = {.value = kind};
  qm_out_clear(out);
  size_t from = out->used;
  for (size_t n = 0; n < bytes; n++)
    qm_out_text(out, (qm_str){&kind, 1});
  qm_queue_serve(queue, i, &verdict, out, from, out->used);
}

/* How many wait or have posted something. */
static int waiting_in(const kit_file *file) {
  qm_queue_map *map = NULL;
  qm_err err = {0};
  int fd = -1, slot = QM_NO_SLOT, count = 0;
  if (CHECK_INT(qm_queue_join(file->path, &map, &fd, &slot, &err), QM_OK))
    for (int i = 0; i < QM_SLOTS; i++)
      count += i != slot && atomic_load(&map->states[i]) != QM_SLOT_FREE;
  qm_queue_part(map, fd);
  return count;
}

/* ---- the queue ---- */

TEST(what_is_posted_is_done_by_the_one_who_leads) {
  kit_file file = kit_new_file();
  qm_queue *a = join(&file, true), *b = join(&file, true);
  const qm_op *ops[QM_POSTS_MAX];
  qm_out out = {0}, told = {0};
  qm_verdict verdict;
  qm_err err = {0};
  bool again = true;
  writer w;
  lead(a);
  send(&w, b, true, LONG_MS);
  CHECK_INT(take(a, ops, 1), 1);
  CHECK(memcmp(ops[0], w.record.bytes, w.record.used) == 0);
  qm_queue_return(a, false);
  wait_ms(SHORT_MS);
  CHECK_INT(take(a, ops, 1), 1);
  CHECK(ago[0] >= SHORT_MS && ago[0] < LONG_MS);
  serve(a, 0, &out, 5, 'x');
  qm_queue_leave(a);
  pthread_join(w.thread, NULL);
  CHECK_INT(w.code, QM_OK);
  CHECK_INT(w.turn, QM_TURN_SERVED);
  CHECK_INT(qm_queue_answer(b, &verdict, &told, &again, &err), QM_OK);
  CHECK_INT(verdict.value, 'x');
  CHECK_INT(told.used, out.used);
  CHECK(!again && memcmp(told.bytes + 8, out.bytes + 8, out.used - 8) == 0);
  lead(b);
  qm_queue_leave(b);
  qm_out_free(&out);
  qm_out_free(&told);
  leave(&file, a, b);
}

TEST(an_answer_that_is_too_long_is_found_by_asking_again) {
  kit_file file = kit_new_file();
  qm_queue *a = join(&file, true), *b = join(&file, true);
  const qm_op *ops[QM_POSTS_MAX];
  qm_out out = {0}, told = {0};
  qm_verdict verdict;
  qm_err err = {0};
  bool again = false;
  writer w;
  lead(a);
  send(&w, b, true, LONG_MS);
  CHECK_INT(take(a, ops, 1), 1);
  serve(a, 0, &out, QM_POST_BYTES / 8 + 1, 'x');
  qm_queue_leave(a);
  pthread_join(w.thread, NULL);
  CHECK_INT(qm_queue_answer(b, &verdict, &told, &again, &err), QM_OK);
  CHECK(again);
  qm_out_free(&out);
  qm_out_free(&told);
  leave(&file, a, b);
}

TEST(who_has_nothing_to_post_waits_for_the_lead) {
  kit_file file = kit_new_file();
  qm_queue *a = join(&file, true), *b = join(&file, true);
  const qm_op *ops[QM_POSTS_MAX];
  writer w;
  lead(a);
  send(&w, b, false, LONG_MS);
  wait_ms(SHORT_MS);
  CHECK_INT(qm_queue_take(a, ops, ago), 0);
  CHECK_INT(w.code, QM_CODES);
  qm_queue_leave(a);
  pthread_join(w.thread, NULL);
  CHECK_INT(w.code, QM_OK);
  CHECK_INT(w.turn, QM_TURN_LEAD);
  CHECK(w.waited >= SHORT_MS / 2 && w.waited < LONG_MS);
  leave(&file, a, b);
}

/* Again and again it leads, leaves and comes back while another wants to write. Returns how often
 * that one had the lead before. */
static int leads_of_another(bool posts) {
  kit_file file = kit_new_file();
  qm_queue *a = join(&file, true), *b = join(&file, true);
  const qm_op *ops[QM_POSTS_MAX];
  int led = 0;
  for (int i = 0; i < TIMES; i++) {
    writer w;
    lead(a);
    send(&w, b, posts, LONG_MS);
    while (waiting_in(&file) == 0)
      wait_ms(1);
    qm_queue_leave(a);
    lead(a);
    bool there = qm_queue_take(a, ops, ago) == 1;
    CHECK(!there || posts);
    qm_queue_return(a, false);
    qm_queue_leave(a);
    CHECK_INT(pthread_join(w.thread, NULL), 0);
    CHECK_INT(w.code, QM_OK);
    led += !there;
  }
  leave(&file, a, b);
  return led;
}

TEST(who_leads_goes_on_when_it_comes_back_at_once) {
  CHECK(leads_of_another(true) < TIMES);
}

TEST(but_not_before_one_for_whom_it_can_do_nothing) {
  CHECK_INT(leads_of_another(false), TIMES);
}

TEST(who_has_waited_long_enough_is_told_so_and_has_posted_nothing) {
  kit_file file = kit_new_file();
  qm_queue *a = join(&file, true), *b = join(&file, true);
  const qm_op *ops[QM_POSTS_MAX];
  writer w;
  lead(a);
  send(&w, b, true, SHORT_MS);
  pthread_join(w.thread, NULL);
  CHECK_INT(w.code, QM_BUSY);
  CHECK_INT(qm_queue_take(a, ops, ago), 0);
  qm_queue_leave(a);
  lead(b);
  qm_queue_leave(b);
  leave(&file, a, b);
}

/* Who is told that nobody had time may rely on it, so not while somebody has its op in hand. */
TEST(what_has_been_taken_is_waited_for_until_it_is_done_or_not) {
  for (int done = 0; done < 2; done++) {
    kit_file file = kit_new_file();
    qm_queue *a = join(&file, true), *b = join(&file, true);
    const qm_op *ops[QM_POSTS_MAX];
    qm_out out = {0};
    writer w;
    lead(a);
    send(&w, b, true, SHORT_MS);
    CHECK_INT(take(a, ops, 1), 1);
    wait_ms(2 * SHORT_MS);
    CHECK_INT(w.code, QM_CODES);
    if (done)
      serve(a, 0, &out, 1, 'x');
    else
      qm_queue_return(a, false);
    pthread_join(w.thread, NULL);
    CHECK_INT(w.code, done ? QM_OK : QM_BUSY);
    CHECK_INT(qm_queue_take(a, ops, ago), 0);
    qm_queue_leave(a);
    qm_out_free(&out);
    leave(&file, a, b);
  }
}

TEST(a_commit_that_may_be_lost_takes_along_none_that_may_not) {
  kit_file file = kit_new_file();
  qm_queue *a = join(&file, false), *b = join(&file, true);
  const qm_op *ops[QM_POSTS_MAX];
  writer w;
  lead(a);
  send(&w, b, true, LONG_MS);
  wait_ms(SHORT_MS);
  CHECK_INT(qm_queue_take(a, ops, ago), 0);
  qm_queue_leave(a);
  pthread_join(w.thread, NULL);
  CHECK_INT(w.turn, QM_TURN_LEAD);
  lead(b);
  send(&w, a, true, LONG_MS);
  CHECK_INT(take(b, ops, 1), 1);
  qm_queue_return(b, false);
  qm_queue_leave(b);
  pthread_join(w.thread, NULL);
  CHECK_INT(w.turn, QM_TURN_LEAD);
  leave(&file, a, b);
}

TEST(what_has_failed_with_others_is_done_by_its_owner_alone) {
  kit_file file = kit_new_file();
  qm_queue *a = join(&file, true), *b = join(&file, true), *c = join(&file, true);
  const qm_op *ops[QM_POSTS_MAX];
  writer w, other;
  lead(a);
  send(&w, b, true, LONG_MS);
  CHECK_INT(take(a, ops, 1), 1);
  qm_queue_return(a, true);
  CHECK_INT(qm_queue_take(a, ops, ago), 0);
  send(&other, c, true, LONG_MS);
  CHECK_INT(take(a, ops, 1), 1);
  qm_queue_return(a, false);
  qm_queue_leave(a);
  pthread_join(w.thread, NULL);
  pthread_join(other.thread, NULL);
  CHECK_INT(w.turn, QM_TURN_LEAD);
  CHECK_INT(w.could_take, 0); /* not even those of others */
  CHECK_INT(other.turn, QM_TURN_LEAD);
  qm_queue_close(c);
  leave(&file, a, b);
}

TEST(there_may_be_more_handles_than_slots) {
  enum { HANDLES = QM_SLOTS + 3 };
  kit_file file = kit_new_file();
  qm_queue *queues[HANDLES];
  writer w;
  for (int i = 0; i < HANDLES; i++)
    CHECK((queues[i] = join(&file, true)) != NULL);
  lead(queues[0]);
  send(&w, queues[HANDLES - 1], true, LONG_MS);
  wait_ms(SHORT_MS);
  qm_queue_leave(queues[0]);
  pthread_join(w.thread, NULL);
  CHECK_INT(w.turn, QM_TURN_LEAD);
  for (int i = 0; i < HANDLES; i++)
    qm_queue_close(queues[i]);
  kit_remove(&file);
}

/* ---- death ---- */

/* Forks a child that leads, says so, takes what is posted and dies. */
static pid_t fork_leader(const kit_file *file) {
  int ready[2];
  char byte = 0;
  CHECK_INT(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    const qm_op *ops[QM_POSTS_MAX];
    qm_queue *queue = join(file, true);
    lead(queue);
    if (write(ready[1], &byte, 1) == 1)
      take(queue, ops, 1);
    raise(SIGKILL);
  }
  CHECK_INT(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  close(ready[1]);
  return child;
}

TEST(who_leads_may_die_and_what_it_had_taken_is_done_by_those_who_posted_it) {
  kit_file file = kit_new_file();
  qm_queue *a = join(&file, true);
  writer w;
  pid_t child = fork_leader(&file);
  send(&w, a, true, LONG_MS);
  waitpid(child, NULL, 0);
  pthread_join(w.thread, NULL);
  CHECK_INT(w.code, QM_OK);
  CHECK_INT(w.turn, QM_TURN_LEAD);
  leave(&file, a, NULL);
}

/* The parts of the file lie elsewhere for a program of another build, which keeps out of it. */
TEST(programs_of_different_builds_share_no_queue) {
  kit_file file = kit_new_file();
  qm_queue_map *map = NULL;
  qm_queue *queue = NULL;
  qm_err err = {0};
  int fd = -1, slot = QM_NO_SLOT;
  CHECK_INT(qm_queue_join(file.path, &map, &fd, &slot, &err), QM_OK);
  map->layout++;
  CHECK_INT(qm_queue_open(file.path, true, &queue, &err), QM_BUSY);
  CHECK(queue == NULL);
  qm_queue_part(map, fd);
  queue = join(&file, true); /* the only one begins it anew */
  lead(queue);
  qm_queue_leave(queue);
  leave(&file, queue, NULL);
}

/* A child that waits for its turn, with nothing to post, and is killed. */
TEST(who_dies_waiting_is_waited_for_once) {
  kit_file file = kit_new_file();
  qm_queue *a = join(&file, true);
  lead(a);
  pid_t child = fork();
  if (child == 0) {
    qm_turn turn;
    qm_err err = {0};
    qm_queue_enter(join(&file, true), NULL, LONG_MS, &turn, &err);
    _exit(1);
  }
  wait_ms(2 * SHORT_MS);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  qm_queue_leave(a); /* to the child */
  lead(a);
  CHECK_INT(waiting_in(&file), 0);
  qm_queue_leave(a);
  leave(&file, a, NULL);
}

TEST(a_file_that_was_left_in_any_state_is_begun_anew) {
  kit_file file = kit_new_file();
  char path[KIT_PATH + 32];
  snprintf(path, sizeof path, "%s-lock", file.path);
  for (int fill = 0; fill < 256; fill += 51) {
    FILE *rubbish = fopen(path, "wb");
    for (size_t i = 0; rubbish && i < sizeof(qm_queue_map) / 2; i++)
      fputc(fill, rubbish);
    if (rubbish)
      fclose(rubbish);
    qm_queue *a = join(&file, true), *b = join(&file, true);
    lead(a);
    qm_queue_leave(a);
    lead(b);
    qm_queue_leave(b);
    qm_queue_close(a);
    qm_queue_close(b);
  }
  kit_remove(&file);
}

/* A page of the mapped file that has no place on a full disk would end who writes to it. */
TEST(what_a_handle_writes_to_has_its_place_on_the_disk) {
  kit_file file = kit_new_file();
  char path[KIT_PATH + 32];
  struct stat st;
  fclose(fopen(file.path, "wb"));
  snprintf(path, sizeof path, "%s-lock", file.path);
  qm_queue *a = join(&file, true), *b = join(&file, true);
  CHECK(stat(path, &st) == 0);
  CHECK((size_t)st.st_blocks * 512 >= offsetof(qm_queue_map, slots) + 2 * sizeof(qm_slot));
  leave(&file, a, b);
}

int main(void) {
  RUN(what_is_posted_is_done_by_the_one_who_leads);
  RUN(an_answer_that_is_too_long_is_found_by_asking_again);
  RUN(who_has_nothing_to_post_waits_for_the_lead);
  RUN(who_leads_goes_on_when_it_comes_back_at_once);
  RUN(but_not_before_one_for_whom_it_can_do_nothing);
  RUN(who_has_waited_long_enough_is_told_so_and_has_posted_nothing);
  RUN(what_has_been_taken_is_waited_for_until_it_is_done_or_not);
  RUN(a_commit_that_may_be_lost_takes_along_none_that_may_not);
  RUN(what_has_failed_with_others_is_done_by_its_owner_alone);
  RUN(there_may_be_more_handles_than_slots);
  RUN(who_leads_may_die_and_what_it_had_taken_is_done_by_those_who_posted_it);
  RUN(programs_of_different_builds_share_no_queue);
  RUN(who_dies_waiting_is_waited_for_once);
  RUN(a_file_that_was_left_in_any_state_is_begun_anew);
  RUN(what_a_handle_writes_to_has_its_place_on_the_disk);
  return unit_report();
}
