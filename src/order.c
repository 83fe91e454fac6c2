/* order.c: 2^order frames: allocate, free, and free a part.
 *
 * Orders 1 to 8 are runs of frames of one block, order 9 is a block, order 10 two neighbours. They come out of the CPU's
 * cache (cache.c) where it has such, else out of the blocks (search.c).
 *
 * Up to order 8 each frame gets a record, joined to its neighbours, and any aligned part can be freed: what is left
 * stays joined. A whole block gets one record instead of 512. When a part of it is freed or shared, the block is split:
 *
 * S1  Split writes "held, joined" into each frame record that is 0, by compare-exchange, then takes the block's
 *     record away. CPUs that hold different parts may split at once: each finishes the whole split by itself, and
 *     finds the records that others wrote, or freed, no longer 0. Nobody waits. (interleaving tests)
 * S2  No record goes back to 0 while a part of the block is held; who splits holds one.   R1, q_freed()
 * S3  A split begins with a mark in the block's record (PARTING), which also says which frame has a guest by then. So all
 *     who split write the same, and a guest, who held nothing before, holds a part from the mark on.
 *                                                                                         (interleaving tests)
 *
 * Joins between two blocks of an order 10 may stand in the block's record on one side and in the frame's on the
 * other, and a split may carry a join over that was just taken away; so a join counts only when both sides have it. */
#include "core.h"

/* ---- the records of a run of frames, or of blocks -------------------------------------------------------- */

struct run {
    struct q_zone *zone;
    size_t first, n; /* frames in the zone, or blocks in it */
    bool of_blocks;
};

static q_record *run_record(const struct run *run, size_t i) {
    return run->of_blocks ? &run->zone->blocks[i].record : &run->zone->records[i];
}

/* Whether 2 frames or more are all of one allocation, held once: the usual case, in one pass that branches once. This
 * and the other short ways go two frames at a time, as all but single ones come. */
static inline bool held_alone(const q_record *records, size_t n) {
    /* relaxed, also below: the caller holds the frames, or misuses them */
    uint32_t first = atomic_load_explicit(&records[0], memory_order_relaxed);
    uint32_t last = atomic_load_explicit(&records[n - 1], memory_order_relaxed);
    uint32_t between = first | Q_JOIN_PREV;
    uint32_t wrong = ((first ^ (1u | Q_JOIN_NEXT)) & ~Q_TAG_MASK) | (last ^ between ^ Q_JOIN_NEXT);
    for (size_t i = 1; i < n - 1; i += 2) {
        wrong |= atomic_load_explicit(&records[i], memory_order_relaxed) ^ between;
        wrong |= atomic_load_explicit(&records[i + 1], memory_order_relaxed) ^ between;
    }
    return wrong == 0;
}

/* Whether nobody holds any of 2 frames or more, and nothing stands against handing them out. */
static inline bool all_unheld(const q_record *records, size_t n) {
    uint32_t all = 0;
    for (size_t i = 0; i < n; i += 2) { /* relaxed: the frames are the caller's (R1) */
        all |= atomic_load_explicit(&records[i], memory_order_relaxed);
        all |= atomic_load_explicit(&records[i + 1], memory_order_relaxed);
    }
    return q_unheld(all);
}

/* Takes a join away from a frame, in whichever record it stands. */
static void unjoin(struct q_zone *z, size_t frame, uint32_t join) {
    /* relaxed: only flags of records whose frames others hold; they look at them when they free (both sides, see
     * above) */
    atomic_fetch_and_explicit(&z->records[frame], ~join, memory_order_relaxed);
    if (frame % Q_BLOCK == (join == Q_JOIN_PREV ? 0 : Q_BLOCK - 1)) {
        atomic_fetch_and_explicit(&z->blocks[frame / Q_BLOCK].record, ~join, memory_order_relaxed);
    }
}

/* The run is leaving its allocation: what remains on either side ends there. */
static void cut_out(const struct run *run, uint32_t first_record, uint32_t last_record) {
    size_t unit = run->of_blocks ? Q_BLOCK : 1;
    if ((first_record & Q_JOIN_PREV) != 0) {
        unjoin(run->zone, run->first * unit - 1, Q_JOIN_NEXT);
    }
    if ((last_record & Q_JOIN_NEXT) != 0) {
        unjoin(run->zone, (run->first + run->n) * unit, Q_JOIN_PREV);
    }
}

/* What is wrong with freeing a frame or block that has this record; whether its neighbours fit is asked elsewhere. */
static enum quire_fault_kind why_not(const struct run *run, uint32_t record) {
    if (Q_COUNT(record) > 1) {
        return QUIRE_FAULT_SHARED;
    }
    if (Q_COUNT(record) == 1) {
        return QUIRE_FAULT_NONE;
    }
    if (!run->of_blocks && (record & Q_RESERVED) != 0) {
        return QUIRE_FAULT_RESERVED;
    }
    return (record & Q_FREED) != 0 ? QUIRE_FAULT_DOUBLE_FREE : QUIRE_FAULT_NEVER_ALLOCATED;
}

/* What speaks for a frame or block that may be free. */
static uint32_t last_record(const struct run *run, size_t i) {
    /* relaxed, also below: the caller holds the frame or block, or misuses it */
    if (!run->of_blocks) {
        uint32_t record = atomic_load_explicit(&run->zone->records[i], memory_order_relaxed);
        return record != 0 ? record : q_zone_last_record(run->zone, run->zone->first + i);
    }
    return atomic_load_explicit(&run->zone->blocks[i].record, memory_order_relaxed) & ~Q_CLEAN;
}

static enum quire_status check_run(struct quire *q, const char *call, const struct run *run, unsigned order) {
    size_t unit = run->of_blocks ? Q_BLOCK : 1;
    uint32_t prev = 0;
    for (size_t i = run->first; i < run->first + run->n; i++) {
        uint32_t record = last_record(run, i);
        enum quire_fault_kind kind = why_not(run, record);
        if (kind == QUIRE_FAULT_NONE && i > run->first) {
            bool joined = (prev & Q_JOIN_NEXT) != 0 && (record & Q_JOIN_PREV) != 0;
            kind = joined ? QUIRE_FAULT_NONE : QUIRE_FAULT_WRONG_ORDER;
        }
        if (kind != QUIRE_FAULT_NONE) {
            return q_fault(q, kind, call, q_pa(run->zone->first + i * unit), order, record);
        }
        prev = record;
    }
    return QUIRE_OK;
}

/* ---- split ----------------------------------------------------------------------------------------------- */

/* Writes the records of the frames of a block whose own is this, with the mark; then takes that away. */
static void finish_split(struct q_zone *z, size_t block, uint32_t record) {
    q_record *whole = &z->blocks[block].record;
    uint32_t guest = (record & Q_GUEST_MASK) >> Q_GUEST_SHIFT;
    for (size_t i = 0; i < Q_BLOCK; i++) {
        uint32_t none = 0, held = q_held(Q_TAG(record)) + (i + 1 == guest);
        uint32_t prev = i > 0 ? Q_JOIN_PREV : record & Q_JOIN_PREV;
        uint32_t next = i < Q_BLOCK - 1 ? Q_JOIN_NEXT : record & Q_JOIN_NEXT;
        /* relaxed: published by the exchange below; a helper that fails leaves the record to whoever wrote it (S1) */
        (void)atomic_compare_exchange_strong_explicit(&z->records[block * Q_BLOCK + i], &none, held | prev | next,
                                                      memory_order_relaxed, memory_order_relaxed);
    }
    /* Fails where a neighbour took a join away meanwhile, or where somebody else finished the split. seq_cst stands for
     * acq_rel, as in refs.c. */
    while (Q_COUNT(record) != 0 && !atomic_compare_exchange_strong(whole, &record, 0)) {}
}

void q_split(struct q_zone *z, size_t block) {
    q_record *whole = &z->blocks[block].record;
    /* acquire: pairs with the release in finish_split. Who sees the block split sees its frames' records. */
    uint32_t record = atomic_load_explicit(whole, memory_order_acquire);
    /* Fails where a neighbour took a join away meanwhile, or where somebody else began. acquire, also below: nothing is
     * to be published yet, and the frames' records are to be seen as whoever made the mark saw them. */
    while (Q_COUNT(record) != 0 && !q_is_parting(record) &&
           !atomic_compare_exchange_strong_explicit(whole, &record, record | Q_FREED, memory_order_acquire,
                                                    memory_order_acquire)) {}
    if (Q_COUNT(record) != 0) {
        finish_split(z, block, record | Q_FREED);
    }
}

bool q_split_for(struct q_zone *z, size_t block, size_t i, uint32_t whole) {
    uint32_t marked = whole | Q_FREED | (uint32_t)(i + 1) << Q_GUEST_SHIFT;
    /* seq_cst: as other references that are taken so (quire_try_get); with it the records that own_blocks cleared are
     * seen, else the split would come before that. */
    bool mine = atomic_compare_exchange_strong(&z->blocks[block].record, &whole, marked);
    if (mine) {
        finish_split(z, block, marked);
    }
    return mine;
}

/* ---- free ------------------------------------------------------------------------------------------------ */

/* The rest of put_run: `c` is the CPU's cache in this visit, or NULL. */
static Q_APART void put_run_apart(struct quire *q, struct q_cache *c, q_word visit, q_frame f, unsigned order) {
    bool kept = false;
    if (c != NULL) {
        q_cache_slow_down(c, visit);
        kept = q_cache_put_run(q, c, f, order);
        q_cache_close(c, visit);
    }
    if (!kept) {
        q_return_run(q, f, order);
    }
}

/* Whether the cache keeps a run at once. */
static inline bool keep_run(struct q_cache *c, q_frame f, unsigned order) {
    return order <= Q_RUN_ORDERS        ? q_cache_stack_run(c, f, order)
           : order == QUIRE_BLOCK_ORDER ? q_cache_put_block(c, f)
                                        : false;
}

/* Sends a run of 2 frames or more home whose records say free. */
static inline void put_run(struct quire *q, q_frame f, unsigned order) {
    q_word visit = 0;
    struct q_cache *c = order <= QUIRE_BLOCK_ORDER ? q_enter(q, &visit) : NULL;
    if (c != NULL && keep_run(c, f, order)) {
        q_cache_leave(c, visit, 0);
        return;
    }
    put_run_apart(q, c, visit, f, order);
}

static bool all_whole(const struct run *blocks) {
    for (size_t b = blocks->first; b < blocks->first + blocks->n; b++) {
        /* relaxed: the caller holds the blocks, or parts of them that it asks about again after q_split */
        uint32_t whole = atomic_load_explicit(&blocks->zone->blocks[b].record, memory_order_relaxed);
        if (Q_COUNT(whole) == 0 || q_is_parting(whole)) {
            return false;
        }
    }
    return true;
}

/* The records that speak for 2^order frames: those of whole blocks where all of these are whole, else the frames'. */
static struct run records_of(const struct q_place *at, unsigned order) {
    size_t first = at->frame - at->zone->first, n = (size_t)1 << order;
    struct run blocks = {at->zone, first / Q_BLOCK, n < Q_BLOCK ? 1 : n / Q_BLOCK, true};
    if (order >= QUIRE_BLOCK_ORDER && all_whole(&blocks)) {
        return blocks;
    }
    for (size_t b = blocks.first; b < blocks.first + blocks.n; b++) {
        q_split(at->zone, b);
    }
    return (struct run){at->zone, first, n, false};
}

void q_go_home(struct quire *q, q_frame f, unsigned order) {
    if (q->content != QUIRE_CONTENT_NONE) {
        q_content_freed(q, f, order);
    }
    if (order == 0) {
        q_put_frame(q, f);
    } else {
        put_run(q, f, order);
    }
}

void q_leave_neighbours(struct q_zone *z, q_frame f, uint32_t record) {
    struct run run = {z, f - z->first, 1, false};
    cut_out(&run, record, record);
}

enum quire_status q_free_run(struct quire *q, const char *call, quire_pa pa, unsigned order) {
    struct q_place at;
    enum quire_status status =
        q_find_quickly(q, pa, order, &at) ? QUIRE_OK : q_find(q, call, pa, order, QUIRE_FAULT_NEVER_ALLOCATED, &at);
    if (status != QUIRE_OK) {
        return status;
    }
    struct run run = records_of(&at, order);
    status = check_run(q, call, &run, order);
    if (status != QUIRE_OK) {
        return status;
    }
    if (!q_content_may_free(q, call, at.frame, order)) {
        return QUIRE_FAULT;
    }
    uint32_t first = 0, last = 0;
    for (size_t i = run.first; i < run.first + run.n; i++) {
        q_record *r = run_record(&run, i);
        last = atomic_load_explicit(r, memory_order_relaxed); /* relaxed: the frames are the caller's (R1) */
        first = i == run.first ? last : first;
        if (!q_mark_freed(r, last, run.of_blocks ? Q_CLEAN : 0)) {
            return q_fault(q, QUIRE_FAULT_DOUBLE_FREE, call, pa, order, q_freed(last));
        }
    }
    cut_out(&run, first, last);
    q_go_home(q, at.frame, order);
    return QUIRE_OK;
}

/* Writes "free" over the records of 2 frames or more with one owner. */
static inline void mark_freed(q_record *records, size_t n) {
    /* relaxed, also below: as in q_mark_freed */
    uint32_t freed = q_freed(atomic_load_explicit(&records[0], memory_order_relaxed));
    for (size_t i = 0; i < n; i += 2) {
        atomic_store_explicit(&records[i], freed, memory_order_relaxed);
        atomic_store_explicit(&records[i + 1], freed, memory_order_relaxed);
    }
}

/* Writes "free" over the records of a place where that is one allocation, held once: the usual case, in a short way.
 * False, and nothing changed: it may be anything else. */
static inline bool free_whole(const struct q_place *at, unsigned order) {
    if (order < QUIRE_BLOCK_ORDER) {
        bool alone = held_alone(at->record, (size_t)1 << order);
        if (alone) {
            mark_freed(at->record, (size_t)1 << order);
        }
        return alone;
    }
    q_record *whole = &at->zone->blocks[q_zone_block_of(at->zone, at->frame)].record;
    uint32_t record = atomic_load_explicit(whole, memory_order_relaxed); /* relaxed: as above, also below */
    bool alone = order == QUIRE_BLOCK_ORDER && q_held_alone(record & ~Q_CLEAN);
    if (alone) {
        atomic_store_explicit(whole, q_freed(record) | Q_CLEAN, memory_order_relaxed);
    }
    return alone;
}

enum quire_status quire_free_order(struct quire *q, quire_pa pa, unsigned order) {
    if (Q_SELDOM(order == 0)) {
        return quire_free(q, pa);
    }
    if (Q_SELDOM(order > QUIRE_MAX_ORDER)) {
        return QUIRE_INVALID;
    }
    struct q_place at;
    if (QUIRE_CHECK < 2 && q->content == QUIRE_CONTENT_NONE && q_find_quickly(q, pa, order, &at) &&
        free_whole(&at, order)) {
        put_run(q, at.frame, order);
        return QUIRE_OK;
    }
    return q_free_run(q, "quire_free_order", pa, order);
}

/* ---- allocate -------------------------------------------------------------------------------------------- */

/* A run that the cache kept; or Q_NO_FRAME. */
static inline q_frame kept_run(struct q_cache *c, unsigned order) {
    return order <= Q_RUN_ORDERS        ? q_cache_unstack_run(c, order)
           : order == QUIRE_BLOCK_ORDER ? q_cache_take_block(c)
                                        : Q_NO_FRAME;
}

/* From the CPU's cache, which fetches small runs where it has none, or from wherever there is one. */
static inline q_frame take_run(struct quire *q, unsigned order) {
    q_word visit = 0;
    struct q_cache *c = order <= QUIRE_BLOCK_ORDER ? q_enter(q, &visit) : NULL;
    q_frame f = c != NULL ? kept_run(c, order) : Q_NO_FRAME;
    if (f == Q_NO_FRAME) {
        return q_search_run(q, c, visit, order);
    }
    q_cache_leave(c, visit, 0);
    return f;
}

static void own_blocks(struct q_zone *z, size_t first, size_t n, uint8_t tag) {
    Q_ASSERT(n > 0 && first + n <= z->n_blocks, first);
    for (size_t b = first; b < first + n; b++) {
        q_record *whole = &z->blocks[b].record;
        /* relaxed: all frames of the block are ours, they came with acquire (R1) */
        if ((atomic_load_explicit(whole, memory_order_relaxed) & Q_CLEAN) == 0) {
            for (size_t i = b * Q_BLOCK; i < (b + 1) * Q_BLOCK; i++) {
                atomic_store_explicit(&z->records[i], 0, memory_order_relaxed); /* a walk may be reading them */
            }
        }
        uint32_t joins = (b > first ? Q_JOIN_PREV : 0) | (b + 1 < first + n ? Q_JOIN_NEXT : 0);
        /* release, also in own_whole: a guest splits the block without having been told of it (q_split_for) */
        atomic_store_explicit(whole, q_held(tag) | Q_CLEAN | joins, memory_order_release);
    }
}

static inline void own_frames(q_record *records, size_t n, uint8_t tag) {
    uint32_t first = q_held(tag) | Q_JOIN_NEXT, between = first | Q_JOIN_PREV;
    atomic_store_explicit(&records[0], first, memory_order_relaxed); /* as above, also below */
    for (size_t i = 1; i < n - 1; i += 2) {
        atomic_store_explicit(&records[i], between, memory_order_relaxed);
        atomic_store_explicit(&records[i + 1], between, memory_order_relaxed);
    }
    atomic_store_explicit(&records[n - 1], between ^ Q_JOIN_NEXT, memory_order_relaxed);
}

/* The first frame of a run that was taken but can not be used, and the fault reported; Q_NO_FRAME: all are good. */
static q_frame bad_frame(struct quire *q, struct q_zone *z, q_frame f, unsigned order) {
    bool touch = q->content != QUIRE_CONTENT_NONE;
    if (!touch && (order >= QUIRE_BLOCK_ORDER || all_unheld(q_zone_record(z, f), (size_t)1 << order))) {
        return Q_NO_FRAME;
    }
    for (q_frame i = f; i < f + ((q_frame)1 << order); i++) {
        uint32_t record = atomic_load_explicit(q_zone_record(z, i), memory_order_relaxed); /* as above */
        if (!q_unheld(record)) {
            (void)q_fault(q, QUIRE_FAULT_HANDED_TWICE, "quire_alloc_order", q_pa(i), order, record);
            return i;
        }
        if (touch && !q_content_given(q, "quire_alloc_order", i, order, true)) {
            q_zone_soil(z, q_zone_block_of(z, i));
            atomic_store_explicit(q_zone_record(z, i), q_held(QUIRE_TAG_QUARANTINE), memory_order_relaxed);
            return i;
        }
    }
    return Q_NO_FRAME;
}

/* Whether nobody holds the blocks of a run that was taken. Else a block that somebody does hold, which came home twice, is
 * reported and left to him; the others go home again. */
static bool blocks_unheld(struct quire *q, struct q_zone *z, q_frame f, unsigned order) {
    size_t first = q_zone_block_of(z, f), end = first + ((size_t)1 << order) / Q_BLOCK;
    uint32_t all = 0;
    for (size_t b = first; b < end; b++) {
        all |= atomic_load_explicit(&z->blocks[b].record, memory_order_relaxed); /* as above, also below */
    }
    for (size_t b = first; Q_COUNT(all) != 0 && b < end; b++) {
        uint32_t record = atomic_load_explicit(&z->blocks[b].record, memory_order_relaxed) & ~Q_CLEAN;
        if (Q_COUNT(record) != 0) {
            (void)q_fault(q, QUIRE_FAULT_HANDED_TWICE, "quire_alloc_order", q_pa(q_zone_frame(z, b)), order, record);
        } else {
            q_return_run(q, q_zone_frame(z, b), QUIRE_BLOCK_ORDER);
        }
    }
    return Q_COUNT(all) == 0;
}

/* Sends all of a run home but for one frame. */
static void put_all_but(struct quire *q, q_frame f, unsigned order, q_frame bad) {
    for (q_frame i = f; i < f + ((q_frame)1 << order); i++) {
        if (i != bad) {
            q_put_frame(q, i);
        }
    }
}

static enum quire_status why_none(const struct quire *q, unsigned order) {
    struct quire_stats stats;
    quire_stats(q, &stats);
    q_frame n_runs = (q_frame)stats.n_free >> order; /* a word, which numbers all frames: see q_is_misaligned */
    return !q_ever_fits(q, order) ? QUIRE_UNSATISFIABLE : n_runs == 0 ? QUIRE_NO_MEMORY : QUIRE_FRAGMENTED;
}

/* Hands out a run that was taken, to `tag`; false: it can not be used, for a reason that was reported. */
static bool hand_out_run(struct quire *q, q_frame f, unsigned order, uint8_t tag) {
    struct q_zone *z = q_zone_of(q, f);
    Q_ASSERT(z != NULL, f);
    if (order >= QUIRE_BLOCK_ORDER && !blocks_unheld(q, z, f, order)) {
        return false;
    }
    q_frame bad = bad_frame(q, z, f, order);
    if (bad != Q_NO_FRAME) {
        put_all_but(q, f, order, bad);
        return false;
    }
    size_t first = f - z->first, n = (size_t)1 << order;
    if (order >= QUIRE_BLOCK_ORDER) {
        own_blocks(z, first / Q_BLOCK, n / Q_BLOCK, tag);
    } else {
        own_frames(&z->records[first], n, tag);
    }
    return true;
}

/* The rest of quire_alloc_order; `f`: a run that was taken, if any. */
static Q_APART enum quire_status alloc_run_apart(struct quire *q, q_frame f, unsigned order, uint8_t tag,
                                                 quire_pa *out) {
    /* Each run that can not be used takes a frame out of circulation, so this ends. */
    for (; f != Q_NO_FRAME; f = take_run(q, order)) {
        if (hand_out_run(q, f, order, tag)) {
            *out = q_pa(f);
            return QUIRE_OK;
        }
    }
    *out = QUIRE_NONE;
    return why_none(q, order);
}

/* Gives a run that was taken to `tag` where nothing stands against it: the usual case, in a short way. False, and
 * nothing changed: something may. */
static inline bool own_whole(const struct quire *q, q_frame f, unsigned order, uint8_t tag) {
    struct q_zone *z = q_zone_of(q, f);
    if (order < QUIRE_BLOCK_ORDER) {
        q_record *records = q_zone_record(z, f);
        bool unheld = all_unheld(records, (size_t)1 << order);
        if (unheld) {
            own_frames(records, (size_t)1 << order, tag);
        }
        return unheld;
    }
    q_record *whole = &z->blocks[q_zone_block_of(z, f)].record;
    uint32_t record =
        atomic_load_explicit(whole, memory_order_relaxed); /* relaxed: the block is ours (R1), also below */
    bool clean = order == QUIRE_BLOCK_ORDER && Q_COUNT(record) == 0 && (record & Q_CLEAN) != 0;
    if (clean) {
        atomic_store_explicit(whole, q_held(tag) | Q_CLEAN, memory_order_release); /* as in own_blocks */
    }
    return clean;
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
    q_frame f = take_run(q, order);
    if (f == Q_NO_FRAME || q->content != QUIRE_CONTENT_NONE || !own_whole(q, f, order, tag)) {
        return alloc_run_apart(q, f, order, tag, out);
    }
    *out = q_pa(f);
    return QUIRE_OK;
}
