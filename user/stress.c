/* stress.c: processes fork, grow, pipe and die at random: stress [N] [ROUNDS] [SEED].
 *
 * Every one of them checks that its memory is its own and that its children end as they should. Being refused for
 * want of memory or of processes is no failure, and is counted. The seed is printed, and gives the same choices
 * again, though not the same interleaving. */
#include "test.h"

enum { N_MAX = 1024, N_GROW_PAGES = 48, N_TALK_BYTES = 20000, N_LINGER_MS = 30000, CHILD_OK = 42, CHILD_STARVED = 43 };

struct tally {
    uint64_t n_forks, n_refused, n_starved;
};

static struct random chance;
static struct tally tally;

/* ---- children ------------------------------------------------------------------------------------------- */

/* As fork, but a child whose chances are its own. A refusal is counted. */
static int try_fork(void) {
    uint64_t state = random_below(&chance, UINT64_MAX);
    int pid = fork();
    if (pid == 0) {
        chance.state = state;
    } else if (pid < 0) {
        expect_that("fork is refused for want of memory or processes", pid == -E_NOMEM || pid == -E_AGAIN);
        tally.n_refused++;
    } else {
        tally.n_forks++;
    }
    return pid;
}

/* As expect_child, but false if the child was hindered by want of memory. */
static bool expect_end(const char *what, int pid, int status) {
    int found = -1;
    expect(what, pid, wait(&found));
    if (found == NOMEM || found == CHILD_STARVED) {
        tally.n_starved++;
        return false;
    }
    expect(what, status, found);
    return true;
}

/* ---- what a process may do ------------------------------------------------------------------------------ */

/* Fills pages with values that say whose they are, and finds them there after a pause. */
static void grow_and_check(void) {
    uint64_t n_pages = 1 + random_below(&chance, N_GROW_PAGES);
    uint64_t *heap = grow(n_pages * PAGE);
    uint64_t n_words = n_pages * PAGE / sizeof(*heap);
    uint64_t mark = random_below(&chance, UINT64_MAX);
    for (uint64_t i = 0; i < n_words; i += 64) {
        expect("a word of new heap", 0, (int64_t)heap[i]);
        heap[i] = mark + i;
    }
    sleep_ms((unsigned)random_below(&chance, 3));
    for (uint64_t i = 0; i < n_words; i += 64) {
        expect("a word of own heap", (int64_t)(mark + i), (int64_t)heap[i]);
    }
    if (random_below(&chance, 4) != 0) {
        expect_that("giving heap back", sbrk(-(intptr_t)(n_pages * PAGE)) >= 0);
    }
}

/* A child overwrites what it inherited, or a part of it; the parent still has its own. */
static void share(void) {
    uint64_t n_pages = 1 + random_below(&chance, N_GROW_PAGES);
    uint64_t *heap = grow(n_pages * PAGE);
    uint64_t n_step = PAGE / sizeof(*heap);
    for (uint64_t i = 0; i < n_pages; i++) {
        heap[i * n_step] = i + 1;
    }
    int pid = try_fork();
    if (pid == 0) {
        for (uint64_t i = random_below(&chance, n_pages); i < n_pages; i++) {
            expect("an inherited word", (int64_t)i + 1, (int64_t)heap[i * n_step]);
            heap[i * n_step] = 0;
        }
        exit(CHILD_OK);
    }
    for (uint64_t i = 0; i < n_pages; i++) {
        expect("a shared word", (int64_t)i + 1, (int64_t)heap[i * n_step]);
        heap[i * n_step] += 1000;
    }
    if (pid > 0) {
        expect_end("a child that shared memory", pid, CHILD_OK);
    }
    sbrk(-(intptr_t)(n_pages * PAGE));
}

static unsigned char bytes[N_TALK_BYTES];

static uint64_t sum_of_bytes(uint64_t n) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        sum += bytes[i];
    }
    return sum;
}

static _Noreturn void say_bytes(int fd, uint64_t n_bytes) {
    for (uint64_t done = 0; done < n_bytes;) {
        long n = write(fd, bytes + done, n_bytes - done);
        if (n < 0) {
            expect_that("a write to the parent", n == -E_NOMEM || n == -E_PIPE); /* no memory here, or there */
            exit(CHILD_STARVED);
        }
        done += (uint64_t)n;
    }
    exit(CHILD_OK);
}

/* The sum of what comes; *n is in the end what the last read returned. */
static uint64_t hear_bytes(int fd, long *n) {
    uint64_t sum = 0;
    while ((*n = read(fd, bytes, sizeof(bytes))) > 0) {
        sum += sum_of_bytes((uint64_t)*n);
    }
    return sum;
}

/* A child sends bytes whose sum both can work out. */
static void talk(void) {
    uint64_t n_bytes = 1 + random_below(&chance, N_TALK_BYTES);
    uint64_t first = random_below(&chance, 256);
    for (uint64_t i = 0; i < n_bytes; i++) {
        bytes[i] = (unsigned char)(first + i);
    }
    uint64_t expected = sum_of_bytes(n_bytes);
    int fd[2];
    int error = pipe(fd);
    if (error < 0) {
        expect("a pipe is refused", -E_NOMEM, error);
        tally.n_refused++;
        return;
    }
    int pid = try_fork();
    if (pid == 0) {
        close(fd[0]);
        say_bytes(fd[1], n_bytes);
    }
    close(fd[1]);
    long end;
    uint64_t sum = hear_bytes(fd[0], &end);
    close(fd[0]);
    if (pid < 0) {
        return;
    }
    expect_that("the end of the pipe, or no memory to read to", end == 0 || end == -E_NOMEM);
    if (expect_end("a child that talked", pid, CHILD_OK) && end == 0) {
        expect("the sum of what it said", (int64_t)expected, (int64_t)sum);
    }
}

/* In a child that is to be killed: runs, or works, or sleeps; not for ever, as its parent may die before it. */
static _Noreturn void linger(uint64_t pastime) {
    uint64_t end = uptime_ms() + N_LINGER_MS;
    while (uptime_ms() < end) {
        if (pastime == 0) {
            random_below(&chance, 2);
        } else if (pastime == 1) {
            grow_and_check();
        } else {
            sleep_ms(N_LINGER_MS);
        }
    }
    exit(CHILD_OK);
}

/* A child is killed at a random moment. */
static void murder(void) {
    uint64_t pastime = random_below(&chance, 3);
    int pid = try_fork();
    if (pid == 0) {
        linger(pastime);
    }
    if (pid > 0) {
        sleep_ms((unsigned)random_below(&chance, 4));
        expect("kill of a child", 0, kill(pid));
        expect_end("a child that was killed", pid, KILLED);
    }
}

/* A child ends before its own child does, which is an orphan then. */
static void abandon(void) {
    int pid = try_fork();
    if (pid == 0) {
        if (fork() == 0) {
            sleep_ms((unsigned)random_below(&chance, 5));
            grow_and_check();
        }
        exit(CHILD_OK);
    }
    if (pid > 0) {
        expect_end("a child that left its child alone", pid, CHILD_OK);
    }
}

static void crash(void) {
    uint64_t where = random_below(&chance, 4096);
    int pid = try_fork();
    if (pid == 0) {
        *(volatile char *)(uintptr_t)where = 1;
        exit(CHILD_OK);
    }
    if (pid > 0) {
        expect_end("a child that wrote to nowhere", pid, FAULT);
    }
}

static void run_program(void) {
    int pid = try_fork();
    if (pid == 0) {
        char *program[] = {random_below(&chance, 2) == 0 ? "true" : "false", "argument", NULL};
        int error = exec(program[0], program);
        expect("exec is refused", -E_NOMEM, error);
        exit(CHILD_STARVED);
    }
    if (pid > 0) {
        int status = -1;
        expect("a child that ran a program", pid, wait(&status));
        expect_that("its status", status == 0 || status == 1 || status == CHILD_STARVED || status == NOMEM);
        tally.n_starved += status > 1;
    }
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

static _Noreturn void work(uint64_t n_rounds, int report) {
    static void (*const actions[])(void) = {grow_and_check, share, talk, murder, abandon, crash, run_program};
    for (uint64_t i = 0; i < n_rounds; i++) {
        actions[random_below(&chance, COUNT(actions))]();
    }
    expect("the report", sizeof(tally), write(report, &tally, sizeof(tally)));
    exit(0);
}

static void add_reports(int report, struct tally *all) {
    struct tally one;
    while (read(report, &one, sizeof(one)) == (long)sizeof(one)) { /* written in one go, and smaller than a pipe */
        all->n_forks += one.n_forks;
        all->n_refused += one.n_refused;
        all->n_starved += one.n_starved;
    }
}

/* Starts up to n_workers, as many as there is room for, and lets them begin together. Returns how many there are. */
static uint64_t start_workers(uint64_t n_workers, uint64_t n_rounds, uint64_t seed, int report) {
    int gate[2];
    pipe_or_fail(gate);
    uint64_t n_started = 0;
    while (n_started < n_workers) {
        int pid = fork();
        if (pid == 0) {
            char c;
            close(gate[1]);
            read(gate[0], &c, 1); /* until the gate is closed by the one who starts us */
            close(gate[0]);
            chance.state = seed * N_MAX + n_started;
            work(n_rounds, report);
        }
        if (pid < 0) {
            print("stress: %lu processes, then: %s\n", n_started, error_text(pid));
            break;
        }
        n_started++;
    }
    close(gate[0]);
    close(gate[1]);
    return n_started;
}

static struct tally run_workers(uint64_t n_workers, uint64_t n_rounds, uint64_t seed) {
    int report[2];
    pipe_or_fail(report);
    uint64_t n_started = start_workers(n_workers, n_rounds, seed, report[1]);
    close(report[1]);
    struct tally all = {0};
    add_reports(report[0], &all);
    close(report[0]);
    for (uint64_t i = 0; i < n_started; i++) {
        int status = -1;
        expect_that("every process can be waited for", wait(&status) > 0);
        if (status == NOMEM) {
            all.n_starved++;
        } else {
            expect("status of a process", 0, status);
        }
    }
    return all;
}

int main(int argc, char *argv[]) {
    uint64_t n_workers = argument(argc, argv, 1, 8);
    uint64_t n_rounds = argument(argc, argv, 2, 40);
    uint64_t seed = argument(argc, argv, 3, uptime_ms());
    if (argc > 4 || n_workers == 0 || n_workers > N_MAX) {
        fail("use: stress [N] [ROUNDS] [SEED], with 1 to %d processes\n", N_MAX);
    }
    test_start("stress");
    print("stress: %lu processes, %lu rounds, seed %lu\n", n_workers, n_rounds, seed);
    uint64_t n_free = free_frames();
    struct tally all = run_workers(n_workers, n_rounds, seed);
    print("stress: %lu forks, %lu refused, %lu processes ended by want of memory\n", all.n_forks, all.n_refused,
          all.n_starved);
    expect_free("free frames after it", n_free);
    return test_end();
}
