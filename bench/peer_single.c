/* peer_single.c: one list of free frames and one lock for the whole machine, as in xv6 on x86. */
#include "freelist.h"

#include <stdlib.h>

struct single {
    _Alignas(128) struct freelist list;
    struct memory memory;
};

static void *single_make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    struct single *s = aligned_alloc(_Alignof(struct single), sizeof *s);
    if (s == NULL) {
        abort();
    }
    *s = (struct single){.memory = *memory};
    for (uint64_t offset = 0; offset < memory->n_bytes; offset += QUIRE_PAGE_SIZE) {
        freelist_push(&s->list, at_frame(memory, memory->base + offset));
    }
    return s;
}

static quire_pa single_alloc(void *state, unsigned cpu) {
    (void)cpu;
    struct single *s = state;
    lock_take(&s->list.lock);
    struct link *frame = freelist_pop(&s->list);
    lock_drop(&s->list.lock);
    return frame_at(&s->memory, frame);
}

static void single_free(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    struct single *s = state;
    lock_take(&s->list.lock);
    freelist_push(&s->list, at_frame(&s->memory, frame));
    lock_drop(&s->list.lock);
}

static void single_free_junk(void *state, unsigned cpu, quire_pa frame) {
    struct single *s = state;
    fill_on_free(at_frame(&s->memory, frame));
    single_free(state, cpu, frame);
}

const struct peer peer_single = {
    .name = "single",
    .what = "one list through the frames, one lock (xv6, x86)",
    .make = single_make,
    .drop = free,
    .alloc = single_alloc,
    .free = single_free,
};

const struct peer peer_single_junk = {
    .name = "single+junk",
    .what = "the same, frames filled when freed, as that kernel does",
    .traits = PEER_FILLS,
    .make = single_make,
    .drop = free,
    .alloc = single_alloc,
    .free = single_free_junk,
};
