/* refcount.c: the scenarios of the RISC-V kernel with copy-on-write fork. */

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

#define PAGES ((PHYSTOP - KERNBASE) / PAGE)

extern int pm_reference[PAGES];
extern struct spinlock reference_lock;
uint64 getRefIdx(uint64 pa);
void reference_operation(void *pa, int op);
void *cowcopy_pa(void *pa);

const char *const double_free_words = "free already", *const never_allocated_words = "free already";

static int count_of(const void *page) {
    return pm_reference[getRefIdx((uint64)page)];
}

static void five_rounds(void) {
    boot();
    exhaustion(5);
}

/* ---- what the kernel relies on --------------------------------------------------------------------------- */

static void counting(void) {
    boot();
    char *page = kalloc();
    expect(getRefIdx((uint64)page) == ((uint64)page - KERNBASE) / PAGE, "getRefIdx");
    expect(count_of(page) == 1, "the count of a new page is not 1");
    reference_operation(page, 1);
    reference_operation(page, 1);
    expect(count_of(page) == 3, "the count of a page with three references is not 3");
    reference_operation(page, 0);
    page[100] = 42;
    kfree(page);
    expect(count_of(page) == 1 && page[100] == 42, "kfree has freed a page that has a reference left");
    kfree(page);
    expect(count_of(page) == 0 && page[100] == 1, "kfree has not freed a page without references");
}

static void copying(void) {
    boot();
    char *page = kalloc();
    page[0] = 'a';
    page[PAGE - 1] = 'z';
    expect(cowcopy_pa(page) == page && count_of(page) == 1, "a copy of a page that is not shared");
    reference_operation(page, 1);
    char *copy = cowcopy_pa(page);
    expect(copy != NULL && copy != page, "no copy of a page that is shared");
    expect(copy[0] == 'a' && copy[PAGE - 1] == 'z', "the copy has other contents");
    expect(count_of(page) == 1 && count_of(copy) == 1, "after copying, not one reference to each");
    expect(cowcopy_pa(page) == page, "a copy of a page that is not shared any more");
}

/* CPUs that share, copy and drop the same few pages; each holds one reference to each of them all the time. */
enum { SHARED = 4 };
static void *shared[SHARED];

static void sharer(unsigned cpu) {
    for (unsigned i = 0; i < 5000; i++) {
        void *page = shared[(cpu + i) % SHARED];
        reference_operation(page, 1);
        void *own = cowcopy_pa(page);
        expect(own != NULL && own != page, "no copy of a page that is shared");
        reference_operation(page, 1);
        kfree(page);
        kfree(own);
    }
}

static void shared_by_all(void) {
    boot();
    size_t all = take_all();
    give_all();
    for (unsigned i = 0; i < SHARED; i++) {
        shared[i] = take();
        for (unsigned cpu = 1; cpu < NCPU; cpu++) {
            reference_operation(shared[i], 1);
        }
    }
    run_cpus(NCPU, sharer);
    for (unsigned i = 0; i < SHARED; i++) {
        expect(count_of(shared[i]) == NCPU, "a count has changed");
        for (unsigned cpu = 1; cpu < NCPU; cpu++) {
            reference_operation(shared[i], 0);
        }
    }
    give_all();
    expect(take_all() == all, "pages were lost");
}

/* ---- defects of the seed --------------------------------------------------------------------------------- */

static void free_is_zero(void) {
    boot();
    for (unsigned i = 0; i < PAGES; i++) {
        expect(pm_reference[i] == 0, "the count of a page that was never used is not 0");
    }
    take_all();
    give_all();
    for (unsigned i = 0; i < PAGES; i++) {
        expect(pm_reference[i] == 0, "the count of a free page is not 0");
    }
}

static void count_up(void *page) {
    reference_operation(page, 1);
}

static void count_down(void *page) {
    reference_operation(page, 0);
}

static void copy(void *page) {
    cowcopy_pa(page);
}

static void index_of(void *page) {
    getRefIdx((uint64)page);
}

static void last_reference(void) {
    boot();
    size_t all = take_all();
    give_all();
    count_down(kalloc());
    expect(take_all() == all, "a page was lost that was counted down to nothing");
}

static void free_page_counted(void) {
    boot();
    void *page = kalloc();
    kfree(page);
    expect_stop(count_up, page, "panic: reference_operation: ...");
    expect_stop(count_down, page, "panic: kfree: ...");
    expect_stop(copy, page, "panic: cowcopy_pa: ...");
}

static void out_of_range(void) {
    uintptr_t bad[] = {PHYSTOP, PHYSTOP + PAGE,         KERNBASE - PAGE,   KERNBASE,
                       0,       UINTPTR_MAX - PAGE + 1, PHYSTOP - PAGE / 2};
    boot();
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_stop(count_up, (void *)bad[i], "panic: reference_operation");
        expect_stop(count_down, (void *)bad[i], "panic: reference_operation");
        expect_stop(copy, (void *)bad[i], "panic: cowcopy_pa");
    }
    expect_stop(index_of, (void *)PHYSTOP, "panic: getRefIdx");
    expect_stop(index_of, (void *)(KERNBASE - 1), "panic: getRefIdx");
    expect(getRefIdx(PHYSTOP - 1) == PAGES - 1, "getRefIdx of the last page");
}

static void copy_without_memory(void) {
    boot();
    char *page = take();
    reference_operation(page, 1);
    take_all();
    page[0] = 'a';
    expect(cowcopy_pa(page) == NULL, "a copy without memory");
    expect(count_of(page) == 2 && page[0] == 'a', "a copy that failed has changed something");
    give();
    char *own = cowcopy_pa(page);
    expect(own != NULL && own != page && own[0] == 'a' && count_of(page) == 1, "no copy, though there is memory again");
}

static void fill_without_lock(void) {
    boot();
    n_fills = n_fills_in_locks = 0;
    void *page = kalloc();
    reference_operation(page, 1);
    kfree(cowcopy_pa(page));
    kfree(page);
    expect(n_fills >= 4, "fewer fills and copies than there should be: this test sees nothing");
    expect(n_fills_in_locks == 0, "a page is filled or copied with a lock held or with interrupts off");
}

/* Whether an instruction that changed the count did so atomically. */
static bool is_locked(const uint8_t *instruction) {
    enum { LOCK_PREFIX = 0xF0 }; /* Intel SDM volume 2, section 2.1.1 */
    return *instruction == LOCK_PREFIX;
}

static int *watched, last_count;
static unsigned n_changes;

static bool watch(const uint8_t *executed) {
    if (*watched != last_count) {
        last_count = *watched;
        n_changes++;
        expect(is_locked(executed) || reference_lock.locked, "a count is changed without its lock, and not atomically");
    }
    return true;
}

static void take_count_give(void) {
    void *page = kalloc();
    reference_operation(page, 1);
    reference_operation(page, 0);
    kfree(page);
}

static void atomic_counts(void) {
    boot();
    take_all();
    watched = &pm_reference[getRefIdx((uint64)give())]; /* the only free page */
    last_count = *watched;
    step(take_count_give, watch);
    expect(n_changes == 4, "the count of the watched page has not changed as it should: this test sees nothing");
}

const struct scenario scenarios[] = {
    {"five_rounds", five_rounds, NULL},
    {"counting", counting, NULL},
    {"copying", copying, NULL},
    {"shared_by_all", shared_by_all, NULL},
    {"free_is_zero", free_is_zero, "the count of a page that was never used is not 0"},
    {"last_reference", last_reference, "a page was lost that was counted down to nothing"},
    {"free_page_counted", free_page_counted, "instead of \"panic: reference_operation"},
    {"out_of_range", out_of_range, "instead of \"panic: reference_operation"},
    {"copy_without_memory", copy_without_memory, "out of memory"},
    {"fill_without_lock", fill_without_lock, "a page is filled or copied with a lock held"},
    {"atomic_counts", atomic_counts, "a count is changed without its lock"},
    {"ram_that_trees_tell", ram_that_trees_tell, NULL},
    {"added_later", added_later, "page fault"},
    {"added_badly", added_badly, "page fault"},
    {"added_at_once", added_at_once, "page fault"},
    {"strange_faults", strange_faults, "faults are not reported"},
    {0},
};
