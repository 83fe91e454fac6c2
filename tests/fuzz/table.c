/* table.c: which nodes of a tree are which, and the tables of numbers in their properties. See table.h. */
#include "table.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* ---- properties ----------------------------------------------------------------------------------------- */

const struct tree_property *tree_property(const struct tree_node *node, const char *name) {
    for (size_t i = 0; i < node->n_properties; i++) {
        if (node->properties[i].name != NULL && strcmp(node->properties[i].name, name) == 0) {
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

bool node_says(const struct tree_node *node, const char *name, const char *text) {
    const struct tree_property *list = tree_property(node, name);
    uint32_t at = 0;
    for (const char *string; list != NULL && (string = tree_string(list, &at)) != NULL;) {
        if (strcmp(string, text) == 0) {
            return true;
        }
    }
    return false;
}

bool node_has(const struct tree_node *node, const char *name) {
    return tree_property(node, name) != NULL;
}

uint32_t node_bytes_of(const struct tree_node *node, const char *name) {
    return node_has(node, name) ? tree_property(node, name)->n_bytes : 0;
}

uint64_t table_number(const uint8_t *bytes, uint64_t n_cells) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 4 * n_cells; i++) {
        sum = sum * 256 + bytes[i];
    }
    return sum;
}

bool node_is_number(const struct tree_node *node, const char *name) {
    return node_bytes_of(node, name) == 4 || node_bytes_of(node, name) == 8;
}

uint64_t node_number_of(const struct tree_node *node, const char *name) {
    return node_is_number(node, name) ? table_number(tree_property(node, name)->value, node_bytes_of(node, name) / 4)
                                      : 0;
}

/* ---- kinds of nodes ------------------------------------------------------------------------------------- */

bool node_okay(const struct tree_node *node) {
    for (; node != NULL; node = node->parent) {
        if (node_has(node, "status") && !node_says(node, "status", "okay") && !node_says(node, "status", "ok")) {
            return false;
        }
    }
    return true;
}

bool node_is_top(const struct tree_node *node, const char *name) {
    size_t n = strcspn(node->name, "@");
    return node->depth == 1 && n == strlen(name) && strncmp(node->name, name, n) == 0;
}

bool node_is_memory(const struct tree_node *node) {
    return node->depth == 1 && node_okay(node) && node_says(node, "device_type", "memory");
}

bool node_is_reservation(const struct tree_node *node) {
    return node->depth == 2 && node_is_top(node->parent, "reserved-memory");
}

bool node_is_cpus(const struct tree_node *node) {
    return node_is_top(node, "cpus") && node_okay(node);
}

bool node_is_cpu(const struct tree_node *node) {
    return node->depth == 2 && node_is_top(node->parent, "cpus") && node_okay(node) &&
           node_says(node, "device_type", "cpu");
}

bool node_is_distance_map(const struct tree_node *node) {
    return node->depth < QUIRE_FDT_MAX_DEPTH && node_okay(node) &&
           node_says(node, "compatible", "numa-distance-map-v1");
}

const struct tree_node *node_chosen(const struct tree *t) {
    for (size_t i = 0; i < t->n_nodes; i++) {
        if (node_is_top(&t->nodes[i], "chosen") && node_okay(&t->nodes[i])) {
            return &t->nodes[i];
        }
    }
    return NULL;
}

/* ---- tables of ranges ------------------------------------------------------------------------------------- */

static uint64_t cell_count(const struct tree_node *node, const char *name, uint64_t otherwise) {
    if (!node_has(node, name)) {
        return otherwise;
    }
    return node_bytes_of(node, name) == 4 ? node_number_of(node, name) : UINT32_MAX;
}

struct cells node_cells_of(const struct tree_node *bus) {
    return (struct cells){cell_count(bus, "#address-cells", 2), cell_count(bus, "#size-cells", 1)};
}

/* Those in which the children of /reserved-memory are read. */
struct cells node_reserving_cells(const struct tree_node *node) {
    const struct tree_node *parent = node->parent, *root = parent->parent;
    uint64_t a = cell_count(parent, "#address-cells", 3), s = cell_count(parent, "#size-cells", 0);
    return (struct cells){a > 2 ? node_cells_of(root).address : a, s > 2 || s == 0 ? node_cells_of(root).size : s};
}

struct table table_make(const struct tree_property *p, struct cells cells) {
    struct table t = {.rest = p != NULL ? p->value : NULL, .n_rest = p != NULL ? p->n_bytes : 0};
    uint64_t row = 4 * (cells.address + cells.size);
    t.wide = cells.address > 2 || cells.size > 2;
    t.rows = calloc(t.n_rest / 4 + 1, sizeof *t.rows);
    if (t.rows == NULL) {
        fuzz_fail("the reader itself has no memory left");
    }
    while (!t.wide && row > 0 && t.n_rest >= row) {
        t.rows[t.n++] =
            (struct range){table_number(t.rest, cells.address), table_number(t.rest + 4 * cells.address, cells.size)};
        t.rest += row;
        t.n_rest -= row;
    }
    return t;
}

struct table table_read(const struct tree_node *node, const char *name, struct cells cells) {
    return table_make(tree_property(node, name), cells);
}

uint64_t table_end(struct range r) {
    return r.size > UINT64_MAX - r.base ? UINT64_MAX : r.base + r.size;
}

const char *node_memory_property(const struct tree_node *node) {
    return node_has(node, "linux,usable-memory") ? "linux,usable-memory" : "reg";
}

/* Whether /chosen limits memory: not with a table that is whole and has no bytes. */
bool table_limits(const struct table *t) {
    for (size_t i = 0; i < t->n; i++) {
        if (t->rows[i].size > 0) {
            return true;
        }
    }
    return t->n_rest > 0;
}
