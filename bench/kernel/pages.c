/* pages.c: how many instructions fork, exit and faults on shared pages take, counted by a program of the kernel.
 *
 * It runs alone, on one CPU, with ticks so far apart that none comes: so a child does not run before its parent
 * waits. A fault is counted from the store of the program to the instruction behind it, minus a store that does not
 * fault. */
#include "user.h"

enum { N_PAGES = MIB / PAGE };

/* Not inlined: the same instructions each time. */
__attribute__((noinline)) static uint64_t store_to_each(volatile char *heap) {
    uint64_t before = instructions_retired();
    for (unsigned i = 0; i < N_PAGES; i++) {
        heap[i * PAGE] = 1;
    }
    return instructions_retired() - before;
}

static void say_each(const char *what, uint64_t n, uint64_t n_nothing) {
    uint64_t hundredths = (n - n_nothing) * 100 / N_PAGES;
    print("count: %s %lu.%02lu\n", what, hundredths / 100, hundredths % 100);
}

static void fork_child(void) {
    int pid = fork();
    if (pid == 0) {
        exit(0);
    }
    if (pid < 0) {
        fail("pages: fork: %s\n", error_text(pid));
    }
}

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    char *heap = grow(MIB);
    store_to_each(heap);
    fork_child(); /* before it counts: what is done once */
    wait(NULL);
    uint64_t alone = store_to_each(heap), nothing = store_to_each(heap);

    uint64_t before = instructions_retired();
    fork_child();
    uint64_t forked = instructions_retired();
    wait(NULL);
    uint64_t ended = instructions_retired();

    fork_child();
    uint64_t shared = store_to_each(heap);
    wait(NULL);

    print("count: fork %lu\n", forked - before);
    print("count: end %lu\n", ended - forked);
    say_each("shared", shared, nothing);
    say_each("alone", alone, nothing);
    return 0;
}
