/* clocked.c: the replay in which each call is timed and nothing else happens. See replay.h. */
#include "clock.h"
#include "host.h"
#include "replay.h"
#include "stop.h"

#include <stdlib.h>

struct clocked {
    const struct peer *peer;
    void *state;
    quire_pa *slots;
};

/* Frame by frame, by those who can not do it at once; one measurement all the same. */
static void take_frames(const struct clocked *c, const struct op *op, unsigned cpu) {
    for (uint64_t i = 0; i < (uint64_t)1 << op->order; i++) {
        c->slots[op->slot + i] = c->peer->alloc(c->state, cpu);
    }
}

static void give_frames(const struct clocked *c, const struct op *op, unsigned cpu) {
    for (uint64_t i = 0; i < (uint64_t)1 << op->order; i++) {
        if (c->slots[op->slot + i] != QUIRE_NONE) {
            c->peer->free(c->state, cpu, c->slots[op->slot + i]);
        }
    }
}

static uint32_t clock_alloc(const struct clocked *c, const struct op *op, unsigned cpu) {
    uint64_t began;
    quire_pa pa;
    if (op->order == 0) {
        began = clock_ticks();
        pa = c->peer->alloc(c->state, cpu);
    } else if (at_once(c->peer, op)) {
        began = clock_ticks();
        pa = c->peer->alloc_order(c->state, cpu, op->order);
    } else {
        began = clock_ticks();
        take_frames(c, op, cpu);
        return clock_since(began);
    }
    uint32_t ticks = clock_since(began);
    c->slots[op->slot] = pa;
    return ticks;
}

static uint32_t clock_free(const struct clocked *c, const struct op *op, unsigned cpu) {
    quire_pa pa = c->slots[op->slot];
    uint64_t began = clock_ticks();
    if (!at_once(c->peer, op)) {
        give_frames(c, op, cpu);
    } else if (pa == QUIRE_NONE) {
        return NOT_CLOCKED;
    } else {
        give(c->peer, c->state, cpu, pa, op->order);
    }
    return clock_since(began);
}

void clocked_replay(const struct replay *replay, uint32_t *ticks) {
    const struct trace *t = replay->trace;
    struct clocked c = {replay->peer, replay->peer->make(replay->memory, replay->n_cpus), NULL};
    c.slots = make_room(t->n_slots, sizeof *c.slots);
    for (uint64_t i = 0; i < t->n_slots; i += QUIRE_PAGE_SIZE / sizeof *c.slots) {
        c.slots[i] = QUIRE_NONE; /* no page fault while the clock runs */
    }
    for (uint32_t i = 0; i < t->n_ops; i++) {
        const struct op *op = &t->ops[i];
        unsigned cpu = op->cpu % replay->n_cpus;
        host_set_cpu(cpu);
        uint32_t took = op->is_free ? clock_free(&c, op, cpu) : clock_alloc(&c, op, cpu);
        if (i >= t->n_before) {
            ticks[i - t->n_before] = took;
        }
    }
    end_replay(replay, c.state, c.slots);
    free(c.slots);
}
