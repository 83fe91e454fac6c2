/* acpi_broken.c: ACPI tables that are not in order. Whatever the bytes, the reader touches nothing that it has not mapped, comes to an
 * end, says what is wrong, and understands the rest as the second reader does. */
#include "acpi_made.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- distances ------------------------------------------------------------------------------------------- */

/* Two nodes, domains 0 and 2, and a SLIT for `n` localities with these rows. */
static const struct answers *read_slit(uint64_t n, const uint8_t *rows, size_t n_rows) {
    made_begin();
    size_t at = made_srat();
    made_memory(0, 0, MIB, 1);
    made_memory(2, MIB, MIB, 1);
    made_end(at);
    at = made_slit(n);
    made_distances(rows, n_rows);
    made_end(at);
    return made_read();
}

static void assert_distances(const struct answers *a, uint8_t there, uint8_t back) {
    const uint8_t rows[4] = {10, there, back, 10};
    assert_int_equal(a->n_nodes, 2);
    assert_memory_equal(a->distance, rows, 4);
}

static void distances_that_can_not_be_are_told(void **state) {
    (void)state;
    static const uint8_t good[] = {10, 0, 31, 0, 0, 0, 10, 0, 10}, low[] = {10, 0, 9, 0, 0, 0, 17, 0, 10};
    static const uint8_t own[] = {11, 0, 31, 0, 0, 0, 17, 0, 10}, away[] = {10, 0, 255, 0, 0, 0, 17, 0, 10};
    const struct answers *a = read_slit(3, good, 9);
    assert_int_equal(a->n_problems, 0);
    assert_distances(a, 31, 10);
    a = read_slit(3, low, 9);
    assert_told(a, QUIRE_ACPI_DISTANCE, "SLIT");
    assert_int_equal(a->problems[0].where, 44 + 2);
    assert_distances(a, 20, 17);
    a = read_slit(3, own, 9);
    assert_told(a, QUIRE_ACPI_DISTANCE, "SLIT");
    assert_distances(a, 31, 17);
    a = read_slit(3, away, 9);
    assert_told(a, QUIRE_ACPI_UNREACHABLE, "SLIT");
    assert_distances(a, 255, 17);
    a = read_slit(2, good, 4);
    assert_told(a, QUIRE_ACPI_LOCALITIES, "SLIT");
    assert_distances(a, 20, 20);
    static const uint64_t sizes[] = {0, 4, 0x10000, 0x100000003, UINT64_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        a = read_slit(sizes[i], good, 9);
        assert_told(a, QUIRE_ACPI_SLIT_SIZE, "SLIT");
        assert_distances(a, 20, 20);
    }
}

/* ---- tables ---------------------------------------------------------------------------------------------- */

static void tables_that_are_damaged_are_not_used(void **state) {
    (void)state;
    static const struct {
        unsigned at, n_bytes;
        uint64_t value;
        enum quire_acpi_status status;
    } damage[] = {
        {40, 1, 0x55, QUIRE_ACPI_CHECKSUM},
        {4, 4, 0, QUIRE_ACPI_LENGTH},
        {4, 4, 43, QUIRE_ACPI_LENGTH},
        {4, 4, 0xFFFFFFFF, QUIRE_ACPI_LENGTH},
        {4, 4, 1 << 19, QUIRE_ACPI_UNMAPPED},
        {4, 4, (1 << 19) + 1, QUIRE_ACPI_LENGTH},
        {4, 4, sizeof made, QUIRE_ACPI_UNMAPPED},
    };
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        made_begin();
        size_t at = made_madt();
        made_local_apic(0, 0, 1);
        made_end(at);
        made_put(at + damage[i].at, damage[i].value, damage[i].n_bytes);
        const struct answers *a = made_read();
        assert_told(a, damage[i].status, "APIC");
        assert_int_equal(a->n_cpus, 0);
    }
}

static void the_list_of_tables_may_have_anything_in_it(void **state) {
    (void)state;
    made_begin();
    made_list(0);
    assert_told(made_read(), QUIRE_ACPI_NULL, "XSDT");
    made_begin();
    made_list(UINT64_MAX);
    assert_told(made_read(), QUIRE_ACPI_UNMAPPED, "XSDT");
    made_begin();
    made_list(UINT64_MAX - 36);
    assert_told(made_read(), QUIRE_ACPI_UNMAPPED, "XSDT");
    made_begin();
    size_t at = made_madt();
    made_local_apic(0, 0, 1);
    made_end(at);
    made_list(IMAGE_BASE + at);
    assert_told(made_read(), QUIRE_ACPI_AGAIN, "XSDT");
    made_begin();
    made_list(IMAGE_BASE + root_at); /* itself: another table, of no interest */
    assert_int_equal(made_read()->n_problems, 0);
}

/* Puts an RSDT with no table in the place of what lies behind the XSDT. */
static void add_rsdt(void) {
    made_put(16, IMAGE_BASE + n_made, 4);
    made_seal_rsdp();
    memcpy(made + n_made, "RSDT", 4);
    made_put(n_made + 4, 36, 4);
    made_seal(n_made, 9, 36);
    n_made += 36;
}

static void where_the_xsdt_is_damaged_the_rsdt_is_used(void **state) {
    (void)state;
    made_begin();
    add_rsdt();
    made_put(root_at + 20, 1, 1);
    const struct answers *a = made_read();
    assert_told(a, QUIRE_ACPI_CHECKSUM, "XSDT");
    assert_int_equal(a->status, QUIRE_ACPI_OK);
    made_begin();
    add_rsdt();
    memcpy(made + root_at, "RSDT", 4);
    assert_told(made_read(), QUIRE_ACPI_SIGNATURE, "XSDT");
    made_begin();
    add_rsdt();
    made_put(33, 1, 1); /* in the extended part */
    assert_told(made_read(), QUIRE_ACPI_EXTENDED, "RSDP");
}

/* 20 bytes, and behind them nothing. */
static void an_old_rsdp_is_short(void **state) {
    (void)state;
    made_begin();
    add_rsdt();
    made_put(15, 0, 1);
    made_seal_rsdp();
    struct quire_acpi acpi;
    assert_int_equal(quire_acpi_open(&acpi, made, 20, made_map, NULL, NULL), QUIRE_ACPI_OK);
    assert_int_equal(acpi.n_problems, 0);
    assert_int_equal(quire_acpi_open(&acpi, made, 19, made_map, NULL, NULL), QUIRE_ACPI_RSDP);
    assert_int_equal(quire_acpi_open(&acpi, NULL, 0, made_map, NULL, NULL), QUIRE_ACPI_RSDP);
    made_put(15, 2, 1);
    made_seal_rsdp();
    assert_int_equal(quire_acpi_open(&acpi, made, 35, made_map, NULL, NULL), QUIRE_ACPI_OK); /* the RSDT */
    assert_int_equal(acpi.n_problems, 1);
}

static void without_any_list_nothing_is_known(void **state) {
    (void)state;
    made_begin();
    made_put(root_at + 20, 1, 1);
    const struct answers *a = made_read();
    assert_int_equal(a->status, QUIRE_ACPI_ROOT);
    assert_int_equal(a->n_problems, 3); /* the XSDT, the RSDT, and that there is none */
    assert_true(a->n_cpus == 0 && a->n_nodes == 1 && a->distance[0] == 10);
    made_begin();
    made_put(9, 1, 1);
    a = made_read();
    assert_told(a, QUIRE_ACPI_RSDP, "RSDP");
    assert_int_equal(a->status, QUIRE_ACPI_RSDP);
    n_made = 19;
    assert_told(made_read(), QUIRE_ACPI_RSDP, "RSDP");
}

static void the_rsdp_is_found_at_multiples_of_16(void **state) {
    (void)state;
    static uint8_t area[1024];
    size_t at = 77;
    made_begin();
    assert_false(quire_acpi_find_rsdp(area, sizeof area, &at));
    memcpy(area + 24, made, 36); /* not there */
    memcpy(area + 512, made, 36);
    memcpy(area + 960, made, 36);
    assert_false(quire_acpi_find_rsdp(area, 512 + 19, &at));
    assert_int_equal(at, 77);
    assert_true(quire_acpi_find_rsdp(area, sizeof area, &at));
    assert_int_equal(at, 512);
    area[520]++; /* a wrong checksum: somebody else's text */
    assert_true(quire_acpi_find_rsdp(area, sizeof area, &at));
    assert_int_equal(at, 960);
}

/* ---- what must hold of anything --------------------------------------------------------------------------- */

/* Whenever the caller's function says no, only less is known. */
static void memory_may_stop_being_mapped_at_any_time(void **state) {
    (void)state;
    made_begin();
    size_t at = made_madt();
    made_local_apic(0, 0, 1);
    made_end(at);
    at = made_srat();
    made_memory(0, 0, MIB, 1);
    made_memory(1, MIB, MIB, 1);
    made_end(at);
    at = made_slit(2);
    made_distances((const uint8_t[]){10, 33, 33, 10}, 4);
    made_end(at);
    for (unsigned n_calls = 0; n_calls < 40; n_calls++) {
        unsigned calls_left = n_calls;
        struct quire_acpi acpi;
        struct quire_acpi_cpu cpu;
        uint8_t distance[4];
        quire_acpi_open(&acpi, made, 36, made_map, NULL, &calls_left);
        assert_in_range(acpi.n_nodes, 1, 2);
        assert_in_range(quire_acpi_cpus(&acpi, &cpu, 1), 0, 1);
        quire_acpi_distances(&acpi, distance);
        assert_true(acpi.n_nodes == 1 || distance[1] == 20 || distance[1] == 33);
    }
}

/* Makes the tables of an image sum up to 0 again, so that damage gets further. */
static void repair(uint8_t *bytes, size_t n_bytes) {
    memcpy(made, bytes, n_bytes);
    n_made = n_bytes;
    made_seal_rsdp();
    for (size_t at = 48; at + 36 <= n_bytes;) {
        size_t n = made[at + 4] | (size_t)made[at + 5] << 8;
        if (n < 36 || n > n_bytes - at)
            break;
        made_seal(at, 9, n);
        at += n;
    }
    memcpy(bytes, made, n_bytes);
}

static void damaged_tables_are_read_as_by_the_second_reader(void **state) {
    (void)state;
    enum { ROUNDS = 3000 };
    static const char *const names[] = {IMAGE_NAMES};
    uint64_t seed = random_seed();
    unsigned n_problems = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t n;
        uint8_t *damaged = image_load(names[round % (sizeof names / sizeof *names)], &n);
        for (unsigned i = (unsigned)random_below(&seed, 4); i < 4; i++)
            damaged[random_below(&seed, n)] = (uint8_t)(random_below(&seed, 3) != 0 ? random_next(&seed) : 0);
        if (random_below(&seed, 4) != 0)
            repair(damaged, n);
        size_t n_left = random_below(&seed, 8) == 0 ? random_below(&seed, n + 1) : n;
        n_problems += answers_both("damaged", damaged, n_left)->n_problems;
        free(damaged);
    }
    assert_in_range(n_problems, ROUNDS / 10, UINT32_MAX);
}

static void every_status_has_a_text_of_its_own(void **state) {
    (void)state;
    for (int i = QUIRE_ACPI_OK; i <= QUIRE_ACPI_UNREACHABLE + 1; i++)
        for (int j = QUIRE_ACPI_OK; j < i; j++)
            assert_string_not_equal(quire_acpi_status_text((enum quire_acpi_status)i),
                                    quire_acpi_status_text((enum quire_acpi_status)j));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_that_can_not_be_are_told),
        cmocka_unit_test(tables_that_are_damaged_are_not_used),
        cmocka_unit_test(the_list_of_tables_may_have_anything_in_it),
        cmocka_unit_test(where_the_xsdt_is_damaged_the_rsdt_is_used),
        cmocka_unit_test(an_old_rsdp_is_short),
        cmocka_unit_test(without_any_list_nothing_is_known),
        cmocka_unit_test(the_rsdp_is_found_at_multiples_of_16),
        cmocka_unit_test(memory_may_stop_being_mapped_at_any_time),
        cmocka_unit_test(damaged_tables_are_read_as_by_the_second_reader),
        cmocka_unit_test(every_status_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests_name("broken ACPI tables", tests, NULL, NULL);
}
