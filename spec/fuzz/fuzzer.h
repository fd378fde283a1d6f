/* fuzzer.h: what a fuzzer whose subject allocates a lot is called by. */
#ifndef QM_SPEC_FUZZER_H
#define QM_SPEC_FUZZER_H

#include <stddef.h>
#include <stdint.h>

const char *__asan_default_options(void);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Both SQLite and Lua do, and each time is remembered: not for so long, then. */
const char *__asan_default_options(void) {
  return "malloc_context_size=6:quarantine_size_mb=16";
}

#endif
