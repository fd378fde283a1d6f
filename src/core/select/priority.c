#include "select.h"

qm_code qm_select_priority(qm_select *request) {
  return qm_select_fill(request);
}
