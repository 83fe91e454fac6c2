/* own.c: who holds frames: the records of runs of frames and of whole blocks (record.h).
 *
 * Frames of one allocation are joined to their neighbours, so that any aligned part of it can be freed: what is left
 * stays joined.
 *
 *   a run of 4:   | held, NEXT | held, PREV NEXT | held, PREV NEXT | held, PREV |
 *   2 of it freed:| freed      | freed           | held, NEXT      | held, PREV |
 *
 * A join counts from both sides: the left frame has NEXT, the right one PREV. A CPU that frees a part takes the joins of
 * its two neighbours away, and other CPUs may hold these by then. It does so by an atomic "and", which disturbs neither a
 * count nor a tag.
 *
 * Up to order 8 each frame gets a record. A whole block gets one record instead of 512, and the frames' records are 0.
 * When a part of the block is freed or shared, the block is split:
 *
 * S1  Split writes "held, joined" into each frame record that is 0, by compare-exchange, then takes the block's
 *     record away. CPUs that hold different parts may split at once: each finishes the whole split by itself, and
 *     finds the records that others wrote, or freed, no longer 0. Nobody waits.               interleaving tests
 * S2  No record goes back to 0 while a part of the block is held; the CPU that splits holds one.   R1, q_freed()
 * S3  A split begins with a mark in the block's record (PARTING), which also says which frame has a guest by then. So all
 *     CPUs that split write the same, and a guest, who held nothing before, holds a part from the mark on.
 *                                                                                             interleaving tests
 *
 * Joins between two blocks of an order 10 may stand in the block's record on one side and in the frame's on the
 * other, and a split may carry a join over that was just taken away; so a join counts only if both sides have it. */
#include "own.h"

#include "cache.h"
#include "content.h"
#include "home.h"
#include "place.h"
#include "report.h"
#include "take.h"

/* ---- the records of a run of frames, or of blocks -------------------------------------------------------- */

static size_t frames_per_record(const struct q_run *run) {
    return run->of_blocks ? Q_BLOCK : 1;
}

/* The record of the `i`th frame of the zone, or of its `i`th block. */
static q_record *run_record(const struct q_run *run, size_t i) {
    Q_ASSERT(i < run->zone->n_blocks * (run->of_blocks ? 1 : Q_BLOCK), i);
    return run->of_blocks ? &run->zone->blocks[i].record : &run->zone->records[i];
}

static uint32_t read_record(const q_record *record) {
    /* relaxed: the caller holds the frame or block, or misuses it */
    return atomic_load_explicit(record, memory_order_relaxed);
}

static void write_record(q_record *record, uint32_t value) {
    /* relaxed: the frames are the caller's; a walk may be reading this */
    atomic_store_explicit(record, value, memory_order_relaxed);
}

/* Takes a join away from a frame, in whichever record it stands. */
static void drop_join(struct q_zone *z, size_t frame, uint32_t join) {
    Q_ASSERT(frame < z->n_blocks * Q_BLOCK && (join == Q_JOIN_PREV || join == Q_JOIN_NEXT), frame);
    /* relaxed: only flags of records whose frames others hold; they look at them when they free (both sides, see
     * above) */
    atomic_fetch_and_explicit(&z->records[frame], ~join, memory_order_relaxed);
    if (frame % Q_BLOCK == (join == Q_JOIN_PREV ? 0 : Q_BLOCK - 1)) {
        atomic_fetch_and_explicit(&z->blocks[frame / Q_BLOCK].record, ~join, memory_order_relaxed);
    }
}

/* The run is leaving its allocation: what remains on either side ends there. */
static void cut_out(const struct q_run *run, uint32_t first_record, uint32_t last_record) {
    size_t unit = frames_per_record(run);
    Q_ASSERT(run->n > 0, run->first);
    if ((first_record & Q_JOIN_PREV) != 0) {
        drop_join(run->zone, run->first * unit - 1, Q_JOIN_NEXT);
    }
    if ((last_record & Q_JOIN_NEXT) != 0) {
        drop_join(run->zone, (run->first + run->n) * unit, Q_JOIN_PREV);
    }
}

void q_leave_neighbours(struct q_zone *z, q_frame f, uint32_t record) {
    struct q_run run = {z, f - z->first, 1, false};
    cut_out(&run, record, record);
}

/* What speaks for a frame or block that may be free. */
static uint32_t last_record(const struct q_run *run, size_t i) {
    return run->of_blocks ? read_record(run_record(run, i)) & ~Q_CLEAN
                          : q_zone_last_record(run->zone, run->zone->first + i);
}

/* ---- split ----------------------------------------------------------------------------------------------- */

/* Writes the records of the frames of a block whose own is this, with the mark; then takes that away. */
static void finish_split(struct q_zone *z, size_t block, uint32_t record) {
    q_record *whole = &z->blocks[block].record;
    uint32_t guest = (record & Q_GUEST_MASK) >> Q_GUEST_SHIFT;
    Q_ASSERT(q_is_parting(record), record);
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

void q_split_block(struct q_zone *z, size_t block) {
    Q_ASSERT(q_zone_ready(z, block), block);
    q_record *whole = &z->blocks[block].record;
    /* acquire: pairs with the release in finish_split. A CPU that sees the block split sees its frames' records. */
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

void q_split(struct quire *q, struct q_zone *z, size_t block) {
    /* acquire: as in q_split_block, where it may not come to that */
    uint32_t whole = atomic_load_explicit(&z->blocks[block].record, memory_order_acquire);
    if (Q_COUNT(whole) != 0) {
        struct q_cache *home = q_call_begin(q); /* a recount would take a half-split block for damage */
        q_tell(q);
        q_split_block(z, block);
        q_call_end(home);
    }
}

bool q_split_for(struct q_zone *z, size_t block, size_t i, uint32_t whole) {
    Q_ASSERT(i < Q_BLOCK && Q_COUNT(whole) == 1 && !q_is_parting(whole), whole);
    uint32_t marked = whole | Q_FREED | (uint32_t)(i + 1) << Q_GUEST_SHIFT;
    /* seq_cst: as other references that are taken so (quire_try_get); with it the records that own_blocks cleared are
     * seen, else the split would come before that. */
    bool mine = atomic_compare_exchange_strong(&z->blocks[block].record, &whole, marked);
    if (mine) {
        finish_split(z, block, marked);
    }
    return mine;
}

/* ---- take back ------------------------------------------------------------------------------------------- */

/* Whether each of the blocks is one allocation, or a part of one, and none is being split. */
static bool all_whole(const struct q_run *blocks) {
    for (size_t b = blocks->first; b < blocks->first + blocks->n; b++) {
        uint32_t whole = read_record(&blocks->zone->blocks[b].record);
        if (Q_COUNT(whole) == 0 || q_is_parting(whole)) {
            return false;
        }
    }
    return true;
}

/* The records that speak for 2^order frames: those of whole blocks if all of these are whole, else the frames'. */
static struct q_run records_of(struct quire *q, const struct q_place *at, unsigned order) {
    size_t first = at->frame - at->zone->first, n = (size_t)1 << order;
    struct q_run blocks = {at->zone, first / Q_BLOCK, n < Q_BLOCK ? 1 : n / Q_BLOCK, true};
    Q_ASSERT((at->frame & (n - 1)) == 0 && blocks.first + blocks.n <= at->zone->n_blocks, at->frame);
    if (order >= QUIRE_BLOCK_ORDER && all_whole(&blocks)) {
        return blocks;
    }
    for (size_t b = blocks.first; b < blocks.first + blocks.n; b++) {
        q_split(q, at->zone, b);
    }
    return (struct q_run){at->zone, first, n, false};
}

/* What is wrong with freeing a frame or block that has this record; whether its neighbours fit is asked elsewhere. */
static enum quire_fault_kind why_not(const struct q_run *run, uint32_t record) {
    if (Q_COUNT(record) > 1) {
        return QUIRE_FAULT_SHARED;
    }
    if (Q_COUNT(record) == 1) {
        return QUIRE_FAULT_NONE;
    }
    /* Nobody holds it: never was anybody's, a hole, or freed before. */
    if (!run->of_blocks && (record & Q_RESERVED) != 0) {
        return QUIRE_FAULT_RESERVED;
    }
    return (record & Q_FREED) != 0 ? QUIRE_FAULT_DOUBLE_FREE : QUIRE_FAULT_NEVER_ALLOCATED;
}

/* Looks at all records before any is changed; reports the first that stands against freeing the run. */
static enum quire_status check_run(struct quire *q, const char *call, const struct q_run *run, unsigned order) {
    uint32_t prev = 0;
    for (size_t i = run->first; i < run->first + run->n; i++) {
        uint32_t record = last_record(run, i);
        enum quire_fault_kind kind = why_not(run, record);
        if (kind == QUIRE_FAULT_NONE && i > run->first) {
            bool joined = (prev & Q_JOIN_NEXT) != 0 && (record & Q_JOIN_PREV) != 0;
            kind = joined ? QUIRE_FAULT_NONE : QUIRE_FAULT_WRONG_ORDER;
        }
        if (kind != QUIRE_FAULT_NONE) {
            return q_fault(q, kind, call, q_pa(run->zone->first + i * frames_per_record(run)), order, record);
        }
        prev = record;
    }
    return QUIRE_OK;
}

enum quire_status q_find_own(struct quire *q, const char *call, quire_pa pa, unsigned order, struct q_run *run) {
    struct q_place at;
    if (!q_locate_quickly(q, pa, order, &at)) {
        enum quire_fault_kind kind = q_locate(q, pa, order, QUIRE_FAULT_NEVER_ALLOCATED, &at);
        if (kind != QUIRE_FAULT_NONE) {
            return q_fault(q, kind, call, pa, order, 0);
        }
    }
    *run = records_of(q, &at, order);
    return check_run(q, call, run, order);
}

enum quire_status q_disown(struct quire *q, const char *call, const struct q_run *run, unsigned order) {
    uint32_t first = 0, last = 0;
    Q_ASSERT(run->n > 0 && run->n == (run->of_blocks ? ((size_t)1 << order) / Q_BLOCK : (size_t)1 << order), run->n);
    for (size_t i = run->first; i < run->first + run->n; i++) {
        last = read_record(run_record(run, i));
        first = i == run->first ? last : first;
        if (!q_mark_freed(run_record(run, i), last, run->of_blocks ? Q_CLEAN : 0)) {
            return q_fault(q, QUIRE_FAULT_DOUBLE_FREE, call, q_pa(q_run_frame(run)), order, q_freed(last));
        }
    }
    cut_out(run, first, last);
    return QUIRE_OK;
}

/* ---- hand out -------------------------------------------------------------------------------------------- */

/* Whether nobody holds the blocks of a run that was taken. Else a block that somebody does hold, which came home twice, is
 * reported and left to its holder; the others go home again. */
static bool blocks_unheld(struct quire *q, const char *call, const struct q_run *blocks, unsigned order) {
    uint32_t all = 0;
    Q_ASSERT(blocks->of_blocks && order >= QUIRE_BLOCK_ORDER, order);
    for (size_t b = blocks->first; b < blocks->first + blocks->n; b++) {
        all |= read_record(run_record(blocks, b));
    }
    for (size_t b = blocks->first; Q_COUNT(all) != 0 && b < blocks->first + blocks->n; b++) {
        uint32_t record = read_record(run_record(blocks, b)) & ~Q_CLEAN;
        q_frame f = q_zone_frame(blocks->zone, b);
        if (Q_COUNT(record) != 0) {
            (void)q_fault(q, QUIRE_FAULT_HANDED_TWICE, call, q_pa(f), order, record);
        } else {
            q_give_home(q, f, QUIRE_BLOCK_ORDER);
        }
    }
    return Q_COUNT(all) == 0;
}

/* The first frame of a run that was taken but cannot be used, and the fault reported; Q_NO_FRAME: all are good. */
static q_frame bad_frame(struct quire *q, const char *call, const struct q_run *frames, unsigned order, bool fill) {
    struct q_zone *z = frames->zone;
    Q_ASSERT(!frames->of_blocks && frames->n == (size_t)1 << order, frames->n);
    for (size_t i = frames->first; i < frames->first + frames->n; i++) {
        q_frame f = z->first + i;
        uint32_t record = read_record(&z->records[i]);
        if (!q_unheld(record)) {
            (void)q_fault(q, QUIRE_FAULT_HANDED_TWICE, call, q_pa(f), order, record);
            return f;
        }
        if (q->content != QUIRE_CONTENT_NONE && !q_content_given(q, call, f, order, fill)) {
            q_zone_soil(z, q_zone_block_of(z, f));
            write_record(&z->records[i], q_held(QUIRE_TAG_QUARANTINE));
            return f;
        }
    }
    return Q_NO_FRAME;
}

/* Makes blocks [first, first + n) one allocation; a frame's record that is not 0 becomes so. */
static void own_blocks(const struct q_run *blocks, uint8_t tag) {
    Q_ASSERT(blocks->of_blocks && blocks->n > 0 && blocks->first + blocks->n <= blocks->zone->n_blocks, blocks->first);
    struct q_zone *z = blocks->zone;
    size_t end = blocks->first + blocks->n;
    for (size_t b = blocks->first; b < end; b++) {
        if ((read_record(run_record(blocks, b)) & Q_CLEAN) == 0) {
            for (size_t i = b * Q_BLOCK; i < (b + 1) * Q_BLOCK; i++) {
                write_record(&z->records[i], 0);
            }
        }
        uint32_t joins = (b > blocks->first ? Q_JOIN_PREV : 0) | (b + 1 < end ? Q_JOIN_NEXT : 0);
        /* release, also in order.c: a guest splits the block without having been told of it (q_split_for) */
        atomic_store_explicit(run_record(blocks, b), q_held(tag) | Q_CLEAN | joins, memory_order_release);
    }
}

/* Gives all of a run back but for one frame. */
static void give_all_but(struct quire *q, q_frame f, unsigned order, q_frame bad) {
    Q_ASSERT(bad - f < (q_frame)1 << order, bad);
    for (q_frame i = f; i < f + ((q_frame)1 << order); i++) {
        if (i != bad) {
            q_give(q, i, 0);
        }
    }
}

bool q_hand_out(struct quire *q, const char *call, q_frame f, unsigned order, uint8_t tag, bool fill) {
    struct q_zone *z = q_zone_of(q, f);
    if (!Q_CHECK(q, call, z != NULL, f)) {
        return false;
    }
    size_t first = f - z->first, n = (size_t)1 << order;
    Q_ASSERT((f & (n - 1)) == 0 && first + n <= z->n_blocks * Q_BLOCK, f);
    struct q_run frames = {z, first, n, false}, blocks = {z, first / Q_BLOCK, n / Q_BLOCK, true};
    if (order >= QUIRE_BLOCK_ORDER && !blocks_unheld(q, call, &blocks, order)) {
        return false;
    }
    /* The frames of a block need no look but for their contents: its record speaks for them. */
    if (order < QUIRE_BLOCK_ORDER || q->content != QUIRE_CONTENT_NONE) {
        q_frame bad = bad_frame(q, call, &frames, order, fill);
        if (bad != Q_NO_FRAME) {
            give_all_but(q, f, order, bad);
            return false;
        }
    }
    if (order >= QUIRE_BLOCK_ORDER) {
        own_blocks(&blocks, tag);
    } else if (order > 0) {
        q_own_run(&z->records[first], n, tag);
    } else {
        write_record(&z->records[first], q_held(tag));
    }
    return true;
}
