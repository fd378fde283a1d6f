/* qm.h: the words every unit shares: codes, limits, quantities, borrowed strings, errors.
 *
 * The core decides and never acts: no malloc, no clock, no I/O, no SQL, no Lua. Callers pass arrays
 * and scratch with capacities; what does not fit is QM_LIMIT, never a reallocation. Time and
 * randomness enter as arguments. A fallible function returns a qm_code, its results through
 * pointers and its reasons in a caller-supplied qm_err. */
#ifndef QM_H
#define QM_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QM_VERSION "0.1.0"

#ifdef NDEBUG
#define QM_ASSERT(c) ((void)0)
#else
#define QM_ASSERT(c) assert(c)
#endif

typedef enum qm_code {
  QM_OK = 0,
#define QM_ERROR(name, transient, message) QM_##name,
#include "error.def"
#undef QM_ERROR
  QM_CODES
} qm_code;

/* Limits. Documented in the README; a spec reads them from here through `core.limits`. */
enum {
  QM_SKU_MAX = 255,     /* bytes of a SKU */
  QM_CODE_MAX = 255,    /* bytes of a source code, a name, a channel */
  QM_ID_MAX = 64,       /* bytes of a caller's document id */
  QM_TEXT_MAX = 4095,   /* bytes of any other text */
  QM_PLACE_MAX = 65535, /* sources, and stocks */
  QM_LINES_MAX = 4000,  /* lines of one request or order */
  QM_BATCH_MAX = 10000, /* records of one commit */
  QM_PAGE_MAX = 1000,   /* rows of one page */
  QM_ERR_TEXT = 200     /* bytes of an error text, terminator included */
};

/* Bytes borrowed from someone else, valid for the call. */
typedef struct qm_str {
  const char *p;
  size_t n;
} qm_str;

/* Why something failed. `text` is a sentence for people; `native` is the driver's own code. */
typedef struct qm_err {
  qm_code code;
  int native;
  char text[QM_ERR_TEXT];
} qm_err;

const char *qm_code_name(qm_code code);    /* "NOT_ENOUGH" */
const char *qm_code_message(qm_code code); /* a sentence for people */
bool qm_code_transient(qm_code code);

/* Fills err (which may be NULL) and returns code, so that callers can `return qm_fail(...)`. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
qm_code
qm_fail(qm_err *err, qm_code code, const char *format, ...);

#endif
