/* order.c: 2^order frames, in short ways for the usual cases.
 *
 * Orders 1 to 8 are runs of frames of one block, order 9 is a block, orders 10 to 18 are neighbouring blocks. Small runs and
 * a block that the CPU's cache has at hand are taken and given in one visit, as single frames are, records included.
 * Anything else goes the slow way (alloc.c).
 *
 *   order    in one visit                         else
 *   0        (single.c)
 *   1..3     a stack of runs of this order        out of `in` or `out`, fetched, then past the cache
 *   4..8     out of `in` or `out`                 past the cache
 *   9        `out`, if it is a whole block        past the cache
 *   10..18                                        past the cache
 *
 * A free looks at all records before it changes the first, so one that is refused has changed nothing. It changes all of
 * them before the visit ends, so outside of visits each frame's record says who holds the frame:
 *
 *   a run of 8    stack of this CPU    records of frames 40 to 47
 *                 .. 40                0  0  0  0  0  0  0  0      enter
 *   allocate      ..                   0  0  0  0  0  0  0  0      pop; does nobody hold them? one pass over all
 *                 ..                   h==h==h==h==h==h==h==h      the owner, joined; leave
 *   free          ..                   h==h==h==h==h==h==h==h      enter; all of one allocation, held once? one pass
 *                 .. 40                f  f  f  f  f  f  f  f      free; push; leave
 *
 * Why no stacks for 16 frames and more: what waits in them keeps its blocks from becoming whole. They were tried, and recorded
 * loads had fewer whole blocks (docs/benchmarks.md). A block as a whole has one record, which costs the same as a frame's.
 *
 * A call that is cut short by a crash leaves some of the records written. Recovery believes each by itself, and
 * mends the joins (recover.c). */
#include "alloc.h"
#include "cache.h"
#include "compiler.h"
#include "own.h"
#include "place.h"
#include "take.h"

/* Whether this CPU's cache is entered, which has quick ways, and takes 2^order frames. */
static inline bool enter_for(struct quire *q, unsigned order, struct q_cache **c, q_word *visit) {
    return order <= QUIRE_BLOCK_ORDER && q_enter(q, q->n_quick, c, visit);
}

/* ---- allocate -------------------------------------------------------------------------------------------- */

/* Frames that the cache has at hand; or Q_NO_FRAME. */
static inline q_frame kept(struct q_cache *c, unsigned order) {
    return order <= Q_RUN_ORDERS        ? q_cache_unstack(c, order)
           : order == QUIRE_BLOCK_ORDER ? q_cache_take_block(c)
                                        : Q_NO_FRAME;
}

/* Gives frames that were taken to `tag` if nothing stands against it. False, and nothing changed: something may. */
static inline bool own_whole(const struct quire *q, q_frame f, unsigned order, uint8_t tag) {
    struct q_zone *z = q_zone_of(q, f);
    Q_ASSERT(z != NULL && order > 0 && order <= QUIRE_BLOCK_ORDER, order);
    if (order < QUIRE_BLOCK_ORDER) {
        q_record *records = q_zone_record(z, f);
        bool unheld = q_all_unheld(records, (size_t)1 << order);
        if (unheld) {
            q_own_run(records, (size_t)1 << order, tag);
        }
        return unheld;
    }
    q_record *whole = &z->wholes[q_zone_block_of(z, f)];
    uint32_t record =
        atomic_load_explicit(whole, memory_order_relaxed); /* relaxed: the block is ours (R1), also below */
    bool clean = Q_COUNT(record) == 0 && (record & Q_CLEAN) != 0;
    if (clean) {
        atomic_store_explicit(whole, q_held(tag) | Q_CLEAN, memory_order_release); /* as in own_run (own.c) */
    }
    return clean;
}

/* The rest of quire_alloc_order in a visit in which `f` came, if any: the cache looks further, then all the others. */
static Q_APART enum quire_status alloc_run_rest(struct quire *q, struct q_cache *c, q_word visit, q_frame f,
                                                unsigned order, uint8_t tag, quire_pa *out) {
    Q_ASSERT(order > 0 && order <= QUIRE_BLOCK_ORDER, order);
    q_slow_down(c, visit);
    if (f == Q_NO_FRAME && order < QUIRE_BLOCK_ORDER) { /* nothing at hand, but the cache may have more, or fetch it */
        f = q_cache_take(q, c, order);
        if (f != Q_NO_FRAME && own_whole(q, f, order, tag)) {
            q_close(c, visit);
            *out = q_pa(f);
            return QUIRE_OK;
        }
    }
    q_call_begin_in(c); /* the frames are in flight from here on */
    q_close(c, visit);
    enum quire_status status = QUIRE_OK;
    f = f != Q_NO_FRAME ? f : q_take_past_cache(q, order);
    if (f != Q_NO_FRAME && own_whole(q, f, order, tag)) {
        *out = q_pa(f);
    } else {
        status = q_alloc_taken(q, "quire_alloc_order", f, order, tag, true, out);
    }
    q_call_end(c);
    return status;
}

/* quire_alloc_order for one frame, and for arguments that mean nothing. */
static Q_APART enum quire_status alloc_single_or_refuse(struct quire *q, unsigned order, uint8_t tag, quire_pa *out) {
    bool valid = order == 0 && tag != QUIRE_TAG_QUARANTINE;
    *out = valid ? quire_alloc(q, tag) : QUIRE_NONE;
    return *out != QUIRE_NONE ? QUIRE_OK : valid ? QUIRE_NO_MEMORY : QUIRE_INVALID;
}

enum quire_status quire_alloc_order(struct quire *q, unsigned order, uint8_t tag, quire_pa *out) {
    if (Q_SELDOM(order - 1 >= QUIRE_MAX_ORDER || tag == QUIRE_TAG_QUARANTINE)) {
        return alloc_single_or_refuse(q, order, tag, out);
    }
    q_word visit;
    struct q_cache *c;
    if (!enter_for(q, order, &c, &visit)) { /* no cache, nested, contents to look at, or several blocks at once */
        return q_alloc(q, "quire_alloc_order", order, tag, true, out);
    }
    q_frame f = kept(c, order);
    if (f == Q_NO_FRAME || !own_whole(q, f, order, tag)) {
        return alloc_run_rest(q, c, visit, f, order, tag, out);
    }
    q_leave(c, visit, 0);
    *out = q_pa(f);
    return QUIRE_OK;
}

/* ---- free ------------------------------------------------------------------------------------------------ */

/* Writes "free" over the records of a place if that is one allocation, held once. False, and nothing changed: it may
 * be anything else. */
static inline bool disown_whole(const struct q_place *at, unsigned order) {
    Q_ASSERT(order > 0 && order <= QUIRE_BLOCK_ORDER, order);
    if (order < QUIRE_BLOCK_ORDER) {
        bool own = q_is_own_run(at->record, (size_t)1 << order);
        if (own) {
            q_disown_run(at->record, (size_t)1 << order);
        }
        return own;
    }
    q_record *whole = &at->zone->wholes[q_zone_block_of(at->zone, at->frame)];
    uint32_t record = atomic_load_explicit(whole, memory_order_relaxed); /* relaxed: as above, also below */
    bool own = q_held_alone(record & ~Q_CLEAN);
    if (own) {
        atomic_store_explicit(whole, q_freed(record) | Q_CLEAN, memory_order_relaxed);
    }
    return own;
}

/* Whether the cache keeps the frames at hand. */
static inline bool keep(struct q_cache *c, const struct q_place *at, unsigned order) {
    Q_ASSERT(order > 0 && (at->frame & (((q_frame)1 << order) - 1)) == 0, at->frame);
    return order <= Q_RUN_ORDERS        ? q_cache_keeps(c, at->zone) && q_cache_stack(c, at->frame, order)
           : order == QUIRE_BLOCK_ORDER ? q_cache_put_block(c, at->frame)
                                        : false;
}

/* The rest of quire_free_order in a visit: the cache has no room for the frames, whose records say free. */
static Q_APART enum quire_status put_apart(struct quire *q, struct q_cache *c, q_word visit, q_frame f,
                                           unsigned order) {
    Q_ASSERT(order > 0 && order <= QUIRE_BLOCK_ORDER, order);
    q_slow_down(c, visit);
    if (q_cache_put(q, c, f, order)) {
        q_close(c, visit);
        return QUIRE_OK;
    }
    q_call_begin_in(c); /* the frames are in flight from here on */
    q_close(c, visit);
    q_give_home(q, f, (size_t)1 << order); /* some of the block came home twice: its bits say which */
    q_call_end(c);
    return QUIRE_OK;
}

enum quire_status quire_free_order(struct quire *q, quire_pa pa, unsigned order) {
    struct q_place at;
    if (Q_SELDOM(order == 0)) {
        return quire_free(q, pa);
    }
    if (Q_SELDOM(order > QUIRE_MAX_ORDER)) {
        return QUIRE_INVALID;
    }
    q_word visit = 0;
    struct q_cache *c = NULL;
    bool entered = QUIRE_CHECK < 2 && !q_is_misaligned(pa, order) && q_locate_quickly(q, pa, (size_t)1 << order, &at) &&
                   enter_for(q, order, &c, &visit);
    if (!entered) { /* no cache, nested, contents to fill, another zone, or several blocks at once */
        return q_free(q, "quire_free_order", pa, (size_t)1 << order, true);
    }
    if (!disown_whole(&at, order)) { /* a part of an allocation, shared, or misused */
        q_retreat(c, visit);
        return q_free(q, "quire_free_order", pa, (size_t)1 << order, true);
    }
    if (!keep(c, &at, order)) { /* no room, no stack of that order, not kept, or the CPU gathers */
        return put_apart(q, c, visit, at.frame, order);
    }
    q_leave(c, visit, 0);
    return QUIRE_OK;
}
