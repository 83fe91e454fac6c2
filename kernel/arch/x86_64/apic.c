/* apic.c: the local APIC. Its registers are 32 bits at multiples of 16 bytes; in x2APIC mode the same ones are
 * model-specific registers, and the one for sending has 64 bits, for longer ids. */
#include <apic.h>
#include <arch.h>
#include <seat.h>
#include <x86.h>

enum {
    APIC_PRIORITY = 0x80,
    APIC_END = 0xB0,
    APIC_SPURIOUS = 0xF0,
    APIC_SEND = 0x300,
    APIC_SEND_TO = 0x310,
    APIC_TIMER = 0x320,
    APIC_LINE_0 = 0x350,
    APIC_LINE_1 = 0x360,
    APIC_INITIAL = 0x380,
    APIC_CURRENT = 0x390,
    APIC_DIVIDE = 0x3E0,
};

#define BASE_LONG_IDS ((uint64_t)1 << 10) /* of MSR_APIC_BASE */
#define BASE_ON       ((uint64_t)1 << 11)
#define SPURIOUS_ON   0x100u
#define MASKED        0x10000u
#define DIVIDE_BY_16  3u
#define SEND_INIT     0x4500u
#define SEND_START    0x4600u
#define SEND_PENDING  0x1000u

static volatile uint32_t *registers;
static bool long_ids;

static uint32_t read(unsigned at) {
    return long_ids ? (uint32_t)read_msr(MSR_X2APIC + at / 16) : registers[at / 4];
}

static void write(unsigned at, uint32_t value) {
    if (long_ids) {
        write_msr(MSR_X2APIC + at / 16, value);
    } else {
        registers[at / 4] = value;
    }
}

bool apic_use_long_ids(void) {
    long_ids = (cpuid(1, 0).c >> 21 & 1) != 0;
    return long_ids;
}

void apic_open(uint64_t at) {
    registers = direct(at);
    if ((read_msr(MSR_APIC_BASE) & BASE_LONG_IDS) != 0) {
        apic_use_long_ids(); /* the firmware has turned it on, and there is no simple way back */
    }
}

void apic_switch_on(void) {
    write_msr(MSR_APIC_BASE, read_msr(MSR_APIC_BASE) | BASE_ON | (long_ids ? BASE_LONG_IDS : 0));
    write(APIC_PRIORITY, 0);
    write(APIC_LINE_0, MASKED);
    write(APIC_LINE_1, MASKED);
    write(APIC_DIVIDE, DIVIDE_BY_16);
    write(APIC_TIMER, VECTOR_TIMER);
    write(APIC_SPURIOUS, SPURIOUS_ON | VECTOR_SPURIOUS);
}

/* As the processor knows it: leaf 11 has all of it, where there is one. */
uint32_t apic_id(void) {
    bool has_leaf = cpuid(0, 0).a >= 11 && cpuid(11, 0).b != 0;
    return has_leaf ? cpuid(11, 0).d : cpuid(1, 0).b >> 24;
}

void apic_end_of_interrupt(void) {
    write(APIC_END, 0);
}

/* Interrupts are off meanwhile: a handler may send, too. */
static void send(uint64_t id, uint32_t command) {
    bool on = arch_interrupts_off();
    if (long_ids) {
        __asm__ volatile("mfence" ::: "memory"); /* what was written before it is seen before (manual, 11.12.3) */
        write_msr(MSR_X2APIC + APIC_SEND / 16, id << 32 | command);
    } else {
        while ((registers[APIC_SEND / 4] & SEND_PENDING) != 0) {
            ;
        }
        registers[APIC_SEND_TO / 4] = (uint32_t)id << 24;
        registers[APIC_SEND / 4] = command;
    }
    arch_interrupts_restore(on);
}

void apic_send(uint64_t id, unsigned vector) {
    send(id, vector);
}

void apic_send_init(uint64_t id) {
    send(id, SEND_INIT);
}

void apic_send_start(uint64_t id, uint32_t page) {
    send(id, SEND_START | page >> 12);
}

void apic_timer_set(uint32_t n_counts) {
    write(APIC_INITIAL, n_counts);
}

uint32_t apic_timer_left(void) {
    return read(APIC_CURRENT);
}
