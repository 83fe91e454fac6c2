/* peer.h: what a contestant of the benchmark is.
 *
 * A contestant is one `struct peer` of functions in a source file of its own, so that no compiler inlines it into the
 * harness. To add one: write peer_<name>.c, declare its table below, and put it on the list in peers.c. guard.c tries
 * each contestant before anything is timed.
 *
 * All contestants work on the same memory, one after the other; each starts with make() and finds there what the one
 * before it left. Frames are named by physical address, as in a kernel; memory->at is where the first can be touched. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <quire/region.h>

struct memory {
    quire_pa base;    /* aligned to 2 MiB */
    uint64_t n_bytes; /* a multiple of 2 MiB */
    char *at;         /* every page of it is there: what lives inside frames takes no page fault */
};

enum peer_trait {
    PEER_SHAM = 1u << 0,    /* hands out one frame to everybody: what the harness costs by itself */
    PEER_PRIVATE = 1u << 1, /* frames never return from the CPU that freed them to the one that runs out */
    PEER_FILLS = 1u << 2,   /* writes whole frames; only measured where the user touches nothing, and less often */
};

struct peer {
    const char *name; /* heads a column: <= 7 characters, or <plain one>+junk, next to its plain one */
    const char *what; /* one line for the legend */
    unsigned traits;  /* of enum peer_trait */

    /* A fresh allocator with every frame of `memory` free, but those that it keeps for its own data, which must be the
     * first ones. CPUs are 0..n_cpus-1. It may abort, it may not fail. */
    void *(*make)(const struct memory *memory, unsigned n_cpus);
    void (*drop)(void *state);

    /* One frame, or QUIRE_NONE; and back. The caller runs on `cpu`, which is what quire_port_cpu returns. Who needs to know it
     * asks that, as a kernel's allocator must; `cpu` is there to show what the question costs. */
    quire_pa (*alloc)(void *state, unsigned cpu);
    void (*free)(void *state, unsigned cpu, quire_pa frame);

    uint64_t (*own_frames)(const void *state); /* kept for its own data; NULL: none */
};

extern const struct peer peer_sham, peer_told, peer_floor;
extern const struct peer peer_single, peer_single_junk;
extern const struct peer peer_percpu_packed, peer_percpu_padded, peer_percpu_junk;
extern const struct peer peer_counted, peer_counted_junk;
extern const struct peer peer_quire, peer_quire_junk;

/* In the order of the columns. */
#define N_PEERS 12u
extern const struct peer *const peers[N_PEERS];

#endif
