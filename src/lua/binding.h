/* binding.h: what the files of the binding share.
 *
 * Misuse (a wrong Lua type, an unknown key, a closed handle) raises; everything else becomes nil,
 * message, code, detail. A Lua error may jump out of any function that takes a lua_State, so
 * whatever it would leave behind is owned by the handle's userdata: no malloc'ed block, no running
 * statement. */
#ifndef QM_BINDING_H
#define QM_BINDING_H

#include "compat.h"

#include "../store/store.h"

#define QM_HANDLE "quartermaster.store"

/* Ops under construction: one growing block, each op at a multiple of 8. */
typedef struct qm_builder {
  char *bytes;
  size_t used, capacity;
  size_t starts[QM_BATCH_MAX];
  size_t count;
} qm_builder;

typedef struct qm_handle {
  qm_store *store; /* NULL: closed */
  bool text_quantities;
  bool busy; /* a call is under way */
  qm_builder builder;
  qm_str *skus; /* room for a list of products, and for where they stand */
  qm_stand *stands;
  size_t room;
} qm_handle;

qm_handle *qm_check_handle(lua_State *L, int index);
/* The same for the first argument, which must be open and in no other call: finalizers may run
 * whenever a call makes a Lua value, and one that called back with the same handle would find it
 * half way through another request. */
qm_handle *qm_check_idle(lua_State *L);
/* A time in seconds, as milliseconds. */
int64_t qm_check_time(lua_State *L, int index);

/* ---- values (value.c) ---- */

/* Reads an integer, a decimal string or a float; false: *problem says what is wrong with it. Raises
 * on any other Lua type; `what` names the key in the message. */
bool qm_to_qty(lua_State *L, int index, const char *what, const char *key, qm_qty *out,
               qm_problem_kind *problem);
void qm_push_qty(lua_State *L, const qm_handle *handle, qm_qty qty);
void qm_push_str(lua_State *L, qm_str text);
/* Pushes an integer, as a float where the host has no integers. */
void qm_push_int(lua_State *L, int64_t value);

/* One key of a table: its name, and where its value goes. */
typedef enum qm_field_type {
  QM_F_TEXT,    /* qm_span */
  QM_F_INT,     /* int64_t */
  QM_F_QTY,     /* qm_qty of a qm_row; what is wrong with a bad one goes to row.bad */
  QM_F_COUNTER, /* the same; what is wrong with a bad one stands in its place */
  QM_F_NOTIFY,  /* as a quantity, or the inherit mark, which sets QM_CLEAR_NOTIFY instead */
  QM_F_REAL,    /* double */
  QM_F_BOOL,    /* int32_t */
  QM_F_FLAG,    /* sets the flag when true */
  QM_F_OTHER,   /* read by the caller: only known to exist */
  QM_F_WORD     /* int32_t: position in `words`, -1 for another string, -2 for an empty one */
} qm_field_type;

typedef struct qm_field {
  const char *name;
  qm_field_type type;
  size_t offset;
  uint32_t flag; /* set in the record's flags when the key is there (0: none) */
  const char *const *words;
} qm_field;

/* Reads the table at `index` into the record at offset `at` of the op under construction, whose
 * flags are at `flags_at`. Raises on unknown keys. `fields` ends with a NULL name. */
void qm_read_fields(lua_State *L, int index, qm_builder *builder, size_t at, size_t flags_at,
                    const qm_field *fields, const char *what);

/* ---- building ops (builder.c) ---- */
void qm_builder_clear(qm_builder *builder);
/* Starts an op of that kind; returns it. Pointers into a builder live until the next append. */
qm_op *qm_builder_op(lua_State *L, qm_builder *builder, qm_op_kind kind, int64_t now_ms);
qm_op *qm_builder_current(qm_builder *builder);
/* Appends count zeroed records to the current op; returns their offset in the builder. */
size_t qm_builder_rows(lua_State *L, qm_builder *builder, size_t count, size_t size);
qm_span qm_builder_text(lua_State *L, qm_builder *builder, const char *text, size_t length);
/* The offset of the current op in the builder. */
size_t qm_builder_start(const qm_builder *builder);
/* Closes the current op: its size is known. */
void qm_builder_end(qm_builder *builder);

/* ---- requests and answers (encode.c, decode.c) ---- */

/* Encodes the request table at `index` as one op of the named kind. */
void qm_encode(lua_State *L, qm_handle *handle, int index, const char *kind, int64_t now_ms);
/* Pushes the table of every call's keys: name -> list. */
void qm_push_options(lua_State *L);

/* Pushes the answer of op i: a result, or nil, message, code, detail. Returns how many. */
int qm_push_verdict(lua_State *L, qm_handle *handle, const qm_op *op, const qm_verdict *verdict);
int qm_push_failure(lua_State *L, const qm_err *err);
int qm_push_problem(lua_State *L, qm_problem_kind kind, qm_str subject);

/* A refusal of several problems while they are found. */
typedef struct qm_refusal {
  int list; /* where the list of problems is on the stack */
  int count, speaker, row;
  qm_code code;
} qm_refusal;

/* Pushes the list, which stays where it is until the end. */
void qm_refusal_start(lua_State *L, qm_refusal *refusal);
/* The handle says how quantities are written, NULL: as numbers. */
void qm_refusal_add(lua_State *L, qm_refusal *refusal, qm_handle *handle, const qm_problem *problem,
                    qm_str subject);
/* nil, message, code, detail: the most important problem speaks for all. */
int qm_push_refusal(lua_State *L, const qm_refusal *refusal);

/* Reads { stock = } or { channel = } (and a customer group) into where, whose strings live as long
 * as the stack slots it leaves. Returns what is wrong with it. */
qm_problem_kind qm_read_where(lua_State *L, int index, qm_where *where);
/* The stock or channel that where names, for messages. */
qm_str qm_where_text(const qm_where *where, char number[24]);

/* Reads the latitude and the longitude of the table at `index`; adds what is wrong with them.
 * `name` is what the table is called. Without either the place is unknown. */
qm_point qm_read_point(lua_State *L, int index, qm_str name, qm_refusal *refusal);

/* ---- functions of the module ---- */
int qm_l_read(lua_State *L);       /* rows.c */
int qm_l_together(lua_State *L);   /* moment.c */
int qm_l_backup(lua_State *L);     /* moment.c */
int qm_l_stand(lua_State *L);      /* stand.c */
int qm_l_waiting(lua_State *L);    /* stand.c */
int qm_l_figure(lua_State *L);     /* stand.c */
int qm_l_page(lua_State *L);       /* stand.c */
int qm_l_select(lua_State *L);     /* select.c */
int qm_l_compact(lua_State *L);    /* compact.c */
int qm_l_distance(lua_State *L);   /* point.c */
int qm_l_script(lua_State *L);     /* script.c */
int qm_l_evaluate(lua_State *L);   /* script.c */
int qm_l_part(lua_State *L);       /* part.c */
int qm_l_locate(lua_State *L);     /* locate.c */
int qm_l_find_place(lua_State *L); /* locate.c */
int qm_l_exact(lua_State *L);      /* exact.c */

#endif
