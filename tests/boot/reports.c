/* reports.c: what the lenient way tells of a problem: the path of the node, and words. */
#include "boot/fdt.h"
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* ---- paths ---------------------------------------------------------------------------------------------- */

struct told {
    char path[QUIRE_FDT_PATH_BYTES];
    enum quire_fdt_status status;
    unsigned n;
};

static void note_path(void *to, const struct quire_fdt_problem *problem) {
    struct told *told = to;
    assert_true(strlen(problem->path) < sizeof told->path);
    strcpy(told->path, problem->path);
    told->status = problem->status;
    told->n++;
}

/* A tree of nodes that hold one another, of these names from the root on, the innermost with one bad property. */
static struct told tell_path(const char *const *names, size_t n) {
    static uint8_t blob[16384];
    struct quire_fdt fdt;
    struct told told = {.n = 0};
    assert_int_equal(fdt_create(blob, sizeof blob), 0);
    assert_int_equal(fdt_finish_reservemap(blob), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(fdt_begin_node(blob, names[i]), 0);
    if (n <= QUIRE_FDT_MAX_DEPTH)
        assert_int_equal(fdt_property(blob, "#size-cells", "ab", 2), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(fdt_end_node(blob), 0);
    assert_int_equal(fdt_finish(blob), 0);
    assert_int_equal(quire_fdt_open(&fdt, blob, sizeof blob, note_path, &told), QUIRE_FDT_OK);
    assert_int_equal(told.n, 1);
    return told;
}

#define LONG_50 "a2345678901234567890123456789012345678901234567890" /* 50 bytes */

static void problems_come_with_the_path_of_their_node(void **state) {
    (void)state;
    static const struct {
        const char *names[6];
        size_t n;
        const char *path;
    } paths[] = {
        {{""}, 1, "/"},
        {{"", "soc"}, 2, "/soc"},
        {{"", "soc", "bus@1000", "x"}, 4, "/soc/bus@1000/x"},
        {{"", "\x1b[2Jred", "a b\xff"}, 3, "/?[2Jred/a?b?"},
        {{"", LONG_50, LONG_50, LONG_50, "end"}, 5, "/" LONG_50 "/" LONG_50 "/" LONG_50 "/end"},
        {{"", LONG_50, LONG_50, LONG_50, LONG_50, "end"}, 6, "...34567890/" LONG_50 "/" LONG_50 "/" LONG_50 "/end"},
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct told told = tell_path(paths[i].names, paths[i].n);
        assert_int_equal(told.status, QUIRE_FDT_CELLS);
        size_t n = strlen(told.path), m = strlen(paths[i].path);
        if (strncmp(told.path, "...", 3) == 0) { /* as much of the end as there is room for */
            assert_in_range(n, QUIRE_FDT_PATH_BYTES - 5, QUIRE_FDT_PATH_BYTES - 1);
            assert_string_equal(told.path + n - 150, paths[i].path + m - 150);
        } else {
            assert_string_equal(told.path, paths[i].path);
        }
    }
}

/* Names without a letter take a byte each, too, however little room is left. */
static void nodes_without_names_have_a_path(void **state) {
    (void)state;
    for (size_t n = QUIRE_FDT_PATH_BYTES - 40; n < QUIRE_FDT_PATH_BYTES; n++) {
        char name[QUIRE_FDT_PATH_BYTES + 1];
        const char *names[QUIRE_FDT_MAX_DEPTH];
        memset(name, 'x', n);
        name[n] = '\0';
        for (size_t i = 0; i < QUIRE_FDT_MAX_DEPTH; i++)
            names[i] = i + 1 < QUIRE_FDT_MAX_DEPTH ? "" : name;
        struct told told = tell_path(names, QUIRE_FDT_MAX_DEPTH);
        const size_t whole = n + QUIRE_FDT_MAX_DEPTH - 1, room = QUIRE_FDT_PATH_BYTES - 1;
        bool dots = strncmp(told.path, "...", 3) == 0;
        assert_true(dots ? whole + 3 > room : whole <= room && told.path[0] == '/');
        size_t length = strlen(told.path), end = n < QUIRE_FDT_PATH_BYTES - 5 ? n : QUIRE_FDT_PATH_BYTES - 5;
        assert_string_equal(told.path + length - end, name + n - end);
    }
}

/* Nodes that lie too deep are skipped, with whatever they hold; those behind them are not. */
static void nodes_that_lie_too_deep_are_skipped(void **state) {
    (void)state;
    const char *names[QUIRE_FDT_MAX_DEPTH + 3];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        names[i] = i == 0 ? "" : "n";
    struct told told = tell_path(names, sizeof names / sizeof *names);
    assert_int_equal(told.status, QUIRE_FDT_DEPTH);
    assert_int_equal(strlen(told.path), 2 * (QUIRE_FDT_MAX_DEPTH - 1));
}

/* ---- words ---------------------------------------------------------------------------------------------- */

static void every_status_has_a_text_of_its_own(void **state) {
    (void)state;
    for (int i = QUIRE_FDT_OK; i <= QUIRE_FDT_DEVICE_TYPE + 1; i++) {
        const char *text = quire_fdt_status_text((enum quire_fdt_status)i);
        assert_non_null(text);
        assert_true(strlen(text) > 5);
        for (int j = QUIRE_FDT_OK; j < i; j++)
            assert_string_not_equal(text, quire_fdt_status_text((enum quire_fdt_status)j));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems_come_with_the_path_of_their_node),
        cmocka_unit_test(nodes_without_names_have_a_path),
        cmocka_unit_test(nodes_that_lie_too_deep_are_skipped),
        cmocka_unit_test(every_status_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests_name("reports of problems", tests, NULL, NULL);
}
