/* init.c: making an allocator.
 *
 * All metadata lie in one extent (layout.h) at the front of the largest piece of memory that is mapped already. It is
 * carved off: no zone covers it. What lasts is written first, the view is made from it, as quire_recover does. */
#include "init.h"
#include "extent.h"

#include "cache.h"
#include "compiler.h"
#include "mem.h"
#include "place.h"
#include "view.h"
#include <quire/port.h>

/* The region with the largest piece below `mapped_end`, and the length of that in frames. */
static q_frame largest(const struct quire_region *regions, size_t n, quire_pa mapped_end, size_t *region) {
    q_frame most = 0;
    for (size_t i = 0; i < n; i++) {
        struct q_span s;
        if (!q_span_of(&regions[i], &s)) {
            continue;
        }
        if (mapped_end != 0 && q_pa(s.end) > mapped_end) {
            s.end = (q_frame)(mapped_end >> QUIRE_PAGE_SHIFT);
        }
        if (s.base < s.end && s.end - s.base > most) {
            most = s.end - s.base;
            *region = i;
        }
    }
    return most;
}

static q_word add_address(q_word sum, quire_pa pa) {
    return q_checksum(q_checksum(sum, (uint32_t)pa), (uint32_t)(pa >> 32));
}

/* A checksum of the arguments. */
static q_word seal_of(const struct quire_config *config, const struct quire_region *regions, size_t n_regions) {
    q_word sum = q_checksum(q_checksum(Q_NO_SUM, config->n_cpus), (q_word)config->content);
    for (size_t i = 0; i < n_regions; i++) {
        sum = add_address(add_address(sum, regions[i].base), regions[i].end);
        sum = q_checksum(sum, (q_word)regions[i].type);
    }
    return sum;
}

enum quire_status q_find_home(const struct quire_config *config, const struct quire_region *regions, size_t n_regions,
                              struct q_home *home) {
    if (config->n_cpus == 0 || (unsigned)config->content > QUIRE_CONTENT_POISON || config->n_cpus > QUIRE_MAX_CPUS ||
        q_check_regions(regions, n_regions) != QUIRE_OK) {
        return QUIRE_INVALID;
    }
    struct q_span s = {0, 0};
    home->n_available = largest(regions, n_regions, config->mapped_end, &home->region);
    if (home->n_available == 0) {
        return QUIRE_NO_MEMORY;
    }
    (void)q_span_of(&regions[home->region], &s);
    home->base = s.base;
    home->seal = seal_of(config, regions, n_regions);
    home->header = quire_port_map(q_pa(s.base));
    return home->header == NULL ? QUIRE_NO_MEMORY : QUIRE_OK;
}

/* Writes all of the extent. */
static struct quire *make(const struct quire_config *config, const struct q_plan *plan, const struct q_home *home) {
    const struct q_identity who = {.n_cpus = config->n_cpus, .content = config->content, .seal = home->seal};
    struct q_header *h = home->header;
    struct quire *q = (struct quire *)(void *)((char *)h + plan->quire_at);
    /* relaxed: nobody else runs; a crash from here on leaves no allocator */
    atomic_store_explicit(&h->magic, 0, memory_order_relaxed);
    memset(q, 0, sizeof *q);
    q_extent_make(plan, &who, h, home->base, &q->balance);
    q_view_open(q, h, (struct q_zones *)(void *)((char *)h + plan->table_at), NULL);
    for (unsigned i = 0; i < q->n_cpus; i++) {
        q_cache_init(&q->caches[i]);
    }
    /* release: who finds the magic after a crash finds all of the above; pairs with q_metadata_wrong */
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
    struct q_plan plan = {.regions = regions, .n_regions = n_regions, .home = home.region, .n_cpus = config->n_cpus};
    if (!q_plan_settle(&plan, home.n_available)) {
        return QUIRE_NO_MEMORY;
    }
    *out = make(config, &plan, &home);
    return QUIRE_OK;
}
