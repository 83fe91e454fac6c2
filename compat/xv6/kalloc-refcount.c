/* kalloc-refcount.c: instead of kalloc.c in a RISC-V xv6 with copy-on-write fork.
 *
 * The allocator counts references for each page by itself, in its record of the page (src/record.h), by atomic
 * operations and without a lock. pm_reference, where the kernel may look, is a copy of those counts. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
#include "memlayout.h"
#include "spinlock.h"
#include "riscv.h"
#include "defs.h"
/* clang-format on */
#include "quire-xv6.h"

/* What happens to the contents of pages: here, what the kernel is used to. Another of enum quire_content can be had
 * by -DXV6_CONTENT=... */
#ifndef XV6_CONTENT
#define XV6_CONTENT QUIRE_CONTENT_JUNK
#endif

void freerange(void *pa_start, void *pa_end);
uint64 getRefIdx(uint64 pa);
void reference_operation(void *pa, int op);
void *cowcopy_pa(void *pa);

extern char end[]; /* the first address after the kernel, from kernel.ld */

/* How many references each page has: 0 is free. To be read only: it follows what happens and decides nothing. It is
 * exact for a page that no call is at work on. */
int pm_reference[(PHYSTOP - KERNBASE) / PGSIZE];

/* What this file does without, here for other files that name it. The locks work, but nobody here takes them. */
struct spinlock reference_lock;
struct run;
struct {
    struct spinlock lock;
    struct run *freelist;
} kmem;

void kinit(void) {
    initlock(&kmem.lock, "kmem");
    initlock(&reference_lock, "pm_reference");
    xv6_init("kinit", (uint64)end, xv6_ram_end(), XV6_CONTENT);
}

/* Adds memory that kinit left out. */
void freerange(void *pa_start, void *pa_end) {
    if ((char *)pa_start < end || (uint64)pa_end > PHYSTOP) {
        panic("freerange");
    }
    xv6_add("freerange", (uint64)pa_start, (uint64)pa_end);
}

/* The page's index in pm_reference. */
uint64 getRefIdx(uint64 pa) {
    if (pa < KERNBASE || pa >= PHYSTOP) {
        panic("getRefIdx");
    }
    return (pa - KERNBASE) / PGSIZE;
}

/* Two CPUs may count for the same page at once. relaxed: nothing else is read by way of the count. */
static void note(quire_pa pa, int change) {
    __atomic_fetch_add(&pm_reference[getRefIdx(pa)], change, __ATOMIC_RELAXED);
}

static void must_be_page(char *caller, void *pa) {
    if ((uint64)pa % PGSIZE != 0 || (char *)pa < end || (uint64)pa >= PHYSTOP) {
        panic(caller);
    }
}

/* One reference fewer; the page is free when the last one is gone. */
void kfree(void *pa) {
    must_be_page("kfree", pa);
    note((uint64)pa, -1); /* while the page can not be anybody else's yet */
    quire_put(xv6_memory, (uint64)pa);
}

/* A page with one reference, or 0. */
void *kalloc(void) {
    quire_pa pa = quire_alloc(xv6_memory, XV6_TAG);
    if (pa == QUIRE_NONE) {
        return 0;
    }
    note(pa, 1);
    return (void *)pa;
}

/* One reference more (op not 0) or fewer; the last one that goes frees the page. */
void reference_operation(void *pa, int op) {
    must_be_page("reference_operation", pa);
    if (op == 0) {
        kfree(pa);
        return;
    }
    note((uint64)pa, 1); /* before another CPU can count it down again */
    quire_get(xv6_memory, (uint64)pa);
}

/* A page to write to instead of `pa`, to which the caller has a reference: `pa` itself where that is the only one,
 * else a copy with a reference of its own, and the caller's is gone. 0: no memory for a copy, and the reference is
 * still there. */
void *cowcopy_pa(void *pa) {
    quire_pa own;
    must_be_page("cowcopy_pa", pa);
    if (quire_cow(xv6_memory, (uint64)pa, &own) != QUIRE_OK) {
        return 0;
    }
    if (own != (uint64)pa) {
        note(own, 1);
        note((uint64)pa, -1);
    }
    return (void *)own;
}
