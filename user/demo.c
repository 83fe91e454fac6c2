/* demo.c: a guided tour: memory promised, shared, copied, used up, given back. */
#include "test.h"

enum { N_PAGES = 1024, N_WRITES = 10, N_LEFT = 64 };

static uint64_t n_last; /* free frames when we last looked */

static void heading(const char *title) {
    print("\n== %s ==\n", title);
}

/* Begins to count, twice: a look writes to pages of ours, which after a fork takes frames itself. */
static void start_counting(void) {
    n_last = free_frames();
    n_last = free_frames();
}

/* One line: what happened, how many frames are free after it, and how many more or fewer than before that is. */
static void look(const char *event) {
    uint64_t n_before = n_last;
    start_counting();
    print("  %-46s %9lu free", event, n_last);
    if (n_last < n_before) {
        print("   - %lu", n_before - n_last);
    } else if (n_last > n_before) {
        print("   + %lu", n_last - n_before);
    }
    print("\n");
}

static void show_memory(void) {
    char *mem[] = {"mem", NULL};
    expect("status of mem", 0, run(mem));
}

/* ---- a process and its child, which does as it is told -------------------------------------------------- */

struct child {
    int pid;
    int orders[2], done[2];
};

/* Starts a child that writes to as many pages of `heap` as each order says. */
static struct child start_child(char *heap) {
    struct child child;
    pipe_or_fail(child.orders);
    pipe_or_fail(child.done);
    child.pid = fork_or_fail();
    if (child.pid == 0) {
        uint64_t n_pages;
        close(child.orders[1]);
        while (receive(child.orders[0], &n_pages)) {
            touch(heap, n_pages);
            send(child.done[1], n_pages);
        }
        exit(0);
    }
    return child;
}

static void order(const struct child *child, uint64_t n_pages) {
    send(child->orders[1], n_pages);
    expect_turn(child->done[0]);
}

static void end_child(const struct child *child) {
    close(child->orders[1]);
    expect_child("the child", child->pid, 0);
    close(child->orders[0]);
    close(child->done[0]);
    close(child->done[1]);
}

static void show_sharing(void) {
    heading("A process takes 4 MiB, and forks");
    print("\nNew heap is a promise. Read, it is the one frame of zeros; written, it has\n"
          "frames of its own. A fork copies the page tables: what they point to is shared.\n\n");
    start_counting();
    look("before");
    char *heap = grow(N_PAGES * PAGE);
    look("4 MiB of heap asked for");
    for (uint64_t i = 0; i < N_PAGES; i++) {
        (void)*(volatile char *)(heap + i * PAGE);
    }
    look("every page read: page tables only");
    touch(heap, N_PAGES);
    look("every page written");
    struct child child = start_child(heap);
    order(&child, 0);
    look("forked: page tables, stacks, two pipes to talk");

    heading("The child writes");
    print("\nEach write to a shared frame makes a copy of that frame first, and only once.\n\n");
    order(&child, 1);
    look("wrote to 1 page");
    order(&child, 1);
    look("wrote to the same page again");
    order(&child, N_WRITES);
    look("wrote to 10 pages");
    order(&child, N_PAGES);
    look("wrote to all 1024 pages");
    end_child(&child);
    look("the child has ended");
    sbrk(-(intptr_t)(N_PAGES * PAGE));
    look("its parent has given the 4 MiB back");
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

static void show_exhaustion(void) {
    heading("A child takes everything");
    print("\nIt is refused when not one frame is free, also at the hands of other CPUs, and\n"
          "then it alone is ended. All that it had comes back.\n\n");
    start_counting();
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
    look("it took all but a few");
    send(gate[1], 1);
    expect_child("the child that takes everything", pid, NOMEM);
    for (unsigned i = 0; i < 2; i++) {
        close(gate[i]);
        close(ready[i]);
    }
    look("it took the rest, wanted more, and was ended");
}

/* In a process of its own, so that in the end all that the scene took must be free again. */
static void play(const char *name, void (*scene)(void)) {
    int pid = fork_or_fail();
    if (pid == 0) {
        scene();
        exit(0);
    }
    expect_child(name, pid, 0);
}

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    test_start("demo");
    heading("Memory at rest");
    show_memory();
    uint64_t n_free = free_frames();
    play("sharing", show_sharing);
    play("exhaustion", show_exhaustion);
    expect_free("free frames at the end", n_free);
    heading("The same memory afterwards: as many frames are free as at the start");
    show_memory();
    return test_end();
}
