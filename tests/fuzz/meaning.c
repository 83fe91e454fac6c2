/* meaning.c: what the nodes of a tree mean, read the lenient way (boot/fdt.h; Devicetree Specification v0.4, chapters 2 and
 * 3). See tree.h. */
#include "fuzz.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

/* ---- memory --------------------------------------------------------------------------------------------- */

static uint32_t numa_of(const struct tree_node *node) {
    return node_bytes_of(node, "numa-node-id") == 4 ? (uint32_t)node_number_of(node, "numa-node-id")
                                                    : QUIRE_FDT_NO_NUMA_NODE;
}

static size_t cut(struct range r, const struct table *limits, struct quire_fdt_memory piece,
                  struct quire_fdt_memory *out, size_t n) {
    static const struct range everything = {0, UINT64_MAX};
    bool limited = table_limits(limits);
    for (size_t i = 0; i < (limited ? limits->n : 1); i++) {
        struct range limit = limited ? limits->rows[i] : everything;
        uint64_t base = r.base > limit.base ? r.base : limit.base;
        uint64_t end = table_end(r) < table_end(limit) ? table_end(r) : table_end(limit);
        if (base < end) {
            piece.base = base;
            piece.n_bytes = end - base;
            if (out != NULL) {
                out[n] = piece;
            }
            n++;
        }
    }
    return n;
}

size_t tree_memory(const struct tree *tree, struct quire_fdt_memory *out) {
    const struct tree_node *choice = node_chosen(tree);
    struct cells none = {0, 0};
    struct table limits = choice != NULL
                              ? table_read(choice, "linux,usable-memory-range", node_cells_of(choice->parent))
                              : table_make(NULL, none);
    size_t n = 0;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const struct tree_node *node = &tree->nodes[i];
        if (!node_is_memory(node)) {
            continue;
        }
        struct table t = table_read(node, node_memory_property(node), node_cells_of(node->parent));
        struct quire_fdt_memory piece = {.hotpluggable = node_has(node, "hotpluggable")};
        piece.numa_node = numa_of(node);
        for (size_t row = 0; row < t.n; row++) {
            n = cut(t.rows[row], &limits, piece, out, n);
        }
        free(t.rows);
    }
    free(limits.rows);
    return n;
}

/* ---- reserved memory ------------------------------------------------------------------------------------ */

static bool translate(const struct tree_node *bus, uint64_t *base, uint64_t size);

static size_t reserve(const struct tree_node *node, struct range r, struct quire_fdt_reserved piece,
                      struct quire_fdt_reserved *out, size_t n) {
    uint64_t moved = r.base;
    struct range again = r;
    if (node_is_reservation(node) && translate(node->parent, &moved, r.size)) {
        again.base = moved;
    }
    for (unsigned i = 0; i < (again.base != r.base ? 2u : 1u); i++) {
        struct range at = i == 0 ? r : again;
        piece.base = at.base;
        piece.n_bytes = table_end(at) - at.base;
        if (piece.n_bytes > 0) {
            out[n++] = piece;
        }
    }
    return n;
}

static uint64_t unit_address(const struct tree_node *node) {
    static const char digits[] = "00112233445566778899aAbBcCdDeEfF";
    const char *at = strchr(node->name, '@'), *digit;
    uint64_t address = 0;
    if (at == NULL) {
        return 0;
    }
    for (at++; *at != '\0'; at++) {
        digit = strchr(digits, *at);
        if (digit == NULL || address > UINT64_MAX / 16) {
            return 0;
        }
        address = address * 16 + (uint64_t)(digit - digits) / 2;
    }
    return address;
}

/* What a table is about if it is whole, begins at `address`, and has no row without bytes; or else 0. */
static uint64_t weight(const struct table *t, uint64_t address) {
    uint64_t sum = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (t->rows[i].size == 0) {
            return 0;
        }
        sum = table_end((struct range){sum, t->rows[i].size});
    }
    return t->n > 0 && t->n_rest == 0 && t->rows[0].base == address ? sum : 0;
}

static size_t reserve_rows(const struct tree_node *node, const struct table *t, struct quire_fdt_reserved piece,
                           struct quire_fdt_reserved *out, size_t n) {
    for (size_t i = 0; i < t->n; i++) {
        n = reserve(node, t->rows[i], piece, out, n);
    }
    return n;
}

/* Returns n where no cells fit the name. */
static size_t reserve_by_name(const struct tree_node *node, const struct tree_property *p,
                              struct quire_fdt_reserved piece, struct quire_fdt_reserved *out, size_t n) {
    static const struct cells ways[] = {{1, 1}, {1, 2}, {2, 1}, {2, 2}};
    uint64_t address = unit_address(node), least = 0;
    size_t best = 0;
    for (size_t i = 0; i < 4 && address != 0; i++) {
        struct table t = table_make(p, ways[i]);
        uint64_t w = weight(&t, address);
        if (w != 0 && (least == 0 || w < least)) {
            least = w;
            best = i;
        }
        free(t.rows);
    }
    if (least != 0) {
        struct table t = table_make(p, ways[best]);
        n = reserve_rows(node, &t, piece, out, n);
        free(t.rows);
    }
    return n;
}

static size_t reserve_property(const struct tree_node *node, const struct tree_property *p, struct cells cells,
                               struct quire_fdt_reserved piece, struct quire_fdt_reserved *out) {
    bool sizeless = cells.size == 0;
    struct table t = table_make(p, sizeless ? (struct cells){3, 3} : cells); /* so that everything is rest */
    size_t n = reserve_rows(node, &t, piece, out, 0);
    size_t rest = t.n_rest, by_name = rest > 0 ? reserve_by_name(node, p, piece, out, n) : n;
    if (rest > 0 && by_name == n && cells.address <= 2 && rest >= 4 * cells.address) {
        size_t n_cells = rest / 4 - cells.address;
        uint64_t size = table_number(t.rest + 4 * cells.address, n_cells < 2 ? n_cells : 2);
        struct range r = {table_number(t.rest, cells.address), size != 0 ? size : 1};
        by_name = reserve(node, r, piece, out, n);
    }
    free(t.rows);
    return by_name;
}

/* A node without a reg. */
static size_t request(const struct tree *tree, const struct tree_node *node, struct quire_fdt_reserved r,
                      struct quire_fdt_reserved *out) {
    const struct tree_property *ranges = tree_property(node, "alloc-ranges");
    struct cells cells = node_reserving_cells(node);
    struct table t = table_make(ranges, cells);
    size_t n_rows = t.n;
    free(t.rows);
    r.base = QUIRE_NONE;
    r.n_bytes = node_number_of(node, "size");
    r.alignment = QUIRE_PAGE_SIZE;
    while (r.alignment < node_number_of(node, "alignment")) {
        if (r.alignment > UINT64_MAX / 2) {
            return 0;
        }
        r.alignment *= 2;
    }
    r.address_cells = (uint8_t)(cells.address < 3 ? cells.address : 3);
    r.size_cells = (uint8_t)(cells.size < 3 ? cells.size : 3);
    if (ranges != NULL) {
        r.ranges = (uint32_t)(ranges->value - tree->blob);
        r.ranges_end = r.ranges + ranges->n_bytes;
    }
    bool clear = !node_has(node, "alignment") || node_is_number(node, "alignment");
    if (!node_okay(node) || !clear || r.n_bytes == 0 || (node_bytes_of(node, "alloc-ranges") > 0 && n_rows == 0)) {
        return 0;
    }
    out[0] = r;
    return 1;
}

size_t tree_reserved(const struct tree *tree, struct quire_fdt_reserved *out) {
    size_t n = 0;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const struct tree_node *node = &tree->nodes[i];
        if (!node_is_reservation(node)) {
            continue;
        }
        struct quire_fdt_reserved piece = {.name = node->name, .no_map = node_has(node, "no-map")};
        piece.reusable = node_has(node, "reusable") && !piece.no_map;
        if (node_bytes_of(node, "reg") > 0) {
            n += reserve_property(node, tree_property(node, "reg"), node_reserving_cells(node), piece, out + n);
        } else {
            n += request(tree, node, piece, out + n);
        }
    }
    return n;
}

/* ---- questions ------------------------------------------------------------------------------------------ */

size_t tree_regions(const struct tree *tree, struct quire_region *out) {
    struct quire_fdt_memory *memory = calloc(tree_memory(tree, NULL) + 1, sizeof *memory);
    struct quire_fdt_reserved *reserved = calloc(tree->n_bytes + 1, sizeof *reserved), none = {.name = ""};
    const struct tree_node *choice = node_chosen(tree);
    size_t n = 0, n_memory, n_reserved;
    if (memory == NULL || reserved == NULL) {
        fuzz_fail("the reader itself has no memory left");
    }
    for (size_t i = 0; i < tree->n_reservations; i++) {
        struct quire_region r = tree->reservations[i];
        if (r.base != r.end) {
            out[n++] = r;
        }
    }
    n_memory = tree_memory(tree, memory);
    for (size_t i = 0; i < n_memory; i++) {
        out[n++] = (struct quire_region){memory[i].base, memory[i].base + memory[i].n_bytes, QUIRE_USABLE, 0};
    }
    n_reserved = tree_reserved(tree, reserved);
    if (choice != NULL && tree_initrd(tree, &out[n])) {
        reserved[n_reserved].base = out[n].base;
        reserved[n_reserved++].n_bytes = out[n].end - out[n].base;
    }
    if (choice != NULL) {
        n_reserved += reserve_property(choice, tree_property(choice, "linux,elfcorehdr"), node_cells_of(choice->parent),
                                       none, reserved + n_reserved);
    }
    for (size_t i = 0; i < n_reserved; i++) {
        if (reserved[i].base != QUIRE_NONE) {
            out[n++] =
                (struct quire_region){reserved[i].base, reserved[i].base + reserved[i].n_bytes, QUIRE_RESERVED, 0};
        }
    }
    free(memory);
    free(reserved);
    return n;
}

size_t tree_cpus(const struct tree *tree, uint64_t *hart_ids) {
    size_t n = 0;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        if (!node_is_cpu(&tree->nodes[i])) {
            continue;
        }
        struct table t = table_read(&tree->nodes[i], "reg", node_cells_of(tree->nodes[i].parent));
        for (size_t row = 0; row < t.n; row++) {
            hart_ids[n++] = t.rows[row].base;
        }
        free(t.rows);
    }
    return n;
}

size_t tree_cpu_nodes(const struct tree *tree, uint32_t *nodes) {
    size_t n = 0;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const struct tree_node *node = &tree->nodes[i];
        struct table t = node_is_cpu(node) ? table_read(node, "reg", node_cells_of(node->parent)) : (struct table){0};
        for (size_t row = 0; row < t.n; row++) {
            nodes[n++] = numa_of(node);
        }
        free(t.rows);
    }
    return n;
}

unsigned tree_n_nodes(const struct tree *tree, unsigned most) {
    unsigned highest = 0;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const struct tree_node *node = &tree->nodes[i];
        bool counts = (node_is_cpu(node) || node_is_memory(node)) && numa_of(node) < most;
        highest = counts && numa_of(node) > highest ? numa_of(node) : highest;
    }
    return highest + 1;
}

unsigned tree_node_at(const struct tree *tree, quire_pa at, unsigned n_nodes) {
    unsigned found = 0;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const struct tree_node *node = &tree->nodes[i];
        if (!node_is_memory(node) || numa_of(node) >= n_nodes) {
            continue;
        }
        struct table t = table_read(node, node_memory_property(node), node_cells_of(node->parent));
        for (size_t row = 0; row < t.n; row++) {
            bool inside = at >= t.rows[row].base && at < table_end(t.rows[row]);
            found = inside ? numa_of(node) : found;
        }
        free(t.rows);
    }
    return found;
}

/* What the rows say of one way, the last one of all; 0: nothing. */
static unsigned said(const struct tree_node *map, unsigned from, unsigned to) {
    const uint8_t *bytes = tree_property(map, "distance-matrix")->value;
    unsigned far = 0;
    for (uint32_t row = 0; row < node_bytes_of(map, "distance-matrix") / 12; row++, bytes += 12) {
        uint64_t d = table_number(bytes + 8, 1);
        if (table_number(bytes, 1) == from && table_number(bytes + 4, 1) == to && d >= 10) {
            far = d > 255 ? 255 : (unsigned)d;
        }
    }
    return far;
}

unsigned tree_distance(const struct tree *tree, unsigned from, unsigned to) {
    for (size_t i = 0; i < tree->n_nodes && from != to; i++) {
        const struct tree_node *map = &tree->nodes[i];
        if (node_is_distance_map(map)) {
            bool rows = node_has(map, "distance-matrix");
            unsigned there = rows ? said(map, from, to) : 0, back = rows ? said(map, to, from) : 0;
            return there != 0 ? there : back != 0 ? back : 20;
        }
    }
    return from == to ? 10 : 20;
}

bool tree_initrd(const struct tree *tree, struct quire_region *initrd) {
    const struct tree_node *node = node_chosen(tree);
    if (node == NULL || !node_is_number(node, "linux,initrd-start") || !node_is_number(node, "linux,initrd-end")) {
        return false;
    }
    *initrd = (struct quire_region){node_number_of(node, "linux,initrd-start"),
                                    node_number_of(node, "linux,initrd-end"), QUIRE_RESERVED, 0};
    return initrd->base < initrd->end;
}

const char *tree_bootargs(const struct tree *tree) {
    const struct tree_node *node = node_chosen(tree);
    const struct tree_property *args = node != NULL ? tree_property(node, "bootargs") : NULL;
    if (args == NULL || args->n_bytes == 0) {
        return "";
    }
    bool ends = args->value[args->n_bytes - 1] == '\0' || args->value[args->n_bytes] == '\0';
    return ends ? (const char *)args->value : "";
}

uint64_t tree_timebase_hz(const struct tree *tree) {
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const struct tree_node *node = &tree->nodes[i];
        if ((node_is_cpus(node) || node_is_cpu(node)) && node_is_number(node, "timebase-frequency")) {
            return node_number_of(node, "timebase-frequency");
        }
    }
    return 0;
}

/* From addresses of `bus` to those of the CPU: through the first entry of each bus's ranges that holds all of it. */
static bool translate(const struct tree_node *bus, uint64_t *base, uint64_t size) {
    if (bus->parent == NULL) {
        return true;
    }
    const struct tree_property *ranges = tree_property(bus, "ranges");
    uint64_t c = node_cells_of(bus).address, p = node_cells_of(bus->parent).address;
    uint64_t s = node_cells_of(bus).size, entry = 4 * (c + p + s);
    if (ranges == NULL || c > 2 || p > 2 || s > 2) {
        return false;
    }
    for (uint64_t i = 0; entry > 0 && (i + 1) * entry <= ranges->n_bytes; i++) {
        const uint8_t *at = ranges->value + i * entry;
        uint64_t from = table_number(at, c), to = table_number(at + 4 * c, p),
                 length = table_number(at + 4 * (c + p), s);
        if (*base >= from && *base - from < length && length - (*base - from) >= size) {
            uint64_t offset = *base - from;
            *base = to + offset;
            return to <= UINT64_MAX - offset && translate(bus->parent, base, size);
        }
    }
    return ranges->n_bytes == 0 && translate(bus->parent, base, size);
}

/* Where a node has its registers, up to the first that can not be addressed: how many there are. */
static size_t registers_of(const struct tree_node *node, struct quire_region *registers, size_t capacity) {
    struct table t = table_read(node, "reg", node_cells_of(node->parent));
    size_t n = 0;
    for (; t.n_rest == 0 && n < t.n; n++) {
        struct range r = t.rows[n];
        if (!translate(node->parent, &r.base, r.size) || r.base + r.size <= r.base) {
            break;
        }
        if (n < capacity) {
            registers[n] = (struct quire_region){r.base, r.base + r.size, QUIRE_RESERVED, 0};
        }
    }
    free(t.rows);
    return n;
}

size_t tree_device(const struct tree *tree, const char *compatible, struct quire_region *registers, size_t capacity) {
    size_t n = 0;
    for (size_t i = 0; n == 0 && i < tree->n_nodes; i++) {
        const struct tree_node *node = &tree->nodes[i];
        if (node->parent != NULL && node->depth < QUIRE_FDT_MAX_DEPTH && node_okay(node) &&
            node_says(node, "compatible", compatible)) {
            n = registers_of(node, registers, capacity);
        }
    }
    return n;
}
