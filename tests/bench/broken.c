/* broken.c: a stack of frames, and a part of memory from which runs are cut once, with a mistake on demand. */
#include "broken.h"

#include <stdlib.h>

enum mistake mistake;

struct stack {
    struct memory memory;
    size_t n_frames, n_taken_ever, n_freed_ever;
    quire_pa next_run;
    size_t n; /* on the stack */
    quire_pa frame[];
};

static void *make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    size_t n_frames = memory->n_bytes >> QUIRE_PAGE_SHIFT;
    struct stack *s = malloc(sizeof *s + n_frames * sizeof s->frame[0]);
    if (s == NULL) {
        abort();
    }
    *s = (struct stack){.memory = *memory, .n_frames = n_frames, .next_run = memory->base};
    s->n = mistake == KEEPS_TOO_MUCH ? n_frames - n_frames / 50 : n_frames;
    for (size_t i = 0; i < s->n; i++) {
        s->frame[i] = memory->base + (i << QUIRE_PAGE_SHIFT);
    }
    return s;
}

static quire_pa take(void *state, unsigned cpu) {
    (void)cpu;
    struct stack *s = state;
    if (s->n == 0 && mistake == NEVER_NONE) {
        s->n = s->n_frames;
    }
    if (s->n == 0) {
        return QUIRE_NONE;
    }
    quire_pa frame = s->frame[--s->n];
    if (s->n_taken_ever++ != s->n_frames / 2) {
        return frame;
    }
    switch (mistake) {
    case ONE_FRAME_TWICE:
        return s->frame[s->n + 1];
    case BEYOND_MEMORY:
        return s->memory.base + s->memory.n_bytes;
    case BETWEEN_FRAMES:
        return frame + 512;
    case WRITES_TO_HELD:
        s->memory.at[s->frame[s->n + 1] - s->memory.base] ^= 1;
        return frame;
    default:
        return frame;
    }
}

static void give(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    struct stack *s = state;
    if (mistake != LOSES_FRAMES || ++s->n_freed_ever % 100 != 0) {
        s->frame[s->n++] = frame;
    }
}

static quire_pa take_run(void *state, unsigned cpu, unsigned order) {
    (void)cpu;
    struct stack *s = state;
    quire_pa size = QUIRE_PAGE_SIZE << order;
    quire_pa run = (s->next_run + size - 1) & ~(size - 1);
    if (run + size > s->memory.base + s->memory.n_bytes) {
        return QUIRE_NONE;
    }
    s->next_run = mistake == RUN_OVERLAPS && order > 0 ? run + size / 2 : run + size;
    return mistake == RUN_NOT_ALIGNED && order == 1 ? run + QUIRE_PAGE_SIZE : run;
}

static void give_run(void *state, unsigned cpu, quire_pa frame, unsigned order) {
    (void)state, (void)cpu, (void)frame, (void)order;
}

const struct peer peer_broken = {
    .name = "broken",
    .what = "makes the mistake that it is told to",
    .make = make,
    .drop = free,
    .alloc = take,
    .free = give,
    .alloc_order = take_run,
    .free_order = give_run,
};
