/* meter.c: see meter.h. */
#define _POSIX_C_SOURCE 200809L

#include "meter.h"

#include <time.h>

enum { HOOK_INTERVAL = 1000 }; /* instructions between two looks at the budget */

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Records the first budget that ran out. Always false, so that callers can return it. */
static bool spend(qm_meter *meter, const char *what) {
  if (meter->spent == NULL)
    meter->spent = what;
  return false;
}

static bool may_grow(qm_meter *meter, size_t old_size, size_t new_size) {
  if (!meter->running)
    return true;
  if (meter->spent != NULL)
    return false;
  if (new_size > meter->block)
    return spend(meter, "one block of memory");
  if (new_size - old_size > meter->budget.live_bytes ||
      meter->live > meter->budget.live_bytes - (new_size - old_size))
    return spend(meter, "memory");
  if (new_size > meter->budget.total_bytes - meter->total)
    return spend(meter, "memory in total");
  return true;
}

/* The lua_Alloc of a metered state. A refusal ends the call at once on both hosts: PUC Lua would
 * otherwise collect everything before each retry, which a script could make it do all day. */
static void *metered_allocate(void *ud, void *block, size_t old_size, size_t new_size) {
  qm_meter *meter = ud;
  if (block == NULL)
    old_size = 0; /* PUC Lua passes the kind of the object here */
  if (new_size > old_size && !may_grow(meter, old_size, new_size))
    return NULL;
  void *result = meter->allocate(meter->allocate_ud, block, old_size, new_size);
  if (result == NULL && new_size > 0) {
    meter->starved = true;
    return NULL;
  }
  /* What the state allocated before the meter came is known to a few bytes only. */
  meter->live -= old_size < meter->live ? old_size : meter->live;
  meter->live += new_size;
  if (meter->running && new_size > old_size)
    meter->total += new_size;
  return result;
}

static void count_hook(lua_State *L, lua_Debug *activation) {
  (void)activation;
  qm_meter_charge(L, HOOK_INTERVAL);
}

void qm_meter_install(qm_meter *meter, lua_State *L, const qm_budget *budget) {
  *meter = (qm_meter){.budget = *budget};
  meter->live = (size_t)lua_gc(L, LUA_GCCOUNT, 0) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB, 0);
  meter->allocate = lua_getallocf(L, &meter->allocate_ud);
  lua_setallocf(L, metered_allocate, meter);
}

void qm_meter_remove(qm_meter *meter, lua_State *L) {
  lua_setallocf(L, meter->allocate, meter->allocate_ud);
}

void qm_meter_start(qm_meter *meter, lua_State *L, size_t block) {
  meter->total = 0;
  meter->block = block;
  meter->used = 0;
  meter->unclocked = 0;
  meter->deadline_us = now_us() + meter->budget.wall_us;
  meter->starved = false;
  meter->depth = 0;
  meter->running = true;
  lua_sethook(L, count_hook, LUA_MASKCOUNT, HOOK_INTERVAL);
}

void qm_meter_stop(qm_meter *meter, lua_State *L) {
  lua_sethook(L, NULL, 0, 0);
  meter->running = false;
}

qm_meter *qm_meter_of(lua_State *L) {
  void *ud;
  lua_getallocf(L, &ud);
  return ud;
}

void qm_meter_charge(lua_State *L, size_t units) {
  qm_meter *meter = qm_meter_of(L);
  if (!meter->running)
    return;
  meter->used += (int64_t)units;
  meter->unclocked += (int64_t)units;
  if (meter->used > meter->budget.instructions)
    spend(meter, "instructions");
  if (meter->unclocked >= HOOK_INTERVAL) {
    meter->unclocked = 0;
    if (now_us() > meter->deadline_us)
      spend(meter, "time");
  }
  if (meter->spent != NULL) {
    lua_pushnil(L); /* needs no memory */
    lua_error(L);
  }
}
