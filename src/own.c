/* own.c: writing down who holds frames, and checking that before they are freed (record.h).
 *
 * Frames of one allocation are joined to their neighbours, so that any part of it can be freed: what is left
 * stays joined.
 *
 *   a run of 4:   | held, NEXT | held, PREV NEXT | held, PREV NEXT | held, PREV |
 *   2 of it freed:| freed      | freed           | held, NEXT      | held, PREV |
 *
 * A join counts from both sides: the left frame has NEXT, the right one PREV. A CPU that frees a part takes the joins of
 * its two neighbours away, and other CPUs may hold these by then. It does so by an atomic "and", which disturbs neither a
 * count nor a tag.
 *
 * A run may have any number of frames, over any number of blocks. A block of which it has all frames gets one record
 * instead of 512, and its frames' records are 0. All other frames get a record each:
 *
 *              |       block 6      |       block 7      |       block 8      |
 *   a run:             | h | h | h |         held        | h | h |
 *                       NEXT .. PREV NEXT    PREV NEXT    PREV ..
 *
 * When a part of such a block is freed or shared, the block is split:
 *
 * S1  Split writes "held, joined" into each frame record that is 0, by compare-exchange, then takes the block's
 *     record away. CPUs that hold different parts may split at once: each finishes the whole split by itself, and
 *     finds the records that others wrote, or freed, no longer 0. Nobody waits.               interleaving tests
 * S2  No record goes back to 0 while a part of the block is held; the CPU that splits holds one.   R1, q_freed()
 * S3  A split begins with a mark in the block's record (PARTING), which also says which frame has a guest by then. So all
 *     CPUs that split write the same, and a guest, who held nothing before, holds a part from the mark on.
 *                                                                                             interleaving tests
 *
 * A join between two blocks may stand in the block's record on one side and in the frame's on the other, and a split may
 * carry a join over that was just taken away; so a join counts only if both sides have it. */
#include "own.h"

#include "cache.h"
#include "content.h"
#include "home.h"
#include "place.h"
#include "report.h"
#include "take.h"

/* ---- the records of a run ------------------------------------------------------------------------------- */

/* What one record speaks for: n frames, 1 or all of a block. */
struct piece {
    q_record *record;
    size_t n;
};

/* Whether a run has all frames of the block. */
static bool covers(const struct q_run *run, size_t block) {
    return run->first <= block * Q_BLOCK && run->first + run->n >= (block + 1) * Q_BLOCK;
}

static struct piece frame_piece(const struct q_run *run, size_t i) {
    Q_ASSERT(i >= run->first && i < run->first + run->n && i < run->zone->n_blocks * Q_BLOCK, i);
    return (struct piece){&run->zone->records[i], 1};
}

/* The piece of a run that begins with the zone's `i`th frame: all of a block where the run has that, else a frame. */
static struct piece piece_at(const struct q_run *run, size_t i) {
    size_t block = i / Q_BLOCK;
    return i % Q_BLOCK == 0 && covers(run, block) ? (struct piece){&run->zone->wholes[block], Q_BLOCK}
                                                  : frame_piece(run, i);
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
        atomic_fetch_and_explicit(&z->wholes[frame / Q_BLOCK], ~join, memory_order_relaxed);
    }
}

/* The run is leaving its allocation: what remains on either side ends there. */
static void cut_out(const struct q_run *run, uint32_t first_record, uint32_t last_record) {
    Q_ASSERT(run->n > 0, run->first);
    if ((first_record & Q_JOIN_PREV) != 0) {
        drop_join(run->zone, run->first - 1, Q_JOIN_NEXT);
    }
    if ((last_record & Q_JOIN_NEXT) != 0) {
        drop_join(run->zone, run->first + run->n, Q_JOIN_PREV);
    }
}

void q_leave_neighbours(struct q_zone *z, q_frame f, uint32_t record) {
    struct q_run run = {z, f - z->first, 1};
    cut_out(&run, record, record);
}

/* ---- split ----------------------------------------------------------------------------------------------- */

/* The record that the `i`th frame of a block gets when the block is split, whose own is this. */
static uint32_t part_of_whole(uint32_t whole, size_t i) {
    uint32_t guest = q_is_parting(whole) ? (whole & Q_GUEST_MASK) >> Q_GUEST_SHIFT : 0;
    uint32_t prev = i > 0 ? Q_JOIN_PREV : whole & Q_JOIN_PREV;
    uint32_t next = i < Q_BLOCK - 1 ? Q_JOIN_NEXT : whole & Q_JOIN_NEXT;
    Q_ASSERT(i < Q_BLOCK && Q_COUNT(whole) != 0, whole);
    return (q_held(Q_TAG(whole)) + (i + 1 == guest)) | prev | next;
}

/* Writes the records of the frames of a block whose own is this, with the mark; then takes that away. */
static void finish_split(struct q_zone *z, size_t block, uint32_t record) {
    q_record *whole = &z->wholes[block];
    Q_ASSERT(q_is_parting(record), record);
    for (size_t i = 0; i < Q_BLOCK; i++) {
        uint32_t none = 0;
        /* relaxed: published by the exchange below; a helper that fails leaves the record to whoever wrote it (S1) */
        (void)atomic_compare_exchange_strong_explicit(&z->records[block * Q_BLOCK + i], &none, part_of_whole(record, i),
                                                      memory_order_relaxed, memory_order_relaxed);
    }
    /* Fails where a neighbour took a join away meanwhile, or where somebody else finished the split. seq_cst stands for
     * acq_rel, as in refs.c. */
    while (Q_COUNT(record) != 0 && !atomic_compare_exchange_strong(whole, &record, 0)) {}
}

void q_split_block(struct q_zone *z, size_t block) {
    Q_ASSERT(q_zone_ready(z, block), block);
    q_record *whole = &z->wholes[block];
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
    uint32_t whole = atomic_load_explicit(&z->wholes[block], memory_order_acquire);
    if (Q_COUNT(whole) != 0) {
        struct q_cache *home = q_call_begin(q); /* a recount would take a half-split block for damage */
        q_tell(home);
        q_split_block(z, block);
        q_call_end(home);
    }
}

bool q_split_for(struct q_zone *z, size_t block, size_t i, uint32_t whole) {
    Q_ASSERT(i < Q_BLOCK && Q_COUNT(whole) == 1 && !q_is_parting(whole), whole);
    uint32_t marked = whole | Q_FREED | (uint32_t)(i + 1) << Q_GUEST_SHIFT;
    /* seq_cst: as other references that are taken so (quire_try_get); with it the records that own_blocks cleared are
     * seen, else the split would come before that. */
    bool mine = atomic_compare_exchange_strong(&z->wholes[block], &whole, marked);
    if (mine) {
        finish_split(z, block, marked);
    }
    return mine;
}

/* ---- take back ------------------------------------------------------------------------------------------- */

/* What is wrong with freeing a piece that has this record; whether its neighbours fit is asked elsewhere. */
static enum quire_fault_kind why_not(uint32_t record) {
    if (Q_COUNT(record) > 1) {
        return QUIRE_FAULT_SHARED;
    }
    if (Q_COUNT(record) == 1) {
        return QUIRE_FAULT_NONE;
    }
    /* Nobody holds it: a hole, never was anybody's, or freed before. */
    if ((record & Q_RESERVED) != 0) {
        return QUIRE_FAULT_RESERVED;
    }
    return (record & Q_FREED) != 0 ? QUIRE_FAULT_DOUBLE_FREE : QUIRE_FAULT_NEVER_ALLOCATED;
}

/* What of a run begins with its `i`th frame, and what speaks for it. Of a frame whose block is held as a whole, or being
 * split, that is what it gets by the split: so nothing has to be split for looking. One look at the block decides, since
 * a guest may split it at any moment. */
static struct piece look_at_piece(const struct q_run *run, size_t i, uint32_t *record) {
    struct piece p = piece_at(run, i), frame = frame_piece(run, i);
    /* acquire: whoever sees the block split sees its frames' records */
    uint32_t whole = atomic_load_explicit(&run->zone->wholes[i / Q_BLOCK], memory_order_acquire);
    if (p.n == Q_BLOCK && Q_COUNT(whole) != 0 && !q_is_parting(whole)) {
        *record = whole & ~Q_CLEAN;
        return p;
    }
    *record = read_record(frame.record);
    if (*record == 0 && Q_COUNT(whole) != 0) {
        *record = part_of_whole(whole, i % Q_BLOCK);
    } else if (*record == 0 && (whole & Q_FREED) != 0) {
        *record = whole & ~Q_CLEAN;
    }
    return frame;
}

/* Looks at all records before any is changed; reports the first that stands against freeing the run, of n frames that a caller
 * named. `as_one`: it is to be all of one allocation, or a part of one. */
static enum quire_status check_run(struct quire *q, const char *call, const struct q_run *run, size_t n, bool as_one) {
    uint32_t prev = Q_JOIN_NEXT;
    Q_ASSERT(run->n > 0 && run->n <= n, run->n);
    for (size_t i = run->first; i < run->first + run->n;) {
        uint32_t record;
        struct piece p = look_at_piece(run, i, &record);
        enum quire_fault_kind kind = why_not(record);
        if (kind == QUIRE_FAULT_NONE && as_one && i > run->first) {
            bool joined = (prev & Q_JOIN_NEXT) != 0 && (record & Q_JOIN_PREV) != 0;
            kind = joined ? QUIRE_FAULT_NONE : QUIRE_FAULT_WRONG_ORDER;
        }
        if (kind != QUIRE_FAULT_NONE) {
            return q_fault(q, kind, call, q_pa(run->zone->first + i), n, record);
        }
        prev = record;
        i += p.n;
    }
    return QUIRE_OK;
}

/* Gives the frames of blocks that a run has only a part of records of their own. */
static void split_ends(struct quire *q, const struct q_run *run) {
    size_t first = run->first / Q_BLOCK, last = (run->first + run->n - 1) / Q_BLOCK;
    Q_ASSERT(first <= last && last < run->zone->n_blocks, last);
    if (!covers(run, first)) {
        q_split(q, run->zone, first);
    }
    if (last != first && !covers(run, last)) {
        q_split(q, run->zone, last);
    }
}

/* The first of n frames at `pa` that can not be looked up, and why. Frames that can are passed over by blocks. If all can
 * by now, since memory was added meanwhile, it is the first one, and UNMANAGED as before. */
static quire_pa first_bad(const struct quire *q, quire_pa pa, size_t n, enum quire_fault_kind if_fresh,
                          enum quire_fault_kind *kind) {
    struct q_place at;
    quire_pa bad = pa;
    for (size_t done = 0; done < n && (*kind = q_locate(q, bad, 1, if_fresh, &at)) == QUIRE_FAULT_NONE;) {
        size_t rest = q_in_block(at.frame, n - done);
        size_t good = q_locate(q, bad, rest, if_fresh, &at) == QUIRE_FAULT_NONE ? rest : 1;
        done += good;
        bad += (quire_pa)good << QUIRE_PAGE_SHIFT;
    }
    bool none = *kind == QUIRE_FAULT_NONE;
    *kind = none ? QUIRE_FAULT_UNMANAGED : *kind;
    return none ? pa : bad;
}

/* Reports the first of n frames that can not be looked up; `if_fresh` is the fault where its block was never used. */
static enum quire_status report_unlocated(struct quire *q, const char *call, quire_pa pa, size_t n,
                                          enum quire_fault_kind if_fresh) {
    enum quire_fault_kind kind = QUIRE_FAULT_NONE;
    quire_pa bad = first_bad(q, pa, n, if_fresh, &kind);
    return q_fault(q, kind, call, bad, n, 0);
}

/* Finds the frames at `pa`: n, or as many as can be looked up, in the zone of the first one. 0: not even that. */
static size_t n_located(const struct quire *q, quire_pa pa, size_t n, struct q_run *run) {
    struct q_place at;
    enum quire_fault_kind kind = QUIRE_FAULT_NONE;
    size_t found = n;
    if (!q_locate_quickly(q, pa, n, &at) && q_locate(q, pa, n, QUIRE_FAULT_UNMANAGED, &at) != QUIRE_FAULT_NONE) {
        if (q_locate(q, pa, 1, QUIRE_FAULT_UNMANAGED, &at) != QUIRE_FAULT_NONE) {
            return 0;
        }
        q_frame end = q_zone_bounds(at.zone).end;
        found = n < end - at.frame ? n : end - at.frame;
        if (q_locate(q, pa, found, QUIRE_FAULT_UNMANAGED, &at) != QUIRE_FAULT_NONE) {
            found = (size_t)((first_bad(q, pa, found, QUIRE_FAULT_UNMANAGED, &kind) - pa) >> QUIRE_PAGE_SHIFT);
        }
    }
    Q_ASSERT(found <= n, found);
    *run = (struct q_run){at.zone, at.frame - at.zone->first, found};
    return found;
}

/* Reports the first frame of another zone: no allocation lies in two. */
static enum quire_status report_beyond(struct quire *q, const char *call, const struct q_run *beyond, size_t n) {
    uint32_t record;
    (void)look_at_piece(beyond, beyond->first, &record);
    enum quire_fault_kind kind = why_not(record);
    return q_fault(q, kind != QUIRE_FAULT_NONE ? kind : QUIRE_FAULT_WRONG_ORDER, call, q_pa(q_run_frame(beyond)), n,
                   record);
}

enum quire_status q_find_own(struct quire *q, const char *call, quire_pa pa, size_t n, bool as_one, struct q_run *run) {
    if (as_one && q_is_misaligned(pa, q_order_of(n))) {
        return q_fault(q, QUIRE_FAULT_MISALIGNED, call, pa, n, 0);
    }
    struct q_run beyond;
    size_t n_found = n_located(q, pa, n, run);
    bool goes_on = as_one && n_found > 0 && n_found < n &&
                   n_located(q, pa + ((quire_pa)n_found << QUIRE_PAGE_SHIFT), 1, &beyond) == 1;
    /* Of one allocation the whole is wrong if its end can not be looked up, else the first frame that is. */
    bool look = n_found == n || (n_found > 0 && (!as_one || goes_on));
    enum quire_status status = look ? check_run(q, call, run, n, as_one) : QUIRE_OK;
    if (status != QUIRE_OK || n_found == n) {
        return status;
    }
    return goes_on ? report_beyond(q, call, &beyond, n) : report_unlocated(q, call, pa, n, QUIRE_FAULT_NEVER_ALLOCATED);
}

/* Reports the first frame of a run that nobody holds, of n frames that a caller named; *first and *last are the records at its
 * ends. */
static enum quire_status check_held(struct quire *q, const char *call, const struct q_run *run, size_t n,
                                    uint32_t *first, uint32_t *last) {
    for (size_t i = run->first; i < run->first + run->n;) {
        struct piece p = look_at_piece(run, i, last);
        *first = i == run->first ? *last : *first;
        if (Q_COUNT(*last) == 0) {
            bool hole = (*last & Q_RESERVED) != 0;
            return q_fault(q, hole ? QUIRE_FAULT_RESERVED : QUIRE_FAULT_GET_FREE, call, q_pa(run->zone->first + i), n,
                           *last);
        }
        i += p.n;
    }
    return QUIRE_OK;
}

/* What of a run that is held begins with its `i`th frame, and the record of that: all of a block that is one allocation, or a
 * frame. Blocks at the run's ends are split by then (split_ends); others may be, by a guest, at any moment. */
static struct piece held_piece(struct quire *q, const struct q_run *run, size_t i, uint32_t *record) {
    struct piece p = piece_at(run, i);
    *record = read_record(p.record);
    if (p.n == Q_BLOCK && (Q_COUNT(*record) == 0 || q_is_parting(*record))) {
        q_split(q, run->zone, i / Q_BLOCK); /* after it the frames have records, and these are seen */
        p = frame_piece(run, i);
        *record = read_record(p.record);
    }
    return p;
}

/* Writes another owner into the records of a run. */
static void write_tags(struct quire *q, const struct q_run *run, uint8_t tag) {
    for (size_t i = run->first; i < run->first + run->n;) {
        uint32_t record;
        struct piece p = held_piece(q, run, i, &record);
        /* relaxed: only the tag is new. Fails where another CPU changed the count, or began a split. */
        bool done = atomic_compare_exchange_strong_explicit(p.record, &record,
                                                            (record & ~Q_TAG_MASK) | (uint32_t)tag << Q_TAG_SHIFT,
                                                            memory_order_relaxed, memory_order_relaxed);
        i += done ? p.n : 0;
    }
}

/* Finds a run that the caller holds; *first and *last are the records at its ends. */
static enum quire_status find_run_held(struct quire *q, const char *call, quire_pa pa, size_t n, struct q_run *run,
                                       uint32_t *first, uint32_t *last) {
    size_t n_found = n_located(q, pa, n, run);
    if (n_found > 0 && check_held(q, call, run, n, first, last) != QUIRE_OK) {
        return QUIRE_FAULT;
    }
    if (n_found == 0 || n_found < n) { /* n is not 0, which no tool can know */
        (void)report_unlocated(q, call, pa, n, QUIRE_FAULT_GET_FREE);
        return QUIRE_FAULT;
    }
    return QUIRE_OK;
}

enum quire_status q_check_held(struct quire *q, const char *call, quire_pa pa, size_t n) {
    struct q_run run;
    uint32_t first, last;
    return find_run_held(q, call, pa, n, &run, &first, &last);
}

/* The run becomes an allocation of its own, so that no allocation has two owners. */
enum quire_status q_retag(struct quire *q, const char *call, quire_pa pa, size_t n, uint8_t tag) {
    struct q_run run;
    uint32_t first = 0, last = 0;
    enum quire_status status = find_run_held(q, call, pa, n, &run, &first, &last);
    if (status != QUIRE_OK) {
        return status;
    }
    struct q_cache *home = q_call_begin(q); /* a recount would take what is half done for damage */
    q_tell(q_cache_here(q));
    split_ends(q, &run);
    cut_out(&run, first, last);
    drop_join(run.zone, run.first, Q_JOIN_PREV);
    drop_join(run.zone, run.first + n - 1, Q_JOIN_NEXT);
    write_tags(q, &run, tag);
    q_call_end(home);
    return QUIRE_OK;
}

enum quire_status q_disown(struct quire *q, const char *call, const struct q_run *run) {
    uint32_t first = 0, last = 0;
    Q_ASSERT(run->n > 0, run->first);
    split_ends(q, run);
    for (size_t i = run->first; i < run->first + run->n;) {
        struct piece p = held_piece(q, run, i, &last);
        first = i == run->first ? last : first;
        if (!q_mark_freed(p.record, last, p.n == Q_BLOCK ? Q_CLEAN : 0)) {
            return q_fault(q, QUIRE_FAULT_DOUBLE_FREE, call, q_pa(q_run_frame(run)), run->n, q_freed(last));
        }
        i += p.n;
    }
    cut_out(run, first, last);
    return QUIRE_OK;
}

/* ---- hand out -------------------------------------------------------------------------------------------- */

/* The first frame of frames [i, i + n) of a run whose contents are not as the policy wants them, reported, and put out of use;
 * SIZE_MAX: none. */
static size_t bad_content(struct quire *q, const char *call, const struct q_run *run, size_t i, size_t n, bool fill) {
    for (size_t k = i; q->content != QUIRE_CONTENT_NONE && k < i + n; k++) {
        if (!q_content_given(q, call, run->zone->first + k, run->n, fill)) {
            q_zone_soil(run->zone, k / Q_BLOCK);
            write_record(&run->zone->records[k], q_held(QUIRE_TAG_QUARANTINE));
            return k;
        }
    }
    return SIZE_MAX;
}

/* The frames of a run that was taken but cannot be used, and the fault reported; none: all are good. A block or frame that
 * somebody holds came home twice, and is left to its holder. */
static struct q_run bad_part(struct quire *q, const char *call, const struct q_run *run, bool fill) {
    for (size_t i = run->first; i < run->first + run->n;) {
        struct piece p = piece_at(run, i);
        uint32_t record = read_record(p.record) & ~(p.n == Q_BLOCK ? Q_CLEAN : 0);
        if (!q_unheld(record)) {
            (void)q_fault(q, QUIRE_FAULT_HANDED_TWICE, call, q_pa(run->zone->first + i), run->n, record);
            return (struct q_run){run->zone, i, p.n};
        }
        size_t bad = bad_content(q, call, run, i, p.n, fill);
        if (bad != SIZE_MAX) {
            return (struct q_run){run->zone, bad, 1};
        }
        i += p.n;
    }
    return (struct q_run){run->zone, run->first, 0};
}

/* Gives a run back but for this part of it. */
static void give_all_but(struct quire *q, const struct q_run *run, const struct q_run *bad) {
    size_t before = bad->first - run->first, behind = run->first + run->n - (bad->first + bad->n);
    Q_ASSERT(bad->n > 0 && before + bad->n + behind == run->n, bad->first);
    if (before > 0) {
        q_give_home(q, q_run_frame(run), before);
    }
    if (behind > 0) { /* else there may be no frame behind it */
        q_give_home(q, q_run_frame(bad) + bad->n, behind);
    }
}

/* Sets the records of the block's frames to 0. */
static void clear_records(struct q_zone *z, size_t block) {
    Q_ASSERT(block < z->n_blocks, block);
    for (size_t i = block * Q_BLOCK; i < (block + 1) * Q_BLOCK; i++) {
        write_record(&z->records[i], 0);
    }
}

/* Makes a run one allocation. */
static void own_run(const struct q_run *run, uint8_t tag) {
    size_t end = run->first + run->n;
    Q_ASSERT(run->n > 0 && end <= run->zone->n_blocks * Q_BLOCK, run->first);
    for (size_t i = run->first; i < end;) {
        struct piece p = piece_at(run, i);
        uint32_t joins = (i > run->first ? Q_JOIN_PREV : 0) | (i + p.n < end ? Q_JOIN_NEXT : 0);
        if (p.n == 1) {
            write_record(p.record, q_held(tag) | joins);
        } else {
            if ((read_record(p.record) & Q_CLEAN) == 0) {
                clear_records(run->zone, i / Q_BLOCK);
            }
            /* release, also in order.c: a guest splits the block without having been told of it (q_split_for) */
            atomic_store_explicit(p.record, q_held(tag) | Q_CLEAN | joins, memory_order_release);
        }
        i += p.n;
    }
}

bool q_hand_out(struct quire *q, const char *call, q_frame f, size_t n, uint8_t tag, bool fill) {
    struct q_zone *z = q_zone_of(q, f);
    if (!Q_CHECK(q, call, z != NULL, f)) {
        return false;
    }
    struct q_run run = {z, f - z->first, n};
    struct q_run bad = bad_part(q, call, &run, fill);
    if (bad.n > 0) {
        give_all_but(q, &run, &bad);
        return false;
    }
    own_run(&run, tag);
    return true;
}
