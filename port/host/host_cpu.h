/* host_cpu.h: quire_port_cpu on POSIX as an inline function, for -DQUIRE_PORT_CPU_H='"host_cpu.h"'. */
#ifndef HOST_CPU_H
#define HOST_CPU_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline unsigned quire_port_cpu(void) {
    return host_this_cpu;
}

#ifdef __cplusplus
}
#endif

#endif
