/* quire_cpu.h: the number of this CPU for the allocator, which asks in each call (QUIRE_PORT_CPU_H); and, where this kernel is
 * built with LOCAL=1, the promise that spares it locked instructions (quire/port.h). */
#ifndef QUIRE_CPU_H
#define QUIRE_CPU_H

#include <cpu.h>

static inline unsigned quire_port_cpu(void) {
    return arch_cpu_hint();
}

#ifdef KERNEL_LOCAL
#define QUIRE_PORT_LOCAL

/* Kernel code stays on its CPU until it waits (PREEMPTIBLE), and the allocator does not. */
static inline unsigned quire_port_pin(void) {
    return arch_cpu_hint();
}

static inline void quire_port_unpin(void) {}
#endif

#endif
