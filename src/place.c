/* place.c: from an address to the zone, the block and the record that it belongs to.
 *
 * The table of zones is immutable, and quire_add replaces it as a whole, so lookups need no lock. The largest zone is
 * looked at first (place.h): most machines have most of their memory in one. Any other address takes a binary search
 * here.
 *
 * A caller's address is good for a lookup if all of this holds; the first that does not is the answer:
 *
 *   it is a multiple of the size of a frame                               else QUIRE_FAULT_MISALIGNED
 *   all of it lies in the span that one zone manages                      else RESERVED for metadata, or UNMANAGED
 *   all blocks that it touches have been initialised                      else what the call says of fresh frames
 *
 * Holes within a zone's span have records, so the caller finds them RESERVED by those. */
#include "place.h"

struct q_zone *q_zone_at(const struct quire *q, q_frame f) {
    const struct q_zones *zones = q_zones(q);
    size_t low = 0, high = zones->n; /* the zone, if there is one, is in [low, high) */
    Q_ASSERT(high > 0, f);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct q_zone *z = zones->zone[middle];
        if (f < z->first) {
            high = middle;
        } else if (f - z->first >= z->n_blocks * Q_BLOCK) {
            low = middle + 1;
        } else {
            return z;
        }
    }
    return NULL;
}

/* Extents are as few as zones, so a search through all will do. */
bool q_is_metadata(const struct quire *q, q_frame f) {
    const struct q_zones *zones = q_zones(q);
    for (size_t i = 0; i < zones->n; i++) {
        if (f >= zones->zone[i]->meta_base && f < zones->zone[i]->meta_end) {
            return true;
        }
    }
    return false;
}

/* Whether all blocks that [f, f + n) touches are initialised. */
static bool ready(const struct q_zone *z, q_frame f, q_frame n) {
    size_t last = q_zone_block_of(z, f + n - 1);
    Q_ASSERT(last < z->n_blocks, f);
    for (size_t b = q_zone_block_of(z, f); b <= last; b++) {
        if (!q_zone_ready(z, b)) {
            return false;
        }
    }
    return true;
}

/* Whether [f, f + n) lies in the zone's managed span. */
static bool in_span(const struct q_zone *z, q_frame f, q_frame n) {
    struct q_span s = q_zone_bounds(z);
    Q_ASSERT(n > 0, n);
    return f >= s.base && f < s.end && s.end - f >= n;
}

enum quire_fault_kind q_locate(const struct quire *q, quire_pa pa, size_t n, enum quire_fault_kind if_fresh,
                               struct q_place *at) {
    q_frame f = q_frame_of(pa);
    struct q_zone *z = q_zone_at(q, f);
    if (pa % QUIRE_PAGE_SIZE != 0) {
        return QUIRE_FAULT_MISALIGNED;
    }
    if (z == NULL || !in_span(z, f, n)) {
        return q_is_metadata(q, f) ? QUIRE_FAULT_RESERVED : QUIRE_FAULT_UNMANAGED;
    }
    if (!ready(z, f, n)) {
        return if_fresh;
    }
    Q_ASSERT(q_zone_block_of(z, f + n - 1) < z->n_blocks, pa);
    *at = (struct q_place){z, f, q_zone_record(z, f), 0};
    return QUIRE_FAULT_NONE;
}
