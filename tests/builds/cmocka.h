/* cmocka.h: as much of cmocka as the unit tests use, for machines on which it is not installed.
 *
 * Each test is a process of its own, so that one that fails or crashes takes no other with it. */
#ifndef BUILDS_CMOCKA_H
#define BUILDS_CMOCKA_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct CMUnitTest {
    const char *name;
    void (*test)(void **state);
    int (*setup)(void **state);
    int (*teardown)(void **state);
    void *state;
};

#define cmocka_unit_test(test)                                                                                         \
    { #test, test, NULL, NULL, NULL }
#define cmocka_unit_test_prestate(test, state)                                                                         \
    { #test, test, NULL, NULL, state }
#define cmocka_unit_test_setup_teardown(test, setup, teardown)                                                         \
    { #test, test, setup, teardown, NULL }

#define FAILED  1
#define SKIPPED 77

#define print_error(...)    printf(__VA_ARGS__)
#define fail_msg(...)       (printf("# %s:%d: ", __FILE__, __LINE__), printf(__VA_ARGS__), printf("\n"), exit(FAILED))
#define fail()              fail_msg("failed")
#define skip()              exit(SKIPPED)
#define assert_true(so)     ((so) ? (void)0 : fail_msg("%s", #so))
#define assert_false(so)    assert_true(!(so))
#define assert_null(at)     assert_true((at) == NULL)
#define assert_non_null(at) assert_true((at) != NULL)
#define assert_int_equal(a, b)                                                                                         \
    ((uintmax_t)(a) == (uintmax_t)(b) ? (void)0                                                                        \
                                      : fail_msg("%s is %#jx, %s is %#jx", #a, (uintmax_t)(a), #b, (uintmax_t)(b)))
#define assert_int_not_equal(a, b)       assert_true((uintmax_t)(a) != (uintmax_t)(b))
#define assert_ptr_equal(a, b)           assert_true((const void *)(a) == (const void *)(b))
#define assert_ptr_not_equal(a, b)       assert_true((const void *)(a) != (const void *)(b))
#define assert_in_range(a, low, high)    assert_true((uintmax_t)(a) >= (low) && (uintmax_t)(a) <= (high))
#define assert_string_equal(a, b)        (strcmp(a, b) == 0 ? (void)0 : fail_msg("\"%s\" is not \"%s\"", a, b))
#define assert_string_not_equal(a, b)    assert_true(strcmp(a, b) != 0)
#define assert_memory_equal(a, b, bytes) assert_true(memcmp(a, b, bytes) == 0)

static inline void cmocka_child(const struct CMUnitTest *test) {
    void *state = test->state;
    if (test->setup != NULL && test->setup(&state) != 0) {
        fail_msg("the set-up failed");
    }
    test->test(&state);
    if (test->teardown != NULL && test->teardown(&state) != 0) {
        fail_msg("the teardown failed");
    }
    exit(0);
}

/* 0 if no test failed, 1 otherwise. */
static inline int cmocka_run(const char *group, const struct CMUnitTest *tests, size_t n_tests) {
    unsigned n_failed = 0;
    for (size_t i = 0; i < n_tests; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            cmocka_child(&tests[i]);
        }
        int status = -1;
        waitpid(child, &status, 0);
        bool skipped = WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED;
        bool passed = skipped || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
        n_failed += !passed;
        printf("%s %zu - %s: %s%s\n", passed ? "ok" : "not ok", i + 1, group, tests[i].name, skipped ? " # SKIP" : "");
    }
    return n_failed != 0;
}

#define cmocka_run_group_tests_name(group, tests, setup, teardown)                                                     \
    cmocka_run(group, tests, sizeof(tests) / sizeof((tests)[0]))

#endif
