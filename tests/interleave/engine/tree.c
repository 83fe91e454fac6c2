/* tree.c: depth-first search through decisions.
 *
 * A schedule is a row of decisions. Each takes one of a few candidates; the next schedule takes the same ones up to the last decision
 * that has a candidate left, takes that, and is free from there on. The program explored is deterministic
 * but for these decisions, so the same decisions are met again; with a snapshot they need not even be. */
#include "explore.h"

#include <string.h>

#define MAX_CANDIDATES (2 * MAX_THREADS + 1)

struct decision {
    struct snapshot *snapshot; /* of just before; NULL: there is none */
    uint8_t n, taken;
    uint8_t candidate[MAX_CANDIDATES];
};

static struct decision path[MAX_STEPS];
static unsigned n_path; /* decisions taken before, to be taken again */
static unsigned depth;  /* of these, how many were met in this schedule */

static void forget_last(void) {
    n_path--;
    if (path[n_path].snapshot != NULL) {
        snapshot_forget(path[n_path].snapshot);
    }
}

void tree_clear(void) {
    while (n_path > 0) {
        forget_last();
    }
    depth = 0;
}

void tree_begin_schedule(void) {
    depth = 0;
}

unsigned tree_decide(const uint8_t *candidates, unsigned n) {
    struct decision *d = &path[depth];
    if (depth == n_path) {
        d->n = (uint8_t)n;
        d->taken = 0;
        memcpy(d->candidate, candidates, n);
        n_path++;
        d->snapshot = NULL;
        d->snapshot = current == NOBODY ? NULL : snapshot_take();
    }
    depth++;
    return d->candidate[d->taken];
}

bool tree_next(struct snapshot **from) {
    while (n_path > 0 && path[n_path - 1].taken + 1u == path[n_path - 1].n) {
        forget_last();
    }
    if (n_path == 0) {
        return false;
    }
    path[n_path - 1].taken++;
    unsigned i = n_path;
    while (i > 0 && path[i - 1].snapshot == NULL) {
        i--;
    }
    *from = i == 0 ? NULL : path[i - 1].snapshot;
    depth = i == 0 ? 0 : i - 1;
    return true;
}
