/* search.h: a search for the cheapest sources while it is under way; see exact.h. */
#ifndef QM_SEARCH_H
#define QM_SEARCH_H

#include <math.h>

#include "exact.h"

typedef struct qm_search {
  const qm_exact *problem;
  size_t items, sources; /* sources: those still in question, in order; id says which they are */
  size_t *id;            /* [source] */

  /* the problem without the sources that are out of the question; matrices by item, then source */
  double *have, *cost, *fixed;
  double *share, *price; /* of an item: the part that a source has; what all of it costs there */
  double *lost;          /* [item]: what leaving all of it out costs */
  uint32_t *order;       /* by item: the sources that have any, the cheapest first */
  size_t *order_count;   /* [item] */

  /* decided so far */
  unsigned char *state; /* [source] */
  size_t *trail;        /* sources in the order they were decided */
  size_t decided, opened;
  int64_t *reach; /* [item]: what sources that are not closed have; may pass what doubles hold */

  /* bounds */
  double *prices;     /* [depth * items + item]: what it is worth to have all of an item sent */
  double *tried;      /* [item]: prices while they move */
  double *slope;      /* [item]: what is wanted and not sent at these prices */
  double *value;      /* [source]: what it costs to open, less what it sends is worth */
  double *kept_value; /* [source]: at the best prices */
  uint32_t *taken;    /* sources that open by themselves at these prices */
  size_t taken_count;
  double *thresholds; /* [source]: scratch of those who use it */

  /* items that share goods, in the order in which they are dealt out */
  size_t *turns, turn_count;
  bool *goes_freely;   /* [turn]: takes nothing that a later one needs */
  double *least_after; /* [turn]: what those after it cost at least */
  double *supply;      /* [product * sources + source]: what is left */
  double *dealt, *best_dealt;
  bool cut_short; /* not all ways were tried */

  /* found */
  bool *trial;     /* [source]: to be open */
  double *sent;    /* [source]: units, in trial */
  double *left;    /* [item] */
  bool *best_open; /* by the problem's number of the source */
  double goal;     /* what costs less is looked for; what was found costs that */
  double pending;  /* the least bound of what was left when the budget was spent */
  double dropped;  /* the least bound, or cost, of what was dropped as not below the goal */
  uint64_t steps, evaluations; /* of those: of sources at given prices */
} qm_search;

static inline double qm_more(double a, double b) {
  return a > b ? a : b;
}

static inline double qm_less(double a, double b) {
  return a < b ? a : b;
}

/* Above this a bound leaves no plan below the goal, costs being whole; rounding may have moved the
 * bound a little. */
static inline double qm_search_cut(const qm_search *s) {
  return s->goal - 1 + qm_more(1e-6, s->goal * 1e-13);
}

/* Whether nothing with such a bound is looked for. */
static inline bool qm_search_drops(qm_search *s, double bound) {
  if (bound <= qm_search_cut(s))
    return false;
  s->dropped = qm_less(s->dropped, bound);
  return true;
}

static inline bool qm_search_spent(const qm_search *s) {
  return s->steps >= s->problem->budget;
}

static inline bool qm_shares_goods(const qm_search *s, size_t item) {
  const size_t *start = s->problem->use_start;
  return start && start[item + 1] > start[item];
}

/* serve.c: what plans cost. */

/* What it costs to send an item from the sources of `trial`, if it shares its goods with no other;
 * adds to sent, which may be NULL, what each source sends of it. */
double qm_serve_item(const qm_search *s, size_t item, double *sent);

/* With the sources of `trial` open; INFINITY when it is no plan. Sources that send nothing, and
 * need not be open, are taken out of trial. `tries` bounds the ways to deal out shared goods. */
double qm_serve(qm_search *s, uint64_t tries);

/* Makes a plan of the sources in trial: opens more until all is served, closes what is not worth
 * it, and keeps the plan when it is less than the goal. */
void qm_serve_round(qm_search *s);

/* The same of the sources that are decided to be open, neither more nor less. */
void qm_serve_decided(qm_search *s);

/* deal.c: items that share goods. */

/* Puts them in the order in which they are dealt out. */
void qm_deal_turns(qm_search *s);

/* The least that they cost with the sources of `trial` open; adds to sent. What goes where is left
 * in best_dealt. */
double qm_deal(qm_search *s, uint64_t tries);

/* bound.c */

/* How much to do for a bound. */
typedef struct qm_effort {
  size_t sweeps, rounds; /* raising prices one by one, then moving all of them */
  size_t patience;       /* rounds without gain after which steps are halved */
  double agility, least; /* how long steps are, at first and at last */
} qm_effort;

/* Raises the prices at this depth as far as they bring the bound; returns it. Leaves the values of
 * the sources at these prices in kept_value. Ends early above the cut. */
double qm_bound(qm_search *s, size_t depth, const qm_effort *effort);

/* branch.c */

/* Decides about a source, which must be free. */
void qm_decide(qm_search *s, size_t source, unsigned char state);

/* Takes back all decisions but the first so many. */
void qm_undo(qm_search *s, size_t decided);

/* Decides what follows from a bound at these values; false: there is no plan below the goal. */
bool qm_fix(qm_search *s, double bound);

/* Looks for plans below the goal among those that cost at least so much; prices to start with are
 * those at this depth. */
void qm_branch(qm_search *s, size_t depth, double bound);

#endif
