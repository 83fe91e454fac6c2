/* guard.c: no broken contestant is timed. */
#include "check.h"
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD_CPUS = 2 };

struct guard {
    const struct peer *peer;
    const struct memory *memory;
    void *state;
    size_t n_frames; /* in memory */
    bool *is_held;
    quire_pa *held;
    size_t n_held;
    size_t n_first_cpu; /* of held[]: taken on CPU 0 */
};

static bool complain(const struct guard *g, const char *what, quire_pa frame) {
    fprintf(stderr, "bench: contestant %s is broken: %s (frame %#llx, %zu held)\n", g->peer->name, what,
            (unsigned long long)frame, g->n_held);
    return false;
}

static bool accept(struct guard *g, quire_pa frame) {
    quire_pa offset = frame - g->memory->base;
    if (frame % QUIRE_PAGE_SIZE != 0 || offset >= g->memory->n_bytes) {
        return complain(g, "handed out what is no frame", frame);
    }
    if (g->is_held[offset >> QUIRE_PAGE_SHIFT]) {
        return complain(g, "handed out a frame twice", frame);
    }
    g->is_held[offset >> QUIRE_PAGE_SHIFT] = true;
    g->held[g->n_held++] = frame;
    return true;
}

static bool take_all(struct guard *g) {
    for (unsigned cpu = 0; cpu < GUARD_CPUS; cpu++) {
        host_set_cpu(cpu);
        for (quire_pa frame; (frame = g->peer->alloc(g->state, cpu)) != QUIRE_NONE;) {
            if (!accept(g, frame)) {
                return false;
            }
        }
        g->n_first_cpu = cpu == 0 ? g->n_held : g->n_first_cpu;
    }
    return true;
}

static void give_all(struct guard *g) {
    for (size_t i = 0; i < g->n_held; i++) {
        unsigned cpu = i < g->n_first_cpu ? 1 : 0;
        host_set_cpu(cpu);
        g->peer->free(g->state, cpu, g->held[i]);
    }
    memset(g->is_held, 0, g->n_frames * sizeof *g->is_held);
    g->n_held = 0;
}

static bool try_twice(struct guard *g) {
    if (!take_all(g)) {
        return false;
    }
    size_t n_all = g->n_held;
    if (n_all < g->n_frames - g->n_frames / 100) {
        return complain(g, "kept more than 1 % of memory to itself", QUIRE_NONE);
    }
    give_all(g);
    if (!take_all(g)) {
        return false;
    }
    return g->n_held == n_all || complain(g, "another number of frames the second time", QUIRE_NONE);
}

bool guard_passes(const struct peer *peer, const struct memory *memory) {
    if (peer->traits & PEER_SHAM) {
        return true;
    }
    size_t n_frames = memory->n_bytes >> QUIRE_PAGE_SHIFT;
    struct guard g = {.peer = peer, .memory = memory, .n_frames = n_frames};
    g.state = peer->make(memory, GUARD_CPUS);
    g.is_held = calloc(n_frames, sizeof *g.is_held);
    g.held = calloc(n_frames, sizeof *g.held);
    if (g.is_held == NULL || g.held == NULL) {
        return complain(&g, "no memory to check it", QUIRE_NONE);
    }
    bool fine = try_twice(&g);
    free(g.held);
    free(g.is_held);
    peer->drop(g.state);
    host_set_cpu(0);
    return fine;
}
