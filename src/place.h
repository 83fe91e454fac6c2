/* place.h: from an address to the zone, the block and the record that it belongs to. */
#ifndef Q_PLACE_H
#define Q_PLACE_H

#include "core.h"
#include "loan.h"

static inline quire_pa q_pa(q_frame f) {
    return (quire_pa)f << QUIRE_PAGE_SHIFT;
}

/* The frame that `pa` lies in; Q_NO_FRAME: its number is too large for this machine's words. */
static inline q_frame q_frame_of(quire_pa pa) {
    q_frame f = (q_frame)(pa >> QUIRE_PAGE_SHIFT);
    return q_pa(f) == pa - pa % QUIRE_PAGE_SIZE ? f : Q_NO_FRAME;
}

/* Whether `pa` is no multiple of the size of 2^order frames. The mask is a word, since compilers call libgcc to shift
 * 64 bits by a variable number of places on 32-bit machines. */
static inline bool q_is_misaligned(quire_pa pa, unsigned order) {
    Q_ASSERT(order <= QUIRE_MAX_ORDER, order);
    q_frame f = (q_frame)(pa >> QUIRE_PAGE_SHIFT); /* its lower bits, on a 32-bit machine */
    return pa % QUIRE_PAGE_SIZE != 0 || (f & (((q_frame)1 << order) - 1)) != 0;
}

/* The zone whose blocks cover a frame, or NULL; binary search. The block may not be initialised. */
struct q_zone *q_zone_at(const struct quire *q, q_frame f);

/* The zone of a frame that some zone covers: the main zone, or another by search. */
static inline struct q_zone *q_zone_of(const struct quire *q, q_frame f) {
    struct q_zone *z = q_main(q);
    return q_zone_block_of(z, f) < z->n_blocks ? z : q_zone_at(q, f);
}

/* Whether a frame holds the allocator's own data. */
bool q_is_metadata(const struct quire *q, q_frame f);

/* An address that a caller gave, looked up. */
struct q_place {
    struct q_zone *zone;
    q_frame frame;
    q_record *record; /* of the first frame */
    uint32_t seen;    /* what the record was, if the lookup was for a held frame (refs.c) */
};

/* Finds n frames at `pa` if that is quick; false: they are many, misaligned, in another zone, not ours, or have to be
 * looked for by q_locate, which also says what is wrong. */
static inline bool q_locate_quickly(const struct quire *q, quire_pa pa, size_t n, struct q_place *at) {
    struct q_zone *z = q_main(q);
    quire_pa f = pa >> QUIRE_PAGE_SHIFT;
    quire_pa i = f - z->first; /* wraps to something large for an address below */
    struct q_span s = q_zone_bounds(z);
    /* Of more than a block, there may be blocks between the first and the last one. */
    if (n > Q_BLOCK || pa % QUIRE_PAGE_SIZE != 0 || f < s.base || f + n > s.end || !q_zone_has(z, i, n)) {
        return false;
    }
    *at = (struct q_place){z, (q_frame)f, &z->records[i], 0};
    return true;
}

/* Finds n frames at `pa`. QUIRE_FAULT_NONE: `at` says where. Else what is wrong with the address; `if_fresh` is
 * the answer for frames of blocks that were never used. */
enum quire_fault_kind q_locate(const struct quire *q, quire_pa pa, size_t n, enum quire_fault_kind if_fresh,
                               struct q_place *at);

#endif
