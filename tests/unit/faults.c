/* faults.c: every misuse that a caller can commit: what is reported, and that nothing changed.
 *
 * Damage to the allocator's own data is in damage.c, writes to freed frames in content.c. */
#include "unit.h"

#include <quire/port.h>
#include <stdlib.h>
#include <string.h>

#define BASE (64 * MIB)
#define END  (76 * MIB)

/* Frames in a hole of half a block, inside a zone or between two: [HOLE, HOLE_END). */
#define HOLE     (72 * MIB + 64 * PAGE)
#define HOLE_END (72 * MIB + 320 * PAGE)

static struct quire *memory(void) {
    const struct quire_config config = {.n_cpus = 2};
    const struct quire_region map[] = {USABLE(BASE, HOLE), USABLE(HOLE_END, END)};
    return unit_make(&config, map, COUNT_OF(map));
}

/* ---- one misuse --------------------------------------------------------------------------------------- */

enum call { FREE, FREE_ORDER, GET, PUT, COW, N_CALLS };

static const char *const call_names[] = {"quire_free", "quire_free_order", "quire_get", "quire_put", "quire_cow"};

static enum quire_status do_call(struct quire *q, enum call call, quire_pa pa, unsigned order) {
    switch (call) {
    case FREE:
        return quire_free(q, pa);
    case FREE_ORDER:
        return quire_free_order(q, pa, order);
    case GET:
        return quire_get(q, pa);
    case PUT:
        return quire_put(q, pa);
    default: {
        quire_pa own = 0;
        enum quire_status status = quire_cow(q, pa, &own);
        assert_true((own == QUIRE_NONE) == (status != QUIRE_OK));
        return status;
    }
    }
}

/* The allocator's own bytes. */
struct metadata {
    unsigned char *copy;
    size_t n_bytes, n_different;
};

static bool copy_run(void *ctx, const struct quire_run *run) {
    struct metadata *m = ctx;
    if (run->state == QUIRE_STATE_METADATA) {
        size_t n = (size_t)(run->n_frames * PAGE);
        m->copy = realloc(m->copy, m->n_bytes + n);
        assert_non_null(m->copy);
        memcpy(m->copy + m->n_bytes, quire_port_map(run->base), n);
        m->n_bytes += n;
    }
    return true;
}

static bool compare_run(void *ctx, const struct quire_run *run) {
    struct metadata *m = ctx;
    if (run->state == QUIRE_STATE_METADATA) {
        const unsigned char *now = quire_port_map(run->base);
        for (size_t i = 0; i < run->n_frames * PAGE; i += sizeof(uint64_t)) {
            m->n_different += memcmp(m->copy + m->n_bytes + i, now + i, sizeof(uint64_t)) != 0;
        }
        m->n_bytes += (size_t)(run->n_frames * PAGE);
    }
    return true;
}

/* The call is a fault of this kind, reported with these fields, and leaves everything as it was. In its own data the
 * number of faults and the guards of the CPUs' caches may move, with the numbers of warm frames that they say, and a block that is one allocation may have got a record
 * for each frame; not one word more. */
static void expect_misuse(struct quire *q, enum call call, quire_pa pa, unsigned order, enum quire_fault_kind kind,
                          quire_pa at, uint32_t refs, uint8_t tag) {
    struct metadata m = {0};
    quire_walk(q, copy_run, &m);
    m.n_bytes = 0;
    const uint64_t before = digest(q), n_faults = stats_of(q).n_faults;

    assert_int_equal(do_call(q, call, pa, order), QUIRE_FAULT);
    bool single = call == FREE_ORDER && order == 0; /* quire_free_order of one frame is quire_free */
    expect_fault(kind, call_names[single ? FREE : call], at, call == FREE_ORDER ? order : 0, refs, tag);

    assert_int_equal(digest(q), before);
    assert_int_equal(stats_of(q).n_faults, n_faults + 1);
    quire_walk(q, compare_run, &m);
    assert_in_range(m.n_different, 0, order >= QUIRE_BLOCK_ORDER ? (1u << order) / 2 + 6 : 5);
    free(m.copy);
    expect_consistent(q);
}

/* The same for every call that takes one frame, and for a few orders. */
static void expect_misuse_by_all(struct quire *q, quire_pa pa, enum quire_fault_kind kind) {
    for (enum call call = FREE; call < N_CALLS; call++) {
        expect_misuse(q, call, pa, 0, kind, pa, 0, 0);
    }
}

/* ---- addresses ---------------------------------------------------------------------------------------- */

static void an_address_outside_all_memory(void **state) {
    (void)state;
    struct quire *q = memory();
    const quire_pa outside[] = {0,          PAGE,       BASE - PAGE,          END,
                                END + GIB,  1ull << 32, (1ull << 32) + BASE,  (1ull << 44) + BASE,
                                1ull << 52, 1ull << 63, QUIRE_NONE - PAGE + 1};
    for (size_t i = 0; i < COUNT_OF(outside); i++) {
        expect_misuse_by_all(q, outside[i], QUIRE_FAULT_UNMANAGED);
    }
    for (unsigned order = 0; order <= PAIR_ORDER; order++) {
        expect_misuse(q, FREE_ORDER, 0, order, QUIRE_FAULT_UNMANAGED, 0, 0, 0);
        expect_misuse(q, FREE_ORDER, GIB, order, QUIRE_FAULT_UNMANAGED, GIB, 0, 0);
    }
}

static void no_address_at_all(void **state) {
    (void)state;
    struct quire *q = memory();
    for (enum call call = FREE; call < N_CALLS; call++) {
        uint64_t before = digest(q);
        struct quire_fault fault;
        assert_int_equal(do_call(q, call, QUIRE_NONE, 0), QUIRE_FAULT);
        assert_int_equal(host_take_faults(&fault), 1);
        assert_true(fault.kind == QUIRE_FAULT_UNMANAGED || fault.kind == QUIRE_FAULT_MISALIGNED); /* it is both */
        assert_int_equal(digest(q), before);
    }
}

static void the_allocators_own_data(void **state) {
    (void)state;
    struct quire *q = memory();
    struct quire_run own = run_at(q, BASE);
    assert_int_equal(own.state, QUIRE_STATE_METADATA);
    expect_misuse_by_all(q, own.base, QUIRE_FAULT_RESERVED);
    expect_misuse_by_all(q, own.base + (own.n_frames - 1) * PAGE, QUIRE_FAULT_RESERVED);
    expect_misuse(q, FREE_ORDER, BASE, QUIRE_BLOCK_ORDER, QUIRE_FAULT_RESERVED, BASE, 0, 0);
}

static void the_data_in_added_memory(void **state) {
    (void)state;
    struct quire *q = memory();
    const struct quire_region more = USABLE(END + 4 * MIB, END + 8 * MIB);
    struct frames all = {0};
    unit_ram(&more, 1, QUIRE_NONE);
    take_all(q, &all); /* so that they do not lie in free frames */
    assert_int_equal(quire_add(q, &more), QUIRE_OK);
    frames_clear(&all);
    assert_int_equal(state_of(q, more.base), QUIRE_STATE_METADATA);
    expect_misuse_by_all(q, more.base, QUIRE_FAULT_RESERVED);
}

static void a_hole(void **state) {
    (void)state;
    struct quire *q = memory();
    struct quire_zone_stats zone;
    enum quire_fault_kind kind = QUIRE_FAULT_UNMANAGED;
    for (unsigned i = 0; quire_zone_stats(q, i, &zone); i++) {
        kind = zone.base <= HOLE && HOLE < zone.end ? QUIRE_FAULT_RESERVED : kind;
    }
    expect_misuse_by_all(q, HOLE, kind);
    expect_misuse_by_all(q, HOLE + 100 * PAGE, kind);
    expect_misuse_by_all(q, HOLE_END - PAGE, kind);
}

static void a_misaligned_address(void **state) {
    (void)state;
    struct quire *q = memory();
    const quire_pa off[] = {1, 8, 64, PAGE / 2, PAGE - 1};
    quire_pa pa = must_alloc(q, 12);
    for (size_t i = 0; i < COUNT_OF(off); i++) {
        for (enum call call = FREE; call < N_CALLS; call++) {
            struct quire_fault fault;
            uint64_t before = digest(q);
            assert_int_equal(do_call(q, call, pa + off[i], 0), QUIRE_FAULT);
            assert_int_equal(host_take_faults(&fault), 1);
            assert_int_equal(fault.kind, QUIRE_FAULT_MISALIGNED);
            assert_int_equal(fault.pa, pa + off[i]);
            assert_int_equal(digest(q), before);
        }
    }
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
}

static void a_part_that_is_not_aligned_to_its_size(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = must_alloc_order(q, PAIR_ORDER, 12);
    for (unsigned order = 1; order < PAIR_ORDER; order++) {
        struct quire_fault fault;
        uint64_t before = digest(q);
        quire_pa off = pa + (PAGE << (order - 1));
        assert_int_equal(quire_free_order(q, off, order), QUIRE_FAULT);
        assert_int_equal(host_take_faults(&fault), 1);
        assert_int_equal(fault.kind, QUIRE_FAULT_MISALIGNED);
        assert_int_equal(fault.pa, off);
        assert_int_equal(fault.order, order);
        assert_int_equal(digest(q), before);
    }
    assert_int_equal(quire_free_order(q, pa, PAIR_ORDER), QUIRE_OK);
}

/* ---- frames that nobody holds ------------------------------------------------------------------------- */

static void freed_twice_on_the_same_cpu(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = must_alloc(q, 33);
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    expect_misuse(q, FREE, pa, 0, QUIRE_FAULT_DOUBLE_FREE, pa, 0, 33);
    expect_misuse(q, FREE_ORDER, pa, 0, QUIRE_FAULT_DOUBLE_FREE, pa, 0, 33);
    assert_true(must_alloc(q, 34) != QUIRE_NONE);
}

static void freed_twice_on_two_cpus(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = must_alloc(q, 33);
    host_set_cpu(1);
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    host_set_cpu(0);
    expect_misuse(q, FREE, pa, 0, QUIRE_FAULT_DOUBLE_FREE, pa, 0, 33);
    host_set_cpu(7);
    expect_misuse(q, FREE, pa, 0, QUIRE_FAULT_DOUBLE_FREE, pa, 0, 33);
}

static void freed_twice_long_after(void **state) {
    (void)state;
    struct quire *q = memory();
    struct frames all = {0}, again = {0};
    take_all(q, &all);
    quire_pa pa = all.at[777];
    for (size_t i = 0; i < all.n; i++) {
        assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK); /* pushes `pa` out of the cache, home to its block */
    }
    expect_misuse(q, FREE, pa, 0, QUIRE_FAULT_DOUBLE_FREE, pa, 0, 1);
    take_all(q, &again);
    assert_int_equal(again.n, all.n);
    frames_clear(&all);
    frames_clear(&again);
}

static void freed_twice_as_part_of_a_larger_one(void **state) {
    (void)state;
    struct quire *q = memory();
    for (unsigned order = 1; order <= PAIR_ORDER; order++) {
        quire_pa pa = must_alloc_order(q, order, 21);
        quire_pa last = pa + (PAGE << order) - PAGE;
        assert_int_equal(quire_free(q, last), QUIRE_OK);
        expect_misuse(q, FREE, last, 0, QUIRE_FAULT_DOUBLE_FREE, last, 0, 21);
        assert_int_equal(quire_free(q, pa), QUIRE_OK);
        expect_misuse(q, FREE, pa, 0, QUIRE_FAULT_DOUBLE_FREE, pa, 0, 21);
        for (quire_pa at = pa + PAGE; at < last; at += PAGE) {
            assert_int_equal(quire_free(q, at), QUIRE_OK);
        }
    }
}

static void a_whole_larger_one_freed_twice(void **state) {
    (void)state;
    struct quire *q = memory();
    for (unsigned order = 0; order <= PAIR_ORDER; order++) {
        quire_pa pa = must_alloc_order(q, order, 22);
        quire_pa middle = pa + (PAGE << order >> 1 & ~(PAGE - 1));
        assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
        expect_misuse(q, FREE_ORDER, pa, order, QUIRE_FAULT_DOUBLE_FREE, pa, 0, 22);
        expect_misuse(q, FREE, middle, 0, QUIRE_FAULT_DOUBLE_FREE, middle, 0, 22);
    }
}

static void freed_as_a_whole_when_a_part_is_gone(void **state) {
    (void)state;
    struct quire *q = memory();
    for (unsigned order = 1; order <= PAIR_ORDER; order++) {
        quire_pa pa = must_alloc_order(q, order, 23);
        assert_int_equal(quire_free(q, pa), QUIRE_OK);
        expect_misuse(q, FREE_ORDER, pa, order, QUIRE_FAULT_DOUBLE_FREE, pa, 0, 23);
        for (quire_pa at = pa + PAGE; at < pa + (PAGE << order); at += PAGE) {
            assert_int_equal(quire_free(q, at), QUIRE_OK);
        }
    }
}

static void never_handed_out(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = must_alloc(q, 1);
    quire_pa neighbour = pa ^ PAGE;  /* the same block, which is in use */
    const quire_pa fresh = 70 * MIB; /* a block that was never used */
    expect_misuse(q, FREE, neighbour, 0, QUIRE_FAULT_NEVER_ALLOCATED, neighbour, 0, 0);
    expect_misuse(q, FREE, fresh, 0, QUIRE_FAULT_NEVER_ALLOCATED, fresh, 0, 0);
    expect_misuse(q, FREE_ORDER, fresh, QUIRE_BLOCK_ORDER, QUIRE_FAULT_NEVER_ALLOCATED, fresh, 0, 0);
    expect_misuse(q, FREE_ORDER, fresh + 8 * PAGE, 3, QUIRE_FAULT_NEVER_ALLOCATED, fresh + 8 * PAGE, 0, 0);
}

/* A zone of which nothing was in use but its last block, which is not whole: the records of the others are rubbish. */
static void memory_of_which_only_the_end_is_initialised(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 1, .mapped_end = 68 * MIB};
    const struct quire_region map[] = {USABLE(64 * MIB, 68 * MIB), USABLE(128 * MIB, 160 * MIB + 5 * PAGE)};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    expect_misuse(q, FREE, 128 * MIB, 0, QUIRE_FAULT_NEVER_ALLOCATED, 128 * MIB, 0, 0);
}

static void references_to_what_nobody_holds(void **state) {
    (void)state;
    struct quire *q = memory();
    const quire_pa fresh = 70 * MIB;
    expect_misuse(q, GET, fresh, 0, QUIRE_FAULT_GET_FREE, fresh, 0, 0);
    expect_misuse(q, COW, fresh, 0, QUIRE_FAULT_GET_FREE, fresh, 0, 0);
    expect_misuse(q, PUT, fresh, 0, QUIRE_FAULT_PUT_FREE, fresh, 0, 0);
    quire_pa pa = must_alloc(q, 44);
    assert_int_equal(quire_put(q, pa), QUIRE_OK);
    expect_misuse(q, GET, pa, 0, QUIRE_FAULT_GET_FREE, pa, 0, 44);
    expect_misuse(q, COW, pa, 0, QUIRE_FAULT_GET_FREE, pa, 0, 44);
    expect_misuse(q, PUT, pa, 0, QUIRE_FAULT_PUT_FREE, pa, 0, 44);
}

/* ---- frames that others hold -------------------------------------------------------------------------- */

static void freed_while_shared(void **state) {
    (void)state;
    struct quire *q = memory();
    quire_pa pa = must_alloc(q, 55);
    for (uint32_t refs = 2; refs < 5; refs++) {
        assert_int_equal(quire_get(q, pa), QUIRE_OK);
        expect_misuse(q, FREE, pa, 0, QUIRE_FAULT_SHARED, pa, refs, 55);
        expect_misuse(q, FREE_ORDER, pa, 0, QUIRE_FAULT_SHARED, pa, refs, 55);
    }
}

static void freed_while_one_frame_of_it_is_shared(void **state) {
    (void)state;
    struct quire *q = memory();
    for (unsigned order = 1; order <= PAIR_ORDER; order++) {
        quire_pa pa = must_alloc_order(q, order, 56);
        quire_pa shared = pa + (PAGE << order) - PAGE;
        assert_int_equal(quire_get(q, shared), QUIRE_OK);
        expect_misuse(q, FREE_ORDER, pa, order, QUIRE_FAULT_SHARED, shared, 2, 56);
        assert_int_equal(quire_put(q, shared), QUIRE_OK);
        assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
    }
}

/* ---- orders ------------------------------------------------------------------------------------------- */

/* A pair of aligned neighbours of this order that are two allocations; the first of them. */
static quire_pa two_neighbours(struct quire *q, unsigned order) {
    struct frames halves = {0};
    take_all_order(q, order, &halves);
    for (size_t i = 0; i < halves.n; i++) {
        quire_pa pa = halves.at[i];
        if (pa % (PAGE << (order + 1)) == 0 && frames_has(&halves, pa + (PAGE << order))) {
            frames_clear(&halves);
            return pa;
        }
    }
    fail_msg("no two neighbours of order %u", order);
    return QUIRE_NONE;
}

static void two_allocations_freed_as_one(void **state) {
    (void)state;
    for (unsigned order = 0; order < PAIR_ORDER; order++) {
        struct quire *q = memory();
        quire_pa pa = two_neighbours(q, order);
        quire_pa second = pa + (PAGE << order); /* the report names the frame that does not belong to the first */
        expect_misuse(q, FREE_ORDER, pa, order + 1, QUIRE_FAULT_WRONG_ORDER, second, 1, 1);
        assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
        assert_int_equal(quire_free_order(q, second, order), QUIRE_OK);
        host_ram_clear();
    }
}

/* What lies behind the allocation is free; so that is what is wrong with freeing it. */
static void freed_with_a_larger_order(void **state) {
    (void)state;
    for (unsigned order = 0; order < PAIR_ORDER; order++) {
        struct quire *q = memory();
        quire_pa pa = two_neighbours(q, order);
        quire_pa second = pa + (PAGE << order);
        assert_int_equal(quire_free_order(q, second, order), QUIRE_OK);
        expect_misuse(q, FREE_ORDER, pa, order + 1, QUIRE_FAULT_DOUBLE_FREE, second, 0, 1);
        assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
        host_ram_clear();
    }
}

/* The neighbours were one allocation once; then one of them was freed and taken again by somebody else. */
static void freed_with_a_part_that_has_a_new_owner(void **state) {
    (void)state;
    for (unsigned order = 1; order <= PAIR_ORDER; order++) {
        struct quire *q = memory();
        quire_pa pa = must_alloc_order(q, order, 67);
        struct frames rest = {0};
        take_all(q, &rest);
        assert_int_equal(quire_free(q, pa), QUIRE_OK);
        assert_true(must_alloc(q, 67) == pa);
        expect_misuse(q, FREE_ORDER, pa, order, QUIRE_FAULT_WRONG_ORDER, pa + PAGE, 1, 67);
        frames_clear(&rest);
        host_ram_clear();
    }
}

/* ---- many --------------------------------------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t any(uint64_t n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (random_state >> 33) % n;
}

static void ten_thousand_bad_calls_change_nothing(void **state) {
    (void)state;
    struct quire *q = memory();
    for (unsigned i = 0; i < 600; i++) {
        quire_pa pa = must_alloc_order(q, i % 4, (uint8_t)(i % QUIRE_TAG_QUARANTINE));
        if (i % 3 == 0) {
            assert_int_equal(quire_free_order(q, pa, i % 4), QUIRE_OK);
        }
    }
    const uint64_t before = digest(q);
    random_state = 1;
    for (unsigned n = 0; n < 10000;) {
        quire_pa pa = BASE - 16 * PAGE + any((END - BASE) / PAGE + 32) * PAGE;
        pa += any(4) == 0 ? any(PAGE) : 0;
        if (pa % PAGE == 0 && quire_refs(q, pa) > 0) {
            continue; /* might be a proper call */
        }
        assert_int_equal(do_call(q, (enum call)any(N_CALLS), pa, (unsigned)any(PAIR_ORDER + 1)), QUIRE_FAULT);
        assert_int_equal(host_take_faults(NULL), 1);
        assert_int_equal(digest(q), before);
        n++;
    }
    assert_int_equal(stats_of(q).n_faults, 10000);
    expect_consistent(q);
}

/* ---- words -------------------------------------------------------------------------------------------- */

static void every_fault_and_status_has_a_name_of_its_own(void **state) {
    (void)state;
    for (unsigned a = 0; a < QUIRE_FAULT_KINDS; a++) {
        assert_true(strlen(quire_fault_name((enum quire_fault_kind)a)) > 0);
        for (unsigned b = 0; b < a; b++) {
            assert_string_not_equal(quire_fault_name((enum quire_fault_kind)a),
                                    quire_fault_name((enum quire_fault_kind)b));
        }
    }
    for (unsigned a = 0; a <= QUIRE_FAULT; a++) {
        assert_true(strlen(quire_status_name((enum quire_status)a)) > 0);
        for (unsigned b = 0; b < a; b++) {
            assert_string_not_equal(quire_status_name((enum quire_status)a), quire_status_name((enum quire_status)b));
        }
    }
    assert_non_null(quire_fault_name(QUIRE_FAULT_KINDS));
    assert_non_null(quire_status_name((enum quire_status)(QUIRE_GAVE_UP + 1)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(an_address_outside_all_memory),
        unit_case(no_address_at_all),
        unit_case(the_allocators_own_data),
        unit_case(the_data_in_added_memory),
        unit_case(a_hole),
        unit_case(a_misaligned_address),
        unit_case(a_part_that_is_not_aligned_to_its_size),
        unit_case(freed_twice_on_the_same_cpu),
        unit_case(freed_twice_on_two_cpus),
        unit_case(freed_twice_long_after),
        unit_case(freed_twice_as_part_of_a_larger_one),
        unit_case(a_whole_larger_one_freed_twice),
        unit_case(freed_as_a_whole_when_a_part_is_gone),
        unit_case(never_handed_out),
        unit_case(memory_of_which_only_the_end_is_initialised),
        unit_case(references_to_what_nobody_holds),
        unit_case(freed_while_shared),
        unit_case(freed_while_one_frame_of_it_is_shared),
        unit_case(two_allocations_freed_as_one),
        unit_case(freed_with_a_larger_order),
        unit_case(freed_with_a_part_that_has_a_new_owner),
        unit_case(ten_thousand_bad_calls_change_nothing),
        unit_case(every_fault_and_status_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
