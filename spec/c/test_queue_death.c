/* test_queue_death.c: a process that writes dies at any instruction of it.
 *
 * A child places an order while others place theirs without a pause, so that it leads, posts, is
 * served or waits as it happens; it is stepped through instruction by instruction, and killed after
 * so many of them. The others must go on at once, and the child's request must be there once or not
 * at all. QM_ROUNDS says how many children die. */
#define _GNU_SOURCE
#include "store_kit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* Instructions that it takes about, to post and be answered, and to lead. */
enum {
  ROUNDS = 12,
  POSTING = 2500,
  LEADING = 20000,
  OTHERS = 2,
  GOODS = 1000000,
  PATIENCE_MS = 20000
};

static kit_op record;

static qm_store *open_store(const kit_file *file) {
  qm_db_options options = kit_options(file);
  options.busy_ms = PATIENCE_MS;
  qm_store *store = NULL;
  qm_err err = {0};
  if (qm_store_open(&options, false, KIT_NOW, &store, &err) != QM_OK)
    fprintf(stderr, "%s\n", err.text);
  return store;
}

static qm_code place(qm_store *store, const char *kind, int number) {
  char id[32];
  snprintf(id, sizeof id, "%s-%d", kind, number);
  return kit_apply(store, kit_place(&record, id, "bike", KIT_ONE));
}

/* Places orders until it is killed; says each that was accepted. */
static pid_t fork_other(const kit_file *file, int number, int said) {
  pid_t child = fork();
  if (child != 0)
    return child;
  char kind[16], byte = 0;
  qm_store *store = open_store(file);
  snprintf(kind, sizeof kind, "other%d", number);
  for (int i = 0; place(store, kind, i) == QM_OK; i++)
    if (write(said, &byte, 1) != 1)
      break;
  fprintf(stderr, "one of the others was not served\n");
  _exit(1);
}

/* Waits to be stepped through, and places one order. */
static pid_t fork_victim(const kit_file *file, int round) {
  pid_t child = fork();
  if (child != 0)
    return child;
  qm_store *store = open_store(file);
  place(store, "warm", round);
  ptrace(PTRACE_TRACEME, 0, NULL, NULL);
  raise(SIGSTOP);
  _exit(place(store, "victim", round) != QM_OK);
}

/* Lets the child go so many instructions; false: it had come to its end before. */
static bool kill_after(pid_t child, int steps) {
  int status = 0;
  waitpid(child, &status, 0);
  for (int i = 0; i < steps && WIFSTOPPED(status); i++) {
    if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) != 0)
      break;
    waitpid(child, &status, 0);
  }
  if (!WIFSTOPPED(status))
    return false;
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return true;
}

static int accepted(int said) {
  char bytes[4096];
  int count = 0;
  for (ssize_t n; (n = read(said, bytes, sizeof bytes)) > 0;)
    count += (int)n;
  return count;
}

static int64_t ask(const kit_file *file, const char *sql) {
  sqlite3 *eyes = kit_eyes(file->path);
  int64_t answer = kit_ask(eyes, sql);
  sqlite3_close(eyes);
  return answer;
}

#define NAMED "SELECT count(*) FROM document WHERE CAST(ext_id AS TEXT) GLOB "

static int killed, told; /* told: orders that were accepted */

/* The children are forked before the file is opened here. */
static void one_round(const kit_file *file, int round, int steps) {
  int said[2];
  pid_t others[OTHERS];
  CHECK_INT(pipe(said), 0);
  for (int i = 0; i < OTHERS; i++)
    others[i] = fork_other(file, round * OTHERS + i, said[1]);
  close(said[1]);
  pid_t victim = fork_victim(file, round);
  killed += kill_after(victim, steps);
  qm_store *store = open_store(file);
  CHECK_INT(place(store, "after", round), QM_OK); /* nobody is blocked */
  for (int i = 0; i < OTHERS; i++)
    kill(others[i], SIGKILL);
  int status = 0, said_so = accepted(said[0]);
  for (int i = 0; i < OTHERS; i++) {
    waitpid(others[i], &status, 0);
    CHECK(WIFSIGNALED(status));
  }
  close(said[0]);
  CHECK_INT(place(store, "victim", round), QM_OK);
  CHECK_INT(place(store, "victim", round), QM_OK);
  CHECK_INT(kit_verify(store), 0);
  qm_store_close(store);
  int64_t orders = ask(file, "SELECT count(*) FROM document WHERE kind = 1");
  CHECK_INT(ask(file, "SELECT firm FROM balance"), orders * KIT_ONE);
  CHECK_INT(ask(file, NAMED "'victim*'"), round + 1);
  CHECK(ask(file, NAMED "'other*'") >= (told += said_so));
}

TEST(whoever_dies_wherever_the_others_go_on_and_nothing_is_lost_or_doubled) {
  const char *wanted = getenv("QM_ROUNDS");
  int rounds = wanted ? atoi(wanted) : ROUNDS;
  kit_file file = kit_new_file();
  qm_store *store = kit_shop(&file, 0, GOODS * KIT_ONE);
  uint64_t seed = (uint64_t)rounds;
  qm_store_close(store);
  for (int round = 0; round < rounds; round++)
    one_round(&file, round, (int)unit_below(&seed, round % 2 ? POSTING : LEADING));
  CHECK(killed > rounds / 4);
  kit_remove(&file);
}

int main(void) {
  RUN(whoever_dies_wherever_the_others_go_on_and_nothing_is_lost_or_doubled);
  return unit_report();
}
