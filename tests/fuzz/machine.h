/* machine.h: the machine that a byte-coded program of the API runs on; it is made of bytes, too. It stands in for
 * tests/model/world.c below the oracle of tests/model. */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

#include "fuzz.h"
#include "tests/model/world.h"

/* The arguments of quire_init, and the world that the oracle is told of: the whole frames of usable regions. */
struct machine {
    struct quire_config config;
    struct quire_region regions[N_REGIONS];
    size_t n_regions;
    struct world world;
};

/*     input   CPUs, content, which region bounds mapped memory, how many regions, then 3 bytes for each:
 *             distance from the one before, length, type and odd bytes */
void machine_make(struct machine *m, struct input *in);

/* One more region; false: there is no simulated memory left for it, or it wraps around. machine_forget: it was usable, and
 * is no memory after all. */
bool machine_region(struct input *in, struct quire_region *region);
void machine_forget(void);

/* The whole frames of a region; false: none. */
bool machine_frames(const struct quire_region *region, struct quire_region *frames);

/* The next of any() is drawn from here on. */
void machine_seed(uint8_t byte);

#endif
