/* percpu.c: a list and a lock for each CPU, in the manner of the seed and with its defects. Only for the tests, which
 * must fail on it. */

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

extern char end[];

struct run {
    struct run *next;
};
struct kmem {
    struct spinlock lock;
    struct run *freelist;
};
struct kmem kmem[NCPU];

static struct run *pop(int cpu) {
    struct kmem *list = &kmem[cpu];
    acquire(&list->lock);
    struct run *page = list->freelist;
    if (page != 0) {
        list->freelist = page->next;
    }
    release(&list->lock);
    return page;
}

void kinit(void) {
    for (int cpu = 0; cpu < NCPU; cpu++) {
        initlock(&kmem[cpu].lock, "kmem");
    }
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
    memset(pa, 1, PGSIZE);
    push_off();
    struct kmem *list = &kmem[cpuid()];
    acquire(&list->lock);
    page->next = list->freelist;
    list->freelist = page;
    release(&list->lock);
    pop_off();
}

void *kalloc(void) {
    push_off();
    int own = cpuid();
    struct run *page = pop(own);
    for (int cpu = 0; page == 0 && cpu < NCPU; cpu++) {
        if (cpu != own) {
            page = pop(cpu);
        }
    }
    pop_off();
    if (page != 0) {
        memset(page, 5, PGSIZE);
    }
    return page;
}
