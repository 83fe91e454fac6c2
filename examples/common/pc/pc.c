/* pc.c: how the examples for PCs print and end: on the first serial port, and by a device that QEMU has for that. */
#include "pc.h"
#include <example.h>

enum { COM1 = 0x3F8, LINE_STATUS = COM1 + 5, SENT = 0x20 };
enum { DEBUG_EXIT = 0xF4, PASSED = 16 }; /* QEMU ends with status 2 * value + 1: 33 says passed */

static void out_byte(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in_byte(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

void console_put(char c) {
    while ((in_byte(LINE_STATUS) & SENT) == 0) {
        ;
    }
    out_byte(COM1, (uint8_t)c);
}

void machine_exit(int status) {
    out_byte(DEBUG_EXIT, status == 0 ? PASSED : (uint8_t)status);
    for (;;) {
        __asm__ volatile("cli; hlt"); /* a PC without that device */
    }
}

void print_problem(void *context, const struct quire_boot_problem *problem) {
    (void)context;
    print("%s, entry %u: %s (%x, %x bytes)\n", problem->where, problem->entry, quire_boot_status_text(problem->status),
          problem->base, problem->n_bytes);
}
