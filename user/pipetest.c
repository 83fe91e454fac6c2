/* pipetest.c: pipes: every byte arrives in order, and each end sees the other go. */
#include "test.h"

enum { N_BUFFER = 3 * PAGE, N_SLOW = 256 * 1024, N_FDS = 64 };

static unsigned char buffer[N_BUFFER];

static unsigned char byte_at(uint64_t place) {
    return (unsigned char)(place * 7 + place / 251);
}

/* Writes n_total bytes in pieces; what each write took is what it says. */
static void write_pattern(int fd, uint64_t n_total, uint64_t n_piece) {
    for (uint64_t done = 0; done < n_total;) {
        uint64_t n = n_total - done < n_piece ? n_total - done : n_piece;
        for (uint64_t i = 0; i < n; i++) {
            buffer[i] = byte_at(done + i);
        }
        long n_written = write(fd, buffer, n);
        expect_between("bytes that a write took", 1, (int64_t)n, n_written);
        done += (uint64_t)n_written;
    }
}

/* Reads to the end in pieces; returns how many bytes came. */
static uint64_t read_pattern(int fd, uint64_t n_piece) {
    uint64_t done = 0;
    long n;
    while ((n = read(fd, buffer, n_piece)) > 0) {
        expect_between("bytes that a read brought", 1, (int64_t)n_piece, n);
        for (long i = 0; i < n; i++) {
            expect("a byte out of the pipe", byte_at(done + (uint64_t)i), buffer[i]);
        }
        done += (uint64_t)n;
    }
    expect("the end of the pipe", 0, n);
    return done;
}

static void test_sizes(void) {
    static const uint64_t pieces[] = {1, 3, 63, 64, 511, 512, 513, 4095, 4096, 4097, N_BUFFER};
    for (unsigned i = 0; i < COUNT(pieces); i++) {
        uint64_t n_total = pieces[i] < 64 ? 500 : 20000;
        int fd[2];
        pipe_or_fail(fd);
        int pid = fork_or_fail();
        if (pid == 0) {
            close(fd[0]);
            write_pattern(fd[1], n_total, pieces[i]);
            exit(0);
        }
        close(fd[1]);
        uint64_t n_read = read_pattern(fd[0], pieces[COUNT(pieces) - 1 - i]);
        expect("bytes that arrived", (int64_t)n_total, (int64_t)n_read);
        expect_child("the writer", pid, 0);
        close(fd[0]);
    }
    group("every byte arrives in order, in eleven sizes of pieces");
}

/* A writer that is far ahead of its reader has to wait: nothing is lost, and the pipe does not grow. */
static void test_full(void) {
    int fd[2], started[2];
    pipe_or_fail(fd);
    pipe_or_fail(started);
    send(started[1], 0); /* once in use, so that its buffer is there */
    expect_turn(started[0]);
    uint64_t n_pipe = memory_now()->n_owned[OWNER_PIPE];
    int pid = fork_or_fail();
    if (pid == 0) {
        close(fd[0]);
        send(started[1], 1);
        write_pattern(fd[1], N_SLOW, N_BUFFER);
        exit(0);
    }
    close(fd[1]);
    expect_turn(started[0]);
    sleep_ms(30); /* time to fill the pipe; a slower writer only makes the test milder */
    expect_between("frames more that a pipe with 256 KiB under way takes", 0, 16,
                   (int64_t)memory_now()->n_owned[OWNER_PIPE] - (int64_t)n_pipe);
    expect("bytes that arrived late", N_SLOW, (int64_t)read_pattern(fd[0], PAGE));
    expect_child("the writer that had to wait", pid, 0);
    close(fd[0]);
    close(started[0]);
    close(started[1]);
    group("a full pipe makes its writer wait and loses nothing");
}

static void test_end_of_file(void) {
    int fd[2];
    char c;
    pipe_or_fail(fd);
    int second_writer = dup(fd[1]);
    expect_that("dup of a pipe's end", second_writer >= 0);
    expect("a byte by the first name", 1, write(fd[1], "a", 1));
    close(fd[1]);
    expect("a byte by the second name", 1, write(second_writer, "b", 1));
    close(second_writer);
    expect("reads the first", 1, read(fd[0], &c, 1));
    expect("which is", 'a', c);
    expect("reads the second", 1, read(fd[0], &c, 1));
    expect("which is", 'b', c);
    expect("the end when no writer is left", 0, read(fd[0], &c, 1));
    expect("and again", 0, read(fd[0], &c, 1));
    expect("a write to the reading end's number", -E_BADF, write(fd[0], &c, 1));
    close(fd[0]);
    group("the end comes when the last writer has closed, and not before");
}

static void test_no_reader(void) {
    int fd[2];
    pipe_or_fail(fd);
    close(fd[0]);
    expect("a write that nobody reads", -E_PIPE, write(fd[1], "x", 1));
    close(fd[1]);

    /* A reader that is killed while the writer waits for it. */
    int ready[2];
    pipe_or_fail(fd);
    pipe_or_fail(ready);
    int pid = fork_or_fail();
    if (pid == 0) {
        close(fd[1]);
        expect("the reader's first byte", 1, read(fd[0], buffer, 1));
        send(ready[1], 1);
        sleep_ms(1u << 30);
        exit(0);
    }
    close(fd[0]);
    int killer = fork_or_fail();
    if (killer == 0) {
        close(fd[1]);
        expect_turn(ready[0]);
        sleep_ms(20); /* so that the writer is likely to wait already; if not, the test is only milder */
        exit(kill(pid) == 0 ? 0 : 1);
    }
    long n;
    while ((n = write(fd[1], buffer, N_BUFFER)) > 0) {}
    expect("a write whose reader was killed", -E_PIPE, n);
    close(fd[1]);
    int status[2] = {-1, -1};
    int first = wait(&status[0]);
    wait(&status[1]);
    expect("status of the reader", KILLED, status[first == pid ? 0 : 1]);
    expect("status of its killer", 0, status[first == pid ? 1 : 0]);
    close(ready[0]);
    close(ready[1]);
    group("a writer learns that nobody reads, also while it waits");
}

static unsigned open_all(int fd[N_FDS]) {
    unsigned n = 0;
    int error = 0;
    while (n + 2 <= N_FDS && (error = pipe(fd + n)) == 0) {
        n += 2;
    }
    expect("the refusal of one pipe too many", n + 2 > N_FDS ? 0 : -E_MFILE, error);
    return n;
}

static void test_many(void) {
    int fd[N_FDS];
    uint64_t n_free = free_frames();
    unsigned n_first = 0;
    for (unsigned round = 0; round < 3; round++) {
        unsigned n = open_all(fd);
        n_first = round == 0 ? n : n_first;
        expect("pipes that can be open at once, again", n_first, n);
        for (unsigned i = 0; i < n; i += 2) {
            write_pattern(fd[i + 1], 100 + i, 100 + i);
            close(fd[i + 1]);
        }
        for (unsigned i = 0; i < n; i += 2) {
            expect("bytes in one of many pipes", 100 + i, (int64_t)read_pattern(fd[i], 64));
            close(fd[i]);
        }
    }
    expect_free("free frames after all were closed", n_free);
    group("as many pipes as can be open, three times, and no frame lost");
}

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    test_start("pipetest");
    test_sizes();
    test_full();
    test_end_of_file();
    test_no_reader();
    test_many();
    return test_end();
}
