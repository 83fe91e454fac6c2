/* frames.c: one frame at a time: quire_alloc and quire_free. */
#include "unit.h"

#include <stdlib.h>

static void a_frame_comes_and_goes(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 8 * MIB);
    const uint64_t n_before = n_free(q);
    quire_pa pa = must_alloc(q, 42);
    assert_in_range(pa, 64 * MIB, 72 * MIB - PAGE);
    assert_true(pa % PAGE == 0);
    assert_int_equal(quire_refs(q, pa), 1);
    assert_int_equal(state_of(q, pa), QUIRE_STATE_HELD);
    assert_int_equal(run_at(q, pa).tag, 42);
    assert_int_equal(n_free(q), n_before - 1);
    expect_consistent(q);

    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    assert_int_equal(quire_refs(q, pa), 0);
    assert_int_equal(state_of(q, pa), QUIRE_STATE_FREE);
    assert_int_equal(n_free(q), n_before);
    expect_consistent(q);
}

static void every_tag_is_kept(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 8 * MIB);
    quire_pa at[QUIRE_TAG_QUARANTINE];
    for (unsigned tag = 0; tag < QUIRE_TAG_QUARANTINE; tag++) {
        at[tag] = must_alloc(q, (uint8_t)tag);
    }
    for (unsigned tag = 0; tag < QUIRE_TAG_QUARANTINE; tag++) {
        assert_int_equal(run_at(q, at[tag]).tag, tag);
        assert_int_equal(quire_refs(q, at[tag]), 1);
    }
    uint64_t held_by[QUIRE_TAGS];
    quire_tag_stats(q, held_by);
    for (unsigned tag = 0; tag < QUIRE_TAGS; tag++) {
        assert_int_equal(held_by[tag], tag < QUIRE_TAG_QUARANTINE ? 1 : 0);
    }
    expect_consistent(q);
}

/* Not for callers, in any state of the cache and with any policy: refused, and nothing changed. */
static void the_tag_of_the_quarantine_is_refused(void **state) {
    (void)state;
    for (int content = QUIRE_CONTENT_NONE; content <= QUIRE_CONTENT_POISON; content++) {
        const struct quire_region map[] = {USABLE(64 * MIB, 72 * MIB)};
        const struct quire_config config = {.n_cpus = 2, .content = (enum quire_content)content};
        struct quire *q = unit_make(&config, map, COUNT_OF(map));
        for (unsigned cpu = 0; cpu <= 2; cpu++) { /* a cache that is in use, an empty one, none */
            host_set_cpu(0);
            must_alloc(q, QUIRE_TAG_QUARANTINE - 1);
            host_set_cpu(cpu);
            const uint64_t before = digest(q);
            assert_true(quire_alloc(q, QUIRE_TAG_QUARANTINE) == QUIRE_NONE);
            for (unsigned order = 0; order <= PAIR_ORDER; order++) {
                quire_pa pa = 0;
                assert_int_equal(quire_alloc_order(q, order, QUIRE_TAG_QUARANTINE, &pa), QUIRE_INVALID);
                assert_true(pa == QUIRE_NONE);
            }
            assert_int_equal(digest(q), before);
        }
        expect_consistent(q);
        host_ram_clear();
    }
}

/* Exhaustion is exact and repeatable, in whatever order the frames come back. */
static void all_of_memory_fifty_times(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(16 * MIB + 5 * PAGE, 19 * MIB), USABLE(21 * MIB, 24 * MIB + PAGE)};
    const struct quire_config config = {.n_cpus = 3};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    const uint64_t n_all = stats_of(q).n_frames;
    for (unsigned round = 0; round < 50; round++) {
        struct frames all = {0};
        host_set_cpu(round % 3);
        take_all(q, &all);
        assert_int_equal(all.n, n_all);
        expect_good_frames(&all, map, COUNT_OF(map));
        assert_int_equal(n_free(q), 0);
        if (round % 2 == 1) {
            frames_shuffle(&all, round);
        }
        host_set_cpu(round % 2);
        free_all(q, &all);
        assert_int_equal(n_free(q), n_all);
        if (round % 10 == 0) {
            expect_consistent(q);
        }
    }
    assert_int_equal(stats_of(q).n_unproved, 0); /* nobody was ever in the middle of anything */
}

static void running_out_is_no_fault_and_ends(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 4 * MIB);
    struct frames all = {0};
    take_all(q, &all);
    for (unsigned i = 0; i < 100; i++) {
        host_set_cpu(i % 6);
        assert_true(quire_alloc(q, 1) == QUIRE_NONE);
    }
    quire_pa last = all.at[all.n / 2];
    assert_int_equal(quire_free(q, last), QUIRE_OK);
    assert_true(quire_alloc(q, 1) == last); /* the only one there is */
    assert_true(quire_alloc(q, 1) == QUIRE_NONE);
    assert_int_equal(stats_of(q).n_faults, 0);
    free_all(q, &all);
    expect_consistent(q);
}

/* As many blocks as a node of the index has children, so that behind the last one's bit there is something else: the count
 * of a block, which is made odd. */
static void memory_that_fills_its_index(void **state) {
    (void)state;
    const size_t n_blocks = sizeof(size_t) * 8, odd_block = sizeof(size_t) * 6 / 8;
    struct quire *q = unit_simple(64 * MIB, n_blocks * BLOCK);
    struct frames all = {0};
    while (all.n < 3 * n_blocks / 4 * QUIRE_BLOCK_FRAMES) {
        frames_push(&all, must_alloc(q, 1));
    }
    host_set_cpu(99); /* has no cache: the frame goes to its block */
    assert_int_equal(quire_free(q, 64 * MIB + odd_block * BLOCK), QUIRE_OK);
    host_set_cpu(0);
    take_all(q, &all);
    expect_consistent(q);
    frames_clear(&all);
}

/* ---- CPUs --------------------------------------------------------------------------------------------- */

/* Each CPU frees some frames, so that each holds some in its cache; then one of them takes everything. */
static void what_other_cpus_cached_is_reachable(void **state) {
    (void)state;
    const unsigned n_cpus = 8;
    const struct quire_config config = {.n_cpus = n_cpus};
    const struct quire_region map[] = {USABLE(64 * MIB, 72 * MIB)};
    struct quire *q = unit_make(&config, map, 1);
    const uint64_t n_all = stats_of(q).n_frames;
    for (unsigned taker = 0; taker <= n_cpus; taker++) {
        struct frames all = {0};
        host_set_cpu(taker);
        take_all(q, &all);
        assert_int_equal(all.n, n_all);
        frames_shuffle(&all, taker);
        for (size_t i = 0; i < all.n; i++) {
            host_set_cpu((unsigned)i % n_cpus);
            assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
        }
        frames_clear(&all);
        assert_true(stats_of(q).n_cached > 0);
        expect_consistent(q);
    }
    uint64_t n_steals = 0;
    for (unsigned i = 0; i < n_cpus; i++) {
        struct quire_cpu_stats cpu;
        assert_true(quire_cpu_stats(q, i, &cpu));
        n_steals += cpu.n_steals;
    }
    assert_true(n_steals > 0);
    assert_int_equal(stats_of(q).n_unproved, 0);
}

static void a_cached_frame_is_the_last_one(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 4 * MIB);
    struct frames all = {0};
    take_all(q, &all);
    for (unsigned owner = 0; owner < 4; owner++) {
        for (unsigned taker = 0; taker < 6; taker++) {
            host_set_cpu(owner);
            quire_pa pa = all.at[owner * 100 + taker];
            assert_int_equal(quire_free(q, pa), QUIRE_OK);
            host_set_cpu(taker);
            assert_true(quire_alloc(q, 1) == pa);
        }
    }
    frames_clear(&all);
}

static void a_cpu_number_out_of_range_works(void **state) {
    (void)state;
    const unsigned odd[] = {4, 5, 1000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    struct quire *q = unit_simple(64 * MIB, 4 * MIB);
    const uint64_t n_all = n_free(q);
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        struct frames all = {0};
        host_set_cpu(odd[i]);
        quire_pa one = must_alloc(q, 1);
        assert_int_equal(quire_get(q, one), QUIRE_OK);
        assert_int_equal(quire_put(q, one), QUIRE_OK);
        assert_int_equal(quire_free(q, one), QUIRE_OK);
        quire_pa large = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
        assert_int_equal(quire_free_order(q, large, QUIRE_BLOCK_ORDER), QUIRE_OK);
        take_all(q, &all);
        assert_int_equal(all.n, n_all);
        free_all(q, &all);
        assert_int_equal(n_free(q), n_all);
        expect_consistent(q);
    }
}

/* A thread that migrates between every two calls. */
static void migrating_all_the_time_loses_nothing(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 6 * MIB);
    const uint64_t n_all = n_free(q);
    struct frames held = {0};
    for (unsigned i = 0; i < 20000; i++) {
        host_set_cpu(i * 7 % 5);
        if (i % 3 != 2) {
            quire_pa pa = quire_alloc(q, 1);
            if (pa != QUIRE_NONE) {
                frames_push(&held, pa);
            }
        } else {
            size_t victim = i * 31 % held.n;
            assert_int_equal(quire_free(q, held.at[victim]), QUIRE_OK);
            held.at[victim] = held.at[--held.n];
        }
        assert_int_equal(n_free(q), n_all - held.n);
    }
    expect_consistent(q);
    free_all(q, &held);
    assert_int_equal(n_free(q), n_all);
    expect_consistent(q);
}

/* A frame freed lately is still in the processor's cache: it is the one to hand out while memory is plentiful. */
static void a_warm_frame_is_reused(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 64 * MIB);
    quire_pa first = must_alloc(q, 1);
    assert_int_equal(quire_free(q, first), QUIRE_OK);
    assert_true(quire_alloc(q, 1) == first);
}

/* ---- which block ------------------------------------------------------------------------------------------ */

/* A cache that is empty borrows the fullest block first, so that the others can become whole, but those with less than
 * 16 free frames last of all. */
static void the_fullest_block_serves_first(void **state) {
    (void)state;
    const unsigned n_freed[] = {10, 512, 400, 200, 100}, order[] = {4, 3, 2, 1, 0};
    struct quire *q = unit_simple(64 * MIB, 16 * MIB);
    struct frames all = {0};
    take_all(q, &all);
    host_set_cpu(99); /* has no cache: what it frees goes to its block */
    for (size_t i = 0; i < COUNT_OF(n_freed); i++) {
        for (quire_pa pa = 66 * MIB + i * BLOCK; pa < 66 * MIB + i * BLOCK + n_freed[i] * PAGE; pa += PAGE) {
            assert_int_equal(quire_free(q, pa), QUIRE_OK);
        }
    }
    host_set_cpu(0);
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        for (unsigned n = 0; n < n_freed[order[i]]; n++) {
            assert_int_equal(must_alloc(q, 1) / BLOCK, 66 * MIB / BLOCK + order[i]);
        }
    }
    frames_clear(&all);
}

static bool gathers(struct quire *q) {
    struct quire_cpu_stats cpu;
    quire_pa pa = must_alloc(q, 1); /* the cache is empty: it borrows, and looks whether to gather */
    assert_true(quire_cpu_stats(q, 0, &cpu));
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    return cpu.gathering;
}

/* All that the caches hold goes home. */
static void empty_caches(struct quire *q) {
    struct frames blocks = {0};
    (void)take_all_order(q, PAIR_ORDER, &blocks);
    free_all_order(q, PAIR_ORDER, &blocks);
}

/* Memory in pieces is gathered, memory that is whole is not; and so it stays, whatever was done on whichever CPU, and
 * however often. */
static void memory_in_pieces_is_gathered(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 64 * MIB);
    for (unsigned times = 0; times < 300; times++) {
        struct frames all = {0};
        take_all(q, &all);
        free_all(q, &all);
    }
    for (unsigned round = 0; round < 30; round++) {
        struct frames all = {0};
        empty_caches(q);
        host_set_cpu(0);
        assert_false(gathers(q));
        for (quire_pa pa; all.n < 100 && quire_alloc_order(q, round % 9, 1, &pa) == QUIRE_OK;) { /* as runs, and back */
            frames_push(&all, pa);
        }
        free_all_order(q, round % 9, &all);
        host_set_cpu(round % 3 == 0 ? 99 : 0); /* 99 has no cache */
        take_all(q, &all);
        for (unsigned i = 0; i < 200; i++) { /* empties all caches each time */
            quire_pa none;
            assert_true(quire_alloc_order(q, 1, 1, &none) != QUIRE_OK);
        }
        for (size_t i = 0; i < all.n; i++) {
            host_set_cpu(round % 2 == 0 ? 99 : (unsigned)i / 200 % 5);
            assert_true(i % 2 == 0 || quire_free(q, all.at[i]) == QUIRE_OK);
        }
        empty_caches(q);
        host_set_cpu(0);
        assert_true(gathers(q));
        for (size_t i = 0; i < all.n; i += 2) {
            host_set_cpu((unsigned)i / 200 % 5);
            assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
        }
        frames_clear(&all);
    }
}

/* A thousand frames come and go. */
static bool gathers_after_burst(struct quire *q) {
    struct quire_cpu_stats cpu;
    struct frames burst = {0};
    while (burst.n < 1000) {
        frames_push(&burst, must_alloc(q, 1));
    }
    free_all(q, &burst);
    assert_true(quire_cpu_stats(q, 0, &cpu));
    return cpu.gathering;
}

/* How many blocks have no frame in the list; blocks and frames lie from `base` on. */
static size_t n_blocks_without(const struct frames *list, quire_pa base, size_t n_blocks) {
    size_t n_without = 0;
    bool *is_in = calloc(n_blocks, sizeof *is_in);
    assert_non_null(is_in);
    for (size_t i = 0; i < list->n; i++) {
        is_in[(list->at[i] - base) / BLOCK] = true;
    }
    for (size_t block = 0; block < n_blocks; block++) {
        n_without += !is_in[block];
    }
    free(is_in);
    return n_without;
}

/* A random entry, from the `first`th on. */
static quire_pa *draw(struct frames *list, size_t first, uint32_t *random) {
    *random = *random * 1664525 + 1013904223;
    return &list->at[first + (size_t)((uint64_t)*random * (list->n - first) >> 32)];
}

/* Frees a random half of all memory, then replaces random frames, n times as many as memory has. */
static void replace_at_random(struct quire *q, struct frames *all, unsigned n) {
    uint32_t random = 1;
    size_t n_held = all->n / 2, n_pairs = n * all->n;
    frames_shuffle(all, 1);
    while (all->n > n_held) {
        assert_int_equal(quire_free(q, all->at[--all->n]), QUIRE_OK);
    }
    for (size_t i = 0; i < n_pairs; i++) {
        quire_pa *slot = draw(all, 0, &random);
        assert_int_equal(quire_free(q, *slot), QUIRE_OK);
        *slot = must_alloc(q, 1);
    }
}

static void becomes_whole(uint64_t n_bytes) {
    struct quire *q = unit_simple(64 * MIB, n_bytes);
    struct frames all = {0};
    size_t n_blocks = n_bytes / BLOCK;
    take_all(q, &all);
    replace_at_random(q, &all, 6);
    assert_true(n_blocks_without(&all, 64 * MIB, n_blocks) > n_blocks / 3); /* half of memory is held */
    frames_clear(&all);
}

static void small_memory_freed_at_random_becomes_whole(void **state) {
    (void)state;
    becomes_whole(64 * MIB);
}

/* Here it takes longer until the first block is whole. */
static void larger_memory_freed_at_random_becomes_whole(void **state) {
    (void)state;
    becomes_whole(256 * MIB);
}

/* Not for ever where nothing becomes whole; and it is tried again. */
static void gathering_in_vain_ends(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 256 * MIB);
    struct frames all = {0};
    unsigned n_bursts = 0;
    take_all(q, &all);
    for (size_t i = 0; i < all.n; i += 16) { /* a few of each block */
        assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
    }
    assert_true(gathers_after_burst(q));
    while (gathers_after_burst(q)) {
        assert_true(++n_bursts < 2000);
    }
    unsigned rest[3] = {0};
    for (unsigned i = 0; i < COUNT_OF(rest); i++) { /* each is longer than the one before */
        for (; !gathers_after_burst(q); rest[i]++) {
            assert_true(rest[i] < 10000);
        }
        while (gathers_after_burst(q)) {}
    }
    assert_true(rest[0] > 0 && rest[1] > rest[0] && rest[2] > rest[1]);
    frames_clear(&all);
}

/* Moves a frame of each block to the front; returns how many. */
static size_t one_of_each_block(struct frames *list, size_t n_blocks, quire_pa base) {
    size_t n = 0;
    bool *is_done = calloc(n_blocks, sizeof *is_done);
    assert_non_null(is_done);
    for (size_t i = 0; i < list->n; i++) {
        bool *is_block_done = &is_done[(list->at[i] - base) / BLOCK];
        if (!*is_block_done) {
            quire_pa frame = list->at[i];
            list->at[i] = list->at[n];
            list->at[n++] = frame;
            *is_block_done = true;
        }
    }
    free(is_done);
    return n;
}

/* Where one CPU takes frames and another one frees them, too: that one by itself would see blocks empty for ever. */
static void gathering_in_vain_by_two_ends(void **state) {
    (void)state;
    enum { N_PAIRS = 800000 };
    struct quire *q = unit_simple(64 * MIB, 64 * MIB);
    struct quire_cpu_stats cpu;
    struct frames all = {0};
    uint32_t random = 1, n_rests = 0;
    take_all(q, &all);
    frames_shuffle(&all, 1);
    size_t n_pinned = one_of_each_block(&all, 64 * MIB / BLOCK, 64 * MIB);
    for (size_t n_held = all.n / 2; all.n > n_held;) {
        assert_int_equal(quire_free(q, all.at[--all.n]), QUIRE_OK);
    }
    for (uint32_t i = 0; i < N_PAIRS; i++) {
        quire_pa *slot = draw(&all, n_pinned, &random);
        host_set_cpu(1);
        assert_int_equal(quire_free(q, *slot), QUIRE_OK);
        assert_true(quire_cpu_stats(q, 1, &cpu));
        n_rests += i > N_PAIRS / 2 && !cpu.gathering;
        host_set_cpu(0);
        *slot = must_alloc(q, 1);
    }
    assert_true(n_rests > 0);
    frames_clear(&all);
}

/* However many blocks there are: half of each is free. */
static void memory_of_any_size_is_gathered(void **state) {
    (void)state;
    const uint64_t sizes[] = {4 * GIB, 80 * GIB};
    if (sizeof(void *) < 8) {
        skip();
    }
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        const struct quire_config config = {.n_cpus = 1, .mapped_end = 64 * MIB + GIB};
        const struct quire_region map[] = {USABLE(64 * MIB, 64 * MIB + sizes[i])};
        struct quire *q = unit_make(&config, map, COUNT_OF(map));
        struct frames blocks = {0};
        (void)take_all_order(q, QUIRE_BLOCK_ORDER, &blocks);
        for (size_t k = 0; k < blocks.n; k++) {
            assert_int_equal(quire_free_frames(q, blocks.at[k], QUIRE_BLOCK_FRAMES / 2), QUIRE_OK);
        }
        assert_true(gathers_after_burst(q));
        frames_clear(&blocks);
    }
}

/* Also by a CPU that only frees. */
static void who_only_frees_gathers(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 32 * MIB);
    struct frames all = {0};
    struct quire_cpu_stats cpu;
    host_set_cpu(1);
    take_all(q, &all);
    host_set_cpu(0);
    for (size_t i = 0; i < all.n; i += 2) {
        assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
    }
    assert_true(quire_cpu_stats(q, 0, &cpu));
    assert_true(cpu.gathering);
    frames_clear(&all);
}

/* Frees so many frames of this block. */
static void free_some(struct quire *q, struct frames *all, quire_pa block, uint32_t n) {
    for (size_t i = 0; i < all->n && n > 0; i++) {
        if (all->at[i] / BLOCK == block) {
            assert_int_equal(quire_free(q, all->at[i]), QUIRE_OK);
            n--;
        }
    }
    assert_int_equal(n, 0);
}

/* The last ones, too, come to a CPU together, not one by one. */
static void the_last_frames_of_a_block_are_borrowed(void **state) {
    (void)state;
    enum { N_LAST = 10 };
    struct quire *q = unit_simple(64 * MIB, 8 * MIB);
    struct frames all = {0};
    struct quire_cpu_stats cpu;
    take_all(q, &all);
    host_set_cpu(99); /* has no cache: what it frees is home at once */
    free_some(q, &all, all.at[0] / BLOCK, N_LAST);
    host_set_cpu(1);
    must_alloc(q, 1);
    assert_true(quire_cpu_stats(q, 1, &cpu));
    assert_int_equal(cpu.n_warm + cpu.n_in, N_LAST - 1);
    frames_clear(&all);
}

/* Frames that another CPU has as a run, and nothing else, while it sends nothing home at the moment. */
static void frames_of_another_cpus_run_are_reachable(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 8 * MIB);
    struct frames rest = {0};
    quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1), run = must_alloc_order(q, 3, 1);
    take_all(q, &rest);
    assert_int_equal(quire_free_order(q, block, QUIRE_BLOCK_ORDER), QUIRE_OK);
    assert_int_equal(must_alloc_order(q, QUIRE_BLOCK_ORDER, 1), block);
    assert_int_equal(quire_free_order(q, run, 3), QUIRE_OK);
    host_set_cpu(1);
    for (unsigned n = 0; n < 8; n++) {
        assert_int_equal(must_alloc(q, 1) / (8 * PAGE), run / (8 * PAGE));
    }
    frames_clear(&rest);
}

/* Of two blocks equally full. */
static void a_cpu_comes_back_to_the_block_that_it_has(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 8 * MIB);
    struct frames all = {0};
    struct quire_cpu_stats cpu;
    take_all(q, &all);
    quire_pa other = all.at[0] / BLOCK, own = other + 1;
    free_some(q, &all, own, 300);
    assert_true(quire_cpu_stats(q, 0, &cpu));
    assert_true(cpu.n_out > 0 && cpu.n_in == 0);
    host_set_cpu(99); /* as above */
    free_some(q, &all, other, cpu.n_out);
    host_set_cpu(0);
    for (unsigned i = 0; i < cpu.n_warm + 1; i++) {
        must_alloc(q, 1);
    }
    assert_true(quire_cpu_stats(q, 0, &cpu));
    assert_int_equal(cpu.in_block / BLOCK, own);
    frames_clear(&all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(a_frame_comes_and_goes),
        unit_case(every_tag_is_kept),
        unit_case(the_tag_of_the_quarantine_is_refused),
        unit_case(all_of_memory_fifty_times),
        unit_case(running_out_is_no_fault_and_ends),
        unit_case(memory_that_fills_its_index),
        unit_case(what_other_cpus_cached_is_reachable),
        unit_case(a_cached_frame_is_the_last_one),
        unit_case(a_cpu_number_out_of_range_works),
        unit_case(the_last_frames_of_a_block_are_borrowed),
        unit_case(frames_of_another_cpus_run_are_reachable),
        unit_case(a_cpu_comes_back_to_the_block_that_it_has),
        unit_case(migrating_all_the_time_loses_nothing),
        unit_case(a_warm_frame_is_reused),
        unit_case(the_fullest_block_serves_first),
        unit_case(memory_in_pieces_is_gathered),
        unit_case(small_memory_freed_at_random_becomes_whole),
        unit_case(larger_memory_freed_at_random_becomes_whole),
        unit_case(gathering_in_vain_ends),
        unit_case(gathering_in_vain_by_two_ends),
        unit_case(memory_of_any_size_is_gathered),
        unit_case(who_only_frees_gathers),
    };
    return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
