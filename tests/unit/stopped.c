/* stopped.c: calls beside a CPU that stopped for ever in the middle of one. What it left is made by hand, with the
 * core's headers; that it may stop at each access to memory is in tests/interleave. */
#include "unit.h"

#include "src/cache.h"
#include "src/place.h"
#include "src/take.h"

/* Two zones, and in each a block that is nobody's metadata. */
static const struct quire_config config = {.n_cpus = 2};
static const struct quire_region map[] = {USABLE(64 * MIB, 64 * MIB + 3 * BLOCK),
                                          USABLE(128 * MIB, 128 * MIB + 2 * BLOCK)};

static struct quire *q;
static struct frames singles, blocks;

/* Nothing is free, nor in a cache. */
static void start(void) {
    q = unit_make(&config, map, COUNT_OF(map));
    take_all_order(q, QUIRE_BLOCK_ORDER, &blocks);
    take_all(q, &singles);
    assert_int_equal(stats_of(q).n_zones, 2);
}

static void finish(void) {
    free_all(q, &singles);
    free_all_order(q, QUIRE_BLOCK_ORDER, &blocks);
    host_ram_clear();
}

/* Takes a frame or a block out of those held and frees it, for everybody. */
static quire_pa give_back(struct frames *from, size_t i, unsigned order) {
    quire_pa pa = from->at[i];
    from->at[i] = from->at[--from->n];
    assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
    q_drain_all(q);
    return pa;
}

/* A searcher takes the hints for a block away, to look at it once more, and stops. */
static void stop_searcher_at(quire_pa pa) {
    q_frame f = (q_frame)(pa >> QUIRE_PAGE_SHIFT);
    struct q_zone *z = q_zone_at(q, f);
    for (enum q_class class = Q_NEARLY_FULL; class <= Q_ALL; class ++) {
        q_index_clear(&z->index, class, q_zone_block_of(z, f) + z->skew);
    }
    q_begin(&q->caches[0]);
}

static void go_on_at(quire_pa pa) {
    q_frame f = (q_frame)(pa >> QUIRE_PAGE_SHIFT);
    struct q_zone *z = q_zone_at(q, f);
    size_t block = q_zone_block_of(z, f);
    q_zone_hint(z, block, atomic_load(&z->counts[block]));
    q_end(&q->caches[0]);
}

static void the_last_frame_is_found_without_its_hint(void **state) {
    (void)state;
    for (size_t i = 0; i < 16; i++) {
        start();
        quire_pa last = give_back(&singles, i * singles.n / 16, 0);
        stop_searcher_at(last);
        assert_true(quire_alloc(q, 2) == last);
        assert_true(quire_alloc(q, 2) == QUIRE_NONE);
        assert_int_equal(stats_of(q).n_unproved, 1); /* the second time */
        frames_push(&singles, last);
        go_on_at(last);
        expect_consistent(q);
        finish();
    }
}

static void so_is_a_frame_of_the_last_block(void **state) {
    (void)state;
    start();
    for (size_t i = 0; i < 2; i++) {
        quire_pa block = give_back(&blocks, 0, QUIRE_BLOCK_ORDER);
        stop_searcher_at(block);
        frames_push(&singles, must_alloc(q, 2));
        assert_true(singles.at[singles.n - 1] / BLOCK == block / BLOCK);
        go_on_at(block);
        expect_consistent(q);
        take_all(q, &singles);
    }
    finish();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(the_last_frame_is_found_without_its_hint),
        unit_case(so_is_a_frame_of_the_last_block),
    };
    return cmocka_run_group_tests_name("stopped", tests, NULL, NULL);
}
