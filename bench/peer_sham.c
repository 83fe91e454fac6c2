/* peer_sham.c: no allocator at all. What is left is the cost of the harness: two calls through pointers and the loop. */
#include "peer.h"

static quire_pa the_frame;

static void *sham_make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    the_frame = memory->base;
    return &the_frame;
}

static void sham_drop(void *state) {
    (void)state;
}

static quire_pa sham_alloc(void *state, unsigned cpu) {
    (void)cpu;
    return *(const quire_pa *)state;
}

static void sham_free(void *state, unsigned cpu, quire_pa frame) {
    (void)state, (void)cpu, (void)frame;
}

const struct peer peer_sham = {
    .name = "empty",
    .what = "nothing: the harness by itself",
    .traits = PEER_SHAM,
    .make = sham_make,
    .drop = sham_drop,
    .alloc = sham_alloc,
    .free = sham_free,
};
