/* litmus.c: the explorer itself, against what C11 says: small programs of which all outcomes are known.
 *
 * Each scenario names the set of outcomes; the explorer must come to all of them and to no other one. That shows that no
 * schedule and no stale value that matters is left out, and that none is made up. An outcome is what threads have seen, as
 * decimal digits. */
#include "litmus.h"

#include "scenarios.h"

#include <quire/port.h>
#include <string.h>

struct litmus *litmus;
int litmus_seen[4][2];

#define MAX_OUTCOME 10000
static OVER_SCHEDULES bool came_to[MAX_OUTCOME];

static void set_up(void) {
    world_make(0, 1, 1);
    litmus = quire_port_map(world_frame(20));
    memset(litmus, 0, sizeof *litmus);
    memset(came_to, 0, sizeof came_to);
}

static void start(void) {
    memset(litmus_seen, 0, sizeof litmus_seen);
}

/* The digits of two threads, or of one. */
static void note_two(unsigned a, unsigned b) {
    came_to[a * 10 + b] = true;
}

static void check_buffer(void) {
    note_two((unsigned)litmus_seen[0][0], (unsigned)litmus_seen[1][0]);
}

static void check_second(void) {
    note_two((unsigned)litmus_seen[1][0], (unsigned)litmus_seen[1][1]);
}

static void check_readers(void) {
    came_to[litmus_seen[2][0] * 1000 + litmus_seen[2][1] * 100 + litmus_seen[3][0] * 10 + litmus_seen[3][1]] = true;
}

static void check_sum(void) {
    expect(litmus->x == 6, "an increment was lost");
}

static void all_and_only(const unsigned *outcomes, size_t n) {
    for (unsigned i = 0; i < MAX_OUTCOME; i++) {
        bool expected = false;
        for (size_t k = 0; k < n; k++) {
            expected |= outcomes[k] == i;
        }
        if (expected != came_to[i]) {
            fail("outcome %u %s", i, expected ? "never came" : "can not be");
        }
    }
}

#define OUTCOMES(name, ...)                                                                                            \
    static void name(void) {                                                                                           \
        static const unsigned outcomes[] = {__VA_ARGS__};                                                              \
        all_and_only(outcomes, sizeof outcomes / sizeof outcomes[0]);                                                  \
    }

OUTCOMES(one_sees_the_other, 1, 10, 11)
OUTCOMES(both_may_miss, 0, 1, 10, 11)
OUTCOMES(no_flag_without_message, 0, 1, 11)
OUTCOMES(flag_before_message, 0, 1, 10, 11)
OUTCOMES(in_order, 0, 1, 2, 11, 12, 22)
OUTCOMES(readers_agree, 0, 1, 10, 11, 100, 101, 110, 111, 1000, 1001, 1011, 1100, 1101, 1110, 1111)

#define LITMUS(variable, title, text, threads, after, at_the_end)                                                      \
    const struct scenario variable = {.name = title,                                                                   \
                                      .about = text,                                                                   \
                                      .set_up = set_up,                                                                \
                                      .start = start,                                                                  \
                                      .thread = threads,                                                               \
                                      .check = after,                                                                  \
                                      .finish = at_the_end,                                                            \
                                      .quick = {UNBOUNDED, 2, 0},                                                      \
                                      .full = {UNBOUNDED, 2, 0},                                                       \
                                      .of_64 = {UNBOUNDED, 2, 0},                                                      \
                                      .of_32 = {UNBOUNDED, 2, 0}}

#define THREADS(...)                                                                                                   \
    { __VA_ARGS__ }

LITMUS(litmus_buffer, "litmus-buffer", "store buffering, seq_cst: one thread sees the other's store",
       THREADS(buffer_seq_cst_0, buffer_seq_cst_1), check_buffer, one_sees_the_other);
LITMUS(litmus_buffer_weak, "litmus-buffer-weak", "store buffering, acquire and release: both may miss it",
       THREADS(buffer_acq_rel_0, buffer_acq_rel_1), check_buffer, both_may_miss);
LITMUS(litmus_buffer_fence, "litmus-buffer-fence", "store buffering, relaxed with seq_cst fences",
       THREADS(buffer_fence_0, buffer_fence_1), check_buffer, one_sees_the_other);
LITMUS(litmus_message, "litmus-message", "message passing, release and acquire",
       THREADS(message_release_0, message_acquire_1), check_second, no_flag_without_message);
LITMUS(litmus_message_weak, "litmus-message-weak", "message passing, relaxed: the flag may come first",
       THREADS(message_relaxed_0, message_acquire_1), check_second, flag_before_message);
LITMUS(litmus_message_fence, "litmus-message-fence", "message passing, relaxed with fences",
       THREADS(message_fence_0, message_fence_1), check_second, no_flag_without_message);
LITMUS(litmus_coherence, "litmus-coherence", "two stores to one place are seen in order",
       THREADS(coherence_0, coherence_1), check_second, in_order);
LITMUS(litmus_readers, "litmus-readers", "two readers agree on the order of two seq_cst stores",
       THREADS(independent_0, independent_1, independent_2, independent_3), check_readers, readers_agree);
LITMUS(litmus_sum, "litmus-sum", "read-modify-writes lose nothing", THREADS(increment, increment, increment), check_sum,
       NULL);
LITMUS(litmus_data, "litmus-data", "a plain message behind a release store is no race",
       THREADS(data_release_0, data_acquire_1), NULL, NULL);
