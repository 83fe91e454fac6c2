/* conformance.h: the conformance kit on this kernel's port. Does nothing without the option `kit`. */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include <kernel.h>

/* Before the other CPUs are started. `quiet` is memory that nobody writes to. */
void conformance_alone(const struct quire_region *quiet);

/* When n_started CPUs, the boot CPU among them, are at conformance_join, or will be; these call that once. */
void conformance_together(unsigned n_started);
void conformance_join(void);

bool conformance_runs(void); /* on all CPUs, now: each wants to be interrupted */
void conformance_tick(void); /* from each timer interrupt */

#endif
