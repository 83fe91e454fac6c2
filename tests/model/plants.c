/* plants.c: an allocator that does one thing wrong, for each thing that the oracle, the stress test and the fuzz target
 * look at. They must notice: a check that no mistake can fail is worth nothing.
 *
 * The mistake stands between the test and the allocator (the linker's --wrap puts it there) and is made in one call of
 * many. PLANT in the environment names it; a name that is not here makes none. */
#include "tests/pair.h"
#include <quire/port.h>
#include <quire/quire.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- which, and when ------------------------------------------------------------------------------------ */

#define ONE_IN 300u

static const char *wanted;

static __attribute__((constructor)) void learn_which(void) {
    const char *name = getenv("PLANT");
    wanted = name != NULL ? name : "none";
}

static bool planted(const char *name) {
    return strcmp(wanted, name) == 0;
}

/* Now and then, in calls that might go wrong. */
static bool strikes(const char *name) {
    static atomic_uint n_calls;
    return planted(name) && atomic_fetch_add(&n_calls, 1) % ONE_IN == ONE_IN - 1;
}

/* The function that the test calls, and the allocator's own. */
#define PLANT(type, name, ...)                                                                                         \
    type __real_##name(__VA_ARGS__);                                                                                   \
    type __wrap_##name(__VA_ARGS__);                                                                                   \
    type __wrap_##name(__VA_ARGS__)

/* ---- references ----------------------------------------------------------------------------------------- */

PLANT(uint32_t, quire_refs, const struct quire *q, quire_pa pa) {
    return __real_quire_refs(q, pa) + strikes("a count of references that is wrong");
}

PLANT(enum quire_status, quire_get, struct quire *q, quire_pa pa) {
    return strikes("a reference not taken") ? QUIRE_OK : __real_quire_get(q, pa);
}

PLANT(bool, quire_try_get, struct quire *q, quire_pa pa) {
    return __real_quire_try_get(q, pa) || strikes("a lookup that always says yes");
}

PLANT(enum quire_status, quire_put, struct quire *q, quire_pa pa) {
    if (__real_quire_refs(q, pa) > 1 && strikes("two references dropped")) {
        (void)__real_quire_put(q, pa);
    }
    return __real_quire_put(q, pa);
}

PLANT(enum quire_status, quire_cow, struct quire *q, quire_pa shared, quire_pa *own) {
    if (__real_quire_refs(q, shared) > 1 && strikes("a copy that is the original")) {
        *own = shared;
        return QUIRE_OK;
    }
    enum quire_status status = __real_quire_cow(q, shared, own);
    if (status == QUIRE_OK && strikes("a copy with another content")) {
        ((unsigned char *)quire_port_map(*own))[0] ^= 1;
    }
    return status;
}

/* ---- freeing -------------------------------------------------------------------------------------------- */

PLANT(enum quire_status, quire_free, struct quire *q, quire_pa pa) {
    static unsigned n_frees;
    if (planted("a plain counter that all threads write") && ++n_frees % ONE_IN == 0) {
        sched_yield(); /* the next thread writes before anything orders the two, also where one processor runs all */
    }
    /* A misuse would be noticed for another reason. */
    bool right = pa % QUIRE_PAGE_SIZE == 0 && __real_quire_refs(q, pa) == 1;
    return right && strikes("a free that is forgotten") ? QUIRE_OK : __real_quire_free(q, pa);
}

PLANT(enum quire_status, quire_free_order, struct quire *q, quire_pa pa, unsigned order) {
    bool more = order > 0 && order < PAIR_ORDER && strikes("a run of which half is freed");
    return __real_quire_free_order(q, pa, more ? order - 1 : order);
}

/* Whether the frame behind n frames is held as the last of them is. */
static bool goes_on(const struct quire *q, quire_pa pa, uint64_t n) {
    return n > 0 && n < UINT16_MAX && __real_quire_refs(q, pa + (n - 1) * QUIRE_PAGE_SIZE) == 1 &&
           __real_quire_refs(q, pa + n * QUIRE_PAGE_SIZE) == 1;
}

PLANT(enum quire_status, quire_free_frames, struct quire *q, quire_pa pa, uint64_t n_frames) {
    bool more = goes_on(q, pa, n_frames) && strikes("a run of which one frame more is freed");
    return __real_quire_free_frames(q, pa, n_frames + more);
}

PLANT(size_t, quire_free_bulk, struct quire *q, size_t n, const quire_pa *pa) {
    bool fewer = n > 1 && strikes("a frame in bulk that is not freed");
    size_t done = __real_quire_free_bulk(q, fewer ? n - 1 : n, pa);
    return fewer && done == n - 1 ? n : done;
}

PLANT(void, quire_port_fault, const struct quire_fault *fault) {
    struct quire_fault other = *fault;
    other.tag = (uint8_t)(fault->tag + strikes("the wrong owner blamed"));
    other.pa += strikes("the wrong frame blamed") ? QUIRE_PAGE_SIZE : 0;
    other.kind = strikes("the wrong kind of fault") ? QUIRE_FAULT_BIT_TWICE : fault->kind;
    if (!strikes("a fault not reported")) {
        __real_quire_port_fault(&other);
    }
}

/* ---- allocating ----------------------------------------------------------------------------------------- */

/* Relaxed: an exchange that ordered the threads would hide from ThreadSanitizer that they race elsewhere. */
static _Atomic quire_pa last = QUIRE_NONE;

PLANT(quire_pa, quire_alloc, struct quire *q, uint8_t tag) {
    quire_pa pa = __real_quire_alloc(q, tag), before = atomic_exchange_explicit(&last, pa, memory_order_relaxed);
    if (pa == QUIRE_NONE) {
        return pa;
    }
    if (before != QUIRE_NONE && __real_quire_refs(q, before) > 0 && strikes("a frame handed out twice")) {
        return before;
    }
    if (strikes("a frame that is lost")) {
        return __real_quire_alloc(q, tag);
    }
    if (strikes("none where there is one")) {
        (void)__real_quire_free(q, pa);
        return QUIRE_NONE;
    }
    if (planted("a byte that was written")) {
        ((unsigned char *)quire_port_map(pa))[QUIRE_PAGE_SIZE / 3] ^= 1;
    }
    return pa;
}

PLANT(enum quire_status, quire_alloc_order, struct quire *q, unsigned order, uint8_t tag, quire_pa *out) {
    enum quire_status status = __real_quire_alloc_order(q, order, tag, out);
    if (order > 0 && status == QUIRE_OK && strikes("a run that is not aligned")) {
        *out += QUIRE_PAGE_SIZE;
    }
    return status == QUIRE_FRAGMENTED && strikes("the wrong excuse") ? QUIRE_NO_MEMORY : status;
}

PLANT(enum quire_status, quire_alloc_for, struct quire *q, const struct quire_request *r, quire_pa *out) {
    enum quire_status status = __real_quire_alloc_for(q, r, out);
    bool found = status == QUIRE_OK;
    if (found && strikes("a place that is overlooked")) {
        (void)__real_quire_free_frames(q, *out, r->n_frames != 0 ? r->n_frames : 1);
        *out = QUIRE_NONE;
        return QUIRE_FRAGMENTED;
    }
    if (found && r->align > QUIRE_PAGE_SIZE && strikes("a place that does not fit")) {
        *out += QUIRE_PAGE_SIZE;
    }
    return status;
}

PLANT(uint64_t, quire_alloc_range, struct quire *q, quire_pa pa, uint64_t n_frames, uint8_t tag) {
    bool fewer = n_frames > 1 && strikes("a range that ends early");
    return __real_quire_alloc_range(q, pa, fewer ? 1 : n_frames, tag);
}

PLANT(size_t, quire_alloc_bulk, struct quire *q, size_t n, size_t least, uint8_t tag, quire_pa *out) {
    size_t done = __real_quire_alloc_bulk(q, n, least, tag, out);
    if (done > 1 && strikes("a bulk in which a frame is twice")) {
        out[done - 1] = out[0];
    }
    if (done > 1 && strikes("a bulk that is too small")) {
        (void)__real_quire_free(q, out[--done]);
    }
    return done;
}

PLANT(enum quire_status, quire_add, struct quire *q, const struct quire_region *region) {
    enum quire_status status = __real_quire_add(q, region);
    return status == QUIRE_INVALID && planted("memory taken in twice") ? QUIRE_OK : status;
}

/* ---- inspecting ----------------------------------------------------------------------------------------- */

PLANT(void, quire_stats, const struct quire *q, struct quire_stats *out) {
    __real_quire_stats(q, out);
    out->n_free += strikes("a wrong number of free frames");
}

PLANT(bool, quire_zone_stats, const struct quire *q, unsigned zone, struct quire_zone_stats *out) {
    bool is_there = __real_quire_zone_stats(q, zone, out);
    out->n_free_blocks += is_there && strikes("a wrong number of free blocks");
    return is_there;
}

PLANT(bool, quire_cpu_stats, const struct quire *q, unsigned cpu, struct quire_cpu_stats *out) {
    bool is_there = __real_quire_cpu_stats(q, cpu, out);
    out->n_in += is_there && strikes("a wrong number of cached frames");
    return is_there;
}

PLANT(void, quire_tag_stats, const struct quire *q, uint64_t n_frames[QUIRE_TAGS]) {
    __real_quire_tag_stats(q, n_frames);
    n_frames[3] += planted("a wrong number of frames of an owner");
}

struct shown {
    quire_walk_fn *visit;
    void *ctx;
};

static bool show(void *ctx, const struct quire_run *run) {
    const struct shown *s = ctx;
    struct quire_run other = *run;
    other.tag = (uint8_t)(run->tag + strikes("a walk that names the wrong owner"));
    return strikes("a walk that leaves out a run") || s->visit(s->ctx, &other);
}

PLANT(void, quire_walk, const struct quire *q, quire_walk_fn *visit, void *ctx) {
    struct shown s = {visit, ctx};
    __real_quire_walk(q, show, &s);
}

PLANT(enum quire_status, quire_validate, const struct quire *q, struct quire_fault *first) {
    enum quire_status status = __real_quire_validate(q, first);
    return planted("a recount that finds something") ? QUIRE_FAULT : status;
}

/* ---- after a crash -------------------------------------------------------------------------------------- */

static bool free_first(void *ctx, const struct quire_run *run) {
    return run->state != QUIRE_STATE_HELD || __real_quire_free(*(struct quire **)ctx, run->base) != QUIRE_OK;
}

PLANT(enum quire_status, quire_recover, struct quire **out, const struct quire_config *config,
      const struct quire_region *regions, size_t n_regions, struct quire_recovery *found) {
    enum quire_status status = __real_quire_recover(out, config, regions, n_regions, found);
    found->n_astray += planted("frames that were never astray");
    if (status == QUIRE_OK && planted("a frame that a crash takes away")) {
        __real_quire_walk(*out, free_first, out);
    }
    return status;
}
