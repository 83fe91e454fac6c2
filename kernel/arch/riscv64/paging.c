/* paging.c: Sv39 and Sv48 page tables (RISC-V Privileged Architecture, sections 4.4 and 4.5).
 *
 * A table is a frame of 512 entries; three or four levels of them resolve 9 bits each. A program's root shares the upper half,
 * the kernel's, by holding copies of the kernel root's entries, which never change once the first program exists.
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
static unsigned level_top = 2; /* of a root; level 0 maps pages */

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

static pte_t table_entry(quire_pa table) {
    return table >> 2 | PTE_VALID;
}

static pte_t *table_at(quire_pa pa) {
    return direct(pa);
}

static unsigned index_at(uintptr_t address, unsigned level) {
    return (unsigned)(address >> (12 + 9 * level)) & (ENTRIES - 1);
}

/* ---- tables --------------------------------------------------------------------------------------------- */

static quire_pa new_table(void) {
    quire_pa table = quire_alloc(frames, OWNER_TABLE);
    if (table != QUIRE_NONE) {
        memset(direct(table), 0, PAGE_BYTES);
    }
    return table;
}

quire_pa paging_new(void) {
    quire_pa root = new_table();
    if (root != QUIRE_NONE) {
        memcpy(table_at(root) + HALF, table_at(paging_kernel_root) + HALF, HALF * sizeof(pte_t));
    }
    return root;
}

static void free_below(quire_pa table, unsigned level, unsigned n_entries) {
    for (unsigned i = 0; level > 0 && i < n_entries; i++) {
        pte_t entry = table_at(table)[i];
        if (entry != 0) {
            free_below(pte_frame(entry), level - 1, ENTRIES);
        }
    }
    quire_free(frames, table);
}

void paging_free(quire_pa root) {
    free_below(root, level_top, HALF);
}

pte_t *paging_find(quire_pa root, uintptr_t address) {
    pte_t *table = table_at(root);
    for (unsigned level = level_top; level > 0; level--) {
        pte_t entry = table[index_at(address, level)];
        if (entry == 0) {
            return NULL;
        }
        table = table_at(pte_frame(entry));
    }
    return &table[index_at(address, 0)];
}

pte_t *paging_make(quire_pa root, uintptr_t address) {
    pte_t *table = table_at(root);
    for (unsigned level = level_top; level > 0; level--) {
        pte_t *entry = &table[index_at(address, level)];
        if (*entry == 0) {
            quire_pa below = new_table();
            if (below == QUIRE_NONE) {
                return NULL;
            }
            *entry = table_entry(below);
        }
        table = table_at(pte_frame(*entry));
    }
    return &table[index_at(address, 0)];
}

/* Goes on from *address one entry at a time, of the highest level at which there is nothing below. */
pte_t *paging_next(quire_pa root, uintptr_t *address) {
    while (*address < (uintptr_t)HALF * GIB) {
        pte_t *table = table_at(root);
        unsigned level = level_top;
        pte_t *entry = &table[index_at(*address, level)];
        while (*entry != 0 && level > 0) {
            table = table_at(pte_frame(*entry));
            level--;
            entry = &table[index_at(*address, level)];
        }
        if (*entry != 0) {
            return entry;
        }
        uintptr_t step = (uintptr_t)1 << (12 + 9 * level);
        *address = (*address | (step - 1)) + 1;
    }
    return NULL;
}

static uint64_t satp_of(quire_pa root) {
    return root >> 12 | satp_mode;
}

/* fence.i: the program that runs next may have been loaded by another hart (Unprivileged ISA, "Zifencei"). */
void paging_activate(quire_pa root) {
    __asm__ volatile("csrw satp, %0\n sfence.vma\n fence.i" ::"r"(satp_of(root)) : "memory");
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
    kernel_table[HALF + image_gib / GIB] = table_entry(direct_pa(image_gib_table));
    image_gib_table[(image_2mib - image_gib) / MIB2] = table_entry(direct_pa(image_table));
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
    wide_table[HALF] = table_entry(direct_pa(wide_low_table));
    for (unsigned i = 1; i < WIDE_BYTES / GIB512; i++) {
        wide_table[HALF + i] = pte_make(i * GIB512, data);
    }
    wide_table[ENTRIES - 1] = table_entry(direct_pa(kernel_table));
    if (!switch_to_sv48()) {
        satp_mode = SATP_SV39;
        use_kernel_root(kernel_table);
        return;
    }
    level_top = 3;
    direct_base = WIDE_BASE;
    direct_end = WIDE_BYTES;
}

bool paging_open_stack_window(size_t n_bytes) {
    for (size_t at = 0; at < n_bytes; at += MIB2) {
        if (paging_make(paging_kernel_root, STACKS_BASE + at) == NULL) {
            return false;
        }
    }
    return true;
}
