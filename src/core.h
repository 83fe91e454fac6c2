/* core.h: one allocator, and what its files share. */
#ifndef Q_CORE_H
#define Q_CORE_H

#include "cache.h"
#include <quire/port.h>
#include <quire/quire.h>

/* The zones by ascending address. Immutable: quire_add publishes a new one. */
struct q_zones {
    size_t n, not_n; /* the complement, so that damage to n is found before it is counted on */
    q_word sum;      /* checksum of zone[] */
    struct q_zone *zone[];
};

/* A view (view.c), but for what is marked. */
struct quire {
    _Atomic(struct q_zone *) main; /* the largest zone: looked at first */
    struct q_cache *caches;        /* this and the next three never change */
    unsigned n_cpus;
    size_t n_quick; /* CPUs for which there are quick ways: all, or none where contents are looked at (single.c) */
    enum quire_content content;
    q_word sum; /* checksum of these four and of `header` */
    _Atomic(const struct q_zones *) zones;
    _Atomic q_word not_zones; /* the complement of `zones`, so that damage to that is found */
    /* Lasting, and shared, from here on to `header`: */
    struct q_balance balance;
    /* Operations that work on shared bits without a CPU cache and can hide or move free frames: begun and ended.
     * A caller about to fail compares (single.c). */
    _Alignas(64) _Atomic q_word n_begun;
    _Atomic q_word n_ended;
    _Atomic q_word n_faults;
    _Atomic q_word n_unproved;
    _Atomic uint32_t adding; /* 1 while a quire_add runs */
    struct q_header *header; /* of the first extent; never changes */
};

/* acquire: pairs with the release in quire_add, so that the zones in it are seen whole. */
static inline const struct q_zones *q_zones(const struct quire *q) {
    return atomic_load_explicit(&q->zones, memory_order_acquire);
}

/* acquire: as above. */
static inline struct q_zone *q_main(const struct quire *q) {
    return atomic_load_explicit(&q->main, memory_order_acquire);
}

static inline quire_pa q_pa(q_frame f) {
    return (quire_pa)f << QUIRE_PAGE_SHIFT;
}

/* Whether `pa` is no multiple of the size of 2^order frames. The mask is a word, since compilers call libgcc for a shift
 * of 64 bits by a variable on 32-bit machines. */
static inline bool q_is_misaligned(quire_pa pa, unsigned order) {
    _Static_assert(QUIRE_PAGE_SHIFT + QUIRE_MAX_ORDER < 32, "the size of a run fits into a word of 32 bits");
    return ((q_word)pa & (((q_word)QUIRE_PAGE_SIZE << order) - 1)) != 0;
}

/* The frame that `pa` lies in; Q_NO_FRAME: its number is too large for this machine's words. */
static inline q_frame q_frame_of(quire_pa pa) {
    q_frame f = (q_frame)(pa >> QUIRE_PAGE_SHIFT);
    return q_pa(f) == pa - pa % QUIRE_PAGE_SIZE ? f : Q_NO_FRAME;
}

/* The zone whose blocks cover a frame, or NULL; binary search. The block may not be initialised. */
struct q_zone *q_zone_at(const struct quire *q, q_frame f);

/* The zone of a frame that the allocator itself has in hand. */
static inline struct q_zone *q_zone_of(const struct quire *q, q_frame f) {
    struct q_zone *z = q_main(q);
    return q_zone_block_of(z, f) < z->n_blocks ? z : q_zone_at(q, f);
}

/* An address that a caller gave, looked up. */
struct q_place {
    struct q_zone *zone;
    q_frame frame;
    q_record *record; /* of the first frame */
    uint32_t seen;    /* what was in it, where the lookup was for a held frame (refs.c) */
};

/* Finds 2^order frames at `pa` where that is quick; false: they are misaligned, in another zone, or not ours. */
static inline bool q_find_quickly(const struct quire *q, quire_pa pa, unsigned order, struct q_place *at) {
    struct q_zone *z = q_main(q);
    quire_pa f = pa >> QUIRE_PAGE_SHIFT, n = (q_frame)1 << order;
    quire_pa i = f - z->first; /* wraps to something large for an address below */
    /* relaxed: whoever holds these frames got them after the span was to cover them */
    q_frame base = atomic_load_explicit(&z->base, memory_order_relaxed);
    q_frame end = atomic_load_explicit(&z->end, memory_order_relaxed);
    if (q_is_misaligned(pa, order) || !q_zone_knows(z, i) || !q_zone_knows(z, i + n - 1) || f < base || f + n > end) {
        return false;
    }
    *at = (struct q_place){z, (q_frame)f, &z->records[i], 0};
    return true;
}

/* What is wrong with 2^order frames at `pa`, `if_fresh` for frames that never were in use; QUIRE_FAULT_NONE: they are
 * ours and initialised, and *at says where. */
enum quire_fault_kind q_locate(const struct quire *q, quire_pa pa, unsigned order, enum quire_fault_kind if_fresh,
                               struct q_place *at);

/* The same; reports what is wrong. */
enum quire_status q_find(struct quire *q, const char *call, quire_pa pa, unsigned order, enum quire_fault_kind if_fresh,
                         struct q_place *at);

/* Reports a fault and returns QUIRE_FAULT. */
enum quire_status q_fault(struct quire *q, enum quire_fault_kind kind, const char *call, quire_pa pa, unsigned order,
                          uint32_t record);
void q_fault_content(struct quire *q, const char *call, quire_pa pa, unsigned order, uint32_t record, unsigned offset,
                     uint8_t found);

/* Whether a frame holds the allocator's own data. */
bool q_is_metadata(const struct quire *q, q_frame f);

/* The CPU cache that this call should use, entered (*visit is for leaving it); NULL: it is in use, or there is none. */
static inline struct q_cache *q_enter(struct quire *q, q_word *visit) {
    unsigned cpu = quire_port_cpu();
    *visit = Q_BUSY;
    if (cpu >= q->n_cpus) {
        return NULL;
    }
    struct q_cache *c = &q->caches[cpu];
    return q_cache_enter(c, visit) ? c : NULL;
}

/* Around work on shared bits without a cache. seq_cst: one order with the prover's look (single.c). */
static inline void q_begin(struct quire *q) {
    atomic_fetch_add(&q->n_begun, 1);
}
static inline void q_end(struct quire *q) {
    atomic_fetch_add(&q->n_ended, 1);
}

/* Sends all frames home that lie in CPU caches, but for caches in use. */
void q_drain_all(struct quire *q);

/* ---- view.c ---- */
uint32_t q_header_sum(const struct q_header *h);
uint32_t q_zone_layout_sum(const struct q_zone_layout *zone);
q_word q_core_sum(const struct quire *q);
q_word q_zones_sum(const struct q_zones *zones);

/* What stands against reading the metadata whose first extent should be at frame `at`, and is mapped at `first` (NULL: not
 * at all), in words; NULL: nothing. *n_zones: how many there are. Reads only. */
const char *q_metadata_wrong(const struct q_header *first, q_frame at, size_t *n_zones);

/* Makes a view of metadata with which nothing is wrong. `table` has room for all zones. apart NULL: the view of the
 * kernel that runs, in the metadata themselves. Else `apart` has room for all zones, and nothing else is written; it
 * shows the shared words of struct quire and struct q_zone as they are now, all others as they will be. */
void q_view_open(struct quire *q, const struct q_header *first, struct q_zones *table, struct q_zone *apart);

/* The view of one zone: the `i`th that begins in this extent. Returns z. */
struct q_zone *q_view_zone(struct quire *q, const struct q_header *h, uint32_t i, struct q_zone *z);

/* The extent behind this one, or NULL; and makes it that of frame `next`. */
struct q_header *q_next_extent(const struct q_header *h);
void q_link(struct q_header *h, q_frame next);

/* Enters a zone in a table, which has room; makes a table that is complete the one to look into; makes the zone the main
 * one if it has more blocks. */
void q_table_insert(struct q_zones *table, struct q_zone *z);
void q_publish_table(struct quire *q, struct q_zones *table);
void q_prefer_if_larger(struct quire *q, struct q_zone *z);

/* ---- content.c: fill or check frames by the content policy; the frames are the caller's alone ---- */
/* Whether frames are touched when they are freed. */
static inline bool q_content_fills_freed(const struct quire *q) {
    return q->content != QUIRE_CONTENT_NONE && q->content != QUIRE_CONTENT_ZERO;
}
/* Whether these can be, before anything is changed; reports the first one that can not. */
bool q_content_may_free(struct quire *q, const char *call, q_frame f, unsigned order);
void q_content_freed(struct quire *q, q_frame f, unsigned order);
/* The frame was taken for a call about 2^order frames; `fill` false: the caller overwrites it all. Result false: found
 * written, or not to be filled; reported. */
bool q_content_given(struct quire *q, const char *call, q_frame f, unsigned order, bool fill);

/* ---- single.c ---- */
/* A frame with contents by the policy, held by `tag`; QUIRE_NONE: there is none. `fill` as above. */
quire_pa q_alloc(struct quire *q, const char *call, uint8_t tag, bool fill);
/* Sends frames home whose records say free: into this CPU's cache, or straight into the shared bits. */
void q_put_frame(struct quire *q, q_frame f);
void q_return_run(struct quire *q, q_frame f, unsigned order);

/* ---- search.c ---- */
/* The first of 2^order frames, from the CPU's cache `c` in this visit, which ends here (NULL: there is none), or from
 * wherever there are such; Q_NO_FRAME: nowhere. */
q_frame q_search_run(struct quire *q, struct q_cache *c, q_word visit, unsigned order);
/* Whether memory has 2^order aligned frames at all, free or not. */
bool q_ever_fits(const struct quire *q, unsigned order);

/* ---- order.c ---- */
/* Gives a block that is one allocation a record for each frame; nothing to do for any other. */
void q_split(struct q_zone *z, size_t block);
/* The same by a CPU that holds no frame of it, and gets a reference to its `i`th frame by that. False, and nothing
 * changed: the block's record is not `whole` any more. */
bool q_split_for(struct q_zone *z, size_t block, size_t i, uint32_t whole);
/* Frees 2^order frames: all, or a part, of one allocation. */
enum quire_status q_free_run(struct quire *q, const char *call, quire_pa pa, unsigned order);
/* A frame with this record is leaving its allocation: its neighbours are joined to it no more. */
void q_leave_neighbours(struct q_zone *z, q_frame f, uint32_t record);
/* Sends frames home whose records say free already, contents by the policy. */
void q_go_home(struct quire *q, q_frame f, unsigned order);

#endif
