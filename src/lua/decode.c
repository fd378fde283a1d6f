/* decode.c: verdicts and failures become Lua values. */
#include "binding.h"

#include <string.h>

/* Every element of detail.errors is made here, and so is the message of the whole answer. */
static void push_error(lua_State *L, qm_handle *handle, const qm_problem *problem, qm_str subject,
                       qm_str source, qm_str order, qm_str path) {
  const qm_problem_info *info = &qm_problem_infos[problem->kind];
  const char *field = qm_problem_field(problem->kind, (qm_field_name)problem->field);
  char text[1024];
  bool numbers = problem->asked != 0 || problem->have != 0;
  lua_createtable(L, 0, 8);
  qm_problem_text(problem->kind, subject, problem->asked, problem->have, text, sizeof text);
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
  if (subject.p && strcmp(info->field, "id") != 0) {
    bool product = strcmp(info->field, "sku") == 0 || strcmp(info->field, "qty") == 0;
    qm_push_str(L, subject);
    lua_setfield(L, -2, product ? "sku" : "subject");
  }
  if (source.p) {
    qm_push_str(L, source);
    lua_setfield(L, -2, "source");
  }
  if (problem->stock) {
    qm_push_int(L, problem->stock);
    lua_setfield(L, -2, "stock");
  }
  if (order.p) {
    qm_push_str(L, order);
    lua_setfield(L, -2, "order");
  }
  if (path.p) {
    qm_push_str(L, path);
    lua_setfield(L, -2, "path");
  }
  if (numbers) {
    qm_push_qty(L, handle, problem->asked);
    lua_setfield(L, -2, "requested");
    qm_push_qty(L, handle, problem->have);
    lua_setfield(L, -2, "available");
  }
}

/* Of one row's problems MSI tells the customer the last; of several rows', ours the first row's. */
static bool speaks_for_all(const qm_problem *best, const qm_problem *problem, qm_code code) {
  if (qm_problem_infos[problem->kind].code != code)
    return false;
  return !best || best->row == problem->row;
}

static int push_refusal(lua_State *L, qm_handle *handle, const qm_verdict *verdict) {
  const qm_out *out = qm_store_out(handle->store);
  const qm_problem *best = NULL;
  int count = 0, spokesman = 1;
  lua_createtable(L, 0, 1);
  lua_createtable(L, (int)verdict->problem_count, 0);
  for (uint32_t at = verdict->problem_first; at;) {
    const qm_problem *problem = qm_out_problem((qm_out *)(uintptr_t)out, at);
    if (speaks_for_all(best, problem, verdict->code)) {
      best = problem;
      spokesman = count + 1;
    }
    push_error(L, handle, problem, qm_out_str(out, problem->subject),
               qm_out_str(out, problem->source), qm_out_str(out, problem->order),
               qm_out_str(out, problem->path));
    lua_rawseti(L, -2, ++count);
    at = problem->next;
  }
  lua_pushnil(L);
  if (count > 0) {
    lua_rawgeti(L, -2, spokesman);
    lua_getfield(L, -1, "message");
    lua_remove(L, -2);
  } else {
    lua_pushstring(L, qm_code_message(verdict->code));
  }
  lua_pushstring(L, qm_code_name(verdict->code));
  /* detail errors nil message code -> nil message code detail */
  lua_pushvalue(L, -5);
  lua_pushvalue(L, -5);
  lua_setfield(L, -2, "errors");
  lua_remove(L, -6);
  lua_remove(L, -5);
  return 4;
}

int qm_push_problem(lua_State *L, qm_problem_kind kind, qm_str subject) {
  qm_problem problem = {.kind = kind, .row = -1};
  lua_pushnil(L);
  lua_createtable(L, 0, 1);
  lua_createtable(L, 1, 0);
  push_error(L, NULL, &problem, subject, (qm_str){NULL, 0}, (qm_str){NULL, 0}, (qm_str){NULL, 0});
  lua_getfield(L, -1, "message");
  lua_insert(L, -4); /* nil message detail errors error */
  lua_rawseti(L, -2, 1);
  lua_setfield(L, -2, "errors");
  lua_pushstring(L, qm_code_name(qm_problem_infos[kind].code));
  lua_insert(L, -2);
  return 4;
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
      qm_push_str(L, qm_op_str(op, op->kind == QM_OP_PLACE ? op->id : op->order));
      lua_setfield(L, -2, "order");
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
    return push_refusal(L, handle, verdict);
  if (op->kind < QM_OP_DOCUMENTS)
    return push_document(L, handle, op, verdict);
  qm_push_int(L, verdict->value);
  return 1;
}
