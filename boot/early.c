/* early.c: pages before there is an allocator.
 *
 * E1  A usable frame is in the map or in `taken`, never in both.
 * E2  Both lists are disjoint, and the map is normalised: taking only moves the base of a region up. */
#include "early.h"

static bool has_frames(const struct quire_region *r, uint64_t n_frames, quire_pa below) {
    quire_pa end = r->end < below ? r->end : below;
    return r->type == QUIRE_USABLE && r->base < end && n_frames <= (end - r->base) >> QUIRE_PAGE_SHIFT;
}

/* Notes that [base, end) is taken. */
static bool note_taken(struct quire_regions *taken, quire_pa base, quire_pa end) {
    for (size_t i = 0; i < taken->n; i++) {
        if (taken->at[i].end == base) {
            taken->at[i].end = end;
            return true;
        }
    }
    if (taken->n == taken->capacity)
        return false;
    taken->at[taken->n++] = (struct quire_region){.base = base, .end = end, .type = QUIRE_RESERVED};
    return true;
}

static void move_base(struct quire_regions *map, size_t i, quire_pa base) {
    map->at[i].base = base;
    if (base != map->at[i].end)
        return;
    for (map->n--; i < map->n; i++)
        map->at[i] = map->at[i + 1];
}

quire_pa quire_early_take(struct quire_early *early, uint64_t n_frames) {
    struct quire_regions *map = early->map;
    for (size_t i = map->n; n_frames != 0 && i-- > 0;) {
        quire_pa base = map->at[i].base;
        if (!has_frames(&map->at[i], n_frames, early->below))
            continue;
        quire_pa end = base + (n_frames << QUIRE_PAGE_SHIFT);
        if (!note_taken(&early->taken, base, end))
            return QUIRE_NONE;
        move_base(map, i, end);
        return base;
    }
    return QUIRE_NONE;
}
