#include "geoname.h"

#include <string.h>

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static char upper(char c) {
  return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static qm_str trimmed(qm_str text) {
  while (text.n > 0 && is_space(text.p[0]))
    text.p++, text.n--;
  while (text.n > 0 && is_space(text.p[text.n - 1]))
    text.n--;
  return text;
}

bool qm_country_key(qm_str text, char out[QM_COUNTRY_TEXT]) {
  if (text.n != QM_COUNTRY_TEXT)
    return false;
  for (size_t i = 0; i < text.n; i++) {
    out[i] = upper(text.p[i]);
    if (out[i] < 'A' || out[i] > 'Z')
      return false;
  }
  return true;
}

void qm_geo_key_of(qm_geo_column column, qm_str text, qm_geo_key *out) {
  bool postcode = column == QM_GEO_POSTCODE;
  out->n = 0;
  text = trimmed(text);
  if (text.n > sizeof out->text)
    return;
  for (size_t i = 0; i < text.n; i++)
    if (!postcode || !is_space(text.p[i]))
      out->text[out->n++] = postcode ? upper(text.p[i]) : lower(text.p[i]);
}

/* ---- lines ---- */

/* How many bytes the character has that begins there; 0: it is none of UTF-8's. */
static size_t character(const unsigned char *p, size_t n) {
  static const struct {
    unsigned char mask, is;
    uint32_t least; /* what is less is said with fewer bytes */
  } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
  for (size_t more = 0; more < sizeof forms / sizeof *forms; more++) {
    if ((p[0] & forms[more].mask) != forms[more].is)
      continue;
    uint32_t code = p[0] & (unsigned char)~forms[more].mask;
    for (size_t i = 1; i <= more; i++) {
      if (i >= n || (p[i] & 0xc0) != 0x80)
        return 0;
      code = code << 6 | (p[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code >= forms[more].least && code <= 0x10ffff && !surrogate ? more + 1 : 0;
  }
  return 0;
}

static bool is_utf8(qm_str text) {
  const unsigned char *p = (const unsigned char *)text.p;
  for (size_t i = 0, n; i < text.n; i += n)
    if ((n = character(p + i, text.n - i)) == 0)
      return false;
  return true;
}

/* "-12.345"; the same on every machine, whatever its locale. */
static bool read_degrees(qm_str text, double *out) {
  const double most = 1e15; /* all whole numbers up to that are exact */
  double digits = 0, scale = 1;
  bool negative = text.n > 0 && text.p[0] == '-', point = false, any = false;
  for (size_t i = negative; i < text.n; i++) {
    char c = text.p[i];
    if (c == '.' && any && !point && i + 1 < text.n) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9')
      return false;
    any = true;
    if (digits >= most && !point)
      return false;
    if (digits < most) {
      digits = digits * 10 + (c - '0');
      scale *= point ? 10 : 1;
    }
  }
  *out = (negative ? -digits : digits) / scale;
  return any;
}

enum { COUNTRY, POSTCODE, CITY, REGION, LATITUDE = 9, LONGITUDE, COLUMNS };

static bool split(qm_str line, qm_str columns[COLUMNS]) {
  size_t count = 0;
  const char *end = line.p + line.n;
  for (const char *p = line.p; count < COLUMNS; count++) {
    const char *tab = p < end ? memchr(p, '\t', (size_t)(end - p)) : NULL;
    columns[count] = trimmed((qm_str){p, (size_t)((tab ? tab : end) - p)});
    if (!tab)
      return count + 1 == COLUMNS;
    p = tab + 1;
  }
  return true;
}

static qm_problem_kind check_bytes(qm_str line, qm_str *subject) {
  *subject = (qm_str){"the line", 8};
  if (line.n > QM_GEO_LINE_MAX)
    return QM_P_TEXT_LONG;
  if (line.n > 0 && memchr(line.p, 0, line.n))
    return QM_P_TEXT_NUL;
  return is_utf8(line) ? QM_P_NONE : QM_P_TEXT_UTF8;
}

static qm_problem_kind read_keys(const qm_str columns[COLUMNS], qm_geoname *out, qm_str *subject) {
  static const qm_str names[] = {{"the postcode", 12}, {"the city", 8}, {"the region", 10}};
  for (int i = 0; i < QM_GEO_KEYS; i++) {
    *subject = names[i];
    if (columns[POSTCODE + i].n > QM_CODE_MAX)
      return QM_P_TEXT_LONG;
    qm_geo_key_of((qm_geo_column)i, columns[POSTCODE + i], &out->keys[i]);
  }
  *subject = (qm_str){NULL, 0};
  return out->keys[QM_GEO_POSTCODE].n > 0 ? QM_P_NONE : QM_P_POSTCODE_EMPTY;
}

qm_problem_kind qm_geoname_read(qm_str line, const char country[QM_COUNTRY_TEXT], qm_geoname *out,
                                qm_str *subject) {
  qm_str columns[COLUMNS];
  char key[QM_COUNTRY_TEXT];
  qm_problem_kind problem = check_bytes(line, subject);
  if (problem)
    return problem;
  *subject = (qm_str){NULL, 0};
  if (!split(line, columns))
    return QM_P_GEO_COLUMNS;
  *subject = columns[COUNTRY];
  if (!qm_country_key(columns[COUNTRY], key) || memcmp(key, country, sizeof key) != 0)
    return QM_P_GEO_COUNTRY;
  problem = read_keys(columns, out, subject);
  if (problem)
    return problem;
  if (!read_degrees(columns[LATITUDE], &out->latitude) || !qm_latitude_fine(out->latitude))
    return QM_P_LATITUDE_BAD;
  if (!read_degrees(columns[LONGITUDE], &out->longitude) || !qm_longitude_fine(out->longitude))
    return QM_P_LONGITUDE_BAD;
  return QM_P_NONE;
}
