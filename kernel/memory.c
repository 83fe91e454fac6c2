/* memory.c: from what the firmware says to an allocator that is ready. */
#include <firmware.h>
#include <memory.h>
#include <options.h>
#include <process.h>
#include <recovery.h>

#define MAX_REGIONS 1024u /* the firmware's and ours, see boot/regions.h: 24 KiB. More is reported */

struct quire *frames;
quire_pa zero_frame;

static struct quire_region regions[MAX_REGIONS], reclaimed[MAX_REGIONS];

static uint64_t bytes_in(const struct quire_regions *map) {
    uint64_t n = 0;
    for (size_t i = 0; i < map->n; i++) {
        n += map->at[i].end - map->at[i].base;
    }
    return n;
}

static quire_pa end_of(const struct quire_regions *map) {
    quire_pa end = 0;
    for (size_t i = 0; i < map->n && i < MAX_REGIONS; i++) {
        end = map->at[i].type == QUIRE_USABLE && map->at[i].end > end ? map->at[i].end : end;
    }
    return end;
}

/* What can be reclaimed later is as good as usable: nobody writes to memory before the allocator is there, and by then nothing
 * is read any more of what the firmware has left in it. */
static bool normalise(struct quire_regions *map) {
    struct quire_regions later = {.at = reclaimed, .capacity = MAX_REGIONS};
    if (!quire_regions_split(map, &later)) {
        return false;
    }
    for (size_t i = 0; i < later.n; i++) {
        quire_regions_add(map, later.at[i].base, later.at[i].end - later.at[i].base, QUIRE_USABLE);
    }
    return quire_regions_normalise(map);
}

/* Reserves what the firmware can not know of: the kernel, and what lies beyond the direct map. */
static void read_map(struct quire_regions *map) {
    firmware_regions(map);
    quire_regions_add(map, direct_pa(kernel_image), (size_t)(kernel_image_end - kernel_image), QUIRE_RESERVED);
    paging_reach(end_of(map));
    quire_regions_add(map, direct_end, UINT64_MAX - direct_end, QUIRE_RESERVED);
    if (!normalise(map)) {
        panic("the firmware's memory map needs room for %lu regions, there is room for %u", map->n, MAX_REGIONS);
    }
}

/* Which memory is near to which CPUs. To be called last, as firmware_nodes says. */
static void find_nodes(struct quire_regions *map, struct quire_config *config) {
    static uint16_t node_of_cpu[MAX_CPUS];
    static uint8_t distance[QUIRE_MAX_NODES * QUIRE_MAX_NODES];
    unsigned n_nodes = firmware_nodes(map, distance);
    for (unsigned i = 0; i < n_cpus; i++) {
        node_of_cpu[i] = (uint16_t)(cpus[i].node < n_nodes ? cpus[i].node : 0);
    }
    config->n_nodes = n_nodes;
    config->node_of_cpu = node_of_cpu;
    config->distance = distance;
}

static void make_allocator(const struct quire_config *config, const struct quire_regions *map) {
    uint64_t before = arch_instructions();
    enum quire_status status = quire_init(&frames, config, map->at, map->n);
    uint64_t after = arch_instructions();
    if (status != QUIRE_OK) {
        panic("no allocator: %s", quire_status_name(status));
    }
    if (options.count) {
        print("quire: ready after %lu instructions\n", after - before);
    }
}

static unsigned cpus_on(unsigned node) {
    struct quire_cpu_stats cpu;
    unsigned n = 0;
    for (unsigned i = 0; quire_cpu_stats(frames, i, &cpu); i++) {
        n += cpu.node == node;
    }
    return n;
}

static void report_nodes(void) {
    struct quire_zone_stats node;
    for (unsigned i = 0; quire_node_stats(frames, 1, &node) && quire_node_stats(frames, i, &node); i++) {
        unsigned n = cpus_on(i);
        print("quire: node %u: %lu MiB free, %u CPU%s\n", i, node.n_free * (QUIRE_PAGE_SIZE / 1024) / 1024, n,
              n == 1 ? "" : "s");
    }
}

static void report(void) {
    struct quire_stats stats;
    quire_stats(frames, &stats);
    uint64_t page_kib = QUIRE_PAGE_SIZE / 1024;
    print("quire: %lu MiB free in %u zone%s, metadata %lu KiB at 0x%lx\n", stats.n_free * page_kib / 1024,
          stats.n_zones, stats.n_zones == 1 ? "" : "s", stats.n_metadata * page_kib, direct_pa(frames));
    report_nodes();
}

void memory_init(void) {
    struct quire_regions map = {.at = regions, .capacity = MAX_REGIONS};
    read_map(&map);
    firmware_place_requests(&map);
    struct quire_config config = {
        .n_cpus = n_cpus,
        .mapped_end = direct_end,
        .content = options.content,
    };
    print("memory: %lu MiB usable\n", bytes_in(&map) >> 20);
    find_nodes(&map, &config);
    if (!options.recover || !recover(&config, map.at, map.n)) {
        make_allocator(&config, &map);
    }
    report();
    zero_frame = quire_alloc(frames, OWNER_ZERO);
    if (zero_frame == QUIRE_NONE) {
        panic("no memory for the frame of zeros");
    }
    memset(direct(zero_frame), 0, PAGE_BYTES);
}

static void take_and_give_back(void) {
    quire_pa one = quire_alloc(frames, OWNER_KERNEL), four;
    bool has_four = quire_alloc_order(frames, 2, OWNER_KERNEL, &four) == QUIRE_OK;
    if (one != QUIRE_NONE) {
        quire_free(frames, one);
    }
    if (has_four) {
        quire_free_order(frames, four, 2);
    }
}

/* seq_cst, all of them: either a tick sees that it is to do nothing, or its number is seen. */
static atomic_uint n_exercising;

void memory_exercise(void) {
    atomic_fetch_add(&n_exercising, 1);
    if (atomic_load(&options.allocate_in_interrupts)) {
        take_and_give_back();
    }
    atomic_fetch_sub(&n_exercising, 1);
}

bool memory_stop_exercise(void) {
    bool was_on = atomic_exchange(&options.allocate_in_interrupts, false);
    while (atomic_load(&n_exercising) > 0) {
        ;
    }
    return was_on;
}

void memory_resume_exercise(bool was_on) {
    atomic_store(&options.allocate_in_interrupts, was_on);
}
