/* sample.c: threads, CPUs and clocks. */
#define _GNU_SOURCE /* pthread_setaffinity_np, CPU_SET */
#include "sample.h"

#include "host.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- CPUs and clocks ------------------------------------------------------------------------------------ */

unsigned n_usable_cpus(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    unsigned n = (unsigned)CPU_COUNT(&set);
    return n < MAX_WORKERS ? n : MAX_WORKERS;
}

/* Binds this thread to the index-th CPU that the process may use. */
static void pin(unsigned index) {
    cpu_set_t usable;
    sched_getaffinity(0, sizeof usable, &usable);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &usable) && index-- == 0) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            pthread_setaffinity_np(pthread_self(), sizeof one, &one);
            return;
        }
    }
}

static double thread_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void start(pthread_t *thread, void *(*body)(void *), void *arg) {
    if (pthread_create(thread, NULL, body, arg) != 0) {
        fprintf(stderr, "bench: no thread to be had\n");
        exit(1);
    }
}

/* ---- one sample ----------------------------------------------------------------------------------------- */

struct job {
    struct worker worker;
    const struct work *work;
    pthread_barrier_t *ready;
    double ns_per_pair;
};

static void *work_thread(void *arg) {
    struct job *job = arg;
    pin(job->worker.cpu);
    host_set_cpu(job->worker.cpu);
    if (job->work->prepare != NULL) {
        job->work->prepare(&job->worker);
    }
    pthread_barrier_wait(job->ready);
    double began = thread_ns();
    uint64_t n_pairs = job->work->run(&job->worker);
    job->ns_per_pair = (thread_ns() - began) / (double)n_pairs;
    return NULL;
}

/* Room for the frames that each worker holds, made once: it must take no page fault while the clock runs. */
static uint32_t *room_for_held(unsigned worker, size_t n_frames) {
    static uint32_t *room[MAX_WORKERS];
    if (room[worker] == NULL) {
        room[worker] = malloc(n_frames * sizeof *room[worker]);
        if (room[worker] == NULL) {
            fprintf(stderr, "bench: no memory\n");
            exit(1);
        }
        memset(room[worker], 1, n_frames * sizeof *room[worker]);
    }
    return room[worker];
}

static struct worker worker_for(const struct sample *s, const struct memory *memory, void *state, unsigned cpu) {
    uint64_t n_frames = memory->n_bytes >> QUIRE_PAGE_SHIFT;
    return (struct worker){
        .alloc = s->peer->alloc,
        .free = s->peer->free,
        .state = state,
        .cpu = cpu,
        .touch = s->touch ? (uintptr_t)memory->at - (uintptr_t)memory->base : 0,
        .n_workers = s->n_workers,
        .n_frames = n_frames,
        .n_pairs = s->n_pairs,
        .held = room_for_held(cpu, n_frames),
        .random = 88172645463325252u + cpu,
    };
}

double sample_take(const struct sample *s, const struct memory *memory) {
    static struct ring ring;
    struct job jobs[MAX_WORKERS];
    pthread_t threads[MAX_WORKERS];
    pthread_barrier_t ready;
    void *state = s->peer->make(memory, s->n_workers);
    memset(&ring, 0, sizeof ring);
    pthread_barrier_init(&ready, NULL, s->n_workers);
    for (unsigned i = 0; i < s->n_workers; i++) {
        jobs[i] = (struct job){.worker = worker_for(s, memory, state, i), .work = s->work, .ready = &ready};
        jobs[i].worker.ring = &ring;
        start(&threads[i], work_thread, &jobs[i]);
    }
    double sum = 0;
    for (unsigned i = 0; i < s->n_workers; i++) {
        pthread_join(threads[i], NULL);
        sum += jobs[i].ns_per_pair;
    }
    pthread_barrier_destroy(&ready);
    s->peer->drop(state);
    return sum / s->n_workers;
}

/* ---- how far apart the CPUs are ------------------------------------------------------------------------- */

enum { N_TRIPS = 2000 };

static struct {
    _Alignas(128) atomic_uint turn; /* even: the first thread's */
    _Alignas(128) double ns;
} table;

static void *play(void *arg) {
    unsigned parity = *(const unsigned *)arg;
    pin(parity);
    double began = thread_ns();
    for (unsigned turn = parity; turn < 2 * N_TRIPS; turn += 2) {
        while (atomic_load_explicit(&table.turn, memory_order_relaxed) != turn) {}
        atomic_store_explicit(&table.turn, turn + 1, memory_order_relaxed);
    }
    if (parity == 0) {
        table.ns = (thread_ns() - began) / N_TRIPS;
    }
    return NULL;
}

static double play_once(void) {
    static const unsigned parity[2] = {0, 1};
    pthread_t threads[2];
    atomic_store_explicit(&table.turn, 0, memory_order_relaxed);
    for (unsigned i = 0; i < 2; i++) {
        start(&threads[i], play, (void *)(uintptr_t)&parity[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    return table.ns;
}

/* The best of some short games: one in which a player was taken off its CPU says nothing. */
double line_round_trip(void) {
    double best = play_once();
    for (unsigned i = 1; i < 8; i++) {
        double ns = play_once();
        best = ns < best ? ns : best;
    }
    return best;
}
