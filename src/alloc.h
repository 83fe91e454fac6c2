/* alloc.h: allocating and freeing 2^order frames, in the ways that cover every case. See alloc.c. */
#ifndef Q_ALLOC_H
#define Q_ALLOC_H

#include "core.h"

/* Allocates 2^order frames for the public function `call`. `fill` false: the caller overwrites them. */
enum quire_status q_alloc(struct quire *q, const char *call, unsigned order, uint8_t tag, bool fill, quire_pa *out);

/* The rest of that: the frames `f` were taken, or none were found (Q_NO_FRAME). Inside a slow call (q_call_begin). */
enum quire_status q_alloc_taken(struct quire *q, const char *call, q_frame f, unsigned order, uint8_t tag, bool fill,
                                quire_pa *out);

/* Frees 2^order frames: all of one allocation, or a part of it. */
enum quire_status q_free(struct quire *q, const char *call, quire_pa pa, unsigned order);

/* Sends frames home whose records say free already, contents by the policy. Inside a slow call (q_call_begin). */
void q_let_go(struct quire *q, q_frame f, unsigned order);

#endif
