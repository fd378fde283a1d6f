/* selecting.h: one call of select while it is under way. select_request.c reads the request,
 * select_costs.c reads what it costs, select.c has the core choose, select_plan.c and select_why.c
 * make the plan's table. Every block belongs to Lua.
 */
#ifndef QM_SELECTING_H
#define QM_SELECTING_H

#include "binding.h"

#include "../core/plan.h"
#include "../core/select/network.h"

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
  bool *named;      /* by source: the request wants it */
  bool *excluded;   /* by source: its terms exclude it */
  bool *late;       /* by source: it could not deliver in time */
  bool *open;       /* by source: a shipment leaves from there anyway */
  qm_qty *safety;   /* by source: of each product, what is not to be sent */
  qm_qty *capacity; /* by source: what may leave from there in all; NULL: there is no limit */

  /* chosen */
  qm_select request;
  qm_qty *before; /* the supply matrix before anything was taken */
  qm_qty *taken;  /* [line * sources + source], or QM_NO_PICK */

  /* at what cost */
  bool priced; /* costs are given, or the algorithm needs them */
  bool whole;  /* all of it, or nothing */
  bool none;   /* so that it is nothing */
  qm_select_costs costs;
  qm_certificate certificate;
  int64_t cost;
} qm_selecting;

/* Zeroed memory on top of the stack. */
void *qm_block_push(lua_State *L, size_t count, size_t size);

void qm_selecting_refuse(lua_State *L, qm_selecting *s, qm_problem_kind kind, qm_str subject);

/* Reads where, lines and options, which are at these places of the stack; adds what is wrong with
 * them to the refusal. */
void qm_selecting_read(lua_State *L, qm_selecting *s, int where, int lines, int options);

/* Where a source of that code is; false: it is none of the stock's. */
bool qm_selecting_find(const qm_selecting *s, qm_str code, size_t *source);

/* Reads the terms of sources, which are known by now. */
void qm_selecting_read_terms(lua_State *L, qm_selecting *s, int options);

/* Reads what selection costs; distances are known by now. */
void qm_selecting_read_costs(lua_State *L, qm_selecting *s, int lines, int options);

/* How far the sources are (select_distance.c): what the options say of it, and once the store has
 * told what there is. */
void qm_selecting_destination(lua_State *L, qm_selecting *s, int options);
void qm_selecting_measure(lua_State *L, qm_selecting *s, int options);

/* What the store has of a product at a source. */
static inline const qm_candidate *qm_selecting_candidate(const qm_selecting *s, size_t product,
                                                         size_t source) {
  return &s->supply.candidates[product * s->supply.source_count + source];
}

static inline qm_str qm_selecting_code(const qm_selecting *s, size_t source) {
  return qm_out_str(qm_store_out(s->handle->store), s->supply.places[source].code);
}

static inline qm_qty qm_selecting_taken(const qm_selecting *s, size_t line, size_t source) {
  return qm_qty_max(0, s->taken[line * s->request.source_count + source]);
}

static inline int64_t qm_selecting_metres(const qm_selecting *s, size_t source) {
  return s->request.metres ? s->request.metres[source] : QM_FAR_UNKNOWN;
}

/* Pushes the list of why each source sends something of each line, or why not. */
void qm_push_why(lua_State *L, const qm_selecting *s);

int qm_push_plan(lua_State *L, const qm_selecting *s);

#endif
