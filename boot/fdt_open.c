/* fdt_open.c: what is wrong with a device tree, node by node.
 *
 * Opening is one walk that asks of each node whether everything that a question could want to know of it can be
 * understood. It uses the functions that the questions use (fdt_node.h), so a problem that is reported and what a question
 * makes of it are two sides of one reading.
 *
 * O1  A blob that is refused has empty blocks: every question finds nothing.
 * O2  The strict way stops at the first call of `tell`; nothing else depends on the way.
 *
 * Cost: O(size of the structure block), and for each problem O(depth). */
#include "fdt_node.h"

/* ---- telling -------------------------------------------------------------------------------------------- */

struct check {
    struct quire_fdt *fdt;
    struct q_fdt_walk walk;
    quire_fdt_report *report; /* NULL: count only */
    void *context;
    bool is_strict;
    uint32_t cells_told; /* name of the /reserved-memory whose cells and ranges have been looked at */
};

static bool is_refused(const struct check *c) {
    return c->fdt->status != QUIRE_FDT_OK;
}

static uint32_t text_bytes(const uint8_t *text) {
    uint32_t n = 0;
    while (text[n] != '\0')
        n++;
    return n;
}

static uint8_t printable(uint8_t byte) {
    return byte > ' ' && byte < 0x7F ? byte : '?';
}

struct path {
    uint8_t bytes[QUIRE_FDT_PATH_BYTES];
};

/* Writes the path of the innermost of n_open nodes from the end of `path` to the front, because the last names say the
 * most. Returns where it begins. */
static const char *write_path(const struct q_fdt_walk *walk, unsigned n_open, struct path *path) {
    uint32_t begin = QUIRE_FDT_PATH_BYTES - 1;
    path->bytes[begin] = '\0';
    if (n_open == 1)
        path->bytes[--begin] = '/';
    for (unsigned level = n_open; level-- > 1;) {
        const uint8_t *name = walk->fdt->blob + walk->level[level].name;
        uint32_t n = text_bytes(name);
        for (; n > 0 && begin > 4; n--)
            path->bytes[--begin] = printable(name[n - 1]);
        if (n > 0 || begin < 4) { /* the dots need three bytes, and so much is always left */
            for (unsigned dots = 0; dots < 3; dots++)
                path->bytes[--begin] = '.';
            break;
        }
        path->bytes[--begin] = '/';
    }
    return (const char *)path->bytes + begin;
}

/* Tells of a problem of the innermost of n_open nodes; 0: of the blob. */
static void tell(struct check *c, unsigned n_open, enum quire_fdt_status status, const char *property, uint32_t where) {
    if (is_refused(c))
        return;
    c->fdt->n_problems++;
    if (c->is_strict || status < QUIRE_FDT_RESERVATIONS) {
        c->fdt->status = status;
        c->fdt->where = where;
    }
    if (c->report == NULL)
        return;
    struct path path;
    unsigned n_known = n_open < QUIRE_FDT_MAX_DEPTH ? n_open : QUIRE_FDT_MAX_DEPTH;
    const struct quire_fdt_problem problem = {status, write_path(&c->walk, n_known, &path), property, where};
    c->report(c->context, &problem);
}

/* Of a property of the node that the walk is at. */
static void tell_of(struct check *c, enum quire_fdt_status status, const char *property) {
    tell(c, c->walk.n_open, status, property, q_fdt_own(&c->walk, property).at);
}

static void tell_unless(struct check *c, bool is_good, enum quire_fdt_status status, const char *property) {
    if (!is_good)
        tell_of(c, status, property);
}

/* Of the node itself. */
static void tell_node(struct check *c, enum quire_fdt_status status) {
    tell(c, c->walk.n_open, status, "", c->walk.where);
}

static void check_ranges(struct check *c, const char *property, struct q_fdt_cells cells, bool needs_size) {
    struct q_fdt_ranges ranges = q_fdt_ranges(q_fdt_own(&c->walk, property), cells);
    enum quire_fdt_status status = q_fdt_check_ranges(c->fdt, ranges, needs_size);
    tell_unless(c, status == QUIRE_FDT_OK, status, property);
}

/* ---- each node ------------------------------------------------------------------------------------------ */

static void check_any(struct check *c) {
    static const char *const cells[] = {"#address-cells", "#size-cells"};
    uint32_t nameless = q_fdt_nameless(&c->walk, q_fdt_here(&c->walk));
    if (nameless != 0)
        tell(c, c->walk.n_open, QUIRE_FDT_NAME, "", nameless);
    for (unsigned i = 0; i < 2; i++) {
        struct q_fdt_value value = q_fdt_own(&c->walk, cells[i]);
        tell_unless(c, value.at == 0 || value.n_bytes == 4, QUIRE_FDT_CELLS, cells[i]);
    }
}

/* ---- memory (section 3.4) --------------------------------------------------------------------------------- */

static void check_memory(struct check *c) {
    const char *property;
    struct q_fdt_value ranges = q_fdt_memory_ranges(&c->walk, &property), node = q_fdt_own(&c->walk, "numa-node-id");
    if (ranges.n_bytes == 0 && property[0] == 'r')
        tell_node(c, QUIRE_FDT_NOTHING);
    check_ranges(c, property, q_fdt_parent_cells(&c->walk), true);
    tell_unless(c, node.at == 0 || node.n_bytes == 4, QUIRE_FDT_NUMA, "numa-node-id");
}

static void check_cpu(struct check *c) {
    struct q_fdt_value node = q_fdt_own(&c->walk, "numa-node-id");
    check_ranges(c, "reg", q_fdt_parent_cells(&c->walk), false);
    tell_unless(c, node.at == 0 || node.n_bytes == 4, QUIRE_FDT_NUMA, "numa-node-id");
}

static void check_distances(struct check *c) {
    struct q_fdt_ranges rows = q_fdt_ranges(q_fdt_own(&c->walk, "distance-matrix"), (struct q_fdt_cells){2, 1});
    tell_unless(c, q_fdt_check_ranges(c->fdt, rows, true) == QUIRE_FDT_OK, QUIRE_FDT_NUMA, "distance-matrix");
}

/* ---- /reserved-memory (section 3.5) ------------------------------------------------------------------------ */

/* Tells of /reserved-memory itself, once, when it turns out to reserve something. */
static void check_parent(struct check *c) {
    const struct q_fdt_level *root = &c->walk.level[0], *own = &c->walk.level[1];
    if (c->cells_told == own->name)
        return;
    c->cells_told = own->name;
    if (own->address_cells != root->address_cells || own->size_cells != root->size_cells)
        tell(c, 2, QUIRE_FDT_OWN_CELLS, "", own->name - 4);
    struct q_fdt_value ranges = q_fdt_property(&c->walk, own, "ranges");
    if (ranges.n_bytes != 0)
        tell(c, 2, QUIRE_FDT_RANGES, "ranges", ranges.at);
}

static bool is_power_of_two(uint64_t number) {
    return (number & (number - 1)) == 0; /* or 0, which asks for nothing */
}

static void check_request(struct check *c) {
    struct q_fdt_cells cells = q_fdt_reserved_cells(&c->walk);
    struct q_fdt_value size = q_fdt_own(&c->walk, "size"), alignment = q_fdt_own(&c->walk, "alignment");
    struct q_fdt_ranges ranges = q_fdt_ranges(q_fdt_own(&c->walk, "alloc-ranges"), cells);
    if (size.n_bytes == 0) {
        tell_node(c, QUIRE_FDT_NOTHING);
        return;
    }
    tell_unless(c, size.n_bytes == 4u * cells.size && q_fdt_value_number(c->fdt, size) != 0, QUIRE_FDT_REQUEST, "size");
    tell_unless(c,
                alignment.at == 0 || (alignment.n_bytes == 4u * cells.address && alignment.n_bytes != 0 &&
                                      is_power_of_two(q_fdt_value_number(c->fdt, alignment))),
                QUIRE_FDT_REQUEST, "alignment");
    tell_unless(c, q_fdt_check_ranges(c->fdt, ranges, true) == QUIRE_FDT_OK, QUIRE_FDT_REQUEST, "alloc-ranges");
}

static void check_reserved(struct check *c) {
    struct q_fdt_value reg = q_fdt_own(&c->walk, "reg");
    if (reg.n_bytes == 0 && !q_fdt_here(&c->walk)->okay)
        return;
    check_parent(c);
    if (reg.n_bytes != 0)
        check_ranges(c, "reg", q_fdt_reserved_cells(&c->walk), true);
    else
        check_request(c);
    bool both = q_fdt_own(&c->walk, "no-map").at != 0 && q_fdt_own(&c->walk, "reusable").at != 0;
    tell_unless(c, !both, QUIRE_FDT_FLAGS, "reusable");
}

/* ---- /chosen (section 3.6), /cpus (3.7, 3.8) ---------------------------------------------------------------- */

static void check_initrd(struct check *c) {
    struct q_fdt_value start = q_fdt_own(&c->walk, "linux,initrd-start"), end = q_fdt_own(&c->walk, "linux,initrd-end");
    if (start.at != 0 && (!q_fdt_is_number(start) || end.at == 0))
        tell_of(c, QUIRE_FDT_INITRD, "linux,initrd-start");
    else if (end.at != 0 && (!q_fdt_is_number(end) || start.at == 0 ||
                             q_fdt_value_number(c->fdt, end) < q_fdt_value_number(c->fdt, start)))
        tell_of(c, QUIRE_FDT_INITRD, "linux,initrd-end");
}

static void check_usable_range(struct check *c) {
    static const char *const name = "linux,usable-memory-range";
    struct q_fdt_value value = q_fdt_own(&c->walk, name);
    struct q_fdt_ranges ranges = q_fdt_ranges(value, q_fdt_parent_cells(&c->walk));
    uint64_t base, n_bytes, any = 0;
    check_ranges(c, name, ranges.cells, true);
    while (q_fdt_take(c->fdt, &ranges, &base, &n_bytes))
        any |= n_bytes;
    tell_unless(c, value.at == 0 || any != 0 || ranges.at != ranges.end, QUIRE_FDT_NOTHING, name);
}

static void check_chosen(struct check *c) {
    struct q_fdt_value args = q_fdt_own(&c->walk, "bootargs");
    bool ends = args.n_bytes == 0 || c->fdt->blob[args.at + args.n_bytes - 1] == '\0';
    tell_unless(c, ends, QUIRE_FDT_STRING, "bootargs");
    check_initrd(c);
    check_usable_range(c);
    check_ranges(c, "linux,elfcorehdr", q_fdt_parent_cells(&c->walk), true);
}

static void check_timebase(struct check *c) {
    struct q_fdt_value timebase = q_fdt_own(&c->walk, "timebase-frequency");
    tell_unless(c, timebase.at == 0 || q_fdt_is_number(timebase), QUIRE_FDT_TIMEBASE, "timebase-frequency");
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

static void check_node(struct check *c) {
    const struct q_fdt_walk *walk = &c->walk;
    check_any(c);
    if (q_fdt_is_memory(walk))
        check_memory(c);
    else if (q_fdt_is_top(walk, "memory") && q_fdt_own(walk, "device_type").at == 0)
        tell_node(c, QUIRE_FDT_DEVICE_TYPE);
    if (q_fdt_is_reserved(walk))
        check_reserved(c);
    if (q_fdt_is_cpu(walk))
        check_cpu(c);
    if (q_fdt_is_distance_map(walk))
        check_distances(c);
    if (q_fdt_is_cpu(walk) || q_fdt_is_top(walk, "cpus"))
        check_timebase(c);
    if (q_fdt_is_top(walk, "chosen"))
        check_chosen(c);
}

static void check_tree(struct check *c) {
    q_fdt_start(&c->walk, c->fdt);
    while (!is_refused(c) && q_fdt_next(&c->walk)) {
        if (!q_fdt_too_deep(&c->walk))
            check_node(c);
        else if (c->walk.n_open == QUIRE_FDT_MAX_DEPTH + 1)
            tell_node(c, QUIRE_FDT_DEPTH);
    }
}

static enum quire_fdt_status open(struct check *c, const void *blob, size_t n_readable) {
    struct quire_fdt *fdt = c->fdt;
    q_fdt_check_header(fdt, blob, n_readable);
    enum quire_fdt_status status = fdt->status;
    uint32_t where = fdt->where;
    fdt->status = QUIRE_FDT_OK;
    fdt->where = 0;
    if (status != QUIRE_FDT_OK)
        tell(c, 0, status, "", where);
    if (!is_refused(c)) {
        check_tree(c);
        if (!is_refused(c) && c->walk.status != QUIRE_FDT_OK) {
            tell(c, c->walk.n_open, c->walk.status, "", c->walk.where);
            fdt->status = c->walk.status;
            fdt->where = c->walk.where;
        }
    }
    if (is_refused(c))
        *fdt =
            (struct quire_fdt){.blob = blob, .status = fdt->status, .where = fdt->where, .n_problems = fdt->n_problems};
    return fdt->status;
}

enum quire_fdt_status quire_fdt_open(struct quire_fdt *fdt, const void *blob, size_t n_readable,
                                     quire_fdt_report *report, void *context) {
    struct check c = {.fdt = fdt, .report = report, .context = context};
    return open(&c, blob, n_readable);
}

enum quire_fdt_status quire_fdt_open_strict(struct quire_fdt *fdt, const void *blob, size_t n_readable) {
    struct check c = {.fdt = fdt, .is_strict = true};
    return open(&c, blob, n_readable);
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
        [QUIRE_FDT_CELLS] = "#address-cells or #size-cells is no number, or can not describe memory or a CPU",
        [QUIRE_FDT_REG] = "not a whole number of entries of an address and a size",
        [QUIRE_FDT_STRING] = "not a string: it has no end",
        [QUIRE_FDT_INITRD] = "linux,initrd-start and -end are no addresses, in the wrong order, or not both there",
        [QUIRE_FDT_TIMEBASE] = "not a number",
        [QUIRE_FDT_OWN_CELLS] = "its cells are not the root's, or not said",
        [QUIRE_FDT_RANGES] = "not empty: which addresses are meant is in doubt",
        [QUIRE_FDT_NOTHING] = "nothing says where or how much memory this is",
        [QUIRE_FDT_REQUEST] = "not as wide as the cells say, no power of two, or nothing",
        [QUIRE_FDT_FLAGS] = "no-map and reusable exclude each other",
        [QUIRE_FDT_NUMA] = "no number of 32 bits, or not a whole number of rows of three",
        [QUIRE_FDT_DEVICE_TYPE] = "called memory, but it has no device_type",
    };
    return (size_t)status < sizeof text / sizeof *text ? text[status] : "unknown status";
}
