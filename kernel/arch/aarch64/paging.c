/* paging.c: page tables of 4 KiB (Arm Architecture Reference Manual, DDI 0487, chapter D8).
 *
 * Four levels of tables (tables.c), in two trees at a time: TTBR0 has the program's, TTBR1 the kernel's, which all CPUs share.
 * So nothing is copied when a program gets its table, and what TTBR0 holds while a CPU runs none is a table with nothing
 * in it.
 *
 * The accessed flag is set from the start, so that no machine has to trap to set it. What one CPU makes all others forget
 * goes out as a broadcast, of the TLB maintenance instructions that end in "is", inner shareable.
 *
 * The levels are counted from the pages upwards, 0 to 3; the manual counts from the other end. */
#include <boot/fdt.h>
#include <kernel.h>
#include <machine.h>

#define ENTRIES      512u
#define TOP          3u  /* level of a root */
#define N_EARLY      64u /* tables that the kernel's own memory takes before there is an allocator; 256 KiB */
#define ADDRESS_BITS 48u
#define MAX_MEMORY   1024u /* pieces; with more than that memory.c gives up, too */
#define MIB2         ((quire_pa)1 << 21)

enum { ENTRY_VALID = 1, ENTRY_TABLE = 3, ENTRY_PAGE = 3, ENTRY_BLOCK = 1, ENTRY_KIND = 3 };

/* Attributes of pages and blocks (section D8.3). */
#define DEVICE       ((pte_t)1 << 2) /* the second attribute of MAIR, entry.S */
#define PROGRAMS     ((pte_t)1 << 6)
#define READ_ONLY    ((pte_t)1 << 7)
#define SHARED       ((pte_t)3 << 8)
#define ACCESSED     ((pte_t)1 << 10)
#define NOT_GLOBAL   ((pte_t)1 << 11)
#define NO_KERNEL_X  ((pte_t)1 << 53)
#define NO_PROGRAM_X ((pte_t)1 << 54)

#define ADDRESS_MASK ((((pte_t)1 << ADDRESS_BITS) - 1) & ~(pte_t)(PAGE_BYTES - 1))

/* Maps nothing, and is not 0: nothing else will be mapped there, either. */
#define GUARD ((pte_t)2)

quire_pa paging_kernel_root, direct_end;
unsigned paging_levels = TOP + 1;
uintptr_t direct_base = DIRECT_BASE;
static quire_pa mapped_end; /* memory above is not in the direct map: it lies too high, or there were no tables left */

/* For entry.S, too. */
extern pte_t kernel_table[], no_program[];
pte_t kernel_table[ENTRIES] __attribute__((aligned(4096)));
pte_t no_program[ENTRIES] __attribute__((aligned(4096)));
void use_kernel_table(void);

static pte_t early[N_EARLY][ENTRIES] __attribute__((aligned(4096)));
static unsigned n_early;

extern char text_end[], constants_end[], boot_guard[]; /* kernel.ld, entry.S */

/* ---- entries -------------------------------------------------------------------------------------------- */

static pte_t attributes(unsigned access) {
    bool user = (access & ACCESS_USER) != 0, executable = (access & ACCESS_EXECUTE) != 0;
    return SHARED | ACCESSED | (user ? PROGRAMS | NOT_GLOBAL : 0) | ((access & ACCESS_WRITE) != 0 ? 0 : READ_ONLY) |
           (executable && !user ? 0 : NO_KERNEL_X) | (executable && user ? 0 : NO_PROGRAM_X);
}

pte_t pte_make(quire_pa frame, unsigned access) {
    return frame | attributes(access) | ENTRY_PAGE;
}

quire_pa pte_frame(pte_t pte) {
    return pte & ADDRESS_MASK;
}

unsigned pte_access(pte_t pte) {
    if ((pte & ENTRY_VALID) == 0) {
        return 0;
    }
    bool executable = (pte & NO_KERNEL_X) == 0 || (pte & NO_PROGRAM_X) == 0;
    return ACCESS_READ | ((pte & READ_ONLY) == 0 ? ACCESS_WRITE : 0u) | (executable ? ACCESS_EXECUTE : 0u) |
           ((pte & PROGRAMS) != 0 ? ACCESS_USER : 0u);
}

pte_t pte_table(quire_pa table) {
    return table | ENTRY_TABLE;
}

/* Nothing: it has a root of its own, in TTBR1. */
void paging_add_kernel(quire_pa root) {
    (void)root;
}

/* ---- what CPUs remember ----------------------------------------------------------------------------------- */

void paging_activate(quire_pa root) {
    quire_pa program = root == paging_kernel_root ? direct_pa(no_program) : root;
    __asm__ volatile("dsb ishst\n msr ttbr0_el1, %0\n isb\n tlbi vmalle1\n dsb nsh\n isb" ::"r"(program) : "memory");
}

/* The number of a page, as TLB maintenance instructions take it. */
static uint64_t page_number(uintptr_t address) {
    return address >> 12 & (((uint64_t)1 << 44) - 1);
}

void paging_forget_page(uintptr_t address) {
    __asm__ volatile("dsb nshst\n tlbi vaae1, %0\n dsb nsh\n isb" ::"r"(page_number(address)) : "memory");
}

/* Nothing may be remembered of the old frame when the new one can be seen: section D8.14, break before make. */
void paging_replace(pte_t *entry, uintptr_t address, pte_t pte) {
    *entry = 0;
    paging_forget_page(address);
    *entry = pte;
}

/* By lines of the data cache, whose size CTR_EL0 says; then all instruction caches, as they may know the code by other
 * addresses (section D7.5). */
void paging_code_written(const void *code, size_t n_bytes) {
    uint64_t type;
    __asm__("mrs %0, ctr_el0" : "=r"(type));
    uintptr_t line = (uintptr_t)4 << (type >> 16 & 15), end = (uintptr_t)code + n_bytes;
    for (uintptr_t at = (uintptr_t)code & ~(line - 1); at < end; at += line) {
        __asm__ volatile("dc cvau, %0" ::"r"(at) : "memory");
    }
    __asm__ volatile("dsb ish\n ic ialluis\n dsb ish\n isb" ::: "memory");
}

/* All CPUs forget it, the one that is meant among them. */
void paging_forget_range_on(const struct cpu *cpu, uintptr_t base, size_t n_bytes) {
    (void)cpu;
    __asm__ volatile("dsb ishst" ::: "memory");
    for (size_t at = 0; at < n_bytes; at += PAGE_BYTES) {
        __asm__ volatile("tlbi vaae1is, %0" ::"r"(page_number(base + at)) : "memory");
    }
    __asm__ volatile("dsb ish\n isb" ::: "memory");
}

/* ---- the kernel's own --------------------------------------------------------------------------------------- */

static bool early_table(pte_t *entry) {
    if (n_early == N_EARLY) {
        return false;
    }
    *entry = pte_table(direct_pa(early[n_early++]));
    return true;
}

/* Maps [pa, pa + n_bytes), whole pages, at `address`, by the largest blocks that fit below the entries of `table`. What is
 * mapped there already stays as it is. False: there are not enough tables. */
static bool map(pte_t *table, unsigned level, uintptr_t address, quire_pa pa, uint64_t n_bytes, pte_t attribute) {
    const uint64_t size = (uint64_t)1 << (12 + 9 * level);
    while (n_bytes > 0) {
        pte_t *entry = &table[address >> (12 + 9 * level) & (ENTRIES - 1)];
        uint64_t rest = size - (address & (size - 1)), part = n_bytes < rest ? n_bytes : rest;
        if (*entry == 0 && level < TOP && part == size && (pa & (size - 1)) == 0) {
            *entry = pa | attribute | (level == 0 ? ENTRY_PAGE : ENTRY_BLOCK);
        } else if (*entry == 0 && !early_table(entry)) {
            return false;
        }
        if (level > 0 && (*entry & ENTRY_KIND) == ENTRY_TABLE &&
            !map(direct(pte_frame(*entry)), level - 1, address, pa, part, attribute)) {
            return false;
        }
        address += part;
        pa += part;
        n_bytes -= part;
    }
    __asm__ volatile("dsb ishst\n isb" ::: "memory");
    return true;
}

static bool map_direct(quire_pa base, quire_pa end, unsigned access) {
    return map(kernel_table, TOP, DIRECT_BASE + base, base, end - base, attributes(access));
}

static void guard_boot_stack(void) {
    for (const char *page = boot_guard; page < boot_guard + STACK_BYTES; page += PAGE_BYTES) {
        pte_t *entry = paging_find(paging_kernel_root, (uintptr_t)page);
        *entry = GUARD;
    }
}

volatile uint32_t *device_map(const struct quire_region *registers) {
    quire_pa base = page_down(registers->base), end = page_up(registers->end);
    const pte_t attribute = (attributes(ACCESS_READ | ACCESS_WRITE) & ~SHARED) | DEVICE;
    bool mapped = end <= DIRECT_BYTES && map(kernel_table, TOP, DEVICES_BASE + base, base, end - base, attribute);
    return mapped ? device(registers->base) : NULL;
}

/* Physical addresses are this wide at the most: ID_AA64MMFR0_EL1, PARange. */
static quire_pa physical_end(void) {
    static const uint8_t bits[] = {32, 36, 40, 42, 44, ADDRESS_BITS};
    uint64_t features;
    __asm__("mrs %0, id_aa64mmfr0_el1" : "=r"(features));
    unsigned range = (unsigned)features & 15;
    return (quire_pa)1 << bits[range < sizeof bits ? range : sizeof bits - 1];
}

/* The boot loader may put the tree anywhere, and around it what can be mapped by blocks of 2 MiB (booting.rst). */
void paging_protect_kernel(void) {
    const unsigned data = ACCESS_READ | ACCESS_WRITE;
    const struct quire_region uart = {.base = FIRST_UART, .end = FIRST_UART + PAGE_BYTES};
    quire_pa tree = boot_tree & ~(MIB2 - 1);
    paging_kernel_root = direct_pa(kernel_table);
    (void)map_direct(direct_pa(kernel_image), direct_pa(text_end), ACCESS_READ | ACCESS_EXECUTE);
    (void)map_direct(direct_pa(text_end), direct_pa(constants_end), ACCESS_READ);
    (void)map_direct(direct_pa(constants_end), direct_pa(kernel_image_end), data);
    (void)map_direct(tree, tree + 2 * MIB2, data);
    guard_boot_stack();
    (void)device_map(&uart);
    use_kernel_table();
}

void paging_map_memory(const struct quire_fdt *tree) {
    static struct quire_fdt_memory memory[MAX_MEMORY];
    size_t n = quire_fdt_memory(tree, memory, MAX_MEMORY);
    mapped_end = physical_end() < DIRECT_BYTES ? physical_end() : DIRECT_BYTES;
    for (size_t i = 0; i < n && i < MAX_MEMORY; i++) {
        quire_pa base = page_down(memory[i].base), room = mapped_end - base;
        uint64_t n_bytes = memory[i].n_bytes < room ? memory[i].base + memory[i].n_bytes - base : room;
        if (base < mapped_end && !map_direct(base, page_up(base + n_bytes), ACCESS_READ | ACCESS_WRITE)) {
            mapped_end = base;
        }
    }
}

void paging_reach(quire_pa end) {
    direct_end = end < mapped_end ? end : mapped_end;
}
