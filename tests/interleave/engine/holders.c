/* holders.c: who holds which frame, as far as that is certain.
 *
 * A frame is somebody's from the moment at which the call that allocated it returned until the moment at which one that
 * frees it is begun, and so with each reference. In between calls are in flight, and open: they have happened or not. What
 * is known lies in watched memory, so that it is put back with it, and is a part of its hash. */
#include "scenario.h"

#include <string.h>

static struct frame {
    uint8_t holder; /* 0: nobody; else thread + 1, of the first holder where there are several */
    uint8_t n_refs;
} * frames;
static size_t n_frames;
static quire_pa first;

static OF_SCHEDULE size_t n_held;
static OF_SCHEDULE struct call calls[MAX_THREADS + 1];
static size_t first_n_held;

size_t holders_bytes(size_t n) {
    return n * sizeof *frames;
}

void holders_make(void *memory, quire_pa base, size_t n) {
    frames = memory;
    first = base;
    n_frames = n;
    n_held = 0;
}

void holders_remember(void) {
    first_n_held = n_held;
}

void holders_begin_schedule(void) {
    n_held = first_n_held;
    memset(calls, 0, sizeof calls);
}

/* ---- frames ---------------------------------------------------------------------------------------------- */

static size_t frame_of(quire_pa pa) {
    return (size_t)((pa - first) >> QUIRE_PAGE_SHIFT);
}

static void set(size_t f, unsigned holder, unsigned n_refs) {
    if (recording) {
        cells_save((uintptr_t)&frames[f], sizeof frames[f]);
    }
    n_held = n_held + (holder != 0) - (frames[f].holder != 0);
    frames[f] = (struct frame){(uint8_t)holder, (uint8_t)n_refs};
}

void world_hold(quire_pa pa, size_t n) {
    for (size_t f = frame_of(pa), i = 0; i < n; f++, i++) {
        if (f >= n_frames || frames[f].holder != 0) {
            fail("a frame was handed out that %s", f < n_frames ? "somebody holds" : "does not exist");
            return;
        }
        set(f, current + 1, 1);
    }
}

void world_drop(quire_pa pa, size_t n) {
    for (size_t f = frame_of(pa), i = 0; i < n; f++, i++) {
        set(f, 0, 0);
    }
}

static void add_reference(quire_pa pa) {
    const struct frame *f = &frames[frame_of(pa)];
    set(frame_of(pa), f->holder != 0 ? f->holder : current + 1, f->n_refs + 1u);
}

static void take_reference_away(quire_pa pa) {
    const struct frame *f = &frames[frame_of(pa)];
    set(frame_of(pa), f->n_refs > 1 ? f->holder : 0, f->n_refs - 1u);
}

unsigned world_n_refs(size_t frame) {
    return frames[frame].n_refs;
}

size_t world_n_held(void) {
    return n_held;
}

const struct call *world_call(unsigned thread) {
    return &calls[thread];
}

/* The first word of a frame stands for its contents. */
void touch(quire_pa pa) {
    if (current != NOBODY) {
        cells_plain((uintptr_t)world_at(pa), 4, true);
    }
}

void look(quire_pa pa) {
    if (current != NOBODY) {
        cells_plain((uintptr_t)world_at(pa), 4, false);
    }
}

/* ---- calls ----------------------------------------------------------------------------------------------- */

static void end_call(void) {
    calls[current] = (struct call){0};
}

/* A call returned n frames, or none. */
static quire_pa hold(size_t n, quire_pa pa) {
    end_call();
    trace_note("allocated %zu: frame %ld", n, pa == QUIRE_NONE ? -1 : (long)frame_of(pa));
    if (pa != QUIRE_NONE) {
        world_hold(pa, n);
        touch(pa);
    }
    return pa;
}

quire_pa take_order(unsigned order) {
    quire_pa pa = QUIRE_NONE;
    calls[current] = (struct call){.takes = (size_t)1 << order};
    if (order == 0) {
        pa = quire_alloc(q, 1);
    } else {
        (void)quire_alloc_order(q, order, 1, &pa);
    }
    return hold((size_t)1 << order, pa);
}

quire_pa take_range(size_t n, quire_pa low, quire_pa end) {
    const struct quire_request request = {.n_frames = n, .low = low, .end = end, .tag = 1};
    quire_pa pa;
    calls[current] = (struct call){.takes = n};
    (void)quire_alloc_for(q, &request, &pa);
    return hold(n, pa);
}

quire_pa take(void) {
    return take_order(0);
}

size_t take_as_many(quire_pa pa, size_t n) {
    calls[current] = (struct call){.takes = n};
    n = (size_t)quire_alloc_range(q, pa, n, 1);
    (void)hold(n, n > 0 ? pa : QUIRE_NONE);
    return n;
}

/* n frames are about to be freed. */
static void drop(quire_pa pa, size_t n) {
    touch(pa);
    world_drop(pa, n);
    calls[current] = (struct call){.base = pa, .n = n};
    trace_note("frees %zu: frame %ld", n, (long)frame_of(pa));
}

size_t take_bulk(size_t n, quire_pa *out) {
    calls[current] = (struct call){.takes = n, .apart = true};
    n = quire_alloc_bulk(q, n, 0, 1, out);
    end_call();
    for (size_t i = 0; i < n; i++) {
        world_hold(out[i], 1);
    }
    for (size_t i = 0; i < n; i++) {
        touch(out[i]);
    }
    trace_note("allocated %zu frames", n);
    return n;
}

void give_bulk(size_t n, const quire_pa *pa) {
    for (size_t i = 0; i < n; i++) {
        touch(pa[i]);
    }
    for (size_t i = 0; i < n; i++) {
        world_drop(pa[i], 1);
    }
    calls[current] = (struct call){.takes = n, .apart = true}; /* those that are not free yet */
    size_t n_freed = quire_free_bulk(q, n, pa);
    end_call();
    expect(n_freed == n, "a good free failed");
}

/* They were. */
static void dropped(enum quire_status status) {
    end_call();
    expect(status == QUIRE_OK, "a good free failed");
}

void give_order(quire_pa pa, unsigned order) {
    if (pa != QUIRE_NONE) {
        drop(pa, (size_t)1 << order);
        dropped(order == 0 ? quire_free(q, pa) : quire_free_order(q, pa, order));
    }
}

void give_range(quire_pa pa, size_t n) {
    if (pa != QUIRE_NONE) {
        drop(pa, n);
        dropped(quire_free_frames(q, pa, n));
    }
}

void give(quire_pa pa) {
    give_order(pa, 0);
}

void share_frame(quire_pa pa) {
    calls[current] = (struct call){.base = pa, .n = 1};
    trace_note("shares frame %ld", (long)frame_of(pa));
    enum quire_status status = quire_get(q, pa);
    end_call();
    expect(status == QUIRE_OK, "a frame that is held can not be shared");
    add_reference(pa);
}

void let_go(quire_pa pa) {
    look(pa);
    take_reference_away(pa);
    calls[current] = (struct call){.base = pa, .n = 1};
    trace_note("lets go of frame %ld", (long)frame_of(pa));
    enum quire_status status = quire_put(q, pa);
    end_call();
    expect(status == QUIRE_OK, "a good put failed");
}

quire_pa make_own(quire_pa pa) {
    quire_pa own;
    look(pa);
    take_reference_away(pa);
    calls[current] = (struct call){.takes = 1, .base = pa, .n = 1};
    enum quire_status status = quire_cow(q, pa, &own);
    end_call();
    trace_note("own frame: %ld", own == QUIRE_NONE ? -1 : (long)frame_of(own));
    if (status == QUIRE_OK && own != pa) {
        world_hold(own, 1);
        touch(own);
    } else {
        add_reference(pa);
    }
    return own;
}
