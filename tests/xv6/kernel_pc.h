/* kernel_pc.h: the steps of the x86 kernel's start, for scenarios that look between them. */
#ifndef XV6_TEST_KERNEL_PC_H
#define XV6_TEST_KERNEL_PC_H

#define MAPPED_IN_PHASE_ONE (4u << 20)

#include <stdbool.h>

extern bool cmos_is_empty;        /* the clock does not say how much memory there is */
extern unsigned n_serial_is_busy; /* times that the serial line is asked in vain whether it is ready */

void power_on(void);   /* memory is mapped up to MAPPED_IN_PHASE_ONE */
void start_cpus(void); /* all memory is mapped, the other CPUs run */

#endif
