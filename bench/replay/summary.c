/* summary.c: Quire beside each of the others, a line for each trace. See results.h.
 *
 * A ratio is the median of the ratios inside each repetition, which share their weather. "At best" are ratios of times
 * in which each operation counts with its fastest repetition. Contestants that fail where another CPU has frames are
 * left out. */
#include "results.h"
#include "stop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN = 13 };

enum figure { MEAN, P99, BEST_MEAN, BEST_P99, WHOLE, N_FIGURES };
static const char *const headings[N_FIGURES] = {"mean of all operations, quire / other",
                                                "p99 of all operations, quire / other", "mean at best, quire / other",
                                                "p99 at best, quire / other", "whole blocks of those possible"};

static bool is_shown(const struct peer *peer) {
    return !(peer->traits & (PEER_SHAM | PEER_PRIVATE));
}

/* Quire, or Quire built in another way. */
static bool is_quire(const struct peer *peer) {
    return strncmp(peer->name, "quire", 5) == 0;
}

static double ratio_median(const struct result *quire, const struct result *other, unsigned n, enum figure figure) {
    struct times ratios[MAX_REPETITIONS] = {{0}};
    for (unsigned i = 0; i < n; i++) {
        const struct times *q = &quire->each[SPAN_ALL][i], *o = &other->each[SPAN_ALL][i];
        ratios[i].mean = figure == MEAN ? q->mean / o->mean : q->p99 / o->p99;
    }
    return times_median(ratios, n).mean;
}

static double figure_of(const struct results *r, const struct result *quire, const struct result *other,
                        enum figure figure) {
    switch (figure) {
    case MEAN:
    case P99:
        return ratio_median(quire, other, r->n_repetitions, figure);
    case BEST_MEAN:
        return quire->at_best[SPAN_ALL].mean / other->at_best[SPAN_ALL].mean;
    case BEST_P99:
        return quire->at_best[SPAN_ALL].p99 / other->at_best[SPAN_ALL].p99;
    default:
        return other->watched.has_blocks ? other->watched.whole_mean : (double)NAN;
    }
}

static const struct result *find_quire(const struct results *r) {
    for (unsigned i = 0; i < r->n; i++) {
        if (strcmp(r->of[i].peer->name, "quire") == 0) {
            return &r->of[i];
        }
    }
    return NULL;
}

struct summary summarize(const struct results *r) {
    struct summary s = {.values = make_room((unsigned long)N_FIGURES * r->n, sizeof *s.values)};
    memcpy(s.trace, r->trace->name, sizeof s.trace);
    const struct result *quire = find_quire(r);
    for (unsigned i = 0; i < r->n; i++) {
        for (unsigned figure = 0; figure < N_FIGURES; figure++) {
            bool known = quire != NULL || figure == WHOLE;
            s.values[figure * r->n + i] = known ? figure_of(r, quire, &r->of[i], (enum figure)figure) : (double)NAN;
        }
    }
    return s;
}

static bool is_known(const struct summary *s, unsigned n, unsigned n_who, enum figure figure) {
    for (unsigned i = 0; i < n * n_who; i++) {
        if (!isnan(s[i / n_who].values[figure * n_who + i % n_who])) {
            return true;
        }
    }
    return false;
}

static void print_figure(const struct summary *s, unsigned n, const struct peer *const *who, unsigned n_who,
                         enum figure figure) {
    printf("\n%-38s", headings[figure]);
    for (unsigned i = 0; i < n_who; i++) {
        printf("%*s", is_shown(who[i]) ? COLUMN : 0, is_shown(who[i]) ? who[i]->name : "");
    }
    for (unsigned trace = 0; trace < n; trace++) {
        printf("\n%-38s", s[trace].trace);
        for (unsigned i = 0; i < n_who; i++) {
            double value = s[trace].values[figure * n_who + i];
            if (is_shown(who[i])) {
                printf("%*.*f", COLUMN, figure == WHOLE ? 4 : 2, value);
            }
        }
    }
    putchar('\n');
}

/* ---- bars ----------------------------------------------------------------------------------------------- */

/* Whether it is another allocator that works on pages and makes whole blocks again: who Quire is to be quicker than. */
static bool is_rival(const struct peer *peer) {
    return is_shown(peer) && peer->alloc_order != NULL && !(peer->traits & (PEER_FOREIGN | PEER_FILLS)) &&
           !is_quire(peer);
}

static void judge(const char *trace, const char *what, const char *other, double value, bool is_met,
                  const char *limit) {
    char name[128];
    snprintf(name, sizeof name, "%s: %s%s", trace, what, other);
    printf("%-52s%8.4f  %s  %s\n", name, value, limit, is_met ? "ok" : "MISSED");
}

/* The most whole blocks of the contestants but Quire; NAN: there are no others. */
static double best_whole(const struct summary *s, const struct peer *const *who, unsigned n_who) {
    double best = NAN;
    for (unsigned i = 0; i < n_who; i++) {
        best = is_shown(who[i]) && !is_quire(who[i]) ? fmax(best, s->values[WHOLE * n_who + i]) : best;
    }
    return best;
}

static void print_bars(const struct summary *s, const struct peer *const *who, unsigned n_who) {
    for (unsigned i = 0; i < n_who; i++) {
        double mean = s->values[MEAN * n_who + i], p99 = s->values[P99 * n_who + i];
        if (is_rival(who[i]) && !isnan(mean)) {
            judge(s->trace, "mean, quire / ", who[i]->name, mean, mean < 1, "< 1");
            judge(s->trace, "p99, quire / ", who[i]->name, p99, p99 < 1, "< 1");
        }
    }
    for (unsigned i = 0; i < n_who; i++) {
        double ratio = s->values[WHOLE * n_who + i] / best_whole(s, who, n_who);
        if (strcmp(who[i]->name, "quire") == 0 && !isnan(ratio)) {
            judge(s->trace, "whole blocks, quire / best other", "", ratio, ratio > 1, "> 1");
        }
    }
}

void report_summaries(struct summary *s, unsigned n, const struct peer *const *who, unsigned n_who) {
    for (unsigned figure = 0; figure < N_FIGURES; figure++) {
        if (is_known(s, n, n_who, (enum figure)figure)) {
            print_figure(s, n, who, n_who, (enum figure)figure);
        }
    }
    if (is_known(s, n, n_who, MEAN)) {
        printf("\n%-52s%8s  bar\n", "bars", "");
    }
    for (unsigned i = 0; i < n; i++) {
        print_bars(&s[i], who, n_who);
        free(s[i].values);
    }
}
