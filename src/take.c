/* take.c: taking free frames from wherever there are some, giving them back, and proving that there are none.
 *
 *   q_take:  this CPU's cache --> the blocks --> all CPUs' caches --> none
 *   q_give:  this CPU's cache --> the blocks
 *
 * A call that finds its cache in use is nested in (or has preempted) another one on the same CPU, or was moved to
 * another CPU; it works on the blocks instead.
 *
 * Failing needs a proof, since frames move while a sweep goes from place to place:
 *
 *   the sweep looks at     A: none     B: ...                  C: none     "there is no frame"
 *   others meanwhile                   free one into A         take the one of C
 *
 * There was a free frame all the time. So, for single frames:
 *
 *   look: sum of all guards and counters    sweep: the blocks, then each cache    look again
 *   1000                                    nothing                              1000, and what the sweep itself added
 *
 * P1  A sweep that found nothing proves that there was nothing if it came to every place, and no free frame came to a
 *     place or moved from one to another during it. Every such step is part of a visit to a CPU cache, or lies between
 *     q_begin and q_end. The caller sums all of these before and after its sweep; equal, and nobody busy, means that
 *     nothing moved.
 *                                                                                             interleaving tests
 * P2  Tries are bounded. What is left is a frame in a cache (or in a block on its way home) whose owner is stopped in
 *     the middle; such failures are counted (quire_stats.n_unproved). Also hidden: a hint that a stopped searcher had
 *     taken away and not yet looked at again, so the last try looks at every block.
 *
 * Runs are not proved: frames in caches in use, and on their way, are passed over. */
#include "take.h"

#include "cache.h"
#include "compiler.h"
#include "find.h"
#include "home.h"
#include "nodes.h"
#include "place.h"
#include "range.h"

/* How often a call tries before it gives up. With local guards each try costs a barrier on every other CPU. */
#define Q_PROOF_TRIES       32
#define Q_LOCAL_PROOF_TRIES 4

/* ---- the blocks ------------------------------------------------------------------------------------------ */

/* From the blocks that the hints name: from likely ones, or from all. */
static q_frame find_run(struct quire *q, const struct q_cache *c, unsigned order, bool thorough) {
    Q_ASSERT(order <= QUIRE_MAX_ORDER, order);
    q_frame f = Q_NO_FRAME;
    struct q_wish wish = {.order = order,
                          .most = 1,
                          .node = c->node,
                          .rank = c->rank,
                          .n_peers = c->n_peers,
                          .sparing = !thorough,
                          .run = &f};
    return q_find(q, &wish) ? f : Q_NO_FRAME;
}

/* n frames were taken, unless it is Q_NO_FRAME: the balance is told. */
static q_frame took(struct quire *q, q_frame f, size_t n) {
    Q_ASSERT(n > 0, f);
    if (f != Q_NO_FRAME) {
        q_balance_add(q_zone_of(q, f), -(intptr_t)n);
    }
    return f;
}

static q_frame take_frame_of_blocks(struct quire *q, struct q_cache *c) {
    q_begin(c);
    q_frame f = took(q, find_run(q, c, 0, true), 1);
    q_end(c);
    return f;
}

void q_drain_all(struct quire *q) {
    for (unsigned i = 0; i < q->n_cpus; i++) {
        struct q_cache *c = &q->caches[i];
        q_word visit;
        if (!q_guard_is_new(&c->guard) && q_claim(q, i, &visit)) {
            q_cache_drain(q, c);
            q_release(c, visit);
        }
    }
}

/* From blocks as they are; then with all caches drained, unless the caller is in a hurry. */
q_frame q_take_fit(struct quire *q, struct q_fit *fit) {
    struct q_cache *c = q_cache_here(q);
    q_begin(c);
    q_frame f = q_find_fit(q, fit);
    if (f == Q_NO_FRAME && fit->n_looks == Q_ALL_LOOKS && q_ever_fits(q, fit)) {
        q_drain_all(q);
        f = q_find_fit(q, fit);
    }
    f = took(q, f, fit->n);
    q_end(c);
    return f;
}

size_t q_take_range(struct quire *q, q_frame f, size_t n) {
    struct q_zone *z = q_zone_at(q, f);
    struct q_span bounds = z != NULL ? q_zone_bounds(z) : (struct q_span){0, 0};
    if (f < bounds.base || f >= bounds.end) {
        return 0;
    }
    n = n < bounds.end - f ? n : bounds.end - f;
    struct q_cache *c = q_cache_here(q);
    q_begin(c);
    size_t taken = q_take_from(q, z, f, n);
    if (taken < n) { /* more may be in caches */
        q_drain_all(q);
        taken += q_take_from(q, z, f + taken, n - taken);
    }
    Q_ASSERT(taken <= n, taken);
    q_balance_add(z, -(intptr_t)taken);
    q_end(c);
    return taken;
}

/* From likely blocks, from all; then with all caches drained. */
q_frame q_take_past_cache(struct quire *q, unsigned order) {
    struct q_cache *c = q_cache_here(q);
    struct q_fit fit = q_fit_of_order(order, c->node);
    Q_ASSERT(order > 0 && order <= QUIRE_MAX_ORDER, order);
    if (order > QUIRE_BLOCK_ORDER) {
        return q_take_fit(q, &fit);
    }
    q_begin(c);
    q_frame f = find_run(q, c, order, false);
    f = f == Q_NO_FRAME ? find_run(q, c, order, true) : f;
    if (f == Q_NO_FRAME && q_ever_fits(q, &fit)) {
        q_drain_all(q);
        f = find_run(q, c, order, true);
    }
    f = took(q, f, fit.n);
    q_end(c);
    return f;
}

/* ---- one frame, or the proof that there is none ---------------------------------------------------------- */

/* Sums over everything that changes when free frames come or move. */
struct look {
    q_word sum;
    bool busy; /* somebody was in the middle of something */
};

static struct look look(const struct quire *q) {
    /* The fence orders this look after the sweep before it, and in one order with the seq_cst entries of visitors: a
     * visit either began before this, and is seen, or begins later. Pairs with q_enter and q_begin. */
    atomic_thread_fence(memory_order_seq_cst);
    struct look l = {0, false};
    for (unsigned i = 0; i < q->n_cpus; i++) {
        const struct q_cache *c = &q->caches[i];
        q_word guard = q_guard_see(&c->guard), begun = atomic_load(&c->n_begun);
        l.sum += guard + begun;
        l.busy |= guard == Q_BUSY || begun != atomic_load(&c->n_ended);
    }
    return l;
}

/* One frame out of anybody's cache, this CPU's first; the rest of another's goes home, for everybody. Adds the visits made
 * to *n_visits. Clears *all_seen if a cache was in use. */
static Q_COLD q_frame take_from_caches(struct quire *q, unsigned cpu, q_word *n_visits, bool *all_seen) {
    Q_ASSERT(cpu < q->n_cpus, cpu);
    for (unsigned i = 0; i < q->n_cpus; i++) {
        unsigned of = cpu + i < q->n_cpus ? cpu + i : cpu + i - q->n_cpus;
        struct q_cache *c = &q->caches[of];
        q_word visit;
        if (q_guard_is_new(&c->guard)) { /* a first visit that begins now shows in the sum */
            continue;
        }
        if (!q_claim(q, of, &visit)) {
            *all_seen = false;
            continue;
        }
        ++*n_visits;
        q_frame f = q_cache_pop_own(q, c);
        Q_ASSERT(f != Q_NO_FRAME || c->n_warm == 0, c->n_warm); /* empty, so that the visit adds Q_VISIT (P1) */
        if (f != Q_NO_FRAME && i > 0) {
            q_cache_drain(q, c);
            q_show(&c->n_steals, q_see(&c->n_steals) + 1);
        }
        q_release(c, visit);
        if (f != Q_NO_FRAME) {
            return f;
        }
    }
    return Q_NO_FRAME;
}

/* A frame from wherever there is one; Q_NO_FRAME: there is none (P1). */
static Q_COLD q_frame take_last(struct quire *q) {
    unsigned cpu = quire_port_cpu();
    cpu = cpu < q->n_cpus ? cpu : 0;
    for (unsigned tries = 0; tries < (Q_GUARD_LOCAL ? Q_LOCAL_PROOF_TRIES : Q_PROOF_TRIES); tries++) {
        q_word n_visits = 0;
        bool all_seen = true; /* of a visitor that changed nothing the sums would not tell */
        struct look before = look(q);
        q_frame f = take_frame_of_blocks(q, &q->caches[cpu]);
        if (f == Q_NO_FRAME) {
            f = take_from_caches(q, cpu, &n_visits, &all_seen);
        }
        if (f != Q_NO_FRAME) {
            return f;
        }
        struct look after = look(q);
        q_word own_steps = 1 + Q_VISIT * n_visits; /* one begin, for the blocks; warm was empty in those visits */
        if (all_seen && !before.busy && !after.busy && after.sum == before.sum + own_steps) {
            return Q_NO_FRAME;
        }
    }
    q_frame f = took(q, q_find_anywhere(q), 1);
    if (f == Q_NO_FRAME) {
        atomic_fetch_add_explicit(&q->n_unproved, 1, memory_order_relaxed); /* a statistic */
    }
    return f;
}

/* ---- all of it ------------------------------------------------------------------------------------------- */

q_frame q_take(struct quire *q, unsigned order) {
    struct q_cache *c;
    q_word visit;
    q_frame f = Q_NO_FRAME;
    Q_ASSERT(order <= QUIRE_MAX_ORDER, order);
    if (order <= QUIRE_BLOCK_ORDER && q_open(q, &c, &visit)) {
        f = q_cache_take(q, c, order);
        q_close(c, visit);
    } else if (order == 0) { /* no cache, or it is in use: nested, maybe in a call that holds the last frames */
        f = take_frame_of_blocks(q, q_cache_here(q));
    }
    if (f != Q_NO_FRAME) {
        return f;
    }
    return order == 0 ? take_last(q) : q_take_past_cache(q, order);
}

void q_give_home(struct quire *q, q_frame f, size_t n) {
    struct q_zone *z = q_zone_of(q, f);
    Q_ASSERT(z != NULL, f);
    struct q_cache *c = q_cache_here(q);
    q_begin(c);
    q_run_goes_home(q, z, f, n);
    q_end(c);
    q_balance_add(z, (intptr_t)n);
}

void q_give(struct quire *q, q_frame f, unsigned order) {
    struct q_cache *c;
    q_word visit;
    bool kept = false;
    if (order <= QUIRE_BLOCK_ORDER && q_open(q, &c, &visit)) {
        kept = q_cache_put(q, c, f, order);
        q_close(c, visit);
    }
    if (!kept) {
        q_give_home(q, f, (size_t)1 << order);
    }
}
