/* sched.c: which process runs on which CPU, and how one waits.
 *
 * One lock, process_lock, guards every queue and every process's state. A process is in at most one queue: that of the
 * ready ones, from which each CPU takes the first, or one where it waits. Each CPU has a loop of its own, on a stack
 * of its own, that looks for work; a process that stops running switches to that loop, and the loop to the next.
 *
 * process_lock is held across a switch: the process that leaves acquires it, says where it can be found again, and
 * switches; the one that comes releases it. So nobody can run a process whose registers are not yet all saved.
 *
 * CPU 0 keeps time: it ticks always. The others tick only while they run a process. A tick takes the CPU from kernel code,
 * too, if that is PREEMPTIBLE; else from the process when it goes back to its program. */
#include <conformance.h>
#include <console.h>
#include <memory.h>
#include <options.h>
#include <process.h>

#define TICK_US          10000u
#define TICK_US_EXERCISE 1000u /* where the ticks themselves are what is tried */

struct lock process_lock;
struct cpu cpus[MAX_CPUS];
unsigned n_cpus;

static struct queue ready;
static struct queue sleepers;

/* ---- queues --------------------------------------------------------------------------------------------- */

static void queue_add(struct queue *queue, struct process *process) {
    process->next = NULL;
    process->queue = queue;
    if (queue->first == NULL) {
        queue->first = process;
    } else {
        queue->last->next = process;
    }
    queue->last = process;
}

static void queue_remove(struct process *process) {
    struct queue *queue = process->queue;
    struct process *before = NULL;
    for (struct process *p = queue->first; p != process; p = p->next) {
        before = p;
    }
    if (before == NULL) {
        queue->first = process->next;
    } else {
        before->next = process->next;
    }
    if (queue->last == process) {
        queue->last = before;
    }
    process->queue = NULL;
}

/* ---- running -------------------------------------------------------------------------------------------- */

struct process *current(void) {
    bool on = arch_interrupts_off();
    struct process *process = arch_cpu()->current;
    arch_interrupts_restore(on);
    return process;
}

static void poke_one_idle(void) {
    for (unsigned i = 0; i < n_cpus; i++) {
        if (atomic_load(&cpus[i].idling)) {
            atomic_store(&cpus[i].idling, false);
            arch_cpu_poke(&cpus[i]);
            return;
        }
    }
}

void make_ready(struct process *process) {
    process->state = PROCESS_READY;
    queue_add(&ready, process);
    poke_one_idle();
}

static unsigned tick_us(void) {
    unsigned usual = options.allocate_in_interrupts ? TICK_US_EXERCISE : TICK_US;
    return options.tick_us != 0 ? options.tick_us : usual;
}

static void set_ticking(struct cpu *cpu, bool on) {
    if (on) {
        arch_timer_set(tick_us());
    } else {
        arch_timer_off();
    }
    cpu->ticking = on;
}

static void run(struct cpu *cpu, struct process *process) {
    queue_remove(process);
    process->state = PROCESS_RUNNING;
    process->ran_on.word[cpu->number / 64] |= (uint64_t)1 << cpu->number % 64;
    cpu->current = process;
    cpu->late = false;
    if (!cpu->ticking) {
        set_ticking(cpu, true);
    }
    paging_activate(process->space.root);
    arch_switch(&cpu->idle, &process->context);
    cpu->current = NULL;
}

void run_processes(void) {
    struct cpu *cpu = arch_cpu(); /* interrupts are off, but in arch_wait: this code stays where it is */
    for (;;) {
        bool on = lock_acquire(&process_lock);
        atomic_store(&cpu->idling, false);
        while (ready.first != NULL) {
            run(cpu, ready.first);
        }
        paging_activate(paging_kernel_root); /* the last process's tables may be gone once the lock is free */
        atomic_store(&cpu->idling, true);
        lock_release(&process_lock, on);
        if (cpu->ticking != (cpu->number == 0)) {
            set_ticking(cpu, cpu->number == 0);
        }
        arch_wait();
    }
}

void leave_cpu(void) {
    struct cpu *cpu = arch_cpu();
    arch_switch(&cpu->current->context, &cpu->idle);
}

void yield(void) {
    bool on = lock_acquire(&process_lock);
    if (ready.first != NULL) {
        make_ready(arch_cpu()->current);
        leave_cpu();
    }
    lock_release(&process_lock, on);
}

/* ---- waiting -------------------------------------------------------------------------------------------- */

void wait_locked(struct queue *queue) {
    struct process *process = arch_cpu()->current;
    if (atomic_load(&process->killed)) {
        return;
    }
    process->state = PROCESS_WAITING;
    queue_add(queue, process);
    leave_cpu();
}

void wait_in(struct queue *queue, struct lock *guard) {
    bool on = lock_acquire(&process_lock); /* before the guard goes: nobody can wake us in between, unseen */
    lock_release(guard, on);               /* on is false: the guard keeps interrupts off */
    wait_locked(queue);
    lock_release(&process_lock, on);
    lock_acquire(guard);
}

static void wake(struct process *process) {
    queue_remove(process);
    make_ready(process);
}

void wake_killed(struct process *process) {
    if (process->state == PROCESS_WAITING) {
        wake(process);
    }
}

void wake_all_locked(struct queue *queue) {
    while (queue->first != NULL) {
        wake(queue->first);
    }
}

void wake_all(struct queue *queue) {
    bool on = lock_acquire(&process_lock);
    wake_all_locked(queue);
    lock_release(&process_lock, on);
}

/* ---- time ----------------------------------------------------------------------------------------------- */

int sleep_ms(unsigned milliseconds) {
    struct process *process = current();
    bool on = lock_acquire(&process_lock);
    process->wake_ms = arch_time_ms() + milliseconds;
    wait_locked(&sleepers);
    lock_release(&process_lock, on);
    return atomic_load(&process->killed) ? -E_INTR : 0;
}

static void wake_sleepers(void) {
    bool on = lock_acquire(&process_lock);
    uint64_t now = arch_time_ms();
    struct process *next;
    for (struct process *p = sleepers.first; p != NULL; p = next) {
        next = p->next;
        if (p->wake_ms <= now) {
            wake(p);
        }
    }
    lock_release(&process_lock, on);
}

uint64_t ticks_so_far(void) {
    uint64_t n = 0;
    for (unsigned i = 0; i < n_cpus; i++) {
        n += cpus[i].n_ticks;
    }
    return n;
}

void trap_tick(void) {
    struct cpu *cpu = arch_cpu();
    cpu->n_ticks++;
    if (cpu->number == 0) {
        wake_sleepers();
        console_poll();
    }
    memory_exercise();
    conformance_tick();
    set_ticking(cpu, cpu->number == 0 || cpu->current != NULL ||
                         conformance_runs()); /* late, so that others get on however short it is */
    cpu->late = cpu->current != NULL;
    if (PREEMPTIBLE) {
        give_way();
    }
}

void give_way(void) {
    struct cpu *cpu = arch_cpu();
    if (cpu->late) {
        cpu->late = false;
        yield();
    }
}
