/* compat.h: one C source for Lua 5.4 and for LuaJIT with OpenResty's additions. LuaJIT already has
 * luaL_setfuncs, luaL_testudata, luaL_setmetatable and lua_tointegerx; only these few are missing.
 */
#ifndef QM_COMPAT_H
#define QM_COMPAT_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#if LUA_VERSION_NUM < 502
#define lua_rawlen(L, i)   lua_objlen(L, (i))
#define lua_absindex(L, i) ((i) > 0 || (i) <= LUA_REGISTRYINDEX ? (i) : lua_gettop(L) + (i) + 1)
#endif

#if LUA_VERSION_NUM < 503
#define lua_isinteger(L, i) 0
#endif

#if LUA_VERSION_NUM < 504
#define lua_newuserdatauv(L, size, uservalues) lua_newuserdata(L, (size))
#endif

#endif
