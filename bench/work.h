/* work.h: the workloads: what is done to an allocator while the clock runs.
 *
 * The user's touch is a write to the first 8 bytes of a frame right after it was handed out: one cache line, the one
 * where a list through the frames keeps its link, so that it favours the lists if anybody. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "peer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Frames on their way from the worker that takes them to the one that frees them. Handed over by the cache line, so that
 * the ring costs little beside the allocator. Two lines apart, because processors fetch them in pairs. */
#define RING_SLOTS 1024u
#define RING_BATCH 8u
struct ring {
    _Alignas(128) atomic_uint n_sent;
    _Alignas(128) atomic_uint n_received;
    _Alignas(128) quire_pa slot[RING_SLOTS];
};

/* One thread on one CPU. Copied into a local by the loops, so that calls through it load nothing twice. */
struct worker {
    struct peer peer;
    void *state;
    unsigned cpu;
    uintptr_t touch; /* add a physical address to write to its frame; 0: the user touches nothing */

    unsigned n_workers;
    uint64_t n_frames; /* in all memory */
    uint64_t n_pairs;  /* wanted */
    quire_pa *held;    /* room for n_frames / n_workers */
    size_t n_held;
    size_t n_pinned;    /* the first so many of held stay to the end */
    uint64_t random;    /* state of the generator, not 0 */
    uint64_t n_refused; /* of the timed pairs: an order that could not be had */
    struct ring *ring;  /* shared with one neighbour */
};

enum work_trait {
    WORK_PASSES = 1u << 0, /* from one CPU to its neighbour: needs an even number */
    WORK_LONG = 1u << 1,   /* passes more frames than there are: they must come back by themselves */
    WORK_ORDERS = 1u << 2, /* needs alloc_order */
    WORK_ALL = 1u << 3,    /* takes everything there is */
    WORK_PARTS = 1u << 4,  /* frees the frames of a run one by one */
    WORK_CALLS = 1u << 5,  /* needs alloc_bulk */
};

struct work {
    const char *name; /* two lines of <= 8 characters, divided by the first space */
    const char *what;
    unsigned traits;                   /* of enum work_trait */
    uint64_t n_pairs;                  /* of an alloc and a free, for each worker; some round it up */
    void (*prepare)(struct worker *w); /* before the clock starts; NULL: nothing to do */
    uint64_t (*run)(struct worker *w); /* returns how many pairs it made */
    void (*finish)(struct worker *w);  /* after it stopped: frees what is held; NULL: nothing is */
};

extern const struct work work_same, work_bulk, work_random, work_pinned, work_burst_64, work_burst_512, work_queue_512;
extern const struct work work_calls, work_fill;
extern const struct work work_pass, work_pass_long;
extern const struct work work_block, work_block_bulk, work_mixed, work_small, work_small_bulk, work_turns, work_large,
    work_parts;

/* In the order of the tables. */
#define N_WORKS 19u
extern const struct work *const works[N_WORKS];

/* A number below `n`, evenly enough. */
static inline uint32_t random_below(uint64_t *random, uint32_t n) {
    *random ^= *random << 13; /* Marsaglia's xorshift64 */
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (uint32_t)((*random >> 32) * n >> 32);
}

/* Ends the program: a contestant ran out where it must not. */
_Noreturn void out_of_frames(const char *peer_name);

static inline quire_pa touched(const struct worker *w, quire_pa frame) {
    if (w->touch != 0) {
        *(volatile uint64_t *)(uintptr_t)(w->touch + frame) = frame;
    }
    return frame;
}

static inline quire_pa work_take(const struct worker *w) {
    quire_pa frame = w->peer.alloc(w->state, w->cpu);
    if (frame == QUIRE_NONE) {
        out_of_frames(w->peer.name);
    }
    return touched(w, frame);
}

static inline void work_give(const struct worker *w, quire_pa frame) {
    w->peer.free(w->state, w->cpu, frame);
}

#endif
