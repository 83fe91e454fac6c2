/* init.c: making an allocator.
 *
 * All metadata lie in one extent (layout.h) at the front of the largest piece of memory that is mapped already. It is
 * carved off: no zone manages its frames.
 *
 *   q_find_home     which piece, by the arguments alone: quire_recover finds the same one by the same arguments
 *   q_plan_settle   how large the extent is, and what lies where in it
 *   q_extent_make   writes what lasts; then q_view_open makes the view from it, as in quire_recover
 *   the magic       comes last
 *
 * Why the largest piece: all metadata lie in one row, 1/1000 of all memory that there is, and a smaller piece may be
 * too small for them. Why carved off: the extent needs no records, and no block is broken up by it that could be whole.
 *
 * Cost: time for each region, zone and CPU; no frame and no block is touched but for the extent's own first part and
 * the metadata of blocks at the edges of regions.
 *
 * N1  The magic stands there only while all of the rest does, so a crash in the middle leaves no allocator to recover.
 *                                                                                  crash points of the explorer */
#include "init.h"
#include "extent.h"

#include "cache.h"
#include "compiler.h"
#include "mem.h"
#include "nodes.h"
#include "place.h"
#include "view.h"
#include <quire/port.h>

/* Finds the region with the most frames below `mapped_end`, its first frame, and how many. None: n_available is 0. */
static void find_largest(const struct quire_region *regions, size_t n, quire_pa mapped_end, struct q_home *home) {
    *home = (struct q_home){.header = NULL};
    for (size_t i = 0; i < n; i++) {
        struct q_span s;
        if (!q_span_of(&regions[i], &s)) {
            continue;
        }
        if (mapped_end != 0 && q_pa(s.end) > mapped_end) { /* what is not mapped yet can not hold metadata */
            s.end = (q_frame)(mapped_end >> QUIRE_PAGE_SHIFT);
        }
        if (!q_is_empty(s) && s.end - s.base > home->n_available) {
            *home = (struct q_home){.region = i, .base = s.base, .n_available = s.end - s.base};
        }
    }
}

/* Addresses have 64 bits everywhere, the steps of the sum may have 32. */
static q_word add_address(q_word sum, quire_pa pa) {
    return q_checksum(q_checksum(sum, (uint32_t)pa), (uint32_t)(pa >> 32));
}

/* A checksum of the arguments: quire_recover has to be called with the same ones. */
static q_word seal_of(const struct quire_config *config, const struct quire_region *regions, size_t n_regions) {
    q_word sum = q_checksum(q_checksum(Q_NO_SUM, config->n_cpus), (q_word)config->content);
    sum = q_nodes_sum(q_checksum(sum, config->user_bytes), config);
    for (size_t i = 0; i < n_regions; i++) {
        sum = add_address(add_address(sum, regions[i].base), regions[i].end);
        sum = q_checksum(q_checksum(sum, (q_word)regions[i].type), regions[i].node);
    }
    return sum;
}

/* Whether the configuration means something. */
static bool config_valid(const struct quire_config *config) {
    return config->n_cpus > 0 && config->n_cpus <= QUIRE_MAX_CPUS &&
           (unsigned)config->content <= QUIRE_CONTENT_POISON && config->user_bytes <= QUIRE_MAX_USER_BYTES &&
           config->user_bytes % sizeof(uintptr_t) == 0 && q_nodes_valid(config);
}

/* The arguments are looked at in the order of their cost; the port is asked last, and only for one address. */
enum quire_status q_find_home(const struct quire_config *config, const struct quire_region *regions, size_t n_regions,
                              struct q_home *home) {
    if (!config_valid(config) || q_check_regions(regions, n_regions, q_nodes_number(config)) != QUIRE_OK) {
        return QUIRE_INVALID;
    }
    find_largest(regions, n_regions, config->mapped_end, home);
    if (home->n_available == 0) {
        return QUIRE_NO_MEMORY;
    }
    Q_ASSERT(home->region < n_regions, home->region);
    home->seal = seal_of(config, regions, n_regions);
    home->header = quire_port_map(q_pa(home->base));
    return home->header == NULL ? QUIRE_NO_MEMORY : QUIRE_OK;
}

/* Writes all of the extent. */
static struct quire *make(const struct q_plan *plan, const struct quire_config *config, const struct q_home *home) {
    struct q_header *h = home->header;
    struct quire *q = q_part(h, plan->quire_at);
    Q_ASSERT((uintptr_t)q % _Alignof(struct quire) == 0, plan->quire_at);
    Q_ASSERT(plan->n_meta <= home->n_available, plan->n_meta);
    /* relaxed: nobody else runs; a crash from here on leaves no allocator */
    atomic_store_explicit(&h->magic, 0, memory_order_relaxed);
    memset(q, 0, sizeof *q);
    q_extent_make(plan, h, home->base);
    q_view_open(q, h, config, q_part(h, plan->table_at), NULL);
    Q_ASSERT(q_zones(q)->n == plan->n_zones && q->n_cpus == plan->n_cpus, plan->n_zones);
    for (unsigned i = 0; i < q->n_cpus; i++) {
        q_cache_init(&q->caches[i]);
    }
    /* release: a reader that finds the magic after a crash finds all of the above; pairs with wrong_header */
    atomic_store_explicit(&h->magic, Q_MAGIC, memory_order_release);
    return q;
}

/* Apart, so that it can be looked at and counted by itself in a kernel that is compiled as one program. */
Q_APART enum quire_status quire_init(struct quire **out, const struct quire_config *config,
                                     const struct quire_region *regions, size_t n_regions) {
    struct q_home home;
    *out = NULL;
    enum quire_status status = q_find_home(config, regions, n_regions, &home);
    if (status != QUIRE_OK) {
        return status;
    }
    q_frame cut[QUIRE_CUTS];
    q_nodes_cuts(config, cut);
    struct q_plan plan = {.regions = regions,
                          .n_regions = n_regions,
                          .home = home.region,
                          .cut = cut,
                          .n_nodes = q_nodes_number(config),
                          .user_bytes = config->user_bytes,
                          .n_cpus = config->n_cpus,
                          .content = config->content,
                          .seal = home.seal};
    if (!q_plan_settle(&plan, home.n_available)) {
        return QUIRE_NO_MEMORY;
    }
    *out = make(&plan, config, &home);
    return QUIRE_OK;
}
