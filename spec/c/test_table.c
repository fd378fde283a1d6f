/* test_table.c: a table may forget, but never says what was not put. */
#include "unit.h"

#include <stdlib.h>

#include "table.h"

enum { MOST = 1024, KEYS = 4096, ROUNDS = 200000 };

typedef struct key {
  int64_t number, other;
} key;

static key key_of(uint64_t number) {
  return (key){(int64_t)number, -(int64_t)number};
}

static void put(qm_table *table, uint64_t number, int64_t value) {
  key k = key_of(number);
  int64_t *to = qm_table_put(table, &k);
  if (CHECK(to != NULL))
    *to = value;
}

static const int64_t *find(const qm_table *table, uint64_t number) {
  key k = key_of(number);
  return qm_table_find(table, &k);
}

/* Beside a plain list of what was put last. */
TEST(what_is_found_was_put_last) {
  static int64_t values[KEYS];
  qm_table table = qm_table_new(sizeof(key), MOST);
  uint64_t seed = 7;
  int64_t found = 0, kept = 0;
  memset(values, 0, sizeof values);
  for (int64_t round = 1; round <= ROUNDS; round++) {
    uint64_t number = unit_below(&seed, KEYS);
    if (unit_below(&seed, 20000) == 0) {
      qm_table_forget(&table);
      memset(values, 0, sizeof values);
    } else if (unit_below(&seed, 2) == 0) {
      put(&table, number, round);
      values[number] = round;
      CHECK(find(&table, number) && *find(&table, number) == round);
    } else {
      const int64_t *value = find(&table, number);
      CHECK(!value || *value == values[number]);
      found += value != NULL;
      kept += values[number] != 0;
    }
  }
  CHECK(found > kept / 8 && found < kept);
  qm_table_free(&table);
}

TEST(it_keeps_nearly_all_of_what_it_has_room_for) {
  qm_table table = qm_table_new(sizeof(key), MOST);
  int found = 0;
  for (uint64_t i = 0; i < MOST / 2; i++)
    put(&table, i, (int64_t)i);
  for (uint64_t i = 0; i < MOST / 2; i++)
    found += find(&table, i) != NULL;
  CHECK(found > MOST / 2 * 95 / 100);
  CHECK(table.count <= MOST);
  qm_table_free(&table);
}

/* Of so many keys some have the same hash, which is 32 bits long. */
TEST(keys_of_one_hash_are_told_apart) {
  enum { LARGE = 1 << 19, MANY = 400000 };
  qm_table table = qm_table_new(sizeof(key), LARGE);
  for (uint64_t i = 0; i < MANY; i++)
    put(&table, i, (int64_t)i);
  for (uint64_t i = 0; i < MANY; i++) {
    const int64_t *value = find(&table, i);
    CHECK(!value || *value == (int64_t)i);
  }
  qm_table_free(&table);
}

TEST(nothing_is_found_in_an_empty_one) {
  qm_table table = qm_table_new(sizeof(key), MOST);
  CHECK(find(&table, 0) == NULL);
  put(&table, 0, 1);
  CHECK(find(&table, 0) != NULL && find(&table, 1) == NULL);
  qm_table_forget(&table);
  CHECK(find(&table, 0) == NULL);
  qm_table_free(&table);
}

/* The age is a number of 32 bits; cells of four milliards of changes ago must not come back. */
TEST(what_was_forgotten_stays_so_when_the_age_begins_anew) {
  qm_table table = qm_table_new(sizeof(key), MOST);
  put(&table, 1, 1);
  table.age = UINT32_MAX;
  put(&table, 2, 2);
  qm_table_forget(&table);
  CHECK(find(&table, 1) == NULL && find(&table, 2) == NULL);
  for (uint32_t i = 0; i < 3; i++) {
    put(&table, 3, i);
    CHECK(find(&table, 3) && *find(&table, 3) == i);
    qm_table_forget(&table);
    for (uint64_t number = 1; number <= 3; number++)
      CHECK(find(&table, number) == NULL);
  }
  qm_table_free(&table);
}

TEST(keys_made_of_bytes_differ_when_the_bytes_do) {
  unsigned char a[16], b[16];
  CHECK(qm_table_key(a, sizeof a, "bike", 4) && qm_table_key(b, sizeof b, "bike\0", 5));
  CHECK(memcmp(a, b, sizeof a) != 0);
  CHECK(qm_table_key(a, sizeof a, NULL, 0) && qm_table_key(b, sizeof b, "\0", 1));
  CHECK(memcmp(a, b, sizeof a) != 0);
  CHECK(qm_table_key(a, sizeof a, "123456789012345", 15));
  CHECK(!qm_table_key(a, sizeof a, "1234567890123456", 16));
}

int main(void) {
  RUN(what_is_found_was_put_last);
  RUN(it_keeps_nearly_all_of_what_it_has_room_for);
  RUN(keys_of_one_hash_are_told_apart);
  RUN(nothing_is_found_in_an_empty_one);
  RUN(what_was_forgotten_stays_so_when_the_age_begins_anew);
  RUN(keys_made_of_bytes_differ_when_the_bytes_do);
  return unit_report();
}
