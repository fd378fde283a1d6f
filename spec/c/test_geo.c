/* test_geo.c: distances on the globe, and sources in the order they give. */
#include "unit.h"

#include "select.h"

#include <math.h>

enum { ROUNDS = 100000, SOURCES = 12 };

static const double DEGREE_M = 6371000.0 * 3.14159265358979323846 / 180;

static qm_point point(double latitude, double longitude) {
  return (qm_point){true, latitude, longitude};
}

static qm_point random_point(uint64_t *seed) {
  return point((double)unit_below(seed, 180001) / 1000 - 90,
               (double)unit_below(seed, 360001) / 1000 - 180);
}

TEST(known_distances) {
  static const struct {
    double from_latitude, from_longitude, to_latitude, to_longitude;
    int64_t metres;
  } cases[] = {
      {0, 0, 0, 0, 0},
      {0, 0, 0, 1, 111195},
      {0, 0, 1, 0, 111195},
      {48.8566, 2.3522, 30.2672, -97.7431, 8199741}, /* Paris, Austin */
      {90, 0, -90, 0, 20015087},                     /* pole to pole: half the globe */
      {90, 17, 90, -120, 0},                         /* every longitude meets at a pole */
      {0, 0, 0, 180, 20015087},
      {0, 180, 0, -180, 0}, /* one meridian */
      {0, 179.5, 0, -179.5, 111195},
      {52.52, 13.405, 52.52, 13.405, 0},
      {52.52, 13.405, 52.520009, 13.405, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    qm_point from = point(cases[i].from_latitude, cases[i].from_longitude);
    qm_point to = point(cases[i].to_latitude, cases[i].to_longitude);
    if (!CHECK_INT(qm_distance_m(from, to), cases[i].metres))
      fprintf(stderr, "  in case %d\n", (int)i);
  }
}

TEST(an_unknown_place_is_at_an_unknown_distance) {
  qm_point nowhere = {.known = false}, origin = point(0, 0);
  CHECK_INT(qm_distance_m(nowhere, origin), QM_FAR_UNKNOWN);
  CHECK_INT(qm_distance_m(origin, nowhere), QM_FAR_UNKNOWN);
  CHECK_INT(qm_distance_m(nowhere, nowhere), QM_FAR_UNKNOWN);
}

/* The angle between two vectors, by another formula than the core's. */
static double by_vectors(qm_point a, qm_point b) {
  double radian = 3.14159265358979323846 / 180;
  double ax = cos(a.latitude * radian) * cos(a.longitude * radian);
  double ay = cos(a.latitude * radian) * sin(a.longitude * radian);
  double az = sin(a.latitude * radian);
  double bx = cos(b.latitude * radian) * cos(b.longitude * radian);
  double by = cos(b.latitude * radian) * sin(b.longitude * radian);
  double bz = sin(b.latitude * radian);
  double x = ay * bz - az * by, y = az * bx - ax * bz, z = ax * by - ay * bx;
  return atan2(sqrt(x * x + y * y + z * z), ax * bx + ay * by + az * bz) / radian * DEGREE_M;
}

TEST(distances_agree_with_another_formula_and_both_ways) {
  uint64_t seed = 31;
  for (int i = 0; i < ROUNDS; i++) {
    qm_point a = random_point(&seed), b = random_point(&seed);
    int64_t metres = qm_distance_m(a, b);
    if (!CHECK(fabs((double)metres - by_vectors(a, b)) <= 0.75) ||
        !CHECK_INT(metres, qm_distance_m(b, a)) || !CHECK(metres >= 0 && metres <= 20015087))
      return;
  }
}

TEST(legal_coordinates) {
  CHECK(qm_latitude_fine(90) && qm_latitude_fine(-90) && qm_latitude_fine(0));
  CHECK(!qm_latitude_fine(90.000001) && !qm_latitude_fine(-90.000001) && !qm_latitude_fine(NAN));
  CHECK(qm_longitude_fine(180) && qm_longitude_fine(-180) && qm_longitude_fine(0));
  CHECK(!qm_longitude_fine(180.000001) && !qm_longitude_fine(INFINITY) && !qm_longitude_fine(NAN));
}

/* ---- sources by distance ---- */

/* Nothing is asked for, so only the order of the sources matters. */
static void order(size_t *sources, size_t count, const int64_t *metres) {
  qm_select request = {
      .source_count = SOURCES, .sources = sources, .wanted = count, .metres = metres};
  CHECK_INT(qm_select_distance(&request), QM_OK);
}

/* Few distances, so that many are equal; some are unknown. */
TEST(nearest_first_then_priority_then_the_unknown) {
  uint64_t seed = 32;
  for (int round = 0; round < ROUNDS; round++) {
    int64_t metres[SOURCES];
    size_t sources[SOURCES], rank[SOURCES], count = (size_t)unit_below(&seed, SOURCES + 1);
    for (size_t i = 0; i < SOURCES; i++)
      metres[i] = unit_below(&seed, 4) == 0 ? QM_FAR_UNKNOWN : (int64_t)unit_below(&seed, 5);
    for (size_t i = 0; i < count; i++) {
      size_t j = (size_t)unit_below(&seed, i + 1);
      sources[i] = sources[j];
      sources[j] = i;
    }
    for (size_t i = 0; i < count; i++)
      rank[sources[i]] = i;
    order(sources, count, metres);
    bool seen[SOURCES] = {false}, held = true;
    for (size_t i = 0; i < count; i++) {
      held &= CHECK(sources[i] < count && !seen[sources[i]]);
      seen[sources[i]] = true;
      if (i == 0)
        continue;
      size_t before = sources[i - 1], now = sources[i];
      uint64_t far_before = (uint64_t)metres[before], far_now = (uint64_t)metres[now];
      held &= CHECK(far_before < far_now || (far_before == far_now && rank[before] < rank[now]));
    }
    if (!held)
      return;
  }
}

TEST(without_distances_the_order_stays) {
  size_t sources[] = {2, 0, 1};
  order(sources, 3, NULL);
  CHECK(sources[0] == 2 && sources[1] == 0 && sources[2] == 1);
}

TEST(algorithms_are_found_by_their_whole_names) {
  const qm_algorithm *priority = qm_find_algorithm((qm_str){"priority", 8});
  const qm_algorithm *distance = qm_find_algorithm((qm_str){"distance", 8});
  CHECK(priority && priority->select == qm_select_priority && !priority->by_distance);
  CHECK(distance && distance->select == qm_select_distance && distance->by_distance);
  CHECK(!qm_find_algorithm((qm_str){"distanc", 7}));
  CHECK(!qm_find_algorithm((qm_str){"distance\0", 9}));
  CHECK(!qm_find_algorithm((qm_str){"", 0}));
}

int main(void) {
  RUN(known_distances);
  RUN(an_unknown_place_is_at_an_unknown_distance);
  RUN(distances_agree_with_another_formula_and_both_ways);
  RUN(legal_coordinates);
  RUN(nearest_first_then_priority_then_the_unknown);
  RUN(without_distances_the_order_stays);
  RUN(algorithms_are_found_by_their_whole_names);
  return unit_report();
}
