/* directory.c: the directory of cache lines against accesses whose effects were worked out by hand, and the compiler's calls
 * against a function whose accesses were counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/scale/directory.h"
#include "tests/scale/watched.h"

#include <string.h>

/* 8 CPUs on 2 nodes: 0..3 and 4..7. */
enum { N_CPUS = 8, N_NODES = 2, A = 0x10000, B = A + LINE_BYTES };

struct step {
    unsigned cpu;
    bool writes;
    uintptr_t at;
    size_t n_bytes;
    uint64_t operation;
    unsigned transfers, crossings, lines; /* expected, of this step */
};

#define R false
#define W true

static void run(const struct step *steps, size_t n_steps) {
    struct directory *d = directory_make(N_CPUS, N_NODES);
    for (size_t i = 0; i < n_steps; i++) {
        const struct step *s = &steps[i];
        struct counts counts = {0};
        struct access access = {.at = s->at, .n_bytes = s->n_bytes, .writes = s->writes};
        unsigned n_transfers = directory_access(d, s->cpu, s->operation, &access, &counts);
        if (n_transfers != s->transfers || counts.n_crossings != s->crossings || counts.n_lines != s->lines) {
            fail_msg("step %zu: %u transfers, %u crossings, %u lines", i, n_transfers, (unsigned)counts.n_crossings,
                     (unsigned)counts.n_lines);
        }
        assert_int_equal(counts.n_transfers, s->transfers);
        assert_int_equal(counts.n_accesses, 1);
    }
    directory_drop(d);
}
#define RUN(...)                                                                                                       \
    do {                                                                                                               \
        const struct step steps[] = {__VA_ARGS__};                                                                     \
        run(steps, sizeof steps / sizeof steps[0]);                                                                    \
    } while (0)

static void what_one_cpu_does_moves_nothing(void **state) {
    (void)state;
    RUN({0, R, A, 8, 1, 0, 0, 1}, {0, W, A, 8, 1, 0, 0, 0}, {0, W, A + 56, 8, 1, 0, 0, 0}, {0, R, B, 1, 1, 0, 0, 1},
        {0, W, A, 8, 2, 0, 0, 1});
}

static void reading_what_nobody_wrote_moves_nothing(void **state) {
    (void)state;
    RUN({0, R, A, 8, 1, 0, 0, 1}, {1, R, A, 8, 2, 0, 0, 1}, {7, R, A, 8, 3, 0, 0, 1});
}

static void each_reader_fetches_what_was_written_once(void **state) {
    (void)state;
    RUN({0, W, A, 8, 1, 0, 0, 1}, {1, R, A, 8, 2, 1, 0, 1}, {1, R, A + 8, 8, 2, 0, 0, 0}, {2, R, A, 8, 3, 1, 0, 1},
        {0, R, A, 8, 1, 0, 0, 0});
}

static void a_write_takes_all_copies_away_at_once(void **state) {
    (void)state;
    RUN({0, W, A, 8, 1, 0, 0, 1}, {1, R, A, 8, 2, 1, 0, 1}, {2, R, A, 8, 3, 1, 0, 1}, /* three have it */
        {2, W, A, 8, 3, 1, 0, 0}, {2, W, A, 8, 3, 0, 0, 0},                           /* one */
        {0, R, A, 8, 1, 1, 0, 0}, {1, W, A, 8, 2, 1, 0, 0});
}

/* A CPU that reads before it writes pays twice; one that writes at once, once. */
static void ping_pong(void **state) {
    (void)state;
    RUN({0, W, A, 8, 1, 0, 0, 1}, {1, W, A, 8, 2, 1, 0, 1}, {0, W, A, 8, 3, 1, 0, 1}, {1, R, A, 8, 4, 1, 0, 1},
        {1, W, A, 8, 4, 1, 0, 0}, {0, R, A, 8, 5, 1, 0, 1}, {0, W, A, 8, 5, 1, 0, 0});
}

static void different_words_of_one_line_are_one_line(void **state) {
    (void)state;
    RUN({0, W, A, 4, 1, 0, 0, 1}, {1, W, A + 60, 4, 2, 1, 0, 1}, {0, W, A, 4, 3, 1, 0, 1}, {1, W, B, 4, 4, 0, 0, 1},
        {0, W, A, 4, 5, 0, 0, 1});
}

static void an_access_may_take_several_lines(void **state) {
    (void)state;
    RUN({0, W, A + 60, 8, 1, 0, 0, 2}, {1, R, A, 3 * LINE_BYTES, 2, 2, 0, 3}, {2, W, A + 63, 1, 3, 1, 0, 1},
        {1, W, A, 3 * LINE_BYTES, 4, 2, 0, 3}, /* the first from 2; of the second 0 still had a copy */
        {0, R, B + 8, 1, 5, 1, 0, 1});
}

static void a_copy_in_the_node_saves_a_crossing(void **state) {
    (void)state;
    RUN({0, W, A, 8, 1, 0, 0, 1}, {3, R, A, 8, 2, 1, 0, 1}, /* inside node 0 */
        {4, R, A, 8, 3, 1, 1, 1},                           /* across */
        {5, R, A, 8, 4, 1, 0, 1},                           /* from CPU 4 */
        {5, W, A, 8, 4, 1, 1, 0},                           /* takes node 0's copies away */
        {6, W, A, 8, 5, 1, 0, 1});                          /* only node 1 has one now */
}

static void copies_of_many_lines_stay_apart(void **state) {
    (void)state;
    struct directory *d = directory_make(MAX_CPUS, MAX_NODES);
    enum { N_LINES = 3000, N_READERS = 5 };
    struct counts counts = {0};
    for (unsigned turn = 0; turn < 2; turn++) {
        for (uintptr_t i = 0; i < N_LINES; i++) { /* each line by a CPU of its own */
            struct access write = {.at = A + i * LINE_BYTES, .n_bytes = 8, .writes = true};
            directory_access(d, i % MAX_CPUS, 1 + turn, &write, &counts);
        }
        for (unsigned reader = 0; reader < N_READERS; reader++) {
            for (uintptr_t i = 0; i < N_LINES; i++) {
                struct access read = {.at = A + i * LINE_BYTES, .n_bytes = 8};
                directory_access(d, (unsigned)(i + 1 + reader) % MAX_CPUS, 3 + turn, &read, &counts);
            }
        }
    }
    assert_int_equal(counts.n_transfers, 2 * N_READERS * N_LINES + N_LINES); /* the second writes take copies away */
    directory_drop(d);
}

/* ---- the compiler's calls -------------------------------------------------------------------------------- */

static struct directory *watching;
static struct counts seen;
static const void *last_pc;

void accessed(const struct access *access) {
    directory_access(watching, 0, 1, access, &seen);
    last_pc = access->pc;
}

static void each_access_is_told_once(void **state) {
    (void)state;
    static struct watched w;
    watching = directory_make(1, 1);
    memset(&seen, 0, sizeof seen);
    assert_int_equal(watched_accesses(&w), 3);
    assert_int_equal(w.flag, 7);
    assert_int_equal(w.copied.word[7], 0x0101010101010101);
    assert_int_equal(seen.n_locked, WATCHED_LOCKED);
    assert_int_equal(seen.n_lines, WATCHED_LINES);
    assert_in_range(seen.n_accesses, WATCHED_ACCESSES, WATCHED_ACCESSES + WATCHED_TOLD_TWICE);
    assert_in_range((uintptr_t)last_pc, (uintptr_t)watched_accesses, (uintptr_t)watched_accesses + 4096);
    directory_drop(watching);
}

/* Each operation does what it says: this object code is what is measured. */
static void the_operations_work(void **state) {
    (void)state;
    watching = directory_make(1, 1);
    assert_null(watched_wrong_operation());
    directory_drop(watching);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_cpu_does_moves_nothing),
        cmocka_unit_test(reading_what_nobody_wrote_moves_nothing),
        cmocka_unit_test(each_reader_fetches_what_was_written_once),
        cmocka_unit_test(a_write_takes_all_copies_away_at_once),
        cmocka_unit_test(ping_pong),
        cmocka_unit_test(different_words_of_one_line_are_one_line),
        cmocka_unit_test(an_access_may_take_several_lines),
        cmocka_unit_test(a_copy_in_the_node_saves_a_crossing),
        cmocka_unit_test(copies_of_many_lines_stay_apart),
        cmocka_unit_test(each_access_is_told_once),
        cmocka_unit_test(the_operations_work),
    };
    return cmocka_run_group_tests_name("scale directory", tests, NULL, NULL);
}
