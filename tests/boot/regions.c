/* regions.c: hostile memory maps, each with the answer written by hand, in every order; and random ones against a model
 * that knows nothing of ranges, only of bytes. */
#include "boot/regions.h"
#include "random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

_Static_assert(QUIRE_PAGE_SHIFT == 12, "the maps below are written for frames of 4 KiB");

struct entry {
    uint64_t base, n_bytes;
    unsigned type;
};
struct span {
    quire_pa base, end;
};
struct map {
    const char *name;
    const struct entry *in;
    size_t n_in;
    const struct span *out;
    size_t n_out;
};

#define U(base, n_bytes)                                                                                               \
    { base, n_bytes, QUIRE_USABLE }
#define R(base, n_bytes)                                                                                               \
    { base, n_bytes, QUIRE_RESERVED }
#define IN(...)  (const struct entry[]){__VA_ARGS__}, sizeof((const struct entry[]){__VA_ARGS__}) / sizeof(struct entry)
#define OUT(...) (const struct span[]){__VA_ARGS__}, sizeof((const struct span[]){__VA_ARGS__}) / sizeof(struct span)
#define NOTHING  NULL, 0
#define MAX      UINT64_MAX
#define LAST     0xFFFFFFFFFFFFF000 /* the last frame, which is never usable */
#define G        0x40000000

static const struct map maps[] = {
    /* little or nothing */
    {"empty", NOTHING, NOTHING},
    {"one byte", IN(U(0x1000, 1)), NOTHING},
    {"one frame", IN(U(0x1000, 0x1000)), OUT({0x1000, 0x2000})},
    {"a frame less one byte", IN(U(0x1000, 0xFFF)), NOTHING},
    {"a frame's bytes, one byte late", IN(U(0x1001, 0x1000)), NOTHING},
    {"two frames' bytes, one byte late", IN(U(0x1001, 0x2000)), OUT({0x2000, 0x3000})},
    {"two frames less a byte at each end", IN(U(0x1001, 0x1FFE)), NOTHING},
    {"no length", IN(U(0x1000, 0)), NOTHING},
    {"reserved without length", IN(U(0x1000, 0x2000), R(0x2000, 0)), OUT({0x1000, 0x3000})},
    {"frame 0", IN(U(0, 0x1000)), OUT({0, 0x1000})},
    {"one byte short of frame 0", IN(U(1, 0xFFF)), NOTHING},
    {"reserved alone", IN(R(0x1000, 0x1000)), NOTHING},
    {"all reserved", IN(U(0x1000, 0x5000), R(0x1000, 0x5000)), NOTHING},
    {"all reserved, and more", IN(U(0x1000, 0x5000), R(0, 0x10000)), NOTHING},
    {"all reserved in pieces", IN(U(0, 0x4000), R(0, 0x1000), R(0x1000, 0x2000), R(0x3000, 0x1000)), NOTHING},
    {"reserved outside of memory", IN(U(0x8000, 0x1000), R(0x1000, 0x1000)), OUT({0x8000, 0x9000})},
    {"one byte of each frame reserved", IN(U(0, 0x3000), R(0xFFF, 1), R(0x1800, 1), R(0x2000, 1)), NOTHING},

    /* the end of the address space */
    {"length 2^64-1 at 0", IN(U(0, MAX)), OUT({0, LAST})},
    {"length 2^64-1 at 1", IN(U(1, MAX)), OUT({0x1000, LAST})},
    {"length 2^64-1 in the middle", IN(U(0x8000000000000000, MAX)), OUT({0x8000000000000000, LAST})},
    {"to 2^64 exactly", IN(U(LAST - 0x1000, 0x2000)), OUT({LAST - 0x1000, LAST})},
    {"past 2^64 by a byte", IN(U(LAST - 0x1000, 0x2001)), OUT({LAST - 0x1000, LAST})},
    {"far past 2^64", IN(U(LAST - 0x1000, 0x8000000000000000)), OUT({LAST - 0x1000, LAST})},
    {"to the last frame", IN(U(LAST - 0x1000, 0x1000)), OUT({LAST - 0x1000, LAST})},
    {"the last frame", IN(U(LAST, 0x1000)), NOTHING},
    {"the last byte", IN(U(MAX, 1)), NOTHING},
    {"from the last byte on", IN(U(MAX, MAX)), NOTHING},
    {"inside the last frame", IN(U(LAST + 1, 0x10)), NOTHING},
    {"past 2^64 does not come back at 0", IN(U(LAST, 0x4000), U(0x8000, 0x1000)), OUT({0x8000, 0x9000})},
    {"reserved past 2^64", IN(U(0, 0x10000), R(0x8000, MAX)), OUT({0, 0x8000})},
    {"reserved past 2^64 does not come back at 0", IN(U(0, 0x4000), R(LAST, 0x3000)), OUT({0, 0x4000})},
    {"everything reserved", IN(U(0, MAX), R(0, MAX)), NOTHING},
    {"everything but a frame reserved", IN(U(0, MAX), R(0, 0x5000), R(0x6000, MAX)), OUT({0x5000, 0x6000})},
    {"reserved to 2^64-1, last byte not", IN(U(0x1000, 0x2000), R(0x2000, MAX - 0x2000)), OUT({0x1000, 0x2000})},
    {"above the highest address", IN(U(0, 1ull << 60), R(1ull << 56, MAX)), OUT({0, 1ull << 56})},
    {"only above 4 GiB", IN(U(4ull * G, G)), OUT({4ull * G, 5ull * G})},
    {"across 4 GiB", IN(U(3ull * G, 2ull * G)), OUT({3ull * G, 5ull * G})},
    {"across 4 GiB, reserved across it", IN(U(3ull * G, 2ull * G), R(4ull * G - 1, 2)),
     OUT({3ull * G, 4ull * G - 0x1000}, {4ull * G + 0x1000, 5ull * G})},

    /* order, duplicates, neighbours */
    {"unsorted", IN(U(0x9000, 0x1000), U(0x1000, 0x1000), U(0x5000, 0x1000)),
     OUT({0x1000, 0x2000}, {0x5000, 0x6000}, {0x9000, 0xA000})},
    {"duplicate", IN(U(0x1000, 0x2000), U(0x1000, 0x2000)), OUT({0x1000, 0x3000})},
    {"duplicate of each type", IN(U(0, 0x9000), R(0x1000, 0x2000), U(0, 0x9000), R(0x1000, 0x2000)),
     OUT({0, 0x1000}, {0x3000, 0x9000})},
    {"usable and reserved, the same range", IN(U(0x1000, 0x2000), R(0x1000, 0x2000)), NOTHING},
    {"neighbours become one", IN(U(0x1000, 0x1000), U(0x2000, 0x1000)), OUT({0x1000, 0x3000})},
    {"neighbours that meet inside a frame", IN(U(0x1000, 0x1800), U(0x2800, 0x1800)), OUT({0x1000, 0x4000})},
    {"a frame in three pieces", IN(U(0x1000, 0x10), U(0x1010, 0xF00), U(0x1F10, 0xF0)), OUT({0x1000, 0x2000})},
    {"a frame in pieces, one byte missing", IN(U(0x1000, 0x10), U(0x1011, 0xFEF)), NOTHING},
    {"one byte between neighbours", IN(U(0x1000, 0x17FF), U(0x2800, 0x1800)), OUT({0x1000, 0x2000}, {0x3000, 0x4000})},
    {"a hole of one frame", IN(U(0x1000, 0x1000), U(0x3000, 0x1000)), OUT({0x1000, 0x2000}, {0x3000, 0x4000})},
    {"holes of one frame, many",
     IN(U(0, 0x9000), R(0x1000, 0x1000), R(0x3000, 0x1000), R(0x5000, 0x1000), R(0x7000, 0x1000)),
     OUT({0, 0x1000}, {0x2000, 0x3000}, {0x4000, 0x5000}, {0x6000, 0x7000}, {0x8000, 0x9000})},
    {"a hole of less than a frame", IN(U(0x1000, 0x1100), U(0x2200, 0x1E00)), OUT({0x1000, 0x2000}, {0x3000, 0x4000})},

    /* nested and overlapping */
    {"usable in usable", IN(U(0x1000, 0x8000), U(0x3000, 0x1000)), OUT({0x1000, 0x9000})},
    {"usable in usable, same base", IN(U(0x1000, 0x8000), U(0x1000, 0x1000)), OUT({0x1000, 0x9000})},
    {"usable in usable, same end", IN(U(0x1000, 0x8000), U(0x8000, 0x1000)), OUT({0x1000, 0x9000})},
    {"usable overlapping usable", IN(U(0x1000, 0x3000), U(0x2000, 0x4000)), OUT({0x1000, 0x6000})},
    {"long usable over short ones", IN(U(0, 0x10000), U(0x1000, 0x1000), U(0x5000, 0x1000)), OUT({0, 0x10000})},
    {"reserved in usable", IN(U(0x1000, 0x8000), R(0x3000, 0x1000)), OUT({0x1000, 0x3000}, {0x4000, 0x9000})},
    {"reserved at the front", IN(U(0x1000, 0x8000), R(0x1000, 0x1000)), OUT({0x2000, 0x9000})},
    {"reserved at the back", IN(U(0x1000, 0x8000), R(0x8000, 0x1000)), OUT({0x1000, 0x8000})},
    {"reserved over the front", IN(U(0x1000, 0x8000), R(0, 0x3000)), OUT({0x3000, 0x9000})},
    {"reserved over the back", IN(U(0x1000, 0x8000), R(0x8000, 0x3000)), OUT({0x1000, 0x8000})},
    {"reserved just before and behind", IN(U(0x1000, 0x1000), R(0, 0x1000), R(0x2000, 0x1000)), OUT({0x1000, 0x2000})},
    {"usable in reserved", IN(R(0x1000, 0x8000), U(0x3000, 0x1000)), NOTHING},
    {"usable in reserved in usable", IN(U(0, 0x10000), R(0x4000, 0x8000), U(0x6000, 0x1000)),
     OUT({0, 0x4000}, {0xC000, 0x10000})},
    {"reserved in reserved", IN(U(0, 0x10000), R(0x4000, 0x8000), R(0x5000, 0x1000)),
     OUT({0, 0x4000}, {0xC000, 0x10000})},
    {"reserved overlapping reserved", IN(U(0, 0x10000), R(0x4000, 0x3000), R(0x6000, 0x4000)),
     OUT({0, 0x4000}, {0xA000, 0x10000})},
    {"reserved across two usable", IN(U(0x1000, 0x3000), U(0x6000, 0x3000), R(0x3000, 0x4000)),
     OUT({0x1000, 0x3000}, {0x7000, 0x9000})},
    {"long reserved over a later usable", IN(U(0, 0x2000), R(0x1000, 0x8000), U(0x4000, 0x8000)),
     OUT({0, 0x1000}, {0x9000, 0xC000})},

    /* unaligned reserved: whole frames go */
    {"one reserved byte", IN(U(0x1000, 0x3000), R(0x2800, 1)), OUT({0x1000, 0x2000}, {0x3000, 0x4000})},
    {"two reserved bytes across a frame's bound", IN(U(0x1000, 0x4000), R(0x2FFF, 2)),
     OUT({0x1000, 0x2000}, {0x4000, 0x5000})},
    {"the first byte reserved", IN(U(0x1000, 0x2000), R(0x1000, 1)), OUT({0x2000, 0x3000})},
    {"the last byte reserved", IN(U(0x1000, 0x2000), R(0x2FFF, 1)), OUT({0x1000, 0x2000})},
    {"byte 0 reserved", IN(U(0, 0x3000), R(0, 1)), OUT({0x1000, 0x3000})},
    {"reserved bytes on both sides of a frame", IN(U(0, 0x3000), R(0xFFF, 1), R(0x2000, 1)), OUT({0x1000, 0x2000})},
    {"reserved inside a hole", IN(U(0, 0x1000), R(0x1800, 0x100), U(0x2000, 0x1000)),
     OUT({0, 0x1000}, {0x2000, 0x3000})},

    /* types */
    {"an unknown type is reserved", IN(U(0, 0x4000), {0x1000, 0x1000, 7}), OUT({0, 0x1000}, {0x2000, 0x4000})},
    {"the largest type is reserved", IN(U(0, 0x4000), {0x1000, 0x1000, UINT32_MAX}),
     OUT({0, 0x1000}, {0x2000, 0x4000})},
    {"unknown types alone", IN({0, 0x4000, 2}, {0x8000, 0x4000, 3}), NOTHING},

    /* what machines do */
    {"kernel and initrd straddle two banks",
     IN(U(0x80000000, 0x10000000), U(0x90000000, 0x10000000), R(0x80000000, 0x1A3456), R(0x8FF00123, 0x200000)),
     OUT({0x801A4000, 0x8FF00000}, {0x90101000, 0xA0000000})},
    {"an initrd that straddles the end of memory", IN(U(0x80000000, 0x1000000), R(0x80FFF800, 0x1000)),
     OUT({0x80000000, 0x80FFF000})},
    {"a PC's low memory", IN(U(0, 0x9FC00), R(0x9FC00, 0x400), R(0xE8000, 0x18000), U(0x100000, 0x3FF00000)),
     OUT({0, 0x9F000}, {0x100000, 0x40000000})},
    {"firmware at the front of memory, listed twice",
     IN(U(0x80000000, 0x8000000), R(0x80000000, 0x80000), R(0x80000000, 0x60000)), OUT({0x80080000, 0x88000000})},
    {"banks in descending order, touching", IN(U(0xC0000000, G), U(0x80000000, G), U(G, G)), OUT({G, 0x100000000})},
};

/* ---- the table ------------------------------------------------------------------------------------------ */

enum { MAX_ENTRIES = 16 };

static void add_all(struct quire_regions *map, const struct entry *entries, size_t n) {
    for (size_t i = 0; i < n; i++)
        quire_regions_add(map, entries[i].base, entries[i].n_bytes, (enum quire_region_type)entries[i].type);
}

static void assert_spans(const char *name, const struct quire_regions *map, const struct span *expected, size_t n) {
    bool same = map->n == n;
    for (size_t i = 0; same && i < n; i++)
        same =
            map->at[i].base == expected[i].base && map->at[i].end == expected[i].end && map->at[i].type == QUIRE_USABLE;
    if (same)
        return;
    print_error("map \"%s\"\n", name);
    for (size_t i = 0; i < n; i++)
        print_error("  expected  %016lx..%016lx\n", (unsigned long)expected[i].base, (unsigned long)expected[i].end);
    for (size_t i = 0; i < map->n; i++)
        print_error("  got       %016lx..%016lx type %d\n", (unsigned long)map->at[i].base,
                    (unsigned long)map->at[i].end, (int)map->at[i].type);
    fail();
}

static void check_order(const struct map *m, const struct entry *in) {
    struct quire_region space[MAX_ENTRIES];
    struct quire_regions map = {.at = space, .capacity = m->n_in};
    add_all(&map, in, m->n_in);
    assert_true(quire_regions_normalise(&map));
    assert_spans(m->name, &map, m->out, m->n_out);
}

/* Heap's algorithm: every order of in[0..n). */
static void check_orders(const struct map *m, struct entry *in, size_t n) {
    if (n <= 1) {
        check_order(m, in);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        check_orders(m, in, n - 1);
        size_t j = n % 2 == 0 ? i : 0;
        struct entry swap = in[j];
        in[j] = in[n - 1];
        in[n - 1] = swap;
    }
}

static void hostile_maps_in_every_order(void **state) {
    (void)state;
    size_t n_maps = sizeof maps / sizeof *maps;
    assert_true(n_maps >= 60);
    for (size_t i = 0; i < n_maps; i++) {
        struct entry in[MAX_ENTRIES];
        assert_true(maps[i].n_in <= 6);
        memcpy(in, maps[i].in != NULL ? maps[i].in : (const struct entry[1]){0}, maps[i].n_in * sizeof *in);
        check_orders(&maps[i], in, maps[i].n_in);
    }
}

/* ---- capacity ------------------------------------------------------------------------------------------- */

static void too_small_an_array_is_said_and_left_alone(void **state) {
    (void)state;
    struct quire_region space[3] = {{0}};
    struct quire_regions map = {.at = space, .capacity = 2};
    const struct entry in[] = {U(0x9000, 0x1000), U(0x1000, 0x1000), R(0x1000, 0x1000)};
    add_all(&map, in, 3);
    assert_false(quire_regions_normalise(&map));
    assert_int_equal(map.n, 3);
    assert_int_equal(space[0].base, 0x9000);
    assert_int_equal(space[1].base, 0x1000);
    assert_int_equal(space[2].end, 0); /* behind the array: not touched */
}

static void no_array_counts_what_is_needed(void **state) {
    (void)state;
    struct quire_regions map = {0};
    const struct entry in[] = {U(0x9000, 0x1000), U(0x1000, 0), R(0x1000, 0x1000)};
    add_all(&map, in, 3);
    assert_int_equal(map.n, 2);
    assert_false(quire_regions_normalise(&map));
}

static void nothing_fits_into_no_array(void **state) {
    (void)state;
    struct quire_regions map = {0};
    assert_true(quire_regions_normalise(&map));
    assert_int_equal(map.n, 0);
}

static void a_normalised_list_can_be_added_to(void **state) {
    (void)state;
    struct quire_region space[4];
    struct quire_regions map = {.at = space, .capacity = 4};
    quire_regions_add(&map, 0x1000, 0x8000, QUIRE_USABLE);
    assert_true(quire_regions_normalise(&map));
    quire_regions_add(&map, 0x3800, 0x10, QUIRE_RESERVED);
    quire_regions_add(&map, 0x9000, 0x1000, QUIRE_USABLE);
    assert_true(quire_regions_normalise(&map));
    assert_spans("added to", &map, (const struct span[]){{0x1000, 0x3000}, {0x4000, 0xA000}}, 2);
}

static void a_long_list_needs_no_fixed_number(void **state) {
    (void)state;
    enum { N = 5000 };
    struct quire_region *space = calloc(N, sizeof *space);
    assert_non_null(space);
    struct quire_regions map = {.at = space, .capacity = N};
    for (size_t i = N; i-- > 0;) /* backwards, and every fourth reserved */
        quire_regions_add(&map, i * 0x2000, 0x1000, i % 4 != 0 ? QUIRE_USABLE : QUIRE_RESERVED);
    assert_true(quire_regions_normalise(&map));
    assert_int_equal(map.n, N - N / 4);
    for (size_t i = 0; i < map.n; i++) {
        size_t slot = i / 3 * 4 + 1 + i % 3;
        assert_int_equal(space[i].base, slot * 0x2000);
        assert_int_equal(space[i].end, slot * 0x2000 + 0x1000);
    }
    free(space);
}

/* ---- placing -------------------------------------------------------------------------------------------- */

_Static_assert(sizeof(struct quire_region) == 24, "regions.h and docs/porting.md say what an entry takes");

static const struct {
    const char *name;
    uint64_t n_bytes, alignment;
    quire_pa from, to;
    quire_pa place; /* QUIRE_NONE: none */
    const struct span *left;
    size_t n_left;
} places[] = {
#define TO(...) (const struct span[]){__VA_ARGS__}, sizeof((const struct span[]){__VA_ARGS__}) / sizeof(struct span)
#define SAME    TO({0x1000, 0x5000}, {0x8000, 0x20000})
    {"the lowest frame", 0x1000, 0x1000, 0, MAX, 0x1000, TO({0x2000, 0x5000}, {0x8000, 0x20000})},
    {"one byte is a frame", 1, 1, 0, MAX, 0x1000, TO({0x2000, 0x5000}, {0x8000, 0x20000})},
    {"a byte more than a frame is two", 0x1001, 1, 0, MAX, 0x1000, TO({0x3000, 0x5000}, {0x8000, 0x20000})},
    {"all of a region", 0x4000, 0x1000, 0, MAX, 0x1000, TO({0x8000, 0x20000})},
    {"more than the first region has", 0x4001, 0x1000, 0, MAX, 0x8000, TO({0x1000, 0x5000}, {0xD000, 0x20000})},
    {"aligned, in the middle", 0x1000, 0x4000, 0, MAX, 0x4000, TO({0x1000, 0x4000}, {0x8000, 0x20000})},
    {"aligned, splits a region", 0x2000, 0x10000, 0, MAX, 0x10000,
     TO({0x1000, 0x5000}, {0x8000, 0x10000}, {0x12000, 0x20000})},
    {"within a range", 0x1000, 0x1000, 0x9000, 0xB000, 0x9000,
     TO({0x1000, 0x5000}, {0x8000, 0x9000}, {0xA000, 0x20000})},
    {"within a range that begins inside a frame", 0x1000, 1, 0x9001, 0xB000, 0xA000,
     TO({0x1000, 0x5000}, {0x8000, 0xA000}, {0xB000, 0x20000})},
    {"bytes within a range that ends inside a frame", 0x800, 1, 0x9000, 0x9800, 0x9000,
     TO({0x1000, 0x5000}, {0x8000, 0x9000}, {0xA000, 0x20000})},
    {"within less than is wanted", 0x1000, 0x1000, 0x9000, 0x9FFF, QUIRE_NONE, SAME},
    {"within a hole", 0x1000, 0x1000, 0x5000, 0x8000, QUIRE_NONE, SAME},
    {"within nothing", 0x1000, 0x1000, 0x9000, 0x9000, QUIRE_NONE, SAME},
    {"within a range that ends before it begins", 0x1000, 0x1000, 0x9000, 0x1000, QUIRE_NONE, SAME},
    {"more than there is in one piece", 0x18001, 0x1000, 0, MAX, QUIRE_NONE, SAME},
    {"aligned so that nothing fits", 0x1000, 0x20000, 0, MAX, QUIRE_NONE, SAME},
    {"an alignment of half of all addresses", 0x1000, (uint64_t)1 << 63, 0, MAX, QUIRE_NONE, SAME},
    {"an alignment that wraps around", 0x1000, (uint64_t)1 << 63, ((uint64_t)1 << 63) + 1, MAX, QUIRE_NONE, SAME},
    {"all bytes that there are", MAX, 0x1000, 0, MAX, QUIRE_NONE, SAME},
    {"no bytes", 0, 0x1000, 0, MAX, QUIRE_NONE, SAME},
    {"no alignment", 0x1000, 0, 0, MAX, QUIRE_NONE, SAME},
    {"no power of two", 0x1000, 0x3000, 0, MAX, QUIRE_NONE, SAME},
};

/* ---- nodes ---------------------------------------------------------------------------------------------- */

static void expect_nodes(const struct quire_regions *map, const struct quire_region *expected, size_t n) {
    assert_int_equal(map->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(map->at[i].base == expected[i].base && map->at[i].end == expected[i].end);
        assert_int_equal(map->at[i].node, expected[i].node);
        assert_int_equal(map->at[i].type, QUIRE_USABLE);
    }
}

#define ON(base, end, node)                                                                                            \
    { base, end, QUIRE_USABLE, node }
#define EXPECT_NODES(map, ...)                                                                                         \
    expect_nodes(map, (const struct quire_region[]){__VA_ARGS__},                                                      \
                 sizeof((const struct quire_region[]){__VA_ARGS__}) / sizeof(struct quire_region))

/* Each step goes on from the one before. */
static void regions_are_cut_where_the_node_changes(void **state) {
    (void)state;
    struct quire_region space[8];
    struct quire_regions map = {.at = space, .capacity = 8};
    quire_regions_add(&map, 0x1000, 0x4000, QUIRE_USABLE);
    quire_regions_add(&map, 0x8000, 0x8000, QUIRE_USABLE);
    assert_true(quire_regions_normalise(&map));
    EXPECT_NODES(&map, ON(0x1000, 0x5000, 0), ON(0x8000, 0x10000, 0));
    assert_true(quire_regions_set_node(&map, 0x5000, 0x3000, 9)); /* a hole */
    assert_true(quire_regions_set_node(&map, 0x2000, 0, 9));      /* nothing */
    EXPECT_NODES(&map, ON(0x1000, 0x5000, 0), ON(0x8000, 0x10000, 0));
    assert_true(quire_regions_set_node(&map, 0x1000, 0x4000, 1)); /* all of one */
    assert_true(quire_regions_set_node(&map, 0xA000, 0x2000, 2)); /* the middle of one */
    EXPECT_NODES(&map, ON(0x1000, 0x5000, 1), ON(0x8000, 0xA000, 0), ON(0xA000, 0xC000, 2), ON(0xC000, 0x10000, 0));
    assert_true(quire_regions_set_node(&map, 0x3001, 0x6000, 3)); /* over a hole; a frame is where its first byte is */
    EXPECT_NODES(&map, ON(0x1000, 0x4000, 1), ON(0x4000, 0x5000, 3), ON(0x8000, 0xA000, 3), ON(0xA000, 0xC000, 2),
                 ON(0xC000, 0x10000, 0));
    assert_true(quire_regions_set_node(&map, 0xF000, UINT64_MAX, 4)); /* far over the end */
    assert_true(quire_regions_set_node(&map, UINT64_MAX - 1, 1, 5));
    EXPECT_NODES(&map, ON(0x1000, 0x4000, 1), ON(0x4000, 0x5000, 3), ON(0x8000, 0xA000, 3), ON(0xA000, 0xC000, 2),
                 ON(0xC000, 0xF000, 0), ON(0xF000, 0x10000, 4));
    quire_regions_add(&map, 0x9000, 0x1000, QUIRE_RESERVED);
    assert_true(quire_regions_normalise(&map)); /* forgets them */
    EXPECT_NODES(&map, ON(0x1000, 0x5000, 0), ON(0x8000, 0x9000, 0), ON(0xA000, 0x10000, 0));
}

static void no_room_for_the_parts(void **state) {
    (void)state;
    struct quire_region space[3];
    struct quire_regions map = {.at = space, .capacity = 3};
    quire_regions_add(&map, 0x1000, 0x4000, QUIRE_USABLE);
    quire_regions_add(&map, 0x8000, 0x8000, QUIRE_USABLE);
    assert_false(quire_regions_set_node(&map, 0x2000, 0x1000, 1)); /* in three */
    assert_false(quire_regions_set_node(&map, 0x2000, 0x8000, 1)); /* two in two */
    EXPECT_NODES(&map, ON(0x1000, 0x5000, 0), ON(0x8000, 0x10000, 0));
    assert_true(quire_regions_set_node(&map, 0x2000, 0x3000, 1));
    EXPECT_NODES(&map, ON(0x1000, 0x2000, 0), ON(0x2000, 0x5000, 1), ON(0x8000, 0x10000, 0));
    assert_true(quire_regions_set_node(&map, 0, UINT64_MAX, 2));
    EXPECT_NODES(&map, ON(0x1000, 0x2000, 2), ON(0x2000, 0x5000, 2), ON(0x8000, 0x10000, 2));
}

static void placed_as_low_as_can_be(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct quire_region space[3], within = {places[i].from, places[i].to, QUIRE_RESERVED, 0};
        struct quire_regions map = {.at = space, .capacity = 3};
        quire_pa place = QUIRE_NONE;
        quire_regions_add(&map, 0x1000, 0x4000, QUIRE_USABLE);
        quire_regions_add(&map, 0x8000, 0x18000, QUIRE_USABLE);
        bool is_placed = quire_regions_place(&map, places[i].n_bytes, places[i].alignment, &within, &place);
        if (is_placed != (places[i].place != QUIRE_NONE) || place != places[i].place)
            fail_msg("%s: placed %d, at %llx", places[i].name, is_placed, (unsigned long long)place);
        assert_spans(places[i].name, &map, places[i].left, places[i].n_left);
    }
}

static void nothing_is_placed_in_a_full_list(void **state) {
    (void)state;
    struct quire_region space[2], everywhere = {0, MAX, QUIRE_USABLE, 0};
    struct quire_regions map = {.at = space, .capacity = 1};
    quire_pa place = 99;
    quire_regions_add(&map, 0x1000, 0x4000, QUIRE_USABLE);
    assert_false(quire_regions_place(&map, 0x1000, 0x1000, &everywhere, &place));
    assert_int_equal(place, 99);
    assert_spans("full", &map, (const struct span[]){{0x1000, 0x5000}}, 1);
    quire_regions_add(&map, 0x8000, 0x1000, QUIRE_USABLE); /* counted, not kept */
    assert_false(quire_regions_place(&map, 0x1000, 0x1000, &everywhere, &place));
    assert_int_equal(map.n, 2);
}

/* ---- random maps against a model ------------------------------------------------------------------------- */

/* The model has a byte for each byte of a window of memory. Memory outside the window is reserved by every map. */
enum { N_FRAMES = 16, N_BYTES = N_FRAMES * 0x1000, N_RUNS = 50000 };
enum { UNSAID, SAID_USABLE, SAID_RESERVED };

static const quire_pa windows[] = {0, 4ull * G - N_BYTES / 2, 0 - (quire_pa)N_BYTES};

static void model_add(uint8_t *model, quire_pa window, const struct entry *e) {
    uint64_t first = e->base - window, room = N_BYTES - first;
    uint64_t n = e->n_bytes < room ? e->n_bytes : room;
    if (e->type != QUIRE_USABLE)
        memset(model + first, SAID_RESERVED, n);
    else
        for (uint64_t i = first; i < first + n; i++)
            model[i] = model[i] == SAID_RESERVED ? SAID_RESERVED : SAID_USABLE;
}

static bool model_frame_usable(const uint8_t *model, quire_pa window, unsigned frame) {
    for (unsigned i = 0; i < 0x1000; i++)
        if (model[frame * 0x1000 + i] != SAID_USABLE)
            return false;
    return window + frame * 0x1000ull != LAST;
}

static size_t model_spans(const uint8_t *model, quire_pa window, struct span *out) {
    size_t n = 0;
    bool before = false;
    for (unsigned f = 0; f < N_FRAMES; f++) {
        quire_pa base = window + f * 0x1000ull;
        bool usable = model_frame_usable(model, window, f);
        if (usable && !before)
            out[n++].base = base;
        if (usable)
            out[n - 1].end = base + 0x1000;
        before = usable;
    }
    return n;
}

/* A bound near those of frames more often than not: that is where mistakes are made. */
static uint64_t random_byte(uint64_t *rng) {
    uint64_t at = random_below(rng, N_BYTES);
    switch (random_below(rng, 4)) {
    case 0:
        return at;
    case 1:
        return (at | 0xFFF) - random_below(rng, 2);
    default:
        return at & ~0xFFFull;
    }
}

static struct entry random_entry(uint64_t *rng, quire_pa window) {
    static const unsigned types[] = {QUIRE_USABLE, QUIRE_USABLE, QUIRE_USABLE, QUIRE_RESERVED, QUIRE_RESERVED, 2, 99};
    uint64_t from = random_byte(rng), to = random_byte(rng);
    struct entry e = {.base = window + from, .type = types[random_below(rng, 7)]};
    switch (random_below(rng, 16)) {
    case 0:
        e.n_bytes = MAX - random_below(rng, 3);
        break;
    case 1:
        e.n_bytes = 0;
        break;
    default:
        e.n_bytes = to > from ? to - from : 0x1000;
    }
    return e;
}

static void check_random_map(uint64_t *rng) {
    static uint8_t model[N_BYTES];
    struct quire_region space[MAX_ENTRIES];
    struct quire_regions map = {.at = space, .capacity = MAX_ENTRIES};
    quire_pa window = windows[random_below(rng, 3)];
    memset(model, UNSAID, sizeof model);

    size_t n = random_below(rng, MAX_ENTRIES - 1);
    for (size_t i = 0; i < n; i++) {
        struct entry e = random_entry(rng, window);
        model_add(model, window, &e);
        add_all(&map, &e, 1);
    }
    quire_pa behind = window + N_BYTES; /* 0: the window is the last one */
    if (behind != 0)
        quire_regions_add(&map, behind, MAX, QUIRE_RESERVED);

    struct span expected[N_FRAMES];
    size_t n_expected = model_spans(model, window, expected);
    assert_true(quire_regions_normalise(&map));
    assert_spans("random", &map, expected, n_expected);
    assert_true(quire_regions_normalise(&map));
    assert_spans("random, normalised twice", &map, expected, n_expected);
}

static void random_maps_equal_the_model(void **state) {
    (void)state;
    uint64_t rng = random_seed();
    for (int i = 0; i < N_RUNS; i++)
        check_random_map(&rng);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_maps_in_every_order),
        cmocka_unit_test(too_small_an_array_is_said_and_left_alone),
        cmocka_unit_test(no_array_counts_what_is_needed),
        cmocka_unit_test(nothing_fits_into_no_array),
        cmocka_unit_test(a_normalised_list_can_be_added_to),
        cmocka_unit_test(a_long_list_needs_no_fixed_number),
        cmocka_unit_test(regions_are_cut_where_the_node_changes),
        cmocka_unit_test(no_room_for_the_parts),
        cmocka_unit_test(placed_as_low_as_can_be),
        cmocka_unit_test(nothing_is_placed_in_a_full_list),
        cmocka_unit_test(random_maps_equal_the_model),
    };
    return cmocka_run_group_tests_name("memory maps", tests, NULL, NULL);
}
