/* story.h: the steps of every_op.lua as records, for tests that carry them out over and over.
 *
 * The steps are written with the public calls. They are carried out once, with Lua, on a file of
 * their own; what reaches qm_store_apply meanwhile is kept, one step for each commit. The program
 * is linked with --wrap=qm_store_apply for that. From then on the records are applied as they are,
 * without Lua, and the shop must be the same after each of them: its tables are written down as
 * text, once, and compared. */
#ifndef QM_SPEC_STORY_H
#define QM_SPEC_STORY_H

#include "store_kit.h"

#include <dirent.h>

#include "../../src/lua/compat.h"

enum { STORY_STEPS = 128, STORY_OPS = 64, STORY_NAME = 48 };

/* When the story begins, as in STORY_RECORD. */
#define STORY_NOW INT64_C(1700000000000)

typedef struct story_step {
  char name[STORY_NAME];
  enum { STORY_APPLY, STORY_CHECKPOINT, STORY_REOPEN } kind;
  qm_op *ops[STORY_OPS];
  qm_verdict verdicts[STORY_OPS]; /* what is answered to each */
  size_t count;
} story_step;

/* texts[i]: the tables before step i, and texts[count]: after the last. */
typedef struct story {
  story_step steps[STORY_STEPS];
  char *texts[STORY_STEPS + 1];
  size_t count;
} story;

int luaopen_quartermaster_core(lua_State *L);

/* ---- keeping what is applied ---- */

static struct {
  story *into; /* NULL: nothing is kept */
  char name[STORY_NAME];
} story_keeper;

static inline story_step *story_add(story *s, const char *name) {
  if (s->count == STORY_STEPS)
    abort();
  story_step *step = &s->steps[s->count++];
  snprintf(step->name, sizeof step->name, "%s", name);
  return step;
}

qm_code __real_qm_store_apply(qm_store *store, const qm_op *const *ops, size_t count,
                              qm_verdict *verdicts, qm_err *err);
qm_code __wrap_qm_store_apply(qm_store *store, const qm_op *const *ops, size_t count,
                              qm_verdict *verdicts, qm_err *err);

qm_code __wrap_qm_store_apply(qm_store *store, const qm_op *const *ops, size_t count,
                              qm_verdict *verdicts, qm_err *err) {
  if (story_keeper.into) {
    story_step *step = story_add(story_keeper.into, story_keeper.name);
    if (count > STORY_OPS)
      abort();
    for (step->count = 0; step->count < count; step->count++) {
      const qm_op *op = ops[step->count];
      qm_op *copy = malloc(op->size);
      if (!copy)
        abort();
      memcpy(copy, op, op->size);
      step->ops[step->count] = copy;
    }
  }
  return __real_qm_store_apply(store, ops, count, verdicts, err);
}

/* note(name): from here on it is the step of that name. */
static inline int story_note(lua_State *L) {
  snprintf(story_keeper.name, sizeof story_keeper.name, "%s", luaL_checkstring(L, 1));
  bool checkpoint = strcmp(story_keeper.name, "checkpoint") == 0;
  if (checkpoint || strcmp(story_keeper.name, "reopen") == 0)
    story_add(story_keeper.into, story_keeper.name)->kind =
        checkpoint ? STORY_CHECKPOINT : STORY_REOPEN;
  return 0;
}

/* A Lua state that finds the module in this program, and the rest of it in the tree. */
static inline void story_prepare_lua(lua_State *L) {
  luaL_openlibs(L);
  lua_getglobal(L, "package");
  lua_pushliteral(L, "./lua/?.lua;./lua/?/init.lua");
  lua_setfield(L, -2, "path");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_quartermaster_core);
  lua_setfield(L, -2, "quartermaster.core");
  lua_pop(L, 2);
}

static const char STORY_RECORD[] =
    "local path, note = ...\n"
    "local time = 1700000000\n"
    "note('open')\n"
    "local inv = assert(require('quartermaster').open{ path = path,\n"
    "  clock = function() return time end })\n"
    "for _, step in ipairs(dofile('spec/c/every_op.lua')) do\n"
    "  time = time + 5\n"
    "  note(step[1])\n"
    "  if step[2] then\n"
    "    local answer, message = step[2](inv)\n"
    "    local good = (answer == nil) == (step[1] == 'a refused order')\n"
    "    if not good then error(step[1] .. ': ' .. tostring(message)) end\n"
    "  end\n"
    "end\n"
    "inv:close()\n";

/* ---- carrying out ---- */

static inline void story_empty(const kit_file *file) {
  DIR *directory = opendir(file->directory);
  char path[KIT_PATH + 300];
  for (struct dirent *entry; directory && (entry = readdir(directory));) {
    snprintf(path, sizeof path, "%s/%s", file->directory, entry->d_name);
    if (entry->d_name[0] != '.')
      unlink(path);
  }
  if (directory)
    closedir(directory);
}

/* Removes the directory with whatever is in it. */
static inline void story_remove(const kit_file *file) {
  story_empty(file);
  rmdir(file->directory);
}

static inline qm_code story_open(const kit_file *file, bool full, qm_store **store, qm_err *err) {
  qm_db_options options = kit_options(file);
  options.full = full;
  return qm_store_open(&options, false, STORY_NOW, store, err);
}

static qm_verdict story_verdicts[STORY_OPS]; /* the last */

/* Was the answer to a step what it was when the story was read? */
static inline bool story_answered(const story_step *step) {
  for (size_t i = 0; i < step->count; i++) {
    const qm_verdict *is = &story_verdicts[i], *was = &step->verdicts[i];
    if (is->code != was->code || is->replayed != was->replayed || is->value != was->value ||
        is->problem_count != was->problem_count || is->entry_count != was->entry_count)
      return false;
  }
  return true;
}

/* QM_OK also when an op was refused: that is an answer. The code of a file that could not be opened
 * again leaves *store NULL. */
static inline qm_code story_carry_out(const story_step *step, const kit_file *file, bool full,
                                      qm_store **store, qm_err *err) {
  switch (step->kind) {
  case STORY_CHECKPOINT:
    qm_db_return_log(qm_store_db(*store));
    return QM_OK;
  case STORY_REOPEN:
    qm_store_close(*store);
    return story_open(file, full, store, err);
  default:
    return qm_store_apply(*store, (const qm_op *const *)step->ops, step->count, story_verdicts,
                          err);
  }
}

/* A file that nobody has open, to be put back later; n 0: there is none. */
typedef struct story_image {
  char *bytes;
  size_t n;
} story_image;

static inline void story_take(const kit_file *file, story_image *image) {
  FILE *in = fopen(file->path, "rb");
  if (!in || fseek(in, 0, SEEK_END) != 0)
    abort();
  image->n = (size_t)ftell(in);
  rewind(in);
  free(image->bytes);
  image->bytes = malloc(image->n + 1);
  if (!image->bytes || fread(image->bytes, 1, image->n, in) != image->n)
    abort();
  fclose(in);
}

static inline void story_put(const kit_file *file, const story_image *image) {
  story_empty(file);
  FILE *out = image->n > 0 ? fopen(file->path, "wb") : NULL;
  if (image->n > 0 &&
      (!out || fwrite(image->bytes, 1, image->n, out) != image->n || fclose(out) != 0))
    abort();
}

/* Does it do nothing more when it is carried out again? Documents do that; other steps leave the
 * shop as it is, but may leave another row in the ledger. */
static inline bool story_repeats(const story_step *step) {
  for (size_t i = 0; i < step->count; i++)
    if (step->ops[i]->kind >= QM_OP_DOCUMENTS)
      return false;
  return true;
}

/* All tables as text, by a connection of the system's own that leaves no trace. */
static inline char *story_text(const char *path) {
  sqlite3 *eyes = NULL;
  if (sqlite3_open_v2(path, &eyes, SQLITE_OPEN_READWRITE, "unix") != SQLITE_OK)
    abort();
  sqlite3_busy_timeout(eyes, 2000);
  sqlite3_db_config(eyes, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  char *text = kit_dump(eyes);
  sqlite3_close(eyes);
  return text;
}

static inline void story_record(story *s) {
  kit_file file = kit_new_file();
  lua_State *L = luaL_newstate();
  story_prepare_lua(L);
  story_keeper.into = s;
  int status = luaL_loadstring(L, STORY_RECORD);
  lua_pushstring(L, file.path);
  lua_pushcfunction(L, story_note);
  if (status == 0)
    status = lua_pcall(L, 2, 0, 0);
  if (status != 0) {
    fprintf(stderr, "every_op.lua: %s\n", lua_tostring(L, -1));
    abort();
  }
  story_keeper.into = NULL;
  lua_close(L);
  story_remove(&file);
}

/* The steps, and how the tables stand before and after each of them. */
static inline void story_read(story *s) {
  qm_store *store = NULL;
  qm_err err = {0};
  story_record(s);
  kit_file file = kit_new_file();
  CHECK_INT(story_open(&file, false, &store, &err), QM_OK);
  s->texts[0] = story_text(file.path);
  for (size_t i = 0; i < s->count; i++) {
    if (!CHECK_INT(story_carry_out(&s->steps[i], &file, false, &store, &err), QM_OK))
      fprintf(stderr, "  %s: %s\n", s->steps[i].name, err.text);
    memcpy(s->steps[i].verdicts, story_verdicts, s->steps[i].count * sizeof *story_verdicts);
    s->texts[i + 1] = story_text(file.path);
  }
  CHECK_INT(kit_verify(store), 0);
  qm_store_close(store);
  story_remove(&file);
}

static inline void story_free(story *s) {
  for (size_t i = 0; i < s->count; i++)
    for (size_t j = 0; j < s->steps[i].count; j++)
      free(s->steps[i].ops[j]);
  for (size_t i = 0; i <= s->count; i++)
    sqlite3_free(s->texts[i]);
}

/* Where the tables stand in the story: the last step from `from` to `to` before which they were
 * like that; -1: nowhere. */
static inline int story_place(const story *s, const char *text, int from, int to) {
  for (int i = to < (int)s->count ? to : (int)s->count; i >= from && i >= 0; i--)
    if (strcmp(s->texts[i], text) == 0)
      return i;
  return -1;
}

#endif
