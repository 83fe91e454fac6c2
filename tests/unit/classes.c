/* classes.c: low memory, which is left to callers that need it. */
#include "unit.h"

#define N_CPUS 4

static struct quire_zone_stats zone_of(const struct quire *q, unsigned i) {
    struct quire_zone_stats zone;
    assert_true(quire_zone_stats(q, i, &zone));
    return zone;
}

static struct quire *with_cuts(quire_pa first, quire_pa second, quire_pa end) {
    const struct quire_config config = {.n_cpus = N_CPUS, .cuts = {first, second}};
    const struct quire_region map[] = {{MIB, end, QUIRE_USABLE, 0}};
    return unit_make(&config, map, COUNT_OF(map));
}

/* No frame of a lower class comes before the last one of a higher class. */
static void low_memory_is_left_to_who_needs_it(void **state) {
    (void)state;
    const quire_pa first = 8 * MIB, second = 16 * MIB + 5 * PAGE; /* rounded down */
    struct quire *q = with_cuts(first, second, 256 * MIB);
    assert_int_equal(stats_of(q).n_zones, 3);
    assert_true(zone_of(q, 0).end == first && zone_of(q, 1).end == 16 * MIB);
    struct frames all = {0};
    take_all(q, &all);
    unsigned lowest = 2;
    for (size_t i = 0; i < all.n; i++) {
        unsigned class = all.at[i] >= 16 * MIB ? 2 : all.at[i] >= first ? 1 : 0;
        assert_true(class <= lowest);
        lowest = class;
    }
    assert_int_equal(lowest, 0);
    free_all(q, &all);
    assert_true(must_alloc_order(q, 4, 1) >= 16 * MIB);
    struct quire_request r = {.n_frames = 3, .end = 16 * MIB};
    quire_pa pa;
    assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
    assert_true(pa >= first && pa < r.end); /* the highest of those that will do */
    r.end = first;
    assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
    assert_true(pa < first);
    expect_consistent(q);
}

/* Blocks that are nearly full are left alone, but not for the frames of a lower class. */
static void low_memory_is_left_alone_to_the_last_frame(void **state) {
    (void)state;
    struct quire *q = with_cuts(8 * MIB, 16 * MIB, 256 * MIB);
    struct frames all = {0};
    struct quire_request none = {.n_frames = 2, .low = 16 * MIB};
    quire_pa pa;
    size_t n_above = 0;
    take_all(q, &all);
    for (size_t i = 0; i < all.n; i++) {
        bool goes = all.at[i] < 16 * MIB || all.at[i] % BLOCK == 9 * PAGE;
        n_above += goes && all.at[i] >= 16 * MIB;
        assert_int_equal(goes ? quire_free(q, all.at[i]) : QUIRE_OK, QUIRE_OK);
    }
    assert_int_equal(n_above, 240 * MIB / BLOCK);
    assert_int_equal(quire_alloc_for(q, &none, &pa), QUIRE_FRAGMENTED); /* the caches are empty after that */
    for (; n_above > 0; n_above--) {
        assert_true(must_alloc(q, 1) >= 16 * MIB);
    }
    assert_true(must_alloc(q, 1) < 16 * MIB);
    expect_consistent(q);
    frames_clear(&all);
}

/* Another node's memory comes before it. */
static void low_memory_comes_after_another_nodes(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 1, .n_nodes = 2, .cuts = {8 * MIB}};
    const struct quire_region map[] = {{MIB, 64 * MIB, QUIRE_USABLE, 0}, {64 * MIB, 256 * MIB, QUIRE_USABLE, 1}};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    struct frames all = {0};
    unsigned last = 0;
    take_all(q, &all);
    for (size_t i = 0; i < all.n; i++) {
        unsigned turn = all.at[i] < 8 * MIB ? 2 : all.at[i] < 64 * MIB ? 0 : 1;
        assert_true(turn >= last);
        last = turn;
    }
    assert_int_equal(last, 2);
    frames_clear(&all);
}

/* As many classes as there may be. */
static void each_class_is_left_to_who_needs_it(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = N_CPUS, .cuts = {8 * MIB, 16 * MIB, 24 * MIB}};
    const struct quire_region map[] = {{MIB, 256 * MIB, QUIRE_USABLE, 0}};
    _Static_assert(sizeof config.cuts / sizeof config.cuts[0] == 3, "no more of them");
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    struct frames all = {0};
    assert_int_equal(stats_of(q).n_zones, 4);
    take_all(q, &all);
    unsigned lowest = 3;
    for (size_t i = 0; i < all.n; i++) {
        unsigned class = all.at[i] >= 24 * MIB ? 3 : (unsigned)(all.at[i] / (8 * MIB));
        assert_true(class <= lowest);
        lowest = class;
    }
    assert_int_equal(lowest, 0);
    frames_clear(&all);
}

/* Whether a CPU keeps at hand what it frees of [low, end). */
static bool is_kept(struct quire *q, quire_pa low, quire_pa end) {
    struct quire_request r = {.low = low, .end = end, .n_frames = 1, .tag = 1};
    struct quire_cpu_stats before, after;
    quire_pa pa;
    host_set_cpu(0);
    assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
    assert_true(quire_cpu_stats(q, 0, &before));
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    assert_true(quire_cpu_stats(q, 0, &after));
    return after.n_warm > before.n_warm;
}

/* What is less than an eighth of all blocks is not kept at hand, so that it stays whole; but for the class on top. */
static void small_classes_are_not_kept(void **state) {
    (void)state;
    const quire_pa block = BLOCK;
    for (unsigned n = 1; n <= 2; n++) { /* of 16 blocks the first class has so many, and the second one, too */
        const struct quire_config config = {.n_cpus = 1, .cuts = {n * block, 2 * n * block, 15 * block}};
        const struct quire_region map[] = {{0, 16 * block, QUIRE_USABLE, 0}};
        struct quire *q = unit_make(&config, map, COUNT_OF(map));
        assert_int_equal(stats_of(q).n_zones, 4);
        assert_int_equal(is_kept(q, 0, n * block), n == 2);
        q = unit_make(&config, map, COUNT_OF(map));
        assert_int_equal(is_kept(q, n * block, 2 * n * block), n == 2);
    }
}

static void a_small_class_on_top_is_used_first(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 1, .cuts = {BLOCK, 31 * BLOCK}};
    const struct quire_region map[] = {{0, 32 * BLOCK, QUIRE_USABLE, 0}};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    assert_true(must_alloc(q, 1) >= 31 * BLOCK);
}

static void no_memory_above_the_cuts(void **state) {
    (void)state;
    struct quire *q = with_cuts(8 * MIB, TIB, 64 * MIB);
    assert_int_equal(stats_of(q).n_zones, 2);
    assert_true(must_alloc(q, 1) >= 8 * MIB);
    q = with_cuts(8 * MIB, QUIRE_NONE, 64 * MIB);
    assert_int_equal(stats_of(q).n_zones, 2);
    expect_consistent(q);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(low_memory_is_left_to_who_needs_it),
        unit_case(low_memory_is_left_alone_to_the_last_frame),
        unit_case(low_memory_comes_after_another_nodes),
        unit_case(each_class_is_left_to_who_needs_it),
        unit_case(small_classes_are_not_kept),
        unit_case(a_small_class_on_top_is_used_first),
        unit_case(no_memory_above_the_cuts),
    };
    return cmocka_run_group_tests_name("classes", tests, NULL, NULL);
}
