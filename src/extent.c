/* extent.c: making metadata: which zones there are, how much room they take, and where in an extent all of it lies.
 *
 * A zone is made of neighbouring regions of one node as long as no whole block lies between them, nor a cut between address
 * classes:
 *
 *   regions    [=======]   [====]                                  [=== node 0 ===][== node 1 ==]
 *   blocks    |         |         |         |         |         |         |         |         |
 *   zones     [ zone 0            ]                             [ zone 1                      ][ zone 2
 *
 * Here only blocks are initialised that are partly no RAM of ours, at most two for each region; so the cost does not
 * depend on the size of memory. Where a zone is to cover blocks beyond its regions (quire_add), these are initialised,
 * too: all of their frames are holes.
 *
 * The extent is carved off a region. That makes the rest of the region smaller, which may change how much has to be
 * carved off. So the plan is made again until it holds. The size of the extent only grows from one attempt to the next,
 * so this ends.
 *
 * What comes first in the extent depends on the number of zones, and where a zone's parts lie on all zones before it.
 * So a plan is made in two steps: q_plan_settle finds all sizes and the places of what comes before the zones;
 * q_extent_make walks through the same zones again, by the same function, and places each where the one before it
 * ended.
 *
 * Cost: time for each region and each zone, none for each block or frame but at the edges. Nothing here can fail after
 * q_plan_settle returned true.
 *
 * E1  The metadata of all zones end within the extent.                                   Q_ASSERT in q_extent_make
 * E2  Each block is initialised at most once.                                            Q_ASSERT in q_zone_open_block
 * E3  No frame of an extent is ever free: it is carved off, or RESERVED.                 quire_validate */
#include "extent.h"

#include "cache.h"
#include "mem.h"
#include "nodes.h"
#include "place.h"
#include "view.h"
#include <quire/port.h>

/* ---- regions --------------------------------------------------------------------------------------------- */

/* Frames are numbered only if they are usable: the bounds of other regions may lie beyond what words can number. */
bool q_span_of(const struct quire_region *region, struct q_span *frames) {
    if (region->type != QUIRE_USABLE) {
        return false;
    }
    /* A frame that the region has only in part is none of ours: the base is rounded up, the end down. */
    quire_pa end = region->end >> QUIRE_PAGE_SHIFT;
    quire_pa base = (region->base >> QUIRE_PAGE_SHIFT) + (region->base % QUIRE_PAGE_SIZE != 0);
    *frames = (struct q_span){(q_frame)base, (q_frame)end};
    return base < end;
}

/* Whether this machine's words can number the region's frames, with one more block after them. */
static bool addressable(const struct quire_region *region) {
    return region->type != QUIRE_USABLE || (region->end >> QUIRE_PAGE_SHIFT) <= Q_NO_FRAME - Q_BLOCK;
}

enum quire_status q_check_regions(const struct quire_region *regions, size_t n_regions, unsigned n_nodes) {
    for (size_t i = 0; i < n_regions; i++) {
        bool known =
            regions[i].type == QUIRE_RESERVED || (regions[i].type == QUIRE_USABLE && regions[i].node < n_nodes);
        bool sorted = i == 0 || regions[i - 1].end <= regions[i].base;
        if (!known || !sorted || regions[i].end <= regions[i].base || !addressable(&regions[i])) {
            return QUIRE_INVALID;
        }
    }
    return QUIRE_OK;
}

/* ---- the plan: which zones, and what lies where ---------------------------------------------------------- */

/* The frames of region `i` that are left when the extent is carved off; false: none. */
static bool piece(const struct q_plan *plan, size_t i, struct q_span *frames) {
    Q_ASSERT(i < plan->n_regions, i);
    if (!q_span_of(&plan->regions[i], frames)) {
        return false;
    }
    if (i == plan->home) {
        frames->base += plan->n_meta;
    }
    return !q_is_empty(*frames);
}

/* One zone to be, while the plan is walked through. */
struct part {
    struct q_span span; /* from its first to its last frame */
    size_t region;      /* the first one that it has frames of */
    size_t next;        /* the first one that has frames behind it */
    unsigned node;
};

/* Adds what it can of a region to the zone, which ends at `limit` at the latest. False: the zone ends before the region
 * does, or no block of the region is a neighbour. */
static bool extend(struct part *zone, const struct quire_region *region, struct q_span piece, q_frame limit) {
    q_frame block_end = ((zone->span.end - 1) / Q_BLOCK + 1) * Q_BLOCK;
    if (piece.base >= block_end + Q_BLOCK || piece.base >= limit) { /* a whole block lies between, or a cut */
        return false;
    }
    if (region->node != zone->node) { /* a block that two nodes share is the lower one's */
        limit = block_end;
    }
    Q_ASSERT(piece.base >= zone->span.end, piece.base); /* regions are sorted */
    zone->span.end = piece.base >= limit ? zone->span.end : piece.end < limit ? piece.end : limit;
    return piece.end <= limit;
}

/* The first frames that no zone has yet, of regions from `zone->next` on; false: there are none. */
static bool first_left(const struct q_plan *plan, struct part *zone) {
    struct q_span left = {zone->span.end, Q_NO_FRAME}, first;
    for (; zone->next < plan->n_regions; zone->next++) {
        if (piece(plan, zone->next, &first) && first.end > left.base) {
            zone->span = q_common(first, left);
            return true;
        }
    }
    return false;
}

/* Finds the next zone; false: there are no more. */
static bool next_zone(const struct q_plan *plan, struct part *zone) {
    struct q_span next;
    if (!first_left(plan, zone)) {
        return false;
    }
    q_frame limit = q_nodes_class(plan->cut, zone->span.base).end;
    bool all = zone->span.end <= limit; /* of the region that is looked at */
    zone->region = zone->next;
    zone->node = plan->regions[zone->region].node;
    zone->span.end = all ? zone->span.end : limit;
    while (all && ++zone->next < plan->n_regions) {
        all = !piece(plan, zone->next, &next) || extend(zone, &plan->regions[zone->next], next, limit);
    }
    Q_ASSERT(!q_is_empty(zone->span), zone->span.base);
    return true;
}

/* Says where a zone's parts lie; returns where they end, or 0: it is too large. */
static size_t plan_zone(const struct q_plan *plan, const struct part *zone, size_t at, struct q_zone_layout *layout) {
    const struct q_span *s = q_is_empty(plan->around) ? &zone->span : &plan->around;
    Q_ASSERT(s->base <= zone->span.base && zone->span.end <= s->end, s->base);
    q_frame first = s->base / Q_BLOCK * Q_BLOCK;
    size_t n_blocks = (s->end - 1) / Q_BLOCK - s->base / Q_BLOCK + 1;
    size_t end = n_blocks >= Q_MOST_BLOCKS ? 0 : q_zone_plan(layout, first, n_blocks, plan->user_bytes, at);
    layout->node = zone->node;
    return end;
}

/* Places what comes before the first zone. */
static void place_parts(struct q_plan *plan) {
    _Static_assert(sizeof(struct q_cache) % Q_CACHE_BYTES == 0, "each cache of the row is aligned");
    _Static_assert(_Alignof(struct quire) >= _Alignof(struct q_zone_layout), "zones fit between header and quire");
    size_t at = plan->zones_at = q_round_up(sizeof(struct q_header), sizeof(struct q_line));
    at += plan->n_zones * sizeof(struct q_zone_layout);
    if (plan->number == 0) { /* the extent of the allocator itself */
        plan->quire_at = q_round_up(at, _Alignof(struct quire));
        size_t distances_end = plan->quire_at + sizeof(struct quire) + (size_t)plan->n_nodes * plan->n_nodes;
        plan->caches_at = q_round_up(distances_end, Q_CACHE_BYTES);
        at = plan->caches_at + plan->n_cpus * sizeof(struct q_cache);
    }
    plan->table_at = at = q_round_up(at, sizeof(struct q_line));
    at += sizeof(struct q_zones) +
          (plan->n_before + plan->n_zones) * (1 + (size_t)plan->n_nodes) * sizeof(struct q_zone *);
    plan->first_at = q_round_up(at, sizeof(struct q_line));
    Q_ASSERT(plan->table_at >= plan->zones_at && plan->first_at > plan->table_at, plan->table_at);
}

/* Bytes of metadata for the plan as it stands; 0: no zone at all, or one is too large. */
static size_t plan_bytes(struct q_plan *plan) {
    struct part zone = {.next = 0};
    struct q_zone_layout layout;
    size_t bytes = 0;
    plan->n_zones = 0;
    while (next_zone(plan, &zone)) {
        size_t more = plan_zone(plan, &zone, 0, &layout); /* a zone takes the same room wherever it begins */
        if (more == 0) {
            return 0;
        }
        bytes += more;
        plan->n_zones++;
    }
    place_parts(plan);
    return bytes == 0 ? 0 : plan->first_at + bytes;
}

/* Each attempt supposes that n_meta frames are carved off, and looks how many it would need then. Fewer than that is
 * well: the last ones stay unused. */
bool q_plan_settle(struct q_plan *plan, q_frame n_available) {
    for (;;) {
        size_t bytes = plan_bytes(plan);
        q_frame n = (bytes + (size_t)QUIRE_PAGE_SIZE - 1) >> QUIRE_PAGE_SHIFT;
        if (bytes == 0 || n > n_available) {
            return false;
        }
        if (n <= plan->n_meta) { /* what is carved off suffices */
            return true;
        }
        plan->n_meta = n;
    }
}

/* ---- making zones ---------------------------------------------------------------------------------------- */

/* Sets the bits of frames that the regions from `i` on have in the block that begins at frame `first`. Returns their
 * number. */
static q_frame usable_frames(const struct q_plan *plan, size_t i, q_frame first, q_word *usable) {
    const struct q_span block = {first, first + Q_BLOCK};
    q_frame n = 0;
    for (; i < plan->n_regions && plan->regions[i].base >> QUIRE_PAGE_SHIFT < block.end; i++) {
        struct q_span s;
        if (!piece(plan, i, &s) || q_is_empty(q_common(s, block))) {
            continue;
        }
        s = q_common(s, block);
        for (size_t w = 0; w < Q_LINE_WORDS; w++) {
            usable[w] |= q_range_in_word(w, s.base - first, s.end - first);
        }
        n += s.end - s.base;
    }
    Q_ASSERT(n <= Q_BLOCK, n); /* regions do not overlap */
    return n;
}

/* Initialises the block of frame `f`, at an edge of region `i`, if it is partly no RAM of ours. Blocks below *next have
 * been looked at: the end of one region and the beginning of the next may lie in the same block. */
static void open_edge(struct q_zone *z, const struct q_plan *plan, size_t i, q_frame f, size_t *next) {
    size_t block = q_zone_block_of(z, f);
    q_word usable[Q_LINE_WORDS] = {0};
    Q_ASSERT(block < z->n_blocks, f);
    if (block >= *next && usable_frames(plan, i, q_zone_frame(z, block), usable) < Q_BLOCK) {
        q_zone_open_block(z, block, usable);
    }
    *next = block >= *next ? block + 1 : *next;
}

/* Initialises blocks [from, to), of which all frames are holes. */
static void open_holes(struct q_zone *z, size_t from, size_t to) {
    static const q_word none[Q_LINE_WORDS];
    Q_ASSERT(from <= to && to <= z->n_blocks, to);
    for (size_t b = from; b < to; b++) {
        q_zone_open_block(z, b, none);
    }
}

/* Begins the life of a zone. */
static void start_zone(struct q_zone *z, const struct q_plan *plan, const struct part *zone) {
    const struct q_span *span = &zone->span;
    struct q_span s;
    size_t n_frames = 0, next = 0;
    q_zone_start(z, *span);
    for (size_t i = zone->region; i < plan->n_regions && plan->regions[i].base >> QUIRE_PAGE_SHIFT < span->end; i++) {
        if (piece(plan, i, &s) && !q_is_empty(s = q_common(s, *span))) {
            n_frames += s.end - s.base;
            open_edge(z, plan, i, s.base, &next);
            open_edge(z, plan, i, s.end - 1, &next);
        }
    }
    Q_ASSERT(n_frames > 0 && n_frames <= span->end - span->base, n_frames);
    open_holes(z, 0, q_zone_block_of(z, span->base));
    open_holes(z, q_zone_block_of(z, span->end - 1) + 1, z->n_blocks);
    atomic_init(&z->n_frames, n_frames);
    q_balance_add(z, (intptr_t)n_frames);
}

/* ---- the extent ------------------------------------------------------------------------------------------ */

/* Writes what this build says of every extent, what all extents of the allocator say, and where the plan puts the
 * parts. The magic stays 0. */
static void fill_header(struct q_header *h, const struct q_plan *plan, q_frame base) {
    memset(h, 0, sizeof *h);
    h->version = Q_LAYOUT_VERSION;
    h->word_bytes = sizeof(q_word);
    h->page_shift = QUIRE_PAGE_SHIFT;
    h->block_order = QUIRE_BLOCK_ORDER;
    h->header_bytes = sizeof *h;
    h->zone_bytes = sizeof(struct q_zone_layout);
    h->quire_bytes = sizeof(struct quire);
    h->cache_bytes = sizeof(struct q_cache);
    h->view_bytes = sizeof(struct q_zone);
    h->node_bytes = sizeof(struct q_node);
    h->record_bytes = sizeof(q_record);
    h->content = (uint8_t)plan->content;
    h->n_cpus = plan->n_cpus;
    h->seal = plan->seal;
    h->number = plan->number;
    h->n_zones = (uint32_t)plan->n_zones;
    h->user_bytes = plan->user_bytes;
    h->n_nodes = plan->n_nodes;
    h->base = base;
    h->end = base + plan->n_meta;
    h->zones_at = plan->zones_at;
    h->quire_at = plan->quire_at;
    h->caches_at = plan->caches_at;
    h->table_at = plan->table_at;
    h->sum = q_header_sum(h);
    q_link(h, Q_NO_FRAME);
}

/* The magic is left out: it says that all of the extent is there, and only the caller knows when. */
void q_extent_make(const struct q_plan *plan, struct q_header *h, q_frame base) {
    Q_ASSERT(plan->n_meta > 0 && plan->n_zones > 0, plan->n_meta); /* settled */
    Q_ASSERT(plan->number > 0 || plan->quire_at > 0, plan->number);
    fill_header(h, plan, base);
    struct q_zone_layout *layout = q_zone_layouts(h);
    struct part zone = {.next = 0};
    size_t at = plan->first_at;
    for (; next_zone(plan, &zone); layout++) {
        at = plan_zone(plan, &zone, at, layout);
        layout->sum = q_zone_layout_sum(layout);
        struct q_zone *z = q_part(h, layout->view_at);
        q_zone_open(z, layout, h);
        start_zone(z, plan, &zone);
    }
    Q_ASSERT(layout == q_zone_layouts(h) + plan->n_zones, plan->n_zones);
    Q_ASSERT(((at - 1) >> QUIRE_PAGE_SHIFT) < plan->n_meta, at); /* E1 */
}

/* For quire_add, and for recovery, which finds frames that are free by their records in an extent of the chain (add.c,
 * A1). */
q_frame q_extent_reserve(const struct quire *q, const struct q_header *h) {
    q_frame n = 0;
    for (q_frame f = (q_frame)h->base; f < h->end; f++) {
        struct q_zone *z = q_zone_at(q, f);
        if (z == NULL ||
            !q_zone_ready(z, q_zone_block_of(z, f))) { /* carved off, or a crash came before it was taken */
            continue;
        }
        /* relaxed: the frames are the allocator's alone */
        q_record *r = q_zone_record(z, f);
        if ((atomic_load_explicit(r, memory_order_relaxed) & Q_RESERVED) == 0) {
            atomic_store_explicit(r, Q_RESERVED, memory_order_relaxed);
            n++;
        }
    }
    return n;
}
