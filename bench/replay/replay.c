/* replay.c: `quire-replay`: reads the command line and the traces, and lets the contestants take turns. */
#define _GNU_SOURCE /* madvise */
#include "host.h"
#include "progress.h"
#include "results.h"
#include "stop.h"

#include <errno.h>
#include <getopt.h>
#include <quire/port.h>
#include <quire/quire.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MiB      ((uint64_t)1 << 20)
#define STEP     (4 * MiB) /* memory is a multiple of it (peer.h) */
#define MOST     ((uint64_t)1 << 40)
#define DEFAULT  5
#define NO_SPARE UINT64_MAX

struct options {
    const struct peer **peers;
    unsigned n_peers;
    unsigned n_cpus;  /* 0: as many as the trace has */
    uint64_t n_bytes; /* 0: as `spare` says */
    uint64_t spare;   /* percent of memory beyond what is live at most; NO_SPARE: as trace_memory says */
    unsigned n_repetitions;
    bool threads, frames, check;
    const char *csv, *plot;
};

static void print_help(void) {
    printf("usage: quire-replay [OPTION]... TRACE...\n"
           "Replays page allocations recorded from a Linux kernel (quire-record) against page-frame allocators.\n"
           "A TRACE may be compressed by xz or zstd.\n\n"
           "  --peer NAME    only this allocator; may be given again; 'all' are all. Where not given, all that work on "
           "pages\n"
           "                 and do not fill them\n"
           "  --cpus N       CPUs of the allocator; those of the trace are folded onto them\n"
           "  --memory SIZE  bytes, or with K, M or G; default: twice what the trace has live at most, at least 64M\n"
           "  --spare N      memory: N percent more than the trace has live at most\n"
           "  --repeat N     how often each is measured, 1..%u; default %u\n"
           "  --threads      a free running thread for each CPU, instead of one thread that is all CPUs in turn\n"
           "  --frames       everybody takes everything frame by frame, as those must that have no larger allocations\n"
           "  --csv FILE     the figures, for other programs\n"
           "  --plot DIR     fragmentation over time and the tail of the times, as SVG and PNG; needs gnuplot\n"
           "  --check        only read the traces and say what is in them\n\n"
           "Allocators:\n",
           MAX_REPETITIONS, DEFAULT);
    for (unsigned i = 0; i < n_peers; i++) {
        printf("  %-12s %s\n", peers[i]->name, peers[i]->what);
    }
    printf("\nExit status: 0 done, 1 an allocator is broken, 2 bad options or a bad trace.\n");
}

/* ---- options -------------------------------------------------------------------------------------------- */

static uint64_t read_number(const char *option, const char *text, uint64_t least, uint64_t most, bool units) {
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    unsigned shift = 0;
    if (units && *end != '\0' && strchr("KMG", *end) != NULL) {
        shift = *end == 'K' ? 10 : *end == 'M' ? 20 : 30;
        end++;
    }
    bool digits = *text >= '0' && *text <= '9';
    if (!digits || *end != '\0' || errno != 0 || n > most >> shift || n << shift < least) {
        stop(STATUS_BAD_INPUT, "--%s %s: a number from %llu to %llu is expected", option, text,
             (unsigned long long)least, (unsigned long long)most);
    }
    return n << shift;
}

static const struct peer *find_peer(const char *name) {
    for (unsigned i = 0; i < n_peers; i++) {
        if (strcmp(peers[i]->name, name) == 0) {
            return peers[i];
        }
    }
    stop(STATUS_BAD_INPUT, "--peer %s: there is none of this name; --help lists them", name);
}

static void choose_all(struct options *o, unsigned without) {
    for (unsigned i = 0; i < n_peers; i++) {
        if (!(peers[i]->traits & without)) {
            o->peers[o->n_peers++] = peers[i];
        }
    }
}

static void choose(struct options *o, const char *name) {
    o->peers = more_room(o->peers, o->n_peers + n_peers + 1, sizeof *o->peers);
    if (strcmp(name, "all") == 0) {
        choose_all(o, 0);
    } else {
        o->peers[o->n_peers++] = find_peer(name);
    }
}

enum { PEER = 1, CPUS, MEMORY, REPEAT, SPARE, THREADS, FRAMES, CSV, PLOT, CHECK, HELP };

static void read_option(struct options *o, int option, const char *word) {
    switch (option) {
    case PEER:
        choose(o, optarg);
        break;
    case CPUS:
        o->n_cpus = (unsigned)read_number("cpus", optarg, 1, 1024, false);
        break;
    case MEMORY:
        o->n_bytes = read_number("memory", optarg, STEP, MOST, true);
        break;
    case REPEAT:
        o->n_repetitions = (unsigned)read_number("repeat", optarg, 1, MAX_REPETITIONS, false);
        break;
    case SPARE:
        o->spare = read_number("spare", optarg, 0, 10000, false);
        break;
    case THREADS:
        o->threads = true;
        break;
    case FRAMES:
        o->frames = true;
        break;
    case CSV:
        o->csv = optarg;
        break;
    case PLOT:
        o->plot = optarg;
        break;
    case CHECK:
        o->check = true;
        break;
    case HELP:
        print_help();
        exit(0);
    default:
        stop(STATUS_BAD_INPUT, "%s: no such option, or its value is missing; --help lists them", word);
    }
}

static struct options read_options(int argc, char **argv) {
    static const struct option names[] = {
        {"peer", required_argument, NULL, PEER},     {"cpus", required_argument, NULL, CPUS},
        {"memory", required_argument, NULL, MEMORY}, {"repeat", required_argument, NULL, REPEAT},
        {"spare", required_argument, NULL, SPARE},   {"threads", no_argument, NULL, THREADS},
        {"frames", no_argument, NULL, FRAMES},       {"csv", required_argument, NULL, CSV},
        {"plot", required_argument, NULL, PLOT},     {"check", no_argument, NULL, CHECK},
        {"help", no_argument, NULL, HELP},           {NULL, 0, NULL, 0}};
    struct options o = {.n_repetitions = DEFAULT, .spare = NO_SPARE, .peers = make_room(n_peers, sizeof *o.peers)};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        read_option(&o, option, argv[optind - 1]);
    }
    if (optind == argc) {
        stop(STATUS_BAD_INPUT, "no trace is named; --help says how it is used");
    }
    if (o.n_peers == 0) {
        choose_all(&o, PEER_FILLS | PEER_FOREIGN);
    }
    return o;
}

/* ---- memory --------------------------------------------------------------------------------------------- */

static uint64_t memory_for(const struct options *o, const struct trace *t) {
    uint64_t n_bytes = o->n_bytes;
    if (n_bytes == 0) {
        uint64_t peak = t->peak_frames * QUIRE_PAGE_SIZE;
        n_bytes = o->spare == NO_SPARE ? trace_memory(t) : peak + peak / 100 * o->spare;
    }
    n_bytes = n_bytes < STEP ? STEP : (n_bytes + STEP - 1) / STEP * STEP;
    uint64_t there = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    if (n_bytes > there / 2) {
        stop(STATUS_BAD_INPUT, "%s: to replay it in %llu MiB is too much for %llu MiB of memory; --memory sets it",
             t->path, (unsigned long long)(n_bytes / MiB), (unsigned long long)(there / MiB));
    }
    return n_bytes;
}

/* With every page there and in huge ones where there are some, as a kernel maps its memory. */
static struct memory make_memory(uint64_t n_bytes) {
    struct memory m = {.base = 0x80000000u, .n_bytes = n_bytes};
    host_ram_add(m.base, n_bytes);
    m.at = quire_port_map(m.base);
    madvise(m.at, n_bytes, MADV_HUGEPAGE);
    for (uint64_t offset = 0; offset < n_bytes; offset += QUIRE_PAGE_SIZE) {
        m.at[offset] = 1;
    }
    return m;
}

/* ---- one trace ------------------------------------------------------------------------------------------ */

static void keep_least(struct result *of, const uint32_t *ticks, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        of->least[i] = ticks[i] < of->least[i] ? ticks[i] : of->least[i];
    }
}

static void measure_once(const struct results *r, struct result *of, const struct memory *memory, unsigned repetition,
                         uint32_t *ticks) {
    static struct histogram histogram;
    struct replay replay = {r->trace, of->peer, memory, r->n_cpus};
    if (r->threads) {
        threaded_replay(&replay, ticks);
    } else {
        clocked_replay(&replay, ticks);
    }
    for (unsigned span = 0; span < N_SPANS; span++) {
        histogram_make(&histogram, r->trace, ticks, (enum span)span, r->cost);
        of->each[span][repetition] = times_of(&histogram, r->cost);
    }
    keep_least(of, ticks, r->trace->n_ops - r->trace->n_before);
}

static uint32_t find_slowest(const struct trace *t, const uint32_t *least) {
    uint32_t slowest = t->n_before;
    for (uint32_t i = t->n_before; i < t->n_ops; i++) {
        bool slower =
            least[i - t->n_before] > least[slowest - t->n_before] || least[slowest - t->n_before] == NOT_CLOCKED;
        slowest = slower && least[i - t->n_before] != NOT_CLOCKED ? i : slowest;
    }
    return slowest;
}

static void sum_up(const struct results *r, struct result *of) {
    of->slowest = find_slowest(r->trace, of->least);
    static struct histogram histogram;
    for (unsigned span = 0; span < N_SPANS; span++) {
        histogram_make(&histogram, r->trace, of->least, (enum span)span, r->cost);
        of->median[span] = times_median(of->each[span], r->n_repetitions);
        of->at_best[span] = times_of(&histogram, r->cost);
    }
    histogram_make(&of->alloc_tail, r->trace, of->least, SPAN_ALLOCS, r->cost);
    histogram_make(&of->free_tail, r->trace, of->least, SPAN_FREES, r->cost);
}

static void measure(struct results *r, const struct memory *memory) {
    uint32_t n = r->trace->n_ops - r->trace->n_before;
    uint32_t *ticks = make_room(n, sizeof *ticks);
    unsigned n_steps = (r->n_repetitions + 1) * r->n;
    for (unsigned i = 0; i < r->n; i++) {
        struct replay replay = {r->trace, r->of[i].peer, memory, r->n_cpus};
        progress(i, n_steps, r->trace->name);
        watched_replay(&replay, &r->of[i].watched);
        r->of[i].least = make_room(n, sizeof *ticks);
        memset(r->of[i].least, 0xFF, n * sizeof *ticks);
    }
    for (unsigned repetition = 0; repetition < r->n_repetitions; repetition++) {
        for (unsigned i = 0; i < r->n; i++) {
            unsigned turn = (i + repetition) % r->n;
            progress((repetition + 1) * r->n + i, n_steps, r->trace->name);
            measure_once(r, &r->of[turn], memory, repetition, ticks);
        }
    }
    progress_clear();
    free(ticks);
    for (unsigned i = 0; i < r->n; i++) {
        sum_up(r, &r->of[i]);
    }
}

static struct summary replay_trace(const struct options *o, const struct trace *t, FILE *csv) {
    struct results r = {.trace = t, .n_repetitions = o->n_repetitions, .threads = o->threads, .n = o->n_peers};
    r.n_bytes = memory_for(o, t);
    r.n_cpus = o->n_cpus != 0 ? o->n_cpus : t->n_cpus;
    r.of = make_room(r.n, sizeof *r.of);
    for (unsigned i = 0; i < r.n; i++) {
        r.of[i].peer = o->peers[i];
    }
    struct memory memory = make_memory(r.n_bytes);
    r.cost = clock_calibrate();
    measure(&r, &memory);
    report_table(&r);
    if (csv != NULL) {
        report_csv(&r, csv);
    }
    if (o->plot != NULL) {
        plot(&r, o->plot);
    }
    struct summary summary = summarize(&r);
    for (unsigned i = 0; i < r.n; i++) {
        free(r.of[i].least);
    }
    free(r.of);
    host_ram_clear();
    return summary;
}

/* ---- the program ---------------------------------------------------------------------------------------- */

static FILE *open_csv(const char *path) {
    FILE *f = path == NULL ? NULL : fopen(path, "w");
    if (path != NULL && f == NULL) {
        stop(STATUS_BAD_INPUT, "%s: %s", path, strerror(errno));
    }
    if (f != NULL) {
        report_csv_head(f);
    }
    return f;
}

static void print_contents(const struct trace *t) {
    printf("%s: %s: %u CPUs, %.3f s, %u objects from before, %u allocations (%u of more than one frame), %u frees, "
           "%llu frames live at most, %llu at the end\n",
           t->path, t->name, t->n_cpus, (double)t->duration_ns / 1e9, t->n_before, t->n_allocs, t->n_orders, t->n_frees,
           (unsigned long long)t->peak_frames, (unsigned long long)t->end_frames);
}

int main(int argc, char **argv) {
    struct options o = read_options(argc, argv);
    unsigned n_traces = (unsigned)(argc - optind);
    struct trace *traces = make_room(n_traces, sizeof *traces);
    for (unsigned i = 0; i < n_traces; i++) {
        progress(i, n_traces, argv[(unsigned)optind + i]);
        trace_read(&traces[i], argv[(unsigned)optind + i]);
        if (o.frames) {
            trace_in_frames(&traces[i]);
        }
    }
    progress_clear();
    FILE *csv = open_csv(o.csv);
    struct summary *summaries = make_room(n_traces, sizeof *summaries);
    for (unsigned i = 0; i < n_traces; i++) {
        if (o.check) {
            print_contents(&traces[i]);
        } else {
            summaries[i] = replay_trace(&o, &traces[i], csv);
        }
        trace_drop(&traces[i]);
    }
    if (!o.check) {
        report_summaries(summaries, n_traces, o.peers, o.n_peers);
    }
    free(summaries);
    if (csv != NULL && fclose(csv) != 0) {
        stop(STATUS_BAD_INPUT, "%s: %s", o.csv, strerror(errno));
    }
    free(traces);
    free(o.peers);
    return 0;
}
