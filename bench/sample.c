/* sample.c: one measurement. */
#define _POSIX_C_SOURCE 200809L /* pthread_barrier_t */
#include "sample.h"

#include "threads.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
    struct worker worker;
    const struct work *work;
    pthread_barrier_t *ready;
    uint64_t n_pairs;
    double ns_per_pair;
};

static void *work_thread(void *arg) {
    struct job *job = arg;
    become_cpu(job->worker.cpu);
    if (job->work->prepare != NULL) {
        job->work->prepare(&job->worker);
    }
    pthread_barrier_wait(job->ready);
    double began = thread_ns();
    job->n_pairs = job->work->run(&job->worker);
    job->ns_per_pair = (thread_ns() - began) / (double)job->n_pairs;
    if (job->work->finish != NULL && (job->worker.peer.traits & PEER_FOREIGN)) {
        job->work->finish(&job->worker); /* drop() can not: nobody knows all that a heap handed out */
    }
    return NULL;
}

/* Room for the frames that all workers hold, made once: it must take no page fault while the clock runs. */
static quire_pa *room_for_held(uint64_t n_frames) {
    static quire_pa *room;
    if (room == NULL) {
        room = malloc(n_frames * sizeof *room);
        if (room == NULL) {
            fprintf(stderr, "bench: no memory\n");
            exit(1);
        }
        memset(room, 1, n_frames * sizeof *room);
    }
    return room;
}

static struct worker worker_for(const struct sample *s, const struct memory *memory, void *state, unsigned cpu) {
    uint64_t n_frames = memory->n_bytes >> QUIRE_PAGE_SHIFT;
    return (struct worker){
        .peer = *s->peer,
        .state = state,
        .cpu = cpu,
        .touch = s->touch ? (uintptr_t)memory->at - (uintptr_t)memory->base : 0,
        .n_workers = s->n_workers,
        .n_frames = n_frames,
        .n_pairs = s->n_pairs,
        .held = room_for_held(n_frames) + n_frames / s->n_workers * cpu,
        .random = 88172645463325252u + cpu,
    };
}

struct measured sample_take(const struct sample *s, const struct memory *memory) {
    static struct ring rings[MAX_WORKERS / 2];
    static struct job jobs[MAX_WORKERS];
    void *args[MAX_WORKERS];
    pthread_barrier_t ready;
    void *state = s->peer->make(memory, s->n_workers);
    memset(rings, 0, sizeof rings);
    pthread_barrier_init(&ready, NULL, s->n_workers);
    for (unsigned i = 0; i < s->n_workers; i++) {
        jobs[i] = (struct job){.worker = worker_for(s, memory, state, i), .work = s->work, .ready = &ready};
        jobs[i].worker.ring = &rings[i / 2];
        args[i] = &jobs[i];
    }
    run_threads(s->n_workers, work_thread, args);
    pthread_barrier_destroy(&ready);
    s->peer->drop(state);
    struct measured m = {0, 0};
    for (unsigned i = 0; i < s->n_workers; i++) {
        m.ns += jobs[i].ns_per_pair / s->n_workers;
        m.refused_share += (double)jobs[i].worker.n_refused / (double)jobs[i].n_pairs / s->n_workers;
    }
    return m;
}
