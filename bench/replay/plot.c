/* plot.c: pictures by gnuplot; data and a script are written beside them, to draw them anew. See results.h. */
#define _GNU_SOURCE /* fork, chdir */
#include "results.h"
#include "stop.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static FILE *create(const char *dir, const char *trace, const char *what) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%s", dir, trace, what);
    FILE *f = fopen(path, "w");
    if (f == NULL) {
        stop(STATUS_BAD_INPUT, "%s: %s", path, strerror(errno));
    }
    return f;
}

/* ---- data ----------------------------------------------------------------------------------------------- */

static void write_blocks(const struct results *r, const char *dir) {
    FILE *f = create(dir, r->trace->name, "blocks.dat");
    for (unsigned sample = 0; sample < N_SAMPLES; sample++) {
        fprintf(f, "%.6f", (double)r->trace->duration_ns / 1e9 / N_SAMPLES * (sample + 1));
        for (unsigned i = 0; i < r->n; i++) {
            float share = r->of[i].watched.whole[sample];
            fprintf(f, isnan(share) ? " ?" : " %.4f", (double)share);
        }
        fputc('\n', f);
    }
    fclose(f);
}

static void write_curve(FILE *f, const struct histogram *h, double ns_per_tick) {
    uint64_t longer = h->n;
    for (unsigned bucket = 0; bucket < N_BUCKETS; bucket++) {
        longer -= h->buckets[bucket];
        if (h->buckets[bucket] > 0 && longer > 0) {
            fprintf(f, "%.2f %.3e\n", fmax(1, bucket_ticks(bucket) * ns_per_tick), (double)longer / (double)h->n);
        }
    }
    fprintf(f, "%.2f %.3e\n\n\n", fmax(1, h->worst * ns_per_tick), 0.5 / (double)(h->n + 1));
}

/* For each contestant two blocks of lines, allocations and frees: ns, and the share that took longer. */
static void write_tails(const struct results *r, const char *dir) {
    FILE *f = create(dir, r->trace->name, "tail.dat");
    for (unsigned i = 0; i < r->n; i++) {
        write_curve(f, &r->of[i].alloc_tail, r->cost.ns_per_tick);
        write_curve(f, &r->of[i].free_tail, r->cost.ns_per_tick);
    }
    fclose(f);
}

/* ---- scripts -------------------------------------------------------------------------------------------- */

/* Quire stands out; the others have a colour each, the n_others-th one, and dashes from the seventh on. */
static void print_style(FILE *f, const struct peer *peer, unsigned n_others) {
    static const char *const colours[] = {"#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#d55e00", "#999999"};
    bool quire = strcmp(peer->name, "quire") == 0;
    fprintf(f, " lw %s lc rgb '%s' dt %u title '%s'", quire ? "3" : "1.5", quire ? "#0b3c8c" : colours[n_others % 6],
            quire || n_others < 6 ? 1u : 2u, peer->name);
}

/* Those that fail where another CPU has frames left do less than the trace asks; quire-inline is Quire once more. */
static bool takes_part(const struct result *of) {
    return !(of->peer->traits & (PEER_SHAM | PEER_PRIVATE)) && strncmp(of->peer->name, "quire-", 6) != 0;
}

enum curves { BLOCKS, ALLOC_TAILS, FREE_TAILS };

static void print_curves(const struct results *r, FILE *f, enum curves curves) {
    unsigned n_others = 0;
    fprintf(f, "plot NaN notitle");
    for (unsigned i = 0; i < r->n; i++) {
        if (!takes_part(&r->of[i]) || (curves == BLOCKS && !r->of[i].watched.has_blocks)) {
            continue;
        }
        if (curves == BLOCKS) {
            fprintf(f, ", \\\n  '%s-blocks.dat' using 1:%u with lines", r->trace->name, i + 2);
        } else {
            fprintf(f, ", \\\n  '%s-tail.dat' index %u using 1:2 with steps", r->trace->name,
                    2 * i + (curves == FREE_TAILS));
        }
        print_style(f, r->of[i].peer, n_others);
        n_others += strcmp(r->of[i].peer->name, "quire") != 0;
    }
    fputc('\n', f);
}

static void print_blocks(const struct results *r, FILE *f) {
    fprintf(f,
            "set title '%s: whole 2 MiB blocks, of those that the free memory could make'\nset key outside right\n"
            "set xlabel 'recorded time, s'\nset yrange [0:1.02]\nset xrange [0:%.6f]\n",
            r->trace->name, (double)(r->trace->duration_ns + 1) / 1e9);
    print_curves(r, f, BLOCKS);
}

static void print_tails(const struct results *r, FILE *f) {
    fprintf(f,
            "set multiplot layout 1,2 title '%s: calls that take longer; each at the fastest of its %u repetitions'\n"
            "set xlabel 'ns'\nset logscale xy\nset format xy '10^{%%L}'\nset ylabel 'share of calls'\n"
            "set xrange [1:*]\nset yrange [%.2e:1]\nset title 'allocations'\nset key left bottom opaque\n",
            r->trace->name, r->n_repetitions, 0.4 / (r->trace->n_ops + 1.0));
    print_curves(r, f, ALLOC_TAILS);
    fprintf(f, "set title 'frees'\nunset key\nunset ylabel\n");
    print_curves(r, f, FREE_TAILS);
    fprintf(f, "unset multiplot\n");
}

static void write_script(const struct results *r, const char *dir, const char *what,
                         void (*print)(const struct results *r, FILE *f)) {
    static const char *const terminals[] = {"svg", "pngcairo"}, *const suffixes[] = {"svg", "png"};
    char name[32];
    snprintf(name, sizeof name, "%s.gp", what);
    FILE *f = create(dir, r->trace->name, name);
    for (unsigned i = 0; i < 2; i++) {
        fprintf(
            f,
            "reset\nset terminal %s size 1100,520 font 'sans,12' background rgb 'white'\nset output '%s-%s.%s'\n"
            "set datafile missing '?'\nset grid lc rgb '#dddddd'\nset border 3 lc rgb '#444444'\nset tics nomirror\n",
            terminals[i], r->trace->name, what, suffixes[i]);
        print(r, f);
    }
    fclose(f);
}

static void draw(const struct results *r, const char *dir, const char *what) {
    char script[128];
    int status = -1;
    snprintf(script, sizeof script, "%s-%s.gp", r->trace->name, what);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (chdir(dir) == 0) {
            execlp("gnuplot", "gnuplot", script, (char *)NULL);
        }
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) {
        stop(STATUS_BAD_INPUT, "%s/%s: gnuplot could not draw it; is it installed?", dir, script);
    }
}

void plot(const struct results *r, const char *dir) {
    write_blocks(r, dir);
    write_tails(r, dir);
    write_script(r, dir, "blocks", print_blocks);
    write_script(r, dir, "tail", print_tails);
    draw(r, dir, "blocks");
    draw(r, dir, "tail");
}
