/* peer.h: what a contestant of the benchmark is, and all that one has to know to be one.
 *
 * A contestant is one `struct peer`, six functions (eight if it has calls for many frames), in a source file of its own, so
 * that no compiler inlines it into the harness. docs/benchmarks.md shows a complete one and how it is added, from inside the
 * tree or outside. guard.c tries each contestant before anything is timed.
 *
 * All contestants work on the same memory, one after the other; each starts with make() and finds there what the one
 * before it left. Frames are named by physical address, as in a kernel; memory->at is where the first can be touched. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <quire/region.h>
#include <stdbool.h>
#include <stddef.h>

#define PEER_MAX_ORDER 10u /* the largest that all peers have which have any */

struct memory {
    quire_pa base;    /* aligned to 4 MiB */
    uint64_t n_bytes; /* a multiple of 4 MiB */
    char *at;         /* where it is mapped */
    unsigned n_nodes; /* to which CPUs and memory are dealt out evenly, in order; 0 is 1 */
};

enum peer_trait {
    PEER_SHAM = 1u << 0,    /* hands out one frame for ever: what the harness costs by itself */
    PEER_PRIVATE = 1u << 1, /* frames never return from the CPU that freed them to the one that runs out */
    PEER_FILLS = 1u << 2,   /* writes whole frames; only measured where the user touches nothing, and less often */
    PEER_FOREIGN =
        1u << 3, /* frames come from a heap of its own, not from `memory`, and never run out. A frame's name is
                             * memory->base + (pointer - memory->at), which may wrap around; so it can be touched */
    PEER_SPARSE = 1u << 4, /* make() writes nothing but its own data: it can be tried with more memory than there is */
    PEER_PARTS = 1u << 5,  /* the frames of a run may be freed one by one */
};

struct peer {
    const char *name; /* heads a row: <= 18 characters */
    const char *what; /* one line for the legend */
    unsigned traits;  /* of enum peer_trait */

    /* A fresh allocator with every frame of `memory` free, but those that it keeps for its own data. It may abort, it may
     * not fail. */
    void *(*make)(const struct memory *memory, unsigned n_cpus);
    void (*drop)(void *state); /* frames may still be held; those of a foreign heap are freed first */

    /* One frame, or QUIRE_NONE; and back. `cpu` is 0..n_cpus-1. The caller is a thread that is bound to a processor of its
     * own, one for each CPU, and on which quire_port_cpu returns `cpu`. Who needs to know its CPU asks that, as a
     * kernel's allocator must; the parameter is for those that have no other way, and to show what the question costs. */
    quire_pa (*alloc)(void *state, unsigned cpu);
    void (*free)(void *state, unsigned cpu, quire_pa frame);

    /* 2^order frames, order 0..PEER_MAX_ORDER, aligned to their size; or QUIRE_NONE; and back, as they were taken. Both
     * NULL: single frames only. */
    quire_pa (*alloc_order)(void *state, unsigned cpu, unsigned order);
    void (*free_order)(void *state, unsigned cpu, quire_pa frame, unsigned order);

    /* n single frames in one call, all or none: whether they came; and back. The array may be written to by both. Both NULL: only
     * one by one. */
    bool (*alloc_bulk)(void *state, unsigned cpu, quire_pa *frames, size_t n);
    void (*free_bulk)(void *state, unsigned cpu, quire_pa *frames, size_t n);
};

/* Those that this program was built with, in the order of the columns (bench.mk makes the list). */
extern const struct peer *const peers[];
extern const unsigned n_peers;

#endif
