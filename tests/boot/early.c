/* early.c: pages before there is an allocator (boot/early.h), reclaimable memory (quire_regions_split), and both handed over to
 * an allocator without losing a frame. */
#include "boot/early.h"
#include "boot/report.h"
#include "host.h"
#include "random.h"
#include <quire/quire.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

_Static_assert(QUIRE_PAGE_SHIFT == 12, "the maps below are written for frames of 4 KiB");

enum { ROOM = 64, MANY_FRAMES = 512, N_RUNS = 20000 };

struct span {
    quire_pa base, end;
};

static struct quire_region spaces[3][ROOM];

static struct quire_regions list(unsigned which, size_t capacity) {
    return (struct quire_regions){.at = spaces[which], .capacity = capacity};
}

static void expect_spans(const struct quire_regions *map, const struct span *expected, size_t n) {
    assert_int_equal(map->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(map->at[i].base == expected[i].base);
        assert_true(map->at[i].end == expected[i].end);
    }
}

#define EXPECT(map, ...)                                                                                               \
    expect_spans(map, (const struct span[]){__VA_ARGS__},                                                              \
                 sizeof((const struct span[]){__VA_ARGS__}) / sizeof(struct span))

/* ---- reclaimable memory --------------------------------------------------------------------------------- */

static void reclaimable_memory_is_usable_later(void **state) {
    (void)state;
    struct quire_regions map = list(0, ROOM), later = list(1, ROOM);
    quire_regions_add(&map, 0x1000, 0xF000, QUIRE_USABLE);
    quire_regions_add_reclaimable(&map, 0x4000, 0x2000);
    quire_regions_add_reclaimable(&map, 0x20000, 0x4000); /* where nothing else is */
    quire_regions_add(&map, 0x21000, 0x1000, QUIRE_RESERVED);
    assert_true(quire_regions_split(&map, &later));
    EXPECT(&map, {0x1000, 0x4000}, {0x6000, 0x10000});
    EXPECT(&later, {0x4000, 0x6000}, {0x20000, 0x21000}, {0x22000, 0x24000});
}

static void frames_that_are_partly_reclaimable_are_usable_later(void **state) {
    (void)state;
    struct quire_regions map = list(0, ROOM), later = list(1, ROOM);
    quire_regions_add(&map, 0x1000, 0x1800, QUIRE_USABLE);
    quire_regions_add_reclaimable(&map, 0x2800, 0x1000);
    quire_regions_add(&map, 0x3800, 0x2800, QUIRE_USABLE);
    assert_true(quire_regions_split(&map, &later));
    EXPECT(&map, {0x1000, 0x2000}, {0x4000, 0x6000});
    EXPECT(&later, {0x2000, 0x4000});
}

static void normalising_alone_reserves_reclaimable_memory(void **state) {
    (void)state;
    struct quire_regions map = list(0, ROOM);
    quire_regions_add(&map, 0x1000, 0xF000, QUIRE_USABLE);
    quire_regions_add_reclaimable(&map, 0x4000, 0x2000);
    assert_true(quire_regions_normalise(&map));
    EXPECT(&map, {0x1000, 0x4000}, {0x6000, 0x10000});
}

static void an_unknown_type_is_never_reclaimable(void **state) {
    (void)state;
    for (unsigned type = 2; type < 40; type++) {
        struct quire_regions map = list(0, ROOM), later = list(1, ROOM);
        quire_regions_add(&map, 0x1000, 0x2000, QUIRE_USABLE);
        quire_regions_add(&map, 0x2000, 0x2000, (enum quire_region_type)type);
        assert_true(quire_regions_split(&map, &later));
        EXPECT(&map, {0x1000, 0x2000});
        assert_int_equal(later.n, 0);
    }
}

/* The need is said, and the map stays as it was. */
static void two_lists_need_room(void **state) {
    (void)state;
    struct quire_regions map = list(0, ROOM), later = list(1, 2);
    quire_regions_add(&map, 0x1000, 0xF000, QUIRE_USABLE);
    quire_regions_add_reclaimable(&map, 0x4000, 0x2000);
    quire_regions_add_reclaimable(&map, 0x8000, 0x2000);
    assert_false(quire_regions_split(&map, &later));
    assert_int_equal(map.n, 3);
    assert_int_equal(later.n, 3);
    later.capacity = 3;
    assert_true(quire_regions_split(&map, &later));
    EXPECT(&later, {0x4000, 0x6000}, {0x8000, 0xA000});

    map = list(0, 1);
    later = list(1, ROOM);
    quire_regions_add(&map, 0x1000, 0x1000, QUIRE_USABLE);
    quire_regions_add(&map, 0x3000, 0x1000, QUIRE_USABLE);
    assert_false(quire_regions_split(&map, &later));
    assert_int_equal(map.n, 2);
}

/* ---- early pages ---------------------------------------------------------------------------------------- */

static void pages_come_from_the_front_of_the_highest_region(void **state) {
    (void)state;
    struct quire_regions map = list(0, 3);
    struct quire_early early = {.map = &map, .taken = list(1, ROOM), .below = 0x100000};
    quire_regions_add(&map, 0x1000, 0x2000, QUIRE_USABLE);
    quire_regions_add(&map, 0x8000, 0x3000, QUIRE_USABLE);
    quire_regions_add(&map, 0xFF000, 0x100000, QUIRE_USABLE);
    assert_true(quire_regions_normalise(&map));

    assert_true(quire_early_take(&early, 2) == 0x8000); /* the highest ends behind the limit */
    assert_true(quire_early_take(&early, 1) == 0xFF000);
    assert_true(quire_early_take(&early, 1) == 0xA000);
    EXPECT(&map, {0x1000, 0x3000}, {0x100000, 0x1FF000});
    EXPECT(&early.taken, {0x8000, 0xB000}, {0xFF000, 0x100000});
    early.below = QUIRE_NONE;
    assert_true(quire_early_take(&early, 255) == 0x100000);
    EXPECT(&map, {0x1000, 0x3000});
    EXPECT(&early.taken, {0x8000, 0xB000}, {0xFF000, 0x1FF000});
}

static void what_can_not_be_taken_changes_nothing(void **state) {
    (void)state;
    struct quire_regions map = list(0, ROOM);
    struct quire_early early = {.map = &map, .taken = list(1, 1), .below = QUIRE_NONE};
    quire_regions_add(&map, 0x1000, 0x2000, QUIRE_USABLE);
    quire_regions_add(&map, 0x8000, 0x3000, QUIRE_USABLE);
    assert_true(quire_regions_normalise(&map));
    assert_true(quire_early_take(&early, 0) == QUIRE_NONE);
    assert_true(quire_early_take(&early, 4) == QUIRE_NONE);
    assert_true(quire_early_take(&early, UINT64_MAX) == QUIRE_NONE);
    assert_true(quire_early_take(&early, (uint64_t)1 << 52) == QUIRE_NONE); /* 2^64 bytes */
    assert_true(quire_early_take(&early, 3) == 0x8000);
    assert_true(quire_early_take(&early, 1) == QUIRE_NONE); /* there is memory, but no room to note it */
    EXPECT(&map, {0x1000, 0x3000});
    EXPECT(&early.taken, {0x8000, 0xB000});
}

static void nodes_stay(void **state) {
    (void)state;
    struct quire_regions map = list(0, ROOM);
    struct quire_early early = {.map = &map, .taken = list(1, ROOM), .below = QUIRE_NONE};
    quire_regions_add(&map, 0x1000, 0xF000, QUIRE_USABLE);
    assert_true(quire_regions_normalise(&map));
    assert_true(quire_regions_set_node(&map, 0x8000, 0x8000, 1));
    assert_true(quire_early_take(&early, 2) == 0x8000);
    EXPECT(&map, {0x1000, 0x8000}, {0xA000, 0x10000});
    assert_int_equal(map.at[0].node, 0);
    assert_int_equal(map.at[1].node, 1);
}

/* ---- random runs: each frame is in one of the lists ----------------------------------------------------------- */

enum { NOWHERE, FREE, LATER, TAKEN };

static void mark(uint8_t *frames, const struct quire_regions *map, uint8_t as) {
    for (size_t i = 0; i < map->n; i++) {
        for (quire_pa pa = map->at[i].base; pa != map->at[i].end; pa += QUIRE_PAGE_SIZE) {
            assert_int_equal(frames[pa / QUIRE_PAGE_SIZE], NOWHERE);
            frames[pa / QUIRE_PAGE_SIZE] = as;
        }
    }
}

static void random_map(struct quire_regions *map, uint64_t *rng) {
    for (uint64_t n = 1 + random_below(rng, 20); n > 0; n--) {
        quire_pa base = random_below(rng, MANY_FRAMES) * QUIRE_PAGE_SIZE;
        uint64_t n_bytes = random_below(rng, MANY_FRAMES) * QUIRE_PAGE_SIZE;
        n_bytes = base + n_bytes > MANY_FRAMES * QUIRE_PAGE_SIZE ? MANY_FRAMES * QUIRE_PAGE_SIZE - base : n_bytes;
        uint64_t kind = random_below(rng, 6);
        if (kind == 0)
            quire_regions_add_reclaimable(map, base, n_bytes);
        else
            quire_regions_add(map, base, n_bytes / (kind == 1 ? 8 : 1), kind == 1 ? QUIRE_RESERVED : QUIRE_USABLE);
    }
}

static void take_some(struct quire_early *early, uint64_t *rng, uint8_t *before) {
    for (uint64_t n = random_below(rng, 40); n > 0; n--) {
        uint64_t n_frames = 1 + random_below(rng, 8);
        early->below = random_below(rng, MANY_FRAMES + 2) * QUIRE_PAGE_SIZE;
        quire_pa pa = quire_early_take(early, n_frames);
        if (pa == QUIRE_NONE)
            continue;
        assert_true(pa + n_frames * QUIRE_PAGE_SIZE <= early->below);
        for (uint64_t i = 0; i < n_frames; i++) {
            assert_int_equal(before[pa / QUIRE_PAGE_SIZE + i], FREE);
            before[pa / QUIRE_PAGE_SIZE + i] = TAKEN;
        }
    }
}

static void each_frame_is_in_one_list(void **state) {
    (void)state;
    uint64_t rng = random_seed();
    for (int run = 0; run < N_RUNS; run++) {
        static uint8_t expected[MANY_FRAMES], found[MANY_FRAMES];
        struct quire_regions map = list(0, ROOM), later = list(1, ROOM);
        random_map(&map, &rng);
        assert_true(quire_regions_split(&map, &later));
        memset(expected, NOWHERE, sizeof expected);
        mark(expected, &map, FREE);
        mark(expected, &later, LATER);

        struct quire_early early = {.map = &map, .taken = list(2, 1 + random_below(&rng, 4))};
        take_some(&early, &rng, expected);
        memset(found, NOWHERE, sizeof found);
        mark(found, &map, FREE);
        mark(found, &later, LATER);
        mark(found, &early.taken, TAKEN);
        assert_memory_equal(found, expected, sizeof found);
        struct quire_region before[ROOM];
        size_t n = map.n;
        memcpy(before, map.at, sizeof before);
        assert_true(quire_regions_normalise(&map)); /* it was */
        assert_int_equal(map.n, n);
        assert_memory_equal(before, map.at, n * sizeof *before);
    }
}

/* ---- handed over ---------------------------------------------------------------------------------------- */

static void give(struct quire *q, const struct quire_regions *map) {
    for (size_t i = 0; i < map->n; i++) {
        struct quire_region usable = map->at[i];
        usable.type = QUIRE_USABLE;
        assert_int_equal(quire_add(q, &usable), QUIRE_OK);
    }
}

/* Free frames, and those of the allocator's own data: all that it knows. */
static uint64_t known(const struct quire *q) {
    struct quire_stats stats;
    quire_stats(q, &stats);
    return stats.n_free + stats.n_metadata;
}

static uint64_t frames_in(const struct quire_regions *map) {
    uint64_t n = 0;
    for (size_t i = 0; i < map->n; i++)
        n += (map->at[i].end - map->at[i].base) >> QUIRE_PAGE_SHIFT;
    return n;
}

static void no_frame_is_lost_on_the_way_to_an_allocator(void **state) {
    (void)state;
    const uint64_t mib = 1 << 20;
    struct quire_regions map = list(0, ROOM), later = list(1, ROOM);
    host_ram_add(0, 64 * mib);
    quire_regions_add(&map, 0, 64 * mib, QUIRE_USABLE);
    quire_regions_add(&map, 0x9FC00, 0x60400, QUIRE_RESERVED);
    quire_regions_add_reclaimable(&map, 20 * mib, 0x5800);      /* ACPI's tables */
    quire_regions_add_reclaimable(&map, 40 * mib + 0x800, mib); /* a boot loader */
    assert_true(quire_regions_split(&map, &later));
    uint64_t n_all = frames_in(&map) + frames_in(&later);

    struct quire_early early = {.map = &map, .taken = list(2, ROOM), .below = 32 * mib};
    for (unsigned i = 0; i < 9; i++)
        assert_true(quire_early_take(&early, 1 + i) != QUIRE_NONE);

    struct quire *q;
    struct quire_fault first;
    const struct quire_config config = {.n_cpus = 1};
    assert_int_equal(quire_init(&q, &config, map.at, map.n), QUIRE_OK);
    assert_int_equal(known(q), n_all - frames_in(&later) - frames_in(&early.taken));
    give(q, &later);
    assert_int_equal(known(q), n_all - frames_in(&early.taken));
    give(q, &early.taken);
    assert_int_equal(known(q), n_all);
    assert_int_equal(quire_validate(q, &first), QUIRE_OK);
    host_ram_clear();
}

/* ---- words ---------------------------------------------------------------------------------------------- */

static void each_problem_has_words(void **state) {
    (void)state;
    for (unsigned i = QUIRE_BOOT_OK; i <= QUIRE_BOOT_UNCACHED; i++) {
        const char *text = quire_boot_status_text((enum quire_boot_status)i);
        assert_true(strlen(text) > 8 && strcmp(text, "unknown status") != 0);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(text, quire_boot_status_text((enum quire_boot_status)k));
    }
    assert_string_equal(quire_boot_status_text((enum quire_boot_status)(QUIRE_BOOT_UNCACHED + 1)), "unknown status");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reclaimable_memory_is_usable_later),
        cmocka_unit_test(frames_that_are_partly_reclaimable_are_usable_later),
        cmocka_unit_test(normalising_alone_reserves_reclaimable_memory),
        cmocka_unit_test(an_unknown_type_is_never_reclaimable),
        cmocka_unit_test(two_lists_need_room),
        cmocka_unit_test(pages_come_from_the_front_of_the_highest_region),
        cmocka_unit_test(what_can_not_be_taken_changes_nothing),
        cmocka_unit_test(nodes_stay),
        cmocka_unit_test(each_frame_is_in_one_list),
        cmocka_unit_test(no_frame_is_lost_on_the_way_to_an_allocator),
        cmocka_unit_test(each_problem_has_words),
    };
    return cmocka_run_group_tests_name("early pages and reclaimable memory", tests, NULL, NULL);
}
