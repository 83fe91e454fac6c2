/* zone.h: the metadata of one contiguous span of blocks. See zone.c for the theory. */
#ifndef Q_ZONE_H
#define Q_ZONE_H

#include "count.h"
#include "index.h"
#include "layout.h"
#include "record.h"

typedef uintptr_t q_frame; /* number of a frame: pa >> QUIRE_PAGE_SHIFT */
#define Q_NO_FRAME (UINTPTR_MAX - (Q_BLOCK - 1))

/* Frames [base, end). */
struct q_span {
    q_frame base, end;
};

static inline bool q_is_empty(struct q_span s) {
    return s.base >= s.end;
}

/* What two spans have in common; may be empty. */
static inline struct q_span q_common(struct q_span a, struct q_span b) {
    return (struct q_span){a.base > b.base ? a.base : b.base, a.end < b.end ? a.end : b.end};
}

#define Q_LINE_WORDS (Q_BLOCK / (sizeof(q_word) * CHAR_BIT))

/* The free bits of one block: 64 bytes, one cache line. */
struct q_line {
    _Alignas(64) _Atomic q_word word[Q_LINE_WORDS];
};
_Static_assert(sizeof(struct q_line) == 64, "a block's bits fill one line");

_Static_assert(Q_LINE_WORDS *Q_WORD_BITS == Q_BLOCK, "a line has a bit for each frame");
_Static_assert((Q_BLOCK & (Q_BLOCK - 1)) == 0, "a block's first frame is found by a mask");
_Static_assert(Q_NO_FRAME % Q_BLOCK == 0, "Q_NO_FRAME begins a block that is no memory, and wraps nowhere in it");

/* How much of a zone's memory that is not in CPU caches is free, how much of that as whole blocks, and how far gathering drove
 * blocks apart: by this a cache decides whether to gather (cache.c). Estimates: relaxed everywhere. On a line apart, which
 * changes often. */
struct q_balance {
    _Alignas(64) _Atomic intptr_t n_free;
    _Atomic intptr_t n_whole;
    _Atomic q_word spread; /* a signed number, of which only changes mean something */
};

#define Q_NO_NODE UINT_MAX

struct q_zone {
    /* Lasting, and shared: */
    _Atomic q_frame base, end; /* the managed span; may have holes. Grows when quire_add fills holes outside of it */
    _Atomic q_frame ceiling;   /* frames from `first` on whose metadata are initialised without a gap */
    _Atomic q_word n_frames;   /* managed */

    /* A view of what struct q_zone_layout says (view.c), fixed before others see the zone: */
    /* On a line of its own: every search reads it, and the ceiling rises. */
    _Alignas(64) q_frame first; /* frame of records[0], where the first block begins; may lie before base */
    size_t n_blocks;
    q_record *records;    /* 512 for each block */
    struct q_line *lines; /* one for each block */
    q_count *counts;      /* one for each block: exact when nothing is in flight */
    q_record *wholes;     /* one for each block, which speaks for it while it is one allocation; see record.h */
    struct q_index index; /* position of a block in it: its number in the zone + skew */
    size_t n_tail;        /* frames of the last block where that was initialised when the view was made, else 0 */
    size_t n_edge; /* frames of blocks with holes, which are never whole, as the zone began. An estimate later on */
    size_t skew;   /* 1 where the first block's number is odd, so that pairs share a leaf */
    q_frame meta_base, meta_end; /* the extent whose first zone this is; empty for others */
    unsigned node;
    /* The node whose CPUs keep the zone's frames; Q_NO_NODE: none do (nodes.c). A view has it, too. */
    _Atomic unsigned near_to;
    size_t user_bytes; /* for each frame */
    char *user;        /* these; NULL: none */
    q_word sum;        /* checksum of these */

    struct q_balance balance; /* lasting, and shared */
};

/* Says where the parts of a zone lie if they begin `at` bytes after their extent's header; `first` is the first frame
 * of a block. Returns where they end. The node is left to the caller. */
size_t q_zone_plan(struct q_zone_layout *zone, q_frame first, size_t n_blocks, size_t user_bytes, size_t at);

/* A view of the zone in the extent that begins at `header`. Nothing but the view is written. The extent's bounds, what
 * lasts of struct q_zone, and q_zone_seal are left to the caller. */
void q_zone_open(struct q_zone *z, const struct q_zone_layout *zone, const struct q_header *header);

/* Begins the life of a zone that manages frames of `span`: all of its blocks are fresh. The number of frames is left to
 * the caller. */
void q_zone_start(struct q_zone *z, struct q_span span);

/* Completes what is fixed, with its checksum. */
void q_zone_seal(struct q_zone *z);
q_word q_zone_sum(const struct q_zone *z);

/* The span from the zone's first own frame to its last one, as the records have it. */
struct q_span q_zone_span(const struct q_zone *z);

/* Makes that the zone's managed span, while nobody else changes it. */
void q_zone_fit_span(struct q_zone *z);

/* Initialises the metadata of one block: the frames in `usable` are free, the others are no frames of the zone's. The
 * block is fresh, and no other CPU knows the zone. */
void q_zone_open_block(struct q_zone *z, size_t block, const q_word *usable);

/* The zone's blocks by number, and what belongs to them. */
static inline size_t q_zone_block_of(const struct q_zone *z, q_frame f) {
    return (f - z->first) / Q_BLOCK;
}
static inline q_frame q_zone_frame(const struct q_zone *z, size_t block) {
    Q_ASSERT(block <= z->n_blocks, block); /* the number of blocks: where the last one ends */
    return z->first + block * Q_BLOCK;
}
static inline q_record *q_zone_record(const struct q_zone *z, q_frame f) {
    Q_ASSERT(q_zone_block_of(z, f) < z->n_blocks, f);
    return &z->records[f - z->first];
}

/* How many of n frames from `f` on lie in the block of that. */
static inline size_t q_in_block(q_frame f, size_t n) {
    size_t here = Q_BLOCK - f % Q_BLOCK;
    return n < here ? n : here;
}

/* The frames that the zone's blocks cover. */
static inline struct q_span q_zone_covers(const struct q_zone *z) {
    return (struct q_span){z->first, q_zone_frame(z, z->n_blocks)};
}

/* The managed span. relaxed: a CPU that holds a frame got it after the span was to cover it */
static inline struct q_span q_zone_bounds(const struct q_zone *z) {
    q_frame base = atomic_load_explicit(&z->base, memory_order_relaxed);
    q_frame end = atomic_load_explicit(&z->end, memory_order_relaxed);
    return (struct q_span){base, end};
}

/* The number of free frames of the zone that are not in CPU caches has changed. relaxed: an estimate. */
static inline void q_balance_add(struct q_zone *z, intptr_t n) {
    atomic_fetch_add_explicit(&z->balance.n_free, n, memory_order_relaxed);
}

/* How many frames the zone manages. relaxed: a statistic, which quire_add changes */
static inline size_t q_zone_n_frames(const struct q_zone *z) {
    return atomic_load_explicit(&z->n_frames, memory_order_relaxed);
}

/* Whether the `i`th frame from `first` on is known to be initialised, without asking the index. */
static inline bool q_zone_knows(const struct q_zone *z, quire_pa i) {
    /* acquire: a CPU that sees the ceiling sees the records below it (zone.c, Z1); pairs with the exchange in
     * publish */
    return i < atomic_load_explicit(&z->ceiling, memory_order_acquire) || i - (z->n_blocks - 1) * Q_BLOCK < z->n_tail;
}

/* Hints, by the block's number in the zone. For `from` and the result of q_zone_next see q_index_next. */
void q_zone_hint(struct q_zone *z, size_t block, int32_t n_free);
size_t q_zone_next(struct q_zone *z, enum q_class class, size_t from);
bool q_zone_hinted(const struct q_zone *z, size_t block, int32_t n_free); /* true, too, if there is nothing to hint */
bool q_zone_ready(const struct q_zone *z, size_t block);

/* Initialised frames around those of an initialised block, without a gap: all below the ceiling, or as far as the index's leaf
 * tells. */
struct q_span q_zone_ready_around(const struct q_zone *z, size_t block);

/* Whether the n frames, at most a block's, from the `i`th on are initialised. */
bool q_zone_all_ready(const struct q_zone *z, quire_pa i, size_t n);
static inline bool q_zone_has(const struct q_zone *z, quire_pa i, size_t n) {
    return (q_zone_knows(z, i) && q_zone_knows(z, i + n - 1)) || q_zone_all_ready(z, i, n);
}

/* All hints that a block may need, while no other CPU knows of it. */
void q_zone_hint_block(struct q_zone *z, size_t block, int32_t n_free);

/* Hints for runs (Q_PAIRS ..). A word of a block's line gained bits: sets what that makes true. Whether all are set that should
 * be. And takes one away if the block has no such run, which a searcher found. */
void q_zone_hint_runs(struct q_zone *z, size_t block, q_word old, q_word now);
bool q_zone_runs_hinted(const struct q_zone *z, size_t block);
void q_zone_no_runs(struct q_zone *z, size_t block, enum q_class runs);

/* Whether a block that is hinted, and ready, has as many free frames as its hint says. A wrong hint is taken away. */
bool q_zone_is_of(struct q_zone *z, enum q_class class, size_t block);

/* The first block from `from` on that may have a free frame, or, if `runs` is not Q_NOTHING, may have such a run; or
 * Q_NO_BLOCK. */
size_t q_zone_next_some(const struct q_zone *z, enum q_class runs, size_t from);

/* The first initialised block from `from` on, or Q_NO_BLOCK. */
size_t q_zone_next_ready(const struct q_zone *z, size_t from);

/* The first block from `from` on that seems all free (Q_ALL) or was never used (Q_FRESH). For Q_FRESH it also
 * initialises nodes of the index where it finds no such block otherwise, so that it passes over none. */
size_t q_zone_next_free(struct q_zone *z, enum q_class class, size_t from);

/* The first block from `from` on whose count is of this class, and that has the hint `runs`, if that is not Q_NOTHING. Takes
 * away wrong hints of the class that it meets. */
size_t q_zone_find(struct q_zone *z, enum q_class class, enum q_class runs, size_t from);

/* Called before frames of a block are handed out singly: its records will not stay 0. */
static inline void q_zone_soil(struct q_zone *z, size_t block) {
    q_record *r = &z->wholes[block];
    Q_ASSERT(block < z->n_blocks, block);
    /* relaxed: the caller holds frames of the block, so nobody has all 512. A CPU that gets them later synchronises by
     * the line, or by the count. */
    uint32_t record = atomic_load_explicit(r, memory_order_relaxed);
    if ((record & Q_CLEAN) != 0) {
        atomic_store_explicit(r, record & ~Q_CLEAN, memory_order_relaxed);
    }
}

/* The record of a frame that nobody holds: its own, or its block's if it was last freed with all of that. */
static inline uint32_t q_zone_last_record(const struct q_zone *z, q_frame f) {
    /* relaxed: the caller has the frame, or misuses it */
    uint32_t record = atomic_load_explicit(q_zone_record(z, f), memory_order_relaxed);
    uint32_t whole = atomic_load_explicit(&z->wholes[q_zone_block_of(z, f)], memory_order_relaxed);
    return record == 0 && (whole & Q_FREED) != 0 ? whole & ~Q_CLEAN : record;
}

/* The record of a frame that may be held: its own, or its block's while it is held with all of that. */
static inline uint32_t q_zone_holding_record(const struct q_zone *z, q_frame f) {
    /* The block's is read first, by an acquire: a split writes the frames' records before it takes the block's away.
     * relaxed: a snapshot */
    uint32_t whole = atomic_load_explicit(&z->wholes[q_zone_block_of(z, f)], memory_order_acquire);
    uint32_t record = atomic_load_explicit(q_zone_record(z, f), memory_order_relaxed);
    return record == 0 && Q_COUNT(whole) > 0 ? q_of_whole(whole) : record;
}

/* For recover.c: takes all hints away. Each block that is not initialised is fresh after it. */
void q_zone_forget_hints(struct q_zone *z);

/* A fresh block, initialised, with no frame free in its line: all 512 are the caller's. Q_NO_BLOCK: there is none. */
size_t q_zone_claim(struct q_zone *z);
bool q_zone_claim_block(struct q_zone *z, size_t block);

#endif
