/* csv.h: reads CSV files row by row, for imports.
 *
 * The function qm_csv_open is `open(path)` for Lua and answers with a reader, or nil, message,
 * code. A reader keeps one block of the file and one row in memory, however long the file is. It
 * accepts CRLF, LF and CR line ends, quoted fields with line ends inside, blank lines (skipped) and
 * a UTF-8 byte order mark (skipped); blanks around an unquoted field do not belong to it. Bytes are
 * passed through as they are. It is strict: a misplaced quote, a NUL byte, a row too long or too
 * wide ends the reading, because nothing after such a place can be trusted.
 *
 *   reader:read(max) -> { { line = 2, "field", ... }, ... }   one to `max` rows
 *                    -> nil                                   at the end of the file
 *                    -> nil, message, code, { line = n }      malformed ("INVALID"), "IO", "MEMORY"
 *   reader:close()                                            also by __gc and __close
 *
 * `line` is where the row starts, counted from 1. Rows before a malformed one are delivered first,
 * and the failure is repeated by every later read. A closed reader raises. */
#ifndef QM_LUA_CSV_H
#define QM_LUA_CSV_H

#include "compat.h"

enum {
  QM_CSV_ROW_MAX = 1 << 20, /* bytes of one row, quotes and line ends included */
  QM_CSV_COLUMNS_MAX = 1000 /* fields of one row */
};

int qm_csv_open(lua_State *L);

#endif
