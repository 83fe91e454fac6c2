/* validate.c: recounting everything from the bits up.
 *
 * Each free frame must be in exactly one place: its bit in its block's line, or one CPU cache. Its record must say
 * free. All that is derived (counts, hints, the number of whole blocks) must be what the recount finds. The looks go
 * from what all else is reached by to what only it can be compared with:
 *
 *   check_core, check_table     what never changes, by checksums: from here on each pointer is right
 *   check_cache                 counters in range, so that the loops over a cache end
 *   check_zone                  the index; then each initialised block, frame by frame; then what the zone says of itself
 *   check_extent                the allocator's own frames
 *   check_all                   the sums over all zones and all caches
 *
 * Nothing is held meanwhile: the other CPUs go on, and keep all their frames. What is read while they work means
 * nothing, so there are two looks at everything that moves, one before the recount and one after it:
 *
 *       first look          recount          second look          equal, and nobody is in the middle: the recount saw
 *   ------|--------------------------------------|---------->     memory at rest. Else the answer is QUIRE_BUSY.
 *
 * Why not stop the others: a recount takes as long as a pass over all records, and a machine that is being looked at
 * for a mistake should go on behaving as it does. A caller that gets QUIRE_BUSY tries again, or stops the other CPUs
 * itself.
 *
 * Cost: one pass over the records of all blocks that were ever used; for each free frame in a cache, a look into all
 * caches.
 *
 * V1  Every step that moves a free frame, or changes the record of one, is part of a visit to a CPU cache, or lies between
 *     q_begin and q_end, or in a quire_add; a split of a block comes after q_tell. Each of these raises a number that both
 *     looks sum up. A call between q_call_begin and q_call_end shows only while it lasts: that number returns to 0. So a
 *     call that begins and ends between the two looks is noticed by its steps of the other kinds. A visit that changes
 *     nothing is in no sum: a recount that met one says QUIRE_BUSY (warm_frames).          interleaving tests
 * V2  The second look reads by read-modify-writes that change nothing, so each reads the newest value. A CPU that entered
 *     after that look finds it in the order of the guard's values, so its writes come later, too: the recount saw none
 *     of them. A plain load could be older than what the recount read, on a weakly ordered machine. A local guard is
 *     read after a barrier on its CPU instead, in both looks (guard.h).  interleaving tests */
#include "nodes.h"
#include "place.h"
#include "view.h"

/* ---- what is wrong ---------------------------------------------------------------------------------------- */

struct check {
    struct quire *q;
    struct quire_fault *first;
    size_t n_cached;  /* free frames found to be in a cache */
    intptr_t n_whole; /* of the zone that is being checked: blocks found to be free as a whole */
    size_t n_managed; /* and its frames */
    quire_pa pa;      /* what is looked at, for the report; QUIRE_NONE: something without an address */
    uint32_t record;  /* its record, or 0 */
    bool met_visitor; /* a CPU was in a cache when its frames were counted */
};

static void checking(struct check *c, quire_pa pa, uint32_t record) {
    c->pa = pa;
    c->record = record;
}

/* Notes what is wrong with what is looked at; false. */
static bool wrong(struct check *c, const char *detail) {
    Q_ASSERT(detail != NULL && c->first->kind == QUIRE_FAULT_NONE, c->pa); /* the first mistake ends the recount */
    *c->first = (struct quire_fault){.kind = QUIRE_FAULT_METADATA,
                                     .call = "quire_validate",
                                     .detail = detail,
                                     .pa = c->pa,
                                     .record = c->record,
                                     .refs = Q_COUNT(c->record),
                                     .tag = Q_TAG(c->record)};
    return false;
}

/* Whether that is so; if not, notes it. What must be so is written as a row of these, joined by &&. */
static inline bool so(struct check *c, bool is_so, const char *if_not) {
    return is_so || wrong(c, if_not);
}

/* ---- caches ----------------------------------------------------------------------------------------------- */

/* How many warm frames, or runs of 2^(k+1) frames, a cache says that it has; no more than there is room for, so that
 * loops over them stay inside also while its visitor changes the number. A visitor that changes nothing leaves no trace, so
 * the second look does not tell that it was there: its warm frames were not counted, and the recount says nothing. */
static uint32_t warm_frames(struct check *c, const struct q_cache *cache) {
    q_word visit = q_guard_see(&cache->guard);
    c->met_visitor |= visit == Q_BUSY;
    uint32_t n = visit == Q_BUSY ? 0 : q_visit_warm(visit);
    return n < Q_WARM ? n : Q_WARM;
}
static q_word stacked_runs(const struct q_cache *c, unsigned k) {
    Q_ASSERT(k < Q_RUN_ORDERS, k);
    q_word n = q_see(&c->n_runs[k]);
    return n < Q_RUNS ? n : Q_RUNS;
}

/* In how many places of all caches a frame lies. Each free frame without a bit is looked for everywhere: the caches are
 * small, and have few of them. */
static unsigned places_in_caches(struct check *c, q_frame f) {
    unsigned n = 0;
    Q_ASSERT(f < Q_NO_FRAME, f); /* a loan without a block names the rest */
    for (unsigned cpu = 0; cpu < c->q->n_cpus; cpu++) {
        const struct q_cache *cache = &c->q->caches[cpu];
        n += (unsigned)q_loan_has(&cache->in, f) + (unsigned)q_loan_has(&cache->out, f);
        for (uint32_t i = 0, end = warm_frames(c, cache); i < end; i++) {
            n += q_see(&cache->warm[i]) == f;
        }
        for (unsigned k = 0; k < Q_RUN_ORDERS; k++) {
            for (q_word i = 0, end = stacked_runs(cache, k); i < end; i++) {
                n += f - q_see(&cache->runs[k][i]) < (q_frame)2 << k;
            }
        }
    }
    return n;
}

/* A loan names its block twice: by the zone, which the CPU uses, and by the first frame, which lasts. */
static bool check_loan(struct check *c, const struct q_loan *loan) {
    struct q_zone *z = q_loan_zone(loan);
    q_frame base = q_see(&loan->base);
    checking(c, z != NULL ? q_pa(base) : QUIRE_NONE, 0);
    if (z == NULL) {
        return so(c, q_loan_count(loan) == 0 && base == Q_NO_FRAME, "a loan without a block has frames");
    }
    bool fits = q_zone_at(c->q, base) == z && (base & (Q_BLOCK - 1)) == 0;
    return so(c, fits, "a loan's block is not the one it names");
}

/* Whether a pointer is one to a zone: before it is followed. */
static bool in_table(const struct quire *q, const struct q_zone *z) {
    const struct q_zones *zones = q_zones(q);
    size_t i = 0;
    while (i < zones->n && zones->zone[i] != z) {
        i++;
    }
    return i < zones->n;
}

/* Whether the frames that a cache pushes quickly are initialised ones of the zone, whole blocks of them. */
static bool quick_ones_are_ready(const struct q_zone *z, q_frame first, q_word n_quick) {
    q_frame i = first - z->first;
    if (i == 0 && n_quick % Q_BLOCK == 0 && n_quick <= atomic_load_explicit(&z->ceiling, memory_order_relaxed)) {
        return true; /* mostly, and they may be very many */
    }
    if (i % Q_BLOCK != 0 || n_quick % Q_BLOCK != 0 || i >= z->n_blocks * Q_BLOCK ||
        n_quick > z->n_blocks * Q_BLOCK - i) {
        return false;
    }
    size_t block = i / Q_BLOCK, end = block + n_quick / Q_BLOCK;
    while (block < end && q_zone_ready(z, block)) {
        block++;
    }
    return block == end;
}

/* Whether what a cache keeps of its zone is what the zone says. A frame of another zone would be handed out by records
 * that are not its own. */
static bool looks_at_its_zone(struct check *c, const struct q_cache *cache) {
    const struct q_zone *z = q_see(&cache->zone), *in = q_loan_zone(&cache->in);
    q_word first = q_see(&cache->first), n_quick = q_see(&cache->n_quick), records = q_see(&cache->records);
    if (z == NULL) { /* a cache that was not used yet */
        return first == 0 && n_quick == 0 && records == 0 && warm_frames(c, cache) == 0 && in == NULL;
    }
    if (!in_table(c->q, z) || records != (uintptr_t)z->records - z->first * sizeof(q_record) ||
        (in != NULL && in != z) || !quick_ones_are_ready(z, first, n_quick) ||
        (q_see(&cache->gathering) != 0 && n_quick > 0)) {
        return false;
    }
    for (uint32_t i = 0, end = warm_frames(c, cache); i < end; i++) {
        if (q_zone_block_of(z, q_see(&cache->warm[i])) >= z->n_blocks) {
            return false;
        }
    }
    return true;
}

/* What a cache says of itself, before its frames are looked for. */
static bool check_cache(struct check *c, const struct q_cache *cache) {
    q_word visit = q_guard_see(&cache->guard);
    bool sound = visit == Q_BUSY || (visit % Q_WARM_FRAME == 0 && q_visit_warm(visit) <= Q_WARM);
    const struct q_zone *booked = q_see(&cache->booked);
    for (unsigned k = 0; k < Q_RUN_ORDERS; k++) {
        sound = sound && q_see(&cache->n_runs[k]) <= Q_RUNS;
    }
    sound = sound && q_see(&cache->word) < Q_LINE_WORDS;
    checking(c, QUIRE_NONE, 0);
    if (!so(c, sound, "a CPU cache's counters are out of range") || !check_loan(c, &cache->in) ||
        !check_loan(c, &cache->out)) {
        return false;
    }
    checking(c, QUIRE_NONE, 0);
    return so(c, booked == NULL || in_table(c->q, booked), "a CPU cache keeps account of no zone") &&
           so(c, looks_at_its_zone(c, cache), "a CPU cache does not look at the zone of its frames");
}

/* How many places of caches hold a frame. Each of the n_cached free frames without a bit was found in one place. If
 * there are as many places, then each place holds one of those, and none holds a frame that is not free. */
static size_t frames_in_caches(struct check *c) {
    size_t n = 0;
    for (unsigned cpu = 0; cpu < c->q->n_cpus; cpu++) {
        const struct q_cache *cache = &c->q->caches[cpu];
        n += warm_frames(c, cache) + q_cache_count_runs(cache) + q_loan_count(&cache->in) + q_loan_count(&cache->out);
    }
    return n;
}

/* ---- blocks ----------------------------------------------------------------------------------------------- */

/* relaxed loads below: nothing moves, or the result is thrown away */
static uint32_t peek(const q_record *r) {
    return atomic_load_explicit(r, memory_order_relaxed);
}

/* The joins that a record states. Of a poisoned frame that was freed the same flags mean something else: record.h. */
static uint32_t joins_of(const struct quire *q, uint32_t record) {
    bool freed = Q_COUNT(record) == 0 && (record & Q_FREED) != 0;
    return freed && q->content == QUIRE_CONTENT_POISON ? 0 : record & (Q_JOIN_PREV | Q_JOIN_NEXT);
}

/* Inside a block a join stands on both sides; between blocks it may be left over on one (own.c). */
static bool check_joins(struct check *c, const struct q_zone *z, q_frame f, uint32_t record) {
    uint32_t joins = joins_of(c->q, record);
    bool last = (f + 1 - z->first) % Q_BLOCK == 0;
    uint32_t next = last ? 0 : peek(q_zone_record(z, f + 1));
    bool to_next = (joins & Q_JOIN_NEXT) != 0, from_next = (joins_of(c->q, next) & Q_JOIN_PREV) != 0;
    return so(c, joins == 0 || Q_COUNT(record) > 0, "a frame that nobody holds is joined to another") &&
           so(c, last || to_next == from_next, "of two neighbours only one is joined to the other") &&
           so(c, last || !to_next || Q_TAG(record) == Q_TAG(next), "two joined frames have different owners");
}

/* A free frame without a bit: it is in one cache. */
static bool check_cached(struct check *c, q_frame f) {
    unsigned n = places_in_caches(c, f);
    c->n_cached++;
    return so(c, n > 0, "a free frame is nowhere: lost") && so(c, n < 2, "a frame is in the caches twice");
}

/* `bit`: the line, or the block's count, says that the frame is free. `whole`: the block's record. */
static bool check_frame(struct check *c, const struct q_zone *z, q_frame f, bool bit, uint32_t whole) {
    uint32_t record = peek(q_zone_record(z, f));
    bool held = Q_COUNT(record) > 0 || Q_COUNT(whole) > 0, reserved = (record & Q_RESERVED) != 0;
    struct q_span bounds = q_zone_bounds(z);
    Q_ASSERT(q_zone_block_of(z, f) < z->n_blocks, f);
    c->n_managed += !reserved;
    checking(c, q_pa(f), record);
    return so(c, record == 0 || (whole & Q_CLEAN) == 0, "a frame has a record in a block marked clean") &&
           so(c, !reserved || record == Q_RESERVED, "a reserved frame's record says more than that") &&
           so(c, reserved || (f >= bounds.base && f < bounds.end), "a zone's span leaves out one of its frames") &&
           so(c, Q_COUNT(record) == 0 || (record & Q_FREED) == 0, "a record says held and freed") &&
           so(c, !bit || (!held && !reserved), "a frame's bit says free, its record does not") &&
           (bit || held || reserved || check_cached(c, f)) && check_joins(c, z, f, record);
}

/* All frames of a block, and what its count, its record and its hint say of them. */
static bool check_block(struct check *c, struct q_zone *z, size_t block) {
    Q_ASSERT(block < z->n_blocks && q_zone_ready(z, block), block);
    q_frame base = q_zone_frame(z, block);
    uint32_t whole = peek(&z->wholes[block]);
    uint32_t n_bits = 0;
    int32_t count = atomic_load_explicit(&z->counts[block], memory_order_relaxed);
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        q_word word = atomic_load_explicit(&z->lines[block].word[w], memory_order_relaxed);
        n_bits += q_popcount(word);
        for (size_t i = 0; i < Q_WORD_BITS; i++) {
            if (!check_frame(c, z, base + w * Q_WORD_BITS + i, count == Q_AS_ONE || (word & q_bit(i)) != 0, whole)) {
                return false;
            }
        }
    }
    c->n_whole += q_class_of(count) == Q_ALL;
    checking(c, q_pa(base), whole);
    if (!so(c, q_count_fits(count, n_bits), "a block's count is not the number of its free bits") ||
        !so(c, Q_COUNT(whole) <= 1, "a whole block has more than one reference")) {
        return false;
    }
    checking(c, q_pa(base), 0);
    return so(c, q_zone_hinted(z, block, count), "a block with free frames has no hint") &&
           so(c, q_zone_runs_hinted(z, block), "a block with a run of free frames has no hint for that");
}

/* ---- zones ------------------------------------------------------------------------------------------------ */

/* The initialised blocks, *n_ready of them. */
static bool check_ready_blocks(struct check *c, struct q_zone *z, size_t *n_ready) {
    size_t gapless = 0;
    *n_ready = 0;
    for (size_t b = 0; (b = q_zone_next_ready(z, b)) != Q_NO_BLOCK; b++) {
        Q_ASSERT(b >= *n_ready && gapless <= *n_ready, b);
        gapless += b == gapless; /* blocks 0, 1, .. as long as none is missing */
        ++*n_ready;
        if (!check_block(c, z, b)) {
            return false;
        }
    }
    q_frame ceiling = atomic_load_explicit(&z->ceiling, memory_order_relaxed);
    checking(c, q_pa(z->first), 0);
    return so(c, ceiling == gapless * Q_BLOCK, "the ceiling is not where the initialised blocks end");
}

/* The managed span is as the records have it. */
static bool check_span(struct check *c, const struct q_zone *z) {
    struct q_span found = q_zone_span(z), said = q_zone_bounds(z);
    bool covers = said.base <= found.base && said.end >= found.end;
    bool equals = said.base == found.base && said.end == found.end;
    return so(c, covers, "a zone's span leaves out one of its frames") &&
           so(c, equals, "a zone's span begins or ends with no frame of its own");
}

/* The frames of the extent that `first` is the first zone of, as far as they lie in some zone's blocks. */
static bool check_extent(struct check *c, const struct q_zone *first) {
    for (q_frame f = first->meta_base; f < first->meta_end; f++) {
        const struct q_zone *z = q_zone_at(c->q, f);
        checking(c, q_pa(f), 0);
        if (z != NULL && q_zone_ready(z, q_zone_block_of(z, f)) && (peek(q_zone_record(z, f)) & Q_RESERVED) == 0) {
            return wrong(c, "a frame that holds the allocator's own data is not reserved");
        }
    }
    return true;
}

/* The index first: it says which blocks have metadata to look at. */
static bool check_zone(struct check *c, struct q_zone *z) {
    size_t n_ready;
    c->n_managed = 0;
    c->n_whole = 0;
    checking(c, q_pa(z->first), 0);
    const char *detail = q_index_wrong(&z->index, z->skew);
    if (!so(c, detail == NULL, detail) || !check_ready_blocks(c, z, &n_ready)) {
        return false;
    }
    Q_ASSERT(n_ready <= z->n_blocks, n_ready);
    c->n_whole += (intptr_t)(z->n_blocks - n_ready); /* the others are fresh, so all free */
    c->n_managed += (z->n_blocks - n_ready) * Q_BLOCK;
    intptr_t n_whole = atomic_load_explicit(&z->balance.n_whole, memory_order_relaxed);
    return so(c, c->n_managed == q_zone_n_frames(z), "a zone's number of frames is wrong") && check_span(c, z) &&
           so(c, c->n_whole == n_whole, "a zone's number of whole free blocks is wrong");
}

/* ---- what does not change --------------------------------------------------------------------------------- */

/* This comes first: the caches and the header are found by these data. */
static bool check_core(struct check *c) {
    return so(c, c->q->sum == q_core_sum(c->q), "the allocator's fixed data are damaged") &&
           so(c, q_nodes_caches_sound(c->q), "what CPU caches know of their nodes is damaged");
}

/* Looks at each pointer before it follows it: at the table by the complement of its address, at its length by the
 * complement of that, at the zones in it by a checksum. */
static bool check_table(struct check *c) {
    size_t n_zones;
    const char *why = q_metadata_wrong(c->q->header, (q_frame)c->q->header->base, &n_zones);
    if (why != NULL) {
        return wrong(c, why);
    }
    const struct q_zones *zones = q_zones(c->q);
    if ((q_word)zones != ~atomic_load_explicit(&c->q->not_zones, memory_order_relaxed) || zones->n != ~zones->not_n ||
        zones->sum != q_zones_sum(zones, c->q->n_nodes)) {
        return wrong(c, "the table of zones is damaged");
    }
    Q_ASSERT(zones->n > 0, zones->n);
    const struct q_zone *main = q_main(c->q);
    size_t most = 0;
    bool has_main = false;
    for (size_t i = 0; i < zones->n; i++) {
        const struct q_zone *z = zones->zone[i];
        if (z->sum != q_zone_sum(z)) {
            return wrong(c, "a zone's fixed data are damaged");
        }
        most = z->n_blocks > most ? z->n_blocks : most;
        has_main |= z == main;
    }
    return so(c, has_main && main->n_blocks == most, "the main zone is not the largest one") &&
           so(c, q_nodes_zones_sound(c->q, zones), "what a zone knows of its node is damaged");
}

/* ---- all of it -------------------------------------------------------------------------------------------- */

/* What moves. Each frame is checked against the caches, so these come first. */
static bool check_all(struct check *c) {
    const struct q_zones *zones = q_zones(c->q);
    bool sound = true;
    for (unsigned cpu = 0; cpu < c->q->n_cpus && sound; cpu++) {
        sound = check_cache(c, &c->q->caches[cpu]);
    }
    for (size_t i = 0; i < zones->n && sound; i++) {
        sound = check_zone(c, zones->zone[i]);
    }
    for (size_t i = 0; i < zones->n && sound; i++) {
        sound = check_extent(c, zones->zone[i]);
    }
    checking(c, QUIRE_NONE, 0);
    return sound &&
           so(c, c->n_cached == frames_in_caches(c), "a CPU cache holds a frame that is not free, or no frame");
}

/* What one look finds (V1). The sum has three parts: the guards, of which each visit that changes something raises one,
 * by more than the frames that leave lower it; the caches' n_begun; and `adding`. None of them falls, so two sums are equal only if
 * all parts are. */
struct motion {
    q_word sum;
    bool busy;    /* a call is in the middle of something */
    bool damaged; /* more ended than began */
};

/* The newest value, or any. */
static q_word read_word(_Atomic q_word *at, bool newest) {
    /* seq_cst, for both: the first look comes before all that the recount reads, the second one after it (V2) */
    return newest ? atomic_fetch_add(at, 0) : atomic_load(at);
}

/* One look. `newest`: the second one. */
static struct motion sum_up(struct quire *q, bool newest) {
    Q_ASSERT(q->n_cpus > 0, q->n_cpus);
    uint32_t adding = newest ? atomic_fetch_add(&q->adding, 0) : atomic_load(&q->adding);
    struct motion l = {adding, adding % 2 != 0, false};
    q_word n_calls = 0;
    for (unsigned i = 0; i < q->n_cpus; i++) { /* before all guards: what a call that is over did shows in those */
        struct q_cache *c = &q->caches[i];
        q_word ended = read_word(&c->n_ended, newest); /* before n_begun, so that it is the lesser one */
        q_word begun = read_word(&c->n_begun, newest);
        n_calls += read_word(&c->n_calls, newest);
        l.sum += begun;
        l.busy |= begun != ended;
        l.damaged |= (intptr_t)(begun - ended) < 0;
    }
    for (unsigned i = 0; i < q->n_cpus; i++) {
        q_word guard = q_guard_look(&q->caches[i].guard, i);
        l.sum += guard;
        l.busy |= guard == Q_BUSY;
    }
    l.busy |= n_calls != 0;
    l.damaged |= (intptr_t)n_calls < 0;
    return l;
}

/* The first look also bounds the recount: where a counter is damaged, or a call is in the middle, there is none.
 * Whatever the recount found wrong counts only if the second look equals the first. */
enum quire_status quire_validate(const struct quire *q, struct quire_fault *first) {
    struct quire *all = (struct quire *)(uintptr_t)q; /* the looks write, but change no value */
    struct check c = {.q = all, .first = first, .pa = QUIRE_NONE};
    *first = (struct quire_fault){.kind = QUIRE_FAULT_NONE, .pa = QUIRE_NONE};
    if (!check_core(&c)) { /* never changes, so it is damaged whatever moves */
        return QUIRE_FAULT;
    }
    struct motion before = sum_up(all, false);
    if (!so(&c, !before.damaged, "the counters of calls in flight are damaged")) {
        return QUIRE_FAULT;
    }
    if (before.busy) {
        return QUIRE_BUSY;
    }
    bool sound = check_table(&c) && check_all(&c);
    Q_ASSERT(sound == (first->kind == QUIRE_FAULT_NONE), first->kind);
    struct motion after = sum_up(all, true);
    if (after.busy || c.met_visitor || after.sum != before.sum) {
        *first = (struct quire_fault){.kind = QUIRE_FAULT_NONE, .pa = QUIRE_NONE};
        return QUIRE_BUSY;
    }
    return sound ? QUIRE_OK : QUIRE_FAULT;
}
