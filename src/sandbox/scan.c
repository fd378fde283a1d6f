/* scan.c: see scan.h. */
#include "scan.h"

#include <string.h>

/* Both hosts' parsers walk the whole chain for each `or` they add to it: 64 KiB of them would take
 * a quarter of a second that nothing can interrupt. */
enum { JUMPS_MAX = 2000 };

/* Progress through an attribute, `<const>` or `<close>`, which may be spread over spaces. */
enum attribute { ATTRIBUTE_NONE, ATTRIBUTE_OPENED, ATTRIBUTE_NAMED };

struct scanner {
  const char *p, *end;
  int line;
  int jumps;
  enum attribute attribute;
};

static const char UNFINISHED[] = "a string or comment does not end";
static const char BITS[] = "bit operators are not part of the dialect";
static const char NUMBER[] = "not a plain number: suffixes are not part of the dialect";

/* The byte `offset` ahead, or NUL past the end; the rules below never ask for NUL. */
static char peek(const struct scanner *s, size_t offset) {
  return (size_t)(s->end - s->p) > offset ? s->p[offset] : '\0';
}

static void advance(struct scanner *s) {
  if (*s->p == '\n')
    s->line++;
  s->p++;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(char c) {
  return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The level of the long bracket that opens here ("[[" is 0), or -1. */
static int long_level(const struct scanner *s) {
  size_t n = 1;
  while (peek(s, n) == '=')
    n++;
  return peek(s, n) == '[' && n <= QM_ERR_TEXT ? (int)n - 1 : -1;
}

static const char *skip_long(struct scanner *s, int level) {
  size_t width = (size_t)level + 2;
  s->p += width;
  for (; s->p < s->end; advance(s)) {
    if (*s->p != ']')
      continue;
    size_t n = 1;
    while (peek(s, n) == '=')
      n++;
    if (n == width - 1 && peek(s, n) == ']') {
      s->p += width;
      return NULL;
    }
  }
  return UNFINISHED;
}

static const char *skip_comment(struct scanner *s) {
  s->p += 2;
  int level = peek(s, 0) == '[' ? long_level(s) : -1;
  if (level >= 0)
    return skip_long(s, level);
  while (s->p < s->end && *s->p != '\n' && *s->p != '\r')
    s->p++;
  return NULL;
}

static const char *skip_string(struct scanner *s) {
  char quote = *s->p++;
  while (s->p < s->end && *s->p != quote) {
    if (*s->p == '\n' || *s->p == '\r')
      return UNFINISHED;
    if (*s->p != '\\') {
      s->p++;
      continue;
    }
    s->p++;
    if (peek(s, 0) == 'z')
      for (s->p++; s->p < s->end && is_space(*s->p);)
        advance(s);
    else if (peek(s, 0) == '\r' && peek(s, 1) == '\n') {
      s->p++;
      advance(s);
    } else if (s->p < s->end)
      advance(s);
  }
  if (s->p == s->end)
    return UNFINISHED;
  s->p++;
  return NULL;
}

/* Whole numbers above 2^53 are exact on one host and rounded on the other. */
static bool too_large(const char *text, const char *end, int base) {
  uint64_t value = 0;
  for (; text < end; text++) {
    char c = *text;
    int digit = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
    value = value * (uint64_t)base + (uint64_t)digit;
    if (value > UINT64_C(1) << 53)
      return true;
  }
  return false;
}

static const char *skip_number(struct scanner *s) {
  bool hex = *s->p == '0' && (peek(s, 1) | 0x20) == 'x';
  if (hex)
    s->p += 2;
  const char *start = s->p;
  bool (*digit)(char) = hex ? is_hex : is_digit;
  while (digit(peek(s, 0)))
    s->p++;
  bool whole = peek(s, 0) != '.';
  const char *whole_end = s->p;
  if (!whole)
    for (s->p++; digit(peek(s, 0));)
      s->p++;
  if ((peek(s, 0) | 0x20) == (hex ? 'p' : 'e')) {
    whole = false;
    s->p++;
    if (peek(s, 0) == '+' || peek(s, 0) == '-')
      s->p++;
    if (!is_digit(peek(s, 0)))
      return NUMBER;
    while (is_digit(peek(s, 0)))
      s->p++;
  }
  if (is_word(peek(s, 0)) || peek(s, 0) == '.' || (hex && start == whole_end))
    return NUMBER;
  if (whole && too_large(start, whole_end, hex ? 16 : 10))
    return "whole numbers above 2^53 are not exact on every host";
  return NULL;
}

static bool is(const char *word, size_t length, const char *expected) {
  return length == strlen(expected) && memcmp(word, expected, length) == 0;
}

static const char *skip_word(struct scanner *s) {
  const char *start = s->p;
  while (is_word(peek(s, 0)))
    s->p++;
  size_t n = (size_t)(s->p - start);
  if (is(start, n, "goto"))
    return "goto is not part of the dialect";
  if (is(start, n, "_ENV"))
    return "_ENV is not part of the dialect";
  if (is(start, n, "and") || is(start, n, "or") || is(start, n, "elseif") || is(start, n, "break"))
    if (++s->jumps > JUMPS_MAX)
      return "too many and, or, elseif and break";
  bool names = is(start, n, "const") || is(start, n, "close");
  bool named = names && s->attribute == ATTRIBUTE_OPENED;
  s->attribute = named ? ATTRIBUTE_NAMED : ATTRIBUTE_NONE;
  return NULL;
}

static const char *skip_operator(struct scanner *s) {
  char c = *s->p, next = peek(s, 1);
  if (c == '/' && next == '/')
    return "// is not part of the dialect; use math.floor(a / b)";
  if (c == ':' && next == ':')
    return "labels are not part of the dialect";
  if (c == '&' || c == '|' || (c == '~' && next != '='))
    return BITS;
  if ((c == '<' || c == '>') && next == c)
    return BITS;
  if (c == '>' && s->attribute == ATTRIBUTE_NAMED)
    return "attributes are not part of the dialect";
  /* LuaJIT takes bytes above 127 for letters; Lua 5.4 does not. */
  if (memchr("+-*/%^#=~<>(){}[];:,.", c, 21) == NULL)
    return "a byte that is not part of the dialect";
  s->attribute = c == '<' && next != '=' ? ATTRIBUTE_OPENED : ATTRIBUTE_NONE;
  s->p += c == '~' ? 2 : 1;
  return NULL;
}

static const char *skip_token(struct scanner *s) {
  char c = *s->p;
  if (is_space(c)) {
    advance(s);
    return NULL;
  }
  if (c == '-' && peek(s, 1) == '-')
    return skip_comment(s);
  if (is_word(c) && !is_digit(c))
    return skip_word(s);
  int level = c == '[' ? long_level(s) : -1;
  bool number = is_digit(c) || (c == '.' && is_digit(peek(s, 1)));
  if (c != '"' && c != '\'' && level < 0 && !number)
    return skip_operator(s);
  s->attribute = ATTRIBUTE_NONE;
  if (number)
    return skip_number(s);
  return level < 0 ? skip_string(s) : skip_long(s, level);
}

const char *qm_scan(qm_str source, int *line) {
  struct scanner s = {.p = source.p, .end = source.p + source.n, .line = 1};
  const char *problem = NULL;
  /* LuaJIT skips a first line that starts so, and would take compiled code after it. */
  if (source.n > 0 && *s.p == '#')
    problem = "a script cannot begin with #";
  while (problem == NULL && s.p < s.end)
    problem = skip_token(&s);
  *line = s.line;
  return problem;
}
