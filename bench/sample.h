/* sample.h: one measurement: one contestant, one workload, some threads, each bound to a CPU. */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include "work.h"

#include <stdbool.h>

struct sample {
    const struct peer *peer;
    const struct work *work;
    unsigned n_workers; /* one for each CPU, <= n_usable_cpus() */
    bool touch;         /* the user writes to each frame */
    uint64_t n_pairs;   /* for each worker; some workloads round it up */
};

struct measured {
    double ns;            /* of processor time for one alloc and one free, harness included, mean over the workers */
    double refused_share; /* of the allocations: orders that could not be had */
};

struct measured sample_take(const struct sample *sample, const struct memory *memory);

#endif
