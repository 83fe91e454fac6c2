/* gicv3.c: the interrupt controller, version 3 and 4: a distributor that all CPUs share, a redistributor for each, and system
 * registers for what is done often (Arm Generic Interrupt Controller Architecture Specification, IHI 0069, chapter 12).
 *
 * The redistributors lie side by side in a few regions of the device tree, one after the other. Each says which CPU it is
 * for, by the same affinity that the CPU says of itself and that is its id in the tree. */
#include <boot/fdt.h>
#include <gic.h>
#include <machine.h>

#define MAX_REGIONS 8u
#define FRAME_WORDS (0x10000u / 4) /* a redistributor has two frames; */
#define HAS_FOUR    2u             /* GICR_TYPER.VLPIS: or four */
#define CONTROL     0x12u          /* GICD_CTLR: affinities, interrupts of group 1 */
#define ASLEEP      4u             /* GICR_WAKER.ChildrenAsleep; above it is ProcessorSleep */
#define BOTH        (1u << GIC_POKE | 1u << GIC_TIMER)

/* Registers, as numbers of words; those of a redistributor's second frame with that. */
enum { GICD_CTLR = 0 };
enum { GICR_TYPER = 0x8 / 4, GICR_WAKER = 0x14 / 4 };
enum { GICR_IGROUPR0 = FRAME_WORDS + 0x80 / 4, GICR_ISENABLER0 = FRAME_WORDS + 0x100 / 4 };

static volatile uint32_t *distributor;
static struct quire_region redistributors[MAX_REGIONS];
static unsigned n_redistributors;

static bool find(const struct quire_fdt *tree) {
    struct quire_region registers[1 + MAX_REGIONS];
    size_t n = quire_fdt_device_registers(tree, "arm,gic-v3", registers, 1 + MAX_REGIONS);
    if (n < 2) {
        return false;
    }
    distributor = device_map(&registers[0]);
    for (size_t i = 1; i < n && i <= MAX_REGIONS; i++) {
        if (device_map(&registers[i]) != NULL) {
            redistributors[n_redistributors++] = registers[i];
        }
    }
    if (distributor == NULL) {
        return false;
    }
    distributor[GICD_CTLR] = CONTROL;
    return true;
}

static uint32_t own_affinity(void) {
    uint64_t mpidr;
    __asm__ volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
    return (uint32_t)(mpidr >> 8 & 0xFF000000) | (uint32_t)(mpidr & 0xFFFFFF);
}

/* The first region that has the CPU ends the search: after the redistributors a tree may list something else. */
static volatile uint32_t *own_redistributor(void) {
    uint32_t own = own_affinity();
    for (unsigned i = 0; i < n_redistributors; i++) {
        volatile uint32_t *at = device(redistributors[i].base), *region_end = device(redistributors[i].end);
        while (at < region_end) {
            if (at[GICR_TYPER + 1] == own) {
                return at;
            }
            at += FRAME_WORDS * ((at[GICR_TYPER] & HAS_FOUR) != 0 ? 4 : 2);
        }
    }
    return NULL;
}

static bool start_cpu(void) {
    volatile uint32_t *own = own_redistributor();
    if (own == NULL) {
        return false;
    }
    own[GICR_WAKER] = 0;
    while ((own[GICR_WAKER] & ASLEEP) != 0) {
        ;
    }
    own[GICR_IGROUPR0] = BOTH;
    own[GICR_ISENABLER0] = BOTH;
    __asm__ volatile("msr s3_0_c12_c12_5, %0\n isb" ::"r"((uint64_t)1)); /* ICC_SRE_EL1: registers, not memory */
    __asm__ volatile("msr s3_0_c4_c6_0, %0" ::"r"((uint64_t)0xFF));      /* ICC_PMR_EL1: however little urgent */
    __asm__ volatile("msr s3_0_c12_c12_7, %0\n isb" ::"r"((uint64_t)1)); /* ICC_IGRPEN1_EL1 */
    return true;
}

static uint32_t acknowledge(void) {
    uint64_t number;
    __asm__ volatile("mrs %0, s3_0_c12_c12_0\n dsb sy" : "=r"(number)::"memory"); /* ICC_IAR1_EL1 */
    return (uint32_t)number;
}

static void end(uint32_t acknowledged) {
    __asm__ volatile("msr s3_0_c12_c12_1, %0\n isb" ::"r"((uint64_t)acknowledged) : "memory"); /* ICC_EOIR1_EL1 */
}

/* ICC_SGI1R_EL1: the affinities, and one bit for the lowest 4 bits of the last of them. */
static void poke(const struct cpu *cpu) {
    uint64_t id = cpu->id, low = id & 0xFF;
    uint64_t word = (id >> 32 & 0xFF) << 48 | low >> 4 << 44 | (id >> 16 & 0xFF) << 32 | (uint64_t)GIC_POKE << 24 |
                    (id >> 8 & 0xFF) << 16 | (uint64_t)1 << (low & 15);
    __asm__ volatile("dsb ishst\n msr s3_0_c12_c11_5, %0\n isb" ::"r"(word) : "memory");
}

const struct gic gic_v3 = {find, start_cpu, acknowledge, end, poke};
