/* percpu.c: the scenarios of the RISC-V kernel with a list for each CPU. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
#include "memlayout.h"
#include "spinlock.h"
#include "defs.h"
/* clang-format on */
#include "board.h"
#include "common.h"
#include "kernel.h"
#include <stdio.h>

extern struct kmem {
    struct spinlock lock;
    struct run *freelist;
} kmem[NCPU];

const char *const double_free_words = "double free";
const char *const never_allocated_words = "free of a frame never allocated";

/* The kernel image and the kernel's stacks take about 271 pages; the lock lab wants 31768 of 32768 after that. */
#define KERNEL_PAGES 271u
#define IMAGE_PAGES  ((KERNEL_END - KERNBASE + PAGE - 1) / PAGE)

static void fifty_rounds(void) {
    boot();
    for (size_t i = IMAGE_PAGES; i < KERNEL_PAGES; i++) {
        take();
    }
    size_t left = take_all();
    expect(left >= 31768, "fewer than 31768 pages of 128 MiB");
    while (n_held() > KERNEL_PAGES - IMAGE_PAGES) {
        give();
    }
    exhaustion(50);
}

static void junk(void) {
    boot();
    unsigned char *page = kalloc();
    for (unsigned i = 0; i < PAGE; i++) {
        expect(page[i] == 5, "a new page is not full of 5");
    }
    kfree(page);
    for (unsigned i = sizeof(void *); i < PAGE; i++) {
        expect(page[i] == 1, "a free page is not full of 1");
    }
}

/* Other files may name the lists; then their locks must work. */
static void old_names(void) {
    boot();
    for (unsigned i = 0; i < NCPU; i++) {
        expect(kmem[i].lock.name[0] == 'k', "a lock without its name");
        acquire(&kmem[i].lock);
        release(&kmem[i].lock);
        expect(sizeof kmem[i] == sizeof(struct spinlock) + sizeof(void *), "struct kmem");
    }
}

/* ---- where memory goes ----------------------------------------------------------------------------------- */

#define WORKING_SET 64u

/* Each CPU works with its own pages; then nothing that they touch should be common. */
static void apart(void) {
    static uintptr_t first[NCPU], last[NCPU];
    boot();
    forget_locks();
    for (unsigned i = 0; i < NCPU * WORKING_SET; i++) {
        on_cpu(i % NCPU);
        last[i % NCPU] = (uintptr_t)take();
        if (i < NCPU) {
            first[i] = last[i];
        }
    }
    for (unsigned i = 0; i < n_locks_used(); i++) {
        expect((lock_use[i].cpus & (lock_use[i].cpus - 1)) == 0, "two CPUs that only allocate take the same lock");
    }
    for (unsigned i = 0; i < NCPU; i++) {
        for (unsigned j = 0; j < i; j++) {
            expect(first[i] >> 21 != first[j] >> 21 && last[i] >> 21 != last[j] >> 21,
                   "two CPUs allocate from the same block");
        }
    }
}

static void separate_lines(void) {
    boot();
    for (unsigned cpu = 0; cpu < NCPU; cpu++) {
        on_cpu(cpu);
        kfree(kalloc());
    }
    for (unsigned i = 0; i < n_locks_used(); i++) {
        for (unsigned j = 0; j < i; j++) {
            expect((uintptr_t)lock_use[i].lock / 64 != (uintptr_t)lock_use[j].lock / 64, "two locks on one cache line");
        }
    }
}

/* One CPU frees, another allocates: what that costs must not be a round over all CPUs for each page. */
static void produced_elsewhere(void) {
    enum { PAGES = 1000 };
    boot();
    take_all();
    on_cpu(1);
    for (unsigned i = 0; i < PAGES; i++) {
        give();
    }
    on_cpu(7);
    forget_locks();
    for (unsigned i = 0; i < PAGES; i++) {
        expect(take() != NULL, "a page that another CPU freed is out of reach");
    }
    expect(n_locks_taken() < 2 * PAGES, "more than two locks for each page that another CPU freed");
    expect(take() == NULL, "a page too many");
}

/* ---- 2 MiB at once -------------------------------------------------------------------------------------------- */

#define SUPER_BYTES (2u << 20)
#define SUPER_PAGES (SUPER_BYTES / PAGE)

/* The seed has none. */
extern void *superalloc(void) __attribute__((weak));
extern void superfree(void *pa) __attribute__((weak));

static void free_super(void *pa) {
    superfree(pa);
}

static size_t take_all_super(char **pages, size_t room) {
    size_t n = 0;
    for (char *page; n < room && (page = superalloc()) != NULL; n++) {
        expect((uintptr_t)page % SUPER_BYTES == 0, "2 MiB are not aligned");
        for (unsigned i = 0; i < SUPER_PAGES; i++) {
            hold(page + i * PAGE);
        }
        pages[n] = page;
    }
    return n;
}

static void superpages(void) {
    static char *pages[64];
    expect(superalloc != NULL, "no superalloc");
    boot();
    size_t all = take_all();
    give_all();
    size_t n = take_all_super(pages, 64);
    expect(n >= 60 && superalloc() == NULL, "of 128 MiB not nearly all can be had 2 MiB at a time");
    expect(pages[0][0] == 5 && pages[0][SUPER_BYTES - 1] == 5, "new memory is not full of 5");
    expect(n_held() == n * SUPER_PAGES, "other pages than those of the 2 MiB are held");
    give_all(); /* page by page */
    expect(take_all() == all, "pages were lost");
}

static void superfree_checks(void) {
    char words[128];
    expect(superfree != NULL, "no superfree");
    boot();
    char *super = superalloc(), *page = kalloc();
    expect_stop(free_super, super + PAGE, "panic: superfree");
    expect_stop(free_super, (void *)(uintptr_t)KERNBASE, "panic: superfree");
    expect_stop(free_super, (void *)PHYSTOP, "panic: superfree");
    superfree(super);
    expect(super[SUPER_BYTES / 2] == 1, "free memory is not full of 1");
    snprintf(words, sizeof words, "panic: superfree: page 0x%lx: double free", (unsigned long)super);
    expect_stop(free_super, super, words);
    kfree(page);
}

/* ---- no page, though one was free at every instant --------------------------------------------------------- */

/* CPU 1 frees a page, and then CPU 3 takes one: in between there are two, before and after it one. */
static void free_one_take_one(void) {
    on_cpu(1);
    give();
    on_cpu(3);
    expect(take() != NULL, "no page for CPU 3, though one was free at every instant");
}

static void *found;

static void victim(void) {
    found = kalloc();
}

static void expect_found(void) {
    expect(found != NULL, "no page, though one was free at every instant");
    hold(found);
}

static void always_one_free(void) {
    boot();
    take_all();
    on_cpu(3);
    give();
    on_cpu(0);
    intrude(victim, free_one_take_one, expect_found);
}

const struct scenario scenarios[] = {
    {"fifty_rounds", fifty_rounds, NULL},
    {"junk", junk, NULL},
    {"old_names", old_names, NULL},
    {"superpages", superpages, "no superalloc"},
    {"superfree_checks", superfree_checks, "no superfree"},
    {"apart", apart, "two CPUs that only allocate take the same lock"},
    {"separate_lines", separate_lines, "two locks on one cache line"},
    {"produced_elsewhere", produced_elsewhere, "more than two locks for each page"},
    {"always_one_free", always_one_free, "no page, though one was free at every instant"},
    {"ram_that_trees_tell", ram_that_trees_tell, NULL},
    {"added_later", added_later, "page fault"},
    {"added_badly", added_badly, "page fault"},
    {"added_at_once", added_at_once, "page fault"},
    {"strange_faults", strange_faults, "faults are not reported"},
    {0},
};
