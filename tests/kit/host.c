/* host.c: the port for POSIX is right: threads are its CPUs and signals its interrupts. */
#include "port/host/host.h"
#include "kit/kit.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <cmocka.h>

#define MIB      ((quire_pa)1 << 20)
#define MOST     8u /* threads */
#define A_THIRD  (3 * MIB)
#define INTERVAL 200 /* microseconds */

static struct kit kit;

static void print_line(void *unused, const char *line) {
    (void)unused;
    print_message("# %s\n", line);
}

static void interrupt(int signal) {
    (void)signal;
    kit_nested(&kit);
}

static void set_timer(int microseconds) {
    const struct itimerval every = {{0, microseconds}, {0, microseconds}};
    const struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
}

static void *run_cpu(void *number) {
    host_set_cpu((unsigned)(uintptr_t)number);
    kit_run_each_cpu(&kit);
    return NULL;
}

static void run_together(unsigned n) {
    pthread_t others[MOST];
    for (uintptr_t i = 1; i < n; i++)
        assert_int_equal(pthread_create(&others[i], NULL, run_cpu, (void *)i), 0);
    run_cpu(NULL);
    for (unsigned i = 1; i < n; i++)
        pthread_join(others[i], NULL);
}

/* Memory in three pieces, n CPUs. */
static void is_right(unsigned n, enum quire_content content, bool is_nested) {
    struct quire_region regions[3];
    const struct quire_config config = {.n_cpus = n, .content = content};
    for (unsigned i = 0; i < 3; i++) {
        regions[i] = (struct quire_region){(i + 1) * 16 * MIB, (i + 1) * 16 * MIB + A_THIRD, QUIRE_USABLE, 0};
        host_ram_add(regions[i].base, A_THIRD);
    }
    memset(&kit, 0, sizeof kit);
    kit = (struct kit){.print = print_line, .n_cpus = n, .tag = 9, .is_nested = is_nested, .fault_returns = true};
    assert_int_equal(quire_init(&kit.q, &config, regions, 3), QUIRE_OK);
    host_set_cpu(0);
    set_timer(is_nested ? INTERVAL : 0);
    kit_begin(&kit);
    kit_run_one_cpu(&kit);
    run_together(n);
    bool good = kit_end(&kit);
    set_timer(0);
    assert_true(good);
    host_take_faults(NULL);
    host_ram_clear();
}

static void each_number_of_threads_is_right(void **state) {
    (void)state;
    for (unsigned n = 1; n <= MOST; n++)
        is_right(n, QUIRE_CONTENT_NONE, false);
}

static void whatever_happens_to_contents_is_right(void **state) {
    (void)state;
    for (int content = QUIRE_CONTENT_NONE; content <= QUIRE_CONTENT_POISON; content++)
        is_right(3, (enum quire_content)content, false);
}

#ifdef KIT_SIGNALS
static void signals_are_interrupts(void **state) {
    (void)state;
    is_right(1, QUIRE_CONTENT_NONE, true);
    is_right(2, QUIRE_CONTENT_POISON, true);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_of_threads_is_right),
        cmocka_unit_test(whatever_happens_to_contents_is_right),
#ifdef KIT_SIGNALS
        cmocka_unit_test(signals_are_interrupts),
#endif
    };
    host_keep_faults(true);
    return cmocka_run_group_tests_name("the conformance kit on threads", tests, NULL, NULL);
}
