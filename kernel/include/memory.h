/* memory.h: the start of the allocator. */
#ifndef MEMORY_H
#define MEMORY_H

#include <kernel.h>

/* Sets `frames` and `zero_frame`, for n_cpus CPUs and as the options say, and says what there is. */
void memory_init(void);

/* From each timer interrupt: takes frames and gives them back, to show that it may; only with the option irqalloc. */
void memory_exercise(void);

/* No interrupt on any CPU allocates from its return until memory_resume_exercise: for those that count frames. Returns what the
 * latter wants to know. Not from an interrupt. */
bool memory_stop_exercise(void);
void memory_resume_exercise(bool was_on);

#endif
