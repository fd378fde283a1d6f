/* meter.h: counts what a script uses and stops it when a budget is spent.
 *
 * A meter sits between a lua_State and the state's own allocator, and in the state's count hook. It
 * counts instructions, time and memory while it runs; the first budget that is exceeded is recorded
 * in `spent`, and from then on every allocation is refused and every charge raises, so that the
 * call ends whatever the script does. No hook interrupts a C function: those that scripts can reach
 * pay for their work with qm_meter_charge, in the same unit as instructions. */
#ifndef QM_METER_H
#define QM_METER_H

#include "../lua/compat.h"
#include "sandbox.h"

typedef struct qm_meter {
  qm_budget budget;
  lua_Alloc allocate; /* the state's own allocator */
  void *allocate_ud;
  size_t live;       /* bytes the state holds */
  size_t total;      /* bytes handed out in this call */
  size_t block;      /* the largest block allowed now */
  int64_t used;      /* instructions and charges of this call */
  int64_t unclocked; /* of these, since the clock was last read */
  int64_t deadline_us;
  const char *spent; /* which budget ran out first; NULL: none */
  bool starved;      /* the process itself had no memory left */
  bool running;
  int depth; /* nested calls from C back into the script */
} qm_meter;

/* Installs the meter in a fresh state. It must outlive the state or be removed before the state is
 * closed: LuaJIT frees its arena only when its own allocator is in place. */
void qm_meter_install(qm_meter *meter, lua_State *L, const qm_budget *budget);
void qm_meter_remove(qm_meter *meter, lua_State *L);

/* Starts counting anew; `block` is the largest single allocation until the meter stops. */
void qm_meter_start(qm_meter *meter, lua_State *L, size_t block);
void qm_meter_stop(qm_meter *meter, lua_State *L);

/* The meter of a state. */
qm_meter *qm_meter_of(lua_State *L);

/* Adds `units` of work to the instructions used; raises when a budget is spent. */
void qm_meter_charge(lua_State *L, size_t units);

#endif
