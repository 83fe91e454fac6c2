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

void report_tables(const struct cell *cells, unsigned n_cells);
void report_csv(const struct cell *cells, unsigned n_cells, FILE *csv);

/* The bars of this project's own allocator; prints nothing where it was not measured. */
void report_bars(const struct cell *cells, unsigned n_cells);

/* Which places in the code moved most lines, of what was measured last. */
void report_culprits(const struct measured *measured);

#endif
