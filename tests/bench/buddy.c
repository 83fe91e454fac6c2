/* buddy.c: the buddy allocator of the benchmark does what one is for: blocks merge again, no frame stays out of reach
 * on the lists of a CPU, and none has two owners while two threads use it. The same is asked of contestants with a
 * mistake, which has to show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/peer.h"

#include <host.h>
#include <pthread.h>
#include <quire/port.h>
#include <stdatomic.h>

enum { N_CPUS = 2, N_SLOTS = 500, N_STEPS = 100000, MAX_ORDER = 10, N_FRAMES = 16384 };

extern const struct peer peer_buddy;

static struct memory memory = {.base = (quire_pa)1 << 30, .n_bytes = N_FRAMES * QUIRE_PAGE_SIZE};

/* ---- two threads that take and free --------------------------------------------------------------------- */

static atomic_bool is_held[N_FRAMES];
static atomic_uint n_twins; /* frames that were handed out while somebody had them */

struct worker {
    const struct peer *peer;
    void *state;
    unsigned cpu;
    uint64_t random;
};

static uint64_t next_random(struct worker *w) {
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return w->random >> 33;
}

/* Writes to each frame: a thread that has it from another one must have everything in order (ThreadSanitizer looks). */
static void take(struct worker *w, quire_pa block, unsigned order) {
    uint64_t first = (block - memory.base) >> QUIRE_PAGE_SHIFT;
    for (uint64_t n = first; n < first + (1u << order); n++) {
        if (atomic_exchange_explicit(&is_held[n], true, memory_order_relaxed)) {
            atomic_fetch_add_explicit(&n_twins, 1, memory_order_relaxed);
        } else {
            *(unsigned *)(void *)(memory.at + (n << QUIRE_PAGE_SHIFT)) = w->cpu;
        }
    }
}

static void give(struct worker *w, quire_pa block, unsigned order) {
    uint64_t first = (block - memory.base) >> QUIRE_PAGE_SHIFT;
    for (uint64_t n = first; n < first + (1u << order); n++) {
        atomic_store_explicit(&is_held[n], false, memory_order_relaxed);
    }
    w->peer->free_order(w->state, w->cpu, block, order);
}

static void *work(void *arg) {
    struct worker *w = arg;
    quire_pa block[N_SLOTS];
    unsigned order[N_SLOTS];
    host_set_cpu(w->cpu);
    for (unsigned i = 0; i < N_SLOTS; i++) {
        block[i] = QUIRE_NONE;
    }
    for (unsigned step = 0; step < N_STEPS + N_SLOTS; step++) {
        unsigned i = step < N_STEPS ? (unsigned)(next_random(w) % N_SLOTS) : step - N_STEPS;
        if (block[i] != QUIRE_NONE) {
            give(w, block[i], order[i]);
            block[i] = QUIRE_NONE;
        } else if (step < N_STEPS) {
            order[i] = (unsigned)__builtin_ctzll(next_random(w) | 1u << MAX_ORDER);
            block[i] = w->peer->alloc_order(w->state, w->cpu, order[i]);
            if (block[i] != QUIRE_NONE) {
                take(w, block[i], order[i]);
            }
        }
    }
    return NULL;
}

static void run_threads(const struct peer *peer, void *state, unsigned n_threads) {
    struct worker worker[N_CPUS];
    pthread_t thread[N_CPUS];
    for (unsigned cpu = 0; cpu < n_threads; cpu++) {
        worker[cpu] = (struct worker){peer, state, cpu, cpu};
        assert_int_equal(pthread_create(&thread[cpu], NULL, work, &worker[cpu]), 0);
    }
    for (unsigned cpu = 0; cpu < n_threads; cpu++) {
        pthread_join(thread[cpu], NULL);
    }
}

/* ---- looking at it from outside ------------------------------------------------------------------------- */

/* How many blocks of `order` CPU `from` gets until there is none; CPU `to` frees them. */
static unsigned count_free(const struct peer *peer, void *state, unsigned order, unsigned from, unsigned to) {
    static quire_pa block[N_FRAMES];
    unsigned n = 0;
    host_set_cpu(from);
    while (n < N_FRAMES && (block[n] = peer->alloc_order(state, from, order)) != QUIRE_NONE) {
        n++;
    }
    host_set_cpu(to);
    for (unsigned i = 0; i < n; i++) {
        peer->free_order(state, to, block[i], order);
    }
    return n;
}

/* What was wrong with a contestant after threads used it. */
struct outcome {
    unsigned n_twins;
    unsigned n_lost; /* blocks of the largest order */
};

static struct outcome stress(const struct peer *peer, unsigned n_threads) {
    void *state = peer->make(&memory, N_CPUS);
    unsigned n_before = count_free(peer, state, MAX_ORDER, 0, 1);
    atomic_store(&n_twins, 0);
    run_threads(peer, state, n_threads);
    struct outcome o = {atomic_load(&n_twins), n_before - count_free(peer, state, MAX_ORDER, 0, 1)};
    peer->drop(state);
    return o;
}

/* ---- contestants with a mistake ------------------------------------------------------------------------- */

static void free_half(void *state, unsigned cpu, quire_pa block, unsigned order) {
    peer_buddy.free_order(state, cpu, block, order > 0 ? order - 1 : 0);
}

static quire_pa alloc_and_free(void *state, unsigned cpu, unsigned order) {
    quire_pa block = peer_buddy.alloc_order(state, cpu, order);
    if (block != QUIRE_NONE) {
        peer_buddy.free_order(state, cpu, block, order);
    }
    return block;
}

static void free_nothing(void *state, unsigned cpu, quire_pa block, unsigned order) {
    (void)state, (void)cpu, (void)block, (void)order;
}

/* Has nothing for a CPU but what this CPU freed. */
static quire_pa alloc_if_first(void *state, unsigned cpu, unsigned order) {
    return cpu == 0 ? peer_buddy.alloc_order(state, cpu, order) : QUIRE_NONE;
}

/* ---- tests ---------------------------------------------------------------------------------------------- */

static void no_frame_has_two_owners_and_blocks_merge_again(void **state) {
    (void)state;
    struct outcome buddy = stress(&peer_buddy, N_CPUS);
    assert_int_equal(buddy.n_twins, 0);
    assert_int_equal(buddy.n_lost, 0);
}

static void a_frame_with_two_owners_would_be_seen(void **state) {
    (void)state;
    struct peer broken = peer_buddy;
    broken.alloc_order = alloc_and_free;
    broken.free_order = free_nothing;
    assert_int_not_equal(stress(&broken, 1).n_twins, 0);
}

static void a_block_that_does_not_merge_would_be_seen(void **state) {
    (void)state;
    struct peer broken = peer_buddy;
    broken.free_order = free_half;
    assert_int_not_equal(stress(&broken, 1).n_lost, 0);
}

/* Frame by frame, so that the last ones come from the lists of the other CPU; after that they all merge. */
static void each_cpu_finds_the_last_frame(void **state) {
    (void)state;
    void *buddy = peer_buddy.make(&memory, N_CPUS);
    unsigned n_blocks = count_free(&peer_buddy, buddy, MAX_ORDER, 0, 0);
    unsigned n_frames = count_free(&peer_buddy, buddy, 0, 0, 1);
    assert_true(n_frames > N_FRAMES / 100 * 99);
    assert_int_equal(count_free(&peer_buddy, buddy, 0, 0, 0), n_frames);
    assert_int_equal(count_free(&peer_buddy, buddy, 0, 1, 1), n_frames);
    assert_int_equal(count_free(&peer_buddy, buddy, MAX_ORDER, 0, 0), n_blocks);
    peer_buddy.drop(buddy);
}

static void a_frame_out_of_reach_would_be_seen(void **state) {
    (void)state;
    struct peer broken = peer_buddy;
    broken.alloc_order = alloc_if_first;
    void *buddy = broken.make(&memory, N_CPUS);
    assert_int_not_equal(count_free(&broken, buddy, 0, 0, 0), count_free(&broken, buddy, 0, 1, 1));
    broken.drop(buddy);
}

int main(void) {
    host_ram_add(memory.base, memory.n_bytes);
    memory.at = quire_port_map(memory.base);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_frame_has_two_owners_and_blocks_merge_again),
        cmocka_unit_test(a_frame_with_two_owners_would_be_seen),
        cmocka_unit_test(a_block_that_does_not_merge_would_be_seen),
        cmocka_unit_test(each_cpu_finds_the_last_frame),
        cmocka_unit_test(a_frame_out_of_reach_would_be_seen),
    };
    return cmocka_run_group_tests_name("bench/buddy", tests, NULL, NULL);
}
