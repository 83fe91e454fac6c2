/* fdt_numa.c: nodes of memory: which memory and CPUs are near to each other, and how far it is from node to node (numa.txt of
 * the device tree bindings).
 *
 * A node of memory has a number and nothing else: numa-node-id of memory and of CPUs. The numbers mostly begin with 0, but
 * nobody says so. Distances are in one node of the tree, in rows of three cells: from, to, how far. A tree may say
 * them one way only, for some pairs only, or not at all.
 *
 * Cost: a walk over the tree for each question; for distances, two looks at each row. */
#include "fdt_node.h"

/* Distances, by numa.txt. */
#define SAME  10u /* from a node to itself */
#define OTHER 20u /* between two nodes of which the tree says nothing */

/* ---- the node of memory and of CPUs ------------------------------------------------------------------------ */

static uint32_t node_of(const struct q_fdt_walk *walk) {
    struct q_fdt_value node = q_fdt_own(walk, "numa-node-id");
    return node.n_bytes == 4 ? (uint32_t)q_fdt_number(walk->fdt, node.at, 1) : QUIRE_FDT_NO_NUMA_NODE;
}

size_t quire_fdt_cpu_nodes(const struct quire_fdt *fdt, uint32_t *nodes, size_t capacity) {
    struct q_fdt_cpus cpus;
    size_t n = 0;
    uint64_t id;
    for (q_fdt_start_cpus(&cpus, fdt); q_fdt_next_cpu(&cpus, &id); n++)
        if (n < capacity)
            nodes[n] = node_of(&cpus.walk);
    return n;
}

unsigned quire_fdt_n_nodes(const struct quire_fdt *fdt, unsigned most) {
    struct q_fdt_walk walk;
    unsigned n = 1;
    q_fdt_start(&walk, fdt);
    while (q_fdt_next(&walk)) {
        uint32_t node = q_fdt_is_memory(&walk) || q_fdt_is_cpu(&walk) ? node_of(&walk) : 0;
        n = node < most && node >= n ? node + 1 : n;
    }
    return n;
}

/* As they come: of memory that two nodes claim, the later one's. */
bool quire_fdt_set_nodes(const struct quire_fdt *fdt, struct quire_regions *map, unsigned n_nodes) {
    struct q_fdt_walk walk;
    bool room = true;
    q_fdt_start(&walk, fdt);
    while (q_fdt_next(&walk)) {
        if (!q_fdt_is_memory(&walk) || node_of(&walk) >= n_nodes)
            continue;
        const char *property;
        struct q_fdt_ranges ranges = q_fdt_ranges(q_fdt_memory_ranges(&walk, &property), q_fdt_parent_cells(&walk));
        quire_pa base;
        uint64_t n_bytes;
        while (q_fdt_take(fdt, &ranges, &base, &n_bytes))
            room &= quire_regions_set_node(map, base, n_bytes, node_of(&walk));
    }
    return room;
}

/* ---- how far it is -------------------------------------------------------------------------------------- */

/* The rows of the first node that is a distance map; none: no bytes. A row is read as an entry of ranges: two cells for from and
 * to, one for how far. */
static struct q_fdt_ranges find_rows(const struct quire_fdt *fdt) {
    struct q_fdt_walk walk;
    struct q_fdt_value rows = {0, 0};
    q_fdt_start(&walk, fdt);
    while (q_fdt_next(&walk))
        if (q_fdt_is_distance_map(&walk)) {
            rows = q_fdt_own(&walk, "distance-matrix");
            break;
        }
    return q_fdt_ranges(rows, (struct q_fdt_cells){2, 1});
}

/* Enters each row that means something; those of the way back, too, if `both_ways`. */
static void enter_rows(const struct quire_fdt *fdt, struct q_fdt_ranges rows, bool both_ways, uint8_t *distance,
                       unsigned n_nodes) {
    uint64_t pair, far;
    while (q_fdt_take(fdt, &rows, &pair, &far)) {
        uint32_t from = (uint32_t)(pair >> 32), to = (uint32_t)pair;
        if (from >= n_nodes || to >= n_nodes || from == to || far < SAME)
            continue;
        uint8_t entry = far < UINT8_MAX ? (uint8_t)far : UINT8_MAX;
        distance[from * n_nodes + to] = entry;
        if (both_ways)
            distance[to * n_nodes + from] = entry;
    }
}

void quire_fdt_distances(const struct quire_fdt *fdt, uint8_t *distance, unsigned n_nodes) {
    struct q_fdt_ranges rows = find_rows(fdt);
    for (unsigned from = 0; from < n_nodes; from++)
        for (unsigned to = 0; to < n_nodes; to++)
            distance[from * n_nodes + to] = from == to ? SAME : OTHER;
    enter_rows(fdt, rows, true, distance, n_nodes);
    enter_rows(fdt, rows, false, distance, n_nodes); /* what is said of the way back itself is right */
}
