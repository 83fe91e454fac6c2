/* inspect.c: statistics, and the walk over all of memory. Snapshots of something that moves; see quire.h.
 *
 * Nothing here visits a CPU cache: its words are read while its visitor changes them (shown.h). So a reader that is
 * stopped in the middle keeps nobody from a frame, and readers do not disturb each other. At rest all sums are exact.
 *
 *   quire_zone_stats   one pass over the counts of the zone's initialised blocks; the others are all free
 *   quire_stats        that of all zones, and a few words of each cache: frames in caches are free, too
 *   quire_n_free       sums that are kept all the time: a few words of each zone and each cache
 *   quire_walk         one pass over all records, joined to the longest runs that are in the same state
 *
 * The walk goes by ascending address. The table of zones does as well, but extents lie between zones or inside of them,
 * in any order. So after each zone or extent the walk looks for the one that comes next:
 *
 *   addresses     | extent 0 | zone 0                                    |      | zone 1          |
 *   frames                     h7 h7 h7  f  f  f  ext 1  h2  fresh block          f  f
 *   runs told      METADATA    HELD 7    FREE     META   HELD  FREE               FREE
 *
 * Where a stretch goes on in the next block or zone, and neither state nor owner changes, it is told as one run.
 *
 * T1  All numbers of one call are about the zones of one table, though quire_add may publish another meanwhile. Each zone
 *     has its own numbers read once.                                                        q_zones() once in a call
 * T2  A walk visits each address once: it goes on where the last zone or extent ended.      from, in quire_walk */
#include "cache.h"
#include "place.h"

/* ---- counting -------------------------------------------------------------------------------------------- */

/* relaxed loads throughout: snapshots */
static void count_zone(const struct q_zone *z, struct quire_zone_stats *out) {
    struct q_span bounds = q_zone_bounds(z);
    *out = (struct quire_zone_stats){.base = q_pa(bounds.base),
                                     .end = q_pa(bounds.end),
                                     .n_frames = q_zone_n_frames(z),
                                     .n_fresh_blocks = z->n_blocks,
                                     .node = z->node};
    for (size_t b = 0; (b = q_zone_next_ready(z, b)) != Q_NO_BLOCK; b++) {
        Q_ASSERT(b < z->n_blocks && out->n_fresh_blocks > 0, b);
        out->n_fresh_blocks--;
        uint32_t n_free = q_count_free(&z->counts[b]);
        out->n_free += n_free;
        out->n_free_blocks += n_free == Q_BLOCK;
    }
    out->n_free += out->n_fresh_blocks * Q_BLOCK;
    out->n_free_blocks += out->n_fresh_blocks;
}

/* Zones are numbered by ascending address. */
bool quire_zone_stats(const struct quire *q, unsigned zone, struct quire_zone_stats *out) {
    const struct q_zones *zones = q_zones(q);
    if (zone >= zones->n) {
        return false;
    }
    count_zone(zones->zone[zone], out);
    return true;
}

/* Sums over the zones of a node, whose spans may enclose another node's. A node may have none. */
bool quire_node_stats(const struct quire *q, unsigned node, struct quire_zone_stats *out) {
    const struct q_zones *zones = q_zones(q);
    struct quire_zone_stats zone;
    *out = (struct quire_zone_stats){.base = QUIRE_NONE, .end = QUIRE_NONE, .node = node};
    for (size_t i = 0; i < zones->n; i++) {
        if (zones->zone[i]->node == node) {
            count_zone(zones->zone[i], &zone);
            out->base = out->base == QUIRE_NONE ? zone.base : out->base; /* they come by ascending address */
            out->end = zone.end;
            out->n_frames += zone.n_frames;
            out->n_free += zone.n_free;
            out->n_free_blocks += zone.n_free_blocks;
            out->n_fresh_blocks += zone.n_fresh_blocks;
        }
    }
    return node < q->header->n_nodes;
}

/* Where the block of a loan lies, for a reader: a loan may lose its block between two reads, so the base is read
 * once. */
static quire_pa loan_address(const struct q_loan *loan) {
    q_frame base = q_see(&loan->base);
    return base != Q_NO_FRAME ? q_pa(base) : QUIRE_NONE;
}

/* A cache that is being visited is read all the same: the words that its visitor shows are each whole (shown.h). */
bool quire_cpu_stats(const struct quire *q, unsigned cpu, struct quire_cpu_stats *out) {
    *out = (struct quire_cpu_stats){.in_block = QUIRE_NONE, .out_block = QUIRE_NONE};
    if (cpu >= q->n_cpus) {
        return false;
    }
    const struct q_cache *c = &q->caches[cpu];
    q_word visit = q_guard_see(&c->guard);
    bool busy = visit == Q_BUSY; /* the visitor keeps the number of warm frames to itself until it leaves */
    *out = (struct quire_cpu_stats){
        .n_warm = (uint32_t)((busy ? 0 : q_visit_warm(visit)) + q_cache_count_runs(c)),
        .n_in = q_loan_count(&c->in),
        .n_out = q_loan_count(&c->out),
        .in_block = loan_address(&c->in),
        .out_block = loan_address(&c->out),
        .n_refills = q_see(&c->n_refills),
        .n_steals = q_see(&c->n_steals),
        .gathering = q_see(&c->gathering) != 0,
        .busy = busy,
        .node = c->node,
    };
    return true;
}

/* Free frames are at home or in caches; a frame that moves from one to the other meanwhile may be counted twice, or
 * not. */
void quire_stats(const struct quire *q, struct quire_stats *out) {
    struct quire_zone_stats zone;
    struct quire_cpu_stats cpu;
    const struct q_zones *zones = q_zones(q); /* one table throughout: quire_add may publish another meanwhile */
    *out = (struct quire_stats){
        .n_faults = atomic_load_explicit(&q->n_faults, memory_order_relaxed),
        .n_unproved = atomic_load_explicit(&q->n_unproved, memory_order_relaxed),
        .n_zones = (unsigned)zones->n,
        .n_cpus = q->n_cpus,
    };
    for (size_t i = 0; i < zones->n; i++) {
        count_zone(zones->zone[i], &zone);
        out->n_frames += zone.n_frames;
        out->n_free += zone.n_free;
        out->n_free_blocks += zone.n_free_blocks;
        out->n_metadata += zones->zone[i]->meta_end - zones->zone[i]->meta_base;
    }
    for (unsigned i = 0; quire_cpu_stats(q, i, &cpu); i++) {
        out->n_cached += cpu.n_warm + cpu.n_in + cpu.n_out;
        out->n_free_blocks += cpu.n_out == Q_BLOCK; /* on its way home as a whole */
    }
    out->n_free += out->n_cached;
}

/* What the zones' balances do not know yet, the caches say: frames that they took since they told, and what they have. */
uint64_t quire_n_free(const struct quire *q) {
    const struct q_zones *zones = q_zones(q);
    struct quire_cpu_stats cpu;
    intptr_t n = 0;
    for (size_t i = 0; i < zones->n; i++) {
        n += atomic_load_explicit(&zones->zone[i]->balance.n_free, memory_order_relaxed);
    }
    for (unsigned i = 0; quire_cpu_stats(q, i, &cpu); i++) {
        n += (intptr_t)(cpu.n_warm + cpu.n_in + cpu.n_out) - (intptr_t)q_see(&q->caches[i].n_taken);
    }
    return n > 0 ? (uint64_t)n : 0;
}

/* ---- walking --------------------------------------------------------------------------------------------- */

/* Joins what it is told into the longest runs and passes them on. A run waits here until something else follows it,
 * since the next frames may make it longer. */
struct walk {
    quire_walk_fn *visit;
    void *ctx;
    struct quire_run run; /* not passed on yet; n_frames 0: none */
    bool stopped;
};

/* The next frames by address. They make the run longer that waits, or it is passed on and they begin a new one. */
static void tell(struct walk *w, q_frame f, uint64_t n_frames, enum quire_state state, uint8_t tag) {
    struct quire_run *run = &w->run;
    quire_pa run_end = run->base + (run->n_frames << QUIRE_PAGE_SHIFT);
    Q_ASSERT(n_frames > 0, f);
    Q_ASSERT(run->n_frames == 0 || run_end <= q_pa(f), f); /* T2 */
    if (run->n_frames > 0 && run_end == q_pa(f) && run->state == state && run->tag == tag) {
        run->n_frames += n_frames;
        return;
    }
    if (run->n_frames > 0 && !w->stopped) {
        w->stopped = !w->visit(w->ctx, run);
    }
    *run = (struct quire_run){q_pa(f), n_frames, state, tag};
}

/* What a frame's record says of it. The record of a reserved frame does not tell metadata from holes. */
static enum quire_state state_of(const struct quire *q, q_frame f, uint32_t record) {
    return Q_COUNT(record) > 1          ? QUIRE_STATE_SHARED
           : Q_COUNT(record) == 1       ? QUIRE_STATE_HELD
           : (record & Q_RESERVED) == 0 ? QUIRE_STATE_FREE
           : q_is_metadata(q, f)        ? QUIRE_STATE_METADATA
                                        : QUIRE_STATE_RESERVED;
}

/* Frame by frame where a block has records; blocks that have none are told at once. */
static void walk_zone(struct walk *w, const struct quire *q, const struct q_zone *z, struct q_span span) {
    Q_ASSERT(span.base >= z->first && q_zone_block_of(z, span.end - 1) < z->n_blocks, span.base);
    for (q_frame f = span.base; f < span.end && !w->stopped;) {
        size_t block = q_zone_block_of(z, f);
        if (q_zone_ready(z, block)) {
            uint32_t record = q_zone_holding_record(z, f);
            tell(w, f, 1, state_of(q, f, record), Q_COUNT(record) > 0 ? Q_TAG(record) : 0);
            f++;
        } else { /* fresh blocks */
            block = q_zone_next_ready(z, block);
            q_frame end = block != Q_NO_BLOCK ? q_zone_frame(z, block) : span.end;
            end = end < span.end ? end : span.end;
            if (end > f) { /* else it was initialised just now */
                tell(w, f, end - f, QUIRE_STATE_FREE, 0);
            }
            f = end;
        }
    }
}

/* What comes next by address: an extent, or the span of a zone. Extents inside a span are told with it. */
struct next {
    struct q_span span;        /* begins at Q_NO_FRAME: no more */
    const struct q_zone *zone; /* NULL: an extent */
};

/* The first one that has a frame from `from` on, without what lies before. */
static struct next next_from(const struct quire *q, q_frame from) {
    const struct q_zones *zones = q_zones(q);
    struct next next = {{Q_NO_FRAME, Q_NO_FRAME}, NULL};
    for (size_t i = 0; i < zones->n; i++) {
        const struct q_zone *z = zones->zone[i];
        struct q_span span = q_zone_bounds(z), meta = {z->meta_base, z->meta_end};
        span.base = span.base > from ? span.base : from;
        meta.base = meta.base > from ? meta.base : from;
        if (!q_is_empty(span) && span.base < next.span.base) {
            next = (struct next){span, z};
        }
        if (!q_is_empty(meta) && meta.base < next.span.base) {
            next = (struct next){meta, NULL};
        }
    }
    Q_ASSERT(next.span.base == Q_NO_FRAME || !q_is_empty(next.span), next.span.base);
    Q_ASSERT(next.span.base >= from, next.span.base); /* T2 */
    return next;
}

/* The last run is passed on at the end: only then it is known to be over. */
void quire_walk_from(const struct quire *q, quire_pa from, quire_walk_fn *visit, void *ctx) {
    struct walk w = {.visit = visit, .ctx = ctx};
    q_frame f = q_frame_of(from);
    struct next next = next_from(q, f);
    for (; next.span.base != Q_NO_FRAME && !w.stopped; next = next_from(q, next.span.end)) {
        if (next.zone != NULL) {
            walk_zone(&w, q, next.zone, next.span);
        } else {
            tell(&w, next.span.base, next.span.end - next.span.base, QUIRE_STATE_METADATA, 0);
        }
    }
    if (w.run.n_frames > 0 && !w.stopped) {
        (void)visit(ctx, &w.run);
    }
}

void quire_walk(const struct quire *q, quire_walk_fn *visit, void *ctx) {
    quire_walk_from(q, 0, visit, ctx);
}

bool quire_frame_at(const struct quire *q, quire_pa pa, struct quire_frame *out) {
    q_frame f = q_frame_of(pa);
    const struct q_zone *z = q_zone_at(q, f);
    struct q_span bounds = z != NULL ? q_zone_bounds(z) : (struct q_span){0, 0};
    bool managed = f >= bounds.base && f < bounds.end;
    *out = (struct quire_frame){.state = QUIRE_STATE_METADATA};
    if (!managed) {
        return f != Q_NO_FRAME && q_is_metadata(q, f);
    }
    uint32_t record = q_zone_ready(z, q_zone_block_of(z, f)) ? q_zone_holding_record(z, f) : 0;
    uint8_t tag = Q_COUNT(record) > 0 ? Q_TAG(record) : 0;
    *out = (struct quire_frame){.state = state_of(q, f, record), .tag = tag, .refs = Q_COUNT(record)};
    return true;
}

void *quire_user(const struct quire *q, quire_pa pa) {
    q_frame f = q_frame_of(pa);
    const struct q_zone *z = q_zone_of(q, f);
    if (z == NULL || z->user == NULL || !q_zone_ready(z, q_zone_block_of(z, f)) ||
        (q_zone_last_record(z, f) & Q_RESERVED) != 0) {
        return NULL;
    }
    return z->user + (f - z->first) * z->user_bytes;
}

/* A visitor for quire_walk: only frames that somebody holds have an owner. */
static bool count_tag(void *ctx, const struct quire_run *run) {
    uint64_t *n_frames = ctx;
    if (run->state == QUIRE_STATE_HELD || run->state == QUIRE_STATE_SHARED) {
        n_frames[run->tag] += run->n_frames;
    }
    return true;
}

void quire_tag_stats(const struct quire *q, uint64_t n_frames[QUIRE_TAGS]) {
    for (unsigned i = 0; i < QUIRE_TAGS; i++) {
        n_frames[i] = 0;
    }
    quire_walk(q, count_tag, n_frames);
}
