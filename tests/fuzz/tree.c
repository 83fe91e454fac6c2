/* tree.c: from the bytes of a blob to a tree (Devicetree Specification v0.4, chapter 5). See tree.h. */
#include "tree.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t most_bytes = INT32_MAX;

/* Offsets are 64 bits wide, so that none of the sums below can wrap around. */
static uint64_t big_endian(const uint8_t *bytes, unsigned n) {
    uint64_t number = 0;
    while (n-- > 0) {
        number = number * 256 + *bytes++;
    }
    return number;
}

static uint64_t word(const struct tree *t, uint64_t at) {
    return big_endian(t->blob + at, 4);
}

static bool damaged(struct tree *t, enum quire_fdt_status status) {
    t->damage |= 1u << status;
    return false;
}

void tree_problem(struct tree *t, enum quire_fdt_status status, uint32_t where) {
    t->problems[t->n_problems++] = (struct tree_problem){status, where};
}

/* ---- header --------------------------------------------------------------------------------------------- */

struct blocks {
    uint64_t structure, structure_end, strings, strings_end, reservations;
};

static bool read_header(struct tree *t, size_t n_readable, struct blocks *b) {
    if (n_readable < 40) {
        return damaged(t, QUIRE_FDT_NO_HEADER);
    }
    uint64_t total = word(t, 4);
    if (word(t, 0) != 0xD00DFEED) {
        damaged(t, QUIRE_FDT_MAGIC);
    }
    if (word(t, 20) < 17 || word(t, 24) > 17) {
        damaged(t, QUIRE_FDT_VERSION);
    }
    if (total < 40 || total > n_readable || total > most_bytes) {
        damaged(t, QUIRE_FDT_SIZE);
    }
    t->n_bytes = (uint32_t)total;
    t->boot_cpu = (uint32_t)word(t, 28);
    *b = (struct blocks){.structure = word(t, 8), .strings = word(t, 12), .reservations = word(t, 16)};
    b->structure_end = b->structure + word(t, 36) / 4 * 4;
    b->strings_end = b->strings + word(t, 32);
    bool inside = b->structure_end <= total && b->strings_end <= total && b->reservations <= total;
    bool apart = b->structure >= 40 && b->strings >= 40 && b->reservations >= 40;
    if (!inside || !apart || b->structure % 4 != 0 || b->reservations % 8 != 0) {
        damaged(t, QUIRE_FDT_BLOCK);
    }
    return t->damage == 0;
}

/* An entry of two zeros ends the block, or else the next block or the end of the blob does. */
static void read_reservations(struct tree *t, const struct blocks *b) {
    uint64_t end = t->n_bytes, at = b->reservations;
    end = b->structure >= b->reservations && b->structure < end ? b->structure : end;
    end = b->strings >= b->reservations && b->strings < end ? b->strings : end;
    for (; at + 16 <= end; at += 16) {
        uint64_t base = big_endian(t->blob + at, 8), n = big_endian(t->blob + at + 8, 8);
        if (base == 0 && n == 0) {
            return;
        }
        t->reservations[t->n_reservations++] =
            (struct quire_region){base, n > UINT64_MAX - base ? UINT64_MAX : base + n, QUIRE_RESERVED, 0};
    }
    tree_problem(t, QUIRE_FDT_RESERVATIONS, (uint32_t)at);
}

/* ---- structure ------------------------------------------------------------------------------------------ */

enum { BEGIN_NODE = 1, END_NODE, PROP, NOP, END = 9 };

/* A growing tree. */
struct growth {
    const struct blocks *b;
    uint64_t at;
    struct tree_node *open;      /* the innermost node that has not ended */
    bool root_seen, in_children; /* of the open node one child has begun, so no property may follow */
};

static uint64_t aligned(uint64_t at) {
    return (at + 3) / 4 * 4;
}

static bool begin_node(struct tree *t, struct growth *g) {
    const char *name = (const char *)t->blob + g->at;
    const char *end = memchr(name, '\0', (size_t)(g->b->structure_end - g->at));
    unsigned depth = g->open != NULL ? g->open->depth + 1 : 0;
    if (end == NULL) {
        return damaged(t, QUIRE_FDT_NAME);
    }
    if (g->open == NULL && g->root_seen) {
        return damaged(t, QUIRE_FDT_TOKEN);
    }
    if (depth == QUIRE_FDT_MAX_DEPTH) {
        tree_problem(t, QUIRE_FDT_DEPTH, (uint32_t)g->at - 4);
    }
    uint32_t at = (uint32_t)g->at - 4;
    g->at = aligned(g->at + (uint64_t)(end - name) + 1);
    struct tree_node *node = &t->nodes[t->n_nodes++];
    *node = (struct tree_node){name, at, g->open, depth, t->properties + t->n_properties, 0};
    g->open = node;
    g->root_seen = true;
    g->in_children = false;
    return true;
}

static bool add_property(struct tree *t, struct growth *g) {
    if (g->b->structure_end - g->at < 8) {
        return damaged(t, QUIRE_FDT_PROPERTY);
    }
    uint64_t n_bytes = word(t, g->at), at = g->b->strings + word(t, g->at + 4);
    const char *name = (const char *)t->blob + at;
    const uint8_t *value = t->blob + g->at + 8;
    if (g->at + 8 + n_bytes > g->b->structure_end) {
        return damaged(t, QUIRE_FDT_PROPERTY);
    }
    if (at >= g->b->strings_end || memchr(name, '\0', (size_t)(g->b->strings_end - at)) == NULL) {
        name = NULL;
    }
    if (g->open == NULL || g->in_children) {
        return damaged(t, QUIRE_FDT_TOKEN);
    }
    g->at = aligned(g->at + 8 + n_bytes);
    t->properties[t->n_properties++] = (struct tree_property){name, value, (uint32_t)n_bytes};
    g->open->n_properties++;
    return true;
}

static bool end_node(struct tree *t, struct growth *g) {
    if (g->open == NULL) {
        return damaged(t, QUIRE_FDT_TOKEN);
    }
    g->open = (struct tree_node *)(uintptr_t)g->open->parent;
    g->in_children = true;
    return true;
}

static void read_structure(struct tree *t, const struct blocks *b) {
    struct growth g = {.b = b, .at = b->structure};
    for (bool good = true; good;) {
        if (b->structure_end - g.at < 4) {
            damaged(t, QUIRE_FDT_NO_END);
            return;
        }
        uint64_t token = word(t, g.at);
        g.at += 4;
        switch (token) {
        case BEGIN_NODE:
            good = begin_node(t, &g);
            break;
        case PROP:
            good = add_property(t, &g);
            break;
        case END_NODE:
            good = end_node(t, &g);
            break;
        case NOP:
            break;
        case END:
            if (g.open != NULL || !g.root_seen) {
                damaged(t, QUIRE_FDT_TOKEN);
            }
            return;
        default:
            good = damaged(t, QUIRE_FDT_TOKEN);
        }
    }
}

/* ---- all ------------------------------------------------------------------------------------------------ */

static void *some(size_t n, size_t size) {
    void *at = calloc(n + 1, size);
    if (at == NULL) {
        fuzz_fail("the reader itself has no memory left");
    }
    return at;
}

void tree_read(struct tree *tree, const uint8_t *blob, size_t n_readable) {
    struct blocks b;
    *tree =
        (struct tree){.blob = blob,
                      .nodes = some(n_readable / 8, sizeof *tree->nodes),
                      .properties = some(n_readable / 12, sizeof *tree->properties),
                      .reservations = some(n_readable / 16, sizeof *tree->reservations),
                      .problems = some(n_readable, sizeof *tree->problems)}; /* fewer than 8 in a node, of 8 bytes */
    if (read_header(tree, n_readable, &b)) {
        read_reservations(tree, &b);
        read_structure(tree, &b);
        tree_check_meaning(tree);
    }
}

void tree_free(struct tree *tree) {
    free(tree->nodes);
    free(tree->properties);
    free(tree->reservations);
    free(tree->problems);
}
