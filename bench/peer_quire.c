/* peer_quire.c: Quire, linked as the library that an embedder would link, with the port for POSIX. */
#include "peer_quire.h"

static void *plain_make(const struct memory *memory, unsigned n_cpus) {
    return make_quire(memory, n_cpus, QUIRE_CONTENT_NONE);
}

static void *junk_make(const struct memory *memory, unsigned n_cpus) {
    return make_quire(memory, n_cpus, QUIRE_CONTENT_JUNK);
}

const struct peer peer_quire = {
    .name = "quire",
    .what = "this allocator: no locks, each free checked, a reference count and an owner for each frame",
    .traits = PEER_SPARSE | PEER_PARTS,
    .make = plain_make,
    .drop = drop_quire,
    .alloc = take_from_quire,
    .free = give_to_quire,
    .alloc_order = take_order_from_quire,
    .free_order = give_order_to_quire,
    .alloc_bulk = take_many_from_quire,
    .free_bulk = give_many_to_quire,
};

const struct peer peer_quire_junk = {
    .name = "quire+junk",
    .what = "the same with QUIRE_CONTENT_JUNK: frames filled when freed and when handed out",
    .traits = PEER_FILLS,
    .make = junk_make,
    .drop = drop_quire,
    .alloc = take_from_quire,
    .free = give_to_quire,
    .alloc_order = take_order_from_quire,
    .free_order = give_order_to_quire,
    .alloc_bulk = take_many_from_quire,
    .free_bulk = give_many_to_quire,
};
