/* inspect.c: statistics, and the walk over all of memory. Snapshots of something that moves; see quire.h.
 *
 * Nothing here visits a CPU cache: its words are read while its visitor changes them (shown.h). So a reader that is stopped
 * in the middle keeps nobody from a frame, and readers do not see each other. At rest all sums are exact. */
#include "cache.h"
#include "place.h"

/* ---- counting -------------------------------------------------------------------------------------------- */

/* relaxed loads throughout: snapshots */
static void count_zone(const struct q_zone *z, struct quire_zone_stats *out) {
    *out = (struct quire_zone_stats){
        .base = q_pa(atomic_load_explicit(&z->base, memory_order_relaxed)),
        .end = q_pa(atomic_load_explicit(&z->end, memory_order_relaxed)),
        .n_frames = atomic_load_explicit(&z->n_frames, memory_order_relaxed),
        .n_fresh_blocks = z->n_blocks,
    };
    for (size_t b = 0; (b = q_zone_next_ready(z, b)) != Q_NO_BLOCK; b++) {
        out->n_fresh_blocks--;
        uint32_t n_free = q_count_free(&z->blocks[b].count);
        out->n_free += n_free;
        out->n_free_blocks += n_free == Q_BLOCK;
    }
    out->n_free += out->n_fresh_blocks * Q_BLOCK;
    out->n_free_blocks += out->n_fresh_blocks;
}

bool quire_zone_stats(const struct quire *q, unsigned zone, struct quire_zone_stats *out) {
    const struct q_zones *zones = q_zones(q);
    if (zone >= zones->n) {
        return false;
    }
    count_zone(zones->zone[zone], out);
    return true;
}

/* The block of a loan. */
static quire_pa loan_address(const struct q_loan *loan) {
    q_frame base = q_see(&loan->base);
    return base != Q_NO_FRAME ? q_pa(base) : QUIRE_NONE;
}

bool quire_cpu_stats(const struct quire *q, unsigned cpu, struct quire_cpu_stats *out) {
    *out = (struct quire_cpu_stats){.in_block = QUIRE_NONE, .out_block = QUIRE_NONE};
    if (cpu >= q->n_cpus) {
        return false;
    }
    const struct q_cache *c = &q->caches[cpu];
    q_word visit = atomic_load_explicit(&c->guard, memory_order_relaxed);
    bool busy = visit == Q_BUSY;
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
    };
    return true;
}

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

/* ---- walking --------------------------------------------------------------------------------------------- */

/* Joins what it is told into the longest runs and passes them on. */
struct walk {
    quire_walk_fn *visit;
    void *ctx;
    struct quire_run run; /* not passed on yet; n_frames 0: none */
    bool stopped;
};

static void tell(struct walk *w, q_frame f, uint64_t n_frames, enum quire_state state, uint8_t tag) {
    struct quire_run *run = &w->run;
    bool behind = run->base + (run->n_frames << QUIRE_PAGE_SHIFT) == q_pa(f);
    if (run->n_frames > 0 && behind && run->state == state && run->tag == tag) {
        run->n_frames += n_frames;
        return;
    }
    if (run->n_frames > 0 && !w->stopped) {
        w->stopped = !w->visit(w->ctx, run);
    }
    *run = (struct quire_run){q_pa(f), n_frames, state, tag};
}

static void tell_frame(struct walk *w, const struct quire *q, q_frame f, uint32_t record) {
    if (Q_COUNT(record) > 0) {
        tell(w, f, 1, Q_COUNT(record) > 1 ? QUIRE_STATE_SHARED : QUIRE_STATE_HELD, Q_TAG(record));
    } else if ((record & Q_RESERVED) != 0) {
        tell(w, f, 1, q_is_metadata(q, f) ? QUIRE_STATE_METADATA : QUIRE_STATE_RESERVED, 0);
    } else {
        tell(w, f, 1, QUIRE_STATE_FREE, 0);
    }
}

static void walk_zone(struct walk *w, const struct quire *q, const struct q_zone *z) {
    q_frame end = atomic_load_explicit(&z->end, memory_order_relaxed);
    for (q_frame f = atomic_load_explicit(&z->base, memory_order_relaxed); f < end && !w->stopped;) {
        if (q_zone_ready(z, q_zone_block_of(z, f))) {
            tell_frame(w, q, f, q_zone_holding_record(z, f));
            f++;
        } else { /* a fresh block */
            tell(w, f, Q_BLOCK, QUIRE_STATE_FREE, 0);
            f += Q_BLOCK;
        }
    }
}

/* What comes next by address: the metadata extent or the span of some zone at or behind `from`. Extents inside
 * a span are told with it. */
struct next {
    q_frame base;
    const struct q_zone *zone, *extent; /* one of them; both NULL: no more */
};

static struct next next_behind(const struct quire *q, q_frame from) {
    const struct q_zones *zones = q_zones(q);
    struct next next = {Q_NO_FRAME, NULL, NULL};
    for (size_t i = 0; i < zones->n; i++) {
        const struct q_zone *z = zones->zone[i];
        q_frame base = atomic_load_explicit(&z->base, memory_order_relaxed);
        if (base >= from && base < next.base) {
            next = (struct next){base, z, NULL};
        }
        if (z->meta_base < z->meta_end && z->meta_base >= from && z->meta_base < next.base) {
            next = (struct next){z->meta_base, NULL, z};
        }
    }
    return next;
}

void quire_walk(const struct quire *q, quire_walk_fn *visit, void *ctx) {
    struct walk w = {.visit = visit, .ctx = ctx};
    q_frame from = 0;
    while (!w.stopped) {
        struct next next = next_behind(q, from);
        if (next.zone != NULL) {
            walk_zone(&w, q, next.zone);
            from = atomic_load_explicit(&next.zone->end, memory_order_relaxed);
        } else if (next.extent != NULL) {
            from = next.extent->meta_end;
            tell(&w, next.base, from - next.base, QUIRE_STATE_METADATA, 0);
        } else {
            break;
        }
    }
    if (w.run.n_frames > 0 && !w.stopped) {
        (void)visit(ctx, &w.run);
    }
}

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
