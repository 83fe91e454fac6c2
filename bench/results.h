/* results.h: what one run measured, and how it is read: tables, CSV files, bars. */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include "alone.h"
#include "peer.h"
#include "work.h"

#include <stdbool.h>
#include <stdio.h>

#define MAX_REPETITIONS 31u

/* A workload on a number of threads, the frames touched by their user or not. */
struct row {
    const struct work *work;
    unsigned n_threads;
    bool touch;
    double (*ns)
        [MAX_REPETITIONS]; /* of each contestant, for one alloc and one free, harness included; NAN: not measured then */
    double *instructions;  /* of each contestant, likewise; NAN: not counted */
};

/* Of one contestant, beside its times; NAN: not measured. */
enum { N_STARTUPS = 3 };
struct figures {
    double n_whole;                                 /* aligned 2 MiB that are free after random churn, of 256 */
    double n_stranded;                              /* free frames that one CPU can not get */
    double kept_share;                              /* of memory, for its own data */
    double refused_share;                           /* of allocations of mixed orders */
    double startup_us[N_STARTUPS][MAX_REPETITIONS]; /* for 1 GiB, 64 GiB and 1 TiB */
};

#define MAX_ROWS 256u
struct results {
    unsigned n_repetitions;
    unsigned n_rows;
    struct row rows[MAX_ROWS];
    struct figures *figures;         /* of each contestant */
    double alone[N_ALONE];           /* NAN: not measured */
    double line_ns[MAX_REPETITIONS]; /* round trip of a cache line between two CPUs; NAN: not measured */
    double exchange_ns[MAX_REPETITIONS];
    double boot[2]; /* guest instructions until the allocator is ready: Quire's, the seed's; NAN */
};

/* NULL: no such row. */
struct row *results_row(struct results *r, const struct work *work, unsigned n_threads, bool touch);

unsigned peer_index(const char *name); /* n_peers: there is none of that name */

/* Of those that are not NAN; NAN: there is none. */
double median(const double *values, unsigned n);

double row_total(const struct results *r, const struct row *row, unsigned peer); /* median */
double row_net(const struct results *r, const struct row *row, unsigned peer);   /* median, the harness taken off */

/* Reads what instructions.sh wrote. False: the file can not be read, or it is no such file. */
bool read_instructions(struct results *r, const char *path);

void print_legend(void);
void print_times(struct results *r);
void print_instructions(struct results *r);
void print_figures(const struct results *r);
void print_bars(struct results *r, FILE *csv);

void write_samples(const struct results *r, FILE *csv); /* each repetition */
void write_medians(const struct results *r, FILE *csv);
void write_figures(const struct results *r, FILE *csv);

#endif
