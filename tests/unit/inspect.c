/* inspect.c: what the allocator says about itself, and that all of it says the same at every step. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define BASE (64 * MIB + 7 * PAGE)
#define END  (80 * MIB + 11 * PAGE)

static struct quire *memory(void) {
    return unit_simple(BASE, END - BASE);
}

/* ---- statistics --------------------------------------------------------------------------------------- */

static void at_the_beginning(void **state) {
    (void)state;
    struct quire *q = memory();
    struct quire_stats stats = stats_of(q);
    assert_int_equal(stats.n_frames + stats.n_metadata, (END - BASE) / PAGE);
    assert_int_equal(stats.n_free, stats.n_frames);
    assert_int_equal(stats.n_cached, 0);
    assert_int_equal(stats.n_free_blocks, 7); /* the first of eight holds the metadata */
    assert_int_equal(stats.n_faults, 0);
    assert_int_equal(stats.n_unproved, 0);
    assert_int_equal(stats.n_zones, 1);
    assert_int_equal(stats.n_cpus, 4);
    for (unsigned i = 0; i < 4; i++) {
        struct quire_cpu_stats cpu;
        assert_true(quire_cpu_stats(q, i, &cpu));
        assert_int_equal(cpu.n_warm + cpu.n_in + cpu.n_out, 0);
        assert_true(cpu.in_block == QUIRE_NONE && cpu.out_block == QUIRE_NONE);
        assert_int_equal(cpu.n_refills + cpu.n_steals, 0);
    }
    expect_consistent(q);
}

static void no_such_zone_or_cpu(void **state) {
    (void)state;
    struct quire *q = memory();
    struct quire_zone_stats zone;
    struct quire_cpu_stats cpu;
    const unsigned beyond[] = {4, 5, 64, 0x7FFFFFFF, 0xFFFFFFFF};
    for (size_t i = 0; i < COUNT_OF(beyond); i++) {
        assert_false(quire_zone_stats(q, beyond[i], &zone));
        assert_false(quire_cpu_stats(q, beyond[i], &cpu));
    }
    assert_true(quire_zone_stats(q, 0, &zone));
    assert_int_equal(zone.base, BASE + stats_of(q).n_metadata * PAGE);
    assert_int_equal(zone.end, END);
}

static void a_step_at_a_time(void **state) {
    (void)state;
    struct quire *q = memory();
    const uint64_t n_all = n_free(q);
    struct frames singles = {0};
    for (unsigned i = 0; i < 1200; i++) {
        host_set_cpu(i / 100 % 4);
        frames_push(&singles, must_alloc(q, (uint8_t)(i % 5)));
        if (i % 10 == 0) {
            expect_consistent(q);
        }
    }
    assert_int_equal(n_free(q), n_all - 1200);
    quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 200);
    expect_consistent(q);
    assert_int_equal(quire_get(q, block + 5 * PAGE), QUIRE_OK);
    expect_consistent(q);
    assert_int_equal(quire_free(q, block + 6 * PAGE), QUIRE_OK);
    expect_consistent(q);

    uint64_t held_by[QUIRE_TAGS];
    quire_tag_stats(q, held_by);
    assert_int_equal(held_by[200], 511);
    for (unsigned tag = 0; tag < 5; tag++) {
        assert_int_equal(held_by[tag], 240);
    }
    for (size_t i = 0; i < singles.n; i++) {
        host_set_cpu((unsigned)i % 3);
        assert_int_equal(quire_free(q, singles.at[i]), QUIRE_OK);
        if (i % 10 == 0) {
            expect_consistent(q);
        }
    }
    assert_int_equal(n_free(q), n_all - 511);
    frames_clear(&singles);
}

static void what_a_cpu_cache_holds(void **state) {
    (void)state;
    struct quire *q = memory();
    struct quire_cpu_stats cpu;
    host_set_cpu(2);
    quire_pa pa = must_alloc(q, 1);
    assert_true(quire_cpu_stats(q, 2, &cpu));
    assert_true(cpu.n_in > 0);
    assert_int_equal(cpu.in_block, pa / BLOCK * BLOCK);
    assert_int_equal(cpu.n_refills, 1);
    assert_int_equal(stats_of(q).n_cached, cpu.n_in + cpu.n_warm);

    struct frames all = {0};
    take_all(q, &all);
    assert_true(quire_cpu_stats(q, 2, &cpu));
    assert_true(cpu.n_refills >= 8);
    assert_int_equal(stats_of(q).n_cached, 0);
    assert_true(quire_cpu_stats(q, 0, &cpu));
    assert_int_equal(cpu.n_refills, 0);

    host_set_cpu(3);
    assert_int_equal(quire_free(q, all.at[0]), QUIRE_OK);
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    assert_true(quire_cpu_stats(q, 3, &cpu));
    assert_int_equal(cpu.n_warm + cpu.n_in + cpu.n_out, 2);
    host_set_cpu(0); /* which takes one of them, and sends the other home */
    assert_true(quire_alloc(q, 1) == pa);
    assert_true(quire_cpu_stats(q, 3, &cpu));
    assert_int_equal(cpu.n_steals, 1);
    assert_int_equal(cpu.n_warm + cpu.n_in + cpu.n_out, 0);
    frames_clear(&all);
}

static void fresh_blocks_are_counted_until_they_are_used(void **state) {
    (void)state;
    struct quire *q = memory();
    struct quire_zone_stats before, after;
    assert_true(quire_zone_stats(q, 0, &before));
    assert_in_range(before.n_fresh_blocks, 6, 7); /* the middle of nine, less what the metadata touch */
    must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
    must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
    assert_true(quire_zone_stats(q, 0, &after));
    assert_int_equal(after.n_fresh_blocks, before.n_fresh_blocks - 2);
    struct frames all = {0};
    take_all(q, &all);
    assert_true(quire_zone_stats(q, 0, &after));
    assert_int_equal(after.n_fresh_blocks, 0);
    free_all(q, &all);
    assert_true(quire_zone_stats(q, 0, &after));
    assert_int_equal(after.n_fresh_blocks, 0); /* used once, never fresh again */
    expect_consistent(q);
}

static void whole_blocks_are_those_free_in_memory(void **state) {
    (void)state;
    struct quire *q = memory();
    const uint64_t n_whole = stats_of(q).n_free_blocks;
    quire_pa pa[3];
    for (unsigned i = 0; i < 3; i++) {
        pa[i] = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
        assert_int_equal(stats_of(q).n_free_blocks, n_whole - i - 1);
    }
    assert_int_equal(quire_free_order(q, pa[0], QUIRE_BLOCK_ORDER), QUIRE_OK);
    assert_int_equal(stats_of(q).n_free_blocks, n_whole - 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(quire_free_order(q, pa[1] + i * 256 * PAGE, 8), QUIRE_OK);
    }
    assert_int_equal(stats_of(q).n_free_blocks, n_whole - 1);
}

/* ---- the walk ----------------------------------------------------------------------------------------- */

struct expected_runs {
    const struct quire_run *runs;
    size_t n, seen;
};

static bool expect_run(void *ctx, const struct quire_run *run) {
    struct expected_runs *e = ctx;
    assert_true(e->seen < e->n);
    const struct quire_run *want = &e->runs[e->seen++];
    assert_int_equal(run->base, want->base);
    assert_int_equal(run->n_frames, want->n_frames);
    assert_int_equal(run->state, want->state);
    assert_int_equal(run->tag, want->tag);
    return true;
}

/* Frames of one state and owner are one run, however they came to be so: across blocks, whole or in parts. */
static void runs_are_maximal(void **state) {
    (void)state;
    const quire_pa base = 64 * MIB, end = 76 * MIB, hole = 72 * MIB, hole_end = 72 * MIB + 16 * PAGE;
    const struct quire_config config = {.n_cpus = 1};
    const struct quire_region map[] = {USABLE(base, hole), USABLE(hole_end, end)};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    const uint64_t n_meta = stats_of(q).n_metadata;
    struct frames blocks = {0};
    take_all_order(q, QUIRE_BLOCK_ORDER, &blocks);
    assert_true(frames_has(&blocks, 66 * MIB) && frames_has(&blocks, 68 * MIB) && frames_has(&blocks, 70 * MIB));
    assert_int_equal(quire_get(q, 68 * MIB - PAGE), QUIRE_OK);
    assert_int_equal(quire_get(q, 68 * MIB), QUIRE_OK);
    assert_int_equal(quire_free_order(q, 70 * MIB, 3), QUIRE_OK);

    const struct quire_run with_zone_hole[] = {
        {base, n_meta, QUIRE_STATE_METADATA, 0},
        {base + n_meta * PAGE, 512 - n_meta, QUIRE_STATE_FREE, 0},
        {66 * MIB, 511, QUIRE_STATE_HELD, 1},
        {68 * MIB - PAGE, 2, QUIRE_STATE_SHARED, 1},
        {68 * MIB + PAGE, 511, QUIRE_STATE_HELD, 1},
        {70 * MIB, 8, QUIRE_STATE_FREE, 0},
        {70 * MIB + 8 * PAGE, 504, QUIRE_STATE_HELD, 1},
        {hole, 16, QUIRE_STATE_RESERVED, 0},
        {hole_end, 496, QUIRE_STATE_FREE, 0},
        {74 * MIB, 512, QUIRE_STATE_HELD, 1},
    };
    struct quire_run runs[COUNT_OF(with_zone_hole)];
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(with_zone_hole); i++) { /* two zones instead of one with a hole say nothing of it */
        if (with_zone_hole[i].state != QUIRE_STATE_RESERVED || stats_of(q).n_zones == 1) {
            runs[n++] = with_zone_hole[i];
        }
    }
    struct expected_runs expected = {.runs = runs, .n = n};
    quire_walk(q, expect_run, &expected);
    assert_int_equal(expected.seen, n);
    frames_clear(&blocks);
}

struct stop {
    unsigned after, n_calls;
};

static bool stop_after(void *ctx, const struct quire_run *run) {
    struct stop *stop = ctx;
    assert_true(run->n_frames > 0);
    return ++stop->n_calls < stop->after;
}

static void a_walk_ends_when_the_visitor_says_so(void **state) {
    (void)state;
    struct quire *q = memory();
    struct frames all = {0};
    take_all(q, &all);
    for (size_t i = 0; i < all.n; i++) {
        if (all.at[i] / PAGE % 2 == 0) {
            assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
        }
    }
    for (unsigned after = 1; after < 2000; after += 37) {
        struct stop stop = {.after = after};
        quire_walk(q, stop_after, &stop);
        assert_int_equal(stop.n_calls, after);
    }
    frames_clear(&all);
}

static void owners_split_runs(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = must_alloc_order(q, 4, 1);
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(quire_free(q, pa + i * PAGE), QUIRE_OK);
    }
    struct frames rest = {0};
    quire_pa again;
    for (uint8_t tag = 10; (again = quire_alloc(q, tag)) != QUIRE_NONE; tag = tag == 10 ? 11 : 10) {
        frames_push(&rest, again);
        assert_int_equal(run_at(q, again).tag, tag);
        if (rest.n == 64) {
            break;
        }
    }
    uint64_t held_by[QUIRE_TAGS];
    quire_tag_stats(q, held_by);
    assert_int_equal(held_by[1], 0);
    assert_int_equal(held_by[10], 32);
    assert_int_equal(held_by[11], 32);
    expect_consistent(q);
    frames_clear(&rest);
}

/* ---- asking ------------------------------------------------------------------------------------------- */

static void one_frame_at_a_time(void **state) {
    (void)state;
    static const struct quire_region regions[] = {USABLE(64 * MIB, 68 * MIB + 3 * PAGE),
                                                  USABLE(68 * MIB + 5 * PAGE, 80 * MIB)};
    const struct quire_config config = {.n_cpus = 1, .mapped_end = QUIRE_NONE};
    struct quire *q = unit_make(&config, regions, 2);
    quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 8), single = must_alloc(q, 9);
    assert_int_equal(quire_get(q, single), QUIRE_OK);
    struct quire_frame f;
    for (quire_pa pa = 63 * MIB; pa < 81 * MIB; pa += PAGE) { /* as the walk says */
        struct quire_run run = run_at(q, pa);
        bool known = quire_frame_at(q, pa + 17, &f);
        if (known) {
            assert_int_equal(f.state, run.state);
            assert_int_equal(f.tag, run.tag);
            assert_int_equal(f.refs, quire_refs(q, pa));
        } else {
            assert_true(pa < 64 * MIB || pa >= 80 * MIB);
        }
    }
    assert_true(quire_frame_at(q, block + 5 * PAGE, &f) && f.state == QUIRE_STATE_HELD && f.tag == 8);
    assert_true(quire_frame_at(q, single, &f) && f.state == QUIRE_STATE_SHARED && f.refs == 2);
    assert_true(quire_frame_at(q, 68 * MIB + 3 * PAGE, &f) && f.state == QUIRE_STATE_RESERVED);
    assert_false(quire_frame_at(q, QUIRE_NONE, &f));
}

struct collected {
    struct quire_run run[200];
    size_t n;
};

static bool collect(void *ctx, const struct quire_run *run) {
    struct collected *all = ctx;
    assert_true(all->n < COUNT_OF(all->run));
    all->run[all->n++] = *run;
    return true;
}

/* A walk from anywhere is the rest of the whole one. */
static void a_walk_from_an_address(void **state) {
    (void)state;
    static const struct quire_region regions[] = {USABLE(64 * MIB, 68 * MIB + 3 * PAGE),
                                                  USABLE(68 * MIB + 5 * PAGE, 80 * MIB), USABLE(GIB, GIB + 8 * MIB)};
    const struct quire_config config = {.n_cpus = 1, .mapped_end = QUIRE_NONE};
    struct quire *q = unit_make(&config, regions, 3);
    for (uint8_t i = 0; i < 20; i++) {
        (void)must_alloc_order(q, i % 11u, (uint8_t)(i + 1));
    }
    static struct collected all, rest;
    all.n = 0;
    quire_walk(q, collect, &all);
    for (size_t i = 0; i < all.n; i++) {
        for (uint64_t skip = 0; skip < all.run[i].n_frames; skip += 1 + all.run[i].n_frames / 3) {
            const quire_pa from = all.run[i].base + skip * PAGE;
            rest.n = 0;
            quire_walk_from(q, from, collect, &rest);
            assert_int_equal(rest.n, all.n - i);
            assert_int_equal(rest.run[0].base, from);
            assert_int_equal(rest.run[0].n_frames, all.run[i].n_frames - skip);
            assert_int_equal(rest.run[0].state, all.run[i].state);
            for (size_t k = 1; k < rest.n; k++) {
                assert_int_equal(rest.run[k].base, all.run[i + k].base);
                assert_int_equal(rest.run[k].n_frames, all.run[i + k].n_frames);
            }
        }
    }
    rest.n = 0;
    quire_walk_from(q, GIB + 8 * MIB, collect, &rest);
    quire_walk_from(q, QUIRE_NONE, collect, &rest);
    assert_int_equal(rest.n, 0);
}

/* 1 TiB with one frame held is told as a few runs. */
static void much_memory_that_was_never_used(void **state) {
    (void)state;
    const struct quire_region map = USABLE(256 * MIB, TIB);
    const struct quire_config config = {.n_cpus = 1, .mapped_end = 4 * GIB};
    if (sizeof(void *) < 8) {
        skip();
    }
    host_ram_add(256 * MIB, 4 * GIB - 256 * MIB); /* enough for the metadata */
    struct quire *q = NULL;
    assert_int_equal(quire_init(&q, &config, &map, 1), QUIRE_OK);
    (void)must_alloc(q, 200);
    static struct collected all;
    all.n = 0;
    quire_walk(q, collect, &all);
    assert_in_range(all.n, 3, 12);
    assert_int_equal(all.run[0].state, QUIRE_STATE_METADATA); /* more than a block, so that no zone covers it */
    struct quire_frame f;
    assert_true(quire_frame_at(q, all.run[0].base, &f) && f.state == QUIRE_STATE_METADATA);
    assert_true(quire_frame_at(q, all.run[0].base + (all.run[0].n_frames - 1) * PAGE, &f));
    assert_int_equal(f.state, QUIRE_STATE_METADATA);

    uint64_t n_runs[QUIRE_MAX_ORDER + 1];
    quire_pa at;
    quire_free_runs(q, n_runs);
    assert_in_range(n_runs[QUIRE_MAX_ORDER], 1000, 1023);
    assert_true(quire_largest(q, &(struct quire_request){0}, &at) > 1000 * GIB / PAGE);
}

static void another_owner(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 32 * MIB);
    quire_pa pa;
    assert_int_equal(quire_alloc_for(q, &(struct quire_request){.n_frames = 1500, .tag = 1}, &pa), QUIRE_OK);
    uint64_t n_frames[QUIRE_TAGS];
    assert_int_equal(quire_get(q, pa + 20 * PAGE), QUIRE_OK);
    assert_int_equal(quire_retag(q, pa, 1500, 2), QUIRE_OK);
    quire_tag_stats(q, n_frames);
    assert_int_equal(n_frames[2], 1500);
    assert_int_equal(quire_refs(q, pa + 20 * PAGE), 2);
    expect_consistent(q);
    assert_int_equal(quire_put(q, pa + 20 * PAGE), QUIRE_OK);
    assert_int_equal(quire_retag(q, pa + 700 * PAGE, 100, 3), QUIRE_OK);
    quire_tag_stats(q, n_frames);
    assert_int_equal(n_frames[2], 1400);
    assert_int_equal(n_frames[3], 100);
    expect_consistent(q);
    /* what is left of it, and what is not, are allocations of their own */
    const quire_pa aligned = (pa + 1027 * PAGE) / (128 * PAGE) * (128 * PAGE);
    assert_int_equal(quire_free_order(q, aligned, 7), QUIRE_OK);
    const uint64_t before = digest(q);
    assert_int_equal(quire_retag(q, pa, 1500, 4), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_GET_FREE, "quire_retag", aligned, 11, 0, run_at(q, aligned - PAGE).tag);
    assert_int_equal(quire_retag(q, pa, 0, 4), QUIRE_INVALID);
    assert_int_equal(quire_retag(q, pa, 1, QUIRE_TAG_QUARANTINE), QUIRE_INVALID);
    assert_int_equal(quire_retag(q, pa + 1, 1, 4), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_MISALIGNED, "quire_retag", pa + 1, 0, 0, 0);
    assert_int_equal(quire_retag(q, 0, 1, 4), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_UNMANAGED, "quire_retag", 0, 0, 0, 0);
    assert_int_equal(digest(q), before);
}

/* The longest aligned run of free frames that begins at `pa`, by looking at each. */
static unsigned order_at(const struct quire *q, quire_pa pa) {
    unsigned order = 0;
    for (struct quire_frame f; order < QUIRE_MAX_ORDER; order++) {
        bool all_free = pa % (PAGE << (order + 1)) == 0;
        for (quire_pa p = pa + (PAGE << order); p < pa + (PAGE << (order + 1)) && all_free; p += PAGE) {
            all_free = quire_frame_at(q, p, &f) && f.state == QUIRE_STATE_FREE;
        }
        if (!all_free) {
            break;
        }
    }
    return order;
}

static void free_runs_of_each_order(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB + 3 * PAGE, 32 * MIB);
    uint64_t n_runs[QUIRE_MAX_ORDER + 1], expected[QUIRE_MAX_ORDER + 1];
    for (unsigned i = 0; i < 12; i++) {
        assert_int_equal(quire_alloc_range(q, 67 * MIB + i * 611 * PAGE, 1 + i % 3, 9), 1 + i % 3);
        memset(expected, 0, sizeof expected);
        struct quire_frame f;
        for (quire_pa pa = 64 * MIB + 3 * PAGE; quire_frame_at(q, pa, &f);) {
            unsigned order = f.state == QUIRE_STATE_FREE ? order_at(q, pa) : 0;
            expected[order] += f.state == QUIRE_STATE_FREE;
            pa += PAGE << order;
        }
        quire_free_runs(q, n_runs);
        assert_memory_equal(n_runs, expected, sizeof n_runs);
    }
    must_alloc(q, 1); /* and the CPU keeps more frames at hand, which are left out */
    quire_free_runs(q, n_runs);
    uint64_t n_in_runs = 0;
    for (unsigned order = 0; order <= QUIRE_MAX_ORDER; order++) {
        n_in_runs += n_runs[order] << order;
    }
    assert_int_equal(n_in_runs, n_free(q) - stats_of(q).n_cached);
}

/* Of what is free, by the walk; with limits, by trying it. */
static void the_largest_run(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 32 * MIB);
    quire_pa at, pa;
    static struct collected all;
    static const struct quire_request requests[] = {{.n_frames = 0},
                                                    {.align = MIB},
                                                    {.boundary = MIB},
                                                    {.low = 70 * MIB + 5 * PAGE, .end = 76 * MIB},
                                                    {.low = 70 * MIB, .boundary = 64 * PAGE, .align = 4 * PAGE}};
    for (unsigned i = 0; i < 12; i++) {
        assert_int_equal(quire_alloc_range(q, 67 * MIB + i * 611 * PAGE, 1 + i % 3, 9), 1 + i % 3);
    }
    all.n = 0;
    quire_walk(q, collect, &all);
    uint64_t most = 0;
    for (size_t i = 0; i < all.n; i++) {
        most = all.run[i].state == QUIRE_STATE_FREE && all.run[i].n_frames > most ? all.run[i].n_frames : most;
    }
    assert_int_equal(quire_largest(q, &requests[0], &at), most);
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct quire_request r = requests[i];
        most = quire_largest(q, &r, &at);
        assert_true(most > 0);
        r.n_frames = most + 1;
        assert_int_not_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
        r.n_frames = most;
        assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
        assert_int_equal(quire_free_frames(q, pa, most), QUIRE_OK);
        assert_int_equal(quire_alloc_range(q, at, most, 9), most);
        assert_int_equal(quire_free_frames(q, at, most), QUIRE_OK);
    }
    assert_int_equal(quire_largest(q, &(struct quire_request){.end = 64 * MIB}, &at), 0);
    assert_int_equal(at, QUIRE_NONE);
    assert_int_equal(quire_largest(q, &(struct quire_request){.align = 3}, &at), 0);
}

/* ---- version ------------------------------------------------------------------------------------------ */

static void questions_that_mean_nothing(void **state) {
    (void)state;
    struct quire *q = memory();
    struct quire_frame frame;
    quire_pa at;
    const struct quire_request nothing[] = {{.align = 3 * PAGE},
                                            {.boundary = 5 * PAGE},
                                            {.low = 5 * PAGE, .end = PAGE},
                                            {.low = BASE + 1, .end = BASE + PAGE},
                                            {.tag = QUIRE_TAG_QUARANTINE}};
    for (size_t i = 0; i < COUNT_OF(nothing); i++) {
        assert_int_equal(quire_largest(q, &nothing[i], &at), 0);
        assert_true(at == QUIRE_NONE);
    }
    assert_false(quire_frame_at(q, QUIRE_NONE, &frame));
    assert_int_equal(quire_refs(q, QUIRE_NONE), 0);
    assert_int_equal(quire_alloc_range(q, QUIRE_NONE, 1, 1), 0);
}

static void the_version_is_that_of_the_header(void **state) {
    (void)state;
    char version[32];
    int n =
        snprintf(version, sizeof version, "%d.%d.%d", QUIRE_VERSION_MAJOR, QUIRE_VERSION_MINOR, QUIRE_VERSION_PATCH);
    assert_in_range(n, 5, sizeof version - 1);
    assert_string_equal(quire_version(), version);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(at_the_beginning),
        unit_case(no_such_zone_or_cpu),
        unit_case(a_step_at_a_time),
        unit_case(what_a_cpu_cache_holds),
        unit_case(fresh_blocks_are_counted_until_they_are_used),
        unit_case(whole_blocks_are_those_free_in_memory),
        unit_case(runs_are_maximal),
        unit_case(a_walk_ends_when_the_visitor_says_so),
        unit_case(owners_split_runs),
        unit_case(one_frame_at_a_time),
        unit_case(a_walk_from_an_address),
        unit_case(much_memory_that_was_never_used),
        unit_case(another_owner),
        unit_case(free_runs_of_each_order),
        unit_case(the_largest_run),
        unit_case(questions_that_mean_nothing),
        unit_case(the_version_is_that_of_the_header),
    };
    return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
