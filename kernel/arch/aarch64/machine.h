/* machine.h: what the files of this folder do for each other: memory and registers of devices made visible, and the way out
 * through the machine's debugger. */
#ifndef MACHINE_H
#define MACHINE_H

#include <arch.h>

extern quire_pa boot_tree; /* where the boot loader put the device tree */

/* Puts all memory of the tree into the direct map; paging_reach then says how much of it counts. paging.c */
struct quire_fdt;
void paging_map_memory(const struct quire_fdt *tree);

/* Makes a device's registers visible where the kernel sees them from then on; paging.c. NULL: they lie too high, or there
 * is no room for their tables. */
volatile uint32_t *device_map(const struct quire_region *registers);

/* The same registers, where they are seen already. */
static inline volatile uint32_t *device(quire_pa pa) {
    return (volatile uint32_t *)(uintptr_t)(DEVICES_BASE + pa);
}

/* QEMU's console, until the tree says better; it is mapped from the start. */
#define FIRST_UART 0x09000000

/* A call of whoever simulates this machine (Semihosting for AArch32 and AArch64, Arm 100863). Where nobody listens its
 * first instruction is an illegal one; trap.c goes on after it, and the function returns. vector.S */
void semihosting(uint64_t call, const void *parameters);

#endif
