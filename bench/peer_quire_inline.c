/* peer_quire_inline.c: Quire as a kernel may build it: optimised as one program, the port's question for the CPU inlined.
 *
 * bench.mk compiles this file and a second copy of the core for optimisation at link time, makes one object of them and
 * hides all names in it but the contestant's, so that the library beside it is not disturbed.
 *
 * A kernel reads the number of its CPU from a register or from memory that belongs to the CPU. A variable of the thread is
 * the nearest to that; written anew by each call, since no scheduler does. */
#include "peer_quire.h"

#include <quire/port.h>

static _Thread_local unsigned this_cpu;

unsigned quire_port_cpu(void) {
    return this_cpu;
}

static void *make(const struct memory *memory, unsigned n_cpus) {
    return make_quire(memory, n_cpus, QUIRE_CONTENT_NONE);
}

static quire_pa alloc(void *state, unsigned cpu) {
    this_cpu = cpu;
    return quire_alloc(state, TAG);
}

static void give(void *state, unsigned cpu, quire_pa frame) {
    this_cpu = cpu;
    (void)quire_free(state, frame);
}

static quire_pa alloc_order(void *state, unsigned cpu, unsigned order) {
    this_cpu = cpu;
    return alloc_order_of_quire(state, order);
}

static void free_order(void *state, unsigned cpu, quire_pa frame, unsigned order) {
    this_cpu = cpu;
    (void)quire_free_order(state, frame, order);
}

const struct peer peer_quire_inline = {
    .name = "quire-inline",
    .what = "this allocator, compiled in one with its port, as a kernel may",
    .traits = PEER_SPARSE,
    .make = make,
    .drop = drop_quire,
    .alloc = alloc,
    .free = give,
    .alloc_order = alloc_order,
    .free_order = free_order,
};
