/* cpu.h: what is asked so often that a function call would be most of the answer. */
#ifndef CPU_H
#define CPU_H

#include <layout.h>

/* The number of the CPU that runs this, or that ran it before: the compiler may ask once and keep the answer after the
 * caller has moved to another CPU. Only a hint, therefore; arch_cpu() tells exactly. */
static inline unsigned arch_cpu_hint(void) {
    unsigned number;
    __asm__("movl %%gs:%c1, %0" : "=r"(number) : "i"(SEAT_NUMBER));
    return number;
}

#endif
