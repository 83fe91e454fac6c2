/* paging.c: page tables of four levels (manual, volume 3A, section 4.5).
 *
 * The kernel's half is the upper one (layout.h). A program's root shares it by holding copies of the kernel root's entries,
 * which never change once the first program exists. The tables of the wide direct map are in the image: they are needed
 * before there is an allocator. */
#include <apic.h>
#include <kernel.h>
#include <seat.h>
#include <x86.h>

#define ENTRIES 512u
#define HALF    256u /* entries of a root that are programs' */
#define GIB     ((quire_pa)1 << 30)
#define GIB512  ((quire_pa)1 << 39)
#define MIB2    ((quire_pa)1 << 21)
#define FRAME   (((pte_t)1 << 52) - PAGE_BYTES) /* bits of an entry */

enum {
    PTE_PRESENT = 1,
    PTE_WRITE = 2,
    PTE_USER = 4,
    PTE_ACCESSED = 32,
    PTE_DIRTY = 64,
    PTE_LARGE = 128,
};
#define PTE_NO_EXECUTE ((pte_t)1 << 63)

quire_pa paging_kernel_root, direct_end = DIRECT_BYTES;
uintptr_t direct_base = DIRECT_BASE;
unsigned paging_levels = 4;

static pte_t kernel_root[ENTRIES] __attribute__((aligned(4096)));
static pte_t wide_tables[WIDE_TABLES][ENTRIES] __attribute__((aligned(4096)));

/* The last 512 GiB of addresses: the first GiB of memory, and the stacks. That GiB in steps of 2 MiB, and those 2 MiB that
 * hold the image by pages. */
static pte_t last_table[ENTRIES] __attribute__((aligned(4096)));
static pte_t image_gib_table[ENTRIES] __attribute__((aligned(4096)));
static pte_t image_table[ENTRIES] __attribute__((aligned(4096)));

extern char text_end[], constants_end[], boot_guard[]; /* kernel.ld, entry.S */

/* ---- entries -------------------------------------------------------------------------------------------- */

pte_t pte_make(quire_pa frame, unsigned access) {
    return frame | PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | ((access & ACCESS_WRITE) != 0 ? PTE_WRITE : 0) |
           ((access & ACCESS_USER) != 0 ? PTE_USER : 0) | ((access & ACCESS_EXECUTE) != 0 ? 0 : PTE_NO_EXECUTE);
}

quire_pa pte_frame(pte_t pte) {
    return pte & FRAME;
}

unsigned pte_access(pte_t pte) {
    return ACCESS_READ | ((pte & PTE_WRITE) != 0 ? ACCESS_WRITE : 0u) | ((pte & PTE_USER) != 0 ? ACCESS_USER : 0u) |
           ((pte & PTE_NO_EXECUTE) != 0 ? 0u : ACCESS_EXECUTE);
}

/* All rights: those of what it leads to count. */
pte_t pte_table(quire_pa table) {
    return table | PTE_PRESENT | PTE_WRITE | PTE_USER;
}

/* ---- translations ----------------------------------------------------------------------------------------- */

void paging_add_kernel(quire_pa root) {
    memcpy((pte_t *)direct(root) + HALF, kernel_root + HALF, HALF * sizeof(pte_t));
}

void paging_activate(quire_pa root) {
    __asm__ volatile("mov %0, %%cr3" ::"r"(root) : "memory");
}

void paging_replace(pte_t *entry, uintptr_t address, pte_t pte) {
    (void)address;
    *entry = pte;
}

/* Processors see to it by themselves. */
void paging_code_written(const void *code, size_t n_bytes) {
    (void)code, (void)n_bytes;
}

void paging_forget_page(uintptr_t address) {
    __asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
}

/* What CPUs were asked for, and what they have done. */
static _Atomic uint32_t n_asked[MAX_CPUS], n_forgotten[MAX_CPUS];

/* seq_cst: what the asker changed before it asked is seen by the walks after the load */
void paging_forget_asked(void) {
    unsigned number = arch_cpu()->number;
    uint32_t n = atomic_load(&n_asked[number]);
    uint64_t root;
    __asm__ volatile("mov %%cr3, %0\n mov %0, %%cr3" : "=r"(root)::"memory");
    atomic_store(&n_forgotten[number], n);
}

/* It forgets everything. With interrupts off here two CPUs that ask each other would wait for ever. */
void paging_forget_range_on(const struct cpu *cpu, uintptr_t base, size_t n_bytes) {
    bool on = arch_interrupts_off();
    arch_interrupts_restore(on);
    if (!on) {
        panic("0x%lx, %lu bytes: CPU %u can not be told to forget them with interrupts off", base, n_bytes,
              cpu->number);
    }
    uint32_t mine = atomic_fetch_add(&n_asked[cpu->number], 1) + 1;
    apic_send(cpu->id, VECTOR_FORGET);
    while ((int32_t)(atomic_load(&n_forgotten[cpu->number]) - mine) < 0) {
        ;
    }
}

/* ---- the kernel's half ------------------------------------------------------------------------------------ */

static unsigned image_access(const char *page) {
    if (page < kernel_image || page >= boot_guard + STACK_BYTES) {
        return ACCESS_READ | ACCESS_WRITE;
    }
    if (page < text_end) {
        return ACCESS_READ | ACCESS_EXECUTE;
    }
    if (page < constants_end) {
        return ACCESS_READ;
    }
    return page < boot_guard ? ACCESS_READ | ACCESS_WRITE : 0;
}

static void map_image(void) {
    const unsigned data = ACCESS_READ | ACCESS_WRITE;
    quire_pa image = direct_pa(kernel_image) & ~(MIB2 - 1);
    for (unsigned i = 0; i < ENTRIES; i++) {
        quire_pa page = image + i * PAGE_BYTES;
        unsigned access = image_access(direct(page));
        image_gib_table[i] = pte_make(i * MIB2, data) | PTE_LARGE;
        image_table[i] = access == 0 ? 0 : pte_make(page, access);
    }
    image_gib_table[image / MIB2] = pte_table(direct_pa(image_table));
    last_table[(DIRECT_BASE - (0 - GIB512)) / GIB] = pte_table(direct_pa(image_gib_table));
}

/* Table i maps 512 GiB, by leaves of 1 GiB. */
static void map_wide(unsigned i) {
    for (unsigned j = 0; j < ENTRIES; j++) {
        wide_tables[i][j] = pte_make(i * GIB512 + j * GIB, ACCESS_READ | ACCESS_WRITE) | PTE_LARGE;
    }
    kernel_root[HALF + i] = pte_table(direct_pa(wide_tables[i]));
}

/* Without such leaves: table 0 leads to the others, each of which maps 1 GiB by leaves of 2 MiB. */
static void map_by_2mib(void) {
    for (unsigned i = 1; i < WIDE_TABLES; i++) {
        for (unsigned j = 0; j < ENTRIES; j++) {
            wide_tables[i][j] = pte_make((i - 1) * GIB + j * MIB2, ACCESS_READ | ACCESS_WRITE) | PTE_LARGE;
        }
        wide_tables[0][i - 1] = pte_table(direct_pa(wide_tables[i]));
    }
    kernel_root[HALF] = pte_table(direct_pa(wide_tables[0]));
}

static bool has_gib_leaves(void) {
    return (cpuid(0x80000001, 0).d >> 26 & 1) != 0;
}

/* The first part of the wide map is there from the start: devices are above the first GiB. */
void paging_protect_kernel(void) {
    map_image();
    if (has_gib_leaves()) {
        map_wide(0);
    } else {
        map_by_2mib();
    }
    wide_tables[0][0] = pte_table(direct_pa(image_gib_table)); /* instructions can not be written here, either */
    kernel_root[ENTRIES - 1] = pte_table(direct_pa(last_table));
    paging_kernel_root = direct_pa(kernel_root);
    paging_activate(paging_kernel_root);
    direct_base = WIDE_BASE;
    direct_end = has_gib_leaves() ? GIB512 : (WIDE_TABLES - 1) * GIB;
}

void paging_reach(quire_pa end) {
    for (unsigned i = 1; i < WIDE_TABLES && direct_end < end && has_gib_leaves(); i++) {
        map_wide(i);
        direct_end += GIB512;
    }
}
