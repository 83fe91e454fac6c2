/* fdt_node.c: what names, cells and lists of ranges mean (Devicetree Specification v0.4, chapters 2 and 3).
 *
 * Everything here is read the lenient way (fdt.h): the check at opening and the questions later ask the same functions,
 * so that they can not disagree on what can be understood. Lists are walked entry by entry; nothing is divided. */
#include "fdt_node.h"

/* ---- which node is it ----------------------------------------------------------------------------------- */

const struct q_fdt_level *q_fdt_here(const struct q_fdt_walk *walk) {
    return &walk->level[walk->n_open - 1];
}

struct q_fdt_value q_fdt_own(const struct q_fdt_walk *walk, const char *name) {
    return q_fdt_property(walk, q_fdt_here(walk), name);
}

/* Whether the node at level 1, a child of the root that is open, has this name, whatever its unit address. */
static bool in_top(const struct q_fdt_walk *walk, const char *name) {
    const uint8_t *c = walk->fdt->blob + walk->level[1].name;
    while (*name != '\0' && *c == (uint8_t)*name) {
        c++;
        name++;
    }
    return *name == '\0' && (*c == '\0' || *c == '@');
}

bool q_fdt_is_top(const struct q_fdt_walk *walk, const char *name) {
    return walk->n_open == 2 && q_fdt_here(walk)->okay && in_top(walk, name);
}

bool q_fdt_find_top(struct q_fdt_walk *walk, const struct quire_fdt *fdt, const char *name) {
    q_fdt_start(walk, fdt);
    while (q_fdt_next(walk))
        if (q_fdt_is_top(walk, name))
            return true;
    return false;
}

static bool has_device_type(const struct q_fdt_walk *walk, const char *type) {
    return q_fdt_here(walk)->okay && q_fdt_lists(walk->fdt, q_fdt_own(walk, "device_type"), type);
}

bool q_fdt_is_memory(const struct q_fdt_walk *walk) {
    return walk->n_open == 2 && has_device_type(walk, "memory");
}

bool q_fdt_is_reserved(const struct q_fdt_walk *walk) {
    return walk->n_open == 3 && in_top(walk, "reserved-memory");
}

bool q_fdt_is_cpu(const struct q_fdt_walk *walk) {
    return walk->n_open == 3 && in_top(walk, "cpus") && has_device_type(walk, "cpu");
}

bool q_fdt_is_distance_map(const struct q_fdt_walk *walk) {
    return !q_fdt_too_deep(walk) && q_fdt_here(walk)->okay &&
           q_fdt_lists(walk->fdt, q_fdt_own(walk, "compatible"), "numa-distance-map-v1");
}

/* The value of a hexadecimal digit, or 16. */
static unsigned hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    uint8_t letter = c | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10u : 16;
}

uint64_t q_fdt_unit_address(const struct q_fdt_walk *walk) {
    const uint8_t *c = walk->fdt->blob + q_fdt_here(walk)->name;
    while (*c != '\0' && *c != '@')
        c++;
    if (*c == '\0')
        return 0;
    uint64_t address = 0;
    for (c++; hex_digit(*c) < 16; c++) {
        if (address >= (uint64_t)1 << 60)
            return 0;
        address = address * 16 + hex_digit(*c);
    }
    return *c == '\0' ? address : 0;
}

/* ---- cells (section 2.3.5) --------------------------------------------------------------------------------- */

static bool cells_fit(struct q_fdt_cells cells) {
    return cells.address <= Q_FDT_MAX_CELLS && cells.size <= Q_FDT_MAX_CELLS;
}

struct q_fdt_cells q_fdt_cells(const struct q_fdt_level *bus) {
    return (struct q_fdt_cells){bus->address_cells, bus->size_cells};
}

struct q_fdt_cells q_fdt_parent_cells(const struct q_fdt_walk *walk) {
    return q_fdt_cells(&walk->level[walk->n_open - 2]);
}

/* Its own if it has any that a range of memory can be said in; else the root's. */
struct q_fdt_cells q_fdt_reserved_cells(const struct q_fdt_walk *walk) {
    const struct q_fdt_level *root = &walk->level[0], *own = &walk->level[1];
    bool has_address = own->says_address_cells && own->address_cells <= Q_FDT_MAX_CELLS;
    bool has_size = own->says_size_cells && own->size_cells <= Q_FDT_MAX_CELLS && own->size_cells != 0;
    return (struct q_fdt_cells){has_address ? own->address_cells : root->address_cells,
                                has_size ? own->size_cells : root->size_cells};
}

/* ---- ranges --------------------------------------------------------------------------------------------- */

struct q_fdt_ranges q_fdt_ranges(struct q_fdt_value value, struct q_fdt_cells cells) {
    return (struct q_fdt_ranges){.at = value.at, .end = value.at + value.n_bytes, .cells = cells};
}

bool q_fdt_take(const struct quire_fdt *fdt, struct q_fdt_ranges *ranges, uint64_t *address, uint64_t *size) {
    uint32_t address_bytes = 4u * ranges->cells.address, n_bytes = address_bytes + 4u * ranges->cells.size;
    if (!cells_fit(ranges->cells) || n_bytes == 0 || ranges->end - ranges->at < n_bytes)
        return false;
    *address = q_fdt_number(fdt, ranges->at, ranges->cells.address);
    *size = q_fdt_number(fdt, ranges->at + address_bytes, ranges->cells.size);
    ranges->at += n_bytes;
    return true;
}

enum quire_fdt_status q_fdt_check_ranges(const struct quire_fdt *fdt, struct q_fdt_ranges ranges, bool needs_size) {
    if (ranges.at == ranges.end)
        return QUIRE_FDT_OK;
    if (!cells_fit(ranges.cells) || (needs_size && ranges.cells.size == 0))
        return QUIRE_FDT_CELLS;
    uint64_t address, size;
    bool more = true;
    while (more)
        more = q_fdt_take(fdt, &ranges, &address, &size);
    return ranges.at == ranges.end ? QUIRE_FDT_OK : QUIRE_FDT_REG;
}

void q_fdt_start_cpus(struct q_fdt_cpus *cpus, const struct quire_fdt *fdt) {
    q_fdt_start(&cpus->walk, fdt);
    cpus->reg = (struct q_fdt_ranges){.at = 0};
}

bool q_fdt_next_cpu(struct q_fdt_cpus *cpus, uint64_t *id) {
    uint64_t nothing;
    while (!q_fdt_take(cpus->walk.fdt, &cpus->reg, id, &nothing)) {
        do {
            if (!q_fdt_next(&cpus->walk))
                return false;
        } while (!q_fdt_is_cpu(&cpus->walk));
        cpus->reg = q_fdt_ranges(q_fdt_own(&cpus->walk, "reg"), q_fdt_parent_cells(&cpus->walk));
    }
    return true;
}

bool q_fdt_is_number(struct q_fdt_value value) {
    return value.n_bytes == 4 || value.n_bytes == 8;
}

uint64_t q_fdt_value_number(const struct quire_fdt *fdt, struct q_fdt_value value) {
    return q_fdt_number(fdt, value.at, q_fdt_is_number(value) ? value.n_bytes / 4 : 0);
}

/* Linux's early_init_dt_scan_memory lets linux,usable-memory, even an empty one, take the place of reg. */
struct q_fdt_value q_fdt_memory_ranges(const struct q_fdt_walk *walk, const char **property) {
    *property = "linux,usable-memory";
    struct q_fdt_value usable = q_fdt_own(walk, *property);
    if (usable.at != 0)
        return usable;
    *property = "reg";
    return q_fdt_own(walk, *property);
}

bool q_fdt_translate(const struct q_fdt_walk *walk, unsigned bus, quire_pa *base, uint64_t n_bytes) {
    const struct q_fdt_level *child = &walk->level[bus], *up = &walk->level[bus - 1];
    struct q_fdt_value ranges = q_fdt_property(walk, child, "ranges");
    if (ranges.at == 0 || !cells_fit(q_fdt_cells(child)) || up->address_cells > Q_FDT_MAX_CELLS)
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
