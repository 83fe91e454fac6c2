/* add.c: quire_add: memory that is mapped or found after the start. */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static struct quire *memory(quire_pa base, quire_pa end) {
    return unit_simple(base, end - base);
}

/* The frames of [ctx->base, ctx->end) that are metadata. */
struct metadata {
    quire_pa base, end;
    uint64_t n;
};

static bool count_metadata(void *ctx, const struct quire_run *run) {
    struct metadata *m = ctx;
    for (quire_pa pa = run->base; pa < run->base + run->n_frames * PAGE; pa += PAGE) {
        m->n += run->state == QUIRE_STATE_METADATA && pa >= m->base && pa < m->end;
    }
    return true;
}

/* Adds the region, and finds all of it but its metadata to be usable, now and after everything was freed again. */
static void expect_added(struct quire *q, quire_pa base, quire_pa end) {
    const struct quire_region region = USABLE(base, end);
    const struct quire_stats before = stats_of(q);
    const quire_pa first = (base + PAGE - 1) / PAGE * PAGE, last = end / PAGE * PAGE;
    unit_ram(&region, 1, QUIRE_NONE);
    assert_int_equal(quire_add(q, &region), QUIRE_OK);

    struct quire_stats after = stats_of(q);
    assert_int_equal(after.n_frames + after.n_metadata, before.n_frames + before.n_metadata + (last - first) / PAGE);
    assert_int_equal(after.n_free - before.n_free, after.n_frames - before.n_frames);
    assert_true(after.n_frames >= before.n_frames); /* metadata of one frame may take another one */
    expect_consistent(q);

    struct frames all = {0};
    take_all(q, &all);
    assert_int_equal(all.n, after.n_free);
    uint64_t n_inside = 0;
    for (size_t i = 0; i < all.n; i++) {
        n_inside += all.at[i] >= first && all.at[i] < last;
    }
    struct metadata own = {.base = first, .end = last};
    quire_walk(q, count_metadata, &own);
    assert_int_equal(n_inside, (last - first) / PAGE - own.n);
    expect_consistent(q);
    free_all(q, &all);
    assert_int_equal(n_free(q), after.n_free);
    expect_consistent(q);
}

static void far_away(void **state) {
    (void)state;
    struct quire *q = memory(64 * MIB, 68 * MIB);
    expect_added(q, 4 * GIB, 4 * GIB + 16 * MIB);
    expect_added(q, 16 * MIB, 24 * MIB); /* below what was there */
    expect_added(q, 0, 2 * MIB);
    assert_int_equal(stats_of(q).n_zones, 4);
}

static void right_behind_and_right_before(void **state) {
    (void)state;
    struct quire *q = memory(64 * MIB, 68 * MIB);
    expect_added(q, 68 * MIB, 72 * MIB);
    expect_added(q, 60 * MIB, 64 * MIB);
}

static void in_a_block_that_another_zone_has_a_part_of(void **state) {
    (void)state;
    struct quire *q = memory(64 * MIB + 100 * PAGE, 67 * MIB + 17 * PAGE);
    expect_added(q, 67 * MIB + 17 * PAGE, 69 * MIB + PAGE); /* from the middle of a block into the next one's */
    expect_added(q, 64 * MIB, 64 * MIB + 60 * PAGE);        /* a part of the first block, with a gap behind it */
    expect_added(q, 69 * MIB + 100 * PAGE, 69 * MIB + 200 * PAGE);
}

static void in_a_hole_of_the_first_of_many_zones(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 1};
    for (size_t n_zones = 1; n_zones <= 16; n_zones++) {
        struct quire_region map[16];
        for (size_t i = 0; i < n_zones; i++) {
            const quire_pa base = 3 * (i + 1) * BLOCK + 100 * PAGE;
            map[i] = (struct quire_region)USABLE(base, base + (i + 1 < n_zones ? 64 : 512) * PAGE);
        }
        struct quire *q = unit_make(&config, map, n_zones);
        expect_added(q, 3 * BLOCK, map[0].base);
        assert_int_equal(stats_of(q).n_zones, n_zones);
        host_ram_clear();
    }
}

static void unaligned_bounds_are_rounded_inwards(void **state) {
    (void)state;
    struct quire *q = memory(64 * MIB, 68 * MIB);
    expect_added(q, 80 * MIB + 1, 84 * MIB - 1);
}

static void orders_come_from_added_memory(void **state) {
    (void)state;
    struct quire *q = memory(64 * MIB + PAGE, 68 * MIB);
    quire_pa pa = 0;
    assert_int_equal(quire_alloc_order(q, PAIR_ORDER, 1, &pa), QUIRE_UNSATISFIABLE);
    expect_added(q, 72 * MIB, 80 * MIB);
    pa = must_alloc_order(q, PAIR_ORDER, 1);
    assert_int_equal(pa, 72 * MIB);
    assert_int_equal(quire_free_order(q, pa, PAIR_ORDER), QUIRE_OK);
    expect_consistent(q);
}

static void many_times(void **state) {
    (void)state;
    struct quire *q = memory(64 * MIB, 66 * MIB);
    host_ram_add(GIB, 64 * MIB);
    for (unsigned i = 0; i < 16; i++) {
        const struct quire_region region = USABLE(GIB + i * 4 * MIB, GIB + (i * 4 + 3) * MIB);
        assert_int_equal(quire_add(q, &region), QUIRE_OK);
    }
    expect_consistent(q);
    struct frames all = {0};
    take_all(q, &all);
    assert_int_equal(all.n, stats_of(q).n_frames);
    free_all(q, &all);
    expect_consistent(q);
}

/* ---- refused ------------------------------------------------------------------------------------------ */

static void expect_refused(struct quire *q, quire_pa base, quire_pa end, enum quire_region_type type,
                           enum quire_status why) {
    const struct quire_region region = {base, end, type, 0};
    const uint64_t before = digest(q);
    assert_int_equal(quire_add(q, &region), why);
    assert_int_equal(digest(q), before);
    expect_consistent(q);
}

static void what_is_managed_already_is_invalid(void **state) {
    (void)state;
    struct quire *q = memory(64 * MIB, 68 * MIB);
    host_ram_add(60 * MIB, 4 * MIB);
    host_ram_add(68 * MIB, 12 * MIB);
    expect_refused(q, 64 * MIB, 68 * MIB, QUIRE_USABLE, QUIRE_INVALID);        /* the same again */
    expect_refused(q, 65 * MIB, 66 * MIB, QUIRE_USABLE, QUIRE_INVALID);        /* inside */
    expect_refused(q, 60 * MIB, 80 * MIB, QUIRE_USABLE, QUIRE_INVALID);        /* around */
    expect_refused(q, 60 * MIB, 64 * MIB + PAGE, QUIRE_USABLE, QUIRE_INVALID); /* one frame too far */
    expect_refused(q, 68 * MIB - PAGE, 72 * MIB, QUIRE_USABLE, QUIRE_INVALID); /* one frame too early */
    expect_added(q, 68 * MIB, 72 * MIB);
    expect_refused(q, 70 * MIB, 71 * MIB, QUIRE_USABLE, QUIRE_INVALID); /* added memory counts as well */
}

static void what_is_no_memory_is_invalid(void **state) {
    (void)state;
    struct quire *q = memory(64 * MIB, 68 * MIB);
    host_ram_add(80 * MIB, 8 * MIB);
    expect_refused(q, 80 * MIB, 88 * MIB, QUIRE_RESERVED, QUIRE_INVALID);
    expect_refused(q, 80 * MIB, 80 * MIB, QUIRE_USABLE, QUIRE_INVALID);
    expect_refused(q, 88 * MIB, 80 * MIB, QUIRE_USABLE, QUIRE_INVALID);
    expect_refused(q, 80 * MIB + 1, 80 * MIB + PAGE, QUIRE_USABLE, QUIRE_INVALID);
    expect_refused(q, 80 * MIB + PAGE / 2, 80 * MIB + PAGE + PAGE / 2, QUIRE_USABLE, QUIRE_INVALID);
}

/* Frame numbers have as many bits as a word. */
static void what_frame_numbers_do_not_reach_is_invalid(void **state) {
    (void)state;
    const quire_pa far = (quire_pa)1 << (32 + QUIRE_PAGE_SHIFT);
    struct quire *q = memory(64 * MIB, 68 * MIB);
    if (sizeof(void *) == 4) {
        expect_refused(q, far, far + 8 * MIB, QUIRE_USABLE, QUIRE_INVALID);
    } else {
        expect_added(q, far, far + 8 * MIB);
    }
}

/* Where no frame is free, the metadata lie in the region's own front. */
static void too_small_for_its_own_metadata(void **state) {
    (void)state;
    struct quire *q = memory(64 * MIB, 68 * MIB);
    struct frames all = {0};
    take_all(q, &all);
    host_ram_add(80 * MIB, 8 * MIB);
    expect_refused(q, 80 * MIB, 80 * MIB + PAGE, QUIRE_USABLE, QUIRE_NO_MEMORY);
    for (unsigned n = 2;; n++) {
        assert_in_range(n, 2, 8);
        const struct quire_region region = USABLE(80 * MIB, 80 * MIB + n * PAGE);
        enum quire_status status = quire_add(q, &region);
        if (status == QUIRE_OK) {
            break;
        }
        assert_int_equal(status, QUIRE_NO_MEMORY);
    }
    assert_true(state_of(q, 80 * MIB) == QUIRE_STATE_METADATA);
    expect_consistent(q);
    frames_clear(&all);
}

/* ---- in pieces ---------------------------------------------------------------------------------------- */

static void add(struct quire *q, quire_pa base, quire_pa end) {
    const struct quire_region region = USABLE(base, end);
    assert_int_equal(quire_add(q, &region), QUIRE_OK);
}

static unsigned n_whole_blocks(struct quire *q) {
    struct frames blocks = {0};
    quire_pa pa;
    while (quire_alloc_order(q, QUIRE_BLOCK_ORDER, 1, &pa) == QUIRE_OK) {
        frames_push(&blocks, pa);
    }
    unsigned n = (unsigned)blocks.n;
    while (blocks.n > 0) {
        assert_int_equal(quire_free_order(q, blocks.at[--blocks.n], QUIRE_BLOCK_ORDER), QUIRE_OK);
    }
    frames_clear(&blocks);
    return n;
}

/* 32 blocks in pieces of this many frames, upwards or downwards, give 32 whole blocks in a few zones. */
static void expect_whole_in_pieces(unsigned n_frames, bool upwards) {
    struct quire *q = memory(0, 2 * BLOCK);
    const quire_pa base = 64 * BLOCK, n_bytes = n_frames * PAGE;
    host_ram_add(base, 32 * BLOCK);
    const unsigned n_before = n_whole_blocks(q), n = 32 * QUIRE_BLOCK_FRAMES / n_frames;
    for (unsigned i = 0; i < n; i++) {
        const quire_pa at = base + (upwards ? i : n - 1 - i) * n_bytes;
        add(q, at, at + n_bytes);
    }
    expect_consistent(q);
    assert_in_range(n_whole_blocks(q), 32, 32 + n_before);
    assert_in_range(stats_of(q).n_zones, 2, 9);
    host_ram_clear();
}

static void pieces_make_whole_blocks(void **state) {
    (void)state;
    const unsigned sizes[] = {QUIRE_BLOCK_FRAMES, QUIRE_BLOCK_FRAMES / 2, QUIRE_BLOCK_FRAMES * 4};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        expect_whole_in_pieces(sizes[i], true);
        expect_whole_in_pieces(sizes[i], false);
    }
}

/* A frame alone, then those beside it, until they are a block. */
static void frame_by_frame(void **state) {
    (void)state;
    struct quire *q = memory(64 * MIB, 68 * MIB);
    const quire_pa base = 128 * MIB;
    host_ram_add(base, BLOCK);
    const struct quire_stats before = stats_of(q);
    for (unsigned i = 0; i < QUIRE_BLOCK_FRAMES; i++) {
        const quire_pa pa = base + (i * 37) % QUIRE_BLOCK_FRAMES * PAGE;
        add(q, pa, pa + PAGE);
        assert_true(state_of(q, pa) == QUIRE_STATE_FREE);
    }
    const struct quire_stats after = stats_of(q);
    assert_int_equal(after.n_zones, before.n_zones + 1);
    assert_int_equal(after.n_frames + after.n_metadata, before.n_frames + before.n_metadata + QUIRE_BLOCK_FRAMES);
    expect_consistent(q);
    quire_pa pa = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
    while (pa != base) {
        pa = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
    }
}

/* The frames that hold metadata of added memory are the allocator's own, wherever they lie. */
static void metadata_in_free_frames(void **state) {
    (void)state;
    struct quire *q = memory(64 * MIB, 68 * MIB);
    const struct quire_stats before = stats_of(q);
    host_ram_add(128 * MIB, BLOCK);
    add(q, 128 * MIB, 128 * MIB + BLOCK);
    const struct quire_stats after = stats_of(q);
    uint64_t n = 0;
    for (quire_pa pa = 64 * MIB; pa < 68 * MIB; pa += PAGE) {
        if (state_of(q, pa) == QUIRE_STATE_METADATA) {
            assert_int_equal(quire_free(q, pa), QUIRE_FAULT);
            expect_fault(QUIRE_FAULT_RESERVED, "quire_free", pa, 0, 0, 0);
            n++;
        }
    }
    assert_int_equal(n, after.n_metadata);
    assert_true(n > before.n_metadata);
    struct frames all = {0};
    take_all(q, &all);
    assert_int_equal(all.n, after.n_frames);
    free_all(q, &all);
    expect_consistent(q);
}

/* Where the only free frames have no address, the metadata lie at the front of what is added. */
static void metadata_where_free_frames_are_not_mapped(void **state) {
    (void)state;
    const struct quire_region map[] = {USABLE(64 * MIB, 66 * MIB), USABLE(128 * MIB, 144 * MIB)};
    const struct quire_config config = {.n_cpus = 1, .mapped_end = 66 * MIB};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    const uint64_t n_low = (2 * MIB / PAGE) - stats_of(q).n_metadata;
    for (uint64_t i = 0; i < n_low; i++) { /* the mapped ones are all in use */
        const struct quire_request low = {.end = 66 * MIB};
        quire_pa pa;
        assert_int_equal(quire_alloc_for(q, &low, &pa), QUIRE_OK);
    }
    const uint64_t n_before = n_free(q);
    host_ram_add(256 * MIB, 4 * MIB);
    add(q, 256 * MIB, 260 * MIB);
    assert_int_equal(state_of(q, 256 * MIB), QUIRE_STATE_METADATA);
    assert_true(n_free(q) > n_before);
    expect_consistent(q);
}

/* A zone's blocks do not reach into those of another one, above or below. */
static void between_two_zones(void **state) {
    (void)state;
    struct quire *q = memory(64 * BLOCK, 66 * BLOCK);
    host_ram_add(66 * BLOCK, 20 * BLOCK);
    add(q, 76 * BLOCK, 84 * BLOCK);
    add(q, 70 * BLOCK, 71 * BLOCK);
    expect_consistent(q);
    add(q, 66 * BLOCK + 3 * PAGE, 70 * BLOCK);
    add(q, 71 * BLOCK, 76 * BLOCK);
    expect_consistent(q);
}

static void what_is_not_mapped_can_not_be_added(void **state) {
    (void)state;
    struct quire *q = memory(64 * MIB, 68 * MIB);
    const struct quire_region nowhere = USABLE(80 * MIB, 84 * MIB);
    const uint64_t before = digest(q);
    assert_int_equal(quire_add(q, &nowhere), QUIRE_NO_MEMORY);
    assert_true(digest(q) == before);
    expect_consistent(q);
}

/* ---- while others work -------------------------------------------------------------------------------- */

#define N_WORKERS 3

struct worker {
    struct quire *q;
    unsigned cpu;
    atomic_bool *stop;
    uint64_t n_calls;
};

static void *work(void *arg) {
    struct worker *w = arg;
    quire_pa held[64];
    host_set_cpu(w->cpu);
    while (!atomic_load(w->stop)) {
        size_t n = 0;
        while (n < COUNT_OF(held) && (held[n] = quire_alloc(w->q, (uint8_t)w->cpu)) != QUIRE_NONE) {
            n++;
        }
        quire_pa run;
        if (quire_alloc_order(w->q, 5, 9, &run) == QUIRE_OK && quire_free_order(w->q, run, 5) != QUIRE_OK) {
            abort();
        }
        w->n_calls += n;
        while (n > 0) {
            if (quire_free(w->q, held[--n]) != QUIRE_OK) {
                abort();
            }
        }
    }
    return NULL;
}

/* Memory becomes usable while three threads allocate and free. */
static void while_other_threads_allocate(void **state) {
    (void)state;
    struct quire *q = memory(64 * MIB, 80 * MIB); /* more than the workers and their caches can hold */
    host_ram_add(GIB, 64 * MIB);
    atomic_bool stop = false;
    struct worker workers[N_WORKERS];
    pthread_t threads[N_WORKERS];
    for (unsigned i = 0; i < N_WORKERS; i++) {
        workers[i] = (struct worker){.q = q, .cpu = i, .stop = &stop};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    host_set_cpu(3);
    for (unsigned i = 0; i < 16; i++) {
        const struct quire_region region = USABLE(GIB + i * 4 * MIB, GIB + (i * 4 + 3) * MIB + 64 * PAGE);
        assert_int_equal(quire_add(q, &region), QUIRE_OK);
        for (unsigned n = 0; n < 2000; n++) {
            quire_pa pa = must_alloc(q, 3);
            assert_int_equal(quire_free(q, pa), QUIRE_OK);
        }
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < N_WORKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    struct quire_stats stats = stats_of(q);
    assert_int_equal(stats.n_free, stats.n_frames);
    expect_consistent(q);
    struct frames all = {0};
    take_all(q, &all);
    assert_int_equal(all.n, stats.n_frames);
    frames_clear(&all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(far_away),
        unit_case(right_behind_and_right_before),
        unit_case(in_a_block_that_another_zone_has_a_part_of),
        unit_case(in_a_hole_of_the_first_of_many_zones),
        unit_case(unaligned_bounds_are_rounded_inwards),
        unit_case(orders_come_from_added_memory),
        unit_case(many_times),
        unit_case(what_is_managed_already_is_invalid),
        unit_case(what_is_no_memory_is_invalid),
        unit_case(what_frame_numbers_do_not_reach_is_invalid),
        unit_case(too_small_for_its_own_metadata),
        unit_case(pieces_make_whole_blocks),
        unit_case(frame_by_frame),
        unit_case(metadata_in_free_frames),
        unit_case(metadata_where_free_frames_are_not_mapped),
        unit_case(between_two_zones),
        unit_case(what_is_not_mapped_can_not_be_added),
        unit_case(while_other_threads_allocate),
    };
    return cmocka_run_group_tests_name("add", tests, NULL, NULL);
}
