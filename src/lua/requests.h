/* requests.h: what each call takes, as data: its keys, and where their values go in an op. */
#ifndef QM_REQUESTS_H
#define QM_REQUESTS_H

#include "binding.h"

/* What a call takes. `list` is the key of its rows, `what` what messages call it. */
typedef struct qm_request {
  const char *name, *what;
  qm_op_kind kind;
  const qm_field *fields;
  const char *list;
  const qm_field *rows;
} qm_request;

/* NULL: there is no such call. */
const qm_request *qm_find_request(const char *name);

/* Keys that are read in more than one place. A channel's are its type and its code, in this order.
 */
extern const qm_field qm_row_channel_fields[], qm_op_channel_fields[];
extern const qm_field qm_adopt_orders[], qm_adopt_lines[];
extern const qm_field qm_destination_fields[], qm_pick_rows[], qm_rule_rows[], qm_setting_rows[];
/* Of parts: what is chosen for a line; a product's children, its options and what these offer. */
extern const qm_field qm_selection_rows[], qm_child_rows[], qm_option_rows[], qm_offer_rows[];

#endif
