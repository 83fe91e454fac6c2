/* watch.c: what a contestant does to memory, seen from outside: by who holds which frame, in the same way for each.
 *
 * Before the replay a first instance is asked for all frames that it has. What never comes is its own data (or lost),
 * and a block with such a frame in it can never be whole; so it is not counted, neither as whole nor as possible. Of F
 * free frames, floor(F / 512) blocks could be whole, but no more than there are.
 *
 * At the end of the trace CPU 0 takes whatever it can get. Free frames that it does not get are stranded: memory
 * that is there and that the CPU which needs it can not have. */
#include "replay.h"

#include "host.h"
#include "stop.h"

#include <inttypes.h>
#include <math.h>
#include <quire/quire.h>
#include <stdlib.h>
#include <string.h>

enum { HELD = 1, OWN = 2 };

struct watch {
    const struct replay *replay;
    void *state;
    uint32_t at; /* the operation, for messages */
    quire_pa *slots;
    uint8_t *frames;      /* HELD, OWN */
    uint32_t *n_not_free; /* of the frames of each block: held, or own */
    uint32_t n_blocks, n_whole, n_usable_blocks;
    uint64_t n_free;
};

static _Noreturn void broken(const struct watch *w, const char *what, quire_pa frame) {
    stop(STATUS_BROKEN_PEER, "contestant %s is broken: operation %u of %s: %s (frame %#" PRIx64 ")",
         w->replay->peer->name, w->at + 1, w->replay->trace->name, what, (uint64_t)frame);
}

static unsigned cpu_of(const struct watch *w, const struct op *op) {
    unsigned cpu = op->cpu % w->replay->n_cpus;
    host_set_cpu(cpu);
    return cpu;
}

/* ---- the map -------------------------------------------------------------------------------------------- */

static void hold(struct watch *w, quire_pa pa, unsigned order) {
    const struct memory *m = w->replay->memory;
    uint64_t n = (uint64_t)1 << order;
    if (pa % (n << QUIRE_PAGE_SHIFT) != 0 || pa < m->base || pa - m->base > m->n_bytes - (n << QUIRE_PAGE_SHIFT)) {
        broken(w, "handed out what is not aligned, or no memory", pa);
    }
    uint64_t first = (pa - m->base) >> QUIRE_PAGE_SHIFT;
    for (uint64_t frame = first; frame < first + n; frame++) {
        if (w->frames[frame] & HELD) {
            broken(w, "handed out a frame that is held", pa);
        }
        if (w->frames[frame] & OWN) {
            broken(w, "handed out a frame that it did not have before", pa);
        }
        w->frames[frame] |= HELD;
        w->n_whole -= w->n_not_free[frame / QUIRE_BLOCK_FRAMES]++ == 0;
    }
    w->n_free -= n;
}

static void release(struct watch *w, quire_pa pa, unsigned order) {
    uint64_t first = (pa - w->replay->memory->base) >> QUIRE_PAGE_SHIFT, n = (uint64_t)1 << order;
    for (uint64_t frame = first; frame < first + n; frame++) {
        w->frames[frame] &= (uint8_t)~HELD;
        w->n_whole += --w->n_not_free[frame / QUIRE_BLOCK_FRAMES] == 0;
    }
    w->n_free += n;
}

/* All that the contestant has, taken on one CPU after the other and kept for good: what is left is its own. */
static void find_own(struct watch *w) {
    const struct replay *r = w->replay;
    void *state = r->peer->make(r->memory, r->n_cpus);
    for (unsigned cpu = 0; cpu < r->n_cpus; cpu++) {
        host_set_cpu(cpu);
        for (quire_pa pa; (pa = r->peer->alloc(state, cpu)) != QUIRE_NONE;) {
            hold(w, pa, 0);
        }
    }
    r->peer->drop(state);
    memset(w->n_not_free, 0, w->n_blocks * sizeof *w->n_not_free);
    w->n_free = 0;
    for (uint64_t frame = 0; frame < (uint64_t)w->n_blocks * QUIRE_BLOCK_FRAMES; frame++) {
        bool own = w->frames[frame] == 0;
        w->frames[frame] = own ? OWN : 0;
        w->n_free += !own;
        w->n_not_free[frame / QUIRE_BLOCK_FRAMES] += own;
    }
    for (uint32_t block = 0; block < w->n_blocks; block++) {
        w->n_usable_blocks += w->n_not_free[block] == 0;
    }
    w->n_whole = w->n_usable_blocks;
}

/* ---- the replay ----------------------------------------------------------------------------------------- */

static bool alloc(struct watch *w, const struct op *op) {
    const struct peer *peer = w->replay->peer;
    struct calls calls = calls_of(peer, op);
    unsigned cpu = cpu_of(w, op);
    bool all = true;
    for (uint64_t i = 0; i < calls.n; i++) {
        quire_pa pa = take(peer, w->state, cpu, calls.order);
        w->slots[op->slot + i] = pa;
        all = all && pa != QUIRE_NONE;
        if (w->frames != NULL && pa != QUIRE_NONE) {
            hold(w, pa, calls.order);
        }
    }
    return all;
}

static void free_op(struct watch *w, const struct op *op) {
    const struct peer *peer = w->replay->peer;
    struct calls calls = calls_of(peer, op);
    unsigned cpu = cpu_of(w, op);
    for (uint64_t i = 0; i < calls.n; i++) {
        quire_pa pa = w->slots[op->slot + i];
        if (pa == QUIRE_NONE) {
            continue;
        }
        if (w->frames != NULL) {
            release(w, pa, calls.order);
        }
        give(peer, w->state, cpu, pa, calls.order);
    }
}

static float whole_share(const struct watch *w) {
    uint64_t possible = w->n_free / QUIRE_BLOCK_FRAMES;
    possible = possible < w->n_usable_blocks ? possible : w->n_usable_blocks;
    return possible == 0 ? NAN : (float)w->n_whole / (float)possible;
}

static void replay_all(struct watch *w, struct watched *out) {
    const struct trace *t = w->replay->trace;
    unsigned sample = 0;
    for (w->at = 0; w->at <= t->n_ops; w->at++) {
        for (; out->has_blocks && sample < N_SAMPLES && t->sampled_at[sample] == w->at; sample++) {
            out->whole[sample] = whole_share(w);
        }
        if (w->at < t->n_ops && t->ops[w->at].is_free) {
            free_op(w, &t->ops[w->at]);
        } else if (w->at < t->n_ops) {
            out->n_failed += !alloc(w, &t->ops[w->at]);
        }
    }
}

static void sum_up(struct watched *out) {
    unsigned n = 0;
    out->whole_mean = 0;
    out->whole_least = NAN;
    for (unsigned i = 0; i < N_SAMPLES; i++) {
        if (!isnan(out->whole[i])) {
            out->whole_mean += (double)out->whole[i];
            out->whole_least = fmin(out->whole_least, (double)out->whole[i]);
            n++;
        }
    }
    out->whole_mean = n == 0 ? (double)NAN : out->whole_mean / n;
}

static void watch_blocks(struct watch *w, struct watched *out) {
    w->n_blocks = (uint32_t)(w->replay->memory->n_bytes / QUIRE_PAGE_SIZE / QUIRE_BLOCK_FRAMES);
    w->frames = make_room((unsigned long)w->n_blocks * QUIRE_BLOCK_FRAMES, sizeof *w->frames);
    w->n_not_free = make_room(w->n_blocks, sizeof *w->n_not_free);
    find_own(w);
    out->has_blocks = true;
}

static uint64_t count_stranded(struct watch *w) {
    host_set_cpu(0);
    for (quire_pa pa; (pa = w->replay->peer->alloc(w->state, 0)) != QUIRE_NONE;) {
        hold(w, pa, 0);
    }
    return w->n_free;
}

void watched_replay(const struct replay *replay, struct watched *out) {
    struct watch w = {.replay = replay, .slots = make_room(replay->trace->n_slots, sizeof *w.slots)};
    *out = (struct watched){.has_blocks = false};
    for (unsigned i = 0; i < N_SAMPLES; i++) {
        out->whole[i] = NAN;
    }
    if (!(replay->peer->traits & (PEER_SHAM | PEER_FOREIGN))) {
        watch_blocks(&w, out);
    }
    w.state = replay->peer->make(replay->memory, replay->n_cpus);
    replay_all(&w, out);
    sum_up(out);
    if (out->has_blocks) {
        out->n_stranded = count_stranded(&w);
    }
    end_replay(replay, w.state, w.slots);
    free(w.slots);
    free(w.frames);
    free(w.n_not_free);
}
