/* disturbed.c: calls that another CPU disturbs at each of their steps.
 *
 * The processor's trap flag (x86-64) raises SIGTRAP after every instruction; there, the other CPU takes and frees frames of
 * the very word that the call is about, or references to the very frame. Calls that are wait-free end all the same, after
 * so many steps of their own. Those that are lock-free end a few steps after the other CPU lets go. */
#define _GNU_SOURCE /* REG_EFL */
#include "unit.h"

#include <quire/port.h>
#include <signal.h>
#include <string.h>

#if defined(__x86_64__)

/* One block is free and all else is taken, so both CPUs want frames of that. */
#define BASE     (64 * MIB)
#define END      (70 * MIB)
#define NO_CACHE 99u

/* In a memory of three blocks with one or two CPUs: a call that looks at everything 33 times, and each time gives a word
 * up only after 64 tries. */
#define MOST_STEPS 100000ul
/* How often a call about references is disturbed, and what it takes when nobody does. */
#define N_TIMES        100ul
#define STEPS_IN_PEACE 400ul

static struct quire *q;
static struct frames rest;

/* ---- the other CPU ---------------------------------------------------------------------------------------- */

static void (*disturb)(void);
static unsigned own_cpu;              /* that of the call */
static unsigned long n_steps, n_left; /* steps of the call; how often it is disturbed yet */
static unsigned long most;
static sigjmp_buf endless;

/* Sixteen states by turns, each for one step, so that what a step saw is not there again at the next few. */
static unsigned n_turns;
static bool up(void) {
    return n_turns++ % 16 < 8;
}

static struct frames theirs;
static quire_pa shared;

static void take_or_free(void) {
    if (up()) {
        quire_pa pa = quire_alloc(q, 9);
        if (pa != QUIRE_NONE) {
            frames_push(&theirs, pa);
        }
    } else if (theirs.n > 0) {
        (void)quire_free(q, theirs.at[--theirs.n]);
    }
}

static unsigned n_extra;
static void get_or_put(void) {
    if (up()) {
        n_extra += quire_get(q, shared) == QUIRE_OK;
    } else if (n_extra > 0) {
        n_extra -= quire_put(q, shared) == QUIRE_OK;
    }
}

static void on_step(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info, (void)context;
    if (++n_steps > most) {
        siglongjmp(endless, 1);
    }
    if (n_left > 0) {
        n_left--;
        host_set_cpu(NO_CACHE);
        disturb();
        host_set_cpu(own_cpu);
    }
}

/* ---- the calls -------------------------------------------------------------------------------------------- */

#define TRAP_FLAG 0x100u

static void step(bool on) {
    unsigned long flags = __builtin_ia32_readeflags_u64();
    __builtin_ia32_writeeflags_u64(on ? flags | TRAP_FLAG : flags & ~(unsigned long)TRAP_FLAG);
}

static quire_pa held; /* what the call is about, or what it got */

static enum quire_status call_alloc(void) {
    held = quire_alloc(q, 2);
    return held == QUIRE_NONE ? QUIRE_NO_MEMORY : QUIRE_OK;
}
static enum quire_status call_alloc_run(void) {
    return quire_alloc_order(q, 3, 2, &held);
}
static enum quire_status call_alloc_block(void) {
    return quire_alloc_order(q, QUIRE_BLOCK_ORDER, 2, &held);
}
static enum quire_status call_free(void) {
    return quire_free(q, held);
}
static enum quire_status call_free_run(void) {
    return quire_free_order(q, held, 3);
}
static enum quire_status call_get(void) {
    return quire_get(q, shared);
}
static enum quire_status call_put(void) {
    return quire_put(q, shared);
}
static enum quire_status call_try_get(void) {
    return quire_try_get(q, shared) ? QUIRE_OK : QUIRE_BUSY;
}
static enum quire_status call_cow(void) {
    return quire_cow(q, shared, &held);
}

/* The call on this CPU, disturbed so often; *status is what it says. False: it took more steps. */
static bool ends_within(unsigned long most_steps, enum quire_status (*call)(void), unsigned cpu, unsigned long n_times,
                        enum quire_status *status) {
    struct sigaction trap = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO}, before;
    assert_int_equal(sigaction(SIGTRAP, &trap, &before), 0);
    n_steps = n_turns = 0;
    n_left = n_times;
    most = most_steps;
    own_cpu = cpu;
    host_set_cpu(cpu);
    bool in_time = sigsetjmp(endless, 1) == 0;
    if (in_time) {
        step(true);
        *status = call();
        step(false);
    }
    host_set_cpu(0);
    assert_int_equal(sigaction(SIGTRAP, &before, NULL), 0);
    return in_time;
}

/* One block's frames are free, in the block; `held` is 2^order frames that are not. */
static void one_block_left(unsigned order) {
    const struct quire_config config = {.n_cpus = 2};
    const struct quire_region map[] = {USABLE(BASE, END)};
    struct frames all = {0};
    q = unit_make(&config, map, COUNT_OF(map));
    held = must_alloc_order(q, order, 1);
    take_all(q, &all);
    host_set_cpu(NO_CACHE);
    for (size_t i = 0; i < all.n; i++) {
        if (all.at[i] / BLOCK == 66 * MIB / BLOCK) {
            assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
        } else {
            frames_push(&rest, all.at[i]);
        }
    }
    host_set_cpu(0);
    frames_clear(&all);
}

static void finish(void) {
    host_set_cpu(NO_CACHE);
    free_all(q, &theirs);
    host_set_cpu(0);
    expect_consistent(q);
    frames_clear(&rest);
    host_ram_clear();
}

static void frames_that_another_cpu_takes_and_frees_all_the_time(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum quire_status (*call)(void);
        unsigned order;
        bool gives;
    } calls[] = {{"alloc", call_alloc, 0, false},
                 {"alloc of a run", call_alloc_run, 3, false},
                 {"alloc of a block", call_alloc_block, QUIRE_BLOCK_ORDER, false},
                 {"free", call_free, 0, true},
                 {"free of a run", call_free_run, 3, true}};
    static const unsigned cpus[] = {0, NO_CACHE};
    disturb = take_or_free;
    for (size_t i = 0; i < 2 * COUNT_OF(calls); i++) {
        enum quire_status status = QUIRE_BUSY;
        one_block_left(calls[i / 2].order);
        if (!ends_within(MOST_STEPS, calls[i / 2].call, cpus[i % 2], MOST_STEPS, &status)) {
            fail_msg("%s on CPU %u does not end within %lu steps", calls[i / 2].name, cpus[i % 2], MOST_STEPS);
        }
        assert_true(!calls[i / 2].gives || status == QUIRE_OK);
        finish();
    }
}

static void a_frame_that_another_cpu_shares_all_the_time(void **state) {
    (void)state;
    static enum quire_status (*const calls[])(void) = {call_get, call_put, call_try_get, call_cow};
    disturb = get_or_put;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        enum quire_status status = QUIRE_BUSY;
        one_block_left(0);
        shared = must_alloc(q, 3);
        assert_int_equal(quire_get(q, shared), QUIRE_OK);
        n_extra = 0;
        /* A copy takes a step for each byte or less. */
        const unsigned long steps = N_TIMES + STEPS_IN_PEACE + (calls[i] == call_cow ? PAGE : 0);
        if (!ends_within(steps, calls[i], 0, N_TIMES, &status)) {
            fail_msg("call %zu does not end %lu steps after it was disturbed last", i, steps - N_TIMES);
        }
        assert_int_equal(status, QUIRE_OK);
        const bool more = calls[i] == call_get || calls[i] == call_try_get;
        assert_int_equal(quire_refs(q, shared), (more ? 3 : 1) + n_extra);
        finish();
    }
}

#else

static void frames_that_another_cpu_takes_and_frees_all_the_time(void **state) {
    (void)state;
    skip();
}

static void a_frame_that_another_cpu_shares_all_the_time(void **state) {
    (void)state;
    skip();
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(frames_that_another_cpu_takes_and_frees_all_the_time),
        unit_case(a_frame_that_another_cpu_shares_all_the_time),
    };
    return cmocka_run_group_tests_name("disturbed", tests, NULL, NULL);
}
