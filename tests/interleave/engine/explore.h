/* explore.h: what the files of the explorer share. The scenarios lie beside this folder, written with scenario.h.
 *
 * The explorer runs a small scenario (two to a few threads, each making a few calls of the allocator) again and again,
 * once for each order in which their accesses to shared memory can happen. The allocator's sources are compiled unmodified
 * with -fsanitize=thread, which turns each access into a call; these calls end here instead of in the sanitizer:
 *
 *   tsan.c       the entry points: who accesses what, with which memory order
 *   scheduler.c  which thread goes on: all schedules within a bound, or random ones, or one that is replayed
 *   turns.c      the name of a schedule
 *   tree.c       the decisions taken so far, and which one to take otherwise next
 *   snapshot.c   a schedule as it stands at a decision
 *   memory.c     what a load may return: the C11 memory model
 *   cells.c      for each 4 bytes of simulated memory: how to put it back, and who raced for it
 *   report.c     a schedule that failed, for a person
 *   world.c      the allocator under test, and its hooks
 *   holders.c    who holds which frame, and which calls are in flight
 *   crash.c      the end of all threads at any step, and recovery
 *   seen.c       sets of hashes
 *
 * Everything runs in one operating-system thread; the threads explored are coroutines. */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_THREADS   8
#define MAX_LOCATIONS 16384
#define MAX_STEPS     30000 /* of one schedule: no end is a failure, too */
#define NOBODY        MAX_THREADS

/* A variable of the schedule that runs: put back when the search goes back (snapshot.c). All variables of the scenarios'
 * files are, but for those OVER_SCHEDULES. */
#define OF_SCHEDULE    __attribute__((section("of_schedule")))
#define OVER_SCHEDULES __attribute__((section("over_schedules")))

/* ---- accesses -------------------------------------------------------------------------------------------- */

/* ACCESS_BARRIER: another CPU is made to execute a fence. */
enum access_kind { ACCESS_NONE, ACCESS_LOAD, ACCESS_STORE, ACCESS_RMW, ACCESS_FENCE, ACCESS_BARRIER };

/* As the compiler numbers them for the sanitizer. */
enum order { RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST };

struct access {
    enum access_kind kind;
    enum order order;
    uintptr_t at;
    unsigned n_bytes;
    const void *pc; /* where in the code, for the report */
};

/* ---- cells.c --------------------------------------------------------------------------------------------- */

/* What is known of a cell: four bytes of simulated memory. See there. */
struct cell {
    _Alignas(64) uint16_t plain_read[MAX_THREADS];
    uint16_t atomic_read[MAX_THREADS], atomic_write[MAX_THREADS];
    uint16_t plain_write; /* the last one only: who may write knows those before it */
    uint8_t plain_writer;
    uint32_t mark; /* since which this and what stands there is kept; 0: none */
};

/* Watched is what lies in [base, base + n_bytes). */
struct watch {
    uintptr_t base;
    size_t n_bytes;
    struct cell *cells;
    uint16_t *locations; /* of each cell in memory.c; 0: one thread has it to itself, for all that is known */
};
extern struct watch watch;

/* Watches [at, at + n_bytes). Forgets all about an earlier one. */
void cells_watch(void *at, size_t n_bytes);

static inline bool cells_watched(uintptr_t at) {
    return at - watch.base < watch.n_bytes;
}
static inline struct cell *cell_at(uintptr_t at) {
    return &watch.cells[(at - watch.base) / 4];
}
static inline unsigned cells_location(uintptr_t at) {
    return watch.locations[(at - watch.base) / 4];
}

/* All times of the past. To be called where nothing is kept. */
void cells_forget_times(void);

/* From a mark on all that changes is kept, to be put back as it was at the mark. Marks nest. The result is for putting back. */
struct mark {
    uint32_t number; /* of the mark before; the rest is its state, too */
    size_t n_kept, first_kept;
    uint64_t hash;
};
struct mark cells_mark(void);
void cells_restore(struct mark mark);

/* To be told of each write before it happens. */
void cells_save(uintptr_t at, size_t n_bytes);

/* A hash of what stands in memory that is different from when nothing was kept. */
uint64_t cells_hash(void);

/* Notes an access of the current thread and looks for a data race. */
void cells_plain(uintptr_t at, size_t n_bytes, bool write);
void cells_atomic(uintptr_t at, bool write);

/* Whether two threads accessed a cell atomically in this schedule, one of them writing. */
bool cells_shared(uintptr_t at);

/* ---- memory.c -------------------------------------------------------------------------------------------- */

enum rmw { RMW_ADD, RMW_SUB, RMW_AND, RMW_OR, RMW_EXCHANGE, RMW_COMPARE_EXCHANGE };

void memory_forget(void); /* all locations */
void memory_begin_schedule(unsigned n_threads);

/* From now on this is a location. */
void memory_share(uintptr_t at);
uint64_t memory_load(const struct access *access);
void memory_store(const struct access *access, uint64_t value);
uint64_t memory_rmw(const struct access *access, enum rmw rmw, uint64_t operand, uint64_t expected);
void memory_fence(enum order order);
void memory_plain_write(uintptr_t at, size_t n_bytes);

/* `to` runs on the same processor as `from`, behind it: it sees all that `from` has written. */
void memory_same_cpu(unsigned from, unsigned to);

/* Threads that run on a CPU one after the other: what the current one has done there, the next one that comes knows. Only of
 * the first MAX_THREADS CPUs. */
void memory_leave_cpu(unsigned cpu);
void memory_come_to_cpu(unsigned cpu);

/* A fence on that CPU, where these threads are (a bit each), on behalf of the current one, which waits for it. */
void memory_barrier(unsigned cpu, unsigned threads);

/* What the current thread knows of each one's time, and its own time. */
const uint16_t *memory_clocks(void);
uint16_t memory_began(void); /* the time at which this schedule began */

/* Tells `put` of what is of the schedule here, and not marked so. */
void memory_parts(void (*put)(void *at, size_t n_bytes));

uint64_t peek(uintptr_t at, unsigned n_bytes);
void poke(uintptr_t at, unsigned n_bytes, uint64_t value);

/* ---- seen.c ---------------------------------------------------------------------------------------------- */

/* A set of hashes. All zeros: empty. */
struct seen {
    size_t n, room;
    uint64_t *slots;
};
uint64_t seen_mix(uint64_t hash);
bool seen_add(struct seen *seen, uint64_t hash); /* false: it was there */
bool seen_has(const struct seen *seen, uint64_t hash);
void seen_clear(struct seen *seen);

/* ---- scheduler.c ----------------------------------------------------------------------------------------- */

struct bounds {
    unsigned preemptions; /* UNBOUNDED: all schedules */
    unsigned stale;       /* loads that return something older than the newest value */
    unsigned random;      /* 0: all schedules within the bounds; else as many random ones */
    unsigned crash;       /* not 0: all threads die at each step; in so many recoveries, at each write again */
};
#define UNBOUNDED 1000u

struct scenario;

struct result {
    uint64_t n_schedules; /* run to the end */
    uint64_t n_pruned;    /* ended early, being equivalent to others */
    double seconds;
    bool failed;
    const char *message;
    const char *id; /* replays the schedule that failed */
};

/* `reduce`: only one of equivalent schedules; else all of them. The states are noted where `ends` is not NULL. */
struct result explore(const struct scenario *scenario, const struct bounds *bounds, uint64_t seed, bool reduce,
                      struct seen *ends);

/* Runs one schedule; `trace` is told of each step. */
struct result replay(const struct scenario *scenario, const char *id);

extern unsigned current; /* the thread that runs, or NOBODY: set-up and checks */
extern bool recording;   /* writes are to be taken back */
extern bool replaying;

/* Before each atomic access of the current thread (ACCESS_NONE: before much is written plainly): others may run here. */
void scheduler_step(const struct access *access);

/* The CPU that the current thread moved to is kept by another one, which goes on first. */
void scheduler_wait_for_cpu(void);

/* Whether thread `t` is an interrupt of `of`, or of an interrupt of that, and so on. */
bool scheduler_interrupts(unsigned t, unsigned of);

/* Which of n values (0 is the newest) a load returns. */
unsigned scheduler_choose_value(unsigned n);

/* Told when the cell of an access turns out to be shared: the search starts again with this knowledge. */
void scheduler_learned(void);

/* Whether fail() was called. */
bool failing(void);

/* Ends the schedule; does not return when a thread runs. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- turns.c --------------------------------------------------------------------------------------------- */

/* Where a schedule leaves the usual way. */
struct turn {
    unsigned step;
    char kind; /* r, v, s, c */
    unsigned value;
};

void turns_begin(bool again); /* false: of another schedule, which has none yet */
void turns_add(struct turn turn);
const struct turn *turn_at(unsigned step, char kind); /* the next one, if it is that; else NULL */
const char *turns_name(const char *scenario);
void turns_parse(const char *id); /* ends the program with a message where it is no name */

/* ---- tree.c ---------------------------------------------------------------------------------------------- */

/* Decisions of a depth-first search. A decision is taken among candidates; the first time the first one. */
void tree_clear(void);
void tree_begin_schedule(void);
unsigned tree_decide(const uint8_t *candidates, unsigned n);

/* Takes the last decision that can be taken otherwise; false: all have been. *from is where to go on: at a decision at
 * or before that one, or from the beginning where it is NULL. */
struct snapshot;
bool tree_next(struct snapshot **from);

/* ---- snapshot.c ------------------------------------------------------------------------------------------ */

/* Remembers the schedule as it stands, in the thread that runs; NULL: there is no room. Returns again, with the same
 * result, whenever it is gone on with. */
struct snapshot *snapshot_take(void);

/* Result: as coroutines_enter. */
int snapshot_go_on(struct snapshot *snapshot);

/* The last one that was taken and not yet forgotten. */
void snapshot_forget(const struct snapshot *snapshot);

/* ---- crash.c --------------------------------------------------------------------------------------------- */

struct crashes {
    uint64_t n_points; /* steps at which all threads died */
    size_t n_states;   /* different states of memory and calls in flight among them */
    uint64_t n_inside; /* writes of a recovery at which that was crashed, too */
    size_t n_inside_states;
};

void crash_begin(unsigned n_recoveries);
struct crashes crash_counts(void);

/* All threads die at this moment; then all is as before. Where something is wrong fail() was called, and the result says at which
 * write of the recovery that was crashed, 0: not. */
unsigned crash_here(void);

/* The same in a replay, with that result. */
void crash_again(unsigned at);

/* Before each write outside of threads. */
void crash_before_write(void);

/* ---- report.c -------------------------------------------------------------------------------------------- */

void trace_clear(void);
void trace_access(const struct access *access, uint64_t value, uint64_t written, unsigned age);
void trace_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void trace_print(void);

#endif
