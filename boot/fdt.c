/* fdt.c: what the nodes of a device tree mean to a kernel that boots (Devicetree Specification v0.4, chapters 2 and 3).
 *
 * Each question is one walk over the tree that looks at the nodes it is about; no walk happens often enough to keep an
 * index for it. Opening a blob is one walk, too, which asks each node whether it could be understood (check_node);
 * that is why the questions have no error to return.
 *
 * Cost: O(size of the structure block) for each question. */
#include "fdt_walk.h"

/* ---- which node is it ----------------------------------------------------------------------------------- */

static const struct q_fdt_level *here(const struct q_fdt_walk *walk) {
    return &walk->level[walk->n_open - 1];
}

static const struct q_fdt_level *parent(const struct q_fdt_walk *walk) {
    return &walk->level[walk->n_open - 2];
}

static struct q_fdt_value property(const struct q_fdt_walk *walk, const char *name) {
    return q_fdt_property(walk, here(walk), name);
}

/* Whether the node at level 1, a child of the root, has this name. */
static bool in_top_node(const struct q_fdt_walk *walk, const char *name) {
    return walk->n_open > 1 && q_fdt_text_is(walk->fdt, walk->level[1].name, name);
}

static bool is_top_node(const struct q_fdt_walk *walk, const char *name) {
    return walk->n_open == 2 && here(walk)->okay && in_top_node(walk, name);
}

static bool has_device_type(const struct q_fdt_walk *walk, const char *type) {
    return here(walk)->okay && q_fdt_lists(walk->fdt, property(walk, "device_type"), type);
}

static bool is_memory(const struct q_fdt_walk *walk) {
    return walk->n_open == 2 && has_device_type(walk, "memory");
}

static bool is_reserved_memory(const struct q_fdt_walk *walk) {
    return walk->n_open == 3 && in_top_node(walk, "reserved-memory");
}

static bool is_cpu(const struct q_fdt_walk *walk) {
    return walk->n_open == 3 && in_top_node(walk, "cpus") && has_device_type(walk, "cpu");
}

/* ---- reg (section 2.3.6) -------------------------------------------------------------------------------- */

/* The entries of a node's reg: pairs of an address and a size, in cells whose number the parent says. */
struct reg {
    struct q_fdt_value value; /* at 0: the node has none */
    uint32_t entry_bytes;     /* 0: cells that hold nothing */
    uint8_t address_cells, size_cells;
};

static struct reg reg_of(const struct q_fdt_walk *walk) {
    const struct q_fdt_level *bus = parent(walk);
    return (struct reg){.value = property(walk, "reg"),
                        .entry_bytes = 4u * bus->address_cells + 4u * bus->size_cells,
                        .address_cells = bus->address_cells,
                        .size_cells = bus->size_cells};
}

static bool cells_fit(uint8_t address_cells, uint8_t size_cells) {
    return address_cells <= Q_FDT_MAX_CELLS && size_cells <= Q_FDT_MAX_CELLS;
}

static enum quire_fdt_status check_reg(const struct reg *reg) {
    if (reg->value.at == 0)
        return QUIRE_FDT_OK;
    if (!cells_fit(reg->address_cells, reg->size_cells))
        return QUIRE_FDT_CELLS;
    if (reg->entry_bytes == 0 ? reg->value.n_bytes != 0 : reg->value.n_bytes % reg->entry_bytes != 0)
        return QUIRE_FDT_REG;
    return QUIRE_FDT_OK;
}

static uint32_t n_entries(const struct reg *reg) {
    return check_reg(reg) == QUIRE_FDT_OK && reg->entry_bytes != 0 ? reg->value.n_bytes / reg->entry_bytes : 0;
}

static uint64_t entry_address(const struct quire_fdt *fdt, const struct reg *reg, uint32_t i) {
    return q_fdt_number(fdt, reg->value.at + i * reg->entry_bytes, reg->address_cells);
}

static uint64_t entry_size(const struct quire_fdt *fdt, const struct reg *reg, uint32_t i) {
    return q_fdt_number(fdt, reg->value.at + i * reg->entry_bytes + 4u * reg->address_cells, reg->size_cells);
}

/* ---- memory --------------------------------------------------------------------------------------------- */

static void add_reg(const struct q_fdt_walk *walk, enum quire_region_type type, struct quire_regions *map) {
    struct reg reg = reg_of(walk);
    for (uint32_t i = 0; i < n_entries(&reg); i++)
        quire_regions_add(map, entry_address(walk->fdt, &reg, i), entry_size(walk->fdt, &reg, i), type);
}

void quire_fdt_regions(const struct quire_fdt *fdt, struct quire_regions *map) {
    for (uint32_t at = fdt->reservations; at < fdt->reservations_end; at += 16)
        quire_regions_add(map, q_fdt_number(fdt, at, 2), q_fdt_number(fdt, at + 8, 2), QUIRE_RESERVED);

    struct q_fdt_walk walk;
    q_fdt_start(&walk, fdt);
    while (q_fdt_next(&walk)) {
        if (is_memory(&walk))
            add_reg(&walk, QUIRE_USABLE, map);
        else if (is_reserved_memory(&walk))
            add_reg(&walk, QUIRE_RESERVED, map);
    }

    struct quire_region initrd;
    if (quire_fdt_initrd(fdt, &initrd))
        quire_regions_add(map, initrd.base, initrd.end - initrd.base, QUIRE_RESERVED);
}

/* ---- /chosen (section 3.6) ------------------------------------------------------------------------------- */

static bool is_number(struct q_fdt_value value) {
    return value.n_bytes == 4 || value.n_bytes == 8;
}

static uint64_t number(const struct quire_fdt *fdt, struct q_fdt_value value) {
    return q_fdt_number(fdt, value.at, is_number(value) ? value.n_bytes / 4 : 0);
}

static bool find_top_node(struct q_fdt_walk *walk, const struct quire_fdt *fdt, const char *name) {
    q_fdt_start(walk, fdt);
    while (q_fdt_next(walk))
        if (is_top_node(walk, name))
            return true;
    return false;
}

bool quire_fdt_initrd(const struct quire_fdt *fdt, struct quire_region *initrd) {
    struct q_fdt_walk walk;
    if (!find_top_node(&walk, fdt, "chosen"))
        return false;
    struct q_fdt_value start = property(&walk, "linux,initrd-start"), end = property(&walk, "linux,initrd-end");
    *initrd = (struct quire_region){.base = number(fdt, start), .end = number(fdt, end), .type = QUIRE_RESERVED};
    return start.at != 0 && end.at != 0 && initrd->base < initrd->end;
}

const char *quire_fdt_bootargs(const struct quire_fdt *fdt) {
    struct q_fdt_walk walk;
    if (!find_top_node(&walk, fdt, "chosen"))
        return "";
    struct q_fdt_value bootargs = property(&walk, "bootargs");
    return bootargs.n_bytes != 0 ? (const char *)fdt->blob + bootargs.at : "";
}

/* ---- /cpus (sections 3.7 and 3.8) ------------------------------------------------------------------------- */

size_t quire_fdt_cpus(const struct quire_fdt *fdt, uint64_t *hart_ids, size_t capacity) {
    struct q_fdt_walk walk;
    size_t n = 0;
    q_fdt_start(&walk, fdt);
    while (q_fdt_next(&walk)) {
        if (!is_cpu(&walk))
            continue;
        struct reg reg = reg_of(&walk);
        for (uint32_t i = 0; i < n_entries(&reg); i++, n++)
            if (n < capacity)
                hart_ids[n] = entry_address(fdt, &reg, i);
    }
    return n;
}

uint64_t quire_fdt_timebase_hz(const struct quire_fdt *fdt) {
    struct q_fdt_walk walk;
    q_fdt_start(&walk, fdt);
    while (q_fdt_next(&walk)) {
        if (!is_top_node(&walk, "cpus") && !is_cpu(&walk))
            continue;
        struct q_fdt_value timebase = property(&walk, "timebase-frequency");
        if (timebase.at != 0)
            return number(fdt, timebase);
    }
    return 0;
}

/* ---- devices -------------------------------------------------------------------------------------------- */

/* Translates [*base, *base + n_bytes) from the addresses of a bus, level[bus], to those of its own parent: by the entry
 * of its `ranges` (section 2.3.8) that holds all of it. Empty ranges mean that the addresses are the same; without
 * ranges nothing behind the bus can be addressed. */
static bool translate(const struct q_fdt_walk *walk, unsigned bus, quire_pa *base, uint64_t n_bytes) {
    const struct q_fdt_level *child = &walk->level[bus], *up = &walk->level[bus - 1];
    struct q_fdt_value ranges = q_fdt_property(walk, child, "ranges");
    if (ranges.at == 0 || !cells_fit(child->address_cells, child->size_cells) || !cells_fit(up->address_cells, 0))
        return false;
    if (ranges.n_bytes == 0)
        return true;
    uint32_t to_cells = child->address_cells, size_cells = to_cells + up->address_cells; /* where they start */
    uint32_t entry_bytes = 4 * (size_cells + child->size_cells);
    for (uint32_t i = 0; entry_bytes != 0 && entry_bytes <= ranges.n_bytes - i; i += entry_bytes) {
        uint64_t from = q_fdt_number(walk->fdt, ranges.at + i, child->address_cells);
        uint64_t to = q_fdt_number(walk->fdt, ranges.at + i + 4 * to_cells, up->address_cells);
        uint64_t size = q_fdt_number(walk->fdt, ranges.at + i + 4 * size_cells, child->size_cells);
        if (*base < from || *base - from >= size || n_bytes > size - (*base - from))
            continue;
        *base = to + (*base - from);
        return *base >= to;
    }
    return false;
}

static bool registers_of(const struct q_fdt_walk *walk, struct quire_region *registers) {
    if (walk->n_open < 2)
        return false;
    struct reg reg = reg_of(walk);
    if (n_entries(&reg) == 0)
        return false;
    quire_pa base = entry_address(walk->fdt, &reg, 0);
    uint64_t n_bytes = entry_size(walk->fdt, &reg, 0);
    for (unsigned bus = walk->n_open - 2; bus > 0; bus--)
        if (!translate(walk, bus, &base, n_bytes))
            return false;
    *registers = (struct quire_region){.base = base, .end = base + n_bytes, .type = QUIRE_RESERVED};
    return registers->end > base;
}

bool quire_fdt_device(const struct quire_fdt *fdt, const char *compatible, struct quire_region *registers) {
    struct q_fdt_walk walk;
    q_fdt_start(&walk, fdt);
    while (q_fdt_next(&walk))
        if (here(&walk)->okay && q_fdt_lists(fdt, property(&walk, "compatible"), compatible) &&
            registers_of(&walk, registers))
            return true;
    return false;
}

/* ---- open ----------------------------------------------------------------------------------------------- */

static bool fail(struct quire_fdt *fdt, enum quire_fdt_status status, struct q_fdt_value value) {
    fdt->status = status;
    fdt->where = value.at;
    return false;
}

static bool check_chosen(const struct q_fdt_walk *walk, struct quire_fdt *fdt) {
    struct q_fdt_value args = property(walk, "bootargs");
    if (args.n_bytes != 0 && fdt->blob[args.at + args.n_bytes - 1] != '\0')
        return fail(fdt, QUIRE_FDT_STRING, args);

    struct q_fdt_value start = property(walk, "linux,initrd-start"), end = property(walk, "linux,initrd-end");
    if (start.at != 0 && !is_number(start))
        return fail(fdt, QUIRE_FDT_INITRD, start);
    if (end.at != 0 && (!is_number(end) || (start.at != 0 && number(fdt, end) < number(fdt, start))))
        return fail(fdt, QUIRE_FDT_INITRD, end);
    return true;
}

/* Whether everything that a question could want to know of this node can be understood. */
static bool check_node(const struct q_fdt_walk *walk, struct quire_fdt *fdt) {
    if (is_memory(walk) || is_reserved_memory(walk) || is_cpu(walk)) {
        struct reg reg = reg_of(walk);
        enum quire_fdt_status status = check_reg(&reg);
        if (status != QUIRE_FDT_OK)
            return fail(fdt, status, reg.value);
    }
    if (is_top_node(walk, "cpus") || is_cpu(walk)) {
        struct q_fdt_value timebase = property(walk, "timebase-frequency");
        if (timebase.at != 0 && !is_number(timebase))
            return fail(fdt, QUIRE_FDT_TIMEBASE, timebase);
    }
    return !is_top_node(walk, "chosen") || check_chosen(walk, fdt);
}

static void check_tree(struct quire_fdt *fdt) {
    struct q_fdt_walk walk;
    q_fdt_start(&walk, fdt);
    while (q_fdt_next(&walk))
        if (!check_node(&walk, fdt))
            return;
    fdt->status = walk.status;
    fdt->where = walk.status == QUIRE_FDT_OK ? 0 : walk.where;
}

enum quire_fdt_status quire_fdt_open(struct quire_fdt *fdt, const void *blob, size_t n_readable) {
    q_fdt_check_header(fdt, blob, n_readable);
    if (fdt->status == QUIRE_FDT_OK)
        check_tree(fdt);
    if (fdt->status != QUIRE_FDT_OK) /* empty blocks: every question finds nothing */
        *fdt = (struct quire_fdt){.blob = blob, .status = fdt->status, .where = fdt->where};
    return fdt->status;
}

const char *quire_fdt_status_text(enum quire_fdt_status status) {
    static const char *const text[] = {
        [QUIRE_FDT_OK] = "all is well",
        [QUIRE_FDT_NO_HEADER] = "too short for a header",
        [QUIRE_FDT_MAGIC] = "not a device tree: no magic number",
        [QUIRE_FDT_VERSION] = "not of version 17 nor compatible with it",
        [QUIRE_FDT_SIZE] = "its size is impossible or more than what can be read",
        [QUIRE_FDT_BLOCK] = "a block lies outside the blob or is misaligned",
        [QUIRE_FDT_RESERVATIONS] = "the memory reservation block has no end",
        [QUIRE_FDT_TOKEN] = "a token is unknown or out of place",
        [QUIRE_FDT_NAME] = "the name of a node or property does not lie inside its block",
        [QUIRE_FDT_PROPERTY] = "the value of a property is longer than the structure block",
        [QUIRE_FDT_DEPTH] = "nodes are nested too deep",
        [QUIRE_FDT_NO_END] = "the structure block stops in the middle of the tree",
        [QUIRE_FDT_CELLS] = "#address-cells or #size-cells is no number, or too large for memory or a CPU",
        [QUIRE_FDT_REG] = "a reg is not a whole number of entries",
        [QUIRE_FDT_STRING] = "bootargs is not a string",
        [QUIRE_FDT_INITRD] = "linux,initrd-start and -end are no addresses or in the wrong order",
        [QUIRE_FDT_TIMEBASE] = "timebase-frequency is no number",
    };
    return (size_t)status < sizeof text / sizeof *text ? text[status] : "unknown status";
}
