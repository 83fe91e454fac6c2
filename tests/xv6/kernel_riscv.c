/* kernel_riscv.c: the machine under the two RISC-V kernels: the hooks, and start-up on hart 0. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
#include "memlayout.h"
/* clang-format on */
#include "kernel.h"
#include "quire-xv6.h"
#include <quire/port.h>

void kinit(void);
_Noreturn void panic(char *message);

unsigned quire_port_cpu(void) {
    return this_cpu();
}

void *quire_port_map(quire_pa pa) {
    return (void *)pa;
}

quire_pa xv6_ram_end(void) {
    return machine_ram < PHYSTOP - KERNBASE ? KERNBASE + machine_ram : PHYSTOP;
}

void xv6_stop(char *message) {
    panic(message);
}

bool machine_port(uintptr_t *eip, uintptr_t *eax, uintptr_t edx) {
    (void)eip;
    (void)eax;
    (void)edx;
    return false;
}

void boot(void) {
    map_ram(PHYSTOP - KERNBASE);
    if (machine_ram < PHYSTOP - KERNBASE) {
        limit_ram(machine_ram);
    }
    set_interrupts(false);
    kinit();
    set_interrupts(true);
}
