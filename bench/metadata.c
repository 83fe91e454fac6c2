/* metadata.c: what the allocator needs for itself. */
#include "check.h"
#include "host.h"

#include <quire/quire.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_microseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

struct metadata_cost metadata_cost(uint64_t n_bytes) {
    struct quire_region region = {0x80000000u, 0x80000000u + n_bytes, QUIRE_USABLE};
    struct quire_config config = {.n_cpus = 2};
    struct quire_stats stats;
    struct quire *q;
    host_ram_add(region.base, n_bytes);
    double began = now_microseconds();
    enum quire_status status = quire_init(&q, &config, &region, 1);
    double ended = now_microseconds();
    if (status != QUIRE_OK) {
        fprintf(stderr, "bench: quire_init for %llu MiB: %s\n", (unsigned long long)(n_bytes >> 20),
                quire_status_name(status));
        exit(1);
    }
    quire_stats(q, &stats);
    host_ram_clear();
    return (struct metadata_cost){stats.n_metadata << QUIRE_PAGE_SHIFT, ended - began};
}
