#include "geo.h"

#include <math.h>

static const double EARTH_RADIUS_M = 6371000.0, RADIANS_PER_DEGREE = 3.14159265358979323846 / 180;

bool qm_latitude_fine(double latitude) {
  return latitude >= -90 && latitude <= 90;
}

bool qm_longitude_fine(double longitude) {
  return longitude >= -180 && longitude <= 180;
}

/* By the haversine formula, which keeps its digits for places next to each other. */
int64_t qm_distance_m(qm_point from, qm_point to) {
  if (!from.known || !to.known)
    return QM_FAR_UNKNOWN;
  double from_phi = from.latitude * RADIANS_PER_DEGREE, to_phi = to.latitude * RADIANS_PER_DEGREE;
  double half_phi = sin((to_phi - from_phi) / 2);
  double half_lambda = sin((to.longitude - from.longitude) * RADIANS_PER_DEGREE / 2);
  double h = half_phi * half_phi + cos(from_phi) * cos(to_phi) * half_lambda * half_lambda;
  return llround(2 * EARTH_RADIUS_M * asin(sqrt(fmin(h, 1))));
}
