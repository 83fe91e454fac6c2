/* extent.h: making metadata: zones for regions, in an extent. See extent.c for the theory, layout.h for a drawing. */
#ifndef Q_EXTENT_H
#define Q_EXTENT_H

#include "core.h"

/* The whole frames of a usable region; false: there are none, or the region is not usable. */
bool q_span_of(const struct quire_region *region, struct q_span *frames);

/* QUIRE_OK if the regions are sorted, not empty, of a known type and node, and numbered by this machine's words;
 * QUIRE_INVALID. */
enum quire_status q_check_regions(const struct quire_region *regions, size_t n_regions, unsigned n_nodes);

#define Q_ELSEWHERE SIZE_MAX

/* What is to be made, and where in its extent it lies: see layout.h. */
struct q_plan {
    const struct quire_region *regions;
    size_t n_regions;
    size_t home; /* the region whose front is carved off for the extent; Q_ELSEWHERE: the extent lies outside */
    struct q_span around; /* the frames that the one zone's blocks cover; empty: those that the regions need */
    const q_frame *cut;   /* QUIRE_CUTS frames at which zones end, ascending, multiples of a block */
    size_t n_before;      /* zones that the allocator has already */
    /* The same in all extents of an allocator: */
    unsigned n_cpus;
    enum quire_content content;
    unsigned n_nodes, user_bytes;
    uint64_t seal;
    uint32_t number; /* but this: of the extent in the chain. 0: struct quire and the caches are made, too */
    /* Found by q_plan_settle: */
    q_frame n_meta; /* frames of the extent */
    size_t n_zones, zones_at, quire_at, caches_at, table_at, first_at;
};

/* Finds out the rest. False: there would be no zone, a zone that is too large, or more than `n_available` frames of
 * metadata. */
bool q_plan_settle(struct q_plan *plan, q_frame n_available);

/* Fills the extent that begins at frame `base` and is mapped at `h`: header and zones. The magic, struct quire, caches,
 * table and the rest of the view are left to the caller. */
void q_extent_make(const struct q_plan *plan, struct q_header *h, q_frame base);

/* Reserves the frames of the extent that lie in some zone's blocks. Returns how many were not reserved before. */
q_frame q_extent_reserve(const struct quire *q, const struct q_header *h);

#endif
