/* bulk.c: many single frames by one call do what as many calls would. */
#include "unit.h"

#define BASE (64 * MIB + 3 * PAGE)
#define MOST 5000u

static struct quire *q;
static quire_pa at[MOST];

static size_t take(size_t n, size_t least) {
    return quire_alloc_bulk(q, n, least, 7, at);
}

static void expect_taken(size_t n) {
    static const struct quire_region region = USABLE(BASE, BASE + 16 * MIB);
    struct frames list = {0};
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(quire_refs(q, at[i]), 1);
        assert_int_equal(run_at(q, at[i]).tag, 7);
        frames_push(&list, at[i]);
    }
    expect_good_frames(&list, &region, 1);
    frames_clear(&list);
}

static void as_many_as_are_wanted(void **state) {
    (void)state;
    static const size_t numbers[] = {0, 1, 2, 63, 64, 65, 128, 129, 500, 3000};
    q = unit_simple(BASE, 16 * MIB);
    const uint64_t n_before = n_free(q);
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        assert_int_equal(take(numbers[i], 0), numbers[i]);
        expect_taken(numbers[i]);
        assert_int_equal(n_free(q), n_before - numbers[i]);
        expect_consistent(q);
        assert_int_equal(quire_free_bulk(q, numbers[i], at), numbers[i]);
        assert_int_equal(n_free(q), n_before);
        expect_consistent(q);
    }
}

/* The frames come in the order of single calls. */
static void the_same_frames_as_by_single_calls(void **state) {
    (void)state;
    quire_pa singly[300];
    q = unit_simple(BASE, 16 * MIB);
    for (size_t i = 0; i < 300; i++) {
        singly[i] = must_alloc(q, 7);
    }
    host_ram_clear();
    q = unit_simple(BASE, 16 * MIB);
    assert_int_equal(take(300, 300), 300);
    for (size_t i = 0; i < 300; i++) {
        assert_int_equal(at[i], singly[i]);
    }
}

static void to_the_last_frame(void **state) {
    (void)state;
    q = unit_simple(BASE, 16 * MIB);
    const size_t n = (size_t)n_free(q);
    /* some are in another CPU's cache */
    host_set_cpu(1);
    quire_pa pa = must_alloc(q, 1);
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    host_set_cpu(0);
    assert_int_equal(take(n + 1, n + 1), 0); /* all or nothing */
    assert_int_equal(n_free(q), n);
    expect_consistent(q);
    assert_int_equal(take(MOST, 0), n); /* as many as there are */
    expect_taken(n);
    assert_int_equal(take(3, 0), 0);
    assert_int_equal(stats_of(q).n_unproved, 0);
    assert_int_equal(quire_free_bulk(q, n, at), n);
    assert_int_equal(n_free(q), n);
    expect_consistent(q);
}

static void what_can_not_be_freed_ends_it(void **state) {
    (void)state;
    q = unit_simple(BASE, 16 * MIB);
    assert_int_equal(take(200, 200), 200);
    assert_int_equal(quire_get(q, at[70]), QUIRE_OK);
    assert_int_equal(quire_free_bulk(q, 200, at), 70);
    expect_fault(QUIRE_FAULT_SHARED, "quire_free", at[70], 0, 2, 7);
    assert_int_equal(quire_put(q, at[70]), QUIRE_OK);
    for (size_t i = 71; i < 200; i++) {
        assert_int_equal(quire_refs(q, at[i]), 1);
    }
    const quire_pa good = at[150];
    at[150] = at[100];
    assert_int_equal(quire_free_bulk(q, 130, at + 70), 80);
    expect_fault(QUIRE_FAULT_DOUBLE_FREE, "quire_free", at[100], 0, 0, 7);
    at[150] = good + 1;
    assert_int_equal(quire_free_bulk(q, 50, at + 150), 0);
    expect_fault(QUIRE_FAULT_MISALIGNED, "quire_free", good + 1, 0, 0, 0);
    at[150] = BASE - PAGE;
    assert_int_equal(quire_free_bulk(q, 50, at + 150), 0);
    expect_fault(QUIRE_FAULT_UNMANAGED, "quire_free", BASE - PAGE, 0, 0, 0);
    at[150] = good;
    assert_int_equal(quire_free_bulk(q, 50, at + 150), 50);
    expect_consistent(q);
}

/* Below n, n at most 2^16. */
static size_t draw(uint32_t *random, size_t n) {
    *random = *random * 1664525 + 1013904223;
    return (*random >> 16) * n >> 16;
}

/* In any order, from several blocks, a part at a time, with single calls between: all come back. */
static void frames_from_here_and_there(void **state) {
    (void)state;
    struct frames singly = {0};
    q = unit_simple(BASE, 16 * MIB);
    const uint64_t n_before = n_free(q);
    uint32_t random = 1;
    for (unsigned round = 0; round < 100; round++) {
        const size_t n = 1 + draw(&random, 1500);
        assert_int_equal(take(n, n), n);
        for (size_t i = n - 1; i > 0 && round % 2 == 1; i--) {
            const size_t other = draw(&random, i + 1);
            const quire_pa pa = at[i];
            at[i] = at[other];
            at[other] = pa;
        }
        if (round % 3 == 0) {
            frames_push(&singly, must_alloc(q, 8));
        }
        const size_t n_first = draw(&random, n + 1);
        assert_int_equal(quire_free_bulk(q, n_first, at), n_first);
        assert_int_equal(n_free(q), n_before - (n - n_first) - singly.n);
        assert_int_equal(quire_free_bulk(q, n - n_first, at + n_first), n - n_first);
        expect_consistent(q);
    }
    assert_int_equal(n_free(q), n_before - singly.n);
    frames_clear(&singly);
}

/* On 32-bit machines they have the numbers by which the allocator says that there is no frame. */
static void wild_addresses_on_a_cpu_that_was_never_used(void **state) {
    (void)state;
    q = unit_simple(BASE, 16 * MIB);
    host_set_cpu(1);
    for (unsigned i = 0; i < 2; i++) {
        const quire_pa last = (quire_pa)UINT32_MAX * PAGE, wild = i == 0 ? last : last - 511 * PAGE;
        assert_int_equal(quire_free_bulk(q, 1, &wild), 0);
        expect_fault(QUIRE_FAULT_UNMANAGED, "quire_free", wild, 0, 0, 0);
    }
    host_set_cpu(0);
    expect_consistent(q);
}

static void no_frames_for_the_quarantine(void **state) {
    (void)state;
    q = unit_simple(BASE, 16 * MIB);
    const uint64_t before = digest(q);
    assert_int_equal(quire_alloc_bulk(q, 5, 0, QUIRE_TAG_QUARANTINE, at), 0);
    assert_int_equal(digest(q), before);
}

/* Parts of runs, frames of another zone, and contents go the ways of single calls. */
static void frames_of_any_kind(void **state) {
    (void)state;
    const struct quire_region regions[] = {USABLE(BASE, BASE + 8 * MIB), USABLE(GIB, GIB + 8 * MIB)};
    const struct quire_config config = {.n_cpus = 2, .mapped_end = QUIRE_NONE, .content = QUIRE_CONTENT_NONE};
    q = unit_make(&config, regions, 2);
    const uint64_t n_before = n_free(q);
    quire_pa run = must_alloc_order(q, 5, 7);
    size_t n = 0;
    for (; n < 32; n++) {
        at[n] = run + n * PAGE;
    }
    n += quire_alloc_bulk(q, 3000, 3000, 7, at + n);
    assert_int_equal(quire_free_bulk(q, n, at), 3032);
    assert_int_equal(n_free(q), n_before);
    expect_consistent(q);
}

static void contents_are_looked_at(void **state) {
    (void)state;
    const struct quire_region region = USABLE(BASE, BASE + 8 * MIB);
    const struct quire_config config = {.n_cpus = 1, .mapped_end = QUIRE_NONE, .content = QUIRE_CONTENT_POISON};
    q = unit_make(&config, &region, 1);
    assert_int_equal(take(100, 100), 100);
    assert_int_equal(quire_free_bulk(q, 100, at), 100);
    expect_consistent(q);
    assert_int_equal(take(100, 100), 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(as_many_as_are_wanted),
        unit_case(the_same_frames_as_by_single_calls),
        unit_case(to_the_last_frame),
        unit_case(what_can_not_be_freed_ends_it),
        unit_case(frames_from_here_and_there),
        unit_case(wild_addresses_on_a_cpu_that_was_never_used),
        unit_case(no_frames_for_the_quarantine),
        unit_case(frames_of_any_kind),
        unit_case(contents_are_looked_at),
    };
    return cmocka_run_group_tests_name("bulk", tests, NULL, NULL);
}
