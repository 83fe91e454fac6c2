/* kernel_riscv.c: the machine under the two RISC-V kernels: the board's own file, with a ROM and a hart number that can be
 * had in a process, and start-up on hart 0. */
#include "kernel.h"
#include "trees.h"
#include "types.h"

uint64_t rom_device_tree;

static uint64 r_tp(void) {
    return this_cpu();
}

#define ROM_DEVICE_TREE (&rom_device_tree)
#include "../../compat/xv6/quire-virt.c"

bool machine_port(uintptr_t *eip, uintptr_t *eax, uintptr_t edx) {
    (void)eip;
    (void)eax;
    (void)edx;
    return false;
}

/* As QEMU does: the tree lies at the end of RAM. */
static void put_tree(uint64 n_bytes) {
    const struct bank memory[] = {{KERNBASE, n_bytes}, {0}}, none[] = {{0}};
    rom_device_tree = KERNBASE + n_bytes - TREE_BYTES;
    make_tree((void *)rom_device_tree, memory, none);
}

void boot(void) {
    uint64 most = PHYSTOP - KERNBASE, n_bytes = machine_ram < most ? machine_ram : most;
    map_ram(most);
    limit_ram(n_bytes);
    put_tree(n_bytes);
    set_interrupts(false);
    kinit();
    set_interrupts(true);
}
