/* count.h: the count of a block: how many of its frames are free at home, in one word.
 *
 *   0..512    so many bits are set in the block's line
 *   Q_AS_ONE  all 512 frames are free, and no bit is set: the block came home as one (borrow.c)
 *
 * While frames come and go it is off for a moment. A CPU that takes frames takes their bits first, then lowers the
 * count; a CPU that gives frames sets their bits first, then raises it. If one takes what another just gave, the count
 * may even be below zero:
 *
 *   CPU 0 gives a frame    CPU 1 takes it       bits   count
 *   sets its bit                                   1       0
 *                          clears the bit          0       0
 *                          lowers the count        0      -1
 *   raises the count                               0       0
 *
 * It may be a little more than Q_AS_ONE while frames come home a second time, which are sent away. */
#ifndef Q_COUNT_H
#define Q_COUNT_H

#include "index.h"
#include <stdatomic.h>

typedef _Atomic int32_t q_count;

#define Q_AS_ONE ((int32_t)1 << 24)
_Static_assert(Q_AS_ONE / 2 > 2 * (int32_t)Q_BLOCK, "no sum of frames that come and go is taken for the other kind");

/* Whether the block came home as one. The halfway mark leaves room for what comes and goes. */
static inline bool q_is_as_one(int32_t count) {
    return count > Q_AS_ONE / 2;
}

/* Whether that can be a block's count. For each CPU that is stopped while it gives, it may be lower by all of a block. */
static inline bool q_is_count(int32_t count) {
    return (count >= -(Q_AS_ONE / 2) && count <= (int32_t)Q_BLOCK) || q_is_as_one(count);
}

/* The number of free frames. */
static inline uint32_t q_free_by_count(int32_t count) {
    return q_is_as_one(count) ? Q_BLOCK : count > 0 ? (uint32_t)count : 0;
}

/* The same of a block that other CPUs may be changing. relaxed: a snapshot. */
static inline uint32_t q_count_free(const q_count *count) {
    return q_free_by_count(atomic_load_explicit(count, memory_order_relaxed));
}

/* Whether a block at rest has this count if `n_bits` are set in its line. */
static inline bool q_count_fits(int32_t count, uint32_t n_bits) {
    Q_ASSERT(n_bits <= Q_BLOCK, n_bits);
    return count == Q_AS_ONE ? n_bits == 0 : count == (int32_t)n_bits;
}

#endif
