/* cpu_number.h: for QUIRE_PORT_CPU_H, of a kernel with one CPU. */
#ifndef CPU_NUMBER_H
#define CPU_NUMBER_H

static inline unsigned quire_port_cpu(void) {
    return 0;
}

#endif
