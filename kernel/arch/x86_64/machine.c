/* machine.c: CPUs, the console and the power switch. */
#include <apic.h>
#include <kernel.h>
#include <machine.h>
#include <seat.h>
#include <x86.h>

_Static_assert(offsetof(struct cpu, idle_stack) == CPU_IDLE_STACK && offsetof(struct cpu, id) == CPU_ID, "entry.S");

extern struct cpu cpus[];
_Noreturn void x86_boot(uint32_t magic, quire_pa info);
_Noreturn void x86_start(struct seat *seat);

_Noreturn void x86_boot(uint32_t magic, quire_pa info) {
    static struct loaded loaded;
    loaded = (struct loaded){.magic = magic, .info = info};
    seat_take(seat_make(&cpus[0]));
    cpus[0].id = apic_id();
    kernel_main(&loaded);
}

/* ---- CPUs ----------------------------------------------------------------------------------------------- */

struct cpu *arch_cpu(void) {
    struct cpu *cpu;
    __asm__ volatile("movq %%gs:%c1, %0" : "=r"(cpu) : "i"(SEAT_CPU));
    return cpu;
}

#define RFLAGS_INTERRUPTS 0x200u

bool arch_interrupts_off(void) {
    uint64_t flags;
    __asm__ volatile("pushfq\n popq %0\n cli" : "=r"(flags)::"memory");
    return (flags & RFLAGS_INTERRUPTS) != 0;
}

void arch_interrupts_restore(bool on) {
    if (on) {
        __asm__ volatile("sti" ::: "memory");
    } else {
        __asm__ volatile("cli" ::: "memory");
    }
}

/* No interrupt is taken between sti and the next instruction, so none is slept through. */
void arch_wait(void) {
    __asm__ volatile("sti\n hlt\n cli" ::: "memory");
}

void arch_cpu_poke(const struct cpu *cpu) {
    apic_send(cpu->id, VECTOR_POKE);
}

quire_pa start_page = QUIRE_NONE;

static bool taken_within(struct seat *seat, unsigned ms) {
    for (uint64_t begin = arch_time_ms(); arch_time_ms() <= begin + ms;) {
        if (atomic_load(&seat->taken)) {
            return true;
        }
    }
    return false;
}

enum { START_MS = 20, START_AGAIN_MS = 10000 };

/* The second call to start is for CPUs that miss the first (manual, volume 3A, section 9.4.4); the others do not notice it.
 * One that comes later still finds its seat, and works. What follows the code is copied, too, and does no harm. */
bool arch_cpu_start(struct cpu *cpu) {
    extern char other_start[];
    if (start_page == QUIRE_NONE) {
        return false;
    }
    struct seat *seat = seat_make(cpu);
    memcpy(direct(start_page), other_start, PAGE_BYTES);
    apic_send_init(cpu->id);
    apic_send_start(cpu->id, (uint32_t)start_page);
    if (!taken_within(seat, START_MS)) {
        apic_send_start(cpu->id, (uint32_t)start_page);
    }
    return taken_within(seat, START_AGAIN_MS);
}

_Noreturn void x86_start(struct seat *seat) {
    seat_take(seat);
    apic_switch_on();
    atomic_store(&seat->taken, true);
    cpu_main();
}

/* ---- devices -------------------------------------------------------------------------------------------- */

/* A 16550 at the first serial port, as the firmware has set it up. */
enum { SERIAL_DATA = 0x3F8, SERIAL_STATE = 0x3FD, SERIAL_RECEIVED = 1, SERIAL_MAY_SEND = 32 };

static void send_serial(char c) {
    while ((read_port8(SERIAL_STATE) & SERIAL_MAY_SEND) == 0) {
        ;
    }
    write_port8(SERIAL_DATA, (uint8_t)c);
}

void arch_putc(char c) {
    if (c == '\n') {
        send_serial('\r');
    }
    send_serial(c);
}

int arch_getc(void) {
    return (read_port8(SERIAL_STATE) & SERIAL_RECEIVED) != 0 ? read_port8(SERIAL_DATA) : -1;
}

/* QEMU's PC is off when "soft off" is written to its power management (ICH9 data sheet, PM1_CNT), which its firmware puts
 * at port 0x600. Its device isa-debug-exit ends it with a status (hw/misc/debugexit.c). */
enum { PORT_EXIT = 0xF4, PORT_POWER = 0x604, POWER_OFF = 1 << 13 };

_Noreturn void arch_poweroff(int status) {
    arch_interrupts_off();
    if (status != 0) {
        write_port32(PORT_EXIT, (uint32_t)status & 0xFF);
    }
    write_port16(PORT_POWER, POWER_OFF);
    for (;;) {
        __asm__ volatile("hlt");
    }
}
