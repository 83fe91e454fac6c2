/* peer_quire_built.c: Quire once more, as a kernel may build it: optimised as one program with its callers, with local visits,
 * or both.
 *
 * For each of these bench.mk compiles this file and a copy of the core, makes one object of them and hides all names in it
 * but the contestant's, so that the library beside it is not disturbed. It says which: PEER, PEER_NAME, PEER_WHAT. */
#include "peer_quire.h"

static void *make(const struct memory *memory, unsigned n_cpus) {
    return make_quire(memory, n_cpus, QUIRE_CONTENT_NONE);
}

static quire_pa alloc(void *state, unsigned cpu) {
    (void)cpu;
    return quire_alloc(state, TAG);
}

static void give(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    (void)quire_free(state, frame);
}

static quire_pa alloc_order(void *state, unsigned cpu, unsigned order) {
    (void)cpu;
    return alloc_order_of_quire(state, order);
}

static void free_order(void *state, unsigned cpu, quire_pa frame, unsigned order) {
    (void)cpu;
    (void)quire_free_order(state, frame, order);
}

const struct peer PEER = {
    .name = PEER_NAME,
    .what = PEER_WHAT,
    .traits = PEER_SPARSE,
    .make = make,
    .drop = drop_quire,
    .alloc = alloc,
    .free = give,
    .alloc_order = alloc_order,
    .free_order = free_order,
};
