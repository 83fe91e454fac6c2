/* report.h: samples in, tables and bars out. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "peer.h"
#include "work.h"

#include <stdbool.h>
#include <stdio.h>

#define MAX_REPETITIONS 31u
#define MAX_PEERS       48u

/* One row of the table: a workload on a number of threads, the frames touched by their user or not. */
struct row {
    const struct work *work;
    unsigned n_threads;
    bool touch;
    double (*ns)[MAX_REPETITIONS]; /* of each contestant, for one alloc and one free; NAN: not measured */
};

#define MAX_ROWS (2u * 2u * N_WORKS)
struct results {
    unsigned n_repetitions;
    unsigned n_rows;
    struct row rows[MAX_ROWS];
    double line_ns[MAX_REPETITIONS]; /* round trip of a cache line; NAN: not measured */
    double n_whole[MAX_PEERS];       /* blocks after random churn; NAN: not measured */
    double startup[2];               /* guest instructions until ready, least memory and most; NAN: not measured */
    double metadata_excess;          /* worst: own bytes over what the bar allows, as a share of that; NAN */
};

struct row *results_row(struct results *r, enum work_index work, unsigned n_threads,
                        bool touch); /* NULL: no such row */

void report_times(const struct results *r);
void report_whole_blocks(const struct results *r);
void report_bars(struct results *r, FILE *csv);
void report_csv(const struct results *r, FILE *csv);

#endif
