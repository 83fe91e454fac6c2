/* seen.c: a set of hashes: open addressing, at the most half full. The hash 0 stands for none, and 1 for 0. */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>

/* The finisher of MurmurHash3 (Appleby, public domain). */
uint64_t seen_mix(uint64_t x) {
    x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCDu;
    x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53u;
    return x ^ (x >> 33);
}

static uint64_t *slot_of(const struct seen *seen, uint64_t hash) {
    size_t i = (size_t)hash & (seen->room - 1);
    while (seen->slots[i] != 0 && seen->slots[i] != hash) {
        i = (i + 1) & (seen->room - 1);
    }
    return &seen->slots[i];
}

static void grow(struct seen *seen) {
    struct seen larger = {seen->n, seen->room == 0 ? 1024 : 2 * seen->room, NULL};
    larger.slots = calloc(larger.room, sizeof *larger.slots);
    if (larger.slots == NULL) {
        perror("explore");
        exit(2);
    }
    for (size_t i = 0; i < seen->room; i++) {
        if (seen->slots[i] != 0) {
            *slot_of(&larger, seen->slots[i]) = seen->slots[i];
        }
    }
    free(seen->slots);
    *seen = larger;
}

bool seen_has(const struct seen *seen, uint64_t hash) {
    return seen->n > 0 && *slot_of(seen, hash | (hash == 0)) != 0;
}

bool seen_add(struct seen *seen, uint64_t hash) {
    hash |= hash == 0;
    if (seen_has(seen, hash)) {
        return false;
    }
    if (2 * (seen->n + 1) > seen->room) {
        grow(seen);
    }
    *slot_of(seen, hash) = hash;
    seen->n++;
    return true;
}

void seen_clear(struct seen *seen) {
    free(seen->slots);
    *seen = (struct seen){0, 0, NULL};
}
