/* paging.c: Sv39 and Sv48 page tables (RISC-V Privileged Architecture, sections 4.4 and 4.5).
 *
 * Three or four levels of tables (tables.c). A program's root shares the upper half, the kernel's, by holding copies of the
 * kernel root's entries, which never change once the first program exists.
 *
 * The accessed and dirty bits are set from the start, so that no machine has to trap to set them (section 4.3.1). */
#include <arch.h>
#include <kernel.h>
#include <sbi.h>

#define ENTRIES   512u
#define HALF      256u /* entries of a root that are programs' */
#define GIB512    ((quire_pa)1 << 39)
#define GIB       ((quire_pa)1 << 30)
#define MIB2      ((quire_pa)1 << 21)
#define SATP_SV39 ((uint64_t)8 << 60)
#define SATP_SV48 ((uint64_t)9 << 60)

enum {
    PTE_VALID = 1,
    PTE_READ = 2,
    PTE_WRITE = 4,
    PTE_EXECUTE = 8,
    PTE_USER = 16,
    PTE_ACCESSED = 64,
    PTE_DIRTY = 128,
    PTE_LEAF = PTE_READ | PTE_WRITE | PTE_EXECUTE,
};

quire_pa paging_kernel_root, direct_end = DIRECT_BYTES;
uintptr_t direct_base = DIRECT_BASE;

extern uint64_t paging_kernel_satp; /* entry.S: for harts that start */
uint64_t paging_kernel_satp;
static uint64_t satp_mode = SATP_SV39;
unsigned paging_levels = 3;

/* The kernel's own for Sv48: the root, and the lowest 512 GiB of memory by GiB. */
static pte_t wide_table[ENTRIES] __attribute__((aligned(4096)));
static pte_t wide_low_table[ENTRIES] __attribute__((aligned(4096)));

/* For Sv39, and in Sv48 below the last entry of the root: the upper half by GiB, the GiB that holds the image in steps
 * of 2 MiB, and the 2 MiB that hold it by pages. */
static pte_t kernel_table[ENTRIES] __attribute__((aligned(4096)));
static pte_t image_gib_table[ENTRIES] __attribute__((aligned(4096)));
static pte_t image_table[ENTRIES] __attribute__((aligned(4096)));

extern char text_end[], constants_end[], boot_guard[]; /* kernel.ld, entry.S */

/* ---- entries -------------------------------------------------------------------------------------------- */

_Static_assert((int)PTE_READ == ACCESS_READ << 1 && (int)PTE_WRITE == ACCESS_WRITE << 1 &&
                   (int)PTE_EXECUTE == ACCESS_EXECUTE << 1 && (int)PTE_USER == ACCESS_USER << 1,
               "the rights of an entry are the kernel's, one bit further up");

pte_t pte_make(quire_pa frame, unsigned access) {
    return frame >> 2 | (pte_t)access << 1 | PTE_ACCESSED | PTE_DIRTY | PTE_VALID;
}

quire_pa pte_frame(pte_t pte) {
    return (pte >> 10 & (((pte_t)1 << 44) - 1)) << 12;
}

unsigned pte_access(pte_t pte) {
    return (unsigned)(pte >> 1) & (ACCESS_READ | ACCESS_WRITE | ACCESS_EXECUTE | ACCESS_USER);
}

pte_t pte_table(quire_pa table) {
    return table >> 2 | PTE_VALID;
}

/* ---- tables --------------------------------------------------------------------------------------------- */

void paging_add_kernel(quire_pa root) {
    memcpy((pte_t *)direct(root) + HALF, (pte_t *)direct(paging_kernel_root) + HALF, HALF * sizeof(pte_t));
}

static uint64_t satp_of(quire_pa root) {
    return root >> 12 | satp_mode;
}

/* fence.i: the program that runs next may have been loaded by another hart (Unprivileged ISA, "Zifencei"). */
void paging_activate(quire_pa root) {
    __asm__ volatile("csrw satp, %0\n sfence.vma\n fence.i" ::"r"(satp_of(root)) : "memory");
}

void paging_replace(pte_t *entry, uintptr_t address, pte_t pte) {
    (void)address;
    *entry = pte;
}

/* The fence.i of paging_activate is enough. */
void paging_code_written(const void *code, size_t n_bytes) {
    (void)code, (void)n_bytes;
}

void paging_forget_page(uintptr_t address) {
    __asm__ volatile("sfence.vma %0" ::"r"(address) : "memory");
}

void paging_forget_range_on(const struct cpu *cpu, uintptr_t base, size_t n_bytes) {
    if (!sbi_remote_sfence_vma(cpu->id, base, n_bytes)) {
        panic("the firmware can not fence hart %lu", cpu->id);
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

static void use_kernel_root(const pte_t *root) {
    paging_kernel_root = direct_pa(root);
    paging_kernel_satp = satp_of(paging_kernel_root);
    paging_activate(paging_kernel_root);
}

void paging_protect_kernel(void) {
    const unsigned data = ACCESS_READ | ACCESS_WRITE;
    quire_pa image = direct_pa(kernel_image);
    quire_pa image_gib = image & ~(GIB - 1), image_2mib = image & ~(MIB2 - 1);
    for (unsigned i = 0; i < DIRECT_BYTES / GIB; i++) {
        kernel_table[HALF + i] = pte_make(i * GIB, data);
    }
    for (unsigned i = 0; i < ENTRIES; i++) {
        quire_pa page = image_2mib + i * PAGE_BYTES;
        unsigned access = image_access(direct(page));
        image_gib_table[i] = pte_make(image_gib + i * MIB2, data);
        image_table[i] = access == 0 ? 0 : pte_make(page, access);
    }
    kernel_table[HALF + image_gib / GIB] = pte_table(direct_pa(image_gib_table));
    image_gib_table[(image_2mib - image_gib) / MIB2] = pte_table(direct_pa(image_table));
    use_kernel_root(kernel_table);
}

/* A mode that the processor does not have can not be written (section 4.1.11). */
static bool switch_to_sv48(void) {
    satp_mode = SATP_SV48;
    use_kernel_root(wide_table);
    uint64_t satp;
    __asm__ volatile("csrr %0, satp" : "=r"(satp));
    return satp == paging_kernel_satp;
}

void paging_reach(quire_pa end) {
    const unsigned data = ACCESS_READ | ACCESS_WRITE;
    if (end <= direct_end) {
        return;
    }
    for (unsigned i = 0; i < ENTRIES; i++) {
        wide_low_table[i] = pte_make(i * GIB, data);
    }
    quire_pa image_gib = direct_pa(kernel_image) / GIB;
    wide_low_table[image_gib] = kernel_table[HALF + image_gib]; /* its instructions can not be written here, either */
    wide_table[HALF] = pte_table(direct_pa(wide_low_table));
    for (unsigned i = 1; i < WIDE_BYTES / GIB512; i++) {
        wide_table[HALF + i] = pte_make(i * GIB512, data);
    }
    wide_table[ENTRIES - 1] = pte_table(direct_pa(kernel_table));
    if (!switch_to_sv48()) {
        satp_mode = SATP_SV39;
        use_kernel_root(kernel_table);
        return;
    }
    paging_levels = 4;
    direct_base = WIDE_BASE;
    direct_end = WIDE_BYTES;
}
