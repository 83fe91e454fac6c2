/* forktest.c: forks until it is refused, twice, with the same count. */
#include "test.h"

/* A child that lives until the pipe has no writer any more. */
static _Noreturn void linger(const int gate[2]) {
    char c;
    close(gate[1]);
    read(gate[0], &c, 1);
    exit(7);
}

static int64_t fork_until_refused(void) {
    int gate[2];
    pipe_or_fail(gate);
    int64_t n_children = 0;
    int pid;
    while ((pid = fork()) > 0) {
        n_children++;
    }
    if (pid == 0) {
        linger(gate);
    }
    expect_that("the refusal is E_AGAIN or E_NOMEM", pid == -E_AGAIN || pid == -E_NOMEM);
    close(gate[1]);
    close(gate[0]);
    for (int64_t i = 0; i < n_children; i++) {
        int status = -1;
        expect_that("each child can be waited for", wait(&status) > 0);
        expect("its status", 7, status);
    }
    expect("wait when there are no more", -E_CHILD, wait(NULL));
    return n_children;
}

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    test_start("forktest");
    int64_t n_first = fork_until_refused();
    expect_between("children until fork is refused", 8, INT64_MAX, n_first);
    uint64_t n_free = free_frames();
    group("forks until refused, reaps all");
    expect("children, the second time", n_first, fork_until_refused());
    expect_free("free frames after it", n_free);
    group("the same number again, and no frame lost");
    return test_end();
}
