/* limine.c: the example for Limine, examples/limine-x86_64, as a program: its start() runs here with answers of a loader that
 * are made up, over memory that is an array. */
#include <example.h>
#include <pc/pc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB       ((quire_pa)1 << 20)
#define RAM_BASE  MIB
#define RAM_BYTES (16 * MIB)
#define UNTOUCHED 0xA5

/* Of the protocol, and of the example. */
struct request {
    uint64_t id[4], revision;
    const void *response;
};
struct entry {
    uint64_t base, n_bytes, type;
};
struct memory_map {
    uint64_t revision, n_entries;
    struct entry **entries;
};
enum { LIMINE_USABLE = 0, LIMINE_RESERVED = 1, LIMINE_LOADER = 5, LIMINE_KERNEL = 6, LIMINE_UNKNOWN = 99 };
extern volatile uint64_t base_revision[3];
extern volatile struct request direct_map_request, memory_map_request;
void start(void);

/* ---- what pc.c is on a PC ----------------------------------------------------------------------------------- */

static char said[64 << 10];
static size_t n_said;
static jmp_buf the_end;
static int status_in_the_end;

void console_put(char c) {
    assert_true(n_said < sizeof said - 1);
    said[n_said++] = c;
}

void machine_exit(int status) {
    status_in_the_end = status;
    longjmp(the_end, 1);
}

void print_problem(void *context, const struct quire_boot_problem *problem) {
    (void)context;
    print("%s\n", quire_boot_status_text(problem->status));
}

/* ---- a loader ----------------------------------------------------------------------------------------------- */

static uint8_t *ram;

static int make_ram(void **state) {
    (void)state;
    ram = aligned_alloc(QUIRE_PAGE_SIZE, RAM_BYTES);
    assert_non_null(ram);
    memset(ram, UNTOUCHED, RAM_BYTES);
    memset(said, 0, sizeof said);
    n_said = 0;
    base_revision[2] = 0;
    return 0;
}

static int free_ram(void **state) {
    (void)state;
    free(ram);
    return 0;
}

/* Starts the kernel with these entries, and returns its status. */
static int boot(struct entry *entries, size_t n) {
    const uint64_t direct_map[2] = {0, (uintptr_t)ram - RAM_BASE};
    struct entry *list[8];
    struct memory_map map = {.n_entries = n, .entries = list};
    for (size_t i = 0; i < n; i++) {
        list[i] = &entries[i];
    }
    direct_map_request.response = direct_map;
    memory_map_request.response = entries == NULL ? NULL : &map;
    if (setjmp(the_end) == 0) {
        start();
    }
    return status_in_the_end;
}

static void expect_untouched(quire_pa base, quire_pa end) {
    for (quire_pa at = base; at < end; at++) {
        assert_int_equal(ram[at - RAM_BASE], UNTOUCHED);
    }
}

/* ---- tests -------------------------------------------------------------------------------------------------- */

static struct entry usual[] = {
    {13 * MIB, 4 * MIB, LIMINE_USABLE}, {1 * MIB, 4 * MIB, LIMINE_USABLE}, {5 * MIB, MIB, LIMINE_LOADER},
    {6 * MIB, 5 * MIB, LIMINE_USABLE},  {11 * MIB, MIB, LIMINE_UNKNOWN},   {12 * MIB, MIB, LIMINE_KERNEL},
};

static void all_usable_memory_is_used_and_no_other(void **state) {
    (void)state;
    assert_int_equal(boot(usual, 6), 0);
    assert_non_null(strstr(said, "verdict: passed\n"));
    assert_non_null(strstr(said, "all that could be had is in use: 0 of"));
    expect_untouched(5 * MIB, 6 * MIB);
    expect_untouched(11 * MIB, 13 * MIB);
    for (quire_pa at = 6 * MIB; at < 11 * MIB; at += QUIRE_PAGE_SIZE) {
        assert_int_not_equal(memcmp(&ram[at - RAM_BASE], &ram[5 * MIB - RAM_BASE], sizeof(quire_pa)), 0);
    }
}

static void an_unknown_type_is_told(void **state) {
    (void)state;
    boot(usual, 6);
    assert_non_null(strstr(said, quire_boot_status_text(QUIRE_BOOT_TYPE)));
}

static void an_old_loader_is_refused(void **state) {
    (void)state;
    base_revision[2] = 3; /* as it was: the loader does not know that revision */
    assert_int_equal(boot(usual, 6), 3);
    expect_untouched(RAM_BASE, RAM_BASE + RAM_BYTES);
}

static void a_loader_without_a_map_is_refused(void **state) {
    (void)state;
    assert_int_equal(boot(NULL, 0), 3);
    assert_non_null(strstr(said, quire_boot_status_text(QUIRE_BOOT_NO_MAP)));
}

static void nothing_usable_is_no_machine(void **state) {
    struct entry reserved = {RAM_BASE, RAM_BYTES, LIMINE_RESERVED};
    (void)state;
    assert_int_equal(boot(&reserved, 1), 3);
    expect_untouched(RAM_BASE, RAM_BASE + RAM_BYTES);
}

#define test_case(name) cmocka_unit_test_setup_teardown(name, make_ram, free_ram)

int main(void) {
    const struct CMUnitTest tests[] = {
        test_case(all_usable_memory_is_used_and_no_other),
        test_case(an_unknown_type_is_told),
        test_case(an_old_loader_is_refused),
        test_case(a_loader_without_a_map_is_refused),
        test_case(nothing_usable_is_no_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
