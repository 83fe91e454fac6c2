/* exact.c: `make exact`: of the runs of n frames that scattered free memory has room for, how many are found?
 *
 * All of memory is taken, a share of it freed in random order by CPUs in turn, and then run after run asked for until there
 * is none. A stretch of k free frames has room for k / n runs; the walk over memory says which stretches there are. No time is
 * measured, so the same seed gives the same figures on every machine and in every run.
 *
 * Frames in CPU caches are free, too, but a search looks at them only when it finds nothing else. Until then places are
 * taken beside them, which parts a stretch at the wrong frame. So that the search is measured, and not what lies in caches by
 * chance, a request that can not be met empties these first; with --cached it does not.
 *
 * Exit status: 0 all that are possible were found, 1 some were not, 2 wrong arguments. */
#include "work.h"

#include <errno.h>
#include <host.h>
#include <quire/quire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE     ((quire_pa)1 << 32)
#define MIB      ((uint64_t)1 << 20)
#define N_CPUS   4u
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const unsigned sizes[] = {64, 1024}; /* MiB; of the quick run only the first */
static const unsigned quarters[] = {1, 2, 3};
static const unsigned numbers[] = {3, 5, 9, 12, 20};

struct options {
    uint64_t seed;
    bool quick, cached;
};

static _Noreturn void stop(int status, const char *what, const char *why) {
    fflush(stdout);
    fprintf(stderr, "quire-exact: %s %s\n", what, why);
    exit(status);
}

/* ---- memory ----------------------------------------------------------------------------------------------- */

struct scattered {
    struct quire *q;
    quire_pa *taken;
    uint32_t n_taken;
};

static void make_memory(struct scattered *m, unsigned n_mib) {
    const struct quire_config config = {.n_cpus = N_CPUS};
    const struct quire_region region = {BASE, BASE + n_mib * MIB, QUIRE_USABLE, 0};
    host_ram_add(BASE, n_mib * MIB);
    m->taken = calloc((size_t)(n_mib * MIB / QUIRE_PAGE_SIZE), sizeof(quire_pa));
    m->n_taken = 0;
    if (m->taken == NULL || quire_init(&m->q, &config, &region, 1) != QUIRE_OK) {
        stop(1, "an allocator", "could not be made");
    }
}

static void clear_memory(struct scattered *m) {
    free(m->taken);
    host_ram_clear();
}

static void take_all(struct scattered *m) {
    for (quire_pa pa; (pa = quire_alloc(m->q, 1)) != QUIRE_NONE;) {
        m->taken[m->n_taken++] = pa;
    }
}

/* Frees so many quarters of what is taken; each frame by another CPU than the one before. */
static void free_some(struct scattered *m, unsigned n_quarters, uint64_t random) {
    const uint32_t n = m->n_taken / 4 * n_quarters;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = random_below(&random, m->n_taken);
        host_set_cpu(i % N_CPUS);
        if (quire_free(m->q, m->taken[slot]) != QUIRE_OK) {
            stop(1, "a frame", "could not be freed");
        }
        m->taken[slot] = m->taken[--m->n_taken];
    }
    host_set_cpu(0);
}

/* Who asks for more frames than lie side by side makes all caches send theirs home. */
static void empty_caches(struct quire *q) {
    struct quire_stats stats;
    quire_pa pa;
    quire_stats(q, &stats);
    (void)quire_alloc_for(q, &(struct quire_request){.n_frames = stats.n_free}, &pa);
    quire_stats(q, &stats);
    if (pa != QUIRE_NONE || stats.n_cached != 0) {
        stop(1, "the CPU caches", "could not be emptied");
    }
}

/* ---- what is possible, and what is found ------------------------------------------------------------------ */

struct oracle {
    uint32_t n_frames, n_possible;
};

static bool count_possible(void *ctx, const struct quire_run *run) {
    struct oracle *o = ctx;
    o->n_possible += run->state == QUIRE_STATE_FREE ? (uint32_t)(run->n_frames / o->n_frames) : 0;
    return true;
}

static uint32_t find_all(struct quire *q, uint32_t n_frames) {
    const struct quire_request request = {.n_frames = n_frames, .tag = 2};
    uint32_t n_found = 0;
    for (quire_pa pa; quire_alloc_for(q, &request, &pa) == QUIRE_OK;) {
        n_found++;
    }
    return n_found;
}

/* Prints one cell; false: not all were found. */
static bool measure(const struct options *options, unsigned n_mib, unsigned n_quarters, uint32_t n_frames) {
    struct scattered m;
    struct oracle o = {.n_frames = n_frames};
    make_memory(&m, n_mib);
    take_all(&m);
    free_some(&m, n_quarters, options->seed);
    if (!options->cached) {
        empty_caches(m.q);
    }
    quire_walk(m.q, count_possible, &o);
    uint32_t n_found = find_all(m.q, n_frames);
    char cell[32];
    snprintf(cell, sizeof cell, "%u of %u", n_found, o.n_possible);
    printf("  %14s", cell);
    fflush(stdout);
    clear_memory(&m);
    return n_found == o.n_possible; /* more would be as wrong */
}

static bool measure_all(const struct options *options) {
    const unsigned n_sizes = options->quick ? 1 : COUNT(sizes);
    bool all = true;
    printf("memory    free");
    for (unsigned i = 0; i < COUNT(numbers); i++) {
        printf("  %8u frames", numbers[i]);
    }
    for (unsigned s = 0; s < n_sizes; s++) {
        for (unsigned k = 0; k < COUNT(quarters); k++) {
            printf("\n%4u MiB  %u/4 ", sizes[s], quarters[k]);
            for (unsigned i = 0; i < COUNT(numbers); i++) {
                all &= measure(options, sizes[s], quarters[k], numbers[i]);
            }
        }
    }
    printf("\n");
    return all;
}

/* ---- arguments -------------------------------------------------------------------------------------------- */

static uint64_t read_seed(const char *text) {
    char *end;
    errno = 0;
    uint64_t seed = text != NULL ? strtoull(text, &end, 10) : 0;
    if (seed == 0 || *text < '0' || *text > '9' || *end != '\0' || errno != 0) {
        stop(2, "--seed", "wants a number, from 1 to 2^64 - 1");
    }
    return seed;
}

static struct options read_options(char **argv) {
    struct options o = {.seed = 1};
    while (*++argv != NULL) {
        if (strcmp(*argv, "--quick") == 0) {
            o.quick = true;
        } else if (strcmp(*argv, "--cached") == 0) {
            o.cached = true;
        } else if (strcmp(*argv, "--seed") == 0) {
            o.seed = read_seed(*++argv);
        } else {
            stop(2, *argv, "is no argument; these are: --quick, --cached, --seed N");
        }
    }
    return o;
}

int main(int argc, char **argv) {
    (void)argc;
    const struct options options = read_options(argv);
    if (!measure_all(&options)) {
        stop(1, "some runs", "were not found");
    }
    return 0;
}
