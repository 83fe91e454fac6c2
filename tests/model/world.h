/* world.h: the machine that a model run happens in: its memory, its hooks and its dice, all given by one seed. */
#ifndef WORLD_H
#define WORLD_H

#include <quire/quire.h>

#define PAGE      QUIRE_PAGE_SIZE
#define N_REGIONS 8

/* Everything that distinguishes one run from another. */
struct world {
    const char *name;
    struct quire_region at_start[N_REGIONS]; /* ended by one with end 0 */
    struct quire_region later[N_REGIONS];    /* given to quire_add, in this order */
    unsigned n_cpus, n_nodes;
    quire_pa cut;        /* 0: none */
    unsigned user_bytes; /* that the caller has for each frame */
    enum quire_content content;
    bool restless;    /* the CPU number changes between two looks at it */
    bool interrupted; /* calls are made in the middle of others, at their hooks */
};

/* The seeds 1..WORLD_N between them have every memory layout with every content policy. From the next one on worlds have several
 * nodes, a cut between address classes, and words of the caller's as well. */
#define WORLD_N 40u
void world_make(struct world *w, uint64_t seed);
void world_end(void);

/* The arguments of quire_init, with at_start. */
struct quire_config world_config(const struct world *w);
size_t world_n_regions(const struct world *w);

/* Memory, whether the allocator manages it or not; NULL where there is none. */
unsigned char *world_bytes(quire_pa pa);
const unsigned char *world_look(quire_pa pa); /* who only reads */
#define WORLD_RUBBISH 0xA5                    /* what each byte is at the start */

/* A number in 0..n-1. The sequence is the seed's. */
uint64_t any(uint64_t n);
bool one_in(unsigned n);

/* The CPU that calls come from. In a restless world it is another one of `n_restless` at each look (0: never). */
void world_set_cpu(unsigned cpu, unsigned n_restless);

/* What happens at each hook in an interrupted world. */
extern void (*world_interrupt)(void);

/* Faults reported and not dealt with yet: the first WORLD_MAX_FAULTS of them. */
#define WORLD_MAX_FAULTS 256u
extern struct quire_fault world_faults[WORLD_MAX_FAULTS];
extern unsigned world_n_faults;

#endif
