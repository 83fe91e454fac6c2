/* machine.c: CPUs, time, the console and the power switch. */
#include <boot/fdt.h>
#include <gic.h>
#include <kernel.h>
#include <kernel/firmware/tree.h>
#include <machine.h>
#include <psci.h>

/* ---- CPUs ----------------------------------------------------------------------------------------------- */

_Static_assert(offsetof(struct cpu, idle_stack) == CPU_IDLE_STACK, "entry.S");

#define AFFINITIES      0xFF00FFFFFFu /* of MPIDR_EL1: the id of a CPU in the device tree */
#define INTERRUPTS_MASK 0x80u         /* of DAIF: ordinary ones are off */

extern struct cpu cpus[];
extern char secondary_start[];
_Noreturn void aarch64_boot(quire_pa tree);
_Noreturn void aarch64_cpu_start(void);

quire_pa boot_tree;
static uint64_t boot_time;

static uint64_t read_time(void) {
    uint64_t time;
    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(time)::"memory");
    return time;
}

/* The cycle counter, 64 bits wide: PMCR_EL0 and PMCNTENSET_EL0. A processor need not have one: ID_AA64DFR0_EL1, PMUVer. */
static bool has_counter(void) {
    uint64_t features;
    __asm__("mrs %0, id_aa64dfr0_el1" : "=r"(features));
    return (features >> 8 & 15) != 0 && (features >> 8 & 15) != 15;
}

static void start_counter(void) {
    if (has_counter()) {
        __asm__ volatile(
            "msr pmuserenr_el0, xzr\n msr pmccfiltr_el0, xzr\n msr pmcr_el0, %0\n msr pmcntenset_el0, %1\n isb" ::"r"(
                (uint64_t)0x41),
            "r"((uint64_t)1 << 31));
    }
}

void aarch64_boot(quire_pa tree) {
    uint64_t mpidr;
    __asm__("mrs %0, mpidr_el1" : "=r"(mpidr));
    cpus[0].id = mpidr & AFFINITIES;
    boot_tree = tree;
    boot_time = read_time();
    start_counter();
    kernel_main(direct(tree));
}

void aarch64_cpu_start(void) {
    start_counter();
    if (!gic->start_cpu()) {
        panic("the interrupt controller does not know CPU %u (id 0x%lx)", arch_cpu()->number, arch_cpu()->id);
    }
    cpu_main();
}

struct cpu *arch_cpu(void) {
    struct cpu *cpu;
    __asm__ volatile("mrs %0, tpidr_el1" : "=r"(cpu));
    return cpu;
}

bool arch_interrupts_off(void) {
    uint64_t masked;
    __asm__ volatile("mrs %0, daif\n msr daifset, #2" : "=r"(masked)::"memory");
    return (masked & INTERRUPTS_MASK) == 0;
}

void arch_interrupts_restore(bool on) {
    if (on) {
        __asm__ volatile("msr daifclr, #2" ::: "memory");
    } else {
        __asm__ volatile("msr daifset, #2" ::: "memory");
    }
}

/* wfi ends when an interrupt is pending even while interrupts are off (DDI 0487, section D1.6.1), so one that arrives just
 * before it is not slept through. With the isb it is taken before interrupts are off again. */
void arch_wait(void) {
    __asm__ volatile("dsb sy\n wfi\n msr daifclr, #2\n isb\n msr daifset, #2" ::: "memory");
}

/* What is stored before is in memory for a CPU whose caches and paging are off: nothing but its argument, whose struct it
 * looks at when they are on. */
bool arch_cpu_start(struct cpu *cpu) {
    __asm__ volatile("dsb sy" ::: "memory");
    return psci_cpu_on(cpu->id, direct_pa(secondary_start), (uintptr_t)cpu);
}

void arch_cpu_poke(const struct cpu *cpu) {
    gic->poke(cpu);
}

/* ---- time ----------------------------------------------------------------------------------------------- */

/* The virtual counter and timer, the only ones that are EL1's under any hypervisor. CNTV_CTL_EL0: 1 is on. */

static uint64_t ticks_per_ms(void) {
    uint64_t hz;
    __asm__("mrs %0, cntfrq_el0" : "=r"(hz));
    return hz >= 1000 ? hz / 1000 : 1;
}

uint64_t arch_time_ms(void) {
    return (read_time() - boot_time) / ticks_per_ms();
}

void arch_timer_set(unsigned microseconds) {
    uint64_t at = read_time() + microseconds * ticks_per_ms() / 1000;
    __asm__ volatile("msr cntv_cval_el0, %0\n msr cntv_ctl_el0, %1\n isb" ::"r"(at), "r"((uint64_t)1) : "memory");
}

void arch_timer_off(void) {
    __asm__ volatile("msr cntv_ctl_el0, xzr\n isb" ::: "memory");
}

/* Cycles. On QEMU's processor with -icount shift=0 each instruction takes one; what a real one has for instructions is 32
 * bits wide. */
uint64_t arch_instructions(void) {
    uint64_t n_cycles = 0;
    if (has_counter()) {
        __asm__ volatile("isb\n mrs %0, pmccntr_el0" : "=r"(n_cycles)::"memory");
    }
    return n_cycles;
}

void arch_let_programs_count(void) {
    if (has_counter()) {
        __asm__ volatile("msr pmuserenr_el0, %0" ::"r"((uint64_t)1));
    }
}

/* ---- the console: a PL011 (Arm, DDI 0183, chapter 3) -------------------------------------------------------- */

enum { UART_DR = 0, UART_FR = 0x18 / 4, UART_CR = 0x30 / 4 };
enum { FR_NO_INPUT = 0x10, FR_FULL = 0x20, CR_ON = 0x301 };

static volatile uint32_t *uart = (volatile uint32_t *)(DEVICES_BASE + FIRST_UART);

void arch_putc(char c) {
    if (c == '\n') {
        arch_putc('\r');
    }
    while ((uart[UART_FR] & FR_FULL) != 0) {
        ;
    }
    uart[UART_DR] = (unsigned char)c;
}

int arch_getc(void) {
    return (uart[UART_FR] & FR_NO_INPUT) != 0 ? -1 : (int)(uart[UART_DR] & 0xFF);
}

/* ---- devices -------------------------------------------------------------------------------------------- */

const struct gic *gic;

void arch_devices(const struct quire_fdt *tree) {
    struct quire_region registers;
    paging_map_memory(tree);
    volatile uint32_t *found = quire_fdt_device(tree, "arm,pl011", &registers) ? device_map(&registers) : NULL;
    if (found != NULL) {
        uart = found;
        uart[UART_CR] = CR_ON;
    }
    psci_find(tree);
    gic = gic_v3.find(tree) ? &gic_v3 : &gic_v2;
    if ((gic == &gic_v2 && !gic->find(tree)) || !gic->start_cpu()) {
        panic("the device tree has no interrupt controller that the kernel knows: GICv2 or GICv3");
    }
}

/* Of semihosting, sections 6 and 7. */
enum { SYS_EXIT_EXTENDED = 0x20, APPLICATION_EXIT = 0x20026 };

/* The firmware's own power switch can not tell QEMU which exit status is meant: with it, that is success. */
_Noreturn void arch_poweroff(int status) {
    const uint64_t reason[2] = {APPLICATION_EXIT, (uint64_t)(status & 0xFF)};
    if (status != 0) {
        semihosting(SYS_EXIT_EXTENDED, reason);
    }
    psci_system_off();
    arch_interrupts_off();
    for (;;) {
        __asm__ volatile("wfi");
    }
}
