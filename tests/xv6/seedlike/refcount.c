/* refcount.c: one list, and a count for each page under one lock, in the manner of the seed and with its defects.
 * Only for the tests, which must fail on it. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
#include "memlayout.h"
#include "spinlock.h"
#include "riscv.h"
#include "defs.h"
/* clang-format on */

void freerange(void *from, void *to);
uint64 getRefIdx(uint64 pa);
void reference_operation(void *pa, int op);
void *cowcopy_pa(void *pa);

extern char end[];

struct run {
    struct run *next;
};
struct {
    struct spinlock lock;
    struct run *freelist;
} kmem;
struct spinlock reference_lock;
int pm_reference[(PHYSTOP - KERNBASE) / PGSIZE];

static int *count_of(void *pa) {
    return &pm_reference[getRefIdx((uint64)pa)];
}

uint64 getRefIdx(uint64 pa) {
    return (pa - KERNBASE) / PGSIZE;
}

void kinit(void) {
    initlock(&kmem.lock, "kmem");
    initlock(&reference_lock, "pm_reference");
    freerange(end, (void *)PHYSTOP);
}

void freerange(void *from, void *to) {
    for (uint64 pa = PGROUNDUP((uint64)from); pa + PGSIZE <= (uint64)to; pa += PGSIZE) {
        kfree((void *)pa);
    }
}

void kfree(void *pa) {
    struct run *page = pa;
    if ((uint64)pa % PGSIZE != 0 || (char *)pa < end || (uint64)pa >= PHYSTOP) {
        panic("kfree");
    }
    acquire(&reference_lock);
    if (--*count_of(pa) <= 0) {
        memset(pa, 1, PGSIZE);
        acquire(&kmem.lock);
        page->next = kmem.freelist;
        kmem.freelist = page;
        release(&kmem.lock);
    }
    release(&reference_lock);
}

void *kalloc(void) {
    acquire(&kmem.lock);
    struct run *page = kmem.freelist;
    if (page != 0) {
        kmem.freelist = page->next;
    }
    release(&kmem.lock);
    if (page != 0) {
        memset(page, 5, PGSIZE);
        *count_of(page) = 1;
    }
    return page;
}

void reference_operation(void *pa, int op) {
    acquire(&reference_lock);
    *count_of(pa) += op ? 1 : -1;
    release(&reference_lock);
}

void *cowcopy_pa(void *pa) {
    acquire(&reference_lock);
    if (*count_of(pa) <= 1) {
        release(&reference_lock);
        return pa;
    }
    void *own = kalloc();
    if (own == 0) {
        release(&reference_lock);
        panic("out of memory");
    }
    memmove(own, pa, PGSIZE);
    --*count_of(pa);
    release(&reference_lock);
    return own;
}
