/* scan.h: refuses what does not mean the same on every host.
 *
 * Scripts are written in the common subset of Lua 5.1 and 5.4. The scan knows tokens only, not
 * grammar: what it lets through may still be refused by the host's parser, and where the two
 * disagree about a token nothing but portability is at stake. */
#ifndef QM_SCAN_H
#define QM_SCAN_H

#include "../core/qm.h"

/* NULL when the text is in the dialect; otherwise what is wrong with it, and in which line. */
const char *qm_scan(qm_str source, int *line);

#endif
