/* problems.c: what is wrong with what the nodes of a tree mean. See tree.h. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

static void say_if(struct tree *tree, bool is_bad, enum quire_fdt_status status, const struct tree_node *node,
                   const char *name) {
    if (is_bad) {
        tree_problem(tree, status, (uint32_t)(tree_property(node, name)->value - tree->blob));
    }
}

static void check_table(struct tree *tree, const struct tree_node *node, const char *name, struct cells cells,
                        bool needs_size) {
    struct table t = table_read(node, name, cells);
    bool useless = t.wide || (needs_size && cells.size == 0), any = node_bytes_of(node, name) > 0;
    say_if(tree, any && useless, QUIRE_FDT_CELLS, node, name);
    say_if(tree, any && !useless && t.n_rest > 0, QUIRE_FDT_REG, node, name);
    free(t.rows);
}

static void check_any(struct tree *tree, const struct tree_node *node) {
    static const char *const cells[] = {"#address-cells", "#size-cells"};
    for (unsigned i = 0; i < 2; i++) {
        say_if(tree, node_has(node, cells[i]) && node_bytes_of(node, cells[i]) != 4, QUIRE_FDT_CELLS, node, cells[i]);
    }
    for (size_t i = 0; i < node->n_properties; i++) {
        if (node->properties[i].name == NULL) { /* only the first is told of */
            tree_problem(tree, QUIRE_FDT_NAME, (uint32_t)(node->properties[i].value - tree->blob) - 12);
            return;
        }
    }
}

static void check_numa(struct tree *tree, const struct tree_node *node) {
    say_if(tree, node_has(node, "numa-node-id") && node_bytes_of(node, "numa-node-id") != 4, QUIRE_FDT_NUMA, node,
           "numa-node-id");
}

static void check_memory(struct tree *tree, const struct tree_node *node) {
    const char *name = node_memory_property(node);
    check_table(tree, node, name, node_cells_of(node->parent), true);
    if (strcmp(name, "reg") == 0 && node_bytes_of(node, "reg") == 0) {
        tree_problem(tree, QUIRE_FDT_NOTHING, node->at);
    }
    check_numa(tree, node);
}

/* Whether a child of /reserved-memory has something to say. */
static bool counts(const struct tree_node *node) {
    return node_bytes_of(node, "reg") > 0 || node_okay(node);
}

static void check_request(struct tree *tree, const struct tree_node *node) {
    struct cells cells = node_reserving_cells(node);
    uint64_t alignment = node_number_of(node, "alignment"), power = 1;
    while (power < alignment && power <= UINT64_MAX / 2) {
        power *= 2;
    }
    if (node_bytes_of(node, "size") == 0) {
        tree_problem(tree, QUIRE_FDT_NOTHING, node->at);
        return;
    }
    say_if(tree, node_bytes_of(node, "size") != 4 * cells.size || node_number_of(node, "size") == 0, QUIRE_FDT_REQUEST,
           node, "size");
    bool narrow = node_bytes_of(node, "alignment") != 4 * cells.address || node_bytes_of(node, "alignment") == 0;
    say_if(tree, node_has(node, "alignment") && (narrow || (alignment != 0 && alignment != power)), QUIRE_FDT_REQUEST,
           node, "alignment");
    struct table t = table_read(node, "alloc-ranges", cells);
    say_if(tree, node_bytes_of(node, "alloc-ranges") > 0 && (t.n_rest > 0 || cells.size == 0), QUIRE_FDT_REQUEST, node,
           "alloc-ranges");
    free(t.rows);
}

static void check_reservation(struct tree *tree, const struct tree_node *node) {
    if (node_bytes_of(node, "reg") > 0) {
        check_table(tree, node, "reg", node_reserving_cells(node), true);
    } else {
        check_request(tree, node);
    }
    say_if(tree, node_has(node, "no-map") && node_has(node, "reusable"), QUIRE_FDT_FLAGS, node, "reusable");
}

static uint64_t at_most_3(uint64_t n) {
    return n < 3 ? n : 3;
}

/* Of /reserved-memory, if a child counts. */
static void check_reserving(struct tree *tree, const struct tree_node *node) {
    struct cells own = node_cells_of(node), root = node_cells_of(node->parent);
    for (size_t i = 0; i < tree->n_nodes; i++) {
        if (tree->nodes[i].parent != node || !counts(&tree->nodes[i])) {
            continue;
        }
        if (at_most_3(own.address) != at_most_3(root.address) || at_most_3(own.size) != at_most_3(root.size)) {
            tree_problem(tree, QUIRE_FDT_OWN_CELLS, node->at);
        }
        say_if(tree, node_bytes_of(node, "ranges") > 0, QUIRE_FDT_RANGES, node, "ranges");
        return;
    }
}

static void check_initrd(struct tree *tree, const struct tree_node *node) {
    static const char *const names[] = {"linux,initrd-start", "linux,initrd-end"};
    for (unsigned i = 0; i < 2; i++) {
        if (node_has(node, names[i]) && (!node_is_number(node, names[i]) || !node_has(node, names[1 - i]))) {
            say_if(tree, true, QUIRE_FDT_INITRD, node, names[i]);
            return;
        }
    }
    say_if(tree, node_number_of(node, names[1]) < node_number_of(node, names[0]), QUIRE_FDT_INITRD, node, names[1]);
}

static void check_chosen(struct tree *tree, const struct tree_node *node) {
    static const char *const range = "linux,usable-memory-range";
    const struct tree_property *args = tree_property(node, "bootargs");
    say_if(tree, args != NULL && args->n_bytes > 0 && args->value[args->n_bytes - 1] != '\0', QUIRE_FDT_STRING, node,
           "bootargs");
    check_initrd(tree, node);
    check_table(tree, node, range, node_cells_of(node->parent), true);
    check_table(tree, node, "linux,elfcorehdr", node_cells_of(node->parent), true);
    struct table t = table_read(node, range, node_cells_of(node->parent));
    say_if(tree, node_has(node, range) && !table_limits(&t), QUIRE_FDT_NOTHING, node, range);
    free(t.rows);
}

static void check_node(struct tree *tree, const struct tree_node *node) {
    check_any(tree, node);
    if (node_is_memory(node)) {
        check_memory(tree, node);
    } else if (node_is_top(node, "memory") && node_okay(node) && !node_has(node, "device_type")) {
        tree_problem(tree, QUIRE_FDT_DEVICE_TYPE, node->at);
    }
    if (node_is_top(node, "reserved-memory")) {
        check_reserving(tree, node);
    }
    if (node_is_reservation(node) && counts(node)) {
        check_reservation(tree, node);
    }
    if (node_is_cpu(node)) {
        check_table(tree, node, "reg", node_cells_of(node->parent), false);
        check_numa(tree, node);
    }
    if (node_is_distance_map(node)) {
        say_if(tree, node_bytes_of(node, "distance-matrix") % 12 != 0, QUIRE_FDT_NUMA, node, "distance-matrix");
    }
    if (node_is_cpu(node) || node_is_cpus(node)) {
        say_if(tree, node_has(node, "timebase-frequency") && !node_is_number(node, "timebase-frequency"),
               QUIRE_FDT_TIMEBASE, node, "timebase-frequency");
    }
    if (node_is_top(node, "chosen") && node_okay(node)) {
        check_chosen(tree, node);
    }
}

void tree_check_meaning(struct tree *tree) {
    for (size_t i = 0; i < tree->n_nodes; i++) {
        if (tree->nodes[i].depth < QUIRE_FDT_MAX_DEPTH) {
            check_node(tree, &tree->nodes[i]);
        }
    }
}
