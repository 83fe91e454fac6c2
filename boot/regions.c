/* regions.c: one sweep over sorted ranges.
 *
 * Sort the ranges by their first byte, whatever their type. Between the bases of two neighbours in that order nothing
 * begins, so all that has begun can be summed up in two numbers: how far usable ranges reach, and how far reserved
 * ones do. The usable bytes of that gap are then a single interval: from where the reserved ones stop to where the
 * usable ones do. Intervals that touch are one piece, and a piece holds exactly the frames that lie in it as a whole.
 *
 * R1  Pieces are maximal: at least one byte that is not usable lies between two of them. So rounding inwards loses only
 *     frames that have such a byte, and the results can not touch.
 * R2  Each entry yields at most one piece, and a piece is written only after a later entry has been read (or the last);
 *     so the result can take the place of the input. */
#include "regions.h"

/* Reclaimable memory in a list under construction: no other function knows it, so to all of
 * them it is reserved. */
static const enum quire_region_type reclaimable = (enum quire_region_type)(QUIRE_USABLE + 1);

static void add_range(struct quire_regions *map, quire_pa base, uint64_t n_bytes, enum quire_region_type type) {
    quire_pa end = n_bytes > UINT64_MAX - base ? UINT64_MAX : base + n_bytes;
    if (base == end)
        return;
    if (map->n < map->capacity)
        map->at[map->n] = (struct quire_region){.base = base, .end = end, .type = type};
    map->n++;
}

void quire_regions_add(struct quire_regions *map, quire_pa base, uint64_t n_bytes, enum quire_region_type type) {
    add_range(map, base, n_bytes, type == QUIRE_USABLE ? QUIRE_USABLE : QUIRE_RESERVED);
}

void quire_regions_add_reclaimable(struct quire_regions *map, quire_pa base, uint64_t n_bytes) {
    add_range(map, base, n_bytes, reclaimable);
}

static void sort_by_base(struct quire_region *at, size_t n) {
    for (size_t i = 1; i < n; i++) {
        struct quire_region moving = at[i];
        size_t to = i;
        for (; to > 0 && at[to - 1].base > moving.base; to--)
            at[to] = at[to - 1];
        at[to] = moving;
    }
}

/* Appends the whole frames of [base, end), if there are any. Frames are counted, because rounding an address up could
 * wrap around. */
static size_t append_frames(struct quire_region *at, size_t n, quire_pa base, quire_pa end) {
    uint64_t first = (base >> QUIRE_PAGE_SHIFT) + ((base & (QUIRE_PAGE_SIZE - 1)) != 0);
    uint64_t end_frame = end >> QUIRE_PAGE_SHIFT;
    if (first >= end_frame)
        return n;
    at[n] = (struct quire_region){
        .base = first << QUIRE_PAGE_SHIFT, .end = end_frame << QUIRE_PAGE_SHIFT, .type = QUIRE_USABLE};
    return n + 1;
}

bool quire_regions_normalise(struct quire_regions *map) {
    if (map->n > map->capacity)
        return false;
    sort_by_base(map->at, map->n);

    quire_pa usable_end = 0, reserved_end = 0; /* how far the ranges that have begun reach */
    quire_pa piece_base = 0, piece_end = 0;    /* usable bytes that may go on in the next gap */
    size_t n_out = 0;
    for (size_t i = 0; i < map->n; i++) {
        struct quire_region r = map->at[i];
        quire_pa *reach = r.type == QUIRE_USABLE ? &usable_end : &reserved_end;
        if (*reach < r.end)
            *reach = r.end;

        quire_pa gap_end = i + 1 < map->n ? map->at[i + 1].base : UINT64_MAX;
        quire_pa base = r.base > reserved_end ? r.base : reserved_end;
        quire_pa end = usable_end < gap_end ? usable_end : gap_end;
        if (base >= end)
            continue;
        if (base != piece_end) {
            n_out = append_frames(map->at, n_out, piece_base, piece_end);
            piece_base = base;
        }
        piece_end = end;
    }
    map->n = append_frames(map->at, n_out, piece_base, piece_end);
    return true;
}

/* The region that has a frame on either side of `at`; map->n: none has. */
static size_t across(const struct quire_regions *map, quire_pa at) {
    size_t i = 0;
    while (i < map->n && (map->at[i].base >= at || map->at[i].end <= at))
        i++;
    return i;
}

static void cut(struct quire_regions *map, quire_pa at) {
    size_t i = across(map, at);
    if (i == map->n)
        return;
    for (size_t k = map->n++; k > i; k--)
        map->at[k] = map->at[k - 1];
    map->at[i].end = at;
    map->at[i + 1].base = at;
}

/* Takes whole frames that lie in one region out of a normalised list. */
static void take_out(struct quire_regions *map, const struct quire_region *gone) {
    size_t i = 0;
    while (map->at[i].end < gone->end)
        i++;
    if (map->at[i].end > gone->end) {
        cut(map, gone->base);
        i += map->at[i].end == gone->base;
        map->at[i].base = gone->end;
    } else if (map->at[i].base < gone->base) {
        map->at[i].end = gone->base;
    } else {
        for (map->n--; i < map->n; i++)
            map->at[i] = map->at[i + 1];
    }
}

/* All frames that are usable in the end, less those that are now.
 *
 * R3  `later` never has more entries than the list had. Each piece that is left over holds a byte of a reclaimable entry that
 *     no other piece has a byte of, since what lies between them is usable; and what is still to be taken out is of
 *     some usable entry. */
bool quire_regions_split(struct quire_regions *map, struct quire_regions *later) {
    later->n = map->n;
    if (map->n > map->capacity || map->n > later->capacity)
        return false;
    for (size_t i = 0; i < map->n; i++) {
        later->at[i] = map->at[i];
        if (later->at[i].type == reclaimable)
            later->at[i].type = QUIRE_USABLE;
    }
    quire_regions_normalise(map);
    quire_regions_normalise(later);
    for (size_t i = 0; i < map->n; i++)
        take_out(later, &map->at[i]);
    return true;
}

/* The lowest multiple of `alignment` that is not less; false: it is beyond the end of the address space. */
static bool align_up(quire_pa *address, uint64_t alignment) {
    uint64_t low = *address & (alignment - 1), step = low != 0 ? alignment - low : 0;
    *address += step;
    return *address >= step;
}

static bool fits(const struct quire_region *r, const struct quire_region *within, uint64_t n_bytes, uint64_t alignment,
                 quire_pa *base) {
    quire_pa end = r->end < within->end ? r->end : within->end;
    *base = r->base > within->base ? r->base : within->base;
    return r->type == QUIRE_USABLE && align_up(base, alignment) && *base < end && n_bytes <= end - *base;
}

/* A region ends with a frame and the place begins with one, so where the bytes fit, so do their frames. */
bool quire_regions_place(struct quire_regions *map, uint64_t n_bytes, uint64_t alignment,
                         const struct quire_region *within, quire_pa *base) {
    if (map->n >= map->capacity || n_bytes == 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
        return false;
    alignment = alignment > QUIRE_PAGE_SIZE ? alignment : QUIRE_PAGE_SIZE;
    for (size_t i = 0; i < map->n; i++) {
        quire_pa place;
        if (!fits(&map->at[i], within, n_bytes, alignment, &place))
            continue;
        quire_regions_add(map, place, n_bytes, QUIRE_RESERVED);
        quire_regions_normalise(map);
        *base = place;
        return true;
    }
    return false;
}

/* The first frame that begins at `address` or above it, but at most the last frame of all: no region reaches that. */
static quire_pa frame_from(quire_pa address) {
    const quire_pa last = UINT64_MAX - (QUIRE_PAGE_SIZE - 1);
    return address < last ? (address + (QUIRE_PAGE_SIZE - 1)) & ~(QUIRE_PAGE_SIZE - 1) : last;
}

bool quire_regions_set_node(struct quire_regions *map, quire_pa base, uint64_t n_bytes, unsigned node) {
    quire_pa first = frame_from(base), end = frame_from(n_bytes > UINT64_MAX - base ? UINT64_MAX : base + n_bytes);
    size_t n_more = (size_t)(across(map, first) < map->n) + (size_t)(across(map, end) < map->n && end != first);
    if (map->n > map->capacity || map->capacity - map->n < n_more)
        return false;
    if (first >= end)
        return true;
    cut(map, first);
    cut(map, end);
    for (size_t i = 0; i < map->n; i++)
        if (map->at[i].base >= first && map->at[i].end <= end)
            map->at[i].node = node;
    return true;
}
