/* selecting.h: one call of select while it is under way. select_request.c reads the request,
 * select.c has the core choose, select_plan.c makes the plan's table. Every block belongs to Lua.
 */
#ifndef QM_SELECTING_H
#define QM_SELECTING_H

#include "binding.h"

#include "../core/plan.h"

typedef struct qm_selecting {
  qm_handle *handle;
  qm_refusal refusal;

  /* asked for */
  qm_supply_request wants;
  const qm_algorithm *algorithm;
  bool physical;
  int64_t *numbers;  /* by line: what the caller calls it */
  qm_str *line_skus; /* by line */
  qm_qty *asked;     /* by line */
  qm_str *skus;      /* by product, as far as products are looked up */
  /* After those comes a product for each line that is not counted, and one, `gone`, for all lines
   * whose product there is no more. */
  size_t product_count, gone;

  /* there */
  qm_supply supply;
  bool *named; /* by source: the request wants it */

  /* chosen */
  qm_select request;
  qm_qty *before; /* the supply matrix before anything was taken */
  qm_qty *taken;  /* [line * sources + source], or QM_NO_PICK */
} qm_selecting;

/* Zeroed memory on top of the stack. */
void *qm_block_push(lua_State *L, size_t count, size_t size);

void qm_selecting_refuse(lua_State *L, qm_selecting *s, qm_problem_kind kind, qm_str subject);

/* Reads where, lines and options, which are at these places of the stack; adds what is wrong with
 * them to the refusal. */
void qm_selecting_read(lua_State *L, qm_selecting *s, int where, int lines, int options);

/* How far the sources are (select_distance.c): what the options say of it, and once the store has
 * told what there is. */
void qm_selecting_destination(lua_State *L, qm_selecting *s, int options);
void qm_selecting_measure(lua_State *L, qm_selecting *s, int options);

/* The index of a source of the stock by its code. */
bool qm_selecting_find(const qm_selecting *s, qm_str code, size_t *source);

/* What the store has of a product at a source. */
static inline const qm_candidate *qm_selecting_candidate(const qm_selecting *s, size_t product,
                                                         size_t source) {
  return &s->supply.candidates[product * s->supply.source_count + source];
}

int qm_push_plan(lua_State *L, const qm_selecting *s);

#endif
