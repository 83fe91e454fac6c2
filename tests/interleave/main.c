/* main.c: the explorer's command line.
 *
 *   explore [--full] [--seed N] [SCENARIO...]   explores; one line for each scenario, fields separated by tabs:
 *                                               name, threads, preemptions, stale reads, schedules, seconds, verdict
 *   explore --compare [SCENARIO...]             explores with the quick bounds, with and without leaving equivalent
 *                                               schedules out: both must end in the same states
 *   explore --list                              names and what they are about
 *   explore --replay ID                         runs one schedule and prints it; ID is what a failure printed
 *
 * Exit status: 0 all held, 1 something failed, 2 wrong usage. */
#include "scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct scenario *find(const char *name, size_t n) {
    for (size_t i = 0; i < n_scenarios; i++) {
        if (strlen(scenarios[i]->name) == n && strncmp(scenarios[i]->name, name, n) == 0) {
            return scenarios[i];
        }
    }
    fprintf(stderr, "explore: there is no scenario \"%.*s\"; --list names them\n", (int)n, name);
    exit(2);
}

static int run_replay(const char *id) {
    struct result r = replay(find(id, strcspn(id, "/")), id);
    trace_print();
    printf("%s: %s\n", id, r.failed ? r.message : "holds");
    return r.failed;
}

/* Prints a number, or a word in its place. */
static void print_bound(unsigned n, unsigned special, const char *word) {
    if (n == special) {
        printf("%s\t", word);
    } else {
        printf("%u\t", n);
    }
}

static bool run_one(const struct scenario *s, bool full, uint64_t seed) {
    const struct bounds *bounds = full ? &s->full : &s->quick;
    unsigned n_threads = 0;
    while (n_threads < MAX_THREADS && s->thread[n_threads] != NULL) {
        n_threads++;
    }
    struct result r = explore(s, bounds, seed, true, NULL);
    printf("%s\t%u\t", s->name, n_threads);
    print_bound(bounds->preemptions, UNBOUNDED, "any");
    printf("%u\t%" PRIu64 "\t%.1f\t%s%s\n", bounds->stale, r.n_schedules, r.seconds, r.failed ? "FAILED: " : "holds",
           r.failed             ? r.message
           : bounds->random > 0 ? " (random)"
                                : "");
    if (r.failed) {
        char *id = malloc(strlen(r.id) + 1);
        if (id == NULL) {
            exit(2);
        }
        strcpy(id, r.id);
        if (bounds->random > 0) {
            printf("# seed %" PRIu64 "\n", seed);
        }
        run_replay(id);
        free(id);
    }
    fflush(stdout);
    return r.failed;
}

static bool contains(const struct states *states, uint64_t hash) {
    for (size_t i = 0; i < states->n; i++) {
        if (states->hash[i] == hash) {
            return true;
        }
    }
    return false;
}

/* Result: whether they differ. */
static bool compare(const struct scenario *s, uint64_t seed) {
    static struct states reduced, all;
    reduced.n = all.n = 0;
    struct result r = explore(s, &s->quick, seed, true, &reduced);
    struct result a = explore(s, &s->quick, seed, false, &all);
    bool same = !r.failed && !a.failed && reduced.n == all.n;
    for (size_t i = 0; i < all.n; i++) {
        same &= contains(&reduced, all.hash[i]);
    }
    printf("%s\t%zu states in %" PRIu64 " schedules\t%zu states in all %" PRIu64 "\t%s\n", s->name, reduced.n,
           r.n_schedules, all.n, a.n_schedules, same ? "same" : "DIFFERENT");
    return !same;
}

static void list(void) {
    for (size_t i = 0; i < n_scenarios; i++) {
        printf("%-24s %s\n", scenarios[i]->name, scenarios[i]->about);
    }
}

static int usage(void) {
    fprintf(stderr, "usage: explore [--full] [--seed N] [--compare] [SCENARIO...] | --list | --replay ID\n");
    return 2;
}

int main(int argc, char **argv) {
    bool full = false, comparing = false, failed = false;
    uint64_t seed = 1;
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            list();
            return 0;
        } else if (strcmp(argv[i], "--replay") == 0 && i + 1 < argc) {
            return run_replay(argv[i + 1]);
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--full") == 0) {
            full = true;
        } else if (strcmp(argv[i], "--compare") == 0) {
            comparing = true;
        } else {
            return usage();
        }
    }
    size_t n = i == argc ? n_scenarios : (size_t)(argc - i);
    for (size_t k = 0; k < n; k++) {
        const struct scenario *s = i == argc ? scenarios[k] : find(argv[(size_t)i + k], strlen(argv[(size_t)i + k]));
        failed |= comparing ? compare(s, seed) : run_one(s, full, seed);
    }
    return failed;
}
