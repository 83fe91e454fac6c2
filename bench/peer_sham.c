/* peer_sham.c: no allocator at all. What is left is the cost of the harness: two calls through pointers and the loop. */
#include "peer.h"

static void *sham_make(const struct memory *memory, unsigned n_cpus) {
    static quire_pa first;
    (void)n_cpus;
    first = memory->base;
    return &first;
}

static void sham_drop(void *state) {
    (void)state;
}

static quire_pa sham_alloc(void *state, unsigned cpu) {
    return *(const quire_pa *)state + cpu * QUIRE_PAGE_SIZE; /* who touches it should not disturb the others */
}

static void sham_free(void *state, unsigned cpu, quire_pa frame) {
    (void)state, (void)cpu, (void)frame;
}

static quire_pa sham_alloc_order(void *state, unsigned cpu, unsigned order) {
    (void)order;
    return sham_alloc(state, cpu);
}

static void sham_free_order(void *state, unsigned cpu, quire_pa frame, unsigned order) {
    (void)order;
    sham_free(state, cpu, frame);
}

static bool sham_alloc_bulk(void *state, unsigned cpu, quire_pa *frames, size_t n) {
    (void)state, (void)cpu, (void)frames, (void)n;
    return true;
}

static void sham_free_bulk(void *state, unsigned cpu, quire_pa *frames, size_t n) {
    (void)state, (void)cpu, (void)frames, (void)n;
}

const struct peer peer_sham = {
    .name = "empty",
    .what = "nothing: the harness by itself",
    .traits = PEER_SHAM,
    .make = sham_make,
    .drop = sham_drop,
    .alloc = sham_alloc,
    .free = sham_free,
    .alloc_order = sham_alloc_order,
    .free_order = sham_free_order,
    .alloc_bulk = sham_alloc_bulk,
    .free_bulk = sham_free_bulk,
};
