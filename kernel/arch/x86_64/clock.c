/* clock.c: time: the time-stamp counter to read it, and the APIC's timer to be woken. Nothing says how fast they are, so
 * they are compared with the interval timer of the PC, whose speed is known: 1193182 Hz (Intel 8254; its third counter can
 * be read without an interrupt, through port 0x61).
 *
 * With QEMU's -icount shift=0 the time-stamp counter counts instructions. */
#include <apic.h>
#include <kernel.h>
#include <machine.h>
#include <x86.h>

enum { PORT_COUNTER = 0x42, PORT_MODE = 0x43, PORT_GATE = 0x61 };
enum { MODE_ONCE = 0xB0, GATE_OPEN = 1, GATE_SPEAKER = 2, GATE_OUT = 32 };
enum { PIT_HZ = 1193182, N_ROUNDS = 3, ROUND_MS = 1, ROUND_COUNTS = PIT_HZ * ROUND_MS / 1000 };
#define PATIENCE 10000000u /* looks at a timer that may not be there */

static uint64_t tsc_per_ms = 1000000, boot_tsc;
static uint32_t apic_per_ms = 1000;

/* Both counts in one round. False: the timer does not run. */
static bool measure(uint64_t *tsc, uint32_t *apic) {
    write_port8(PORT_GATE, (uint8_t)((read_port8(PORT_GATE) & ~(unsigned)GATE_SPEAKER) | GATE_OPEN));
    write_port8(PORT_MODE, MODE_ONCE);
    write_port8(PORT_COUNTER, (uint8_t)ROUND_COUNTS);
    uint64_t tsc_before = read_tsc();
    apic_timer_set(UINT32_MAX);
    write_port8(PORT_COUNTER, ROUND_COUNTS >> 8); /* begins */
    unsigned n_looks = 0;
    while ((read_port8(PORT_GATE) & GATE_OUT) == 0 && n_looks < PATIENCE) {
        n_looks++;
    }
    *apic = UINT32_MAX - apic_timer_left();
    *tsc = read_tsc() - tsc_before;
    apic_timer_set(0);
    return n_looks < PATIENCE;
}

/* The shortest of a few rounds: whatever comes in between, a virtual machine's host for one, makes them longer. */
void clock_open(void) {
    uint64_t least_tsc = UINT64_MAX, tsc;
    uint32_t least_apic = UINT32_MAX, apic;
    boot_tsc = read_tsc();
    for (unsigned i = 0; i < N_ROUNDS; i++) {
        if (!measure(&tsc, &apic)) {
            print("kernel: no interval timer: how fast time passes is a guess\n");
            return;
        }
        least_tsc = tsc < least_tsc ? tsc : least_tsc;
        least_apic = apic < least_apic ? apic : least_apic;
    }
    tsc_per_ms = least_tsc / ROUND_MS;
    apic_per_ms = least_apic / ROUND_MS;
}

uint64_t arch_time_ms(void) {
    return (read_tsc() - boot_tsc) / tsc_per_ms;
}

void arch_timer_set(unsigned microseconds) {
    uint64_t n = (uint64_t)microseconds * apic_per_ms / 1000;
    apic_timer_set(n == 0 ? 1 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n);
}

void arch_timer_off(void) {
    apic_timer_set(0);
}

uint64_t arch_instructions(void) {
    return read_tsc();
}

void arch_let_programs_count(void) {
    /* They may always. */
}
