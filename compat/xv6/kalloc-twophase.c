/* kalloc-twophase.c: instead of kalloc.c in the 32-bit x86 xv6, whose memory comes in two phases.
 *
 * kinit1 makes the allocator in the first 4 MiB, which is all that is mapped then; kinit2 adds the rest while other
 * CPUs run already. Nothing has to change between the phases: no lock is ever taken, and the CPU's number is no more
 * than a hint, which is 0 as long as there is none. Addresses are virtual on the kernel's side, physical on the
 * allocator's. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "defs.h"
#include "param.h"
#include "memlayout.h"
#include "mmu.h"
#include "spinlock.h"
/* clang-format on */
#include "quire-xv6.h"

/* What happens to the contents of pages: here, what the kernel is used to. Another of enum quire_content can be had
 * by -DXV6_CONTENT=... */
#ifndef XV6_CONTENT
#define XV6_CONTENT QUIRE_CONTENT_JUNK_FREE
#endif

void freerange(void *vstart, void *vend);

extern char end[]; /* the first address after the kernel, from kernel.ld */

/* The list that this file does without. It is here for other files that name it: it stays empty, its lock works, but
 * nobody here takes it, and use_lock says that kinit2 is done. */
struct run;
struct {
    struct spinlock lock;
    int use_lock;
    struct run *freelist;
} kmem;

static quire_pa ram_end;

static quire_pa within_ram(void *v) {
    quire_pa pa = V2P(v);
    return pa < ram_end ? pa : ram_end;
}

void kinit1(void *vstart, void *vend) {
    initlock(&kmem.lock, "kmem");
    kmem.use_lock = 0;
    ram_end = xv6_ram_end();
    xv6_init("kinit1", V2P(vstart), within_ram(vend), XV6_CONTENT);
}

void kinit2(void *vstart, void *vend) {
    xv6_add("kinit2", V2P(vstart), within_ram(vend));
    kmem.use_lock = 1;
}

/* Adds memory that kinit1 and kinit2 left out. */
void freerange(void *vstart, void *vend) {
    if ((char *)vstart < end || V2P(vend) > PHYSTOP) {
        panic("freerange");
    }
    xv6_add("freerange", V2P(vstart), V2P(vend));
}

void kfree(char *v) {
    if ((uint)v % PGSIZE != 0 || v < end || V2P(v) >= PHYSTOP) {
        panic("kfree");
    }
    quire_free(xv6_memory, V2P(v));
}

char *kalloc(void) {
    quire_pa pa = quire_alloc(xv6_memory, XV6_TAG);
    return pa == QUIRE_NONE ? 0 : (char *)((uint)pa + KERNBASE);
}
