/* cache.h: the free frames that one CPU holds. See cache.c for the theory. */
#ifndef Q_CACHE_H
#define Q_CACHE_H

#include "loan.h"

#define Q_WARM 64 /* frames; the older half leaves when it is full */

/* The guard comes first; all else is the visitor's. */
struct q_cache {
    _Alignas(128) _Atomic uint32_t guard; /* Q_BUSY, or 2 for each visit so far */
    uint32_t n_warm;
    uint32_t room; /* for warm frames: Q_WARM; 0 while gathering */
    uint32_t word; /* of `in` that allocations come from at the moment */
    struct q_loan in, out;
    size_t start;          /* block of the last loan: where the next search begins */
    struct q_zone *zone;   /* and its zone */
    intptr_t n_given_back; /* frames that went home since balance was told */
    uint64_t n_refills, n_steals;
    uint32_t visit; /* what q_cache_enter said, for who visits all caches at once (validate.c) */
    q_frame warm[Q_WARM];
};

/* Odd, and so the number of no visit. */
#define Q_BUSY 1u

/* Tries to become the visitor; false: somebody is there, who may be the very caller, interrupted. *visit is for
 * leaving. */
static inline bool q_cache_enter(struct q_cache *c, uint32_t *visit) {
    /* seq_cst: acquire, to see what the last visitor left (pairs with q_cache_leave); and one order with the prover's
     * fence, so that a visit begun before that fence is seen by it (single.c, P1). */
    *visit = atomic_exchange(&c->guard, Q_BUSY);
    return *visit != Q_BUSY;
}

static inline void q_cache_leave(struct q_cache *c, uint32_t visit) {
    atomic_store_explicit(&c->guard, visit + 2,
                          memory_order_release); /* pairs with q_cache_enter, and the prover's look */
}

/* One frame out of the cache, without the shared bits; Q_NO_FRAME: none that is quick to get. */
static inline q_frame q_cache_pop(struct q_cache *c) {
    if (c->n_warm > 0) {
        return c->warm[--c->n_warm];
    }
    q_word w = c->in.mask[c->word];
    if (w == 0) {
        return Q_NO_FRAME;
    }
    c->in.mask[c->word] = w & (w - 1);
    return c->in.base + c->word * Q_WORD_BITS + q_lowest(w);
}

/* One frame into the cache; false: it needs q_cache_push_slow. */
static inline bool q_cache_push(struct q_cache *c, q_frame f) {
    if (c->n_warm < c->room) {
        c->warm[c->n_warm++] = f;
        return true;
    }
    return q_loan_put(&c->in, f) || q_loan_put(&c->out, f);
}

struct quire;

void q_cache_init(struct q_cache *c);

/* The same when the quick way has nothing: any frame of the cache, else a borrowed block. Q_NO_FRAME: the cache is
 * empty and nothing can be borrowed. */
q_frame q_cache_pop_slow(struct quire *q, struct q_cache *c);

/* The same when the quick way has no room: makes some, or sends the frame home. */
void q_cache_push_slow(struct quire *q, struct q_cache *c, q_frame f);

/* An aligned run of 2^order frames of the borrowed block, or Q_NO_FRAME. */
q_frame q_cache_take_run(struct q_cache *c, unsigned order);

/* A run of frames that are freed, if they belong to the borrowed block; else false. */
bool q_cache_put_run(struct q_cache *c, q_frame f, unsigned order);

/* Any frame of the cache, nothing borrowed; Q_NO_FRAME: it is empty. */
q_frame q_cache_pop_own(struct q_cache *c);

/* Sends everything home. */
void q_cache_drain(struct quire *q, struct q_cache *c);

/* Gives the frames of a loan back; reports one that was home already. */
void q_return(struct quire *q, struct q_loan *loan);

#endif
