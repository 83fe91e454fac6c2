/* cache.h: the free frames that one CPU holds. See cache.c for the theory. */
#ifndef Q_CACHE_H
#define Q_CACHE_H

#include "compiler.h"
#include "core.h"
#include "guard.h"
#include "loan.h"

#define Q_WARM 128 /* single frames; the older half leaves when it is full */

/* Runs of orders 1, 2 and 3, of each at most so many; then the oldest one leaves, and its neighbours. If there are
 * none, half as many are fetched. */
#define Q_RUN_ORDERS 3u
#define Q_RUNS       16u

/* So that a shift finds a CPU's cache, and no two share a line. */
#define Q_CACHE_BYTES 2048

/* The guard comes first; all else is the visitor's to change. What the quick ways use lies together. */
struct q_cache {
    /* its word: Q_VISIT for each visit so far and Q_WARM_FRAME for each warm frame */
    _Alignas(Q_CACHE_BYTES) struct q_guard guard;

    /* The zone of warm and `in`, and copies of what the quick ways need to know of it. */
    q_shown first;   /* the first frame of those that quire_free may push quickly */
    q_shown n_quick; /* how many they are, all of them initialised; 0 while gathering */
    q_shown records; /* where the record of frame 0 would be: they lie side by side, from that of `first` on */
    _Atomic(struct q_zone *) zone;

    q_shown gathering;      /* 1 or 0 */
    _Atomic q_word n_calls; /* slow calls that began on this CPU and have not ended (q_call_begin); not the visitor's */
    uint32_t n_warm;        /* what the guard's word says, between q_open and q_close */

    q_shown word; /* of `in` that allocations come from at the moment */
    struct q_loan in, out;
    uintptr_t gathered;    /* the zone that the CPU looked at when it last asked itself whether gathering pays */
    intptr_t n_last_whole; /* how many whole blocks there were at the last look whether gathering pays */
    q_word spread;         /* how far the CPU drove blocks of `booked` apart, and did not tell yet: a signed number */
    q_word first_spread;   /* the sum over the zone's blocks when n_vain was 0 */
    uint32_t n_vain;  /* such looks since one found more of them than the one before, or since so many found none */
    uint32_t n_rest;  /* looks to come before the CPU may gather again */
    uint32_t n_pause; /* how long the last rest was, in multiples of the first; 0: gathering paid since */
    unsigned node;    /* the CPU's; this and the next two never change */
    unsigned rank, n_peers;          /* the CPU's number among those of its node, and how many these are */
    _Atomic(struct q_zone *) booked; /* the zone that n_taken and spread are of; NULL: none yet */
    q_shown
        n_taken; /* frames of it that were borrowed and did not go home, since its balance was told: a signed number */
    /* Steps that work on shared bits outside of visits and can hide or move free frames: how many began and ended on this CPU.
     * A call that is about to fail for want of memory compares the two (take.c). Not the visitor's, as n_calls. */
    _Atomic q_word n_begun, n_ended;
    q_shown n_refills, n_steals;
    q_shown n_runs[Q_RUN_ORDERS];
    q_shown runs[Q_RUN_ORDERS][Q_RUNS]; /* runs[k]: the first frames of runs of order k + 1 */
    q_shown warm[Q_WARM];
};

/* ---- visits ----------------------------------------------------------------------------------------------
 *
 * q_enter    become the visitor of this CPU's cache, or learn that somebody is
 * q_leave    the visit is over
 * q_retreat  the visit is over, and changed nothing
 * q_open     q_enter for the slow ways, in which n_warm counts the warm frames; a quick visit goes on as a slow one
 *            after q_slow_down
 * q_close    q_leave for the slow ways
 * q_claim    q_open for any CPU's cache
 * q_release  q_close for that
 *
 * Between q_enter or q_open and what ends the visit the caller is pinned to its CPU (guard.h). */

#define Q_WARM_FRAME ((q_word)8) /* the size of one, on 64-bit machines, so that the word holds an offset */
#define Q_WARM_FULL  (Q_WARM * Q_WARM_FRAME)
#define Q_VISIT      (2 * Q_WARM_FULL) /* more than all warm frames, so that each visit adds to the word */
_Static_assert((Q_VISIT & (Q_VISIT - 1)) == 0 && Q_BUSY < Q_WARM_FRAME, "the word's parts are bits of their own");

static inline uint32_t q_visit_warm(q_word visit) {
    return (uint32_t)(visit % Q_VISIT / Q_WARM_FRAME);
}

/* What a visit leaves in which `n_more` warm frames came, or went. */
static inline q_word q_visit_after(q_word visit, int n_more) {
    return visit + Q_VISIT + (q_word)n_more * Q_WARM_FRAME;
}

/* Tries to become the visitor of this CPU's cache, if the CPU is one of the first n_cpus. False: it is not; or somebody is
 * there, maybe the very caller, interrupted. *visit is for leaving. */
static inline bool q_enter(struct quire *q, size_t n_cpus, struct q_cache **c, q_word *visit) {
    size_t cpu = q_pin();
    if (Q_SELDOM(cpu >= n_cpus)) {
        q_unpin();
        return false;
    }
    *c = &q->caches[cpu];
    if (Q_SELDOM(!q_guard_enter(&(*c)->guard, visit))) {
        q_unpin();
        return false;
    }
    return true;
}

/* The visit is over; `n_more` warm frames came in it, or went. */
static inline void q_leave(struct q_cache *c, q_word visit, int n_more) {
    q_guard_leave(&c->guard, q_visit_after(visit, n_more));
    q_unpin();
}

/* The visit is over, and changed nothing: no proof need see it. */
static inline void q_retreat(struct q_cache *c, q_word visit) {
    q_guard_retreat(&c->guard, visit);
    q_unpin();
}

/* A quick visit goes on as a slow one, in which n_warm counts the warm frames. */
static inline void q_slow_down(struct q_cache *c, q_word visit) {
    Q_ASSERT(visit % Q_WARM_FRAME == 0, visit); /* nobody's visit but the caller's */
    c->n_warm = q_visit_warm(visit);
}

static inline bool q_open(struct quire *q, struct q_cache **c, q_word *visit) {
    if (!q_enter(q, q->n_cpus, c, visit)) {
        return false;
    }
    q_slow_down(*c, *visit);
    return true;
}

/* What a slow visit leaves. */
static inline q_word q_visit_end(const struct q_cache *c, q_word visit) {
    Q_ASSERT(c->n_warm <= Q_WARM, c->n_warm);
    return q_visit_after(visit, (int)c->n_warm - (int)q_visit_warm(visit));
}

static inline void q_close(struct q_cache *c, q_word visit) {
    q_guard_leave(&c->guard, q_visit_end(c, visit));
    q_unpin();
}

static inline bool q_claim(struct quire *q, unsigned cpu, q_word *visit) {
    struct q_cache *c = &q->caches[cpu];
    Q_ASSERT(cpu < q->n_cpus, cpu);
    if (!q_guard_claim(&c->guard, cpu, visit)) {
        return false;
    }
    q_slow_down(c, *visit);
    return true;
}

static inline void q_release(struct q_cache *c, q_word visit) {
    q_guard_release(&c->guard, q_visit_end(c, visit));
}

/* The cache of this CPU, or the first one if it has none: for what may be any CPU's, and is best this one's. */
static inline struct q_cache *q_cache_here(const struct quire *q) {
    unsigned cpu = quire_port_cpu();
    return &q->caches[cpu < q->n_cpus ? cpu : 0];
}

/* Around work on shared bits outside of a visit, counted in any cache, best in this CPU's. seq_cst: one order with the look of
 * a call that is about to fail (take.c). */
static inline void q_begin(struct q_cache *c) {
    atomic_fetch_add(&c->n_begun, 1);
}
static inline void q_end(struct q_cache *c) {
    atomic_fetch_add(&c->n_ended, 1);
}

/* Before a step that moves no frame, but changes records that a recount compares: one that is under way learns that
 * something happened (validate.c, V1). A CPU that stops in the middle of the step stands against no proof. */
static inline void q_tell(struct q_cache *c) {
    q_begin(c);
    q_end(c);
}

/* Around a slow call, which moves frames between a visit and their records: while it is under way a recount means
 * nothing. Counted in any cache, best in this CPU's. */
static inline void q_call_begin_in(struct q_cache *c) {
    atomic_fetch_add(&c->n_calls, 1); /* seq_cst: before anything that the call moves (validate.c) */
}
static inline struct q_cache *q_call_begin(struct quire *q) {
    struct q_cache *c = q_cache_here(q);
    q_call_begin_in(c);
    return c;
}
static inline void q_call_end(struct q_cache *c) {
    atomic_fetch_sub_explicit(&c->n_calls, 1, memory_order_release); /* after all that it moved */
}

/* ---- in a visit, for the quick ways ---------------------------------------------------------------------- */

/* The warm frame at this offset, as the guard's word counts. */
static inline q_shown *q_cache_warm(struct q_cache *c, q_word offset) {
    Q_ASSERT(offset < Q_WARM_FULL, offset);
    return &c->warm[offset / Q_WARM_FRAME];
}

/* The record of a frame of the zone. */
static inline q_record *q_cache_record(const struct q_cache *c, q_frame f) {
    return (q_record *)(q_see(&c->records) + f * sizeof(q_record));
}

/* Whether a cache keeps what is freed of the zone. Other memory goes home: it is another node's, or scarce (nodes.c). relaxed:
 * either answer will do while quire_add changes it */
static inline bool q_cache_keeps(const struct q_cache *c, const struct q_zone *z) {
    return atomic_load_explicit(&z->near_to, memory_order_relaxed) == c->node;
}

/* Whether frees skip warm, so that blocks become whole (cache.c). */
static inline bool q_cache_gathers(const struct q_cache *c) {
    return q_see(&c->gathering) != 0;
}

/* Puts a small run onto its stack (order 1..Q_RUN_ORDERS); false, and nothing done: it is full, or not to be used. */
static inline bool q_cache_stack(struct q_cache *c, q_frame f, unsigned order) {
    q_word n = q_see(&c->n_runs[order - 1]);
    Q_ASSERT((f & (((q_frame)1 << order) - 1)) == 0, f);
    if (n >= Q_RUNS || q_cache_gathers(c)) {
        return false;
    }
    q_show(&c->runs[order - 1][n], f);
    q_show(&c->n_runs[order - 1], n + 1);
    return true;
}

/* A small run from its stack; Q_NO_FRAME: there is none. */
static inline q_frame q_cache_unstack(struct q_cache *c, unsigned order) {
    Q_ASSERT(order > 0 && order <= Q_RUN_ORDERS, order);
    q_word n = q_see(&c->n_runs[order - 1]);
    if (n == 0) {
        return Q_NO_FRAME;
    }
    q_show(&c->n_runs[order - 1], n - 1);
    return q_see(&c->runs[order - 1][n - 1]);
}

/* Puts a block into `out` again, if that is the loan of it; false, and nothing done: it is not, or not empty. */
static inline bool q_cache_put_block(struct q_cache *c, q_frame f) {
    return q_see(&c->out.base) == f && q_loan_put_all(&c->out);
}

/* A block from there; Q_NO_FRAME: it is no whole one, or not to be kept. */
static inline q_frame q_cache_take_block(struct q_cache *c) {
    const struct q_zone *z = q_loan_zone(&c->out);
    return z != NULL && q_cache_keeps(c, z) && q_loan_take_all(&c->out) ? q_see(&c->out.base) : Q_NO_FRAME;
}

/* Whether the frame's block is on loan here; and which loan that is. */
static inline bool q_cache_covers(const struct q_cache *c, q_frame f) {
    return q_loan_covers(&c->in, f) || q_loan_covers(&c->out, f);
}
static inline struct q_loan *q_cache_loan_of(struct q_cache *c, q_frame f) {
    return q_loan_covers(&c->in, f) ? &c->in : &c->out;
}

/* Takes the frames of one word of `in`, `*base` that of bit 0; 0: `in` is empty. */
q_word q_cache_take_word(struct q_cache *c, q_frame *base);

/* Moves the frames of one word of `in` to warm, which is empty, the lowest on top. Returns how many; 0: `in` is empty. */
uint32_t q_cache_warm_up(struct q_cache *c);

/* Whether a frame is of the cache's zone, and of a block that is initialised. */
bool q_cache_knows(const struct q_cache *c, q_frame f);

/* ---- between q_open, or q_slow_down, and q_close --------------------------------------------------------- */

/* 2^order frames, order <= QUIRE_BLOCK_ORDER, or Q_NO_FRAME. A frame comes from the cache, else from a block that is borrowed
 * then; a run of at most 8 from the cache, else from some that are fetched then; others from the cache only. */
q_frame q_cache_take(struct quire *q, struct q_cache *c, unsigned order);

/* Any frame of the cache, nothing borrowed; Q_NO_FRAME: it is empty. */
q_frame q_cache_pop_own(struct quire *q, struct q_cache *c);

/* A frame, into the cache or home. */
void q_cache_push(struct quire *q, struct q_cache *c, q_frame f);

/* 2^order frames, into the cache or home, order <= QUIRE_BLOCK_ORDER; false, and nothing changed: some of them are
 * there. */
bool q_cache_put(struct quire *q, struct q_cache *c, q_frame f, unsigned order);

/* Sends everything home. */
void q_cache_drain(struct quire *q, struct q_cache *c);

/* ---- any time -------------------------------------------------------------------------------------------- */

/* Empties it, whatever it was. Which CPU it is of stays as it is. */
void q_cache_init(struct q_cache *c);

/* The frames in stacks of runs. */
size_t q_cache_count_runs(const struct q_cache *c);

#endif
