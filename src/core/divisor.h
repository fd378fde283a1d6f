/* divisor.h: the greatest common divisor; of 0 and a number it is the number. */
#ifndef QM_DIVISOR_H
#define QM_DIVISOR_H

#include "qty.h"

static inline qm_qty qm_common_divisor(qm_qty a, qm_qty b) {
  while (b != 0) {
    qm_qty rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

#endif
