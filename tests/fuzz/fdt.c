/* fdt.c: any bytes as a device tree blob, read both ways by boot/fdt.h and by the slow reader of tree.h.
 *
 * The blob lies in an allocation of exactly its size, so that the address sanitizer sees each byte read outside of it. Both
 * readers must agree on each problem, and on every answer if the blob is not damaged; a refusal must name what the blob has.
 * Memory that is asked for is placed, and must have been free. */
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

static void *some(size_t n, size_t size) {
    void *at = calloc(n + 1, size);
    if (at == NULL) {
        fuzz_fail("the target itself has no memory left");
    }
    return at;
}

/* Returns how many pieces there are: each can be a region. */
static size_t compare_memory(const struct quire_fdt *fdt, const struct tree *tree) {
    size_t n = tree_memory(tree, NULL);
    struct quire_fdt_memory *got = some(2 * n, sizeof *got), *want = got + n;
    expect_equal("how much memory", quire_fdt_memory(fdt, got, n), n);
    tree_memory(tree, want);
    for (size_t i = 0; i < n; i++) {
        expect_equal("memory", got[i].base, want[i].base);
        expect_equal("bytes of memory", got[i].n_bytes, want[i].n_bytes);
        expect_equal("a NUMA node", got[i].numa_node, want[i].numa_node);
        expect_equal("hotpluggable", got[i].hotpluggable, want[i].hotpluggable);
    }
    free(got);
    return n;
}

static void expect_reserved(const struct quire_fdt_reserved *got, const struct quire_fdt_reserved *want) {
    expect_equal("a name", (uintptr_t)got->name, (uintptr_t)want->name);
    expect_equal("reserved", got->base, want->base);
    expect_equal("reserved bytes", got->n_bytes, want->n_bytes);
    expect_equal("an alignment", got->alignment, want->alignment);
    expect_equal("no-map", got->no_map, want->no_map);
    expect_equal("reusable", got->reusable, want->reusable);
    expect_equal("alloc-ranges", got->ranges, want->ranges);
    expect_equal("the end of alloc-ranges", got->ranges_end, want->ranges_end);
    expect_equal("cells of addresses", got->address_cells, want->address_cells);
    expect_equal("cells of sizes", got->size_cells, want->size_cells);
}

/* Whether a frame is usable, and in a range of alloc-ranges (there is no other way to say so than to look at each). */
static bool is_usable(const struct quire_regions *map, quire_pa base, quire_pa end) {
    for (size_t i = 0; i < map->n; i++) {
        if (base >= map->at[i].base && end <= map->at[i].end) {
            return true;
        }
    }
    return false;
}

/* Places what has no place yet: where it is put was usable before and is not after. */
static void place(const struct quire_fdt *fdt, struct quire_fdt_reserved *request, struct quire_regions *map) {
    struct quire_regions before = {.at = some(map->n, sizeof *map->at), .n = map->n};
    memcpy(before.at, map->at, map->n * sizeof *map->at);
    if (quire_fdt_place(fdt, request, map)) {
        quire_pa end = request->base + request->n_bytes;
        if (request->base % request->alignment != 0 || end < request->base || !is_usable(&before, request->base, end) ||
            is_usable(map, request->base, request->base + 1) || is_usable(map, end - 1, end)) {
            fuzz_fail("%s was put to %#llx", request->name, (unsigned long long)request->base);
        }
    } else {
        expect_equal("regions after nothing was placed", map->n, before.n);
    }
    free(before.at);
}

static void compare_reserved(const struct quire_fdt *fdt, const struct tree *tree, struct quire_regions *map,
                             size_t most) {
    struct quire_fdt_reserved *got = some(2 * most, sizeof *got), *want = got + most;
    size_t n = tree_reserved(tree, want);
    expect_equal("how many reservations", quire_fdt_reserved(fdt, got, most), n);
    bool can_place = quire_regions_normalise(map);
    for (size_t i = 0; i < n; i++) {
        expect_reserved(&got[i], &want[i]);
        if (can_place && got[i].base == QUIRE_NONE) {
            place(fdt, &got[i], map);
        }
    }
    free(got);
}

/* `most` is room for anything of which there is at most one in each byte. */
static void compare_regions(const struct quire_fdt *fdt, const struct tree *tree, size_t most) {
    size_t room = compare_memory(fdt, tree) + most;
    struct quire_region *got = some(2 * room, sizeof *got), *want = got + room;
    struct quire_regions map = {.at = got, .capacity = room};
    quire_fdt_regions(fdt, &map);
    expect_equal("how many regions", map.n, tree_regions(tree, want));
    for (size_t i = 0; i < map.n; i++) {
        expect_region("a region", &got[i], &want[i]);
    }
    compare_reserved(fdt, tree, &map, most);
    free(got);
}

static void compare_cpus(const struct quire_fdt *fdt, const struct tree *tree, size_t most) {
    uint64_t *got = some(2 * most, sizeof *got), *want = got + most;
    size_t n = tree_cpus(tree, want), room = n / 2;
    expect_equal("how many CPUs", quire_fdt_cpus(fdt, got, room), n); /* too little room: the rest is only counted */
    expect_equal("a CPU behind the array", got[room], 0);
    expect_equal("how many CPUs", quire_fdt_cpus(fdt, got, n), n);
    for (size_t i = 0; i < n; i++) {
        expect_equal("a CPU", got[i], want[i]);
    }
    free(got);
}

#define NODES 4u /* that count here */

static void compare_distances(const struct quire_fdt *fdt, const struct tree *tree) {
    uint8_t distance[NODES * NODES];
    quire_fdt_distances(fdt, distance, NODES);
    for (unsigned i = 0; i < NODES * NODES; i++) {
        expect_equal("a distance", distance[i], tree_distance(tree, i / NODES, i % NODES));
    }
}

/* Which node is said at both ends of each region. */
static void compare_set_nodes(const struct quire_fdt *fdt, const struct tree *tree, size_t most) {
    size_t room = 3 * (most + tree_memory(tree, NULL));
    struct quire_region *got = some(room, sizeof *got);
    struct quire_regions map = {.at = got, .capacity = room};
    quire_fdt_regions(fdt, &map);
    quire_regions_normalise(&map);
    expect_equal("whether there is room", quire_fdt_set_nodes(fdt, &map, NODES), true);
    for (size_t i = 0; i < map.n; i++) {
        expect_equal("the first frame's node", got[i].node, tree_node_at(tree, got[i].base, NODES));
        expect_equal("the last frame's node", got[i].node, tree_node_at(tree, got[i].end - QUIRE_PAGE_SIZE, NODES));
    }
    free(got);
}

static void compare_nodes(const struct quire_fdt *fdt, const struct tree *tree, size_t most) {
    uint32_t *got = some(2 * most, sizeof *got), *want = got + most;
    size_t n = tree_cpu_nodes(tree, want);
    expect_equal("how many CPUs have nodes", quire_fdt_cpu_nodes(fdt, got, n), n);
    for (size_t i = 0; i < n; i++) {
        expect_equal("a CPU's node", got[i], want[i]);
    }
    free(got);
    expect_equal("how many nodes", quire_fdt_n_nodes(fdt, NODES), tree_n_nodes(tree, NODES));
    compare_distances(fdt, tree);
    compare_set_nodes(fdt, tree, most);
}

static void compare_device(const struct quire_fdt *fdt, const struct tree *tree, const char *compatible) {
    struct quire_region got[3] = {{0}}, want[3] = {{0}}, first = {0};
    size_t n = tree_device(tree, compatible, want, 3);
    expect_equal("how many ranges a device has", quire_fdt_device_registers(fdt, compatible, got, 3), n);
    expect_equal("whether there is a device", quire_fdt_device(fdt, compatible, &first), n > 0);
    for (size_t i = 0; i < n && i < 3; i++) {
        expect_region("a device", &got[i], &want[i]);
    }
    if (n > 0) {
        expect_region("the first range of a device", &first, &want[0]);
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
    size_t most = n_bytes + 1;
    expect_equal("the blob's length", fdt->n_bytes, tree->n_bytes);
    expect_equal("the CPU that booted", fdt->boot_cpu, tree->boot_cpu);
    compare_regions(fdt, tree, most);
    compare_cpus(fdt, tree, most);
    compare_nodes(fdt, tree, most);
    expect_equal("whether there is an initrd", quire_fdt_initrd(fdt, &got), tree_initrd(tree, &want));
    if (want.base < want.end) {
        expect_region("the initrd", &got, &want);
    }
    expect_equal("whether the arguments agree", strcmp(quire_fdt_bootargs(fdt), tree_bootargs(tree)) == 0, true);
    expect_equal("the time base", quire_fdt_timebase_hz(fdt), tree_timebase_hz(tree));
    compare_devices(fdt, tree);
}

/* What was reported, in order. */
struct reports {
    struct tree_problem *at;
    size_t n, room;
};

static void note(void *to, const struct quire_fdt_problem *problem) {
    struct reports *reports = to;
    if (reports->n == reports->room) {
        fuzz_fail("more problems than bytes");
    }
    if (strlen(problem->path) >= QUIRE_FDT_PATH_BYTES ||
        (*problem->path != '/' && *problem->path != '.' && *problem->path != '\0')) {
        fuzz_fail("a path that is none: %s", problem->path);
    }
    reports->at[reports->n++] = (struct tree_problem){problem->status, problem->where};
}

static int order(const void *a, const void *b) {
    const struct tree_problem *x = a, *y = b;
    uint64_t of_x = (uint64_t)x->where << 8 | x->status, of_y = (uint64_t)y->where << 8 | y->status;
    return of_x < of_y ? -1 : of_x > of_y;
}

static void compare_problems(const struct reports *reports, const struct tree *tree) {
    struct tree_problem *got = some(reports->n, sizeof *got);
    memcpy(got, reports->at, reports->n * sizeof *got);
    qsort(got, reports->n, sizeof *got, order);
    qsort(tree->problems, tree->n_problems, sizeof *got, order);
    for (size_t i = 0; i < reports->n && i < tree->n_problems; i++) {
        expect_equal("where a problem is", got[i].where, tree->problems[i].where);
        expect_equal("a problem", (uint64_t)got[i].status, (uint64_t)tree->problems[i].status);
    }
    expect_equal("how many problems", reports->n, tree->n_problems);
    free(got);
}

/* A blob that was refused says nothing: as one without any node. */
static void compare_refused(const struct quire_fdt *fdt, const struct tree *tree, size_t n_bytes) {
    static const struct tree nothing;
    bool meant = false;
    for (size_t i = 0; i < tree->n_problems; i++) {
        meant |= tree->problems[i].status == fdt->status && tree->problems[i].where == fdt->where;
    }
    if (!meant && (tree->damage >> fdt->status & 1u) == 0) {
        fuzz_fail("refused: %s, at byte %u; the slow reader has damage %#x, and %zu problems",
                  quire_fdt_status_text(fdt->status), fdt->where, tree->damage, tree->n_problems);
    }
    if (fdt->where > n_bytes) {
        fuzz_fail("refused at byte %u of %zu", fdt->where, n_bytes);
    }
    compare(fdt, &nothing, 0);
}

/* The lenient way refuses only what is damaged, and reports each problem. */
static void check_lenient(const uint8_t *blob, size_t n_bytes, const struct tree *tree, struct reports *reports) {
    struct quire_fdt fdt;
    quire_fdt_open(&fdt, blob, n_bytes, note, reports);
    expect_equal("problems that were counted", fdt.n_problems, reports->n);
    if (fdt.status != QUIRE_FDT_OK) {
        expect_equal("whether a damaged blob is refused", tree->damage != 0, true);
        expect_equal("the last problem", (uint64_t)reports->at[reports->n - 1].status, (uint64_t)fdt.status);
        compare_refused(&fdt, tree, n_bytes);
        return;
    }
    expect_equal("damage of a blob that was accepted", 0, tree->damage);
    compare_problems(reports, tree);
    compare(&fdt, tree, n_bytes);
}

/* The strict way refuses at the first problem that the lenient way reports. */
static void check_strict(const uint8_t *blob, size_t n_bytes, const struct tree *tree, const struct reports *reports) {
    struct quire_fdt fdt;
    struct tree_problem first = reports->n > 0 ? reports->at[0] : (struct tree_problem){QUIRE_FDT_OK, 0};
    quire_fdt_open_strict(&fdt, blob, n_bytes);
    expect_equal("the status", (uint64_t)fdt.status, (uint64_t)first.status);
    expect_equal("where", fdt.where, first.where);
    if (fdt.status != QUIRE_FDT_OK) {
        compare_refused(&fdt, tree, n_bytes);
    } else {
        compare(&fdt, tree, n_bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    size_t shift = n_bytes % 4; /* any alignment will do for a blob */
    uint8_t *copy = malloc(shift + n_bytes + (shift + n_bytes == 0)), *blob = copy + shift;
    struct tree tree;
    struct reports reports = {.at = some(n_bytes, sizeof *reports.at), .room = n_bytes + 1};
    if (copy == NULL) {
        fuzz_fail("the target itself has no memory left");
    }
    memcpy(blob, bytes, n_bytes);
    tree_read(&tree, blob, n_bytes);
    check_lenient(blob, n_bytes, &tree, &reports);
    check_strict(blob, n_bytes, &tree, &reports);
    tree_free(&tree);
    free(reports.at);
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
