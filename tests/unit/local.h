/* local.h: what chooses local visits, for a program whose quire_port_cpu is a function, and whose threads have a number each
 * that does not change in the middle of a call: -DQUIRE_PORT_CPU_H='"tests/unit/local.h"'. */
#ifndef LOCAL_H
#define LOCAL_H

#define QUIRE_PORT_LOCAL

#ifdef __cplusplus
extern "C" {
#endif

unsigned quire_port_cpu(void);

#ifdef __cplusplus
}
#endif

static inline unsigned quire_port_pin(void) {
    return quire_port_cpu();
}

static inline void quire_port_unpin(void) {}

#endif
