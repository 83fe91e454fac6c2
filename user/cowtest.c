/* cowtest.c: copy-on-write: memory is shared until it is written to, then private.
 *
 * Counts of frames are exact, so nothing else should run meanwhile. Where a child is measured it has taken a turn
 * before, so that its stack and variables are its own already. */
#include "test.h"

enum { N_PAGES = 64, N_SHARED = 1024, N_GENERATIONS = 10, N_LEFT = 128, N_BREAKS = 100 };

static uint64_t *word(char *base, uint64_t page) {
    return (uint64_t *)(uintptr_t)(base + page * PAGE + 64);
}

static void fill(char *base, uint64_t n_pages, uint64_t value) {
    for (uint64_t i = 0; i < n_pages; i++) {
        *word(base, i) = value + i;
    }
}

static void expect_filled(const char *what, char *base, uint64_t n_pages, uint64_t value) {
    for (uint64_t i = 0; i < n_pages; i++) {
        expect(what, (int64_t)(value + i), (int64_t) * (volatile uint64_t *)word(base, i));
    }
}

static int64_t user_frames(void) {
    return (int64_t)memory_now()->n_owned[OWNER_USER];
}

/* Both directions: what the child writes the parent does not see, and what the parent writes the child does not. */
static void test_both_directions(void) {
    char *heap = grow(N_PAGES * PAGE);
    int to_child[2], to_parent[2];
    pipe_or_fail(to_child);
    pipe_or_fail(to_parent);
    fill(heap, N_PAGES, 1000);
    int pid = fork_or_fail();
    if (pid == 0) {
        expect_filled("the child inherits", heap, N_PAGES, 1000);
        fill(heap, N_PAGES / 2, 2000);
        send(to_parent[1], 1);
        expect_turn(to_child[0]);
        expect_filled("the child's own half", heap, N_PAGES / 2, 2000);
        expect_filled("the half that only the parent wrote", heap + N_PAGES / 2 * PAGE, N_PAGES / 2,
                      1000 + N_PAGES / 2);
        exit(0);
    }
    expect_turn(to_parent[0]);
    expect_filled("the parent, after the child wrote", heap, N_PAGES, 1000);
    fill(heap, N_PAGES, 3000);
    send(to_child[1], 1);
    expect_child("the child sees its own", pid, 0);
    expect_filled("the parent's own", heap, N_PAGES, 3000);
    for (unsigned i = 0; i < 2; i++) {
        close(to_child[i]);
        close(to_parent[i]);
    }
    group("what one writes the other does not see, in both directions");
}

/* Each generation writes, forks the next, and finds its own value when the next has ended. */
static void descend(char *heap, uint64_t generation) {
    fill(heap, N_PAGES, generation * 10000);
    if (generation == N_GENERATIONS) {
        return;
    }
    int pid = fork_or_fail();
    if (pid == 0) {
        expect_filled("inherited", heap, N_PAGES, generation * 10000);
        descend(heap, generation + 1);
        exit(0);
    }
    expect_child("the next generation", pid, 0);
    expect_filled("own value after the next generation", heap, N_PAGES, generation * 10000);
}

static void test_generations(void) {
    descend(grow(N_PAGES * PAGE), 1);
    group("ten generations, each with its own value");
}

/* Brothers and their children all share one page with the first of them; each changes it alone. */
static void test_family(void) {
    enum { N_BROTHERS = 6 };
    char *heap = grow(PAGE);
    fill(heap, 1, 1);
    for (uint64_t i = 1; i <= N_BROTHERS; i++) {
        if (fork_or_fail() != 0) {
            continue;
        }
        int pid = fork_or_fail();
        if (pid == 0) {
            expect_filled("the grandchild inherits", heap, 1, 1);
            fill(heap, 1, 100 + i);
            expect_filled("the grandchild's own", heap, 1, 100 + i);
            exit(0);
        }
        fill(heap, 1, 200 + i);
        expect_child("the grandchild", pid, 0);
        expect_filled("the child's own", heap, 1, 200 + i);
        exit(0);
    }
    for (unsigned i = 0; i < N_BROTHERS; i++) {
        int status = -1;
        wait(&status);
        expect("status of a brother", 0, status);
    }
    expect_filled("the first one's", heap, 1, 1);
    group("brothers and grandchildren");
}

/* In the child: at each turn writes to the pages asked for, until the pipe ends. */
static _Noreturn void write_on_demand(char *heap, int orders, int done) {
    uint64_t n_pages;
    while (receive(orders, &n_pages)) {
        fill(heap, n_pages, 5000);
        send(done, n_pages);
    }
    exit(0);
}

static void test_cost(void) {
    int orders[2], done[2];
    pipe_or_fail(orders);
    pipe_or_fail(done);
    char *heap = grow(N_SHARED * PAGE);
    fill(heap, N_SHARED, 1);
    int64_t n_before = (int64_t)free_frames();
    int pid = fork_or_fail();
    if (pid == 0) {
        close(orders[1]);
        write_on_demand(heap, orders[0], done[1]);
    }
    send(orders[1], 0);
    expect_turn(done[0]);
    expect_between("frames that a fork of 1024 pages costs", 1, 64, n_before - (int64_t)free_frames());

    int64_t n_user = user_frames();
    send(orders[1], N_BREAKS);
    expect_turn(done[0]);
    expect("user frames more after 100 pages were written", N_BREAKS, user_frames() - n_user);
    fill(heap, N_BREAKS, 6000);
    expect("user frames more when the parent writes to them, alone now", N_BREAKS, user_frames() - n_user);
    expect_filled("the parent's other pages", heap + N_BREAKS * PAGE, N_SHARED - N_BREAKS, 1 + N_BREAKS);

    close(orders[1]);
    expect_child("the child that wrote", pid, 0);
    expect_free("free frames after it", (uint64_t)n_before);
    fill(heap, N_SHARED, 7000);
    expect_free("free frames after the last holder wrote to every page", (uint64_t)n_before);
    close(orders[0]);
    close(done[0]);
    close(done[1]);
    group("a fork shares, a write copies exactly its page, the last holder copies none");
}

static void test_zero_page(void) {
    enum { N_READ = 256 };
    char *heap = grow(N_READ * PAGE);
    int64_t n_user = user_frames();
    uint64_t sum = 0;
    for (uint64_t i = 0; i < N_READ; i++) {
        sum |= *(volatile uint64_t *)word(heap, i);
    }
    expect("new heap is zero", 0, (int64_t)sum);
    expect("user frames taken by reading it", 0, user_frames() - n_user);
    fill(heap, 3, 100);
    expect("user frames taken by writing to three pages", 3, user_frames() - n_user);
    int pid = fork_or_fail();
    if (pid == 0) {
        fill(heap, N_READ, 9000);
        expect_filled("the child wrote over zeros", heap, N_READ, 9000);
        exit(0);
    }
    expect_child("the child on the zero frame", pid, 0);
    expect_filled("the parent's three", heap, 3, 100);
    for (uint64_t i = 3; i < N_READ; i++) {
        expect("still zero for the parent", 0, (int64_t) * (volatile uint64_t *)word(heap, i));
    }
    group("reading new heap costs nothing, and nobody writes into the zero frame");
}

/* One child takes all but a few frames and holds them; another must then copy more pages than there are. */
static void test_no_memory(void) {
    int writer_gate[2], hog_gate[2], ready[2];
    pipe_or_fail(writer_gate);
    pipe_or_fail(hog_gate);
    pipe_or_fail(ready);
    char *heap = grow(N_SHARED * PAGE);
    fill(heap, N_SHARED, 1);
    uint64_t n_free = free_frames();

    int writer = fork_or_fail();
    if (writer == 0) {
        expect_turn(writer_gate[0]);
        fill(heap, N_SHARED, 2);
        exit(0);
    }
    int hog = fork_or_fail();
    if (hog == 0) {
        uint64_t word_in;
        touch_all_but(N_LEFT);
        close(hog_gate[1]);
        send(ready[1], 1);
        receive(hog_gate[0], &word_in);
        exit(0);
    }
    expect_turn(ready[0]);
    send(writer_gate[1], 1);
    expect_child("the child that must copy more than there is", writer, NOMEM);
    expect_filled("the parent's pages", heap, N_SHARED, 1);
    close(hog_gate[1]);
    expect_child("the child that held the memory", hog, 0);
    expect_free("free frames after it", n_free);
    group("a copy for which there is no memory ends the process that wants it, and no other");
}

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    test_start("cowtest");
    test_both_directions();
    test_generations();
    test_family();
    test_cost();
    test_zero_page();
    test_no_memory();
    return test_end();
}
