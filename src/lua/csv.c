/* csv.c: streaming CSV for Lua, on libcsv.
 *
 * The block is handed to libcsv in pieces that end at a line end. So a piece completes at most one
 * row, its line number is known, and reading can pause between any two rows. libcsv's callbacks
 * only copy into memory that the reader owns; Lua values are made after csv_parse has returned, so
 * that an error raised by Lua cannot tear through libcsv, and __gc finds everything there is to
 * free. */
#include "csv.h"
#include "../core/qm.h"

#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READER "quartermaster.csv"

enum {
  ARG_READER = 1,
  ARG_MAX = 2,
  BLOCK = 65536,        /* bytes read from the file at once */
  ANSWER_MAX = 4 << 20, /* bytes after which `read` stops short of `max` rows */
  PRESIZE_MAX = 500,    /* slots made beforehand for an answer */
  FIRST_TEXT = 1024     /* bytes of the first row buffer */
};

typedef struct reader {
  FILE *file; /* NULL once closed */
  struct csv_parser parser;
  bool started;       /* the first block was looked at for a byte order mark */
  bool ended;         /* the whole file went through the parser */
  bool after_cr;      /* the last piece ended with CR: a LF that follows is the same line end */
  bool row_done;      /* a complete row waits in text */
  int64_t line;       /* of the next byte */
  int64_t started_at; /* line where the row being parsed starts */
  int64_t row_line;   /* line where the complete row starts */
  size_t row_bytes;   /* of the row being parsed, as they are in the file */
  size_t at, filled;  /* the rest of the block */
  char *text;         /* the row's fields, end to end */
  size_t used, room;
  size_t fields;
  size_t ends[QM_CSV_COLUMNS_MAX]; /* where each field ends in text */
  qm_code code;                    /* QM_OK, or why reading ended early */
  int native;                      /* errno of an IO failure */
  const char *why;
  char block[BLOCK];
} reader;

/* ---- collecting one row ---- */

/* Keeps the first failure: what follows a failure is a consequence of it. */
static void refuse(reader *r, qm_code code, const char *why) {
  if (r->code != QM_OK)
    return;
  r->code = code;
  r->why = why;
}

static bool reserve(reader *r, size_t more) {
  if (r->room - r->used >= more)
    return true;
  size_t room = r->room == 0 ? FIRST_TEXT : r->room;
  while (room - r->used < more)
    room *= 2;
  char *text = realloc(r->text, room);
  if (text == NULL)
    return false;
  r->text = text;
  r->room = room;
  return true;
}

static void on_field(void *field, size_t length, void *data) {
  reader *r = data;
  if (r->fields == QM_CSV_COLUMNS_MAX) {
    refuse(r, QM_INVALID, "a row has more than 1000 columns");
    return;
  }
  if (!reserve(r, length)) {
    refuse(r, QM_MEMORY, "out of memory for a row");
    return;
  }
  if (length > 0)
    memcpy(r->text + r->used, field, length);
  r->used += length;
  r->ends[r->fields++] = r->used;
}

static void on_row(int terminator, void *data) {
  (void)terminator;
  reader *r = data;
  r->row_done = true;
  r->row_line = r->started_at;
}

/* ---- feeding the parser ---- */

static size_t piece_length(const char *start, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (start[i] == '\n' || start[i] == '\r')
      return i + 1;
  }
  return length;
}

/* After a line end: counts the line, and notes where the next row starts unless a quoted field goes
 * on (libcsv then holds at least this line end as part of the field). */
static void end_line(reader *r, char last) {
  if (!(last == '\n' && r->after_cr))
    r->line++;
  if (r->row_done || (r->fields == 0 && r->parser.entry_pos == 0)) {
    r->started_at = r->line;
    r->row_bytes = 0;
  }
}

static void feed_piece(reader *r) {
  const char *start = r->block + r->at;
  size_t length = piece_length(start, r->filled - r->at);
  r->at += length;
  r->row_bytes += length;
  if (r->row_bytes > QM_CSV_ROW_MAX) {
    refuse(r, QM_INVALID, "a row is longer than 1 MiB; is a closing quote missing?");
    return;
  }
  if (memchr(start, 0, length) != NULL) {
    refuse(r, QM_INVALID, "there is a NUL byte; is this a text file?");
    return;
  }
  if (csv_parse(&r->parser, start, length, on_field, on_row, r) != length) {
    bool malformed = csv_error(&r->parser) == CSV_EPARSE;
    refuse(r, malformed ? QM_INVALID : QM_MEMORY,
           malformed ? "a quote is out of place" : "out of memory for a field");
    return;
  }
  if (r->code != QM_OK)
    return; /* a callback refused; the line to name stays that of its row */
  char last = start[length - 1];
  if (last == '\n' || last == '\r')
    end_line(r, last);
  r->after_cr = last == '\r';
}

static void end_file(reader *r) {
  r->ended = true;
  if (csv_fini(&r->parser, on_field, on_row, r) != 0) {
    refuse(r, QM_INVALID, "a quoted field has no closing quote");
  }
}

static void fill_block(reader *r) {
  static const char MARK[3] = {'\xEF', '\xBB', '\xBF'};
  errno = 0;
  r->at = 0;
  r->filled = fread(r->block, 1, BLOCK, r->file);
  if (ferror(r->file)) {
    r->native = errno;
    r->filled = 0;
    refuse(r, QM_IO, "reading failed");
  } else if (r->filled == 0) {
    end_file(r);
  } else if (!r->started) {
    r->started = true;
    if (r->filled >= sizeof MARK && memcmp(r->block, MARK, sizeof MARK) == 0)
      r->at = sizeof MARK;
  }
}

/* Parses up to the next complete row; false at the end of the file and after a failure. */
static bool advance(reader *r) {
  r->row_done = false;
  r->fields = 0;
  r->used = 0;
  while (r->code == QM_OK && !r->row_done) {
    if (r->at < r->filled) {
      feed_piece(r);
    } else if (r->ended) {
      return false;
    } else {
      fill_block(r);
    }
  }
  return r->code == QM_OK;
}

/* ---- for Lua ---- */

static reader *check_reader(lua_State *L) {
  return luaL_checkudata(L, ARG_READER, READER);
}

static void push_row(lua_State *L, const reader *r) {
  lua_createtable(L, (int)r->fields, 1);
  lua_pushinteger(L, (lua_Integer)r->row_line);
  lua_setfield(L, -2, "line");
  size_t from = 0;
  for (size_t i = 0; i < r->fields; i++) {
    const char *field = r->ends[i] > from ? r->text + from : "";
    lua_pushlstring(L, field, r->ends[i] - from);
    lua_rawseti(L, -2, (int)i + 1);
    from = r->ends[i];
  }
}

static int push_failure(lua_State *L, const reader *r) {
  lua_pushnil(L);
  if (r->native != 0) {
    lua_pushfstring(L, "line %d: %s: %s", (int)r->started_at, r->why, strerror(r->native));
  } else {
    lua_pushfstring(L, "line %d: %s", (int)r->started_at, r->why);
  }
  lua_pushstring(L, qm_code_name(r->code));
  lua_createtable(L, 0, 1);
  lua_pushinteger(L, (lua_Integer)r->started_at);
  lua_setfield(L, -2, "line");
  return 4;
}

static int l_read(lua_State *L) {
  reader *r = check_reader(L);
  lua_Integer max = luaL_checkinteger(L, ARG_MAX);
  luaL_argcheck(L, r->file != NULL, ARG_READER, "the reader is closed");
  luaL_argcheck(L, max >= 1 && max <= QM_BATCH_MAX, ARG_MAX, "must be 1 to 10000 rows");

  lua_createtable(L, max < PRESIZE_MAX ? (int)max : PRESIZE_MAX, 0);
  int count = 0;
  size_t bytes = 0;
  while (count < max && bytes < ANSWER_MAX && advance(r)) {
    bytes += r->used;
    push_row(L, r);
    lua_rawseti(L, -2, ++count);
  }
  if (count > 0)
    return 1;
  if (r->code != QM_OK)
    return push_failure(L, r);
  lua_pushnil(L);
  return 1;
}

static int l_close(lua_State *L) {
  reader *r = check_reader(L);
  if (r->file != NULL) {
    fclose(r->file);
    r->file = NULL;
    csv_free(&r->parser);
    free(r->text);
    r->text = NULL;
  }
  return 0;
}

static int l_tostring(lua_State *L) {
  const reader *r = check_reader(L);
  if (r->file == NULL) {
    lua_pushliteral(L, READER " (closed)");
  } else {
    lua_pushfstring(L, READER " (line %d)", (int)r->line);
  }
  return 1;
}

static void push_metatable(lua_State *L) {
  static const luaL_Reg METHODS[] = {{"read", l_read},           {"close", l_close},
                                     {"__gc", l_close},          {"__close", l_close},
                                     {"__tostring", l_tostring}, {NULL, NULL}};
  if (luaL_newmetatable(L, READER)) {
    luaL_setfuncs(L, METHODS, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
  }
}

static int push_open_failure(lua_State *L, const char *path, int native) {
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", path, strerror(native));
  lua_pushstring(L, qm_code_name(native == ENOENT ? QM_NOT_FOUND : QM_IO));
  return 3;
}

int qm_csv_open(lua_State *L) {
  size_t length = 0;
  const char *path = luaL_checklstring(L, 1, &length);
  luaL_argcheck(L, strlen(path) == length, 1, "a path holds no NUL byte");

  push_metatable(L);
  reader *r = lua_newuserdatauv(L, sizeof *r, 0);
  memset(r, 0, sizeof *r);
  r->line = 1;
  r->started_at = 1;
  /* libcsv allocates nothing before it parses, so a file that does not open leaves nothing behind.
   */
  if (csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
    return luaL_error(L, "libcsv does not know these options");
  }
  r->file = fopen(path, "rb");
  if (r->file == NULL)
    return push_open_failure(L, path, errno);
  lua_pushvalue(L, -2);
  lua_setmetatable(L, -2);
  return 1;
}
