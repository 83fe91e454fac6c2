/* init.c: quire_init over memory maps of every shape, and how little of memory it touches. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* mincore, MAP_ANONYMOUS */
#endif
#include "unit.h"

#include <quire/port.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const struct quire_config one_cpu = {.n_cpus = 1};

/* An allocator over the regions hands out each of their whole frames but its own, takes all back, and adds up. */
static void expect_all_usable(const struct quire_config *config, const struct quire_region *regions, size_t n_regions) {
    struct quire *q = unit_make(config, regions, n_regions);
    uint64_t n_whole = 0;
    for (size_t i = 0; i < n_regions; i++) {
        quire_pa base = (regions[i].base + PAGE - 1) / PAGE, end = regions[i].end / PAGE;
        n_whole += regions[i].type == QUIRE_USABLE && base < end ? end - base : 0;
    }
    struct quire_stats stats = stats_of(q);
    assert_int_equal(stats.n_frames + stats.n_metadata, n_whole);
    assert_int_equal(stats.n_free, stats.n_frames);
    assert_int_equal(stats.n_cpus, config->n_cpus);
    expect_consistent(q);

    struct frames all = {0};
    take_all(q, &all);
    assert_int_equal(all.n, stats.n_frames);
    expect_good_frames(&all, regions, n_regions);
    assert_int_equal(n_free(q), 0);
    expect_consistent(q);
    free_all(q, &all);
    assert_int_equal(n_free(q), stats.n_frames);
    expect_consistent(q);
}

/* ---- maps that work ----------------------------------------------------------------------------------- */

static void one_region(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(64 * MIB, 80 * MIB)};
    expect_all_usable(&one_cpu, map, COUNT_OF(map));
}

static void unaligned_bounds_are_rounded_inwards(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(64 * MIB + 1, 80 * MIB - 1), USABLE(90 * MIB + PAGE - 1, 91 * MIB + 1)};
    expect_all_usable(&one_cpu, map, COUNT_OF(map));
}

static void zones_begin_and_end_inside_blocks(void **state) {
    (void)state;
    const struct quire_region map[] = {
        USABLE(4 * MIB + 3 * PAGE, 5 * MIB + 7 * PAGE), /* inside one block */
        USABLE(5 * MIB + 8 * PAGE, 9 * MIB - PAGE),     /* the same block, beyond a hole of one frame */
        USABLE(11 * MIB, 32 * MIB + PAGE),              /* one frame of the last block */
    };
    expect_all_usable(&one_cpu, map, COUNT_OF(map));
}

static void neighbouring_regions_share_a_bound(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(8 * MIB, 12 * MIB), USABLE(12 * MIB, 13 * MIB + 5 * PAGE),
                                       USABLE(13 * MIB + 5 * PAGE, 20 * MIB)};
    expect_all_usable(&one_cpu, map, COUNT_OF(map));
}

/* A block that several regions fill up together is as good as any other: whole, and never used. */
static void regions_that_share_a_block_fill_it(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(64 * MIB, 70 * MIB + 5 * PAGE), USABLE(70 * MIB + 5 * PAGE, 71 * MIB),
                                       USABLE(71 * MIB, 71 * MIB + 9 * PAGE), USABLE(71 * MIB + 9 * PAGE, 74 * MIB)};
    struct quire_zone_stats zone;
    struct quire *q = unit_make(&one_cpu, map, COUNT_OF(map));
    assert_true(quire_zone_stats(q, 0, &zone));
    assert_int_equal(zone.n_fresh_blocks, 4); /* of five; the metadata lie in the first */
    expect_consistent(q);
}

static void single_frames_between_holes(void **state) {
    (void)state;
    struct quire_region map[40] = {USABLE(0x100000, 0x100000 + 64 * PAGE)};
    for (size_t i = 1; i < COUNT_OF(map); i++) {
        quire_pa base = MIB * (1 + i) + i * PAGE;
        map[i] = (struct quire_region)USABLE(base, base + PAGE);
    }
    expect_all_usable(&one_cpu, map, COUNT_OF(map));
}

static void a_thousand_regions(void **state) {
    (void)state;
    static struct quire_region map[1001];
    const quire_pa base = 128 * MIB;
    for (size_t i = 0; i < 1000; i++) {
        map[i] = (struct quire_region)USABLE(base + i * 4 * PAGE, base + i * 4 * PAGE + 3 * PAGE);
    }
    map[1000] = (struct quire_region)USABLE(base + 8 * MIB * 2, base + 8 * MIB * 4);
    host_ram_add(base, map[1000].end - base); /* all at once: more regions than the port has ranges */
    struct quire *q = NULL;
    assert_int_equal(quire_init(&q, &one_cpu, map, COUNT_OF(map)), QUIRE_OK);
    expect_consistent(q);
    struct frames all = {0};
    take_all(q, &all);
    assert_int_equal(all.n + stats_of(q).n_metadata, 3000 + 16 * MIB / PAGE);
    expect_good_frames(&all, map, COUNT_OF(map));
    free_all(q, &all);
    expect_consistent(q);
}

static void frame_zero_is_a_frame(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(0, 0x9F000), USABLE(0x100000, 8 * MIB)};
    expect_all_usable(&one_cpu, map, COUNT_OF(map));
    struct quire *q = NULL;
    assert_int_equal(quire_init(&q, &one_cpu, map, COUNT_OF(map)), QUIRE_OK);
    struct frames all = {0};
    take_all(q, &all);
    assert_true(frames_has(&all, 0));
    assert_int_equal(quire_refs(q, 0), 1);
    assert_int_equal(quire_free(q, 0), QUIRE_OK);
    assert_true(quire_alloc(q, 3) == 0);
    frames_clear(&all);
}

static void ram_that_begins_at_zero_with_metadata_in_it(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(0, 4 * MIB)};
    expect_all_usable(&one_cpu, map, COUNT_OF(map));
}

static void the_top_of_the_address_space(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(16 * MIB, 20 * MIB), USABLE(QUIRE_NONE - 4 * MIB + 1, QUIRE_NONE)};
    const struct quire_config config = {.n_cpus = 1, .mapped_end = GIB};
    expect_all_usable(&config, map, COUNT_OF(map));
}

static void reserved_entries_are_skipped(void **state) {
    (void)state;
    const struct quire_region map[] = {
        RESERVED(0, 0x1000),          USABLE(0x1000, 0x9F000),          RESERVED(0x9F000, 0x100000),
        USABLE(0x100000, 6 * MIB),    RESERVED(6 * MIB, 7 * MIB + 123), USABLE(7 * MIB + 123, 16 * MIB),
        RESERVED(64 * MIB, 65 * MIB),
    };
    expect_all_usable(&one_cpu, map, COUNT_OF(map));
}

static void a_region_without_a_whole_frame_is_nothing(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(8 * MIB, 12 * MIB), USABLE(13 * MIB + 1, 13 * MIB + PAGE),
                                       USABLE(14 * MIB + 100, 14 * MIB + PAGE + 100)};
    expect_all_usable(&one_cpu, map, COUNT_OF(map));
}

static void the_smallest_memory(void **state) {
    (void)state;
    for (uint64_t n = 1; n < 64; n++) {
        const struct quire_region map[] = {USABLE(5 * MIB + PAGE, 5 * MIB + PAGE + n * PAGE)};
        unit_ram(map, 1, QUIRE_NONE);
        struct quire *q = NULL;
        enum quire_status status = quire_init(&q, &one_cpu, map, 1);
        host_ram_clear();
        if (status == QUIRE_OK) {
            assert_in_range(n, 2, 8); /* one CPU and one block need a few KiB and a frame to hand out */
            expect_all_usable(&one_cpu, map, 1);
            return;
        }
        assert_int_equal(status, QUIRE_NO_MEMORY);
        assert_null(q);
    }
    fail_msg("63 frames are not enough");
}

/* ---- mapped_end --------------------------------------------------------------------------------------- */

/* The simulated memory ends at mapped_end, so that metadata beyond it would be a crash. */
static void metadata_stay_below_mapped_end(void **state) {
    (void)state;
    static const struct quire_region maps[][2] = {
        {USABLE(MIB, 3 * MIB), USABLE(64 * MIB, 128 * MIB)}, /* the larger region lies beyond */
        {USABLE(MIB, 2 * MIB), USABLE(5 * MIB, 256 * MIB)},  /* the larger region straddles it */
        {RESERVED(0, MIB), USABLE(7 * MIB + 1, 9 * MIB)},    /* so does the only one */
    };
    const struct quire_config config = {.n_cpus = 2, .mapped_end = 8 * MIB};
    for (size_t i = 0; i < COUNT_OF(maps); i++) {
        expect_all_usable(&config, maps[i], COUNT_OF(maps[i]));
        host_ram_clear();
    }
}

static void zero_and_none_mean_that_all_is_mapped(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(MIB, 2 * MIB), USABLE(16 * MIB, 32 * MIB)};
    const quire_pa everywhere[] = {0, QUIRE_NONE};
    for (size_t i = 0; i < COUNT_OF(everywhere); i++) {
        const struct quire_config config = {.n_cpus = 1, .mapped_end = everywhere[i]};
        expect_all_usable(&config, map, COUNT_OF(map));
        struct quire *q = NULL;
        assert_int_equal(quire_init(&q, &config, map, COUNT_OF(map)), QUIRE_OK);
        assert_int_equal(state_of(q, 16 * MIB), QUIRE_STATE_METADATA); /* the front of the largest piece */
        host_ram_clear();
    }
}

static void nothing_mapped_is_no_memory(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(16 * MIB, 32 * MIB)};
    const quire_pa too_low[] = {1, PAGE, 16 * MIB, 16 * MIB + PAGE};
    for (size_t i = 0; i < COUNT_OF(too_low); i++) {
        const struct quire_config config = {.n_cpus = 1, .mapped_end = too_low[i]};
        struct quire *q = (struct quire *)&q;
        unit_ram(map, COUNT_OF(map), too_low[i]);
        assert_int_equal(quire_init(&q, &config, map, COUNT_OF(map)), QUIRE_NO_MEMORY);
        assert_null(q);
        host_ram_clear();
    }
}

/* ---- arguments that mean nothing ---------------------------------------------------------------------- */

static void expect_refused(const struct quire_config *config, const struct quire_region *map, size_t n_regions,
                           enum quire_status why) {
    const quire_pa base = MIB, n_bytes = 8 * MIB;
    host_ram_add(base, n_bytes);
    memset(quire_port_map(base), 0x5A, (size_t)n_bytes);
    struct quire *q = (struct quire *)&q;
    assert_int_equal(quire_init(&q, config, map, n_regions), why);
    assert_null(q);
    for (quire_pa pa = base; pa < base + n_bytes; pa += PAGE) {
        const unsigned char *bytes = quire_port_map(pa);
        assert_true(bytes[0] == 0x5A && memcmp(bytes, bytes + 1, PAGE - 1) == 0);
    }
    host_ram_clear();
}

static void bad_maps_are_refused_and_nothing_is_written(void **state) {
    (void)state;
    static const struct quire_region maps[][2] = {
        {USABLE(4 * MIB, 6 * MIB), USABLE(1 * MIB, 3 * MIB)},                  /* unsorted */
        {USABLE(4 * MIB, 6 * MIB), USABLE(4 * MIB, 6 * MIB)},                  /* twice the same */
        {USABLE(2 * MIB, 6 * MIB), USABLE(6 * MIB - 1, 8 * MIB)},              /* overlap of one byte */
        {USABLE(2 * MIB, 8 * MIB), USABLE(4 * MIB, 5 * MIB)},                  /* one inside the other */
        {USABLE(2 * MIB, 8 * MIB), RESERVED(4 * MIB, 5 * MIB)},                /* reserved inside usable */
        {RESERVED(2 * MIB, 8 * MIB), USABLE(4 * MIB, 5 * MIB)},                /* usable inside reserved */
        {USABLE(2 * MIB, 4 * MIB), USABLE(8 * MIB, 6 * MIB)},                  /* ends before it begins */
        {USABLE(QUIRE_NONE - MIB, 2 * MIB), USABLE(4 * MIB, 6 * MIB)},         /* wraps around */
        {USABLE(2 * MIB, QUIRE_NONE), USABLE(4 * MIB, 6 * MIB)},               /* all the rest, and then more */
        {RESERVED(4 * MIB, 6 * MIB), USABLE(2 * MIB, 3 * MIB)},                /* unsorted with a reserved one */
        {USABLE(2 * MIB, 4 * MIB + 100), USABLE(4 * MIB + 99, 4 * MIB + 500)}, /* overlap inside one frame */
    };
    for (size_t i = 0; i < COUNT_OF(maps); i++) {
        expect_refused(&one_cpu, maps[i], 2, QUIRE_INVALID);
    }
}

static void bad_configurations_are_refused(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(MIB, 9 * MIB)};
    const struct quire_config no_cpu = {.n_cpus = 0};
    const struct quire_config odd_content = {.n_cpus = 1, .content = (enum quire_content)(QUIRE_CONTENT_POISON + 1)};
    expect_refused(&no_cpu, map, 1, QUIRE_INVALID);
    expect_refused(&odd_content, map, 1, QUIRE_INVALID);
}

static void more_cpus_than_fit(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(MIB, 9 * MIB)};
    const struct quire_config many = {.n_cpus = 60000};
    const unsigned absurd[] = {65537, 1000000, 0x01000000, 0x10000000, 0x80000000, 0xFFFFFFFF};
    expect_refused(&many, map, 1, QUIRE_NO_MEMORY);
    for (size_t i = 0; i < COUNT_OF(absurd); i++) {
        const struct quire_config config = {.n_cpus = absurd[i]};
        expect_refused(&config, map, 1, QUIRE_INVALID);
    }
}

/* More than any tree of hints covers, 64^6 blocks: at its base there would be memory to write to. */
static void a_region_too_large_for_one_zone_is_no_memory(void **state) {
    (void)state;
    const quire_pa end = MIB + ((quire_pa)1 << 36) * BLOCK;
    const struct quire_region map[] = {USABLE(MIB, end), USABLE(end + GIB, end + 2 * GIB)};
    expect_refused(&one_cpu, map, 1, QUIRE_NO_MEMORY);
    expect_refused(&one_cpu, map, 2, QUIRE_NO_MEMORY); /* also beside one that is not */
}

static void memory_that_is_not_mapped_is_no_memory(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(64 * MIB, 68 * MIB)};
    struct quire *q = (struct quire *)&q;
    assert_int_equal(quire_init(&q, &one_cpu, map, 1), QUIRE_NO_MEMORY); /* nothing is simulated */
    assert_null(q);
}

static void no_usable_memory_is_no_memory(void **state) {
    (void)state;
    const struct quire_region one_frame[] = {USABLE(MIB, MIB + PAGE)};
    const struct quire_region reserved[] = {RESERVED(MIB, 8 * MIB)};
    const struct quire_region slivers[] = {USABLE(MIB + 1, MIB + PAGE), USABLE(2 * MIB + 5, 2 * MIB + PAGE + 4)};
    expect_refused(&one_cpu, NULL, 0, QUIRE_NO_MEMORY);
    expect_refused(&one_cpu, one_frame, 1, QUIRE_NO_MEMORY);
    expect_refused(&one_cpu, reserved, 1, QUIRE_NO_MEMORY);
    expect_refused(&one_cpu, slivers, 2, QUIRE_NO_MEMORY);
}

/* The regions end with mapped memory. */
static void a_map_is_read_up_to_its_end(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(16 * MIB, 32 * MIB), RESERVED(32 * MIB, 33 * MIB),
                                       USABLE(40 * MIB, 44 * MIB)};
    const struct quire_region more = USABLE(48 * MIB, 52 * MIB);
    const size_t n_bytes = 1 << 16; /* some pages of the host */
    unsigned char *at = mmap(NULL, 2 * n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(at != MAP_FAILED);
    assert_int_equal(mprotect(at + n_bytes, n_bytes, PROT_NONE), 0);
    struct quire_region *regions = memcpy(at + n_bytes - sizeof map, map, sizeof map);
    struct quire *q = unit_make(&one_cpu, regions, COUNT_OF(map)), *again;
    struct quire_recovery found;
    assert_int_equal(quire_recover(&again, &one_cpu, regions, COUNT_OF(map), &found), QUIRE_OK);
    unit_ram(&more, 1, QUIRE_NONE);
    regions = memcpy(at + n_bytes - sizeof more, &more, sizeof more);
    assert_int_equal(quire_add(q, regions), QUIRE_OK);
    expect_consistent(q);
    munmap(at, 2 * n_bytes);
}

/* ---- size --------------------------------------------------------------------------------------------- */

/* Pages of the simulated memory [base, base + n_bytes) that were touched, the allocator's or not. */
static uint64_t n_touched(quire_pa base, uint64_t n_bytes) {
    const uint64_t step = 256 * MIB, host_page = 4096;
    unsigned char *present = malloc(step / host_page);
    assert_non_null(present);
    uint64_t n = 0;
    for (uint64_t at = 0; at < n_bytes; at += step) {
        uint64_t length = n_bytes - at < step ? n_bytes - at : step;
        assert_int_equal(mincore(quire_port_map(base + at), length, present), 0);
        for (uint64_t i = 0; i < length / host_page; i++) {
            n += present[i] & 1u;
        }
    }
    free(present);
    return n;
}

struct size_case {
    quire_pa end;       /* of memory */
    quire_pa simulated; /* how much of it exists; room enough for the metadata */
};

static const struct size_case sizes[] = {
    {2 * GIB, GIB},
    {64 * GIB, GIB},
    {TIB, 4 * GIB},
    {64 * TIB, 128 * GIB},
};

static void start_up_touches_little_whatever_the_size(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        const struct quire_region map[] = {USABLE(256 * MIB, sizes[i].end)};
        const struct quire_config config = {.n_cpus = 8, .mapped_end = 256 * MIB + sizes[i].simulated};
        host_ram_add(256 * MIB, sizes[i].simulated);
        struct quire *q = NULL;
        assert_int_equal(quire_init(&q, &config, map, 1), QUIRE_OK);
        assert_in_range(n_touched(256 * MIB, sizes[i].simulated), 1, 64);

        struct quire_stats stats = stats_of(q);
        uint64_t n_bytes = sizes[i].end - 256 * MIB;
        assert_int_equal(stats.n_frames + stats.n_metadata, n_bytes / PAGE);
        assert_true(stats.n_metadata * PAGE <= n_bytes / 10000 * 11 + 64 * 1024); /* 0.11 % and a few KiB */
        host_ram_clear();
    }
}

/* Of two zones, the last of whose metadata are written since they end inside a block. However little room is left behind
 * them, the next frame is not touched. */
static void metadata_of_any_size_stay_where_they_belong(void **state) {
    (void)state;
    const size_t n_mapped = 1024; /* frames */
    const struct quire_config config = {.n_cpus = 1, .mapped_end = BLOCK + n_mapped * PAGE};
    host_ram_add(BLOCK, n_mapped * PAGE);
    unsigned char *ram = quire_port_map(BLOCK), *rubbish = malloc((size_t)PAGE);
    assert_non_null(rubbish);
    memset(rubbish, 0xA5, (size_t)PAGE);
    for (quire_pa n_blocks = 1; n_blocks < 1000; n_blocks++) {
        const struct quire_region map[] = {USABLE(BLOCK, 8 * BLOCK + PAGE),
                                           USABLE(10 * BLOCK, (10 + n_blocks) * BLOCK - PAGE)};
        struct quire *q = NULL;
        memset(ram, 0xA5, n_mapped * (size_t)PAGE);
        assert_int_equal(quire_init(&q, &config, map, COUNT_OF(map)), QUIRE_OK);
        size_t n_metadata = (size_t)stats_of(q).n_metadata;
        assert_in_range(n_metadata, 1, n_mapped - 1);
        assert_memory_equal(ram + n_metadata * PAGE, rubbish, (size_t)PAGE);
    }
    free(rubbish);
}

static void sixty_four_tebibytes_work(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(256 * MIB, 64 * TIB)};
    const struct quire_config config = {.n_cpus = 8, .mapped_end = 129 * GIB};
    host_ram_add(256 * MIB, 129 * GIB - 256 * MIB);
    struct quire *q = NULL;
    assert_int_equal(quire_init(&q, &config, map, 1), QUIRE_OK);
    const uint64_t n_before = n_free(q);
    struct frames list = {0};
    for (unsigned i = 0; i < 5000; i++) {
        frames_push(&list, must_alloc(q, 7));
    }
    quire_pa large = must_alloc_order(q, PAIR_ORDER, 7);
    expect_good_frames(&list, map, 1);
    assert_int_equal(n_free(q), n_before - 5000 - (1u << PAIR_ORDER));
    expect_consistent(q);
    free_all(q, &list);
    assert_int_equal(quire_free_order(q, large, PAIR_ORDER), QUIRE_OK);
    assert_int_equal(n_free(q), n_before);
    expect_consistent(q);
}

static void allocators_are_independent(void **state) {
    (void)state;
    struct quire *a = unit_simple(16 * MIB, 4 * MIB), *b = unit_simple(32 * MIB, 8 * MIB);
    const uint64_t n_a = n_free(a), n_b = n_free(b);
    quire_pa from_a = must_alloc(a, 1), from_b = must_alloc(b, 2);
    assert_in_range(from_a, 16 * MIB, 20 * MIB - 1);
    assert_in_range(from_b, 32 * MIB, 40 * MIB - 1);
    assert_int_equal(n_free(a), n_a - 1);
    assert_int_equal(n_free(b), n_b - 1);
    assert_int_equal(quire_refs(a, from_b), 0);

    assert_int_equal(quire_free(a, from_b), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_UNMANAGED, "quire_free", from_b, 0, 0, 0);
    assert_int_equal(stats_of(a).n_faults, 1);
    assert_int_equal(stats_of(b).n_faults, 0);

    struct frames all = {0};
    take_all(a, &all);
    assert_int_equal(n_free(b), n_b - 1);
    free_all(a, &all);
    assert_int_equal(quire_free(a, from_a), QUIRE_OK);
    assert_int_equal(quire_free(b, from_b), QUIRE_OK);
    expect_consistent(a);
    expect_consistent(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(one_region),
        unit_case(unaligned_bounds_are_rounded_inwards),
        unit_case(zones_begin_and_end_inside_blocks),
        unit_case(neighbouring_regions_share_a_bound),
        unit_case(regions_that_share_a_block_fill_it),
        unit_case(single_frames_between_holes),
        unit_case(a_thousand_regions),
        unit_case(frame_zero_is_a_frame),
        unit_case(ram_that_begins_at_zero_with_metadata_in_it),
        unit_case(the_top_of_the_address_space),
        unit_case(reserved_entries_are_skipped),
        unit_case(a_region_without_a_whole_frame_is_nothing),
        unit_case(the_smallest_memory),
        unit_case(metadata_stay_below_mapped_end),
        unit_case(zero_and_none_mean_that_all_is_mapped),
        unit_case(nothing_mapped_is_no_memory),
        unit_case(bad_maps_are_refused_and_nothing_is_written),
        unit_case(bad_configurations_are_refused),
        unit_case(more_cpus_than_fit),
        unit_case(a_region_too_large_for_one_zone_is_no_memory),
        unit_case(memory_that_is_not_mapped_is_no_memory),
        unit_case(no_usable_memory_is_no_memory),
        unit_case(a_map_is_read_up_to_its_end),
        unit_case(start_up_touches_little_whatever_the_size),
        unit_case(metadata_of_any_size_stay_where_they_belong),
        unit_case(sixty_four_tebibytes_work),
        unit_case(allocators_are_independent),
    };
    return cmocka_run_group_tests_name("init", tests, NULL, NULL);
}
