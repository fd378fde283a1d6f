/* part.c: parts of the engine that the facade runs itself, and that a shop may have switched off.
 */
#include "binding.h"

#include <string.h>

/* part(store, setting) -> true, or nil, ... when the setting is false */
int qm_l_part(lua_State *L) {
  enum { STORE = 1, SETTING };
  qm_handle *handle = qm_check_handle(L, STORE);
  const char *setting = luaL_checkstring(L, SETTING);
  qm_err err = {0};
  bool on;
  if (qm_store_is_on(handle->store, setting, &on, &err) != QM_OK)
    return qm_push_failure(L, &err);
  if (!on)
    return qm_push_problem(L, QM_P_SWITCHED_OFF, (qm_str){setting, strlen(setting)});
  lua_pushboolean(L, 1);
  return 1;
}
