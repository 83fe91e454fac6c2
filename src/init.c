/* init.c: making an allocator, and giving it more memory.
 *
 * All metadata of one call lie in one extent at the front of one region, which is carved off: no zone covers it. At
 * init that is the largest piece of memory that is mapped already:
 *
 *   | struct quire | CPU caches | table of zones | zone, its metadata | zone, its metadata | ...
 *
 * A zone is made of neighbouring regions as long as no whole block lies between them. Only the blocks that are partly
 * no RAM of ours are initialised here, at most two for each region; so the cost does not depend on the size of memory.
 *
 * quire_add makes one more zone, and puts frames that lie in blocks of existing zones there, so that memory that was
 * added in pieces becomes whole. The table of zones is replaced by a new one; the old one stays, since others may be
 * reading it. */
#include "core.h"
#include "mem.h"

static size_t round_up(size_t n, size_t to) {
    return (n + to - 1) & ~(to - 1);
}

/* ---- regions --------------------------------------------------------------------------------------------- */

/* A span of frames. */
struct span {
    q_frame base, end;
};

/* The whole frames of a usable region; false: none, or it is not usable. */
static bool frames_of(const struct quire_region *region, struct span *frames) {
    if (region->type != QUIRE_USABLE) {
        return false;
    }
    quire_pa end = region->end >> QUIRE_PAGE_SHIFT;
    quire_pa base = (region->base >> QUIRE_PAGE_SHIFT) + (region->base % QUIRE_PAGE_SIZE != 0);
    *frames = (struct span){(q_frame)base, (q_frame)end};
    return base < end;
}

/* What this machine's words can number, in blocks that have neighbours on both sides. */
static bool addressable(const struct quire_region *region) {
    return region->type != QUIRE_USABLE || (region->end >> QUIRE_PAGE_SHIFT) <= Q_NO_FRAME - Q_BLOCK;
}

static enum quire_status check_regions(const struct quire_region *regions, size_t n_regions) {
    for (size_t i = 0; i < n_regions; i++) {
        bool known = regions[i].type == QUIRE_USABLE || regions[i].type == QUIRE_RESERVED;
        bool sorted = i == 0 || regions[i - 1].end <= regions[i].base;
        if (!known || !sorted || regions[i].end <= regions[i].base || !addressable(&regions[i])) {
            return QUIRE_INVALID;
        }
    }
    return QUIRE_OK;
}

/* ---- the plan: which zones, and where the metadata go ---------------------------------------------------- */

struct plan {
    const struct quire_region *regions;
    size_t n_regions;
    size_t home;        /* the region whose front is carved off */
    q_frame n_meta;     /* frames carved off */
    size_t fixed_bytes; /* metadata beside the zones' */
};

/* What is left of a region; false: nothing. */
static bool piece(const struct plan *plan, size_t i, struct span *frames) {
    if (!frames_of(&plan->regions[i], frames)) {
        return false;
    }
    if (i == plan->home) {
        frames->base += plan->n_meta;
    }
    return frames->base < frames->end;
}

/* The regions [*i, result) that make one zone, which spans `zone`; result == *i: no more. *i moves to the first of
 * them. */
static size_t next_zone(const struct plan *plan, size_t *i, struct span *zone) {
    while (*i < plan->n_regions && !piece(plan, *i, zone)) {
        ++*i;
    }
    if (*i == plan->n_regions) {
        return *i;
    }
    size_t end = *i + 1;
    for (struct span next; end < plan->n_regions; end++) {
        if (!piece(plan, end, &next)) {
            continue;
        }
        if (next.base / Q_BLOCK > (zone->end - 1) / Q_BLOCK + 1) { /* a whole block lies between */
            break;
        }
        zone->end = next.end;
    }
    return end;
}

static size_t blocks_in(const struct span *s) {
    return (s->end - 1) / Q_BLOCK - s->base / Q_BLOCK + 1;
}

static size_t zone_bytes(const struct span *zone) {
    return round_up(sizeof(struct q_zone), 64) + q_zone_bytes(blocks_in(zone));
}

static size_t table_bytes(size_t n_zones) {
    return round_up(sizeof(struct q_zones) + n_zones * sizeof(struct q_zone *), 64);
}

/* Bytes of metadata for the plan as it stands; 0: no zone at all, or one is too large. */
static size_t plan_bytes(const struct plan *plan, size_t *n_zones) {
    struct span zone;
    size_t bytes = plan->fixed_bytes;
    *n_zones = 0;
    for (size_t i = 0, end; (end = next_zone(plan, &i, &zone)) != i; i = end) {
        if (blocks_in(&zone) >= Q_MOST_BLOCKS) {
            return 0;
        }
        bytes += zone_bytes(&zone);
        ++*n_zones;
    }
    return *n_zones == 0 ? 0 : bytes + table_bytes(*n_zones);
}

/* Finds how much to carve off: carving makes the rest smaller, and rarely one zone into two. */
static bool settle_plan(struct plan *plan, q_frame n_available, size_t *n_zones) {
    for (;;) {
        size_t bytes = plan_bytes(plan, n_zones);
        q_frame n = (bytes + (size_t)QUIRE_PAGE_SIZE - 1) >> QUIRE_PAGE_SHIFT;
        if (bytes == 0 || n > n_available) {
            return false;
        }
        if (n <= plan->n_meta) {
            return true;
        }
        plan->n_meta = n;
    }
}

/* ---- making zones ---------------------------------------------------------------------------------------- */

/* The frames that region `i` and those behind it have in the block that begins at frame `first`. */
static void usable_frames(const struct plan *plan, size_t i, q_frame first, q_word *usable) {
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        usable[w] = 0;
    }
    for (; i < plan->n_regions && plan->regions[i].base >> QUIRE_PAGE_SHIFT < first + Q_BLOCK; i++) {
        struct span s;
        if (!piece(plan, i, &s) || s.end <= first) {
            continue;
        }
        for (size_t w = 0; w < Q_LINE_WORDS; w++) {
            usable[w] |= q_range_in_word(w, s.base > first ? s.base - first : 0, s.end - first);
        }
    }
}

static bool all_set(const q_word *words) {
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        if (words[w] != Q_ALL_BITS) {
            return false;
        }
    }
    return true;
}

/* Initialises the block of frame `f`, at an edge of region `i` with the frames `s`, if it is partly no RAM of ours.
 * Blocks below *next have been looked at. */
static void open_edge(struct q_zone *z, const struct plan *plan, size_t i, const struct span *s, q_frame f,
                      size_t *next) {
    size_t block = q_zone_block_of(z, f);
    q_frame first = q_zone_frame(z, block);
    if (block < *next || (s->base <= first && s->end - first >= Q_BLOCK)) {
        return;
    }
    *next = block + 1;
    q_word usable[Q_LINE_WORDS];
    usable_frames(plan, i, first, usable);
    if (!all_set(usable)) {
        q_zone_open_block(z, block, usable);
    }
}

/* A zone of regions [i, end) in memory at `at`. The regions' frames add up in the allocator's balance. */
static struct q_zone *make_zone(struct quire *q, const struct plan *plan, size_t i, size_t end, const struct span *span,
                                void *at) {
    struct q_zone *z = at;
    struct span s;
    size_t n_frames = 0, next = 0;
    q_zone_init(z, span->base, span->end, (char *)at + round_up(sizeof *z, 64), &q->balance);
    for (; i < end; i++) {
        if (piece(plan, i, &s)) {
            n_frames += s.end - s.base;
            open_edge(z, plan, i, &s, s.base, &next);
            open_edge(z, plan, i, &s, s.end - 1, &next);
        }
    }
    atomic_init(&z->n_frames, n_frames);
    atomic_fetch_add_explicit(&q->balance.n_free, (intptr_t)n_frames, memory_order_relaxed); /* an estimate */
    return z;
}

/* ---- init ------------------------------------------------------------------------------------------------ */

/* The region with the largest piece below `mapped_end`, and the length of that in frames. */
static q_frame find_home(const struct quire_region *regions, size_t n, quire_pa mapped_end, size_t *home) {
    q_frame most = 0;
    for (size_t i = 0; i < n; i++) {
        struct span s;
        if (!frames_of(&regions[i], &s)) {
            continue;
        }
        if (mapped_end != 0 && q_pa(s.end) > mapped_end) {
            s.end = (q_frame)(mapped_end >> QUIRE_PAGE_SHIFT);
        }
        if (s.base < s.end && s.end - s.base > most) {
            most = s.end - s.base;
            *home = i;
        }
    }
    return most;
}

q_word q_core_sum(const struct quire *q, q_word seal) {
    q_word sum = q_checksum(q_checksum(Q_NO_SUM, seal), (q_word)q->caches);
    sum = q_checksum(q_checksum(sum, q->n_cpus), q->n_quick);
    return q_checksum(sum, (q_word)q->content);
}

q_word q_zones_sum(const struct q_zones *zones) {
    q_word sum = Q_NO_SUM;
    for (size_t i = 0; i < zones->n; i++) {
        sum = q_checksum(sum, (q_word)zones->zone[i]);
    }
    return sum;
}

static void init_core(struct quire *q, const struct quire_config *config) {
    memset(q, 0, sizeof *q);
    q->caches = (struct q_cache *)(void *)((char *)q + round_up(sizeof *q, Q_CACHE_BYTES));
    q->n_cpus = config->n_cpus;
    q->content = config->content;
    q->n_quick = config->content == QUIRE_CONTENT_NONE ? config->n_cpus : 0;
    for (unsigned i = 0; i < q->n_cpus; i++) {
        q_cache_init(&q->caches[i]);
    }
}

void q_prefer_if_larger(struct quire *q, struct q_zone *z) {
    struct q_zone *main = q_main(q);
    if (main == NULL || z->n_blocks > main->n_blocks) {
        atomic_store_explicit(&q->main, z, memory_order_release); /* pairs with q_main */
    }
}

/* Builds the zones of the plan at `at` and enters them in the table, which has room. */
static void make_zones(struct quire *q, const struct plan *plan, struct q_zones *table, char *at) {
    struct span span, meta = {0, 0};
    (void)frames_of(&plan->regions[plan->home], &meta);
    for (size_t i = 0, end; (end = next_zone(plan, &i, &span)) != i; i = end) {
        struct q_zone *z = make_zone(q, plan, i, end, &span, at);
        at = (char *)round_up((uintptr_t)&z->blocks[z->n_blocks], sizeof(struct q_line)); /* behind its last data */
        table->zone[table->n++] = z;
        q_prefer_if_larger(q, z);
    }
    Q_ASSERT((uintptr_t)at <= (uintptr_t)q + ((uintptr_t)plan->n_meta << QUIRE_PAGE_SHIFT), at - (char *)q);
    table->zone[0]->meta_base = meta.base;
    table->zone[0]->meta_end = meta.base + plan->n_meta;
    for (size_t i = 0; i < table->n; i++) {
        table->zone[i]->sum = q_zone_sum(table->zone[i]);
    }
}

/* The table is complete: others may see it, where others are. */
static void publish_table(struct quire *q, struct q_zones *table) {
    table->not_n = ~table->n;
    table->sum = q_zones_sum(table);
    atomic_store_explicit(&q->zones, table, memory_order_release); /* pairs with q_zones */
    /* relaxed: quire_validate alone looks at it, when no quire_add runs */
    atomic_store_explicit(&q->not_zones, ~(q_word)table, memory_order_relaxed);
}

static q_word add_address(q_word sum, quire_pa pa) {
    return q_checksum(q_checksum(sum, (uint32_t)pa), (uint32_t)(pa >> 32));
}

/* A checksum of the arguments, never 0. */
static q_word seal_of(const struct quire_config *config, const struct quire_region *regions, size_t n_regions) {
    q_word sum = q_checksum(q_checksum(Q_NO_SUM, config->n_cpus), (q_word)config->content);
    for (size_t i = 0; i < n_regions; i++) {
        sum = add_address(add_address(sum, regions[i].base), regions[i].end);
        sum = q_checksum(sum, (q_word)regions[i].type);
    }
    return sum | 1;
}

/* Where the arguments put the allocator, and the plan for it. */
static enum quire_status find_place(const struct quire_config *config, struct plan *plan, size_t *n_zones,
                                    struct quire **place) {
    if (config->n_cpus == 0 || (unsigned)config->content > QUIRE_CONTENT_POISON || config->n_cpus > QUIRE_MAX_CPUS ||
        check_regions(plan->regions, plan->n_regions) != QUIRE_OK) {
        return QUIRE_INVALID;
    }
    plan->fixed_bytes = round_up(sizeof(struct quire), Q_CACHE_BYTES) + config->n_cpus * sizeof(struct q_cache);
    q_frame n_available = find_home(plan->regions, plan->n_regions, config->mapped_end, &plan->home);
    if (n_available == 0 || !settle_plan(plan, n_available, n_zones)) {
        return QUIRE_NO_MEMORY;
    }
    struct span home = {0, 0};
    (void)frames_of(&plan->regions[plan->home], &home);
    *place = quire_port_map(q_pa(home.base));
    return *place == NULL ? QUIRE_NO_MEMORY : QUIRE_OK;
}

/* Apart, so that it can be looked at and counted by itself in a kernel that is compiled as one program. */
Q_APART enum quire_status quire_init(struct quire **out, const struct quire_config *config,
                                     const struct quire_region *regions, size_t n_regions) {
    struct plan plan = {.regions = regions, .n_regions = n_regions};
    struct quire *q;
    size_t n_zones;
    *out = NULL;
    enum quire_status status = find_place(config, &plan, &n_zones, &q);
    if (status != QUIRE_OK) {
        return status;
    }
    init_core(q, config);
    struct q_zones *table = (struct q_zones *)(void *)((char *)q + plan.fixed_bytes);
    table->n = 0;
    make_zones(q, &plan, table, (char *)table + table_bytes(n_zones));
    publish_table(q, table);
    q_word seal = seal_of(config, regions, n_regions);
    q->sum = q_core_sum(q, seal);
    /* release: who finds the seal after a crash finds all of the above */
    atomic_store_explicit(&q->seal, seal, memory_order_release);
    *out = q;
    return QUIRE_OK;
}

enum quire_status q_find_sealed(const struct quire_config *config, const struct quire_region *regions, size_t n_regions,
                                struct quire **out) {
    struct plan plan = {.regions = regions, .n_regions = n_regions};
    size_t n_zones;
    enum quire_status status = find_place(config, &plan, &n_zones, out);
    if (status != QUIRE_OK) {
        return status;
    }
    /* acquire: pairs with the release in quire_init */
    q_word seal = atomic_load_explicit(&(*out)->seal, memory_order_acquire);
    return seal == seal_of(config, regions, n_regions) ? QUIRE_OK : QUIRE_NO_MEMORY;
}

/* ---- add ------------------------------------------------------------------------------------------------- */

static q_frame blocks_end(const struct q_zone *z) {
    return z->first + z->n_blocks * Q_BLOCK;
}

/* Whether the frames of `s` that lie in the zone's blocks are holes. */
static bool all_holes(const struct quire *q, const struct q_zone *z, const struct span *s) {
    q_frame end = s->end < blocks_end(z) ? s->end : blocks_end(z);
    for (q_frame f = s->base > z->first ? s->base : z->first; f < end; f++) {
        if (!q_zone_ready(z, q_zone_block_of(z, f)) || q_is_metadata(q, f)) {
            return false;
        }
        /* relaxed: holes change only here, and one quire_add runs at a time */
        if ((atomic_load_explicit(q_zone_record(z, f), memory_order_relaxed) & Q_RESERVED) == 0) {
            return false;
        }
    }
    return true;
}

/* Cuts the part that no zone's blocks cover out of `s`; false: some of `s` is managed, or metadata, already. */
static bool new_part(const struct quire *q, const struct span *s, struct span *part) {
    const struct q_zones *zones = q_zones(q);
    *part = *s;
    for (size_t i = 0; i < zones->n; i++) {
        const struct q_zone *z = zones->zone[i];
        bool meta = s->base < z->meta_end && z->meta_base < s->end;
        if (meta || !all_holes(q, z, s)) {
            return false;
        }
        if (z->first <= part->base && part->base < blocks_end(z)) {
            part->base = blocks_end(z);
        }
        if (z->first < part->end && part->end <= blocks_end(z)) {
            part->end = z->first;
        }
    }
    return true;
}

/* Frames of `s` that lie in the zone's blocks were holes, and are free memory now. */
static void fill_holes(struct quire *q, struct q_zone *z, const struct span *s) {
    q_frame base = s->base > z->first ? s->base : z->first;
    q_frame end = s->end < blocks_end(z) ? s->end : blocks_end(z);
    for (q_frame f = base; f < end; f++) {
        atomic_store_explicit(q_zone_record(z, f), 0, memory_order_relaxed); /* travels with the bit */
    }
    if (base >= end) {
        return;
    }
    /* relaxed: bounds for the checks of addresses that nobody got yet */
    if (base < atomic_load_explicit(&z->base, memory_order_relaxed)) {
        atomic_store_explicit(&z->base, base, memory_order_relaxed);
    }
    if (end > atomic_load_explicit(&z->end, memory_order_relaxed)) {
        atomic_store_explicit(&z->end, end, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&z->n_frames, end - base, memory_order_relaxed); /* a statistic */
    for (q_frame f = base; f < end; f++) {
        q_return_run(q, f, 0);
    }
}

/* Publishes a table with one more zone. */
static void publish_zone(struct quire *q, struct q_zones *table, struct q_zone *z) {
    const struct q_zones *old = q_zones(q);
    size_t n = 0;
    table->n = old->n + 1;
    for (size_t i = 0; i < old->n; i++) {
        if (n == i && z->first < old->zone[i]->first) {
            table->zone[n++] = z;
        }
        table->zone[n++] = old->zone[i];
    }
    if (n == old->n) {
        table->zone[n++] = z;
    }
    Q_ASSERT(n == table->n, n);
    publish_table(q, table);
    q_prefer_if_larger(q, z);
}

static enum quire_status add_zone(struct quire *q, const struct span *part) {
    struct quire_region region = {q_pa(part->base), q_pa(part->end), QUIRE_USABLE};
    struct plan plan = {.regions = &region, .n_regions = 1, .fixed_bytes = table_bytes(q_zones(q)->n + 1)};
    size_t n_zones;
    if (!settle_plan(&plan, part->end - part->base, &n_zones)) {
        return QUIRE_NO_MEMORY;
    }
    struct q_zones *table = quire_port_map(region.base);
    if (table == NULL) {
        return QUIRE_NO_MEMORY;
    }
    struct span rest = {part->base + plan.n_meta, part->end};
    struct q_zone *z = make_zone(q, &plan, 0, 1, &rest, (char *)table + plan.fixed_bytes);
    z->meta_base = part->base;
    z->meta_end = rest.base;
    z->sum = q_zone_sum(z);
    publish_zone(q, table, z);
    return QUIRE_OK;
}

static enum quire_status add(struct quire *q, const struct span *s) {
    struct span part;
    if (!new_part(q, s, &part)) {
        return QUIRE_INVALID;
    }
    const struct q_zones *before = q_zones(q);
    enum quire_status status = part.base < part.end ? add_zone(q, &part) : QUIRE_OK;
    for (size_t i = 0; i < before->n && status == QUIRE_OK; i++) {
        fill_holes(q, before->zone[i], s);
    }
    return status;
}

enum quire_status quire_add(struct quire *q, const struct quire_region *region) {
    struct span s;
    if (check_regions(region, 1) != QUIRE_OK || !frames_of(region, &s)) {
        return QUIRE_INVALID;
    }
    uint32_t nobody = 0;
    /* acquire and release: the next quire_add sees what this one did */
    if (!atomic_compare_exchange_strong_explicit(&q->adding, &nobody, 1, memory_order_acquire, memory_order_relaxed)) {
        return QUIRE_BUSY;
    }
    enum quire_status status = add(q, &s);
    atomic_store_explicit(&q->adding, 0, memory_order_release);
    return status;
}
