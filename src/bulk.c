/* bulk.c: many single frames by one call.
 *
 * A visit to this CPU's cache hands out, or takes back, up to BATCH frames: so the guard is paid once for them, and an
 * interrupt does not find the cache in use for long. Warm is passed by where it can be: a visit that finds nothing there
 * hands out the frames of a word of `in`, and frames of a block that is on loan go back into a word of that loan. Between
 * two visits one frame goes the way of quire_alloc or quire_free, which borrows a block, makes room on warm, proves that there
 * is no frame, or reports what is wrong:
 *
 *     visit: the frames on warm          --> out[0], out[1], ..      visit: frames of one word --> `in` or `out`
 *     visit: the frames of a word of in  --> ..                      visit: others             --> warm
 *     quire_alloc: borrows a block       --> one more                quire_free: makes room
 *     visit: ..                          until there are n, or quire_alloc has none
 *
 * As in single.c, records are written inside the visit. */
#include "cache.h"
#include "compiler.h"
#include "home.h"
#include "place.h"

#define BATCH 64u /* frames for one visit */

/* ---- allocate -------------------------------------------------------------------------------------------- */

/* Writes into a free frame's record that it is held; false, and nothing is written: something stands against that. relaxed: the
 * frame is ours (R1) */
static inline bool hold(q_record *r, uint8_t tag) {
    Q_ASSERT(tag != QUIRE_TAG_QUARANTINE, tag);
    if (Q_SELDOM(!q_unheld(atomic_load_explicit(r, memory_order_relaxed)))) {
        return false;
    }
    atomic_store_explicit(r, q_held(tag), memory_order_relaxed);
    return true;
}

/* Hands out frames of warm, at most n, in the order in which quire_alloc would. Returns how many; ends at one that can not be
 * handed out. */
static uint32_t hand_out_warm(struct q_cache *c, uint32_t n_warm, size_t n, uint8_t tag, quire_pa *out) {
    uint32_t done = 0;
    Q_ASSERT(n_warm <= Q_WARM, n_warm);
    Q_ASSERT(n > 0 && n <= BATCH, n);
    for (; done < n && done < n_warm; done++) {
        q_frame f = q_see(&c->warm[n_warm - 1 - done]);
        if (!hold(q_cache_record(c, f), tag)) {
            break;
        }
        out[done] = q_pa(f);
    }
    return done;
}

/* The same with the frames of a word of `in`; those that are left over stay there. */
static size_t hand_out_word(struct q_cache *c, size_t n, uint8_t tag, quire_pa *out) {
    q_frame first = 0;
    q_word bits = q_cache_take_word(c, &first);
    const q_frame base = first; /* which may be kept in a register */
    q_record *const records = q_cache_record(c, base);
    size_t done = 0;
    Q_ASSERT(base % Q_WORD_BITS == 0, base);
    for (; bits != 0 && done < n; bits &= bits - 1) {
        size_t i = q_lowest(bits);
        if (!hold(&records[i], tag)) {
            break;
        }
        out[done++] = q_pa(base + i);
    }
    if (bits != 0) {
        (void)q_loan_put_bits(&c->in, base, bits);
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
    uint32_t n_warm = q_visit_warm(visit);
    size_t done;
    Q_ASSERT(n > 0, n);
    if (n_warm > 0) {
        done = hand_out_warm(c, n_warm, n < BATCH ? n : BATCH, tag, out);
        q_leave(c, visit, -(int)done);
    } else {
        done = hand_out_word(c, n, tag, out);
        q_leave(c, visit, 0);
    }
    Q_ASSERT(done <= n, done);
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

/* Writes into a held frame's record that it is free; false, and nothing is written: it needs a closer look. relaxed: the caller
 * holds the frame (R1) */
static inline bool let_go(q_record *r) {
    uint32_t record = atomic_load_explicit(r, memory_order_relaxed);
    if (Q_SELDOM(!q_held_alone(record))) {
        return false;
    }
    atomic_store_explicit(r, q_freed_alone(record), memory_order_relaxed);
    return true;
}

/* Takes frames back onto warm, at most n, until one is not to be freed quickly. Returns how many. */
static uint32_t push_warm(struct q_cache *c, uint32_t n_warm, size_t n, const quire_pa *pa) {
    uint32_t done = 0;
    q_frame first = q_see(&c->first);
    q_word n_quick = q_see(&c->n_quick);
    Q_ASSERT(n_warm <= Q_WARM && n <= BATCH, n_warm);
    for (; done < n && n_warm + done < Q_WARM; done++) {
        quire_pa f = pa[done] >> QUIRE_PAGE_SHIFT;
        if (Q_SELDOM(f - first >= n_quick || pa[done] % QUIRE_PAGE_SIZE != 0) || /* as in quire_free */
            !let_go(q_cache_record(c, (q_frame)f))) {
            break;
        }
        q_show(&c->warm[n_warm + done], (q_frame)f);
    }
    return done;
}

/* The same into the loan of the first one's block, as far as they lie in one word of it. */
static size_t put_word(struct quire *q, struct q_cache *c, size_t n, const quire_pa *pa) {
    const q_frame f = (q_frame)(pa[0] >> QUIRE_PAGE_SHIFT), base = f - f % Q_WORD_BITS;
    /* The bits in which addresses of one word's frames differ. */
    const quire_pa in_word = (quire_pa)(Q_WORD_BITS - 1) << QUIRE_PAGE_SHIFT;
    q_record *const records = q_cache_record(c, base);
    q_word bits = 0;
    size_t done = 0;
    Q_ASSERT(n > 0 && q_cache_covers(c, f), f);
    for (; done < n; done++) {
        quire_pa offset = pa[done] - q_pa(base);
        size_t i = (size_t)(offset >> QUIRE_PAGE_SHIFT);
        if (Q_SELDOM((offset & ~in_word) != 0) || !let_go(&records[i])) {
            break;
        }
        bits |= q_bit(i);
    }
    q_word twice = q_loan_put_bits(q_cache_loan_of(c, base), base, bits);
    if (Q_SELDOM(twice != 0)) {
        q_report_runs_twice(q, base, twice, 0);
    }
    return done;
}

/* Whether the frame's block is on loan here, and of the zone whose records the cache knows. Without a zone there is no loan:
 * q_cache_covers would be true then for the numbers from Q_NO_FRAME on, where an empty loan begins. */
static inline bool is_on_loan(struct q_cache *c, q_frame f) {
    const struct q_zone *z = q_see(&c->zone);
    return z != NULL && q_cache_covers(c, f) && q_loan_zone(q_cache_loan_of(c, f)) == z;
}

/* What this CPU's cache has room for, at most n; 0: it has none, or is in use, or the first frame needs a closer look. */
static size_t put_visit(struct quire *q, size_t n, const quire_pa *pa) {
    struct q_cache *c;
    q_word visit;
    if (QUIRE_CHECK >= 2 || !q_enter(q, q->n_quick, &c, &visit)) { /* as in quire_free */
        return 0;
    }
    size_t done;
    if (is_on_loan(c, (q_frame)(pa[0] >> QUIRE_PAGE_SHIFT))) {
        done = put_word(q, c, n, pa);
        q_leave(c, visit, 0);
    } else {
        done = push_warm(c, q_visit_warm(visit), n < BATCH ? n : BATCH, pa);
        q_leave(c, visit, (int)done);
    }
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
