/* work_pass.c: frames that are taken on one CPU and freed on its neighbour. */
#include "work.h"

#include <sched.h>

/* Waits until *counter has left `from` by more than `distance`. Yields now and then: the other side may want this CPU's
 * time, where others use the machine. */
static unsigned wait_beyond(atomic_uint *counter, unsigned from, unsigned distance) {
    for (unsigned n_polls = 1;; n_polls++) {
        unsigned now = atomic_load_explicit(counter, memory_order_acquire); /* after the release on the other side */
        if (now - from > distance) {
            return now;
        }
        if (n_polls % 4096 == 0) {
            sched_yield();
        }
    }
}

static void send(const struct worker *worker, uint64_t n_frames) {
    const struct worker w = *worker;
    unsigned n_sent = atomic_load_explicit(&w.ring->n_sent, memory_order_relaxed);
    unsigned n_received = n_sent - RING_SLOTS; /* last seen; as if full, so that the first batch looks */
    for (uint64_t i = 0; i < n_frames; i += RING_BATCH) {
        if (n_sent - n_received > RING_SLOTS - RING_BATCH) {
            n_received = wait_beyond(&w.ring->n_received, n_sent - RING_SLOTS, RING_BATCH - 1);
        }
        for (unsigned n = 0; n < RING_BATCH; n++) {
            w.ring->slot[(n_sent + n) % RING_SLOTS] = work_take(&w);
        }
        n_sent += RING_BATCH;
        atomic_store_explicit(&w.ring->n_sent, n_sent, memory_order_release); /* the slots before it */
    }
}

static void receive(const struct worker *worker, uint64_t n_frames) {
    const struct worker w = *worker;
    unsigned n_received = atomic_load_explicit(&w.ring->n_received, memory_order_relaxed);
    unsigned n_sent = n_received;
    for (uint64_t i = 0; i < n_frames; i += RING_BATCH) {
        if (n_sent == n_received) {
            n_sent = wait_beyond(&w.ring->n_sent, n_received, 0);
        }
        for (unsigned n = 0; n < RING_BATCH; n++) {
            work_give(&w, w.ring->slot[(n_received + n) % RING_SLOTS]);
        }
        n_received += RING_BATCH;
        atomic_store_explicit(&w.ring->n_received, n_received, memory_order_release); /* the slots are read */
    }
}

static void pass(const struct worker *w, uint64_t n_frames) {
    if (w->cpu % 2 == 0) {
        send(w, n_frames);
    } else {
        receive(w, n_frames);
    }
}

/* Each frame has changed sides at least once, and what the even CPUs take came back from the odd ones. */
static void prepare_pass_long(struct worker *w) {
    pass(w, w->n_frames / w->n_workers * 9 / 4);
}

/* No frame twice, also where the sender has a part of memory to itself. */
static uint64_t run_pass(struct worker *w) {
    uint64_t n_own = w->n_frames / w->n_workers / 16 * 15;
    uint64_t n_pairs = w->n_pairs < n_own ? w->n_pairs : n_own;
    pass(w, n_pairs);
    return n_pairs;
}

static uint64_t run_pass_long(struct worker *w) {
    pass(w, w->n_pairs);
    return w->n_pairs;
}

const struct work work_pass = {.name = "passed on",
                               .what = "taken on one CPU, freed on its neighbour, no frame twice",
                               .traits = WORK_PASSES,
                               .n_pairs = 120000,
                               .run = run_pass};
const struct work work_pass_long = {.name = "passed long",
                                    .what = "the same without an end: frames must find their way back",
                                    .traits = WORK_PASSES | WORK_LONG,
                                    .n_pairs = 1u << 17,
                                    .prepare = prepare_pass_long,
                                    .run = run_pass_long};
