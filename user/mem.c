/* mem.c: draws where the memory is; -m draws each block of it.
 *
 * What is drawn is what the allocator knows of itself: totals, zones, the frames that each CPU holds back, who owns
 * how much, and a map with one character for each block of 2 MiB, or for a few blocks where the map would be longer
 * than a screen. */
#include "user.h"

enum { N_COLUMNS = 64, N_MAP_LINES = 24, BLOCK_FRAMES = 512, N_WARM = 64 };

static struct meminfo info;

/* ---- figures -------------------------------------------------------------------------------------------- */

/* "  3456   13.5 MiB": a number of frames, and what they come to. */
static void print_frames(uint64_t n_frames) {
    uint64_t tenths = n_frames * info.page_size * 10 / MIB;
    print("%10lu %8lu.%lu MiB", n_frames, tenths / 10, tenths % 10);
}

static void print_share(const char *name, uint64_t n_frames, uint64_t full) {
    print("  %-14s", name);
    print_frames(n_frames);
    print("  ");
    print_bar(n_frames, full, 38);
    print("\n");
}

static void print_totals(void) {
    print("\nMemory, in frames of %lu bytes\n\n", info.page_size);
    print_share("managed", info.n_frames, info.n_frames);
    print_share("free", info.n_free, info.n_frames);
    print_share("held", info.n_frames - info.n_free, info.n_frames);
    print("\n  %lu whole free blocks of 2 MiB; %lu frames of metadata; faults found: %lu; refusals in doubt: %lu\n",
          info.n_free_blocks, info.n_metadata, info.n_faults, info.n_unproved);
}

static void print_owners(void) {
    static const char *const names[OWNERS] = {
        [OWNER_NONE] = "nobody",         [OWNER_KERNEL] = "kernel",     [OWNER_STACK] = "kernel stacks",
        [OWNER_TABLE] = "page tables",   [OWNER_USER] = "user pages",   [OWNER_PIPE] = "pipes",
        [OWNER_ZERO] = "the zero frame", [OWNER_PROCESS] = "processes",
    };
    uint64_t most = 1;
    for (unsigned i = 0; i < OWNERS; i++) {
        most = info.n_owned[i] > most ? info.n_owned[i] : most;
    }
    print("\nWho holds it\n\n");
    for (unsigned i = 0; i < OWNERS; i++) {
        if (info.n_owned[i] > 0) {
            print_share(names[i], info.n_owned[i], most);
        }
    }
}

static void print_zones(void) {
    print("\nZones                                     frames       free   2 MiB free  never used\n\n");
    for (unsigned i = 0; i < info.n_zones && i < ABI_ZONES; i++) {
        const struct meminfo_zone *zone = &info.zone[i];
        print("  %-2u 0x%010lx - 0x%010lx %10lu %10lu   %10lu  %10lu\n", i, zone->base, zone->end, zone->n_frames,
              zone->n_free, zone->n_free_blocks, zone->n_fresh_blocks);
    }
}

static void print_cache(const char *name, uint32_t n, uint32_t full) {
    print("  %s %3u ", name, n);
    print_bar(n, full, 8);
}

static void print_cpus(void) {
    print("\nFree frames that the CPUs hold back: %lu\n\n", info.n_cached);
    for (unsigned i = 0; i < info.n_cpus && i < ABI_CPUS; i++) {
        const struct meminfo_cpu *cpu = &info.cpu[i];
        print("  %-2u", i);
        print_cache("warm", cpu->n_warm, N_WARM);
        print_cache("in", cpu->n_in, BLOCK_FRAMES);
        print_cache("out", cpu->n_out, BLOCK_FRAMES);
        print(" refills %lu, steals %lu%s\n", cpu->n_refills, cpu->n_steals, cpu->gathering ? ", gathers" : "");
    }
}

/* ---- the map -------------------------------------------------------------------------------------------- */

/* A bar that is as high as the eighths of the blocks that are held, like the eight levels that Unicode has. */
static const char *cell(const char *blocks, uint64_t n) {
    static const char *const levels[] = {"-", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    uint64_t n_fresh = 0, n_used = 0, eighths = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (blocks[i] == '.') {
            n_fresh++;
        } else if (blocks[i] != '#') {
            n_used++;
            eighths += (uint64_t)(blocks[i] - '0');
        }
    }
    if (n_used == 0) {
        return n_fresh == 0 ? "×" : "·";
    }
    return levels[(eighths + n_used + n_fresh - 1) / (n_used + n_fresh)];
}

static uint64_t block_bytes(void) {
    return info.page_size * BLOCK_FRAMES;
}

static uint64_t blocks_in(const struct meminfo_zone *zone) {
    return (zone->end - 1) / block_bytes() - zone->base / block_bytes() + 1;
}

static void print_zone_map(const struct meminfo_zone *zone, const char *map, uint64_t per_cell) {
    uint64_t n_blocks = blocks_in(zone);
    uint64_t base = zone->base / block_bytes() * block_bytes();
    for (uint64_t i = 0; i < n_blocks; i += per_cell) {
        if (i / per_cell % N_COLUMNS == 0) {
            print("%s  0x%010lx ", i == 0 ? "" : "\n", base + i * block_bytes());
        }
        print("%s", cell(map + i, n_blocks - i < per_cell ? n_blocks - i : per_cell));
    }
    print("\n");
}

static void print_map(bool full) {
    uint64_t n_blocks = 0, per_cell = 1;
    for (unsigned i = 0; i < info.n_zones && i < ABI_ZONES; i++) {
        n_blocks += blocks_in(&info.zone[i]);
    }
    while (!full && n_blocks / per_cell > N_COLUMNS * N_MAP_LINES) {
        per_cell *= 2;
    }
    char *map = grow(n_blocks);
    long n_map = meminfo(&info, map, n_blocks);
    if (n_map < 0) {
        fail("mem: %s\n", error_text(n_map));
    }
    print("\nMap, %lu MiB a character: · never used  - free again  ▁ to █ held  × no RAM of ours\n\n",
          per_cell * block_bytes() / MIB);
    for (unsigned i = 0; i < info.n_zones && i < ABI_ZONES; i++) {
        print_zone_map(&info.zone[i], map, per_cell);
        map += blocks_in(&info.zone[i]);
    }
    print("\n");
}

int main(int argc, char *argv[]) {
    bool full = argc == 2 && strcmp(argv[1], "-m") == 0;
    if (argc > 1 && !full) {
        fail("use: mem [-m]\n");
    }
    long error = meminfo(&info, NULL, 0);
    if (error < 0) {
        fail("mem: %s\n", error_text(error));
    }
    print_totals();
    print_zones();
    print_cpus();
    print_owners();
    print_map(full);
    return 0;
}
