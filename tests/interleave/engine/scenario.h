/* scenario.h: what a scenario is, and what it is written with. */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "explore.h"
#include <quire/quire.h>

/* What the variables of a scenario's file hold belongs to the schedule that runs, and is put back with it; what is about all
 * schedules is to be marked OVER_SCHEDULES. */
struct scenario {
    const char *name;
    const char *about;
    void (*set_up)(void);              /* once; not explored */
    void (*start)(void);               /* before each schedule: the scenario's own variables; may be NULL */
    void (*thread[MAX_THREADS])(void); /* one function each, NULL behind the last */
    void (*check)(void);               /* after each schedule that ran to its end; may be NULL */
    void (*finish)(void);              /* after all schedules; may be NULL */
    struct bounds quick, full;         /* for `make test` and for `make interleave` */
    struct bounds of_64, of_32;        /* instead of `full`, with blocks of so few frames */
    struct bounds at_check_2; /* the same at QUIRE_CHECK 2; where all are 0, the scenario is not for this build */
    uint8_t interrupts[MAX_THREADS]; /* thread i interrupts thread interrupts[i] - 1; 0: an ordinary thread */
    uint8_t may_stop;                /* thread may_stop - 1 may stop for ever at any step; 0: none */
    bool faults_expected;            /* the scenario looks at them itself */
    bool reads_caches;               /* somebody looks into a CPU cache without visiting it (world_is_private) */
};

/* ---- the allocator under test ---- */

extern struct quire *q;

/* RAM of some blocks, the first one with this number, and an allocator for all of it. */
void world_make(size_t first_block, size_t n_blocks, unsigned n_cpus);

/* RAM that exists, but that quire_init is not told about: the last n of the blocks. */
void world_make_partly(size_t first_block, size_t n_blocks, size_t n_left_out, unsigned n_cpus);

/* RAM of one block of which the allocator has only the first frames: quick where what frames contain matters. */
void world_make_frames(size_t n_frames, unsigned n_cpus);

/* RAM of two blocks, the first one near to CPU 0, the second one to CPU 1: two nodes. The last n blocks are left out. */
void world_make_nodes(size_t n_left_out);

/* One block in which frame 300 has so many references, which are nobody's in particular, and a few frames from 100 on
 * are free. Returns frame 300. */
quire_pa world_make_shared(unsigned n_refs, size_t n_free, unsigned n_cpus);

/* Two blocks, the second one an allocation of the set-up's. Returns that. */
quire_pa world_make_block(unsigned n_cpus);

/* The content policy of the allocator that the set-up makes next; each one begins with none. */
void world_contents(enum quire_content content);

quire_pa world_block(size_t block); /* the address of the n-th one */
quire_pa world_frame(size_t frame);

/* The CPU whose number quire_port_cpu returns to the current thread (or to the set-up) from now on; NO_CPU has no cache.
 * Thread i begins on CPU i, the set-up and the check on CPU 0. */
#define NO_CPU 1000u
void world_run_on(unsigned cpu);

/* From now on that CPU can not make others execute a barrier (local.h); each set-up begins with all being able to. */
void world_refuse_barriers(unsigned from);

/* Allocation and freeing of one frame, with a look at who holds it; what is given is touched by its holder. A frame that
 * somebody else holds at that time ends the schedule. take() may return QUIRE_NONE. */
quire_pa take(void);
void give(quire_pa pa);
quire_pa take_order(unsigned order); /* QUIRE_NONE where there is none */
void give_order(quire_pa pa, unsigned order);

/* By quire_alloc_bulk and quire_free_bulk: single frames, n or as many as there are. */
size_t take_bulk(size_t n, quire_pa *out);
void give_bulk(size_t n, const quire_pa *pa);

/* The same by quire_alloc_for and quire_free_frames: n frames side by side from `low` on, and below `end` (0: anywhere). */
quire_pa take_range(size_t n, quire_pa low, quire_pa end);
void give_range(quire_pa pa, size_t n);

/* By quire_alloc_range: how many came from `pa` on, of n. */
size_t take_as_many(quire_pa pa, size_t n);

/* quire_get, quire_put and quire_cow by somebody who has a reference. make_own() may return QUIRE_NONE, and then that is still
 * there. */
void share_frame(quire_pa pa);
void let_go(quire_pa pa);
quire_pa make_own(quire_pa pa);

/* The frames become the current thread's (the set-up's), or nobody's, without a call of the allocator. */
void world_hold(quire_pa pa, size_t n_frames);
void world_drop(quire_pa pa, size_t n_frames);

/* Writes to the frame, as its holder does. */
void touch(quire_pa pa);
void look(quire_pa pa); /* reads */

void world_take_all(void);

/* All is taken but these frames, which are free in their blocks, and in no cache. */
void world_leave(const size_t *frames, size_t n);

/* The set-up frees these on a CPU, so that they lie in its cache. */
void world_give_on(unsigned cpu, const size_t *frames, size_t n);

/* After a schedule: as many frames are free as nobody holds. For large worlds, of which the rest takes long. */
void check_counts(void);

/* The same, and nothing is lost, nothing there twice, counts are exact. */
void check_world(void);

/* The same, and all frames that are free can be allocated one by one: the last thing that a check does. */
void check_world_by_exhaustion(void);

size_t world_n_held(void);
bool world_stopped(void);        /* a thread was stopped for ever in this schedule */
bool world_expects_faults(void); /* struct scenario says so; also below */
bool world_reads_caches(void);
unsigned world_n_faults(void);
unsigned world_steps(void);      /* atomic accesses that the current thread has made in this schedule */
uint64_t world_n_unproved(void); /* allocations that failed because somebody was in the middle of a call all the time */

void expect(bool good, const char *otherwise);

/* ---- between world.c and the explorer ---- */

void world_begin_set_up(void);
void world_begin_schedule(void);
void world_remember(void); /* as it is now, each schedule begins */
size_t world_n_frames(void);
size_t world_n_given(void);  /* those that quire_init was told of; without holes */
void *world_at(quire_pa pa); /* NULL: no RAM */

/* What only the visitor of a CPU cache changes: relaxed accesses there count as plain ones, which must not race, unless the
 * scenario has a reader. Otherwise each would be a place to switch at, and two visitors at once would not be noticed. */
bool world_is_private(uintptr_t at);
bool world_recover(struct quire_recovery *found);
unsigned world_cpu(void); /* of the current thread */

/* Whether another thread is pinned to the CPU that thread `t` is on. An interrupt of that one may run all the same. */
bool world_is_kept_from(unsigned t);
void world_describe(uintptr_t at, char *text, size_t n);

/* ---- holders.c ---- */

/* What a call in flight may have done already. */
struct call {
    size_t takes;  /* it may hold so many frames more */
    bool apart;    /* which need not lie side by side */
    quire_pa base; /* each of n frames from here on may have a reference less, or more */
    size_t n;
};
const struct call *world_call(unsigned thread);
unsigned world_n_refs(size_t frame); /* references that somebody has for certain */

size_t holders_bytes(size_t n_frames);
void holders_make(void *memory, quire_pa base, size_t n_frames);
void holders_remember(void);
void holders_begin_schedule(void);

extern const struct scenario *const scenarios[];
extern const size_t n_scenarios;

/* Those in which all threads die (crashes.c). */
struct crash_plan {
    const struct scenario *scenario;
    struct bounds quick, full;
};
extern const struct crash_plan crash_plans[];
extern const size_t n_crash_plans;

#endif
