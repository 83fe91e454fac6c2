/* changes.c: see changes.h. */
#include "changes.h"

#include <quire/port.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXTENTS_AT_MOST 8

static struct extent {
    unsigned char *now, *before;
    size_t n_bytes;
} extents[EXTENTS_AT_MOST];
static size_t n_extents;

static void remember(quire_pa base, size_t n_bytes) {
    unsigned char *copy = n_extents < EXTENTS_AT_MOST ? malloc(n_bytes) : NULL;
    if (copy == NULL) {
        fprintf(stderr, "faults: no room for a copy of the metadata\n");
        exit(2);
    }
    extents[n_extents] = (struct extent){quire_port_map(base), copy, n_bytes};
    memcpy(copy, extents[n_extents++].now, n_bytes);
}

static void forget(void) {
    while (n_extents > 0) {
        free(extents[--n_extents].before);
    }
}

void changes_remember(struct quire *q) {
    forget();
    const struct q_zones *zones = q_zones(q);
    for (size_t i = 0; i < zones->n; i++) {
        const struct q_zone *z = zones->zone[i];
        if (z->meta_base < z->meta_end) {
            remember(q_pa(z->meta_base), (size_t)(q_pa(z->meta_end) - q_pa(z->meta_base)));
        }
    }
}

/* What stood at this place of the metadata. */
static void *before(const void *now) {
    for (size_t i = 0; i < n_extents; i++) {
        size_t offset = (size_t)((uintptr_t)now - (uintptr_t)extents[i].now);
        if (offset < extents[i].n_bytes) {
            return extents[i].before + offset;
        }
    }
    return NULL;
}

/* What this counts is no change of the caller's: from before, too, it says what it says now. */
static void as_now(const _Atomic q_word *counter) {
    memcpy(before(counter), (const void *)(uintptr_t)counter, sizeof *counter);
}

/* If the block was one allocation and has been split, makes its records from before say so, as own.c would. A split is
 * told to a recount by two counters. */
static void split_before(struct quire *q, const struct q_zone *z, size_t block) {
    uint32_t *whole = before(&z->wholes[block]), *records = before(&z->records[block * Q_BLOCK]);
    if (Q_COUNT(*whole) == 0 || Q_COUNT(atomic_load(&z->wholes[block])) != 0) {
        return;
    }
    for (size_t i = 0; i < Q_BLOCK; i++) {
        uint32_t prev = i > 0 ? Q_JOIN_PREV : *whole & Q_JOIN_PREV;
        uint32_t next = i < Q_BLOCK - 1 ? Q_JOIN_NEXT : *whole & Q_JOIN_NEXT;
        records[i] = (*whole & ~(Q_CLEAN | Q_JOIN_PREV | Q_JOIN_NEXT)) | prev | next;
    }
    *whole = 0;
    for (unsigned cpu = 0; cpu < q->n_cpus; cpu++) {
        as_now(&q->caches[cpu].n_begun);
        as_now(&q->caches[cpu].n_ended);
    }
}

size_t changes_since(struct quire *q) {
    if (n_extents == 0) {
        return 0;
    }
    const struct q_zones *zones = q_zones(q);
    for (size_t i = 0; i < zones->n; i++) {
        for (size_t b = 0; (b = q_zone_next_ready(zones->zone[i], b)) != Q_NO_BLOCK; b++) {
            split_before(q, zones->zone[i], b);
        }
    }
    as_now(&q->n_faults);
    size_t n = 0;
    for (size_t i = 0; i < n_extents; i++) {
        const struct extent *e = &extents[i];
        if (memcmp(e->now, e->before, e->n_bytes) == 0) {
            continue;
        }
        for (size_t k = 0; k < e->n_bytes; k++) {
            n += e->now[k] != e->before[k];
        }
    }
    return n;
}
