/* report.c: medians, tables, bars.
 *
 * A table shows medians over the repetitions. A bar is judged by the median of the ratios inside each repetition: the two
 * figures of a ratio were measured within a second or two, so what the machine does over minutes cancels out. */
#include "report.h"

extern const struct peer peer_floor, peer_told, peer_percpu_padded, peer_quire;

#include <math.h>
#include <stdlib.h>

enum { COLUMN = 8, ROW_NAME = 34, WHAT = 16, BAR = 60 };

/* ---- medians -------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, unsigned n) {
    double sorted[MAX_REPETITIONS];
    for (unsigned i = 0; i < n; i++) {
        if (isnan(values[i])) {
            return NAN;
        }
        sorted[i] = values[i];
    }
    qsort(sorted, n, sizeof sorted[0], by_value);
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static double median_ratio(const double *over, const double *under, unsigned n) {
    double ratios[MAX_REPETITIONS];
    for (unsigned i = 0; i < n; i++) {
        ratios[i] = over[i] / under[i];
    }
    return median(ratios, n);
}

static unsigned column_of(const struct peer *peer) {
    unsigned i = 0;
    while (peers[i] != peer) {
        i++;
    }
    return i;
}

struct row *results_row(struct results *r, enum work_index work, unsigned n_threads, bool touch) {
    for (unsigned i = 0; i < r->n_rows; i++) {
        struct row *row = &r->rows[i];
        if (row->work == &works[work] && row->n_threads == n_threads && row->touch == touch) {
            return row;
        }
    }
    return NULL;
}

/* ---- tables --------------------------------------------------------------------------------------------- */

static void print_row_name(const struct row *row) {
    char name[64];
    snprintf(name, sizeof name, "%s%s, %u thread%s", row->work->name, row->touch ? ", touched" : "", row->n_threads,
             row->n_threads > 1 ? "s" : "");
    printf("%-*s", ROW_NAME, name);
}

static void print_heads(const char *title) {
    printf("\n%-*s", ROW_NAME, title);
    for (unsigned p = 0; p < n_peers; p++) {
        printf("%*s", COLUMN, peers[p]->traits & PEER_FILLS ? "+junk" : peers[p]->name);
    }
    printf("\n");
}

static void print_cell(double value, int n_decimals) {
    if (isnan(value)) {
        printf("%*s", COLUMN, "-");
    } else {
        printf("%*.*f", COLUMN, n_decimals, value);
    }
}

static void report_line(const struct results *r) {
    double sorted[MAX_REPETITIONS];
    for (unsigned i = 0; i < r->n_repetitions; i++) {
        sorted[i] = r->line_ns[i];
    }
    qsort(sorted, r->n_repetitions, sizeof sorted[0], by_value);
    printf("\none cache line to the other CPU and back: %.0f ns (%.0f to %.0f)\n", median(sorted, r->n_repetitions),
           sorted[0], sorted[r->n_repetitions - 1]);
}

void report_times(const struct results *r) {
    printf("\n");
    for (unsigned p = 0; p < n_peers; p++) {
        printf("%-*s%s\n", WHAT, peers[p]->name, peers[p]->what);
    }
    printf("\n");
    for (unsigned w = 0; w < N_WORKS; w++) {
        printf("%-*s%s\n", WHAT, works[w].name, works[w].what);
    }
    print_heads("ns for one alloc and one free");
    for (unsigned i = 0; i < r->n_rows; i++) {
        print_row_name(&r->rows[i]);
        for (unsigned p = 0; p < n_peers; p++) {
            print_cell(median(r->rows[i].ns[p], r->n_repetitions), 1);
        }
        printf("\n");
    }
    if (!isnan(r->line_ns[0])) {
        report_line(r);
    }
}

void report_whole_blocks(const struct results *r) {
    print_heads("after random churn");
    printf("%-*s", ROW_NAME, "whole 2 MiB blocks, of 256");
    for (unsigned p = 0; p < n_peers; p++) {
        print_cell(r->n_whole[p], 0);
    }
    printf("\n");
}

void report_csv(const struct results *r, FILE *csv) {
    fprintf(csv, "work,threads,touched,contestant,repetition,ns\n");
    for (unsigned i = 0; i < r->n_rows; i++) {
        const struct row *row = &r->rows[i];
        for (unsigned p = 0; p < n_peers; p++) {
            for (unsigned n = 0; n < r->n_repetitions && !isnan(row->ns[p][n]); n++) {
                fprintf(csv, "\"%s\",%u,%d,%s,%u,%.2f\n", row->work->name, row->n_threads, row->touch, peers[p]->name,
                        n, row->ns[p][n]);
            }
        }
    }
}

/* ---- bars ----------------------------------------------------------------------------------------------- */

enum sense { AT_MOST, AT_LEAST };

struct tally {
    unsigned n_bars, n_met;
    FILE *csv;
};

static void judge(struct tally *t, const char *what, double value, enum sense sense, double limit) {
    bool met = sense == AT_MOST ? value <= limit : value >= limit; /* false for NAN */
    const char *verdict = isnan(value) ? "not measured" : met ? "ok" : "MISSED";
    t->n_bars++;
    t->n_met += met;
    printf("%-*s", BAR, what);
    print_cell(value, value < 100 ? 3 : 0);
    printf("   %s %-6g %s\n", sense == AT_MOST ? "<=" : ">=", limit, verdict);
    fprintf(t->csv, "\"%s\",%g,%s,%g,%s\n", what, value, sense == AT_MOST ? "<=" : ">=", limit, verdict);
}

static double ratio_to(struct results *r, enum work_index work, unsigned n_threads, const struct peer *other) {
    const struct row *row = results_row(r, work, n_threads, false);
    if (row == NULL) {
        return NAN;
    }
    return median_ratio(row->ns[column_of(&peer_quire)], row->ns[column_of(other)], r->n_repetitions);
}

static void judge_ratio(struct results *r, struct tally *t, enum work_index work, const struct peer *other,
                        double bar) {
    for (unsigned n_threads = works[work].traits & WORK_PASSES ? 2 : 1; n_threads <= 2; n_threads++) {
        char what[80];
        snprintf(what, sizeof what, "%s, %u thread%s: quire / %s", works[work].name, n_threads,
                 n_threads > 1 ? "s" : "", other->name);
        judge(t, what, ratio_to(r, work, n_threads, other), AT_MOST, bar);
    }
}

static void judge_scaling(struct results *r, struct tally *t, enum work_index work, bool touch) {
    const struct row *one = results_row(r, work, 1, touch);
    const struct row *two = results_row(r, work, 2, touch);
    unsigned quire = column_of(&peer_quire);
    char what[80];
    snprintf(what, sizeof what, "%s%s: quire, 2 threads / 1 thread", works[work].name, touch ? ", touched" : "");
    double ratio = one == NULL || two == NULL ? NAN : median_ratio(two->ns[quire], one->ns[quire], r->n_repetitions);
    judge(t, what, ratio, AT_MOST, 1.3);
}

void report_bars(struct results *r, FILE *csv) {
    struct tally t = {.csv = csv};
    fprintf(csv, "bar,value,sense,limit,verdict\n");
    printf("\n%-*s%*s   bar\n", BAR, "bars: medians of the ratios inside each repetition", COLUMN, "");
    judge_ratio(r, &t, WORK_SAME, &peer_floor, 2.0);
    judge_ratio(r, &t, WORK_BURSTS, &peer_floor, 2.0);
    judge_ratio(r, &t, WORK_SAME, &peer_told,
                2.0); /* the stricter reading: Quire pays for the question, this does not */
    judge_ratio(r, &t, WORK_BURSTS, &peer_told, 2.0);
    judge_ratio(r, &t, WORK_BULK, &peer_percpu_padded, 0.3);
    judge_ratio(r, &t, WORK_RANDOM, &peer_percpu_padded, 0.4);
    judge_ratio(r, &t, WORK_PASS, &peer_percpu_padded, 0.7);
    judge_ratio(r, &t, WORK_PASS_LONG, &peer_percpu_padded, 0.7);
    for (unsigned touch = 0; touch < 2; touch++) {
        for (enum work_index work = WORK_SAME; work <= WORK_BURSTS; work++) {
            judge_scaling(r, &t, work, touch != 0);
        }
    }
    judge(&t, "random churn: whole 2 MiB blocks, of 256", r->n_whole[column_of(&peer_quire)], AT_LEAST, 235);
    judge(&t, "kernel start-up: guest instructions, 8 GiB / 128 MiB", r->startup[1] / r->startup[0], AT_MOST, 1.1);
    judge(&t, "metadata / (0.11 % of memory + 64 KiB), worst size", r->metadata_excess, AT_MOST, 1.0);
    printf("\n%u of %u bars met\n", t.n_met, t.n_bars);
}
