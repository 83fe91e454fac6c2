/* host_local.h: on POSIX, what chooses local visits, for -DQUIRE_PORT_CPU_H='"host_local.h"'. The promise is the program's:
 * no two threads have the same number (host_set_cpu), and none gets another one in the middle of a call. A signal is an
 * interrupt. */
#ifndef HOST_LOCAL_H
#define HOST_LOCAL_H

#include "host_cpu.h"

#define QUIRE_PORT_LOCAL

#ifdef __cplusplus
extern "C" {
#endif

static inline unsigned quire_port_pin(void) {
    return quire_port_cpu();
}

static inline void quire_port_unpin(void) {}

#ifdef __cplusplus
}
#endif

#endif
