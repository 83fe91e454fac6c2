/* alone.h: what is measured of Quire only, as a library: calls that others do not have, memory in many zones, and a
 * big machine. */
#ifndef BENCH_ALONE_H
#define BENCH_ALONE_H

#include <stdio.h>

enum alone_figure {
    FAILING_FIRST, /* microseconds of quire_alloc_order(1) on 1 TiB with one free frame in each 4 MiB: the first time */
    FAILING_AGAIN, /* the same, after that */
    FAILING_FULL,  /* the same with no free frame */
    TAG_STATS,     /* microseconds of quire_tag_stats on 64 TiB with one frame held */
    ONE_ZONE,      /* ns of a random replacement at half full, frames of all zones */
    TWO_ZONES,
    FEW_IN_ONE_ZONE, /* ns of a random replacement in the lowest 2 MiB, all other memory being held */
    FEW_IN_512_ZONES,
    BIG_INIT,     /* milliseconds of quire_init on 64 TiB in 8 nodes, for 1024 CPUs */
    BIG_RESIDENT, /* MiB that are resident there after each CPU in turn took 1 GiB, frame by frame, and gave it back */
    N_ALONE
};

/* NAN: not measured. */
void alone_measure(double figures[N_ALONE]);

void alone_print(const double figures[N_ALONE]);
void alone_write(const double figures[N_ALONE], FILE *csv);

#endif
