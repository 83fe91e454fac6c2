/* demo.c: a guided tour: how memory is shared, copied, used up and given back. */
#include "test.h"

enum { N_PAGES = 1024, N_WRITES = 10, N_BAR = 40, N_LEFT = 64 };

static uint64_t n_last; /* free frames when we last looked */

static void heading(const char *title) {
    print("\n== %s\n\n", title);
}

/* One line: what happened, and how many frames are free after it. */
static void look(const char *event) {
    const struct meminfo *info = memory_now();
    int64_t change = (int64_t)info->n_free - (int64_t)n_last;
    n_last = info->n_free;
    print("  %-40s %8lu free  %s%ld\n", event, n_last, change > 0 ? "+" : "", change);
}

static void show_memory(void) {
    char *mem[] = {"mem", NULL};
    run(mem);
}

/* In the child: writes to as many pages as it is told, until the pipe ends. */
static _Noreturn void obey(char *heap, int orders, int done) {
    uint64_t n_pages;
    while (receive(orders, &n_pages)) {
        touch(heap, n_pages);
        send(done, n_pages);
    }
    exit(0);
}

static void order(const int orders[2], const int done[2], uint64_t n_pages) {
    send(orders[1], n_pages);
    expect_turn(done[0]);
}

static void show_sharing(void) {
    heading("A process takes 4 MiB, and forks");
    int orders[2], done[2];
    pipe_or_fail(orders);
    pipe_or_fail(done);
    n_last = free_frames();
    look("before");
    char *heap = grow(N_PAGES * PAGE);
    look("4 MiB more of heap: nothing but a promise");
    for (uint64_t i = 0; i < N_PAGES; i++) {
        (void)*(volatile char *)(heap + i * PAGE);
    }
    look("read: every page is the one zero frame");
    touch(heap, N_PAGES);
    look("written: each page has its own frame");
    int pid = fork_or_fail();
    if (pid == 0) {
        close(orders[1]);
        obey(heap, orders[0], done[1]);
    }
    order(orders, done, 0);
    look("forked: two processes, the same frames");

    heading("The child writes: only what is written is copied");
    order(orders, done, 1);
    look("1 page");
    order(orders, done, 1);
    look("the same page again");
    order(orders, done, N_WRITES);
    look("10 pages");
    order(orders, done, N_PAGES);
    look("all 1024 pages");
    close(orders[1]);
    expect_child("the child", pid, 0);
    look("the child ends");
    sbrk(-(intptr_t)(N_PAGES * PAGE));
    look("the parent gives its 4 MiB back");
    close(orders[0]);
    close(done[0]);
    close(done[1]);
}

static void show_exhaustion(void) {
    heading("A child takes everything");
    n_last = free_frames();
    look("before");
    int gate[2], ready[2];
    pipe_or_fail(gate);
    pipe_or_fail(ready);
    int pid = fork_or_fail();
    if (pid == 0) {
        send(ready[1], touch_all_but(N_LEFT));
        expect_turn(gate[0]);
        for (;;) {
            touch(grow(PAGE), 1);
        }
    }
    expect_turn(ready[0]);
    look("all but a few");
    send(gate[1], 1);
    expect_child("the child that takes everything", pid, NOMEM);
    for (unsigned i = 0; i < 2; i++) {
        close(gate[i]);
        close(ready[i]);
    }
    look("it wants more, and is ended");
}

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    test_start("demo");
    heading("Memory at rest");
    show_memory();
    uint64_t n_free = free_frames();
    show_sharing();
    show_exhaustion();
    expect_free("free frames at the end", n_free);
    print("  as many as at the start\n");
    heading("The same memory afterwards");
    show_memory();
    return test_end();
}
