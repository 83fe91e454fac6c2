/* stack.c: how much stack opening a device tree and asking it everything takes: fdt.h says less than 2 KiB; and the same of
 * ACPI's tables, of which acpi.h says less than 1 KiB. The calls run on a stack of their own, which is painted before; what has another colour afterwards was used. Built without sanitizers,
 * which need more, and at the level at which kernels are. */
#include "acpi_made.h"
#include "blob.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

enum { STACK_BYTES = 64 << 10, PAINT = 0xA5, LIMIT = 2048, ACPI_LIMIT = 1024 };

static const char *const names[] = {EXPECT_NAMES};

static uint8_t stack[STACK_BYTES];
static ucontext_t test, call;
static uint8_t *blob;
static size_t n_bytes;

/* Arrays that are not the reader's. */
static struct quire_region space[512];
static struct quire_fdt_memory memory[64];
static struct quire_fdt_reserved reserved[128];
static uint64_t cpus[16];
static struct quire_fdt fdt;

static void swallow(void *context, const struct quire_fdt_problem *problem) {
    (void)context;
    (void)problem;
}

static void nothing(void) {
    ;
}

static void open_leniently(void) {
    quire_fdt_open(&fdt, blob, n_bytes, swallow, NULL);
}

static void open_strictly(void) {
    quire_fdt_open_strict(&fdt, blob, n_bytes);
}

static void ask_for_memory(void) {
    struct quire_regions map = {.at = space, .capacity = 512};
    quire_fdt_regions(&fdt, &map);
    quire_regions_normalise(&map);
    quire_fdt_memory(&fdt, memory, 64);
    size_t n = quire_fdt_reserved(&fdt, reserved, 128);
    for (size_t i = 0; i < n; i++)
        quire_fdt_place(&fdt, &reserved[i], &map);
}

static void ask_for_the_rest(void) {
    struct quire_region found;
    quire_fdt_initrd(&fdt, &found);
    quire_fdt_bootargs(&fdt);
    quire_fdt_cpus(&fdt, cpus, 16);
    quire_fdt_timebase_hz(&fdt);
    quire_fdt_device(&fdt, "ns16550a", &found);
}

static struct quire_acpi acpi;
static struct quire_acpi_cpu acpi_cpus[16];
static struct quire_acpi_memory acpi_memory[16];
static uint8_t acpi_distance[QUIRE_ACPI_MAX_NODES * QUIRE_ACPI_MAX_NODES];

static const void *look(void *context, quire_pa pa, size_t n) {
    (void)context;
    return pa >= IMAGE_BASE && pa - IMAGE_BASE <= n_bytes && n <= n_bytes - (pa - IMAGE_BASE) ? blob + (pa - IMAGE_BASE)
                                                                                              : NULL;
}

static void swallow_acpi(void *context, const struct quire_acpi_problem *problem) {
    (void)context;
    (void)problem;
}

static void ask_acpi(void) {
    struct quire_regions map = {.at = space, .capacity = 512};
    quire_acpi_open(&acpi, blob, n_bytes, look, swallow_acpi, NULL);
    quire_acpi_cpus(&acpi, acpi_cpus, 16);
    quire_acpi_memory(&acpi, acpi_memory, 16);
    quire_acpi_local_apic(&acpi);
    quire_regions_add(&map, 0, UINT64_MAX, QUIRE_USABLE);
    quire_regions_normalise(&map);
    quire_acpi_set_nodes(&acpi, &map);
    quire_acpi_distances(&acpi, acpi_distance);
}

static size_t used_by(void (*function)(void)) {
    memset(stack, PAINT, sizeof stack);
    assert_int_equal(getcontext(&call), 0);
    call.uc_stack.ss_sp = stack;
    call.uc_stack.ss_size = sizeof stack;
    call.uc_link = &test;
    makecontext(&call, function, 0);
    assert_int_equal(swapcontext(&test, &call), 0);
    size_t untouched = 0;
    while (untouched < sizeof stack && stack[untouched] == PAINT)
        untouched++;
    return sizeof stack - untouched;
}

static void every_tree_is_read_on_little_stack(void **state) {
    (void)state;
    static void (*const calls[])(void) = {open_leniently, ask_for_memory, ask_for_the_rest, open_strictly};
    size_t own = used_by(nothing), most = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        blob = blob_load(names[i], &n_bytes);
        for (size_t j = 0; j < sizeof calls / sizeof *calls; j++) {
            size_t used = used_by(calls[j]);
            most = used > most ? used : most;
        }
        free(blob);
    }
    print_message("# %zu bytes of stack, %zu of them the test's\n", most, own);
    assert_in_range(most - own, 256, LIMIT - 1); /* less would mean that nothing was measured */
}

static void tables_are_read_on_less(void **state) {
    (void)state;
    size_t own = used_by(nothing);
    blob = image_load("q35-far", &n_bytes);
    used_by(ask_acpi); /* finding a function of the C library for the first time takes more */
    size_t used = used_by(ask_acpi);
    free(blob);
    assert_int_equal(acpi.n_nodes, 4);
    print_message("# %zu bytes of stack, %zu of them the test's\n", used, own);
    assert_in_range(used - own, 256, ACPI_LIMIT - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tree_is_read_on_little_stack),
        cmocka_unit_test(tables_are_read_on_less),
    };
    return cmocka_run_group_tests_name("stack of the readers", tests, NULL, NULL);
}
