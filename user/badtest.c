/* badtest.c: bad arguments and bad accesses hurt only the program that makes them.
 *
 * A bad pointer in a system call is answered with E_FAULT. A bad access in the program itself ends the process with
 * DEATH_FAULT. kill ends a process whatever it is doing. */
#include "test.h"

enum { N_PATH = 5000, N_RECURSION = 1 << 20 };

/* Addresses that no program of ours has mapped. The last ones wrap around when a size is added. */
static const uint64_t nowhere[] = {
    0,
    8,
    0x1000,
    UINT64_C(1) << 37,
    UINT64_C(1) << 38,
    UINT64_C(1) << 63,
    0x80000000,
    0x80200000,
    UINT64_C(0xFFFFFFC000000000),
    UINT64_C(0xFFFFFFFF80200000),
    UINT64_MAX - 4095,
    UINT64_MAX - 7,
};

static const char constant[64] = "a constant, which lies in a page that is read-only";

static uint64_t address_of(const void *object) {
    return (uint64_t)(uintptr_t)object;
}

/* ---- bad pointers --------------------------------------------------------------------------------------- */

static void expect_fault(const char *what, uint64_t address, long result) {
    if (result != -E_FAULT) {
        print("at address 0x%lx:\n", address);
        expect(what, -E_FAULT, result);
    }
}

/* The calls that write to memory. */
static void expect_no_store(uint64_t address) {
    long bad = (long)address;
    int file = open("motd", ABI_OPEN_READ);
    expect_that("motd can be opened", file >= 0);
    expect_fault("read of a file to a bad address", address, system_call(SYS_READ, file, bad, 16));
    close(file);
    int fd[2];
    pipe_or_fail(fd);
    expect("a write to a pipe", 16, write(fd[1], constant, 16));
    expect_fault("read of a pipe to a bad address", address, system_call(SYS_READ, fd[0], bad, 16));
    close(fd[0]);
    close(fd[1]);
    expect_fault("pipe with a bad address", address, system_call(SYS_PIPE, bad, 0, 0));
    expect_fault("list to a bad address", address, system_call(SYS_LIST, 0, bad, 0));
    expect_fault("meminfo to a bad address", address, system_call(SYS_MEMINFO, bad, 0, 0));
    if (address != 0) { /* where NULL says: not wanted */
        static struct meminfo info;
        expect_fault("meminfo's map to a bad address", address,
                     system_call(SYS_MEMINFO, (long)address_of(&info), bad, 64));
        int pid = fork_or_fail();
        if (pid == 0) {
            exit(3);
        }
        expect_fault("wait with a bad address", address, system_call(SYS_WAIT, bad, 0, 0));
        expect_child("the child, after a wait that failed", pid, 3);
    }
}

/* The calls that read from memory. */
static void expect_no_load(uint64_t address) {
    long bad = (long)address;
    int fd[2];
    pipe_or_fail(fd);
    expect_fault("write from a bad address", address, system_call(SYS_WRITE, fd[1], bad, 16));
    close(fd[0]);
    close(fd[1]);
    expect_fault("open of a bad address", address, system_call(SYS_OPEN, bad, ABI_OPEN_READ, 0));
    char *arguments[] = {(char *)(uintptr_t)address, (char *)(uintptr_t)address, NULL};
    expect_fault("exec of a bad address", address, exec(arguments[0], arguments));
    if (address != 0) { /* a list that ends there */
        expect_fault("exec with a bad argument", address, exec("true", arguments));
    }
    expect_fault("exec with a bad list", address, system_call(SYS_EXEC, (long)address_of("true"), bad, 0));
}

static void test_bad_pointers(void) {
    for (unsigned i = 0; i < COUNT(nowhere); i++) {
        expect_no_store(nowhere[i]);
        expect_no_load(nowhere[i]);
    }
    expect_no_store(address_of(constant));
    expect_no_store((uint64_t)(uintptr_t)&main);
    group("every system call refuses bad pointers, and read-only ones to write to");
}

/* An object of which the first bytes are there and the rest is not. */
static void test_straddling(void) {
    char *heap = grow(2 * PAGE);
    heap = (char *)(((uintptr_t)heap + PAGE - 1) / PAGE * PAGE);
    expect_that("giving back what is behind it", sbrk(-(sbrk(0) - (intptr_t)heap - (intptr_t)PAGE)) >= 0);
    char *end = heap + PAGE;
    uint64_t edge = address_of(end - 4);
    expect_fault("pipe across the end", edge, system_call(SYS_PIPE, (long)edge, 0, 0));
    expect_fault("list across the end", edge, system_call(SYS_LIST, 0, (long)edge, 0));
    expect_fault("meminfo across the end", edge, system_call(SYS_MEMINFO, (long)edge, 0, 0));
    memset(heap, 'a', PAGE);
    expect_fault("open of a path that does not end", edge, system_call(SYS_OPEN, (long)edge, 0, 0));
    int fd[2];
    pipe_or_fail(fd);
    long n = write(fd[1], end - 4, 8);
    expect_that("a write across the end is refused, or short", n == -E_FAULT || n == 4);
    close(fd[0]);
    close(fd[1]);
    group("objects that are only half there");
}

/* ---- bad values ----------------------------------------------------------------------------------------- */

static void test_bad_values(void) {
    static char path[N_PATH];
    memset(path, 'p', N_PATH - 1);
    expect_that("a path of 4999 letters is refused", open(path, ABI_OPEN_READ) < 0);
    expect("open of no file", -E_NOENT, open("no such file", ABI_OPEN_READ));
    expect("open with unknown flags", -E_INVAL, open("motd", 77));
    expect_that("files can not be written to", open("motd", ABI_OPEN_WRITE) < 0);
    expect("list behind the last file", -E_NOENT, list(1u << 30, path));
    static const int numbers[] = {-1, 1000, INT32_MAX, INT32_MIN};
    for (unsigned i = 0; i < COUNT(numbers); i++) {
        expect("read of no descriptor", -E_BADF, read(numbers[i], path, 1));
        expect("write to no descriptor", -E_BADF, write(numbers[i], path, 1));
        expect("close of no descriptor", -E_BADF, close(numbers[i]));
        expect("dup of no descriptor", -E_BADF, dup(numbers[i]));
        expect_that("kill of no process is refused", kill(numbers[i] == 1000 ? INT32_MAX - 1 : numbers[i]) < 0);
    }
    char *too_many[ABI_ARGS + 2];
    for (unsigned i = 0; i <= ABI_ARGS; i++) {
        too_many[i] = path + N_PATH - 2;
    }
    too_many[ABI_ARGS + 1] = NULL;
    expect("exec with too many arguments", -E_INVAL, exec("true", too_many));
    too_many[1] = NULL;
    expect("exec of no file", -E_NOENT, exec("no such file", too_many));
    expect("exec of a text", -E_NOEXEC, exec("motd", too_many));
    expect_that("unknown calls are refused", system_call(0, 0, 0, 0) < 0 && system_call(9999, 0, 0, 0) < 0 &&
                                                 system_call(-1, 0, 0, 0) < 0 && system_call(INT64_MAX, 0, 0, 0) < 0);
    group("bad numbers, names and lists are refused");
}

static void test_bad_growth(void) {
    intptr_t end = sbrk(0);
    expect_that("a heap of 2^63 bytes is refused", sbrk(INTPTR_MAX) < 0);
    expect_that("a heap that wraps around is refused", sbrk(INTPTR_MAX - end + 1) < 0);
    expect_that("a heap below its beginning is refused", sbrk(-end) < 0 && sbrk(INTPTR_MIN) < 0);
    expect("the end of the heap after it", end, sbrk(0));
    char *page = grow(2 * PAGE);
    memset(page, 0xff, 2 * PAGE);
    expect_that("giving back", sbrk(-2 * (intptr_t)PAGE) >= 0);
    page = grow(2 * PAGE);
    for (unsigned i = 0; i < 2 * PAGE; i++) {
        expect("a byte of heap that was given back and taken again", 0, page[i]);
    }
    group("the heap grows and shrinks within its bounds only, and is zero each time");
}

/* ---- bad accesses --------------------------------------------------------------------------------------- */

static volatile uint64_t target;
static uint64_t instructions[4];

static void load(void) {
    target = *(volatile uint64_t *)(uintptr_t)target;
}
static void store(void) {
    *(volatile uint64_t *)(uintptr_t)target = 1;
}
static void jump(void) {
    ((void (*)(void))(uintptr_t)target)();
}

static int recurse(int depth) {
    volatile char frame[512];
    frame[0] = (char)depth;
    return depth == N_RECURSION ? frame[0] : recurse(depth + 1) + frame[0];
}
static void overflow_stack(void) {
    target = (uint64_t)recurse(0);
}
static void illegal_instruction(void) {
    __builtin_trap();
}

static void expect_death(const char *what, void (*crime)(void), uint64_t address) {
    int pid = fork_or_fail();
    if (pid == 0) {
        target = address;
        crime();
        exit(0);
    }
    expect_child(what, pid, FAULT);
}

static void use_heap_given_back(void) {
    char *page = grow(2 * PAGE);
    touch(page, 2);
    sbrk(-2 * (intptr_t)PAGE);
    target = address_of(page + PAGE);
    load();
}

static void test_bad_accesses(void) {
    for (unsigned i = 0; i < COUNT(nowhere); i++) {
        expect_death("a load from nowhere", load, nowhere[i]);
        expect_death("a store to nowhere", store, nowhere[i]);
        expect_death("a jump to nowhere", jump, nowhere[i]);
    }
    group("wild loads, stores and jumps end the process");
    uint64_t on_the_stack = 0;
    expect_death("a store to the program", store, (uint64_t)(uintptr_t)&main);
    expect_death("a store to a constant", store, address_of(constant));
    expect_death("a jump to data", jump, address_of(instructions));
    expect_death("a jump to the stack", jump, address_of(&on_the_stack));
    expect_death("a jump to a constant", jump, address_of(constant));
    expect_death("heap that was given back", use_heap_given_back, 0);
    group("programs are not written to, and data are not run");
    expect_death("a stack without end", overflow_stack, 0);
    expect_death("an illegal instruction", illegal_instruction, 0);
    expect_death("a privileged instruction", privileged_instruction, 0);
    group("stack overflow, illegal and privileged instructions end the process");
}

/* ---- kill ----------------------------------------------------------------------------------------------- */

static int endless[2]; /* a pipe that nobody writes to, and whose writer does not go away */

static void be_asleep(void) {
    sleep_ms(1u << 30);
}
static void be_running(void) {
    for (;;) {
        target++;
    }
}
static void be_reading(void) {
    char c;
    read(endless[0], &c, 1);
}
static void be_writing(void) {
    for (;;) {
        write(endless[1], constant, sizeof(constant));
    }
}
static void be_waiting(void) {
    if (fork_or_fail() == 0) {
        sleep_ms(100); /* ends by itself, an orphan */
        exit(0);
    }
    wait(NULL);
    be_asleep();
}

static void expect_killed(const char *what, void (*pastime)(void)) {
    int ready[2];
    pipe_or_fail(ready);
    int pid = fork_or_fail();
    if (pid == 0) {
        send(ready[1], 1);
        pastime();
        exit(0);
    }
    expect_turn(ready[0]);
    sleep_ms(10); /* it is likely to have begun by then */
    expect("kill", 0, kill(pid));
    expect_child(what, pid, KILLED);
    expect("kill of a process that is gone", -E_NOENT, kill(pid));
    close(ready[0]);
    close(ready[1]);
}

static void test_kill(void) {
    pipe_or_fail(endless);
    expect_killed("a sleeping process", be_asleep);
    expect_killed("a running process", be_running);
    expect_killed("a process that reads", be_reading);
    expect_killed("a process that waits for a child", be_waiting);
    expect_killed("a process that writes to a full pipe", be_writing);
    int pid = fork_or_fail();
    if (pid == 0) {
        kill(getpid());
        be_running();
    }
    expect_child("a process that kills itself", pid, KILLED);
    close(endless[0]);
    close(endless[1]);
    group("kill ends what sleeps, runs, reads, writes, waits");
}

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    test_start("badtest");
    uint64_t n_free = free_frames();
    int pid = fork_or_fail(); /* in a child, so that all that it took must come back */
    if (pid == 0) {
        test_bad_pointers();
        test_straddling();
        test_bad_values();
        test_bad_growth();
        test_bad_accesses();
        test_kill();
        exit(0);
    }
    expect_child("all of it", pid, 0);
    expect_free("free frames after it", n_free);
    group("nothing of all this costs a frame");
    return test_end();
}
