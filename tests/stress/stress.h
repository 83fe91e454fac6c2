/* stress.h: what the stress tests share: the plan of a test, and what its threads do. */
#ifndef STRESS_H
#define STRESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/pair.h"
#include <host.h>
#include <quire/quire.h>
#include <stdatomic.h>

#define MAX_THREADS 8u
#define MAX_HELD    4096u
#define MOST_BYTES  ((uint64_t)(2048 + 88) << 20) /* of memory, in any plan */

/* n frames side by side that a thread holds. */
struct piece {
    quire_pa pa;
    uint32_t n;
};

struct worker {
    uint32_t id; /* what it writes into owner words, 1..999 */
    unsigned cpu, n_cpus;
    bool migrates;          /* to another CPU number now and then, also one out of range */
    uint64_t dice, n_calls; /* of the allocator */
    unsigned n_steps;
    uint32_t most_held, n_held; /* pieces */
    void (*work)(struct worker *w);
    struct piece held[MAX_HELD];
};

struct plan {
    uint64_t n_bytes;
    unsigned n_cpus;
    enum quire_content content;
    unsigned n_threads, n_cpu_numbers; /* threads take the numbers in turn */
    uint32_t most_held;
    bool migrates;
    void (*work)(struct worker *w);
};

extern struct quire *q;
void make_memory(const struct plan *plan);

/* A number in 0..n-1. */
uint32_t roll(struct worker *w, uint32_t n);

/* Frees a piece that the worker holds. */
void give(struct worker *w, struct piece p);

/* One operation each, of some kind; what went wrong is kept for expect_no_failure, since threads can not end a test. */
void work_singles(struct worker *w);
void work_mixed(struct worker *w);
void work_greedily(struct worker *w);
void work_hand_over(struct worker *w);
void work_shared(struct worker *w);
void work_with_tickets(struct worker *w);
void work_beside_runs(struct worker *w);
void work_beside_gigabytes(struct worker *w);
bool has_failed(void);
void expect_no_failure(void);

/* For work_mixed and work_hand_over: frees what is on its way from one thread to another. */
void empty_ring(void);

/* For work_shared: makes the shared frames; lets go of them, each of which must have one reference left. */
void fill_shared(void);
void empty_shared(void);

/* For work_with_tickets and those beside runs: how many more frames may be taken, and how often a single one was refused in
 * spite of that; how many runs were given. */
extern atomic_int tickets;
extern atomic_uint n_refused, n_runs;

#endif
