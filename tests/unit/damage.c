/* damage.c: the allocator's own data, damaged: what quire_validate finds, and what alloc and free notice by themselves.
 *
 * Unlike the other tests this one looks inside: it includes the core's headers to know what to damage. */
#include "unit.h"

#include "src/core.h"
#include <string.h>

#define BASE (64 * MIB + 16 * PAGE)
#define END  (320 * MIB + 40 * PAGE) /* large enough that frees are kept warm, not gathered */

/* Memory in which there is something of everything, with the frames that the tests damage. */
static struct quire *q;
static struct q_zone *zone;
static quire_pa single, shared, warm, run, whole, was_whole, mixed;

static void make_memory(enum quire_content content) {
    const struct quire_config config = {.n_cpus = 2, .content = content};
    const struct quire_region map[] = {USABLE(BASE, END)};
    q = unit_make(&config, map, 1);
    zone = q->main;
}

static void use_some(void) {
    struct frames used = {0}, blocks = {0};
    make_memory(QUIRE_CONTENT_NONE);
    for (unsigned i = 0; i < 700; i++) {
        frames_push(&used, must_alloc(q, 7));
    }
    for (unsigned i = 0; i < 400; i++) {
        assert_int_equal(quire_free(q, used.at[i]), QUIRE_OK);
    }
    mixed = used.at[0] / BLOCK * BLOCK;
    take_all_order(q, QUIRE_MAX_ORDER, &blocks); /* a search that fails sends home what the caches have */
    free_all_order(q, QUIRE_MAX_ORDER, &blocks);
    frames_clear(&used);

    run = must_alloc_order(q, 4, 4);
    assert_int_equal(quire_free_order(q, run + 8 * PAGE, 1), QUIRE_OK);
    whole = must_alloc_order(q, QUIRE_BLOCK_ORDER, 5);
    was_whole = must_alloc_order(q, QUIRE_BLOCK_ORDER, 6);
    assert_int_equal(quire_free_order(q, was_whole, QUIRE_BLOCK_ORDER), QUIRE_OK);
    shared = must_alloc(q, 3);
    assert_int_equal(quire_get(q, shared), QUIRE_OK);
    quire_pa freed[2][100];
    for (unsigned i = 0; i < 200; i++) {
        host_set_cpu(i / 100);
        freed[i / 100][i % 100] = must_alloc(q, 8);
    }
    single = must_alloc(q, 3);
    for (unsigned i = 0; i < 200; i++) { /* on the other CPU, which did not borrow them */
        host_set_cpu(1 - i / 100);
        warm = freed[i / 100][i % 100];
        assert_int_equal(quire_free(q, warm), QUIRE_OK);
    }
    expect_consistent(q);
}

/* ---- planting ------------------------------------------------------------------------------------------- */

static q_record *record_of(quire_pa pa) {
    return q_zone_record(zone, (q_frame)(pa >> QUIRE_PAGE_SHIFT));
}

static size_t block_of(quire_pa pa) {
    return q_zone_block_of(zone, (q_frame)(pa >> QUIRE_PAGE_SHIFT));
}

static struct quire_fault found; /* by the last is_found */

/* Validation says that something is wrong, in words, and does not report it as a fault of the caller's. */
static bool is_found(void) {
    found = (struct quire_fault){.kind = QUIRE_FAULT_NONE};
    enum quire_status status = quire_validate(q, &found);
    if (status != QUIRE_FAULT) {
        return false;
    }
    assert_int_equal(found.kind, QUIRE_FAULT_METADATA);
    assert_string_equal(found.call, "quire_validate");
    assert_true(strlen(found.detail) > 0);
    assert_true(found.pa != QUIRE_NONE || found.record == 0);
    assert_int_equal(host_take_faults(NULL), 0);
    return true;
}

/* What was found last is not about a frame's or block's record. */
static void expect_no_record(void) {
    assert_int_equal(found.record, 0);
}

/* Flips bit after bit of something, each by itself; the bits in `mask` must be found, the others may mean anything. */
static void flip_each(const char *what, void *at, size_t n_bytes, uint64_t mask) {
    unsigned char *bytes = at;
    for (size_t bit = 0; bit < n_bytes * 8; bit++) {
        if ((mask >> bit % 64 & 1) == 0) {
            continue;
        }
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        bool is_noticed = is_found();
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        if (!is_noticed) {
            fail_msg("%s: bit %zu flipped, and nothing found", what, bit);
        }
    }
    struct quire_fault first;
    assert_int_equal(quire_validate(q, &first), QUIRE_OK);
    assert_int_equal(first.kind, QUIRE_FAULT_NONE);
}

/* ---- one bit anywhere ------------------------------------------------------------------------------------ */

static void the_free_bits(void **state) {
    (void)state;
    use_some();
    const quire_pa blocks[] = {BASE, mixed, whole, was_whole};
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        flip_each("free bits", &zone->lines[block_of(blocks[i])], sizeof(struct q_line), ~0ull);
    }
}

static void the_counts_of_blocks(void **state) {
    (void)state;
    use_some();
    for (size_t b = 0; (b = q_zone_next_ready(zone, b)) != Q_NO_BLOCK; b++) {
        flip_each("count of a block", (void *)(uintptr_t)&zone->blocks[b].count, sizeof(int32_t), ~0ull);
    }
    flip_each("whole blocks", (void *)(uintptr_t)&q->balance.n_whole, sizeof(intptr_t), ~0ull);
    expect_no_record();
}

static void the_records_of_frames(void **state) {
    (void)state;
    use_some();
    const uint64_t count = Q_COUNT_TOP, held = 1 | Q_FREED | Q_RESERVED;
    flip_each("record of a held frame", record_of(single), 4, held);
    flip_each("record of a shared frame", record_of(shared), 4, Q_FREED | Q_RESERVED);
    flip_each("record of a part of a run", record_of(run), 4, held);
    flip_each("record of a joined frame", record_of(run + PAGE), 4, held | Q_JOIN_NEXT | Q_JOIN_PREV);
    flip_each("record of a frame beyond a cut", record_of(run + 7 * PAGE), 4, held | Q_JOIN_NEXT);
    flip_each("record of a warm frame", record_of(warm), 4, count | Q_RESERVED);
    flip_each("record of a freed part", record_of(run + 8 * PAGE), 4, count | Q_RESERVED);
    flip_each("record of a frame of a whole block", record_of(whole + 7 * PAGE), 4, 0xFFFFFFFF);
    flip_each("record of a frame in a clean block", record_of(was_whole + 7 * PAGE), 4, 0xFFFFFFFF);
    flip_each("record of a frame that is no memory", record_of(BASE - PAGE), 4, 0xFFFFFFFF);
}

static void the_records_of_blocks(void **state) {
    (void)state;
    use_some();
    flip_each("record of a whole block", &zone->blocks[block_of(whole)].record, 4, Q_COUNT_TOP);
    flip_each("record of a free block", &zone->blocks[block_of(was_whole)].record, 4, Q_COUNT_TOP);
    flip_each("record of a used block", &zone->blocks[block_of(mixed)].record, 4, Q_COUNT_TOP | Q_CLEAN);
}

/* Who shares a part of a block splits it first. */
static void a_whole_block_with_two_references(void **state) {
    (void)state;
    use_some();
    q_record *record = &zone->blocks[block_of(whole)].record;
    assert_int_equal(Q_COUNT(atomic_fetch_add(record, 1)), 1);
    assert_true(is_found());
    atomic_fetch_sub(record, 1);
    expect_consistent(q);
}

static void the_hints(void **state) {
    (void)state;
    use_some();
    unsigned n_hinted = 0;
    for (size_t b = 0; (b = q_zone_next_ready(zone, b)) != Q_NO_BLOCK; b++) {
        enum q_class class = q_class_of(atomic_load(&zone->blocks[b].count));
        if (class != Q_NOTHING) {
            n_hinted++;
            q_index_clear(&zone->index, class, b + zone->skew);
            assert_true(is_found());
            expect_no_record();
            q_index_set(&zone->index, class, b + zone->skew);
            expect_consistent(q);
        }
    }
    assert_true(n_hinted > 1);
}

static void the_cpu_caches(void **state) {
    (void)state;
    use_some();
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        struct q_cache *c = &q->caches[cpu];
        assert_true(c->n_warm > 0);
        flip_each("number of warm frames", &c->guard, sizeof c->guard, Q_VISIT - 1);
        expect_no_record();
        flip_each("first frame of the zone", &c->first, sizeof c->first, ~0ull);
        expect_no_record();
        flip_each("records of the zone", &c->records, sizeof c->records, ~0ull);
        c->n_quick++;
        assert_true(is_found()); /* more than is initialised; less would only be slower */
        c->n_quick--;
        flip_each("zone", &c->zone, sizeof c->zone, ~0ull);
        flip_each("warm frames", c->warm, c->n_warm * sizeof c->warm[0], ~0ull);
        flip_each("borrowed frames", c->in.mask, sizeof c->in.mask, ~0ull);
        flip_each("frames on their way home", c->out.mask, sizeof c->out.mask, ~0ull);
        assert_true(c->in.zone != NULL);
        flip_each("borrowed block", &c->in.block, sizeof c->in.block, ~0ull);
        flip_each("address of the borrowed block", &c->in.base, sizeof c->in.base, ~0ull);
        flip_each("zone of the borrowed block", &c->in.zone, sizeof c->in.zone, ~0ull);
        c->in.block ^= 1;
        assert_true(is_found());
        assert_true(found.pa == (quire_pa)c->in.base << QUIRE_PAGE_SHIFT);
        expect_no_record();
        c->in.block ^= 1;
    }
}

static void the_cache_of_a_cpu_that_did_nothing(void **state) {
    (void)state;
    make_memory(QUIRE_CONTENT_NONE);
    struct q_cache *c = &q->caches[1];
    assert_true(c->in.zone == NULL && c->out.zone == NULL);
    flip_each("borrowed frames of no block", c->in.mask, sizeof c->in.mask, ~0ull);
    expect_no_record();
    flip_each("frames of no block on their way home", c->out.mask, sizeof c->out.mask, ~0ull);
}

/* Its place would be looked for among the records of the zone that the cache looks at. */
static void a_warm_frame_of_another_zone(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 2};
    const struct quire_region map[] = {USABLE(BASE, END), USABLE(2 * END, 2 * END + BLOCK / 2)};
    q = unit_make(&config, map, 2);
    for (unsigned cpu = 0; cpu < 2; cpu++) { /* the first one takes all of the upper zone */
        host_set_cpu(cpu);
        must_alloc(q, 1);
    }
    q_frame *a = &q->caches[0].warm[1], *b = &q->caches[1].warm[1], other = *a;
    assert_true(q->caches[0].zone != q->caches[1].zone);
    *a = *b;
    *b = other;
    assert_true(is_found());
    *b = *a;
    *a = other;
    expect_consistent(q);
}

/* A cache that gathers has nothing to do with warm frames, however few. */
static void a_cpu_cache_that_gathers(void **state) {
    (void)state;
    struct frames all = {0};
    make_memory(QUIRE_CONTENT_NONE);
    take_all(q, &all);
    for (size_t i = 0; i < all.n; i += 2) {
        assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
    }
    struct q_cache *c = &q->caches[0];
    assert_int_equal(c->gathering, 1);
    flip_each("frames that are freed quickly", &c->n_quick, sizeof c->n_quick, ~0ull);
    frames_clear(&all);
}

static void the_zone(void **state) {
    (void)state;
    use_some();
    flip_each("number of frames", (void *)(uintptr_t)&zone->n_frames, sizeof(q_word), ~0ull);
    expect_no_record();
    q_frame ceiling = atomic_fetch_add(&zone->ceiling, Q_BLOCK); /* lower would only be slower */
    assert_true(is_found());
    expect_no_record();
    atomic_store(&zone->ceiling, ceiling);
    flip_each("whether memory is being added", (void *)(uintptr_t)&q->adding, sizeof q->adding,
              ~1ull); /* bit 0: it is */
    expect_no_record();
    flip_each("begin of the span", (void *)(uintptr_t)&zone->base, sizeof(q_frame), ~0ull);
    flip_each("end of the span", (void *)(uintptr_t)&zone->end, sizeof(q_frame), ~0ull);
    expect_no_record();
}

/* ---- more than a bit -------------------------------------------------------------------------------------- */

static void overwrite(const char *what, void *at, size_t n_bytes) {
    static unsigned char saved[2048];
    assert_true(n_bytes <= sizeof saved);
    for (int byte = 0; byte <= 0xFF; byte += 0xFF) {
        memcpy(saved, at, n_bytes);
        memset(at, byte, n_bytes);
        bool is_noticed = memcmp(saved, at, n_bytes) == 0 || is_found();
        memcpy(at, saved, n_bytes);
        if (!is_noticed) {
            fail_msg("%s: all bytes %#x, and nothing found", what, byte);
        }
    }
    expect_consistent(q);
}

static void all_zeroes_and_all_ones(void **state) {
    (void)state;
    use_some();
    const quire_pa blocks[] = {single, mixed, whole, was_whole};
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        size_t b = block_of(blocks[i]);
        overwrite("free bits", &zone->lines[b], sizeof zone->lines[b]);
        overwrite("count", (void *)(uintptr_t)&zone->blocks[b].count, sizeof zone->blocks[b].count);
    }
    overwrite("records of used frames", record_of(mixed), Q_BLOCK * sizeof(q_record));
}

/* ---- noticed without looking for it ----------------------------------------------------------------------- */

static void set_free_bit(quire_pa pa) {
    const size_t i = (size_t)(pa % BLOCK / PAGE);
    atomic_fetch_or(&zone->lines[block_of(pa)].word[i / Q_WORD_BITS], q_bit(i));
    atomic_fetch_add(&zone->blocks[block_of(pa)].count, 1);
}

/* A held frame whose free bit is set: found when it comes home, and there once afterwards. */
static void a_bit_that_is_set_already(void **state) {
    (void)state;
    make_memory(QUIRE_CONTENT_NONE);
    must_alloc(q, 1);
    quire_pa pa = must_alloc_order(q, 5, 30);
    quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 31);
    struct frames rest = {0};
    take_all(q, &rest);
    quire_pa twice = pa + 3 * PAGE;
    set_free_bit(twice);
    assert_int_equal(quire_free_order(q, pa, 5), QUIRE_OK); /* the caller did nothing wrong */
    q_drain_all(q);
    expect_fault(QUIRE_FAULT_BIT_TWICE, "quire_free", twice, 0, 0, 30); /* it may come home in any call: see fault.h */
    assert_int_equal(quire_free_order(q, block, QUIRE_BLOCK_ORDER), QUIRE_OK);
    expect_consistent(q);

    struct frames again = {0};
    take_all(q, &again);
    assert_int_equal(again.n, 32 + 512);
    expect_good_frames(&again, &(struct quire_region)USABLE(BASE, END), 1);
    frames_clear(&rest);
    frames_clear(&again);
}

/* A free frame whose record says held stays with whoever that is; the caller gets another one. */
static void a_free_frame_that_somebody_holds(void **state) {
    (void)state;
    make_memory(QUIRE_CONTENT_NONE);
    struct frames all = {0};
    take_all(q, &all);
    quire_pa stolen = all.at[700];
    const size_t n_all = all.n;
    free_all(q, &all);
    atomic_store(record_of(stolen), q_held(99));
    take_all(q, &all);
    assert_int_equal(all.n, n_all - 1);
    assert_false(frames_has(&all, stolen));
    expect_fault(QUIRE_FAULT_HANDED_TWICE, "quire_alloc", stolen, 0, 1, 99);
    assert_int_equal(quire_refs(q, stolen), 1);
    expect_consistent(q);
    frames_clear(&all);
}

static void a_run_with_a_frame_that_somebody_holds(void **state) {
    (void)state;
    for (unsigned order = 1; order < QUIRE_BLOCK_ORDER; order++) {
        make_memory(QUIRE_CONTENT_NONE);
        quire_pa pa = must_alloc_order(q, order, 1), stolen = pa + PAGE;
        const uint64_t n_before = n_free(q);
        assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
        atomic_store(record_of(stolen), q_held(98));
        struct frames runs = {0};
        take_all_order(q, order, &runs);
        assert_false(frames_has(&runs, pa));
        expect_fault(QUIRE_FAULT_HANDED_TWICE, "quire_alloc_order", stolen, order, 1, 98);
        assert_int_equal(n_free(q), n_before + (1u << order) - 1 - (runs.n << order));
        expect_consistent(q);
        frames_clear(&runs);
        host_ram_clear();
    }
}

/* As after a double free of the whole block by two CPUs at once, when its second copy comes up. */
static void a_block_that_somebody_holds(void **state) {
    (void)state;
    for (unsigned order = QUIRE_BLOCK_ORDER; order <= QUIRE_MAX_ORDER; order++) {
        make_memory(QUIRE_CONTENT_NONE);
        quire_pa pa = must_alloc_order(q, order, 1), stolen = pa + ((QUIRE_PAGE_SIZE << order) - BLOCK);
        const uint64_t n_before = n_free(q);
        assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
        struct q_zone *z = q_zone_of(q, q_frame_of(stolen));
        atomic_store(&z->blocks[q_zone_block_of(z, q_frame_of(stolen))].record, q_held(98) | Q_CLEAN);
        struct frames runs = {0};
        take_all_order(q, order, &runs);
        assert_false(frames_has(&runs, pa));
        expect_fault(QUIRE_FAULT_HANDED_TWICE, "quire_alloc_order", stolen, order, 1, 98);
        assert_int_equal(n_free(q), n_before + (1u << order) - Q_BLOCK - (runs.n << order));
        expect_consistent(q);
        frames_clear(&runs);
        host_ram_clear();
    }
}

/* ---- joined ----------------------------------------------------------------------------------------------- */

static uint32_t joins_of(const q_record *r) {
    return atomic_load(r) & (Q_JOIN_PREV | Q_JOIN_NEXT);
}

/* Frames, or blocks, of one allocation are joined to each other, and those at its ends to nothing beyond. */
static void an_allocation_is_joined_inside_only(void **state) {
    (void)state;
    make_memory(QUIRE_CONTENT_NONE);
    for (unsigned order = 1; order <= QUIRE_MAX_ORDER; order++) {
        bool of_blocks = order >= QUIRE_BLOCK_ORDER;
        size_t n = (size_t)1 << (of_blocks ? order - QUIRE_BLOCK_ORDER : order);
        const quire_pa pa = must_alloc_order(q, order, 1);
        for (size_t i = 0; i < n; i++) {
            const q_record *r = of_blocks ? &zone->blocks[block_of(pa) + i].record : record_of(pa + i * PAGE);
            assert_int_equal(joins_of(r), (i > 0 ? Q_JOIN_PREV : 0) | (i + 1 < n ? Q_JOIN_NEXT : 0));
        }
    }
}

/* ---- freed twice at once ---------------------------------------------------------------------------------- */

/* What two CPUs do that free a frame at the same time: each finds it held. */
static void free_twice_at_once(quire_pa pa) {
    const uint32_t record = atomic_load(record_of(pa));
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    atomic_store(record_of(pa), record);
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
}

static void expect_noticed_once(quire_pa pa, const struct frames *mine) {
    expect_fault(QUIRE_FAULT_BIT_TWICE, "quire_free", pa, 0, 0, 1);
    expect_consistent(q);
    assert_int_equal(n_free(q) + mine->n, stats_of(q).n_frames);
}

/* The first copy lies in the block that the cache borrowed. */
static void freed_twice_into_the_borrowed_block(void **state) {
    (void)state;
    struct frames mine = {0};
    make_memory(QUIRE_CONTENT_NONE);
    for (unsigned i = 0; i < 200; i++) {
        frames_push(&mine, must_alloc(q, 1));
    }
    while (mine.n > 200 - Q_WARM) {
        assert_int_equal(quire_free(q, mine.at[--mine.n]), QUIRE_OK);
    }
    free_twice_at_once(mine.at[--mine.n]);
    q_drain_all(q); /* both come to the block */
    expect_noticed_once(mine.at[mine.n], &mine);
    frames_clear(&mine);
}

/* The first copy is on its way home, when the second one takes the same way. */
static void freed_twice_on_the_way_home(void **state) {
    (void)state;
    struct frames mine = {0};
    make_memory(QUIRE_CONTENT_NONE);
    struct quire_cpu_stats cpu = {.n_out = 0};
    for (unsigned i = 0; i < 600; i++) {
        frames_push(&mine, must_alloc(q, 1));
    }
    size_t n_freed = 100; /* the next few hundred are of one block, and not of the borrowed one */
    while (cpu.n_out == 0) {
        assert_int_equal(quire_free(q, mine.at[n_freed++]), QUIRE_OK);
        assert_true(quire_cpu_stats(q, 0, &cpu));
    }
    const quire_pa twice = mine.at[n_freed - 1];
    while (cpu.n_warm < Q_WARM) {
        assert_int_equal(quire_free(q, mine.at[n_freed++]), QUIRE_OK);
        assert_true(quire_cpu_stats(q, 0, &cpu));
    }
    atomic_store(record_of(twice), q_held(1));
    assert_int_equal(quire_free(q, twice), QUIRE_OK);
    mine.n -= n_freed - 100;
    q_drain_all(q); /* both come to the block */
    expect_noticed_once(twice, &mine);
    frames_clear(&mine);
}

/* A run of which both copies lie in one cache, behind each other or with a run of another block between them. */
static void a_run_that_is_freed_twice(void **state) {
    (void)state;
    for (unsigned n_between = 0; n_between < 2; n_between++) {
        make_memory(QUIRE_CONTENT_NONE);
        const quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 9), pa = must_alloc_order(q, 2, 1);
        const uint64_t n_before = n_free(q);
        q_drain_all(q);
        uint32_t records[4];
        for (size_t i = 0; i < COUNT_OF(records); i++) {
            records[i] = atomic_load(record_of(pa + i * PAGE));
        }
        assert_int_equal(quire_free_order(q, pa, 2), QUIRE_OK);
        for (size_t i = 0; i < n_between; i++) {
            assert_int_equal(quire_free_order(q, block, 2), QUIRE_OK);
        }
        for (size_t i = 0; i < COUNT_OF(records); i++) {
            atomic_store(record_of(pa + i * PAGE), records[i]);
        }
        assert_int_equal(quire_free_order(q, pa, 2), QUIRE_OK);
        q_drain_all(q);
        expect_fault(QUIRE_FAULT_BIT_TWICE, "quire_free", pa, 0, 0, 1);
        expect_consistent(q);
        assert_int_equal(n_free(q), n_before + 4 + 4 * n_between);
        host_ram_clear();
    }
}

/* Both copies are warm: one is handed out, the other one is not. */
static void freed_twice_and_reused(void **state) {
    (void)state;
    make_memory(QUIRE_CONTENT_NONE);
    const quire_pa pa = must_alloc(q, 1);
    free_twice_at_once(pa);
    assert_true(must_alloc(q, 2) == pa);
    assert_true(must_alloc(q, 3) != pa);
    expect_fault(QUIRE_FAULT_HANDED_TWICE, "quire_alloc", pa, 0, 1, 2);
    expect_consistent(q);
}

/* Of several in one run the first is named. */
static void bits_that_are_set_already_in_several_words(void **state) {
    (void)state;
    make_memory(QUIRE_CONTENT_NONE);
    const quire_pa pa = must_alloc_order(q, 8, 30);
    q_drain_all(q); /* so that the run does not come to the borrowed block */
    for (size_t i = 70; i < 256; i += 70) {
        set_free_bit(pa + i * PAGE);
    }
    assert_int_equal(quire_free_order(q, pa, 8), QUIRE_OK);
    q_drain_all(q);
    expect_fault(QUIRE_FAULT_BIT_TWICE, "quire_free", pa + 70 * PAGE, 0, 0, 30);
    expect_consistent(q);
}

/* The others of a small run come home, also where it goes there alone. */
static void a_bit_that_is_set_already_in_a_small_run(void **state) {
    (void)state;
    make_memory(QUIRE_CONTENT_NONE);
    const quire_pa pa = must_alloc_order(q, 2, 30);
    q_drain_all(q); /* so that no other frame of its block is on its way */
    set_free_bit(pa + 2 * PAGE);
    assert_int_equal(quire_free_order(q, pa, 2), QUIRE_OK);
    q_drain_all(q);
    expect_fault(QUIRE_FAULT_BIT_TWICE, "quire_free", pa + 2 * PAGE, 0, 0, 30);
    expect_consistent(q);
}

/* What the core believes about itself is looked at where it costs nothing, and named with the number that is wrong. */
static void a_count_that_can_not_be(void **state) {
    (void)state;
    struct quire_fault fault;
    make_memory(QUIRE_CONTENT_NONE);
    const quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
    atomic_store(&zone->blocks[block_of(block)].count, 5000);
    (void)quire_free_order(q, block, QUIRE_BLOCK_ORDER);
    q_drain_all(q); /* home, where it is counted */
    assert_int_equal(host_take_faults(&fault), 1);
    assert_int_equal(fault.kind, QUIRE_FAULT_METADATA);
    assert_int_equal(fault.value, 5000);
    assert_true(fault.pa == QUIRE_NONE && strlen(fault.detail) > 0 && strlen(fault.call) > 0);
}

/* Of two frames of one allocation only one says so. */
static void a_join_that_one_side_has(void **state) {
    (void)state;
    make_memory(QUIRE_CONTENT_NONE);
    const quire_pa pa = must_alloc_order(q, 3, 7);
    atomic_fetch_and(record_of(pa + 5 * PAGE), ~Q_JOIN_PREV);
    assert_int_equal(quire_free_order(q, pa, 3), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_WRONG_ORDER, "quire_free_order", pa + 5 * PAGE, 3, 1, 7);
    assert_true(is_found());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(the_free_bits),
        unit_case(the_counts_of_blocks),
        unit_case(the_records_of_frames),
        unit_case(the_records_of_blocks),
        unit_case(a_whole_block_with_two_references),
        unit_case(the_hints),
        unit_case(the_cpu_caches),
        unit_case(the_cache_of_a_cpu_that_did_nothing),
        unit_case(a_warm_frame_of_another_zone),
        unit_case(a_cpu_cache_that_gathers),
        unit_case(the_zone),
        unit_case(all_zeroes_and_all_ones),
        unit_case(a_bit_that_is_set_already),
        unit_case(a_free_frame_that_somebody_holds),
        unit_case(a_run_with_a_frame_that_somebody_holds),
        unit_case(a_block_that_somebody_holds),
        unit_case(an_allocation_is_joined_inside_only),
        unit_case(freed_twice_into_the_borrowed_block),
        unit_case(freed_twice_on_the_way_home),
        unit_case(a_run_that_is_freed_twice),
        unit_case(freed_twice_and_reused),
        unit_case(bits_that_are_set_already_in_several_words),
        unit_case(a_bit_that_is_set_already_in_a_small_run),
        unit_case(a_count_that_can_not_be),
        unit_case(a_join_that_one_side_has),
    };
    return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
