/* zone.c: which frames of a zone are initialised, as frees ask: below the ceiling, and beyond it by the index. */
#include "inside.h"

#include <stdlib.h>

#define N_BLOCKS 150 /* more than two leaves of the index have, so that there are edges of leaves */

/* The allocator's only zone, with blocks here and there initialised: a frame of each is held. */
static const struct q_zone *scattered(quire_pa base, unsigned n_used) {
    const struct quire_config config = {.n_cpus = 1};
    const struct quire_region map[] = {USABLE(base, base + N_BLOCKS * BLOCK)};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    for (unsigned i = 0; i < n_used; i++) {
        quire_pa low = base + (quire_pa)(rand() % N_BLOCKS) * BLOCK, pa;
        struct quire_request r = {.n_frames = 1, .low = low, .end = low + BLOCK};
        assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
    }
    assert_int_equal(stats_of(q).n_zones, 1);
    return zone_of(q, base);
}

/* Whether a position of the index begins a leaf: the bounds end there. */
static bool begins_leaf(const struct q_zone *z, size_t block) {
    return (block + z->skew) % Q_FANOUT == 0;
}

/* The initialised blocks around one, looked up one by one. */
static struct q_span looked_up(const struct q_zone *z, size_t block) {
    size_t begin = block, end = block + 1;
    while (begin > 0 && !begins_leaf(z, begin) && q_zone_ready(z, begin - 1)) {
        begin--;
    }
    while (end < z->n_blocks && !begins_leaf(z, end) && q_zone_ready(z, end)) {
        end++;
    }
    return (struct q_span){q_zone_frame(z, begin), q_zone_frame(z, end)};
}

static void expect_known_around(const struct q_zone *z, size_t block) {
    struct q_span told = q_zone_ready_around(z, block), expected = looked_up(z, block);
    if (block * Q_BLOCK < z->ceiling) {
        expected = (struct q_span){z->first, z->first + z->ceiling};
    }
    assert_int_equal(told.base, expected.base);
    assert_int_equal(told.end, expected.end);
}

/* With an even first block and an odd one: before that the index has a position that stands for no block. */
static void initialised_frames_around(void **state) {
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 40; round++) {
        const struct q_zone *z = scattered(64 * MIB + (round % 2) * BLOCK, 1 + round * 8);
        assert_int_equal(z->skew, round % 2);
        for (size_t b = 0; b < z->n_blocks; b++) {
            bool ready = q_zone_ready(z, b);
            assert_int_equal(q_zone_has(z, b * Q_BLOCK, 1), ready);
            assert_int_equal(q_zone_has(z, b * Q_BLOCK, Q_BLOCK), ready);
            if (ready) {
                expect_known_around(z, b);
            }
        }
        host_ram_clear();
    }
}

static void initialised_frames_over_two_blocks(void **state) {
    (void)state;
    const struct q_zone *z = scattered(66 * MIB, 100);
    for (size_t b = 1; b < z->n_blocks; b++) {
        assert_int_equal(q_zone_has(z, b * Q_BLOCK - 1, 2), q_zone_ready(z, b - 1) && q_zone_ready(z, b));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(initialised_frames_around),
        unit_case(initialised_frames_over_two_blocks),
    };
    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
