/* env.h: what a script can reach, all of it ours.
 *
 * The environment is an allow-list built from nothing; no library of the host is ever opened in a
 * sandbox's state. Every function here works on raw tables, has an upper bound on its work, charges
 * that work to the meter, and gives the same answer on every host. Counts and positions are whole
 * numbers as the host has them, results of arithmetic are floats.
 *
 * Absent, and why:
 *   load loadstring loadfile dofile    compile code that no scan has seen, even bytecode
 *   require package io os debug ffi    ways to the host
 *   jit collectgarbage                 switch the compiler, the collector and with it the budgets
 *   bit utf8                           exist on one host only
 *   getfenv setfenv _G                 the environment is not a value: nothing to pass around
 *   setmetatable getmetatable          no finalizers (hooks sleep in them), no __index and __len
 * traps rawget rawset rawequal rawlen      pointless without metatables next its order differs
 * between hosts; pairs sorts newproxy                           a finalizer by another name
 *   coroutine                          its bodies run with a fresh instruction counter on Lua 5.4
 *   pcall xpcall                       would catch the end of a budget
 *   print                              scripts have no output but their result
 *   math.random randomseed             an answer must be reproducible
 *   string.dump                        makes bytecode
 *   string.format pack                 C code with a history of overflows; differs between hosts
 *   string.match gmatch gsub           patterns backtrack without bound inside one C call
 *   table.move                         loops over any range inside one C call */
#ifndef QM_ENV_H
#define QM_ENV_H

#include "../lua/compat.h"
#include "meter.h"

enum {
  QM_LIST_MAX = 4096,    /* elements of a list, keys of a table, that a function takes */
  QM_UNPACK_MAX = 250,   /* values that unpack and byte return */
  QM_NEEDLE_MAX = 256,   /* bytes that string.find looks for */
  QM_RESULT_MAX = 65536, /* bytes of text that rep and concat build */
  QM_NEST_MAX = 16,      /* sorts inside comparison functions of sorts */
  QM_NUMBER_TEXT = 32    /* bytes that qm_env_format needs */
};

/* Prepares a fresh state: stores the template that environments are copied from, and gives strings
 * our metatable, which no script can read or change. May raise. */
void qm_env_prepare(lua_State *L);

/* Pushes a new environment that shares no table with any other. May raise. */
void qm_env_push(lua_State *L);

/* The parts, for qm_env_prepare. */
extern const luaL_Reg QM_ENV_BASE[];
extern const luaL_Reg QM_ENV_MATH[];
extern const luaL_Reg QM_ENV_STRING[];
extern const luaL_Reg QM_ENV_TABLE[];

/* Text of a number, the same on every host: whole numbers without a fraction, otherwise 14 digits.
 * Returns its length. */
size_t qm_env_format(double value, char out[QM_NUMBER_TEXT]);

/* The number that decimal or hexadecimal text stands for; false when it is none. Hosts disagree on
 * "inf", "nan", "0b1" and on long hexadecimals: these are no numbers here. */
bool qm_env_parse(lua_State *L, int index, double *out);

/* An argument that must be text (a number is turned into it), or a whole number. May raise. */
const char *qm_env_text(lua_State *L, int argument, size_t *length);
int64_t qm_env_whole(lua_State *L, int argument);
int64_t qm_env_whole_or(lua_State *L, int argument, int64_t otherwise);

/* How a list is ordered: by a function of the script, by value (all numbers or all texts), or as
 * keys (numbers before texts before booleans). */
enum { QM_ORDER_VALUE = 0, QM_ORDER_KEY = -1 };

/* Sorts the list at index `list`, elements 1 to n; equal elements keep their order, and no
 * comparison function can make it run longer. `order` is a stack index of a function or one of the
 * above. */
void qm_env_sort(lua_State *L, int list, int n, int order);

#endif
