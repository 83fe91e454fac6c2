/* take.h: taking free frames from wherever there are such, and giving them back. See take.c. */
#ifndef Q_TAKE_H
#define Q_TAKE_H

#include "core.h"
#include "loan.h"
#include "range.h"

/* The first of 2^order free frames; Q_NO_FRAME: none. For order 0 that is proved (P1), or counted as unproved (P2). */
q_frame q_take(struct quire *q, unsigned order);

/* The same past this CPU's cache, which has none; order > 0. */
q_frame q_take_past_cache(struct quire *q, unsigned order);

/* All frames in CPU caches go home, but for caches in use. */
void q_drain_all(struct quire *q);

/* Frames that lie side by side, and fit (range.h). Q_NO_FRAME: none. */
q_frame q_take_fit(struct quire *q, struct q_fit *fit);

/* As many frames from `f` on as are free, at most n; returns how many. */
size_t q_take_range(struct quire *q, q_frame f, size_t n);

/* Gives 2^order frames back whose records say free: into this CPU's cache, or home. */
void q_give(struct quire *q, q_frame f, unsigned order);

/* n frames, past the cache. */
void q_give_home(struct quire *q, q_frame f, size_t n);

#endif
