/* memory.h: the start of the allocator. */
#ifndef MEMORY_H
#define MEMORY_H

#include <kernel.h>

/* Sets `frames` and `zero_frame`, for n_cpus CPUs and as the options say, and says what there is. */
void memory_init(void);

/* Takes frames and gives them back: for interrupt handlers, to show that they may. */
void memory_exercise(void);

#endif
