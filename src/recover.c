/* recover.c: an allocator rebuilt from what a crash left in its memory.
 *
 *   believed                                     made anew from it
 *   records         who holds which frame        lines, counts, blocks' CLEAN, numbers of frames, spans
 *   READY bits      which blocks have records    hints, ceilings, FRESH and raw bits of the index
 *   headers, zones  what never changes           the view
 *
 * CPU caches begin empty: a frame that lay in one, or was on its way, is free by its record and goes into its block.
 *
 * That works because each call writes the record on the right side of its other steps: an allocation before it returns
 * and after it took the frame, a free before it lets the frame go. So a crash leaves three things to mend:
 *
 *   a split of a block that was not finished          q_split_block finishes it
 *   a join that only one of two neighbours has        mend_joins takes it away
 *   a block or node claimed but not published         q_zone_forget_hints makes it fresh again: nobody saw it
 *
 * A call that was in flight has happened, or has not, or has in part where it is about a run of frames: half a run
 * allocated and half a run freed look alike, so the frames stay as their records say.
 *
 * How an initialised block is judged, by its own record and those of its frames:
 *
 *   block's record     frames' records     the block is                        recovery
 *   held               all 0               one allocation                      clears the line: nothing is free
 *   held               some not 0          being divided into frames           finishes the split, then as below
 *   held and FREED     any                 being split                         the same
 *   not held           each its own        frames on their own                 sets a bit for each that is free
 *
 * Why not a journal: it would cost each allocation a write in the right order, to a place that all CPUs share. The
 * records are written anyway.
 *
 * Cost: one pass over the records of all blocks that were ever used. Blocks that never were cost nothing.
 *
 * M1  Of the words that change, recovery reads only records, READY bits, and what it has made anew before; so it can be
 *     crashed at any step and run again.                                              crash points of the explorer
 *
 * Nothing else runs. So all accesses are relaxed, except where functions of other files make them. */
#include "cache.h"
#include "extent.h"
#include "init.h"
#include "own.h"
#include "place.h"
#include "view.h"

_Static_assert(Q_JOIN_PREV != Q_JOIN_NEXT && ((Q_JOIN_PREV | Q_JOIN_NEXT) & Q_COUNT_TOP) == 0, "taken away one by one");

struct recovery {
    struct quire *q;
    struct quire_recovery *found; /* sums for the caller */
    intptr_t n_whole;             /* free blocks of the zone that is rebuilt */
};

/* ---- frames ----------------------------------------------------------------------------------------------- */

static uint32_t load(const q_record *r) {
    return atomic_load_explicit(r, memory_order_relaxed);
}

static void store(q_record *r, uint32_t record) {
    atomic_store_explicit(r, record, memory_order_relaxed);
}

/* The joins of a frame that is held. The same flags of a free frame mean something else (record.h). */
static uint32_t joins(uint32_t record) {
    return Q_COUNT(record) > 0 ? record & (Q_JOIN_PREV | Q_JOIN_NEXT) : 0;
}

/* Takes a join away, of a frame that is held. */
static void lose_join(q_record *r, uint32_t record, uint32_t join) {
    Q_ASSERT(join == Q_JOIN_PREV || join == Q_JOIN_NEXT, join);
    store(r, record & ~(joins(record) & join));
}

/* Takes joins away that only one of two neighbours has: the other frame was freed, or never came to be allocated.
 * Between blocks such a join is harmless, see own.c. */
static void mend_joins(struct recovery *v, q_record *records) {
    for (size_t i = 1; i < Q_BLOCK; i++) {
        uint32_t left = load(&records[i - 1]), right = load(&records[i]);
        if (((joins(left) & Q_JOIN_NEXT) != 0) != ((joins(right) & Q_JOIN_PREV) != 0)) {
            lose_join(&records[i - 1], left, Q_JOIN_NEXT);
            lose_join(&records[i], right, Q_JOIN_PREV);
            v->found->n_joins++;
        }
    }
}

/* What the record of a free frame should be: the last owner stays known. FREED is written before the poison is. So the
 * poison may be missing, and the record must say so, or the next owner would be told that somebody wrote there. */
static uint32_t unheld(const struct quire *q, uint32_t record) {
    Q_ASSERT(Q_COUNT(record) == 0, record);
    uint32_t freed = record & (Q_TAG_MASK | Q_FREED | Q_RESERVED);
    bool unsure = q->content == QUIRE_CONTENT_POISON && (record & Q_FREED) != 0;
    return unsure ? q_made_unsure(freed) : freed;
}

/* Tells the free ones of a word's frames, whose records begin with number `first`, from the held ones. *clean becomes
 * false where a record is not 0. */
static q_word free_frames(struct recovery *v, struct q_zone *z, size_t first, bool *clean) {
    Q_ASSERT(first % Q_WORD_BITS == 0 && first / Q_BLOCK < z->n_blocks, first);
    q_word free = 0;
    for (size_t i = 0; i < Q_WORD_BITS; i++) {
        q_record *r = &z->records[first + i];
        uint32_t record = load(r);
        if (Q_COUNT(record) == 0) {
            record = unheld(v->q, record);
            store(r, record);
            free |= (record & Q_RESERVED) == 0 ? q_bit(i) : 0;
        } else {
            v->found->n_held++;
        }
        *clean &= record == 0;
    }
    return free;
}

/* ---- blocks ----------------------------------------------------------------------------------------------- */

/* Whether a frame of the block has a record of its own. */
static bool any_record(const q_record *records) {
    for (size_t i = 0; i < Q_BLOCK; i++) {
        if (load(&records[i]) != 0) {
            return true;
        }
    }
    return false;
}

/* Rebuilds the line and the records. Returns the number of free frames. A free frame without its bit was astray: in a
 * cache, or on its way; but of a block that came home as one no frame has a bit. */
static int32_t recover_frames(struct recovery *v, struct q_zone *z, size_t block) {
    q_record *whole = &z->wholes[block];
    bool clean = true, as_one = q_is_as_one(atomic_load_explicit(&z->counts[block], memory_order_relaxed));
    int32_t n_free = 0;
    mend_joins(v, &z->records[block * Q_BLOCK]);
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        _Atomic q_word *bits = &z->lines[block].word[w];
        q_word free = free_frames(v, z, block * Q_BLOCK + w * Q_WORD_BITS, &clean);
        v->found->n_astray += as_one ? 0 : q_popcount(free & ~atomic_load_explicit(bits, memory_order_relaxed));
        atomic_store_explicit(bits, free, memory_order_relaxed);
        n_free += (int32_t)q_popcount(free);
    }
    Q_ASSERT(n_free >= 0 && n_free <= (int32_t)Q_BLOCK, n_free);
    store(whole, (unheld(v->q, load(whole)) & ~(uint32_t)Q_CLEAN) | (clean ? Q_CLEAN : 0));
    return n_free;
}

/* The same of a block that is one allocation: no frame is free, and the records stay 0. */
static int32_t recover_whole(struct recovery *v, struct q_zone *z, size_t block) {
    Q_ASSERT(Q_COUNT(load(&z->wholes[block])) == 1, block);
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        atomic_store_explicit(&z->lines[block].word[w], 0, memory_order_relaxed);
    }
    v->found->n_held += Q_BLOCK;
    return 0;
}

/* Whether the block is one allocation, not split. More references than one are damage: it is held, by one. */
static bool held_whole(q_record *whole) {
    uint32_t record = load(whole);
    if (Q_COUNT(record) > 1 && !q_is_parting(record)) {
        store(whole, (record & ~Q_COUNT_TOP) | 1u);
    }
    return Q_COUNT(record) > 0;
}

/* Rebuilds an initialised block. */
static void recover_block(struct recovery *v, struct q_zone *z, size_t block) {
    Q_ASSERT(block < z->n_blocks, block);
    q_record *own = &z->wholes[block];
    bool whole = held_whole(own);
    if (whole && (q_is_parting(load(own)) || any_record(&z->records[block * Q_BLOCK]))) {
        q_split_block(z, block); /* begun before the crash, or frames were freed without it */
        v->found->n_splits++;
        whole = false;
    }
    Q_ASSERT(whole || Q_COUNT(load(own)) == 0, block);
    int32_t n_free = whole ? recover_whole(v, z, block) : recover_frames(v, z, block);
    atomic_store_explicit(&z->counts[block], n_free, memory_order_relaxed);
    v->found->n_free += (uint64_t)n_free;
    v->n_whole += n_free == (int32_t)Q_BLOCK;
    q_zone_hint_block(z, block, n_free);
}

/* ---- zones ------------------------------------------------------------------------------------------------ */

/* Rebuilds the index, then each initialised block, then what the zone says of itself. */
static void recover_zone(struct recovery *v, struct q_zone *z) {
    uint64_t n_held = v->found->n_held, n_free = v->found->n_free; /* of those before */
    size_t n_ready = 0, gapless = 0;
    v->n_whole = 0;
    q_zone_forget_hints(z);
    for (size_t b = 0; (b = q_zone_next_ready(z, b)) != Q_NO_BLOCK; b++) {
        recover_block(v, z, b);
        gapless += b == gapless;
        n_ready++;
    }
    Q_ASSERT(gapless <= n_ready && n_ready <= z->n_blocks, n_ready);
    v->n_whole += (intptr_t)(z->n_blocks - n_ready); /* the others are fresh */
    v->found->n_free += (uint64_t)(z->n_blocks - n_ready) * Q_BLOCK;
    atomic_store_explicit(&z->ceiling, gapless * Q_BLOCK, memory_order_relaxed);
    n_held = v->found->n_held - n_held;
    n_free = v->found->n_free - n_free;
    Q_ASSERT((uint64_t)v->n_whole * Q_BLOCK <= n_free, v->n_whole);
    atomic_store_explicit(&z->n_frames, (q_word)(n_held + n_free), memory_order_relaxed);
    atomic_store_explicit(&z->balance.n_free, (intptr_t)n_free, memory_order_relaxed);
    atomic_store_explicit(&z->balance.n_whole, v->n_whole, memory_order_relaxed);
    q_zone_fit_span(z); /* a quire_add that filled holes may have been stopped between the records and the span */
}

/* ---- all of it -------------------------------------------------------------------------------------------- */

/* No call is in flight, whatever the crash interrupted. */
static void forget_calls(struct quire *q) {
    for (unsigned cpu = 0; cpu < q->n_cpus; cpu++) {
        q_cache_init(&q->caches[cpu]);
    }
    atomic_store_explicit(&q->adding, 0, memory_order_relaxed);
}

/* Writes all copies of each link: a quire_add may have been stopped between them. Returns the table of the last extent,
 * which has room for all zones. */
static struct q_zones *mend_chain(struct q_header *first) {
    struct q_header *h = first;
    Q_ASSERT(first->number == 0, first->number);
    for (struct q_header *next; (next = q_next_extent(h)) != NULL; h = next) {
        q_link(h, (q_frame)next->base);
    }
    q_link(h, Q_NO_FRAME);
    return q_part(h, h->table_at);
}

/* Makes the view of the running kernel, of metadata that q_metadata_wrong found nothing wrong with. */
static struct quire *open_view(struct q_header *first, const struct quire_config *config) {
    struct quire *q = q_part(first, first->quire_at);
    q_view_open(q, first, config, mend_chain(first), NULL);
    forget_calls(q);
    for (struct q_header *h = first; h != NULL; h = q_next_extent(h)) {
        (void)q_extent_reserve(q, h);
    }
    return q;
}

/* Rebuilds all zones, and adds up what they have. */
static void recover(struct quire *q, struct quire_recovery *found) {
    struct recovery v = {q, found, 0};
    const struct q_zones *zones = q_zones(q);
    for (size_t i = 0; i < zones->n; i++) {
        recover_zone(&v, zones->zone[i]);
    }
}

/* The reason why recovery is not possible, in words, or NULL. */
static const char *obstacle(const struct q_home *home) {
    size_t n_zones;
    const char *why = q_metadata_wrong(home->header, home->base, &n_zones);
    return why == NULL && home->header->seal != home->seal ? "it was made with other arguments" : why;
}

enum quire_status quire_recover(struct quire **out, const struct quire_config *config,
                                const struct quire_region *regions, size_t n_regions, struct quire_recovery *found) {
    struct q_home home = {.header = NULL};
    *out = NULL;
    *found = (struct quire_recovery){0};
    enum quire_status status = q_find_home(config, regions, n_regions, &home);
    if (status != QUIRE_OK) {
        found->why =
            status == QUIRE_INVALID ? "the arguments mean nothing" : "no mapped region could hold an allocator";
        return status;
    }
    found->why = obstacle(&home);
    if (found->why != NULL) {
        return QUIRE_NO_MEMORY;
    }
    *out = open_view(home.header, config);
    recover(*out, found);
    return QUIRE_OK;
}
