/* add.c: giving an allocator more memory.
 *
 * Frames that lie in blocks of existing zones fill holes there. The rest becomes one more zone. So that memory that comes
 * in pieces makes whole blocks, and few zones, a zone covers blocks around its piece as well, as holes that later pieces
 * fill; as many as cost no more than 1/16 of what the piece brings.
 *
 * The new zone's metadata, in an extent of its own, come from free frames where the allocator has such: they would break up
 * a piece that is a whole block, and a single frame has no room for them at all. From then on these frames are reserved, as
 * if they had never been the zone's. Only where there are none, or it would take more than half a block of them, the extent
 * is the front of the piece.
 *
 * A1  Frames that an extent takes stay free by their records until the extent is in the chain, and recovery reserves
 *     what the chain names. So a crash loses none.                                     crash points of the explorer
 *
 * The table of zones is replaced by a new one; the old one stays, since others may be reading it. */
#include "borrow.h"
#include "extent.h"
#include "find.h"
#include "home.h"
#include "place.h"
#include "view.h"
#include <quire/port.h>

static q_frame blocks_end(const struct q_zone *z) {
    return z->first + z->n_blocks * Q_BLOCK;
}

/* Whether the frames of `s` that lie in the zone's blocks are holes. */
static bool all_holes(const struct quire *q, const struct q_zone *z, const struct q_span *s) {
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
static bool new_part(const struct quire *q, const struct q_span *s, struct q_span *part) {
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

/* Cuts what the span and the zone's blocks have in common out of a span. */
static struct q_span in_zone(const struct q_zone *z, const struct q_span *s) {
    struct q_span part = *s;
    part.base = part.base > z->first ? part.base : z->first;
    part.end = part.end < blocks_end(z) ? part.end : blocks_end(z);
    return part;
}

/* Frames that nobody holds go home, a block at a time. They lie in the zone's blocks. */
static void give_frames(struct quire *q, struct q_zone *z, const struct q_span *s) {
    struct q_loan loan;
    q_begin(q);
    for (size_t b = q_zone_block_of(z, s->base); b <= q_zone_block_of(z, s->end - 1); b++) {
        q_frame first = q_zone_frame(z, b);
        q_loan_open(&loan, z, b);
        size_t from = s->base > first ? s->base - first : 0, end = s->end - first < Q_BLOCK ? s->end - first : Q_BLOCK;
        (void)q_loan_put(&loan, from, end - from);
        (void)q_go_home(q, &loan);
    }
    q_end(q);
    q_balance_add(q, (intptr_t)(s->end - s->base));
}

/* Frames of `s` that lie in the zone's blocks were holes, and are free memory now. */
static void fill_holes(struct quire *q, struct q_zone *z, const struct q_span *s) {
    struct q_span holes = in_zone(z, s);
    if (holes.base >= holes.end) {
        return;
    }
    for (q_frame f = holes.base; f < holes.end; f++) {
        atomic_store_explicit(q_zone_record(z, f), 0, memory_order_relaxed); /* travels with the bit */
    }
    /* relaxed: bounds for the checks of addresses that nobody got yet */
    if (holes.base < atomic_load_explicit(&z->base, memory_order_relaxed)) {
        atomic_store_explicit(&z->base, holes.base, memory_order_relaxed);
    }
    if (holes.end > atomic_load_explicit(&z->end, memory_order_relaxed)) {
        atomic_store_explicit(&z->end, holes.end, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&z->n_frames, holes.end - holes.base, memory_order_relaxed); /* a statistic */
    give_frames(q, z, &holes);
}

/* ---- where the metadata go ------------------------------------------------------------------------------- */

static bool mapped_in_a_row(const struct q_span *s) {
    const char *at = quire_port_map(q_pa(s->base));
    for (q_frame f = s->base; f < s->end; f++) {
        if (at == NULL || quire_port_map(q_pa(f)) != at + ((f - s->base) << QUIRE_PAGE_SHIFT)) {
            return false;
        }
    }
    return true;
}

/* Metadata stay, and a block that they are in is never whole again. So they go where there are some: behind those of
 * quire_init first, then into high memory. CPU caches are left alone. */
static q_frame take_any_run(struct quire *q, unsigned order) {
    struct q_wish wish = {.order = order, .most = 1};
    struct q_zone *home = q_zone_at(q, (q_frame)q->header->end);
    q_begin(q);
    bool found = (home != NULL && q_find_in(q, &wish, home)) || q_find(q, &wish);
    q_end(q);
    if (!found) {
        return Q_NO_FRAME;
    }
    q_balance_add(q, -((intptr_t)1 << order));
    return wish.run[0];
}

/* Takes `n` free frames that lie side by side; false: there are none, or not for this. A zone keeps a frame of its own. */
static bool take_frames(struct quire *q, q_frame n, struct q_span *taken) {
    unsigned order = 1;
    while (order < QUIRE_BLOCK_ORDER && (q_frame)1 << order < n) {
        order++;
    }
    q_frame f = order < QUIRE_BLOCK_ORDER ? take_any_run(q, order) : Q_NO_FRAME;
    if (f == Q_NO_FRAME) {
        return false;
    }
    struct q_zone *z = q_zone_of(q, f);
    struct q_span rest = {f, f + ((q_frame)1 << order)};
    *taken = (struct q_span){f, f + n};
    bool good =
        mapped_in_a_row(taken) && atomic_load_explicit(&z->n_frames, memory_order_relaxed) > n; /* ours to change */
    if (good) {
        rest.base = taken->end;
    }
    if (rest.base < rest.end) {
        give_frames(q, z, &rest);
    }
    return good;
}

/* ---- one more zone --------------------------------------------------------------------------------------- */

#define MOST_AROUND 8u  /* blocks; a zone begins and ends at a multiple of them, or of 4, 2, 1 */
#define LARGE       64u /* a piece of so many blocks is enough for a zone as it is */
#define SHARE       16u /* of what a piece brings, the most that metadata of what surrounds it may cost */

/* Which blocks the zone of a new piece is to cover: none but free ones; an empty span: the piece's own. */
static struct q_span surroundings(const struct quire *q, const struct q_span *piece) {
    const struct q_zones *zones = q_zones(q);
    q_frame n = piece->end - piece->base, step = (q_frame)MOST_AROUND * Q_BLOCK;
    struct q_zone_layout layout;
    while (step > Q_BLOCK && q_zone_plan(&layout, 0, step / Q_BLOCK, 0) * SHARE >> QUIRE_PAGE_SHIFT > n) {
        step /= 2;
    }
    struct q_span s = {piece->base & ~(step - 1), (piece->end + step - 1) & ~(step - 1)};
    if (n >= (q_frame)LARGE * Q_BLOCK || s.end < piece->end || s.end > Q_NO_FRAME - Q_BLOCK) {
        return (struct q_span){0, 0};
    }
    for (size_t i = 0; i < zones->n; i++) {
        q_frame first = zones->zone[i]->first, end = blocks_end(zones->zone[i]);
        s.base = end <= piece->base && end > s.base ? end : s.base;
        s.end = first >= piece->end && first < s.end ? first : s.end;
    }
    return s;
}

/* Decides where the extent goes, and what it holds; false: nowhere. */
static bool find_extent(struct quire *q, struct q_plan *plan, const struct q_span *piece, struct q_span *extent) {
    plan->home = Q_ELSEWHERE;
    if (q_plan_settle(plan, Q_BLOCK / 2) && take_frames(q, plan->n_meta, extent)) {
        return true;
    }
    plan->home = 0;
    plan->n_meta = 0;
    if (!q_plan_settle(plan, piece->end - piece->base)) {
        return false;
    }
    *extent = (struct q_span){piece->base, piece->base + plan->n_meta};
    return true;
}

/* Makes the extent the last one of the chain, and what it took of a zone that zone's no more. */
static void join_chain(struct quire *q, struct q_header *last, const struct q_header *h) {
    q_link(last, (q_frame)h->base);
    q_frame n = q_extent_reserve(q, h);
    struct q_zone *z = n > 0 ? q_zone_at(q, (q_frame)h->base) : NULL;
    if (z != NULL) {
        atomic_fetch_sub_explicit(&z->n_frames, n, memory_order_relaxed); /* a statistic */
        q_zone_fit_span(z);
    }
}

/* Publishes a table with one more zone. */
static void publish_zone(struct quire *q, struct q_zones *table, struct q_zone *z) {
    const struct q_zones *old = q_zones(q);
    table->n = 0;
    for (size_t i = 0; i < old->n; i++) {
        q_table_insert(table, old->zone[i]);
    }
    q_table_insert(table, z);
    q_publish_table(q, table);
    q_prefer_if_larger(q, z);
}

static struct q_header *last_extent(const struct quire *q) {
    struct q_header *h = q->header;
    for (struct q_header *next; (next = q_next_extent(h)) != NULL;) {
        h = next;
    }
    return h;
}

static enum quire_status add_zone(struct quire *q, const struct q_span *piece) {
    struct quire_region region = {q_pa(piece->base), q_pa(piece->end), QUIRE_USABLE};
    struct q_plan plan = {
        .regions = &region, .n_regions = 1, .around = surroundings(q, piece), .n_before = q_zones(q)->n};
    struct q_header *last = last_extent(q);
    struct q_identity who = {q->n_cpus, q->content, last->seal, last->number + 1};
    struct q_span extent;
    if (quire_port_map(region.base) == NULL || !find_extent(q, &plan, piece, &extent)) {
        return QUIRE_NO_MEMORY;
    }
    struct q_header *h = quire_port_map(q_pa(extent.base));
    q_extent_make(&plan, &who, h, extent.base, &q->balance);
    /* relaxed: who comes by the link sees it, by that */
    atomic_store_explicit(&h->magic, Q_MAGIC, memory_order_relaxed);
    join_chain(q, last, h);
    const struct q_zone_layout *layout = (const struct q_zone_layout *)(void *)((char *)h + h->zones_at);
    struct q_zone *z = (struct q_zone *)(void *)((char *)h + layout->view_at);
    publish_zone(q, (struct q_zones *)(void *)((char *)h + h->table_at), q_view_zone(q, h, 0, z));
    return QUIRE_OK;
}

static enum quire_status add(struct quire *q, const struct q_span *s) {
    struct q_span piece;
    if (!new_part(q, s, &piece)) {
        return QUIRE_INVALID;
    }
    const struct q_zones *before = q_zones(q);
    enum quire_status status = piece.base < piece.end ? add_zone(q, &piece) : QUIRE_OK;
    for (size_t i = 0; i < before->n && status == QUIRE_OK; i++) {
        fill_holes(q, before->zone[i], s);
    }
    return status;
}

enum quire_status quire_add(struct quire *q, const struct quire_region *region) {
    struct q_span s;
    if (q_check_regions(region, 1) != QUIRE_OK || !q_span_of(region, &s)) {
        return QUIRE_INVALID;
    }
    uint32_t n = atomic_load_explicit(&q->adding, memory_order_relaxed); /* a glance */
    do { /* a failure means that another one began, or came and went */
        if (n % 2 != 0) {
            return QUIRE_BUSY;
        }
        /* seq_cst: acquire, for this one sees what the last one did; and before anything that moves (validate.c, V1) */
    } while (!atomic_compare_exchange_weak(&q->adding, &n, n + 1));
    enum quire_status status = add(q, &s);
    /* release: the next one sees what this one did. If that was nothing, nobody need know of it. */
    atomic_store_explicit(&q->adding, status == QUIRE_OK ? n + 2 : n, memory_order_release);
    return status;
}
