/* machine.c: see machine.h. */
#include "machine.h"

#include <quire/port.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK      (QUIRE_BLOCK_FRAMES * PAGE)
#define MAX_FRAMES 1600u

/* Simulated memory is one array; regions take theirs from it in the order in which they are made. */
static struct ram {
    quire_pa base;
    uint64_t n_bytes;
    size_t at; /* index in `memory` */
} ram[2 * N_REGIONS];
static unsigned n_ram;
static unsigned char *memory;
static uint64_t n_memory_used;
static bool touched[MAX_FRAMES]; /* frames of it that are no longer full of rubbish, perhaps */

static quire_pa last_end; /* of the region made last */

/* ---- regions -------------------------------------------------------------------------------------------- */

/* Simulated memory is full of rubbish at the start of each run, as after a reset. Only what the last run touched has to be
 * filled again; that is what makes runs short. */
static void fill_with_rubbish(void) {
    if (memory == NULL) {
        memory = aligned_alloc((size_t)PAGE, MAX_FRAMES * (size_t)PAGE);
        if (memory == NULL) {
            fuzz_fail("the target itself has no memory left");
        }
        memset(touched, true, sizeof touched);
    }
    for (size_t i = 0; i < MAX_FRAMES; i++) {
        if (touched[i]) {
            memset(memory + i * PAGE, WORLD_RUBBISH, (size_t)PAGE);
            touched[i] = false;
        }
    }
}

/* Some of it for these frames. */
static bool make_ram(const struct quire_region *frames) {
    uint64_t n_bytes = frames->end - frames->base;
    if (n_ram == sizeof ram / sizeof ram[0] || n_bytes > MAX_FRAMES * PAGE - n_memory_used) {
        return false;
    }
    ram[n_ram++] = (struct ram){frames->base, n_bytes, (size_t)n_memory_used};
    n_memory_used += n_bytes;
    return true;
}

/* Distances: some frames, or to the next block but so many, or far away. Now and then backwards. */
static quire_pa next_base(unsigned distance) {
    quire_pa next_block = (last_end + BLOCK - 1) / BLOCK * BLOCK;
    if (distance < 128) {
        return last_end + distance % 64 * PAGE;
    }
    if (distance < 192) {
        return next_block + distance % 16 * BLOCK + distance / 16 % 4 * 3 * PAGE;
    }
    if (distance < 224) {
        return next_block + ((distance % 32 + (quire_pa)1) * 3 << 30);
    }
    return last_end - distance % 32 * PAGE;
}

bool machine_region(struct input *in, struct quire_region *region) {
    static const unsigned odd[] = {0, 0, 0, 0, 1, 100, 2048, 4095};
    unsigned distance = take(in), length = take(in), type = take(in);
    uint64_t n_frames = length < 192 ? length : (uint64_t)(length - 191) * 18; /* up to more than two blocks */
    *region = (struct quire_region){.base = next_base(distance) + odd[type / 4 % 8]};
    region->end = region->base + n_frames * PAGE + odd[type / 32];
    region->type = type % 4 == 0 ? QUIRE_RESERVED : QUIRE_USABLE;
    struct quire_region frames;
    if (region->end < region->base || (machine_frames(region, &frames) && !make_ram(&frames))) {
        return false;
    }
    last_end = region->end;
    return true;
}

void machine_forget(void) {
    n_memory_used -= ram[--n_ram].n_bytes;
}

bool machine_frames(const struct quire_region *region, struct quire_region *frames) {
    quire_pa base = (region->base + (PAGE - 1)) & ~(PAGE - 1), end = region->end & ~(PAGE - 1);
    *frames = (struct quire_region){base, end, region->type, 0};
    return region->type == QUIRE_USABLE && base < end;
}

/* ---- all ------------------------------------------------------------------------------------------------ */

void machine_make(struct machine *m, struct input *in) {
    fill_with_rubbish();
    *m = (struct machine){.world = {.name = "fuzz"}};
    n_ram = 0;
    n_memory_used = 0;
    last_end = 0;
    world_n_faults = 0;

    unsigned cpus = take(in), content = take(in), mapped = take(in), n_regions = take(in) % (N_REGIONS - 1);
    m->config.n_cpus = cpus % 32 == 31 ? 0 : 1 + cpus % 4;
    m->world.restless = cpus >= 192;
    m->config.content = (enum quire_content)(content % 32 == 31 ? 5 : content % 5);
    m->world.n_cpus = m->config.n_cpus;
    m->world.content = m->config.content;
    for (unsigned n_told = 0; m->n_regions < n_regions && machine_region(in, &m->regions[m->n_regions]);) {
        struct quire_region frames;
        if (machine_frames(&m->regions[m->n_regions++], &frames)) {
            m->world.at_start[n_told++] = frames;
        }
    }
    m->config.mapped_end = mapped < 128 || m->n_regions == 0 ? 0 : m->regions[mapped % m->n_regions].end;
    machine_seed(0);
    world_set_cpu(0, 0);
}

/* Index in `memory`; false: there is none. */
static bool find_byte(quire_pa pa, size_t *at) {
    for (unsigned i = n_ram; i-- > 0;) { /* the one made last counts, if it covers another */
        if (pa - ram[i].base < ram[i].n_bytes) {
            *at = ram[i].at + (size_t)(pa - ram[i].base);
            return true;
        }
    }
    return false;
}

const unsigned char *world_look(quire_pa pa) {
    size_t at;
    return find_byte(pa, &at) ? &memory[at] : NULL;
}

unsigned char *world_bytes(quire_pa pa) {
    size_t at;
    if (!find_byte(pa, &at)) {
        return NULL;
    }
    touched[at / PAGE] = true;
    return &memory[at];
}

/* ---- dice: for the oracle, which picks frames by chance, and for a restless CPU number -------------------- */

static uint32_t dice, cpu_dice;

static uint32_t roll(uint32_t *state) { /* the linear congruence of C's example rand() */
    *state = *state * 1103515245u + 12345u;
    return *state >> 16;
}

void machine_seed(uint8_t byte) {
    dice = cpu_dice = byte;
}

uint64_t any(uint64_t n) {
    return roll(&dice) % n;
}

/* ---- hooks ---------------------------------------------------------------------------------------------- */

struct quire_fault world_faults[WORLD_MAX_FAULTS];
unsigned world_n_faults;
static unsigned this_cpu, restless_cpus;

void world_set_cpu(unsigned cpu, unsigned n_restless) {
    this_cpu = cpu;
    restless_cpus = n_restless;
}

unsigned quire_port_cpu(void) {
    return restless_cpus != 0 ? roll(&cpu_dice) % restless_cpus : this_cpu;
}

void *quire_port_map(quire_pa pa) {
    return world_bytes(pa);
}

void quire_port_fault(const struct quire_fault *fault) {
    if (world_n_faults < WORLD_MAX_FAULTS) {
        world_faults[world_n_faults++] = *fault;
    }
}
