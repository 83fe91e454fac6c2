/* guard.c: bench/guard.c lets whole contestants pass, and none of the broken ones. */
#include "broken.h"
#include "check.h"
#include "host.h"

#include <quire/port.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

extern const struct peer peer_quire;

static struct memory memory = {.base = 0x80000000u, .n_bytes = 64u << 20};

static int make_memory(void **state) {
    (void)state;
    host_ram_add(memory.base, memory.n_bytes);
    memory.at = quire_port_map(memory.base);
    return memory.at == NULL;
}

static void whole_ones_pass(void **state) {
    (void)state;
    mistake = NO_MISTAKE;
    assert_true(guard_passes(&peer_broken, &memory));
    assert_true(guard_passes(&peer_quire, &memory));
}

static void broken_ones_do_not_pass(void **state) {
    (void)state;
    for (mistake = NO_MISTAKE + 1; mistake < MISTAKES; mistake++) {
        print_message("mistake %d\n", (int)mistake);
        assert_false(guard_passes(&peer_broken, &memory));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_ones_pass),
        cmocka_unit_test(broken_ones_do_not_pass),
    };
    return cmocka_run_group_tests_name("bench/guard", tests, make_memory, NULL);
}
