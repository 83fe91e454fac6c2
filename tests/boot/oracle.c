/* oracle.c: the same questions as in boot/fdt.h, answered with libfdt. Slow and straightforward: parents are searched
 * from the root each time. */
#include "oracle.h"

/* ---- facts ---------------------------------------------------------------------------------------------- */

static void add(struct facts *f, uint64_t base, uint64_t size, enum quire_region_type type) {
    uint64_t end = base + size < base ? UINT64_MAX : base + size;
    if (end == base)
        return;
    if (f->n_regions < sizeof f->regions / sizeof *f->regions)
        f->regions[f->n_regions] = (struct quire_region){base, end, type, 0};
    f->n_regions++;
}

/* Not up to fdt_num_mem_rsv, which takes any entry without bytes for the end. Where there is no end, up to the next
 * block. Returns whether there is one, and where. */
static bool add_reservation_block(struct facts *f, const void *blob, uint32_t *where) {
    uint64_t base, size, at = fdt_off_mem_rsvmap(blob), limit = fdt_totalsize(blob);
    if (fdt_off_dt_struct(blob) >= at && fdt_off_dt_struct(blob) < limit)
        limit = fdt_off_dt_struct(blob);
    if (fdt_off_dt_strings(blob) >= at && fdt_off_dt_strings(blob) < limit)
        limit = fdt_off_dt_strings(blob);
    for (int i = 0; at + 16 <= limit && fdt_get_mem_rsv(blob, i, &base, &size) == 0; i++, at += 16) {
        if (base == 0 && size == 0)
            return true;
        add(f, base, size, QUIRE_RESERVED);
    }
    *where = (uint32_t)at;
    return false;
}

/* ---- memory --------------------------------------------------------------------------------------------- */

/* Up to the end of the address space. */
static uint64_t end_of(uint64_t base, uint64_t size) {
    return base + size < base ? UINT64_MAX : base + size;
}

static void add_memory(struct facts *f, struct quire_fdt_memory piece, uint64_t from, uint64_t to) {
    uint64_t end = end_of(piece.base, piece.n_bytes);
    piece.base = piece.base < from ? from : piece.base;
    end = end > to ? to : end;
    if (end <= piece.base)
        return;
    piece.n_bytes = end - piece.base;
    if (f->n_memory < sizeof f->memory / sizeof *f->memory)
        f->memory[f->n_memory] = piece;
    f->n_memory++;
    add(f, piece.base, piece.n_bytes, QUIRE_USABLE);
}

static bool is_okay_top(const void *blob, int node, const char *name) {
    return is_called(blob, node, name) && depth_of(blob, node) == 1 && okay(blob, node);
}

static int chosen_node(const void *blob) {
    for (int node = fdt_next_node(blob, -1, NULL); node >= 0; node = fdt_next_node(blob, node, NULL))
        if (is_okay_top(blob, node, "chosen"))
            return node;
    return -1;
}

/* linux,usable-memory-range; says nothing where it has no bytes and is whole. */
static bool has_limits(const void *blob, int chosen, struct array *limits) {
    if (chosen < 0)
        return false;
    *limits = array(blob, chosen, "linux,usable-memory-range", address_cells(blob, 0), size_cells(blob, 0));
    for (unsigned i = 0; i < n_pairs(limits); i++) {
        uint64_t base, size;
        pair(limits, i, &base, &size);
        if (size != 0)
            return true;
    }
    return !is_whole(limits);
}

static struct array memory_array(const void *blob, int node) {
    bool replaced = has(blob, node, "linux,usable-memory");
    return array_of_child(blob, node, replaced ? "linux,usable-memory" : "reg");
}

static uint32_t numa_of(const void *blob, int node) {
    unsigned n;
    const uint8_t *numa = get(blob, node, "numa-node-id", &n);
    return n == 4 ? (uint32_t)number(numa, 1) : QUIRE_FDT_NO_NUMA_NODE;
}

static void add_memory_node(struct facts *f, const void *blob, int node) {
    struct array limits, x = memory_array(blob, node);
    bool limited = has_limits(blob, chosen_node(blob), &limits);
    for (unsigned i = 0; i < n_pairs(&x); i++) {
        struct quire_fdt_memory piece = {.numa_node = numa_of(blob, node),
                                         .hotpluggable = has(blob, node, "hotpluggable")};
        pair(&x, i, &piece.base, &piece.n_bytes);
        if (!limited)
            add_memory(f, piece, 0, UINT64_MAX);
        for (unsigned j = 0; limited && j < n_pairs(&limits); j++) {
            uint64_t from, size;
            pair(&limits, j, &from, &size);
            add_memory(f, piece, from, end_of(from, size));
        }
    }
}

/* ---- reserved memory ------------------------------------------------------------------------------------ */

static void add_reserved(struct facts *f, const struct quire_fdt_reserved *piece) {
    if (f->n_reserved < sizeof f->reserved / sizeof *f->reserved)
        f->reserved[f->n_reserved] = *piece;
    f->n_reserved++;
}

/* One range of a node below `bus`; without a piece it is one of /chosen. */
static void reserve(struct facts *f, const void *blob, int bus, struct quire_fdt_reserved *piece, uint64_t base,
                    uint64_t size) {
    uint64_t moved = base, places[2] = {base, base};
    if (bus > 0 && translate(blob, bus, &moved, size))
        places[1] = moved;
    for (unsigned i = 0; i < 1u + (places[0] != places[1]); i++) {
        uint64_t end = end_of(places[i], size);
        add(f, places[i], end - places[i], QUIRE_RESERVED);
        if (piece == NULL || end == places[i])
            continue;
        piece->base = places[i];
        piece->n_bytes = end - places[i];
        add_reserved(f, piece);
    }
}

/* The number behind the @ of a node's name; 0: none. */
static uint64_t unit_address(const void *blob, int node) {
    const char *name = fdt_get_name(blob, node, NULL), *unit = strchr(name, '@');
    size_t n = unit != NULL ? strspn(unit + 1, "0123456789abcdefABCDEF") : 0;
    for (; n > 0 && unit[1] == '0'; n--)
        unit++;
    return n == 0 || n > 16 || unit[1 + n] != '\0' ? 0 : strtoull(unit + 1, NULL, 16);
}

/* Of the ways to read an array the one that begins at that address and is about the least; n_bytes 0: there is none. */
static struct array read_by_name(struct array x, uint64_t address) {
    struct array best = {.n_bytes = 0};
    uint64_t least = UINT64_MAX;
    for (unsigned way = 4; way-- > 0 && address != 0;) {
        struct array y = {x.value, x.n_bytes, 1 + way / 2, 1 + way % 2};
        uint64_t first = 0, base, size, sum = 0;
        bool empty = !is_whole(&y) || y.n_bytes == 0;
        for (unsigned i = 0; i < n_pairs(&y); i++) {
            pair(&y, i, &base, &size);
            first = i == 0 ? base : first;
            empty |= size == 0;
            sum = end_of(sum, size);
        }
        if (!empty && first == address && sum <= least) {
            best = y;
            least = sum;
        }
    }
    return best;
}

static void reserve_array(struct facts *f, const void *blob, int node, struct quire_fdt_reserved *piece,
                          struct array x) {
    int bus = piece != NULL ? fdt_parent_offset(blob, node) : -1;
    uint64_t base, size;
    unsigned n = x.s != 0 ? n_pairs(&x) : 0, used = n * 4 * (x.a + x.s);
    for (unsigned i = 0; i < n; i++) {
        pair(&x, i, &base, &size);
        reserve(f, blob, bus, piece, base, size);
    }
    if (used == x.n_bytes)
        return;
    struct array named = read_by_name(x, unit_address(blob, node));
    for (unsigned i = 0; named.n_bytes > 0 && i < n_pairs(&named); i++) {
        pair(&named, i, &base, &size);
        reserve(f, blob, bus, piece, base, size);
    }
    if (named.n_bytes > 0 || x.a > 2 || x.n_bytes - used < 4 * x.a)
        return;
    unsigned left = (x.n_bytes - used) / 4 - x.a;
    size = number(x.value + used + 4 * x.a, left > 2 ? 2 : left);
    reserve(f, blob, bus, piece, number(x.value + used, x.a), size == 0 ? 1 : size);
}

/* Its own cells if a range can be said in them, else the root's. */
static struct array array_of_reserved(const void *blob, int node, const char *name) {
    int up = fdt_parent_offset(blob, node);
    unsigned a = cells(blob, up, "#address-cells", 3), s = cells(blob, up, "#size-cells", 3);
    return array(blob, node, name, a > 2 ? address_cells(blob, 0) : a, s > 2 || s == 0 ? size_cells(blob, 0) : s);
}

static void request(struct facts *f, const void *blob, int node, struct quire_fdt_reserved *piece) {
    struct array x = array_of_reserved(blob, node, "alloc-ranges");
    uint64_t wanted = number_property(blob, node, "alignment"), power = QUIRE_PAGE_SIZE;
    if (has(blob, node, "alignment") && !is_number(blob, node, "alignment"))
        return;
    for (unsigned i = QUIRE_PAGE_SHIFT; i < 64 && power < wanted; i++)
        power = i == 63 ? 0 : power * 2;
    piece->base = QUIRE_NONE;
    piece->n_bytes = number_property(blob, node, "size");
    piece->alignment = power;
    piece->ranges = x.value != NULL ? (uint32_t)(x.value - (const uint8_t *)blob) : 0;
    piece->ranges_end = piece->ranges + x.n_bytes;
    piece->address_cells = (uint8_t)x.a;
    piece->size_cells = (uint8_t)x.s;
    if (piece->n_bytes != 0 && power != 0 && (x.n_bytes == 0 || n_pairs(&x) > 0))
        add_reserved(f, piece);
}

static void add_reserved_node(struct facts *f, const void *blob, int node) {
    struct array reg = array_of_reserved(blob, node, "reg");
    struct quire_fdt_reserved piece = {.name = fdt_get_name(blob, node, NULL),
                                       .no_map = has(blob, node, "no-map"),
                                       .reusable = has(blob, node, "reusable") && !has(blob, node, "no-map")};
    if (reg.n_bytes > 0)
        reserve_array(f, blob, node, &piece, reg);
    else if (okay(blob, node))
        request(f, blob, node, &piece);
}

/* ---- the rest ------------------------------------------------------------------------------------------- */

static void add_cpu(struct facts *f, const void *blob, int node) {
    struct array x = array_of_child(blob, node, "reg");
    for (unsigned i = 0; i < n_pairs(&x); i++, f->n_cpus++) {
        uint64_t id, size;
        pair(&x, i, &id, &size);
        if (f->n_cpus < sizeof f->cpus / sizeof *f->cpus) {
            f->cpus[f->n_cpus] = id;
            f->cpu_nodes[f->n_cpus] = numa_of(blob, node);
        }
    }
}

static bool is_reserved(const void *blob, int node) {
    return depth_of(blob, node) == 2 && is_called(blob, fdt_parent_offset(blob, node), "reserved-memory");
}

static bool is_memory(const void *blob, int node) {
    return says(blob, node, "device_type", "memory") && depth_of(blob, node) == 1 && okay(blob, node);
}

static bool is_cpus(const void *blob, int node) {
    return is_okay_top(blob, node, "cpus");
}

static bool is_cpu(const void *blob, int node) {
    return says(blob, node, "device_type", "cpu") && depth_of(blob, node) == 2 && okay(blob, node) &&
           is_called(blob, fdt_parent_offset(blob, node), "cpus");
}

static void read_chosen(struct facts *f, const void *blob, int node) {
    unsigned n_bytes;
    const char *bootargs = (const char *)get(blob, node, "bootargs", &n_bytes);
    if (n_bytes > 0 && (bootargs[n_bytes - 1] == '\0' || bootargs[n_bytes] == '\0'))
        f->bootargs = bootargs;
    uint64_t start = number_property(blob, node, "linux,initrd-start");
    uint64_t end = number_property(blob, node, "linux,initrd-end");
    if (is_number(blob, node, "linux,initrd-start") && end > start)
        f->initrd = (struct quire_region){start, end, QUIRE_RESERVED, 0};
}

static void read_cpus(struct facts *f, const void *blob) {
    bool timebase_seen = false;
    for (int node = fdt_next_node(blob, -1, NULL); node >= 0; node = fdt_next_node(blob, node, NULL)) {
        if (is_cpu(blob, node))
            add_cpu(f, blob, node);
        if ((is_cpu(blob, node) || is_cpus(blob, node)) && !timebase_seen &&
            is_number(blob, node, "timebase-frequency")) {
            f->timebase_hz = number_property(blob, node, "timebase-frequency");
            timebase_seen = true;
        }
    }
}

static bool is_distance_map(const void *blob, int node) {
    return okay(blob, node) && says(blob, node, "compatible", "numa-distance-map-v1") &&
           depth_of(blob, node) < (int)QUIRE_FDT_MAX_DEPTH;
}

/* What the rows say of one way; the last one that does counts. */
static uint32_t said(const uint8_t *rows, unsigned n_bytes, unsigned from, unsigned to) {
    uint32_t far = 0;
    for (; n_bytes >= 12; rows += 12, n_bytes -= 12)
        if (number(rows, 1) == from && number(rows + 4, 1) == to && number(rows + 8, 1) >= 10)
            far = (uint32_t)number(rows + 8, 1);
    return far;
}

/* Of two that do for the way back, too: the last one of either way. */
static uint32_t said_either_way(const uint8_t *rows, unsigned n_bytes, unsigned from, unsigned to) {
    uint32_t far = said(rows, n_bytes, from, to);
    return far != 0 ? far : said(rows, n_bytes, to, from);
}

static void read_nodes(struct facts *f, const void *blob) {
    const uint8_t *rows = NULL;
    unsigned n = 0;
    bool seen = false;
    f->n_nodes = 1;
    for (int node = fdt_next_node(blob, -1, NULL); node >= 0; node = fdt_next_node(blob, node, NULL)) {
        uint32_t numa = is_memory(blob, node) || is_cpu(blob, node) ? numa_of(blob, node) : 0;
        f->n_nodes = numa < FACT_NODES && numa >= f->n_nodes ? numa + 1 : f->n_nodes;
        if (!seen && is_distance_map(blob, node)) {
            rows = get(blob, node, "distance-matrix", &n);
            seen = true;
        }
    }
    for (unsigned from = 0; from < FACT_NODES; from++)
        for (unsigned to = 0; to < FACT_NODES; to++) {
            uint32_t far = from == to ? 10 : said_either_way(rows, n, from, to);
            f->distance[from * FACT_NODES + to] = far == 0 ? 20 : far > 255 ? 255 : (uint8_t)far;
        }
}

struct facts facts_libfdt(const void *blob) {
    struct facts f = {.bootargs = "", .boot_cpu = fdt_boot_cpuid_phys(blob)};
    uint32_t where;
    add_reservation_block(&f, blob, &where);
    for (int node = fdt_next_node(blob, -1, NULL); node >= 0; node = fdt_next_node(blob, node, NULL))
        if (is_memory(blob, node))
            add_memory_node(&f, blob, node);
    for (int node = fdt_next_node(blob, -1, NULL); node >= 0; node = fdt_next_node(blob, node, NULL))
        if (is_reserved(blob, node))
            add_reserved_node(&f, blob, node);
    read_cpus(&f, blob);
    read_nodes(&f, blob);
    int chosen = chosen_node(blob);
    if (chosen < 0)
        return f;
    read_chosen(&f, blob, chosen);
    add(&f, f.initrd.base, f.initrd.end - f.initrd.base, QUIRE_RESERVED);
    reserve_array(&f, blob, chosen, NULL,
                  array(blob, chosen, "linux,elfcorehdr", address_cells(blob, 0), size_cells(blob, 0)));
    return f;
}

/* ---- problems ------------------------------------------------------------------------------------------- */

static uint32_t where_of(const void *blob, int node, const char *name) {
    unsigned n;
    const uint8_t *value = get(blob, node, name, &n);
    return value != NULL ? (uint32_t)(value - (const uint8_t *)blob) : 0;
}

static uint32_t token_of(const void *blob, int node) {
    return fdt_off_dt_struct(blob) + (uint32_t)node;
}

static void say_if(struct problems *p, bool is_bad, enum quire_fdt_status status, const void *blob, int node,
                   const char *name) {
    if (is_bad)
        problems_add(p, status, where_of(blob, node, name));
}

static void check_array(struct problems *p, const void *blob, int node, const char *name, struct array x,
                        bool needs_size) {
    bool wide = x.a > 2 || x.s > 2 || (needs_size && x.s == 0);
    say_if(p, x.n_bytes > 0 && wide, QUIRE_FDT_CELLS, blob, node, name);
    say_if(p, x.n_bytes > 0 && !wide && !is_whole(&x), QUIRE_FDT_REG, blob, node, name);
}

static bool is_bad_number(const void *blob, int node, const char *name) {
    return has(blob, node, name) && !is_number(blob, node, name);
}

static void check_memory(struct problems *p, const void *blob, int node) {
    unsigned n;
    const char *name = has(blob, node, "linux,usable-memory") ? "linux,usable-memory" : "reg";
    check_array(p, blob, node, name, memory_array(blob, node), true);
    get(blob, node, "reg", &n);
    if (name[0] == 'r' && n == 0)
        problems_add(p, QUIRE_FDT_NOTHING, token_of(blob, node));
    get(blob, node, "numa-node-id", &n);
    say_if(p, has(blob, node, "numa-node-id") && n != 4, QUIRE_FDT_NUMA, blob, node, "numa-node-id");
}

static bool says_something(const void *blob, int node) {
    unsigned n;
    get(blob, node, "reg", &n);
    return n > 0 || okay(blob, node);
}

static void check_request(struct problems *p, const void *blob, int node) {
    unsigned n, n_align;
    struct array x = array_of_reserved(blob, node, "alloc-ranges");
    uint64_t align = number_property(blob, node, "alignment"), bits = 0;
    for (uint64_t rest = align; rest != 0; rest /= 2)
        bits += rest % 2;
    get(blob, node, "size", &n);
    get(blob, node, "alignment", &n_align);
    if (n == 0) {
        problems_add(p, QUIRE_FDT_NOTHING, token_of(blob, node));
        return;
    }
    say_if(p, n != 4 * x.s || number_property(blob, node, "size") == 0, QUIRE_FDT_REQUEST, blob, node, "size");
    say_if(p, has(blob, node, "alignment") && (n_align == 0 || n_align != 4 * x.a || bits > 1), QUIRE_FDT_REQUEST, blob,
           node, "alignment");
    say_if(p, x.n_bytes > 0 && (x.a > 2 || x.s > 2 || x.s == 0 || !is_whole(&x)), QUIRE_FDT_REQUEST, blob, node,
           "alloc-ranges");
}

static void check_reserved(struct problems *p, const void *blob, int node) {
    struct array reg = array_of_reserved(blob, node, "reg");
    if (!says_something(blob, node))
        return;
    if (reg.n_bytes > 0)
        check_array(p, blob, node, "reg", reg, true);
    else
        check_request(p, blob, node);
    say_if(p, has(blob, node, "no-map") && has(blob, node, "reusable"), QUIRE_FDT_FLAGS, blob, node, "reusable");
}

/* A /reserved-memory that reserves something. */
static void check_reserved_parent(struct problems *p, const void *blob, int node) {
    unsigned n;
    bool used = false;
    for (int child = fdt_first_subnode(blob, node); child >= 0; child = fdt_next_subnode(blob, child))
        used |= says_something(blob, child);
    if (!used)
        return;
    if (address_cells(blob, node) != address_cells(blob, 0) || size_cells(blob, node) != size_cells(blob, 0))
        problems_add(p, QUIRE_FDT_OWN_CELLS, token_of(blob, node));
    get(blob, node, "ranges", &n);
    say_if(p, n > 0, QUIRE_FDT_RANGES, blob, node, "ranges");
}

static void check_chosen(struct problems *p, const void *blob, int node) {
    unsigned n, a = address_cells(blob, 0), s = size_cells(blob, 0);
    const uint8_t *args = get(blob, node, "bootargs", &n);
    static const char *const from = "linux,initrd-start", *const to = "linux,initrd-end";
    static const char *const range = "linux,usable-memory-range";
    say_if(p, n > 0 && args[n - 1] != '\0', QUIRE_FDT_STRING, blob, node, "bootargs");
    bool bad_from = is_bad_number(blob, node, from) || (has(blob, node, from) && !has(blob, node, to));
    bool bad_to = is_bad_number(blob, node, to) || (has(blob, node, to) && !has(blob, node, from)) ||
                  number_property(blob, node, to) < number_property(blob, node, from);
    say_if(p, bad_from || bad_to, QUIRE_FDT_INITRD, blob, node, bad_from ? from : to);
    struct array limits = array(blob, node, range, a, s);
    check_array(p, blob, node, range, limits, true);
    say_if(p, has(blob, node, range) && !has_limits(blob, node, &limits), QUIRE_FDT_NOTHING, blob, node, range);
    check_array(p, blob, node, "linux,elfcorehdr", array(blob, node, "linux,elfcorehdr", a, s), true);
}

static void check_node(struct problems *p, const void *blob, int node) {
    unsigned n_address, n_size;
    get(blob, node, "#address-cells", &n_address);
    get(blob, node, "#size-cells", &n_size);
    say_if(p, has(blob, node, "#address-cells") && n_address != 4, QUIRE_FDT_CELLS, blob, node, "#address-cells");
    say_if(p, has(blob, node, "#size-cells") && n_size != 4, QUIRE_FDT_CELLS, blob, node, "#size-cells");

    if (is_memory(blob, node))
        check_memory(p, blob, node);
    else if (is_okay_top(blob, node, "memory") && !has(blob, node, "device_type"))
        problems_add(p, QUIRE_FDT_DEVICE_TYPE, token_of(blob, node));
    if (is_reserved(blob, node))
        check_reserved(p, blob, node);
    if (is_called(blob, node, "reserved-memory") && depth_of(blob, node) == 1)
        check_reserved_parent(p, blob, node);
    if (is_cpu(blob, node)) {
        check_array(p, blob, node, "reg", array_of_child(blob, node, "reg"), false);
        get(blob, node, "numa-node-id", &n_size);
        say_if(p, has(blob, node, "numa-node-id") && n_size != 4, QUIRE_FDT_NUMA, blob, node, "numa-node-id");
    }
    if (is_distance_map(blob, node)) {
        get(blob, node, "distance-matrix", &n_size);
        say_if(p, n_size % 12 != 0, QUIRE_FDT_NUMA, blob, node, "distance-matrix");
    }
    if (is_cpu(blob, node) || is_cpus(blob, node))
        say_if(p, is_bad_number(blob, node, "timebase-frequency"), QUIRE_FDT_TIMEBASE, blob, node,
               "timebase-frequency");
    if (is_okay_top(blob, node, "chosen"))
        check_chosen(p, blob, node);
}

void problems_libfdt(const void *blob, struct problems *p) {
    struct facts unused = {0};
    uint32_t where;
    if (!add_reservation_block(&unused, blob, &where))
        problems_add(p, QUIRE_FDT_RESERVATIONS, where);
    for (int node = fdt_next_node(blob, -1, NULL); node >= 0; node = fdt_next_node(blob, node, NULL)) {
        int depth = depth_of(blob, node);
        if (depth < (int)QUIRE_FDT_MAX_DEPTH)
            check_node(p, blob, node);
        else if (depth == (int)QUIRE_FDT_MAX_DEPTH)
            problems_add(p, QUIRE_FDT_DEPTH, token_of(blob, node));
    }
}
