/* interrupt.c: an interrupt at each instruction of a call, a caller that is stopped there for ever, a crash.
 *
 * The processor's trap flag (x86-64) raises SIGTRAP after every instruction. A signal handler is what an interrupt
 * handler or an NMI is: it runs on the same stack, on the same CPU, between two instructions of the call, and the call
 * goes on when it returns - or never, where the handler leaves by siglongjmp.
 *
 * Each case makes a fresh allocator, brings it into a state, and then makes one call. Where the interrupt comes the process
 * forks: in the copy it happens, and what follows is checked there; the original goes on to the next instruction. In long
 * calls only some instructions are tried. */
#define _GNU_SOURCE /* REG_EFL */
#include "unit.h"

#include "src/cache.h"
#include <quire/port.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)

#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define BASE      (64 * MIB)
#define END       (70 * MIB)
#define TRAP_FLAG 0x100u

static const struct quire_config config = {.n_cpus = 2};
static const struct quire_region memory = USABLE(BASE, END);
static struct quire *q;
static quire_pa held;      /* by the caller, before the call */
static struct frames rest; /* all other frames that the case took before */

/* ---- stepping ----------------------------------------------------------------------------------------- */

static unsigned long n_steps, stride; /* an interrupt every so many steps; 0: none */
static unsigned long crash_at;        /* a step that ends the call, without a copy */
static unsigned long failed_at;       /* the step of a copy that failed */
static bool interrupted;              /* this is a copy */
static void (*interrupt)(void);       /* what comes in the middle of the call; NULL: it never goes on */
static sigjmp_buf stopped;

/* The original goes on when the copy is done. */
static bool fork_copy(void) {
    int status;
    pid_t copy = fork();
    if (copy != 0) {
        if (copy < 0 || waitpid(copy, &status, 0) != copy || status != 0) {
            failed_at = n_steps;
        }
        return false;
    }
    setenv("CMOCKA_TEST_ABORT", "1", 1); /* a failure ends the copy */
    return true;
}

static void on_step(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    if (++n_steps == crash_at) {
        siglongjmp(stopped, 1);
    }
    if (stride == 0 || failed_at != 0 || n_steps % stride != 0 || !fork_copy()) {
        return;
    }
    interrupted = true;
    if (interrupt == NULL) {
        siglongjmp(stopped, 1);
    }
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    interrupt();
}

static void step(bool on) {
    unsigned long flags = __builtin_ia32_readeflags_u64();
    __builtin_ia32_writeeflags_u64(on ? flags | TRAP_FLAG : flags & ~(unsigned long)TRAP_FLAG);
}

/* ---- what an interrupt does --------------------------------------------------------------------------- */

static quire_pa kept_single, kept_run; /* what the interrupt allocated and keeps */

static void allocate_and_free(void) {
    struct quire_stats stats;
    quire_stats(q, &stats);

    quire_pa passing = quire_alloc(q, 50);
    kept_single = quire_alloc(q, 51);
    if (passing != QUIRE_NONE) {
        assert_int_equal(quire_get(q, passing), QUIRE_OK);
        assert_int_equal(quire_put(q, passing), QUIRE_OK);
        assert_int_equal(quire_free(q, passing), QUIRE_OK);
    }
    assert_true(kept_single == QUIRE_NONE || kept_single != held);
    if (quire_alloc_order(q, 3, 52, &kept_run) != QUIRE_OK) {
        kept_run = QUIRE_NONE;
    }
}

/* ---- the cases ---------------------------------------------------------------------------------------- */

/* A state, and a call that is made in it. What the call gives, it puts into *got. */
struct call {
    const char *name;
    void (*prepare)(void);
    void (*call)(quire_pa *got);
    unsigned order; /* of what it gives */
    unsigned n_own; /* frames that are the caller's: those held before, and those in hand during the call */
};

static void nothing(void) {}

static void one_held(void) {
    held = must_alloc(q, 1);
}

static void one_freed(void) {
    one_held();
    assert_int_equal(quire_free(q, held), QUIRE_OK);
    held = QUIRE_NONE;
}

static void block_held(void) {
    held = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
}

static void one_shared(void) {
    one_held();
    assert_int_equal(quire_get(q, held), QUIRE_OK);
}

static void all_held(void) {
    one_held();
    take_all(q, &rest);
}

/* All frames of a CPU's first block are in use, so that the next call borrows another. */
static void block_used_up(void) {
    struct quire_cpu_stats cpu;
    do {
        frames_push(&rest, must_alloc(q, 1));
        assert_true(quire_cpu_stats(q, 0, &cpu));
    } while (cpu.n_in + cpu.n_warm > 0);
    held = rest.at[--rest.n];
}

/* Another CPU has the last free frame in its cache. */
static void last_frame_elsewhere(void) {
    all_held();
    host_set_cpu(1);
    assert_int_equal(quire_free(q, rest.at[--rest.n]), QUIRE_OK);
    host_set_cpu(0);
}

/* One block is free, and nothing else: whoever interrupts takes of the same one. */
static void one_block_left(void) {
    take_all(q, &rest);
    host_set_cpu(99); /* has no cache: what it frees goes to its block */
    for (size_t i = 0; i < rest.n;) {
        if (rest.at[i] / BLOCK == 66 * MIB / BLOCK) {
            assert_int_equal(quire_free(q, rest.at[i]), QUIRE_OK);
            rest.at[i] = rest.at[--rest.n];
        } else {
            i++;
        }
    }
    host_set_cpu(0);
}

/* The next free overflows the stack of warm frames. */
static void warm_full(void) {
    struct quire_cpu_stats cpu;
    block_used_up();
    do {
        size_t i = 3 * (rest.n - 1) / 7 % rest.n;
        assert_int_equal(quire_free(q, rest.at[i]), QUIRE_OK);
        rest.at[i] = rest.at[--rest.n];
        assert_true(quire_cpu_stats(q, 0, &cpu));
    } while (cpu.n_warm < Q_WARM);
}

static void call_alloc(quire_pa *got) {
    *got = quire_alloc(q, 2);
}

static void call_free(quire_pa *got) {
    (void)got;
    (void)quire_free(q, held);
    held = QUIRE_NONE;
}

static void call_get(quire_pa *got) {
    (void)got;
    (void)quire_get(q, held);
}

static void call_put(quire_pa *got) {
    (void)got;
    (void)quire_put(q, held);
}

static void call_cow(quire_pa *got) {
    (void)quire_cow(q, held, got);
}

static void call_alloc_3(quire_pa *got) {
    (void)quire_alloc_order(q, 3, 2, got);
}

static void call_alloc_7(quire_pa *got) {
    (void)quire_alloc_order(q, 7, 2, got);
}

static void call_alloc_block(quire_pa *got) {
    (void)quire_alloc_order(q, QUIRE_BLOCK_ORDER, 2, got);
}

static void call_free_block(quire_pa *got) {
    (void)got;
    (void)quire_free_order(q, held, QUIRE_BLOCK_ORDER);
}

static void call_free_part(quire_pa *got) {
    (void)got;
    (void)quire_free_order(q, held + 64 * PAGE, 4);
}

static const struct call calls[] = {
    {"alloc, first of all", nothing, call_alloc, 0, 1},
    {"alloc of a warm frame", one_freed, call_alloc, 0, 1},
    {"alloc from the borrowed block", one_held, call_alloc, 0, 2},
    {"alloc that borrows a block", block_used_up, call_alloc, 0, 2},
    {"alloc that steals", last_frame_elsewhere, call_alloc, 0, 2},
    {"alloc without memory", all_held, call_alloc, 0, 2},
    {"free", one_held, call_free, 0, 1},
    {"free that overflows", warm_full, call_free, 0, 1},
    {"free into memory all in use", all_held, call_free, 0, 1},
    {"get", one_held, call_get, 0, 1},
    {"put", one_shared, call_put, 0, 1},
    {"last put", one_held, call_put, 0, 1},
    {"copy-on-write of a shared frame", one_shared, call_cow, 0, 2},
    {"alloc of 8 frames", one_held, call_alloc_3, 3, 1 + 8},
    {"alloc of 128 frames of the last block", one_block_left, call_alloc_7, 7, 128 + 512},
    {"alloc of a block", one_held, call_alloc_block, QUIRE_BLOCK_ORDER, 1 + 512},
    {"alloc of a block without memory", all_held, call_alloc_block, QUIRE_BLOCK_ORDER, 1},
    {"free of a block", block_held, call_free_block, 0, 512},
    {"free of a part of a block", block_held, call_free_part, 0, 512},
};

static uint64_t n_held_before; /* the call */

static uint64_t n_held(void) {
    return stats_of(q).n_frames - n_free(q);
}

static void step_through(const struct call *c, quire_pa *got) {
    *got = QUIRE_NONE;
    n_steps = 0;
    if (sigsetjmp(stopped, 1) == 0) {
        step(true);
        c->call(got);
        step(false);
    }
}

/* Makes the call, with an interrupt every so many instructions. */
static void make_call(const struct call *c, unsigned long every, quire_pa *got) {
    assert_int_equal(quire_init(&q, &config, &memory, 1), QUIRE_OK);
    held = QUIRE_NONE;
    kept_single = kept_run = QUIRE_NONE;
    frames_clear(&rest);
    host_set_cpu(0);
    stride = 0;
    c->prepare();
    n_held_before = n_held();
    stride = every;
    step_through(c, got);
}

enum { SOME_COPIES = 120, ANY_NUMBER = 1u << 30 };

/* Makes the call with the event at each instruction, or at so many of them, and checks each time. */
static void at_instructions(const struct call *c, unsigned long most_copies, void (*event)(void),
                            void (*check)(const struct call *c, quire_pa got)) {
    quire_pa got;
    failed_at = 0;
    interrupt = event;
    make_call(c, 0, &got);
    make_call(c, n_steps / most_copies + 1, &got);
    if (interrupted) {
        check(c, got);
        _exit(0);
    }
    if (failed_at != 0) {
        fail_msg("%s: at instruction %lu of %lu", c->name, failed_at, n_steps);
    }
    frames_clear(&rest);
}

/* Nothing was lost and nothing given twice, whoever was interrupted where. */
static void expect_whole(const struct call *c, quire_pa got) {
    assert_int_equal(host_take_faults(NULL), 0);
    expect_consistent(q);
    if (held != QUIRE_NONE && quire_refs(q, held) > 0) {
        assert_true(got != held && kept_single != held && kept_run != held);
    }
    if (got != QUIRE_NONE) {
        assert_int_equal(quire_refs(q, got), 1);
        assert_int_equal(quire_free_order(q, got, c->order), QUIRE_OK);
    }
    if (kept_single != QUIRE_NONE) {
        assert_int_equal(quire_free(q, kept_single), QUIRE_OK);
    }
    if (kept_run != QUIRE_NONE) {
        assert_int_equal(quire_free_order(q, kept_run, 3), QUIRE_OK);
    }
    for (size_t i = 0; i < rest.n; i++) {
        assert_int_equal(quire_free(q, rest.at[i]), QUIRE_OK);
    }
    expect_consistent(q);
    struct quire_stats stats = stats_of(q);
    uint64_t held_by[QUIRE_TAGS];
    quire_tag_stats(q, held_by);
    assert_int_equal(stats.n_free + held_by[1] + held_by[2], stats.n_frames); /* only the caller still holds any */
}

static void interrupted_anywhere(void **state) {
    at_instructions(*state, SOME_COPIES, allocate_and_free, expect_whole);
}

static enum quire_status validated;
static struct quire_fault finding;

static void call_validate(quire_pa *got) {
    (void)got;
    validated = quire_validate(q, &finding);
}

/* A recount in which somebody interferes finds that, and no damage. */
static const struct call validations[] = {{"validation", one_freed, call_validate, 0, 1},
                                          {"validation, blocks", block_held, call_validate, 0, 512}};

static void free_held_block(void) {
    assert_int_equal(quire_free_order(q, held, QUIRE_BLOCK_ORDER), QUIRE_OK);
    held = QUIRE_NONE;
}

static void expect_no_damage(const struct call *c, quire_pa got) {
    assert_true(validated == QUIRE_OK || validated == QUIRE_BUSY);
    assert_int_equal(finding.kind, QUIRE_FAULT_NONE);
    expect_whole(c, got);
}

static void validation_interrupted_anywhere(void **state) {
    (void)state;
    at_instructions(&validations[0], SOME_COPIES, allocate_and_free, expect_no_damage);
    at_instructions(&validations[1], SOME_COPIES, free_held_block, expect_no_damage);
}

/* A frame comes back while a call is finding out that there is none. */
static void free_one(void) {
    (void)quire_free(q, rest.at[--rest.n]);
}

/* The call got it, or it is free; and as all is done on one CPU, nobody stole from its cache. */
static void expect_got_or_free(const struct call *c, quire_pa got) {
    (void)c;
    struct quire_cpu_stats cpu;
    assert_true(quire_cpu_stats(q, 0, &cpu));
    assert_int_equal(cpu.n_steals, 0);
    assert_int_equal(n_held(), n_held_before - (got == QUIRE_NONE));
    assert_int_equal(host_take_faults(NULL), 0);
    expect_consistent(q);
}

static const struct call starving = {"alloc without memory", all_held, call_alloc, 0, 1};

static void memory_comes_when_there_is_none(void **state) {
    (void)state;
    at_instructions(&starving, SOME_COPIES, free_one, expect_got_or_free);
}

/* The only reference is put while another one is taken, by somebody who has none. */
static enum quire_status shared;

static void call_share(quire_pa *got) {
    (void)got;
    shared = quire_get(q, held);
}

static void put_it(void) {
    assert_int_equal(quire_put(q, held), QUIRE_OK);
}

/* He has one now, or was told that there is none to be had. */
static void expect_shared_or_told(const struct call *c, quire_pa got) {
    (void)c, (void)got;
    struct quire_fault fault = {.kind = QUIRE_FAULT_NONE};
    assert_int_equal(host_take_faults(&fault), shared == QUIRE_OK ? 0 : 1);
    assert_int_equal(fault.kind, shared == QUIRE_OK ? QUIRE_FAULT_NONE : QUIRE_FAULT_GET_FREE);
    assert_int_equal(quire_refs(q, held), shared == QUIRE_OK ? 1 : 0);
    expect_consistent(q);
}

static const struct call sharing = {"get", one_held, call_share, 0, 1};

static void put_in_the_middle_of_a_get(void **state) {
    (void)state;
    at_instructions(&sharing, ANY_NUMBER, put_it, expect_shared_or_told);
}

/* A frame is freed in the middle of being freed. */
static quire_pa freed_twice;

static void one_to_free(void) {
    one_held();
    freed_twice = held;
}

static void free_it_too(void) {
    (void)quire_free(q, freed_twice);
}

/* One of the two was told so at once, and the frame is free once. */
static void expect_one_double_free(const struct call *c, quire_pa got) {
    (void)c, (void)got;
    struct quire_fault fault;
    assert_int_equal(host_take_faults(&fault), 1);
    assert_int_equal(fault.kind, QUIRE_FAULT_DOUBLE_FREE);
    assert_int_equal(fault.tag, 1);
    assert_int_equal(n_held(), n_held_before - 1);
    expect_consistent(q);
}

static const struct call freeing = {"free", one_to_free, call_free, 0, 1};

static void freed_twice_at_once(void **state) {
    (void)state;
    if (QUIRE_CHECK < 2) {
        skip(); /* found later: when the second copy comes home or is handed out */
    }
    at_instructions(&freeing, ANY_NUMBER, free_it_too, expect_one_double_free);
}

/* A block, too. Somebody is told of it, by the time that all memory is handed out, and no frame is given twice. */
static void free_block_too(void) {
    (void)quire_free_order(q, held, QUIRE_BLOCK_ORDER);
}

static void expect_told(const struct call *c, quire_pa got) {
    (void)c, (void)got;
    take_all(q, &rest);
    expect_good_frames(&rest, &memory, 1);
    assert_true(host_take_faults(NULL) > 0);
}

static void block_freed_twice_at_once(void **state) {
    (void)state;
    static const struct call freeing_block = {"free of a block", block_held, call_free_block, 0, 512};
    at_instructions(&freeing_block, ANY_NUMBER, free_block_too, expect_told);
}

/* The caller stops in the middle and never goes on. Others can: no call of theirs waits or fails but for lack of
 * memory, none is given a frame that somebody holds, and what they can not have was counted. */
static void expect_others_unharmed(const struct call *c, quire_pa got) {
    (void)got;
    uint64_t n_unproved = stats_of(q).n_unproved;
    host_set_cpu(1);
    size_t n_before = rest.n;
    take_all(q, &rest);
    expect_good_frames(&rest, &memory, 1);
    uint64_t n_lost = stats_of(q).n_frames - rest.n;
    if (n_lost > c->n_own) {
        assert_true(stats_of(q).n_unproved > n_unproved);
    }
    while (rest.n > n_before) {
        assert_int_equal(quire_free(q, rest.at[--rest.n]), QUIRE_OK);
    }
    assert_int_equal(host_take_faults(NULL), 0);
}

static void stopped_anywhere(void **state) {
    at_instructions(*state, SOME_COPIES, NULL, expect_others_unharmed);
}

/* The machine crashes in the middle. What recovery makes of that: the call has happened, or not, or in part, and nobody
 * else lost or got anything. */
static uint64_t n_held_after; /* the call */

static void expect_recovered(const struct call *c, quire_pa got) {
    (void)c, (void)got;
    struct quire *again;
    struct quire_recovery found;
    assert_int_equal(quire_recover(&again, &config, &memory, 1, &found), QUIRE_OK);
    q = again;
    assert_in_range(found.n_held, n_held_after < n_held_before ? n_held_after : n_held_before,
                    n_held_after > n_held_before ? n_held_after : n_held_before);
    assert_int_equal(found.n_held, n_held());
    for (size_t i = 0; i < rest.n; i++) {
        assert_int_equal(quire_refs(q, rest.at[i]), 1);
    }
    expect_consistent(q);
}

static void crash_anywhere(const struct call *c) {
    quire_pa got;
    make_call(c, 0, &got);
    n_held_after = n_held();
    at_instructions(c, SOME_COPIES, NULL, expect_recovered);
}

static void crashed_anywhere(void **state) {
    crash_anywhere(*state);
}

/* A cache is full, and of a block that was being split some frames have a record. */
static void crash(void) {
    static const struct call free_part = {.call = call_free_part};
    quire_pa none;
    warm_full();
    held = must_alloc_order(q, QUIRE_BLOCK_ORDER, 1);
    crash_at = 1000;
    step_through(&free_part, &none);
    crash_at = 0;
}

static void call_recover(quire_pa *got) {
    struct quire_recovery found;
    (void)got;
    (void)quire_recover(&q, &config, &memory, 1, &found);
}

/* May crash itself, and be run again. */
static const struct call recovery = {"recovery", crash, call_recover, 0, 0};

static void recovery_crashed_anywhere(void **state) {
    (void)state;
    crash_anywhere(&recovery);
}

static int start_stepping(void **state) {
    (void)state;
    struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
    host_keep_faults(true);
    host_ram_add(BASE, END - BASE);
    return sigaction(SIGTRAP, &action, NULL);
}

#define N_CALLS COUNT_OF(calls)

int main(void) {
    static const struct {
        const char *name;
        CMUnitTestFunction test;
    } events[] = {
        {"interrupted", interrupted_anywhere},
        {"stopped", stopped_anywhere},
        {"crashed", crashed_anywhere},
    };
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(validation_interrupted_anywhere), cmocka_unit_test(memory_comes_when_there_is_none),
        cmocka_unit_test(put_in_the_middle_of_a_get),      cmocka_unit_test(freed_twice_at_once),
        cmocka_unit_test(block_freed_twice_at_once),       cmocka_unit_test(recovery_crashed_anywhere),
    };
    static struct CMUnitTest tests[N_CALLS * COUNT_OF(events) + COUNT_OF(others)];
    static char names[COUNT_OF(tests)][80];
    for (size_t i = 0; i < N_CALLS * COUNT_OF(events); i++) {
        const struct call *c = &calls[i / COUNT_OF(events)];
        size_t e = i % COUNT_OF(events);
        snprintf(names[i], sizeof names[i], "%s: %s anywhere", c->name, events[e].name);
        tests[i] = (struct CMUnitTest){names[i], events[e].test, NULL, NULL, (void *)(uintptr_t)c};
    }
    memcpy(&tests[COUNT_OF(tests) - COUNT_OF(others)], others, sizeof others);
    return cmocka_run_group_tests_name("interrupt", tests, start_stepping, NULL);
}

#else

static void needs_the_trap_flag_of_x86_64(void **state) {
    (void)state;
    skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(needs_the_trap_flag_of_x86_64)};
    return cmocka_run_group_tests_name("interrupt", tests, NULL, NULL);
}

#endif
