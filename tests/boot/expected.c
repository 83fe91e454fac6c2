/* expected.c: device trees with the answers beside them: those of real boards (dts/boards), and those that have problems
 * (dts/bad), which are read the lenient way. NAME.expect has, in the order in which they are found, a line for each of
 *
 *     problem STATUS PATH [PROPERTY]
 *     memory BASE END [node N] [hotpluggable]
 *     reserved NAME BASE END [no-map] [reusable]            of a node of /reserved-memory
 *     wanted NAME BYTES ALIGNMENT [no-map] [reusable] [within BASE END]...
 *     placed NAME BASE END                                  in that order, among what is usable
 *     usable BASE END                                       all said, whole frames, before anything is placed
 *     cpu ID, timebase HZ, initrd BASE END, bootargs TEXT
 *
 * and # before what is for readers. They were written by hand, those of boards from the addresses and sizes that are
 * published for them; how much memory there is, where a tree leaves that to the boot loader, is that of one such board. */
#include "blob.h"
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {EXPECT_NAMES};
enum { N_NAMES = sizeof names / sizeof *names, ROOM = 256 };

static const char *const statuses[] = {
    [QUIRE_FDT_RESERVATIONS] = "RESERVATIONS",
    [QUIRE_FDT_DEPTH] = "DEPTH",
    [QUIRE_FDT_CELLS] = "CELLS",
    [QUIRE_FDT_REG] = "REG",
    [QUIRE_FDT_STRING] = "STRING",
    [QUIRE_FDT_INITRD] = "INITRD",
    [QUIRE_FDT_TIMEBASE] = "TIMEBASE",
    [QUIRE_FDT_OWN_CELLS] = "OWN_CELLS",
    [QUIRE_FDT_RANGES] = "RANGES",
    [QUIRE_FDT_NOTHING] = "NOTHING",
    [QUIRE_FDT_REQUEST] = "REQUEST",
    [QUIRE_FDT_FLAGS] = "FLAGS",
    [QUIRE_FDT_NUMA] = "NUMA",
    [QUIRE_FDT_DEVICE_TYPE] = "DEVICE_TYPE",
};

/* ---- what is read, as text -------------------------------------------------------------------------------- */

struct text {
    char bytes[16384];
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *text, const char *format, ...) {
    va_list args;
    va_start(args, format);
    text->n += (size_t)vsnprintf(text->bytes + text->n, sizeof text->bytes - text->n, format, args);
    va_end(args);
    assert_true(text->n < sizeof text->bytes);
}

static void say_problem(void *text, const struct quire_fdt_problem *problem) {
    assert_true(problem->status < sizeof statuses / sizeof *statuses && statuses[problem->status] != NULL);
    say(text, "problem %s %s%s%s\n", statuses[problem->status], problem->path, *problem->property != '\0' ? " " : "",
        problem->property);
}

#define HEX(number) ((unsigned long long)(number))

#define MOST_NODES 64u

static void say_memory(struct text *text, const struct quire_fdt *fdt) {
    struct quire_fdt_memory memory[ROOM];
    size_t n = quire_fdt_memory(fdt, memory, ROOM);
    assert_true(n <= ROOM);
    for (size_t i = 0; i < n; i++) {
        say(text, "memory 0x%llx 0x%llx", HEX(memory[i].base), HEX(memory[i].base + memory[i].n_bytes));
        if (memory[i].numa_node != QUIRE_FDT_NO_NUMA_NODE)
            say(text, " node %u", memory[i].numa_node);
        say(text, "%s\n", memory[i].hotpluggable ? " hotpluggable" : "");
    }
}

static const char *flags(const struct quire_fdt_reserved *r) {
    return r->no_map ? " no-map" : r->reusable ? " reusable" : "";
}

static uint64_t number(const uint8_t *at, unsigned n_cells) {
    uint64_t n = 0;
    for (unsigned i = 0; i < 4 * n_cells; i++)
        n = n << 8 | at[i];
    return n;
}

static void say_wanted(struct text *text, const struct quire_fdt *fdt, const struct quire_fdt_reserved *r) {
    say(text, "wanted %s 0x%llx 0x%llx%s", r->name, HEX(r->n_bytes), HEX(r->alignment), flags(r));
    uint32_t entry = 4u * (r->address_cells + r->size_cells);
    for (uint32_t at = r->ranges; at + entry <= r->ranges_end; at += entry) {
        uint64_t base = number(fdt->blob + at, r->address_cells);
        uint64_t n_bytes = number(fdt->blob + at + 4 * r->address_cells, r->size_cells);
        say(text, " within 0x%llx 0x%llx", HEX(base), HEX(base + n_bytes));
    }
    say(text, "\n");
}

static void say_reserved(struct text *text, const struct quire_fdt *fdt) {
    struct quire_fdt_reserved reserved[ROOM];
    size_t n = quire_fdt_reserved(fdt, reserved, ROOM);
    assert_true(n <= ROOM);
    for (size_t i = 0; i < n; i++) {
        const struct quire_fdt_reserved *r = &reserved[i];
        if (r->base == QUIRE_NONE)
            say_wanted(text, fdt, r);
        else
            say(text, "reserved %s 0x%llx 0x%llx%s\n", r->name, HEX(r->base), HEX(r->base + r->n_bytes), flags(r));
    }
}

static void say_map(struct text *text, const struct quire_fdt *fdt) {
    struct quire_region space[ROOM];
    struct quire_regions map = {.at = space, .capacity = ROOM};
    struct quire_fdt_reserved reserved[ROOM];
    quire_fdt_regions(fdt, &map);
    assert_true(quire_regions_normalise(&map));
    struct quire_region with_nodes[ROOM];
    struct quire_regions parted = {.at = with_nodes, .capacity = ROOM, .n = map.n};
    memcpy(with_nodes, space, map.n * sizeof *space);
    assert_true(quire_fdt_set_nodes(fdt, &parted, MOST_NODES));
    for (size_t i = 0; i < parted.n; i++) {
        say(text, "usable 0x%llx 0x%llx", HEX(with_nodes[i].base), HEX(with_nodes[i].end));
        if (with_nodes[i].node != 0)
            say(text, " node %u", with_nodes[i].node);
        say(text, "\n");
    }
    size_t n = quire_fdt_reserved(fdt, reserved, ROOM);
    for (size_t i = 0; i < n; i++)
        if (reserved[i].base == QUIRE_NONE && quire_fdt_place(fdt, &reserved[i], &map))
            say(text, "placed %s 0x%llx 0x%llx\n", reserved[i].name, HEX(reserved[i].base),
                HEX(reserved[i].base + reserved[i].n_bytes));
}

/* Nothing where there is one node. */
static void say_distances(struct text *text, const struct quire_fdt *fdt) {
    uint8_t distance[MOST_NODES * MOST_NODES];
    unsigned n = quire_fdt_n_nodes(fdt, MOST_NODES);
    quire_fdt_distances(fdt, distance, n);
    for (unsigned from = 0; n > 1 && from < n; from++) {
        say(text, "distances of node %u:", from);
        for (unsigned to = 0; to < n; to++)
            say(text, " %u", distance[from * n + to]);
        say(text, "\n");
    }
}

static void say_rest(struct text *text, const struct quire_fdt *fdt) {
    uint64_t cpus[ROOM];
    struct quire_region initrd;
    uint32_t nodes[ROOM];
    size_t n = quire_fdt_cpus(fdt, cpus, ROOM);
    assert_int_equal(quire_fdt_cpu_nodes(fdt, nodes, ROOM), n);
    for (size_t i = 0; i < n; i++) {
        say(text, "cpu 0x%llx", HEX(cpus[i]));
        if (nodes[i] != QUIRE_FDT_NO_NUMA_NODE)
            say(text, " node %u", nodes[i]);
        say(text, "\n");
    }
    say_distances(text, fdt);
    if (quire_fdt_timebase_hz(fdt) != 0)
        say(text, "timebase %llu\n", HEX(quire_fdt_timebase_hz(fdt)));
    if (quire_fdt_initrd(fdt, &initrd))
        say(text, "initrd 0x%llx 0x%llx\n", HEX(initrd.base), HEX(initrd.end));
    if (*quire_fdt_bootargs(fdt) != '\0')
        say(text, "bootargs %s\n", quire_fdt_bootargs(fdt));
}

/* ---- what is expected, as text ----------------------------------------------------------------------------- */

/* A file without its comments and empty lines. */
static void load(const char *name, struct text *text) {
    char path[256], line[512];
    snprintf(path, sizeof path, "tests/boot/dts/%s.expect", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (line[0] != '#' && line[0] != '\n')
            say(text, "%s", line);
    fclose(file);
}

/* Fails with the first line that differs. */
static void compare(const char *name, const char *expected, const char *got) {
    while (*expected != '\0' || *got != '\0') {
        size_t n = strcspn(expected, "\n"), m = strcspn(got, "\n");
        if (n != m || memcmp(expected, got, n) != 0)
            fail_msg("%s: expected \"%.*s\", got \"%.*s\"", name, (int)n, expected, (int)m, got);
        expected += n + (expected[n] == '\n');
        got += m + (got[m] == '\n');
    }
}

static void check(const char *name) {
    static struct text expected, got;
    size_t n_bytes;
    struct quire_fdt fdt;
    uint8_t *blob = blob_load(name, &n_bytes);
    expected = got = (struct text){.n = 0};
    load(name, &expected);
    assert_int_equal(quire_fdt_open(&fdt, blob, n_bytes, say_problem, &got), QUIRE_FDT_OK);
    say_memory(&got, &fdt);
    say_reserved(&got, &fdt);
    say_map(&got, &fdt);
    say_rest(&got, &fdt);
    compare(name, expected.bytes, got.bytes);
    free(blob);
}

static void every_tree_says_what_was_written_down(void **state) {
    (void)state;
    for (size_t i = 0; i < N_NAMES; i++)
        check(names[i]);
}

/* ---- against libfdt, and against the strict way ------------------------------------------------------------- */

static void every_tree_says_what_libfdt_says(void **state) {
    (void)state;
    for (size_t i = 0; i < N_NAMES; i++) {
        size_t n_bytes;
        struct quire_fdt fdt;
        struct problems expected_problems = {.n = 0}, problems = {.n = 0};
        uint8_t *blob = blob_load(names[i], &n_bytes);
        quire_fdt_open(&fdt, blob, n_bytes, problems_collect, &problems);
        problems_libfdt(blob, &expected_problems);
        struct facts expected = facts_libfdt(blob), got = facts_read(&fdt);
        assert_true(facts_equal(names[i], &expected, &got) && lists_equal(names[i], &expected, &got));
        assert_true(problems_equal(names[i], &expected_problems, &problems));
        free(blob);
    }
}

static void the_strict_way_refuses_at_the_first_problem(void **state) {
    (void)state;
    for (size_t i = 0; i < N_NAMES; i++) {
        size_t n_bytes;
        struct quire_fdt fdt;
        struct problems problems = {.n = 0};
        uint8_t *blob = blob_load(names[i], &n_bytes);
        quire_fdt_open(&fdt, blob, n_bytes, problems_collect, &problems);
        assert_int_equal(fdt.n_problems, problems.n);
        enum quire_fdt_status first = problems.n > 0 ? problems.at[0].status : QUIRE_FDT_OK;
        assert_int_equal(quire_fdt_open_strict(&fdt, blob, n_bytes), first);
        assert_int_equal(fdt.where, problems.n > 0 ? problems.at[0].where : 0);
        free(blob);
    }
}

/* What has a place keeps it, and a request that was placed is then one that has. */
static void what_has_a_place_is_left_alone(void **state) {
    (void)state;
    size_t n_bytes;
    struct quire_fdt fdt;
    struct quire_region space[ROOM];
    struct quire_regions map = {.at = space, .capacity = ROOM};
    struct quire_fdt_reserved reserved[ROOM];
    uint8_t *blob = blob_load("requests", &n_bytes);
    quire_fdt_open(&fdt, blob, n_bytes, NULL, NULL);
    quire_fdt_regions(&fdt, &map);
    assert_true(quire_regions_normalise(&map));
    size_t n = quire_fdt_reserved(&fdt, reserved, ROOM), n_placed = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_request = reserved[i].base == QUIRE_NONE;
        n_placed += quire_fdt_place(&fdt, &reserved[i], &map) && is_request;
    }
    assert_int_equal(n_placed, 4);
    assert_int_equal(reserved[0].base, 0x80000000);
    size_t n_regions = map.n;
    quire_pa base = reserved[2].base;
    assert_true(quire_fdt_place(&fdt, &reserved[2], &map));
    assert_int_equal(reserved[2].base, base);
    assert_int_equal(map.n, n_regions);
    free(blob);
}

/* Too little room in any of the arrays: what did not fit was counted, and nothing behind the array was written. */
static void what_does_not_fit_is_counted(void **state) {
    (void)state;
    size_t n_bytes;
    struct quire_fdt fdt;
    struct quire_fdt_memory memory[3] = {{.base = 0}}, one_memory = {.base = 99};
    struct quire_fdt_reserved reserved[3] = {{.base = 0}}, one_reserved = {.base = 99};
    uint8_t *blob = blob_load("boards/raspberry-pi-5", &n_bytes);
    quire_fdt_open(&fdt, blob, n_bytes, NULL, NULL);
    memory[1] = memory[2] = one_memory;
    reserved[1] = reserved[2] = one_reserved;
    assert_true(quire_fdt_memory(&fdt, NULL, 0) > 1);
    assert_int_equal(quire_fdt_memory(&fdt, memory, 1), quire_fdt_memory(&fdt, NULL, 0));
    assert_int_equal(memory[1].base, 99);
    assert_true(quire_fdt_reserved(&fdt, NULL, 0) > 1);
    assert_int_equal(quire_fdt_reserved(&fdt, reserved, 1), quire_fdt_reserved(&fdt, NULL, 0));
    assert_int_equal(reserved[1].base, 99);
    free(blob);
}

/* A map with too little room refuses, and says how much is needed: that much, and it is content. */
static void a_map_without_room_says_how_much_it_needs(void **state) {
    (void)state;
    for (size_t i = 0; i < N_NAMES; i++) {
        size_t n_bytes;
        struct quire_fdt fdt;
        struct quire_region space[ROOM];
        struct quire_regions map = {.at = space}, again = {.at = space};
        uint8_t *blob = blob_load(names[i], &n_bytes);
        quire_fdt_open(&fdt, blob, n_bytes, NULL, NULL);
        quire_fdt_regions(&fdt, &map);
        again.capacity = map.n;
        assert_int_equal(quire_regions_normalise(&map), map.n == 0);
        quire_fdt_regions(&fdt, &again);
        assert_true(quire_regions_normalise(&again));
        free(blob);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tree_says_what_was_written_down),
        cmocka_unit_test(every_tree_says_what_libfdt_says),
        cmocka_unit_test(the_strict_way_refuses_at_the_first_problem),
        cmocka_unit_test(what_has_a_place_is_left_alone),
        cmocka_unit_test(what_does_not_fit_is_counted),
        cmocka_unit_test(a_map_without_room_says_how_much_it_needs),
    };
    printf("# %d trees\n", (int)N_NAMES);
    return cmocka_run_group_tests_name("device trees and what they mean", tests, NULL, NULL);
}
