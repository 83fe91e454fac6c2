/* gicv2.c: the interrupt controller, version 2: a distributor that all CPUs share, an interface that each sees as its own, at
 * the same address (Arm Generic Interrupt Controller, Architecture version 2.0, IHI 0048, chapter 4). At most 8 CPUs. */
#include <boot/fdt.h>
#include <gic.h>
#include <machine.h>

/* Registers of the distributor and of the interface, as numbers of words. */
enum { GICD_CTLR = 0, GICD_ISENABLER = 0x100 / 4, GICD_ITARGETSR = 0x800 / 4, GICD_SGIR = 0xF00 / 4 };
enum { GICC_CTLR = 0, GICC_PMR = 0x04 / 4, GICC_IAR = 0x0C / 4, GICC_EOIR = 0x10 / 4 };

static volatile uint32_t *distributor, *interface;
static uint8_t target[MAX_CPUS]; /* by number of the CPU: its bit in the distributor's lists */

static bool find(const struct quire_fdt *tree) {
    static const char *const names[] = {"arm,cortex-a15-gic", "arm,gic-400"};
    struct quire_region registers[2];
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (quire_fdt_device_registers(tree, names[i], registers, 2) >= 2) {
            distributor = device_map(&registers[0]);
            interface = device_map(&registers[1]);
            return distributor != NULL && interface != NULL;
        }
    }
    return false;
}

static bool start_cpu(void) {
    target[arch_cpu()->number] = (uint8_t)distributor[GICD_ITARGETSR]; /* the first word of these is each CPU's own */
    distributor[GICD_CTLR] = 1;
    distributor[GICD_ISENABLER] = 1u << GIC_POKE | 1u << GIC_TIMER;
    interface[GICC_PMR] = 0xFF; /* however little urgent */
    interface[GICC_CTLR] = 1;
    return true;
}

static uint32_t acknowledge(void) {
    return interface[GICC_IAR];
}

static void end(uint32_t acknowledged) {
    interface[GICC_EOIR] = acknowledged;
}

static void poke(const struct cpu *cpu) {
    __asm__ volatile("dsb ishst" ::: "memory");
    distributor[GICD_SGIR] = (uint32_t)target[cpu->number] << 16 | GIC_POKE;
}

const struct gic gic_v2 = {find, start_cpu, acknowledge, end, poke};
