/* refs.c: reference counts: get, put, the copy-on-write break, and the top of the count. */
#include "unit.h"

#include <quire/port.h>
#include <string.h>

static struct quire *memory(void) {
    return unit_simple(64 * MIB, 16 * MIB);
}

static void get_and_put_count(void **state) {
    (void)state;
    struct quire *q = memory();
    const uint64_t n_before = n_free(q);
    quire_pa pa = must_alloc(q, 5);
    for (unsigned n = 2; n <= 300; n++) { /* past what eight bits hold */
        assert_int_equal(quire_get(q, pa), QUIRE_OK);
        assert_int_equal(quire_refs(q, pa), n);
    }
    struct quire_run run = run_at(q, pa);
    assert_int_equal(run.state, QUIRE_STATE_SHARED);
    assert_int_equal(run.tag, 5);
    expect_consistent(q);
    for (unsigned n = 299; n >= 1; n--) {
        assert_int_equal(quire_put(q, pa), QUIRE_OK);
        assert_int_equal(quire_refs(q, pa), n);
    }
    assert_int_equal(state_of(q, pa), QUIRE_STATE_HELD);
    assert_int_equal(n_free(q), n_before - 1);
    assert_int_equal(quire_put(q, pa), QUIRE_OK); /* the last one frees it */
    assert_int_equal(quire_refs(q, pa), 0);
    assert_int_equal(n_free(q), n_before);
    expect_consistent(q);
}

static void a_shared_frame_may_be_freed_once_it_is_alone(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = must_alloc(q, 5);
    assert_int_equal(quire_get(q, pa), QUIRE_OK);
    assert_int_equal(quire_put(q, pa), QUIRE_OK);
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    expect_consistent(q);
}

static void no_reference_without_a_holder(void **state) {
    (void)state;
    struct quire *q = memory();
    const quire_pa nowhere[] = {0, PAGE, 64 * MIB - PAGE, 80 * MIB, 1ull << 52, QUIRE_NONE - PAGE + 1, QUIRE_NONE};
    for (size_t i = 0; i < COUNT_OF(nowhere); i++) {
        assert_int_equal(quire_refs(q, nowhere[i]), 0);
    }
    assert_int_equal(quire_refs(q, 72 * MIB), 0);
    assert_int_equal(quire_refs(q, 64 * MIB), 0); /* metadata */
}

/* ---- looked up by address ----------------------------------------------------------------------------- */

static void expect_not_to_be_had(struct quire *q, quire_pa pa) {
    const uint64_t before = digest(q);
    assert_false(quire_try_get(q, pa));
    assert_int_equal(digest(q), before);
    assert_int_equal(stats_of(q).n_faults, 0); /* an ordinary answer */
}

static void a_lookup_finds_what_somebody_holds(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = must_alloc(q, 5);
    assert_true(quire_try_get(q, pa));
    assert_int_equal(quire_refs(q, pa), 2);
    assert_int_equal(run_at(q, pa).tag, 5);
    assert_int_equal(quire_put(q, pa), QUIRE_OK); /* the holder goes */
    assert_true(quire_try_get(q, pa));
    assert_int_equal(quire_put(q, pa), QUIRE_OK);
    assert_int_equal(quire_put(q, pa), QUIRE_OK);
    expect_not_to_be_had(q, pa);
    expect_consistent(q);
}

static void a_lookup_of_anything_else_is_answered_with_no(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = must_alloc(q, 5);
    const quire_pa nowhere[] = {0, PAGE, 64 * MIB - PAGE, 80 * MIB, 1ull << 52, QUIRE_NONE - PAGE + 1, QUIRE_NONE};
    for (size_t i = 0; i < COUNT_OF(nowhere); i++) {
        expect_not_to_be_had(q, nowhere[i]);
    }
    expect_not_to_be_had(q, pa + 1);
    expect_not_to_be_had(q, pa + PAGE / 2);
    expect_not_to_be_had(q, 72 * MIB); /* of a block never used */
    expect_not_to_be_had(q, 64 * MIB); /* metadata */
    quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 6);
    assert_int_equal(quire_free_order(q, block, QUIRE_BLOCK_ORDER), QUIRE_OK);
    expect_not_to_be_had(q, block + 7 * PAGE);
}

/* A count that nobody but a lookup brings to its top would be a frame lost for nothing. */
static void a_lookup_never_fills_the_count(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = must_alloc(q, 11);
    for (uint32_t n = 1; n < QUIRE_MAX_REFS - 1; n++) {
        if (!quire_try_get(q, pa)) {
            fail_msg("lookup number %u", n);
        }
    }
    for (unsigned i = 0; i < 3; i++) {
        expect_not_to_be_had(q, pa);
        assert_int_equal(quire_refs(q, pa), QUIRE_MAX_REFS - 1);
    }
    for (uint32_t n = QUIRE_MAX_REFS - 1; n > 0; n--) {
        if (quire_put(q, pa) != QUIRE_OK) {
            fail_msg("put with %u references", n);
        }
    }
    assert_int_equal(quire_refs(q, pa), 0);
    expect_consistent(q);
}

/* Wherever the frame stands in it, and though nobody parted the allocation before. */
static void a_lookup_into_a_larger_allocation(void **state) {
    (void)state;
    for (unsigned order = 1; order <= PAIR_ORDER; order++) {
        struct quire *q = memory();
        const unsigned n = 1u << order, at[] = {0, 1, n / 2, n - 1};
        const uint64_t n_before = n_free(q);
        for (size_t k = 0; k < COUNT_OF(at); k++) {
            quire_pa pa = must_alloc_order(q, order, 8);
            assert_true(quire_try_get(q, pa + at[k] * PAGE));
            for (unsigned i = 0; i < n; i++) {
                assert_int_equal(quire_refs(q, pa + i * PAGE), i == at[k] ? 2 : 1);
            }
            expect_consistent(q);
            assert_int_equal(quire_put(q, pa + at[k] * PAGE), QUIRE_OK);
            assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK); /* one allocation still */
            assert_int_equal(n_free(q), n_before);
        }
        expect_consistent(q);
        host_ram_clear();
    }
}

/* ---- larger allocations ------------------------------------------------------------------------------- */

static void each_frame_of_a_larger_allocation_counts_for_itself(void **state) {
    (void)state;
    struct quire *q = memory();
    const uint64_t n_before = n_free(q);
    for (unsigned order = 1; order <= PAIR_ORDER; order++) {
        const unsigned n = 1u << order;
        quire_pa pa = must_alloc_order(q, order, 8);
        quire_pa middle = pa + n / 2 * PAGE;
        assert_int_equal(quire_get(q, middle), QUIRE_OK);
        for (unsigned i = 0; i < n; i++) {
            assert_int_equal(quire_refs(q, pa + i * PAGE), i == n / 2 ? 2 : 1);
        }
        assert_int_equal(state_of(q, middle), QUIRE_STATE_SHARED);
        assert_int_equal(state_of(q, pa), QUIRE_STATE_HELD);
        expect_consistent(q);

        assert_int_equal(quire_put(q, middle), QUIRE_OK);
        assert_int_equal(quire_refs(q, middle), 1);
        assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK); /* whole again, for all that happened to it */
        assert_int_equal(n_free(q), n_before);
        expect_consistent(q);
    }
}

static void a_shared_part_outlives_the_rest(void **state) {
    (void)state;
    struct quire *q = memory();
    const uint64_t n_before = n_free(q);
    quire_pa pa = must_alloc_order(q, QUIRE_BLOCK_ORDER, 8);
    quire_pa kept = pa + 100 * PAGE;
    assert_int_equal(quire_get(q, kept), QUIRE_OK);
    for (unsigned i = 0; i < QUIRE_BLOCK_FRAMES; i++) {
        assert_int_equal(quire_put(q, pa + i * PAGE), QUIRE_OK);
    }
    assert_int_equal(n_free(q), n_before - 1);
    assert_int_equal(quire_refs(q, kept), 1);
    assert_int_equal(run_at(q, kept).n_frames, 1);
    expect_consistent(q);
    assert_int_equal(quire_free(q, kept), QUIRE_OK);
    assert_int_equal(n_free(q), n_before);
}

static void put_gives_back_part_after_part(void **state) {
    (void)state;
    struct quire *q = memory();
    const uint64_t n_before = n_free(q);
    quire_pa pa = must_alloc_order(q, PAIR_ORDER, 8);
    for (unsigned i = 0; i < 1u << PAIR_ORDER; i++) {
        quire_pa part = pa + ((i * 37u) & 1023u) * PAGE;
        assert_int_equal(quire_put(q, part), QUIRE_OK);
        assert_int_equal(quire_refs(q, part), 0);
        assert_int_equal(n_free(q), n_before - 1023 + i);
    }
    expect_consistent(q);
}

/* ---- copy on write ------------------------------------------------------------------------------------ */

static void fill(quire_pa pa, uint8_t seed) {
    unsigned char *bytes = quire_port_map(pa);
    for (unsigned i = 0; i < PAGE; i++) {
        bytes[i] = (uint8_t)(seed + i * 7u + i / 256u);
    }
}

static void cow_of_a_sole_owner_is_the_frame_itself(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = must_alloc(q, 5), own = 0;
    uint64_t before = digest(q);
    fill(pa, 1);
    assert_int_equal(quire_cow(q, pa, &own), QUIRE_OK);
    assert_true(own == pa);
    assert_int_equal(quire_refs(q, pa), 1);
    assert_int_equal(digest(q), before);
}

static void cow_of_a_shared_frame_is_a_copy(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = must_alloc(q, 5), own = 0;
    fill(pa, 2);
    assert_int_equal(quire_get(q, pa), QUIRE_OK);
    assert_int_equal(quire_get(q, pa), QUIRE_OK);
    const uint64_t n_before = n_free(q);
    assert_int_equal(quire_cow(q, pa, &own), QUIRE_OK);
    assert_true(own != pa && own != QUIRE_NONE);
    assert_int_equal(quire_refs(q, pa), 2);
    assert_int_equal(quire_refs(q, own), 1);
    assert_int_equal(run_at(q, own).tag, 5);
    assert_int_equal(n_free(q), n_before - 1);
    assert_memory_equal(quire_port_map(own), quire_port_map(pa), PAGE);

    quire_pa second = 0, last = 0;
    assert_int_equal(quire_cow(q, pa, &second), QUIRE_OK);
    assert_true(second != pa && second != own);
    assert_int_equal(quire_cow(q, pa, &last), QUIRE_OK);
    assert_true(last == pa); /* two holders have left: this one is alone now */
    expect_consistent(q);
}

static void cow_inside_a_larger_allocation(void **state) {
    (void)state;
    struct quire *q = memory();
    for (unsigned order = 1; order <= PAIR_ORDER; order++) {
        quire_pa pa = must_alloc_order(q, order, 6), own = 0;
        quire_pa part = pa + PAGE * ((1u << order) - 1);
        fill(part, 3);
        assert_int_equal(quire_cow(q, part, &own), QUIRE_OK);
        assert_true(own == part);
        assert_int_equal(quire_get(q, part), QUIRE_OK);
        assert_int_equal(quire_cow(q, part, &own), QUIRE_OK);
        assert_true(own < pa || own >= pa + (PAGE << order));
        assert_memory_equal(quire_port_map(own), quire_port_map(part), PAGE);
        assert_int_equal(quire_refs(q, part), 1);
        assert_int_equal(run_at(q, own).tag, 6);
        assert_int_equal(quire_free(q, own), QUIRE_OK);
        assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
        expect_consistent(q);
    }
}

static void cow_without_memory_leaves_all_as_it_was(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = must_alloc(q, 5), own = 0;
    fill(pa, 4);
    assert_int_equal(quire_get(q, pa), QUIRE_OK);
    struct frames rest = {0};
    take_all(q, &rest);
    uint64_t before = digest(q);
    assert_int_equal(quire_cow(q, pa, &own), QUIRE_NO_MEMORY);
    assert_true(own == QUIRE_NONE);
    assert_int_equal(quire_refs(q, pa), 2);
    assert_int_equal(digest(q), before);

    quire_pa freed = rest.at[rest.n / 2];
    assert_int_equal(quire_free(q, freed), QUIRE_OK);
    assert_int_equal(quire_cow(q, pa, &own), QUIRE_OK); /* the reference was still held */
    assert_true(own == freed);
    assert_int_equal(quire_refs(q, pa), 1);
    frames_clear(&rest);
}

/* A bit of everything that can run out, each of it allowed to. What it got it gives back. */
static void use_what_there_is(struct quire *q) {
    quire_pa single = quire_alloc(q, 1), run = QUIRE_NONE, own = QUIRE_NONE;
    enum quire_status status = quire_alloc_order(q, 2, 2, &run);
    assert_true(status == QUIRE_OK || status == QUIRE_NO_MEMORY || status == QUIRE_FRAGMENTED);
    if (single != QUIRE_NONE) {
        assert_int_equal(quire_get(q, single), QUIRE_OK);
        status = quire_cow(q, single, &own);
        assert_true(status == QUIRE_OK || status == QUIRE_NO_MEMORY);
        assert_int_equal(quire_put(q, status == QUIRE_OK ? own : single), QUIRE_OK);
        assert_int_equal(quire_free(q, single), QUIRE_OK);
    }
    if (run != QUIRE_NONE) {
        assert_int_equal(quire_get(q, run + PAGE), QUIRE_OK);
        status = quire_cow(q, run + PAGE, &own);
        assert_true(status == QUIRE_OK || status == QUIRE_NO_MEMORY);
        assert_int_equal(quire_put(q, status == QUIRE_OK ? own : run + PAGE), QUIRE_OK);
        assert_int_equal(quire_free_order(q, run, 2), QUIRE_OK);
    }
}

/* Whichever allocation is the one that fails, nothing is lost by it. */
static void with_every_amount_of_memory_left(void **state) {
    (void)state;
    struct quire *q = memory();
    struct frames rest = {0};
    take_all(q, &rest);
    for (unsigned n_left = 0; n_left <= 24; n_left++) {
        assert_int_equal(n_free(q), n_left);
        use_what_there_is(q);
        assert_int_equal(n_free(q), n_left);
        expect_consistent(q);
        assert_int_equal(quire_free(q, rest.at[n_left]), QUIRE_OK); /* the first ones are neighbours */
    }
    frames_clear(&rest);
}

/* ---- the top of the count ----------------------------------------------------------------------------- */

/* A frame with as many references as can be counted: one more, and it is there for ever. */
static quire_pa nearly_saturated(struct quire *q) {
    quire_pa pa = must_alloc(q, 11);
    for (uint32_t n = 1; n < QUIRE_MAX_REFS - 1; n++) {
        if (quire_get(q, pa) != QUIRE_OK) {
            fail_msg("get number %u", n);
        }
    }
    assert_int_equal(quire_refs(q, pa), QUIRE_MAX_REFS - 1);
    return pa;
}

static void one_below_the_top_is_an_ordinary_count(void **state) {
    (void)state;
    struct quire *q = memory();
    const uint64_t n_before = n_free(q);
    quire_pa pa = nearly_saturated(q);
    for (uint32_t n = QUIRE_MAX_REFS - 1; n > 0; n--) {
        if (quire_put(q, pa) != QUIRE_OK) {
            fail_msg("put with %u references", n);
        }
    }
    assert_int_equal(n_free(q), n_before);
    expect_consistent(q);
}

static void a_count_at_its_top_stays_there(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = nearly_saturated(q);
    assert_int_equal(quire_get(q, pa), QUIRE_SATURATED);
    assert_int_equal(stats_of(q).n_faults, 0); /* a status, no fault: mapping a frame often is no misuse */
    const uint64_t n_before = n_free(q);
    for (unsigned i = 0; i < 100; i++) { /* no number of puts brings it back */
        assert_int_equal(quire_put(q, pa), QUIRE_OK);
        assert_int_equal(quire_refs(q, pa), QUIRE_MAX_REFS);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(quire_get(q, pa), QUIRE_SATURATED);
        assert_false(quire_try_get(q, pa));
        assert_int_equal(quire_refs(q, pa), QUIRE_MAX_REFS);
    }

    assert_int_equal(quire_free(q, pa), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_SHARED, "quire_free", pa, 0, QUIRE_MAX_REFS, 11);
    quire_pa own = 0;
    assert_int_equal(quire_cow(q, pa, &own), QUIRE_OK);
    assert_true(own != pa);
    assert_int_equal(quire_refs(q, pa), QUIRE_MAX_REFS);
    assert_int_equal(n_free(q), n_before - 1);
    assert_int_equal(state_of(q, pa), QUIRE_STATE_SHARED);
    expect_consistent(q);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(get_and_put_count),
        unit_case(a_shared_frame_may_be_freed_once_it_is_alone),
        unit_case(no_reference_without_a_holder),
        unit_case(a_lookup_finds_what_somebody_holds),
        unit_case(a_lookup_of_anything_else_is_answered_with_no),
        unit_case(a_lookup_never_fills_the_count),
        unit_case(a_lookup_into_a_larger_allocation),
        unit_case(each_frame_of_a_larger_allocation_counts_for_itself),
        unit_case(a_shared_part_outlives_the_rest),
        unit_case(put_gives_back_part_after_part),
        unit_case(cow_of_a_sole_owner_is_the_frame_itself),
        unit_case(cow_of_a_shared_frame_is_a_copy),
        unit_case(cow_inside_a_larger_allocation),
        unit_case(cow_without_memory_leaves_all_as_it_was),
        unit_case(with_every_amount_of_memory_left),
        unit_case(one_below_the_top_is_an_ordinary_count),
        unit_case(a_count_at_its_top_stays_there),
    };
    return cmocka_run_group_tests_name("refs", tests, NULL, NULL);
}
