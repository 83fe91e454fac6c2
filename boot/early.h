/* early.h: pages before there is an allocator: for page tables, stacks, per-CPU data.
 *
 *     struct quire_early early = {.map = &map, .taken = {.at = some, .capacity = 16}, .below = 4ull << 30};
 *     quire_pa table = quire_early_take(&early, 1);
 *     ...
 *     quire_init(&q, &config, map.at, map.n);
 *
 * There is nothing to hand over: the map is the free list. It is a normalised list (regions.h) before and after each call, so
 * the allocator can be made from it at any time. What was taken is in a list of its own. At any time each usable frame is in
 * just one of the two. A frame that is no longer needed is given to the allocator by quire_add.
 *
 * Pages come from the front of the highest region that reaches far enough below `below`. So low memory, which some devices
 * need, is kept for later, and the map never needs another entry. For a place with an alignment or inside bounds see
 * quire_regions_place. */
#ifndef QUIRE_BOOT_EARLY_H
#define QUIRE_BOOT_EARLY_H

#include "regions.h"

#ifdef __cplusplus
extern "C" {
#endif

struct quire_early {
    struct quire_regions *map; /* the caller's, normalised. Nodes that were set stay set */
    struct quire_regions
        taken;      /* what was taken: reserved, disjoint; it starts with n = 0. Pages that were taken one after
                                 * the other from one region are one entry */
    quire_pa below; /* all pages end here or before: what the kernel has mapped. QUIRE_NONE: anywhere */
};

/* Takes n_frames frames side by side. Returns where they begin, a multiple of QUIRE_PAGE_SIZE, or QUIRE_NONE: no region has
 * so many, none were asked for, or `taken` has no room for another entry. Nothing was changed then. Cost: O(regions). */
quire_pa quire_early_take(struct quire_early *early, uint64_t n_frames);

#ifdef __cplusplus
}
#endif

#endif
