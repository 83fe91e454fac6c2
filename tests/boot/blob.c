/* blob.c: loading, fencing and comparing blobs. */
#include "blob.h"
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *check(void *pointer, const char *what) {
    if (pointer == NULL || pointer == MAP_FAILED) {
        perror(what);
        exit(2);
    }
    return pointer;
}

/* ---- memory --------------------------------------------------------------------------------------------- */

static size_t page_bytes(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

struct fence fence_make(size_t n_bytes) {
    size_t page = page_bytes(), n = (n_bytes + page - 1) / page * page;
    uint8_t *all = check(mmap(NULL, n + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), "mmap");
    if (mprotect(all + page, n, PROT_READ | PROT_WRITE) != 0)
        check(NULL, "mprotect");
    return (struct fence){.low = all + page, .high = all + page + n};
}

void fence_remove(struct fence fence) {
    size_t page = page_bytes();
    munmap(fence.low - page, (size_t)(fence.high - fence.low) + 2 * page);
}

uint8_t *blob_load(const char *name, size_t *n_bytes) {
    char path[256];
    snprintf(path, sizeof path, BLOBS "/%s.dtb", name);
    FILE *file = check(fopen(path, "rb"), path);
    size_t room = 4u << 20;
    uint8_t *blob = check(malloc(room), "malloc");
    size_t n = fread(blob, 1, room, file);
    fclose(file);
    if (fdt_check_full(blob, n) != 0 || fdt_pack(blob) != 0) {
        fprintf(stderr, "%s: libfdt does not like it\n", path);
        exit(2);
    }
    *n_bytes = fdt_totalsize(blob);
    return check(realloc(blob, *n_bytes), "realloc");
}

/* ---- facts ---------------------------------------------------------------------------------------------- */

struct facts facts_read(const struct quire_fdt *fdt) {
    struct facts f = {.boot_cpu = fdt->boot_cpu};
    struct quire_regions map = {.at = f.regions, .capacity = sizeof f.regions / sizeof *f.regions};
    quire_fdt_regions(fdt, &map);
    f.n_regions = map.n;
    f.n_memory = quire_fdt_memory(fdt, f.memory, sizeof f.memory / sizeof *f.memory);
    f.n_reserved = quire_fdt_reserved(fdt, f.reserved, sizeof f.reserved / sizeof *f.reserved);
    f.n_cpus = quire_fdt_cpus(fdt, f.cpus, sizeof f.cpus / sizeof *f.cpus);
    quire_fdt_cpu_nodes(fdt, f.cpu_nodes, sizeof f.cpu_nodes / sizeof *f.cpu_nodes);
    f.n_nodes = quire_fdt_n_nodes(fdt, FACT_NODES);
    quire_fdt_distances(fdt, f.distance, FACT_NODES);
    f.timebase_hz = quire_fdt_timebase_hz(fdt);
    f.bootargs = quire_fdt_bootargs(fdt);
    if (!quire_fdt_initrd(fdt, &f.initrd))
        f.initrd = (struct quire_region){0};
    return f;
}

bool region_equal(const struct quire_region *a, const struct quire_region *b) {
    return a->base == b->base && a->end == b->end && a->type == b->type;
}

static void print_regions(const char *whose, const struct facts *f) {
    for (size_t i = 0; i < f->n_regions; i++)
        fprintf(stderr, "  %s: %016llx..%016llx %s\n", whose, (unsigned long long)f->regions[i].base,
                (unsigned long long)f->regions[i].end, f->regions[i].type == QUIRE_USABLE ? "usable" : "reserved");
}

static bool memory_equal(const struct quire_fdt_memory *a, const struct quire_fdt_memory *b) {
    return a->base == b->base && a->n_bytes == b->n_bytes && a->numa_node == b->numa_node &&
           a->hotpluggable == b->hotpluggable;
}

static bool reserved_equal(const struct quire_fdt_reserved *a, const struct quire_fdt_reserved *b) {
    return strcmp(a->name, b->name) == 0 && a->base == b->base && a->n_bytes == b->n_bytes &&
           a->alignment == b->alignment && a->no_map == b->no_map && a->reusable == b->reusable &&
           a->ranges == b->ranges && a->ranges_end == b->ranges_end && a->address_cells == b->address_cells &&
           a->size_cells == b->size_cells;
}

static const char *first_different_list(const struct facts *expected, const struct facts *got) {
    if (expected->n_memory != got->n_memory)
        return "number of pieces of memory";
    for (size_t i = 0; i < got->n_memory; i++)
        if (!memory_equal(&expected->memory[i], &got->memory[i]))
            return "memory";
    if (expected->n_reserved != got->n_reserved)
        return "number of reservations";
    for (size_t i = 0; i < got->n_reserved; i++)
        if (!reserved_equal(&expected->reserved[i], &got->reserved[i]))
            return "reservations";
    if (expected->n_nodes != got->n_nodes || memcmp(expected->cpu_nodes, got->cpu_nodes, sizeof got->cpu_nodes) != 0)
        return "nodes of CPUs";
    if (memcmp(expected->distance, got->distance, sizeof got->distance) != 0)
        return "distances";
    return NULL;
}

static const char *first_difference(const struct facts *expected, const struct facts *got) {
    if (expected->n_regions != got->n_regions)
        return "number of regions";
    for (size_t i = 0; i < got->n_regions; i++)
        if (!region_equal(&expected->regions[i], &got->regions[i]))
            return "regions";
    if (expected->n_cpus != got->n_cpus)
        return "number of CPUs";
    if (memcmp(expected->cpus, got->cpus, sizeof got->cpus) != 0)
        return "hart ids";
    if (expected->timebase_hz != got->timebase_hz)
        return "timebase";
    if (expected->boot_cpu != got->boot_cpu)
        return "boot CPU";
    if (!region_equal(&expected->initrd, &got->initrd))
        return "initrd";
    return strcmp(expected->bootargs, got->bootargs) != 0 ? "bootargs" : NULL;
}

bool facts_equal(const char *name, const struct facts *expected, const struct facts *got) {
    const char *what = first_difference(expected, got);
    if (what == NULL)
        return true;
    fprintf(stderr, "%s: %s: not as expected\n", name, what);
    print_regions("expected", expected);
    print_regions("got", got);
    return false;
}

bool lists_equal(const char *name, const struct facts *expected, const struct facts *got) {
    const char *what = first_different_list(expected, got);
    if (what != NULL)
        fprintf(stderr, "%s: %s: not as expected\n", name, what);
    return what == NULL;
}

/* ---- problems -------------------------------------------------------------------------------------------- */

void problems_add(struct problems *problems, enum quire_fdt_status status, uint32_t where) {
    if (problems->n < sizeof problems->at / sizeof *problems->at) {
        problems->at[problems->n].status = status;
        problems->at[problems->n].where = where;
    }
    problems->n++;
}

void problems_collect(void *problems, const struct quire_fdt_problem *problem) {
    problems_add(problems, problem->status, problem->where);
}

static size_t count(const struct problems *in, enum quire_fdt_status status, uint32_t where) {
    size_t n = 0;
    for (size_t i = 0; i < in->n && i < sizeof in->at / sizeof *in->at; i++)
        n += in->at[i].status == status && in->at[i].where == where;
    return n;
}

static bool includes(const char *name, const struct problems *a, const struct problems *b, const char *what) {
    for (size_t i = 0; i < a->n && i < sizeof a->at / sizeof *a->at; i++) {
        if (count(a, a->at[i].status, a->at[i].where) == count(b, a->at[i].status, a->at[i].where))
            continue;
        fprintf(stderr, "%s: %s: %s, at byte %u\n", name, what, quire_fdt_status_text(a->at[i].status), a->at[i].where);
        return false;
    }
    return true;
}

bool problems_equal(const char *name, const struct problems *expected, const struct problems *got) {
    return includes(name, expected, got, "a problem that is not reported as often") &&
           includes(name, got, expected, "reported too often");
}

/* ---- devices -------------------------------------------------------------------------------------------- */

static bool device_equal(const char *name, const struct quire_fdt *fdt, const char *compatible) {
    struct quire_region expected[4] = {{0}}, got[4] = {{0}}, first = {0};
    size_t n_expected = device_libfdt(fdt->blob, compatible, expected, 4);
    size_t n_got = quire_fdt_device_registers(fdt, compatible, got, 4);
    bool is_found = quire_fdt_device(fdt, compatible, &first);
    bool equal = n_expected == n_got && is_found == (n_got > 0) && region_equal(&first, &expected[0]);
    for (size_t i = 0; i < 4; i++)
        equal = equal && region_equal(&expected[i], &got[i]);
    if (!equal)
        fprintf(stderr, "%s: device %s: expected %zu ranges, got %zu, the first is %llx..%llx\n", name, compatible,
                n_expected, n_got, (unsigned long long)got[0].base, (unsigned long long)got[0].end);
    return equal;
}

bool devices_equal(const char *name, const struct quire_fdt *fdt) {
    for (int node = fdt_next_node(fdt->blob, -1, NULL); node >= 0; node = fdt_next_node(fdt->blob, node, NULL)) {
        int n = fdt_stringlist_count(fdt->blob, node, "compatible");
        for (int i = 0; i < n; i++)
            if (!device_equal(name, fdt, fdt_stringlist_get(fdt->blob, node, "compatible", i, NULL)))
                return false;
    }
    return device_equal(name, fdt, "nothing is compatible with this");
}
