/* usertests.c: runs all tests; fails if one does, or if one costs a frame. */
#include "test.h"

static char *const tests[][5] = {
    {"true"}, {"forktest"}, {"cowtest"}, {"pipetest"}, {"memtest"}, {"badtest"}, {"stress", "8", "40", "1"},
};

static bool run_test(char *const argv[]) {
    uint64_t n_before = free_frames();
    uint64_t started = uptime_ms();
    int status = run(argv);
    uint64_t n_after = settle(n_before);
    uint64_t n_ms = uptime_ms() - started;
    const char *verdict = status != 0 ? "FAILED" : n_after != n_before ? "LEAKED" : "ok";
    print("usertests: %-10s %-6s %10lu free frames before, %10lu after %5lu.%03lu s\n", argv[0], verdict, n_before,
          n_after, n_ms / 1000, n_ms % 1000);
    return status == 0 && n_after == n_before;
}

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    test_start("usertests");
    unsigned n_failed = 0;
    for (unsigned i = 0; i < COUNT(tests); i++) {
        n_failed += !run_test(tests[i]);
    }
    expect("tests that failed or leaked", 0, n_failed);
    return test_end();
}
