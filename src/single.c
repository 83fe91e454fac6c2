/* single.c: one frame, in the quick ways that nine calls in ten go.
 *
 * One visit to this CPU's cache, in which nothing is called and nothing looked at but the cache and the frame's record.
 * The record is written inside the visit, so that outside of visits each frame's record says who has it. Anything else
 * ends the visit and goes the slow way (alloc.c).
 *
 *   quire_alloc   enter --> warm has frames --> its record says free --> write "held", leave
 *                   |             |                     | no: handed out twice, reported
 *                   |             | no: a word of `in` becomes warm, then the same
 *                   |             |     `in` is empty, too: leave, and borrow a block (alloc.c)
 *                   | no: nested in a call on this CPU: the blocks that all share (take.c)
 *
 *   quire_free    enter --> a frame of this zone --> its record says held once --> write "free", push, leave
 *                   |             |                     | no: as a part of a run it leaves its neighbours first;
 *                   |             |                     |     shared, or misused (own.c)
 *                   |             | no: of another zone, not among the initialised ones that the cache knows, or warm is full
 *                   | no: nested
 *
 * A visit may be cut short. An interrupt in the middle finds the cache in use, and takes its frame elsewhere. If the CPU
 * dies, recovery forgets the cache and believes the record, which was written before the store that ends the visit. If the
 * caller is moved to another CPU (with local guards it is not), it goes on in the same cache, and others find that in use. */
#include "alloc.h"
#include "cache.h"
#include "compiler.h"
#include "own.h"
#include "place.h"

/* ---- allocate -------------------------------------------------------------------------------------------- */

static Q_COLD quire_pa alloc_slow(struct quire *q, uint8_t tag) {
    quire_pa pa;
    (void)q_alloc(q, "quire_alloc", 0, tag, true, &pa);
    return pa;
}

/* The rest of quire_alloc after a visit in which `n_more` warm frames came, and `f`, which may not be handed out. */
static Q_COLD quire_pa alloc_rest(struct quire *q, struct q_cache *c, q_word visit, int n_more, q_frame f,
                                  uint8_t tag) {
    quire_pa pa;
    Q_ASSERT(tag != QUIRE_TAG_QUARANTINE, tag);
    q_call_begin_in(c); /* the frame is in flight from here on */
    q_leave(c, visit, n_more);
    (void)q_alloc_taken(q, "quire_alloc", f, 0, tag, true, &pa);
    q_call_end(c);
    return pa;
}

/* Hands out a frame that was taken in a visit, and ends that. */
static inline quire_pa hand_out_quickly(struct quire *q, struct q_cache *c, q_word visit, int n_more, q_frame f,
                                        uint8_t tag) {
    q_record *r = q_cache_record(c, f);
    /* warm is of this zone (cache.c, C3) */
    Q_ASSERT(f - q_see(&c->zone)->first < q_see(&c->zone)->n_blocks * Q_BLOCK, f);
    if (Q_SELDOM(!q_unheld(atomic_load_explicit(r, memory_order_relaxed)))) { /* relaxed: the frame is ours (R1) */
        return alloc_rest(q, c, visit, n_more, f, tag);
    }
    atomic_store_explicit(r, q_held(tag), memory_order_relaxed);
    q_leave(c, visit, n_more);
    return q_pa(f);
}

/* The rest of quire_alloc if warm is empty. */
static Q_APART quire_pa alloc_borrowed(struct quire *q, struct q_cache *c, q_word visit, uint8_t tag) {
    int n = (int)q_cache_warm_up(c);
    Q_ASSERT(n >= 0 && n <= (int)Q_WARM && q_visit_warm(visit) == 0, n);
    if (n > 0) {
        return hand_out_quickly(q, c, visit, n - 1, q_see(&c->warm[n - 1]), tag);
    }
    q_leave(c, visit, 0);
    return alloc_slow(q, tag);
}

quire_pa quire_alloc(struct quire *q, uint8_t tag) {
    if (Q_SELDOM(tag == QUIRE_TAG_QUARANTINE)) { /* free of cost if the call is made in place, with a constant */
        return QUIRE_NONE;
    }
    struct q_cache *c;
    q_word visit;
    if (Q_SELDOM(!q_enter(q, q->n_quick, &c, &visit))) { /* no cache, contents to look at, or nested in another call */
        return alloc_slow(q, tag);
    }
    q_word n_warm = visit & (Q_VISIT - Q_WARM_FRAME);
    if (Q_SELDOM(n_warm == 0)) { /* warm is empty */
        return alloc_borrowed(q, c, visit, tag);
    }
    return hand_out_quickly(q, c, visit, -1, q_see(q_cache_warm(c, n_warm - Q_WARM_FRAME)), tag);
}

/* ---- free ------------------------------------------------------------------------------------------------ */

static Q_COLD enum quire_status free_slow(struct quire *q, quire_pa pa) {
    return q_free(q, "quire_free", pa, 1, true);
}

static Q_COLD enum quire_status free_rest(struct quire *q, struct q_cache *c, q_word visit, quire_pa pa) {
    q_retreat(c, visit);
    return free_slow(q, pa);
}

/* A frame whose record says free goes into the cache, and the visit ends. */
static inline enum quire_status put_in(struct quire *q, struct q_cache *c, q_word visit, q_frame f) {
    if ((visit & Q_WARM_FULL) == 0 && !q_cache_gathers(c)) { /* it was a part of a run, or the cache did not know it */
        q_show(q_cache_warm(c, visit & (Q_VISIT - Q_WARM_FRAME)), f);
        q_leave(c, visit, 1);
        return QUIRE_OK;
    }
    q_slow_down(c, visit); /* warm is full: its older half leaves; or the CPU gathers */
    q_cache_push(q, c, f);
    q_close(c, visit);
    return QUIRE_OK;
}

/* The rest of quire_free for a frame that is not held alone: as a part of a run it leaves its neighbours. */
static Q_APART enum quire_status free_part(struct quire *q, struct q_cache *c, q_word visit, q_frame f) {
    struct q_zone *z = q_see(&c->zone);
    q_record *r = q_cache_record(c, f);
    Q_ASSERT(q_zone_block_of(z, f) < z->n_blocks, f);
    uint32_t record = atomic_load_explicit(r, memory_order_relaxed); /* as in quire_free */
    /* acquire: if the block was split, the neighbours' records are seen, so that the joins in them can be taken away */
    uint32_t whole = atomic_load_explicit(&z->wholes[q_zone_block_of(z, f)], memory_order_acquire);
    if (!q_held_once(record) || Q_COUNT(whole) != 0) { /* shared, or misused; or the block is being split */
        return free_rest(q, c, visit, q_pa(f));
    }
    atomic_store_explicit(r, q_freed(record), memory_order_relaxed);
    q_leave_neighbours(z, f, record);
    return put_in(q, c, visit, f);
}

/* The rest of quire_free for a frame of another zone than the cache's: on its way home. The first visit of all to a cache goes
 * the slow way, where a recount that does not know the CPU yet sees it (validate.c, V2). */
static enum quire_status free_elsewhere(struct quire *q, struct q_cache *c, q_word visit, quire_pa pa) {
    struct q_place at;
    if (q_see(&c->zone) == NULL ||
        q_locate(q, pa, 1, QUIRE_FAULT_UNMANAGED, &at) != QUIRE_FAULT_NONE) { /* or misused */
        return free_rest(q, c, visit, pa);
    }
    uint32_t record = atomic_load_explicit(at.record, memory_order_relaxed); /* as in quire_free */
    if (!q_held_alone(record)) {
        return free_rest(q, c, visit, pa);
    }
    atomic_store_explicit(at.record, q_freed_alone(record), memory_order_relaxed);
    q_slow_down(c, visit);
    q_cache_push(q, c, at.frame);
    q_close(c, visit);
    return QUIRE_OK;
}

/* The rest of quire_free if there is no room in warm, or the frame is not `known` to be initialised. */
static Q_APART enum quire_status free_apart(struct quire *q, struct q_cache *c, q_word visit, quire_pa pa, bool known) {
    q_frame f = q_frame_of(pa);
    if (f == Q_NO_FRAME || (!known && !q_cache_knows(c, f))) { /* an empty loan is one of Q_NO_FRAME */
        return free_elsewhere(q, c, visit, pa);
    }
    if (pa % QUIRE_PAGE_SIZE != 0) { /* misused */
        return free_rest(q, c, visit, pa);
    }
    q_record *r = q_cache_record(c, f);
    uint32_t record = atomic_load_explicit(r, memory_order_relaxed); /* as below */
    if (!q_held_alone(record)) {
        return free_part(q, c, visit, f);
    }
    atomic_store_explicit(r, q_freed_alone(record), memory_order_relaxed);
    return put_in(q, c, visit, f);
}

enum quire_status quire_free(struct quire *q, quire_pa pa) {
    struct q_cache *c;
    q_word visit;
    if (QUIRE_CHECK >= 2 || Q_SELDOM(!q_enter(q, q->n_quick, &c, &visit))) { /* as in quire_alloc */
        return free_slow(q, pa);
    }
    quire_pa i = (pa >> QUIRE_PAGE_SHIFT) - q_see(&c->first); /* wraps to something large for an address below */
    if (Q_SELDOM(i >= q_see(&c->n_quick))) {                  /* of another zone, not initialised, or the CPU gathers */
        return free_apart(q, c, visit, pa, false);
    }
    if (Q_SELDOM((visit & Q_WARM_FULL) != 0)) { /* warm is full */
        return free_apart(q, c, visit, pa, true);
    }
    if (Q_SELDOM(pa % QUIRE_PAGE_SIZE != 0)) { /* no frame's address: misused */
        return free_apart(q, c, visit, pa, false);
    }
    q_record *r = q_cache_record(c, (q_frame)(pa >> QUIRE_PAGE_SHIFT));
    uint32_t record = atomic_load_explicit(r, memory_order_relaxed); /* relaxed: the caller holds the frame (R1) */
    if (Q_SELDOM(!q_held_alone(record))) {                           /* part of a run, shared, or misused */
        return free_part(q, c, visit, (q_frame)(pa >> QUIRE_PAGE_SHIFT));
    }
    atomic_store_explicit(r, q_freed_alone(record), memory_order_relaxed);
    q_show(q_cache_warm(c, visit & (Q_VISIT - Q_WARM_FRAME)), (q_frame)(pa >> QUIRE_PAGE_SHIFT));
    q_leave(c, visit, 1);
    return QUIRE_OK;
}
