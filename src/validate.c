/* validate.c: recounting everything from the bits up.
 *
 * Each free frame must be in exactly one place: its bit in its block's line, or one CPU cache. Its record must say
 * free, and all that is derived (counts, hints, the number of whole blocks) must follow.
 *
 * Nothing is held meanwhile: the others go on, and keep all their frames. What is read then means nothing, so the recount
 * ends with a look whether anything moved:
 *
 * V1  Every step that moves a free frame, or changes the record of one, is part of a visit to a CPU cache, or lies between
 *     q_begin and q_end, or between q_call_begin and q_call_end. All of these are summed up before and after the recount;
 *     equal, and nobody in the middle, means that it saw memory at rest. If not, the answer is QUIRE_BUSY.
 *                                                                                             interleaving tests
 * V2  The second look reads by read-modify-writes that change nothing, so each reads the newest value. A CPU that entered
 *     after that look finds it in the order of the guard's values, and so do its writes: the recount saw none of them. A
 *     plain load could be older than what the recount read, on a weakly ordered machine. */
#include "cache.h"
#include "place.h"
#include "view.h"

/* ---- what is wrong ---------------------------------------------------------------------------------------- */

struct check {
    struct quire *q;
    struct quire_fault *first;
    size_t n_cached; /* free frames found to be in a cache */
    intptr_t n_whole;
    size_t n_managed; /* frames of the zone that is being checked */
};

static bool wrong(struct check *c, const char *detail, quire_pa pa, uint32_t record) {
    *c->first = (struct quire_fault){.kind = QUIRE_FAULT_METADATA,
                                     .call = "quire_validate",
                                     .detail = detail,
                                     .pa = pa,
                                     .record = record,
                                     .refs = Q_COUNT(record),
                                     .tag = Q_TAG(record)};
    return false;
}

/* ---- caches ----------------------------------------------------------------------------------------------- */

/* As many as there can be, also while somebody changes the cache. */
static uint32_t warm_frames(const struct q_cache *c) {
    q_word visit = atomic_load_explicit(&c->guard, memory_order_relaxed); /* relaxed: V1 */
    uint32_t n = visit == Q_BUSY ? 0 : q_visit_warm(visit);
    return n < Q_WARM ? n : Q_WARM;
}
static q_word stacked_runs(const struct q_cache *c, unsigned k) {
    q_word n = q_see(&c->n_runs[k]);
    return n < Q_RUNS ? n : Q_RUNS;
}

/* In how many places of all caches a frame lies. */
static unsigned places_in_caches(const struct quire *q, q_frame f) {
    unsigned n = 0;
    for (unsigned cpu = 0; cpu < q->n_cpus; cpu++) {
        const struct q_cache *c = &q->caches[cpu];
        n += (unsigned)q_loan_has(&c->in, f) + (unsigned)q_loan_has(&c->out, f);
        for (uint32_t i = 0, end = warm_frames(c); i < end; i++) {
            n += q_see(&c->warm[i]) == f;
        }
        for (unsigned k = 0; k < Q_RUN_ORDERS; k++) {
            for (q_word i = 0, end = stacked_runs(c, k); i < end; i++) {
                n += f - q_see(&c->runs[k][i]) < (q_frame)2 << k;
            }
        }
    }
    return n;
}

static bool check_loan(struct check *c, const struct q_loan *loan) {
    struct q_zone *z = q_loan_zone(loan);
    q_frame base = q_see(&loan->base);
    if (z == NULL) {
        return q_loan_count(loan) == 0 && base == Q_NO_FRAME
                   ? true
                   : wrong(c, "a loan without a block has frames", QUIRE_NONE, 0);
    }
    bool fits = q_zone_at(c->q, base) == z && (base & (Q_BLOCK - 1)) == 0;
    return fits ? true : wrong(c, "a loan's block is not the one it names", q_pa(base), 0);
}

static bool in_table(const struct quire *q, const struct q_zone *z) {
    const struct q_zones *zones = q_zones(q);
    size_t i = 0;
    while (i < zones->n && zones->zone[i] != z) {
        i++;
    }
    return i < zones->n;
}

static bool looks_at_its_zone(const struct quire *q, const struct q_cache *c) {
    const struct q_zone *z = q_see(&c->zone), *in = q_loan_zone(&c->in);
    q_word first = q_see(&c->first), n_quick = q_see(&c->n_quick), records = q_see(&c->records);
    if (z == NULL) {
        return first == 0 && n_quick == 0 && records == 0 && warm_frames(c) == 0 && in == NULL;
    }
    if (!in_table(q, z) || first != z->first || records != (uintptr_t)z->records - first * sizeof(q_record) ||
        (in != NULL && in != z) || n_quick > atomic_load_explicit(&z->ceiling, memory_order_relaxed) ||
        (q_see(&c->gathering) != 0 && n_quick > 0)) {
        return false;
    }
    for (uint32_t i = 0, end = warm_frames(c); i < end; i++) {
        if (q_zone_block_of(z, q_see(&c->warm[i])) >= z->n_blocks) {
            return false;
        }
    }
    return true;
}

static bool check_cache(struct check *c, const struct q_cache *cache) {
    q_word visit = atomic_load_explicit(&cache->guard, memory_order_relaxed); /* relaxed: V1 */
    bool sound = visit == Q_BUSY || (visit % Q_WARM_FRAME == 0 && q_visit_warm(visit) <= Q_WARM);
    for (unsigned k = 0; k < Q_RUN_ORDERS; k++) {
        sound = sound && q_see(&cache->n_runs[k]) <= Q_RUNS;
    }
    if (!sound || q_see(&cache->word) >= Q_LINE_WORDS) {
        return wrong(c, "a CPU cache's counters are out of range", QUIRE_NONE, 0);
    }
    if (!check_loan(c, &cache->in) || !check_loan(c, &cache->out)) {
        return false;
    }
    return looks_at_its_zone(c->q, cache)
               ? true
               : wrong(c, "a CPU cache does not look at the zone of its frames", QUIRE_NONE, 0);
}

static size_t frames_in_caches(const struct quire *q) {
    size_t n = 0;
    for (unsigned cpu = 0; cpu < q->n_cpus; cpu++) {
        const struct q_cache *c = &q->caches[cpu];
        n += warm_frames(c) + q_cache_count_runs(c) + q_loan_count(&c->in) + q_loan_count(&c->out);
    }
    return n;
}

/* ---- blocks ----------------------------------------------------------------------------------------------- */

/* relaxed loads below: nothing moves, or the result is thrown away */
static uint32_t peek(const q_record *r) {
    return atomic_load_explicit(r, memory_order_relaxed);
}

/* Of a poisoned frame that was freed the same flags mean something else: record.h. */
static uint32_t joins_of(const struct quire *q, uint32_t record) {
    bool freed = Q_COUNT(record) == 0 && (record & Q_FREED) != 0;
    return freed && q->content == QUIRE_CONTENT_POISON ? 0 : record & (Q_JOIN_PREV | Q_JOIN_NEXT);
}

/* Inside a block a join stands on both sides; between blocks it may be left over on one (own.c). */
static bool check_joins(struct check *c, const struct q_zone *z, q_frame f, uint32_t record) {
    uint32_t joins = joins_of(c->q, record);
    if (joins != 0 && Q_COUNT(record) == 0) {
        return wrong(c, "a frame that nobody holds is joined to another", q_pa(f), record);
    }
    if ((f + 1 - z->first) % Q_BLOCK == 0) {
        return true;
    }
    uint32_t next = peek(q_zone_record(z, f + 1));
    if (((joins_of(c->q, next) & Q_JOIN_PREV) != 0) != ((joins & Q_JOIN_NEXT) != 0)) {
        return wrong(c, "of two neighbours only one is joined to the other", q_pa(f), record);
    }
    bool same_owner = (joins & Q_JOIN_NEXT) == 0 || Q_TAG(record) == Q_TAG(next);
    return same_owner ? true : wrong(c, "two joined frames have different owners", q_pa(f), record);
}

static bool check_frame(struct check *c, const struct q_zone *z, q_frame f, bool bit, uint32_t whole) {
    uint32_t record = peek(q_zone_record(z, f));
    bool held = Q_COUNT(record) > 0 || Q_COUNT(whole) > 0;
    if (record != 0 && (whole & Q_CLEAN) != 0) {
        return wrong(c, "a frame has a record in a block marked clean", q_pa(f), record);
    }
    if ((record & Q_RESERVED) != 0 && (record & ~(uint32_t)Q_RESERVED) != 0) {
        return wrong(c, "a reserved frame's record says more than that", q_pa(f), record);
    }
    if ((record & Q_RESERVED) == 0) {
        c->n_managed++;
        if (f < atomic_load_explicit(&z->base, memory_order_relaxed) ||
            f >= atomic_load_explicit(&z->end, memory_order_relaxed)) {
            return wrong(c, "a zone's span leaves out one of its frames", q_pa(f), record);
        }
    }
    if (Q_COUNT(record) > 0 && (record & Q_FREED) != 0) {
        return wrong(c, "a record says held and freed", q_pa(f), record);
    }
    if (bit && (held || (record & Q_RESERVED) != 0)) {
        return wrong(c, "a frame's bit says free, its record does not", q_pa(f), record);
    }
    if (!bit && !held && (record & Q_RESERVED) == 0) {
        unsigned n = places_in_caches(c->q, f);
        if (n != 1) {
            return wrong(c, n == 0 ? "a free frame is nowhere: lost" : "a frame is in the caches twice", q_pa(f),
                         record);
        }
        c->n_cached++;
    }
    return check_joins(c, z, f, record);
}

static bool check_hint(struct check *c, struct q_zone *z, size_t block, int32_t n_free) {
    return q_zone_hinted(z, block, n_free)
               ? true
               : wrong(c, "a block with free frames has no hint", q_pa(q_zone_frame(z, block)), 0);
}

static bool check_block(struct check *c, struct q_zone *z, size_t block) {
    q_frame base = q_zone_frame(z, block);
    uint32_t whole = peek(&z->blocks[block].record);
    uint32_t n_bits = 0;
    int32_t count = atomic_load_explicit(&z->blocks[block].count, memory_order_relaxed);
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        q_word word = atomic_load_explicit(&z->lines[block].word[w], memory_order_relaxed);
        n_bits += q_popcount(word);
        for (size_t i = 0; i < Q_WORD_BITS; i++) {
            if (!check_frame(c, z, base + w * Q_WORD_BITS + i, count == Q_AS_ONE || (word & q_bit(i)) != 0, whole)) {
                return false;
            }
        }
    }
    if (!q_count_fits(count, n_bits)) {
        return wrong(c, "a block's count is not the number of its free bits", q_pa(base), whole);
    }
    if (Q_COUNT(whole) > 1) {
        return wrong(c, "a whole block has more than one reference", q_pa(base), whole);
    }
    c->n_whole += q_class_of(count) == Q_ALL;
    return check_hint(c, z, block, count);
}

static bool check_ready_blocks(struct check *c, struct q_zone *z, size_t *n_ready) {
    size_t gapless = 0;
    *n_ready = 0;
    for (size_t b = 0; (b = q_zone_next_ready(z, b)) != Q_NO_BLOCK; b++) {
        gapless += b == gapless;
        ++*n_ready;
        if (!check_block(c, z, b)) {
            return false;
        }
    }
    return atomic_load_explicit(&z->ceiling, memory_order_relaxed) == gapless * Q_BLOCK
               ? true
               : wrong(c, "the ceiling is not where the initialised blocks end", q_pa(z->first), 0);
}

static bool check_span(struct check *c, const struct q_zone *z) {
    q_frame base, end;
    q_zone_span(z, &base, &end);
    q_frame from = atomic_load_explicit(&z->base, memory_order_relaxed);
    q_frame to = atomic_load_explicit(&z->end, memory_order_relaxed);
    if (from > base || to < end) {
        return wrong(c, "a zone's span leaves out one of its frames", q_pa(z->first), 0);
    }
    return from == base && to == end
               ? true
               : wrong(c, "a zone's span begins or ends with no frame of its own", q_pa(z->first), 0);
}

/* An extent's frames that lie in some zone's blocks. */
static bool check_extent(struct check *c, const struct q_zone *first) {
    for (q_frame f = first->meta_base; f < first->meta_end; f++) {
        const struct q_zone *z = q_zone_at(c->q, f);
        if (z != NULL && q_zone_ready(z, q_zone_block_of(z, f)) && (peek(q_zone_record(z, f)) & Q_RESERVED) == 0) {
            return wrong(c, "a frame that holds the allocator's own data is not reserved", q_pa(f), 0);
        }
    }
    return true;
}

static bool check_zone(struct check *c, struct q_zone *z) {
    size_t n_ready;
    c->n_managed = 0;
    const char *detail = q_index_wrong(&z->index, z->skew);
    if (detail != NULL) {
        return wrong(c, detail, q_pa(z->first), 0);
    }
    if (!check_ready_blocks(c, z, &n_ready)) {
        return false;
    }
    c->n_whole += (intptr_t)(z->n_blocks - n_ready);
    c->n_managed += (z->n_blocks - n_ready) * Q_BLOCK;
    if (c->n_managed != atomic_load_explicit(&z->n_frames, memory_order_relaxed)) {
        return wrong(c, "a zone's number of frames is wrong", q_pa(z->first), 0);
    }
    return check_span(c, z);
}

/* ---- what does not change --------------------------------------------------------------------------------- */

/* Both are looked at before anything that they lead to. */
static bool check_core(struct check *c) {
    return c->q->sum == q_core_sum(c->q) ? true : wrong(c, "the allocator's fixed data are damaged", QUIRE_NONE, 0);
}

static bool check_table(struct check *c) {
    size_t n_zones;
    const char *why = q_metadata_wrong(c->q->header, (q_frame)c->q->header->base, &n_zones);
    if (why != NULL) {
        return wrong(c, why, QUIRE_NONE, 0);
    }
    const struct q_zones *zones = q_zones(c->q);
    if ((q_word)zones != ~atomic_load_explicit(&c->q->not_zones, memory_order_relaxed) || zones->n != ~zones->not_n ||
        zones->sum != q_zones_sum(zones)) {
        return wrong(c, "the table of zones is damaged", QUIRE_NONE, 0);
    }
    const struct q_zone *main = q_main(c->q);
    size_t most = 0;
    bool has_main = false;
    for (size_t i = 0; i < zones->n; i++) {
        const struct q_zone *z = zones->zone[i];
        if (z->sum != q_zone_sum(z)) {
            return wrong(c, "a zone's fixed data are damaged", QUIRE_NONE, 0);
        }
        most = z->n_blocks > most ? z->n_blocks : most;
        has_main |= z == main;
    }
    return has_main && main->n_blocks == most ? true : wrong(c, "the main zone is not the largest one", QUIRE_NONE, 0);
}

/* ---- all of it -------------------------------------------------------------------------------------------- */

static bool check_all(struct check *c) {
    const struct q_zones *zones = q_zones(c->q);
    for (unsigned cpu = 0; cpu < c->q->n_cpus; cpu++) {
        if (!check_cache(c, &c->q->caches[cpu])) {
            return false;
        }
    }
    for (size_t i = 0; i < zones->n; i++) {
        if (!check_zone(c, zones->zone[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < zones->n; i++) {
        if (!check_extent(c, zones->zone[i])) {
            return false;
        }
    }
    if (c->n_cached != frames_in_caches(c->q)) {
        return wrong(c, "a CPU cache holds a frame that is not free, or no frame", QUIRE_NONE, 0);
    }
    if (c->n_whole != atomic_load_explicit(&c->q->balance.n_whole, memory_order_relaxed)) {
        return wrong(c, "the number of whole free blocks is wrong", QUIRE_NONE, 0);
    }
    return true;
}

/* Sums over all that changes when free frames come or move (V1). */
struct motion {
    q_word sum;
    bool busy;    /* somebody is in the middle of something */
    bool damaged; /* more ended than began */
};

/* The newest value, or any. */
static q_word read_word(_Atomic q_word *at, bool newest) {
    /* seq_cst, for both: behind what the recount read, before what it will read (V2) */
    return newest ? atomic_fetch_add(at, 0) : atomic_load(at);
}

static struct motion sum_up(struct quire *q, bool newest) {
    q_word ended = read_word(&q->n_ended, newest); /* first, so that it is the lesser one */
    q_word begun = read_word(&q->n_begun, newest), n_calls = 0;
    uint32_t adding = newest ? atomic_fetch_add(&q->adding, 0) : atomic_load(&q->adding);
    struct motion l = {begun + adding, begun != ended || adding % 2 != 0, (intptr_t)(begun - ended) < 0};
    for (unsigned i = 0; i < q->n_cpus; i++) {
        q_word guard = read_word(&q->caches[i].guard, newest);
        n_calls += read_word(&q->caches[i].n_calls, newest);
        l.sum += guard;
        l.busy |= guard == Q_BUSY;
    }
    l.busy |= n_calls != 0;
    l.damaged |= (intptr_t)n_calls < 0;
    return l;
}

enum quire_status quire_validate(const struct quire *q, struct quire_fault *first) {
    struct quire *all = (struct quire *)(uintptr_t)q; /* nothing is changed, but the second look needs to write */
    struct check c = {.q = all, .first = first};
    *first = (struct quire_fault){.kind = QUIRE_FAULT_NONE, .pa = QUIRE_NONE};
    if (!check_core(&c)) {
        return QUIRE_FAULT;
    }
    struct motion before = sum_up(all, false);
    if (before.damaged) {
        (void)wrong(&c, "the counters of calls in flight are damaged", QUIRE_NONE, 0);
        return QUIRE_FAULT;
    }
    if (before.busy) {
        return QUIRE_BUSY;
    }
    bool sound = check_table(&c) && check_all(&c);
    struct motion after = sum_up(all, true);
    if (after.busy || after.sum != before.sum) {
        *first = (struct quire_fault){.kind = QUIRE_FAULT_NONE, .pa = QUIRE_NONE};
        return QUIRE_BUSY;
    }
    return sound ? QUIRE_OK : QUIRE_FAULT;
}
