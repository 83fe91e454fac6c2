/* fdt_walk.c: the bytes of a device tree blob (Devicetree Specification v0.4, chapter 5).
 *
 * A blob is a header, a block of memory reservations, a block of strings (the names of properties), and the
 * structure block: 32-bit big-endian tokens that open a node (its name follows), give a property (length, name and
 * value follow), close a node, or end the tree.
 *
 *     BEGIN "" [PROP ...]... [BEGIN "cpus" ... END_NODE]... END_NODE END        and NOP anywhere
 *
 * Offsets are bytes from the start of the blob, in 32 bits. What the blob says goes through two places:
 *
 * F1  q_fdt_check_header accepts only blocks that lie inside the blob, and the blob inside what may be read. It refuses
 *     blobs of 2 GiB and more, so that an offset plus a few bytes can not wrap around, and takes the structure block
 *     in whole words, so that what is aligned up stays inside.
 * F2  read_token returns only what lies inside those blocks as a whole, names with their NUL; a property whose name lies
 *     outside has no name. The next token starts at least 4 bytes after this one, so every walk ends.
 *
 * read_token checks at every reading, not only when the blob is opened: the price is small, and a blob that is
 * overwritten later gives wrong answers, but no wild access. */
#include "fdt_walk.h"

enum {
    MAGIC = 0,
    TOTAL_SIZE = 4,
    OFF_STRUCTURE = 8,
    OFF_STRINGS = 12,
    OFF_RESERVATIONS = 16,
    VERSION = 20,
    LAST_COMPATIBLE_VERSION = 24,
    BOOT_CPU = 28,
    SIZE_STRINGS = 32,
    SIZE_STRUCTURE = 36,
    HEADER_SIZE = 40,
    RESERVATION_SIZE = 16,
    OUR_VERSION = 17,
};
static const uint32_t magic = 0xD00DFEED;
static const uint32_t max_size = INT32_MAX;

enum { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4, END = 9 };

struct token {
    uint32_t kind;
    uint32_t at, next;        /* where it starts, and the next one */
    uint32_t name;            /* BEGIN_NODE, PROP; 0: a property whose name is not inside its block */
    struct q_fdt_value value; /* PROP */
};

/* ---- bytes ---------------------------------------------------------------------------------------------- */

static uint32_t word(const struct quire_fdt *fdt, uint32_t at) {
    const uint8_t *b = fdt->blob + at;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

uint64_t q_fdt_number(const struct quire_fdt *fdt, uint32_t at, unsigned n_cells) {
    uint64_t number = 0;
    for (unsigned i = 0; i < n_cells; i++)
        number = number << 32 | word(fdt, at + 4 * i);
    return number;
}

bool q_fdt_text_is(const struct quire_fdt *fdt, uint32_t at, const char *text) {
    while (*text != '\0' && fdt->blob[at] == (uint8_t)*text) {
        at++;
        text++;
    }
    return fdt->blob[at] == (uint8_t)*text;
}

/* The byte after the NUL that ends the text at `at`, or 0 when there is none before `end`. */
static uint32_t text_end(const struct quire_fdt *fdt, uint32_t at, uint32_t end) {
    while (at < end)
        if (fdt->blob[at++] == '\0')
            return at;
    return 0;
}

static bool text_ends(const struct quire_fdt *fdt, uint32_t at, uint32_t block_end) {
    return fdt->blob[block_end - 1] == '\0' || text_end(fdt, at, block_end) != 0;
}

bool q_fdt_lists(const struct quire_fdt *fdt, struct q_fdt_value value, const char *text) {
    uint32_t end = value.at + value.n_bytes;
    for (uint32_t at = value.at, next; (next = text_end(fdt, at, end)) != 0; at = next)
        if (q_fdt_text_is(fdt, at, text))
            return true;
    return false;
}

/* ---- header (section 5.2) and reservation block (5.3) ---------------------------------------------------- */

static void fail(struct quire_fdt *fdt, enum quire_fdt_status status, uint32_t where) {
    fdt->status = status;
    fdt->where = where;
}

/* The block whose offset is in the header at `field`; only its alignment (section 5.6), a power of two, and its bounds
 * count. */
static void check_block(struct quire_fdt *fdt, uint32_t field, uint32_t n_bytes, uint32_t alignment, uint32_t *begin,
                        uint32_t *end) {
    uint32_t at = word(fdt, field);
    if (at < HEADER_SIZE || (at & (alignment - 1)) != 0 || at > fdt->n_bytes || n_bytes > fdt->n_bytes - at) {
        fail(fdt, QUIRE_FDT_BLOCK, field);
        return;
    }
    *begin = at;
    *end = at + n_bytes;
}

/* No field says how long the block is. An entry of two zeros ends it, and must lie before the next block. */
static void find_reservations_end(struct quire_fdt *fdt) {
    uint32_t at = fdt->reservations, limit = fdt->n_bytes;
    if (at <= fdt->structure && fdt->structure < limit)
        limit = fdt->structure;
    if (at <= fdt->strings && fdt->strings < limit)
        limit = fdt->strings;
    for (; limit - at >= RESERVATION_SIZE; at += RESERVATION_SIZE) {
        if (q_fdt_number(fdt, at, 2) == 0 && q_fdt_number(fdt, at + 8, 2) == 0) {
            fdt->reservations_end = at;
            return;
        }
    }
    fdt->reservations_end = at;
    fail(fdt, QUIRE_FDT_RESERVATIONS, at);
}

void q_fdt_check_header(struct quire_fdt *fdt, const void *blob, size_t n_readable) {
    *fdt = (struct quire_fdt){.blob = blob};
    if (n_readable < HEADER_SIZE) {
        fail(fdt, QUIRE_FDT_NO_HEADER, (uint32_t)n_readable);
        return;
    }
    fdt->n_bytes = word(fdt, TOTAL_SIZE);
    fdt->boot_cpu = word(fdt, BOOT_CPU);
    if (word(fdt, MAGIC) != magic)
        fail(fdt, QUIRE_FDT_MAGIC, MAGIC);
    else if (word(fdt, VERSION) < OUR_VERSION)
        fail(fdt, QUIRE_FDT_VERSION, VERSION);
    else if (word(fdt, LAST_COMPATIBLE_VERSION) > OUR_VERSION)
        fail(fdt, QUIRE_FDT_VERSION, LAST_COMPATIBLE_VERSION);
    else if (fdt->n_bytes < HEADER_SIZE || fdt->n_bytes > n_readable || fdt->n_bytes > max_size)
        fail(fdt, QUIRE_FDT_SIZE, TOTAL_SIZE);
    if (fdt->status != QUIRE_FDT_OK)
        return;

    uint32_t whole_words = word(fdt, SIZE_STRUCTURE) & ~(uint32_t)3;
    check_block(fdt, OFF_STRUCTURE, whole_words, 4, &fdt->structure, &fdt->structure_end);
    check_block(fdt, OFF_STRINGS, word(fdt, SIZE_STRINGS), 1, &fdt->strings, &fdt->strings_end);
    check_block(fdt, OFF_RESERVATIONS, 0, 8, &fdt->reservations, &fdt->reservations_end);
    if (fdt->status == QUIRE_FDT_OK)
        find_reservations_end(fdt);
}

/* ---- structure block (section 5.4) ----------------------------------------------------------------------- */

static bool stop(struct q_fdt_walk *walk, enum quire_fdt_status status, uint32_t where) {
    walk->status = status;
    walk->where = where;
    return false;
}

static uint32_t align4(uint32_t at) {
    return (at + 3) & ~(uint32_t)3;
}

/* A node's name follows its token, in the structure block. */
static enum quire_fdt_status read_node(const struct quire_fdt *fdt, struct token *t) {
    t->name = t->at + 4;
    uint32_t end = text_end(fdt, t->name, fdt->structure_end);
    t->next = align4(end);
    return end != 0 ? QUIRE_FDT_OK : QUIRE_FDT_NAME;
}

/* A property is its length, the offset of its name in the strings block, and its value. */
static enum quire_fdt_status read_property(const struct quire_fdt *fdt, struct token *t) {
    if (fdt->structure_end - t->at < 12)
        return QUIRE_FDT_PROPERTY;
    t->value = (struct q_fdt_value){.at = t->at + 12, .n_bytes = word(fdt, t->at + 4)};
    if (t->value.n_bytes > fdt->structure_end - t->value.at)
        return QUIRE_FDT_PROPERTY;
    t->next = align4(t->value.at + t->value.n_bytes);

    uint32_t name = word(fdt, t->at + 8);
    if (name < fdt->strings_end - fdt->strings && text_ends(fdt, fdt->strings + name, fdt->strings_end))
        t->name = fdt->strings + name;
    return QUIRE_FDT_OK;
}

static enum quire_fdt_status read_token(const struct quire_fdt *fdt, uint32_t at, struct token *t) {
    *t = (struct token){.at = at, .next = at + 4};
    if (fdt->structure_end - at < 4)
        return QUIRE_FDT_NO_END;
    t->kind = word(fdt, at);
    switch (t->kind) {
    case BEGIN_NODE:
        return read_node(fdt, t);
    case PROP:
        return read_property(fdt, t);
    case END_NODE:
    case NOP:
    case END:
        return QUIRE_FDT_OK;
    default:
        return QUIRE_FDT_TOKEN;
    }
}

struct q_fdt_value q_fdt_property(const struct q_fdt_walk *walk, const struct q_fdt_level *node, const char *name) {
    struct token t;
    for (uint32_t at = node->properties; read_token(walk->fdt, at, &t) == QUIRE_FDT_OK; at = t.next) {
        if (t.kind == PROP && q_fdt_text_is(walk->fdt, t.name, name))
            return t.value;
        if (t.kind != PROP && t.kind != NOP)
            break;
    }
    return (struct q_fdt_value){0};
}

uint32_t q_fdt_nameless(const struct q_fdt_walk *walk, const struct q_fdt_level *node) {
    struct token t;
    for (uint32_t at = node->properties; read_token(walk->fdt, at, &t) == QUIRE_FDT_OK; at = t.next) {
        if (t.kind == PROP && t.name == 0)
            return t.at;
        if (t.kind != PROP && t.kind != NOP)
            break;
    }
    return 0;
}

/* Reads a number of cells, or takes the default (section 2.3.5: no node inherits it from above). Returns whether the node
 * has such a property. */
static bool read_cells(const struct q_fdt_walk *walk, const struct q_fdt_level *node, const char *name,
                       uint8_t fallback, uint8_t *n_cells) {
    struct q_fdt_value value = q_fdt_property(walk, node, name);
    uint32_t said = value.n_bytes == 4 ? word(walk->fdt, value.at) : Q_FDT_TOO_MANY_CELLS;
    *n_cells = value.at == 0 ? fallback : said <= Q_FDT_MAX_CELLS ? (uint8_t)said : Q_FDT_TOO_MANY_CELLS;
    return value.at != 0;
}

/* "ok" is no value that the specification knows, but boards have it. */
static bool status_is_okay(const struct q_fdt_walk *walk, const struct q_fdt_level *node) {
    struct q_fdt_value status = q_fdt_property(walk, node, "status");
    return status.at == 0 || q_fdt_lists(walk->fdt, status, "okay") || q_fdt_lists(walk->fdt, status, "ok");
}

static bool enter(struct q_fdt_walk *walk, const struct token *t) {
    if (walk->place == Q_FDT_BEHIND_ROOT)
        return stop(walk, QUIRE_FDT_TOKEN, t->at);
    walk->place = Q_FDT_IN_PROPERTIES;
    walk->where = t->at;
    walk->n_open++;
    if (q_fdt_too_deep(walk))
        return true;
    struct q_fdt_level *node = &walk->level[walk->n_open - 1];
    *node = (struct q_fdt_level){.name = t->name, .properties = t->next};
    node->okay = (walk->n_open == 1 || node[-1].okay) && status_is_okay(walk, node);
    node->says_address_cells = read_cells(walk, node, "#address-cells", 2, &node->address_cells);
    node->says_size_cells = read_cells(walk, node, "#size-cells", 1, &node->size_cells);
    return true;
}

void q_fdt_start(struct q_fdt_walk *walk, const struct quire_fdt *fdt) {
    *walk = (struct q_fdt_walk){.fdt = fdt, .at = fdt->structure, .place = Q_FDT_BEFORE_ROOT};
}

bool q_fdt_next(struct q_fdt_walk *walk) {
    for (;;) {
        struct token t;
        enum quire_fdt_status status = read_token(walk->fdt, walk->at, &t);
        if (status != QUIRE_FDT_OK)
            return stop(walk, status, t.at);
        walk->at = t.next;

        bool in_node = walk->place == Q_FDT_IN_PROPERTIES || walk->place == Q_FDT_IN_CHILDREN;
        if (t.kind == NOP || (t.kind == PROP && walk->place == Q_FDT_IN_PROPERTIES))
            continue;
        if (t.kind == BEGIN_NODE)
            return enter(walk, &t);
        if (t.kind == END && walk->place == Q_FDT_BEHIND_ROOT)
            return stop(walk, QUIRE_FDT_OK, t.at);
        if (t.kind != END_NODE || !in_node)
            return stop(walk, QUIRE_FDT_TOKEN, t.at);
        walk->n_open--;
        walk->place = walk->n_open == 0 ? Q_FDT_BEHIND_ROOT : Q_FDT_IN_CHILDREN;
    }
}
