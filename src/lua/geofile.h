/* geofile.h: files of GeoNames for Lua, read line by line into the store. */
#ifndef QM_LUA_GEOFILE_H
#define QM_LUA_GEOFILE_H

#include "compat.h"

/* open(path, country) -> reader, or nil, message, code, detail. A reader keeps one block of the
 * file in memory, however long its lines are; reader:close() closes it, as do __gc and __close. */
int qm_geofile_open(lua_State *L);

/* add(store, reader, gazetteer, now) -> { gazetteer, rows, skipped, errors, ended }, or nil, ...
 *
 * Reads some two thousand lines and adds the places they are to the gazetteer (0: a new one, once
 * there are any). A line that is no place is skipped, and told in errors while there have been
 * fewer than a hundred. Blank lines and a byte order mark are passed over. */
int qm_l_geonames_add(lua_State *L);

#endif
