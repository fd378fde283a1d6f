/* select.h: source selection over a snapshot that the caller filled. Changes nothing, allocates
 * nothing.
 *
 * Lines name a product by its index; supply[product * sources + source] is what that source has to
 * give to any of them, so lines of one product draw on the same goods; own[line * sources + source]
 * is set aside there for that line alone. An algorithm orders the sources, appends picks in its
 * order of preference and leaves in need what it could not fill.
 *
 * Lines that ship together form a group, of which every source gives whole units only: a chain of
 * lines, each with what a unit has of it. A line that stands alone is a group of one, of which a
 * unit is the smallest quantity there is. What may not be split is a group of one unit. */
#ifndef QM_SELECT_H
#define QM_SELECT_H

#include "../geo.h"
#include "../qty.h"

typedef struct qm_select_line {
  size_t product;
  qm_qty need;    /* in: wanted; out: what could not be filled */
  qm_qty unit;    /* of its group; 0 only when nothing is needed */
  size_t next;    /* the next line of its group, always further on; 0: it is the last */
  bool follows;   /* another line leads its group */
  bool uncounted; /* goods that nobody counts */
} qm_select_line;

typedef struct qm_pick {
  size_t line, source;
  qm_qty take, available;
} qm_pick;

typedef struct qm_select_costs qm_select_costs; /* network.h */
typedef struct qm_certificate qm_certificate;

typedef struct qm_select {
  qm_select_line *lines;
  size_t line_count, source_count;
  qm_qty *supply;        /* negative: that source is no candidate for the product */
  const qm_qty *own;     /* NULL: nothing is set aside */
  size_t *sources;       /* in: in order of priority; out: in order of preference */
  size_t wanted;         /* how many those are: not all of the source_count need be asked */
  const int64_t *metres; /* by source: how far it is; NULL: nobody knows of any */
  bool all_rows;         /* candidates of which nothing is taken appear as well */
  qm_pick *picks;
  size_t pick_count, pick_capacity;

  /* for algorithms that prove what they choose */
  const qm_select_costs *costs;
  size_t product_count;
  void *scratch; /* of qm_network_scratch bytes */
  qm_certificate *certificate;
} qm_select;

/* An algorithm. QM_LIMIT: the picks do not fit, or the problem is too large. */
typedef qm_code (*qm_select_fn)(qm_select *request);

typedef struct qm_algorithm {
  const char *name;
  bool by_distance; /* needs to know where the goods go */
  bool proven;      /* by costs, with a certificate */
  bool fewest;      /* shipments come before costs */
  qm_select_fn select;
} qm_algorithm;

const qm_algorithm *qm_find_algorithm(qm_str name); /* NULL: there is no such algorithm */

/* The algorithms: drain the sources in order of priority; the nearest first, those at an unknown
 * distance last, equal ones in order of priority. */
qm_code qm_select_priority(qm_select *request);
qm_code qm_select_distance(qm_select *request);

/* As much as possible is sent, with the fewest shipments, those at the lowest cost, those from the
 * first sources in order of priority; at the lowest cost, those with the fewest shipments, those
 * from the first sources. See network.h. */
qm_code qm_select_fewest(qm_select *request);
qm_code qm_select_cheapest(qm_select *request);

/* What algorithms are made of: drains the sources in the order they are in, each for all lines, the
 * lines one after the other. Lines on their own that are not counted leave whole from where the
 * first parcel leaves. */
qm_code qm_select_fill(qm_select *request);

/* How many units of a group the source can give, and the group still needs. */
qm_qty qm_select_units(const qm_select *request, size_t first, size_t source);

/* What a source has for a line: negative when it is no candidate. */
static inline qm_qty qm_select_has(const qm_select *request, size_t line, size_t source) {
  qm_qty shared = request->supply[request->lines[line].product * request->source_count + source];
  if (shared < 0 || !request->own)
    return shared;
  return shared + request->own[line * request->source_count + source];
}

/* Takes from what is set aside for the line first; answers what is then taken from everybody's. */
static inline qm_qty qm_select_shared_part(const qm_select *request, size_t line, size_t source,
                                           qm_qty take) {
  qm_qty own = request->own ? request->own[line * request->source_count + source] : 0;
  return qm_qty_max(0, take - own);
}

#endif
