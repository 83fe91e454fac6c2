/* work.c: workloads of single frames on one CPU, and the list of all. */
#include "work.h"

#include <quire/quire.h>

#include <stdio.h>
#include <stdlib.h>

void out_of_frames(const char *peer_name) {
    fprintf(stderr, "bench: contestant %s has no frame left where many are free\n", peer_name);
    exit(1);
}

/* ---- the same frame again and again --------------------------------------------------------------------- */

static uint64_t run_same(struct worker *worker) {
    const struct worker w = *worker;
    for (uint64_t i = 0; i < w.n_pairs; i++) {
        work_give(&w, work_take(&w));
    }
    return w.n_pairs;
}

/* ---- a quarter of memory in bulk ------------------------------------------------------------------------ */

static void bulk_round(const struct worker *worker) {
    const struct worker w = *worker;
    for (size_t i = 0; i < w.n_held; i++) {
        w.held[i] = work_take(&w);
    }
    for (size_t i = 0; i < w.n_held; i++) {
        work_give(&w, w.held[i]);
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
        size_t slot = w.n_pinned + random_below(&w.random, (uint32_t)(w.n_held - w.n_pinned));
        work_give(&w, w.held[slot]);
        w.held[slot] = work_take(&w);
    }
    worker->random = w.random;
}

static void prepare_random(struct worker *w) {
    w->n_held = w->n_frames / 2 / w->n_workers;
    for (size_t i = w->n_pinned; i < w->n_held; i++) {
        w->held[i] = work_take(w);
    }
    replace(w, w->n_pairs);
}

/* As many as there are, but not more than this worker's share. */
static size_t take_share(const struct worker *w) {
    size_t n_room = w->n_frames / w->n_workers, n = 0;
    for (quire_pa frame; n < n_room && (frame = w->peer.alloc(w->state, w->cpu)) != QUIRE_NONE;) {
        w->held[n++] = touched(w, frame);
    }
    return n;
}

/* Everything is taken and freed again, but the first frame of each block of 2 MiB. */
static void prepare_pinned(struct worker *w) {
    size_t n = take_share(w), most = n / 4; /* of an allocator that is none all frames are the first */
    for (size_t i = 0; i < n; i++) {
        if (w->n_pinned < most && w->held[i] % (QUIRE_BLOCK_FRAMES * QUIRE_PAGE_SIZE) == 0) {
            w->held[w->n_pinned++] = w->held[i];
        } else {
            work_give(w, w->held[i]);
        }
    }
    prepare_random(w);
    for (unsigned i = 0; i < 8; i++) { /* long enough for an allocator to learn that these blocks do not become whole */
        replace(w, w->n_pairs);
    }
}

static void finish_random(struct worker *w) {
    for (size_t i = 0; i < w->n_held; i++) {
        work_give(w, w->held[i]);
    }
}

static uint64_t run_random(struct worker *w) {
    replace(w, w->n_pairs);
    return w->n_pairs;
}

/* ---- bursts --------------------------------------------------------------------------------------------- */

static inline uint64_t run_bursts(const struct worker *worker, unsigned burst, bool first_one_first) {
    const struct worker w = *worker;
    for (uint64_t i = 0; i < w.n_pairs; i += burst) {
        for (unsigned n = 0; n < burst; n++) {
            w.held[n] = work_take(&w);
        }
        for (unsigned n = 0; n < burst; n++) {
            work_give(&w, w.held[first_one_first ? n : burst - 1 - n]);
        }
    }
    return w.n_pairs;
}

static uint64_t run_burst_64(struct worker *w) {
    return run_bursts(w, 64, false);
}

static uint64_t run_burst_512(struct worker *w) {
    return run_bursts(w, 512, false);
}

static uint64_t run_queue_512(struct worker *w) {
    return run_bursts(w, 512, true);
}

/* ---- many in one call ------------------------------------------------------------------------------------ */

static uint64_t run_calls(struct worker *worker) {
    enum { N = 512 };
    const struct worker w = *worker;
    for (uint64_t i = 0; i < w.n_pairs; i += N) {
        if (!w.peer.alloc_bulk(w.state, w.cpu, w.held, N)) {
            out_of_frames(w.peer.name);
        }
        w.peer.free_bulk(w.state, w.cpu, w.held, N);
    }
    return w.n_pairs;
}

/* ---- until there is nothing left ------------------------------------------------------------------------ */

static uint64_t run_fill(struct worker *worker) {
    const struct worker w = *worker;
    size_t n = take_share(&w);
    for (size_t i = n; i-- > 0;) {
        work_give(&w, w.held[i]);
    }
    return n;
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

const struct work work_same = {
    .name = "same frame", .what = "one frame taken and freed again and again", .n_pairs = 1u << 19, .run = run_same};
const struct work work_bulk = {.name = "bulk",
                               .what = "25 % of memory taken, then freed in the same order",
                               .n_pairs = 1u << 17,
                               .prepare = prepare_bulk,
                               .run = run_bulk};
const struct work work_random = {.name = "random",
                                 .what = "50 % of memory held; a random frame of it freed, another taken",
                                 .n_pairs = 1u << 17,
                                 .prepare = prepare_random,
                                 .run = run_random,
                                 .finish = finish_random};
const struct work work_pinned = {.name = "random pinned",
                                 .what = "the same after a frame was pinned in each block of 2 MiB",
                                 .n_pairs = 1u << 17,
                                 .prepare = prepare_pinned,
                                 .run = run_random,
                                 .finish = finish_random};
const struct work work_burst_64 = {.name = "bursts 64",
                                   .what = "64 frames taken, then freed, the last one first",
                                   .n_pairs = 1u << 18,
                                   .run = run_burst_64};
const struct work work_burst_512 = {.name = "bursts 512",
                                    .what = "512 frames taken, then freed, the last one first",
                                    .n_pairs = 1u << 18,
                                    .run = run_burst_512};
const struct work work_queue_512 = {.name = "queue 512",
                                    .what = "512 frames taken, then freed, the first one first",
                                    .n_pairs = 1u << 18,
                                    .run = run_queue_512};
const struct work work_calls = {.name = "calls of 512",
                                .what = "512 frames taken by one call, then freed by another",
                                .traits = WORK_CALLS,
                                .n_pairs = 1u << 18,
                                .run = run_calls};
const struct work work_fill = {.name = "fill",
                               .what = "everything taken until there is none, then freed",
                               .traits = WORK_ALL,
                               .n_pairs = 1,
                               .run = run_fill};

const struct work *const works[N_WORKS] = {
    &work_same,  &work_bulk,       &work_random, &work_pinned,    &work_burst_64, &work_burst_512,  &work_queue_512,
    &work_calls, &work_fill,       &work_pass,   &work_pass_long, &work_block,    &work_block_bulk, &work_mixed,
    &work_small, &work_small_bulk, &work_turns,  &work_large,     &work_parts,
};
