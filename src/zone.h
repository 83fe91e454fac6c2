/* zone.h: the metadata of one contiguous span of blocks. See zone.c for the theory. */
#ifndef Q_ZONE_H
#define Q_ZONE_H

#include "count.h"
#include "index.h"
#include "layout.h"
#include "record.h"

typedef uintptr_t q_frame; /* number of a frame: pa >> QUIRE_PAGE_SHIFT */
#define Q_NO_FRAME (UINTPTR_MAX - (Q_BLOCK - 1))

#define Q_LINE_WORDS (Q_BLOCK / (sizeof(q_word) * CHAR_BIT))

/* The free bits of one block: 64 bytes, one cache line. */
struct q_line {
    _Alignas(64) _Atomic q_word word[Q_LINE_WORDS];
};
_Static_assert(sizeof(struct q_line) == 64, "a block's bits fill one line");

struct q_block {
    q_count count;   /* exact when nothing is in flight */
    q_record record; /* of a block that is one allocation; see record.h */
};

/* How much of the memory that is not in CPU caches is free, and how much of that as whole blocks: what decides
 * whether to gather (cache.c). One for each allocator. Estimates: relaxed everywhere. */
struct q_balance {
    _Alignas(64) _Atomic intptr_t n_free; /* without what blocks have that can never be whole, at the edges of memory */
    _Atomic intptr_t n_whole;
};

struct q_zone {
    /* Lasting, and shared: */
    _Atomic q_frame base, end; /* the managed span; holes are possible. Grows when quire_add fills up a block */
    _Atomic q_frame ceiling;   /* frames from `first` on whose metadata are initialised without a gap */
    _Atomic q_word n_frames;   /* managed */

    /* A view of what struct q_zone_layout says (view.c), fixed before others see the zone: */
    q_frame first; /* frame of records[0], where the first block begins; may lie before base */
    size_t n_blocks;
    q_record *records;      /* 512 for each block */
    struct q_line *lines;   /* one for each block */
    struct q_block *blocks; /* one for each block */
    struct q_index index;   /* position of a block in it: its number in the zone + skew */
    size_t n_tail;          /* frames of the last block where that was initialised when the view was made, else 0 */
    size_t skew;            /* 1 where the first block's number is odd, so that pairs share a leaf */
    q_frame meta_base, meta_end; /* the extent that this zone is the first in; else empty */
    struct q_balance *balance;
    q_word sum; /* checksum of these */
};

/* Says where the parts of a zone lie that begin `at` bytes behind their extent's header; `first` is the first frame of a
 * block. Returns where they end. */
size_t q_zone_plan(struct q_zone_layout *zone, q_frame first, size_t n_blocks, size_t at);

/* A view of the zone in the extent that begins at `header`. Nothing but the view is written. The extent's bounds, what
 * lasts of struct q_zone, and q_zone_seal are left to the caller. */
void q_zone_open(struct q_zone *z, const struct q_zone_layout *zone, const struct q_header *header,
                 struct q_balance *balance);

/* Begins the life of a zone that manages frames [base, end): all of its blocks are fresh. The number of frames is left to
 * the caller. */
void q_zone_start(struct q_zone *z, q_frame base, q_frame end);

/* Completes what is fixed, with its checksum. */
void q_zone_seal(struct q_zone *z);
q_word q_zone_sum(const struct q_zone *z);

/* The span from the zone's first own frame to its last one, as the records have it; and makes it the zone's, while nobody
 * else changes that. */
void q_zone_span(const struct q_zone *z, q_frame *base, q_frame *end);
void q_zone_fit_span(struct q_zone *z);

/* Initialises the metadata of one block: the frames in `usable` are free, the others no frames of the zone's. The
 * block is fresh, and nobody else knows the zone. */
void q_zone_open_block(struct q_zone *z, size_t block, const q_word *usable);

/* The zone's blocks by number, and what belongs to them. */
static inline size_t q_zone_block_of(const struct q_zone *z, q_frame f) {
    return (f - z->first) / Q_BLOCK;
}
static inline q_frame q_zone_frame(const struct q_zone *z, size_t block) {
    return z->first + block * Q_BLOCK;
}
static inline q_record *q_zone_record(const struct q_zone *z, q_frame f) {
    return &z->records[f - z->first];
}

/* Whether the `i`th frame from `first` on is known to be initialised, without asking the index. */
static inline bool q_zone_knows(const struct q_zone *z, quire_pa i) {
    /* acquire: who sees the ceiling sees the records below it (zone.c, Z1) */
    return i < atomic_load_explicit(&z->ceiling, memory_order_acquire) || i - (z->n_blocks - 1) * Q_BLOCK < z->n_tail;
}

/* Hints, by the block's number in the zone. `from` and the result of q_zone_next as in q_index_next. */
void q_zone_hint(struct q_zone *z, size_t block, int32_t n_free);
size_t q_zone_next(struct q_zone *z, enum q_class class, size_t from);
bool q_zone_hinted(const struct q_zone *z, size_t block,
                   int32_t n_free); /* looks only; true if there is nothing to hint */
bool q_zone_ready(const struct q_zone *z, size_t block);

/* The first initialised block at or behind `from`, or Q_NO_BLOCK. */
size_t q_zone_next_ready(const struct q_zone *z, size_t from);

/* The first block at or behind `from` that seems all free (Q_ALL) or was never used (Q_FRESH). For Q_FRESH also nodes
 * not yet initialised are opened, so that none is passed over. */
size_t q_zone_next_free(struct q_zone *z, enum q_class class, size_t from);

/* The first block at or behind `from` that is of this class indeed; wrong hints on the way are taken away. */
size_t q_zone_find(struct q_zone *z, enum q_class class, size_t from);

/* To be called by who is about to hand out frames of a block other than all at once: its records will not stay 0. */
static inline void q_zone_soil(struct q_zone *z, size_t block) {
    q_record *r = &z->blocks[block].record;
    /* relaxed: the caller holds frames of the block, so nobody has all 512; who gets them later synchronises by the
     * line, or by the count */
    uint32_t record = atomic_load_explicit(r, memory_order_relaxed);
    if ((record & Q_CLEAN) != 0) {
        atomic_store_explicit(r, record & ~Q_CLEAN, memory_order_relaxed);
    }
}

/* The record of a frame that nobody holds; of one that was last freed with all of its block, the block's. */
static inline uint32_t q_zone_last_record(const struct q_zone *z, q_frame f) {
    /* relaxed: the caller has the frame, or misuses it */
    uint32_t record = atomic_load_explicit(q_zone_record(z, f), memory_order_relaxed);
    uint32_t whole = atomic_load_explicit(&z->blocks[q_zone_block_of(z, f)].record, memory_order_relaxed);
    return record == 0 && (whole & Q_FREED) != 0 ? whole & ~Q_CLEAN : record;
}

/* The record of a frame that may be held: its own, or its block's while it is held with all of that. */
static inline uint32_t q_zone_holding_record(const struct q_zone *z, q_frame f) {
    /* acquire: the block's first, for a split writes the frames' records before it takes that away. relaxed: a snapshot */
    uint32_t whole = atomic_load_explicit(&z->blocks[q_zone_block_of(z, f)].record, memory_order_acquire);
    uint32_t record = atomic_load_explicit(q_zone_record(z, f), memory_order_relaxed);
    return record == 0 && Q_COUNT(whole) > 0 ? q_of_whole(whole) : record;
}

/* For recover.c: no block has a hint, and what is not initialised is fresh. */
void q_zone_forget_hints(struct q_zone *z);

/* A fresh block, initialised, with no frame free in its line: all 512 are the caller's. Q_NO_BLOCK: there is none. */
size_t q_zone_claim(struct q_zone *z);
bool q_zone_claim_block(struct q_zone *z, size_t block);

#endif
