/* range.c: any number of frames, anywhere, against a slow search through all that the walk says is free. */
#include "unit.h"

#include <quire/port.h>

/* Memory begins and ends in the middle of a block, and has a hole in the middle of another. */
#define BASE (64 * MIB + 37 * PAGE)
#define HOLE (BASE + 5 * MIB)
#define END  (BASE + 12 * MIB + 11 * PAGE)
#define N    ((END - 64 * MIB) / PAGE)

static struct quire *q;

static struct quire *holed_memory(void) {
    static const struct quire_region regions[] = {USABLE(BASE, HOLE), RESERVED(HOLE, HOLE + 3 * PAGE),
                                                  USABLE(HOLE + 3 * PAGE, END)};
    const struct quire_config config = {.n_cpus = 2, .mapped_end = QUIRE_NONE};
    return unit_make(&config, regions, COUNT_OF(regions));
}

/* ---- the slow search -------------------------------------------------------------------------------------- */

/* For each frame from 64 MiB on: whether it is free; whether it is anything but a hole or metadata. */
static bool is_free[N], is_ours[N];

static bool note(void *ctx, const struct quire_run *run) {
    (void)ctx;
    for (uint64_t i = 0; i < run->n_frames; i++) {
        size_t f = (size_t)((run->base - 64 * MIB) / PAGE + i);
        is_free[f] = run->state == QUIRE_STATE_FREE;
        is_ours[f] = run->state != QUIRE_STATE_RESERVED && run->state != QUIRE_STATE_METADATA;
    }
    return true;
}

static void look(void) {
    for (size_t i = 0; i < N; i++) {
        is_free[i] = is_ours[i] = false;
    }
    quire_walk(q, note, NULL);
}

static bool place_is(const bool *frames, const struct quire_request *r, size_t f) {
    quire_pa pa = 64 * MIB + f * PAGE, end = pa + r->n_frames * PAGE;
    if ((r->align != 0 && pa % r->align != 0) || pa < r->low || (r->end != 0 && end > r->end) ||
        (r->boundary != 0 && pa / r->boundary != (end - 1) / r->boundary)) {
        return false;
    }
    for (size_t i = f; i < f + r->n_frames; i++) {
        if (i >= N || !frames[i]) {
            return false;
        }
    }
    return true;
}

static bool fits(const bool *frames, const struct quire_request *r) {
    for (size_t f = 0; f < N; f++) {
        if (place_is(frames, r, f)) {
            return true;
        }
    }
    return false;
}

static enum quire_status expected(const struct quire_request *r) {
    look();
    return fits(is_free, r)          ? QUIRE_OK
           : !fits(is_ours, r)       ? QUIRE_UNSATISFIABLE
           : n_free(q) < r->n_frames ? QUIRE_NO_MEMORY
                                     : QUIRE_FRAGMENTED;
}

/* ---- random numbers and memory ---------------------------------------------------------------------------- */

static uint64_t dice;

static uint32_t roll(uint32_t n) {
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice >> 33) % n;
}

/* Takes everything, and frees `percent` of it, frame by frame, past the caches: what lies in these is found last, when places
 * beside it are taken. */
static void scatter(unsigned percent) {
    struct frames all = {0};
    take_all(q, &all);
    host_set_cpu(1000);
    for (size_t i = 0; i < all.n; i++) {
        if (roll(100) < percent) {
            assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
        }
    }
    host_set_cpu(0);
    frames_clear(&all);
}

/* ---- finding ---------------------------------------------------------------------------------------------- */

static void expect_held(quire_pa pa, uint64_t n, uint8_t tag) {
    for (uint64_t i = 0; i < n; i++) {
        assert_int_equal(quire_refs(q, pa + i * PAGE), 1);
    }
    struct quire_run run = run_at(q, pa);
    assert_int_equal(run.state, QUIRE_STATE_HELD);
    assert_int_equal(run.tag, tag);
}

static void whatever_is_asked_for_is_found_if_it_is_there(void **state) {
    (void)state;
    static const quire_pa powers[] = {0, 0, 0, PAGE, 2 * PAGE, 16 * PAGE, 64 * PAGE, MIB, 2 * MIB, 8 * MIB};
    unsigned n_found = 0;
    for (unsigned seed = 0; seed < 16; seed++) {
        dice = seed;
        q = holed_memory();
        scatter(seed % 4 == 3 ? 97 : 40 + 2 * seed);
        for (unsigned i = 0; i < 40; i++) {
            struct quire_request r = {.n_frames = 1 + roll(roll(4) == 0 ? 1200 : 24), .tag = 77};
            r.align = powers[roll(COUNT_OF(powers))];
            r.boundary = powers[roll(COUNT_OF(powers))];
            r.low = roll(2) == 0 ? 0 : 64 * MIB + roll(12 * (uint32_t)MIB);
            r.end = roll(2) == 0 ? 0 : r.low + 1 + roll(6 * (uint32_t)MIB) + 64 * MIB * (r.low == 0);
            enum quire_status right = expected(&r);
            quire_pa pa;
            assert_int_equal(quire_alloc_for(q, &r, &pa), right);
            assert_true((pa == QUIRE_NONE) == (right != QUIRE_OK));
            if (right == QUIRE_OK) {
                assert_true(place_is(is_free, &r, (size_t)((pa - 64 * MIB) / PAGE)));
                expect_held(pa, r.n_frames, 77);
                n_found++;
            }
            if (right == QUIRE_OK && roll(3) == 0) {
                assert_int_equal(quire_free_frames(q, pa, r.n_frames), QUIRE_OK);
            }
        }
        expect_consistent(q);
        host_ram_clear();
    }
    assert_true(n_found > 100);
}

/* As many as the stretches of free frames have room for. */
static void runs_of_any_number_are_found_to_the_last_one(void **state) {
    (void)state;
    static const uint64_t numbers[] = {3, 5, 9, 12, 20, 63, 65, 300};
    for (unsigned i = 0; i < COUNT_OF(numbers); i++) {
        dice = i;
        q = holed_memory();
        scatter(i < 2 ? 50 : i < 5 ? 75 : 99);
        look();
        uint64_t possible = 0, found = 0, length = 0;
        for (size_t f = 0; f < N; f++) {
            length = is_free[f] ? length + 1 : 0;
            possible += length > 0 && length % numbers[i] == 0;
        }
        quire_pa pa;
        while (quire_alloc_for(q, &(struct quire_request){.n_frames = numbers[i], .tag = 5}, &pa) == QUIRE_OK) {
            found++;
        }
        assert_true(possible > 0);
        assert_int_equal(found, possible);
        expect_consistent(q);
        host_ram_clear();
    }
}

/* Two parts together may serve another call. The block before is one that was never used, and one that is full but for its
 * end. */
static void a_stretch_that_begins_in_the_block_before_is_left_alone(void **state) {
    (void)state;
    const quire_pa block = 72 * MIB;
    const struct quire_request in_block = {.n_frames = 4, .low = block, .end = block + BLOCK};
    for (unsigned used = 0; used < 2; used++) {
        q = unit_simple(64 * MIB, 16 * MIB);
        if (used) {
            assert_int_equal(quire_alloc_range(q, block - BLOCK, 507, 1), 507);
        }
        assert_int_equal(quire_alloc_range(q, block + 6 * PAGE, 94, 1), 94);
        assert_int_equal(quire_alloc_range(q, block + 130 * PAGE, 382, 1), 382);
        quire_pa pa;
        assert_int_equal(quire_alloc_for(q, &in_block, &pa), QUIRE_OK);
        assert_int_equal(pa, block + 100 * PAGE);
        unit_teardown(NULL);
        unit_setup(NULL);
    }
    q = unit_simple(64 * MIB, 16 * MIB);
}

static void all_of_memory_at_once(void **state) {
    (void)state;
    q = unit_simple(BASE, END - BASE);
    const uint64_t n = n_free(q);
    quire_pa pa;
    assert_int_equal(quire_alloc_for(q, &(struct quire_request){.n_frames = n + 1}, &pa), QUIRE_UNSATISFIABLE);
    assert_int_equal(quire_alloc_for(q, &(struct quire_request){.n_frames = n, .tag = 3}, &pa), QUIRE_OK);
    assert_int_equal(pa, END - n * PAGE);
    assert_int_equal(n_free(q), 0);
    expect_held(pa, n, 3);
    expect_consistent(q);
    assert_int_equal(quire_alloc_for(q, &(struct quire_request){.n_frames = 2}, &(quire_pa){0}), QUIRE_NO_MEMORY);
    assert_int_equal(quire_free_frames(q, pa, n), QUIRE_OK);
    assert_int_equal(n_free(q), n);
    expect_consistent(q);
}

static void nothing_asked_for_is_one_frame(void **state) {
    (void)state;
    q = unit_simple(BASE, END - BASE);
    quire_pa pa;
    assert_int_equal(quire_alloc_for(q, &(struct quire_request){0}, &pa), QUIRE_OK);
    expect_held(pa, 1, 0);
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
}

/* What other CPUs have in their caches is found, too. */
static void frames_in_caches_are_found(void **state) {
    (void)state;
    q = holed_memory();
    struct frames all = {0};
    host_set_cpu(1);
    take_all(q, &all);
    for (size_t i = 10; i < 17; i++) {
        assert_int_equal(quire_free(q, all.at[all.n - i]), QUIRE_OK);
    }
    host_set_cpu(0);
    quire_pa pa;
    assert_int_equal(quire_alloc_for(q, &(struct quire_request){.n_frames = 7}, &pa), QUIRE_OK);
    assert_int_equal(n_free(q), 0);
    frames_clear(&all);
}

static void a_search_with_a_bound_gives_up(void **state) {
    (void)state;
    q = holed_memory();
    scatter(50);
    quire_pa pa;
    struct quire_request r = {.n_frames = 200, .n_looks = 2};
    assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_GAVE_UP);
    assert_int_equal(pa, QUIRE_NONE);
    r.n_looks = 1000;
    assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_FRAGMENTED);
    r.n_frames = 3;
    r.n_looks = 2;
    assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
    expect_consistent(q);
}

/* ---- given ranges ----------------------------------------------------------------------------------------- */

static void a_given_range_is_taken_all_or_not_at_all(void **state) {
    (void)state;
    q = unit_simple(BASE, END - BASE);
    const quire_pa at = 68 * MIB + 500 * PAGE;
    const struct quire_request r = {.n_frames = 1000, .low = at, .end = at + 1000 * PAGE, .tag = 9};
    quire_pa pa, again;
    assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
    assert_int_equal(pa, at);
    assert_int_equal(quire_alloc_for(q, &r, &again), QUIRE_FRAGMENTED);
    assert_int_equal(quire_free(q, at + 999 * PAGE), QUIRE_OK);
    const uint64_t before = digest(q);
    assert_int_equal(quire_alloc_for(q, &r, &again), QUIRE_FRAGMENTED);
    assert_true(digest(q) == before || n_free(q) > 0);
    expect_consistent(q);
    assert_int_equal(quire_free_frames(q, at, 999), QUIRE_OK);
    assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
}

static void as_much_of_a_range_as_is_free(void **state) {
    (void)state;
    q = unit_simple(BASE, END - BASE);
    const quire_pa at = 68 * MIB + 100 * PAGE;
    assert_int_equal(quire_alloc_range(q, at + 700 * PAGE, 1, 8), 1);
    assert_int_equal(quire_alloc_range(q, at, 5000, 7), 700);
    expect_held(at, 700, 7);
    assert_int_equal(quire_alloc_range(q, at, 5000, 7), 0);
    assert_int_equal(quire_alloc_range(q, at + 701 * PAGE, 600, 6), 600);
    expect_consistent(q);
    /* to the end of memory, and not beyond */
    assert_int_equal(quire_alloc_range(q, END - 3 * PAGE, 10, 5), 3);
    /* in a cache, too */
    host_set_cpu(1);
    quire_pa single = must_alloc(q, 1), next = must_alloc(q, 1);
    assert_int_equal(next, single + PAGE);
    assert_int_equal(quire_free(q, next), QUIRE_OK);
    assert_int_equal(quire_free(q, single), QUIRE_OK);
    host_set_cpu(0);
    assert_int_equal(quire_alloc_range(q, single, 2, 5), 2);
    expect_consistent(q);
    /* what means nothing */
    assert_int_equal(quire_alloc_range(q, 0, 1, 5), 0);
    assert_int_equal(quire_alloc_range(q, END, 1, 5), 0);
    assert_int_equal(quire_alloc_range(q, at + 1301 * PAGE + 8, 1, 5), 0);
    assert_int_equal(quire_alloc_range(q, at + 1301 * PAGE, 0, 5), 0);
    assert_int_equal(quire_alloc_range(q, at + 1301 * PAGE, 1, QUIRE_TAG_QUARANTINE), 0);
    assert_int_equal(quire_alloc_range(q, QUIRE_NONE, 1, 5), 0);
    assert_int_equal(quire_alloc_range(q, at + 1301 * PAGE, UINT64_MAX, 5) > 0, 1);
    expect_consistent(q);
}

/* ---- freeing ---------------------------------------------------------------------------------------------- */

/* One run of many blocks, given back in pieces of any size, by any call, in any order. */
static void a_run_comes_back_in_any_pieces(void **state) {
    (void)state;
    for (unsigned seed = 0; seed < 9; seed++) {
        dice = seed;
        q = unit_simple(BASE, END - BASE);
        const uint64_t n_before = n_free(q), n = 1500 + roll(900);
        quire_pa pa, pieces[1 << 12];
        uint64_t lengths[1 << 12];
        size_t n_pieces = 0;
        assert_int_equal(quire_alloc_for(q, &(struct quire_request){.n_frames = n, .tag = 4}, &pa), QUIRE_OK);
        for (uint64_t i = 0; i < n; i += lengths[n_pieces++]) {
            lengths[n_pieces] = 1 + roll(seed % 3 == 0 ? 5 : 900);
            lengths[n_pieces] = lengths[n_pieces] < n - i ? lengths[n_pieces] : n - i;
            pieces[n_pieces] = pa + i * PAGE;
        }
        while (n_pieces > 0) {
            size_t i = roll((uint32_t)n_pieces);
            if (lengths[i] == 1 && roll(2) == 0) {
                assert_int_equal(roll(2) == 0 ? quire_free(q, pieces[i]) : quire_put(q, pieces[i]), QUIRE_OK);
            } else {
                assert_int_equal(quire_free_frames(q, pieces[i], lengths[i]), QUIRE_OK);
            }
            lengths[i] = lengths[--n_pieces];
            pieces[i] = pieces[n_pieces];
            if (seed % 3 != 0) {
                expect_consistent(q);
            }
        }
        assert_int_equal(n_free(q), n_before);
        expect_consistent(q);
        host_ram_clear();
    }
}

/* An aligned part of a run is a part of one allocation; what covers two is not, but for quire_free_frames. */
static void runs_are_allocations(void **state) {
    (void)state;
    q = unit_simple(64 * MIB, 16 * MIB);
    quire_pa a, b;
    const quire_pa at = 68 * MIB;
    const struct quire_request first = {.n_frames = 1024 + 4, .low = at, .end = at + 1028 * PAGE, .tag = 1},
                               second = {.n_frames = 600, .low = first.end, .end = first.end + 600 * PAGE, .tag = 1};
    assert_int_equal(quire_alloc_for(q, &first, &a), QUIRE_OK);
    assert_int_equal(quire_alloc_for(q, &second, &b), QUIRE_OK);
    assert_int_equal(b, a + 1028 * PAGE);
    assert_int_equal(quire_free_order(q, a + 1024 * PAGE, 3), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_WRONG_ORDER, "quire_free_order", b, 3, 1, 1);
    assert_int_equal(quire_free_order(q, a + 512 * PAGE, QUIRE_BLOCK_ORDER), QUIRE_OK);
    expect_consistent(q);
    assert_int_equal(quire_get(q, a + 5 * PAGE), QUIRE_OK);
    assert_int_equal(quire_free_frames(q, a, 512), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_SHARED, "quire_free_frames", a + 5 * PAGE, 9, 2, 1);
    assert_int_equal(quire_put(q, a + 5 * PAGE), QUIRE_OK);
    assert_int_equal(quire_free_frames(q, a + 1020 * PAGE, 2), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_DOUBLE_FREE, "quire_free_frames", a + 1020 * PAGE, 1, 0, 1);
    assert_int_equal(quire_free_frames(q, a + 1024 * PAGE, 604), QUIRE_OK);
    assert_int_equal(quire_free_frames(q, a, 512), QUIRE_OK);
    expect_consistent(q);
}

/* Frames of single calls that lie side by side come back by one. */
static void frames_of_many_allocations_come_back_at_once(void **state) {
    (void)state;
    q = unit_simple(64 * MIB, 16 * MIB);
    struct frames all = {0};
    take_all(q, &all);
    assert_int_equal(quire_free_frames(q, 66 * MIB + 5 * PAGE, 1500), QUIRE_OK);
    assert_int_equal(n_free(q), 1500);
    expect_consistent(q);
    quire_pa pa;
    assert_int_equal(quire_alloc_for(q, &(struct quire_request){.n_frames = 1500}, &pa), QUIRE_OK);
    assert_int_equal(pa, 66 * MIB + 5 * PAGE);
    frames_clear(&all);
}

/* Memory that was added lies in a zone of its own. A run ends where the zone does; frames on both sides come back at once. */
static void over_two_zones(void **state) {
    (void)state;
    const struct quire_region later = USABLE(80 * MIB, 96 * MIB);
    unit_ram(&later, 1, QUIRE_NONE);
    q = unit_simple(64 * MIB, 16 * MIB);
    assert_int_equal(quire_add(q, &later), QUIRE_OK);
    const quire_pa at = 80 * MIB - 10 * PAGE;
    const uint64_t n_before = n_free(q);
    assert_int_equal(quire_alloc_range(q, at, 20, 3), 10);
    const uint64_t n = quire_alloc_range(q, 80 * MIB, 600, 4);
    assert_true(n > 0);
    expect_consistent(q);
    const uint64_t held = digest(q);
    assert_int_equal(quire_free_frames(q, at, 11 + n), QUIRE_FAULT);
    assert_int_equal(host_take_faults(&(struct quire_fault){0}), 1);
    assert_int_equal(digest(q), held);
    assert_int_equal(quire_free_frames(q, at, 10 + n), QUIRE_OK);
    assert_int_equal(n_free(q), n_before);
    expect_consistent(q);
}

/* ---- misuse ----------------------------------------------------------------------------------------------- */

static bool metadata(void *ctx, const struct quire_run *run) {
    *(quire_pa *)ctx = run->base;
    return run->state != QUIRE_STATE_METADATA;
}

static quire_pa metadata_of(const struct quire *a) {
    quire_pa pa = QUIRE_NONE;
    quire_walk(a, metadata, &pa);
    return pa;
}

static void what_can_not_be_freed_changes_nothing(void **state) {
    (void)state;
    q = holed_memory();
    struct frames all = {0};
    take_all(q, &all);
    const uint64_t before = digest(q);
    assert_int_equal(quire_free_frames(q, HOLE - 4 * PAGE, 5), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_RESERVED, "quire_free_frames", HOLE, 3, 0, 0);
    assert_int_equal(quire_free_frames(q, HOLE - 4 * PAGE + 1, 2), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_MISALIGNED, "quire_free_frames", HOLE - 4 * PAGE + 1, 1, 0, 0);
    assert_int_equal(quire_free_frames(q, END - PAGE, 2), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_UNMANAGED, "quire_free_frames", END, 0, 0, 0);
    const quire_pa own = metadata_of(q);
    assert_int_equal(quire_free_frames(q, own, 1), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_RESERVED, "quire_free_frames", own, 0, 0, 0);
    assert_int_equal(quire_free_frames(q, HOLE - 4 * PAGE, UINT64_MAX), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_RESERVED, "quire_free_frames", HOLE, 11, 0, 0);
    assert_int_equal(quire_free_frames(q, HOLE - 4 * PAGE, 0), QUIRE_INVALID);
    assert_int_equal(digest(q), before);
    frames_clear(&all);
}

/* The first frame that is wrong is named, also where one behind it can not even be looked up: a block that was never used. */
static void the_first_of_two_that_are_wrong(void **state) {
    (void)state;
    q = unit_simple(64 * MIB, 32 * MIB);
    const quire_pa held = must_alloc(q, 3);
    const uint64_t n = 2 * QUIRE_BLOCK_FRAMES;
    assert_int_equal(quire_free_frames(q, held, n), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_NEVER_ALLOCATED, "quire_free_frames", held + PAGE, 10, 0, 0);
    assert_int_equal(quire_retag(q, held, n, 4), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_GET_FREE, "quire_retag", held + PAGE, 10, 0, 0);
}

/* It begins in a block that is used, and the next was never: its records are rubbish. */
static void a_run_into_a_fresh_block(void **state) {
    (void)state;
    q = unit_simple(64 * MIB, 32 * MIB);
    const quire_pa fresh = must_alloc_order(q, QUIRE_BLOCK_ORDER, 3) + BLOCK, last = fresh - PAGE;
    assert_int_equal(quire_free_frames(q, last, 2), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_NEVER_ALLOCATED, "quire_free_frames", fresh, 1, 0, 0);
    assert_int_equal(quire_retag(q, last, 2, 4), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_GET_FREE, "quire_retag", fresh, 1, 0, 0);
    expect_held(last, 1, 3);
}

/* Blocks reach further than memory does. */
static void behind_the_last_frame(void **state) {
    (void)state;
    q = unit_simple(64 * MIB, 4 * MIB + 7 * PAGE);
    assert_int_equal(quire_alloc_range(q, 68 * MIB + 108 * PAGE, 1000, 3), 0);
    assert_int_equal(quire_alloc_range(q, 68 * MIB + 7 * PAGE, 1, 3), 0);
    assert_int_equal(quire_alloc_range(q, 68 * MIB + 6 * PAGE, 1000, 3), 1);
    expect_consistent(q);
}

static void requests_that_mean_nothing(void **state) {
    (void)state;
    static const struct quire_request invalid[] = {{.tag = QUIRE_TAG_QUARANTINE},
                                                   {.align = 3 * PAGE},
                                                   {.boundary = PAGE + 1},
                                                   {.low = 70 * MIB, .end = 70 * MIB},
                                                   {.low = 70 * MIB, .end = 1}},
                                      never[] = {{.n_frames = UINT64_MAX},
                                                 {.n_frames = 17, .boundary = 16 * PAGE},
                                                 {.boundary = PAGE / 2},
                                                 {.n_frames = 2, .low = 70 * MIB, .end = 70 * MIB + PAGE},
                                                 {.low = 70 * MIB + 1, .end = 70 * MIB + PAGE},
                                                 {.low = END},
                                                 {.end = BASE},
                                                 {.align = (quire_pa)1 << 63},
                                                 {.low = UINT64_MAX}};
    q = unit_simple(BASE, END - BASE);
    const uint64_t before = digest(q);
    for (size_t i = 0; i < COUNT_OF(invalid); i++) {
        quire_pa pa = 0;
        assert_int_equal(quire_alloc_for(q, &invalid[i], &pa), QUIRE_INVALID);
        assert_int_equal(pa, QUIRE_NONE);
    }
    for (size_t i = 0; i < COUNT_OF(never); i++) {
        quire_pa pa = 0;
        assert_int_equal(quire_alloc_for(q, &never[i], &pa), QUIRE_UNSATISFIABLE);
        assert_int_equal(pa, QUIRE_NONE);
    }
    assert_int_equal(digest(q), before);
}

/* ---- contents --------------------------------------------------------------------------------------------- */

static void a_run_with_a_frame_that_was_written_to(void **state) {
    (void)state;
    const struct quire_region region = USABLE(64 * MIB, 80 * MIB);
    const struct quire_config config = {.n_cpus = 1, .mapped_end = QUIRE_NONE, .content = QUIRE_CONTENT_POISON};
    q = unit_make(&config, &region, 1);
    const struct quire_request r = {.n_frames = 1300, .low = 68 * MIB, .tag = 3};
    quire_pa pa, other;
    assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
    assert_int_equal(quire_free_frames(q, pa, 1300), QUIRE_OK);
    ((char *)quire_port_map(pa + 700 * PAGE))[9] = 1;
    assert_int_equal(quire_alloc_for(q, &r, &other), QUIRE_OK);
    struct quire_fault fault = expect_fault(QUIRE_FAULT_CONTENT, "quire_alloc_for", pa + 700 * PAGE, 11, 0, 3);
    assert_int_equal(fault.offset, 9);
    assert_int_equal(run_at(q, pa + 700 * PAGE).tag, QUIRE_TAG_QUARANTINE);
    assert_true(other > pa + 700 * PAGE || other + 1300 * PAGE <= pa + 700 * PAGE);
    expect_consistent(q);
}

/* Frame 0 is a frame. */
static void memory_from_0_on(void **state) {
    (void)state;
    q = unit_simple(0, 8 * MIB);
    assert_int_equal(quire_alloc_range(q, 4 * MIB, 1024, 1), 1024);
    quire_pa pa;
    const struct quire_request r = {.n_frames = 700, .end = 4 * MIB, .align = PAGE};
    assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
    assert_true(pa + 700 * PAGE <= 4 * MIB);
    expect_consistent(q);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(whatever_is_asked_for_is_found_if_it_is_there),
        unit_case(runs_of_any_number_are_found_to_the_last_one),
        unit_case(a_stretch_that_begins_in_the_block_before_is_left_alone),
        unit_case(all_of_memory_at_once),
        unit_case(nothing_asked_for_is_one_frame),
        unit_case(frames_in_caches_are_found),
        unit_case(a_search_with_a_bound_gives_up),
        unit_case(a_given_range_is_taken_all_or_not_at_all),
        unit_case(as_much_of_a_range_as_is_free),
        unit_case(a_run_comes_back_in_any_pieces),
        unit_case(runs_are_allocations),
        unit_case(frames_of_many_allocations_come_back_at_once),
        unit_case(over_two_zones),
        unit_case(what_can_not_be_freed_changes_nothing),
        unit_case(the_first_of_two_that_are_wrong),
        unit_case(a_run_into_a_fresh_block),
        unit_case(behind_the_last_frame),
        unit_case(requests_that_mean_nothing),
        unit_case(a_run_with_a_frame_that_was_written_to),
        unit_case(memory_from_0_on),
    };
    return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
