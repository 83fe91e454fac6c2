/* peer_mempool.c: DPDK's rte_mempool (22.11): a ring of pointers, and in front of it an array of them for each thread.
 *
 * The array needs no lock because only its thread uses it; what it holds no other thread can get. An object is a frame
 * less the library's header, which lies in the last 64 bytes of the frame before: a user may write 4032 bytes. The
 * first frame has no place for its header and is not handed out. */
#define _GNU_SOURCE /* sched_setaffinity */
#include "peer.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEADER_BYTES = 64, CACHED = 256 /* for each thread; common with packet buffers */ };

struct pool {
    struct rte_mempool *rte;
    struct memory memory;
};

static void require(bool fine, const char *what) {
    if (!fine) {
        fprintf(stderr, "bench: mempool: %s: %s\n", what, rte_strerror(rte_errno));
        abort();
    }
}

/* Once in a process. The library would start a thread for each processor that it sees, and binds this one: let it see
 * only one, and undo that. It leaves an empty folder, dpdk, among the system's run-time files. */
static void start_library(void) {
    static bool is_started;
    static char *args[] = {"bench", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "--log-level=error"};
    cpu_set_t all, one;
    if (!is_started) {
        sched_getaffinity(0, sizeof all, &all);
        CPU_ZERO(&one);
        CPU_SET((size_t)sched_getcpu(), &one);
        sched_setaffinity(0, sizeof one, &one);
        require(rte_eal_init(sizeof args / sizeof args[0], args) >= 0, "rte_eal_init");
        sched_setaffinity(0, sizeof all, &all);
        is_started = true;
    }
}

static void *mempool_make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    start_library();
    struct pool *p = malloc(sizeof *p);
    require(p != NULL, "malloc");
    unsigned n_objects = (unsigned)(memory->n_bytes >> QUIRE_PAGE_SHIFT) - 1;
    p->memory = *memory;
    p->rte = rte_mempool_create_empty("frames", n_objects, (unsigned)QUIRE_PAGE_SIZE - HEADER_BYTES, CACHED, 0,
                                      SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_SPREAD | RTE_MEMPOOL_F_NO_IOVA_CONTIG);
    require(p->rte != NULL, "rte_mempool_create_empty");
    size_t skipped = QUIRE_PAGE_SIZE - HEADER_BYTES;
    int n =
        rte_mempool_populate_iova(p->rte, memory->at + skipped, RTE_BAD_IOVA, memory->n_bytes - skipped, NULL, NULL);
    require(n == (int)n_objects, "rte_mempool_populate_iova");
    return p;
}

static void mempool_drop(void *state) {
    struct pool *p = state;
    rte_mempool_free(p->rte);
    free(p);
}

/* Where the library keeps the number of its thread, and reads it again just after. */
static inline void be_thread(unsigned cpu) {
    if (rte_lcore_id() != cpu) {
        RTE_PER_LCORE(_lcore_id) = cpu;
    }
}

static quire_pa mempool_alloc(void *state, unsigned cpu) {
    const struct pool *p = state;
    void *object;
    be_thread(cpu);
    if (rte_mempool_get(p->rte, &object) != 0) {
        return QUIRE_NONE;
    }
    return p->memory.base + (quire_pa)((char *)object - p->memory.at);
}

static void mempool_free(void *state, unsigned cpu, quire_pa frame) {
    const struct pool *p = state;
    be_thread(cpu);
    rte_mempool_put(p->rte, p->memory.at + (frame - p->memory.base));
}

/* The library's array has pointers; as large as an address here. */
static bool mempool_alloc_bulk(void *state, unsigned cpu, quire_pa *frames, size_t n) {
    const struct pool *p = state;
    void **objects = (void **)(void *)frames;
    be_thread(cpu);
    if (rte_mempool_get_bulk(p->rte, objects, (unsigned)n) != 0) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        frames[i] = p->memory.base + (quire_pa)((char *)objects[i] - p->memory.at);
    }
    return true;
}

static void mempool_free_bulk(void *state, unsigned cpu, quire_pa *frames, size_t n) {
    const struct pool *p = state;
    void **objects = (void **)(void *)frames;
    be_thread(cpu);
    for (size_t i = 0; i < n; i++) {
        objects[i] = p->memory.at + (frames[i] - p->memory.base);
    }
    rte_mempool_put_bulk(p->rte, objects, (unsigned)n);
}

const struct peer peer_mempool = {
    .name = "mempool",
    .what = "DPDK's rte_mempool: a ring, and an array of 256 objects for each thread that is its alone",
    .make = mempool_make,
    .drop = mempool_drop,
    .alloc = mempool_alloc,
    .free = mempool_free,
    .alloc_bulk = mempool_alloc_bulk,
    .free_bulk = mempool_free_bulk,
};
