/* content.h: what frames contain when they are freed and handed out. The frames are the caller's alone. See content.c. */
#ifndef Q_CONTENT_H
#define Q_CONTENT_H

#include "core.h"

/* Whether frames are touched when they are freed. */
static inline bool q_content_fills_freed(const struct quire *q) {
    return q->content != QUIRE_CONTENT_NONE && q->content != QUIRE_CONTENT_ZERO;
}

/* Whether these can be, before anything is changed; reports the first one that can not. */
bool q_content_may_free(struct quire *q, const char *call, q_frame f, unsigned order);

/* 2^order frames are about to go home: fills them by the policy. */
void q_content_freed(struct quire *q, q_frame f, unsigned order);

/* A frame was taken for a call about 2^order frames: fills it by the policy (`fill` false: the caller overwrites it all),
 * or verifies it. False: found written, or not to be filled; reported. */
bool q_content_given(struct quire *q, const char *call, q_frame f, unsigned order, bool fill);

#endif
