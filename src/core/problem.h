/* problem.h: one thing that is wrong with a request, as a flat record without pointers. What it
 * means and how it is said stands once, in problem.def. */
#ifndef QM_PROBLEM_H
#define QM_PROBLEM_H

#include "qty.h"

typedef enum qm_problem_kind {
  QM_P_NONE = 0,
#define QM_PROBLEM(name, code, field, magento, message) QM_P_##name,
#include "problem.def"
#undef QM_PROBLEM
  QM_PROBLEMS
} qm_problem_kind;

/* Keys of requests, for problems whose key depends on the call. */
#define QM_FIELDS(X)                                                                               \
  X(code)                                                                                          \
  X(name)                                                                                          \
  X(country)                                                                                       \
  X(postcode)                                                                                      \
  X(description)                                                                                   \
  X(region)                                                                                        \
  X(city)                                                                                          \
  X(street)                                                                                        \
  X(contact_name)                                                                                  \
  X(email)                                                                                         \
  X(phone)                                                                                         \
  X(fax)                                                                                           \
  X(frontend_name)                                                                                 \
  X(frontend_description)                                                                          \
  X(customer_group)                                                                                \
  X(reason)                                                                                        \
  X(type)                                                                                          \
  X(source)                                                                                        \
  X(return_to)                                                                                     \
  X(to)                                                                                            \
  X(delta)                                                                                         \
  X(expected)                                                                                      \
  X(notify_below)                                                                                  \
  X(channel)                                                                                       \
  X(note)                                                                                          \
  X(lines)                                                                                         \
  X(reservations)                                                                                  \
  X(sku)                                                                                           \
  X(from)                                                                                          \
  X(least)                                                                                         \
  X(order)                                                                                         \
  X(cancelled)                                                                                     \
  X(invoiced)                                                                                      \
  X(shipped)                                                                                       \
  X(refunded)                                                                                      \
  X(released)                                                                                      \
  X(returned)                                                                                      \
  X(children)                                                                                      \
  X(options)                                                                                       \
  X(option)                                                                                        \
  X(distances)                                                                                     \
  X(distance)

typedef enum qm_field_name {
  QM_FIELD_OWN = 0, /* the one of problem.def */
#define QM_FIELD(name) QM_FIELD_##name,
  QM_FIELDS(QM_FIELD)
#undef QM_FIELD
} qm_field_name;

const char *qm_problem_field(qm_problem_kind kind, qm_field_name field);

typedef struct qm_problem_info {
  qm_code code;
  const char *field, *magento, *message;
} qm_problem_info;

extern const qm_problem_info qm_problem_infos[QM_PROBLEMS];

/* Writes the message with its places filled in; control characters of the subject become '?'. */
void qm_problem_text(qm_problem_kind kind, qm_str subject, qm_qty asked, qm_qty have, char *out,
                     size_t size);

#endif
