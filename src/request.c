/* request.c: any number of frames, anywhere: what callers ask for, in frames, and where it is answered.
 *
 *   one frame, no limits           quire_alloc, which proves its failure
 *   2^order frames, no limits      quire_alloc_order, which has short ways; if that finds none, as all others:
 *   anything else                  a search for the first place that fits (range.c)
 *   what is free from here on      no search
 *
 * A request names addresses in bytes, and 0 means that the caller does not mind. A search wants frames, and a bound for
 * each thing (struct q_fit):
 *
 *   the caller says             a search wants
 *   n_frames    0               1
 *   align       1 MiB           a multiple of 256
 *   boundary    0               0: it may cross any address
 *   low         0x100800        from frame 0x101 on: the first that lies above it as a whole
 *   end         0               up to the last frame that has a number
 *   node        0               the node of this CPU first, then all others
 *   n_looks     0               as many as it takes
 *
 * Addresses have 64 bits. On a 32-bit machine frames have numbers of 32, and what can not be said in these lies beyond all
 * memory.
 *
 * Frames that are freed, or get another owner, may be of several allocations, and of two zones where these touch. Each
 * zone's part is looked at before the first is changed, so a call that is refused has changed nothing:
 *
 *     zone 0       | zone 1
 *     h h h h h h  | h h f h            the third frame of zone 1 is free: reported, and all stay as they are */
#include "alloc.h"
#include "nodes.h"
#include "own.h"
#include "place.h"
#include "take.h"

static bool is_power_or_0(uint64_t n) {
    return (n & (n - 1)) == 0;
}

/* A number of frames, or the first frame of an address, as far as words have numbers for it. */
static q_frame in_words(uint64_t n) {
    return n < Q_NO_FRAME ? (q_frame)n : Q_NO_FRAME;
}

/* The same of a power of two: the largest in words, if it is larger. */
static q_frame power_in_words(uint64_t n) {
    const q_frame top = (q_frame)1 << (Q_WORD_BITS - 1);
    return n < top ? (q_frame)n : top;
}

static struct q_fit fit_of(const struct quire *q, const struct quire_request *r) {
    quire_pa end = r->end != 0 ? r->end : QUIRE_NONE;
    return (struct q_fit){
        .n = r->n_frames != 0 ? in_words(r->n_frames) : 1,
        .align = r->align > QUIRE_PAGE_SIZE ? power_in_words(r->align >> QUIRE_PAGE_SHIFT) : 1,
        .boundary = power_in_words(r->boundary >> QUIRE_PAGE_SHIFT),
        .within = {in_words((r->low >> QUIRE_PAGE_SHIFT) + (r->low % QUIRE_PAGE_SIZE != 0)),
                   in_words(end >> QUIRE_PAGE_SHIFT)},
        .node = r->node != 0 ? r->node - 1u : q_cache_here(q)->node,
        .node_only = r->node_only,
        .n_looks = r->n_looks != 0 ? r->n_looks : Q_ALL_LOOKS,
    };
}

/* Whether any memory could have such a place. */
static bool means_something(const struct quire_request *r, const struct q_fit *fit) {
    bool crosses = r->boundary != 0 && fit->boundary < fit->n;
    return !crosses && !q_is_empty(fit->within) && fit->within.end - fit->within.base >= fit->n;
}

/* Whether what is asked for means something: it may still be more than there is. */
static bool request_valid(const struct quire *q, const struct quire_request *r) {
    return is_power_or_0(r->align) && is_power_or_0(r->boundary) && (r->end == 0 || r->end > r->low) &&
           r->node <= q->n_nodes && r->tag != QUIRE_TAG_QUARANTINE;
}

/* Whether quire_alloc_order gives what is asked for, if it has any: log2 of the frames; else a number that is too large. */
static unsigned order_of(const struct quire *q, const struct quire_request *r, const struct q_fit *fit) {
    unsigned order = q_order_of(fit->n);
    Q_ASSERT(fit->n > 0 && fit->align > 0, fit->n);
    bool limited = r->low != 0 || r->end != 0 || r->n_looks != 0 || fit->align > fit->n || r->node_only ||
                   fit->node != q_cache_here(q)->node;
    return limited || fit->n > Q_BLOCK || fit->n != (q_frame)1 << order ? QUIRE_MAX_ORDER + 1 : order;
}

/* Searches all memory. */
static enum quire_status alloc_fit(struct quire *q, struct q_fit *fit, uint8_t tag, quire_pa *out) {
    struct q_cache *home = q_call_begin(q);
    q_frame f;
    do { /* what cannot be used takes a frame out of circulation each time, so this ends */
        f = q_take_fit(q, fit);
    } while (f != Q_NO_FRAME && !q_hand_out(q, "quire_alloc_for", f, fit->n, tag, true));
    *out = f != Q_NO_FRAME ? q_pa(f) : QUIRE_NONE;
    enum quire_status status = f != Q_NO_FRAME ? QUIRE_OK : fit->n_looks == 0 ? QUIRE_GAVE_UP : q_why_none(q, fit);
    q_call_end(home);
    return status;
}

enum quire_status quire_alloc_for(struct quire *q, const struct quire_request *r, quire_pa *out) {
    *out = QUIRE_NONE;
    if (!request_valid(q, r)) {
        return QUIRE_INVALID;
    }
    struct q_fit fit = fit_of(q, r);
    if (!means_something(r, &fit)) {
        return QUIRE_UNSATISFIABLE;
    }
    unsigned order = order_of(q, r, &fit);
    if (order <= QUIRE_BLOCK_ORDER) {
        enum quire_status status = quire_alloc_order(q, order, r->tag, out);
        if (status == QUIRE_OK || order == 0) {
            return status;
        }
    }
    return alloc_fit(q, &fit, r->tag, out);
}

uint64_t quire_alloc_range(struct quire *q, quire_pa pa, uint64_t n_frames, uint8_t tag) {
    q_frame f = q_frame_of(pa);
    if (pa % QUIRE_PAGE_SIZE != 0 || f == Q_NO_FRAME || n_frames == 0 || tag == QUIRE_TAG_QUARANTINE) {
        return 0;
    }
    struct q_cache *home = q_call_begin(q);
    size_t n;
    do { /* as in alloc_fit */
        n = q_take_range(q, f, in_words(n_frames));
    } while (n > 0 && !q_hand_out(q, "quire_alloc_range", f, n, tag, true));
    q_call_end(home);
    Q_ASSERT(n <= n_frames, n);
    return n;
}

uint64_t quire_largest(const struct quire *q, const struct quire_request *r, quire_pa *at) {
    struct q_fit fit = fit_of(q, r);
    q_frame f = Q_NO_FRAME;
    fit.n = 1;
    fit.n_looks = Q_ALL_LOOKS;
    size_t n = request_valid(q, r) && means_something(r, &fit) ? q_largest_fit(q, &fit, &f) : 0;
    *at = n > 0 ? q_pa(f) : QUIRE_NONE;
    return n;
}

void quire_free_runs(const struct quire *q, uint64_t n_runs[QUIRE_MAX_ORDER + 1]) {
    for (unsigned order = 0; order <= QUIRE_MAX_ORDER; order++) {
        n_runs[order] = 0;
    }
    q_count_runs(q, n_runs);
}

/* How many of n frames from `f` on lie in one zone; all of them where the first one is in none. */
static size_t in_one_zone(const struct quire *q, q_frame f, size_t n) {
    const struct q_zone *z = q_zone_at(q, f);
    q_frame end = z != NULL ? q_zone_bounds(z).end : f;
    return end > f && end - f < n ? end - f : n;
}

/* Does something with the part of a run that lies in one zone. */
typedef enum quire_status run_step(struct quire *q, const char *call, quire_pa pa, size_t n, uint8_t tag);

static enum quire_status in_each_zone(struct quire *q, const char *call, quire_pa pa, size_t n, run_step *step,
                                      uint8_t tag) {
    enum quire_status status = QUIRE_OK;
    for (size_t done = 0, here; status == QUIRE_OK && done < n; done += here) {
        quire_pa at = pa + ((quire_pa)done << QUIRE_PAGE_SHIFT);
        here = in_one_zone(q, q_frame_of(at), n - done);
        Q_ASSERT(here > 0 && here <= n - done, at);
        status = step(q, call, at, here, tag);
    }
    return status;
}

/* Looks at all before anything is changed: where the run lies in one zone, `change` does that itself. */
static enum quire_status look_and_change(struct quire *q, const char *call, quire_pa pa, uint64_t n_frames,
                                         run_step *look, run_step *change, uint8_t tag) {
    size_t n = in_words(n_frames);
    bool is_in_one = in_one_zone(q, q_frame_of(pa), n) == n;
    enum quire_status status = is_in_one ? QUIRE_OK : in_each_zone(q, call, pa, n, look, tag);
    return status == QUIRE_OK ? in_each_zone(q, call, pa, n, change, tag) : status;
}

static enum quire_status look_own(struct quire *q, const char *call, quire_pa pa, size_t n, uint8_t tag) {
    struct q_run run;
    (void)tag;
    return q_find_own(q, call, pa, n, false, &run);
}

static enum quire_status free_own(struct quire *q, const char *call, quire_pa pa, size_t n, uint8_t tag) {
    (void)tag;
    return q_free(q, call, pa, n, false);
}

enum quire_status quire_free_frames(struct quire *q, quire_pa pa, uint64_t n_frames) {
    return n_frames == 0 ? QUIRE_INVALID : look_and_change(q, "quire_free_frames", pa, n_frames, look_own, free_own, 0);
}

static enum quire_status look_held(struct quire *q, const char *call, quire_pa pa, size_t n, uint8_t tag) {
    (void)tag;
    return q_check_held(q, call, pa, n);
}

enum quire_status quire_retag(struct quire *q, quire_pa pa, uint64_t n_frames, uint8_t tag) {
    bool means_any = n_frames != 0 && tag != QUIRE_TAG_QUARANTINE;
    return means_any ? look_and_change(q, "quire_retag", pa, n_frames, look_held, q_retag, tag) : QUIRE_INVALID;
}
