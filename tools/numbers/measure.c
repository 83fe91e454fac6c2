/* measure.c: figures of the allocator that its documents give, found from outside, as an embedder would.
 *
 * Prints "name value" lines for tools/check-numbers. Memory is simulated and mostly never touched. */
#include "host.h"

#include <quire/quire.h>
#include <stdio.h>
#include <stdlib.h>

#define BASE  ((quire_pa)1 << 32)
#define MIB   ((uint64_t)1 << 20)
#define TIB   ((uint64_t)1 << 40)
#define N_OWN 256 /* runs of each order: more than any cache keeps */

static struct quire *q;

static void fail(const char *what) {
    fprintf(stderr, "measure: %s\n", what);
    exit(2);
}

static struct quire_stats stats(void) {
    struct quire_stats s;
    quire_stats(q, &s);
    return s;
}

static void memory(uint64_t n_bytes, unsigned n_cpus) {
    const struct quire_region region = {BASE, BASE + n_bytes, QUIRE_USABLE, 0};
    const struct quire_config config = {.n_cpus = n_cpus};
    host_ram_clear();
    host_ram_add(BASE, n_bytes);
    if (quire_init(&q, &config, &region, 1) != QUIRE_OK) {
        fail("quire_init");
    }
}

/* Bytes of metadata, to the frame. */
static uint64_t metadata(uint64_t n_bytes, unsigned n_cpus) {
    memory(n_bytes, n_cpus);
    return stats().n_metadata * QUIRE_PAGE_SIZE;
}

/* Frames that this CPU has at hand, as the allocator says. */
static uint32_t n_warm(void) {
    struct quire_cpu_stats cpu;
    if (!quire_cpu_stats(q, 0, &cpu)) {
        fail("quire_cpu_stats");
    }
    return cpu.n_warm;
}

/* The most frames that a CPU has at hand while it frees more runs of each size than it can keep, large ones first. Each is a
 * part of an allocation, so that no two are neighbours, which may leave together. Memory is so large that nearly all of it
 * stays whole: a CPU that gathers keeps nothing. */
static uint32_t most_warm(void) {
    const unsigned larger = 6;
    uint32_t most = 0;
    memory(64 * 1024 * MIB, 1);
    for (unsigned order = larger; order-- > 0;) {
        for (unsigned i = 0; i < N_OWN; i++) {
            quire_pa pa;
            if (quire_alloc_order(q, larger, 1, &pa) != QUIRE_OK || quire_free_order(q, pa, order) != QUIRE_OK) {
                fail("quire_alloc_order");
            }
            most = n_warm() > most ? n_warm() : most;
        }
    }
    return most;
}

int main(void) {
    const unsigned many = 1 + QUIRE_PAGE_SIZE; /* so that the difference is a whole number of frames */
    const uint64_t block_bytes = (uint64_t)QUIRE_BLOCK_FRAMES << QUIRE_PAGE_SHIFT;
    double of_block = (double)(metadata(2 * TIB, 1) - metadata(TIB, 1)) / (double)(TIB / block_bytes);
    printf("block_bytes %.0f\n", of_block);
    printf("block_percent %.3f\n", 100 * of_block / (double)block_bytes);
    printf("max_order %u\n", QUIRE_MAX_ORDER);
    printf("cpu_bytes %.0f\n", (double)(metadata(1024 * MIB, many) - metadata(1024 * MIB, 1)) / (many - 1));
    printf("least_kib %.0f\n", (double)metadata(2 * MIB, 1) / 1024);
    uint32_t warm = most_warm();
    printf("warm_frames %u\n", warm);
    printf("reach_frames %u\n", warm + 2 * QUIRE_BLOCK_FRAMES);
    return 0;
}
