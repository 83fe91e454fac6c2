/* local.h: what a kernel promises that chooses local visits (quire/port.h), for -DQUIRE_PORT_CPU_H='"local.h"'. */
#ifndef LOCAL_H
#define LOCAL_H

#define QUIRE_PORT_LOCAL

unsigned quire_port_cpu(void);

/* world.c */
unsigned world_pin(void);
void world_unpin(void);

static inline unsigned quire_port_pin(void) {
    return world_pin();
}

static inline void quire_port_unpin(void) {
    world_unpin();
}

#endif
