/* locate.h: addresses and where they are, as tables of Lua. */
#ifndef QM_LUA_LOCATE_H
#define QM_LUA_LOCATE_H

#include "binding.h"

/* Reads country, postcode, city and region of the table at `index`. The texts live as long as the
 * four stack slots it leaves. */
qm_address qm_read_address(lua_State *L, int index);

/* Pushes { latitude, longitude, by } of a location that is known. */
void qm_push_location(lua_State *L, const qm_location *location);

#endif
