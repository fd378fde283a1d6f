#include "problem.h"

#include <string.h>

const qm_problem_info qm_problem_infos[QM_PROBLEMS] = {
    {QM_OK, "", "", ""},
#define QM_PROBLEM(name, code, field, magento, message) {QM_##code, field, magento, message},
#include "problem.def"
#undef QM_PROBLEM
};

static const char *const field_names[] = {"",
#define QM_FIELD(name) #name,
                                          QM_FIELDS(QM_FIELD)
#undef QM_FIELD
};

const char *qm_problem_field(qm_problem_kind kind, qm_field_name field) {
  return field == QM_FIELD_OWN ? qm_problem_infos[kind].field : field_names[field];
}

typedef struct sink {
  char *out;
  size_t used, size;
} sink;

static void put(sink *to, const char *text, size_t length) {
  for (size_t i = 0; i < length && to->used + 1 < to->size; i++) {
    unsigned char c = (unsigned char)text[i];
    to->out[to->used++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
  }
}

static void put_qty(sink *to, qm_qty qty) {
  char text[QM_QTY_TEXT];
  put(to, text, qm_qty_format(qty, text));
}

void qm_problem_text(qm_problem_kind kind, qm_str subject, qm_qty asked, qm_qty have, char *out,
                     size_t size) {
  static const char mark_subject[] = "{subject}", mark_asked[] = "{asked}", mark_have[] = "{have}";
  QM_ASSERT(kind > QM_P_NONE && kind < QM_PROBLEMS && size > 0);
  sink to = {out, 0, size};
  for (const char *p = qm_problem_infos[kind].message; *p;) {
    if (strncmp(p, mark_subject, sizeof mark_subject - 1) == 0) {
      put(&to, subject.p, subject.p ? subject.n : 0);
      p += sizeof mark_subject - 1;
    } else if (strncmp(p, mark_asked, sizeof mark_asked - 1) == 0) {
      put_qty(&to, asked);
      p += sizeof mark_asked - 1;
    } else if (strncmp(p, mark_have, sizeof mark_have - 1) == 0) {
      put_qty(&to, have);
      p += sizeof mark_have - 1;
    } else {
      put(&to, p++, 1);
    }
  }
  out[to.used] = '\0';
}
