/* moment.c: several reads of one moment, and all of the file as it is at one. */
#include "binding.h"

/* together(store, fn, ...) -> whatever fn(...) returns, all that it reads being of one moment.
 *
 * A finalizer that writes in the middle ends the moment, and what is read after that is newer. */
int qm_l_together(lua_State *L) {
  enum { STORE = 1, FUNCTION };
  qm_err err = {0};
  qm_handle *handle = qm_check_idle(L);
  bool began;
  if (qm_db_begin_moment(qm_store_db(handle->store), &began, &err) != QM_OK)
    return qm_push_failure(L, &err);
  int status = lua_pcall(L, lua_gettop(L) - FUNCTION, LUA_MULTRET, 0);
  if (began && handle->store)
    qm_db_end_moment(qm_store_db(handle->store));
  return status == 0 ? lua_gettop(L) - STORE : lua_error(L);
}

/* backup(store, path) -> true, or nil, ... */
int qm_l_backup(lua_State *L) {
  qm_err err = {0};
  qm_handle *handle = qm_check_handle(L, 1);
  if (qm_db_backup(qm_store_db(handle->store), luaL_checkstring(L, 2), &err) != QM_OK)
    return qm_push_failure(L, &err);
  lua_pushboolean(L, 1);
  return 1;
}
