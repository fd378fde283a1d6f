/* links.h: what saving a stock needs to know of links. Private to the store. */
#ifndef QM_LINKS_H
#define QM_LINKS_H

#include "tx.h"

/* Rows with a channel code are channels, rows with a source are links. */
bool qm_is_channel_row(const qm_row *row);

/* Reports what is wrong with a link of a stock (-1: one that is new) and looks its source up. */
qm_code qm_check_link(qm_tx *tx, int index, int64_t stock, int64_t *source);

/* The links that the op's rows name, and no others, become the stock's. */
qm_code qm_save_links(qm_tx *tx, int64_t stock);

#endif
