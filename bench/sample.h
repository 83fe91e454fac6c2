/* sample.h: one measurement: one contestant, one workload, one or two pinned threads. */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include "work.h"

struct sample {
    const struct peer *peer;
    const struct work *work;
    unsigned n_workers; /* one for each CPU, <= n_usable_cpus() */
    bool touch;         /* the user writes to each frame */
    uint64_t n_pairs;   /* for each worker; some workloads round it up */
};

/* The CPUs that this process may use, but <= MAX_WORKERS. */
unsigned n_usable_cpus(void);

/* Ns of processor time for one alloc and one free, harness included, mean over the workers. Time that other processes took
 * the CPU away does not count. */
double sample_take(const struct sample *sample, const struct memory *memory);

/* Ns that it takes one cache line to go from one CPU to the other and back. Needs two CPUs. */
double line_round_trip(void);

#endif
