/* machine.c: harts, time, the console and the power switch. */
#include <arch.h>
#include <boot/fdt.h>
#include <kernel/firmware/tree.h>
#include <sbi.h>

#define SSTATUS_SIE 0x2u /* interrupts are on: Privileged Architecture, section 4.1.1 */

static uint64_t ticks_per_ms = 10000; /* QEMU's 10 MHz, until the device tree says better */
static uint64_t boot_time;
static volatile uint32_t *test_device; /* QEMU's power switch, or NULL */

static uint64_t read_time(void) {
    uint64_t time;
    __asm__ volatile("csrr %0, time" : "=r"(time));
    return time;
}

/* ---- harts ---------------------------------------------------------------------------------------------- */

_Static_assert(offsetof(struct cpu, trap_stack) == CPU_STACK, "vector.S");
_Static_assert(offsetof(struct cpu, trap_scratch) == CPU_SCRATCH, "vector.S");
_Static_assert(offsetof(struct cpu, idle_stack) == CPU_IDLE_STACK, "entry.S");
_Static_assert(offsetof(struct cpu, id) == CPU_ID && sizeof(struct cpu) == CPU_BYTES, "entry.S");

extern struct cpu cpus[];
extern char _start[];
_Noreturn void riscv_boot(uint64_t hart, quire_pa tree);

_Noreturn void riscv_boot(uint64_t hart, quire_pa tree) {
    cpus[0].id = hart;
    boot_time = read_time();
    kernel_main(direct(tree));
}

struct cpu *arch_cpu(void) {
    struct cpu *cpu;
    __asm__ volatile("mv %0, tp" : "=r"(cpu));
    return cpu;
}

bool arch_interrupts_off(void) {
    uint64_t status;
    __asm__ volatile("csrrci %0, sstatus, %1" : "=r"(status) : "i"(SSTATUS_SIE) : "memory");
    return (status & SSTATUS_SIE) != 0;
}

void arch_interrupts_restore(bool on) {
    if (on) {
        __asm__ volatile("csrsi sstatus, %0" ::"i"(SSTATUS_SIE) : "memory");
    } else {
        arch_interrupts_off();
    }
}

/* wfi ends when an interrupt is pending even while interrupts are off (Privileged Architecture, 3.3.3), so one that
 * arrives just before it is not slept through. */
void arch_wait(void) {
    __asm__ volatile("wfi" ::: "memory");
    arch_interrupts_restore(true);
    arch_interrupts_off();
}

bool arch_cpu_start(struct cpu *cpu) {
    return sbi_hart_start(cpu->id, direct_pa(_start));
}

void arch_cpu_poke(const struct cpu *cpu) {
    sbi_send_ipi(cpu->id);
}

/* ---- time ----------------------------------------------------------------------------------------------- */

uint64_t arch_time_ms(void) {
    return (read_time() - boot_time) / ticks_per_ms;
}

void arch_timer_set(unsigned microseconds) {
    sbi_set_timer(read_time() + microseconds * ticks_per_ms / 1000);
}

void arch_timer_off(void) {
    sbi_set_timer(UINT64_MAX);
}

uint64_t arch_instructions(void) {
    uint64_t n_instructions;
    __asm__ volatile("csrr %0, instret" : "=r"(n_instructions)::"memory");
    return n_instructions;
}

/* Bit IR of scounteren (Privileged Architecture, section 4.1.5). */
void arch_let_programs_count(void) {
    __asm__ volatile("csrs scounteren, %0" ::"r"(1u << 2));
}

/* ---- devices -------------------------------------------------------------------------------------------- */

void arch_devices(const struct quire_fdt *tree) {
    if (quire_fdt_timebase_hz(tree) >= 1000) {
        ticks_per_ms = quire_fdt_timebase_hz(tree) / 1000;
    }
    struct quire_region registers;
    if (quire_fdt_device(tree, "sifive,test0", &registers) && registers.end <= direct_end) {
        test_device = direct(registers.base);
    }
}

void arch_putc(char c) {
    if (c == '\n') {
        sbi_console_putchar('\r');
    }
    sbi_console_putchar(c);
}

int arch_getc(void) {
    return sbi_console_getchar();
}

/* The device takes 0x5555 for success, and 0x3333 with an exit status above it for failure: QEMU,
 * hw/misc/sifive_test.c. The firmware's own shutdown can not tell QEMU which exit status is meant; it is for machines
 * without the device. */
_Noreturn void arch_poweroff(int status) {
    if (test_device != NULL) {
        *test_device = status == 0 ? 0x5555u : (uint32_t)(status & 0xFF) << 16 | 0x3333u;
    }
    sbi_shutdown(status != 0);
    arch_interrupts_off();
    for (;;) {
        __asm__ volatile("wfi");
    }
}
