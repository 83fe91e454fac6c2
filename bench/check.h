/* check.h: what is not a matter of nanoseconds. */
#ifndef BENCH_CHECK_H
#define BENCH_CHECK_H

#include "peer.h"

#include <stdbool.h>

/* Whether the contestant hands out nearly all of memory, no frame twice, and all of it again once it came back, from the
 * CPU that did not take it; and runs of frames of all orders, if it has them. Says on stderr what is wrong. */
bool guard_passes(const struct peer *peer, const struct memory *memory);

/* Takes 90 % of memory, frees random frames down to 50 %, then replaces random frames, `n_turns` for each frame of memory.
 * Returns how many aligned 2 MiB blocks hold no frame of anybody in the end. At best it is half of all blocks. */
unsigned churn_whole_blocks(const struct peer *peer, const struct memory *memory, unsigned n_turns);

struct filled {
    uint64_t n_kept;     /* never handed out: the contestant's own */
    uint64_t n_stranded; /* free, and not to be had on one CPU, after several CPUs freed everything */
};
struct filled fill_to_the_last(const struct peer *peer, const struct memory *memory);

/* Microseconds of the wall's clock that make() takes for n_bytes of memory, or NAN where it can not. What lies inside
 * frames finds `memory` there; who works with less finds a mapping that nobody has touched, page faults included. */
double startup_microseconds(const struct peer *peer, const struct memory *memory, uint64_t n_bytes);

#endif
