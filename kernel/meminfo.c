/* meminfo.c: the memory report, put together from what the allocator says about itself.
 *
 * The map comes from one walk over all frames: each run of equal frames adds its part to the blocks that it crosses,
 * and a block's letter is written when the walk has left it. */
#include <kernel.h>
#include <meminfo.h>

#define BLOCK_BYTES ((quire_pa)QUIRE_BLOCK_FRAMES * QUIRE_PAGE_SIZE)

/* ---- figures -------------------------------------------------------------------------------------------- */

static void report_totals(struct meminfo *info) {
    struct quire_stats stats;
    quire_stats(frames, &stats);
    info->page_size = QUIRE_PAGE_SIZE;
    info->n_frames = stats.n_frames;
    info->n_free = stats.n_free;
    info->n_cached = stats.n_cached;
    info->n_metadata = stats.n_metadata;
    info->n_free_blocks = stats.n_free_blocks;
    info->n_faults = stats.n_faults;
    info->n_unproved = stats.n_unproved;
    info->n_zones = stats.n_zones;
    info->n_cpus = stats.n_cpus;
}

static void report_owners(struct meminfo *info) {
    uint64_t n_owned[QUIRE_TAGS];
    quire_tag_stats(frames, n_owned);
    for (unsigned owner = 0; owner < OWNERS; owner++) {
        info->n_owned[owner] = n_owned[owner];
    }
}

_Static_assert(ABI_ORDERS == QUIRE_MAX_ORDER + 1, "programs are told of every order");

static void report_zones(struct meminfo *info) {
    struct quire_zone_stats zone;
    for (unsigned i = 0; i < ABI_ZONES && quire_zone_stats(frames, i, &zone); i++) {
        info->zone[i] = (struct meminfo_zone){
            .base = zone.base,
            .end = zone.end,
            .n_frames = zone.n_frames,
            .n_free = zone.n_free,
            .n_free_blocks = zone.n_free_blocks,
            .n_fresh_blocks = zone.n_fresh_blocks,
            .node = zone.node,
        };
    }
}

static void report_cpus(struct meminfo *info) {
    struct quire_cpu_stats cpu;
    for (unsigned i = 0; i < ABI_CPUS && quire_cpu_stats(frames, i, &cpu); i++) {
        info->cpu[i] = (struct meminfo_cpu){
            .n_warm = cpu.n_warm,
            .n_in = cpu.n_in,
            .n_out = cpu.n_out,
            .gathering = cpu.gathering,
            .n_refills = cpu.n_refills,
            .n_steals = cpu.n_steals,
        };
    }
}

_Static_assert(sizeof(struct meminfo) <= PAGE_BYTES, "the report is put together in one frame");

static int report(struct space *space, uintptr_t to) {
    quire_pa frame = quire_alloc(frames, OWNER_KERNEL);
    if (frame == QUIRE_NONE) {
        return -E_NOMEM;
    }
    struct meminfo *info = direct(frame);
    memset(info, 0, sizeof *info);
    report_totals(info);
    report_owners(info);
    quire_free_runs(frames, info->n_runs);
    report_zones(info);
    report_cpus(info);
    int error = copy_to(space, to, info, sizeof *info);
    quire_free(frames, frame);
    return error;
}

/* ---- map ------------------------------------------------------------------------------------------------ */

struct map {
    struct space *space;
    uintptr_t to;
    size_t n, n_most; /* letters written, and room */
    int error;
    unsigned zone;           /* that the walk is in */
    quire_pa block;          /* base of the block that it is in, QUIRE_NONE before the first */
    quire_pa fresh;          /* from here up to the end of the zone nothing was ever used */
    unsigned n_held, n_seen; /* frames of the block: held, and ours at all */
};

static char letter(const struct map *map) {
    if (map->n_seen < QUIRE_BLOCK_FRAMES) {
        return '#';
    }
    if (map->block >= map->fresh) {
        return '.';
    }
    return (char)('0' + (map->n_held * 8 + QUIRE_BLOCK_FRAMES - 1) / QUIRE_BLOCK_FRAMES);
}

static void leave_block(struct map *map) {
    if (map->block == QUIRE_NONE || map->n == map->n_most || map->error != 0) {
        return;
    }
    char c = letter(map);
    map->error = copy_to(map->space, map->to + map->n, &c, 1);
    if (map->error == 0) {
        map->n++;
    }
}

static void enter_block(struct map *map, quire_pa block) {
    struct quire_zone_stats zone = {0};
    leave_block(map);
    map->block = block;
    map->n_held = map->n_seen = 0;
    while (quire_zone_stats(frames, map->zone, &zone) && zone.end <= block) {
        map->zone++;
    }
    quire_pa end = (zone.end + BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1);
    map->fresh = end - zone.n_fresh_blocks * BLOCK_BYTES;
}

static bool add_run(void *context, const struct quire_run *run) {
    struct map *map = context;
    quire_pa end = run->base + run->n_frames * QUIRE_PAGE_SIZE, next;
    for (quire_pa at = run->base; at < end; at = next) {
        quire_pa block = at & ~(BLOCK_BYTES - 1);
        if (block != map->block) {
            enter_block(map, block);
        }
        next = block + BLOCK_BYTES < end ? block + BLOCK_BYTES : end;
        unsigned n_frames = (unsigned)((next - at) / QUIRE_PAGE_SIZE);
        if (run->state != QUIRE_STATE_RESERVED) {
            map->n_seen += n_frames;
        }
        if (run->state != QUIRE_STATE_RESERVED && run->state != QUIRE_STATE_FREE) {
            map->n_held += n_frames;
        }
    }
    return map->error == 0 && map->n < map->n_most;
}

long meminfo(struct space *space, uintptr_t to, uintptr_t map_at, size_t n_map) {
    struct map map = {.space = space, .to = map_at, .n_most = n_map, .block = QUIRE_NONE};
    int error = report(space, to);
    if (error != 0) {
        return error;
    }
    if (n_map > 0) {
        quire_walk(frames, add_run, &map);
        leave_block(&map);
    }
    return map.error != 0 ? map.error : (long)map.n;
}
