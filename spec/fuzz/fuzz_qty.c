/* fuzz_qty.c: no bytes confuse the quantity parser, and what it accepts comes back unchanged.
 *
 * The input is read twice: whole, as text, and its first eight bytes as a double. Whatever is
 * accepted must be legal, and be the same quantity again after a trip through text and through a
 * double. What is refused must leave the result alone. */
#include <stdlib.h>
#include <string.h>

#include "qty.h"

static const qm_qty UNTOUCHED = INT64_C(-777);

/* Not assert, which a build may switch off: the fuzzer then finds nothing. */
static void must(bool held) {
  if (!held)
    abort();
}

static void round_trip(qm_qty qty) {
  must(qty >= -QM_QTY_MAX && qty <= QM_QTY_MAX);

  char text[QM_QTY_TEXT];
  qm_qty back = UNTOUCHED;
  size_t length = qm_qty_format(qty, text);
  must(length < sizeof text && strlen(text) == length);
  must(qm_qty_parse(text, length, &back) == QM_OK && back == qty);
  must((strchr(text, '.') == NULL) == qm_qty_is_whole(qty));

  must(qm_qty_from_double(qm_qty_to_double(qty), &back) == QM_OK && back == qty);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  qm_qty qty = UNTOUCHED;
  qm_code code = qm_qty_parse((const char *)data, size, &qty);
  must(code == QM_OK || code == QM_INVALID || code == QM_LIMIT);
  if (code == QM_OK)
    round_trip(qty);
  else
    must(qty == UNTOUCHED);

  double value;
  if (size < sizeof value)
    return 0;
  memcpy(&value, data, sizeof value);
  qty = UNTOUCHED;
  code = qm_qty_from_double(value, &qty);
  must(code == QM_OK || code == QM_INVALID || code == QM_LIMIT);
  if (code == QM_OK)
    round_trip(qty);
  else
    must(qty == UNTOUCHED);
  return 0;
}
