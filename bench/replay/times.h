/* times.h: what is told of millions of measurements: mean, percentiles, worst, and a histogram for the tail.
 *
 * A histogram's buckets are one tick wide up to 127, then 64 of them for each power of two: a value is off
 * by 1.6 % at most. */
#ifndef REPLAY_TIMES_H
#define REPLAY_TIMES_H

#include "clock.h"
#include "trace.h"

#define N_BUCKETS       1792u
#define MAX_REPETITIONS 99u

/* Which operations. */
enum span { SPAN_ALL, SPAN_ALLOCS, SPAN_FREES, SPAN_ORDER_ALLOCS, SPAN_ORDER_FREES, N_SPANS };
extern const char *const span_names[N_SPANS];

struct histogram {
    uint64_t n, sum; /* of ticks as measured; the buckets' are without the timer's own */
    uint32_t worst;  /* ticks without the timer's own */
    uint64_t buckets[N_BUCKETS];
};

/* ticks: of each operation of the trace behind n_before. */
void histogram_make(struct histogram *h, const struct trace *trace, const uint32_t *ticks, enum span span,
                    struct clock_cost cost);
double bucket_ticks(unsigned bucket); /* the middle of it */

struct times {
    double mean, p50, p99, p999, worst; /* ns; NAN where there was none */
};
struct times times_of(const struct histogram *h, struct clock_cost cost);

/* Each field the median of that field over the repetitions. */
struct times times_median(const struct times *of, unsigned n_repetitions);

#endif
