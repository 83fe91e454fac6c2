/* vm.c: user memory, with the functions of a RISC-V xv6's vm.c and a fork that copies: before the guide's steps. Each
 * table also maps the kernel, for supervisor mode only, where it is in physical memory. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
#include "memlayout.h"
#include "riscv.h"
#include "defs.h"
/* clang-format on */

#define KERNEL_GIBIBYTE (KERNBASE >> 30)

pagetable_t uvmcreate(void) {
    pagetable_t table = kalloc();
    if (table == 0) {
        return 0;
    }
    memset(table, 0, PGSIZE);
    table[KERNEL_GIBIBYTE] = PA2PTE(KERNBASE) | PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D;
    return table;
}

pte_t *walk(pagetable_t pagetable, uint64 va, int alloc) {
    if (va >= MAXVA) {
        panic("walk");
    }
    for (int level = 2; level > 0; level--) {
        pte_t *pte = &pagetable[PX(level, va)];
        if ((*pte & PTE_V) == 0) {
            void *table = alloc ? kalloc() : 0;
            if (table == 0) {
                return 0;
            }
            memset(table, 0, PGSIZE);
            *pte = PA2PTE(table) | PTE_V;
        }
        pagetable = (pagetable_t)PTE2PA(*pte);
    }
    return &pagetable[PX(0, va)];
}

int mappages(pagetable_t pagetable, uint64 va, uint64 size, uint64 pa, int perm) {
    for (uint64 done = 0; done < size; done += PGSIZE) {
        pte_t *pte = walk(pagetable, va + done, 1);
        if (pte == 0) {
            return -1;
        }
        if (*pte & PTE_V) {
            panic("mappages: remap");
        }
        *pte = PA2PTE(pa + done) | (uint64)perm | PTE_V | PTE_A | PTE_D;
    }
    return 0;
}

void uvmunmap(pagetable_t pagetable, uint64 va, uint64 npages, int do_free) {
    for (uint64 a = va; a < va + npages * PGSIZE; a += PGSIZE) {
        pte_t *pte = walk(pagetable, a, 0);
        if (pte == 0 || (*pte & PTE_V) == 0) {
            continue;
        }
        if (do_free) {
            kfree((void *)PTE2PA(*pte));
        }
        *pte = 0;
    }
}

/* Frees the tables below this one, whose pages are unmapped already. */
static void freewalk(pagetable_t pagetable, int level) {
    for (int i = 0; level > 0 && i < 512; i++) {
        pte_t pte = pagetable[i];
        if ((pte & PTE_V) != 0 && (pte & (PTE_R | PTE_W | PTE_X)) == 0) {
            freewalk((pagetable_t)PTE2PA(pte), level - 1);
        }
    }
    kfree(pagetable);
}

void uvmfree(pagetable_t pagetable, uint64 sz) {
    uvmunmap(pagetable, 0, PGROUNDUP(sz) / PGSIZE, 1);
    freewalk(pagetable, 2);
}

int uvmcopy(pagetable_t old, pagetable_t new, uint64 sz) {
    for (uint64 va = 0; va < sz; va += PGSIZE) {
        pte_t *pte = walk(old, va, 0);
        if (pte == 0 || (*pte & PTE_V) == 0) {
            continue;
        }
        void *copy = kalloc();
        if (copy == 0) {
            uvmunmap(new, 0, va / PGSIZE, 1);
            return -1;
        }
        memmove(copy, (void *)PTE2PA(*pte), PGSIZE);
        if (mappages(new, va, PGSIZE, (uint64)copy, PTE_FLAGS(*pte)) != 0) {
            kfree(copy);
            uvmunmap(new, 0, va / PGSIZE, 1);
            return -1;
        }
    }
    return 0;
}

int copyout(pagetable_t pagetable, uint64 dstva, char *src, uint64 len) {
    uint64 n, va0;

    while (len > 0) {
        va0 = PGROUNDDOWN(dstva);
        pte_t *pte = va0 < MAXVA ? walk(pagetable, va0, 0) : 0;
        if (pte == 0 || (*pte & (PTE_V | PTE_U | PTE_W)) != (PTE_V | PTE_U | PTE_W)) {
            return -1;
        }
        n = PGSIZE - (dstva - va0);
        if (n > len) {
            n = len;
        }
        memmove((void *)(PTE2PA(*pte) + (dstva - va0)), src, n);
        len -= n;
        src += n;
        dstva = va0 + PGSIZE;
    }
    return 0;
}
