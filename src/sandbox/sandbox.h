/* sandbox.h: runs merchants' scripts in a Lua state of their own.
 *
 * A sandbox owns one lua_State, built from nothing: text chunks only, an allow-list environment
 * made anew for every call, no way to the host. Each call has a budget of instructions, time and
 * memory; what exceeds it ends with QM_BUDGET whatever the script did, and that state is never used
 * again. The unit knows neither the store nor the host's state: arguments and results pass through
 * callbacks that run protected inside the sandbox's state. Not thread-safe; one sandbox per host
 * state. */
#ifndef QM_SANDBOX_H
#define QM_SANDBOX_H

#include "../core/qm.h"

struct lua_State;

typedef struct qm_budget {
  int64_t instructions; /* per call; the same on every run of one host */
  int64_t wall_us;      /* per call */
  size_t live_bytes;    /* at any moment */
  size_t block_bytes;   /* of one allocation: bounds what one instruction can cost */
  size_t total_bytes;   /* allocated over one call */
} qm_budget;

/* The defaults, and the hard maxima that qm_sandbox_open clamps to. */
extern const qm_budget QM_BUDGET_DEFAULT;
extern const qm_budget QM_BUDGET_LIMIT;

enum { QM_SCRIPT_MAX = 65536 }; /* bytes of a script */

typedef struct qm_sandbox qm_sandbox;

/* budget NULL: the defaults. NULL result: out of memory. */
qm_sandbox *qm_sandbox_open(const qm_budget *budget);
void qm_sandbox_close(qm_sandbox *box);

/* Compiles a script and runs it once: it must return a table of functions (its exports). `name` is
 * what messages call it. QM_POLICY: syntax, dialect, a run-time error, no table; QM_BUDGET: it ran
 * away. Replaces what was loaded before, also when it fails. */
qm_code qm_sandbox_load(qm_sandbox *box, const char *name, qm_str source, qm_err *err);

/* Does the loaded script export a function of this name? */
bool qm_sandbox_exports(const qm_sandbox *box, const char *function);

/* Pushes the arguments on L and returns how many; called protected. May raise Lua errors. */
typedef int (*qm_sandbox_push)(struct lua_State *L, void *context);
/* Reads the result at index `index` of L without changing it (raw access only); called protected.
 * Returns QM_OK, or a code with err filled. Must not keep pointers into L. */
typedef qm_code (*qm_sandbox_pull)(struct lua_State *L, int index, void *context, qm_err *err);

/* Calls an exported function in a fresh environment with what `push` pushes, and hands its single
 * result to `pull`. QM_POLICY with the script's own message (cut, control characters replaced) when
 * it raises; QM_BUDGET when it exceeds a budget: the sandbox must then be closed. */
qm_code qm_sandbox_call(qm_sandbox *box, const char *function, qm_sandbox_push push,
                        qm_sandbox_pull pull, void *context, qm_err *err);

#endif
