/* tree.h: a second reader of device tree blobs, which shares no line with boot/fdt.c: it makes a tree of the whole blob
 * first, with all the memory that takes, and then looks around in it. */
#ifndef FUZZ_TREE_H
#define FUZZ_TREE_H

#include "boot/fdt.h"

struct tree_property {
    const char *name; /* NULL: its name is not inside the strings block */
    const uint8_t *value;
    uint32_t n_bytes;
};

struct tree_node {
    const char *name;
    uint32_t at;                    /* its token, a byte of the blob */
    const struct tree_node *parent; /* NULL: the root */
    unsigned depth;                 /* 0: the root */
    const struct tree_property *properties;
    size_t n_properties;
};

struct tree_problem {
    enum quire_fdt_status status;
    uint32_t where;
};

struct tree {
    const uint8_t *blob;
    uint32_t n_bytes, boot_cpu;
    uint32_t damage;               /* bit s: the blob's form is damaged, and a reader may refuse it with status s */
    struct tree_problem *problems; /* if not: what is wrong all the same, in no order */
    size_t n_problems;
    struct tree_node *nodes; /* in the blob's order */
    size_t n_nodes;
    struct tree_property *properties;
    size_t n_properties;
    struct quire_region *reservations;
    size_t n_reservations;
};

/* Where the form is damaged, the tree ends before. */
void tree_read(struct tree *tree, const uint8_t *blob, size_t n_readable);
void tree_free(struct tree *tree);

/* The questions of boot/fdt.h. The caller's arrays have room for whatever n_readable bytes can say. */
size_t tree_regions(const struct tree *tree, struct quire_region *out);
size_t tree_memory(const struct tree *tree, struct quire_fdt_memory *out);
size_t tree_reserved(const struct tree *tree, struct quire_fdt_reserved *out);
size_t tree_cpus(const struct tree *tree, uint64_t *hart_ids);
size_t tree_cpu_nodes(const struct tree *tree, uint32_t *nodes);
unsigned tree_n_nodes(const struct tree *tree, unsigned most);
unsigned tree_distance(const struct tree *tree, unsigned from, unsigned to);

/* The node, of n_nodes, of the memory at an address. */
unsigned tree_node_at(const struct tree *tree, quire_pa at, unsigned n_nodes);
bool tree_initrd(const struct tree *tree, struct quire_region *initrd);
const char *tree_bootargs(const struct tree *tree);
uint64_t tree_timebase_hz(const struct tree *tree);
size_t tree_device(const struct tree *tree, const char *compatible, struct quire_region *registers, size_t capacity);

/* For tree_read: the problems of what the nodes mean, and one more. */
void tree_check_meaning(struct tree *tree);
void tree_problem(struct tree *tree, enum quire_fdt_status status, uint32_t where);

const struct tree_property *tree_property(const struct tree_node *node, const char *name); /* NULL: none */

/* The strings of a stringlist one by one: the one that begins at *at, which moves behind it; NULL: no more. */
const char *tree_string(const struct tree_property *list, uint32_t *at);

#endif
