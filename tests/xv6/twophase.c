/* twophase.c: the scenarios of the x86 kernel, whose memory comes in two phases. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "defs.h"
#include "param.h"
#include "memlayout.h"
#include "spinlock.h"
/* clang-format on */
#include "common.h"
#include "kernel.h"
#include "kernel_pc.h"

extern struct {
    struct spinlock lock;
    int use_lock;
    struct run *freelist;
} kmem;
void freerange(void *vstart, void *vend);

const char *const double_free_words = "double free";
const char *const never_allocated_words = "free of a frame never allocated";

#define END   ((void *)KERNEL_END)
#define FIRST P2V(MAPPED_IN_PHASE_ONE)

static void phase_one(void) {
    power_on();
    kinit1(END, FIRST);
}

static void five_rounds(void) {
    boot();
    size_t all = take_all(), most = (PHYSTOP - V2P(KERNEL_END)) / PAGE;
    expect(all > most - most / 100, "more than 1 % of memory is missing");
    give_all();
    exhaustion(5);
}

/* ---- what the kernel relies on --------------------------------------------------------------------------- */

/* Only 4 MiB are mapped, no lock and no CPU number can be had: kernel.c ends the scenario that tries. */
static void first_phase(void) {
    phase_one();
    size_t left = take_all();
    expect(left >= 75, "fewer than 75 pages before kinit2");
    give_all();
    expect(take_all() == left, "pages were lost before kinit2");
    give();
    start_cpus();
    kinit2(FIRST, P2V(PHYSTOP));
    expect(kmem.use_lock == 1, "use_lock");
    expect(take_all() > PHYSTOP / PAGE / 2, "kinit2 has not brought its memory");
}

static void junk(void) {
    boot();
    char *page = kalloc();
    page[PAGE - 1] = 42;
    kfree(page);
    for (unsigned i = sizeof(void *); i < PAGE; i++) {
        expect(page[i] == 1, "a free page is not full of 1");
    }
}

/* ---- kinit2, while other CPUs run ------------------------------------------------------------------------- */

static unsigned *n_pages; /* that there should be after kinit2 */

/* A megabyte stands for all of memory, to have fewer instructions to step through. */
static void add_a_megabyte(void) {
    kinit2(FIRST, (char *)FIRST + (1 << 20));
}

static void count_pages(void) {
    add_a_megabyte();
    *n_pages = (unsigned)take_all();
}

/* Boots up to kinit2. */
static void before_phase_two(void) {
    phase_one();
    start_cpus();
    n_pages = page_for_copies();
    in_copy(count_pages);
}

/* Takes a page and keeps it, takes another and gives it back. */
static void work_on_cpu_1(void) {
    on_cpu(1);
    set_interrupts(true);
    take();
    take();
    give();
}

static void expect_all_pages(void) {
    take_all();
    expect(n_held() == *n_pages, "pages were lost");
}

static void phase_two_interrupted(void) {
    before_phase_two();
    intrude(add_a_megabyte, work_on_cpu_1, expect_all_pages);
}

static void finish_on_cpu_0(void) {
    on_cpu(0);
    add_a_megabyte();
}

static void expect_all_pages_in_the_end(void) {
    if (!kmem.use_lock) {
        finish_on_cpu_0();
    }
    expect_all_pages();
}

static void phase_two_ends_in_the_middle(void) {
    before_phase_two();
    intrude(work_on_cpu_1, finish_on_cpu_0, expect_all_pages_in_the_end);
}

static bool phase_two_done;

static void run_during_phase_two(unsigned cpu) {
    if (cpu == 0) {
        kinit2(FIRST, P2V(PHYSTOP));
        __atomic_store_n(&phase_two_done, true, __ATOMIC_RELEASE);
        return;
    }
    set_interrupts(true);
    for (unsigned i = 0; i < 20000 || !__atomic_load_n(&phase_two_done, __ATOMIC_ACQUIRE); i++) {
        uint *page = (uint *)(void *)kalloc();
        expect(page != NULL, "no page, though most are free");
        *page = cpu;
        expect(*page == cpu, "another CPU has the same page");
        kfree((char *)page);
    }
}

static void phase_two_in_a_crowd(void) {
    before_phase_two();
    run_cpus(NCPU, run_during_phase_two);
    size_t all = take_all();
    give_all();
    expect(take_all() == all && all > PHYSTOP / PAGE * 95 / 100, "pages were lost");
}

/* ---- bad ranges ------------------------------------------------------------------------------------------- */

static void add_overlap(void *start) {
    kinit2(start, P2V(PHYSTOP));
}

static void free_overlap(void *start) {
    freerange(start, (char *)start + (1 << 20));
}

static void overlap(void) {
    phase_one();
    start_cpus();
    expect_stop(add_overlap, P2V(3 << 20),
                "panic: kinit2: from 0x300000 to 0xe000000 some memory is the allocator's already");
    kinit2(FIRST, P2V(PHYSTOP));
    expect_stop(add_overlap, FIRST, "panic: kinit2: ...");
    expect_stop(free_overlap, P2V(64 << 20), "panic: freerange: ...");
    expect_stop(free_overlap, P2V(PHYSTOP - (1 << 20) / 2), "panic: freerange");
    expect_stop(free_overlap, P2V(0), "panic: freerange");
}

/* The panic itself can not be seen yet: what is expected comes from the serial line. */
static void start_at(void *start) {
    power_on();
    kinit1(start, FIRST);
}

/* A line that is stuck is given up for each character; one that is slow is waited for. */
static void start_on_a_slow_line(void *start) {
    n_serial_is_busy = 100010;
    start_at(start);
}

static void kernel_too_large(void) {
    expect_stop(start_on_a_slow_line, P2V(5 << 20), "kinit1: from 0x500000 to 0x400000 there is no memory");
    expect_stop(start_at, P2V(5 << 20), "kinit1: from 0x500000 to 0x400000 there is no memory");
    expect_stop(start_at, FIRST, "kinit1: from 0x400000 to 0x400000 there is no memory");
    expect_stop(start_at, (char *)FIRST - PAGE / 2, "kinit1: from 0x3ff800 to 0x400000 there is no memory");
    expect_stop(start_at, (char *)FIRST - PAGE,
                "kinit1: from 0x3ff000 to 0x400000 there is too little memory for the allocator's own data");
}

/* ---- machines with less memory ------------------------------------------------------------------------------ */

static void machine_of(uint64_t n_bytes) {
    machine_ram = n_bytes;
    boot();
    take_all();
    expect_pages_exist(((size_t)n_bytes - V2P(KERNEL_END)) / PAGE);
}

static void machine_of_3_mib(void) {
    machine_of(3 << 20);
}

static void machine_of_12_mib(void) {
    machine_of(12 << 20);
}

static void machine_of_100_mib(void) {
    machine_of(100 << 20);
}

static void machine_that_does_not_say(void) {
    cmos_is_empty = true;
    machine_of(PHYSTOP);
}

static void machines(void) {
    in_copy(machine_of_3_mib);
    in_copy(machine_of_12_mib);
    in_copy(machine_of_100_mib);
    in_copy(machine_that_does_not_say);
}

const struct scenario scenarios[] = {
    {"five_rounds", five_rounds, NULL},
    {"first_phase", first_phase, NULL},
    {"junk", junk, NULL},
    {"phase_two_interrupted", phase_two_interrupted, "handed out twice"},
    {"phase_two_ends_in_the_middle", phase_two_ends_in_the_middle, "panic: release"},
    {"phase_two_in_a_crowd", phase_two_in_a_crowd, BY_CHANCE},
    {"overlap", overlap, "instead of \"panic: kinit2"},
    {"kernel_too_large", kernel_too_large, "instead of \"kinit1"},
    {"machines", machines, "page fault"},
    {0},
};
