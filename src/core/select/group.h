/* group.h: the unit of a group of lines that ship together.
 *
 * The unit is the smallest share of the lines' quantities that is in their proportion and needs no
 * more decimals than they do: of 4 and 6 it is 2 and 3, of 1.5 and 3 it is 0.5 and 1. Where it is
 * known of what whole the lines are the parts, it is one of those: of one set made of 4 and 6 it is
 * 4 and 6. */
#ifndef QM_GROUP_H
#define QM_GROUP_H

#include "../qty.h"

/* The number of units that a group divides into, `units` so far, 0 at first, when it has so much of
 * one more line. */
qm_qty qm_group_units(qm_qty units, qm_qty qty);

/* The same for a line of which a unit may have any quantity: the parts of a known whole. */
qm_qty qm_group_parts(qm_qty units, qm_qty qty);

#endif
