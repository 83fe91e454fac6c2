/* end.c: what is held when a trace ends. See replay.h. */
#include "replay.h"
#include "stop.h"

#include <stdlib.h>

/* Marks the slots that have a frame: one for what was taken at once, else all of an object. */
static void mark(const struct replay *r, const struct op *op, uint8_t *held) {
    uint64_t n = at_once(r->peer, op) ? 1 : (uint64_t)1 << op->order;
    for (uint64_t i = 0; i < n; i++) {
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
        bool once = at_once(r->peer, op);
        for (uint64_t slot = op->slot; !op->is_free && slot < op->slot + (once ? 1 : (uint64_t)1 << op->order);
             slot++) {
            if (held[slot] && slots[slot] != QUIRE_NONE) {
                give(r->peer, state, 0, slots[slot], once ? op->order : 0);
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
