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
 * Views are kept only for locations known to be shared; all others have one user at a time. */
#include "explore.h"

#include <string.h>

#define MAX_MESSAGES 400000
#define MAX_VIEWS    (2 * MAX_STEPS)

struct view {
    uint16_t clock[MAX_THREADS];
    uint16_t n; /* locations that there were; nothing is known of later ones */
    uint16_t oldest[MAX_LOCATIONS];
};

struct message {
    uint64_t value; /* of the newest one of a location: see there in memory */
    uint32_t before;
    uint16_t number;
    uint16_t view; /* 0: empty */
};

struct location {
    uintptr_t at;
    unsigned n_bytes;
    uint32_t newest;
};

static unsigned n_threads;

static struct location locations[MAX_LOCATIONS]; /* from 1 */
static unsigned n_locations;
static struct message messages[MAX_MESSAGES];
static uint32_t n_messages;
static struct view views[MAX_VIEWS]; /* from 1; those of messages do not change */
static uint16_t n_views;

static struct view thread_view[MAX_THREADS];
static struct view read_relaxed[MAX_THREADS]; /* what an acquire fence would take over */
static struct view released[MAX_THREADS];     /* by the last release fence */
static struct view seq_cst;

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
        cells_save(at, n_bytes);
    }
    memcpy((void *)at, &value, n_bytes); /* the low bytes come first: see tests.mk */
}

/* ---- views ----------------------------------------------------------------------------------------------- */

static void copy_view(struct view *to, const struct view *from) {
    memcpy(to, from, offsetof(struct view, oldest) + (from->n + 1u) * sizeof to->oldest[0]);
}

static void clear_view(struct view *view) {
    memset(view, 0, offsetof(struct view, oldest));
}

static void grow(struct view *view, unsigned n) {
    while (view->n < n) {
        view->oldest[++view->n] = 0;
    }
}

static void join_oldest(struct view *to, const struct view *from) {
    grow(to, from->n);
    for (unsigned i = 1; i <= from->n; i++) {
        to->oldest[i] = to->oldest[i] > from->oldest[i] ? to->oldest[i] : from->oldest[i];
    }
}

/* The entry for one location. */
static uint16_t *oldest_of(struct view *view, unsigned location) {
    grow(view, location);
    return &view->oldest[location];
}

static void join(struct view *to, const struct view *from) {
    for (unsigned t = 0; t < n_threads; t++) {
        to->clock[t] = to->clock[t] > from->clock[t] ? to->clock[t] : from->clock[t];
    }
    join_oldest(to, from);
}

static uint16_t new_view(const struct view *from) {
    if (n_views + 1 == MAX_VIEWS) {
        fail("the explorer has no room for more views");
    }
    copy_view(&views[++n_views], from);
    return n_views;
}

const uint16_t *memory_clocks(void) {
    return thread_view[current].clock;
}

void memory_same_cpu(unsigned from, unsigned to) {
    /* Not the clocks: between an interrupt and what it interrupts only atomic accesses are whole. */
    join_oldest(&thread_view[to], &thread_view[from]);
}

void memory_begin_schedule(unsigned n) {
    for (unsigned t = 0; t < MAX_THREADS; t++) {
        clear_view(&thread_view[t]);
        clear_view(&read_relaxed[t]);
        clear_view(&released[t]);
        thread_view[t].clock[t] = 1;
    }
    clear_view(&seq_cst);
    n_threads = n;
    n_locations = 0;
    n_messages = 0;
    n_views = 0;
}

/* ---- locations ------------------------------------------------------------------------------------------- */

static void add_message(struct location *location, uint16_t number, uint16_t view) {
    if (n_messages == MAX_MESSAGES) {
        fail("the explorer has no room for more messages");
    }
    messages[n_messages] = (struct message){0, location->newest, number, view};
    location->newest = n_messages++;
}

/* The number of the location at `at`; the first use in a schedule makes it, with what is there as its first message. */
static unsigned location_of(uintptr_t at, unsigned n_bytes) {
    struct cell *cell = cell_at(at);
    if (cell->location == 0) {
        if (n_locations + 1 == MAX_LOCATIONS) {
            fail("the explorer has no room for more locations");
        }
        cell->location = (uint16_t)++n_locations;
        locations[n_locations] = (struct location){at, n_bytes, 0};
        add_message(&locations[n_locations], 0, 0);
    }
    return cell->location;
}

static void take_over(const struct message *message, enum order order) {
    if (message->view == 0) {
        return;
    }
    bool acquire = order != RELAXED && order != RELEASE;
    join(acquire ? &thread_view[current] : &read_relaxed[current], &views[message->view]);
}

static void read_message(unsigned l, const struct message *message, enum order order) {
    uint16_t *oldest = oldest_of(&thread_view[current], l);
    *oldest = *oldest > message->number ? *oldest : message->number;
    take_over(message, order);
}

/* The view that a store of this order carries. */
static uint16_t view_to_release(enum order order) {
    struct view *mine = &thread_view[current];
    if (order == RELEASE || order == ACQ_REL || order == SEQ_CST) {
        uint16_t view = new_view(mine);
        mine->clock[current]++;
        return view;
    }
    return released[current].clock[current] != 0 ? new_view(&released[current]) : 0;
}

/* Makes room for a value that is about to be written to memory. */
static void write_message(unsigned l, enum order order, bool continues_release_sequence) {
    struct location *location = &locations[l];
    struct message *old = &messages[location->newest];
    uint16_t number = (uint16_t)(old->number + 1);
    old->value = peek(location->at, location->n_bytes);
    *oldest_of(&thread_view[current], l) = number;
    uint16_t view = view_to_release(order);
    if (continues_release_sequence && old->view != 0) {
        if (view == 0) {
            view = old->view;
        } else {
            join(&views[view], &views[old->view]);
        }
    }
    add_message(location, number, view);
    if (order == SEQ_CST) {
        *oldest_of(&seq_cst, l) = number;
    }
}

/* ---- accesses -------------------------------------------------------------------------------------------- */

/* In a replay it is not yet known which cells are shared. */
static bool tracked(uintptr_t at) {
    return current != NOBODY && (replaying || cell_at(at)->shared);
}

/* How many messages a load may choose from. */
static unsigned n_readable(unsigned l, enum order order) {
    uint16_t oldest = *oldest_of(&thread_view[current], l);
    if (order == SEQ_CST && *oldest_of(&seq_cst, l) > oldest) {
        oldest = *oldest_of(&seq_cst, l);
    }
    return messages[locations[l].newest].number - oldest + 1u;
}

uint64_t memory_load(const struct access *access) {
    if (!tracked(access->at)) {
        return peek(access->at, access->n_bytes);
    }
    unsigned l = location_of(access->at, access->n_bytes);
    const struct message *message = &messages[locations[l].newest];
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
    if (tracked(access->at)) {
        write_message(location_of(access->at, access->n_bytes), access->order, false);
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
    if (tracked(access->at)) {
        unsigned l = location_of(access->at, access->n_bytes);
        read_message(l, &messages[locations[l].newest], access->order);
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

void memory_fence(enum order order) {
    struct view *mine = &thread_view[current];
    if (order == ACQUIRE || order == ACQ_REL || order == SEQ_CST) {
        join(mine, &read_relaxed[current]);
    }
    if (order == SEQ_CST) {
        join_oldest(mine, &seq_cst);
        join_oldest(&seq_cst, mine);
    }
    if (order == RELEASE || order == ACQ_REL || order == SEQ_CST) {
        copy_view(&released[current], mine);
        mine->clock[current]++;
    }
}

void memory_plain_write(uintptr_t at, size_t n_bytes) {
    for (uintptr_t a = at; a < at + n_bytes; a += 4) {
        struct cell *cell = cell_at(a);
        if (cell->location != 0) {
            write_message(cell->location, RELAXED, false);
        }
    }
}
