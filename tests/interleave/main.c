/* main.c: the explorer's command line.
 *
 *   explore [--full] [--seed N] [SCENARIO...]   explores; one line for each scenario, fields separated by tabs:
 *                                               name, threads, preemptions, stale reads, schedules, seconds, verdict
 *   explore --preemptions N --stale N ...       the same within these bounds instead of the scenario's
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

static bool run_one(const struct scenario *s, const struct bounds *bounds, uint64_t seed) {
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

/* Result: whether they differ. */
static bool compare(const struct scenario *s, uint64_t seed) {
    struct seen reduced = {0, 0, NULL}, all = {0, 0, NULL};
    struct result r = explore(s, &s->quick, seed, true, &reduced);
    struct result a = explore(s, &s->quick, seed, false, &all);
    bool same = !r.failed && !a.failed && reduced.n == all.n;
    for (size_t i = 0; i < all.room; i++) {
        same &= all.slots[i] == 0 || seen_has(&reduced, all.slots[i]);
    }
    printf("%s\t%zu states in %" PRIu64 " schedules\t%zu states in all %" PRIu64 "\t%s\n", s->name, reduced.n,
           r.n_schedules, all.n, a.n_schedules, same ? "same" : "DIFFERENT");
    seen_clear(&reduced);
    seen_clear(&all);
    return !same;
}

static void list(void) {
    for (size_t i = 0; i < n_scenarios; i++) {
        printf("%-24s %s\n", scenarios[i]->name, scenarios[i]->about);
    }
}

static int usage(void) {
    fprintf(stderr, "usage: explore [--full] [--preemptions N] [--stale N] [--seed N] [--compare] [SCENARIO...]\n"
                    "       explore --list | --replay ID\n");
    return 2;
}

/* What the command line asks for. */
struct wish {
    bool full, compare;
    bool own_bounds;
    struct bounds bounds;
    uint64_t seed;
};

static bool explore_one(const struct scenario *s, const struct wish *wish) {
    if (wish->compare) {
        return compare(s, wish->seed);
    }
    return run_one(s, wish->own_bounds ? &wish->bounds : wish->full ? &s->full : &s->quick, wish->seed);
}

/* An option with a number behind it. */
static bool number_of(const char *name, char **argument, unsigned long long *n) {
    char *end;
    if (strcmp(argument[0], name) != 0 || argument[1] == NULL) {
        return false;
    }
    *n = strtoull(argument[1], &end, 0);
    return argument[1][0] != '\0' && *end == '\0';
}

/* Reads one option; result: how many arguments that took, 0 where it is none. */
static int read_option(char **argument, struct wish *wish) {
    unsigned long long n;
    if (strcmp(argument[0], "--full") == 0) {
        wish->full = true;
        return 1;
    }
    if (strcmp(argument[0], "--compare") == 0) {
        wish->compare = true;
        return 1;
    }
    if (number_of("--seed", argument, &n)) {
        wish->seed = n;
        return 2;
    }
    if (number_of("--preemptions", argument, &n)) {
        wish->own_bounds = true;
        wish->bounds.preemptions = (unsigned)n;
        return 2;
    }
    if (number_of("--stale", argument, &n)) {
        wish->own_bounds = true;
        wish->bounds.stale = (unsigned)n;
        return 2;
    }
    return 0;
}

int main(int argc, char **argv) {
    struct wish wish = {.seed = 1};
    bool failed = false;
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        list();
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "--replay") == 0) {
        return run_replay(argv[2]);
    }
    int i = 1;
    while (i < argc && argv[i][0] == '-') {
        int n = read_option(&argv[i], &wish);
        if (n == 0) {
            return usage();
        }
        i += n;
    }
    if (i == argc) {
        for (size_t k = 0; k < n_scenarios; k++) {
            failed |= explore_one(scenarios[k], &wish);
        }
    }
    for (; i < argc; i++) {
        failed |= explore_one(find(argv[i], strlen(argv[i])), &wish);
    }
    return failed;
}
