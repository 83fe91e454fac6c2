/* scheduler.c: which thread goes on.
 *
 * Bound. All schedules with at most so many preemptions: switches away from a thread that could go on. Switches at a
 * thread's end are free, and so is an interrupt of the running thread. Few preemptions find nearly all that many find.
 *
 * Reduction. Schedules that differ only in the order of independent accesses (other locations, or both loads) are
 * equivalent; of these, one is enough.
 *   - A switch is tried only before an access to a cell that is known to be shared (cells.c).
 *   - Sleep. Before an access of thread c, the schedules where c goes on are explored first, then those where another thread runs.
 *     In the latter c sleeps: it must not go on before somebody made an access that its own next one depends on, for
 *     else the access of c could as well have been made first. That holds within the bound, too: moving the access of c to
 *     the front lets the part of c before it grow, and makes no new switch. It would not hold for threads other than
 *     the preempted one, so only without a bound all candidates sleep that have been explored.
 *
 * Interrupts. A thread may be an interrupt of another: it may begin wherever that one is, and that one does not go on until it
 * has ended. Stopped threads: a scenario may name one that may stop for ever at any step.
 *
 * Random schedules are for scenarios with more threads: each thread has a random priority, the highest one runs, and at a
 * few random steps the running thread's falls below all others. A thread that may stop does so behind a random step.
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "coroutine.h"
#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STOP (MAX_THREADS + 1) /* a candidate: the running thread never goes on */

struct thread {
    bool started, finished, stopped;
    struct access pending; /* the access that it is about to make */
    unsigned n_steps;
};

enum ending { ENDED = 1, PRUNED, FAILED };
enum mode { SEARCH, RANDOM, REPLAY };

OF_SCHEDULE unsigned current = NOBODY;
bool recording, replaying;

static const struct scenario *scenario;
static struct bounds bounds;
static enum mode mode;
static unsigned n_threads;
static bool reduce;
static struct seen *ends;

static OF_SCHEDULE struct thread threads[MAX_THREADS];
static OF_SCHEDULE unsigned step, n_preemptions, n_stale;
static OF_SCHEDULE unsigned asleep; /* one bit for each thread */
static OF_SCHEDULE bool stopped;
static const struct mark beginning; /* where nothing is kept */
static bool learned;                /* in this schedule, that something is shared */
static char message[256];

static void note_turn(char kind, unsigned value) {
    if (mode != REPLAY) {
        turns_add((struct turn){step, kind, value});
    }
}

/* ---- chance ---------------------------------------------------------------------------------------------- */

static uint64_t dice;
static unsigned priority[MAX_THREADS];
static unsigned fall_at[16], stop_at;
static unsigned n_steps_before = 100; /* of the last schedule */

/* splitmix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014). */
static uint64_t roll(void) {
    uint64_t x = dice += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static unsigned n_falls(void) {
    unsigned most = sizeof fall_at / sizeof fall_at[0];
    return bounds.preemptions < most ? bounds.preemptions : most;
}

static void roll_priorities(void) {
    for (unsigned t = 0; t < n_threads; t++) {
        unsigned other = (unsigned)(roll() % (t + 1));
        priority[t] = priority[other];
        priority[other] = 100 + t;
    }
    for (unsigned i = 0; i < n_falls(); i++) {
        fall_at[i] = (unsigned)(roll() % n_steps_before);
    }
    stop_at = scenario->may_stop == 0 ? UINT32_MAX : (unsigned)(roll() % n_steps_before);
}

static unsigned random_thread(const uint8_t *candidates, unsigned n) {
    if (candidates[n - 1] == STOP && step >= stop_at) {
        return STOP;
    }
    for (unsigned i = 0; i < n_falls() && current != NOBODY; i++) {
        if (fall_at[i] <= step) {
            priority[current] = i;
            fall_at[i] = UINT32_MAX;
        }
    }
    unsigned best = candidates[0];
    for (unsigned i = 1; i < n; i++) {
        if (candidates[i] < MAX_THREADS && priority[candidates[i]] > priority[best]) {
            best = candidates[i];
        }
    }
    return best;
}

/* ---- who may run ----------------------------------------------------------------------------------------- */

static unsigned bit(unsigned t) {
    return 1u << t;
}

/* The thread that `t` is an interrupt of, or NOBODY. */
static unsigned interrupted_by(unsigned t) {
    return scenario->interrupts[t] == 0 ? NOBODY : scenario->interrupts[t] - 1u;
}

bool scheduler_interrupts(unsigned t, unsigned of) {
    while (t != NOBODY && t != of) {
        t = interrupted_by(t);
    }
    return t == of;
}

/* Whether an interrupt of thread `t`, or of one of those, has begun and not ended. */
static bool interrupted(unsigned t) {
    for (unsigned i = 0; i < n_threads; i++) {
        if (i != t && scheduler_interrupts(i, t) && threads[i].started && !threads[i].finished) {
            return true;
        }
    }
    return false;
}

static bool can_run(unsigned t) {
    if (t == NOBODY || threads[t].finished || threads[t].stopped || interrupted(t) || world_is_kept_from(t)) {
        return false;
    }
    unsigned host = interrupted_by(t);
    return host == NOBODY || threads[t].started || !interrupted(host);
}

/* Whether thread `t` may run instead of the current one, which could go on. */
static bool may_preempt(unsigned t) {
    bool interrupts = interrupted_by(t) == current && !threads[t].started;
    return mode != SEARCH || interrupts || n_preemptions < bounds.preemptions;
}

/* Fills in who may run now, the usual one first. */
static unsigned list_candidates(uint8_t *list) {
    unsigned n = 0;
    bool goes_on = can_run(current);
    if (goes_on) {
        list[n++] = (uint8_t)current;
    }
    for (unsigned t = 0; t < n_threads; t++) {
        if (t != current && can_run(t) && (asleep & bit(t)) == 0 && (!goes_on || may_preempt(t))) {
            list[n++] = (uint8_t)t;
        }
    }
    if (goes_on && !stopped && scenario->may_stop == current + 1) {
        list[n++] = STOP;
    }
    return n;
}

/* ---- dependence ------------------------------------------------------------------------------------------ */

static bool depends(const struct access *a, const struct access *b) {
    if (a->kind == ACCESS_NONE || b->kind == ACCESS_NONE) {
        return true; /* not known yet */
    }
    if (a->kind == ACCESS_BARRIER || b->kind == ACCESS_BARRIER) {
        return true; /* whether what another thread has done comes before it */
    }
    if (a->kind == ACCESS_FENCE || b->kind == ACCESS_FENCE) {
        return a->order == SEQ_CST && b->order == SEQ_CST; /* also a fence and an access: what all of these share */
    }
    return a->at == b->at && (a->kind != ACCESS_LOAD || b->kind != ACCESS_LOAD);
}

static void wake(const struct access *access) {
    for (unsigned t = 0; t < n_threads && asleep != 0; t++) {
        if ((asleep & bit(t)) != 0 && depends(&threads[t].pending, access)) {
            asleep &= ~bit(t);
        }
    }
}

/* Whether it can make a difference who runs before this access. */
static bool matters(const struct access *access) {
    if (!reduce) {
        return true;
    }
    switch (access->kind) {
    case ACCESS_NONE:
        return false;
    case ACCESS_FENCE:
        return bounds.stale > 0;
    case ACCESS_BARRIER:
        return true;
    default:
        return cells_location(access->at) != 0;
    }
}

/* ---- decisions ------------------------------------------------------------------------------------------- */

static unsigned search_thread(const uint8_t *list, unsigned n) {
    unsigned taken = n == 1 ? list[0] : tree_decide(list, n);
    if (!reduce || taken == STOP) { /* it stops here before the others run, or not here */
        return taken;
    }
    if (bounds.preemptions == UNBOUNDED) {
        for (unsigned i = 0; list[i] != taken; i++) {
            asleep |= bit(list[i]);
        }
    } else if (taken != current && can_run(current)) {
        asleep |= bit(current);
    }
    return taken;
}

/* Who goes on unless something is said: what a replay does of itself. */
static unsigned usual_thread(void) {
    unsigned t = current;
    for (unsigned i = 0; i < n_threads && !can_run(t); i++) {
        t = i;
    }
    return t;
}

static unsigned replayed_thread(void) {
    if (turn_at(step, 's') != NULL) {
        return STOP;
    }
    const struct turn *turn = turn_at(step, 'r');
    if (turn != NULL && (turn->value >= n_threads || !can_run(turn->value))) {
        fprintf(stderr, "explore: thread %u can not run at step %u; is this the schedule of another version?\n",
                turn->value, step);
        exit(2);
    }
    return turn != NULL ? turn->value : usual_thread();
}

/* Who goes on. NOBODY: only threads that sleep could. */
static unsigned choose_thread(bool may_differ) {
    uint8_t list[MAX_THREADS + 2];
    if (!may_differ && mode != REPLAY) {
        return current;
    }
    unsigned n = list_candidates(list);
    if (n == 0) {
        return NOBODY;
    }
    unsigned taken = mode == SEARCH   ? search_thread(list, n)
                     : mode == RANDOM ? random_thread(list, n)
                                      : replayed_thread();
    if (taken == STOP) {
        note_turn('s', 0);
    } else if (taken != usual_thread()) {
        note_turn('r', taken);
    }
    bool free_of_charge = taken == current || !can_run(current) || taken == STOP || interrupted_by(taken) == current;
    n_preemptions += !free_of_charge;
    return taken;
}

static void switch_to(unsigned to) {
    if (!threads[to].started) {
        threads[to].started = true;
        /* All on its CPU: it may begin in the middle of what an interrupt that has not come yet would interrupt. */
        for (unsigned host = interrupted_by(to); host != NOBODY; host = interrupted_by(host)) {
            memory_same_cpu(host, to);
        }
    }
    trace_note("-- thread %u", to);
    current = to;
    coroutines_switch(to);
}

/* The current thread does not go on, for one reason or the other. */
static void go_on_without(void) {
    bool all_over = true;
    for (unsigned t = 0; t < n_threads; t++) {
        all_over &= threads[t].finished || threads[t].stopped;
    }
    step++;
    unsigned next = all_over ? NOBODY : choose_thread(true);
    if (next == NOBODY) {
        coroutines_leave(all_over ? ENDED : PRUNED);
    }
    switch_to(next);
}

/* All threads die here, and then go on. */
static void crash(void) {
    unsigned thread = current, at = 0;
    const struct turn *turn = mode == REPLAY ? turn_at(step, 'c') : NULL;
    current = NOBODY;
    if (turn != NULL) {
        crash_again(turn->value);
    } else if (mode != REPLAY) {
        at = crash_here();
    }
    current = thread;
    if (failing()) {
        note_turn('c', at);
        coroutines_leave(FAILED);
    }
}

void scheduler_step(const struct access *access) {
    threads[current].pending = *access;
    threads[current].n_steps += access->kind != ACCESS_NONE;
    if (++step == MAX_STEPS) {
        fail("no end after %u steps", step);
    }
    if (bounds.crash > 0) {
        crash();
    }
    unsigned next = choose_thread(matters(access));
    if (next == STOP) {
        trace_note("stops for ever");
        threads[current].stopped = stopped = true;
        go_on_without();
    } else if (next != current) {
        switch_to(next);
    }
    wake(access);
}

void scheduler_wait_for_cpu(void) {
    threads[current].pending = (struct access){.kind = ACCESS_NONE};
    step++;
    unsigned next = choose_thread(true);
    if (next == NOBODY) {
        coroutines_leave(PRUNED);
    }
    switch_to(next);
}

unsigned scheduler_choose_value(unsigned n) {
    static const uint8_t ages[] = {0, 1, 2, 3, 4, 5, 6, 7};
    n = n < sizeof ages ? n : (unsigned)sizeof ages;
    if (mode == REPLAY) {
        const struct turn *turn = turn_at(step, 'v');
        return turn != NULL && turn->value < n ? turn->value : 0;
    }
    if (n <= 1 || n_stale >= bounds.stale) {
        return 0;
    }
    unsigned age = mode == SEARCH ? tree_decide(ages, n) : roll() % 8 == 0 ? (unsigned)(roll() % n) : 0;
    if (age > 0) {
        n_stale++;
        note_turn('v', age);
    }
    return age;
}

void scheduler_learned(void) {
    learned = true;
}

/* ---- one schedule ---------------------------------------------------------------------------------------- */

void fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (message[0] == '\0') {
        vsnprintf(message, sizeof message, format, args);
    }
    va_end(args);
    if (current != NOBODY) {
        coroutines_leave(FAILED);
    }
}

bool failing(void) {
    return message[0] != '\0';
}

static void thread_body(void) {
    scenario->thread[current]();
    threads[current].finished = true;
    trace_note("ends");
    for (unsigned host = interrupted_by(current); host != NOBODY; host = interrupted_by(host)) {
        memory_same_cpu(current, host);
    }
    go_on_without();
}

static void begin_schedule(void) {
    memory_begin_schedule(n_threads);
    tree_begin_schedule();
    coroutines_begin();
    world_begin_schedule();
    memset(threads, 0, sizeof threads);
    step = n_preemptions = n_stale = asleep = 0;
    stopped = learned = false;
    message[0] = '\0';
    turns_begin(mode == REPLAY);
    if (mode == RANDOM) {
        roll_priorities();
    }
    if (scenario->start != NULL) {
        scenario->start();
    }
}

/* From the beginning, to its end. */
static enum ending run_all(void) {
    begin_schedule();
    unsigned first = choose_thread(true);
    threads[first].started = true;
    trace_note("-- thread %u", first);
    current = first;
    return (enum ending)coroutines_enter(first);
}

/* One schedule: all of it, or from where it differs from the one before. */
static enum ending run_schedule(struct snapshot *from) {
    if (from == NULL) {
        cells_restore(beginning);
        (void)cells_mark();
    }
    recording = true;
    enum ending ending = from == NULL ? run_all() : (enum ending)snapshot_go_on(from);
    current = NOBODY;
    /* What was learned was not used from the beginning, so what this schedule says is worth nothing. It is not even checked:
     * a check that remembers the states that it saw would pass over this one the next time. */
    ending = learned && !replaying ? PRUNED : ending;
    if (ending == ENDED && ends != NULL) {
        (void)seen_add(ends, cells_hash());
    }
    if (ending == ENDED && scenario->check != NULL) {
        scenario->check();
        ending = failing() ? FAILED : ENDED;
    }
    recording = false;
    n_steps_before = step;
    return ending;
}

unsigned world_steps(void) {
    return threads[current].n_steps;
}

bool world_stopped(void) {
    return stopped;
}

bool world_reads_caches(void) {
    return scenario->reads_caches;
}

bool world_expects_faults(void) {
    return scenario->faults_expected;
}

/* ---- many of them ---------------------------------------------------------------------------------------- */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void tell_progress(const struct result *r, double *told) {
    if ((r->n_schedules + r->n_pruned) % 1024 == 0 && now() - *told > 5) {
        *told = now();
        fprintf(stderr, "    %s: %llu schedules so far\n", scenario->name, (unsigned long long)r->n_schedules);
    }
}

static void set_up(const struct scenario *s) {
    static bool made;
    if (!made) {
        coroutines_make(thread_body);
        made = true;
    }
    scenario = s;
    for (n_threads = 0; n_threads < MAX_THREADS && s->thread[n_threads] != NULL; n_threads++) {}
    message[0] = '\0';
    memory_forget();
    world_begin_set_up();
    s->set_up();
    world_remember();
    if (failing()) {
        fprintf(stderr, "explore: %s can not be set up: %s\n", s->name, message);
        exit(2);
    }
}

/* Whether there is another schedule to run, and from where. */
static bool more(const struct result *r, struct snapshot **from) {
    *from = NULL;
    if (mode == RANDOM) {
        return r->n_schedules < bounds.random;
    }
    if (learned) {
        tree_clear();
        return true;
    }
    return tree_next(from);
}

struct result explore(const struct scenario *s, const struct bounds *b, uint64_t seed, bool only_one_of_equivalent,
                      struct seen *states) {
    struct result r = {.message = message};
    double began = now(), told = began;
    set_up(s);
    bounds = *b;
    mode = b->random > 0 ? RANDOM : SEARCH;
    dice = seed;
    reduce = only_one_of_equivalent;
    ends = states;
    tree_clear();
    crash_begin(b->crash);
    struct snapshot *from = NULL;
    do {
        enum ending ending = run_schedule(from);
        r.n_schedules += ending != PRUNED;
        r.n_pruned += ending == PRUNED;
        r.failed = ending == FAILED;
        tell_progress(&r, &told);
    } while (!r.failed && more(&r, &from));
    cells_restore(beginning);
    if (!r.failed && s->finish != NULL) {
        s->finish();
        r.failed = failing();
        turns_begin(false);
    }
    r.seconds = now() - began;
    r.id = r.failed ? turns_name(s->name) : "";
    return r;
}

struct result replay(const struct scenario *s, const char *id) {
    turns_parse(id);
    set_up(s);
    mode = REPLAY;
    bounds = (struct bounds){UNBOUNDED, UNBOUNDED, 0, 1};
    replaying = true;
    ends = NULL;
    trace_clear();
    struct result r = {.n_schedules = 1, .message = message, .id = id};
    r.failed = run_schedule(NULL) == FAILED;
    replaying = false;
    return r;
}
