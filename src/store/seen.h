/* seen.h: where products stand, as readers have seen it, for as long as the file stays as it was.
 *
 * Reading where a product stands costs some microseconds, most of them for the transaction. Whether
 * anybody has committed since costs nearly nothing to tell, so what was read is kept until somebody
 * has, or until the next hold of it expires. Never used by writers. Private to the store. */
#ifndef QM_SEEN_H
#define QM_SEEN_H

#include "store.h"
#include "table.h"

typedef struct qm_seen {
  qm_table table;
  qm_db_stamp stamp; /* the file as it was */
  int64_t from;      /* nothing in it was seen later than that */
} qm_seen;

void qm_seen_init(qm_seen *seen);
void qm_seen_free(qm_seen *seen);

/* A product in a stock, without its rule; false: it was not seen, or it is past. Only while the
 * file's stamp is still that of what was seen. */
bool qm_seen_find(const qm_seen *seen, int64_t product, int64_t stock, int64_t now_ms,
                  qm_stand *out);
/* It will be asked for in a moment. */
void qm_seen_expect(const qm_seen *seen, int64_t product, int64_t stock);
/* Keeps it until before `until`. What cannot be kept is read again. */
void qm_seen_keep(qm_seen *seen, const qm_db_stamp *stamp, int64_t now_ms, int64_t until,
                  const qm_stand *stand);

#endif
