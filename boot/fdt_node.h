/* fdt_node.h: which node a walk is at, and the lists of ranges that its properties hold. For the files of this folder only;
 * fdt.h is the interface. */
#ifndef QUIRE_BOOT_FDT_NODE_H
#define QUIRE_BOOT_FDT_NODE_H

#include "fdt_walk.h"

/* ---- which node is it ----------------------------------------------------------------------------------- */

const struct q_fdt_level *q_fdt_here(const struct q_fdt_walk *walk); /* not where the walk is too deep */
struct q_fdt_value q_fdt_own(const struct q_fdt_walk *walk, const char *name);

/* Whether it is an okay child of the root with this name, or this name and a unit address (section 2.2.1). */
bool q_fdt_is_top(const struct q_fdt_walk *walk, const char *name);

/* Goes to the first such node. */
bool q_fdt_find_top(struct q_fdt_walk *walk, const struct quire_fdt *fdt, const char *name);

bool q_fdt_is_memory(const struct q_fdt_walk *walk);
bool q_fdt_is_reserved(const struct q_fdt_walk *walk); /* a child of /reserved-memory, okay or not */
bool q_fdt_is_cpu(const struct q_fdt_walk *walk);
bool q_fdt_is_distance_map(const struct q_fdt_walk *walk); /* an okay node, anywhere in the tree */

/* The address in the node's name, "ramoops@b000000"; 0: it has none that is a number. */
uint64_t q_fdt_unit_address(const struct q_fdt_walk *walk);

/* ---- numbers and ranges ----------------------------------------------------------------------------------- */

/* How many cells an address and a size have. */
struct q_fdt_cells {
    uint8_t address, size;
};

/* The cells of an open node's children; of the node that the walk is at; of that node as a child of /reserved-memory. */
struct q_fdt_cells q_fdt_cells(const struct q_fdt_level *bus);
struct q_fdt_cells q_fdt_parent_cells(const struct q_fdt_walk *walk);
struct q_fdt_cells q_fdt_reserved_cells(const struct q_fdt_walk *walk);

/* What is left of a list of ranges, each an address and a size (section 2.3.6, the value type <prop-encoded-array>). */
struct q_fdt_ranges {
    uint32_t at, end;
    struct q_fdt_cells cells;
};

struct q_fdt_ranges q_fdt_ranges(struct q_fdt_value value, struct q_fdt_cells cells);

/* Takes the next entry. False: there is none; the bytes from `at` to `end`, if any, are less than an entry. */
bool q_fdt_take(const struct quire_fdt *fdt, struct q_fdt_ranges *ranges, uint64_t *address, uint64_t *size);

/* OK, CELLS or REG. Memory needs a size, a CPU has none. */
enum quire_fdt_status q_fdt_check_ranges(const struct quire_fdt *fdt, struct q_fdt_ranges ranges, bool needs_size);

/* A walk over the usable CPUs: each entry of each CPU node's reg (section 3.8). */
struct q_fdt_cpus {
    struct q_fdt_walk walk;
    struct q_fdt_ranges reg; /* what is left of the node that the walk is at */
};

void q_fdt_start_cpus(struct q_fdt_cpus *cpus, const struct quire_fdt *fdt);
bool q_fdt_next_cpu(struct q_fdt_cpus *cpus, uint64_t *id); /* false: there are no more */

/* A property of 4 or 8 bytes. */
bool q_fdt_is_number(struct q_fdt_value value);
uint64_t q_fdt_value_number(const struct quire_fdt *fdt, struct q_fdt_value value);

/* The ranges of the memory node that the walk is at, and what they are called. */
struct q_fdt_value q_fdt_memory_ranges(const struct q_fdt_walk *walk, const char **property);

/* Translates [*base, *base + n_bytes) from the addresses of a bus, level[bus], to those of its own parent: by the entry
 * of its `ranges` (section 2.3.8) that holds all of it. Empty ranges mean that the addresses are the same; without
 * ranges nothing on the bus can be addressed. */
bool q_fdt_translate(const struct q_fdt_walk *walk, unsigned bus, quire_pa *base, uint64_t n_bytes);

#endif
