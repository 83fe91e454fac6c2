/* cache.h: the free frames that one CPU holds. See cache.c for the theory. */
#ifndef Q_CACHE_H
#define Q_CACHE_H

#include "loan.h"

#define Q_WARM 128 /* frames; the older half leaves when it is full */

/* Runs of orders 1, 2 and 3, of each at most so many; then the oldest one leaves, and its neighbours. Where there are
 * none, half as many are fetched. */
#define Q_RUN_ORDERS 3u
#define Q_RUNS       16u

/* So that a shift finds a CPU's cache, and no two share a line. */
#define Q_CACHE_BYTES 2048

/* The guard comes first; all else is the visitor's. What the quick ways use (single.c) lies together. */
struct q_cache {
    /* Q_BUSY, or Q_VISIT for each visit so far and Q_WARM_FRAME for each warm frame */
    _Alignas(Q_CACHE_BYTES) _Atomic q_word guard;

    /* The zone of warm and `in`, and copies of what the quick ways need to know of it. */
    q_frame first;     /* its first frame */
    size_t n_quick;    /* frames from there on that quire_free may push quickly: initialised ones; 0 while gathering */
    uintptr_t records; /* where the record of frame 0 would be: they lie side by side, from that of `first` on */
    struct q_zone *zone;

    uint32_t n_warm;    /* what the guard says, for the slow ways: between q_cache_open and q_cache_close */
    uint32_t word;      /* of `in` that allocations come from at the moment */
    uint32_t gathering; /* 1 or 0 */
    struct q_loan in, out;
    intptr_t n_taken; /* frames that were borrowed and did not go home, since balance was told */
    uint64_t n_refills, n_steals;
    q_word visit; /* what q_cache_open said, for who visits all caches at once (validate.c) */
    uint32_t n_runs[Q_RUN_ORDERS];
    q_frame runs[Q_RUN_ORDERS][Q_RUNS]; /* runs[k]: the first frames of runs of order k + 1 */
    q_frame warm[Q_WARM];
};

#define Q_BUSY       ((q_word)1) /* odd, and so no number of visits */
#define Q_WARM_FRAME ((q_word)8) /* the size of one, on 64-bit machines, so that the guard holds an offset */
#define Q_WARM_FULL  (Q_WARM * Q_WARM_FRAME)
#define Q_VISIT      (2 * Q_WARM_FULL) /* more than all warm frames, so that each visit adds to the guard */

static inline uint32_t q_visit_warm(q_word visit) {
    return (uint32_t)(visit % Q_VISIT / Q_WARM_FRAME);
}

/* The warm frame at this offset, as the guard counts. */
static inline q_frame *q_cache_warm(struct q_cache *c, q_word offset) {
    return &c->warm[offset / Q_WARM_FRAME];
}

/* Tries to become the visitor; false: somebody is there, who may be the very caller, interrupted. *visit is for
 * leaving. */
static inline bool q_cache_enter(struct q_cache *c, q_word *visit) {
    /* seq_cst: acquire, to see what the last visitor left (pairs with q_cache_leave); and one order with the prover's
     * fence, so that a visit begun before that fence is seen by it (single.c, P1). */
    *visit = atomic_exchange(&c->guard, Q_BUSY);
    return *visit != Q_BUSY;
}

/* The visit is over; `n_more` warm frames came in it, or went. */
static inline void q_cache_leave(struct q_cache *c, q_word visit, int n_more) {
    /* release: pairs with q_cache_enter, and the prover's look */
    atomic_store_explicit(&c->guard, visit + Q_VISIT + (q_word)n_more * Q_WARM_FRAME, memory_order_release);
}

/* The visit is over, and changed nothing: no proof need see it. */
static inline void q_cache_retreat(struct q_cache *c, q_word visit) {
    atomic_store_explicit(&c->guard, visit, memory_order_release); /* as above */
}

/* A visit goes on in a slow way: these count in n_warm. */
static inline void q_cache_slow_down(struct q_cache *c, q_word visit) {
    c->n_warm = q_visit_warm(visit);
}

/* The same as q_cache_enter and q_cache_leave for the slow ways. */
static inline bool q_cache_open(struct q_cache *c, q_word *visit) {
    if (!q_cache_enter(c, visit)) {
        return false;
    }
    q_cache_slow_down(c, *visit);
    return true;
}

static inline void q_cache_close(struct q_cache *c, q_word visit) {
    q_cache_leave(c, visit, (int)c->n_warm - (int)q_visit_warm(visit));
}

/* The record of a frame of the zone. */
static inline q_record *q_cache_record(const struct q_cache *c, q_frame f) {
    return (q_record *)(c->records + f * sizeof(q_record));
}

/* Puts a small run onto its stack (order 1..Q_RUN_ORDERS); false, and nothing done: it is full, or not to be used. */
static inline bool q_cache_stack_run(struct q_cache *c, q_frame f, unsigned order) {
    uint32_t n = c->n_runs[order - 1];
    if (n >= Q_RUNS || c->gathering != 0) {
        return false;
    }
    c->runs[order - 1][n] = f;
    c->n_runs[order - 1] = n + 1;
    return true;
}

/* A small run from its stack; Q_NO_FRAME: there is none. */
static inline q_frame q_cache_unstack_run(struct q_cache *c, unsigned order) {
    uint32_t n = c->n_runs[order - 1];
    if (n == 0) {
        return Q_NO_FRAME;
    }
    c->n_runs[order - 1] = n - 1;
    return c->runs[order - 1][n - 1];
}

/* Puts a block into `out` again, if that is the loan of it; false, and nothing done: it is not, or not empty. */
static inline bool q_cache_put_block(struct q_cache *c, q_frame f) {
    return c->out.base == f && q_loan_put_block(&c->out);
}

/* A block from there; Q_NO_FRAME: it is no whole one. */
static inline q_frame q_cache_take_block(struct q_cache *c) {
    return q_loan_take_block(&c->out) ? c->out.base : Q_NO_FRAME;
}

struct quire;

void q_cache_init(struct q_cache *c);

/* ---- between q_cache_open, or q_cache_slow_down, and q_cache_close ---------------------------------------- */

/* Moves the frames of one word of `in` to warm, which is empty, the lowest on top. Returns how many; 0: `in` is empty. */
uint32_t q_cache_warm_up(struct q_cache *c);

/* Any frame of the cache, else of a block that is borrowed then. Q_NO_FRAME: the cache is empty and nothing can be
 * borrowed. */
q_frame q_cache_pop(struct quire *q, struct q_cache *c);

/* Whether a frame is of the cache's zone, and of a block that is initialised. */
bool q_cache_knows(const struct q_cache *c, q_frame f);

/* A frame into the cache, or home. */
void q_cache_push(struct quire *q, struct q_cache *c, q_frame f);

/* An aligned run of 2^order frames of the loans, order 1..QUIRE_BLOCK_ORDER - 1; or Q_NO_FRAME. */
q_frame q_cache_take_run(struct q_cache *c, unsigned order);

/* Puts runs there that were just borrowed, and one more that is handed out, where there are none of this order. */
void q_cache_keep_runs(struct quire *q, struct q_cache *c, unsigned order, const q_frame *runs, unsigned n);

/* A run of frames that are freed into the cache; false: some of them are there. */
bool q_cache_put_run(struct quire *q, struct q_cache *c, q_frame f, unsigned order);

/* Any frame of the cache, nothing borrowed; Q_NO_FRAME: it is empty. */
q_frame q_cache_pop_own(struct quire *q, struct q_cache *c);

/* The frames in runs. */
size_t q_cache_count_runs(const struct q_cache *c);

/* Sends everything home. */
void q_cache_drain(struct quire *q, struct q_cache *c);

/* Gives the frames of a loan back; reports one that was home already. Returns how many came home. */
unsigned q_return(struct quire *q, struct q_loan *loan);

#endif
