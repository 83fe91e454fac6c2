/* peer_quire_built.c: Quire once more, as a kernel may build it: optimised as one program with its callers, with local visits,
 * or both.
 *
 * For each of these bench.mk compiles this file and a copy of the core, makes one object of them and hides all names in it
 * but the contestant's, so that the library beside it is not disturbed. It says which: PEER, PEER_NAME, PEER_WHAT. */
#include "peer_quire.h"

static void *make(const struct memory *memory, unsigned n_cpus) {
    return make_quire(memory, n_cpus, QUIRE_CONTENT_NONE);
}

const struct peer PEER = {
    .name = PEER_NAME,
    .what = PEER_WHAT,
    .traits = PEER_SPARSE | PEER_PARTS,
    .make = make,
    .drop = drop_quire,
    .alloc = take_from_quire,
    .free = give_to_quire,
    .alloc_order = take_order_from_quire,
    .free_order = give_order_to_quire,
    .alloc_bulk = take_many_from_quire,
    .free_bulk = give_many_to_quire,
};
