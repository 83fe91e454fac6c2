/* machine.h: what the files of this architecture know of each other. */
#ifndef MACHINE_H
#define MACHINE_H

#include <quire/region.h>

/* How the loader left the machine: what kernel_main gets. */
struct loaded {
    uint32_t magic; /* says which loader it was */
    quire_pa info;  /* its structure */
};

void clock_open(void); /* finds out how fast time passes; interrupts are off */

extern quire_pa start_page; /* a page below 1 MiB for CPUs to start in; QUIRE_NONE: there is none */

#endif
