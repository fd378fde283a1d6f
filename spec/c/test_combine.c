/* test_combine.c: stores that write at the same time share one commit, and each is told what became
 * of its own. The lead is held here until all have posted, in the order in which they came. */
#include "store_kit.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "queue.h"

enum { FEW = 4, MANY = 9, LINES = 200, WIDE = 50, PATIENCE_MS = 20000 };

typedef struct writer {
  qm_store *store;
  const qm_op *ops[LINES];
  size_t count;
  qm_verdict verdicts[LINES];
  qm_code code;
  pthread_t thread;
} writer;

static kit_op records[LINES];
static writer writers[MANY];

static qm_store *open_store(const kit_file *file, int64_t max_pages) {
  qm_db_options options = kit_options(file);
  options.busy_ms = PATIENCE_MS;
  options.max_pages = max_pages;
  qm_store *store = NULL;
  qm_err err = {0};
  CHECK_INT(qm_store_open(&options, false, KIT_NOW, &store, &err), QM_OK);
  return store;
}

static void *apply(void *context) {
  writer *w = context;
  qm_err err = {0};
  w->code = qm_store_apply(w->store, w->ops, w->count, w->verdicts, &err);
  return NULL;
}

/* How many have posted what the one who leads may do for them. */
static size_t posted(qm_queue *queue) {
  const qm_op *ops[QM_POSTS_MAX];
  int64_t ago[QM_POSTS_MAX];
  size_t count = qm_queue_take(queue, ops, ago);
  qm_queue_return(queue, false);
  return count;
}

/* Starts the writers one after the other and lets them go when all wait. */
static void write_together(const kit_file *file, int count) {
  qm_queue *queue = NULL;
  qm_turn turn;
  qm_err err = {0};
  size_t alone = writers[0].count > 1; /* a batch has nothing that others may do */
  CHECK_INT(qm_queue_open(file->path, false, &queue, &err), QM_OK);
  CHECK_INT(qm_queue_enter(queue, NULL, PATIENCE_MS, &turn, &err), QM_OK);
  for (int i = 0; i < count; i++) {
    CHECK_INT(pthread_create(&writers[i].thread, NULL, apply, &writers[i]), 0);
    for (int round = 0; round < 5000 && posted(queue) + alone < (size_t)i + 1; round++)
      nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    if (i == 0)
      nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  }
  qm_queue_leave(queue);
  for (int i = 0; i < count; i++)
    pthread_join(writers[i].thread, NULL);
  qm_queue_close(queue);
}

static void one(writer *w, qm_store *store, const qm_op *op) {
  *w = (writer){.store = store, .ops = {op}, .count = 1};
}

static void close_all(int count) {
  for (int i = 0; i < count; i++)
    qm_store_close(writers[i].store);
}

/* A text that a verdict's first problem or entry has, from the store's own memory. */
static qm_str said(const writer *w) {
  const qm_out *out = qm_store_out(w->store);
  const qm_verdict *v = &w->verdicts[0];
  return v->problem_count
             ? qm_out_str(out, qm_out_problem((qm_out *)out, v->problem_first)->subject)
             : qm_out_str(out, qm_out_entry((qm_out *)out, v->entry_first)->sku);
}

TEST(what_several_have_posted_is_one_commit_and_each_has_its_own_verdict) {
  kit_file file = kit_new_file();
  qm_store *eyes = kit_shop(&file, 0, 10 * KIT_ONE);
  one(&writers[0], open_store(&file, 0), kit_place(&records[0], "a", "bike", 4 * KIT_ONE));
  one(&writers[1], open_store(&file, 0), kit_place(&records[1], "b", "bike", 11 * KIT_ONE));
  one(&writers[2], open_store(&file, 0), kit_place(&records[2], "c", "boat", KIT_ONE));
  one(&writers[3], open_store(&file, 0), kit_place(&records[3], "d", "bike", 6 * KIT_ONE));
  int before = kit_commits(&file);
  write_together(&file, FEW);
  CHECK_INT(kit_commits(&file), before + 1);
  static const qm_code CODES[] = {QM_OK, QM_NOT_ENOUGH, QM_NOT_FOUND, QM_OK};
  static const char *const SKUS[] = {"bike", "bike", "boat", "bike"};
  for (int i = 0; i < FEW; i++) {
    const qm_verdict *v = &writers[i].verdicts[0];
    CHECK_INT(writers[i].code, QM_OK);
    CHECK_INT(v->code, CODES[i]);
    CHECK(!v->replayed && (v->problem_count > 0) == (CODES[i] != QM_OK));
    qm_str text = said(&writers[i]);
    CHECK(text.n == 4 && memcmp(text.p, SKUS[i], 4) == 0);
  }
  CHECK_INT(kit_verify(eyes), 0);
  close_all(FEW);
  qm_store_close(eyes);
  kit_remove(&file);
}

/* Builds an order of so many lines of one bike. */
static const qm_op *long_order(kit_op *record, const char *id, int lines) {
  qm_op *op = kit_begin(record, QM_OP_PLACE);
  op->stock = 1;
  op->flags |= QM_HAS_STOCK;
  kit_head(record)->id = kit_text(record, id);
  qm_span sku = kit_text(record, "bike");
  qm_row *rows = kit_rows(record, (uint32_t)lines);
  for (int i = 0; i < lines; i++) {
    kit_qty(&rows[i], KIT_ONE);
    rows[i].sku = sku;
    rows[i].line = i + 1;
  }
  return kit_finish(record);
}

/* The first may not make the file any longer, which its own order does not need. */
TEST(who_takes_along_what_it_cannot_do_is_done_without_it) {
  kit_file file = kit_new_file();
  qm_store *eyes = kit_shop(&file, 0, 1000 * KIT_ONE);
  sqlite3 *size = kit_eyes(file.path);
  int64_t pages = kit_ask(size, "PRAGMA page_count");
  char id[32];
  one(&writers[0], open_store(&file, pages), kit_place(&records[0], "a", "bike", KIT_ONE));
  for (int i = 1; i < MANY; i++) {
    snprintf(id, sizeof id, "wide-%d", i);
    one(&writers[i], open_store(&file, 0), long_order(&records[i], id, WIDE));
  }
  write_together(&file, MANY);
  for (int i = 0; i < MANY; i++) {
    CHECK_INT(writers[i].code, QM_OK);
    CHECK_INT(writers[i].verdicts[0].code, QM_OK);
  }
  CHECK(kit_ask(size, "PRAGMA page_count") > pages);
  CHECK_INT(kit_verify(eyes), 0);
  sqlite3_close(size);
  close_all(MANY);
  qm_store_close(eyes);
  kit_remove(&file);
}

/* The first may not make the file any longer, so that none of its commits is possible. */
TEST(who_is_taken_along_by_one_that_fails_is_done_without_it) {
  kit_file file = kit_new_file();
  qm_store *eyes = kit_shop(&file, 0, 1000 * KIT_ONE);
  sqlite3 *size = kit_eyes(file.path);
  int64_t pages = kit_ask(size, "PRAGMA page_count");
  char id[32];
  writers[0] = (writer){.store = open_store(&file, pages), .count = LINES};
  for (int i = 0; i < LINES; i++) {
    snprintf(id, sizeof id, "many-%d", i);
    writers[0].ops[i] = kit_place(&records[i], id, "bike", KIT_ONE);
  }
  static kit_op b, c;
  one(&writers[1], open_store(&file, 0), kit_place(&b, "b", "bike", KIT_ONE));
  one(&writers[2], open_store(&file, 0), kit_place(&c, "c", "bike", KIT_ONE));
  write_together(&file, 3);
  CHECK_INT(writers[0].code, QM_FULL);
  for (int i = 1; i < 3; i++) {
    CHECK_INT(writers[i].code, QM_OK);
    CHECK_INT(writers[i].verdicts[0].code, QM_OK);
  }
  CHECK_INT(kit_ask(size, "SELECT count(*) FROM document WHERE kind = 1"), 2);
  CHECK_INT(kit_verify(eyes), 0);
  sqlite3_close(size);
  close_all(3);
  qm_store_close(eyes);
  kit_remove(&file);
}

/* An order of many lines, cancelled by a few words: the answer does not fit where it is left. */
TEST(an_answer_that_is_too_long_to_be_left_is_told_whole_and_as_the_first) {
  kit_file file = kit_new_file();
  qm_store *eyes = kit_shop(&file, 0, LINES * KIT_ONE);
  static kit_op order, cancel;
  CHECK_INT(kit_apply(eyes, long_order(&order, "o", LINES)), QM_OK);
  kit_begin(&cancel, QM_OP_CANCEL)->id = kit_text(&cancel, "x");
  kit_head(&cancel)->order = kit_text(&cancel, "o");
  one(&writers[0], open_store(&file, 0), kit_place(&records[0], "a", "bike", KIT_ONE));
  one(&writers[1], open_store(&file, 0), kit_finish(&cancel));
  write_together(&file, 2);
  CHECK_INT(writers[1].code, QM_OK);
  CHECK_INT(writers[1].verdicts[0].entry_count, LINES);
  CHECK(qm_store_out(writers[1].store)->used > 1 << 14);
  CHECK(!writers[1].verdicts[0].replayed);
  CHECK_INT(kit_verify(eyes), 0);
  close_all(2);
  qm_store_close(eyes);
  kit_remove(&file);
}

int main(void) {
  RUN(what_several_have_posted_is_one_commit_and_each_has_its_own_verdict);
  RUN(who_takes_along_what_it_cannot_do_is_done_without_it);
  RUN(who_is_taken_along_by_one_that_fails_is_done_without_it);
  RUN(an_answer_that_is_too_long_to_be_left_is_told_whole_and_as_the_first);
  return unit_report();
}
