/* report.c: tables, bars, and who is to blame. */
#define _GNU_SOURCE /* popen */
#include "report.h"

#include <string.h>
#include <unistd.h>

enum { COLUMN = 10, N_CULPRITS = 20 };

/* Per operation. */
static double rate(const struct cell *c, uint64_t n) {
    return (double)n / (double)c->measured.n_operations;
}

/* ---- tables --------------------------------------------------------------------------------------------- */

/* Each thing once, in the order in which they come: whether this is the first cell with it. */
static bool first_with_peer(const struct cell *cells, unsigned i) {
    unsigned k = 0;
    while (cells[k].peer != cells[i].peer) {
        k++;
    }
    return k == i;
}

static const struct cell *find(const struct cell *cells, unsigned n_cells, const struct workload *w, unsigned n_cpus,
                               const struct peer *peer) {
    for (unsigned i = 0; i < n_cells; i++) {
        if (cells[i].workload == w && cells[i].n_cpus == n_cpus && cells[i].peer == peer) {
            return &cells[i];
        }
    }
    return NULL;
}

static void print_transfers(const struct cell *cells, unsigned n_cells, const struct workload *w) {
    unsigned n_cpus = 0;
    printf("\n%-18s", w->name);
    for (unsigned i = 0; i < n_cells; i++) {
        if (first_with_peer(cells, i)) {
            printf("%*s", COLUMN, cells[i].peer->name);
        }
    }
    for (unsigned i = 0; i < n_cells; i++) {
        if (cells[i].workload != w || cells[i].n_cpus <= n_cpus) {
            continue;
        }
        n_cpus = cells[i].n_cpus;
        printf("\n%4u CPU%s on %u %s", n_cpus, n_cpus > 1 ? "s" : " ", cells[i].n_nodes,
               cells[i].n_nodes > 1 ? "  " : "  ");
        for (unsigned k = 0; k < n_cells; k++) {
            if (first_with_peer(cells, k)) {
                const struct cell *c = find(cells, n_cells, w, n_cpus, cells[k].peer);
                c == NULL ? printf("%*s", COLUMN, "-")
                          : printf("%*.4f", COLUMN, rate(c, c->measured.counts.n_transfers));
            }
        }
    }
    printf("\n");
}

void report_tables(const struct cell *cells, unsigned n_cells) {
    printf("\ncache lines moved from CPU to CPU, for each operation");
    for (unsigned w = 0; w < n_workloads; w++) {
        print_transfers(cells, n_cells, &workloads[w]);
    }
}

void report_csv(const struct cell *cells, unsigned n_cells, FILE *csv) {
    fprintf(csv, "workload,contestant,cpus,nodes,operations,transfers,crossings,locked,lines,accesses\n");
    for (unsigned i = 0; i < n_cells; i++) {
        const struct cell *c = &cells[i];
        const struct counts *n = &c->measured.counts;
        fprintf(csv, "%s,%s,%u,%u,%llu,%.6f,%.6f,%.4f,%.4f,%.4f\n", c->workload->name, c->peer->name, c->n_cpus,
                c->n_nodes, (unsigned long long)c->measured.n_operations, rate(c, n->n_transfers),
                rate(c, n->n_crossings), rate(c, n->n_locked), rate(c, n->n_lines), rate(c, n->n_accesses));
    }
}

/* ---- bars ----------------------------------------------------------------------------------------------- */

static double limit_of(enum bar bar) {
    return bar == BAR_LOCAL ? 0.02 : 0.15;
}

static bool is_judged(const struct cell *c) {
    return strcmp(c->peer->name, "quire") == 0 && c->workload->bar != BAR_NONE && c->n_cpus > 1;
}

/* The worst of all numbers of CPUs. */
static void judge(const struct cell *cells, unsigned n_cells, const struct workload *w) {
    const struct cell *worst = NULL;
    for (unsigned i = 0; i < n_cells; i++) {
        const struct cell *c = &cells[i];
        if (c->workload == w && is_judged(c) &&
            (worst == NULL || rate(c, c->measured.counts.n_transfers) > rate(worst, worst->measured.counts.n_transfers))) {
            worst = c;
        }
    }
    if (worst != NULL) {
        double value = rate(worst, worst->measured.counts.n_transfers);
        printf("%-18s%10.4f   <= %-5g %s (at %u CPUs)\n", w->name, value, limit_of(w->bar),
               value <= limit_of(w->bar) ? "ok" : "MISSED", worst->n_cpus);
    }
}

void report_bars(const struct cell *cells, unsigned n_cells) {
    printf("\nbars: quire, at the worst number of CPUs from 2 up\n");
    for (unsigned w = 0; w < n_workloads; w++) {
        judge(cells, n_cells, &workloads[w]);
    }
}

/* ---- blame ---------------------------------------------------------------------------------------------- */

/* "function at file:line", from the debugging information of this very program. */
static void print_place(const void *pc) {
    char command[96], place[256] = "?";
    /* One back, into the call. */
    snprintf(command, sizeof command, "addr2line -fsp -e /proc/%ld/exe %p", (long)getpid(), (void *)((uintptr_t)pc - 1));
    FILE *f = popen(command, "r");
    if (f != NULL) {
        if (fgets(place, sizeof place, f) == NULL) {
            strcpy(place, "?\n");
        }
        pclose(f);
    }
    printf("%s", place);
}

void report_culprits(const struct measured *measured) {
    const struct culprit *culprits;
    unsigned n = machine_culprits(&culprits);
    for (unsigned i = 0; i < n && i < N_CULPRITS; i++) {
        printf("  %10.5f%7.1f %%   ", (double)culprits[i].n_transfers / (double)measured->n_operations,
               100 * (double)culprits[i].n_transfers / (double)measured->counts.n_transfers);
        print_place(culprits[i].pc);
    }
}
