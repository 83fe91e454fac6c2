/* find.c: the one search for free frames in the blocks that all CPUs share.
 *
 * Zones are tried as nodes.c has them in order: the nearest first, and those that are farther, or scarce, only after all blocks
 * of these. In a zone, the fullest blocks that will do come first, class by class (index.h), and blocks never used last. So
 * frames are taken where many are held already, and other blocks become whole.
 *
 *   wanted            | looked at                                                    | who asks
 *   a loan            | all blocks of FEW, SOME, MOST, ALL, then a fresh one;        | a cache that is empty
 *                     | if nothing came, those nearly full, too                      |
 *   small runs, a few | the first block of each class, then a fresh one              | a cache without such runs
 *   one run, a frame  | all blocks that have enough free frames                      | a call about to fail, or nested
 *   a whole block     | blocks free as a whole, then fresh ones                      | any call for one
 *
 * A CPU that looks for a loan, or a block, begins at a place of its own, and goes round. So CPUs do not all want the same block, and
 * mostly come back to blocks that they had before, whose records they wrote last.
 *
 *   free frames of 8 blocks         500  0  40  512  9  200  70  fresh
 *   a loan, from the first block     4       1   5   7   3    2    6      class by class; 9 is nearly full: when nothing else is left
 *   a loan, from the fifth one       4       2   5   7   3    1    6      the same, but 70 comes before 40
 *   a block                                      1                 2
 *
 * Why the fullest first: the emptier a block is, the sooner it becomes whole if its frames are left alone. A nearly full one
 * gives too few frames for the way to it, and may empty, too. Why classes, and not the very fullest block: to keep blocks in
 * order would cost a write for each frame that comes or goes, and a class changes seldom. */
#include "find.h"

#include "borrow.h"

/* ---- frames of one block --------------------------------------------------------------------------------- */

/* Takes what is wanted from one block. */
static bool take_from(struct q_wish *wish, struct q_zone *z, size_t block) {
    Q_ASSERT(block < z->n_blocks, block);
    if (wish->loan != NULL) {
        return q_borrow(z, block, wish->loan) > 0;
    }
    wish->n = q_borrow_runs(z, block, wish->order, wish->most, wish->run);
    Q_ASSERT(wish->n <= wish->most, wish->n);
    return wish->n > 0;
}

/* The same from blocks [from, end) of a class. A search for runs that looks at all blocks goes by the hints for those, too, and
 * takes them away where they are wrong. Blocks that are all free need none. */
static bool take_between(struct q_wish *wish, struct q_zone *z, enum q_class class, size_t from, size_t end) {
    bool hinted = class != Q_ALL && wish->loan == NULL && !wish->sparing;
    enum q_class runs = hinted ? q_class_of_runs(wish->order) : Q_NOTHING;
    Q_ASSERT(from <= end && end <= z->n_blocks, end);
    for (size_t b = from; (b = q_zone_find(z, class, runs, b)) < end; b++) {
        if (take_from(wish, z, b)) {
            return true;
        }
        if (runs != Q_NOTHING) {
            q_zone_no_runs(z, b, runs);
        }
        if (wish->loan == NULL && wish->sparing) {
            return false;
        }
    }
    return false;
}

/* Where the CPU begins: `rank / n_peers` of the way through so many blocks, so that CPUs with numbers side by side, which are
 * near each other in most machines, have their places side by side. The fraction's binary digits come one by one, the
 * halves first: that asks for no division, which many small machines do not have. */
static size_t place_among(const struct q_wish *wish, size_t n_blocks) {
    size_t part = n_blocks, place = 0;
    Q_ASSERT(wish->rank < wish->n_peers || wish->rank == 0, wish->rank);
    for (unsigned rest = wish->rank; rest != 0 && part != 0;) {
        part /= 2;
        rest *= 2;
        if (rest >= wish->n_peers) {
            rest -= wish->n_peers;
            place += part;
        }
    }
    Q_ASSERT(place <= n_blocks, place);
    return place;
}

/* Whether what the caller has itself is as full as the blocks of this class. */
static bool own_is_of(const struct q_wish *wish, const struct q_zone *z, enum q_class class) {
    return wish->own != NULL && q_loan_zone(wish->own) == z && q_class_of((int32_t)q_loan_count(wish->own)) == class;
}

static bool frames_in_zone(struct q_wish *wish, struct q_zone *z) {
    /* Runs come from the fullest block, whoever wants them. relaxed: any block would do */
    size_t n_used = atomic_load_explicit(&z->ceiling, memory_order_relaxed) / Q_BLOCK;
    size_t home = wish->loan != NULL ? place_among(wish, n_used) : 0;
    /* Blocks of a lower class have not that many free frames. */
    unsigned class = wish->loan != NULL ? Q_NEARLY_FULL : (unsigned)q_class_of((int32_t)1 << wish->order);
    if (class == Q_NEARLY_FULL && wish->sparing) {
        class = Q_FEW;
    }
    for (; class <= Q_ALL; class ++) {
        if (own_is_of(wish, z, (enum q_class) class)) { /* what the caller has is as full as anything here */
            q_loan_move(wish->loan, wish->own);
            return true;
        }
        if (take_between(wish, z, (enum q_class) class, home, z->n_blocks) ||
            (home > 0 && take_between(wish, z, (enum q_class) class, 0, home))) {
            return true;
        }
    }
    if (wish->loan != NULL) { /* only now a block that was never used */
        return q_borrow_fresh(z, wish->loan);
    }
    wish->n = q_borrow_fresh_run(z, wish->order, wish->run);
    return wish->n > 0;
}

/* ---- a whole block --------------------------------------------------------------------------------------- */

static bool block_between(struct q_wish *wish, struct q_zone *z, enum q_class class, size_t from, size_t end) {
    for (size_t b = from; from < end && (b = q_zone_next_free(z, class, b)) < end; b++) {
        if (q_borrow_block(z, b)) {
            wish->run[0] = q_zone_frame(z, b);
            wish->n = 1;
            return true;
        }
    }
    return false;
}

/* Used ones first, so that untouched memory stays so. Each CPU begins at a place of its own: in another node of the index, whose
 * words these blocks share, where there are so many; else as far from the others as can be. */
static bool block_in_zone(struct q_wish *wish, struct q_zone *z) {
    Q_ASSERT(wish->order == QUIRE_BLOCK_ORDER && wish->loan == NULL, wish->order);
    size_t apart = (size_t)wish->rank * Q_FANOUT, even = place_among(wish, z->n_blocks);
    size_t home = apart < even ? apart : even;
    return block_between(wish, z, Q_ALL, home, z->n_blocks) || block_between(wish, z, Q_ALL, 0, home) ||
           block_between(wish, z, Q_FRESH, home, z->n_blocks) || block_between(wish, z, Q_FRESH, 0, home);
}

/* ---- all zones ------------------------------------------------------------------------------------------- */

bool q_find_in(struct q_wish *wish, struct q_zone *z) {
    Q_ASSERT(wish->order <= QUIRE_BLOCK_ORDER && wish->most <= Q_MOST_RUNS, wish->order);
    wish->n = 0;
    return wish->order < QUIRE_BLOCK_ORDER ? frames_in_zone(wish, z) : block_in_zone(wish, z);
}

/* How many zones, from the first on, are as near as the first; all scarce ones count as equally far. */
static size_t as_near(struct q_zone *const *zone, size_t n) {
    size_t k = 1;
    /* relaxed: either answer will do while quire_add changes it */
    while (k < n && atomic_load_explicit(&zone[k]->near_to, memory_order_relaxed) ==
                        atomic_load_explicit(&zone[0]->near_to, memory_order_relaxed)) {
        k++;
    }
    return k;
}

static bool find_among(struct q_wish *wish, struct q_zone *const *zone, size_t n) {
    bool found = false;
    for (size_t i = 0; i < n && !found; i++) {
        found = q_find_in(wish, zone[i]);
    }
    return found;
}

bool q_find(struct quire *q, struct q_wish *wish) {
    const struct q_zones *zones = q_zones(q);
    struct q_zone *const *zone = q_zones_from(zones, wish->node);
    Q_ASSERT(wish->node < q->n_nodes, wish->node);
    bool found = false, sparing = wish->sparing;
    for (size_t i = 0, n; i < zones->n && !found && (i == 0 || !wish->near_only); i += n) {
        n = as_near(zone + i, zones->n - i);
        found = find_among(wish, zone + i, n);
        if (!found && sparing && i + n < zones->n) {
            wish->sparing = false;
            found = find_among(wish, zone + i, n);
            wish->sparing = true;
        }
    }
    return found;
}

q_frame q_find_anywhere(const struct quire *q) {
    const struct q_zones *zones = q_zones(q);
    q_frame f;
    for (size_t k = 0; k < zones->n; k++) {
        struct q_zone *z = zones->zone[k];
        for (size_t b = 0; (b = q_zone_next_ready(z, b)) != Q_NO_BLOCK; b++) {
            if (q_borrow_runs(z, b, 0, 1, &f) > 0) {
                return f;
            }
        }
    }
    return Q_NO_FRAME;
}
