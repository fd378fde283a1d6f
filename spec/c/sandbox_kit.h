/* sandbox_kit.h: what the tests of the sandbox share: opening, loading text, asking for one value.
 *
 * Unless a test is about budgets it runs with a generous wall clock, so that a busy machine does
 * not decide its outcome. Files are found from the working directory, the top of the source tree.
 */
#ifndef QM_SPEC_SANDBOX_KIT_H
#define QM_SPEC_SANDBOX_KIT_H

#include "../../src/lua/compat.h"
#include "../../src/sandbox/sandbox.h"
#include "unit.h"

#include <stdlib.h>

enum { ANSWER_TEXT = 512 };

/* The text of a script's answer, copied out. */
typedef struct answer {
  char text[ANSWER_TEXT];
  qm_err err;
} answer;

static inline qm_str kit_str(const char *text) {
  return (qm_str){text, strlen(text)};
}

static inline qm_sandbox *kit_open(void) {
  qm_budget budget = QM_BUDGET_DEFAULT;
  budget.wall_us = QM_BUDGET_LIMIT.wall_us;
  return qm_sandbox_open(&budget);
}

/* Loads and, when that works, calls the export `evaluate` without arguments. */
static inline int kit_push_nothing(lua_State *L, void *context) {
  (void)L;
  (void)context;
  return 0;
}

static inline qm_code kit_pull_text(lua_State *L, int index, void *context, qm_err *err) {
  answer *a = context;
  (void)err;
  snprintf(a->text, sizeof a->text, "%s",
           lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : luaL_typename(L, index));
  return QM_OK;
}

static inline qm_code kit_call(qm_sandbox *box, answer *a) {
  *a = (answer){.text = ""};
  return qm_sandbox_call(box, "evaluate", kit_push_nothing, kit_pull_text, a, &a->err);
}

static inline qm_code kit_run(qm_sandbox *box, qm_str source, answer *a) {
  *a = (answer){.text = ""};
  qm_code code = qm_sandbox_load(box, "test", source, &a->err);
  return code == QM_OK ? kit_call(box, a) : code;
}

/* The whole of a file, in a block that the caller frees; NULL when it cannot be read. */
static inline char *kit_read(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  char *text = file == NULL ? NULL : malloc(QM_SCRIPT_MAX + 1);
  if (text != NULL)
    *length = fread(text, 1, QM_SCRIPT_MAX + 1, file);
  if (file != NULL)
    fclose(file);
  return text;
}

#endif
