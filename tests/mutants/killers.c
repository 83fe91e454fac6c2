/* killers.c: promises that no other test insisted on until a planted mistake went unnoticed (mutants.py).
 *
 * The hooks are this file's own, so that a test can act in the middle of a call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <quire/port.h>
#include <quire/quire.h>
#include <stdlib.h>
#include <string.h>

#include "src/cache.h"

/* Two zones: blocks lie between the regions. */
static const struct quire_region regions[] = {
    {.base = 0, .end = 4 << 20, .type = QUIRE_USABLE},
    {.base = 8 << 20, .end = 12 << 20, .type = QUIRE_USABLE},
};
#define N_BYTES  ((size_t)12 << 20) /* simulated, the hole included */
#define N_USABLE ((8 << 20) / QUIRE_PAGE_SIZE)

static struct quire *q;
static unsigned char *ram;
static struct quire_fault last_fault;
static unsigned n_faults;
static jmp_buf *after_fault;        /* where a fault leads that its call does not survive */
static void (*while_mapping)(void); /* once */

unsigned quire_port_cpu(void) {
    return 0;
}

void *quire_port_map(quire_pa pa) {
    void (*act)(void) = while_mapping;
    while_mapping = NULL;
    if (act != NULL) {
        act();
    }
    return ram + pa;
}

void quire_port_fault(const struct quire_fault *fault) {
    last_fault = *fault;
    n_faults++;
    if (after_fault != NULL) {
        longjmp(*after_fault, 1);
    }
}

static int set_up(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 1};
    n_faults = 0;
    ram = aligned_alloc(QUIRE_PAGE_SIZE, N_BYTES);
    assert_non_null(ram);
    for (size_t i = 0; i < N_BYTES; i++) {
        ram[i] = (uint8_t)(i * 0x9E3779B1u >> 24); /* rubbish, in no two places the same */
    }
    return quire_init(&q, &config, regions, 2) != QUIRE_OK;
}

static int tear_down(void **state) {
    (void)state;
    struct quire_fault first;
    enum quire_status status = quire_validate(q, &first);
    free(ram);
    return status != QUIRE_OK;
}

static uint64_t n_free(void) {
    struct quire_stats stats;
    quire_stats(q, &stats);
    return stats.n_free;
}

/* ---- copy on write ------------------------------------------------------------------------------------ */

static quire_pa shared;

static void put_both(void) {
    assert_int_equal(quire_put(q, shared), QUIRE_OK);
    assert_int_equal(quire_put(q, shared), QUIRE_OK);
}

/* The reference that the break was to give back is gone by the time that it does so: a fault, and the copy is not lost. */
static void a_break_that_fails_keeps_no_copy(void **state) {
    (void)state;
    quire_pa own = 0;
    const uint64_t n_before = n_free();
    shared = quire_alloc(q, 3);
    assert_int_equal(quire_get(q, shared), QUIRE_OK);
    while_mapping = put_both;
    assert_int_equal(quire_cow(q, shared, &own), QUIRE_FAULT);
    assert_int_equal(n_faults, 1);
    assert_int_equal(last_fault.kind, QUIRE_FAULT_PUT_FREE);
    assert_true(own == QUIRE_NONE);
    assert_int_equal(n_free(), n_before);
}

/* ---- start-up ----------------------------------------------------------------------------------------- */

static void metadata_and_frames_are_all_there_is(void **state) {
    (void)state;
    struct quire_stats stats;
    quire_stats(q, &stats);
    assert_int_equal(stats.n_zones, 2);
    assert_int_equal(stats.n_frames + stats.n_metadata, N_USABLE);
}

/* Metadata of blocks that were never in use are whatever memory held before: records of held frames, say. */
static void rubbish_that_looks_like_records_is_none(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 1};
    const uint32_t held_once = 0x05000001;
    for (size_t i = 0; i < N_BYTES; i += sizeof held_once) {
        memcpy(ram + i, &held_once, sizeof held_once);
    }
    assert_int_equal(quire_init(&q, &config, regions, 2), QUIRE_OK);
    const quire_pa block = QUIRE_BLOCK_FRAMES * QUIRE_PAGE_SIZE, next = quire_alloc(q, 1) / block * block + block;
    assert_int_equal(quire_free(q, next), QUIRE_FAULT);
    assert_int_equal(last_fault.kind, QUIRE_FAULT_NEVER_ALLOCATED);
    assert_true(last_fault.pa == next);
}

/* ---- estimates ---------------------------------------------------------------------------------------- */

/* When to gather follows from how many frames are free at home, as the CPUs sum it up: that stays near the truth for ever. */
static void what_is_free_at_home_is_known_nearly(void **state) {
    (void)state;
    static quire_pa runs[2][100];
    for (unsigned i = 0; i < 100; i++) {
        const unsigned order = i % (Q_RUN_ORDERS + 1);
        for (unsigned k = 0; k < 200; k++) {
            assert_int_equal(quire_alloc_order(q, order, 1, &runs[k % 2][k / 2]), QUIRE_OK);
        }
        for (unsigned k = 0; k < 200; k++) { /* neighbours apart */
            assert_int_equal(quire_free_order(q, runs[k / 100][k % 100], order), QUIRE_OK);
        }
    }
    struct quire_stats stats;
    quire_stats(q, &stats);
    const intptr_t at_home = (intptr_t)(stats.n_free - stats.n_cached);
    intptr_t said = 0;
    for (size_t i = 0; i < q_zones(q)->n; i++) {
        said += atomic_load(&q_zones(q)->zone[i]->balance.n_free);
    }
    const intptr_t near =
        2 * (intptr_t)Q_BLOCK; /* blocks with holes do not count, and the cache has yet to book some */
    assert_true(said - at_home < near && at_home - said < near);
}

/* ---- the core's own mistakes ---------------------------------------------------------------------------- */

/* From QUIRE_CHECK 2 on an assertion is looked at. One that fails says where it is and what it found, and the core does not go
 * on. */
static void a_failed_assertion_is_reported(void **state) {
    (void)state;
    static const q_word words[Q_LINE_WORDS];
    jmp_buf here;
    after_fault = &here;
    if (setjmp(here) == 0) {
        (void)q_find_run(words, QUIRE_BLOCK_ORDER); /* for lower orders only */
    }
    after_fault = NULL;
    assert_int_equal(n_faults, QUIRE_CHECK >= 2);
    if (n_faults > 0) {
        assert_int_equal(last_fault.kind, QUIRE_FAULT_METADATA);
        assert_string_equal(last_fault.call, "q_find_run");
        assert_true(strlen(last_fault.detail) > 0 && last_fault.pa == QUIRE_NONE);
        assert_int_equal(last_fault.value, QUIRE_BLOCK_ORDER);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_break_that_fails_keeps_no_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rubbish_that_looks_like_records_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(metadata_and_frames_are_all_there_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_free_at_home_is_known_nearly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_assertion_is_reported, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("killers", tests, NULL, NULL);
}
