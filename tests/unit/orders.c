/* orders.c: aligned runs of 2^order frames, split and made whole again. */
#include "unit.h"

/* An odd base: no order is aligned at the start of memory. 24 MiB and a bit. */
#define BASE (64 * MIB + 3 * PAGE)
#define END  (BASE + 24 * MIB + 5 * PAGE)

static struct quire *odd_memory(void) {
    return unit_simple(BASE, END - BASE);
}

static void every_order_is_aligned_by_physical_address(void **state) {
    (void)state;
    struct quire *q = odd_memory();
    const uint64_t n_before = n_free(q);
    for (unsigned order = 0; order <= PAIR_ORDER; order++) {
        quire_pa pa = must_alloc_order(q, order, 9);
        assert_true(pa >= BASE && pa + (PAGE << order) <= END);
        assert_int_equal(n_free(q), n_before - (1u << order));
        for (quire_pa part = pa; part < pa + (PAGE << order); part += PAGE) {
            assert_int_equal(quire_refs(q, part), 1);
        }
        struct quire_run run = run_at(q, pa);
        assert_int_equal(run.state, QUIRE_STATE_HELD);
        assert_int_equal(run.tag, 9);
        expect_consistent(q);
        assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
        assert_int_equal(n_free(q), n_before);
        assert_int_equal(quire_refs(q, pa), 0);
        expect_consistent(q);
    }
}

/* The number of aligned runs that [base, end) holds. */
static uint64_t n_runs(quire_pa base, quire_pa end, unsigned order) {
    const quire_pa size = PAGE << order;
    quire_pa first = (base + size - 1) / size, last = end / size;
    return first < last ? last - first : 0;
}

struct extent {
    quire_pa base, end;
};

static bool metadata_extent(void *ctx, const struct quire_run *run) {
    struct extent *free_part = ctx;
    if (run->state == QUIRE_STATE_METADATA) {
        free_part->base = run->base + run->n_frames * PAGE;
    }
    return true;
}

/* All that is not metadata, when the metadata lie at the front. */
static struct extent usable_part(const struct quire *q) {
    struct extent part = {BASE, END};
    quire_walk(q, metadata_extent, &part);
    return part;
}

static void all_of_memory_in_each_order(void **state) {
    (void)state;
    struct quire *q = odd_memory();
    const struct extent part = usable_part(q);
    const uint64_t n_before = n_free(q);
    for (unsigned order = 0; order <= PAIR_ORDER; order++) {
        for (unsigned round = 0; round < 3; round++) {
            struct frames all = {0};
            enum quire_status status = take_all_order(q, order, &all);
            assert_int_equal(all.n, n_runs(part.base, part.end, order));
            uint64_t n_left = n_before - (all.n << order);
            assert_int_equal(n_free(q), n_left);
            assert_int_equal(status, n_left < 1u << order ? QUIRE_NO_MEMORY : QUIRE_FRAGMENTED);
            frames_shuffle(&all, round);
            host_set_cpu(round);
            free_all_order(q, order, &all);
            assert_int_equal(n_free(q), n_before);
        }
        expect_consistent(q);
    }
}

/* A search that fails looks everywhere, and at nothing that is no memory. */
static void all_of_memory_in_two_zones(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 2};
    const struct quire_region map[] = {USABLE(64 * MIB, 72 * MIB), USABLE(96 * MIB, 100 * MIB)};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    for (unsigned order = 1; order <= PAIR_ORDER; order++) {
        struct frames all = {0};
        (void)take_all_order(q, order, &all);
        expect_good_frames(&all, map, COUNT_OF(map));
        expect_consistent(q);
        free_all_order(q, order, &all);
    }
    expect_consistent(q);
}

static void every_order_beside_every_other(void **state) {
    (void)state;
    struct quire *q = odd_memory();
    const uint64_t n_before = n_free(q);
    struct frames held[PAIR_ORDER + 1] = {0};
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i <= PAIR_ORDER; i++) {
            unsigned order = round % 2 == 0 ? i : PAIR_ORDER - i;
            frames_push(&held[order], must_alloc_order(q, order, (uint8_t)order));
        }
    }
    expect_consistent(q);
    for (unsigned order = 0; order <= PAIR_ORDER; order++) {
        for (size_t i = 0; i < held[order].n; i++) {
            for (quire_pa at = held[order].at[i]; at < held[order].at[i] + (PAGE << order); at += PAGE) {
                assert_int_equal(quire_refs(q, at), 1);
                assert_int_equal(run_at(q, at).tag, order);
            }
        }
        free_all_order(q, order, &held[order]);
    }
    assert_int_equal(n_free(q), n_before);
    expect_consistent(q);
}

/* ---- parts -------------------------------------------------------------------------------------------- */

/* One allocation of `order`, given back in parts of `part`, in an order that is neither up nor down. */
static void free_in_parts(struct quire *q, unsigned order, unsigned part) {
    const uint64_t n_before = n_free(q);
    const unsigned n_parts = 1u << (order - part);
    quire_pa pa = must_alloc_order(q, order, 4);
    for (unsigned i = 0; i < n_parts; i++) {
        quire_pa at = pa + (i * 13u + 5u) % n_parts * (PAGE << part);
        assert_int_equal(quire_refs(q, at), 1);
        if (part == 0 && i % 2 == 0) {
            assert_int_equal(quire_free(q, at), QUIRE_OK);
        } else if (part == 0 && i % 3 == 0) {
            assert_int_equal(quire_put(q, at), QUIRE_OK);
        } else {
            assert_int_equal(quire_free_order(q, at, part), QUIRE_OK);
        }
        assert_int_equal(quire_refs(q, at), 0);
        assert_int_equal(n_free(q), n_before - ((uint64_t)(n_parts - i - 1) << part));
    }
}

static void every_order_in_parts_of_every_smaller_order(void **state) {
    (void)state;
    struct quire *q = odd_memory();
    for (unsigned order = 0; order <= PAIR_ORDER; order++) {
        for (unsigned part = 0; part <= order; part++) {
            free_in_parts(q, order, part);
        }
        expect_consistent(q);
    }
}

static void what_is_left_of_a_split_allocation_stays_allocated(void **state) {
    (void)state;
    struct quire *q = odd_memory();
    for (unsigned order = 1; order <= PAIR_ORDER; order++) {
        const unsigned n = 1u << order;
        quire_pa pa = must_alloc_order(q, order, 77);
        assert_int_equal(quire_free(q, pa + n / 2 * PAGE), QUIRE_OK);
        for (unsigned i = 0; i < n; i++) {
            assert_int_equal(quire_refs(q, pa + i * PAGE), i == n / 2 ? 0 : 1);
        }
        assert_int_equal(run_at(q, pa).tag, 77);
        assert_int_equal(run_at(q, pa + (n - 1) * PAGE).tag, n / 2 == n - 1 ? 0 : 77);
        expect_consistent(q);
        for (unsigned i = 0; i < n; i++) {
            if (i != n / 2) {
                assert_int_equal(quire_free(q, pa + i * PAGE), QUIRE_OK);
            }
        }
    }
    expect_consistent(q);
}

static void frames_of_a_split_block_serve_single_requests(void **state) {
    (void)state;
    struct quire *q = odd_memory();
    struct frames blocks = {0}, rest = {0};
    take_all_order(q, QUIRE_BLOCK_ORDER, &blocks);
    take_all(q, &rest);
    quire_pa part = blocks.at[1] + 128 * PAGE; /* a quarter of the second block */
    assert_int_equal(quire_free_order(q, part, 7), QUIRE_OK);
    assert_int_equal(n_free(q), 128);
    struct frames again = {0};
    take_all(q, &again);
    assert_int_equal(again.n, 128);
    const struct quire_region quarter[] = {USABLE(part, part + 128 * PAGE)};
    expect_good_frames(&again, quarter, 1);
    expect_consistent(q);
    free_all(q, &again);
    assert_true(must_alloc_order(q, 7, 1) == part); /* and they come back as the run that they were */
    frames_clear(&blocks);
    frames_clear(&rest);
}

/* ---- making whole ------------------------------------------------------------------------------------- */

static void memory_taken_frame_by_frame_comes_back_as_blocks(void **state) {
    (void)state;
    struct quire *q = odd_memory();
    const struct extent part = usable_part(q);
    for (unsigned round = 0; round < 3; round++) {
        struct frames all = {0}, blocks = {0};
        take_all(q, &all);
        frames_shuffle(&all, round);
        for (size_t i = 0; i < all.n; i++) {
            host_set_cpu((unsigned)i % 4);
            assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
        }
        take_all_order(q, QUIRE_BLOCK_ORDER, &blocks);
        assert_int_equal(blocks.n, n_runs(part.base, part.end, QUIRE_BLOCK_ORDER));
        free_all_order(q, QUIRE_BLOCK_ORDER, &blocks);
        frames_clear(&all);
        take_all_order(q, PAIR_ORDER, &blocks);
        assert_int_equal(blocks.n, n_runs(part.base, part.end, PAIR_ORDER));
        free_all_order(q, PAIR_ORDER, &blocks);
        expect_consistent(q);
    }
}

/* Its contents are likely to be in the processor's caches. */
static void the_block_freed_last_is_the_next_one(void **state) {
    (void)state;
    struct quire *q = odd_memory();
    quire_pa block[2] = {must_alloc_order(q, QUIRE_BLOCK_ORDER, 1), must_alloc_order(q, QUIRE_BLOCK_ORDER, 1)};
    for (size_t last = 0; last < 2; last++) {
        assert_int_equal(quire_free_order(q, block[1 - last], QUIRE_BLOCK_ORDER), QUIRE_OK);
        assert_int_equal(quire_free_order(q, block[last], QUIRE_BLOCK_ORDER), QUIRE_OK);
        assert_int_equal(must_alloc_order(q, QUIRE_BLOCK_ORDER, 1), block[last]);
        block[1 - last] = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
    }
}

/* The same for a part of a block, of any size. */
static void the_run_freed_last_is_the_next_one(void **state) {
    (void)state;
    struct quire *q = odd_memory();
    for (unsigned order = 1; order < QUIRE_BLOCK_ORDER; order++) {
        quire_pa run = must_alloc_order(q, order, 1), other = must_alloc_order(q, order, 1);
        assert_int_equal(quire_free_order(q, run, order), QUIRE_OK);
        assert_int_equal(must_alloc_order(q, order, 1), run);
        assert_int_equal(quire_free_order(q, run, order), QUIRE_OK);
        assert_int_equal(quire_free_order(q, other, order), QUIRE_OK);
    }
    expect_consistent(q);
}

/* A block that was freed as one comes back in parts. */
static void a_block_freed_as_one_serves_requests_for_parts(void **state) {
    (void)state;
    struct quire *q = odd_memory();
    for (unsigned order = 1; order < QUIRE_BLOCK_ORDER; order++) {
        const quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
        assert_int_equal(quire_free_order(q, block, QUIRE_BLOCK_ORDER), QUIRE_OK);
        const quire_pa part = must_alloc_order(q, order, 2);
        expect_consistent(q);
        const quire_pa whole = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
        assert_int_equal(quire_free_order(q, part, order), QUIRE_OK);
        assert_int_equal(quire_free_order(q, whole, QUIRE_BLOCK_ORDER), QUIRE_OK);
        expect_consistent(q);
    }
}

/* Whichever eighth of a block is held: what is free of it is no block. */
static void a_block_of_which_a_part_is_held_is_none(void **state) {
    (void)state;
    enum { EIGHTH_ORDER = QUIRE_BLOCK_ORDER - 3 };
    const quire_pa eighth = PAGE << EIGHTH_ORDER;
    struct quire *q = odd_memory();
    struct frames blocks = {0};
    take_all_order(q, QUIRE_BLOCK_ORDER, &blocks);
    quire_pa block = blocks.at[0], got;
    for (unsigned kept = 0; kept < 8; kept++) {
        for (unsigned i = 0; i < 8; i++) {
            assert_int_equal(i == kept ? QUIRE_OK : quire_free_order(q, block + i * eighth, EIGHTH_ORDER), QUIRE_OK);
        }
        assert_int_not_equal(quire_alloc_order(q, QUIRE_BLOCK_ORDER, 1, &got), QUIRE_OK);
        assert_int_equal(quire_free_order(q, block + kept * eighth, EIGHTH_ORDER), QUIRE_OK);
        assert_int_equal(quire_alloc_order(q, QUIRE_BLOCK_ORDER, 1, &got), QUIRE_OK);
        assert_int_equal(got, block);
    }
    free_all_order(q, QUIRE_BLOCK_ORDER, &blocks);
    expect_consistent(q);
}

/* Large enough for an index of three levels, of which most was never looked at. */
static void all_of_a_large_memory_in_large_orders(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 9 * GIB);
    struct extent part = {0, 64 * MIB + 9 * GIB};
    quire_walk(q, metadata_extent, &part);
    for (unsigned order = QUIRE_MAX_ORDER; order >= QUIRE_BLOCK_ORDER; order--) {
        struct frames runs = {0};
        (void)take_all_order(q, order, &runs);
        assert_int_equal(runs.n, n_runs(part.base, part.end, order));
        free_all_order(q, order, &runs);
    }
    struct quire_fault first;
    assert_int_equal(quire_validate(q, &first), QUIRE_OK);
}

/* The middle of one of the largest runs is freed, and lent again, while the rest is held. */
static void a_part_of_the_largest_run(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 3 * GIB);
    const uint64_t n_before = n_free(q);
    const quire_pa run = must_alloc_order(q, QUIRE_MAX_ORDER, 7), middle = run + 512 * MIB;
    assert_int_equal(quire_free_order(q, middle, QUIRE_BLOCK_ORDER + 3), QUIRE_OK);
    assert_int_equal(quire_refs(q, middle), 0);
    assert_int_equal(quire_refs(q, middle - PAGE), 1);
    assert_int_equal(quire_free_frames(q, run, 512 * MIB / PAGE), QUIRE_OK);
    const quire_pa rest = middle + (BLOCK << 3);
    assert_int_equal(quire_free_frames(q, rest, (run + GIB - rest) / PAGE), QUIRE_OK);
    assert_int_equal(n_free(q), n_before);
    assert_true(must_alloc_order(q, QUIRE_MAX_ORDER, 8) % GIB == 0);
    expect_consistent(q);
}

static void untouched_memory_stays_whole_while_little_is_used(void **state) {
    (void)state;
    struct quire *q = odd_memory();
    uint64_t n_whole = stats_of(q).n_free_blocks;
    for (unsigned i = 0; i < 300; i++) {
        must_alloc(q, 1);
    }
    assert_true(stats_of(q).n_free_blocks + 2 >= n_whole);
}

/* ---- statuses ----------------------------------------------------------------------------------------- */

static void expect_refused(struct quire *q, unsigned order, enum quire_status why) {
    uint64_t before = digest(q);
    quire_pa pa = 0;
    assert_int_equal(quire_alloc_order(q, order, 1, &pa), why);
    assert_true(pa == QUIRE_NONE);
    if (why == QUIRE_INVALID || why == QUIRE_UNSATISFIABLE) {
        assert_int_equal(digest(q), before);
    }
}

static void an_order_beyond_the_largest_is_invalid(void **state) {
    (void)state;
    const unsigned orders[] = {QUIRE_MAX_ORDER + 1, 31, 32, 33, 63, 64, 65, 0x80000000, 0xFFFFFFFF};
    struct quire *q = odd_memory();
    quire_pa pa = must_alloc(q, 1);
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        expect_refused(q, orders[i], QUIRE_INVALID);
        assert_int_equal(quire_free_order(q, pa, orders[i]), QUIRE_INVALID);
        assert_int_equal(quire_refs(q, pa), 1);
    }
    assert_int_equal(stats_of(q).n_faults, 0);
}

static void an_order_that_no_zone_can_hold_is_unsatisfiable(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB + PAGE, 4 * MIB - PAGE); /* one aligned block, no aligned pair */
    struct frames all = {0};
    quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
    assert_int_equal(quire_free_order(q, block, QUIRE_BLOCK_ORDER), QUIRE_OK);
    expect_refused(q, PAIR_ORDER, QUIRE_UNSATISFIABLE);
    take_all(q, &all);
    expect_refused(q, PAIR_ORDER, QUIRE_UNSATISFIABLE); /* never, so not "no memory" even now */
    expect_refused(q, QUIRE_BLOCK_ORDER, QUIRE_NO_MEMORY);
    free_all(q, &all);
}

static void enough_frames_without_a_run_is_fragmented(void **state) {
    (void)state;
    struct quire *q = odd_memory();
    struct frames all = {0};
    take_all(q, &all);
    uint64_t n_freed = 0;
    for (size_t i = 0; i < all.n; i++) {
        if (all.at[i] / PAGE % 2 == 1) {
            assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
            n_freed++;
        }
    }
    for (unsigned order = 1; order <= PAIR_ORDER; order++) {
        expect_refused(q, order, QUIRE_FRAGMENTED);
    }
    assert_int_equal(n_free(q), n_freed); /* whatever was borrowed in the search came back */
    expect_consistent(q);
    frames_clear(&all);
}

static void fewer_frames_than_asked_for_is_no_memory(void **state) {
    (void)state;
    struct quire *q = odd_memory();
    struct frames all = {0};
    take_all(q, &all);
    for (unsigned order = 0; order <= PAIR_ORDER; order++) {
        expect_refused(q, order, QUIRE_NO_MEMORY);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
    }
    expect_refused(q, 2, QUIRE_NO_MEMORY);
    frames_clear(&all);
}

/* Blocks that lie side by side share lines of counts and hints. */
static void cpus_take_blocks_far_from_each_other(void **state) {
    (void)state;
    enum { CPUS = 4, BLOCKS = 32 };
    struct quire *q = unit_simple(64 * MIB, BLOCKS * BLOCK);
    quire_pa block[CPUS];
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        host_set_cpu(cpu);
        block[cpu] = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
        for (unsigned other = 0; other < cpu; other++) {
            quire_pa apart = block[cpu] > block[other] ? block[cpu] - block[other] : block[other] - block[cpu];
            assert_true(apart >= BLOCKS / CPUS / 2 * BLOCK);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(cpus_take_blocks_far_from_each_other),
        unit_case(every_order_is_aligned_by_physical_address),
        unit_case(all_of_memory_in_each_order),
        unit_case(all_of_memory_in_two_zones),
        unit_case(every_order_beside_every_other),
        unit_case(every_order_in_parts_of_every_smaller_order),
        unit_case(what_is_left_of_a_split_allocation_stays_allocated),
        unit_case(frames_of_a_split_block_serve_single_requests),
        unit_case(memory_taken_frame_by_frame_comes_back_as_blocks),
        unit_case(the_block_freed_last_is_the_next_one),
        unit_case(the_run_freed_last_is_the_next_one),
        unit_case(a_block_freed_as_one_serves_requests_for_parts),
        unit_case(a_block_of_which_a_part_is_held_is_none),
        unit_case(all_of_a_large_memory_in_large_orders),
        unit_case(a_part_of_the_largest_run),
        unit_case(untouched_memory_stays_whole_while_little_is_used),
        unit_case(an_order_beyond_the_largest_is_invalid),
        unit_case(an_order_that_no_zone_can_hold_is_unsatisfiable),
        unit_case(enough_frames_without_a_run_is_fragmented),
        unit_case(fewer_frames_than_asked_for_is_no_memory),
    };
    return cmocka_run_group_tests_name("orders", tests, NULL, NULL);
}
