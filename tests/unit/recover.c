/* recover.c: crashes, and what quire_recover makes of the memory that they leave.
 *
 * A crash is that nobody goes on. States in which a call was in flight are made by hand here, with the core's headers;
 * crashes at each instruction are in interrupt.c, at each access to memory in tests/interleave. */
#include "inside.h"

#include <quire/port.h>
#include <stdlib.h>
#include <string.h>

static const struct quire_config config = {.n_cpus = 3};
static const struct quire_region map[] = {USABLE(64 * MIB + 3 * PAGE, 80 * MIB - 7 * PAGE),
                                          USABLE(96 * MIB, 260 * MIB)};

static struct quire *q;
static struct quire_recovery found;

static void start(const struct quire_config *how) {
    q = unit_make(how, map, COUNT_OF(map));
}

/* ---- before and after ------------------------------------------------------------------------------------ */

/* Each frame that somebody holds: address, references, owner. */
static bool note_holders(void *ctx, const struct quire_run *run) {
    if (run->state == QUIRE_STATE_HELD || run->state == QUIRE_STATE_SHARED) {
        for (quire_pa pa = run->base; pa < run->base + run->n_frames * PAGE; pa += PAGE) {
            frames_push(ctx, pa);
            frames_push(ctx, (quire_pa)quire_refs(q, pa) << 8 | run->tag);
        }
    }
    return true;
}

/* Recovers, and finds everybody in possession of what they had and all else free. */
static void expect_recovered_as(const struct quire_config *how, const struct frames *holders, uint64_t n_frames) {
    struct quire *again = NULL;
    struct frames after = {0};
    assert_int_equal(quire_recover(&again, how, map, COUNT_OF(map), &found), QUIRE_OK);
    assert_ptr_equal(again, q);
    quire_walk(q, note_holders, &after);
    assert_int_equal(after.n, holders->n);
    assert_true(holders->n == 0 || memcmp(after.at, holders->at, after.n * sizeof *after.at) == 0);
    assert_int_equal(found.n_held, holders->n / 2);
    assert_int_equal(found.n_held + found.n_free, n_frames);
    assert_int_equal(n_free(q), found.n_free);
    assert_int_equal(stats_of(q).n_cached, 0);
    expect_consistent(q);
    frames_clear(&after);
}

static void expect_recovered(void) {
    struct frames holders = {0};
    quire_walk(q, note_holders, &holders);
    expect_recovered_as(&config, &holders, stats_of(q).n_frames);
    frames_clear(&holders);
}

/* All that is free can be had, all that is held given back, and then all is free. */
static void expect_usable(struct frames *held) {
    struct frames all = {0};
    const uint64_t n = n_free(q);
    take_all(q, &all);
    assert_int_equal(all.n, n);
    expect_good_frames(&all, map, COUNT_OF(map));
    free_all(q, &all);
    free_all(q, held);
    assert_int_equal(n_free(q), stats_of(q).n_frames);
    expect_consistent(q);
}

/* Something of everything. What is held singly goes into *held; the rest is held for ever. */
static void use(unsigned seed, struct frames *held) {
    for (unsigned i = 0; i < 400; i++) {
        host_set_cpu(i % 4);
        unsigned order = (i * 7 + seed) % (PAIR_ORDER + 1);
        quire_pa pa = must_alloc_order(q, i % 8 == 0 ? order : 0, (uint8_t)((i + seed) % QUIRE_TAG_QUARANTINE));
        if (i % 8 != 0) {
            frames_push(held, pa);
        } else if (order > 0 && i % 16 == 0) { /* a part of it, and the rest stays */
            assert_int_equal(quire_free_order(q, pa + (PAGE << (order - 1)), order - 1), QUIRE_OK);
        }
        if (i % 5 == 4) {
            assert_int_equal(quire_free(q, held->at[seed % held->n]), QUIRE_OK);
            held->at[seed % held->n] = held->at[held->n - 1];
            held->n--;
        }
    }
    quire_pa shared = must_alloc_order(q, 3, 77);
    assert_int_equal(quire_get(q, shared + PAGE), QUIRE_OK);
}

/* ---- crashes between calls ------------------------------------------------------------------------------- */

static void who_holds_a_frame_holds_it_on(void **state) {
    (void)state;
    for (unsigned seed = 0; seed < 20; seed++) {
        struct frames held = {0};
        start(&config);
        use(seed, &held);
        const uint64_t n_cached = stats_of(q).n_cached;
        assert_true(n_cached > 0);
        expect_recovered();
        assert_int_equal(found.n_astray, n_cached);
        assert_int_equal(found.n_splits + found.n_joins, 0);
        expect_recovered(); /* a second time */
        assert_int_equal(found.n_astray + found.n_splits + found.n_joins, 0);
        while (held.n > 100) {
            assert_int_equal(quire_free(q, held.at[--held.n]), QUIRE_OK);
        }
        frames_clear(&held);
        host_ram_clear();
    }
}

static void memory_that_was_never_used(void **state) {
    (void)state;
    struct frames none = {0};
    start(&config);
    const uint64_t before = digest(q);
    expect_recovered();
    assert_int_equal(found.n_held, 0);
    assert_true(digest(q) == before);
    expect_usable(&none);
}

static void a_block_that_came_home_as_one(void **state) {
    (void)state;
    struct frames none = {0};
    start(&config);
    assert_int_equal(quire_free_order(q, must_alloc_order(q, QUIRE_BLOCK_ORDER, 1), QUIRE_BLOCK_ORDER), QUIRE_OK);
    q_drain_all(q);
    expect_recovered();
    assert_int_equal(found.n_held + found.n_astray, 0);
    expect_usable(&none);
}

static void memory_all_in_use(void **state) {
    (void)state;
    struct frames all = {0};
    start(&config);
    take_all(q, &all);
    expect_recovered();
    assert_int_equal(found.n_free, 0);
    assert_true(quire_alloc(q, 1) == QUIRE_NONE);
    expect_usable(&all);
}

/* ---- crashes in the middle of calls ---------------------------------------------------------------------- */

static void rubbish_in_the_index(struct q_index *ix) {
    size_t n = ix->n_blocks;
    for (unsigned level = 0; level <= ix->top; level++) {
        n = (n + Q_FANOUT - 1) / Q_FANOUT;
        for (size_t i = 0; i < n; i++) {
            struct q_node *node = &ix->level[level][i];
            for (unsigned class = 0; class < Q_READY; class ++) {
                atomic_store(&node->word[class], Q_ALL_BITS / 5 << class);
            }
            atomic_store(&node->raw, Q_ALL_BITS / 3);
        }
    }
}

/* Whatever calls in flight may have left half done, and more. */
static void rubbish_in_all_but_the_records(void) {
    memset(q->caches, 0xA5, q->n_cpus * sizeof *q->caches);
    q->adding = 1;
    q->not_zones = 99;
    for (size_t i = 0; i < q_zones(q)->n; i++) {
        struct q_zone *z = q_zones(q)->zone[i];
        rubbish_in_the_index(&z->index);
        z->balance.n_free = z->balance.n_whole = -5;
        z->ceiling = z->n_frames = z->base = z->end = 12345;
        memset(z->lines, 0xA5, z->n_blocks * sizeof *z->lines);
        for (size_t b = 0; b < z->n_blocks; b++) {
            z->counts[b] = -77;
        }
    }
}

static void nothing_is_believed_but_the_records(void **state) {
    (void)state;
    struct frames held = {0}, holders = {0};
    start(&config);
    use(3, &held);
    quire_walk(q, note_holders, &holders);
    const uint64_t n_frames = stats_of(q).n_frames;
    rubbish_in_all_but_the_records();
    expect_recovered_as(&config, &holders, n_frames);
    const struct quire_region more = USABLE(512 * MIB, 520 * MIB);
    unit_ram(&more, 1, QUIRE_NONE);
    assert_int_equal(quire_add(q, &more), QUIRE_OK); /* nobody else is adding any */
    frames_clear(&held);
    frames_clear(&holders);
}

/* A block was being given a record for each frame, and `n` of them were written. */
static void split_up_to(unsigned n) {
    start(&config);
    must_alloc(q, 1);
    const quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 9);
    for (unsigned i = 0; i < n; i++) {
        uint32_t joins = (i > 0 ? Q_JOIN_PREV : 0) | (i < QUIRE_BLOCK_FRAMES - 1 ? Q_JOIN_NEXT : 0);
        atomic_store(record_of(q, block + i * PAGE), q_held(9) | joins);
    }
    expect_recovered();
    assert_int_equal(found.n_splits, n > 0);
    assert_int_equal(found.n_joins, 0);
    assert_int_equal(quire_free_order(q, block + 256 * PAGE, 8), QUIRE_OK); /* as if nothing had been */
    assert_int_equal(quire_free_order(q, block, 8), QUIRE_OK);
    expect_consistent(q);
    host_ram_clear();
}

static void a_split_is_finished(void **state) {
    (void)state;
    const unsigned numbers[] = {0, 1, 64, 300, 511, 512};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        split_up_to(numbers[i]);
    }
}

/* A run was being allocated, or a part of it freed: between two of its frames only one has the join. */
static void a_join_that_one_side_has_is_none(void **state) {
    (void)state;
    const uint32_t joins[] = {Q_JOIN_NEXT, Q_JOIN_PREV};
    for (unsigned side = 0; side < 2; side++) {
        start(&config);
        const quire_pa run = must_alloc_order(q, 3, 5);
        atomic_fetch_and(record_of(q, run + (3 + side) * PAGE), ~joins[side]);
        expect_recovered();
        assert_int_equal(found.n_joins, 1);
        assert_int_equal(quire_free_order(q, run, 3), QUIRE_FAULT); /* two allocations now */
        expect_fault(QUIRE_FAULT_WRONG_ORDER, "quire_free_order", run + 4 * PAGE, 3, 1, 5);
        assert_int_equal(quire_free_order(q, run, 2), QUIRE_OK);
        assert_int_equal(quire_free_order(q, run + 4 * PAGE, 2), QUIRE_OK);
        host_ram_clear();
    }
}

/* Of two blocks that are one allocation one has a record for each frame: they stay one. */
static void a_pair_of_which_one_block_is_split(void **state) {
    (void)state;
    for (unsigned which = 0; which < 2; which++) {
        start(&config);
        const quire_pa pair = must_alloc_order(q, PAIR_ORDER, 6);
        assert_int_equal(quire_get(q, pair + which * BLOCK), QUIRE_OK);
        assert_int_equal(quire_put(q, pair + which * BLOCK), QUIRE_OK);
        expect_recovered();
        assert_int_equal(found.n_splits + found.n_joins, 0);
        assert_int_equal(quire_free_order(q, pair, PAIR_ORDER), QUIRE_OK);
        host_ram_clear();
    }
}

/* Only frames can be shared, so a block with more than one reference is damaged: it is held, by one. */
static void a_block_with_too_many_references_is_held(void **state) {
    (void)state;
    struct frames holders = {0}, none = {0};
    start(&config);
    const quire_pa pa = must_alloc_order(q, QUIRE_BLOCK_ORDER, 9);
    quire_walk(q, note_holders, &holders);
    atomic_fetch_add(whole_of(q, pa), 2);
    expect_recovered_as(&config, &holders, stats_of(q).n_frames);
    assert_int_equal(found.n_held, QUIRE_BLOCK_FRAMES);
    assert_int_equal(quire_free_order(q, pa, QUIRE_BLOCK_ORDER), QUIRE_OK);
    expect_usable(&none);
    frames_clear(&holders);
}

/* A CPU had taken a block, or a node of the index, to initialise it. Nobody saw anything of it: it is fresh again. */
static void what_was_claimed_is_fresh(void **state) {
    (void)state;
    struct frames none = {0};
    start(&config);
    struct q_zone *z = q_main(q);
    assert_true(z->index.top > 0); /* large enough for a node */
    assert_true(q_index_claim_block(&z->index, 40));
    struct q_node *root = &z->index.level[z->index.top][0];
    q_word raw = atomic_load(&root->raw);
    assert_true(raw != 0);
    atomic_fetch_and(&root->raw, ~(raw & (~raw + 1)));
    const uint64_t n_frames = stats_of(q).n_frames;
    expect_recovered_as(&config, &none, n_frames);
    assert_int_equal(found.n_free, n_frames);
    expect_usable(&none);
}

/* Behind "freed" in a record the poison may be missing, if the crash came in between. */
static void poison_is_not_expected_where_it_may_be_missing(void **state) {
    (void)state;
    const struct quire_config poisoned = {.n_cpus = 3, .content = QUIRE_CONTENT_POISON};
    struct frames all = {0}, none = {0};
    start(&poisoned);
    const quire_pa pa = must_alloc(q, 1), block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 2);
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    assert_int_equal(quire_free_order(q, block, QUIRE_BLOCK_ORDER), QUIRE_OK);
    memset(quire_port_map(pa), 0, PAGE);
    memset(quire_port_map(block + PAGE), 0, PAGE);
    expect_recovered_as(&poisoned, &none, stats_of(q).n_frames);
    take_all(q, &all);
    assert_int_equal(all.n, found.n_free);
    free_all(q, &all);
    *(unsigned char *)quire_port_map(pa) = 0; /* from now on it is */
    take_all(q, &all);
    expect_fault(QUIRE_FAULT_CONTENT, "quire_alloc", pa, 0, 0, 1);
    frames_clear(&all);
}

/* ---- who frees twice ------------------------------------------------------------------------------------- */

static void freed_before(const struct quire_config *how) {
    struct frames held = {0};
    start(how);
    const quire_pa pa = must_alloc(q, 41), run = must_alloc_order(q, 3, 42), part = must_alloc_order(q, 4, 43);
    const quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 44);
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    assert_int_equal(quire_free_order(q, run, 3), QUIRE_OK);
    assert_int_equal(quire_free_order(q, part, 3), QUIRE_OK);
    assert_int_equal(quire_free_order(q, block, QUIRE_BLOCK_ORDER), QUIRE_OK);
    quire_walk(q, note_holders, &held);
    for (unsigned i = 0; i < 3; i++) { /* however often */
        expect_recovered_as(how, &held, stats_of(q).n_frames);
        assert_int_equal(found.n_joins, 0);
        assert_int_equal(quire_free(q, pa), QUIRE_FAULT);
        expect_fault(QUIRE_FAULT_DOUBLE_FREE, "quire_free", pa, 0, 0, 41);
        assert_int_equal(quire_free_order(q, run, 3), QUIRE_FAULT);
        expect_fault(QUIRE_FAULT_DOUBLE_FREE, "quire_free_order", run, 3, 0, 42);
        assert_int_equal(quire_free(q, part + PAGE), QUIRE_FAULT);
        expect_fault(QUIRE_FAULT_DOUBLE_FREE, "quire_free", part + PAGE, 0, 0, 43);
        assert_int_equal(quire_free_order(q, block, QUIRE_BLOCK_ORDER), QUIRE_FAULT);
        expect_fault(QUIRE_FAULT_DOUBLE_FREE, "quire_free_order", block, QUIRE_BLOCK_ORDER, 0, 44);
        assert_int_equal(quire_free(q, block + 5 * PAGE), QUIRE_FAULT);
        expect_fault(QUIRE_FAULT_DOUBLE_FREE, "quire_free", block + 5 * PAGE, 0, 0, 44);
        assert_int_equal(quire_get(q, pa), QUIRE_FAULT);
        expect_fault(QUIRE_FAULT_GET_FREE, "quire_get", pa, 0, 0, 41);
    }
    assert_int_equal(quire_free_order(q, part + 8 * PAGE, 3), QUIRE_OK);
    expect_consistent(q);
    frames_clear(&held);
    host_ram_clear();
}

static void a_double_free_over_a_crash(void **state) {
    (void)state;
    for (unsigned content = QUIRE_CONTENT_NONE; content <= QUIRE_CONTENT_POISON; content++) {
        const struct quire_config how = {.n_cpus = 3, .content = (enum quire_content)content};
        freed_before(&how);
    }
}

/* ---- added memory ---------------------------------------------------------------------------------------- */

/* More than all before, so that it becomes the zone that is looked at first. */
static void added_memory_is_there_again(void **state) {
    (void)state;
    const struct quire_region more = USABLE(512 * MIB, 1024 * MIB);
    struct frames held = {0};
    start(&config);
    use(1, &held);
    unit_ram(&more, 1, QUIRE_NONE);
    assert_int_equal(quire_add(q, &more), QUIRE_OK);
    atomic_store(&q->main, q_zones(q)->zone[0]); /* it was known, and not yet preferred */
    expect_recovered();
    assert_int_equal(stats_of(q).n_zones, 3);
    assert_ptr_equal(q_main(q), q_zones(q)->zone[2]);
    frames_clear(&held);
}

/* The holes of a block were being filled: the records say so already, the zone's span does not. */
static void holes_that_were_being_filled(void **state) {
    (void)state;
    struct frames none = {0};
    start(&config);
    const uint64_t n_frames = stats_of(q).n_frames;
    atomic_store(record_of(q, 64 * MIB + PAGE), 0); /* the zone begins two frames behind this one */
    expect_recovered_as(&config, &none, n_frames + 1);
    struct quire_zone_stats stats;
    assert_true(quire_zone_stats(q, 0, &stats));
    assert_int_equal(stats.base, 64 * MIB + PAGE);
    assert_int_equal(stats.end, map[0].end);
    assert_int_equal(stats.n_frames, stats.n_free);
}

/* ---- refused --------------------------------------------------------------------------------------------- */

/* Nothing is found, and nothing written. */
static void expect_refused(const struct quire_config *how, const struct quire_region *regions, size_t n_regions,
                           enum quire_status why) {
    const size_t n_bytes = (size_t)stats_of(q).n_metadata * PAGE;
    unsigned char *before = malloc(n_bytes);
    struct quire *none = q;
    assert_non_null(before);
    memcpy(before, q->header, n_bytes);
    assert_int_equal(quire_recover(&none, how, regions, n_regions, &found), why);
    assert_null(none);
    assert_memory_equal(before, q->header, n_bytes);
    assert_non_null(found.why);
    free(before);
}

static void another_allocators_memory(void **state) {
    (void)state;
    start(&config);
    must_alloc(q, 1);
    const struct quire_config others[] = {{.n_cpus = 2}, {.n_cpus = 4}, {.n_cpus = 3, .content = QUIRE_CONTENT_ZERO}};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        expect_refused(&others[i], map, COUNT_OF(map), QUIRE_NO_MEMORY);
    }
    const struct quire_region maps[][3] = {
        {map[0], USABLE(96 * MIB, 260 * MIB - PAGE)},
        {map[0], USABLE(96 * MIB, 260 * MIB - 1)},
        {USABLE(map[0].base - PAGE, map[0].end), map[1]},
        {USABLE(map[0].base, map[0].end + 1), map[1]},
        {RESERVED(map[0].base, map[0].end), map[1]},
        {map[0], map[1], RESERVED(300 * MIB, 301 * MIB)},
        {map[0], USABLE((1ull << 33) + 96 * MIB, (1ull << 33) + 260 * MIB)},
    };
    for (size_t i = 0; i < COUNT_OF(maps); i++) {
        expect_refused(&config, maps[i], maps[i][2].end != 0 ? 3 : 2, QUIRE_NO_MEMORY);
    }
    expect_refused(&config, &map[1], 1, QUIRE_NO_MEMORY);
    expect_recovered(); /* what it is, it still is */
}

/* A crash before quire_init was done, memory after a reset, or never used. */
static void memory_without_an_allocator(void **state) {
    (void)state;
    const uint32_t not_magic[] = {0, 1, UINT32_MAX};
    const int bytes[] = {0, 0xA5, 0xFF};
    start(&config);
    for (size_t i = 0; i < COUNT_OF(not_magic); i++) {
        atomic_store(&q->header->magic, not_magic[i]);
        expect_refused(&config, map, COUNT_OF(map), QUIRE_NO_MEMORY);
    }
    struct quire *none = q;
    struct q_header *h = q->header;
    for (size_t i = 0; i < COUNT_OF(bytes); i++) {
        memset(h, bytes[i], PAGE);
        assert_int_equal(quire_recover(&none, &config, map, COUNT_OF(map), &found), QUIRE_NO_MEMORY);
        assert_null(none);
    }
}

static void arguments_that_mean_nothing(void **state) {
    (void)state;
    const struct quire_config nobody = {.n_cpus = 0}, beyond = {.n_cpus = 3, .mapped_end = PAGE};
    const struct quire_region unsorted[] = {map[1], map[0]};
    start(&config);
    expect_refused(&nobody, map, COUNT_OF(map), QUIRE_INVALID);
    expect_refused(&config, unsorted, 2, QUIRE_INVALID);
    expect_refused(&config, map, 0, QUIRE_NO_MEMORY);
    expect_refused(&beyond, map, COUNT_OF(map), QUIRE_NO_MEMORY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(who_holds_a_frame_holds_it_on),
        unit_case(memory_that_was_never_used),
        unit_case(a_block_that_came_home_as_one),
        unit_case(memory_all_in_use),
        unit_case(nothing_is_believed_but_the_records),
        unit_case(a_split_is_finished),
        unit_case(a_join_that_one_side_has_is_none),
        unit_case(a_pair_of_which_one_block_is_split),
        unit_case(a_block_with_too_many_references_is_held),
        unit_case(what_was_claimed_is_fresh),
        unit_case(poison_is_not_expected_where_it_may_be_missing),
        unit_case(a_double_free_over_a_crash),
        unit_case(added_memory_is_there_again),
        unit_case(holes_that_were_being_filled),
        unit_case(another_allocators_memory),
        unit_case(memory_without_an_allocator),
        unit_case(arguments_that_mean_nothing),
    };
    return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
