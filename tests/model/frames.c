/* frames.c: see frames.h.
 *
 * Everything that is asked after each operation takes a few steps, whatever the size of memory: frames are looked up by
 * address in a handful of areas, held and free ones stand in two parts of one list, and for each aligned run of each
 * order there is a number of free frames in it. */
#include "frames.h"

#include <stdlib.h>
#include <string.h>

struct frame *oracle_frames;
size_t oracle_n_frames;
unsigned oracle_n_nodes;
uint64_t oracle_n_free;

static size_t room; /* in oracle_frames */

#define MAX_AREAS (2 * N_REGIONS)
#define PAIR      (2 * QUIRE_BLOCK_FRAMES) /* frames of the largest run */
#define N_ORDERS  (PAIR_ORDER + 1)
_Static_assert(PAIR == 1u << PAIR_ORDER, "the largest run is a pair of blocks");

static void *some(void *at, size_t n_bytes) {
    at = realloc(at, n_bytes);
    if (at == NULL) {
        oracle_fail("the model itself has no memory left");
    }
    return at;
}

/* ---- addresses ------------------------------------------------------------------------------------------ */

/* Frames whose addresses follow one another. */
static struct area {
    quire_pa base;
    uint64_t n_bytes;
    size_t first; /* index in oracle_frames */
} areas[MAX_AREAS];
static unsigned n_areas;

static struct quire_region zones[MAX_AREAS];
static unsigned n_zones;

struct frame *oracle_frame(quire_pa pa) {
    for (unsigned i = 0; i < n_areas; i++) {
        if (pa - areas[i].base < areas[i].n_bytes) {
            return &oracle_frames[areas[i].first + (size_t)((pa - areas[i].base) / PAGE)];
        }
    }
    return NULL;
}

const struct quire_region *frames_zone(quire_pa pa) {
    for (unsigned i = 0; i < n_zones; i++) {
        if (zones[i].base <= pa && pa < zones[i].end) {
            return &zones[i];
        }
    }
    return NULL;
}

bool oracle_in_one_zone(quire_pa pa, uint64_t n) {
    const struct quire_region *zone = frames_zone(pa);
    return zone != NULL && n <= (zone->end - pa) / PAGE;
}

uint64_t oracle_free_from(quire_pa pa, uint64_t n) {
    uint64_t found = 0;
    while (pa % PAGE == 0 && found < n && frames_is_free(oracle_frame(pa + found * PAGE)) &&
           oracle_in_one_zone(pa, found + 1)) {
        found++;
    }
    return found;
}

void frames_clear(void) {
    oracle_n_frames = 0;
    n_areas = 0;
}

/* The areas lie by ascending address, and so do their frames. */
void frames_add(const struct quire_region *region) {
    size_t n = (size_t)((region->end - region->base) / PAGE), at = 0;
    unsigned area = 0;
    if (oracle_n_frames + n > room) {
        room = oracle_n_frames + n;
        oracle_frames = some(oracle_frames, room * sizeof *oracle_frames);
    }
    for (; area < n_areas && areas[area].base < region->base; area++) {
        at = areas[area].first + (size_t)(areas[area].n_bytes / PAGE);
    }
    memmove(&oracle_frames[at + n], &oracle_frames[at], (oracle_n_frames - at) * sizeof *oracle_frames);
    memmove(&areas[area + 1], &areas[area], (n_areas - area) * sizeof *areas);
    areas[area] = (struct area){region->base, n * PAGE, at};
    n_areas++;
    while (++area < n_areas) {
        areas[area].first += n;
    }
    for (size_t i = 0; i < n; i++) {
        oracle_frames[at + i] = (struct frame){.pa = region->base + i * PAGE, .byte = WORLD_RUBBISH};
    }
    oracle_n_frames += n;
}

/* ---- runs of free frames -------------------------------------------------------------------------------- */

/* Each pair of blocks that lies in one zone has 1024 slots, so that an aligned run of frames is an aligned run of
 * slots, and a run of order 10 across two zones is none. n_in[order][slot >> order] of the run's frames are free. */
static uint16_t *n_in[N_ORDERS];
static uint64_t n_free_runs[N_ORDERS], n_runs[N_ORDERS];
static size_t n_slots, slots_room;

uint64_t oracle_free_runs(unsigned order) {
    return n_free_runs[order];
}

uint64_t oracle_runs(unsigned order) {
    return n_runs[order];
}

static void number_slots(void) {
    const struct quire_region *last_zone = NULL;
    quire_pa last_pair = 0;
    n_slots = 0;
    for (size_t i = 0; i < oracle_n_frames; i++) {
        struct frame *f = &oracle_frames[i];
        if (f->metadata) {
            continue;
        }
        const struct quire_region *zone = frames_zone(f->pa);
        quire_pa pair = f->pa / PAGE / PAIR;
        if (zone == NULL) {
            oracle_fail("no zone has frame %#llx", (unsigned long long)f->pa);
        }
        n_slots += zone != last_zone || pair != last_pair ? PAIR : 0;
        f->slot = (uint32_t)(n_slots - PAIR + f->pa / PAGE % PAIR);
        last_zone = zone;
        last_pair = pair;
    }
    if (n_slots > slots_room) {
        slots_room = n_slots;
        for (unsigned order = 0; order < N_ORDERS; order++) {
            n_in[order] = some(n_in[order], (n_slots >> order) * sizeof *n_in[order]);
        }
    }
}

/* As if all that is not metadata were free: from single frames upwards. */
static void count_runs(void) {
    memset(n_in[0], 0, n_slots * sizeof *n_in[0]);
    for (size_t i = 0; i < oracle_n_frames; i++) {
        if (!oracle_frames[i].metadata) {
            n_in[0][oracle_frames[i].slot] = 1;
        }
    }
    for (unsigned order = 0; order < N_ORDERS; order++) {
        n_runs[order] = 0;
        for (size_t i = 0; i < n_slots >> order; i++) {
            if (order > 0) {
                n_in[order][i] = (uint16_t)(n_in[order - 1][2 * i] + n_in[order - 1][2 * i + 1]);
            }
            n_runs[order] += n_in[order][i] == 1u << order;
        }
        n_free_runs[order] = n_runs[order];
    }
}

/* An aligned run becomes all free or all held: so do the runs in it, and those around it have so many more or fewer. */
static void recount_run(uint32_t slot, unsigned order, bool to_free) {
    for (unsigned o = 0; o <= order; o++) {
        uint32_t n = 1u << (order - o);
        for (uint32_t i = slot >> o; i < (slot >> o) + n; i++) {
            n_in[o][i] = (uint16_t)(to_free ? 1u << o : 0);
        }
        n_free_runs[o] += to_free ? n : 0 - (uint64_t)n;
    }
    for (unsigned o = order + 1; o < N_ORDERS; o++) {
        uint16_t *n = &n_in[o][slot >> o];
        n_free_runs[o] -= *n == 1u << o;
        *n = (uint16_t)(to_free ? *n + (1u << order) : *n - (1u << order));
        n_free_runs[o] += *n == 1u << o;
    }
}

/* The same of n slots, as few aligned runs. */
static void recount_slots(uint32_t slot, uint64_t n, bool to_free) {
    while (n > 0) {
        unsigned order = 0;
        while (order < PAIR_ORDER && 2u << order <= n && slot % (2u << order) == 0) {
            order++;
        }
        recount_run(slot, order, to_free);
        slot += 1u << order;
        n -= 1u << order;
    }
}

/* The same of n frames. Where they lie in two zones, their slots do not follow one another. */
static void recount(const struct frame *f, uint64_t n, bool to_free) {
    for (uint64_t here; n > 0; f += here, n -= here) {
        for (here = 1; here < n && f[here].slot == f->slot + here; here++) {}
        recount_slots(f->slot, here, to_free);
    }
}

/* ---- held and free ones --------------------------------------------------------------------------------- */

/* The frames' numbers: held ones at the front, free ones behind them. */
static uint32_t *list;
static size_t list_room, n_held;

static void list_frames(void) {
    if (oracle_n_frames > list_room) {
        list_room = oracle_n_frames;
        list = some(list, list_room * sizeof *list);
    }
    n_held = oracle_n_free = 0;
    for (size_t i = 0; i < oracle_n_frames; i++) {
        n_held += !oracle_frames[i].metadata && oracle_frames[i].refs > 0;
    }
    size_t next_held = 0;
    for (size_t i = 0; i < oracle_n_frames; i++) {
        struct frame *f = &oracle_frames[i];
        if (!f->metadata && f->refs > 0) {
            recount(f, 1, false);
        }
        if (!f->metadata) {
            f->seat = (uint32_t)(f->refs > 0 ? next_held++ : n_held + oracle_n_free++);
            list[f->seat] = (uint32_t)i;
        }
    }
}

/* Exchanges the seats of a frame and of the one that sits at the border. */
static void sit_at(struct frame *f, size_t border) {
    struct frame *other = &oracle_frames[list[border]];
    list[f->seat] = list[border];
    other->seat = f->seat;
    list[border] = (uint32_t)(f - oracle_frames);
    f->seat = (uint32_t)border;
}

struct frame *oracle_held(void) {
    return n_held == 0 ? NULL : &oracle_frames[list[any(n_held)]];
}

struct frame *oracle_free(void) {
    return oracle_n_free == 0 ? NULL : &oracle_frames[list[n_held + any(oracle_n_free)]];
}

void frames_release(struct frame *f, uint64_t n) {
    recount(f, n, true);
    for (struct frame *i = f; i < f + n; i++) {
        sit_at(i, --n_held);
        i->refs = 0;
    }
    oracle_n_free += n;
}

void frames_occupy(struct frame *f, uint64_t n) {
    recount(f, n, false);
    for (struct frame *i = f; i < f + n; i++) {
        sit_at(i, n_held++);
        i->refs = 1;
    }
    oracle_n_free -= n;
}

/* ---- all ------------------------------------------------------------------------------------------------ */

void frames_settle(const struct quire *q) {
    struct quire_zone_stats zone;
    for (n_zones = 0; quire_zone_stats(q, n_zones, &zone); n_zones++) {
        if (n_zones == MAX_AREAS) {
            oracle_fail("more zones than regions");
        }
        zones[n_zones] = (struct quire_region){zone.base, zone.end, QUIRE_USABLE, zone.node};
    }
    number_slots();
    count_runs();
    list_frames();
}
