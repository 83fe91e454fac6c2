/* kalloc-percpu.c: instead of kalloc.c in a RISC-V xv6 with a free list for each CPU.
 *
 * A CPU allocates from a block of memory that it borrowed and takes a block, or what another CPU has, when that is
 * used up; src/cache.c has the theory. There is no lock, so none can be fought over. The CPU's number is no more
 * than a hint, so interrupts stay as they are. */

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
void *superalloc(void);
void superfree(void *pa);

extern char end[]; /* the first address after the kernel, from kernel.ld */

/* The lists that this file does without. They are here for other files that name them: each stays empty, and its
 * lock works, but nobody here takes it. */
struct run;
struct kmem {
    struct spinlock lock;
    struct run *freelist;
};
struct kmem kmem[NCPU];

void kinit(void) {
    for (int i = 0; i < NCPU; i++) {
        initlock(&kmem[i].lock, "kmem");
    }
    xv6_init("kinit", (uint64)end, xv6_ram_end(), XV6_CONTENT);
}

/* Adds memory that kinit left out. */
void freerange(void *pa_start, void *pa_end) {
    if ((char *)pa_start < end || (uint64)pa_end > PHYSTOP) {
        panic("freerange");
    }
    xv6_add("freerange", (uint64)pa_start, (uint64)pa_end);
}

void kfree(void *pa) {
    if ((uint64)pa % PGSIZE != 0 || (char *)pa < end || (uint64)pa >= PHYSTOP) {
        panic("kfree");
    }
    quire_free(xv6_memory, (uint64)pa);
}

void *kalloc(void) {
    quire_pa pa = quire_alloc(xv6_memory, XV6_TAG);
    return pa == QUIRE_NONE ? 0 : (void *)pa;
}

/* ---- 2 MiB at once, for the labs that map them as one page ------------------------------------------------------ */

#define SUPER_ORDER 9 /* 512 pages, which is what one entry of a level-1 page table maps */

/* 2 MiB, aligned to that, or 0. kfree takes the pages of it one by one, too. */
void *superalloc(void) {
    quire_pa pa;
    return quire_alloc_order(xv6_memory, SUPER_ORDER, XV6_TAG, &pa) == QUIRE_OK ? (void *)pa : 0;
}

void superfree(void *pa) {
    if ((uint64)pa % (PGSIZE << SUPER_ORDER) != 0 || (char *)pa < end || (uint64)pa >= PHYSTOP) {
        panic("superfree");
    }
    quire_free_order(xv6_memory, (uint64)pa, SUPER_ORDER);
}
