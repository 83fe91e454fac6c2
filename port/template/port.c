/* port.c: the hooks, empty, to copy into a kernel. The contract of each is in quire/port.h. */
#include <quire/port.h>
#include <stddef.h>

/* The number of this CPU, from wherever the kernel keeps it: a register, a per-CPU variable. */
unsigned quire_port_cpu(void) {
    return 0;
}

/* Where physical memory can be touched: the kernel's direct map, `pa` itself where paging is off. */
void *quire_port_map(quire_pa pa) {
    (void)pa;
    return NULL;
}

/* A misuse or damage was found: print what `fault` says, and stop. */
void quire_port_fault(const struct quire_fault *fault) {
    (void)fault;
    for (;;) {}
}

#ifdef QUIRE_PORT_LOCAL
/* For local visits: send that CPU an interrupt, whose handler executes a full memory barrier, and wait until it has. False
 * where waiting could be for ever: with interrupts off, in an NMI. True at once for this CPU itself. */
bool quire_port_fence(unsigned cpu) {
    return cpu == quire_port_cpu();
}
#endif
