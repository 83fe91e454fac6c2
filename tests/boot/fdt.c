/* fdt.c: device trees that are in order. What the reader says is compared with libfdt for every blob (QEMU's, and those
 * in dts/), and with answers written by hand where the source was. */
#include "blob.h"
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define G 0x40000000ull
#define U(base, end)                                                                                                   \
    { base, end, QUIRE_USABLE, 0 }
#define R(base, end)                                                                                                   \
    { base, end, QUIRE_RESERVED, 0 }

static const char *const blobs[] = {BLOB_NAMES};
enum { N_BLOBS = sizeof blobs / sizeof *blobs };

static struct quire_fdt open_blob(const char *name, uint8_t **blob) {
    size_t n_bytes;
    struct quire_fdt fdt;
    *blob = blob_load(name, &n_bytes);
    enum quire_fdt_status status = quire_fdt_open_strict(&fdt, *blob, n_bytes);
    if (status != QUIRE_FDT_OK)
        fail_msg("%s: %s, at byte %u", name, quire_fdt_status_text(status), fdt.where);
    assert_int_equal(fdt.status, QUIRE_FDT_OK);
    assert_int_equal(fdt.where, 0);
    assert_int_equal(fdt.n_bytes, n_bytes);
    return fdt;
}

/* ---- against libfdt ------------------------------------------------------------------------------------- */

static void every_blob_says_what_libfdt_says(void **state) {
    (void)state;
    for (size_t i = 0; i < N_BLOBS; i++) {
        uint8_t *blob;
        struct quire_fdt fdt = open_blob(blobs[i], &blob);
        struct facts expected = facts_libfdt(blob), got = facts_read(&fdt);
        assert_true(facts_equal(blobs[i], &expected, &got) && lists_equal(blobs[i], &expected, &got));
        free(blob);
    }
}

static void every_device_is_where_libfdt_says(void **state) {
    (void)state;
    for (size_t i = 0; i < N_BLOBS; i++) {
        uint8_t *blob;
        struct quire_fdt fdt = open_blob(blobs[i], &blob);
        assert_true(devices_equal(blobs[i], &fdt));
        free(blob);
    }
}

static void any_alignment_between_two_fences(void **state) {
    (void)state;
    for (size_t i = 0; i < N_BLOBS; i++) {
        size_t n_bytes;
        uint8_t *blob = blob_load(blobs[i], &n_bytes);
        struct facts expected = facts_libfdt(blob);
        struct fence fence = fence_make(n_bytes + 8);
        for (size_t shift = 0; shift < 16; shift++) {
            uint8_t *at = shift < 8 ? fence.low + shift : fence.high - n_bytes - (shift - 8);
            memcpy(at, blob, n_bytes);
            struct quire_fdt fdt;
            assert_int_equal(quire_fdt_open_strict(&fdt, at, n_bytes), QUIRE_FDT_OK);
            struct facts got = facts_read(&fdt);
            assert_true(facts_equal(blobs[i], &expected, &got) && lists_equal(blobs[i], &expected, &got));
        }
        fence_remove(fence);
        free(blob);
    }
}

static void more_may_be_readable_than_the_blob(void **state) {
    (void)state;
    struct quire_fdt fdt;
    size_t n_bytes;
    uint8_t *blob = blob_load("everything", &n_bytes);
    assert_int_equal(quire_fdt_open_strict(&fdt, blob, SIZE_MAX), QUIRE_FDT_OK);
    assert_int_equal(fdt.n_bytes, n_bytes);
    free(blob);
}

/* ---- against answers written by hand ---------------------------------------------------------------------- */

static const struct {
    const char *blob;
    struct facts facts;
} by_hand[] = {
    {"qemu-smp1",
     {.regions = {U(0x80000000, 0x84000000)},
      .n_regions = 1,
      .cpus = {0},
      .n_cpus = 1,
      .timebase_hz = 10000000,
      .bootargs = ""}},
    {"qemu-smp8",
     {.regions = {U(0x80000000, 0x80000000 + 4 * G)},
      .n_regions = 1,
      .cpus = {0, 1, 2, 3, 4, 5, 6, 7},
      .n_cpus = 8,
      .timebase_hz = 10000000,
      .bootargs = ""}},
    {"qemu-numa",
     {.regions = {U(0x80000000, 0x80000000 + G), U(0x80000000 + G, 0x80000000 + 2 * G)},
      .n_regions = 2,
      .cpus = {0, 1, 2, 3},
      .n_cpus = 4,
      .timebase_hz = 10000000,
      .bootargs = ""}},
    {"plain",
     {.regions = {U(0x80000000, 0xC0000000), U(0x100000000, 0x300000000), U(0x1000, 0x1234),
                  U(0xFFFFFFFFFFFF0000, UINT64_MAX), U(0x6000, 0x7000), U(0x8000, 0x9000)},
      .n_regions = 6,
      .bootargs = ""}},
    {"cells-11",
     {.regions = {U(0x80000000, 0x81000000), U(0xFFFFF000, 0x100000000), U(0xFFFFF000, 0x100001000)},
      .n_regions = 3,
      .bootargs = ""}},
    {"cells-12", {.regions = {U(0x80000000, 0x180002000), U(0x1000, 0x4000)}, .n_regions = 2, .bootargs = ""}},
    {"cells-21", {.regions = {U(0x180000000, 0x27FFFF000), U(0x1000, 0x3000)}, .n_regions = 2, .bootargs = ""}},
    {"cells-01", {.regions = {U(0, 0x100000), U(0, 0x200000)}, .n_regions = 2, .bootargs = ""}},
    {"cells-default",
     {.regions = {U(0x180000000, 0x180100000), R(0x180000000, 0x180002000)},
      .n_regions = 2,
      .cpus = {5},
      .n_cpus = 1,
      .boot_cpu = 5,
      .bootargs = ""}},
    {"reserved",
     {.regions = {R(0x80000000, 0x80020000), R(1, 2), R(0xFFFFFFFFFFFF0000, UINT64_MAX), U(0x80000000, 0x90000000),
                  R(0x80000000, 0x80080000), R(0x81000000, 0x81100000), R(0x82000000, 0x82000001),
                  R(0x84000000, 0x84001000)},
      .n_regions = 8,
      .bootargs = ""}},
    {"disabled",
     {.regions = {U(0x2000, 0x3000), U(0x4000, 0x5000)},
      .n_regions = 2,
      .cpus = {1, 3},
      .n_cpus = 2,
      .timebase_hz = 24000000,
      .bootargs = ""}},
    {"chosen",
     {.regions = {R(0x184000000, 0x184000123)},
      .n_regions = 1,
      .initrd = R(0x184000000, 0x184000123),
      .bootargs = "root=/dev/ram0 init=/bin/sh \"quoted\""}},
    {"chosen-mixed",
     {.regions = {R(0x84000001, 0x100000000)}, .n_regions = 1, .initrd = R(0x84000001, 0x100000000), .bootargs = ""}},
    {"chosen-no-initrd", {.bootargs = ""}},
    {"disabled-root", {.regions = {R(0x1000, 0x2000), R(0x80000000, 0x80001000)}, .n_regions = 2, .bootargs = ""}},
    {"cpus", {.cpus = {0x100000002, 0x10, 0x11, 0x12}, .n_cpus = 4, .timebase_hz = 0x100086A00, .bootargs = ""}},
    {"empty", {.bootargs = ""}},
    {"everything",
     {.regions = {R(0x80000000, 0x80020000), R(0x8FFFF000, 0x90000000), U(0x80000000, 0x88000000),
                  U(0x100000000, 0x108000000), R(0x80000000, 0x80080000), R(0x84000000, 0x84200000)},
      .n_regions = 6,
      .cpus = {0, 3},
      .n_cpus = 2,
      .timebase_hz = 10000000,
      .initrd = R(0x84000000, 0x84200000),
      .bootargs = "console=ttyS0"}},
};

static void blobs_say_what_their_source_says(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof by_hand / sizeof *by_hand; i++) {
        uint8_t *blob;
        struct quire_fdt fdt = open_blob(by_hand[i].blob, &blob);
        struct facts got = facts_read(&fdt);
        assert_true(facts_equal(by_hand[i].blob, &by_hand[i].facts, &got));
        free(blob);
    }
}

static void qemu_says_where_it_put_the_initrd(void **state) {
    (void)state;
    struct stat file;
    assert_int_equal(stat(INITRD, &file), 0);
    uint8_t *blob;
    struct quire_region initrd;
    struct quire_fdt fdt = open_blob("qemu-initrd", &blob);
    assert_true(quire_fdt_initrd(&fdt, &initrd));
    assert_int_equal(initrd.end - initrd.base, file.st_size);
    assert_string_equal(quire_fdt_bootargs(&fdt), "console=ttyS0 quiet");
    free(blob);
}

/* ---- devices -------------------------------------------------------------------------------------------- */

static const struct {
    const char *blob, *compatible;
    uint64_t base, end; /* 0, 0: not found */
} devices[] = {
    {"qemu-smp1", "sifive,test0", 0x100000, 0x101000},
    {"qemu-smp1", "ns16550a", 0x10000000, 0x10000100},
    {"qemu-smp1", "riscv,plic0", 0xC000000, 0xC600000},
    {"qemu-smp1", "cfi-flash", 0x20000000, 0x22000000}, /* the first of two entries */
    {"qemu-smp1", "syscon-poweroff", 0, 0},             /* no reg: it names another node */
    {"qemu-smp1", "ns16550", 0, 0},                     /* a part of a name is no name */
    {"qemu-smp1", "ns16550ab", 0, 0},
    {"qemu-smp1", "riscv", 0, 0}, /* a hart id is no address */
    {"qemu-smp1", "", 0, 0},
    {"everything", "ns16550a", 0x10000000, 0x10000100},
    {"everything", "syscon", 0x10001000, 0x10002000},
    {"disabled", "ns16550a", 0x12000, 0x12100},
    {"disabled-root", "ns16550a", 0, 0},
    {"buses", "test,root", 0, 0},
    {"buses", "test,same", 0x10000000, 0x10000100},
    {"buses", "test,moved-first", 0x140000100, 0x140000110},
    {"buses", "test,moved", 0x200000800, 0x200001000},
    {"buses", "test,across", 0, 0},
    {"buses", "test,outside", 0, 0},
    {"buses", "test,twice", 0x140001004, 0x140001008},
    {"buses", "test,closed", 0, 0},
    {"buses", "test,later", 0x60000000, 0x60001000},
    {"buses", "test,pci", 0x30000000, 0x40000000},
    {"buses", "test,behind-pci", 0, 0},
    {"buses", "test,behind-bridge", 0, 0},
    {"buses", "test,behind-wide", 0, 0},
    {"buses", "test,nothing", 0, 0},
    {"buses", "test,over-nothing", 0, 0},
    {"buses", "test,over-no-bytes", 0, 0},
    {"buses", "test,last", 0xFFFFFFFFFFFFF000, 0xFFFFFFFFFFFFF800},
    {"buses", "test,past-last", 0, 0},
    {"buses", "test,far-past-last", 0, 0},
    {"buses", "test,zero-size", 0, 0},
    {"buses", "test,less-than-one", 0, 0},
    {"buses", "test,more-than-one", 0, 0},
};

static void devices_are_where_their_source_says(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        uint8_t *blob;
        struct quire_region got = {0};
        struct quire_fdt fdt = open_blob(devices[i].blob, &blob);
        bool found = quire_fdt_device(&fdt, devices[i].compatible, &got);
        if (found != (devices[i].end != 0) || (found && (got.base != devices[i].base || got.end != devices[i].end)))
            fail_msg("%s, %s: found %d, %llx..%llx", devices[i].blob, devices[i].compatible, found,
                     (unsigned long long)got.base, (unsigned long long)got.end);
        free(blob);
    }
}

static void a_device_has_several_ranges(void **state) {
    (void)state;
    uint8_t *blob;
    struct quire_region got[3] = {{.base = 99}, {.base = 99}, {.base = 99}};
    struct quire_fdt fdt = open_blob("buses", &blob);
    assert_int_equal(quire_fdt_device_registers(&fdt, "test,moved", got, 3), 2);
    assert_true(got[0].base == 0x200000800 && got[0].end == 0x200001000);
    assert_true(got[1].base == 0x140000000 && got[1].end == 0x140000010);
    assert_int_equal(got[2].base, 99);
    assert_int_equal(quire_fdt_device_registers(&fdt, "test,moved", NULL, 0), 2);
    assert_int_equal(quire_fdt_device_registers(&fdt, "test,partly", got, 3), 1);
    assert_int_equal(got[0].base, 0x140000200);
    assert_int_equal(quire_fdt_device_registers(&fdt, "test,outside", got, 3), 0);
    free(blob);
}

static void a_device_says_something_in_text(void **state) {
    (void)state;
    uint8_t *blob;
    struct quire_fdt fdt = open_blob("buses", &blob);
    assert_string_equal(quire_fdt_device_text(&fdt, "test,partly", "method"), "smc");
    assert_null(quire_fdt_device_text(&fdt, "test,partly", "metho"));
    assert_null(quire_fdt_device_text(&fdt, "test,moved", "method"));
    assert_null(quire_fdt_device_text(&fdt, "test,none", "method"));
    free(blob);
}

/* ---- capacity ------------------------------------------------------------------------------------------- */

static void cpus_beyond_the_array_are_counted(void **state) {
    (void)state;
    uint8_t *blob;
    uint64_t ids[4] = {99, 99, 99, 99};
    struct quire_fdt fdt = open_blob("qemu-smp8", &blob);
    assert_int_equal(quire_fdt_cpus(&fdt, NULL, 0), 8);
    assert_int_equal(quire_fdt_cpus(&fdt, ids, 3), 8);
    assert_int_equal(ids[2], 2);
    assert_int_equal(ids[3], 99);
    free(blob);
}

static void a_tree_becomes_usable_frames(void **state) {
    (void)state;
    uint8_t *blob;
    struct quire_region space[8];
    struct quire_regions map = {.at = space, .capacity = 8};
    struct quire_fdt fdt = open_blob("everything", &blob);
    quire_fdt_regions(&fdt, &map);
    quire_regions_add(&map, 0x87000F00, fdt.n_bytes, QUIRE_RESERVED);
    assert_true(fdt.n_bytes > 0x100 && fdt.n_bytes < 0x1100);
    assert_true(quire_regions_normalise(&map));
    static const struct quire_region expected[] = {U(0x80080000, 0x84000000), U(0x84200000, 0x87000000),
                                                   U(0x87002000, 0x88000000), U(0x100000000, 0x108000000)};
    assert_int_equal(map.n, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(region_equal(&expected[i], &space[i]));
    free(blob);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_blob_says_what_libfdt_says),    cmocka_unit_test(every_device_is_where_libfdt_says),
        cmocka_unit_test(any_alignment_between_two_fences),    cmocka_unit_test(more_may_be_readable_than_the_blob),
        cmocka_unit_test(blobs_say_what_their_source_says),    cmocka_unit_test(qemu_says_where_it_put_the_initrd),
        cmocka_unit_test(devices_are_where_their_source_says), cmocka_unit_test(a_device_has_several_ranges),
        cmocka_unit_test(a_device_says_something_in_text),     cmocka_unit_test(cpus_beyond_the_array_are_counted),
        cmocka_unit_test(a_tree_becomes_usable_frames),
    };
    return cmocka_run_group_tests_name("device trees", tests, NULL, NULL);
}
