/* peer_quire.c: Quire, linked as the library that an embedder would link, with the port for POSIX. */
#include "peer_quire.h"

static void *plain_make(const struct memory *memory, unsigned n_cpus) {
    return make_quire(memory, n_cpus, QUIRE_CONTENT_NONE);
}

static void *junk_make(const struct memory *memory, unsigned n_cpus) {
    return make_quire(memory, n_cpus, QUIRE_CONTENT_JUNK);
}

static quire_pa alloc(void *state, unsigned cpu) {
    (void)cpu;
    return quire_alloc(state, TAG);
}

static void give(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    (void)quire_free(state, frame); /* a misuse aborts in quire_port_fault */
}

static quire_pa alloc_order(void *state, unsigned cpu, unsigned order) {
    (void)cpu;
    return alloc_order_of_quire(state, order);
}

static void free_order(void *state, unsigned cpu, quire_pa frame, unsigned order) {
    (void)cpu;
    (void)quire_free_order(state, frame, order);
}

const struct peer peer_quire = {
    .name = "quire",
    .what = "this allocator: no locks, each free checked, a reference count and an owner for each frame",
    .traits = PEER_SPARSE,
    .make = plain_make,
    .drop = drop_quire,
    .alloc = alloc,
    .free = give,
    .alloc_order = alloc_order,
    .free_order = free_order,
};

const struct peer peer_quire_junk = {
    .name = "quire+junk",
    .what = "the same with QUIRE_CONTENT_JUNK: frames filled when freed and when handed out",
    .traits = PEER_FILLS,
    .make = junk_make,
    .drop = drop_quire,
    .alloc = alloc,
    .free = give,
    .alloc_order = alloc_order,
    .free_order = free_order,
};
