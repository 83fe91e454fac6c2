/* scale.c: `make scale`: how many cache lines an allocator moves between CPUs, counted for up to 1024 of them.
 *
 * A program that scales is one whose CPUs leave each other's cache lines alone, and that can be counted without the
 * machine: each access of the allocator's own object code is looked up in a directory of lines (directory.c) while
 * simulated CPUs take turns (machine.c). No time is measured, so one program gives the same figures on every machine and in
 * every run. */
#define _GNU_SOURCE
#include "report.h"

#include "host.h"

#include <errno.h>
#include <quire/port.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_CPU_COUNTS 16u
#define MEMORY_BASE    0x80000000u

#define FRAMES_OF_BLOCKS 8192u /* for each CPU, where 2 MiB are taken at a time */

struct options {
    const char *out_dir;
    unsigned n_cpus[MAX_CPU_COUNTS];
    unsigned n_cpu_counts;
    unsigned n_nodes;            /* at most; 0: one for 8 CPUs */
    unsigned n_frames;           /* for each CPU */
    const char *workload, *peer; /* NULL: all */
    bool blame;
    uint64_t seed;
};

static _Noreturn void usage(const char *wrong) {
    fprintf(stderr,
            "scale: %s: usage: quire-scale [--out DIR] [--quick] [--cpus N,N...] [--nodes N] [--frames N] [--seed N] "
            "[--work NAME] [--peer NAME] [--blame]\n",
            wrong);
    exit(2);
}

/* ---- what is measured ----------------------------------------------------------------------------------- */

static bool takes_part(const struct options *o, const struct peer *peer, const struct workload *w, unsigned n_cpus) {
    bool wanted = (o->peer == NULL || strcmp(o->peer, peer->name) == 0) &&
                  (o->workload == NULL || strcmp(o->workload, w->name) == 0);
    bool possible = (!(w->traits & WORKLOAD_PAIRS) || n_cpus % 2 == 0) &&
                    (!(w->traits & WORKLOAD_ORDERS) || peer->alloc_order != NULL);
    return wanted && possible;
}

static unsigned nodes_for(const struct options *o, unsigned n_cpus) {
    unsigned n_nodes = o->n_nodes != 0 ? o->n_nodes : n_cpus / 8;
    n_nodes = n_nodes < MAX_NODES ? n_nodes : MAX_NODES;
    n_nodes = n_nodes < n_cpus ? n_nodes : n_cpus;
    return n_nodes > 0 ? n_nodes : 1;
}

static unsigned frames_for(const struct options *o, const struct workload *w) {
    return w->traits & WORKLOAD_BLOCKS && o->n_frames < FRAMES_OF_BLOCKS ? FRAMES_OF_BLOCKS : o->n_frames;
}

static void progress(const char *workload, const char *peer, unsigned n_cpus) {
    static time_t began;
    began = began == 0 ? time(NULL) : began;
    fprintf(stderr, "scale: %3ld s: %s, %s, %u CPUs\n", (long)(time(NULL) - began), workload, peer, n_cpus);
}

static struct cell *new_cell(struct results *r) {
    struct cell *cells = realloc(r->cells, (r->n_cells + 1) * sizeof *cells);
    if (cells == NULL) {
        fprintf(stderr, "scale: no memory for the results\n");
        exit(1);
    }
    r->cells = cells;
    return &cells[r->n_cells++];
}

static void measure(struct results *r, const struct options *o, const struct peer *peer, const struct workload *w,
                    unsigned n_cpus) {
    struct machine_config config = {n_cpus, nodes_for(o, n_cpus), o->seed};
    uint64_t n_frames = (uint64_t)n_cpus * frames_for(o, w);
    struct memory memory = {MEMORY_BASE, n_frames * QUIRE_PAGE_SIZE, quire_port_map(MEMORY_BASE), config.n_nodes};
    struct cell *c = new_cell(r);
    progress(w->name, peer->name, n_cpus);
    *c = (struct cell){w, peer, n_cpus, config.n_nodes, workload_measure(w, peer, &memory, &config)};
    if (o->blame) {
        report_culprits(c);
    }
}

static void measure_all(struct results *r, const struct options *o) {
    for (unsigned w = 0; w < n_workloads; w++) {
        for (unsigned n = 0; n < o->n_cpu_counts; n++) {
            for (unsigned p = 0; p < n_peers; p++) {
                if (takes_part(o, peers[p], &workloads[w], o->n_cpus[n])) {
                    measure(r, o, peers[p], &workloads[w], o->n_cpus[n]);
                }
            }
        }
    }
}

/* ---- options -------------------------------------------------------------------------------------------- */

static uint64_t read_number(const char *text, char **end, uint64_t least, uint64_t most) {
    errno = 0;
    uint64_t n = strtoull(text, end, 10);
    if (*end == text || *text == '-' || errno != 0 || n < least || n > most) {
        char wrong[128];
        snprintf(wrong, sizeof wrong, "'%.32s' is no number from %llu to %llu", text, (unsigned long long)least,
                 (unsigned long long)most);
        usage(wrong);
    }
    return n;
}

static uint64_t read_one(const char *text, uint64_t least, uint64_t most) {
    char *end;
    uint64_t n = read_number(text, &end, least, most);
    if (*end != '\0') {
        usage("a number is followed by something else");
    }
    return n;
}

/* Contestants want memory in multiples of 4 MiB, whatever the number of CPUs. */
static unsigned read_frames(const char *text) {
    unsigned n = (unsigned)read_one(text, 1024, 1u << 20);
    if (n % 1024 != 0) {
        usage("--frames takes a multiple of 1024");
    }
    return n;
}

static void read_cpus(struct options *o, const char *text) {
    o->n_cpu_counts = 0;
    for (char *end = NULL; end == NULL || *end == ','; text = end + 1) {
        unsigned n = (unsigned)read_number(text, &end, 1, MAX_CPUS);
        if (o->n_cpu_counts == MAX_CPU_COUNTS || (*end != ',' && *end != '\0')) {
            usage("--cpus takes up to 16 numbers with commas between them");
        }
        o->n_cpus[o->n_cpu_counts++] = n;
    }
}

static void check_names(const struct options *o) {
    bool known_peer = o->peer == NULL, known_work = o->workload == NULL;
    for (unsigned p = 0; p < n_peers; p++) {
        known_peer |= o->peer != NULL && strcmp(o->peer, peers[p]->name) == 0;
    }
    for (unsigned w = 0; w < n_workloads; w++) {
        known_work |= o->workload != NULL && strcmp(o->workload, workloads[w].name) == 0;
    }
    if (!known_peer || !known_work) {
        usage(known_peer ? "no such workload" : "no such contestant");
    }
}

static struct options read_options(int argc, char **argv) {
    struct options o = {.n_frames = 1024, .seed = 1};
    read_cpus(&o, "1,2,4,8,16,64,256,1024");
    for (int i = 1; i < argc; i++) {
        const char *option = argv[i];
        if (strcmp(option, "--quick") == 0) {
            read_cpus(&o, "1,2,8,64");
        } else if (strcmp(option, "--blame") == 0) {
            o.blame = true;
        } else if (i + 1 == argc) {
            usage(option);
        } else if (strcmp(option, "--out") == 0) {
            o.out_dir = argv[++i];
        } else if (strcmp(option, "--cpus") == 0) {
            read_cpus(&o, argv[++i]);
        } else if (strcmp(option, "--nodes") == 0) {
            o.n_nodes = (unsigned)read_one(argv[++i], 1, MAX_NODES);
        } else if (strcmp(option, "--frames") == 0) {
            o.n_frames = read_frames(argv[++i]);
        } else if (strcmp(option, "--seed") == 0) {
            o.seed = read_one(argv[++i], 1, UINT32_MAX);
        } else if (strcmp(option, "--work") == 0) {
            o.workload = argv[++i];
        } else if (strcmp(option, "--peer") == 0) {
            o.peer = argv[++i];
        } else {
            usage(option);
        }
    }
    check_names(&o);
    return o;
}

static FILE *open_csv(const char *dir) {
    char path[512];
    snprintf(path, sizeof path, "%s/scale.csv", dir);
    FILE *f = fopen(path, "w");
    if (f == NULL) {
        fprintf(stderr, "scale: %s: %s; make the directory, or name another with --out\n", path, strerror(errno));
        exit(2);
    }
    return f;
}

int main(int argc, char **argv) {
    struct options o = read_options(argc, argv);
    struct results results = {0};
    FILE *csv = o.out_dir == NULL ? NULL : open_csv(o.out_dir);
    unsigned most = 0;
    for (unsigned n = 0; n < o.n_cpu_counts; n++) {
        most = o.n_cpus[n] > most ? o.n_cpus[n] : most;
    }
    unsigned n_frames = o.n_frames > FRAMES_OF_BLOCKS ? o.n_frames : FRAMES_OF_BLOCKS; /* some are never touched */
    host_ram_add(MEMORY_BASE, (uint64_t)most * n_frames * QUIRE_PAGE_SIZE);
    measure_all(&results, &o);
    if (results.n_cells == 0) {
        usage("nothing to measure: that contestant or number of CPUs can not do that workload");
    }
    report_tables(&results);
    report_bars(&results);
    if (csv != NULL) {
        report_csv(&results, csv);
        fclose(csv);
    }
    return 0;
}
