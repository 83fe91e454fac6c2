/* scarce.c: takes memory in every way there is, and asks again where it is refused.
 *
 * For tests that refuse one allocation at a time: whatever was refused must work when it is asked for once more, and
 * nothing that was there before may be lost. What can only end a process when there is no memory, a fault, happens
 * in children, who are then started again. The exit status says whether anything was refused. */
#include "test.h"

enum { REFUSED = 2, STEP = 13, N_PAGES = 4, N_RING = 3000, N_FRONT = 1500 };

static unsigned n_refused;

/* Is the call to be made again? */
static bool refused(long result) {
    n_refused += result == -E_NOMEM;
    return result == -E_NOMEM;
}

/* A page that nobody has touched, the last one below a page table that is not there yet. */
static char *fresh(void) {
    char *base = grow(2 * MIB);
    uintptr_t end = ((uintptr_t)base + 2 * MIB) & ~(uintptr_t)(2 * MIB - 1);
    return base + (end - PAGE - (uintptr_t)base);
}

static unsigned char byte_at(uint64_t place) {
    return (unsigned char)(place * 7 + place / 251);
}

static void fill(char *at, size_t n) {
    for (size_t i = 0; i < n; i += STEP) {
        at[i] = (char)byte_at(i);
    }
}

static void expect_filled(const char *what, const char *at, size_t n) {
    for (size_t i = 0; i < n; i += STEP) {
        expect(what, byte_at(i), (unsigned char)at[i]);
    }
}

/* ---- children ------------------------------------------------------------------------------------------- */

static int status_of_child(void (*work)(void)) {
    int pid, ended, status = -1;
    while (refused(pid = fork())) {}
    expect_that("fork works, or works the second time", pid >= 0);
    if (pid == 0) {
        n_refused = 0;
        work();
        exit(n_refused > 0 ? REFUSED : 0);
    }
    while (refused(ended = wait(&status))) {}
    expect("the child that ended", pid, ended);
    return status;
}

static void in_child(const char *what, void (*work)(void)) {
    int status;
    while ((status = status_of_child(work)) == NOMEM) {
        n_refused++;
    }
    n_refused += status == REFUSED;
    expect(what, 0, status == REFUSED ? 0 : status);
}

/* ---- faults --------------------------------------------------------------------------------------------- */

static void touch_new_pages(void) {
    char *to_write = fresh(), *to_read = fresh();
    fill(to_write, PAGE);
    expect("a new page", 0, *(volatile char *)to_read);
    fill(to_read, PAGE);
    expect_filled("the page written at once", to_write, PAGE);
    expect_filled("the page read first", to_read, PAGE);
}

static int deep(unsigned n_levels) {
    volatile char room[PAGE];
    room[0] = (char)n_levels;
    return n_levels == 0 ? 0 : deep(n_levels - 1) + (room[0] == (char)n_levels);
}

static void use_stack(void) {
    expect("levels that found their own room again", 10, deep(10));
}

static char *shared;

static void write_shared(void) {
    expect_filled("what the child inherits", shared, N_PAGES * PAGE);
    for (size_t i = 0; i < N_PAGES; i++) {
        shared[i * PAGE] = 0;
    }
}

/* The parent's turn is last: its pages are its own again, or are copied if a fork was refused half-way. */
static void test_copies(void) {
    shared = grow(N_PAGES * PAGE);
    fill(shared, N_PAGES * PAGE);
    in_child("the child that writes to what it shares", write_shared);
    expect_filled("the parent's own", shared, N_PAGES * PAGE);
    fill(shared, N_PAGES * PAGE);
}

static void run_another(void) {
    char *argv[] = {"scarce", "another", NULL};
    int error;
    while (refused(error = exec(argv[0], argv))) {
        argv[1] = "refused"; /* for its exit status */
    }
    fail("scarce: FAILED: exec: %s\n", error_text(error));
}

/* ---- system calls --------------------------------------------------------------------------------------- */

static void test_files(void) {
    long result;
    char *name = fresh(), *path = fresh();
    while (refused(result = list(0, name))) {}
    expect_that("list into a new page", result >= 0 && strlen(name) > 0);
    while (refused(result = open(path, 0))) {} /* a new page holds an empty name */
    expect("open of a file that is not there", -E_NOENT, result);
    int fd = open("motd", 0);
    char *text = fresh();
    while (refused(result = read(fd, text, PAGE))) {}
    expect_that("read into a new page", result > 0 && text[result - 1] == '\n');
    expect("close", 0, close(fd));
}

static void test_reports(void) {
    long result;
    struct meminfo *info = (struct meminfo *)(uintptr_t)fresh();
    char *map = fresh();
    while (refused(result = meminfo(info, map, PAGE))) {}
    expect_that("a memory report into new pages", result > 0 && info->n_free > 0 && map[0] != '\0');
}

/* Writes or reads all, asking again. */
static void transfer(int fd, char *at, size_t n, bool writes) {
    for (size_t done = 0; done < n;) {
        long part = writes ? write(fd, at + done, n - done) : read(fd, at + done, n - done);
        if (!refused(part)) {
            expect_between("bytes that went through", 1, (int64_t)(n - done), part);
            done += (size_t)part;
        }
    }
}

static void through(const int fd[2], char *from, char *to) {
    transfer(fd[1], from, N_RING, true);
    transfer(fd[0], to, N_RING, false);
}

/* The second lot begins so near to the end of the pipe's ring that it is moved in two pieces. The pages that may be
 * refused lie in the second piece: of what is written, which are zeros there, and of what is read. */
static void test_pipe(void) {
    static char first[N_RING];
    int *fd = (int *)(uintptr_t)fresh(), result;
    while (refused(result = pipe(fd))) {}
    expect("pipe", 0, result);
    expect("its number: one that was refused left none open", ERR + 1, fd[0]);
    char *from = fresh() + PAGE - N_FRONT, *to = fresh() + PAGE - N_FRONT;
    grow(PAGE);
    fill(first, N_RING);
    through(fd, first, first);
    expect_filled("the first lot through the pipe", first, N_RING);
    fill(from, N_FRONT);
    through(fd, from, to);
    expect_filled("the second lot through the pipe", to, N_FRONT);
    for (size_t i = N_FRONT; i < N_RING; i++) {
        expect("the zeros behind it", 0, to[i]);
    }
    close(fd[0]);
    close(fd[1]);
}

static void test_calls(void) {
    test_pipe();
    test_files();
    test_reports();
}

static void test_all(void) {
    in_child("new pages", touch_new_pages);
    in_child("a stack that grows", use_stack);
    in_child("another program", run_another);
    in_child("copies in a child", test_copies);
    in_child("system calls", test_calls);
    test_copies();
}

int main(int argc, char *argv[]) {
    if (argc > 1) {
        bool was_refused = strcmp(argv[1], "refused") == 0;
        expect_that("the argument of another program", was_refused || strcmp(argv[1], "another") == 0);
        return was_refused ? REFUSED : 0;
    }
    test_all();
    in_child("all of it, as a child", test_all);
    print(n_refused == 0 ? "scarce: ok, nothing was refused\n" : "scarce: ok, refused %u times\n", n_refused);
    return n_refused == 0 ? 0 : REFUSED;
}
