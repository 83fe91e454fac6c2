/* alone.c: what is measured of Quire only. Each measurement has a process of its own; most of the memory in it is never touched. */
#include "alone.h"

#include "child.h"
#include "host.h"
#include "results.h"
#include "threads.h"
#include "work.h"

#include <math.h>
#include <quire/quire.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TAG = 1, N_ROUNDS = 5 };
#define MiB ((uint64_t)1 << 20)
#define GiB ((uint64_t)1 << 30)
#define TiB ((uint64_t)1 << 40)

static void require(bool fine, const char *what) {
    if (!fine) {
        fprintf(stderr, "bench: quire alone: %s\n", what);
        abort(); /* of the child: what it measures is left out */
    }
}

static struct quire *make_on(quire_pa base, uint64_t n_bytes) {
    struct quire_config config = {.n_cpus = 1};
    struct quire_region region = {base, base + n_bytes, QUIRE_USABLE, 0};
    struct quire *q;
    require(quire_init(&q, &config, &region, 1) == QUIRE_OK, "quire_init");
    return q;
}

/* ---- calls that fail ------------------------------------------------------------------------------------- */

static double failing_microseconds(struct quire *q, unsigned n) {
    quire_pa frame;
    double began = seconds();
    for (unsigned i = 0; i < n; i++) {
        require(quire_alloc_order(q, 1, TAG, &frame) != QUIRE_OK, "two frames where there are none");
    }
    return (seconds() - began) * 1e6 / n;
}

/* All memory is held but a frame of each 4 MiB, taken in pieces so that no search has seen the rest. */
static void fail(const void *arg, const struct memory *memory, double *figures) {
    enum { N = 1000 };
    const uint64_t n_frames = 4 * MiB / QUIRE_PAGE_SIZE;
    struct quire *q = make_on(memory->base, memory->n_bytes);
    (void)arg;
    for (quire_pa at = memory->base; at < memory->base + memory->n_bytes; at += 4 * MiB) {
        uint64_t n = 0;
        for (uint64_t i = 0; i<n_frames; i += n> 0 ? n : 1) { /* around the allocator's own frames */
            n = quire_alloc_range(q, at + i * QUIRE_PAGE_SIZE, n_frames - i, TAG);
        }
        if (n == n_frames) {
            require(quire_free(q, at + QUIRE_PAGE_SIZE) == QUIRE_OK, "quire_free");
        }
    }
    figures[FAILING_FIRST] = failing_microseconds(q, 1);
    figures[FAILING_AGAIN] = failing_microseconds(q, N);
    while (quire_alloc(q, TAG) != QUIRE_NONE) {}
    (void)failing_microseconds(q, 1);
    figures[FAILING_FULL] = failing_microseconds(q, N);
}

/* ---- asking ---------------------------------------------------------------------------------------------- */

static void ask(const void *arg, const struct memory *memory, double *microseconds) {
    enum { N = 1000 };
    static uint64_t n_frames[QUIRE_TAGS];
    struct quire *q = make_on(memory->base, memory->n_bytes);
    (void)arg;
    require(quire_alloc(q, TAG) != QUIRE_NONE, "quire_alloc");
    double began = seconds();
    for (unsigned i = 0; i < N; i++) {
        quire_tag_stats(q, n_frames);
    }
    *microseconds = (seconds() - began) * 1e6 / N;
    require(n_frames[TAG] == 1, "quire_tag_stats");
}

/* ---- zones ----------------------------------------------------------------------------------------------- */

/* Memory in pieces with gaps between them. */
struct pieces {
    uint64_t n_bytes; /* of each */
    unsigned n;
    bool only_lowest; /* all others are held */
};

static struct quire *make_in_pieces(const struct pieces *p, quire_pa base) {
    struct quire *q = make_on(base, p->n_bytes);
    for (unsigned i = 1; i < p->n; i++) {
        quire_pa at = base + i * 2 * p->n_bytes;
        struct quire_region region = {at, at + p->n_bytes, QUIRE_USABLE, 0};
        require(quire_add(q, &region) == QUIRE_OK, "quire_add");
    }
    return q;
}

static void replace(struct quire *q, quire_pa *held, uint32_t n_held, uint32_t n) {
    static uint64_t random = 88172645463325252u;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = random_below(&random, n_held);
        (void)quire_free(q, held[slot]);
        held[slot] = quire_alloc(q, TAG);
    }
}

static void churn(const void *arg, const struct memory *memory, double *ns) {
    enum { N = 1 << 20 };
    const struct pieces *p = arg;
    struct quire *q = make_in_pieces(p, memory->base);
    quire_pa end = memory->base + (p->only_lowest ? 2 * MiB : memory->n_bytes);
    quire_pa *held = calloc(p->n * (p->n_bytes >> QUIRE_PAGE_SHIFT), sizeof *held);
    uint32_t n_here = 0;
    require(held != NULL, "no memory");
    for (quire_pa frame; (frame = quire_alloc(q, TAG)) != QUIRE_NONE;) {
        held[n_here] = frame;
        n_here += frame < end; /* the others stay */
    }
    for (uint32_t i = 0; i < n_here / 2; i++) { /* half of these go */
        (void)quire_free(q, held[2 * i]);
        held[i] = held[2 * i + 1];
    }
    replace(q, held, n_here / 2, N);
    double began = thread_ns();
    replace(q, held, n_here / 2, N);
    *ns = (thread_ns() - began) / N;
}

/* ---- a big machine --------------------------------------------------------------------------------------- */

enum { BIG_CPUS = 1024, BIG_NODES = 8 };

static struct quire *make_big(const struct memory *memory) {
    static uint16_t node_of_cpu[BIG_CPUS];
    struct quire_region regions[BIG_NODES];
    for (unsigned cpu = 0; cpu < BIG_CPUS; cpu++) {
        node_of_cpu[cpu] = (uint16_t)(cpu * BIG_NODES / BIG_CPUS);
    }
    for (unsigned node = 0; node < BIG_NODES; node++) {
        quire_pa at = memory->base + memory->n_bytes / BIG_NODES * node;
        regions[node] = (struct quire_region){at, at + memory->n_bytes / BIG_NODES, QUIRE_USABLE, node};
    }
    struct quire_config config = {.n_cpus = BIG_CPUS, .n_nodes = BIG_NODES, .node_of_cpu = node_of_cpu};
    struct quire *q;
    require(quire_init(&q, &config, regions, BIG_NODES) == QUIRE_OK, "quire_init");
    return q;
}

static double resident_bytes(void) {
    unsigned long n_pages = 0, n_resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    require(f != NULL && fscanf(f, "%lu %lu", &n_pages, &n_resident) == 2, "/proc/self/statm");
    fclose(f);
    return (double)n_resident * (double)sysconf(_SC_PAGESIZE);
}

/* Nobody touches the frames, so what becomes resident is the allocator's own. */
static void grow_big(const void *arg, const struct memory *memory, double *figures) {
    enum { N = GiB / QUIRE_PAGE_SIZE };
    static quire_pa held[N];
    (void)arg;
    for (uint32_t i = 0; i < N; i++) {
        held[i] = QUIRE_NONE;
    }
    double resident = resident_bytes(), began = seconds();
    struct quire *q = make_big(memory);
    figures[0] = (seconds() - began) * 1e3;
    for (unsigned cpu = 0; cpu < BIG_CPUS; cpu++) {
        host_set_cpu(cpu);
        for (uint32_t i = 0; i < N; i++) {
            held[i] = quire_alloc(q, TAG);
        }
        for (uint32_t i = 0; i < N; i++) {
            require(quire_free(q, held[i]) == QUIRE_OK, "quire_free");
        }
    }
    figures[1] = (resident_bytes() - resident) / (double)MiB;
}

/* ---- all of it ------------------------------------------------------------------------------------------- */

static void measure_zones(double figures[N_ALONE]) {
    static const struct pieces pieces[] = {
        {256 * MiB, 1, false}, {128 * MiB, 2, false}, {GiB, 1, true}, {2 * MiB, 512, true}};
    enum { N = sizeof pieces / sizeof pieces[0] };
    double ns[N][N_ROUNDS];
    for (unsigned round = 0; round < N_ROUNDS; round++) {
        for (unsigned i = 0; i < N; i++) {
            in_child(churn, &pieces[i], 2 * GiB, &ns[i][round], 1);
        }
    }
    for (unsigned i = 0; i < N; i++) {
        figures[ONE_ZONE + i] = median(ns[i], N_ROUNDS);
    }
}

void alone_measure(double figures[N_ALONE]) {
    in_child(fail, NULL, TiB, figures, TAG_STATS);
    in_child(ask, NULL, 64 * TiB, &figures[TAG_STATS], 1);
    measure_zones(figures);
    in_child(grow_big, NULL, 64 * TiB, &figures[BIG_INIT], 2);
}

static const struct {
    const char *name, *what;
} legend[N_ALONE] = {
    [FAILING_FIRST] = {"failing_first_us",
                       "an order 1 that fails, 1 TiB with one free frame in each 4 MiB: the first time, us"},
    [FAILING_AGAIN] = {"failing_again_us", "the same after that, us"},
    [FAILING_FULL] = {"failing_full_us", "the same with no free frame, us"},
    [TAG_STATS] = {"tag_stats_us", "quire_tag_stats, 64 TiB with one frame held, us"},
    [ONE_ZONE] = {"one_zone_ns", "random replacement at half full: one zone, ns"},
    [TWO_ZONES] = {"two_zones_ns", "the same in two zones, ns"},
    [FEW_IN_ONE_ZONE] = {"few_in_one_zone_ns", "random replacement in the lowest 2 MiB, all else held: one zone, ns"},
    [FEW_IN_512_ZONES] = {"few_in_512_zones_ns", "the same with 512 zones, ns"},
    [BIG_INIT] = {"big_init_ms", "start-up with 64 TiB in 8 nodes and 1024 CPUs, ms"},
    [BIG_RESIDENT] = {"big_resident_mib", "resident there after each CPU in turn took 1 GiB and gave it back, MiB"},
};

void alone_print(const double figures[N_ALONE]) {
    printf("\nquire alone\n");
    for (unsigned i = 0; i < N_ALONE; i++) {
        if (isnan(figures[i])) {
            printf("%10s  %s\n", "-", legend[i].what);
        } else {
            printf("%10.1f  %s\n", figures[i], legend[i].what);
        }
    }
}

void alone_write(const double figures[N_ALONE], FILE *csv) {
    fprintf(csv, "figure,value\n");
    for (unsigned i = 0; i < N_ALONE; i++) {
        fprintf(csv, "%s", legend[i].name);
        fprintf(csv, isnan(figures[i]) ? ",\n" : ",%.3f\n", figures[i]);
    }
}
