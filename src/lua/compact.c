/* compact.c: making sums of finished orders in the ledger: looking for them in one transaction,
 * writing in another, so that nobody who writes waits for the search. */
#include "binding.h"

#include <string.h>

static void set_int(lua_State *L, const char *key, int64_t value) {
  qm_push_int(L, value);
  lua_setfield(L, -2, key);
}

/* The op that makes sums of what was found. */
static const qm_op *build_op(lua_State *L, qm_handle *handle, const qm_finished *found,
                             int64_t now_ms, bool dry_run) {
  qm_builder *b = &handle->builder;
  qm_builder_clear(b);
  qm_builder_op(L, b, QM_OP_COMPACT, now_ms);
  size_t at = qm_builder_rows(L, b, found->count, sizeof *found->rows);
  qm_op *op = qm_builder_current(b);
  if (found->count > 0)
    memcpy(b->bytes + at, found->rows, found->count * sizeof *found->rows);
  op->settled_at = (uint32_t)(at - qm_builder_start(b));
  op->settled_count = (uint32_t)found->count;
  op->flags = dry_run ? QM_DRY_RUN : 0;
  qm_builder_end(b);
  return op;
}

/* compact(store, before, limit, dry_run, now) -> { orders, rows, left }, or nil, ...; times in
 * seconds, before nil: all there is */
int qm_l_compact(lua_State *L) {
  enum { STORE = 1, BEFORE, LIMIT, DRY_RUN, NOW };
  qm_handle *handle = qm_check_handle(L, STORE);
  qm_finished found;
  qm_verdict verdict = {0};
  qm_err err = {0};
  int64_t before_ms = INT64_MAX;
  size_t limit = (size_t)luaL_checknumber(L, LIMIT);
  bool dry_run = lua_toboolean(L, DRY_RUN) != 0;
  int64_t now_ms = qm_check_time(L, NOW);
  if (!lua_isnil(L, BEFORE)) /* a whole number, as the facade has checked */
    before_ms = (int64_t)luaL_checknumber(L, BEFORE) * 1000;
  if (qm_store_finished(handle->store, before_ms, limit, &found, &err) != QM_OK)
    return qm_push_failure(L, &err);
  const qm_op *op = build_op(L, handle, &found, now_ms, dry_run);
  if (qm_store_apply(handle->store, &op, 1, &verdict, &err) != QM_OK)
    return qm_push_failure(L, &err);
  lua_createtable(L, 0, 4);
  set_int(L, "orders", verdict.value);
  set_int(L, "rows", verdict.skipped);
  set_int(L, "left", found.left + found.orders - verdict.value);
  return 1;
}
