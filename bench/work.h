/* work.h: the workloads: what is done to an allocator while the clock runs. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "peer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_WORKERS 2u

/* Frames on their way from the worker that takes them to the one that frees them. Handed over by the cache line, so that
 * the ring costs little beside the allocator. Two lines apart, because processors fetch them in pairs. */
#define RING_SLOTS 1024u
#define RING_BATCH 16u
struct ring {
    _Alignas(128) atomic_uint n_sent;
    _Alignas(128) atomic_uint n_received;
    _Alignas(128) uint32_t slot[RING_SLOTS];
};

/* One thread on one CPU. Copied into a local by the loops, so that calls through it load nothing twice. */
struct worker {
    quire_pa (*alloc)(void *state, unsigned cpu);
    void (*free)(void *state, unsigned cpu, quire_pa frame);
    void *state;
    unsigned cpu;
    uintptr_t touch; /* add a physical address to write to its frame; 0: the user touches nothing */

    unsigned n_workers;
    uint64_t n_frames; /* in all memory */
    uint64_t n_pairs;  /* wanted */
    uint32_t *held;    /* room for n_frames frame numbers */
    size_t n_held;
    uint64_t random; /* state of the generator, not 0 */
    struct ring *ring;
};

enum work_trait {
    WORK_PASSES = 1u << 0, /* from one CPU to another: needs two, and goes wrong on one */
    WORK_LONG = 1u << 1,   /* passes more frames than there are: they must come back by themselves */
};

struct work {
    const char *name; /* <= 16 characters */
    const char *what;
    unsigned traits;                   /* of enum work_trait */
    uint64_t n_pairs;                  /* of an alloc and a free, for each worker */
    void (*prepare)(struct worker *w); /* before the clock starts; NULL: nothing to do */
    uint64_t (*run)(struct worker *w); /* returns how many pairs it made */
};

/* In the order of the rows. */
enum work_index { WORK_SAME, WORK_BULK, WORK_RANDOM, WORK_BURSTS, WORK_PASS, WORK_PASS_LONG, N_WORKS };
extern const struct work works[N_WORKS];

/* A number below `n`, evenly enough. */
static inline uint32_t random_below(uint64_t *random, uint32_t n) {
    *random ^= *random << 13; /* Marsaglia's xorshift64 */
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (uint32_t)((*random >> 32) * n >> 32);
}

/* Ends the program: a contestant ran out where it must not. */
_Noreturn void out_of_frames(void);

#endif
