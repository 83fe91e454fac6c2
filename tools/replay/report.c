/* report.c: the table of one trace, the lines that compare, the CSV. See results.h. */
#include "results.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define MiB ((uint64_t)1 << 20)

static bool in_frames(const struct results *r, const struct peer *peer) {
    return r->trace->n_orders > 0 && peer->alloc_order == NULL;
}

/* ---- the table ------------------------------------------------------------------------------------------ */

static void print_times(const struct result *of, enum span span) {
    const struct times *t = &of->median[span];
    printf("%7.1f%7.1f%8.0f%8.0f%9.0f ", t->mean, t->p50, t->p99, t->p999, of->at_best[span].worst);
}

static void print_row(const struct results *r, const struct result *of) {
    const struct watched *w = &of->watched;
    printf("%s%-*s", of->peer->name, 12 - (int)strlen(of->peer->name), in_frames(r, of->peer) ? " *" : "");
    print_times(of, SPAN_ALLOCS);
    print_times(of, SPAN_FREES);
    printf("%8" PRIu64, w->n_failed);
    if (w->has_blocks) {
        printf("%9" PRIu64 "%8.4f%8.4f\n", w->n_stranded, w->whole_mean, w->whole_least);
    } else {
        printf("%9s%8s%8s\n", "-", "-", "-");
    }
}

void report_table(const struct results *r) {
    const struct trace *t = r->trace;
    bool marked = false;
    printf("\n%s: %" PRIu32 " allocations (%" PRIu32 " of more than one frame), %" PRIu32 " frees, %" PRIu32
           " objects from before; %u CPUs%s, %" PRIu64 " MiB for at most %" PRIu64 " MiB live, %u repetition%s\n",
           t->name, t->n_allocs, t->n_orders, t->n_frees, t->n_before, r->n_cpus,
           r->threads ? ", a free thread each" : "", r->n_bytes / MiB,
           (t->peak_frames * QUIRE_PAGE_SIZE + MiB - 1) / MiB, r->n_repetitions, r->n_repetitions == 1 ? "" : "s");
    if (t->n_in_frames > 0) {
        printf("%" PRIu32 " objects are taken frame by frame: freed in pieces, or too large\n", t->n_in_frames);
    }
    printf("%-12s%7s%7s%8s%8s%9s %7s%7s%8s%8s%9s %8s%9s%8s%8s\n", "ns", "alloc", "p50", "p99", "p99.9", "worst", "free",
           "p50", "p99", "p99.9", "worst", "failed", "stranded", "whole", "least");
    for (unsigned i = 0; i < r->n; i++) {
        print_row(r, &r->of[i]);
        marked = marked || in_frames(r, r->of[i].peer);
    }
    if (marked) {
        printf("* has no allocations of more than one frame: these are so many single ones\n");
    }
}

/* ---- Quire against the others --------------------------------------------------------------------------- */

static const struct result *find(const struct results *r, const char *name) {
    for (unsigned i = 0; i < r->n; i++) {
        if (strcmp(r->of[i].peer->name, name) == 0) {
            return &r->of[i];
        }
    }
    return NULL;
}

static void compare(const struct results *r, const struct result *quire, const struct result *other) {
    struct times ratios[MAX_REPETITIONS] = {{0}};
    for (unsigned i = 0; i < r->n_repetitions; i++) {
        ratios[i].mean = quire->each[SPAN_ALL][i].mean / other->each[SPAN_ALL][i].mean;
        ratios[i].p99 = quire->each[SPAN_ALL][i].p99 / other->each[SPAN_ALL][i].p99;
    }
    struct times ratio = times_median(ratios, r->n_repetitions);
    const struct times *q = &quire->at_best[SPAN_ALL], *o = &other->at_best[SPAN_ALL];
    printf("%s: quire / %s: mean %.2f, p99 %.2f (at best %.2f, %.2f)", r->trace->name, other->peer->name, ratio.mean,
           ratio.p99, q->mean / o->mean, q->p99 / o->p99);
    if (other->watched.has_blocks) {
        printf("; whole blocks %.4f against %.4f", quire->watched.whole_mean, other->watched.whole_mean);
    }
    putchar('\n');
}

void report_bars(const struct results *r) {
    const struct result *quire = find(r, "quire");
    for (unsigned i = 0; quire != NULL && i < r->n; i++) {
        if (&r->of[i] != quire && !(r->of[i].peer->traits & (PEER_SHAM | PEER_PRIVATE))) {
            compare(r, quire, &r->of[i]);
        }
    }
}

/* ---- CSV ------------------------------------------------------------------------------------------------ */

void report_csv_head(FILE *f) {
    fprintf(f, "trace,peer,mode,cpus,memory_bytes,repetitions,operations,mean_ns,p50_ns,p99_ns,p999_ns,worst_ns,"
               "best_mean_ns,best_p50_ns,best_p99_ns,best_p999_ns,best_worst_ns,failed,stranded,whole_mean,whole_least,"
               "frame_by_frame\n");
}

void report_csv(const struct results *r, FILE *f) {
    for (unsigned i = 0; i < r->n; i++) {
        const struct result *of = &r->of[i];
        for (unsigned span = 0; span < N_SPANS; span++) {
            const struct times *t = &of->median[span], *b = &of->at_best[span];
            fprintf(f,
                    "%s,%s,%s,%u,%" PRIu64 ",%u,%s,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f,%" PRIu64
                    ",%" PRIu64 ",%.6f,%.6f,%d\n",
                    r->trace->name, of->peer->name, r->threads ? "threads" : "one", r->n_cpus, r->n_bytes,
                    r->n_repetitions, span_names[span], t->mean, t->p50, t->p99, t->p999, t->worst, b->mean, b->p50,
                    b->p99, b->p999, b->worst, of->watched.n_failed, of->watched.n_stranded, of->watched.whole_mean,
                    of->watched.whole_least, in_frames(r, of->peer));
        }
    }
    fflush(f);
}
