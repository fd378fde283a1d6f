/* algorithm.c: the algorithms by name. */
#include "select.h"

#include <string.h>

static const qm_algorithm algorithms[] = {
    {"priority", .select = qm_select_priority},
    {"distance", .by_distance = true, .select = qm_select_distance},
    {"fewest", .proven = true, .fewest = true, .select = qm_select_fewest},
    {"cheapest", .proven = true, .select = qm_select_cheapest},
};

const qm_algorithm *qm_find_algorithm(qm_str name) {
  for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
    if (strlen(algorithms[i].name) == name.n && memcmp(algorithms[i].name, name.p, name.n) == 0)
      return &algorithms[i];
  return NULL;
}
