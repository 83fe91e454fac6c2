/* check.h: what is not a matter of time. */
#ifndef BENCH_CHECK_H
#define BENCH_CHECK_H

#include "peer.h"

#include <stdbool.h>

/* Whether the contestant hands out nearly all of memory, no frame twice, and all of it again once it came back, from the
 * CPU that did not take it. Says on stderr what is wrong. */
bool guard_passes(const struct peer *peer, const struct memory *memory);

/* Takes 90 % of memory, frees random frames down to 50 %, then replaces random frames, `n_turns` for each frame of memory.
 * Returns how many aligned 2 MiB blocks hold no frame of anybody in the end. At best it is half of all blocks. */
unsigned churn_whole_blocks(const struct peer *peer, const struct memory *memory, unsigned n_turns);

/* What quire_init needs for one region of n_bytes, simulated by a mapping that nobody touches. */
struct metadata_cost {
    uint64_t n_bytes;    /* of the allocator's own data */
    double microseconds; /* in quire_init, page faults included */
};
struct metadata_cost metadata_cost(uint64_t n_bytes);

#endif
