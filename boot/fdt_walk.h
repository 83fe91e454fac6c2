/* fdt_walk.h: the nodes of a device tree blob one after the other, and their properties. For the files of this folder
 * only; fdt.h is the interface. */
#ifndef QUIRE_BOOT_FDT_WALK_H
#define QUIRE_BOOT_FDT_WALK_H

#include "fdt.h"

/* The value of a property: bytes of the blob. at 0 is no property; a header lies there. */
struct q_fdt_value {
    uint32_t at;
    uint32_t n_bytes;
};

/* Cells are 32-bit words; addresses and sizes that we can hold have 0 to 2 of them (section 2.3.5). */
#define Q_FDT_MAX_CELLS      2u
#define Q_FDT_TOO_MANY_CELLS 3u /* stands for any number above, and for what is no number */

/* A node that is open: the one that the walk is at, or one that it lies in. */
struct q_fdt_level {
    uint32_t name;       /* bytes of the blob: NUL-terminated */
    uint32_t properties; /* the first token after the name */
    uint8_t address_cells;
    uint8_t size_cells; /* of the node's children, as address_cells is */
    bool says_address_cells;
    bool says_size_cells; /* or else the default is assumed */
    bool okay;            /* the status of this node and of all above it */
};

/* What may come next in the structure block (section 5.4.2). */
enum q_fdt_place { Q_FDT_BEFORE_ROOT, Q_FDT_IN_PROPERTIES, Q_FDT_IN_CHILDREN, Q_FDT_BEHIND_ROOT };

/* A walk through the tree, depth first, in the blob's order. */
struct q_fdt_walk {
    const struct quire_fdt *fdt;
    uint32_t at; /* the next token */
    enum q_fdt_place place;
    enum quire_fdt_status status; /* why the walk stopped; OK at the end of the tree */
    uint32_t where;
    unsigned n_open; /* nodes open: 1 at the root. The walk is at level[n_open - 1], or too deep: there is no level */
    struct q_fdt_level level[QUIRE_FDT_MAX_DEPTH];
};

/* Checks header and reservation block, and fills in *fdt. Sets fdt->status and fdt->where. With the
 * status QUIRE_FDT_RESERVATIONS the blob can be walked all the same. */
void q_fdt_check_header(struct quire_fdt *fdt, const void *blob, size_t n_readable);

void q_fdt_start(struct q_fdt_walk *walk, const struct quire_fdt *fdt);

/* Goes to the next node. False at the end of the tree or where it is broken; walk->status says which. */
bool q_fdt_next(struct q_fdt_walk *walk);

/* Whether the walk is at a node that lies too deep, so that nothing is known of it. walk->where is its token. */
static inline bool q_fdt_too_deep(const struct q_fdt_walk *walk) {
    return walk->n_open > QUIRE_FDT_MAX_DEPTH;
}

/* The property of an open node. */
struct q_fdt_value q_fdt_property(const struct q_fdt_walk *walk, const struct q_fdt_level *node, const char *name);

/* The token of the first property of an open node whose name is not inside its block; 0: there is none. */
uint32_t q_fdt_nameless(const struct q_fdt_walk *walk, const struct q_fdt_level *node);

/* The number in the `n_cells` (0..2) cells at `at`, which must lie in a value. */
uint64_t q_fdt_number(const struct quire_fdt *fdt, uint32_t at, unsigned n_cells);

/* Whether the NUL-terminated bytes at `at` of the blob, which must have their NUL inside it, are `text`. */
bool q_fdt_text_is(const struct quire_fdt *fdt, uint32_t at, const char *text);

/* Whether `text` is one of the strings in the value (a <stringlist>, section 2.2.4; a <string> is a list of one). */
bool q_fdt_lists(const struct quire_fdt *fdt, struct q_fdt_value value, const char *text);

#endif
