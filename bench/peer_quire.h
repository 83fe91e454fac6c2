/* peer_quire.h: what Quire's contestants share, whatever they are linked with. */
#ifndef BENCH_PEER_QUIRE_H
#define BENCH_PEER_QUIRE_H

#include "peer.h"

#include <quire/quire.h>
#include <stdio.h>
#include <stdlib.h>

enum { TAG = 1 };

/* The memory of each node is a region; the last one has what is left over. */
static inline unsigned regions_of(const struct memory *memory, struct quire_region *regions) {
    const uint64_t block = QUIRE_BLOCK_FRAMES * QUIRE_PAGE_SIZE;
    unsigned n = memory->n_nodes > 1 ? memory->n_nodes : 1;
    for (unsigned i = 0; i < n; i++) {
        uint64_t from = memory->n_bytes / block * i / n * block, to = memory->n_bytes / block * (i + 1) / n * block;
        regions[i] = (struct quire_region){memory->base + from, memory->base + to, QUIRE_USABLE, i};
    }
    regions[n - 1].end = memory->base + memory->n_bytes;
    return n;
}

static inline struct quire *make_quire(const struct memory *memory, unsigned n_cpus, enum quire_content content) {
    static uint16_t node_of_cpu[QUIRE_MAX_CPUS];
    struct quire_region regions[QUIRE_MAX_NODES];
    struct quire *q;
    unsigned n = regions_of(memory, regions);
    for (unsigned cpu = 0; cpu < n_cpus; cpu++) {
        node_of_cpu[cpu] = (uint16_t)((uint64_t)cpu * n / n_cpus);
    }
    struct quire_config config = {.n_cpus = n_cpus, .content = content, .n_nodes = n, .node_of_cpu = node_of_cpu};
    enum quire_status status = quire_init(&q, &config, regions, n);
    if (status != QUIRE_OK) {
        fprintf(stderr, "bench: quire_init: %s\n", quire_status_name(status));
        abort();
    }
    return q;
}

static inline void drop_quire(void *state) {
    (void)state; /* all that it has lies in the memory it was given */
}

static inline quire_pa take_from_quire(void *state, unsigned cpu) {
    (void)cpu;
    return quire_alloc(state, TAG);
}

static inline void give_to_quire(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    (void)quire_free(state, frame); /* a misuse aborts in quire_port_fault */
}

static inline quire_pa take_order_from_quire(void *state, unsigned cpu, unsigned order) {
    quire_pa frame;
    (void)cpu;
    (void)quire_alloc_order(state, order, TAG, &frame); /* QUIRE_NONE where it fails */
    return frame;
}

static inline void give_order_to_quire(void *state, unsigned cpu, quire_pa frame, unsigned order) {
    (void)cpu;
    (void)quire_free_order(state, frame, order);
}

static inline bool take_many_from_quire(void *state, unsigned cpu, quire_pa *frames, size_t n) {
    (void)cpu;
    return quire_alloc_bulk(state, n, n, TAG, frames) == n;
}

static inline void give_many_to_quire(void *state, unsigned cpu, quire_pa *frames, size_t n) {
    (void)cpu;
    (void)quire_free_bulk(state, n, frames);
}

#endif
