/* work.c: the workloads.
 *
 * The user's touch is a write to the first 8 bytes of a frame right after it was handed out: one cache line, the one
 * where a list through the frames keeps its link, so that it favours the lists if anybody. */
#include "work.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

void out_of_frames(void) {
    fprintf(stderr, "bench: a contestant has no frame left where many are free\n");
    exit(1);
}

static inline quire_pa take(const struct worker *w) {
    quire_pa frame = w->alloc(w->state, w->cpu);
    if (frame == QUIRE_NONE) {
        out_of_frames();
    }
    if (w->touch != 0) {
        *(volatile uint64_t *)(w->touch + frame) = frame;
    }
    return frame;
}

static inline uint32_t take_number(const struct worker *w) {
    return (uint32_t)(take(w) >> QUIRE_PAGE_SHIFT);
}

static inline void give_number(const struct worker *w, uint32_t number) {
    w->free(w->state, w->cpu, (quire_pa)number << QUIRE_PAGE_SHIFT);
}

/* ---- the same frame again and again --------------------------------------------------------------------- */

static uint64_t run_same(struct worker *worker) {
    const struct worker w = *worker;
    for (uint64_t i = 0; i < w.n_pairs; i++) {
        w.free(w.state, w.cpu, take(&w));
    }
    return w.n_pairs;
}

/* ---- a quarter of memory in bulk ------------------------------------------------------------------------ */

static void bulk_round(const struct worker *worker) {
    const struct worker w = *worker;
    for (size_t i = 0; i < w.n_held; i++) {
        w.held[i] = take_number(&w);
    }
    for (size_t i = 0; i < w.n_held; i++) {
        give_number(&w, w.held[i]);
    }
}

static void prepare_bulk(struct worker *w) {
    w->n_held = w->n_frames / 4 / w->n_workers;
    bulk_round(w);
}

static uint64_t run_bulk(struct worker *w) {
    uint64_t n_pairs = 0;
    do {
        bulk_round(w);
        n_pairs += w->n_held;
    } while (n_pairs < w->n_pairs);
    return n_pairs;
}

/* ---- random replacement at half full -------------------------------------------------------------------- */

static void replace(struct worker *worker, uint64_t n_pairs) {
    struct worker w = *worker;
    for (uint64_t i = 0; i < n_pairs; i++) {
        uint32_t slot = random_below(&w.random, (uint32_t)w.n_held);
        give_number(&w, w.held[slot]);
        w.held[slot] = take_number(&w);
    }
    worker->random = w.random;
}

static void prepare_random(struct worker *w) {
    w->n_held = w->n_frames / 2 / w->n_workers;
    for (size_t i = 0; i < w->n_held; i++) {
        w->held[i] = take_number(w);
    }
    replace(w, w->n_pairs / 4);
}

static uint64_t run_random(struct worker *w) {
    replace(w, w->n_pairs);
    return w->n_pairs;
}

/* ---- bursts --------------------------------------------------------------------------------------------- */

enum { BURST = 64 };

static uint64_t run_bursts(struct worker *worker) {
    const struct worker w = *worker;
    uint32_t held[BURST];
    for (uint64_t i = 0; i < w.n_pairs; i += BURST) {
        for (unsigned n = 0; n < BURST; n++) {
            held[n] = take_number(&w);
        }
        for (unsigned n = BURST; n-- > 0;) {
            give_number(&w, held[n]);
        }
    }
    return w.n_pairs;
}

/* ---- produced here, freed there ------------------------------------------------------------------------- */

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
            w.ring->slot[(n_sent + n) % RING_SLOTS] = take_number(&w);
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
            give_number(&w, w.ring->slot[(n_received + n) % RING_SLOTS]);
        }
        n_received += RING_BATCH;
        atomic_store_explicit(&w.ring->n_received, n_received, memory_order_release); /* the slots are read */
    }
}

static void pass(const struct worker *w, uint64_t n_frames) {
    if (w->cpu == 0) {
        send(w, n_frames);
    } else {
        receive(w, n_frames);
    }
}

/* Each frame has changed sides at least once, and what the first CPU takes came back from the second. */
static void prepare_pass_long(struct worker *w) {
    pass(w, w->n_frames + w->n_frames / 4);
}

static uint64_t run_pass(struct worker *w) {
    pass(w, w->n_pairs);
    return w->n_pairs;
}

const struct work works[N_WORKS] = {
    [WORK_SAME] = {.name = "same frame",
                   .what = "one frame taken and freed again and again",
                   .n_pairs = 1u << 20,
                   .run = run_same},
    [WORK_BULK] = {.name = "bulk",
                   .what = "25 % of memory taken, then freed in the same order",
                   .n_pairs = 1u << 19,
                   .prepare = prepare_bulk,
                   .run = run_bulk},
    [WORK_RANDOM] = {.name = "random",
                     .what = "50 % of memory held; a random frame of it freed, another taken",
                     .n_pairs = 1u << 19,
                     .prepare = prepare_random,
                     .run = run_random},
    [WORK_BURSTS] = {.name = "bursts",
                     .what = "64 frames taken, then freed, the last one first",
                     .n_pairs = 1u << 19,
                     .run = run_bursts},
    [WORK_PASS] = {.name = "passed on",
                   .what = "taken on one CPU, freed on the other, no frame twice",
                   .traits = WORK_PASSES,
                   .n_pairs = 120000,
                   .run = run_pass},
    [WORK_PASS_LONG] = {.name = "passed on, long",
                        .what = "the same without an end: frames must find their way back",
                        .traits = WORK_PASSES | WORK_LONG,
                        .n_pairs = 1u << 17,
                        .prepare = prepare_pass_long,
                        .run = run_pass},
};
