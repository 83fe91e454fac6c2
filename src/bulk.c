/* bulk.c: many single frames by one call.
 *
 * A visit to this CPU's cache hands out, or takes back, as many frames as lie on warm, or have room there, at most BATCH: so
 * the guard is paid once for them, and an interrupt does not find the cache in use for long. Between two visits one frame goes the
 * way of quire_alloc or quire_free, which refills or spills the cache, proves that there is no frame, or reports what is wrong:
 *
 *     visit: the frames on warm      --> out[0], out[1], ..
 *     quire_alloc: refills           --> one more
 *     visit: ..                      until there are n, or quire_alloc has none
 *
 * As in single.c, records are written inside the visit. */
#include "cache.h"
#include "compiler.h"
#include "place.h"

#define BATCH 64u /* frames for one visit */

/* ---- allocate -------------------------------------------------------------------------------------------- */

/* Hands out frames of warm, at most n, in the order in which quire_alloc would. Returns how many; ends at one that can not be
 * handed out. */
static uint32_t hand_out_warm(struct q_cache *c, uint32_t n_warm, size_t n, uint8_t tag, quire_pa *out) {
    uint32_t done = 0;
    Q_ASSERT(n_warm <= Q_WARM, n_warm);
    for (; done < n && done < n_warm; done++) {
        q_frame f = q_see(&c->warm[n_warm - 1 - done]);
        q_record *r = q_cache_record(c, f);
        if (Q_SELDOM(!q_unheld(atomic_load_explicit(r, memory_order_relaxed)))) { /* relaxed: the frame is ours (R1) */
            break;
        }
        atomic_store_explicit(r, q_held(tag), memory_order_relaxed);
        out[done] = q_pa(f);
    }
    return done;
}

/* What this CPU's cache has at hand, at most n; 0: nothing, or the cache is in use. */
static size_t take_visit(struct quire *q, size_t n, uint8_t tag, quire_pa *out) {
    struct q_cache *c;
    q_word visit;
    if (!q_enter(q, q->n_quick, &c, &visit)) {
        return 0;
    }
    uint32_t n_warm = q_visit_warm(visit), n_more = n_warm == 0 ? q_cache_warm_up(c) : 0;
    uint32_t done = hand_out_warm(c, n_warm + n_more, n < BATCH ? n : BATCH, tag, out);
    q_leave(c, visit, (int)n_more - (int)done);
    return done;
}

size_t quire_alloc_bulk(struct quire *q, size_t n, size_t least, uint8_t tag, quire_pa *out) {
    size_t done = 0;
    if (tag == QUIRE_TAG_QUARANTINE) {
        return 0;
    }
    while (done < n) {
        size_t n_more = take_visit(q, n - done, tag, out + done);
        quire_pa pa = n_more == 0 ? quire_alloc(q, tag) : QUIRE_NONE;
        if (pa != QUIRE_NONE) {
            out[done] = pa;
            n_more = 1;
        }
        if (n_more == 0) {
            break;
        }
        done += n_more;
    }
    if (done < least) {
        (void)quire_free_bulk(q, done, out);
        return 0;
    }
    return done;
}

/* ---- free ------------------------------------------------------------------------------------------------ */

/* Takes frames back onto warm, at most n, until one is not to be freed quickly. Returns how many. */
static uint32_t push_warm(struct q_cache *c, uint32_t n_warm, size_t n, const quire_pa *pa) {
    uint32_t done = 0;
    q_frame first = q_see(&c->first);
    q_word n_quick = q_see(&c->n_quick);
    for (; done < n && n_warm + done < Q_WARM; done++) {
        quire_pa f = pa[done] >> QUIRE_PAGE_SHIFT;
        if (Q_SELDOM(f - first >= n_quick || pa[done] % QUIRE_PAGE_SIZE != 0)) { /* as in quire_free, also below */
            break;
        }
        q_record *r = q_cache_record(c, (q_frame)f);
        uint32_t record = atomic_load_explicit(r, memory_order_relaxed); /* relaxed: the caller holds the frame (R1) */
        if (Q_SELDOM(!q_held_alone(record))) {
            break;
        }
        atomic_store_explicit(r, q_freed_alone(record), memory_order_relaxed);
        q_show(&c->warm[n_warm + done], (q_frame)f);
    }
    return done;
}

/* What this CPU's cache has room for, at most n; 0: it has none, or is in use, or the first frame needs a closer look. */
static size_t put_visit(struct quire *q, size_t n, const quire_pa *pa) {
    struct q_cache *c;
    q_word visit;
    if (QUIRE_CHECK >= 2 || !q_enter(q, q->n_quick, &c, &visit)) { /* as in quire_free */
        return 0;
    }
    uint32_t done = push_warm(c, q_visit_warm(visit), n < BATCH ? n : BATCH, pa);
    q_leave(c, visit, (int)done);
    return done;
}

size_t quire_free_bulk(struct quire *q, size_t n, const quire_pa *pa) {
    size_t done = 0;
    while (done < n) {
        size_t n_more = put_visit(q, n - done, pa + done);
        if (n_more == 0 && quire_free(q, pa[done]) != QUIRE_OK) {
            break;
        }
        done += n_more > 0 ? n_more : 1;
    }
    return done;
}
