/* tables.c: what a person reads: a line for each contestant, a column for each workload. */
#include "results.h"

#include <math.h>
#include <string.h>

enum { NAME = 20, COLUMN = 9 };

static void print_number(double value, int n_decimals) {
    if (isnan(value)) {
        printf("%*s", COLUMN, "-");
    } else {
        printf("%*.*f", COLUMN, n_decimals, value);
    }
}

void print_legend(void) {
    printf("\n");
    for (unsigned p = 0; p < n_peers; p++) {
        printf("%-*s%s\n", NAME, peers[p]->name, peers[p]->what);
    }
    printf("\n");
    for (unsigned w = 0; w < N_WORKS; w++) {
        printf("%-*s%s\n", NAME, works[w]->name, works[w]->what);
    }
}

/* ---- workloads ------------------------------------------------------------------------------------------ */

typedef double cell_of(const struct results *r, const struct row *row, unsigned peer);

static double cell_instructions(const struct results *r, const struct row *row, unsigned peer) {
    (void)r;
    return row->instructions[peer] - row->instructions[peer_index("empty")];
}

/* The rows of one table are the columns that are printed: of single frames, or of runs. */
struct table {
    const struct row *columns[N_WORKS];
    unsigned n_columns;
};

static struct table gather(struct results *r, unsigned n_threads, bool touch, bool runs) {
    struct table t = {.n_columns = 0};
    for (unsigned w = 0; w < N_WORKS; w++) {
        const struct row *row = results_row(r, works[w], n_threads, touch);
        if (row != NULL && ((works[w]->traits & WORK_ORDERS) != 0) == runs) {
            t.columns[t.n_columns++] = row;
        }
    }
    return t;
}

/* Two lines: a workload's name is divided at its space. */
static void print_heads(const struct table *t) {
    for (unsigned line = 0; line < 2; line++) {
        printf("%-*s", NAME, "");
        for (unsigned c = 0; c < t->n_columns; c++) {
            const char *name = t->columns[c]->work->name;
            size_t n_first = strcspn(name, " ");
            const char *second = name[n_first] == ' ' ? name + n_first + 1 : "";
            printf("%*.*s", COLUMN, line == 0 ? (int)n_first : COLUMN, line == 0 ? name : second);
        }
        printf("\n");
    }
}

static void print_line(const struct results *r, const struct table *t, const char *name, cell_of *cell, unsigned peer) {
    printf("%-*s", NAME, name);
    for (unsigned c = 0; c < t->n_columns; c++) {
        print_number(cell(r, t->columns[c], peer), 1);
    }
    printf("\n");
}

static bool is_empty(const struct results *r, const struct table *t, cell_of *cell, unsigned peer) {
    for (unsigned c = 0; c < t->n_columns; c++) {
        if (!isnan(cell(r, t->columns[c], peer))) {
            return false;
        }
    }
    return true;
}

static void print_table(const struct results *r, const struct table *t, cell_of *cell) {
    print_heads(t);
    for (unsigned p = 0; p < n_peers; p++) {
        if (!(peers[p]->traits & PEER_SHAM) && !is_empty(r, t, cell, p)) {
            print_line(r, t, peers[p]->name, cell, p);
        }
    }
}

static void print_times_of(struct results *r, unsigned n_threads, bool touch, bool runs) {
    struct table t = gather(r, n_threads, touch, runs);
    if (t.n_columns > 0) {
        printf("\nns for one alloc and one free, less the harness%s: %u thread%s, %s %s\n",
               n_threads % 2 == 0 && !runs ? " (but where passed on)" : "", n_threads, n_threads > 1 ? "s" : "",
               runs ? "runs" : "frames", touch ? "touched by their user" : "not touched");
        print_table(r, &t, row_net);
        print_line(r, &t, "(the harness)", row_total, peer_index("empty"));
    }
}

void print_times(struct results *r) {
    for (unsigned touch = 0; touch < 2; touch++) {
        for (unsigned n_threads = 1; n_threads <= MAX_ROWS; n_threads++) {
            print_times_of(r, n_threads, touch != 0, false);
            print_times_of(r, n_threads, touch != 0, true);
        }
    }
    printf("\none atomic exchange on a line of this CPU: %.1f ns\n", median(r->exchange_ns, r->n_repetitions));
    if (!isnan(median(r->line_ns, r->n_repetitions))) {
        printf("one cache line to another CPU and back: %.0f ns\n", median(r->line_ns, r->n_repetitions));
    }
}

void print_instructions(struct results *r) {
    struct table t = {.n_columns = 0};
    for (unsigned w = 0; w < N_WORKS; w++) {
        const struct row *row = results_row(r, works[w], 1, false);
        if (row != NULL && !isnan(row->instructions[peer_index("empty")])) {
            t.columns[t.n_columns++] = row;
        }
    }
    if (t.n_columns > 0) {
        printf("\ninstructions for one alloc and one free, less the harness: 1 thread, counted by callgrind\n");
        print_table(r, &t, cell_instructions);
    }
}

/* ---- what is not a matter of nanoseconds ---------------------------------------------------------------- */

void print_figures(const struct results *r) {
    static const char *const heads[2][7] = {
        {"whole", "frames", "% kept", "% orders", "start-up", "start-up", "start-up"},
        {"2MiB", "stranded", "for own", "refused", "1GiB us", "64GiB us", "1TiB us"},
    };
    printf(
        "\nafter random churn (of 256 blocks); after filling to the last frame; mixed orders; making the allocator\n");
    for (unsigned line = 0; line < 2; line++) {
        printf("%-*s", NAME, "");
        for (unsigned c = 0; c < 7; c++) {
            printf("%*s", COLUMN, heads[line][c]);
        }
        printf("\n");
    }
    for (unsigned p = 0; p < n_peers; p++) {
        const struct figures *f = &r->figures[p];
        if (peers[p]->traits & (PEER_SHAM | PEER_FOREIGN)) {
            continue;
        }
        printf("%-*s", NAME, peers[p]->name);
        print_number(f->n_whole, 0);
        print_number(f->n_stranded, 0);
        print_number(100 * f->kept_share, 2);
        print_number(100 * f->refused_share, 2);
        for (unsigned s = 0; s < N_STARTUPS; s++) {
            print_number(median(f->startup_us[s], r->n_repetitions), 0);
        }
        printf("\n");
    }
}
