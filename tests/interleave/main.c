/* main.c: the explorer's command line.
 *
 *   explore [--full] [--seed N] [SCENARIO...]   explores; one line for each scenario, fields separated by tabs:
 *                                               name, threads, preemptions, stale reads, schedules, seconds, verdict
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
    struct result r = explore(s, bounds, seed);
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

static void list(void) {
    for (size_t i = 0; i < n_scenarios; i++) {
        printf("%-24s %s\n", scenarios[i]->name, scenarios[i]->about);
    }
}

int main(int argc, char **argv) {
    bool full = false, failed = false;
    uint64_t seed = 1;
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            list();
            return 0;
        } else if (strcmp(argv[i], "--full") == 0) {
            full = true;
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--replay") == 0 && i + 1 < argc) {
            return run_replay(argv[i + 1]);
        } else {
            fprintf(stderr, "usage: explore [--full] [--seed N] [SCENARIO...] | --list | --replay ID\n");
            return 2;
        }
    }
    for (size_t k = 0; k < n_scenarios && i == argc; k++) {
        failed |= run_one(scenarios[k], full, seed);
    }
    for (; i < argc; i++) {
        failed |= run_one(find(argv[i], strlen(argv[i])), full, seed);
    }
    return failed;
}
