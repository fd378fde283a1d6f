/* test_problem.c: every problem is complete, and filling in its message never overruns.
 *
 * A message is a template with places for the subject and two quantities. Each problem is read here
 * as text, so that a new one with a misspelt place, a field that is no key, or a message too long
 * to be told is noticed without a spec that provokes it. */
#include "unit.h"

#include "problem.h"

typedef struct listed {
  qm_problem_kind kind;
  const char *name, *field, *magento, *message;
  qm_code code;
} listed;

static const listed LISTED[] = {
#define QM_PROBLEM(name, code, field, magento, message)                                            \
  {QM_P_##name, #name, field, magento, message, QM_##code},
#include "problem.def"
#undef QM_PROBLEM
};

enum { LISTED_COUNT = sizeof LISTED / sizeof LISTED[0], ROUNDS = 20000 };

static const char *const PLACES[] = {"{subject}", "{asked}", "{have}"};

enum { PLACE_COUNT = sizeof PLACES / sizeof PLACES[0] };

static qm_str str(const char *text) {
  return (qm_str){text, strlen(text)};
}

static void blame(const listed *problem) {
  fprintf(stderr, "  for %s\n", problem->name);
}

TEST(every_problem_has_its_row) {
  CHECK_INT(LISTED_COUNT, QM_PROBLEMS - 1);
  for (int i = 0; i < LISTED_COUNT; i++) {
    const listed *l = &LISTED[i];
    const qm_problem_info *info = &qm_problem_infos[l->kind];
    CHECK_INT(l->kind, i + 1);
    CHECK_INT(info->code, l->code);
    CHECK_STR(info->field, l->field);
    CHECK_STR(info->magento, l->magento);
    CHECK_STR(info->message, l->message);
  }
}

/* A problem is what the request did, never what became of the file. */
TEST(every_code_is_one_of_a_request) {
  for (int i = 0; i < LISTED_COUNT; i++)
    if (!CHECK(LISTED[i].code >= QM_INVALID && LISTED[i].code <= QM_EXCEEDS))
      blame(&LISTED[i]);
}

TEST(every_field_is_a_key) {
  for (int i = 0; i < LISTED_COUNT; i++) {
    const char *field = LISTED[i].field;
    if (!CHECK(field != NULL &&
               strspn(field, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(field)))
      blame(&LISTED[i]);
  }
}

/* Messages are joined to others with a colon, so they start small and end without a full stop. */
TEST(every_message_is_a_sentence_for_people) {
  for (int i = 0; i < LISTED_COUNT; i++) {
    const char *message = LISTED[i].message;
    size_t length = strlen(message);
    bool held = CHECK(length > 0 && strchr(message, ' ') != NULL);
    held &= CHECK(strpbrk(message, "\r\n\t%") == NULL);
    held &= CHECK(strchr(".!? ", message[length - 1]) == NULL);
    held &= CHECK((message[0] >= 'a' && message[0] <= 'z') || message[0] == '{' ||
                  strncmp(message, "SKU", 3) == 0);
    if (!held)
      blame(&LISTED[i]);
  }
}

/* Braces are places, but for those of a directive that a message quotes. */
TEST(every_brace_opens_a_known_place) {
  for (int i = 0; i < LISTED_COUNT; i++) {
    for (const char *p = LISTED[i].message; (p = strchr(p, '{')) != NULL; p++) {
      bool known = p > LISTED[i].message && p[-1] == '$';
      for (int j = 0; j < PLACE_COUNT; j++)
        known = known || strncmp(p, PLACES[j], strlen(PLACES[j])) == 0;
      if (!CHECK(known))
        blame(&LISTED[i]);
    }
  }
}

/* What people must read is not cut: 40 bytes of a name or a SKU, and the longest quantities. */
TEST(every_message_fits_with_its_places_filled_in) {
  static const char name[] = "1234567890123456789012345678901234567890";
  for (int i = 0; i < LISTED_COUNT; i++) {
    char text[1024];
    qm_problem_text(LISTED[i].kind, str(name), 1 - QM_QTY_MAX, 1 - QM_QTY_MAX, text, sizeof text);
    bool held = CHECK(strlen(text) < QM_ERR_TEXT);
    for (int j = 0; j < PLACE_COUNT; j++)
      held &= CHECK(strstr(text, PLACES[j]) == NULL);
    if (!held)
      blame(&LISTED[i]);
  }
}

/* The binding's buffers hold 512 bytes, which is enough for the longest SKU. */
TEST(every_message_holds_a_whole_sku) {
  char sku[QM_SKU_MAX + 1], text[1024];
  memset(sku, 'x', QM_SKU_MAX);
  sku[QM_SKU_MAX] = '\0';
  for (int i = 0; i < LISTED_COUNT; i++) {
    qm_problem_text(LISTED[i].kind, str(sku), 1 - QM_QTY_MAX, 1 - QM_QTY_MAX, text, sizeof text);
    bool named = strstr(LISTED[i].message, PLACES[0]) != NULL;
    if (!CHECK(strlen(text) < 512) || !CHECK_INT(strstr(text, sku) != NULL, named))
      blame(&LISTED[i]);
  }
}

TEST(two_problems_never_say_the_same) {
  for (int i = 0; i < LISTED_COUNT; i++)
    for (int j = 0; j < i; j++)
      if (LISTED[i].kind != QM_P_STATUS_MISSING &&
          !CHECK(strcmp(LISTED[i].message, LISTED[j].message) != 0))
        blame(&LISTED[i]);
}

TEST(places_are_filled_in) {
  char text[QM_ERR_TEXT];
  qm_problem_text(QM_P_NOT_ENOUGH, str("bike-1"), 25000, 120000, text, sizeof text);
  CHECK_STR(text, "12 of bike-1 can be sold, 2.5 were asked for");
  qm_problem_text(QM_P_NO_STOCK, str("17"), 0, 0, text, sizeof text);
  CHECK_STR(text, "there is no stock 17");
}

/* A SKU that looks like a place stays what it is. */
TEST(a_subject_is_not_read_as_a_template) {
  char text[QM_ERR_TEXT];
  qm_problem_text(QM_P_NO_STOCK, str("{asked}{subject}%s"), 5, 5, text, sizeof text);
  CHECK_STR(text, "there is no stock {asked}{subject}%s");
}

TEST(a_missing_subject_leaves_nothing) {
  char text[QM_ERR_TEXT];
  qm_problem_text(QM_P_NO_STOCK, (qm_str){NULL, 40}, 0, 0, text, sizeof text);
  CHECK_STR(text, "there is no stock ");
}

/* Bytes beyond ASCII stay: they may be letters. */
TEST(control_characters_are_replaced) {
  for (int byte = 0; byte < 256; byte++) {
    char subject[3] = {'a', (char)byte, 'z'}, text[QM_ERR_TEXT];
    qm_problem_text(QM_P_NO_STOCK, (qm_str){subject, sizeof subject}, 0, 0, text, sizeof text);
    bool control = byte < 0x20 || byte == 0x7f;
    const char *end = text + strlen("there is no stock ");
    CHECK_INT(strlen(end), 3);
    CHECK(end[0] == 'a' && end[2] == 'z');
    CHECK_INT((unsigned char)end[1], control ? '?' : byte);
  }
}

/* Guards on both sides show a write past either end even without a sanitizer. */
TEST(a_text_never_overruns_its_buffer) {
  uint64_t seed = 3;
  char subject[QM_SKU_MAX], box[16 + QM_ERR_TEXT + 16];
  for (int round = 0; round < ROUNDS; round++) {
    size_t size = 1 + (size_t)unit_below(&seed, QM_ERR_TEXT);
    qm_problem_kind kind = (qm_problem_kind)(1 + unit_below(&seed, QM_PROBLEMS - 1));
    qm_str name = {subject, (size_t)unit_below(&seed, sizeof subject + 1)};
    for (size_t i = 0; i < name.n; i++)
      subject[i] = (char)unit_below(&seed, 256);
    memset(box, 0x5A, sizeof box);
    qm_problem_text(kind, name, (qm_qty)unit_random(&seed), (qm_qty)unit_random(&seed), box + 16,
                    size);
    bool held = CHECK(memchr(box + 16, '\0', size) != NULL);
    for (size_t i = 0; i < 16; i++)
      held &= CHECK(box[i] == 0x5A && box[16 + size + i] == 0x5A);
    if (!held)
      return;
  }
}

int main(void) {
  RUN(every_problem_has_its_row);
  RUN(every_code_is_one_of_a_request);
  RUN(every_field_is_a_key);
  RUN(every_message_is_a_sentence_for_people);
  RUN(every_brace_opens_a_known_place);
  RUN(every_message_fits_with_its_places_filled_in);
  RUN(every_message_holds_a_whole_sku);
  RUN(two_problems_never_say_the_same);
  RUN(places_are_filled_in);
  RUN(a_subject_is_not_read_as_a_template);
  RUN(a_missing_subject_leaves_nothing);
  RUN(control_characters_are_replaced);
  RUN(a_text_never_overruns_its_buffer);
  return unit_report();
}
