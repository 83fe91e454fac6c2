/* threads.c: threads on CPUs, and clocks.
 *
 * Work is timed by the processor time of the threads that do it: what other processes take away does not count. */
#define _GNU_SOURCE /* pthread_setaffinity_np, CPU_SET */
#include "threads.h"

#include "host.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- clocks --------------------------------------------------------------------------------------------- */

static double clock_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double thread_ns(void) {
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

double seconds(void) {
    return clock_ns(CLOCK_MONOTONIC) / 1e9;
}

/* ---- CPUs ----------------------------------------------------------------------------------------------- */

/* What the process could use when it began: a thread that is bound sees only its own. */
static const cpu_set_t *usable_cpus(void) {
    static cpu_set_t set;
    if (CPU_COUNT(&set) == 0 && sched_getaffinity(0, sizeof set, &set) != 0) {
        CPU_SET(0, &set);
    }
    return &set;
}

unsigned n_usable_cpus(void) {
    unsigned n = (unsigned)CPU_COUNT(usable_cpus());
    return n < MAX_WORKERS ? n : MAX_WORKERS;
}

void become_cpu(unsigned cpu) {
    unsigned index = cpu % n_usable_cpus();
    size_t processor = 0;
    while (!CPU_ISSET(processor, usable_cpus()) || index-- > 0) {
        processor++;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
    host_set_cpu(cpu);
}

/* ---- threads -------------------------------------------------------------------------------------------- */

void run_threads(unsigned n, void *(*body)(void *arg), void *const arg[]) {
    pthread_t threads[MAX_WORKERS];
    for (unsigned i = 0; i < n; i++) {
        if (pthread_create(&threads[i], NULL, body, arg[i]) != 0) {
            fprintf(stderr, "bench: no thread to be had\n");
            exit(1);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
    }
}

struct errand {
    unsigned cpu;
    void (*body)(void *arg);
    void *arg;
};

static void *run_errand(void *arg) {
    const struct errand *e = arg;
    become_cpu(e->cpu);
    e->body(e->arg);
    return NULL;
}

void run_on_cpu(unsigned cpu, void (*body)(void *arg), void *arg) {
    struct errand e = {cpu, body, arg};
    run_threads(1, run_errand, (void *const[]){&e});
}

/* ---- how far apart the CPUs are ------------------------------------------------------------------------- */

enum { N_TRIPS = 2000 };

static struct {
    _Alignas(128) atomic_uint turn; /* even: the first thread's */
    _Alignas(128) double ns;
} table;

static void *play(void *arg) {
    unsigned parity = *(const unsigned *)arg;
    become_cpu(parity);
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
    static unsigned parity[2] = {0, 1};
    atomic_store_explicit(&table.turn, 0, memory_order_relaxed);
    run_threads(2, play, (void *const[]){&parity[0], &parity[1]});
    return table.ns;
}

double exchange_ns(void) {
    enum { N = 1 << 20 };
    double began = thread_ns();
    for (unsigned i = 0; i < N; i++) {
        (void)atomic_exchange(&table.turn, i);
    }
    return (thread_ns() - began) / N;
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
