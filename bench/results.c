/* results.c: medians, and the files.
 *
 * "Net" is a contestant's time less what the harness took by itself, in the same repetition; both were measured within
 * seconds, so that what the machine does over minutes does not count. Where frames are passed on, nothing is taken off:
 * one side waits for the other, so that the harness and the contestant do not add up. */
#include "results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct row *results_row(struct results *r, const struct work *work, unsigned n_threads, bool touch) {
    for (unsigned i = 0; i < r->n_rows; i++) {
        struct row *row = &r->rows[i];
        if (row->work == work && row->n_threads == n_threads && row->touch == touch) {
            return row;
        }
    }
    return NULL;
}

unsigned peer_index(const char *name) {
    unsigned p = 0;
    while (p < n_peers && strcmp(peers[p]->name, name) != 0) {
        p++;
    }
    return p;
}

/* ---- medians -------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(const double *values, unsigned n) {
    double sorted[MAX_REPETITIONS];
    unsigned n_there = 0;
    for (unsigned i = 0; i < n; i++) {
        if (!isnan(values[i])) {
            sorted[n_there++] = values[i];
        }
    }
    qsort(sorted, n_there, sizeof sorted[0], by_value);
    return n_there == 0 ? (double)NAN : (sorted[(n_there - 1) / 2] + sorted[n_there / 2]) / 2;
}

double row_total(const struct results *r, const struct row *row, unsigned peer) {
    return median(row->ns[peer], r->n_repetitions);
}

double row_net(const struct results *r, const struct row *row, unsigned peer) {
    const double *empty = row->ns[peer_index("empty")];
    double net[MAX_REPETITIONS];
    for (unsigned n = 0; n < r->n_repetitions; n++) {
        net[n] = row->ns[peer][n] - (row->work->traits & WORK_PASSES ? 0 : empty[n]);
    }
    return median(net, r->n_repetitions);
}

/* ---- instructions --------------------------------------------------------------------------------------- */

static const struct work *find_work(const char *name) {
    for (unsigned w = 0; w < N_WORKS; w++) {
        if (strcmp(works[w]->name, name) == 0) {
            return works[w];
        }
    }
    return NULL;
}

bool read_instructions(struct results *r, const char *path) {
    char peer[64], work[64];
    double count;
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        return false;
    }
    int n_fields;
    while ((n_fields = fscanf(f, "%63[^,],%63[^,],%lf\n", peer, work, &count)) == 3) {
        const struct work *of = find_work(work);
        struct row *row = of == NULL ? NULL : results_row(r, of, 1, false);
        unsigned p = peer_index(peer);
        if (row != NULL && p < n_peers) {
            row->instructions[p] = count;
        }
    }
    fclose(f);
    return n_fields == EOF;
}

/* ---- files ---------------------------------------------------------------------------------------------- */

/* Nothing between two commas is "not measured". */
static void write_number(FILE *csv, double value) {
    fprintf(csv, isnan(value) ? "," : ",%.3f", value);
}

void write_samples(const struct results *r, FILE *csv) {
    fprintf(csv, "work,threads,touched,contestant,repetition,ns\n");
    for (unsigned i = 0; i < r->n_rows; i++) {
        const struct row *row = &r->rows[i];
        for (unsigned p = 0; p < n_peers; p++) {
            for (unsigned n = 0; n < r->n_repetitions; n++) {
                if (isnan(row->ns[p][n])) {
                    continue;
                }
                fprintf(csv, "%s,%u,%d,%s,%u,%.2f\n", row->work->name, row->n_threads, row->touch, peers[p]->name, n,
                        row->ns[p][n]);
            }
        }
    }
}

void write_medians(const struct results *r, FILE *csv) {
    fprintf(csv, "work,threads,touched,contestant,ns,net_ns,instructions\n");
    for (unsigned i = 0; i < r->n_rows; i++) {
        const struct row *row = &r->rows[i];
        for (unsigned p = 0; p < n_peers; p++) {
            fprintf(csv, "%s,%u,%d,%s", row->work->name, row->n_threads, row->touch, peers[p]->name);
            write_number(csv, row_total(r, row, p));
            write_number(csv, row_net(r, row, p));
            write_number(csv, row->instructions[p]);
            fprintf(csv, "\n");
        }
    }
}

void write_figures(const struct results *r, FILE *csv) {
    fprintf(csv, "contestant,whole_blocks_of_256,stranded_frames,kept_share,refused_share,startup_us_1GiB,"
                 "startup_us_64GiB,startup_us_1TiB\n");
    for (unsigned p = 0; p < n_peers; p++) {
        const struct figures *f = &r->figures[p];
        fprintf(csv, "%s", peers[p]->name);
        write_number(csv, f->n_whole);
        write_number(csv, f->n_stranded);
        write_number(csv, f->kept_share);
        write_number(csv, f->refused_share);
        for (unsigned s = 0; s < N_STARTUPS; s++) {
            write_number(csv, median(f->startup_us[s], r->n_repetitions));
        }
        fprintf(csv, "\n");
    }
}
