/* results.h: what one trace showed, and how it is told: tables, CSV, plots. */
#ifndef REPLAY_RESULTS_H
#define REPLAY_RESULTS_H

#include "replay.h"
#include "times.h"

#include <stdio.h>

struct result {
    const struct peer *peer;
    struct watched watched;
    struct times each[N_SPANS][MAX_REPETITIONS];
    struct times median[N_SPANS]; /* of them */
    /* Ticks of each operation in the repetition in which it was fastest. All of them make the same calls in the same
     * state; so what this leaves out is the machine's doing: interrupts, other programs. What is left of the worst case
     * is the contestant's own. */
    uint32_t *least;
    struct times at_best[N_SPANS];
    struct histogram alloc_tail, free_tail; /* of `least` */
    uint32_t slowest;                       /* the operation with the largest `least` */
};

struct results {
    const struct trace *trace;
    uint64_t n_bytes; /* of memory */
    unsigned n_cpus, n_repetitions;
    bool threads; /* which run freely */
    struct clock_cost cost;
    struct result *of;
    unsigned n;
};

void report_table(const struct results *r);
void report_csv_head(FILE *f);
void report_csv(const struct results *r, FILE *f);

/* Quire beside each of the others, over all traces, and whether it is ahead of those that it is meant to be ahead of:
 * what `make replay` ends with. Frees the summaries. */
struct summary {
    char trace[64];
    double *values; /* [N_FIGURES * contestants] */
};
struct summary summarize(const struct results *r);
void report_summaries(struct summary *summaries, unsigned n, const struct peer *const *contestants,
                      unsigned n_contestants);

/* <dir>/<trace>-blocks and -tail, as .svg and .png, with the .dat they are made of. */
void plot(const struct results *r, const char *dir);

#endif
