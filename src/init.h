/* init.h: where quire_init puts an allocator, for quire_recover to find it there. See init.c. */
#ifndef Q_INIT_H
#define Q_INIT_H

#include "core.h"

/* The place of the first extent. */
struct q_home {
    size_t region;           /* the number of the region; the extent is its front */
    q_frame base;            /* first frame of the extent */
    q_frame n_available;     /* mapped frames of the region */
    uint64_t seal;           /* checksum of the arguments */
    struct q_header *header; /* where the extent is mapped */
};

/* Finds it. QUIRE_INVALID, QUIRE_NO_MEMORY: as quire_init. */
enum quire_status q_find_home(const struct quire_config *config, const struct quire_region *regions, size_t n_regions,
                              struct q_home *home);

#endif
