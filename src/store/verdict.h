/* verdict.h: what became of one op: refused with problems, or done with entries.
 *
 * Problems, entries and their texts live in a qm_out, a byte arena that the store owns and clears
 * at each apply; everything refers by offset, since the arena moves while it grows. */
#ifndef QM_VERDICT_H
#define QM_VERDICT_H

#include "../core/problem.h"
#include "op.h"

typedef struct qm_out {
  char *bytes;
  size_t used, capacity;
  bool exhausted; /* an append failed: the whole apply fails with QM_MEMORY */
} qm_out;

typedef struct qm_problem {
  uint32_t next; /* offset of the next one, 0 at the end */
  qm_problem_kind kind;
  int32_t row;         /* position in the caller's list from 0, -1: none */
  int32_t field;       /* a qm_field_name */
  int64_t line, stock; /* 0: none */
  qm_qty asked, have;
  qm_span subject, source, order;
  qm_span path; /* of a part of a row: "options[2].selections[1]" */
} qm_problem;

typedef struct qm_entry {
  uint32_t next;
  qm_span sku, source;
  int64_t line, product, source_id; /* 0: none */
  int64_t parent;                   /* the line it is a part of */
  int64_t stock;
  qm_qty qty, backordered;
} qm_entry;

typedef struct qm_verdict {
  qm_code code;
  bool replayed;
  int64_t value; /* rows saved, or the id of what was created */
  int64_t skipped;
  uint32_t problem_first, problem_last, problem_count;
  uint32_t entry_first, entry_last, entry_count;
} qm_verdict;

void qm_out_clear(qm_out *out);
void qm_out_free(qm_out *out);
qm_span qm_out_text(qm_out *out, qm_str text);
qm_str qm_out_str(const qm_out *out, qm_span span);

qm_problem *qm_out_problem(qm_out *out, uint32_t at);
qm_entry *qm_out_entry(qm_out *out, uint32_t at);

/* Puts bytes where they were in another arena, of which nothing else is needed. */
bool qm_out_copy(qm_out *out, size_t at, const char *bytes, size_t size);

/* Appends; the code of the verdict becomes that of its most important problem. */
void qm_verdict_problem(qm_verdict *verdict, qm_out *out, const qm_problem *problem);
void qm_verdict_entry(qm_verdict *verdict, qm_out *out, const qm_entry *entry);

#endif
