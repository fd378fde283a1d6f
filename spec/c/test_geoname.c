/* test_geoname.c: lines of GeoNames files, and the keys that their texts are compared by. */
#include "unit.h"

#include "geoname.h"

static qm_str str(const char *text) {
  return (qm_str){text, strlen(text)};
}

static bool key_is(qm_geo_column column, const char *text, const char *expected) {
  qm_geo_key key;
  qm_geo_key_of(column, str(text), &key);
  return CHECK_INT(key.n, strlen(expected)) && CHECK(memcmp(key.text, expected, key.n) == 0);
}

TEST(keys_have_one_case_and_no_outer_space) {
  key_is(QM_GEO_POSTCODE, " sw1a 1aa\t", "SW1A1AA");
  key_is(QM_GEO_POSTCODE, "1010-AB", "1010-AB");
  key_is(QM_GEO_CITY, "  Bad  T\xc3\xb6lz ", "bad  t\xc3\xb6lz");
  key_is(QM_GEO_REGION, "\xc3\x96sterreich", "\xc3\x96sterreich");
  key_is(QM_GEO_CITY, " \t ", "");
  key_is(QM_GEO_CITY, "", "");
}

TEST(what_is_longer_than_any_place_is_no_key) {
  char text[QM_CODE_MAX + 3];
  qm_geo_key key;
  memset(text, 'x', sizeof text);
  text[0] = text[QM_CODE_MAX + 1] = ' ';
  qm_geo_key_of(QM_GEO_CITY, (qm_str){text, QM_CODE_MAX + 2}, &key);
  CHECK_INT(key.n, QM_CODE_MAX);
  text[0] = 'x';
  qm_geo_key_of(QM_GEO_CITY, (qm_str){text, QM_CODE_MAX + 2}, &key);
  CHECK_INT(key.n, 0);
}

TEST(countries_are_two_letters) {
  char key[QM_COUNTRY_TEXT];
  CHECK(qm_country_key(str("dE"), key) && memcmp(key, "DE", 2) == 0);
  CHECK(!qm_country_key(str("D"), key) && !qm_country_key(str("DEU"), key));
  CHECK(!qm_country_key(str("D1"), key) && !qm_country_key(str(""), key));
  CHECK(!qm_country_key((qm_str){"D\0", 2}, key));
}

/* ---- lines ---- */

static qm_problem_kind read_line(const char *line, qm_geoname *out) {
  qm_str subject;
  return qm_geoname_read(str(line), "DE", out, &subject);
}

#define ADMIN "\tBY\t\t\t\t\t"

TEST(a_line_is_a_place) {
  qm_geoname place;
  CHECK_INT(read_line("de\t80 331 \tM\xc3\xbcnchen\t Bayern" ADMIN "48.1345\t-11.5\t4", &place), 0);
  CHECK_INT(place.keys[QM_GEO_POSTCODE].n, 5);
  CHECK(memcmp(place.keys[QM_GEO_CITY].text, "m\xc3\xbcnchen", 8) == 0);
  CHECK(memcmp(place.keys[QM_GEO_REGION].text, "bayern", 6) == 0);
  CHECK(place.latitude == 48.1345 && place.longitude == -11.5);
  CHECK_INT(read_line("DE\t1\t\t" ADMIN "0\t-0", &place), 0);
  CHECK_INT(place.keys[QM_GEO_CITY].n, 0);
  CHECK(place.latitude == 0 && place.longitude == 0);
}

static const struct {
  const char *line;
  qm_problem_kind problem;
} BAD[] = {
    {"", QM_P_GEO_COLUMNS},
    {"DE", QM_P_GEO_COLUMNS},
    {"DE\t80331\tM\tB" ADMIN "48", QM_P_GEO_COLUMNS},
    {"FR\t75001\tP\tI" ADMIN "48\t2", QM_P_GEO_COUNTRY},
    {"\t75001\tP\tI" ADMIN "48\t2", QM_P_GEO_COUNTRY},
    {"DE\t \tM\tB" ADMIN "48\t11", QM_P_POSTCODE_EMPTY},
    {"DE\t1\tM\tB" ADMIN "\t11", QM_P_LATITUDE_BAD},
    {"DE\t1\tM\tB" ADMIN "90.0001\t11", QM_P_LATITUDE_BAD},
    {"DE\t1\tM\tB" ADMIN "48,1\t11", QM_P_LATITUDE_BAD},
    {"DE\t1\tM\tB" ADMIN "4e1\t11", QM_P_LATITUDE_BAD},
    {"DE\t1\tM\tB" ADMIN "0x10\t11", QM_P_LATITUDE_BAD},
    {"DE\t1\tM\tB" ADMIN "nan\t11", QM_P_LATITUDE_BAD},
    {"DE\t1\tM\tB" ADMIN ".5\t11", QM_P_LATITUDE_BAD},
    {"DE\t1\tM\tB" ADMIN "5.\t11", QM_P_LATITUDE_BAD},
    {"DE\t1\tM\tB" ADMIN "1.2.3\t11", QM_P_LATITUDE_BAD},
    {"DE\t1\tM\tB" ADMIN "-\t11", QM_P_LATITUDE_BAD},
    {"DE\t1\tM\tB" ADMIN "--1\t11", QM_P_LATITUDE_BAD},
    {"DE\t1\tM\tB" ADMIN "10000000000000000000000\t11", QM_P_LATITUDE_BAD},
    {"DE\t1\tM\tB" ADMIN "48\t-180.5", QM_P_LONGITUDE_BAD},
    {"DE\t1\tM\tB" ADMIN "48\tx", QM_P_LONGITUDE_BAD},
    {"DE\t1\tM\xc3\tB" ADMIN "48\t11", QM_P_TEXT_UTF8},
    {"DE\t1\tM\xfcnchen\tB" ADMIN "48\t11", QM_P_TEXT_UTF8},
    {"DE\t1\t\xc0\x80\tB" ADMIN "48\t11", QM_P_TEXT_UTF8},
    {"DE\t1\t\xed\xa0\x80\tB" ADMIN "48\t11", QM_P_TEXT_UTF8},
    {"DE\t1\t\xf4\x90\x80\x80\tB" ADMIN "48\t11", QM_P_TEXT_UTF8},
    {"DE\t1\tM\tB" ADMIN "48\t11\t\xe2\x82", QM_P_TEXT_UTF8},
};

TEST(what_is_wrong_with_a_line_is_said) {
  qm_geoname place;
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
    if (!CHECK_INT(read_line(BAD[i].line, &place), BAD[i].problem))
      fprintf(stderr, "  %s\n", BAD[i].line);
}

TEST(a_line_has_no_nul_and_an_end) {
  static const char nul[] = "DE\t1\tM\tB" ADMIN "48\t11\t\0";
  char text[QM_GEO_LINE_MAX + 1];
  qm_geoname place;
  qm_str subject;
  CHECK_INT(qm_geoname_read((qm_str){nul, sizeof nul - 1}, "DE", &place, &subject), QM_P_TEXT_NUL);
  memset(text, '\t', sizeof text);
  memcpy(text, nul, sizeof nul - 2);
  CHECK_INT(qm_geoname_read((qm_str){text, QM_GEO_LINE_MAX}, "DE", &place, &subject), QM_P_NONE);
  CHECK_INT(qm_geoname_read((qm_str){text, sizeof text}, "DE", &place, &subject), QM_P_TEXT_LONG);
  CHECK_STR(subject.p, "the line");
}

/* Every number of four decimals is read as a compiler reads it. */
TEST(degrees_are_exact) {
  qm_geoname place;
  char line[96];
  for (int i = -1800000; i <= 1800000; i += 7) {
    snprintf(line, sizeof line, "DE\t1\t\t" ADMIN "0\t%.4f", i / 10000.0);
    if (!CHECK_INT(read_line(line, &place), 0) || !CHECK(place.longitude == i / 10000.0))
      return;
  }
  CHECK_INT(read_line("DE\t1\t\t" ADMIN "0\t9.99999999999999999999999999999999", &place), 0);
  CHECK(place.longitude <= 10 && place.longitude > 9.999999999);
}

int main(void) {
  RUN(keys_have_one_case_and_no_outer_space);
  RUN(what_is_longer_than_any_place_is_no_key);
  RUN(countries_are_two_letters);
  RUN(a_line_is_a_place);
  RUN(what_is_wrong_with_a_line_is_said);
  RUN(a_line_has_no_nul_and_an_end);
  RUN(degrees_are_exact);
  return unit_report();
}
