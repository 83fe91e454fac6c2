/* guard.c: no broken contestant is timed.
 *
 * Two CPUs take everything; what they got is sorted and looked at; each frame carries its own name in its first 8 bytes,
 * which must still stand there when it goes back, on the CPU that did not take it. Twice; then once in runs of frames, and once by
 * many in one call. */
#include "check.h"
#include "threads.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD_CPUS = 2, N_ORDERS = 11, MANY = 64 };

enum way { ONE_BY_ONE, IN_RUNS, MANY_AT_ONCE };

struct taken {
    quire_pa frame;
    unsigned order;
};

struct guard {
    const struct peer *peer;
    const struct memory *memory;
    void *state;
    enum way way;
    struct taken *taken;      /* first what CPU 0 took, then CPU 1 */
    size_t limit[GUARD_CPUS]; /* where in taken[] each must end, even if there is more */
    size_t end[GUARD_CPUS];   /* where it ended */
    unsigned cpu;             /* whose turn it is */
    bool is_sound;
};

static bool complain(struct guard *g, const char *what, quire_pa frame) {
    if (g->is_sound) { /* the first complaint is the one that matters */
        fprintf(stderr, "bench: contestant %s is broken: %s (frame %#llx)\n", g->peer->name, what,
                (unsigned long long)frame);
    }
    g->is_sound = false;
    return false;
}

static uint64_t *contents(const struct guard *g, quire_pa frame) {
    return (uint64_t *)(void *)(g->memory->at + (ptrdiff_t)(frame - g->memory->base));
}

/* ---- what each CPU does --------------------------------------------------------------------------------- */

/* What one call gives, into frames[]. Returns how many allocations, 0 where there is none. */
static size_t take_some(struct guard *g, unsigned order, quire_pa frames[MANY]) {
    if (g->way == MANY_AT_ONCE) {
        return g->peer->alloc_bulk(g->state, g->cpu, frames, MANY) ? MANY : 0;
    }
    frames[0] = g->way == IN_RUNS ? g->peer->alloc_order(g->state, g->cpu, order) : g->peer->alloc(g->state, g->cpu);
    return frames[0] != QUIRE_NONE;
}

static bool note(struct guard *g, quire_pa frame, unsigned order) {
    bool is_inside = frame - g->memory->base < g->memory->n_bytes || (g->peer->traits & PEER_FOREIGN);
    if (!is_inside || (uintptr_t)contents(g, frame) % QUIRE_PAGE_SIZE != 0) {
        return complain(g, "handed out what is no frame", frame);
    }
    *contents(g, frame) = frame;
    g->taken[g->end[g->cpu]++] = (struct taken){frame, order};
    return true;
}

static void take(void *arg) {
    struct guard *g = arg;
    quire_pa frames[MANY];
    size_t n_some = 1;
    g->end[g->cpu] = g->cpu == 0 ? 0 : g->end[0];
    while (n_some > 0 && g->end[g->cpu] + n_some <= g->limit[g->cpu]) {
        unsigned order = g->way == IN_RUNS ? (unsigned)(g->end[g->cpu] % N_ORDERS) : 0;
        n_some = take_some(g, order, frames);
        for (size_t i = 0; i < n_some; i++) {
            if (!note(g, frames[i], order)) {
                return;
            }
        }
    }
}

static void give_some(struct guard *g, const struct taken *t, size_t n) {
    quire_pa frames[MANY];
    if (g->way == IN_RUNS) {
        g->peer->free_order(g->state, g->cpu, t->frame, t->order);
    } else if (g->way == ONE_BY_ONE) {
        g->peer->free(g->state, g->cpu, t->frame);
    } else {
        for (size_t i = 0; i < n; i++) {
            frames[i] = t[i].frame;
        }
        g->peer->free_bulk(g->state, g->cpu, frames, n);
    }
}

/* What the other one took. */
static void give(void *arg) {
    struct guard *g = arg;
    size_t end = g->cpu == 0 ? g->end[1] : g->end[0], n_some = g->way == MANY_AT_ONCE ? MANY : 1;
    for (size_t i = g->cpu == 0 ? g->end[0] : 0; i < end; i += n_some) {
        const struct taken *t = &g->taken[i];
        for (size_t k = 0; k < n_some; k++) {
            if (*contents(g, t[k].frame) != t[k].frame) {
                complain(g, "wrote to a frame that somebody holds", t[k].frame);
            }
        }
        give_some(g, t, n_some);
    }
}

static void on_each_cpu(struct guard *g, void (*body)(void *arg)) {
    for (g->cpu = 0; g->cpu < GUARD_CPUS && g->is_sound; g->cpu++) {
        run_on_cpu(g->cpu, body, g);
    }
}

/* ---- what they got -------------------------------------------------------------------------------------- */

static int by_frame(const void *a, const void *b) {
    const struct taken *x = a, *y = b;
    return (x->frame > y->frame) - (x->frame < y->frame);
}

static void look_at(struct guard *g, const struct taken *t, const struct taken *next) {
    quire_pa size = QUIRE_PAGE_SIZE << t->order;
    bool is_foreign = g->peer->traits & PEER_FOREIGN;
    if ((is_foreign ? (uintptr_t)contents(g, t->frame) : t->frame) % size != 0) {
        complain(g, "handed out a run that is not aligned to its size", t->frame);
    } else if (!is_foreign && t->frame - g->memory->base + size > g->memory->n_bytes) {
        complain(g, "handed out what lies beyond memory", t->frame);
    } else if (next != NULL && next->frame - t->frame < size) {
        complain(g, "handed out a frame twice", next->frame);
    }
}

static bool is_apart(struct guard *g) {
    size_t n = g->end[1];
    struct taken *sorted = malloc((n + 1) * sizeof *sorted);
    if (sorted == NULL) {
        return complain(g, "no memory to check it", QUIRE_NONE);
    }
    memcpy(sorted, g->taken, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_frame);
    for (size_t i = 0; i < n && g->is_sound; i++) {
        look_at(g, &sorted[i], i + 1 < n ? &sorted[i + 1] : NULL);
    }
    free(sorted);
    return g->is_sound;
}

/* One round: how many frames there were, or 0 where something is wrong. */
static size_t take_look_give(struct guard *g) {
    on_each_cpu(g, take);
    if (!g->is_sound || !is_apart(g)) {
        return 0;
    }
    on_each_cpu(g, give);
    return g->is_sound ? g->end[1] : 0;
}

static void set_limits(struct guard *g, size_t on_first, size_t on_both) {
    g->limit[0] = on_first;
    g->limit[1] = on_both;
}

static bool try_all(struct guard *g) {
    size_t n_frames = g->memory->n_bytes >> QUIRE_PAGE_SHIFT;
    bool is_foreign = g->peer->traits & PEER_FOREIGN;
    if (is_foreign) {
        set_limits(g, n_frames / 16, n_frames / 8);
    } else {
        set_limits(g, n_frames + 1, n_frames + 1); /* to the end, with one too many for who never says none */
    }
    size_t n_first = take_look_give(g);
    if (g->is_sound && !is_foreign && n_first < n_frames - n_frames / 100) {
        return complain(g, "kept more than 1 % of memory to itself", QUIRE_NONE);
    }
    size_t n_second = take_look_give(g);
    if (g->is_sound && n_second != n_first) {
        return complain(g, "another number of frames the second time", QUIRE_NONE);
    }
    if (g->is_sound && g->peer->alloc_order != NULL) {
        g->way = IN_RUNS;
        set_limits(g, n_frames / 1024, n_frames / 512); /* of 186 frames each, on average */
        (void)take_look_give(g);
    }
    if (g->is_sound && g->peer->alloc_bulk != NULL) {
        g->way = MANY_AT_ONCE;
        set_limits(g, n_frames / 4, n_frames / 2);
        (void)take_look_give(g);
    }
    return g->is_sound;
}

bool guard_passes(const struct peer *peer, const struct memory *memory) {
    if (peer->traits & PEER_SHAM) {
        return true;
    }
    struct guard g = {.peer = peer, .memory = memory, .is_sound = true};
    g.taken = calloc((memory->n_bytes >> QUIRE_PAGE_SHIFT) + 1, sizeof *g.taken);
    if (g.taken == NULL) {
        return complain(&g, "no memory to check it", QUIRE_NONE);
    }
    g.state = peer->make(memory, GUARD_CPUS);
    bool is_sound = try_all(&g);
    peer->drop(g.state);
    free(g.taken);
    return is_sound;
}
