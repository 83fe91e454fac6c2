/* common.c: what all three kernels rely on, and the defects that all three seeds have. */
#include "common.h"

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
#include "memlayout.h"
#include "defs.h"
#include "layout.h"
/* clang-format on */
#include "kernel.h"
#include <pthread.h>
#include <stdio.h>

#define RAM_PAGES 65536u /* more than either kernel has */

/* ---- pages ----------------------------------------------------------------------------------------------- */

static uintptr_t held[RAM_PAGES];
static size_t n;
static bool is_held[RAM_PAGES];

static uintptr_t index_of(uintptr_t page) {
    return (page - KERNEL_END) / PAGE;
}

void hold(void *page) {
    uintptr_t at = (uintptr_t)page;
    expect(at % PAGE == 0, "a page is not aligned");
    expect(at >= KERNEL_END && index_of(at) < RAM_PAGES, "a page is not RAM");
    expect(!is_held[index_of(at)], "a page was handed out twice");
    is_held[index_of(at)] = true;
    held[n++] = at;
}

void *take(void) {
    void *page = kalloc();
    if (page != NULL) {
        hold(page);
    }
    return page;
}

void *give(void) {
    void *page = (void *)held[--n];
    is_held[index_of((uintptr_t)page)] = false;
    kfree(page);
    return page;
}

size_t n_held(void) {
    return n;
}

size_t take_all(void) {
    size_t before = n;
    while (take() != NULL) {}
    return n - before;
}

void give_all(void) {
    while (n > 0) {
        give();
    }
}

static void free_page(void *page) {
    kfree(page);
}

static void expect_refused(void *page, const char *why) {
    char message[128];
    snprintf(message, sizeof message, "panic: kfree: page 0x%lx: %s", PHYSICAL(page), why);
    expect_stop(free_page, page, message);
}

/* ---- what the kernels rely on ---------------------------------------------------------------------------- */

void expect_pages_exist(size_t most) {
    for (size_t i = 0; i < n; i++) {
        *(volatile char *)held[i] = 1;
    }
    expect(n <= most && n > most * 9 / 10, "not the pages that exist");
}

void exhaustion(unsigned n_rounds) {
    size_t first = n, all = take_all();
    give_all();
    for (size_t i = 0; i < first; i++) {
        expect(take() != NULL, "a page that was there is not there any more");
    }
    for (unsigned round = 0; round < n_rounds; round++) {
        on_cpu(round % NCPU);
        expect(take_all() == all, "not the same number of pages as in the first round");
        expect(kalloc() == NULL && kalloc() == NULL, "a page after there was none");
        void *last = (void *)held[n - 1];
        on_cpu((round + 5) % NCPU);
        give();
        on_cpu((round + 2) % NCPU);
        expect(take() == last, "the only free page is out of reach of another CPU");
        while (n > first) {
            on_cpu((unsigned)n / 64 % NCPU);
            give();
        }
    }
}

static void bad_address(void) {
    boot();
    char *page = kalloc();
    uintptr_t below_end = KERNEL_END - KERNEL_END % PAGE;
    expect_stop(free_page, page + 1, "panic: kfree");
    expect_stop(free_page, page + PAGE / 2, "panic: kfree");
    expect_stop(free_page, (void *)below_end, "panic: kfree");
    expect_stop(free_page, (void *)(uintptr_t)KERNBASE, "panic: kfree");
    expect_stop(free_page, (void *)RAM_TOP, "panic: kfree");
    expect_stop(free_page, (void *)(RAM_TOP + PAGE), "panic: kfree");
    expect_stop(free_page, NULL, "panic: kfree");
    kfree(page);
}

/* With interrupts on and off, and with a process lock held over all of it, as in fork. */
static void interrupts(void) {
    static struct { uint words[16]; /* room for any kernel's struct spinlock */ } process_lock;
    boot();
    for (unsigned round = 0; round < 3; round++) {
        set_interrupts(round != 1);
        if (round == 2) {
            acquire((struct spinlock *)(void *)&process_lock);
        }
        bool on = interrupts_are_on();
        for (unsigned i = 0; i < 3000; i++) {
            expect(take() != NULL, "no page");
            expect(interrupts_are_on() == on, "kalloc left interrupts otherwise than it found them");
        }
        give_all();
        expect(interrupts_are_on() == on, "kfree left interrupts otherwise than it found them");
    }
    release((struct spinlock *)(void *)&process_lock);
}

static void take_and_give(void) {
    kfree(kalloc());
}

static void take_none(void) {
    expect(kalloc() == NULL, "a page after there was none");
}

/* Kernel stacks are one page. The host's code is not the kernel's, but near enough. */
static void little_stack(void) {
    boot();
    expect(stack_used(take_and_give) < 1024, "1 KiB of stack, for the first page");
    expect(stack_used(take_and_give) < 1024, "1 KiB of stack");
    take_all();
    expect(stack_used(take_none) < 1024, "1 KiB of stack, when memory is out");
}

/* All CPUs at once: each writes its mark into its pages and passes some of them on to the others to free. */
#define SLOTS 64
static void *passed[SLOTS];

static void crowd_member(unsigned cpu) {
    uintptr_t *own[100];
    size_t n_own = 0;
    unsigned dice = cpu * 7919 + 1;
    for (unsigned i = 0; i < 20000; i++) {
        dice = dice * 1103515245 + 12345;
        if (n_own < 100 && (dice >> 16) % 2 == 0) {
            own[n_own] = (uintptr_t *)(void *)kalloc();
            expect(own[n_own] != NULL, "no page, though most are free");
            *own[n_own++] = cpu;
        } else if (n_own > 0) {
            void *mine = own[--n_own];
            expect(*own[n_own] == cpu, "another CPU has written to a page of this one's");
            void *other = __atomic_exchange_n(&passed[(dice >> 18) % SLOTS], mine, __ATOMIC_ACQ_REL);
            if (other != NULL) {
                kfree(other);
            }
        }
    }
    while (n_own > 0) {
        kfree((void *)own[--n_own]);
    }
}

static void crowd(void) {
    boot();
    size_t all = take_all();
    give_all();
    run_cpus(NCPU, crowd_member);
    for (unsigned i = 0; i < SLOTS; i++) {
        if (passed[i] != NULL) {
            kfree(passed[i]);
        }
    }
    expect(take_all() == all, "pages were lost");
}

/* ---- defects of all seeds -------------------------------------------------------------------------------- */

static void double_free(void) {
    boot();
    char *page = kalloc(), *other = kalloc();
    kfree(page);
    expect_refused(page, double_free_words);
    kfree(other);
    expect_refused(page, double_free_words);
    on_cpu(3);
    expect_refused(page, double_free_words);
    expect_refused(other, double_free_words);
    take_all();
    give_all();
    expect_refused(page, double_free_words);
}

/* Pages that nobody has ever had, and then those that are still left when memory is out: the allocator's own. */
static void never_handed_out(void) {
    boot();
    expect_refused((void *)(RAM_TOP - PAGE), never_allocated_words);
    take_all();
    for (uintptr_t at = KERNEL_END - KERNEL_END % PAGE + PAGE; at < RAM_TOP; at += PAGE) {
        if (!is_held[index_of(at)]) {
            expect_stop(free_page, (void *)at, "panic: kfree: page ...");
        }
    }
}

static void start_up(void) {
    small_pages = true;
    boot();
    expect(resident_pages() < (RAM_TOP - KERNBASE) / PAGE / 64, "start-up touches all memory");
}

static void less_ram(void) {
    size_t n_bytes = 33 << 20, most = (n_bytes - (KERNEL_END - KERNBASE)) / PAGE;
    machine_ram = n_bytes;
    boot();
    take_all();
    expect_pages_exist(most);
}

const struct scenario common_scenarios[] = {
    {"bad_address", bad_address, NULL},
    {"double_free", double_free, "instead of \"panic: kfree: page"},
    {"never_handed_out", never_handed_out, "instead of \"panic: kfree: page"},
    {"start_up", start_up, "start-up touches all memory"},
    {"less_ram", less_ram, "page fault"},
    {"interrupts", interrupts, NULL},
    {"little_stack", little_stack, NULL},
    {"crowd", crowd, NULL},
    {0},
};
