/* report.h: figures in, tables and bars out. */
#ifndef SCALE_REPORT_H
#define SCALE_REPORT_H

#include "workload.h"

#include <stdio.h>

/* One contestant, one workload, one number of CPUs. */
struct cell {
    const struct workload *workload;
    const struct peer *peer;
    unsigned n_cpus, n_nodes;
    struct measured measured;
};

struct results {
    struct cell *cells;
    unsigned n_cells;
};

void report_tables(const struct results *r);
void report_csv(const struct results *r, FILE *csv);

/* The bars of this project's own allocator; nothing where it was not measured. */
void report_bars(const struct results *r);

/* The places in the code that moved most lines, of the cell measured last. */
void report_culprits(const struct cell *c);

#endif
