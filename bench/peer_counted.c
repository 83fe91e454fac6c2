/* peer_counted.c: one list, and a reference count for each frame in an array beside it, each with a lock of its own, as
 * in xv6 with copy-on-write. A free holds the lock of the counts to its end and takes the list's inside. */
#include "freelist.h"

#include <stdlib.h>

struct counted {
    _Alignas(128) struct freelist list;
    _Alignas(128) struct lock count_lock;
    struct memory memory;
    atomic_int *count; /* atomic because a frame's first count is written without the lock; never read-modify-write */
};

static atomic_int *count_of(const struct counted *c, quire_pa frame) {
    return &c->count[(frame - c->memory.base) >> QUIRE_PAGE_SHIFT];
}

static void *counted_make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    struct counted *c = aligned_alloc(_Alignof(struct counted), sizeof *c);
    atomic_int *count = calloc(memory->n_bytes >> QUIRE_PAGE_SHIFT, sizeof *count);
    if (c == NULL || count == NULL) {
        abort();
    }
    *c = (struct counted){.memory = *memory, .count = count};
    for (uint64_t offset = 0; offset < memory->n_bytes; offset += QUIRE_PAGE_SIZE) {
        freelist_push(&c->list, at_frame(memory, memory->base + offset));
    }
    return c;
}

static void counted_drop(void *state) {
    struct counted *c = state;
    free(c->count);
    free(c);
}

static inline quire_pa alloc_counted(struct counted *c, bool fill) {
    lock_take(&c->list.lock);
    struct link *frame = freelist_pop(&c->list);
    lock_drop(&c->list.lock);
    if (frame == NULL) {
        return QUIRE_NONE;
    }
    if (fill) {
        fill_on_alloc(frame);
    }
    quire_pa pa = frame_at(&c->memory, frame);
    atomic_store_explicit(count_of(c, pa), 1, memory_order_relaxed); /* nobody else knows the frame yet */
    return pa;
}

static inline void free_counted(struct counted *c, quire_pa pa, bool fill) {
    lock_take(&c->count_lock);
    atomic_int *count = count_of(c, pa);
    int left = atomic_load_explicit(count, memory_order_relaxed) - 1; /* the lock orders these two */
    atomic_store_explicit(count, left, memory_order_relaxed);
    if (left <= 0) {
        struct link *frame = at_frame(&c->memory, pa);
        if (fill) {
            fill_on_free(frame);
        }
        lock_take(&c->list.lock);
        freelist_push(&c->list, frame);
        lock_drop(&c->list.lock);
    }
    lock_drop(&c->count_lock);
}

static quire_pa counted_alloc(void *state, unsigned cpu) {
    (void)cpu;
    return alloc_counted(state, false);
}

static void counted_free(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    free_counted(state, frame, false);
}

static quire_pa junk_alloc(void *state, unsigned cpu) {
    (void)cpu;
    return alloc_counted(state, true);
}

static void junk_free(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    free_counted(state, frame, true);
}

const struct peer peer_counted = {
    .name = "counted",
    .what = "one list and a reference count for each frame, two locks (xv6, riscv, copy-on-write)",
    .make = counted_make,
    .drop = counted_drop,
    .alloc = counted_alloc,
    .free = counted_free,
};

const struct peer peer_counted_junk = {
    .name = "counted+junk",
    .what = "the same, frames filled when freed, inside the lock, and when handed out, as that kernel does",
    .traits = PEER_FILLS,
    .make = counted_make,
    .drop = counted_drop,
    .alloc = junk_alloc,
    .free = junk_free,
};
