/* stress.c: threads that hammer on one allocator; more of them than processors, and several with one CPU number.
 *
 * Each frame has an owner word. Whoever is given the frame exchanges its own number for the 0 that must be there, and
 * exchanges it back before the frame goes: a frame that two threads have is seen by the second one, whatever the
 * allocator thinks. At the end everything is given back, and all of it must be there.
 *
 * Threads that share a CPU number, or change it, are what preemption and migration are to the allocator: calls on the same CPU cache
 * that begin and end in the middle of each other. With local visits that may not be: each thread has a number of its own.
 * A signal handler that allocates is what an interrupt is.
 *
 * STRESS_OPS in the environment: steps of each thread, of about one call each, for longer runs than the default.
 * STRESS_SEED: other choices; how the threads interleave is up to the machine. */
#define _XOPEN_SOURCE 700 /* sigaction, clock_gettime */
#include "stress.h"

#include <pthread.h>
#include <quire/port.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Steps of each thread in each test; a build with a slow tool brings a smaller number. */
#ifndef STRESS_OPS
#define STRESS_OPS 400000
#endif

static unsigned n_ops = STRESS_OPS, seed = 1;

/* A promise of local visits (quire/port.h). Those numbers that are too large have no cache. */
#ifdef QUIRE_PORT_LOCAL
#define OWN_NUMBERS true
#else
#define OWN_NUMBERS false
#endif

/* ---- threads ------------------------------------------------------------------------------------------ */

static void *run(void *arg) {
    struct worker *w = arg;
    host_set_cpu(w->cpu);
    for (unsigned i = 0; i < w->n_steps && !has_failed(); i++) {
        if (w->migrates && roll(w, 16) == 0) {
            host_set_cpu(roll(w, w->n_cpus + 1));
        }
        w->work(w);
    }
    while (w->n_held > 0) {
        give(w, w->held[--w->n_held]);
    }
    return NULL;
}

static pthread_t threads[MAX_THREADS];
static uint64_t n_calls; /* of the threads that have ended */
static struct worker workers[MAX_THREADS];

static uint64_t dice_of(unsigned thread) {
    return 977u * (thread + 1) + ((uint64_t)seed << 32);
}

/* With a content policy a step takes so much longer, without touching more of what threads share; beside runs it is many. */
static unsigned steps_of(const struct plan *plan) {
    bool is_long = plan->content != QUIRE_CONTENT_NONE || plan->work == work_beside_runs;
    return plan->work == work_beside_gigabytes ? n_ops / 2000 : is_long ? n_ops / 20 : n_ops;
}

static void start_threads(const struct plan *plan) {
    for (unsigned i = 0; i < plan->n_threads; i++) {
        struct worker *w = &workers[i];
        *w = (struct worker){.id = i + 1,
                             .cpu = OWN_NUMBERS ? i : i % plan->n_cpu_numbers,
                             .n_cpus = plan->n_cpus,
                             .migrates = plan->migrates && !OWN_NUMBERS,
                             .dice = dice_of(i),
                             .most_held = plan->most_held,
                             .n_steps = steps_of(plan),
                             .work = plan->work};
        assert_int_equal(pthread_create(&threads[i], NULL, run, w), 0);
    }
}

static void join_threads(const struct plan *plan) {
    for (unsigned i = 0; i < plan->n_threads; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        n_calls += workers[i].n_calls;
    }
}

/* Everything came back, and all of it can be had again. */
static void expect_whole(void) {
    struct quire_fault first = {.detail = "-"};
    struct quire_stats stats;
    assert_int_equal(host_take_faults(&first), 0);
    enum quire_status status = quire_validate(q, &first);
    if (status != QUIRE_OK) {
        fail_msg("validate: %s: %s, pa %#llx", quire_status_name(status), first.detail, (unsigned long long)first.pa);
    }
    quire_stats(q, &stats);
    assert_int_equal(stats.n_free, stats.n_frames);
    uint64_t n = 0;
    while (quire_alloc(q, 1) != QUIRE_NONE) {
        n++;
    }
    assert_int_equal(n, stats.n_frames);
}

static void stress(const struct plan *plan) {
    make_memory(plan);
    start_threads(plan);
    join_threads(plan);
    expect_no_failure();
    empty_ring();
    expect_whole();
}

/* ---- the tests ---------------------------------------------------------------------------------------- */

#define MIB ((uint64_t)1 << 20)

static void singles_with_plenty_of_memory(void **state) {
    (void)state;
    stress(&(struct plan){64 * MIB, 4, QUIRE_CONTENT_NONE, 4, 4, 500, false, work_singles});
}

static void mixed_with_plenty_of_memory(void **state) {
    (void)state;
    stress(&(struct plan){64 * MIB, 4, QUIRE_CONTENT_NONE, 8, 4, 300, false, work_mixed});
}

static void mixed_on_one_cpu_number(void **state) {
    (void)state;
    stress(&(struct plan){64 * MIB, 2, QUIRE_CONTENT_NONE, 4, 1, 500, false, work_mixed});
}

static void mixed_and_migrating(void **state) {
    (void)state;
    stress(&(struct plan){32 * MIB, 3, QUIRE_CONTENT_NONE, 6, 3, 300, true, work_mixed});
}

static void mixed_with_poison(void **state) {
    (void)state;
    stress(&(struct plan){16 * MIB, 2, QUIRE_CONTENT_POISON, 3, 2, 100, false, work_mixed});
}

static void almost_no_memory(void **state) {
    (void)state;
    stress(&(struct plan){4 * MIB, 3, QUIRE_CONTENT_NONE, 4, 3, 1000, false, work_greedily});
}

static void almost_no_memory_and_migrating(void **state) {
    (void)state;
    stress(&(struct plan){6 * MIB, 2, QUIRE_CONTENT_NONE, 8, 2, 1000, true, work_greedily});
}

static void taken_here_and_freed_there(void **state) {
    (void)state;
    stress(&(struct plan){8 * MIB, 4, QUIRE_CONTENT_NONE, 4, 4, 0, false, work_hand_over});
}

static void shared_frames(void **state) {
    (void)state;
    const struct plan plan = {8 * MIB, 4, QUIRE_CONTENT_NONE, 6, 4, 0, false, work_shared};
    make_memory(&plan);
    fill_shared();
    start_threads(&plan);
    join_threads(&plan);
    expect_no_failure();
    empty_shared();
    expect_whole();
}

/* Threads that take frames for tickets, of which there are `margin` fewer than frames. Refusals are those that the allocator
 * counted. */
static void stress_with_tickets(const struct plan *plan, unsigned margin) {
    struct quire_stats stats;
    make_memory(plan);
    quire_stats(q, &stats);
    assert_true(stats.n_frames > margin);
    atomic_store(&tickets, (int)stats.n_frames - (int)margin);
    start_threads(plan);
    join_threads(plan);
    quire_stats(q, &stats);
    expect_no_failure();
    assert_int_equal(atomic_load(&n_refused), stats.n_unproved);
    expect_whole();
}

/* More frames than may be hidden at once: a cache holds at most 352 warm ones and two loans of a block each, and a call has
 * at most a block in hand beside what it has tickets for: one that it takes a frame or a part of a run from. Of a run it
 * may have less than the tickets say, but not more: they are taken before the call, and come back after that which frees. */
static unsigned margin_of(const struct plan *plan) {
    return plan->n_cpus * (352 + 2 * QUIRE_BLOCK_FRAMES) + plan->n_threads * QUIRE_BLOCK_FRAMES;
}

/* Frames may hide in a cache whose owner is stopped in the middle of a call, and only there: refusals are counted. */
static void never_refused_but_for_what_is_counted(void **state) {
    (void)state;
    stress_with_tickets(&(struct plan){6 * MIB, 2, QUIRE_CONTENT_NONE, 4, 2, 2000, false, work_with_tickets}, 1);
}

/* With more free than all caches can hold at once, and all calls have in hand, there is no such excuse. */
static void never_refused_with_a_margin(void **state) {
    (void)state;
    const struct plan plan = {32 * MIB, 2, QUIRE_CONTENT_NONE, 4, 2, 4000, false, work_with_tickets};
    stress_with_tickets(&plan, margin_of(&plan));
    assert_int_equal(atomic_load(&n_refused), 0);
}

/* The same where others have runs of any number of frames: those that take the last frames, */
static void beside_runs_never_refused_but_for_what_is_counted(void **state) {
    (void)state;
    stress_with_tickets(&(struct plan){16 * MIB, 3, QUIRE_CONTENT_NONE, 6, 3, 1300, false, work_beside_runs}, 1);
    assert_true(atomic_load(&n_runs) > 0);
}

/* and those that can not take the margin. */
static void beside_runs_never_refused_with_a_margin(void **state) {
    (void)state;
    const struct plan plan = {64 * MIB, 3, QUIRE_CONTENT_NONE, 6, 3, 1500, false, work_beside_runs};
    stress_with_tickets(&plan, margin_of(&plan));
    assert_int_equal(atomic_load(&n_refused), 0);
    assert_true(atomic_load(&n_runs) > 0);
}

/* Where two runs of 1 GiB leave hardly more than the margin, the others live on the last frames of memory. */
static void beside_gigabytes_never_refused_with_a_margin(void **state) {
    (void)state;
    const struct plan plan = {MOST_BYTES, 2, QUIRE_CONTENT_NONE, 6, 2, MAX_HELD, false, work_beside_gigabytes};
    stress_with_tickets(&plan, margin_of(&plan));
    assert_int_equal(atomic_load(&n_refused), 0);
    assert_true(atomic_load(&n_runs) > 0);
}

/* ---- interrupts --------------------------------------------------------------------------------------- */

static _Thread_local struct worker interrupt_worker;

/* Takes a frame or two and a run, and gives back what earlier interrupts took. */
static void on_interrupt(int signal) {
    (void)signal;
    struct worker *w = &interrupt_worker;
    for (unsigned i = 0; i < 3; i++) {
        work_mixed(w);
    }
}

static void *run_interrupted(void *arg) {
    struct worker *w = arg;
    interrupt_worker = (struct worker){.id = w->id + 100, .dice = w->dice, .most_held = 50, .work = work_mixed};
    sigset_t interrupts;
    sigemptyset(&interrupts);
    sigaddset(&interrupts, SIGUSR1);
    host_set_cpu(w->cpu); /* before an interrupt can come: it is one of this CPU */
    pthread_sigmask(SIG_UNBLOCK, &interrupts, NULL);
    run(w);
    pthread_sigmask(SIG_BLOCK, &interrupts, NULL);
    while (interrupt_worker.n_held > 0) {
        give(&interrupt_worker, interrupt_worker.held[--interrupt_worker.n_held]);
    }
    w->n_calls += interrupt_worker.n_calls;
    return NULL;
}

static void interrupted_anywhere(void **state) {
    (void)state;
    const struct plan plan = {16 * MIB, 2, QUIRE_CONTENT_NONE, 2, 2, 300, false, work_mixed};
    struct sigaction action = {.sa_handler = on_interrupt};
    sigset_t interrupts;
    sigemptyset(&interrupts);
    sigaddset(&interrupts, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &interrupts, NULL); /* inherited: no interrupt before a thread is ready for it */
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    make_memory(&plan);
    for (unsigned i = 0; i < plan.n_threads; i++) {
        workers[i] = (struct worker){
            .id = i + 1, .cpu = i, .dice = dice_of(i), .most_held = 300, .n_steps = n_ops, .work = work_mixed};
        assert_int_equal(pthread_create(&threads[i], NULL, run_interrupted, &workers[i]), 0);
    }
    for (unsigned n = 0; n < n_ops / 10; n++) {
        pthread_kill(threads[n % plan.n_threads], SIGUSR1);
    }
    join_threads(&plan);
    expect_no_failure();
    empty_ring();
    expect_whole();
}

/* ---- all ---------------------------------------------------------------------------------------------- */

static double began_seconds;

static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int set_up(void **state) {
    (void)state;
    host_keep_faults(true);
    n_calls = 0;
    atomic_store(&n_refused, 0);
    atomic_store(&n_runs, 0);
    began_seconds = now_seconds();
    return 0;
}

/* One line for each test: how much it did, and the seed. */
static int tear_down(void **state) {
    (void)state;
    host_ram_clear();
    printf("# %llu calls, %u long runs, %.0f a second, seed %u\n", (unsigned long long)n_calls, atomic_load(&n_runs),
           (double)n_calls / (now_seconds() - began_seconds), seed);
    fflush(stdout);
    return 0;
}

/* A number from the environment, or `otherwise`. */
static unsigned number(const char *name, unsigned otherwise) {
    const char *text = getenv(name);
    if (text == NULL) {
        return otherwise;
    }
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value == 0 || value > UINT32_MAX) {
        fprintf(stderr, "stress: %s=%s: give a number from 1 to %u\n", name, text, UINT32_MAX);
        exit(2);
    }
    return (unsigned)value;
}

#define stress_case(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    n_ops = number("STRESS_OPS", n_ops);
    seed = number("STRESS_SEED", seed);
    const struct CMUnitTest tests[] = {
        stress_case(singles_with_plenty_of_memory),
        stress_case(mixed_with_plenty_of_memory),
        stress_case(mixed_on_one_cpu_number),
        stress_case(mixed_and_migrating),
        stress_case(mixed_with_poison),
        stress_case(almost_no_memory),
        stress_case(almost_no_memory_and_migrating),
        stress_case(taken_here_and_freed_there),
        stress_case(shared_frames),
        stress_case(never_refused_but_for_what_is_counted),
        stress_case(never_refused_with_a_margin),
        stress_case(beside_runs_never_refused_but_for_what_is_counted),
        stress_case(beside_runs_never_refused_with_a_margin),
        stress_case(beside_gigabytes_never_refused_with_a_margin),
        stress_case(interrupted_anywhere),
    };
    return cmocka_run_group_tests_name("stress", tests, NULL, NULL);
}
