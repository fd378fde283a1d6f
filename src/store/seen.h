/* seen.h: what readers have seen of products, for as long as the file stays as it was.
 *
 * Reading where a product stands costs some microseconds, most of them for the transaction. Whether
 * anybody has committed since costs nearly nothing to tell, so what was read is kept until somebody
 * has, or until the next hold of it expires. Never used by writers. Private to the store. */
#ifndef QM_SEEN_H
#define QM_SEEN_H

#include "store.h"

typedef struct qm_seen qm_seen;

/* *seen grows as it is needed. */
void qm_seen_free(qm_seen *seen);

/* Where a product stands, as it was seen under this stamp; false: it was not, or it is past. */
bool qm_seen_find(const qm_seen *seen, const qm_db_stamp *stamp, const qm_where *where, qm_str sku,
                  int64_t now_ms, qm_stand *out);

/* Keeps it, from now_ms until before `until`. What cannot be kept is read again. */
void qm_seen_keep(qm_seen **seen, const qm_db_stamp *stamp, const qm_where *where, qm_str sku,
                  int64_t now_ms, int64_t until, const qm_stand *stand);

#endif
