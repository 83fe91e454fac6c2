/* work_order.c: workloads of 2^order frames. */
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

static inline quire_pa take_block(const struct worker *w) {
    quire_pa block = w->peer.alloc_order(w->state, w->cpu, QUIRE_BLOCK_ORDER);
    if (block == QUIRE_NONE) {
        out_of_frames(w->peer.name);
    }
    return with_order(touched(w, block), QUIRE_BLOCK_ORDER);
}

/* ---- one block again and again -------------------------------------------------------------------------- */

static uint64_t run_block(struct worker *worker) {
    const struct worker w = *worker;
    for (uint64_t i = 0; i < w.n_pairs; i++) {
        give_held(&w, take_block(&w));
    }
    return w.n_pairs;
}

/* ---- a quarter of memory in blocks ---------------------------------------------------------------------- */

static uint64_t run_block_bulk(struct worker *worker) {
    const struct worker w = *worker;
    size_t n_held = w.n_frames / QUIRE_BLOCK_FRAMES / 4 / w.n_workers;
    n_held = n_held == 0 ? 1 : n_held;
    uint64_t n_pairs = 0;
    for (; n_pairs < w.n_pairs; n_pairs += n_held) {
        for (size_t i = 0; i < n_held; i++) {
            w.held[i] = take_block(&w);
        }
        for (size_t i = 0; i < n_held; i++) {
            give_held(&w, w.held[i]);
        }
    }
    return n_pairs;
}

/* ---- all orders at random ------------------------------------------------------------------------------- */

/* Half of them order 0, a quarter order 1, and so on: each order has the same share of memory. */
static unsigned random_order(uint64_t *random) {
    uint32_t draw = random_below(random, 1u << PEER_MAX_ORDER) | 1u << PEER_MAX_ORDER;
    unsigned order = 0;
    while ((draw >> order & 1u) == 0) {
        order++;
    }
    return order;
}

static quire_pa take_mixed(struct worker *w) {
    unsigned order = random_order(&w->random);
    quire_pa frame = w->peer.alloc_order(w->state, w->cpu, order);
    if (frame == QUIRE_NONE) { /* memory is in pieces; a single frame must be there */
        w->n_refused++;
        order = 0;
        frame = w->peer.alloc_order(w->state, w->cpu, 0);
    }
    if (frame == QUIRE_NONE) {
        out_of_frames(w->peer.name);
    }
    return with_order(touched(w, frame), order);
}

static void replace_mixed(struct worker *w, uint64_t n_pairs) {
    for (uint64_t i = 0; i < n_pairs; i++) {
        uint32_t slot = random_below(&w->random, (uint32_t)w->n_held);
        give_held(w, w->held[slot]);
        w->held[slot] = take_mixed(w);
    }
}

/* An allocation has (PEER_MAX_ORDER + 2) / 2 frames on average. */
static void prepare_mixed(struct worker *w) {
    w->n_held = w->n_frames / 2 / w->n_workers * 2 / (PEER_MAX_ORDER + 2);
    for (size_t i = 0; i < w->n_held; i++) {
        w->held[i] = take_mixed(w);
    }
    replace_mixed(w, w->n_pairs);
}

static void finish_mixed(struct worker *w) {
    for (size_t i = 0; i < w->n_held; i++) {
        give_held(w, w->held[i]);
    }
}

static uint64_t run_mixed(struct worker *w) {
    w->n_refused = 0;
    replace_mixed(w, w->n_pairs);
    return w->n_pairs;
}

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
                                .finish = finish_mixed};
