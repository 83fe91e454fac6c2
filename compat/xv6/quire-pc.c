/* quire-pc.c: the machine that the 32-bit x86 xv6 runs on, a PC.
 *
 * How much RAM there is stands in the battery-backed memory of the clock (CMOS), where the BIOS leaves it: two words
 * that hold it in units of 64 KiB above 16 MiB and, failing that, in units of 1 KiB above 1 MiB (Ralf Brown's CMOS
 * memory map, registers 30h, 31h, 34h, 35h; QEMU hw/i386/pc.c fills them in, too). Unlike the BIOS's own list (INT
 * 15h, E820h) it can be read in protected mode. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "defs.h"
#include "param.h"
#include "memlayout.h"
/* clang-format on */
#include "quire-xv6.h"
#include <quire/port.h>

#define CMOS_INDEX       0x70
#define CMOS_DATA        0x71
#define CMOS_ABOVE_1MIB  0x30 /* the low byte; the high one follows */
#define CMOS_ABOVE_16MIB 0x34

#define SERIAL_DATA   0x3F8 /* COM1, a 16550 */
#define SERIAL_STATUS (SERIAL_DATA + 5)
#define SERIAL_READY  0x20 /* in the status: the transmitter takes a byte */

#define KIB ((quire_pa)1 << 10)
#define MIB ((quire_pa)1 << 20)

static uchar port_in(ushort port) {
    uchar byte;
    __asm__ volatile("inb %1, %0" : "=a"(byte) : "d"(port));
    return byte;
}

static void port_out(ushort port, uchar byte) {
    __asm__ volatile("outb %0, %1" : : "a"(byte), "d"(port));
}

/* The local APIC's number for this CPU. 0 until the APIC was found; unlike mycpu(), it may be asked at any time. */
unsigned quire_port_cpu(void) {
    return (unsigned)lapicid() % NCPU;
}

void *quire_port_map(quire_pa pa) {
    return (void *)((uint)pa + KERNBASE);
}

static uint cmos_word(uchar at) {
    port_out(CMOS_INDEX, at);
    uint low = port_in(CMOS_DATA);
    port_out(CMOS_INDEX, (uchar)(at + 1));
    return low | (uint)port_in(CMOS_DATA) << 8;
}

/* Up to PHYSTOP where nothing is known; no further, because the kernel maps no further. */
quire_pa xv6_ram_end(void) {
    quire_pa ram_end = PHYSTOP;
    uint above_16mib = cmos_word(CMOS_ABOVE_16MIB);
    uint above_1mib = cmos_word(CMOS_ABOVE_1MIB);
    if (above_16mib != 0) {
        ram_end = 16 * MIB + above_16mib * 64 * KIB;
    } else if (above_1mib != 0) {
        ram_end = 1 * MIB + above_1mib * KIB;
    }
    return ram_end < PHYSTOP ? ram_end : PHYSTOP;
}

/* Waits for the transmitter, but not for ever: there may be none. */
static void serial_put(char c) {
    for (uint i = 0; i < 100000 && (port_in(SERIAL_STATUS) & SERIAL_READY) == 0; i++) {}
    port_out(SERIAL_DATA, (uchar)c);
}

/* Before the kernel has found its CPUs it has no serial line, and panic() can be read on the screen alone, if there
 * is one. */
void xv6_stop(char *message) {
    if (lapic == 0) {
        for (const char *c = message; *c != 0; c++) {
            serial_put(*c);
        }
        serial_put('\n');
    }
    panic(message);
}
