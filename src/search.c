/* search.c: finding 2^order free frames: in the CPU's cache, in the blocks that the index names, in all caches.
 *
 * A small run for the cache, and any run at first, is looked for in the first block of each class, the fullest class
 * first, then in a fresh block; then in all blocks. Blocks come as wholes or not at all. */
#include "core.h"

/* What a search brings: the first frames of runs of one order. */
struct catch {
    unsigned order, most, n;
    q_frame first[Q_RUNS / 2];
};

/* Runs of order 1..8 from a block of this class: the first, or any where the search is `thorough`. */
static bool runs_of_class(struct q_zone *z, enum q_class class, bool thorough, struct catch *got) {
    for (size_t b = 0; (b = q_zone_find(z, class, b)) != Q_NO_BLOCK; b++) {
        got->n = q_borrow_runs(z, b, got->order, got->most, got->first);
        if (got->n > 0) {
            return true;
        }
        if (!thorough) {
            return false;
        }
    }
    return false;
}

static bool runs_in_zone(struct q_zone *z, bool thorough, struct catch *got) {
    /* Blocks of a lower class have not that many free frames. */
    unsigned class = (unsigned)q_class_of((int32_t)1 << got->order);
    if (class == Q_NEARLY_FULL && !thorough) {
        class = Q_FEW; /* while there are others, those nearly full are left to empty */
    }
    for (; class <= Q_ALL; class ++) {
        if (runs_of_class(z, (enum q_class) class, thorough, got)) {
            return true;
        }
    }
    got->n = q_borrow_fresh_run(z, got->order, got->first);
    return got->n > 0;
}

/* All of a block that seems free, or nothing. */
static bool take_block(struct q_zone *z, size_t block) {
    return q_zone_ready(z, block) ? q_borrow_block(z, block) : q_zone_claim_block(z, block);
}

static void put_back_block(struct quire *q, struct q_zone *z, size_t block) {
    struct q_loan loan;
    q_loan_open(&loan, z, block);
    q_loan_add_run(&loan, 0, Q_BLOCK);
    (void)q_return(q, &loan);
}

/* Blocks [block, block + n), all or nothing. */
static bool take_blocks(struct quire *q, struct q_zone *z, size_t block, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (block + i < z->n_blocks && take_block(z, block + i)) {
            continue;
        }
        while (i-- > 0) {
            put_back_block(q, z, block + i);
        }
        return false;
    }
    return true;
}

/* 1 or 2 whole blocks, aligned by physical address: used ones first, so that untouched memory stays so. */
static q_frame blocks_in_zone(struct quire *q, struct q_zone *z, unsigned order) {
    static const enum q_class classes[] = {Q_ALL, Q_FRESH};
    size_t n = (size_t)1 << (order - QUIRE_BLOCK_ORDER);
    for (size_t k = 0; k < 2; k++) {
        for (size_t b = 0; (b = q_zone_next_free(z, classes[k], b)) != Q_NO_BLOCK; b++) {
            size_t number = z->first / Q_BLOCK + b;
            size_t start = b - (number & (n - 1));
            if (start <= b && take_blocks(q, z, start, n)) {
                return q_zone_frame(z, start);
            }
        }
    }
    return Q_NO_FRAME;
}

static bool search(struct quire *q, bool thorough, struct catch *got) {
    const struct q_zones *zones = q_zones(q);
    for (size_t i = zones->n; i-- > 0;) {
        struct q_zone *z = zones->zone[i];
        if (got->order < QUIRE_BLOCK_ORDER) {
            if (runs_in_zone(z, thorough, got)) {
                return true;
            }
            continue;
        }
        got->first[0] = blocks_in_zone(q, z, got->order);
        if (got->first[0] != Q_NO_FRAME) {
            return true;
        }
    }
    return false;
}

/* Finds small runs for the cache, several at a time, and takes one of them. */
static q_frame fetch_runs(struct quire *q, struct q_cache *c, unsigned order) {
    struct catch got = {.order = order, .most = Q_RUNS / 2};
    if (!search(q, false, &got)) {
        return Q_NO_FRAME;
    }
    q_cache_keep_runs(q, c, order, got.first, got.n);
    return q_cache_unstack_run(c, order);
}

static bool has_hole(const struct q_zone *z, q_frame f, q_frame n) {
    for (q_frame i = f; i < f + n; i++) {
        if (q_zone_ready(z, q_zone_block_of(z, i)) && (q_zone_last_record(z, i) & Q_RESERVED) != 0) {
            return true;
        }
    }
    return false;
}

/* Only blocks at the edges of regions have holes, so one of the first places looked at is without. */
bool q_ever_fits(const struct quire *q, unsigned order) {
    const struct q_zones *zones = q_zones(q);
    q_frame n = (q_frame)1 << order;
    for (size_t i = 0; i < zones->n; i++) {
        const struct q_zone *z = zones->zone[i];
        /* relaxed: a span only grows */
        q_frame base = atomic_load_explicit(&z->base, memory_order_relaxed);
        q_frame end = atomic_load_explicit(&z->end, memory_order_relaxed);
        for (q_frame f = (base + n - 1) & ~(n - 1); f < end && end - f >= n; f += n) {
            if (!has_hole(z, f, n)) {
                return true;
            }
        }
    }
    return false;
}

/* From likely blocks, from all; then with all caches emptied. */
static q_frame take_run_shared(struct quire *q, unsigned order) {
    struct catch got = {.order = order, .most = 1};
    q_begin(q);
    bool found = search(q, false, &got) || search(q, true, &got);
    if (!found && q_ever_fits(q, order)) {
        q_drain_all(q);
        found = search(q, true, &got);
    }
    q_end(q);
    if (!found) {
        return Q_NO_FRAME;
    }
    atomic_fetch_sub_explicit(&q->balance.n_free, (intptr_t)1 << order, memory_order_relaxed); /* an estimate */
    return got.first[0];
}

q_frame q_search_run(struct quire *q, struct q_cache *c, q_word visit, unsigned order) {
    q_frame f = Q_NO_FRAME;
    if (c != NULL) {
        q_cache_slow_down(c, visit);
        f = order < QUIRE_BLOCK_ORDER ? q_cache_take_run(c, order) : Q_NO_FRAME;
        f = f == Q_NO_FRAME && order <= Q_RUN_ORDERS ? fetch_runs(q, c, order) : f;
        q_cache_close(c, visit);
    }
    return f != Q_NO_FRAME ? f : take_run_shared(q, order);
}
