/* decode.c: verdicts and failures become Lua values. */
#include "binding.h"

#include <string.h>

/* The texts of a problem; p is NULL where it has none. */
typedef struct error_texts {
  qm_str subject, source, order, path;
} error_texts;

/* Every element of detail.errors is made here, and so is the message of the whole answer. */
static void push_error(lua_State *L, qm_handle *handle, const qm_problem *problem,
                       const error_texts *texts) {
  const qm_problem_info *info = &qm_problem_infos[problem->kind];
  const char *field = qm_problem_field(problem->kind, (qm_field_name)problem->field);
  char text[1024];
  bool numbers = problem->asked != 0 || problem->have != 0;
  lua_createtable(L, 0, 8);
  qm_problem_text(problem->kind, texts->subject, problem->asked, problem->have, text, sizeof text);
  lua_pushstring(L, text);
  lua_setfield(L, -2, "message");
  lua_pushstring(L, qm_code_name(info->code));
  lua_setfield(L, -2, "code");
  if (*info->magento) {
    lua_pushstring(L, info->magento);
    lua_setfield(L, -2, "magento");
  }
  if (*field) {
    lua_pushstring(L, field);
    lua_setfield(L, -2, "field");
  }
  if (problem->row >= 0) {
    qm_push_int(L, problem->line ? problem->line : problem->row + 1);
    lua_setfield(L, -2, "line");
    qm_push_int(L, problem->row + 1);
    lua_setfield(L, -2, "index");
  }
  if (texts->subject.p && strcmp(info->field, "id") != 0) {
    bool product = strcmp(info->field, "sku") == 0 || strcmp(info->field, "qty") == 0;
    qm_push_str(L, texts->subject);
    lua_setfield(L, -2, product ? "sku" : "subject");
  }
  if (texts->source.p) {
    qm_push_str(L, texts->source);
    lua_setfield(L, -2, "source");
  }
  if (problem->stock) {
    qm_push_int(L, problem->stock);
    lua_setfield(L, -2, "stock");
  }
  if (texts->order.p) {
    qm_push_str(L, texts->order);
    lua_setfield(L, -2, "order");
  }
  if (texts->path.p) {
    qm_push_str(L, texts->path);
    lua_setfield(L, -2, "path");
  }
  if (numbers) {
    qm_push_qty(L, handle, problem->asked);
    lua_setfield(L, -2, "requested");
    qm_push_qty(L, handle, problem->have);
    lua_setfield(L, -2, "available");
  }
}

/* ---- refusals ---- */

void qm_refusal_start(lua_State *L, qm_refusal *refusal) {
  *refusal = (qm_refusal){.code = QM_OK};
  lua_newtable(L);
  refusal->list = lua_gettop(L);
}

/* Of one row's problems MSI tells the customer the last; of several rows', ours the first row's. */
static bool speaks_for_all(const qm_refusal *refusal, qm_code code, int row) {
  if (refusal->count == 0 || code < refusal->code)
    return true;
  return code == refusal->code && row == refusal->row;
}

static void add_refusal(lua_State *L, qm_refusal *refusal, qm_handle *handle,
                        const qm_problem *problem, const error_texts *texts) {
  qm_code code = qm_problem_infos[problem->kind].code;
  bool speaks = speaks_for_all(refusal, code, problem->row);
  push_error(L, handle, problem, texts);
  lua_rawseti(L, refusal->list, ++refusal->count);
  if (!speaks)
    return;
  refusal->code = code;
  refusal->row = problem->row;
  refusal->speaker = refusal->count;
}

void qm_refusal_add(lua_State *L, qm_refusal *refusal, qm_handle *handle, const qm_problem *problem,
                    qm_str subject) {
  error_texts texts = {.subject = subject};
  add_refusal(L, refusal, handle, problem, &texts);
}

int qm_push_refusal(lua_State *L, const qm_refusal *refusal) {
  lua_pushnil(L);
  if (refusal->count > 0) {
    lua_rawgeti(L, refusal->list, refusal->speaker);
    lua_getfield(L, -1, "message");
    lua_remove(L, -2);
  } else {
    lua_pushstring(L, qm_code_message(refusal->code));
  }
  lua_pushstring(L, qm_code_name(refusal->code));
  lua_createtable(L, 0, 1);
  lua_pushvalue(L, refusal->list);
  lua_setfield(L, -2, "errors");
  return 4;
}

static int push_refused(lua_State *L, qm_handle *handle, const qm_verdict *verdict) {
  qm_out *out = qm_store_out(handle->store);
  qm_refusal refusal;
  qm_refusal_start(L, &refusal);
  for (uint32_t at = verdict->problem_first; at;) {
    const qm_problem *problem = qm_out_problem(out, at);
    at = problem->next;
    error_texts texts = {qm_out_str(out, problem->subject), qm_out_str(out, problem->source),
                         qm_out_str(out, problem->order), qm_out_str(out, problem->path)};
    add_refusal(L, &refusal, handle, problem, &texts);
  }
  refusal.code = verdict->code;
  int results = qm_push_refusal(L, &refusal);
  lua_remove(L, refusal.list);
  return results;
}

int qm_push_problem(lua_State *L, qm_problem_kind kind, qm_str subject) {
  qm_problem problem = {.kind = kind, .row = -1};
  qm_refusal refusal;
  qm_refusal_start(L, &refusal);
  qm_refusal_add(L, &refusal, NULL, &problem, subject);
  return qm_push_refusal(L, &refusal);
}

int qm_push_failure(lua_State *L, const qm_err *err) {
  lua_pushnil(L);
  lua_pushstring(L, err->text);
  lua_pushstring(L, qm_code_name(err->code));
  lua_createtable(L, 0, 1);
  qm_push_int(L, err->native);
  lua_setfield(L, -2, "native");
  return 4;
}

/* ---- answers ---- */

static void push_entry(lua_State *L, qm_handle *handle, const qm_entry *entry) {
  const qm_out *out = qm_store_out(handle->store);
  lua_createtable(L, 0, 5);
  if (entry->line) {
    qm_push_int(L, entry->line);
    lua_setfield(L, -2, "line");
  }
  if (entry->parent) {
    qm_push_int(L, entry->parent);
    lua_setfield(L, -2, "parent");
  }
  qm_push_str(L, qm_out_str(out, entry->sku));
  lua_setfield(L, -2, "sku");
  if (entry->source.at) {
    qm_push_str(L, qm_out_str(out, entry->source));
    lua_setfield(L, -2, "source");
  }
  if (entry->stock) {
    qm_push_int(L, entry->stock);
    lua_setfield(L, -2, "stock");
  }
  qm_push_qty(L, handle, entry->qty);
  lua_setfield(L, -2, "qty");
  if (entry->backordered) {
    qm_push_qty(L, handle, entry->backordered);
    lua_setfield(L, -2, "backordered");
  }
}

/* A list of up to `most` entries from the one at `at`; returns where the next one is. */
static uint32_t push_entries(lua_State *L, qm_handle *handle, uint32_t at, uint32_t most) {
  qm_out *out = qm_store_out(handle->store);
  int count = 0;
  lua_newtable(L);
  for (uint32_t i = 0; at && i < most; i++) {
    const qm_entry *entry = qm_out_entry(out, at);
    at = entry->next;
    push_entry(L, handle, entry);
    lua_rawseti(L, -2, ++count);
  }
  return at;
}

static void set_int(lua_State *L, const char *key, int64_t value) {
  qm_push_int(L, value);
  lua_setfield(L, -2, key);
}

/* An answer about orders has numbers of its own, in a first entry without a product. */
static void push_adopted(lua_State *L, qm_handle *handle, const qm_op *op,
                         const qm_verdict *verdict) {
  uint32_t at = verdict->entry_first;
  if (op->order_count > 0 || (op->flags & QM_OPEN)) {
    const qm_entry *counts = qm_out_entry(qm_store_out(handle->store), at);
    set_int(L, "orders", counts->line);
    set_int(L, "known", counts->stock);
    set_int(L, "opened", counts->qty);
    at = counts->next;
  }
  set_int(L, "taken", verdict->value);
  set_int(L, "skipped", verdict->skipped);
  push_entries(L, handle, at, UINT32_MAX);
  lua_setfield(L, -2, "over_promised");
}

/* The first entries are the request's rows, then comes what is promised too much. */
static void push_compensated(lua_State *L, qm_handle *handle, const qm_op *op,
                             const qm_verdict *verdict) {
  uint32_t at = push_entries(L, handle, verdict->entry_first, op->row_count);
  for (uint32_t i = 0; i < op->row_count; i++) {
    lua_rawgeti(L, -1, (int)i + 1);
    qm_push_str(L, qm_op_str(op, qm_op_rows(op)[i].order));
    lua_setfield(L, -2, "order");
    lua_pop(L, 1);
  }
  lua_setfield(L, -2, "lines");
  push_entries(L, handle, at, UINT32_MAX);
  lua_setfield(L, -2, "over_promised");
  if (op->flags & QM_DRY_RUN) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "dry_run");
  }
}

static bool is_of_hold(uint32_t kind) {
  return kind == QM_OP_HOLD || kind == QM_OP_EXTEND || kind == QM_OP_RELEASE;
}

static int push_document(lua_State *L, qm_handle *handle, const qm_op *op,
                         const qm_verdict *verdict) {
  lua_createtable(L, 0, 4);
  qm_push_str(L, qm_op_str(op, op->id));
  lua_setfield(L, -2, "id");
  if (op->kind == QM_OP_ADOPT) {
    push_adopted(L, handle, op, verdict);
  } else if (op->kind == QM_OP_COMPENSATE) {
    push_compensated(L, handle, op, verdict);
  } else {
    if (op->kind != QM_OP_ADJUST) {
      qm_push_str(L, qm_op_str(op, qm_op_places(op->kind) ? op->id : op->order));
      lua_setfield(L, -2, is_of_hold(op->kind) ? "hold" : "order");
    }
    if (op->kind == QM_OP_HOLD || op->kind == QM_OP_EXTEND) {
      qm_push_int(L, verdict->value);
      lua_setfield(L, -2, "expires");
    }
    push_entries(L, handle, verdict->entry_first, UINT32_MAX);
    lua_setfield(L, -2, "lines");
  }
  if (verdict->replayed) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "replayed");
  }
  return 1;
}

int qm_push_verdict(lua_State *L, qm_handle *handle, const qm_op *op, const qm_verdict *verdict) {
  luaL_checkstack(L, 16, "too many results");
  if (verdict->code != QM_OK)
    return push_refused(L, handle, verdict);
  if (op->kind < QM_OP_DOCUMENTS)
    return push_document(L, handle, op, verdict);
  qm_push_int(L, verdict->value);
  return 1;
}
