/* process.h: processes, which of them runs when, and waiting.
 *
 * The kernel can be interrupted wherever it holds no lock. Then another process may get the CPU. */
#ifndef PROCESS_H
#define PROCESS_H

#include <file.h>
#include <kernel.h>
#include <space.h>

#define MAX_PROCESSES 256u
#define MAX_FILES     16u

struct process;

/* A bit for each CPU. */
struct cpu_set {
    uint64_t word[MAX_CPUS / 64];
};

/* First in, first out. Guarded by process_lock. */
struct queue {
    struct process *first, *last;
};

enum process_state {
    PROCESS_NEW,     /* under construction: its maker's alone */
    PROCESS_READY,   /* in the queue for a CPU */
    PROCESS_RUNNING, /* on a CPU */
    PROCESS_WAITING, /* in some other queue */
    PROCESS_ENDED,   /* waits for its parent to ask */
    PROCESS_REAPED,  /* its parent did, and is taking it apart */
};

/* A process is one frame. Guarded by process_lock: from state to exit_status; the rest is its own. */
struct process {
    int pid;
    unsigned slot; /* its place in the table, and that of its kernel stack */
    enum process_state state;
    struct process *parent;
    struct process *next;     /* in its queue */
    struct queue *queue;      /* that it waits in */
    struct queue child_ended; /* where it waits itself, for a child */
    uint64_t wake_ms;         /* in the queue of sleepers: when to go on */
    struct cpu_set ran_on;    /* the CPUs that ran it */
    int exit_status;
    atomic_bool killed;     /* to end before it runs its program again */
    struct context context; /* while it is not running */
    struct space space;
    struct file file[MAX_FILES];
    char name[ABI_NAME];
};

extern struct lock process_lock;

/* The CPUs of this machine, by number. */
extern struct cpu cpus[MAX_CPUS];
extern unsigned n_cpus;

/* The one that runs this; never NULL outside interrupt handlers. */
struct process *current(void);

/* ---- scheduling: sched.c ---------------------------------------------------------------------------------- */

_Noreturn void run_processes(void);       /* the life of a CPU */
void make_ready(struct process *process); /* process_lock is held */
void leave_cpu(void);                     /* process_lock is held; state or queue say where the process goes */
void yield(void);

/* Whether a tick may take the CPU from kernel code, too. With LOCAL=1 the allocator relies on it that none does. */
#ifdef KERNEL_LOCAL
#define PREEMPTIBLE false
#else
#define PREEMPTIBLE true
#endif

/* With interrupts off: lets the next process run if this one has had its time. */
void give_way(void);

/* Waits in `queue` until woken. The caller holds `guard`, and has seen under it that there is something to wait for. While
 * it waits the guard is released; then the caller looks again, as others may have been woken, too. Returns at once in a
 * killed process. */
void wait_in(struct queue *queue, struct lock *guard);
void wait_locked(struct queue *queue); /* the guard is process_lock */
void wake_all(struct queue *queue);
void wake_all_locked(struct queue *queue); /* process_lock is held */
void wake_killed(struct process *process); /* wherever it waits; process_lock is held */
int sleep_ms(unsigned milliseconds);       /* 0 or -E_INTR */
uint64_t ticks_so_far(void);               /* timer interrupts of all CPUs, for reports */

/* ---- programs: exec.c --------------------------------------------------------------------------------------- */

/* One frame: the strings one after the other. */
struct arguments {
    unsigned n;
    unsigned n_bytes;
    char text[PAGE_BYTES - 2 * sizeof(unsigned)];
};
struct arguments *arguments_new(void); /* NULL: no memory */
void arguments_free(struct arguments *arguments);
/* Adds the n bytes at `string`. 0, or -E_INVAL: too many, or too long. */
int arguments_add(struct arguments *arguments, const char *string, size_t n);

/* Gives `process` a new program and frees its old space; it begins with `regs`. Returns the number of
 * arguments, or a negative enum error, and then nothing changed. */
int exec(struct process *process, const char *path, const struct arguments *arguments, struct registers *regs);

/* ---- life and death: process.c ------------------------------------------------------------------------------ */

/* The ancestor of all, pid 0, has no program: it runs verdict(). It inherits those whose parents have ended. */
void process_start_ancestor(void);

/* Runs a program of the initramfs as a child of the ancestor: its pid, or a negative enum error. */
int process_start_first(const struct arguments *arguments);

/* Gives it another space; returns the one that it had. */
struct space process_change_space(struct process *process, const struct space *space);

int process_fork(const struct registers *regs);
int process_wait(int *status); /* the pid of a child that ended, or an error */
int process_kill(int pid);
_Noreturn void process_exit(int status);

/* ---- kernel stacks: stack.c --------------------------------------------------------------------------------- */

/* Number i is process slot i's, number MAX_PROCESSES + i is CPU i's idle stack. */
bool stacks_init(void);
uintptr_t stack_make(unsigned number);                           /* its top, or 0: no memory */
void stack_free(unsigned number, const struct cpu_set *used_on); /* the CPUs that may remember it */
static inline uintptr_t stack_top(unsigned number) {
    return STACKS_BASE + (number + 1) * (uintptr_t)(2 * STACK_BYTES);
}

#endif
