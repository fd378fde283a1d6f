/* test_error.c: every outcome code can be named and explained, and qm_fail never overruns. */
#include "unit.h"

#include "qm.h"

typedef struct listed {
  qm_code code;
  const char *name;
  const char *message;
  int transient;
} listed;

static const listed LISTED[] = {
#define QM_ERROR(name, transient, message) {QM_##name, #name, message, transient},
#include "error.def"
#undef QM_ERROR
};

enum { LISTED_COUNT = sizeof LISTED / sizeof LISTED[0] };

TEST(every_code_has_its_own_name_and_message) {
  CHECK_INT(LISTED_COUNT, QM_CODES - 1);
  for (int i = 0; i < LISTED_COUNT; i++) {
    CHECK_INT(LISTED[i].code, i + 1);
    CHECK_STR(qm_code_name(LISTED[i].code), LISTED[i].name);
    CHECK_STR(qm_code_message(LISTED[i].code), LISTED[i].message);
    for (int j = 0; j < i; j++)
      CHECK(strcmp(LISTED[i].message, LISTED[j].message) != 0);
  }
}

TEST(success_can_be_named_as_well) {
  CHECK_STR(qm_code_name(QM_OK), "OK");
  CHECK(strlen(qm_code_message(QM_OK)) > 0);
  CHECK(!qm_code_transient(QM_OK));
}

TEST(names_are_upper_case_words) {
  for (int code = 0; code < QM_CODES; code++) {
    const char *name = qm_code_name((qm_code)code);
    size_t length = strlen(name);
    CHECK(length >= 2);
    CHECK_INT(strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), length);
    CHECK(name[0] != '_' && name[length - 1] != '_');
  }
}

/* Messages are joined to others with a colon, so they start small and end without a full stop. */
TEST(messages_are_sentences_for_people) {
  for (int code = 0; code < QM_CODES; code++) {
    const char *message = qm_code_message((qm_code)code);
    size_t length = strlen(message);
    CHECK(length > 0 && length < QM_ERR_TEXT);
    CHECK(message[0] >= 'a' && message[0] <= 'z');
    CHECK(strchr(".!? \n", message[length - 1]) == NULL);
    CHECK(strpbrk(message, "\r\n\t") == NULL);
    CHECK(strchr(message, ' ') != NULL);
    CHECK(strstr(message, qm_code_name((qm_code)code)) == NULL);
  }
}

TEST(only_passing_troubles_are_transient) {
  static const qm_code TRANSIENT[] = {QM_IO, QM_FULL, QM_MEMORY, QM_BUSY, QM_STALE};
  for (int code = 0; code < QM_CODES; code++) {
    bool expected = false;
    for (size_t i = 0; i < sizeof TRANSIENT / sizeof TRANSIENT[0]; i++)
      expected = expected || (int)TRANSIENT[i] == code;
    CHECK_INT(qm_code_transient((qm_code)code), expected);
  }
}

TEST(codes_are_ordered_by_precedence) {
  CHECK(QM_FORKED < QM_CORRUPT);
  CHECK(QM_CORRUPT < QM_BUSY);
  CHECK(QM_BUSY < QM_INVALID);
  CHECK(QM_INVALID < QM_LIMIT);
  CHECK(QM_LIMIT < QM_NOT_FOUND);
  CHECK(QM_NOT_ASSIGNED < QM_NOT_ENOUGH);
}

TEST(fail_fills_the_error_and_returns_the_code) {
  qm_err err = {.code = QM_OK, .native = 77, .text = "left over from before"};
  CHECK_INT(qm_fail(&err, QM_NOT_FOUND, "no source \"%.*s\" (%d)", 3, "muc-1", 42), QM_NOT_FOUND);
  CHECK_INT(err.code, QM_NOT_FOUND);
  CHECK_INT(err.native, 0);
  CHECK_STR(err.text, "no source \"muc\" (42)");
}

TEST(fail_without_an_error_returns_the_code) {
  CHECK_INT(qm_fail(NULL, QM_BUSY, "%s", "nobody reads this"), QM_BUSY);
}

/* Guards on both sides show a write past either end even without a sanitizer. */
TEST(fail_cuts_a_long_text) {
  struct {
    char before[16];
    qm_err err;
    char after[16];
  } box;
  char longer[3 * QM_ERR_TEXT];
  memset(longer, 'x', sizeof longer);
  longer[sizeof longer - 1] = '\0';
  for (int length = QM_ERR_TEXT - 5; length < QM_ERR_TEXT + 5; length++) {
    memset(&box, 0x5A, sizeof box);
    CHECK_INT(qm_fail(&box.err, QM_INVALID, "%.*s", length, longer), QM_INVALID);
    int kept = length < QM_ERR_TEXT ? length : QM_ERR_TEXT - 1;
    CHECK_INT(strlen(box.err.text), kept);
    CHECK_INT(strspn(box.err.text, "x"), kept);
    for (size_t i = 0; i < sizeof box.before; i++)
      CHECK(box.before[i] == 0x5A && box.after[i] == 0x5A);
  }
  CHECK_INT(qm_fail(&box.err, QM_INVALID, "%s", longer), QM_INVALID);
  CHECK_INT(strlen(box.err.text), QM_ERR_TEXT - 1);
}

/* The n bytes of one character end at each distance from the cut in turn. */
TEST(fail_never_cuts_inside_a_character) {
  static const char *const CHARACTERS[] = {"\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x9A\xB2"};
  for (size_t c = 0; c < sizeof CHARACTERS / sizeof CHARACTERS[0]; c++) {
    int width = (int)strlen(CHARACTERS[c]);
    for (int pad = QM_ERR_TEXT - 8; pad < QM_ERR_TEXT; pad++) {
      qm_err err;
      qm_fail(&err, QM_INVALID, "%*s%s and so on, at length", pad, "", CHARACTERS[c]);
      bool fits = pad + width <= QM_ERR_TEXT - 1;
      CHECK_INT(strlen(err.text), fits ? QM_ERR_TEXT - 1 : pad);
      CHECK_INT(strspn(err.text, " "), pad);
      CHECK(!fits || memcmp(err.text + pad, CHARACTERS[c], (size_t)width) == 0);
    }
  }
}

TEST(fail_keeps_bytes_that_are_no_text) {
  char stray[2 * QM_ERR_TEXT];
  memset(stray, '\x80', sizeof stray);
  stray[sizeof stray - 1] = '\0';
  qm_err err;
  qm_fail(&err, QM_INVALID, "%s", stray);
  CHECK_INT(strlen(err.text), QM_ERR_TEXT - 1);
  qm_fail(&err, QM_INVALID, "%s", "\xC3");
  CHECK_STR(err.text, "\xC3");
}

TEST(fail_may_quote_the_text_it_replaces) {
  qm_err err;
  qm_fail(&err, QM_IO, "%s", "the disk is gone");
  qm_fail(&err, QM_IO, "line 3: %s", err.text);
  CHECK_STR(err.text, "line 3: the disk is gone");
}

int main(void) {
  RUN(every_code_has_its_own_name_and_message);
  RUN(success_can_be_named_as_well);
  RUN(names_are_upper_case_words);
  RUN(messages_are_sentences_for_people);
  RUN(only_passing_troubles_are_transient);
  RUN(codes_are_ordered_by_precedence);
  RUN(fail_fills_the_error_and_returns_the_code);
  RUN(fail_without_an_error_returns_the_code);
  RUN(fail_cuts_a_long_text);
  RUN(fail_never_cuts_inside_a_character);
  RUN(fail_keeps_bytes_that_are_no_text);
  RUN(fail_may_quote_the_text_it_replaces);
  return unit_report();
}
