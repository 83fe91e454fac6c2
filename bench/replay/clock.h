/* clock.h: a timer fine enough for one call of an allocator, and what was measured with it.
 *
 * On x86 the processor's time stamp counter, between fences so that neither earlier nor later instructions count (Intel
 * SDM volume 2B, RDTSC; AMD64 manual volume 3, RDTSC); elsewhere clock_gettime. The fences and the reading itself cost
 * some twenty cycles, which clock_calibrate measures and figures leave out. */
#ifndef REPLAY_CLOCK_H
#define REPLAY_CLOCK_H

#include <stdint.h>
#include <time.h>

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
static inline uint64_t clock_ticks(void) {
    _mm_lfence();
    uint64_t ticks = __rdtsc();
    _mm_lfence();
    return ticks;
}
#else
static inline uint64_t clock_ticks(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
#endif

/* One measurement in the 32 bits that it is kept in. */
static inline uint32_t clock_since(uint64_t began) {
    uint64_t ticks = clock_ticks() - began;
    return ticks < UINT32_MAX - 1 ? (uint32_t)ticks : UINT32_MAX - 1;
}

struct clock_cost {
    double ns_per_tick;
    double own_ticks; /* what a measurement of nothing says, on average */
};
struct clock_cost clock_calibrate(void);

#endif
