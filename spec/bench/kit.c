/* kit.c: what the harness needs from the system and plain Lua does not have: a clock and a sleep.
 */
#define _XOPEN_SOURCE 700

#include <lauxlib.h>
#include <lua.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Seconds on the clock that all processes share, from some moment in the past. */
static int l_now(lua_State *L) {
  lua_pushnumber(L, now());
  return 1;
}

/* Sleeps until that clock says so; returns what it says then. */
static int l_wait_until(lua_State *L) {
  double moment = luaL_checknumber(L, 1), left;
  while ((left = moment - now()) > 0) {
    struct timespec time = {.tv_sec = (time_t)left};
    time.tv_nsec = (long)((left - (double)time.tv_sec) * 1e9);
    nanosleep(&time, NULL);
  }
  return l_now(L);
}

__attribute__((visibility("default"))) int luaopen_kit(lua_State *L) {
  static const luaL_Reg functions[] = {{"now", l_now}, {"wait_until", l_wait_until}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
