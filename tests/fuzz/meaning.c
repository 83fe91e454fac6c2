/* meaning.c: what the nodes of a tree mean (Devicetree Specification v0.4, chapters 2 and 3). See tree.h. */
#include "tree.h"

#include <string.h>

/* ---- properties ----------------------------------------------------------------------------------------- */

const struct tree_property *tree_property(const struct tree_node *node, const char *name) {
    for (size_t i = 0; i < node->n_properties; i++) {
        if (strcmp(node->properties[i].name, name) == 0) {
            return &node->properties[i];
        }
    }
    return NULL;
}

const char *tree_string(const struct tree_property *list, uint32_t *at) {
    const uint8_t *begin = list->value + *at, *end = memchr(begin, '\0', list->n_bytes - *at);
    if (end == NULL) { /* what has no NUL is no string */
        return NULL;
    }
    *at += (uint32_t)(end - begin) + 1;
    return (const char *)begin;
}

static bool says(const struct tree_node *node, const char *name, const char *text) {
    const struct tree_property *list = tree_property(node, name);
    uint32_t at = 0;
    for (const char *string; list != NULL && (string = tree_string(list, &at)) != NULL;) {
        if (strcmp(string, text) == 0) {
            return true;
        }
    }
    return false;
}

static uint64_t number(const uint8_t *bytes, uint64_t n_cells) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 4 * n_cells; i++) {
        sum = sum * 256 + bytes[i];
    }
    return sum;
}

static bool is_number(const struct tree_property *p) {
    return p->n_bytes == 4 || p->n_bytes == 8;
}

/* The number of cells that a node says, if it says it in a way that counts. */
static uint64_t cells(const struct tree_node *node, const char *name, uint64_t otherwise) {
    const struct tree_property *p = tree_property(node, name);
    return p != NULL && p->n_bytes == 4 ? number(p->value, 1) : otherwise;
}

/* ---- kinds of nodes ------------------------------------------------------------------------------------- */

static bool okay(const struct tree_node *node) {
    for (; node != NULL; node = node->parent) {
        if (tree_property(node, "status") != NULL && !says(node, "status", "okay") && !says(node, "status", "ok")) {
            return false;
        }
    }
    return true;
}

static bool is_top(const struct tree_node *node, const char *name) {
    return node->depth == 1 && strcmp(node->name, name) == 0;
}

static bool is_memory(const struct tree_node *node) {
    return node->depth == 1 && okay(node) && says(node, "device_type", "memory");
}

static bool is_reservation(const struct tree_node *node) {
    return node->depth == 2 && is_top(node->parent, "reserved-memory");
}

static bool is_cpus(const struct tree_node *node) {
    return is_top(node, "cpus") && okay(node);
}

static bool is_cpu(const struct tree_node *node) {
    return node->depth == 2 && is_top(node->parent, "cpus") && okay(node) && says(node, "device_type", "cpu");
}

static const struct tree_node *chosen(const struct tree *t) {
    for (size_t i = 0; i < t->n_nodes; i++) {
        if (is_top(&t->nodes[i], "chosen") && okay(&t->nodes[i])) {
            return &t->nodes[i];
        }
    }
    return NULL;
}

/* ---- reg ------------------------------------------------------------------------------------------------ */

/* Address and size in entry `i` of a node's reg; false: there is no such entry, or it can not be understood. */
static bool reg(const struct tree_node *node, uint64_t i, uint64_t *address, uint64_t *size) {
    const struct tree_property *p = tree_property(node, "reg");
    uint64_t a = cells(node->parent, "#address-cells", 2), s = cells(node->parent, "#size-cells", 1);
    uint64_t entry = 4 * (a + s);
    if (p == NULL || a > 2 || s > 2 || entry == 0 || p->n_bytes % entry != 0 || i >= p->n_bytes / entry) {
        return false;
    }
    *address = number(p->value + i * entry, a);
    *size = number(p->value + i * entry + 4 * a, s);
    return true;
}

static uint32_t check_reg(const struct tree_node *node) {
    const struct tree_property *p = tree_property(node, "reg");
    uint64_t address, size;
    if (p == NULL || p->n_bytes == 0) {
        bool wide = cells(node->parent, "#address-cells", 2) > 2 || cells(node->parent, "#size-cells", 1) > 2;
        return p != NULL && wide ? 1u << QUIRE_FDT_CELLS : 0;
    }
    return reg(node, 0, &address, &size) ? 0 : 1u << QUIRE_FDT_CELLS | 1u << QUIRE_FDT_REG;
}

/* ---- problems ------------------------------------------------------------------------------------------- */

static uint32_t check_cells(const struct tree_node *node) {
    const struct tree_property *a = tree_property(node, "#address-cells"), *s = tree_property(node, "#size-cells");
    return (a != NULL && a->n_bytes != 4) || (s != NULL && s->n_bytes != 4) ? 1u << QUIRE_FDT_CELLS : 0;
}

static uint32_t check_chosen(const struct tree_node *node) {
    const struct tree_property *args = tree_property(node, "bootargs");
    const struct tree_property *start = tree_property(node, "linux,initrd-start");
    const struct tree_property *end = tree_property(node, "linux,initrd-end");
    uint32_t problems = 0;
    if (args != NULL && args->n_bytes > 0 && args->value[args->n_bytes - 1] != '\0') {
        problems |= 1u << QUIRE_FDT_STRING;
    }
    if ((start != NULL && !is_number(start)) || (end != NULL && !is_number(end))) {
        problems |= 1u << QUIRE_FDT_INITRD;
    } else if (start != NULL && end != NULL &&
               number(end->value, end->n_bytes / 4) < number(start->value, start->n_bytes / 4)) {
        problems |= 1u << QUIRE_FDT_INITRD;
    }
    return problems;
}

uint32_t tree_check_meaning(const struct tree *tree) {
    uint32_t problems = 0;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const struct tree_node *node = &tree->nodes[i];
        const struct tree_property *timebase = tree_property(node, "timebase-frequency");
        problems |= check_cells(node);
        if (is_memory(node) || is_reservation(node) || is_cpu(node)) {
            problems |= check_reg(node);
        }
        if ((is_cpus(node) || is_cpu(node)) && timebase != NULL && !is_number(timebase)) {
            problems |= 1u << QUIRE_FDT_TIMEBASE;
        }
        if (is_top(node, "chosen") && okay(node)) {
            problems |= check_chosen(node);
        }
    }
    return problems;
}

/* ---- questions ------------------------------------------------------------------------------------------ */

static size_t append(struct quire_region *out, size_t n, struct quire_region r) {
    if (r.base == r.end) {
        return n;
    }
    out[n] = r;
    return n + 1;
}

size_t tree_regions(const struct tree *tree, struct quire_region *out) {
    size_t n = 0;
    for (size_t i = 0; i < tree->n_reservations; i++) {
        n = append(out, n, tree->reservations[i]);
    }
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const struct tree_node *node = &tree->nodes[i];
        enum quire_region_type type = is_memory(node) ? QUIRE_USABLE : QUIRE_RESERVED;
        uint64_t base, size;
        for (uint64_t r = 0; (is_memory(node) || is_reservation(node)) && reg(node, r, &base, &size); r++) {
            n = append(out, n, (struct quire_region){base, base + size < base ? UINT64_MAX : base + size, type});
        }
    }
    struct quire_region initrd;
    return tree_initrd(tree, &initrd) ? append(out, n, initrd) : n;
}

size_t tree_cpus(const struct tree *tree, uint64_t *hart_ids) {
    size_t n = 0;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        uint64_t id, size;
        for (uint64_t r = 0; is_cpu(&tree->nodes[i]) && reg(&tree->nodes[i], r, &id, &size); r++) {
            hart_ids[n++] = id;
        }
    }
    return n;
}

bool tree_initrd(const struct tree *tree, struct quire_region *initrd) {
    const struct tree_node *node = chosen(tree);
    const struct tree_property *start = node != NULL ? tree_property(node, "linux,initrd-start") : NULL;
    const struct tree_property *end = node != NULL ? tree_property(node, "linux,initrd-end") : NULL;
    if (start == NULL || end == NULL) {
        return false;
    }
    *initrd = (struct quire_region){number(start->value, start->n_bytes / 4), number(end->value, end->n_bytes / 4),
                                    QUIRE_RESERVED};
    return initrd->base < initrd->end;
}

const char *tree_bootargs(const struct tree *tree) {
    const struct tree_node *node = chosen(tree);
    const struct tree_property *args = node != NULL ? tree_property(node, "bootargs") : NULL;
    return args != NULL && args->n_bytes > 0 ? (const char *)args->value : "";
}

uint64_t tree_timebase_hz(const struct tree *tree) {
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const struct tree_node *node = &tree->nodes[i];
        const struct tree_property *timebase = tree_property(node, "timebase-frequency");
        if (timebase != NULL && (is_cpus(node) || is_cpu(node))) {
            return number(timebase->value, timebase->n_bytes / 4);
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
    uint64_t c = cells(bus, "#address-cells", 2), p = cells(bus->parent, "#address-cells", 2);
    uint64_t s = cells(bus, "#size-cells", 1), entry = 4 * (c + p + s);
    if (ranges == NULL || c > 2 || p > 2 || s > 2) {
        return false;
    }
    for (uint64_t i = 0; entry > 0 && (i + 1) * entry <= ranges->n_bytes; i++) {
        const uint8_t *at = ranges->value + i * entry;
        uint64_t from = number(at, c), to = number(at + 4 * c, p), length = number(at + 4 * (c + p), s);
        if (*base >= from && *base - from < length && length - (*base - from) >= size) {
            uint64_t offset = *base - from;
            *base = to + offset;
            return to <= UINT64_MAX - offset && translate(bus->parent, base, size);
        }
    }
    return ranges->n_bytes == 0 && translate(bus->parent, base, size);
}

bool tree_device(const struct tree *tree, const char *compatible, struct quire_region *registers) {
    for (size_t i = 0; i < tree->n_nodes; i++) {
        const struct tree_node *node = &tree->nodes[i];
        uint64_t base, size;
        if (node->parent != NULL && okay(node) && says(node, "compatible", compatible) && reg(node, 0, &base, &size) &&
            translate(node->parent, &base, size) && base + size > base) {
            *registers = (struct quire_region){base, base + size, QUIRE_RESERVED};
            return true;
        }
    }
    return false;
}
