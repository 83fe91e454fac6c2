/* peer_floor.c: the least that can hand out frames on several CPUs: one array of frame numbers for each, push and pop.
 *
 * No lock, no check, no way from one CPU's array to another's: each has its own part of memory, and what it frees is its
 * own from then on. Nothing that keeps its promises to a kernel can be this fast; it shows how near one comes. Once it asks
 * the port for its CPU, by a call, which the others save (CPU_IN_PLACE in bench.mk); once it is told by the harness, which
 * no kernel does. */
#include "peer.h"

#include <quire/port.h>
#include <stdint.h>
#include <stdlib.h>

struct stack {
    _Alignas(128) uint32_t *top; /* one behind the last; two lines, because processors fetch them in pairs */
    uint32_t *bottom;
};

struct floor {
    quire_pa base;
    unsigned n_cpus;
    struct stack *stack;
};

static void *grab(size_t alignment, size_t n_bytes) {
    void *p = aligned_alloc(alignment, (n_bytes + alignment - 1) / alignment * alignment);
    if (p == NULL) {
        abort();
    }
    return p;
}

static void *floor_make(const struct memory *memory, unsigned n_cpus) {
    struct floor *f = grab(_Alignof(struct floor), sizeof *f);
    uint32_t n_frames = (uint32_t)(memory->n_bytes >> QUIRE_PAGE_SHIFT);
    *f = (struct floor){memory->base, n_cpus, grab(_Alignof(struct stack), n_cpus * sizeof(struct stack))};
    for (unsigned cpu = 0; cpu < n_cpus; cpu++) {
        uint32_t *bottom = grab(64, n_frames * sizeof *bottom); /* room for all: it may have to take what others had */
        f->stack[cpu] = (struct stack){bottom, bottom};
        for (uint32_t i = n_frames / n_cpus * (cpu + 1); i-- > n_frames / n_cpus * cpu;) {
            *f->stack[cpu].top++ = i;
        }
    }
    return f;
}

static void floor_drop(void *state) {
    struct floor *f = state;
    for (unsigned cpu = 0; cpu < f->n_cpus; cpu++) {
        free(f->stack[cpu].bottom);
    }
    free(f->stack);
    free(f);
}

static quire_pa told_alloc(void *state, unsigned cpu) {
    struct floor *f = state;
    struct stack *s = &f->stack[cpu];
    return s->top == s->bottom ? QUIRE_NONE : f->base + ((quire_pa) * --s->top << QUIRE_PAGE_SHIFT);
}

static void told_free(void *state, unsigned cpu, quire_pa frame) {
    struct floor *f = state;
    *f->stack[cpu].top++ = (uint32_t)((frame - f->base) >> QUIRE_PAGE_SHIFT);
}

static quire_pa floor_alloc(void *state, unsigned cpu) {
    (void)cpu;
    return told_alloc(state, quire_port_cpu());
}

static void floor_free(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    told_free(state, quire_port_cpu(), frame);
}

const struct peer peer_floor = {
    .name = "floor",
    .what =
        "a bare array of frame numbers for each CPU: no lock, no check, no sharing; calls the port to ask for its CPU",
    .traits = PEER_PRIVATE,
    .make = floor_make,
    .drop = floor_drop,
    .alloc = floor_alloc,
    .free = floor_free,
};

const struct peer peer_told = {
    .name = "told",
    .what = "the same, told on which CPU it runs; all others that need to know ask the port, in place",
    .traits = PEER_PRIVATE,
    .make = floor_make,
    .drop = floor_drop,
    .alloc = told_alloc,
    .free = told_free,
};
