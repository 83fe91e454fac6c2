/* fill.c: everything taken to the last frame, and what can not be reached any more. */
#include "check.h"
#include "threads.h"

#include <stddef.h>
#include <stdlib.h>

struct fill {
    const struct peer *peer;
    void *state;
    unsigned n_cpus;
    unsigned cpu; /* whose turn it is */
    quire_pa *held;
    size_t n_held;
    size_t n_room;
};

static void take_all(void *arg) {
    struct fill *f = arg;
    quire_pa frame;
    while (f->n_held < f->n_room && (frame = f->peer->alloc(f->state, f->cpu)) != QUIRE_NONE) {
        f->held[f->n_held++] = frame;
    }
}

/* Neighbours go back on different CPUs. */
static void give_share(void *arg) {
    struct fill *f = arg;
    for (size_t i = f->cpu; i < f->n_held; i += f->n_cpus) {
        f->peer->free(f->state, f->cpu, f->held[i]);
    }
}

static void on_each_cpu(struct fill *f, void (*body)(void *arg)) {
    for (f->cpu = 0; f->cpu < f->n_cpus; f->cpu++) {
        run_on_cpu(f->cpu, body, f);
    }
}

struct filled fill_to_the_last(const struct peer *peer, const struct memory *memory) {
    unsigned n_cpus = n_usable_cpus() < 2 ? 2 : n_usable_cpus();
    struct fill f = {.peer = peer, .n_cpus = n_cpus, .n_room = memory->n_bytes >> QUIRE_PAGE_SHIFT};
    f.held = calloc(f.n_room, sizeof *f.held);
    if (f.held == NULL) {
        abort();
    }
    f.state = peer->make(memory, n_cpus);
    on_each_cpu(&f, take_all);
    size_t n_all = f.n_held;
    on_each_cpu(&f, give_share);
    f.n_held = 0;
    f.cpu = 0;
    run_on_cpu(0, take_all, &f);
    size_t n_alone = f.n_held;
    peer->drop(f.state);
    free(f.held);
    return (struct filled){.n_kept = f.n_room - n_all, .n_stranded = n_all - n_alone};
}
