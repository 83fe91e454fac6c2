/* bench.c: `make bench`: all contestants, interleaved in one run.
 *
 * The outermost loop is the repetition; inside it each row is measured for every contestant, one after the other, and the
 * order turns by one place from repetition to repetition. */
#define _GNU_SOURCE /* madvise */
#include "check.h"
#include "host.h"
#include "results.h"
#include "sample.h"
#include "threads.h"

#include <errno.h>
#include <math.h>
#include <quire/port.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define GiB ((uint64_t)1 << 30)
static const uint64_t startup_bytes[N_STARTUPS] = {GiB, 64 * GiB, 1024 * GiB};

struct options {
    bool quick;
    const struct work *only; /* this workload and nothing else; NULL: everything */
    const char *out_dir;
    const char *instructions; /* a file, or NULL */
    double boot[2];
};

/* ---- surroundings --------------------------------------------------------------------------------------- */

/* Progress goes to stderr, so that stdout is the report and nothing else. */
static void progress(const char *what) {
    static double began;
    began = began == 0 ? seconds() : began;
    fprintf(stderr, "bench: %3.0f s: %s\n", seconds() - began, what);
}

static const char *processor_model(void) {
    static char line[256];
    FILE *f = fopen("/proc/cpuinfo", "r");
    const char *model = NULL;
    while (f != NULL && model == NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':') != NULL) {
            line[strcspn(line, "\n")] = '\0';
            model = strchr(line, ':') + 2;
        }
    }
    if (f != NULL) {
        fclose(f);
    }
    return model == NULL ? "unknown processor" : model;
}

static void write_machine(FILE *f, unsigned n_repetitions) {
    char date[32];
    time_t now = time(NULL);
    strftime(date, sizeof date, "%Y-%m-%d", localtime(&now));
    fprintf(f, "%s, %u CPUs, compiler %s, %u repetitions, %s\n", processor_model(), n_usable_cpus(), __VERSION__,
            n_repetitions, date);
}

/* In huge pages where the system has them, as kernels map their memory, and with every page there: writing to a frame costs
 * what the hardware takes and no page fault. */
static struct memory make_memory(uint64_t n_bytes) {
    struct memory m = {.base = 0x80000000u, .n_bytes = n_bytes};
    host_ram_add(m.base, n_bytes);
    m.at = quire_port_map(m.base);
    madvise(m.at, n_bytes, MADV_HUGEPAGE); /* a wish; without it, all contestants pay more TLB misses */
    for (uint64_t offset = 0; offset < n_bytes; offset += QUIRE_PAGE_SIZE) {
        m.at[offset] = 1;
    }
    return m;
}

static FILE *open_out(const char *dir, const char *name) {
    char path[512];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = n < (int)sizeof path ? fopen(path, "w") : NULL;
    if (f == NULL) {
        fprintf(stderr, "bench: %s: %s: make the directory, or name another with --out\n", path, strerror(errno));
        exit(2);
    }
    return f;
}

static void *new_array(size_t n, size_t n_bytes) {
    void *array = calloc(n, n_bytes);
    if (array == NULL) {
        fprintf(stderr, "bench: no memory\n");
        exit(1);
    }
    return array;
}

/* ---- what is measured ----------------------------------------------------------------------------------- */

static void add_row(struct results *r, const struct work *work, unsigned n_threads, bool touch) {
    if (r->n_rows == MAX_ROWS) {
        fprintf(stderr, "bench: more than %u rows\n", MAX_ROWS);
        exit(1);
    }
    struct row row = {.work = work, .n_threads = n_threads, .touch = touch};
    row.ns = new_array(n_peers, sizeof *row.ns);
    row.instructions = new_array(n_peers, sizeof *row.instructions);
    for (unsigned p = 0; p < n_peers; p++) {
        row.instructions[p] = NAN;
    }
    r->rows[r->n_rows++] = row;
}

/* 1, 2, 4, ... threads, and one for each CPU. */
static unsigned more_threads(unsigned n_threads) {
    unsigned n_most = n_usable_cpus();
    return n_threads < n_most && 2 * n_threads > n_most ? n_most : 2 * n_threads;
}

/* Frames are touched where that is the same for all: one by one, and not by a quick run. */
static bool is_wanted(const struct options *o, const struct work *work, unsigned n_threads, bool touch) {
    bool can_touch = !(work->traits & (WORK_ORDERS | WORK_ALL | WORK_CALLS)) && !o->quick;
    bool has_neighbours = n_threads % 2 == 0 || !(work->traits & WORK_PASSES);
    return (o->only == NULL || o->only == work) && has_neighbours && (!touch || can_touch);
}

static void list_rows(struct results *r, const struct options *o) {
    for (unsigned touch = 0; touch < 2; touch++) {
        for (unsigned w = 0; w < N_WORKS; w++) {
            for (unsigned n = 1; n <= n_usable_cpus(); n = more_threads(n)) {
                if (is_wanted(o, works[w], n, touch != 0)) {
                    add_row(r, works[w], n, touch != 0);
                }
            }
        }
    }
}

/* Those that take long, and that nobody is judged against, come every third time. */
static bool is_due(const struct peer *peer, unsigned repetition) {
    return repetition % 3 == 0 || !(peer->traits & (PEER_FOREIGN | PEER_FILLS));
}

static bool takes_part(const struct peer *peer, const struct row *row) {
    unsigned traits = row->work->traits;
    bool is_stuck = (traits & WORK_LONG) && (peer->traits & PEER_PRIVATE);
    bool is_endless = (traits & WORK_ALL) && (peer->traits & PEER_FOREIGN);
    bool lacks_calls = ((traits & WORK_ORDERS) && peer->alloc_order == NULL) ||
                       ((traits & WORK_CALLS) && peer->alloc_bulk == NULL) ||
                       ((traits & WORK_PARTS) && !(peer->traits & (PEER_PARTS | PEER_SHAM)));
    bool fills = (row->touch || (traits & WORK_ORDERS)) && (peer->traits & PEER_FILLS);
    return !is_stuck && !is_endless && !lacks_calls && !fills;
}

/* Long enough to mean something, the same for all but those that take long. */
static uint64_t pairs_for(const struct peer *peer, const struct row *row, bool quick) {
    uint64_t n_pairs = row->work->n_pairs / (quick ? 4 : 1);
    n_pairs /= peer->traits & PEER_FILLS ? 16 : 1;
    return n_pairs / (peer->traits & PEER_FOREIGN ? 4 : 1);
}

static void measure_row(struct results *r, struct row *row, unsigned repetition, const struct memory *memory,
                        bool quick) {
    for (unsigned i = 0; i < n_peers; i++) {
        unsigned p = (i + repetition) % n_peers;
        struct sample s = {.peer = peers[p], .work = row->work, .n_workers = row->n_threads, .touch = row->touch};
        s.n_pairs = pairs_for(peers[p], row, quick);
        row->ns[p][repetition] = NAN;
        if (is_due(peers[p], repetition) && takes_part(peers[p], row)) {
            struct measured m = sample_take(&s, memory);
            row->ns[p][repetition] = m.ns;
            if (row->work == &work_mixed) {
                r->figures[p].refused_share = m.refused_share;
            }
        }
    }
}

static void measure_startup(struct results *r, unsigned repetition, const struct memory *memory) {
    for (unsigned p = 0; p < n_peers; p++) {
        for (unsigned s = 0; s < N_STARTUPS; s++) {
            bool is_heap = peers[p]->traits & (PEER_SHAM | PEER_FOREIGN);
            r->figures[p].startup_us[s][repetition] = is_heap || !is_due(peers[p], repetition)
                                                          ? (double)NAN
                                                          : startup_microseconds(peers[p], memory, startup_bytes[s]);
        }
    }
}

static void measure_times(struct results *r, const struct options *o, const struct memory *memory) {
    for (unsigned n = 0; n < r->n_repetitions; n++) {
        char what[64];
        snprintf(what, sizeof what, "repetition %u of %u", n + 1, r->n_repetitions);
        progress(what);
        r->line_ns[n] = n_usable_cpus() < 2 ? NAN : line_round_trip();
        r->exchange_ns[n] = exchange_ns();
        for (unsigned i = 0; i < r->n_rows; i++) {
            measure_row(r, &r->rows[i], n, memory, o->quick);
        }
        if (o->only == NULL) {
            measure_startup(r, n, memory);
        }
    }
}

static void measure_figures(struct results *r, const struct memory *memory) {
    progress("random churn, and filling to the last frame");
    for (unsigned p = 0; p < n_peers; p++) {
        struct figures *f = &r->figures[p];
        if (peers[p]->traits & (PEER_SHAM | PEER_FOREIGN)) {
            continue;
        }
        struct filled filled = fill_to_the_last(peers[p], memory);
        f->n_stranded = (double)filled.n_stranded;
        f->kept_share = (double)(filled.n_kept << QUIRE_PAGE_SHIFT) / (double)memory->n_bytes;
        if (!(peers[p]->traits & PEER_FILLS)) { /* filling changes no address */
            f->n_whole = churn_whole_blocks(peers[p], memory, 8);
        }
    }
    progress("calls that fail, and many zones");
    alone_measure(r->alone);
}

static void guard_all(const struct memory *memory) {
    progress("is every contestant correct?");
    for (unsigned p = 0; p < n_peers; p++) {
        if (!guard_passes(peers[p], memory)) {
            exit(1);
        }
    }
}

static void init_results(struct results *r, const struct options *o) {
    r->n_repetitions = o->quick ? 3 : 21;
    memcpy(r->boot, o->boot, sizeof r->boot);
    r->figures = new_array(n_peers, sizeof *r->figures);
    for (unsigned p = 0; p < n_peers; p++) {
        r->figures[p] = (struct figures){.n_whole = NAN, .n_stranded = NAN, .kept_share = NAN, .refused_share = NAN};
    }
    list_rows(r, o);
    if (r->n_rows == 0) {
        fprintf(stderr, "bench: %s needs two CPUs\n", o->only->name);
        exit(2);
    }
    if (o->instructions != NULL && !read_instructions(r, o->instructions)) {
        fprintf(stderr, "bench: %s: not what instructions.sh writes\n", o->instructions);
        exit(2);
    }
}

/* ---- the program ---------------------------------------------------------------------------------------- */

static _Noreturn void usage(const char *wrong) {
    fprintf(stderr, "bench: %s; usage: bench --out DIR [--quick] [--work NAME] [--instructions FILE] [--boot N,N]\n",
            wrong);
    exit(2);
}

static const struct work *work_named(const char *name) {
    for (unsigned w = 0; w < N_WORKS; w++) {
        if (strcmp(works[w]->name, name) == 0) {
            return works[w];
        }
    }
    fprintf(stderr, "bench: no workload is called '%s'\n", name);
    exit(2);
}

static void read_option(struct options *o, const char *name, const char *value) {
    if (value == NULL) {
        usage(name);
    } else if (strcmp(name, "--out") == 0) {
        o->out_dir = value;
    } else if (strcmp(name, "--work") == 0) {
        o->only = work_named(value);
    } else if (strcmp(name, "--instructions") == 0) {
        o->instructions = value;
    } else if (strcmp(name, "--boot") == 0) {
        char rest;
        if (sscanf(value, "%lf,%lf%c", &o->boot[0], &o->boot[1], &rest) != 2) {
            usage(value);
        }
    } else {
        usage(name);
    }
}

static struct options read_options(int argc, char **argv) {
    struct options o = {.boot = {NAN, NAN}};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            o.quick = true;
        } else {
            read_option(&o, argv[i], argv[i + 1]);
            i++;
        }
    }
    if (o.out_dir == NULL) {
        usage("no --out");
    }
    return o;
}

typedef void write_results(const struct results *r, FILE *f);

static void write_file(const struct results *r, const char *dir, const char *name, write_results *write) {
    FILE *f = open_out(dir, name);
    write(r, f);
    fclose(f);
}

static void report(struct results *r, const struct options *o) {
    print_legend();
    print_times(r);
    print_instructions(r);
    write_file(r, o->out_dir, "times.csv", write_samples);
    write_file(r, o->out_dir, "medians.csv", write_medians);
    if (o->only == NULL) {
        print_figures(r);
        write_file(r, o->out_dir, "figures.csv", write_figures);
        alone_print(r->alone);
        FILE *alone = open_out(o->out_dir, "alone.csv");
        alone_write(r->alone, alone);
        fclose(alone);
        FILE *bars = open_out(o->out_dir, "bars.csv");
        print_bars(r, bars);
        fclose(bars);
    }
}

int main(int argc, char **argv) {
    static struct results results;
    struct options options = read_options(argc, argv);
    init_results(&results, &options);
    FILE *machine =
        open_out(options.out_dir, "machine.txt"); /* first, so that a wrong --out is found before the work */
    write_machine(machine, results.n_repetitions);
    fclose(machine);
    write_machine(stdout, results.n_repetitions);
    progress("making memory");
    struct memory memory = make_memory(startup_bytes[0]);
    guard_all(&memory);
    measure_times(&results, &options, &memory);
    if (options.only == NULL) {
        measure_figures(&results, &memory);
    }
    progress("done");
    report(&results, &options);
    return 0;
}
