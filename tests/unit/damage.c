/* damage.c: the allocator's own data, damaged: what quire_validate finds. noticed.c: what others notice by themselves. */
#include "inside.h"

#include <string.h>

#define BASE (64 * MIB + 16 * PAGE)
#define END  (320 * MIB + 40 * PAGE) /* large enough that frees are kept warm, not gathered */

/* Memory in which there is something of everything, with the frames that the tests damage. */
static struct quire *q;
static struct q_zone *zone;
static quire_pa single, shared, warm, run, whole, was_whole, mixed;

static void make_memory(void) {
    const struct quire_config config = {.n_cpus = 2};
    const struct quire_region map[] = {USABLE(BASE, END)};
    q = unit_make(&config, map, 1);
    zone = q->main;
}

static void use_some(void) {
    struct frames used = {0}, blocks = {0};
    make_memory();
    for (unsigned i = 0; i < 700; i++) {
        frames_push(&used, must_alloc(q, 7));
    }
    for (unsigned i = 0; i < 400; i++) {
        assert_int_equal(quire_free(q, used.at[i]), QUIRE_OK);
    }
    mixed = used.at[0] / BLOCK * BLOCK;
    take_all_order(q, PAIR_ORDER, &blocks); /* a search that fails sends home what the caches have */
    free_all_order(q, PAIR_ORDER, &blocks);
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
        flip_each("free bits", line_of(q, blocks[i]), sizeof(struct q_line), ~0ull);
    }
}

static void the_counts_of_blocks(void **state) {
    (void)state;
    use_some();
    for (size_t b = 0; (b = q_zone_next_ready(zone, b)) != Q_NO_BLOCK; b += UNIT_ONE_IN) {
        flip_each("count of a block", (void *)(uintptr_t)&zone->counts[b], sizeof(int32_t), ~0ull);
    }
    flip_each("whole blocks", (void *)(uintptr_t)&zone->balance.n_whole, sizeof(intptr_t), ~0ull);
    expect_no_record();
}

static void the_records_of_frames(void **state) {
    (void)state;
    use_some();
    const uint64_t count = Q_COUNT_TOP, held = 1 | Q_FREED | Q_RESERVED;
    flip_each("record of a held frame", record_of(q, single), 4, held);
    flip_each("record of a shared frame", record_of(q, shared), 4, Q_FREED | Q_RESERVED);
    flip_each("record of a part of a run", record_of(q, run), 4, held);
    flip_each("record of a joined frame", record_of(q, run + PAGE), 4, held | Q_JOIN_NEXT | Q_JOIN_PREV);
    flip_each("record of a frame beyond a cut", record_of(q, run + 7 * PAGE), 4, held | Q_JOIN_NEXT);
    flip_each("record of a warm frame", record_of(q, warm), 4, count | Q_RESERVED);
    flip_each("record of a freed part", record_of(q, run + 8 * PAGE), 4, count | Q_RESERVED);
    flip_each("record of a frame of a whole block", record_of(q, whole + 7 * PAGE), 4, 0xFFFFFFFF);
    flip_each("record of a frame in a clean block", record_of(q, was_whole + 7 * PAGE), 4, 0xFFFFFFFF);
    flip_each("record of a frame that is no memory", record_of(q, BASE - PAGE), 4, 0xFFFFFFFF);
}

static void the_records_of_blocks(void **state) {
    (void)state;
    use_some();
    flip_each("record of a whole block", whole_of(q, whole), 4, Q_COUNT_TOP);
    flip_each("record of a free block", whole_of(q, was_whole), 4, Q_COUNT_TOP);
    flip_each("record of a used block", whole_of(q, mixed), 4, Q_COUNT_TOP | Q_CLEAN);
}

/* Who shares a part of a block splits it first. */
static void a_whole_block_with_two_references(void **state) {
    (void)state;
    use_some();
    q_record *record = whole_of(q, whole);
    assert_int_equal(Q_COUNT(atomic_fetch_add(record, 1)), 1);
    assert_true(is_found());
    assert_true(found.pa == whole);
    assert_int_equal(found.record, atomic_load(record));
    assert_int_equal(found.refs, 2);
    assert_int_equal(found.tag, 5);
    atomic_fetch_sub(record, 1);
    expect_consistent(q);
}

static void the_hints(void **state) {
    (void)state;
    use_some();
    unsigned n_hinted = 0;
    for (size_t b = 0; (b = q_zone_next_ready(zone, b)) != Q_NO_BLOCK; b++) {
        enum q_class class = q_class_of(atomic_load(&zone->counts[b]));
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
        uint32_t n_warm = q_visit_warm(c->guard.word);
        assert_true(n_warm > 0);
        flip_each("number of warm frames", &c->guard.word, sizeof c->guard.word, Q_VISIT - 1);
        expect_no_record();
        flip_each("first frame of the zone", &c->first, sizeof c->first, ~0ull);
        expect_no_record();
        flip_each("records of the zone", &c->records, sizeof c->records, ~0ull);
        c->n_quick++;
        assert_true(is_found()); /* more than is initialised; less would only be slower */
        c->n_quick--;
        flip_each("zone", &c->zone, sizeof c->zone, ~0ull);
        flip_each("warm frames", c->warm, n_warm * sizeof c->warm[0], ~0ull);
        flip_each("borrowed frames", c->in.mask, sizeof c->in.mask, ~0ull);
        flip_each("frames on their way home", c->out.mask, sizeof c->out.mask, ~0ull);
        assert_true(c->in.zone != NULL);
        flip_each("address of the borrowed block", &c->in.base, sizeof c->in.base, ~0ull);
        flip_each("zone of the borrowed block", &c->in.zone, sizeof c->in.zone, ~0ull);
        q_frame base = c->in.base;
        c->in.base = base + 1;
        assert_true(is_found());
        assert_true(found.pa == (quire_pa)(base + 1) << QUIRE_PAGE_SHIFT);
        expect_no_record();
        c->in.base = base;
    }
}

static void the_cache_of_a_cpu_that_did_nothing(void **state) {
    (void)state;
    make_memory();
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
    q_shown *a = &q->caches[0].warm[1], *b = &q->caches[1].warm[1];
    q_frame other = *a;
    assert_true(q->caches[0].zone != q->caches[1].zone);
    *a = (q_frame)*b;
    *b = other;
    assert_true(is_found());
    *b = (q_frame)*a;
    *a = other;
    expect_consistent(q);
}

/* A cache that gathers has nothing to do with warm frames, however few. */
static void a_cpu_cache_that_gathers(void **state) {
    (void)state;
    struct frames all = {0};
    make_memory();
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
    assert_true(found.pa == (quire_pa)zone->first << QUIRE_PAGE_SHIFT);
    expect_no_record();
    atomic_store(&zone->ceiling, ceiling);
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
        overwrite("free bits", line_of(q, blocks[i]), sizeof(struct q_line));
        overwrite("count", (void *)(uintptr_t)count_of(q, blocks[i]), sizeof(int32_t));
    }
    overwrite("records of used frames", record_of(q, mixed), Q_BLOCK * sizeof(q_record));
}

/* A frame of added memory's metadata, which lies in a zone's block. */
static void a_frame_of_metadata_that_is_not_reserved(void **state) {
    (void)state;
    struct quire_fault first;
    struct quire *one = unit_simple(64 * MIB, 4 * MIB);
    const struct quire_region more = USABLE(128 * MIB, 130 * MIB);
    unit_ram(&more, 1, QUIRE_NONE);
    assert_int_equal(quire_add(one, &more), QUIRE_OK);
    quire_pa pa = q_pa(q_zones(one)->zone[1]->meta_base);
    assert_int_equal(state_of(one, pa), QUIRE_STATE_METADATA);
    atomic_store(record_of(one, pa), q_held(9));
    atomic_fetch_add(&zone_of(one, pa)->n_frames, 1);
    assert_int_equal(quire_validate(one, &first), QUIRE_FAULT);
    assert_true(first.pa == pa);
    assert_string_equal(first.detail, "a frame that holds the allocator's own data is not reserved");
}

/* No call in the middle explains that. With one more that began, one does. */
static void more_calls_that_ended_than_began(void **state) {
    (void)state;
    struct quire_fault first;
    use_some();
    q->caches[1].n_ended++;
    assert_true(is_found());
    expect_no_record();
    q->caches[1].n_begun += 2;
    assert_int_equal(quire_validate(q, &first), QUIRE_BUSY);
    q->caches[1].n_ended++;
    assert_int_equal(quire_validate(q, &first), QUIRE_OK);
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
        unit_case(more_calls_that_ended_than_began),
        unit_case(a_frame_of_metadata_that_is_not_reserved),
    };
    return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
