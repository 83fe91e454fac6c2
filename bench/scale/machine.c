/* machine.c: simulated CPUs, on one real one.
 *
 * Each CPU is a coroutine. They take turns of equal length, as if time went by: a turn is one transfer of a cache line,
 * or TURN_ACCESSES accesses that need none, which takes about as long. Whose turn is next is drawn at random from a seed.
 * So locks are contended, and held, and waited for, as on a real machine: while a CPU that holds one waits for a line,
 * others run into it. Turns end inside operations, at any access of the code that is watched.
 *
 * A CPU that polls (an atomic access where its last access was) would learn nothing new before others have run:
 * its turn ends. A waiting loop of another form spends its turns, so every one of them ends.
 *
 * M1  A turn ends before an access, never between its account in the directory and the access itself, so the
 *     directory's order of accesses is the memory's.
 *
 * Coroutines are made with ucontext and switched with _setjmp and _longjmp, which save no signal mask and so cost no system
 * call. They are left for good when the measuring ends. */
#define _GNU_SOURCE
#include "machine.h"

#include "host.h"
#include "work.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define TURN_ACCESSES 32u
#define STACK_BYTES   ((size_t)64 << 10)
#define MAX_CULPRITS  1024u

struct cpu {
    jmp_buf at;
    bool begun;
    uint64_t operation;
    uintptr_t last_atomic; /* address of its last access, where that was atomic; else 0 */
};

static struct machine {
    struct machine_config config;
    struct directory *directory;
    struct cpu cpus[MAX_CPUS];
    char *stacks; /* and as much again behind the last, so that none seems to reach into other data (tsan.c) */
    unsigned current;
    bool running;
    bool turn_over;
    unsigned n_accesses; /* in this turn */
    uint64_t random;
    uint64_t last_operation; /* number of the one that began last */
    struct counts counts;
    uint64_t n_operations, n_noted, n_turns; /* in this window */
    struct window window;
    void (*work)(unsigned cpu);
    jmp_buf outside;
    struct culprit culprits[MAX_CULPRITS];
} m;

void machine_make(const struct machine_config *config) {
    m.config = *config;
    m.directory = directory_make(config->n_cpus, config->n_nodes);
    m.random = config->seed;
    m.last_operation = 0;
    for (unsigned cpu = 0; cpu < config->n_cpus; cpu++) {
        m.cpus[cpu].operation = ++m.last_operation;
    }
    if (m.stacks == NULL) {
        m.stacks = mmap(NULL, (MAX_CPUS + 1) * STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    if (m.stacks == MAP_FAILED) {
        perror("scale: no memory for stacks");
        exit(1);
    }
    machine_be(0);
}

void machine_drop(void) {
    directory_drop(m.directory);
    m.directory = NULL;
}

void machine_be(unsigned cpu) {
    m.current = cpu;
    host_set_cpu(cpu);
}

/* ---- turns ---------------------------------------------------------------------------------------------- */

static void live(void) {
    m.work(m.current);
    abort(); /* work never returns */
}

static void begin(struct cpu *c) {
    static ucontext_t context, unused;
    c->begun = true;
    if (getcontext(&context) != 0) {
        abort();
    }
    context.uc_stack.ss_sp = m.stacks + m.current * STACK_BYTES;
    context.uc_stack.ss_size = STACK_BYTES;
    makecontext(&context, live, 0);
    swapcontext(&unused, &context);
}

/* The current CPU goes on. */
static void go_on(void) {
    struct cpu *c = &m.cpus[m.current];
    m.n_accesses = 0;
    m.turn_over = false;
    if (!c->begun) {
        begin(c);
    }
    _longjmp(c->at, 1);
}

static bool window_over(void) {
    bool waiting = m.n_turns / WAITING_TURNS > m.n_operations;
    return m.n_operations >= m.window.n_operations || m.n_turns >= m.window.n_turns ||
           (waiting && m.n_turns >= m.window.n_turns_waiting);
}

static void next_turn(void) {
    m.n_turns++;
    if (window_over()) {
        if (_setjmp(m.cpus[m.current].at) == 0) {
            _longjmp(m.outside, 1);
        }
        return;
    }
    unsigned next = random_below(&m.random, m.config.n_cpus);
    if (next == m.current) {
        m.n_accesses = 0;
        m.turn_over = false;
    } else if (_setjmp(m.cpus[m.current].at) == 0) {
        machine_be(next);
        go_on();
    }
}

static void run_window(struct window window) {
    m.window = window;
    m.n_operations = m.n_noted = m.n_turns = 0;
    memset(&m.counts, 0, sizeof m.counts);
    memset(m.culprits, 0, sizeof m.culprits);
    if (_setjmp(m.outside) == 0) {
        go_on();
    }
}

struct measured machine_run(void (*work)(unsigned cpu), struct window warm_up, struct window measure) {
    m.work = work;
    for (unsigned cpu = 0; cpu < m.config.n_cpus; cpu++) {
        m.cpus[cpu].begun = false;
        m.cpus[cpu].last_atomic = 0;
    }
    m.running = true;
    run_window(warm_up);
    run_window(measure);
    m.running = false;
    return (struct measured){m.n_operations, m.n_noted, m.counts};
}

void machine_note(void) {
    m.n_noted++;
}

void machine_operation_done(void) {
    m.n_operations++;
    m.cpus[m.current].operation = ++m.last_operation;
    if (m.running && m.n_operations >= m.window.n_operations) {
        next_turn();
    }
}

void machine_wait(void) {
    next_turn();
}

/* ---- accesses ------------------------------------------------------------------------------------------- */

/* A hash table by place. What does not fit, of an unusually large allocator, is nobody's fault. */
static void blame(const struct access *access, unsigned n_transfers) {
    for (size_t i = 0; i < MAX_CULPRITS; i++) {
        struct culprit *c = &m.culprits[((uintptr_t)access->pc + i) % MAX_CULPRITS];
        if (c->pc == access->pc || c->pc == NULL) {
            *c = (struct culprit){access->pc, c->n_transfers + n_transfers, access->at};
            return;
        }
    }
}

void accessed(const struct access *access) {
    bool polls = access->atomic && access->at == m.cpus[m.current].last_atomic;
    if (m.running && (m.turn_over || polls)) {
        next_turn();
    }
    struct cpu *c = &m.cpus[m.current];
    c->last_atomic = access->atomic ? access->at : 0;
    unsigned n_transfers = directory_access(m.directory, m.current, c->operation, access, &m.counts);
    m.turn_over = n_transfers > 0 || ++m.n_accesses >= TURN_ACCESSES;
    if (n_transfers > 0) {
        blame(access, n_transfers);
    }
}

static int by_transfers(const void *a, const void *b) {
    const struct culprit *x = a, *y = b;
    return (x->n_transfers < y->n_transfers) - (x->n_transfers > y->n_transfers);
}

unsigned machine_culprits(const struct culprit **culprits) {
    unsigned n = 0;
    qsort(m.culprits, MAX_CULPRITS, sizeof m.culprits[0], by_transfers);
    while (n < MAX_CULPRITS && m.culprits[n].n_transfers > 0) {
        n++;
    }
    *culprits = m.culprits;
    return n;
}
