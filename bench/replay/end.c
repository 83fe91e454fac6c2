/* end.c: what is held when a trace ends. See replay.h. */
#include "replay.h"
#include "stop.h"

#include <stdlib.h>

/* Marks the slots that have a frame: one for what was taken at once, else all of an object. */
static void mark(const struct replay *r, const struct op *op, uint8_t *held) {
    for (uint64_t i = 0; i < calls_of(r->peer, op).n; i++) {
        held[op->slot + i] = !op->is_free;
    }
}

static void free_held(const struct replay *r, void *state, const quire_pa *slots) {
    const struct trace *t = r->trace;
    uint8_t *held = make_room(t->n_slots, sizeof *held);
    for (uint32_t i = 0; i < t->n_ops; i++) {
        mark(r, &t->ops[i], held);
    }
    for (uint32_t i = 0; i < t->n_ops; i++) {
        const struct op *op = &t->ops[i];
        struct calls calls = calls_of(r->peer, op);
        for (uint64_t slot = op->slot; !op->is_free && slot < op->slot + calls.n; slot++) {
            if (held[slot] && slots[slot] != QUIRE_NONE) {
                give(r->peer, state, 0, slots[slot], calls.order);
            }
        }
    }
    free(held);
}

void end_replay(const struct replay *r, void *state, const quire_pa *slots) {
    if (r->peer->traits & PEER_FOREIGN) {
        free_held(r, state, slots);
    }
    r->peer->drop(state);
}
