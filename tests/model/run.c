/* run.c: runs the model and the edge programs; 10^8 operations of the model in all.
 *
 * They are programs of their own because some are built for other word and page sizes; what is wrong they say on stderr,
 * their exit status decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#ifndef MODEL_DIR
#define MODEL_DIR "build/tests/model"
#endif

/* The model makes so many operations with each of its 40 seeds, and says on stdout how many that are. */
static void run(const char *program, unsigned n_steps) {
    char command[256];
    snprintf(command, sizeof command, "MODEL_STEPS=%u %s/%s", n_steps, MODEL_DIR, program);
    int status = system(command);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void on_64_bits(void **state) {
    (void)state;
    run("edge-plain", 1);
    run("model-plain", 1500000);
}

static void with_sanitizers(void **state) {
    (void)state;
    run("model-asan", 30000);
}

static void without_checks(void **state) {
    (void)state;
    run("model-check0", 400000);
}

static void with_all_checks(void **state) {
    (void)state;
    run("model-check2", 100000);
}

static void with_16_kib_pages(void **state) {
    (void)state;
    run("model-page16k", 60000);
}

static void with_64_kib_pages(void **state) {
    (void)state;
    run("edge-page64k", 1);
    run("model-page64k", 15000);
}

static void on_32_bits(void **state) {
    (void)state;
#if defined(__x86_64__)
    run("edge-m32", 1);
    run("model-m32", 400000);
#else
    skip(); /* no 32-bit program runs here */
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_64_bits),      cmocka_unit_test(with_sanitizers),   cmocka_unit_test(without_checks),
        cmocka_unit_test(with_all_checks), cmocka_unit_test(with_16_kib_pages), cmocka_unit_test(with_64_kib_pages),
        cmocka_unit_test(on_32_bits),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
