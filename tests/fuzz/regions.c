/* regions.c: memory maps of any bytes, normalised by boot/regions.c and by a model that asks of each frame whether each of
 * its bytes is usable. In the end the list is split, and the model asks the same of memory that is usable later.
 *
 * All bounds lie in three windows of 16 frames: at address 0, around 2^32, and at the end of the address space. So the
 * model needs a cell for each frame of the windows and one for each of the two wide gaps between them, in which nothing
 * begins or ends. And it need not ask of every byte of a cell: of its first one and of those where a range begins
 * or has ended, for in between nothing changes.
 *
 *     input   capacity, then entries of 5 bytes: type or "normalise now", where from (2), where to (2) */
#include "boot/regions.h"
#include "fuzz.h"

#include <string.h>

#define PAGE          QUIRE_PAGE_SIZE
#define WINDOW_FRAMES 16u
#define WINDOW_BYTES  (WINDOW_FRAMES * PAGE)
#define N_WINDOWS     3u
#define N_CELLS       (N_WINDOWS * WINDOW_FRAMES + 2)
#define MAX_ENTRIES   48u
#define LAST_FRAME    (0 - PAGE) /* region.h: never usable */
#define MANY          200u       /* a first byte from here on: room for all */

static const quire_pa windows[N_WINDOWS] = {0, ((quire_pa)1 << 32) - WINDOW_BYTES / 2, 0 - WINDOW_BYTES};

/* ---- the model ------------------------------------------------------------------------------------------ */

struct entry {
    quire_pa base;
    uint64_t n_bytes; /* may run past the end of the address space */
    enum quire_region_type type;
};

static struct entry entries[MAX_ENTRIES];
static size_t n_entries;

/* Bytes [first, last]: a frame of a window, or a gap. */
struct cell {
    quire_pa first, last;
};

static struct cell cells[N_CELLS];

static void make_cells(void) {
    size_t n = 0;
    for (unsigned w = 0; w < N_WINDOWS; w++) {
        for (unsigned f = 0; f < WINDOW_FRAMES; f++) {
            quire_pa first = windows[w] + f * PAGE;
            cells[n++] = (struct cell){first, first + (PAGE - 1)};
        }
        if (w + 1 < N_WINDOWS) {
            cells[n++] = (struct cell){windows[w] + WINDOW_BYTES, windows[w + 1] - 1};
        }
    }
}

/* Of a reclaimable entry. Those of the reader's are its own. */
#define RECLAIMABLE ((enum quire_region_type)2)

/* Whether reclaimable memory is usable by now. */
static bool is_later;

static bool byte_usable(quire_pa byte) {
    bool usable = false;
    for (size_t i = 0; i < n_entries; i++) {
        const struct entry *e = &entries[i];
        if (byte < e->base || byte - e->base >= e->n_bytes) {
            continue;
        }
        if (e->type != QUIRE_USABLE && !(is_later && e->type == RECLAIMABLE)) {
            return false;
        }
        usable = true;
    }
    return usable;
}

static bool all_usable_then(const struct cell *c) {
    if (c->first == LAST_FRAME || !byte_usable(c->first)) {
        return false;
    }
    for (size_t i = 0; i < n_entries; i++) {
        quire_pa base = entries[i].base, behind = base + entries[i].n_bytes;
        if ((base - c->first <= c->last - c->first && !byte_usable(base)) ||
            (behind - c->first <= c->last - c->first && !byte_usable(behind))) {
            return false;
        }
    }
    return true;
}

/* Usable now, or later and not now. */
static bool all_usable(const struct cell *c, bool later) {
    is_later = false;
    bool now = all_usable_then(c);
    is_later = later;
    return later ? !now && all_usable_then(c) : now;
}

/* What the list should become, or the one for later. Returns how many regions that are. */
static size_t expect(struct quire_region *out, bool later) {
    size_t n = 0;
    bool before = false;
    for (size_t i = 0; i < N_CELLS; i++) {
        bool usable = all_usable(&cells[i], later);
        if (usable && !before) {
            out[n++] = (struct quire_region){.base = cells[i].first, .type = QUIRE_USABLE};
        }
        if (usable) {
            out[n - 1].end = cells[i].last + 1;
        }
        before = usable;
    }
    return n;
}

/* ---- comparing ------------------------------------------------------------------------------------------ */

static void check(const struct quire_regions *map, const struct quire_region *expected, size_t n, const char *when) {
    if (map->n != n) {
        fuzz_fail("%s: %zu regions, expected %zu", when, map->n, n);
    }
    for (size_t i = 0; i < n; i++) {
        const struct quire_region *got = &map->at[i], *want = &expected[i];
        if (got->base != want->base || got->end != want->end || got->type != want->type) {
            fuzz_fail("%s: region %zu is %#llx..%#llx type %d, expected %#llx..%#llx", when, i,
                      (unsigned long long)got->base, (unsigned long long)got->end, (int)got->type,
                      (unsigned long long)want->base, (unsigned long long)want->end);
        }
    }
}

/* The array is too small: that is said, and nothing else happens. */
static void check_refusal(struct quire_regions *map) {
    struct quire_region before[MAX_ENTRIES];
    size_t n = map->n;
    struct quire_regions later = {.capacity = MAX_ENTRIES};
    memcpy(before, map->at, map->capacity * sizeof *before);
    if (quire_regions_normalise(map) || quire_regions_split(map, &later) || later.n != n || map->n != n ||
        memcmp(before, map->at, map->capacity * sizeof *before) != 0) {
        fuzz_fail("%zu entries in room for %zu: not refused, or changed", n, map->capacity);
    }
}

/* Both sides go on with the result, as if somebody had listed just that. */
static void normalise(struct quire_regions *map) {
    struct quire_region expected[N_CELLS];
    size_t n = expect(expected, false);
    if (!quire_regions_normalise(map)) {
        fuzz_fail("%zu entries in room for %zu: refused", map->n, map->capacity);
    }
    check(map, expected, n, "normalised");
    n_entries = n;
    for (size_t i = 0; i < n; i++) {
        entries[i] = (struct entry){expected[i].base, expected[i].end - expected[i].base, QUIRE_USABLE};
    }
}

/* Into two lists, of which the second has no more room than it needs. */
static void split(struct quire_regions *map) {
    struct quire_region expected[N_CELLS], expected_later[N_CELLS], space[MAX_ENTRIES];
    size_t n = expect(expected, false), n_later = expect(expected_later, true);
    struct quire_regions later = {.at = space, .capacity = map->n};
    if (!quire_regions_split(map, &later)) {
        fuzz_fail("%zu entries in room for %zu: not split", map->n, map->capacity);
    }
    check(map, expected, n, "split");
    check(&later, expected_later, n_later, "split, later");
}

/* ---- input ---------------------------------------------------------------------------------------------- */

/* A byte of a window, most often near the bound of a frame. */
static quire_pa any_address(struct input *in) {
    static const uint16_t offsets[] = {0, 0, 0, 0, 1, 0x7FF, 0x800, 0xFFF};
    unsigned where = take(in), offset = take(in);
    quire_pa frame = windows[where / WINDOW_FRAMES % N_WINDOWS] + where % WINDOW_FRAMES * PAGE;
    return frame + offsets[offset % 8];
}

/* An end before the base makes a length that runs past the end of the address space. */
static void add(struct quire_regions *map, struct input *in, unsigned type) {
    static const int types[] = {QUIRE_USABLE, QUIRE_USABLE, QUIRE_USABLE, QUIRE_RESERVED, QUIRE_RESERVED, 2, 99};
    quire_pa base = any_address(in), end = any_address(in);
    struct entry e = {base, end - base, (enum quire_region_type)types[type]};
    if (e.type == RECLAIMABLE) {
        quire_regions_add_reclaimable(map, e.base, e.n_bytes);
    } else {
        quire_regions_add(map, e.base, e.n_bytes, e.type);
    }
    if (e.n_bytes != 0 && e.base != UINT64_MAX) { /* the last byte can not be in a region */
        entries[n_entries++] = e;
    }
    if (map->n != n_entries) {
        fuzz_fail("%zu entries are listed, expected %zu", map->n, n_entries);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    struct input in = {bytes, n_bytes};
    struct quire_region space[MAX_ENTRIES];
    struct quire_regions map = {.at = space};
    unsigned capacity = take(&in);
    map.capacity = capacity < MANY ? capacity % MAX_ENTRIES : MAX_ENTRIES;
    n_entries = 0;
    make_cells();
    while (in.n_left > 0 && n_entries < MAX_ENTRIES) {
        unsigned type = take(&in) % 8;
        if (type < 7) {
            add(&map, &in, type);
        } else if (map.n <= map.capacity) {
            normalise(&map);
        }
    }
    if (map.n > map.capacity) {
        check_refusal(&map);
        return 0;
    }
    if (capacity % 2 == 0) {
        split(&map);
    } else {
        normalise(&map);
        normalise(&map); /* twice changes nothing */
    }
    return 0;
}
