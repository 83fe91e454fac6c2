/* alloc.h: allocating and freeing frames, in the ways that cover every case. See alloc.c. */
#ifndef Q_ALLOC_H
#define Q_ALLOC_H

#include "core.h"
#include "range.h"

/* Allocates 2^order frames for the public function `call`. `fill` false: the caller overwrites them. */
enum quire_status q_alloc(struct quire *q, const char *call, unsigned order, uint8_t tag, bool fill, quire_pa *out);

/* The rest of that: the frames `f` were taken, or none were found (Q_NO_FRAME). Inside a slow call (q_call_begin). */
enum quire_status q_alloc_taken(struct quire *q, const char *call, q_frame f, unsigned order, uint8_t tag, bool fill,
                                quire_pa *out);

/* Why what should fit could not be had: memory has no such place, it is full, or what is free does not lie so. */
enum quire_status q_why_none(const struct quire *q, const struct q_fit *fit);

/* Frees n frames. `as_one`: they are 2^order frames, aligned so, and all of one allocation, or a part of it. */
enum quire_status q_free(struct quire *q, const char *call, quire_pa pa, size_t n, bool as_one);

/* Sends n frames home whose records say free already, contents by the policy. Inside a slow call (q_call_begin). */
void q_let_go(struct quire *q, q_frame f, size_t n);

#endif
