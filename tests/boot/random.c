/* random.c: SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014). */
#include "random.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t seed_from(const char *text) {
    char *end;
    errno = 0;
    uint64_t seed = strtoull(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0') {
        fprintf(stderr, "BOOT_SEED=%s is not a number; give the one that a run printed\n", text);
        exit(2);
    }
    return seed;
}

uint64_t random_seed(void) {
    const char *text = getenv("BOOT_SEED");
    uint64_t now = (uint64_t)time(NULL);
    uint64_t seed = text != NULL ? seed_from(text) : random_next(&now);
    printf("# BOOT_SEED=%" PRIu64 "\n", seed);
    fflush(stdout);
    return seed;
}

uint64_t random_next(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

uint64_t random_below(uint64_t *state, uint64_t limit) {
    return random_next(state) % limit;
}
