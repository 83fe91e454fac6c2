/* cpu.h: what is asked so often that a function call would be most of the answer. */
#ifndef CPU_H
#define CPU_H

#include <arch.h>

/* The number of a CPU that runs, or has just run, this: the compiler may ask once and keep the answer, also where the
 * caller goes on elsewhere. For those to whom it is a hint; for others arch_cpu(). */
static inline unsigned arch_cpu_hint(void) {
    return ((const struct cpu *)__builtin_thread_pointer())->number;
}

#endif
