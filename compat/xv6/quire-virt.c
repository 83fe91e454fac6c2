/* quire-virt.c: the machine that the RISC-V xv6 runs on, QEMU's "virt" board without firmware (-bios none).
 *
 * How much RAM there is stands in the device tree. The code in the boot ROM that jumps to the kernel passes the
 * tree's address in a1; xv6's entry.S does not keep it, but in the ROM it still stands (QEMU 7.2, hw/riscv/boot.c,
 * riscv_setup_rom_reset_vec). xv6's memlayout.h relies on that ROM, too. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
#include "memlayout.h"
#include "spinlock.h"
#include "riscv.h"
#include "defs.h"
/* clang-format on */
#include "fdt.h"
#include "quire-xv6.h"
#include <quire/port.h>

/* The address of the word that holds the device tree's. A kernel that keeps what was in a1 says where, by
 * -DROM_DEVICE_TREE=... */
#ifndef ROM_DEVICE_TREE
#define ROM_DEVICE_TREE 0x1020
#endif
#define MAX_TREE_BYTES (1u << 20)
#define MAX_REGIONS    16

extern char end[];

/* tp holds the hart's number, and may be read at any time. */
unsigned quire_port_cpu(void) {
    return (unsigned)r_tp();
}

/* Memory is mapped where it is, before and after paging is on. */
void *quire_port_map(quire_pa pa) {
    return (void *)pa;
}

/* Up to PHYSTOP where there is no device tree or it makes no sense; no further, because the kernel maps no further. */
quire_pa xv6_ram_end(void) {
    static struct quire_region space[MAX_REGIONS];
    struct quire_regions map = {.at = space, .capacity = MAX_REGIONS};
    struct quire_fdt tree;
    uint64 pa = *(volatile uint64 *)ROM_DEVICE_TREE;
    if (pa < KERNBASE || quire_fdt_open(&tree, (const void *)pa, MAX_TREE_BYTES, 0, 0) != QUIRE_FDT_OK) {
        return PHYSTOP;
    }
    quire_fdt_regions(&tree, &map);
    quire_regions_add(&map, 0, (uint64)end, QUIRE_RESERVED);
    if (!quire_regions_normalise(&map) || map.n == 0 || map.at[0].end > PHYSTOP) {
        return PHYSTOP;
    }
    return map.at[0].end;
}

void xv6_stop(char *message) {
    panic(message);
}
