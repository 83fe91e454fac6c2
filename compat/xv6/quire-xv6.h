/* quire-xv6.h: what the files that put Quire into an xv6 kernel share.
 *
 *   kalloc-*.c    the functions that the kernel calls; one of them replaces the kernel's kalloc.c
 *   quire-xv6.c   the one allocator of the kernel, and its faults as panics
 *   quire-virt.c  the machine: QEMU's "virt" board, RISC-V
 *   quire-pc.c    the machine: a PC, 32-bit x86
 *
 * docs/xv6.md says which of them to copy where. For another board, write the four functions of quire-virt.c anew. */
#ifndef QUIRE_XV6_H
#define QUIRE_XV6_H

#include <quire/quire.h>

#define XV6_TAG 0 /* kalloc is not told what its pages are for */

/* A call that finds a fault does not return (quire_port_fault panics), so that its status needs no look. */

/* ---- quire-xv6.c ---------------------------------------------------------------------------------------- */

extern struct quire *xv6_memory; /* NULL until xv6_init */

/* Makes the allocator from the whole pages of [base, end), physical addresses; or adds such a range to it, of which
 * nothing is left to add if it has no whole page. What can not be done stops the kernel with a message that begins with
 * `caller`. */
void xv6_init(const char *caller, quire_pa base, quire_pa end, enum quire_content content);
void xv6_add(const char *caller, quire_pa base, quire_pa end);

/* ---- the machine: quire-virt.c or quire-pc.c, which hold quire_port_cpu and quire_port_map, too -------------- */

/* The end of the RAM that the kernel's image lies in, as far as the machine tells; never more than PHYSTOP. To be
 * asked while only one CPU runs. */
quire_pa xv6_ram_end(void);

/* panic(), where the message can be seen even if the console does not work yet. */
_Noreturn void xv6_stop(char *message);

#endif
