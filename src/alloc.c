/* alloc.c: allocating and freeing 2^order frames, in the ways that cover every case: any order, any contents, faults,
 * memory out. The quick ways for the usual cases are in single.c and order.c.
 *
 * The steps for a run of 4 frames in memory that is poisoned, and where these frames are after each:
 *
 *   allocate   q_take (take.c)                  this call has them; their records say free
 *              q_hand_out (own.c, content.c)    is the poison whole? then the records name the owner, and the caller has them
 *   free       q_find_own (own.c)               are all held once, as one allocation? else it is reported, and the call ends
 *              q_content_may_free (content.c)   can each be filled? else it is reported, and the call ends
 *              q_disown (own.c)                 this call has them; their records say free
 *              q_let_go                         they are filled with poison, and go into this CPU's cache or home (take.c)
 *
 * K1  A free that is refused has changed nothing: all that can refuse it comes before the first record is written. Only
 *     a second free of the same frames at the same time may come in between.                  tests/faults, tests/model
 * K2  Frames are filled while nobody else can have them: their records say free already, and they are in no cache and in no
 *     block yet.                                                                               tests/interleave/contents.c
 * K3  From q_call_begin to q_call_end a recount says BUSY (validate.c): frames in the hands of a call are in none of the
 *     places where it looks for free ones.                                                    interleaving tests
 *
 * A frame that turns out to be bad, or held, is left out of circulation, and another is taken. So one stray write costs
 * one frame and a report, not the allocation.
 *
 * Cost: that of taking and giving; with a content policy a pass over the frames; after a failure a look at the counts of
 * blocks, to tell full memory from memory in pieces. */
#include "alloc.h"

#include "cache.h"
#include "compiler.h"
#include "content.h"
#include "own.h"
#include "place.h"
#include "take.h"

/* Whether n frames are free in all. Counts as inspect.c does, and stops when it has n. */
static bool has_free(const struct quire *q, size_t n) {
    Q_ASSERT(n > 0, n);
    const struct q_zones *zones = q_zones(q);
    struct quire_cpu_stats cpu;
    size_t found = 0;
    for (unsigned i = 0; found < n && quire_cpu_stats(q, i, &cpu); i++) {
        found += cpu.n_warm + cpu.n_in + cpu.n_out;
    }
    for (size_t i = 0; i < zones->n; i++) {
        const struct q_zone *z = zones->zone[i];
        for (size_t b = 0; found < n && (b = q_zone_next_some(z, Q_NOTHING, b)) != Q_NO_BLOCK; b++) {
            found += q_zone_ready(z, b) ? q_count_free(&z->counts[b]) : Q_BLOCK;
        }
    }
    return found >= n;
}

enum quire_status q_why_none(const struct quire *q, const struct q_fit *fit) {
    return !q_ever_fits(q, fit) ? QUIRE_UNSATISFIABLE : !has_free(q, fit->n) ? QUIRE_NO_MEMORY : QUIRE_FRAGMENTED;
}

/* The same of 2^order frames. */
static Q_COLD enum quire_status why_none(const struct quire *q, unsigned order) {
    struct q_fit fit = q_fit_of_order(order, 0);
    return order == 0 ? QUIRE_NO_MEMORY : q_why_none(q, &fit);
}

enum quire_status q_alloc_taken(struct quire *q, const char *call, q_frame f, unsigned order, uint8_t tag, bool fill,
                                quire_pa *out) {
    Q_ASSERT(order <= QUIRE_MAX_ORDER, order);
    /* What cannot be used takes a frame out of circulation each time, so this ends. */
    while (f != Q_NO_FRAME && !q_hand_out(q, call, f, (size_t)1 << order, tag, fill)) {
        f = q_take(q, order);
    }
    *out = f != Q_NO_FRAME ? q_pa(f) : QUIRE_NONE;
    return f != Q_NO_FRAME ? QUIRE_OK : why_none(q, order);
}

enum quire_status q_alloc(struct quire *q, const char *call, unsigned order, uint8_t tag, bool fill, quire_pa *out) {
    struct q_cache *home = q_call_begin(q);
    enum quire_status status = q_alloc_taken(q, call, q_take(q, order), order, tag, fill, out);
    q_call_end(home);
    return status;
}

/* Whether n frames from `f` on are a run that a cache may take: 2^order frames, aligned so. */
static bool is_small_run(q_frame f, size_t n) {
    Q_ASSERT(n > 0, f);
    return n <= Q_BLOCK && (n & (n - 1)) == 0 && (f & (n - 1)) == 0;
}

void q_let_go(struct quire *q, q_frame f, size_t n) {
    Q_ASSERT(n > 0, f);
    if (q->content != QUIRE_CONTENT_NONE) {
        q_content_freed(q, f, n);
    }
    if (is_small_run(f, n)) {
        q_give(q, f, q_order_of(n));
    } else {
        q_give_home(q, f, n);
    }
}

enum quire_status q_free(struct quire *q, const char *call, quire_pa pa, size_t n, bool as_one) {
    struct q_run run;
    enum quire_status status = q_find_own(q, call, pa, n, as_one, &run);
    if (status != QUIRE_OK) {
        return status;
    }
    if (!q_content_may_free(q, call, q_run_frame(&run), n)) {
        return QUIRE_FAULT;
    }
    struct q_cache *home = q_call_begin(q);
    status = q_disown(q, call, &run);
    if (status == QUIRE_OK) {
        q_let_go(q, q_run_frame(&run), n);
    }
    q_call_end(home);
    return status;
}
