/* main.c: the explorer's command line.
 *
 *   explore [--full] [--seed N] [SCENARIO...]   explores; one line for each scenario, fields separated by tabs:
 *                                               name, threads, preemptions, stale reads, schedules, seconds, verdict
 *   explore --preemptions N --stale N ...       the same within these bounds instead of the scenario's
 *   explore --crash [--full] [SCENARIO...]      lets all threads die at each step, and recovers:
 *                                               name, threads, preemptions, steps, different states, writes of recovery at
 *                                               which that was stopped, too, different states, seconds, verdict
 *   explore --compare [SCENARIO...]             explores with the quick bounds, with and without leaving equivalent
 *                                               schedules out: both must end in the same states
 *   explore --list [--crash]                    names and what they are about
 *   explore --replay ID                         runs one schedule and prints it; ID is what a failure printed
 *
 * Built for blocks of fewer frames, or QUIRE_CHECK 2 (tests.mk), it has the scenarios for which bounds are given there, and
 * those for --full.
 *
 * Exit status: 0 all held, 1 something failed, 2 wrong usage. */
#include "../../../src/check.h"
#include "scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The full bounds, with blocks and checks as this program is built with. */
static const struct bounds *full_bounds(const struct scenario *s) {
    return QUIRE_CHECK >= 2           ? &s->at_check_2
           : QUIRE_BLOCK_FRAMES == 64 ? &s->of_64
           : QUIRE_BLOCK_FRAMES == 32 ? &s->of_32
                                      : &s->full;
}

/* Whether there are such bounds. */
static bool fits(const struct scenario *s) {
    const struct bounds *bounds = full_bounds(s);
    return bounds->preemptions + bounds->stale > 0;
}

static const struct scenario *find(const char *name, size_t n) {
    for (size_t i = 0; i < n_scenarios; i++) {
        if (fits(scenarios[i]) && strlen(scenarios[i]->name) == n && strncmp(scenarios[i]->name, name, n) == 0) {
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

static unsigned n_threads_of(const struct scenario *s) {
    unsigned n = 0;
    while (n < MAX_THREADS && s->thread[n] != NULL) {
        n++;
    }
    return n;
}

/* The schedule that failed, once more, step by step. */
static void print_failure(const struct result *r, const struct bounds *bounds, uint64_t seed) {
    char *id = malloc(strlen(r->id) + 1);
    if (id == NULL) {
        exit(2);
    }
    strcpy(id, r->id); /* the result's own is overwritten */
    if (bounds->random > 0) {
        printf("# seed %" PRIu64 "\n", seed);
    }
    run_replay(id);
    free(id);
}

static bool run_one(const struct scenario *s, const struct bounds *bounds, uint64_t seed) {
    struct result r = explore(s, bounds, seed, true, NULL);
    printf("%s\t%u\t", s->name, n_threads_of(s));
    print_bound(bounds->preemptions, UNBOUNDED, "any");
    printf("%u\t%" PRIu64 "\t%.1f\t%s%s\n", bounds->stale, r.n_schedules, r.seconds, r.failed ? "FAILED: " : "holds",
           r.failed             ? r.message
           : bounds->random > 0 ? " (random)"
                                : "");
    if (r.failed) {
        print_failure(&r, bounds, seed);
    }
    fflush(stdout);
    return r.failed;
}

/* Schedules that differ only in independent steps are equivalent at their end, but not all of the way, so here all are run. */
static bool run_crashes(const struct scenario *s, const struct bounds *bounds) {
    struct result r = explore(s, bounds, 1, false, NULL);
    struct crashes n = crash_counts();
    printf("%s\t%u\t%u\t%" PRIu64 "\t%zu\t%" PRIu64 "\t%zu\t%.1f\t%s%s\n", s->name, n_threads_of(s),
           bounds->preemptions, n.n_points, n.n_states, n.n_inside, n.n_inside_states, r.seconds,
           r.failed ? "FAILED: " : "holds", r.failed ? r.message : "");
    if (r.failed) {
        print_failure(&r, bounds, 1);
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

/* What the command line asks for. */
struct wish {
    bool list, full, crash, compare;
    bool own_bounds;
    struct bounds bounds;
    uint64_t seed;
};

static const struct crash_plan *find_plan(const struct scenario *s) {
    for (size_t i = 0; i < n_crash_plans; i++) {
        if (crash_plans[i].scenario == s) {
            return &crash_plans[i];
        }
    }
    fprintf(stderr, "explore: no crashes are planned for \"%s\"; --crash --list names those for which they are\n",
            s->name);
    exit(2);
}

static bool explore_one(const struct scenario *s, const struct wish *wish) {
    if (wish->list) {
        printf("%-24s %s\n", s->name, s->about);
        return false;
    }
    if (wish->compare) {
        return compare(s, wish->seed);
    }
    struct bounds bounds = wish->full ? *full_bounds(s) : s->quick;
    if (wish->crash) {
        bounds = wish->full ? find_plan(s)->full : find_plan(s)->quick;
    }
    if (wish->own_bounds) {
        bounds = (struct bounds){wish->bounds.preemptions, wish->bounds.stale, 0, bounds.crash};
    }
    return wish->crash ? run_crashes(s, &bounds) : run_one(s, &bounds, wish->seed);
}

static bool explore_all(const struct wish *wish) {
    bool failed = false;
    for (size_t i = 0; i < n_scenarios && !wish->crash; i++) {
        failed |= fits(scenarios[i]) && explore_one(scenarios[i], wish);
    }
    for (size_t i = 0; i < n_crash_plans && wish->crash; i++) {
        if (wish->full || crash_plans[i].quick.crash > 0) {
            failed |= explore_one(crash_plans[i].scenario, wish);
        }
    }
    return failed;
}

/* An option without anything behind it. */
static bool is_flag(const char *argument, struct wish *wish) {
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"--list", &wish->list}, {"--full", &wish->full}, {"--crash", &wish->crash}, {"--compare", &wish->compare}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(argument, flags[i].name) == 0) {
            *flags[i].flag = true;
            return true;
        }
    }
    return false;
}

/* An option with a number behind it. */
static bool is_number(char **argument, const char *name, unsigned long long *n) {
    char *end = "?";
    if (strcmp(argument[0], name) == 0 && argument[1] != NULL && argument[1][0] != '\0') {
        *n = strtoull(argument[1], &end, 0);
    }
    return *end == '\0';
}

/* Reads one option; result: how many arguments that took, 0 where it is none. */
static int read_option(char **argument, struct wish *wish) {
    unsigned long long n;
    if (is_flag(argument[0], wish)) {
        return 1;
    }
    if (is_number(argument, "--seed", &n)) {
        wish->seed = n;
        return 2;
    }
    unsigned *bound = is_number(argument, "--preemptions", &n) ? &wish->bounds.preemptions
                      : is_number(argument, "--stale", &n)     ? &wish->bounds.stale
                                                               : NULL;
    if (bound == NULL) {
        return 0;
    }
    *bound = (unsigned)n;
    wish->own_bounds = true;
    return 2;
}

static int usage(void) {
    fprintf(stderr,
            "usage: explore [--list] [--crash] [--full] [--preemptions N] [--stale N] [--seed N] [SCENARIO...]\n"
            "       explore --compare [SCENARIO...] | --replay ID\n");
    return 2;
}

int main(int argc, char **argv) {
    struct wish wish = {.seed = 1};
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
    bool failed = i == argc && explore_all(&wish);
    for (; i < argc; i++) {
        failed |= explore_one(find(argv[i], strlen(argv[i])), &wish);
    }
    return failed;
}
