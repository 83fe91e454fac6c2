/* cpu.h: what is asked so often that a function call would be most of the answer. */
#ifndef CPU_H
#define CPU_H

#include <arch.h>

/* The number of the CPU that runs this, or that ran it before: the compiler may ask once and keep the answer after the
 * caller has moved to another CPU. Only a hint, therefore; arch_cpu() tells exactly. */
static inline unsigned arch_cpu_hint(void) {
    const struct cpu *cpu;
    __asm__("mrs %0, tpidr_el1" : "=r"(cpu));
    return cpu->number;
}

#endif
