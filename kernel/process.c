/* process.c: how processes begin and end.
 *
 * Making a process takes four things: its frame, its place in the table, its kernel stack, its space. Each function
 * here that fails gives back what it took. A process that ends frees its files and its space itself, as nobody else
 * can; its parent frees the stack, on which it ended, and the frame.
 *
 * Pid 0 is the ancestor, a process of the kernel without a program (verdict.c). It inherits the children of
 * processes that end. */
#include <process.h>
#include <verdict.h>

static struct process *table[MAX_PROCESSES];
static int next_pid;

_Static_assert(sizeof(struct process) <= PAGE_BYTES, "a process is one frame");
_Static_assert(sizeof(struct arguments) == PAGE_BYTES, "arguments are one frame");

/* ---- making --------------------------------------------------------------------------------------------- */

static bool take_slot(struct process *process) {
    bool on = lock_acquire(&process_lock);
    unsigned slot = 0;
    while (slot < MAX_PROCESSES && table[slot] != NULL) {
        slot++;
    }
    bool found = slot < MAX_PROCESSES;
    if (found) {
        table[slot] = process;
        process->slot = slot;
        process->pid = next_pid++;
    }
    lock_release(&process_lock, on);
    return found;
}

static void give_slot_back(struct process *process) {
    bool on = lock_acquire(&process_lock);
    table[process->slot] = NULL;
    lock_release(&process_lock, on);
}

static void free_process_frame(struct process *process) {
    quire_free(frames, direct_pa(process));
}

static void process_free(struct process *process) {
    stack_free(process->slot, &process->ran_on);
    give_slot_back(process);
    free_process_frame(process);
}

static int process_new(struct process **out) {
    quire_pa frame = quire_alloc(frames, OWNER_PROCESS);
    if (frame == QUIRE_NONE) {
        return -E_NOMEM;
    }
    struct process *process = direct(frame);
    memset(process, 0, sizeof *process);
    process->space.root = paging_kernel_root;
    if (!take_slot(process)) {
        free_process_frame(process);
        return -E_AGAIN;
    }
    if (stack_make(process->slot) == 0) {
        give_slot_back(process);
        free_process_frame(process);
        return -E_NOMEM;
    }
    *out = process;
    return 0;
}

/* With interrupts off: if the process lost the CPU in between, the CPU that runs it next would see half a change. */
struct space process_change_space(struct process *process, const struct space *space) {
    bool on = arch_interrupts_off();
    struct space old = process->space;
    process->space = *space;
    if (process == current()) {
        paging_activate(space->root);
    }
    arch_interrupts_restore(on);
    return old;
}

static struct registers *user_registers(const struct process *process) {
    return (struct registers *)stack_top(process->slot) - 1;
}

/* The first thing that a new process does; process_lock is held since the switch to it. */
static void begin_program(void *regs) {
    lock_release(&process_lock, false);
    arch_enter_user(regs);
}

static void start(struct process *process, struct process *parent) {
    struct registers *regs = user_registers(process);
    arch_context_init(&process->context, (uintptr_t)regs, begin_program, regs);
    bool on = lock_acquire(&process_lock);
    process->parent = parent;
    make_ready(process);
    lock_release(&process_lock, on);
}

/* ---- the first two ---------------------------------------------------------------------------------------- */

static struct process *ancestor;

static void begin_ancestor(void *unused) {
    (void)unused;
    lock_release(&process_lock, true);
    verdict();
}

void process_start_ancestor(void) {
    if (process_new(&ancestor) != 0) {
        panic("no memory for the first process");
    }
    print_to(ancestor->name, sizeof ancestor->name, "ancestor");
    arch_context_init(&ancestor->context, stack_top(ancestor->slot), begin_ancestor, NULL);
    bool on = lock_acquire(&process_lock);
    make_ready(ancestor);
    lock_release(&process_lock, on);
}

int process_start_first(const struct arguments *arguments) {
    struct process *process;
    int error = process_new(&process);
    if (error != 0) {
        return error;
    }
    error = exec(process, arguments->text, arguments, user_registers(process));
    if (error < 0) {
        process_free(process);
        return error;
    }
    for (int fd = 0; fd < 3; fd++) {
        process->file[fd].kind = FILE_CONSOLE;
    }
    int pid = process->pid;
    start(process, ancestor);
    return pid;
}

/* ---- fork, wait, kill ------------------------------------------------------------------------------------- */

int process_fork(const struct registers *regs) {
    struct process *parent = current(), *child;
    int error = process_new(&child);
    if (error != 0) {
        return error;
    }
    error = space_copy(&child->space, &parent->space);
    if (error != 0) {
        process_free(child);
        return error;
    }
    for (unsigned fd = 0; fd < MAX_FILES; fd++) {
        child->file[fd] = file_copy(&parent->file[fd]);
    }
    memcpy(child->name, parent->name, sizeof child->name);
    *user_registers(child) = *regs;
    arch_syscall_result(user_registers(child), 0);
    int pid = child->pid;
    start(child, parent);
    return pid;
}

/* A child that ended, or NULL; *any: there are children at all. process_lock is held. */
static struct process *ended_child(const struct process *parent, bool *any) {
    *any = false;
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++) {
        struct process *p = table[slot];
        if (p == NULL || p->parent != parent || p->state == PROCESS_REAPED) {
            continue;
        }
        *any = true;
        if (p->state == PROCESS_ENDED) {
            return p;
        }
    }
    return NULL;
}

int process_wait(int *status) {
    struct process *parent = current();
    int error = 0;
    bool any, on = lock_acquire(&process_lock);
    struct process *child = ended_child(parent, &any);
    while (child == NULL && error == 0) {
        if (!any) {
            error = -E_CHILD;
        } else if (atomic_load(&parent->killed)) {
            error = -E_INTR;
        } else {
            wait_locked(&parent->child_ended);
        }
        child = ended_child(parent, &any);
    }
    if (child != NULL) {
        child->state = PROCESS_REAPED;
    }
    lock_release(&process_lock, on);
    if (child == NULL) {
        return error;
    }
    int pid = child->pid;
    *status = child->exit_status;
    process_free(child);
    return pid;
}

int process_kill(int pid) {
    int error = -E_NOENT;
    bool on = lock_acquire(&process_lock);
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++) {
        struct process *p = table[slot];
        if (p == NULL || p == ancestor || p->pid != pid) {
            continue;
        }
        atomic_store(&p->killed, true);
        wake_killed(p);
        error = 0;
    }
    lock_release(&process_lock, on);
    return error;
}

/* ---- exit ------------------------------------------------------------------------------------------------- */

/* process_lock is held. */
static void leave_children_to_ancestor(const struct process *parent) {
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++) {
        struct process *p = table[slot];
        if (p != NULL && p->parent == parent) {
            p->parent = ancestor;
        }
    }
    wake_all_locked(&ancestor->child_ended);
}

void process_exit(int status) {
    struct process *process = current();
    for (unsigned fd = 0; fd < MAX_FILES; fd++) {
        file_close(&process->file[fd]);
    }
    const struct space none = {.root = paging_kernel_root};
    struct space space = process_change_space(process, &none);
    space_free(&space);
    lock_acquire(&process_lock);
    leave_children_to_ancestor(process);
    process->exit_status = status;
    process->state = PROCESS_ENDED;
    wake_all_locked(&process->parent->child_ended);
    leave_cpu();
    panic("process %d runs after its end", process->pid);
}
