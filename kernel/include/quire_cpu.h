/* quire_cpu.h: the number of this CPU for the allocator, which asks in each call (QUIRE_PORT_CPU_H). */
#ifndef QUIRE_CPU_H
#define QUIRE_CPU_H

#include <cpu.h>

static inline unsigned quire_port_cpu(void) {
    return arch_cpu_hint();
}

#endif
