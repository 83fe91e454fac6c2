/* work_order.c: workloads of runs of 2^order frames. */
#include "work.h"

#include <quire/quire.h>

/* An allocation and its order in one number; the order fits below the first bit of an address. */
static inline quire_pa with_order(quire_pa frame, unsigned order) {
    return frame | order;
}

static inline void give_held(const struct worker *w, quire_pa held) {
    quire_pa order = held % QUIRE_PAGE_SIZE;
    w->peer.free_order(w->state, w->cpu, held - order, (unsigned)order);
}

static inline quire_pa take_order(const struct worker *w, unsigned order) {
    quire_pa frame = w->peer.alloc_order(w->state, w->cpu, order);
    if (frame == QUIRE_NONE) {
        out_of_frames(w->peer.name);
    }
    return with_order(touched(w, frame), order);
}

/* ---- one run again and again ----------------------------------------------------------------------------- */

static inline uint64_t run_pairs(const struct worker *worker, unsigned order) {
    const struct worker w = *worker;
    for (uint64_t i = 0; i < w.n_pairs; i++) {
        give_held(&w, take_order(&w, order));
    }
    return w.n_pairs;
}

static uint64_t run_block(struct worker *w) {
    return run_pairs(w, QUIRE_BLOCK_ORDER);
}

static uint64_t run_large(struct worker *w) {
    return run_pairs(w, PEER_MAX_ORDER);
}

/* Three orders one after the other, again and again. */
static uint64_t run_turns(struct worker *worker) {
    static const unsigned orders[] = {0, QUIRE_BLOCK_ORDER, 3};
    enum { N = sizeof orders / sizeof orders[0] };
    const struct worker w = *worker;
    uint64_t n_pairs = 0;
    for (; n_pairs < w.n_pairs; n_pairs += N) {
        quire_pa held[N];
        for (unsigned i = 0; i < N; i++) {
            held[i] = take_order(&w, orders[i]);
        }
        for (unsigned i = 0; i < N; i++) {
            give_held(&w, held[i]);
        }
    }
    return n_pairs;
}

/* ---- many of one order ----------------------------------------------------------------------------------- */

static inline uint64_t run_order_bulk(const struct worker *worker, unsigned order, size_t n_held) {
    const struct worker w = *worker;
    uint64_t n_pairs = 0;
    for (; n_pairs < w.n_pairs; n_pairs += n_held) {
        for (size_t i = 0; i < n_held; i++) {
            w.held[i] = take_order(&w, order);
        }
        for (size_t i = 0; i < n_held; i++) {
            give_held(&w, w.held[i]);
        }
    }
    return n_pairs;
}

static uint64_t run_block_bulk(struct worker *w) {
    size_t n_held = w->n_frames / QUIRE_BLOCK_FRAMES / 4 / w->n_workers;
    return run_order_bulk(w, QUIRE_BLOCK_ORDER, n_held == 0 ? 1 : n_held);
}

/* A quarter of 1 GiB. */
static uint64_t run_small_bulk(struct worker *w) {
    return run_order_bulk(w, 4, 4000 / w->n_workers);
}

/* ---- a run that goes back frame by frame ----------------------------------------------------------------- */

/* Frees single frames, as many as a burst. */
static uint64_t run_parts(struct worker *worker) {
    enum { ORDER = 3, N_RUNS = 8 };
    const struct worker w = *worker;
    uint64_t n_pairs = 0;
    for (; n_pairs < w.n_pairs; n_pairs += N_RUNS << ORDER) {
        for (size_t i = 0; i < N_RUNS; i++) {
            w.held[i] = take_order(&w, ORDER) - ORDER;
        }
        for (size_t i = 0; i < N_RUNS << ORDER; i++) {
            work_give(&w, w.held[i >> ORDER] + (i % (1u << ORDER)) * QUIRE_PAGE_SIZE);
        }
    }
    return n_pairs;
}

/* ---- orders at random ------------------------------------------------------------------------------------ */

typedef unsigned draw_order(uint64_t *random);

/* Half of them order 0, a quarter order 1, and so on: each order has the same share of memory. */
static unsigned draw_any(uint64_t *random) {
    uint32_t draw = random_below(random, 1u << PEER_MAX_ORDER) | 1u << PEER_MAX_ORDER;
    unsigned order = 0;
    while ((draw >> order & 1u) == 0) {
        order++;
    }
    return order;
}

/* 0 to 3, each as often. */
static unsigned draw_small(uint64_t *random) {
    return random_below(random, 4);
}

static inline quire_pa take_drawn(struct worker *w, draw_order *draw) {
    unsigned order = draw(&w->random);
    quire_pa frame = w->peer.alloc_order(w->state, w->cpu, order);
    if (frame == QUIRE_NONE) { /* memory is in pieces; a single frame must be there */
        w->n_refused++;
        return take_order(w, 0);
    }
    return with_order(touched(w, frame), order);
}

static inline void replace_drawn(struct worker *w, draw_order *draw) {
    for (uint64_t i = 0; i < w->n_pairs; i++) {
        uint32_t slot = random_below(&w->random, (uint32_t)w->n_held);
        give_held(w, w->held[slot]);
        w->held[slot] = take_drawn(w, draw);
    }
}

static inline void hold_drawn(struct worker *w, draw_order *draw, size_t n_held) {
    w->n_held = n_held;
    for (size_t i = 0; i < w->n_held; i++) {
        w->held[i] = take_drawn(w, draw);
    }
    replace_drawn(w, draw);
    w->n_refused = 0;
}

/* An allocation has (PEER_MAX_ORDER + 2) / 2 frames on average. */
static void prepare_mixed(struct worker *w) {
    hold_drawn(w, draw_any, w->n_frames / 2 / w->n_workers * 2 / (PEER_MAX_ORDER + 2));
}

static uint64_t run_mixed(struct worker *w) {
    replace_drawn(w, draw_any);
    return w->n_pairs;
}

/* An allocation has (1 + 2 + 4 + 8) / 4 frames on average. */
static void prepare_small(struct worker *w) {
    hold_drawn(w, draw_small, w->n_frames / 2 / w->n_workers * 4 / 15);
}

static uint64_t run_small(struct worker *w) {
    replace_drawn(w, draw_small);
    return w->n_pairs;
}

static void finish_held(struct worker *w) {
    for (size_t i = 0; i < w->n_held; i++) {
        give_held(w, w->held[i]);
    }
}

/* ---- all of them ----------------------------------------------------------------------------------------- */

const struct work work_block = {.name = "2MiB pairs",
                                .what = "one aligned 2 MiB taken and freed again and again",
                                .traits = WORK_ORDERS,
                                .n_pairs = 1u << 15,
                                .run = run_block};
const struct work work_block_bulk = {.name = "2MiB bulk",
                                     .what = "25 % of memory taken in blocks of 2 MiB, then freed in the same order",
                                     .traits = WORK_ORDERS,
                                     .n_pairs = 1u << 14,
                                     .run = run_block_bulk};
const struct work work_mixed = {.name = "mixed orders",
                                .what = "50 % of memory held in orders 0..10; a random one freed, another taken",
                                .traits = WORK_ORDERS,
                                .n_pairs = 1u << 15,
                                .prepare = prepare_mixed,
                                .run = run_mixed,
                                .finish = finish_held};
const struct work work_small = {.name = "orders 0..3",
                                .what = "50 % of memory held in orders 0..3; a random one freed, another taken",
                                .traits = WORK_ORDERS,
                                .n_pairs = 1u << 15,
                                .prepare = prepare_small,
                                .run = run_small,
                                .finish = finish_held};
const struct work work_small_bulk = {.name = "order 4",
                                     .what = "4000 runs of 16 frames taken, then freed in the same order",
                                     .traits = WORK_ORDERS,
                                     .n_pairs = 1u << 15,
                                     .run = run_small_bulk};
const struct work work_turns = {.name = "0/9/3 in turn",
                                .what = "runs of 1, 512 and 8 frames taken, then freed, again and again",
                                .traits = WORK_ORDERS,
                                .n_pairs = 1u << 15,
                                .run = run_turns};
const struct work work_large = {.name = "4MiB pairs",
                                .what = "one aligned 4 MiB taken and freed again and again",
                                .traits = WORK_ORDERS,
                                .n_pairs = 1u << 15,
                                .run = run_large};
const struct work work_parts = {.name = "runs apart",
                                .what = "8 runs of 8 frames taken, then freed frame by frame; for each frame",
                                .traits = WORK_ORDERS | WORK_PARTS,
                                .n_pairs = 1u << 17,
                                .run = run_parts};
