/* memory.c: what a load may return, after C11.
 *
 * A location keeps all values written to it, in modification order: messages, numbered from 0. A thread has a view: for
 * each location the number of the oldest message that it may still read. It reads any message from there on (which
 * one, the scheduler chooses), and never an older one afterwards. A message carries the view that its writer released;
 * who reads it with acquire takes that view over. So a thread that learned of something can not read what was
 * before it, and one that did not may. Release sequences, release and acquire fences are as in the standard.
 *
 * Sequential consistency is one more view, which all seq_cst operations share: a store enters its message there, a load reads
 * nothing older than what is entered, and a fence joins it with its thread's view, both ways. (An order that only seq_cst
 * loads of non-seq_cst stores make is not kept: more is allowed here than by the standard, never less.)
 *
 * A view also holds, for each thread, a time: what the reader of a message knows to be over. See cells.c.
 *
 * Not modelled: a load that returns what is stored later (load buffering), a store that enters the modification order anywhere
 * but at its end, accesses of different sizes to the same bytes. A read-modify-write reads the newest value, also
 * where a compare-exchange fails.
 *
 * Locations are the cells known to be shared, numbered as they were found; all others have one user at a time. What is found
 * during a schedule counts from the next one on. Views lie behind each other, as long as there are locations, so that
 * taking one over costs a few instructions. */
#include "explore.h"

#include <string.h>

#define MAX_MESSAGES 400000
#define VIEWS_ROOM   (80u << 20) /* entries of all views together */

/* A view: for each thread a time, then for each location the number of the oldest message. */
#define OLDEST   MAX_THREADS
#define MAX_VIEW (OLDEST + MAX_LOCATIONS + 8)

struct message {
    uint64_t value;  /* of the newest one of a location: see there in memory */
    uint32_t before; /* the next older one */
    uint32_t view;   /* where it begins in `views`; 0: empty */
    uint16_t number;
};

struct location {
    uintptr_t at;
    unsigned n_bytes;
};

static unsigned n_threads;
static uint16_t began; /* the time at which this schedule did */

static struct location locations[MAX_LOCATIONS + 1]; /* from 1 */
static unsigned n_locations, n_tracked;              /* found so far; of these, those that this schedule is about */
static uint32_t newest[MAX_LOCATIONS + 1];           /* of each one's messages; 0: not used yet in this schedule */
static struct message messages[MAX_MESSAGES];        /* from 1 */
static OF_SCHEDULE uint32_t n_messages;
static uint16_t views[VIEWS_ROOM];
static OF_SCHEDULE uint32_t n_views; /* entries in use */
static unsigned view_n;              /* entries of one view: a multiple of 8 */

/* What each thread knows, what an acquire fence would take over, what the last release fence released; what all seq_cst
 * operations share. */
static uint16_t *thread_view[MAX_THREADS], *read_relaxed[MAX_THREADS], *released[MAX_THREADS], *seq_cst;

/* What the threads have done that were on each CPU. */
static uint16_t *cpu_view[MAX_THREADS];

uint64_t peek(uintptr_t at, unsigned n_bytes) {
    if (n_bytes == 4) {
        uint32_t value;
        memcpy(&value, (const void *)at, sizeof value);
        return value;
    }
    uint64_t value;
    memcpy(&value, (const void *)at, sizeof value);
    return value;
}

void poke(uintptr_t at, unsigned n_bytes, uint64_t value) {
    if (recording && cells_watched(at)) {
        crash_before_write();
        cells_save(at, n_bytes);
    }
    memcpy((void *)at, &value, n_bytes); /* the low bytes come first: see tests.mk */
}

/* ---- views ----------------------------------------------------------------------------------------------- */

static void join(uint16_t *restrict to, const uint16_t *restrict from, unsigned first) {
    for (unsigned i = first; i < view_n; i++) {
        to[i] = to[i] > from[i] ? to[i] : from[i];
    }
}

/* Result: where it begins. */
static uint32_t new_view(const uint16_t *from) {
    if (n_views + view_n > VIEWS_ROOM) {
        fail("the explorer has no room for more views");
        return 0;
    }
    uint32_t view = n_views;
    n_views += view_n;
    memcpy(&views[view], from, view_n * sizeof views[0]);
    return view;
}

static uint16_t *empty_view(void) {
    static const uint16_t nothing[MAX_VIEW];
    return &views[new_view(nothing)];
}

const uint16_t *memory_clocks(void) {
    return thread_view[current];
}

uint16_t memory_began(void) {
    return began;
}

void memory_same_cpu(unsigned from, unsigned to) {
    /* Not the clocks: between an interrupt and what it interrupts only atomic accesses are whole. */
    join(thread_view[to], thread_view[from], OLDEST);
}

void memory_leave_cpu(unsigned cpu) {
    if (cpu < MAX_THREADS) {
        join(cpu_view[cpu], thread_view[current], 0);
        thread_view[current][current]++;
    }
}

void memory_come_to_cpu(unsigned cpu) {
    if (cpu < MAX_THREADS) {
        join(thread_view[current], cpu_view[cpu], 0);
    }
}

/* Times of this schedule lie behind those of the one before. */
static void begin_time(void) {
    for (unsigned t = 0; t < n_threads; t++) {
        began = began > thread_view[t][t] ? began : thread_view[t][t];
    }
    if (began > UINT16_MAX - 2 * MAX_STEPS) {
        cells_forget_times();
        began = 0;
    }
}

void memory_begin_schedule(unsigned n) {
    begin_time();
    n_threads = n;
    n_tracked = replaying ? MAX_LOCATIONS : n_locations;
    view_n = (OLDEST + 1 + n_tracked + 7) / 8 * 8;
    n_views = view_n; /* 0 is the empty one */
    n_messages = 1;
    memset(newest, 0, (n_tracked + 1) * sizeof newest[0]);
    seq_cst = empty_view();
    for (unsigned cpu = 0; cpu < MAX_THREADS; cpu++) {
        cpu_view[cpu] = empty_view();
    }
    for (unsigned t = 0; t < n; t++) {
        thread_view[t] = empty_view();
        read_relaxed[t] = empty_view();
        released[t] = empty_view();
        for (unsigned i = 0; i < n; i++) {
            thread_view[t][i] = (uint16_t)(began + (i == t));
        }
    }
}

void memory_parts(void (*put)(void *at, size_t n_bytes)) {
    put(newest, (n_tracked + 1) * sizeof newest[0]);
    put(views, (2 + MAX_THREADS + 3 * n_threads) * view_n * sizeof views[0]); /* those of CPUs and threads come first */
}

/* ---- locations ------------------------------------------------------------------------------------------- */

void memory_forget(void) {
    n_locations = 0;
}

void memory_share(uintptr_t at) {
    if (n_locations == MAX_LOCATIONS) {
        fail("the explorer has no room for more locations");
        return;
    }
    n_locations++;
    watch.locations[(at - watch.base) / 4] = (uint16_t)n_locations;
    locations[n_locations] = (struct location){.at = at};
    scheduler_learned();
}

static void add_message(unsigned l, unsigned number, uint32_t view) {
    if (n_messages == MAX_MESSAGES) {
        fail("the explorer has no room for more messages");
        return;
    }
    messages[n_messages] = (struct message){0, newest[l], view, (uint16_t)number};
    newest[l] = n_messages++;
}

/* The location at `at`, or 0 where none is tracked there. The first use in a schedule finds its first message there. */
static unsigned location_of(uintptr_t at, unsigned n_bytes) {
    if (replaying && cells_location(at) == 0) {
        memory_share(at); /* in a replay it is not yet known which cells are shared */
    }
    unsigned l = cells_location(at);
    if (l == 0 || l > n_tracked) {
        return 0;
    }
    if (newest[l] == 0) {
        locations[l].n_bytes = n_bytes;
        add_message(l, 0, 0);
    }
    return l;
}

static void take_over(const struct message *message, enum order order) {
    if (message->view != 0) {
        bool acquire = order != RELAXED && order != RELEASE;
        join(acquire ? thread_view[current] : read_relaxed[current], &views[message->view], 0);
    }
}

static void read_message(unsigned l, const struct message *message, enum order order) {
    uint16_t *oldest = &thread_view[current][OLDEST + l];
    *oldest = *oldest > message->number ? *oldest : message->number;
    take_over(message, order);
}

/* The view that a store of this order carries. */
static uint32_t view_to_release(enum order order) {
    uint16_t *mine = thread_view[current];
    if (order == RELEASE || order == ACQ_REL || order == SEQ_CST) {
        uint32_t view = new_view(mine);
        mine[current]++;
        return view;
    }
    return released[current][current] != 0 ? new_view(released[current]) : 0;
}

/* Makes room for a value that is about to be written to memory. */
static void write_message(unsigned l, enum order order, bool continues_release_sequence) {
    struct message *old = &messages[newest[l]];
    unsigned number = old->number + 1u;
    old->value = peek(locations[l].at, locations[l].n_bytes);
    thread_view[current][OLDEST + l] = (uint16_t)number;
    uint32_t view = view_to_release(order);
    if (continues_release_sequence && old->view != 0) {
        if (view == 0) {
            view = old->view;
        } else {
            join(&views[view], &views[old->view], 0);
        }
    }
    add_message(l, number, view);
    if (order == SEQ_CST) {
        seq_cst[OLDEST + l] = (uint16_t)number;
    }
}

/* ---- accesses -------------------------------------------------------------------------------------------- */

/* How many messages a load may choose from. */
static unsigned n_readable(unsigned l, enum order order) {
    unsigned oldest = thread_view[current][OLDEST + l];
    if (order == SEQ_CST && seq_cst[OLDEST + l] > oldest) {
        oldest = seq_cst[OLDEST + l];
    }
    return messages[newest[l]].number - oldest + 1u;
}

uint64_t memory_load(const struct access *access) {
    unsigned l = location_of(access->at, access->n_bytes);
    if (l == 0) {
        return peek(access->at, access->n_bytes);
    }
    const struct message *message = &messages[newest[l]];
    unsigned age = scheduler_choose_value(n_readable(l, access->order));
    for (unsigned i = 0; i < age; i++) {
        message = &messages[message->before];
    }
    read_message(l, message, access->order);
    uint64_t value = age == 0 ? peek(access->at, access->n_bytes) : message->value;
    trace_access(access, value, value, age);
    return value;
}

void memory_store(const struct access *access, uint64_t value) {
    unsigned l = location_of(access->at, access->n_bytes);
    if (l != 0) {
        write_message(l, access->order, false);
        trace_access(access, value, value, 0);
    }
    poke(access->at, access->n_bytes, value);
}

static uint64_t apply(enum rmw rmw, uint64_t old, uint64_t operand) {
    switch (rmw) {
    case RMW_ADD:
        return old + operand;
    case RMW_SUB:
        return old - operand;
    case RMW_AND:
        return old & operand;
    case RMW_OR:
        return old | operand;
    case RMW_EXCHANGE:
    case RMW_COMPARE_EXCHANGE:
        break;
    }
    return operand;
}

uint64_t memory_rmw(const struct access *access, enum rmw rmw, uint64_t operand, uint64_t expected) {
    uint64_t old = peek(access->at, access->n_bytes);
    bool writes = rmw != RMW_COMPARE_EXCHANGE || old == expected;
    uint64_t value = writes ? apply(rmw, old, operand) : old;
    value = access->n_bytes == 4 ? (uint32_t)value : value;
    unsigned l = current == NOBODY ? 0 : location_of(access->at, access->n_bytes);
    if (l != 0) {
        read_message(l, &messages[newest[l]], access->order);
        if (writes) {
            write_message(l, access->order, true);
        }
        trace_access(access, old, value, 0);
    }
    if (writes) {
        poke(access->at, access->n_bytes, value);
    }
    return old;
}

static void fence(unsigned thread, enum order order) {
    uint16_t *its = thread_view[thread];
    if (order == ACQUIRE || order == ACQ_REL || order == SEQ_CST) {
        join(its, read_relaxed[thread], 0);
    }
    if (order == SEQ_CST) {
        join(its, seq_cst, OLDEST);
        join(seq_cst, its, OLDEST);
    }
    if (order == RELEASE || order == ACQ_REL || order == SEQ_CST) {
        memcpy(released[thread], its, view_n * sizeof *its);
        its[thread]++;
    }
}

void memory_fence(enum order order) {
    fence(current, order);
}

/* The caller asks, they make their fences, the caller learns of it: each step comes after the one before. A thread that comes
 * to the CPU later comes after it, too. */
void memory_barrier(unsigned cpu, unsigned threads) {
    fence(current, SEQ_CST);
    memory_leave_cpu(cpu);
    for (unsigned t = 0; t < n_threads; t++) {
        if ((threads >> t & 1) != 0) {
            join(thread_view[t], released[current], 0);
            fence(t, SEQ_CST);
            join(thread_view[current], released[t], 0);
        }
    }
    memory_come_to_cpu(cpu);
    fence(current, SEQ_CST);
}

void memory_plain_write(uintptr_t at, size_t n_bytes) {
    for (uintptr_t a = at & ~(uintptr_t)3; a < at + n_bytes; a += 4) {
        unsigned l = cells_location(a);
        if (l != 0 && l <= n_tracked && newest[l] != 0) {
            write_message(l, RELAXED, false);
        }
    }
}
