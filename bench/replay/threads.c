/* threads.c: a thread for each CPU of the trace, each with that CPU's operations in their order. Nothing holds them
 * together but this: what another thread allocates is waited for before it is freed. Since each operation waits for an
 * earlier one of the trace only, that ends. See replay.h. */
#define _GNU_SOURCE /* pthread_setaffinity_np, CPU_SET */
#include "clock.h"
#include "host.h"
#include "replay.h"
#include "stop.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

/* In a slot that nobody filled yet: no frame, being odd, and not QUIRE_NONE. */
static const quire_pa not_yet = 1;

struct crew {
    const struct replay *replay;
    void *state;
    _Atomic quire_pa *slots;
    pthread_barrier_t ready;
    uint32_t *ticks;
};

struct hand {
    struct crew *crew;
    unsigned cpu;
    uint32_t *ops; /* their numbers */
    uint32_t n_ops;
    pthread_t thread;
};

/* Release and acquire: a contestant that keeps its lists inside frames has written there. */
static quire_pa wait_for(_Atomic quire_pa *slot) {
    quire_pa pa;
    for (unsigned turn = 1; (pa = atomic_load_explicit(slot, memory_order_acquire)) == not_yet; turn++) {
        if (turn % 1024 == 0) {
            sched_yield(); /* where there are more threads than processors */
        }
    }
    return pa;
}

static uint32_t do_alloc(struct crew *crew, const struct op *op, unsigned cpu) {
    const struct peer *peer = crew->replay->peer;
    struct calls calls = calls_of(peer, op);
    uint64_t began = clock_ticks();
    for (uint64_t i = 0; i < calls.n; i++) {
        quire_pa pa = take(peer, crew->state, cpu, calls.order);
        atomic_store_explicit(&crew->slots[op->slot + i], pa, memory_order_release);
    }
    return clock_since(began);
}

static uint32_t do_free(struct crew *crew, const struct op *op, unsigned cpu) {
    const struct peer *peer = crew->replay->peer;
    struct calls calls = calls_of(peer, op);
    for (uint64_t i = 0; i < calls.n; i++) {
        if (wait_for(&crew->slots[op->slot + i]) == QUIRE_NONE && calls.n == 1) {
            return NOT_CLOCKED;
        }
    }
    uint64_t began = clock_ticks();
    for (uint64_t i = 0; i < calls.n; i++) {
        quire_pa pa = atomic_load_explicit(&crew->slots[op->slot + i], memory_order_relaxed); /* seen by wait_for */
        if (pa != QUIRE_NONE) {
            give(peer, crew->state, cpu, pa, calls.order);
        }
    }
    return clock_since(began);
}

static uint32_t do_op(struct crew *crew, const struct op *op, unsigned cpu) {
    return op->is_free ? do_free(crew, op, cpu) : do_alloc(crew, op, cpu);
}

/* To a processor of its own, as far as there are. */
static void pin(unsigned cpu) {
    cpu_set_t usable, one;
    sched_getaffinity(0, sizeof usable, &usable);
    unsigned left = cpu % (unsigned)CPU_COUNT(&usable);
    for (unsigned i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &usable) && left-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(i, &one);
            pthread_setaffinity_np(pthread_self(), sizeof one, &one);
            return;
        }
    }
}

static void *work(void *arg) {
    struct hand *h = arg;
    const struct trace *t = h->crew->replay->trace;
    pin(h->cpu);
    host_set_cpu(h->cpu);
    pthread_barrier_wait(&h->crew->ready);
    for (uint32_t i = 0; i < h->n_ops; i++) {
        h->crew->ticks[h->ops[i] - t->n_before] = do_op(h->crew, &t->ops[h->ops[i]], h->cpu);
    }
    return NULL;
}

static void deal_out(struct hand *hands, const struct replay *replay) {
    const struct trace *t = replay->trace;
    for (unsigned cpu = 0; cpu < replay->n_cpus; cpu++) {
        hands[cpu].ops = make_room(t->n_ops, sizeof *hands[cpu].ops); /* only what is used becomes memory */
    }
    for (uint32_t i = t->n_before; i < t->n_ops; i++) {
        struct hand *h = &hands[t->ops[i].cpu % replay->n_cpus];
        h->ops[h->n_ops++] = i;
    }
}

static void run_crew(struct crew *crew, struct hand *hands) {
    unsigned n = crew->replay->n_cpus;
    pthread_barrier_init(&crew->ready, NULL, n);
    for (unsigned cpu = 0; cpu < n; cpu++) {
        hands[cpu].crew = crew;
        hands[cpu].cpu = cpu;
        if (pthread_create(&hands[cpu].thread, NULL, work, &hands[cpu]) != 0) {
            stop(STATUS_BAD_INPUT, "no thread for CPU %u", cpu);
        }
    }
    for (unsigned cpu = 0; cpu < n; cpu++) {
        pthread_join(hands[cpu].thread, NULL);
    }
    pthread_barrier_destroy(&crew->ready);
}

static void end_crew(struct crew *crew) {
    uint32_t n = crew->replay->trace->n_slots;
    quire_pa *slots = make_room(n, sizeof *slots);
    for (uint32_t i = 0; i < n; i++) {
        slots[i] = atomic_load_explicit(&crew->slots[i], memory_order_relaxed); /* the threads were joined */
    }
    end_replay(crew->replay, crew->state, slots);
    free(slots);
}

void threaded_replay(const struct replay *replay, uint32_t *ticks) {
    const struct trace *t = replay->trace;
    struct crew crew = {.replay = replay, .ticks = ticks};
    struct hand *hands = make_room(replay->n_cpus, sizeof *hands);
    crew.slots = make_room(t->n_slots, sizeof *crew.slots);
    for (uint32_t i = 0; i < t->n_slots; i++) {
        atomic_init(&crew.slots[i], not_yet);
    }
    deal_out(hands, replay);
    crew.state = replay->peer->make(replay->memory, replay->n_cpus);
    for (uint32_t i = 0; i < t->n_before; i++) {
        unsigned cpu = t->ops[i].cpu % replay->n_cpus;
        host_set_cpu(cpu);
        do_alloc(&crew, &t->ops[i], cpu);
    }
    run_crew(&crew, hands);
    end_crew(&crew);
    for (unsigned cpu = 0; cpu < replay->n_cpus; cpu++) {
        free(hands[cpu].ops);
    }
    free(hands);
    free(crew.slots);
}
