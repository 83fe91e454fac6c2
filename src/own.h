/* own.h: who holds frames: the records of runs of frames and of whole blocks. See own.c for the theory. */
#ifndef Q_OWN_H
#define Q_OWN_H

#include "core.h"
#include "loan.h"

/* ---- a run of 2 frames or more inside a block: the usual case, in one pass that branches once --------------
 *
 * relaxed throughout: the caller holds the frames (R1), or misuses them */

/* Whether nobody holds any of them, and nothing stands against handing them out. */
static inline bool q_all_unheld(const q_record *records, size_t n) {
    uint32_t all = 0;
    for (size_t i = 0; i < n; i++) {
        all |= atomic_load_explicit(&records[i], memory_order_relaxed);
    }
    return q_unheld(all);
}

/* Makes them one allocation of `tag`. */
static inline void q_own_run(q_record *records, size_t n, uint8_t tag) {
    uint32_t first = q_held(tag) | Q_JOIN_NEXT, between = first | Q_JOIN_PREV;
    Q_ASSERT(n >= 2 && n < Q_BLOCK, n);
    atomic_store_explicit(&records[0], first, memory_order_relaxed);
    for (size_t i = 1; i < n - 1; i++) {
        atomic_store_explicit(&records[i], between, memory_order_relaxed);
    }
    atomic_store_explicit(&records[n - 1], between ^ Q_JOIN_NEXT, memory_order_relaxed);
}

/* Whether they are all of one allocation, held once. */
static inline bool q_is_own_run(const q_record *records, size_t n) {
    Q_ASSERT(n >= 2 && n < Q_BLOCK, n);
    uint32_t first = atomic_load_explicit(&records[0], memory_order_relaxed);
    uint32_t last = atomic_load_explicit(&records[n - 1], memory_order_relaxed);
    uint32_t between = first | Q_JOIN_PREV;
    uint32_t wrong = ((first ^ (1u | Q_JOIN_NEXT)) & ~Q_TAG_MASK) | (last ^ between ^ Q_JOIN_NEXT);
    for (size_t i = 1; i < n - 1; i++) {
        wrong |= atomic_load_explicit(&records[i], memory_order_relaxed) ^ between;
    }
    return wrong == 0;
}

/* Writes "free" over the records of such a run. */
static inline void q_disown_run(q_record *records, size_t n) {
    Q_ASSERT(n >= 2 && n < Q_BLOCK, n);
    uint32_t freed = q_freed(atomic_load_explicit(&records[0], memory_order_relaxed));
    for (size_t i = 0; i < n; i++) {
        atomic_store_explicit(&records[i], freed, memory_order_relaxed);
    }
}

/* ---- anything else --------------------------------------------------------------------------------------- */

/* Frames [first, first + n) of a zone, any number. */
struct q_run {
    struct q_zone *zone;
    size_t first, n;
};

static inline q_frame q_run_frame(const struct q_run *run) {
    return run->zone->first + run->first;
}

/* Hands n frames that were taken to `tag`, contents by the policy (`fill` false: the caller overwrites it all). False: they
 * cannot be used, for a reason that was reported; what can be used again went home. */
bool q_hand_out(struct quire *q, const char *call, q_frame f, size_t n, uint8_t tag, bool fill);

/* Finds n frames at `pa` that are held once each, `as_one`: as all of one allocation or a part of it; else reports why not.
 * Changes nothing. */
enum quire_status q_find_own(struct quire *q, const char *call, quire_pa pa, size_t n, bool as_one, struct q_run *run);

/* Splits blocks that are freed in part, and writes "free" over their records. The frames are to be given back (alloc.c). */
enum quire_status q_disown(struct quire *q, const char *call, const struct q_run *run);

/* Whether somebody holds all of n frames, which lie in one zone; the first that nobody does is reported. */
enum quire_status q_check_held(struct quire *q, const char *call, quire_pa pa, size_t n);

/* Gives n frames at `pa` another owner, which are held; else reports why not. */
enum quire_status q_retag(struct quire *q, const char *call, quire_pa pa, size_t n, uint8_t tag);

/* Gives a block that is one allocation a record for each frame; nothing to do for any other. */
void q_split(struct quire *q, struct q_zone *z, size_t block);

/* The same inside a slow call, or where nothing else runs. */
void q_split_block(struct q_zone *z, size_t block);

/* The same by a CPU that holds no frame of it, and so gets a reference to its `i`th frame. False, and nothing
 * changed: the block's record is not `whole` any more. */
bool q_split_for(struct q_zone *z, size_t block, size_t i, uint32_t whole);

/* A frame with this record is leaving its allocation: its neighbours are joined to it no more. */
void q_leave_neighbours(struct q_zone *z, q_frame f, uint32_t record);

#endif
