/* sandbox.c: see sandbox.h. What scripts can reach is in env.h, what they may use up in meter.h. */
#define _POSIX_C_SOURCE 200809L

#include "sandbox.h"

#include "../lua/compat.h"
#include "env.h"
#include "meter.h"
#include "scan.h"

#ifdef LUA_JITLIBNAME
#include <luajit.h>
#endif

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

enum { NAME_TEXT = 64 }; /* bytes of a script's name in messages, terminator included */

/* Keys of the registry: the compiled chunk, and the set of its exports' names. */
static const char CHUNK[] = "quartermaster.chunk";
static const char EXPORTS[] = "quartermaster.exports";

const qm_budget QM_BUDGET_DEFAULT = {.instructions = 200000,
                                     .wall_us = 5000,
                                     .live_bytes = 4194304,
                                     .block_bytes = 131072,
                                     .total_bytes = 33554432};
const qm_budget QM_BUDGET_LIMIT = {.instructions = 100000000,
                                   .wall_us = 5000000,
                                   .live_bytes = 67108864,
                                   .block_bytes = 1048576,
                                   .total_bytes = 536870912};

struct qm_sandbox {
  lua_State *L;
  qm_meter meter;
  locale_t plain; /* the C locale, for the time of a call */
  char name[NAME_TEXT];
};

/* What one protected call is about. */
struct job {
  qm_sandbox *box;
  qm_str source;
  const char *function;
  qm_sandbox_push push;
  qm_sandbox_pull pull;
  void *context;
  qm_err *err;
  qm_code code;
  bool found;
};

/* Runs a C function protected; its argument is the job. Nothing here allocates unprotected, because
 * a failure would be a panic, which ends the process. */
static int protect(lua_State *L, lua_CFunction function, struct job *job) {
#if LUA_VERSION_NUM < 502
  return lua_cpcall(L, function, job);
#else
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, job);
  return lua_pcall(L, 1, 0, 0);
#endif
}

/* Copies text for a message: no control characters, which could forge log lines. */
static void copy_plain(char *out, size_t capacity, const char *text, size_t length) {
  size_t n = length < capacity - 1 ? length : capacity - 1;
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)text[i];
    out[i] = c < 0x20 || c == 0x7f ? ' ' : text[i];
  }
  out[n] = '\0';
}

/* Pops an environment and gives it to the chunk below it. */
static void set_environment(lua_State *L) {
#if LUA_VERSION_NUM < 502
  lua_setfenv(L, -2);
#else
  lua_setupvalue(L, -2, 1);
#endif
}

/* Runs the chunk in a fresh environment and leaves the table it returned on the stack. */
static void run_chunk(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, CHUNK);
  if (!lua_isfunction(L, -1))
    luaL_error(L, "no script is loaded");
  qm_env_push(L);
  set_environment(L);
  lua_call(L, 0, 1);
  if (!lua_istable(L, -1))
    luaL_error(L, "a script must return a table of functions");
}

static int prepare_job(lua_State *L) {
  qm_env_prepare(L);
  return 0;
}

static int forget_job(lua_State *L) {
  lua_pushnil(L);
  lua_setfield(L, LUA_REGISTRYINDEX, CHUNK);
  lua_newtable(L);
  lua_setfield(L, LUA_REGISTRYINDEX, EXPORTS);
  return 0;
}

static int compile_job(lua_State *L) {
  const struct job *job = lua_touserdata(L, 1);
  if (luaL_loadbufferx(L, job->source.p, job->source.n, "=script", "t") != 0)
    return lua_error(L);
  lua_setfield(L, LUA_REGISTRYINDEX, CHUNK);
  return 0;
}

/* The names alone are kept: the functions belong to the run that made them. */
static int inspect_job(lua_State *L) {
  run_chunk(L);
  int exports = lua_gettop(L);
  bool any = false;
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, exports) != 0; any = true) {
    if (lua_type(L, -2) != LUA_TSTRING || !lua_isfunction(L, -1))
      return luaL_error(L, "a script must return a table of functions");
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_pushboolean(L, 1);
    lua_rawset(L, exports + 1);
  }
  if (!any)
    return luaL_error(L, "a script must return a table of functions");
  lua_setfield(L, LUA_REGISTRYINDEX, EXPORTS);
  return 0;
}

static int exports_job(lua_State *L) {
  struct job *job = lua_touserdata(L, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, EXPORTS);
  lua_pushstring(L, job->function);
  lua_rawget(L, -2);
  job->found = lua_toboolean(L, -1);
  return 0;
}

static int call_job(lua_State *L) {
  struct job *job = lua_touserdata(L, 1);
  run_chunk(L);
  lua_pushstring(L, job->function);
  lua_rawget(L, -2);
  if (!lua_isfunction(L, -1))
    return luaL_error(L, "the script has no function of the name asked for");
  luaL_checkstack(L, LUA_MINSTACK, "arguments");
  int arguments = job->push(L, job->context);
  lua_call(L, arguments, 1);
  job->code = job->pull(L, lua_gettop(L), job->context, job->err);
  return 0;
}

/* Lets go of the last call's environment, and collects when the state has grown fat. */
static int settle_job(lua_State *L) {
  const struct job *job = lua_touserdata(L, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, CHUNK);
  if (lua_isfunction(L, -1)) {
    lua_newtable(L);
    set_environment(L);
  }
  if (job->box->meter.live > job->box->meter.budget.live_bytes / 2)
    lua_gc(L, LUA_GCCOLLECT, 0);
  return 0;
}

static qm_code out_of_budget(const qm_sandbox *box, qm_err *err) {
  return qm_fail(err, QM_BUDGET, "%s: the script used up its budget (%s)", box->name,
                 box->meter.spent);
}

/* The outcome of a metered call; the error value, if any, is on top of the stack. */
static qm_code outcome(qm_sandbox *box, int status, struct job *job) {
  if (box->meter.spent != NULL)
    return out_of_budget(box, job->err);
  if (box->meter.starved || status == LUA_ERRMEM)
    return qm_fail(job->err, QM_MEMORY, "%s: %s", box->name, qm_code_message(QM_MEMORY));
  if (status == 0)
    return job->code;
  char text[QM_ERR_TEXT] = "it raised an error that is not text";
  if (lua_type(box->L, -1) == LUA_TSTRING) {
    size_t length;
    const char *message = lua_tolstring(box->L, -1, &length);
    copy_plain(text, sizeof text, message, length);
  }
  return qm_fail(job->err, QM_POLICY, "%s: %s", box->name, text);
}

/* Runs one step of a load or a call under a budget of its own. For its time the thread is in the C
 * locale: how texts compare and how numbers print must not depend on the host's settings, and a
 * locale's collation of long texts would be slow where no hook can stop it. */
static qm_code run(qm_sandbox *box, lua_CFunction step, size_t block, struct job *job) {
  locale_t before = uselocale(box->plain);
  qm_meter_start(&box->meter, box->L, block);
  int status = protect(box->L, step, job);
  qm_meter_stop(&box->meter, box->L);
  uselocale(before);
  qm_code code = outcome(box, status, job);
  lua_settop(box->L, 0);
  if (box->meter.spent == NULL)
    protect(box->L, settle_job, job);
  lua_settop(box->L, 0);
  return code;
}

static int64_t clamp_count(int64_t value, int64_t limit) {
  return value < 1 ? 1 : value > limit ? limit : value;
}

static size_t clamp_size(size_t value, size_t limit) {
  return value > limit ? limit : value;
}

qm_sandbox *qm_sandbox_open(const qm_budget *budget) {
  if (budget == NULL)
    budget = &QM_BUDGET_DEFAULT;
  const qm_budget clamped = {
      .instructions = clamp_count(budget->instructions, QM_BUDGET_LIMIT.instructions),
      .wall_us = clamp_count(budget->wall_us, QM_BUDGET_LIMIT.wall_us),
      .live_bytes = clamp_size(budget->live_bytes, QM_BUDGET_LIMIT.live_bytes),
      .block_bytes = clamp_size(budget->block_bytes, QM_BUDGET_LIMIT.block_bytes),
      .total_bytes = clamp_size(budget->total_bytes, QM_BUDGET_LIMIT.total_bytes)};
  qm_sandbox *box = calloc(1, sizeof *box);
  if (box == NULL)
    return NULL;
  box->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  box->L = box->plain == (locale_t)0 ? NULL : luaL_newstate();
  if (box->L == NULL)
    goto failed;
  qm_meter_install(&box->meter, box->L, &clamped);
#ifdef LUA_JITLIBNAME
  /* Compiled code does not look at the hook. The compiler starts switched off while its library is
   * not opened; this keeps it so. */
  luaJIT_setmode(box->L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
#endif
  /* Early and brisk collections: garbage counts as live memory until it is gone. */
  lua_gc(box->L, LUA_GCSETPAUSE, 125);
  lua_gc(box->L, LUA_GCSETSTEPMUL, 400);
  struct job job = {.box = box};
  if (protect(box->L, prepare_job, &job) != 0 || protect(box->L, forget_job, &job) != 0)
    goto failed;
  return box;
failed:
  qm_sandbox_close(box);
  return NULL;
}

void qm_sandbox_close(qm_sandbox *box) {
  if (box == NULL)
    return;
  if (box->L != NULL) {
    qm_meter_remove(&box->meter, box->L);
    lua_close(box->L);
  }
  if (box->plain != (locale_t)0)
    freelocale(box->plain);
  free(box);
}

qm_code qm_sandbox_load(qm_sandbox *box, const char *name, qm_str source, qm_err *err) {
  struct job job = {.box = box, .source = source, .err = err};
  copy_plain(box->name, sizeof box->name, name, strlen(name));
  if (box->meter.spent != NULL)
    return out_of_budget(box, err);
  if (protect(box->L, forget_job, &job) != 0)
    return qm_fail(err, QM_MEMORY, "%s: %s", box->name, qm_code_message(QM_MEMORY));
  if (source.n > QM_SCRIPT_MAX)
    return qm_fail(err, QM_POLICY, "%s: longer than %d bytes", box->name, QM_SCRIPT_MAX);
  /* The parsers that check compiled code have been wrong before: it never gets that far. */
  if (source.n > 0 && source.p[0] == '\x1b')
    return qm_fail(err, QM_POLICY, "%s: compiled code is refused", box->name);
  int line;
  const char *problem = qm_scan(source, &line);
  if (problem != NULL)
    return qm_fail(err, QM_POLICY, "%s: script:%d: %s", box->name, line, problem);
  /* No instruction of the script runs while it is parsed, so only the sum of memory matters. */
  qm_code code = run(box, compile_job, box->meter.budget.live_bytes, &job);
  if (code == QM_OK)
    code = run(box, inspect_job, box->meter.budget.block_bytes, &job);
  if (code != QM_OK && box->meter.spent == NULL)
    protect(box->L, forget_job, &job);
  return code;
}

bool qm_sandbox_exports(const qm_sandbox *box, const char *function) {
  struct job job = {.function = function};
  if (box->meter.spent == NULL)
    protect(box->L, exports_job, &job);
  lua_settop(box->L, 0);
  return job.found;
}

qm_code qm_sandbox_call(qm_sandbox *box, const char *function, qm_sandbox_push push,
                        qm_sandbox_pull pull, void *context, qm_err *err) {
  struct job job = {
      .box = box, .function = function, .push = push, .pull = pull, .context = context, .err = err};
  if (box->meter.spent != NULL)
    return out_of_budget(box, err);
  return run(box, call_job, box->meter.budget.block_bytes, &job);
}
