/* test_op.c: requests as flat records, and the arena that answers are kept in.
 *
 * The hash of a request decides whether a repeated id is a repetition or a conflict: it must change
 * with everything the caller says and with nothing else, above all not with the layout of the
 * record or the moment. */
#include "store_kit.h"

#include <stddef.h>

/* A record that uses every field which a caller with an id can say something in. */
typedef struct said {
  uint32_t kind, flags, row_flags;
  int64_t stock, now_ms;
  double latitude, longitude;
  const char *id, *order, *source, *channel_type, *channel_code, *text[QM_TEXTS];
  const char *sku, *row_source, *row_from, *row_type, *row_code, *note;
  int64_t line, row_stock;
  int32_t truth, bad;
  qm_qty qty;
  const char *padding; /* lies between the texts: another layout */
} said;

static said everything(void) {
  said s = {QM_OP_REASSIGN,
            QM_HAS_STOCK,
            QM_HAS_QTY,
            7,
            KIT_NOW,
            48.5,
            11.5,
            "r-1",
            "o-1",
            "muc",
            "website",
            "eu",
            {NULL},
            "sku",
            "ham",
            "ber",
            "store",
            "de",
            "note",
            3,
            4,
            1,
            2,
            250000,
            NULL};
  static const char *const texts[QM_TEXTS] = {"a", "b", "c", "d", "e", "f", "g", "h",
                                              "i", "j", "k", "l", "m", "n", "o"};
  memcpy(s.text, texts, sizeof texts);
  return s;
}

static void build(kit_op *op, const said *s) {
  qm_op *head = kit_begin(op, (qm_op_kind)s->kind);
  head->now_ms = s->now_ms;
  qm_row *row = kit_rows(op, 1);
  head->flags = s->flags;
  head->stock = s->stock;
  head->latitude = s->latitude;
  head->longitude = s->longitude;
  kit_text(op, s->padding);
  head->id = kit_text(op, s->id);
  head->order = kit_text(op, s->order);
  head->source = kit_text(op, s->source);
  head->channel_type = kit_text(op, s->channel_type);
  head->channel_code = kit_text(op, s->channel_code);
  for (int i = 0; i < QM_TEXTS; i++)
    head->text[i] = kit_text(op, s->text[i]);
  row->flags = s->row_flags;
  row->sku = kit_text(op, s->sku);
  row->source = kit_text(op, s->row_source);
  row->from = kit_text(op, s->row_from);
  row->channel_type = kit_text(op, s->row_type);
  row->channel_code = kit_text(op, s->row_code);
  row->note = kit_text(op, s->note);
  row->line = s->line;
  row->stock = s->row_stock;
  row->truth = s->truth;
  row->bad = s->bad;
  row->qty = s->qty;
  kit_finish(op);
}

typedef struct digest {
  unsigned char bytes[QM_HASH];
} digest;

static digest hash_of(const said *s) {
  static kit_op op;
  digest d;
  build(&op, s);
  qm_op_hash(kit_head(&op), d.bytes);
  return d;
}

static bool same(digest a, digest b) {
  return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

TEST(the_hash_does_not_change_with_time_id_or_layout) {
  said s = everything();
  digest before = hash_of(&s);
  CHECK(same(before, hash_of(&s)));
  s.now_ms++;
  CHECK(same(before, hash_of(&s)));
  s.id = "another id";
  CHECK(same(before, hash_of(&s)));
  s.padding = "something that lies in between";
  CHECK(same(before, hash_of(&s)));
}

/* Where in a `said` each text stands, so that one loop changes them all. */
TEST(the_hash_changes_with_every_text) {
  static const size_t TEXTS[] = {offsetof(said, order),        offsetof(said, source),
                                 offsetof(said, channel_type), offsetof(said, sku),
                                 offsetof(said, row_type),     offsetof(said, channel_code),
                                 offsetof(said, row_source),   offsetof(said, row_code),
                                 offsetof(said, note),         offsetof(said, row_from)};
  static const char *const CHANGED[] = {"", "other", NULL};
  const said original = everything();
  digest before = hash_of(&original);
  for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0] + QM_TEXTS; i++) {
    size_t first = sizeof TEXTS / sizeof TEXTS[0];
    size_t at = i < first ? TEXTS[i] : offsetof(said, text) + (i - first) * sizeof(char *);
    digest after[3];
    for (int c = 0; c < 3; c++) {
      said s = original;
      memcpy((char *)&s + at, &CHANGED[c], sizeof CHANGED[c]);
      after[c] = hash_of(&s);
      if (!CHECK(!same(before, after[c])))
        fprintf(stderr, "  text %d\n", (int)i);
    }
    CHECK(!same(after[0], after[2])); /* an empty text is not an absent one */
  }
}

#define CHANGES(field, value)                                                                      \
  do {                                                                                             \
    said s = everything();                                                                         \
    s.field = value;                                                                               \
    if (!CHECK(!same(before, hash_of(&s))))                                                        \
      fprintf(stderr, "  %s\n", #field);                                                           \
  } while (0)

TEST(the_hash_changes_with_every_number) {
  said original = everything();
  digest before = hash_of(&original);
  CHANGES(kind, QM_OP_RETURN);
  CHANGES(flags, QM_HAS_STOCK | QM_PLANNED);
  CHANGES(stock, 8);
  CHANGES(latitude, 48.25);
  CHANGES(longitude, -11.5);
  CHANGES(row_flags, QM_HAS_QTY | QM_RETURN_TO_STOCK);
  CHANGES(line, 4);
  CHANGES(row_stock, 5);
  CHANGES(truth, 0);
  CHANGES(bad, 0);
  CHANGES(qty, 250001);
}

/* Text that moves from one place to the next is another request. */
TEST(neighbouring_texts_are_kept_apart) {
  said a = everything(), b = everything();
  a.channel_type = "ab", a.channel_code = "c";
  b.channel_type = "a", b.channel_code = "bc";
  CHECK(!same(hash_of(&a), hash_of(&b)));
  a = b = everything();
  a.text[QM_TEXT_CITY] = "x", a.text[QM_TEXT_STREET] = NULL;
  b.text[QM_TEXT_CITY] = NULL, b.text[QM_TEXT_STREET] = "x";
  CHECK(!same(hash_of(&a), hash_of(&b)));
}

static digest hash_of_rows(int count, const char *const *skus) {
  static kit_op op;
  digest d;
  kit_begin(&op, QM_OP_CANCEL);
  qm_row *rows = kit_rows(&op, (uint32_t)count);
  for (int i = 0; i < count; i++)
    rows[i].sku = kit_text(&op, skus[i]);
  qm_op_hash(kit_finish(&op), d.bytes);
  return d;
}

TEST(the_hash_changes_with_the_number_and_order_of_rows) {
  static const char *const AB[] = {"a", "b"}, *const BA[] = {"b", "a"};
  CHECK(!same(hash_of_rows(2, AB), hash_of_rows(2, BA)));
  CHECK(!same(hash_of_rows(2, AB), hash_of_rows(1, AB)));
  CHECK(!same(hash_of_rows(1, AB), hash_of_rows(0, AB)));
}

/* An adopted order of two lines in one call; `change` picks what is said otherwise. */
static void hashes_of_adopted(int change, digest *whole, digest *order) {
  static kit_op op;
  qm_op *head = kit_begin(&op, QM_OP_ADOPT);
  qm_row *rows = kit_rows(&op, 3);
  head->order_count = 1;
  head->line_count = 2;
  rows[0].lines = change == 1 ? 1 : 2;
  for (int i = 0; i < 3; i++)
    rows[i].order = kit_text(&op, change == 2 ? "o-2" : "o-1");
  qm_row *last = &rows[2];
  last->sku = kit_text(&op, "bike");
  last->qty = 9;
  last->cancelled = change == 3;
  last->invoiced = change == 4;
  last->shipped = change == 5;
  last->refunded = change == 6;
  last->released = change == 7;
  last->returned = change == 8;
  kit_finish(&op);
  qm_op_hash(kit_head(&op), whole->bytes);
  qm_order_hash(kit_head(&op), 0, 1, order->bytes);
}

TEST(the_hash_changes_with_all_that_an_adopted_order_says) {
  digest whole, order, other_whole, other_order;
  hashes_of_adopted(0, &whole, &order);
  CHECK(!same(whole, order));
  for (int change = 1; change <= 8; change++) {
    hashes_of_adopted(change, &other_whole, &other_order);
    if (!CHECK(!same(whole, other_whole) && !same(order, other_order)))
      fprintf(stderr, "  change %d\n", change);
  }
}

/* A row and a part of it. */
static digest hash_of_part(const char *sku, const char *option, uint32_t of, qm_qty qty) {
  static kit_op op;
  digest d;
  kit_begin(&op, QM_OP_PLACE);
  kit_rows(&op, 2);
  size_t at = kit_reserve(&op, sizeof(qm_row));
  kit_head(&op)->parts_at = (uint32_t)at;
  kit_head(&op)->part_count = 1;
  qm_row *part = (qm_row *)(void *)(op.bytes + at);
  part->sku = kit_text(&op, sku);
  part->note = kit_text(&op, option);
  part->part_of = of;
  part->qty = qty;
  CHECK(qm_op_row(kit_finish(&op), 2) == part);
  qm_op_hash(kit_head(&op), d.bytes);
  return d;
}

TEST(the_hash_changes_with_the_parts_of_rows) {
  digest d = hash_of_part("a", "frame", 0, 1);
  CHECK(same(d, hash_of_part("a", "frame", 0, 1)));
  CHECK(!same(d, hash_of_part("b", "frame", 0, 1)));
  CHECK(!same(d, hash_of_part("a", NULL, 0, 1)));
  CHECK(!same(d, hash_of_part("a", "frame", 1, 1)));
  CHECK(!same(d, hash_of_part("a", "frame", 0, 2)));
}

/* Files keep hashes: a newer program must come to the same one. The fields are written out by hand
 * as the rules say (eight bytes each, texts after their length) and hashed by another program. */
TEST(the_hash_of_a_known_request_is_known) {
  static const unsigned char KNOWN[QM_HASH] = {0xd4, 0x31, 0xaf, 0xdf, 0x2f, 0x02, 0x2e, 0x41,
                                               0x27, 0x60, 0x29, 0x91, 0x67, 0x9d, 0x44, 0x23};
  static const char *const SKUS[] = {"bike"};
  digest d = hash_of_rows(1, SKUS);
  for (int i = 0; i < QM_HASH; i++)
    CHECK_INT(d.bytes[i], KNOWN[i]);
}

/* ---- the arena of answers ---- */

TEST(texts_survive_the_growth_of_the_arena) {
  enum { COUNT = 20000 };
  static qm_span spans[COUNT];
  qm_out out = {0};
  char text[16];
  qm_out_clear(&out);
  for (int i = 0; i < COUNT; i++) {
    int n = snprintf(text, sizeof text, "text %d", i);
    spans[i] = qm_out_text(&out, (qm_str){text, (size_t)n});
  }
  CHECK(!out.exhausted);
  for (int i = 0; i < COUNT; i++) {
    qm_str got = qm_out_str(&out, spans[i]);
    int n = snprintf(text, sizeof text, "text %d", i);
    if (!CHECK(got.n == (size_t)n && memcmp(got.p, text, got.n) == 0))
      break;
  }
  qm_out_free(&out);
}

/* The arena moves while it grows, also under the text that is being copied. */
TEST(a_text_may_lie_in_the_arena_itself) {
  qm_out out = {0};
  qm_out_clear(&out);
  qm_span span = qm_out_text(&out, kit_str("0123456789abcdef"));
  for (int i = 0; i < 5000; i++) {
    span = qm_out_text(&out, qm_out_str(&out, span));
    qm_str got = qm_out_str(&out, span);
    if (!CHECK(got.n == 16 && memcmp(got.p, "0123456789abcdef", 16) == 0))
      break;
  }
  qm_out_free(&out);
}

TEST(absent_and_empty_texts_stay_apart) {
  qm_out out = {0};
  qm_out_clear(&out);
  CHECK_INT(qm_out_text(&out, (qm_str){NULL, 5}).at, 0);
  qm_out_text(&out, kit_str("x"));
  qm_span span = qm_out_text(&out, kit_str(""));
  CHECK(span.at != 0 && span.n == 0);
  CHECK(qm_out_str(&out, span).p != NULL);
  CHECK(qm_out_str(&out, (qm_span){0, 0}).p == NULL);
  qm_out_free(&out);
}

/* Offsets have 32 bits. Nobody needs four gigabytes to see what happens beyond them. */
TEST(an_arena_that_is_full_says_so) {
  qm_out out = {0};
  qm_out_clear(&out);
  qm_out_text(&out, kit_str("x"));
  size_t used = out.used, capacity = out.capacity;
  char *bytes = out.bytes;
  out.used = out.capacity = UINT32_MAX - 7;
  qm_verdict verdict = {0};
  qm_problem problem = {.kind = QM_P_NO_STOCK};
  CHECK_INT(qm_out_text(&out, kit_str("y")).at, 0);
  qm_verdict_problem(&verdict, &out, &problem);
  CHECK(out.exhausted && out.bytes == bytes);
  CHECK_INT(verdict.problem_count, 0);
  out.used = used, out.capacity = capacity;
  qm_out_clear(&out);
  CHECK(!out.exhausted);
  qm_out_free(&out);
}

TEST(problems_and_entries_are_chained_in_order) {
  enum { COUNT = 3000 };
  qm_out out = {0};
  qm_verdict verdict = {0};
  qm_out_clear(&out);
  for (int i = 0; i < COUNT; i++) {
    qm_problem problem = {.kind = QM_P_NO_STOCK, .row = i};
    qm_entry entry = {.line = i};
    qm_verdict_problem(&verdict, &out, &problem);
    qm_verdict_entry(&verdict, &out, &entry);
  }
  CHECK_INT(verdict.problem_count, COUNT);
  CHECK_INT(verdict.entry_count, COUNT);
  int count = 0;
  for (uint32_t at = verdict.problem_first; at; at = qm_out_problem(&out, at)->next)
    CHECK_INT(qm_out_problem(&out, at)->row, count++);
  CHECK_INT(count, COUNT);
  count = 0;
  for (uint32_t at = verdict.entry_first; at; at = qm_out_entry(&out, at)->next)
    CHECK_INT(qm_out_entry(&out, at)->line, count++);
  CHECK_INT(count, COUNT);
  qm_out_free(&out);
}

TEST(the_most_important_problem_decides_the_code) {
  qm_out out = {0};
  qm_verdict verdict = {0};
  static const qm_problem_kind KINDS[] = {QM_P_NOT_ENOUGH, QM_P_NO_STOCK, QM_P_MIN_SALE};
  static const qm_code CODES[] = {QM_NOT_ENOUGH, QM_NOT_FOUND, QM_NOT_FOUND};
  qm_out_clear(&out);
  for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
    qm_problem problem = {.kind = KINDS[i]};
    qm_verdict_problem(&verdict, &out, &problem);
    CHECK_INT(verdict.code, CODES[i]);
  }
  qm_out_free(&out);
}

int main(void) {
  RUN(the_hash_does_not_change_with_time_id_or_layout);
  RUN(the_hash_changes_with_every_text);
  RUN(the_hash_changes_with_every_number);
  RUN(neighbouring_texts_are_kept_apart);
  RUN(the_hash_changes_with_the_number_and_order_of_rows);
  RUN(the_hash_changes_with_all_that_an_adopted_order_says);
  RUN(the_hash_changes_with_the_parts_of_rows);
  RUN(the_hash_of_a_known_request_is_known);
  RUN(texts_survive_the_growth_of_the_arena);
  RUN(a_text_may_lie_in_the_arena_itself);
  RUN(absent_and_empty_texts_stay_apart);
  RUN(an_arena_that_is_full_says_so);
  RUN(problems_and_entries_are_chained_in_order);
  RUN(the_most_important_problem_decides_the_code);
  return unit_report();
}
