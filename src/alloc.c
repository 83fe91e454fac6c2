/* alloc.c: allocating and freeing 2^order frames, in the ways that cover every case: any order, any contents, faults,
 * memory out. The quick ways for the usual cases are in single.c and order.c.
 *
 *   allocate:  take frames (take.c), verify or fill them (content.c), write who holds them (own.c)
 *   free:      look at who holds them, write that nobody does (own.c), fill them (content.c), give them (take.c) */
#include "alloc.h"

#include "cache.h"
#include "compiler.h"
#include "content.h"
#include "find.h"
#include "own.h"
#include "place.h"
#include "take.h"

/* Why 2^order frames could not be had: the memory has no such place, it is full, or what is free does not lie together. */
static Q_COLD enum quire_status why_none(const struct quire *q, unsigned order) {
    struct quire_stats stats;
    if (order == 0) {
        return QUIRE_NO_MEMORY;
    }
    quire_stats(q, &stats);
    q_frame n_runs = (q_frame)stats.n_free >> order; /* a word, which numbers all frames: see q_is_misaligned */
    return !q_ever_fits(q, order) ? QUIRE_UNSATISFIABLE : n_runs == 0 ? QUIRE_NO_MEMORY : QUIRE_FRAGMENTED;
}

enum quire_status q_alloc_taken(struct quire *q, const char *call, q_frame f, unsigned order, uint8_t tag, bool fill,
                                quire_pa *out) {
    Q_ASSERT(order <= QUIRE_MAX_ORDER, order);
    /* What cannot be used takes a frame out of circulation each time, so this ends. */
    while (f != Q_NO_FRAME && !q_hand_out(q, call, f, order, tag, fill)) {
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

void q_let_go(struct quire *q, q_frame f, unsigned order) {
    Q_ASSERT(order <= QUIRE_MAX_ORDER && (f & (((q_frame)1 << order) - 1)) == 0, f);
    if (q->content != QUIRE_CONTENT_NONE) {
        q_content_freed(q, f, order);
    }
    q_give(q, f, order);
}

enum quire_status q_free(struct quire *q, const char *call, quire_pa pa, unsigned order) {
    struct q_run run;
    enum quire_status status = q_find_own(q, call, pa, order, &run);
    if (status != QUIRE_OK) {
        return status;
    }
    if (!q_content_may_free(q, call, q_run_frame(&run), order)) {
        return QUIRE_FAULT;
    }
    struct q_cache *home = q_call_begin(q);
    status = q_disown(q, call, &run, order);
    if (status == QUIRE_OK) {
        q_let_go(q, q_run_frame(&run), order);
    }
    q_call_end(home);
    return status;
}
