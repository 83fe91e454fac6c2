/* unikraft.c: compat/unikraft as Unikraft calls it: through the functions in struct uk_alloc. */
#include "tests/unit/unit.h"

#include "compat/unikraft/allocquire.h"
#include <quire/port.h>
#include <stdlib.h>
#include <string.h>
#include <uk/alloc_impl.h>

static struct uk_alloc *registered;
static unsigned n_faults;
static enum quire_fault_kind last_fault;
static char *memory; /* two parts of PART_BYTES, with nothing between them */

#define PART_BYTES (16 * MIB)

/* The port: addresses are pointers. */

unsigned quire_port_cpu(void) {
    return 0;
}

static void (*during_map)(void); /* what another CPU does in the middle of a call */

void *quire_port_map(quire_pa pa) {
    if (during_map != NULL) {
        during_map();
    }
    return (void *)(uintptr_t)pa;
}

void quire_port_fault(const struct quire_fault *fault) {
    n_faults++;
    last_fault = fault->kind;
}

int uk_alloc_register(struct uk_alloc *a) {
    registered = a;
    return 0;
}

static int setup(void **state) {
    (void)state;
    registered = NULL;
    n_faults = 0;
    memory = aligned_alloc(BLOCK, 2 * PART_BYTES);
    assert_non_null(memory);
    memset(memory, 0xA5, 2 * PART_BYTES);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    struct quire_fault first;
    if (registered != NULL) { /* no two things are in one place */
        assert_int_equal(quire_validate(*(struct quire **)(void *)registered->priv, &first), QUIRE_OK);
    }
    free(memory);
    return n_faults == 0 ? 0 : -1;
}

static struct uk_alloc *make(void) {
    struct uk_alloc *a = uk_allocquire_init(memory, PART_BYTES);
    assert_non_null(a);
    assert_ptr_equal(a, registered);
    return a;
}

static void expect_one_fault(enum quire_fault_kind kind) {
    assert_int_equal(n_faults, 1);
    assert_int_equal(last_fault, kind);
    n_faults = 0;
}

/* Any number of pages, freed in any pieces: those of two calls by one, those of one by several. */
static void pages(void **state) {
    (void)state;
    struct uk_alloc *a = make();
    long before = a->pavailmem(a);
    for (unsigned long n = 1; n <= 700; n += n / 2 + 1) {
        char *at = a->palloc(a, n);
        assert_non_null(at);
        assert_true((uintptr_t)at % PAGE == 0 && at > memory && at + n * PAGE <= memory + PART_BYTES);
        memset(at, 1, n * PAGE);
        assert_int_equal(a->pavailmem(a), before - (long)n);
        unsigned long part = n / 3;
        a->pfree(a, at + part * PAGE, n - part);
        if (part > 0) {
            a->pfree(a, at, part);
        }
        assert_int_equal(a->pavailmem(a), before);
    }
}

static void exhaustion(void **state) {
    (void)state;
    struct uk_alloc *a = make();
    for (int round = 0; round < 2; round++) {
        long all = a->pavailmem(a), n = 0;
        void *list = NULL; /* through the first word of each page */
        for (void **page; (page = a->palloc(a, 1)) != NULL; n++) {
            *page = list;
            list = page;
        }
        assert_int_equal(errno, ENOMEM);
        assert_int_equal(n, all);
        assert_int_equal(a->pavailmem(a), 0);
        assert_int_equal(a->pmaxalloc(a), 0);
        while (list != NULL) {
            void *next = *(void **)list;
            a->pfree(a, list, 1);
            assert_true(a->pmaxalloc(a) >= 1);
            list = next;
        }
        assert_int_equal(a->pavailmem(a), all);
    }
}

/* What is called possible is. */
static void largest(void **state) {
    (void)state;
    struct uk_alloc *a = make();
    long n = a->pmaxalloc(a);
    assert_true(n > (long)(PART_BYTES / PAGE) - 64 && n <= a->pavailmem(a));
    errno = 0;
    assert_null(a->palloc(a, (unsigned long)a->pavailmem(a) + 1));
    assert_int_equal(errno, ENOMEM);
    assert_null(a->palloc(a, ~0ul));
    assert_null(a->palloc(a, 0));
    void *at = a->palloc(a, (unsigned long)n);
    assert_non_null(at);
    a->pfree(a, at, (unsigned long)n);
}

static void more_memory(void **state) {
    (void)state;
    struct uk_alloc *a = make();
    long before = a->pavailmem(a);
    char *more = memory + PART_BYTES;
    assert_int_equal(a->addmem(a, more, 100), -EINVAL);      /* no page */
    assert_int_equal(a->addmem(a, more + 1, PAGE), -EINVAL); /* nor here a whole one */
    assert_int_equal(a->addmem(a, more, SIZE_MAX), -EINVAL); /* past the last address */
    assert_int_equal(a->addmem(a, (void *)(UINTPTR_MAX - 9), 5), -EINVAL);
    assert_int_equal(a->addmem(a, memory + PAGE, PAGE), -EINVAL); /* it is there already */
    assert_int_equal(a->pavailmem(a), before);
    assert_int_equal(a->addmem(a, more + 1, PART_BYTES - 1), 0); /* from the second page on */
    assert_true(a->pavailmem(a) > before + (long)((PART_BYTES - MIB) / PAGE));
    bool is_used = false;
    for (char *page; (page = a->palloc(a, 1)) != NULL;) {
        assert_true(page < more || page >= more + PAGE);
        is_used = is_used || page > more;
    }
    assert_true(is_used);
}

/* Pages that have no room for the data that they need, when no other page is free. */
static void no_room_for_more(void **state) {
    (void)state;
    struct uk_alloc *a = make();
    while (a->palloc(a, 1) != NULL) {}
    assert_int_equal(a->addmem(a, memory + PART_BYTES, PAGE), -ENOMEM);
    assert_int_equal(a->addmem(a, memory + PART_BYTES, PART_BYTES), 0);
}

static int result_of_another;

static void another_adds(void) {
    during_map = NULL;
    result_of_another = registered->addmem(registered, memory + PART_BYTES + PART_BYTES / 2, PART_BYTES / 2);
}

static void two_add_memory(void **state) {
    (void)state;
    struct uk_alloc *a = make();
    long before = a->pavailmem(a);
    during_map = another_adds;
    assert_int_equal(a->addmem(a, memory + PART_BYTES, PART_BYTES / 2), 0);
    assert_null(during_map);
    assert_int_equal(result_of_another, -EBUSY);
    assert_true(a->pavailmem(a) <= before + (long)(PART_BYTES / 2 / PAGE));
}

static void too_little(void **state) {
    (void)state;
    assert_null(uk_allocquire_init(memory, 0));
    assert_null(uk_allocquire_init(memory + 1, PAGE));
    assert_null(uk_allocquire_init(memory, PAGE));
    assert_null(uk_allocquire_init(memory, 2 * PAGE));
    assert_null(uk_allocquire_init(memory, SIZE_MAX));
    assert_null(uk_allocquire_init((void *)(UINTPTR_MAX - 9), 5));
    assert_null(registered);
    assert_int_equal((unsigned char)memory[0], 0xA5); /* nothing was written */
}

static void misuse(void **state) {
    (void)state;
    struct uk_alloc *a = make();
    char *at = a->palloc(a, 4);
    long before = a->pavailmem(a);
    a->pfree(a, at + 1, 1);
    expect_one_fault(QUIRE_FAULT_MISALIGNED);
    a->pfree(a, memory + PART_BYTES, 1);
    expect_one_fault(QUIRE_FAULT_UNMANAGED);
    a->pfree(a, at, 0);
    assert_int_equal(a->pavailmem(a), before);
    a->pfree(a, at, 4);
    a->pfree(a, at + PAGE, 2);
    expect_one_fault(QUIRE_FAULT_DOUBLE_FREE);
    assert_int_equal(a->pavailmem(a), before + 4);
}

/* Unikraft's statistics are told what happened, and nothing else. */
static void counted(void **state) {
    (void)state;
    struct uk_alloc *a = make();
    void *at = a->palloc(a, 5);
    assert_null(a->palloc(a, ~0ul));
    a->pfree(a, at, 5);
    a->pfree(a, at, 5);
    expect_one_fault(QUIRE_FAULT_DOUBLE_FREE);
    assert_int_equal(a->n_allocs, 5);
    assert_int_equal(a->n_frees, 5);
    assert_int_equal(a->n_failed, 1);
}

#define test_case(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        test_case(pages),       test_case(exhaustion),       test_case(largest),
        test_case(more_memory), test_case(no_room_for_more), test_case(two_add_memory),
        test_case(too_little),  test_case(misuse),           test_case(counted),
    };
    return cmocka_run_group_tests_name("unikraft", tests, NULL, NULL);
}
