/* geo.h: places on the globe and how far apart they are. Whole metres, so that distances order in
 * the same way on every machine. */
#ifndef QM_GEO_H
#define QM_GEO_H

#include "qm.h"

typedef struct qm_point {
  bool known; /* false: nobody has said where it is; 0 and 0 is a place */
  double latitude, longitude;
} qm_point;

#define QM_FAR_UNKNOWN INT64_C(-1)

/* Refuse NaN too. */
bool qm_latitude_fine(double latitude);
bool qm_longitude_fine(double longitude);

/* Metres along the great circle, rounded; QM_FAR_UNKNOWN when either place is unknown. */
int64_t qm_distance_m(qm_point from, qm_point to);

#endif
