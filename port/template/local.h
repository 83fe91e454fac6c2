/* local.h: the promise that spares locked instructions, to copy into a kernel that can make it, for
 * -DQUIRE_PORT_CPU_H='"local.h"'. As it stands it is for calls that are never moved. The contract is in quire/port.h; port.c
 * beside this has quire_port_fence. */
#ifndef LOCAL_H
#define LOCAL_H

#define QUIRE_PORT_LOCAL

#ifdef __cplusplus
extern "C" {
#endif

unsigned quire_port_cpu(void);

/* From here on the caller stays on this CPU, whose number this returns: say so to the scheduler. Nothing to do where kernel
 * code is never moved. */
static inline unsigned quire_port_pin(void) {
    return quire_port_cpu();
}

/* Until here. */
static inline void quire_port_unpin(void) {}

#ifdef __cplusplus
}
#endif

#endif
