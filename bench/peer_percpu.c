/* peer_percpu.c: a list and a lock for each CPU, as in xv6 with the lock lab done. A CPU whose list is empty goes over
 * the others' and takes one frame.
 *
 * Packed, the lists lie one behind the other, and two share a line of the processor's cache; padded, each has two lines
 * of its own. Which, is the constant `stride` of the functions below. Unlike the original, memory is dealt out evenly at
 * the start, not all to the CPU that boots. */
#include "freelist.h"

#include <quire/port.h>
#include <stdlib.h>

enum { PACKED = 32, PADDED = 128 }; /* bytes from list to list; xv6's list with its lock has 32 */

_Static_assert(sizeof(struct freelist) <= PACKED, "lists must not overlap");

struct percpu {
    struct memory memory;
    unsigned n_cpus;
    _Alignas(PADDED) char lists[];
};

static inline struct freelist *list_of(struct percpu *p, size_t stride, unsigned cpu) {
    return (struct freelist *)(void *)(p->lists + stride * cpu);
}

static inline void *make(const struct memory *memory, unsigned n_cpus, size_t stride) {
    struct percpu *p = aligned_alloc(PADDED, sizeof *p + (size_t)PADDED * n_cpus);
    if (p == NULL) {
        abort();
    }
    memset(p, 0, sizeof *p + (size_t)PADDED * n_cpus);
    p->memory = *memory;
    p->n_cpus = n_cpus;
    for (uint64_t offset = 0; offset < memory->n_bytes; offset += QUIRE_PAGE_SIZE) {
        unsigned cpu = (unsigned)(offset * n_cpus / memory->n_bytes);
        freelist_push(list_of(p, stride, cpu), at_frame(memory, memory->base + offset));
    }
    return p;
}

static inline struct link *take(struct freelist *list) {
    lock_take(&list->lock);
    struct link *frame = freelist_pop(list);
    lock_drop(&list->lock);
    return frame;
}

static inline quire_pa alloc_from(struct percpu *p, size_t stride) {
    unsigned cpu = quire_port_cpu();
    struct link *frame = take(list_of(p, stride, cpu));
    for (unsigned other = 0; frame == NULL && other < p->n_cpus; other++) {
        if (other != cpu) {
            frame = take(list_of(p, stride, other));
        }
    }
    return frame_at(&p->memory, frame);
}

static inline void free_to(struct percpu *p, size_t stride, quire_pa frame) {
    struct freelist *list = list_of(p, stride, quire_port_cpu());
    lock_take(&list->lock);
    freelist_push(list, at_frame(&p->memory, frame));
    lock_drop(&list->lock);
}

static void *packed_make(const struct memory *memory, unsigned n_cpus) {
    return make(memory, n_cpus, PACKED);
}

static quire_pa packed_alloc(void *state, unsigned cpu) {
    (void)cpu;
    return alloc_from(state, PACKED);
}

static void packed_free(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    free_to(state, PACKED, frame);
}

static void *padded_make(const struct memory *memory, unsigned n_cpus) {
    return make(memory, n_cpus, PADDED);
}

static quire_pa padded_alloc(void *state, unsigned cpu) {
    (void)cpu;
    return alloc_from(state, PADDED);
}

static void padded_free(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    free_to(state, PADDED, frame);
}

static quire_pa junk_alloc(void *state, unsigned cpu) {
    (void)cpu;
    struct percpu *p = state;
    quire_pa frame = alloc_from(p, PADDED);
    if (frame != QUIRE_NONE) {
        fill_on_alloc(at_frame(&p->memory, frame));
    }
    return frame;
}

static void junk_free(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    struct percpu *p = state;
    fill_on_free(at_frame(&p->memory, frame));
    free_to(p, PADDED, frame);
}

const struct peer peer_percpu_packed = {
    .name = "packed",
    .what = "a list and a lock for each CPU, stealing frame by frame (xv6, riscv), lists side by side",
    .make = packed_make,
    .drop = free,
    .alloc = packed_alloc,
    .free = packed_free,
};

const struct peer peer_percpu_padded = {
    .name = "padded",
    .what = "the same, each list on cache lines of its own",
    .make = padded_make,
    .drop = free,
    .alloc = padded_alloc,
    .free = padded_free,
};

const struct peer peer_percpu_junk = {
    .name = "padded+junk",
    .what = "the same, frames filled when freed and when handed out, as that kernel does",
    .traits = PEER_FILLS,
    .make = padded_make,
    .drop = free,
    .alloc = junk_alloc,
    .free = junk_free,
};
