/* single.c: one frame: allocate, free, and knowing that there is none.
 *
 * Nine calls in ten end in the CPU's own cache. A call that finds its cache in use is nested in (or has preempted)
 * another one on the same CPU, or was moved to another CPU; it works on the shared bits instead.
 *
 * Failing needs a proof, since frames move behind the back of a sweep: one place is passed, a frame is freed there,
 * and the last frame of a place further on is taken. So:
 *
 * P1  A sweep that found nothing proves that there was nothing if no free frame came to a place or moved
 *     from one to another during it. Every such step is part of a visit to a CPU cache, or lies
 *     between q_begin and q_end. The caller sums all of these before and after its sweep; equal, and nobody busy,
 *     means that nothing moved.
 * P2  Tries are bounded. What is left is a frame in a cache (or in a block on its way home) whose owner is stopped in
 *     the middle; such failures are counted (quire_stats.n_unproved). Also hidden: a hint that a stopped searcher had
 *     taken away and not yet looked at again, so the last try looks at every block. */
#include "core.h"

#define Q_PROOF_TRIES 32

/* Sums over everything that changes when free frames come or move. */
struct look {
    q_word sum;
    bool busy; /* somebody was in the middle of something */
};

static struct look look(const struct quire *q) {
    /* The fence orders this look behind the sweep before it, and in one order with the seq_cst entries of visitors: a
     * visit either began before this, and is seen, or begins later. Pairs with q_cache_enter and q_begin. */
    atomic_thread_fence(memory_order_seq_cst);
    q_word begun = atomic_load(&q->n_begun);
    struct look l = {begun, begun != atomic_load(&q->n_ended)};
    for (unsigned i = 0; i < q->n_cpus; i++) {
        q_word guard = atomic_load(&q->caches[i].guard);
        l.sum += guard;
        l.busy |= guard == Q_BUSY;
    }
    return l;
}

static q_frame take_of_class(struct q_zone *z, enum q_class class) {
    q_frame f;
    for (size_t b = 0; (b = q_zone_find(z, class, b)) != Q_NO_BLOCK; b++) {
        if (q_borrow_runs(z, b, 0, 1, &f) > 0) {
            return f;
        }
    }
    return Q_NO_FRAME;
}

/* One frame of the zone's shared bits. */
static q_frame take_in_zone(struct q_zone *z) {
    q_frame f = Q_NO_FRAME;
    for (unsigned class = Q_NEARLY_FULL; class <= Q_ALL && f == Q_NO_FRAME; class ++) {
        f = take_of_class(z, (enum q_class) class);
    }
    return f != Q_NO_FRAME || q_borrow_fresh_run(z, 0, &f) > 0 ? f : Q_NO_FRAME;
}

/* One frame from the shared bits. */
static q_frame take_shared(struct quire *q) {
    const struct q_zones *zones = q_zones(q);
    q_frame f = Q_NO_FRAME;
    q_begin(q);
    for (size_t i = zones->n; i-- > 0 && f == Q_NO_FRAME;) {
        f = take_in_zone(zones->zone[i]);
    }
    if (f != Q_NO_FRAME) {
        atomic_fetch_sub_explicit(&q->balance.n_free, 1, memory_order_relaxed); /* an estimate */
    }
    q_end(q);
    return f;
}

/* One frame from the shared bits, without trusting the hints. */
static q_frame take_any(struct quire *q) {
    const struct q_zones *zones = q_zones(q);
    q_frame f;
    for (size_t k = 0; k < zones->n; k++) {
        struct q_zone *z = zones->zone[k];
        for (size_t b = 0; (b = q_zone_next_ready(z, b)) != Q_NO_BLOCK; b++) {
            if (q_borrow_runs(z, b, 0, 1, &f) > 0) {
                return f;
            }
        }
    }
    return Q_NO_FRAME;
}

/* One frame out of anybody's cache; the rest of that cache goes to everybody. Adds the visits made to *n_visits. */
static q_frame take_from_caches(struct quire *q, unsigned cpu, q_word *n_visits) {
    for (unsigned i = 0; i < q->n_cpus; i++) {
        struct q_cache *c = &q->caches[cpu + i < q->n_cpus ? cpu + i : cpu + i - q->n_cpus];
        q_word visit;
        if (!q_cache_open(c, &visit)) {
            continue;
        }
        ++*n_visits;
        q_frame f = q_cache_pop_own(q, c);
        if (f != Q_NO_FRAME && i > 0) {
            q_cache_drain(q, c);
            c->n_steals++;
        }
        q_cache_close(c, visit);
        if (f != Q_NO_FRAME) {
            return f;
        }
    }
    return Q_NO_FRAME;
}

/* A frame from wherever there is one; Q_NO_FRAME: there is none (P1). */
static q_frame take_last(struct quire *q) {
    unsigned cpu = quire_port_cpu();
    cpu = cpu < q->n_cpus ? cpu : 0;
    for (unsigned tries = 0; tries < Q_PROOF_TRIES; tries++) {
        q_word n_visits = 0;
        struct look before = look(q);
        q_frame f = take_shared(q);
        if (f == Q_NO_FRAME) {
            f = take_from_caches(q, cpu, &n_visits);
        }
        if (f != Q_NO_FRAME) {
            return f;
        }
        struct look after = look(q);
        q_word own_steps = 1 + Q_VISIT * n_visits; /* one begin, in take_shared; warm was empty in those visits */
        if (!before.busy && !after.busy && after.sum == before.sum + own_steps) {
            return Q_NO_FRAME;
        }
    }
    q_frame f = take_any(q);
    if (f == Q_NO_FRAME) {
        atomic_fetch_add_explicit(&q->n_unproved, 1, memory_order_relaxed); /* a statistic */
    }
    return f;
}

void q_drain_all(struct quire *q) {
    for (unsigned i = 0; i < q->n_cpus; i++) {
        struct q_cache *c = &q->caches[i];
        q_word visit;
        if (q_cache_open(c, &visit)) {
            q_cache_drain(q, c);
            q_cache_close(c, visit);
        }
    }
}

static q_frame take(struct quire *q) {
    q_frame f;
    q_word visit;
    struct q_cache *c = q_enter(q, &visit);
    if (c != NULL) {
        q_cache_slow_down(c, visit);
        f = q_cache_pop(q, c);
        q_cache_close(c, visit);
    } else {
        f = take_shared(q);
    }
    return f != Q_NO_FRAME ? f : take_last(q);
}

/* Hands a frame that was taken to `tag`; false: it can not be used, for a reason that was reported. */
static Q_COLD bool hand_out(struct quire *q, const char *call, q_frame f, uint8_t tag, bool fill) {
    struct q_zone *z = q_zone_of(q, f);
    if (!Q_CHECK(q, call, z != NULL, f)) {
        return false;
    }
    q_record *r = q_zone_record(z, f);
    /* relaxed here and below: the frame is ours, it came with acquire (R1) */
    uint32_t record = atomic_load_explicit(r, memory_order_relaxed);
    if (!q_unheld(record)) {
        (void)q_fault(q, QUIRE_FAULT_HANDED_TWICE, call, q_pa(f), 0, record);
        return false;
    }
    bool clean = q->content == QUIRE_CONTENT_NONE || q_content_given(q, call, f, 0, fill);
    atomic_store_explicit(r, q_held(clean ? tag : QUIRE_TAG_QUARANTINE), memory_order_relaxed);
    return clean;
}

quire_pa q_alloc(struct quire *q, const char *call, uint8_t tag, bool fill) {
    for (;;) { /* each frame that can not be used leaves circulation, so this ends */
        q_frame f = take(q);
        if (f == Q_NO_FRAME) {
            return QUIRE_NONE;
        }
        if (hand_out(q, call, f, tag, fill)) {
            return q_pa(f);
        }
    }
}

void q_return_run(struct quire *q, q_frame f, unsigned order) {
    struct q_zone *z = q_zone_of(q, f);
    struct q_loan loan;
    Q_ASSERT(z != NULL && order <= QUIRE_MAX_ORDER && f % ((q_frame)1 << order) == 0, f);
    q_begin(q);
    for (size_t done = 0; done < (size_t)1 << order; done += Q_BLOCK) {
        q_loan_open(&loan, z, q_zone_block_of(z, f + done));
        q_loan_add_run(&loan, (f + done) % Q_BLOCK, order < QUIRE_BLOCK_ORDER ? (size_t)1 << order : Q_BLOCK);
        (void)q_return(q, &loan);
    }
    q_end(q);
    atomic_fetch_add_explicit(&q->balance.n_free, (intptr_t)1 << order, memory_order_relaxed); /* an estimate */
}

void q_put_frame(struct quire *q, q_frame f) {
    q_word visit;
    struct q_cache *c = q_enter(q, &visit);
    if (c == NULL) {
        q_return_run(q, f, 0);
        return;
    }
    q_cache_slow_down(c, visit);
    q_cache_push(q, c, f);
    q_cache_close(c, visit);
}

/* ---- the quick ways ----------------------------------------------------------------------------------------
 *
 * One visit to the CPU's cache, in which nothing is called and nothing looked at but the cache and the frame's record.
 * Anything else ends the visit and goes the slow way. */

/* The rest of quire_alloc; `f`: the frame that was taken, if any. */
static Q_COLD quire_pa alloc_slow(struct quire *q, q_frame f, uint8_t tag) {
    bool good = f != Q_NO_FRAME && hand_out(q, "quire_alloc", f, tag, true);
    return good ? q_pa(f) : q_alloc(q, "quire_alloc", tag, true);
}

/* The same behind a visit in which `n_more` warm frames came. */
static Q_COLD quire_pa alloc_rest(struct quire *q, struct q_cache *c, q_word visit, int n_more, q_frame f,
                                  uint8_t tag) {
    q_cache_leave(c, visit, n_more);
    return alloc_slow(q, f, tag);
}

/* Hands out a frame that was taken in a visit, and ends that. */
static inline quire_pa hand_out_quickly(struct quire *q, struct q_cache *c, q_word visit, int n_more, q_frame f,
                                        uint8_t tag) {
    q_record *r = q_cache_record(c, f);
    if (Q_SELDOM(!q_unheld(atomic_load_explicit(r, memory_order_relaxed)))) { /* relaxed: the frame is ours (R1) */
        return alloc_rest(q, c, visit, n_more, f, tag);
    }
    atomic_store_explicit(r, q_held(tag), memory_order_relaxed);
    q_cache_leave(c, visit, n_more);
    return q_pa(f);
}

/* The rest of quire_alloc where warm is empty. */
static Q_APART quire_pa alloc_borrowed(struct quire *q, struct q_cache *c, q_word visit, uint8_t tag) {
    int n = (int)q_cache_warm_up(c);
    return n > 0 ? hand_out_quickly(q, c, visit, n - 1, c->warm[n - 1], tag)
                 : alloc_rest(q, c, visit, 0, Q_NO_FRAME, tag);
}

quire_pa quire_alloc(struct quire *q, uint8_t tag) {
    if (Q_SELDOM(tag == QUIRE_TAG_QUARANTINE)) { /* free of cost where the call is made in place, with a constant */
        return QUIRE_NONE;
    }
    size_t cpu = quire_port_cpu();
    if (Q_SELDOM(cpu >= q->n_quick)) {
        return alloc_slow(q, Q_NO_FRAME, tag);
    }
    struct q_cache *c = &q->caches[cpu];
    q_word visit;
    if (Q_SELDOM(!q_cache_enter(c, &visit))) {
        return alloc_slow(q, Q_NO_FRAME, tag);
    }
    q_word n_warm = visit & (Q_VISIT - Q_WARM_FRAME);
    if (Q_SELDOM(n_warm == 0)) {
        return alloc_borrowed(q, c, visit, tag);
    }
    return hand_out_quickly(q, c, visit, -1, *q_cache_warm(c, n_warm - Q_WARM_FRAME), tag);
}

static Q_COLD enum quire_status free_slow(struct quire *q, quire_pa pa) {
    return q_free_run(q, "quire_free", pa, 0);
}

static Q_COLD enum quire_status free_rest(struct quire *q, struct q_cache *c, q_word visit, quire_pa pa) {
    q_cache_retreat(c, visit);
    return free_slow(q, pa);
}

/* The rest of quire_free where there is no room in warm, or the frame is not `known` to be initialised. */
static Q_APART enum quire_status free_apart(struct quire *q, struct q_cache *c, q_word visit, quire_pa pa, bool known) {
    q_frame f = q_frame_of(pa);
    if (pa % QUIRE_PAGE_SIZE != 0 || f == Q_NO_FRAME || (!known && !q_cache_knows(c, f))) {
        return free_rest(q, c, visit, pa);
    }
    q_record *r = q_cache_record(c, f);
    uint32_t record = atomic_load_explicit(r, memory_order_relaxed); /* as below */
    if (!q_held_alone(record)) {
        return free_rest(q, c, visit, pa);
    }
    atomic_store_explicit(r, q_freed_alone(record), memory_order_relaxed);
    q_cache_slow_down(c, visit);
    q_cache_push(q, c, f);
    q_cache_close(c, visit);
    return QUIRE_OK;
}

enum quire_status quire_free(struct quire *q, quire_pa pa) {
    size_t cpu = quire_port_cpu();
    if (QUIRE_CHECK >= 2 || Q_SELDOM(cpu >= q->n_quick)) {
        return free_slow(q, pa);
    }
    struct q_cache *c = &q->caches[cpu];
    q_word visit;
    if (Q_SELDOM(!q_cache_enter(c, &visit))) {
        return free_slow(q, pa);
    }
    quire_pa i = (pa >> QUIRE_PAGE_SHIFT) - c->first; /* wraps to something large for an address below */
    if (Q_SELDOM(i >= c->n_quick)) {
        return free_apart(q, c, visit, pa, false);
    }
    if (Q_SELDOM((visit & Q_WARM_FULL) != 0)) {
        return free_apart(q, c, visit, pa, true);
    }
    if (Q_SELDOM(pa % QUIRE_PAGE_SIZE != 0)) {
        return free_apart(q, c, visit, pa, false);
    }
    q_record *r = q_cache_record(c, (q_frame)(pa >> QUIRE_PAGE_SHIFT));
    uint32_t record = atomic_load_explicit(r, memory_order_relaxed); /* relaxed: the caller holds the frame (R1) */
    if (Q_SELDOM(!q_held_alone(record))) {
        return free_rest(q, c, visit, pa);
    }
    atomic_store_explicit(r, q_freed_alone(record), memory_order_relaxed);
    *q_cache_warm(c, visit & (Q_VISIT - Q_WARM_FRAME)) = (q_frame)(pa >> QUIRE_PAGE_SHIFT);
    q_cache_leave(c, visit, 1);
    return QUIRE_OK;
}
