/* twophase.c: one list that is without a lock at first, in the manner of the seed and with its defects. Only for the
 * tests, which must fail on it. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "defs.h"
#include "param.h"
#include "memlayout.h"
#include "mmu.h"
#include "spinlock.h"
/* clang-format on */

void freerange(void *from, void *to);

extern char end[];

struct run {
    struct run *next;
};
struct {
    struct spinlock lock;
    int use_lock;
    struct run *freelist;
} kmem;

/* Read each time that it is asked for, as the seed does: kinit2 changes it meanwhile. */
static int locking(void) {
    return *(volatile int *)&kmem.use_lock;
}

void kinit1(void *from, void *to) {
    initlock(&kmem.lock, "kmem");
    kmem.use_lock = 0;
    freerange(from, to);
}

void kinit2(void *from, void *to) {
    freerange(from, to);
    kmem.use_lock = 1;
}

void freerange(void *from, void *to) {
    for (char *v = (char *)PGROUNDUP((uint)from); v + PGSIZE <= (char *)to; v += PGSIZE) {
        kfree(v);
    }
}

void kfree(char *v) {
    struct run *page = (struct run *)(void *)v;
    if ((uint)v % PGSIZE != 0 || v < end || V2P(v) >= PHYSTOP) {
        panic("kfree");
    }
    memset(v, 1, PGSIZE);
    if (locking()) {
        acquire(&kmem.lock);
    }
    page->next = kmem.freelist;
    kmem.freelist = page;
    if (locking()) {
        release(&kmem.lock);
    }
}

char *kalloc(void) {
    if (locking()) {
        acquire(&kmem.lock);
    }
    struct run *page = kmem.freelist;
    if (page != 0) {
        kmem.freelist = page->next;
    }
    if (locking()) {
        release(&kmem.lock);
    }
    return (char *)page;
}
