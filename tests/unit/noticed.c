/* noticed.c: damage to the allocator's own data that alloc and free notice by themselves; damage.c: what only a look finds. */
#include "inside.h"

#include <string.h>

#define BASE (64 * MIB + 16 * PAGE)
#define END  (320 * MIB + 40 * PAGE) /* large enough that frees are kept warm, not gathered */

static struct quire *q;

/* ---- free and held at once -------------------------------------------------------------------------------- */

static void set_free_bit(quire_pa pa) {
    const size_t i = (size_t)(pa % BLOCK / PAGE);
    atomic_fetch_or(&line_of(q, pa)->word[i / Q_WORD_BITS], q_bit(i));
    atomic_fetch_add(count_of(q, pa), 1);
}

static void clear_free_bit(quire_pa pa) {
    const size_t i = (size_t)(pa % BLOCK / PAGE);
    atomic_fetch_and(&line_of(q, pa)->word[i / Q_WORD_BITS], ~q_bit(i));
    atomic_fetch_sub(count_of(q, pa), 1);
}

/* A held frame whose free bit is set: found when it comes home, and there once afterwards. */
static void a_bit_that_is_set_already(void **state) {
    (void)state;
    q = unit_simple(BASE, END - BASE);
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
    q = unit_simple(BASE, END - BASE);
    struct frames all = {0};
    take_all(q, &all);
    quire_pa stolen = all.at[700];
    const size_t n_all = all.n;
    free_all(q, &all);
    atomic_store(record_of(q, stolen), q_held(99));
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
        q = unit_simple(BASE, END - BASE);
        quire_pa pa = must_alloc_order(q, order, 1), stolen = pa + PAGE;
        const uint64_t n_before = n_free(q);
        assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
        atomic_store(record_of(q, stolen), q_held(98));
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
    for (unsigned order = QUIRE_BLOCK_ORDER; order <= PAIR_ORDER; order++) {
        q = unit_simple(BASE, END - BASE);
        quire_pa pa = must_alloc_order(q, order, 1), stolen = pa + ((QUIRE_PAGE_SIZE << order) - BLOCK);
        const uint64_t n_before = n_free(q);
        assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
        atomic_store(whole_of(q, stolen), q_held(98) | Q_CLEAN);
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
    q = unit_simple(BASE, END - BASE);
    for (unsigned order = 1; order <= PAIR_ORDER; order++) {
        bool of_blocks = order >= QUIRE_BLOCK_ORDER;
        size_t n = (size_t)1 << (of_blocks ? order - QUIRE_BLOCK_ORDER : order);
        const quire_pa pa = must_alloc_order(q, order, 1);
        for (size_t i = 0; i < n; i++) {
            const q_record *r = of_blocks ? whole_of(q, pa + i * BLOCK) : record_of(q, pa + i * PAGE);
            assert_int_equal(joins_of(r), (i > 0 ? Q_JOIN_PREV : 0) | (i + 1 < n ? Q_JOIN_NEXT : 0));
        }
    }
}

/* ---- freed twice at once ---------------------------------------------------------------------------------- */

/* What two CPUs do that free a frame at the same time: each finds it held. */
static void free_twice_at_once(quire_pa pa) {
    const uint32_t record = atomic_load(record_of(q, pa));
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    atomic_store(record_of(q, pa), record);
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
    q = unit_simple(BASE, END - BASE);
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
    q = unit_simple(BASE, END - BASE);
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
    atomic_store(record_of(q, twice), q_held(1));
    assert_int_equal(quire_free(q, twice), QUIRE_OK);
    mine.n -= n_freed - 100;
    q_drain_all(q); /* both come to the block */
    expect_noticed_once(twice, &mine);
    frames_clear(&mine);
}

/* Both copies go back into one word of the borrowed block. */
static void freed_twice_by_calls_of_many(void **state) {
    (void)state;
    struct frames mine = {0};
    quire_pa at[200];
    q = unit_simple(BASE, END - BASE);
    assert_int_equal(quire_alloc_bulk(q, 200, 200, 1, at), 200);
    assert_int_equal(quire_free_bulk(q, 200, at), 200);
    atomic_store(record_of(q, at[150]), q_held(1)); /* as if both had found it held */
    assert_int_equal(quire_free_bulk(q, 1, &at[150]), 1);
    q_drain_all(q); /* with QUIRE_CHECK at 2 it went another way */
    expect_noticed_once(at[150], &mine);
    frames_clear(&mine);
}

/* A free frame on loan whose record says held stays with whoever that is, as above. */
static void a_frame_on_loan_that_somebody_holds(void **state) {
    (void)state;
    quire_pa at[BLOCK / PAGE + 1]; /* more than are on loan */
    q = unit_simple(BASE, END - BASE);
    const uint64_t n_before = n_free(q);
    assert_int_equal(quire_alloc_bulk(q, 200, 200, 1, at), 200);
    const quire_pa stolen = at[150];
    assert_int_equal(quire_free_bulk(q, 200, at), 200);
    atomic_store(record_of(q, stolen), q_held(99));
    assert_int_equal(quire_alloc_bulk(q, COUNT_OF(at), COUNT_OF(at), 1, at), COUNT_OF(at));
    for (size_t i = 0; i < COUNT_OF(at); i++) {
        assert_int_not_equal(at[i], stolen);
    }
    expect_fault(QUIRE_FAULT_HANDED_TWICE, "quire_alloc", stolen, 0, 1, 99);
    assert_int_equal(quire_refs(q, stolen), 1);
    assert_int_equal(n_free(q), n_before - COUNT_OF(at) - 1);
    expect_consistent(q);
}

/* A run of which both copies lie in one cache, behind each other or with a run of another block between them. */
static void a_run_that_is_freed_twice(void **state) {
    (void)state;
    for (unsigned n_between = 0; n_between < 2; n_between++) {
        q = unit_simple(BASE, END - BASE);
        const quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 9), pa = must_alloc_order(q, 2, 1);
        const uint64_t n_before = n_free(q);
        q_drain_all(q);
        uint32_t records[4];
        for (size_t i = 0; i < COUNT_OF(records); i++) {
            records[i] = atomic_load(record_of(q, pa + i * PAGE));
        }
        assert_int_equal(quire_free_order(q, pa, 2), QUIRE_OK);
        for (size_t i = 0; i < n_between; i++) {
            assert_int_equal(quire_free_order(q, block, 2), QUIRE_OK);
        }
        for (size_t i = 0; i < COUNT_OF(records); i++) {
            atomic_store(record_of(q, pa + i * PAGE), records[i]);
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
    q = unit_simple(BASE, END - BASE);
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
    q = unit_simple(BASE, END - BASE);
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
    q = unit_simple(BASE, END - BASE);
    const quire_pa pa = must_alloc_order(q, 2, 30);
    q_drain_all(q); /* so that no other frame of its block is on its way */
    set_free_bit(pa + 2 * PAGE);
    assert_int_equal(quire_free_order(q, pa, 2), QUIRE_OK);
    q_drain_all(q);
    expect_fault(QUIRE_FAULT_BIT_TWICE, "quire_free", pa + 2 * PAGE, 0, 0, 30);
    expect_consistent(q);
}

/* A block that is home as one, of which some frames, or all, come home once more. */
static void freed_twice_into_a_block_that_is_home(void **state) {
    (void)state;
    for (unsigned order = 0; order <= QUIRE_BLOCK_ORDER; order++) {
        q = unit_simple(BASE, END - BASE);
        const quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
        assert_int_equal(quire_free_order(q, block, QUIRE_BLOCK_ORDER), QUIRE_OK);
        q_drain_all(q);
        assert_true(q_is_as_one(*count_of(q, block)));
        const uint64_t n_before = n_free(q);
        const quire_pa pa = order < QUIRE_BLOCK_ORDER ? block + BLOCK / 2 : block;
        q_give_home(q, q_frame_of(pa), (size_t)1 << order);
        expect_fault(QUIRE_FAULT_BIT_TWICE, "quire_free", pa, 0, 0, 1);
        assert_int_equal(q_give_back_word(zone_of(q, block), block_number(q, block), 1, 6), 6);
        expect_consistent(q);
        assert_int_equal(n_free(q), n_before);
        assert_true(must_alloc_order(q, QUIRE_BLOCK_ORDER, 2) == block);
        expect_consistent(q);
        host_ram_clear();
    }
}

/* The same while another frame of the same word does: each call takes away its own frames only. */
static void freed_twice_beside_another(void **state) {
    (void)state;
    q = unit_simple(BASE, END - BASE);
    const quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
    assert_int_equal(quire_free_order(q, block, QUIRE_BLOCK_ORDER), QUIRE_OK);
    q_drain_all(q);
    set_free_bit(block + 5 * PAGE); /* what the other call did so far */
    q_give_home(q, q_frame_of(block), 4);
    expect_fault(QUIRE_FAULT_BIT_TWICE, "quire_free", block, 0, 0, 1);
    clear_free_bit(block + 5 * PAGE);
    expect_consistent(q);
}

static void expect_damage(uint64_t value, const char *call) {
    struct quire_fault fault;
    assert_int_equal(host_take_faults(&fault), 1);
    assert_int_equal(fault.kind, QUIRE_FAULT_METADATA);
    assert_string_equal(fault.call, call);
    assert_int_equal(fault.value, value);
    assert_true(fault.pa == QUIRE_NONE && strlen(fault.detail) > 0);
    assert_int_equal(stats_of(q).n_faults, 1);
}

/* What the core believes about itself is looked at where it costs nothing, and named with the number that is wrong: here
 * when frames are home, where nothing can be left undone. */
static void a_count_that_can_not_be(void **state) {
    (void)state;
    q = unit_simple(BASE, END - BASE);
    const quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
    atomic_store(count_of(q, block), 5000);
    assert_int_equal(quire_free_order(q, block, QUIRE_BLOCK_ORDER), QUIRE_OK);
    q_drain_all(q); /* home, where it is counted */
    expect_damage(5000 + QUIRE_BLOCK_FRAMES, "quire_free");

    host_ram_clear();
    q = unit_simple(BASE, END - BASE);
    const quire_pa run = must_alloc_order(q, 2, 1);
    q_drain_all(q); /* so that the run goes home alone */
    atomic_store(count_of(q, run), 5000);
    assert_int_equal(quire_free_order(q, run, 2), QUIRE_OK);
    q_drain_all(q);
    expect_damage(5000 + 4, "quire_free");
}

/* Two CPUs gave all of a block one after the other, and others took it each time, before the first two counted it: no
 * damage. */
static void a_count_that_is_low_for_a_moment(void **state) {
    (void)state;
    q = unit_simple(BASE, END - BASE);
    const quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
    atomic_fetch_sub(count_of(q, block), 2 * QUIRE_BLOCK_FRAMES + 1);
    assert_int_equal(quire_free(q, block), QUIRE_OK);
    q_drain_all(q);
    assert_int_equal(*count_of(q, block), -2 * (int32_t)QUIRE_BLOCK_FRAMES);
    assert_int_equal(stats_of(q).n_faults, 0);
    atomic_fetch_add(count_of(q, block), 2 * QUIRE_BLOCK_FRAMES + 1);
    q_zone_hint(zone_of(q, block), block_number(q, block), 1);
    expect_consistent(q);
}

/* The frame that a cache has at hand is none: it is left alone, and another one comes. */
static void a_frame_in_a_cache_that_is_none(void **state) {
    (void)state;
    q = unit_simple(BASE, END - BASE);
    const quire_pa pa = must_alloc(q, 1), next = must_alloc(q, 1);
    assert_int_equal(quire_free(q, next), QUIRE_OK);
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    struct q_cache *c = &q->caches[0];
    c->warm[q_visit_warm(c->guard.word) - 1] = 12345678;
    c->n_quick = 0;
    q->n_quick = 0; /* the quick way looks at nothing */
    assert_true(must_alloc(q, 2) == next);
    expect_damage(12345678, "quire_alloc");
}

/* Of two frames of one allocation only one says so. */
static void a_join_that_one_side_has(void **state) {
    (void)state;
    q = unit_simple(BASE, END - BASE);
    const quire_pa pa = must_alloc_order(q, 3, 7);
    atomic_fetch_and(record_of(q, pa + 5 * PAGE), ~Q_JOIN_PREV);
    assert_int_equal(quire_free_order(q, pa, 3), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_WRONG_ORDER, "quire_free_order", pa + 5 * PAGE, 3, 1, 7);
    struct quire_fault first;
    assert_int_equal(quire_validate(q, &first), QUIRE_FAULT);
}

/* More warm frames than a cache has room for: what lies behind them is not touched. */
static void more_warm_frames_than_there_is_room_for(void **state) {
    (void)state;
    q = unit_simple(BASE, END - BASE);
    host_set_cpu(0);
    quire_pa held[Q_WARM + 1];
    for (unsigned i = 0; i <= Q_WARM; i++) {
        held[i] = must_alloc(q, 1);
    }
    for (unsigned i = 0; i < Q_WARM; i++) {
        assert_int_equal(quire_free(q, held[i]), QUIRE_OK);
    }
    struct q_cache *c = &q->caches[0];
    q_word word = atomic_load(&c->guard.word);
    atomic_store(&c->guard.word, word - word % Q_VISIT + (Q_WARM + 40) * Q_WARM_FRAME);
    assert_int_equal(quire_free(q, held[Q_WARM]), QUIRE_OK);
    struct quire_fault fault = expect_fault(QUIRE_FAULT_METADATA, "quire_free", QUIRE_NONE, 0, 0, 0);
    assert_non_null(fault.detail);
}

/* All 512 frames come home as one, and one of them is there: its bit tells which. */
static void a_block_of_which_a_frame_is_home(void **state) {
    (void)state;
    q = unit_simple(BASE, END - BASE);
    host_set_cpu(0);
    quire_pa block = must_alloc_order(q, QUIRE_BLOCK_ORDER, 3), other = must_alloc_order(q, QUIRE_BLOCK_ORDER, 4);
    assert_int_equal(quire_free(q, block + 7 * PAGE), QUIRE_OK); /* the block is in `out`, but for a frame in warm */
    struct q_cache *c = &q->caches[0];
    q_loan_open(&c->out, zone_of(q, other), block_number(q, other));
    assert_true(q_loan_put(&c->out, 9, 1)); /* as if somebody had freed one of the other block */
    assert_int_equal(quire_free_order(q, other, QUIRE_BLOCK_ORDER), QUIRE_OK);
    q_drain_all(q);
    expect_fault(QUIRE_FAULT_BIT_TWICE, "quire_free", other + 9 * PAGE, 0, 0, 4);
    assert_int_equal(quire_free_frames(q, block, 7), QUIRE_OK);
    assert_int_equal(quire_free_frames(q, block + 8 * PAGE, QUIRE_BLOCK_FRAMES - 8), QUIRE_OK);
    q_drain_all(q);
    expect_consistent(q);
}

/* Of a run of 16 in `out`, too. */
static void a_run_of_which_a_frame_is_in_the_cache(void **state) {
    (void)state;
    q = unit_simple(BASE, END - BASE);
    host_set_cpu(0);
    quire_pa run = must_alloc_order(q, 4, 3);
    struct q_cache *c = &q->caches[0];
    q_cache_drain(q, c);
    q_loan_open(&c->out, zone_of(q, run), block_number(q, run));
    assert_true(q_loan_put(&c->out, run % BLOCK / PAGE + 5, 1));
    assert_int_equal(quire_free_order(q, run, 4), QUIRE_OK);
    q_drain_all(q);
    expect_fault(QUIRE_FAULT_BIT_TWICE, "quire_free", run + 5 * PAGE, 0, 0, 3);
    expect_consistent(q);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(a_bit_that_is_set_already),
        unit_case(a_free_frame_that_somebody_holds),
        unit_case(a_run_with_a_frame_that_somebody_holds),
        unit_case(a_block_that_somebody_holds),
        unit_case(an_allocation_is_joined_inside_only),
        unit_case(freed_twice_into_the_borrowed_block),
        unit_case(freed_twice_on_the_way_home),
        unit_case(freed_twice_by_calls_of_many),
        unit_case(a_frame_on_loan_that_somebody_holds),
        unit_case(a_run_that_is_freed_twice),
        unit_case(freed_twice_and_reused),
        unit_case(bits_that_are_set_already_in_several_words),
        unit_case(a_bit_that_is_set_already_in_a_small_run),
        unit_case(freed_twice_into_a_block_that_is_home),
        unit_case(freed_twice_beside_another),
        unit_case(a_count_that_can_not_be),
        unit_case(a_count_that_is_low_for_a_moment),
        unit_case(a_frame_in_a_cache_that_is_none),
        unit_case(a_join_that_one_side_has),
        unit_case(more_warm_frames_than_there_is_room_for),
        unit_case(a_block_of_which_a_frame_is_home),
        unit_case(a_run_of_which_a_frame_is_in_the_cache),
    };
    return cmocka_run_group_tests_name("noticed", tests, NULL, NULL);
}
