/* kernel_pc.c: the machine under the x86 kernel: a local APIC, the ports of clock and serial line, and start-up in two
 * phases, the first with 4 MiB mapped and no way to take a lock, learn a CPU number or print. */
#include "kernel_pc.h"

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "defs.h"
#include "memlayout.h"
/* clang-format on */
#include "kernel.h"
#include <unistd.h>

volatile uint *lapic;
static uint lapic_registers[1];

int lapicid(void) {
    return lapic == 0 ? 0 : (int)this_cpu();
}

static size_t ram_up_to(size_t n_bytes) {
    return machine_ram < n_bytes ? (size_t)machine_ram : n_bytes;
}

/* ---- ports ----------------------------------------------------------------------------------------------- */

static uchar cmos_index;
bool cmos_is_empty;

static uchar cmos_read(void) {
    size_t n_bytes = ram_up_to(PHYSTOP);
    size_t above_1mib = (n_bytes - (1 << 20)) >> 10;
    size_t above_16mib = n_bytes > 16 << 20 ? (n_bytes - (16 << 20)) >> 16 : 0;
    if (above_1mib > 0xFFFF) {
        above_1mib = 0xFFFF;
    }
    if (cmos_is_empty) {
        return 0;
    }
    switch (cmos_index) {
    case 0x30:
        return (uchar)above_1mib;
    case 0x31:
        return (uchar)(above_1mib >> 8);
    case 0x34:
        return (uchar)above_16mib;
    case 0x35:
        return (uchar)(above_16mib >> 8);
    default:
        return 0xFF;
    }
}

unsigned n_serial_is_busy;

static uchar serial_status(void) {
    enum { READY_TO_SEND = 0x20 };
    if (n_serial_is_busy > 0) {
        n_serial_is_busy--;
        return 0;
    }
    return READY_TO_SEND;
}

static uchar port_read(uintptr_t port) {
    return port == 0x71 ? cmos_read() : port == 0x3FD ? serial_status() : 0xFF;
}

static void port_write(uintptr_t port, uchar byte) {
    if (port == 0x70) {
        cmos_index = byte;
    } else if (port == 0x3F8) {
        (void)!write(STDOUT_FILENO, &byte, 1);
    }
}

bool machine_port(uintptr_t *eip, uintptr_t *eax, uintptr_t edx) {
    enum { IN_AL_DX = 0xEC, OUT_DX_AL = 0xEE }; /* Intel SDM volume 2, IN and OUT */
    const uchar *instruction = (const uchar *)*eip;
    if (*instruction == IN_AL_DX) {
        *eax = (*eax & ~(uintptr_t)0xFF) | port_read(edx & 0xFFFF);
    } else if (*instruction == OUT_DX_AL) {
        port_write(edx & 0xFFFF, (uchar)*eax);
    } else {
        return false;
    }
    ++*eip;
    return true;
}

/* ---- start-up -------------------------------------------------------------------------------------------- */

void power_on(void) {
    map_ram(PHYSTOP);
    limit_ram(ram_up_to(MAPPED_IN_PHASE_ONE));
    cpus_known = false;
    panic_shows = false;
    set_interrupts(false);
}

void start_cpus(void) {
    limit_ram(ram_up_to(PHYSTOP));
    lapic = lapic_registers;
    cpus_known = true;
    panic_shows = true;
}

void boot(void) {
    power_on();
    kinit1((void *)KERNEL_END, P2V(MAPPED_IN_PHASE_ONE));
    start_cpus();
    kinit2(P2V(MAPPED_IN_PHASE_ONE), P2V(PHYSTOP));
    set_interrupts(true);
}
