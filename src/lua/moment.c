/* moment.c: several reads of one moment. */
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
