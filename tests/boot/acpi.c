/* acpi.c: what ACPI tables say of CPUs and nodes: those that QEMU makes for its machines, and some made here. */
#include "acpi_made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- tables of QEMU's ------------------------------------------------------------------------------------ */

/* What the options in tests.mk say. */
static const struct machine {
    const char *name;
    unsigned n_cpus, n_nodes, n_problems;
    enum quire_acpi_cpu_kind kind;
    uint64_t first_id, last_id;
    unsigned last_node; /* of the last CPU */
    uint64_t n_bytes;   /* of memory that is there from the start; 0: nothing is said */
    uint8_t distance[16];
} machines[] = {
    {"q35-1", 1, 1, 0, QUIRE_ACPI_CPU_APIC, 0, 0, 0, 0, {10}},
    {"q35-255", 255, 1, 0, QUIRE_ACPI_CPU_APIC, 0, 254, 0, 0, {10}},
    {"q35-sockets", 6, 1, 0, QUIRE_ACPI_CPU_APIC, 0, 6, 0, 0, {10}},
    {"q35-numa", 4, 2, 0, QUIRE_ACPI_CPU_APIC, 0, 3, 1, 512 * MIB, {10, 21, 21, 10}},
    {"q35-far",
     4,
     4,
     1,
     QUIRE_ACPI_CPU_APIC,
     0,
     3,
     3,
     512 * MIB,
     {10, 20, 30, 40, 20, 10, 25, 35, 30, 25, 10, 255, 40, 35, 255, 10}},
    {"q35-no-cpus", 2, 2, 0, QUIRE_ACPI_CPU_APIC, 0, 1, 0, 512 * MIB, {10, 20, 20, 10}},
    {"q35-no-memory", 2, 2, 1, QUIRE_ACPI_CPU_APIC, 0, 1, 1, 256 * MIB, {10, 20, 20, 10}},
    {"q35-hotplug", 2, 1, 0, QUIRE_ACPI_CPU_APIC, 0, 1, 0, 512 * MIB, {10}},
    {"i440fx-4", 4, 1, 0, QUIRE_ACPI_CPU_APIC, 0, 3, 0, 0, {10}},
    {"i440fx-numa", 4, 2, 0, QUIRE_ACPI_CPU_APIC, 0, 3, 1, 4096 * MIB, {10, 20, 20, 10}},
    {"virt-4", 4, 1, 0, QUIRE_ACPI_CPU_GIC, 0, 3, 0, 0, {10}},
    {"virt-20", 20, 1, 0, QUIRE_ACPI_CPU_GIC, 0, 0x103, 0, 0, {10}},
    {"virt-numa", 4, 2, 0, QUIRE_ACPI_CPU_GIC, 0, 3, 1, 512 * MIB, {10, 21, 21, 10}},
};
#define N_MACHINES (sizeof machines / sizeof *machines)

static uint64_t bytes_from_the_start(const struct answers *a) {
    uint64_t sum = 0;
    for (size_t i = 0; i < a->n_memory; i++)
        sum += a->memory[i].hotpluggable ? 0 : a->memory[i].n_bytes;
    return sum;
}

static void machines_are_what_they_were_asked_to_be(void **state) {
    (void)state;
    for (size_t i = 0; i < N_MACHINES; i++) {
        const struct machine *m = &machines[i];
        size_t n_bytes;
        uint8_t *bytes = image_load(m->name, &n_bytes);
        const struct answers *a = answers_both(m->name, bytes, n_bytes);
        print_message("# %s: %zu CPUs, %u nodes, %zu ranges of memory, %u problems\n", m->name, a->n_cpus, a->n_nodes,
                      a->n_memory, a->n_problems);
        assert_int_equal(a->status, QUIRE_ACPI_OK);
        assert_int_equal(a->n_problems, m->n_problems);
        assert_int_equal(a->n_nodes, m->n_nodes);
        assert_int_equal(a->n_cpus, m->n_cpus);
        for (size_t cpu = 0; cpu < a->n_cpus; cpu++)
            assert_true(a->cpus[cpu].enabled && a->cpus[cpu].kind == m->kind);
        assert_int_equal(a->cpus[0].id, m->first_id);
        assert_int_equal(a->cpus[a->n_cpus - 1].id, m->last_id);
        assert_int_equal(a->cpus[a->n_cpus - 1].node, m->last_node);
        assert_int_equal(bytes_from_the_start(a) > m->n_bytes - MIB ? m->n_bytes : 0, m->n_bytes);
        assert_memory_equal(a->distance, m->distance, (size_t)m->n_nodes * m->n_nodes);
        if (m->kind == QUIRE_ACPI_CPU_APIC)
            assert_int_equal(a->local_apic, 0xFEE00000);
        free(bytes);
    }
}

/* ---- CPUs ------------------------------------------------------------------------------------------------ */

static void cpus_that_can_not_be_used_are_left_out(void **state) {
    (void)state;
    made_begin();
    size_t at = made_madt();
    made_local_apic(1, 0, 1);
    made_local_apic(2, 2, 0); /* neither enabled nor to be brought later */
    made_local_apic(3, 4, 2); /* online capable */
    made_x2apic(4, 300, 1);
    made_x2apic(5, 301, 0);
    made_entry(0x7F, 6);
    made_end(at);
    const struct answers *a = made_read();
    assert_int_equal(a->n_problems, 0);
    assert_int_equal(a->n_cpus, 3);
    assert_true(a->cpus[0].id == 0 && a->cpus[0].uid == 1 && a->cpus[0].enabled);
    assert_true(a->cpus[1].id == 4 && a->cpus[1].uid == 3 && !a->cpus[1].enabled);
    assert_true(a->cpus[2].id == 300 && a->cpus[2].uid == 4 && a->cpus[2].enabled);
}

/* Of an MPIDR only the four affinities are its name. Entries before ACPI 5.1 had none. */
static void cpus_with_a_gic_have_an_mpidr(void **state) {
    (void)state;
    made_begin();
    size_t at = made_madt();
    made_gicc(76, 5, 0xAAC3000700, 1);
    made_gicc(80, 6, 0x101, 8);
    made_gicc(82, 7, 0x102, 0xF6);
    made_end(at);
    at = made_srat();
    made_memory(0, 0, MIB, 1);
    made_memory(1, MIB, MIB, 1);
    made_gicc_affinity(1, 5, 1);
    made_gicc_affinity(1, 6, 2); /* not enabled */
    made_apic_affinity(1, 1, 1); /* somebody else */
    made_end(at);
    const struct answers *a = made_read();
    assert_int_equal(a->n_problems, 0);
    assert_int_equal(a->n_cpus, 2);
    assert_true(a->cpus[0].id == 0xAA00000700 && a->cpus[0].uid == 5 && a->cpus[0].enabled && a->cpus[0].node == 1);
    assert_true(a->cpus[1].id == 0x101 && a->cpus[1].uid == 6 && !a->cpus[1].enabled && a->cpus[1].node == 0);

    made_begin();
    at = made_madt();
    made_gicc(75, 5, 1, 1);
    made_end(at);
    assert_told(made_read(), QUIRE_ACPI_SHORT, "APIC");
}

static void a_cpu_that_is_listed_twice_is_one(void **state) {
    (void)state;
    made_begin();
    size_t at = made_madt();
    made_local_apic(1, 7, 1);
    made_x2apic(9, 7, 1); /* some firmware lists each CPU both ways */
    made_end(at);
    const struct answers *a = made_read();
    assert_told(a, QUIRE_ACPI_CPU_TWICE, "APIC");
    assert_int_equal(a->n_cpus, 1);
    assert_int_equal(a->cpus[0].uid, 1);
}

static void ids_that_address_all_cpus_are_none(void **state) {
    (void)state;
    made_begin();
    size_t at = made_madt();
    made_local_apic(1, 0xFF, 0);
    made_x2apic(1, 0xFF, 1); /* an id like any other */
    made_local_apic(1, 0xFF, 1);
    made_end(at);
    const struct answers *a = made_read();
    assert_told(a, QUIRE_ACPI_CPU_ID, "APIC");
    assert_int_equal(a->n_cpus, 1);

    made_begin();
    at = made_madt();
    made_x2apic(1, 0xFFFFFFFF, 1);
    made_end(at);
    assert_told(made_read(), QUIRE_ACPI_CPU_ID, "APIC");
}

static void the_local_apic_may_lie_above_4_gib(void **state) {
    (void)state;
    made_begin();
    assert_true(made_read()->local_apic == QUIRE_NONE);
    size_t at = made_madt();
    made_put(at + 36, 0xFEE00000, 4);
    made_end(at);
    assert_true(made_read()->local_apic == 0xFEE00000);
    made_put(made_entry(5, 12) + 4, 0x12FEE00000, 8);
    made_end(at);
    assert_true(made_read()->local_apic == 0x12FEE00000);
}

static void entries_that_do_not_end_cost_only_what_follows(void **state) {
    (void)state;
    static const unsigned lengths[] = {0, 1, 0xFF};
    for (size_t i = 0; i < 3; i++) {
        made_begin();
        size_t at = made_madt();
        made_local_apic(1, 0, 1);
        size_t bad = n_made;
        made_local_apic(2, 1, 1);
        made_put(bad + 1, lengths[i], 1);
        made_local_apic(3, 2, 1);
        made_end(at);
        const struct answers *a = made_read();
        assert_told(a, QUIRE_ACPI_ENTRY, "APIC");
        assert_int_equal(a->problems[0].where, bad - at);
        assert_int_equal(a->n_cpus, 1);
    }
    made_begin();
    size_t at = made_madt();
    made_put(made_entry(0, 4), 0, 1); /* too short for a local APIC */
    made_local_apic(3, 2, 1);
    made_end(at);
    const struct answers *a = made_read();
    assert_told(a, QUIRE_ACPI_SHORT, "APIC");
    assert_int_equal(a->n_cpus, 1);
}

/* A caller without room learns how much it needs. */
static void too_little_room_says_how_much_is_needed(void **state) {
    (void)state;
    made_begin();
    size_t at = made_madt();
    for (unsigned i = 0; i < 5; i++)
        made_local_apic(i, i, 1);
    made_end(at);
    at = made_srat();
    made_memory(0, 0, MIB, 1);
    made_memory(1, MIB, MIB, 1);
    made_end(at);
    struct quire_acpi acpi;
    struct quire_acpi_cpu cpus[2] = {{.id = 99}, {.id = 99}};
    assert_int_equal(quire_acpi_open(&acpi, made, 36, made_map, NULL, NULL), QUIRE_ACPI_OK);
    assert_int_equal(quire_acpi_cpus(&acpi, NULL, 0), 5);
    assert_int_equal(quire_acpi_cpus(&acpi, cpus, 1), 5);
    assert_true(cpus[0].id == 0 && cpus[1].id == 99);
    assert_int_equal(quire_acpi_memory(&acpi, NULL, 0), 2);
}

/* ---- nodes ----------------------------------------------------------------------------------------------- */

static void domains_of_any_number_become_nodes_in_their_order(void **state) {
    (void)state;
    made_begin();
    size_t at = made_madt();
    made_local_apic(0, 0, 1);
    made_x2apic(0, 1000, 1);
    made_local_apic(0, 2, 1);
    made_local_apic(0, 3, 1);
    made_end(at);
    at = made_srat();
    made_memory(0x80000000, 0, 16 * MIB, 1);
    made_memory(7, 16 * MIB, 16 * MIB, 1);
    made_memory(0x1234, 32 * MIB, 16 * MIB, 7);
    made_memory(3, 48 * MIB, 16 * MIB, 0); /* not enabled: it is not there */
    made_apic_affinity(7, 0, 1);
    made_x2apic_affinity(0x80000000, 1000, 1);
    made_apic_affinity(0x1234, 2, 1);
    made_apic_affinity(4, 4, 0);
    made_end(at);
    const struct answers *a = made_read();
    assert_int_equal(a->n_problems, 0);
    assert_int_equal(a->n_nodes, 3);
    assert_true(a->domain[0] == 7 && a->domain[1] == 0x1234 && a->domain[2] == 0x80000000);
    assert_true(a->cpus[0].node == 0 && a->cpus[1].node == 2 && a->cpus[2].node == 1 && a->cpus[3].node == 0);
    assert_int_equal(a->n_memory, 3);
    assert_true(a->memory[2].hotpluggable && a->memory[2].nonvolatile && !a->memory[1].hotpluggable);
    assert_int_equal(answers_node_at(a, 0), 2);
    assert_int_equal(answers_node_at(a, 20 * MIB), 0);
    assert_int_equal(answers_node_at(a, 33 * MIB), 1);
}

/* Old tables have 8 bits for a domain, and anything in the bytes behind. */
static void domains_of_old_tables_have_8_bits(void **state) {
    (void)state;
    made_begin();
    size_t at = made_table("SRAT", 1, 48);
    made_memory(0xABCD05, 0, MIB, 1);
    made_apic_affinity(0xFFFFFF05, 0, 1);
    made_end(at);
    const struct answers *a = made_read();
    assert_int_equal(a->n_problems, 0);
    assert_int_equal(a->n_nodes, 1);
    assert_int_equal(a->domain[0], 5);
    made_begin();
    at = made_table("SRAT", 2, 48);
    made_memory(0xABCD05, 0, MIB, 1);
    made_x2apic_affinity(1, 1000, 2); /* not enabled */
    made_end(at);
    a = made_read();
    assert_int_equal(a->n_nodes, 1);
    assert_int_equal(a->domain[0], 0xABCD05);
}

static void memory_that_can_not_be_is_told(void **state) {
    (void)state;
    made_begin();
    size_t at = made_srat();
    made_memory(0, MIB, 0, 1);
    made_end(at);
    const struct answers *a = made_read();
    assert_told(a, QUIRE_ACPI_EMPTY, "SRAT");
    assert_int_equal(a->n_memory, 0);

    made_begin();
    at = made_srat();
    made_memory(0, 0 - MIB, 2 * MIB, 1);
    made_end(at);
    a = made_read();
    assert_told(a, QUIRE_ACPI_WRAP, "SRAT");
    assert_true(a->n_memory == 1 && a->memory[0].n_bytes == MIB - 1);

    made_begin();
    at = made_srat();
    made_memory(0, 0, 4 * MIB, 1);
    made_memory(1, 3 * MIB, 4 * MIB, 1);
    made_memory(2, 9 * MIB, MIB, 1);
    made_memory(3, 7 * MIB, 2 * MIB, 1); /* it touches others: nobody minds */
    made_memory(1, 5 * MIB, 1 * MIB, 1); /* the same domain: nobody minds */
    made_end(at);
    a = made_read();
    assert_told(a, QUIRE_ACPI_OVERLAP, "SRAT");
    assert_int_equal(answers_node_at(a, 3 * MIB), 1);
}

static void a_domain_without_memory_is_a_node(void **state) {
    (void)state;
    made_begin();
    size_t at = made_srat();
    made_memory(0, 0, 4 * MIB, 1);
    made_apic_affinity(0, 0, 1);
    made_apic_affinity(1, 1, 1);
    made_apic_affinity(1, 2, 1);
    made_end(at);
    const struct answers *a = made_read();
    assert_told(a, QUIRE_ACPI_NO_MEMORY, "SRAT");
    assert_int_equal(a->n_nodes, 2);
}

static void a_cpu_in_two_domains_is_in_the_first(void **state) {
    (void)state;
    made_begin();
    size_t at = made_madt();
    made_local_apic(0, 1, 1);
    made_end(at);
    at = made_srat();
    made_memory(0, 0, 4 * MIB, 1);
    made_memory(1, 4 * MIB, 4 * MIB, 1);
    made_apic_affinity(0, 1, 1);
    made_x2apic_affinity(1, 1, 1);
    made_end(at);
    const struct answers *a = made_read();
    assert_told(a, QUIRE_ACPI_CPU_TWICE, "SRAT");
    assert_int_equal(a->cpus[0].node, 0);
}

static void too_many_domains_leave_the_lowest(void **state) {
    (void)state;
    made_begin();
    size_t at = made_madt();
    made_local_apic(0, 1, 1);
    made_end(at);
    at = made_srat();
    for (unsigned i = 0; i < QUIRE_ACPI_MAX_NODES + 6; i++)
        made_memory(1000 - i, i * MIB, MIB, 1);
    made_apic_affinity(1000, 1, 1);
    made_end(at);
    const struct answers *a = made_read();
    assert_told(a, QUIRE_ACPI_DOMAINS, "SRAT");
    assert_int_equal(a->n_nodes, QUIRE_ACPI_MAX_NODES);
    assert_int_equal(a->domain[0], 1000 - QUIRE_ACPI_MAX_NODES - 5);
    assert_int_equal(a->domain[QUIRE_ACPI_MAX_NODES - 1], 994);
    assert_true(a->memory[0].node == 0 && a->cpus[0].node == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_are_what_they_were_asked_to_be),
        cmocka_unit_test(cpus_that_can_not_be_used_are_left_out),
        cmocka_unit_test(cpus_with_a_gic_have_an_mpidr),
        cmocka_unit_test(a_cpu_that_is_listed_twice_is_one),
        cmocka_unit_test(ids_that_address_all_cpus_are_none),
        cmocka_unit_test(the_local_apic_may_lie_above_4_gib),
        cmocka_unit_test(entries_that_do_not_end_cost_only_what_follows),
        cmocka_unit_test(too_little_room_says_how_much_is_needed),
        cmocka_unit_test(domains_of_any_number_become_nodes_in_their_order),
        cmocka_unit_test(domains_of_old_tables_have_8_bits),
        cmocka_unit_test(memory_that_can_not_be_is_told),
        cmocka_unit_test(a_domain_without_memory_is_a_node),
        cmocka_unit_test(a_cpu_in_two_domains_is_in_the_first),
        cmocka_unit_test(too_many_domains_leave_the_lowest),
    };
    return cmocka_run_group_tests_name("ACPI tables", tests, NULL, NULL);
}
