/* error.c: what each outcome code is called, and how an error is filled in. */
#include "qm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct code_row {
  const char *name;
  const char *message;
  bool transient;
} code_row;

static const code_row CODES[QM_CODES] = {
    [QM_OK] = {"OK", "it worked", false},
#define QM_ERROR(name, transient, message) [QM_##name] = {#name, message, transient},
#include "error.def"
#undef QM_ERROR
};

/* Codes come from this program alone, never from a caller or a file: a wrong one is a bug here. */
static const code_row *row_of(qm_code code) {
  QM_ASSERT((size_t)code < QM_CODES);
  return &CODES[code];
}

/* How much of a full text to keep so that it does not end inside a UTF-8 character: half a
 * character of somebody's SKU would make the whole text unusable to a JSON encoder. A character
 * that is cut has at most two bytes after its first; bytes that are no UTF-8 to begin with stay as
 * they are. */
static size_t whole_characters(const char text[QM_ERR_TEXT]) {
  size_t length = QM_ERR_TEXT - 1;
  size_t back = 0;
  while (back < 2 && ((unsigned char)text[length - 1 - back] & 0xC0) == 0x80)
    back++;
  unsigned char lead = (unsigned char)text[length - 1 - back];
  size_t follow = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  return back < follow ? length - 1 - back : length;
}

const char *qm_code_name(qm_code code) {
  return row_of(code)->name;
}

const char *qm_code_message(qm_code code) {
  return row_of(code)->message;
}

bool qm_code_transient(qm_code code) {
  return row_of(code)->transient;
}

qm_code qm_fail(qm_err *err, qm_code code, const char *format, ...) {
  QM_ASSERT(code != QM_OK);
  if (err == NULL)
    return code;

  /* Written aside first, because an argument may be the very text that is replaced. */
  char text[QM_ERR_TEXT];
  va_list args;
  va_start(args, format);
  int wanted = vsnprintf(text, sizeof text, format, args);
  va_end(args);

  size_t length = wanted < 0 ? 0 : (size_t)wanted;
  if (length >= sizeof text)
    length = whole_characters(text);
  memcpy(err->text, text, length);
  err->text[length] = '\0';
  err->code = code;
  err->native = 0;
  return code;
}
