/* tables.c: page tables, as far as all machines have the same.
 *
 * A table is a frame of 512 entries; paging_levels of them, one below the other, resolve 9 bits of an address each. An entry
 * is 0, or maps a page, or points to a table: the bits are the architecture's. Programs have the lowest part of a root, up
 * to USER_TOP. */
#include <kernel.h>

#define ENTRIES 512u

static pte_t *table_at(quire_pa pa) {
    return direct(pa);
}

static unsigned index_at(uintptr_t address, unsigned level) {
    return (unsigned)(address >> (12 + 9 * level)) & (ENTRIES - 1);
}

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
        paging_add_kernel(root);
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
    unsigned top = paging_levels - 1;
    free_below(root, top, index_at(USER_TOP, top) + 1);
}

pte_t *paging_find(quire_pa root, uintptr_t address) {
    pte_t *table = table_at(root);
    for (unsigned level = paging_levels - 1; level > 0; level--) {
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
    for (unsigned level = paging_levels - 1; level > 0; level--) {
        pte_t *entry = &table[index_at(address, level)];
        if (*entry == 0) {
            quire_pa below = new_table();
            if (below == QUIRE_NONE) {
                return NULL;
            }
            *entry = pte_table(below);
        }
        table = table_at(pte_frame(*entry));
    }
    return &table[index_at(address, 0)];
}

/* Goes on from *address one entry at a time, of the highest level at which there is nothing below. */
pte_t *paging_next(quire_pa root, uintptr_t *address) {
    while (*address < USER_TOP) {
        pte_t *table = table_at(root);
        unsigned level = paging_levels - 1;
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

/* One table for each 2 MiB, and those above. */
bool paging_open_stack_window(size_t n_bytes) {
    for (size_t at = 0; at < n_bytes; at += ENTRIES * PAGE_BYTES) {
        if (paging_make(paging_kernel_root, STACKS_BASE + at) == NULL) {
            return false;
        }
    }
    return true;
}
