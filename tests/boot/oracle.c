/* oracle.c: the same questions as in boot/fdt.h, answered with libfdt. Slow and straightforward: parents are searched
 * from the root each time. */
#include "blob.h"
#include <libfdt.h>
#include <string.h>

/* ---- nodes and numbers ---------------------------------------------------------------------------------- */

/* fdt_stringlist_search, because fdt_stringlist_contains and fdt_node_check_compatible (libfdt 1.6.1) take a string
 * whose NUL lies behind the value for one inside it. */
static bool says(const void *blob, int node, const char *property, const char *text) {
    return fdt_stringlist_search(blob, node, property, text) >= 0;
}

static bool okay(const void *blob, int node) {
    for (; node >= 0; node = fdt_parent_offset(blob, node))
        if (fdt_getprop(blob, node, "status", NULL) != NULL && !says(blob, node, "status", "okay") &&
            !says(blob, node, "status", "ok"))
            return false;
    return true;
}

static bool is_called(const void *blob, int node, const char *name) {
    return node >= 0 && strcmp(fdt_get_name(blob, node, NULL), name) == 0;
}

static uint64_t number(const uint8_t *value, unsigned n_cells) {
    uint64_t x = 0;
    for (unsigned i = 0; i < 4 * n_cells; i++)
        x = x << 8 | value[i];
    return x;
}

static uint64_t number_property(const void *blob, int node, const char *name) {
    int n_bytes;
    const uint8_t *value = fdt_getprop(blob, node, name, &n_bytes);
    return value != NULL ? number(value, (unsigned)n_bytes / 4) : 0;
}

static unsigned cells(const void *blob, int node, const char *name, unsigned fallback) {
    const uint8_t *value = fdt_getprop(blob, node, name, NULL);
    return value != NULL ? (unsigned)number(value, 1) : fallback;
}

static unsigned address_cells(const void *blob, int node) {
    return cells(blob, node, "#address-cells", 2);
}

static unsigned size_cells(const void *blob, int node) {
    return cells(blob, node, "#size-cells", 1);
}

/* Entry i of a node's reg, or false when there is none. */
static bool reg(const void *blob, int node, unsigned i, uint64_t *base, uint64_t *size) {
    int bus = fdt_parent_offset(blob, node), n_bytes;
    const uint8_t *value = fdt_getprop(blob, node, "reg", &n_bytes);
    if (bus < 0 || value == NULL || address_cells(blob, bus) > 2 || size_cells(blob, bus) > 2)
        return false;
    unsigned a = address_cells(blob, bus), s = size_cells(blob, bus), entry = 4 * (a + s);
    if (entry == 0 || (unsigned)n_bytes % entry != 0 || i >= (unsigned)n_bytes / entry)
        return false;
    *base = number(value + i * entry, a);
    *size = number(value + i * entry + 4 * a, s);
    return true;
}

/* ---- facts ---------------------------------------------------------------------------------------------- */

static void add(struct facts *f, uint64_t base, uint64_t size, enum quire_region_type type) {
    uint64_t end = base + size < base ? UINT64_MAX : base + size;
    if (end == base)
        return;
    if (f->n_regions < sizeof f->regions / sizeof *f->regions)
        f->regions[f->n_regions] = (struct quire_region){base, end, type};
    f->n_regions++;
}

static void add_node(struct facts *f, const void *blob, int node, enum quire_region_type type) {
    uint64_t base, size;
    for (unsigned i = 0; reg(blob, node, i, &base, &size); i++)
        add(f, base, size, type);
}

/* Not up to fdt_num_mem_rsv, which takes any entry without bytes for the end. */
static void add_reservation_block(struct facts *f, const void *blob) {
    uint64_t base, size;
    for (int i = 0; fdt_get_mem_rsv(blob, i, &base, &size) == 0 && (base != 0 || size != 0); i++)
        add(f, base, size, QUIRE_RESERVED);
}

static void add_cpu(struct facts *f, const void *blob, int node) {
    uint64_t id, size;
    for (unsigned i = 0; reg(blob, node, i, &id, &size); i++, f->n_cpus++)
        if (f->n_cpus < sizeof f->cpus / sizeof *f->cpus)
            f->cpus[f->n_cpus] = id;
}

static void read_chosen(struct facts *f, const void *blob, int node) {
    int n_bytes;
    const char *bootargs = fdt_getprop(blob, node, "bootargs", &n_bytes);
    if (bootargs != NULL && n_bytes > 0)
        f->bootargs = bootargs;
    uint64_t start = number_property(blob, node, "linux,initrd-start");
    uint64_t end = number_property(blob, node, "linux,initrd-end");
    if (fdt_getprop(blob, node, "linux,initrd-start", NULL) != NULL && end > start)
        f->initrd = (struct quire_region){start, end, QUIRE_RESERVED};
}

struct facts facts_libfdt(const void *blob) {
    struct facts f = {.bootargs = "", .boot_cpu = fdt_boot_cpuid_phys(blob)};
    bool timebase_seen = false, chosen_seen = false;
    add_reservation_block(&f, blob);

    int depth = -1;
    for (int node = fdt_next_node(blob, -1, &depth); node >= 0 && depth >= 0;
         node = fdt_next_node(blob, node, &depth)) {
        int up = fdt_parent_offset(blob, node);
        bool usable = okay(blob, node);
        bool is_cpus = depth == 1 && usable && is_called(blob, node, "cpus");
        bool is_cpu = depth == 2 && usable && is_called(blob, up, "cpus") && says(blob, node, "device_type", "cpu");
        if (depth == 1 && usable && says(blob, node, "device_type", "memory"))
            add_node(&f, blob, node, QUIRE_USABLE);
        if (depth == 2 && is_called(blob, up, "reserved-memory"))
            add_node(&f, blob, node, QUIRE_RESERVED);
        if (is_cpu)
            add_cpu(&f, blob, node);
        if ((is_cpus || is_cpu) && !timebase_seen && fdt_getprop(blob, node, "timebase-frequency", NULL) != NULL) {
            f.timebase_hz = number_property(blob, node, "timebase-frequency");
            timebase_seen = true;
        }
        if (depth == 1 && usable && is_called(blob, node, "chosen") && !chosen_seen) {
            read_chosen(&f, blob, node);
            chosen_seen = true;
        }
    }
    add(&f, f.initrd.base, f.initrd.end - f.initrd.base, QUIRE_RESERVED);
    return f;
}

/* ---- devices -------------------------------------------------------------------------------------------- */

/* From addresses of `bus` to those of the root. */
static bool translate(const void *blob, int bus, uint64_t *base, uint64_t size) {
    int up = fdt_parent_offset(blob, bus), n_bytes;
    if (up < 0)
        return true; /* the root */
    const uint8_t *ranges = fdt_getprop(blob, bus, "ranges", &n_bytes);
    unsigned c = address_cells(blob, bus), p = address_cells(blob, up), s = size_cells(blob, bus);
    if (ranges == NULL || c > 2 || p > 2 || s > 2)
        return false;
    unsigned entry = 4 * (c + p + s), n = entry != 0 ? (unsigned)n_bytes / entry : 0;
    bool found = n_bytes == 0;
    for (unsigned i = 0; i < n && !found; i++, ranges += entry) {
        uint64_t from = number(ranges, c), to = number(ranges + 4 * c, p), length = number(ranges + 4 * (c + p), s);
        if (*base < from || *base - from >= length || size > length - (*base - from))
            continue;
        found = true;
        if (to > UINT64_MAX - (*base - from))
            return false;
        *base = to + (*base - from);
    }
    return found && translate(blob, up, base, size);
}

bool device_libfdt(const void *blob, const char *compatible, struct quire_region *registers) {
    for (int node = fdt_next_node(blob, -1, NULL); node >= 0; node = fdt_next_node(blob, node, NULL)) {
        uint64_t base, size;
        if (says(blob, node, "compatible", compatible) && okay(blob, node) && reg(blob, node, 0, &base, &size) &&
            translate(blob, fdt_parent_offset(blob, node), &base, size) && base + size > base) {
            *registers = (struct quire_region){base, base + size, QUIRE_RESERVED};
            return true;
        }
    }
    return false;
}
