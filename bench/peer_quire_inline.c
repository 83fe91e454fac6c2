/* peer_quire_inline.c: Quire as a kernel may build it: optimised as one program with its callers.
 *
 * bench.mk compiles this file and a second copy of the core for optimisation at link time, makes one object of them and
 * hides all names in it but the contestant's, so that the library beside it is not disturbed. */
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

const struct peer peer_quire_inline = {
    .name = "quire-inline",
    .what = "this allocator, compiled in one with its callers, as a kernel may",
    .traits = PEER_SPARSE,
    .make = make,
    .drop = drop_quire,
    .alloc = alloc,
    .free = give,
    .alloc_order = alloc_order,
    .free_order = free_order,
};
