#include "group.h"

#include "../divisor.h"

qm_qty qm_group_units(qm_qty units, qm_qty qty) {
  qm_qty step = QM_QTY_ONE;
  QM_ASSERT(units >= 0 && qty >= 0);
  while (qty % step != 0)
    step /= 10;
  return qm_common_divisor(units, qty / step);
}

qm_qty qm_group_parts(qm_qty units, qm_qty qty) {
  QM_ASSERT(units >= 0 && qty >= 0);
  return qm_common_divisor(units, qty);
}
