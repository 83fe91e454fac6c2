/* test.c: checks, children that take turns, and looks at memory, for the test programs. */
#include "test.h"

static const char *test_name;

void test_start(const char *name) {
    enum { N_LOOKS = 50, PAUSE_MS = 20 };
    test_name = name;
    uint64_t n_free = 0;
    for (unsigned i = 0; i < N_LOOKS && n_free != free_frames(); i++) { /* what ran before may be on its way out */
        n_free = free_frames();
        sleep_ms(PAUSE_MS);
    }
}

int test_end(void) {
    print("%s: ok\n", test_name);
    return 0;
}

/* ---- checks --------------------------------------------------------------------------------------------- */

void group(const char *what) {
    print("%s: %s\n", test_name, what);
}

void expect(const char *what, int64_t expected, int64_t found) {
    if (expected != found) {
        fail("%s: FAILED: %s: expected %ld, found %ld\n", test_name, what, expected, found);
    }
}

void expect_between(const char *what, int64_t lowest, int64_t highest, int64_t found) {
    if (found < lowest || found > highest) {
        fail("%s: FAILED: %s: expected %ld to %ld, found %ld\n", test_name, what, lowest, highest, found);
    }
}

void expect_that(const char *what, bool holds) {
    if (!holds) {
        fail("%s: FAILED: %s\n", test_name, what);
    }
}

/* ---- children ------------------------------------------------------------------------------------------- */

int fork_or_fail(void) {
    int pid = fork();
    if (pid < 0) {
        fail("%s: FAILED: fork: %s\n", test_name, error_text(pid));
    }
    return pid;
}

void pipe_or_fail(int fd[2]) {
    int result = pipe(fd);
    if (result < 0) {
        fail("%s: FAILED: pipe: %s\n", test_name, error_text(result));
    }
}

void expect_child(const char *what, int pid, int status) {
    int found = -1;
    expect(what, pid, wait(&found));
    if (found != status) {
        fail("%s: FAILED: %s: expected status %d (%s), found %d (%s)\n", test_name, what, status, status_text(status),
             found, status_text(found));
    }
}

void send(int fd, uint64_t word) {
    expect("bytes of a word sent", sizeof(word), write(fd, &word, sizeof(word)));
}

bool receive(int fd, uint64_t *word) {
    size_t n_got = 0;
    while (n_got < sizeof(*word)) {
        long n = read(fd, (char *)word + n_got, sizeof(*word) - n_got);
        if (n <= 0) {
            expect("the pipe ends between words, byte", 0, (int64_t)n_got);
            return false;
        }
        n_got += (size_t)n;
    }
    return true;
}

void expect_turn(int fd) {
    uint64_t word;
    expect_that("the other side of the pipe is alive", receive(fd, &word));
}

/* ---- memory --------------------------------------------------------------------------------------------- */

const struct meminfo *memory_now(void) {
    static struct meminfo info;
    expect("meminfo", 0, meminfo(&info, NULL, 0));
    return &info;
}

uint64_t free_frames(void) {
    enum { N_LOOKS = 3, PAUSE_MS = 2 };
    uint64_t most = 0;
    /* Another CPU's tick may hold a frame, and take long where the machine does not run that CPU: hence the pauses. */
    for (unsigned i = 0; i < N_LOOKS; i++) {
        uint64_t n_free = memory_now()->n_free;
        most = n_free > most ? n_free : most;
        sleep_ms(PAUSE_MS);
    }
    return most;
}

uint64_t settle(uint64_t n_free) {
    enum { N_LOOKS = 200, PAUSE_MS = 20 };
    uint64_t n_found = free_frames();
    for (unsigned i = 0; i < N_LOOKS && n_found != n_free; i++) {
        sleep_ms(PAUSE_MS);
        n_found = free_frames();
    }
    return n_found;
}

void expect_free(const char *what, uint64_t n_free) {
    expect(what, (int64_t)n_free, (int64_t)settle(n_free));
}

void touch(char *base, uint64_t n_pages) {
    for (uint64_t i = 0; i < n_pages; i++) {
        *(volatile uint64_t *)(base + i * PAGE) = i + 1;
    }
}

uint64_t touch_all_but(uint64_t n_left) {
    uint64_t n_taken = 0;
    for (;;) { /* by halves, because page tables are taken on the way */
        uint64_t n_free = memory_now()->n_free;
        if (n_free <= n_left) {
            return n_taken;
        }
        uint64_t n_step = (n_free - n_left + 1) / 2;
        touch(grow(n_step * PAGE), n_step);
        n_taken += n_step;
    }
}

/* ---- chance --------------------------------------------------------------------------------------------- */

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
uint64_t random_below(struct random *random, uint64_t n) {
    uint64_t z = random->state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return (z ^ (z >> 31)) % n;
}
