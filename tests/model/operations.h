/* operations.h: what a run of the model does to the allocator, one operation after the other. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include "oracle.h"

/* The allocator that was made in this world; its first operations are drawn from now on. */
void operations_start(const struct world *w, struct quire *q);

/* One operation, drawn at random; its answer and its reports were the oracle's if it returns. */
void operation(void);

/* This address, mostly, or one inside its frame, in one of the frames about it, or anywhere. */
quire_pa near_or_far(quire_pa near);

#endif
