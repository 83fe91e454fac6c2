/* world.c: see world.h. */
#include "world.h"

#include <quire/port.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- dice --------------------------------------------------------------------------------------------- */

static uint64_t dice, cpu_dice;

static uint64_t roll(uint64_t *state) { /* xorshift64* */
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du >> 32;
}

uint64_t any(uint64_t n) {
    return roll(&dice) * n >> 32;
}

bool one_in(unsigned n) {
    return any(n) == 0;
}

/* ---- layouts ------------------------------------------------------------------------------------------ */

/* Bounds are in frames, so that the layouts have the same shape whatever the page size. */
#define USABLE(from, to)                                                                                               \
    { (from) * PAGE, (to)*PAGE, QUIRE_USABLE, 0 }
#define RESERVED(from, to)                                                                                             \
    { (from) * PAGE, (to)*PAGE, QUIRE_RESERVED, 0 }
#define B(n) ((n) * (quire_pa)512) /* the first frame of a block */

static const struct world layouts[] = {
    {.name = "tiny", .at_start = {USABLE(1003, 1027)}},
    {.name = "two blocks", .at_start = {USABLE(B(4), B(6))}},
    {.name = "odd bounds", .at_start = {USABLE(B(8) + 301, B(13) + 7)}},
    {.name = "RAM at zero", .at_start = {USABLE(0, 159), RESERVED(159, 256), USABLE(256, B(3) + 1)}},
    {.name = "holes",
     .at_start = {USABLE(B(2), B(3) - 1), USABLE(B(3), B(3) + 1), RESERVED(B(3) + 1, B(3) + 90),
                  USABLE(B(3) + 90, B(4) + 90), USABLE(B(4) + 91, B(6))}},
    {.name = "far zones",
     .at_start = {USABLE(B(1), B(3)), USABLE(B(100000) + 3, B(100003)), USABLE(B(700000), B(700002))}},
    {.name = "grows",
     .at_start = {USABLE(B(10) + 40, B(11))},
     .later = {USABLE(B(20), B(22)), USABLE(B(4), B(5) + 1), USABLE(B(500000), B(500003))}},
    {.name = "grows within blocks",
     .at_start = {USABLE(B(10) + 100, B(11) + 200)},
     .later = {USABLE(B(11) + 200, B(12) + 64), USABLE(B(10), B(10) + 99), USABLE(B(12) + 128, B(14))}},
};

#define N_LAYOUTS (sizeof layouts / sizeof layouts[0])
_Static_assert(N_LAYOUTS *(QUIRE_CONTENT_POISON + 1) == WORLD_N, "every layout with every policy");

static struct ram {
    quire_pa base, n_bytes;
    unsigned char *bytes;
} ram[2 * N_REGIONS];
static unsigned n_ram;

static void make_ram(const struct quire_region *regions) {
    for (unsigned i = 0; i < N_REGIONS && regions[i].end != 0; i++) {
        size_t n_bytes = (size_t)(regions[i].end - regions[i].base);
        unsigned char *bytes = aligned_alloc((size_t)PAGE, n_bytes);
        if (bytes == NULL) {
            fprintf(stderr, "model: no memory for the simulated memory\n");
            exit(2);
        }
        memset(bytes, WORLD_RUBBISH, n_bytes);
        ram[n_ram++] = (struct ram){regions[i].base, n_bytes, bytes};
    }
}

void (*world_interrupt)(void);

static const uint16_t node_of_cpu[] = {0, 1, 0, 1};
static const uint8_t distance[] = {10, 20, 10, 20}; /* what is said of the way back is nonsense */

static void add_nodes(struct world *w) {
    w->n_nodes = 2;
    w->cut = B(any(14)) * PAGE;
    w->user_bytes = (unsigned)any(3) * (unsigned)sizeof(uintptr_t);
    for (unsigned i = 0; i < N_REGIONS; i++) {
        w->at_start[i].node = (unsigned)any(2);
        w->later[i].node = (unsigned)any(2);
    }
}

void world_make(struct world *w, uint64_t seed) {
    dice = seed * 0x9E3779B97F4A7C15u | 1u;
    cpu_dice = ~dice | 1u;
    *w = layouts[seed % N_LAYOUTS];
    w->content = (enum quire_content)(seed / N_LAYOUTS % (QUIRE_CONTENT_POISON + 1));
    w->n_cpus = 1 + (unsigned)any(4);
    w->restless = one_in(3);
    w->interrupted = one_in(2);
    world_interrupt = NULL;
    w->n_nodes = 1;
    if (seed > WORLD_N) {
        add_nodes(w);
    }
    make_ram(w->at_start);
    make_ram(w->later);
}

struct quire_config world_config(const struct world *w) {
    return (struct quire_config){.n_cpus = w->n_cpus,
                                 .content = w->content,
                                 .n_nodes = w->n_nodes,
                                 .node_of_cpu = w->n_nodes > 1 ? node_of_cpu : NULL,
                                 .distance = w->n_nodes > 1 ? distance : NULL,
                                 .cuts = {w->cut},
                                 .user_bytes = w->user_bytes};
}

size_t world_n_regions(const struct world *w) {
    size_t n = 0;
    while (n < N_REGIONS && w->at_start[n].end != 0) {
        n++;
    }
    return n;
}

void world_end(void) {
    while (n_ram > 0) {
        free(ram[--n_ram].bytes);
    }
}

unsigned char *world_bytes(quire_pa pa) {
    for (unsigned i = 0; i < n_ram; i++) {
        if (pa - ram[i].base < ram[i].n_bytes) {
            return ram[i].bytes + (pa - ram[i].base);
        }
    }
    return NULL;
}

const unsigned char *world_look(quire_pa pa) {
    return world_bytes(pa);
}

/* ---- hooks -------------------------------------------------------------------------------------------- */

struct quire_fault world_faults[WORLD_MAX_FAULTS];
unsigned world_n_faults;
static unsigned this_cpu, restless_cpus;

void world_set_cpu(unsigned cpu, unsigned n_restless) {
    this_cpu = cpu;
    restless_cpus = n_restless;
}

static void hook(void) {
    if (world_interrupt != NULL) {
        world_interrupt();
    }
}

unsigned quire_port_cpu(void) {
    hook();
    return restless_cpus != 0 ? (unsigned)(roll(&cpu_dice) % restless_cpus) : this_cpu;
}

#ifdef QUIRE_PORT_LOCAL
bool quire_port_fence(unsigned of) {
    (void)of;
    return true; /* there is one thread */
}
#endif

void *quire_port_map(quire_pa pa) {
    hook();
    return world_bytes(pa);
}

void quire_port_fault(const struct quire_fault *fault) {
    if (world_n_faults < WORLD_MAX_FAULTS) {
        world_faults[world_n_faults++] = *fault;
    }
    hook();
}
