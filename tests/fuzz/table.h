/* table.h: which nodes of a tree are which, and the tables of numbers in their properties: what meaning.c and problems.c,
 * the slow reader's two halves, share. */
#ifndef FUZZ_TABLE_H
#define FUZZ_TABLE_H

#include "tree.h"

/* ---- properties ----------------------------------------------------------------------------------------- */

bool node_has(const struct tree_node *node, const char *name);
uint32_t node_bytes_of(const struct tree_node *node, const char *name);           /* 0: none, or empty */
bool node_says(const struct tree_node *node, const char *name, const char *text); /* in a list of strings */
bool node_is_number(const struct tree_node *node, const char *name);              /* of 4 or 8 bytes */
uint64_t node_number_of(const struct tree_node *node, const char *name);          /* 0 if it is none */
const char *node_memory_property(const struct tree_node *node);                   /* reg, or what replaces it */

/* ---- kinds of nodes ------------------------------------------------------------------------------------- */

bool node_okay(const struct tree_node *node);
bool node_is_top(const struct tree_node *node, const char *name); /* a child of the root, whatever its unit address */
bool node_is_memory(const struct tree_node *node);
bool node_is_reservation(const struct tree_node *node);
bool node_is_cpus(const struct tree_node *node);
bool node_is_distance_map(const struct tree_node *node);
bool node_is_cpu(const struct tree_node *node);
const struct tree_node *node_chosen(const struct tree *t);

/* ---- tables --------------------------------------------------------------------------------------------- */

struct cells {
    uint64_t address, size; /* more than 2: can not be used */
};

struct cells node_cells_of(const struct tree_node *bus);         /* for its children */
struct cells node_reserving_cells(const struct tree_node *node); /* for a child of /reserved-memory */

struct range {
    uint64_t base, size;
};

struct table {
    struct range *rows;
    size_t n;
    const uint8_t *rest; /* bytes behind the last row */
    size_t n_rest;
    bool wide; /* the cells can not be used, so everything is rest */
};

/* To be freed: rows. */
struct table table_make(const struct tree_property *p, struct cells cells);
struct table table_read(const struct tree_node *node, const char *name, struct cells cells);

uint64_t table_number(const uint8_t *bytes, uint64_t n_cells);
uint64_t table_end(struct range r);

/* Whether it limits memory, as linux,usable-memory-range: not if it is whole and has no bytes. */
bool table_limits(const struct table *t);

#endif
