/* add.c: giving an allocator more memory.
 *
 * Frames that lie in blocks of existing zones fill holes there. The rest becomes one more zone. Memory may come in
 * small pieces, and they should make whole blocks, and few zones. So a zone covers blocks around its piece as well, as
 * holes that later pieces fill; as many as cost no more than 1/16 of what the piece brings:
 *
 *   blocks    |           |           |           |           |
 *   piece                     [=============]
 *   new zone  [ holes ........=============== holes ..........]
 *
 * The new zone's metadata, in an extent of its own, come from free frames where the allocator has some: at the front of
 * the piece they would break up a piece that is a whole block, and a single frame has no room for them at all. From
 * then on these frames are reserved, as if they had never been the zone's. Only where the allocator has none, or where
 * it would take more than half a block of them, the extent is the front of the piece.
 *
 * The table of zones is replaced by a new one; the old one stays, since other CPUs may be reading it.
 *
 * A crash may come between any two steps, and other CPUs allocate and free all the time:
 *
 *   step                                          what a crash right after it leaves
 *   1  take_frames: free frames for the extent    frames that are free by their records, so nothing is lost
 *   2  q_extent_make: writes the extent           the same: no header names the extent yet
 *   3  q_link: the last header names it           an allocator with the new zone; recovery reserves the extent's frames
 *   4  q_extent_reserve: its frames are metadata  the same
 *   5  publish_zones: other CPUs find the zone    the same
 *   6  fill_holes: records first, then bits       each frame is a hole or free, by its record alone
 *
 * A1  Frames that an extent takes stay free by their records until the extent is in the chain, and recovery reserves
 *     what the chain names. So a crash loses none.                                     crash points of the explorer
 * A2  A frame is added once: only holes are filled, and a new zone's blocks are no other zone's.
 *                                                                   all_holes, new_part; Q_ASSERT in q_table_insert
 * A3  One quire_add runs at a time: q->adding is odd meanwhile. Others return QUIRE_BUSY.             interleaving tests */
#include "borrow.h"
#include "extent.h"
#include "find.h"
#include "home.h"
#include "nodes.h"
#include "place.h"
#include "view.h"
#include <quire/port.h>

/* ---- what is added, and the holes that it fills ---------------------------------------------------------- */

/* Whether these frames of the zone's blocks are holes. */
static bool all_holes(const struct quire *q, const struct q_zone *z, struct q_span s) {
    for (q_frame f = s.base; f < s.end; f++) {
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
static bool new_part(const struct quire *q, struct q_span s, struct q_span *part) {
    const struct q_zones *zones = q_zones(q);
    *part = s;
    for (size_t i = 0; i < zones->n; i++) {
        const struct q_zone *z = zones->zone[i];
        struct q_span blocks = q_zone_covers(z), meta = {z->meta_base, z->meta_end};
        if (!q_is_empty(q_common(s, meta)) || !all_holes(q, z, q_common(s, blocks))) {
            return false;
        }
        if (blocks.base <= part->base && part->base < blocks.end) { /* the zone covers the front */
            part->base = blocks.end;
        }
        if (blocks.base < part->end && part->end <= blocks.end) { /* the zone covers the end */
            part->end = blocks.base;
        }
    }
    return true;
}

/* Gives frames that nobody holds to their home, a block at a time. They lie in the zone's blocks. */
static void give_frames(struct quire *q, struct q_zone *z, struct q_span s) {
    struct q_loan loan;
    Q_ASSERT(!q_is_empty(s) && s.base >= z->first, s.base);
    struct q_cache *c = &q->caches[0]; /* any will do for what is done so seldom */
    q_begin(c);
    for (size_t b = q_zone_block_of(z, s.base); b <= q_zone_block_of(z, s.end - 1); b++) {
        q_frame first = q_zone_frame(z, b);
        struct q_span here = q_common(s, (struct q_span){first, first + Q_BLOCK});
        q_loan_open(&loan, z, b);
        bool fits = q_loan_put(&loan, here.base - first, here.end - here.base);
        Q_ASSERT(fits, first); /* the loan was of no frame */
        (void)q_go_home(q, &loan);
    }
    q_end(c);
    q_balance_add(z, (intptr_t)(s.end - s.base));
}

/* Makes free memory of frames that were holes in the zone's blocks. From the moment that its bit is set a frame may be
 * handed out, so its record and the zone's span come first. */
static void fill_holes(struct quire *q, struct q_zone *z, struct q_span holes) {
    struct q_span bounds = q_zone_bounds(z);
    if (q_is_empty(holes)) {
        return;
    }
    Q_ASSERT(holes.base >= z->first && holes.end <= q_zone_covers(z).end, holes.base);
    for (q_frame f = holes.base; f < holes.end; f++) {
        atomic_store_explicit(q_zone_record(z, f), 0, memory_order_relaxed); /* travels with the bit */
    }
    /* The span grows before anybody gets the frames. relaxed: it is read to check addresses that nobody has yet */
    if (holes.base < bounds.base) {
        atomic_store_explicit(&z->base, holes.base, memory_order_relaxed);
    }
    if (holes.end > bounds.end) {
        atomic_store_explicit(&z->end, holes.end, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&z->n_frames, holes.end - holes.base, memory_order_relaxed); /* a statistic */
    give_frames(q, z, holes);
}

/* ---- where the metadata go ------------------------------------------------------------------------------- */

/* Whether neighbouring frames have neighbouring addresses, so that an extent can lie in them. */
static bool mapped_in_a_row(struct q_span s) {
    const char *at = quire_port_map(q_pa(s.base));
    for (q_frame f = s.base; f < s.end; f++) {
        if (at == NULL || quire_port_map(q_pa(f)) != at + ((f - s.base) << QUIRE_PAGE_SHIFT)) {
            return false;
        }
    }
    return true;
}

/* Takes a run of 2^order free frames out of the blocks; Q_NO_FRAME: there is none. Metadata stay, and a block that they
 * are in is never whole again. So they go where there are some already: right after those of quire_init if there is
 * room, else into high memory. CPU caches are left alone. */
static q_frame take_any_run(struct quire *q, unsigned order, unsigned node) {
    Q_ASSERT(order < QUIRE_BLOCK_ORDER, order);
    q_frame f = Q_NO_FRAME;
    struct q_wish wish = {.order = order, .most = 1, .node = node, .run = &f};
    struct q_zone *home = q_zone_at(q, (q_frame)q->header->end);
    struct q_cache *c = &q->caches[0]; /* any will do for what is done so seldom */
    q_begin(c);
    bool found = (home != NULL && q_find_in(&wish, home)) || q_find(q, &wish);
    q_end(c);
    if (!found) {
        return Q_NO_FRAME;
    }
    q_balance_add(q_zone_of(q, f), -((intptr_t)1 << order));
    return f;
}

/* Takes `n` free frames that lie side by side; false: there are none, they are not mapped in a row, or their zone would
 * keep no frame of its own. */
static bool take_frames(struct quire *q, q_frame n, unsigned node, struct q_span *taken) {
    unsigned order = 1;
    Q_ASSERT(n > 0 && n <= Q_BLOCK / 2, n);
    while (order < QUIRE_BLOCK_ORDER && (q_frame)1 << order < n) {
        order++;
    }
    q_frame f = order < QUIRE_BLOCK_ORDER ? take_any_run(q, order, node) : Q_NO_FRAME;
    if (f == Q_NO_FRAME) {
        return false;
    }
    struct q_zone *z = q_zone_of(q, f);
    *taken = (struct q_span){f, f + n};
    bool good = mapped_in_a_row(*taken) && q_zone_n_frames(z) > n;
    struct q_span rest = {good ? taken->end : f, f + ((q_frame)1 << order)}; /* goes back: what is too much, or all */
    if (!q_is_empty(rest)) {
        give_frames(q, z, rest);
    }
    return good;
}

/* ---- one more zone --------------------------------------------------------------------------------------- */

#define MOST_AROUND 8u  /* blocks; a zone begins and ends at a multiple of them, or of 4, 2, 1 */
#define LARGE       64u /* a piece of so many blocks is enough for a zone as it is */
#define SHARE       16u /* of what a piece brings, the most that metadata of what surrounds it may cost */

_Static_assert((MOST_AROUND & (MOST_AROUND - 1)) == 0, "the zone's bounds are found by a mask");

/* Which blocks the zone of a new piece is to cover: no other zone's. An empty span: just the blocks of the piece. */
static struct q_span surroundings(const struct quire *q, struct q_span piece) {
    const struct q_zones *zones = q_zones(q);
    struct q_span class = q_nodes_class(q->cut, piece.base);
    q_frame n = piece.end - piece.base, step = (q_frame)MOST_AROUND * Q_BLOCK;
    struct q_zone_layout layout;
    while (step > Q_BLOCK &&
           q_zone_plan(&layout, 0, step / Q_BLOCK, q->header->user_bytes, 0) * SHARE >> QUIRE_PAGE_SHIFT > n) {
        step /= 2;
    }
    struct q_span s = q_common(class, (struct q_span){piece.base & ~(step - 1), (piece.end + step - 1) & ~(step - 1)});
    if (n >= (q_frame)LARGE * Q_BLOCK || s.end < piece.end || s.end > Q_NO_FRAME - Q_BLOCK) {
        return (struct q_span){0, 0}; /* large enough as it is, cut in two, or at the end of what words can number */
    }
    for (size_t i = 0; i < zones->n; i++) {
        struct q_span other = q_zone_covers(zones->zone[i]);
        s.base = other.end <= piece.base && other.end > s.base ? other.end : s.base;
        s.end = other.base >= piece.end && other.base < s.end ? other.base : s.end;
    }
    Q_ASSERT(s.base <= piece.base && piece.end <= s.end, s.base);
    return s;
}

/* Decides where the extent goes, and what it holds; false: nowhere. The two choices differ in what the piece gives to
 * its zone: all of its frames, or what is left of them. So each is a plan of its own. */
static bool find_extent(struct quire *q, struct q_plan *plan, struct q_span piece, struct q_span *extent) {
    plan->home = Q_ELSEWHERE; /* first choice: free frames */
    if (q_plan_settle(plan, Q_BLOCK / 2) && take_frames(q, plan->n_meta, plan->regions[0].node, extent)) {
        return true;
    }
    plan->home = 0; /* second choice: the front of the piece */
    plan->n_meta = 0;
    if (!q_plan_settle(plan, piece.end - piece.base)) {
        return false;
    }
    *extent = (struct q_span){piece.base, piece.base + plan->n_meta};
    return true;
}

/* Makes the extent the last one of the chain. Then the frames that it took of a zone are that zone's no more (A1). */
static void join_chain(struct quire *q, struct q_header *last, const struct q_header *h) {
    q_link(last, (q_frame)h->base);
    q_frame n = q_extent_reserve(q, h);
    struct q_zone *z = n > 0 ? q_zone_at(q, (q_frame)h->base) : NULL;
    Q_ASSERT(n == 0 || n == h->end - h->base, n); /* all of the extent was taken of one zone, or carved off the piece */
    if (z != NULL) {
        atomic_fetch_sub_explicit(&z->n_frames, n, memory_order_relaxed); /* a statistic */
        q_zone_fit_span(z);
    }
}

/* Publishes a table with the zones of one more extent. */
static void publish_zones(struct quire *q, struct q_header *h) {
    const struct q_zones *old = q_zones(q);
    struct q_zones *table = q_part(h, h->table_at);
    table->n = 0;
    for (size_t i = 0; i < old->n; i++) {
        q_table_insert(table, old->zone[i]);
    }
    for (uint32_t i = 0; i < h->n_zones; i++) {
        q_table_insert(table, q_view_zone(h, i, q_part(h, q_zone_layouts(h)[i].view_at)));
    }
    Q_ASSERT(table->n == old->n + h->n_zones, table->n);
    q_publish_table(q, table);
    for (uint32_t i = 0; i < h->n_zones; i++) {
        q_prefer_if_larger(q, q_part(h, q_zone_layouts(h)[i].view_at));
    }
}

/* The chain has one extent for each quire_add that made a zone; it is walked once in each. */
static struct q_header *last_extent(const struct quire *q) {
    struct q_header *h = q->header;
    for (struct q_header *next; (next = q_next_extent(h)) != NULL;) {
        h = next;
    }
    return h;
}

/* Makes a zone for a piece that no zone's blocks cover, or several where it is cut. A crash before join_chain leaves the
 * allocator as it was. */
static enum quire_status add_zone(struct quire *q, struct q_span piece, unsigned node) {
    struct quire_region region = {q_pa(piece.base), q_pa(piece.end), QUIRE_USABLE, node};
    struct q_header *last = last_extent(q);
    struct q_plan plan = {.regions = &region,
                          .n_regions = 1,
                          .around = surroundings(q, piece),
                          .n_before = q_zones(q)->n,
                          .cut = q->cut,
                          .n_nodes = q->n_nodes,
                          .user_bytes = q->header->user_bytes,
                          .n_cpus = q->n_cpus,
                          .content = q->content,
                          .seal = last->seal,
                          .number = last->number + 1};
    struct q_span extent;
    if (quire_port_map(region.base) == NULL || !find_extent(q, &plan, piece, &extent)) {
        return QUIRE_NO_MEMORY;
    }
    struct q_header *h = quire_port_map(q_pa(extent.base));
    q_extent_make(&plan, h, extent.base);
    /* relaxed: the release in q_link orders it for a reader that comes by the link */
    atomic_store_explicit(&h->magic, Q_MAGIC, memory_order_relaxed);
    join_chain(q, last, h);
    publish_zones(q, h);
    return QUIRE_OK;
}

/* The new zone comes first: that may fail, and then no hole is filled. */
static enum quire_status add(struct quire *q, struct q_span s, unsigned node) {
    struct q_span piece;
    if (!new_part(q, s, &piece)) {
        return QUIRE_INVALID;
    }
    const struct q_zones *before = q_zones(q);
    enum quire_status status = q_is_empty(piece) ? QUIRE_OK : add_zone(q, piece, node);
    for (size_t i = 0; i < before->n && status == QUIRE_OK; i++) {
        fill_holes(q, before->zone[i], q_common(s, q_zone_covers(before->zone[i])));
    }
    return status;
}

/* One at a time, but nobody waits: a second call returns. The number is odd while a call runs, and differs after one
 * that changed something: so the recount sees both (validate.c). */
enum quire_status quire_add(struct quire *q, const struct quire_region *region) {
    struct q_span s;
    if (q_check_regions(region, 1, q->n_nodes) != QUIRE_OK || !q_span_of(region, &s)) {
        return QUIRE_INVALID;
    }
    uint32_t n = atomic_load_explicit(&q->adding, memory_order_relaxed); /* a glance */
    do { /* a failure means that another quire_add began, or began and ended */
        if (n % 2 != 0) {
            return QUIRE_BUSY;
        }
        /* seq_cst: acquire, so that this call sees what the last one did; and before any frame moves (validate.c,
         * V1) */
    } while (!atomic_compare_exchange_weak(&q->adding, &n, n + 1));
    enum quire_status status = add(q, s, region->node);
    /* release: the next call sees what this one did. If that was nothing, the old value says so. */
    atomic_store_explicit(&q->adding, status == QUIRE_OK ? n + 2 : n, memory_order_release);
    return status;
}
