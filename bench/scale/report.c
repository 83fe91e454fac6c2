/* report.c: tables, bars, and who is to blame. */
#define _GNU_SOURCE /* popen */
#include "report.h"

#include <string.h>
#include <unistd.h>

enum { COLUMN = 12, ROW_NAME = 32, N_CULPRITS = 20 };

/* Per operation. */
static double rate(const struct cell *c, uint64_t n) {
    return (double)n / (double)c->measured.n_operations;
}

/* ---- tables --------------------------------------------------------------------------------------------- */

static double transfers(const struct cell *c) {
    return rate(c, c->measured.counts.n_transfers);
}

static double crossings(const struct cell *c) {
    return rate(c, c->measured.counts.n_crossings);
}

static double foreign(const struct cell *c) {
    return rate(c, c->measured.n_noted);
}

static double locked(const struct cell *c) {
    return rate(c, c->measured.counts.n_locked);
}

static double lines(const struct cell *c) {
    return rate(c, c->measured.counts.n_lines);
}

static const struct cell *find(const struct results *r, const struct workload *w, unsigned n_cpus,
                               const struct peer *peer) {
    for (unsigned i = 0; i < r->n_cells; i++) {
        const struct cell *c = &r->cells[i];
        if (c->workload == w && c->n_cpus == n_cpus && c->peer == peer) {
            return c;
        }
    }
    return NULL;
}

/* Whether there is a cell of this workload, number of CPUs and contestant; NULL and 0 stand for any. */
static bool has(const struct results *r, const struct workload *w, unsigned n_cpus, const struct peer *peer) {
    for (unsigned i = 0; i < r->n_cells; i++) {
        const struct cell *c = &r->cells[i];
        if ((w == NULL || c->workload == w) && (n_cpus == 0 || c->n_cpus == n_cpus) &&
            (peer == NULL || c->peer == peer)) {
            return true;
        }
    }
    return false;
}

static void print_heads(const struct results *r, const char *title) {
    printf("\n%-*s", ROW_NAME, title);
    for (unsigned p = 0; p < n_peers; p++) {
        if (has(r, NULL, 0, peers[p])) {
            printf("%*s", COLUMN, peers[p]->name);
        }
    }
    printf("\n");
}

static void print_row(const struct results *r, const char *name, const struct workload *w, unsigned n_cpus,
                      double (*figure)(const struct cell *c)) {
    printf("%-*s", ROW_NAME, name);
    for (unsigned p = 0; p < n_peers; p++) {
        const struct cell *c = find(r, w, n_cpus, peers[p]);
        if (c != NULL) {
            printf("%*.*f", COLUMN, figure(c) < 100 ? 3 : 0, figure(c));
        } else if (has(r, NULL, 0, peers[p])) {
            printf("%*s", COLUMN, "-");
        }
    }
    printf("\n");
}

/* One workload; a row for each number of CPUs. */
static void print_by_cpus(const struct results *r, const struct workload *w) {
    print_heads(r, w->name);
    for (unsigned n_cpus = 1; n_cpus <= MAX_CPUS; n_cpus++) {
        if (has(r, w, n_cpus, NULL)) {
            char name[32];
            snprintf(name, sizeof name, "  %4u CPU%s", n_cpus, n_cpus > 1 ? "s" : "");
            print_row(r, name, w, n_cpus, transfers);
        }
    }
}

/* At one number of CPUs; a row for each workload. */
static void print_by_workload(const struct results *r, const char *what, unsigned n_cpus,
                              double (*figure)(const struct cell *c)) {
    char title[64];
    snprintf(title, sizeof title, "%s, %u CPU%s", what, n_cpus, n_cpus > 1 ? "s" : "");
    print_heads(r, title);
    for (unsigned w = 0; w < n_workloads; w++) {
        if (has(r, &workloads[w], n_cpus, NULL)) {
            print_row(r, workloads[w].name, &workloads[w], n_cpus, figure);
        }
    }
}

void report_tables(const struct results *r) {
    unsigned most = MAX_CPUS;
    while (!has(r, NULL, most, NULL)) {
        most--;
    }
    printf("All figures are for one operation, an allocation or a free.\n\n");
    for (unsigned w = 0; w < n_workloads; w++) {
        printf("%-*s%s\n", ROW_NAME, workloads[w].name, workloads[w].what);
    }
    printf("\ncache lines moved from CPU to CPU\n");
    for (unsigned w = 0; w < n_workloads; w++) {
        if (has(r, &workloads[w], 0, NULL)) {
            print_by_cpus(r, &workloads[w]);
        }
    }
    print_by_workload(r, "from node to node", most, crossings);
    print_by_workload(r, "frames of another node", most, foreign);
    print_by_workload(r, "lines touched", most, lines);
    print_by_workload(r, "locked instructions", most, locked);
}

void report_csv(const struct results *r, FILE *csv) {
    fprintf(csv, "workload,contestant,cpus,nodes,operations,transfers,bar,crossings,foreign,locked,lines\n");
    for (unsigned i = 0; i < r->n_cells; i++) {
        const struct cell *c = &r->cells[i];
        fprintf(csv, "%s,%s,%u,%u,%llu,%.6f,%g,%.6f,%.6f,%.4f,%.4f\n", c->workload->name, c->peer->name, c->n_cpus,
                c->n_nodes, (unsigned long long)c->measured.n_operations, transfers(c), c->workload->bar, crossings(c),
                foreign(c), locked(c), lines(c));
    }
}

/* ---- bars ----------------------------------------------------------------------------------------------- */

static const struct peer *quire(void) {
    for (unsigned p = 0; p < n_peers; p++) {
        if (strcmp(peers[p]->name, "quire") == 0) {
            return peers[p];
        }
    }
    return NULL;
}

typedef double figure_of(const struct cell *c);

/* At 2 CPUs and more. */
static const struct cell *worst_of(const struct results *r, const struct workload *w, const struct peer *peer,
                                   figure_of *figure) {
    const struct cell *worst = NULL;
    for (unsigned i = 0; i < r->n_cells; i++) {
        const struct cell *c = &r->cells[i];
        bool counts = c->workload == w && c->peer == peer && c->n_cpus > 1;
        if (counts && (worst == NULL || figure(c) > figure(worst))) {
            worst = c;
        }
    }
    return worst;
}

static void print_bar(const struct results *r, const struct workload *w, const struct peer *peer, const char *what,
                      figure_of *figure, double bar) {
    const struct cell *worst = worst_of(r, w, peer, figure);
    char name[64];
    snprintf(name, sizeof name, "%s%s", w->name, what);
    if (worst != NULL) {
        printf("%-*s%*.3f   <= %-5g %s, %u CPUs\n", ROW_NAME, name, COLUMN, figure(worst), bar,
               figure(worst) <= bar ? "ok" : "MISSED", worst->n_cpus);
    }
}

void report_bars(const struct results *r) {
    const struct peer *peer = quire();
    if (peer == NULL || !has(r, NULL, 0, peer)) {
        return;
    }
    printf("\n%-*s%*s   bar\n", ROW_NAME, "bars: quire, worst from 2 CPUs up", COLUMN, "");
    for (unsigned w = 0; w < n_workloads; w++) {
        if (workloads[w].bar != 0) {
            print_bar(r, &workloads[w], peer, "", transfers, workloads[w].bar);
        }
        if (workloads[w].near_bar != 0) {
            print_bar(r, &workloads[w], peer, ", between nodes", crossings, workloads[w].near_bar);
            print_bar(r, &workloads[w], peer, ", of another node", foreign, 0);
        }
    }
}

/* ---- blame ---------------------------------------------------------------------------------------------- */

/* "function at file:line", from the debugging information of this very program. */
static void print_place(const void *pc) {
    char command[96], place[256] = "?";
    /* One back, into the call. */
    snprintf(command, sizeof command, "addr2line -fsp -e /proc/%ld/exe %p", (long)getpid(),
             (void *)((uintptr_t)pc - 1));
    FILE *f = popen(command, "r");
    if (f != NULL) {
        if (fgets(place, sizeof place, f) == NULL) {
            strcpy(place, "?\n");
        }
        pclose(f);
    }
    printf("%s", place);
}

void report_culprits(const struct cell *c) {
    const struct culprit *culprits;
    unsigned n = machine_culprits(&culprits);
    printf("\n%s, %s, %u CPU%s: %.5f transfers\n", c->peer->name, c->workload->name, c->n_cpus,
           c->n_cpus > 1 ? "s" : "", transfers(c));
    for (unsigned i = 0; i < n && i < N_CULPRITS; i++) {
        printf("%10.5f%7.1f %%   ", rate(c, culprits[i].n_transfers),
               100 * (double)culprits[i].n_transfers / (double)c->measured.counts.n_transfers);
        print_place(culprits[i].pc);
    }
}
