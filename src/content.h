/* content.h: what frames contain when they are freed and handed out. The frames are the caller's alone meanwhile, and
 * `n` of them begin at frame `f`. `call` is the public function that reports name. See content.c. */
#ifndef Q_CONTENT_H
#define Q_CONTENT_H

#include "core.h"

/* Whether frames are touched when they are freed. */
static inline bool q_content_fills_freed(const struct quire *q) {
    return q->content != QUIRE_CONTENT_NONE && q->content != QUIRE_CONTENT_ZERO;
}

/* Whether all of these can be touched, if they are to be, before anything is changed; reports the first one that can
 * not. */
bool q_content_may_free(struct quire *q, const char *call, q_frame f, size_t n);

/* Fills frames by the policy that are about to go home. */
void q_content_freed(struct quire *q, q_frame f, size_t n);

/* Fills one frame by the policy, or verifies it, that was taken for a call about `n` frames. `fill` false: the
 * caller overwrites all of it, so it is not filled. False: it was written to while it was free, or can not be touched;
 * reported. */
bool q_content_given(struct quire *q, const char *call, q_frame f, size_t n, bool fill);

#endif
