/* opinions.c: memory maps of random words, read by boot/ and by the second opinion of maps.h, must come out the same. The
 * fuzz targets of tests/fuzz do the same with more patience, from better examples. And what callers may leave out. */
#include "boot/limine.h"
#include "boot/multiboot.h"
#include "maps.h"
#include "random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N_RUNS = 60000, MOST = 512, PAGE = 4096 };

static struct maps_result was_read, judged;
static uint8_t memory[PAGE + MOST];
static uint64_t rng;

static uint32_t random_word(quire_pa base) {
    static const uint32_t words[] = {0,          1,          2,          3,          4,          20,
                                     24,         40,         0x10000,    0xFFFFF000, 0xFFFFFFFF, 0x80000000,
                                     0x7FFFFFFF, 0x1BADB002, 0x78787878, 0x80000001};
    switch (random_below(&rng, 6)) {
    case 0:
        return words[random_below(&rng, sizeof words / sizeof *words)];
    case 1:
        return (uint32_t)(base + random_below(&rng, MOST + 16)); /* a pointer, more often than not */
    case 2:
        return 0;
    default:
        return (uint32_t)random_below(&rng, 48);
    }
}

/* Fills memory[first, first + n) with words. */
static void fill(size_t first, size_t n, quire_pa base) {
    for (size_t i = 0; i < n; i += 4) {
        uint32_t word = random_word(base);
        memcpy(memory + first + i, &word, n - i < 4 ? n - i : 4);
    }
}

static void compare(const char *what) {
    const char *difference = maps_differ(&was_read, &judged);
    if (difference != NULL)
        fail_msg("%s: %s", what, difference);
}

typedef void lister(struct maps_result *result, const struct maps_list *list);

static void compare_lists(const char *what, lister *read, lister *judge, const size_t *strides, size_t n_strides) {
    for (int run = 0; run < N_RUNS; run++) {
        struct maps_list list = {.bytes = memory, .n_bytes = random_below(&rng, 300), .version = 1};
        list.stride = strides[random_below(&rng, n_strides)];
        list.version += random_below(&rng, 8) == 0;
        fill(0, list.n_bytes, 0);
        if (random_below(&rng, 4) == 0 && list.n_bytes >= 48)
            memset(memory + 24, 0xAA, 24); /* a NULL pointer of Limine's */
        read(&was_read, &list);
        judge(&judged, &list);
        compare(what);
    }
}

static void lists(void **state) {
    (void)state;
    static const size_t e820[] = {20, 24, 28, 19, 0, 400}, uefi[] = {40, 48, 56, 39, 0}, limine[] = {1, 1, 1, 0};
    compare_lists("E820", read_e820, judge_e820, e820, sizeof e820 / sizeof *e820);
    compare_lists("UEFI", read_uefi, judge_uefi, uefi, sizeof uefi / sizeof *uefi);
    compare_lists("Limine", read_limine, judge_limine, limine, sizeof limine / sizeof *limine);
}

/* A structure that begins with a magic number, in most runs, `at` bytes into the memory. */
static void compare_structures(const char *what, maps_loader *read, maps_loader *judge, uint32_t magic, size_t magic_at,
                               size_t least) {
    for (int run = 0; run < N_RUNS; run++) {
        static const quire_pa bases[] = {0, 0x1000, 0xFFFFFF00, (quire_pa)1 << 40};
        struct quire_boot_view view = {.bytes = memory, .base = bases[random_below(&rng, 4)]};
        view.n_bytes = least + random_below(&rng, MOST);
        size_t at = random_below(&rng, 8) * 8;
        fill(0, view.n_bytes, view.base);
        if (random_below(&rng, 16) != 0 && magic != 0)
            memcpy(memory + at + magic_at, &magic, sizeof magic);
        read(&was_read, &view, view.base + at);
        judge(&judged, &view, view.base + at);
        compare(what);
    }
}

static void structures(void **state) {
    (void)state;
    compare_structures("PVH", read_pvh, judge_pvh, 0x336EC578, 0, 0);
    compare_structures("Multiboot", read_multiboot, judge_multiboot, 0, 0, 0);
    compare_structures("Multiboot 2", read_multiboot2, judge_multiboot2, 0, 0, 0);
    compare_structures("Linux", read_linux, judge_linux, 0x53726448, 0x202, PAGE - 32);
}

/* Tags of all types in any order, most of them of a size that can be. */
static void tags(void **state) {
    (void)state;
    for (int run = 0; run < N_RUNS; run++) {
        struct quire_boot_view view = {.bytes = memory, .base = 0x2000, .n_bytes = 8};
        while (view.n_bytes < 300) {
            uint32_t type = (uint32_t)random_below(&rng, 20), size = (uint32_t)random_below(&rng, 64);
            size = random_below(&rng, 32) == 0 ? size : size + 8;
            fill(view.n_bytes, 96, view.base);
            memcpy(memory + view.n_bytes, &type, sizeof type);
            memcpy(memory + view.n_bytes + 4, &size, sizeof size);
            if (random_below(&rng, 4) != 0)
                memory[view.n_bytes + 8] = random_below(&rng, 2) == 0 ? 24 : 40; /* the length of entries */
            view.n_bytes += (size + 7) / 8 * 8;
        }
        uint32_t total = (uint32_t)(view.n_bytes - random_below(&rng, 16) + random_below(&rng, 8));
        memcpy(memory, &total, sizeof total);
        read_multiboot2(&was_read, &view, 0x2000);
        judge_multiboot2(&judged, &view, 0x2000);
        compare("tags");
    }
}

/* ---- what callers may leave out, and limits ------------------------------------------------------------------- */

static void put(size_t at, uint32_t word) {
    memcpy(memory + at, &word, sizeof word);
}

/* Multiboot's structure at 0x1000, with three modules, of which the first has a text, at 0x1100. */
static void three_modules(void) {
    memset(memory, 0, sizeof memory);
    put(0, 1 << 3);
    put(20, 3);
    put(24, 0x1080);
    for (uint32_t i = 0; i < 3; i++) {
        put(0x80 + 16 * i, 0x100000 + 0x1000 * i);
        put(0x84 + 16 * i, 0x100800 + 0x1000 * i);
    }
    put(0x88, 0x1100);
    memcpy(memory + 0x100, "text", 5);
}

static void fewer_modules_than_there_are_and_no_report(void **state) {
    (void)state;
    three_modules();
    struct quire_region space[16];
    struct quire_boot_module modules[2] = {{.base = 1}, {.base = 2}};
    struct quire_regions map = {.at = space, .capacity = 16};
    struct quire_boot_info info = {.modules = modules, .capacity = 1};
    struct quire_boot_report report = {.tell = NULL};
    const struct quire_boot_view view = {memory, 0x1000, sizeof memory};
    assert_true(quire_multiboot_read(&map, &info, &view, 0x1000, &report));
    assert_int_equal(report.n_problems, 1); /* no map */
    assert_int_equal(info.n_modules, 3);
    assert_true(modules[0].base == 0x100000 && modules[0].n_bytes == 0x800);
    assert_string_equal(modules[0].text, "text");
    assert_true(modules[1].base == 2);
    assert_int_equal(map.n, 6); /* all three are reserved, the structure, the list and the text */
}

static void a_text_has_an_end_within_64_kib(void **state) {
    (void)state;
    static uint8_t long_memory[0x20000];
    struct quire_region space[16];
    const struct quire_boot_view view = {long_memory, 0, sizeof long_memory};
    memset(long_memory, 'a', sizeof long_memory);
    for (size_t n = 0xFFFE; n <= 0x10001; n++) {
        struct quire_regions map = {.at = space, .capacity = 16};
        struct quire_boot_info info = {.capacity = 0};
        struct quire_boot_report report = {.tell = NULL};
        memset(long_memory, 0, 52);
        long_memory[0] = 1 << 2;
        long_memory[17] = 0x10; /* the command line is at 0x1000 */
        memset(long_memory + 0x1000, 'a', 0x1F000);
        long_memory[0x1000 + n] = '\0';
        assert_true(quire_multiboot_read(&map, &info, &view, 0, &report));
        assert_int_equal(strlen(info.command_line), n <= 0xFFFF ? n : 0);
        assert_int_equal(report.n_problems, n <= 0xFFFF ? 1 : 2);
    }
}

static void a_response_without_entries(void **state) {
    (void)state;
    const struct {
        uint64_t revision, n;
        const void *entries;
    } response = {0, 1, NULL};
    struct quire_regions map = {.capacity = 0};
    struct quire_boot_report report = {.tell = NULL};
    quire_limine_regions(&map, &response, &report);
    assert_int_equal(report.n_problems, 1);
    assert_int_equal(map.n, 0);
}

static int seed(void **state) {
    (void)state;
    rng = random_seed();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lists),
                                       cmocka_unit_test(structures),
                                       cmocka_unit_test(tags),
                                       cmocka_unit_test(fewer_modules_than_there_are_and_no_report),
                                       cmocka_unit_test(a_text_has_an_end_within_64_kib),
                                       cmocka_unit_test(a_response_without_entries)};
    return cmocka_run_group_tests_name("memory maps, two opinions", tests, seed, NULL);
}
