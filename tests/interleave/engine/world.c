/* world.c: the allocator under test, small; its hooks; and whether it is sound after a schedule.
 *
 * The set-up runs once; then each schedule begins with memory, holders and CPU numbers as the set-up left them. In front of
 * RAM, and watched with it, lies what is known of who holds what (holders.c). */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include "../../../src/cache.h"
#include "../../../src/place.h"
#include "scenario.h"

#include <quire/port.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MAX_BLOCKS 70
#define MAX_FRAMES (MAX_BLOCKS * QUIRE_BLOCK_FRAMES)
#define FRAME      ((size_t)QUIRE_PAGE_SIZE)

struct quire *q;

static char *watched, *ram;
static quire_pa ram_base;
static size_t n_ram_frames;
static struct quire_region region[2]; /* what the allocator was told of them */
static size_t n_regions;
static struct quire_config config;

/* `first_` is how each schedule begins. */
static OF_SCHEDULE unsigned cpu[MAX_THREADS + 1];
static OF_SCHEDULE unsigned pinned[MAX_THREADS + 1]; /* how often */
static OF_SCHEDULE unsigned n_faults;
static unsigned refused_from; /* the CPU that can ask for no barrier */
static unsigned first_cpu[MAX_THREADS + 1];

static struct seen checked, exhausted; /* see checked_before */

/* ---- set-up ---------------------------------------------------------------------------------------------- */

static size_t bytes_before_ram(void) {
    return (holders_bytes(MAX_FRAMES) + FRAME - 1) / FRAME * FRAME;
}

/* Mapped once, so that addresses in it are the same for all worlds. */
static void map_ram(void) {
    size_t n_bytes = bytes_before_ram() + MAX_FRAMES * FRAME;
    watched = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (watched == MAP_FAILED) {
        perror("interleave: mmap");
        exit(2);
    }
    ram = watched + bytes_before_ram();
}

static void make_ram(size_t first_block, size_t n) {
    if (n > MAX_BLOCKS) {
        fprintf(stderr, "interleave: a scenario wants more than %u blocks\n", (unsigned)MAX_BLOCKS);
        exit(2);
    }
    if (ram == NULL) {
        map_ram();
    }
    madvise(watched, bytes_before_ram() + MAX_FRAMES * FRAME, MADV_DONTNEED); /* zeros again */
    n_ram_frames = n * QUIRE_BLOCK_FRAMES;
    ram_base = (quire_pa)first_block * QUIRE_BLOCK_FRAMES * QUIRE_PAGE_SIZE;
    cells_watch(watched, bytes_before_ram() + n_ram_frames * FRAME);
    holders_make(watched, ram_base, n_ram_frames);
    /* What was in memory before: metadata must not depend on it. */
    memset(ram, 0xA5, n * (QUIRE_BLOCK_FRAMES + 64) * sizeof(uint32_t) + 16 * FRAME);
}

void world_contents(enum quire_content policy) {
    config.content = policy;
}

/* An allocator for the first `n_frames` of RAM, in `n_parts` of the same size, each of a node. */
static void make_nodes(size_t n_frames, unsigned n_parts, unsigned n_cpus) {
    for (unsigned t = 0; t < MAX_THREADS; t++) {
        cpu[t] = t;
    }
    cpu[NOBODY] = 0;
    for (unsigned i = 0; i < n_parts; i++) {
        quire_pa base = world_frame(n_frames / n_parts * i);
        region[i] = (struct quire_region){base, world_frame(n_frames / n_parts * (i + 1)), QUIRE_USABLE, i};
    }
    n_regions = n_parts;
    config.n_cpus = n_cpus;
    if (quire_init(&q, &config, region, n_regions) != QUIRE_OK) {
        fail("quire_init");
    }
}

static void make(size_t n_frames, unsigned n_cpus) {
    make_nodes(n_frames, 1, n_cpus);
}

static void two_nodes(void) {
    static const uint16_t node_of_cpu[] = {0, 1, 0, 1};
    config.n_nodes = 2;
    config.node_of_cpu = node_of_cpu;
}

void world_make_nodes(size_t n_left_out) {
    make_ram(0, 2);
    two_nodes();
    make_nodes((2 - n_left_out) * QUIRE_BLOCK_FRAMES, n_left_out == 0 ? 2 : 1, 2);
}

void world_make_partly(size_t first_block, size_t n, size_t n_left_out, unsigned n_cpus) {
    make_ram(first_block, n);
    make((n - n_left_out) * QUIRE_BLOCK_FRAMES, n_cpus);
}

void world_make(size_t first_block, size_t n, unsigned n_cpus) {
    world_make_partly(first_block, n, 0, n_cpus);
}

void world_make_frames(size_t n_frames, unsigned n_cpus) {
    make_ram(0, 1);
    make(n_frames, n_cpus);
}

quire_pa world_make_shared(unsigned n_refs, size_t n_free, unsigned n_cpus) {
    static const size_t frames[] = {100, 101, 102};
    expect(n_free <= sizeof frames / sizeof frames[0], "more frames than there is a list of");
    world_make(0, 1, n_cpus);
    world_leave(frames, n_free);
    quire_pa shared = world_frame(300);
    for (unsigned n = 1; n < n_refs; n++) {
        expect(quire_get(q, shared) == QUIRE_OK, "quire_get");
    }
    world_drop(shared, 1);
    return shared;
}

quire_pa world_make_block(unsigned n_cpus) {
    world_make(0, 2, n_cpus);
    quire_pa block = take_order(QUIRE_BLOCK_ORDER);
    expect(block == world_block(1), "the set-up is not as intended");
    return block;
}

bool world_recover(struct quire_recovery *found) {
    struct quire *again;
    return quire_recover(&again, &config, region, n_regions, found) == QUIRE_OK && again == q;
}

bool world_is_private(uintptr_t at) {
    uintptr_t i = at - (uintptr_t)q->caches;
    size_t offset = i % sizeof(struct q_cache);
    return i < q->n_cpus * sizeof(struct q_cache) && offset >= sizeof q->caches[0].guard &&
           offset != offsetof(struct q_cache, n_calls) && offset != offsetof(struct q_cache, n_begun) &&
           offset != offsetof(struct q_cache, n_ended) && !world_reads_caches();
}

quire_pa world_block(size_t block) {
    return world_frame(block * QUIRE_BLOCK_FRAMES);
}

quire_pa world_frame(size_t frame) {
    return ram_base + frame * QUIRE_PAGE_SIZE;
}

void world_take_all(void) {
    while (take() != QUIRE_NONE) {}
}

void world_give_on(unsigned number, const size_t *frames, size_t n) {
    unsigned before = cpu[current];
    world_run_on(number);
    for (size_t i = 0; i < n; i++) {
        give(world_frame(frames[i]));
    }
    world_run_on(before);
}

void world_leave(const size_t *frames, size_t n) {
    world_take_all();
    world_give_on(NO_CPU, frames, n);
}

void world_begin_set_up(void) {
    config = (struct quire_config){0};
    refused_from = NO_CPU;
}

void world_remember(void) {
    holders_remember();
    seen_clear(&checked);
    seen_clear(&exhausted);
    memcpy(first_cpu, cpu, sizeof cpu);
}

void world_begin_schedule(void) {
    memcpy(cpu, first_cpu, sizeof cpu);
    memset(pinned, 0, sizeof pinned);
    holders_begin_schedule();
    n_faults = 0;
}

/* ---- hooks ----------------------------------------------------------------------------------------------- */

void world_run_on(unsigned number) {
    cpu[current] = number;
    if (current != NOBODY && world_is_kept_from(current)) {
        scheduler_wait_for_cpu();
    }
}

unsigned world_cpu(void) {
    return cpu[current];
}

bool world_is_kept_from(unsigned t) {
    bool kept = false;
    for (unsigned other = 0; other < MAX_THREADS; other++) {
        kept |= pinned[other] > 0 && cpu[other] == cpu[t] && !scheduler_interrupts(t, other);
    }
    return kept;
}

void world_refuse_barriers(unsigned from) {
    refused_from = from;
}

#ifdef QUIRE_PORT_LOCAL
unsigned world_pin(void) {
    if (current != NOBODY) {
        memory_come_to_cpu(cpu[current]);
    }
    pinned[current]++;
    return cpu[current];
}

void world_unpin(void) {
    expect(pinned[current] > 0, "unpinned once more than pinned");
    pinned[current]--;
    if (current != NOBODY) {
        memory_leave_cpu(cpu[current]);
    }
}

/* A thread that is stopped for ever does nothing any more that a barrier could be needed for. */
bool quire_port_fence(unsigned number) {
    unsigned threads = 0;
    if (current == NOBODY || cpu[current] == refused_from) { /* after a schedule all is at rest */
        return current == NOBODY;
    }
    scheduler_step(&(struct access){.kind = ACCESS_BARRIER, .order = SEQ_CST, .pc = __builtin_return_address(0)});
    for (unsigned t = 0; t < MAX_THREADS; t++) {
        threads |= (unsigned)(t != current && cpu[t] == number) << t;
    }
    memory_barrier(number, threads);
    return true;
}
#endif

unsigned quire_port_cpu(void) {
    return cpu[current];
}

void *world_at(quire_pa pa) {
    return pa - ram_base < n_ram_frames * FRAME ? ram + (pa - ram_base) : NULL;
}

void *quire_port_map(quire_pa pa) {
    return world_at(pa);
}

void quire_port_fault(const struct quire_fault *fault) {
    n_faults++;
    trace_note("fault: %s by %s", quire_fault_name(fault->kind), fault->call);
    if (!world_expects_faults()) {
        fail("fault: %s by %s", quire_fault_name(fault->kind), fault->call);
    }
}

unsigned world_n_faults(void) {
    return n_faults;
}

uint64_t world_n_unproved(void) {
    return atomic_load_explicit(&q->n_unproved, memory_order_relaxed);
}

size_t world_n_frames(void) {
    return n_ram_frames;
}

size_t world_n_given(void) {
    return (size_t)((region[n_regions - 1].end - ram_base) >> QUIRE_PAGE_SHIFT);
}

/* ---- after a schedule ------------------------------------------------------------------------------------ */

void expect(bool good, const char *otherwise) {
    if (!good) {
        fail("%s", otherwise);
    }
}

void check_counts(void) {
    struct quire_stats stats;
    quire_stats(q, &stats);
    if (stats.n_free + world_n_held() != stats.n_frames) {
        fail("%llu frames free and %zu held of %llu", (unsigned long long)stats.n_free, world_n_held(),
             (unsigned long long)stats.n_frames);
    }
}

/* Whether memory was checked in this way as it is now, at the end of another schedule; it is from now on. */
static bool checked_before(struct seen *so_far) {
    return recording && !replaying && !seen_add(so_far, cells_hash());
}

void check_world(void) {
    struct quire_fault first;
    if (checked_before(&checked)) {
        return;
    }
    check_counts();
    if (quire_validate(q, &first) != QUIRE_OK) {
        fail("quire_validate: %s, %#llx", first.detail, (unsigned long long)first.pa);
    }
}

void check_world_by_exhaustion(void) {
    if (checked_before(&exhausted)) {
        return;
    }
    check_world();
    struct quire_stats stats;
    quire_stats(q, &stats);
    uint64_t n = 0;
    while (take() != QUIRE_NONE) {
        n++;
    }
    if (n != stats.n_free) {
        fail("%llu frames free, but %llu could be allocated", (unsigned long long)stats.n_free, (unsigned long long)n);
    }
}

/* ---- names of places in memory --------------------------------------------------------------------------- */

static bool inside(uintptr_t at, const volatile void *from, size_t n_bytes) {
    return at - (uintptr_t)from < n_bytes;
}

static void describe_index(const struct q_index *ix, uintptr_t at, char *text, size_t n) {
    static const char *const words[sizeof(struct q_node) / sizeof(q_word)] = {
        "raw", "fresh", "nearly full", "few", "some", "most", "all", "ready", "pairs", "eights", "words"};
    size_t n_nodes = ix->n_blocks;
    for (unsigned level = 0; level <= ix->top; level++) {
        n_nodes = (n_nodes + Q_FANOUT - 1) / Q_FANOUT;
        uintptr_t offset = at - (uintptr_t)ix->level[level];
        if (offset < n_nodes * sizeof(struct q_node)) {
            snprintf(text, n, "hint %s, level %u node %u", words[offset % sizeof(struct q_node) / sizeof(q_word)],
                     level, (unsigned)(offset / sizeof(struct q_node)));
        }
    }
}

static void describe_zone(const struct q_zone *z, uintptr_t at, char *text, size_t n) {
    if (inside(at, z->records, z->n_blocks * Q_BLOCK * sizeof z->records[0])) {
        snprintf(text, n, "record of frame %u",
                 (unsigned)((at - (uintptr_t)z->records) / sizeof z->records[0] + z->first -
                            (ram_base >> QUIRE_PAGE_SHIFT)));
    } else if (inside(at, z->lines, z->n_blocks * sizeof z->lines[0])) {
        uintptr_t offset = at - (uintptr_t)z->lines;
        snprintf(text, n, "block %u bits, word %u", (unsigned)(offset / 64), (unsigned)(offset % 64 / sizeof(q_word)));
    } else if (inside(at, z->counts, z->n_blocks * sizeof z->counts[0])) {
        snprintf(text, n, "block %u count", (unsigned)((at - (uintptr_t)z->counts) / sizeof z->counts[0]));
    } else if (inside(at, z->wholes, z->n_blocks * sizeof z->wholes[0])) {
        snprintf(text, n, "block %u record", (unsigned)((at - (uintptr_t)z->wholes) / sizeof z->wholes[0]));
    } else if (at == (uintptr_t)&z->ceiling) {
        snprintf(text, n, "ceiling");
    } else if (inside(at, &z->balance, sizeof z->balance)) {
        snprintf(text, n, at == (uintptr_t)&z->balance.n_free ? "balance: free" : "balance: whole");
    } else {
        describe_index(&z->index, at, text, n);
    }
}

void world_describe(uintptr_t at, char *text, size_t n) {
    const struct q_zones *zones = q_zones(q);
    snprintf(text, n, "ram + %#lx", (unsigned long)(at - (uintptr_t)ram));
    if (at == 0) {
        snprintf(text, n, "fence");
    } else if (inside(at, q->caches, q->n_cpus * sizeof q->caches[0])) {
        static const char *const words[] = {"guard", "guard (word)", "guard (claimed)"};
        size_t word = (at - (uintptr_t)q->caches) % sizeof q->caches[0] / sizeof(q_word);
        const char *name = word < sizeof words / sizeof words[0]                        ? words[word]
                           : word == offsetof(struct q_cache, n_begun) / sizeof(q_word) ? "n_begun"
                           : word == offsetof(struct q_cache, n_ended) / sizeof(q_word) ? "n_ended"
                                                                                        : "cache";
        snprintf(text, n, "%s of CPU %u", name, (unsigned)((at - (uintptr_t)q->caches) / sizeof q->caches[0]));
    }
    for (size_t i = 0; i < zones->n; i++) {
        describe_zone(zones->zone[i], at, text, n);
    }
}
