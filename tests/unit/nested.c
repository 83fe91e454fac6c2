/* nested.c: calls in the middle of calls, as an interrupt handler makes them.
 *
 * The hooks here are this file's own: each of them, armed, calls the allocator again before it returns. (Interrupts at
 * any instruction are in interrupt.c, at any access to memory in tests/interleave.) */
#include "unit.h"

#include <quire/port.h>
#include <stdlib.h>
#include <string.h>

#define BASE (64 * MIB)

static unsigned char *ram;
static size_t ram_bytes;
static struct quire *q;

/* What happens inside the hooks. */
static const struct quire_region *to_add; /* once, and what quire_add said */
static enum quire_status added;
static bool armed;
static unsigned depth, cpu, n_faults, n_nested;
static struct frames mine; /* held by the nested calls */

static void interrupt(void) {
    const struct quire_region *region = to_add;
    to_add = NULL;
    added = region != NULL ? quire_add(q, region) : added;
    if (!armed || depth == 2) {
        return;
    }
    depth++;
    const unsigned order = ++n_nested % 3;
    quire_pa pa = quire_alloc(q, 100), run;
    if (pa != QUIRE_NONE) {
        assert_int_equal(quire_get(q, pa), QUIRE_OK);
        assert_int_equal(quire_put(q, pa), QUIRE_OK);
        frames_push(&mine, pa);
    }
    if (mine.n > 16) { /* the oldest ones go back: other frames than those just taken */
        quire_pa oldest = mine.at[0];
        memmove(mine.at, mine.at + 1, --mine.n * sizeof *mine.at);
        assert_int_equal(quire_free(q, oldest), QUIRE_OK);
    }
    if (quire_alloc_order(q, order, 101, &run) == QUIRE_OK) {
        assert_int_equal(quire_free_order(q, run, order), QUIRE_OK);
    }
    struct quire_stats stats;
    quire_stats(q, &stats);
    depth--;
}

unsigned quire_port_cpu(void) {
    interrupt();
    return cpu;
}

#ifdef QUIRE_PORT_LOCAL
bool quire_port_fence(unsigned of) {
    (void)of;
    return true; /* there is one thread */
}
#endif

void *quire_port_map(quire_pa pa) {
    interrupt();
    assert_in_range(pa, BASE, BASE + ram_bytes - 1);
    return ram + (pa - BASE);
}

void quire_port_fault(const struct quire_fault *fault) {
    assert_non_null(fault->detail);
    n_faults++;
    interrupt();
}

static void start(uint64_t n_bytes, enum quire_content content) {
    const struct quire_config config = {.n_cpus = 2, .content = content};
    const struct quire_region region = USABLE(BASE, BASE + n_bytes);
    armed = false;
    n_faults = n_nested = cpu = 0;
    ram_bytes = (size_t)n_bytes;
    ram = aligned_alloc(PAGE, ram_bytes);
    assert_non_null(ram);
    assert_int_equal(quire_init(&q, &config, &region, 1), QUIRE_OK);
    armed = true;
}

/* All of it comes back, none of it twice. */
static void finish(uint64_t n_held) {
    armed = false;
    struct quire_fault first;
    assert_int_equal(quire_validate(q, &first), QUIRE_OK);
    struct quire_stats stats;
    quire_stats(q, &stats);
    assert_int_equal(stats.n_free + n_held + mine.n, stats.n_frames);
    free_all(q, &mine);
    free(ram);
}

static void inside_every_call(void **state) {
    (void)state;
    for (enum quire_content content = QUIRE_CONTENT_NONE; content <= QUIRE_CONTENT_POISON; content++) {
        start(16 * MIB, content);
        struct frames held = {0};
        for (unsigned i = 0; i < 1000; i++) {
            cpu = i / 64 % 3;
            unsigned order = i % 16 == 0 ? i / 16 % (QUIRE_BLOCK_ORDER + 1) : 0;
            quire_pa run = QUIRE_NONE, own = QUIRE_NONE, pa = must_alloc(q, 1);
            assert_false(frames_has(&held, pa) || frames_has(&mine, pa));
            assert_int_equal(quire_get(q, pa), QUIRE_OK);
            assert_int_equal(quire_cow(q, pa, &own), QUIRE_OK);
            assert_true(own != pa);
            assert_int_equal(quire_put(q, own), QUIRE_OK);
            if (quire_alloc_order(q, order, 2, &run) == QUIRE_OK) {
                assert_int_equal(quire_free_order(q, run, order), QUIRE_OK);
            }
            frames_push(&held, pa);
            if (held.n > 200) {
                assert_int_equal(quire_free(q, held.at[i % 200]), QUIRE_OK);
                held.at[i % 200] = held.at[--held.n];
            }
        }
        assert_true(n_nested > 1000);
        finish(held.n);
        frames_clear(&held);
    }
}

static void while_memory_runs_out(void **state) {
    (void)state;
    start(4 * MIB, QUIRE_CONTENT_NONE);
    for (unsigned round = 0; round < 20; round++) {
        struct frames all = {0};
        cpu = round % 3;
        take_all(q, &all);
        expect_good_frames(&all, &(struct quire_region)USABLE(BASE, BASE + 4 * MIB), 1);
        struct quire_stats stats;
        quire_stats(q, &stats);
        assert_int_equal(all.n + mine.n, stats.n_frames - stats.n_free);
        for (size_t i = 0; i < all.n; i++) {
            cpu = (unsigned)i % 2;
            assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
        }
        frames_clear(&all);
    }
    finish(0);
}

/* The hook that is told of a fault may use the allocator: to print, to take a page for a report. */
static void inside_the_report_of_a_fault(void **state) {
    (void)state;
    start(4 * MIB, QUIRE_CONTENT_POISON);
    for (unsigned i = 0; i < 200; i++) {
        quire_pa pa = must_alloc(q, 1);
        assert_int_equal(quire_get(q, pa), QUIRE_OK);
        unsigned before = n_faults;
        assert_int_equal(quire_free(q, pa), QUIRE_FAULT);
        assert_int_equal(quire_free(q, pa + 1), QUIRE_FAULT);
        assert_int_equal(quire_get(q, 0), QUIRE_FAULT);
        assert_int_equal(n_faults, before + 3);
        assert_int_equal(quire_put(q, pa), QUIRE_OK);
        assert_int_equal(quire_free(q, pa), QUIRE_OK);
    }
    finish(0);
}

/* One at a time; the second one is told so and changes nothing. */
static void adding_memory_while_memory_is_added(void **state) {
    (void)state;
    start(16 * MIB, QUIRE_CONTENT_NONE);
    const struct quire_config config = {.n_cpus = 2};
    const struct quire_region all[] = {USABLE(BASE, BASE + 4 * MIB), USABLE(BASE + 4 * MIB, BASE + 8 * MIB),
                                       USABLE(BASE + 12 * MIB, BASE + 16 * MIB)};
    armed = false;
    assert_int_equal(quire_init(&q, &config, all, 1), QUIRE_OK);
    to_add = &all[2];
    added = QUIRE_OK;
    assert_int_equal(quire_add(q, &all[1]), QUIRE_OK);
    assert_null(to_add);
    assert_int_equal(added, QUIRE_BUSY);
    assert_int_equal(quire_add(q, &all[2]), QUIRE_OK); /* later it is welcome */
    finish(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inside_every_call),
        cmocka_unit_test(while_memory_runs_out),
        cmocka_unit_test(inside_the_report_of_a_fault),
        cmocka_unit_test(adding_memory_while_memory_is_added),
    };
    return cmocka_run_group_tests_name("nested", tests, NULL, NULL);
}
