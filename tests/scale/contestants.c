/* contestants.c: allocators of which it is known what has to be counted. */
#include "peer.h"

#include <quire/port.h>
#include <stdatomic.h>
#include <stdlib.h>

/* ---- a stack of frame numbers for each CPU, whose tops share cache lines, or do not ---------------------- */

enum { BESIDE = sizeof(uint64_t), APART = 64 };

struct stacks {
    struct memory memory;
    uint64_t share; /* frames of each CPU; [0, top) of them are free */
    _Alignas(64) char tops[];
};

static uint64_t *top_of(struct stacks *s, size_t n_bytes_apart, unsigned cpu) {
    return (uint64_t *)(void *)(s->tops + cpu * n_bytes_apart);
}

static void *make(const struct memory *memory, unsigned n_cpus, size_t n_bytes_apart) {
    struct stacks *s = aligned_alloc(64, sizeof *s + (size_t)APART * n_cpus);
    if (s == NULL) {
        abort();
    }
    s->memory = *memory;
    s->share = memory->n_bytes / QUIRE_PAGE_SIZE / n_cpus;
    for (unsigned cpu = 0; cpu < n_cpus; cpu++) {
        *top_of(s, n_bytes_apart, cpu) = s->share;
    }
    return s;
}

static quire_pa pop(struct stacks *s, size_t n_bytes_apart) {
    unsigned cpu = quire_port_cpu();
    uint64_t *top = top_of(s, n_bytes_apart, cpu);
    if (*top == 0) {
        return QUIRE_NONE;
    }
    --*top;
    return s->memory.base + (cpu * s->share + *top) * QUIRE_PAGE_SIZE;
}

static void *beside_make(const struct memory *memory, unsigned n_cpus) {
    return make(memory, n_cpus, BESIDE);
}

static quire_pa beside_alloc(void *state, unsigned cpu) {
    (void)cpu;
    return pop(state, BESIDE);
}

static void beside_free(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu, (void)frame;
    ++*top_of(state, BESIDE, quire_port_cpu());
}

static void *apart_make(const struct memory *memory, unsigned n_cpus) {
    return make(memory, n_cpus, APART);
}

static quire_pa apart_alloc(void *state, unsigned cpu) {
    (void)cpu;
    return pop(state, APART);
}

static void apart_free(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu, (void)frame;
    ++*top_of(state, APART, quire_port_cpu());
}

/* Forgets what it is given. */
static void lossy_free(void *state, unsigned cpu, quire_pa frame) {
    (void)state, (void)cpu, (void)frame;
}

/* ---- locks, waited for in ways that a simulation could hang in ------------------------------------------- */

struct locked {
    _Alignas(64) atomic_uint next_ticket;
    atomic_uint now_serving;
    atomic_uint n_inside;
    quire_pa frame;
    uint64_t n_free;
    struct memory memory;
};

static void *locked_make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    struct locked *l = aligned_alloc(64, sizeof *l);
    if (l == NULL) {
        abort();
    }
    *l = (struct locked){.n_free = memory->n_bytes / QUIRE_PAGE_SIZE, .memory = *memory};
    return l;
}

/* Two words are polled in turn, so no poll is where the last one was. */
static void lock(struct locked *l) {
    unsigned mine = atomic_fetch_add(&l->next_ticket, 1);
    while (atomic_load(&l->now_serving) != mine || atomic_load(&l->n_inside) != 0) {}
    atomic_store(&l->n_inside, 1);
}

static void unlock(struct locked *l) {
    atomic_store(&l->n_inside, 0);
    atomic_fetch_add(&l->now_serving, 1);
}

static quire_pa locked_alloc(void *state, unsigned cpu) {
    (void)cpu;
    struct locked *l = state;
    lock(l);
    quire_pa frame = l->n_free == 0 ? QUIRE_NONE : l->memory.base + --l->n_free * QUIRE_PAGE_SIZE;
    unlock(l);
    return frame;
}

static void locked_free(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu, (void)frame;
    struct locked *l = state;
    lock(l);
    l->n_free++;
    unlock(l);
}

static const struct peer beside = {
    .name = "beside",
    .what = "tops of stacks in one line",
    .make = beside_make,
    .drop = free,
    .alloc = beside_alloc,
    .free = beside_free,
};

static const struct peer apart = {
    .name = "apart",
    .what = "each in a line of its own",
    .make = apart_make,
    .drop = free,
    .alloc = apart_alloc,
    .free = apart_free,
};

static const struct peer lossy = {
    .name = "lossy",
    .what = "loses what is freed",
    .make = apart_make,
    .drop = free,
    .alloc = apart_alloc,
    .free = lossy_free,
};

static const struct peer locked = {
    .name = "locked",
    .what = "a ticket lock",
    .make = locked_make,
    .drop = free,
    .alloc = locked_alloc,
    .free = locked_free,
};

const struct peer *const peers[] = {&beside, &apart, &lossy, &locked};
const unsigned n_peers = sizeof peers / sizeof peers[0];
