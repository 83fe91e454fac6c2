/* kernel.c: the parts of the stand-in kernel that do not depend on the machine. See kernel.h. */
#define _GNU_SOURCE /* REG_EFL, MAP_FIXED_NOREPLACE */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
#include "memlayout.h"
#include "spinlock.h"
/* clang-format on */
#include "kernel.h"
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum exit_status { FAILED = 1, USAGE = 2, PANICKED = 3, FAULTED = 4 };

#ifdef __x86_64__
enum { PC_REG = REG_RIP, A_REG = REG_RAX, D_REG = REG_RDX };
#else
enum { PC_REG = REG_EIP, A_REG = REG_EAX, D_REG = REG_EDX };
#endif
#define SECONDS_AT_MOST 100u  /* of processor time, for each process */
#define TRAP_FLAG       0x100 /* in the flags register: a trap after each instruction */

/* The kernel's functions. Its defs.h is not included, because its memset is not that of <string.h>. */
void acquire(struct spinlock *lock);
void release(struct spinlock *lock);
void initlock(struct spinlock *lock, char *name);
void push_off(void);
void pop_off(void);
int cpuid(void);
_Noreturn void panic(char *message);

/* ---- expectations ---------------------------------------------------------------------------------------- */

static void say_and_exit(enum exit_status status, const char *word, const char *what) {
    dprintf(STDOUT_FILENO, "%s: %s\n", word, what);
    _exit((int)status);
}

void expect(bool ok, const char *what) {
    if (!ok) {
        say_and_exit(FAILED, "failed", what);
    }
}

bool panic_shows = true;

_Noreturn void panic(char *message) {
    if (panic_shows) {
        say_and_exit(PANICKED, "panic", message);
    }
    _exit(PANICKED);
}

static bool matches(const char *output, const char *words) {
    size_t n = strlen(words);
    if (n > 3 && strcmp(words + n - 3, "...") == 0) {
        return strncmp(output, words, n - 3) == 0;
    }
    return strncmp(output, words, n) == 0 && strcmp(output + n, "\n") == 0;
}

void expect_stop(void (*call)(void *), void *arg, const char *words) {
    int ends[2];
    char output[512] = "", complaint[1024];
    size_t n = 0;
    expect(pipe(ends) == 0, "pipe");
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        call(arg);
        say_and_exit(FAILED, "nothing", "the call returned");
    }
    close(ends[1]);
    for (ssize_t got; n < sizeof output - 1 && (got = read(ends[0], output + n, sizeof output - 1 - n)) > 0;) {
        n += (size_t)got;
    }
    close(ends[0]);
    waitpid(pid, NULL, 0);
    output[n] = 0;
    snprintf(complaint, sizeof complaint, "instead of \"%s\": %s", words, output);
    expect(matches(output, words), complaint);
}

static void join_copy(pid_t pid) {
    int status;
    waitpid(pid, &status, 0);
    if (status != 0) {
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : FAILED); /* the copy has said why */
    }
}

void in_copy(void (*call)(void)) {
    pid_t pid = fork();
    if (pid == 0) {
        call();
        _exit(0);
    }
    join_copy(pid);
}

void *page_for_copies(void) {
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    expect(page != MAP_FAILED, "mmap");
    return page;
}

/* ---- CPUs ------------------------------------------------------------------------------------------------ */

struct cpu {
    int n_off; /* depth of push_off */
    bool interrupts_off, were_on;
};

static struct cpu cpus[NCPU];
static _Thread_local unsigned current;
bool cpus_known = true;

void on_cpu(unsigned cpu) {
    current = cpu;
}

unsigned this_cpu(void) {
    return current;
}

bool interrupts_are_on(void) {
    return !cpus[current].interrupts_off;
}

void set_interrupts(bool on) {
    cpus[current].interrupts_off = !on;
}

static void must_know_cpus(void) {
    if (!cpus_known) {
        say_and_exit(FAILED, "failed", "a lock or a CPU number was used before the CPUs were found");
    }
}

int cpuid(void) {
    must_know_cpus();
    if (interrupts_are_on()) {
        panic("cpuid called with interrupts enabled");
    }
    return (int)current;
}

void push_off(void) {
    must_know_cpus();
    struct cpu *cpu = &cpus[current];
    if (cpu->n_off++ == 0) {
        cpu->were_on = !cpu->interrupts_off;
    }
    cpu->interrupts_off = true;
}

void pop_off(void) {
    struct cpu *cpu = &cpus[current];
    if (!cpu->interrupts_off || cpu->n_off < 1) {
        panic("pop_off");
    }
    if (--cpu->n_off == 0) {
        cpu->interrupts_off = !cpu->were_on;
    }
}

static bool many_threads;

struct cpu_thread {
    unsigned cpu;
    void (*body)(unsigned cpu);
};

static void *cpu_main(void *arg) {
    struct cpu_thread *thread = arg;
    on_cpu(thread->cpu);
    thread->body(thread->cpu);
    return NULL;
}

void run_cpus(unsigned n, void (*body)(unsigned cpu)) {
    pthread_t id[NCPU];
    struct cpu_thread thread[NCPU];
    many_threads = true;
    for (unsigned i = 0; i < n; i++) {
        thread[i] = (struct cpu_thread){i, body};
        expect(pthread_create(&id[i], NULL, cpu_main, &thread[i]) == 0, "pthread_create");
    }
    for (unsigned i = 0; i < n; i++) {
        pthread_join(id[i], NULL);
    }
    many_threads = false;
}

/* ---- locks ----------------------------------------------------------------------------------------------- */

struct lock_use lock_use[MAX_LOCKS];
static unsigned n_used;
static bool intruding;
static sigjmp_buf intruder_gives_up;

static void note_use(const struct spinlock *lock) {
    unsigned i = 0;
    if (many_threads) {
        return;
    }
    while (i < n_used && lock_use[i].lock != lock) {
        i++;
    }
    if (i < MAX_LOCKS) {
        n_used += i == n_used;
        lock_use[i].lock = lock;
        lock_use[i].cpus |= 1u << current;
        lock_use[i].n_taken++;
    }
}

unsigned n_locks_used(void) {
    return n_used;
}

unsigned long n_locks_taken(void) {
    unsigned long n = 0;
    for (unsigned i = 0; i < n_used; i++) {
        n += lock_use[i].n_taken;
    }
    return n;
}

void forget_locks(void) {
    memset(lock_use, 0, sizeof lock_use);
    n_used = 0;
}

void initlock(struct spinlock *lock, char *name) {
    *lock = (struct spinlock){.name = name};
}

void acquire(struct spinlock *lock) {
    push_off();
    if (lock->locked && lock->cpu == &cpus[current]) {
        panic("acquire");
    }
    while (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE) != 0) {
        if (intruding) {
            pop_off();
            siglongjmp(intruder_gives_up, 1);
        }
        sched_yield();
    }
    lock->cpu = &cpus[current];
    note_use(lock);
}

void release(struct spinlock *lock) {
    if (!lock->locked || lock->cpu != &cpus[current]) {
        panic("release");
    }
    lock->cpu = NULL;
    __atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
    pop_off();
}

/* The linker puts these in front of the C library's (--wrap). */
void *__real_memset(void *at, int byte, size_t n);
void *__real_memmove(void *to, const void *from, size_t n);
void *__real_memcpy(void *restrict to, const void *restrict from, size_t n);
void *__wrap_memset(void *at, int byte, size_t n);
void *__wrap_memmove(void *to, const void *from, size_t n);
void *__wrap_memcpy(void *restrict to, const void *restrict from, size_t n);

unsigned n_fills, n_fills_in_locks;

static void note_fill(size_t n) {
    if (n == PAGE) {
        __atomic_fetch_add(&n_fills, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&n_fills_in_locks, !interrupts_are_on(), __ATOMIC_RELAXED);
    }
}

void *__wrap_memset(void *at, int byte, size_t n) {
    note_fill(n);
    return __real_memset(at, byte, n);
}

void *__wrap_memmove(void *to, const void *from, size_t n) {
    note_fill(n);
    return __real_memmove(to, from, n);
}

void *__wrap_memcpy(void *restrict to, const void *restrict from, size_t n) {
    note_fill(n);
    return __real_memcpy(to, from, n);
}

/* ---- one instruction at a time --------------------------------------------------------------------------- */

static bool (*each_step)(const uint8_t *executed); /* NULL: not stepping */
static const uint8_t *volatile next_instruction;

/* raise(SIGTRAP) turns the trap flag on or off; the flag brings all other SIGTRAPs. */
static void on_trap(int sig, siginfo_t *info, void *context) {
    (void)sig;
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *executed = next_instruction;
    next_instruction = (const uint8_t *)(uintptr_t)regs[PC_REG];
    if (info->si_code != SI_TKILL && each_step != NULL && !each_step(executed)) {
        each_step = NULL;
    }
    if (each_step != NULL) {
        regs[REG_EFL] |= TRAP_FLAG;
    } else {
        regs[REG_EFL] &= ~TRAP_FLAG;
    }
}

void step(void (*call)(void), bool (*each)(const uint8_t *executed)) {
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    sigaction(SIGTRAP, &action, NULL);
    each_step = each;
    raise(SIGTRAP);
    call();
    each_step = NULL;
    raise(SIGTRAP);
}

static void (*the_intruder)(void);
static unsigned n_steps, n_intrusions, stride;
static bool is_copy;

/* As another CPU, which gives up where it would have to wait. */
static void run_intruder(void) {
    unsigned victim = current;
    struct cpu before[NCPU];
    memcpy(before, cpus, sizeof cpus);
    intruding = true;
    if (sigsetjmp(intruder_gives_up, 0) == 0) {
        the_intruder();
    } else {
        memcpy(cpus, before, sizeof cpus);
    }
    intruding = false;
    current = victim;
}

/* A copy of a process takes a hundred times as long where a processor is simulated. */
#define SIMULATED_STRIDE 7u

static bool intrude_here(const uint8_t *executed) {
    (void)executed;
    if (n_steps++ % stride != 0) {
        return true;
    }
    n_intrusions++;
    pid_t pid = fork();
    if (pid == 0) {
        is_copy = true;
        run_intruder();
        return false;
    }
    join_copy(pid);
    return true;
}

void intrude(void (*call)(void), void (*intruder)(void), void (*after)(void)) {
    const char *simulator = getenv("TEST_SIMULATOR");
    the_intruder = intruder;
    stride = simulator != NULL ? SIMULATED_STRIDE : 1;
    if (simulator != NULL) {
        dprintf(STDOUT_FILENO, "# note: %s simulates this: at one of %u instructions\n", simulator, stride);
    }
    step(call, intrude_here);
    after();
    if (is_copy) {
        _exit(0);
    }
    expect(n_intrusions > 100, "there was nothing to step through");
}

#define STACK_BYTES (64u << 10)
#define STACK_PAINT 0xA5

size_t stack_used(void (*call)(void)) {
    static _Alignas(64) unsigned char stack[STACK_BYTES];
    static ucontext_t here, there;
    size_t untouched = 0;
    memset(stack, STACK_PAINT, sizeof stack);
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    there.uc_link = &here;
    makecontext(&there, call, 0);
    swapcontext(&here, &there);
    while (untouched < sizeof stack && stack[untouched] == STACK_PAINT) {
        untouched++;
    }
    return sizeof stack - untouched;
}

/* ---- RAM ------------------------------------------------------------------------------------------------- */

static size_t ram_bytes;
uint64_t machine_ram = UINT64_MAX;
bool small_pages;

static char *ram(void) {
    return (char *)(uintptr_t)KERNBASE;
}

void map_ram(size_t n_bytes) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    expect(mmap(ram(), n_bytes, PROT_READ | PROT_WRITE, flags, -1, 0) == ram(),
           "addresses from KERNBASE on are in use");
    madvise(ram(), n_bytes, small_pages ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
    ram_bytes = n_bytes;
}

void limit_ram(size_t n_bytes) {
    mprotect(ram(), n_bytes, PROT_READ | PROT_WRITE);
    mprotect(ram() + n_bytes, ram_bytes - n_bytes, PROT_NONE);
}

size_t resident_pages(void) {
    static unsigned char resident[1u << 16];
    size_t n = 0;
    expect(mincore(ram(), ram_bytes, resident) == 0, "mincore");
    for (size_t i = 0; i < ram_bytes / PAGE; i++) {
        n += resident[i] & 1;
    }
    return n;
}

static void on_fault(int sig, siginfo_t *info, void *context) {
    (void)sig;
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    uintptr_t pc = (uintptr_t)regs[PC_REG], a = (uintptr_t)regs[A_REG];
    char where[64];
    if (info->si_code == SI_KERNEL && machine_port(&pc, &a, (uintptr_t)regs[D_REG])) {
        regs[PC_REG] = (greg_t)pc;
        regs[A_REG] = (greg_t)a;
        return;
    }
    snprintf(where, sizeof where, "address %p", info->si_addr);
    say_and_exit(FAULTED, "page fault", where);
}

/* ---- the program ----------------------------------------------------------------------------------------- */

static void list(const struct scenario *s) {
    for (; s->name != NULL; s++) {
        printf("%s\t%s\n", s->name, s->seed != NULL ? s->seed : "");
    }
}

static void run(const struct scenario *s, const char *name) {
    const struct rlimit limit = {SECONDS_AT_MOST, SECONDS_AT_MOST};
    for (; s->name != NULL; s++) {
        if (strcmp(s->name, name) == 0) {
            setrlimit(RLIMIT_CPU, &limit); /* a scenario that spins has failed */
            s->run();
            exit(0);
        }
    }
}

int main(int n_args, char **args) {
    struct sigaction fault = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &fault, NULL);
    if (n_args < 2) {
        list(common_scenarios);
        list(scenarios);
        return 0;
    }
    run(common_scenarios, args[1]);
    run(scenarios, args[1]);
    fprintf(stderr, "no scenario \"%s\"; without an argument they are listed\n", args[1]);
    return USAGE;
}
