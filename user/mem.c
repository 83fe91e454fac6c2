/* mem.c: draws where the memory is; with -m, every block of it.
 *
 * What is drawn is what the allocator knows of itself: totals, who holds how much, how long the runs are that are free,
 * the free frames that each CPU keeps at hand, and a map with one character for each block of 2 MiB, or for a few of them
 * where that would be longer than a screen. */
#include "user.h"

enum { N_COLUMNS = 64, N_MAP_LINES = 24, N_BAR = 34, N_SIZE = 10, N_CACHE_BAR = 8, BLOCK_FRAMES = 512, N_WARM = 240 };

static struct meminfo info;

/* ---- totals and owners ---------------------------------------------------------------------------------- */

/* "254.7" "MiB", or "96" "KiB". */
struct size {
    uint64_t whole;
    const char *fraction, *unit;
};

static struct size size_of(uint64_t n_frames) {
    static const char *const tenths[] = {".0", ".1", ".2", ".3", ".4", ".5", ".6", ".7", ".8", ".9"};
    uint64_t n_bytes = n_frames * info.page_size;
    if (n_bytes < MIB) {
        return (struct size){n_bytes / 1024, "", "KiB"};
    }
    return (struct size){n_bytes / MIB, tenths[n_bytes % MIB * 10 / MIB], "MiB"};
}

/* One line: a number of frames, what they come to, and a bar for their share. */
static void print_share(const char *name, uint64_t n_frames, uint64_t full) {
    char bar[BAR_BYTES(N_BAR)];
    struct size size = size_of(n_frames);
    int width = N_SIZE - (int)strlen(size.fraction);
    *draw_bar(bar, n_frames, full, N_BAR) = '\0'; /* without blanks at the end of the line */
    print("  %-15s %10lu %*lu%s %s  %s\n", name, n_frames, width, size.whole, size.fraction, size.unit, bar);
}

/* The same of n runs of 2^order frames. */
static void print_runs_of(unsigned order, uint64_t n, uint64_t full) {
    char bar[BAR_BYTES(N_BAR)];
    struct size length = size_of(1ull << order), size = size_of(n << order);
    int width = N_SIZE - (int)strlen(size.fraction);
    *draw_bar(bar, n << order, full, N_BAR) = '\0';
    print("  %6lu x %3lu %s %9lu %*lu%s %s  %s\n", n, length.whole, length.unit, n << order, width, size.whole,
          size.fraction, size.unit, bar);
}

static void print_totals(void) {
    struct size size = size_of(info.n_frames);
    print("\nMemory: %lu%s %s in %lu frames of %lu bytes; %lu frames more describe them\n", size.whole, size.fraction,
          size.unit, info.n_frames, info.page_size, info.n_metadata);
    print_share("free", info.n_free, info.n_frames);
    print_share("held", info.n_frames - info.n_free, info.n_frames);
}

static void print_owners(void) {
    static const char *const names[OWNERS] = {
        [OWNER_NONE] = "nobody",         [OWNER_KERNEL] = "kernel",     [OWNER_STACK] = "kernel stacks",
        [OWNER_TABLE] = "page tables",   [OWNER_USER] = "user pages",   [OWNER_PIPE] = "pipes",
        [OWNER_ZERO] = "the zero frame", [OWNER_PROCESS] = "processes",
    };
    print("\nWho holds it\n");
    for (unsigned i = 0; i < OWNERS; i++) {
        if (info.n_owned[i] > 0) {
            print_share(names[i], info.n_owned[i], info.n_frames - info.n_free);
        }
    }
}

/* Whether what is free lies in pieces: the frames that are in free runs of each length. */
static void print_runs(void) {
    print("\nFree runs, and what they come to\n");
    for (unsigned order = ABI_ORDERS; order-- > 0;) {
        if (info.n_runs[order] > 0) {
            print_runs_of(order, info.n_runs[order], info.n_free);
        }
    }
}

/* ---- CPUs ----------------------------------------------------------------------------------------------- */

static void print_cpu(unsigned number, const struct meminfo_cpu *cpu) {
    char warm[BAR_BYTES(N_CACHE_BAR)], in[BAR_BYTES(N_CACHE_BAR)], out[BAR_BYTES(N_CACHE_BAR)];
    draw_bar(warm, cpu->n_warm, N_WARM, N_CACHE_BAR);
    draw_bar(in, cpu->n_in, BLOCK_FRAMES, N_CACHE_BAR);
    draw_bar(out, cpu->n_out, BLOCK_FRAMES, N_CACHE_BAR);
    print("  %3u %5u %s %5u %s %5u %s %8lu %8lu%s\n", number, cpu->n_warm, warm, cpu->n_in, in, cpu->n_out, out,
          cpu->n_refills, cpu->n_steals, cpu->gathering ? "  gathers" : "");
}

static void print_cpus(void) {
    uint32_t n_idle = info.n_cpus;
    print("\nFree frames that each CPU keeps at hand: %lu\n", info.n_cached);
    print("  CPU %5s %8s %5s %8s %5s %8s %8s %8s\n", "warm", "", "in", "", "out", "", "refills", "steals");
    for (unsigned i = 0; i < info.n_cpus && i < ABI_CPUS; i++) {
        const struct meminfo_cpu *cpu = &info.cpu[i];
        if (cpu->n_refills + cpu->n_warm + cpu->n_out > 0) {
            print_cpu(i, cpu);
            n_idle--;
        }
    }
    if (n_idle > 0) {
        print("  and %u that have not allocated yet\n", n_idle);
    }
}

/* ---- the map -------------------------------------------------------------------------------------------- */

/* How full n blocks are, in the eight heights of bar that Unicode has. */
static const char *cell(const char *blocks, uint64_t n) {
    static const char *const heights[] = {"-", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
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
    return heights[(eighths + n_used + n_fresh - 1) / (n_used + n_fresh)];
}

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t block_bytes(void) {
    return info.page_size * BLOCK_FRAMES;
}

static uint64_t blocks_in(const struct meminfo_zone *zone) {
    return (zone->end - 1) / block_bytes() - zone->base / block_bytes() + 1;
}

/* One line of the map: up to N_COLUMNS characters. */
static void print_cells(uint64_t base, const char *map, uint64_t n_blocks, uint64_t blocks_per_cell) {
    char cells[BAR_BYTES(N_COLUMNS)];
    size_t n = 0;
    for (uint64_t i = 0; i < n_blocks; i += blocks_per_cell) {
        const char *text = cell(map + i, least(blocks_per_cell, n_blocks - i));
        memcpy(cells + n, text, strlen(text));
        n += strlen(text);
    }
    cells[n] = '\0';
    print("  0x%010lx  %s\n", base, cells);
}

static unsigned zones_shown(void) {
    return info.n_zones < ABI_ZONES ? info.n_zones : ABI_ZONES;
}

/* Whether the memory is of more than one node. */
static bool has_nodes(void) {
    bool others = false;
    for (unsigned i = 0; i < zones_shown(); i++) {
        others |= info.zone[i].node != info.zone[0].node;
    }
    return others;
}

static void print_zone(const struct meminfo_zone *zone, const char *map, uint64_t blocks_per_cell) {
    struct size size = size_of(zone->n_frames);
    uint64_t n_blocks = blocks_in(zone), n_line = N_COLUMNS * blocks_per_cell;
    uint64_t base = zone->base / block_bytes() * block_bytes();
    print("  Zone of %lu%s %s in %lu blocks: %lu are all free, %lu of these were never used", size.whole, size.fraction,
          size.unit, n_blocks, zone->n_free_blocks, zone->n_fresh_blocks);
    if (has_nodes()) {
        print("; node %lu", zone->node);
    }
    print("\n");
    for (uint64_t i = 0; i < n_blocks; i += n_line) {
        print_cells(base + i * block_bytes(), map + i, least(n_line, n_blocks - i), blocks_per_cell);
    }
}

static void print_map(bool full) {
    unsigned n_zones = zones_shown();
    uint64_t n_blocks = 0, blocks_per_cell = 1;
    for (unsigned i = 0; i < n_zones; i++) {
        n_blocks += blocks_in(&info.zone[i]);
    }
    while (!full && n_blocks / blocks_per_cell > N_COLUMNS * N_MAP_LINES) {
        blocks_per_cell *= 2;
    }
    char *map = grow(n_blocks);
    memset(map, '#', n_blocks);
    long n_map = meminfo(&info, map, n_blocks);
    if (n_map < 0) {
        fail("mem: %s\n", error_text(n_map));
    }
    print("\nMap, %lu MiB a character: · never used  - free again  ▁ to █ held  × partly not ours\n",
          blocks_per_cell * block_bytes() / MIB);
    for (unsigned i = 0; i < n_zones; i++) {
        print_zone(&info.zone[i], map, blocks_per_cell);
        map += blocks_in(&info.zone[i]);
    }
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
    print_owners();
    print_runs();
    print_cpus();
    print_map(full);
    print("\nFaults found by the allocator: %lu. Refusals that it could not prove: %lu.\n\n", info.n_faults,
          info.n_unproved);
    return 0;
}
