/* peer_quire.h: what Quire's contestants share, whatever they are linked with. */
#ifndef BENCH_PEER_QUIRE_H
#define BENCH_PEER_QUIRE_H

#include "peer.h"

#include <quire/quire.h>
#include <stdio.h>
#include <stdlib.h>

enum { TAG = 1 };

static inline struct quire *make_quire(const struct memory *memory, unsigned n_cpus, enum quire_content content) {
    struct quire_config config = {.n_cpus = n_cpus, .content = content};
    struct quire_region region = {memory->base, memory->base + memory->n_bytes, QUIRE_USABLE, 0};
    struct quire *q;
    enum quire_status status = quire_init(&q, &config, &region, 1);
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
