/* model.c: long random runs of the whole API, each operation compared with a naive oracle.
 *
 * After each operation its answer, its reports and its frames' references must be the oracle's, after some the
 * statistics, and now and then everything, frame by frame.
 *
 *   build/tests/model/model-plain                         every memory layout with every content policy, a seed each
 *   MODEL_SEED=7 build/tests/model/model-plain            one of them, or any other seed; MODEL_SEED=41-80: all of these
 *   MODEL_STEPS=100000 build/tests/model/model-plain      operations for each seed
 *   MODEL_COMPARE=1 build/tests/model/model-plain         everything is compared after each operation
 *
 * Exit status 0: all answers agree; 1: one did not, and the message says how to repeat it; 2: it could not run. */
#define _POSIX_C_SOURCE 199309L /* clock_gettime */
#include "operations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEFAULT_STEPS    20000u
#define COUNT_EVERY      8u
#define COMPARE_EVERY    4096u
#define PROGRESS_SECONDS 5.0

/* ---- what is wanted ------------------------------------------------------------------------------------- */

static _Noreturn void refuse(const char *name, const char *text, const char *want) {
    fprintf(stderr, "model: %s=%s: give %s\n", name, text, want);
    exit(2);
}

/* The number at *text, which moves behind it; false: there is none. */
static bool read_number(const char **text, uint64_t *value) {
    char *end;
    *value = strtoull(*text, &end, 10);
    bool good = **text >= '0' && **text <= '9';
    *text = end;
    return good;
}

/* A number from the environment, or `otherwise`. */
static uint64_t number(const char *name, uint64_t otherwise) {
    const char *text = getenv(name), *at = text;
    uint64_t value;
    if (text == NULL) {
        return otherwise;
    }
    if (!read_number(&at, &value) || *at != '\0' || value == 0) {
        refuse(name, text, "a number, from 1");
    }
    return value;
}

/* The seeds from the environment, "7" or "41-80". */
static void seeds(uint64_t *first, uint64_t *last) {
    const char *text = getenv("MODEL_SEED"), *at = text;
    *first = 1;
    *last = WORLD_N;
    if (text == NULL) {
        return;
    }
    bool good = read_number(&at, first);
    *last = *first;
    if (good && *at == '-') {
        at++;
        good = read_number(&at, last);
    }
    if (!good || *at != '\0' || *last < *first) {
        refuse("MODEL_SEED", text, "a number, or two as in 41-80");
    }
}

/* ---- progress ------------------------------------------------------------------------------------------- */

static uint64_t n_done, n_wanted;

static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A line each few seconds. */
static void show_progress(void) {
    static double began, last;
    double now = now_seconds();
    if (began == 0) {
        began = last = now;
    }
    if (now - last >= PROGRESS_SECONDS) {
        last = now;
        printf("# %llu of %llu operations, %.0f a second, seed %llu\n", (unsigned long long)n_done,
               (unsigned long long)n_wanted, (double)n_done / (now - began), (unsigned long long)oracle_seed);
        fflush(stdout);
    }
}

/* ---- runs ----------------------------------------------------------------------------------------------- */

static struct world world;

static struct quire *make_allocator(void) {
    struct quire *q;
    const struct quire_config config = world_config(&world);
    oracle_begin(CALL_INIT, QUIRE_NONE, 1);
    oracle_expect_status(quire_init(&q, &config, world.at_start, world_n_regions(&world)), QUIRE_OK);
    return q;
}

static void run(uint64_t seed, uint64_t n_steps, uint64_t compare_every) {
    oracle_seed = seed;
    oracle_step = 0;
    world_make(&world, seed);
    oracle_n_nodes = world.n_nodes;
    struct quire *q = make_allocator();
    oracle_start(&world, q);
    oracle_compare_all();
    operations_start(&world, q);
    for (; oracle_step < n_steps; oracle_step++, n_done++) {
        operation();
        if (oracle_step % COUNT_EVERY == 0) {
            oracle_compare_counts();
        }
        if (oracle_step % compare_every == 0) {
            oracle_compare_all();
            show_progress();
        }
    }
    oracle_compare_all();
    world_end();
}

int main(void) {
    uint64_t first, last, n_steps = number("MODEL_STEPS", DEFAULT_STEPS);
    uint64_t compare_every = number("MODEL_COMPARE", COMPARE_EVERY);
    seeds(&first, &last);
    n_wanted = (last - first + 1) * n_steps;
    for (uint64_t seed = first; seed <= last; seed++) {
        run(seed, n_steps, compare_every);
    }
    printf("model: %llu operations, seeds %llu to %llu: all answers agree\n", (unsigned long long)n_done,
           (unsigned long long)first, (unsigned long long)last);
    return 0;
}
