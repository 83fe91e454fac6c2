/* core.h: one allocator: what all of its files share.
 *
 *   struct quire --+-- caches: one for each CPU (cache.h)
 *                  +-- zones: a table, which quire_add replaces --+-- struct q_zone (zone.h)
 *                  +-- main: the largest of them                  +-- ..
 *
 * The fields are of three kinds. Fixed ones have a checksum, for quire_validate. Two pointers change when quire_add
 * runs, by a release, so that a CPU that sees the new zone sees all of it. All others are shared counters. */
#ifndef Q_CORE_H
#define Q_CORE_H

#include "zone.h"
#include <quire/quire.h>

struct q_cache;

/* The zones by ascending address. Immutable: quire_add publishes a new one. */
struct q_zones {
    size_t n, not_n;       /* and its complement, so that damage to n is found before a loop relies on it */
    q_word sum;            /* checksum of zone[] */
    struct q_zone *zone[]; /* then, for each node, the same zones as its CPUs go through them (nodes.c) */
};

/* A view (view.c), except for the fields that are marked as lasting. */
struct quire {
    _Atomic(struct q_zone *) main; /* the largest zone: looked at first */
    struct q_cache *caches;        /* this and the next three never change */
    unsigned n_cpus;
    size_t n_quick; /* CPUs that may take the quick ways: all, or none if frames' contents matter (single.c) */
    enum quire_content content;
    unsigned n_nodes;        /* 0 in a view that lies apart: nobody allocates there */
    q_frame cut[QUIRE_CUTS]; /* where address classes begin, but the first; Q_NO_FRAME: no more */
    q_word sum;              /* checksum of these, of `header` and of `distance` */
    _Atomic(const struct q_zones *) zones;
    _Atomic q_word not_zones; /* the complement of `zones`, so that damage to that is found */
    /* Lasting, and shared, from here on to `header`: */
    _Alignas(64) _Atomic q_word n_faults;
    _Atomic q_word n_unproved;
    _Atomic uint32_t adding; /* how often a quire_add began or ended: odd while one runs */
    struct q_header *header; /* of the first extent; this and the next never change */
    uint8_t distance[];      /* between nodes, n_nodes rows of n_nodes */
};
_Static_assert(offsetof(struct quire, n_faults) / 64 > offsetof(struct quire, zones) / 64, "what changes lies apart");

/* The table of zones. acquire: pairs with the release in q_publish_table, so that the zones in it are seen whole. */
static inline const struct q_zones *q_zones(const struct quire *q) {
    return atomic_load_explicit(&q->zones, memory_order_acquire);
}

/* The zones as CPUs of a node go through them: zones->n of them. */
static inline struct q_zone *const *q_zones_from(const struct q_zones *zones, unsigned node) {
    return &zones->zone[zones->n * (1 + (size_t)node)];
}

/* The main zone. acquire: pairs with the release in q_prefer_if_larger, for the same. */
static inline struct q_zone *q_main(const struct quire *q) {
    return atomic_load_explicit(&q->main, memory_order_acquire);
}

#endif
