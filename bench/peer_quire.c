/* peer_quire.c: Quire, linked as the library that an embedder would link, with the port for POSIX. */
#include "peer.h"

#include <quire/quire.h>
#include <stdio.h>
#include <stdlib.h>

enum { TAG = 1 };

static void *make(const struct memory *memory, unsigned n_cpus, enum quire_content content) {
    struct quire_config config = {.n_cpus = n_cpus, .content = content};
    struct quire_region region = {memory->base, memory->base + memory->n_bytes, QUIRE_USABLE};
    struct quire *q;
    enum quire_status status = quire_init(&q, &config, &region, 1);
    if (status != QUIRE_OK) {
        fprintf(stderr, "bench: quire_init: %s\n", quire_status_name(status));
        abort();
    }
    return q;
}

static void *plain_make(const struct memory *memory, unsigned n_cpus) {
    return make(memory, n_cpus, QUIRE_CONTENT_NONE);
}

static void *junk_make(const struct memory *memory, unsigned n_cpus) {
    return make(memory, n_cpus, QUIRE_CONTENT_JUNK);
}

static void drop(void *state) {
    (void)state; /* all that it has lies in the memory it was given */
}

static quire_pa plain_alloc(void *state, unsigned cpu) {
    (void)cpu;
    return quire_alloc(state, TAG);
}

static void plain_free(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    (void)quire_free(state, frame); /* a misuse aborts in quire_port_fault */
}

static quire_pa alloc_order(void *state, unsigned cpu, unsigned order) {
    (void)cpu;
    quire_pa frame;
    (void)quire_alloc_order(state, order, TAG, &frame); /* QUIRE_NONE where it fails */
    return frame;
}

static void free_order(void *state, unsigned cpu, quire_pa frame, unsigned order) {
    (void)cpu;
    (void)quire_free_order(state, frame, order);
}

const struct peer peer_quire = {
    .name = "quire",
    .what = "this allocator: no locks, each free checked, a reference count and an owner for each frame",
    .make = plain_make,
    .drop = drop,
    .alloc = plain_alloc,
    .free = plain_free,
    .alloc_order = alloc_order,
    .free_order = free_order,
};

const struct peer peer_quire_junk = {
    .name = "quire+junk",
    .what = "the same with QUIRE_CONTENT_JUNK: frames filled when freed and when handed out",
    .traits = PEER_FILLS,
    .make = junk_make,
    .drop = drop,
    .alloc = plain_alloc,
    .free = plain_free,
    .alloc_order = alloc_order,
    .free_order = free_order,
};
