/* report.c: the table of one trace, and the CSV. See results.h. */
#include "results.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define MiB ((uint64_t)1 << 20)

static bool in_frames(const struct results *r, const struct peer *peer) {
    const struct trace *t = r->trace;
    return t->n_orders > 0 && (peer->alloc_order == NULL || t->n_in_frames == t->n_orders);
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

/* What Quire's worst case was: a place to look at. */
static void print_slowest(const struct results *r) {
    for (unsigned i = 0; i < r->n; i++) {
        if (strcmp(r->of[i].peer->name, "quire") == 0 && r->of[i].slowest < r->trace->n_ops) {
            const struct op *op = &r->trace->ops[r->of[i].slowest];
            printf("the slowest of quire: operation %" PRIu32 " of %" PRIu32 ", %s of order %u on CPU %u\n",
                   r->of[i].slowest + 1, r->trace->n_ops, op->is_free ? "a free" : "an allocation", op->order, op->cpu);
        }
    }
}

void report_table(const struct results *r) {
    const struct trace *t = r->trace;
    bool marked = false;
    printf("\n%s: %" PRIu32 " allocations (%" PRIu32 " of more than one frame), %" PRIu32 " frees, %" PRIu32
           " objects from before; %u CPUs%s, %" PRIu64 " MiB for at most %" PRIu64
           " MiB live, %u repetition%s, %.1f ns of the timer's own taken off\n",
           t->name, t->n_allocs, t->n_orders, t->n_frees, t->n_before, r->n_cpus,
           r->threads ? ", a free thread each" : "", r->n_bytes / MiB,
           (t->peak_frames * QUIRE_PAGE_SIZE + MiB - 1) / MiB, r->n_repetitions, r->n_repetitions == 1 ? "" : "s",
           r->cost.own_ticks * r->cost.ns_per_tick);
    if (t->n_in_frames > 0) {
        printf("%" PRIu32 " objects are taken frame by frame by everybody\n", t->n_in_frames);
    }
    printf("%-12s%7s%7s%8s%8s%9s %7s%7s%8s%8s%9s %8s%9s%8s%8s\n", "ns", "alloc", "p50", "p99", "p99.9", "worst", "free",
           "p50", "p99", "p99.9", "worst", "failed", "stranded", "whole", "least");
    for (unsigned i = 0; i < r->n; i++) {
        print_row(r, &r->of[i]);
        marked = marked || in_frames(r, r->of[i].peer);
    }
    print_slowest(r);
    if (marked) {
        printf("* allocations of more than one frame are so many single ones\n");
    }
}

/* ---- CSV ------------------------------------------------------------------------------------------------ */

void report_csv_head(FILE *f) {
    fprintf(
        f,
        "trace,peer,mode,cpus,memory_bytes,repetitions,failed,stranded,whole_mean,whole_least,frame_by_frame,slowest,"
        "slowest_call,slowest_order,operations,mean_ns,p50_ns,p99_ns,p999_ns,worst_ns,best_mean_ns,best_p50_ns,"
        "best_p99_ns,best_p999_ns,best_worst_ns\n");
}

static void csv_times(FILE *f, const struct times *t) {
    fprintf(f, ",%.2f,%.2f,%.2f,%.2f,%.2f", t->mean, t->p50, t->p99, t->p999, t->worst);
}

/* What is the same for all operations of a contestant. */
static void csv_common(FILE *f, const struct results *r, const struct result *of) {
    const struct watched *w = &of->watched;
    const struct op none = {0}, *slowest = of->slowest < r->trace->n_ops ? &r->trace->ops[of->slowest] : &none;
    fprintf(f, "%s,%s,%s,%u,%" PRIu64 ",%u,%" PRIu64 ",%" PRIu64 ",%.6f,%.6f,%d,%" PRIu32 ",%s,%u", r->trace->name,
            of->peer->name, r->threads ? "threads" : "one", r->n_cpus, r->n_bytes, r->n_repetitions, w->n_failed,
            w->n_stranded, w->whole_mean, w->whole_least, in_frames(r, of->peer), of->slowest + 1,
            slowest->is_free ? "free" : "alloc", slowest->order);
}

void report_csv(const struct results *r, FILE *f) {
    for (unsigned i = 0; i < r->n; i++) {
        for (unsigned span = 0; span < N_SPANS; span++) {
            csv_common(f, r, &r->of[i]);
            fprintf(f, ",%s", span_names[span]);
            csv_times(f, &r->of[i].median[span]);
            csv_times(f, &r->of[i].at_best[span]);
            fputc('\n', f);
        }
    }
    fflush(f);
}
