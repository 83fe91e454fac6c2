/* record.h: one 32-bit word for each frame, and one for each block: who holds it, and how often.
 *
 *   31..24  23     22         21         20        19..0
 *   tag     FREED  JOIN_NEXT  JOIN_PREV  RESERVED  count
 *
 * count      references; 0: nobody holds the frame. At its top it stays there (Q_COUNT_TOP) and the frame with it.
 * tag        the owner; of a freed frame the last one, so that a double free names it
 * JOIN_*     of a held frame: the neighbour belongs to the same allocation. Frames a..b are (a part of) one allocation iff all of them
 *            but the last have JOIN_NEXT.
 * FREED      nobody holds it, and somebody once did
 * RESERVED   a frame that lies in a zone's blocks but is not the zone's: a hole, or metadata
 *
 * A frame whose record is 0 was not held on its own since its block's records were last set to 0. Its block's record
 * says whether it is held with all of its block (and then frames' records stay 0 until a part is freed or shared,
 * own.c), or was freed with it. In a block's record bit 20 is CLEAN: all 512 frame records are 0. While a block is
 * being split its record is held and FREED at once (PARTING), and the count's bits 1..10 hold its GUEST: the number + 1
 * of the frame that gets one reference more by the split, or 0 (quire_try_get).
 *
 * R1  A frame's record is written only by the CPU that holds the frame (alloc, free), or changed by an atomic
 *     read-modify-write (get, put, a neighbour that takes a JOIN away, the split of a block).   interleaving tests
 * R2  A frame is free iff its count is 0, it is not RESERVED and its block's count is 0.          quire_validate */
#ifndef Q_RECORD_H
#define Q_RECORD_H

#include "check.h"
#include <quire/quire.h>
#include <stdatomic.h>

typedef _Atomic uint32_t q_record;

#define Q_COUNT_TOP QUIRE_MAX_REFS
#define Q_COUNT(r)  ((r)&Q_COUNT_TOP)
#define Q_TAG_SHIFT 24
#define Q_TAG_MASK  (0xFFu << Q_TAG_SHIFT)
#define Q_TAG(r)    ((uint8_t)(((r)&Q_TAG_MASK) >> Q_TAG_SHIFT))
#define Q_RESERVED  (1u << 20)
#define Q_CLEAN     (1u << 20)
#define Q_JOIN_PREV (1u << 21)
#define Q_JOIN_NEXT (1u << 22)
#define Q_FREED     (1u << 23)

_Static_assert((Q_COUNT_TOP & (Q_RESERVED | Q_JOIN_PREV | Q_JOIN_NEXT | Q_FREED | Q_TAG_MASK)) == 0,
               "fields of their own");
_Static_assert((Q_COUNT_TOP & (Q_COUNT_TOP + 1)) == 0, "the count is the lowest bits, all of them");

#define Q_GUEST_SHIFT 1
#define Q_GUEST_MASK  (0x3FFu << Q_GUEST_SHIFT)
_Static_assert(QUIRE_BLOCK_FRAMES <= Q_GUEST_MASK >> Q_GUEST_SHIFT, "a guest's number + 1 has room");
_Static_assert((Q_GUEST_MASK & ~Q_COUNT_TOP) == 0 && (Q_GUEST_MASK & 1u) == 0, "a guest hides in the count of 1");

/* JOIN_* of a frame or block that nobody holds: whether what FREED says of the contents is so, is not known: a crash came
 * between. Both are set, one is enough: a neighbour that leaves may take one away. */
static inline bool q_is_unsure(uint32_t r) {
    return (r & Q_COUNT_TOP) == 0 && (r & (Q_JOIN_PREV | Q_JOIN_NEXT)) != 0;
}
static inline uint32_t q_made_unsure(uint32_t r) {
    return r | Q_JOIN_PREV | Q_JOIN_NEXT;
}

/* Held once, by `tag`, without neighbours. */
static inline uint32_t q_held(uint8_t tag) {
    return 1u | (uint32_t)tag << Q_TAG_SHIFT;
}

/* Nobody holds it, and nothing stands against handing it out. */
static inline bool q_unheld(uint32_t r) {
    return (r & (Q_COUNT_TOP | Q_RESERVED)) == 0;
}

/* Whether a block with this record is being split. */
static inline bool q_is_parting(uint32_t whole) {
    return (whole & Q_FREED) != 0 && Q_COUNT(whole) != 0;
}

/* What a block's record says of each of its frames. */
static inline uint32_t q_of_whole(uint32_t whole) {
    return whole & ~(q_is_parting(whole) ? Q_CLEAN | Q_FREED | Q_GUEST_MASK : Q_CLEAN);
}

/* Held once and alone: what quire_free may free without looking further; and what it becomes then. */
static inline bool q_held_alone(uint32_t r) {
    return ((r ^ 1u) & ~Q_TAG_MASK) == 0;
}
static inline uint32_t q_freed_alone(uint32_t r) {
    return (r ^ 1u) | Q_FREED;
}

/* Held once, alone or joined to neighbours. */
static inline bool q_held_once(uint32_t r) {
    return ((r ^ 1u) & ~(Q_TAG_MASK | Q_JOIN_PREV | Q_JOIN_NEXT)) == 0;
}

/* What a record becomes when its frame is freed. */
static inline uint32_t q_freed(uint32_t r) {
    return (r & Q_TAG_MASK) | Q_FREED;
}

/* Writes "free" over a record that was found to be held once; `also` is Q_CLEAN for a block's. False: at QUIRE_CHECK
 * 2, somebody else freed it since (`record` was read again) or meanwhile. At the other levels its second copy is
 * found when it comes back to the bits, or is handed out (QUIRE_FAULT_BIT_TWICE, QUIRE_FAULT_HANDED_TWICE), unless
 * two CPUs hand out both copies within the same few nanoseconds, too. */
static inline bool q_mark_freed(q_record *r, uint32_t record, uint32_t also) {
#if QUIRE_CHECK >= 2
    /* relaxed: only a CPU that frees it, too, competes */
    return Q_COUNT(record) == 1 && atomic_compare_exchange_strong_explicit(r, &record, q_freed(record) | also,
                                                                           memory_order_relaxed, memory_order_relaxed);
#else
    /* relaxed: the frame is the caller's; the record travels with it through the cache or the bits */
    atomic_store_explicit(r, q_freed(record) | also, memory_order_relaxed);
    return true;
#endif
}

#endif
