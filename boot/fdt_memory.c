/* fdt_memory.c: what of memory a device tree calls usable, reserved or wanted (Devicetree Specification v0.4, sections
 * 3.4, 3.5 and 5.3).
 *
 * Two walks find everything, each_memory and each_reserved; each hands every piece to a function of the caller, which
 * puts it into a map or into a list. So the map and the lists can not disagree.
 *
 * M1  What is reserved is never less than what is listed for its node in the cells that count for it. Where the node is
 *     in doubt, other readings come on top.
 * M2  What is usable lies in a memory node and in linux,usable-memory-range, if that says something. */
#include "fdt_node.h"

/* No bytes beyond the end of the address space, as in quire_regions_add. */
static uint64_t cut_off(quire_pa base, uint64_t n_bytes) {
    return n_bytes > UINT64_MAX - base ? UINT64_MAX - base : n_bytes;
}

/* ---- usable --------------------------------------------------------------------------------------------- */

typedef void emit_memory(void *to, const struct quire_fdt_memory *piece);

/* What memory is cut to: some ranges, or everything. */
struct limits {
    struct q_fdt_ranges ranges;
    bool everything;
};

static bool next_limit(const struct quire_fdt *fdt, struct limits *limits, quire_pa *base, uint64_t *n_bytes) {
    if (!limits->everything)
        return q_fdt_take(fdt, &limits->ranges, base, n_bytes);
    *base = 0;
    *n_bytes = UINT64_MAX;
    limits->everything = false; /* what comes next are the ranges, none of which has bytes */
    return true;
}

/* A list of whole entries that have no bytes counts as none. */
static struct limits find_limits(const struct quire_fdt *fdt) {
    struct q_fdt_walk walk;
    struct limits limits = {.everything = true};
    if (!q_fdt_find_top(&walk, fdt, "chosen"))
        return limits;
    limits.ranges = q_fdt_ranges(q_fdt_own(&walk, "linux,usable-memory-range"), q_fdt_parent_cells(&walk));
    struct q_fdt_ranges left = limits.ranges;
    uint64_t base, n_bytes, any = 0;
    while (q_fdt_take(fdt, &left, &base, &n_bytes))
        any |= n_bytes;
    limits.everything = any == 0 && left.at == left.end;
    return limits;
}

/* Emits what `memory` has in common with each of the limits. */
static void emit_within(const struct quire_fdt *fdt, const struct quire_fdt_memory *memory, struct limits limits,
                        emit_memory *emit, void *to) {
    quire_pa base, memory_end = memory->base + cut_off(memory->base, memory->n_bytes);
    uint64_t n_bytes;
    while (next_limit(fdt, &limits, &base, &n_bytes)) {
        struct quire_fdt_memory piece = *memory;
        quire_pa end = base + cut_off(base, n_bytes);
        piece.base = base > memory->base ? base : memory->base;
        end = end < memory_end ? end : memory_end;
        if (piece.base >= end)
            continue;
        piece.n_bytes = end - piece.base;
        emit(to, &piece);
    }
}

static void emit_node(const struct q_fdt_walk *walk, struct limits limits, emit_memory *emit, void *to) {
    const char *property;
    struct q_fdt_ranges ranges = q_fdt_ranges(q_fdt_memory_ranges(walk, &property), q_fdt_parent_cells(walk));
    struct q_fdt_value node = q_fdt_own(walk, "numa-node-id");
    struct quire_fdt_memory memory = {
        .numa_node = node.n_bytes == 4 ? (uint32_t)q_fdt_number(walk->fdt, node.at, 1) : QUIRE_FDT_NO_NUMA_NODE,
        .hotpluggable = q_fdt_own(walk, "hotpluggable").at != 0,
    };
    while (q_fdt_take(walk->fdt, &ranges, &memory.base, &memory.n_bytes))
        emit_within(walk->fdt, &memory, limits, emit, to);
}

static void each_memory(const struct quire_fdt *fdt, emit_memory *emit, void *to) {
    struct q_fdt_walk walk;
    struct limits limits = find_limits(fdt);
    q_fdt_start(&walk, fdt);
    while (q_fdt_next(&walk))
        if (q_fdt_is_memory(&walk))
            emit_node(&walk, limits, emit, to);
}

/* ---- reserved ------------------------------------------------------------------------------------------- */

typedef void emit_reserved(void *to, const struct quire_fdt_reserved *piece);

/* A node that reserves; `piece` has what its pieces have in common. */
struct reserving {
    const struct q_fdt_walk *walk;
    struct quire_fdt_reserved piece;
    emit_reserved *emit;
    void *to;
};

static void emit_piece(struct reserving *r, quire_pa base, uint64_t n_bytes) {
    r->piece.base = base;
    r->piece.n_bytes = cut_off(base, n_bytes);
    if (r->piece.n_bytes != 0)
        r->emit(r->to, &r->piece);
}

/* The range as it stands, and also where the `ranges` of /reserved-memory move it to. */
static void emit_range(struct reserving *r, quire_pa base, uint64_t n_bytes) {
    quire_pa moved = base;
    emit_piece(r, base, n_bytes);
    if (q_fdt_is_reserved(r->walk) && q_fdt_translate(r->walk, 1, &moved, n_bytes) && moved != base)
        emit_piece(r, moved, n_bytes);
}

/* Returns what is left: less than an entry. */
static struct q_fdt_ranges emit_ranges(struct reserving *r, struct q_fdt_ranges ranges) {
    uint64_t base, n_bytes;
    while (q_fdt_take(r->walk->fdt, &ranges, &base, &n_bytes))
        emit_range(r, base, n_bytes);
    return ranges;
}

/* How many bytes the ranges hold; 0 unless all are whole, each has bytes, and the first one begins at `address`. */
static uint64_t bytes_if_at(const struct quire_fdt *fdt, struct q_fdt_ranges ranges, uint64_t address) {
    quire_pa base;
    uint64_t n_bytes, sum = 0;
    while (q_fdt_take(fdt, &ranges, &base, &n_bytes)) {
        if (n_bytes == 0 || (sum == 0 && base != address))
            return 0;
        sum += cut_off(sum, n_bytes);
    }
    return ranges.at == ranges.end ? sum : 0;
}

/* Guesses the cells in which the value was written: those in which it begins at the address in the node's name. If several
 * do, those in which it names the least memory, because cells that are too wide make one large number of two. */
static bool emit_by_name(struct reserving *r, struct q_fdt_value value) {
    struct q_fdt_ranges best;
    uint64_t address = q_fdt_unit_address(r->walk), least = 0;
    for (uint8_t cells = 0; address != 0 && cells < 4; cells++) {
        struct q_fdt_ranges ranges =
            q_fdt_ranges(value, (struct q_fdt_cells){(uint8_t)(1 + cells / 2), (uint8_t)(1 + cells % 2)});
        uint64_t n_bytes = bytes_if_at(r->walk->fdt, ranges, address);
        if (n_bytes == 0 || (least != 0 && n_bytes >= least))
            continue;
        best = ranges;
        least = n_bytes;
    }
    if (least != 0)
        emit_ranges(r, best);
    return least != 0;
}

/* Takes what is left for an address and as much of a size as there is. */
static void emit_rest(struct reserving *r, struct q_fdt_ranges rest) {
    uint32_t address_bytes = 4u * rest.cells.address, n_bytes = rest.end - rest.at;
    if (rest.cells.address > Q_FDT_MAX_CELLS || n_bytes < address_bytes)
        return;
    uint32_t n_cells = (n_bytes - address_bytes) / 4;
    uint64_t size = q_fdt_number(r->walk->fdt, rest.at + address_bytes, n_cells < 2 ? n_cells : 2);
    emit_range(r, q_fdt_number(r->walk->fdt, rest.at, rest.cells.address), size != 0 ? size : 1);
}

static void emit_value(struct reserving *r, struct q_fdt_value value, struct q_fdt_cells cells) {
    struct q_fdt_ranges rest = q_fdt_ranges(value, cells);
    if (cells.size != 0)
        rest = emit_ranges(r, rest);
    if (rest.at != rest.end && !emit_by_name(r, value))
        emit_rest(r, rest);
}

/* ---- requests: reserved memory that has no place yet --------------------------------------------------------- */

/* The least power of two that is neither below `alignment` nor below a frame; 0: there is none. */
static uint64_t round_up(uint64_t alignment) {
    uint64_t power = QUIRE_PAGE_SIZE;
    while (power != 0 && power < alignment)
        power += power;
    return power;
}

static bool read_request(const struct q_fdt_walk *walk, struct quire_fdt_reserved *request) {
    struct q_fdt_value size = q_fdt_own(walk, "size"), alignment = q_fdt_own(walk, "alignment");
    struct q_fdt_ranges ranges = q_fdt_ranges(q_fdt_own(walk, "alloc-ranges"), q_fdt_reserved_cells(walk));
    if (alignment.at != 0 && !q_fdt_is_number(alignment))
        return false;
    request->base = QUIRE_NONE;
    request->n_bytes = q_fdt_value_number(walk->fdt, size);
    request->alignment = round_up(q_fdt_value_number(walk->fdt, alignment));
    request->ranges = ranges.at;
    request->ranges_end = ranges.end;
    request->address_cells = ranges.cells.address;
    request->size_cells = ranges.cells.size;
    uint64_t base, n_bytes;
    bool anywhere = ranges.at == ranges.end;
    return request->n_bytes != 0 && request->alignment != 0 &&
           (anywhere || q_fdt_take(walk->fdt, &ranges, &base, &n_bytes));
}

static void emit_child(struct reserving *r) {
    const struct q_fdt_walk *walk = r->walk;
    struct q_fdt_value reg = q_fdt_own(walk, "reg");
    r->piece = (struct quire_fdt_reserved){
        .name = (const char *)walk->fdt->blob + q_fdt_here(walk)->name,
        .no_map = q_fdt_own(walk, "no-map").at != 0,
    };
    r->piece.reusable = !r->piece.no_map && q_fdt_own(walk, "reusable").at != 0;
    if (reg.n_bytes != 0)
        emit_value(r, reg, q_fdt_reserved_cells(walk));
    else if (q_fdt_here(walk)->okay && read_request(walk, &r->piece))
        r->emit(r->to, &r->piece);
}

static void each_reserved(const struct quire_fdt *fdt, emit_reserved *emit, void *to) {
    struct q_fdt_walk walk;
    struct reserving r = {.walk = &walk, .emit = emit, .to = to};
    q_fdt_start(&walk, fdt);
    while (q_fdt_next(&walk))
        if (q_fdt_is_reserved(&walk))
            emit_child(&r);
}

bool quire_fdt_place(const struct quire_fdt *fdt, struct quire_fdt_reserved *request, struct quire_regions *map) {
    struct q_fdt_ranges ranges = {request->ranges, request->ranges_end, {request->address_cells, request->size_cells}};
    bool anywhere = ranges.at == ranges.end;
    uint64_t base = 0, n_bytes = UINT64_MAX;
    if (request->base != QUIRE_NONE)
        return true;
    while (anywhere || q_fdt_take(fdt, &ranges, &base, &n_bytes)) {
        struct quire_region within = {.base = base, .end = base + cut_off(base, n_bytes)};
        if (quire_regions_place(map, request->n_bytes, request->alignment, &within, &request->base))
            return true;
        if (anywhere)
            break;
    }
    return false;
}

/* ---- into a map, into lists --------------------------------------------------------------------------------- */

static void memory_to_map(void *map, const struct quire_fdt_memory *piece) {
    quire_regions_add(map, piece->base, piece->n_bytes, QUIRE_USABLE);
}

static void reserved_to_map(void *map, const struct quire_fdt_reserved *piece) {
    if (piece->base != QUIRE_NONE)
        quire_regions_add(map, piece->base, piece->n_bytes, QUIRE_RESERVED);
}

static void add_chosen(const struct quire_fdt *fdt, struct quire_regions *map) {
    struct quire_region initrd;
    if (quire_fdt_initrd(fdt, &initrd))
        quire_regions_add(map, initrd.base, initrd.end - initrd.base, QUIRE_RESERVED);

    struct q_fdt_walk walk;
    struct reserving r = {.walk = &walk, .emit = reserved_to_map, .to = map};
    if (q_fdt_find_top(&walk, fdt, "chosen"))
        emit_value(&r, q_fdt_own(&walk, "linux,elfcorehdr"), q_fdt_parent_cells(&walk));
}

void quire_fdt_regions(const struct quire_fdt *fdt, struct quire_regions *map) {
    for (uint32_t at = fdt->reservations; at < fdt->reservations_end; at += 16)
        quire_regions_add(map, q_fdt_number(fdt, at, 2), q_fdt_number(fdt, at + 8, 2), QUIRE_RESERVED);
    each_memory(fdt, memory_to_map, map);
    each_reserved(fdt, reserved_to_map, map);
    add_chosen(fdt, map);
}

/* A caller's array of pieces of one kind, and how many pieces there were for it. */
struct list {
    void *at;
    size_t piece_bytes, capacity, n;
};

/* Counts a piece. Returns where it goes, or NULL: the array is full. */
static void *next_place(struct list *list) {
    size_t i = list->n++;
    return i < list->capacity ? (char *)list->at + i * list->piece_bytes : NULL;
}

static void memory_to_list(void *list, const struct quire_fdt_memory *piece) {
    struct quire_fdt_memory *place = next_place(list);
    if (place != NULL)
        *place = *piece;
}

static void reserved_to_list(void *list, const struct quire_fdt_reserved *piece) {
    struct quire_fdt_reserved *place = next_place(list);
    if (place != NULL)
        *place = *piece;
}

size_t quire_fdt_memory(const struct quire_fdt *fdt, struct quire_fdt_memory *memory, size_t capacity) {
    struct list list = {.at = memory, .piece_bytes = sizeof *memory, .capacity = capacity};
    each_memory(fdt, memory_to_list, &list);
    return list.n;
}

size_t quire_fdt_reserved(const struct quire_fdt *fdt, struct quire_fdt_reserved *reserved, size_t capacity) {
    struct list list = {.at = reserved, .piece_bytes = sizeof *reserved, .capacity = capacity};
    each_reserved(fdt, reserved_to_list, &list);
    return list.n;
}
