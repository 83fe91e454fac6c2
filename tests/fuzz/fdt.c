/* fdt.c: any bytes as a device tree blob, read by boot/fdt.c and by the slow reader of tree.h.
 *
 * The blob lies in an allocation of exactly its size, so that the address sanitizer sees each byte read outside of it. Both
 * readers must agree on whether the blob is in order, and on every answer if it is; a refusal must name a problem that
 * the blob has. */
#include "boot/fdt.h"
#include "fuzz.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n_bytes, size_t max_bytes);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n_bytes, size_t max_bytes, unsigned seed);

/* ---- comparing ------------------------------------------------------------------------------------------ */

static void expect_equal(const char *what, uint64_t got, uint64_t want) {
    if (got != want) {
        fuzz_fail("%s: %#llx, the slow reader says %#llx", what, (unsigned long long)got, (unsigned long long)want);
    }
}

static void expect_region(const char *what, const struct quire_region *got, const struct quire_region *want) {
    expect_equal(what, got->base, want->base);
    expect_equal(what, got->end, want->end);
    expect_equal(what, (uint64_t)got->type, (uint64_t)want->type);
}

/* `space` has room for `most` of anything that is at least 4 bytes in the blob. */
static void compare_regions(const struct quire_fdt *fdt, const struct tree *tree, size_t most) {
    struct quire_region *got = calloc(2 * most, sizeof *got), *want = got + most;
    if (got == NULL) {
        fuzz_fail("the target itself has no memory left");
    }
    struct quire_regions map = {.at = got, .capacity = most};
    quire_fdt_regions(fdt, &map);
    expect_equal("how many regions", map.n, tree_regions(tree, want));
    for (size_t i = 0; i < map.n; i++) {
        expect_region("a region", &got[i], &want[i]);
    }
    free(got);
}

static void compare_cpus(const struct quire_fdt *fdt, const struct tree *tree, size_t most) {
    uint64_t *got = calloc(2 * most, sizeof *got), *want = got + most;
    if (got == NULL) {
        fuzz_fail("the target itself has no memory left");
    }
    size_t n = tree_cpus(tree, want), room = n / 2;
    expect_equal("how many CPUs", quire_fdt_cpus(fdt, got, room), n); /* too little room: the rest is only counted */
    expect_equal("a CPU behind the array", got[room], 0);
    expect_equal("how many CPUs", quire_fdt_cpus(fdt, got, n), n);
    for (size_t i = 0; i < n; i++) {
        expect_equal("a CPU", got[i], want[i]);
    }
    free(got);
}

static void compare_device(const struct quire_fdt *fdt, const struct tree *tree, const char *compatible) {
    struct quire_region got = {0}, want = {0};
    expect_equal("whether there is a device", quire_fdt_device(fdt, compatible, &got),
                 tree_device(tree, compatible, &want));
    if (want.end != 0) {
        expect_region("a device", &got, &want);
    }
}

/* Each name that any node gives, and one that hardly any does. */
static void compare_devices(const struct quire_fdt *fdt, const struct tree *tree) {
    compare_device(fdt, tree, "ns16550a");
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const struct tree_property *list = tree_property(&tree->nodes[i], "compatible");
        uint32_t at = 0;
        for (const char *name; list != NULL && (name = tree_string(list, &at)) != NULL;) {
            compare_device(fdt, tree, name);
        }
    }
}

static void compare(const struct quire_fdt *fdt, const struct tree *tree, size_t n_bytes) {
    struct quire_region got = {0}, want = {0};
    size_t most = n_bytes / 4 + 1;
    expect_equal("the blob's length", fdt->n_bytes, tree->n_bytes);
    expect_equal("the CPU that booted", fdt->boot_cpu, tree->boot_cpu);
    compare_regions(fdt, tree, most);
    compare_cpus(fdt, tree, most);
    expect_equal("whether there is an initrd", quire_fdt_initrd(fdt, &got), tree_initrd(tree, &want));
    if (want.base < want.end) {
        expect_region("the initrd", &got, &want);
    }
    expect_equal("whether the arguments agree", strcmp(quire_fdt_bootargs(fdt), tree_bootargs(tree)) == 0, true);
    expect_equal("the time base", quire_fdt_timebase_hz(fdt), tree_timebase_hz(tree));
    compare_devices(fdt, tree);
}

/* A blob that was refused says nothing: as one without any node. */
static void compare_refused(const struct quire_fdt *fdt, const struct tree *tree, size_t n_bytes) {
    static const struct tree nothing;
    if ((tree->problems >> fdt->status & 1u) == 0) {
        fuzz_fail("refused: %s, at byte %u; the slow reader has problems %#x", quire_fdt_status_text(fdt->status),
                  fdt->where, tree->problems);
    }
    if (fdt->where > n_bytes) {
        fuzz_fail("refused at byte %u of %zu", fdt->where, n_bytes);
    }
    compare(fdt, &nothing, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    size_t shift = n_bytes % 4; /* any alignment will do for a blob */
    uint8_t *copy = malloc(shift + n_bytes + (shift + n_bytes == 0)), *blob = copy + shift;
    struct quire_fdt fdt;
    struct tree tree;
    if (copy == NULL) {
        fuzz_fail("the target itself has no memory left");
    }
    memcpy(blob, bytes, n_bytes);
    tree_read(&tree, blob, n_bytes);
    quire_fdt_open(&fdt, blob, n_bytes);
    if (fdt.status != QUIRE_FDT_OK) {
        compare_refused(&fdt, &tree, n_bytes);
    } else {
        expect_equal("problems of a blob that was accepted", 0, tree.problems);
        compare(&fdt, &tree, n_bytes);
    }
    tree_free(&tree);
    free(copy);
    return 0;
}

/* ---- mutation ------------------------------------------------------------------------------------------- */

static void put(uint8_t *field, uint32_t word) {
    for (unsigned i = 0; i < 4; i++) {
        field[i] = (uint8_t)(word >> (24 - 8 * i));
    }
}

static void move(uint8_t *field, uint32_t n_bytes) {
    put(field, ((uint32_t)field[0] << 24 | (uint32_t)field[1] << 16 | (uint32_t)field[2] << 8 | field[3]) + n_bytes);
}

/* Most changes of length leave a blob whose header lies, and is refused for that alone. So three times in four the header
 * is made to say the new length, and mostly as if the structure block had changed, with the strings behind it. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n_bytes, size_t max_bytes, unsigned seed) {
    enum { TOTAL_SIZE = 4, OFF_STRINGS = 12, SIZE_STRUCTURE = 36, HEADER_SIZE = 40 };
    size_t n = LLVMFuzzerMutate(bytes, n_bytes, max_bytes);
    if (seed % 4 == 0 || n < HEADER_SIZE || n_bytes < HEADER_SIZE) {
        return n;
    }
    put(bytes + TOTAL_SIZE, (uint32_t)n);
    if (seed % 4 != 1) {
        move(bytes + OFF_STRINGS, (uint32_t)(n - n_bytes));
        move(bytes + SIZE_STRUCTURE, (uint32_t)(n - n_bytes));
    }
    return n;
}
