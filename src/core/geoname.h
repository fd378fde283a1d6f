/* geoname.h: places by their postcode, city or region, as files of GeoNames have them: a line for
 * each, columns separated by tabs. Texts are compared by keys: bytes without outer white space,
 * ASCII letters in one case; of a postcode inner white space goes as well. Letters beyond ASCII
 * stay as they are. */
#ifndef QM_GEONAME_H
#define QM_GEONAME_H

#include "geo.h"
#include "problem.h"

enum {
  QM_COUNTRY_TEXT = 2,
  QM_GEO_LINE_MAX = 4096 /* bytes of a line */
};

/* A text to compare by, at most as long as the text. */
typedef struct qm_geo_key {
  size_t n; /* 0: there is nothing to compare */
  char text[QM_CODE_MAX];
} qm_geo_key;

typedef enum qm_geo_column {
  QM_GEO_POSTCODE,
  QM_GEO_CITY,
  QM_GEO_REGION,
  QM_GEO_KEYS
} qm_geo_column;

typedef struct qm_geoname {
  qm_geo_key keys[QM_GEO_KEYS];
  double latitude, longitude;
} qm_geoname;

/* Two letters? Then out becomes them in upper case. */
bool qm_country_key(qm_str text, char out[QM_COUNTRY_TEXT]);

/* What is too long to be a place's becomes nothing. */
void qm_geo_key_of(qm_geo_column column, qm_str text, qm_geo_key *out);

/* Reads a line without its end, which is to be about the country. What is wrong with it, and
 * *subject, which lives as long as the line; QM_P_NONE: it is a place. */
qm_problem_kind qm_geoname_read(qm_str line, const char country[QM_COUNTRY_TEXT], qm_geoname *out,
                                qm_str *subject);

#endif
