/* range.c: free frames that lie side by side: any number of them, over any number of blocks, within limits.
 *
 * A search reads the blocks' lines as they are and takes nothing until all frames of a place seem free. Then it takes
 * them, block by block in ascending order, all or none: of two CPUs that want overlapping places one gets its own
 * (borrow.c, B4). A CPU that came too late gives back what it had, and looks on behind the frame that was gone.
 *
 *     block 6            block 7            block 8            n = 5
 *     . . f . . f f f    f f . f f f f .    . . . . . . . .
 *               |_____________|                                taken: bits of block 6, then of block 7
 *
 * How it goes through a zone: it jumps to the next free frame, by the hints over blocks that can have no part of the place.
 * (One block of a place of n frames has an aligned run of n / 4 or more.) From there it goes to the next frame at which
 * alignment and boundary let the place begin. Then it looks at the place's frames, the last one first. A frame in use ends
 * the look, and the search continues behind that frame. Of a long place it mostly looks at the last block only.
 *
 * Places inside one block come first, out of the fullest blocks that will do, as in find.c: so others become whole. Of a
 * stretch of free frames that begins in the block before, nothing is taken then: the two parts together may serve another
 * call, or this one better. If no block has such a place, all blocks are gone through.
 *
 * H1  What fits is found if it is free throughout the search.                             tests/unit/range.c
 * H2  A search ends: it goes up in memory with each step, whatever others do.
 *
 * It proves nothing: frames in caches in use, and on their way, are passed over. */
#include "range.h"

#include "borrow.h"
#include "compiler.h"
#include "home.h"
#include "place.h"

/* ---- what can be seen ------------------------------------------------------------------------------------ */

/* A search through one zone. */
struct search {
    struct quire *q;
    struct q_zone *zone;
    struct q_span within; /* the part of the zone that is searched */
    bool used_too;        /* frames that somebody has count as well, so that all but holes do */
    enum q_class runs; /* what a block that is used has if a part of the place lies in it; Q_NOTHING: can not be told */
    size_t *n_looks;   /* how many blocks may still be looked at */

    size_t block; /* that was looked at last; Q_NO_BLOCK: none */
    q_word free[Q_LINE_WORDS];
};

static struct search search_of(struct quire *q, struct q_zone *z, struct q_span within, size_t *n_looks) {
    within = q_common(q_zone_bounds(z), within);
    return (struct search){
        .q = q, .zone = z, .within = within, .runs = Q_NOTHING, .n_looks = n_looks, .block = Q_NO_BLOCK};
}

/* Frames of a block that are no holes, by their records, as bits of word `w`. */
static q_word managed(const struct q_zone *z, size_t block, size_t w) {
    q_word bits = 0;
    Q_ASSERT(block < z->n_blocks && w < Q_LINE_WORDS, block);
    const q_record *r = &z->records[block * Q_BLOCK + w * Q_WORD_BITS];
    for (size_t i = 0; i < Q_WORD_BITS; i++) { /* relaxed: RESERVED changes only while quire_add runs */
        bits |= (atomic_load_explicit(&r[i], memory_order_relaxed) & Q_RESERVED) == 0 ? q_bit(i) : 0;
    }
    return bits;
}

/* Looks at a block, unless it was the last one; false: that was one look too many. */
static bool look_into(struct search *s, size_t block) {
    const struct q_zone *z = s->zone;
    Q_ASSERT(block < z->n_blocks, block);
    if (block == s->block) {
        return true;
    }
    if (*s->n_looks == 0) {
        return false;
    }
    *s->n_looks -= *s->n_looks != Q_ALL_LOOKS;
    s->block = block;
    bool ready = q_zone_ready(z, block);
    /* relaxed, as the bits below: a glance. Who takes the frames finds out. */
    int32_t count = ready ? atomic_load_explicit(&z->counts[block], memory_order_relaxed) : Q_AS_ONE;
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        s->free[w] = s->used_too          ? (ready ? managed(z, block, w) : Q_ALL_BITS)
                     : q_is_as_one(count) ? Q_ALL_BITS
                                          : atomic_load_explicit(&z->lines[block].word[w], memory_order_relaxed);
    }
    return true;
}

/* In the block that was looked at last, the first frame from `f` on that is `free`, or that is not; Q_NO_FRAME: none. */
static q_frame first_in_block(const struct search *s, q_frame f, bool free) {
    q_frame base = q_zone_frame(s->zone, s->block);
    Q_ASSERT(f >= base && f - base < Q_BLOCK, f);
    for (size_t w = (f - base) / Q_WORD_BITS; w < Q_LINE_WORDS; w++) {
        q_word bits = (free ? s->free[w] : ~s->free[w]) & q_range_in_word(w, f - base, Q_BLOCK);
        if (bits != 0) {
            return base + w * Q_WORD_BITS + q_lowest(bits);
        }
    }
    return Q_NO_FRAME;
}

/* The next block that may have a run that the place has in it. Blocks that are no longer whole lose their hint on the way. */
static size_t next_hinted(const struct search *s, size_t block) {
    block = q_zone_next_some(s->zone, s->runs, block);
    while (s->runs == Q_ALL && block != Q_NO_BLOCK && q_zone_ready(s->zone, block) &&
           !q_zone_is_of(s->zone, Q_ALL, block)) {
        block = q_zone_next_some(s->zone, s->runs, block + 1);
    }
    return block;
}

/* The next block to look at: one that is hinted, or the one before, where the place may begin. */
static size_t next_block(const struct search *s, size_t block) {
    if (block == s->block || s->used_too) {
        return block;
    }
    size_t hinted = next_hinted(s, block);
    return s->runs != Q_NOTHING && hinted != Q_NO_BLOCK && hinted > block ? hinted - 1 : hinted;
}

/* The first frame from `f` on that is free; Q_NO_FRAME: none, or too many looks. */
static q_frame next_free(struct search *s, q_frame f) {
    const struct q_zone *z = s->zone;
    while (f < s->within.end) {
        size_t block = next_block(s, q_zone_block_of(z, f));
        q_frame base = block < z->n_blocks ? q_zone_frame(z, block) : Q_NO_FRAME;
        f = f > base ? f : base;
        if (f >= s->within.end || !look_into(s, block)) {
            return Q_NO_FRAME;
        }
        q_frame at = first_in_block(s, f, true);
        if (at != Q_NO_FRAME) {
            return at;
        }
        f = q_zone_frame(z, block + 1);
    }
    return Q_NO_FRAME;
}

/* The last frame of [f, end) that is not free; Q_NO_FRAME: all are. `f` itself after too many looks. */
static q_frame last_used(struct search *s, q_frame f, q_frame end) {
    const struct q_zone *z = s->zone;
    Q_ASSERT(f < end && end <= s->within.end, f);
    while (end > f) {
        size_t block = q_zone_block_of(z, end - 1), to = (end - 1) % Q_BLOCK + 1;
        q_frame base = q_zone_frame(z, block);
        size_t from = f > base ? f - base : 0;
        if (!look_into(s, block)) {
            return f;
        }
        for (size_t w = Q_LINE_WORDS; w-- > 0;) {
            q_word used = ~s->free[w] & q_range_in_word(w, from, to);
            if (used != 0) {
                return base + w * Q_WORD_BITS + q_highest(used);
            }
        }
        end = base;
    }
    return Q_NO_FRAME;
}

/* The first frame of [f, end) that is not free; `end`: all are. It looks at no block that was never used. */
static q_frame first_used(struct search *s, q_frame f, q_frame end) {
    const struct q_zone *z = s->zone;
    q_frame at = Q_NO_FRAME;
    while (f < end && at == Q_NO_FRAME) {
        size_t block = q_zone_next_ready(z, q_zone_block_of(z, f));
        if (block == Q_NO_BLOCK || q_zone_frame(z, block) >= end || !look_into(s, block)) {
            return end;
        }
        f = f > q_zone_frame(z, block) ? f : q_zone_frame(z, block);
        at = first_in_block(s, f, false);
        f = q_zone_frame(z, block + 1);
    }
    return at < end ? at : end;
}

/* ---- taking ---------------------------------------------------------------------------------------------- */

/* Takes n frames from `f` on, all or none. Returns how many could be taken before one was gone: n, or fewer. */
static size_t take_all(struct quire *q, struct q_zone *z, q_frame f, size_t n) {
    Q_ASSERT(n > 0 && q_zone_block_of(z, f + n - 1) < z->n_blocks, f);
    for (size_t done = 0, n_here; done < n; done += n_here) {
        n_here = q_in_block(f + done, n - done);
        if (!q_borrow_part(z, q_zone_block_of(z, f + done), (f + done) % Q_BLOCK, n_here)) {
            q_run_goes_home(q, z, f, done);
            return done;
        }
    }
    return n;
}

/* ---- searching ------------------------------------------------------------------------------------------- */

static q_frame round_up(q_frame f, q_frame power) {
    Q_ASSERT(power > 0 && (power & (power - 1)) == 0, power);
    return (f + power - 1) & ~(power - 1);
}

/* The first frame from `f` on where a place may begin; Q_NO_FRAME: there is none below `end`. */
static q_frame next_place(const struct q_fit *fit, q_frame f, q_frame end) {
    if (f >= end || end - f < fit->n) {
        return Q_NO_FRAME;
    }
    q_frame at = round_up(f, fit->align);
    if (fit->boundary != 0 && (at & (fit->boundary - 1)) + fit->n > fit->boundary) {
        at = round_up(at, fit->boundary > fit->align ? fit->boundary : fit->align);
    }
    return at >= f && at < end && end - at >= fit->n ? at : Q_NO_FRAME; /* rounding up may wrap */
}

/* The first place from `f` on that seems free. */
static q_frame seek(struct search *s, const struct q_fit *fit, q_frame f) {
    for (;;) {
        f = next_place(fit, next_free(s, f), s->within.end);
        if (f == Q_NO_FRAME) {
            return Q_NO_FRAME;
        }
        Q_ASSERT((f & (fit->align - 1)) == 0, f);
        q_frame used = last_used(s, f, f + fit->n);
        if (used == Q_NO_FRAME) {
            return f;
        }
        f = used + 1;
    }
}

/* Takes the first place from `f` on that is free. After a frame was gone it continues behind that: a block that another CPU
 * initialises has no hint, and is passed over. */
static q_frame take_place(struct search *s, const struct q_fit *fit, q_frame f) {
    while ((f = seek(s, fit, f)) != Q_NO_FRAME) {
        Q_ASSERT(f >= s->within.base && s->within.end - f >= fit->n, f);
        size_t n = take_all(s->q, s->zone, f, fit->n);
        if (n == fit->n) {
            return f;
        }
        s->block = Q_NO_BLOCK; /* others are at work there: to be looked at again */
        f += n + 1;
    }
    return Q_NO_FRAME;
}

/* Whether the last frame of a block seems free. */
static bool ends_free(const struct q_zone *z, size_t block) {
    Q_ASSERT(block < z->n_blocks, block);
    if (!q_zone_ready(z, block)) {
        return true;
    }
    /* relaxed: a glance, as in look_into */
    return q_is_as_one(atomic_load_explicit(&z->counts[block], memory_order_relaxed)) ||
           (atomic_load_explicit(&z->lines[block].word[Q_LINE_WORDS - 1], memory_order_relaxed) & q_bit(Q_BLOCK - 1)) !=
               0;
}

/* Where a search of a block alone begins, which was looked at: behind a stretch of free frames that begins in the block before. */
static q_frame own_part(const struct search *s, size_t block) {
    size_t i = 0;
    Q_ASSERT(block == s->block, block);
    if (block > 0 && ends_free(s->zone, block - 1)) {
        while (i < Q_BLOCK && (s->free[i / Q_WORD_BITS] & q_bit(i)) != 0) {
            i++;
        }
    }
    return q_zone_frame(s->zone, block) + i;
}

/* Whether n frames lie free side by side in a block that was looked at, wherever. Each step keeps the bits with which so many
 * more set ones begin. */
static Q_APART bool has_run(const struct search *s, size_t n) {
    q_word row[Q_LINE_WORDS + 1] = {0}, any = 0; /* the last one stays 0 */
    Q_ASSERT(n > 0 && n < Q_BLOCK, n);
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        row[w] = s->free[w];
    }
    for (size_t length = 1, more; length < n; length += more) {
        more = length < n - length ? length : n - length;
        more = more < Q_WORD_BITS ? more : Q_WORD_BITS - 1;
        for (size_t w = 0; w < Q_LINE_WORDS; w++) {
            row[w] &= row[w] >> more | row[w + 1] << (Q_WORD_BITS - more);
        }
    }
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        any |= row[w];
    }
    return any != 0;
}

/* A place inside one block. It leaves the search with the part of the zone that it looked at. */
static q_frame take_from_block(struct search *s, struct q_span within, const struct q_fit *fit, size_t block) {
    if (!look_into(s, block)) {
        return Q_NO_FRAME;
    }
    if (!has_run(s, fit->n)) {
        if (s->runs != Q_NOTHING) {
            q_zone_no_runs(s->zone, block, s->runs);
        }
        return Q_NO_FRAME;
    }
    s->within = q_common(within, (struct q_span){own_part(s, block), q_zone_frame(s->zone, block + 1)});
    return take_place(s, fit, s->within.base);
}

/* The same out of all blocks that are used in part. */
static q_frame take_in_block(struct search *s, const struct q_fit *fit) {
    struct q_span within = s->within;
    Q_ASSERT(fit->n < Q_BLOCK && !q_is_empty(within), fit->n);
    size_t first = q_zone_block_of(s->zone, within.base), end = q_zone_block_of(s->zone, within.end - 1) + 1;
    for (unsigned class = (unsigned)q_class_of((int32_t)fit->n); class < Q_ALL; class ++) {
        for (size_t b = first; (b = q_zone_find(s->zone, (enum q_class) class, s->runs, b)) < end; b++) {
            q_frame f = take_from_block(s, within, fit, b);
            if (f != Q_NO_FRAME || *s->n_looks == 0) {
                return f;
            }
        }
    }
    s->within = within;
    return Q_NO_FRAME;
}

/* What a place of n frames has in it. Of n in a row in two blocks, one has half of them at its edge; of n in one block a half
 * begins where a run of that length is aligned. In three blocks it has a whole one. */
static enum q_class runs_in(q_frame n) {
    Q_ASSERT(n > 0, n);
    unsigned order = q_highest((n + 1) / 2);
    return n >= 2 * Q_BLOCK - 1 ? Q_ALL : q_class_of_runs(order);
}

static q_frame find_in_zone(struct search *s, const struct q_fit *fit) {
    s->runs = runs_in(fit->n);
    q_frame f = fit->n < Q_BLOCK ? take_in_block(s, fit) : Q_NO_FRAME;
    return f == Q_NO_FRAME ? take_place(s, fit, s->within.base) : f;
}

struct q_fit q_fit_of_order(unsigned order, unsigned node) {
    q_frame n = (q_frame)1 << order;
    Q_ASSERT(order <= QUIRE_MAX_ORDER, order);
    return (struct q_fit){.n = n, .align = n, .within = {0, Q_NO_FRAME}, .node = node, .n_looks = Q_ALL_LOOKS};
}

/* The part of the zone that a place may lie in; empty: none. */
static struct q_span allowed(const struct q_zone *z, const struct q_fit *fit) {
    return fit->node_only && z->node != fit->node ? (struct q_span){0, 0} : fit->within;
}

q_frame q_find_fit(struct quire *q, struct q_fit *fit) {
    const struct q_zones *zones = q_zones(q);
    Q_ASSERT(fit->n > 0 && (fit->align & (fit->align - 1)) == 0 && fit->align > 0, fit->align);
    Q_ASSERT((fit->boundary & (fit->boundary - 1)) == 0 && (fit->boundary == 0 || fit->boundary >= fit->n),
             fit->boundary);
    struct q_zone *const *zone = q_zones_from(zones, fit->node);
    Q_ASSERT(fit->node < q->n_nodes, fit->node);
    for (size_t i = 0; i < zones->n; i++) {
        struct search s = search_of(q, zone[i], allowed(zone[i], fit), &fit->n_looks);
        q_frame f = q_is_empty(s.within) ? Q_NO_FRAME : find_in_zone(&s, fit);
        if (f != Q_NO_FRAME) {
            return f;
        }
    }
    return Q_NO_FRAME;
}

size_t q_take_from(struct quire *q, struct q_zone *z, q_frame f, size_t n) {
    size_t all_looks = Q_ALL_LOOKS, taken = 0;
    struct search s = search_of(q, z, (struct q_span){f, f + n}, &all_looks);
    n = first_used(&s, f, f + n) - f;
    while (n > 0 && (taken = take_all(q, z, f, n)) < n) { /* another CPU took some of these: fewer are wanted then */
        n = taken;
    }
    return n;
}

/* In one zone. A stretch of free frames counts from the first place in it where one may begin, and anew behind each boundary. */
static size_t largest_in_zone(struct search *s, const struct q_fit *fit, q_frame *at) {
    size_t most = 0;
    q_frame f = s->within.base;
    while ((f = next_place(fit, next_free(s, f), s->within.end)) != Q_NO_FRAME) {
        q_frame end = s->within.end, bound = fit->boundary != 0 ? (f | (fit->boundary - 1)) + 1 : end;
        end = first_used(s, f, bound > f && bound < end ? bound : end);
        if (end - f > most) {
            most = end - f;
            *at = f;
        }
        f = end > f ? end : f + 1; /* the place itself is not free, where it had to be aligned */
    }
    return most;
}

size_t q_largest_fit(const struct quire *q, const struct q_fit *fit, q_frame *f) {
    const struct q_zones *zones = q_zones(q);
    size_t all_looks = Q_ALL_LOOKS, most = 0;
    Q_ASSERT(fit->n == 1, fit->n);
    for (size_t i = zones->n; i-- > 0;) {
        struct search s = search_of(NULL, zones->zone[i], allowed(zones->zone[i], fit), &all_looks);
        q_frame at = Q_NO_FRAME;
        size_t n = q_is_empty(s.within) ? 0 : largest_in_zone(&s, fit, &at);
        if (n > most) {
            most = n;
            *f = at;
        }
    }
    return most;
}

/* A stretch of free frames as aligned runs. */
static void count_stretch(q_frame f, q_frame end, uint64_t n_runs[QUIRE_MAX_ORDER + 1]) {
    Q_ASSERT(f < end, f); /* it has a frame, so that the count goes on */
    while (f < end) {
        unsigned order = QUIRE_MAX_ORDER;
        while ((f & (((q_frame)1 << order) - 1)) != 0 || end - f < (q_frame)1 << order) {
            order--;
        }
        n_runs[order]++;
        f += (q_frame)1 << order;
    }
}

void q_count_runs(const struct quire *q, uint64_t n_runs[QUIRE_MAX_ORDER + 1]) {
    const struct q_zones *zones = q_zones(q);
    size_t all_looks = Q_ALL_LOOKS;
    for (size_t i = 0; i < zones->n; i++) {
        struct search s = search_of(NULL, zones->zone[i], q_zone_bounds(zones->zone[i]), &all_looks);
        for (q_frame f = s.within.base, end; (f = next_free(&s, f)) != Q_NO_FRAME; f = end) {
            end = first_used(&s, f, s.within.end);
            count_stretch(f, end, n_runs);
        }
    }
}

/* Whether one zone has such a place. Most have no hole between their first and last frame; then any will do. */
static bool ever_fits_in(struct q_zone *z, const struct q_fit *fit) {
    size_t all_looks = Q_ALL_LOOKS;
    struct q_span bounds = q_zone_bounds(z);
    struct search s = search_of(NULL, z, allowed(z, fit), &all_looks);
    s.used_too = true;
    if (q_is_empty(s.within)) {
        return false;
    }
    bool has_holes = q_zone_n_frames(z) != bounds.end - bounds.base;
    q_frame first = next_place(fit, s.within.base, s.within.end);
    return first != Q_NO_FRAME && (!has_holes || seek(&s, fit, first) != Q_NO_FRAME);
}

bool q_ever_fits(const struct quire *q, const struct q_fit *fit) {
    const struct q_zones *zones = q_zones(q);
    bool fits = false;
    for (size_t i = 0; i < zones->n && !fits; i++) {
        fits = ever_fits_in(zones->zone[i], fit);
    }
    return fits;
}
