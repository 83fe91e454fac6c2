/* clock.c: see clock.h. */
#include "clock.h"

#include <stdlib.h>

enum { N_EMPTY = 100000, CALIBRATION_NS = 50000000 };

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Without the slowest tenth, which was interrupted. A mean, since some machines' counters move in steps of 10 ns. */
static double measure_nothing(void) {
    static uint32_t empty[N_EMPTY];
    for (unsigned i = 0; i < N_EMPTY; i++) {
        uint64_t began = clock_ticks();
        empty[i] = clock_since(began);
    }
    qsort(empty, N_EMPTY, sizeof empty[0], by_value);
    double sum = 0;
    for (unsigned i = 0; i < N_EMPTY / 10 * 9; i++) {
        sum += empty[i];
    }
    return sum / (N_EMPTY / 10 * 9);
}

struct clock_cost clock_calibrate(void) {
    double ns = now_ns();
    uint64_t ticks = clock_ticks();
    double own = measure_nothing();
    while (now_ns() - ns < CALIBRATION_NS) {}
    return (struct clock_cost){(now_ns() - ns) / (double)(clock_ticks() - ticks), own};
}
