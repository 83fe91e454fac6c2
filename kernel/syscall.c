/* syscall.c: what programs ask for. Each function checks what it is given: numbers against their limits, addresses by
 * the copying functions of space.c. The meaning of each call is in abi.h. */
#include <meminfo.h>
#include <process.h>
#include <verdict.h>

/* ---- why a program ends otherwise ------------------------------------------------------------------------- */

enum { STATUS_DEATH = 256 }; /* abi.h, SYS_WAIT: above all exit codes */

static _Noreturn void die(enum death death) {
    arch_interrupts_restore(true);
    process_exit(STATUS_DEATH + (int)death);
}

void trap_bad_instruction(const char *what, uintptr_t pc) {
    print("process %d (%s) ended: %s, pc 0x%lx\n", current()->pid, current()->name, what, pc);
    die(DEATH_FAULT);
}

static const char *fault_name(unsigned access) {
    return access == ACCESS_READ ? "load from" : access == ACCESS_WRITE ? "store to" : "jump to";
}

void trap_page_fault(uintptr_t address, unsigned access, uintptr_t pc) {
    struct process *process = current();
    arch_interrupts_restore(true);
    quire_pa frame;
    int error = space_touch(&process->space, address, access, &frame);
    if (error == -E_NOMEM) {
        print("process %d (%s) ended: no memory for 0x%lx\n", process->pid, process->name, address);
        die(DEATH_NOMEM);
    } else if (error != 0) {
        print("process %d (%s) ended: bad %s 0x%lx, pc 0x%lx\n", process->pid, process->name, fault_name(access),
              address, pc);
        die(DEATH_FAULT);
    }
    arch_interrupts_off();
}

void trap_leave_for_user(void) {
    give_way();
    if (atomic_load(&current()->killed)) {
        die(DEATH_KILLED);
    }
}

/* ---- arguments ------------------------------------------------------------------------------------------ */

/* The i-th argument of the call that stopped with these registers. */
static uint64_t argument(const struct registers *regs, unsigned i) {
    return arch_syscall_argument(regs, i);
}

static struct space *space(void) {
    return &current()->space;
}

static int path_argument(const struct registers *regs, unsigned i, char path[ABI_NAME]) {
    int error = copy_string_from(space(), path, argument(regs, i), ABI_NAME);
    return error == -E_INVAL ? -E_NOENT : error; /* no file has a name that long */
}

/* The open file of a descriptor, or NULL. */
static struct file *file_argument(const struct registers *regs, unsigned i) {
    uint64_t fd = argument(regs, i);
    struct file *file = fd < MAX_FILES ? &current()->file[fd] : NULL;
    return file != NULL && file->kind != FILE_NONE ? file : NULL;
}

static int lowest_free_fd(void) {
    for (int fd = 0; fd < (int)MAX_FILES; fd++) {
        if (current()->file[fd].kind == FILE_NONE) {
            return fd;
        }
    }
    return -E_MFILE;
}

/* Gives an open file a descriptor, or closes it. */
static int install(struct file *file) {
    int fd = lowest_free_fd();
    if (fd >= 0) {
        current()->file[fd] = *file;
    } else {
        file_close(file);
    }
    return fd;
}

/* ---- processes ------------------------------------------------------------------------------------------ */

static long call_exit(struct registers *regs) {
    process_exit((int)argument(regs, 0) & 0xFF);
}

static long call_fork(struct registers *regs) {
    return process_fork(regs);
}

static int collect_arguments(struct arguments *arguments, uintptr_t argv) {
    quire_pa frame = quire_alloc(frames, OWNER_KERNEL); /* room for one string */
    if (frame == QUIRE_NONE) {
        return -E_NOMEM;
    }
    char *string = direct(frame);
    uintptr_t at;
    int error = copy_from(space(), &at, argv, sizeof at);
    while (error == 0 && at != 0) {
        error = copy_string_from(space(), string, at, PAGE_BYTES);
        if (error == 0) {
            error = arguments_add(arguments, string, strlen(string));
        }
        argv += sizeof at;
        if (error == 0) {
            error = copy_from(space(), &at, argv, sizeof at);
        }
    }
    quire_free(frames, frame);
    return error;
}

static long call_exec(struct registers *regs) {
    char path[ABI_NAME];
    int error = path_argument(regs, 0, path);
    if (error != 0) {
        return error;
    }
    struct arguments *arguments = arguments_new();
    if (arguments == NULL) {
        return -E_NOMEM;
    }
    error = collect_arguments(arguments, argument(regs, 1));
    if (error == 0) {
        error = exec(current(), path, arguments, regs);
    }
    arguments_free(arguments);
    return error;
}

/* Tries the address before there is something to lose. */
static long call_wait(struct registers *regs) {
    int status = 0;
    uintptr_t to = argument(regs, 0);
    int error = to != 0 ? copy_to(space(), to, &status, sizeof status) : 0;
    if (error != 0) {
        return error;
    }
    int pid = process_wait(&status);
    if (pid >= 0 && to != 0) {
        (void)copy_to(space(), to, &status, sizeof status);
    }
    return pid;
}

static long call_kill(struct registers *regs) {
    return process_kill((int)argument(regs, 0));
}

static long call_getpid(struct registers *regs) {
    (void)regs;
    return current()->pid;
}

static long call_sleep(struct registers *regs) {
    return sleep_ms((unsigned)argument(regs, 0));
}

static long call_uptime(struct registers *regs) {
    (void)regs;
    return (long)arch_time_ms();
}

static long call_poweroff(struct registers *regs) {
    power_off((int)argument(regs, 0));
}

/* ---- memory --------------------------------------------------------------------------------------------- */

static long call_sbrk(struct registers *regs) {
    uintptr_t old_end;
    int error = space_grow(space(), (intptr_t)argument(regs, 0), &old_end);
    return error != 0 ? error : (long)old_end;
}

static long call_meminfo(struct registers *regs) {
    return meminfo(space(), argument(regs, 0), argument(regs, 1), argument(regs, 2));
}

/* ---- files ---------------------------------------------------------------------------------------------- */

static long call_pipe(struct registers *regs) {
    struct file out, in;
    int error = pipe_new(&out, &in);
    if (error != 0) {
        return error;
    }
    int fd[2];
    fd[0] = install(&out);
    fd[1] = install(&in);
    error = fd[1] < 0 ? fd[1] : copy_to(space(), argument(regs, 0), fd, sizeof fd);
    for (int i = 0; i < 2; i++) {
        if (error != 0 && fd[i] >= 0) {
            file_close(&current()->file[fd[i]]);
        }
    }
    return error;
}

static long call_dup(struct registers *regs) {
    struct file *file = file_argument(regs, 0);
    if (file == NULL) {
        return -E_BADF;
    }
    struct file copy = file_copy(file);
    return install(&copy);
}

static long call_open(struct registers *regs) {
    char path[ABI_NAME];
    struct file file;
    int error = path_argument(regs, 0, path);
    if (error == 0) {
        error = file_open(&file, path, (unsigned)argument(regs, 1));
    }
    return error != 0 ? error : install(&file);
}

static long call_close(struct registers *regs) {
    struct file *file = file_argument(regs, 0);
    if (file == NULL) {
        return -E_BADF;
    }
    file_close(file);
    return 0;
}

static long transfer(const struct registers *regs, long (*how)(struct file *, struct space *, uintptr_t, size_t)) {
    struct file *file = file_argument(regs, 0);
    size_t n = argument(regs, 2);
    if (file == NULL) {
        return -E_BADF;
    }
    return n > USER_TOP ? -E_INVAL : how(file, space(), argument(regs, 1), n);
}

static long call_read(struct registers *regs) {
    return transfer(regs, file_read);
}

static long call_write(struct registers *regs) {
    return transfer(regs, file_write);
}

static long call_list(struct registers *regs) {
    struct stored_file file;
    uint64_t i = argument(regs, 0);
    if (i > UINT32_MAX || !initramfs_entry((unsigned)i, &file)) {
        return -E_NOENT;
    }
    char name[ABI_NAME];
    print_to(name, sizeof name, "%s", file.name);
    int error = copy_to(space(), argument(regs, 1), name, strlen(name) + 1);
    return error != 0 ? error : (long)file.n_bytes;
}

/* ---- dispatch ------------------------------------------------------------------------------------------- */

static long (*const calls[])(struct registers *) = {
    [SYS_EXIT] = call_exit,   [SYS_FORK] = call_fork,         [SYS_EXEC] = call_exec,     [SYS_WAIT] = call_wait,
    [SYS_KILL] = call_kill,   [SYS_GETPID] = call_getpid,     [SYS_SBRK] = call_sbrk,     [SYS_PIPE] = call_pipe,
    [SYS_DUP] = call_dup,     [SYS_OPEN] = call_open,         [SYS_CLOSE] = call_close,   [SYS_READ] = call_read,
    [SYS_WRITE] = call_write, [SYS_SLEEP] = call_sleep,       [SYS_UPTIME] = call_uptime, [SYS_MEMINFO] = call_meminfo,
    [SYS_LIST] = call_list,   [SYS_POWEROFF] = call_poweroff,
};

void trap_syscall(struct registers *regs) {
    arch_interrupts_restore(true);
    uint64_t number = arch_syscall_number(regs);
    bool known = number < sizeof calls / sizeof calls[0] && calls[number] != NULL;
    long result = known ? calls[number](regs) : -E_INVAL;
    arch_syscall_result(regs, (uint64_t)result);
    arch_interrupts_off();
}
