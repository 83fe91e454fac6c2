/* bench.c: `make bench`: all contestants, interleaved in one run.
 *
 * The outermost loop is the repetition; inside it each row is measured for every contestant, one after the other, and the
 * order turns by one place from repetition to repetition. */
#define _GNU_SOURCE /* madvise */
#include "check.h"
#include "host.h"
#include "report.h"
#include "sample.h"

#include <errno.h>
#include <math.h>
#include <quire/port.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define MiB ((uint64_t)1 << 20)
#define GiB ((uint64_t)1 << 30)

struct options {
    bool quick;
    const char *out_dir;
    double startup[2]; /* guest instructions, measured by startup.sh; NAN where there are none */
};

/* ---- surroundings --------------------------------------------------------------------------------------- */

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Progress goes to stderr, so that stdout is the report and nothing else. */
static void progress(const char *what) {
    static double began;
    began = began == 0 ? seconds() : began;
    fprintf(stderr, "bench: %3.0f s: %s\n", seconds() - began, what);
}

static void print_machine(void) {
    char line[256], date[32];
    const char *model = "unknown processor";
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':') != NULL) {
            line[strcspn(line, "\n")] = '\0';
            model = strchr(line, ':') + 2;
            break;
        }
    }
    if (f != NULL) {
        fclose(f);
    }
    time_t now = time(NULL);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M", localtime(&now));
    printf("%s, %u CPUs used, %s, compiler %s\n", model, n_usable_cpus(), date, __VERSION__);
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

static FILE *open_csv(const char *dir, const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    if (f == NULL) {
        fprintf(stderr, "bench: %s: %s; make the directory, or name another with --out\n", path, strerror(errno));
        exit(2);
    }
    return f;
}

/* ---- what is measured ----------------------------------------------------------------------------------- */

/* The worst share of what the bar allows. Before make_memory: it uses the simulated memory for itself. */
static double measure_metadata(void) {
    static const uint64_t sizes[] = {64 * MiB, 128 * MiB, GiB, 8 * GiB, 64 * GiB, 1024 * GiB};
    double worst = 0;
    printf("\n%-16s%12s%12s%16s\n", "memory", "metadata", "share", "quire_init");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct metadata_cost cost = metadata_cost(sizes[i]);
        double allowed = 0.0011 * (double)sizes[i] + 65536;
        worst = fmax(worst, (double)cost.n_bytes / allowed);
        printf("%10llu MiB%8llu KiB%11.3f%%%13.0f us\n", (unsigned long long)(sizes[i] / MiB),
               (unsigned long long)(cost.n_bytes >> 10), 100 * (double)cost.n_bytes / (double)sizes[i],
               cost.microseconds);
    }
    return worst;
}

static double (*new_ns(void))[MAX_REPETITIONS] {
    double(*ns)[MAX_REPETITIONS] = calloc(n_peers, sizeof *ns);
    if (ns == NULL) {
        abort();
    }
    return ns;
}

/* In a quick run without the touched ones. */
static void list_rows(struct results *r, bool quick) {
    for (unsigned touch = 0; touch < (quick ? 1 : 2); touch++) {
        for (unsigned work = 0; work < N_WORKS; work++) {
            for (unsigned n_threads = works[work].traits & WORK_PASSES ? 2 : 1; n_threads <= n_usable_cpus();
                 n_threads++) {
                r->rows[r->n_rows++] = (struct row){&works[work], n_threads, touch != 0, new_ns()};
            }
        }
    }
}

static bool takes_part(const struct peer *peer, const struct row *row) {
    bool stuck = (row->work->traits & WORK_LONG) && (peer->traits & PEER_PRIVATE);
    return !stuck && !(row->touch && (peer->traits & PEER_FILLS));
}

/* Long enough to mean something, the same for all but those that write 8 KiB for each pair. */
static uint64_t pairs_for(const struct peer *peer, const struct row *row, bool quick) {
    uint64_t n_pairs = row->work->n_pairs;
    n_pairs /= peer->traits & PEER_FILLS ? 16 : 1;
    n_pairs /= row->touch && row->work == &works[WORK_RANDOM] ? 2 : 1;
    return n_pairs / (quick ? 4 : 1);
}

static void measure_row(struct row *row, unsigned repetition, const struct memory *memory, bool quick) {
    for (unsigned i = 0; i < n_peers; i++) {
        unsigned p = (i + repetition) % n_peers;
        struct sample s = {.peer = peers[p], .work = row->work, .n_workers = row->n_threads, .touch = row->touch};
        s.n_pairs = pairs_for(peers[p], row, quick);
        row->ns[p][repetition] = takes_part(peers[p], row) ? sample_take(&s, memory) : NAN;
    }
}

static void measure_times(struct results *r, const struct memory *memory, bool quick) {
    for (unsigned n = 0; n < r->n_repetitions; n++) {
        char what[64];
        snprintf(what, sizeof what, "repetition %u of %u", n + 1, r->n_repetitions);
        progress(what);
        r->line_ns[n] = n_usable_cpus() < 2 ? NAN : line_round_trip();
        for (unsigned i = 0; i < r->n_rows; i++) {
            measure_row(&r->rows[i], n, memory, quick);
        }
    }
}

static void measure_churn(struct results *r, const struct memory *memory) {
    progress("random churn");
    for (unsigned p = 0; p < n_peers; p++) {
        bool skip = peers[p]->traits & (PEER_SHAM | PEER_FILLS | PEER_FOREIGN); /* filling changes no address */
        r->n_whole[p] = skip ? (double)NAN : churn_whole_blocks(peers[p], memory, 8);
    }
}

static void guard_all(const struct memory *memory) {
    progress("is every contestant correct?");
    for (unsigned p = 0; p < n_peers; p++) {
        if (!guard_passes(peers[p], memory)) {
            exit(1);
        }
    }
}

/* ---- the program ---------------------------------------------------------------------------------------- */

static _Noreturn void usage(const char *wrong) {
    fprintf(stderr, "bench: %s: usage: bench --out DIR [--quick] [--startup N_SMALL,N_LARGE]\n", wrong);
    exit(2);
}

static struct options read_options(int argc, char **argv) {
    struct options o = {.startup = {NAN, NAN}};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            o.quick = true;
        } else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc) {
            o.out_dir = argv[++i];
        } else if (strcmp(argv[i], "--startup") == 0 && i + 1 < argc) {
            if (sscanf(argv[++i], "%lf,%lf", &o.startup[0], &o.startup[1]) != 2) {
                usage(argv[i]);
            }
        } else {
            usage(argv[i]);
        }
    }
    if (o.out_dir == NULL) {
        usage("no --out");
    }
    return o;
}

int main(int argc, char **argv) {
    static struct results results;
    struct options options = read_options(argc, argv);
    FILE *times = open_csv(options.out_dir, "times.csv");
    FILE *bars = open_csv(options.out_dir, "bars.csv");
    results.n_repetitions = options.quick ? 3 : 11;
    results.startup[0] = options.startup[0];
    results.startup[1] = options.startup[1];
    list_rows(&results, options.quick);
    print_machine();
    results.metadata_excess = measure_metadata();
    progress("making memory");
    struct memory memory = make_memory(GiB);
    guard_all(&memory);
    measure_times(&results, &memory, options.quick);
    measure_churn(&results, &memory);
    progress("done");
    report_times(&results);
    report_whole_blocks(&results);
    report_csv(&results, times);
    report_bars(&results, bars);
    fclose(times);
    fclose(bars);
    return 0;
}
