/* bars.c: what Quire is meant to reach, and whether it does.
 *
 * A ratio is taken inside each repetition, its two figures being measured within seconds of each other, and then the
 * median of the ratios. "Net" is without the harness, "total" with it. Quire is judged as a library; beside it stands
 * what it reaches where a kernel inlines it. */
#include "results.h"

#include <math.h>
#include <string.h>

enum { BAR = 62, FIGURE = 9 };
enum part { TOTAL, NET };
enum sense { AT_MOST, AT_LEAST };

struct tally {
    struct results *r;
    const char *const *judged;
    unsigned n_bars, n_met, n_open;
    FILE *csv;
};

/* Who is judged: the first counts, the second is shown. */
static const char *const general[2] = {"quire", "quire-inline"};
static const char *const local[2] = {"quire-local", "quire-local-inline"};

/* ---- judging -------------------------------------------------------------------------------------------- */

static void print_figure(double value) {
    if (isnan(value)) {
        printf("%*s", FIGURE, "-");
    } else {
        printf("%*.*f", FIGURE, value < 0.1 && value > 0 ? 4 : value < 100 ? 2 : 0, value);
    }
}

static void judge(struct tally *t, const char *what, const double value[2], enum sense sense, double limit,
                  const char *why_not) {
    const char *sign = sense == AT_MOST ? "<=" : ">=";
    bool is_open = isnan(value[0]);
    bool is_met = sense == AT_MOST ? value[0] <= limit : value[0] >= limit; /* false for NAN */
    char verdict[80];
    snprintf(verdict, sizeof verdict, "not measured (%s)", why_not);
    const char *word = is_open ? verdict : is_met ? "ok" : "MISSED";
    t->n_bars++;
    t->n_met += is_met;
    t->n_open += is_open;
    printf("%-*s", BAR, what);
    print_figure(value[0]);
    print_figure(value[1]);
    printf("  %s %-6g%s\n", sign, limit, word);
    fprintf(t->csv, "\"%s\",%g,%g,%s,%g,%s\n", what, value[0], value[1], sign, limit, word);
}

/* ---- ratios --------------------------------------------------------------------------------------------- */

/* One cell of the tables. */
struct cell {
    const struct work *work;
    unsigned n_threads;
    bool touch;
    const char *peer;
    enum part part;
};

static double cell_at(struct results *r, const struct cell *c, unsigned repetition) {
    const struct row *row = results_row(r, c->work, c->n_threads, c->touch);
    unsigned p = peer_index(c->peer);
    if (row == NULL || p == n_peers) {
        return NAN;
    }
    double harness = c->part == NET ? row->ns[peer_index("empty")][repetition] : 0;
    return row->ns[p][repetition] - harness;
}

static double ratio(struct results *r, const struct cell *over, const struct cell *under) {
    double ratios[MAX_REPETITIONS];
    for (unsigned n = 0; n < r->n_repetitions; n++) {
        ratios[n] = cell_at(r, over, n) / cell_at(r, under, n);
    }
    return median(ratios, r->n_repetitions);
}

static const char *why_not(struct results *r, const struct cell *a, const struct cell *b) {
    if (strcmp(b->peer, "mempool") == 0 && peer_index("mempool") == n_peers) {
        return "no libdpdk";
    }
    bool both = results_row(r, a->work, a->n_threads, a->touch) && results_row(r, b->work, b->n_threads, b->touch);
    return both ? "no figure" : "no such row in this run";
}

/* `under` with peer NULL: the same contestant. */
static void judge_ratio(struct tally *t, const char *what, struct cell over, struct cell under, double limit) {
    double value[2];
    bool with_itself = under.peer == NULL;
    for (unsigned i = 0; i < 2; i++) {
        over.peer = t->judged[i];
        under.peer = with_itself ? t->judged[i] : under.peer;
        value[i] = ratio(t->r, &over, &under);
    }
    over.peer = t->judged[0];
    judge(t, what, value, AT_MOST, limit, why_not(t->r, &over, &under));
}

static void judge_against(struct tally *t, struct cell c, const char *peer, double limit) {
    char what[96];
    snprintf(what, sizeof what, "%s%s, %u thread%s: %s / %s, %s", c.work->name, c.touch ? ", touched" : "", c.n_threads,
             c.n_threads > 1 ? "s" : "", t->judged[0], peer, c.part == NET ? "net" : "total");
    struct cell other = c;
    other.peer = peer;
    judge_ratio(t, what, c, other, limit);
}

/* ---- the bars ------------------------------------------------------------------------------------------- */

/* The better build of the two that are judged otherwise; `under` with peer NULL: the same contestant. */
static void judge_better(struct tally *t, const char *what, struct cell over, struct cell under, double limit) {
    double value[2] = {NAN, NAN};
    bool with_itself = under.peer == NULL;
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned build = 0; build < 2; build++) {
            over.peer = (build == 0 ? general : local)[i];
            under.peer = with_itself ? over.peer : under.peer;
            value[i] = fmin(value[i], ratio(t->r, &over, &under)); /* ignores NAN */
        }
    }
    judge(t, what, value, AT_MOST, limit, why_not(t->r, &over, &under));
}

static void judge_mempool(struct tally *t) {
    static const struct work *const common[] = {&work_same, &work_bulk, &work_burst_64, &work_random};
    for (unsigned w = 0; w < 3; w++) {
        for (unsigned n = 1; n <= 2; n++) {
            judge_against(t, (struct cell){.work = common[w], .n_threads = n, .part = NET}, "mempool", 1.1);
        }
    }
    struct cell one = {.work = &work_random, .n_threads = 1, .part = NET};
    struct cell two = {.work = &work_random, .n_threads = 2, .part = NET};
    judge_against(t, one, "mempool", 2.0);
    judge_ratio(t, "random: quire, 2 threads / 1 thread, net", two, one, 1.2);
    for (unsigned w = 0; w < 4; w++) {
        for (unsigned n = 1; n <= 2; n++) {
            judge_against(t, (struct cell){.work = common[w], .n_threads = n, .touch = true}, "mempool", 1.1);
        }
    }
}

static void judge_passing(struct tally *t) {
    static const struct work *const passing[] = {&work_pass, &work_pass_long};
    for (unsigned w = 0; w < 2; w++) {
        judge_against(t, (struct cell){.work = passing[w], .n_threads = 2}, "mempool", 1.3);
        judge_against(t, (struct cell){.work = passing[w], .n_threads = 2}, "padded", 0.4);
    }
}

static void judge_queue(struct tally *t) {
    for (unsigned n = 1; n <= 2; n++) {
        char what[96];
        snprintf(what, sizeof what, "512 frames, %u thread%s: first one first / last one first, net", n,
                 n > 1 ? "s" : "");
        struct cell queue = {.work = &work_queue_512, .n_threads = n, .part = NET};
        struct cell burst = {.work = &work_burst_512, .n_threads = n, .part = NET};
        judge_ratio(t, what, queue, burst, 1.3);
    }
}

/* 30 ns where the bare array takes 3 for the same frame. */
static void judge_block(struct tally *t) {
    struct cell block = {.work = &work_block, .n_threads = 1};
    struct cell floor = {.work = &work_same, .n_threads = 1, .peer = "floor", .part = NET};
    judge_ratio(t, "2 MiB taken and freed, total / floor's same frame, net", block, floor, 10);
}

/* "pairs, 2 threads: the better build / buddy, net" */
static void judge_buddy(struct tally *t, const struct work *work, unsigned n_threads, double limit) {
    char what[96];
    snprintf(what, sizeof what, "%s, %u thread%s: the better build / buddy, net", work->name, n_threads,
             n_threads > 1 ? "s" : "");
    struct cell c = {.work = work, .n_threads = n_threads, .part = NET}, buddy = c;
    buddy.peer = "buddy";
    judge_better(t, what, c, buddy, limit);
}

/* One workload over another. */
static void judge_works(struct tally *t, const char *what, const struct work *over, const struct work *under,
                        double limit) {
    judge_better(t, what, (struct cell){.work = over, .n_threads = 1, .part = NET},
                 (struct cell){.work = under, .n_threads = 1, .part = NET}, limit);
}

static void judge_second_thread(struct tally *t, const struct work *work) {
    char what[96];
    snprintf(what, sizeof what, "%s: the better build, 2 threads / 1 thread, net", work->name);
    judge_better(t, what, (struct cell){.work = work, .n_threads = 2, .part = NET},
                 (struct cell){.work = work, .n_threads = 1, .part = NET}, 1.3);
}

/* Runs should cost what they cost a buddy allocator, and frames the same wherever they lie and however they come. */
static void judge_any_size(struct tally *t) {
    static const struct work *const orders[] = {&work_small, &work_small_bulk, &work_turns, &work_large,
                                                &work_block_bulk};
    judge_buddy(t, &work_mixed, 1, 2);
    judge_buddy(t, &work_mixed, 2, 2);
    for (unsigned w = 0; w < sizeof orders / sizeof orders[0]; w++) {
        judge_buddy(t, orders[w], 1, 1.5);
    }
    judge_second_thread(t, &work_block_bulk);
    judge_second_thread(t, &work_block);
    judge_works(t, "random with a frame pinned in each block / random, net", &work_pinned, &work_random, 1.15);
    judge_works(t, "8 runs of 8 frames, freed frame by frame / bursts 64, net", &work_parts, &work_burst_64, 1.3);
    judge_better(t, "calls of 512 / floor's same frame, net",
                 (struct cell){.work = &work_calls, .n_threads = 1, .part = NET},
                 (struct cell){.work = &work_same, .n_threads = 1, .part = NET, .peer = "floor"}, 0.5);
}

static void judge_alone(struct tally *t, const char *what, double value, double limit) {
    judge(t, what, (double[2]){value, NAN}, AT_MOST, limit, "no memory of that size");
}

static void judge_asking(struct tally *t) {
    const double *f = t->r->alone;
    judge_alone(t, "order 1 that fails, 1 TiB: the first time, us", f[FAILING_FIRST], 10000);
    judge_alone(t, "order 1 that fails, 1 TiB: again, us", f[FAILING_AGAIN], 5);
    judge_alone(t, "order 1 that fails, 1 TiB, no free frame, us", f[FAILING_FULL], 1);
    judge_alone(t, "quire_tag_stats, 64 TiB, one frame held, us", f[TAG_STATS], 10);
    judge_alone(t, "random: two zones / one", f[TWO_ZONES] / f[ONE_ZONE], 1.2);
    judge_alone(t, "random in the lowest 2 MiB: 512 zones / one", f[FEW_IN_512_ZONES] / f[FEW_IN_ONE_ZONE], 1.5);
    judge_alone(t, "start-up with 64 TiB, 8 nodes, 1024 CPUs, ms", f[BIG_INIT], 10);
    judge_alone(t, "resident after 1 GiB from each CPU in turn, MiB", f[BIG_RESIDENT], 64);
}

static double best_other_whole(const struct results *r) {
    double best = 0;
    for (unsigned p = 0; p < n_peers; p++) {
        bool is_quire = strncmp(peers[p]->name, "quire", 5) == 0;
        best = is_quire ? best : fmax(best, r->figures[p].n_whole); /* fmax ignores NAN */
    }
    return best;
}

static double startup_ratio(const struct results *r, const struct figures *f) {
    double ratios[MAX_REPETITIONS];
    for (unsigned n = 0; n < r->n_repetitions; n++) {
        ratios[n] = f->startup_us[N_STARTUPS - 1][n] / f->startup_us[0][n];
    }
    return median(ratios, r->n_repetitions);
}

static void judge_figures(struct tally *t) {
    double stranded[2] = {NAN, NAN}, whole[2] = {NAN, NAN}, lead[2] = {NAN, NAN}, startup[2] = {NAN, NAN};
    for (unsigned i = 0; i < 2; i++) {
        unsigned p = peer_index(t->judged[i]);
        if (p < n_peers) {
            const struct figures *f = &t->r->figures[p];
            stranded[i] = f->n_stranded;
            whole[i] = f->n_whole;
            lead[i] = f->n_whole - best_other_whole(t->r);
            startup[i] = startup_ratio(t->r, f);
        }
    }
    judge(t, "filled to the last frame: frames stranded", stranded, AT_MOST, 0, "no figure");
    judge(t, "random churn: whole 2 MiB blocks, of 256", whole, AT_LEAST, 250, "no figure");
    judge(t, "random churn: whole 2 MiB blocks more than the best other", lead, AT_LEAST, 1, "no figure");
    judge(t, "start-up: 1 TiB / 1 GiB", startup, AT_MOST, 2, "no mapping of that size");
    double boot[2] = {t->r->boot[0] / t->r->boot[1], NAN};
    judge(t, "kernel start-up, 128 MiB: guest instructions, quire / seed", boot, AT_MOST, 0.02, "not counted");
}

/* With local visits nothing is left that a pool of DPDK's does not do, too, but to count and to check. */
static void judge_local(struct tally *t) {
    static const struct {
        const struct work *work;
        double limit;
    } net[] = {{&work_same, 0.8}, {&work_burst_64, 1.0}, {&work_bulk, 1.1}};
    for (unsigned w = 0; w < 3; w++) {
        for (unsigned n = 1; n <= 2; n++) {
            struct cell c = {.work = net[w].work, .n_threads = n, .part = NET};
            judge_against(t, c, "mempool", net[w].limit);
        }
    }
    judge_against(t, (struct cell){.work = &work_random, .n_threads = 1, .part = NET}, "mempool", 2.0);
    for (unsigned n = 1; n <= 2; n++) {
        judge_against(t, (struct cell){.work = &work_same, .n_threads = n, .touch = true}, "mempool", 1.0);
    }
    judge_passing(t);
}

static void print_head(const struct tally *t, const char *what) {
    printf("\n%-*s%*s%*s  bar\n", BAR, what, FIGURE, strchr(t->judged[0], '-') == NULL ? "quire" : "local", FIGURE,
           "inline");
}

void print_bars(struct results *r, FILE *csv) {
    struct tally t = {.r = r, .judged = general, .csv = csv};
    fprintf(csv, "bar,library,inline,sense,limit,verdict\n");
    print_head(&t, "bars: medians of the ratios inside each repetition");
    judge_mempool(&t);
    judge_passing(&t);
    judge_queue(&t);
    judge_block(&t);
    judge_figures(&t);
    t.judged = local;
    print_head(&t, "with local visits");
    judge_local(&t);
    t.judged = general;
    print_head(&t, "runs, many frames at once, many zones");
    judge_any_size(&t);
    judge_asking(&t);
    printf("\n%u of %u bars met, %u not measured\n", t.n_met, t.n_bars, t.n_open);
}
