/* hints.c: which blocks a search for frames side by side does not look at, because hints say that it would be in vain. */
#include "unit.h"

static struct quire *q;

/* Free frames in most blocks, and no two side by side: of each pair that came home half is left. */
static void make_singles(void) {
    struct frames all = {0};
    q = unit_simple(64 * MIB, 16 * MIB);
    take_all(q, &all);
    for (quire_pa i = 66 * MIB; i < 80 * MIB; i += 4 * PAGE) {
        assert_int_equal(quire_free_frames(q, i, 2), QUIRE_OK);
        assert_int_equal(quire_alloc_range(q, i + PAGE, 1, 1), 1);
    }
    frames_clear(&all);
}

/* A search for runs that are nowhere finds that out once. The next one looks at no block, but finds what came home meanwhile. */
static void a_failing_search_is_cheap_the_second_time(void **state) {
    (void)state;
    quire_pa pa;
    make_singles();
    const struct quire_request three = {.n_frames = 3}, little = {.n_frames = 3, .n_looks = 2};
    assert_int_equal(quire_alloc_for(q, &little, &pa), QUIRE_GAVE_UP);
    assert_int_equal(quire_alloc_for(q, &three, &pa), QUIRE_FRAGMENTED);
    assert_int_equal(quire_alloc_for(q, &little, &pa), QUIRE_FRAGMENTED);
    assert_int_equal(quire_free(q, 76 * MIB + 9 * PAGE), QUIRE_OK);
    assert_int_equal(quire_free(q, 76 * MIB + 10 * PAGE), QUIRE_OK);
    assert_int_equal(quire_alloc_for(q, &three, &pa), QUIRE_OK);
    assert_int_equal(pa, 76 * MIB + 8 * PAGE);
    expect_consistent(q);
}

/* The same after a call for 2^order frames, which searches in another way. */
static void a_failing_order_is_cheap_the_second_time(void **state) {
    (void)state;
    const struct quire_request little = {.n_frames = 3, .n_looks = 2};
    quire_pa pa;
    make_singles();
    assert_int_equal(quire_alloc_for(q, &little, &pa), QUIRE_GAVE_UP);
    assert_int_equal(quire_alloc_order(q, 1, 1, &pa), QUIRE_FRAGMENTED);
    assert_int_equal(quire_alloc_for(q, &little, &pa), QUIRE_FRAGMENTED); /* no block is looked at */
    for (quire_pa i = 66 * MIB; i < 78 * MIB; i += 4 * PAGE) {            /* many come home that make no pair */
        assert_int_equal(quire_free(q, i + 2 * PAGE), QUIRE_OK);
    }
    assert_int_equal(quire_alloc_for(q, &little, &pa), QUIRE_FRAGMENTED);
    expect_consistent(q);
}

/* A run that the second block of a class has is found without a look into other CPUs' caches, which keep what they have. */
static void caches_are_left_alone_while_a_block_has_a_run(void **state) {
    (void)state;
    struct frames all = {0};
    struct quire_cpu_stats cpu;
    quire_pa pa;
    q = unit_simple(64 * MIB, 16 * MIB);
    take_all(q, &all);
    for (unsigned i = 0; i < 20; i++) { /* three at a time, which go home at once */
        assert_int_equal(quire_free_frames(q, 68 * MIB + i * 8 * PAGE, 3), QUIRE_OK);
    }
    assert_int_equal(quire_free_frames(q, 70 * MIB, 17), QUIRE_OK);
    host_set_cpu(1);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(quire_free(q, 72 * MIB + i * PAGE), QUIRE_OK);
    }
    host_set_cpu(0);
    assert_int_equal(quire_alloc_order(q, 4, 1, &pa), QUIRE_OK);
    assert_true(pa == 70 * MIB && quire_cpu_stats(q, 1, &cpu));
    assert_int_equal(cpu.n_warm, 5);
    expect_consistent(q);
    frames_clear(&all);
}

/* A block with a free frame is passed over by a search for a run that has a whole block in it. */
static void blocks_that_are_not_whole_are_passed_over(void **state) {
    (void)state;
    const quire_pa block = QUIRE_BLOCK_FRAMES * PAGE;
    q = unit_simple(32 * block, 34 * block);
    const struct quire_request two = {.n_frames = 2 * QUIRE_BLOCK_FRAMES, .align = 2 * block, .n_looks = 4};
    struct frames all = {0};
    quire_pa pa;
    take_all(q, &all);
    for (quire_pa b = 34 * block; b < 62 * block; b += block) {
        assert_int_equal(quire_free(q, b + PAGE), QUIRE_OK);
    }
    assert_int_equal(quire_free_frames(q, 62 * block, 2 * QUIRE_BLOCK_FRAMES), QUIRE_OK);
    assert_int_equal(quire_alloc_for(q, &two, &pa), QUIRE_OK);
    assert_int_equal(pa, 62 * block);
    expect_consistent(q);
    frames_clear(&all);
}

/* The same where it is a zone's first block. */
static void a_first_block_that_is_not_whole_is_passed_over(void **state) {
    (void)state;
    static const struct quire_region regions[] = {USABLE(64 * MIB, 128 * MIB), USABLE(256 * MIB, 272 * MIB)};
    const struct quire_config config = {.n_cpus = 1};
    const struct quire_request first = {.n_frames = QUIRE_BLOCK_FRAMES, .low = 256 * MIB, .end = 256 * MIB + BLOCK};
    const struct quire_request more = {.n_frames = 2 * QUIRE_BLOCK_FRAMES, .low = 256 * MIB, .n_looks = 4};
    quire_pa pa;
    q = unit_make(&config, regions, COUNT_OF(regions));
    assert_int_equal(quire_alloc_for(q, &first, &pa), QUIRE_OK);
    assert_int_equal(quire_free_order(q, pa, QUIRE_BLOCK_ORDER), QUIRE_OK);
    assert_int_equal(quire_alloc_for(q, &first, &pa),
                     QUIRE_OK); /* it came home as a whole, and the hint says so still */
    assert_int_equal(quire_alloc_for(q, &more, &pa), QUIRE_OK);
    assert_true(pa == first.end);
    expect_consistent(q);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(a_failing_search_is_cheap_the_second_time),      unit_case(a_failing_order_is_cheap_the_second_time),
        unit_case(caches_are_left_alone_while_a_block_has_a_run),  unit_case(blocks_that_are_not_whole_are_passed_over),
        unit_case(a_first_block_that_is_not_whole_is_passed_over),
    };
    return cmocka_run_group_tests_name("hints", tests, NULL, NULL);
}
