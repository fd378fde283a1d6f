/* geofile.c: a block of the file becomes lines, and these become an op of places without being
 * values of Lua first: a country may have millions. */
#include "geofile.h"
#include "binding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define READER "quartermaster.geofile"

enum { BLOCK = 65536, LINES = 2000 /* of one op */, ERRORS_MAX = 100 };

typedef struct reader {
  FILE *file; /* NULL once closed */
  char country[QM_COUNTRY_TEXT];
  bool started, ended;
  int64_t line; /* of the last one */
  int errors;   /* how many were told */
  int native;   /* errno of a failure */
  size_t at, filled;
  size_t used; /* of the line; what is longer than a line may be is counted only as one more byte */
  char text[QM_GEO_LINE_MAX + 1];
  char block[BLOCK];
} reader;

/* ---- lines ---- */

static bool fill_block(reader *r) {
  static const char MARK[3] = {'\xEF', '\xBB', '\xBF'};
  errno = 0;
  r->at = 0;
  r->filled = fread(r->block, 1, BLOCK, r->file);
  if (ferror(r->file)) {
    r->native = errno;
    r->filled = 0;
  }
  if (!r->started && r->filled >= sizeof MARK && memcmp(r->block, MARK, sizeof MARK) == 0)
    r->at = sizeof MARK;
  r->started = true;
  return r->filled > 0;
}

static void keep(reader *r, const char *bytes, size_t n) {
  size_t room = sizeof r->text - r->used;
  n = n < room ? n : room;
  memcpy(r->text + r->used, bytes, n);
  r->used += n;
}

/* False at the end of the file, or when reading has failed. */
static bool next_line(reader *r) {
  r->used = 0;
  r->line++;
  for (bool any = false;; any = true) {
    if (r->at == r->filled && !fill_block(r))
      return any && !r->native;
    const char *from = r->block + r->at;
    const char *end = memchr(from, '\n', r->filled - r->at);
    size_t n = end ? (size_t)(end - from) : r->filled - r->at;
    keep(r, from, n);
    r->at += n + (end ? 1 : 0);
    if (end)
      return true;
  }
}

static bool is_blank(const reader *r) {
  for (size_t i = 0; i < r->used; i++)
    if (!strchr(" \t\r", r->text[i]) || r->text[i] == '\0')
      return false;
  return true;
}

/* ---- one op ---- */

/* What becomes of lines; the answer and its list of errors are on the stack. */
typedef struct adding {
  qm_builder *builder;
  qm_refusal refusal;
  size_t rows_at;
  uint32_t rows;
  int64_t skipped;
} adding;

static void skip_line(lua_State *L, reader *r, adding *a, qm_problem_kind kind, qm_str subject) {
  qm_problem problem = {.kind = kind, .row = -1};
  a->skipped++;
  if (r->errors == ERRORS_MAX)
    return;
  r->errors++;
  qm_refusal_add(L, &a->refusal, NULL, &problem, subject);
  lua_rawgeti(L, a->refusal.list, a->refusal.count);
  qm_push_int(L, r->line);
  lua_setfield(L, -2, "line");
  lua_pop(L, 1);
}

static void add_place(lua_State *L, const reader *r, adding *a, const qm_geoname *place) {
  qm_geo_row row = {.line = r->line, .latitude = place->latitude, .longitude = place->longitude};
  for (int i = 0; i < QM_GEO_KEYS; i++)
    row.keys[i] = qm_builder_text(L, a->builder, place->keys[i].text, place->keys[i].n);
  memcpy(a->builder->bytes + a->rows_at + a->rows++ * sizeof row, &row, sizeof row);
}

static void read_lines(lua_State *L, reader *r, adding *a) {
  qm_geoname place;
  qm_str subject;
  for (int i = 0; i < LINES && !r->ended; i++) {
    r->ended = !next_line(r);
    if (r->ended || is_blank(r))
      continue;
    qm_problem_kind problem =
        qm_geoname_read((qm_str){r->text, r->used}, r->country, &place, &subject);
    if (problem)
      skip_line(L, r, a, problem, subject);
    else
      add_place(L, r, a, &place);
  }
}

static const qm_op *build_op(lua_State *L, reader *r, adding *a, int64_t gazetteer,
                             int64_t now_ms) {
  qm_builder *b = a->builder;
  qm_builder_clear(b);
  qm_builder_op(L, b, QM_OP_GEONAMES_ADD, now_ms);
  a->rows_at = qm_builder_rows(L, b, LINES, sizeof(qm_geo_row));
  qm_span country = qm_builder_text(L, b, r->country, sizeof r->country);
  read_lines(L, r, a);
  qm_op *op = qm_builder_current(b);
  op->text[QM_TEXT_COUNTRY] = country;
  op->gazetteer = gazetteer;
  op->geo_at = (uint32_t)(a->rows_at - qm_builder_start(b));
  op->geo_count = a->rows;
  qm_builder_end(b);
  return qm_builder_current(b);
}

static int push_read_failure(lua_State *L, const reader *r) {
  lua_pushnil(L);
  lua_pushfstring(L, "line %d: reading failed: %s", (int)r->line, strerror(r->native));
  lua_pushstring(L, qm_code_name(QM_IO));
  lua_createtable(L, 0, 1);
  qm_push_int(L, r->line);
  lua_setfield(L, -2, "line");
  return 4;
}

static void set_int(lua_State *L, const char *key, int64_t value) {
  qm_push_int(L, value);
  lua_setfield(L, -2, key);
}

int qm_l_geonames_add(lua_State *L) {
  enum { STORE = 1, READER_AT, GAZETTEER, NOW };
  qm_handle *handle = qm_check_handle(L, STORE);
  reader *r = luaL_checkudata(L, READER_AT, READER);
  int64_t gazetteer = (int64_t)luaL_checknumber(L, GAZETTEER);
  int64_t now_ms = qm_check_time(L, NOW);
  adding a = {.builder = &handle->builder};
  qm_verdict verdict = {.value = gazetteer};
  qm_err err = {0};
  luaL_argcheck(L, r->file != NULL, READER_AT, "the reader is closed");
  qm_refusal_start(L, &a.refusal);
  const qm_op *op = build_op(L, r, &a, gazetteer, now_ms);
  if (r->native)
    return push_read_failure(L, r);
  if (a.rows > 0 && qm_store_apply(handle->store, &op, 1, &verdict, &err) != QM_OK)
    return qm_push_failure(L, &err);
  if (verdict.code != QM_OK)
    return qm_push_verdict(L, handle, op, &verdict);
  lua_createtable(L, 0, 5);
  set_int(L, "gazetteer", verdict.value);
  set_int(L, "rows", a.rows);
  set_int(L, "skipped", a.skipped);
  lua_pushvalue(L, a.refusal.list);
  lua_setfield(L, -2, "errors");
  lua_pushboolean(L, r->ended);
  lua_setfield(L, -2, "ended");
  return 1;
}

/* ---- the reader ---- */

static int l_close(lua_State *L) {
  reader *r = luaL_checkudata(L, 1, READER);
  if (r->file)
    fclose(r->file);
  r->file = NULL;
  return 0;
}

static void push_metatable(lua_State *L) {
  static const luaL_Reg METHODS[] = {
      {"close", l_close}, {"__gc", l_close}, {"__close", l_close}, {NULL, NULL}};
  if (luaL_newmetatable(L, READER)) {
    luaL_setfuncs(L, METHODS, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
  }
}

int qm_geofile_open(lua_State *L) {
  qm_str country;
  size_t length;
  const char *path = luaL_checklstring(L, 1, &length);
  country.p = luaL_checklstring(L, 2, &country.n);
  luaL_argcheck(L, strlen(path) == length, 1, "a path holds no NUL byte");
  push_metatable(L);
  reader *r = lua_newuserdatauv(L, sizeof *r, 0);
  memset(r, 0, sizeof *r);
  if (!qm_country_key(country, r->country))
    return qm_push_problem(L, country.n > 0 ? QM_P_COUNTRY_BAD : QM_P_COUNTRY_EMPTY, country);
  r->file = fopen(path, "rb");
  if (r->file == NULL) {
    int native = errno;
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s", path, strerror(native));
    lua_pushstring(L, qm_code_name(native == ENOENT ? QM_NOT_FOUND : QM_IO));
    return 3;
  }
  lua_pushvalue(L, -2);
  lua_setmetatable(L, -2);
  return 1;
}
