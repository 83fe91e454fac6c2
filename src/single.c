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
        uint32_t guard = atomic_load(&q->caches[i].guard);
        l.sum += guard;
        l.busy |= guard == Q_BUSY;
    }
    return l;
}

/* One frame of a fresh block; the others go to everybody. */
static q_frame take_fresh(struct quire *q, struct q_zone *z) {
    struct q_loan loan;
    q_frame f = Q_NO_FRAME;
    if (q_borrow_fresh(z, &loan)) {
        f = loan.base;
        q_zone_soil(z, loan.block);
        q_loan_take_run(&loan, 0, 1);
        q_return(q, &loan);
    }
    return f;
}

static q_frame take_of_class(struct q_zone *z, enum q_class class) {
    size_t i;
    for (size_t b = 0; (b = q_zone_find(z, class, b)) != Q_NO_BLOCK; b++) {
        if (q_borrow_run(z, b, 0, &i)) {
            q_zone_soil(z, b);
            return q_zone_frame(z, b) + i;
        }
    }
    return Q_NO_FRAME;
}

/* One frame from the shared bits. */
static q_frame take_shared(struct quire *q) {
    const struct q_zones *zones = q_zones(q);
    q_frame f = Q_NO_FRAME;
    q_begin(q);
    for (size_t i = zones->n; i-- > 0 && f == Q_NO_FRAME;) {
        for (unsigned class = Q_NEARLY_FULL; class <= Q_ALL && f == Q_NO_FRAME; class ++) {
            f = take_of_class(zones->zone[i], (enum q_class) class);
        }
        if (f == Q_NO_FRAME) {
            f = take_fresh(q, zones->zone[i]);
        }
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
    size_t i;
    for (size_t k = 0; k < zones->n; k++) {
        struct q_zone *z = zones->zone[k];
        for (size_t b = 0; (b = q_zone_next_ready(z, b)) != Q_NO_BLOCK; b++) {
            if (q_borrow_run(z, b, 0, &i)) {
                q_zone_soil(z, b);
                return q_zone_frame(z, b) + i;
            }
        }
    }
    return Q_NO_FRAME;
}

/* One frame out of anybody's cache; the rest of that cache goes to everybody. Adds the visits made to *n_visits. */
static q_frame take_from_caches(struct quire *q, unsigned cpu, q_word *n_visits) {
    for (unsigned i = 0; i < q->n_cpus; i++) {
        struct q_cache *c = &q->caches[(cpu + i) % q->n_cpus];
        uint32_t visit;
        if (!q_cache_enter(c, &visit)) {
            continue;
        }
        ++*n_visits;
        q_frame f = q_cache_pop_own(c);
        if (f != Q_NO_FRAME && i > 0) {
            q_cache_drain(q, c);
            c->n_steals++;
        }
        q_cache_leave(c, visit);
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
        q_word own_steps = 1 + 2 * n_visits; /* one begin, in take_shared */
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
        uint32_t visit;
        if (q_cache_enter(c, &visit)) {
            q_cache_drain(q, c);
            q_cache_leave(c, visit);
        }
    }
}

static q_frame take(struct quire *q) {
    q_frame f;
    uint32_t visit;
    struct q_cache *c = q_enter(q, &visit);
    if (c != NULL) {
        f = q_cache_pop(c);
        if (f == Q_NO_FRAME) {
            f = q_cache_pop_slow(q, c);
        }
        q_cache_leave(c, visit);
    } else {
        f = take_shared(q);
    }
    return f != Q_NO_FRAME ? f : take_last(q);
}

/* Hands a frame that was taken to `tag`; false: it can not be used, for a reason that was reported. */
static Q_COLD bool hand_out(struct quire *q, const char *call, q_frame f, uint8_t tag, bool fill) {
    Q_CHECK(q_zone_at(q, f) != NULL, f);
    q_record *r = q_zone_record(q_zone_of(q, f), f);
    /* relaxed here and below: the frame is ours, it came with acquire (R1) */
    uint32_t record = atomic_load_explicit(r, memory_order_relaxed);
    if ((record & (Q_COUNT_TOP | Q_RESERVED)) != 0) {
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

/* Whether a frame can be handed out by writing its record alone. */
static inline bool simple_and_free(const struct quire *q, q_record *r) {
    uint32_t record = atomic_load_explicit(r, memory_order_relaxed); /* as in hand_out */
    return (record & (Q_COUNT_TOP | Q_RESERVED)) == 0 && q->content == QUIRE_CONTENT_NONE;
}

/* The rest of quire_alloc for a frame that was taken, if any. */
static Q_COLD quire_pa alloc_slow(struct quire *q, q_frame f, uint8_t tag) {
    bool good = f != Q_NO_FRAME && hand_out(q, "quire_alloc", f, tag, true);
    return good ? q_pa(f) : q_alloc(q, "quire_alloc", tag, true);
}

quire_pa quire_alloc(struct quire *q, uint8_t tag) {
    uint32_t visit;
    struct q_cache *c = q_enter(q, &visit);
    if (c == NULL) {
        return alloc_slow(q, Q_NO_FRAME, tag);
    }
    q_frame f = q_cache_pop(c);
    q_cache_leave(c, visit);
    /* What hand_out does, for a frame of the main zone without anything special; Q_NO_FRAME is in no zone. */
    struct q_zone *z = q_main(q);
    if (q_zone_block_of(z, f) >= z->n_blocks || !simple_and_free(q, q_zone_record(z, f))) {
        return alloc_slow(q, f, tag);
    }
    atomic_store_explicit(q_zone_record(z, f), q_held(tag), memory_order_relaxed); /* as in hand_out */
    return q_pa(f);
}

void q_return_run(struct quire *q, q_frame f, unsigned order) {
    struct q_zone *z = q_zone_of(q, f);
    struct q_loan loan;
    Q_CHECK(z != NULL && order <= QUIRE_MAX_ORDER && f % ((q_frame)1 << order) == 0, f);
    q_begin(q);
    for (size_t done = 0; done < (size_t)1 << order; done += Q_BLOCK) {
        q_loan_open(&loan, z, q_zone_block_of(z, f + done));
        q_loan_add_run(&loan, (f + done) % Q_BLOCK, order < QUIRE_BLOCK_ORDER ? (size_t)1 << order : Q_BLOCK);
        q_return(q, &loan);
    }
    q_end(q);
    atomic_fetch_add_explicit(&q->balance.n_free, (intptr_t)1 << order, memory_order_relaxed); /* an estimate */
}

static Q_COLD void put_frame_slow(struct quire *q, struct q_cache *c, uint32_t visit, q_frame f) {
    if (c == NULL) {
        q_return_run(q, f, 0);
        return;
    }
    q_cache_push_slow(q, c, f);
    q_cache_leave(c, visit);
}

static inline void put_frame(struct quire *q, q_frame f) {
    uint32_t visit;
    struct q_cache *c = q_enter(q, &visit);
    if (c == NULL || !q_cache_push(c, f)) {
        put_frame_slow(q, c, visit, f);
        return;
    }
    q_cache_leave(c, visit);
}

void q_put_frame(struct quire *q, q_frame f) {
    put_frame(q, f);
}

enum quire_status quire_free(struct quire *q, quire_pa pa) {
    q_frame f = (q_frame)(pa >> QUIRE_PAGE_SHIFT);
    q_record *r = q_quick_record(q, pa);
    if (r == NULL) {
        return q_free_run(q, "quire_free", pa, 0);
    }
    /* relaxed: the caller holds the frame, so the record is its own (R1) */
    uint32_t record = atomic_load_explicit(r, memory_order_relaxed);
    if (!q_held_alone(record) || q->content != QUIRE_CONTENT_NONE || QUIRE_CHECK >= 2) {
        return q_free_run(q, "quire_free", pa, 0);
    }
    (void)q_mark_freed(r, record, 0);
    put_frame(q, f);
    return QUIRE_OK;
}
