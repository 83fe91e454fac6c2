/* replay.h: one trace against one contestant of the benchmark (bench/peer.h).
 *
 * The trace is one stream of operations with the CPU that each ran on. One thread makes them all, in order, and says
 * before each which CPU it is now (host_set_cpu): so each replay makes the same calls, and contestants are compared
 * without the luck of the scheduler; contention is not in it. threaded_replay is the other way: a thread
 * for each CPU of the trace, which runs freely and waits only for what another one has to allocate before.
 *
 * Fragmentation and correctness are looked at in a replay of their own (watched_replay), so that the clocked one does
 * nothing beside the calls. */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "peer.h"
#include "trace.h"

struct replay {
    const struct trace *trace;
    const struct peer *peer;
    const struct memory *memory;
    unsigned n_cpus; /* the trace's are folded onto these */
};

/* ---- watched -------------------------------------------------------------------------------------------- */

struct watched {
    uint64_t n_failed;              /* allocations */
    uint64_t n_stranded;            /* frames: see watch.c; 0 where `has_blocks` is false */
    bool has_blocks;                /* the contestant's frames lie in `memory`, so the rest means something */
    float whole[N_SAMPLES];         /* whole blocks that nobody holds a frame of, of 1 that could be; NAN: none could */
    double whole_mean, whole_least; /* over the samples */
};

/* Ends the program when the contestant hands out a frame twice, or a wrong one. */
void watched_replay(const struct replay *replay, struct watched *out);

/* ---- clocked -------------------------------------------------------------------------------------------- */

#define NOT_CLOCKED UINT32_MAX /* the free of what could not be allocated */

/* Fills ticks[trace->n_ops - trace->n_before]: what each operation took, the timer's own cost included. */
void clocked_replay(const struct replay *replay, uint32_t *ticks);
void threaded_replay(const struct replay *replay, uint32_t *ticks);

/* The end of a contestant whose replay left these frames in the slots. A foreign heap gets back first what the trace
 * holds at its end: drop() does not know of it. */
void end_replay(const struct replay *replay, void *state, const quire_pa *slots);

/* ---- for all of them ------------------------------------------------------------------------------------ */

/* Whether the contestant takes and frees this one in a single call. */
static inline bool at_once(const struct peer *peer, const struct op *op) {
    return op->order == 0 || (!op->in_frames && peer->alloc_order != 0);
}

/* The calls that an operation is for a contestant; the i-th is about the i-th of its slots. */
struct calls {
    uint64_t n;
    unsigned order; /* of each */
};

static inline struct calls calls_of(const struct peer *peer, const struct op *op) {
    return at_once(peer, op) ? (struct calls){1, op->order} : (struct calls){(uint64_t)1 << op->order, 0};
}

static inline quire_pa take(const struct peer *peer, void *state, unsigned cpu, unsigned order) {
    return order == 0 ? peer->alloc(state, cpu) : peer->alloc_order(state, cpu, order);
}

static inline void give(const struct peer *peer, void *state, unsigned cpu, quire_pa frame, unsigned order) {
    if (order == 0) {
        peer->free(state, cpu, frame);
    } else {
        peer->free_order(state, cpu, frame, order);
    }
}

#endif
