/* memtest.c: takes every frame there is, each time as many: memtest [ROUNDS].
 *
 * A child writes to new pages until it is ended for want of memory. It reports each step before it takes it, so its
 * parent knows how far it came. It begins with halves of what is free and goes on page by page where it matters. There
 * it lets a system call try first, which can be refused without an end: only a refusal that lasts counts, as an
 * interrupt handler may hold the last frames for a moment. */
#include "test.h"

enum { N_SINGLE = 256, N_PATIENCE = 5, N_MANY = 1 << 18 };

static _Noreturn void take_everything(int report) {
    uint64_t n_taken = touch_all_but(N_SINGLE);
    for (;;) {
        char *page = grow(PAGE);
        for (unsigned i = 0; i < N_PATIENCE && list(0, page) == -E_NOMEM; i++) {
            sleep_ms(1);
        }
        send(report, n_taken);
        touch(page, 1);
        n_taken++;
    }
}

/* Pages that a child could take until it was ended. */
static int64_t exhaust(void) {
    int report[2];
    pipe_or_fail(report);
    int pid = fork_or_fail();
    if (pid == 0) {
        close(report[0]);
        take_everything(report[1]);
    }
    close(report[1]);
    uint64_t n_taken = 0;
    while (receive(report[0], &n_taken)) {}
    close(report[0]);
    expect_child("the child that takes everything", pid, NOMEM);
    return (int64_t)n_taken;
}

int main(int argc, char *argv[]) {
    test_start("memtest");
    uint64_t n_free = free_frames();
    uint64_t n_rounds = argument(argc, argv, 1, n_free < N_MANY ? 3 : 2); /* 1 GiB takes seconds in an emulator */
    int64_t n_first = 0;
    for (uint64_t i = 0; i < n_rounds; i++) {
        int64_t n_taken = exhaust();
        n_first = i == 0 ? n_taken : n_first;
        expect("pages taken, again", n_first, n_taken);
        expect_free("free frames after it", n_free);
    }
    /* What the child could not have: its page tables, one for 512 pages, and what a process needs. */
    int64_t n_own = (int64_t)n_free - n_first;
    expect_between("frames that the child itself needed", 1, n_first / 512 + 64, n_own);
    print("memtest: %ld pages of %lu free frames, the same number %lu times\n", n_first, n_free, n_rounds);
    return test_end();
}
