/* record.c: prints the memory map that a machine has at boot to the serial port, and leaves QEMU.
 *
 * A line is "first last type", or "first empty type", as in the files of tests/boot/maps. It reads as little as it can, and shares nothing with
 * boot/. */
#include <stdint.h>

void record(uint32_t magic, uint32_t info);

struct entry {
    uint64_t base, n_bytes;
    uint32_t type;
};

static void out8(uint16_t port, uint8_t byte) {
    __asm__ volatile("outb %0, %1" : : "a"(byte), "Nd"(port));
}

static void print(const char *text) {
    for (; *text != '\0'; text++)
        out8(0x3F8, (uint8_t)*text);
}

static void print_number(uint64_t number) {
    print("0x");
    unsigned shift = 60;
    while (shift > 0 && number >> shift == 0)
        shift -= 4;
    for (;; shift -= 4) {
        out8(0x3F8, (uint8_t) "0123456789abcdef"[number >> shift & 15]);
        if (shift == 0)
            break;
    }
}

static void print_entry(const struct entry *e) {
    static const char *const types[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    print_number(e->base);
    print(" ");
    if (e->n_bytes == 0)
        print("empty");
    else
        print_number(e->base + e->n_bytes - 1);
    print(" ");
    print(e->type < 10 ? types[e->type] : "many");
    print("\n");
}

static const uint32_t *at(uint32_t address) {
    return (const uint32_t *)(uintptr_t)address;
}

static void print_list(uint32_t from, uint32_t end, uint32_t stride) {
    for (; from + 20 <= end; from += stride)
        print_entry((const struct entry *)at(from));
}

void record(uint32_t magic, uint32_t info) {
    if (at(info)[0] == 0x336EC578) { /* PVH, which leaves in EAX what was there */
        uint32_t from = at(info)[10];
        print_list(from, from + 24 * at(info)[12], 24);
    } else if (magic == 0x2BADB002) {
        uint32_t from = at(info)[12], end = from + at(info)[11];
        for (; from < end; from += 4 + *at(from))
            print_entry((const struct entry *)at(from + 4));
    } else if (magic == 0x36D76289) {
        for (uint32_t tag = info + 8; at(tag)[0] != 0; tag = (tag + at(tag)[1] + 7) & ~7u)
            if (at(tag)[0] == 6)
                print_list(tag + 16, tag + at(tag)[1], at(tag)[2]);
    }
    out8(0xF4, 0); /* isa-debug-exit: status 1 */
}
